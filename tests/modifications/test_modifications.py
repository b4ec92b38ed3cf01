"""Ce qu'un inconnu change : chaque correctif de ce dossier s'applique à une copie du projet, et les essais y passent.

``CONTRIBUER.md`` en cite des morceaux ; ils sont lus ici, pour qu'une recette ne vieillisse pas sans qu'on le voie.
"""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

RACINE = Path(__file__).parents[2]
CORRECTIFS = sorted(Path(__file__).parent.glob("*.patch"))
FICHIERS_AU_PLUS = 4
COPIES = ("abs", "carnets", "cartes", "donnees_insee", "tests", "pyproject.toml", "requirements.lock")
ESSAIS = (
    *("tests/abs/indicateurs", "tests/abs/phrases", "tests/abs/portrait", "tests/donnees_insee/catalogue"),
    *(
        "tests/cartes/test_charte.py",
        "tests/cartes/papier",
        "tests/carnets/test_moteur.py",
        "tests/carnets/test_parametres.py",
    ),
    *("tests/carnets/commande/test_commande.py", "tests/carnets/documents/test_tableur.py"),
)
CITATION = re.compile(
    r"^`([^`]+)` \(`(\d\d-[^`]+\.patch)`\) :\n\n```\w*\n(.*?)```$", re.MULTILINE | re.DOTALL
)


def _fichiers(correctif: Path) -> list[str]:
    return re.findall(r"^\+\+\+ b/(.+)$", correctif.read_text(encoding="utf-8"), re.MULTILINE)


def _ajouts(correctif: Path, fichier: str) -> str:
    """Les lignes qu'un correctif ajoute à un fichier."""
    texte = correctif.read_text(encoding="utf-8")
    partie = texte.split(f"+++ b/{fichier}\n")[1].split("\ndiff --git ")[0]
    return "".join(f"{ligne[1:]}\n" for ligne in partie.splitlines() if ligne.startswith("+"))


def _appliquer(correctif: Path, copie: Path, *options: str) -> None:
    fait = subprocess.run(
        ["git", "apply", "--recount", *options, str(correctif)],
        cwd=copie,
        capture_output=True,
        text=True,
        check=False,
        env=os.environ | {"GIT_CEILING_DIRECTORIES": str(copie.parent)},
    )
    assert fait.returncode == 0, fait.stderr


@pytest.fixture(scope="module")
def copie(tmp_path_factory):
    """Une copie du projet, sans ce qui n'en est pas."""
    dossier = tmp_path_factory.mktemp("copie") / "abs"
    dossier.mkdir()
    for nom in COPIES:
        source = RACINE / nom
        if source.is_dir():
            shutil.copytree(
                source, dossier / nom, ignore=shutil.ignore_patterns("__pycache__", "modifications")
            )
        else:
            shutil.copy(source, dossier / nom)
    return dossier


def test_les_dix_modifications_sont_la():
    assert len(CORRECTIFS) >= 10


@pytest.mark.parametrize("correctif", CORRECTIFS, ids=lambda c: c.stem)
def test_une_modification_touche_quatre_fichiers_au_plus_et_s_applique(correctif, copie):
    assert 1 <= len(_fichiers(correctif)) <= FICHIERS_AU_PLUS
    _appliquer(correctif, copie, "--check")


def test_chaque_recette_de_contribuer_est_celle_d_un_correctif():
    citations = CITATION.findall((RACINE / "CONTRIBUER.md").read_text(encoding="utf-8"))
    recettes = {correctif for _, correctif, _ in citations}
    assert len(recettes) >= 5
    for fichier, correctif, morceau in citations:
        assert morceau in _ajouts(Path(__file__).with_name(correctif), fichier), (correctif, fichier)


def test_les_essais_passent_une_fois_toutes_les_modifications_faites(copie):
    for correctif in CORRECTIFS:
        _appliquer(correctif, copie)
    neufs = [f for c in CORRECTIFS for f in _fichiers(c) if Path(f).name.startswith("test_")]
    fait = subprocess.run(
        [
            *(sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-m", "not complet"),
            *ESSAIS,
            *neufs,
        ],
        cwd=copie,
        # Une session à elle : rien des dossiers ni du rang de celle qui la lance.
        env={n: v for n, v in os.environ.items() if not n.startswith("PYTEST_")} | {"PYTHONPATH": str(copie)},
        capture_output=True,
        text=True,
        check=False,
        timeout=900,
    )
    assert fait.returncode == 0, fait.stdout[-6000:]
