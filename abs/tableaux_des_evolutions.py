"""Les évolutions écrites en français : les lignes d'un tableau, la phrase qui le résume, la table à enregistrer."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

import pandas as pd

from abs.evolutions import Evolution, Verdict, part_significative
from abs.formats import ESPACE_INSECABLE, avec_unite, nombre
from abs.indicateurs import indicateurs
from donnees_insee.catalogue import source

if TYPE_CHECKING:
    from abs.indicateurs import Indicateur
    from abs.releve_des_evolutions import Releve

ENTETES: Final = ("Territoire", "Code", "{de}", "{a}", "Écart", "Marge", "Ce qu'on peut en dire")
# Au-delà, l'écran ne montre que les écarts les plus nets ; le fichier les a tous.
LIGNES_A_L_ECRAN: Final = 40
LIGNES_LES_PLUS_NETTES: Final = 12
HASARD: Final = 0.05
NOMS_DE_MAILLE: Final = {"iris": "IRIS", "commune": "communes"}


def unite_d_ecart(indicateur: Indicateur) -> str:
    """Donner l'unité d'un écart : des points pour un pourcentage, sinon celle de l'indicateur.

    Parameters
    ----------
    indicateur : Indicateur
        Définition.

    Returns
    -------
    str
        Unité à écrire après le nombre.
    """
    return "pt" if indicateur.unite == "%" else indicateur.unite


def signe(valeur: float, unite: str, decimales: int) -> str:
    """Écrire un écart avec son signe.

    Parameters
    ----------
    valeur : float
        Écart ; NaN donne un tiret.
    unite : str
        Unité.
    decimales : int
        Décimales écrites.

    Returns
    -------
    str
        Par exemple « +1,2 pt » ou « −0,4 pt ».
    """
    if math.isnan(valeur):
        return "–"
    ecrit = avec_unite(abs(valeur), unite, decimales)
    if not any(c in "123456789" for c in nombre(abs(valeur), decimales)):
        return ecrit
    return f"{'+' if valeur > 0 else '−'}{ecrit}"


def ligne(evolution: Evolution) -> tuple[str, ...]:
    """Écrire une évolution comme une ligne de tableau.

    Parameters
    ----------
    evolution : Evolution
        Évolution.

    Returns
    -------
    tuple of str
        Territoire, code, valeur aux deux dates, écart, marge, verdict avec sa raison.
    """
    definition = indicateurs()[evolution.indicateur]
    decimales = definition.decimales
    marge = (
        "–"
        if math.isnan(evolution.marge) or evolution.verdict == Verdict.EXHAUSTIF
        else f"±{ESPACE_INSECABLE}{nombre(evolution.marge, 1)}"
    )
    dit = (
        f"{evolution.verdict}{ESPACE_INSECABLE}: {evolution.raison}"
        if evolution.raison
        else evolution.verdict
    )
    return (
        evolution.nom,
        evolution.code,
        avec_unite(evolution.avant.valeur, definition.unite, decimales),
        avec_unite(evolution.apres.valeur, definition.unite, decimales),
        signe(evolution.ecart, unite_d_ecart(definition), decimales),
        marge,
        str(dit),
    )


def les_plus_nettes(evolutions: list[Evolution]) -> list[Evolution]:
    """Choisir ce que l'écran montre : tout, ou les écarts significatifs les plus nets au regard de leur marge.

    Parameters
    ----------
    evolutions : list of Evolution
        Mailles d'un indicateur.

    Returns
    -------
    list of Evolution
        Dans l'ordre du territoire si tout tient ; sinon de la plus forte baisse à la plus forte hausse.
    """
    if len(evolutions) <= LIGNES_A_L_ECRAN:
        return evolutions
    nettes = [e for e in evolutions if e.verdict == Verdict.SIGNIFICATIF]
    retenues = sorted(nettes, key=lambda e: abs(e.ecart) / e.marge, reverse=True)[:LIGNES_LES_PLUS_NETTES]
    return sorted(retenues, key=lambda e: e.ecart)


def mots_du_choix(montrees: list[Evolution], mailles: list[Evolution]) -> list[str]:
    """Dire ce que l'écran ne montre pas.

    Parameters
    ----------
    montrees, mailles : list of Evolution
        Lignes montrées, et toutes les lignes.

    Returns
    -------
    list of str
        Vide si tout est montré.
    """
    if len(montrees) == len(mailles):
        return []
    ou = f"les {len(mailles)} lignes sont dans le fichier qu'écrit --sortie."
    if not montrees:
        return [f"Aucun écart significatif à montrer ; {ou}"]
    return [f"Sont montrés les {len(montrees)} écarts les plus nets au regard de leur marge ; {ou}"]


def resume(evolutions: list[Evolution]) -> list[str]:
    """Dire combien d'écarts sont significatifs, et combien le seraient par le seul hasard.

    Parameters
    ----------
    evolutions : list of Evolution
        Mailles d'un indicateur.

    Returns
    -------
    list of str
        Phrases complètes ; vide sans maille.
    """
    if not evolutions:
        return []
    nom = NOMS_DE_MAILLE.get(evolutions[0].niveau, "territoires")
    nets, evalues = part_significative(evolutions)
    dites = []
    if evalues:
        part = avec_unite(100 * nets / evalues, "%", 0)
        dite = f"Écart significatif pour {nets} des {evalues} {nom} où il est évalué ({part})"
        # Seul un sondage donne des écarts par hasard ; un arrondi n'en donne pas.
        if source(evolutions[0].source).famille == "recensement":
            hasard = avec_unite(100 * HASARD, "%", 0)
            dite += f" ; sans aucune évolution, environ {hasard} en auraient un par le seul hasard du sondage"
        dites.append(f"{dite}.")
    sans = [e for e in evolutions if e.verdict in {Verdict.SANS_MARGE, Verdict.NON_COMPARABLE}]
    if sans and evalues:
        dites.append(
            f"Écart non évalué ou non comparable pour {len(sans)} {nom} : la raison est sur leur ligne."
        )
    return dites


def table(releve: Releve) -> pd.DataFrame:
    """Réunir toutes les évolutions, à pleine précision.

    Parameters
    ----------
    releve : Releve
        Évolutions d'un territoire.

    Returns
    -------
    pandas.DataFrame
        Une ligne par indicateur et par territoire ; nombres absents là où rien n'est dit.
    """
    connus = indicateurs()
    return pd.DataFrame(
        [
            {
                "indicateur": e.indicateur,
                "libelle": connus[e.indicateur].libelle_court,
                "source": e.source,
                "niveau": e.niveau,
                "territoire": e.code,
                "nom": e.nom,
                "nature": e.nature,
                "codes_de": " ".join(e.codes_de),
                "codes_a": " ".join(e.codes_a),
                "de": e.de,
                "a": e.a,
                "unite": connus[e.indicateur].unite,
                "valeur_de": e.avant.valeur,
                "valeur_a": e.apres.valeur,
                "ecart": e.ecart,
                "unite_ecart": unite_d_ecart(connus[e.indicateur]),
                "marge": e.marge,
                "verdict": str(e.verdict),
                "depasse_le_seuil_pratique": "oui" if e.notable else "non",
                "raison": e.raison,
            }
            for e in releve.lignes()
        ]
    )
