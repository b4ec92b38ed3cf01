"""Composer les pages des indicateurs : ce qu'ils mesurent, leurs limites, et tous leurs chiffres."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from abs.indicateurs.annees_comparables import regles
from abs.indicateurs.indicateurs import THEMES
from carnets.documents.tableur.definitions import unite_lisible
from carnets.observatoire.chiffres_affiches import Figure, Lecteur
from carnets.observatoire.mots import absence_commune, rang_alphabetique, sens_de_lecture
from donnees_insee.catalogue.catalogue import sources

if TYPE_CHECKING:
    from abs.indicateurs.indicateurs import Indicateur, Lecture
    from abs.territoires.territoires import Territoire
    from carnets.observatoire.chiffres import Chiffres

# Une règle sur les enquêtes vaut pour tout le recensement : elle est dite une fois, dans la page « Lire ces chiffres ».
GENRES_PARTICULIERS: Final = frozenset(
    {"rupture", "questionnaire", "ecart_minimal", "absence", "definition", "note", "seuil"}
)


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
    """La page d'un indicateur."""

    indicateur: Indicateur
    theme: str
    unite: str
    sens: str
    formules: tuple[Formule, ...]
    limites: tuple[str, ...]
    ensemble: tuple[LigneDeFiche, ...]
    communes: tuple[LigneDeFiche, ...]
    qpv: tuple[LigneDeFiche, ...]
    iris: tuple[LigneDeFiche, ...]
    absences: dict[str, str] = field(default_factory=dict)
    recu: bool = False

    def comptes(self) -> dict[str, tuple[int, int]]:
        """Compter, par niveau de carte, les territoires qui ont un chiffre."""
        niveaux = {"communes": self.communes, "iris": self.iris}
        return {nom: (sum(li.figure.a_une_valeur for li in g), len(g)) for nom, g in niveaux.items()}


def fiches(chiffres: Chiffres) -> list[Fiche]:
    """Composer toutes les pages d'indicateurs."""
    principal, fin = Lecteur(chiffres.diagnostic), Lecteur(chiffres.iris_reunis)
    return [_fiche(chiffres, principal, fin, i) for i in chiffres.indicateurs.values()]


def _fiche(chiffres: Chiffres, principal: Lecteur, fin: Lecteur, indicateur: Indicateur) -> Fiche:
    e = chiffres.diagnostic.ensembles
    communes = {t.code: t for t in e.mailles}
    ensemble = [_ligne(principal, t, indicateur, "comparaison") for t in (e.sujet, *e.references)]
    autre = principal.figure(e.sujet, indicateur, "mailles")
    if autre.a_une_valeur and autre.date != ensemble[0].figure.date:
        # L'intercommunalité à la date de ses communes, quand ce n'est pas celle de ses références.
        ensemble.insert(1, LigneDeFiche(e.sujet, autre))
    groupes = (
        ensemble,
        [_ligne(principal, t, indicateur, "mailles") for t in sorted(e.mailles, key=rang_alphabetique)],
        [_ligne(principal, t, indicateur, "qpv") for t in sorted(e.qpv, key=rang_alphabetique)],
        [
            _ligne(fin, t, indicateur, "mailles", communes[code])
            for code, diagnostic in chiffres.iris.items()
            for t in sorted(diagnostic.ensembles.mailles, key=rang_alphabetique)
        ],
    )
    montres = [tuple(g) if any(li.figure.chiffre is not None for li in g) else () for g in groupes]
    sujet, des_communes, des_qpv, des_iris = montres
    lectures = lectures_employees(chiffres, indicateur)
    return Fiche(
        indicateur,
        THEMES[indicateur.theme],
        unite_lisible(indicateur),
        sens_de_lecture(indicateur),
        _formules(chiffres, indicateur, lectures),
        limites(lectures, _annees(montres)),
        sujet,
        des_communes,
        des_qpv,
        des_iris,
        absences={
            nom: _absence(nom, lignes)
            for nom, lignes in zip(("communes", "qpv", "iris"), montres[1:], strict=True)
        },
        recu=indicateur.code in chiffres.iris_reunis.locales.indicateurs,
    )


def _absence(groupe: str, lignes: tuple[LigneDeFiche, ...]) -> str:
    if any(li.figure.a_une_valeur for li in lignes):
        return ""
    return absence_commune(groupe, [li.figure.mention for li in lignes])


def _annees(groupes: list[tuple[LigneDeFiche, ...]]) -> set[int]:
    chiffres = [li.figure.chiffre for g in groupes for li in g if li.figure.a_une_valeur]
    return {c.millesime for c in chiffres if c is not None and c.millesime is not None}


def _ligne(
    lecteur: Lecteur,
    territoire: Territoire,
    indicateur: Indicateur,
    groupe: str,
    commune: Territoire | None = None,
) -> LigneDeFiche:
    return LigneDeFiche(territoire, lecteur.figure(territoire, indicateur, groupe), commune)


def lectures_employees(chiffres: Chiffres, indicateur: Indicateur) -> list[Lecture]:
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
            " ; ".join(
                [le.source.titre, *([le.source_denominateur.titre] if le.source_denominateur else [])]
            ),
            le.numerateur.texte if le.numerateur else "",
            le.denominateur.texte if le.denominateur else "",
            le.variable,
        )
        for le in lectures
    ]
    return tuple(dict.fromkeys(ecrites))


def limites(lectures: list[Lecture], annees: set[int]) -> tuple[str, ...]:
    """Dire ce qu'un lecteur doit savoir avant de commenter un indicateur."""
    dites = [
        f"{le.source.titre_court} : {le.source.portee}."
        for le in lectures
        if le.source.portee in _portees_a_dire()
    ]
    if any(le.est_publiee for le in lectures):
        dites.append("Valeur publiée par le producteur : elle n'est ni sommée ni moyennée pour un groupe.")
    if any(le.source_denominateur is not None for le in lectures):
        dites.append("Rapport entre deux sources de dates différentes : il est donné comme une estimation.")
    if any(le.source.famille == "recensement" for le in lectures):
        dites.append(
            "Recensement : chiffre d'enquête, lissé sur cinq ans ; l'incertitude écrite est un ordre de grandeur."
        )
    visent = [
        r.raison
        for r in regles()[0]
        if r.genre in GENRES_PARTICULIERS
        and (r.familles or r.variables)
        and (not r.annees or annees & set(r.annees))
        and r.vise(*lectures)
    ]
    return tuple(dict.fromkeys([*dites, *visent]))


def _portees_a_dire() -> set[str]:
    """Une source qui couvre toute la France n'appelle pas de réserve."""
    return {s.portee for s in sources().values()} - {"", "France", "selon le fichier"}
