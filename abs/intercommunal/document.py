"""La comparaison intercommunale en blocs, partie par partie."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from functools import cached_property
from typing import Any, Final

from abs.blocs.blocs import (
    Bloc,
    ChiffresCles,
    Graphique,
    Liens,
    Liste,
    Note,
    Phrases,
    Puce,
    SautDePage,
    Tableau,
    Titre,
)
from abs.definitions import table
from abs.graphiques.demandes import DemandeDeGraphique
from abs.graphiques.graphiques import graphiques_du_theme
from abs.indicateurs.indicateurs import THEMES
from abs.intercommunal import tables_annexes
from abs.intercommunal.comparaison import ComparaisonIntercommunale, tableaux_des_pairs
from abs.intercommunal.pairs_des_communes import pourquoi_muette
from abs.intercommunal.plan import indicateurs_du_theme, plan
from abs.intercommunal.tables import LECTURE, SIGNES
from abs.intercommunal.themes import carte_de_visite, extremes, reglettes, se_place
from abs.phrases.preuves import Appuis
from abs.portrait.document import DocumentDuPortrait, note_d_essai

MOTS: Final[dict[str, Any]] = table("_document")["comparaison"]
PARTIES: Final[dict[str, str]] = table("_document")["comparaison"]["parties"]
REGLETTES: Final = 8
REGLETTES_DITES: Final = 3
COMMUN: Final[dict[str, str]] = table("_document")["commun"]


class DocumentDeComparaison:
    """Ce que chaque partie d'une comparaison montre."""

    def __init__(self, comparaison: ComparaisonIntercommunale) -> None:
        self.comparaison = comparaison

    @cached_property
    def appuis(self) -> Appuis:
        """Les lignes du diagnostic qui portent les phrases."""
        return Appuis(self.comparaison.diagnostic)

    def titre(self, etabli_le: str) -> list[Bloc]:
        """Composer le titre, les avertissements et le sommaire."""
        c = self.comparaison
        sous_titre = f"{c.portrait.sous_titre} · établi le {etabli_le}"
        rendus: list[Bloc] = [Titre(c.portrait.titre, 1, "", MOTS["surtitre"], sous_titre)]
        if c.portrait.fictif:
            rendus.append(Note(COMMUN["fictif"], "alerte", COMMUN["fictif_fort"]))
        rendus += note_d_essai(c.diagnostic)
        rendus += [Note(a, "alerte") for a in c.avertissements]
        parties = PARTIES.items()
        liens = tuple((t, f"#{ancre}") for ancre, t in parties if ancre != "qpv" or c.qpv)
        return [
            *rendus,
            Note(MOTS["presentation"]),
            Titre(MOTS["sommaire"], ancre="sommaire"),
            Liens(liens, "sommaire-interne"),
        ]

    def essentiel(self) -> list[Bloc]:
        """Composer les étendues d'une commune à l'autre."""
        titre, phrases = Titre(MOTS["essentiel"], ancre="essentiel"), self.comparaison.essentiel
        if not phrases:
            return [titre, Note(MOTS["sans_essentiel"])]
        return [titre, Phrases.de(phrases, self.appuis), Note(MOTS["lire_l_essentiel"], "precision")]

    def graphique(self) -> list[Bloc]:
        """Composer les réglettes des communes : une par indicateur du plan, l'intercommunalité au milieu de ses communes."""
        diagnostic = self.comparaison.diagnostic
        codes = [c for c in plan()["fiche"]["indicateurs"] if se_place(diagnostic, c)][:REGLETTES]
        alternatif = " ".join(p.texte for p in self.comparaison.essentiel[:REGLETTES_DITES])
        return self._reglettes(
            codes, "communes", MOTS["reglettes"].format(nom=self.comparaison.sujet.nom), alternatif
        )

    def _reglettes(self, codes: Sequence[str], nom: str, titre: str, alternatif: str) -> list[Bloc]:
        if not codes:
            return []
        demande = DemandeDeGraphique(
            nom, "points", titre, MOTS["reglettes_sous_titre"], (), alternatif=alternatif
        )
        return [Graphique(reglettes(self.comparaison.diagnostic, codes, demande))]

    def themes(self) -> list[Bloc]:
        """Composer une page par thème : les communes sur des réglettes, puis les plus hautes et les plus basses."""
        dites = Note(MOTS["tables_du_classeur"], "precision")
        rendus: list[Bloc] = [SautDePage(), Titre(MOTS["themes"], ancre="themes"), dites]
        composes = [blocs for theme in THEMES if (blocs := self._theme(theme))]
        for rang, blocs in enumerate(composes):
            # Deux petits thèmes tiennent sur une page.
            grand = (
                sum(len(b.lignes) for b in blocs if isinstance(b, Tableau))
                > MOTS["extremes"]["lignes_d_une_demi_page"]
            )
            rendus += [SautDePage(), *blocs] if rang and grand else blocs
        return rendus

    def _theme(self, theme: str) -> list[Bloc]:
        comparaison, diagnostic = self.comparaison, self.comparaison.diagnostic
        liste = indicateurs_du_theme(diagnostic, theme)
        codes = [i.code for i in liste if se_place(diagnostic, i.code)][: MOTS["extremes"]["indicateurs"]]
        retenus = [i for i in liste if i.code in codes]
        tableau = extremes(diagnostic, comparaison.classements, retenus, theme)
        if tableau is None:
            return []
        titre = MOTS["reglettes_du_theme"].format(theme=THEMES[theme], nom=comparaison.sujet.nom)
        graphique = self._reglettes(codes, f"communes-{theme}", titre, _motif(tableau))
        return [Titre(THEMES[theme], 3, f"theme-{theme}"), *graphique, tableau]

    def tableaux(self) -> list[Bloc]:
        """Composer les tableaux communes × indicateurs, thème par thème."""
        themes, restes = self.comparaison.themes, self.comparaison.restes
        rendus = self._partie("tableaux", phrases=(MOTS["une_date"], LECTURE, SIGNES))
        for theme, nom in THEMES.items():
            if themes[theme] or restes[theme]:
                titre = Titre(nom, 3, f"theme-{theme}")
                rendus += [titre, *map(_large, themes[theme]), *_notes(restes[theme])]
        return rendus

    def profils(self) -> list[Bloc]:
        """Composer les groupes de communes, ou dire pourquoi il n'y en a pas."""
        partage = self.comparaison.partage
        groupes = tables_annexes.groupes(self.comparaison.diagnostic, partage)
        phrases = (partage.refus,) if partage.refus else partage.phrases
        return self._partie("profils", phrases=phrases, tableaux=groupes)

    def comparables(self) -> list[Bloc]:
        """Composer la place de chaque commune parmi celles qui lui ressemblent."""
        muettes = [pourquoi_muette(q) for q in self.comparaison.pairs if not q.pairs or not q.resultats]
        return self._partie("comparables", phrases=muettes, tableaux=tableaux_des_pairs(self.comparaison))

    def centre(self) -> list[Bloc]:
        """Composer ce que pèse la ville-centre."""
        poids, notes = self.comparaison.centre, []
        if poids.absents:
            notes.append(MOTS["sans_compte"].format(absents=" ; ".join(poids.absents)))
        if poids.centre is not None:
            d_apres = f", d'après {poids.d_apres}" if poids.d_apres else ""
            notes.append(MOTS["la_plus_peuplee"].format(d_apres=d_apres))
        phrases = (poids.refus,) if poids.refus else ()
        return self._partie("centre", phrases=phrases, tableaux=tables_annexes.poids(poids), notes=notes)

    def qpv(self) -> list[Bloc]:
        """Composer les quartiers prioritaires côte à côte ; rien s'il n'y en a pas."""
        if not self.comparaison.qpv:
            return []
        generation = self.comparaison.diagnostic.ensembles.qpv[0].geographie
        dite = MOTS["qpv_generation"].format(generation=generation)
        phrases = (dite, *self.comparaison.diagnostic.remarques)
        chaleurs = [Graphique(d) for d in graphiques_du_theme(self.comparaison.diagnostic, "qpv")]
        # Le tableau de chaleur tient tous les quartiers en une page ; sans lui, leur premier tableau.
        return [
            *self._partie("qpv", phrases=phrases, tableaux=[] if chaleurs else self.comparaison.qpv[:1]),
            *chaleurs,
        ]

    def fiches(self) -> list[Bloc]:
        """Composer une carte par commune, six par page."""
        c, par_page = self.comparaison, MOTS["cartes_des_communes"]["par_page"]
        rendus: list[Bloc] = [
            SautDePage(),
            Titre(MOTS["fiches"], ancre="fiches"),
            Note(MOTS["lire_les_fiches"], "precision"),
        ]
        cartes = [carte_de_visite(c.diagnostic, c.classements, fiche) for fiche in c.fiches]
        for debut in range(0, len(cartes), par_page):
            if debut:
                rendus.append(SautDePage())
            rendus.append(ChiffresCles(tuple(cartes[debut : debut + par_page])))
        return rendus

    def annexes(self) -> list[Bloc]:
        """Composer les annexes, communes avec celles d'un portrait, et ce qui manque aux pages des thèmes."""
        annexes = DocumentDuPortrait(self.comparaison.portrait).annexes(
            "cette comparaison", "rapport_arrondi"
        )
        restes = [f"{THEMES[t]} : {reste}" for t, dits in self.comparaison.restes.items() for reste in dits]
        return [*annexes, Titre(MOTS["restes"], 3), *_notes(restes)] if restes else annexes

    def _partie(
        self,
        ancre: str,
        *,
        phrases: Iterable[str] = (),
        tableaux: Sequence[Tableau] = (),
        notes: Iterable[str] = (),
    ) -> list[Bloc]:
        rendus: list[Bloc] = [Titre(MOTS[ancre], ancre=ancre), *map(Note, phrases)]
        return [*rendus, *map(_large, tableaux), *_notes(notes)]


def _large(tableau: Tableau) -> Tableau:
    """Laisser à un tableau d'une commune par ligne toute la largeur de la page."""
    return replace(tableau, classe="comparaison")


def _notes(notes: Iterable[Any]) -> list[Bloc]:
    puces = tuple(map(Puce, notes))
    return [Liste(puces, "notes")] if puces else []


def _motif(tableau: Tableau) -> str:
    """Décrire un graphique de thème par ce que son tableau écrit : la plus haute et la plus basse de chaque indicateur."""
    premieres = [ligne for ligne in tableau.lignes if ligne[0].texte]
    return " ".join(
        MOTS["extremes"]["motif"].format(
            libelle=ligne[0].texte,
            haut=ligne[1].texte,
            plus=ligne[2].texte,
            bas=ligne[4].texte,
            moins=ligne[5].texte,
        )
        for ligne in premieres
    )
