"""Les phrases : ce qu'un statut permet d'écrire, et ce qu'il interdit."""

import math
from dataclasses import replace

import pytest

from abs.calcul.table_longue import Chiffre, Diagnostic
from abs.indicateurs.indicateurs import indicateur
from abs.phrases.ecriture import decimales, ecrire, lieu
from abs.phrases.etendue import etendue
from abs.phrases.phrases import phrase
from abs.portrait.chapitres import chapitre_de_theme
from abs.portrait.portrait import composer
from abs.statuts import Fiabilite, Statut
from abs.territoires.demande import Demande
from abs.territoires.territoires import Territoire
from tests.abs.phrases.mots import mots_refuses

VILLE = Territoire("99001", "commune", "Arzance", composantes=("99001",))
EPCI = Territoire("999900001", "epci", "CA", role="epci", dans="dans l'intercommunalité")
HLM = indicateur("part_hlm")
MEDIANE = indicateur("niveau_vie_median")


def chiffre(valeur=22.2, **autres):
    base = Chiffre("99001", "commune", "part_hlm", "rp_logement", Statut.CALCULE, 2022, periode="recensement 2022",
                   valeur=valeur, marge=0.4, fiabilite=Fiabilite.BONNE)  # fmt: skip
    return replace(base, **autres)


def iris(rang, valeur, fiabilite=Fiabilite.BONNE, type_iris="H"):
    code = f"99001010{rang}"
    territoire = Territoire(code, "iris", f"Quartier {rang}", composantes=(code,), type_iris=type_iris)
    return territoire, chiffre(valeur, territoire=code, niveau="iris", fiabilite=fiabilite)


@pytest.mark.parametrize(
    ("nom", "attendu"),
    [
        ("Montpellier", "à Montpellier"),
        ("Le Havre", "au Havre"),
        ("Les Sables-d'Olonne", "aux Sables-d'Olonne"),
        ("La Rochelle", "à La Rochelle"),
        ("L'Haÿ-les-Roses", "à L'Haÿ-les-Roses"),
    ],
)
def test_le_lieu_suit_l_article_du_nom(nom, attendu):
    assert lieu(Territoire("1", "commune", nom)) == attendu


def test_le_lieu_d_un_departement_ne_suppose_pas_son_article():
    assert lieu(Territoire("34", "departement", "Hérault")) == "dans le département (Hérault)"


def test_la_phrase_cite_ses_chiffres_et_ce_qu_elle_en_affirme():
    dite = phrase(HLM, VILLE, chiffre(), [(EPCI, chiffre(18.1, territoire="999900001", niveau="epci"))])
    attendu = (
        "À Arzance, 22,2 % des résidences principales sont louées vides en HLM, d'après leurs occupants "
        "(recensement 2022), soit 4,1 points de plus que dans l'intercommunalité (18,1 %)."
    )
    assert dite.texte.replace("\u00a0", " ") == attendu
    assert len(dite.references) == 2
    assert [(a.de, a.a, a.verdict) for a in dite.affirmations] == [(*dite.references, "plus")]


def test_une_reference_d_une_autre_date_n_est_pas_ecrite():
    dite = phrase(HLM, VILLE, chiffre(), [(EPCI, chiffre(18.1, millesime=2016))])
    assert "intercommunalité" not in dite.texte


@pytest.mark.parametrize("statut", [Statut.SECRET, Statut.INDISPONIBLE, Statut.SANS_OBJET])
def test_un_chiffre_absent_ne_donne_pas_de_phrase(statut):
    assert phrase(HLM, VILLE, chiffre(statut=statut), []) is None


def test_un_chiffre_fragile_ne_donne_pas_de_phrase():
    assert phrase(HLM, VILLE, chiffre(fiabilite=Fiabilite.FRAGILE), []) is None


def test_un_chiffre_partiel_dit_sur_quoi_il_porte():
    dite = phrase(HLM, VILLE, chiffre(statut=Statut.PARTIEL, note="calculé sur 41 IRIS sur 42"), [])
    assert "d'après 41 IRIS sur 42" in dite.texte


def test_une_marge_de_plus_d_un_point_ote_la_decimale():
    assert decimales(HLM, chiffre(marge=0.4)) == 1
    assert decimales(HLM, chiffre(marge=1.4)) == 0


def test_un_taux_publie_arrondi_au_point_s_ecrit_sans_decimale():
    pauvrete = chiffre(
        20.0, indicateur="taux_pauvrete_60", source="filosofi", millesime=2021, marge=float("nan")
    )
    assert ecrire(indicateur("taux_pauvrete_60"), pauvrete).replace("\u00a0", " ") == "20 %"


def test_les_euros_s_ecrivent_a_la_dizaine():
    assert ecrire(MEDIANE, chiffre(17814.0)).replace("\u202f", " ").replace("\u00a0", " ") == "17 810 €"


def test_l_etendue_dit_ses_deux_bouts_et_sa_date():
    dite = etendue(HLM, [iris(i, 10.0 + i) for i in range(1, 7)])
    assert (
        "va de 11,0 % à 16,0 % (Quartier 6, fiabilité bonne), sur 6 IRIS (recensement 2022)"
        in dite.texte.replace("\u00a0", " ")
    )


def test_l_etendue_se_tait_si_un_chiffre_fragile_la_depasse():
    mailles = [iris(i, 10.0 + i) for i in range(1, 7)] + [iris(7, 2.0, Fiabilite.FRAGILE)]
    assert etendue(HLM, mailles) is None


def test_l_etendue_se_tait_s_il_manque_trop_de_mailles():
    sans = [(t, replace(c, statut=Statut.INDISPONIBLE)) for t, c in (iris(i, 1.0) for i in range(6, 9))]
    assert etendue(HLM, [iris(i, 10.0 + i) for i in range(1, 6)] + sans) is None


def test_un_iris_d_activite_ne_fait_pas_un_extreme():
    dite = etendue(HLM, [iris(i, 10.0 + i) for i in range(1, 7)] + [iris(8, 99.0, type_iris="A")])
    assert "99" not in dite.texte


def test_chaque_phrase_de_la_demonstration_tient_dans_le_diagnostic(base_demo):
    """Chaque nombre d'une phrase est celui d'une ligne qu'elle cite."""
    portrait = composer(base_demo, Demande("99001"))
    lignes = {}
    for c in portrait.diagnostic.chiffres:
        cle = (
            c.territoire,
            c.niveau,
            c.indicateur,
            c.definition,
            "" if c.millesime is None else str(c.millesime),
            c.source,
        )
        lignes["|".join(cle)] = c
    phrases = [p for chapitre in portrait.chapitres for p in chapitre.phrases]
    assert len(phrases) >= 25
    for dite in phrases:
        sujet = lignes[dite.references[0]]
        for reference in dite.references:
            cite = lignes[reference]
            definition = portrait.diagnostic.indicateurs[cite.indicateur]
            ecritures = {
                ecrire(definition, cite),
                ecrire(definition, cite, decimales(definition, sujet)),
            }
            assert any(e.split("\u00a0")[0] in dite.texte for e in ecritures), dite.texte


def test_une_commune_et_ses_iris_a_deux_dates_le_disent(diagnostic_demo):
    """La médiane de la ville est de 2021 ; si celles de ses IRIS sont de 2019, leur phrase commence par leur date."""
    code = "niveau_vie_median"
    chiffres = [
        replace(c, millesime=2019, periode="revenus 2019")
        if (c.indicateur, c.niveau) == (code, "iris")
        else c
        for c in diagnostic_demo.chiffres
    ]
    dates = diagnostic_demo.millesimes | {("mailles", code): 2019}
    deux_dates = Diagnostic(diagnostic_demo.demande, diagnostic_demo.ensembles, chiffres, [], dates)
    debuts = [
        [p.texte.split(",")[0] for p in chapitre_de_theme(d, "revenus").phrases if " va de " in p.texte]
        for d in (diagnostic_demo, deux_dates)
    ]
    assert debuts[0][0] == "D'un IRIS d'habitat à l'autre"
    assert debuts[1] == ["En 2019", *debuts[0][1:]]


def test_les_populations_restent_neutres(base_demo):
    portrait = composer(base_demo, Demande("99001"))
    interdits = ("faible", "fragile", "défavorisé", "problème", "souffre", "à cause", "grâce à", "entraîne")
    for chapitre in portrait.chapitres:
        for dite in chapitre.phrases:
            assert not [m for m in interdits if m in dite.texte.lower()], dite.texte
            assert mots_refuses(dite.texte) == [], dite.texte


@pytest.mark.parametrize(
    ("detail", "attendu"),
    [
        (26_020.0, "(revenus 2018 ; 26\u202f020\u00a0€ en 2021, année du détail par IRIS)"),
        (math.nan, "(revenus 2018 ; le détail par IRIS est de 2021)"),
        (None, "(revenus 2018)"),
    ],
)
def test_une_phrase_dit_la_date_de_son_detail_quand_elle_n_est_pas_la_sienne(detail, attendu):
    """Avant : le texte disait 24 170 € (2018), et la carte, sans un mot, 26 020 € (2021)."""
    sujet = Territoire("49020", "commune", "Beaucouzé", composantes=("49020",))

    def lu(valeur, annee):
        statut = Statut.INDISPONIBLE if math.isnan(valeur) else Statut.PUBLIE
        return Chiffre(
            territoire="49020", niveau="commune", indicateur="niveau_vie_median", millesime=annee, valeur=valeur,
            statut=statut, periode=f"revenus {annee}", source="filosofi", fiabilite=Fiabilite.BONNE,
        )  # fmt: skip

    a_part = None if detail is None else lu(detail, 2021)
    dite = phrase(indicateur("niveau_vie_median"), sujet, lu(24_170.0, 2018), [], a_part)
    assert attendu in dite.texte.replace("2018\u00a0;", "2018 ;")
