"""Les fichiers réels des quartiers prioritaires de 2024 : ce que chacun donne, ou pourquoi il est refusé."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import geopandas as gpd
import pytest
import shapely

from abs.portrait.portrait import composer
from abs.territoires.demande import Demande
from abs.territoires.territoires import Territoires
from donnees_insee.base.base import Base
from donnees_insee.depot.depot import Depot, deposer
from donnees_insee.geographie.appartenances import Geographie

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.reel

COUCHE = "QP2024_France_simplifie_hors_13_25_29_63.geojson"
LISTE = "listeqp2024-cog2025_reconstituee.csv"
STATISTIQUES = "demographie_qn_reconstituee.csv"
PAR_COMMUNE = "qpv_2024_par_commune.csv"
TIERS = "analyse_qpv_tiers_hors_13_25_29_63.csv"
# Deux communes, Gentilly et Le Kremlin-Bicêtre.
A_CHEVAL = "QN09413M"


@pytest.fixture(scope="module")
def dossier(donnees_nouvelles: Path) -> Path:
    return donnees_nouvelles / "qpv_2024"


@pytest.fixture(scope="module")
def base(dossier: Path, donnees_reelles: Path, tmp_path_factory: pytest.TempPathFactory) -> Base:
    base = Base(tmp_path_factory.mktemp("qpv_2024"))
    depots = deposer(base, [donnees_reelles / "geographie" / "EPCI_2020.csv"])
    depots += deposer(base, [dossier / LISTE, dossier / COUCHE], essai=True)
    depots += deposer(base, [dossier / STATISTIQUES], millesime=2021, essai=True)
    assert {d.etat for d in depots} == {"range"}, [d.raison for d in depots]
    return base


def seul(dossier: Path, tmp_path: Path, nom: str, millesime: int | None = None) -> Depot:
    (depot,) = deposer(Base(tmp_path / "base"), [dossier / nom], millesime=millesime)
    return depot


@pytest.mark.parametrize(
    ("nom", "millesime", "attendu"),
    [
        (LISTE, None, ("qpv_liste", None, 1505)),
        (COUCHE, None, ("contours_qpv", 2024, 1502)),
        (STATISTIQUES, 2021, ("qpv_demographie_2024", 2021, 1414)),
        (PAR_COMMUNE, None, ("qpv_liste", None, 1389)),
    ],
)
def test_chaque_fichier_est_reconnu(dossier, tmp_path, nom, millesime, attendu):
    depot = seul(dossier, tmp_path, nom, millesime)
    assert depot.etat == "range", depot.raison
    assert [(lot.source, lot.millesime, lot.lignes) for lot in depot.lots] == [attendu]


def test_ce_qui_ne_dit_pas_son_annee_ou_vient_d_un_tiers_est_refuse(dossier, tmp_path):
    assert "--millesime AAAA" in seul(dossier, tmp_path, STATISTIQUES).raison
    for annee in (None, 2021):
        assert "jointure faite par un tiers" in seul(dossier, tmp_path, TIERS, annee).raison


def test_les_79_contours_invalides_sont_76_repares_et_3_sans_surface(dossier, tmp_path):
    brute = gpd.read_file(dossier / COUCHE)
    invalides = ~brute.geometry.is_valid
    plats = shapely.area(brute.geometry.to_numpy()) == 0
    assert (int(invalides.sum()), int(plats.sum())) == (79, 3)
    # Les trois sans surface sont des points répétés : ils sont invalides aussi, et 79 = 76 + 3.
    assert (plats & invalides).sum() == 3
    repares, retires = seul(dossier, tmp_path, COUCHE).lots[0].remarques
    dits = [set(r.split("(")[-1].rstrip(")").split(", ")) for r in (repares, retires)]
    assert dits == [set(brute.loc[m, "code_qp"]) for m in (invalides & ~plats, plats)]


def test_les_communes_de_la_liste_sont_celles_de_la_couche(dossier, tmp_path):
    liste, couche = (Base(tmp_path / n) for n in ("liste", "couche"))
    deposer(liste, [dossier / LISTE])
    deposer(couche, [dossier / COUCHE])
    des_codes, des_contours = (Geographie(b).qpv["communes"] for b in (liste, couche))
    communs = des_contours.index
    assert (des_codes[communs].map(set) == des_contours.map(set)).all()
    assert (des_codes.map(len) > 1).sum() == 148


def test_les_deux_etats_de_la_liste_ne_se_tiennent_pas_ensemble(dossier, tmp_path):
    base = Base(tmp_path / "base")
    premier, second = (deposer(base, [dossier / nom])[0] for nom in (COUCHE, PAR_COMMUNE))
    assert premier.etat == "range"
    assert "un autre état de la liste" in second.raison
    assert re.search(r"dans la commune 976\d\d, il porte \d+ quartiers? .*\(QN976\d\dC", second.raison)


def test_le_portrait_d_un_quartier_sur_deux_communes(base):
    portrait = composer(base, Demande(A_CHEVAL))
    communes = [t.nom for t in portrait.diagnostic.ensembles.references if t.role == "commune_du_qpv"]
    assert communes == ["Gentilly", "Le Kremlin-Bicêtre"]
    assert set(portrait.diagnostic.essais) == {LISTE, COUCHE, STATISTIQUES}
    lus = {c.indicateur for c in portrait.diagnostic.chiffres if c.a_une_valeur and c.territoire == A_CHEVAL}
    assert {"population", "indice_jeunesse", "part_menages_1_personne", "part_immigres"} <= lus


def test_une_ville_montre_ses_quartiers_de_2024(base):
    annuaire = Territoires(base)
    siens = annuaire.qpv_du(annuaire.trouver("34172"))
    assert len(siens) == 10
    assert {q.geographie for q in siens} == {2024}
