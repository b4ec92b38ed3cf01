"""Dire en clair ce que le catalogue annonce, ce qu'il vaut, et ce que la base en tient."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from itertools import groupby
from typing import Final

from donnees_insee.base.base import Base
from donnees_insee.base.recus import LotRecu
from donnees_insee.catalogue.catalogue import Source, source, sources
from donnees_insee.catalogue.jeux_melodi import correspondances, jeux
from donnees_insee.catalogue.parutions import parutions, suite
from donnees_insee.catalogue.tables import CERTITUDES, Millesime, enquetes_annuelles
from donnees_insee.depot.ecarts import accord

ORDRE: Final = list(CERTITUDES)
MELODI: Final = "adresse au catalogue de Melodi (`abs sources nouveautes`)"
LUE, ANNONCEE = "lue", "annoncée, pas encore lue"


def lignes_des_sources(base: Base) -> list[tuple[str, ...]]:
    """Mettre tout le catalogue en lignes : source, titre, famille, niveaux, années, état, certitude, ce qui est tenu."""
    rangees = sorted(sources().values(), key=lambda s: (s.a_venir, s.famille, s.id))
    return [
        (
            s.id,
            s.titre,
            s.famille,
            ", ".join(s.niveaux),
            en_plages(m.annee for m in s.millesimes) or "selon le fichier",
            ANNONCEE if s.a_venir else LUE,
            certitude(s),
            _tenu(base, s.id),
            _parution(s),
        )
        for s in rangees
    ]


def _parution(choisie: Source) -> str:
    """Dire le délai habituel d'une source et son prochain millésime."""
    p = parutions().get(choisie.id)
    return "–" if p is None else f"{p.delai} mois après ; {suite(choisie, p.derniere)[-1]}"


def phrases_de_parution(identifiant: str) -> list[str]:
    """Dire d'une source ce qui a paru, à quel délai, et ce qu'il faut attendre, avec la preuve."""
    p = parutions().get(identifiant)
    if p is None:
        return []
    return [
        f"Dernier millésime connu : {p.derniere}, paru {p.parue} ({CERTITUDES[p.certitude]} : {p.preuve}).",
        f"Délai habituel : {p.delai} mois après l'année des données ; {suite(source(identifiant), p.derniere)[-1]}.",
    ]


def lignes_des_fichiers(identifiant: str) -> list[tuple[str, ...]]:
    """Mettre en lignes les fichiers d'une source : année, contenu, géographie, certitude, adresse, membre, note."""
    choisie = source(identifiant)
    lignes = [
        (
            str(m.annee),
            m.contenu,
            "–" if m.geographie is None else str(m.geographie),
            CERTITUDES[m.certitude],
            m.url or m.page or "à retrouver",
            m.membre,
            " ; ".join(filter(None, [m.note, _enquetes(choisie, m)])),
        )
        for m in reversed(choisie.millesimes)
    ]
    absentes = [
        (str(annee), "absent de cette série", "–", "–", "–", "", raison)
        for annee, raison in choisie.absences.items()
    ]
    return sorted([*lignes, *absentes], key=lambda ligne: ligne[0], reverse=True)


def en_plages(annees: Iterable[int]) -> str:
    """Écrire des années en plages lisibles."""
    suites = [
        [annee for _, annee in suite]
        for _, suite in groupby(enumerate(sorted(set(annees))), key=lambda paire: paire[1] - paire[0])
    ]
    return ", ".join(str(s[0]) if len(s) == 1 else f"{s[0]}–{s[-1]}" for s in suites)


def certitude(choisie: Source) -> str:
    """Dire ce que valent les adresses d'une source, ou d'où viennent ses fichiers si le catalogue n'en donne pas."""
    trouvees = sorted({m.certitude for m in choisie.millesimes}, key=ORDRE.index)
    if not trouvees and any(j.source == choisie.id for j in jeux().values()):
        return MELODI
    if not trouvees:
        return "fichier de la collectivité ou d'un partenaire"
    return " / ".join(dict.fromkeys([CERTITUDES[trouvees[0]], CERTITUDES[trouvees[-1]]]))


def _tenu(base: Base, identifiant: str) -> str:
    annees = en_plages(base.millesimes(identifiant))
    if any(p.source == identifiant and p.millesime is None for p in base.parts()):
        return ", ".join(filter(None, [annees, "sans date"]))
    return annees or "–"


def _enquetes(choisie: Source, fichier: Millesime) -> str:
    enquetes = enquetes_annuelles().get(fichier.annee, ()) if choisie.prefixe else ()
    return f"enquêtes de {', '.join(map(str, enquetes))}" if enquetes else ""


def par_edition(lots: Iterable[LotRecu]) -> list[tuple[LotRecu, str]]:
    """Réunir les dates d'une même édition, niveau par niveau : le dernier lot de chacune, et ses années en mots."""
    groupes: dict[tuple[object, ...], list[LotRecu]] = {}
    for rang, lot in enumerate(lots):
        seul = rang if lot.edition is None else None
        groupes.setdefault((lot.source, lot.jeu, lot.niveau, seul), []).append(lot)
    dits = []
    for siens in groupes.values():
        dernier = siens[-1]
        remarques = tuple(dict.fromkeys(r for lot in siens for r in lot.remarques))
        dits.append((replace(dernier, remarques=remarques), _annees_d_edition(siens)))
    return dits


def _annees_d_edition(lots: Sequence[LotRecu]) -> str:
    premier = lots[0]
    if premier.edition is None:
        return "sans date" if premier.millesime is None else str(premier.millesime)
    return f"{en_plages(lot.millesime for lot in lots if lot.millesime)} (édition {premier.edition})"


def correspondances_dites(identifiant: str) -> list[str]:
    """Dire, jeu par jeu, combien de variables une source en tire, et lesquelles restent à éprouver."""
    dites = []
    for nom, siennes in correspondances().items():
        if jeux()[nom].source != identifiant:
            continue
        noms = list(dict.fromkeys(c.variable for c in siennes))
        eprouvees = {c.variable for c in siennes if c.eprouvee}
        autres = [n for n in noms if n not in eprouvees]
        suite = f" ; non éprouvées : {', '.join(autres)}" if autres else ""
        dites.append(
            f"{nom} : {accord(len(noms), 'variable')}, dont {accord(len(eprouvees), 'éprouvée')} sur de vraies valeurs"
            f"{suite}."
        )
    return dites
