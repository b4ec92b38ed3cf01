"""Les graphiques d'une feuille de thème : sous le tableau, à côté de leurs chiffres, qui renvoient à ses cellules."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from abs.graphiques.graphiques import graphiques_du_theme
from abs.phrases.ecriture import reference
from carnets.documents.diapos.natif import format_de, mesure, natif
from carnets.documents.modeles import CLASSEURS
from carnets.documents.tableur.styles import ENCRE, GRIS, POLICE, TRAIT, hauteur
from cartes.graphiques.graphique import Graphique
from cartes.graphiques.style import notes_de

if TYPE_CHECKING:
    from collections.abc import Mapping

    from abs.calcul.diagnostic import Diagnostic
    from abs.calcul.table_longue import Chiffre
    from abs.graphiques.demandes import DemandeDeGraphique, Valeur
    from carnets.documents.diapos.natif import Natif, SerieNative
    from carnets.documents.tableur.styles import Feuille

    # Adresse où se lit chaque chiffre, par code et niveau de territoire et par indicateur.
    Reperes = dict[tuple[str, str, str], tuple[str, Chiffre | None]]
    FeuilleALire = tuple[Feuille, Diagnostic, Reperes]

# Les noms dans la colonne la plus large ; les chiffres ensuite ; le graphique dessous.
COLONNE, SERIES = 2, 3
LARGEUR, PIXELS_PAR_LIGNE = 640, 20
PIXELS_PAR_CARACTERE: Final = 7
# De chaque sorte : la hauteur d'un graphique, plus ce qu'y prend chaque barre, en pixels.
HAUTEURS: Final = {"parts": (90, 46), "positions": (80, 17), "pyramide": (400, 0), "courbe": (300, 0)}
# Ce que reçoit une page A4 en hauteur, marges ôtées, en pixels d'écran : sans la police par défaut d'Excel, LibreOffice
# élargit les colonnes d'un tiers.
PAGE: Final = (530, 980)
ECHELLE: Final = 85
LARGEUR_D_UN_CHIFFRE, LARGEUR_DES_NOMS = 12, 32
CLASSE: Final = {"parts": "bar", "positions": "bar", "pyramide": "bar"}
ETIQUETTES: Final = {"parts": "center", "positions": "outside_end"}
FORMES: Final = {"o": "circle", "D": "diamond", "s": "square", "v": "triangle", "^": "triangle"}


@dataclass(frozen=True)
class Impression:
    """Ce que le papier reçoit d'une feuille : un rectangle, son échelle, où la page change."""

    lignes: tuple[int, int]
    colonnes: tuple[int, int]
    echelle: int
    coupures: tuple[int, ...]


def poser_les_graphiques(
    page: FeuilleALire, theme: str, haut: int, largeurs: Mapping[int, float]
) -> Impression | None:
    """Poser les graphiques d'un thème sous son tableau ; dire comment ils s'impriment, ou rien s'il n'y en a pas."""
    feuille, diagnostic, reperes = page
    demandes = [(d, n) for d in graphiques_du_theme(diagnostic, theme) if (n := natif(d)) is not None]
    if not demandes:
        return None
    feuille.ecrire_texte(haut, 0, CLASSEURS["impression"]["graphiques"], feuille.styles.titre())
    colonne, large = _derniere_colonne(largeurs, max(len(n.series) for _, n in demandes))
    echelle = max(min(ECHELLE, 100 * PAGE[0] // large), 10)
    ligne, debut, coupures = haut + 2, haut, list[int]()
    for demande, modifiable in demandes:
        suivante = _Bloc(feuille, demande, modifiable, reperes, ligne).poser()
        # Aucun graphique n'est coupé entre deux pages.
        if (suivante - debut + 2) * PIXELS_PAR_LIGNE > PAGE[1] * 100 / echelle and ligne > haut + 2:
            coupures.append(ligne)
            debut = ligne
        ligne = suivante
    return Impression((haut + 2, ligne - 1), (COLONNE, colonne), echelle, tuple(coupures))


def _derniere_colonne(largeurs: Mapping[int, float], series: int) -> tuple[int, int]:
    """Trouver la colonne où finissent un graphique et son tableau, et la largeur imprimée jusque-là, en pixels."""
    colonne, prise = COLONNE, 0
    while prise < LARGEUR or colonne < SERIES + series:
        prise += round(largeurs.get(colonne, 8.43) * PIXELS_PAR_CARACTERE) + 5
        colonne += 1
    return colonne - 1, prise


class _Bloc:
    """Un graphique et son petit tableau."""

    def __init__(
        self, feuille: Feuille, demande: DemandeDeGraphique, modifiable: Natif, reperes: Reperes, haut: int
    ) -> None:
        self.feuille, self.demande, self.natif = feuille, demande, modifiable
        self.reperes, self.haut = reperes, haut

    def poser(self) -> int:
        """Écrire le titre, les chiffres, le graphique, la source ; rendre la ligne suivante."""
        f, d, styles = self.feuille, self.demande, self.feuille.styles
        f.ecrire_texte(self.haut, COLONNE, d.titre, styles.donner(bold=True, font_size=12, font_color=ENCRE))
        f.ecrire_texte(
            self.haut + 1, COLONNE, mesure(d, self.natif), styles.donner(font_color=GRIS, italic=True)
        )
        bas = self._chiffres(self.haut + 3)
        gris = styles.donner(font_size=8, font_color=GRIS)
        for rang, note in enumerate(filter(None, (*notes_de(d), d.mention)), start=bas + 1):
            f.ecrire_texte(rang, COLONNE, note, gris)
            bas = rang
        return self._dessin(bas + 1) + 2

    def _chiffres(self, haut: int) -> int:
        """Écrire une ligne par catégorie, une colonne par série ; rendre la dernière ligne."""
        f, n = self.feuille, self.natif
        entete = f.styles.donner(bold=True, bottom=1, text_wrap=True, align="right", valign="bottom")
        for rang, serie in enumerate(n.series):
            f.ecrire_texte(haut, SERIES + rang, serie.nom, entete)
        f.set_row(haut, max(hauteur(*((s.nom, LARGEUR_D_UN_CHIFFRE) for s in n.series)), 18))
        ligne = haut
        for place, nom in enumerate(n.categories):
            ligne += 1
            if n.sorte == "courbe" and n.annees:
                f.write_number(ligne, COLONNE, int(nom), f.styles.donner(align="left"))
            else:
                f.ecrire_texte(ligne, COLONNE, nom, f.styles.donner(text_wrap=True))
                f.set_row(ligne, hauteur((nom, LARGEUR_DES_NOMS)))
            for rang, serie in enumerate(n.series):
                self._chiffre((ligne, SERIES + rang), serie, serie.valeurs[place])
            # Une ligne vide où la série se rompt : la courbe n'y relie rien.
            ligne += any(avant == nom for avant, _ in n.ruptures)
        self.lignes = (haut + 1, ligne)
        self.entete = haut
        return ligne

    def _chiffre(self, cellule: tuple[int, int], serie: SerieNative, valeur: Valeur | None) -> None:
        """Renvoyer à la cellule du tableau qui porte ce chiffre ; écrire celui qu'aucune ne porte."""
        if valeur is None or valeur.manque:
            return
        style = self.feuille.styles.donner(num_format=_sans_signe(format_de(valeur), serie.sens))
        code, niveau, indicateur, *_ = [*valeur.reference.split("|"), "", "", ""]
        adresse, chiffre = self.reperes.get((code, niveau, indicateur), ("", None))
        nombre = serie.sens * valeur.valeur
        if chiffre is not None and reference(chiffre) == valeur.reference and chiffre.valeur == valeur.valeur:
            signe = "-" if serie.sens < 0 else ""
            self.feuille.write_formula(*cellule, f"={signe}{adresse}", style, nombre)
        else:
            self.feuille.write_number(*cellule, nombre, style)

    # -- dessin --------------------------------------------------------------------------------

    def _dessin(self, ligne: int) -> int:
        """Poser le graphique ; rendre la dernière ligne qu'il prend."""
        n = self.natif
        classeur, nuage = self.feuille.styles.classeur, n.sorte == "courbe" and n.annees
        genre: dict[str, str] = {"type": CLASSE.get(n.sorte, "line")}
        if nuage:
            genre = {"type": "scatter", "subtype": "straight_with_markers"}
        elif n.sorte == "parts":
            genre["subtype"] = "percent_stacked"
        dessin = classeur.add_chart(genre)
        for rang, serie in enumerate(n.series):
            dessin.add_series(self._serie(rang, serie))
        police = {"name": POLICE, "size": 10, "color": ENCRE}
        axe_des_noms: dict[str, Any] = {
            "num_font": police,
            "label_position": "low",
            "major_gridlines": {"visible": False},
        }
        axe_des_valeurs: dict[str, Any] = {
            "num_font": police,
            "line": {"none": True},
            "major_gridlines": {"visible": n.sorte in ("courbe", "pyramide"), "line": {"color": TRAIT}},
            "visible": n.sorte in ("courbe", "pyramide"),
            "num_format": "0.0;0.0" if n.sorte == "pyramide" else "#,##0",
        }
        if nuage:
            annees = [int(c) for c in n.categories]
            axe_des_noms |= {"min": min(annees), "max": max(annees), "num_format": "0"}
        if n.sorte in ("parts", "positions"):
            axe_des_noms["reverse"] = True
        if n.sorte == "positions":
            axe_des_valeurs["min"] = min([0.0, *(v for s in n.series for v in s.nombres if v is not None)])
        # D'une barre couchée, les noms sont sur l'axe des y.
        couchee = n.sorte in CLASSE
        dessin.set_x_axis(axe_des_valeurs if couchee else axe_des_noms)
        dessin.set_y_axis(axe_des_noms if couchee else axe_des_valeurs)
        dessin.set_legend({"position": "top", "font": police} if len(n.series) > 1 else {"none": True})
        dessin.set_title({"none": True})
        base, par_barre = HAUTEURS[n.sorte]
        barres = len(n.categories) * (len(n.series) if n.sorte == "positions" else 1)
        haut = max(base + par_barre * barres, 200)
        dessin.set_size({"width": LARGEUR, "height": haut})
        dessin.set_chartarea({"border": {"none": True}})
        dessin.show_blanks_as("gap")
        decrit = {"description": Graphique(self.demande).texte_alternatif(), "object_position": 1}
        self.feuille.insert_chart(ligne, COLONNE, dessin, decrit)
        return ligne + haut // PIXELS_PAR_LIGNE

    def _serie(self, rang: int, serie: SerieNative) -> dict[str, Any]:
        """Habiller une série, et dire où sont son nom, ses catégories et ses chiffres."""
        n, nom, (debut, fin) = self.natif, self.feuille.name, self.lignes
        decrite: dict[str, Any] = {
            "name": [nom, self.entete, SERIES + rang],
            "categories": [nom, debut, COLONNE, fin, COLONNE],
            "values": [nom, debut, SERIES + rang, fin, SERIES + rang],
        }
        if n.sorte == "courbe":
            forme = FORMES.get(serie.signe.forme, "circle") if serie.signe else "circle"
            tirets = {"dash_type": "dash"} if serie.signe and serie.signe.tirets else {}
            plein = {"fill": {"color": serie.couleur}, "border": {"color": serie.couleur}}
            return decrite | {
                "line": {"color": serie.couleur, "width": 2.25, **tirets},
                "marker": {"type": forme, "size": 6, **plein},
            }
        decrite |= {
            "gap": 12 if n.sorte == "pyramide" else 45,
            "overlap": -5 if n.sorte == "positions" else 100,
        }
        if serie.contour:
            return decrite | {"fill": {"none": True}, "border": {"color": serie.couleur, "width": 1.25}}
        decrite |= {"fill": {"color": serie.couleur}, "border": {"color": "#FFFFFF", "width": 0.5}}
        premiere = next((v for v in serie.valeurs if v is not None and not v.manque), None)
        if n.sorte in ETIQUETTES and premiere is not None:
            decrite["data_labels"] = self._etiquettes(serie, premiere)
        return decrite

    def _etiquettes(self, serie: SerieNative, premiere: Valeur) -> dict[str, Any]:
        from cartes.palettes import contraste  # noqa: PLC0415 - seulement quand on dessine

        parts = self.natif.sorte == "parts"
        encre = contraste(serie.couleur, ENCRE) if parts else ENCRE
        return {
            "value": True,
            "position": ETIQUETTES[self.natif.sorte],
            "num_format": format_de(premiere),
            "font": {"name": POLICE, "size": 9, "color": encre},
        }


def _sans_signe(code: str, sens: int) -> str:
    """Écrire sans leur signe les effectifs de gauche d'une pyramide."""
    return f"{code};{code}" if sens < 0 else code
