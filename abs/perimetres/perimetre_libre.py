"""Tout ce que la base sait dire d'un périmètre libre : exact si ses IRIS sont entiers, estimé par les carreaux sinon."""

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Final

import pandas as pd
from shapely.geometry.base import BaseGeometry

from abs.calcul.table_longue import COLONNES, Chiffre
from abs.definitions import dire
from abs.indicateurs.indicateurs import indicateur
from abs.perimetres.carreaux import Carreaux, carreaux_du_polygone, compter
from abs.perimetres.perimetres import Etendue, PerimetreDIris, Recouvrement, recouvrement
from abs.perimetres.reponderation import poids_des_iris, reponderer
from abs.perimetres.transferts import TransfertRefuse, exiger_un_compte, publier
from abs.territoires.demande import Demande
from donnees_insee.base.base import Base
from donnees_insee.catalogue.catalogue import source
from donnees_insee.erreurs import DonneeAbsente

PAR_DEFAUT: Final = ("population",)
COUVERTURE_MINIMALE: Final = 0.98


@dataclass
class DossierDePerimetre:
    """Les chiffres d'un périmètre libre, et ce qui a été refusé."""

    nom: str
    touches: Recouvrement | None = None
    chiffres: list[Chiffre] = field(default_factory=list)
    etendues: list[Etendue] = field(default_factory=list)
    remarques: list[str] = field(default_factory=list)

    def table(self) -> pd.DataFrame:
        """Donner les chiffres dans les colonnes de la table longue."""
        return pd.DataFrame([asdict(c) for c in self.chiffres], columns=list(COLONNES))


def etudier(
    base: Base, nom: str, polygone: BaseGeometry, codes: Sequence[str] = (), demande: Demande | None = None
) -> DossierDePerimetre:
    """Réunir ce que la base sait dire d'un périmètre."""
    base.exiger()
    dossier = DossierDePerimetre(nom)
    voulus = [indicateur(c).code for c in codes or PAR_DEFAUT]
    try:
        dossier.touches = recouvrement(base, polygone)
    except DonneeAbsente as absence:
        dossier.remarques.append(str(absence))
    _Etude(base, dossier, polygone, demande or Demande(nom)).remplir(voulus)
    return dossier


@dataclass(frozen=True)
class _Etude:
    """Ce qui remplit le dossier d'un périmètre."""

    base: Base
    dossier: DossierDePerimetre
    polygone: BaseGeometry
    demande: Demande

    def remplir(self, codes: list[str]) -> None:
        """Ajouter l'exact ou le repondéré, et le comptage par carreaux entre les deux."""
        touches = self.dossier.touches
        if touches is not None and touches.entiers:
            self._ajouter_l_exact(touches.entiers, codes)
        self._ajouter_les_carreaux(frozenset() if touches is None else touches.communes)
        if touches is not None and not touches.entiers:
            self._ajouter_le_repondere(touches, codes)

    def _ajouter_l_exact(self, iris: Sequence[str], codes: list[str]) -> None:
        calcul = PerimetreDIris(self.base, self.dossier.nom, iris, self.demande)
        for code in codes:
            try:
                self.dossier.chiffres.append(calcul.chiffre(code))
            except TransfertRefuse:
                self.dossier.etendues.append(calcul.etendue(code))

    def _ajouter_les_carreaux(self, communes: frozenset[str]) -> None:
        try:
            carreaux = self._carreaux(self.polygone, communes)
        except (DonneeAbsente, TransfertRefuse) as absence:
            self.dossier.remarques.append(str(absence))
            return
        periode = source("grille").periode_de(carreaux.millesime)
        if carreaux.remarque:
            self.dossier.remarques.append(f"Pas de comptage par carreaux ({periode}) : {carreaux.remarque}.")
            return
        origine = {"source": "grille", "millesime": carreaux.millesime, "periode": periode}
        self.dossier.chiffres += [
            publier(estimation, territoire=self.dossier.nom, indicateur=f"carreaux_{code.lower()}", **origine)
            for code, estimation in compter(carreaux).items()
        ]

    def _carreaux(self, polygone: BaseGeometry, communes: frozenset[str]) -> Carreaux:
        """Prendre la grille admise la plus récente qui couvre le polygone ; à défaut, celle qui dit pourquoi."""
        tenus = self.base.millesimes("grille", "carreau")
        admis = [a for a in self.demande.vintages(self.base, "grille") if a in tenus]
        if tenus and not admis:
            raise DonneeAbsente(dire("perimetres", "non_admis", tenus=", ".join(map(str, tenus))))
        essais: list[Carreaux] = []
        annees: Sequence[int | None] = admis or [None]
        for annee in annees:
            essais.append(carreaux_du_polygone(self.base, polygone, annee, communes))
            if not essais[-1].remarque:
                return essais[-1]
        return essais[0]

    def _ajouter_le_repondere(self, touches: Recouvrement, codes: list[str]) -> None:
        """Répartir les effectifs d'IRIS selon la population des carreaux ; dire ce qui ne se transfère pas."""
        remarques, codes = self.dossier.remarques, self._transferables(codes)
        if touches.couverture < COUVERTURE_MINIMALE:
            part = f"{100 * touches.couverture:.0f}"
            remarques.append(dire("perimetres", "couverture", part=part))
            return
        try:
            carreaux = self._carreaux(touches.iris.geometry.make_valid().union_all(), touches.communes)
        except (DonneeAbsente, TransfertRefuse):
            return  # déjà dit au comptage par carreaux
        if carreaux.remarque or "IND" not in carreaux.table:
            raison = carreaux.remarque or "IND absent de la grille"
            remarques.append(f"Comptes d'IRIS non répartis : {raison}.")
            return
        poids = poids_des_iris(touches.iris, self.polygone, carreaux)
        calcul = PerimetreDIris(self.base, self.dossier.nom, [str(c) for c in poids.index], self.demande)
        for code in codes:
            chiffre = _repondere(calcul, code, poids)
            note = f"{chiffre.note} ; poids : {source('grille').periode_de(carreaux.millesime)}"
            self.dossier.chiffres.append(replace(chiffre, note=note))

    def _transferables(self, codes: list[str]) -> list[str]:
        """Garder les effectifs ; dire pourquoi les autres ne passent pas à un périmètre qui coupe des IRIS."""
        gardes = []
        for code in codes:
            try:
                exiger_un_compte(indicateur(code))
            except TransfertRefuse as refus:
                self.dossier.remarques.append(str(refus))
            else:
                gardes.append(code)
        return gardes


def _repondere(calcul: PerimetreDIris, code: str, poids: pd.DataFrame) -> Chiffre:
    definition = indicateur(code)
    lecture = exiger_un_compte(definition)
    annee = next(iter(calcul.annees([lecture])), None)
    comptes = pd.Series(math.nan, index=[str(c) for c in poids.index])
    for code_d_iris in comptes.index:
        lu = None if annee is None else calcul.chiffre_d_iris(definition, code_d_iris, annee, [lecture])
        if lu is not None and lu.a_une_valeur:
            comptes[code_d_iris] = lu.valeur
    # La population borne elle-même ce qu'un morceau d'IRIS peut porter ; les autres comptes n'ont pas d'univers sûr.
    univers = comptes if lecture.variables == ("P_POP",) else None
    origine = {"source": lecture.source.id, "millesime": annee}
    return publier(
        reponderer(comptes, poids, lecture.variables[0], univers),
        territoire=calcul.nom,
        indicateur=code,
        periode="" if annee is None else lecture.source.periode_de(annee),
        **origine,
    )
