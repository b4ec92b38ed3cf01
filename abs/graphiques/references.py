"""Les références qu'un graphique trace : les plus proches d'abord, à la date et dans la définition du sujet."""

from abs.calcul.table_longue import Chiffre, Diagnostic, chiffres_de, de_meme_date
from abs.graphiques.plans import mots
from abs.territoires.territoires import Territoire


def tracees(diagnostic: Diagnostic) -> list[Territoire]:
    """Lister les références que les graphiques tracent."""
    reglages = mots("reglages")
    ordre: list[str] = reglages["references"]
    # Paris est une commune et un département : le même territoire n'est pas tracé deux fois.
    soi = set(diagnostic.ensembles.sujet.composantes)
    siennes = [
        t
        for t in diagnostic.ensembles.references
        if t.role in ordre and not (soi and set(t.composantes) == soi)
    ]
    return sorted(siennes, key=lambda t: ordre.index(t.role))[: reglages["references_maximum"]]


def autour(diagnostic: Diagnostic, code: str, chiffre: Chiffre) -> list[tuple[Territoire, Chiffre]]:
    """Donner les références chiffrées à la date du sujet, dans la même définition."""
    return [
        (t, c)
        for t, c in chiffres_de(diagnostic.lus(tracees(diagnostic), code))
        if de_meme_date(chiffre, c) and c.definition == chiffre.definition
    ]
