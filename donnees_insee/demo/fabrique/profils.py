"""Les profils sociaux des quartiers fictifs : âges, ménages, emploi, logement, revenus."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from donnees_insee.demo.fabrique.alea import Alea
    from donnees_insee.demo.fabrique.territoire import Maille


@dataclass(frozen=True)
class Profil:
    """Paramètres d'un type de quartier en 2022 ; chaque maille s'en écarte un peu."""

    mediane: float
    dispersion: float
    hlm: float
    proprietaires: float
    maisons: float
    vacants: float
    secondaires: float
    chomage: float
    etrangers: float
    etudes_18_24: float
    voiture: float
    surpeuplement: float
    hors_menages: float
    # seul, sans famille, couple sans enfant, couple avec enfant, monoparental
    menages: tuple[float, ...]
    # aucun, brevet, CAP-BEP, bac, bac + 2, bac + 3 ou 4, bac + 5
    diplomes: tuple[float, ...]
    # agriculteurs, artisans, cadres, professions intermédiaires, employés, ouvriers
    categories: tuple[float, ...]
    # étudiants, actifs, familles, personnes âgées
    ages: tuple[float, ...]


PROFILS = {
    "CENTRE": Profil(
        *(21300, 0.47, 0.08, 0.27, 0.05, 0.12, 0.04, 0.13, 0.07, 0.66, 0.64, 0.16, 0.02),
        menages=(0.56, 0.05, 0.19, 0.12, 0.08),
        diplomes=(0.13, 0.05, 0.17, 0.17, 0.13, 0.15, 0.20),
        categories=(0.0, 0.06, 0.23, 0.27, 0.27, 0.17),
        ages=(0.22, 0.45, 0.08, 0.25),
    ),
    "CAMPUS": Profil(
        *(17600, 0.45, 0.16, 0.17, 0.02, 0.08, 0.03, 0.16, 0.11, 0.83, 0.57, 0.22, 0.13),
        menages=(0.63, 0.10, 0.13, 0.08, 0.06),
        diplomes=(0.14, 0.05, 0.14, 0.19, 0.12, 0.16, 0.20),
        categories=(0.0, 0.03, 0.20, 0.27, 0.33, 0.17),
        ages=(0.62, 0.22, 0.06, 0.10),
    ),
    "GRAND_ENSEMBLE": Profil(
        *(14650, 0.34, 0.82, 0.08, 0.02, 0.06, 0.01, 0.27, 0.20, 0.47, 0.61, 0.31, 0.005),
        menages=(0.34, 0.03, 0.15, 0.28, 0.20),
        diplomes=(0.39, 0.07, 0.23, 0.14, 0.07, 0.06, 0.04),
        categories=(0.0, 0.03, 0.04, 0.13, 0.37, 0.43),
        ages=(0.04, 0.20, 0.58, 0.18),
    ),
    "HLM_MIXTE": Profil(
        *(16600, 0.36, 0.53, 0.25, 0.16, 0.06, 0.01, 0.19, 0.12, 0.49, 0.70, 0.22, 0.01),
        menages=(0.38, 0.03, 0.21, 0.23, 0.15),
        diplomes=(0.28, 0.07, 0.26, 0.16, 0.10, 0.08, 0.05),
        categories=(0.0, 0.04, 0.07, 0.20, 0.35, 0.34),
        ages=(0.05, 0.30, 0.36, 0.29),
    ),
    "FAUBOURG": Profil(
        *(19700, 0.40, 0.20, 0.43, 0.36, 0.09, 0.02, 0.14, 0.06, 0.55, 0.76, 0.14, 0.01),
        menages=(0.42, 0.03, 0.24, 0.21, 0.10),
        diplomes=(0.20, 0.06, 0.25, 0.18, 0.12, 0.10, 0.09),
        categories=(0.0, 0.06, 0.13, 0.26, 0.30, 0.25),
        ages=(0.08, 0.44, 0.20, 0.28),
    ),
    "PAVILLON": Profil(
        *(25300, 0.39, 0.05, 0.78, 0.86, 0.04, 0.01, 0.075, 0.02, 0.56, 0.94, 0.05, 0.004),
        menages=(0.23, 0.01, 0.35, 0.34, 0.07),
        diplomes=(0.13, 0.06, 0.27, 0.18, 0.14, 0.11, 0.11),
        categories=(0.01, 0.07, 0.19, 0.30, 0.25, 0.18),
        ages=(0.02, 0.32, 0.33, 0.33),
    ),
    "AISE": Profil(
        *(28900, 0.46, 0.03, 0.62, 0.45, 0.06, 0.02, 0.08, 0.04, 0.70, 0.85, 0.07, 0.015),
        menages=(0.37, 0.02, 0.31, 0.24, 0.06),
        diplomes=(0.08, 0.04, 0.13, 0.15, 0.14, 0.17, 0.29),
        categories=(0.0, 0.08, 0.38, 0.29, 0.17, 0.08),
        ages=(0.09, 0.37, 0.20, 0.34),
    ),
    "RESIDENTIEL_AGE": Profil(
        *(22900, 0.40, 0.10, 0.61, 0.50, 0.06, 0.02, 0.10, 0.03, 0.56, 0.84, 0.07, 0.045),
        menages=(0.42, 0.02, 0.35, 0.15, 0.06),
        diplomes=(0.19, 0.08, 0.25, 0.17, 0.12, 0.09, 0.10),
        categories=(0.0, 0.06, 0.19, 0.28, 0.28, 0.19),
        ages=(0.03, 0.27, 0.14, 0.56),
    ),
    "BOURG": Profil(
        *(20800, 0.38, 0.15, 0.58, 0.70, 0.09, 0.02, 0.12, 0.04, 0.48, 0.85, 0.09, 0.02),
        menages=(0.35, 0.02, 0.31, 0.22, 0.10),
        diplomes=(0.22, 0.07, 0.30, 0.17, 0.11, 0.08, 0.05),
        categories=(0.01, 0.07, 0.10, 0.24, 0.31, 0.27),
        ages=(0.02, 0.34, 0.26, 0.38),
    ),
    "RURAL": Profil(
        *(22600, 0.39, 0.02, 0.82, 0.96, 0.08, 0.05, 0.08, 0.015, 0.46, 0.95, 0.04, 0.002),
        menages=(0.25, 0.02, 0.34, 0.32, 0.07),
        diplomes=(0.18, 0.06, 0.31, 0.18, 0.13, 0.08, 0.06),
        categories=(0.05, 0.08, 0.11, 0.25, 0.28, 0.23),
        ages=(0.01, 0.34, 0.30, 0.35),
    ),
}


def _ajuster(valeur: float, coefficient: float) -> float:
    """Multiplier une part en la gardant entre 0 et 1, par sa cote plutôt que par sa valeur."""
    cote = valeur / (1 - valeur) * coefficient
    return cote / (1 + cote)


def profil_de(maille: Maille, annee: int, alea: Alea) -> Profil:
    """Donner les paramètres d'une maille une année donnée."""
    base = PROFILS[maille.profil]
    passe = annee == 2016
    seul, sans_famille, sans_enfant, avec_enfant, monoparental = base.menages
    propre = alea.autour(0.08, maille.code, "monoparental")
    return replace(
        base,
        mediane=base.mediane * alea.autour(0.035, maille.code, "mediane"),
        hlm=_ajuster(base.hlm, alea.autour(0.15, maille.code, "hlm")),
        maisons=_ajuster(base.maisons, alea.autour(0.15, maille.code, "maisons")),
        vacants=_ajuster(base.vacants, alea.autour(0.12, maille.code, annee, "vacants")),
        chomage=_ajuster(base.chomage, alea.autour(0.09, maille.code, "chomage") * (1.17 if passe else 1)),
        etrangers=_ajuster(base.etrangers, alea.autour(0.12, maille.code, "etr") * (0.9 if passe else 1)),
        proprietaires=_ajuster(base.proprietaires, alea.autour(0.12, maille.code, "proprietaires")),
        voiture=_ajuster(base.voiture, alea.autour(0.15, maille.code, "voiture")),
        surpeuplement=_ajuster(base.surpeuplement, alea.autour(0.12, maille.code, "surpeuplement")),
        etudes_18_24=_ajuster(base.etudes_18_24, alea.autour(0.1, maille.code, "etudes")),
        menages=(
            seul * (0.955 if passe else 1),
            sans_famille,
            sans_enfant,
            avec_enfant * (1.05 if passe else 1),
            monoparental * propre * (0.93 if passe else 1.02),
        ),
    )
