"""Une typologie apprise : partager des IRIS (échelle, Ward, centres mobiles), garder les centres, redonner les classes."""

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from functools import lru_cache
from itertools import combinations
from typing import Any, Final

import numpy as np
import pandas as pd

from abs.definitions import dire
from abs.typologie.donnees import Colonne
from donnees_insee.erreurs import ParametreInvalide

# Ward demande toutes les distances : au-delà, un IRIS sur plusieurs, pris à pas régulier dans l'ordre des codes.
MAXIMUM_POUR_WARD: Final = 4000


@dataclass(frozen=True)
class Echelle:
    """Ce qui ramène des valeurs brutes à des écarts comparables."""

    bas: np.ndarray
    haut: np.ndarray
    moyennes: np.ndarray
    ecarts: np.ndarray

    def appliquer(self, valeurs: np.ndarray) -> np.ndarray:
        """Écrêter puis standardiser."""
        return (np.clip(valeurs, self.bas, self.haut) - self.moyennes) / self.ecarts


def echelle(valeurs: np.ndarray, poids: np.ndarray, part: float) -> Echelle:
    """Calculer les bornes d'écrêtage, puis moyennes et écarts-types pondérés des valeurs écrêtées."""
    bas = np.nanquantile(valeurs, part, axis=0)
    haut = np.nanquantile(valeurs, 1 - part, axis=0)
    ecretees = np.clip(valeurs, bas, haut)
    presents = np.where(np.isnan(ecretees), 0.0, poids[:, None])
    remplies = np.nan_to_num(ecretees)
    totaux = presents.sum(axis=0)
    moyennes = (presents * remplies).sum(axis=0) / totaux
    ecarts = np.sqrt((presents * (remplies - moyennes) ** 2).sum(axis=0) / totaux)
    # Une variable constante ne distingue personne : un écart de 1 la laisse à zéro partout.
    return Echelle(bas, haut, moyennes, np.where(ecarts > 0, ecarts, 1.0))


def correlations(valeurs: np.ndarray, poids: np.ndarray) -> np.ndarray:
    """Calculer les corrélations pondérées, deux à deux sur les lignes où les deux variables sont là."""
    resultat = np.eye(valeurs.shape[1])
    for i, j in combinations(range(valeurs.shape[1]), 2):
        couple = valeurs[:, [j, i]]
        la = np.isfinite(couple).all(axis=1)
        if la.sum() > 2:
            covariance = np.cov(couple[la].T, aweights=poids[la])
            produit = np.sqrt(covariance[0, 0] * covariance[1, 1])
            resultat[i, j] = resultat[j, i] = covariance[0, 1] / produit if produit > 0 else 0.0
    return resultat


def retenir(
    matrice: np.ndarray, codes: list[str], maximale: float
) -> tuple[list[int], list[tuple[str, str, float]]]:
    """Garder, dans l'ordre, les variables qui ne répètent pas une variable déjà gardée."""
    gardes: list[int] = []
    ecartees = []
    for rang, code in enumerate(codes):
        proche = max(gardes, key=lambda g: abs(matrice[rang, g]), default=None)
        if proche is not None and abs(matrice[rang, proche]) > maximale:
            ecartees.append((code, codes[proche], float(matrice[rang, proche])))
        else:
            gardes.append(rang)
    return gardes, ecartees


@dataclass(frozen=True)
class Arbre:
    """L'arbre de Ward d'un ensemble d'IRIS, que l'on coupe au nombre de classes voulu."""

    reduites: np.ndarray
    echantillon: np.ndarray
    enfants: np.ndarray

    def centres(self, nombre: int) -> np.ndarray:
        """Trouver des centres : Ward pour les placer, centres mobiles pour les consolider."""
        from sklearn.cluster import KMeans  # noqa: PLC0415 - import lent, réservé à l'apprentissage

        etiquettes = _couper(self.enfants, len(self.echantillon), nombre)
        departs = np.array([self.echantillon[etiquettes == k].mean(axis=0) for k in range(nombre)])
        # Un seul fil : les sommes se font toujours dans le même ordre, et les petits calculs vont plus vite.
        with _fils().limit(limits=1):
            mobiles = KMeans(nombre, init=departs, n_init=1, max_iter=500, tol=0).fit(self.reduites)
        centres = np.asarray(mobiles.cluster_centers_)
        return centres[np.lexsort(centres.T[::-1])]


@lru_cache(maxsize=1)
def _fils() -> Any:
    """Tenir les bibliothèques de calcul : les chercher à chaque partition coûte plus que la partition."""
    import sklearn.cluster  # noqa: F401, PLC0415 - chargée d'abord, pour que ses fils soient connus
    from threadpoolctl import ThreadpoolController  # noqa: PLC0415 - import lent, réservé à l'apprentissage

    return ThreadpoolController()


def arbre(reduites: np.ndarray) -> Arbre:
    """Regrouper de proche en proche par la méthode de Ward."""
    from sklearn.cluster import ward_tree  # noqa: PLC0415 - import lent, réservé à l'apprentissage

    pas = -(-len(reduites) // MAXIMUM_POUR_WARD)
    echantillon = reduites[::pas]
    return Arbre(reduites, echantillon, np.asarray(ward_tree(echantillon)[0]))


def partager(reduites: np.ndarray, nombre: int) -> np.ndarray:
    """Trouver les centres d'un nombre de classes."""
    return arbre(reduites).centres(nombre)


def _couper(enfants: np.ndarray, feuilles: int, nombre: int) -> np.ndarray:
    """Couper l'arbre de Ward en un nombre de classes."""
    classes: dict[int, list[int]] = {i: [i] for i in range(feuilles)}
    for rang, (gauche, droite) in enumerate(enfants[: feuilles - nombre]):
        classes[feuilles + rang] = classes.pop(int(gauche)) + classes.pop(int(droite))
    etiquettes = np.empty(feuilles, int)
    for numero, membres in enumerate(sorted(classes.values(), key=min)):
        etiquettes[membres] = numero
    return etiquettes


def distances(reduites: np.ndarray, centres: np.ndarray) -> np.ndarray:
    """Mesurer la distance de chaque ligne à chaque centre, sur les variables qu'elle tient."""
    ecarts = (reduites[:, None, :] - centres[None, :, :]) ** 2
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.asarray(np.nansum(ecarts, axis=2) / np.isfinite(reduites).sum(axis=1)[:, None])


def affecter(reduites: np.ndarray, centres: np.ndarray, manques_admis: int) -> np.ndarray:
    """Donner à chaque ligne le centre le plus proche."""
    classes = np.zeros(len(reduites), int)
    classables = np.isnan(reduites).sum(axis=1) <= manques_admis
    if classables.any():
        classes[classables] = distances(reduites[classables], centres).argmin(axis=1) + 1
    return classes


def stabilites(reduites: np.ndarray, nombres: range, tirages: int, graine: int) -> dict[int, float]:
    """Mesurer, pour chaque nombre de classes, ce qu'il reste de la partition quand on retire les IRIS au sort."""
    hasard = np.random.default_rng(graine)
    # Les mêmes tirages pour tous les nombres de classes : ils se comparent. Triés, ils ne dépendent pas de l'ordre.
    tires = [np.sort(hasard.integers(0, len(reduites), len(reduites))) for _ in range(tirages)]
    return accords(reduites, nombres, tires)


def accords(reduites: np.ndarray, nombres: Iterable[int], echantillons: list[np.ndarray]) -> dict[int, float]:
    """Mesurer, pour chaque nombre de classes, l'accord moyen de la partition avec celles que des échantillons donnent."""
    from sklearn.metrics import adjusted_rand_score  # noqa: PLC0415 - import lent

    entier, arbres = arbre(reduites), [arbre(reduites[e]) for e in echantillons]
    mesures = {}
    for nombre in nombres:
        reference = affecter(reduites, entier.centres(nombre), 0)
        tires = [adjusted_rand_score(reference, affecter(reduites, a.centres(nombre), 0)) for a in arbres]
        mesures[nombre] = float(np.mean(tires))
    return mesures


FORMAT: Final = "abs-typologie-1"
CHIFFRES_GARDES: Final = 10


@dataclass(frozen=True)
class VariableApprise:
    """Une variable telle que le modèle l'a apprise : série, date, échelle."""

    code: str
    source: str
    famille: str
    definition: str
    millesime: int
    mediane: float | None
    bas: float
    haut: float
    moyenne: float
    ecart: float


@dataclass(frozen=True)
class Modele:
    """Une typologie apprise."""

    territoire: str
    nom: str
    espace: str
    variables: tuple[VariableApprise, ...]
    centres: np.ndarray
    effectifs: tuple[int, ...]
    dispersions: np.ndarray
    tests: np.ndarray
    etudiantes: tuple[int, ...]
    stabilites: dict[int, float]
    phrases: tuple[str, ...]
    appris: tuple[str, ...]

    @property
    def echelle(self) -> Echelle:
        """Échelle de l'apprentissage."""
        return Echelle(
            *(np.array([getattr(v, c) for v in self.variables]) for c in ("bas", "haut", "moyenne", "ecart"))
        )

    @property
    def nombre(self) -> int:
        """Nombre de classes."""
        return len(self.centres)

    @property
    def classes(self) -> range:
        """Numéros des classes."""
        return range(1, self.nombre + 1)

    def centre(self, classe: int, rang: int) -> float:
        """Donner la valeur, dans son unité, d'une variable au centre d'une classe."""
        variable = self.variables[rang]
        return float(self.centres[classe - 1][rang] * variable.ecart + variable.moyenne)

    def classer(self, valeurs: np.ndarray, manques_admis: int) -> np.ndarray:
        """Classer des IRIS sur l'échelle de l'apprentissage."""
        return affecter(self.echelle.appliquer(valeurs), self.centres, manques_admis)

    def en_json(self) -> str:
        """Écrire le modèle, toujours de la même façon."""
        brut = {"format": FORMAT, **asdict(self)}
        return json.dumps(_arrondir(brut), ensure_ascii=False, indent=1) + "\n"


def _arrondir(objet: Any) -> Any:
    """Ramener les nombres à dix chiffres : les derniers bits dépendent du poste."""
    if isinstance(objet, np.ndarray):
        return _arrondir(objet.tolist())
    if isinstance(objet, dict):
        return {k: _arrondir(v) for k, v in objet.items()}
    if isinstance(objet, list | tuple):
        return [_arrondir(v) for v in objet]
    return float(f"{objet:.{CHIFFRES_GARDES}g}") if isinstance(objet, float) else objet


def depuis_json(texte: str) -> Modele:
    """Relire un modèle."""
    try:
        brut = json.loads(texte)
        brut = {"format": FORMAT, **brut} if brut["format"] == FORMAT else {}
        del brut["format"]
        brut |= {champ: np.array(brut[champ], float) for champ in ("centres", "dispersions", "tests")}
        brut |= {champ: tuple(brut[champ]) for champ in ("effectifs", "etudiantes", "phrases", "appris")}
        brut["variables"] = tuple(VariableApprise(**v) for v in brut["variables"])
        brut["stabilites"] = {int(k): v for k, v in brut["stabilites"].items()}
        return Modele(**brut)
    except (ValueError, KeyError, TypeError, AttributeError) as cause:
        raise ParametreInvalide(dire("typologie", "modele_illisible", cause=cause)) from cause


def matrice(colonnes: list[Colonne], codes: list[str]) -> pd.DataFrame:
    """Réunir des variables pour des IRIS."""
    return pd.DataFrame(
        {c.variable.code: c.valeurs.reindex(codes) for c in colonnes}, index=codes, dtype=float
    )
