"""Aucune ligne d'un fichier reçu ne se perd en silence : tout y est, ou le fichier est refusé."""

from __future__ import annotations

import csv
import io

import pytest

from donnees_insee.erreurs import ErreurAbs
from donnees_insee.lecture.csv_recu import lire_csv

TRENTE = "".join(f"01004{i:04d};01004;H;1;{100 + i};7;3\n" for i in range(101, 131))
EN_TETE = "IRIS;COM;TYP_IRIS;LAB_IRIS;P16_POP;P16_POP0002;P16_POP65P\n"


@pytest.mark.parametrize(
    "avant",
    [
        '"Population en 2016\nsource : INSEE";;;;;;\n' + EN_TETE,
        '"Note : \n' + "ligne\n" * 12 + '";;;;;;\n' + EN_TETE,
        '"a\nb";x\n"c\nd";y\n"e\nf";z\n' + EN_TETE,
        EN_TETE.replace("P16_POP;", '"P16_POP\n";'),
        EN_TETE.replace("P16_POP;", '"P16_POP\r\n";'),
        "Population 2016, 5\" d'arrondi;;;;;;\n" + EN_TETE,
    ],
    ids=["titre", "notes", "trois titres", "nom", "nom à la Windows", "guillemet d'un titre"],
)
def test_un_retour_a_la_ligne_avant_les_donnees_ne_coute_rien(bureau, avant):
    depot = bureau.deposer("population-2016.csv", avant + TRENTE)
    assert depot.etat == "range", depot.raison
    assert len(bureau.base.lire("rp_population", 2016, "iris")) == 30


@pytest.mark.parametrize(
    ("contenu", "dit"),
    [
        (EN_TETE.replace("COM;", 'COM";') + TRENTE, "guillemet de l'en-tête"),
        (EN_TETE.replace("P16_POP65P", '"P16_POP65P') + TRENTE + '010049999;01004;H;1;1;1;1"\n', "guillemet"),
        ('"Note\n' + EN_TETE + TRENTE.replace("010040105", '010040105"', 1), "guillemet"),
        (
            EN_TETE
            + TRENTE.replace(";H;", ';"H;', 1).replace("010040104;01004;H;", '010040104;01004;H";', 1),
            "guillemet",
        ),
        (EN_TETE + TRENTE + "010049999;01004;H;1;1;1;" + "1" * 100_000_000, "ligne"),
    ],
    ids=["guillemet d'un nom", "guillemet ouvert", "titre qui avale", "cellule qui avale", "ligne de 100 Mo"],
)
def test_ce_qui_cache_des_lignes_est_refuse(bureau, contenu, dit):
    assert dit in bureau.refus("population-2016.csv", contenu)


def test_une_note_sur_deux_lignes_est_gardee(bureau):
    """Un retour à la ligne dans une cellule de texte est ordinaire : il n'est ni perdu, ni refusé."""
    contenu = EN_TETE + TRENTE.replace(";H;", ';"H\n";', 1)
    depot = bureau.deposer("population-2016.csv", contenu)
    assert depot.etat == "range", depot.raison
    assert depot.lots[0].lignes == 30


@pytest.mark.reel
@pytest.mark.parametrize("nom", ["titre-sur-deux-lignes-2016.csv", "notes-2016.csv", "entete-multiligne-2016.csv",
    "guillemet-2016.csv", "2495-titre-BPE21_table_passage.csv", "2926-titre-base-ic-logement-2016_extrait.csv",
    "2992-guillemets2-BASE_TD_FILO_DISP_IRIS_2016.csv"])  # fmt: skip
def test_les_fichiers_de_l_attaque(partage, nom):
    chemin = partage / "attaques" / nom
    if "guillemet" in nom:
        with pytest.raises(ErreurAbs, match="guillemet"):
            lire_csv(chemin)
        return
    table = lire_csv(chemin)
    texte = chemin.read_text(encoding="utf-8-sig")
    attendues = [ligne for ligne in csv.reader(io.StringIO(texte, newline=""), delimiter=";") if any(ligne)]
    en_tete = next(i for i, ligne in enumerate(attendues) if "COM" in ligne or "TYPEQU" in ligne)
    assert table.texte.num_rows == len(attendues) - en_tete - 1
