"""Ce que l'analyste demande (territoire, dates, périmètres, diffusion), vérifié avant tout calcul sur ce qui est tenu."""

import re
from dataclasses import dataclass, field

from abs.definitions import dire
from abs.langue import enumerer
from donnees_insee.base.base import Base, familles
from donnees_insee.catalogue.catalogue import sources
from donnees_insee.erreurs import DonneeAbsente, ParametreInvalide
from donnees_insee.geographie.dates_des_parties import dates

SANS_STATISTIQUE = frozenset(
    {
        "geographie",
        "contours",
        "quartiers",
        "qpv_liste",
        "serie_historique",
        "etat_civil",
        "catalogue",
        "qpv_correspondance",
    }
)


# Les territoires de comparaison, du plus proche au plus large.
ROLES = ("commune", "commune_du_qpv", "epci", "epci_hors_centre", "strate", "departement", "region", "france")


@dataclass(frozen=True)
class Demande:
    """Paramètres d'un portrait ; les trois réglages (dates, QPV, géographie) sont indépendants.

    Attributes
    ----------
    territoire : str
        Code ou nom.
    millesime : int or None
        Dernier millésime admis ; ``None`` prend le dernier tenu de chaque source.
    millesimes : dict of str to int
        Millésime exact d'une famille de sources, par exemple ``{"caf": 2018}``.
    qpv : int or None
        Génération de QPV, 2015 ou 2024.
    geographie : int or None
        Année du code officiel géographique.
    diffusion : str
        ``publique`` ou ``interne``.
    references : str
        À qui comparer, parmi :data:`ROLES` séparés par des virgules ; vide, à tous.

    Examples
    --------
    >>> Demande("34172", 2022, {"caf": 2021}).millesimes
    {'caf': 2021}
    """

    territoire: str
    millesime: int | None = None
    millesimes: dict[str, int] = field(default_factory=dict)
    qpv: int | None = None
    geographie: int | None = None
    diffusion: str = "publique"
    references: str = ""

    @property
    def roles(self) -> tuple[str, ...]:
        """Rôles des territoires de comparaison voulus ; vide, tous."""
        return tuple(filter(None, (r.strip() for r in self.references.split(","))))

    def vintages(self, base: Base, source: str) -> list[int]:
        """Lister les millésimes admis d'une source, du plus récent au plus ancien."""
        tenus = base.millesimes(source)[::-1]
        exact = self.millesimes.get(source, self.millesimes.get(sources()[source].famille))
        if exact is not None:
            return [a for a in tenus if a == exact]
        return [a for a in tenus if self.millesime is None or a <= self.millesime]


def lire_millesimes(texte: str) -> dict[str, int]:
    """Lire ``caf=2018,filosofi=2016``.

    Parameters
    ----------
    texte : str
        Couples famille=année séparés par des virgules ; vide pour aucun.

    Returns
    -------
    dict of str to int
        Famille ou source → année.

    Raises
    ------
    ParametreInvalide
        Si un couple ne se lit pas.

    Examples
    --------
    >>> lire_millesimes("caf=2018, filosofi=2016")
    {'caf': 2018, 'filosofi': 2016}
    """
    lus: dict[str, int] = {}
    for couple in filter(None, (c.strip() for c in texte.split(","))):
        trouve = re.fullmatch(r"([a-z_]+)\s*=\s*(\d{4})", couple)
        if not trouve:
            raise ParametreInvalide(dire("territoires", "couple", couple=couple))
        lus[trouve[1]] = int(trouve[2])
    return lus


def verifier(demande: Demande, base: Base) -> None:
    """Refuser une demande que la base ne peut pas honorer, en disant ce qu'elle tient."""
    base.exiger()
    if demande.diffusion not in {"publique", "interne"}:
        raise ParametreInvalide(f"La diffusion « {demande.diffusion} » est inconnue : publique ou interne.")
    if demande.qpv not in {None, 2015, 2024}:
        raise ParametreInvalide(f"La génération de QPV « {demande.qpv} » est inconnue : 2015 ou 2024.")
    if inconnus := [r for r in demande.roles if r not in ROLES]:
        raise ParametreInvalide(
            dire("territoires", "role", recus=", ".join(inconnus), attendus=", ".join(ROLES))
        )
    rangees = familles()
    for cle, annee in demande.millesimes.items():
        visees = rangees.get(cle) or ([cle] if cle in sources() else [])
        if not visees:
            raise ParametreInvalide(dire("territoires", "famille", nommee=cle, familles=", ".join(rangees)))
        tenues = _tenues(base, visees)
        if annee not in tenues:
            raise DonneeAbsente(_absence(f"« {cle} » {annee}", annee, visees, tenues))
    if (dernier := demande.millesime) is not None:
        statistiques = [s for f, liste in rangees.items() if f not in SANS_STATISTIQUE for s in liste]
        tenues = _tenues(base, statistiques)
        if not tenues or not tenues[0] <= dernier <= tenues[-1]:
            raise DonneeAbsente(_absence(f"--millesime {dernier}", dernier, statistiques, tenues))


def _tenues(base: Base, visees: list[str]) -> list[int]:
    return sorted({a for s in visees for a in base.millesimes(s)})


def _absence(quoi: str, annee: int, visees: list[str], tenues: list[int]) -> str:
    raisons = [sources()[s].absences[annee] for s in visees if annee in sources()[s].absences]
    suite = f" {raisons[0]}." if raisons else ""
    liste = ", ".join(map(str, tenues)) or "aucun"
    return f"{quoi} : ce millésime n'est pas dans la base.{suite} Millésimes tenus : {liste}."


# -- ce que la base tient d'un quartier prioritaire ----------------------------------------


def ce_qui_est_tenu(base: Base, code: str) -> list[str]:
    """Lister les parties tenues d'un quartier, chacune avec l'année de ses données ou ses éditions."""
    lues = dates(base)
    tenues: dict[str, dict[int | None, set[int]]] = {}
    for s in (s for s in sources().values() if "qpv" in s.niveaux and s.famille not in SANS_STATISTIQUE):
        for edition in base.millesimes(s.id, "qpv"):
            table = base.lire(s.id, edition, "qpv", codes=[code])
            if code not in table.index:
                continue
            for partie in s.parties or (None,):
                if partie is not None and not any(partie.motif.fullmatch(str(c)) for c in table.columns):
                    continue
                nom = s.titre.split(" : ")[-1] if partie is None else partie.nom
                connue = edition if partie is None or partie.du_millesime else lues.de(s.id, partie, edition)
                tenues.setdefault(nom, {}).setdefault(connue, set()).update({edition} - {connue})
    return [f"{nom} : {_annees(par_annee)}" for nom, par_annee in tenues.items()]


def _annees(par_annee: dict[int | None, set[int]]) -> str:
    annees = sorted(a for a in par_annee if a is not None)
    connues = [f"de {annee}{_editions(par_annee[annee])}" for annee in annees]
    dites = [f"données {enumerer(connues)}"] if connues else []
    if None in par_annee:
        dites.append(f"année des données inconnue{_editions(par_annee[None])}")
    return " ; ".join(dites)


def _editions(editions: set[int]) -> str:
    liste = enumerer([str(e) for e in sorted(editions)])
    return f" (édition{'s' if len(editions) > 1 else ''} {liste})" if editions else ""
