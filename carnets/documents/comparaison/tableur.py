"""Écrire le classeur de la comparaison : feuilles larges, lignes à filtrer, profils, comparables, ville-centre."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from abs.intercommunal import tables_annexes
from abs.intercommunal.comparaison import lignes_des_communes, lignes_des_pairs
from abs.intercommunal.pairs_des_communes import pourquoi_muette
from abs.intercommunal.plan import remplissage
from abs.intercommunal.tables import LECTURE, SIGNES
from abs.statuts import LIBELLES_STATUT
from carnets.documents.modeles import CLASSEURS
from carnets.documents.tableur.styles import (
    BLEU_PALE,
    GRIS,
    NOMS_COURTS,
    SANS_NIVEAU,
    TRAIT,
    Feuille,
    enregistrer_classeur,
    hauteur,
)
from carnets.documents.tableur.tableur import SENS_DES_STATUTS, attention_d_essai, ecrire_annexes

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from abs.blocs.blocs import Cellule, Tableau
    from abs.calcul.diagnostic import Diagnostic
    from abs.indicateurs.indicateurs import Indicateur
    from abs.intercommunal.comparaison import ComparaisonIntercommunale, Valeur

FEUILLES: Final[dict[str, str]] = CLASSEURS["feuilles_de_comparaison"]
TITRES: Final[dict[str, tuple[str, int]]] = CLASSEURS["colonnes_de_comparaison"]
COLONNES_DES_COMMUNES: Final = (("Territoire", 36), ("Code", 21), ("Groupe", 8))
COLONNES_DES_QPV: Final = (("Quartier", 34), ("Code", 11), ("Communes", 30))
HABIT: Final[dict[str, Any]] = {"bottom": 4, "bottom_color": TRAIT}
# Un nombre français : signe, milliers séparés d'une espace, virgule ; des mots devant et une unité derrière.
NOMBRE: Final = re.compile(
    r"^(?P<avant>au moins )?(?P<signe>[+\u2212-]?)(?P<entier>\d{1,3}(?:[\u202f\u00a0 ]\d{3})*|\d+)(?:,(?P<apres>\d+))?"
    r"(?P<unite>(?:[\u202f\u00a0 ]?(?:%|€|points?|an|ans|[*pe]))*)$"
)
LIAISON: Final = " à "


def ecrire_classeur(comparaison: ComparaisonIntercommunale, chemin: Path) -> Path:
    """Écrire le classeur de la comparaison."""
    titre = f"Comparaison intercommunale : {comparaison.sujet.nom}"
    diagnostic, partage, poids = comparaison.diagnostic, comparaison.partage, comparaison.centre

    def remplir(feuilles: dict[str, Feuille]) -> None:
        feuilles["Lisez-moi"].ecrire_lisez_moi(titre, 110, _lisez_moi(comparaison), FEUILLES)
        _communes(feuilles["Communes"], comparaison)
        tout = "Une ligne par commune et par indicateur"
        _lignes(feuilles["Fiches"], lignes_des_communes(comparaison), "fiches", tout)
        phrases = [partage.refus] if partage.refus else list(partage.phrases)
        groupes = tables_annexes.groupes(diagnostic, partage)
        _tableaux(feuilles["Profils"], "Profils de communes", groupes, phrases)
        proches = "Parmi les communes comparables"
        if pairs := lignes_des_pairs(comparaison):
            _lignes(feuilles["Comparables"], pairs, "comparables", proches)
        else:
            muettes = [pourquoi_muette(q) for q in comparaison.pairs if not q.pairs or not q.resultats]
            _tableaux(feuilles["Comparables"], proches, [], muettes)
        refus = [poids.refus] if poids.refus else []
        pesees = tables_annexes.poids(poids)
        _tableaux(feuilles["Ville-centre"], "Ce que pèse la ville-centre", pesees, refus)
        _qpv(feuilles["QPV"], comparaison)
        ecrire_annexes(feuilles, diagnostic)

    return enregistrer_classeur(chemin, {"title": titre}, ("Lisez-moi", *FEUILLES), remplir)


def _lisez_moi(comparaison: ComparaisonIntercommunale) -> list[tuple[str, str]]:
    fictif = ("Attention", "territoire fictif de démonstration : aucun de ces chiffres n'est réel")
    return [
        ("Territoire", comparaison.portrait.sous_titre),
        *([fictif] if comparaison.portrait.fictif else []),
        *attention_d_essai(comparaison.diagnostic),
        ("", ""),
        *FEUILLES.items(),
        ("", ""),
        ("Rang", LECTURE),
        ("▲ ▼", SIGNES),
        *((LIBELLES_STATUT[s], sens) for s, sens in SENS_DES_STATUTS.items() if s != "calcule"),
        (LIBELLES_STATUT["calcule"], "rapport de comptes publiés ; ses termes sont dans « Données longues »"),
        (SANS_NIVEAU, "aucun fichier déposé ne porte cet indicateur à ce niveau géographique"),
    ]


def _lignes(feuille: Feuille, lignes: list[dict[str, Valeur]], nom: str, titre: str) -> None:
    """Écrire un titre, puis des lignes de mêmes colonnes en tableau filtrable."""
    feuille.ecrire_texte(0, 0, titre, feuille.styles.titre())
    if not lignes:
        feuille.ecrire_texte(
            1, 0, "Aucun chiffre dans les fichiers admis.", feuille.styles.texte(text_wrap=False)
        )
        return
    colonnes = list(lignes[0])
    for colonne, cle in enumerate(colonnes):
        feuille.set_column(colonne, colonne, TITRES[cle][1])
        for rang, ligne in enumerate(lignes, start=2):
            valeur = ligne[cle]
            if isinstance(valeur, str):
                feuille.ecrire_texte(rang, colonne, valeur, feuille.styles.donner())
            elif valeur is not None:
                style = feuille.styles.donner(num_format="#,##0.0#" if isinstance(valeur, float) else "0")
                feuille.write_number(rang, colonne, valeur, style)
    # Un tableau d'Excel refuse deux colonnes de même titre.
    titres = [TITRES[c][0] if c != "code_comparable" else "Code du comparable" for c in colonnes]
    feuille.ecrire_table(1, len(lignes), nom, titres)
    feuille.mettre_en_page((0, 1), 1)


def _tableaux(feuille: Feuille, titre: str, tableaux: Sequence[Tableau], phrases: Sequence[str]) -> None:
    """Écrire un titre, des phrases, puis des tableaux l'un sous l'autre."""
    feuille.set_column(0, 0, 46)
    feuille.set_column(1, 8, 34)
    feuille.ecrire_texte(0, 0, titre, feuille.styles.titre())
    ligne = 1
    for phrase in phrases:
        feuille.fusionner(ligne, (0, 3), phrase, feuille.styles.texte())
        feuille.set_row(ligne, hauteur((phrase, 148)) + 2)
        ligne += 1
    for tableau in map(etendues_en_deux, tableaux):
        ligne += 1
        feuille.ecrire_texte(ligne, 0, tableau.titre, feuille.styles.titre())
        for colonne, tete in enumerate(tableau.entetes):
            feuille.ecrire_texte(ligne + 1, colonne, tete.texte, feuille.styles.entete())
        feuille.set_row(ligne + 1, hauteur(*((e.texte, 32) for e in tableau.entetes)) + 4)
        ligne += 2
        for cellules in tableau.lignes:
            for colonne, cellule in enumerate(cellules):
                _cellule(feuille, (ligne, colonne), cellule)
            largeurs = ((_texte(c), 44 if n == 0 else 32) for n, c in enumerate(cellules))
            feuille.set_row(ligne, hauteur(*largeurs))
            ligne += 1
        for note in tableau.notes:
            feuille.ecrire_texte(
                ligne, 0, note, feuille.styles.donner(font_color=GRIS, italic=True, font_size=8)
            )
            ligne += 1
    feuille.mettre_en_page((0, 0), 0)


def _texte(cellule: Cellule) -> str:
    return " – ".join(filter(None, (cellule.texte, cellule.detail)))


def _cellule(feuille: Feuille, place: tuple[int, int], cellule: Cellule) -> None:
    """Écrire un nombre avec le format qui le montre tel qu'on le lit, ou un texte."""
    lu = nombre_lu(cellule.texte) if place[1] and cellule.classe == "chiffre" and not cellule.detail else None
    if lu is not None:
        feuille.write_number(*place, lu[0], feuille.styles.texte(**HABIT, align="right", num_format=lu[1]))
        return
    a_gauche = place[1] == 0 or cellule.classe == "texte"
    feuille.ecrire_texte(
        *place, _texte(cellule), feuille.styles.texte(**HABIT, align="left" if a_gauche else "right")
    )


def nombre_lu(texte: str) -> tuple[float, str] | None:
    """Relire un nombre écrit en français, et le format qui le récrit de même."""
    trouve = NOMBRE.match(texte)
    if trouve is None:
        return None
    entier = re.sub(r"\D", "", trouve["entier"])
    valeur = float(f"{entier}.{trouve['apres'] or '0'}")
    partie = "." + "0" * len(trouve["apres"]) if trouve["apres"] else ""
    avant = f'"{trouve["avant"]}"' if trouve["avant"] else ""
    corps = f"{avant}#,##0{partie}" + (f'"{trouve["unite"]}"' if trouve["unite"] else "")
    if not trouve["signe"]:
        return valeur, corps
    # Le signe est celui de la page : plus écrit, moins typographique.
    signe = -1 if trouve["signe"] != "+" else 1
    return signe * valeur, f"+{corps};\u2212{corps};{corps}"


def etendues_en_deux(tableau: Tableau) -> Tableau:
    """Mettre chaque colonne d'étendues (« 10,0 % à 15,3 % ») en deux colonnes de nombres."""
    entetes: list[Cellule] = []
    lignes: list[list[Cellule]] = [[] for _ in tableau.lignes]
    for rang, tete in enumerate(tableau.entetes):
        cellules = [ligne[rang] for ligne in tableau.lignes]
        bornes = [c.texte.split(LIAISON) for c in cellules]
        if not any(len(b) == 2 and all(nombre_lu(x) for x in b) for b in bornes):
            entetes.append(tete)
            for ligne, cellule in zip(lignes, cellules, strict=True):
                ligne.append(cellule)
            continue
        entetes += [replace(tete, texte=f"{tete.texte}, {mot}") for mot in ("au plus bas", "au plus haut")]
        for ligne, cellule, borne in zip(lignes, cellules, bornes, strict=True):
            ligne += [replace(cellule, texte=borne[0]), replace(cellule, texte=borne[-1])]
    return replace(tableau, entetes=tuple(entetes), lignes=tuple(map(tuple, lignes)))


# -- feuilles larges ---------------------------------------------------------------------------


def _communes(feuille: Feuille, comparaison: ComparaisonIntercommunale) -> None:
    """Écrire la table large : communes × indicateurs, la date et la source sous chaque titre."""
    diagnostic = comparaison.diagnostic
    choix = [c.indicateur for c in comparaison.classements.values() if remplissage(diagnostic, c.indicateur)]
    profils = {t.code: g.numero for g in comparaison.partage.groupes for t in g.communes}
    feuille.ecrire_texte(0, 0, f"{comparaison.sujet.nom} : communes et indicateurs", feuille.styles.titre())
    aide = "Chaque colonne est lue à une seule date. Signes : * fragile, e estimé, p partiel. Rangs : feuille « Fiches »."
    feuille.ecrire_texte(1, 0, aide, feuille.styles.donner(font_color=GRIS, italic=True))
    feuille.ecrire_entetes((2, 4), COLONNES_DES_COMMUNES, feuille.styles.entete())
    ensembles = diagnostic.ensembles
    _titres(feuille, diagnostic, "mailles", choix, 3, themes=True)
    feuille.set_row(4, 24)
    lignes = (ensembles.sujet, *ensembles.references, *ensembles.mailles)
    for ligne, t in enumerate(lignes, start=5):
        habit = HABIT if t.niveau == "commune" else {**HABIT, "bg_color": BLEU_PALE, "bold": True}
        feuille.ecrire_texte(ligne, 0, t.titre, feuille.styles.donner(**habit, text_wrap=True))
        feuille.set_row(ligne, hauteur((t.titre, 34)))
        feuille.ecrire_texte(ligne, 1, t.code, feuille.styles.donner(**habit))
        if t.code in profils:
            feuille.write_number(ligne, 2, profils[t.code], feuille.styles.donner(**habit, align="center"))
        else:
            feuille.write_blank(ligne, 2, None, feuille.styles.donner(**habit))
        for colonne, definition in enumerate(choix, start=3):
            chiffre = diagnostic.chiffre(t, definition.code, "mailles")
            feuille.ecrire_valeur((ligne, colonne), definition, chiffre, habit)
    feuille.autofilter(4, 0, 4 + len(lignes), 2 + len(choix))
    feuille.mettre_en_page((0, 4), 1, echelle=70)


def _qpv(feuille: Feuille, comparaison: ComparaisonIntercommunale) -> None:
    """Écrire les quartiers prioritaires : un par ligne, chaque colonne à la date du producteur."""
    diagnostic = comparaison.diagnostic
    qpv = diagnostic.ensembles.qpv
    choix = [i for i in diagnostic.indicateurs.values() if _dates(diagnostic, i, "qpv")]
    feuille.ecrire_texte(0, 0, "Quartiers prioritaires de la politique de la ville", feuille.styles.titre())
    if not choix:
        feuille.ecrire_texte(
            1, 0, "Pas de quartier prioritaire chiffré.", feuille.styles.texte(text_wrap=False)
        )
        return
    noms = {t.code: t.nom for t in diagnostic.ensembles.mailles}
    feuille.ecrire_entetes((1, 2), COLONNES_DES_QPV, feuille.styles.entete())
    _titres(feuille, diagnostic, "qpv", choix, 1)
    for ligne, q in enumerate(qpv, start=3):
        communes = ", ".join(noms.get(c, c) for c in q.composantes)
        feuille.ecrire_ligne(ligne, (q.nom, q.code, communes), feuille.styles.donner(**HABIT))
        for colonne, definition in enumerate(choix, start=3):
            chiffre = diagnostic.chiffre(q, definition.code, "qpv")
            feuille.ecrire_valeur((ligne, colonne), definition, chiffre, HABIT)
    feuille.mettre_en_page((0, 2), 1, echelle=70)


def _dates(diagnostic: Diagnostic, definition: Indicateur, groupe: str) -> list[str]:
    territoires = getattr(diagnostic.ensembles, groupe)
    lus = [diagnostic.chiffre(t, definition.code, groupe) for t in territoires]
    return [c.periode for c in lus if c is not None and c.a_une_valeur]


def _titres(
    feuille: Feuille,
    diagnostic: Diagnostic,
    groupe: str,
    choix: list[Indicateur],
    rang: int,
    *,
    themes: bool = False,
) -> None:
    """Écrire le titre de chaque indicateur, sa date au-dessous, son thème au-dessus."""
    for colonne, definition in enumerate(choix, start=3):
        feuille.set_column(colonne, colonne, 15)
        date = next(iter(_dates(diagnostic, definition, groupe)), "")
        if themes:
            feuille.ecrire_texte(
                rang - 1,
                colonne,
                NOMS_COURTS.get(definition.theme, definition.theme),
                feuille.styles.entete(font_size=8),
            )
        feuille.ecrire_texte(rang, colonne, definition.libelle_court, feuille.styles.entete(font_size=9))
        feuille.ecrire_texte(rang + 1, colonne, date, feuille.styles.entete(font_size=8, bold=False))
    feuille.set_row(rang, hauteur(*((i.libelle_court, 14) for i in choix), taille=9) + 4 if choix else 20)
