"""Écrire le classeur d'un portrait : taux recalculables, dates, statuts et définitions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from abs.indicateurs.indicateurs import THEMES
from abs.statuts import LIBELLES_STATUT
from abs.territoires.territoires import NOMS_DE_NIVEAU
from carnets.documents.modeles import CLASSEURS
from carnets.documents.tableur.annexes import ecrire_annexes, ecrire_comparaison
from carnets.documents.tableur.styles import (
    PIED,
    SANS_NIVEAU,
    Styles,
    ecrire_lisez_moi,
    enregistrer_classeur,
    nom_de_feuille,
)
from carnets.documents.tableur.themes import FeuilleDeTheme

if TYPE_CHECKING:
    from pathlib import Path

    from xlsxwriter.worksheet import Worksheet

    from abs.calcul.diagnostic import Diagnostic
    from carnets.documents.tableur.themes import Reperes

LISEZ_MOI: Final = "Lisez-moi"
COMPARAISON: Final = "Comparaison"
ANNEXES: Final[dict[str, str]] = CLASSEURS["annexes"]
SENS_DES_STATUTS: Final[dict[str, str]] = CLASSEURS["statuts"]


def ecrire_xlsx(diagnostic: Diagnostic, chemin: Path) -> Path:
    """Écrire le classeur d'un portrait."""
    sujet = diagnostic.ensembles.sujet.nom
    themes = {t: [i for i in diagnostic.indicateurs.values() if i.theme == t] for t in THEMES}
    noms = {t: nom_de_feuille(t, THEMES[t]) for t, liste in themes.items() if liste}

    def remplir(feuilles: dict[str, Worksheet], styles: Styles) -> None:
        reperes: Reperes = {}
        for theme, nom in noms.items():
            page = FeuilleDeTheme(feuilles[nom], styles, diagnostic, reperes)
            page.ecrire(f"{THEMES[theme]} – {sujet}", themes[theme])
        ranges = [i for t in noms for i in themes[t]]
        ecrire_comparaison(feuilles[COMPARAISON], styles, diagnostic, reperes, ranges)
        ecrire_annexes(feuilles, styles, diagnostic)
        couples = _lisez_moi(diagnostic, {noms[t]: THEMES[t] for t in noms})
        premiere = feuilles[LISEZ_MOI]
        ecrire_lisez_moi(premiere, styles, f"Portrait de territoire : {sujet}", 105, couples, feuilles)
        premiere.set_paper(9)
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
        ("Lire un chiffre : son statut", None),
        *((LIBELLES_STATUT[statut], sens) for statut, sens in SENS_DES_STATUTS.items()),
        (SANS_NIVEAU, "aucun fichier tenu ne porte cet indicateur à ce niveau géographique"),
        ("Lire un chiffre : sa fiabilité", None),
        *CLASSEURS["fiabilite"].items(),
        ("À savoir sur les dates de ce portrait", None),
        *(("•", remarque) for remarque in diagnostic.remarques or ["Aucune remarque."]),
    ]


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
    if any("fictif" in n.lower() for n in noms):
        lignes.insert(
            1, ("Attention", "territoire fictif de démonstration : aucun de ces chiffres n'est réel")
        )
    return lignes
