"""Quels territoires d'un fichier reçu en contiennent d'autres : ce que le secret doit savoir pour protéger."""

from __future__ import annotations

from abs.calcul.secret import Emboitement
from donnees_insee import codes
from donnees_insee.geographie.appartenances import Geographie


def emboitements(recus: set[str], geographie: Geographie) -> list[Emboitement]:
    """Dire lesquels des territoires reçus en contiennent d'autres."""
    intercommunalites = set(geographie.epci.index)
    iris = sorted(c for c in recus if codes.conforme(c, "iris") and c not in intercommunalites)
    etendues = _etendues(recus, geographie)
    # Du plus grand au plus petit : un contenant se décompose en ses plus grands morceaux reçus.
    ranges = sorted(etendues, key=lambda c: (-len(etendues[c]), c))
    trouves = []
    for rang, contenant in enumerate(ranges):
        couvertes: set[str] = set()
        contenus: list[str] = []
        for plus_petit in ranges[rang + 1 :]:
            siennes = etendues[plus_petit]
            if siennes < etendues[contenant] and not siennes & couvertes:
                contenus.append(plus_petit)
                couvertes |= siennes
        contenus += [i for i in iris if i[:5] in etendues[contenant] - couvertes]
        if contenus:
            trouves.append(Emboitement(contenant, tuple(contenus)))
    return trouves + _qpv_de_communes(recus, geographie)


def _etendues(recus: set[str], geographie: Geographie) -> dict[str, frozenset[str]]:
    """Donner les communes (arrondissements compris) de chaque territoire reçu plus grand qu'un IRIS."""
    table = geographie.communes
    de_ville = {c for c in table.index if codes.ville_de_l_arrondissement(str(c)) != c}
    villes = {codes.ville_de_l_arrondissement(c) for c in de_ville}
    etendues: dict[str, set[str]] = {c: {c} for c in recus if codes.conforme(c, "commune")}
    for commune, ligne in table.iterrows():
        # Une ville découpée est ses arrondissements ; eux n'ont pas toujours d'EPCI à leur nom.
        if commune in villes:
            continue
        ville = codes.ville_de_l_arrondissement(str(commune))
        repere = table.loc[ville] if ville in table.index else ligne
        ensembles = {ville, str(repere["epci"]), str(ligne["departement"]), f"R{ligne['region']}"}
        ensembles |= set() if str(commune).startswith("97") else {"METRO"}
        for ensemble in ensembles & recus:
            etendues.setdefault(ensemble, set()).add(str(commune))
    for ville in villes & set(etendues):
        etendues[ville].discard(ville)
    return {c: frozenset(e) for c, e in etendues.items() if e}


def _qpv_de_communes(recus: set[str], geographie: Geographie) -> list[Emboitement]:
    """Rattacher à leur commune les QPV reçus d'une même génération ; ils n'en couvrent qu'une partie."""
    par_generation: dict[tuple[str, str], list[str]] = {}
    for qpv in sorted(recus & set(geographie.qpv.index)):
        siennes = geographie.qpv.at[qpv, "communes"]
        if len(siennes) == 1 and siennes[0] in recus:
            par_generation.setdefault((siennes[0], qpv[:2]), []).append(qpv)
    return [Emboitement(c, tuple(q), partition=False) for (c, _), q in par_generation.items()]
