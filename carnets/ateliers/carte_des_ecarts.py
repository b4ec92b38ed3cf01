"""La carte des écarts entre deux dates : une maille, son évolution, et ce que sa précision permet d'en dire."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, Final

from abs.blocs.blocs import Bloc, Image, Note
from abs.calcul.diagnostic import Diagnostiqueur
from abs.calcul.table_longue import Diagnostic
from abs.evolutions.evolutions import Evolution, Verdict
from abs.evolutions.resultats import ETABLIS
from abs.evolutions.tableaux import unite_d_ecart
from abs.indicateurs.indicateurs import indicateur as definition_de
from abs.statuts import Fiabilite, Statut
from abs.territoires.demande import Demande
from carnets.ateliers.donnees import TEXTES, adresse
from carnets.documents.montre import Montre
from cartes.carte import CarteThematique
from cartes.ecriture import en_png
from cartes.fonds import Fonds
from cartes.specification import Reference
from donnees_insee.catalogue.catalogue import source
from donnees_insee.erreurs import CarteImpossible, DonneeAbsente, TerritoireInconnu

if TYPE_CHECKING:
    import geopandas as gpd

    from abs.evolutions.releve import Releve
    from donnees_insee.base.base import Base

DITS: Final[dict[str, Any]] = TEXTES["evolutions"]
MAILLES_MINIMUM: Final = 3
UNITES: Final = {"%": "points", "": "valeur"}


def carte_des_ecarts(base: Base, releve: Releve, voulu: str = "") -> Montre:
    """Montrer la carte d'un indicateur ; sans code, de celui dont le plus d'écarts sont établis, s'il y en a un."""
    code = definition_de(voulu).code if voulu else _le_plus_etabli(releve)
    mailles = [e for e in releve.mailles.get(code, []) if not math.isnan(e.ecart)]
    if len(mailles) < MAILLES_MINIMUM:
        if voulu:
            raise DonneeAbsente(DITS["sans_maille"].format(code=voulu))
        return Montre([], texte=DITS["sans_carte"])
    try:
        carte = _carte(base, releve, code)
    except (CarteImpossible, TerritoireInconnu) as refus:
        if voulu:
            raise
        # Sans la liste des territoires, l'évolution se calcule encore, mais rien ne dit où elle est.
        dite = DITS["sans_territoires"] if isinstance(refus, TerritoireInconnu) else str(refus)
        return Montre([Note(dite, "precision")])
    etablis = sum(e.verdict in ETABLIS for e in mailles)
    lire = DITS["lire_la_carte"].format(etablis=etablis, mailles=len(mailles))
    blocs: list[Bloc] = [
        Image(adresse(en_png(carte)), carte.texte_alternatif(), carte.titre),
        Note(lire, "precision"),
    ]
    return Montre(blocs, texte=carte.titre)


def _le_plus_etabli(releve: Releve) -> str:
    """Choisir l'indicateur dont le plus de mailles ont changé ; aucun, quand la carte ne montrerait que du hasard."""

    def etablis(code: str) -> int:
        return sum(e.verdict in ETABLIS for e in releve.mailles[code])

    candidats = [c for c in releve.mailles if definition_de(c).nature != "effectif"]
    choisi = max(candidats, key=etablis, default="")
    return choisi if choisi and etablis(choisi) else ""


def _carte(base: Base, releve: Releve, code: str) -> CarteThematique:
    definition, mailles = definition_de(code), releve.mailles[code]
    demande = Demande(releve.sujet.code)
    fonds = Fonds(base, Diagnostic(demande, Diagnostiqueur(base, demande).ensembles(), []))
    territoires = _reunies(fonds.de("mailles"), mailles)
    return CarteThematique(
        code=code,
        titre=DITS["titre_de_carte"].format(libelle=definition.libelle, de=releve.de, a=releve.a),
        sous_titre=DITS["sous_titre_de_carte"].format(
            unite=UNITES.get(definition.unite) or unite_d_ecart(definition, releve.a)
        ),
        territoires=territoires,
        nature="indice",
        unite="",
        decimales=definition.decimales,
        source=source(mailles[0].source).titre_court,
        date=f"{releve.de} et {releve.a}",
        geographie=fonds.geographie,
        reference=Reference(DITS["sans_changement"], 0.0),
    )


def _reunies(contours: gpd.GeoDataFrame, mailles: list[Evolution]) -> gpd.GeoDataFrame:
    """Réunir les contours des mailles que l'évolution a réunies."""
    groupe_de = {code: e for e in mailles for code in (*e.codes_a, *e.codes_de)}
    dedans = contours[contours["code"].isin(groupe_de)]
    fondus = (
        dedans.assign(code=[groupe_de[c].code for c in dedans["code"]])[["code", "geometry"]]
        .dissolve("code")
        .reset_index()
    )
    siennes = {e.code: e for e in mailles}
    lues = [siennes[c] for c in fondus["code"]]
    return fondus.assign(
        nom=[e.nom for e in lues],
        valeur=[e.ecart for e in lues],
        statut=[Statut.INDISPONIBLE.value if math.isnan(e.ecart) else Statut.CALCULE.value for e in lues],
        fiabilite=[_fiabilite(e).value for e in lues],
        raison=[e.raison for e in lues],
    )


def _fiabilite(evolution: Evolution) -> Fiabilite:
    """Hachurer un écart que la précision ne permet pas d'établir."""
    return Fiabilite.FRAGILE if evolution.verdict == Verdict.NON_SIGNIFICATIF else Fiabilite.NON_EVALUEE
