"""Les quartiers prioritaires de 2024 : génération montrée, date et méthode, correspondance avec 2015, données d'essai."""

from __future__ import annotations

import pytest

from abs.blocs.blocs import Note
from abs.calcul.dans_le_temps import suivre
from abs.calcul.diagnostic import Diagnostiqueur, diagnostiquer
from abs.evolutions.releve import relever
from abs.indicateurs.indicateurs import indicateur
from abs.portrait.chapitre_qpv import chapitre_qpv
from abs.portrait.document import DocumentDuPortrait
from abs.portrait.portrait import composer
from abs.territoires.correspondance_qpv import correspondance
from abs.territoires.demande import Demande
from abs.territoires.territoires import Territoires
from donnees_insee.base.base import Base
from donnees_insee.catalogue.catalogue import source
from donnees_insee.depot.depot import deposer
from donnees_insee.erreurs import ParametreInvalide

APPARTENANCE = (
    "CODGEO;LIBGEO;EPCI;LIBEPCI;DEP;REG\n34172;Montpellier;243400017;Métropole;34;76\n"
    "34057;Castelnau-le-Lez;243400017;Métropole;34;76\n"
)
# « Les Rives » touche Castelnau-le-Lez : une liste qui lui ajoute un quartier la redonne aussi.
LISTE = (
    "\ufeffcode_qp;lib_qp;insee_com;lib_com;siren_epci\r\n"
    'QN03401I;Les Lilas;"=""34172""";Montpellier;243400017\r\n'
    'QN03402M;Les Rives;"=""34172;34057""";"Montpellier; Castelnau-le-Lez";243400017\r\n'
    'QN03403N;Les Prés;"=""34172""";Montpellier;243400017\r\n'
)
DEMO_2020 = (
    "CODGEO;LIBGEO;LIB_COM;POP_MUN;POP_COM;POP_COM_QP;TX_TOT_0A24\n"
    "QP034001;Les Lilas;Montpellier;2000;270000;3000;40\nQP034002;Les Rives;Montpellier;1000;270000;3000;45\n"
)
DEMO_2024 = (
    "codeQPV;libQPV;listeDepCom;listeLibDepCom;popMuniQPV;indiceJeunesse;partPopEt;partMen1p;partMen6pp\n"
    "QN03401I;Les Lilas;34172;Montpellier;2100;1.5;20.1;40.2;5\n"
    "QN03402M;Les Rives;34172,34057;Montpellier, Castelnau-le-Lez;1500;1.9;25.3;35.0;6\n"
    "QN03403N;Les Prés;34172;Montpellier;1200;;;30.1;\n"
)
FILO_18 = (
    "CODGEO;LIBGEO;DISP_MED_A18;DISP_TP60_A18\nQP034001;Les Lilas;12000;48\nQP034002;Les Rives;13000;44\n"
)
FILO_21 = (
    "CODGEO;LIBGEO;DISP_MED_A21;DISP_TP60_A21\nQN03401I;Les Lilas;13500;45\nQN03402M;Les Rives;13900;41\n"
)
VILLE_2019 = (
    "CODGEO;LIBGEO;Q219;TP6019;RD19\n34172;Montpellier;18500;26;4,1\n34057;Castelnau-le-Lez;22500;14;3,5\n"
)
SDMX = "FILOSOFI_MEASURE;GEO;GEO_OBJECT;UNIT_MEASURE;CONF_STATUS;OBS_STATUS;UNIT_MULT;TIME_PERIOD;OBS_VALUE\n"
VILLE_2023 = SDMX + "MED_SL;34172;COM;EUR_YR;F;A;0;2023;21000\n"
CORRESPONDANCE = (
    "\ufeffQP2024 ;Label_QP2024;Statut ;QP2015_1;Label_QP2015_1;"
    "QP2015_2;Label_QP2015_2;QP2015_3;Label_QP2015_3\r\n"
)
INCHANGE = "QN03401I;Les Lilas;Inchangé;QP034001;Les Lilas;;;;\r\n"


class Ville:
    """Une base d'essai qu'on remplit fichier après fichier."""

    def __init__(self, dossier):
        self.dossier, self.base = dossier, Base(dossier / "base")

    def deposer(self, nom, texte, **options):
        fichier = self.dossier / nom
        fichier.write_bytes(texte.encode())
        (depot,) = deposer(self.base, [fichier], **options)
        return depot

    def corresponde(self, *lignes):
        depot = self.deposer("liste-correspondance-qp2024-qp2015.csv", CORRESPONDANCE + "".join(lignes))
        assert depot.etat == "range", depot.raison


@pytest.fixture
def ville(tmp_path):
    montee = Ville(tmp_path)
    for nom, texte in (
        ("appartenance_2022.csv", APPARTENANCE),
        ("listeqp2024.csv", LISTE),
        ("data_DEMO_2020_V1_QP.csv", DEMO_2020),
    ):
        depot = montee.deposer(nom, texte)
        assert depot.etat == "range", depot.raison
    return montee


@pytest.fixture
def chiffree(ville):
    assert ville.deposer("demographie_qpv.csv", DEMO_2024, millesime=2021).etat == "range"
    return ville


def codes(base, generation=None):
    annuaire = Territoires(base)
    return [t.code for t in annuaire.qpv_du(annuaire.trouver("34172"), generation)]


# -- la génération montrée -----------------------------------------------------------------------


def test_une_generation_nommee_sans_chiffre_ne_remplace_pas_celle_qui_en_a(ville):
    assert codes(ville.base) == ["QP034001", "QP034002"]
    assert codes(ville.base, 2024) == ["QN03401I", "QN03402M", "QN03403N"]
    chapitre = chapitre_qpv(diagnostiquer(ville.base, Demande("34172")))
    assert any("connaît 3 quartiers prioritaires de la génération 2024" in a for a in chapitre.avertissements)


def test_la_derniere_generation_chiffree_est_montree_et_l_autre_dite(chiffree):
    assert codes(chiffree.base) == ["QN03401I", "QN03402M", "QN03403N"]
    assert codes(chiffree.base, 2015) == ["QP034001", "QP034002"]
    chapitre = chapitre_qpv(diagnostiquer(chiffree.base, Demande("34172")))
    assert any(
        "quartiers prioritaires de 2015 : leurs périmètres ne sont pas" in a for a in chapitre.avertissements
    )
    noms = [e.texte for e in chapitre.tableaux[0].entetes]
    assert {"Les Lilas", "Les Rives", "Les Prés"} <= set(noms)


def test_un_quartier_a_cheval_se_compare_a_chacune_de_ses_communes(chiffree):
    portrait = composer(chiffree.base, Demande("QN03402M"))
    roles = [t.nom for t in portrait.diagnostic.ensembles.references if t.role == "commune_du_qpv"]
    assert sorted(roles) == ["Castelnau-le-Lez", "Montpellier"]
    assert any("s'étend sur Castelnau-le-Lez et Montpellier" in a for a in portrait.avertissements)


def test_un_quartier_sur_deux_intercommunalites_les_nomme_toutes_deux(chiffree):
    voisine = "CODGEO;LIBGEO;EPCI;LIBEPCI;DEP;REG\n34001;Albagnan;200066348;CC du Minervois;34;76\n"
    chiffree.deposer("appartenance_2022_suite.csv", voisine)
    suite = LISTE.splitlines()[2] + '\nQN03404M;Les Deux;"=""34057;34001""";"Castelnau-le-Lez; Albagnan";\n'
    suite = f"code_qp;lib_qp;insee_com;lib_com;siren_epci\n{suite}"
    assert chiffree.deposer("suite.csv", suite).etat == "range"
    ensembles = diagnostiquer(chiffree.base, Demande("QN03404M")).ensembles
    lieux = [t.dans for t in ensembles.references if t.role == "epci"]
    assert lieux == ["dans l'intercommunalité Métropole", "dans l'intercommunalité CC du Minervois"]
    assert ensembles.qpv_autour == ()


def test_les_communes_d_un_quartier_n_ont_pas_d_ordre(chiffree):
    ligne = 'QN03402M;Les Rives;"=""34057;34172""";"Castelnau-le-Lez; Montpellier";243400017\n'
    assert chiffree.deposer("autre.csv", LISTE.splitlines()[0] + "\n" + ligne).etat == "range"
    ailleurs = ligne.replace("34057;34172", "34057;34001")
    refus = chiffree.deposer("contraire.csv", LISTE.splitlines()[0] + "\n" + ailleurs)
    assert refus.etat == "refuse"
    assert "COM au code QN03402M" in refus.raison


def test_un_tableau_de_2015_ne_dit_pas_un_quartier_de_2024_absent(chiffree):
    chiffre = diagnostiquer(chiffree.base, Demande("QN03401I")).chiffre
    jeunes = chiffre(Territoires(chiffree.base).trouver("QN03401I"), "part_moins_25_ans", "qpv")
    assert not jeunes.a_une_valeur
    assert "quartiers prioritaires d'une autre génération" in jeunes.note


# -- la même date et la même méthode -------------------------------------------------------------


def test_une_ville_tenue_a_une_autre_date_est_nc_avec_sa_raison(chiffree):
    chiffree.deposer("data_filo21_qp_revdis.csv", FILO_21)
    assert chiffree.deposer("FILO2019_DISP_COM.csv", VILLE_2019).etat == "range"
    chapitre = chapitre_qpv(diagnostiquer(chiffree.base, Demande("34172")))
    (tableau,) = chapitre.tableaux
    rang = [e.texte for e in tableau.entetes].index("Montpellier")
    mediane = next(li for li in tableau.lignes if li[0].texte.startswith("Niveau de vie médian"))
    assert mediane[rang].texte == "nc"
    assert "une autre date (revenus 2019)" in mediane[rang].aide
    notes = " ".join(chapitre.lectures).replace("\u00a0", " ")
    assert "« revenus 2021 » dans les quartiers, « revenus 2019 » pour Montpellier" in notes


def test_une_ville_lue_par_une_autre_methode_est_nc_avec_sa_raison(chiffree):
    chiffree.deposer("data_filo21_qp_revdis.csv", FILO_21)
    assert chiffree.deposer("DS_FILOSOFI_CC_2023_data.csv", VILLE_2023).etat == "range"
    diagnostic = diagnostiquer(chiffree.base, Demande("34172"))
    assert diagnostic.ailleurs["34172", "niveau_vie_median"] == "revenus 2023, méthode nouvelle"
    (tableau,) = chapitre_qpv(diagnostic).tableaux
    rang = [e.texte for e in tableau.entetes].index("Montpellier")
    mediane = next(li for li in tableau.lignes if li[0].texte.startswith("Niveau de vie médian"))
    assert mediane[rang].texte == "nc"
    assert "une autre date (revenus 2023, méthode nouvelle)" in mediane[rang].aide


def test_filosofi_2019_et_2023_ne_font_ni_serie_ni_evolution(chiffree):
    assert chiffree.deposer("FILO2019_DISP_COM.csv", VILLE_2019).etat == "range"
    assert chiffree.deposer("DS_FILOSOFI_CC_2023_data.csv", VILLE_2023).etat == "range"
    ville, mediane = Territoires(chiffree.base).trouver("34172"), indicateur("niveau_vie_median")
    calculateur = Diagnostiqueur(chiffree.base, Demande("34172")).calculateur
    assert [suivre(calculateur, mediane, source(s), ville) for s in ("filosofi", "filosofi_2")] == [
        None,
        None,
    ]
    with pytest.raises(ParametreInvalide, match="autre méthode"):
        relever(chiffree.base, "34172", 2019, 2023, ["niveau_vie_median"])


# -- la correspondance avec 2015 -----------------------------------------------------------------


@pytest.mark.parametrize(
    ("code", "lignes", "raison"),
    [
        ("QN03401I", (), "rien ne dit de quel quartier de 2015"),
        ("QN03402M", (), "est modifié (lettre M)"),
        ("QN03403N", ("QN03403N;Les Prés;Nouveau;;;;;;\r\n",), "est nouveau (lettre N)"),
        ("QN03401I", ("QN03401I;L;Modifié;QP034001;L;;;;\r\n",), "la correspondance le dit « Modifié »"),
        ("QN03401I", ("QN03401I;L;Inchangé;QP034001;L;QP034002;R;;\r\n",), "2 ancêtre(s) au lieu d'un seul"),
        ("QN03401I", ("QN03401I;L;Inchangé;;;;;;\r\n",), "0 ancêtre(s)"),
        ("QN03401I", ("QN03401I;L;Presque;QP034001;L;;;;\r\n",), "le statut « Presque »"),
        ("QN03401I", ("QN03401I;L;Inchangé;34001;L;;;;\r\n",), "« 34001 », n'est pas un code"),
        ("QN03401I", (INCHANGE, "QN03402M;R;Modifié;QP034001;L;;;;\r\n"), "est aussi celui de QN03402M"),
        ("QN97651C", ("QN97651C;K;;QP976001;K;;;;\r\n",), "est non dit (lettre C)"),
        ("QP034009", (INCHANGE,), "Aucune correspondance tenue ne dit ce que QP034009 est devenu"),
    ],
)
def test_un_perimetre_n_est_identique_que_si_tout_le_dit(ville, code, lignes, raison):
    if lignes:
        ville.corresponde(*lignes)
    lue = correspondance(ville.base, code)
    assert raison in lue.raison
    assert lue.codes == (code,)


@pytest.mark.parametrize(
    ("code", "ligne", "attendus"),
    [
        ("QN03401I", INCHANGE, ("QN03401I", "QP034001")),
        ("QP034001", INCHANGE, ("QN03401I", "QP034001")),
        ("QN97651C", "QN97651C;K;Inchangé;QP976001;K;;;;\r\n", ("QN97651C", "QP976001")),
    ],
)
def test_la_lettre_ou_le_statut_dit_le_perimetre_identique(ville, code, ligne, attendus):
    ville.corresponde(ligne)
    lue = correspondance(ville.base, code)
    assert lue.codes == attendus
    assert "seul ancêtre" in lue.phrase()


def test_une_serie_n_est_enchainee_que_sur_un_perimetre_identique(chiffree):
    chiffree.corresponde(INCHANGE, "QN03402M;Les Rives;Modifié;QP034002;Les Rives;;;;\r\n")
    # L'édition 2020 porte la population de 2013 : c'est à cette date, et non à l'édition, que la série se lit.
    releve = relever(chiffree.base, "QN03401I", 2013, 2021)
    (ligne,) = releve.totaux["population"]
    assert (ligne.avant.valeur, ligne.apres.valeur, ligne.ecart) == (2000, 2100, 100)
    assert (ligne.codes_de, ligne.codes_a) == (("QP034001",), ("QN03401I",))
    assert "a le périmètre de Les Lilas (QP034001)" in releve.geographie[0]
    with pytest.raises(ParametreInvalide, match="est modifié") as refus:
        relever(chiffree.base, "QN03402M", 2013, 2021)
    assert "ancêtre : Les Rives (QP034002)" in str(refus.value)
    assert "population : données de 2021" in str(refus.value)


def test_la_date_des_donnees_et_les_regles_de_leur_source_gardent_la_serie(chiffree):
    chiffree.corresponde(INCHANGE)
    with pytest.raises(ParametreInvalide, match="QN03401I"):
        relever(chiffree.base, "QN03401I", 2020, 2021)
    for nom, texte in (("data_filo18_qp_revdis.csv", FILO_18), ("data_filo21_qp_revdis.csv", FILO_21)):
        chiffree.deposer(nom, texte)
    (taux,) = relever(chiffree.base, "QN03401I", 2018, 2021, ["taux_pauvrete_60"]).totaux["taux_pauvrete_60"]
    assert taux.ecart == pytest.approx(-3)
    # Filosofi compte tous les ménages : l'écart est jugé au seuil pratique, comme pour une commune.
    assert taux.verdict == "notable"
    chiffree.deposer("data_filo17_qp_revdis.csv", FILO_18.replace("A18", "A17"))
    with pytest.raises(ParametreInvalide, match="réduction de loyer de solidarité"):
        relever(chiffree.base, "QN03401I", 2017, 2021, ["taux_pauvrete_60"])


def test_le_portrait_d_un_quartier_dit_d_ou_il_vient(chiffree):
    chiffree.corresponde(INCHANGE)
    assert any("a le périmètre de" in a for a in composer(chiffree.base, Demande("QN03401I")).avertissements)


# -- données d'essai -----------------------------------------------------------------------------


def bandeaux(base, territoire):
    blocs = DocumentDuPortrait(composer(base, Demande(territoire))).titre("aujourd'hui")
    return [b.texte for b in blocs if isinstance(b, Note) and b.fort == "Données d'essai."]


def test_un_fichier_d_essai_met_un_bandeau_aux_seuls_portraits_qui_le_lisent(ville):
    depot = ville.deposer("demographie_qpv.csv", DEMO_2024, millesime=2021, essai=True)
    assert depot.lots[0].remarques[0] == "données d'essai"
    (texte,) = bandeaux(ville.base, "34172")
    assert "demographie_qpv.csv" in texte
    assert bandeaux(ville.base, "QP034001") == []


def test_un_fichier_deja_tenu_ne_devient_pas_d_essai_en_silence(chiffree):
    depot = chiffree.deposer("demographie_qpv.csv", DEMO_2024, millesime=2021, essai=True)
    assert depot.etat == "refuse"
    assert "a déjà été déposé sans --essai" in depot.raison
    assert bandeaux(chiffree.base, "34172") == []
