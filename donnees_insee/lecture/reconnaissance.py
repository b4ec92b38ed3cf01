"""Reconnaître une table par ses colonnes : quelle source, quel millésime. Décision pure, sans lecture."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from donnees_insee.catalogue.catalogue import Motif, Source, plan, sources
from donnees_insee.erreurs import SourceNonReconnue, TableNonConforme, liste_de_fautes

if TYPE_CHECKING:
    from collections.abc import Sequence


@dataclass(frozen=True)
class Colonne:
    """Une colonne reconnue : son nom publié, sa variable stable, la règle qui l'a traduite."""

    brut: str
    variable: str
    annee: int | None
    motif: Motif


@dataclass(frozen=True)
class Lot:
    """Ce pour quoi une table est prise."""

    source: Source
    millesime: int | None
    cle: str
    colonnes: tuple[Colonne, ...]
    ecartees: tuple[str, ...]
    d_ou: str
    remarques: tuple[str, ...] = ()
    niveau: str | None = None


def traduire(source: Source, nom: str) -> Colonne | None:
    """Traduire un nom de colonne publié en variable stable d'une source."""
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
        return 0.0, traduites
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


# « QPV2024 » dans un nom dit une génération de quartiers, jamais l'année des chiffres du fichier.
GENERATION_DE_QPV: Final = re.compile(r"Q[PN]V?[\s_-]?(?:2015|2024)(?!\d)", re.IGNORECASE)


def annees_dans(texte: str) -> list[int]:
    """Relever les années écrites dans un nom de fichier ou un titre."""
    return sorted({int(a) for a in re.findall(r"(?<!\d)((?:19[9]|20[0-3])\d)(?!\d)", texte)})


def annee_du_nom(nom: str, titre: str = "") -> tuple[int | None, str]:
    """Lire l'année qu'un nom de fichier porte seule, à défaut le titre de la feuille."""
    du_nom = annees_dans(nom)
    if len(du_nom) == 1:
        return du_nom[0], "nom du fichier"
    du_titre = set(re.findall(r"au (?:01/01/|1er janvier )(20\d\d)", titre))
    if not du_nom and len(du_titre) == 1:
        return int(du_titre.pop()), "titre de la feuille"
    return None, ""


def refuser_deux_annees(nom: str, annee: int | None, demande: int | None) -> None:
    """Refuser une option --millesime que le nom du fichier contredit : un dossier entier serait mal daté."""
    if annee is not None and demande is not None and annee != demande:
        raise SourceNonReconnue(
            f"« {nom} » porte l'année {annee} et l'option --millesime dit {demande}. Si l'option a raison, ôtez "
            "l'année du nom du fichier ; sinon, redéposez-le sans l'option."
        )


def _millesime(
    source: Source, traduites: Sequence[Colonne], nom: str, titre: str, demande: int | None, connu: int | None
) -> tuple[int | None, str]:
    annees = Counter(c.annee for c in traduites if c.annee is not None)
    if annees:
        return max(annees, key=lambda a: (annees[a], a)), "colonnes"
    if source.sans_millesime:
        return None, ""
    if connu is not None:
        return connu, "contenu"
    du_nom, d_ou = (
        annee_du_nom(GENERATION_DE_QPV.sub(" ", nom), titre) if source.millesime_dans_le_nom else (None, "")
    )
    if (
        du_nom is None
        and source.annee_du_nom
        and (court := re.match(source.annee_du_nom, nom, re.IGNORECASE))
    ):
        du_nom, d_ou = 2000 + int(court["aa"]), "nom du fichier"
    refuser_deux_annees(nom, du_nom, demande)
    if demande is not None:
        return demande, d_ou or "option --millesime"
    if source.millesime_dans_la_colonne:
        return None, "contenu"
    if du_nom is not None:
        return du_nom, d_ou
    plusieurs = annees_dans(GENERATION_DE_QPV.sub(" ", nom))
    raison = (
        f"le nom porte plusieurs années ({', '.join(map(str, plusieurs))})"
        if plusieurs
        else "le nom non plus"
    )
    raise SourceNonReconnue(
        f"« {nom} » est reconnu comme « {source.titre} », mais les colonnes ne disent pas l'année et {raison}. "
        "Redéposez-le avec --millesime AAAA (l'année des données)."
    )


def _remarques_d_annee(nom: str, millesime: int | None, d_ou: str, demande: int | None) -> tuple[str, ...]:
    """Dire quand les colonnes contredisent le nom ou l'option : ce sont elles qui comptent."""
    if d_ou not in {"colonnes", "contenu"} or millesime is None:
        return ()
    dit = "les colonnes disent" if d_ou == "colonnes" else "le contenu dit"
    du_nom = annees_dans(GENERATION_DE_QPV.sub(" ", nom))
    remarques = []
    if len(du_nom) == 1 and du_nom[0] != millesime:
        remarques.append(f"le nom du fichier porte {du_nom[0]}, {dit} {millesime}")
    if demande is not None and demande != millesime:
        remarques.append(f"option --millesime {demande} sans effet : {dit} {millesime}")
    return tuple(remarques)


def _departager(
    candidates: list[tuple[float, Source, tuple[Colonne, ...]]], nom: str
) -> tuple[Source, tuple[Colonne, ...]]:
    candidates.sort(key=lambda c: -c[0])
    if len(candidates) > 1 and candidates[0][0] == candidates[1][0]:
        raise SourceNonReconnue(
            f"« {nom} » pourrait être « {candidates[0][1].titre} » aussi bien que « {candidates[1][1].titre} » : "
            "ses colonnes ne les départagent pas. Redéposez le fichier complet du producteur."
        )
    return candidates[0][1], candidates[0][2]


def _refuser_variables_repetees(colonnes: Sequence[Colonne], nom: str) -> None:
    """Refuser deux colonnes publiées qui disent la même variable (``Q216`` et ``MED16``)."""
    par_variable: dict[str, list[str]] = {}
    for colonne in colonnes:
        par_variable.setdefault(colonne.variable.upper(), []).append(colonne.brut)
    fautes = [f"{' et '.join(b)} disent toutes {v}." for v, b in par_variable.items() if len(b) > 1]
    if fautes:
        raise TableNonConforme(
            liste_de_fautes(
                f"« {nom} » a plusieurs colonnes pour une même variable ; gardez celle du producteur :",
                fautes,
            )
        )


def reconnaitre(
    noms: Sequence[str],
    nom: str,
    titre: str = "",
    demande: int | None = None,
    *,
    connu: int | None = None,
    niveau: str | None = None,
) -> Lot:
    """Dire pour quoi une table est prise, d'après ses noms de colonnes."""
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
    millesime, d_ou = _millesime(source, traduites, nom, titre, demande, connu)
    gardees = tuple(c for c in traduites if c.motif.type != "ignore" and c.annee in (None, millesime))
    cle = _cle(source, noms)
    assert cle is not None
    gardees = tuple(c for c in gardees if c.brut != cle)
    _refuser_variables_repetees(gardees, nom)
    retenus = {c.brut for c in gardees} | {cle}
    ecartees = tuple(n for n in noms if n not in retenus)
    remarques = _remarques_d_annee(nom, millesime, d_ou, demande)
    return Lot(
        source, millesime, cle, gardees, ecartees, d_ou, remarques, niveau or source.niveau_des_lignes or None
    )


def _refus(noms: Sequence[str], nom: str) -> str:
    """Expliquer le refus : clé absente d'une source presque reconnue, ou colonnes inconnues."""
    for source in sources().values():
        traduites = {
            c.variable for n in noms if (c := traduire(source, n)) is not None and c.motif.type == "nombre"
        }
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
