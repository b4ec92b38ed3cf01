"""Dire l'étendue d'un indicateur entre les mailles, et lesquelles sont en tête quand cela s'établit."""

from __future__ import annotations

from collections.abc import Sequence

from abs.calcul.chiffre import Chiffre, Lus, chiffres_de
from abs.definitions import table
from abs.formats import nombre
from abs.indicateurs.indicateurs import Indicateur
from abs.langue import enumerer, minuscule
from abs.phrases.ecriture import FIN_D_ANNEE, date_dite, decimales, ecrire, gabarits, lieu, reference
from abs.phrases.phrases import Affirmation, Phrase, dire
from abs.phrases.rangs import Extreme, assez_solides, bouts, extremes
from abs.statuts import LIBELLES_FIABILITE
from abs.territoires.territoires import Territoire


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
