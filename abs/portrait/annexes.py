"""Les annexes d'un document : tableaux entiers, ce qui manque et à qui le demander, façon de lire, sources, définitions."""

import re
from collections.abc import Iterable
from typing import Any, Final

from abs.blocs.blocs import Bloc, Cellule, Liste, Note, Phrases, Puce, Tableau, Titre, entete
from abs.definitions import table
from abs.indicateurs.indicateurs import THEMES, Indicateur, indicateurs
from abs.langue import abreger, enumerer, majuscule, minuscule, typographier
from abs.phrases.ecriture import gabarits
from abs.phrases.preuves import Appuis
from abs.portrait.portrait import Portrait
from abs.portrait.tableaux import mailles_de_l_annexe
from abs.statuts import LIBELLES_STATUT, Statut

MOTS: Final[dict[str, Any]] = table("_document")["annexes"]
SEPARATEUR: Final = " ; "
NOMMES: Final = 6
FICHIERS_NOMMES: Final = 2
DATES_NOMMEES: Final = 3
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
    rendus += [Titre(MOTS["lire"], 3, "lire"), *(Note(m, "precision") for m in _a_lire(portrait))]
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
    codes = {t.code.partition("-")[0] for c in portrait.chapitres for t in (*c.tableaux, *c.complets)}
    dits = [MOTS["statuts"], MOTS["precision"]]
    dits += [MOTS["bilan"]] if portrait.bilan.points() else []
    dits += [MOTS["extremes"]] if "bouts" in codes else []
    mots = gabarits("notes_de_chapitre")
    dits += [mots["qpv_arrondis"], mots["qpv_sondage"]] if "qpv" in codes else []
    return dits + [lecture for c in portrait.chapitres for lecture in c.lectures]


# -- ce qui manque -------------------------------------------------------------------------------


def ce_qui_manque(portrait: Portrait) -> tuple[list[str], list[str]]:
    """Donner les indicateurs que les fichiers ne chiffrent pas, et ce que les données ouvertes ne disent pas."""
    chapitres = portrait.chapitres
    absents = [m for c in chapitres for _, dits, _ in c.absents for m in ENTRE_DEUX.split(dits)]
    # Un par chapitre d'abord : les exemples ne viennent pas tous du premier.
    lignes = sorted((n, SERVICE.split(m)[0]) for c in chapitres for n, m in enumerate(c.manques))
    return absents, [m for _, ligne in lignes for m in ENTRE_DEUX.split(ligne)[:1]]


def _absences(portrait: Portrait) -> Tableau | None:
    """Composer le tableau des absences, thème par thème : ce qui manque, pourquoi, quoi déposer ou à qui le demander."""
    reunies: dict[tuple[str, str], tuple[list[str], list[str]]] = {}

    def noter(theme: str, raison: str, noms: Iterable[str], a_qui: str) -> None:
        libelles, services = reunies.setdefault((theme, raison), ([], []))
        libelles += noms
        services += [a_qui] if a_qui and a_qui not in services else []

    for chapitre in portrait.chapitres:
        for raison, libelles, a_deposer in chapitre.absents:
            noter(chapitre.titre, _en_bref(raison), ENTRE_DEUX.split(libelles), a_deposer)
        for manque in chapitre.manques:
            noms, *services = SERVICE.split(manque.rstrip("."), maxsplit=1)
            dits = ENTRE_DEUX.split(noms)
            noter(chapitre.titre, MOTS["hors_des_donnees_ouvertes"], dits, "".join(services))
    for s in portrait.silences:
        noter(THEMES[MOTS["theme_des_silences"]], s.raison, s.libelles, "")
    if not reunies:
        return None
    lignes = tuple(
        (entete(theme, detail=raison), _texte(majuscule(_nommer(noms))), _texte(_services(raison, services)))
        for (theme, raison), (noms, services) in reunies.items()
    )
    tetes = tuple(map(entete, MOTS["colonnes_des_manques"]))
    entiere = MOTS["liste_entiere"].format(code=portrait.sujet.code)
    return Tableau("manques", MOTS["table_des_manques"], tetes, lignes, (entiere,), "textes")


def _en_bref(raison: str) -> str:
    """Dire en trois mots ce qu'un fichier de plus donnerait : la dernière colonne nomme ce fichier."""
    return MOTS["a_deposer"] if raison.startswith(LIBELLES_STATUT[Statut.INDISPONIBLE]) else raison


def _services(raison: str, services: list[str]) -> str:
    """Nommer à qui demander ; des fichiers à déposer, les premiers seulement."""
    if raison != MOTS["a_deposer"] or len(services) <= FICHIERS_NOMMES:
        return SEPARATEUR.join(services)
    reste = MOTS["autres_fichiers"].format(n=len(services) - FICHIERS_NOMMES)
    return SEPARATEUR.join([*services[:FICHIERS_NOMMES], reste])


def _nommer(libelles: Iterable[str]) -> str:
    """Nommer ce qui manque pour une même raison ; au-delà de six, l'état du territoire a la liste entière."""
    return abreger(list(dict.fromkeys(map(minuscule, libelles))), NOMMES)


def _texte(mots: str) -> Cellule:
    return Cellule(typographier(mots), classe="texte")


def _silences(portrait: Portrait, rapport: str) -> list[Bloc]:
    """Dire ce que les chiffres ne permettaient pas d'affirmer, raison par raison."""
    rendus: list[Bloc] = [
        Titre(MOTS["silences"], 3, "silences"),
        Note(MOTS["seuils"].format(rapport=MOTS[rapport]), "precision"),
    ]
    par_raison: dict[str, list[str]] = {}
    for s in (s for c in portrait.chapitres for s in c.silences):
        par_raison.setdefault(s.raison, []).extend(s.libelles)
    puces = tuple(Puce(f"{_nommer(dits)}.", majuscule(raison)) for raison, dits in par_raison.items())
    return [*rendus, Liste(puces, "silences")] if puces else rendus


# -- sources et définitions ----------------------------------------------------------------------


def _sources(portrait: Portrait, document: str) -> Tableau:
    """Composer le tableau des sources : une ligne par source, ses dates réunies ; les fichiers sont dans la preuve."""
    reunies: dict[tuple[str, str], tuple[list[str], list[str]]] = {}
    for s in portrait.sources:
        dates, geographies = reunies.setdefault((s.titre, s.producteur), ([], []))
        dates += [s.date] if s.date not in dates else []
        geographies += [s.geographie] if s.geographie and s.geographie not in geographies else []
    lignes = tuple(
        (entete(titre), *map(_texte, (producteur, _reunies(dates), ", ".join(geographies) or "–")))
        for (titre, producteur), (dates, geographies) in reunies.items()
    )
    titre = MOTS["table_des_sources"].format(document=document)
    licences = enumerer(list(dict.fromkeys(s.licence for s in portrait.sources)))
    notes = (MOTS["licences"].format(licences=licences), MOTS["fichiers_des_sources"]) if lignes else ()
    return Tableau(
        "sources", titre, tuple(map(entete, MOTS["colonnes_des_sources"])), lignes, notes, "textes"
    )


def _reunies(dates: list[str]) -> str:
    """Écrire les dates d'une source ; au-delà de trois, la première et la dernière."""
    if len(dates) <= DATES_NOMMEES:
        return ", ".join(dates)
    return MOTS["dates_reunies"].format(de=dates[0], a=dates[-1], n=len(dates))


def _definitions(portrait: Portrait) -> Tableau:
    montres = _montres(portrait)
    lignes = tuple(
        (entete(typographier(i.libelle)), _texte(i.definition))
        for i in _definis(portrait)
        if i.code in montres or not montres
    )
    entetes = tuple(map(entete, MOTS["colonnes_des_definitions"]))
    return Tableau(
        "definitions", MOTS["table_des_definitions"], entetes, lignes, (MOTS["autres_definitions"],), "textes"
    )


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


def _definis(portrait: Portrait) -> list[Indicateur]:
    """Donner les indicateurs chiffrés, puis ceux des données reçues."""
    diagnostic = portrait.diagnostic
    employes = {c.indicateur for c in diagnostic.chiffres if c.a_une_valeur}
    return [i for i in indicateurs().values() if i.code in employes] + list(
        diagnostic.locales.indicateurs.values()
    )
