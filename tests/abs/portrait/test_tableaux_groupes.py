"""Le tableau des quartiers : l'étendue des médianes dit ce qui y est fragile."""

import math
from dataclasses import replace

from abs.calcul.table_longue import Chiffre, Diagnostic, Ensembles
from abs.indicateurs.indicateurs import indicateur
from abs.portrait.chapitres import quartiers
from abs.statuts import Fiabilite, Statut
from abs.territoires.demande import Demande
from abs.territoires.territoires import Territoire

MEDIANE = indicateur("niveau_vie_median")


def tableau(*medianes):
    """Un quartier de quelques IRIS, dont on donne la médiane et la fiabilité."""
    codes = [f"99001010{r}" for r in range(1, len(medianes) + 1)]
    iris = tuple(Territoire(c, "iris", f"Iris {c}", type_iris="H") for c in codes)
    groupe = Territoire("99001|Nord", "quartier", "Nord", composantes=tuple(codes))
    chiffres = [
        Chiffre(c, "iris", MEDIANE.code, "filosofi", Statut.PUBLIE, 2021, periode="revenus 2021", valeur=v,
                fiabilite=f)
        for c, (v, f) in zip(codes, medianes, strict=True)
    ]  # fmt: skip
    chiffres = [replace(c, statut=Statut.SECRET) if math.isnan(c.valeur) else c for c in chiffres]
    ensembles = Ensembles(Territoire("99001", "commune", "Arzance"), (), iris, (), (groupe,))
    diagnostic = Diagnostic(Demande("99001"), ensembles, chiffres, [], {("mailles", MEDIANE.code): 2021})
    trouve = quartiers(diagnostic, [MEDIANE])
    return trouve.lignes[0][1], trouve.notes


def lisible(texte):
    return texte.replace("\u00a0", " ").replace("\u202f", " ")


B, F = Fiabilite.BONNE, Fiabilite.FRAGILE


def test_une_borne_fragile_porte_l_asterisque_et_sa_note():
    cellule, notes = tableau((12000.0, F), (15000.0, B), (19000.0, B))
    assert lisible(cellule.texte) == "12 000 €* à 19 000 €"
    assert cellule.aide == "médianes de 3 IRIS sur 3 ; 1 fragile"
    assert [n for n in notes if n.startswith("* chiffre fragile")]


def test_une_mediane_fragile_entre_les_bornes_ne_marque_que_l_infobulle():
    cellule, notes = tableau((12000.0, B), (15000.0, F), (19000.0, B))
    assert "*" not in cellule.texte
    assert cellule.aide.endswith("1 fragile")
    assert not notes


def test_une_mediane_secrete_n_est_pas_une_borne():
    cellule, _ = tableau((12000.0, B), (math.nan, B), (19000.0, B))
    assert lisible(cellule.texte) == "12 000 € à 19 000 €"
    assert cellule.detail == "médianes de 2 IRIS sur 3"
