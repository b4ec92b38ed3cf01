"""Les deux feuilles larges de la comparaison : communes × indicateurs, quartiers prioritaires × indicateurs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from abs.intercommunal.absences import remplissage
from carnets.documents.tableur.styles import (
    BLEU_PALE,
    GRIS,
    NOMS_COURTS,
    TRAIT,
    Styles,
    ecrire_entetes,
    ecrire_ligne,
    ecrire_texte,
    ecrire_valeur,
    hauteur,
    mettre_en_page,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from xlsxwriter.worksheet import Worksheet

    from abs.calcul.diagnostic import Diagnostic
    from abs.indicateurs.indicateurs import Indicateur
    from abs.intercommunal.comparaison import ComparaisonIntercommunale
    from abs.territoires.territoires import Territoire

COLONNES_DES_COMMUNES: Final = (("Territoire", 36), ("Code", 21), ("Groupe", 8))
COLONNES_DES_QPV: Final = (("Quartier", 34), ("Code", 11), ("Communes", 30))
HABIT: Final[dict[str, object]] = {"bottom": 4, "bottom_color": TRAIT}


def ecrire_communes(feuille: Worksheet, styles: Styles, comparaison: ComparaisonIntercommunale) -> None:
    """Écrire la table large : communes × indicateurs, la date et la source sous chaque titre."""
    diagnostic = comparaison.diagnostic
    choix = [c.indicateur for c in comparaison.classements.values() if remplissage(diagnostic, c.indicateur)]
    profils = {t.code: g.numero for g in comparaison.partage.groupes for t in g.communes}
    ecrire_texte(feuille, 0, 0, f"{comparaison.sujet.nom} : communes et indicateurs", styles.titre())
    aide = "Chaque colonne est lue à une seule date. Signes : * fragile, e estimé, p partiel. Rangs : feuille « Fiches »."
    ecrire_texte(feuille, 1, 0, aide, styles.donner(font_color=GRIS, italic=True))
    ecrire_entetes(feuille, (2, 4), COLONNES_DES_COMMUNES, styles.entete())
    ensembles = diagnostic.ensembles
    _titres(feuille, styles, diagnostic, "mailles", ensembles.mailles, choix, 3, themes=True)
    feuille.set_row(4, 24)
    lignes = (ensembles.sujet, *ensembles.references, *ensembles.mailles)
    for ligne, t in enumerate(lignes, start=5):
        habit = HABIT if t.niveau == "commune" else {**HABIT, "bg_color": BLEU_PALE, "bold": True}
        ecrire_texte(feuille, ligne, 0, t.titre, styles.donner(**habit, text_wrap=True))
        feuille.set_row(ligne, hauteur((t.titre, 34)))
        ecrire_texte(feuille, ligne, 1, t.code, styles.donner(**habit))
        if t.code in profils:
            feuille.write_number(ligne, 2, profils[t.code], styles.donner(**habit, align="center"))
        else:
            feuille.write_blank(ligne, 2, None, styles.donner(**habit))
        for colonne, definition in enumerate(choix, start=3):
            chiffre = diagnostic.chiffre(t, definition.code, "mailles")
            ecrire_valeur(feuille, (ligne, colonne), definition, chiffre, styles, habit)
    feuille.autofilter(4, 0, 4 + len(lignes), 2 + len(choix))
    feuille.freeze_panes(5, 1)
    mettre_en_page(feuille, (0, 4), echelle=70)


def ecrire_qpv(feuille: Worksheet, styles: Styles, comparaison: ComparaisonIntercommunale) -> None:
    """Écrire les quartiers prioritaires : un par ligne, chaque colonne à la date du producteur."""
    diagnostic = comparaison.diagnostic
    qpv = diagnostic.ensembles.qpv
    choix = [i for i in diagnostic.indicateurs.values() if _dates(diagnostic, i, "qpv", qpv)]
    ecrire_texte(feuille, 0, 0, "Quartiers prioritaires de la politique de la ville", styles.titre())
    if not choix:
        ecrire_texte(feuille, 1, 0, "Pas de quartier prioritaire chiffré.", styles.texte(text_wrap=False))
        return
    noms = {t.code: t.nom for t in diagnostic.ensembles.mailles}
    ecrire_entetes(feuille, (1, 2), COLONNES_DES_QPV, styles.entete())
    _titres(feuille, styles, diagnostic, "qpv", qpv, choix, 1)
    for ligne, q in enumerate(qpv, start=3):
        communes = ", ".join(noms.get(c, c) for c in q.composantes)
        ecrire_ligne(feuille, ligne, (q.nom, q.code, communes), styles.donner(**HABIT))
        for colonne, definition in enumerate(choix, start=3):
            chiffre = diagnostic.chiffre(q, definition.code, "qpv")
            ecrire_valeur(feuille, (ligne, colonne), definition, chiffre, styles, HABIT)
    feuille.freeze_panes(3, 1)
    mettre_en_page(feuille, (0, 2), echelle=70)


def _dates(
    diagnostic: Diagnostic, definition: Indicateur, groupe: str, territoires: Sequence[Territoire]
) -> list[str]:
    lus = [diagnostic.chiffre(t, definition.code, groupe) for t in territoires]
    return [c.periode for c in lus if c is not None and c.a_une_valeur]


def _titres(
    feuille: Worksheet,
    styles: Styles,
    diagnostic: Diagnostic,
    groupe: str,
    territoires: Sequence[Territoire],
    choix: list[Indicateur],
    rang: int,
    *,
    themes: bool = False,
) -> None:
    """Écrire le titre de chaque indicateur, sa date au-dessous, son thème au-dessus."""
    for colonne, definition in enumerate(choix, start=3):
        feuille.set_column(colonne, colonne, 15)
        date = next(iter(_dates(diagnostic, definition, groupe, territoires)), "")
        if themes:
            ecrire_texte(
                feuille, rang - 1, colonne, NOMS_COURTS[definition.theme], styles.entete(font_size=8)
            )
        ecrire_texte(feuille, rang, colonne, definition.libelle_court, styles.entete(font_size=9))
        ecrire_texte(feuille, rang + 1, colonne, date, styles.entete(font_size=8, bold=False))
    feuille.set_row(rang, hauteur(*((i.libelle_court, 14) for i in choix), taille=9) + 4 if choix else 20)
