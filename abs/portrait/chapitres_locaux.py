"""Ce que les sources locales ajoutent à un chapitre : phrases, tableaux, et ce qu'il reste à demander."""

from collections.abc import Sequence
from dataclasses import replace
from typing import ClassVar, Final

from abs.blocs.blocs import Cellule, Tableau
from abs.calcul.sources_recues import INTERNE, MASQUE_AILLEURS, SUFFIXE_SOURCE, est_interne
from abs.calcul.table_longue import Chiffre, Diagnostic
from abs.formats import nombre
from abs.indicateurs.indicateurs import THEMES, Indicateur
from abs.phrases.ecriture import gabarits, periode_dite
from abs.phrases.etendue import mots_des_mailles
from abs.phrases.phrases import Phrase, phrase
from abs.portrait.tableaux import Tableaux, cellule
from abs.territoires.territoires import Territoire
from donnees_insee.catalogue.modeles_recus import modeles

MAILLES_EN_COLONNES: Final = 6
RECUS: Final = "Données locales reçues"


def indicateurs_locaux(diagnostic: Diagnostic, theme: str) -> list[Indicateur]:
    """Lister les indicateurs reçus d'un thème."""
    return [i for i in diagnostic.locales.indicateurs.values() if i.theme == theme]


def phrases_locales(diagnostic: Diagnostic, theme: str) -> list[Phrase]:
    """Écrire une phrase par indicateur reçu pour le territoire, quand son statut le permet."""
    ecrites = []
    sujet = diagnostic.ensembles.sujet
    for indicateur in indicateurs_locaux(diagnostic, theme):
        chiffre = diagnostic.chiffre(sujet, indicateur.code)
        references = diagnostic.lus(diagnostic.ensembles.references, indicateur.code)
        autour = [(t, c) for t, c in references if _meme_origine(chiffre, c)]
        dite = phrase(indicateur, sujet, chiffre, autour)
        if dite is not None and chiffre is not None:
            mots = [f"source : {producteur(chiffre)}", *([INTERNE] if est_interne(chiffre) else [])]
            ecrites.append(replace(dite, texte=f"{dite.texte.removesuffix('.')} [{' ; '.join(mots)}]."))
    return ecrites


def producteur(chiffre: Chiffre) -> str:
    """Donner le nom de qui a transmis un chiffre."""
    return chiffre.source.removesuffix(SUFFIXE_SOURCE)


def _meme_origine(premier: Chiffre | None, autre: Chiffre | None) -> bool:
    """Ne comparer que ce qu'un même producteur donne à une même date."""
    if premier is None or autre is None:
        return False
    return (premier.source, premier.periode) == (autre.source, autre.periode)


class _TableauxLocaux(Tableaux):
    """Les mêmes tableaux pour les données reçues : un seul producteur et une seule date par ligne."""

    titre_de_date = "Date, producteur"
    mots_des_notes = "notes_de_tableau_local"
    dit_les_absences = False
    ailleurs = "ils sont dans tableaux.xlsx"
    types: ClassVar = {}

    def lire(self, territoire: Territoire, indicateur: Indicateur) -> Chiffre | None:
        premier = super().lire(self.diagnostic.ensembles.sujet, indicateur)
        chiffre = super().lire(territoire, indicateur)
        return chiffre if _meme_origine(premier, chiffre) else None

    def montre(self, chiffre: Chiffre | None) -> bool:
        return chiffre is not None

    def cellule(self, indicateur: Indicateur, chiffre: Chiffre | None, premier: Chiffre | None) -> Cellule:
        del premier
        if chiffre is None:
            return Cellule("nc", aide="non transmis par le même producteur à la même date", classe="absent")
        marques = (m for m in (INTERNE, MASQUE_AILLEURS) if m in chiffre.note.split(" ; "))
        return cellule(indicateur, chiffre, detail=", ".join(marques))

    def date(self, indicateur: Indicateur, premier: Chiffre) -> Cellule:
        return Cellule(periode_dite(indicateur, premier), detail=producteur(premier), classe="date")

    def date_des_mailles(self, indicateur: Indicateur, territoires: Sequence[Territoire]) -> str:
        lus = self.diagnostic.lus(territoires, indicateur.code, "mailles")
        premier = next(c for _, c in lus if c is not None)
        return f"{periode_dite(indicateur, premier)}, {producteur(premier)}"


def tableaux_locaux(diagnostic: Diagnostic, theme: str) -> list[Tableau]:
    """Composer les tableaux d'un thème : le territoire et ses références, puis ses mailles."""
    liste, titre = indicateurs_locaux(diagnostic, theme), f"{RECUS} : {THEMES[theme].lower()}"
    references = _TableauxLocaux(diagnostic).references(liste, f"locales-{theme}", titre)
    return [t for t in (references, _mailles(diagnostic, liste, theme)) if t is not None]


def _mailles(diagnostic: Diagnostic, liste: Sequence[Indicateur], theme: str) -> Tableau | None:
    """Montrer les IRIS ou les communes reçus, et eux seuls."""
    toutes = diagnostic.ensembles.mailles
    recus = [i for i in liste if any(c for _, c in diagnostic.lus(toutes, i.code, "mailles"))]
    colonnes = recus[:MAILLES_EN_COLONNES]
    recues = [t for t in toutes if any(diagnostic.chiffre(t, i.code, "mailles") for i in colonnes)]
    if not recues:
        return None
    mots = mots_des_mailles(recues[0])
    titre = f"{RECUS} par {mots['par']} : {THEMES[theme].lower()}"
    tableau = _TableauxLocaux(diagnostic).mailles(colonnes, recues, f"mailles-locales-{theme}", titre)
    transmis = f"{nombre(len(recues))} {mots['nom']} transmis sur {nombre(len(toutes))}."
    return replace(tableau, notes=(transmis, *tableau.notes)) if tableau.lignes else tableau


def reserves(diagnostic: Diagnostic, theme: str) -> list[str]:
    """Dire combien d'indicateurs reçus sont réservés à la version interne, sans les nommer."""
    combien = diagnostic.locales.reserves.get(theme, 0)
    mots = gabarits("notes_de_chapitre")["une_reserve" if combien == 1 else "reserves"]
    return [mots.format(combien=nombre(combien))] if combien else []


def manques_du_theme(theme: str, autres: list[str], recus: set[str], *, codes: bool = True) -> list[str]:
    """Dire ce que les données ouvertes ne disent pas, et à qui le demander."""
    par_service: dict[str, list[str]] = {}
    for modele in modeles().values():
        if modele.theme == theme and modele.code not in recus:
            par_service.setdefault(modele.a_qui, []).append(
                f"{modele.libelle} (modèle {modele.code})" if codes else modele.libelle
            )
    return [f"{' ; '.join(libelles)} : {service}." for service, libelles in par_service.items()] + autres
