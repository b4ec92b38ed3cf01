"""Reconnaître une table par ses colonnes : quelle source, quel millésime. Décision pure, sans lecture."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from donnees_insee.catalogue import Motif, Source, plan, sources
from donnees_insee.erreurs import SourceNonReconnue


@dataclass(frozen=True)
class Colonne:
    """Une colonne reconnue : son nom publié, sa variable stable, la règle qui l'a traduite."""

    brut: str
    variable: str
    annee: int | None
    motif: Motif


@dataclass(frozen=True)
class Lot:
    """Ce pour quoi une table est prise.

    Attributes
    ----------
    source : Source
        Source du catalogue.
    millesime : int or None
        Millésime ; ``None`` pour une source sans date.
    cle : str
        Colonne qui porte les codes.
    colonnes : tuple of Colonne
        Colonnes retenues.
    ecartees : tuple of str
        Colonnes inconnues, ou d'une autre année que le lot.
    d_ou : str
        D'où vient le millésime : colonnes, nom, titre ou demande.
    """

    source: Source
    millesime: int | None
    cle: str
    colonnes: tuple[Colonne, ...]
    ecartees: tuple[str, ...]
    d_ou: str


def traduire(source: Source, nom: str) -> Colonne | None:
    """Traduire un nom de colonne publié en variable stable d'une source.

    Parameters
    ----------
    source : Source
        Source supposée.
    nom : str
        Nom publié.

    Returns
    -------
    Colonne or None
        ``None`` si aucune règle de la source ne connaît ce nom.
    """
    propre = nom.strip().upper()
    for motif in source.motifs:
        trouve = motif.brut.fullmatch(propre)
        if trouve:
            groupes = {k: v for k, v in trouve.groupdict().items() if v is not None}
            aa = groupes.get("aa") or groupes.get("aa2")
            variable = motif.variable.format(tout=propre, **groupes)
            return Colonne(nom, variable, 2000 + int(aa) if aa else None, motif)
    return None


def _cle(source: Source, noms: Sequence[str]) -> str | None:
    for voulue in source.cle:
        for nom in noms:
            if nom.strip().upper() == voulue:
                return nom
    return None


def _score(source: Source, noms: Sequence[str]) -> tuple[float, tuple[Colonne, ...]]:
    """Compter les colonnes que la source connaît ; zéro si sa signature n'y est pas."""
    traduites = tuple(c for nom in noms if (c := traduire(source, nom)) is not None)
    variables = {c.variable for c in traduites}
    hauts = {nom.strip().upper() for nom in noms}
    if source.a_venir:
        presentes = set(source.signature) <= hauts
        return (len(source.signature) if presentes else 0.0), traduites
    if _cle(source, noms) is None or variables & set(source.exclut) or hauts & set(source.exclut):
        return 0.0, traduites
    if source.colonnes_exactes is not None and len(noms) != source.colonnes_exactes:
        return 0.0, traduites
    if not set(source.signature) <= variables | hauts:
        return 0.0, traduites
    connues = {v.nom for v in plan(source.id)}
    if connues:
        return float(len(variables & connues)), traduites
    return float(sum(c.motif.type != "texte" for c in traduites) or len(traduites)), traduites


def annees_dans(texte: str) -> list[int]:
    """Relever les années écrites dans un nom de fichier ou un titre.

    Parameters
    ----------
    texte : str
        Nom ou titre.

    Returns
    -------
    list of int
        Années distinctes, de 1990 à 2039, croissantes.
    """
    return sorted({int(a) for a in re.findall(r"(?<!\d)((?:19[9]|20[0-3])\d)(?!\d)", texte)})


def _annee_du_nom(nom: str, titre: str) -> tuple[int | None, str]:
    du_nom = annees_dans(nom)
    if len(du_nom) == 1:
        return du_nom[0], "nom du fichier"
    du_titre = re.findall(r"au (?:01/01/|1er janvier )(20\d\d)", titre)
    if not du_nom and len(set(du_titre)) == 1:
        return int(du_titre[0]), "titre de la feuille"
    return None, ""


def _millesime(source: Source, traduites: Sequence[Colonne], nom: str, titre: str, demande: int | None) -> tuple[int | None, str]:
    annees = Counter(c.annee for c in traduites if c.annee is not None)
    if annees:
        return max(annees, key=lambda a: (annees[a], a)), "colonnes"
    if source.sans_millesime:
        return demande, "demande" if demande else ""
    if demande is not None:
        return demande, "option --millesime"
    if source.millesime_dans_la_colonne:
        return None, "contenu"
    if source.millesime_dans_le_nom:
        annee, d_ou = _annee_du_nom(nom, titre)
        if annee is not None:
            return annee, d_ou
    raison = f"les colonnes ne disent pas l'année et le nom « {nom} » n'en porte pas une seule"
    raise SourceNonReconnue(
        f"« {nom} » est reconnu comme « {source.titre} », mais {raison}. "
        "Redéposez-le avec --millesime AAAA (l'année des données)."
    )


def _departager(candidates: list[tuple[float, Source, tuple[Colonne, ...]]], nom: str) -> tuple[Source, tuple[Colonne, ...]]:
    candidates.sort(key=lambda c: -c[0])
    if len(candidates) > 1 and candidates[0][0] == candidates[1][0]:
        raise SourceNonReconnue(
            f"« {nom} » pourrait être « {candidates[0][1].titre} » aussi bien que « {candidates[1][1].titre} » : "
            "ses colonnes ne les départagent pas. Redéposez le fichier complet du producteur."
        )
    return candidates[0][1], candidates[0][2]


def reconnaitre(noms: Sequence[str], nom: str, titre: str = "", demande: int | None = None) -> Lot:
    """Dire pour quoi une table est prise, d'après ses noms de colonnes.

    Parameters
    ----------
    noms : sequence of str
        Noms de colonnes lus.
    nom : str
        Nom du fichier, pour les messages et, en dernier recours, pour l'année.
    titre : str, default ""
        Titre de la feuille d'un classeur.
    demande : int or None, default None
        Millésime donné par l'analyste.

    Returns
    -------
    Lot
        Source, millésime et colonnes traduites.

    Raises
    ------
    SourceNonReconnue
        Si aucune source ne convient, si deux conviennent, ou si l'année reste inconnue.
    """
    candidates = [
        (score, source, traduites)
        for source in sources().values()
        if not source.couche
        for score, traduites in [_score(source, noms)]
        if score > 0
    ]
    if not candidates:
        raise SourceNonReconnue(_refus(noms, nom))
    source, traduites = _departager(candidates, nom)
    if source.a_venir:
        raise SourceNonReconnue(
            f"« {nom} » est reconnu comme « {source.titre} » ; cette version ne charge pas encore cette source. "
            "Le fichier n'est pas perdu : il pourra être déposé plus tard."
        )
    millesime, d_ou = _millesime(source, traduites, nom, titre, demande)
    gardees = tuple(c for c in traduites if c.motif.type != "ignore" and c.annee in (None, millesime))
    cle = _cle(source, noms)
    assert cle is not None
    retenus = {c.brut for c in gardees} | {cle}
    return Lot(source, millesime, cle, gardees, tuple(n for n in noms if n not in retenus), d_ou)


def _refus(noms: Sequence[str], nom: str) -> str:
    """Expliquer le refus : clé absente d'une source presque reconnue, ou colonnes inconnues."""
    for source in sources().values():
        traduites = {c.variable for n in noms if (c := traduire(source, n)) is not None and c.motif.type == "nombre"}
        connues = {v.nom for v in plan(source.id)} or set(source.signature)
        ressemble = len(traduites & connues) >= min(3, len(connues)) > 0
        if ressemble and not source.couche and _cle(source, noms) is None and source.cle:
            return (
                f"« {nom} » ressemble à « {source.titre} » mais la colonne des codes manque : on attendait "
                f"{' ou '.join(source.cle)}, on a reçu {', '.join(noms[:6])}… "
                "Rendez son nom à la colonne des codes, puis déposez de nouveau le fichier."
            )
    debut = ", ".join(noms[:6])
    return (
        f"« {nom} » n'est reconnu pour aucune source du catalogue (premières colonnes : {debut}…). "
        "`abs sources lister` dit les fichiers attendus."
    )
