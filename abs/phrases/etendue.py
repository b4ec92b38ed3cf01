"""Dire l'étendue d'un indicateur entre les mailles, et lesquelles sont en tête quand cela s'établit."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from abs.calcul.chiffre import Chiffre
from abs.formats import nombre
from abs.indicateurs.indicateurs import Indicateur
from abs.langue import enumerer, typographier
from abs.phrases.ecriture import FIN_D_ANNEE, date_dite, decimales, ecrire, gabarits, lieu, reference
from abs.phrases.phrases import Affirmation, Phrase
from abs.phrases.rangs import Extreme, assez_solides, extremes
from abs.phrases.significativite import Mailles
from abs.statuts import LIBELLES_FIABILITE, Fiabilite
from abs.territoires.territoires import Territoire

# Article du premier mot d'un libellé ; un libellé qui n'en a pas ici ne donne pas de phrase d'étendue.
ARTICLES: Final = {
    "part": "la ", "taille": "la ",
    "taux": "le ", "niveau": "le ", "rapport": "le ", "premier": "le ", "troisième": "le ", "neuvième": "le ",
    "indice": "l'",
}  # fmt: skip


def sujet_de_l_etendue(indicateur: Indicateur) -> str | None:
    """Écrire l'indicateur comme sujet d'une phrase d'étendue."""
    libelle = indicateur.libelle[:1].lower() + indicateur.libelle[1:]
    article = ARTICLES.get(libelle.split()[0])
    return None if article is None else f"{article}{libelle}"


def etendue(
    indicateur: Indicateur, mailles: Mailles, ensemble: Chiffre | None = None, *, datee: bool = False
) -> Phrase | None:
    """Dire l'étendue d'un indicateur entre les mailles, et lesquelles sont en tête si cela s'établit."""
    classees = [(t, c) for t, c in mailles if t.type_iris not in {"A", "D"}]
    sujet = sujet_de_l_etendue(indicateur)
    if sujet is None or indicateur.nature == "effectif" or not assez_solides(classees):
        return None
    chiffrees = [(t, c) for t, c in classees if c is not None and c.a_une_valeur]
    solides = [(t, c) for t, c in chiffrees if c.fiabilite != Fiabilite.FRAGILE]
    bas, haut = min(solides, key=lambda tc: tc[1].valeur), max(solides, key=lambda tc: tc[1].valeur)
    # Un chiffre fragile hors de l'étendue en ferait une étendue fausse : mieux vaut ne rien dire.
    if any(not bas[1].valeur <= c.valeur <= haut[1].valeur for _, c in chiffrees):
        return None
    en_iris = bas[0].niveau == "iris"
    # Les deux bouts s'écrivent pareil, à la décimale du moins précis.
    fixes = min(decimales(indicateur, c) for c in (bas[1], haut[1]))
    # Une situation se localise ; une population ne se montre pas du doigt.
    tete = None
    if indicateur.sens != "neutre":
        tete = extremes(indicateur, classees, ensemble, haut=indicateur.sens == "haut")
        fixes = min(fixes, tete.fixes) if tete.mailles and not tete.seul else fixes
    texte_de_tete, affirmations = _tete(indicateur, tete)
    le_plus_haut = _ou_est_le_plus_haut(indicateur, haut, chiffrees, fixes)
    if tete is not None and indicateur.sens == "haut" and haut[0] in [t for t, _ in tete.mailles]:
        # La fin de la phrase le nomme.
        le_plus_haut = f"fiabilité {LIBELLES_FIABILITE[haut[1].fiabilite]}"
    cas = ("etendue" if en_iris else "etendue_communes") + ("_datee" if datee else "")
    texte = gabarits()[cas].format(
        Quand=f"{'Fin' if bas[1].periode.startswith(FIN_D_ANNEE) else 'En'} {bas[1].millesime}",
        sujet=sujet,
        bas=ecrire(indicateur, bas[1], fixes),
        haut=f"{ecrire(indicateur, haut[1], fixes)} ({le_plus_haut})",
        combien=_combien(len(chiffrees), len(classees), "IRIS" if en_iris else "communes"),
        periode=date_dite(bas[1], indicateur),
        tete=texte_de_tete,
    )
    nommees = [reference(c) for _, c in tete.mailles] if tete else []
    references = tuple(dict.fromkeys([reference(bas[1]), reference(haut[1]), *nommees]))
    return Phrase(typographier(texte), references, affirmations)


def _ou_est_le_plus_haut(
    indicateur: Indicateur,
    haut: tuple[Territoire, Chiffre],
    chiffrees: Sequence[tuple[Territoire, Chiffre]],
    fixes: int,
) -> str:
    """Nommer la maille la plus haute, et la fiabilité de son chiffre ; les autres qui s'écrivent pareil sont comptées."""
    ecrit = ecrire(indicateur, haut[1], fixes)
    pareilles = sum(ecrire(indicateur, c, fixes) == ecrit for _, c in chiffrees) - 1
    autres = "" if not pareilles else f" et {nombre(pareilles)} {'autre' if pareilles == 1 else 'autres'}"
    return f"{haut[0].nom}{autres}, fiabilité {LIBELLES_FIABILITE[haut[1].fiabilite]}"


def _combien(connues: int, classees: int, nom: str) -> str:
    """Dire sur combien de mailles porte l'étendue, et combien n'ont pas de chiffre."""
    if connues == classees:
        return f"{nombre(connues)} {nom}"
    return f"{nombre(connues)} des {nombre(classees)} {nom}"


def _tete(indicateur: Indicateur, tete: Extreme | None) -> tuple[str, tuple[Affirmation, ...]]:
    """Nommer les mailles de tête ; les accords suivent le premier mot du libellé."""
    if tete is None or not tete.mailles:
        return "", ()
    feminin = ARTICLES.get(indicateur.libelle.split()[0].lower()) == "la "
    cas = f"{'seul' if tete.seul else 'parmi'}_{indicateur.sens}"
    texte = gabarits("tetes")[cas].format(
        parmi_eux="" if tete.connues == tete.classees else f", parmi {_eux(tete)},",
        pronom="elle" if feminin else "il",
        article="la" if feminin else "le",
        eleve="élevée" if feminin else "élevé",
        basse="basse" if feminin else "bas",
        eleves="élevées" if feminin else "élevés",
        basses="basses" if feminin else "bas",
        ou=_lieux_de_tete(indicateur, tete),
    )
    return texte, tuple(Affirmation(reference(c), "", cas) for _, c in tete.mailles)


def _eux(tete: Extreme) -> str:
    return "eux" if tete.mailles[0][0].niveau == "iris" else "elles"


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
