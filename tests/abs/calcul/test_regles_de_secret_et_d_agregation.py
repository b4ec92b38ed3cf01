"""Secret et agrégation : ce qui vaut pour tout découpage, toute table publique et toute table reçue."""

from __future__ import annotations

import csv
import io
import math
import zipfile
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from scipy.optimize import linprog

from abs.calcul.calcul import COUVERTURE_MINIMALE, REFUS
from abs.calcul.diagnostic import diagnostiquer
from abs.calcul.secret import (
    PRIMAIRE,
    RESERVE,
    CelluleSensible,
    Emboitement,
    decider,
    decider_ensemble,
    sous_le_seuil,
)
from abs.calcul.sources_recues import est_locale
from abs.indicateurs.indicateurs import indicateurs
from abs.statuts import SANS_VALEUR
from abs.territoires.demande import Demande
from abs.territoires.territoires import Territoire
from carnets.documents.preuve.preuve import decisions
from tests.abs.calcul.masques import masquer
from tests.parts_d_essai import poser

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from abs.calcul.table_longue import Diagnostic
    from donnees_insee.base.base import Base

ANNEE = 2016
SEUIL = 5
PEU = settings(
    max_examples=15, deadline=None, derandomize=True, database=None, phases=(Phase.explicit, Phase.generate),
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)  # fmt: skip
BEAUCOUP = settings(parent=PEU, max_examples=60)


# -- agrégation --------------------------------------------------------------------------------


@st.composite
def decoupages(tirer: st.DrawFn) -> tuple[pd.DataFrame, list[list[str]]]:
    """Des IRIS de trois communes, et un découpage quelconque de leur ensemble en groupes."""
    n = tirer(st.integers(2, 10))
    codes = [f"9900{tirer(st.integers(1, 3))}01{rang:02d}" for rang in range(n)]
    residences = [float(tirer(st.integers(1, 5000))) for _ in codes]
    hlm = [math.floor(r * tirer(st.floats(0, 1))) for r in residences]
    table = pd.DataFrame({"code": codes, "P_RP": residences, "P_RP_LOCHLMV": hlm, "P_POP": residences})
    etiquettes = [tirer(st.integers(0, 3)) for _ in codes]
    groupes = [[c for c, e in zip(codes, etiquettes, strict=True) if e == k] for k in range(4)]
    return table, [g for g in groupes if g]


def monter(atelier: Callable, table: pd.DataFrame, **autres: pd.DataFrame) -> Any:
    tables = {
        ("rp_logement", ANNEE): table[["code", "P_RP", "P_RP_LOCHLMV"]],
        ("rp_population", ANNEE): table[["code", "P_POP"]],
    } | {(nom, ANNEE): t for nom, t in autres.items()}
    return atelier(tables, dict.fromkeys(sorted({c[:5] for c in table["code"]}), "998800001"))


def groupe(codes: list[str], niveau: str = "quartier") -> Territoire:
    return Territoire("groupe-" + "-".join(codes), niveau, "Essai", None, tuple(codes))


@PEU
@given(decoupages())
def test_les_groupes_d_un_decoupage_refont_le_taux_de_l_ensemble(
    atelier: Callable, cas: tuple[pd.DataFrame, list[list[str]]]
) -> None:
    table, groupes = cas
    essai = monter(atelier, table)
    entier = essai.chiffre("part_hlm", "998800001")
    parts = [essai.chiffre("part_hlm", groupe(g)) for g in groupes]
    assert sum(p.numerateur for p in parts) == entier.numerateur
    assert sum(p.denominateur for p in parts) == entier.denominateur
    for lu, membres in zip([entier, *parts], [list(table["code"]), *groupes], strict=True):
        siennes = table[table["code"].isin(membres)]
        rapport = 100 * siennes["P_RP_LOCHLMV"].sum() / siennes["P_RP"].sum()
        assert lu.statut == "calcule"
        assert lu.valeur == pytest.approx(rapport, rel=1e-12, abs=1e-12)


@pytest.fixture(scope="module")
def diagnostics(base_demo: Base, diagnostic_demo: Diagnostic) -> list[Diagnostic]:
    """Une commune à IRIS, et l'intercommunalité entière en 2016."""
    return [diagnostic_demo, diagnostiquer(base_demo, Demande("999900001", 2016))]


def test_un_chiffre_partiel_est_un_rapport_couvert_a_95_pour_cent_jamais_un_total(
    diagnostics: list[Diagnostic],
) -> None:
    connus = indicateurs()
    chiffres = [c for d in diagnostics for c in d.chiffres if not est_locale(c)]
    for c in chiffres:
        if c.statut == "partiel":
            assert COUVERTURE_MINIMALE <= c.couverture < 1, c
            assert connus[c.indicateur].nature != "effectif", c
            assert not math.isnan(c.denominateur), c
        elif c.statut in {"publie", "calcule"}:
            assert c.couverture == 1, c


def test_une_absence_n_a_jamais_de_nombre_et_un_nombre_n_est_jamais_une_absence(
    diagnostics: list[Diagnostic],
) -> None:
    for c in (c for d in diagnostics for c in d.chiffres):
        nombres = [c.valeur, c.numerateur, c.denominateur, c.marge, c.borne_basse, c.borne_haute]
        if c.statut in SANS_VALEUR:
            assert all(math.isnan(n) for n in nombres), c
            assert c.note, c
        else:
            assert not math.isnan(c.valeur), c


# -- tables publiques : telles que publiées ----------------------------------------------------


def _cellules_publiees(brut_demo: Path, debut: str) -> dict[tuple[str, str], str]:
    """Le texte de chaque cellule d'un fichier de la démonstration, lu sans le projet."""
    (fichier,) = [f for f in brut_demo.rglob("*") if f.name.startswith(debut)]
    if fichier.suffix.lower() == ".zip":
        with zipfile.ZipFile(fichier) as archive:
            (nom,) = [n for n in archive.namelist() if not n.startswith("meta")]
            texte = archive.read(nom).decode("utf-8-sig")
    else:
        texte = fichier.read_bytes().decode("utf-8-sig")
    lignes = csv.DictReader(io.StringIO(texte), delimiter=";")
    return {(x.get("IRIS") or x["CODGEO"], nom): v for x in lignes for nom, v in x.items()}


PUBLIQUES = {
    "caf": ("data_CAF", "caf", "iris"),
    "logement": ("base-ic-logement-2022", "rp_logement", "iris"),
    "menages": ("base-ic-couples-familles-menages-2022", "rp_menages", "iris"),
    "population": ("base-ic-evol-struct-pop-2022", "rp_population", "iris"),
}


@pytest.mark.parametrize("nom", PUBLIQUES)
def test_une_table_publique_sort_cellule_pour_cellule_comme_publiee(
    base_demo: Base, brut_demo: Path, nom: str
) -> None:
    debut, identifiant, niveau = PUBLIQUES[nom]
    fichiers = sorted(f.name for f in brut_demo.rglob("*") if f.name.startswith(debut))
    annee = int("".join(c for c in fichiers[-1] if c.isdigit())[:4])
    publiees = _cellules_publiees(brut_demo, fichiers[-1])
    tenue = base_demo.lire(identifiant, annee, niveau)
    comparees = cachees = 0
    for (code, colonne), texte in publiees.items():
        variable = colonne[0] + colonne[3:] if colonne[1:3].isdigit() and colonne[3:4] == "_" else colonne
        if variable not in tenue or not pd.api.types.is_numeric_dtype(tenue[variable]):
            continue
        lue = tenue.at[code, variable]
        try:
            attendue = float(texte.replace(",", "."))
        except ValueError:
            assert pd.isna(lue), (code, colonne, "une cellule tue par le producteur n'est jamais comblée")
            cachees += 1
            continue
        assert lue == attendue, (code, colonne)
        comparees += 1
    assert comparees > 200
    assert cachees > 0 or nom != "caf"


def test_rien_de_public_n_est_cache_par_le_projet(diagnostics: list[Diagnostic], base_demo: Base) -> None:
    """Un secret public a toujours sa marque dans la table du producteur, et toute marque reste un secret."""
    vus = 0
    for d in diagnostics:
        for c in d.chiffres:
            if c.statut != "secret" or est_locale(c):
                continue
            lectures = [le for le in d.indicateurs[c.indicateur].lectures if le.source.id == c.source]
            variables = {v for le in lectures for v in le.variables}
            ligne = base_demo.lire(c.source, c.millesime, c.niveau).loc[c.territoire]
            assert any(v in ligne.index and pd.isna(ligne[v]) for v in variables), c
            vus += 1
    assert vus > 0


# -- sous-totaux qui isoleraient une unité cachée ----------------------------------------------


CODES = [f"9900101{k:02d}" for k in range(30)]
PART = "part_hlm"


def _essai(atelier: Callable, caches: set[str], *, total: bool, marque: str | None = "s") -> Any:
    """Trente IRIS, dont certains sans chiffre, presque vides d'habitants ; le total de la commune, ou non."""
    population = pd.DataFrame({"code": CODES, "P_POP": [1.0 if c in caches else 100.0 for c in CODES]})
    table = pd.DataFrame({"code": CODES, "P_RP": 100.0, "P_RP_LOCHLMV": [float(10 + k) for k in range(30)]})
    ici = table["code"].isin(caches)
    table.loc[ici, ["P_RP", "P_RP_LOCHLMV"]] = np.nan
    for variable in ("P_RP", "P_RP_LOCHLMV"):
        table[f"{variable}__statut"] = pd.Series([marque if c else None for c in ici], dtype="object")
    essai = atelier(
        {("rp_logement", ANNEE): table, ("rp_population", ANNEE): population}, {"99001": "998800001"}
    )
    if total:
        commune = pd.DataFrame({"code": ["99001"], "P_RP": [3000.0], "P_RP_LOCHLMV": [735.0]})
        poser(essai.base, commune, "rp_logement", ANNEE, "commune", "essai-1")
    return essai


def test_un_quartier_dont_un_seul_iris_est_cache_est_refuse_si_le_total_est_publie(atelier: Callable) -> None:
    quartier = groupe(CODES[:25])
    refuse = _essai(atelier, {CODES[3]}, total=True).chiffre(PART, quartier)
    assert refuse.statut == "indisponible"
    assert refuse.note.startswith(REFUS)
    assert CODES[3] in refuse.note
    assert math.isnan(refuse.valeur)
    assert math.isnan(refuse.numerateur)
    assert math.isnan(refuse.denominateur)


def test_sans_total_publie_le_sous_total_reste_partiel(atelier: Callable) -> None:
    lu = _essai(atelier, {CODES[3]}, total=False).chiffre(PART, groupe(CODES[:25]))
    assert (lu.statut, lu.denominateur) == ("partiel", 2400.0)


def test_deux_unites_cachees_se_protegent_l_une_l_autre(atelier: Callable) -> None:
    lu = _essai(atelier, {CODES[3], CODES[4]}, total=True).chiffre(PART, groupe(CODES[:25]))
    assert lu.statut == "partiel"


def test_une_unite_absente_sans_etre_cachee_n_est_pas_un_secret(atelier: Callable) -> None:
    lu = _essai(atelier, {CODES[3]}, total=True, marque=None).chiffre(PART, groupe(CODES[:25]))
    assert lu.statut == "partiel"


def test_l_intercommunalite_hors_centre_n_isole_pas_la_commune_cachee(atelier: Callable) -> None:
    """Le total de l'intercommunalité publié, une seule commune tue : « hors centre » la donnerait."""
    codes = [f"990{k:02d}" for k in range(1, 31)]
    population = pd.DataFrame({"code": [f"{c}0000" for c in codes], "P_POP": [1.0] + [100.0] * 29})
    essai = atelier({("rp_population", ANNEE): population}, dict.fromkeys(codes, "998800001"))
    table = pd.DataFrame({"code": codes, "P_RP": 100.0, "P_RP_LOCHLMV": 20.0})
    table.loc[0, ["P_RP", "P_RP_LOCHLMV"]] = np.nan
    table["P_RP__statut"] = table["P_RP_LOCHLMV__statut"] = pd.Series(["s"] + [None] * 29, dtype="object")
    base = essai.base
    poser(base, table, "rp_logement", ANNEE, "commune", "essai-2")
    hors_centre = Territoire("998800001-hors-99030", "perimetre", "Hors centre", None, tuple(codes[:-1]))
    assert essai.chiffre(PART, hors_centre).statut == "partiel"
    essai.calculateur._est_publie = lambda *a: a[2:] == ("epci", "998800001")  # un total d'EPCI tenu
    refuse = essai.chiffre(PART, hors_centre)
    assert refuse.statut == "indisponible"
    assert refuse.note.startswith(REFUS)
    assert "l'intercommunalité (998800001)" in refuse.note


@PEU
@given(st.sets(st.sampled_from(CODES), max_size=3), st.sets(st.sampled_from(CODES), min_size=2))
def test_aucun_sous_total_publie_ne_differe_du_total_de_son_contenu_par_une_seule_unite_cachee(
    atelier: Callable, caches: set[str], membres: set[str]
) -> None:
    lu = _essai(atelier, caches, total=True).chiffre(PART, groupe(sorted(membres)))
    dedans = membres & caches
    if len(dedans) == 1:
        assert math.isnan(lu.valeur)
        assert math.isnan(lu.numerateur)
    elif not dedans:
        assert lu.statut == "calcule"


# -- tables reçues : ce qu'un lecteur patient retrouverait -------------------------------------


def cellule(
    code: str, haut: float, bas: float, *, montrable: bool = True, part: bool = True
) -> CelluleSensible:
    return CelluleSensible(code, haut, bas, SEUIL, montrable, part)


@st.composite
def trois_etages(tirer: st.DrawFn, indicateurs_voulus: int = 1) -> tuple[dict[str, list], list[Emboitement]]:
    """Commune → IRIS, commune → quartiers, quartier → IRIS ; un ou plusieurs taux de même dénominateur."""
    iris = [f"i{k}" for k in range(tirer(st.integers(2, 7)))]
    quartier_de = {c: f"q{tirer(st.integers(0, 2))}" for c in iris}
    petit = st.one_of(st.integers(0, 7), st.integers(0, 60))
    hauts = {c: [tirer(petit) for _ in range(indicateurs_voulus)] for c in iris}
    bas = {c: sum(hauts[c]) + tirer(petit) + 1 for c in iris}
    recus = [c for c in iris if tirer(st.integers(0, 6)) > 0]
    quartiers = sorted(set(quartier_de.values()))
    contenu = {q: tuple(c for c in iris if quartier_de[c] == q) for q in quartiers} | {"C": tuple(iris)}
    tables = {}
    for k in range(indicateurs_voulus):
        comptes = {c: (hauts[c][k], bas[c]) for c in recus}
        for nom, membres in contenu.items():
            comptes[nom] = (sum(hauts[c][k] for c in membres), sum(bas[c] for c in membres))
        tables[f"t{k}"] = [
            cellule(c, h, b, montrable=tirer(st.integers(0, 9)) > 0) for c, (h, b) in comptes.items()
        ]
    liens = [Emboitement("C", tuple(quartiers)), Emboitement("C", tuple(recus))]
    liens += [Emboitement(q, tuple(c for c in contenu[q] if c in recus)) for q in quartiers]
    return tables, [e for e in liens if e.contenus]


def _equation(
    lien: Emboitement, table: list, caches: set[str]
) -> tuple[dict[str, float], float, bool] | None:
    """Contenus − contenant = 0, les cellules montrées à leur valeur ; vrai si des contenus n'ont pas été reçus."""
    par_code = {c.code: c for c in table}
    if lien.contenant not in par_code:
        return None
    enfants = [c for c in lien.contenus if c in par_code]
    signes = {**dict.fromkeys(enfants, 1.0), lien.contenant: -1.0}
    second = -sum(s * par_code[c].numerateur for c, s in signes.items() if c not in caches)
    manque = par_code[lien.contenant].denominateur - sum(par_code[c].denominateur for c in enfants)
    return {c: s for c, s in signes.items() if c in caches}, second, manque > 0


def _attaquer(
    table: list, liens: list[Emboitement], caches: set[str], *, bas_connus: bool
) -> dict[str, tuple[float, float]]:
    """Pour chaque effectif caché, le plus petit et le plus grand que tout ce qui est montré permet."""
    equations = [e for lien in liens if (e := _equation(lien, table, caches)) is not None]
    cachees = [c for c in table if c.code in caches]
    rangs = {c.code: k for k, c in enumerate(cachees)}
    matrice = np.zeros((len(equations), len(cachees) + len(equations)))
    for k, (signes, _, reste) in enumerate(equations):
        for code, signe in signes.items():
            matrice[k, rangs[code]] = signe
        matrice[k, len(cachees) + k] = float(reste)
    bornes = [(0, c.denominateur if bas_connus else None) for c in cachees] + [(0, None)] * len(equations)
    seconds = [second for _, second, _ in equations]
    trouves = {}
    for code, rang in rangs.items():
        extremes = []
        for sens in (1, -1):
            cout = np.zeros(matrice.shape[1])
            cout[rang] = sens
            resultat = linprog(cout, A_eq=matrice, b_eq=seconds, bounds=bornes, method="highs")
            assert resultat.status in {0, 3}, "le vrai tableau est toujours une solution"
            extremes.append(math.inf if resultat.status == 3 else sens * resultat.fun)
        trouves[code] = (extremes[0], extremes[1])
    return trouves


@BEAUCOUP
@given(trois_etages())
def test_aucun_effectif_cache_ne_se_retrouve_par_les_totaux_emboites(cas: Any) -> None:
    tables, liens = cas
    caches = masquer(tables["t0"], liens)
    for code, (bas, haut) in _attaquer(tables["t0"], liens, caches, bas_connus=False).items():
        assert haut - bas >= 1 - 1e-6, (code, bas, haut)


@BEAUCOUP
@given(trois_etages())
def test_connaitre_les_denominateurs_ne_suffit_pas(cas: Any) -> None:
    tables, liens = cas
    caches = masquer(tables["t0"], liens)
    for code, (bas, haut) in _attaquer(tables["t0"], liens, caches, bas_connus=True).items():
        assert haut - bas >= 1 - 1e-6, (code, bas, haut)


@settings(parent=PEU, max_examples=25)
@given(trois_etages(indicateurs_voulus=3))
def test_des_taux_de_meme_denominateur_sont_caches_ensemble(cas: Any) -> None:
    tables, liens = cas
    prises = decider_ensemble(tables, dict.fromkeys(tables, liens))
    assert len({frozenset(d) for d in prises.values()}) == 1
    for nom, table in tables.items():
        for c in table:
            doit = not c.montrable or sous_le_seuil(c.numerateur, c.denominateur, SEUIL)
            assert not doit or prises[nom][c.code] in {PRIMAIRE, RESERVE}
        for code, (bas, haut) in _attaquer(table, liens, set(prises[nom]), bas_connus=True).items():
            assert haut - bas >= 1 - 1e-6, (nom, code, bas, haut)


def test_un_effectif_cache_ne_se_lit_pas_comme_denominateur_d_un_taux() -> None:
    """Masqués séparément, les allocataires diraient c = 60 et les taux b = 40 : a = 103 − 60 − 40."""
    liens = [Emboitement("t", ("a", "b", "c"))]
    effectif = [cellule(x, n, math.nan) for x, n in (("t", 103), ("a", 3), ("b", 40), ("c", 60))]
    taux = [cellule(x, n, b) for x, n, b in (("t", 32, 103), ("a", 1, 3), ("b", 20, 40), ("c", 11, 60))]
    assert decider(effectif, liens) == {"a": PRIMAIRE, "b": "secondaire"}
    assert set(decider(taux, liens)) == {"a", "c"}
    ensemble = decider_ensemble({"effectif": effectif, "taux": taux}, {"effectif": liens, "taux": liens})
    assert set(ensemble["effectif"]) == {"a", "b"}
    assert set(ensemble["taux"]) == {"a", "b", "c"}


def test_un_complement_montre_ne_redonne_pas_un_effectif_cache() -> None:
    hommes = [cellule(x, n, b) for x, n, b in (("t", 60, 200), ("a", 2, 50), ("b", 20, 70), ("c", 38, 80))]
    autres = [cellule(c.code, c.denominateur - c.numerateur, c.denominateur) for c in hommes]
    liens = [Emboitement("t", ("a", "b", "c"))]
    prises = decider_ensemble({"h": hommes, "f": autres}, {"h": liens, "f": liens})
    assert set(prises["h"]) == set(prises["f"])
    assert len(prises["h"]) >= 2


@BEAUCOUP
@given(trois_etages(), st.data())
def test_un_second_document_ne_defait_pas_les_masques_du_premier(cas: Any, tirage: st.DataObject) -> None:
    """Une part des lignes arrive après une première publication : les deux documents ensemble ne trahissent rien."""
    tables, liens = cas
    table = tables["t0"]
    arrivees = [c for c in table if tirage.draw(st.booleans())]
    premiers = [c.code for c in arrivees if c.code not in decider(arrivees, liens)]
    connus = {c for c in premiers if tirage.draw(st.integers(0, 3)) > 0}
    prises = decider(table, liens, connus)
    assert all(n in {PRIMAIRE, RESERVE} for c, n in prises.items() if c in connus)
    # Ce que le premier document laissait déjà calculer, aucun masque ne le reprend.
    avant = _attaquer(table, liens, {c.code for c in table} - connus, bas_connus=True)
    caches = set(prises) - connus
    for code, (bas, haut) in _attaquer(table, liens, caches, bas_connus=True).items():
        deja = avant[code][1] - avant[code][0] < 1 - 1e-6
        assert deja or haut - bas >= 1 - 1e-6, (code, bas, haut)
    # Publier encore, avec au registre tout ce qui vient d'être montré, ne change rien.
    montres = {c.code for c in table} - set(prises)
    assert set(decider(table, liens, connus | montres)) == set(prises)


def test_le_total_qui_trahirait_un_premier_document_est_masque() -> None:
    """51, 62 et 73 publiés, 3 masqué ; le total 189 arrive : le publier dirait 189 − 51 − 62 − 73 = 3."""
    liens = [Emboitement("t", ("a", "b", "c", "d"))]
    recues = [cellule(x, n, math.nan) for x, n in (("a", 51), ("b", 62), ("c", 73), ("d", 3))]
    assert decider(recues, liens) == {"d": PRIMAIRE}
    toutes = [*recues, cellule("t", 189, math.nan)]
    assert set(decider(toutes, liens)) == {"a", "d"}
    assert decider(toutes, liens, {"a", "b", "c"}) == {"d": PRIMAIRE, "t": "secondaire"}


def test_chaque_decision_est_ecrite_sans_aucun_nombre_cache(
    base_demo: Base, diagnostic_demo: Diagnostic
) -> None:
    interne = diagnostiquer(base_demo, Demande("99001", diffusion="interne"))
    for diffusion, diagnostic in (("publique", diagnostic_demo), ("interne", interne)):
        lignes = decisions(diagnostic)
        secrets = {
            (c.territoire, c.niveau, c.indicateur) for c in diagnostic.chiffres if c.statut == "secret"
        }
        ecrites = {(x["territoire"], x["niveau"], x["indicateur"]) for x in lignes}
        assert secrets <= ecrites
        natures = {x["decision"] for x in lignes}
        if diffusion == "publique":
            assert not natures & {"primaire", "secondaire", "reserve"}
        else:
            assert natures & {"primaire", "secondaire"}
        assert all(
            set(x) == {"territoire", "niveau", "indicateur", "millesime", "source", "decision", "raison"}
            for x in lignes
        )
