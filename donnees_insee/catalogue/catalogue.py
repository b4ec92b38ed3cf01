"""Le catalogue des sources : un fichier TOML par source, lu une fois, vérifié en entier."""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass, field
from functools import lru_cache
from importlib import resources
from typing import Any

from donnees_insee.catalogue import tables as tables_du_catalogue
from donnees_insee.catalogue.tables import (
    CERTITUDES,
    Millesime,
    Variable,
    enquetes_annuelles,
    marques,
    plan,
    variables_attendues,
)
from donnees_insee.erreurs import DonneeAbsente, TableNonConforme, liste_de_fautes

__all__ = [
    "CERTITUDES",
    "Millesime",
    "Motif",
    "Partie",
    "Source",
    "Variable",
    "enquetes_annuelles",
    "marques",
    "plan",
    "relire",
    "source",
    "sources",
    "variables_attendues",
]


@dataclass(frozen=True)
class Motif:
    """Règle qui traduit un nom de colonne du producteur en nom de variable stable."""

    brut: re.Pattern[str]
    variable: str = "{tout}"
    type: str = "nombre"
    vide: str | None = None
    vide_note: str | None = None


@dataclass(frozen=True)
class Partie:
    """Une partie d'une édition : des variables d'une même date, qui n'est pas celle de l'édition."""

    nom: str
    motif: re.Pattern[str]
    periode: str
    sondage: bool = False
    variable: str = ""
    temoins: tuple[tuple[str, str, str], ...] = ()
    du_millesime: bool = False


@dataclass(frozen=True, eq=False)
class Source:
    """Une source du catalogue."""

    id: str
    titre: str
    titre_court: str
    producteur: str
    licence: str
    famille: str
    niveaux: tuple[str, ...]
    cle: tuple[str, ...]
    vide: str
    types_hors_champ: frozenset[str]
    periode: str
    portee: str
    rappel_demande: str
    vide_note: str = ""
    signature: tuple[str, ...] = ()
    exclut: tuple[str, ...] = ()
    motifs: tuple[Motif, ...] = ()
    millesimes: tuple[Millesime, ...] = ()
    absences: dict[int, str] = field(default_factory=dict)
    parties: tuple[Partie, ...] = ()
    attributs: dict[str, tuple[str, ...]] = field(default_factory=dict)
    lignes_d_ensemble: frozenset[str] = frozenset()
    prefixe: bool = False
    couche: bool = False
    a_venir: bool = False
    sans_millesime: bool = False
    millesime_dans_le_nom: bool = False
    millesime_dans_la_colonne: str = ""
    decalage_geographie: int | None = None
    colonnes_exactes: int | None = None
    codes: str = ""
    identite: tuple[str, ...] = ("code",)
    exclusif: str = ""
    attributs_seuls: bool = False
    annee_du_nom: str = ""
    niveau_des_lignes: str = ""
    plafonds: dict[str, float] = field(default_factory=dict)

    def partie_de(self, variable: str) -> Partie | None:
        """Donner la partie d'édition qui porte une variable."""
        return next((p for p in self.parties if p.motif.fullmatch(variable)), None)

    def periode_de(self, millesime: int | None) -> str:
        """Dire la période d'un millésime, ou l'édition quand la source réunit des parties de dates différentes."""
        return self.periode.format(millesime=millesime if millesime is not None else "sans date")

    def geographie_de(self, millesime: int | None, niveau: str = "") -> int | None:
        """Donner l'année de la géographie d'un millésime, si la source la publie."""
        if millesime is None:
            return None
        datees = [m for m in self.millesimes if m.annee == millesime and m.geographie]
        du_niveau = [m for m in datees if niveau and ("IRIS" in m.contenu) == (niveau == "iris")]
        annees = {m.geographie for m in du_niveau or datees}
        if len(annees) == 1 or (annees and not niveau):
            return min(a for a in annees if a is not None)
        if annees or self.decalage_geographie is None:
            return None
        return millesime + self.decalage_geographie


def _source(donnees: dict[str, Any]) -> Source:
    simples = {k: v for k, v in donnees.items() if k not in {"motifs", "absences", "attributs", "parties"}}
    for cle in ("niveaux", "cle", "signature", "exclut"):
        simples[cle] = tuple(simples.get(cle, ()))
    if "identite" in simples:
        simples["identite"] = tuple(simples["identite"])
    for cle in ("types_hors_champ", "lignes_d_ensemble"):
        simples[cle] = frozenset(simples.get(cle, ()))
    motifs = tuple(Motif(**{**m, "brut": re.compile(m["brut"])}) for m in donnees.get("motifs", ()))
    return Source(
        **simples,
        motifs=motifs,
        millesimes=tables_du_catalogue.millesimes().get(donnees["id"], ()),
        absences={a["annee"]: a["raison"] for a in donnees.get("absences", ())},
        attributs={a["variable"]: tuple(a["bruts"]) for a in donnees.get("attributs", ())},
        parties=tuple(_partie(p) for p in donnees.get("parties", ())),
    )


def _partie(brute: dict[str, Any]) -> Partie:
    temoins = [tuple(t.split()) for t in brute.get("temoins", ())]
    return Partie(**{**brute, "motif": re.compile(brute["motif"]), "temoins": tuple(temoins)})


@lru_cache(maxsize=1)
def sources() -> dict[str, Source]:
    """Lire toutes les sources du catalogue."""
    trouvees: dict[str, Source] = {}
    fautes: list[str] = []
    dossier = resources.files("donnees_insee.catalogue") / "sources"
    for fichier in sorted(dossier.iterdir(), key=lambda f: f.name):
        if not fichier.name.endswith(".toml"):
            continue
        try:
            source = _source(tomllib.loads(fichier.read_text(encoding="utf-8")))
            trouvees[source.id] = source
        except (TypeError, KeyError, re.error, tomllib.TOMLDecodeError) as cause:
            fautes.append(f"{fichier.name} : {cause}")
    orphelines = sorted(tables_du_catalogue.millesimes().keys() - trouvees.keys())
    fautes += [f"millesimes.csv : la source « {i} » n'a pas de fichier TOML." for i in orphelines]
    if fautes:
        raise TableNonConforme(liste_de_fautes("Le catalogue des sources est fautif :", fautes))
    return trouvees


def relire() -> None:
    """Relire le catalogue : un fichier, ou la variable ``ABS_CATALOGUE``, vient de changer."""
    tables_du_catalogue.oublier()
    sources.cache_clear()


def source(identifiant: str) -> Source:
    """Donner une source du catalogue."""
    try:
        return sources()[identifiant]
    except KeyError:
        raise DonneeAbsente(
            f"La source « {identifiant} » n'est pas au catalogue. Sources connues : {', '.join(sources())}."
        ) from None
