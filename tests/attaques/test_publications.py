"""Publié une fois, retenu : un second document ne défait pas les masques du premier, et un registre perdu se dit."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import pandas as pd
import pytest
from typer.testing import CliRunner

from abs.calcul.diagnostic import diagnostiquer
from abs.territoires.demande import Demande
from carnets.commande.application import app
from carnets.documents.preuve.verification import verifier_sortie
from carnets.moteur import produire
from donnees_insee.base import publications
from donnees_insee.base.base import Base
from donnees_insee.base.publications import Publication, PublicationDepassee, RegistrePerdu
from donnees_insee.controle.export_import import exporter, importer
from donnees_insee.depot.depot import deposer
from donnees_insee.depot.journal import retirer

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.carnet
COMMUNE = "99002"
INDICATEUR = "recours_dalo"
ENTETE = "territoire;date;indicateur;numerateur;denominateur;producteur;diffusion;seuil\n"
EFFECTIFS = (51, 62, 73, 40, 3)
TOTAL = sum(EFFECTIFS)


def ligne(code: str, nombre: int, producteur: str = "CCAS") -> str:
    return f"{code};2025;recours_dalo;{nombre};;{producteur};publique;5\n"


@pytest.fixture
def base(base_demo: Base, tmp_path: Path) -> Base:
    """La démonstration, et les recours_dalo des cinq IRIS de L'Isle ; le total n'est pas encore arrivé."""
    copie = Base(shutil.copytree(base_demo.dossier, tmp_path / "donnees"))
    iris = [c for c in copie.lire("rp_population", 2022, "iris").index if c.startswith(COMMUNE)]
    lignes = "".join(ligne(c, n) for c, n in zip(iris, EFFECTIFS, strict=True))
    recu(copie, tmp_path, "iris.csv", lignes)
    return copie


def recu(base: Base, dossier: Path, nom: str, lignes: str) -> None:
    (dossier / nom).write_text(ENTETE + lignes, encoding="utf-8")
    (depot,) = deposer(base, [dossier / nom])
    assert depot.etat == "range", depot.raison


def montres(base: Base, diffusion: str = "publique") -> dict[str, float]:
    lu = diagnostiquer(base, Demande(COMMUNE, diffusion=diffusion))
    return {c.territoire: c.valeur for c in lu.chiffres if c.indicateur == INDICATEUR and c.a_une_valeur}


def ecrire(base: Base, sortie: Path, **autres: str) -> pd.DataFrame:
    demande = {"territoire": COMMUNE, "formats": "csv,html", "dossier_donnees": str(base.dossier)} | autres
    dossier = produire(demande, sortie).dossier
    table = pd.read_parquet(dossier / "preuve" / "diagnostic.parquet")
    siens = (table["indicateur"] == INDICATEUR) & table["source"].str.lower().str.startswith("ccas ·")
    return table[siens].set_index("territoire")


def test_le_total_arrive_apres_une_publication(base, tmp_path):
    premier = ecrire(base, tmp_path / "un")
    assert sorted(premier["valeur"].dropna()) == [40, 51, 62, 73]
    assert {p.numerateur for p in publications.lire(base.dossier) if p.producteur == "CCAS"} == {
        40,
        51,
        62,
        73,
    }
    recu(base, tmp_path, "total.csv", ligne(COMMUNE, TOTAL, " ccas "))
    # Sans le registre, le logiciel masquerait un IRIS de plus et montrerait le total : 229 − 51 − 62 − 73 − 40 = 3.
    second = ecrire(base, tmp_path / "deux")
    vus = set(premier["valeur"].dropna()) | set(second["valeur"].dropna())
    assert vus == {40, 51, 62, 73}
    assert second.loc[COMMUNE, "statut"] == "secret"
    assert TOTAL in montres(base, "interne").values()
    # Une troisième fois, et par la preuve : rien ne bouge.
    assert ecrire(base, tmp_path / "trois")["valeur"].equals(second["valeur"])


def test_le_meme_partenaire_ecrit_autrement_reste_un_seul_envoi(base, tmp_path):
    """Avant toute publication, le total d'un « ccas » et les IRIS du « CCAS » sont déjà un seul tableau."""
    recu(base, tmp_path, "total.csv", ligne(COMMUNE, TOTAL, " ccas "))
    vus = montres(base)
    assert TOTAL in vus.values()
    assert len(vus) == len(EFFECTIFS) + 1 - 2


def test_un_document_publie_pendant_le_rendu_arrete_celui_qui_le_trahirait(base, tmp_path):
    """Les deux ont lu la base et le registre avant que l'un ou l'autre ne publie."""
    lent = diagnostiquer(base, Demande(COMMUNE)).locales
    recu(base, tmp_path, "total.csv", ligne(COMMUNE, TOTAL))
    rapide = diagnostiquer(base, Demande(COMMUNE)).locales
    for premier, second in ((rapide, lent), (lent, rapide)):
        publications.commencer(base.dossier)
        publications.noter(base.dossier, premier.montres, premier.sus)
        publications.noter(base.dossier, premier.montres, premier.sus)
        with pytest.raises(PublicationDepassee, match="relancez"):
            publications.noter(base.dossier, second.montres, second.sus)
        assert set(publications.lire(base.dossier)) == premier.montres


def test_la_preuve_d_un_document_ancien_se_refait_encore(base, tmp_path):
    demande = {"territoire": COMMUNE, "formats": "csv,html", "dossier_donnees": str(base.dossier)}
    premier = produire(demande, tmp_path / "un").dossier
    recu(base, tmp_path, "total.csv", ligne(COMMUNE, TOTAL))
    second = produire(demande, tmp_path / "deux").dossier
    for dossier in (premier, second):
        lue = verifier_sortie(dossier, base)
        assert lue.sans_faute, lue.ensemble.ecarts


def test_retirer_le_fichier_n_efface_pas_ce_qui_a_ete_publie(base, tmp_path):
    ecrire(base, tmp_path / "un")
    retirer(base, "iris.csv")
    recu(base, tmp_path, "total.csv", ligne(COMMUNE, TOTAL))
    assert len([p for p in publications.lire(base.dossier) if p.producteur == "CCAS"]) == 4
    # Les lignes ne sont plus là, mais leurs lecteurs s'en souviennent : 229 − 226 dirait encore 3.
    assert TOTAL not in montres(base).values()
    assert TOTAL in montres(base, "interne").values()


@pytest.mark.parametrize(
    "abime", ["", "{", '{"publications-9": []}', '{"publications-1": [{"jour": 1}]}', None]
)
def test_un_registre_perdu_ou_illisible_se_dit(base, tmp_path, monkeypatch, abime):
    registre = base.dossier / "publications.json"
    registre.unlink() if abime is None else registre.write_text(abime, encoding="utf-8")
    demande = {"territoire": COMMUNE, "formats": "csv", "dossier_donnees": str(base.dossier)}
    with pytest.raises(RegistrePerdu, match="registre --neuf"):
        produire(demande, tmp_path / "s")
    assert not list((tmp_path / "s").glob("*"))
    monkeypatch.setenv("ABS_DONNEES", str(base.dossier))
    fait = CliRunner().invoke(app, ["sources", "registre", "--neuf"], catch_exceptions=False)
    assert fait.exit_code == 0
    assert publications.lire(base.dossier) == {}
    gardes = list(base.dossier.glob("publications-*.json"))
    assert len(gardes) == (abime is not None)


def test_la_version_interne_n_a_pas_besoin_du_registre(base, tmp_path):
    (base.dossier / "publications.json").unlink()
    assert 3 in ecrire(base, tmp_path / "s", diffusion="interne")["valeur"].to_list()
    assert not (base.dossier / "publications.json").exists()


def test_le_registre_voyage_et_se_reunit(base, tmp_path):
    publications.noter(
        base.dossier, [Publication("CCAS", "année 2025", "recours_dalo", "99002", 229.0, None)]
    )
    archive = exporter(base, tmp_path / "e.zip").fichier
    neuve = Base(tmp_path / "neuve")
    importer(archive, neuve)
    assert publications.lire(neuve.dossier) == publications.lire(base.dossier)
    publications.noter(neuve.dossier, [Publication("Caf", "année 2024", "recours_dalo", "99001", 12.0, None)])
    importer(archive, neuve, fusionner=True)
    assert len(publications.lire(neuve.dossier)) == len(publications.lire(base.dossier)) + 1


def test_un_depot_recu_ouvre_le_registre_sans_jamais_le_remplacer(bureau, tmp_path):
    recu(bureau.base, tmp_path, "un.csv", ligne("34172", 60))
    publications.noter(
        bureau.base.dossier, [Publication("CCAS", "année 2025", "recours_dalo", "34172", 60.0, None)]
    )
    retirer(bureau.base, "un.csv")
    recu(bureau.base, tmp_path, "un.csv", ligne("34172", 60))
    assert len(publications.lire(bureau.base.dossier)) == 1
    (bureau.base.dossier / "publications.json").unlink()
    recu(bureau.base, tmp_path, "deux.csv", ligne("34173", 60))
    with pytest.raises(RegistrePerdu):
        publications.lire(bureau.base.dossier)
