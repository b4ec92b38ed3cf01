"""Mesurer un indicateur à deux dates, IRIS par IRIS ou commune par commune, sur des groupes de même territoire."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from abs.evolutions.evolutions import SANS_SOMME, Evolution, Mesure, evaluer, mesurer
from abs.evolutions.prix import indices_tenus
from abs.indicateurs.fiabilite import apprecier, taux_de_sondage
from abs.territoires.territoires import Territoire
from donnees_insee.geographie.groupes import APRES, AVANT
from donnees_insee.geographie.portage import appliquer

if TYPE_CHECKING:
    from collections.abc import Mapping

    from abs.calcul.calcul import Calculateur
    from abs.calcul.chiffre import Chiffre
    from abs.calcul.lecture import Comptes
    from abs.evolutions.lieux import Lieux
    from abs.indicateurs.annees_comparables import Avis
    from abs.indicateurs.indicateurs import Indicateur, Lecture
    from donnees_insee.geographie.groupes import Groupe, Passage


class MesuresADeuxDates:
    """Mesure des indicateurs d'un territoire à deux dates."""

    def __init__(self, calculateur: Calculateur, lieux: Lieux) -> None:
        self.calculateur, self.lieux, self.lecteur = calculateur, lieux, calculateur.lecteur
        self.sujet, self.de, self.a = lieux.sujet, lieux.de, lieux.a
        self.indices = indices_tenus(calculateur.base)

    def par_iris(
        self, definition: Indicateur, lectures: tuple[Lecture, Lecture], avis: Avis
    ) -> list[Evolution]:
        """Donner l'évolution de chaque groupe d'IRIS du sujet."""
        source = lectures[0].source.id
        passage, noms = self.lieux.iris(source), self.lieux.geographie(source).iris.noms
        cotes = [
            self._mesures_par_iris(definition, *date, passage, cote)
            for date, cote in zip(self._dates(lectures), (AVANT, APRES), strict=True)
        ]
        vide = Mesure(raison="IRIS absent du fichier")
        return [
            self._evaluer(definition, source, avis, [cote.get(code, vide) for cote in cotes], groupe, noms)
            for code, groupe in passage.groupes.items()
        ]

    def _dates(self, lectures: tuple[Lecture, Lecture]) -> tuple[tuple[Lecture, int], tuple[Lecture, int]]:
        return (lectures[0], self.de), (lectures[1], self.a)

    def _evaluer(
        self,
        definition: Indicateur,
        source: str,
        avis: Avis,
        mesures: list[Mesure],
        groupe: Groupe,
        noms: Mapping[str, str] | None,
    ) -> Evolution:
        """Évaluer l'évolution d'un groupe d'IRIS, ou de communes quand aucun nom d'IRIS n'est donné."""
        ligne = Evolution(
            definition.code, source, self.de, self.a, groupe.code, self.lieux.nommer(groupe, noms or {}),
            "commune" if noms is None else "iris", mesures[0], mesures[1], groupe.nature, groupe.avant, groupe.apres,
        )  # fmt: skip
        return evaluer(definition, ligne, avis, self.indices)

    def _mesures_par_iris(
        self, definition: Indicateur, lecture: Lecture, millesime: int, passage: Passage, cote: str
    ) -> dict[str, Mesure]:
        """Mesurer chaque groupe d'IRIS à une date : la somme de ses composantes, ou rien."""
        lus = self.lecteur.comptes(lecture, millesime, "iris")
        du_cote = passage.avant if cote == AVANT else passage.apres
        siens = [c for c in du_cote if c in lus.rangs]
        membres: dict[str, list[str]] = {}
        for code, groupe in du_cote.items():
            membres.setdefault(groupe, []).append(code)
        if lecture.est_publiee:
            return {g: self._publiee(definition, lecture, millesime, m) for g, m in membres.items()}
        table = pd.DataFrame(
            {"haut": lus.prendre(lus.numerateur, siens), "bas": lus.prendre(lus.denominateur, siens)},
            index=pd.Index(siens, dtype="object"),
        )
        comptes = ["haut"] if lecture.denominateur is None else ["haut", "bas"]
        portee = appliquer(passage, table, comptes, cote=cote).table
        hauts = dict(zip(portee.index, portee["haut"], strict=True))
        bas = dict(zip(portee.index, portee[comptes[-1]], strict=True))
        mesures = {}
        for groupe, codes_du_groupe in membres.items():
            if math.isnan(hauts.get(groupe, math.nan)) or math.isnan(bas.get(groupe, math.nan)):
                mesures[groupe] = Mesure(raison=self._raison(lus, codes_du_groupe))
                continue
            if lecture.denominateur is None:
                mesures[groupe] = Mesure(float(hauts[groupe]))
                continue
            comptes_lus = [
                (c, float(table.at[c, "haut"]), float(table.at[c, "bas"])) for c in codes_du_groupe
            ]
            mesures[groupe] = self._rapport(definition, lecture, millesime, comptes_lus)
        return mesures

    def _rapport(
        self,
        definition: Indicateur,
        lecture: Lecture,
        millesime: int,
        comptes: list[tuple[str, float, float]],
    ) -> Mesure:
        """Mesurer un rapport de sommes, chaque unité avec le taux de sondage de sa commune."""
        complementaire = any(v.startswith("C_") for v in lecture.variables)
        strates = [
            (haut, bas, taux_de_sondage(self.lieux.population(c, millesime), complementaire=complementaire))
            for c, haut, bas in comptes
        ]
        return mesurer(definition, strates, sonde=lecture.source.famille == "recensement")

    @staticmethod
    def _raison(lus: Comptes, siens: list[str]) -> str:
        dites = [
            str(lus.raison[lus.rangs[c]]) if c in lus.rangs else "absent du fichier déposé" for c in siens
        ]
        dites = [d for d in dites if d] or ["chiffre absent du fichier"]
        return dites[0] if len(siens) == 1 else f"une des unités réunies n'a pas de chiffre ({dites[0]})"

    def _publiee(
        self, definition: Indicateur, lecture: Lecture, millesime: int, membres: list[str]
    ) -> Mesure:
        if len(membres) > 1:
            return Mesure(raison=SANS_SOMME)
        lus = self.lecteur.comptes(lecture, millesime, "iris")
        rang = lus.rangs.get(membres[0])
        if rang is None or np.isnan(lus.publiee[rang]):
            return Mesure(raison=self._raison(lus, membres))
        valeur = float(lus.publiee[rang])
        jugement = apprecier(
            definition, lecture, valeur=valeur, numerateur=None, denominateur=None,
            population_commune=None, notes_producteur=lus.drapeaux(rang),
        )  # fmt: skip
        marge = math.nan if jugement.marge is None else jugement.marge
        return Mesure(valeur, marge=marge, raison=" ; ".join(jugement.notes))

    def par_commune(
        self, definition: Indicateur, lectures: tuple[Lecture, Lecture], avis: Avis, groupe: Groupe
    ) -> Evolution:
        """Donner l'évolution d'un groupe de communes."""
        mesures = [
            self._mesure_de_communes(definition, *date, communes)
            for date, communes in zip(self._dates(lectures), (groupe.avant, groupe.apres), strict=True)
        ]
        return self._evaluer(definition, lectures[0].source.id, avis, mesures, groupe, None)

    def _mesure_de_communes(
        self, definition: Indicateur, lecture: Lecture, millesime: int, communes: tuple[str, ...]
    ) -> Mesure:
        chiffres = [
            self.calculateur.chiffre(
                definition, Territoire(c, "commune", c, composantes=(c,)), millesime, (lecture,)
            )
            for c in communes
        ]
        connus = [c for c in chiffres if c is not None and c.a_une_valeur]
        if len(connus) < len(chiffres):
            manquant = next(c for c in chiffres if c is None or not c.a_une_valeur)
            return Mesure(raison=manquant.note if manquant is not None else "niveau absent de la base")
        if lecture.est_publiee or lecture.denominateur is None:
            if len(connus) > 1 and lecture.est_publiee:
                return Mesure(raison=SANS_SOMME)
            marge = connus[0].marge if lecture.est_publiee else math.nan
            return Mesure(math.fsum(c.valeur for c in connus), marge=marge, raison=connus[0].note)
        comptes = [(c.territoire, c.numerateur, c.denominateur) for c in connus]
        mesure = self._rapport(definition, lecture, millesime, comptes)
        return replace(mesure, raison=mesure.raison or _couverture(connus))

    def ensemble(
        self, definition: Indicateur, lectures: tuple[Lecture, Lecture], avis: Avis, lignes: list[Evolution]
    ) -> Evolution:
        """Mesurer tout le territoire : toutes ses communes, ou le chiffre publié à son niveau."""
        vide = Evolution(
            definition.code, lectures[0].source.id, self.de, self.a, self.sujet.code, self.sujet.nom,
            self.sujet.niveau, Mesure(), Mesure(),
        )  # fmt: skip
        mesures = []
        for rang, (lecture, millesime) in enumerate(self._dates(lectures)):
            if lecture.est_publiee:
                chiffre = self.calculateur.chiffre(definition, self.sujet, millesime, (lecture,))
                mesures.append(
                    Mesure(chiffre.valeur, marge=chiffre.marge, raison=chiffre.note)
                    if chiffre is not None and chiffre.a_une_valeur
                    else Mesure(raison="chiffre non publié à ce niveau, et il ne se calcule pas")
                )
                continue
            communes = tuple(c for e in lignes for c in (e.codes_a if rang else e.codes_de))
            mesures.append(self._mesure_de_communes(definition, lecture, millesime, communes))
        return evaluer(definition, replace(vide, avant=mesures[0], apres=mesures[1]), avis, self.indices)


def _couverture(chiffres: list[Chiffre]) -> str:
    return " ; ".join(dict.fromkeys(c.note for c in chiffres if c.statut == "partiel" and c.note))
