"""Reconnaître une table par ses colonnes : quelle source, quel millésime. Décision pure, sans lecture."""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from donnees_insee.catalogue.catalogue import Motif, Source, sources
from donnees_insee.catalogue.tables import plan
from donnees_insee.codes import reference
from donnees_insee.erreurs import SourceNonReconnue, TableNonConforme, liste_de_fautes


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
    return next((nom for voulue in source.cle for nom in noms if nom.strip().upper() == voulue), None)


def _traduire_tout(source: Source, noms: Sequence[str]) -> tuple[Colonne, ...]:
    return tuple(c for nom in noms if (c := traduire(source, nom)) is not None)


def _score(source: Source, noms: Sequence[str], traduites: Sequence[Colonne]) -> int:
    """Compter les colonnes que la source connaît ; zéro si sa signature n'y est pas."""
    variables = {c.variable for c in traduites}
    lues = variables | {nom.strip().upper() for nom in noms}
    if (
        source.a_venir
        or _cle(source, noms) is None
        or lues & set(source.exclut)
        or source.colonnes_exactes not in {None, len(noms)}
        or not set(source.signature) <= lues
    ):
        return 0
    if connues := {v.nom for v in plan(source.id)}:
        return len(variables & connues)
    return sum(c.motif.type != "texte" for c in traduites) or len(traduites)


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
    propre = GENERATION_DE_QPV.sub(" ", nom)
    du_nom, d_ou = annee_du_nom(propre, titre) if source.millesime_dans_le_nom else (None, "")
    court = re.match(source.annee_du_nom, nom, re.IGNORECASE) if source.annee_du_nom else None
    if du_nom is None and court:
        du_nom, d_ou = 2000 + int(court["aa"]), "nom du fichier"
    refuser_deux_annees(nom, du_nom, demande)
    if demande is not None:
        return demande, d_ou or "option --millesime"
    if source.millesime_dans_la_colonne:
        return None, "contenu"
    if du_nom is not None:
        return du_nom, d_ou
    plusieurs = ", ".join(map(str, annees_dans(propre)))
    raison = f"le nom porte plusieurs années ({plusieurs})" if plusieurs else "le nom non plus"
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
    tables = [s for s in sources().values() if not s.couche]
    par_source = {s.id: _traduire_tout(s, noms) for s in tables}
    scores = {s: score for s in tables if (score := _score(s, noms, par_source[s.id]))}
    if not scores:
        raise SourceNonReconnue(_refus(noms, nom))
    source, *ex_aequo = [s for s, score in scores.items() if score == max(scores.values())]
    if ex_aequo:
        raise SourceNonReconnue(
            f"« {nom} » pourrait être « {source.titre} » aussi bien que « {ex_aequo[0].titre} » : "
            "ses colonnes ne les départagent pas. Redéposez le fichier complet du producteur."
        )
    traduites = par_source[source.id]
    millesime, d_ou = _millesime(source, traduites, nom, titre, demande, connu)
    cle = _cle(source, noms)
    assert cle is not None
    gardees = tuple(
        c for c in traduites if c.motif.type != "ignore" and c.annee in (None, millesime) and c.brut != cle
    )
    _refuser_variables_repetees(gardees, nom)
    ecartees = tuple(n for n in noms if n not in {cle, *(c.brut for c in gardees)})
    remarques = _remarques_d_annee(nom, millesime, d_ou, demande)
    return Lot(
        source, millesime, cle, gardees, ecartees, d_ou, remarques, niveau or source.niveau_des_lignes or None
    )


def _refus(noms: Sequence[str], nom: str) -> str:
    """Expliquer le refus : fichier d'un tiers, clé absente d'une source presque reconnue, ou colonnes inconnues."""
    hauts = {n.strip().upper() for n in noms}
    for tiers in reference("fichiers_de_tiers"):
        if hauts >= set(tiers["colonnes"].split()):
            return f"« {nom} » est {tiers['nature']}. Il n'est pas repris ; déposez {tiers['demander']}."
    for source in sources().values():
        traduites = {c.variable for c in _traduire_tout(source, noms) if c.motif.type == "nombre"}
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
