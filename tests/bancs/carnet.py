"""Banc du carnet : tout son travail hors exports, contre les mêmes cartes dessinées par un script nu."""

from __future__ import annotations

import io
import json
import time
from dataclasses import dataclass
from functools import lru_cache, partial
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
from outils import Ligne, alterner, comparer

from carnets.ateliers.territoire import TerritoireOuvert
from carnets.moteur import chemin_du_carnet
from carnets.processus.prechauffage import prechauffer
from cartes import contours_tenus, ecriture, geometrie
from cartes.apparence import apparences, tailles
from cartes.ecran import interactif
from cartes.palettes import CLARTE_DES_HACHURES, clarte
from cartes.papier import trace
from cartes.papier.legende import lignes_de_legende
from donnees_insee.base import base as lectures
from donnees_insee.base.base import Base

if TYPE_CHECKING:
    from pathlib import Path

    from cartes.carte import CarteThematique

BUT = 1.5


def temps(base: Path, territoire: str, repetitions: int, millesime: int | None = None) -> list[Ligne]:
    """Rapporter le travail du carnet à celui du script nu, bras alternés."""
    prechauffer(Base(base))
    voulu = commande(base, territoire, millesime)
    nu, nous = f"matplotlib nu, {len(voulu.cartes)} cartes", f"abs : tout le carnet de {territoire}"
    mesures = alterner(
        {nu: partial(dessiner_nues, voulu), nous: partial(travail, base, territoire, millesime)},
        repetitions,
    )
    return comparer(mesures, nous, [nu], BUT)


def plancher(base: Path, territoire: str, millesime: int | None = None) -> float:
    """Chronométrer le travail du carnet dans un processus préchauffé, lectures de la base comprises.

    Ni le noyau, ni Papermill, ni les documents : c'est le plancher de ce que coûte un portrait.
    """
    prechauffer(Base(base))
    debut = time.perf_counter()
    travail(base, territoire, millesime)
    return time.perf_counter() - debut


def cartes_nues(base: Path, territoire: str, millesime: int | None = None) -> float:
    """Chronométrer les mêmes cartes, dessinées par ce qu'un analyste écrirait avec matplotlib.

    Les chiffres, les limites de classes et les textes lui sont donnés ; il ne fait que lire les contours et dessiner,
    dans les mêmes dimensions, les mêmes polygones, hachures, périmètres, légende et mentions, puis écrire le PNG.
    """
    prechauffer(Base(base))
    voulu = commande(base, territoire, millesime)
    debut = time.perf_counter()
    dessiner_nues(voulu)
    return time.perf_counter() - debut


def travail(base: Path, territoire: str, millesime: int | None = None) -> None:
    """Faire ce que fait le carnet, comme le premier portrait d'un processus préchauffé."""
    _oublier_les_lectures()
    atelier = TerritoireOuvert(
        territoire=territoire, millesime=millesime, formats="xlsx", dossier_donnees=str(base)
    )
    for cellule in _cellules():
        eval(cellule, {"m": atelier})._repr_html_()


@lru_cache(maxsize=1)
def _cellules() -> tuple[Any, ...]:
    """Compiler les cellules affichées du carnet livré : entre celle qui ouvre le territoire et celle des exports."""
    cellules = json.loads(chemin_du_carnet().read_text(encoding="utf-8"))["cells"]
    affichees = [c for c in cellules if c["cell_type"] == "code" and not c["metadata"].get("tags")]
    return tuple(compile("".join(c["source"]), "<carnet>", "eval") for c in affichees)


def _oublier_les_lectures() -> None:
    """Vider les mémoires de lecture et de dessin : d'une répétition à l'autre, tout est relu et retracé."""
    for garde in (
        lectures._lire_et_reunir,
        contours_tenus._couche,
        *(
            geometrie.projetes,
            geometrie.simplifies,
            trace.chemins,
            trace.chemin_d_ensemble,
            geometrie.lieux,
        ),
        *(interactif._fond, interactif._bornes, trace.largeur_du_texte, ecriture.images_tenues),
    ):
        garde.cache_clear()


@dataclass(frozen=True)
class Commande:
    """Ce qu'un analyste aurait sous la main avant de dessiner : fichier de contours, chiffres, classes, textes."""

    contours: Path
    communes: list[str]
    cartes: list[dict[str, Any]]


def commande(base: Path, territoire: str, millesime: int | None = None) -> Commande:
    """Tirer du portrait ce que le script nu doit redessiner."""
    atelier = TerritoireOuvert(
        territoire=territoire, millesime=millesime, formats="xlsx", dossier_donnees=str(base)
    )
    cartes = [_donnees(carte) for carte in atelier.cartes.values()]
    voulus = {code for carte in cartes for code in carte["codes"]}
    chemin = max(
        (c for _, c in Base(base).couches("contours_iris")),
        key=lambda c: len(voulus & set(gpd.read_parquet(c)["code"])),
    )
    return Commande(chemin, sorted({code[:5] for code in voulus}), cartes)


def dessiner_nues(voulu: Commande) -> list[bytes]:
    """Lire les contours une fois, puis dessiner chaque carte ; rend les PNG."""
    lus = gpd.read_parquet(voulu.contours, filters=[("commune", "in", voulu.communes)])
    fond = lus.to_crs("EPSG:2154").set_index("code")
    ensemble = fond.union_all()
    perimetres = next((c["qpv"].to_crs(fond.crs) for c in voulu.cartes if c["qpv"] is not None), None)
    return [_dessiner_nue(fond, ensemble, perimetres, carte) for carte in voulu.cartes]


def _donnees(carte: CarteThematique) -> dict[str, Any]:
    """Préparer, hors chronomètre, une carte à redessiner."""
    etats = {"secret": "#d4d4d4", "indisponible": "#efefef", "sans_objet": "#ffffff", "zero": "#ffffff"}
    looks = apparences(carte)
    return {
        "codes": list(carte.territoires["code"]),
        "couleurs": [
            "#f2f2f0" if carte.en_cercles and not a.etat else etats.get(a.etat, a.couleur) for a in looks
        ],
        "hachures": ["xxx" if a.etat else "\\\\\\\\" if a.fragile else "" for a in looks],
        "tailles": tailles(carte) if carte.en_cercles else [],
        "qpv": next((s.couches for s in carte.superpositions), None),
        "legende": [
            (ligne.texte, etats.get(ligne.apparence.etat, ligne.apparence.couleur or "none"))
            for ligne in lignes_de_legende(carte)
        ],
        "titre": carte.titre,
        "sous_titre": carte.sous_titre,
        "mention": carte.mention,
        "pouces": carte.figure().get_size_inches(),
    }


def _chemin(geometrie: Any) -> Any:
    from matplotlib.path import Path as Chemin

    parties = getattr(geometrie, "geoms", [geometrie])
    anneaux = [a for p in parties for a in (p.exterior, *p.interiors)]
    return Chemin.make_compound_path(*(Chemin(np.asarray(a.coords), closed=True) for a in anneaux))


def _dessiner_nue(
    fond: gpd.GeoDataFrame, ensemble: Any, perimetres: gpd.GeoDataFrame | None, donnee: dict[str, Any]
) -> bytes:
    """Dessiner une carte avec matplotlib seul ; rend le PNG.

    Pas avec ``GeoDataFrame.plot`` : geopandas redessine toute la figure à chaque couche, et le rival y perdrait
    la moitié de son temps.
    """
    import matplotlib.pyplot as plt
    from matplotlib.collections import PathCollection
    from matplotlib.patches import Patch, PathPatch

    couche = fond.loc[donnee["codes"]]
    figure = plt.figure(figsize=donnee["pouces"], dpi=150)
    axes = figure.add_axes((0.025, 0.08, 0.64, 0.78))
    axes.set_axis_off()
    chemins = [_chemin(g) for g in couche.geometry]
    axes.add_collection(
        PathCollection(chemins, facecolors=donnee["couleurs"], edgecolors="white", linewidths=0.5)
    )
    groupes: dict[tuple[str, str], list[Any]] = {}
    for chemin, couleur, hachures in zip(chemins, donnee["couleurs"], donnee["hachures"], strict=True):
        if hachures:
            encre = "#2b2b2b" if clarte(couleur) > CLARTE_DES_HACHURES else "#ffffff"
            groupes.setdefault((hachures, encre), []).append(chemin)
    for (hachures, encre), formes in groupes.items():
        axes.add_collection(
            PathCollection(formes, facecolors="none", edgecolors=encre, linewidths=0, hatch=hachures)
        )
    axes.add_patch(PathPatch(_chemin(ensemble), facecolor="none", edgecolor="#6b6b6b", linewidth=0.7))
    if donnee["tailles"]:
        lieux = couche.representative_point()
        aires = 900 * np.asarray(donnee["tailles"]) / max(donnee["tailles"])
        axes.scatter(lieux.x, lieux.y, s=aires, color="#4292c6", edgecolor="#3d3d3d", linewidth=0.5)
    if donnee["qpv"] is not None and perimetres is not None:
        formes = [_chemin(g) for g in perimetres.geometry]
        axes.add_collection(PathCollection(formes, facecolors="none", edgecolors="#1a1a1a", linewidths=1.6))
    ouest, sud, est, nord = couche.total_bounds
    axes.set_xlim(ouest, est)
    axes.set_ylim(sud, nord)
    axes.set_aspect("equal")
    poignees = [Patch(facecolor=c, edgecolor="#7d7d7d", label=texte) for texte, c in donnee["legende"]]
    figure.legend(
        handles=poignees, loc="upper left", bbox_to_anchor=(0.67, 0.86), fontsize=8.5, frameon=False
    )
    figure.suptitle(donnee["titre"], fontsize=14, fontweight="bold", x=0.025, ha="left")
    figure.text(0.025, 0.9, donnee["sous_titre"], fontsize=10)
    figure.text(0.025, 0.02, donnee["mention"], fontsize=7.5, color="#4a4a4a")
    axes.plot([ouest, ouest + 1000], [sud, sud], color="#1f1f1f", linewidth=1.1)
    axes.text(ouest + 500, sud, "1 km", fontsize=7.5, ha="center", va="bottom")
    sortie = io.BytesIO()
    figure.savefig(sortie, format="png", dpi=150)
    plt.close(figure)
    return sortie.getvalue()
