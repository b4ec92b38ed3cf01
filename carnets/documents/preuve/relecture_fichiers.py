"""Contrôler contre la preuve les chiffres du CSV et du GeoPackage d'un portrait, et la description de ses CSV."""

from __future__ import annotations

import csv
import json
import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING, Any, Final

from abs.calcul.difference import Bilan, Ecart, absente, ecrit, memes, reference_de
from abs.calcul.table_longue import CLE, COLONNES, TEXTES
from abs.statuts import SANS_VALEUR
from carnets.documents.csv_long import DEBUTS_DE_FORMULE
from carnets.documents.geopaquet import COUCHES
from carnets.documents.paquet_tabulaire import entetes, ressource, types_de_gdal
from donnees_insee.erreurs import FichierIllisible

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

    from carnets.documents.preuve.preuve_lue import Preuve

DECRITS: Final = ("diagnostic.csv", "communes.csv", "comparables.csv", "preuve/secret.csv")


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
        lues = [
            (f"ligne {rang}", {c: _du_csv(c, ligne.get(c)) for c in COLONNES})
            for rang, ligne in enumerate(csv.DictReader(flux, delimiter=";"), start=2)
        ]
    return comparer_lignes(Bilan(chemin.name), lues, preuve, _une_ligne)


def _du_csv(colonne: str, texte: str | None) -> Any:
    if not texte:
        return None
    if colonne in TEXTES:
        return texte[1:] if texte[0] == "'" and texte[1:].startswith(DEBUTS_DE_FORMULE) else texte
    try:
        return float(texte.replace(",", "."))
    except ValueError:
        return texte.replace(",", ".")


def comparer_lignes(
    bilan: Bilan,
    lues: Iterable[tuple[str, dict[str, Any]]],
    preuve: Preuve,
    ecrite: Callable[[Any], Any] = lambda valeur: valeur,
    lieu: Callable[[str, str, str], tuple[str, str]] = lambda ici, champ, ref: (f"{ici}, {champ}", ref),
    manque: str = "ligne absente",
) -> Bilan:
    """Comparer les lignes lues dans une table longue à celles de la preuve, dans n'importe quel ordre."""
    vues = set()
    for ici, lue in lues:
        annee = lue["millesime"]
        entiere = f"{annee:.0f}" if isinstance(annee, float | int) and not absente(annee) else annee
        reference = reference_de({**lue, "millesime": entiere})
        ligne = preuve.lignes.get(reference)
        if ligne is None or reference in vues:
            bilan.comparer(ici, reference, "aucune ligne", ecrit(lue["valeur"]) or "une ligne")
            continue
        vues.add(reference)
        fautes = [
            Ecart(bilan.document, *lieu(ici, champ, reference), ecrit(ligne[champ]), ecrit(lue[champ]))
            for champ in COLONNES
            if champ not in CLE and not memes(ecrite(ligne[champ]), lue[champ])
        ]
        bilan.ecarts += fautes
        bilan.egaux += not fautes
    for reference in preuve.lignes.keys() - vues:
        bilan.comparer(manque, reference, "une ligne", None)
    return bilan


def _une_ligne(valeur: Any) -> Any:
    return " ".join(valeur.splitlines()) if isinstance(valeur, str) else valeur


# -- description des CSV -----------------------------------------------------------------------


def controler_paquet(chemin: Path, _preuve: Preuve) -> Bilan:
    """Contrôler que la description des CSV, et le .csvt de chacun, disent bien leurs colonnes."""
    bilan, dossier = Bilan(chemin.name), chemin.parent
    try:
        lues = {r["path"]: dict(r) for r in json.loads(chemin.read_text(encoding="utf-8"))["resources"]}
    except (ValueError, KeyError, TypeError) as cause:
        raise FichierIllisible(
            f"« {chemin} » ne décrit aucune table ({cause}) : on y attend « resources », une description par CSV. "
            "Refaites le portrait."
        ) from cause
    # Les seuls que le projet écrit : une table que l'analyste a rangée ou décrite là est la sienne.
    for adresse in DECRITS:
        decrit, fichier = lues.get(adresse), dossier / adresse
        if decrit is not None and fichier.is_file():
            _ressource(bilan, fichier, adresse, decrit)
        else:
            tenu = "une table" if fichier.is_file() else None
            bilan.comparer(adresse, "table", tenu, None if decrit is None else "une table")
    return bilan


def _ressource(bilan: Bilan, fichier: Path, adresse: str, lue: dict[str, Any]) -> None:
    attendue = ressource(fichier, adresse)
    voulu, lu = attendue.pop("schema"), lue.pop("schema", None)
    _comparer(bilan, adresse, attendue, lue)
    voulu["fields"], lu = _par_nom(voulu), lu if isinstance(lu, dict) else {}
    lu["fields"] = _par_nom(lu)
    _comparer(bilan, f"{adresse}, colonne", voulu.pop("fields"), lu.pop("fields"))
    _comparer(bilan, adresse, voulu, lu)
    types = fichier.with_suffix(".csvt")
    ecrits = types.read_text(encoding="utf-8").strip() if types.is_file() else None
    attendus = ",".join(f'"{t}"' for t in types_de_gdal(entetes(fichier)))
    bilan.comparer(types.name, "types des colonnes", attendus, ecrits)


def _par_nom(schema: dict[str, Any]) -> dict[str, Any]:
    return {str(c.get("name")): c for c in schema.get("fields", []) if isinstance(c, dict)}


def _comparer(bilan: Bilan, lieu: str, attendu: dict[str, Any], lu: dict[str, Any]) -> None:
    for cle in dict.fromkeys((*attendu, *lu)):
        un, autre = (
            None if d.get(cle) is None else json.dumps(d[cle], ensure_ascii=False, sort_keys=True)
            for d in (attendu, lu)
        )
        bilan.comparer(f"{lieu} {cle}", "description", un, autre)


# -- GeoPackage --------------------------------------------------------------------------------


def controler_gpkg(chemin: Path, preuve: Preuve) -> Bilan:
    """Contrôler les attributs des couches et la table longue d'un GeoPackage."""
    bilan = Bilan(chemin.name)
    try:
        with closing(sqlite3.connect(f"{chemin.resolve().as_uri()}?mode=ro", uri=True)) as base:
            base.row_factory = sqlite3.Row
            tables = {r[0] for r in base.execute("SELECT table_name FROM gpkg_contents")}
            for couche, niveau in COUCHES.items():
                if couche in tables:
                    for ligne in base.execute(f'SELECT * FROM "{couche}"'):
                        _attributs(bilan, couche, dict(ligne), niveau, preuve)
            if "diagnostic" in tables:
                lignes = [dict(r) for r in base.execute('SELECT * FROM "diagnostic"')]
                lues = [(f"diagnostic, fid {x.get('fid')}", {c: x.get(c) for c in COLONNES}) for x in lignes]
                comparer_lignes(bilan, lues, preuve)
    except sqlite3.Error as cause:
        raise FichierIllisible(
            f"Le GeoPackage « {chemin} » ne se lit pas ({cause}) : ses chiffres ne peuvent pas être vérifiés."
        ) from cause
    return bilan


def _attributs(bilan: Bilan, couche: str, lue: dict[str, Any], niveau: str, preuve: Preuve) -> None:
    cle = f"code_{niveau}"
    code, groupe = str(lue[cle]), _groupe(couche, preuve)
    connu = any(t["code"] == code and t["niveau"] == niveau for t in preuve.territoires)
    for indicateur in (c for c in lue if f"{c}_statut" in lue):
        lignes = preuve.lignes_de(code, niveau, indicateur, groupe) if connu else []
        trouve = tuple(lue[indicateur + fin] for fin in ("", "_statut", "_fiabilite", "_date"))
        attendues = [
            (None if x["statut"] in SANS_VALEUR else x["valeur"], x["statut"], x["fiabilite"], x["periode"])
            for x in lignes
        ] or [(None,) * 4]
        ici = f"couche {couche}, {cle} = {code}, {indicateur}"
        if any(all(memes(a, t) for a, t in zip(attendue, trouve, strict=True)) for attendue in attendues):
            bilan.egaux += 1
            continue
        reference = reference_de(lignes[0]) if lignes else f"{code}|{niveau}|{indicateur}"
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
    return couche if couche in {"qpv", "quartiers"} else "comparaison"
