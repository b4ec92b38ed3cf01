"""Le territoire fictif : communes, mailles élémentaires, quartiers prioritaires et profils sociaux."""

from types import SimpleNamespace
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


# Des lignes de tables, lues telles quelles.
Quartier = SimpleNamespace
Profil = SimpleNamespace


class Maille(SimpleNamespace):
    """Plus petit morceau de territoire, dont les IRIS des deux géographies sont des réunions : une ligne de la table.

    L'IRIS 0504 de 2016 a été coupé en deux. Les coordonnées sont en kilomètres autour du centre.
    """

    def de(self, attribut: str, annee: int) -> Any:
        """Donner ce que la maille était au recensement d'une année : son iris, son nom, ses habitants."""
        return getattr(self, f"{attribut}_{2016 if annee == 2016 else 2022}")

    def libelle(self, annee: int) -> str:
        """Donner le nom de l'IRIS qui contient la maille."""
        code = self.de("iris", annee)
        nom: str = COMMUNES[annee][code[:5]][0] if code.endswith("0000") else self.de("nom", annee)
        return nom


MAILLES = tuple(Maille(**ligne) for ligne in lire_csv("mailles.csv").to_dict("records"))
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
    propres = {"mediane": mediane, "vacants": vacants, "menages": menages} | parts
    return Profil(**vars(base) | propres)


def iris_de(annee: int) -> dict[str, list[Maille]]:
    """Ranger les mailles dans les IRIS d'une géographie."""
    groupes: dict[str, list[Maille]] = {}
    for maille in MAILLES:
        groupes.setdefault(maille.de("iris", annee), []).append(maille)
    return dict(sorted(groupes.items()))
