"""L'action de la commande qui dit comment un territoire a évolué entre deux dates, et ce qui ne se compare pas."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from carnets.commande import affichage
from donnees_insee.base.base import Base

if TYPE_CHECKING:
    from pathlib import Path

# L'écran tient en quarante lignes, quel que soit le territoire ; le reste est dans les fichiers.
INDICATEURS_A_L_ECRAN: Final = 22
PHRASES_A_L_ECRAN: Final = 3
LARGEUR_D_UNE_PHRASE: Final = 200


def evolution(texte: str, de: int, a: int, indicateurs: str, sortie: Path) -> None:
    """Écrire les évolutions d'un territoire : quarante lignes à l'écran, le rapport et les lignes dans des fichiers."""
    from abs.evolutions.releve import phrases_de_refus, relever  # noqa: PLC0415
    from abs.evolutions.tableaux import bilan  # noqa: PLC0415 - import lent
    from carnets.documents.csv_evolutions import ecrire_evolutions, ecrire_rapport  # noqa: PLC0415

    releve = relever(Base(), texte, de, a, [c.strip() for c in indicateurs.split(",") if c.strip()])
    fichiers = [ecrire_rapport(releve, sortie), ecrire_evolutions(releve, sortie)]
    affichage.dire(
        f"{releve.sujet.nom} ({releve.sujet.code}), de {releve.de} à {releve.a}, à géographie constante"
    )
    _quelques(releve.geographie)
    lignes, autres = bilan(releve, INDICATEURS_A_L_ECRAN)
    entetes = ("Indicateur", str(releve.de), str(releve.a), "Écart", "Pour le territoire", "Mailles établies")
    affichage.tableau("", entetes, lignes, plier=False)
    if autres:
        affichage.dire(f"  … et {autres} autres indicateurs dans le rapport.")
    if releve.refus:
        affichage.dire("Ce qui ne se compare pas :")
        _quelques(phrases_de_refus(releve.refus))
    for fichier in fichiers:
        affichage.dire(f"Écrit : {fichier}")


def _quelques(phrases: list[str]) -> None:
    for phrase in phrases[:PHRASES_A_L_ECRAN]:
        court = (
            phrase
            if len(phrase) <= LARGEUR_D_UNE_PHRASE
            else f"{phrase[:LARGEUR_D_UNE_PHRASE].rsplit(' ', 1)[0]} …"
        )
        affichage.dire(f"  - {court}")
    reste = len(phrases) - PHRASES_A_L_ECRAN
    if reste > 0:
        affichage.dire(f"  - … et {reste} autre{'s' if reste > 1 else ''}, dans le rapport.")
