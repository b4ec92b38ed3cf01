"""L'action de la commande qui dit comment un territoire a évolué entre deux dates, et ce qui ne se compare pas."""

from __future__ import annotations

from typing import TYPE_CHECKING

from carnets.commande import affichage
from donnees_insee.base import Base

if TYPE_CHECKING:
    from pathlib import Path

    from abs.releve_des_evolutions import Releve


def evolution(texte: str, de: int, a: int, indicateurs: str, sortie: Path | None) -> None:
    """Écrire les évolutions d'un territoire, à l'écran et dans un fichier.

    Parameters
    ----------
    texte : str
        Code ou nom du territoire.
    de, a : int
        Millésimes, le plus ancien d'abord.
    indicateurs : str
        Codes séparés par des virgules ; vide pour tous ceux que la base tient aux deux dates.
    sortie : pathlib.Path or None
        Dossier qui reçoit le CSV ; rien n'est écrit sans lui.

    Raises
    ------
    ParametreInvalide
        Si rien ne se compare ; la raison et les dates les plus proches sont dites.
    """
    from abs.releve_des_evolutions import relever  # noqa: PLC0415 - import lent
    from carnets.documents.csv_evolutions import ecrire_evolutions  # noqa: PLC0415

    voulus = [c.strip() for c in indicateurs.split(",") if c.strip()]
    releve = relever(Base(), texte, de, a, voulus)
    affichage.dire(f"{releve.sujet.nom} ({releve.sujet.code}), de {de} à {a}, à géographie constante")
    for phrase in releve.geographie:
        affichage.dire(f"  - {phrase}")
    for code in releve.totaux:
        _un_indicateur(releve, code)
    _refus(releve)
    if sortie is not None:
        affichage.dire(f"Toutes les lignes : {ecrire_evolutions(releve, sortie)}")
    affichage.dire(
        "La marge est un ordre de grandeur de l'aléa du sondage, non un intervalle de confiance : elle ignore les "
        "non-réponses et les erreurs de déclaration."
    )


def _un_indicateur(releve: Releve, code: str) -> None:
    from abs.indicateurs import indicateur  # noqa: PLC0415
    from abs.tableaux_des_evolutions import ENTETES, les_plus_nettes, ligne, mots_du_choix, resume  # noqa: PLC0415

    definition = indicateur(code)
    mailles = releve.mailles.get(code, [])
    montrees = les_plus_nettes(mailles)
    entetes = [e.format(de=releve.de, a=releve.a) for e in ENTETES]
    affichage.dire()
    affichage.tableau(
        f"{definition.libelle_court} ({code})", entetes, [ligne(e) for e in (*releve.totaux[code], *montrees)]
    )
    phrases = [*releve.notes.get(code, ()), *resume(mailles), *mots_du_choix(montrees, mailles)]
    for phrase in phrases:
        affichage.dire(f"  - {phrase}")


def _refus(releve: Releve) -> None:
    from abs.refus_d_evolution import phrases_de_refus  # noqa: PLC0415

    if releve.refus:
        affichage.dire()
        affichage.dire("Ce qui ne se compare pas :")
        for phrase in phrases_de_refus(releve.refus):
            affichage.dire(f"  - {phrase}")
