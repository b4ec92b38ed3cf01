"""Le classeur : ses formules se recalculent, ses statuts se lisent, ses textes ne s'exécutent pas."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import zipfile
from dataclasses import replace
from typing import TYPE_CHECKING

import openpyxl
import pikepdf
import pytest
from openpyxl.utils import range_boundaries

from abs.calcul.diagnostic import COLONNES, Diagnostic, diagnostiquer
from abs.graphiques.graphiques import graphiques_du_theme
from abs.indicateurs.indicateurs import THEMES, indicateurs
from abs.phrases.ecriture import decimales
from abs.statuts import SANS_VALEUR
from abs.territoires.demande import Demande
from carnets.documents.diapos.natif import natif
from carnets.documents.tableur.definitions import definitions, groupes
from carnets.documents.tableur.styles import MOTS_DES_STATUTS, hauteur, nom_de_feuille
from carnets.documents.tableur.tableur import COMPARAISON, LISEZ_MOI, ecrire_xlsx
from carnets.documents.tableur.themes import PREMIERE
from donnees_insee.demo import COMMUNE_DEMO
from donnees_insee.erreurs import SortieImpossible

if TYPE_CHECKING:
    from pathlib import Path

    from openpyxl.workbook import Workbook
    from openpyxl.worksheet.worksheet import Worksheet

    from donnees_insee.base.base import Base

ERREURS = ("#REF!", "#DIV/0!", "#VALUE!", "#NAME?", "#N/A", "#NUM!", "Err:")
PIEGES = ("=1+1", "<script>alert(1)</script>", "@SOMME(A1)", "+33", "-1")


@pytest.fixture(scope="session")
def diagnostic(base_demo: Base) -> Diagnostic:
    return diagnostiquer(base_demo, Demande(COMMUNE_DEMO))


@pytest.fixture(scope="session")
def classeur(diagnostic: Diagnostic, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return ecrire_xlsx(diagnostic, tmp_path_factory.mktemp("xlsx") / "tableaux.xlsx")


@pytest.fixture(scope="session")
def formules(classeur: Path) -> Workbook:
    return openpyxl.load_workbook(classeur)


@pytest.fixture(scope="session")
def valeurs(classeur: Path) -> Workbook:
    """Le classeur tel qu'un lecteur le montre sans recalculer : les valeurs mémorisées."""
    return openpyxl.load_workbook(classeur, data_only=True)


@pytest.fixture(scope="session")
def recalcule(classeur: Path, tmp_path_factory: pytest.TempPathFactory) -> Workbook:
    """Classeur dont les valeurs mémorisées sont ôtées, puis recalculées par LibreOffice."""
    soffice = shutil.which("soffice")
    if soffice is None:
        if os.environ.get("ABS_EXIGER_BUREAUTIQUE") == "1":
            pytest.fail("LibreOffice (soffice) est exigé par ABS_EXIGER_BUREAUTIQUE=1 et n'est pas installé")
        pytest.skip("LibreOffice (soffice) n'est pas installé : les formules ne peuvent pas être recalculées")
    dossier = tmp_path_factory.mktemp("recalcul")
    nu = openpyxl.load_workbook(classeur)
    for feuille in nu:
        feuille.legacy_drawing = None
    nu.save(dossier / "nu.xlsx")
    profil = f"-env:UserInstallation={(dossier / 'profil').as_uri()}"
    commande = [
        soffice,
        profil,
        "--headless",
        "--convert-to",
        "xlsx",
        "--outdir",
        str(dossier / "sortie"),
        str(dossier / "nu.xlsx"),
    ]
    subprocess.run(commande, check=True, capture_output=True, timeout=180)
    return openpyxl.load_workbook(dossier / "sortie" / "nu.xlsx", data_only=True)


def _places(feuille: Worksheet, theme: str) -> dict[str, int]:
    """Colonne de la valeur de chaque indicateur d'un thème, lue sur les en-têtes."""
    debuts = {c.value: c.column for c in feuille[3] if c.value}
    fins = {}
    for code, indicateur in indicateurs().items():
        if indicateur.theme != theme:
            continue
        colonne = debuts[indicateur.libelle]
        fins[code] = colonne if feuille.cell(PREMIERE, colonne).value == "Valeur" else colonne + 2
        assert feuille.cell(PREMIERE, fins[code]).value == "Valeur"
    return fins


def _lignes(diagnostic: Diagnostic) -> list[tuple[str, object]]:
    return [(g.cle, t) for g in groupes(diagnostic) for t in g.territoires]


def _confronter(diagnostic: Diagnostic, livre: Workbook) -> tuple[int, int]:
    """Comparer chaque valeur des feuilles de thème au diagnostic ; compter valeurs et absences."""
    valeurs = absences = 0
    for theme, libelle in THEMES.items():
        feuille = livre[nom_de_feuille(theme, libelle)]
        places = _places(feuille, theme)
        for ligne, (cle, territoire) in enumerate(_lignes(diagnostic), start=PREMIERE + 1):
            assert feuille.cell(ligne, 3).value == territoire.nom
            for code, colonne in places.items():
                chiffre = diagnostic.chiffre(territoire, code, cle)
                lu = feuille.cell(ligne, colonne).value
                if chiffre is None:
                    assert lu == "–"
                elif chiffre.a_une_valeur:
                    assert lu == pytest.approx(chiffre.valeur, rel=1e-12), (code, territoire.code)
                    valeurs += 1
                else:
                    assert lu == MOTS_DES_STATUTS[chiffre.statut]
                    absences += 1
    return valeurs, absences


def test_valeurs_memorisees_egales_au_diagnostic(diagnostic: Diagnostic, valeurs: Workbook) -> None:
    lues, absences = _confronter(diagnostic, valeurs)
    assert lues > 2500
    assert absences > 400


def test_taux_sont_des_formules_vivantes(diagnostic: Diagnostic, formules: Workbook) -> None:
    feuille = formules["Logement"]
    colonne = _places(feuille, "logement")["part_hlm"]
    chiffre = diagnostic.chiffre(diagnostic.ensembles.sujet, "part_hlm")
    haut, bas, taux = (feuille.cell(PREMIERE + 1, colonne - r) for r in (2, 1, 0))
    assert (haut.value, bas.value) == (chiffre.numerateur, chiffre.denominateur)
    assert taux.value == f'=IF({bas.coordinate}=0,"",100*{haut.coordinate}/{bas.coordinate})'


@pytest.mark.bureautique
def test_libreoffice_recalcule_les_memes_valeurs(diagnostic: Diagnostic, recalcule: Workbook) -> None:
    valeurs, absences = _confronter(diagnostic, recalcule)
    assert valeurs > 2500
    assert absences > 400


@pytest.mark.bureautique
def test_libreoffice_ne_trouve_aucune_erreur(recalcule: Workbook) -> None:
    fautes = [
        (feuille.title, c.coordinate, c.value)
        for feuille in recalcule
        for ligne in feuille.iter_rows()
        for c in ligne
        if isinstance(c.value, str) and c.value.startswith(ERREURS)
    ]
    assert fautes == []


@pytest.mark.bureautique
def test_comparaison_suit_les_feuilles_de_theme(diagnostic: Diagnostic, recalcule: Workbook) -> None:
    feuille = recalcule[COMPARAISON]
    codes = {i.libelle: c for c, i in diagnostic.indicateurs.items()}
    territoires = (diagnostic.ensembles.sujet, *diagnostic.ensembles.references)
    lues = 0
    for ligne in feuille.iter_rows(min_row=4, values_only=True):
        for rang, territoire in enumerate(territoires):
            chiffre = diagnostic.chiffre(territoire, codes[ligne[1]])
            if chiffre is not None and chiffre.a_une_valeur:
                assert ligne[3 + rang] == pytest.approx(chiffre.valeur, rel=1e-12)
                lues += 1
    assert lues > 300


@pytest.mark.bureautique
def test_le_classeur_s_imprime_en_quelques_pages(classeur: Path, tmp_path: Path) -> None:
    soffice = shutil.which("soffice")
    if soffice is None:
        pytest.skip("LibreOffice (soffice) n'est pas installé : l'impression ne peut pas être comptée")
    profil = f"-env:UserInstallation={(tmp_path / 'profil').as_uri()}"
    commande = [
        soffice,
        profil,
        "--headless",
        "--convert-to",
        "pdf",
        "--outdir",
        str(tmp_path),
        str(classeur),
    ]
    subprocess.run(commande, check=True, capture_output=True, timeout=180)
    with pikepdf.open(tmp_path / "tableaux.pdf") as imprime:
        assert 10 < len(imprime.pages) <= 26
        cotes = {tuple(sorted(round(float(c)) for c in page.mediabox[2:])) for page in imprime.pages}
    # Des A4, en hauteur ou en largeur.
    assert cotes == {(595, 842)}


def test_chiffre_absent_n_est_jamais_un_zero_et_dit_sa_raison(
    diagnostic: Diagnostic, formules: Workbook
) -> None:
    secret = next(c for c in diagnostic.chiffres if c.statut == "secret" and c.niveau == "iris")
    theme = diagnostic.indicateurs[secret.indicateur].theme
    feuille = formules[nom_de_feuille(theme, THEMES[theme])]
    colonne = _places(feuille, theme)[secret.indicateur]
    ligne = next(
        r for r in range(PREMIERE + 1, feuille.max_row + 1) if feuille.cell(r, 2).value == secret.territoire
    )
    assert [feuille.cell(ligne, colonne - r).value for r in range(3)] == ["secret", None, None]
    commentaires = [feuille.cell(r, colonne).comment for r in range(PREMIERE + 1, feuille.max_row + 1)]
    assert any(c and secret.note in c.text and c.text.startswith("secret") for c in commentaires)


def test_mots_de_tous_les_statuts_sont_presents(diagnostic: Diagnostic, valeurs: Workbook) -> None:
    mots = {
        c.value
        for theme, libelle in THEMES.items()
        for r in valeurs[nom_de_feuille(theme, libelle)].iter_rows()
        for c in r
    }
    presents = {MOTS_DES_STATUTS[c.statut] for c in diagnostic.chiffres if c.statut in SANS_VALEUR}
    assert presents == {"secret", "indisponible", "sans objet"}
    assert presents <= mots


def test_dates_des_groupes_sont_dites_quand_elles_different(
    diagnostic: Diagnostic, formules: Workbook
) -> None:
    feuille = formules["Population"]
    colonne = next(c.column for c in feuille[3] if c.value == "Indice de jeunesse")
    texte = feuille.cell(5, colonne).value
    sujet = diagnostic.chiffre(diagnostic.ensembles.sujet, "indice_jeunesse")
    qpv = diagnostic.chiffre(diagnostic.ensembles.qpv[0], "indice_jeunesse", "qpv")
    assert sujet.periode != qpv.periode
    lignes = texte.splitlines()
    assert any(li.startswith("Sujet") and sujet.periode in li for li in lignes)
    assert any(li.startswith("QPV :") and qpv.periode in li for li in lignes)


def test_feuilles_sont_pretes_a_l_emploi(formules: Workbook) -> None:
    assert formules.sheetnames[:2] == [LISEZ_MOI, COMPARAISON]
    assert formules.sheetnames[-3:] == ["Définitions", "Sources", "Données longues"]
    assert {feuille.page_setup.paperSize for feuille in formules} == {9}
    for theme, libelle in THEMES.items():
        feuille = formules[nom_de_feuille(theme, libelle)]
        assert feuille.freeze_panes == "D7"
        assert feuille.auto_filter.ref.startswith("A6:")
        if not feuille._charts:
            continue
        # Le papier reçoit les graphiques, quelques pages ; jamais les centaines de colonnes du tableau.
        gauche, haut, droite, bas = range_boundaries(feuille.print_area.split("!")[1].replace("$", ""))
        assert (gauche, droite <= 12, bas - haut < 250) == (3, True, True)
        assert haut > PREMIERE + len(feuille._charts)
    assert formules["Données longues"].print_area.endswith("$61")


def test_un_graphique_montre_les_cellules_de_son_theme(
    diagnostic: Diagnostic, formules: Workbook, valeurs: Workbook
) -> None:
    renvois = 0
    for theme, libelle in THEMES.items():
        nom = nom_de_feuille(theme, libelle)
        demandes = [d for d in graphiques_du_theme(diagnostic, theme) if natif(d)]
        dessins = formules[nom]._charts
        assert len(dessins) == len(demandes)
        for dessin, demande in zip(dessins, demandes, strict=True):
            attendues = sorted(
                abs(v.valeur) for v in demande.valeurs() if not v.manque and v.role != "maille"
            )
            plages = [(s.val or s.yVal).numRef.f.split("!")[1].replace("$", "") for s in dessin.series]
            cellules = [c for plage in plages for (c,) in formules[nom][plage]]
            renvois += sum(str(c.value).startswith(("='", "=-'")) for c in cellules)
            lues = [valeurs[nom][c.coordinate].value for c in cellules]
            assert sorted(abs(v) for v in lues if v is not None) == pytest.approx(attendues)
    assert renvois > 100


def test_signe_de_prudence_et_decimales_selon_la_marge(diagnostic: Diagnostic, formules: Workbook) -> None:
    feuille = formules["Emploi et formation"]
    colonne = _places(feuille, "emploi")["taux_chomage_rp"]
    vus = set()
    for ligne, (cle, territoire) in enumerate(_lignes(diagnostic), start=PREMIERE + 1):
        chiffre = diagnostic.chiffre(territoire, "taux_chomage_rp", cle)
        motif = feuille.cell(ligne, colonne).number_format
        if chiffre is None or not chiffre.a_une_valeur:
            continue
        assert ('" *"' in motif) == (chiffre.fiabilite == "fragile")
        assert ("0.0" in motif) == (decimales(indicateurs()["taux_chomage_rp"], chiffre) == 1)
        vus.add(chiffre.fiabilite)
    assert "fragile" in vus


def test_donnees_longues_sont_la_table_du_diagnostic(diagnostic: Diagnostic, valeurs: Workbook) -> None:
    feuille = valeurs["Données longues"]
    lignes = list(feuille.iter_rows(values_only=True))
    table = diagnostic.table()
    assert lignes[0] == COLONNES
    assert len(lignes) - 1 == len(table)
    lues = [ligne[COLONNES.index("valeur")] for ligne in lignes[1:]]
    assert [v is None for v in lues] == table["valeur"].isna().tolist()
    assert [ligne[0] for ligne in lignes[1:]] == table["territoire"].tolist()
    assert "donnees_longues" in feuille.tables


def test_definitions_et_sources_sont_completes(diagnostic: Diagnostic, valeurs: Workbook) -> None:
    codes = [r[0] for r in valeurs["Définitions"].iter_rows(min_row=3, values_only=True)]
    assert codes == list(diagnostic.indicateurs)
    identifiants = {r[8] for r in valeurs["Sources"].iter_rows(min_row=3, values_only=True)}
    assert {c.source for c in diagnostic.chiffres if c.a_une_valeur} <= identifiants
    formules = definitions().set_index("indicateur")["formule"]
    assert "jusqu'en" in formules["part_cadres"]
    assert formules["part_cadres"].count("\n") >= 1


def test_lisez_moi_dit_l_essentiel(formules: Workbook) -> None:
    feuille = formules[LISEZ_MOI]
    texte = "\n".join(str(c.value) for ligne in feuille.iter_rows() for c in ligne if c.value)
    assert "fictif" in texte
    assert "pas un intervalle de confiance" in texte
    for statut in ("publié", "calculé", "estimé", "partiel", "secret", "indisponible", "sans objet"):
        assert statut in texte


def test_noms_pieges_restent_du_texte(diagnostic: Diagnostic, tmp_path: Path) -> None:
    mailles = tuple(
        replace(t, nom=piege) for t, piege in zip(diagnostic.ensembles.mailles, PIEGES, strict=False)
    )
    sujet = replace(diagnostic.ensembles.sujet, nom="=HYPERLINK(1)", libelle="=HYPERLINK(1)")
    piege = replace(
        diagnostic,
        ensembles=replace(diagnostic.ensembles, sujet=sujet, mailles=mailles),
        remarques=["=remarque"],
    )
    chemin = ecrire_xlsx(piege, tmp_path / "pieges.xlsx")
    livre = openpyxl.load_workbook(chemin, data_only=True)
    textes = {c.value for feuille in livre for ligne in feuille.iter_rows() for c in ligne}
    assert textes >= {*PIEGES, "=HYPERLINK(1)", "=remarque"}
    derniere = PREMIERE + len(_lignes(piege))
    assert _formules_du_fichier(chemin, derniere) == _formules_attendues(piege)


def _formules_du_fichier(chemin: Path, derniere: int) -> int:
    """Compter les formules du fichier même, celles des graphiques, sous les tableaux, à part.

    openpyxl en voit une dès qu'un texte commence par « = ».
    """
    with zipfile.ZipFile(chemin) as archive:
        feuilles = [n for n in archive.namelist() if n.startswith("xl/worksheets/sheet")]
        contenus = [archive.read(n).decode() for n in feuilles]
    compte = 0
    for contenu in contenus:
        formules = re.findall(r'<c r="[A-Z]+(\d+)"[^>]*><f>(.*?)</f>', contenu)
        assert len(formules) == contenu.count("<f>")
        assert all(f.startswith(("IF(", "'", "-'")) or re.match(r"\w+!", f) for _, f in formules)
        compte += sum("<drawing " not in contenu or int(ligne) <= derniere for ligne, _ in formules)
    return compte


def _formules_attendues(diagnostic: Diagnostic) -> int:
    rapports = comparees = 0
    for cle, territoire in _lignes(diagnostic):
        for code in diagnostic.indicateurs:
            c = diagnostic.chiffre(territoire, code, cle)
            if c is None or not c.a_une_valeur:
                continue
            rapports += c.numerateur == c.numerateur and c.denominateur == c.denominateur
            comparees += cle == "comparaison"
    return rapports + comparees


def test_fichier_remplace_d_un_geste_et_refus_dit_clairement(diagnostic: Diagnostic, tmp_path: Path) -> None:
    chemin = tmp_path / "sous" / "tableaux.xlsx"
    assert ecrire_xlsx(diagnostic, chemin) == chemin
    assert [f.name for f in chemin.parent.iterdir()] == ["tableaux.xlsx"]
    obstacle = tmp_path / "fichier"
    obstacle.write_text("x")
    with pytest.raises(SortieImpossible, match="ne peut pas être créé"):
        ecrire_xlsx(diagnostic, obstacle / "tableaux.xlsx")


@pytest.mark.parametrize(
    "libelle", ["Thème [x] : a/b*c?d\\e", "Un libellé de thème vraiment beaucoup trop long pour un onglet"]
)
def test_nom_de_feuille_accepte_par_les_tableurs(libelle: str) -> None:
    nom = nom_de_feuille("theme_ajoute", libelle)
    assert 0 < len(nom) <= 31
    assert not set(nom) & set("[]:*?/\\")


def test_hauteur_suit_le_nombre_de_lignes() -> None:
    assert hauteur(("court", 20)) < hauteur(("x" * 100, 20)) < hauteur(("x" * 100, 20), ("a\n" * 20, 5))
