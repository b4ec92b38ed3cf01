"""Des villes dont presque toute la population a un chiffre ont un taux : partiel, pesé, dit."""

import csv
import math

import pytest

from abs.calcul.diagnostic import Diagnostiqueur
from abs.territoires.demande import Demande

pytestmark = pytest.mark.reel
# Leurs IRIS d'habitat, seuls dans l'extrait du recensement, réunissent presque tous leurs habitants.
GRANDES_VILLES = {
    "34172": "Montpellier",
    "49007": "Angers",
    "29019": "Brest",
    "34032": "Béziers",
    "29232": "Quimper",
}


def sujet(base, code, indicateur):
    diagnostic = Diagnostiqueur(base, Demande(code, 2016)).assembler(seulement=(indicateur,))
    return diagnostic.chiffre(diagnostic.ensembles.sujet, indicateur)


@pytest.mark.parametrize("code", GRANDES_VILLES)
def test_un_taux_du_recensement_est_partiel_et_dit_sa_part(base_reelle, code):
    lu = sujet(base_reelle, code, "part_75_ans_plus")
    print(GRANDES_VILLES[code], lu.statut, lu.note)  # noqa: T201 - figure au compte rendu
    assert lu.statut == "partiel"
    assert lu.couverture >= 0.95
    assert "base recensement 2018" in lu.note


def test_le_plus_petit_effectif_d_allocataires_publie_est_cent(donnees_reelles):
    """Le plafond d'une case vide, relu dans le fichier : aucun IRIS n'y a de 1 à 99 allocataires."""
    chemin = donnees_reelles / "caf" / "data_CAF_2016_IRIS.csv"
    with chemin.open(encoding="utf-8-sig", newline="") as flux:
        lus = [
            x["A"].replace("\u202f", "").replace("\u00a0", "").replace(" ", "")
            for x in csv.DictReader(flux, delimiter=";")
        ]
    nombres = [float(x) for x in lus if x]
    assert len(nombres) > 10_000
    assert min(nombres) == 100


@pytest.mark.parametrize("code", ["67482", "49007", "85191"])
def test_un_taux_d_allocataires_est_donne_quand_presque_tous_sont_comptes(base_reelle, donnees_reelles, code):
    lu = sujet(base_reelle, code, "part_allocataires_rsa")
    assert lu.statut == "partiel"
    with (donnees_reelles / "caf" / "data_CAF_2016_IRIS.csv").open(encoding="utf-8-sig", newline="") as flux:
        lignes = [x for x in csv.DictReader(flux, delimiter=";") if x["CODGEO"].startswith(code)]

    def nombre(texte):
        propre = "".join(c for c in texte if c.isdigit())
        return float(propre) if propre else math.nan

    paires = [(nombre(x["ARSAS"]), nombre(x["A"])) for x in lignes]
    tenues = [(h, b) for h, b in paires if not math.isnan(h) and not math.isnan(b)]
    assert lu.valeur == pytest.approx(100 * sum(h for h, _ in tenues) / sum(b for _, b in tenues))
    total = sum(99.0 if math.isnan(b) else b for _, b in paires)
    assert lu.couverture == pytest.approx(sum(b for _, b in tenues) / total, abs=1e-4)
