"""Le territoire fictif : communes, mailles élémentaires, quartiers prioritaires et profils sociaux."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from donnees_insee.demo.fabrique.alea import Alea
from donnees_insee.demo.fabrique.formats_bruts import lire_csv, lire_toml

DEPARTEMENT = "99"
REGION = "98"  # autre que le département : un code de région ne doit pas se lire comme le sien
NIVEAUX = {"DEP": (DEPARTEMENT, "Département fictif"), "REG": (REGION, "Région fictive")}
COMMUNE_CENTRE = "99001"
EPCI = {
    "999900001": "CA Val-d'Arzance (territoire fictif)",
    "999900002": "CC Haut-Nérandais (territoire fictif)",
}
# Par année : le nom et l'EPCI de chaque commune ; deux communes de 2016 n'en font plus qu'une.
COMMUNES: dict[int, dict[str, tuple[str, str]]] = {
    annee: {c.code: (nom, c.epci) for c in lire_csv("communes.csv").itertuples() if (nom := c[rang])}
    for rang, annee in enumerate((2016, 2022), start=2)
}


@dataclass(frozen=True)
class Maille:
    """Plus petit morceau de territoire, dont les IRIS des deux géographies sont des réunions."""

    code: str
    # L'IRIS 0504 de 2016 a été coupé en deux ; deux communes de 2016 n'en font plus qu'une.
    iris_2016: str
    iris_2022: str
    nom_2016: str
    nom_2022: str
    quartier: str
    nature: str
    profil: str
    habitants_2016: int
    habitants_2022: int
    # En kilomètres autour du centre.
    x: float
    y: float

    def iris(self, annee: int) -> str:
        """Donner le code de l'IRIS qui contient la maille."""
        return self.iris_2016 if annee == 2016 else self.iris_2022

    def libelle(self, annee: int) -> str:
        """Donner le nom de l'IRIS qui contient la maille."""
        code = self.iris(annee)
        if code.endswith("0000"):
            return COMMUNES[annee][code[:5]][0]
        return self.nom_2016 if annee == 2016 else self.nom_2022

    def habitants(self, annee: int) -> int:
        """Donner les habitants prévus."""
        return self.habitants_2016 if annee == 2016 else self.habitants_2022


@dataclass(frozen=True)
class Quartier:
    """Un QPV : son contour (centre, demi-axes en kilomètres) et la part des mailles qu'il recouvre."""

    code: str
    nom: str
    communes: list[str]
    centre: tuple[float, float]
    demi_axes: tuple[float, float]
    inclinaison: float
    parts: dict[str, float]


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
    menages: list[float]
    # aucun, brevet, CAP-BEP, bac, bac + 2, bac + 3 ou 4, bac + 5
    diplomes: list[float]
    # agriculteurs, artisans, cadres, professions intermédiaires, employés, ouvriers
    categories: list[float]
    # étudiants, actifs, familles, personnes âgées
    ages: list[float]
    # logements achevés avant 1919, de 1919 à 1945, à 1970, à 1990, à 2005, depuis
    periodes: list[float]


MAILLES = tuple(Maille(*ligne) for ligne in lire_csv("mailles.csv").itertuples(index=False))
QPV = tuple(Quartier(**q) for q in lire_toml("quartiers_prioritaires.toml")["quartiers"])
_PARAMETRES = lire_toml("profils.toml")
PROFILS = {nom: Profil(**valeurs) for nom, valeurs in _PARAMETRES["profils"].items()}


def _ajuster(valeur: float, coefficient: float) -> float:
    """Multiplier une part en la gardant entre 0 et 1, par sa cote plutôt que par sa valeur."""
    cote = valeur / (1 - valeur) * coefficient
    return cote / (1 + cote)


def profil_de(maille: Maille, annee: int, alea: Alea) -> Profil:
    """Donner les paramètres d'une maille une année donnée."""
    base, passe = PROFILS[maille.profil], annee == 2016
    parts: dict[str, Any] = {
        nom: _ajuster(getattr(base, nom), alea.autour(ecart, maille.code, cle) * (avant if passe else 1))
        for nom, (ecart, cle, avant) in _PARAMETRES["ecarts"].items()
    }
    seul, sans_famille, sans_enfant, avec_enfant, monoparental = base.menages
    propre = alea.autour(0.08, maille.code, "monoparental")
    menages = [
        *(seul * (0.955 if passe else 1), sans_famille, sans_enfant, avec_enfant * (1.05 if passe else 1)),
        monoparental * propre * (0.93 if passe else 1.02),
    ]
    mediane = base.mediane * alea.autour(0.035, maille.code, "mediane")
    vacants = _ajuster(base.vacants, alea.autour(0.12, maille.code, annee, "vacants"))
    return replace(base, mediane=mediane, vacants=vacants, menages=menages, **parts)


def iris_de(annee: int) -> dict[str, list[Maille]]:
    """Ranger les mailles dans les IRIS d'une géographie."""
    groupes: dict[str, list[Maille]] = {}
    for maille in MAILLES:
        groupes.setdefault(maille.iris(annee), []).append(maille)
    return dict(sorted(groupes.items()))
