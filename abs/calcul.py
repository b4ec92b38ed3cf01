"""Calculer un indicateur pour des territoires : lu au niveau publié, ou rapport de sommes, ou absent et dit tel."""

from __future__ import annotations

import math
from collections.abc import Iterable
from functools import cached_property, lru_cache
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
import pandas as pd

from abs.fiabilite import apprecier
from abs.indicateurs import Indicateur, Lecture
from abs.lecture import Comptes, Lecteur
from abs.statuts import SANS_VALEUR, Fiabilite, Statut
from abs.territoires import Territoire, Territoires
from donnees_insee import catalogue, codes
from donnees_insee.base import Base

COUVERTURE_MINIMALE: Final = 0.95
NIVEAUX_SOMMABLES: Final = frozenset(
    {"commune", "epci", "departement", "region", "france", "quartier", "perimetre", "iris"}
)
# Valeurs d'un drapeau qui n'appellent aucune prudence : elles ne chargent pas la note.
DRAPEAUX_MUETS: Final = {"LAB_IRIS": {"1", "5"}, "DISP_INCERT": {"0", "1", "2", "so"}}
# Ordre de préférence entre deux lectures d'un même chiffre.
RANG: Final[dict[str, int]] = {
    Statut.PUBLIE: 0, Statut.CALCULE: 0, Statut.ESTIME: 1, Statut.PARTIEL: 2,
    Statut.SECRET: 3, Statut.SANS_OBJET: 4, Statut.INDISPONIBLE: 5,
}  # fmt: skip


@dataclass(frozen=True)
class Chiffre:
    """Un chiffre du diagnostic : une ligne de la table longue, jamais un nombre nu."""

    territoire: str
    niveau: str
    indicateur: str
    source: str
    statut: str
    millesime: int | None = None
    geographie: str = ""
    definition: str = ""
    periode: str = ""
    valeur: float = math.nan
    numerateur: float = math.nan
    denominateur: float = math.nan
    marge: float = math.nan
    borne_basse: float = math.nan
    borne_haute: float = math.nan
    couverture: float = math.nan
    fiabilite: str = Fiabilite.NON_EVALUEE
    note: str = ""

    @property
    def a_une_valeur(self) -> bool:
        """Dire si le chiffre peut être écrit."""
        return self.statut not in SANS_VALEUR


class Calculateur:
    """Calcule les chiffres d'un portrait.

    Parameters
    ----------
    base : Base
        Base locale.
    territoires : Territoires
        Annuaire et géographie.
    sujet : Territoire
        Territoire du portrait ; sa région borne ce qui est lu.
    """

    def __init__(self, base: Base, territoires: Territoires, sujet: Territoire) -> None:
        self.base = base
        self.territoires = territoires
        self.lecteur = Lecteur(base, self._prefixes(sujet))
        self._listes: dict[tuple[str, str, int], list[tuple[str, str]]] = {}
        self.vus = lru_cache(maxsize=64)(self._codes_par_commune)
        self._iris = lru_cache(maxsize=None)(self._liste_d_iris)
        self._niveaux_tenus = lru_cache(maxsize=256)(self._niveaux)

    def _prefixes(self, sujet: Territoire) -> tuple[str, ...] | None:
        communes = self.territoires.geographie.communes
        siennes = communes.reindex([c[:5] for c in sujet.composantes] or [sujet.code[:5]])
        regions = set(siennes["region"].dropna())
        voisines = communes[communes["region"].isin(regions)] if regions else siennes
        trouves = tuple(sorted(set(voisines["departement"].dropna())))
        return trouves or None

    # -- populations ---------------------------------------------------------------------------

    @cached_property
    def populations(self) -> pd.Series:
        """Population des communes, par la meilleure source tenue.

        Returns
        -------
        pandas.Series
            Index : code de commune ; vide si rien n'est tenu.
        """
        series = []
        for source, variable in (("populations_legales", "POPREF_MUN"), ("comparateur", "P_POP")):
            for annee in self.base.millesimes(source, "commune")[::-1][:1]:
                series.append(self.base.lire(source, annee, "commune", colonnes=[variable])[variable].dropna())
        for annee in self.base.millesimes("rp_population", "iris")[::-1]:
            if "P_POP" in self.base.colonnes("rp_population", annee, "iris"):
                lues = self.base.lire("rp_population", annee, "iris", colonnes=["P_POP"])["P_POP"]
                series.append(lues.groupby([codes.ville_de_l_arrondissement(c[:5]) for c in lues.index]).sum(min_count=1).dropna())
        for annee in self.base.millesimes("filosofi", "commune")[::-1][:1]:
            # À défaut, la population des ménages fiscaux : un minorant, suffisant pour situer une taille.
            if "NB_PERSONNES" in self.base.colonnes("filosofi", annee, "commune"):
                series.append(self.base.lire("filosofi", annee, "commune", colonnes=["NB_PERSONNES"])["NB_PERSONNES"].dropna())
        toutes = pd.concat(series) if series else pd.Series(dtype=float)
        return toutes[~toutes.index.duplicated()]

    def population(self, territoire: Territoire) -> float | None:
        """Donner la population qui règle le mode de collecte du recensement dans un territoire.

        Parameters
        ----------
        territoire : Territoire
            Territoire quelconque.

        Returns
        -------
        float or None
            Population de la commune ; pour un groupe, de sa plus petite commune connue ou de l'ensemble.
        """
        if territoire.niveau in {"iris", "quartier", "commune"}:
            commune = codes.ville_de_l_arrondissement((territoire.composantes or (territoire.code,))[0][:5])
            trouvee = self.populations.get(commune)
            return None if trouvee is None else float(trouvee)
        connues = self.populations.reindex(list(territoire.composantes)).dropna()
        return float(connues.sum()) if len(connues) else None

    # -- composantes ---------------------------------------------------------------------------

    def composantes(self, territoire: Territoire, source: str, millesime: int, niveau: str) -> list[tuple[str, str]]:
        """Lister les composantes d'un territoire dans la géographie d'une source.

        Parameters
        ----------
        territoire : Territoire
            Territoire à décomposer.
        source : str
            Source lue.
        millesime : int
            Millésime de la source.
        niveau : str
            Niveau des composantes (``iris`` ou ``commune``).

        Returns
        -------
        list of tuple of str
            Couples (code, type d'IRIS) ; une commune sans liste connue compte pour une composante manquante.
        """
        cle = (territoire.code, source, millesime)
        if cle not in self._listes:
            self._listes[cle] = self._decomposer(territoire, source, millesime, niveau)
        return self._listes[cle]

    def _decomposer(self, territoire: Territoire, source: str, millesime: int, niveau: str) -> list[tuple[str, str]]:
        if territoire.niveau in {"iris", "quartier"}:
            return [(c, territoire.type_iris) for c in territoire.composantes]
        if niveau == "commune":
            return [(c, "") for c in territoire.composantes]
        annee = catalogue.source(source).geographie_de(millesime)
        couples: list[tuple[str, str]] = []
        for commune in territoire.composantes:
            couples += self._iris(commune, source, millesime, annee) or [(f"{commune}0000", "Z")]
        return couples

    def _codes_par_commune(self, source: str, millesime: int) -> dict[str, set[str]]:
        vus: dict[str, set[str]] = {}
        for code in self.lecteur.rangs(source, millesime, "iris"):
            vus.setdefault(code[:5], set()).add(code)
            ville = codes.ville_de_l_arrondissement(code[:5])
            if ville != code[:5]:
                vus.setdefault(ville, set()).add(code)
        return vus

    def _liste_d_iris(self, commune: str, source: str, millesime: int, annee: int | None) -> list[tuple[str, str]]:
        vus = self.vus(source, millesime).get(commune, set())
        return [(c, t) for c, _, t in self.territoires.geographie.codes_d_iris(commune, vus, annee)]

    # -- chiffres ------------------------------------------------------------------------------

    def chiffre(self, indicateur: Indicateur, territoire: Territoire, millesime: int, lectures: Iterable[Lecture]) -> Chiffre | None:
        """Donner le meilleur chiffre d'un territoire pour un millésime, parmi plusieurs lectures.

        Parameters
        ----------
        indicateur : Indicateur
            Définition.
        territoire : Territoire
            Territoire.
        millesime : int
            Millésime.
        lectures : iterable of Lecture
            Lectures admises, par ordre de préférence.

        Returns
        -------
        Chiffre or None
            ``None`` si aucune lecture ne s'applique à ce niveau et à ce millésime.
        """
        candidats = [
            chiffre
            for lecture in lectures
            if lecture.vaut_pour(millesime) and self._niveaux_tenus(lecture.source.id, millesime)
            for chiffre in [self._lire_ou_sommer(indicateur, lecture, territoire, millesime)]
            if chiffre is not None
        ]
        return min(candidats, key=lambda c: RANG[c.statut], default=None)

    def _niveaux(self, source: str, millesime: int) -> frozenset[str]:
        return frozenset(p.niveau for p in self.base.parts() if p.source == source and p.millesime == millesime)

    def _lire_ou_sommer(self, indicateur: Indicateur, lecture: Lecture, territoire: Territoire, millesime: int) -> Chiffre | None:
        niveaux = lecture.source.niveaux
        tenus = self._niveaux_tenus(lecture.source.id, millesime)
        if territoire.niveau in niveaux and territoire.niveau in tenus:
            return self._directe(indicateur, lecture, territoire, millesime)
        if territoire.niveau in niveaux and lecture.est_publiee:
            return self._vide(indicateur, lecture, territoire, millesime, Statut.INDISPONIBLE,
                              f"le fichier « {lecture.source.titre} » {millesime} n'est pas dans la base à ce niveau")  # fmt: skip
        elementaire = next((n for n in ("iris", "commune") if n in niveaux and n in tenus), None)
        if elementaire is None or lecture.est_publiee or territoire.niveau not in NIVEAUX_SOMMABLES:
            return None
        if territoire.niveau in {"iris", "quartier"} and elementaire == "commune":
            return None
        return self._sommee(indicateur, lecture, territoire, millesime, elementaire)

    def _directe(self, indicateur: Indicateur, lecture: Lecture, territoire: Territoire, millesime: int) -> Chiffre:
        lus = self.lecteur.comptes(lecture, millesime, territoire.niveau)
        rang = lus.rangs.get(territoire.code)
        if rang is None:
            hors_champ = territoire.type_iris in lecture.source.types_hors_champ
            statut = Statut.SANS_OBJET if hors_champ else Statut.INDISPONIBLE
            raison = (
                "IRIS d'activité ou divers, hors du champ de la source"
                if hors_champ
                else "territoire absent du fichier déposé"
            )
            return self._vide(indicateur, lecture, territoire, millesime, statut, raison)
        notes = lus.drapeaux(rang)
        if lus.statut[rang]:
            return self._vide(indicateur, lecture, territoire, millesime, str(lus.statut[rang]), str(lus.raison[rang]), notes)
        if lecture.est_publiee:
            return self._avec_valeur(indicateur, lecture, territoire, millesime, Statut.PUBLIE, float(lus.publiee[rang]), None, None, 1.0, notes)
        return self._rapport(indicateur, lecture, territoire, millesime, float(lus.numerateur[rang]), float(lus.denominateur[rang]), 1.0, notes, lus.remarque)

    def _sommee(self, indicateur: Indicateur, lecture: Lecture, territoire: Territoire, millesime: int, elementaire: str) -> Chiffre:
        """Rapport des sommes sur les composantes ; complet, partiel dès 95 %, sinon indisponible (règle 1)."""
        couples = self.composantes(territoire, lecture.source.id, millesime, elementaire)
        attendus = [c for c, t in couples if t not in lecture.source.types_hors_champ]
        if not attendus:
            return self._vide(indicateur, lecture, territoire, millesime, Statut.INDISPONIBLE, "aucune composante connue")
        lus = self.lecteur.comptes(lecture, millesime, elementaire)
        numerateurs = lus.prendre(lus.numerateur, attendus)
        denominateurs = lus.prendre(lus.denominateur, attendus)
        sans_bas = lecture.denominateur is None or lecture.source_denominateur is not None
        presents = ~np.isnan(numerateurs) & (True if sans_bas else ~np.isnan(denominateurs))
        couverture = self._couverture(attendus, presents, elementaire, millesime)
        est_total = indicateur.nature == "effectif" or lecture.source_denominateur is not None
        if couverture < (1.0 if est_total else COUVERTURE_MINIMALE):
            return self._trop_peu(indicateur, lecture, territoire, millesime, lus, attendus, presents, elementaire)
        haut = float(numerateurs[presents].sum())
        bas = math.nan if sans_bas else float(denominateurs[presents].sum())
        remarques = [lus.remarque] if lus.remarque else []
        if couverture < 1.0:
            remarques.append(self._mots_de_couverture(presents, elementaire))
        return self._rapport(indicateur, lecture, territoire, millesime, haut, bas, couverture, {}, " ; ".join(remarques))

    @staticmethod
    def _mots_de_couverture(presents: np.ndarray, elementaire: str) -> str:
        nom = "IRIS" if elementaire == "iris" else "communes"
        return f"calculé sur {int(presents.sum())} {nom} sur {len(presents)}"

    def _trop_peu(self, indicateur: Indicateur, lecture: Lecture, territoire: Territoire, millesime: int,
                  lus: Comptes, attendus: list[str], presents: np.ndarray, elementaire: str) -> Chiffre:  # fmt: skip
        nom = "IRIS" if elementaire == "iris" else "communes"
        tenus = [c for c in attendus if c in lus.rangs]
        if not tenus:
            raison = "territoire absent du fichier déposé"
        elif lus.absentes and not presents.any():
            raison = f"le fichier déposé ne contient pas la variable {', '.join(lus.absentes)}"
        else:
            raison = f"seulement {int(presents.sum())} {nom} sur {len(presents)} ont un chiffre dans les fichiers déposés"
        vide = self._vide(indicateur, lecture, territoire, millesime, Statut.INDISPONIBLE, raison)
        return replace(vide, couverture=round(self._couverture(attendus, presents, elementaire, millesime), 4))

    def _couverture(self, attendus: list[str], presents: np.ndarray, elementaire: str, millesime: int) -> float:
        """Part de la population couverte quand elle est connue pour toutes les composantes, sinon part du nombre."""
        if presents.all():
            return 1.0
        poids = self._poids(elementaire, millesime).reindex(attendus).to_numpy(float)
        if np.isnan(poids).any() or poids.sum() <= 0:
            return float(presents.mean())
        return float(poids[presents].sum() / poids.sum())

    def _poids(self, elementaire: str, millesime: int) -> pd.Series:
        if elementaire == "commune":
            return self.populations
        annees = self.base.millesimes("rp_population", "iris")
        if not annees:
            return pd.Series(dtype=float)
        annee = min(annees, key=lambda a: (abs(a - millesime), a))
        return self.lecteur.table("rp_population", annee, "iris").get("P_POP", pd.Series(dtype=float))

    def _rapport(self, indicateur: Indicateur, lecture: Lecture, territoire: Territoire, millesime: int, haut: float,
                 bas: float, couverture: float, notes: dict[str, str], remarque: str) -> Chiffre:  # fmt: skip
        statut = Statut.CALCULE if couverture >= 1.0 else Statut.PARTIEL
        if lecture.denominateur is None:
            if lecture.source.famille in {"population", "caf", "qpv"} or territoire.niveau in lecture.source.niveaux:
                statut = Statut.PUBLIE if territoire.niveau in lecture.source.niveaux else Statut.CALCULE
            return self._avec_valeur(indicateur, lecture, territoire, millesime, statut, haut, None, None, couverture, notes, remarque)
        if lecture.source_denominateur is not None:
            bas, annee = self._denominateur_d_ailleurs(lecture, territoire, millesime)
            statut = Statut.ESTIME
            remarque = "; ".join(filter(None, [remarque, f"dénominateur : {lecture.source_denominateur.periode_de(annee)}"]))
            if math.isnan(bas):
                return self._vide(indicateur, lecture, territoire, millesime, Statut.INDISPONIBLE,
                                  f"le dénominateur ({lecture.source_denominateur.titre}) manque pour ce territoire")  # fmt: skip
        if bas == 0:
            return self._vide(indicateur, lecture, territoire, millesime, Statut.SANS_OBJET, "dénominateur nul")
        return self._avec_valeur(indicateur, lecture, territoire, millesime, statut, indicateur.facteur * haut / bas, haut, bas, couverture, notes, remarque)

    def _denominateur_d_ailleurs(self, lecture: Lecture, territoire: Territoire, millesime: int) -> tuple[float, int | None]:
        """Lire le dénominateur dans une autre source, au millésime le plus proche."""
        ailleurs = lecture.source_denominateur
        assert ailleurs is not None
        assert lecture.denominateur is not None
        annees = self.base.millesimes(ailleurs.id, "iris")
        if not annees:
            return math.nan, None
        annee = min(annees, key=lambda a: (abs(a - millesime), a))
        seule = Lecture(source=ailleurs, numerateur=lecture.denominateur)
        lus = self.lecteur.comptes(seule, annee, "iris")
        attendus = [c for c, _ in self.composantes(territoire, ailleurs.id, annee, "iris")]
        return float(lus.prendre(lus.numerateur, attendus).sum()) if attendus else math.nan, annee

    def _avec_valeur(self, indicateur: Indicateur, lecture: Lecture, territoire: Territoire, millesime: int, statut: str,
                     valeur: float, haut: float | None, bas: float | None, couverture: float,
                     notes: dict[str, str], remarque: str = "") -> Chiffre:  # fmt: skip
        jugement = apprecier(
            indicateur, lecture, valeur=valeur, numerateur=haut, denominateur=bas,
            population_commune=self.population(territoire), notes_producteur=notes,
        )  # fmt: skip
        base = self._vide(indicateur, lecture, territoire, millesime, statut, " ; ".join(filter(None, [remarque, *jugement.notes])), notes)
        marge = math.nan if jugement.marge is None else jugement.marge
        borne = indicateur.unite == "%"
        return replace(
            base,
            valeur=valeur,
            numerateur=math.nan if haut is None else haut,
            denominateur=math.nan if bas is None else bas,
            marge=marge,
            borne_basse=max(valeur - marge, 0.0) if borne else valeur - marge,
            borne_haute=min(valeur + marge, 100.0) if borne else valeur + marge,
            couverture=round(couverture, 4),
            fiabilite=jugement.fiabilite,
        )

    @staticmethod
    def _vide(indicateur: Indicateur, lecture: Lecture, territoire: Territoire, millesime: int, statut: str,
              note: str, drapeaux: dict[str, str] | None = None) -> Chiffre:  # fmt: skip
        variable = lecture.variables[0] if lecture.variables else ""
        geographie = lecture.source.geographie_de(millesime)
        marques = [f"{k} = {v}" for k, v in (drapeaux or {}).items() if v not in DRAPEAUX_MUETS.get(k, {"0", "so"})]
        return Chiffre(
            territoire=territoire.code,
            niveau=territoire.niveau,
            indicateur=indicateur.code,
            source=lecture.source.id,
            statut=statut,
            millesime=millesime,
            geographie="" if geographie is None else str(geographie),
            definition=lecture.definition,
            periode=lecture.source.periode_de(millesime, variable),
            note=" ; ".join(filter(None, [note, *marques])),
        )
