"""Styles et formats de nombre du classeur : ce que l'œil reconnaît d'une feuille à l'autre."""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING, Any, Final

from abs.formats import nombre
from abs.phrases.phrases import decimales
from abs.statuts import Fiabilite, Statut

if TYPE_CHECKING:
    from collections.abc import Iterable

    from xlsxwriter.format import Format
    from xlsxwriter.workbook import Workbook
    from xlsxwriter.worksheet import Worksheet

    from abs.calcul.chiffre import Chiffre
    from abs.indicateurs.indicateurs import Indicateur

# Police dont LibreOffice tient l'équivalent de même largeur : les colonnes se lisent pareil partout.
POLICE: Final = "Arial"
TAILLE: Final = 10
ENCRE: Final = "#1F2A44"
BLEU: Final = "#2B4C7E"
BLEU_PALE: Final = "#E8EEF7"
GRIS: Final = "#6B6B6B"
TRAIT: Final = "#C9CFDA"
LONGUEUR_MAXIMALE: Final = 32_767
NOM_DE_FEUILLE_MAXIMUM: Final = 31
NOMS_COURTS: Final = {
    "emploi": "Emploi",
    "demographie": "Démographie",
    "revenus": "Revenus",
    "logement": "Logement",
    "sante_education": "Santé et éducation",
}
MOTS_DES_STATUTS: Final[dict[str, str]] = {
    Statut.SECRET: "secret",
    Statut.INDISPONIBLE: "indisponible",
    Statut.SANS_OBJET: "sans objet",
}
# L'indicateur n'est défini pour aucun fichier de ce niveau : il n'y a rien à attendre, même d'un autre dépôt.
SANS_NIVEAU: Final = "–"


class Styles:
    """Formats du classeur, créés une seule fois chacun.

    Parameters
    ----------
    classeur : xlsxwriter.workbook.Workbook
        Classeur en cours d'écriture.
    """

    def __init__(self, classeur: Workbook) -> None:
        self.classeur = classeur
        self._faits: dict[tuple[tuple[str, Any], ...], Format] = {}

    def donner(self, **proprietes: Any) -> Format:
        """Donner un format.

        Parameters
        ----------
        **proprietes : Any
            Propriétés de XlsxWriter, ajoutées à la police commune.

        Returns
        -------
        xlsxwriter.format.Format
            Format partagé par toutes les cellules qui ont ces propriétés.
        """
        cle = tuple(sorted(proprietes.items()))
        if cle not in self._faits:
            commun = {"font_name": POLICE, "font_size": TAILLE, "valign": "vcenter"}
            self._faits[cle] = self.classeur.add_format({**commun, **proprietes})
        return self._faits[cle]

    def titre(self) -> Format:
        """Donner le style d'un titre de feuille.

        Returns
        -------
        xlsxwriter.format.Format
            Gras, grand.
        """
        return self.donner(bold=True, font_size=15, font_color=ENCRE)

    def entete(self, **autres: Any) -> Format:
        """Donner le style d'un en-tête de colonne.

        Parameters
        ----------
        **autres : Any
            Propriétés à changer.

        Returns
        -------
        xlsxwriter.format.Format
            Blanc sur bleu, renvoyé à la ligne.
        """
        base = {"bold": True, "font_color": "#FFFFFF", "bg_color": BLEU, "text_wrap": True, "border": 1}
        return self.donner(**{**base, "border_color": TRAIT, "align": "center", **autres})

    def texte(self, **autres: Any) -> Format:
        """Donner le style d'un texte courant, renvoyé à la ligne.

        Parameters
        ----------
        **autres : Any
            Propriétés à changer.

        Returns
        -------
        xlsxwriter.format.Format
            Aligné en haut.
        """
        return self.donner(**{"text_wrap": True, "valign": "top", **autres})


def ecrire_texte(feuille: Worksheet, ligne: int, colonne: int, texte: str, style: Format) -> None:
    """Écrire un texte qui reste un texte, quel que soit son premier caractère.

    Parameters
    ----------
    feuille : xlsxwriter.worksheet.Worksheet
        Feuille.
    ligne, colonne : int
        Cellule, comptée de zéro.
    texte : str
        Texte, coupé à ce qu'une cellule peut tenir.
    style : xlsxwriter.format.Format
        Style.
    """
    feuille.write_string(ligne, colonne, texte[:LONGUEUR_MAXIMALE], style)


def ecrire_ligne(feuille: Worksheet, ligne: int, textes: Iterable[str], style: Format) -> None:
    """Écrire des textes côte à côte.

    Parameters
    ----------
    feuille : xlsxwriter.worksheet.Worksheet
        Feuille.
    ligne : int
        Ligne, comptée de zéro.
    textes : iterable of str
        Une cellule chacun.
    style : xlsxwriter.format.Format
        Style commun.
    """
    for colonne, texte in enumerate(textes):
        ecrire_texte(feuille, ligne, colonne, texte, style)


def hauteur(*textes: tuple[str, float], taille: int = TAILLE) -> float:
    """Calculer la hauteur d'une ligne dont les textes vont à la ligne ; LibreOffice ne l'ajuste pas seul.

    Parameters
    ----------
    *textes : tuple of str and float
        Texte et largeur de sa colonne, en caractères.
    taille : int, default 10
        Corps de la police.

    Returns
    -------
    float
        Hauteur en points, d'une ligne au moins.
    """
    # La largeur d'une colonne compte des chiffres ; un texte courant, plus étroit, y tient un peu mieux.
    par_ligne = 1.17 * TAILLE / taille
    lignes = max(
        (sum(max(1, math.ceil(len(m) / (w * par_ligne))) for m in t.split("\n")) for t, w in textes),
        default=1,
    )
    return 3 + 1.3 * taille * lignes


def nom_de_feuille(theme: str, libelle: str) -> str:
    """Donner à un thème un nom que les tableurs acceptent.

    Parameters
    ----------
    theme : str
        Code du thème.
    libelle : str
        Libellé, réduit au besoin.

    Returns
    -------
    str
        31 caractères au plus, sans crochets, deux-points, astérisque, question ni barres.
    """
    propre = re.sub(r"[\[\]:*?/\\]", " ", NOMS_COURTS.get(theme, libelle)).strip(" '")
    return propre[:NOM_DE_FEUILLE_MAXIMUM].strip()


def marque(chiffre: Chiffre) -> str:
    """Donner le signe écrit après un nombre à lire avec prudence.

    Parameters
    ----------
    chiffre : Chiffre
        Chiffre qui a une valeur.

    Returns
    -------
    str
        ``e`` estimé, ``p`` partiel, ``*`` fragile, ou rien.
    """
    signe = {Statut.ESTIME: "e", Statut.PARTIEL: "p"}.get(Statut(chiffre.statut), "")
    return signe + ("*" if chiffre.fiabilite == Fiabilite.FRAGILE else "")


def format_de_valeur(indicateur: Indicateur, chiffre: Chiffre) -> str:
    """Écrire le format d'une valeur : décimales selon la marge, virgules alignées, signe de prudence.

    Parameters
    ----------
    indicateur : Indicateur
        Définition.
    chiffre : Chiffre
        Chiffre qui a une valeur.

    Returns
    -------
    str
        Format que le tableur écrit dans sa langue ; la cellule garde le nombre entier.
    """
    visibles, prevues = max(decimales(indicateur, chiffre), 0), max(indicateur.decimales, 0)
    partie = "." + "0" * visibles if visibles else ("_," if prevues else "")
    blancs = "_0" * (prevues - visibles)
    signe = marque(chiffre)
    # « _x » laisse la largeur du caractère x : les virgules restent alignées avec ou sans signe.
    return f"#,##0{partie}{blancs}" + (f'" {signe}"' if signe else "_ _*")


def explication(chiffre: Chiffre, semblables: int = 1) -> str:
    """Dire en commentaire pourquoi un chiffre manque ou comment il a été obtenu.

    Parameters
    ----------
    chiffre : Chiffre
        Chiffre expliqué.
    semblables : int, default 1
        Nombre de cellules du groupe qui partagent cette raison.

    Returns
    -------
    str
        Phrase, suivie du nombre des autres cellules concernées.
    """
    debut = MOTS_DES_STATUTS.get(chiffre.statut, "estimé" if chiffre.statut == Statut.ESTIME else "partiel")
    suite = f" (et {nombre(semblables - 1)} autre(s) cellule(s) de ce groupe)" if semblables > 1 else ""
    return f"{debut} : {chiffre.note or 'sans autre précision du producteur'}{suite}"
