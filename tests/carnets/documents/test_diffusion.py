"""Rien d'interne ne sort : un mot et des nombres témoins sont cherchés dans chaque fichier d'un vrai portrait."""

from __future__ import annotations

import io
import json
import shutil
import sqlite3
import zipfile
from contextlib import closing
from dataclasses import replace
from typing import TYPE_CHECKING

import docx
import openpyxl
import pandas as pd
import pytest

from abs.blocs.blocs import retourner
from abs.calcul.diagnostic import diagnostiquer
from abs.portrait.document import DocumentDuPortrait
from abs.territoires.demande import Demande
from carnets.commande.sources import sources_lettre, sources_modele
from carnets.documents.csv_long import ecrire_csv
from carnets.documents.preuve.preuve import contenu_du_recu
from carnets.documents.rendu import rendre_blocs
from carnets.documents.tableur.tableur import ecrire_xlsx
from carnets.moteur import Production, nom_du_dossier, produire
from donnees_insee.base.base import Base, lignes_recues
from donnees_insee.catalogue.modeles_recus import modeles
from donnees_insee.depot.depot import deposer
from donnees_insee.erreurs import IndicateurInconnu, SortieImpossible

if TYPE_CHECKING:
    from pathlib import Path

ENTETE = "territoire;date;indicateur;numerateur;denominateur;producteur;diffusion;seuil;libelle;theme\n"
# Des témoins qu'aucun autre chiffre ne peut imiter.
HAUT, BAS = 79198371, 486113579
TEMOINS = ("zébulon", "zebulon", str(HAUT), str(BAS), "16.29215", "16,29215")
LIGNES = (
    f"99003;2025;Indicateur zébulon;{HAUT};{BAS};Zébulon et fils;interne;5;;emploi",
    f"990030101;2025;Indicateur zébulon;{HAUT};{BAS};Zébulon et fils;interne;5;;emploi",
    f"99003;2025;retard_3e;{HAUT};{BAS};Zébulon et fils;interne;5;;",
    "99003;2025;domiciliations;77;;Le CCAS témoin;publique;5;;",
    "99003;2025;recours_dalo;3;;Le CCAS témoin;publique;5;;",
)


@pytest.fixture(scope="module")
def base_temoin(base_demo: Base, tmp_path_factory: pytest.TempPathFactory) -> Base:
    dossier = tmp_path_factory.mktemp("temoin")
    shutil.copytree(base_demo.dossier, dossier / "base")
    recu = dossier / "fichier_zebulon.csv"
    recu.write_text(ENTETE + "\n".join(LIGNES) + "\n", encoding="utf-8")
    base = Base(dossier / "base")
    (depot,) = deposer(base, [recu])
    assert depot.etat == "range", depot.raison
    return base


@pytest.fixture(scope="module")
def public(base_temoin: Base, tmp_path_factory: pytest.TempPathFactory) -> Production:
    return produire(
        {
            "territoire": "99003",
            "formats": "html,docx,xlsx,gpkg,csv",
            "dossier_donnees": str(base_temoin.dossier),
        },
        tmp_path_factory.mktemp("sorties"),
    )


def textes(chemin: Path) -> str:
    """Tout ce qu'un lecteur curieux trouverait dans un fichier, conteneurs ouverts."""
    if chemin.suffix in {".docx", ".xlsx"}:
        with zipfile.ZipFile(io.BytesIO(chemin.read_bytes())) as conteneur:
            noms = [n for n in conteneur.namelist() if n.endswith((".xml", ".rels"))]
            return "\n".join(conteneur.read(n).decode("utf-8") for n in noms)
    if chemin.suffix == ".gpkg":
        with closing(sqlite3.connect(chemin)) as base:
            tables = [r[0] for r in base.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
            return "\n".join(str(ligne) for t in tables for ligne in base.execute(f'SELECT * FROM "{t}"'))
    if chemin.suffix == ".parquet":
        return pd.read_parquet(chemin).to_csv()
    return chemin.read_text(encoding="utf-8")


@pytest.mark.carnet
def test_aucun_temoin_interne_dans_les_fichiers_publics(public: Production) -> None:
    lus = {f.name: textes(f) for f in public.fichiers}
    attendus = {"carnet.ipynb", "portrait.html", "portrait.docx", "tableaux.xlsx", "territoire.gpkg"}
    assert attendus | {
        "datapackage.json",
        "diagnostic.csv",
        "diagnostic.csvt",
        "diagnostic.parquet",
        "recu.json",
        "secret.csv",
        "secret.csvt",
        "empreintes.json",
    } == set(lus)
    # Des empreintes, des dates, des descriptions de colonnes seules.
    sans_temoin = {"recu.json", "empreintes.json", "datapackage.json", "diagnostic.csvt", "secret.csvt"}
    fuites = [(nom, t) for nom, texte in lus.items() for t in TEMOINS if t in texte.lower()]
    assert not fuites
    # Le même regard trouve ce qui est public : il n'est pas aveugle.
    assert [
        nom for nom, texte in lus.items() if "Le CCAS témoin" not in texte and nom not in sans_temoin
    ] == []


@pytest.mark.carnet
def test_le_chiffre_sous_le_seuil_est_secret_dans_le_parquet_et_le_portrait_le_dit(
    public: Production,
) -> None:
    table = pd.read_parquet(public.dossier / "preuve" / "diagnostic.parquet")
    lignes = table[table["indicateur"] == "recours_dalo"]
    assert lignes["statut"].tolist() == ["secret"]
    assert lignes[["valeur", "numerateur", "denominateur"]].isna().all(axis=None)
    page = (public.dossier / "portrait.html").read_text(encoding="utf-8")
    assert "est réservé, en tout ou partie, à la version interne" in page
    assert "Document interne" not in page
    assert "Source locale : Le CCAS témoin" in page


@pytest.mark.carnet
def test_la_preuve_publique_garde_l_empreinte_du_fichier_recu_et_tait_son_nom(
    public: Production, base_temoin: Base
) -> None:
    recu = json.loads((public.dossier / "preuve" / "recu.json").read_text(encoding="utf-8"))
    du_temoin = next(r for r in base_temoin.recus() if r.nom == "fichier_zebulon.csv")
    assert du_temoin.sha256 in {f["sha256"] for f in recu["fichiers_recus_de_partenaires"]}
    assert all(set(f) == {"sha256", "date"} for f in recu["fichiers_recus_de_partenaires"])


def test_la_version_interne_montre_et_avertit(base_temoin: Base, tmp_path: Path) -> None:
    diagnostic = diagnostiquer(base_temoin, Demande("99003", diffusion="interne"))
    tableur = textes(ecrire_xlsx(diagnostic, tmp_path / "t.xlsx"))
    assert "Zébulon et fils" in tableur
    assert "ne pas diffuser" in tableur
    assert str(HAUT) in textes(ecrire_csv(diagnostic, tmp_path / "d.csv"))
    recu = contenu_du_recu(diagnostic, base_temoin)
    noms = {f["nom"] for f in recu["fichiers_recus_de_partenaires"]}  # type: ignore[index, attr-defined]
    assert "fichier_zebulon.csv" in noms


def test_la_page_interne_porte_le_bandeau(base_temoin: Base) -> None:
    from abs.portrait.portrait import composer

    bandeau = "Document interne – ne pas diffuser"
    interne = composer(base_temoin, Demande("99003", diffusion="interne"))
    assert bandeau in _titre(interne)
    public = replace(interne, diagnostic=replace(interne.diagnostic, demande=Demande("99003")))
    assert bandeau not in _titre(public)


def test_la_version_interne_ne_remplace_pas_la_publique() -> None:
    noms = {nom_du_dossier("Arzance", "99001", None, d) for d in ("publique", "interne")}
    assert noms == {"portrait-arzance-99001-dernier", "portrait-arzance-99001-dernier-interne"}


# -- modèles à remplir et lettre ---------------------------------------------------------------


@pytest.fixture
def dans(tmp_path: Path, base_demo: Base, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("ABS_DONNEES", str(base_demo.dossier))
    return tmp_path


@pytest.mark.parametrize("extension", ["csv", "xlsx"])
def test_un_modele_rempli_se_depose_tel_quel(dans: Path, extension: str) -> None:
    chemin = dans / f"caf.{extension}"
    sources_modele("allocataires_bas_revenus", chemin, "99001", liste=False)
    if extension == "xlsx":
        livre = openpyxl.load_workbook(chemin)
        assert livre.sheetnames == ["Lisez-moi", "Données"]
        feuille = livre["Données"]
        assert feuille.max_row == 24
        for colonne, valeur in ((2, "2024-12-31"), (4, 100), (5, 400), (6, "Caf")):
            feuille.cell(2, colonne).value = valeur
        livre.save(chemin)
    else:
        lignes = chemin.read_text(encoding="utf-8-sig").splitlines()
        assert len(lignes) == 24
        lignes[1] = "99001;2024-12-31;allocataires_bas_revenus;100;400;Caf;publique;5;Arzance-la-Ville"
        chemin.write_text("\n".join(lignes), encoding="utf-8-sig")
    base = Base(dans / "base")
    (depot,) = deposer(base, [chemin])
    assert depot.etat == "range", depot.raison
    (ligne,) = lignes_recues(base).to_dict("records")
    assert (ligne["code"], ligne["NUMERATEUR"], ligne["SEUIL"]) == ("99001", 100, 5)


def test_le_fichier_vide_garde_son_appel_d_avant(dans: Path, capsys: pytest.CaptureFixture[str]) -> None:
    sources_modele("", None, "", liste=False)
    sources_modele("autre.csv", None, "", liste=False)
    assert {f.name for f in dans.glob("*.csv")} == {"source_locale.csv", "autre.csv"}
    with pytest.raises(SortieImpossible, match="existe déjà"):
        sources_modele("autre.csv", None, "", liste=False)
    with pytest.raises(IndicateurInconnu, match="retard_3e"):
        sources_modele("retard_en_3e", None, "", liste=False)
    sources_modele("", None, "", liste=True)
    assert "allocataires_bas_revenus" in capsys.readouterr().out


@pytest.mark.parametrize("code", modeles())
def test_chaque_modele_a_sa_lettre(dans: Path, code: str) -> None:
    sources_lettre(code, "", dans / f"{code}.txt")
    texte = (dans / f"{code}.txt").read_text(encoding="utf-8-sig")
    for mots in (modeles()[code].a_qui, modeles()[code].numerateur, "R.123-1", "[commune]", "[durée]", code):
        assert mots in texte
    assert "{" not in texte


def test_la_lettre_word_nomme_le_territoire_et_porte_le_tableau_des_donnees(dans: Path) -> None:
    sources_lettre("allocataires_bas_revenus", "99001", None)
    document = docx.Document(str(dans / "lettre-allocataires_bas_revenus-99001.docx"))
    texte = "\n".join(p.text for p in document.paragraphs)
    assert "Arzance-la-Ville et ses 22 IRIS" in texte
    assert "[commune]" not in texte
    assert [r.cells[0].text for r in document.tables[0].rows][1:4] == ["territoire", "date", "indicateur"]


def _titre(portrait):
    return rendre_blocs(retourner(DocumentDuPortrait(portrait).titre("1er janvier 2027")))
