"""Les évolutions écrites en français : les lignes d'un tableau, la phrase qui le résume, la table à enregistrer."""

import math
from operator import attrgetter
from typing import Any, Final

import pandas as pd

from abs import definitions
from abs.definitions import dire
from abs.evolutions.evolutions import Evolution, Verdict, part_notable, part_significative, seuil_d_evolution
from abs.evolutions.resultats import ETABLIS, Releve
from abs.formats import ESPACE_INSECABLE, avec_unite, nombre
from abs.indicateurs.indicateurs import Indicateur, indicateur
from donnees_insee.catalogue.catalogue import source

ENTETES: Final = ("Territoire", "Code", "{de}", "{a}", "Écart", "Marge", "Ce qu'on peut en dire")
# Au-delà, l'écran ne montre que les écarts les plus nets ; le fichier les a tous.
LIGNES_A_L_ECRAN: Final = 40
LIGNES_LES_PLUS_NETTES: Final = 12
HASARD: Final = 0.05
LIMITES: Final = dire("evolutions", "limites")
AU_SEUIL: Final = frozenset({Verdict.NOTABLE, Verdict.FAIBLE})
SANS_TOTAL: Final = ("", "", "–", "–", "–", "–", "")
COLONNES: Final[dict[str, str]] = definitions.table("_etudes")["colonnes_des_evolutions"]
NOMS_DE_MAILLE: Final = {"iris": "IRIS", "commune": "communes"}


def unite_d_ecart(indicateur: Indicateur, annee: int | None = None) -> str:
    """Donner l'unité d'un écart : des points pour un pourcentage, sinon celle de l'indicateur."""
    return "pt" if indicateur.unite == "%" else unite_constante(indicateur, annee)


def unite_constante(indicateur: Indicateur, annee: int | None) -> str:
    """Donner l'unité d'une valeur ; d'un montant, l'année de ses euros."""
    if indicateur.unite == "€" and annee is not None:
        return f"€{ESPACE_INSECABLE}de{ESPACE_INSECABLE}{annee}"
    return indicateur.unite


def unites(evolution: Evolution) -> tuple[str, str]:
    """Donner l'unité des deux valeurs d'une évolution."""
    definition = indicateur(evolution.indicateur)
    de = evolution.de if math.isnan(evolution.avant.publiee) else evolution.a
    return unite_constante(definition, de), unite_constante(definition, evolution.a)


def signe(valeur: float, unite: str, decimales: int) -> str:
    """Écrire un écart avec son signe."""
    if math.isnan(valeur):
        return "–"
    ecrit = avec_unite(abs(valeur), unite, decimales)
    if not any(c in "123456789" for c in nombre(abs(valeur), decimales)):
        return ecrit
    return f"{'+' if valeur > 0 else '−'}{ecrit}"


def ligne(evolution: Evolution) -> tuple[str, ...]:
    """Écrire une évolution comme une ligne de tableau."""
    definition = indicateur(evolution.indicateur)
    decimales, (avant, apres) = definition.decimales, unites(evolution)
    sans_marge = math.isnan(evolution.marge) or evolution.verdict in AU_SEUIL
    marge = "–" if sans_marge else f"±{ESPACE_INSECABLE}{nombre(evolution.marge, 1)}"
    return (
        evolution.nom,
        evolution.code,
        avec_unite(evolution.avant.valeur, avant, decimales),
        avec_unite(evolution.apres.valeur, apres, decimales),
        signe(evolution.ecart, unite_d_ecart(definition, evolution.a), decimales),
        marge,
        verdict_dit(evolution),
    )


def verdict_dit(evolution: Evolution) -> str:
    """Écrire ce qu'on peut dire d'une évolution."""
    dit = str(evolution.verdict)
    if evolution.verdict in AU_SEUIL:
        definition = indicateur(evolution.indicateur)
        decimales = max(definition.decimales, 2 if definition.unite == "" else 0)
        seuil = avec_unite(_seuil(evolution), unite_d_ecart(definition), decimales)
        mots = "hausse notable" if evolution.ecart > 0 else "baisse notable"
        mots = mots if evolution.verdict == Verdict.NOTABLE else "écart faible"
        dit = f"{mots} (seuil pratique : {seuil})"
    return f"{dit}{ESPACE_INSECABLE}: {evolution.raison}" if evolution.raison else dit


def _seuil(evolution: Evolution) -> float:
    return seuil_d_evolution(indicateur(evolution.indicateur), evolution.avant.valeur)


def les_plus_nettes(evolutions: list[Evolution]) -> list[Evolution]:
    """Choisir ce qui est montré : tout, ou les écarts établis les plus nets, au regard de leur marge ou du seuil."""
    if len(evolutions) <= LIGNES_A_L_ECRAN:
        return evolutions
    nettes = [e for e in evolutions if e.verdict in ETABLIS]
    retenues = sorted(nettes, key=nettete, reverse=True)[:LIGNES_LES_PLUS_NETTES]
    return sorted(retenues, key=lambda e: e.ecart)


def nettete(evolution: Evolution) -> float:
    """Mesurer un écart à l'aune de sa marge, ou du seuil pratique."""
    aune = _seuil(evolution) if evolution.verdict == Verdict.NOTABLE else evolution.marge
    return abs(evolution.ecart) / aune if aune else abs(evolution.ecart)


def mots_du_choix(montrees: list[Evolution], mailles: list[Evolution]) -> list[str]:
    """Dire ce que l'écran ne montre pas."""
    if len(montrees) == len(mailles):
        return []
    if montrees:
        cas = "selon_la_marge" if montrees[0].verdict == Verdict.SIGNIFICATIF else "selon_le_seuil"
    elif part_significative(mailles)[1]:
        cas = "aucun_significatif"
    else:
        cas = "aucun_notable" if part_notable(mailles)[2] else "aucun_juge"
    mots = dire("evolutions", cas, montrees=len(montrees))
    return [f"{mots} ; les {len(mailles)} lignes sont dans le fichier CSV."]


def resume(evolutions: list[Evolution]) -> list[str]:
    """Dire combien d'écarts sont significatifs, et combien le seraient par le seul hasard."""
    if not evolutions:
        return []
    nom = NOMS_DE_MAILLE.get(evolutions[0].niveau, "territoires")
    nets, evalues = part_significative(evolutions)
    dites = []
    if evalues:
        # Seul un sondage donne des écarts par hasard ; un arrondi n'en donne pas.
        sondage = source(evolutions[0].source).famille == "recensement"
        hasard = dire("evolutions", "hasard", part=avec_unite(100 * HASARD, "%", 0)) if sondage else ""
        part = avec_unite(100 * nets / evalues, "%", 0)
        comptes = {"nets": nets, "evalues": evalues, "nom": nom, "part": part, "hasard": hasard}
        dites.append(dire("evolutions", "significatifs", **comptes))
    hausses, baisses, juges = part_notable(evolutions)
    if juges:
        comptes = {"hausses": hausses, "baisses": baisses, "juges": juges, "nom": nom}
        dites.append(dire("evolutions", "notables", **comptes))
    sans = sum(e.verdict in {Verdict.SANS_MARGE, Verdict.NON_COMPARABLE} for e in evolutions)
    if sans and (evalues or juges):
        dites.append(dire("evolutions", "non_evalues", sans=sans, nom=nom))
    return dites


def _aune(evolution: Evolution) -> str:
    if evolution.verdict in {Verdict.SIGNIFICATIF, Verdict.NON_SIGNIFICATIF}:
        return "marge de sondage"
    return "seuil pratique" if evolution.verdict in AU_SEUIL else ""


def table(releve: Releve) -> pd.DataFrame:
    """Réunir toutes les évolutions, à pleine précision."""
    return pd.DataFrame([_ligne_de_table(e) for e in releve.lignes()])


def _ligne_de_table(evolution: Evolution) -> dict[str, Any]:
    """Donner chaque colonne : un mot calculé, ou le champ de l'évolution que la table des colonnes nomme."""
    definition = indicateur(evolution.indicateur)
    unite_de, unite_a = unites(evolution)
    calcules = {
        "libelle": definition.libelle_court,
        "codes_de": " ".join(evolution.codes_de),
        "codes_a": " ".join(evolution.codes_a),
        "unite_de": unite_de,
        "unite_a": unite_a,
        "unite_ecart": unite_d_ecart(definition, evolution.a),
        "verdict": str(evolution.verdict),
        "aune": _aune(evolution),
        "depasse_le_seuil_pratique": "oui" if evolution.notable else "non",
    }
    return {
        nom: calcules[nom] if nom in calcules else attrgetter(champ)(evolution)
        for nom, champ in COLONNES.items()
    }


def bilan(releve: Releve, maximum: int) -> tuple[list[tuple[str, ...]], int]:
    """Résumer les évolutions, une ligne par indicateur, les mieux établies d'abord."""
    ordre = {Verdict.SIGNIFICATIF: 0, Verdict.NOTABLE: 0, Verdict.NON_SIGNIFICATIF: 1, Verdict.FAIBLE: 1}
    codes = sorted(
        releve.totaux,
        key=lambda c: min((ordre.get(Verdict(e.verdict), 2) for e in releve.totaux[c]), default=3),
    )
    lignes = []
    for code in codes[:maximum]:
        mailles = releve.mailles.get(code, [])
        etablies = [e for e in mailles if e.verdict in ETABLIS]
        hausses = sum(e.ecart > 0 for e in etablies)
        comptes = f"{hausses} ↑ {len(etablies) - hausses} ↓ sur {len(mailles)}" if mailles else ""
        cellules = ligne(releve.totaux[code][0]) if releve.totaux[code] else SANS_TOTAL
        verdict = cellules[6].split(" (")[0].split(f"{ESPACE_INSECABLE}:")[0]
        marge = f" ({cellules[5]})" if cellules[5] != "–" else ""
        lignes.append((indicateur(code).libelle_court, *cellules[2:4], cellules[4] + marge, verdict, comptes))
    return lignes, max(0, len(codes) - maximum)
