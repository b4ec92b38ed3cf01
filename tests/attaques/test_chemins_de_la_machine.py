"""Aucun document, aucune archive, aucune couche ne porte un chemin de la machine qui l'a fait."""

from __future__ import annotations

import base64
import binascii
import getpass
import io
import json
import platform
import re
import shutil
import sys
import tempfile
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING

import nbformat
import pyarrow.parquet as pq
import pytest
from typer.testing import CliRunner

from carnets.commande.application import app
from donnees_insee.base.base import Base
from donnees_insee.controle.export_import import exporter

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.carnet
EPCI = "999900001"
# Les mots d'un dossier que rien d'autre ne contient.
SECRET = "dossier-tres-secret-7f3a"


def contenus(nom: str, octets: bytes) -> Iterator[tuple[str, bytes]]:
    """Un fichier, ses membres s'il est une archive, les pièces qu'il inclut, les notes d'un Parquet."""
    yield nom, octets
    if octets.startswith(b"PK\x03\x04"):
        with zipfile.ZipFile(io.BytesIO(octets)) as archive:
            for membre in archive.namelist():
                yield from contenus(f"{nom}!{membre}", archive.read(membre))
    if octets.startswith(b"PAR1"):
        yield f"{nom}!notes", repr(pq.read_schema(io.BytesIO(octets)).metadata).encode()
    for piece in re.findall(rb"base64,([A-Za-z0-9+/=]{200,})", octets.replace(rb"\n", b"")):
        try:
            yield f"{nom}!image", base64.b64decode(piece)
        except binascii.Error:
            continue


@pytest.fixture(scope="module")
def sorties(tmp_path_factory, base_demo):
    """Tout ce que la commande écrit, depuis un dossier dont le nom trahit."""
    racine = tmp_path_factory.mktemp(SECRET)
    donnees = Path(shutil.copytree(base_demo.dossier, racine / "donnees"))
    sortie = racine / "sorties"
    demandes = [
        ["portrait", "99001"],
        ["evolution", "99001", "--de", "2016", "--a", "2022"],
        ["comparer", EPCI, "--formats", "html,docx,xlsx,csv,gpkg,cartes"],
        ["carte", "99001", "taux_chomage_rp"],
        ["observatoire", EPCI],
        ["typologie", "apprendre", EPCI],
        ["perimetre", "--qpv", "QP099001"],
    ]
    with pytest.MonkeyPatch.context() as poste:
        poste.setenv("ABS_DONNEES", str(donnees))
        poste.chdir(racine)
        for demande in demandes:
            fait = CliRunner().invoke(app, [*demande, "--sortie", str(sortie)], catch_exceptions=False)
            assert fait.exit_code == 0, (demande, fait.output)
        exporter(Base(donnees), sortie / "export.zip")
    return sortie


def test_aucun_chemin(sorties):
    mots = [
        SECRET,
        str(Path.home()),
        sys.prefix,
        str(Path(__file__).parents[2]),
        "site-packages",
        tempfile.gettempdir() + "/",
    ]
    if len(platform.node()) > 6:
        mots.append(platform.node())
    vus, lus = [], 0
    for fichier in sorted(f for f in sorties.rglob("*") if f.is_file()):
        for nom, octets in contenus(str(fichier.relative_to(sorties)), fichier.read_bytes()):
            lus += 1
            rangs = [rang for mot in mots if (rang := octets.find(mot.encode())) >= 0]
            vus += [(nom, octets[max(0, r - 60) : r + 60]) for r in rangs if not _est_une_adresse(octets, r)]
    assert lus > 500
    assert vus == []


def _est_une_adresse(octets: bytes, rang: int) -> bool:
    return b"://" in octets[max(0, rang - 12) : rang]


def test_le_carnet_rouvert_ailleurs_reprend_ses_dossiers_par_defaut(sorties):
    (carnet,) = sorties.glob("portrait-*/carnet.ipynb")
    lu = nbformat.read(carnet, as_version=4)
    nbformat.validate(lu)
    injectee = next(c.source for c in lu.cells if "injected-parameters" in c.metadata.get("tags", []))
    # Rouvert là où il est livré, il écrit à côté de lui.
    assert 'dossier_sortie = "."' in injectee
    assert 'dossier_donnees = ""' in injectee
    assert 'territoire = "99001"' in injectee
    assert lu.metadata.papermill.input_path == "carnets/10_portrait_de_territoire.ipynb"


def test_un_carnet_en_echec_ne_dit_rien_de_la_machine(tmp_path, base_demo):
    from carnets.moteur import CarnetEnEchec, executer_carnet
    from tests.carnets.petits_carnets import carnet

    source = tmp_path / SECRET / "petit.ipynb"
    source.parent.mkdir()
    carnet(source, "import json\njson.loads('{')")
    garde = tmp_path / "garde.ipynb"
    with pytest.raises(CarnetEnEchec):
        executer_carnet(source, tmp_path / SECRET / "x.ipynb", {"territoire": "99001"}, garde=garde)
    texte = garde.read_text(encoding="utf-8")
    assert "JSONDecodeError" in texte
    for mot in (SECRET, sys.prefix, sys.base_prefix, str(Path.home()), getpass.getuser() + "/"):
        assert mot not in texte, texte[texte.index(mot) - 100 : texte.index(mot) + 100]


def test_un_recu_d_avant_perd_son_chemin_en_partant(bureau, recensement, tmp_path):
    bureau.deposer("base_ic_2016.csv", recensement)
    (recu,) = (bureau.base.dossier / "recus").glob("*.json")
    vieux = json.loads(recu.read_text(encoding="utf-8")) | {
        "depose_depuis": f"/home/{SECRET}/base_ic_2016.csv"
    }
    recu.write_text(json.dumps(vieux), encoding="utf-8")
    archive = exporter(Base(bureau.base.dossier), tmp_path / "e.zip").fichier
    with zipfile.ZipFile(archive) as ouverte:
        assert not [n for n in ouverte.namelist() if SECRET.encode() in ouverte.read(n)]
