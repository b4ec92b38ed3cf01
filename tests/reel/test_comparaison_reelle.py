"""La comparaison intercommunale de Montpellier sur les fichiers réels, refaite depuis les fichiers bruts."""

import pandas as pd
import pytest

from abs.calcul.diagnostic import Diagnostiqueur
from abs.intercommunal.comparaison import comparer_l_intercommunalite
from abs.territoires.demande import Demande

pytestmark = pytest.mark.reel

METROPOLE = "243400017"
COLONNES = {
    "niveau_vie_median": "Q216",
    "premier_decile": "D116",
    "part_minima_sociaux": "PPMINI16",
    "part_prestations_sociales": "PPSOC16",
    "rapport_interdecile": "RD",
}


@pytest.fixture(scope="module")
def metropole(base_reelle):
    return comparer_l_intercommunalite(base_reelle, Demande(METROPOLE, millesime=2016))


def lire_le_brut(donnees_reelles, niveau):
    chemin = donnees_reelles / "filosofi" / f"FILO2016_DISP_{niveau}.csv"
    return pd.read_csv(chemin, sep=";", dtype=str, encoding="utf-8-sig").set_index("CODGEO")


def nombre(texte):
    return float(texte.replace(",", "."))


def test_les_trente_et_une_communes_sont_la(metropole):
    assert len(metropole.diagnostic.ensembles.mailles) == 31
    assert metropole.centre.centre.nom == "Montpellier"
    assert len(metropole.fiches) == 31


@pytest.mark.parametrize(("code", "colonne"), COLONNES.items())
def test_le_tableau_est_celui_du_fichier_brut(metropole, donnees_reelles, code, colonne):
    """Chaque commune, et l'intercommunalité, ont la valeur du fichier publié ; une cellule vide n'est jamais un zéro."""
    diagnostic = metropole.diagnostic
    for niveau, territoires in (
        ("COM", diagnostic.ensembles.mailles),
        ("EPCI", (diagnostic.ensembles.sujet,)),
    ):
        brut = lire_le_brut(donnees_reelles, niveau)[colonne]
        for t in territoires:
            chiffre = diagnostic.chiffre(t, code, "mailles")
            if pd.isna(brut[t.code]):
                assert not chiffre.a_une_valeur, (t.nom, code)
            else:
                assert chiffre.valeur == pytest.approx(nombre(brut[t.code])), (t.nom, code)
                assert chiffre.millesime == 2016


@pytest.mark.parametrize("code", ["34172", "34057", "34022", "34327"])
def test_les_chiffres_sont_ceux_des_portraits_seuls(base_reelle, metropole, code):
    seul = Diagnostiqueur(base_reelle, Demande(code, millesime=2016)).assembler()
    commune = next(t for t in metropole.diagnostic.ensembles.mailles if t.code == code)
    compares = 0
    for indicateur in metropole.classements:
        ici = metropole.diagnostic.chiffre(commune, indicateur, "mailles")
        la = seul.chiffre(seul.ensembles.sujet, indicateur)
        if ici is None or la is None or (ici.millesime, ici.source) != (la.millesime, la.source):
            continue
        compares += ici.a_une_valeur
        assert (ici.statut, ici.definition) == (la.statut, la.definition), indicateur
        assert ici.valeur == pytest.approx(la.valeur, nan_ok=True), indicateur
    assert compares >= 15


def test_les_rangs_respectent_le_fichier_brut(metropole, donnees_reelles):
    """La place de chaque commune dans le fichier brut est dans la fourchette écrite."""
    brut = lire_le_brut(donnees_reelles, "COM")["Q216"]
    codes = [t.code for t in metropole.diagnostic.ensembles.mailles]
    ordre = sorted(codes, key=lambda c: -nombre(brut[c]))
    positions = metropole.classements["niveau_vie_median"].positions
    for place, code in enumerate(ordre, start=1):
        premiere, derniere = positions[code].fourchette
        assert premiere <= place <= derniere
    assert positions["34172"].fourchette == (31, 31)


def test_sans_montpellier_les_taux_sont_des_rapports_de_sommes(base_reelle):
    """Chômage de 2018 : l'intercommunalité sans Montpellier est la somme des trente autres communes."""
    recente = comparer_l_intercommunalite(
        base_reelle, Demande(METROPOLE), ["taux_chomage_rp", "part_proprietaires"]
    )
    diagnostic = recente.diagnostic
    for ligne in recente.centre.sans_elle:
        lus = [
            diagnostic.chiffre(t, ligne.indicateur.code, "mailles")
            for t in diagnostic.ensembles.mailles
            if t.code != "34172"
        ]
        rapport = 100 * sum(c.numerateur for c in lus) / sum(c.denominateur for c in lus)
        assert ligne.reste.valeur == pytest.approx(rapport)
    assert {s.indicateur.code for s in recente.centre.sans_elle} == {"taux_chomage_rp", "part_proprietaires"}
    comparables = recente.pairs[1]
    assert comparables.question.code == "emploi"
    assert len(comparables.pairs["34172"]) == 10
    assert "34172" not in {p.code for p in comparables.pairs["34172"]}


def test_les_douze_quartiers_prioritaires_sont_a_montpellier(metropole):
    assert len(metropole.diagnostic.ensembles.qpv) == 12
    part = next(p for p in metropole.centre.parts if "quartiers prioritaires" in p.libelle)
    assert part.pourcentage == pytest.approx(100)
