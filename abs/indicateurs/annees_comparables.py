"""Dire si deux millésimes d'un indicateur se comparent, pourquoi, et lesquels se compareraient."""

import re
import tomllib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import lru_cache
from typing import Any, Final

from abs.definitions import table, texte
from abs.indicateurs.indicateurs import Indicateur, Lecture, indicateurs
from donnees_insee.catalogue.tables import CERTITUDES, enquetes_annuelles
from donnees_insee.erreurs import TableNonConforme, liste_de_fautes

# Deux définitions qui disent la même chose : les règles que cela lève (« leve »), et ce qui est alors écrit (« raison »).
Equivalences = dict[str, dict[str, Any]]


# Genres de règles qui tiennent à ce que deux dates sont trop proches.
VOISINAGES: Final = frozenset({"enquetes", "ecart_minimal"})
# Genres de règles qui coupent une série en deux.
RUPTURES: Final = frozenset({"rupture", "questionnaire"})


def famille_des_regles(lecture: Lecture) -> str:
    """Donner la famille dont les règles jugent une lecture : une partie de tableau QPV suit celles de son origine."""
    partie = lecture.source.partie_de(lecture.variables[0]) if lecture.variables else None
    return (partie.regles if partie else "") or lecture.source.famille


@dataclass(frozen=True)
class Regle:
    """Une règle de comparaison, telle que le fichier la donne."""

    code: str
    genre: str
    raison: str
    source: str
    certitude: str
    familles: tuple[str, ...] = ()
    variables: tuple[str, ...] = ()
    avant: int = 0
    apres: int = 0
    enquete: int = 0
    ecart: int = 0
    annees: tuple[int, ...] = ()
    seuil: float = 0.0
    territoires: str = ""

    def vise(self, *lectures: Lecture) -> bool:
        """Dire si la règle parle de ces lectures."""
        return any(
            (not self.familles or {lecture.source.famille, famille_des_regles(lecture)} & {*self.familles})
            and (
                not self.variables
                or any(fnmatchcase(v, motif) for v in lecture.variables for motif in self.variables)
            )
            for lecture in lectures
        )

    @property
    def rompt(self) -> bool:
        """Dire si la série n'est plus la même de part et d'autre."""
        return self.genre in RUPTURES

    @property
    def quand(self) -> str:
        """Dire en deux mots où une série se rompt ou s'interrompt ; vide pour une règle qui n'en fait rien."""
        if self.genre == "rupture":
            return f"{self.avant}/{self.apres}"
        if self.genre == "questionnaire":
            return f"questionnaire {self.enquete}"
        return f"{', '.join(map(str, self.annees))} n'existe pas" if self.genre == "absence" else ""


@dataclass(frozen=True)
class Avis:
    """Ce que les règles disent d'une comparaison."""

    refus: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    seuil: float = 0.0
    genres: frozenset[str] = frozenset()

    @property
    def comparable(self) -> bool:
        """Dire si les deux dates se comparent."""
        return not self.refus

    @property
    def trop_proches(self) -> bool:
        """Dire si seul le voisinage des deux dates interdit de les comparer : aucune série ne s'y rompt."""
        return bool(self.genres) and self.genres <= VOISINAGES


@lru_cache(maxsize=1)
def regles() -> tuple[tuple[Regle, ...], Equivalences]:
    """Lire les règles de comparaison du projet."""
    return lire_les_regles(texte("_comparaisons"))


def lire_les_regles(contenu: str) -> tuple[tuple[Regle, ...], Equivalences]:
    """Lire et vérifier un fichier de règles."""
    lu, genres = tomllib.loads(contenu), table("_comparaisons")["genres"]
    fautes: list[str] = []
    lues: list[Regle] = []
    for rang, brut in enumerate(lu.get("regles", ()), start=1):
        nom = f"règle {rang} ({brut.get('code', 'sans code')})"
        champs: dict[str, Any] = {k: tuple(v) if isinstance(v, list) else v for k, v in brut.items()}
        try:
            regle = Regle(**champs)
        except TypeError as cause:
            fautes.append(f"{nom} : champ absent ou inconnu ({cause}).")
            continue
        if regle.genre not in genres:
            fautes.append(f"{nom} : genre « {regle.genre} » inconnu ; on attend {', '.join(genres)}.")
        fautes += [f"{nom} : le champ {c} manque." for c in genres.get(regle.genre, ()) if c not in brut]
        if regle.certitude not in CERTITUDES.values():
            fautes.append(f"{nom} : certitude « {regle.certitude} » inconnue.")
        lues.append(regle)
    connus = {r.code for r in lues}
    equivalences = {e["indicateur"]: e for e in lu.get("equivalences", ())}
    fautes += [
        f"équivalence de {indicateur} : règle « {code} » inconnue."
        for indicateur, equivalence in equivalences.items()
        for code in equivalence["leve"]
        if code not in connus
    ]
    if fautes:
        raise TableNonConforme(liste_de_fautes("Les règles de comparaison sont fautives :", fautes))
    return tuple(lues), equivalences


def regles_de(identifiant: str) -> list[Regle]:
    """Donner les règles qui disent ce qui se compare, ou non, dans les séries d'une source."""
    lectures = [le for i in indicateurs().values() for le in i.lectures if le.source.id == identifiant]
    return [r for r in regles()[0] if r.familles and any(r.vise(le) for le in lectures)]


def enquetes_communes(de: int, a: int) -> tuple[int, ...]:
    """Lister les enquêtes annuelles que deux millésimes du recensement partagent."""
    connues = enquetes_annuelles()
    inconnus = [str(m) for m in (de, a) if m not in connues]
    if inconnus:
        raise TableNonConforme(
            f"Les enquêtes annuelles du millésime {' et '.join(inconnus)} ne sont pas dans la table "
            "reference/enquetes_annuelles.csv : ajoutez sa ligne (dossier ABS_CATALOGUE) avant de comparer."
        )
    return tuple(sorted(set(connues[de]) & set(connues[a])))


def enquetes_disjointes(ancien: int, recent: int) -> bool:
    """Dire si deux millésimes du recensement reposent sur des enquêtes annuelles différentes."""
    connus = enquetes_annuelles().keys() >= {ancien, recent}
    return connus and ancien < recent and not enquetes_communes(ancien, recent)


def juger(
    indicateur: Indicateur, lecture_de: Lecture, lecture_a: Lecture, de: int, a: int, leve: Sequence[str] = ()
) -> Avis:
    """Appliquer les règles à deux dates d'un indicateur, sauf celles que l'appelant a des raisons de lever."""
    toutes, equivalences = regles()
    equivalence = equivalences.get(indicateur.code, {})
    refus: list[str] = []
    notes: list[str] = []
    genres: set[str] = set()
    seuil = 0.0
    if de >= a:
        return Avis((f"On compare une année à une année plus récente : {de} n'est pas avant {a}.",))
    for regle in toutes:
        if regle.code in leve or not regle.vise(lecture_de, lecture_a):
            continue
        precision = _precision(regle, lecture_de, lecture_a, de, a)
        if precision is None:
            continue
        if regle.code in equivalence.get("leve", ()):
            notes.append(equivalence["raison"])
        elif regle.genre in {"note", "seuil"}:
            notes.append(regle.raison)
            seuil = max(seuil, regle.seuil)
        else:
            refus.append(f"{regle.raison}{precision}")
            genres.add(regle.genre)
    return Avis(tuple(refus), tuple(dict.fromkeys(notes)), seuil, frozenset(genres))


def mises_en_garde(code: str) -> tuple[str, ...]:
    """Dire ce qu'il faut savoir avant de comparer un territoire à d'autres."""
    return tuple(r.raison for r in regles()[0] if r.territoires and re.fullmatch(r.territoires, code))


def _precision(regle: Regle, lecture_de: Lecture, lecture_a: Lecture, de: int, a: int) -> str | None:
    """Dire ce qui déclenche une règle, ou ``None`` si elle ne s'applique pas."""
    if regle.genre == "enquetes":
        communes = enquetes_communes(de, a)
        liste = ", ".join(map(str, communes))
        mots = f" {de} et {a} partagent {len(communes)} enquête{'s' if len(communes) > 1 else ''} ({liste})."
        return mots if communes else None
    if regle.genre == "questionnaire":
        return None if _part_depuis(regle.enquete, de) == _part_depuis(regle.enquete, a) else ""
    if regle.genre == "definition":
        avant, apres = (lecture.definition or "sans précision" for lecture in (lecture_de, lecture_a))
        mots = f" {de} : {avant} ; {a} : {apres}."
        return None if lecture_de.definition == lecture_a.definition else mots
    declenchee = {
        "rupture": de <= regle.avant and a >= regle.apres,
        "ecart_minimal": a - de < regle.ecart,
        "perimetre": lecture_de.source.famille != lecture_a.source.famille,
    }.get(regle.genre, not {de, a}.isdisjoint(regle.annees))
    return "" if declenchee else None


def _part_depuis(enquete: int, millesime: int) -> float:
    siennes = enquetes_annuelles().get(millesime, ())
    return sum(e >= enquete for e in siennes) / len(siennes) if siennes else 0.0


def lectures_de(indicateur: Indicateur, source: str, de: int, a: int) -> tuple[Lecture, Lecture] | None:
    """Choisir la lecture de chaque date dans une même source."""
    siennes = [li for li in indicateur.lectures if li.source.id == source and li.source_denominateur is None]
    premiere, seconde = (next((li for li in siennes if li.vaut_pour(m)), None) for m in (de, a))
    return None if premiere is None or seconde is None else (premiere, seconde)


def plus_proches(
    indicateur: Indicateur, source: str, de: int, a: int, annees: Iterable[int]
) -> tuple[tuple[int, int], ...]:
    """Proposer les comparaisons admises les plus proches d'une comparaison refusée."""
    possibles = sorted(set(annees))

    def admise(x: int, y: int) -> bool:
        lectures = lectures_de(indicateur, source, x, y) if x < y else None
        return lectures is not None and juger(indicateur, *lectures, x, y).comparable

    def eloignement(paire: tuple[int, int]) -> tuple[int, int]:
        return (abs(paire[0] - de) + abs(paire[1] - a), -paire[1])

    gardees = [
        min((p for p in paires if admise(*p)), key=eloignement, default=None)
        for paires in ([(de, y) for y in possibles], [(x, a) for x in possibles])
    ]
    trouvees = tuple(dict.fromkeys(p for p in gardees if p is not None))
    if trouvees:
        return trouvees
    autres = [(x, y) for x in possibles for y in possibles if admise(x, y)]
    return (min(autres, key=eloignement),) if autres else ()
