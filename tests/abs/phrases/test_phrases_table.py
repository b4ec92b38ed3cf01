"""La table des phrases : des chiffres à l'entrée, la phrase exacte à la sortie, refus compris."""

import math
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from abs.calcul.table_longue import Chiffre
from abs.indicateurs.indicateurs import indicateur, indicateurs
from abs.langue import elider, enumerer, points, typographier
from abs.phrases.ecriture import raison_publique
from abs.phrases.etendue import etendue
from abs.phrases.phrases import phrase
from abs.portrait.tableaux import cellule
from abs.statuts import Fiabilite, Statut
from abs.territoires.territoires import Territoire
from tests.abs.phrases.mots import mots_refuses

VILLE = Territoire("99001", "commune", "Arzance")
HAVRE = Territoire("99002", "commune", "Le Havre-Neuf")
SABLES = Territoire("99003", "commune", "Les Sables-d'Ambre")
IRIS = Territoire("990010101", "iris", "Les Tilleuls Nord", type_iris="H")
COMMUNE = Territoire("99001", "commune", "Arzance", role="commune", dans="dans la commune")
EPCI = Territoire("999900001", "epci", "CA", role="epci", dans="dans l'intercommunalité")
DEP = Territoire("99", "departement", "Dép", role="departement", dans="dans le département")
FRANCE = Territoire("METRO", "france", "France", role="france", dans="en France métropolitaine")
NAN = math.nan
F, M, NE = Fiabilite.FRAGILE, Fiabilite.MOYENNE, Fiabilite.NON_EVALUEE


def c(valeur, marge=0.4, **autres):
    base = Chiffre("99001", "commune", "x", "rp_logement", Statut.CALCULE, 2022, periode="recensement 2022",
                   valeur=valeur, marge=marge, fiabilite=Fiabilite.BONNE, couverture=1.0)  # fmt: skip
    return replace(base, **autres)


def filo(valeur, marge=NAN, **autres):
    return c(valeur, marge, **{"source": "filosofi", "millesime": 2018, "periode": "revenus 2018", **autres})


def caf(valeur, denominateur=5000.0, **autres):
    champs = {"source": "caf", "periode": "31 décembre 2018", "millesime": 2018,
              "numerateur": valeur / 100 * denominateur, "denominateur": denominateur}  # fmt: skip
    return c(valeur, NAN, **{**champs, **autres})


HLM, POUV, MED = "part_hlm", "taux_pauvrete_60", "niveau_vie_median"
CHOM, D9D1, PPSOC = "taux_chomage_rp", "rapport_interdecile", "part_prestations_sociales"
DEBUT_HLM = "À Arzance, {} des résidences principales sont louées vides en HLM, d'après leurs occupants"

CAS = [
    # Une référence : l'écart est établi, comparable, ou tu.
    (HLM, VILLE, c(22.2), [(EPCI, c(18.1))],
     DEBUT_HLM.format("22,2 %") + " (recensement 2022), soit 4,1 points de plus que dans l'intercommunalité (18,1 %)."),
    (HLM, VILLE, c(14.0), [(EPCI, c(18.1))],
     DEBUT_HLM.format("14,0 %") + " (recensement 2022), soit 4,1 points de moins que dans l'intercommunalité (18,1 %)."),
    (HLM, VILLE, c(19.0), [(EPCI, c(18.1))],
     DEBUT_HLM.format("19,0 %") + " (recensement 2022) ; le niveau est comparable dans l'intercommunalité (18,1 %)."),
    (HLM, VILLE, c(22.0, 3.0), [(EPCI, c(18.1, 3.0))],
     DEBUT_HLM.format("22 %") + " (18 % dans l'intercommunalité ; recensement 2022)."),
    (HLM, VILLE, c(22.2), [], DEBUT_HLM.format("22,2 %") + " (recensement 2022)."),
    # Deux références.
    (HLM, VILLE, c(22.2), [(EPCI, c(18.1)), (FRANCE, c(14.9))],
     DEBUT_HLM.format("22,2 %") + " (recensement 2022), soit 4,1 points de plus que dans l'intercommunalité (18,1 %)"
     " et 7,3 points de plus qu'en France métropolitaine (14,9 %)."),
    (HLM, VILLE, c(22.2), [(EPCI, c(18.2)), (DEP, c(18.2))],
     DEBUT_HLM.format("22,2 %") + " (recensement 2022), soit 4,0 points de plus que dans l'intercommunalité (18,2 %)"
     " et que dans le département (18,2 %)."),
    (HLM, VILLE, c(22.2), [(EPCI, c(18.1)), (FRANCE, c(30.0))],
     DEBUT_HLM.format("22,2 %") + " (recensement 2022), soit 4,1 points de plus que dans l'intercommunalité (18,1 %),"
     " mais 7,8 points de moins qu'en France métropolitaine (30,0 %)."),
    (HLM, VILLE, c(22.2), [(EPCI, c(21.5)), (FRANCE, c(14.9))],
     DEBUT_HLM.format("22,2 %") + " (recensement 2022), soit 7,3 points de plus qu'en France métropolitaine (14,9 %) ;"
     " le niveau est comparable dans l'intercommunalité (21,5 %)."),
    (HLM, VILLE, c(22.2), [(EPCI, c(21.5)), (FRANCE, c(21.9))],
     DEBUT_HLM.format("22,2 %") + " (recensement 2022) ; le niveau est comparable dans l'intercommunalité (21,5 %)"
     " et en France métropolitaine (21,9 %)."),
    (HLM, VILLE, c(22.2), [(EPCI, c(20.0, 4.0)), (FRANCE, c(14.9))],
     DEBUT_HLM.format("22,2 %") + " (20,0 % dans l'intercommunalité ; recensement 2022), soit 7,3 points de plus"
     " qu'en France métropolitaine (14,9 %)."),
    # Deux références qui s'écrivent pareil n'ont pas deux conclusions : ni « plus » d'un côté, ni « comparable » de l'autre.
    (CHOM, VILLE, c(15.3), [(EPCI, c(13.34)), (DEP, c(13.26))],
     ("À Arzance, 15,3 % des actifs de 15 à 64 ans sont au chômage au sens du recensement (13,3 % dans"
     " l'intercommunalité, 13,3 % dans le département ; recensement 2022).")),
    (CHOM, VILLE, c(15.3, 1.2), [(EPCI, c(13.3, 1.9)), (DEP, c(12.9))],
     ("À Arzance, 15 % des actifs de 15 à 64 ans sont au chômage au sens du recensement (13 % dans l'intercommunalité,"
     " 13 % dans le département ; recensement 2022).")),
    # Deux écarts d'une même phrase ont la même précision.
    (HLM, VILLE, c(31.74), [(EPCI, c(46.54)), (FRANCE, c(61.46))],
     DEBUT_HLM.format("31,7 %") + " (recensement 2022), soit environ 15 points de moins que dans l'intercommunalité"
     " (46,5 %) et environ 30 points de moins qu'en France métropolitaine (61,5 %)."),
    # Les plus proches d'abord, deux au plus.
    (HLM, VILLE, c(22.2), [(FRANCE, c(14.9)), (DEP, c(22.0)), (EPCI, c(18.1))],
     DEBUT_HLM.format("22,2 %") + " (recensement 2022), soit 4,1 points de plus que dans l'intercommunalité (18,1 %) ;"
     " le niveau est comparable dans le département (22,0 %)."),
    # Une référence d'une autre date, d'une autre série ou fragile n'est pas écrite.
    (HLM, VILLE, c(22.2), [(EPCI, c(18.1, millesime=2016))], DEBUT_HLM.format("22,2 %") + " (recensement 2022)."),
    (HLM, VILLE, c(22.2), [(EPCI, c(18.1, definition="autre"))], DEBUT_HLM.format("22,2 %") + " (recensement 2022)."),
    (HLM, VILLE, c(22.2), [(EPCI, c(18.1, fiabilite=F))], DEBUT_HLM.format("22,2 %") + " (recensement 2022)."),
    (HLM, VILLE, c(22.2), [(EPCI, c(18.1, NAN, fiabilite=NE))],
     DEBUT_HLM.format("22,2 %") + " (18,1 % dans l'intercommunalité ; recensement 2022)."),
    # Les décimales suivent la marge ; un écart qui ne se retrouve pas par soustraction est arrondi ou tu.
    (HLM, VILLE, c(25.0, 1.2), [(EPCI, c(18.0))],
     DEBUT_HLM.format("25 %") + " (recensement 2022), soit 7 points de plus que dans l'intercommunalité (18 %)."),
    (HLM, VILLE, c(25.4, 1.2), [(EPCI, c(17.6))],
     DEBUT_HLM.format("25 %") + " (recensement 2022), plus que dans l'intercommunalité (18 %)."),
    (HLM, VILLE, c(22.24), [(EPCI, c(18.06))],
     DEBUT_HLM.format("22,2 %") + " (recensement 2022), soit environ 4 points de plus que dans"
     " l'intercommunalité (18,1 %)."),
    # Chômage au sens du recensement, et le singulier du point.
    (CHOM, VILLE, c(15.3), [(EPCI, c(13.3))],
     ("À Arzance, 15,3 % des actifs de 15 à 64 ans sont au chômage au sens du recensement (recensement 2022),"
     " soit 2,0 points de plus que dans l'intercommunalité (13,3 %).")),
    ("part_0_2_ans", VILLE, c(4.0, 0.2), [(EPCI, c(2.5, 0.2))],
     ("À Arzance, 4,0 % des habitants ont moins de 3 ans (recensement 2022), soit 1,5 point de plus que dans"
     " l'intercommunalité (2,5 %).")),
    # Revenus : la dizaine d'euros, la centaine si la fiabilité n'est pas bonne, 3 % de seuil.
    (MED, VILLE, filo(17814.0), [(EPCI, filo(20271.0))],
     ("À Arzance, le niveau de vie médian est de 17 810 € par an et par unité de consommation (revenus 2018), un"
     " montant plus bas que dans l'intercommunalité (20 270 €).")),
    (MED, VILLE, filo(20000.0), [(EPCI, filo(20271.0))],
     ("À Arzance, le niveau de vie médian est de 20 000 € par an et par unité de consommation (revenus 2018) ;"
     " le niveau est comparable dans l'intercommunalité (20 270 €).")),
    (MED, VILLE, filo(17864.0, fiabilite=M), [],
     "À Arzance, le niveau de vie médian est de 17 900 € par an et par unité de consommation (revenus 2018)."),
    (MED, VILLE, filo(17864.0, fiabilite=NE), [(EPCI, filo(20271.0))],
     ("À Arzance, le niveau de vie médian est de 17 900 € par an et par unité de consommation"
     " (20 300 € dans l'intercommunalité ; revenus 2018).")),
    (POUV, VILLE, filo(26.3, millesime=2018), [(FRANCE, filo(14.8))],
     ("À Arzance, 26,3 % des habitants vivent sous le seuil de pauvreté (revenus 2018), soit 11,5 points de plus qu'en"
     " France métropolitaine (14,8 %).")),
    (POUV, VILLE, filo(20.0, 0.5, millesime=2021, periode="revenus 2021"),
     [(EPCI, filo(17.0, 1.0, millesime=2021))],
     ("À Arzance, 20 % des habitants vivent sous le seuil de pauvreté (revenus 2021), soit environ 3 points de"
     " plus que dans l'intercommunalité (17 %).")),
    (POUV, VILLE, filo(18.0, 0.5, millesime=2021, periode="revenus 2021"),
     [(EPCI, filo(17.0, 1.0, millesime=2021))],
     ("À Arzance, 18 % des habitants vivent sous le seuil de pauvreté (revenus 2021) ; le niveau est comparable dans"
     " l'intercommunalité (17 %).")),
    (PPSOC, VILLE, filo(9.7), [(EPCI, filo(7.0))],
     ("À Arzance, les prestations sociales représentent 9,7 % du revenu disponible (revenus 2018), soit 2,7 points de"
     " plus que dans l'intercommunalité (7,0 %).")),
    # Une part de 6 % du revenu : un point suffit à la distinguer, deux seraient un tiers de plus.
    (PPSOC, VILLE, filo(6.5), [(EPCI, filo(5.5)), (DEP, filo(5.6))],
     ("À Arzance, les prestations sociales représentent 6,5 % du revenu disponible (revenus 2018), soit 1,0 point de"
     " plus que dans l'intercommunalité (5,5 %) ; le niveau est comparable dans le département (5,6 %).")),
    ("part_minima_sociaux", VILLE, filo(3.6), [(EPCI, filo(2.1))],
     ("À Arzance, les minima sociaux représentent 3,6 % du revenu disponible (revenus 2018), soit 1,5 point de plus que"
     " dans l'intercommunalité (2,1 %).")),
    (D9D1, VILLE, filo(4.1), [(EPCI, filo(3.8))],
     ("À Arzance, le niveau de vie des 10 % les plus aisés est au moins 4,1 fois celui des 10 % les"
     " plus modestes (revenus 2018), plus que dans l'intercommunalité (3,8).")),
    (D9D1, VILLE, filo(4.1), [(EPCI, filo(4.0))],
     ("À Arzance, le niveau de vie des 10 % les plus aisés est au moins 4,1 fois celui des 10 % les"
     " plus modestes (revenus 2018) ; le niveau est comparable dans l'intercommunalité (4,0).")),
    # Allocataires, ménages, familles : le nom vient du dénominateur.
    ("part_familles_monoparentales_caf", VILLE, caf(16.2), [(EPCI, caf(19.0))],
     ("À Arzance, 16,2 % des foyers allocataires sont des familles monoparentales (au 31 décembre 2018), soit 2,8"
     " points de moins que dans l'intercommunalité (19,0 %).")),
    ("part_familles_monoparentales", VILLE, c(16.2), [(EPCI, c(19.0))],
     ("À Arzance, 16,2 % des familles sont monoparentales (recensement 2022), soit 2,8 points de moins que dans"
     " l'intercommunalité (19,0 %).")),
    ("part_menages_1_personne", VILLE, c(43.0, 1.4), [(EPCI, c(38.0, 0.6))],
     ("À Arzance, 43 % des ménages ne comptent qu'une personne (recensement 2022), soit 5 points de plus que dans"
     " l'intercommunalité (38 %).")),
    ("part_quotient_familial_800", VILLE, c(56.6, NAN, periode="décembre 2024, arrondi à 5"), [],
     ("À Arzance, parmi les foyers allocataires dont le quotient familial est connu, 56,6 % ont un quotient inférieur à"
     " 800 euros (décembre 2024, effectifs arrondis à 5 près).")),
    ("premier_quartile", VILLE, filo(12180.0), [(EPCI, filo(13940.0))],
     ("À Arzance, un habitant sur quatre a un niveau de vie inférieur à 12 180 € par an (revenus 2018), un montant plus"
     " bas que dans l'intercommunalité (13 940 €).")),
    # Une estimation qui croise deux sources se lit, mais ne se compare pas en mots.
    ("rsa_pour_100_menages", VILLE, c(8.2, NAN, statut=Statut.ESTIME), [(EPCI, c(5.1, NAN, statut=Statut.ESTIME))],
     "À Arzance, on compte 8,2 foyers percevant le RSA pour 100 ménages (5,1 dans l'intercommunalité ; recensement 2022)."),
    # Un chiffre partiel dit sur quoi il porte.
    ("part_familles_monoparentales_caf", VILLE,
     caf(10.9, statut=Statut.PARTIEL, couverture=0.99, note="calculé sur 41 IRIS sur 42"), [(EPCI, caf(16.9))],
     ("À Arzance, d'après 41 IRIS sur 42, 10,9 % des foyers allocataires sont des familles monoparentales (au 31 décembre"
     " 2018), soit 6,0 points de moins que dans l'intercommunalité (16,9 %).")),
    # Un IRIS est comparé au reste de sa commune : la valeur écrite est celle de la commune.
    (CHOM, IRIS, c(30.0, 1.0, numerateur=300.0, denominateur=1000.0, niveau="iris"),
     [(COMMUNE, c(15.0, 0.3, numerateur=1500.0, denominateur=10000.0))],
     ("Dans l'IRIS Les Tilleuls Nord, 30,0 % des actifs de 15 à 64 ans sont au chômage au sens du recensement"
     " (recensement 2022), soit 15,0 points de plus que dans la commune (15,0 %).")),
    (CHOM, IRIS, c(17.5, 3.0, numerateur=175.0, denominateur=1000.0, niveau="iris"),
     [(COMMUNE, c(15.0, 0.3, numerateur=1500.0, denominateur=10000.0))],
     ("Dans l'IRIS Les Tilleuls Nord, 18 % des actifs de 15 à 64 ans sont au chômage au sens du recensement"
     " (15 % dans la commune ; recensement 2022).")),
    # L'article contracté du nom.
    (CHOM, HAVRE, c(15.3), [],
     "Au Havre-Neuf, 15,3 % des actifs de 15 à 64 ans sont au chômage au sens du recensement (recensement 2022)."),
    (CHOM, SABLES, c(15.3), [],
     "Aux Sables-d'Ambre, 15,3 % des actifs de 15 à 64 ans sont au chômage au sens du recensement (recensement 2022)."),
    # Ce que le statut interdit ne s'écrit pas.
    (HLM, VILLE, c(NAN, statut=Statut.SECRET), [(EPCI, c(18.1))], None),
    (HLM, VILLE, c(NAN, statut=Statut.INDISPONIBLE), [(EPCI, c(18.1))], None),
    (HLM, VILLE, c(NAN, statut=Statut.SANS_OBJET), [(EPCI, c(18.1))], None),
    (HLM, VILLE, c(22.2, fiabilite=F), [(EPCI, c(18.1))], None),
    (HLM, VILLE, None, [(EPCI, c(18.1))], None),
]  # fmt: skip


def lisible(texte):
    return texte.replace("\u00a0", " ").replace("\u202f", " ")


@pytest.mark.parametrize(("code", "sujet", "chiffre", "autour", "attendue"), CAS)
def test_la_phrase_d_un_territoire(code, sujet, chiffre, autour, attendue):
    dite = phrase(indicateur(code), sujet, chiffre, autour)
    assert (None if dite is None else lisible(dite.texte)) == attendue


def mailles(*valeurs, marge=0.1, niveau="iris", **autres):
    return [
        (
            Territoire(f"99001{r:04d}", niveau, f"M{r}", type_iris="H" if niveau == "iris" else ""),
            c(v, marge, territoire=f"99001{r:04d}", niveau=niveau, **autres),
        )
        for r, v in enumerate(valeurs, 1)
    ]


ETENDUE = "D'un IRIS d'habitat à l'autre, le taux de chômage au sens du recensement va de {} à {}, sur {} (recensement 2022)"
SECRETS = [(t, replace(x, statut=Statut.SECRET, valeur=NAN)) for t, x in mailles(*[0.0] * 12)[11:]]

# ruff: noqa: E501 - une phrase attendue ne se coupe pas.
ETENDUES = [
    (CHOM, mailles(10.0, 11.0, 12.0, 13.0, 30.0), None,
     ETENDUE.format("10,0 %", "30,0 % (fiabilité bonne)", "5 IRIS") + " ; il est le plus élevé dans l'IRIS M5."),
    (CHOM, mailles(10.0, 11.0, 12.0, 29.5, 30.0), c(14.0),
     ETENDUE.format("10,0 %", "30,0 % (fiabilité bonne)", "5 IRIS") + " ; il est parmi les plus élevés dans les IRIS"
     " M5 (30,0 %) et M4 (29,5 %)."),
    # Une maille laissée de côté avec le même chiffre écrit est nommée, ou comptée.
    (CHOM, mailles(10.0, 11.0, 12.0, 29.98, 30.0, 30.01, 30.04), c(14.0),
     ETENDUE.format("10,0 %", "30,0 % (fiabilité bonne)", "7 IRIS") + " ; il est parmi les plus élevés dans les IRIS"
     " M7 (30,0 %), M6 (30,0 %), M5 (30,0 %) et M4 (30,0 %)."),
    (CHOM, mailles(10.0, 11.0, 12.0, 29.97, 29.98, 30.0, 30.01, 31.0), c(14.0),
     ETENDUE.format("10,0 %", "31,0 % (fiabilité bonne)", "8 IRIS") + " ; il est parmi les plus élevés dans les IRIS"
     " M8 (31,0 %), M7 (30,0 %), M6 (30,0 %) et 2 autres IRIS (30,0 %)."),
    (CHOM, mailles(10.0, 11.0, 12.0, 29.97, 29.98, 30.0, 30.01, 31.0, niveau="commune"), c(14.0),
     ETENDUE.format("10,0 %", "31,0 % (fiabilité bonne)", "8 communes").replace("un IRIS d'habitat", "une commune")
     + " ; il est parmi les plus élevés à M8 (31,0 %), à M7 (30,0 %), à M6 (30,0 %) et dans 2 autres communes (30,0 %)."),
    # Une maille du même chiffre écrit, trop incertaine pour en être, retire ce chiffre de la liste.
    (CHOM, [*mailles(10.0, 11.0, 12.0, 29.5, 30.0), *mailles(*[0.0] * 5, 29.54, marge=40.0)[5:]], c(14.0),
     ETENDUE.format("10,0 %", "30,0 % (fiabilité bonne)", "6 IRIS") + " ; il est parmi les plus élevés dans l'IRIS M5 (30,0 %)."),
    (CHOM, mailles(10.0, 11.0, 12.0, 12.5, 13.0), c(12.0), ETENDUE.format("10,0 %", "13,0 % (M5, fiabilité bonne)", "5 IRIS") + "."),
    (CHOM, mailles(10.0, 11.0, 12.0, 13.0, 30.0, marge=14.0), c(14.0), ETENDUE.format("10 %", "30 % (M5, fiabilité bonne)", "5 IRIS") + "."),
    (CHOM, mailles(10.0, 11.0, 12.0, 13.0, 30.0) + SECRETS, None,
     ETENDUE.format("10,0 %", "30,0 % (fiabilité bonne)", "5 des 6 IRIS") + " ; il est, parmi eux, le plus élevé dans l'IRIS M5."),
    (POUV, mailles(10.0, 11.0, 12.0, 30.0, 31.0, niveau="commune"), c(14.0),
     ("D'une commune à l'autre, le taux de pauvreté au seuil de 60 % va de 10,0 % à 31,0 % (fiabilité bonne), sur 5 communes"
     " (recensement 2022) ; il est parmi les plus élevés à M5 (31,0 %) et à M4 (30,0 %).")),
    ("part_sans_diplome", mailles(10.0, 11.0, 12.0, 13.0, 30.0), None,
     ("D'un IRIS d'habitat à l'autre, la part des personnes sans diplôme ou au plus brevet va de 10,0 % à 30,0 % (fiabilité bonne), sur 5 IRIS"
     " (recensement 2022) ; elle est la plus élevée dans l'IRIS M5.")),
    (MED, mailles(15000.0, 20000.0, 21000.0, 22000.0, 23000.0, marge=NAN), None,
     ("D'un IRIS d'habitat à l'autre, le niveau de vie médian va de 15 000 € à 23 000 € (M5, fiabilité bonne), sur 5 IRIS (recensement 2022) ;"
     " il est le plus bas dans l'IRIS M1.")),
    # Une population ne se montre pas du doigt : l'étendue, sans nom.
    (HLM, mailles(10.0, 11.0, 12.0, 13.0, 30.0), None,
     ("D'un IRIS d'habitat à l'autre, la part des résidences principales louées vides en HLM (déclaratif) va de 10,0 % à"
     " 30,0 % (M5, fiabilité bonne), sur 5 IRIS (recensement 2022).")),
    ("part_etrangers", mailles(1.0, 2.0, 3.0, 4.0, 40.0), None,
     "D'un IRIS d'habitat à l'autre, la part des étrangers va de 1,0 % à 40,0 % (M5, fiabilité bonne), sur 5 IRIS (recensement 2022)."),
    (CHOM, mailles(10.0, 11.0, 12.0, 30.0), None, None),
    (CHOM, mailles(10.0, 11.0, 12.0, 13.0, 14.0) + mailles(50.0, fiabilite=F), c(12.0), None),
    ("population", mailles(10.0, 11.0, 12.0, 13.0, 30.0), None, None),
]  # fmt: skip


@pytest.mark.parametrize(("code", "lues", "ensemble", "attendue"), ETENDUES)
def test_la_phrase_d_etendue(code, lues, ensemble, attendue):
    dite = etendue(indicateur(code), lues, ensemble)
    assert (None if dite is None else lisible(dite.texte)) == attendue


def test_la_table_compte_plus_de_quarante_phrases():
    assert len([x for x in CAS if x[-1]]) + len([x for x in ETENDUES if x[-1]]) >= 40


def test_aucune_phrase_attendue_ne_cause_ni_ne_juge():
    for *_, attendue in CAS + ETENDUES:
        assert attendue is None or mots_refuses(attendue) == []


@pytest.mark.parametrize(
    ("texte", "mots"),
    [
        ("Le chômage est élevé à cause de la crise.", ["à cause", "à cause de"]),
        ("Les quartiers défavorisés souffrent.", ["défavorisés", "souffrent"]),
        ("La carte montre les cars.", []),
        ("Il y a un écart, car le reste baisse.", ["car"]),
    ],
)
def test_les_mots_refuses_sont_trouves(texte, mots):
    assert sorted(mots_refuses(texte)) == sorted(mots)


def test_aucune_definition_ne_cause_ni_ne_juge():
    for i in indicateurs().values():
        for texte in (i.phrase, i.libelle, i.libelle_court):
            assert mots_refuses(texte) == [], i.code


NOMS = {
    "C_MEN": ("ménage",), "P_MEN": ("ménage",), "C_FAM": ("famille",), "P_POP": ("habitants",), "A": ("allocataires",),
    "P_RP": ("résidences principales", "ménages"), "P_LOG": ("logements",), "P_POP1564": ("15-64 ans",),
    "P_ACT1564": ("actifs",), "C_ACT1564": ("actifs",), "P_SAL15P": ("salariés",), "P_NSCOL15P": ("sortis de l'école",),
}  # fmt: skip


def test_le_nom_de_la_phrase_vient_du_denominateur():
    vus = 0
    for i in indicateurs().values():
        for lecture in i.lectures:
            if i.unite == "%" and lecture.denominateur is not None and lecture.denominateur.texte in NOMS:
                assert any(n in i.phrase for n in NOMS[lecture.denominateur.texte]), i.code
                vus += 1
    assert vus >= 40


@pytest.mark.parametrize(
    ("mot", "suite", "attendu"),
    [("que", "en région", "qu'en région"), ("que", "dans le département", "que dans le département"),
     ("de", "Évreux", "d'Évreux"), ("de", "Lyon", "de Lyon")],
)  # fmt: skip
def test_l_elision(mot, suite, attendu):
    assert elider(mot, suite) == attendu


def test_l_enumeration_le_point_et_les_espaces():
    assert [enumerer(list("abc"[:n])) for n in (1, 2, 3)] == ["a", "a et b", "a, b et c"]
    assert [lisible(points(e, d)) for e, d in ((1.9, 1), (-2.0, 1), (1.0, 0), (12.3, 0))] == [
        "1,9 point", "2,0 points", "1 point", "12 points"]  # fmt: skip
    assert typographier("a : « b » ; 3 %") == "a\u00a0: «\u00a0b\u00a0»\u00a0; 3\u00a0%"


@given(st.floats(0, 100), st.floats(0, 15), st.floats(0, 100), st.floats(0, 15))
def test_un_mot_comparatif_ne_s_ecrit_que_si_les_regles_3_et_4_tiennent(v1, m1, v2, m2):
    texte = lisible(phrase(indicateur(HLM), VILLE, c(v1, m1), [(EPCI, c(v2, m2))]).texte)
    tient = abs(round(v1 - v2, 9)) >= 2 and abs(round(v1 - v2, 9)) > math.sqrt(m1 * m1 + m2 * m2)
    assert ("plus que" in texte) == (tient and v1 > v2)
    assert ("moins que" in texte) == (tient and v1 < v2)
    if "comparable" in texte:
        assert abs(round(v1 - v2, 9)) < 2
    assert mots_refuses(texte) == []


@pytest.mark.parametrize(
    ("phrase_du_modele", "periode", "attendue"),
    [
        ("{v} des ménages ont reçu dans l'année une aide facultative", "31 décembre 2025", "(en 2025)"),
        ("{v} des ménages ont reçu dans l'année une aide facultative", "année 2025", "(en 2025)"),
        ("{v} des ménages ont reçu dans l'année une aide facultative", "30 juin 2025", "(au 30 juin 2025)"),
        ("{v} des demandes sont en cours pour une attribution dans l'année", "31 décembre 2025",
         "(au 31 décembre 2025)"),
        ("{v} des ménages sont domiciliés au CCAS", "31 décembre 2025", "(au 31 décembre 2025)"),
        ("{v} des ménages sont domiciliés au CCAS", "décembre 2024, arrondi à 5",
         "(décembre 2024, effectifs arrondis à 5 près)"),
    ],
)  # fmt: skip
def test_un_flux_annuel_n_est_pas_date_comme_un_etat(phrase_du_modele, periode, attendue):
    definition = replace(indicateur(HLM), phrase=phrase_du_modele)
    assert attendue in lisible(phrase(definition, VILLE, c(3.6, periode=periode), []).texte)


def test_une_etendue_d_une_autre_date_commence_par_la_sienne():
    dites = [
        etendue(indicateur(HLM), mailles(*range(10, 16), niveau=niveau), datee=True).texte
        for niveau in ("iris", "commune")
    ]
    assert dites[0].startswith("En 2022, d'un IRIS d'habitat à l'autre, la part des")
    assert dites[1].startswith("En 2022, d'une commune à l'autre, la part des")
    caf_2020 = mailles(*range(10, 16), source="caf", periode="31 décembre 2020", millesime=2020)
    assert etendue(indicateur("part_isoles_caf"), caf_2020, datee=True).texte.startswith(
        "Fin 2020, d'un IRIS"
    )


@pytest.mark.parametrize(
    ("note", "dite"),
    [
        ("le fichier déposé ne contient pas la variable DISP_TP60", "le fichier déposé de 2022 ne donne pas ce chiffre"),
        ("territoire absent du fichier déposé", "territoire absent du fichier déposé de 2022"),
        ("seulement 83 IRIS sur 88 ont un chiffre dans les fichiers déposés",
         "seulement 83 IRIS sur 88 ont un chiffre dans les fichiers déposés de 2022"),
        ("aucun fichier déposé de « Filosofi » de 2016 ou avant ne porte ce niveau ou cette date",
         "aucun fichier déposé de « Filosofi » de 2016 ou avant ne porte ce niveau ou cette date"),
        ("secret statistique", "secret statistique"),
    ],
)  # fmt: skip
def test_une_absence_ne_nomme_pas_de_colonne_et_dit_l_annee_du_fichier(note, dite):
    assert raison_publique(c(NAN, statut=Statut.INDISPONIBLE, note=note)) == dite


def test_un_fichier_jamais_depose_le_dit():
    manque = c(NAN, statut=Statut.INDISPONIBLE, millesime=None, note="il manque le fichier « Filosofi »")
    assert raison_publique(manque) == "il manque le fichier « Filosofi » (aucune année n'en est déposée)"


def test_la_marge_accorde_le_point():
    for marge, dite in ((1.0, "± 1,0 point"), (1.96, "± 2,0 points"), (0.4, "± 0,4 point")):
        aide = lisible(cellule(indicateur(HLM), c(22.2, marge)).aide)
        assert aide.endswith(dite)
