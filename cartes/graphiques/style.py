"""Le style des graphiques, lu dans la charte : tailles, signe de chaque rôle, couleurs des parts, phrases."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Final, Literal

from abs.graphiques.demandes import DemandeDeGraphique, Role, Valeur
from cartes.charte import CHARTE
from cartes.palettes import couleurs_sequentielles

Largeur = Literal["pleine", "demi", "fiche"]
TABLE: Final[dict[str, Any]] = CHARTE["graphiques"]
PHRASES: Final[dict[str, str]] = TABLE["phrases"]
# Largeurs imprimées (17,4 cm, 8,4 cm, et 5,05 cm dans une fiche), en points : un corps écrit ici est celui de la page.
LARGEURS: Final[dict[Largeur, float]] = {
    "pleine": 17.4 * 72 / 2.54,
    "demi": 8.4 * 72 / 2.54,
    "fiche": 5.05 * 72 / 2.54,
}
CORPS_TITRE, CORPS_SOUS_TITRE, CORPS_FORT, CORPS = 11.0, 8.8, 8.6, 8.0
INTERLIGNE: Final = 1.28
HACHURES: Final = "//////"
# Rôles tenus par beaucoup de territoires : un nom commun en légende, ni valeur écrite, ni marge.
EN_NOMBRE: Final = ("maille", "pair")


@dataclass(frozen=True)
class Signe:
    """Ce qui distingue un rôle : couleur, forme et remplissage du point, épaisseur et tirets du trait."""

    couleur: str
    forme: str
    plein: bool
    taille: float
    bord: float
    epaisseur: float
    tirets: Sequence[float]
    libelle: str

    @property
    def ligne(self) -> Any:
        """Style de ligne de matplotlib."""
        return (0, tuple(self.tirets)) if self.tirets else "-"


_SIGNES: Final = {role: Signe(**dit) for role, dit in TABLE["roles"].items()}


def signe_de(role: Role, rang: int = 0) -> Signe:
    """Donner le signe d'un rôle ; les catégories, sans hiérarchie entre elles, prennent chacune le leur."""
    signe = _SIGNES[role]
    if role != "categorie":
        return signe
    couleurs, formes = TABLE["categories"]["couleurs"], TABLE["categories"]["formes"]
    return replace(signe, couleur=couleurs[rang % len(couleurs)], forme=formes[rang % len(formes)])


def couleurs_de_parts(parts: Sequence[Valeur]) -> list[str]:
    """Donner une couleur par part : de clarté croissante, pour que deux voisines diffèrent aussi en gris."""
    premiere = [signe_de("sujet").couleur] if parts[0].role == "sujet" else []
    # La couleur du sujet prend la place des deux teintes les plus foncées.
    nombre = len(parts) + len(premiere)
    suivantes = parts[len(premiere) :]
    rampes = [TABLE["parts_du_reste"] if part.role == "reste" else TABLE["parts"] for part in suivantes]
    choisies = [
        couleurs_sequentielles(nombre, rampe)[len(rampes) - 1 - rang] for rang, rampe in enumerate(rampes)
    ]
    return premiere + choisies


def ecrit(valeur: Valeur) -> str:
    """Reprendre le texte d'une valeur, l'astérisque des tableaux derrière un chiffre fragile."""
    if valeur.manque:
        return PHRASES["absente"]
    return valeur.texte + "*" * (valeur.fragile and not valeur.texte.endswith("*"))


def notes_de(demande: DemandeDeGraphique) -> list[str]:
    """Réunir les notes de la demande, la raison de chaque absence et le sens de l'astérisque."""
    absentes: dict[str, list[str]] = {}
    for serie in demande.series:
        for valeur in serie.valeurs:
            if valeur.manque:
                nom = ", ".join(dict.fromkeys(n for n in (serie.nom, valeur.libelle) if n))
                absentes.setdefault(valeur.raison or PHRASES["sans_raison"], []).append(nom)
    notes = list(demande.notes)
    for raison, noms in absentes.items():
        reste = [PHRASES["autres"].format(n=len(noms) - 3)] if len(noms) > 4 else []
        dits = " ; ".join([*(noms[:3] if reste else noms), *reste])
        notes.append(PHRASES["absentes"].format(raison=raison.rstrip("."), noms=dits))
    ecrites = [
        v for s in demande.series for v in s.presentes if v.role not in EN_NOMBRE or len(s.valeurs) == 1
    ]
    # Une pyramide n'écrit aucune valeur : rien n'y porte d'astérisque.
    if demande.genre == "pyramide":
        return notes
    if any(v.fragile for v in ecrites) and not any(n.startswith("*") for n in notes):
        notes.append(PHRASES["fragile"])
    return notes
