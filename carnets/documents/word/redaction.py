"""Ce qu'on sait en écrivant : le document, ses styles, ses numéros, et où mène chaque renvoi."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, field
from itertools import count
from typing import TYPE_CHECKING, Any, Final

from carnets.documents.word import briques
from carnets.documents.word.styles import TABLE

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from docx.document import Document

    Donnees = dict[str, Any]

MOTS: Final[dict[str, Any]] = TABLE["mots"]
_LEGENDES: Final = {"tableau": "tableau", "image": "figure", "graphique": "figure"}
# Word ne garde d'un nom de signet que quarante lettres, chiffres et soulignés : « abs_debut_ », puis l'ancre, puis un rang.
_HORS_DE_SIGNET: Final = re.compile(r"\W", re.ASCII)
LONGUEUR_D_ANCRE: Final = 27
BORNES: Final = ("abs_debut_", "abs_fin_")


@dataclass(frozen=True)
class Repere:
    """Un endroit où l'on renvoie : son signet, et ce qu'un renvoi en dit (« Tableau 4 », ou rien pour un titre)."""

    signet: str
    mot: str = ""
    numero: int = 0

    @property
    def etiquette(self) -> str:
        """Nommer une légende."""
        return f"{self.mot} {self.numero}" if self.mot else ""


def reperer(blocs: Iterable[Donnees]) -> list[Donnees]:
    """Donner à chaque titre, figure et tableau son repère, dans l'ordre de lecture."""
    comptes: dict[str, Iterator[int]] = {MOTS["figure"]: count(1), MOTS["tableau"]: count(1), "": count(1)}
    return [_avec_son_repere(bloc, comptes) for bloc in blocs]


def _avec_son_repere(bloc: Donnees, comptes: dict[str, Iterator[int]]) -> Donnees:
    if bloc["genre"] == "titre":
        return bloc | {"repere": Repere(f"_Toc{100000 + next(comptes[''])}")}
    if bloc["genre"] not in _LEGENDES:
        return bloc
    mot = MOTS[_LEGENDES[bloc["genre"]]]
    numero = next(comptes[mot])
    return bloc | {"repere": Repere(f"_Ref{mot}{numero}", mot, numero)}


def ancre_de(bloc: Donnees) -> str:
    """Donner l'ancre par laquelle un texte renvoie à un bloc."""
    if bloc["genre"] == "tableau":
        return f"tableau-{bloc['code']}"
    if bloc["genre"] == "graphique":
        return f"figure-{bloc['demande']['nom']}"
    return str(bloc.get("ancre", ""))


@dataclass
class Redaction:
    """L'écriture d'un document : styles par leur nom, numéros jamais donnés deux fois, largeur de la page en cours."""

    document: Document
    styles: dict[str, str]
    utile_en_cm: float
    reperes: dict[str, Repere] = field(default_factory=dict)
    # Le chapitre en cours, dont le texte de l'analyste porte le nom.
    chapitre: str = ""
    # Les titres écrits, pour le sommaire : signet, niveau, texte.
    titres: list[tuple[str, int, str]] = field(default_factory=list)
    # Textes de l'analyste déjà écrits, par chapitre.
    textes: Counter[str] = field(default_factory=Counter)
    numeros: Iterator[int] = field(default_factory=lambda: count(1))

    def mot(self, texte: str, style: str = "") -> str:
        """Écrire un morceau de texte dans un style de caractère."""
        return briques.morceau(texte, self.styles[style] if style else "")

    def paragraphe(self, style: str, contenu: str, proprietes: str = "") -> str:
        """Écrire un paragraphe dans un style."""
        return briques.paragraphe(self.styles[style], contenu, proprietes)

    def texte(self, style: str, texte: str) -> str:
        """Écrire un paragraphe d'un seul tenant."""
        return self.paragraphe(style, briques.morceau(texte))

    def titre(self, texte: str, rang: int, repere: Repere | None = None) -> str:
        """Écrire un titre, que le sommaire retrouve par son signet."""
        style = TABLE["titres"][str(min(max(rang, 1), 6))]
        signet = repere.signet if repere else f"_Toc{500000 + next(self.numeros)}"
        self.titres.append((signet, int(style[-1]), texte))
        return self.paragraphe(style, briques.signet(signet, next(self.numeros), briques.morceau(texte)))

    def legende(self, style: str, repere: Repere, texte: str, suite: str = "") -> str:
        """Écrire une légende : son numéro est un champ, son étiquette un signet auquel on renvoie."""
        numero = briques.champ(f"SEQ {repere.mot} \\* ARABIC", str(repere.numero))
        etiquette = briques.signet(repere.signet, next(self.numeros), self.mot(f"{repere.mot} ") + numero)
        separe = briques.morceau(". " if texte else "")
        return self.paragraphe(style, etiquette + separe + self.mot(texte, "Strong") + briques.morceau(suite))

    def renvoi(self, ancre: str, texte: str) -> str:
        """Écrire un lien vers un endroit du document, et le numéro du tableau ou de la figure qui y est."""
        repere = self.reperes.get(ancre)
        if repere is None:
            return briques.morceau(texte)
        lien = briques.lien_interne(repere.signet, self.mot(texte, "Hyperlink")) if texte else ""
        if not repere.mot:
            return lien
        numero = briques.champ(f"REF {repere.signet} \\h", repere.etiquette)
        return f"{lien}{self.mot(' (')}{numero}{self.mot(')')}" if texte else numero

    def signets_de_texte(self) -> tuple[str, str]:
        """Donner aux deux bornes d'un texte le nom du chapitre, et son rang à partir du deuxième texte."""
        nom = _HORS_DE_SIGNET.sub("_", self.chapitre or "document")[:LONGUEUR_D_ANCRE]
        self.textes[nom] += 1
        rang = f"_{self.textes[nom]}" if self.textes[nom] > 1 else ""
        debut, fin = (f"{borne}{nom}{rang}" for borne in BORNES)
        return debut, fin
