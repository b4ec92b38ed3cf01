"""Les tableaux de groupes : quartiers prioritaires côte à côte, quartiers locaux côte à côte."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from abs.calcul.chiffre import CALCULE_SUR, Chiffre, chiffres_de
from abs.calcul.diagnostic import reperes_des_qpv
from abs.calcul.table_longue import Diagnostic
from abs.indicateurs.indicateurs import Indicateur
from abs.langue import enumerer
from abs.phrases.ecriture import ecrire, gabarits, mots_de_couverture, reference
from abs.portrait.tableaux import (
    MARQUE_FRAGILE,
    Cellule,
    Tableau,
    cellule,
    date_de_lecture,
    entete,
    notes_de_lecture,
)
from abs.statuts import Fiabilite
from abs.territoires.territoires import Territoire

QPV_EN_COLONNES: Final = 5
INDICATEURS_EN_COLONNES: Final = 6


def cote_a_cote(diagnostic: Diagnostic, liste: Sequence[Indicateur]) -> list[Tableau]:
    """Composer le tableau des QPV côte à côte, la commune et l'intercommunalité à leur droite."""
    quartiers_prioritaires = diagnostic.ensembles.qpv
    utiles = [i for i in liste if chiffres_de(diagnostic.lus(quartiers_prioritaires, i.code, "qpv"))]
    roles = ("commune", "commune_du_qpv", "epci") if diagnostic.ensembles.sujet.niveau == "qpv" else None
    reperes = [t for t in reperes_des_qpv(diagnostic.ensembles) if roles is None or t.role in roles]
    grille: list[list[Cellule]] = []
    tous: list[Chiffre | None] = []
    for indicateur in utiles:
        chiffres = [c for _, c in diagnostic.lus(quartiers_prioritaires, indicateur.code, "qpv")]
        autour = [c for _, c in diagnostic.lus(reperes, indicateur.code, "qpv_sujet")]
        repere = next((c for c in chiffres if c is not None and c.periode), None)
        imposees = 0 if indicateur.unite == "%" else None
        cellules = [cellule(indicateur, c, imposees=imposees) for c in chiffres]
        cellules += [_a_cote(indicateur, c, repere, imposees) for c in autour]
        cellules.append(Cellule("" if repere is None else repere.periode, classe="date"))
        tous += [*chiffres, *autour]
        grille.append(cellules)
    tetes = [entete(t.nom, t.code, _code_et_communes(t)) for t in quartiers_prioritaires]
    tetes += [*(entete(t.titre) for t in reperes), entete("Date (QPV)")]
    libelles = [entete(i.libelle_court, i.definition) for i in utiles]
    titre, mots = "Les quartiers prioritaires côte à côte", gabarits("notes_de_chapitre")
    notes = (*notes_de_lecture(tous), mots["qpv_arrondis"], mots["qpv_edition"])
    if utiles and len(quartiers_prioritaires) <= QPV_EN_COLONNES:
        lignes = tuple((libelle, *cellules) for libelle, cellules in zip(libelles, grille, strict=True))
        return [Tableau("qpv", titre, (entete("Indicateur"), *tetes), lignes, notes)]
    tranches = [slice(d, d + INDICATEURS_EN_COLONNES) for d in range(0, len(utiles), INDICATEURS_EN_COLONNES)]
    return [
        Tableau(
            f"qpv-{numero}",
            f"{titre} ({numero})",
            (entete("Quartier"), *libelles[tranche]),
            tuple(zip(tetes, *grille[tranche], strict=True)),
            notes if numero == len(tranches) else (),
        )
        for numero, tranche in enumerate(tranches, start=1)
    ]


def _a_cote(
    indicateur: Indicateur, chiffre: Chiffre | None, repere: Chiffre | None, imposees: int | None
) -> Cellule:
    """Écrire le chiffre d'une commune à côté de ses quartiers, ou pourquoi il n'y est pas."""
    if chiffre is not None and chiffre.a_une_valeur:
        detail = mots_de_couverture(chiffre).removeprefix(CALCULE_SUR)
        return cellule(indicateur, chiffre, imposees=imposees, detail=detail)
    sans_annee = repere is not None and repere.annee_donnees is None
    aide = gabarits("notes_de_chapitre")["qpv_sans_annee" if sans_annee else "qpv_sans_chiffre"]
    return Cellule(ecrire(indicateur, None), aide=aide, classe="absent")


def _code_et_communes(quartier: Territoire) -> str:
    """Donner le code d'un quartier, et ses communes s'il en couvre plusieurs."""
    if len(quartier.communes) < 2:
        return quartier.code
    return f"{quartier.code}, sur {enumerer(quartier.communes)}"


def quartiers(diagnostic: Diagnostic, liste: Sequence[Indicateur]) -> Tableau | None:
    """Composer le tableau des quartiers : rapports de sommes, et étendue des médianes de leurs IRIS."""
    groupes = diagnostic.ensembles.quartiers
    utiles = [
        i for i in liste if i.nature == "mediane" or chiffres_de(diagnostic.lus(groupes, i.code, "quartiers"))
    ]
    if not groupes or not utiles:
        return None
    lignes: list[tuple[Cellule, ...]] = []
    tous: list[Chiffre | None] = []
    for t in groupes:
        combien = f"{len(t.composantes)} IRIS"
        ligne = [entete(t.nom, combien, combien)]
        for indicateur in utiles:
            if indicateur.nature == "mediane":
                medianes = _medianes(diagnostic, t, indicateur)
                tous += [c for c in (*medianes[:1], *medianes[-1:]) if c.fiabilite == Fiabilite.FRAGILE]
                ligne.append(_etendue_des_medianes(medianes, t, indicateur))
            else:
                tous.append(diagnostic.chiffre(t, indicateur.code, "quartiers"))
                ligne.append(cellule(indicateur, tous[-1]))
        lignes.append(tuple(ligne))
    entetes = [entete("Quartier")]
    for i in utiles:
        lus = (diagnostic.ensembles.mailles, "mailles") if i.nature == "mediane" else (groupes, "quartiers")
        entetes.append(entete(i.libelle_court, i.definition, date_de_lecture(diagnostic, i, *lus)))
    notes = notes_de_lecture(tous)
    return Tableau("quartiers", "Les quartiers côte à côte", tuple(entetes), tuple(lignes), tuple(notes))


def _medianes(diagnostic: Diagnostic, quartier: Territoire, indicateur: Indicateur) -> list[Chiffre]:
    """Lire les médianes des IRIS d'un quartier, de la plus basse à la plus haute."""
    par_code = {t.code: t for t in diagnostic.ensembles.mailles}
    siens = [par_code[c] for c in quartier.composantes if c in par_code]
    lues = chiffres_de(diagnostic.lus(siens, indicateur.code, "mailles"))
    return sorted((c for _, c in lues), key=lambda c: c.valeur)


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
