"""Contrôler contre la preuve les chiffres du CSV, du GeoPackage et de la page web d'un portrait."""

from __future__ import annotations

import csv
import re
import sqlite3
from contextlib import closing
from html.parser import HTMLParser
from typing import TYPE_CHECKING, Any, Final

from abs.calcul.chiffre import CLE
from abs.calcul.difference import Bilan, Ecart, absente, ecrit, lisible, memes
from abs.calcul.table_longue import COLONNES, TEXTES
from abs.indicateurs.indicateurs import indicateurs
from abs.statuts import ABREGES_STATUT, SANS_VALEUR
from carnets.documents.csv_long import DEBUTS_DE_FORMULE
from donnees_insee.erreurs import FichierIllisible

if TYPE_CHECKING:
    from pathlib import Path

    from carnets.documents.preuve.preuve_lue import Preuve

CLES_DES_COUCHES: Final = {
    "iris": ("code_iris", "iris"),
    "communes": ("code_commune", "commune"),
    "qpv": ("code_qpv", "qpv"),
    "quartiers": ("code_quartier", "quartier"),
    "commune": ("code_commune", "commune"),
}
PAS_DES_EUROS: Final = 100.0
NOMBRE_ECRIT: Final = re.compile(r"-?[−\d][\d\s\u202f\u00a0]*(?:,\d+)?")


def controler_csv(chemin: Path, preuve: Preuve) -> Bilan:
    """Contrôler la table longue en CSV."""
    with chemin.open(encoding="utf-8-sig", newline="") as flux:
        entete = flux.readline().strip().replace('"', "").split(";")
        manquent = [c for c in COLONNES if c not in entete]
        if manquent:
            bilan = Bilan(chemin.name)
            bilan.comparer("ligne 1", "colonnes du diagnostic", ", ".join(manquent), None)
            return bilan
        flux.seek(0)
        lignes = [
            (lecteur, ligne) for lecteur, ligne in enumerate(csv.DictReader(flux, delimiter=";"), start=2)
        ]
    lues = [(f"ligne {rang}", {c: _du_csv(c, ligne.get(c)) for c in COLONNES}) for rang, ligne in lignes]
    return _comparer_lignes(Bilan(chemin.name), lues, preuve, propre=True)


def _du_csv(colonne: str, texte: str | None) -> Any:
    if not texte:
        return None
    if colonne in TEXTES:
        return texte[1:] if texte[0] == "'" and texte[1:].startswith(DEBUTS_DE_FORMULE) else texte
    return _flottant(texte.replace(",", "."))


def _flottant(texte: str) -> float | str:
    try:
        return float(texte)
    except ValueError:
        return texte


def _comparer_lignes(
    bilan: Bilan, lues: list[tuple[str, dict[str, Any]]], preuve: Preuve, *, propre: bool = False
) -> Bilan:
    vues = set()
    for ici, lue in lues:
        annee = lue["millesime"]
        cle = {
            **lue,
            "millesime": f"{annee:.0f}" if isinstance(annee, float | int) and not absente(annee) else annee,
        }
        reference = "|".join("" if absente(cle[c]) else str(cle[c]) for c in CLE)
        ligne = preuve.lignes.get(reference)
        if ligne is None or reference in vues:
            bilan.comparer(ici, reference, "aucune ligne", ecrit(lue["valeur"]) or "une ligne")
            continue
        vues.add(reference)
        fautes = [
            Ecart(bilan.document, f"{ici}, {champ}", reference, ecrit(ligne[champ]), ecrit(lue[champ]))
            for champ in COLONNES
            if champ not in CLE
            and not memes(_une_ligne(ligne[champ]) if propre else ligne[champ], lue[champ])
        ]
        bilan.ecarts += fautes
        bilan.egaux += not fautes
    for reference in preuve.lignes.keys() - vues:
        bilan.comparer("ligne absente", reference, "une ligne", None)
    return bilan


def _une_ligne(valeur: Any) -> Any:
    return " ".join(valeur.splitlines()) if isinstance(valeur, str) else valeur


# -- GeoPackage --------------------------------------------------------------------------------


def controler_gpkg(chemin: Path, preuve: Preuve) -> Bilan:
    """Contrôler les attributs des couches et la table longue d'un GeoPackage."""
    bilan = Bilan(chemin.name)
    try:
        with closing(sqlite3.connect(f"{chemin.resolve().as_uri()}?mode=ro", uri=True)) as base:
            base.row_factory = sqlite3.Row
            tables = {r[0] for r in base.execute("SELECT table_name FROM gpkg_contents")}
            for couche, (cle, niveau) in CLES_DES_COUCHES.items():
                if couche in tables:
                    for ligne in base.execute(f'SELECT * FROM "{couche}"'):
                        _attributs(bilan, couche, dict(ligne), cle, niveau, preuve)
            if "diagnostic" in tables:
                lignes = [dict(r) for r in base.execute('SELECT * FROM "diagnostic"')]
                lues = [(f"diagnostic, fid {x.get('fid')}", {c: x.get(c) for c in COLONNES}) for x in lignes]
                _comparer_lignes(bilan, lues, preuve)
    except sqlite3.Error as cause:
        raise FichierIllisible(
            f"Le GeoPackage « {chemin} » ne se lit pas ({cause}) : ses chiffres ne peuvent pas être vérifiés."
        ) from cause
    return bilan


def _attributs(bilan: Bilan, couche: str, lue: dict[str, Any], cle: str, niveau: str, preuve: Preuve) -> None:
    code = str(lue[cle])
    groupe = _groupe(couche, preuve)
    connu = any(t["code"] == code and t["niveau"] == niveau for t in preuve.territoires)
    champs = [
        c.removesuffix("_statut") for c in lue if c.endswith("_statut") and c.removesuffix("_statut") in lue
    ]
    for indicateur in champs:
        lignes = preuve.lignes_de(code, niveau, indicateur, groupe) if connu else []
        trouve = tuple(lue[indicateur + fin] for fin in ("", "_statut", "_fiabilite", "_date"))
        attendues = [
            (
                None if x["statut"] in SANS_VALEUR else x["valeur"],
                x["statut"],
                x["fiabilite"],
                x["periode"] or None,
            )
            for x in lignes
        ] or [(None, None, None, None)]
        ici = f"couche {couche}, {cle} = {code}, {indicateur}"
        if any(all(memes(a, t) for a, t in zip(attendue, trouve, strict=True)) for attendue in attendues):
            bilan.egaux += 1
            continue
        reference = preuve.reference(lignes[0]) if lignes else f"{code}|{niveau}|{indicateur}"
        for nom, a, t in zip(("valeur", "statut", "fiabilité", "date"), attendues[0], trouve, strict=True):
            if not memes(a, t):
                bilan.ecarts.append(Ecart(bilan.document, f"{ici}, {nom}", reference, ecrit(a), ecrit(t)))


def _groupe(couche: str, preuve: Preuve) -> str:
    """Dire à la date de quel groupe une couche est lue, comme le GeoPackage l'a été."""
    mailles = {t["niveau"] for t in preuve.territoires if t["groupe"] == "mailles"}
    sujet = preuve.territoires[0]["niveau"]
    if couche == "iris":
        return "comparaison" if sujet == "iris" and "iris" not in mailles else "mailles"
    if couche == "communes":
        return "mailles" if "commune" in mailles else "comparaison"
    return {"qpv": "qpv", "quartiers": "quartiers"}.get(couche, "comparaison")


# -- page web ----------------------------------------------------------------------------------


class _Cellules(HTMLParser):
    """Relève le texte de chaque élément qui porte une référence."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.trouvees: list[tuple[str, str, str]] = []
        self._pile: list[list[Any]] = []
        self._petits = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        reference = dict(attrs).get("data-reference")
        if reference is not None:
            self._pile.append([tag, reference, "", 0])
        elif self._pile and tag == self._pile[-1][0]:
            self._pile[-1][3] += 1
        self._petits += tag in {"small", "span"}

    def handle_endtag(self, tag: str) -> None:
        self._petits -= tag in {"small", "span"}
        if self._pile and tag == self._pile[-1][0]:
            if self._pile[-1][3]:
                self._pile[-1][3] -= 1
            else:
                balise, reference, texte, _ = self._pile.pop()
                self.trouvees.append((balise, reference, texte.strip()))

    def handle_data(self, data: str) -> None:
        if self._pile and not self._petits:
            self._pile[-1][2] += data


def controler_html(chemin: Path, preuve: Preuve) -> Bilan:
    """Contrôler les chiffres de la page web qui portent leur référence."""
    bilan, lecteur = Bilan(chemin.name), _Cellules()
    lecteur.feed(chemin.read_text(encoding="utf-8"))
    for rang, (balise, reference, texte) in enumerate(lecteur.trouvees, start=1):
        ici = f"{'phrase' if balise == 'li' and not _est_un_nombre(texte) else 'cellule'} {rang}"
        ligne = preuve.lignes.get(reference)
        if ligne is None:
            _references_d_une_phrase(bilan, ici, reference, preuve)
        elif ligne["statut"] in SANS_VALEUR:
            bilan.comparer(ici, reference, ABREGES_STATUT.get(ligne["statut"], ""), texte)
        elif (balise == "li" and not _est_un_nombre(texte)) or _bien_ecrit(texte, ligne):
            bilan.egaux += 1
        else:
            bilan.ecarts.append(Ecart(bilan.document, ici, reference, ecrit(ligne["valeur"]), texte))
    return bilan


def _est_un_nombre(texte: str) -> bool:
    return NOMBRE_ECRIT.match(texte) is not None


def _bien_ecrit(texte: str, ligne: dict[str, Any]) -> bool:
    definition = indicateurs().get(ligne["indicateur"])
    euros = definition is not None and definition.unite == "€"
    # « 17 810 à 24 300 » est une étendue : la référence est celle de sa borne basse.
    return lisible(texte, float(ligne["valeur"]), arrondi_a=PAS_DES_EUROS if euros else 0.0)


def _references_d_une_phrase(bilan: Bilan, ici: str, reference: str, preuve: Preuve) -> None:
    """Suivre les références d'une phrase, séparées par des espaces que leurs définitions peuvent contenir."""
    reste = reference
    connues = sorted((r for r in preuve.lignes if r in reference), key=len, reverse=True)
    for connue in connues:
        reste = reste.replace(connue, " ")
    bilan.comparer(ici, reference, "", reste.strip())
