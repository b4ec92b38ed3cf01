"""Écrire le classeur de la comparaison : communes × indicateurs, lignes à filtrer, profils, comparables, ville-centre."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Final

from abs.intercommunal import tables_annexes
from abs.intercommunal.lignes import lignes_des_communes, lignes_des_pairs
from abs.intercommunal.pairs_des_communes import pourquoi_muette
from abs.intercommunal.tables import LECTURE, SIGNES
from abs.statuts import LIBELLES_STATUT
from carnets.documents.comparaison.feuilles import ecrire_communes, ecrire_qpv, mettre_en_page
from carnets.documents.comparaison.nombres import etendues_en_deux, nombre_lu
from carnets.documents.modeles import CLASSEURS
from carnets.documents.tableur.annexes import ecrire_definitions, ecrire_donnees_longues, ecrire_sources
from carnets.documents.tableur.styles import (
    GRIS,
    SANS_NIVEAU,
    TRAIT,
    Styles,
    ecrire_texte,
    enregistrer_classeur,
    hauteur,
)
from carnets.documents.tableur.tableur import SENS_DES_STATUTS

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from xlsxwriter.workbook import Workbook
    from xlsxwriter.worksheet import Worksheet

    from abs.intercommunal.comparaison import ComparaisonIntercommunale
    from abs.intercommunal.lignes import Valeur
    from abs.portrait.tableaux import Cellule, Tableau

FEUILLES: Final[dict[str, str]] = CLASSEURS["feuilles_de_comparaison"]
TITRES: Final[dict[str, tuple[str, int]]] = CLASSEURS["colonnes_de_comparaison"]


def ecrire_classeur(comparaison: ComparaisonIntercommunale, chemin: Path) -> Path:
    """Écrire le classeur de la comparaison."""
    return enregistrer_classeur(chemin, partial(_remplir, comparaison))


def _remplir(comparaison: ComparaisonIntercommunale, classeur: Workbook) -> None:
    classeur.set_properties({"title": f"Comparaison intercommunale : {comparaison.sujet.nom}"})
    classeur.set_size(28_800, 16_200)
    styles, diagnostic = Styles(classeur), comparaison.diagnostic
    lisez_moi = classeur.add_worksheet("Lisez-moi")
    feuilles = {nom: classeur.add_worksheet(nom) for nom in FEUILLES}
    for feuille in (lisez_moi, *feuilles.values()):
        feuille.hide_gridlines(2)
    _lisez_moi(lisez_moi, styles, comparaison)
    ecrire_communes(feuilles["Communes"], styles, comparaison)
    _lignes(
        feuilles["Fiches"],
        styles,
        lignes_des_communes(comparaison),
        "fiches",
        "Une ligne par commune et par indicateur",
    )
    partage = comparaison.partage
    _tableaux(
        feuilles["Profils"],
        styles,
        "Profils de communes",
        tables_annexes.groupes(diagnostic, partage),
        [partage.refus] if partage.refus else list(partage.phrases),
    )
    pairs, titre = lignes_des_pairs(comparaison), "Parmi les communes comparables"
    muettes = [pourquoi_muette(q) for q in comparaison.pairs if not q.pairs or not q.resultats]
    if pairs:
        _lignes(feuilles["Comparables"], styles, pairs, "comparables", titre)
    else:
        _tableaux(feuilles["Comparables"], styles, titre, [], muettes)
    poids = comparaison.centre
    refus = [poids.refus] if poids.refus else []
    _tableaux(
        feuilles["Ville-centre"], styles, "Ce que pèse la ville-centre", tables_annexes.poids(poids), refus
    )
    ecrire_qpv(feuilles["QPV"], styles, comparaison)
    ecrire_definitions(feuilles["Définitions"], styles, diagnostic)
    ecrire_sources(feuilles["Sources"], styles, diagnostic)
    ecrire_donnees_longues(feuilles["Données longues"], diagnostic)
    lisez_moi.activate()


def _lisez_moi(feuille: Worksheet, styles: Styles, comparaison: ComparaisonIntercommunale) -> None:
    feuille.set_column(0, 0, 24)
    feuille.set_column(1, 1, 110)
    ecrire_texte(feuille, 0, 0, f"Comparaison intercommunale : {comparaison.sujet.nom}", styles.titre())
    feuille.set_row(0, 28)
    couples = [("Territoire", comparaison.portrait.sous_titre)]
    if comparaison.portrait.fictif:
        couples.append(("Attention", "territoire fictif de démonstration : aucun de ces chiffres n'est réel"))
    couples += [("", ""), *FEUILLES.items(), ("", "")]
    couples += [("Rang", LECTURE), ("▲ ▼", SIGNES)]
    couples += [(LIBELLES_STATUT[s], sens) for s, sens in SENS_DES_STATUTS.items() if s != "calcule"]
    couples.append(
        (LIBELLES_STATUT["calcule"], "rapport de comptes publiés ; ses termes sont dans « Données longues »")
    )
    couples.append((SANS_NIVEAU, "aucun fichier déposé ne porte cet indicateur à ce niveau géographique"))
    for ligne, (nom, texte) in enumerate(couples, start=1):
        if nom in FEUILLES:
            lien = styles.texte(bold=True, font_color="#2B4C7E", underline=1)
            feuille.write_url(ligne, 0, f"internal:'{nom}'!A1", lien, nom)
        else:
            ecrire_texte(feuille, ligne, 0, nom, styles.texte(bold=True))
        ecrire_texte(feuille, ligne, 1, texte, styles.texte())
        feuille.set_row(ligne, hauteur((nom, 24), (texte, 110)) + 2)
    feuille.set_landscape()
    feuille.fit_to_pages(1, 1)


def _lignes(
    feuille: Worksheet, styles: Styles, lignes: list[dict[str, Valeur]], nom: str, titre: str
) -> None:
    """Écrire un titre, puis des lignes de mêmes colonnes en tableau filtrable."""
    ecrire_texte(feuille, 0, 0, titre, styles.titre())
    if not lignes:
        ecrire_texte(feuille, 1, 0, "Aucun chiffre dans les fichiers admis.", styles.texte(text_wrap=False))
        return
    colonnes = list(lignes[0])
    for colonne, cle in enumerate(colonnes):
        feuille.set_column(colonne, colonne, TITRES[cle][1])
        for rang, ligne in enumerate(lignes, start=2):
            valeur = ligne[cle]
            if isinstance(valeur, str):
                ecrire_texte(feuille, rang, colonne, valeur, styles.donner())
            elif valeur is not None:
                style = styles.donner(num_format="#,##0.0#" if isinstance(valeur, float) else "0")
                feuille.write_number(rang, colonne, valeur, style)
    # Un tableau d'Excel refuse deux colonnes de même titre.
    titres = [TITRES[c][0] if c != "code_comparable" else "Code du comparable" for c in colonnes]
    feuille.add_table(
        *(1, 0, len(lignes) + 1, len(colonnes) - 1),
        {"name": nom, "style": "Table Style Light 9", "columns": [{"header": t} for t in titres]},
    )
    feuille.freeze_panes(2, 1)
    mettre_en_page(feuille, 1)


def _tableaux(
    feuille: Worksheet, styles: Styles, titre: str, tableaux: Sequence[Tableau], phrases: Sequence[str]
) -> None:
    """Écrire un titre, des phrases, puis des tableaux l'un sous l'autre."""
    feuille.set_column(0, 0, 46)
    feuille.set_column(1, 8, 34)
    ecrire_texte(feuille, 0, 0, titre, styles.titre())
    ligne = 1
    for phrase in phrases:
        feuille.merge_range(ligne, 0, ligne, 3, "", styles.texte())
        ecrire_texte(feuille, ligne, 0, phrase, styles.texte())
        feuille.set_row(ligne, hauteur((phrase, 148)) + 2)
        ligne += 1
    for tableau in map(etendues_en_deux, tableaux):
        ligne += 1
        ecrire_texte(feuille, ligne, 0, tableau.titre, styles.titre())
        for colonne, tete in enumerate(tableau.entetes):
            ecrire_texte(feuille, ligne + 1, colonne, tete.texte, styles.entete())
        feuille.set_row(ligne + 1, hauteur(*((e.texte, 32) for e in tableau.entetes)) + 4)
        ligne += 2
        for cellules in tableau.lignes:
            for colonne, cellule in enumerate(cellules):
                _cellule(feuille, (ligne, colonne), cellule, styles)
            largeurs = ((_texte(c), 44 if n == 0 else 32) for n, c in enumerate(cellules))
            feuille.set_row(ligne, hauteur(*largeurs))
            ligne += 1
        for note in tableau.notes:
            ecrire_texte(feuille, ligne, 0, note, styles.donner(font_color=GRIS, italic=True, font_size=8))
            ligne += 1
    mettre_en_page(feuille, 0)


def _texte(cellule: Cellule) -> str:
    return " – ".join(filter(None, (cellule.texte, cellule.detail)))


def _cellule(feuille: Worksheet, place: tuple[int, int], cellule: Cellule, styles: Styles) -> None:
    """Écrire un nombre avec le format qui le montre tel qu'on le lit, ou un texte."""
    habit = {"bottom": 4, "bottom_color": TRAIT}
    lu = nombre_lu(cellule.texte) if place[1] and cellule.classe == "chiffre" and not cellule.detail else None
    if lu is not None:
        feuille.write_number(*place, lu[0], styles.texte(**habit, align="right", num_format=lu[1]))
        return
    a_gauche = place[1] == 0 or cellule.classe == "texte"
    ecrire_texte(
        feuille, *place, _texte(cellule), styles.texte(**habit, align="left" if a_gauche else "right")
    )
