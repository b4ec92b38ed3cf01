"""Styles et formats de nombre du classeur : ce que l'œil reconnaît d'une feuille à l'autre."""

from __future__ import annotations

import math
import re
from io import BytesIO
from typing import TYPE_CHECKING, Any, Final

from xlsxwriter import Workbook
from xlsxwriter.worksheet import Worksheet

from abs.formats import nombre
from abs.phrases.ecriture import decimales
from abs.statuts import Fiabilite, Statut
from carnets.documents.modeles import CLASSEURS
from cartes.charte import TABLEUR
from donnees_insee.chemins import fichier_provisoire

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Mapping
    from pathlib import Path

    from xlsxwriter.format import Format

    from abs.calcul.table_longue import Chiffre
    from abs.indicateurs.indicateurs import Indicateur

POLICE: Final = TABLEUR["police"]
TAILLE: Final = 10
OPTIONS: Final = {
    "in_memory": True,
    "strings_to_formulas": False,
    "strings_to_urls": False,
    "strings_to_numbers": False,
}
ENCRE, BLEU, BLEU_PALE, GRIS, TRAIT = (
    TABLEUR[nom] for nom in ("encre", "bleu", "bleu_pale", "gris", "trait")
)
A4: Final = 9
PIED: Final = "&L&A&RPage &P sur &N"
LONGUEUR_MAXIMALE: Final = 32_767
NOM_DE_FEUILLE_MAXIMUM: Final = 31
NOMS_COURTS: Final[dict[str, str]] = CLASSEURS["noms_courts"]
MOTS_DES_STATUTS: Final[dict[str, str]] = {
    Statut.SECRET: "secret",
    Statut.INDISPONIBLE: "indisponible",
    Statut.SANS_OBJET: "sans objet",
}
# L'indicateur n'est défini pour aucun fichier de ce niveau : il n'y a rien à attendre, même d'un autre dépôt.
SANS_NIVEAU: Final = "–"


def enregistrer_classeur(
    chemin: Path,
    proprietes: dict[str, str],
    noms: Iterable[str],
    remplir: Callable[[dict[str, Feuille]], None],
) -> Path:
    """Enregistrer un classeur, rempli en mémoire : une écriture refusée est une erreur de fichier, dite comme les autres."""
    contenu = BytesIO()
    with Workbook(contenu, OPTIONS) as classeur:
        classeur.set_properties(proprietes)
        classeur.set_size(28_800, 16_200)
        styles, feuilles = Styles(classeur), {}
        for nom in noms:
            feuilles[nom] = feuille = classeur.add_worksheet(nom, Feuille)
            feuille.styles = styles
            feuille.hide_gridlines(2)
        remplir(feuilles)
    with fichier_provisoire(chemin) as provisoire:
        provisoire.write_bytes(contenu.getvalue())
    return chemin


class Styles:
    """Formats du classeur, créés une seule fois chacun."""

    def __init__(self, classeur: Workbook) -> None:
        self.classeur = classeur
        self._faits: dict[tuple[tuple[str, Any], ...], Format] = {}

    def donner(self, **proprietes: Any) -> Format:
        """Donner un format."""
        cle = tuple(sorted(proprietes.items()))
        if cle not in self._faits:
            commun = {"font_name": POLICE, "font_size": TAILLE, "valign": "vcenter"}
            self._faits[cle] = self.classeur.add_format({**commun, **proprietes})
        return self._faits[cle]

    def titre(self) -> Format:
        """Donner le style d'un titre de feuille."""
        return self.donner(bold=True, font_size=15, font_color=ENCRE)

    def entete(self, **autres: Any) -> Format:
        """Donner le style d'un en-tête de colonne."""
        base = {
            "bold": True,
            "font_color": TABLEUR["papier"],
            "bg_color": BLEU,
            "text_wrap": True,
            "border": 1,
        }
        return self.donner(**{**base, "border_color": TRAIT, "align": "center", **autres})

    def texte(self, **autres: Any) -> Format:
        """Donner le style d'un texte courant, renvoyé à la ligne."""
        return self.donner(**{"text_wrap": True, "valign": "top", **autres})


class Feuille(Worksheet):
    """Une feuille du classeur, qui écrit dans les styles communs."""

    styles: Styles

    def ecrire_texte(self, ligne: int, colonne: int, texte: str, style: Format) -> None:
        """Écrire un texte qui reste un texte, quel que soit son premier caractère."""
        self.write_string(ligne, colonne, texte[:LONGUEUR_MAXIMALE], style)

    def ecrire_ligne(self, ligne: int, textes: Iterable[str], style: Format) -> None:
        """Écrire des textes côte à côte."""
        for colonne, texte in enumerate(textes):
            self.ecrire_texte(ligne, colonne, texte, style)

    def fusionner(self, ligne: int, colonnes: tuple[int, int], texte: str, style: Format) -> None:
        """Écrire un texte sur une ou plusieurs colonnes d'une ligne, réunies en une cellule."""
        if colonnes[0] < colonnes[1]:
            self.merge_range(ligne, colonnes[0], ligne, colonnes[1], "", style)
        self.ecrire_texte(ligne, colonnes[0], texte, style)

    def ecrire_table(self, haut: int, lignes: int, nom: str, titres: Iterable[str]) -> None:
        """Faire d'un bloc de cellules un tableau filtrable."""
        colonnes = [{"header": titre} for titre in titres]
        habit = {"name": nom, "style": "Table Style Light 9", "columns": colonnes}
        self.add_table(haut, 0, haut + max(lignes, 1), len(colonnes) - 1, habit)

    def ecrire_entetes(
        self, rangs: tuple[int, int], entetes: Iterable[tuple[str, float]], style: Format
    ) -> None:
        """Donner leur largeur aux colonnes et leur titre, d'un rang à l'autre."""
        for colonne, (texte, largeur) in enumerate(entetes):
            self.set_column(colonne, colonne, largeur)
            if rangs[0] < rangs[1]:
                self.merge_range(rangs[0], colonne, rangs[1], colonne, texte, style)
            else:
                self.ecrire_texte(rangs[0], colonne, texte, style)

    def ecrire_valeur(
        self,
        cellule: tuple[int, int],
        indicateur: Indicateur,
        chiffre: Chiffre | None,
        habit: Mapping[str, object],
        formule: str = "",
    ) -> None:
        """Écrire un nombre ou sa formule avec son format, ou le mot qui en tient lieu ; jamais zéro pour une absence."""
        if chiffre is None or not chiffre.a_une_valeur:
            mot = SANS_NIVEAU if chiffre is None else MOTS_DES_STATUTS[chiffre.statut]
            discret = self.styles.donner(**habit, align="right", font_color=GRIS, italic=True)
            self.ecrire_texte(*cellule, mot, discret)
            return
        style = self.styles.donner(**habit, num_format=format_de_valeur(indicateur, chiffre))
        if formule:
            self.write_formula(*cellule, formule, style, chiffre.valeur)
        else:
            self.write_number(*cellule, chiffre.valeur, style)

    def ecrire_lisez_moi(
        self, titre: str, largeur: int, couples: Iterable[tuple[str, str | None]], liens: Collection[str]
    ) -> None:
        """Écrire la première feuille, celle qui dit comment lire les autres : des intertitres, des noms et leur sens."""
        self.set_column(0, 0, 24)
        self.set_column(1, 1, largeur)
        self.ecrire_texte(0, 0, titre, self.styles.titre())
        self.set_row(0, 28)
        ligne = 0
        for nom, texte in couples:
            ligne += 1
            if texte is None:
                ligne += 1
                style = self.styles.entete(align="left", border=0, font_size=11, text_wrap=False)
                self.ecrire_texte(ligne, 0, nom, style)
                self.write_blank(ligne, 1, None, style)
                continue
            if nom in liens:
                lien = self.styles.texte(bold=True, font_color=BLEU, underline=1)
                self.write_url(ligne, 0, f"internal:'{nom}'!A1", lien, nom)
            else:
                self.ecrire_texte(ligne, 0, nom, self.styles.texte(bold=True))
            self.ecrire_texte(ligne, 1, texte, self.styles.texte())
            self.set_row(ligne, hauteur((nom, 24), (texte, largeur)) + 2)
        self.set_landscape()
        self.fit_to_pages(1, 1)
        self.activate()

    def mettre_en_page(
        self,
        rangs: tuple[int, int],
        figees: int,
        *,
        marges: bool = False,
        repetes: bool = True,
        echelle: int = 0,
    ) -> None:
        """Régler l'impression : A4 en largeur, en-têtes répétés ; à échelle donnée, une feuille large se suit."""
        if figees:
            self.freeze_panes(rangs[1] + 1, figees)
        self.set_landscape()
        self.set_paper(A4)
        if echelle:
            self.set_print_scale(echelle)
            self.repeat_columns(0, 0)
        else:
            self.fit_to_pages(1, 0)
        if marges:
            self.set_margins(left=0.4, right=0.4, top=0.5, bottom=0.6)
        if repetes:
            self.repeat_rows(*rangs)
        self.set_footer(PIED)


def hauteur(*textes: tuple[str, float], taille: int = TAILLE) -> float:
    """Calculer la hauteur d'une ligne dont les textes vont à la ligne ; LibreOffice ne l'ajuste pas seul."""
    # La largeur d'une colonne compte des chiffres ; un texte courant, plus étroit, y tient un peu mieux.
    par_ligne = 1.17 * TAILLE / taille
    lignes = max(
        (sum(max(1, math.ceil(len(m) / (w * par_ligne))) for m in t.split("\n")) for t, w in textes),
        default=1,
    )
    return 3 + 1.3 * taille * lignes


def nom_de_feuille(theme: str, libelle: str) -> str:
    """Donner à un thème un nom que les tableurs acceptent."""
    propre = re.sub(r"[\[\]:*?/\\]", " ", NOMS_COURTS.get(theme, libelle)).strip(" '")
    return propre[:NOM_DE_FEUILLE_MAXIMUM].strip()


def marque(chiffre: Chiffre) -> str:
    """Donner le signe écrit après un nombre à lire avec prudence."""
    signe = {Statut.ESTIME: "e", Statut.PARTIEL: "p"}.get(Statut(chiffre.statut), "")
    return signe + ("*" if chiffre.fiabilite == Fiabilite.FRAGILE else "")


def format_de_valeur(indicateur: Indicateur, chiffre: Chiffre) -> str:
    """Écrire le format d'une valeur : décimales selon la marge, virgules alignées, signe de prudence."""
    visibles, prevues = max(decimales(indicateur, chiffre), 0), max(indicateur.decimales, 0)
    partie = "." + "0" * visibles if visibles else ("_," if prevues else "")
    blancs = "_0" * (prevues - visibles)
    signe = marque(chiffre)
    # « _x » laisse la largeur du caractère x : les virgules restent alignées avec ou sans signe.
    return f"#,##0{partie}{blancs}" + (f'" {signe}"' if signe else "_ _*")


def explication(chiffre: Chiffre, semblables: int = 1) -> str:
    """Dire en commentaire pourquoi un chiffre manque ou comment il a été obtenu."""
    debut = MOTS_DES_STATUTS.get(chiffre.statut, "estimé" if chiffre.statut == Statut.ESTIME else "partiel")
    suite = f" (et {nombre(semblables - 1)} autre(s) cellule(s) de ce groupe)" if semblables > 1 else ""
    return f"{debut} : {chiffre.note or 'sans autre précision du producteur'}{suite}"
