"""Contrôler qu'aucun tableau ni aucune phrase de la page web ne met côte à côte des données de deux années."""

from __future__ import annotations

from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import TYPE_CHECKING, Any, Final

from abs.calcul.difference import Bilan, absente
from abs.statuts import ABREGES_STATUT, SANS_VALEUR

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from carnets.documents.preuve.preuve_lue import Preuve

DOCUMENT: Final = "dates de la page web"
UNE_DATE: Final = "des données d'une seule année"


@dataclass
class _Tableau:
    nom: str
    lignes: list[list[str]] = field(default_factory=list)


class _Lecteur(HTMLParser):
    """Relève, sans rien savoir de qui l'a écrite, les cellules de tableaux et les phrases d'une page."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.tableaux: list[_Tableau] = []
        self.phrases: list[str] = []
        self.absentes: list[tuple[str, str]] = []
        self._pile: list[_Tableau] = []
        self._absente = False
        self._texte = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        lus = {nom: valeur or "" for nom, valeur in attrs}
        if tag == "table":
            self._pile.append(_Tableau(lus.get("id", "tableau")))
            self.tableaux.append(self._pile[-1])
        elif tag == "tr" and self._pile:
            self._pile[-1].lignes.append([])
        elif tag in {"td", "th"} and self._pile and self._pile[-1].lignes:
            self._pile[-1].lignes[-1].append(lus.get("data-reference", ""))
            self._absente, self._texte = lus.get("class") == "absent", ""
        elif tag == "li" and "data-reference" in lus:
            self.phrases.append(f"{lus['data-reference']} {lus.get('data-autour', '')}")

    def handle_endtag(self, tag: str) -> None:
        if tag == "table" and self._pile:
            self._pile.pop()
        elif tag == "td" and self._absente:
            self.absentes.append((self._pile[-1].nom if self._pile else "", self._texte.strip()))
            self._absente = False

    def handle_data(self, data: str) -> None:
        if self._absente:
            self._texte += data


def controler_dates(chemin: Path, preuve: Preuve) -> Bilan:
    """Contrôler les dates de la page web d'un portrait."""
    bilan, lecteur = Bilan(DOCUMENT), _Lecteur()
    lecteur.feed(chemin.read_text(encoding="utf-8"))
    for tableau in lecteur.tableaux:
        for rang, ligne in enumerate(tableau.lignes, start=1):
            _une_seule_date(bilan, f"{tableau.nom}, ligne {rang}", ligne, preuve)
        largeur = max(map(len, tableau.lignes), default=0)
        for rang in range(largeur):
            colonne = [ligne[rang] for ligne in tableau.lignes if rang < len(ligne)]
            _une_seule_date(bilan, f"{tableau.nom}, colonne {rang + 1}", colonne, preuve)
    for rang, phrase in enumerate(lecteur.phrases, start=1):
        citees = sorted((r for r in preuve.lignes if r in phrase), key=phrase.index)
        _une_seule_date(bilan, f"phrase {rang}", citees, preuve, sujet_a_part=True)
    for nom, texte in lecteur.absentes:
        mots = texte.split("\n")[0]
        if not mots.startswith(tuple(ABREGES_STATUT.values())):
            bilan.comparer(nom, "cellule sans chiffre", "nc, secret ou s. o.", texte)
    return bilan


def _une_seule_date(
    bilan: Bilan, ici: str, references: Iterable[str], preuve: Preuve, *, sujet_a_part: bool = False
) -> None:
    """Comparer les dates des chiffres d'un même indicateur que porte une ligne, une colonne ou une phrase."""
    par_indicateur: dict[str, dict[str, set[str]]] = {}
    premiers: dict[str, tuple[str, str]] = {}
    for reference in references:
        ligne = preuve.lignes.get(reference)
        if ligne is None or ligne["statut"] in SANS_VALEUR:
            continue
        dates = par_indicateur.setdefault(ligne["indicateur"], {})
        qui = f"{ligne['territoire']}|{ligne['niveau']}"
        dates.setdefault(_date(ligne), set()).add(qui)
        premiers.setdefault(ligne["indicateur"], (_date(ligne), qui))
    for indicateur, dates in par_indicateur.items():
        territoires = set().union(*dates.values())
        if len(territoires) < 2:
            continue
        # Un même territoire à deux dates est une évolution ; deux territoires à deux dates, une comparaison fausse.
        fausse = len(dates) > 1 and len({frozenset(t) for t in dates.values()}) > 1
        if sujet_a_part:
            # Le sujet d'une phrase peut y être redit à la date de sa carte ; ceux à qui on le compare, jamais.
            date, sujet = premiers[indicateur]
            fausse = fausse and any(t != {sujet} for d, t in dates.items() if d != date)
        bilan.comparer(ici, indicateur, UNE_DATE, " et ".join(sorted(dates)) if fausse else UNE_DATE)


def _date(ligne: dict[str, Any]) -> str:
    if not absente(ligne["annee_donnees"]):
        return f"données de {int(ligne['annee_donnees'])}"
    edition = "sans date" if absente(ligne["millesime"]) else str(int(ligne["millesime"]))
    return f"{ligne['source']} {edition}, année inconnue"
