"""Le CSV long : français pour Excel, exact pour les machines, sans formule cachée."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import TYPE_CHECKING

import frictionless
import numpy as np
import pandas as pd
import pyogrio
import pytest

from abs.calcul.diagnostic import COLONNES, Diagnostic, diagnostiquer
from abs.territoires.demande import Demande
from carnets.documents.csv_long import ecrire_csv
from carnets.documents.paquet_tabulaire import ecrire_paquet
from donnees_insee.demo import COMMUNE_DEMO

if TYPE_CHECKING:
    from pathlib import Path

    from donnees_insee.base.base import Base


@pytest.fixture(scope="session")
def diagnostic(base_demo: Base) -> Diagnostic:
    return diagnostiquer(base_demo, Demande(COMMUNE_DEMO))


def _relire(chemin: Path) -> pd.DataFrame:
    textes = dict.fromkeys(("territoire", "geographie"), "str")
    return pd.read_csv(
        chemin, sep=";", decimal=",", encoding="utf-8-sig", dtype=textes, float_precision="round_trip"
    )


def test_csv_se_relit_a_l_identique(diagnostic: Diagnostic, tmp_path: Path) -> None:
    relue = _relire(ecrire_csv(diagnostic, tmp_path / "d.csv"))
    table = diagnostic.table()
    assert [c for c in relue.columns if c in COLONNES] == list(COLONNES)
    for nom in ("valeur", "numerateur", "denominateur", "marge", "borne_basse", "couverture"):
        np.testing.assert_array_equal(relue[nom].to_numpy(float), table[nom].to_numpy(float))
    assert relue["territoire"].tolist() == table["territoire"].tolist()
    assert relue["statut"].tolist() == table["statut"].tolist()


def test_csv_s_ouvre_dans_un_excel_francais(diagnostic: Diagnostic, tmp_path: Path) -> None:
    octets = ecrire_csv(diagnostic, tmp_path / "d.csv").read_bytes()
    assert octets.startswith(b"\xef\xbb\xbf")
    texte = octets.decode("utf-8-sig")
    premiere, deuxieme = texte.split("\r\n")[:2]
    assert premiere.startswith('"territoire";"nom_territoire";"niveau"')
    assert {'"libelle"', '"theme"', '"unite"'} <= set(premiere.split(";"))
    assert deuxieme.startswith('"99001";"Arzance-la-Ville"')
    assert ";2,1;" in deuxieme


def test_valeurs_absentes_sont_vides(diagnostic: Diagnostic, tmp_path: Path) -> None:
    relue = _relire(ecrire_csv(diagnostic, tmp_path / "d.csv"))
    absents = relue["statut"].isin(["secret", "indisponible", "sans_objet"])
    assert absents.any()
    assert relue.loc[absents, ["valeur", "numerateur", "denominateur"]].isna().all(axis=None)
    assert relue.loc[~absents, "valeur"].notna().all()


def test_codes_gardent_leur_zero_de_tete(diagnostic: Diagnostic, tmp_path: Path) -> None:
    ain = replace(diagnostic, chiffres=[replace(diagnostic.chiffres[0], territoire="01004")])
    assert _relire(ecrire_csv(ain, tmp_path / "d.csv"))["territoire"].tolist() == ["01004"]


def test_csvt_garde_les_zeros_de_tete_dans_qgis(diagnostic: Diagnostic, tmp_path: Path) -> None:
    ain = replace(diagnostic, chiffres=[replace(diagnostic.chiffres[0], territoire="01004", valeur=2.5)])
    chemin = ecrire_csv(ain, tmp_path / "d.csv")
    lue = pyogrio.read_dataframe(chemin, AUTODETECT_TYPE="YES")
    assert lue["territoire"].tolist() == ["01004"]
    assert lue["geographie"].tolist() == [ain.chiffres[0].geographie]
    assert lue["valeur"].tolist() == [2.5]
    chemin.with_suffix(".csvt").unlink()
    assert pyogrio.read_dataframe(chemin, AUTODETECT_TYPE="YES")["geographie"].dtype.kind == "i"


def test_schema_refuse_un_csv_qui_n_est_plus_le_sien(diagnostic: Diagnostic, tmp_path: Path) -> None:
    chemin = ecrire_csv(diagnostic, tmp_path / "diagnostic.csv")
    paquet = ecrire_paquet(tmp_path, [chemin], "Portrait")
    assert frictionless.validate(str(paquet)).valid
    lu = frictionless.Package(str(paquet)).get_resource("diagnostic").read_rows()
    assert [r["territoire"] for r in lu] == diagnostic.table()["territoire"].tolist()
    nombres = [r["valeur"] for r in lu if r["valeur"] is not None]
    assert nombres == [Decimal(repr(v).removesuffix(".0")) for v in diagnostic.table()["valeur"].dropna()]
    texte = chemin.read_text(encoding="utf-8-sig")
    chemin.write_text(texte.replace('"publie"', '"public"', 1), encoding="utf-8-sig", newline="")
    fautes = frictionless.validate(str(paquet)).flatten(["fieldName", "type"])
    assert fautes == [["statut", "constraint-error"]]


@pytest.mark.parametrize("debut", ["=", "+", "-", "@", "\t"])
def test_texte_qui_ressemble_a_une_formule_est_neutralise(
    diagnostic: Diagnostic, tmp_path: Path, debut: str
) -> None:
    note = f'{debut}cmd|"/c calc"!A1; suite\nligne'
    piege = replace(diagnostic, chiffres=[replace(diagnostic.chiffres[0], note=note)])
    lue = _relire(ecrire_csv(piege, tmp_path / "d.csv"))["note"].iloc[0]
    assert lue.startswith(f"'{debut}")
    assert "\n" not in lue


def test_nombre_negatif_reste_un_nombre(diagnostic: Diagnostic, tmp_path: Path) -> None:
    negatif = replace(diagnostic, chiffres=[replace(diagnostic.chiffres[0], borne_basse=-2.5)])
    assert _relire(ecrire_csv(negatif, tmp_path / "d.csv"))["borne_basse"].tolist() == [-2.5]
