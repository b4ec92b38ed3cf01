"""Le portrait en blocs, partie par partie : titre, essentiel, bilan, chapitres, annexes."""

import re
from collections.abc import Iterable
from functools import cached_property
from typing import Final

from abs.blocs.blocs import (
    Bloc,
    Cellule,
    ChiffresCles,
    Detail,
    Graphique,
    Liste,
    Note,
    Phrases,
    Puce,
    Tableau,
    Titre,
    entete,
)
from abs.calcul.table_longue import Diagnostic
from abs.definitions import table
from abs.indicateurs.indicateurs import Indicateur, indicateurs
from abs.langue import abreger, majuscule, minuscule, typographier
from abs.phrases.preuves import Appuis, Silence
from abs.portrait.portrait import Portrait
from abs.portrait.premiere_page import Point
from abs.portrait.tableaux import Chapitre

MOTS: Final[dict[str, dict[str, str]]] = table("_document")
DITS: Final[dict[str, str]] = MOTS["portrait"]
SEPARATEUR: Final = re.compile(r"\s;\s")
IGNORES: Final = 3
SANS_MOT_D_ABSENCE: Final = ("qpv", "quartiers")


def note_d_essai(diagnostic: Diagnostic) -> list[Bloc]:
    """Dire en tête d'un document qu'il est tiré de fichiers d'essai."""
    if not diagnostic.essais:
        return []
    texte = MOTS["commun"]["essai"].format(fichiers=abreger(diagnostic.essais, IGNORES))
    return [Note(texte, "alerte", MOTS["commun"]["essai_fort"])]


class DocumentDuPortrait:
    """Ce que chaque partie d'un portrait montre."""

    def __init__(self, portrait: Portrait) -> None:
        self.portrait = portrait

    @cached_property
    def appuis(self) -> Appuis:
        """Les lignes du diagnostic qui portent les phrases ; l'index n'est fait qu'une fois."""
        return Appuis(self.portrait.diagnostic)

    def titre(self, etabli_le: str) -> list[Bloc]:
        """Composer le titre et les avertissements."""
        p = self.portrait
        rendus: list[Bloc] = [
            Titre(p.titre, 1, "", DITS["surtitre"], f"{p.sous_titre} · établi le {etabli_le}")
        ]
        if p.diagnostic.demande.diffusion == "interne":
            rendus.append(Note(DITS["interne"], "alerte interne", DITS["interne_fort"]))
        rendus += note_d_essai(p.diagnostic)
        if p.fictif:
            rendus.append(Note(MOTS["commun"]["fictif"], "alerte", MOTS["commun"]["fictif_fort"]))
        return [*rendus, *(Note(a, "alerte") for a in p.avertissements)]

    def essentiel(self) -> list[Bloc]:
        """Composer la première page : chiffres clés, population, ce que nous ne savons pas, place du territoire."""
        p = self.portrait
        combien = len(p.chiffres_cles)
        suite = f" en {combien} chiffre{'s' if combien > 1 else ''}" if combien else " en bref"
        rendus: list[Bloc] = [Titre(DITS["essentiel"] + suite, ancre="essentiel")]
        rendus.append(ChiffresCles(p.chiffres_cles) if combien else Note(DITS["sans_chiffre"]))
        if p.tete:
            rendus += [Titre(DITS["population"], 3), Phrases.de(p.tete, self.appuis)]
        return [*rendus, *self._ignore(), *(Graphique(d) for d in p.graphiques)]

    def _ignore(self) -> list[Bloc]:
        """Dire en une ligne ce que la première page ne sait pas."""
        rangs = {
            typographier(indicateurs()[c].libelle): n
            for n, c in enumerate(table("_portrait")["chiffres_cles"])
        }
        chapitres = self.portrait.chapitres
        absents = [m for c in chapitres for _, dits in c.absents for m in SEPARATEUR.split(dits)]
        absents.sort(key=lambda mots: rangs.get(mots, len(rangs)))
        # Une par chapitre d'abord : les exemples ne viennent pas tous du premier.
        lignes = sorted((n, m.split(" :")[0]) for c in chapitres for n, m in enumerate(c.manques))
        manques = [m for _, ligne in lignes for m in SEPARATEUR.split(ligne)[:1]]
        dits = {
            cas: DITS[cas].format(noms=abreger([minuscule(m) for m in mots], IGNORES))
            for cas, mots in (("sans_fichier", absents), ("sans_donnee_ouverte", manques))
            if mots
        }
        tus = [f"{', '.join(s.libelles)} : {s.raison}." for s in self.portrait.silences]
        texte = typographier(" ".join((*tus, *dits.values())))
        return [Note(texte, "ignore", DITS["ignore"])] if texte else []

    def bilan(self) -> list[Bloc]:
        """Composer les forces et les faiblesses, puis leur rangement par thème, sujet et public."""
        bilan = self.portrait.bilan
        if not bilan.points():
            return []
        rendus: list[Bloc] = [
            Titre(DITS["bilan"], ancre="bilan"),
            Note(DITS["lire_le_bilan"], "precision"),
        ]
        for titre, points, sans in (
            ("Forces", bilan.forces, "sans_force"),
            ("Faiblesses", bilan.faiblesses, "sans_faiblesse"),
        ):
            rendus += [Titre(titre, 3), self._points(points) if points else Note(DITS[sans])]
        if bilan.anciens:
            dits = ", ".join(f"{p.libelle} ({p.chiffre.periode})" for p in bilan.anciens)
            rendus.append(Note(typographier(DITS["anciens"].format(points=dits)), "precision"))
        rangees = bilan.par_theme() + bilan.par_transversal() + bilan.par_public()
        rendus += [Titre(DITS["rangement"], 3), Note(typographier(DITS["lire_le_rangement"]), "precision")]
        return [
            *rendus,
            Liste(tuple(Puce(_rangee(f, d), majuscule(mots)) for mots, f, d in rangees), "rangement"),
        ]

    def _points(self, points: Iterable[Point]) -> Phrases:
        tous = list(points)
        details = [
            tuple(Detail(d.libelle, d.valeur, d.phrase.references[0]) for d in p.details) for p in tous
        ]
        return Phrases.de([p.phrase for p in tous], self.appuis, details)

    def chapitre(self, code: str) -> Chapitre | None:
        """Donner un chapitre par son code."""
        return self.portrait.chapitre(code)

    def chiffres(self, code: str) -> list[Bloc]:
        """Composer les tableaux d'un chapitre, mailles laissées à ses détails."""
        return [t for t in self._tableaux(code) if not t.code.startswith("mailles")]

    def phrases(self, code: str) -> list[Bloc]:
        """Composer les avertissements et les phrases d'un chapitre."""
        chapitre = self.chapitre(code)
        if chapitre is None:
            return []
        rendus: list[Bloc] = [Note(a, "precision") for a in chapitre.avertissements]
        if chapitre.phrases:
            rendus.append(Phrases.de(chapitre.phrases, self.appuis))
        elif code not in SANS_MOT_D_ABSENCE:
            rendus.append(Note(DITS["sans_phrase"].format(titre=self.portrait.titre)))
        return rendus

    def graphiques(self, code: str) -> list[Bloc]:
        """Composer les graphiques d'un chapitre."""
        chapitre = self.chapitre(code)
        return [] if chapitre is None else [Graphique(d) for d in chapitre.graphiques]

    def details(self, code: str) -> list[Bloc]:
        """Composer la fin d'un chapitre : mailles, absences, manques."""
        chapitre = self.chapitre(code)
        if chapitre is None:
            return []
        rendus: list[Bloc] = [t for t in self._tableaux(code) if t.code.startswith("mailles")]
        rendus += [Note(r, "precision") for r in chapitre.reserves]
        if chapitre.absents:
            puces = tuple(Puce(f"{libelles} — ", fin=raison) for raison, libelles in chapitre.absents)
            rendus += [Titre(DITS["absents"], 3), Liste(puces, "absents")]
        if chapitre.manques:
            rendus += [Titre(DITS["manques"], 3), Liste(tuple(map(Puce, chapitre.manques)), "manques")]
        return rendus

    def _tableaux(self, code: str) -> tuple[Tableau, ...]:
        chapitre = self.chapitre(code)
        return () if chapitre is None else chapitre.tableaux

    def annexes(self, document: str = "ce portrait", rapport: str = "rapport") -> list[Bloc]:
        """Composer la façon de lire, ce qui n'a pas été écrit, les sources et les définitions."""
        mots, p = MOTS["annexes"], self.portrait
        rendus: list[Bloc] = [
            Titre(mots["lire"], ancre="lire"),
            Note(mots["statuts"]),
            Note(mots["precision"]),
            Titre(mots["silences"], ancre="silences"),
            Note(mots["seuils"].format(rapport=mots[rapport])),
        ]
        if p.silences:
            rendus += [
                Titre(DITS["premiere_page"], 3),
                Liste(tuple(Puce(f"{s.raison}.", ", ".join(s.libelles)) for s in p.silences), "silences"),
            ]
        for chapitre in (c for c in p.chapitres if c.silences):
            rendus += [Titre(chapitre.titre, 3), _silences(chapitre.silences)]
        rendus += [Titre(mots["sources"], ancre="sources"), self._sources(document)]
        return [*rendus, Titre(mots["definitions"], ancre="definitions"), self._definitions()]

    def _sources(self, document: str) -> Tableau:
        mots = MOTS["annexes"]
        lignes = tuple(
            (
                entete(s.titre),
                *(
                    Cellule(c, classe="texte")
                    for c in (s.producteur, s.date, s.geographie or "–", s.fichiers, s.licence)
                ),
            )
            for s in self.portrait.sources
        )
        titre = mots["table_des_sources"].format(document=document)
        return Tableau(
            "sources", titre, tuple(map(entete, mots["colonnes_des_sources"])), lignes, (), "textes"
        )

    def _definitions(self) -> Tableau:
        mots = MOTS["annexes"]
        lignes = tuple(
            (
                entete(typographier(i.libelle)),
                Cellule(typographier(i.definition), classe="texte"),
                Cellule(" ; ".join(f"{nom} : {formule}" for nom, formule in formules), classe="formule"),
            )
            for i, formules in _definitions_employees(self.portrait)
        )
        entetes = tuple(map(entete, mots["colonnes_des_definitions"]))
        return Tableau("definitions", mots["table_des_definitions"], entetes, lignes, (), "textes")


def _silences(silences: Iterable[Silence]) -> Liste:
    return Liste(tuple(Puce(f"{' ; '.join(s.libelles)}.", majuscule(s.raison)) for s in silences), "silences")


def _rangee(forces: list[Point], faiblesses: list[Point]) -> str:
    """Énumérer les forces et les faiblesses d'un thème."""
    cotes = {"forces": forces, "faiblesses": faiblesses}
    dites = [
        f" – {nom} : {', '.join(f'{p.libelle} ({p.cote})' for p in points)}"
        for nom, points in cotes.items()
        if points
    ]
    return typographier(f"{''.join(dites)}.")


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
