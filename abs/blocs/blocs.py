"""Les blocs d'un document : des données simples, composées ici, montrées dans un carnet, rendues en page ou en document."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, fields
from itertools import zip_longest
from typing import Any, ClassVar, Final, Self

from abs.graphiques.demandes import DemandeDeGraphique
from abs.phrases.phrases import Phrase
from abs.phrases.preuves import Appui, Appuis

# Sous ce type, un carnet garde ses blocs à côté de ce qu'il montre : un texte JSON, que Jupyter n'étale pas ligne à ligne.
MIME: Final = "application/vnd.abs.blocs"
# Ce qui sépare les blocs d'un même affichage : la page y reprend les images, qui ne sont gardées qu'une fois.
MARQUE: Final = "<!--bloc-->"
LOURDS: Final = {"image": "adresse", "graphique": "adresse", "interactive": "page"}


@dataclass(frozen=True)
class Cellule:
    """Une cellule : ce qu'on lit, d'où cela vient, ce qu'en dit une infobulle."""

    texte: str
    reference: str = ""
    aide: str = ""
    detail: str = ""
    classe: str = "chiffre"
    lien: str = ""


def entete(texte: str, aide: str = "", detail: str = "") -> Cellule:
    """Écrire une cellule d'en-tête."""
    return Cellule(texte, aide=aide, detail=detail, classe="entete")


class Bloc:
    """Un morceau de document."""

    genre: ClassVar[str]

    def en_donnees(self) -> dict[str, Any]:
        """Écrire le bloc en données simples, prêtes pour JSON."""
        return {"genre": self.genre} | asdict(self)  # type: ignore[call-overload]


@dataclass(frozen=True)
class Titre(Bloc):
    """Un titre, et l'endroit où le sommaire mène ; de rang 1, le titre du document."""

    genre: ClassVar[str] = "titre"
    texte: str
    rang: int = 2
    ancre: str = ""
    surtitre: str = ""
    sous_titre: str = ""


@dataclass(frozen=True)
class Note(Bloc):
    """Un paragraphe de l'outil : avertissement, précision, façon de lire ; ``fort`` s'y lit d'abord."""

    genre: ClassVar[str] = "note"
    texte: str
    classe: str = ""
    fort: str = ""


@dataclass(frozen=True)
class ChiffreCle:
    """Un chiffre clé : ce qu'un élu retient."""

    libelle: str
    valeur: str
    complement: str
    date: str
    reference: str
    references: tuple[str, ...] = ()
    # Ce qu'une fiche de la première page a en plus : son sujet, ses petits graphiques, pourquoi elle est vide.
    sujet: str = ""
    graphiques: tuple[DemandeDeGraphique, ...] = ()
    absence: str = ""


@dataclass(frozen=True)
class ChiffresCles(Bloc):
    """Les chiffres clés, côte à côte."""

    genre: ClassVar[str] = "chiffres_cles"
    chiffres: tuple[ChiffreCle, ...]

    def en_donnees(self) -> dict[str, Any]:
        """Écrire les chiffres clés en données simples, leurs graphiques avec eux."""
        ecrits = [vars(c) | {"graphiques": [d.en_donnees() for d in c.graphiques]} for c in self.chiffres]
        return {"genre": self.genre, "chiffres": ecrits}


@dataclass(frozen=True)
class Detail:
    """Un autre indicateur qui va dans le sens d'une phrase."""

    libelle: str
    valeur: str
    reference: str


@dataclass(frozen=True)
class PhraseAppuyee:
    """Une phrase et les lignes du diagnostic qui la portent."""

    texte: str
    references: tuple[str, ...]
    appuis: tuple[Appui, ...] = ()
    details: tuple[Detail, ...] = ()
    # Ce que la phrase dit en quelques mots, quand elle est un message.
    titre: str = ""


@dataclass(frozen=True)
class Phrases(Bloc):
    """Une suite de phrases, chacune avec ses chiffres dessous."""

    genre: ClassVar[str] = "phrases"
    phrases: tuple[PhraseAppuyee, ...]
    # « messages » : les trois messages de la première page, numérotés et titrés.
    classe: str = ""

    @classmethod
    def de(
        cls,
        phrases: Iterable[Phrase],
        appuis: Appuis,
        details: Sequence[tuple[Detail, ...]] = (),
        titres: Sequence[str] = (),
        classe: str = "",
    ) -> Self:
        """Appuyer des phrases sur leurs chiffres."""
        ecrites = list(phrases)
        suites = zip_longest(ecrites, details, titres)
        return cls(
            tuple(
                PhraseAppuyee(p.texte, p.references, tuple(appuis.de(p.references)), d or (), titre or "")
                for p, d, titre in suites
            ),
            classe,
        )


@dataclass(frozen=True)
class Puce:
    """Une ligne d'une liste."""

    texte: str
    fort: str = ""
    fin: str = ""


@dataclass(frozen=True)
class Liste(Bloc):
    """Une liste : notes, absences, manques."""

    genre: ClassVar[str] = "liste"
    puces: tuple[Puce, ...]
    classe: str = ""


@dataclass(frozen=True)
class Liens(Bloc):
    """Des liens vers d'autres endroits du document."""

    genre: ClassVar[str] = "liens"
    liens: tuple[tuple[str, str], ...]
    classe: str = "index"


@dataclass(frozen=True)
class Tableau(Bloc):
    """Un tableau prêt à écrire."""

    genre: ClassVar[str] = "tableau"
    code: str
    titre: str
    entetes: tuple[Cellule, ...]
    lignes: tuple[tuple[Cellule, ...], ...]
    notes: tuple[str, ...] = ()
    classe: str = ""

    def en_donnees(self) -> dict[str, Any]:
        """Écrire le tableau en données simples : d'une cellule, ce qui n'est pas vide."""
        donnees = {"genre": self.genre} | {c.name: getattr(self, c.name) for c in fields(self)}
        rangees = [[_cellule(c) for c in ligne] for ligne in self.lignes]
        return donnees | {"entetes": [_cellule(c) for c in self.entetes], "lignes": rangees}


def _cellule(cellule: Cellule) -> dict[str, str]:
    return {nom: valeur for nom, valeur in vars(cellule).items() if valeur}


@dataclass(frozen=True)
class DemandeDeCarte:
    """Une carte à dessiner, en données : la pièce `cartes` en fait un dessin."""

    indicateur: str
    groupe: str
    titre: str
    superposer_qpv: bool = True


@dataclass(frozen=True)
class Graphique(Bloc):
    """Un graphique : la pièce `cartes` le dessine de sa seule demande."""

    genre: ClassVar[str] = "graphique"
    demande: DemandeDeGraphique
    largeur: str = "pleine"

    def en_donnees(self) -> dict[str, Any]:
        """Écrire le graphique en données simples."""
        return {"genre": self.genre, "demande": self.demande.en_donnees(), "largeur": self.largeur}


@dataclass(frozen=True)
class Image(Bloc):
    """Une image déjà faite (carte, planche, photographie de l'analyste), sa légende et ce qu'elle montre."""

    genre: ClassVar[str] = "image"
    adresse: str
    alternatif: str
    legende: str = ""
    classe: str = ""
    # La même, dessinée à la taille où une affiche l'imprime.
    affiche: str = ""
    # Où est le territoire dans l'ensemble qui le contient, à montrer en tête, et ce que l'image en dit.
    situation: str = ""
    situation_dite: str = ""


@dataclass(frozen=True)
class CarteInteractive(Bloc):
    """Une page de carte à parcourir à l'écran ; le papier n'en garde rien."""

    genre: ClassVar[str] = "interactive"
    page: str
    titre: str


@dataclass(frozen=True)
class Prose(Bloc):
    """Un texte de l'analyste, déjà mis en HTML ; ``signature`` dit qui parle."""

    genre: ClassVar[str] = "prose"
    html: str
    signature: str = ""


@dataclass(frozen=True)
class SautDePage(Bloc):
    """Un changement de page, sur le papier."""

    genre: ClassVar[str] = "saut"


def retourner(blocs: Iterable[Bloc]) -> list[dict[str, Any]]:
    """Écrire des blocs en données simples."""
    return [bloc.en_donnees() for bloc in blocs]


def en_texte(donnees: Iterable[dict[str, Any]]) -> str:
    """Écrire des blocs en JSON, sans ce qui pèse : le HTML affiché le garde déjà."""
    legers = [{n: v for n, v in bloc.items() if n != LOURDS.get(bloc["genre"])} for bloc in donnees]
    return json.dumps(legers, ensure_ascii=False, separators=(",", ":"))
