"""Tout ce que la base sait dire d'un périmètre libre : exact si ses IRIS sont entiers, estimé par les carreaux sinon."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import TYPE_CHECKING, Final

import pandas as pd

from abs.calcul.chiffre import Chiffre
from abs.calcul.table_longue import COLONNES
from abs.indicateurs.indicateurs import indicateur
from abs.perimetres.carreaux import Carreaux, carreaux_du_polygone
from abs.perimetres.comptage import compter
from abs.perimetres.iris_touches import Recouvrement, recouvrement
from abs.perimetres.perimetres import Etendue, PerimetreDIris
from abs.perimetres.reponderation import poids_des_iris, reponderer
from abs.perimetres.transferts import TransfertRefuse, exiger_un_compte, publier
from abs.territoires.demande import Demande
from donnees_insee.base.base import Base
from donnees_insee.catalogue.catalogue import source
from donnees_insee.erreurs import DonneeAbsente

if TYPE_CHECKING:
    from shapely.geometry.base import BaseGeometry

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
    base: Base,
    nom: str,
    polygone: BaseGeometry,
    codes: Sequence[str] = (),
    demande: Demande | None = None,
) -> DossierDePerimetre:
    """Réunir ce que la base sait dire d'un périmètre."""
    base.exiger()
    dossier, voulue = DossierDePerimetre(nom), demande or Demande(nom)
    voulus = [indicateur(c).code for c in codes or PAR_DEFAUT]
    try:
        dossier.touches = recouvrement(base, polygone)
    except DonneeAbsente as absence:
        dossier.remarques.append(str(absence))
    if dossier.touches is not None and dossier.touches.entiers:
        _ajouter_l_exact(base, dossier, voulus, voulue)
    _ajouter_les_carreaux(base, dossier, polygone, voulue)
    if dossier.touches is not None and not dossier.touches.entiers:
        _ajouter_le_repondere(base, dossier, polygone, voulus, voulue)
    return dossier


def _ajouter_l_exact(base: Base, dossier: DossierDePerimetre, codes: list[str], demande: Demande) -> None:
    assert dossier.touches is not None
    calcul = PerimetreDIris(base, dossier.nom, dossier.touches.entiers, demande)
    for code in codes:
        try:
            dossier.chiffres.append(calcul.chiffre(code))
        except TransfertRefuse:
            dossier.etendues.append(calcul.etendue(code))


def _ajouter_les_carreaux(
    base: Base, dossier: DossierDePerimetre, polygone: BaseGeometry, demande: Demande
) -> None:
    communes = dossier.touches.communes if dossier.touches is not None else frozenset()
    try:
        carreaux = _carreaux(base, polygone, demande, communes)
    except (DonneeAbsente, TransfertRefuse) as absence:
        dossier.remarques.append(str(absence))
        return
    periode = source("grille").periode_de(carreaux.millesime)
    if carreaux.remarque:
        dossier.remarques.append(f"Pas de comptage par carreaux ({periode}) : {carreaux.remarque}.")
        return
    dossier.chiffres += [
        publier(
            estimation,
            territoire=dossier.nom,
            indicateur=f"carreaux_{code.lower()}",
            source="grille",
            millesime=carreaux.millesime,
            periode=periode,
        )
        for code, estimation in compter(carreaux).items()
    ]


def _carreaux(base: Base, polygone: BaseGeometry, demande: Demande, communes: frozenset[str]) -> Carreaux:
    """Prendre la grille admise la plus récente qui couvre le polygone ; à défaut, celle qui dit pourquoi."""
    tenus = set(base.millesimes("grille", "carreau"))
    admis = [a for a in demande.vintages(base, "grille") if a in tenus]
    if tenus and not admis:
        raise DonneeAbsente(
            f"Aucun millésime de carreaux n'est admis par la demande (tenus : {', '.join(map(str, sorted(tenus)))})."
        )
    essais = [carreaux_du_polygone(base, polygone, admis[0] if admis else None, communes)]
    for annee in admis[1:]:
        if not essais[-1].remarque:
            break
        essais.append(carreaux_du_polygone(base, polygone, annee, communes))
    return essais[-1] if not essais[-1].remarque else essais[0]


def _ajouter_le_repondere(
    base: Base, dossier: DossierDePerimetre, polygone: BaseGeometry, codes: list[str], demande: Demande
) -> None:
    """Répartir les effectifs d'IRIS selon la population des carreaux ; dire ce qui ne se transfère pas."""
    touches = dossier.touches
    assert touches is not None
    codes = _transferables(dossier, codes)
    if touches.couverture < COUVERTURE_MINIMALE:
        dossier.remarques.append(
            f"Les contours d'IRIS tenus ne couvrent que {100 * touches.couverture:.0f} % du périmètre : aucun compte "
            "d'IRIS n'y est réparti. Déposez les contours des départements voisins."
        )
        return
    try:
        carreaux = _carreaux(base, touches.iris.geometry.make_valid().union_all(), demande, touches.communes)
    except (DonneeAbsente, TransfertRefuse):
        return  # déjà dit au comptage par carreaux
    if carreaux.remarque or "IND" not in carreaux.table:
        dossier.remarques.append(
            f"Comptes d'IRIS non répartis : {carreaux.remarque or 'IND absent de la grille'}."
        )
        return
    poids = poids_des_iris(touches.iris, polygone, carreaux)
    calcul = PerimetreDIris(base, dossier.nom, [str(c) for c in poids.index], demande)
    for code in codes:
        chiffre = _repondere(calcul, dossier.nom, code, poids)
        note = f"{chiffre.note} ; poids : {source('grille').periode_de(carreaux.millesime)}"
        dossier.chiffres.append(replace(chiffre, note=note))


def _transferables(dossier: DossierDePerimetre, codes: list[str]) -> list[str]:
    """Garder les effectifs ; dire pourquoi les autres ne passent pas à un périmètre qui coupe des IRIS."""
    gardes = []
    for code in codes:
        try:
            exiger_un_compte(indicateur(code))
        except TransfertRefuse as refus:
            dossier.remarques.append(str(refus))
        else:
            gardes.append(code)
    return gardes


def _repondere(calcul: PerimetreDIris, nom: str, code: str, poids: pd.DataFrame) -> Chiffre:
    definition = indicateur(code)
    lecture = exiger_un_compte(definition)
    annees = [a for a in calcul.annees(definition) if lecture.vaut_pour(a)]
    annees = [a for a in annees if a in calcul.base.millesimes(lecture.source.id, "iris")]
    annee = annees[0] if annees else None
    comptes = pd.Series(float("nan"), index=poids.index)
    if annee is not None:
        lus = {str(c): calcul.chiffre_d_iris(definition, str(c), annee, [lecture]) for c in poids.index}
        comptes = pd.Series(
            {c: lu.valeur if lu is not None and lu.a_une_valeur else float("nan") for c, lu in lus.items()}
        )
    # La population borne elle-même ce qu'un morceau d'IRIS peut porter ; les autres comptes n'ont pas d'univers sûr.
    univers = comptes if lecture.variables == ("P_POP",) else None
    return publier(
        reponderer(comptes, poids, lecture.variables[0], univers),
        territoire=nom,
        indicateur=code,
        source=lecture.source.id,
        millesime=annee,
        periode="" if annee is None else lecture.source.periode_de(annee),
    )
