"""Les fichiers reçus d'un partenaire : un bon fichier entre, un mauvais reçoit toutes ses fautes d'un coup."""

from __future__ import annotations

import datetime as dt
import io

import openpyxl
import pytest

from donnees_insee.base.base import lignes_recues
from donnees_insee.catalogue.modeles_recus import modele, modeles, themes
from donnees_insee.codes import normaliser
from donnees_insee.preparation.sources_recues import code_indicateur, code_valide, lire_date

ENTETE = "territoire;date;indicateur;numerateur;denominateur;producteur;diffusion;seuil"
BONNE = "34172;2024;allocataires_bas_revenus;120;900;Caf;publique;5"


def fichier(*lignes: str, entete: str = ENTETE) -> str:
    return "\n".join([entete, *lignes]) + "\n"


# -- modèles -----------------------------------------------------------------------------------


def test_il_y_a_plus_de_vingt_modeles_dans_les_sept_themes():
    assert len(modeles()) >= 20
    assert len(themes()) == 7


@pytest.mark.parametrize("code", modeles())
def test_chaque_modele_est_complet_et_se_depose(code, bureau):
    m = modele(code)
    assert m.definition.endswith(".")
    assert m.phrase.format(v="12 %").startswith("12 %")
    assert "convenir" in m.seuil_dit or str(m.seuil) in m.seuil_dit
    assert (m.unite == "%") <= bool(m.denominateur)
    bas = "900" if m.denominateur else ""
    ligne = f"34172;2024-12-31;{m.code};120;{bas};{m.producteur};{m.diffusion};{m.seuil}"
    assert bureau.deposer("recu.csv", fichier(ligne)).etat == "range"
    (lue,) = lignes_recues(bureau.base).to_dict("records")
    assert (lue["code"], lue["indicateur"], lue["NUMERATEUR"]) == ("34172", code, 120)


def test_un_modele_se_reconnait_a_son_libelle_et_un_libelle_proche_ne_suffit_pas():
    m = modele("domiciliations")
    assert code_indicateur(m.libelle.upper()) == "domiciliations"
    assert code_indicateur("Personnes domiciliées") == "local_personnes_domiciliees"


def test_deux_modeles_n_ont_pas_le_meme_nom():
    noms = [normaliser(m.libelle) for m in modeles().values()]
    assert len(noms) == len(set(noms))


# -- dates et codes ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("texte", "dite", "annee"),
    [
        ("2024", "année 2024", 2024),
        ("2024-12-31", "2024-12-31", 2024),
        ("31/12/2024", "2024-12-31", 2024),
        ("2024-12-31 00:00:00", "2024-12-31", 2024),
        ("2024-2025", "période 2024-2025", 2025),
        (" 2024/2025 ", "période 2024-2025", 2025),
    ],
)
def test_une_date_est_lue_sans_etre_devinee(texte, dite, annee):
    lue = lire_date(texte)
    assert (lue.texte, lue.annee) == (dite, annee)


@pytest.mark.parametrize(
    "texte", ["", "24", "décembre 2024", "2024-13-01", "2025-2024", "31/02/2024", "12/24", "20240101"]
)
def test_une_date_illisible_n_est_pas_une_date(texte):
    assert lire_date(texte) is None


@pytest.mark.parametrize(
    ("code", "bon"),
    [
        ("340010101", True), ("34172", True), ("2A004", True), ("243400017", True), ("QP034005", True),
        ("34", True), ("974", True), ("R76", True), ("METRO", True), ("1001", False), ("34172000", False),
        ("R7", False), ("Montpellier", False), ("", False),
    ],
)  # fmt: skip
def test_un_code_de_tout_niveau_est_admis(code, bon):
    assert code_valide(code) is bon


# -- dépôt -------------------------------------------------------------------------------------


def test_toutes_les_fautes_sont_dites_d_un_coup(bureau):
    raison = bureau.refus(
        "mauvais.csv",
        fichier(
            "4172;2024;allocataires_bas_revenus;12;900;Caf;publique;5",
            "34172;décembre;allocataires_bas_revenus;12;900;Caf;publique;5",
            "34173;2024;allocataire_bas_revenu;12;900;Caf;publique;5",
            "34174;2024;allocataires_bas_revenus;950;900;Caf;publique;5",
            "34175;2024;allocataires_bas_revenus;-3;900;Caf;publique;5",
            "34176;2024;allocataires_bas_revenus;3;0;Caf;publique;5",
            "34177;2024;allocataires_bas_revenus;3;10;Caf;publique;4,5",
            "34178;2024;allocataires_bas_revenus;3;10;Caf;;5",
            "34179;2024;allocataires_bas_revenus;3;10;;publique;5",
            "34180;2024-12-31;allocataires_bas_revenus;3;10;Caf;publique;5",
            "34180;31/12/2024;allocataires_bas_revenus;3;10;Caf;publique;5",
        ),
    )
    for mots in (
        "« 4172 » mal formé", "zéro initial", "« décembre »", "« allocataire_bas_revenu » n'est pas un modèle",
        "Vouliez-vous dire allocataires_bas_revenus", "numérateur plus grand", "34174 · allocataires_bas_revenus",
        "numérateur négatif", "dénominateur égal à zéro", "« 4,5 » ; on attend un nombre entier",
        "« interne » ou « publique »", "colonne PRODUCTEUR : vide", "en double sous deux écritures",
    ):  # fmt: skip
        assert mots in raison, mots


def test_une_colonne_absente_est_nommee_avec_les_autres_fautes(bureau):
    raison = bureau.refus(
        "court.csv",
        "territoire;indicateur;numerateur;denominateur\n34172;allocataires_bas_revenus;-1;9\n",
    )
    for mots in ("DATE absente", "PRODUCTEUR absente", "DIFFUSION absente", "numérateur négatif"):
        assert mots in raison


def test_des_lignes_sans_code_sont_une_faute(bureau):
    assert "1 ligne(s) remplies n'ont pas de code" in bureau.refus(
        "trou.csv", fichier(BONNE, ";2024;domiciliations;4;;CCAS;publique;5")
    )


def test_un_modele_a_moitie_rempli_entre_et_un_modele_vide_est_refuse(bureau):
    vide = "34173;;allocataires_bas_revenus;;;;publique;5"
    depot = bureau.deposer("moitie.csv", fichier(BONNE, vide))
    assert depot.lots[0].lignes == 1
    assert "1 ligne(s) du modèle laissées vides, mises de côté" in depot.lots[0].remarques
    assert "aucune ligne n'est remplie" in bureau.refus("vide.csv", fichier(vide))


def test_une_marque_de_secret_du_partenaire_est_gardee(bureau):
    bureau.deposer("marque.csv", fichier(BONNE, "34173;2024;allocataires_bas_revenus;s;;Caf;publique;5"))
    lues = lignes_recues(bureau.base).set_index("code")
    assert lues.loc["34173", "NUMERATEUR__statut"] == "s"
    assert lues["NUMERATEUR"].isna().tolist() == [False, True]


@pytest.mark.parametrize("encodage", ["utf-8-sig", "cp1252", "utf-8"])
def test_un_csv_enregistre_par_excel_est_lu(bureau, encodage):
    ligne = "34172;31/12/2024;allocataires_bas_revenus;1 200;9 000;Caf de l'Hérault;Publique;5;;"
    texte = fichier(ligne, entete=ENTETE + ";;").replace("\n", "\r\n")
    assert bureau.deposer("excel.csv", texte.encode(encodage)).etat == "range"
    (lue,) = lignes_recues(bureau.base).to_dict("records")
    assert (lue["PRODUCTEUR"], lue["DIFFUSION"], lue["NUMERATEUR"]) == ("Caf de l'Hérault", "publique", 1200)
    assert lue["date"] == "2024-12-31"


def test_un_classeur_rempli_est_lu_malgre_ses_nombres_et_ses_dates(bureau):
    livre = openpyxl.Workbook()
    livre.active.title = "Lisez-moi"
    livre.active.append(["Définition", "Un texte qui explique."])
    feuille = livre.create_sheet("Données")
    feuille.append(ENTETE.split(";"))
    feuille.append([34172, dt.date(2024, 12, 31), "domiciliations", 40, None, "CCAS", "interne", 5])
    feuille.append([34173, 2024, "domiciliations", 12, None, "CCAS", "interne", 5])
    tampon = io.BytesIO()
    livre.save(tampon)
    assert bureau.deposer("recu.xlsx", tampon.getvalue()).etat == "range"
    lues = lignes_recues(bureau.base)
    assert lues[["code", "date", "NUMERATEUR"]].to_numpy().tolist() == [
        ["34172", "2024-12-31", 40.0],
        ["34173", "année 2024", 12.0],
    ]


def test_un_indicateur_hors_modele_se_declare_dans_le_fichier(bureau):
    entete = ENTETE + ";libelle;theme;unite"
    ligne = "34172;2024;Titulaires du pass culture;30;200;Ville;publique;5;;sante_education;%"
    assert bureau.deposer("libre.csv", fichier(ligne, entete=entete)).etat == "range"
    assert lignes_recues(bureau.base)["indicateur"].tolist() == ["local_titulaires_du_pass_culture"]
    sans_theme = ligne.replace("sante_education", "culture").replace("34172", "34173")
    raison = bureau.refus("theme.csv", fichier(sans_theme, entete=entete))
    assert "« culture »" in raison
    assert "sante_education" in raison
    sans_seuil = ligne.replace(";5;;", ";;;").replace("34172", "34174")
    assert "dit son seuil de secret" in bureau.refus("seuil.csv", fichier(sans_seuil, entete=entete))


# -- relire ------------------------------------------------------------------------------------


def test_deux_fichiers_du_meme_territoire_ne_se_remplacent_pas(bureau):
    bureau.deposer("a.csv", fichier(BONNE))
    bureau.deposer("b.csv", fichier("34172;2024;domiciliations;40;;CCAS;interne;5"))
    lues = lignes_recues(bureau.base)
    assert sorted(lues["indicateur"]) == ["allocataires_bas_revenus", "domiciliations"]


def test_deux_fichiers_qui_se_repetent_prennent_la_diffusion_la_plus_stricte(bureau):
    bureau.deposer("a.csv", fichier(BONNE))
    assert bureau.deposer("c.csv", fichier(BONNE.replace("publique", "interne"))).etat == "range"
    (lue,) = lignes_recues(bureau.base).to_dict("records")
    assert lue["DIFFUSION"] == "interne"


def test_deux_fichiers_qui_ecrivent_la_date_autrement_ne_font_qu_une_ligne_a_la_diffusion_la_plus_stricte(
    bureau,
):
    bureau.deposer("a.csv", fichier(BONNE.replace("2024", "2024-12-31")))
    bureau.deposer("b.csv", fichier(BONNE.replace("2024", "31/12/2024").replace("publique;5", "interne;11")))
    (lue,) = lignes_recues(bureau.base).to_dict("records")
    assert (lue["DIFFUSION"], lue["SEUIL"]) == ("interne", 11)


def test_une_base_sans_source_locale_n_a_pas_de_ligne(bureau, recensement):
    bureau.deposer("base-ic-evol-struct-pop-2016.csv", recensement)
    assert lignes_recues(bureau.base).empty
