"""Les lieux d'une évolution : les groupes de même territoire du sujet, leur population, et ce qui a été réuni."""

from __future__ import annotations

from dataclasses import replace
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING, Final

import pandas as pd

from abs.evolutions.geographie_constante import GeographieConstante, geographie_constante
from abs.formats import avec_unite
from abs.indicateurs.fiabilite import SEUIL_GRANDE_COMMUNE
from donnees_insee import codes
from donnees_insee.base.couches import restaurer
from donnees_insee.catalogue import catalogue
from donnees_insee.geographie.groupes import Groupe, Passage

if TYPE_CHECKING:
    from collections.abc import Mapping

    from abs.calcul.composantes import Decoupage
    from abs.territoires.territoires import Territoire

NOM_D_IRIS: Final = "LIBIRIS"
# Variables qui pèsent une population ; les suivantes n'en sont qu'un minorant.
POPULATION: Final = ("rp_population", "P_POP")
MINORANTS: Final = (("rp_activite", "P_POP1564"), ("rp_diplomes", "P_NSCOL15P"))
# Tables de lieux qui ne listent pas les IRIS d'une année.
SANS_LISTE: Final = frozenset({"contours_iris", "quartiers", "histoire_iris", "equipements"})
NOMS_REUNIS: Final = 4
POIDS: Final[dict[str, str]] = {
    "P_POP": "de la population",
    "P_POP1564": "de la population de 15 à 64 ans",
    "P_NSCOL15P": "de la population de 15 ans et plus non scolarisée",
}


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
        definie = catalogue.source(source)
        annees = [definie.geographie_de(m, "iris") or m for m in (self.de, self.a)]
        avant, apres = (self._liste(source, m, y) for m, y in zip((self.de, self.a), annees, strict=True))
        return geographie_constante(self.base, (avant, apres), (annees[0], annees[1]))

    @cached_property
    def _vus(self) -> dict[str, tuple[int, int]]:
        """Première et dernière années de géographie où un IRIS est vu, dans tout ce que la base tient."""
        vus: dict[str, tuple[int, int]] = {}
        for source, millesime in {(p.source, p.millesime) for p in self.base.parts() if p.niveau == "iris"}:
            if millesime is None or source in SANS_LISTE:
                continue
            annee = catalogue.source(source).geographie_de(millesime, "iris") or millesime
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
        encadres = {
            c
            for c, (premiere, derniere) in self._vus.items()
            if premiere <= annee <= derniere and c[:5] in communes
        }
        gardes = sorted(du_fichier | encadres)
        noms = table[NOM_D_IRIS].reindex(gardes) if NOM_D_IRIS in table else pd.Series("", index=gardes)
        liste = pd.DataFrame({"code": gardes, "nom": noms.to_numpy(), "commune": [c[:5] for c in gardes]})
        return restaurer(self.decoupage.territoires.base, liste)

    def iris(self, source: str) -> Passage:
        """Donner les groupes d'IRIS du sujet."""
        passage = self.geographie(source).iris.passage
        tous = {*passage.avant, *passage.apres, *(n.code for n in passage.non_apparies)}
        if self.sujet.niveau == "iris":
            return passage.restreindre({self.sujet.code})
        siennes = set(self.sujet.composantes)
        if self.tient(source, "iris"):
            siennes |= {c for g in self.communes(source) for c in (*g.avant, *g.apres)}
        return passage.restreindre(
            {c for c in tous if {c[:5], codes.ville_de_l_arrondissement(c[:5])} & siennes}
        )

    def communes(self, source: str) -> list[Groupe]:
        """Donner les groupes de communes du sujet ; une ville à arrondissements est une seule commune."""
        if not self.tient(source, "iris"):
            return [Groupe(c, (c,), (c,)) for c in self.sujet.composantes]
        passage = self.geographie(source).communes
        groupes: dict[str, Groupe] = {}
        for commune in self.sujet.composantes:
            nom = passage.apres.get(commune)
            trouve = Groupe(commune, (commune,), (commune,)) if nom is None else passage.groupes[nom]
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
        tenues = [float(p) for p in connues if p is not None and not pd.isna(p)]
        minorants = [self._sommes(s, v, millesime).get(ville, 0.0) for s, v in MINORANTS]
        # Un minorant au-dessus du seuil suffit ; au-dessous, il ne dit rien.
        tenues += [m for m in minorants if m >= SEUIL_GRANDE_COMMUNE]
        return max(tenues, default=None)

    def _sommes_par_ville(self, source: str, variable: str, millesime: int) -> dict[str, float]:
        if variable not in self.base.colonnes(source, millesime, "iris"):
            return {}
        lues = self.lecteur.table(source, millesime, "iris")[variable].dropna()
        villes = [codes.ville_de_l_arrondissement(str(c)[:5]) for c in lues.index]
        return {str(c): float(v) for c, v in lues.groupby(villes).sum().items()}

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
        for choisis, mots in (
            (reunis, "dans des IRIS comparés par groupe"),
            (laisses, "dans des IRIS laissés de côté"),
        ):
            part = 100 * float(poids[[c in choisis for c in siens]].sum()) / float(poids.sum() or 1)
            if choisis:
                dites.append(f"{avec_unite(part, '%', 1)} {POIDS[variable]} de {self.de} est {mots}.")
        return dites
