"""D'un texte à une table typée : marques gardées, niveaux devinés, lignes mises de côté et dites."""

from __future__ import annotations

import numpy as np
import pytest

from donnees_insee.lecture.reconnaissance import reconnaitre
from donnees_insee.lecture.tables import lire_tables
from donnees_insee.preparation.nombres import SUFFIXE_STATUT
from donnees_insee.preparation.preparation import preparer


def prepare(tmp_path, texte, nom="f_2021.csv", demande=None):
    chemin = tmp_path / nom
    chemin.write_text(texte)
    (table,) = lire_tables(chemin)
    return preparer(table, reconnaitre(table.colonnes, nom, table.titre, demande))


@pytest.mark.parametrize(
    ("ecrite", "marque"),
    [
        ("s", "s"),
        (" NS ", "ns"),
        ("Nd", "nd"),
        ("\u00a0so\u00a0", "so"),
        ("n.d.", "n.d."),
        ("///", "///"),
        ("c", "c"),
    ],
)
def test_marques(tmp_path, ecrite, marque):
    texte = f"IRIS;DISP_TP6021;DISP_MED21\n340010101;{ecrite};21340\n340010102;12,5;20000\n"
    donnees = prepare(tmp_path, texte).donnees.set_index("code")
    assert np.isnan(donnees["DISP_TP60"]["340010101"])
    assert donnees["DISP_TP60" + SUFFIXE_STATUT]["340010101"] == marque
    assert donnees["DISP_TP60"]["340010102"] == 12.5
    assert "DISP_MED" + SUFFIXE_STATUT not in donnees


def test_cellule_blanche_sans_marque(tmp_path):
    donnees = prepare(tmp_path, "IRIS;DISP_TP6021;DISP_MED21\n340010101; \u00a0;\n340010102;1;2\n").donnees
    assert list(donnees.columns) == ["code", "DISP_TP60", "DISP_MED"]
    assert donnees.iloc[0, 1:].isna().all()


def test_marques_comptees(tmp_path):
    prete = prepare(tmp_path, "IRIS;DISP_TP6021;DISP_MED21\n340010101;s;ns\n340010102;S;2\n")
    assert "marques ns : 1, s : 2" in prete.remarques


@pytest.mark.parametrize(
    ("lignes", "niveau"),
    [
        ("34172;Montpellier;1\n2A004;Ajaccio;2\n97411;Saint-Denis;3", "commune"),
        ("243400017;Montpellier Méditerranée Métropole;1", "epci"),
        ("34;Hérault;1\n2A;Corse-du-Sud;2\n974;La Réunion;3", "departement"),
        ("34;HERAULT;1\n13;Bouches-du-Rhone;2", "departement"),
        ("76;Occitanie;1\n11;Île-de-France;2", "region"),
        ("1;France métropolitaine;1", "france"),
    ],
)
def test_niveaux(tmp_path, lignes, niveau):
    prete = prepare(tmp_path, "CODGEO;LIBGEO;MED21\n" + lignes + "\n")
    assert prete.niveau == niveau
    if niveau == "france":
        assert list(prete.donnees["code"]) == ["METRO"]


def test_departements_sans_nom(tmp_path, erreur_claire):
    raison = erreur_claire(lambda: prepare(tmp_path, "CODGEO;MED21;TP6021\n34;1;2\n76;1;2\n"))
    assert "LIBGEO" in raison


@pytest.mark.parametrize("ensemble", ["Ensemble", "ENSEMBLE", "00"])
def test_ligne_d_ensemble(tmp_path, ensemble):
    texte = f"CODGEO;LIBGEO;LIB_COM;POP_MUN;TX_TOT_0A24\n{ensemble};France;;5 000 000;40\nQP034001;Mosson;Montpellier;1;2\n"
    prete = prepare(tmp_path, texte)
    assert list(prete.donnees["code"]) == ["QP034001"]
    assert "1 ligne d'ensemble mise de côté" in prete.remarques


def test_populations_legales_plus_recente_annee(tmp_path):
    lignes = [f"340{i:02d},2022,{100 + i}" for i in range(20)] + ["97601,2017,9"]
    texte = "com_code,popref_annee,popref_mun\n" + "\n".join(lignes) + "\n"
    prete = prepare(tmp_path, texte, "t-popref-com.csv")
    assert prete.millesime == 2022
    assert len(prete.donnees) == 20
    assert "1 ligne(s) d'une autre année mises de côté" in prete.remarques


def test_populations_legales_sans_annee(tmp_path, erreur_claire):
    texte = "com_code,popref_annee,popref_mun\n34001,inconnue,5\n"
    assert "POPREF_ANNEE" in erreur_claire(lambda: prepare(tmp_path, texte, "t-popref-com.csv"))


LOCALE = "territoire;date;indicateur;numerateur;denominateur;producteur;diffusion;seuil\n"


def test_source_locale_plusieurs_indicateurs_par_territoire(tmp_path):
    prete = prepare(
        tmp_path,
        LOCALE
        + "34172;2023;menages_aides_facultatives;12;100;CCAS;interne;5\n"
        + "34172;2023;beneficiaires_apa_domicile;7;90;CD34;publique;5\n",
    )
    assert (prete.niveau, prete.millesime) == ("local", None)
    assert list(prete.donnees["NUMERATEUR"]) == [12, 7]


def test_source_locale_ligne_repetee(tmp_path, erreur_claire):
    ligne = "34172;2023;menages_aides_facultatives;12;100;CCAS;interne;5\n"
    assert "par date et par indicateur" in erreur_claire(lambda: prepare(tmp_path, LOCALE + ligne + ligne))


@pytest.mark.parametrize("diffusion", ["", "confidentiel", "oui"])
def test_source_locale_sans_diffusion(tmp_path, erreur_claire, diffusion):
    ligne = f"34172;2023;menages_aides_facultatives;12;100;CCAS;{diffusion};5\n"
    raison = erreur_claire(lambda: prepare(tmp_path, LOCALE + ligne))
    assert "« interne » ou « publique »" in raison


def test_codes_de_qpv(tmp_path, erreur_claire):
    tete = "CODGEO;LIBGEO;LIB_COM;POP_MUN;TX_TOT_0A24\n"
    bons = "QP02A001;a;b;1;2\nQN00101M;a;b;1;2\nQP972001;a;b;1;2\n"
    assert len(prepare(tmp_path, tete + bons).donnees) == 3
    assert "huit caractères" in erreur_claire(lambda: prepare(tmp_path, tete + "QP34001;a;b;1;2\n"))
