"""Les éditions QPV plus récentes que le millésime demandé sont montrées et nommées, la ville à la date connue."""

import pytest

from abs.portrait.portrait import composer
from abs.territoires.demande import Demande

pytestmark = pytest.mark.reel


@pytest.fixture(scope="module")
def chapitre(base_reelle):
    return composer(base_reelle, Demande("34172", 2016)).chapitre("qpv")


def test_chaque_edition_posterieure_est_nommee(chapitre):
    phrase = next(a for a in chapitre.avertissements if a.startswith("Aucune édition QPV de 2016"))
    for morceau in (
        "allocataires Caf (2019)",
        "insertion professionnelle (2022)",
        "par année (2018)",
        "par édition (2022)",
    ):
        assert morceau in phrase


def test_la_mediane_de_la_ville_est_lue_a_l_annee_des_revenus_des_quartiers(chapitre):
    """FILO2018_DISP_COM donne 18 480 € à Montpellier : une ligne, une date."""
    tableau = next(
        t
        for t in (*chapitre.tableaux, *chapitre.complets)
        if any("Niveau de vie médian" in e.texte for e in t.entetes)
    )
    rang = next(i for i, e in enumerate(tableau.entetes) if "Niveau de vie médian" in e.texte)
    ville = next(ligne for ligne in tableau.lignes if ligne[0].texte == "Montpellier")
    date = next(ligne for ligne in tableau.lignes if ligne[0].texte == "Date (QPV)")
    assert ville[rang].texte.replace("\u202f", " ").replace("\u00a0", " ") == "18 480 €"
    assert date[rang].texte == "revenus 2018"
