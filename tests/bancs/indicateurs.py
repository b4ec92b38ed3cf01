"""Banc : soixante indicateurs pour tous les IRIS, contre les mêmes divisions écrites à la main pour numpy.

Des deux côtés les colonnes sont déjà en mémoire. Le rival évalue numérateur et dénominateur de chaque définition, et
les divise. Notre bras suit le chemin du produit, mémoires de calcul vidées : formules vérifiées, absences et leurs
raisons, dénominateurs nuls dits sans objet, un statut par IRIS. Les deux donnent les mêmes nombres, au bit près.
"""

from __future__ import annotations

from functools import partial
from itertools import islice
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from france import ANNEE, SOURCES
from outils import Ligne, Mesure, alterner, comparer, en_mots

from abs.calcul_vectoriel import series
from abs.indicateurs import Indicateur, indicateurs
from abs.lecture import Lecteur
from donnees_insee.base import Base
from donnees_insee.depot import deposer

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

BUT: Final = 5.0
NOMBRE: Final = 60
TAILLES: Final = (1_000, 5_000, 20_000)


def choisis() -> list[Indicateur]:
    """Les soixante premiers rapports du recensement de 2022."""
    return list(islice((i for i in indicateurs().values() if _lecture(i) is not None), NOMBRE))


def _lecture(indicateur: Indicateur) -> Any:
    return next(
        (
            lecture
            for lecture in indicateur.lectures
            if lecture.source.id in SOURCES.values()
            and lecture.vaut_pour(ANNEE)
            and lecture.denominateur is not None
            and lecture.source_denominateur is None
        ),
        None,
    )


def divisions(lecteur: Lecteur, voulus: Sequence[Indicateur]) -> Callable[[], list[np.ndarray]]:
    """Écrire pour numpy les divisions des indicateurs, sur des colonnes contiguës."""
    preparees = []
    for indicateur in voulus:
        lecture = _lecture(indicateur)
        table = lecteur.table(lecture.source.id, ANNEE, "iris")
        colonnes = [np.ascontiguousarray(table[v].to_numpy(float)) for v in lecture.variables]
        calcul = eval(
            f"lambda {', '.join(lecture.variables)}: "
            f"{indicateur.facteur} * ({lecture.numerateur.texte}) / ({lecture.denominateur.texte})"
        )
        preparees.append((calcul, colonnes))

    def tout() -> list[np.ndarray]:
        with np.errstate(all="ignore"):
            return [calcul(*colonnes) for calcul, colonnes in preparees]

    return tout


def par_abs(lecteur: Lecteur, voulus: Sequence[Indicateur]) -> dict[str, Any]:
    lecteur.comptes.cache_clear()
    return series(lecteur, voulus, ANNEE)


def verifier(lecteur: Lecteur, voulus: Sequence[Indicateur]) -> None:
    """Les deux chemins donnent les mêmes nombres, sinon le banc ne compare rien."""
    notres = par_abs(lecteur, voulus)
    for indicateur, sien in zip(voulus, divisions(lecteur, voulus)(), strict=True):
        propre = np.where(np.isfinite(sien), sien, np.nan)
        assert np.array_equal(propre, notres[indicateur.code].valeurs, equal_nan=True), indicateur.code


def temps(dossier: Path, repetitions: int) -> tuple[list[Ligne], Mesure]:
    """Mesurer soixante indicateurs pour tous les IRIS d'une base."""
    lecteur, voulus = Lecteur(Base(dossier), None), choisis()
    verifier(lecteur, voulus)
    nous = f"abs : {len(voulus)} indicateurs × {len(lecteur.rangs('rp_population', ANNEE, 'iris'))} IRIS"
    mesures = alterner(
        {"numpy, mêmes divisions": divisions(lecteur, voulus), nous: partial(par_abs, lecteur, voulus)},
        repetitions,
    )
    return comparer(mesures, nous, ["numpy, mêmes divisions"], BUT), mesures[nous]


def croissance(
    fichiers: Sequence[Path], racine: Path, entiere: Mesure, nombre: int, repetitions: int
) -> list[Ligne]:
    """Rapporter le temps au nombre d'IRIS : de mille IRIS à la France, il ne croît pas plus vite que lui."""
    lignes, premiere = [], None
    for taille in (t for t in TAILLES if t < nombre):
        dossier = racine / f"premiers-{taille}"
        deposer(
            Base(dossier / "base"), [_debut(f, taille, dossier) for f in fichiers], malgre_les_ecarts=True
        )
        mesure = temps(dossier / "base", repetitions)[1]
        premiere = premiere or (taille, mesure.mediane)
        par_iris = 1e6 * mesure.mediane / taille
        lignes.append(
            Ligne(mesure.bras, en_mots(mesure.mediane), mesure.etendue, f"{par_iris:.2f} µs par IRIS")
        )
    if premiere is not None:
        facteur = entiere.mediane / premiere[1] / (nombre / premiere[0])
        lignes.append(
            Ligne(
                entiere.bras,
                en_mots(entiere.mediane),
                entiere.etendue,
                f"{1e6 * entiere.mediane / nombre:.2f} µs par IRIS ; × {facteur:.2f} la droite",
                "≤ 1 fois la droite",
                facteur <= 1,
            )
        )
    return lignes


def _debut(fichier: Path, lignes: int, dossier: Path) -> Path:
    dossier.mkdir(parents=True, exist_ok=True)
    copie = dossier / fichier.name
    with fichier.open("rb") as source, copie.open("wb") as cible:
        cible.writelines(islice(source, lignes + 1))
    return copie
