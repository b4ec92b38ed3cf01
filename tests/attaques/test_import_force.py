"""Un colis n'est cru que sur ce que ses fichiers d'origine donnent, et aucun Parquet n'arrête le programme par une trace."""

from __future__ import annotations

import hashlib
import io
import json
import zipfile
from contextlib import suppress

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from donnees_insee.base.base import Base
from donnees_insee.controle.colis import MANIFESTE
from donnees_insee.controle.export_import import exporter, importer
from donnees_insee.controle.verification import verifier
from donnees_insee.erreurs import ErreurAbs


@pytest.fixture
def archive(bureau, recensement, tmp_path):
    bureau.deposer("base_ic_2016.csv", recensement)
    return exporter(bureau.base, tmp_path / "e.zip").fichier


def forger(archive, changer) -> None:
    """Changer des membres, et refaire un manifeste qui leur convient."""
    with zipfile.ZipFile(archive) as ouverte:
        membres = {i.filename: ouverte.read(i) for i in ouverte.infolist()}
    manifeste = json.loads(membres.pop(MANIFESTE))
    changer(membres)
    manifeste["fichiers"] = [
        {"adresse": a, "sha256": hashlib.sha256(o).hexdigest(), "taille": len(o)} for a, o in membres.items()
    ]
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as ouverte:
        for adresse, octets in (membres | {MANIFESTE: json.dumps(manifeste).encode()}).items():
            ouverte.writestr(adresse, octets)


def la_part(membres) -> str:
    return next(a for a in membres if a.endswith(".parquet"))


def en_parquet(table: pa.Table, **options) -> bytes:
    flux = io.BytesIO()
    pq.write_table(table, flux, **options)
    return flux.getvalue()


def autres_chiffres(membres):
    part = la_part(membres)
    table = pd.read_parquet(io.BytesIO(membres[part]))
    membres[part] = en_parquet(pa.Table.from_pandas(table.assign(P_POP=9999.0), preserve_index=False))


def part_de_plus(membres):
    part = la_part(membres)
    membres[part.replace("/2016/", "/2017/")] = membres[part]


def part_sans_original(membres):
    for adresse in [a for a in membres if a.startswith("brut/")]:
        membres[adresse] = membres[adresse].replace(b"1200.5", b"1300.5")


def recu_qui_ment(membres):
    adresse = next(a for a in membres if a.startswith("recus/"))
    recu = json.loads(membres[adresse])
    recu["lots"][0]["lignes"] = 2
    membres[adresse] = json.dumps(recu).encode()


def notes_folles(membres):
    part = la_part(membres)
    table = pq.read_table(io.BytesIO(membres[part])).replace_schema_metadata({"pandas": "{", "geo": "[]"})
    membres[part] = en_parquet(table.set_column(1, "P_POP", pa.array([1.0, 2.0, 3.0])))


def part_bombe(membres):
    # Vingt millions de lignes identiques tiennent en quelques dizaines de kilo-octets.
    table = pa.table(
        {"code": pa.DictionaryArray.from_arrays(pa.array([0] * 20_000_000, pa.int32()), ["01001"])}
    )
    membres[la_part(membres)] = en_parquet(table, compression="zstd")


@pytest.mark.parametrize(
    "changer", [autres_chiffres, part_de_plus, part_sans_original, recu_qui_ment, notes_folles, part_bombe]
)
@pytest.mark.parametrize("pleine", [False, True])
def test_un_colis_forge(archive, tmp_path, erreur_claire, recensement, nouveau_bureau, changer, pleine):
    """Refusé dans une base vide ; dans une base pleine, seuls les originaux sont repris, relus par nos lecteurs."""
    forger(archive, changer)
    base = nouveau_bureau().base if pleine else Base(tmp_path / "neuve")
    if pleine:
        autre = tmp_path / "caf2018.csv"
        autre.write_text(recensement.replace("P16", "P15"), encoding="utf-8")
        from donnees_insee.depot.depot import deposer

        assert deposer(base, [autre])[0].etat == "range"
    with suppress(ErreurAbs):
        importer(archive, base, fusionner=pleine)
    lus = base.lire("rp_population", 2016, "iris")
    assert lus.empty if not pleine else lus.empty or list(lus["P_POP"]) == [1200.5, 900.0, 10.0]
    assert base.lire("rp_population", 2017, "iris").empty
    assert verifier(base, complet=True).fautes == ()


def test_une_part_aux_notes_folles_se_lit_ou_se_dit(bureau, recensement):
    bureau.deposer("base_ic_2016.csv", recensement)
    (part,) = bureau.base.parts()
    table = pq.read_table(part.chemin)
    for notes in (
        {"pandas": "{"},
        {"pandas": json.dumps({"index_columns": [{"kind": "range"}], "columns": 3})},
        {"geo": "x"},
    ):
        part.chemin.write_bytes(en_parquet(table.replace_schema_metadata(notes)))
        bureau.base.oublier()
        assert len(bureau.base.lire("rp_population", 2016, "iris")) == 3
        assert isinstance(verifier(bureau.base, complet=True).fautes, tuple)


@pytest.mark.parametrize(
    "table",
    [
        pa.table({"CODGEO": ["01001"], "P16_POP": [[1, 2]]}),
        pa.table({"CODGEO": ["01001"], "P16_POP": [{"a": 1}]}),
        pa.table({"CODGEO": [b"\xff"], "P16_POP": [1.0]}),
        pa.table({"CODGEO": pa.nulls(1), "P16_POP": pa.nulls(1)}),
        pa.table({"CODGEO": ["01001"], "P16_POP": [1.0]}).replace_schema_metadata({"pandas": "{"}),
        pa.table({"IRIS": ["010040101"], "P16_POP": pa.array([10**18], pa.timestamp("ns"))}),
        pa.table({}),
    ],
    ids=["liste", "structure", "octets", "nuls", "notes", "date", "rien"],
)
def test_un_parquet_etrange_est_range_ou_refuse_en_une_phrase(bureau, table):
    depot = bureau.deposer("population_2016.parquet", en_parquet(table))
    assert depot.etat in {"range", "refuse"}
    assert "imprévue" not in depot.raison
    assert "Traceback" not in depot.raison


def test_un_parquet_demesure_est_refuse(bureau):
    membres = {"a.parquet": b""}
    part_bombe(membres)
    assert "gonflerait" in bureau.refus("population_2016.parquet", membres["a.parquet"])


def test_un_colis_qui_gonfle_est_refuse(archive, tmp_path, erreur_claire):
    def gonfler(membres):
        membres["brut/" + "0" * 16 + "/zero.csv"] = b"0" * 100_000_000

    forger(archive, gonfler)
    assert "gonflerait" in erreur_claire(lambda: importer(archive, Base(tmp_path / "neuve")))
