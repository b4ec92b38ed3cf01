"""Les fichiers publiés : reconnus, comptés par un second chemin, relus cellule à cellule."""

from __future__ import annotations

import csv
import io
import random
from collections import Counter
from typing import TYPE_CHECKING, NamedTuple

import pytest

from donnees_insee.catalogue.tables import marques
from donnees_insee.depot.depot import deposer

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.reel


class Attendu(NamedTuple):
    fichier: str
    source: str
    millesime: int
    niveau: str
    cle: str


TABLES = [
    Attendu("recensement/base-ic-activite-residents-2010_75.csv", "rp_activite", 2010, "iris", "IRIS"),
    Attendu("recensement/base-ic-activite-residents-2015_75.csv", "rp_activite", 2015, "iris", "IRIS"),
    Attendu("recensement/base-ic-activite-residents-2016_75_92.csv", "rp_activite", 2016, "iris", "IRIS"),
    Attendu("recensement/base-ic-diplomes-formation-2010_75.csv", "rp_diplomes", 2010, "iris", "IRIS"),
    Attendu("recensement/base-ic-diplomes-formation-2015_75.csv", "rp_diplomes", 2015, "iris", "IRIS"),
    Attendu("recensement/base-ic-evol-struct-pop-2016_extrait.csv", "rp_population", 2016, "iris", "IRIS"),
    Attendu(
        "recensement/base-ic-couples-familles-menages-2016_extrait.csv", "rp_menages", 2016, "iris", "IRIS"
    ),
    Attendu("recensement/base-ic-logement-2016_extrait.csv", "rp_logement", 2016, "iris", "IRIS"),
    Attendu("filosofi/BASE_TD_FILO_DISP_IRIS_2016.csv", "filosofi", 2016, "iris", "IRIS"),
    Attendu("filosofi/BASE_TD_FILO_DISP_IRIS_2018.csv", "filosofi", 2018, "iris", "IRIS"),
    Attendu("filosofi/BASE_TD_FILO_DISP_IRIS_2019_export_tableur.csv", "filosofi", 2019, "iris", "IRIS"),
    Attendu("filosofi/BASE_TD_FILO_IRIS_2021_DISP.csv", "filosofi", 2021, "iris", "IRIS"),
    Attendu("filosofi/BASE_TD_FILO_IRIS_2021_DEC.csv", "filosofi_declare", 2021, "iris", "IRIS"),
    *[
        Attendu(f"filosofi/FILO{annee}_DISP_{ecrit}.csv", "filosofi", annee, niveau, "CODGEO")
        for annee in (2016, 2018)
        for ecrit, niveau in (("COM", "commune"), ("EPCI", "epci"), ("DEP", "departement"), ("REG", "region"))
    ],
    Attendu("filosofi/FILO2016_DISP_METROPOLE.csv", "filosofi", 2016, "france", "CODGEO"),
    Attendu("filosofi/FILO2018_DISP_METROPOLE.csv", "filosofi", 2018, "france", "CODGEO"),
    Attendu("filosofi/cc_filosofi_2021_COM.csv", "filosofi", 2021, "commune", "CODGEO"),
    *[Attendu(f"caf/data_CAF_{a}_IRIS.csv", "caf", a, "iris", "CODGEO") for a in (2016, 2018, 2020)],
    Attendu("qpv/DEMO_2019.csv", "qpv_demographie", 2019, "qpv", "CODGEO"),
    Attendu("qpv/data_DEMO_2020_V1_QP.csv", "qpv_demographie", 2020, "qpv", "CODGEO"),
    Attendu("qpv/data_DEMO_2021_V1_QP.csv", "qpv_demographie", 2021, "qpv", "CODGEO"),
    Attendu("qpv/IPRO_2022.csv", "qpv_emploi", 2022, "qpv", "CODGEO"),
    Attendu("qpv/REVN_2022.csv", "qpv_revenus", 2022, "qpv", "CODGEO"),
    Attendu("qpv/data_filo18_qp_revdis.csv", "qpv_filosofi", 2018, "qpv", "CODGEO"),
]
# (fichier, source, millésime, niveau, lignes) : les classeurs, comptés à la main dans un tableur.
CLASSEURS = [
    ("base-ic-activite-residents-2016-com-cIA.xls", "rp_activite", 2016, "iris", 16),
    ("base-ic-couples-familles-menages-2016-com.xls", "rp_menages", 2016, "iris", 16),
    ("base-ic-evol-struct-pop-2016-com.xls", "rp_population", 2016, "iris", 16),
    ("base-ic-evol-struct-pop-2016-com-cIA.xls", "rp_population", 2016, "iris", 16),
    ("base-ic-logement-2016-com.xls", "rp_logement", 2016, "iris", 16),
    ("BASE_TD_FILO_DEC_IRIS_2020.xlsx", "filosofi_declare", 2020, "iris", 16025),
    ("base_cc_comparateur_csv.zip", "comparateur", 2018, "commune", 35010),
]
ENSEMBLES = {"ENSEMBLE", "00"}


def lignes_brutes(chemin: Path) -> list[dict[str, str]]:
    """Relire un fichier avec le seul module csv de Python."""
    octets = chemin.read_bytes()
    try:
        texte = octets.decode("utf-8-sig")
    except UnicodeDecodeError:
        texte = octets.decode("cp1252")
    entete = texte.split("\n", 1)[0]
    separateur = ";" if entete.count(";") >= entete.count(",") else ","
    return list(csv.DictReader(io.StringIO(texte), delimiter=separateur))


def donnees(chemin: Path, cle: str) -> list[dict[str, str]]:
    return [x for x in lignes_brutes(chemin) if x[cle].strip() and x[cle].strip().upper() not in ENSEMBLES]


def le_recu(depots, nom: str):
    trouves = [d for d in depots[1] if d.nom.split(" → ")[0] == nom]
    assert len(trouves) == 1
    assert trouves[0].etat == "range", trouves[0].raison
    return trouves[0]


def courant(attendu: Attendu) -> str:
    return attendu.fichier.split("/")[1]


@pytest.mark.parametrize("attendu", TABLES, ids=courant)
def test_reconnu_et_compte(depots_reels, donnees_reelles, attendu):
    (lot,) = le_recu(depots_reels, courant(attendu)).lots
    assert (lot.source, lot.millesime, lot.niveau) == attendu[1:4]
    assert lot.lignes == len(donnees(donnees_reelles / attendu.fichier, attendu.cle))


@pytest.mark.parametrize("attendu", CLASSEURS, ids=lambda a: a[0])
def test_classeurs_et_archives(depots_reels, attendu):
    (lot,) = le_recu(depots_reels, attendu[0]).lots
    assert (lot.source, lot.millesime, lot.niveau, lot.lignes) == attendu[1:]


@pytest.mark.parametrize("attendu", TABLES, ids=courant)
def test_marques_comptees_comme_dans_le_fichier(depots_reels, donnees_reelles, attendu):
    (lot,) = le_recu(depots_reels, courant(attendu)).lots
    # Les drapeaux (NOTE, INCERT) et les noms restent du texte : une marque y garde sa lettre.
    textes = {"LIBGEO", "LIBIRIS", "LIBCOM", "LIB_COM"}
    brutes: Counter[str] = Counter()
    for ligne in donnees(donnees_reelles / attendu.fichier, attendu.cle):
        brutes.update(
            v.strip().lower()
            for c, v in ligne.items()
            if c and v and c.strip() not in textes and "NOTE" not in c and "INCERT" not in c
        )
    attendues = {m: n for m, n in brutes.items() if m in marques()}
    dites = [r for r in lot.remarques if r.startswith("marques ")]
    lues = {
        m: int(n) for r in dites for m, n in (x.split(" : ") for x in r.removeprefix("marques ").split(", "))
    }
    assert lues == attendues


def nombre(texte: str) -> float | None:
    net = "".join(c for c in texte if not c.isspace()).replace(",", ".")
    try:
        return float(net)
    except ValueError:
        return None


@pytest.mark.parametrize("attendu", TABLES, ids=courant)
def test_vingt_cellules_au_hasard(base_reelle, donnees_reelles, attendu):
    from donnees_insee.catalogue.catalogue import source
    from donnees_insee.lecture.reconnaissance import traduire

    hasard = random.Random(attendu.fichier)
    lignes = donnees(donnees_reelles / attendu.fichier, attendu.cle)
    table = base_reelle.lire(attendu.source, attendu.millesime, attendu.niveau)
    colonnes = {
        nom: c.variable
        for nom in lignes[0]
        if nom and (c := traduire(source(attendu.source), nom)) is not None and c.motif.type == "nombre"
    }
    comparees = 0
    for _ in range(20):
        ligne, nom = hasard.choice(lignes), hasard.choice(sorted(colonnes))
        code = "METRO" if attendu.niveau == "france" else ligne[attendu.cle].strip()
        lue, brute = table.loc[code, colonnes[nom]], nombre(ligne[nom])
        if brute is None:
            # Vide ici ; un autre fichier de même source peut l'avoir rempli, jamais celui-ci.
            continue
        assert lue == pytest.approx(brute, rel=1e-12), (code, nom)
        comparees += 1
    assert comparees >= 1


def test_tout_est_range_et_seuls_les_carreaux_attendent_leur_annee(depots_reels):
    """Deux couches de carreaux ne disent pas leur année : refusées sans elle, rangées avec elle."""
    refuses = {d.nom: d.raison for d in depots_reels[1] if d.etat == "refuse"}
    assert set(refuses) == {"carreaux.gpkg", "carreaux_200m.gpkg"}
    assert all("--millesime AAAA" in r for r in refuses.values())
    ranges = {d.nom for d in depots_reels[1] if d.etat == "range"}
    assert set(refuses) <= ranges
    assert Counter(d.etat for d in depots_reels[1])["documentation"] == 4


def test_second_depot_ne_change_rien(base_reelle, donnees_reelles):
    def photo() -> dict[str, tuple[int, int]]:
        fichiers = (f for f in base_reelle.dossier.rglob("*") if f.is_file())
        return {str(f): (f.stat().st_size, f.stat().st_mtime_ns) for f in fichiers}

    avant = photo()
    etats = Counter(d.etat for d in deposer(base_reelle, [donnees_reelles]))
    assert photo() == avant
    assert etats["range"] == 0
    assert etats["deja_la"] >= 55


def test_les_sables_d_olonne_dans_deux_geographies(base_reelle):
    """Six IRIS dans les contours, quinze dans la liste de 2021, après la fusion de 2019."""
    from donnees_insee.geographie.appartenances import Geographie

    assert len(Geographie(base_reelle).codes_d_iris("85194", set(), 2021)) == 15


def test_montpellier(base_reelle):
    from donnees_insee.geographie.appartenances import Geographie

    geo = Geographie(base_reelle)
    vus = set(base_reelle.lire("caf", 2016, "iris", prefixes=["34172"]).index)
    assert len(vus) == 88
    assert len(geo.codes_d_iris("34172", vus, 2017)) == 88
    assert sum("34172" in c for c in geo.qpv["communes"]) >= 12
