"""Lire un indicateur à plusieurs dates d'une même source : quelles années se suivent, où la série se rompt."""

from collections.abc import Sequence
from typing import Final

from abs.calcul.calcul import Calculateur
from abs.calcul.table_longue import Chiffre, Suite
from abs.definitions import table
from abs.indicateurs.annees_comparables import Avis, juger, lectures_de
from abs.indicateurs.indicateurs import Indicateur
from abs.statuts import Statut
from abs.territoires.territoires import Territoire
from donnees_insee.catalogue.catalogue import Source
from donnees_insee.erreurs import ErreurAbs, TableNonConforme
from donnees_insee.geographie.dans_le_temps import histoire
from donnees_insee.geographie.groupes import passage_communes

DEUX: Final = 2


def suivre(
    calculateur: Calculateur,
    indicateur: Indicateur,
    source: Source,
    sujet: Territoire,
    autour: Sequence[Territoire] = (),
    jusqu_a: int | None = None,
) -> Suite | None:
    """Suivre un indicateur de la date la plus récente à la plus ancienne ; rien s'il n'y en a pas deux."""
    lectures = [le for le in indicateur.lectures if le.source.id == source.id]
    lus: dict[int, Chiffre] = {}
    ruptures: dict[tuple[int, int], str] = {}
    ecartees: list[int] = []
    autres_editions: list[int] = []
    edition: tuple[int, int] | None = None
    tenues = calculateur.demande.vintages(calculateur.base, source.id)
    for annee in (a for a in tenues if jusqu_a is None or a <= jusqu_a):
        chiffre = calculateur.chiffre(indicateur, sujet, annee, lectures)
        if chiffre is None or not chiffre.a_une_valeur or _total_incomplet(indicateur, chiffre):
            continue
        sienne = calculateur.base.edition(source.id, annee)
        if lus and sienne != edition:
            # Une série ne mêle pas deux éditions : la plus récente l'emporte.
            autres_editions.append(annee)
            continue
        edition = sienne
        if lus:
            suivante = min(lus)
            avis = _avis(indicateur, source, annee, suivante)
            # Une date trop proche de la suivante n'est pas une étape : elle est tue, et la série n'est pas rompue.
            if avis.trop_proches:
                ecartees.append(annee)
                continue
            # D'une même édition, toutes les dates sont dans une même géographie.
            change = _change(calculateur, sujet, source, annee, suivante) if edition is None else ""
            # Les règles de voisinage viennent d'abord : la dernière raison est celle de la rupture.
            if raison := "".join(avis.refus[-1:]) or change:
                ruptures[annee, suivante] = raison
        lus[annee] = chiffre
    annees = tuple(sorted(lus))
    if len(annees) < DEUX:
        return None
    series: list[tuple[Territoire, tuple[Chiffre | None, ...]]] = [(sujet, tuple(lus[a] for a in annees))]
    series += [(t, tuple(calculateur.chiffre(indicateur, t, a, lectures) for a in annees)) for t in autour]
    laissees = tuple(sorted(ecartees)), tuple(sorted(autres_editions))
    return Suite(source.id, annees, tuple(series), ruptures, *laissees)


def _avis(indicateur: Indicateur, source: Source, ancien: int, recent: int) -> Avis:
    lectures = lectures_de(indicateur, source.id, ancien, recent)
    if lectures is None:
        return Avis((table("_graphiques")["ruptures"]["sans_lecture"],))
    try:
        return juger(indicateur, *lectures, ancien, recent)
    except TableNonConforme as cause:
        # Un millésime que les tables du projet ne connaissent pas encore : rien ne dit qu'il se compare.
        return Avis((str(cause),))


def _total_incomplet(indicateur: Indicateur, chiffre: Chiffre) -> bool:
    return indicateur.nature == "effectif" and chiffre.statut == Statut.PARTIEL


def _change(
    calculateur: Calculateur, territoire: Territoire, source: Source, ancien: int, recent: int
) -> str:
    """Dire qu'une commune a changé ; un ensemble de communes se lit par ses composantes d'aujourd'hui."""
    if territoire.niveau != "commune":
        return ""
    cas = territoire_change(calculateur, territoire.code, source, ancien, recent)
    return table("_graphiques")["ruptures"][cas] if cas else ""


def territoire_change(calculateur: Calculateur, code: str, source: Source, ancien: int, recent: int) -> str:
    """Dire si la commune a changé ; sans l'histoire des communes, seule une même liste d'IRIS prouve que non."""
    geographies = [
        source.geographie_de(a, "commune") or source.geographie_de(a, "iris") or a for a in (ancien, recent)
    ]
    try:
        passage = passage_communes(histoire(calculateur.base), *geographies)
    except ErreurAbs:
        avant, apres = (
            {str(c) for c in calculateur.lecteur.table(source.id, a, "iris").index if str(c)[:5] == code}
            for a in (ancien, recent)
        )
        return "" if len(avant) > 1 and avant == apres else "territoire"
    return "territoire_change" if any(code in (*g.avant, *g.apres) for g in passage.changes) else ""
