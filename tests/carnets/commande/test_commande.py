"""La commande : chaque entrée fautive donne une phrase en français, un code de sortie non nul, rien à moitié écrit."""

import json
import os
import subprocess
import sys
import zipfile

import pytest


def lancer(*arguments, donnees, cwd, **autres):
    environnement = {**os.environ, "ABS_DONNEES": str(donnees), "PYTHONPATH": "", **autres}
    return subprocess.run(
        [
            sys.executable,
            "-c",
            "from carnets.commande.application import principale; principale()",
            *map(str, arguments),
        ],
        capture_output=True,
        text=True,
        encoding="utf-8",
        env=environnement,
        cwd=cwd,
        timeout=120,
        check=False,
    )


@pytest.fixture
def abs_demo(base_demo, tmp_path, racine_du_projet):
    def appeler(*arguments):
        return lancer(*arguments, "--sortie", tmp_path / "s", donnees=base_demo.dossier, cwd=racine_du_projet)

    return appeler


@pytest.fixture(scope="session")
def racine_du_projet(request):
    return request.config.rootpath


def est_une_phrase(resultat):
    assert resultat.returncode == 1
    assert resultat.stderr.startswith("Erreur : ")
    assert "Traceback" not in resultat.stderr
    assert resultat.stderr.rstrip().endswith((".", "?", ")"))


@pytest.mark.parametrize(
    ("arguments", "attendu"),
    [
        (("portrait", "99999"), "n'est dans aucune"),
        (("portrait", "Arzanse"), "Vouliez-vous dire"),
        (("portrait", "99001", "--millesime", "2005"), "2016, "),
        (("portrait", "99001", "--millesimes", "caf=2019"), "Millésimes tenus"),
        (("portrait", "99001", "--millesimes", "filosofi=2022"), "Filosofi 2022 n'existe pas"),
        (("portrait", "99001", "--formats", "parchemin"), "parchemin"),
        (("portrait", "<script>alert(1)</script>"), "n'est dans aucune"),
        (("portrait", "a/b\"c'"), "n'est dans aucune"),
        (("carte", "99001", "part_hlmm"), "Vouliez-vous dire part_hlm"),
        (("carte", "99004", "part_hlm"), "Pas de carte"),
    ],
)
def test_une_demande_fautive_est_expliquee(abs_demo, tmp_path, arguments, attendu):
    resultat = abs_demo(*arguments)
    est_une_phrase(resultat)
    assert attendu in resultat.stderr
    assert not (tmp_path / "s").exists()


def test_une_base_vide_dit_quoi_faire(tmp_path, racine_du_projet):
    resultat = lancer("portrait", "34172", donnees=tmp_path / "vide", cwd=racine_du_projet)
    est_une_phrase(resultat)
    assert "abs sources deposer" in resultat.stderr


def test_un_dossier_de_sortie_interdit_est_dit(base_demo, tmp_path, racine_du_projet):
    (tmp_path / "mur").write_text("", encoding="utf-8")
    resultat = lancer(
        "portrait",
        "99001",
        "--sortie",
        tmp_path / "mur" / "s",
        donnees=base_demo.dossier,
        cwd=racine_du_projet,
    )
    est_une_phrase(resultat)
    assert "ne peut pas être créé" in resultat.stderr


def test_deposer_dit_fichier_par_fichier_et_sort_en_erreur_si_rien_ne_va(tmp_path, racine_du_projet):
    mauvais = tmp_path / "mauvais"
    mauvais.mkdir()
    (mauvais / "faux.xlsx").write_text("ceci est du texte", encoding="utf-8")
    (mauvais / "tronque.zip").write_bytes(b"PK\x03\x04tronque")
    (mauvais / "sans_cle.csv").write_text(
        "COM;P16_POP0002;P16_POP0305;P16_POP0610\n01001;1;2;3\n", encoding="utf-8"
    )
    with zipfile.ZipFile(mauvais / "dehors.zip", "w") as archive:
        archive.writestr("../evade.csv", "IRIS;P16_POP\n")
    resultat = lancer("sources", "deposer", mauvais, donnees=tmp_path / "d", cwd=racine_du_projet)
    assert resultat.returncode == 1
    assert resultat.stdout.count("refusé") >= 4
    assert "Traceback" not in resultat.stderr
    assert not (tmp_path / "d" / "base").exists()
    assert not (tmp_path / "evade.csv").exists()


def test_les_commandes_qui_lisent_repondent(base_demo, racine_du_projet):
    for arguments, attendu in [
        (("sources", "lister"), "rp_logement"),
        (("sources", "lister"), "2018/2019"),
        (("sources", "lister", "filosofi"), "2017/2018 : En 2018, la réduction de loyer"),
        (
            ("sources", "lister", "rp_diplomes"),
            "données ; 2024 attendu en juin 2027",
        ),
        (("sources", "etat"), "EPCI_2024.csv"),
        (("territoire", "chercher", "arzance"), "99001"),
        (("indicateurs", "--theme", "logement"), "part_hlm"),
        (("etat", "99001"), "22 IRIS, 4 QPV, 5 quartiers"),
        (("etat", "99004"), "Lormeaux-le-Haut"),
        (("etat", "99001"), "2021 tenu ; Filosofi 2022 n'existe pas"),
        (
            ("etat", "99001"),
            "recensement de la population : 2022 tenu ; 2023 est paru le 30 juin 2026 (communes et au-dessus)",
        ),
    ]:
        resultat = lancer(*arguments, donnees=base_demo.dossier, cwd=racine_du_projet)
        assert resultat.returncode == 0, resultat.stderr
        assert attendu in resultat.stdout


def test_les_nouveautes_de_melodi_se_disent_hors_ligne(tmp_path, racine_du_projet):
    ou = {"donnees": tmp_path / "d", "cwd": racine_du_projet, "ABS_HORS_LIGNE": "1"}
    sans = lancer("sources", "nouveautes", **ou)
    assert "ABS_HORS_LIGNE=1 interdit le réseau" in sans.stdout
    assert "aucun n'est tenu" in sans.stdout
    est_une_phrase(sans)
    produit = {
        "id": "DS_BPE_2024_CSV_FR", "format": "CSV", "language": "FR", "packageFormat": "application/zip",
        "accessURL": "https://api.insee.fr/melodi/file/x", "byteSize": 2097152, "modified": "2025-07-09T16:06:09",
    }  # fmt: skip
    jeu = {
        "identifier": "DS_BPE",
        "modified": "2025-07-10T14:00:49",
        "temporal": {"endPeriod": "2024"},
        "product": [produit],
    }
    catalogue = tmp_path / "catalog.json"
    catalogue.write_text(json.dumps([jeu]), encoding="utf-8")
    donne = lancer("sources", "nouveautes", "--catalogue", catalogue, **ou)
    assert donne.returncode == 0, donne.stderr
    assert "mis à jour le 2025-07-10" in donne.stdout
    assert "jamais déposé : 1" in donne.stdout
    assert not (tmp_path / "d" / "base").exists()
    assert lancer("sources", "deposer", catalogue, **ou).returncode == 0
    tenu = lancer("sources", "nouveautes", **ou)
    assert "celui qui est tenu est employé" in tenu.stdout
    assert "2,0 Mio" in tenu.stdout
    simule = lancer("sources", "telecharger", "DS_BPE", "--simuler", **ou)
    assert "https://api.insee.fr/melodi/file/x" in simule.stdout.replace("\n", "")
    est_une_phrase(lancer("sources", "telecharger", "DS_BPE", "--territoire", "44109", **ou))


@pytest.mark.parametrize(
    "arguments", [["--help"], ["portrait", "--help"], ["campagne", "--exemple"], ["indicateurs"]]
)
def test_la_commande_legere_ne_charge_rien_de_lourd(arguments):
    code = (
        "import sys; from carnets.commande.application import app\n"
        "try:\n    app(sys.argv[1:])\nexcept SystemExit:\n    pass\n"
        "noms = ('nbformat', 'papermill', 'geopandas', 'folium', 'pandas', 'mapclassify')\n"
        "sys.exit(', '.join(m for m in noms if m in sys.modules) or 0)"
    )
    resultat = subprocess.run(
        [sys.executable, "-c", code, *arguments], capture_output=True, text=True, check=False
    )
    assert resultat.returncode == 0, resultat.stderr
    assert len(resultat.stdout) > 200
