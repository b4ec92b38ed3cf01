"""Calculer un indicateur pour des territoires : lu au niveau publié, ou rapport de sommes, ou absent et dit tel."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final

import numpy as np

from abs.calcul.chiffre import DU_MILLESIME, RANG, Chiffre
from abs.calcul.composantes import Decoupage, Elements
from abs.calcul.lecture import Comptes
from abs.calcul.sous_totaux import cachees, contenants, raison_du_refus
from abs.formats import nombre
from abs.indicateurs.fiabilite import apprecier
from abs.indicateurs.indicateurs import Indicateur, Lecture
from abs.statuts import Statut
from abs.territoires.demande import Demande
from abs.territoires.territoires import Territoire, Territoires
from donnees_insee.base.base import Base
from donnees_insee.geographie.dates_des_parties import dates

COUVERTURE_MINIMALE: Final = 0.95
TABLE_DES_QPV: Final = "qpv_demographie"
NIVEAUX_SOMMABLES: Final = frozenset(
    {"commune", "epci", "departement", "region", "france", "quartier", "perimetre", "iris"}
)
# Valeurs d'un drapeau qui n'appellent aucune prudence : elles ne chargent pas la note.
DRAPEAUX_MUETS: Final = {
    "LAB_IRIS": {"1", "5"},
    "DISP_INCERT": {"0", "1", "2", "so"},
    "DEC_INCERT": {"0", "1", "2", "so"},
}


@dataclass(frozen=True)
class Recherche:
    """Ce que l'on cherche : un indicateur, par une lecture, pour un territoire et un millésime."""

    indicateur: Indicateur
    lecture: Lecture
    territoire: Territoire
    millesime: int


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
        for lecture in lectures:
            tenus = self._niveaux_tenus(lecture.source.id, millesime)
            sommable = not lecture.est_publiee and territoire.niveau in NIVEAUX_SOMMABLES
            if lecture.vaut_pour(millesime) and (
                territoire.niveau in tenus or (sommable and bool(tenus & {"iris", "commune"}))
            ):
                return True
        return False

    def _niveaux(self, source: str, millesime: int) -> frozenset[str]:
        return frozenset(
            p.niveau for p in self.base.parts() if p.source == source and p.millesime == millesime
        )

    def part_commune(
        self,
        indicateur: Indicateur,
        lecture: Lecture,
        commune: Territoire,
        edition: int,
        quartiers: list[str],
    ) -> Chiffre:
        """Donner un rapport de commune que le tableau de ses quartiers répète, s'ils le disent tous pareil."""
        cherche = Recherche(indicateur, lecture, commune, edition)
        lus = self.lecteur.comptes(lecture, edition, "qpv")
        paires = {
            (float(haut), float(bas))
            for haut, bas in zip(
                lus.prendre(lus.numerateur, quartiers), lus.prendre(lus.denominateur, quartiers), strict=True
            )
            if not (math.isnan(haut) or math.isnan(bas))
        }
        if len(paires) != 1:
            raison = "les quartiers de la commune n'en donnent pas tous la même population"
            return self._vide(cherche, Statut.INDISPONIBLE, raison)
        ((haut, bas),) = paires
        return self._rapport(cherche, haut, bas)

    def _dater(self, lecture: Lecture, millesime: int, niveau: str) -> tuple[str, str, int | None]:
        """Donner la géographie, la période et l'année des données d'un chiffre, les mêmes pour tout un niveau."""
        variable = lecture.variables[0] if lecture.variables else ""
        geographie = lecture.source.geographie_de(millesime, niveau)
        periode = self.dates.periode(lecture.source.id, millesime, variable)
        annee = self.dates.annee(lecture.source.id, millesime, variable)
        return "" if geographie is None else str(geographie), periode, annee

    def _habitants_du_qpv(self, cherche: Recherche) -> float | None:
        """Donner la population d'un QPV dans le fichier lu, à défaut dans l'édition démographique la plus proche."""
        if cherche.territoire.niveau != "qpv":
            return None
        for table_lue in (cherche.lecture.source.id, TABLE_DES_QPV):
            for annee in sorted(
                self.base.millesimes(table_lue), key=lambda a: (abs(a - cherche.millesime), a)
            ):
                table = self.lecteur.table(table_lue, annee, "qpv")
                if "POP_MUN" in table and cherche.territoire.code in table.index:
                    return float(table.at[cherche.territoire.code, "POP_MUN"])
        return None

    def _lire_ou_sommer(self, cherche: Recherche) -> Chiffre | None:
        """Lire au niveau du territoire ; sans chiffre, sommer les IRIS ou les communes tenus, le plus complet d'abord."""
        niveaux = cherche.lecture.source.niveaux
        tenus = self._niveaux_tenus(cherche.lecture.source.id, cherche.millesime)
        candidats: list[Chiffre] = []
        if cherche.territoire.niveau in niveaux and cherche.territoire.niveau in tenus:
            directe = self._directe(cherche)
            # Un secret du producteur n'est jamais contourné par une somme.
            if cherche.lecture.est_publiee or directe.a_une_valeur or directe.statut == Statut.SECRET:
                return directe
            candidats.append(directe)
        elif cherche.territoire.niveau in niveaux and cherche.lecture.est_publiee:
            return self._vide(
                cherche,
                Statut.INDISPONIBLE,
                f"le fichier « {cherche.lecture.source.titre} » {cherche.millesime} n'est pas dans la base à ce niveau",
            )
        if not cherche.lecture.est_publiee and cherche.territoire.niveau in NIVEAUX_SOMMABLES:
            candidats += [
                self._sommee(cherche, elementaire)
                for elementaire in ("iris", "commune")
                if elementaire in niveaux
                and elementaire in tenus
                and _se_decompose(cherche.territoire, elementaire)
            ]
        return min(candidats, key=lambda c: RANG[c.statut], default=None)

    def _directe(self, cherche: Recherche) -> Chiffre:
        lus = self.lecteur.comptes(cherche.lecture, cherche.millesime, cherche.territoire.niveau)
        rang = lus.rangs.get(cherche.territoire.code)
        if rang is None:
            hors_champ = cherche.territoire.type_iris in cherche.lecture.source.types_hors_champ
            statut = Statut.SANS_OBJET if hors_champ else Statut.INDISPONIBLE
            raison = (
                "IRIS d'activité ou divers, hors du champ de la source"
                if hors_champ
                else "territoire absent du fichier déposé"
            )
            return self._vide(cherche, statut, raison)
        notes = lus.drapeaux(rang)
        if lus.statut[rang]:
            return self._vide(cherche, str(lus.statut[rang]), str(lus.raison[rang]), notes)
        if cherche.lecture.est_publiee:
            return self._avec_valeur(cherche, Statut.PUBLIE, float(lus.publiee[rang]), notes=notes)
        haut, bas = float(lus.numerateur[rang]), float(lus.denominateur[rang])
        return self._rapport(cherche, haut, bas, notes=notes, remarque=lus.remarque)

    def _sommee(self, cherche: Recherche, elementaire: str) -> Chiffre:
        """Rapport des sommes sur les composantes ; complet, partiel dès 95 %, sinon indisponible (règle 1)."""
        lecture, territoire, millesime = cherche.lecture, cherche.territoire, cherche.millesime
        elements = self.decoupage.elements(territoire, lecture.source, millesime, elementaire)
        if not elements.codes:
            return self._vide(cherche, Statut.INDISPONIBLE, "aucune composante connue")
        lus = self.lecteur.comptes(lecture, millesime, elementaire)
        numerateurs = elements.prendre(lus.numerateur)
        denominateurs = elements.prendre(lus.denominateur)
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
        remarques = [lus.remarque] if lus.remarque else []
        if not presents.all():
            remarques.append(
                self._mots_de_couverture(
                    presents,
                    elementaire,
                    couverture,
                    denominateurs,
                    datee=datee[1] if datee and plafond is None else "",
                    au_moins=plafond is not None,
                )
            )
        return self._rapport(cherche, haut, bas, couverture, remarque=" ; ".join(remarques))

    def _isole(
        self,
        cherche: Recherche,
        lus: Comptes,
        attendus: list[str],
        presents: np.ndarray,
        elementaire: str,
    ) -> str:
        """Dire pourquoi un sous-total isolerait une unité cachée (règle 5) ; vide s'il n'en isole aucune."""
        if int((~presents).sum()) != 1:
            return ""
        tues = cachees(lus, attendus, presents)
        communes = self.decoupage.territoires.geographie.communes
        for niveau, code in contenants(attendus, communes) if tues else []:
            if self._est_publie(cherche.indicateur, cherche.millesime, niveau, code):
                return raison_du_refus(tues[0], elementaire, (niveau, code))
        return ""

    def _est_publie(self, indicateur: Indicateur, millesime: int, niveau: str, code: str) -> bool:
        """Dire si un fichier tenu, quelle que soit sa source, publie les comptes d'un territoire à cette date."""
        for lecture in indicateur.lectures:
            source = lecture.source
            tenu = niveau in source.niveaux and niveau in self._niveaux_tenus(source.id, millesime)
            if tenu and lecture.vaut_pour(millesime):
                lus = self.lecteur.comptes(lecture, millesime, niveau)
                rang = lus.rangs.get(code)
                if rang is not None and not lus.statut[rang]:
                    return True
        return False

    @staticmethod
    def _mots_de_couverture(
        presents: np.ndarray,
        elementaire: str,
        couverture: float,
        denominateurs: np.ndarray,
        *,
        datee: str,
        au_moins: bool,
    ) -> str:
        """Dire sur quoi porte un rapport partiel, et d'après quoi sa part est estimée quand un effectif manque."""
        nom = "IRIS" if elementaire == "iris" else "communes"
        part = f"{nombre(min(math.floor(1000 * couverture) / 10, 99.9), 1)}\u00a0% de l'ensemble"
        if np.isnan(denominateurs).any():
            part = f"au moins {part}" if au_moins else f"environ {part}"
            part += f", base {datee}" if datee else ""
        return f"calculé sur {int(presents.sum())} {nom} sur {len(presents)} ({part})"

    def _rapport(
        self,
        cherche: Recherche,
        haut: float,
        bas: float,
        couverture: float = 1.0,
        notes: dict[str, str] | None = None,
        remarque: str = "",
    ) -> Chiffre:
        statut = Statut.CALCULE if couverture >= 1.0 else Statut.PARTIEL
        if cherche.lecture.denominateur is None:
            # Un effectif lu tel quel est publié ; sommé ou reconstitué, il est calculé.
            lu = cherche.territoire.niveau in cherche.lecture.source.niveaux and not remarque
            statut = Statut.PUBLIE if lu else Statut.CALCULE
            return self._avec_valeur(cherche, statut, haut, None, None, couverture, notes, remarque)
        if cherche.lecture.source_denominateur is not None:
            bas, annee = self._denominateur_d_ailleurs(cherche)
            statut = Statut.ESTIME
            remarque = " ; ".join(
                filter(
                    None,
                    [remarque, f"dénominateur : {cherche.lecture.source_denominateur.periode_de(annee)}"],
                )
            )
            if math.isnan(bas):
                return self._vide(
                    cherche,
                    Statut.INDISPONIBLE,
                    f"le dénominateur ({cherche.lecture.source_denominateur.titre}) manque pour ce territoire",
                )
        if bas == 0:
            return self._vide(cherche, Statut.SANS_OBJET, "dénominateur nul")
        valeur = cherche.indicateur.facteur * haut / bas
        return self._avec_valeur(cherche, statut, valeur, haut, bas, couverture, notes, remarque)

    def _denominateur_d_ailleurs(self, cherche: Recherche) -> tuple[float, int | None]:
        """Lire le dénominateur dans une autre source, au millésime le plus proche."""
        lecture, territoire = cherche.lecture, cherche.territoire
        ailleurs = lecture.source_denominateur
        assert ailleurs is not None
        assert lecture.denominateur is not None
        niveau = "iris" if "iris" in ailleurs.niveaux else "commune"
        tenues = set(self.base.millesimes(ailleurs.id, niveau))
        annees = [a for a in self.demande.vintages(self.base, ailleurs.id) if a in tenues]
        if not annees:
            return math.nan, None
        annee = min(annees, key=lambda a: (abs(a - cherche.millesime), a))
        seule = Lecture(source=ailleurs, numerateur=lecture.denominateur)
        lus = self.lecteur.comptes(seule, annee, niveau)
        if niveau == "commune" and not _se_decompose(territoire, niveau) and territoire.niveau != "commune":
            return math.nan, annee
        attendus = [c for c, _ in self.decoupage.composantes(territoire, ailleurs.id, annee, niveau)]
        return float(lus.prendre(lus.numerateur, attendus).sum()) if attendus else math.nan, annee

    def _avec_valeur(
        self,
        cherche: Recherche,
        statut: str,
        valeur: float,
        haut: float | None = None,
        bas: float | None = None,
        couverture: float = 1.0,
        notes: dict[str, str] | None = None,
        remarque: str = "",
    ) -> Chiffre:
        jugement = apprecier(
            cherche.indicateur,
            cherche.lecture,
            valeur=valeur,
            numerateur=haut,
            denominateur=bas,
            population_commune=self.decoupage.population(cherche.territoire),
            notes_producteur=notes or {},
            habitants_du_qpv=self._habitants_du_qpv(cherche),
        )
        marge = math.nan if jugement.marge is None else jugement.marge
        borne = cherche.indicateur.unite == "%"
        return self._vide(
            cherche,
            statut,
            " ; ".join(filter(None, [remarque, *jugement.notes])),
            notes,
            valeur=valeur,
            numerateur=math.nan if haut is None else haut,
            denominateur=math.nan if bas is None else bas,
            marge=marge,
            borne_basse=max(valeur - marge, 0.0) if borne else valeur - marge,
            borne_haute=min(valeur + marge, 100.0) if borne else valeur + marge,
            couverture=round(couverture, 4),
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
        geographie, periode, annee = self._datation(
            cherche.lecture, cherche.millesime, cherche.territoire.niveau
        )
        marques = [
            f"{k} = {v}" for k, v in (drapeaux or {}).items() if v not in DRAPEAUX_MUETS.get(k, {"0", "so"})
        ]
        return Chiffre(
            territoire=cherche.territoire.code,
            niveau=cherche.territoire.niveau,
            indicateur=cherche.indicateur.code,
            source=cherche.lecture.source.id,
            statut=statut,
            millesime=cherche.millesime,
            geographie=geographie,
            definition=cherche.lecture.definition,
            periode=periode,
            note=" ; ".join(filter(None, [note, *marques])),
            annee_de_partie=DU_MILLESIME if annee == cherche.millesime else annee,
            **nombres,
        )


def _trop_peu(lus: Comptes, elements: Elements, presents: np.ndarray, elementaire: str) -> str:
    """Dire pourquoi trop peu de composantes ont un chiffre."""
    nom = "IRIS" if elementaire == "iris" else "communes"
    if not (elements.places >= 0).any():
        return "territoire absent du fichier déposé"
    if presents.any():
        return f"seulement {int(presents.sum())} {nom} sur {len(presents)} ont un chiffre dans les fichiers déposés"
    if lus.absentes:
        return f"le fichier déposé ne contient pas la variable {', '.join(lus.absentes)}"
    return f"aucun des {len(presents)} {nom} n'a de chiffre dans les fichiers déposés"


def _se_decompose(territoire: Territoire, elementaire: str) -> bool:
    """Dire si un territoire est fait de mailles plus fines : un IRIS ou un quartier n'est pas fait de communes."""
    if elementaire == "commune":
        return territoire.niveau not in {"iris", "quartier", "commune"}
    return territoire.niveau != "iris"
