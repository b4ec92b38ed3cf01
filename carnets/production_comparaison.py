"""Exécuter le carnet de comparaison intercommunale et en tirer les documents, dans un dossier mis en place d'un geste."""

from pathlib import Path
from typing import Any, Final

from carnets.ateliers.comparaison import verifier_reglages
from carnets.exports_anticipes import COMPARAISON, Documents
from carnets.moteur import Oeuvre, Production, chemin_du_carnet, executer_et_ecrire
from donnees_insee.chemins import nom_de_fichier

CARNET: Final = "30_comparaison_intercommunale.ipynb"


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
