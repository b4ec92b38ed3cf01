"""Dire ce qui manque aux tableaux d'une intercommunalité : indicateurs peu remplis, communes sans chiffre, et pourquoi."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from typing import Final

from abs.calcul.chiffre import Chiffre
from abs.calcul.table_longue import Diagnostic
from abs.formats import nombre
from abs.indicateurs.indicateurs import Indicateur
from abs.intercommunal.plan import plan
from abs.statuts import LIBELLES_STATUT, Fiabilite

NOMS_CITES: Final = 12


def chiffrees(diagnostic: Diagnostic, code: str, *, solides: bool = False) -> dict[str, Chiffre]:
    """Donner, par commune, les chiffres d'un indicateur qui ont une valeur ; au besoin, sans les fragiles."""
    lus = {t.code: diagnostic.chiffre(t, code, "mailles") for t in diagnostic.ensembles.mailles}
    return {
        commune: c
        for commune, c in lus.items()
        if c is not None and c.a_une_valeur and not (solides and c.fiabilite == Fiabilite.FRAGILE)
    }


def remplissage(diagnostic: Diagnostic, indicateur: Indicateur) -> int:
    """Compter les communes qui ont un chiffre."""
    return len(chiffrees(diagnostic, indicateur.code))


def par_raison(couples: Iterable[tuple[str, str]]) -> dict[str, list[str]]:
    """Réunir des noms par la raison qu'ils partagent, dans leur ordre."""
    noms: dict[str, list[str]] = {}
    for raison, nom in couples:
        noms.setdefault(raison, []).append(nom)
    return noms


def peu_remplis(diagnostic: Diagnostic, theme: str, montres: Collection[str]) -> list[str]:
    """Dire quels indicateurs du plan ne sont pas dans les tableaux, faute d'assez de communes chiffrées."""
    autres = [diagnostic.indicateurs[c] for c in plan()["tableaux"][theme] if c not in montres]
    comptes = [(i, remplissage(diagnostic, i)) for i in autres]
    quelques = [f"{i.libelle} ({nombre(n)})" for i, n in comptes if n]
    aucune = [i.libelle for i, n in comptes if not n]
    total = nombre(len(diagnostic.ensembles.mailles))
    phrases = []
    if quelques:
        phrases.append(
            f"Chiffrés dans moins de la moitié des {total} communes, donc seulement dans le classeur et les fiches "
            f"(nombre de communes) : {' ; '.join(quelques)}."
        )
    if aucune:
        phrases.append(f"Sans chiffre à la commune dans les fichiers admis : {' ; '.join(aucune)}.")
    return phrases


def raisons(diagnostic: Diagnostic, liste: Sequence[Indicateur]) -> list[str]:
    """Dire pourquoi des communes n'ont pas de chiffre, raison par raison."""
    libelles: dict[str, dict[tuple[str, ...], list[str]]] = {}
    for i in liste:
        lus = ((t, diagnostic.chiffre(t, i.code, "mailles")) for t in diagnostic.ensembles.mailles)
        noms = par_raison((_raison(c), t.nom) for t, c in lus if c is not None and not c.a_une_valeur)
        for raison, communes in noms.items():
            libelles.setdefault(raison, {}).setdefault(tuple(communes), []).append(i.libelle_court)
    return [
        f"Sans chiffre, {raison} : {_citer(communes)} ({' ; '.join(siens)})."
        for raison, groupes in libelles.items()
        for communes, siens in groupes.items()
    ]


def _raison(chiffre: Chiffre) -> str:
    premiere = chiffre.note.split(" ; ")[0]
    if premiere.startswith(("seulement", "aucun des")):
        return "une partie seulement de la commune a un chiffre dans les fichiers déposés"
    return premiere or LIBELLES_STATUT[chiffre.statut]


def _citer(noms: Sequence[str]) -> str:
    reste = len(noms) - NOMS_CITES
    return ", ".join(noms[:NOMS_CITES]) + (f" et {nombre(reste)} autres" if reste > 0 else "")
