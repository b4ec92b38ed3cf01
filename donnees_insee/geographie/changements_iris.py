"""Ce qui a changé entre deux listes d'IRIS d'une commune : codes gardés, renommés, redécoupés, et pourquoi."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from operator import itemgetter
from typing import TYPE_CHECKING, Final

import pandas as pd

from donnees_insee.base.couches import apparier_par_nom
from donnees_insee.geographie.groupes import APRES, AVANT, Groupe, NonApparie, Passage, former

if TYPE_CHECKING:
    from collections.abc import Mapping

    import geopandas as gpd

MEME_CODE: Final = "même code"
MEME_NOM: Final = "même nom, nouveau code"
CONTOURS: Final = "contours"
UNION: Final = "union des IRIS changés"
NON_IRISEE: Final = "0000"
# Deux IRIS se recouvrent si leur surface commune atteint cette part du plus petit des deux. Entre les contours du
# Finistère d'environ 2015 et ceux de 2025, inégalement simplifiés, deux voisins inchangés ont jusqu'à 19 % de surface
# commune par le seul effet du trait ; deux IRIS réellement réunis en ont plus de 93 %.
SEUIL: Final = 0.25
# Projection équivalente de l'Europe : une surface s'y mesure de la Guadeloupe à La Réunion à la même échelle des deux
# côtés, et seuls des rapports de surfaces sont employés.
PROJECTION: Final = "EPSG:6933"


@dataclass(frozen=True)
class ChangementsIris:
    """La correspondance entre deux listes d'IRIS."""

    passage: Passage
    methodes: Mapping[str, str]
    noms: Mapping[str, str]

    def de_la_commune(self, communes: set[str]) -> ChangementsIris:
        """Restreindre aux IRIS de quelques communes, d'avant ou d'après."""
        tous = [*self.passage.avant, *self.passage.apres, *(n.code for n in self.passage.non_apparies)]
        return ChangementsIris(
            self.passage.restreindre(c for c in tous if c[:5] in communes), self.methodes, self.noms
        )

    def phrases(self) -> tuple[str, ...]:
        """Dire ce que sont devenus les IRIS."""
        gardes = len(self.passage.groupes) - len(self.passage.changes)
        renommes = [g for g in self.passage.changes if g.nature == "nouveau code"]
        dites = [f"{_combien(gardes, 'IRIS garde son code', 'IRIS gardent leur code')}."] if gardes else []
        if renommes:
            dites.append(self._renommes(renommes))
        dites += [self._groupe(g) for g in self.passage.changes if g.nature != "nouveau code"]
        dites += [
            f"L'IRIS {n.code} ({self._nom(n.code)}) est laissé de côté : {n.raison}."
            for n in self.passage.non_apparies
        ]
        return tuple(dites)

    def _nom(self, code: str) -> str:
        return self.noms.get(code, "sans nom")

    def _renommes(self, groupes: list[Groupe]) -> str:
        listes = ", ".join(f"{g.avant[0]} → {g.apres[0]} {self._nom(g.apres[0])}" for g in groupes)
        preuves = {MEME_NOM: "ils portent le même nom", CONTOURS: "leurs contours se recouvrent"}
        vues = sorted({preuves[m] for g in groupes if (m := self.methodes.get(g.code)) in preuves})
        pourquoi = f" ({' ou '.join(vues)})" if vues else ""
        return (
            f"{_combien(len(groupes), 'IRIS a changé de code', 'IRIS ont changé de code')} sans changer de "
            f"territoire{pourquoi} : {listes}."
        )

    def _groupe(self, groupe: Groupe) -> str:
        anciens, nouveaux = ", ".join(groupe.avant), ", ".join(groupe.apres)
        if groupe.nature == "fusion":
            return f"Les IRIS {anciens} sont réunis en {nouveaux} : leur somme se compare à lui."
        if self.methodes.get(groupe.code) == CONTOURS:
            comment = "d'après leurs contours"
        else:
            comment = "faute de contours des deux dates pour dire lequel est devenu lequel"
        if groupe.nature == "scission":
            return f"L'IRIS {anciens} est partagé entre {nouveaux} : leur somme se compare à lui, {comment}."
        return f"Les IRIS {anciens} sont devenus {nouveaux} : ils se comparent ensemble, {comment}."


def _combien(nombre: int, singulier: str, pluriel: str) -> str:
    return f"{nombre} {singulier if nombre == 1 else pluriel}"


def comparer_iris(
    avant: pd.DataFrame, apres: pd.DataFrame, communes: Passage, communs: pd.DataFrame | None = None
) -> ChangementsIris:
    """Établir la correspondance entre deux listes d'IRIS.

    L'Insee donne un nouveau code à un IRIS redécoupé : le même code désigne le même territoire, sauf pour une commune
    non irisée (``0000``), dont le code suit les limites de la commune. Quand la commune a changé de code, le nom fait
    foi si tous s'apparient. Le reste forme un groupe par commune, ou les plus petits groupes de contours qui se
    recouvrent quand les deux couches sont tenues.
    """
    noms = [
        dict(zip(t["code"].astype(str), t["nom"].fillna("").astype(str), strict=True)) for t in (avant, apres)
    ]
    tenus = [_par_groupe(t, cotes) for t, cotes in ((avant, communes.avant), (apres, communes.apres))]
    trouves: list[tuple[str, str, str]] = []
    ecarts = _hors_passage(avant, communes, AVANT) + _hors_passage(apres, communes, APRES)
    mesures = set() if communs is None else set(zip(communs["avant"], communs["apres"], strict=True))
    mesures_avant, mesures_apres = {a for a, _ in mesures}, {b for _, b in mesures}
    for groupe in sorted(tenus[0].keys() | tenus[1].keys()):
        anciens, nouveaux = tenus[0].get(groupe, set()), tenus[1].get(groupe, set())
        if not anciens or not nouveaux:
            cote, codes = (AVANT, anciens) if anciens else (APRES, nouveaux)
            autre = communes.a if anciens else communes.de
            ecarts += [
                NonApparie(c, cote, f"la liste {_de(autre)} n'a aucun IRIS de cette commune") for c in codes
            ]
            continue
        if anciens <= mesures_avant and nouveaux <= mesures_apres:
            siens = {(a, b) for a, b in mesures if a in anciens or b in nouveaux}
            trouves += [(a, b, MEME_CODE if a == b else CONTOURS) for a, b in siens]
        else:
            stable = communes.groupes[groupe].nature == "identique"
            trouves += _sans_contours(anciens, nouveaux, noms, stable=stable)
    passage = former(communes.de, communes.a, [(a, b) for a, b, _ in trouves], ecarts)
    methodes: dict[str, str] = {}
    for _, code, methode in sorted(trouves, key=itemgetter(1)):
        if methodes.get(passage.apres[code], MEME_CODE) == MEME_CODE:
            methodes[passage.apres[code]] = methode
    return ChangementsIris(passage, methodes, noms[0] | {c: n for c, n in noms[1].items() if n})


def _par_groupe(table: pd.DataFrame, groupes: Mapping[str, str]) -> dict[str, set[str]]:
    """Ranger les IRIS d'une liste par groupe de communes."""
    ranges: dict[str, set[str]] = defaultdict(set)
    for code, commune in zip(table["code"].astype(str), table["commune"].astype(str), strict=True):
        if commune in groupes:
            ranges[groupes[commune]].add(code)
    return ranges


def _hors_passage(table: pd.DataFrame, communes: Passage, cote: str) -> list[NonApparie]:
    """Lister les IRIS d'une commune que le passage ne connaît pas."""
    connues = communes.avant if cote == AVANT else communes.apres
    annee = communes.de if cote == AVANT else communes.a
    raisons = {n.code: n.raison for n in communes.non_apparies if n.cote == cote}
    return [
        NonApparie(
            str(code),
            cote,
            f"sa commune {commune} {raisons.get(commune, f'est absente de la géographie {_de(annee)}')}",
        )
        for code, commune in zip(table["code"], table["commune"].astype(str), strict=True)
        if commune not in connues
    ]


def _de(annee: int | None) -> str:
    return "sans date" if annee is None else f"de {annee}"


def _sans_contours(
    anciens: set[str], nouveaux: set[str], noms: list[dict[str, str]], *, stable: bool
) -> list[tuple[str, str, str]]:
    """Apparier les IRIS d'un groupe de communes par leurs codes, puis par leurs noms, puis tous ensemble."""
    gardes = {c for c in anciens & nouveaux if stable or not c.endswith(NON_IRISEE)}
    reste_avant, reste_apres = anciens - gardes, nouveaux - gardes
    trouves = [(c, c, MEME_CODE) for c in sorted(gardes)]
    if not reste_avant and not reste_apres:
        return trouves
    if not reste_avant or not reste_apres:
        # Un IRIS apparaît ou disparaît sans contrepartie : rien ne dit à qui son territoire est pris ou rendu.
        return _union(anciens, nouveaux)
    venus = {c: noms[0][c] for c in reste_avant if c[:5] not in {n[:5] for n in nouveaux}}
    if venus and venus.keys() == reste_avant:
        surs, ensembles = apparier_par_nom(venus, {c: noms[1][c] for c in reste_apres})
        if any(not a or not b for a, b in ensembles):
            return trouves + _union(reste_avant, reste_apres)
        trouves += [(a, b, MEME_NOM) for a, b in sorted(surs.items())]
        return trouves + [lien for a, b in ensembles for lien in _union(a, b)]
    return trouves + _union(reste_avant, reste_apres)


def _union(anciens: set[str], nouveaux: set[str]) -> list[tuple[str, str, str]]:
    premier = min(nouveaux)
    return [(a, premier, UNION) for a in sorted(anciens)] + [
        (min(anciens), b, UNION) for b in sorted(nouveaux)
    ]


# -- contours ----------------------------------------------------------------------------------


def recouvrements(avant: gpd.GeoDataFrame, apres: gpd.GeoDataFrame, seuil: float = SEUIL) -> pd.DataFrame:
    """Lister les couples d'IRIS de deux couches qui partagent du territoire."""
    couches = [_en_surfaces(couche) for couche in (avant, apres)]
    rangs_apres, rangs_avant = couches[1].sindex.query(couches[0].geometry, predicate="intersects")[::-1]
    gauche = couches[0].iloc[rangs_avant].reset_index(drop=True)
    droite = couches[1].iloc[rangs_apres].reset_index(drop=True)
    commune = gauche.geometry.intersection(droite.geometry).area
    table = pd.DataFrame(
        {
            "avant": gauche["code"].astype(str),
            "apres": droite["code"].astype(str),
            "part_avant": commune / gauche.geometry.area,
            "part_apres": commune / droite.geometry.area,
        }
    )
    retenus = table[["part_avant", "part_apres"]].max(axis=1) >= seuil
    return table[retenus].sort_values(["avant", "apres"], ignore_index=True)


def _en_surfaces(couche: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    propre = couche[["code", "geometry"]].to_crs(PROJECTION)
    propre["geometry"] = propre.geometry.make_valid()
    return propre[propre.geometry.area > 0].reset_index(drop=True)
