"""Un fichier lisible mais impossible n'est jamais rangé en silence : refusé, ou noté au reçu."""

from __future__ import annotations

import csv
import io
import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from donnees_insee.base.base import Base
from donnees_insee.depot.depot import deposer
from donnees_insee.depot.vraisemblance import invraisemblances

ATTAQUES = ("negatif-2016.csv", "decale-2016.csv")
REELS = (
    "base-ic-evol-struct-pop-2016_extrait.csv",
    "base-ic-logement-2016_extrait.csv",
    "base-ic-couples-familles-menages-2016_extrait.csv",
    "base-ic-activite-residents-2016_75_92.csv",
    "base-ic-diplomes-formation-2015_75.csv",
    "BASE_TD_FILO_DISP_IRIS_2016.csv",
)


@pytest.mark.reel
@pytest.mark.parametrize("nom", ATTAQUES)
def test_les_fichiers_de_l_attaque(bureau, partage, nom):
    depot = bureau.deposer(nom, (partage / "attaques" / nom).read_bytes())
    dit = depot.raison if depot.etat == "refuse" else " ".join(depot.lots[0].remarques)
    assert "290190103" in dit
    assert depot.etat == ("refuse" if nom.startswith("negatif") else "range")


def test_malgre_les_ecarts_le_fichier_est_range_et_le_recu_le_dit(bureau):
    contenu = "IRIS;COM;TYP_IRIS;P16_POP;P16_POP0002;P16_POP65P\n010040101;01004;H;100;40;120\n"
    contenu = contenu.replace(";100;", ";-100;")
    assert "--malgre-les-ecarts" in bureau.refus("population_2016.csv", contenu)
    fichier = bureau.poser("population_2016.csv", contenu)
    (depot,) = deposer(bureau.base, [fichier], malgre_les_ecarts=True)
    assert depot.etat == "range"
    (recu,) = bureau.base.recus()
    assert any("-100 au code 010040101" in r for r in recu.lots[0].remarques)


@pytest.mark.parametrize("valeur", ["-1", "1e20", "100000000001"])
def test_un_effectif_impossible(bureau, recensement, valeur):
    assert "hors de ses bornes" in bureau.refus("base_ic_2016.csv", recensement.replace("1200.5", valeur))


def test_un_fichier_de_plus_dit_ce_qui_a_beaucoup_bouge(bureau):
    """Deux colonnes échangées ont des sommes justes : seul le millésime tenu les trahit."""
    lignes = [(f"01004{n:04d}", 900 + n, 40 + n) for n in range(101, 131)]
    entete = "IRIS;COM;TYP_IRIS;P{a}_POP1529;P{a}_POP75P\n"
    contenu = "".join(f"{c};01004;H;{a};{b}\n" for c, a, b in lignes)
    bureau.deposer("population_2011.csv", entete.format(a=11) + contenu)
    echangees = bureau.deposer("population_2016.csv", "IRIS;COM;TYP_IRIS;P16_POP75P;P16_POP1529\n" + contenu)
    assert echangees.etat == "range"
    assert any("P_POP1529" in r and "à vérifier" in r for r in echangees.lots[0].remarques)


@settings(max_examples=40, deadline=None)
@given(st.lists(st.floats(0, 1000), min_size=6, max_size=6), st.floats(0.01, 0.49))
def test_l_arrondi_des_cellules_ne_rompt_aucune_identite(parties, reste):
    import pandas as pd

    noms = [f"P_POP{x}" for x in ("0014", "1529", "3044", "4559", "6074", "75P")]
    ronds = [float(round(p)) for p in parties]
    table = pd.DataFrame([dict(zip(noms, ronds, strict=True))]).assign(
        code="010040101", P_POP=float(round(sum(parties)))
    )
    assert invraisemblances("rp_population", table) == []
    fausse = table.assign(P_POP=sum(ronds) + 4 + reste)
    assert invraisemblances("rp_population", fausse)


# -- mutations de fichiers réels ---------------------------------------------------------------


def _nombre(cellule: str) -> float:
    return float(cellule.replace(",", ".") or 0)


def _muter(lignes: list[list[str]], hasard: random.Random) -> str:
    """Abîmer une table lisible : nom de la mutation, la table étant changée sur place."""
    nombres = [j for j, nom in enumerate(lignes[0]) if nom[:1] in "PC" and nom[1:3].isdigit()]
    nombres = nombres or [
        j for j, nom in enumerate(lignes[0]) if nom.startswith("DISP_") and "NOTE" not in nom
    ]
    genre = hasard.choice(["negatif", "demesure", "decale_ligne", "decale_table", "echange", "tout_petit"])
    i = hasard.randrange(1, len(lignes))
    j, k = hasard.sample(nombres, 2)
    if genre == "negatif":
        lignes[i][j] = f"-{abs(_nombre(lignes[i][j])) + 1}"
    elif genre == "demesure":
        lignes[i][j] = "1e20"
    elif genre == "decale_ligne":
        lignes[i][nombres[0] :] = ["", *lignes[i][nombres[0] : -1]]
    elif genre == "decale_table":
        for ligne in lignes[1:]:
            ligne[nombres[0] :] = ["", *ligne[nombres[0] : -1]]
    elif genre == "echange":
        lignes[0][j], lignes[0][k] = lignes[0][k], lignes[0][j]
    else:
        lignes[i][j] = str(_nombre(lignes[i][j]) * 1000 + 5000)
    return genre


@pytest.mark.reel
def test_les_mutations_de_fichiers_reels_sont_refusees_ou_dites(donnees_reelles, tmp_path, capsys):
    hasard = random.Random(11)
    comptes: dict[str, list[int]] = {}
    for nom in REELS:
        chemin = next(donnees_reelles.rglob(nom))
        texte = chemin.read_text(encoding="utf-8-sig")
        tete = texte.splitlines()[:60]
        lues = list(csv.reader(io.StringIO("\n".join(tete)), delimiter=";" if ";" in tete[0] else ","))
        for essai in range(45):
            lignes = [list(ligne) for ligne in lues]
            genre = _muter(lignes, hasard)
            fichier = tmp_path / f"{essai}" / nom
            fichier.parent.mkdir(exist_ok=True)
            with fichier.open("w", encoding="utf-8", newline="") as flux:
                csv.writer(flux, delimiter=";").writerows(lignes)
            (depot,) = deposer(Base(tmp_path / f"b{essai}-{nom}"), [fichier])
            dit = depot.etat == "refuse" or any("à vérifier" in r for r in depot.lots[0].remarques)
            comptes.setdefault(genre, [0, 0])[not dit] += 1
    with capsys.disabled():
        print("\ndites ou refusées, passées en silence :", comptes)  # noqa: T201 - le compte fait partie de la preuve
    assert all(comptes[g][1] == 0 for g in ("negatif", "demesure"))
    assert sum(t for _, t in comptes.values()) <= 0.35 * sum(map(sum, comptes.values()))
