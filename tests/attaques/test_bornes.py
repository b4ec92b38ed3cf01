"""Démesuré, plein, ou plein de signes de commande : borné, avec une phrase qui dit vrai."""

from __future__ import annotations

import io
import os
import shutil
import subprocess
import sys
import time
import zipfile

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from typer.testing import CliRunner

from carnets.commande import affichage
from carnets.commande.application import app
from carnets.observatoire.rendu import morceau
from donnees_insee.base.base import Base
from donnees_insee.chemins import fichier_provisoire
from donnees_insee.depot.depot import deposer
from donnees_insee.erreurs import SortieImpossible

LARGE = 100_000


def test_cent_mille_colonnes(bureau):
    noms = ";".join(["IRIS", *(f"P16_V{i}" for i in range(LARGE))])
    debut = time.monotonic()
    raison = bureau.refus("population_2016.csv", f"{noms}\n010040101{';1' * LARGE}\n")
    assert "colonnes : aucune table" in raison
    flux = io.BytesIO()
    pq.write_table(pa.table({n: [1] for n in noms.split(";")}), flux)
    assert "colonnes" in bureau.refus("population_2016.parquet", flux.getvalue())
    assert time.monotonic() - debut < 60  # sans borne, le découpage n'en finit pas


def test_vingt_mille_membres(bureau, recensement):
    flux = io.BytesIO()
    with zipfile.ZipFile(flux, "w") as archive:
        for rang in range(20_000):
            archive.writestr(f"base_{rang}.csv", recensement)
    assert "20000 membres" in bureau.refus("base_2016.zip", flux.getvalue())


def test_un_nom_n_efface_pas_l_ecran(bureau, recensement, capsys):
    pieges = "\x1b[2J\x1b]0-titre\x07\u202e"
    contenu = recensement.replace("LAB_IRIS", "LIBIRIS").replace(";1;", f";Centre{pieges};")
    depot = bureau.deposer("base_ic_2016.csv", contenu)
    assert depot.etat == "range", depot.raison
    noms = bureau.base.lire("rp_population", 2016, "iris")["LIBIRIS"].dropna()
    assert len(noms) == 3
    affichage.dire(pieges)
    affichage.erreur(pieges)
    affichage.avertir(pieges)
    affichage.tableau(pieges, ("Nom",), [(pieges,), *((n,) for n in noms)])
    lu = capsys.readouterr()
    for signe in "\x1b\x07\u202e":
        assert signe not in lu.out + lu.err
        assert not noms.str.contains(signe, regex=False).any()


def test_la_version():
    fait = CliRunner().invoke(app, ["--version"])
    assert (fait.exit_code, fait.output.split()[0]) == (0, "abs")


@pytest.mark.parametrize("code", ["a" * 440, "é/" * 220, "a" * 80])
def test_un_code_long_donne_un_nom_de_fichier_admis(code):
    assert len(morceau(code)) <= 80
    assert morceau(code) != morceau(code + "b")


@pytest.mark.carnet
def test_un_libelle_de_440_caracteres_ne_tue_pas_l_observatoire(base_demo, tmp_path, monkeypatch):
    base = Base(shutil.copytree(base_demo.dossier, tmp_path / "donnees"))
    libelle = ("Ménages aidés par le centre communal d'action sociale " * 9)[:440]
    entete = "territoire;date;indicateur;numerateur;denominateur;producteur;diffusion;seuil;libelle;theme\n"
    fichier = tmp_path / "long.csv"
    lignes = [
        f"{c};2025;{libelle};{n};900;CCAS;publique;5;{libelle};emploi\n"
        for c, n in (("999900001", 300), ("99001", 200))
    ]
    fichier.write_text(entete + "".join(lignes), encoding="utf-8")
    assert deposer(base, [fichier])[0].etat == "range"
    monkeypatch.setenv("ABS_DONNEES", str(base.dossier))
    fait = CliRunner().invoke(
        app, ["observatoire", "999900001", "--sortie", str(tmp_path / "s")], catch_exceptions=False
    )
    assert fait.exit_code == 0, fait.output
    noms = [f.name for f in (tmp_path / "s").rglob("*")]
    assert max(len(n.encode()) for n in noms) < 150


@pytest.fixture
def disque_plein(tmp_path):
    """Un vrai disque de cent vingt-huit kilo-octets, là où il est permis d'en monter un."""
    ou = tmp_path / "disque"
    ou.mkdir()
    monte = shutil.which("mount") and subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=128k", "none", str(ou)], capture_output=True, check=False
    )
    if not monte or monte.returncode:
        pytest.skip("monter un petit disque n'est pas permis ici")
    yield ou
    subprocess.run(["umount", str(ou)], check=True)


def test_un_disque_plein_est_dit_en_francais_et_ne_laisse_rien(disque_plein, bureau, recensement):
    lignes = "".join(f"01004{n:04d};01004;H;1;{n}.123456789;1;1\n" for n in range(9000))
    fichier = bureau.poser("base_ic_2016.csv", recensement.splitlines()[0] + "\n" + lignes)
    base = Base(disque_plein / "donnees")
    (depot,) = deposer_ou_refus(base, fichier)
    assert "le disque est plein" in depot
    assert "tableur" not in depot
    assert base.parts() == ()
    assert not list((disque_plein / "donnees").rglob("*.parquet"))


def deposer_ou_refus(base: Base, fichier) -> tuple[str]:
    try:
        return (deposer(base, [fichier])[0].raison,)
    except SortieImpossible as refus:
        return (str(refus),)


def test_un_dossier_temporaire_plein_n_est_pas_un_fichier_tronque(disque_plein, bureau, recensement):
    """Transcrire un fichier demande de la place : qu'elle manque n'est pas la faute du fichier."""
    lignes = "".join(f'01004{n:04d};01004;H;1;{n}.123456789;1;"1"\n' for n in range(20000))
    fichier = bureau.poser("base_ic_2016.csv", recensement.splitlines()[0] + "\n" + lignes)
    code = (
        "import sys; from pathlib import Path; from donnees_insee.base.base import Base;"
        "from donnees_insee.depot.depot import deposer;"
        "print(deposer(Base(Path(sys.argv[1])), [Path(sys.argv[2])])[0].raison)"
    )
    fait = subprocess.run(
        [sys.executable, "-c", code, str(bureau.base.dossier), str(fichier)],
        env=os.environ | {"TMPDIR": str(disque_plein)}, capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert "le disque est plein" in fait.stdout
    assert "tronqué" not in fait.stdout


def test_une_ecriture_a_moitie_ne_reste_pas(disque_plein):
    with (
        pytest.raises(SortieImpossible, match="disque est plein"),
        fichier_provisoire(disque_plein / "x.bin") as ou,
    ):
        ou.write_bytes(b"0" * 10_000_000)
    assert list(disque_plein.iterdir()) == []
