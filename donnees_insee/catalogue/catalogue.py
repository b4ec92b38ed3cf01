"""Le catalogue des sources : un fichier TOML par source, lu une fois, vérifié en entier."""

import re
import tomllib
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from donnees_insee.catalogue import jeux_melodi
from donnees_insee.catalogue import tables as tables_du_catalogue
from donnees_insee.catalogue.tables import Millesime
from donnees_insee.erreurs import DonneeAbsente, TableNonConforme, liste_de_fautes


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
    # Famille de sources dont cette partie suit les règles de comparaison.
    regles: str = ""


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
    accompagne: tuple[str, ...] = ()
    a_venir: bool = False
    sans_millesime: bool = False
    millesime_dans_le_nom: bool = False
    millesime_dans_la_colonne: str = ""
    decalage_geographie: int | None = None
    colonnes_exactes: int | None = None
    codes: str = ""
    identite: tuple[str, ...] = ("code",)
    exclusif: str = ""
    # Sources qui portent les mêmes variables, à d'autres niveaux : mêmes relations, et lectures qui s'en déduisent.
    jumelle_de: tuple[str, ...] = ()
    # Vrai d'un fichier qui n'a que des lignes non nulles : national, ce qui n'y est pas vaut zéro.
    absent_nul: bool = False
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
    simples = {cle: tuple(valeur) if isinstance(valeur, list) else valeur for cle, valeur in donnees.items()}
    lus = {
        "types_hors_champ": frozenset(simples.get("types_hors_champ", ())),
        "lignes_d_ensemble": frozenset(simples.get("lignes_d_ensemble", ())),
        "motifs": tuple(Motif(**{**m, "brut": re.compile(m["brut"])}) for m in donnees.get("motifs", ())),
        "millesimes": tables_du_catalogue.millesimes().get(donnees["id"], ()),
        "absences": {a["annee"]: a["raison"] for a in donnees.get("absences", ())},
        "attributs": {a["variable"]: tuple(a["bruts"]) for a in donnees.get("attributs", ())},
        "parties": tuple(_partie(p) for p in donnees.get("parties", ())),
    }
    return Source(**simples | lus)


def _partie(brute: dict[str, Any]) -> Partie:
    temoins = tuple(tuple(t.split()) for t in brute.get("temoins", ()))
    return Partie(**{**brute, "motif": re.compile(brute["motif"]), "temoins": temoins})


@lru_cache(maxsize=1)
def sources() -> dict[str, Source]:
    """Lire toutes les sources du catalogue."""
    trouvees: dict[str, Source] = {}
    fautes: list[str] = []
    for nom, texte in tables_du_catalogue.fichiers_toml("sources"):
        try:
            source = _source(tomllib.loads(texte))
            trouvees[source.id] = source
        except (TypeError, KeyError, re.error, tomllib.TOMLDecodeError) as cause:
            fautes.append(f"{nom} : {cause}")
    orphelines = sorted(tables_du_catalogue.millesimes().keys() - trouvees.keys())
    fautes += [f"millesimes.csv : la source « {i} » n'a pas de fichier TOML." for i in orphelines]
    if fautes:
        raise TableNonConforme(liste_de_fautes("Le catalogue des sources est fautif :", fautes))
    return trouvees


def relire() -> None:
    """Relire le catalogue : un fichier, ou la variable ``ABS_CATALOGUE``, vient de changer."""
    tables_du_catalogue.oublier()
    jeux_melodi.oublier()
    sources.cache_clear()


def source(identifiant: str) -> Source:
    """Donner une source du catalogue."""
    try:
        return sources()[identifiant]
    except KeyError:
        raise DonneeAbsente(
            f"La source « {identifiant} » n'est pas au catalogue. Sources connues : {', '.join(sources())}."
        ) from None
