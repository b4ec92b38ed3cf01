"""Encodages, séparateurs, titres, classeurs : le texte sort tel qu'il était écrit."""

from __future__ import annotations

import pytest

from donnees_insee.lecture import csv_recu
from donnees_insee.lecture.brut import nature, rang_de_l_en_tete
from donnees_insee.lecture.tables import en_texte, lire_tables
from donnees_insee.preparation.nombres import lire_nombre

TEXTE = "IRIS;LIBIRIS;DISP_MED21\n010040101;Père-Lachaise œuvré;21 340,5\n2A0040101;L'Île;\n"
SANS_OE = TEXTE.replace("œ", "oe")


def lire(tmp_path, octets, nom="f.csv"):
    chemin = tmp_path / nom
    chemin.write_bytes(octets)
    (table,) = lire_tables(chemin)
    return table


@pytest.mark.parametrize(
    ("encodage", "dit"),
    [
        ("utf-8", "utf-8"),
        ("utf-8-sig", "utf-8"),
        ("cp1252", "windows-1252"),
        ("utf-16", "utf-16"),
        ("utf-16-le", "utf-16-le"),
        ("utf-16-be", "utf-16-be"),
    ],
)
@pytest.mark.parametrize("fins", ["\n", "\r\n", "\r"])
def test_encodages_et_fins_de_ligne(tmp_path, encodage, dit, fins):
    table = lire(tmp_path, TEXTE.replace("\n", fins).encode(encodage))
    assert table.encodage == dit
    assert table.colonnes == ("IRIS", "LIBIRIS", "DISP_MED21")
    assert table.texte["LIBIRIS"].to_pylist() == ["Père-Lachaise œuvré", "L'Île"]
    assert table.texte["DISP_MED21"].to_pylist() == ["21 340,5", None]


def test_fins_de_ligne_melees_et_lignes_blanches(tmp_path):
    lignes = TEXTE.splitlines()
    table = lire(tmp_path, f"\n{lignes[0]}\r\n{lignes[1]}\n\n{lignes[2]}\r\n\r\n".encode())
    assert table.texte.num_rows == 2


def test_accents_perdus_ou_meles_sont_dits(tmp_path):
    assert "déjà perdus" in lire(tmp_path, TEXTE.replace("Î", "\ufffd").encode()).remarques[0]
    octets = SANS_OE.encode().replace("Î".encode(), b"\xce")
    assert "mêlés" in lire(tmp_path, octets).remarques[0]


def test_accent_a_cheval_sur_deux_blocs(tmp_path, monkeypatch):
    for bloc in range(1, 9):
        monkeypatch.setattr(csv_recu, "BLOC", bloc)
        table = lire(tmp_path, TEXTE.replace("\n", "\r\n").encode())
        assert table.encodage == "utf-8"
        assert table.texte["LIBIRIS"].to_pylist()[0] == "Père-Lachaise œuvré"


@pytest.mark.parametrize("separateur", [";", ",", "\t", "|"])
def test_separateurs_et_guillemets(tmp_path, separateur):
    entete = separateur.join(["IRIS", '"LIBIRIS"', "P16_POP"])
    ligne = separateur.join(["010040101", f'"un{separateur}nom ""cité"""', '"1,5"'])
    table = lire(tmp_path, f"{entete}\n{ligne}\n".encode())
    assert table.texte["LIBIRIS"].to_pylist() == [f'un{separateur}nom "cité"']
    assert table.texte["P16_POP"].to_pylist() == ["1,5"]


def test_titres_au_dessus_de_l_en_tete(tmp_path):
    """Une feuille de l'Insee enregistrée en CSV garde ses lignes de titre."""
    texte = "Niveaux de vie en 2021 ;;\nChamp : France ;;\n;;\nCode IRIS;Libellé;Médiane\n" + TEXTE
    table = lire(tmp_path, texte.encode())
    assert table.colonnes == ("IRIS", "LIBIRIS", "DISP_MED21")
    assert table.titre.startswith("Niveaux de vie en 2021 · Champ : France")
    assert table.texte.num_rows == 2


def test_ligne_sep_d_excel(tmp_path):
    assert lire(tmp_path, f"sep=;\n{TEXTE}".encode()).texte.num_rows == 2


def test_colonnes_sans_nom(tmp_path):
    table = lire(tmp_path, b"IRIS;P16_POP;;;\n010040101;12;;;\n")
    assert table.colonnes == ("IRIS", "P16_POP")
    assert "2 colonnes sans nom ôtées" in lire(tmp_path, b"IRIS;P16_POP;;\n010040101;12;;\n").remarques
    assert "3 colonnes sans nom ôtées" in table.remarques


def test_extensions_tsv_et_txt(tmp_path):
    for nom in ("f.tsv", "f.txt", "F.CSV"):
        assert lire(tmp_path, TEXTE.replace(";", "\t").encode(), nom).texte.num_rows == 2


def test_nature(tmp_path):
    for octets, dit in ((b"PAR1", "parquet"), (b"%PDF-1.4", "pdf"), (b"a;b", "texte"), (b" \n", "vide")):
        (tmp_path / "f").write_bytes(octets)
        assert nature(tmp_path / "f") == dit


# -- classeurs ---------------------------------------------------------------------------------


def classeur(tmp_path, lignes, nom="f.xlsx"):
    xlsxwriter = pytest.importorskip("xlsxwriter")
    with xlsxwriter.Workbook(tmp_path / nom) as ouvert:
        feuille = ouvert.add_worksheet("IRIS")
        for i, ligne in enumerate(lignes):
            feuille.write_row(i, 0, ligne)
        ouvert.add_worksheet("Documentation").write_row(0, 0, ["VAR_ID", "VAR_LIB"])
    return lire_tables(tmp_path / nom)


def test_classeur_de_l_insee(tmp_path):
    (table,) = classeur(
        tmp_path,
        [
            ["Population en 2016"],
            ["Recensement de la population"],
            ["Insee", "2018"],
            [],
            ["Code IRIS", "Libellé", "Pop 0-2 ans"],
            ["IRIS", "LIBIRIS", "P16_POP0002"],
            ["010040101", "Pérouges", 12.5],
            ["2A0040101", "Ajaccio", 3],
            [],
        ],
    )
    assert table.colonnes == ("IRIS", "LIBIRIS", "P16_POP0002")
    assert table.texte["P16_POP0002"].to_pylist() == ["12.5", "3"]
    assert table.titre.startswith("Population en 2016")


def test_classeur_recent_nomme_xls(tmp_path):
    classeur(tmp_path, [["IRIS", "P16_POP"], ["010040101", 1]])
    (tmp_path / "f.xls").write_bytes((tmp_path / "f.xlsx").read_bytes())
    (table,) = lire_tables(tmp_path / "f.xls")
    assert table.texte.num_rows == 1


@pytest.mark.parametrize(
    ("lignes", "rang"),
    [
        ([["IRIS", "P16_POP"], ["010040101", "1"]], 0),
        ([["Insee", "DGFiP"], ["Champ"], ["IRIS", "MED16"]], 2),
        ([["Insee"], ["a", "b", "c"], ["d", "e"]], 1),
        ([["une phrase", "une autre"], ["", ""]], None),
        ([["VAR_ID", "VAR_LIB"], ["P16_POP", "Population"]], 1),
        ([["12", "13"]], None),
    ],
)
def test_rang_de_l_en_tete(lignes, rang):
    assert rang_de_l_en_tete(lignes) == rang


@pytest.mark.parametrize(
    ("cellule", "texte"),
    [
        (12.0, "12"),
        (0.1, "0.1"),
        ("", None),
        (None, None),
        (" a ", "a"),
        (1e16, "10000000000000000"),
        (True, "True"),
    ],
)
def test_cellule_en_texte(cellule, texte):
    assert en_texte(cellule) == texte


# -- nombres -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("texte", "nombre"),
    [
        ("1 234", 1234), ("1\u202f234", 1234), ("1\u00a0234\u00a0567,5", 1234567.5), ("12,5", 12.5),
        ("-3", -3), ("−3,25", -3.25), (" +4 ", 4), ("1,5E+03", 1500), (".5", 0.5), ("0,", 0), ("1.", 1),
        ("21\u2009340", 21340),
        ("12 45", None), ("1 23", None), ("1 2345", None), ("", None), (".", None), (",", None), ("-", None),
        ("1_000", None), ("nan", None), ("inf", None), ("1.234,5", None), ("e5", None), ("12 %", None), ("--1", None),
    ],
)  # fmt: skip
def test_lire_nombre(texte, nombre):
    assert lire_nombre(texte) == nombre
