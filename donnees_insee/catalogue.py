"""Le catalogue des sources : un fichier TOML par source, lu une fois, vérifié en entier."""

from __future__ import annotations

import csv
import re
import tomllib
from dataclasses import dataclass, field
from functools import lru_cache
from importlib import resources
from typing import Any

from donnees_insee.erreurs import DonneeAbsente, TableNonConforme, liste_de_fautes


@dataclass(frozen=True)
class Motif:
    """Règle qui traduit un nom de colonne du producteur en nom de variable stable.

    Attributes
    ----------
    brut : re.Pattern of str
        Forme du nom publié ; les groupes ``aa`` portent l'année sur deux chiffres.
    variable : str
        Gabarit du nom stable (``{nom}``, ``{serie}``, ``{tout}``).
    type : str
        ``nombre``, ``texte``, ``note`` ou ``ignore``.
    vide : str or None
        Statut d'une cellule vide, si ce n'est pas celui de la source.
    vide_note : str or None
        Phrase qui explique cette cellule vide.
    """

    brut: re.Pattern[str]
    variable: str = "{tout}"
    type: str = "nombre"
    vide: str | None = None
    vide_note: str | None = None


@dataclass(frozen=True)
class Millesime:
    """Un millésime annoncé d'une source : où le trouver, et à quel point on en est sûr."""

    annee: int
    geographie: int | None = None
    page: str = ""
    url: str = ""
    membre: str = ""
    certitude: str = "inconnue"


@dataclass(frozen=True, eq=False)
class Source:
    """Une source du catalogue.

    Attributes
    ----------
    id : str
        Identifiant ASCII, nom du fichier TOML.
    famille : str
        Nom employé dans ``--millesimes famille=AAAA``.
    niveaux : tuple of str
        Niveaux géographiques possibles.
    vide : str
        Statut d'une cellule vide (``secret`` ou ``indisponible``).
    types_hors_champ : frozenset of str
        Types d'IRIS que la source ne couvre pas par construction.
    identite : tuple of str
        Colonnes dont l'ensemble ne se répète pas ; vide pour une liste d'évènements ou d'équipements.
    """

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
    parties: tuple[dict[str, Any], ...] = ()
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

    def periode_de(self, millesime: int | None, variable: str = "") -> str:
        """Dire la date d'un chiffre : période de la source, ou de la partie qui le porte.

        Parameters
        ----------
        millesime : int or None
            Millésime ou édition.
        variable : str, default ""
            Variable lue ; une édition QPV réunit des parties de dates différentes.

        Returns
        -------
        str
            Par exemple ``"recensement 2016"``.
        """
        for partie in self.parties:
            if partie["edition"] == millesime and re.fullmatch(partie["motif"], variable):
                return str(partie["periode"])
        return self.periode.format(millesime=millesime if millesime is not None else "sans date")

    def annee_des_donnees(self, periode: str) -> int | None:
        """Donner l'année des données d'une partie d'édition, quand elle est connue.

        Parameters
        ----------
        periode : str
            Période rendue par :meth:`periode_de`.

        Returns
        -------
        int or None
            Année, ou ``None`` si l'édition ne la dit pas.
        """
        return next((int(p["annee"]) for p in self.parties if p["periode"] == periode and "annee" in p), None)

    def geographie_de(self, millesime: int | None) -> int | None:
        """Donner l'année de la géographie d'un millésime, si la source la publie.

        Parameters
        ----------
        millesime : int or None
            Millésime.

        Returns
        -------
        int or None
            Année du code officiel géographique.
        """
        if millesime is None:
            return None
        for connu in self.millesimes:
            if connu.annee == millesime and connu.geographie:
                return connu.geographie
        return None if self.decalage_geographie is None else millesime + self.decalage_geographie


def _source(donnees: dict[str, Any]) -> Source:
    simples = {
        k: v
        for k, v in donnees.items()
        if k not in {"motifs", "millesimes", "absences", "attributs", "parties"}
    }
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
        millesimes=tuple(Millesime(**m) for m in donnees.get("millesimes", ())),
        absences={a["annee"]: a["raison"] for a in donnees.get("absences", ())},
        attributs={a["variable"]: tuple(a["bruts"]) for a in donnees.get("attributs", ())},
        parties=tuple(donnees.get("parties", ())),
    )


@lru_cache(maxsize=1)
def sources() -> dict[str, Source]:
    """Lire toutes les sources du catalogue.

    Returns
    -------
    dict of str to Source
        Sources rangées par identifiant.

    Raises
    ------
    TableNonConforme
        Si une entrée du catalogue est fautive ; toutes les fautes sont dites.
    """
    trouvees: dict[str, Source] = {}
    fautes: list[str] = []
    dossier = resources.files("donnees_insee") / "sources"
    for fichier in sorted(dossier.iterdir(), key=lambda f: f.name):
        if not fichier.name.endswith(".toml"):
            continue
        try:
            source = _source(tomllib.loads(fichier.read_text(encoding="utf-8")))
            trouvees[source.id] = source
        except (TypeError, KeyError, re.error, tomllib.TOMLDecodeError) as cause:
            fautes.append(f"{fichier.name} : {cause}")
    if fautes:
        raise TableNonConforme(liste_de_fautes("Le catalogue des sources est fautif :", fautes))
    return trouvees


def source(identifiant: str) -> Source:
    """Donner une source du catalogue.

    Parameters
    ----------
    identifiant : str
        Identifiant de la source.

    Returns
    -------
    Source
        L'entrée du catalogue.

    Raises
    ------
    DonneeAbsente
        Si l'identifiant n'est pas au catalogue.
    """
    try:
        return sources()[identifiant]
    except KeyError:
        raise DonneeAbsente(
            f"La source « {identifiant} » n'est pas au catalogue. Sources connues : {', '.join(sources())}."
        ) from None


@dataclass(frozen=True)
class Variable:
    """Une variable du plan d'une base, et les années où elle est publiée."""

    nom: str
    de: int
    a: int | None
    libelle: str


@lru_cache(maxsize=16)
def plan(identifiant: str) -> tuple[Variable, ...]:
    """Lire le plan des variables d'une base du recensement.

    Parameters
    ----------
    identifiant : str
        Identifiant de la source, par exemple ``"rp_logement"``.

    Returns
    -------
    tuple of Variable
        Vide pour une source sans plan.
    """
    fichier = resources.files("donnees_insee") / "plans" / f"{identifiant}.csv"
    if not fichier.is_file():
        return ()
    with fichier.open(encoding="utf-8") as flux:
        lignes = list(csv.DictReader(flux, delimiter=";"))
    return tuple(
        Variable(
            ligne["variable"], int(ligne["de"]), int(ligne["a"]) if ligne["a"] else None, ligne["libelle"]
        )
        for ligne in lignes
    )


@lru_cache(maxsize=1)
def marques() -> dict[str, tuple[str, str]]:
    """Lire les marques des producteurs (``s``, ``ns``, ``nd``, ``so``…).

    Returns
    -------
    dict of str to tuple of str
        Marque en minuscules → (statut, explication).
    """
    fichier = resources.files("donnees_insee") / "reference" / "marques.csv"
    with fichier.open(encoding="utf-8") as flux:
        return {r["marque"]: (r["statut"], r["libelle"]) for r in csv.DictReader(flux, delimiter=";")}
