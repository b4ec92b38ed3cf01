"""L'ordre des pièces : un paquet n'importe que de sa gauche, et le verrou ne nomme aucune adresse."""

import ast
import re
import tomllib
from pathlib import Path

import pytest

RACINE = Path(__file__).resolve().parents[1]
PIECES = ("donnees_insee", "abs", "cartes", "carnets")
ORDRE_DES_CARNETS = (
    "parametres",
    "atelier",
    "noyaux",
    "moteur",
    "documents",
    "campagne",
    "observatoire",
    "commande",
)


def imports(fichier: Path) -> set[str]:
    arbre = ast.parse(fichier.read_text(encoding="utf-8"))
    noms: set[str] = set()
    for noeud in ast.walk(arbre):
        if isinstance(noeud, ast.Import):
            noms |= {a.name for a in noeud.names}
        elif isinstance(noeud, ast.ImportFrom) and noeud.module and noeud.level == 0:
            noms.add(noeud.module)
    return noms


@pytest.mark.parametrize("piece", PIECES)
def test_une_piece_n_importe_que_de_sa_gauche(piece):
    droite = set(PIECES[PIECES.index(piece) + 1 :])
    fautes = [
        f"{fichier.relative_to(RACINE)} importe {nom}"
        for fichier in (RACINE / piece).rglob("*.py")
        for nom in imports(fichier)
        if nom.split(".")[0] in droite
    ]
    assert not fautes


def test_rien_sous_les_carnets_n_importe_la_commande():
    fautes = [
        str(fichier)
        for fichier in (RACINE / "carnets").rglob("*.py")
        if "commande" not in fichier.parts and any(n.startswith("carnets.commande") for n in imports(fichier))
    ]
    assert not fautes


def test_personne_n_importe_abs_tout_court():
    """`import abs` cacherait la fonction intégrée."""
    fichiers = [f for d in (*PIECES, "tests") for f in (RACINE / d).rglob("*.py")]
    motif = re.compile(r"^\s*import abs\b", re.MULTILINE)
    assert not [str(f) for f in fichiers if motif.search(f.read_text(encoding="utf-8"))]


def test_les_importations_relatives_sont_absentes():
    fichiers = [f for d in PIECES for f in (RACINE / d).rglob("*.py")]
    assert not [
        str(f) for f in fichiers if re.search(r"^from \.", f.read_text(encoding="utf-8"), re.MULTILINE)
    ]


@pytest.mark.parametrize("verrou", ["requirements.lock", "requirements-atelier.lock"])
def test_le_verrou_a_des_empreintes_et_aucune_adresse(verrou):
    texte = (RACINE / verrou).read_text(encoding="utf-8")
    assert "://" not in texte
    paquets = re.findall(r"^[A-Za-z0-9_.-]+==", texte, re.MULTILINE)
    assert len(paquets) > 50
    blocs = re.split(r"^(?=[A-Za-z0-9_.-]+==)", texte, flags=re.MULTILINE)[1:]
    assert all("--hash=sha256:" in bloc for bloc in blocs)


def test_l_installation_de_base_laisse_jupyterlab_dehors():
    noms = re.findall(
        r"^([A-Za-z0-9_.-]+)==", (RACINE / "requirements.lock").read_text(encoding="utf-8"), re.MULTILINE
    )
    assert "jupyterlab" not in noms


def test_chaque_dependance_a_sa_raison_dans_l_architecture():
    projet = tomllib.loads((RACINE / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    texte = (RACINE / "ARCHITECTURE.md").read_text(encoding="utf-8").lower()
    noms = [re.split(r"[<>=]", d)[0] for d in projet["dependencies"]]
    assert not [n for n in noms if f"`{n}`" not in texte]


def test_chaque_module_dit_a_quoi_il_sert():
    fautes = []
    for piece in PIECES:
        for fichier in (RACINE / piece).rglob("*.py"):
            docstring = ast.get_docstring(ast.parse(fichier.read_text(encoding="utf-8")))
            if not docstring:
                fautes.append(str(fichier.relative_to(RACINE)))
    assert not fautes


def test_le_verrou_porte_chaque_dependance_declaree():
    projet = tomllib.loads((RACINE / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    declarees = [*projet["dependencies"], *projet["optional-dependencies"]["test"]]
    texte = (RACINE / "requirements.lock").read_text(encoding="utf-8").lower()
    noms = [re.split(r"[<>=]", d)[0].lower() for d in declarees]
    assert not [n for n in noms if f"\n{n}==" not in "\n" + texte]
