"""Un programme tué, deux dépôts à la fois : rien de faux n'est lu, et le suivant remet tout en ordre. Vrais processus."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import pytest

from carnets.commande.sources import sources_etat
from donnees_insee import chemins
from donnees_insee.base.base import Base
from donnees_insee.chemins import creer_un_dossier_de_passage, dossier_provisoire, fichier_provisoire
from donnees_insee.controle.export_import import exporter, importer
from donnees_insee.controle.verification import verifier
from donnees_insee.depot.depot import deposer
from donnees_insee.depot.retrait import retirer

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="SIGKILL n'existe pas sous Windows")
RACES = 25


def lancer(code: str, *arguments: object, **options: object) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(code), *map(str, arguments)],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, **options,
    )  # fmt: skip


def tuer_pendant(code: str, *arguments: object) -> None:
    """Exécuter un programme qui se tue lui-même ; il doit bien mourir ainsi."""
    processus = lancer(code, *arguments)
    _, erreurs = processus.communicate(timeout=120)
    assert processus.returncode == -signal.SIGKILL, erreurs


# Se tue à la n-ième mise en place d'un fichier : avant ou après le geste, selon le troisième argument.
DEPOT_TUE = """
    import os, signal, sys
    from pathlib import Path
    from donnees_insee.base.base import Base
    from donnees_insee.depot.depot import deposer
    dossier, fichier, rang, apres = Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3]), sys.argv[4] == "apres"
    vrai, vus = Path.replace, []
    def replace(soi, cible):
        vus.append(cible)
        if len(vus) == rang and not apres:
            os.kill(os.getpid(), signal.SIGKILL)
        rendu = vrai(soi, cible)
        if len(vus) == rang:
            os.kill(os.getpid(), signal.SIGKILL)
        return rendu
    Path.replace = replace
    deposer(Base(dossier), [fichier])
    print("pas mort")
"""


def nombre_de_gestes(bureau, fichier) -> int:
    """Mises en place d'un dépôt mené au bout : journal, copie, parts, reçu."""
    vus = []
    with pytest.MonkeyPatch.context() as poste:
        vrai = Path.replace
        poste.setattr(Path, "replace", lambda soi, cible: (vus.append(cible), vrai(soi, cible))[1])
        deposer(Base(bureau.base.dossier.parent / "temoin"), [fichier])
    return len(vus)


@pytest.mark.parametrize("quand", ["avant", "apres"])
def test_un_depot_tue_a_chaque_geste(bureau, nouveau_bureau, recensement, quand):
    temoin = nouveau_bureau()
    fichier = bureau.poser("base_ic_2016.csv", recensement)
    assert temoin.deposer("base_ic_2016.csv", recensement).etat == "range"
    attendu = set(temoin.photo())
    gestes = nombre_de_gestes(bureau, fichier)
    assert gestes >= 4
    for rang in range(1, gestes + 1):
        dossier = bureau.base.dossier.with_name(f"tuee-{rang}")
        tuer_pendant(DEPOT_TUE, dossier, fichier, rang, quand)
        base = Base(dossier)
        recus = base.recus()
        # Sans reçu, rien n'est lu ; avec lui, tout y est.
        assert bool(len(base.lire("rp_population", 2016, "iris"))) is bool(recus)
        (depot,) = deposer(base, [fichier])
        assert depot.etat == ("deja_la" if recus else "range")
        assert {
            str(f.relative_to(dossier))
            for f in dossier.rglob("*")
            if f.is_file() and not f.name.startswith(".verrou")
        } == attendu
        assert verifier(base, complet=True).fautes == ()


def test_une_part_sans_recu_n_est_ni_lue_ni_cachee(bureau, recensement, monkeypatch, capsys):
    bureau.deposer("base_ic_2016.csv", recensement)
    (part,) = bureau.base.parts()
    autre = part.chemin.with_name("abcdefabcdef01-0.parquet")
    autre.write_bytes(part.chemin.read_bytes())
    base = Base(bureau.base.dossier)
    assert base.parts() == (part,)
    monkeypatch.setenv("ABS_DONNEES", str(base.dossier))
    sources_etat()
    assert "abcdefabcdef" in " ".join(capsys.readouterr().out.split())
    assert retirer(base, "abcdefabcdef").sha256 == "abcdefabcdef"
    assert not autre.exists()
    assert len(base.lire("rp_population", 2016, "iris")) == 3


def test_un_retrait_tue_est_repris(bureau, recensement):
    fichier = bureau.poser("base_ic_2016.csv", recensement)
    deposer(bureau.base, [fichier])
    code = """
        import os, signal, sys
        from pathlib import Path
        from donnees_insee.depot import retrait
        from donnees_insee.base.base import Base
        vrai, faits = retrait.defaire, []
        def defaire(fichiers, racine):
            vrai(fichiers, racine)
            faits.append(1)
            if len(faits) == int(sys.argv[2]):
                os.kill(os.getpid(), signal.SIGKILL)
        retrait.defaire = defaire
        retrait.retirer(Base(Path(sys.argv[1])), "base_ic_2016.csv")
    """
    for rang in (1, 2, 3):
        tuer_pendant(code, bureau.base.dossier, rang)
        base = Base(bureau.base.dossier)
        assert base.parts() == ()
        assert deposer(base, [fichier])[0].etat == "range"
        assert verifier(base, complet=True).fautes == ()


def test_un_import_tue_ne_laisse_rien_a_lire(bureau, recensement, tmp_path):
    bureau.deposer("base_ic_2016.csv", recensement)
    archive = exporter(bureau.base, tmp_path / "e.zip").fichier
    code = """
        import os, shutil, signal, sys
        from pathlib import Path
        from donnees_insee.controle import export_import as transport
        from donnees_insee.base.base import Base
        vrai, faits = shutil.move, []
        def move(source, cible):
            if len(faits) == int(sys.argv[3]):
                os.kill(os.getpid(), signal.SIGKILL)
            faits.append(1)
            return vrai(source, cible)
        shutil.move = move
        transport.importer(Path(sys.argv[2]), Base(Path(sys.argv[1])))
    """
    for rang in range(3):
        neuve = tmp_path / f"neuve{rang}"
        tuer_pendant(code, neuve, archive, rang)
        assert Base(neuve).parts() == ()
        importer(archive, Base(neuve), fusionner=True)
        assert len(Base(neuve).lire("rp_population", 2016, "iris")) == 3
        assert verifier(Base(neuve), complet=True).fautes == ()
        assert not list(tmp_path.glob(".abs-import*"))


COURSE = """
    import json, sys, time
    from pathlib import Path
    from donnees_insee.base.base import Base
    from donnees_insee.depot.depot import deposer
    racine, moi, races = Path(sys.argv[1]), sys.argv[2], int(sys.argv[3])
    etats = []
    for rang in range(races):
        (racine / f"pret-{moi}-{rang}").touch()
        while not all((racine / f"pret-{n}-{rang}").exists() for n in "ab"):
            time.sleep(0.001)
        etats.append(deposer(Base(racine / f"base-{rang}"), [racine / moi / "base_ic_2016.csv"])[0].etat)
    print(json.dumps(etats))
"""


def test_deux_depots_qui_se_contredisent_se_suivent(tmp_path, recensement):
    for nom, contenu in (("a", recensement), ("b", recensement.replace("1200.5", "1300.5"))):
        (tmp_path / nom).mkdir()
        (tmp_path / nom / "base_ic_2016.csv").write_text(contenu, encoding="utf-8")
    deux = [lancer(COURSE, tmp_path, nom, RACES) for nom in "ab"]
    sorties = [p.communicate(timeout=300) for p in deux]
    assert [p.returncode for p in deux] == [0, 0], sorties
    etats = [json.loads(sortie) for sortie, _ in sorties]
    assert [sorted(paire) for paire in zip(*etats, strict=True)] == [["range", "refuse"]] * RACES
    for rang in range(RACES):
        base = Base(tmp_path / f"base-{rang}")
        assert len(base.recus()) == len(base.parts()) == 1


def test_un_depot_attend_celui_qui_tient_la_base(bureau, recensement):
    tenant = lancer(
        """
        import sys, time
        from pathlib import Path
        from donnees_insee.base.base import Base
        from donnees_insee.depot.journal import seul_a_ecrire
        with seul_a_ecrire(Base(Path(sys.argv[1]))):
            print("tenue", flush=True)
            sys.stdin.read()
        """,
        bureau.base.dossier,
        stdin=subprocess.PIPE,
    )
    assert tenant.stdout is not None
    assert tenant.stdout.readline() == "tenue\n"
    attentes = []

    def attendre() -> None:
        attentes.append(time.monotonic())
        tenant.kill()  # le système rend le verrou d'un programme tué

    fichier = bureau.poser("base_ic_2016.csv", recensement)
    assert deposer(bureau.base, [fichier], attendre=attendre)[0].etat == "range"
    assert len(attentes) == 1
    tenant.communicate()


def test_les_restes_d_un_programme_tue_sont_otes_au_suivant(tmp_path):
    tuer_pendant(
        """
        import os, signal, sys
        from pathlib import Path
        from donnees_insee.chemins import creer_un_dossier_de_passage, dossier_provisoire, fichier_provisoire
        racine = Path(sys.argv[1])
        creer_un_dossier_de_passage("essai").joinpath("gros").write_text("x")
        with dossier_provisoire(racine / "portrait") as d, fichier_provisoire(racine / "carte.html") as f:
            f.write_text("x")
            os.kill(os.getpid(), signal.SIGKILL)
        """,
        tmp_path,
    )
    assert len(list(tmp_path.iterdir())) == 2
    sien = tmp_path / ".carte-en-cours-d-un-autre"
    sien.touch()
    with fichier_provisoire(tmp_path / "carte.html") as f:
        f.write_text("y")
    with dossier_provisoire(tmp_path / "portrait") as d:
        (d / "p.html").write_text("y")
    assert sorted(p.name for p in tmp_path.iterdir()) == [sien.name, "carte.html", "portrait"]
    chemins._purger_le_dossier_temporaire.cache_clear()  # comme un programme qui démarre
    vivant = creer_un_dossier_de_passage("essai")
    assert [p.name for p in vivant.parent.glob("abs-essai-*")] == [vivant.name]
    vivant.rmdir()


def test_l_ancien_dossier_revient_si_le_programme_est_tue_entre_les_deux_gestes(tmp_path):
    (tmp_path / ".portrait-ancien").mkdir()
    (tmp_path / ".portrait-ancien" / "p.html").write_text("précieux", encoding="utf-8")
    with pytest.raises(KeyboardInterrupt), dossier_provisoire(tmp_path / "portrait"):
        raise KeyboardInterrupt
    assert (tmp_path / "portrait" / "p.html").read_text(encoding="utf-8") == "précieux"
    assert [f.name for f in tmp_path.iterdir()] == ["portrait"]
