"""Les tableaux de groupes : quartiers prioritaires côte à côte, quartiers locaux côte à côte."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from abs.calcul.chiffre import Chiffre
from abs.calcul.diagnostic import reperes_des_qpv
from abs.calcul.table_longue import Diagnostic
from abs.indicateurs.indicateurs import Indicateur
from abs.langue import enumerer
from abs.phrases.phrases import ecrire, reference
from abs.portrait.tableaux import (
    MARQUE_FRAGILE,
    Cellule,
    Tableau,
    cellule,
    date_de_lecture,
    entete,
    lecteur,
    mots_de_couverture,
    notes_de_lecture,
)
from abs.statuts import Fiabilite, Statut
from abs.territoires.territoires import Territoire

QPV_EN_COLONNES: Final = 5
INDICATEURS_EN_COLONNES: Final = 6
NOTES_DES_QPV: Final = (
    (
        "Pourcentages arrondis une seule fois, à l'unité. Les territoires mis à côté des quartiers sont lus à l'année de "
        "leurs données ; nc quand cette année n'est pas établie."
    ),
    (
        "« Édition » : année de publication du tableau QPV ; celle de ses données, plus ancienne, n'est écrite que si elle "
        "est prouvée. Les taux du recensement portent un ordre de grandeur de leur incertitude, tiré de la population du "
        "quartier."
    ),
)


def cote_a_cote(diagnostic: Diagnostic, liste: Sequence[Indicateur]) -> list[Tableau]:
    """Composer le tableau des QPV côte à côte, la commune et l'intercommunalité à leur droite."""
    quartiers_prioritaires = diagnostic.ensembles.qpv
    lire = lecteur(diagnostic, "qpv")
    utiles = [
        i
        for i in liste
        if any((c := lire(t, i)) is not None and c.a_une_valeur for t in quartiers_prioritaires)
    ]
    if not utiles:
        return []
    roles = ("commune", "commune_du_qpv", "epci") if diagnostic.ensembles.sujet.niveau == "qpv" else None
    reperes = [t for t in reperes_des_qpv(diagnostic.ensembles) if roles is None or t.role in roles]
    grille: list[list[Cellule]] = []
    tous: list[Chiffre | None] = []
    for indicateur in utiles:
        chiffres = [lire(t, indicateur) for t in quartiers_prioritaires]
        repere = next((c for c in chiffres if c is not None and c.periode), None)
        imposees = 0 if indicateur.unite == "%" else None
        cellules = [cellule(indicateur, c, imposees=imposees) for c in chiffres]
        autour = [diagnostic.chiffre(t, indicateur.code, "qpv_sujet") for t in reperes]
        cellules += [_a_cote(indicateur, c, repere, imposees) for c in autour]
        cellules.append(Cellule("" if repere is None else repere.periode, classe="date"))
        tous += [*chiffres, *autour]
        grille.append(cellules)
    tetes = [entete(t.nom, t.code, _code_et_communes(t)) for t in quartiers_prioritaires]
    tetes += [entete(t.titre) for t in reperes]
    tetes.append(entete("Date (QPV)"))
    libelles = [Cellule(i.libelle_court, aide=i.definition, classe="entete") for i in utiles]
    titre = "Les quartiers prioritaires côte à côte"
    notes = [*notes_de_lecture(tous), *NOTES_DES_QPV]
    if len(quartiers_prioritaires) <= QPV_EN_COLONNES:
        lignes = tuple((libelle, *cellules) for libelle, cellules in zip(libelles, grille, strict=True))
        return [Tableau("qpv", titre, (entete("Indicateur"), *tetes), lignes, tuple(notes))]
    tables = []
    for debut in range(0, len(utiles), INDICATEURS_EN_COLONNES):
        tranche = grille[debut : debut + INDICATEURS_EN_COLONNES]
        lignes = tuple((tete, *(cellules[rang] for cellules in tranche)) for rang, tete in enumerate(tetes))
        numero = debut // INDICATEURS_EN_COLONNES + 1
        tables.append(
            Tableau(
                f"qpv-{numero}",
                f"{titre} ({numero})",
                (entete("Quartier"), *libelles[debut : debut + INDICATEURS_EN_COLONNES]),
                lignes,
                (),
            )
        )
    tables[-1] = replace(tables[-1], notes=tuple(notes))
    return tables


def _a_cote(
    indicateur: Indicateur, chiffre: Chiffre | None, repere: Chiffre | None, imposees: int | None
) -> Cellule:
    """Écrire le chiffre d'une commune à côté de ses quartiers, ou pourquoi il n'y est pas."""
    if chiffre is not None and chiffre.a_une_valeur:
        detail = (
            mots_de_couverture(chiffre).removeprefix("calculé sur ")
            if chiffre.statut == Statut.PARTIEL
            else ""
        )
        return cellule(indicateur, chiffre, imposees=imposees, detail=detail)
    inconnue = repere is not None and repere.annee_donnees is None
    aide = (
        "l'année des données des quartiers n'est pas établie : rien ne se met à côté"
        if inconnue
        else "aucun fichier déposé ne donne ce chiffre à l'année des données des quartiers"
    )
    return Cellule(ecrire(indicateur, None), aide=aide, classe="absent")


def _code_et_communes(quartier: Territoire) -> str:
    """Donner le code d'un quartier, et ses communes s'il en couvre plusieurs."""
    if len(quartier.communes) < 2:
        return quartier.code
    return f"{quartier.code}, sur {enumerer(quartier.communes)}"


def quartiers(diagnostic: Diagnostic, liste: Sequence[Indicateur]) -> Tableau | None:
    """Composer le tableau des quartiers : rapports de sommes, et étendue des médianes de leurs IRIS."""
    groupes = diagnostic.ensembles.quartiers
    lire = lecteur(diagnostic, "quartiers")
    utiles = [
        i
        for i in liste
        if i.nature == "mediane" or any((c := lire(t, i)) is not None and c.a_une_valeur for t in groupes)
    ]
    lignes: list[tuple[Cellule, ...]] = []
    tous: list[Chiffre | None] = []
    for t in groupes:
        cellules = []
        for indicateur in utiles:
            if indicateur.nature == "mediane":
                medianes = _medianes(diagnostic, t, indicateur)
                bornes = [c for c in (*medianes[:1], *medianes[-1:]) if c.fiabilite == Fiabilite.FRAGILE]
                tous += bornes
                cellules.append(_etendue_des_medianes(medianes, t, indicateur))
                continue
            chiffre = lire(t, indicateur)
            tous.append(chiffre)
            cellules.append(cellule(indicateur, chiffre))
        lignes.append(
            (
                Cellule(
                    t.nom,
                    aide=f"{len(t.composantes)} IRIS",
                    detail=f"{len(t.composantes)} IRIS",
                    classe="entete",
                ),
                *cellules,
            )
        )
    if not lignes or not utiles:
        return None
    dates = [
        date_de_lecture(
            i,
            diagnostic.ensembles.mailles if i.nature == "mediane" else groupes,
            lecteur(diagnostic, "mailles") if i.nature == "mediane" else lire,
        )
        for i in utiles
    ]
    entetes = (
        entete("Quartier"),
        *(entete(i.libelle_court, i.definition, d) for i, d in zip(utiles, dates, strict=True)),
    )
    return Tableau(
        "quartiers", "Les quartiers côte à côte", entetes, tuple(lignes), tuple(notes_de_lecture(tous))
    )


def _medianes(diagnostic: Diagnostic, quartier: Territoire, indicateur: Indicateur) -> list[Chiffre]:
    """Lire les médianes des IRIS d'un quartier, de la plus basse à la plus haute."""
    par_code = {t.code: t for t in diagnostic.ensembles.mailles}
    chiffres = [
        diagnostic.chiffre(par_code[c], indicateur.code, "mailles")
        for c in quartier.composantes
        if c in par_code
    ]
    return sorted((c for c in chiffres if c is not None and c.a_une_valeur), key=lambda c: c.valeur)


def _etendue_des_medianes(
    medianes: Sequence[Chiffre], quartier: Territoire, indicateur: Indicateur
) -> Cellule:
    if not medianes:
        return Cellule("nc", aide="aucun IRIS du quartier n'a de médiane publiée", classe="absent")
    bas, haut = _borne(indicateur, medianes[0]), _borne(indicateur, medianes[-1])
    texte = bas if bas == haut else f"{bas} à {haut}"
    detail = f"médianes de {len(medianes)} IRIS sur {len(quartier.composantes)}"
    fragiles = sum(c.fiabilite == Fiabilite.FRAGILE for c in medianes)
    accord = "fragile" if fragiles == 1 else "fragiles"
    aide = f"{detail} ; {fragiles} {accord}" if fragiles else detail
    return Cellule(texte, reference(medianes[0]), aide, detail)


def _borne(indicateur: Indicateur, mediane: Chiffre) -> str:
    """Écrire un bout d'étendue ; l'astérisque dit qu'il est fragile, comme dans les autres tableaux."""
    return ecrire(indicateur, mediane) + (MARQUE_FRAGILE if mediane.fiabilite == Fiabilite.FRAGILE else "")
