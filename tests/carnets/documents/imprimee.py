"""Ce que portent vraiment une carte imprimée, relue dans sa figure, et un style QGIS, relu dans son texte."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree as ET

from matplotlib.collections import PathCollection
from matplotlib.colors import to_hex

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cartes.carte import CarteThematique


def imprimee(carte: CarteThematique) -> dict[str, tuple[str, frozenset[str]]]:
    """Donner de chaque territoire sa couleur dans la figure, et l'encre de ses motifs et de ses tirets."""
    codes = carte.territoires["code"].tolist()
    posees = [a for a in carte.figure().artists if isinstance(a, PathCollection)]
    aplats = next(a for a in posees if len(a.get_paths()) == len(codes))
    rangs = {id(forme): rang for rang, forme in enumerate(aplats.get_paths())}
    marques: dict[int, set[str]] = {}
    for autre in posees:
        ici = [rangs[id(f)] for f in autre.get_paths() if id(f) in rangs]
        encre = to_hex(autre.get_edgecolor()[0])
        genre = f"hachures {encre}" if autre.get_hatch() else "tirets" if autre is not aplats else ""
        for rang in filter(lambda _: genre, ici):
            marques.setdefault(rang, set()).add(genre)
    fonds = [to_hex(c) for c in aplats.get_facecolor()]
    return {c: (fonds[r], frozenset(marques.get(r, ()))) for r, c in enumerate(codes)}


def regles(qml: str) -> Iterator[tuple[str, str, list[ET.Element]]]:
    """Donner de chaque règle son titre, son filtre entier et ses couches de symbole."""
    rendu = ET.fromstring(qml.split("\n", 1)[1]).find("renderer-v2")
    symboles = {s.get("name"): s.findall("layer") for s in rendu.find("symbols")}

    def descendre(regle: ET.Element, filtres: list[str]) -> Iterator[tuple[str, str, list[ET.Element]]]:
        siens = [*filtres, *([f"({regle.get('filter')})"] if regle.get("filter") else [])]
        yield regle.get("label"), " AND ".join(siens) or "1", symboles.get(regle.get("symbol"), [])
        for autre in regle.findall("rule"):
            yield from descendre(autre, siens)

    for regle in rendu.find("rules"):
        yield from descendre(regle, [])


def habit(couche: ET.Element) -> str:
    """Dire ce qu'une couche de symbole peint, dans les mots de ``imprimee``."""
    traits = {p.get("k"): p.get("v") for p in couche.findall("prop")}
    if couche.get("class") == "SimpleFill":
        return _hexa(traits["color"])
    if couche.get("class") == "SimpleLine":
        return "tirets"
    dedans = couche.find("symbol/layer")
    siens: dict[str, Any] = {p.get("k"): p.get("v") for p in dedans.findall("prop")}
    encre = _hexa(siens.get("line_color") or siens.get("color") or siens["outline_color"])
    return f"hachures {encre}" if "Pattern" in couche.get("class") else "signe"


def _hexa(couleur: str) -> str:
    return "#" + "".join(f"{int(n):02x}" for n in couleur.split(",")[:3])
