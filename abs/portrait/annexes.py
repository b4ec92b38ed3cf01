"""Les annexes d'un document : tableaux entiers, ce qui manque et à qui le demander, façon de lire, sources, définitions."""

import re
from collections.abc import Iterable
from typing import Any, Final

from abs.blocs.blocs import Bloc, Cellule, Liste, Note, Phrases, Puce, Tableau, Titre, entete
from abs.definitions import table
from abs.indicateurs.indicateurs import Indicateur, indicateurs
from abs.langue import abreger, majuscule, minuscule, typographier
from abs.phrases.ecriture import gabarits
from abs.phrases.preuves import Appuis, Silence
from abs.portrait.portrait import Portrait
from abs.portrait.tableaux import mailles_de_l_annexe

MOTS: Final[dict[str, Any]] = table("_document")["annexes"]
SEPARATEUR: Final = " ; "
NOMMES: Final = 10
DATES_NOMMEES: Final = 2
# Une fois typographiés, les deux signes suivent une espace insécable.
ENTRE_DEUX: Final = re.compile(r"\s;\s")
SERVICE: Final = re.compile(r"\s:\s")


def annexes(portrait: Portrait, document: str, rapport: str) -> list[Bloc]:
    """Composer les annexes d'un portrait, ou d'une comparaison."""
    rendus: list[Bloc] = [Titre(MOTS["titre"], ancre="annexes"), *_tableaux_entiers(portrait)]
    manquants = _absences(portrait)
    if manquants is not None:
        rendus += [Titre(MOTS["manquants"], 3, "manquants"), *(Note(m) for m in portrait.limites), manquants]
    rendus += [Titre(MOTS["sources"], 3, "sources"), _sources(portrait, document)]
    rendus += [Titre(MOTS["definitions"], 3, "definitions"), _definitions(portrait)]
    rendus += [Titre(MOTS["lire"], 3, "lire"), *map(Note, _a_lire(portrait))]
    return [*rendus, *_silences(portrait, rapport)]


def _tableaux_entiers(portrait: Portrait) -> list[Bloc]:
    """Donner ce que les chapitres n'ont pas gardé : tableaux entiers, autres phrases, mailles une par une."""
    entiers = [t for c in portrait.chapitres for t in c.complets]
    phrases = [p for c in portrait.chapitres for p in c.autres_phrases]
    liste = [indicateurs()[c] for c in table("_portrait")["quartiers"]]
    detail = mailles_de_l_annexe(portrait.diagnostic, liste)
    rendus: list[Bloc] = [*entiers, *(t for t in (detail,) if t is not None)]
    if rendus:
        rendus.insert(0, Titre(MOTS["tableaux"], 3, "tableaux-entiers"))
    if phrases:
        rendus += [
            Titre(MOTS["autres_phrases"], 3, "autres-phrases"),
            Phrases.de(phrases, Appuis(portrait.diagnostic)),
        ]
    return rendus


def _a_lire(portrait: Portrait) -> list[str]:
    """Dire comment lire les chiffres, et les tableaux que le document montre."""
    codes = {t.code.partition("-")[0] for c in portrait.chapitres for t in c.tableaux}
    dits = [MOTS["statuts"], MOTS["precision"]]
    dits += [MOTS["bilan"]] if portrait.bilan.points() else []
    dits += [MOTS["extremes"]] if "bouts" in codes else []
    mots = gabarits("notes_de_chapitre")
    return dits + ([mots["qpv_arrondis"], mots["qpv_sondage"]] if "qpv" in codes else [])


# -- ce qui manque -------------------------------------------------------------------------------


def ce_qui_manque(portrait: Portrait) -> tuple[list[str], list[str]]:
    """Donner les indicateurs que les fichiers ne chiffrent pas, et ce que les données ouvertes ne disent pas."""
    chapitres = portrait.chapitres
    absents = [m for c in chapitres for _, dits, _ in c.absents for m in ENTRE_DEUX.split(dits)]
    # Un par chapitre d'abord : les exemples ne viennent pas tous du premier.
    lignes = sorted((n, SERVICE.split(m)[0]) for c in chapitres for n, m in enumerate(c.manques))
    return absents, [m for _, ligne in lignes for m in ENTRE_DEUX.split(ligne)[:1]]


def _absences(portrait: Portrait) -> Tableau | None:
    """Composer le tableau des absences : ce qui manque, pourquoi, quoi déposer ou à qui le demander."""
    reunies: dict[tuple[str, str], list[str]] = {}
    for chapitre in portrait.chapitres:
        for raison, libelles, a_deposer in chapitre.absents:
            reunies.setdefault((raison, a_deposer), []).append(libelles)
    for chapitre in portrait.chapitres:
        for manque in chapitre.manques:
            libelles, *services = SERVICE.split(manque.rstrip("."), maxsplit=1)
            reunies.setdefault((MOTS["hors_des_donnees_ouvertes"], "".join(services)), []).append(libelles)
    for s in portrait.silences:
        reunies.setdefault((s.raison, ""), []).append(", ".join(s.libelles))
    if not reunies:
        return None
    lignes = tuple(
        (entete(typographier(majuscule(_nommer(libelles)))), _texte(raison), _texte(majuscule(a_qui)))
        for (raison, a_qui), libelles in reunies.items()
    )
    tetes = tuple(map(entete, MOTS["colonnes_des_manques"]))
    entiere = MOTS["liste_entiere"].format(code=portrait.sujet.code)
    return Tableau("manques", MOTS["table_des_manques"], tetes, lignes, (entiere,), "textes")


def _nommer(libelles: Iterable[str]) -> str:
    """Nommer ce qui manque pour une même raison ; au-delà d'une dizaine, l'état du territoire a la liste entière."""
    noms = [minuscule(m) for dits in libelles for m in ENTRE_DEUX.split(dits)]
    return abreger(noms, NOMMES)


def _texte(mots: str) -> Cellule:
    return Cellule(typographier(mots), classe="texte")


def _silences(portrait: Portrait, rapport: str) -> list[Bloc]:
    """Dire ce que les chiffres ne permettaient pas d'affirmer."""
    rendus: list[Bloc] = [
        Titre(MOTS["silences"], 3, "silences"),
        Note(MOTS["seuils"].format(rapport=MOTS[rapport])),
    ]
    puces = [puce for c in portrait.chapitres for puce in _puces(c.titre, c.silences)]
    return [*rendus, Liste(tuple(puces), "silences")] if puces else rendus


def _puces(titre: str, silences: Iterable[Silence]) -> Iterable[Puce]:
    for s in silences:
        yield Puce(f"{s.raison} : {SEPARATEUR.join(s.libelles)}.", titre)


# -- sources et définitions ----------------------------------------------------------------------


def _sources(portrait: Portrait, document: str) -> Tableau:
    """Composer le tableau des sources : une ligne par source et par fichiers, ses dates réunies."""
    dates: dict[tuple[str, ...], list[str]] = {}
    for s in portrait.sources:
        cle = s.titre, s.producteur, s.geographie or "–", s.fichiers, s.licence
        dates.setdefault(cle, []).append(s.date)
    lignes = tuple(
        (entete(titre), *(_texte(c) for c in (producteur, _reunies(lues), geographie, fichiers, licence)))
        for (titre, producteur, geographie, fichiers, licence), lues in dates.items()
    )
    titre = MOTS["table_des_sources"].format(document=document)
    return Tableau("sources", titre, tuple(map(entete, MOTS["colonnes_des_sources"])), lignes, (), "textes")


def _reunies(dates: list[str]) -> str:
    """Écrire les dates d'une source ; au-delà de deux, la première et la dernière."""
    if len(dates) <= DATES_NOMMEES:
        return ", ".join(dates)
    return MOTS["dates_reunies"].format(de=dates[0], a=dates[-1], n=len(dates))


def _definitions(portrait: Portrait) -> Tableau:
    montres = _montres(portrait)
    lignes = tuple(
        (
            entete(typographier(i.libelle)),
            Cellule(typographier(i.definition), classe="texte"),
            Cellule(SEPARATEUR.join(f"{nom} : {formule}" for nom, formule in formules), classe="formule"),
        )
        for i, formules in _definitions_employees(portrait)
        if i.code in montres or not montres
    )
    entetes = tuple(map(entete, MOTS["colonnes_des_definitions"]))
    notes = (MOTS["autres_definitions"],) if montres else ()
    return Tableau("definitions", MOTS["table_des_definitions"], entetes, lignes, notes, "textes")


def _montres(portrait: Portrait) -> set[str]:
    """Donner les indicateurs que le corps du document montre : ses tableaux, ses phrases et sa première page."""
    cellules = (c for ch in portrait.chapitres for t in ch.tableaux for li in t.lignes for c in li)
    phrases = (p for ch in portrait.chapitres for p in ch.phrases)
    points = (d for p in portrait.bilan.points() for d in (p, *p.details))
    cites = [
        *(c.reference for c in cellules),
        *(
            r
            for p in (*portrait.tete, *phrases, *(m.phrase for m in portrait.messages))
            for r in p.references
        ),
        *(r for f in portrait.fiches for r in f.references),
        *(r for p in points for r in p.phrase.references),
    ]
    return {reference.split("|")[2] for reference in cites if reference}


def _definitions_employees(portrait: Portrait) -> list[tuple[Indicateur, list[tuple[str, str]]]]:
    """Donner les indicateurs chiffrés et, de chacun, les formules qui ont servi."""
    diagnostic = portrait.diagnostic
    employes = {(c.indicateur, c.source, c.definition) for c in diagnostic.chiffres if c.a_une_valeur}
    definitions = [
        (
            i,
            [
                (le.source.titre_court, le.formule_lisible())
                for le in i.lectures
                if (i.code, le.source.id, le.definition) in employes
            ],
        )
        for i in indicateurs().values()
    ]
    comptes = diagnostic.locales.comptes
    definitions += [
        (i, [("source locale", " / ".join(filter(None, comptes[code])))])
        for code, i in diagnostic.locales.indicateurs.items()
    ]
    return [(i, formules) for i, formules in definitions if formules]
