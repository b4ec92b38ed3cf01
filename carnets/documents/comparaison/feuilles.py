"""Les deux feuilles larges de la comparaison : communes × indicateurs, quartiers prioritaires × indicateurs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from abs.intercommunal.absences import remplissage
from carnets.documents.tableur.styles import (
    BLEU_PALE,
    GRIS,
    MOTS_DES_STATUTS,
    NOMS_COURTS,
    SANS_NIVEAU,
    TRAIT,
    Styles,
    ecrire_texte,
    format_de_valeur,
    hauteur,
)

if TYPE_CHECKING:
    from xlsxwriter.worksheet import Worksheet

    from abs.calcul.chiffre import Chiffre
    from abs.indicateurs.indicateurs import Indicateur
    from abs.intercommunal.comparaison import ComparaisonIntercommunale


def ecrire_communes(feuille: Worksheet, styles: Styles, comparaison: ComparaisonIntercommunale) -> None:
    """Écrire la table large : communes × indicateurs, la date et la source sous chaque titre."""
    diagnostic = comparaison.diagnostic
    choix = [c.indicateur for c in comparaison.classements.values() if remplissage(diagnostic, c.indicateur)]
    profils = {t.code: g.numero for g in comparaison.partage.groupes for t in g.communes}
    ecrire_texte(feuille, 0, 0, f"{comparaison.sujet.nom} : communes et indicateurs", styles.titre())
    aide = "Chaque colonne est lue à une seule date. Signes : * fragile, e estimé, p partiel. Rangs : feuille « Fiches »."
    ecrire_texte(feuille, 1, 0, aide, styles.donner(font_color=GRIS, italic=True))
    for colonne, (texte, largeur) in enumerate((("Territoire", 36), ("Code", 21), ("Groupe", 8))):
        feuille.set_column(colonne, colonne, largeur)
        feuille.merge_range(2, colonne, 4, colonne, texte, styles.entete())
    for colonne, definition in enumerate(choix, start=3):
        feuille.set_column(colonne, colonne, 15)
        lus = [diagnostic.chiffre(t, definition.code, "mailles") for t in diagnostic.ensembles.mailles]
        date = next((c.periode for c in lus if c is not None and c.a_une_valeur), "")
        ecrire_texte(feuille, 2, colonne, NOMS_COURTS[definition.theme], styles.entete(font_size=8))
        ecrire_texte(feuille, 3, colonne, definition.libelle_court, styles.entete(font_size=9))
        ecrire_texte(feuille, 4, colonne, date, styles.entete(font_size=8, bold=False))
    feuille.set_row(3, hauteur(*((i.libelle_court, 14) for i in choix), taille=9) + 4 if choix else 20)
    feuille.set_row(4, 24)
    ensembles = diagnostic.ensembles
    lignes = (ensembles.sujet, *ensembles.references, *ensembles.mailles)
    for ligne, t in enumerate(lignes, start=5):
        fond = {} if t.niveau == "commune" else {"bg_color": BLEU_PALE, "bold": True}
        habit = {"bottom": 4, "bottom_color": TRAIT, **fond}
        ecrire_texte(feuille, ligne, 0, t.titre, styles.donner(**habit, text_wrap=True))
        feuille.set_row(ligne, hauteur((t.titre, 34)))
        ecrire_texte(feuille, ligne, 1, t.code, styles.donner(**habit))
        if t.code in profils:
            feuille.write_number(ligne, 2, profils[t.code], styles.donner(**habit, align="center"))
        else:
            feuille.write_blank(ligne, 2, None, styles.donner(**habit))
        for colonne, definition in enumerate(choix, start=3):
            chiffre = diagnostic.chiffre(t, definition.code, "mailles")
            _valeur(feuille, (ligne, colonne), definition, chiffre, styles, habit)
    feuille.autofilter(4, 0, 4 + len(lignes), 2 + len(choix))
    feuille.freeze_panes(5, 1)
    mettre_en_page(feuille, 4, large=True)


def _valeur(
    feuille: Worksheet,
    cellule: tuple[int, int],
    definition: Indicateur,
    chiffre: Chiffre | None,
    styles: Styles,
    habit: dict[str, object],
) -> None:
    """Écrire un nombre entier avec son format, ou le mot qui en tient lieu ; jamais zéro pour une absence."""
    if chiffre is not None and chiffre.a_une_valeur:
        style = styles.donner(**habit, num_format=format_de_valeur(definition, chiffre))
        feuille.write_number(*cellule, chiffre.valeur, style)
        return
    mot = SANS_NIVEAU if chiffre is None else MOTS_DES_STATUTS[chiffre.statut]
    ecrire_texte(feuille, *cellule, mot, styles.donner(**habit, align="right", font_color=GRIS, italic=True))


def ecrire_qpv(feuille: Worksheet, styles: Styles, comparaison: ComparaisonIntercommunale) -> None:
    """Écrire les quartiers prioritaires : un par ligne, chaque colonne à la date du producteur."""
    diagnostic = comparaison.diagnostic
    choix = [
        i
        for i in diagnostic.indicateurs.values()
        if any(
            (c := diagnostic.chiffre(q, i.code, "qpv")) is not None and c.a_une_valeur
            for q in diagnostic.ensembles.qpv
        )
    ]
    ecrire_texte(feuille, 0, 0, "Quartiers prioritaires de la politique de la ville", styles.titre())
    if not choix:
        ecrire_texte(feuille, 1, 0, "Pas de quartier prioritaire chiffré.", styles.texte(text_wrap=False))
        return
    noms = {t.code: t.nom for t in diagnostic.ensembles.mailles}
    for colonne, (texte, largeur) in enumerate((("Quartier", 34), ("Code", 11), ("Communes", 30))):
        feuille.set_column(colonne, colonne, largeur)
        feuille.merge_range(1, colonne, 2, colonne, texte, styles.entete())
    feuille.set_column(3, 2 + len(choix), 15)
    feuille.set_row(1, hauteur(*((i.libelle_court, 14) for i in choix), taille=9) + 4)
    for colonne, definition in enumerate(choix, start=3):
        lus = [diagnostic.chiffre(q, definition.code, "qpv") for q in diagnostic.ensembles.qpv]
        date = next((c.periode for c in lus if c is not None and c.a_une_valeur), "")
        ecrire_texte(feuille, 1, colonne, definition.libelle_court, styles.entete(font_size=9))
        ecrire_texte(feuille, 2, colonne, date, styles.entete(font_size=8, bold=False))
    habit = {"bottom": 4, "bottom_color": TRAIT}
    for ligne, q in enumerate(diagnostic.ensembles.qpv, start=3):
        communes = ", ".join(noms.get(c, c) for c in q.composantes)
        for colonne, texte in enumerate((q.nom, q.code, communes)):
            ecrire_texte(feuille, ligne, colonne, texte, styles.donner(**habit))
        for colonne, definition in enumerate(choix, start=3):
            chiffre = diagnostic.chiffre(q, definition.code, "qpv")
            _valeur(feuille, (ligne, colonne), definition, chiffre, styles, habit)
    feuille.freeze_panes(3, 1)
    mettre_en_page(feuille, 2, large=True)


def mettre_en_page(feuille: Worksheet, entete: int, *, large: bool = False) -> None:
    """Régler l'impression d'une feuille : A3 en largeur, en-têtes répétés."""
    feuille.set_landscape()
    feuille.set_paper(8)
    if large:
        # Trop de colonnes pour une page : elles se suivent, le nom du territoire répété à gauche.
        feuille.set_print_scale(70)
        feuille.repeat_columns(0)
    else:
        feuille.fit_to_pages(1, 0)
    feuille.repeat_rows(0, entete)
    feuille.set_footer("&L&A&RPage &P sur &N")
