"""Ce qu'un portrait montre à la place de ses quartiers : communes comparables, ou types d'IRIS d'une grande ville."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from abs.blocs.blocs import Bloc, Cellule, Note, Tableau, Titre, entete
from abs.definitions import table
from abs.indicateurs.indicateurs import indicateurs
from abs.langue import abreger, enumerer, majuscule, typographier
from abs.portrait.tableaux import cellule, notes_de_lecture
from donnees_insee.erreurs import DonneeAbsente

if TYPE_CHECKING:
    from abs.calcul.table_longue import Chiffre, Diagnostic
    from abs.portrait.autour import Comparables
    from abs.typologie.etude import Etude
    from donnees_insee.base.base import Base

MOTS: Final[dict[str, Any]] = table("_document")["comparables"]
IRIS_NOMMES: Final = 8


def communes_comparables(comparables: Comparables | None) -> list[Bloc]:
    """Composer le chapitre des communes comparables ; rien si la base n'en permet pas."""
    if comparables is None:
        return []
    codes = list(dict.fromkeys(code for _, code in comparables.chiffres))[: MOTS["colonnes_maximum"]]
    lignes: list[tuple[Cellule, ...]] = []
    tous: list[Chiffre | None] = []
    for rang, t in enumerate(comparables.territoires):
        lus = [comparables.chiffres.get((t.code, c)) for c in codes]
        tous += lus
        debut = Cellule(t.nom, aide=t.code, classe="entete" if rang else "sujet")
        lignes.append((debut, *(cellule(indicateurs()[c], lu) for c, lu in zip(codes, lus, strict=True))))
    periodes = [sorted({c.periode for c in tous if c is not None and c.indicateur == code}) for code in codes]
    tetes = [
        entete(indicateurs()[c].libelle_court, indicateurs()[c].definition, enumerer(p))
        for c, p in zip(codes, periodes, strict=True)
    ]
    question, *dites = comparables.phrases
    notes = (*dites[1:], *notes_de_lecture(tous))
    titre = MOTS["titre_du_tableau"].format(nom=comparables.territoires[0].nom)
    return [
        Titre(MOTS["titre"], ancre="comparables"),
        Note(typographier(f"{question} {dites[0]}")),
        Tableau(
            "comparables", titre, (entete("Commune"), *tetes), tuple(lignes), tuple(map(typographier, notes))
        ),
    ]


def types_d_iris(base: Base, diagnostic: Diagnostic) -> Etude | None:
    """Mener la typologie des IRIS d'une grande ville ; rien si elle en a peu, ou si la base ne permet qu'un essai."""
    ensembles = diagnostic.ensembles
    habitat = [t for t in ensembles.mailles if t.niveau == "iris" and t.type_iris in {"H", ""}]
    if ensembles.sujet.niveau != "commune" or len(habitat) < table("_portrait")["typologie"]["iris_minimum"]:
        return None
    from abs.typologie.etude import mener  # noqa: PLC0415 - scikit-learn, réservé aux grandes villes

    try:
        etude = mener(base, ensembles.sujet.code, diagnostic.demande.millesime)
    except DonneeAbsente:
        return None
    return etude if len(etude.modele.appris) >= etude.reglages.regles.iris_souhaites else None


def noms_des_types(etude: Etude) -> dict[int, str]:
    """Donner un nom court à chaque type."""
    from abs.typologie.classes import nom_court  # noqa: PLC0415 - pandas

    return {k: nom_court(etude.modele, etude.reglages, k) for k in etude.modele.classes}


def typologie(etude: Etude, carte: Bloc | None) -> list[Bloc]:
    """Composer le chapitre des types d'IRIS : ce qu'ils sont, la carte, les IRIS de chacun."""
    noms, siens = noms_des_types(etude), etude.iris[etude.iris["classe"] > 0]
    lignes = []
    for k, nom in noms.items():
        iris = sorted(siens.loc[siens["classe"] == k, "nom"].astype(str))
        if iris:
            textes = (str(len(iris)), abreger(iris, IRIS_NOMMES))
            lignes.append(
                (entete(majuscule(nom), detail=f"type {k}"), *(Cellule(t, classe="texte") for t in textes))
            )
    appris, variables = len(etude.modele.appris), len(etude.modele.variables)
    dite = MOTS["lire_les_types"].format(
        appris=appris, espace=etude.modele.espace, variables=variables, types=len(lignes), nom=etude.sujet.nom
    )
    hors = len(etude.iris) - len(siens)
    notes = (MOTS["proposes"], *([MOTS["hors_types"].format(n=hors)] if hors else []))
    tetes = tuple(map(entete, MOTS["colonnes_des_types"]))
    tableau = Tableau("types-d-iris", MOTS["titre_des_types"], tetes, tuple(lignes), notes, "textes")
    blocs: list[Bloc] = [Titre(MOTS["types"], ancre="types-d-iris"), Note(typographier(dite))]
    return [*blocs, *([carte] if carte is not None else []), tableau]
