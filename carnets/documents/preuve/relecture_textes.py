"""Contrôler les nombres qu'un document écrit en toutes lettres : ses phrases, ses tableaux, ce que disent ses images.

Le carnet exécuté tient, avec leurs références, les blocs dont chaque document est fait. Leurs chiffres se contrôlent
contre la preuve ; le texte de chaque bloc se cherche ensuite dans le document. Là où un texte est le même aux nombres
près, le document a été changé : c'est un écart. Un texte absent ou récrit n'en est pas un, et n'est pas relu.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from functools import lru_cache
from itertools import chain
from typing import TYPE_CHECKING, Any, Final

from abs.calcul.difference import Bilan, Ecart
from abs.graphiques.demandes import DemandeDeGraphique
from abs.statuts import SANS_VALEUR
from carnets.documents.carnet_lu import blocs_du_carnet
from carnets.documents.preuve.relecture_page import bien_ecrit
from carnets.documents.preuve.textes_lus import CORPS, IMAGES, textes_de
from cartes.graphiques.graphique import Graphique

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from carnets.documents.preuve.preuve_lue import Preuve

    Donnees = dict[str, Any]

CARNET: Final = "carnet.ipynb"
# Espaces, traits de coupe et signes sans chasse : une ligne qui se coupe ailleurs reste la même.
SANS_PORTEE: Final = re.compile(r"[\s\-\u00ad\u200b-\u200d\u2010\u2011\u2060\ufeff]+")
MILLIERS: Final = re.compile(r"(?<=\d)[\u00a0\u202f](?=\d{3}(?!\d))")
# Deux nombres qui se suivent restent deux nombres.
ENTRE_NOMBRES: Final = re.compile(r"(?<=\d)\s+(?=\d)")
NOMBRE: Final = re.compile(r"\d+(?:,\d+)?")
QUELCONQUE: Final = r"(?<!\d)\d+(?:,\d+)?(?!\d)"
LETTRES: Final = 8
COUPURE: Final = "\x1f"
EXTRAIT: Final = 160
# Un nombre changé garde à peu près sa longueur ; bien plus long, ce sont d'autres nombres qui se suivent.
CHIFFRES_CHANGES: Final = 4


def reduire(texte: str) -> str:
    """Ôter d'un texte ce qu'une mise en page change : blancs, coupes, ligatures."""
    texte = unicodedata.normalize("NFKC", MILLIERS.sub("", texte))
    return SANS_PORTEE.sub("", ENTRE_NOMBRES.sub("|", texte))


@lru_cache(maxsize=2)
def blocs_tenus(chemin: Path, _: float) -> list[Donnees]:
    """Lire une fois les blocs d'un carnet exécuté."""
    return blocs_du_carnet(chemin)


def controler_carnet(chemin: Path, preuve: Preuve) -> Bilan:
    """Contrôler contre la preuve les chiffres des blocs du carnet exécuté."""
    bilan = Bilan(chemin.name)
    for bloc in blocs_tenus(chemin, chemin.stat().st_mtime):
        for texte, reference in _chiffres(bloc):
            ligne = preuve.lignes.get(reference)
            if ligne is None or ligne["statut"] in SANS_VALEUR or bien_ecrit(texte, ligne):
                bilan.egaux += ligne is not None
            else:
                bilan.ecarts.append(Ecart(chemin.name, bloc["genre"], reference, str(ligne["valeur"]), texte))
    return bilan


def _chiffres(bloc: Donnees) -> Iterator[tuple[str, str]]:
    """Donner les nombres d'un bloc qui portent leur référence."""
    for ligne in bloc.get("lignes", ()):
        yield from (
            (c["texte"], c["reference"]) for c in ligne if c.get("reference") and c["classe"] == "chiffre"
        )
    for chiffre in bloc.get("chiffres", ()):
        if chiffre.get("reference") and not chiffre.get("absence"):
            yield chiffre["valeur"], chiffre["reference"]
    for demande in demandes(bloc):
        for valeur in (v for s in demande["series"] for v in s["valeurs"]):
            if valeur.get("reference") and "valeur" in valeur:
                yield valeur.get("texte", ""), valeur["reference"]


def demandes(bloc: Donnees) -> Iterator[Donnees]:
    """Donner les demandes de graphique d'un bloc, fiches comprises."""
    if bloc["genre"] == "graphique":
        yield bloc["demande"]
    for chiffre in bloc.get("chiffres", ()):
        yield from chiffre.get("graphiques", ())


def controler_textes(chemin: Path, _: Preuve) -> Bilan:
    """Chercher dans un document le texte de chaque bloc, et nommer ceux dont un nombre a changé."""
    carnet = chemin.with_name(CARNET)
    blocs = blocs_tenus(carnet, carnet.stat().st_mtime) if carnet.is_file() else []
    bilan, lus = Bilan(chemin.name), textes_de(chemin)
    a_part = [
        *(b["html"] for b in blocs if b["genre"] == "prose"),
        *chain.from_iterable(map(_dessines, blocs)),
    ]
    for endroit, donner in ((CORPS, _ecrits), (IMAGES, _decrits)):
        dits = [tuple(map(reduire, formes)) for formes in chain.from_iterable(map(donner, blocs))]
        attendus = Counter(formes for formes in dits if _se_relit(formes[0]))
        # Ce qui se lit à cheval sur deux lignes de tableau n'est le texte d'aucune.
        suites = ("".join(formes[0] for formes in dits), "".join(formes[-1] for formes in dits))
        _chercher(
            bilan, endroit, reduire(lus[endroit]), attendus, COUPURE.join((*suites, *map(reduire, a_part)))
        )
    return bilan


def _se_relit(reduit: str) -> bool:
    """Dire si un texte a un nombre à relire, et de quoi le reconnaître."""
    return NOMBRE.search(reduit) is not None and sum(c.isalpha() for c in reduit) >= LETTRES


def _ecrits(bloc: Donnees) -> Iterator[tuple[str, ...]]:
    """Donner les textes d'un bloc, un par morceau que tout format écrit d'un tenant, sous les formes qu'il peut prendre."""
    yield from ((p["texte"],) for p in bloc.get("phrases", ()))
    yield from ((f"{p['fort']}{p['texte']}{p['fin']}",) for p in bloc.get("puces", ()))
    for ligne in bloc.get("lignes", ()):
        complete = "\n".join(f"{c.get('texte', '')}\n{c.get('detail', '')}" for c in ligne)
        # Un format peut taire ce qui précise une cellule.
        yield (complete, "\n".join(c.get("texte", "") for c in ligne))
    for chiffre in bloc.get("chiffres", ()):
        yield (f"{chiffre['valeur']}\n{chiffre['libelle']}",)
        yield (chiffre.get("complement", ""),)
    if bloc["genre"] in ("note", "titre"):
        yield (bloc["texte"],)
    if bloc["genre"] == "graphique":
        yield (bloc["demande"]["titre"],)


def _dessines(bloc: Donnees) -> Iterator[str]:
    """Donner ce qu'un graphique écrit à côté de ses points : un nom, une valeur."""
    for serie in chain.from_iterable(demande["series"] for demande in demandes(bloc)):
        yield "\n".join((serie["nom"], *(v.get("texte", "") for v in serie["valeurs"])))
        yield from (f"{v.get('libelle', '')}\n{v.get('texte', '')}" for v in serie["valeurs"])


def _decrits(bloc: Donnees) -> Iterator[tuple[str]]:
    """Donner ce que disent les images d'un bloc."""
    if bloc["genre"] == "image":
        yield (bloc["alternatif"],)
    for demande in demandes(bloc):
        yield (Graphique(DemandeDeGraphique.depuis(demande)).texte_alternatif(),)


def _chercher(
    bilan: Bilan, endroit: str, texte: str, attendus: Counter[tuple[str, ...]], connus: str
) -> None:
    squelette = NOMBRE.sub("#", texte)
    for formes, fois in attendus.items():
        comptes = {forme: texte.count(forme) for forme in formes}
        bilan.egaux += min(sum(comptes.values()), fois)
        # Un texte écrit deux fois peut n'avoir été changé qu'une fois : on le cherche même s'il est là.
        douteuses = [f for f, n in comptes.items() if squelette.count(NOMBRE.sub("#", f)) > n]
        autres = {vu: f for f in douteuses for vu in re.findall(_aux_nombres_pres(f), texte)}
        bilan.ecarts += [
            Ecart(bilan.document, endroit, "texte", forme[:EXTRAIT], vu[:EXTRAIT])
            for vu, forme in sorted(autres.items())
            if vu not in connus and abs(len(vu) - len(forme)) <= CHIFFRES_CHANGES
        ]


def _aux_nombres_pres(exact: str) -> str:
    """Écrire le motif d'un texte dont les nombres peuvent avoir changé."""
    return QUELCONQUE.join(re.escape(morceau) for morceau in NOMBRE.split(exact))
