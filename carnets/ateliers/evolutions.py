"""Les évolutions ouvertes dans un carnet : relever une fois, puis montrer chaque partie dans sa cellule."""

from functools import cached_property
from pathlib import Path
from typing import Final

from abs.evolutions import document
from abs.evolutions.releve import Releve, relever
from abs.evolutions.tableaux import table
from carnets.ateliers.demonstration import base_ou_demonstration
from carnets.ateliers.donnees import TEXTES, fichiers_ecrits
from carnets.documents.csv_long import ecrire_evolutions
from carnets.documents.montre import Montre
from carnets.parametres import verifier_parametres
from donnees_insee.erreurs import ParametreInvalide, liste_de_fautes

DITS: Final[dict[str, str]] = TEXTES["evolutions"]


class EvolutionsOuvertes:
    """Ce qu'un carnet manipule d'évolutions ; s'ouvre par ``carnets.evolutions``."""

    def __init__(
        self,
        territoire: str,
        de: int,
        a: int,
        indicateurs: str = "",
        dossier_sortie: str = "",
        dossier_donnees: str = "",
    ) -> None:
        self.territoire = _verifier(territoire, de, a)
        self.de, self.a = int(de), int(a)
        self.voulus = [c.strip() for c in indicateurs.split(",") if c.strip()]
        self.sortie = Path(dossier_sortie) if dossier_sortie else None
        reglages = verifier_parametres({"territoire": self.territoire, "dossier_donnees": dossier_donnees})
        self.base = base_ou_demonstration(reglages).base

    @cached_property
    def releve(self) -> Releve:
        """Les évolutions, relevées à la première lecture."""
        return relever(self.base, self.territoire, self.de, self.a, self.voulus)

    def __repr__(self) -> str:
        """Nommer le territoire et les dates."""
        sujet = self.releve.sujet
        return f"Évolutions de {sujet.nom} ({sujet.code}), de {self.de} à {self.a}"

    def _repr_html_(self) -> str:
        return self.titre()._repr_html_()

    def titre(self) -> Montre:
        """Montrer le titre, et l'avertissement s'il y en a un."""
        return Montre(document.titre(self.releve), habille=True)

    def essentiel(self) -> Montre:
        """Montrer ce qui a vraiment changé, en phrases."""
        return Montre(document.essentiel(self.releve))

    def courbes(self) -> Montre:
        """Montrer les courbes de ce qui a changé, à toutes les dates tenues, ruptures comprises."""
        return Montre(document.courbes(self.releve))

    def graphique(self) -> Montre:
        """Montrer les pentes des indicateurs du territoire entre les deux dates."""
        return Montre(document.pentes(self.releve))

    def carte(self, indicateur: str = "") -> Montre:
        """Montrer la carte des écarts d'un indicateur, maille par maille ; sans code, le mieux établi."""
        from carnets.ateliers.carte_des_ecarts import carte_des_ecarts  # noqa: PLC0415 - geopandas

        return carte_des_ecarts(self.base, self.releve, indicateur)

    def tableaux(self) -> Montre:
        """Montrer le tableau de tous les indicateurs ; ``.donnees`` est la table de toutes les lignes."""
        return Montre(document.tableaux(self.releve), table(self.releve))

    def refus(self) -> Montre:
        """Montrer ce qui a été réuni, ce qui ne se compare pas, et les limites de la marge."""
        return Montre(document.refus(self.releve))

    def fichiers(self) -> Montre:
        """Écrire le fichier des évolutions, si un dossier est donné."""
        if self.sortie is None:
            return Montre([], texte=TEXTES["sans_dossier"])
        return Montre([], texte=fichiers_ecrits([ecrire_evolutions(self.releve, self.sortie)], self.sortie))


def _verifier(territoire: object, de: object, a: object) -> str:
    """Refuser, toutes fautes à la fois, un code qui a perdu son zéro ou une année mal écrite."""
    texte = str(territoire).strip()
    fautes = []
    if not texte or (isinstance(territoire, int) and len(texte) not in {5, 9}):
        fautes.append(DITS["zero_perdu"].format(territoire=texte))
    fautes += [
        f"{nom} = « {annee} » : on attend une année de quatre chiffres."
        for nom, annee in (("de", de), ("a", a))
        if not (str(annee).isdigit() and len(str(annee)) == 4)
    ]
    if fautes:
        raise ParametreInvalide(liste_de_fautes("Les paramètres du carnet sont refusés :", fautes))
    return texte
