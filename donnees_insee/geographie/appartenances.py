"""Qui contient qui : communes, EPCI, départements, IRIS et QPV, d'après les tables et les couches tenues."""

from __future__ import annotations

import re
from collections import defaultdict
from functools import cached_property, lru_cache, reduce
from operator import itemgetter
from pathlib import Path
from typing import Final

import pandas as pd

from donnees_insee import codes
from donnees_insee.base.base import Base, VueDeBase
from donnees_insee.codes import normaliser, reference
from donnees_insee.geographie.listes_iris import lire_sans_geometrie, listes_tenues

__all__ = ["Geographie", "geographie", "normaliser"]

# Un IRIS d'une liste : son code, son nom, son type.
Iris = tuple[str, str | None, str]

# Rang d'une liste d'IRIS dont l'année n'est pas connue : après toutes les listes datées proches.
ECART_INCONNU = 50
# Part de ses communes qu'un EPCI doit avoir prise à un autre pour en porter le nom.
MEMES_COMMUNES = 0.9
# Ce qu'une table dit d'une commune ; « appartenances.csv » donne les colonnes où chaque source le porte.
ATTRIBUTS: Final = ("nom", "epci", "nom_epci", "departement", "region")
TABLES_DE_QPV: Final = (
    "qpv_demographie_2024",
    "qpv_demographie",
    "qpv_emploi",
    "qpv_revenus",
    "qpv_filosofi",
)
LISTE_DES_QPV: Final = "qpv_liste"


def geographie(base: Base, annee: int | None = None) -> Geographie:
    """Donner la géographie d'une base, établie une fois par processus tant que ses fichiers ne changent pas."""
    # Une base qui prépare ses parts à la demande n'a pas de vue qui les dise d'avance.
    return Geographie(base, annee) if base.a_la_demande else _partagee(base.vue(), annee)


@lru_cache(maxsize=4)
def _partagee(vue: VueDeBase, annee: int | None) -> Geographie:
    return Geographie(vue.base, annee)


class Geographie:
    """Tables d'appartenance tirées de la base."""

    def __init__(self, base: Base, annee: int | None = None) -> None:
        self.base = base
        self.annee = annee

    def precharger(self) -> None:
        """Lire d'avance ce que tout portrait demande : communes, EPCI, listes d'IRIS, QPV."""
        _ = (self.communes, self.epci, self._listes_par_commune, self.qpv)

    # -- communes ------------------------------------------------------------------------------

    @cached_property
    def communes(self) -> pd.DataFrame:
        """Toutes les communes connues."""
        tables = [
            self._table(origine, annee)
            for origine in reference("appartenances")
            for annee in self._annees(origine["source"], origine["niveau"])
        ]
        if contours := [t for _, chemin, t in self._listes if chemin is not None and not t.empty]:
            nommees = pd.concat(contours).drop_duplicates("commune").set_index("commune")
            tables.append(_completer(nommees[["nom_commune"]].set_axis(["nom"], axis=1), None))
        reunie = reduce(
            pd.DataFrame.combine_first,
            [t for t in tables if not t.empty] or [_completer(pd.DataFrame(), None)],
        )
        deduits = reunie.index.to_series().map(codes.departement_de_la_commune)
        return reunie.assign(departement=reunie["departement"].fillna(deduits)).sort_index()

    def _annees(self, source: str, niveau: str) -> list[int]:
        """Ranger les millésimes : le plus proche de l'année voulue d'abord, sinon le plus récent."""
        annees = self.base.millesimes(source, niveau)
        if self.annee is None:
            return annees[::-1]
        return sorted(annees, key=lambda a: (abs(a - (self.annee or a)), -a))

    def _table(self, origine: dict[str, str], annee: int) -> pd.DataFrame:
        """Lire ce qu'une source dit des communes."""
        cle, bruts = origine["commune"], {origine[a]: a for a in ATTRIBUTS if origine[a]}
        table = self.base.lire(origine["source"], annee, origine["niveau"], colonnes=[*bruts, cle])
        if cle:
            if cle not in table:
                return pd.DataFrame()
            table = table.dropna(subset=[cle]).drop_duplicates(cle).set_index(cle)
        return _completer(table.rename(columns=bruts), annee)

    def _appartenance(self, annee: int) -> pd.DataFrame:
        return self._table(reference("appartenances")[0], annee)

    @cached_property
    def epci(self) -> pd.Series:
        """Noms des EPCI."""
        noms: dict[str, str] = {}
        for annee in self.base.millesimes("filosofi", "epci"):
            libelles = self.base.lire("filosofi", annee, "epci", colonnes=["LIBGEO"])
            noms |= libelles.get("LIBGEO", pd.Series(dtype="str")).dropna().to_dict()
        # Un nom va avec le code de sa propre table : celui d'une autre année peut être d'un autre EPCI.
        for annee in self._annees("appartenance", "commune")[::-1]:
            table = self._appartenance(annee).dropna(subset=["epci", "nom_epci"]).drop_duplicates("epci")
            noms |= dict(zip(table["epci"], table["nom_epci"], strict=True))
        for code in set(self.communes["epci"].dropna()) - noms.keys():
            noms[code] = self._nom_d_epci_suivi(code, noms)
        noms.pop("ZZZZZZZZZ", None)
        if codes.METROPOLE_DU_GRAND_PARIS in noms:
            noms |= {e: f"{n} (EPT)" for e, n in codes.etablissements_territoriaux().values() if e != "T1"}
        return pd.Series(noms, dtype="str", name="nom").sort_index()

    def _nom_d_epci_suivi(self, code: str, noms: dict[str, str]) -> str:
        """Nommer un EPCI qu'aucune table ne nomme d'après celui où étaient presque toutes ses communes."""
        siennes = set(self.communes.index[self.communes["epci"] == code])
        for annee in self._annees("appartenance", "commune"):
            avant = self._appartenance(annee)["epci"].reindex(sorted(siennes)).dropna()
            for autre, nombre in avant[avant != code].value_counts().head(1).items():
                if nombre >= MEMES_COMMUNES * len(siennes) and autre in noms:
                    return noms[autre]
        return f"EPCI {code}"

    def communes_d_un_epci_ancien(self, code: str) -> tuple[int, list[str]] | None:
        """Lister les communes d'un EPCI dont le code n'a plus cours."""
        for annee in sorted(self.base.millesimes("appartenance", "commune"), reverse=True):
            table = self._appartenance(annee)
            siennes = [str(c) for c in table.index[table["epci"] == code]]
            if siennes:
                return annee, siennes
        return None

    def communes_de(self, niveau: str, code: str) -> list[str]:
        """Lister les communes d'un EPCI, d'un département ou d'une région."""
        table = self.communes
        recente = table["annee"].dropna().max() if self.annee is None else self.annee
        epts = codes.etablissements_territoriaux() if re.fullmatch(r"T\d+", code) else {}
        siennes = (
            [epts.get(str(c), ("", ""))[0] == code for c in table.index] if epts else table[niveau] == code
        )
        du_niveau = table[siennes]
        datees = du_niveau[du_niveau["annee"] == recente]
        choisies = datees if len(datees) else du_niveau
        return [c for c in choisies.index if codes.ville_de_l_arrondissement(c) == c]

    # -- IRIS ----------------------------------------------------------------------------------

    @cached_property
    def _listes(self) -> list[tuple[int | None, Path | None, pd.DataFrame]]:
        return list(listes_tenues(self.base))

    @cached_property
    def _listes_par_commune(self) -> list[tuple[int | None, dict[str, list[Iris]]]]:
        """Indexer chaque liste par commune, une fois : une région en consulte des milliers."""
        listes = []
        for annee, _, table in self._listes:
            par_commune: dict[str, list[Iris]] = defaultdict(list)
            noms = table["nom"].astype(object).where(table["nom"].notna(), None)
            types = table["type"].fillna("").astype(str)
            for code, commune, nom, type_iris in zip(
                table["code"], table["commune"], noms, types, strict=True
            ):
                par_commune[str(commune)].append((str(code), nom, type_iris))
            listes.append((annee, dict(par_commune)))
        return listes

    def codes_d_iris(self, commune: str, vus: set[str], annee: int | None = None) -> list[Iris]:
        """Donner la liste de référence des IRIS d'une commune, dans la géographie des données lues."""
        communes = self._avec_arrondissements(commune)
        rangees: list[tuple[tuple[int, int, int], list[Iris]]] = []
        for de_la_liste, par_commune in self._listes_par_commune:
            if lignes := [ligne for c in communes for ligne in par_commune.get(c, ())]:
                absents = len(vus - {code for code, _, _ in lignes})
                ecart = ECART_INCONNU if de_la_liste is None or annee is None else abs(de_la_liste - annee)
                rangees.append(((absents, ecart, -len(lignes)), lignes))
        if not rangees:
            return [(c, None, "Z" if c.endswith("0000") else "") for c in sorted(vus)]
        _, choisie = min(rangees, key=itemgetter(0))
        return sorted(dict.fromkeys(choisie))

    def iris(self, commune: str, vus: set[str], annee: int | None = None) -> pd.DataFrame:
        """Donner la liste de référence des IRIS d'une commune, avec leurs noms."""
        communes = set(self._avec_arrondissements(commune))
        trouves = self.codes_d_iris(commune, {c for c in vus if c[:5] in communes}, annee)
        lignes = [(code, nom, code[:5], genre or None) for code, nom, genre in trouves]
        colonnes = ["code", "nom", "commune", "type"]
        return pd.DataFrame(lignes, columns=colonnes, dtype="object").set_index("code")

    def _avec_arrondissements(self, commune: str) -> list[str]:
        prefixe = codes.ARRONDISSEMENTS.get(commune)
        if prefixe is None:
            return [commune]
        connues = set(self.communes.index).union(
            *(par_commune for _, par_commune in self._listes_par_commune)
        )
        return sorted(c for c in connues if c.startswith(prefixe) and c != commune)

    # -- QPV -----------------------------------------------------------------------------------

    @cached_property
    def qpv(self) -> pd.DataFrame:
        """Tous les QPV connus."""
        noms: dict[str, str] = {}
        communes: dict[str, tuple[str, ...]] = {}
        for _, chemin in self.base.couches("contours_qpv"):
            for ligne in lire_sans_geometrie(chemin, ["code", "nom", "commune"]).itertuples():
                noms[ligne.code] = str(ligne.nom)
                communes[ligne.code] = _codes_de_communes(ligne.commune)
        for source, annee in self._tables_de_qpv():
            lues = ["LIBGEO", "COM", "LIB_COM"]
            table = self.base.lire(source, annee, "qpv", colonnes=lues)
            for code, nom, siennes, ou in table.reindex(columns=lues).itertuples():
                if pd.notna(nom):
                    noms.setdefault(code, str(nom))
                # La liste est refaite à chaque code officiel géographique : elle l'emporte sur la couche.
                if pd.notna(siennes) and (source == LISTE_DES_QPV or not communes.get(code)):
                    communes[code] = _codes_de_communes(siennes)
                elif pd.notna(ou) and not communes.get(code):
                    communes[code] = self._communes_nommees(code, str(ou))
                noms.setdefault(code, f"QPV {code}")
        lignes = [
            (c, noms[c], communes.get(c, ()), 2024 if c.startswith("QN") else 2015) for c in sorted(noms)
        ]
        return pd.DataFrame(lignes, columns=["code", "nom", "communes", "generation"]).set_index("code")

    def _tables_de_qpv(self) -> list[tuple[str, int | None]]:
        dates = [(s, a) for s in TABLES_DE_QPV for a in self.base.millesimes(s)[::-1]]
        # Une table où les noms manquent ne doit pas donner son nom au quartier : celles qui nomment d'abord.
        nommees = [(LISTE_DES_QPV, None)] if self.base.parts_de(LISTE_DES_QPV) else []
        return nommees + sorted(dates, key=lambda d: "LIBGEO" not in self.base.colonnes(d[0], d[1], "qpv"))

    @cached_property
    def _codes_par_nom(self) -> dict[tuple[str, str], str]:
        table = self.communes.dropna(subset=["nom"])
        colonnes = (table.index.tolist(), table["nom"].tolist(), table["departement"].tolist())
        return {(str(d), normaliser(str(n))): str(c) for c, n, d in zip(*colonnes, strict=True)}

    def _communes_nommees(self, qpv: str, noms: str) -> tuple[str, ...]:
        """Retrouver les communes d'un QPV par leurs noms, dans le département que porte son code."""
        departement = qpv[2:5].removeprefix("0")
        trouves = [self._codes_par_nom.get((departement, normaliser(n))) for n in re.split("[,;]", noms)]
        return tuple(c for c in trouves if c is not None)


def _codes_de_communes(texte: object) -> tuple[str, ...]:
    """Lire des codes de communes, quel que soit ce qui les sépare : « ; » dans la liste, « , » dans la couche."""
    return tuple(dict.fromkeys(re.findall(r"\d[\dAB]\d{3}", str(texte))))


def _completer(table: pd.DataFrame, annee: int | None) -> pd.DataFrame:
    """Donner à une table de communes tous ses attributs, vides s'ils manquent, et son année."""
    complete = table.reindex(columns=list(ATTRIBUTS)).astype("str").rename_axis("code")
    complete["annee"] = float("nan") if annee is None else float(annee)
    return complete[~complete.index.duplicated()]
