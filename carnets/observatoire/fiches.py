"""Composer les pages des indicateurs : ce qu'ils mesurent, leurs limites, et tous leurs chiffres."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from abs.indicateurs.annees_comparables import regles
from abs.indicateurs.indicateurs import Indicateur, Lecture
from abs.territoires.territoires import Territoire
from carnets.observatoire.chiffres import Chiffres, Figure, Lecteur
from carnets.observatoire.mots import absence_commune, phrase, rang_alphabetique

# Une règle sur les enquêtes vaut pour tout le recensement : elle est dite une fois, dans la page « Lire ces chiffres ».
GENRES_PARTICULIERS: Final = frozenset(
    {"rupture", "questionnaire", "ecart_minimal", "absence", "definition", "note", "seuil"}
)
PORTEES_ENTIERES: Final = frozenset({"", "France", "selon le fichier"})


@dataclass(frozen=True)
class Formule:
    """Comment un indicateur est lu dans une source."""

    source: str
    numerateur: str
    denominateur: str
    variable: str


@dataclass(frozen=True)
class LigneDeFiche:
    """Un territoire et son chiffre."""

    territoire: Territoire
    figure: Figure
    commune: Territoire | None = None


@dataclass(frozen=True)
class Fiche:
    """La page d'un indicateur : ses groupes de lignes sont ``ensemble``, ``communes``, ``qpv`` et ``iris``."""

    indicateur: Indicateur
    formules: tuple[Formule, ...]
    limites: tuple[str, ...]
    groupes: dict[str, list[LigneDeFiche]]
    recu: bool

    def absence(self, groupe: str) -> str:
        """Dire la raison qui vaut pour tout un tableau sans aucun chiffre."""
        figures = [li.figure for li in self.groupes[groupe]]
        avec = any(f.chiffre.a_une_valeur for f in figures)
        return "" if avec else absence_commune(groupe, [f.mention for f in figures])

    def comptes(self) -> dict[str, tuple[int, int]]:
        """Compter, par niveau de carte, les territoires qui ont un chiffre."""
        niveaux = {nom: self.groupes[nom] for nom in ("communes", "iris")}
        return {nom: (sum(li.figure.chiffre.a_une_valeur for li in g), len(g)) for nom, g in niveaux.items()}


def fiches(chiffres: Chiffres) -> list[Fiche]:
    """Composer toutes les pages d'indicateurs."""
    principal, fin = Lecteur(chiffres.diagnostic), Lecteur(chiffres.iris_reunis)
    return [_fiche(chiffres, principal, fin, i) for i in chiffres.indicateurs.values()]


def _fiche(chiffres: Chiffres, principal: Lecteur, fin: Lecteur, indicateur: Indicateur) -> Fiche:
    e = chiffres.diagnostic.ensembles
    communes = {t.code: t for t in e.mailles}

    def lignes(groupe: str, territoires: Iterable[Territoire]) -> list[LigneDeFiche]:
        return [LigneDeFiche(t, principal.figure(t, indicateur, groupe)) for t in territoires]

    ensemble = lignes("comparaison", (e.sujet, *e.references))
    autre = principal.figure(e.sujet, indicateur, "mailles")
    if autre.chiffre.a_une_valeur and autre.chiffre.periode != ensemble[0].figure.chiffre.periode:
        # L'intercommunalité à la date de ses communes, quand ce n'est pas celle de ses références.
        ensemble.insert(1, LigneDeFiche(e.sujet, autre))
    des_iris = [
        LigneDeFiche(t, fin.figure(t, indicateur, "mailles"), communes[code])
        for code, diagnostic in chiffres.iris.items()
        for t in sorted(diagnostic.ensembles.mailles, key=rang_alphabetique)
    ]
    groupes = {
        "ensemble": ensemble,
        "communes": lignes("mailles", sorted(e.mailles, key=rang_alphabetique)),
        "qpv": lignes("qpv", sorted(e.qpv, key=rang_alphabetique)),
        "iris": des_iris,
    }
    montres = {n: g if any(li.figure.existe for li in g) else [] for n, g in groupes.items()}
    lus = [li.figure.chiffre for g in montres.values() for li in g]
    annees = {c.millesime for c in lus if c.a_une_valeur and c.millesime is not None}
    lectures = _lectures_employees(chiffres, indicateur)
    return Fiche(
        indicateur,
        _formules(chiffres, indicateur, lectures),
        limites(lectures, annees),
        montres,
        indicateur.code in chiffres.iris_reunis.locales.indicateurs,
    )


def _lectures_employees(chiffres: Chiffres, indicateur: Indicateur) -> list[Lecture]:
    """Donner les lectures dont un chiffre du site est tiré."""
    tires = {
        (c.source, c.definition)
        for d in (chiffres.diagnostic, chiffres.iris_reunis)
        for c in d.chiffres
        if c.indicateur == indicateur.code and c.a_une_valeur
    }
    return [le for le in indicateur.lectures if (le.source.id, le.definition) in tires]


def _formules(chiffres: Chiffres, indicateur: Indicateur, lectures: list[Lecture]) -> tuple[Formule, ...]:
    comptes = chiffres.iris_reunis.locales.comptes.get(indicateur.code)
    if comptes is not None:
        transmis = sorted({c.source for c in chiffres.diagnostic.chiffres if c.indicateur == indicateur.code})
        return (Formule(", ".join(transmis), comptes[0], comptes[1], ""),)
    ecrites = [
        Formule(
            " ; ".join(s.titre for s in (le.source, le.source_denominateur) if s is not None),
            le.numerateur.texte if le.numerateur else "",
            le.denominateur.texte if le.denominateur else "",
            le.variable,
        )
        for le in lectures
    ]
    return tuple(dict.fromkeys(ecrites))


def limites(lectures: list[Lecture], annees: set[int]) -> tuple[str, ...]:
    """Dire ce qu'un lecteur doit savoir avant de commenter un indicateur."""
    sources = [le.source for le in lectures]
    # Une source qui couvre toute la France n'appelle pas de réserve.
    dites = [f"{s.titre_court} : {s.portee}." for s in sources if s.portee not in PORTEES_ENTIERES]
    if any(le.est_publiee for le in lectures):
        dites.append(phrase("limites", "publiee"))
    if any(le.source_denominateur is not None for le in lectures):
        dites.append(phrase("limites", "deux_sources"))
    if any(s.famille == "recensement" for s in sources):
        dites.append(phrase("limites", "recensement"))
    visent = [
        r.raison
        for r in regles()[0]
        if r.genre in GENRES_PARTICULIERS
        and (r.familles or r.variables)
        and (not r.annees or annees & set(r.annees))
        and r.vise(*lectures)
    ]
    return tuple(dict.fromkeys([*dites, *visent]))
