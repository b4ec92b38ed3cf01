"""Contrôler contre la preuve les chiffres de la page web d'un portrait, et qu'aucun tableau n'y mêle deux années."""

from __future__ import annotations

import re
from itertools import zip_longest
from typing import TYPE_CHECKING, Any, Final

from lxml import etree
from lxml.html import HTMLParser, document_fromstring

from abs.calcul.difference import Bilan, Ecart, absente, ecrit, lisible
from abs.indicateurs.indicateurs import tous_les_indicateurs
from abs.statuts import ABREGES_STATUT, SANS_VALEUR

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from carnets.documents.preuve.preuve_lue import Preuve

DOCUMENT: Final = "dates de la page web"
UNE_DATE: Final = "des données d'une seule année"
PAS_DES_EUROS: Final = 100.0
NOMBRE_ECRIT: Final = re.compile(r"-?[−\d][\d\s\u202f\u00a0]*(?:,\d+)?")
# Le chiffre d'une cellule, sans la précision écrite en petit sous lui.
EN_GRAND: Final = etree.XPath(".//text()[not(ancestor::small or ancestor::span)]")


def _lire(chemin: Path) -> Any:
    # Les cartes incluses passent la taille que le lecteur admet d'ordinaire ; une page vide est une page sans chiffre.
    texte = chemin.read_text(encoding="utf-8").strip() or "<html></html>"
    return document_fromstring(texte, parser=HTMLParser(huge_tree=True))


def controler_html(chemin: Path, preuve: Preuve) -> Bilan:
    """Contrôler les chiffres de la page web qui portent leur référence."""
    bilan = Bilan(chemin.name)
    for rang, element in enumerate(_lire(chemin).xpath("//*[@data-reference]"), start=1):
        balise, reference = element.tag, element.get("data-reference")
        texte = "".join(EN_GRAND(element)).strip()
        ici = f"{'phrase' if balise == 'li' and not _est_un_nombre(texte) else 'cellule'} {rang}"
        ligne = preuve.lignes.get(reference)
        if ligne is None:
            _references_d_une_phrase(bilan, ici, reference, preuve)
        elif ligne["statut"] in SANS_VALEUR:
            bilan.comparer(ici, reference, ABREGES_STATUT.get(ligne["statut"], ""), texte)
        elif (balise == "li" and not _est_un_nombre(texte)) or bien_ecrit(texte, ligne):
            bilan.egaux += 1
        else:
            bilan.ecarts.append(Ecart(bilan.document, ici, reference, ecrit(ligne["valeur"]), texte))
    return bilan


def _est_un_nombre(texte: str) -> bool:
    return NOMBRE_ECRIT.match(texte) is not None


def bien_ecrit(texte: str, ligne: dict[str, Any]) -> bool:
    """Dire si un texte écrit la valeur d'une ligne de la preuve, à l'arrondi près."""
    definition = tous_les_indicateurs().get(ligne["indicateur"])
    euros = definition is not None and definition.unite == "€"
    # « 17 810 à 24 300 » est une étendue : la référence est celle de sa borne basse.
    return lisible(texte, float(ligne["valeur"]), arrondi_a=PAS_DES_EUROS if euros else 0.0)


def _references_d_une_phrase(bilan: Bilan, ici: str, reference: str, preuve: Preuve) -> None:
    """Suivre les références d'une phrase, séparées par des espaces que leurs définitions peuvent contenir."""
    reste = reference
    for connue in sorted((r for r in preuve.lignes if r in reference), key=len, reverse=True):
        reste = reste.replace(connue, " ")
    bilan.comparer(ici, reference, "", reste.strip())


# -- dates -------------------------------------------------------------------------------------


def controler_dates(chemin: Path, preuve: Preuve) -> Bilan:
    """Contrôler les dates de la page web d'un portrait."""
    bilan, page = Bilan(DOCUMENT), _lire(chemin)
    for tableau in page.iter("table"):
        nom = tableau.get("id", "tableau")
        lignes = [
            [c.get("data-reference", "") for c in ligne.iter("td", "th")] for ligne in tableau.iter("tr")
        ]
        for rang, ligne in enumerate(lignes, start=1):
            _une_seule_date(bilan, f"{nom}, ligne {rang}", ligne, preuve)
        for rang, colonne in enumerate(zip_longest(*lignes, fillvalue=""), start=1):
            _une_seule_date(bilan, f"{nom}, colonne {rang}", colonne, preuve)
    for rang, cite in enumerate(page.xpath("//li[@data-reference]"), start=1):
        phrase = f"{cite.get('data-reference')} {cite.get('data-autour', '')}"
        citees = sorted((r for r in preuve.lignes if r in phrase), key=phrase.index)
        _une_seule_date(bilan, f"phrase {rang}", citees, preuve, sujet_a_part=True)
    for absente_ici in page.xpath("//td[@class='absent']"):
        texte = absente_ici.text_content().strip()
        if not texte.split("\n")[0].startswith(tuple(ABREGES_STATUT.values())):
            nom = next((t.get("id", "tableau") for t in absente_ici.iterancestors("table")), "")
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
