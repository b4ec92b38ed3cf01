"""Dire l'étendue d'un indicateur entre les mailles, et lesquelles sont en tête quand cela s'établit."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from abs.calcul.table_longue import Chiffre, Diagnostic, Lus, chiffres_de
from abs.definitions import table
from abs.formats import arrondir, nombre
from abs.indicateurs.indicateurs import Indicateur
from abs.langue import enumerer, minuscule
from abs.phrases.ecriture import FIN_D_ANNEE, date_dite, decimales, ecrire, gabarits, lieu, reference
from abs.phrases.phrases import Affirmation, Phrase, dire
from abs.phrases.significativite import Verdict, comparer, comparer_au_tout
from abs.statuts import LIBELLES_FIABILITE, Fiabilite
from abs.territoires.territoires import Territoire

HABITANTS_MINIMUM: Final = 200
TYPES_CLASSES: Final = frozenset({"H", "Z", ""})
MAILLES_MINIMUM: Final = 5
PART_SOLIDE: Final = 0.8
NOMMEES: Final = 3
DIXIEME: Final = 10


@dataclass(frozen=True)
class Extreme:
    """Les mailles dont on peut dire qu'elles sont en tête."""

    seul: bool
    mailles: tuple[tuple[Territoire, Chiffre], ...]
    connues: int
    classees: int
    ex_aequo: int = 0
    fixes: int = 0


def classables(mailles: Lus, populations: Mapping[str, float]) -> list[tuple[Territoire, Chiffre | None]]:
    """Garder les mailles qui entrent dans un rang : habitat, 200 habitants ou plus."""
    return [
        (t, c)
        for t, c in mailles
        if t.type_iris in TYPES_CLASSES and populations.get(t.code, math.inf) >= HABITANTS_MINIMUM
    ]


def mailles_classables(diagnostic: Diagnostic, code: str) -> Lus:
    """Donner les mailles qui entrent dans un rang, et leurs chiffres pour un indicateur."""
    territoires = diagnostic.ensembles.mailles
    peuplees = chiffres_de(diagnostic.lus(territoires, "population", "mailles"))
    populations = {t.code: c.valeur for t, c in peuplees}
    return classables(diagnostic.lus(territoires, code, "mailles"), populations)


def assez_solides(mailles: Lus) -> bool:
    """Dire si assez de mailles ont un chiffre solide pour parler de leur ensemble."""
    solides = [c for _, c in chiffres_de(mailles) if c.fiabilite != Fiabilite.FRAGILE]
    return len(solides) >= max(MAILLES_MINIMUM, PART_SOLIDE * len(mailles))


def extremes(indicateur: Indicateur, mailles: Lus, ensemble: Chiffre | None, *, haut: bool) -> Extreme:
    """Chercher les mailles dont une phrase peut dire qu'elles sont les plus hautes, ou parmi elles."""
    lues = chiffres_de(mailles)
    if not assez_solides(mailles) or indicateur.nature == "effectif":
        return Extreme(False, (), len(lues), len(mailles))
    attendu = Verdict.PLUS if haut else Verdict.MOINS
    lues.sort(key=lambda tc: tc[1].valeur, reverse=haut)
    premiere, autres = lues[0], lues[1:]
    fixes = min(decimales(indicateur, c) for c in (premiere[1], lues[-1][1]))
    if all(comparer(indicateur, premiere[1], c, len(autres)).verdict == attendu for _, c in autres):
        return Extreme(True, (premiere,), len(lues), len(mailles), 0, fixes)
    if ensemble is None or not ensemble.a_une_valeur:
        return Extreme(False, (), len(lues), len(mailles))
    distinctes = [comparer_au_tout(indicateur, c, ensemble, len(lues)).verdict == attendu for _, c in lues]
    tete = [tc for tc, distincte in zip(lues, distinctes, strict=True) if distincte]
    rang_de_tete = max(NOMMEES, len(lues) // DIXIEME)
    nommees = [tc for tc in lues[:rang_de_tete] if tc in tete][:NOMMEES]
    fixes = min([fixes, *(decimales(indicateur, c) for _, c in nommees)])
    # Deux mailles qui s'écrivent « 30 % » ne peuvent pas être l'une dans la tête et l'autre non.
    contestees = {
        arrondir(c.valeur, fixes) for (_, c), distincte in zip(lues, distinctes, strict=True) if not distincte
    }
    nommees = [tc for tc in nommees if arrondir(tc[1].valeur, fixes) not in contestees]
    ecrits = {arrondir(c.valeur, fixes) for _, c in nommees}
    pareilles = [tc for tc in tete if tc not in nommees and arrondir(tc[1].valeur, fixes) in ecrits]
    if len(pareilles) == 1:
        nommees, pareilles = nommees + pareilles, []
    return Extreme(False, tuple(nommees), len(lues), len(mailles), len(pareilles), fixes)


def bouts(lues: Sequence[tuple[Territoire, Chiffre]]) -> tuple[tuple[Territoire, Chiffre], ...]:
    """Donner la plus basse et la plus haute des mailles solides ; rien si un chiffre fragile sort de leur étendue."""
    solides = [tc for tc in lues if tc[1].fiabilite != Fiabilite.FRAGILE]
    bas, haut = min(solides, key=lambda tc: tc[1].valeur), max(solides, key=lambda tc: tc[1].valeur)
    # Un chiffre fragile hors de l'étendue en ferait une étendue fausse : mieux vaut ne rien dire.
    return (bas, haut) if all(bas[1].valeur <= c.valeur <= haut[1].valeur for _, c in lues) else ()


def sujet_de_l_etendue(indicateur: Indicateur) -> str | None:
    """Écrire l'indicateur comme sujet d'une phrase d'étendue."""
    libelle = minuscule(indicateur.libelle)
    article = gabarits("articles").get(libelle.split()[0])
    return None if article is None else f"{article}{libelle}"


def mots_des_mailles(premiere: Territoire) -> dict[str, str]:
    """Donner les mots d'un tableau ou d'une phrase d'IRIS, ou de communes."""
    return table("_phrases")["mots_des_mailles"]["iris" if premiere.niveau == "iris" else "commune"]


def accords(mot: str) -> dict[str, str]:
    """Donner les mots qui s'accordent avec celui qui nomme un indicateur."""
    return gabarits("accords_feminin" if gabarits("articles").get(mot) == "la " else "accords_masculin")


def etendue(
    indicateur: Indicateur, mailles: Lus, ensemble: Chiffre | None = None, *, datee: bool = False
) -> Phrase | None:
    """Dire l'étendue d'un indicateur entre les mailles, et lesquelles sont en tête si cela s'établit."""
    classees = [(t, c) for t, c in mailles if t.type_iris not in {"A", "D"}]
    sujet = sujet_de_l_etendue(indicateur)
    if sujet is None or indicateur.nature == "effectif" or not assez_solides(classees):
        return None
    chiffrees = chiffres_de(classees)
    extremites = bouts(chiffrees)
    if not extremites:
        return None
    (premiere, bas), (derniere, haut) = extremites
    en_iris = premiere.niveau == "iris"
    # Les deux bouts s'écrivent pareil, à la décimale du moins précis.
    fixes = min(decimales(indicateur, c) for c in (bas, haut))
    # Une situation se localise ; une population ne se montre pas du doigt.
    tete = None
    if indicateur.sens != "neutre":
        tete = extremes(indicateur, classees, ensemble, haut=indicateur.sens == "haut")
        fixes = min(fixes, tete.fixes) if tete.mailles and not tete.seul else fixes
    en_tete = tete.mailles if tete else ()
    texte_de_tete, affirmations = _tete(indicateur, tete)
    le_plus_haut = f"fiabilité {LIBELLES_FIABILITE[haut.fiabilite]}"
    if indicateur.sens != "haut" or derniere not in [t for t, _ in en_tete]:
        # Sinon, la fin de la phrase le nomme.
        le_plus_haut = f"{_noms_du_plus_haut(indicateur, extremites[1], chiffrees, fixes)}, {le_plus_haut}"
    nom = mots_des_mailles(premiere)["nom"]
    return dire(
        "phrases",
        ("etendue" if en_iris else "etendue_communes") + ("_datee" if datee else ""),
        [bas, haut, *(c for _, c in en_tete)],
        affirmations,
        Quand=f"{'Fin' if bas.periode.startswith(FIN_D_ANNEE) else 'En'} {bas.millesime}",
        sujet=sujet,
        bas=ecrire(indicateur, bas, fixes),
        haut=f"{ecrire(indicateur, haut, fixes)} ({le_plus_haut})",
        combien=f"{combien(len(chiffrees), len(classees))} {nom}",
        periode=date_dite(bas, indicateur),
        tete=texte_de_tete,
    )


def _noms_du_plus_haut(
    indicateur: Indicateur,
    haut: tuple[Territoire, Chiffre],
    chiffrees: Sequence[tuple[Territoire, Chiffre]],
    fixes: int,
) -> str:
    """Nommer la maille la plus haute ; les autres qui s'écrivent pareil sont comptées."""
    ecrit = ecrire(indicateur, haut[1], fixes)
    pareilles = sum(ecrire(indicateur, c, fixes) == ecrit for _, c in chiffrees) - 1
    autres = "" if not pareilles else f" et {nombre(pareilles)} {'autre' if pareilles == 1 else 'autres'}"
    return f"{haut[0].nom}{autres}"


def combien(connues: int, toutes: int) -> str:
    """Dire sur combien de territoires porte une étendue, et combien n'ont pas de chiffre."""
    return nombre(connues) if connues == toutes else f"{nombre(connues)} des {nombre(toutes)}"


def _tete(indicateur: Indicateur, tete: Extreme | None) -> tuple[str, list[Affirmation]]:
    """Nommer les mailles de tête ; les accords suivent le premier mot du libellé."""
    if tete is None or not tete.mailles:
        return "", []
    cas = f"{'seul' if tete.seul else 'parmi'}_{indicateur.sens}"
    eux = "eux" if tete.mailles[0][0].niveau == "iris" else "elles"
    texte = gabarits("tetes")[cas].format(
        **accords(indicateur.libelle.split()[0].lower()),
        parmi_eux="" if tete.connues == tete.classees else f", parmi {eux},",
        ou=_lieux_de_tete(indicateur, tete),
    )
    return texte, [Affirmation(reference(c), "", cas) for _, c in tete.mailles]


def _lieux_de_tete(indicateur: Indicateur, tete: Extreme) -> str:
    valeurs = [(t, "" if tete.seul else f" ({ecrire(indicateur, c, tete.fixes)})") for t, c in tete.mailles]
    en_iris = tete.mailles[0][0].niveau == "iris"
    autres = []
    if tete.ex_aequo:
        nom = "autres IRIS" if en_iris else "autres communes"
        autres = [f"{'' if en_iris else 'dans '}{nombre(tete.ex_aequo)} {nom}{valeurs[-1][1]}"]
    if not en_iris:
        return enumerer([*(f"{lieu(t)}{v}" for t, v in valeurs), *autres])
    debut = "dans l'IRIS" if len(valeurs) == 1 and not autres else "dans les IRIS"
    return f"{debut} {enumerer([*(f'{t.nom}{v}' for t, v in valeurs), *autres])}"
