"""Le plan de la comparaison intercommunale : quels indicateurs, avec quels réglages, et ce qui manque à ses tableaux."""

import tomllib
from collections.abc import Iterable, Sequence
from functools import cache
from typing import Any, Final

from abs import definitions
from abs.calcul.table_longue import Chiffre, Diagnostic
from abs.definitions import dire
from abs.formats import nombre
from abs.indicateurs.indicateurs import THEMES, Indicateur, indicateurs
from abs.langue import abreger
from abs.statuts import LIBELLES_STATUT, Fiabilite
from donnees_insee.erreurs import ParametreInvalide, liste_de_fautes


@cache
def plan() -> dict[str, Any]:
    """Lire le plan livré avec le projet."""
    return lire(definitions.texte("_intercommunal"))


def lire(texte: str) -> dict[str, Any]:
    """Lire un plan et vérifier que chaque indicateur nommé existe."""
    brut = tomllib.loads(texte)
    cartes = brut["cartes"]
    nommes = {
        "tableaux": [c for theme in THEMES for c in brut["tableaux"].get(theme, [])],
        "cartes": [*cartes["liste"], *(c for f in cartes["familles"] for c in f["indicateurs"])],
        "fiche": brut["fiche"]["indicateurs"],
        "pairs": [c for liste in brut["pairs"]["resultats"].values() for c in liste],
        "centre": [ligne["indicateur"] for ligne in brut["centre"]["comptes"]],
    }
    fautes = [
        f"[{partie}] nomme « {code} », qui n'est pas un indicateur défini ; `abs indicateurs` en donne la liste"
        for partie, codes in nommes.items()
        for code in codes
        if code not in indicateurs()
    ]
    if fautes:
        debut = "Le plan de la comparaison intercommunale est fautif :"
        raise ParametreInvalide(liste_de_fautes(debut, fautes))
    return brut


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


def indicateurs_du_theme(diagnostic: Diagnostic, theme: str, voulus: Sequence[str] = ()) -> list[Indicateur]:
    """Choisir les indicateurs montrés dans un thème."""
    codes = voulus or plan()["tableaux"].get(theme, ())
    minimum = 1.0 if voulus else plan()["tableaux"]["part_des_communes"] * len(diagnostic.ensembles.mailles)
    connus = [diagnostic.indicateurs[c] for c in codes if c in diagnostic.indicateurs]
    return [i for i in connus if i.theme == theme and remplissage(diagnostic, i) >= max(minimum, 1.0)]


def peu_remplis(diagnostic: Diagnostic, theme: str) -> list[str]:
    """Dire quels indicateurs du plan ne sont pas dans les tableaux, faute d'assez de communes chiffrées."""
    montres, du_plan = indicateurs_du_theme(diagnostic, theme), plan()["tableaux"][theme]
    autres = [i for c in du_plan if (i := diagnostic.indicateurs[c]) not in montres]
    comptes = [(i, remplissage(diagnostic, i)) for i in autres]
    cites = {
        "quelques": " ; ".join(f"{i.libelle} ({nombre(n)})" for i, n in comptes if n),
        "aucune": " ; ".join(i.libelle for i, n in comptes if not n),
    }
    total = nombre(len(diagnostic.ensembles.mailles))
    return [dire("absences", cas, cites=liste, total=total) for cas, liste in cites.items() if liste]


def raisons(diagnostic: Diagnostic, liste: Sequence[Indicateur]) -> list[str]:
    """Dire pourquoi des communes n'ont pas de chiffre, raison par raison."""
    libelles: dict[str, dict[tuple[str, ...], list[str]]] = {}
    for i in liste:
        lus = ((t, diagnostic.chiffre(t, i.code, "mailles")) for t in diagnostic.ensembles.mailles)
        noms = par_raison((_raison(c), t.nom) for t, c in lus if c is not None and not c.a_une_valeur)
        for raison, communes in noms.items():
            libelles.setdefault(raison, {}).setdefault(tuple(communes), []).append(i.libelle_court)
    return [
        f"Sans chiffre, {raison} : {abreger(communes, NOMS_CITES)} ({' ; '.join(siens)})."
        for raison, groupes in libelles.items()
        for communes, siens in groupes.items()
    ]


def _raison(chiffre: Chiffre) -> str:
    premiere = chiffre.note.split(" ; ")[0]
    if premiere.startswith(("seulement", "aucun des")):
        return dire("absences", "partie")
    return premiere or LIBELLES_STATUT[chiffre.statut]
