"""Un JSON reçu qui n'est pas une couche : le catalogue de Melodi, mis en table ; une réponse de son API, nommée."""

import json
import re
import tomllib
from importlib import resources
from pathlib import Path
from typing import Any, Final

import pyarrow as pa

from donnees_insee.erreurs import FichierIllisible, SourceNonReconnue
from donnees_insee.lecture import brut
from donnees_insee.lecture.pilotes import JSON_RELU

COLONNES: Final = (
    "LIGNE", "JEU", "TITRE", "MODIFIE", "DEBUT", "FIN", "GEOGRAPHIE", "OBSERVATIONS",
    "PRODUIT", "FORMAT", "LANGUE", "PAQUET", "ADRESSE", "TAILLE", "PRODUIT_MODIFIE",
)  # fmt: skip
DEBUT: Final = 8192
COUCHE: Final = re.compile(rb'"type"\s*:\s*"(?:FeatureCollection|Feature|Topology)"')
LE_CATALOGUE: Final = "https://api.insee.fr/melodi/catalog/all"
REPONSES: Final = tomllib.loads(
    (resources.files("donnees_insee.catalogue") / "reference" / "reponses_melodi.toml").read_text("utf-8")
)


def lire_catalogue(chemin: Path) -> brut.TableBrute | None:
    """Mettre en table un catalogue de Melodi ; refuser, en la nommant, une réponse de l'API ; laisser le reste."""
    if chemin.suffix.lower() != ".json" or brut.nature(chemin) != "texte":
        return None
    lu = _contenu(chemin)
    # Une réponse enregistrée par un outil garde son adresse et son statut autour de son corps.
    enveloppe = lu if isinstance(lu, dict) and {"url", "corps"} <= lu.keys() else {}
    lu = enveloppe.get("corps", lu)
    if isinstance(lu, list) and lu and all(isinstance(j, dict) and "identifier" in j for j in lu):
        try:
            lignes = [ligne for jeu in lu for ligne in _lignes(jeu)]
        except (AttributeError, TypeError) as cause:
            raise FichierIllisible(
                f"« {chemin.name} » est un catalogue de Melodi dont la disposition n'est pas celle attendue ({cause}). "
                f"Enregistrez de nouveau {LE_CATALOGUE} sous catalog.json, puis déposez-le."
            ) from cause
        texte = pa.table({c: pa.array([ligne[c] for ligne in lignes], pa.string()) for c in COLONNES})
        return brut.TableBrute(COLONNES, texte, chemin.name)
    _refuser_une_reponse(lu, enveloppe, chemin.name)
    return None


def _contenu(chemin: Path) -> Any:
    with chemin.open("rb") as flux:
        debut = flux.read(DEBUT)
    if COUCHE.search(debut) or chemin.stat().st_size > JSON_RELU:
        return None
    try:
        return json.loads(chemin.read_text(encoding="utf-8-sig"))
    except (ValueError, RecursionError) as cause:
        # Un GeoJSON coupé est dit par le lecteur des couches, qui sait ce qu'il en reste.
        if b'"identifier"' not in debut and b'"observations"' not in debut:
            return None
        raise FichierIllisible(
            f"« {chemin.name} » ressemble à un fichier JSON de Melodi, mais il est coupé ou abîmé ({cause}). "
            "Enregistrez-le de nouveau en entier, puis déposez-le."
        ) from cause


def _lignes(jeu: dict[str, Any]) -> list[dict[str, str]]:
    """Donner une ligne par fichier d'un jeu ; un jeu sans fichier en garde une, vide."""
    periode = jeu.get("temporal") or {}
    titre = next((t.get("content") for t in jeu.get("title") or () if t.get("lang") == "fr"), "")
    commun = {
        "JEU": jeu["identifier"],
        "TITRE": titre,
        "MODIFIE": jeu.get("modified"),
        "DEBUT": str(periode.get("startPeriod") or "")[:4],
        "FIN": str(periode.get("endPeriod") or "")[:4],
        "GEOGRAPHIE": str(jeu.get("spatialTemporal") or "")[:4],
        "OBSERVATIONS": jeu.get("numObservations"),
    }
    lignes = []
    for p in jeu.get("product") or [{}]:
        propre = {
            "PRODUIT": p.get("id"),
            "FORMAT": p.get("format"),
            "LANGUE": p.get("language"),
            "PAQUET": p.get("packageFormat"),
            "ADRESSE": p.get("accessURL"),
            "TAILLE": p.get("byteSize"),
            "PRODUIT_MODIFIE": p.get("modified") or p.get("issued"),
        }
        # Ce qui fait l'identité d'une ligne : deux catalogues de dates différentes se complètent sans se contredire.
        dates = (jeu.get("modified"), propre["PRODUIT_MODIFIE"])
        cle = " ".join(str(v) for v in (jeu["identifier"], propre["PRODUIT"], *dates) if v)
        tout = {"LIGNE": cle, **commun, **propre}
        lignes.append({n: "" if v is None else str(v) for n, v in tout.items()})
    return lignes


def _refuser_une_reponse(lu: Any, enveloppe: dict[str, Any], nom: str) -> None:
    """Dire ce qu'est une réponse de l'API Melodi, et quoi déposer à sa place."""
    trouvee = _reponse(lu) if isinstance(lu, dict) else REPONSES["erreur"] if enveloppe else None
    if trouvee is None:
        return
    lu = lu or {}
    liste = lu.get("observations", lu.get("codes")) or []
    dit = {
        "identifier": lu.get("identifier", "JEU"),
        "code": lu.get("code", "JEU"),
        "combien": len(liste),
        "territoire": _territoire(liste),
    }
    nature = trouvee["quoi"] if liste else trouvee.get("vide", trouvee["quoi"])
    quoi, faire = nature.format(**dit), trouvee["faire"].format(**dit)
    raise SourceNonReconnue(f"« {nom} » est une réponse de l'API Melodi : {quoi}. {faire}.")


def _reponse(lu: dict[str, Any]) -> dict[str, Any] | None:
    trouvee = next((r for r in REPONSES["reponses"] if set(r["cles"]) <= lu.keys()), None)
    erreur = REPONSES["erreur"]
    return trouvee or (erreur if set(erreur["cles"]) & lu.keys() else None)


def _territoire(observations: list[Any]) -> str:
    """Nommer le territoire d'une réponse, s'il n'y en a qu'un."""
    vus = {o["dimensions"].get("GEO", "") for o in observations if isinstance(o, dict) and "dimensions" in o}
    return re.sub(r"^\d{4}-", "", vus.pop()) if len(vus) == 1 else "CODE"
