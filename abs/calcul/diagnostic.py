"""Établir le diagnostic : quels territoires, à quelles dates, puis tous leurs chiffres."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace

import pandas as pd

from abs.calcul.calcul import Calculateur
from abs.calcul.chiffre import Chiffre
from abs.calcul.sources_recues import ajouter_les_locales
from abs.calcul.table_longue import COLONNES, Diagnostic, Ensembles
from abs.indicateurs.indicateurs import Indicateur, Lecture, indicateurs
from abs.statuts import Statut
from abs.territoires.demande import Demande, verifier
from abs.territoires.references import References
from abs.territoires.territoires import Territoire, Territoires
from donnees_insee import codes
from donnees_insee.base.base import Base
from donnees_insee.catalogue.catalogue import source

__all__ = ["COLONNES", "Diagnostic", "Diagnostiqueur", "Ensembles", "diagnostiquer"]


class Diagnostiqueur:
    """Assemble le diagnostic d'un territoire."""

    def __init__(self, base: Base, demande: Demande) -> None:
        verifier(demande, base)
        self.base = base
        self.demande = demande
        self.territoires = Territoires(base, demande.geographie)
        self.sujet = self.territoires.trouver(demande.territoire)
        self.calculateur = Calculateur(base, self.territoires, self.sujet, demande)

    def ensembles(self) -> Ensembles:
        """Déterminer les territoires du portrait."""
        references = References(self.territoires).autour(self.sujet, self.calculateur.decoupage.populations)
        generation = self.sujet.geographie if self.sujet.niveau == "qpv" else self.demande.qpv
        qpv = self.territoires.qpv_du(self.sujet, generation)
        return Ensembles(
            self.sujet,
            tuple(references),
            tuple(self._mailles()),
            tuple(qpv),
            tuple(self.territoires.quartiers_du(self.sujet)),
            tuple(self._qpv_autour(qpv, references)),
        )

    def _qpv_autour(self, qpv: list[Territoire], references: list[Territoire]) -> list[Territoire]:
        """Lister les autres QPV de l'intercommunalité, de la même génération."""
        epci = next((t for t in references if t.role == "epci"), None)
        if epci is None or not qpv or self.sujet.niveau not in {"commune", "qpv"}:
            return []
        siens = {t.code for t in qpv}
        return [t for t in self.territoires.qpv_du(epci, qpv[0].geographie) if t.code not in siens]

    def _mailles(self) -> list[Territoire]:
        geo = self.territoires.geographie
        if self.sujet.niveau == "commune":
            liste = geo.iris(self.sujet.code, self._iris_vus())
            if len(liste) < 2 or set(liste["type"].dropna()) == {"Z"}:
                return []
            return [
                Territoire(
                    str(c),
                    "iris",
                    str(r["nom"]) if pd.notna(r["nom"]) else f"IRIS {c}",
                    None,
                    (str(c),),
                    "iris",
                    type_iris=str(r["type"]) if pd.notna(r["type"]) else "",
                )
                for c, r in liste.iterrows()
            ]
        if self.sujet.niveau in {"epci", "departement"}:
            return [
                Territoire(c, "commune", str(geo.communes.at[c, "nom"]), None, (c,), "commune")
                for c in self.sujet.composantes
                if c in geo.communes.index
            ]
        return []

    def _iris_vus(self) -> set[str]:
        """Codes d'IRIS du sujet dans les données du dernier millésime admis."""
        vus: set[str] = set()
        for identifiant in (
            "filosofi",
            "caf",
            "rp_population",
            "rp_logement",
            "rp_activite",
            "rp_menages",
            "rp_diplomes",
        ):
            tenus = set(self.base.millesimes(identifiant, "iris"))
            for annee in [a for a in self.demande.vintages(self.base, identifiant) if a in tenus][:1]:
                vus |= {
                    str(c)
                    for c in self.calculateur.lecteur.table(identifiant, annee, "iris").index
                    if self.sujet.code in {str(c)[:5], codes.ville_de_l_arrondissement(str(c)[:5])}
                }
        return vus

    def assembler(
        self, suivre: Callable[[str], None] | None = None, seulement: tuple[str, ...] | None = None
    ) -> Diagnostic:
        """Calculer tous les chiffres."""
        ensembles = self.ensembles()
        diagnostic = Diagnostic(self.demande, ensembles, [])
        tous: dict[tuple[object, ...], Chiffre] = {}
        for indicateur in indicateurs().values():
            if seulement is not None and indicateur.code not in seulement:
                continue
            if suivre is not None:
                suivre(indicateur.libelle)
            if indicateur.lu_pour_la_commune:
                continue
            for groupe, territoires in _groupes_a_lire(ensembles):
                if not territoires:
                    continue
                date, chiffres = self._groupe(indicateur, groupe, territoires, diagnostic)
                if groupe == "qpv":
                    chiffres += self._sujet_a_la_date_des_qpv(indicateur, chiffres, diagnostic)
                diagnostic.millesimes[groupe, indicateur.code] = date
                for c in chiffres:
                    tous.setdefault(
                        (c.territoire, c.niveau, c.indicateur, c.definition, c.millesime, c.source), c
                    )
        diagnostic.chiffres = list(tous.values()) + self._part_en_qpv(diagnostic)
        if seulement is None:
            ajouter_les_locales(self.base, diagnostic, self.territoires.geographie)
        diagnostic.remarques = _remarques(diagnostic)
        return diagnostic

    def _part_en_qpv(self, diagnostic: Diagnostic) -> list[Chiffre]:
        """Lire la part de la commune qui vit en QPV : un quartier à cheval porte la somme de plusieurs communes."""
        edition = diagnostic.millesimes.get(("qpv", "population"))
        sujet, definition = self.sujet, indicateurs()["part_population_en_qpv"]
        lecture = definition.lectures[0]
        siens = [t.code for t in diagnostic.ensembles.qpv if t.composantes == (sujet.code,)]
        if sujet.niveau != "commune" or edition not in self.base.millesimes(lecture.source.id) or not siens:
            return []
        assert edition is not None
        return [self.calculateur.part_commune(definition, lecture, sujet, edition, siens)]

    # -- dates ---------------------------------------------------------------------------------

    def _groupe(
        self, indicateur: Indicateur, groupe: str, territoires: tuple[Territoire, ...], diagnostic: Diagnostic
    ) -> tuple[int | None, list[Chiffre]]:
        """Choisir une date pour un groupe comparé, puis calculer tous ses chiffres à cette date."""
        lectures = _lectures_du_groupe(indicateur, groupe)
        if not lectures:
            return None, []
        candidates, apres = self._candidates(lectures, groupe)
        essais: list[tuple[int, list[Chiffre]]] = []
        for annee, admises in candidates:
            chiffres = self._a_la_date(indicateur, admises, territoires, annee)
            if not chiffres:
                continue
            essais.append((annee, chiffres))
            if _convient(groupe, chiffres, territoires, sujet=self.sujet):
                break
            if self._date_imposee(groupe, lectures, essais, territoires[0]):
                essais = essais[-1:]
                break
        choisi = _meilleur(groupe, essais, territoires[0].code, parmi_les_siens=territoires[0] == self.sujet)
        if choisi is None:
            du_sujet = territoires if groupe != "qpv" else [t for t in territoires if t == self.sujet]
            return None, self._sans_source(indicateur, lectures, du_sujet)
        annee, chiffres = choisi
        if annee in apres:
            diagnostic.posterieures.setdefault(chiffres[0].source, set()).add(annee)
        if groupe in {"mailles", "quartiers"}:
            # Le sujet à la même date que ses mailles : c'est le repère imprimé sur leurs cartes.
            chiffres += self._a_la_date(indicateur, lectures, (diagnostic.ensembles.sujet,), annee)
        return annee, chiffres

    def _date_imposee(
        self,
        groupe: str,
        lectures: tuple[Lecture, ...],
        essais: list[tuple[int, list[Chiffre]]],
        sujet: Territoire,
    ) -> bool:
        """Avec --millesime, un chiffre absent du dernier fichier du sujet n'est pas pris dans un fichier plus ancien."""
        if self.demande.millesime is None or groupe != "comparaison":
            return False
        chiffre_ailleurs = any(c.a_une_valeur and c.territoire == sujet.code for _, e in essais for c in e)
        return not chiffre_ailleurs and self.calculateur.tient(lectures, sujet, essais[-1][0])

    def _candidates(
        self, lectures: tuple[Lecture, ...], groupe: str
    ) -> tuple[list[tuple[int, tuple[Lecture, ...]]], set[int]]:
        """Lister les dates à essayer, la meilleure d'abord, chacune avec les lectures qui y valent."""
        if groupe == "qpv":
            return self._editions(lectures)
        annees = {a for lecture in lectures for a in self.demande.vintages(self.base, lecture.source.id)}
        return [(a, lectures) for a in sorted(annees, reverse=True)], set()

    def _editions(
        self, lectures: tuple[Lecture, ...]
    ) -> tuple[list[tuple[int, tuple[Lecture, ...]]], set[int]]:
        """Ranger les fichiers de QPV : ceux dont l'année des données est connue d'abord, puis les plus récents.

        Deux fichiers ne sont jamais lus ensemble : l'un porte l'année de ses données, l'autre son édition.
        """
        libre = replace(self.demande, millesime=None)
        dates = self.calculateur.dates
        connues = [
            (le, a, dates.annee(le.source.id, a, le.variables[0]))
            for le in lectures
            for a in libre.vintages(self.base, le.source.id)
        ]
        limite = self.demande.millesime
        imposees = self.demande.millesimes.keys()
        admises = [
            (le, a, annee)
            for le, a, annee in connues
            if limite is None or imposees & {le.source.id, le.source.famille} or (annee or a) <= limite
        ]
        tardives = not admises
        choisies = sorted(
            admises or connues,
            key=lambda c: (c[2] is None, (c[2] or c[1]) * (1 if tardives else -1)),
        )
        apres = {a for _, a, _ in choisies} if tardives else set()
        return [(a, (le,)) for le, a, _ in choisies], apres

    def _a_la_date(
        self,
        indicateur: Indicateur,
        lectures: tuple[Lecture, ...],
        territoires: tuple[Territoire, ...],
        annee: int,
    ) -> list[Chiffre]:
        admises = [le for le in lectures if annee in self.demande.vintages(self.base, le.source.id)] or list(
            lectures
        )
        trouves = [self.calculateur.chiffre(indicateur, t, annee, admises) for t in territoires]
        return [c for c in trouves if c is not None]

    def _sujet_a_la_date_des_qpv(
        self, indicateur: Indicateur, chiffres: list[Chiffre], diagnostic: Diagnostic
    ) -> list[Chiffre]:
        """Lire ce qui se compare à un QPV à l'année de ses données, si elle est établie : une ligne, une date."""
        repere = next((c for c in chiffres if c.a_une_valeur), None)
        annee = None if repere is None else repere.annee_donnees
        lectures = _lectures_du_groupe(indicateur, "comparaison")
        diagnostic.millesimes["qpv_sujet", indicateur.code] = annee
        if annee is None or not lectures:
            return []
        trouves = [
            self.calculateur.chiffre(indicateur, t, annee, lectures)
            for t in reperes_des_qpv(diagnostic.ensembles)
        ]
        return [c for c in trouves if c is not None and c.a_une_valeur]

    def _sans_source(
        self, indicateur: Indicateur, lectures: tuple[Lecture, ...], territoires: Iterable[Territoire]
    ) -> list[Chiffre]:
        """Dire qu'un indicateur manque faute de source, pour chaque territoire du groupe."""
        attendue = lectures[0].source
        dernier = self.demande.millesime
        debut = min(le.de for le in lectures)
        quand = f" de {dernier} ou avant" if dernier else ""
        note = f"il manque le fichier « {attendue.titre} »{quand}"
        if dernier and debut > dernier:
            note = f"publié seulement depuis {debut}"
        elif any(self.base.millesimes(le.source.id) for le in lectures):
            note = f"aucun fichier déposé de « {attendue.titre} »{quand} ne porte ce niveau ou cette date"
        return [
            Chiffre(
                t.code,
                t.niveau,
                indicateur.code,
                attendue.id,
                Statut.INDISPONIBLE,
                self.demande.millesime,
                note=note,
            )
            for t in territoires
        ]


def _groupes_a_lire(ensembles: Ensembles) -> list[tuple[str, tuple[Territoire, ...]]]:
    """Lister les groupes qui partagent une date ; un QPV se lit parmi les QPV, ses références à la date qu'il impose."""
    tous_les_qpv = (*ensembles.qpv, *ensembles.qpv_autour)
    if ensembles.sujet.niveau == "qpv":
        sujet = ensembles.sujet
        return [("qpv", (sujet, *(t for t in tous_les_qpv if t.code != sujet.code)))]
    return [
        ("comparaison", (ensembles.sujet, *ensembles.references)),
        ("mailles", ensembles.mailles),
        ("quartiers", ensembles.quartiers),
        ("qpv", tous_les_qpv),
    ]


def reperes_des_qpv(ensembles: Ensembles) -> tuple[Territoire, ...]:
    """Lister les territoires mis à côté des QPV, lus à l'année de leurs données."""
    if ensembles.sujet.niveau == "qpv":
        return ensembles.references
    return (ensembles.sujet, *(t for t in ensembles.references if t.role == "epci"))


def _remarques(diagnostic: Diagnostic) -> list[str]:
    """Dire en une phrase les éditions QPV montrées bien qu'elles suivent le millésime demandé."""
    if not diagnostic.posterieures:
        return []
    editions = [
        f"{source(s).titre.split(' : ')[-1]} ({', '.join(map(str, sorted(annees)))})"
        for s, annees in sorted(diagnostic.posterieures.items())
    ]
    return [
        (
            f"Aucune édition QPV de {diagnostic.demande.millesime} ou d'avant n'est dans la base "
            f"pour {', '.join(editions)} : "
            "ces éditions sont montrées, à lire à leur propre date."
        )
    ]


def _lectures_du_groupe(indicateur: Indicateur, groupe: str) -> tuple[Lecture, ...]:
    """Garder les lectures qui existent au niveau du groupe : les tables QPV ne parlent que des QPV."""
    qpv = groupe == "qpv"
    return tuple(le for le in indicateur.lectures if ("qpv" in le.source.niveaux) == qpv)


def _convient(
    groupe: str, chiffres: list[Chiffre], territoires: tuple[Territoire, ...], *, sujet: Territoire
) -> bool:
    """Dire si une date suffit : le sujet et au moins une référence ont un chiffre, ou une maille en a un."""
    premier = territoires[0].code
    du_premier = any(c.a_une_valeur for c in chiffres if c.territoire == premier)
    if groupe != "comparaison":
        return du_premier if territoires[0] == sujet else any(c.a_une_valeur for c in chiffres)
    return du_premier and any(c.a_une_valeur for c in chiffres if c.territoire != premier)


def _meilleur(
    groupe: str, essais: list[tuple[int, list[Chiffre]]], premier: str, *, parmi_les_siens: bool
) -> tuple[int, list[Chiffre]] | None:
    """Prendre la dernière date essayée si elle convient ; sinon la plus récente où le sujet a un chiffre."""
    if not essais:
        return None
    valables = [e for e in essais if any(c.a_une_valeur for c in e[1])]
    du_premier = [e for e in essais if any(c.a_une_valeur and c.territoire == premier for c in e[1])]
    if groupe == "comparaison":
        complets = [e for e in du_premier if any(c.a_une_valeur and c.territoire != premier for c in e[1])]
        return (complets or du_premier or essais)[0]
    return ((du_premier if parmi_les_siens else []) or valables or essais)[0]


def diagnostiquer(base: Base, demande: Demande, suivre: Callable[[str], None] | None = None) -> Diagnostic:
    """Établir le diagnostic d'un territoire.

    Parameters
    ----------
    base : Base
        Base locale.
    demande : Demande
        Demande de l'analyste.
    suivre : callable or None, default None
        Suivi de l'avancement.

    Returns
    -------
    Diagnostic
        Tous les chiffres, avec leurs statuts.
    """
    return Diagnostiqueur(base, demande).assembler(suivre)
