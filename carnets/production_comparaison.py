"""Exécuter le carnet de comparaison ou d'évolutions et en tirer les documents, dans un dossier mis en place d'un geste."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from carnets.ateliers.comparaison import verifier_reglages
from carnets.exports_anticipes import COMPARAISON, EVOLUTIONS, Documents
from carnets.moteur import Oeuvre, Production, chemin_du_carnet, executer_et_ecrire
from donnees_insee.chemins import nom_de_fichier

if TYPE_CHECKING:
    from abs.evolutions.resultats import Releve

CARNET: Final = "30_comparaison_intercommunale.ipynb"
CARNET_D_EVOLUTIONS: Final = "20_evolutions.ipynb"


def produire_la_comparaison(
    parametres: dict[str, Any],
    indicateurs: str,
    sortie: Path,
    *,
    progression: bool = False,
    remplacer: bool = False,
) -> Production:
    """Exécuter le carnet de comparaison et écrire ses documents."""
    from abs.intercommunal.releve import DiagnostiqueurIntercommunal  # noqa: PLC0415 - imports lents

    reglages, voulus = verifier_reglages(indicateurs, parametres)
    sujet = DiagnostiqueurIntercommunal(reglages.base, reglages.demande).sujet
    dates = reglages.demande.millesime or "dernier"
    titre, radical = (
        f"Comparaison intercommunale · {sujet.nom}",
        f"comparaison-{nom_de_fichier(sujet.nom)}-{sujet.code}",
    )
    return executer_et_ecrire(
        chemin_du_carnet(CARNET),
        reglages.injectes(sujet.code, indicateurs=",".join(voulus)),
        sortie.resolve() / f"{radical}-{dates}",
        lambda dossier: Documents(reglages.formats, dossier, titre, COMPARAISON),
        oeuvre=Oeuvre(sortie, radical, sujet.code),
        remplacer=remplacer,
        progression=progression,
        barre="Comparaison",
    )


def produire_les_evolutions(
    releve: Releve,
    indicateurs: str,
    formats: tuple[str, ...],
    donnees: Path,
    sortie: Path,
    *,
    remplacer: bool = False,
) -> Production:
    """Exécuter le carnet d'évolutions d'un territoire déjà relevé, et écrire ses documents."""
    sujet = releve.sujet
    radical = f"evolutions-{nom_de_fichier(sujet.nom)}-{nom_de_fichier(sujet.code)}"
    parametres = {
        "territoire": sujet.code,
        "de": releve.de,
        "a": releve.a,
        "indicateurs": indicateurs,
        "dossier_sortie": "",
        "dossier_donnees": str(donnees.resolve()),
    }
    return executer_et_ecrire(
        chemin_du_carnet(CARNET_D_EVOLUTIONS),
        parametres,
        sortie.resolve() / f"{radical}-{releve.de}-{releve.a}",
        lambda dossier: Documents(formats, dossier, f"Évolutions · {sujet.nom}", EVOLUTIONS),
        oeuvre=Oeuvre(sortie, radical, sujet.code),
        remplacer=remplacer,
        progression=True,
        barre="Évolutions",
    )
