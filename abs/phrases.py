"""Écrire les phrases du portrait à partir des chiffres : un gabarit par cas, la référence entre parenthèses."""

from __future__ import annotations

import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from importlib import resources
from typing import Final

from abs.chiffre import Chiffre
from abs.formats import ESPACE_INSECABLE, avec_unite, nombre
from abs.indicateurs import Indicateur
from abs.statuts import ABREGES_STATUT, Fiabilite, Statut
from abs.territoires import Territoire

REFERENCES_MAXIMUM: Final = 2
ORDRE_DES_REFERENCES: Final = (
    "commune",
    "epci",
    "departement",
    "france",
    "region",
    "strate",
    "epci_hors_centre",
)
MAILLES_MINIMUM: Final = 5
PART_SOLIDE: Final = 0.8


@dataclass(frozen=True)
class Phrase:
    """Une phrase et les chiffres qui la portent."""

    texte: str
    references: tuple[str, ...]


def reference(chiffre: Chiffre) -> str:
    """Donner la référence d'un chiffre : la ligne du diagnostic où il se vérifie.

    Parameters
    ----------
    chiffre : Chiffre
        Chiffre du diagnostic.

    Returns
    -------
    str
        ``territoire|niveau|indicateur|definition|millesime|source``.
    """
    morceaux = (
        chiffre.territoire,
        chiffre.niveau,
        chiffre.indicateur,
        chiffre.definition,
        chiffre.millesime,
        chiffre.source,
    )
    return "|".join("" if m is None else str(m) for m in morceaux)


def decimales(indicateur: Indicateur, chiffre: Chiffre) -> int:
    """Choisir les décimales écrites : elles suivent la marge.

    Parameters
    ----------
    indicateur : Indicateur
        Définition.
    chiffre : Chiffre
        Chiffre à écrire.

    Returns
    -------
    int
        Aucune décimale d'un taux dont la marge dépasse un point ; les euros à 10 près, ou 100 si le chiffre est fragile.
    """
    publiees = indicateur.arrondis.get(str(chiffre.millesime))
    if publiees is not None and chiffre.source in {"filosofi", "filosofi_declare"}:
        return publiees
    if indicateur.unite == "€":
        return -2 if chiffre.fiabilite == Fiabilite.FRAGILE else indicateur.decimales
    if indicateur.unite == "%" and (chiffre.marge > 1 or chiffre.fiabilite == Fiabilite.FRAGILE):
        return 0
    return indicateur.decimales


def ecrire(indicateur: Indicateur, chiffre: Chiffre | None, imposees: int | None = None) -> str:
    """Écrire un chiffre, ou ce qui en tient lieu.

    Parameters
    ----------
    indicateur : Indicateur
        Définition.
    chiffre : Chiffre or None
        Chiffre du diagnostic ; ``None`` si l'indicateur n'existe pas à ce niveau.
    imposees : int or None, default None
        Décimales imposées par un tableau.

    Returns
    -------
    str
        Par exemple ``"22,2 %"``, ``"secret"`` ou ``"nc"``.
    """
    if chiffre is None:
        return ABREGES_STATUT[Statut.INDISPONIBLE]
    if not chiffre.a_une_valeur:
        return ABREGES_STATUT[chiffre.statut]
    unite = {"habitants": "", "foyers": "", "personnes": ""}.get(indicateur.unite, indicateur.unite)
    if unite.startswith("pour "):
        unite = ""
    return avec_unite(chiffre.valeur, unite, decimales(indicateur, chiffre) if imposees is None else imposees)


def lieu(territoire: Territoire) -> str:
    """Écrire le complément de lieu d'un territoire.

    Parameters
    ----------
    territoire : Territoire
        Sujet de la phrase.

    Returns
    -------
    str
        « à Montpellier », « au Havre », « aux Sables-d'Olonne », « dans le quartier Mosson »…
    """
    nom = territoire.nom
    if territoire.niveau == "commune":
        if nom.startswith("Le "):
            return f"au {nom[3:]}"
        if nom.startswith("Les "):
            return f"aux {nom[4:]}"
        return f"à {nom}"
    debut = {
        "epci": "dans l'intercommunalité",
        "departement": "dans le département",
        "region": "en région",
        "qpv": "dans le quartier prioritaire",
        "quartier": "dans le quartier",
        "iris": "dans l'IRIS",
    }.get(territoire.niveau, "dans")
    return f"{debut} {nom}"


@lru_cache(maxsize=1)
def gabarits() -> dict[str, str]:
    """Lire la table des phrases.

    Returns
    -------
    dict of str to str
        Cas → gabarit.
    """
    texte = (resources.files("abs") / "phrases.toml").read_text(encoding="utf-8")
    return dict(tomllib.loads(texte)["phrases"])


def _majuscule(texte: str) -> str:
    return texte[:1].upper() + texte[1:]


def parenthese(
    indicateur: Indicateur, chiffre: Chiffre, autour: Sequence[tuple[Territoire, Chiffre | None]]
) -> tuple[str, list[str]]:
    """Écrire la parenthèse de comparaison : au plus deux références, à la même date et de la même source.

    Parameters
    ----------
    indicateur : Indicateur
        Définition.
    chiffre : Chiffre
        Chiffre du sujet.
    autour : sequence of tuple
        Références et leurs chiffres.

    Returns
    -------
    tuple
        Texte sans parenthèses (vide si rien ne se compare) et références des chiffres employés.
    """
    if indicateur.nature == "effectif":
        return "", []
    admises = [
        (t, c)
        for t, c in autour
        if c is not None
        and c.a_une_valeur
        and c.millesime == chiffre.millesime
        and c.definition == chiffre.definition
        and c.fiabilite != Fiabilite.FRAGILE
    ]
    admises.sort(
        key=lambda tc: ORDRE_DES_REFERENCES.index(tc[0].role) if tc[0].role in ORDRE_DES_REFERENCES else 99
    )
    retenues = admises[:REFERENCES_MAXIMUM]
    if not retenues:
        return "", []
    textes = [f"{ecrire(indicateur, c, decimales(indicateur, chiffre))} {t.dans}" for t, c in retenues]
    return ", ".join(textes), [reference(c) for _, c in retenues]


def phrase(
    indicateur: Indicateur,
    sujet: Territoire,
    chiffre: Chiffre | None,
    autour: Sequence[tuple[Territoire, Chiffre | None]],
) -> Phrase | None:
    """Écrire la phrase d'un indicateur, si son statut le permet.

    Parameters
    ----------
    indicateur : Indicateur
        Définition.
    sujet : Territoire
        Territoire du portrait.
    chiffre : Chiffre or None
        Chiffre du sujet.
    autour : sequence of tuple
        Références et leurs chiffres.

    Returns
    -------
    Phrase or None
        ``None`` quand le chiffre manque ou qu'il est fragile.
    """
    if chiffre is None or not chiffre.a_une_valeur or chiffre.fiabilite == Fiabilite.FRAGILE:
        return None
    if not indicateur.phrase:
        return None
    unite = indicateur.unite if indicateur.unite in {"%", "€"} else ""
    valeur = avec_unite(chiffre.valeur, unite, decimales(indicateur, chiffre))
    fait = indicateur.phrase.format(v=valeur)
    comparaison, refs = parenthese(indicateur, chiffre, autour)
    precisions = " ; ".join(filter(None, [comparaison, date_dite(chiffre)]))
    couverture = next(
        (m.removeprefix("calculé sur ") for m in chiffre.note.split(" ; ") if m.startswith("calculé sur ")),
        "",
    )
    cas = "partielle" if chiffre.statut == Statut.PARTIEL else "simple"
    texte = gabarits()[cas].format(
        Lieu=_majuscule(lieu(sujet)),
        fait=fait,
        precisions=f" ({precisions})" if precisions else "",
        couverture=couverture,
    )
    return Phrase(texte, (reference(chiffre), *refs))


def etendue(indicateur: Indicateur, mailles: Sequence[tuple[Territoire, Chiffre | None]]) -> Phrase | None:
    """Dire l'étendue d'un indicateur entre les mailles, sans les chiffres fragiles ni les IRIS d'activité.

    Parameters
    ----------
    indicateur : Indicateur
        Définition.
    mailles : sequence of tuple
        Mailles et leurs chiffres.

    Returns
    -------
    Phrase or None
        ``None`` s'il reste moins de cinq mailles.
    """
    habitees = [(t, c) for t, c in mailles if t.type_iris not in {"A", "D"}]
    chiffrees = [(t, c) for t, c in habitees if c is not None and c.a_une_valeur]
    solides = [(t, c) for t, c in chiffrees if c.fiabilite != Fiabilite.FRAGILE]
    assez = len(solides) >= max(MAILLES_MINIMUM, PART_SOLIDE * len(habitees))
    if not assez or indicateur.nature == "effectif":
        return None
    bas, haut = min(solides, key=lambda tc: tc[1].valeur), max(solides, key=lambda tc: tc[1].valeur)
    sujet = _sujet_de_l_etendue(indicateur)
    # Un chiffre fragile hors de l'étendue en ferait une étendue fausse : mieux vaut ne rien dire.
    dehors = any(not bas[1].valeur <= c.valeur <= haut[1].valeur for _, c in chiffrees)
    if sujet is None or dehors:
        return None
    cas = "etendue" if bas[0].niveau == "iris" else "etendue_communes"
    texte = gabarits()[cas].format(
        sujet=sujet,
        bas=ecrire(indicateur, bas[1]),
        haut=ecrire(indicateur, haut[1]),
        nom_bas=bas[0].nom,
        nom_haut=haut[0].nom,
        combien=f"{nombre(len(chiffrees))} {'IRIS' if bas[0].niveau == 'iris' else 'communes'}",
        periode=date_dite(bas[1]),
    )
    return Phrase(texte, (reference(bas[1]), reference(haut[1])))


def date_dite(chiffre: Chiffre) -> str:
    """Écrire la date d'un chiffre dans une phrase.

    Parameters
    ----------
    chiffre : Chiffre
        Chiffre daté.

    Returns
    -------
    str
        « revenus 2018 » ou « au 31 décembre 2018 ».
    """
    return f"au {chiffre.periode}" if chiffre.periode[:1].isdigit() else chiffre.periode


# Article du premier mot d'un libellé ; un libellé qui n'en a pas ici ne donne pas de phrase d'étendue.
ARTICLES: Final = {
    "part": "la ", "taille": "la ",
    "taux": "le ", "niveau": "le ", "rapport": "le ", "premier": "le ", "troisième": "le ", "neuvième": "le ",
    "indice": "l'",
}  # fmt: skip


def _sujet_de_l_etendue(indicateur: Indicateur) -> str | None:
    libelle = indicateur.libelle[:1].lower() + indicateur.libelle[1:]
    article = ARTICLES.get(libelle.split()[0])
    return None if article is None else f"{article}{libelle}"


def date_et_source(chiffre: Chiffre | None, titre_court: str) -> str:
    """Écrire la date et la source d'un chiffre, pour la dernière colonne d'un tableau.

    Parameters
    ----------
    chiffre : Chiffre or None
        Chiffre de la ligne.
    titre_court : str
        Nom court de la source.

    Returns
    -------
    str
        Par exemple ``"recensement 2016 · Insee"``.
    """
    if chiffre is None:
        return ""
    return f"{chiffre.periode}{ESPACE_INSECABLE}· {titre_court}" if titre_court else chiffre.periode
