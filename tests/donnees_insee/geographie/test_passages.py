"""Passer d'une année du COG à une autre : des groupes de même territoire, des totaux conservés, rien de perdu."""

from __future__ import annotations

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from donnees_insee.catalogue.tables import nature_non_additive
from donnees_insee.erreurs import ParametreInvalide, TableNonConforme
from donnees_insee.geographie.groupes import APRES, AVANT, NonApparie, appliquer, former, passage_communes
from donnees_insee.geographie.mouvements import HistoireDesCommunes

COLONNES = ["MOD", "DATE_EFF", "TYPECOM_AV", "COM_AV", "LIBELLE_AV", "TYPECOM_AP", "COM_AP", "LIBELLE_AP"]
DERNIERE = 2026


def mouvements(*lignes: tuple[str, str, str, str]) -> pd.DataFrame:
    """Écrire des mouvements (MOD, date, avant, après) de commune à commune ; les noms sont ceux des codes."""
    return pd.DataFrame(
        [
            (mod, jour, "COM" if av else "", av, f"Nom {av}", "COM" if ap else "", ap, f"Nom {ap}")
            for mod, jour, av, ap in lignes
        ],
        columns=COLONNES,
    )


def liste(
    *codes: str, arrondissements: tuple[str, ...] = (), deleguees: dict[str, str] | None = None
) -> pd.DataFrame:
    lignes = [("COM", c, f"Nom {c}", "") for c in codes]
    lignes += [("ARM", c, f"Nom {c}", "75056") for c in arrondissements]
    lignes += [("COMD", c, f"Nom {c}", p) for c, p in (deleguees or {}).items()]
    return pd.DataFrame(lignes, columns=["TYPECOM", "COM", "LIBELLE", "COMPARENT"])


FUSION = [("32", "2019-01-01", c, "85194") for c in ("85060", "85166", "85194")]


def natures(passage):
    return {g.code: (g.nature, g.avant, g.apres) for g in passage.groupes.values()}


# -- cas connus --------------------------------------------------------------------------------


def test_fusion():
    histoire = HistoireDesCommunes(mouvements(*FUSION), liste("85194", "85001"), DERNIERE)
    passage = passage_communes(histoire, 2018, 2019)
    assert natures(passage) == {
        "85001": ("identique", ("85001",), ("85001",)),
        "85194": ("fusion", ("85060", "85166", "85194"), ("85194",)),
    }
    (phrase,) = passage.phrases()
    assert phrase == (
        "Nom 85194 (85194) a absorbé Nom 85060 (85060) et Nom 85166 (85166) au 1er janvier 2019 "
        "(création de commune nouvelle)."
    )
    # Le mouvement prend effet le 1er janvier 2019 : rien n'a changé avant, rien ne change après.
    for de, a in ((2017, 2018), (2019, 2026)):
        assert not passage_communes(histoire, de, a).changes


def test_scission_sans_cle_de_partage():
    histoire = HistoireDesCommunes(
        mouvements(("21", "2024-01-01", "85084", "85084"), ("21", "2024-01-01", "85084", "85165")),
        liste("85084", "85165"),
        DERNIERE,
    )
    passage = passage_communes(histoire, 2023, 2024)
    assert natures(passage) == {"85084+1": ("scission", ("85084",), ("85084", "85165"))}


def test_commune_retablie_retrouve_son_territoire():
    """Fusionnée en 2016, rétablie en 2024 : de 2015 à 2024 elle se compare à elle-même."""
    aller = [("32", "2016-01-01", c, "85084") for c in ("85030", "85084", "85165")]
    retour = [("21", "2024-01-01", "85084", "85084"), ("21", "2024-01-01", "85084", "85165")]
    histoire = HistoireDesCommunes(mouvements(*aller, *retour), liste("85084", "85165"), DERNIERE)
    assert natures(passage_communes(histoire, 2015, 2024)) == {
        "85084": ("fusion", ("85030", "85084"), ("85084",)),
        "85165": ("identique", ("85165",), ("85165",)),
    }
    assert natures(passage_communes(histoire, 2016, 2024))["85084+1"][0] == "scission"


def test_retablissement_partiel_sans_heritiere_reste_groupe():
    """Personne ne garde le nom de la mère : rien ne dit qui garde la commune qui ne se sépare pas."""
    table = mouvements(
        *[("32", "2016-01-01", c, "85084") for c in ("85030", "85084", "85165")],
        ("21", "2024-01-01", "85084", "85084"),
        ("21", "2024-01-01", "85084", "85165"),
    )
    table.loc[table["DATE_EFF"] == "2024-01-01", "LIBELLE_AV"] = "Commune nouvelle disparue"
    histoire = HistoireDesCommunes(table, liste("85084", "85165"), DERNIERE)
    assert list(natures(passage_communes(histoire, 2015, 2024))) == ["85084+1"]


def test_le_code_d_une_commune_peut_passer_a_une_autre():
    """Beaumont reprend 60054 quand Les Hauts-Talican, qui le portait, devient 60694."""
    table = mouvements(("21", "2024-01-01", "60054", "60054"), ("21", "2024-01-01", "60054", "60694"))
    histoire = HistoireDesCommunes(table, liste("60054", "60694"), DERNIERE)
    assert natures(passage_communes(histoire, 2023, 2024)) == {
        "60054+1": ("scission", ("60054",), ("60054", "60694"))
    }


def test_changement_de_code_et_code_intermediaire():
    """Pont-Farcy change de département puis entre dans une commune nouvelle, le même jour."""
    histoire = HistoireDesCommunes(
        mouvements(
            ("41", "2018-01-01", "14513", "50649"),
            ("32", "2018-01-01", "50649", "50592"),
            ("32", "2018-01-01", "50592", "50592"),
            ("41", "1976-01-01", "20004", "2A004"),
        ),
        liste("50592", "2A004"),
        DERNIERE,
    )
    assert histoire.communes_en(2017) == {"14513", "50592", "2A004"}
    assert natures(passage_communes(histoire, 2017, 2018))["50592"] == (
        "fusion",
        ("14513", "50592"),
        ("50592",),
    )
    corse = passage_communes(histoire, 1975, 2026)
    assert natures(corse)["2A004"] == ("nouveau code", ("20004",), ("2A004",))
    assert histoire.raison("2A004", 1975) is not None
    assert histoire.raison("20004", 1975) is None


def test_creation_et_suppression_sans_correspondance():
    histoire = HistoireDesCommunes(
        mouvements(("20", "2011-03-31", "", "97611"), ("30", "2007-02-23", "97123", "")),
        liste("97611"),
        DERNIERE,
    )
    passage = passage_communes(histoire, 2007, 2026)
    assert [(n.code, n.cote) for n in passage.non_apparies] == [("97123", AVANT), ("97611", APRES)]
    assert "suppression au 23 février 2007" in passage.non_apparies[0].raison
    assert "création au 31 mars 2011" in passage.non_apparies[1].raison


@pytest.mark.parametrize(
    ("code", "attendu"),
    [
        (
            "85060",
            "n'est plus une commune au 1er janvier 2020 : création de commune nouvelle au 1er janvier 2019",
        ),
        ("85165", "n'est pas une commune au 1er janvier 2020 ; commune déléguée de Nom 85194 (85194)"),
        ("97701", "collectivité d'outre-mer"),
        ("97501", "collectivité d'outre-mer"),
        ("8519", "on attend cinq caractères"),
        ("01999", "code inconnu"),
    ],
)
def test_chaque_code_laisse_a_sa_raison(code, attendu):
    histoire = HistoireDesCommunes(
        mouvements(*FUSION),
        liste("85194", deleguees={"85165": "85194"}, arrondissements=("75101",)),
        DERNIERE,
    )
    assert attendu in histoire.raison(code, 2020)
    assert histoire.raison("85194", 2020) is None
    assert histoire.raison("75101", 2020) is None


def test_arrondissements_inchanges():
    histoire = HistoireDesCommunes(
        mouvements(*FUSION), liste("75056", "85194", arrondissements=("75101",)), DERNIERE
    )
    assert natures(passage_communes(histoire, 2015, 2026))["75101"][0] == "identique"


def test_annee_hors_de_l_histoire(erreur_claire):
    histoire = HistoireDesCommunes(mouvements(*FUSION), liste("85194"), DERNIERE)
    with pytest.raises(ParametreInvalide, match="v_mvt_commune"):
        passage_communes(histoire, 2018, 2030)
    assert "1930" in erreur_claire(lambda: histoire.communes_en(1930))


def test_liste_et_mouvements_desaccordes(erreur_claire):
    faux = HistoireDesCommunes(mouvements(*FUSION), liste("85001"), DERNIERE)
    message = erreur_claire(lambda: faux.communes_en(2018))
    assert "85194" in message
    tardif = HistoireDesCommunes(mouvements(("10", "2027-01-01", "85001", "85001")), liste("85001"), DERNIERE)
    assert "postérieur" in erreur_claire(lambda: tardif.communes_en(2018))
    with pytest.raises(TableNonConforme, match="COM_AP"):
        HistoireDesCommunes(mouvements(*FUSION).drop(columns="COM_AP"), liste("85194"), DERNIERE)
    with pytest.raises(TableNonConforme, match="aucune ligne de type COM"):
        HistoireDesCommunes(mouvements(*FUSION), liste(arrondissements=("75101",)), DERNIERE)


def test_annee_retrouvee_par_les_communes():
    histoire = HistoireDesCommunes(mouvements(*FUSION), liste("85194", "85001", "44001"), DERNIERE)
    ancienne = histoire.annees_compatibles({"85194", "85060", "85166", "85001"})
    assert (ancienne.annees[0], ancienne.annees[-1], ancienne.inconnus) == (2003, 2018, ())
    recente = histoire.annees_compatibles({"85194"})
    assert (recente.annees[0], recente.absents) == (2019, ("85001",))


# -- porter une table --------------------------------------------------------------------------

PASSAGE = former(2018, 2019, [("A", "A"), ("B", "A"), ("C", "C"), ("D", "D"), ("D", "E")])


def test_une_somme_n_est_donnee_que_complete():
    table = pd.DataFrame({"P_POP": [10.0, None, 5.0, 7.0]}, index=["A", "B", "C", "Z"])
    porte = appliquer(PASSAGE, table, ["P_POP"])
    assert porte["P_POP"].isna().to_dict() == {"A": True, "C": False}
    assert porte.loc["C", "P_POP"] == 5


def test_une_ligne_absente_n_est_pas_zero():
    porte = appliquer(PASSAGE, pd.DataFrame({"P_POP": [10.0]}, index=["A"]), ["P_POP"])
    assert pd.isna(porte.loc["A", "P_POP"])


def test_une_table_vide_ne_donne_aucun_groupe():
    vide = pd.DataFrame({"P_POP": []}, index=pd.Index([], dtype="object"), dtype=float)
    assert appliquer(PASSAGE, vide, ["P_POP"]).empty


@pytest.mark.parametrize(
    "variable",
    [
        "DISP_MED",
        "DISP_Q1",
        "DEC_D9",
        "DISP_RD",
        "DISP_GI",
        "DISP_TP60",
        "DISP_PPSOC",
        "TX_TOT_ET",
        "IND_JEUNE",
        "MED19",
    ],
)
def test_une_mediane_ou_un_taux_ne_se_transporte_pas(variable):
    assert nature_non_additive(variable.removesuffix("19")) is not None


@pytest.mark.parametrize(
    "variable",
    [
        "P_POP",
        "C_MENFAMMONO",
        "P_NSCOL15P_DIPLMIN",
        "NB_MENAGES",
        "NB_PERSONNES",
        "A",
        "POPREF_MUN",
        "P_RP_1P",
    ],
)
def test_un_compte_se_transporte(variable):
    assert nature_non_additive(variable) is None


# -- propriétés : n'importe quelle suite de mouvements ------------------------------------------


@st.composite
def histoires(tirer):
    """Une histoire simulée, où l'on sait de quelles parcelles chaque commune est faite chaque année."""
    parcelles = {
        f"99{i:03d}": {(f"99{i:03d}", p) for p in range(3)} for i in range(1, tirer(st.integers(2, 7)) + 1)
    }
    naissances = {c: frozenset(p) for c, p in parcelles.items()}
    lignes, etats, neuf = [], {2009: dict(parcelles)}, 500
    for annee in range(2010, 2018):
        etat = {c: set(p) for c, p in etats[annee - 1].items()}
        jour = f"{annee - 1}-07-01" if annee % 2 else f"{annee}-01-01"
        geste = tirer(st.sampled_from(["rien", "fusion", "scission", "retablissement", "code", "nom"]))
        code = tirer(st.sampled_from(sorted(etat)))
        if geste == "fusion" and len(etat) > 2:
            autres = tirer(
                st.lists(st.sampled_from(sorted(etat.keys() - {code})), min_size=1, max_size=2, unique=True)
            )
            lignes += [("32", jour, c, code) for c in (code, *autres)]
            for autre in autres:
                if autre in naissances:
                    # Un rétablissement rend le territoire d'avant la fusion, non celui d'une scission plus ancienne.
                    naissances[autre] = frozenset(etat[autre])
                etat[code] |= etat.pop(autre)
        elif geste == "scission" and len(etat[code]) > 1:
            neuf += 1
            partis = set(sorted(etat[code])[: len(etat[code]) // 2])
            etat[f"99{neuf}"] = partis
            etat[code] -= partis
            lignes += [("20", jour, code, code), ("20", jour, code, f"99{neuf}")]
        elif geste == "retablissement":
            perdues = [
                c for c, p in naissances.items() if c not in etat and p < etat[code] and code in naissances
            ]
            if perdues and naissances[code] <= etat[code]:
                etat[perdues[0]] = set(naissances[perdues[0]])
                etat[code] -= naissances[perdues[0]]
                lignes += [("21", jour, code, code), ("21", jour, code, perdues[0])]
        elif geste == "code":
            neuf += 1
            lignes.append(("50", jour, code, f"99{neuf}"))
            etat[f"99{neuf}"] = etat.pop(code)
        elif geste == "nom":
            lignes.append(("10", jour, code, code))
        etats[annee] = etat
    return HistoireDesCommunes(mouvements(*lignes), liste(*etats[2017]), 2017), etats


REGLAGES = settings(max_examples=40, deadline=None)
annees = st.tuples(st.integers(2009, 2017), st.integers(2009, 2017)).map(sorted)


@REGLAGES
@given(histoires(), annees)
def test_chaque_groupe_couvre_le_meme_territoire(histoire_et_etats, periode):
    (histoire, etats), (de, a) = histoire_et_etats, periode
    assert {n: histoire.communes_en(n) for n in etats} == {n: frozenset(e) for n, e in etats.items()}
    passage = passage_communes(histoire, de, a)
    assert set(passage.avant) == set(etats[de])
    assert set(passage.apres) == set(etats[a])
    assert not passage.non_apparies
    for groupe in passage.groupes.values():
        avant = set().union(*(etats[de][c] for c in groupe.avant))
        apres = set().union(*(etats[a][c] for c in groupe.apres))
        assert avant == apres, groupe
    if de == a:
        assert not passage.changes


@REGLAGES
@given(histoires(), annees, st.data())
def test_totaux_conserves(histoire_et_etats, periode, tirages):
    (histoire, etats), (de, a) = histoire_et_etats, periode
    intrus = ["99999", "01001", "97701"]
    codes = sorted(etats[de]) + tirages.draw(st.lists(st.sampled_from(intrus), unique=True))
    valeurs = tirages.draw(
        st.lists(
            st.one_of(st.integers(0, 10_000).map(float), st.none()), min_size=len(codes), max_size=len(codes)
        )
    )
    table = pd.DataFrame({"P_POP": valeurs}, index=codes, dtype=float)
    passage = passage_communes(histoire, de, a)
    # Tout code de la table est dans un seul groupe, ou a sa raison de n'y être pas.
    assert all((c in passage.avant) == (histoire.raison(c, de) is None) for c in codes)
    assert all(n.raison for n in passage.non_apparies)
    complets = appliquer(passage, table, ["P_POP"])["P_POP"].dropna()
    assert sum(complets) == pytest.approx(
        sum(v for c, v in table["P_POP"].items() if passage.avant.get(c) in complets.index), abs=1e-6
    )


@REGLAGES
@given(st.lists(st.tuples(st.sampled_from("abcdef"), st.sampled_from("ABCDEF")), min_size=1))
def test_former_donne_une_partition(liens):
    passage = former(None, None, liens, [NonApparie("z", AVANT, "essai")])
    assert all(passage.avant[a] == passage.apres[b] for a, b in liens)
    assert sorted(c for g in passage.groupes.values() for c in g.avant) == sorted({a for a, _ in liens})
    assert sorted(c for g in passage.groupes.values() for c in g.apres) == sorted({b for _, b in liens})
    assert len(passage.restreindre(["z"]).groupes) == 0
