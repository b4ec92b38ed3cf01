"""Feuilles de thème : un territoire par ligne, chaque indicateur avec ses termes et son taux recalculé."""

from __future__ import annotations

import math
from collections import Counter
from typing import TYPE_CHECKING, Final

from xlsxwriter.utility import xl_rowcol_to_cell

from abs.statuts import SANS_VALEUR, Statut
from abs.territoires.territoires import NOMS_DE_NIVEAU
from carnets.documents.tableur.definitions import Groupe, date_et_source, groupes, unite_lisible
from carnets.documents.tableur.graphiques import poser_les_graphiques
from carnets.documents.tableur.styles import BLEU_PALE, ENCRE, GRIS, TRAIT, Feuille, explication, hauteur

if TYPE_CHECKING:
    from abs.calcul.diagnostic import Diagnostic
    from abs.calcul.table_longue import Chiffre
    from abs.indicateurs.indicateurs import Indicateur
    from carnets.documents.tableur.graphiques import Impression, Reperes

    # Chiffres d'un indicateur, ligne à ligne.
    Chiffres = list[Chiffre | None]

L_TITRE, L_AIDE, L_LIBELLE, L_UNITE, L_DATE, L_ENTETE, PREMIERE = range(7)
ENTETES: Final = ("Groupe", "Code", "Nom", "Type")
LARGEURS: Final = (11, 13, 32, 19)
LARGEUR_COMPTE: Final = 12
LARGEUR_SEULE: Final = 24
# D'un thème sans graphique, ce qu'imprime une page.
LIGNES_IMPRIMEES, COLONNES_IMPRIMEES = 40, 18
PETIT_COMPTE: Final = 10
A_EXPLIQUER: Final = SANS_VALEUR | {Statut.ESTIME, Statut.PARTIEL}
TYPES_D_IRIS: Final = {"A": " (activité)", "D": " (divers)", "Z": " (commune entière)"}
AIDE: Final = (
    "Valeur = numérateur / dénominateur, recalculée par le tableur. Signes : * fragile, e estimé, p partiel. "
    "La raison d'un chiffre absent est en commentaire de la première cellule concernée."
)


class FeuilleDeTheme:
    """Écrit la feuille d'un thème."""

    def __init__(self, feuille: Feuille, diagnostic: Diagnostic, reperes: Reperes) -> None:
        self.feuille = feuille
        self.styles = feuille.styles
        self.diagnostic = diagnostic
        self.reperes = reperes
        self.lignes = [
            (g, t, _fond(g, rang)) for g in groupes(diagnostic) for rang, t in enumerate(g.territoires)
        ]
        self.derniere = PREMIERE + len(self.lignes) - 1
        self.largeurs: dict[int, float] = dict(enumerate(LARGEURS))

    def ecrire(self, titre: str, theme: str, indicateurs: list[Indicateur]) -> None:
        """Écrire toute la feuille : le tableau, puis les graphiques."""
        self._territoires(titre)
        self.hauteur_des_dates = 0.0
        colonne = len(ENTETES)
        for indicateur in indicateurs:
            chiffres = [self.diagnostic.chiffre(t, indicateur.code, g.cle) for g, t, _ in self.lignes]
            largeur = 3 if any(map(_est_un_rapport, chiffres)) else 1
            self._entete(indicateur, colonne, largeur, chiffres)
            self._valeurs(indicateur, range(colonne, colonne + largeur), chiffres)
            colonne += largeur
        haut = self.derniere + 3
        page = (self.feuille, self.diagnostic, self.reperes)
        self._mise_en_page(colonne - 1, poser_les_graphiques(page, theme, haut, self.largeurs))

    # -- lignes --------------------------------------------------------------------------------

    def _territoires(self, titre: str) -> None:
        """Écrire les quatre premières colonnes : elles restent visibles quand on se déplace."""
        self.feuille.ecrire_texte(L_TITRE, 0, titre, self.styles.titre())
        aide = self.styles.texte(font_color=GRIS, italic=True, font_size=8)
        self.feuille.fusionner(L_AIDE, (0, len(ENTETES) - 1), AIDE, aide)
        for ligne, texte in ((L_LIBELLE, "Indicateur"), (L_UNITE, "Unité"), (L_DATE, "Date · source")):
            style = self.styles.entete(align="right", italic=ligne != L_LIBELLE)
            self.feuille.fusionner(ligne, (0, len(ENTETES) - 1), texte, style)
        entetes = zip(ENTETES, LARGEURS, strict=True)
        self.feuille.ecrire_entetes((L_ENTETE, L_ENTETE), entetes, self.styles.entete(align="left"))
        for ligne, (groupe, t, fond) in enumerate(self.lignes, start=PREMIERE):
            genre = NOMS_DE_NIVEAU.get(t.niveau, t.niveau) + TYPES_D_IRIS.get(t.type_iris, "")
            textes = (groupe.titre, t.code if t.niveau != "perimetre" else "", t.nom, genre)
            self.feuille.set_row(ligne, hauteur(*zip(textes, LARGEURS, strict=True)))
            self.feuille.ecrire_ligne(ligne, textes, self.styles.donner(**fond, text_wrap=True))

    # -- colonnes ------------------------------------------------------------------------------

    def _entete(self, indicateur: Indicateur, colonne: int, largeur: int, chiffres: Chiffres) -> None:
        fin = colonne + largeur - 1
        en_caracteres = LARGEUR_COMPTE if largeur > 1 else LARGEUR_SEULE
        self.feuille.set_column(colonne, fin, en_caracteres)
        self.largeurs |= dict.fromkeys(range(colonne, fin + 1), en_caracteres)
        dates = self._dates(chiffres)
        place = LARGEUR_COMPTE * largeur if largeur > 1 else LARGEUR_SEULE
        self.hauteur_des_dates = max(self.hauteur_des_dates, hauteur((dates, place), taille=8))
        textes = (
            (L_LIBELLE, indicateur.libelle, self.styles.entete()),
            (L_UNITE, unite_lisible(indicateur), self.styles.entete(bold=False, italic=True)),
            (L_DATE, dates, self.styles.entete(bold=False, font_size=8)),
        )
        for ligne, texte, style in textes:
            self.feuille.fusionner(ligne, (colonne, fin), texte, style)
        noms = ("Numérateur", "Dénominateur", "Valeur")[-largeur:]
        for rang, nom in enumerate(noms):
            style = self.styles.entete(font_size=9, align="left")
            self.feuille.ecrire_texte(L_ENTETE, colonne + rang, nom, style)

    def _dates(self, chiffres: Chiffres) -> str:
        """Dire la date et la source ; une ligne par groupe dès que tous ne sont pas lus à la même."""
        par_groupe: dict[str, dict[str, None]] = {}
        for (groupe, _, _), c in zip(self.lignes, chiffres, strict=True):
            if c is not None and c.a_une_valeur:
                par_groupe.setdefault(groupe.titre, {})[date_et_source(c)] = None
        par_texte: dict[str, list[str]] = {}
        for titre, textes in par_groupe.items():
            par_texte.setdefault(" ; ".join(textes), []).append(titre)
        if len(par_texte) <= 1:
            return next(iter(par_texte), "aucun chiffre dans les fichiers tenus")
        return "\n".join(f"{', '.join(titres)} : {texte}" for texte, titres in par_texte.items())

    def _valeurs(self, indicateur: Indicateur, colonnes: range, chiffres: Chiffres) -> None:
        debut, colonne = colonnes[0], colonnes[-1]
        raisons = [
            None if c is None else (groupe.titre, c.statut, c.note)
            for (groupe, _, _), c in zip(self.lignes, chiffres, strict=True)
        ]
        semblables, dites = Counter(raisons), set()
        lignes = zip(self.lignes, chiffres, raisons, strict=True)
        for ligne, ((_, t, fond), chiffre, raison) in enumerate(lignes, start=PREMIERE):
            for vide in range(debut, colonne):
                self.feuille.write_blank(ligne, vide, None, self.styles.donner(**fond))
            self._cellule(indicateur, (ligne, colonne), chiffre, fond)
            adresse = f"'{self.feuille.name}'!{xl_rowcol_to_cell(ligne, colonne)}"
            self.reperes.setdefault((t.code, t.niveau, indicateur.code), (adresse, chiffre))
            if chiffre is None or chiffre.statut not in A_EXPLIQUER or raison in dites:
                continue
            # Un commentaire par raison et par groupe : au-delà, le classeur devient lourd.
            texte = explication(chiffre, semblables[raison])
            self.feuille.write_comment(ligne, colonne, texte, {"x_scale": 2, "font_size": 9})
            dites.add(raison)

    def _cellule(
        self,
        indicateur: Indicateur,
        cellule: tuple[int, int],
        chiffre: Chiffre | None,
        fond: dict[str, object],
    ) -> None:
        ligne, colonne = cellule
        formule = ""
        if _est_un_rapport(chiffre):
            haut, bas = (xl_rowcol_to_cell(ligne, c) for c in (colonne - 2, colonne - 1))
            facteur = "" if indicateur.facteur == 1 else f"{indicateur.facteur:.0f}*"
            formule = f'=IF({bas}=0,"",{facteur}{haut}/{bas})'
        self.feuille.ecrire_valeur(cellule, indicateur, chiffre, fond, formule)
        if chiffre is not None and formule:
            for place, compte in ((colonne - 2, chiffre.numerateur), (colonne - 1, chiffre.denominateur)):
                gris = self.styles.donner(**fond, num_format=_format_de_compte(compte), font_color=GRIS)
                self.feuille.write_number(ligne, place, compte, gris)

    # -- page ----------------------------------------------------------------------------------

    def _mise_en_page(self, derniere_colonne: int, graphiques: Impression | None) -> None:
        """Imprimer les graphiques : le tableau se lit à l'écran, et la comparaison l'imprime en court."""
        f = self.feuille
        dates = self.hauteur_des_dates
        hauts = {L_TITRE: 24, L_AIDE: 26, L_LIBELLE: 44, L_DATE: dates, L_ENTETE: 18}
        for ligne, haut in hauts.items():
            f.set_row(ligne, haut)
        f.autofilter(L_ENTETE, 0, self.derniere, derniere_colonne)
        f.mettre_en_page((L_LIBELLE, L_ENTETE), len(ENTETES) - 1, marges=True, repetes=False)
        if graphiques is None:
            f.print_area(
                0, 0, min(self.derniere, LIGNES_IMPRIMEES), min(derniere_colonne, COLONNES_IMPRIMEES)
            )
            return
        (haut, bas), (gauche, droite) = graphiques.lignes, graphiques.colonnes
        f.print_area(haut, gauche, bas, droite)
        f.set_portrait()
        f.set_print_scale(graphiques.echelle)
        f.set_h_pagebreaks(graphiques.coupures)


def _fond(groupe: Groupe, rang: int) -> dict[str, object]:
    """Donner l'habillage d'une ligne : le sujet ressort, un trait sépare les groupes."""
    fond: dict[str, object] = {"bottom": 4, "bottom_color": TRAIT}
    if rang == 0:
        fond |= {"top": 2, "top_color": ENCRE}
    if groupe.titre == "Sujet":
        fond |= {"bold": True, "bg_color": BLEU_PALE}
    return fond


def _est_un_rapport(chiffre: Chiffre | None) -> bool:
    if chiffre is None or not chiffre.a_une_valeur:
        return False
    return not (math.isnan(chiffre.numerateur) or math.isnan(chiffre.denominateur))


def _format_de_compte(compte: float) -> str:
    """Écrire les comptes à l'unité, sauf les petits comptes pondérés, qui paraîtraient nuls."""
    return "#,##0" if abs(compte) >= PETIT_COMPTE or compte == int(compte) else "#,##0.0"
