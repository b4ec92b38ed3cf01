"""Le catalogue de Melodi : déposé, il dit les adresses et ce qui a paru ; une réponse de l'API n'est pas une couche."""

from __future__ import annotations

import io
import json
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from donnees_insee.base.base import Base
from donnees_insee.depot.depot import deposer
from donnees_insee.erreurs import DonneeAbsente, FichierIllisible, ParametreInvalide
from donnees_insee.telechargement import catalogue_melodi
from donnees_insee.telechargement.catalogue_melodi import (
    choisir_jeux,
    jeu_nomme,
    lignes_d_un_fichier,
    lignes_tenues,
    noms_du_jour,
    produit,
)
from donnees_insee.telechargement.nouveautes import nouveautes
from donnees_insee.telechargement.reception import Reglages
from donnees_insee.telechargement.registre import lire_registre
from donnees_insee.telechargement.reseau import hotes_permis
from donnees_insee.telechargement.telechargement import telecharger
from tests.donnees_insee.serveur_fautif import Page

if TYPE_CHECKING:
    from tests.donnees_insee.serveur_fautif import Serveur

SDMX = "FILOSOFI_MEASURE;GEO;GEO_OBJECT;UNIT_MEASURE;CONF_STATUS;OBS_STATUS;UNIT_MULT;TIME_PERIOD;OBS_VALUE\n"


def fichier(jeu: str, annee: str = "_2022", **autres: Any) -> dict[str, Any]:
    identifiant = f"{jeu}{annee}_CSV_FR"
    return {
        "id": identifiant,
        "format": "CSV",
        "language": "FR",
        "packageFormat": "application/zip",
        "accessURL": f"https://api.insee.fr/melodi/file/{jeu}/{identifiant}",
        "byteSize": 1000,
        "modified": "2025-06-18T10:00:00",
    } | autres


def jeu(
    nom: str, *produits: dict[str, Any], fin: int = 2022, modifie: str = "2025-06-26T00:00:00"
) -> dict[str, Any]:
    return {
        "identifier": nom,
        "title": [{"lang": "fr", "content": f"Titre de {nom}"}],
        "modified": modifie,
        "temporal": {"startPeriod": "2011-01-01T00:00:00", "endPeriod": f"{fin}-01-01T00:00:00"},
        "spatialTemporal": "2025-01-01T01:00:00",
        "numObservations": 12,
        "product": list(produits) or None,
    }


def ecrire(dossier: Path, contenu: Any, nom: str = "catalog.json") -> Path:
    chemin = dossier / nom
    chemin.write_text(json.dumps(contenu), encoding="utf-8")
    return chemin


def zip_de(**membres: str) -> bytes:
    tampon = io.BytesIO()
    with zipfile.ZipFile(tampon, "w") as archive:
        for nom, texte in membres.items():
            archive.writestr(f"{nom}.csv", texte)
    return tampon.getvalue()


@pytest.fixture
def base(tmp_path: Path) -> Base:
    return Base(tmp_path / "base")


# -- lire et garder ----------------------------------------------------------------------------


def test_un_catalogue_depose_est_garde_comme_une_source_sans_territoire(base: Base, tmp_path: Path) -> None:
    contenu = [jeu("DS_BPE", fichier("DS_BPE")), jeu("DS_SANS_FICHIER")]
    (depot,) = deposer(base, [ecrire(tmp_path, contenu)])
    assert depot.etat == "range", depot.raison
    assert [(lot.source, lot.millesime, lot.lignes) for lot in depot.lots] == [("catalogue_melodi", None, 2)]
    tenu = produit(lignes_tenues(base), jeu_nomme("DS_BPE"))
    assert tenu is not None
    assert (tenu.adresse, tenu.edition, tenu.geographie, tenu.taille, tenu.publie) == (
        "https://api.insee.fr/melodi/file/DS_BPE/DS_BPE_2022_CSV_FR",
        2022,
        "2025",
        1000,
        "2025-06-18T10:00:00",
    )


def test_le_csv_francais_zippe_est_choisi_et_son_adresse_jamais_fabriquee(tmp_path: Path) -> None:
    ailleurs = "https://api.insee.fr/melodi/file/AUTRE/NOM_A_PART"
    contenu = [
        jeu(
            "DS_FILOSOFI_CC",
            fichier(
                "DS_FILOSOFI_CC",
                id="FILOSOFI_CC_FR",
                format="XLSX",
                packageFormat=None,
                modified="2026-01-01",
            ),
            fichier("DS_FILOSOFI_CC", language="EN", modified="2026-01-01"),
            fichier("DS_FILOSOFI_CC", accessURL=ailleurs),
        )
    ]
    choisi = produit(lignes_d_un_fichier(ecrire(tmp_path, contenu)), jeu_nomme("ds_filosofi_cc"))
    assert choisi is not None
    assert choisi.adresse == ailleurs


def test_un_jeu_qui_a_change_de_nom_est_retrouve_sous_celui_du_jour(base: Base, tmp_path: Path) -> None:
    ancien = jeu("DS_RP_LOGEMENT_COMPL", fichier("DS_RP_LOGEMENT_COMPL"))
    deposer(base, [ecrire(tmp_path, [ancien])])
    assert noms_du_jour(base, ["DS_RP_LOGEMENT_COMP"]) == ["DS_RP_LOGEMENT_COMPL"]
    nouveau = jeu(
        "DS_RP_LOGEMENT_COMP",
        fichier("DS_RP_LOGEMENT_COMP", "_2023", modified="2026-06-20T00:00:00"),
        fin=2023,
        modifie="2026-06-30T00:00:00",
    )
    deposer(base, [ecrire(tmp_path, [nouveau], "catalog (1).json")])
    assert noms_du_jour(base, ["DS_RP_LOGEMENT_COMPL"]) == ["DS_RP_LOGEMENT_COMP"]


def test_un_catalogue_plus_recent_complete_l_ancien_sans_le_contredire(base: Base, tmp_path: Path) -> None:
    deposer(base, [ecrire(tmp_path, [jeu("DS_BPE", fichier("DS_BPE"))])])
    revu = jeu(
        "DS_BPE", fichier("DS_BPE", byteSize=1234, modified="2025-09-01T00:00:00"), modifie="2025-09-02"
    )
    (depot,) = deposer(base, [ecrire(tmp_path, [revu], "catalog_2.json")])
    assert depot.etat == "range", depot.raison
    tenu = produit(lignes_tenues(base), jeu_nomme("DS_BPE"))
    assert tenu is not None
    assert (tenu.taille, tenu.publie) == (1234, "2025-09-01T00:00:00")


@pytest.mark.parametrize(
    ("contenu", "dit", "faire"),
    [
        (
            {"identifier": "DS_X", "observations": [{"dimensions": {"GEO": "2025-DEP-69"}}], "paging": {}},
            "1 observation(s) du jeu DS_X",
            "abs sources telecharger DS_X --territoire DEP-69",
        ),
        ({"code": "DS_X", "range": []}, "la liste des modalités du jeu DS_X", "CSV zippé"),
        ({"identifier": "DS_X", "product": []}, "la fiche du seul jeu DS_X", "catalog.json"),
        ({"id": "CL_AGE", "codes": [1, 2]}, "une liste de codes (2)", "CSV zippé"),
        ({"message": "Aucun territoire trouvé"}, "une erreur", "code du territoire"),
        ({"url": "https://api.insee.fr/x", "corps": None, "corps_texte": "oups"}, "une erreur", "nom du jeu"),
    ],
)
def test_une_reponse_de_l_api_est_nommee_pour_ce_qu_elle_est(
    base: Base, tmp_path: Path, contenu: Any, dit: str, faire: str
) -> None:
    (depot,) = deposer(base, [ecrire(tmp_path, contenu, "reponse.json")])
    assert depot.etat == "refuse"
    assert dit in depot.raison
    assert faire in depot.raison
    assert "couche" not in depot.raison


@pytest.mark.parametrize(
    "contenu", ['[{"identifier": "DS_X", "product": "rien"}]', '[{"identifier": "DS_X", "prod']
)
def test_un_catalogue_abime_se_dit_en_une_phrase(base: Base, tmp_path: Path, contenu: str) -> None:
    (tmp_path / "catalog.json").write_text(contenu, encoding="utf-8")
    (depot,) = deposer(base, [tmp_path / "catalog.json"])
    assert depot.etat == "refuse"
    assert "Melodi" in depot.raison
    assert "imprévue" not in depot.raison


def test_un_autre_json_reste_une_couche_qui_ne_s_ouvre_pas(base: Base, tmp_path: Path) -> None:
    (depot,) = deposer(base, [ecrire(tmp_path, {"autre": "chose"}, "autre.json")])
    assert "couche géographique" in depot.raison
    with pytest.raises(FichierIllisible, match="n'est pas un catalogue de Melodi"):
        lignes_d_un_fichier(tmp_path / "autre.json")


# -- choisir -----------------------------------------------------------------------------------


def test_sans_catalogue_l_adresse_n_est_pas_inventee(base: Base) -> None:
    with pytest.raises(DonneeAbsente, match=r"catalog\.json"):
        choisir_jeux(["DS_BPE"], base)


def test_un_jeu_que_le_projet_ne_lit_pas_est_refuse(base: Base) -> None:
    with pytest.raises(ParametreInvalide, match=r"DS_EC_DECES.*savent lire.*DS_BPE"):
        choisir_jeux(["DS_EC_DECES"], base)


def test_un_millesime_que_le_catalogue_n_annonce_pas_est_dit(base: Base, tmp_path: Path) -> None:
    deposer(base, [ecrire(tmp_path, [jeu("DS_BPE", fichier("DS_BPE"))])])
    choix = choisir_jeux(["DS_BPE", "DS_RP_FAMILLE_COMP"], base, 2019)
    assert not choix.a_telecharger
    assert "n'annonce que l'édition 2022" in choix.remarques[0]
    assert "aucun fichier CSV français zippé" in choix.remarques[1]


# -- ce qui a paru -----------------------------------------------------------------------------


def etats(base: Base, chemin: Path) -> dict[str, tuple[str, str]]:
    lues = nouveautes(base, lignes_d_un_fichier(chemin))
    return {n.jeu.nom: (n.etat, n.raison) for n in lues if n.etat != "absent"}


def deposer_filosofi(base: Base, dossier: Path, valeur: int = 19870) -> int:
    """Déposer un fichier de Melodi que le projet lit ; donner sa taille."""
    texte = SDMX + f"MED_SL;34172;COM;EUR_YR;F;A;0;2021;{valeur}\n"
    octets = zip_de(DS_FILOSOFI_CC_2021_data=texte)
    chemin = dossier / "DS_FILOSOFI_CC_2021_CSV_FR.zip"
    chemin.write_bytes(octets)
    (depot,) = deposer(base, [chemin])
    assert depot.etat == "range", depot.raison
    return len(octets)


def test_ce_qui_n_a_jamais_ete_depose_et_ce_qui_est_a_jour(base: Base, tmp_path: Path) -> None:
    octets = deposer_filosofi(base, tmp_path)
    contenu = [
        jeu("DS_BPE", fichier("DS_BPE")),
        jeu("DS_FILOSOFI_CC", fichier("DS_FILOSOFI_CC", "_2021", byteSize=octets), fin=2021),
    ]
    assert etats(base, ecrire(tmp_path, contenu)) == {
        "DS_BPE": ("jamais", ""),
        "DS_FILOSOFI_CC": ("a_jour", "même taille"),
    }


def test_une_taille_ou_une_date_qui_change_est_une_revision_et_une_annee_une_edition(
    base: Base, tmp_path: Path
) -> None:
    octets = deposer_filosofi(base, tmp_path)
    nom = "DS_FILOSOFI_CC"
    plus_lourd = jeu(nom, fichier(nom, "_2021", byteSize=octets + 1), fin=2021)
    assert etats(base, ecrire(tmp_path, [plus_lourd]))[nom][0] == "revision"
    plus_tard = jeu(nom, fichier(nom, "_2021", byteSize=octets, modified="2999-01-01T00:00:00"), fin=2021)
    assert etats(base, ecrire(tmp_path, [plus_tard]))[nom] == ("revision", "publié depuis votre dépôt")
    neuf = jeu(nom, fichier(nom, "_2023", modified="2999-01-01T00:00:00"), fin=2023)
    assert etats(base, ecrire(tmp_path, [neuf]))[nom] == ("edition", "édition 2023")


# -- télécharger -------------------------------------------------------------------------------


def test_un_jeu_se_telecharge_a_l_adresse_du_catalogue_et_sa_date_est_gardee(
    base: Base, tmp_path: Path, serveur: Serveur, en_ligne: Path
) -> None:
    nom = "DS_FILOSOFI_CC"

    def publier(modifie: str, *valeurs: int) -> None:
        lignes = "".join(f"MED_SL;3417{i};COM;EUR_YR;F;A;0;2021;{v}\n" for i, v in enumerate(valeurs))
        membres = {
            f"{nom}_2021_data": SDMX + lignes,
            f"{nom}_2021_metadata": "COD_VAR;LIB_VAR;COD_MOD;LIB_MOD\nGEO;a;b;c\n",
        }
        url = serveur.poser("/melodi/file/x", Page(zip_de(**membres)))
        produits = [fichier(nom, "_2021", accessURL=url, modified=modifie)]
        chemin = ecrire(tmp_path, [jeu(nom, *produits, fin=2021, modifie=modifie)], f"catalog_{modifie}.json")
        assert deposer(base, [chemin])[0].etat == "range"

    reglages = Reglages(frozenset({serveur.hote}), dormir=lambda _: None)
    publier("2025-06-04", 19870)
    (demande,) = choisir_jeux([nom], base).a_telecharger
    (premier,) = telecharger(base, [demande], reglages)
    assert premier.etat == "range", premier.phrase
    assert base.millesimes("filosofi") == [2021]
    assert [v.publie for v in lire_registre(base.dossier)[demande.millesime.url]] == ["2025-06-04"]
    (trouvee,) = [n for n in nouveautes(base, lignes_tenues(base)) if n.jeu.nom == nom]
    assert (trouvee.etat, trouvee.raison) == ("a_jour", "même date de publication")

    publier("2025-11-26", 19870, 20000)
    (trouvee,) = [n for n in nouveautes(base, lignes_tenues(base)) if n.jeu.nom == nom]
    assert (trouvee.etat, trouvee.raison) == ("revision", "le fichier tenu avait été publié le 2025-06-04")
    (demande,) = choisir_jeux([nom], base).a_telecharger
    (second,) = telecharger(base, [demande], reglages)
    assert second.etat == "range", second.phrase
    assert "révision publiée le 2025-11-26 ; le fichier tenu l'était le 2025-06-04" in second.phrase


@pytest.mark.parametrize("adresse", ["http://api.insee.fr/melodi/file/x", "https://ailleurs.example/x"])
def test_une_adresse_du_catalogue_hors_des_hotes_admis_n_est_pas_suivie(
    base: Base, tmp_path: Path, en_ligne: Path, adresse: str
) -> None:
    deposer(base, [ecrire(tmp_path, [jeu("DS_BPE", fichier("DS_BPE", accessURL=adresse))])])
    (demande,) = choisir_jeux(["DS_BPE"], base).a_telecharger
    (resultat,) = telecharger(base, [demande], Reglages(hotes_permis(), dormir=lambda _: None))
    assert resultat.etat == "echec"
    assert "Rien n'a été pris" in resultat.phrase


def test_le_catalogue_du_jour_se_recupere_et_se_depose(
    base: Base, serveur: Serveur, en_ligne: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from dataclasses import replace

    from donnees_insee.catalogue.catalogue import source

    choisie = source("catalogue_melodi")
    octets = json.dumps([jeu("DS_BPE", fichier("DS_BPE"))]).encode()
    url = serveur.poser("/melodi/catalog/all", Page(octets, entetes={"ETag": '"c1"'}))
    (ligne,) = choisie.millesimes
    locale = replace(choisie, millesimes=(replace(ligne, url=url),))
    monkeypatch.setattr(catalogue_melodi, "source", lambda _: locale)
    reglages = Reglages(frozenset({serveur.hote}), dormir=lambda _: None)
    assert "reçu, vérifié et déposé" in catalogue_melodi.recuperer(base, reglages)
    assert produit(lignes_tenues(base), jeu_nomme("DS_BPE")) is not None
    assert "inchangé" in catalogue_melodi.recuperer(base, reglages)


# -- le catalogue réel -------------------------------------------------------------------------


@pytest.mark.reel
def test_le_catalogue_reel_donne_une_adresse_a_chaque_jeu_lu(base: Base, donnees_nouvelles: Path) -> None:
    reel = donnees_nouvelles / "melodi_api" / "catalog_all_extrait.json"
    (depot,) = deposer(base, [reel])
    assert [(lot.source, lot.lignes) for lot in depot.lots] == [("catalogue_melodi", 49)]
    trouvees = {n.jeu.nom: n for n in nouveautes(base, lignes_tenues(base))}
    assert {nom for nom, n in trouvees.items() if n.etat == "absent"} == {"DS_RP_TD_POPULATION_AGESEX_PRINC"}
    publies = {nom: n.publie for nom, n in trouvees.items() if n.publie}
    assert {p.adresse.split("/")[2] for p in publies.values()} == {"api.insee.fr"}
    assert all(p.adresse.endswith(p.id) for p in publies.values())
    naissances = publies["DS_ETAT_CIVIL_NAIS_COMMUNES"]
    assert (naissances.id, naissances.edition) == ("DS_ETAT_CIVIL_NAIS_COMMUNES_CSV_FR", 2024)
    assert publies["DS_RP_EDUCATION_PRINC"].jeu == "DS_RP_EDUCATION"
    assert publies["DS_FILOSOFI_CC"].taille == 5064436


@pytest.mark.reel
def test_chaque_reponse_enregistree_est_nommee(base: Base, donnees_nouvelles: Path) -> None:
    reponses = sorted((donnees_nouvelles / "melodi_api").glob("get_*.json"))
    depots = deposer(base, reponses)
    assert len(depots) == len(reponses) > 10
    assert {d.etat for d in depots} == {"refuse"}
    assert all("est une réponse de l'API Melodi :" in d.raison for d in depots)
