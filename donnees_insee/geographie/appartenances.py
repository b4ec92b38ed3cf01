"""Qui contient qui : communes, EPCI, départements, IRIS et QPV, d'après les tables et les couches tenues."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING

import pandas as pd
import pyarrow.parquet as pq

from donnees_insee import codes
from donnees_insee.base.couches import restaurer
from donnees_insee.base.parts import fils_admis, part_lisible
from donnees_insee.codes import normaliser

if TYPE_CHECKING:
    from pathlib import Path

    from donnees_insee.base.base import Base, VueDeBase

__all__ = ["Geographie", "ListeDIris", "geographie", "normaliser"]

# Rang d'une liste d'IRIS dont l'année n'est pas connue : après toutes les listes datées proches.
ECART_INCONNU = 50
# Part de ses communes qu'un EPCI doit avoir prise à un autre pour en porter le nom.
MEMES_COMMUNES = 0.9
NOMS_DE_REFERENCE = {"LIB_IRIS": "nom", "DEPCOM": "commune", "LIBCOM": "nom_commune", "TYP_IRIS": "type"}


@dataclass(frozen=True)
class ListeDIris:
    """Une liste d'IRIS tenue (table de référence ou couche de contours), rangée par commune."""

    annee: int | None
    par_commune: dict[str, list[tuple[str, str | None, str]]]
    codes: dict[str, frozenset[str]]


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
        tables = [self._appartenance(a) for a in self._annees("appartenance", "commune")]
        tables += [self._depuis_reference(a) for a in self._annees("reference_iris", "iris")]
        tables += [self._depuis_caf(a) for a in self._annees("caf", "iris")]
        recensement = ("rp_population", "rp_activite", "rp_logement")
        tables += [self._depuis_recensement(s, a) for s in recensement for a in self._annees(s, "iris")]
        tables += [self._depuis_filosofi(a) for a in self._annees("filosofi", "commune")]
        tables.append(self._depuis_contours())
        tables = [t for t in tables if not t.empty]
        if not tables:
            vide = pd.DataFrame(
                columns=["nom", "epci", "nom_epci", "departement", "region", "annee"], dtype="str"
            )
            return vide.rename_axis("code")
        reunie = tables[0]
        for suivante in tables[1:]:
            reunie = reunie.combine_first(suivante)
        manquants = reunie["departement"].isna()
        reunie.loc[manquants, "departement"] = [
            codes.departement_de_la_commune(str(c)) for c in reunie.index[manquants]
        ]
        return reunie.sort_index()

    def _annees(self, source: str, niveau: str) -> list[int]:
        """Ranger les millésimes : le plus proche de l'année voulue d'abord, sinon le plus récent."""
        annees = self.base.millesimes(source, niveau)
        if self.annee is None:
            return annees[::-1]
        return sorted(annees, key=lambda a: (abs(a - (self.annee or a)), -a))

    def _appartenance(self, annee: int) -> pd.DataFrame:
        brut = self.base.lire("appartenance", annee, "commune")
        return _table(
            brut.index,
            annee,
            nom=brut.get("LIBGEO"),
            epci=brut.get("EPCI"),
            nom_epci=brut.get("LIBEPCI"),
            departement=brut.get("DEP"),
            region=brut.get("REG"),
        )

    def _depuis_reference(self, annee: int) -> pd.DataFrame:
        brut = self.base.lire("reference_iris", annee, "iris").drop_duplicates("DEPCOM").set_index("DEPCOM")
        return _table(
            brut.index, annee, nom=brut.get("LIBCOM"), departement=brut.get("DEP"), region=brut.get("REG")
        )

    def _depuis_caf(self, annee: int) -> pd.DataFrame:
        brut = self.base.lire("caf", annee, "iris")
        if "DEPCOM" not in brut:
            return pd.DataFrame()
        brut = brut.dropna(subset=["DEPCOM"]).drop_duplicates("DEPCOM").set_index("DEPCOM")
        return _table(
            brut.index, annee, nom=brut.get("LIBCOM"), epci=brut.get("EPCI"), region=brut.get("REG")
        )

    def _depuis_recensement(self, source: str, annee: int) -> pd.DataFrame:
        if "COM" not in self.base.colonnes(source, annee, "iris"):
            return pd.DataFrame()
        brut = self.base.lire(source, annee, "iris", colonnes=["COM", "LIBCOM", "REG"])
        brut = brut.dropna(subset=["COM"]).drop_duplicates("COM").set_index("COM")
        return _table(brut.index, annee, nom=brut.get("LIBCOM"), region=brut.get("REG"))

    def _depuis_filosofi(self, annee: int) -> pd.DataFrame:
        brut = self.base.lire("filosofi", annee, "commune", colonnes=["LIBGEO", "NB_MENAGES"])
        return _table(brut.index, annee, nom=brut.get("LIBGEO"))

    def _depuis_contours(self) -> pd.DataFrame:
        morceaux = [t for _, t in self._listes_des_contours if not t.empty]
        if not morceaux:
            return pd.DataFrame()
        tout = pd.concat(morceaux).drop_duplicates("commune").set_index("commune")
        return _table(tout.index, None, nom=tout["nom_commune"])

    @cached_property
    def epci(self) -> pd.Series:
        """Noms des EPCI."""
        noms: dict[str, str] = {}
        for annee in self.base.millesimes("filosofi", "epci"):
            libelles = self.base.lire("filosofi", annee, "epci", colonnes=["LIBGEO"])
            noms.update(
                {str(c): str(n) for c, n in libelles.get("LIBGEO", pd.Series(dtype=str)).dropna().items()}
            )
        # Un nom va avec le code de sa propre table : celui d'une autre année peut être d'un autre EPCI.
        for annee in self._annees("appartenance", "commune")[::-1]:
            table = self._appartenance(annee).dropna(subset=["epci", "nom_epci"]).drop_duplicates("epci")
            noms.update({str(c): str(n) for c, n in zip(table["epci"], table["nom_epci"], strict=True)})
        for code in self.communes["epci"].dropna().unique():
            if str(code) not in noms:
                noms[str(code)] = self._nom_d_epci_suivi(str(code), noms)
        noms.pop("ZZZZZZZZZ", None)
        if codes.METROPOLE_DU_GRAND_PARIS in noms:
            noms.update(
                {e: f"{n} (EPT)" for e, n in codes.etablissements_territoriaux().values() if e != "T1"}
            )
        return pd.Series(noms, dtype="str", name="nom").sort_index()

    def _nom_d_epci_suivi(self, code: str, noms: dict[str, str]) -> str:
        """Nommer un EPCI qu'aucune table ne nomme d'après celui où étaient presque toutes ses communes."""
        siennes = set(self.communes.index[self.communes["epci"] == code])
        for annee in self._annees("appartenance", "commune"):
            avant = self._appartenance(annee)["epci"].reindex(sorted(siennes)).dropna()
            compte = avant[avant != code].value_counts()
            if (
                len(compte)
                and compte.iloc[0] >= MEMES_COMMUNES * len(siennes)
                and str(compte.index[0]) in noms
            ):
                return noms[str(compte.index[0])]
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
    def _listes_des_contours(self) -> list[tuple[int | None, pd.DataFrame]]:
        listes = []
        for annee, chemin in self.base.couches("contours_iris"):
            lue = _colonnes(chemin, ["code", "nom", "commune", "nom_commune", "type"])
            listes.append((annee, restaurer(self.base, lue)))
        return listes

    def _listes_d_iris(self) -> list[tuple[int | None, pd.DataFrame]]:
        listes = []
        for annee in self.base.millesimes("reference_iris", "iris"):
            brut = self.base.lire("reference_iris", annee, "iris").reset_index()
            nommees = brut.rename(columns=NOMS_DE_REFERENCE)
            # Une table sans type ni nom de commune reste une liste : ces colonnes sont alors vides.
            listes.append((annee, nommees.reindex(columns=["code", *NOMS_DE_REFERENCE.values()])))
        return listes + self._listes_des_contours

    @cached_property
    def _listes_par_commune(self) -> list[ListeDIris]:
        """Indexer chaque liste par commune, une fois : une région en consulte des milliers."""
        listes = []
        for annee, table in self._listes_d_iris():
            par_commune: dict[str, list[tuple[str, str | None, str]]] = {}
            noms = table["nom"].astype(object).where(table["nom"].notna(), None)
            types = table["type"].fillna("").astype(str)
            colonnes = (table["code"].tolist(), table["commune"].tolist(), noms.tolist(), types.tolist())
            for code, commune, nom, type_iris in zip(*colonnes, strict=True):
                par_commune.setdefault(str(commune), []).append((str(code), nom, type_iris))
            dedans = {c: frozenset(code for code, _, _ in lignes) for c, lignes in par_commune.items()}
            listes.append(ListeDIris(annee, par_commune, dedans))
        return listes

    def codes_d_iris(
        self, commune: str, vus: set[str], annee: int | None = None
    ) -> list[tuple[str, str | None, str]]:
        """Donner la liste de référence des IRIS d'une commune, dans la géographie des données lues."""
        communes = self._avec_arrondissements(commune)
        choisie: tuple[tuple[int, int, int], list[tuple[str, str | None, str]]] | None = None
        for liste in self._listes_par_commune:
            if len(communes) == 1:
                lignes = liste.par_commune.get(commune)
                if not lignes:
                    continue
                absents = len(vus - liste.codes[commune])
            else:
                lignes = [ligne for c in communes for ligne in liste.par_commune.get(c, ())]
                if not lignes:
                    continue
                absents = len(vus - {code for code, _, _ in lignes})
            ecart = ECART_INCONNU if liste.annee is None or annee is None else abs(liste.annee - annee)
            rang = (absents, ecart, -len(lignes))
            if choisie is None or rang < choisie[0]:
                choisie = (rang, lignes)
        if choisie is None:
            return [(c, None, "Z" if c.endswith("0000") else "") for c in sorted(vus)]
        return sorted(dict.fromkeys(choisie[1]))

    def iris(self, commune: str, vus: set[str], annee: int | None = None) -> pd.DataFrame:
        """Donner la liste de référence des IRIS d'une commune, avec leurs noms."""
        communes = set(self._avec_arrondissements(commune))
        lignes = self.codes_d_iris(commune, {c for c in vus if c[:5] in communes}, annee)
        return pd.DataFrame(
            {
                "code": [c for c, _, _ in lignes],
                "nom": [n for _, n, _ in lignes],
                "commune": [c[:5] for c, _, _ in lignes],
                "type": [t or None for _, _, t in lignes],
            },
            dtype="object",
        ).set_index("code")

    def _avec_arrondissements(self, commune: str) -> list[str]:
        prefixe = codes.ARRONDISSEMENTS.get(commune)
        if prefixe is None:
            return [commune]
        connues = {c for liste in self._listes_par_commune for c in liste.par_commune}
        connues |= set(self.communes.index)
        return sorted(c for c in connues if c.startswith(prefixe) and c != commune)

    # -- QPV -----------------------------------------------------------------------------------

    @cached_property
    def qpv(self) -> pd.DataFrame:
        """Tous les QPV connus."""
        noms: dict[str, str] = {}
        communes: dict[str, tuple[str, ...]] = {}
        for _, chemin in self.base.couches("contours_qpv"):
            table = _colonnes(chemin, ["code", "nom", "commune", "nom_commune"])
            for ligne in table.itertuples():
                noms[ligne.code] = str(ligne.nom)
                communes[ligne.code] = tuple(re.findall(r"\d[\dAB]\d{3}", str(ligne.commune)))
        for source, annee in self._tables_de_qpv():
            table = self.base.lire(source, annee, "qpv", colonnes=["LIBGEO", "LIB_COM"])
            sans = [None] * len(table)
            libelles = (table[n].tolist() if n in table else sans for n in ("LIBGEO", "LIB_COM"))
            for code, nom, ou in zip(table.index.tolist(), *libelles, strict=True):
                if pd.notna(nom):
                    noms.setdefault(code, str(nom))
                if pd.notna(ou) and not communes.get(code):
                    communes[code] = self._communes_nommees(code, str(ou))
                noms.setdefault(code, f"QPV {code}")
        lignes = [
            (c, noms[c], communes.get(c, ()), 2024 if c.startswith("QN") else 2015) for c in sorted(noms)
        ]
        return pd.DataFrame(lignes, columns=["code", "nom", "communes", "generation"]).set_index("code")

    def _tables_de_qpv(self) -> list[tuple[str, int | None]]:
        sources = ("qpv_demographie", "qpv_emploi", "qpv_revenus")
        dates: list[tuple[str, int | None]] = [(s, a) for s in sources for a in self.base.millesimes(s)[::-1]]
        # Une table où les noms manquent ne doit pas donner son nom au quartier : celles qui nomment d'abord.
        nommees = [("qpv_liste", None)] if any(p.source == "qpv_liste" for p in self.base.parts()) else []
        return nommees + sorted(dates, key=lambda d: "LIBGEO" not in self.base.colonnes(d[0], d[1], "qpv"))

    @cached_property
    def _codes_par_nom(self) -> dict[tuple[str, str], str]:
        table = self.communes.dropna(subset=["nom"])
        colonnes = (table.index.tolist(), table["nom"].tolist(), table["departement"].tolist())
        return {(str(d), normaliser(str(n))): str(c) for c, n, d in zip(*colonnes, strict=True)}

    def _communes_nommees(self, qpv: str, noms: str) -> tuple[str, ...]:
        """Retrouver les communes d'un QPV par leurs noms, dans le département que porte son code."""
        departement = qpv[2:5].removeprefix("0")
        trouves = [self._codes_par_nom.get((departement, normaliser(n))) for n in noms.split(",")]
        return tuple(c for c in trouves if c is not None)


def _colonnes(chemin: Path, noms: list[str]) -> pd.DataFrame:
    """Lire des colonnes d'une couche, sans sa géométrie."""
    with part_lisible(chemin), pq.ParquetFile(chemin, pre_buffer=fils_admis()) as fichier:
        return fichier.read(columns=noms, use_threads=fils_admis()).to_pandas(use_threads=fils_admis())


def _table(index: pd.Index, annee: int | None, **colonnes: pd.Series | None) -> pd.DataFrame:
    table = pd.DataFrame(index=pd.Index(index, name="code"))
    for nom in ("nom", "epci", "nom_epci", "departement", "region"):
        serie = colonnes.get(nom)
        table[nom] = (
            pd.Series([None] * len(table), index=table.index, dtype="str")
            if serie is None
            else serie.to_numpy()
        )
    table["annee"] = float("nan") if annee is None else float(annee)
    return table[~table.index.duplicated()]
