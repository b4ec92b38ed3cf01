"""Écrire le classeur d'un portrait : taux recalculables, dates, statuts et définitions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import pandas as pd

from abs.calcul.table_longue import COLONNES, TEXTES
from abs.definitions import table
from abs.indicateurs.indicateurs import THEMES
from abs.statuts import LIBELLES_STATUT
from abs.territoires.territoires import NOMS_DE_NIVEAU
from carnets.documents.modeles import CLASSEURS
from carnets.documents.tableur.definitions import (
    date_et_source,
    definitions,
    sources_absentes,
    sources_employees,
    unite_lisible,
)
from carnets.documents.tableur.styles import (
    A4,
    BLEU_PALE,
    GRIS,
    LONGUEUR_MAXIMALE,
    PIED,
    SANS_NIVEAU,
    TRAIT,
    Feuille,
    enregistrer_classeur,
    hauteur,
    nom_de_feuille,
)
from carnets.documents.tableur.themes import FeuilleDeTheme

if TYPE_CHECKING:
    from pathlib import Path

    from abs.calcul.diagnostic import Diagnostic
    from abs.indicateurs.indicateurs import Indicateur
    from carnets.documents.tableur.graphiques import Reperes

LISEZ_MOI: Final = "Lisez-moi"
COMPARAISON: Final = "Comparaison"
ANNEXES: Final[dict[str, str]] = CLASSEURS["annexes"]
SENS_DES_STATUTS: Final[dict[str, str]] = CLASSEURS["statuts"]
ENTETES_DEFINITIONS: Final[dict[str, tuple[str, int]]] = CLASSEURS["definitions"]
ENTETES_SOURCES: Final[dict[str, tuple[str, int]]] = CLASSEURS["sources"]
# Des définitions, les colonnes qui s'impriment lisibles ; des données longues, une page, pour dire ce qu'elles sont.
COLONNES_IMPRIMEES: Final = (1, 5)
LIGNES_IMPRIMEES: Final = 60
LARGEURS_LONGUES: Final[dict[str, int]] = CLASSEURS["largeurs_longues"]


def ecrire_xlsx(diagnostic: Diagnostic, chemin: Path) -> Path:
    """Écrire le classeur d'un portrait."""
    sujet = diagnostic.ensembles.sujet.nom
    themes = {t: [i for i in diagnostic.indicateurs.values() if i.theme == t] for t in THEMES}
    noms = {t: nom_de_feuille(t, THEMES[t]) for t, liste in themes.items() if liste}

    def remplir(feuilles: dict[str, Feuille]) -> None:
        reperes: Reperes = {}
        for theme, nom in noms.items():
            page = FeuilleDeTheme(feuilles[nom], diagnostic, reperes)
            page.ecrire(f"{THEMES[theme]} – {sujet}", theme, themes[theme])
        ranges = [i for t in noms for i in themes[t]]
        _comparaison(feuilles[COMPARAISON], diagnostic, reperes, ranges)
        ecrire_annexes(feuilles, diagnostic)
        couples = _lisez_moi(diagnostic, {noms[t]: THEMES[t] for t in noms})
        premiere = feuilles[LISEZ_MOI]
        premiere.ecrire_lisez_moi(f"Portrait de territoire : {sujet}", 105, couples, feuilles)
        premiere.set_paper(A4)
        premiere.set_footer(PIED)

    proprietes = {"title": f"Portrait de {sujet}", "subject": "Analyse des besoins sociaux"}
    return enregistrer_classeur(
        chemin, proprietes, (LISEZ_MOI, COMPARAISON, *noms.values(), *ANNEXES), remplir
    )


def _lisez_moi(diagnostic: Diagnostic, themes: dict[str, str]) -> list[tuple[str, str | None]]:
    """Dire ce qui est demandé, ce que porte chaque feuille, comment lire un chiffre ; un intertitre n'a pas de texte."""
    return [
        *_demande(diagnostic),
        ("Les feuilles", None),
        (COMPARAISON, "le sujet et ses références, un indicateur par ligne"),
        *(
            (nom, f"{libelle} : tous les territoires, numérateurs, dénominateurs et valeurs")
            for nom, libelle in themes.items()
        ),
        *ANNEXES.items(),
        ("Imprimer", CLASSEURS["impression"]["imprimer"]),
        ("Lire un chiffre : son statut", None),
        *((LIBELLES_STATUT[statut], sens) for statut, sens in SENS_DES_STATUTS.items()),
        (SANS_NIVEAU, "aucun fichier tenu ne porte cet indicateur à ce niveau géographique"),
        ("Lire un chiffre : sa fiabilité", None),
        *CLASSEURS["fiabilite"].items(),
        ("À savoir sur les dates de ce portrait", None),
        *(("•", remarque) for remarque in diagnostic.remarques or ["Aucune remarque."]),
    ]


def attention_d_essai(diagnostic: Diagnostic) -> list[tuple[str, str]]:
    """Dire, en tête d'un classeur, qu'il est tiré de fichiers d'essai."""
    texte = table("_document")["commun"]["essai"].format(fichiers=", ".join(diagnostic.essais))
    return [("Données d'essai", texte)] if diagnostic.essais else []


def _demande(diagnostic: Diagnostic) -> list[tuple[str, str]]:
    """Dire ce qui a été demandé, réglage par réglage."""
    sujet, demande = diagnostic.ensembles.sujet, diagnostic.demande
    noms = (sujet.nom, *(t.nom for t in diagnostic.ensembles.references))
    dates = (
        f"données de {demande.millesime} ou avant"
        if demande.millesime
        else "dernier millésime tenu de chaque source"
    )
    if demande.millesimes:
        dates += " ; " + ", ".join(f"{cle} {annee}" for cle, annee in demande.millesimes.items())
    lignes = [
        ("Territoire", f"{sujet.nom} ({NOMS_DE_NIVEAU.get(sujet.niveau, sujet.niveau)} {sujet.code})"),
        ("Date demandée", dates),
        ("Comparé à", " · ".join(noms[1:]) or "aucune référence"),
        ("Diffusion", demande.diffusion),
    ]
    if demande.diffusion == "interne":
        lignes.insert(0, ("Document interne", "ne pas diffuser : chiffres transmis pour un usage interne"))
    lignes[1:1] = attention_d_essai(diagnostic)
    if any("fictif" in n.lower() for n in noms):
        lignes.insert(
            1, ("Attention", "territoire fictif de démonstration : aucun de ces chiffres n'est réel")
        )
    return lignes


# -- feuilles communes -------------------------------------------------------------------------


def _comparaison(feuille: Feuille, diagnostic: Diagnostic, reperes: Reperes, choix: list[Indicateur]) -> None:
    """Écrire la feuille où chaque indicateur tient sur une ligne : le sujet, puis ses références.

    Les valeurs renvoient aux feuilles de thème : un taux corrigé là-bas se corrige ici.
    """
    territoires = (diagnostic.ensembles.sujet, *diagnostic.ensembles.references)
    feuille.ecrire_texte(0, 0, f"{diagnostic.ensembles.sujet.nom} et ses références", feuille.styles.titre())
    entetes = [("Thème", 19), ("Indicateur", 52), ("Unité", 17), *((t.titre, 17) for t in territoires)]
    feuille.ecrire_entetes((2, 2), [*entetes, ("Date · source", 40)], feuille.styles.entete())
    feuille.set_row(2, hauteur(*((t.titre, 15) for t in territoires)) + 6)
    noms = {t: nom_de_feuille(t, libelle) for t, libelle in THEMES.items()}
    theme, ligne, sans_chiffre = "", 2, 0
    for indicateur in choix:
        places = [reperes[t.code, t.niveau, indicateur.code] for t in territoires]
        # Ce qui n'a rien à comparer ici est dans la feuille de son thème, avec sa raison.
        if not any(chiffre is not None and chiffre.a_une_valeur for _, chiffre in places):
            sans_chiffre += any(chiffre is not None for _, chiffre in places)
            continue
        ligne += 1
        trait: dict[str, object] = {"top": 2} if indicateur.theme != theme else {"top": 4, "top_color": TRAIT}
        theme = indicateur.theme
        texte = feuille.styles.donner(**trait, text_wrap=True)
        feuille.ecrire_ligne(ligne, (noms[theme], indicateur.libelle, unite_lisible(indicateur)), texte)
        dates: dict[str, None] = {}
        for colonne, (adresse, chiffre) in enumerate(places, start=3):
            fond = {**trait, "bold": True, "bg_color": BLEU_PALE} if colonne == 3 else trait
            if chiffre is not None and chiffre.a_une_valeur:
                dates[date_et_source(chiffre)] = None
            else:
                fond = {**fond, "bold": False}
            # Un chiffre absent n'est pas un renvoi, mais son mot.
            feuille.ecrire_valeur((ligne, colonne), indicateur, chiffre, fond, f"={adresse}")
        petit = feuille.styles.donner(**trait, text_wrap=True, font_size=8, font_color=GRIS, indent=1)
        feuille.ecrire_texte(ligne, 3 + len(territoires), " ; ".join(dates), petit)
        feuille.set_row(ligne, hauteur((indicateur.libelle, 52), (" ; ".join(dates), 48)))
    aide = CLASSEURS["impression"]["comparaison_sans" if sans_chiffre else "comparaison"].format(
        n=sans_chiffre
    )
    feuille.ecrire_texte(1, 0, aide, feuille.styles.donner(font_color=GRIS, italic=True))
    feuille.autofilter(2, 0, max(ligne, 3), len(entetes))
    feuille.mettre_en_page((2, 2), 2, marges=True)


def ecrire_annexes(feuilles: dict[str, Feuille], diagnostic: Diagnostic) -> None:
    """Écrire les trois feuilles que tout classeur porte."""
    _definitions(feuilles["Définitions"], diagnostic)
    _sources(feuilles["Sources"], diagnostic)
    _donnees_longues(feuilles["Données longues"], diagnostic)


def _definitions(feuille: Feuille, diagnostic: Diagnostic) -> None:
    """Écrire la définition de chaque indicateur, avec la formule de chacune de ses séries."""
    feuille.ecrire_texte(0, 0, "Définitions des indicateurs", feuille.styles.titre())
    derniere = _tableau(feuille, definitions(diagnostic), ENTETES_DEFINITIONS, 1)
    feuille.autofilter(1, 0, derniere, len(ENTETES_DEFINITIONS) - 1)
    feuille.mettre_en_page((1, 1), 2, marges=True)
    feuille.print_area(0, COLONNES_IMPRIMEES[0], derniere, COLONNES_IMPRIMEES[1])


def _sources(feuille: Feuille, diagnostic: Diagnostic) -> None:
    """Écrire les sources employées, puis celles qui manquent et ce qu'il faudrait déposer."""
    feuille.ecrire_texte(0, 0, "Sources employées", feuille.styles.titre())
    ligne = _tableau(feuille, sources_employees(diagnostic), ENTETES_SOURCES, 1) + 2
    absentes = sources_absentes(diagnostic)
    if absentes:
        feuille.ecrire_texte(
            ligne, 0, "Sources attendues dont aucun chiffre n'a pu être tiré", feuille.styles.titre()
        )
        feuille.ecrire_ligne(
            ligne + 1, ("Source", "Ce qu'il faut déposer"), feuille.styles.entete(align="left")
        )
        for rang, (titre, rappel) in enumerate(absentes, start=ligne + 2):
            feuille.ecrire_texte(rang, 0, titre, feuille.styles.texte())
            feuille.fusionner(rang, (1, 4), rappel, feuille.styles.texte())
            feuille.set_row(rang, hauteur((titre, 50), (rappel, 88)))
    feuille.mettre_en_page((1, 1), 1, marges=True)


def _donnees_longues(feuille: Feuille, diagnostic: Diagnostic) -> None:
    """Écrire la table longue du diagnostic, telle quelle, en tableau filtrable."""
    table = diagnostic.table()
    textes = set(TEXTES)
    for colonne, nom in enumerate(COLONNES):
        feuille.set_column(colonne, colonne, LARGEURS_LONGUES.get(nom, 13))
        for ligne, valeur in enumerate(table[nom].tolist(), start=1):
            if nom in textes:
                if isinstance(valeur, str) and valeur:
                    feuille.write_string(ligne, colonne, valeur[:LONGUEUR_MAXIMALE])
            elif not pd.isna(valeur):
                feuille.write_number(ligne, colonne, valeur)
    feuille.ecrire_table(0, len(table), "donnees_longues", COLONNES)
    feuille.mettre_en_page((0, 0), 1, marges=True)
    feuille.print_area(0, 0, min(len(table), LIGNES_IMPRIMEES), len(COLONNES) - 1)


def _tableau(feuille: Feuille, table: pd.DataFrame, entetes: dict[str, tuple[str, int]], ligne: int) -> int:
    """Écrire une table sous ses en-têtes accentués ; rendre le numéro de sa dernière ligne."""
    feuille.ecrire_entetes((ligne, ligne), entetes.values(), feuille.styles.entete(align="left"))
    trait = {"bottom": 4, "bottom_color": TRAIT}
    for colonne, nom in enumerate(entetes):
        for rang, valeur in enumerate(table[nom].tolist(), start=ligne + 1):
            if isinstance(valeur, int):
                feuille.write_number(rang, colonne, valeur, feuille.styles.texte(**trait, align="left"))
            else:
                feuille.ecrire_texte(rang, colonne, str(valeur), feuille.styles.texte(**trait))
    for rang, textes in enumerate(table[[*entetes]].astype(str).itertuples(index=False), start=ligne + 1):
        feuille.set_row(rang, hauteur(*zip(textes, (w for _, w in entetes.values()), strict=True)))
    feuille.set_row(ligne, 44)
    return ligne + len(table)
