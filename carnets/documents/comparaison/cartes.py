"""Les petites cartes d'une intercommunalité : mêmes classes quand c'est honnête, et la décision écrite."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from abs.indicateurs.indicateurs import indicateur, indicateurs
from abs.intercommunal.plan import plan
from cartes.classes import bornes_communes
from cartes.fonds import carte
from donnees_insee.erreurs import CarteImpossible

if TYPE_CHECKING:
    from collections.abc import Sequence

    from abs.blocs.blocs import DemandeDeCarte
    from cartes.carte import CarteThematique
    from cartes.fonds import Fonds


@dataclass(frozen=True)
class PetitesCartes:
    """Les petites cartes et ce qu'il faut savoir pour les lire."""

    cartes: dict[str, CarteThematique]
    notes: tuple[str, ...]


def petites_cartes(fonds: Fonds, demandes: Sequence[DemandeDeCarte]) -> PetitesCartes:
    """Dresser les petites cartes demandées."""
    dressees: dict[str, CarteThematique] = {}
    notes: list[str] = []
    for demande in demandes:
        try:
            dressees[demande.indicateur] = assez_larges(_courte(carte(fonds, demande)))
        except CarteImpossible as cause:
            notes.append(str(cause))
    if not dressees:
        return PetitesCartes({}, tuple(dict.fromkeys(notes)))
    partagees, mots = partager_les_classes(dressees)
    return PetitesCartes(partagees, (*mots, *contours_manquants(fonds), *dict.fromkeys(notes)))


def _courte(dressee: CarteThematique) -> CarteThematique:
    """Nommer la référence d'un mot : le nom de l'intercommunalité est déjà celui du document."""
    if dressee.reference is None:
        return dressee
    return replace(dressee, reference=replace(dressee.reference, libelle="Intercommunalité"))


def assez_larges(dressee: CarteThematique) -> CarteThematique:
    """Réunir les classes plus étroites que le seuil pratique d'un rapport compté en dixièmes."""
    definition = indicateur(dressee.code) if dressee.code in indicateurs() else None
    if definition is None or definition.nature != "indice" or not 0 < definition.seuil_pratique <= 1:
        return dressee
    if not dressee.en_classes or dressee.valides.empty:
        return dressee
    classes, pas = dressee.discretisation, definition.seuil_pratique
    basse, haute = classes.bornes[0], classes.bornes[-1]
    gardees = [] if classes.reference is None else [b for b in classes.bornes if b == classes.reference]
    for borne in classes.bornes[1:-1]:
        if all(round(abs(borne - autre), 9) >= pas for autre in gardees):
            gardees.append(borne)
    # Les extrêmes s'écartent plutôt que de laisser une première ou une dernière classe trop étroite.
    interieures = sorted(b for b in gardees if basse < b < haute)
    if interieures:
        basse, haute = min(basse, interieures[0] - pas), max(haute, interieures[-1] + pas)
    limites = tuple(round(b, dressee.decimales) for b in (basse, *interieures, haute))
    return dressee if limites[0] == limites[-1] else replace(dressee, bornes=limites)


def partager_les_classes(
    dressees: dict[str, CarteThematique],
) -> tuple[dict[str, CarteThematique], list[str]]:
    """Donner les mêmes classes aux cartes d'une même famille, si chacune en garde assez d'occupées."""
    rendues, mots = dict(dressees), []
    minimum = plan()["cartes"]["occupees_minimum"]
    for famille in plan()["cartes"]["familles"]:
        siennes = [c for c in famille["indicateurs"] if c in dressees]
        if len(siennes) < 2:
            continue
        decimales = min(dressees[c].decimales for c in siennes)
        bornes = bornes_communes([list(dressees[c].valides["valeur"]) for c in siennes], decimales=decimales)
        essais = {c: replace(dressees[c], bornes=bornes, decimales=decimales) for c in siennes}
        titres = " ; ".join(dressees[c].sous_titre for c in siennes)
        if all(sum(n > 0 for n in e.discretisation.effectifs) >= minimum for e in essais.values()):
            rendues |= essais
            mots.append(
                f"Mêmes classes, les cartes se comparent entre elles ({famille['libelle']}) : {titres}."
            )
        else:
            mots.append(
                f"Classes propres à chaque carte ({famille['libelle']}) : {titres}. Des classes communes laisseraient l'une "
                f"d'elles presque d'une seule couleur (moins de {minimum} classes occupées)."
            )
    # « Les autres » n'a de sens que si une famille partage ses classes.
    autres = "Les autres cartes" if any(m.startswith("Mêmes") for m in mots) else "Les cartes"
    mots.append(
        f"{autres} ont chacune leurs classes, écrites sous la carte : une même couleur n'y dit pas la même valeur. "
        "Le chiffre de l'intercommunalité (▸) est une limite de classe quand il est dans l'étendue."
    )
    return rendues, mots


def contours_manquants(fonds: Fonds) -> list[str]:
    """Dire quelles communes n'ont pas de contour, et d'où viennent ceux des autres."""
    mailles = fonds.diagnostic.ensembles.mailles
    tenues = set() if fonds.communes is None else set(fonds.communes["code"])
    absentes = [t.nom for t in mailles if t.code not in tenues]
    origine = (
        "Le contour d'une commune est la réunion des contours de ses IRIS que contient la base"
        if fonds.contours_des_communes.des_iris
        else "Les contours sont ceux de la couche de communes que contient la base"
    )
    mots = [f"{origine} (géographie : {fonds.geographie})."]
    if absentes:
        mots.append(f"Sans contour, donc absentes des cartes : {', '.join(absentes)}.")
    return mots


def texte_de_remplacement(cartes: Sequence[CarteThematique]) -> str:
    """Décrire la planche pour qui ne la voit pas."""
    lues = [(c, c.valides["valeur"].dropna()) for c in cartes]
    morceaux = [
        f"{c.sous_titre}, {c.date} : de {c.ecrire(valeurs.min())} à {c.ecrire(valeurs.max())}, "
        f"{len(valeurs)} communes sur {len(c.territoires)}"
        for c, valeurs in lues
    ]
    return f"Planche de {len(cartes)} petites cartes des communes. " + ". ".join(morceaux) + "."
