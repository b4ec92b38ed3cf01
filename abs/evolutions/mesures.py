"""Mesurer un indicateur à deux dates, IRIS par IRIS ou commune par commune, sur des groupes de même territoire."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import NamedTuple

import numpy as np

from abs.calcul.calcul import Calculateur
from abs.calcul.lecture import Comptes
from abs.calcul.table_longue import Chiffre
from abs.evolutions.evolutions import SANS_SOMME, Evolution, Mesure, evaluer, indices_tenus, mesurer
from abs.evolutions.lieux import Lieux
from abs.indicateurs.annees_comparables import Avis
from abs.indicateurs.fiabilite import apprecier, taux_de_sondage
from abs.indicateurs.indicateurs import Indicateur, Lecture
from abs.territoires.territoires import Territoire
from donnees_insee.geographie.groupes import APRES, AVANT, Groupe, Passage


class Date(NamedTuple):
    """Un indicateur, et ce qui le lit à un millésime."""

    definition: Indicateur
    lecture: Lecture
    millesime: int


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
            self._mesures_par_iris(date, passage, cote)
            for date, cote in zip(self._dates(definition, lectures), (AVANT, APRES), strict=True)
        ]
        vide = Mesure(raison="IRIS absent du fichier")
        return [
            self._evaluer(definition, source, avis, [cote.get(code, vide) for cote in cotes], groupe, noms)
            for code, groupe in passage.groupes.items()
        ]

    def _dates(self, definition: Indicateur, lectures: tuple[Lecture, Lecture]) -> tuple[Date, Date]:
        return Date(definition, lectures[0], self.de), Date(definition, lectures[1], self.a)

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

    def _mesures_par_iris(self, date: Date, passage: Passage, cote: str) -> dict[str, Mesure]:
        """Mesurer chaque groupe d'IRIS à une date : la somme de ses composantes, ou rien."""
        lus, lecture = self.lecteur.comptes(date.lecture, date.millesime, "iris"), date.lecture
        du_cote = passage.avant if cote == AVANT else passage.apres
        bas = lus.numerateur if lecture.denominateur is None else lus.denominateur
        comptes = (lus.prendre(vecteur, list(du_cote)).tolist() for vecteur in (lus.numerateur, bas))
        membres: dict[str, list[tuple[str, float, float]]] = {}
        for (code, groupe), *unite in zip(du_cote.items(), *comptes, strict=True):
            membres.setdefault(groupe, []).append((code, *unite))
        mesures = {}
        for groupe, unites in membres.items():
            codes = [c for c, _, _ in unites]
            if lecture.est_publiee:
                mesures[groupe] = self._publiee(date, lus, codes)
            elif any(math.isnan(haut) or math.isnan(bas) for _, haut, bas in unites):
                mesures[groupe] = Mesure(raison=self._raison(lus, codes))
            elif lecture.denominateur is None:
                mesures[groupe] = Mesure(math.fsum(haut for _, haut, _ in unites))
            else:
                mesures[groupe] = self._rapport(date, unites)
        return mesures

    def _rapport(self, date: Date, comptes: list[tuple[str, float, float]]) -> Mesure:
        """Mesurer un rapport de sommes, chaque unité avec le taux de sondage de sa commune."""
        complementaire = any(v.startswith("C_") for v in date.lecture.variables)
        populations = [self.lieux.population(c, date.millesime) for c, _, _ in comptes]
        taux = [taux_de_sondage(p, complementaire=complementaire) for p in populations]
        strates = [(haut, bas, t) for (_, haut, bas), t in zip(comptes, taux, strict=True)]
        return mesurer(date.definition, strates, sonde=date.lecture.source.famille == "recensement")

    @staticmethod
    def _raison(lus: Comptes, siens: list[str]) -> str:
        dites = (
            str(lus.raison[lus.rangs[c]]) if c in lus.rangs else "absent du fichier déposé" for c in siens
        )
        premiere = next(filter(None, dites), "chiffre absent du fichier")
        return premiere if len(siens) == 1 else f"une des unités réunies n'a pas de chiffre ({premiere})"

    def _publiee(self, date: Date, lus: Comptes, membres: list[str]) -> Mesure:
        if len(membres) > 1:
            return Mesure(raison=SANS_SOMME)
        rang = lus.rangs.get(membres[0])
        if rang is None or np.isnan(lus.publiee[rang]):
            return Mesure(raison=self._raison(lus, membres))
        valeur = float(lus.publiee[rang])
        jugement = apprecier(
            date.definition, date.lecture, valeur=valeur, numerateur=None, denominateur=None,
            population_commune=None, notes_producteur=lus.drapeaux(rang),
        )  # fmt: skip
        marge = math.nan if jugement.marge is None else jugement.marge
        return Mesure(valeur, marge=marge, raison=" ; ".join(jugement.notes))

    def par_commune(
        self, definition: Indicateur, lectures: tuple[Lecture, Lecture], avis: Avis, groupe: Groupe
    ) -> Evolution:
        """Donner l'évolution d'un groupe de communes."""
        mesures = [
            self._mesure_de_communes(date, siennes)
            for date, siennes in zip(
                self._dates(definition, lectures), (groupe.avant, groupe.apres), strict=True
            )
        ]
        return self._evaluer(definition, lectures[0].source.id, avis, mesures, groupe, None)

    def _lire(self, date: Date, territoire: Territoire) -> Chiffre | None:
        return self.calculateur.chiffre(date.definition, territoire, date.millesime, (date.lecture,))

    def _mesure_de_communes(self, date: Date, communes: Sequence[str]) -> Mesure:
        connus, lecture = [], date.lecture
        for commune in communes:
            chiffre = self._lire(date, Territoire(commune, "commune", commune, composantes=(commune,)))
            if chiffre is None or not chiffre.a_une_valeur:
                return Mesure(raison="niveau absent de la base" if chiffre is None else chiffre.note)
            connus.append(chiffre)
        if lecture.est_publiee or lecture.denominateur is None:
            if len(connus) > 1 and lecture.est_publiee:
                return Mesure(raison=SANS_SOMME)
            marge = connus[0].marge if lecture.est_publiee else math.nan
            return Mesure(math.fsum(c.valeur for c in connus), marge=marge, raison=connus[0].note)
        comptes = [(c.territoire, c.numerateur, c.denominateur) for c in connus]
        mesure = self._rapport(date, comptes)
        couverture = " ; ".join(dict.fromkeys(c.note for c in connus if c.statut == "partiel" and c.note))
        return replace(mesure, raison=mesure.raison or couverture)

    def ensemble(
        self, definition: Indicateur, lectures: tuple[Lecture, Lecture], avis: Avis, lignes: list[Evolution]
    ) -> Evolution:
        """Mesurer tout le territoire : toutes ses communes, ou le chiffre publié à son niveau."""
        communes = [[c for e in lignes for c in e.codes_de], [c for e in lignes for c in e.codes_a]]
        mesures = []
        for date, siennes in zip(self._dates(definition, lectures), communes, strict=True):
            if not date.lecture.est_publiee:
                mesures.append(self._mesure_de_communes(date, siennes))
                continue
            chiffre = self._lire(date, self.sujet)
            mesures.append(
                Mesure(chiffre.valeur, marge=chiffre.marge, raison=chiffre.note)
                if chiffre is not None and chiffre.a_une_valeur
                else Mesure(raison="chiffre non publié à ce niveau, et il ne se calcule pas")
            )
        sujet = (self.sujet.code, self.sujet.nom, self.sujet.niveau)
        source, (avant, apres) = lectures[0].source.id, mesures
        ligne = Evolution(definition.code, source, self.de, self.a, *sujet, avant, apres)
        return evaluer(definition, ligne, avis, self.indices)
