"""La comparaison intercommunale en blocs, partie par partie."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from functools import cached_property
from typing import Any, Final

from abs.blocs.blocs import (
    Bloc,
    Cellule,
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
from abs.calcul.table_longue import Diagnostic, chiffres_de
from abs.definitions import table
from abs.graphiques.demandes import DemandeDeGraphique, Serie
from abs.graphiques.ecriture import dates_et_sources, libelle, valeur
from abs.graphiques.points import nom_des_mailles
from abs.indicateurs.indicateurs import THEMES
from abs.intercommunal import tables_annexes
from abs.intercommunal.comparaison import ComparaisonIntercommunale, tableaux_des_pairs
from abs.intercommunal.pairs_des_communes import pourquoi_muette
from abs.intercommunal.plan import plan
from abs.intercommunal.tables import LECTURE, SIGNES, Fiche
from abs.phrases.preuves import Appuis
from abs.portrait.document import DocumentDuPortrait, note_d_essai

MOTS: Final[dict[str, str]] = table("_document")["comparaison"]
PARTIES: Final[dict[str, str]] = table("_document")["comparaison"]["parties"]
REGLETTES: Final = 8
REGLETTES_DITES: Final = 3
COMMUNES_MINIMUM: Final = 3
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
        diagnostic, sujet = self.comparaison.diagnostic, self.comparaison.sujet
        codes = [c for c in plan()["fiche"]["indicateurs"] if _se_place(diagnostic, c)][:REGLETTES]
        lus = [c for code in codes if (c := diagnostic.lu(sujet, code, "mailles")) is not None]
        if not codes:
            return []
        sources, dates = dates_et_sources(lus)
        series = tuple(_reglette(diagnostic, code) for code in codes)
        demande = DemandeDeGraphique(
            nom="communes",
            genre="points",
            titre=MOTS["reglettes"].format(nom=sujet.nom),
            sous_titre=MOTS["reglettes_sous_titre"],
            series=series,
            date=dates,
            source=sources,
            alternatif=" ".join(p.texte for p in self.comparaison.essentiel[:REGLETTES_DITES]),
            mailles=nom_des_mailles(diagnostic.ensembles.mailles),
        )
        return [Graphique(demande)]

    def tableaux(self) -> list[Bloc]:
        """Composer les tableaux communes × indicateurs, thème par thème."""
        themes, restes = self.comparaison.themes, self.comparaison.restes
        rendus = self._partie("tableaux", phrases=(MOTS["une_date"], LECTURE, SIGNES))
        for theme, nom in THEMES.items():
            if themes[theme] or restes[theme]:
                titre = Titre(nom, 3, f"theme-{theme}")
                rendus += [titre, *map(self._relier, themes[theme]), *_notes(restes[theme])]
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
        return self._partie("qpv", phrases=phrases, tableaux=self.comparaison.qpv)

    def fiches(self) -> list[Bloc]:
        """Composer une fiche par commune, et l'index qui y mène."""
        rendus: list[Bloc] = [Titre(MOTS["fiches"], ancre="fiches"), Note(MOTS["lire_les_fiches"])]
        fiches = self.comparaison.fiches
        rendus.append(Liens(tuple((f.territoire.nom, f"#fiche-{f.territoire.code}") for f in fiches)))
        for fiche in fiches:
            rendus += self._fiche(fiche)
        return rendus

    def _fiche(self, fiche: Fiche) -> list[Bloc]:
        t = fiche.territoire
        profil = f" · {fiche.profil}" if fiche.profil else ""
        phrases: Bloc = Note(MOTS["sans_ecart"])
        if fiche.phrases:
            phrases = Phrases.de(fiche.phrases, self.appuis)
        return [
            SautDePage(),
            Titre(t.nom, 3, f"fiche-{t.code}"),
            Note(f"Commune {t.code}{profil}", "precision"),
            phrases,
            replace(fiche.tableau, classe="comparaison") if fiche.tableau else Note(MOTS["sans_fiche"]),
            Liens(((MOTS["retour"], "#fiches"),), "retour"),
        ]

    def annexes(self) -> list[Bloc]:
        """Composer les annexes, communes avec celles d'un portrait."""
        return DocumentDuPortrait(self.comparaison.portrait).annexes("cette comparaison", "rapport_arrondi")

    def _partie(
        self,
        ancre: str,
        *,
        phrases: Iterable[str] = (),
        tableaux: Sequence[Tableau] = (),
        notes: Iterable[str] = (),
    ) -> list[Bloc]:
        rendus: list[Bloc] = [Titre(MOTS[ancre], ancre=ancre), *map(Note, phrases)]
        return [*rendus, *map(self._relier, tableaux), *_notes(notes)]

    def _relier(self, tableau: Tableau) -> Tableau:
        """Mener de chaque commune d'un tableau à sa fiche."""
        communes = {t.code for t in self.comparaison.diagnostic.ensembles.mailles}

        def relier(cellule: Cellule) -> Cellule:
            return replace(cellule, lien=f"#fiche-{cellule.aide}") if cellule.aide in communes else cellule

        lignes = tuple((relier(tete), *suite) for tete, *suite in tableau.lignes)
        return replace(tableau, lignes=lignes, classe="comparaison")


def _notes(notes: Iterable[Any]) -> list[Bloc]:
    puces = tuple(map(Puce, notes))
    return [Liste(puces, "notes")] if puces else []


def _se_place(diagnostic: Diagnostic, code: str) -> bool:
    """Dire si un indicateur se montre commune par commune : chiffré pour la moitié d'entre elles, sans montrer du doigt."""
    definition, communes = diagnostic.indicateurs[code], diagnostic.ensembles.mailles
    chiffrees = len(chiffres_de(diagnostic.lus(communes, code, "mailles")))
    montre = definition.nature != "effectif" and code not in table("_portrait")["sans_place"]
    return montre and chiffrees >= max(
        COMMUNES_MINIMUM, plan()["tableaux"]["part_des_communes"] * len(communes)
    )


def _reglette(diagnostic: Diagnostic, code: str) -> Serie:
    """Placer les communes et leur intercommunalité sur la réglette d'un indicateur."""
    definition, sujet = diagnostic.indicateurs[code], diagnostic.ensembles.sujet
    communes = chiffres_de(diagnostic.lus(diagnostic.ensembles.mailles, code, "mailles"))
    placees = [valeur(definition, c, t.nom, "maille") for t, c in communes]
    ensemble = diagnostic.chiffre(sujet, code, "mailles")
    return Serie(
        libelle(definition),
        (valeur(definition, ensemble, sujet.nom, "sujet"), *placees),
        unite=definition.unite,
    )
