"""Les signes des petits graphiques d'une première page, nommés une fois au-dessus de ses fiches."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from carnets.documents.modeles import PDF
from cartes.charte import CHARTE
from cartes.graphiques.style import EN_NOMBRE

if TYPE_CHECKING:
    from collections.abc import Iterable

    Donnees = dict[str, Any]

# Dans un complément, un nombre et son unité ; ce qui, de l'un à l'autre, s'écrit avec plus ou moins d'espaces.
_DITS: Final = re.compile(r"[+−-]?\s?\d[\d\s]*(?:,\d+)?\s?[%€]")
_NOMBRE: Final = re.compile(r"\s")
_ROLES: Final = CHARTE["graphiques"]["roles"]


def signes_des_fiches(chiffres: Iterable[Donnees]) -> list[Donnees]:
    """Donner le signe, la couleur, la taille et le nom de chaque territoire que montrent les fiches."""
    noms: dict[str, dict[str, None]] = {}
    for demande in (d for c in chiffres for d in c.get("graphiques", ()) if d["genre"] == "points"):
        for valeur in (v for s in demande["series"] for v in s["valeurs"]):
            role = valeur.get("role", "categorie")
            commun = demande.get("mailles", "") if role == "maille" else ""
            nom = commun or _ROLES[role]["libelle"] or valeur.get("libelle", "")
            noms.setdefault(role, {})[nom] = None
    # Une fiche par territoire : leur signe commun ne porte le nom d'aucun.
    dits = {
        role: next(iter(siens)) if len(siens) == 1 else PDF["textes"]["de_la_fiche"]
        for role, siens in noms.items()
    }
    return [_signe(_ROLES[role]) | {"nom": dits[role]} for role in _ROLES if dits.get(role)]


def sans_redites(chiffre: Donnees) -> str:
    """Donner d'un complément ce que les petits graphiques de la fiche n'écrivent pas déjà."""
    points = [d for d in chiffre.get("graphiques", ()) if d["genre"] == "points"]
    valeurs = [v for d in points for s in d["series"] for v in s["valeurs"]]
    ecrits = {_NOMBRE.sub("", v["texte"]) for v in valeurs if v.get("role") not in EN_NOMBRE}
    # Un nombre à espaces et à virgule, et l'unité qui le suit.
    parts = (chiffre.get("complement") or "").split(" ; ")
    return " ; ".join(
        p for p in parts if not (dits := _DITS.findall(p)) or not {_NOMBRE.sub("", d) for d in dits} <= ecrits
    )


def _signe(role: Donnees) -> Donnees:
    """Donner la lettre, la couleur et la taille du signe d'un rôle, au regard de celui du sujet."""
    formes = PDF["signes"].get(role["forme"], PDF["signes"]["o"])
    taille = role["taille"] / _ROLES["sujet"]["taille"]
    return {"signe": formes[role["plein"]], "couleur": role["couleur"], "taille": max(0.7, taille)}
