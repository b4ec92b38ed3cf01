"""Les jeux de Melodi (Insee) au catalogue : à quelles colonnes les reconnaître, quelle cellule est quelle variable."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from typing import Final

from donnees_insee.catalogue.tables import lignes
from donnees_insee.codes import reference
from donnees_insee.erreurs import TableNonConforme, liste_de_fautes

# Les colonnes qu'a tout fichier de Melodi ; les autres sont des dimensions.
COLONNES_COMMUNES: Final = frozenset(
    "GEO GEO_OBJECT FREQ OBS_STATUS OBS_STATUS_FR CONF_STATUS UNIT_MEASURE UNIT_MULT DECIMALS TIME_PERIOD OBS_VALUE".split()  # noqa: SIM905
)
OBLIGATOIRES: Final = frozenset({"GEO", "GEO_OBJECT", "TIME_PERIOD", "OBS_VALUE"})
TOTAL: Final = "_T"
QUELCONQUE: Final = "*"
EQUIPEMENTS: Final = "DS_BPE"


@dataclass(frozen=True)
class Jeu:
    """Un jeu de données de Melodi."""

    nom: str
    source: str
    mesure: str
    dimensions: frozenset[str]
    # Dimensions sans total : la modalité qui en tient lieu.
    seules: dict[str, str]
    renommees: dict[str, str]
    # Tous les noms du jeu d'une édition à l'autre, celui d'aujourd'hui d'abord.
    noms: tuple[str, ...]
    # Ce que le jeu contient ; vide d'une disposition que l'on sait lire sans qu'un jeu du catalogue la porte.
    contenu: str = ""
    # Combien de dates un fichier du jeu porte au plus ; 0, autant qu'il veut.
    dates_maximum: int = 0

    def __hash__(self) -> int:
        return hash(self.nom)


@dataclass(frozen=True)
class Correspondance:
    """Une variable d'un jeu : les modalités de ses cellules, et ce qui prouve la correspondance."""

    jeu: str
    variable: str
    modalites: dict[str, tuple[str, ...]]
    preuve: str
    # Vrai si de vraies valeurs du producteur ont été lues par cette ligne.
    eprouvee: bool = False
    de: int = 0
    a: int = 9999

    def vaut_pour(self, edition: int) -> bool:
        """Dire si la correspondance vaut pour une édition."""
        return self.de <= edition <= self.a


def _paires(texte: str) -> dict[str, str]:
    return dict(morceau.split("=", 1) for morceau in texte.split())


@lru_cache(maxsize=1)
def jeux() -> dict[str, Jeu]:
    """Lire les jeux que l'on sait reconnaître."""
    return {
        r["jeu"]: Jeu(
            r["jeu"],
            r["source"],
            r["mesure"],
            frozenset(r["dimensions"].split()),
            _paires(r["seules"]),
            _paires(r["colonnes_renommees"]),
            (r["jeu"], *r["autres_noms"].split()),
            r["contenu"],
            int(r.get("dates_maximum") or 0),
        )
        for _, _, r in lignes("melodi/jeux.csv")
    }


@lru_cache(maxsize=1)
def correspondances() -> dict[str, tuple[Correspondance, ...]]:
    """Lire, jeu par jeu, quelle cellule est quelle variable ; une variable écrite deux fois a une seconde chance."""
    rangees: dict[str, list[Correspondance]] = {}
    fautes = []
    for origine, rang, r in lignes("melodi/correspondance.csv"):
        try:
            lues = {nom: _a_additionner(valeur) for nom, valeur in _paires(r["cellules"]).items()}
            ligne = Correspondance(r["jeu"], r["variable"], lues, r["preuve"], r["epreuve"] == "éprouvée")
            rangees.setdefault(jeux()[ligne.jeu].nom, []).append(ligne)
        except (KeyError, ValueError, AttributeError, TypeError) as cause:
            fautes.append(f"{origine}, ligne {rang} : {cause}.")
    if fautes:
        raise TableNonConforme(
            liste_de_fautes(
                "La correspondance des jeux de Melodi est fautive ; colonnes attendues : jeu;variable;cellules;preuve;"
                "epreuve. Les cellules s'écrivent DIMENSION=modalité, « + » pour additionner, « .. » pour une suite.",
                fautes,
            )
        )
    rangees[EQUIPEMENTS] = list(_equipements())
    return {jeu: tuple(siennes) for jeu, siennes in rangees.items()}


def _equipements() -> Iterator[Correspondance]:
    """Tirer de la table des types d'équipements, renumérotés d'une édition à l'autre, les cellules de leur dénombrement."""
    libres = {"FACILITY_DOM": (QUELCONQUE,), "FACILITY_SDOM": (QUELCONQUE,)}
    for r in reference("types_equipements"):
        cellule: dict[str, tuple[str, ...]] = {"FACILITY_TYPE": (r["code"],), **libres}
        de, a = int(r["de"]), int(r["a"] or 9999)
        yield Correspondance(EQUIPEMENTS, r["variable"], cellule, "code", de=de, a=a)


def _a_additionner(texte: str) -> tuple[str, ...]:
    """Développer « Y75..Y99+Y_GE100 » en la suite de ses modalités."""
    lues: list[str] = []
    for morceau in texte.split("+"):
        suite = re.fullmatch(r"([A-Z]+)(\d+)\.\.([A-Z]+)(\d+)", morceau)
        lues += [f"{suite[1]}{n}" for n in range(int(suite[2]), int(suite[4]) + 1)] if suite else [morceau]
    return tuple(lues)


@lru_cache(maxsize=1)
def modalites_glissantes() -> dict[str, re.Pattern[str]]:
    """Lire les modalités dont l'écriture suit l'édition : la borne d'une période, l'âge zéro."""
    return {r["repere"]: re.compile(r["motif"]) for _, _, r in lignes("melodi/modalites.csv")}


@lru_cache(maxsize=1)
def statuts_d_observation() -> dict[str, dict[str, str]]:
    """Lire ce que veut dire chaque statut d'observation : rien si la valeur vaut, une marque si elle manque."""
    lus: dict[str, dict[str, str]] = {}
    for _, _, r in lignes("melodi/statuts.csv"):
        lus.setdefault(r["colonne"], {})[r["modalite"]] = r["marque"]
    return lus


@lru_cache(maxsize=1)
def niveaux() -> dict[str, str]:
    """Lire les niveaux géographiques que l'on garde ; les autres (aires, unités urbaines) sont laissés."""
    return {r["geo_object"]: r["niveau"] for _, _, r in lignes("melodi/niveaux.csv")}


def recensements_qui_se_suivent(annees: list[int]) -> dict[int, int]:
    """Donner à chaque recensement celui qui le précède ; un trop grand écart dit un fichier incomplet."""
    bornes = [(int(r["de"]), int(r["ecart_maximal"])) for _, _, r in lignes("melodi/precedents.csv")]

    def admis(avant: int) -> int:
        return max((de, ecart) for de, ecart in bornes if de <= avant)[1]

    return {apres: avant for avant, apres in pairwise(sorted(annees)) if apres - avant <= admis(avant)}


def oublier() -> None:
    """Oublier les tables lues : elles, ou ``ABS_CATALOGUE``, viennent de changer."""
    for lecture in (jeux, correspondances, modalites_glissantes, statuts_d_observation, niveaux):
        lecture.cache_clear()
