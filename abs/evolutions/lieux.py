"""Les lieux d'une évolution : les groupes de même territoire de deux millésimes, leur population, et ce qui a été réuni."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Final

import pandas as pd
import pyarrow.parquet as pq

from abs.calcul.composantes import Decoupage
from abs.definitions import dire, table
from abs.formats import avec_unite
from abs.indicateurs.fiabilite import SEUIL_GRANDE_COMMUNE
from abs.territoires.territoires import Territoire
from donnees_insee import codes
from donnees_insee.base.base import Base
from donnees_insee.base.couches import restaurer
from donnees_insee.catalogue import catalogue
from donnees_insee.erreurs import DonneeAbsente, ParametreInvalide
from donnees_insee.geographie.changements_iris import NON_IRISEE, ChangementsIris, comparer_iris
from donnees_insee.geographie.dans_le_temps import histoire
from donnees_insee.geographie.groupes import (
    APRES,
    AVANT,
    Groupe,
    NonApparie,
    Passage,
    former,
    passage_communes,
)

# Les IRIS d'avant et ceux d'après : code, nom, commune.
Listes = tuple[pd.DataFrame, pd.DataFrame]


@dataclass(frozen=True)
class GeographieConstante:
    """Les groupes de même territoire entre deux millésimes d'une source."""

    communes: Passage
    iris: ChangementsIris
    remarques: tuple[str, ...] = ()


def geographie_constante(base: Base, listes: Listes, annees: tuple[int, int]) -> GeographieConstante:
    """Réunir les IRIS et les communes de deux millésimes en groupes de même territoire."""
    contours = _contours(base, listes, annees)
    remarques: tuple[str, ...] = ()
    try:
        communes = passage_communes(histoire(base), *annees)
    except (DonneeAbsente, ParametreInvalide):
        communes = _communes_sans_histoire(listes, annees, contours)
        remarques = (dire("evolutions", "sans_histoire" if contours is None else "par_les_contours"),)
    gardees, absents = (listes, ()) if contours is not None else _sans_les_absents(listes, communes)
    iris = comparer_iris(*gardees, communes, contours)
    passage = replace(iris.passage, non_apparies=tuple(sorted({*iris.passage.non_apparies, *absents})))
    if remarques and contours is None:
        passage = _sans_les_non_irisees(passage)
    return GeographieConstante(communes, replace(iris, passage=passage), remarques)


def _sans_les_absents(listes: Listes, communes: Passage) -> tuple[Listes, tuple[NonApparie, ...]]:
    """Écarter les IRIS qu'un seul fichier porte quand rien d'autre n'a changé dans leur commune.

    Un IRIS redécoupé disparaît, et ses morceaux ont de nouveaux codes. Un code de plus sans aucun code de moins n'est
    donc pas un redécoupage : c'est un IRIS que l'autre fichier ne donne pas.
    """
    avant, apres = ({c: set(g["code"]) for c, g in li.groupby("commune")} for li in listes)
    ecarts: list[NonApparie] = []
    for commune in avant.keys() & apres.keys():
        groupe = communes.groupes.get(communes.apres.get(commune, ""))
        stable = groupe is not None and groupe.nature == "identique"
        seuls = {AVANT: avant[commune] - apres[commune], APRES: apres[commune] - avant[commune]}
        # Des codes d'un seul côté : ni la même liste aux deux dates, ni un redécoupage.
        if stable and avant[commune] & apres[commune] and bool(seuls[AVANT]) != bool(seuls[APRES]):
            raison = "le fichier de l'autre date ne donne pas cet IRIS"
            ecarts += [NonApparie(c, cote, raison) for cote, siens in seuls.items() for c in siens]
    ecartes = {n.code for n in ecarts}
    avant_gardes, apres_gardes = (li[~li["code"].isin(ecartes)].reset_index(drop=True) for li in listes)
    return (avant_gardes, apres_gardes), tuple(ecarts)


def _contours(base: Base, listes: Listes, annees: tuple[int, int]) -> pd.DataFrame | None:
    """Mesurer les recouvrements des départements où des codes ont changé, si les deux couches sont tenues."""
    avant, apres = (set(li["code"]) for li in listes)
    changes = {codes.departement_de_la_commune(c[:5]) for c in avant ^ apres}

    tenues: list[tuple[list[Path], set[str]]] = [([], avant), ([], apres)]
    for (chemins, voulus), annee in zip(tenues, annees, strict=True):
        siennes = (chemin for a, chemin in base.couches("contours_iris") if a == annee)
        chemins += [
            ch for ch in siennes if voulus & {*pq.read_table(ch, columns=["code"])["code"].to_pylist()}
        ]
    if not changes or not all(chemins for chemins, _ in tenues):
        return None
    from donnees_insee.geographie.changements_iris import recouvrements  # noqa: PLC0415 - import lent

    lues = []
    for chemins, voulus in tenues:
        lue = pd.concat([base.lire_couche(ch) for ch in chemins])
        siens = {c for c in voulus if codes.departement_de_la_commune(c[:5]) in changes}
        lues.append(lue[lue["code"].isin(siens)])
    return recouvrements(*lues) if all(len(li) for li in lues) else None


def _communes_sans_histoire(
    listes: Listes, annees: tuple[int, int], contours: pd.DataFrame | None
) -> Passage:
    """Apparier les communes par les contours de leurs IRIS, ou à défaut par leur code."""
    # La commune est celle que dit le fichier, non le début du code : les deux diffèrent dans un arrondissement.
    de, a = (dict(zip(li["code"].astype(str), li["commune"].astype(str), strict=True)) for li in listes)
    avant, apres = set(de.values()), set(a.values())
    liens = {(c, c) for c in avant & apres}
    if contours is not None:
        couples = zip(contours["avant"], contours["apres"], strict=True)
        liens |= {(de[x], a[y]) for x, y in couples if x in de and y in a}
    raison = "aucune commune de même code à l'autre date, et pas d'histoire des communes"
    seules = {AVANT: avant - {x for x, _ in liens}, APRES: apres - {y for _, y in liens}}
    ecarts = [NonApparie(c, cote, raison) for cote, siennes in seules.items() for c in siennes]
    return former(*annees, sorted(liens), ecarts)


def _sans_les_non_irisees(passage: Passage) -> Passage:
    """Laisser de côté les communes sans IRIS quand rien ne dit si elles ont changé de limites."""
    cotes = {AVANT: passage.avant, APRES: passage.apres}
    ecartes = {g for cote in cotes.values() for c, g in cote.items() if c.endswith(NON_IRISEE)}
    raison = "commune sans IRIS, dont les limites ont pu changer sans changement de code"
    avant, apres = ({c: g for c, g in cote.items() if g not in ecartes} for cote in cotes.values())
    laissees = [
        NonApparie(c, k, raison) for k, cote in cotes.items() for c, g in cote.items() if g in ecartes
    ]
    return replace(passage, avant=avant, apres=apres, non_apparies=(*passage.non_apparies, *laissees))


NOM_D_IRIS: Final = "LIBIRIS"
# Variables qui pèsent une population ; les suivantes n'en sont qu'un minorant.
POPULATION: Final = ("rp_population", "P_POP")
MINORANTS: Final = (("rp_activite", "P_POP1564"), ("rp_diplomes", "P_NSCOL15P"))
# Tables de lieux qui ne listent pas les IRIS d'une année.
SANS_LISTE: Final = frozenset({"contours_iris", "quartiers", "histoire_iris", "equipements"})
NOMS_REUNIS: Final = 4
POIDS: Final[dict[str, str]] = table("_etudes")["poids"]


def _geographie_de(source: str, millesime: int) -> int:
    return catalogue.source(source).geographie_de(millesime, "iris") or millesime


class Lieux:
    """Les unités d'un territoire à deux dates."""

    def __init__(self, decoupage: Decoupage, sujet: Territoire, de: int, a: int) -> None:
        self.decoupage, self.sujet, self.de, self.a = decoupage, sujet, de, a
        self.base = decoupage.base
        self.lecteur = decoupage.lecteur
        self.geographie = lru_cache(maxsize=16)(self._geographie)
        self._sommes = lru_cache(maxsize=16)(self._sommes_par_ville)
        self._noms_manquants = lru_cache(maxsize=64)(self._noms_d_une_commune)

    def tient(self, source: str, niveau: str) -> bool:
        """Dire si la base tient les deux millésimes d'une source à un niveau."""
        return {self.de, self.a} <= set(self.base.millesimes(source, niveau))

    def _geographie(self, source: str) -> GeographieConstante:
        de, a = (_geographie_de(source, m) for m in (self.de, self.a))
        listes = (self._liste(source, self.de, de), self._liste(source, self.a, a))
        return geographie_constante(self.base, listes, (de, a))

    @cached_property
    def _vus(self) -> dict[str, tuple[int, int]]:
        """Première et dernière années de géographie où un IRIS est vu, dans tout ce que la base tient."""
        vus: dict[str, tuple[int, int]] = {}
        for source, millesime in {(p.source, p.millesime) for p in self.base.parts_d_iris()}:
            if millesime is None or source in SANS_LISTE:
                continue
            annee = _geographie_de(source, millesime)
            for code in self._codes_tenus(source, millesime):
                premiere, derniere = vus.get(code, (annee, annee))
                vus[code] = (min(premiere, annee), max(derniere, annee))
        return vus

    @cached_property
    def _departements(self) -> tuple[str, ...]:
        siennes = self.sujet.composantes or (self.sujet.code,)
        return tuple(sorted({codes.departement_de_la_commune(c[:5]) for c in siennes}))

    def _codes_tenus(self, source: str, millesime: int) -> list[str]:
        """Lister les IRIS d'une table dans les départements du sujet, sans lire ses autres colonnes."""
        import pyarrow.compute as pc  # noqa: PLC0415 - réservé à cette lecture

        tous = self.base.codes(source, millesime, "iris")
        gardes = [tous.filter(pc.starts_with(tous, d)) for d in self._departements]
        return [str(c) for morceau in gardes for c in morceau.to_pylist()]

    def _liste(self, source: str, millesime: int, annee: int) -> pd.DataFrame:
        """Lister les IRIS du sujet à une date : ceux du fichier, et ceux que d'autres fichiers encadrent.

        Un fichier ne donne pas tous les IRIS (secret, champ) : un code vu avant et après cette année n'a pas changé.
        """
        table = self.lecteur.table(source, millesime, "iris")
        du_fichier = {str(c) for c in table.index if str(c).startswith(self._departements)}
        communes = {c[:5] for c in du_fichier}
        encadres = {c for c, (debut, fin) in self._vus.items() if debut <= annee <= fin and c[:5] in communes}
        gardes = sorted(du_fichier | encadres)
        noms = table[NOM_D_IRIS].reindex(gardes) if NOM_D_IRIS in table else pd.Series("", index=gardes)
        liste = pd.DataFrame({"code": gardes, "nom": noms.to_numpy(), "commune": [c[:5] for c in gardes]})
        return restaurer(self.decoupage.territoires.base, liste)

    def iris(self, source: str) -> Passage:
        """Donner les groupes d'IRIS du sujet."""
        passage = self.geographie(source).iris.passage
        if self.sujet.niveau == "iris":
            return passage.restreindre({self.sujet.code})
        siennes = {c for g in self.communes(source) for c in (*g.avant, *g.apres)} | {*self.sujet.composantes}
        tous = {*passage.avant, *passage.apres, *(n.code for n in passage.non_apparies)}
        return passage.restreindre(
            {c for c in tous if {c[:5], codes.ville_de_l_arrondissement(c[:5])} & siennes}
        )

    def communes(self, source: str) -> list[Groupe]:
        """Donner les groupes de communes du sujet ; une ville à arrondissements est une seule commune."""
        seules = [Groupe(c, (c,), (c,)) for c in self.sujet.composantes]
        if not self.tient(source, "iris"):
            return seules
        passage = self.geographie(source).communes
        trouves = (passage.groupes.get(passage.apres.get(g.code, ""), g) for g in seules)
        groupes: dict[str, Groupe] = {}
        for trouve in trouves:
            groupes.setdefault(trouve.code, trouve)
        return list(groupes.values())

    def nommer(self, groupe: Groupe, noms: Mapping[str, str]) -> str:
        """Nommer un groupe par ses unités d'après, avec les noms de toutes les listes tenues."""
        trouves = [noms.get(c) or self._noms_manquants(c[:5]).get(c) or c for c in groupe.apres]
        distincts = list(dict.fromkeys(trouves))
        reste = len(distincts) - NOMS_REUNIS
        suite = f" + {reste} autre{'s' if reste > 1 else ''}" if reste > 0 else ""
        return " + ".join(distincts[:NOMS_REUNIS]) + suite

    def _noms_d_une_commune(self, commune: str) -> dict[str, str]:
        geographie = self.decoupage.territoires.geographie
        connue = geographie.communes["nom"].get(commune)
        noms = {commune: str(connue)} if isinstance(connue, str) else {}
        liste = geographie.iris(commune, set())
        return noms | {str(c): str(n) for c, n in liste["nom"].items() if isinstance(n, str)}

    def population(self, code: str, millesime: int) -> float | None:
        """Donner la population qui règle le mode de collecte d'une commune à un millésime."""
        ville = codes.ville_de_l_arrondissement(code[:5])
        connues = [self._sommes(*POPULATION, millesime).get(ville), self.decoupage.populations.get(ville)]
        tenues = [float(p) for p in connues if pd.notna(p)]
        minorants = [self._sommes(s, v, millesime).get(ville, 0.0) for s, v in MINORANTS]
        # Un minorant au-dessus du seuil suffit ; au-dessous, il ne dit rien.
        tenues += [m for m in minorants if m >= SEUIL_GRANDE_COMMUNE]
        return max(tenues, default=None)

    def _sommes_par_ville(self, source: str, variable: str, millesime: int) -> dict[str, float]:
        if variable not in self.base.colonnes(source, millesime, "iris"):
            return {}
        lues = self.lecteur.table(source, millesime, "iris")[variable].dropna()
        villes = [codes.ville_de_l_arrondissement(str(c)[:5]) for c in lues.index]
        return lues.astype(float).groupby(villes).sum().to_dict()

    def phrases(self, source: str) -> list[str]:
        """Dire ce qui a été réuni ou laissé de côté, et sa part de la population."""
        geographie = self.geographie(source)
        passage = self.iris(source)
        communes = [
            f"Les communes {', '.join(g.avant)} sont comparées ensemble à {', '.join(g.apres)}."
            for g in self.communes(source)
            if g.nature not in {"identique", "nouveau code"}
        ]
        noms = dict(geographie.iris.noms)
        noms |= {c: self.nommer(Groupe(c, (c,), (c,)), noms) for c in (*passage.avant, *passage.apres)}
        dites = replace(geographie.iris, passage=passage, noms=noms).phrases()
        return [*geographie.remarques, *communes, *dites, *self._parts(source, passage)]

    def _parts(self, source: str, passage: Passage) -> list[str]:
        """Dire la part de la population réunie et la part laissée, à la première date."""
        table = self.lecteur.table(source, self.de, "iris")
        variable = next((v for v in POIDS if v in table), None)
        laisses = {n.code for n in passage.non_apparies}
        siens = [str(c) for c in table.index if str(c) in passage.avant or str(c) in laisses]
        if variable is None or not siens:
            return []
        poids = table.loc[siens, variable].fillna(0.0)
        reunis = {c for g in passage.changes if g.nature != "nouveau code" for c in g.avant}
        dites = []
        for choisis, mots in ((reunis, "comparés par groupe"), (laisses, "laissés de côté")):
            part = 100 * float(poids[[c in choisis for c in siens]].sum()) / float(poids.sum() or 1)
            if choisis:
                dites.append(
                    f"{avec_unite(part, '%', 1)} {POIDS[variable]} de {self.de} est dans des IRIS {mots}."
                )
        return dites
