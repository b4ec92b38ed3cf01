"""Le carnet de comparaison intercommunale : ses paramètres, ses documents, ses liens, ses valeurs."""

import csv
import itertools
import json
import math
import re
from dataclasses import replace

import docx
import frictionless
import openpyxl
import pandas as pd
import pytest
from typer.testing import CliRunner

from abs.intercommunal.comparaison import diagnostic_de_la_comparaison
from abs.intercommunal.plan import plan
from abs.statuts import Fiabilite
from abs.territoires.demande import Demande
from carnets.ateliers.comparaison import ComparaisonOuverte
from carnets.commande.application import app
from carnets.documents.comparaison.cartes import assez_larges, partager_les_classes
from carnets.documents.comparaison.planche import _reference_a_sa_hauteur
from carnets.documents.comparaison.tableur import nombre_lu
from carnets.documents.csv_long import ecrire_lignes
from carnets.production_comparaison import produire_la_comparaison
from cartes.papier.legende import lignes_de_legende
from donnees_insee.erreurs import IndicateurInconnu, ParametreInvalide

EPCI = "999900001"


@pytest.fixture(scope="module")
def ecrite(base_demo, tmp_path_factory):
    """La comparaison du territoire fictif, carnet exécuté une fois."""
    parametres = {
        "territoire": EPCI,
        "formats": "html,docx,xlsx,csv",
        "dossier_donnees": str(base_demo.dossier),
    }
    return produire_la_comparaison(parametres, "", tmp_path_factory.mktemp("comparaison"))


@pytest.fixture(scope="module")
def page(ecrite):
    return (ecrite.dossier / "comparaison.html").read_text(encoding="utf-8")


@pytest.mark.carnet
def test_le_carnet_ecrit_ses_documents(ecrite):
    noms = {str(f.relative_to(ecrite.dossier)) for f in ecrite.fichiers}
    assert {
        "carnet.ipynb",
        "comparaison.html",
        "comparaison.docx",
        "comparaison.xlsx",
        "communes.csv",
        "communes.csvt",
        "datapackage.json",
        "diagnostic.csv",
        "preuve/diagnostic.parquet",
    } <= noms
    paquet = frictionless.Package(str(ecrite.dossier / "datapackage.json"))
    assert {r.path for r in paquet.resources} == {n for n in noms if n.endswith(".csv")}
    assert all(c.description for r in paquet.resources for c in r.schema.fields)
    assert paquet.validate().flatten(["type", "note"]) == []
    assert ecrite.dossier.name == "comparaison-ca-val-d-arzance-territoire-fictif-999900001-dernier"


@pytest.mark.carnet
def test_la_page_est_autonome_et_ses_liens_menent_quelque_part(page):
    ancres = set(re.findall(r'\bid="([^"]+)"', page))
    liens = set(re.findall(r'href="#([^"]+)"', page))
    assert liens <= ancres
    assert {"themes", "theme-revenus", "fiches"} <= ancres
    # L'atlas vit dans un cadre isolé, sa page entière est dans l'attribut srcdoc.
    hors_cadre = re.sub(r'srcdoc="[^"]*"', "", page)
    assert not re.findall(r'(?:src|href)="(?:https?:)?//', hors_cadre)
    assert "Territoire fictif" in page
    assert "{{" not in hors_cadre


@pytest.mark.carnet
def test_chaque_cellule_chiffree_de_la_page_a_sa_ligne_du_diagnostic(ecrite, page):
    table = pd.read_parquet(ecrite.dossier / "preuve" / "diagnostic.parquet")
    cles = ["territoire", "niveau", "indicateur", "definition", "millesime", "source"]
    connues = {
        "|".join("" if pd.isna(v) else str(v) for v in ligne)
        for ligne in table[cles].astype(object).itertuples(index=False)
    }
    debut, fin = page.index('id="themes"'), page.index('id="profils"')
    citees = set(re.findall(r'<td class="chiffre" data-reference="([^"]+)"', page[debut:fin]))
    assert len(citees) > 100
    assert {c.replace("&#39;", "'") for c in citees} <= connues


@pytest.mark.carnet
def test_le_classeur_garde_les_valeurs_et_les_mots_des_absences(ecrite):
    classeur = openpyxl.load_workbook(ecrite.dossier / "comparaison.xlsx")
    table = pd.read_parquet(ecrite.dossier / "preuve" / "diagnostic.parquet")
    feuille = classeur["Communes"]
    titres = [c.value for c in feuille[4]]
    codes = {ligne[1].value: ligne for ligne in feuille.iter_rows(min_row=6)}
    colonne = titres.index("Chômeurs au sens du recensement, en % des actifs de 15-64 ans")
    attendue = table.query("indicateur == 'taux_chomage_rp' and niveau == 'commune'").set_index("territoire")[
        "valeur"
    ]
    assert {c: codes[c][colonne].value for c in attendue.index} == pytest.approx(attendue.to_dict())
    pauvrete = titres.index("Sous le seuil de pauvreté, en % de la population")
    assert sum(ligne[pauvrete].value == "secret" for ligne in codes.values()) == 6
    assert not any(ligne[pauvrete].value == 0 for ligne in codes.values())
    fiches = classeur["Fiches"]
    assert fiches.tables["fiches"].autoFilter is not None
    assert {ligne[0].value for ligne in fiches.iter_rows(min_row=3)} >= {"Arzance-la-Ville", "L'Isle/Arzance"}
    assert classeur["Profils"].max_row > 5
    centre = {ligne[0].value: ligne for ligne in classeur["Ville-centre"].iter_rows()}
    assert (centre["Habitants"][1].value, centre["Habitants"][3].value) == (48_004, 61.3)
    assert (
        "Pas de réponse : communes de taille comparable que la base tient : 0"
        in classeur["Comparables"]["A2"].value
    )
    for nom in ("Profils", "Comparables", "Ville-centre", "QPV", "Fiches"):
        assert classeur[nom]["A1"].font.size == 15, nom


@pytest.mark.carnet
def test_la_preuve_dit_que_c_est_une_comparaison_et_se_refait(base_demo, ecrite):
    recu = json.loads((ecrite.dossier / "preuve" / "recu.json").read_text(encoding="utf-8"))
    assert (recu["document"], recu["indicateurs"]) == ("comparaison", [])
    ecrit = pd.read_parquet(ecrite.dossier / "preuve" / "diagnostic.parquet")
    refait = diagnostic_de_la_comparaison(base_demo, Demande(**recu["demande"])).table()
    pd.testing.assert_frame_equal(ecrit, refait, check_dtype=False)


@pytest.mark.carnet
def test_le_document_word_met_six_communes_par_page_et_ses_tableaux_au_classeur(ecrite):
    document = docx.Document(str(ecrite.dossier / "comparaison.docx"))
    noms = [
        p.text
        for t in document.tables
        for c in t._cells
        for p in c.paragraphs
        if p.style.name == "Sujet de fiche"
    ]
    assert noms[0] == "Arzance-la-Ville"
    assert len(set(noms)) == 10
    assert any("Rang possible" in c.text for t in document.tables for c in t.rows[0].cells)
    # Un tableau d'une ligne par commune et d'une colonne par indicateur n'est que dans le classeur.
    dits = "\n".join(p.text for p in document.paragraphs)
    assert "Les communes une par une : " not in dits
    assert "comparaison.xlsx" in dits
    assert not [p for p in document.paragraphs if p.text.startswith("* ") and p.style.name.startswith("List")]
    liens = [h for t in document.tables for h in t._tbl.iter() if h.tag.endswith("}hyperlink")]
    assert not liens


@pytest.mark.carnet
def test_les_lignes_se_relisent_dans_un_tableur(ecrite):
    texte = (ecrite.dossier / "communes.csv").read_text(encoding="utf-8-sig")
    lignes = list(csv.DictReader(texte.splitlines(), delimiter=";"))
    rangs = [(int(li["rang_premier"]), int(li["rang_dernier"])) for li in lignes if li["rang_premier"]]
    assert rangs
    assert all(1 <= premier <= dernier <= 10 for premier, dernier in rangs)
    # Une fourchette qui couvre toutes les places n'est pas un rang.
    assert not [
        li for li in lignes
        if li["rang_premier"] == "1" and li["rang_dernier"] == li["communes_rangees"] != "1"
    ]  # fmt: skip


def test_une_valeur_qui_ressemble_a_une_formule_reste_un_texte(tmp_path):
    chemin = ecrire_lignes([{"commune": "=1+1", "valeur": 2.5, "rang": None}], tmp_path / "l.csv")
    assert chemin.read_text(encoding="utf-8-sig").splitlines()[1] == '"\'=1+1";2,5;'


@pytest.fixture(scope="module")
def atelier(base_demo):
    return ComparaisonOuverte(territoire=EPCI, formats="xlsx", dossier_donnees=str(base_demo.dossier),
                                indicateurs="taux_chomage_rp,taux_chomage_femmes,part_hlm")  # fmt: skip


def test_une_famille_partage_ses_classes_et_le_dit(atelier):
    cartes = atelier.cartes
    assert list(cartes.cartes) == ["taux_chomage_rp", "taux_chomage_femmes", "part_hlm"]
    bornes = [c.discretisation.bornes for c in cartes.cartes.values()]
    assert bornes[0] == bornes[1] != bornes[2]
    assert any("Mêmes classes" in n and "chômage" in n for n in cartes.notes)
    assert any("réunion des contours de ses IRIS" in n for n in cartes.notes)


def test_sans_famille_partagee_aucune_carte_n_est_dite_autre(atelier):
    seules = {"part_hlm": atelier.cartes.cartes["part_hlm"]}
    assert partager_les_classes(seules)[1][-1].startswith("Les cartes ont chacune leurs classes")


def test_les_prestations_et_les_minima_ne_partagent_pas_leurs_classes():
    assert not [f for f in plan()["cartes"]["familles"] if "part_minima_sociaux" in f["indicateurs"]]


def test_une_reference_dans_une_classe_commune_est_a_sa_hauteur(atelier):
    carte = atelier.cartes.cartes["taux_chomage_femmes"]
    assert carte.discretisation.cotes is None
    lignes = [li for li in lignes_de_legende(carte) if li.genre in {"case", "reference"}]
    rangees = [li.genre for li in _reference_a_sa_hauteur(carte, lignes)]
    attendue = carte.discretisation.nombre - carte.discretisation.classe(carte.reference.valeur)
    assert rangees.index("reference") == attendue > 0


def test_les_classes_d_un_rapport_ne_sont_pas_plus_etroites_que_le_seuil(atelier):
    carte = atelier.cartes.cartes["part_hlm"]
    territoires = carte.territoires.copy()
    territoires["valeur"] = [2.8 + 0.05 * rang for rang in range(len(territoires))]
    territoires["marge"] = math.nan
    rapport = replace(carte, code="rapport_interdecile", nature="indice", unite="", decimales=1,
                      territoires=territoires, reference=replace(carte.reference, valeur=2.9), bornes=None)  # fmt: skip

    def etroites(c):
        limites = c.discretisation.bornes
        return [a for a, b in itertools.pairwise(limites) if round(b - a, 9) < 0.2]

    assert etroites(rapport)
    large = assez_larges(rapport)
    assert not etroites(large)
    assert 2.9 in large.discretisation.bornes


@pytest.mark.parametrize(
    ("texte", "attendu"),
    [
        ("48\u202f004", (48_004, "#,##0")),
        ("au moins 77,6\u00a0%", (77.6, '"au moins "#,##0.0"\u00a0%"')),
        ("secret", None),
        ("10,0\u00a0% à 15,3\u00a0%", None),
        ("99001", (99_001, "#,##0")),
    ],
)
def test_un_nombre_ecrit_se_relit(texte, attendu):
    assert nombre_lu(texte) == attendu
    assert nombre_lu("\u22123,0\u00a0points")[0] == -3.0


def test_une_famille_trop_etalee_garde_ses_classes_et_le_dit(atelier):
    """Deux cartes de même famille dont l'une n'occuperait qu'une ou deux classes ne partagent rien."""
    propres = atelier.cartes.cartes
    decalees = dict(propres)
    territoires = propres["taux_chomage_femmes"].territoires.copy()
    territoires["valeur"] = territoires["valeur"] / 100 + 60
    decalees["taux_chomage_femmes"] = replace(
        propres["taux_chomage_femmes"], territoires=territoires, bornes=None
    )
    decalees["taux_chomage_rp"] = replace(propres["taux_chomage_rp"], bornes=None)
    rendues, mots = partager_les_classes(decalees)
    assert rendues["taux_chomage_rp"].bornes is None
    assert any("Classes propres à chaque carte" in m for m in mots)


def test_la_planche_est_une_image_decrite(atelier):
    assert atelier.image.startswith(b"\x89PNG")
    fragment = atelier.petites_cartes()
    assert 'alt="Planche de 3 petites cartes' in fragment._repr_html_()
    fragiles = [
        c for c in atelier.comparaison.diagnostic.chiffres
        if c.indicateur == "part_hlm" and c.niveau == "commune" and c.fiabilite == Fiabilite.FRAGILE
    ]  # fmt: skip
    # Les noms de territoires passent par l'échappement : l'apostrophe et la barre n'y cassent rien.
    assert fragiles
    assert "L&#39;Isle/Arzance" in atelier.tableaux()._repr_html_()
    assert "*" in atelier.tableaux()._repr_html_()


@pytest.mark.parametrize(
    ("parametres", "message"),
    [
        ({"territoire": EPCI, "formats": "html,tif"}, "tif inconnu"),
        ({"territoire": EPCI, "couleur": "bleu"}, "n'est pas un paramètre du carnet"),
        ({"territoire": 999900001, "millesime": 16, "formats": "html"}, "quatre chiffres"),
    ],
)
def test_un_parametre_fautif_est_refuse_avant_tout_calcul(parametres, message):
    with pytest.raises(ParametreInvalide, match=message):
        ComparaisonOuverte(**parametres)


def test_un_indicateur_inconnu_est_refuse_avant_tout_calcul():
    with pytest.raises(IndicateurInconnu):
        ComparaisonOuverte(territoire=EPCI, indicateurs="part_des_chats")


def test_la_commande_annonce_ses_options():
    sortie = CliRunner().invoke(app, ["comparer", "--help"])
    assert sortie.exit_code == 0
    assert "--indicateurs" in sortie.output
    assert "intercommunalité" in sortie.output
