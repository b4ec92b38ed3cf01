"""Ce que les sources locales ajoutent à un chapitre : phrases, tableaux, et ce qu'il reste à demander."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from abs.calcul.chiffre import Chiffre
from abs.calcul.sources_recues import INTERNE, MASQUE_AILLEURS, SUFFIXE_SOURCE, est_interne
from abs.calcul.table_longue import Diagnostic
from abs.formats import nombre
from abs.indicateurs.indicateurs import THEMES, Indicateur
from abs.phrases.ecriture import periode_dite
from abs.phrases.phrases import Phrase, phrase
from abs.portrait.tableaux import COLONNES_DE_REFERENCES, MAILLES_IMPRIMEES, Cellule, Tableau, cellule, entete
from abs.statuts import Statut
from abs.territoires.territoires import Territoire
from donnees_insee.catalogue.modeles_recus import modeles

MAILLES_EN_COLONNES: Final = 6
MASQUE_LOCAL: Final = (
    "secret : effectif sous le seuil fixé avec le producteur, ou masqué pour qu'un autre ne s'en déduise pas."
)
NC_LOCAL: Final = "nc : non transmis par le producteur."
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
        autour = [(t, diagnostic.chiffre(t, indicateur.code)) for t in diagnostic.ensembles.references]
        autour = [(t, c) for t, c in autour if _meme_origine(chiffre, c)]
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


def tableaux_locaux(diagnostic: Diagnostic, theme: str) -> list[Tableau]:
    """Composer les tableaux d'un thème : le territoire et ses références, puis ses mailles."""
    tables = [_references(diagnostic, theme), _mailles(diagnostic, theme)]
    return [t for t in tables if t is not None]


def _references(diagnostic: Diagnostic, theme: str) -> Tableau | None:
    sujet = diagnostic.ensembles.sujet
    lus = [(i, diagnostic.chiffre(sujet, i.code)) for i in indicateurs_locaux(diagnostic, theme)]
    utiles = [(i, c) for i, c in lus if c is not None]
    if not utiles:
        return None
    autour = [
        t
        for t in diagnostic.ensembles.references
        if any(_meme_origine(c, diagnostic.chiffre(t, i.code)) for i, c in utiles)
    ][:COLONNES_DE_REFERENCES]
    lignes, tous = [], []
    for indicateur, premier in utiles:
        lues = [diagnostic.chiffre(t, indicateur.code) for t in autour]
        chiffres = [premier, *(c if _meme_origine(premier, c) else None for c in lues)]
        tous += chiffres
        lignes.append(
            (
                Cellule(indicateur.libelle_court, aide=indicateur.definition, classe="entete"),
                *(_cellule(indicateur, c) for c in chiffres),
                Cellule(periode_dite(indicateur, premier), detail=producteur(premier), classe="date"),
            )
        )
    entetes = (
        entete("Indicateur"),
        entete(sujet.nom),
        *(entete(t.titre) for t in autour),
        entete("Date, producteur"),
    )
    titre = f"{RECUS} : {THEMES[theme].lower()}"
    return Tableau(f"locales-{theme}", titre, entetes, tuple(lignes), tuple(_notes(tous)))


def _mailles(diagnostic: Diagnostic, theme: str) -> Tableau | None:
    """Montrer les IRIS ou les communes reçus, et eux seuls."""
    mailles = diagnostic.ensembles.mailles
    colonnes = [
        i
        for i in indicateurs_locaux(diagnostic, theme)
        if any(diagnostic.chiffre(t, i.code, "mailles") is not None for t in mailles)
    ][:MAILLES_EN_COLONNES]
    recues = [t for t in mailles if any(diagnostic.chiffre(t, i.code, "mailles") for i in colonnes)]
    if not colonnes:
        return None
    nom = "IRIS" if recues[0].niveau == "iris" else "communes"
    titre = f"{RECUS} par {'IRIS' if nom == 'IRIS' else 'commune'} : {THEMES[theme].lower()}"
    entetes = (
        entete("IRIS" if nom == "IRIS" else "Commune"),
        *(entete(i.libelle_court, i.definition, _origine(diagnostic, i, recues)) for i in colonnes),
    )
    code = f"mailles-locales-{theme}"
    if len(recues) > MAILLES_IMPRIMEES:
        combien = f"Les {nombre(len(recues))} {nom} sont trop nombreux pour cette page"
        return Tableau(code, titre, entetes, (), (f"{combien} : ils sont dans tableaux.xlsx.",))
    lignes, tous = [], []
    for t in recues:
        chiffres = [diagnostic.chiffre(t, i.code, "mailles") for i in colonnes]
        tous += chiffres
        cellules = (_cellule(i, c) for i, c in zip(colonnes, chiffres, strict=True))
        lignes.append((Cellule(t.nom, aide=t.code, classe="entete"), *cellules))
    transmis = f"{nombre(len(recues))} {nom} transmis sur {nombre(len(mailles))}."
    return Tableau(code, titre, entetes, tuple(lignes), (transmis, *_notes(tous)))


def _origine(diagnostic: Diagnostic, indicateur: Indicateur, territoires: list[Territoire]) -> str:
    premier = next(
        c for t in territoires if (c := diagnostic.chiffre(t, indicateur.code, "mailles")) is not None
    )
    return f"{periode_dite(indicateur, premier)}, {producteur(premier)}"


def _cellule(indicateur: Indicateur, chiffre: Chiffre | None) -> Cellule:
    if chiffre is None:
        return Cellule("nc", aide="non transmis par le même producteur à la même date", classe="absent")
    marques = (m for m in (INTERNE, MASQUE_AILLEURS) if m in chiffre.note.split(" ; "))
    return cellule(indicateur, chiffre, detail=", ".join(marques))


def _notes(chiffres: list[Chiffre | None]) -> list[str]:
    """Expliquer les marques présentes, dans les mots des sources locales."""
    presents = [c for c in chiffres if c is not None]
    notes = []
    if any(c.fiabilite == "fragile" and c.a_une_valeur for c in presents):
        notes.append("* chiffre fragile : effectif petit, à ne pas commenter seul.")
    if None in chiffres or any(c.statut == Statut.INDISPONIBLE for c in presents):
        notes.append(NC_LOCAL)
    if any(c.statut == Statut.SECRET for c in presents):
        notes.append(MASQUE_LOCAL)
    if any(est_interne(c) for c in presents):
        notes.append(f"{INTERNE} : chiffre transmis pour un usage interne, absent de la version publique.")
    return notes


def mots_des_reserves(diagnostic: Diagnostic, theme: str) -> list[str]:
    """Dire combien d'indicateurs reçus sont réservés à la version interne, sans les nommer."""
    combien = diagnostic.locales.reserves.get(theme, 0)
    if not combien:
        return []
    if combien == 1:
        return ["Un indicateur local reçu sur ce thème est réservé, en tout ou partie, à la version interne."]
    mots = f"{nombre(combien)} indicateurs locaux reçus sur ce thème sont réservés"
    return [f"{mots}, en tout ou partie, à la version interne."]


def manques_du_theme(theme: str, autres: list[str], recus: set[str], *, codes: bool = True) -> list[str]:
    """Dire ce que les données ouvertes ne disent pas, et à qui le demander."""
    par_service: dict[str, list[str]] = {}
    for modele in modeles().values():
        if modele.theme == theme and modele.code not in recus:
            par_service.setdefault(modele.a_qui, []).append(
                f"{modele.libelle} (modèle {modele.code})" if codes else modele.libelle
            )
    return [f"{' ; '.join(libelles)} : {service}." for service, libelles in par_service.items()] + autres
