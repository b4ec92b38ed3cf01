"""Écrire les phrases du portrait à partir des chiffres : un gabarit par cas, la référence entre parenthèses."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from abs.calcul.chiffre import Chiffre, de_meme_date
from abs.formats import avec_unite
from abs.indicateurs.indicateurs import Indicateur
from abs.langue import typographier
from abs.phrases.ecarts import ecarts_dits
from abs.phrases.ecriture import date_dite, decimales, ecrire, gabarits, lieu, reference
from abs.phrases.significativite import DITS, Comparaison, Verdict, comparer, comparer_au_tout, reste
from abs.statuts import Fiabilite, Statut
from abs.territoires.territoires import Territoire

__all__ = [
    "Affirmation",
    "Phrase",
    "comparables",
    "date_dite",
    "decimales",
    "ecrire",
    "gabarits",
    "lieu",
    "parenthese",
    "phrase",
    "reference",
    "references_lues",
    "verdict",
]

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


@dataclass(frozen=True)
class Affirmation:
    """Ce qu'une phrase affirme d'un chiffre par rapport à un autre."""

    de: str
    a: str
    verdict: str


@dataclass(frozen=True)
class Phrase:
    """Une phrase, les chiffres qui la portent et ce qu'elle en affirme."""

    texte: str
    references: tuple[str, ...]
    affirmations: tuple[Affirmation, ...] = ()


def _majuscule(texte: str) -> str:
    return texte[:1].upper() + texte[1:]


def comparables(
    indicateur: Indicateur, chiffre: Chiffre, autour: Sequence[tuple[Territoire, Chiffre | None]]
) -> list[tuple[Territoire, Chiffre]]:
    """Choisir les références écrites : au plus deux, à la même date, solides, les plus proches d'abord."""
    if indicateur.nature == "effectif":
        return []
    admises = [
        (t, c)
        for t, c in autour
        if c is not None
        and c.a_une_valeur
        and de_meme_date(chiffre, c)
        and c.definition == chiffre.definition
        and c.fiabilite != Fiabilite.FRAGILE
    ]
    admises.sort(
        key=lambda tc: ORDRE_DES_REFERENCES.index(tc[0].role) if tc[0].role in ORDRE_DES_REFERENCES else 99
    )
    return admises[:REFERENCES_MAXIMUM]


def parenthese(
    indicateur: Indicateur, chiffre: Chiffre, autour: Sequence[tuple[Territoire, Chiffre | None]]
) -> tuple[str, list[str]]:
    """Écrire la parenthèse de comparaison : les valeurs des références, sans mot qui compare."""
    retenues = comparables(indicateur, chiffre, autour)
    textes = [f"{ecrire(indicateur, c, decimales(indicateur, chiffre))} {t.dans}" for t, c in retenues]
    return ", ".join(textes), [reference(c) for _, c in retenues]


CONTENANTS: Final = frozenset({"epci", "departement", "region"})


def verdict(
    indicateur: Indicateur, sujet: Territoire, chiffre: Chiffre, t: Territoire, c: Chiffre
) -> Comparaison:
    """Comparer le sujet à une référence, ou au reste de sa commune s'il en est une partie."""
    if t.role == "commune" and sujet.niveau in {"iris", "quartier"}:
        return comparer_au_tout(indicateur, chiffre, c)
    directe = comparer(indicateur, chiffre, c)
    if directe.verdict != Verdict.COMPARABLE or sujet.niveau != "commune" or t.role not in CONTENANTS:
        return directe
    # Une ville pèse dans le tout qui la contient : « comparable » doit aussi valoir pour le reste de ce tout.
    autre = reste(indicateur, chiffre, c)
    if autre is None or comparer(indicateur, chiffre, autre).verdict == Verdict.COMPARABLE:
        return directe
    return replace(directe, verdict=Verdict.DANS_LA_MARGE)


def references_lues(
    indicateur: Indicateur,
    sujet: Territoire,
    chiffre: Chiffre,
    autour: Sequence[tuple[Territoire, Chiffre | None]],
) -> list[tuple[Territoire, Chiffre, Comparaison]]:
    """Comparer le sujet à ses références écrites, sans deux conclusions pour un même chiffre écrit."""
    lues = [
        (t, c, verdict(indicateur, sujet, chiffre, t, c))
        for t, c in comparables(indicateur, chiffre, autour)
    ]  # fmt: skip
    fixes = decimales(indicateur, chiffre)
    conclusions: dict[str, set[str]] = {}
    for _, c, v in lues:
        conclusions.setdefault(ecrire(indicateur, c, fixes), set()).add(
            v.verdict if v.verdict in DITS else ""
        )
    return [
        (t, c, replace(v, verdict=Verdict.MEME_ECRITURE))
        if v.verdict in DITS and len(conclusions[ecrire(indicateur, c, fixes)]) > 1
        else (t, c, v)
        for t, c, v in lues
    ]


def phrase(
    indicateur: Indicateur,
    sujet: Territoire,
    chiffre: Chiffre | None,
    autour: Sequence[tuple[Territoire, Chiffre | None]],
    des_mailles: Chiffre | None = None,
) -> Phrase | None:
    """Écrire la phrase d'un indicateur, si son statut le permet."""
    if chiffre is None or not chiffre.a_une_valeur or chiffre.fiabilite == Fiabilite.FRAGILE:
        return None
    if not indicateur.phrase:
        return None
    unite = indicateur.unite if indicateur.unite in {"%", "€"} else ""
    valeur = avec_unite(chiffre.valeur, unite, decimales(indicateur, chiffre))
    lues = references_lues(indicateur, sujet, chiffre, autour)
    dites = [lue for lue in lues if lue[2].verdict in DITS]
    nues = [
        f"{ecrire(indicateur, c, decimales(indicateur, chiffre))} {t.dans}"
        for t, c, v in lues
        if (t, c, v) not in dites
    ]
    autre, carte = None, ""
    if des_mailles is not None and des_mailles.annee_donnees and not de_meme_date(chiffre, des_mailles):
        autre = des_mailles if des_mailles.a_une_valeur else None
        cas = "des_mailles" if autre else "des_mailles_sans"
        carte = gabarits()[cas].format(
            v=ecrire(indicateur, des_mailles) if autre else "",
            annee=des_mailles.annee_donnees,
            maille="IRIS" if sujet.niveau in {"commune", "iris"} else "commune",
        )
    precisions = " ; ".join(filter(None, [", ".join(nues), date_dite(chiffre, indicateur), carte]))
    couverture = next(
        (m.removeprefix("calculé sur ") for m in chiffre.note.split(" ; ") if m.startswith("calculé sur ")),
        "",
    )
    cas = "partielle" if chiffre.statut == Statut.PARTIEL else "simple"
    texte = gabarits()[cas].format(
        Lieu=_majuscule(lieu(sujet)),
        fait=indicateur.phrase.format(v=valeur),
        precisions=f" ({precisions})" if precisions else "",
        couverture=couverture,
        comparaison=ecarts_dits(indicateur, chiffre, dites),
    )
    return Phrase(
        typographier(texte),
        (reference(chiffre), *(reference(c) for _, c, _ in lues), *([reference(autre)] if autre else [])),
        tuple(Affirmation(reference(chiffre), reference(c), str(v.verdict)) for _, c, v in dites),
    )
