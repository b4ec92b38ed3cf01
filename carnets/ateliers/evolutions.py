"""L'atelier du carnet des évolutions : relever une fois, puis afficher chaque partie dans sa cellule."""

from collections.abc import Sequence
from functools import cached_property
from pathlib import Path

from abs.evolutions.releve import Releve, phrases_de_refus, relever
from abs.evolutions.tableaux import ENTETES, LIMITES, les_plus_nettes, ligne, mots_du_choix, resume
from abs.indicateurs.indicateurs import indicateur
from carnets.ateliers.portrait import TEXTES, Fragment
from carnets.documents.csv_long import ecrire_evolutions
from carnets.documents.fragments import rendre
from donnees_insee.base.base import Base
from donnees_insee.erreurs import ParametreInvalide, liste_de_fautes

MODELE = "evolutions.html.j2"


class AtelierDesEvolutions:
    """Ce que le carnet des évolutions manipule."""

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
        self.base = Base(Path(dossier_donnees) if dossier_donnees else None)

    @cached_property
    def releve(self) -> Releve:
        """Les évolutions, relevées à la première lecture."""
        return relever(self.base, self.territoire, self.de, self.a, self.voulus)

    def titre(self) -> Fragment:
        """Afficher le titre et ce qui a été réuni ou laissé de côté."""
        titre = f"{self.releve.sujet.nom} ({self.releve.sujet.code}), de {self.de} à {self.a}"
        return _fragment(titre, 1, self.releve.geographie)

    def tableaux(self) -> Fragment:
        """Afficher un tableau par indicateur."""
        morceaux = [self._tableau(code) for code in self.releve.totaux]
        return Fragment("\n".join(m.html for m in morceaux), "\n".join(m.texte for m in morceaux))

    def _tableau(self, code: str) -> Fragment:
        mailles = self.releve.mailles.get(code, [])
        choisies = les_plus_nettes(mailles)
        phrases = [*self.releve.notes.get(code, ()), *resume(mailles), *mots_du_choix(choisies, mailles)]
        entetes = [e.format(de=self.de, a=self.a) for e in ENTETES]
        lignes = [ligne(e) for e in (*self.releve.totaux[code], *choisies)]
        return _fragment(indicateur(code).libelle_court, 2, phrases, entetes, lignes)

    def refus(self) -> Fragment:
        """Afficher ce qui ne se compare pas, et les limites de la marge."""
        return _fragment("Ce qui ne se compare pas", 2, [*phrases_de_refus(self.releve.refus), LIMITES])

    def fichiers(self) -> list[Path]:
        """Écrire le fichier des évolutions, si un dossier est donné."""
        return [ecrire_evolutions(self.releve, self.sortie)] if self.sortie else []


def _fragment(
    titre: str,
    rang: int,
    phrases: list[str],
    entetes: Sequence[str] = (),
    lignes: Sequence[Sequence[str]] = (),
) -> Fragment:
    rendu = rendre(MODELE, titre=titre, rang=rang, phrases=phrases, entetes=entetes, lignes=lignes)
    return Fragment(rendu, "\n".join([titre, *(" | ".join(x) for x in lignes), *phrases]))


def _verifier(territoire: object, de: object, a: object) -> str:
    """Refuser, toutes fautes à la fois, un code qui a perdu son zéro ou une année mal écrite."""
    texte = str(territoire).strip()
    fautes = []
    if not texte or (isinstance(territoire, int) and len(texte) not in {5, 9}):
        fautes.append(TEXTES["evolutions"]["zero_perdu"].format(territoire=texte))
    fautes += [
        f"{nom} = « {annee} » : on attend une année de quatre chiffres."
        for nom, annee in (("de", de), ("a", a))
        if not (str(annee).isdigit() and len(str(annee)) == 4)
    ]
    if fautes:
        raise ParametreInvalide(liste_de_fautes("Les paramètres du carnet sont refusés :", fautes))
    return texte
