"""Ce qui vaut pour toute base : rapport de sommes, couverture, absence jamais comblée, secret jamais deviné."""

from __future__ import annotations

import math
import tempfile
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, Phase, assume, given, settings
from hypothesis import strategies as st

from abs.calcul.calcul import COUVERTURE_MINIMALE, Calculateur
from abs.indicateurs.formules import formule
from abs.indicateurs.indicateurs import Lecture, indicateur
from abs.territoires.territoires import Territoire, Territoires
from donnees_insee.base.base import Base
from donnees_insee.catalogue.catalogue import source
from donnees_insee.depot.depot import deposer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

ANNEE = 2016
# Chaque exemple écrit une base : peu d'exemples, toujours les mêmes, sans longue simplification.
PEU = settings(
    max_examples=15, deadline=None, derandomize=True, database=None, phases=(Phase.explicit, Phase.generate),
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture, HealthCheck.filter_too_much],
)  # fmt: skip

comptes = st.integers(0, 3_000).map(float)
effectifs = st.integers(1, 5_000).map(float)


@st.composite
def bases(dessin: st.DrawFn, *, minimum: int = 2, maximum: int = 9) -> pd.DataFrame:
    """De deux à neuf IRIS sur trois communes au plus, avec des HLM, des résidences et une population."""
    n = dessin(st.integers(minimum, maximum))
    communes = [dessin(st.integers(1, 3)) for _ in range(n)]
    lignes = []
    for rang, commune in enumerate(communes):
        residences = dessin(effectifs)
        lignes.append(
            {
                "code": f"9900{commune}01{rang:02d}",
                "P_RP": residences,
                "P_RP_LOCHLMV": dessin(st.floats(0, 1)) * residences,
                "P_POP": dessin(effectifs),
            }
        )
    return pd.DataFrame(lignes)


@contextmanager
def ouvrir(fabrique: Callable[..., Any], table: pd.DataFrame, **tables: pd.DataFrame) -> Iterator[Any]:
    communes = sorted({c[:5] for c in table["code"]})
    toutes = {
        ("rp_logement", ANNEE): table[["code", "P_RP", "P_RP_LOCHLMV"]],
        ("rp_population", ANNEE): table[["code", "P_POP"]],
    }
    toutes |= {(nom, ANNEE): t for nom, t in tables.items()}
    yield fabrique(toutes, dict.fromkeys(communes, "998800001"))


def groupe(codes: list[str]) -> Territoire:
    return Territoire("groupe-" + "-".join(codes), "quartier", "Essai", None, tuple(codes))


def iris(code: str) -> Territoire:
    return Territoire(code, "iris", f"Iris {code}", None, (code,), type_iris="H")


def rapport(table: pd.DataFrame) -> float:
    return 100 * math.fsum(table["P_RP_LOCHLMV"]) / math.fsum(table["P_RP"])


@PEU
@given(table=bases())
def test_le_taux_d_un_groupe_est_le_rapport_des_sommes_quel_que_soit_le_groupement(
    atelier: Callable, table: pd.DataFrame
) -> None:
    with ouvrir(atelier, table) as essai:
        for texte in ("998800001", "99", table["code"].iloc[0][:5]):
            membres = table if texte != table["code"].iloc[0][:5] else table[table["code"].str[:5] == texte]
            lu = essai.chiffre("part_hlm", texte)
            assert lu.statut == "calcule"
            assert lu.valeur == pytest.approx(rapport(membres), rel=1e-12, abs=1e-12)
            assert lu.denominateur == pytest.approx(math.fsum(membres["P_RP"]), rel=1e-12)
        moitie = table.iloc[::2]
        lu = essai.chiffre("part_hlm", groupe(list(moitie["code"])))
        assert lu.valeur == pytest.approx(rapport(moitie), rel=1e-12, abs=1e-12)


@PEU
@given(table=bases(minimum=3), coupe=st.integers(1, 8))
def test_regrouper_deux_groupes_donne_la_moyenne_ponderee_de_leurs_taux(
    atelier: Callable, table: pd.DataFrame, coupe: int
) -> None:
    assume(coupe < len(table))
    with ouvrir(atelier, table) as essai:
        gauche, droite, tout = (
            essai.chiffre("part_hlm", groupe(list(t["code"])))
            for t in (table.iloc[:coupe], table.iloc[coupe:], table)
        )
        ponderee = (
            gauche.valeur * gauche.denominateur + droite.valeur * droite.denominateur
        ) / tout.denominateur
        assert tout.valeur == pytest.approx(ponderee, rel=1e-9, abs=1e-9)
        assert (
            min(gauche.valeur, droite.valeur) - 1e-9
            <= tout.valeur
            <= max(gauche.valeur, droite.valeur) + 1e-9
        )


@PEU
@given(table=bases(), ordre=st.randoms(use_true_random=False))
def test_l_ordre_des_lignes_du_fichier_ne_change_rien(
    atelier: Callable, table: pd.DataFrame, ordre: Any
) -> None:
    rangs = list(range(len(table)))
    ordre.shuffle(rangs)
    with ouvrir(atelier, table) as droit, ouvrir(atelier, table.iloc[rangs]) as melange:
        assert repr(droit.chiffre("part_hlm", "998800001")) == repr(melange.chiffre("part_hlm", "998800001"))


def percer(table: pd.DataFrame, trous: set[int], colonne: str) -> pd.DataFrame:
    percee = table.copy()
    percee.loc[sorted(t for t in trous if t < len(table)), colonne] = np.nan
    return percee


@PEU
@given(
    table=bases(), trous=st.sets(st.integers(0, 8), min_size=1, max_size=4),
    colonne=st.sampled_from(["P_RP", "P_RP_LOCHLMV", "ligne"]),
)  # fmt: skip
def test_un_taux_incomplet_n_est_partiel_que_si_95_pour_cent_de_la_population_est_couverte(
    atelier: Callable, table: pd.DataFrame, trous: set[int], colonne: str
) -> None:
    perdus = [t for t in trous if t < len(table)]
    assume(perdus)
    gardees = table.drop(index=perdus)
    logement = gardees if colonne == "ligne" else percer(table, trous, colonne)
    assume(len(logement))
    # Le dénominateur pèse quand il est publié ; à défaut, les habitants, au rapport des logements par habitant des autres.
    if colonne == "P_RP_LOCHLMV":
        poids = table["P_RP"]
    else:
        assume(gardees["P_POP"].sum() > 0)
        rapport_par_habitant = gardees["P_RP"].sum() / gardees["P_POP"].sum()
        poids = table["P_RP"].where(table.index.isin(gardees.index), rapport_par_habitant * table["P_POP"])
    couverture = poids[gardees.index].sum() / poids.sum()
    with ouvrir(atelier, table, rp_logement=logement[["code", "P_RP", "P_RP_LOCHLMV"]]) as essai:
        lu = essai.chiffre("part_hlm", "998800001")
        assert lu.couverture == pytest.approx(couverture, abs=5.1e-5)
        if couverture >= COUVERTURE_MINIMALE:
            assert lu.statut == "partiel"
            assert lu.valeur == pytest.approx(rapport(gardees), rel=1e-12, abs=1e-12)
            assert f"calculé sur {len(gardees)} IRIS sur {len(table)}" in lu.note
        else:
            assert lu.statut == "indisponible"
            assert math.isnan(lu.valeur)


def grande_base(n: int, poids: list[float]) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "code": [f"9900101{r:02d}" for r in range(n)],
            "P_RP": 100.0,
            "P_RP_LOCHLMV": [float(r) for r in range(n)],
            "P_POP": poids,
        }
    )


@pytest.mark.parametrize(
    ("poids_du_trou", "statut"),
    [(1.0, "partiel"), (50.0, "partiel"), (53.0, "indisponible"), (900.0, "indisponible")],
)
def test_la_couverture_se_mesure_en_habitants_pas_en_nombre_d_iris(
    atelier: Callable, poids_du_trou: float, statut: str
) -> None:
    # Neuf IRIS sur dix, soit 90 % du nombre : seule la population décide (950 / 1 000 est juste à la limite).
    poids = [950.0 / 9] * 9 + [poids_du_trou]
    table = grande_base(10, poids)
    with ouvrir(
        atelier, table, rp_logement=percer(table, {9}, "P_RP")[["code", "P_RP", "P_RP_LOCHLMV"]]
    ) as essai:
        lu = essai.chiffre("part_hlm", "99001")
        assert lu.statut == statut
        assert lu.couverture == pytest.approx(950 / (950 + poids_du_trou), abs=5.1e-5)


@pytest.mark.parametrize(("n", "statut"), [(20, "partiel"), (19, "indisponible")])
def test_sans_population_connue_la_couverture_est_celle_du_nombre(
    atelier: Callable, n: int, statut: str
) -> None:
    table = grande_base(n, [100.0] * n)
    with ouvrir(
        atelier, table, rp_logement=percer(table, {n - 1}, "P_RP")[["code", "P_RP", "P_RP_LOCHLMV"]],
        rp_population=percer(table, {0}, "P_POP")[["code", "P_POP"]],
    ) as essai:  # fmt: skip
        lu = essai.chiffre("part_hlm", "99001")
        assert lu.statut == statut
        assert lu.couverture == pytest.approx((n - 1) / n, abs=5.1e-5)


@PEU
@given(table=bases(), trous=st.sets(st.integers(0, 8), min_size=1, max_size=3))
def test_un_total_incomplet_n_est_jamais_donne(
    atelier: Callable, table: pd.DataFrame, trous: set[int]
) -> None:
    perdus = [t for t in trous if t < len(table)]
    assume(perdus)
    complet, perce = table[["code", "P_POP"]], percer(table, trous, "P_POP")[["code", "P_POP"]]
    with ouvrir(atelier, table) as essai:
        lu = essai.chiffre("population", "998800001")
        assert lu.statut == "calcule"
        assert lu.valeur == pytest.approx(complet["P_POP"].sum(), rel=1e-12)
    with ouvrir(atelier, table, rp_population=perce) as essai:
        lu = essai.chiffre("population", "998800001")
        assert lu.statut == "indisponible"
        assert math.isnan(lu.valeur)


@PEU
@given(
    table=bases(),
    trous=st.sets(st.integers(0, 8), min_size=1, max_size=5),
    colonne=st.sampled_from(["P_RP", "P_RP_LOCHLMV"]),
)
def test_une_cellule_absente_ne_devient_jamais_zero(
    atelier: Callable, table: pd.DataFrame, trous: set[int], colonne: str
) -> None:
    with ouvrir(
        atelier, table, rp_logement=percer(table, trous, colonne)[["code", "P_RP", "P_RP_LOCHLMV"]]
    ) as essai:
        for rang, code in enumerate(table["code"]):
            lu = essai.chiffre("part_hlm", iris(code))
            if rang in trous:
                assert lu.statut == "indisponible"
                assert math.isnan(lu.valeur)
                assert math.isnan(lu.numerateur)
            else:
                assert lu.valeur == pytest.approx(rapport(table.iloc[[rang]]), rel=1e-12, abs=1e-12)


def test_un_vrai_zero_est_un_zero_et_un_denominateur_nul_est_sans_objet(atelier: Callable) -> None:
    table = grande_base(2, [10.0, 10.0])
    table["P_RP_LOCHLMV"] = 0.0
    table["P_RP"] = [100.0, 0.0]
    with ouvrir(atelier, table) as essai:
        plein, vide = (essai.chiffre("part_hlm", iris(c)) for c in table["code"])
        assert (plein.statut, plein.valeur) == ("calcule", 0.0)
        assert vide.statut == "sans_objet"
        assert math.isnan(vide.valeur)


def caf(table: pd.DataFrame, caches: set[int]) -> pd.DataFrame:
    fichier = pd.DataFrame({"code": table["code"], "A": table["P_RP"], "AM": table["P_RP_LOCHLMV"].round()})
    fichier["A__statut"] = pd.Series([None] * len(fichier), dtype="object")
    fichier.loc[sorted(c for c in caches if c < len(table)), ["A", "AM"]] = np.nan
    fichier.loc[sorted(c for c in caches if c < len(table)), "A__statut"] = "s"
    return fichier


@PEU
@given(table=bases(), caches=st.sets(st.integers(0, 8), min_size=1, max_size=5))
def test_une_cellule_secrete_n_est_ni_comblee_ni_deduite_d_un_total(
    atelier: Callable, table: pd.DataFrame, caches: set[int]
) -> None:
    vises = [c for c in caches if c < len(table)]
    assume(vises)
    with ouvrir(atelier, table, caf=caf(table, caches)) as essai:
        for rang, code in enumerate(table["code"]):
            lu = essai.chiffre("part_familles_monoparentales_caf", iris(code))
            total = essai.chiffre("allocataires", iris(code))
            assert (lu.statut == "secret") == (rang in caches)
            assert (total.statut == "secret") == (rang in caches)
            assert math.isnan(lu.valeur) == (rang in caches)
        assert essai.chiffre("allocataires", "998800001").statut == "indisponible"
        assert essai.chiffre("part_familles_monoparentales_caf", "998800001").statut in {
            "partiel",
            "indisponible",
        }


def marquee(perte: str) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Une table de population dont le total d'un IRIS est tu, et ses tranches d'âge entières."""
    table = grande_base(3, [600.0, 600.0, 600.0])
    tranches = dict.fromkeys(
        ("P_POP0014", "P_POP1529", "P_POP3044", "P_POP4559", "P_POP6074", "P_POP75P"), 100.0
    )
    population = table[["code", "P_POP"]].assign(**tranches)
    population.loc[1, "P_POP"] = np.nan
    population["P_POP__statut"] = pd.Series([None, perte or None, None], dtype="object")
    return table, population


def test_un_total_marque_secret_n_est_pas_refait_par_ses_tranches(atelier: Callable) -> None:
    table, population = marquee("s")
    with ouvrir(atelier, table, rp_population=population) as essai:
        assert essai.chiffre("population", iris(table["code"][1])).statut == "secret"


def test_un_total_que_l_extrait_a_perdu_est_refait_par_ses_tranches_et_le_dit(atelier: Callable) -> None:
    table, population = marquee("")
    sans_total = population.drop(columns=["P_POP", "P_POP__statut"])
    with ouvrir(atelier, table, rp_population=sans_total) as essai:
        lu = essai.chiffre("population", iris(table["code"][1]))
        assert lu.valeur == 600
        assert "reconstitué par somme de ses tranches : P_POP" in lu.note


def test_un_total_reconstitue_n_est_pas_dit_publie(atelier: Callable) -> None:
    table, population = marquee("")
    with ouvrir(atelier, table, rp_population=population.drop(columns=["P_POP", "P_POP__statut"])) as essai:
        assert essai.chiffre("population", iris(table["code"][1])).statut == "calcule"


def test_un_total_n_est_pas_donne_quand_un_iris_inhabite_est_secret(atelier: Callable) -> None:
    table = grande_base(3, [500.0, 500.0, 0.0])
    # Sans habitant et absent du fichier : rien n'y est caché sous un seuil.
    with ouvrir(atelier, table, caf=caf(table, set()).iloc[:2]) as essai:
        assert essai.chiffre("allocataires", "99001").statut == "indisponible"


def test_un_rapport_auquel_il_manque_un_iris_inhabite_n_est_pas_dit_complet(atelier: Callable) -> None:
    # Une cellule retirée ne peut pas dépasser 99 allocataires : 99 sur 4 099 au plus, donc 97,6 % au moins.
    table = grande_base(3, [500.0, 500.0, 0.0]).assign(P_RP=[2000.0, 2000.0, 50.0])
    with ouvrir(atelier, table, caf=caf(table, {2})) as essai:
        assert essai.chiffre("part_familles_monoparentales_caf", "99001").statut == "partiel"


def test_deux_territoires_de_meme_code_et_de_niveaux_differents_ont_chacun_leurs_composantes(
    atelier: Callable,
) -> None:
    table = grande_base(4, [10.0] * 4)
    table["code"] = ["990010101", "990010102", "990020101", "990020102"]
    with ouvrir(atelier, table) as essai:
        departement = Territoire("11", "departement", "Aude", None, ("99001",))
        region = Territoire("11", "region", "Île-de-France", None, ("99001", "99002"))
        assert essai.chiffre("part_hlm", departement).denominateur == 200
        assert essai.chiffre("part_hlm", region).denominateur == 400


def test_un_denominateur_constant_se_calcule(atelier: Callable) -> None:
    definition = replace(
        indicateur("part_hlm"), unite="",
        lectures=(Lecture(source("rp_logement"), numerateur=formule("P_RP"), denominateur=formule("1000")),),
    )  # fmt: skip
    table = grande_base(2, [500.0, 500.0])
    with ouvrir(atelier, table) as essai:
        assert essai.chiffre(definition, "99001").valeur == pytest.approx(0.2)


# -- de bout en bout : des fichiers écrits comme ceux du producteur ---------------------------------

cellules = st.sampled_from(
    ["0", "12", "345,5", "1 234", "1\u202f234,5", "", "s", "ns", "nd", "so", "S", "///", "c"]
)
MARQUES = {
    "": "indisponible", "s": "secret", "c": "secret", "ns": "indisponible", "nd": "indisponible", "so": "sans_objet",
    "///": "sans_objet",
}  # fmt: skip


@settings(parent=PEU, max_examples=12)
@given(st.lists(st.tuples(cellules, cellules), min_size=1, max_size=5))
def test_une_marque_du_producteur_traverse_le_depot_jusqu_au_statut(lignes: list[tuple[str, str]]) -> None:
    with tempfile.TemporaryDirectory() as dossier:
        racine = Path(dossier)
        texte = ["IRIS;COM;TYP_IRIS;LAB_IRIS;P22_RP;P22_RP_LOCHLMV;P22_LOG;P22_MEN"]
        codes = [f"9900101{r:02d}" for r in range(len(lignes))]
        texte += [f"{c};99001;H;1;{bas};{haut};7;7" for c, (haut, bas) in zip(codes, lignes, strict=True)]
        fichier = racine / "base-ic-logement-2022.CSV"
        fichier.write_text("\n".join(texte) + "\n", encoding="utf-8")
        base = Base(racine / "donnees")
        assert [d.etat for d in deposer(base, [fichier], malgre_les_ecarts=True)] == ["range"]
        territoires = Territoires(base)
        calculateur = Calculateur(base, territoires, territoires.trouver("99001"))
        for code, (haut, bas) in zip(codes, lignes, strict=True):
            lu = calculateur.chiffre(
                indicateur("part_hlm"), iris(code), 2022, indicateur("part_hlm").lectures
            )
            assert lu is not None
            attendus = [MARQUES[v.lower()] for v in (haut, bas) if v.lower() in MARQUES]
            if attendus:
                assert lu.statut == attendus[0]
                assert math.isnan(lu.valeur)
                continue
            numerateur, denominateur = (
                float(v.replace(" ", "").replace("\u202f", "").replace(",", ".")) for v in (haut, bas)
            )
            if denominateur == 0:
                assert lu.statut == "sans_objet"
            else:
                assert lu.statut == "calcule"
                assert lu.valeur == pytest.approx(100 * numerateur / denominateur, rel=1e-12)
