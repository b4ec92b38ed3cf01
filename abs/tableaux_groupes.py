"""Les tableaux de groupes : quartiers prioritaires côte à côte, quartiers locaux côte à côte."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from abs.chiffre import Chiffre
from abs.indicateurs import Indicateur
from abs.phrases import ecrire, reference
from abs.statuts import Fiabilite, Statut
from abs.table_longue import Diagnostic
from abs.tableaux import (
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
from abs.territoires import Territoire

QPV_EN_COLONNES: Final = 6

INDICATEURS_EN_COLONNES: Final = 6


def cote_a_cote(diagnostic: Diagnostic, liste: Sequence[Indicateur]) -> list[Tableau]:
    """Composer le tableau des QPV côte à côte, la commune à leur droite.

    Parameters
    ----------
    diagnostic : Diagnostic
        Chiffres.
    liste : sequence of Indicateur
        Indicateurs du chapitre QPV.

    Returns
    -------
    list of Tableau
        Un quartier par colonne ; s'ils sont plus de six, un par ligne, en plusieurs tableaux. Vide sans chiffre.
    """
    quartiers_prioritaires, sujet = diagnostic.ensembles.qpv, diagnostic.ensembles.sujet
    lire = lecteur(diagnostic, "qpv")
    utiles = [
        i
        for i in liste
        if any((c := lire(t, i)) is not None and c.a_une_valeur for t in quartiers_prioritaires)
    ]
    if not utiles:
        return []
    grille: list[list[Cellule]] = []
    tous: list[Chiffre | None] = []
    for indicateur in utiles:
        chiffres = [lire(t, indicateur) for t in quartiers_prioritaires]
        repere = next((c for c in chiffres if c is not None and c.periode), None)
        imposees = 0 if indicateur.unite == "%" else None
        cellules = [cellule(indicateur, c, imposees=imposees) for c in chiffres]
        if sujet.niveau != "qpv":
            # À l'année des données QPV quand elle est connue ; sinon à la date du portrait, écrite dans la cellule.
            connue = ("qpv_sujet", indicateur.code) in diagnostic.millesimes
            du_sujet = diagnostic.chiffre(sujet, indicateur.code, "qpv_sujet" if connue else "comparaison")
            cellules.append(
                cellule(indicateur, du_sujet, imposees=imposees, detail=_autre_date(du_sujet, repere))
            )
            tous.append(du_sujet)
        cellules.append(Cellule("" if repere is None else repere.periode, classe="date"))
        tous += chiffres
        grille.append(cellules)
    tetes = [entete(t.nom, t.code, t.code) for t in quartiers_prioritaires]
    tetes += [entete(sujet.nom)] if sujet.niveau != "qpv" else []
    tetes.append(entete("Date (QPV)"))
    libelles = [Cellule(i.libelle_court, aide=i.definition, classe="entete") for i in utiles]
    titre = "Les quartiers prioritaires côte à côte"
    notes = [
        *notes_de_lecture(tous),
        "Pourcentages arrondis une seule fois, à l'unité. La colonne du territoire porte sa propre date quand elle diffère.",
        "« Édition » : année de publication du tableau QPV ; le fichier ne dit pas la date, plus ancienne, de ses données.",
    ]
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


def _autre_date(chiffre: Chiffre | None, repere: Chiffre | None) -> str:
    """Dire la date de la commune si elle n'est pas celle des quartiers, et la couverture d'un chiffre partiel."""
    if chiffre is None or not chiffre.a_une_valeur:
        return ""
    date = "" if repere is not None and repere.periode == chiffre.periode else chiffre.periode
    couverture = (
        mots_de_couverture(chiffre).removeprefix("calculé sur ") if chiffre.statut == Statut.PARTIEL else ""
    )
    return ", ".join(filter(None, [date, couverture]))


def quartiers(diagnostic: Diagnostic, liste: Sequence[Indicateur]) -> Tableau | None:
    """Composer le tableau des quartiers : rapports de sommes, et étendue des médianes de leurs IRIS.

    Parameters
    ----------
    diagnostic : Diagnostic
        Chiffres.
    liste : sequence of Indicateur
        Indicateurs du chapitre.

    Returns
    -------
    Tableau or None
        ``None`` sans chiffre.
    """
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
