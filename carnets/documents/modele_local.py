"""Écrire le fichier à faire remplir par un partenaire : CSV, ou classeur avec sa feuille « Lisez-moi »."""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from carnets.documents.modeles import CLASSEURS
from cartes.charte import MODELE
from donnees_insee.chemins import fichier_provisoire
from donnees_insee.erreurs import SortieImpossible
from donnees_insee.preparation.sources_recues import COLONNES

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from xlsxwriter.workbook import Workbook

    from abs.territoires.territoires import Territoire
    from donnees_insee.catalogue.modeles_recus import Modele

DONNEES: Final = "Données"
LISEZ_MOI: Final = "Lisez-moi"
COLONNE_DU_NOM: Final = "nom_du_territoire"
SENS_DES_COLONNES: Final[dict[str, str]] = CLASSEURS["colonnes_recues"]
LIGNES_LIBRES: Final = 200
ARIAL: Final = {"font_name": "Arial"}


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
        from abs.calcul.sources_recues import cle_locale  # noqa: PLC0415 - import lent, inutile au fichier vide

        return [[cle_locale(t), *suite, t.nom] for t in self.territoires]

    def entetes(self) -> list[str]:
        """Donner les noms de colonnes."""
        return [*COLONNES, COLONNE_DU_NOM] if self.modele and self.territoires else list(COLONNES)


def ecrire_modele(fichier: FichierAFaireRemplir, chemin: Path) -> Path:
    """Écrire le fichier à faire remplir."""
    return ecrire_sans_ecraser(chemin, {".csv": _csv, ".xlsx": _xlsx}, fichier, "le modèle")


def ecrire_sans_ecraser(
    chemin: Path, formes: Mapping[str, Callable[[Any, Path], None]], contenu: Any, nom: str
) -> Path:
    """Écrire un document dans la forme que dit le nom de son fichier, sans jamais en écraser un."""
    if chemin.exists():
        raise SortieImpossible(f"« {chemin} » existe déjà et n'a pas été touché. Donnez un autre nom.")
    if chemin.suffix.lower() not in formes:
        raise SortieImpossible(f"« {chemin} » : {nom} s'écrit en {' ou en '.join(formes)}.")
    with fichier_provisoire(chemin) as provisoire:
        formes[chemin.suffix.lower()](contenu, provisoire)
    return chemin


def _csv(fichier: FichierAFaireRemplir, chemin: Path) -> None:
    with chemin.open("w", encoding="utf-8-sig", newline="") as flux:
        csv.writer(flux, delimiter=";").writerows([fichier.entetes(), *fichier.lignes()])


def _xlsx(fichier: FichierAFaireRemplir, chemin: Path) -> None:
    from xlsxwriter import Workbook  # noqa: PLC0415 - chargé seulement quand on écrit un classeur

    contenu = io.BytesIO()
    with Workbook(contenu, {"in_memory": True, "strings_to_formulas": False}) as classeur:
        classeur.set_properties(
            {"title": "Modèle de source locale", "subject": "Analyse des besoins sociaux"}
        )
        _lisez_moi(classeur, fichier.modele)
        _donnees(classeur, fichier)
    chemin.write_bytes(contenu.getvalue())


def _donnees(classeur: Workbook, fichier: FichierAFaireRemplir) -> None:
    """Écrire la feuille à remplir : codes et dates en texte, diffusion choisie dans une liste."""
    feuille = classeur.add_worksheet(DONNEES)
    bleu = {**ARIAL, "bg_color": MODELE["entete"], "border": 1, "border_color": MODELE["bord_d_entete"]}
    tete = classeur.add_format({**bleu, "bold": True})
    texte = classeur.add_format({**ARIAL, "num_format": "@"})
    jaune = {**ARIAL, "bg_color": MODELE["saisie"], "border": 1, "border_color": MODELE["bord_de_saisie"]}
    a_remplir = classeur.add_format(jaune)
    centre = classeur.add_format({**ARIAL, "align": "center"})
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
    titre = classeur.add_format({**ARIAL, "bold": True, "font_size": 15, "font_color": MODELE["titre"]})
    gras = classeur.add_format({**ARIAL, "bold": True, "valign": "top", "text_wrap": True})
    corps = classeur.add_format({**ARIAL, "valign": "top", "text_wrap": True})
    feuille.set_column(0, 0, 26)
    feuille.set_column(1, 1, 92)
    feuille.write_string(0, 0, "Source locale" if modele is None else modele.libelle, titre)
    for rang, (nom, valeur) in enumerate([*presentation(modele), *SENS_DES_COLONNES.items()], start=2):
        # Des guillemets : cette ligne ne doit pas être prise pour une ligne de noms de colonnes.
        feuille.write_string(rang, 0, f"colonne « {nom} »" if nom in SENS_DES_COLONNES else nom, gras)
        feuille.write_string(rang, 1, valeur, corps)
        feuille.set_row(rang, 15 * (1 + len(valeur) // 112) + 3)
    feuille.set_paper(9)
    feuille.set_landscape()
    feuille.fit_to_pages(1, 0)


def presentation(modele: Modele | None) -> list[tuple[str, str]]:
    """Dire en mots ce qu'un modèle demande."""
    if modele is None:
        return [*CLASSEURS["presentation_libre"].items()]
    mots = {**vars(modele), "denominateur": modele.denominateur or "aucun : l'indicateur est un effectif"}
    couples = [(nom, texte.format(**mots)) for nom, texte in CLASSEURS["presentation_d_un_modele"].items()]
    return [*couples, ("Moment", modele.moment)] if modele.moment else couples
