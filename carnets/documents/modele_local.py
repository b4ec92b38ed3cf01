"""Écrire le fichier à faire remplir par un partenaire : CSV, ou classeur avec sa feuille « Lisez-moi »."""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from carnets.documents.modeles import CLASSEURS
from donnees_insee.chemins import fichier_provisoire
from donnees_insee.erreurs import SortieImpossible
from donnees_insee.preparation.sources_recues import COLONNES

if TYPE_CHECKING:
    from pathlib import Path

    from xlsxwriter.workbook import Workbook

    from abs.territoires.territoires import Territoire
    from donnees_insee.catalogue.modeles_recus import Modele

DONNEES: Final = "Données"
LISEZ_MOI: Final = "Lisez-moi"
COLONNE_DU_NOM: Final = "nom_du_territoire"
SENS_DES_COLONNES: Final[dict[str, str]] = CLASSEURS["colonnes_recues"]
LIGNES_LIBRES: Final = 200


@dataclass(frozen=True)
class FichierAFaireRemplir:
    """Un modèle, pour des territoires."""

    modele: Modele | None
    territoires: tuple[Territoire, ...] = ()

    def lignes(self) -> list[list[str]]:
        """Donner les lignes pré-remplies."""
        if self.modele is None:
            return []
        m = self.modele
        suite = ["", m.code, "", "", "", m.diffusion, str(m.seuil)]
        if not self.territoires:
            return [["", *suite]]
        return [[_code(t), *suite, t.nom] for t in self.territoires]

    def entetes(self) -> list[str]:
        """Donner les noms de colonnes."""
        return [*COLONNES, COLONNE_DU_NOM] if self.modele and self.territoires else list(COLONNES)


def _code(territoire: Territoire) -> str:
    from abs.calcul.sources_recues import cle_locale  # noqa: PLC0415 - import lent, inutile au fichier vide

    return cle_locale(territoire)


def ecrire_modele(fichier: FichierAFaireRemplir, chemin: Path) -> Path:
    """Écrire le fichier à faire remplir."""
    if chemin.exists():
        raise SortieImpossible(f"« {chemin} » existe déjà et n'a pas été touché. Donnez un autre nom.")
    formes = {".csv": _csv, ".xlsx": _xlsx}
    if chemin.suffix.lower() not in formes:
        raise SortieImpossible(f"« {chemin} » : le modèle s'écrit en .csv ou en .xlsx.")
    contenu = formes[chemin.suffix.lower()](fichier)
    with fichier_provisoire(chemin) as provisoire:
        provisoire.write_bytes(contenu)
    return chemin


def _csv(fichier: FichierAFaireRemplir) -> bytes:
    tampon = io.StringIO()
    plume = csv.writer(tampon, delimiter=";", lineterminator="\r\n")
    plume.writerow(fichier.entetes())
    plume.writerows(fichier.lignes())
    return ("\ufeff" + tampon.getvalue()).encode("utf-8")


def _xlsx(fichier: FichierAFaireRemplir) -> bytes:
    from xlsxwriter import Workbook  # noqa: PLC0415 - chargé seulement quand on écrit un classeur

    contenu = io.BytesIO()
    with Workbook(contenu, {"in_memory": True, "strings_to_formulas": False}) as classeur:
        classeur.set_properties(
            {"title": "Modèle de source locale", "subject": "Analyse des besoins sociaux"}
        )
        _lisez_moi(classeur, fichier.modele)
        _donnees(classeur, fichier)
    return contenu.getvalue()


def _donnees(classeur: Workbook, fichier: FichierAFaireRemplir) -> None:
    """Écrire la feuille à remplir : codes et dates en texte, diffusion choisie dans une liste."""
    feuille = classeur.add_worksheet(DONNEES)
    tete = classeur.add_format(
        {"bold": True, "bg_color": "#EAF0F7", "border": 1, "border_color": "#9AA7B8", "font_name": "Arial"}
    )
    texte = classeur.add_format({"num_format": "@", "font_name": "Arial"})
    jaune = {"bg_color": "#FFF8DC", "border": 1, "border_color": "#D9CFA8", "font_name": "Arial"}
    a_remplir = classeur.add_format(jaune)
    centre = classeur.add_format({"align": "center", "font_name": "Arial"})
    date = classeur.add_format({**jaune, "num_format": "@"})
    largeurs = {"territoire": 14, "indicateur": 34, "producteur": 26, COLONNE_DU_NOM: 34}
    formats = {"numerateur": a_remplir, "denominateur": a_remplir, "date": date, "producteur": date}
    entetes, lignes = fichier.entetes(), fichier.lignes()
    for colonne, nom in enumerate(entetes):
        feuille.set_column(colonne, colonne, largeurs.get(nom, 14), texte if nom == "territoire" else None)
        feuille.write_string(0, colonne, nom, tete)
        for rang, ligne in enumerate(lignes, start=1):
            if nom == "seuil":
                feuille.write_number(rang, colonne, int(ligne[colonne]), centre)
            elif ligne[colonne : colonne + 1] and ligne[colonne]:
                feuille.write_string(rang, colonne, ligne[colonne], formats.get(nom, texte))
            else:
                feuille.write_blank(rang, colonne, None, formats.get(nom, texte))
    diffusion = entetes.index("diffusion")
    feuille.data_validation(
        *(1, diffusion, max(len(lignes), LIGNES_LIBRES), diffusion),
        {"validate": "list", "source": ["publique", "interne"], "error_message": "publique ou interne"},
    )
    feuille.freeze_panes(1, 1)
    feuille.set_landscape()
    feuille.set_paper(9)
    feuille.fit_to_pages(1, 0)
    feuille.repeat_rows(0)


def _lisez_moi(classeur: Workbook, modele: Modele | None) -> None:
    """Écrire ce que l'on demande, en mots, puis le sens de chaque colonne."""
    feuille = classeur.add_worksheet(LISEZ_MOI)
    feuille.hide_gridlines(2)
    titre = classeur.add_format(
        {"bold": True, "font_size": 15, "font_color": "#0B4F8A", "font_name": "Arial"}
    )
    gras = classeur.add_format({"bold": True, "valign": "top", "font_name": "Arial", "text_wrap": True})
    corps = classeur.add_format({"valign": "top", "font_name": "Arial", "text_wrap": True})
    feuille.set_column(0, 0, 26)
    feuille.set_column(1, 1, 92)
    feuille.write_string(0, 0, "Source locale" if modele is None else modele.libelle, titre)
    rang = 2
    for nom, valeur in [*presentation(modele), *SENS_DES_COLONNES.items()]:
        # Des guillemets : cette ligne ne doit pas être prise pour une ligne de noms de colonnes.
        feuille.write_string(rang, 0, f"colonne « {nom} »" if nom in SENS_DES_COLONNES else nom, gras)
        feuille.write_string(rang, 1, valeur, corps)
        feuille.set_row(rang, 15 * (1 + len(valeur) // 112) + 3)
        rang += 1
    feuille.set_paper(9)
    feuille.set_landscape()
    feuille.fit_to_pages(1, 0)


def presentation(modele: Modele | None) -> list[tuple[str, str]]:
    """Dire en mots ce qu'un modèle demande."""
    if modele is None:
        mots = "Une ligne par territoire, par date et par indicateur."
        libres = (
            "Un indicateur qui n'est pas un modèle (abs sources modele --liste) se déclare dans le fichier : "
            "ajoutez les colonnes libelle, theme et, au besoin, unite."
        )
        return [("Remplir", mots), ("Indicateur libre", libres)]
    couples = [
        ("Définition", modele.definition),
        ("Numérateur", modele.numerateur),
        ("Dénominateur", modele.denominateur or "aucun : l'indicateur est un effectif"),
        ("Unité", modele.unite),
        ("Producteur habituel", modele.producteur),
        ("Cadre", modele.cadre),
        ("Seuil de secret", f"{modele.seuil} ({modele.seuil_dit})"),
        ("Remplir", f"Dans la feuille « {DONNEES} », les cellules jaunes : date, comptes, producteur."),
    ]
    return [*couples, ("Moment", modele.moment)] if modele.moment else couples
