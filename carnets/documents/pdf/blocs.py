"""Chaque genre de bloc, en données que le gabarit met en page : des textes, jamais de source Typst."""

from __future__ import annotations

from math import ceil
from typing import TYPE_CHECKING, Any, Final

from carnets.documents.arbre_de_prose import en_arbre
from carnets.documents.modeles import PDF
from carnets.documents.pdf.figures import Figures, largeur_de
from carnets.documents.pdf.tableaux import tableaux
from carnets.documents.signes import sans_redites, signes_des_fiches

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    Donnees = dict[str, Any]

_DEHORS: Final = ("http://", "https://", "mailto:")
_DITS: Final = ("libelle", "valeur", "complement", "date", "sujet", "absence")
# Un lien plus long qu'une adresse n'en est pas une.
_LIEN_LE_PLUS_LONG: Final = 2000


class Rendu:
    """Rendre les blocs d'un document, ses figures rangées à mesure."""

    def __init__(self, figures: Figures) -> None:
        self._figures = figures
        self._ancres: set[str] = set()
        self._posees: set[str] = set()
        self._rang = 1
        self._formes: dict[str, Callable[[Donnees], Iterable[Donnees]]] = {
            "titre": self._titre,
            "note": _note,
            "chiffres_cles": self._chiffres_cles,
            "phrases": _phrases,
            "liste": _liste,
            "liens": self._liens,
            "tableau": self._tableau,
            "graphique": self._graphique,
            "image": self._image,
            "prose": self._prose,
            "saut": lambda _: [{"genre": "saut"}],
        }

    def connaitre(self, blocs: Iterable[Donnees]) -> None:
        """Retenir les endroits où un lien peut mener."""
        for bloc in blocs:
            if bloc["entetes"] if bloc["genre"] == "tableau" else bloc.get("texte", "").strip():
                self._ancres |= {_ancre(bloc)} - {""}

    def situation(self, blocs: Iterable[Donnees]) -> Donnees:
        """Ranger l'image qui dit où est le territoire, s'il en est une."""
        situes = (b for b in blocs if b["genre"] == "image" and b.get("situation"))
        trouve = next(situes, None)
        return self._figures.image(trouve["situation"], trouve["situation_dite"]) if trouve else {}

    def bloc(self, bloc: Donnees) -> Iterable[Donnees]:
        """Rendre un bloc ; d'un genre qui n'est que pour l'écran, il ne reste rien."""
        forme = self._formes.get(bloc["genre"])
        return forme(bloc) if forme else []

    # -- un genre, une forme ----------------------------------------------------------------------

    def _titre(self, bloc: Donnees) -> Iterator[Donnees]:
        if not bloc["texte"].strip():
            return
        # Un lecteur d'écran attend des rangs qui se suivent ; le rang 1 est celui du document.
        self._rang = max(2, min(bloc["rang"], self._rang + 1, 6))
        yield {
            "genre": "titre",
            "texte": bloc["texte"],
            "rang": self._rang,
            "ancre": self._poser(bloc),
            "sommaire": bloc.get("sommaire", False),
        }

    def _poser(self, bloc: Donnees) -> str:
        """Donner son ancre à un endroit, une seule fois : deux endroits de même nom n'en feraient aucun."""
        ancre = _ancre(bloc)
        neuve = "" if ancre in self._posees else ancre
        self._posees.add(ancre)
        return neuve

    def _lien(self, adresse: str) -> Donnees:
        """Résoudre une adresse : un endroit du document, une page du dehors, sinon rien."""
        if adresse.startswith("#") and adresse[1:] in self._ancres:
            return {"ancre": adresse[1:]}
        dehors = adresse.lower().startswith(_DEHORS) and len(adresse) < _LIEN_LE_PLUS_LONG
        return {"url": adresse} if dehors else {}

    def _chiffres_cles(self, bloc: Donnees) -> Iterator[Donnees]:
        fiches = [{nom: c.get(nom) or "" for nom in _DITS} for c in bloc["chiffres"]]
        for fiche, recue in zip(fiches, bloc["chiffres"], strict=True):
            demandes = recue.get("graphiques", ())
            fiche["complement"] = sans_redites(recue)
            dits = {fiche["sujet"].casefold(), fiche["libelle"].casefold()}
            dessins = [self._figures.graphique(d, "fiche", sans_nom=fiche["valeur"]) for d in demandes]
            # Chaque réglette dit ce qu'elle mesure, et une fiche ne redit pas son sujet.
            tus = [d["genre"] == "points" or d["sous_titre"].casefold() in dits for d in demandes]
            fiche["graphiques"] = [
                g | {"sous_titre": "" if tu else g["sous_titre"]} for g, tu in zip(dessins, tus, strict=True)
            ]
        riches = any(f["sujet"] or f["graphiques"] for f in fiches)
        rangees = max(1, ceil(len(fiches) / 5))
        if fiches:
            yield {
                "genre": "fiches",
                "fiches": fiches,
                "riches": riches,
                "colonnes": 3 if riches else ceil(len(fiches) / rangees),
                "legende": signes_des_fiches(bloc["chiffres"]),
            }

    def _liens(self, bloc: Donnees) -> Iterator[Donnees]:
        liens = [{"texte": texte, **self._lien(adresse)} for texte, adresse in bloc["liens"]]
        suivis = [lien for lien in liens if len(lien) > 1]
        if suivis:
            yield {"genre": "liens", "liens": suivis}

    def _tableau(self, bloc: Donnees) -> Iterator[Donnees]:
        ancre = self._poser(bloc)
        for rang, tableau in enumerate(tableaux(bloc)):
            yield {"genre": "tableau", "ancre": "" if rang else ancre, **tableau}

    def _graphique(self, bloc: Donnees) -> Iterator[Donnees]:
        largeur = largeur_de(bloc)
        figure = self._figures.graphique(bloc["demande"], largeur)
        yield figure | {"demi": largeur != "pleine", "carte": False, "affiche": ""}

    def _image(self, bloc: Donnees) -> Iterator[Donnees]:
        legende, classe = bloc.get("legende", ""), bloc.get("classe", "")
        hauteur = PDF["hauteurs"].get(classe, PDF["hauteurs"]["ordinaire"])
        figure = self._figures.image(bloc.get("adresse", ""), bloc.get("alternatif", ""), legende)
        dite = {"titre": "", "legende": legende, "demi": "demi" in classe, "carte": True, "hauteur": hauteur}
        affiche = self._figures.image(bloc["affiche"], bloc["alternatif"]) if bloc.get("affiche") else {}
        yield figure | dite | {"affiche": affiche.get("fichier", "")}

    def _prose(self, bloc: Donnees) -> Iterator[Donnees]:
        arbre = en_arbre(bloc["html"])
        self._achever(arbre)
        if arbre:
            yield {"genre": "prose", "arbre": arbre, "signature": bloc.get("signature", "")}

    def _achever(self, noeuds: list[Any]) -> None:
        """Résoudre les liens d'un texte, ranger ses images, et mettre ses titres sous celui qui les précède."""
        for noeud in noeuds:
            if isinstance(noeud, str):
                continue
            if noeud["forme"] == "lien":
                noeud.update(self._lien(noeud.pop("adresse")))
            if noeud["forme"] == "image":
                figure = self._figures.image(noeud.pop("adresse"), noeud.pop("alternatif"))
                noeud["figure"] = figure | {"titre": "", "legende": "", "hauteur": PDF["hauteurs"]["prose"]}
            if noeud["forme"] == "titre":
                self._rang = noeud["rang"] = min(max(3, noeud["rang"]), self._rang + 1)
            self._achever(noeud.get("enfants", []))
            for case in [*noeud.get("entetes", []), *(c for r in noeud.get("lignes", []) for c in r)]:
                self._achever(case)


def _ancre(bloc: Donnees) -> str:
    return f"tableau-{bloc['code']}" if bloc["genre"] == "tableau" else str(bloc.get("ancre") or "")


def _note(bloc: Donnees) -> Iterator[Donnees]:
    classe = bloc["classe"] if bloc.get("classe") in PDF["notes"] else "ordinaire"
    apparence = PDF["notes"][classe]
    yield {
        "genre": "note",
        "texte": bloc["texte"],
        **apparence,
        "fort": bloc.get("fort") or apparence["fort"],
    }


def _phrases(bloc: Donnees) -> Iterator[Donnees]:
    dites = [
        {"texte": p["texte"], "titre": p.get("titre", ""), "details": _details(p)} for p in bloc["phrases"]
    ]
    if dites:
        yield {"genre": "messages" if bloc.get("classe") == "messages" else "phrases", "phrases": dites}


def _details(phrase: Donnees) -> str:
    details = ", ".join(f"{d['libelle']} ({d['valeur']})" for d in phrase.get("details", ()))
    return f"{PDF['textes']['meme_sens']}{details}." if details else ""


def _liste(bloc: Donnees) -> Iterator[Donnees]:
    # La page écrit de même ce deux-points, que ces puces ne portent pas.
    lien = "\u00a0: " if bloc.get("classe") == "silences" else ""
    puces = [
        {"fort": p["fort"], "texte": (lien if p["fort"] else "") + p["texte"], "fin": p["fin"]}
        for p in bloc["puces"]
    ]
    if puces:
        yield {"genre": "liste", "puces": puces}
