"""La lecture directe d'un CSV sans piège donne la même table que la lecture par le texte, ou lui laisse la main."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from donnees_insee.base.base import Base
from donnees_insee.base.parts import TAILLE_DE_GROUPE, lire_part
from donnees_insee.depot.depot import deposer
from donnees_insee.erreurs import ErreurAbs
from donnees_insee.lecture.brut import TableBrute
from donnees_insee.lecture.reconnaissance import reconnaitre
from donnees_insee.lecture.tables import lire_tables
from donnees_insee.preparation.preparation import preparer
from tests.parts_d_essai import poser

COLONNES = ("IRIS", "COM", "TYP_IRIS", "LAB_IRIS", "P16_POP", "P16_POP0002", "C16_POP15P")

cellules = st.one_of(
    st.floats(0, 1e6, allow_nan=False).map(repr),
    st.floats(allow_nan=False, allow_infinity=False).map(repr),
    st.integers(-5, 10**17).map(str),
    st.sampled_from(
        ["", " ", " 12", "12 ", "+4", ".5", "1.", "1e3", "0,5", "1 234", "NaN", "inf", "-Infinity"]
    ),
    st.sampled_from(["s", "ns", " NS ", "x", "1_0", "0x1F", "−3", "1e999", "12\t", "\u00a05"]),
)
codes = st.sampled_from(["010040101", "010040102", "2A0040101", " 974110101", "", "1004"])
lignes = st.lists(
    st.tuples(
        codes, st.sampled_from(["01004", "", " "]), st.just("H"), st.just("1"), cellules, cellules, cellules
    ),
    min_size=1,
    max_size=6,
)


def preparer_fichier(chemin: Path, *, directe: bool) -> object:
    """La table et ses remarques, ou la phrase du refus."""
    (table,) = lire_tables(chemin)
    if not directe:
        table = TableBrute(table.colonnes, table.texte, table.origine, table.encodage)
    try:
        prete = preparer(table, reconnaitre(table.colonnes, chemin.name))
    except ErreurAbs as refus:
        return str(refus)
    return prete.remarques, prete.contenu.combine_chunks()


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(lignes=lignes)
def test_les_deux_voies_donnent_la_meme_table_ou_le_meme_refus(lignes):
    texte = "\n".join([";".join(COLONNES), *(";".join(ligne) for ligne in lignes)]) + "\n"
    with tempfile.TemporaryDirectory() as dossier:
        chemin = Path(dossier) / "base.csv"
        chemin.write_text(texte, encoding="utf-8")
        assert preparer_fichier(chemin, directe=True) == preparer_fichier(chemin, directe=False)


def lire(tmp_path, texte):
    chemin = tmp_path / "base.csv"
    chemin.write_bytes(texte.encode() if isinstance(texte, str) else texte)
    (table,) = lire_tables(chemin)
    return table


def test_un_fichier_de_l_insee_se_lit_d_emblee(tmp_path, recensement):
    typee = lire(tmp_path, recensement).typer(["P16_POP"], ["IRIS", "COM"])
    assert typee["P16_POP"].to_pylist() == [1200.5, 900.0, 10.0]
    assert typee["COM"].to_pylist() == ["01004", "2A004", "97411"]
    assert lire(tmp_path, recensement.replace("\n", "\r\n")).typer(["P16_POP"], ["IRIS"]) is not None


@pytest.mark.parametrize(
    "ecrit",
    [";NaN;", ";inf;", ";-Infinity;", ";1,5;", ";1 200;", ";ns;", ';"900";', ";1_0;", ";1e999;"],
)
def test_au_moindre_doute_la_lecture_directe_laisse_la_main(tmp_path, recensement, ecrit):
    assert lire(tmp_path, recensement.replace(";900;", ecrit)).typer(["P16_POP"], ["IRIS"]) is None


@pytest.mark.parametrize("piege", ["titre\n{}", "\n{}", "{}2A0040102;;H\n", "{}a\x00;;;;;;\n"])
def test_titre_ligne_courte_ou_octet_nul(tmp_path, recensement, piege):
    try:
        directe = lire(tmp_path, piege.format(recensement)).typer(["P16_POP"], ["IRIS"])
    except ErreurAbs as refus:
        assert "octets nuls" in str(refus)  # noqa: PT017 - les autres pièges ne lèvent rien ici
    else:
        assert directe is None


def test_fins_de_ligne_melees_ne_se_lisent_pas_d_emblee(tmp_path, recensement):
    for melee in (recensement.replace("\n", "\r\n", 1), recensement.replace("\n", "\r")):
        table = lire(tmp_path, melee)
        assert table.typer(["P16_POP"], ["IRIS"]) is None
        assert table.texte.num_rows == 3


def test_le_texte_reste_lisible_apres_coup(tmp_path, recensement):
    table = lire(tmp_path, recensement)
    assert table.texte["P16_POP"].to_pylist() == ["1200.5", "900", "10"]
    assert table.texte is table.texte
    assert table.typer(["P16_POP"], ["IRIS"]) is None


def test_un_depot_sain_n_importe_pas_pandera(bureau, recensement):
    """Son import coûte plus d'une seconde : seul un fichier fautif le paie."""
    chemin = bureau.poser("base.csv", recensement)
    code = (
        "import sys; from pathlib import Path; from donnees_insee.base.base import Base; "
        "from donnees_insee.depot.depot import deposer; "
        f"d = deposer(Base(Path({str(bureau.base.dossier)!r})), [Path({str(chemin)!r})]); "
        "print(d[0].etat, 'pandera' in sys.modules)"
    )
    rendu = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert rendu.stdout.split() == ["range", "False"]


def test_rien_n_est_lu_pour_comparer_quand_les_codes_ne_se_croisent_pas(bureau, recensement, monkeypatch):
    entete, *trois = recensement.splitlines()
    bureau.deposer("un.csv", f"{entete}\n{trois[0]}\n")
    lues: list[object] = []
    vraie = Base.lire
    monkeypatch.setattr(Base, "lire", lambda self, *a, **k: lues.append(a) or vraie(self, *a, **k))
    assert bureau.deposer("deux.csv", f"{entete}\n{trois[1]}\n").etat == "range"
    assert lues == []
    assert bureau.deposer("trois.csv", f"{entete}\n{trois[0]}\n{trois[2]}\n").etat == "range"
    assert lues


@settings(max_examples=40, deadline=None)
@given(
    prefixes=st.none()
    | st.lists(st.sampled_from(["34", "3417", "34172", "340010", "2", "", "99", "A"]), max_size=3),
    voulus=st.none() | st.lists(st.sampled_from(["340010000", "341720000", "2A0040000", "999"]), max_size=3),
)
def test_lire_par_codes_garde_les_memes_lignes_que_tout_lire(grande_part, prefixes, voulus):
    tout = grande_part[1]
    attendus = [
        c
        for c in tout
        if (prefixes is None or any(c.startswith(p) for p in prefixes)) and (voulus is None or c in voulus)
    ]
    assert lire_part(grande_part[0], prefixes, voulus, None)["code"].to_pylist() == attendus


@pytest.fixture(scope="module")
def grande_part(tmp_path_factory):
    """Une part de plusieurs groupes de lignes."""
    tout = sorted({f"{d}{n:03d}0000" for d in ("01", "2A", "34", "97") for n in range(1000)} | {"999999999"})
    tout = sorted(tout + [f"75056{n:04d}" for n in range(2 * TAILLE_DE_GROUPE)])
    base = Base(tmp_path_factory.mktemp("base"))
    chemin = base.chemin_de_part("caf", 2020, "iris", "essai-0")
    base.ranger(pa.table({"code": tout, "A": [1.0] * len(tout)}), chemin)
    return chemin, tout


def test_table_arrow_et_table_pandas_se_rangent_pareil(tmp_path):
    base = Base(tmp_path)
    donnees = pd.DataFrame({"code": ["1", "2"], "A": [1.0, None], "A__statut": [None, "s"]})
    lues = []
    for rang, forme in enumerate([donnees, pa.Table.from_pandas(donnees, preserve_index=False)]):
        poser(base, forme, "caf", 2020 + rang, "iris", "essai-0")
        lues.append(base.lire("caf", 2020 + rang, "iris"))
    pd.testing.assert_frame_equal(*lues)


def test_deux_depots_du_meme_lot_par_les_deux_voies(nouveau_bureau, recensement):
    """Le même contenu, écrit proprement ou entre guillemets, donne la même base."""
    directe, detour = nouveau_bureau(), nouveau_bureau()
    entete, *reste = recensement.splitlines()
    cite = "\n".join([entete, *(";".join(f'"{c}"' for c in ligne.split(";")) for ligne in reste)]) + "\n"
    deposer(directe.base, [directe.poser("base.csv", recensement)])
    deposer(detour.base, [detour.poser("base.csv", cite)])
    lues = [b.base.lire("rp_population", 2016, "iris") for b in (directe, detour)]
    pd.testing.assert_frame_equal(*lues)
