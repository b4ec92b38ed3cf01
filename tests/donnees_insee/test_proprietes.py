"""Propriétés : la façon d'écrire un fichier ne change rien à la base qu'il donne."""

from __future__ import annotations

import tempfile
from pathlib import Path

import pandas as pd
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from donnees_insee import codes
from donnees_insee.base.base import Base
from donnees_insee.depot.depot import deposer
from donnees_insee.preparation.nombres import lire_nombre

REGLAGES = settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
VARIABLES = ("DISP_TP60", "DISP_MED", "DISP_D1", "DISP_PIMPOT")
MARQUES = ("s", "ns", "nd", "so")

valeurs = st.one_of(
    st.integers(-20, 40_000).map(float),
    st.floats(-50, 90_000, allow_nan=False).map(lambda v: round(v, 2)),
    st.sampled_from(MARQUES),
    st.none(),
)
commune = st.sampled_from(["01004", "34172", "2A004", "2B033", "97411", "75113"])
iris = st.builds(lambda c, n: f"{c}{n:04d}", commune, st.integers(0, 9999))
tables = st.dictionaries(iris, st.tuples(*[valeurs] * len(VARIABLES)), min_size=1, max_size=12)


def ecrire_nombre(valeur, decimale: str, milliers: str, marque) -> str:
    if valeur is None:
        return ""
    if isinstance(valeur, str):
        return marque(valeur)
    texte = f"{valeur:,.0f}" if valeur == int(valeur) else f"{valeur:,.2f}"
    return texte.replace(",", "\0").replace(".", decimale).replace("\0", milliers)


def base_de(*fichiers: bytes) -> pd.DataFrame:
    with tempfile.TemporaryDirectory() as dossier:
        base = Base(Path(dossier) / "base")
        for rang, octets in enumerate(fichiers):
            chemin = Path(dossier) / f"BASE_TD_FILO_IRIS_2021_{rang}.csv"
            chemin.write_bytes(octets)
            # Des cellules au hasard ne tiennent pas debout ensemble : c'est leur écriture qui est à l'essai.
            (depot,) = deposer(base, [chemin], malgre_les_ecarts=True)
            assert depot.etat == "range", depot.raison
        return base.lire("filosofi", 2021, "iris").sort_index(axis=1)


def simple(table) -> bytes:
    return composer(table, ";", ".", "", "utf-8", str, "\n", ["IRIS", *VARIABLES])


def composer(table, separateur, decimale, milliers, encodage, marque, fins, ordre) -> bytes:
    bruts = {"IRIS": "IRIS", **{v: v + "21" for v in VARIABLES}}
    lignes = [separateur.join(bruts[c] for c in ordre)]
    for code, cellules in table.items():
        par_nom = dict(zip(VARIABLES, cellules, strict=True))
        ecrites = [
            code if c == "IRIS" else f'"{ecrire_nombre(par_nom[c], decimale, milliers, marque)}"'
            for c in ordre
        ]
        lignes.append(separateur.join(ecrites))
    return (fins.join(lignes) + fins).encode(encodage)


@REGLAGES
@given(
    table=tables,
    separateur=st.sampled_from([";", ",", "\t", "|"]),
    decimale=st.sampled_from([",", "."]),
    milliers=st.sampled_from(["", " ", "\u00a0", "\u202f", "\u2009"]),
    encodage=st.sampled_from(["utf-8", "utf-8-sig", "cp1252", "utf-16"]),
    marque=st.sampled_from([str, str.upper, lambda m: f"  {m} ", lambda m: f"\u00a0{m.title()}"]),
    fins=st.sampled_from(["\n", "\r\n"]),
    ordre=st.permutations(["IRIS", *VARIABLES]),
)
def test_meme_table_meme_base(table, separateur, decimale, milliers, encodage, marque, fins, ordre):
    # Windows-1252 ne connaît ni la fine ni la fine insécable.
    assume(not (encodage == "cp1252" and milliers in {"\u202f", "\u2009"}))
    autre = composer(table, separateur, decimale, milliers, encodage, marque, fins, ordre)
    pd.testing.assert_frame_equal(base_de(simple(table)), base_de(autre))


@REGLAGES
@given(table=tables.filter(lambda t: len(t) > 1), coupe=st.integers(1, 11))
def test_couper_un_fichier_en_deux_ne_change_pas_les_totaux(table, coupe):
    assume(coupe < len(table))
    entrees = list(table.items())
    entiere = base_de(simple(table))
    coupee = base_de(simple(dict(entrees[:coupe])), simple(dict(entrees[coupe:])))
    pd.testing.assert_frame_equal(entiere, coupee, check_dtype=False)
    pd.testing.assert_series_equal(
        entiere[list(VARIABLES)].sum().sort_index(), coupee[list(VARIABLES)].sum().sort_index()
    )


@REGLAGES
@given(table=tables)
def test_les_codes_restent_du_texte(table):
    lue = base_de(simple(table))
    assert list(lue.index) == sorted(table)
    assert all(isinstance(c, str) and len(c) == 9 for c in lue.index)


@given(valeur=st.floats(allow_nan=False, allow_infinity=False, width=64))
def test_tout_nombre_ecrit_est_relu_exactement(valeur):
    assert lire_nombre(repr(valeur)) == valeur
    assert lire_nombre(f"{valeur:,.3f}".replace(",", "\u202f").replace(".", ",")) == float(f"{valeur:.3f}")
    if valeur < 0:
        assert lire_nombre("−" + repr(-valeur)) == valeur


@given(texte=st.text(max_size=12))
def test_lire_nombre_ne_tombe_jamais(texte):
    lu = lire_nombre(texte)
    assert lu is None or lu == lu  # noqa: PLR0124 - jamais nan


@given(texte=st.text(max_size=40))
def test_normaliser_est_stable(texte):
    une = codes.normaliser(texte)
    assert codes.normaliser(une) == une
    assert une == une.strip()
