"""Prendre dans la base les contours d'un portrait, et changer une demande de carte en carte thématique."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from math import nan
from typing import TYPE_CHECKING

from abs.blocs.blocs import DemandeDeCarte
from abs.calcul.diagnostic import Diagnostic
from abs.indicateurs.indicateurs import Indicateur, indicateur
from abs.phrases.ecriture import ecrire
from abs.statuts import Statut
from abs.territoires.territoires import Territoire
from cartes.carte import CarteThematique
from cartes.charte import REFUS, palette_de
from cartes.contours_tenus import (
    ContoursDeCommunes,
    a_deposer,
    alentours,
    contours_de_communes,
    couches,
    reunir,
)
from cartes.palettes import PALETTES_DIVERGENTES
from cartes.specification import Alentours, Reference, Superposition
from donnees_insee.base.base import Base
from donnees_insee.base.couches import restaurer
from donnees_insee.catalogue.catalogue import source
from donnees_insee.erreurs import CarteImpossible, ParametreInvalide

if TYPE_CHECKING:
    import geopandas as gpd

ANNEE_INCONNUE = "année non précisée"
# Fichiers nationaux qui donnent leurs IRIS dans la géographie de leur millésime.
FAMILLES_DATEES = frozenset({"recensement", "filosofi", "caf", "geographie"})
# Part des territoires qui doit avoir un contour pour qu'une carte ne trompe pas.
CONTOURS_MINIMUM = 0.8
# Où situer un territoire, et de quoi prendre ses voisins.
ENSEMBLES = ("departement", "epci")
ATTRIBUTS = ["nom", "valeur", "statut", "fiabilite", "raison", "marge"]


@dataclass
class Fonds:
    """Les contours utiles à un portrait."""

    base: Base
    diagnostic: Diagnostic

    def attendus(self, groupe: str) -> tuple[Territoire, ...]:
        """Donner les territoires d'un groupe."""
        ensembles = self.diagnostic.ensembles
        return ensembles.quartiers if groupe == "quartiers" else ensembles.mailles

    @property
    def tenus(self) -> bool:
        """Dire si la base tient de quoi dessiner quelque maille."""
        return self.iris is not None or (self.diagnostic.ensembles.par_commune and self.communes is not None)

    @property
    def iris(self) -> gpd.GeoDataFrame | None:
        """Contours d'IRIS des communes du portrait, de la couche qui porte le plus de leurs codes."""
        return self._iris_et_annee[0]

    @property
    def geographie(self) -> str:
        """Année des contours employés : ceux des communes si les mailles en sont, ceux des IRIS sinon."""
        return (
            self.contours_des_communes.geographie
            if self.diagnostic.ensembles.par_commune
            else self._iris_et_annee[1]
        )

    @cached_property
    def _codes_de_communes(self) -> set[str]:
        ensembles = self.diagnostic.ensembles
        return {t.code[:5] for t in ensembles.mailles} or set(ensembles.sujet.composantes)

    @cached_property
    def _iris_et_annee(self) -> tuple[gpd.GeoDataFrame | None, str]:
        import pandas as pd  # noqa: PLC0415 - import lent, réservé aux cartes

        mailles = self.diagnostic.ensembles.mailles
        voulus = {t.code for t in mailles}
        communes = self._codes_de_communes
        lues = couches(self.base, "contours_iris", "commune", communes)
        if not lues:
            return None, ANNEE_INCONNUE
        lues.sort(key=lambda c: (-len(voulus & set(c[1]["code"])), -(c[0] or 0)))
        annee, premiere = lues[0]
        dite = self._compatible(set(premiere["code"]), communes) if annee is None else str(annee)
        # Une intercommunalité peut être à cheval sur deux fichiers : on complète, sans jamais doubler un code.
        reunies = restaurer(self.base, pd.concat([c for _, c in lues]).drop_duplicates("code"))
        if mailles and mailles[0].niveau == "iris":
            reunies = reunies[reunies["code"].isin(voulus)]
        return reunies.set_geometry("geometry", crs=premiere.crs).reset_index(drop=True), dite

    def _compatible(self, codes: set[str], communes: set[str]) -> str:
        """Dater des contours sans année par leurs codes : les fichiers dont ils portent tous les IRIS."""
        annees = set()
        for part in self.base.parts_d_iris():
            if part.millesime and source(part.source).famille in FAMILLES_DATEES:
                lus = map(str, self.base.codes(part.source, part.millesime, "iris").to_pylist())
                siens = {c for c in lus if c[:5] in communes}
                if siens and siens <= codes:
                    annees.add(part.millesime)
        if not annees:
            return ANNEE_INCONNUE
        bornes = sorted({min(annees), max(annees)})
        return f"contours sans année, compatibles avec les IRIS de {'–'.join(map(str, bornes))}"

    @cached_property
    def contours_des_communes(self) -> ContoursDeCommunes:
        """Contours de communes et leur origine : réunion de leurs IRIS, ou couche de communes si des IRIS manquent."""
        noms = {t.code: t.nom for t in self.diagnostic.ensembles.tous() if t.niveau == "commune"}
        tenues = self.base.millesimes("appartenance", "commune")
        annee = self.diagnostic.demande.geographie or max(tenues, default=None)
        contours = contours_de_communes(self.base, self._codes_de_communes, annee, *self._iris_et_annee)
        couche = contours.couche
        if couche is None:
            return contours
        # Le nom d'aujourd'hui l'emporte sur celui de la couche.
        return replace(contours, couche=couche.assign(nom=couche["code"].map(noms).fillna(couche["nom"])))

    @property
    def communes(self) -> gpd.GeoDataFrame | None:
        """Contours de communes."""
        return self.contours_des_communes.couche

    @cached_property
    def quartiers(self) -> gpd.GeoDataFrame | None:
        """Contours de quartiers, réunion de leurs IRIS."""
        par_iris = {i: t for t in self.diagnostic.ensembles.quartiers for i in t.composantes}
        if self.iris is None:
            return None
        dedans = self.iris[self.iris["code"].isin(par_iris)]
        if dedans.empty:
            return None
        siens = [par_iris[c] for c in dedans["code"]]
        return reunir(dedans.assign(code=[t.code for t in siens], nom=[t.nom for t in siens]))

    @cached_property
    def qpv(self) -> gpd.GeoDataFrame | None:
        """Périmètres des QPV du portrait."""
        codes = [t.code for t in self.diagnostic.ensembles.qpv]
        if not codes:
            return None
        for _, couche in couches(self.base, "contours_qpv", "code", codes):
            return couche[["code", "nom", "geometry"]].reset_index(drop=True)
        return None

    @cached_property
    def alentours(self) -> Alentours | None:
        """Les autres communes du département, à défaut de l'intercommunalité ; rien sans leurs contours."""
        ensembles = self.diagnostic.ensembles
        siennes = {c[:5] for c in ensembles.sujet.composantes} | {ensembles.sujet.code}
        possibles = {t.niveau: t for t in ensembles.references if t.niveau in ENSEMBLES}
        for niveau in ENSEMBLES:
            autres = set(possibles[niveau].composantes) - siennes if niveau in possibles else set()
            trouvees = alentours(self.base, possibles[niveau].nom, autres) if autres else None
            if trouvees is not None:
                return trouvees
        return None

    @cached_property
    def perimetres(self) -> Superposition | None:
        """Périmètres de QPV à tracer par-dessus une carte, les mêmes pour toutes."""
        if self.qpv is None:
            return None
        generation = self.diagnostic.ensembles.qpv[0].geographie
        return Superposition(f"Quartiers prioritaires {generation}", self.qpv)

    def couches(self) -> dict[str, gpd.GeoDataFrame]:
        """Réunir les couches tenues, pour l'export géographique."""
        par_iris = self.diagnostic.ensembles.mailles and self.diagnostic.ensembles.mailles[0].niveau == "iris"
        candidates = {
            "iris": self.iris if par_iris else None,
            "communes": self.communes,
            "qpv": self.qpv,
            "quartiers": self.quartiers,
        }
        return {nom: c for nom, c in candidates.items() if c is not None}

    def de(self, groupe: str) -> gpd.GeoDataFrame:
        """Donner les contours d'un groupe de territoires."""
        communes = self.diagnostic.ensembles.par_commune
        couche = self.quartiers if groupe == "quartiers" else self.communes if communes else self.iris
        if couche is None or couche.empty:
            raise CarteImpossible(
                f"Pas de carte pour « {self.diagnostic.ensembles.sujet.nom} » : la base ne tient pas ses contours. "
                f"Déposez {a_deposer(par_commune=communes and groupe != 'quartiers')}."
            )
        return couche


def carte(fonds: Fonds, demande: DemandeDeCarte) -> CarteThematique:
    """Changer une demande de carte en carte thématique.

    Parameters
    ----------
    fonds : Fonds
        Contours et chiffres du portrait.
    demande : DemandeDeCarte
        Indicateur, groupe de territoires, superpositions.

    Returns
    -------
    CarteThematique
        Carte prête à dessiner.

    Raises
    ------
    CarteImpossible
        Contours absents, ou aucun chiffre à montrer.
    ParametreInvalide
        La charte de la ville est fautive.

    Examples
    --------
    >>> from abs.portrait.portrait import composer
    >>> from abs.territoires.demande import Demande
    >>> portrait = composer(base, Demande("99001"))
    >>> demande = portrait.chapitre("logement").cartes[0]
    >>> carte(Fonds(base, portrait.diagnostic), demande).unite
    '%'
    """
    if REFUS:  # La charte se lit à l'import, où une phrase ne se verrait pas.
        raise ParametreInvalide(REFUS)
    definition = indicateur(demande.indicateur)
    territoires = _territoires(fonds, definition, demande.groupe)
    if not territoires["valeur"].notna().any():
        raise CarteImpossible(
            f"Pas de carte de « {definition.libelle} » : aucun territoire n'a de chiffre dans les fichiers déposés."
        )
    diagnostic, sujet = fonds.diagnostic, fonds.diagnostic.ensembles.sujet
    lus = (diagnostic.chiffre(t, definition.code, demande.groupe) for t in fonds.attendus(demande.groupe))
    lu = next((c for c in lus if c is not None and c.a_une_valeur), None)
    perimetres = fonds.perimetres if demande.superposer_qpv else None
    repere = _repere(diagnostic, definition, sujet, demande.groupe)
    palette = palette_de(definition.code, definition.theme)
    return CarteThematique(
        code=definition.code,
        titre=f"{demande.titre} · {sujet.nom}",
        sous_titre=definition.libelle_court,
        territoires=territoires,
        nature=definition.nature,  # type: ignore[arg-type]
        unite=definition.unite if definition.unite in {"%", "€"} else "",
        decimales=definition.decimales,
        source=source(lu.source).titre_court if lu else "",
        date=lu.periode if lu else "",
        geographie=fonds.geographie,
        reference=repere,
        palette=None if palette in PALETTES_DIVERGENTES and repere is None else palette,
        manquants=_sans_contour(fonds, demande.groupe, set(territoires["code"])),
        superpositions=() if perimetres is None else (perimetres,),
        alentours=fonds.alentours,
    )


def _sans_contour(fonds: Fonds, groupe: str, dessines: set[str]) -> tuple[str, ...]:
    """Nommer les territoires sans contour ; refuser la carte s'ils sont plus d'un sur cinq."""
    attendus = fonds.attendus(groupe)
    manquants = tuple(t.nom for t in attendus if t.code not in dessines)
    if len(dessines) < CONTOURS_MINIMUM * len(attendus):
        raise CarteImpossible(
            f"Pas de carte : les contours déposés n'ont que {len(dessines)} des {len(attendus)} "
            f"territoires ; il en faut {100 * CONTOURS_MINIMUM:.0f} % pour qu'une carte ne trompe pas. "
            f"Déposez {a_deposer(par_commune=fonds.diagnostic.ensembles.par_commune and groupe != 'quartiers')}."
        )
    return manquants


def _territoires(fonds: Fonds, definition: Indicateur, groupe: str) -> gpd.GeoDataFrame:
    import pandas as pd  # noqa: PLC0415 - import lent, réservé aux cartes

    par_code = {t.code: t for t in fonds.attendus(groupe)}
    contours = fonds.de(groupe)
    contours = contours[contours["code"].isin(par_code)][["code", "geometry"]].reset_index(drop=True)
    lignes = [_attributs(fonds.diagnostic, definition, par_code[c], groupe) for c in contours["code"]]
    attributs = pd.DataFrame(lignes, columns=ATTRIBUTS)
    return contours.join(attributs.astype({"valeur": float, "marge": float}))


def _attributs(
    diagnostic: Diagnostic, definition: Indicateur, territoire: Territoire, groupe: str
) -> tuple[object, ...]:
    """Dire ce que la carte montre d'un territoire, dans l'ordre de ``ATTRIBUTS``."""
    chiffre = diagnostic.chiffre(territoire, definition.code, groupe)
    hors_champ = territoire.type_iris in {"A", "D"} and definition.nature != "effectif"
    if hors_champ:
        lu = chiffre is not None and chiffre.a_une_valeur
        dit = f" (chiffre publié : {ecrire(definition, chiffre)})" if lu else ""
        raison = f"IRIS d'activité ou divers, non classé{dit}"
        return territoire.nom, nan, Statut.SANS_OBJET, "non_evaluee", raison, nan
    if chiffre is None:
        return territoire.nom, nan, Statut.INDISPONIBLE, "non_evaluee", "non publié à ce niveau", nan
    raison = "" if chiffre.a_une_valeur else chiffre.note
    return territoire.nom, chiffre.valeur, chiffre.statut, chiffre.fiabilite, raison, chiffre.marge


def _repere(
    diagnostic: Diagnostic, definition: Indicateur, sujet: Territoire, groupe: str
) -> Reference | None:
    """Prendre le chiffre du sujet à la date de la carte : c'est la limite de classe imprimée."""
    chiffre = diagnostic.chiffre(sujet, definition.code, groupe)
    date = diagnostic.millesimes.get((groupe, definition.code))
    if (
        chiffre is None
        or not chiffre.a_une_valeur
        or chiffre.millesime != date
        or definition.nature == "effectif"
    ):
        return None
    return Reference(sujet.nom, chiffre.valeur)
