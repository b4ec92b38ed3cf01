"""Établir le diagnostic : quels territoires, à quelles dates, puis tous leurs chiffres."""

from collections.abc import Callable, Iterable
from dataclasses import replace
from functools import partial
from typing import Final

from abs.calcul.calcul import Calculateur, Recherche
from abs.calcul.essais import essais_employes
from abs.calcul.remarques import remarques_de
from abs.calcul.sources_recues import ajouter_les_locales
from abs.calcul.table_longue import COLONNES, Chiffre, Diagnostic, Ensembles, chiffres_de
from abs.definitions import table
from abs.indicateurs.indicateurs import Indicateur, Lecture, indicateurs, tous_les_indicateurs
from abs.statuts import Statut
from abs.territoires.demande import Demande, verifier
from abs.territoires.references import References
from abs.territoires.territoires import Territoire, Territoires
from donnees_insee import codes
from donnees_insee.base.base import Base

# Ceux dont un chiffre est mis dans le tableau des QPV ; le sujet d'un portrait n'a pas de rôle.
A_COTE_DES_QPV: Final = frozenset({"", "commune", "commune_du_qpv", "epci"})
SANS_PART: Final = "le tableau des quartiers de {generation} ne donne pas la population de leur commune"
# La note d'une date où tout ce qu'on attend est chiffré.
SUFFIT: Final = 2
Essais = list[tuple[int, tuple[Lecture, ...]]]

__all__ = ["COLONNES", "Diagnostic", "Diagnostiqueur", "Ensembles", "diagnostiquer"]


class Diagnostiqueur:
    """Assemble le diagnostic d'un territoire."""

    def __init__(self, base: Base, demande: Demande) -> None:
        verifier(demande, base)
        # Une édition plus récente que l'année demandée ne vaut qu'à défaut.
        self.base = base = base.jusqu_a(demande.millesime)
        self.demande = demande
        self.territoires = Territoires(base, demande.geographie)
        self.sujet = self.territoires.trouver(demande.territoire, demande.qpv)
        self.calculateur = Calculateur(base, self.territoires, self.sujet, demande)

    def ensembles(self) -> Ensembles:
        """Déterminer les territoires du portrait."""
        references = References(self.territoires).autour(self.sujet, self.calculateur.decoupage.populations)
        generation = self.sujet.geographie if self.sujet.niveau == "qpv" else self.demande.qpv
        qpv = self.territoires.qpv_du(self.sujet, generation)
        voulus = self.demande.roles
        return Ensembles(
            self.sujet,
            tuple(t for t in references if not voulus or t.role in voulus),
            tuple(self._mailles()),
            tuple(qpv),
            tuple(self.territoires.quartiers_du(self.sujet)),
            tuple(self._qpv_autour(qpv, references)),
        )

    def _qpv_autour(self, qpv: list[Territoire], references: list[Territoire]) -> list[Territoire]:
        """Lister les autres QPV de l'intercommunalité, de la même génération."""
        epcis = [t for t in references if t.role == "epci"]
        # Les quartiers « de l'intercommunalité » d'un quartier qui en touche deux ne sont ceux d'aucune.
        if len(epcis) != 1 or not qpv or self.sujet.niveau not in {"commune", "qpv"}:
            return []
        (epci,), siens = epcis, {t.code for t in qpv}
        return [t for t in self.territoires.qpv_du(epci, qpv[0].geographie) if t.code not in siens]

    def _mailles(self) -> list[Territoire]:
        geo = self.territoires.geographie
        if self.sujet.niveau == "commune":
            liste = geo.iris(self.sujet.code, self._iris_vus())
            if len(liste) < 2 or set(liste["type"].dropna()) == {"Z"}:
                return []
            noms = liste["nom"].fillna("IRIS " + liste.index.to_series().astype(str))
            types = liste["type"].fillna("")
            return [
                Territoire(str(c), "iris", str(nom), None, (str(c),), "iris", type_iris=str(type_iris))
                for c, nom, type_iris in zip(liste.index, noms, types, strict=True)
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
        for identifiant in table("_lecture")["sources_d_iris"]:
            tenus = set(self.base.millesimes(identifiant, "iris"))
            for annee in [a for a in self.demande.vintages(self.base, identifiant) if a in tenus][:1]:
                vus |= {
                    c
                    for c in self.calculateur.lecteur.rangs(identifiant, annee, "iris")
                    if self.sujet.code in {c[:5], codes.ville_de_l_arrondissement(c[:5])}
                }
        return vus

    def assembler(
        self, suivre: Callable[[str], None] | None = None, seulement: tuple[str, ...] | None = None
    ) -> Diagnostic:
        """Calculer tous les chiffres."""
        ensembles = self.ensembles()
        diagnostic = Diagnostic(self.demande, ensembles, [])
        tous: dict[tuple[str | int | None, ...], Chiffre] = {}
        voulus = (i for i in tous_les_indicateurs().values() if seulement is None or i.code in seulement)
        for indicateur in voulus:
            if suivre is not None:
                suivre(indicateur.libelle)
            if indicateur.lu_pour_la_commune:
                continue
            groupes = _groupes_a_lire(ensembles)
            # Un graphique ne montre que le sujet et ses références : inutile de chiffrer chaque IRIS.
            for groupe, territoires in groupes[:1] if indicateur.usage else groupes:
                date, chiffres = self._groupe(indicateur, groupe, territoires, diagnostic)
                if groupe == "qpv":
                    chiffres += self._sujet_a_la_date_des_qpv(indicateur, chiffres, diagnostic)
                diagnostic.millesimes[groupe, indicateur.code] = date
                # Un chiffre lu pour plusieurs groupes n'est gardé qu'une fois : le premier.
                for c in chiffres:
                    tous.setdefault(c.cle, c)
        diagnostic.chiffres = list(tous.values()) + self._part_en_qpv(diagnostic)
        if seulement is None:
            ajouter_les_locales(self.base, diagnostic, self.territoires.geographie)
        diagnostic.essais = essais_employes(self.base, ensembles, diagnostic.chiffres)
        diagnostic.remarques = remarques_de(diagnostic, self.territoires)
        return diagnostic

    def _part_en_qpv(self, diagnostic: Diagnostic) -> list[Chiffre]:
        """Lire la part de la commune qui vit en QPV : un quartier à cheval porte la somme de plusieurs communes."""
        edition = diagnostic.millesimes.get(("qpv", "population"))
        sujet, definition = self.sujet, indicateurs()["part_population_en_qpv"]
        lecture = definition.lectures[0]
        siens = [t for t in diagnostic.ensembles.qpv if t.composantes == (sujet.code,)]
        if sujet.niveau != "commune" or not siens or edition is None:
            return []
        if f"QPV {siens[0].geographie}" != lecture.source.portee:
            note = SANS_PART.format(generation=siens[0].geographie)
            return [
                Chiffre(
                    sujet.code,
                    "commune",
                    definition.code,
                    lecture.source.id,
                    Statut.INDISPONIBLE,
                    edition,
                    note=note,
                )
            ]
        if edition not in self.base.millesimes(lecture.source.id):
            return []
        cherche = Recherche(definition, lecture, sujet, edition)
        return [self.calculateur.part_commune(cherche, [t.code for t in siens])]

    # -- dates ---------------------------------------------------------------------------------

    def _groupe(
        self, indicateur: Indicateur, groupe: str, territoires: tuple[Territoire, ...], diagnostic: Diagnostic
    ) -> tuple[int | None, list[Chiffre]]:
        """Choisir une date pour un groupe comparé, puis calculer tous ses chiffres à cette date."""
        lectures = _lectures_du_groupe(indicateur, groupe)
        if not lectures:
            return None, []
        if groupe == "qpv":
            candidates, apres = self._editions(lectures)
        else:
            annees = {a for le in lectures for a in self.demande.vintages(self.base, le.source.id)}
            candidates, apres = [(a, lectures) for a in sorted(annees, reverse=True)], set()
        essais: list[tuple[int, list[Chiffre]]] = []
        noter = partial(_merite, groupe, sujet=self.sujet, premier=territoires[0])
        for annee, admises in candidates:
            chiffres = self._a_la_date(indicateur, admises, territoires, annee)
            if not chiffres:
                continue
            essais.append((annee, chiffres))
            if noter(chiffres) == SUFFIT:
                break
            if self._date_imposee(groupe, lectures, essais, territoires[0]):
                essais = essais[-1:]
                break
        if not essais:
            du_sujet = territoires if groupe != "qpv" else [t for t in territoires if t == self.sujet]
            return None, self._sans_source(indicateur, lectures, du_sujet)
        # La plus récente des meilleures.
        annee, chiffres = max(essais, key=lambda essai: noter(essai[1]))
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

    def _editions(self, lectures: tuple[Lecture, ...]) -> tuple[Essais, set[int]]:
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
        limite, imposees = self.demande.millesime, self.demande.millesimes.keys()
        admises = [
            (le, a, annee)
            for le, a, annee in connues
            if limite is None or imposees & {le.source.id, le.source.famille} or (annee or a) <= limite
        ]
        sens = -1 if admises else 1
        choisies = sorted(admises or connues, key=lambda c: (c[2] is None, sens * (c[2] or c[1])))
        return [(a, (le,)) for le, a, _ in choisies], set() if admises else {a for _, a, _ in choisies}

    def _a_la_date(
        self,
        indicateur: Indicateur,
        lectures: tuple[Lecture, ...],
        territoires: tuple[Territoire, ...],
        annee: int,
    ) -> list[Chiffre]:
        admises = [le for le in lectures if annee in self.demande.vintages(self.base, le.source.id)]
        trouves = (self.calculateur.chiffre(indicateur, t, annee, admises or lectures) for t in territoires)
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
        reperes = reperes_des_qpv(diagnostic.ensembles)
        lus = [(t, self.calculateur.chiffre(indicateur, t, annee, lectures)) for t in reperes]
        connus = chiffres_de(lus)
        if indicateur.code in table("_portrait")["qpv"]:
            for t in (t for t in reperes if t not in dict(connus) and t.role in A_COTE_DES_QPV):
                if autre := self._a_une_autre_date(indicateur, lectures, t):
                    diagnostic.ailleurs[t.code, indicateur.code] = autre.periode
        return [c for _, c in connus]

    def _a_une_autre_date(
        self, indicateur: Indicateur, lectures: tuple[Lecture, ...], territoire: Territoire
    ) -> Chiffre | None:
        """Donner le dernier chiffre tenu d'un territoire : ce qui explique qu'il ne soit pas mis à côté d'un QPV."""
        annees = {a for le in lectures for a in self.demande.vintages(self.base, le.source.id)}
        for annee in sorted(annees, reverse=True):
            for _, chiffre in chiffres_de(
                (territoire, c) for c in self._a_la_date(indicateur, lectures, (territoire,), annee)
            ):
                return chiffre
        return None

    def _sans_source(
        self, indicateur: Indicateur, lectures: tuple[Lecture, ...], territoires: Iterable[Territoire]
    ) -> list[Chiffre]:
        """Dire qu'un indicateur manque faute de source, pour chaque territoire du groupe."""
        attendue, dernier = lectures[0].source, self.demande.millesime
        debut = min(le.de for le in lectures)
        quand = f" de {dernier} ou avant" if dernier else ""
        note = f"il manque le fichier « {attendue.titre} »{quand}"
        if dernier and debut > dernier:
            note = f"publié seulement depuis {debut}"
        elif any(self.base.millesimes(le.source.id) for le in lectures):
            note = f"aucun fichier déposé de « {attendue.titre} »{quand} ne porte ce niveau ou cette date"
        vide = partial(Chiffre, statut=Statut.INDISPONIBLE, millesime=dernier, note=note)
        return [vide(t.code, t.niveau, indicateur.code, attendue.id) for t in territoires]


def _groupes_a_lire(ensembles: Ensembles) -> list[tuple[str, tuple[Territoire, ...]]]:
    """Lister les groupes qui partagent une date ; un QPV se lit parmi les QPV, ses références à la date qu'il impose."""
    tous_les_qpv = (*ensembles.qpv, *ensembles.qpv_autour)
    if ensembles.sujet.niveau == "qpv":
        sujet = ensembles.sujet
        return [("qpv", (sujet, *(t for t in tous_les_qpv if t.code != sujet.code)))]
    groupes = [
        ("comparaison", (ensembles.sujet, *ensembles.references)),
        ("mailles", ensembles.mailles),
        ("quartiers", ensembles.quartiers),
        ("qpv", tous_les_qpv),
    ]
    return [(nom, siens) for nom, siens in groupes if siens]


def reperes_des_qpv(ensembles: Ensembles) -> tuple[Territoire, ...]:
    """Lister les territoires mis à côté des QPV, lus à l'année de leurs données."""
    if ensembles.sujet.niveau == "qpv":
        return ensembles.references
    return (ensembles.sujet, *(t for t in ensembles.references if t.role == "epci"))


def _lectures_du_groupe(indicateur: Indicateur, groupe: str) -> tuple[Lecture, ...]:
    """Garder les lectures qui existent au niveau du groupe : les tables QPV ne parlent que des QPV."""
    qpv = groupe == "qpv"
    return tuple(le for le in indicateur.lectures if ("qpv" in le.source.niveaux) == qpv)


def _merite(groupe: str, chiffres: list[Chiffre], *, sujet: Territoire, premier: Territoire) -> int:
    """Noter une date : elle suffit si le sujet et une référence ont un chiffre, ou une maille ; à défaut, le sujet seul."""
    du_premier = {c.territoire == premier.code for c in chiffres if c.a_une_valeur}
    if groupe == "comparaison":
        return (True in du_premier) * len(du_premier)
    if premier == sujet:
        return SUFFIT if True in du_premier else len(du_premier)
    return SUFFIT * bool(du_premier)


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

    Examples
    --------
    >>> diagnostic = diagnostiquer(base, Demande("99001"))
    >>> len(diagnostic.ensembles.references)
    5
    """
    return Diagnostiqueur(base, demande).assembler(suivre)
