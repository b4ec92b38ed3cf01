"""Les sources locales dans le diagnostic et le portrait : montrées, masquées ou absentes selon la diffusion."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import pytest

from abs.calcul.composantes import emboitements
from abs.calcul.diagnostic import diagnostiquer
from abs.calcul.sources_recues import INTERNE, SUFFIXE_SOURCE, est_interne, est_locale, periode_ecrite
from abs.calcul.table_longue import COLONNES, Diagnostic
from abs.indicateurs.indicateurs import THEMES, indicateurs
from abs.portrait.chapitres_locaux import manques_du_theme
from abs.portrait.portrait import Portrait, composer, etat
from abs.territoires.demande import Demande
from abs.territoires.territoires import Territoires
from donnees_insee.base.base import Base
from donnees_insee.catalogue.modeles_recus import modeles, themes
from donnees_insee.demo import extraire_demo
from donnees_insee.depot.depot import deposer

if TYPE_CHECKING:
    from collections.abc import Callable

    from abs.calcul.table_longue import Chiffre

ENTETE = "territoire;date;indicateur;numerateur;denominateur;producteur;diffusion;seuil;libelle;theme;unite\n"
GEOGRAPHIE = ("EPCI_2024.csv", "iris_2024.csv", "t-popref-com.csv", "base-ic-evol-struct-pop-2022_csv.zip")


@pytest.fixture(scope="module")
def publics(base_demo: Base) -> Portrait:
    return composer(base_demo, Demande("99001"))


@pytest.fixture(scope="module")
def internes(base_demo: Base) -> Portrait:
    return composer(base_demo, Demande("99001", diffusion="interne"))


@pytest.fixture(scope="module")
def interne(internes: Portrait) -> Diagnostic:
    return internes.diagnostic


@pytest.fixture
def avec(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Diagnostic]:
    """Déposer un fichier reçu dans une petite base, et diagnostiquer."""

    def monter(*lignes: str, **demande: object) -> Diagnostic:
        dossier = tmp_path_factory.mktemp("recus")
        bruts = extraire_demo(dossier / "bruts")
        gardes = [f for f in bruts.iterdir() if f.name.startswith(GEOGRAPHIE)]
        assert len(gardes) >= 3
        recu = dossier / "recu.csv"
        recu.write_text(ENTETE + "\n".join(lignes) + "\n", encoding="utf-8")
        base = Base(dossier / "base")
        refus = [d.raison for d in deposer(base, [*gardes, recu]) if d.etat == "refuse"]
        assert not refus, refus
        return diagnostiquer(base, Demande("99001", **demande))  # type: ignore[arg-type]

    return monter


def locaux(diagnostic: Diagnostic) -> dict[tuple[str, str], Chiffre]:
    return {(c.territoire, c.indicateur): c for c in diagnostic.chiffres if est_locale(c)}


# -- modèles et portrait -----------------------------------------------------------------------


def test_les_themes_des_modeles_sont_ceux_du_portrait() -> None:
    assert set(themes()) == set(THEMES)


def test_aucun_modele_ne_prend_le_nom_d_un_indicateur_du_portrait() -> None:
    assert not set(modeles()) & set(indicateurs())


def test_chaque_theme_dit_quoi_demander_et_a_qui() -> None:
    for theme in THEMES:
        mots = " ".join(manques_du_theme(theme, [], set()))
        assert all(f"(modèle {m.code})" in mots for m in modeles().values() if m.theme == theme)
        publics = " ".join(manques_du_theme(theme, [], set(), codes=False))
        assert all(m.libelle in publics for m in modeles().values() if m.theme == theme)
        assert "modèle" not in publics
        assert "_" not in publics, "un document public ne montre pas de code"
    assert "modèle retard_3e" not in " ".join(manques_du_theme("sante_education", [], {"retard_3e"}))


def test_l_etat_ne_redemande_pas_ce_qui_est_recu(base_demo: Base) -> None:
    demandes = " ".join(etat(base_demo, Demande("99001")).a_demander)
    assert "(modèle retard_3e)" in demandes
    assert "(modèle retard_entree_6e)" not in demandes
    assert "(modèle jeunes_sans_emploi_ni_formation)" in demandes, "reçu, mais interne"


# -- diagnostic --------------------------------------------------------------------------------


def test_une_ligne_recue_devient_une_ligne_du_contrat(diagnostic_demo: Diagnostic) -> None:
    table = diagnostic_demo.table()
    assert tuple(table.columns) == COLONNES
    lignes = table[table["indicateur"] == "retard_entree_6e"].set_index("territoire")
    assert set(lignes.index) == {"99001", "999900001"}
    ligne = lignes.loc["99001"]
    assert ligne["source"] == "Rectorat (donnée fictive)" + SUFFIXE_SOURCE
    assert (ligne["statut"], ligne["periode"], ligne["millesime"]) == ("calcule", "période 2024-2025", 2025)
    assert ligne["valeur"] == pytest.approx(100 * ligne["numerateur"] / ligne["denominateur"])


def test_la_version_publique_n_a_aucune_ligne_interne(
    diagnostic_demo: Diagnostic, interne: Diagnostic
) -> None:
    publics, tous = locaux(diagnostic_demo), locaux(interne)
    assert not [c for c in publics.values() if est_interne(c)]
    reserves = {cle for cle, c in tous.items() if est_interne(c)}
    assert len(reserves) == 7
    assert not reserves & set(publics)
    assert set(publics) == set(tous) - reserves
    assert "jeunes_sans_emploi_ni_formation" not in diagnostic_demo.indicateurs
    assert diagnostic_demo.locales.reserves == {"emploi": 1, "revenus": 1}


def test_la_cellule_sous_le_seuil_et_celle_qui_la_protege_sont_masquees_sans_se_distinguer(
    diagnostic_demo: Diagnostic, interne: Diagnostic
) -> None:
    publics, tous = locaux(diagnostic_demo), locaux(interne)
    secrets = {cle[0]: c for cle, c in publics.items() if c.statut == "secret"}
    assert set(secrets) == {"990010404", "990010601"}
    assert len({c.note for c in secrets.values()}) == 1
    for c in secrets.values():
        assert all(math.isnan(v) for v in (c.valeur, c.numerateur, c.denominateur))
    montre = tous["990010404", "allocataires_bas_revenus"]
    assert montre.a_une_valeur
    assert "masqué dans la version publique" in montre.note


def test_une_source_locale_obeit_au_dernier_millesime_admis(base_demo: Base) -> None:
    assert not locaux(diagnostiquer(base_demo, Demande("99001", 2022)))


def test_la_date_la_plus_recente_du_sujet_est_lue_pour_tous(avec: Callable[..., Diagnostic]) -> None:
    diagnostic = avec(
        "99001;2023;domiciliations;50;;CCAS;publique;5;;;",
        "99001;2024;domiciliations;60;;CCAS;publique;5;;;",
        "999900001;2025;domiciliations;90;;CCAS;publique;5;;;",
        "999900001;2024;domiciliations;80;;Autre;publique;5;;;",
    )
    lus = locaux(diagnostic)
    assert {cle: c.valeur for cle, c in lus.items()} == {("99001", "domiciliations"): 60}


def test_un_indicateur_declare_par_le_fichier_entre_dans_son_theme(avec: Callable[..., Diagnostic]) -> None:
    diagnostic = avec("99001;2024;Titulaires du pass culture;30;200;Ville;publique;5;;sante_education;")
    ((cle, chiffre),) = locaux(diagnostic).items()
    assert cle == ("99001", "local_titulaires_du_pass_culture")
    assert (chiffre.valeur, chiffre.statut) == (15, "calcule")
    definition = diagnostic.indicateurs[cle[1]]
    assert (definition.theme, definition.unite) == ("sante_education", "%")


def test_une_marque_et_un_compte_absent_ne_deviennent_pas_zero(avec: Callable[..., Diagnostic]) -> None:
    diagnostic = avec(
        "99001;2024;domiciliations;s;;CCAS;publique;5;;;",
        "99001;2024;retard_3e;12;;Rectorat;publique;5;;;",
    )
    lus = locaux(diagnostic)
    assert lus["99001", "domiciliations"].statut == "secret"
    absent = lus["99001", "retard_3e"]
    assert (absent.statut, absent.note) == ("indisponible", "dénominateur non transmis")


def test_la_region_s_ecrit_avec_un_r(avec: Callable[..., Diagnostic]) -> None:
    lignes = [
        f"{c};2024;retard_3e;{n};{10 * n};Rectorat;publique;5;;;" for c, n in (("99001", 40), ("R98", 99))
    ]
    regions = [c for c in locaux(avec(*lignes)).values() if c.niveau == "region"]
    assert [c.territoire for c in regions] == ["98"]


@pytest.mark.parametrize(
    ("texte", "dite"),
    [
        ("2024-12-31", "31 décembre 2024"),
        ("2024-03-01", "1 mars 2024"),
        ("période 2024-2025", "période 2024-2025"),
    ],
)
def test_la_date_est_ecrite_comme_on_la_lit(texte: str, dite: str) -> None:
    assert periode_ecrite(texte) == dite


# -- emboîtements ------------------------------------------------------------------------------


def test_les_emboitements_prennent_les_plus_grands_morceaux_recus(base_demo: Base) -> None:
    geographie = Territoires(base_demo).geographie
    recus = {"99", "999900001", "999900002", "99001", "99002", "990010301", "990010302", "990020101"}
    liens = {e.contenant: set(e.contenus) for e in emboitements(recus, geographie)}
    assert liens["99"] == {"999900001", "999900002"}
    assert liens["999900001"] == {"99001", "99002"}
    assert liens["99001"] == {"990010301", "990010302"}
    sans = {e.contenant: set(e.contenus) for e in emboitements(recus - {"99001", "999900001"}, geographie)}
    assert sans["99"] == {"999900002", "99002", "990010301", "990010302"}


def test_un_qpv_d_une_seule_commune_y_est_rattache(base_demo: Base) -> None:
    geographie = Territoires(base_demo).geographie
    liens = emboitements({"99001", "QP099001", "QP099003"}, geographie)
    assert [(e.contenant, e.contenus, e.partition) for e in liens] == [("99001", ("QP099001",), False)]


# -- portrait ----------------------------------------------------------------------------------


def test_le_chapitre_porte_phrase_tableaux_et_reserve(publics: Portrait) -> None:
    revenus = publics.chapitre("revenus")
    assert revenus is not None
    assert any("[source : Caf (donnée fictive)]." in p.texte for p in revenus.phrases)
    codes = [t.code for t in revenus.tableaux]
    assert {"locales-revenus", "mailles-locales-revenus"} <= set(codes)
    table = next(t for t in revenus.tableaux if t.code == "mailles-locales-revenus")
    assert [c.texte for ligne in table.lignes for c in ligne].count("secret") == 2
    assert len(revenus.reserves) == 1
    assert publics.chapitre("logement").reserves == ()  # type: ignore[union-attr]


def test_une_reference_n_est_comparee_que_du_meme_producteur_a_la_meme_date(publics: Portrait) -> None:
    ecole = publics.chapitre("familles")
    assert ecole is not None
    table = next(t for t in ecole.tableaux if t.code == "locales-familles")
    assert [c.texte for c in table.entetes][1:3] == [
        "Arzance-la-Ville",
        "CA Val-d'Arzance (territoire fictif)",
    ]
    assert len(table.entetes) == 4


def test_la_version_interne_marque_chaque_chiffre_interne(internes: Portrait) -> None:
    emploi = internes.chapitre("emploi")
    assert emploi is not None
    assert any(f"; {INTERNE}]." in p.texte for p in emploi.phrases)
    table = next(t for t in emploi.tableaux if t.code == "locales-emploi")
    assert [c.detail for c in table.lignes[0][1:3]] == [INTERNE, INTERNE]
    assert any(n.startswith(INTERNE) for n in table.notes)
    mailles = next(t for t in internes.chapitre("revenus").tableaux if t.code == "mailles-locales-revenus")  # type: ignore[union-attr]
    details = [c.detail for ligne in mailles.lignes for c in ligne]
    assert details.count("masqué dans la version publique") == 2
    assert emploi.reserves == ()


def test_les_sources_locales_sont_nommees_sans_leur_fichier(publics: Portrait) -> None:
    recues = {s.producteur: s for s in publics.sources if s.titre.startswith("Source locale")}
    assert set(recues) == {f"{p} (donnée fictive)" for p in ("CCAS", "Caf", "Rectorat")}
    assert {s.fichiers for s in recues.values()} == {"fichier reçu"}
