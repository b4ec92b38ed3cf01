"""Calculer un indicateur pour des territoires : lu au niveau publié, ou rapport de sommes, ou absent et dit tel."""

import math
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field, replace
from functools import lru_cache
from itertools import compress
from typing import Any, Final

import numpy as np

from abs.calcul.composantes import Decoupage, Elements, contenants
from abs.calcul.lecture import Comptes, prendre
from abs.calcul.table_longue import CALCULE_SUR, DU_MILLESIME, RANG, Chiffre
from abs.definitions import table
from abs.formats import nombre
from abs.indicateurs.fiabilite import apprecier
from abs.indicateurs.indicateurs import Indicateur, Lecture
from abs.statuts import Statut
from abs.territoires.demande import Demande
from abs.territoires.territoires import Territoire, Territoires
from donnees_insee.base.base import Base
from donnees_insee.geographie.dates_des_parties import dates

COUVERTURE_MINIMALE: Final = 0.95
REFUS: Final = "sous-total refusé"
ABSENT: Final = "territoire absent du fichier déposé"
TABLES_DES_QPV: Final = ("qpv_demographie", "qpv_demographie_2024")
AUTRE_GENERATION: Final = "quartiers prioritaires d'une autre génération dans le fichier déposé"
NIVEAUX_SOMMABLES: Final = frozenset(table("_lecture")["niveaux_sommables"])
DRAPEAUX_MUETS: Final[dict[str, list[str]]] = table("_lecture")["drapeaux_muets"]


def raison_d_absence(territoire: Territoire, tenus: Collection[str]) -> str:
    """Dire pourquoi un fichier ne donne pas un territoire : il n'y est pas, ou ses quartiers sont d'une autre génération."""
    generation = territoire.code[:2]
    if territoire.niveau != "qpv" or not tenus or any(c.startswith(generation) for c in tenus):
        return ABSENT
    return AUTRE_GENERATION


@dataclass(frozen=True)
class Recherche:
    """Ce que l'on cherche : un indicateur, par une lecture, pour un territoire et un millésime."""

    indicateur: Indicateur
    lecture: Lecture
    territoire: Territoire
    millesime: int


@dataclass(frozen=True)
class Compte:
    """Ce qu'un chiffre compte, la part du territoire qu'il couvre, et ce que le producteur en dit."""

    haut: float = math.nan
    bas: float = math.nan
    couverture: float = 1.0
    drapeaux: dict[str, str] = field(default_factory=dict)
    remarque: str = ""


class Calculateur:
    """Calcule les chiffres d'un portrait."""

    def __init__(
        self, base: Base, territoires: Territoires, sujet: Territoire, demande: Demande | None = None
    ) -> None:
        self.base = base
        self.demande = demande or Demande(sujet.code)
        self.decoupage = Decoupage(base, territoires, sujet)
        self.lecteur = self.decoupage.lecteur
        self.dates = dates(base)
        self._niveaux_tenus = lru_cache(maxsize=256)(self._niveaux)
        self._datation = lru_cache(maxsize=4096)(self._dater)

    def chiffre(
        self, indicateur: Indicateur, territoire: Territoire, millesime: int, lectures: Iterable[Lecture]
    ) -> Chiffre | None:
        """Donner le meilleur chiffre d'un territoire pour un millésime, parmi plusieurs lectures."""
        candidats = [
            chiffre
            for lecture in lectures
            if lecture.vaut_pour(millesime) and self._niveaux_tenus(lecture.source.id, millesime)
            for chiffre in [self._lire_ou_sommer(Recherche(indicateur, lecture, territoire, millesime))]
            if chiffre is not None
        ]
        return min(candidats, key=lambda c: RANG[c.statut], default=None)

    def tient(self, lectures: Iterable[Lecture], territoire: Territoire, millesime: int) -> bool:
        """Dire si un fichier de ce millésime parle du niveau d'un territoire, qu'il le chiffre ou non."""
        elementaires = {"iris", "commune"} if territoire.niveau in NIVEAUX_SOMMABLES else set()
        return any(
            lecture.vaut_pour(millesime)
            and self._niveaux_tenus(lecture.source.id, millesime)
            & {territoire.niveau, *(() if lecture.est_publiee else elementaires)}
            for lecture in lectures
        )

    def _niveaux(self, source: str, millesime: int) -> frozenset[str]:
        return frozenset(p.niveau for p in self.base.parts_de(source) if p.millesime == millesime)

    def part_commune(self, cherche: Recherche, quartiers: list[str]) -> Chiffre:
        """Donner un rapport de commune que le tableau de ses quartiers répète, s'ils le disent tous pareil."""
        lus = self.lecteur.comptes(cherche.lecture, cherche.millesime, "qpv")
        hauts, bas = (lus.prendre(v, quartiers).tolist() for v in (lus.numerateur, lus.denominateur))
        paires = {p for p in zip(hauts, bas, strict=True) if not any(map(math.isnan, p))}
        if len(paires) != 1:
            raison = "les quartiers de la commune n'en donnent pas tous la même population"
            return self._vide(cherche, Statut.INDISPONIBLE, raison)
        return self._rapport(cherche, Compte(*paires.pop()))

    def _dater(self, lecture: Lecture, millesime: int, niveau: str) -> tuple[str, str, int | None]:
        """Donner la géographie, la période et l'année des données d'un chiffre, les mêmes pour tout un niveau."""
        variable = lecture.variables[0] if lecture.variables else ""
        geographie = self.base.geographie(lecture.source.id, millesime, niveau)
        periode = self.dates.periode(lecture.source.id, millesime, variable)
        annee = self.dates.annee(lecture.source.id, millesime, variable)
        return "" if geographie is None else str(geographie), periode, annee

    def _habitants_du_qpv(self, cherche: Recherche) -> float | None:
        """Donner la population d'un QPV dans le fichier lu, à défaut dans l'édition démographique la plus proche."""
        if cherche.territoire.niveau != "qpv":
            return None
        code, date = cherche.territoire.code, cherche.millesime
        for source in (cherche.lecture.source.id, *TABLES_DES_QPV):
            for annee in sorted(self.base.millesimes(source), key=lambda a: (abs(a - date), a)):
                lues = self.lecteur.table(source, annee, "qpv")
                if "POP_MUN" in lues and code in lues.index:
                    return float(lues.at[code, "POP_MUN"])
        return None

    def _lire_ou_sommer(self, cherche: Recherche) -> Chiffre | None:
        """Lire au niveau du territoire ; sans chiffre, sommer les IRIS ou les communes tenus, le plus complet d'abord."""
        lecture, territoire, millesime = cherche.lecture, cherche.territoire, cherche.millesime
        source, tenus = lecture.source, self._niveaux_tenus(lecture.source.id, millesime)
        candidats: list[Chiffre] = []
        if territoire.niveau in tenus.intersection(source.niveaux):
            directe = self._directe(cherche)
            # Un secret du producteur n'est jamais contourné par une somme.
            if lecture.est_publiee or directe.a_une_valeur or directe.statut == Statut.SECRET:
                return directe
            candidats.append(directe)
        elif territoire.niveau in source.niveaux and lecture.est_publiee:
            absent = f"le fichier « {source.titre} » {millesime} n'est pas dans la base à ce niveau"
            return self._vide(cherche, Statut.INDISPONIBLE, absent)
        if not lecture.est_publiee and territoire.niveau in NIVEAUX_SOMMABLES:
            candidats += [
                self._sommee(cherche, elementaire)
                for elementaire in ("iris", "commune")
                if elementaire in tenus.intersection(source.niveaux)
                and _se_decompose(territoire, elementaire)
            ]
        return min(candidats, key=lambda c: RANG[c.statut], default=None)

    def _directe(self, cherche: Recherche) -> Chiffre:
        lus = self.lecteur.comptes(cherche.lecture, cherche.millesime, cherche.territoire.niveau)
        rang = lus.rangs.get(cherche.territoire.code)
        if rang is None and cherche.territoire.type_iris in cherche.lecture.source.types_hors_champ:
            hors_champ = "IRIS d'activité ou divers, hors du champ de la source"
            return self._vide(cherche, Statut.SANS_OBJET, hors_champ)
        if rang is None:
            return self._vide(cherche, Statut.INDISPONIBLE, raison_d_absence(cherche.territoire, lus.rangs))
        drapeaux = lus.drapeaux(rang)
        if lus.statut[rang]:
            return self._vide(cherche, str(lus.statut[rang]), str(lus.raison[rang]), drapeaux)
        if cherche.lecture.est_publiee:
            lue = float(lus.publiee[rang])
            return self._avec_valeur(cherche, Statut.PUBLIE, lue, Compte(drapeaux=drapeaux))
        haut, bas = float(lus.numerateur[rang]), float(lus.denominateur[rang])
        return self._rapport(cherche, Compte(haut, bas, drapeaux=drapeaux, remarque=lus.remarque))

    def _sommee(self, cherche: Recherche, elementaire: str) -> Chiffre:
        """Rapport des sommes sur les composantes ; complet, partiel dès 95 %, sinon indisponible (règle 1)."""
        lecture, territoire, millesime = cherche.lecture, cherche.territoire, cherche.millesime
        elements = self.decoupage.elements(territoire, lecture.source, millesime, elementaire)
        if not elements.codes:
            return self._vide(cherche, Statut.INDISPONIBLE, "aucune composante connue")
        lus = self.lecteur.comptes(lecture, millesime, elementaire)
        numerateurs, denominateurs = (prendre(v, elements.places) for v in (lus.numerateur, lus.denominateur))
        sans_bas = lecture.denominateur is None or lecture.source_denominateur is not None
        presents = ~np.isnan(numerateurs) & (True if sans_bas else ~np.isnan(denominateurs))
        datee = None if presents.all() else self.decoupage.population_datee(territoire, millesime)
        plafond = lecture.source.plafonds.get(lecture.denominateur.texte) if lecture.denominateur else None
        couverture = elements.couverture(
            presents, denominateurs, population=datee[0] if datee else None, plafond=plafond
        )
        est_total = cherche.indicateur.nature == "effectif" or lecture.source_denominateur is not None
        if not presents.all() and (est_total or couverture < COUVERTURE_MINIMALE):
            refus = _trop_peu(lus, elements, presents, elementaire)
        else:
            refus = self._isole(cherche, lus, elements.codes, presents, elementaire)
        if refus:
            return self._vide(cherche, Statut.INDISPONIBLE, refus, couverture=round(couverture, 4))
        haut = float(numerateurs[presents].sum())
        bas = math.nan if sans_bas else float(denominateurs[presents].sum())
        if lecture.denominateur is not None and not lecture.denominateur.variables:
            # Une constante n'est pas un compte : elle ne s'additionne pas.
            bas = float(denominateurs[presents][0])
        remarques = [lus.remarque]
        if not presents.all():
            part = _part_couverte(couverture)
            if np.isnan(denominateurs).any():
                base = f", base {datee[1]}" if datee and plafond is None else ""
                part = f"{'environ' if plafond is None else 'au moins'} {part}{base}"
            remarques.append(f"{CALCULE_SUR}{_combien(presents, elementaire)} ({part})")
        remarque = " ; ".join(filter(None, remarques))
        return self._rapport(cherche, Compte(haut, bas, couverture, remarque=remarque))

    def _isole(
        self, cherche: Recherche, lus: Comptes, attendus: list[str], presents: np.ndarray, elementaire: str
    ) -> str:
        """Dire pourquoi un sous-total isolerait une unité cachée (règle 5) ; vide s'il n'en isole aucune."""
        manquantes = list(compress(attendus, ~presents))
        # L'unité qui manque seule, cachée par le producteur, s'obtiendrait par soustraction.
        if len(manquantes) != 1 or lus.statut_de(manquantes[0]) != Statut.SECRET:
            return ""
        for niveau, code in contenants(attendus, self.decoupage.territoires.geographie.communes):
            if self._est_publie(cherche.indicateur, cherche.millesime, niveau, code):
                nom, total = "l'IRIS" if elementaire == "iris" else "la commune", table("_lecture")["totaux"]
                cachee = f"{nom} {manquantes[0]}"
                total_publie = f"le total publié pour {total[niveau]} ({code})"
                return f"{REFUS} : {cachee}, que le producteur cache, s'obtiendrait par différence avec {total_publie}"
        return ""

    def _est_publie(self, indicateur: Indicateur, millesime: int, niveau: str, code: str) -> bool:
        """Dire si un fichier tenu, quelle que soit sa source, publie les comptes d'un territoire à cette date."""
        return any(
            lecture.vaut_pour(millesime)
            and niveau
            in self._niveaux_tenus(lecture.source.id, millesime).intersection(lecture.source.niveaux)
            and self.lecteur.comptes(lecture, millesime, niveau).statut_de(code) == ""
            for lecture in indicateur.lectures
        )

    def _rapport(self, cherche: Recherche, compte: Compte) -> Chiffre:
        lecture = cherche.lecture
        if lecture.denominateur is None:
            # Un effectif lu tel quel est publié ; sommé ou reconstitué, il est calculé.
            lu = cherche.territoire.niveau in lecture.source.niveaux and not compte.remarque
            seul = replace(compte, haut=math.nan, bas=math.nan)
            return self._avec_valeur(cherche, Statut.PUBLIE if lu else Statut.CALCULE, compte.haut, seul)
        statut = Statut.CALCULE if compte.couverture >= 1.0 else Statut.PARTIEL
        ailleurs = lecture.source_denominateur
        if ailleurs is not None:
            seule = Lecture(source=ailleurs, numerateur=lecture.denominateur)
            statut, (bas, annee) = Statut.ESTIME, self._denominateur_d_ailleurs(cherche, seule)
            if math.isnan(bas):
                manque = f"le dénominateur ({ailleurs.titre}) manque pour ce territoire"
                return self._vide(cherche, Statut.INDISPONIBLE, manque)
            mots = filter(None, [compte.remarque, f"dénominateur : {ailleurs.periode_de(annee)}"])
            compte = replace(compte, bas=bas, remarque=" ; ".join(mots))
        if compte.bas == 0:
            return self._vide(cherche, Statut.SANS_OBJET, "dénominateur nul")
        valeur = cherche.indicateur.facteur * compte.haut / compte.bas
        return self._avec_valeur(cherche, statut, valeur, compte)

    def _denominateur_d_ailleurs(self, cherche: Recherche, seule: Lecture) -> tuple[float, int | None]:
        """Lire le dénominateur dans une autre source, au millésime le plus proche."""
        territoire, ailleurs = cherche.territoire, seule.source
        niveau = "iris" if "iris" in ailleurs.niveaux else "commune"
        tenues = set(self.base.millesimes(ailleurs.id, niveau))
        annees = [a for a in self.demande.vintages(self.base, ailleurs.id) if a in tenues]
        if not annees:
            return math.nan, None
        annee = min(annees, key=lambda a: (abs(a - cherche.millesime), a))
        lus = self.lecteur.comptes(seule, annee, niveau)
        if niveau == "commune" and not _se_decompose(territoire, niveau) and territoire.niveau != "commune":
            return math.nan, annee
        attendus = [c for c, _ in self.decoupage.composantes(territoire, ailleurs.id, annee, niveau)]
        return float(lus.prendre(lus.numerateur, attendus).sum()) if attendus else math.nan, annee

    def _avec_valeur(self, cherche: Recherche, statut: str, valeur: float, compte: Compte) -> Chiffre:
        jugement = apprecier(
            cherche.indicateur,
            cherche.lecture,
            valeur=valeur,
            numerateur=None if math.isnan(compte.haut) else compte.haut,
            denominateur=None if math.isnan(compte.bas) else compte.bas,
            population_commune=self.decoupage.population(cherche.territoire),
            notes_producteur=compte.drapeaux,
            habitants_du_qpv=self._habitants_du_qpv(cherche),
        )
        marge = math.nan if jugement.marge is None else jugement.marge
        borne = cherche.indicateur.unite == "%"
        return self._vide(
            cherche,
            statut,
            " ; ".join(filter(None, [compte.remarque, *jugement.notes])),
            compte.drapeaux,
            valeur=valeur,
            numerateur=compte.haut,
            denominateur=compte.bas,
            marge=marge,
            borne_basse=max(valeur - marge, 0.0) if borne else valeur - marge,
            borne_haute=min(valeur + marge, 100.0) if borne else valeur + marge,
            couverture=round(compte.couverture, 4),
            fiabilite=jugement.fiabilite,
        )

    def _vide(
        self,
        cherche: Recherche,
        statut: str,
        note: str,
        drapeaux: dict[str, str] | None = None,
        **nombres: Any,
    ) -> Chiffre:
        lecture, territoire = cherche.lecture, cherche.territoire
        geographie, periode, annee = self._datation(lecture, cherche.millesime, territoire.niveau)
        lus = (drapeaux or {}).items()
        marques = [f"{k} = {v}" for k, v in lus if v not in DRAPEAUX_MUETS.get(k, ("0", "so"))]
        return Chiffre(
            territoire=territoire.code,
            niveau=territoire.niveau,
            indicateur=cherche.indicateur.code,
            source=lecture.source.id,
            statut=statut,
            millesime=cherche.millesime,
            geographie=geographie,
            definition=lecture.definition,
            periode=periode,
            note=" ; ".join(filter(None, [note, *marques])),
            annee_de_partie=DU_MILLESIME if annee == cherche.millesime else annee,
            **nombres,
        )


def _part_couverte(couverture: float) -> str:
    """Écrire la part de l'ensemble qu'une somme partielle couvre, arrondie vers le bas."""
    return f"{nombre(min(math.floor(1000 * couverture) / 10, 99.9), 1)}\u00a0% de l'ensemble"


def _combien(presents: np.ndarray, elementaire: str) -> str:
    """Dire combien de composantes ont un chiffre."""
    return f"{int(presents.sum())} {'IRIS' if elementaire == 'iris' else 'communes'} sur {len(presents)}"


def _trop_peu(lus: Comptes, elements: Elements, presents: np.ndarray, elementaire: str) -> str:
    """Dire pourquoi trop peu de composantes ont un chiffre."""
    if not (elements.places >= 0).any():
        return ABSENT
    if presents.any():
        return f"seulement {_combien(presents, elementaire)} ont un chiffre dans les fichiers déposés"
    if lus.absentes:
        return f"le fichier déposé ne contient pas la variable {', '.join(lus.absentes)}"
    nom = "IRIS" if elementaire == "iris" else "communes"
    return f"aucun des {len(presents)} {nom} n'a de chiffre dans les fichiers déposés"


def _se_decompose(territoire: Territoire, elementaire: str) -> bool:
    """Dire si un territoire est fait de mailles plus fines : un IRIS ou un quartier n'est pas fait de communes."""
    if elementaire == "commune":
        return territoire.niveau not in {"iris", "quartier", "commune"}
    return territoire.niveau != "iris"
