"""Écrire le classeur d'un portrait : taux recalculables, dates, statuts et définitions."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Final

from abs.indicateurs.indicateurs import THEMES
from abs.statuts import LIBELLES_STATUT
from abs.territoires.territoires import NOMS_DE_NIVEAU
from carnets.documents.modeles import CLASSEURS
from carnets.documents.tableur.annexes import (
    ecrire_comparaison,
    ecrire_definitions,
    ecrire_donnees_longues,
    ecrire_sources,
)
from carnets.documents.tableur.styles import (
    SANS_NIVEAU,
    Styles,
    ecrire_texte,
    enregistrer_classeur,
    hauteur,
    nom_de_feuille,
)
from carnets.documents.tableur.themes import FeuilleDeTheme, Reperes

if TYPE_CHECKING:
    from pathlib import Path

    from xlsxwriter.workbook import Workbook
    from xlsxwriter.worksheet import Worksheet

    from abs.calcul.diagnostic import Diagnostic

LISEZ_MOI: Final = "Lisez-moi"
COMPARAISON: Final = "Comparaison"
ANNEXES: Final[dict[str, str]] = CLASSEURS["annexes"]
SENS_DES_STATUTS: Final[dict[str, str]] = CLASSEURS["statuts"]


def ecrire_xlsx(diagnostic: Diagnostic, chemin: Path) -> Path:
    """Écrire le classeur d'un portrait."""
    return enregistrer_classeur(chemin, partial(_remplir, diagnostic))


def _remplir(diagnostic: Diagnostic, classeur: Workbook) -> None:
    classeur.set_properties(
        {"title": f"Portrait de {diagnostic.ensembles.sujet.nom}", "subject": "Analyse des besoins sociaux"}
    )
    classeur.set_size(28_800, 16_200)
    styles, reperes = Styles(classeur), Reperes()
    choix = list(diagnostic.indicateurs.values())
    themes = {t: [i for i in choix if i.theme == t] for t in THEMES}
    noms = {t: nom_de_feuille(t, THEMES[t]) for t, liste in themes.items() if liste}
    ordre = [LISEZ_MOI, COMPARAISON, *noms.values(), *ANNEXES]
    feuilles = {nom: classeur.add_worksheet(nom) for nom in ordre}
    for feuille in feuilles.values():
        feuille.hide_gridlines(2)
    sujet = diagnostic.ensembles.sujet.nom
    for theme, nom in noms.items():
        page = FeuilleDeTheme(feuilles[nom], styles, diagnostic, reperes)
        page.ecrire(f"{THEMES[theme]} – {sujet}", themes[theme])
    ranges = [i for t in noms for i in themes[t]]
    ecrire_comparaison(feuilles[COMPARAISON], styles, diagnostic, reperes, ranges)
    ecrire_definitions(feuilles["Définitions"], styles, diagnostic)
    ecrire_sources(feuilles["Sources"], styles, diagnostic)
    ecrire_donnees_longues(feuilles["Données longues"], diagnostic)
    LisezMoi(feuilles[LISEZ_MOI], styles).ecrire(diagnostic, {noms[t]: THEMES[t] for t in noms})


class LisezMoi:
    """Écrit la première feuille, celle qui dit comment lire les autres."""

    def __init__(self, feuille: Worksheet, styles: Styles) -> None:
        self.feuille = feuille
        self.styles = styles
        self.ligne = 0

    def ecrire(self, diagnostic: Diagnostic, themes: dict[str, str]) -> None:
        """Écrire toute la feuille."""
        self.feuille.set_column(0, 0, 24)
        self.feuille.set_column(1, 1, 105)
        sujet = diagnostic.ensembles.sujet
        ecrire_texte(self.feuille, 0, 0, f"Portrait de territoire : {sujet.nom}", self.styles.titre())
        self.feuille.set_row(0, 28)
        self.ligne = 1
        for nom, texte in _demande(diagnostic):
            self._couple(nom, texte)
        self._section("Les feuilles")
        self._couple(COMPARAISON, "le sujet et ses références, un indicateur par ligne", lien=True)
        for nom, libelle in themes.items():
            self._couple(
                nom, f"{libelle} : tous les territoires, numérateurs, dénominateurs et valeurs", lien=True
            )
        for nom, texte in ANNEXES.items():
            self._couple(nom, texte, lien=True)
        self._section("Lire un chiffre : son statut")
        for statut, sens in SENS_DES_STATUTS.items():
            self._couple(LIBELLES_STATUT[statut], sens)
        self._couple(SANS_NIVEAU, "aucun fichier tenu ne porte cet indicateur à ce niveau géographique")
        self._section("Lire un chiffre : sa fiabilité")
        for nom, texte in CLASSEURS["fiabilite"].items():
            self._couple(nom, texte)
        self._section("À savoir sur les dates de ce portrait")
        for remarque in diagnostic.remarques or ["Aucune remarque."]:
            self._couple("•", remarque)
        self._page()

    def _section(self, titre: str) -> None:
        self.ligne += 1
        style = self.styles.entete(align="left", border=0, font_size=11, text_wrap=False)
        ecrire_texte(self.feuille, self.ligne, 0, titre, style)
        self.feuille.write_blank(self.ligne, 1, None, style)
        self.ligne += 1

    def _couple(self, nom: str, texte: str, *, lien: bool = False) -> None:
        gras = self.styles.texte(bold=True)
        if lien:
            souligne = self.styles.texte(bold=True, font_color="#2B4C7E", underline=1)
            self.feuille.write_url(self.ligne, 0, f"internal:'{nom}'!A1", souligne, nom)
        else:
            ecrire_texte(self.feuille, self.ligne, 0, nom, gras)
        ecrire_texte(self.feuille, self.ligne, 1, texte, self.styles.texte())
        self.feuille.set_row(self.ligne, hauteur((nom, 24), (texte, 105)) + 2)
        self.ligne += 1

    def _page(self) -> None:
        self.feuille.set_paper(9)
        self.feuille.set_landscape()
        self.feuille.fit_to_pages(1, 1)
        self.feuille.set_footer("&L&A&RPage &P sur &N")
        self.feuille.activate()


def _demande(diagnostic: Diagnostic) -> list[tuple[str, str]]:
    """Dire ce qui a été demandé, réglage par réglage."""
    sujet, demande = diagnostic.ensembles.sujet, diagnostic.demande
    noms = (sujet.nom, *(t.nom for t in diagnostic.ensembles.references))
    dates = (
        f"données de {demande.millesime} ou avant"
        if demande.millesime
        else "dernier millésime tenu de chaque source"
    )
    if demande.millesimes:
        dates += " ; " + ", ".join(f"{cle} {annee}" for cle, annee in demande.millesimes.items())
    lignes = [
        ("Territoire", f"{sujet.nom} ({NOMS_DE_NIVEAU.get(sujet.niveau, sujet.niveau)} {sujet.code})"),
        ("Date demandée", dates),
        ("Comparé à", " · ".join(noms[1:]) or "aucune référence"),
        ("Diffusion", demande.diffusion),
    ]
    if demande.diffusion == "interne":
        lignes.insert(0, ("Document interne", "ne pas diffuser : chiffres transmis pour un usage interne"))
    if any("fictif" in n.lower() for n in noms):
        lignes.insert(
            1, ("Attention", "territoire fictif de démonstration : aucun de ces chiffres n'est réel")
        )
    return lignes
