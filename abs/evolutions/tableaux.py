"""Les évolutions écrites en français : les lignes d'un tableau, la phrase qui le résume, la table à enregistrer."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

import pandas as pd

from abs.evolutions.evolutions import Evolution, Verdict, part_notable, part_significative, seuil_d_evolution
from abs.evolutions.releve import phrases_de_refus
from abs.formats import ESPACE_INSECABLE, avec_unite, nombre
from abs.indicateurs.indicateurs import indicateurs
from donnees_insee.catalogue.catalogue import source

if TYPE_CHECKING:
    from abs.evolutions.releve import Releve
    from abs.indicateurs.indicateurs import Indicateur

ENTETES: Final = ("Territoire", "Code", "{de}", "{a}", "Écart", "Marge", "Ce qu'on peut en dire")
# Au-delà, l'écran ne montre que les écarts les plus nets ; le fichier les a tous.
LIGNES_A_L_ECRAN: Final = 40
LIGNES_LES_PLUS_NETTES: Final = 12
HASARD: Final = 0.05
LIMITES: Final = (
    "La marge est un ordre de grandeur de l'aléa du sondage, non un intervalle de confiance : elle ignore les "
    "non-réponses et les erreurs de déclaration. Le seuil pratique dit à partir de quel écart une évolution mérite "
    "d'être dite ; il ne dit pas qu'elle est établie."
)
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
    definition = indicateurs()[evolution.indicateur]
    convertie = not math.isnan(evolution.avant.publiee)
    return (
        unite_constante(definition, evolution.a if convertie else evolution.de),
        unite_constante(definition, evolution.a),
    )


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
    definition = indicateurs()[evolution.indicateur]
    decimales = definition.decimales
    marge = (
        "–"
        if math.isnan(evolution.marge) or evolution.verdict in {Verdict.NOTABLE, Verdict.FAIBLE}
        else f"±{ESPACE_INSECABLE}{nombre(evolution.marge, 1)}"
    )
    avant, apres = unites(evolution)
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
    if evolution.verdict in {Verdict.NOTABLE, Verdict.FAIBLE}:
        definition = indicateurs()[evolution.indicateur]
        seuil = signe(
            seuil_d_evolution(definition, evolution.avant.valeur),
            unite_d_ecart(definition),
            max(definition.decimales, 2 if definition.unite == "" else 0),
        )
        mots = "écart faible"
        if evolution.verdict == Verdict.NOTABLE:
            mots = "hausse notable" if evolution.ecart > 0 else "baisse notable"
        dit = f"{mots} (seuil pratique : {seuil.lstrip('+')})"
    return f"{dit}{ESPACE_INSECABLE}: {evolution.raison}" if evolution.raison else dit


def les_plus_nettes(evolutions: list[Evolution]) -> list[Evolution]:
    """Choisir ce qui est montré : tout, ou les écarts établis les plus nets, au regard de leur marge ou du seuil."""
    if len(evolutions) <= LIGNES_A_L_ECRAN:
        return evolutions
    nettes = [e for e in evolutions if e.verdict in {Verdict.SIGNIFICATIF, Verdict.NOTABLE}]
    retenues = sorted(nettes, key=_nettete, reverse=True)[:LIGNES_LES_PLUS_NETTES]
    return sorted(retenues, key=lambda e: e.ecart)


def _nettete(evolution: Evolution) -> float:
    aune = evolution.marge
    if evolution.verdict == Verdict.NOTABLE:
        aune = seuil_d_evolution(indicateurs()[evolution.indicateur], evolution.avant.valeur)
    return abs(evolution.ecart) / aune if aune else abs(evolution.ecart)


def mots_du_choix(montrees: list[Evolution], mailles: list[Evolution]) -> list[str]:
    """Dire ce que l'écran ne montre pas."""
    if len(montrees) == len(mailles):
        return []
    if montrees:
        aune = "de leur marge" if montrees[0].verdict == Verdict.SIGNIFICATIF else "du seuil pratique"
        mots = f"Sont montrés les {len(montrees)} écarts les plus nets au regard {aune}"
    elif part_significative(mailles)[1]:
        mots = "Aucun écart significatif à montrer"
    elif part_notable(mailles)[2]:
        mots = "Aucun écart n'atteint le seuil pratique"
    else:
        mots = "Aucun écart n'a pu être jugé"
    return [f"{mots} ; les {len(mailles)} lignes sont dans le fichier qu'écrit --sortie."]


def resume(evolutions: list[Evolution]) -> list[str]:
    """Dire combien d'écarts sont significatifs, et combien le seraient par le seul hasard."""
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
    hausses, baisses, juges = part_notable(evolutions)
    if juges:
        dites.append(
            f"Source sans sondage, jugée au seuil pratique : hausse notable pour {hausses} et baisse notable pour "
            f"{baisses} des {juges} {nom} jugés."
        )
    sans = [e for e in evolutions if e.verdict in {Verdict.SANS_MARGE, Verdict.NON_COMPARABLE}]
    if sans and (evalues or juges):
        dites.append(
            f"Écart non évalué ou non comparable pour {len(sans)} {nom} : la raison est sur leur ligne."
        )
    return dites


def _aune(evolution: Evolution) -> str:
    if evolution.verdict in {Verdict.SIGNIFICATIF, Verdict.NON_SIGNIFICATIF}:
        return "marge de sondage"
    return "seuil pratique" if evolution.verdict in {Verdict.NOTABLE, Verdict.FAIBLE} else ""


def table(releve: Releve) -> pd.DataFrame:
    """Réunir toutes les évolutions, à pleine précision."""
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
                "unite_de": unites(e)[0],
                "unite_a": unites(e)[1],
                "montant_courant_de": e.avant.publiee,
                "valeur_de": e.avant.valeur,
                "valeur_a": e.apres.valeur,
                "ecart": e.ecart,
                "unite_ecart": unite_d_ecart(connus[e.indicateur], e.a),
                "marge": e.marge,
                "verdict": str(e.verdict),
                "aune": _aune(e),
                "depasse_le_seuil_pratique": "oui" if e.notable else "non",
                "raison": e.raison,
            }
            for e in releve.lignes()
        ]
    )


def bilan(releve: Releve, maximum: int) -> tuple[list[tuple[str, ...]], int]:
    """Résumer les évolutions, une ligne par indicateur, les mieux établies d'abord."""
    ordre = {Verdict.SIGNIFICATIF: 0, Verdict.NOTABLE: 0, Verdict.NON_SIGNIFICATIF: 1, Verdict.FAIBLE: 1}
    codes = sorted(
        releve.totaux,
        key=lambda c: min((ordre.get(Verdict(e.verdict), 2) for e in releve.totaux[c]), default=3),
    )
    lignes = []
    for code in codes[:maximum]:
        definition = indicateurs()[code]
        total = releve.totaux[code][0] if releve.totaux[code] else None
        mailles = releve.mailles.get(code, [])
        etablies = [e for e in mailles if e.verdict in {Verdict.SIGNIFICATIF, Verdict.NOTABLE}]
        hausses = sum(e.ecart > 0 for e in etablies)
        cellules = ligne(total) if total is not None else ("", "", "–", "–", "–", "–", "")
        lignes.append(
            (
                definition.libelle_court,
                *cellules[2:5],
                "" if total is None else cellules[6].split(" (")[0].split(f"{ESPACE_INSECABLE}:")[0],
                f"{hausses} ↑ {len(etablies) - hausses} ↓ sur {len(mailles)}" if mailles else "",
            )
        )
    return lignes, max(0, len(codes) - maximum)


def rapport(releve: Releve) -> str:
    """Écrire tout le rapport : chaque indicateur, ses lignes, ce qu'on peut en dire, et ce qui ne se compare pas."""
    titre = f"{releve.sujet.nom} ({releve.sujet.code}), de {releve.de} à {releve.a}, à géographie constante"
    ecrit = [titre, "", *(f"- {p}" for p in releve.geographie)]
    entetes = " | ".join(e.format(de=releve.de, a=releve.a) for e in ENTETES)
    for code, totaux in releve.totaux.items():
        mailles = releve.mailles.get(code, [])
        ecrit += ["", f"{indicateurs()[code].libelle_court} ({code})", entetes]
        ecrit += [" | ".join(ligne(e)) for e in (*totaux, *mailles)]
        ecrit += [f"- {p}" for p in (*releve.notes.get(code, ()), *resume(mailles))]
    if releve.refus:
        ecrit += ["", "Ce qui ne se compare pas :", *(f"- {p}" for p in phrases_de_refus(releve.refus))]
    return "\n".join([*ecrit, "", LIMITES, ""])
