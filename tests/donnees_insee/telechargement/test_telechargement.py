"""Télécharger contre un serveur qui se conduit mal : un succès ou une phrase, jamais un dossier à moitié écrit."""

from __future__ import annotations

import io
import json
import random
import socket
import threading
import zipfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from donnees_insee.base.base import Base
from donnees_insee.catalogue.catalogue import source, sources
from donnees_insee.catalogue.tables import Millesime
from donnees_insee.demo import ARCHIVE
from donnees_insee.depot.depot import deposer, retirer
from donnees_insee.erreurs import ErreurAbs, FichierIllisible, ParametreInvalide, SortieImpossible
from donnees_insee.telechargement.choix import Demande, a_prendre_a_la_main, choisir
from donnees_insee.telechargement.reception import Reglages, recevoir
from donnees_insee.telechargement.registre import Version, lire_registre, noter, verrou
from donnees_insee.telechargement.reseau import (
    TelechargementImpossible,
    hotes_permis,
    nom_du_fichier,
    total_de_la_suite,
    verifier_adresse,
)
from donnees_insee.telechargement.telechargement import Resultat, deja_tenu, telecharger
from tests.donnees_insee.serveur_fautif import Page, Serveur

NOM = "base-ic-evol-struct-pop-2022_csv.zip"
MEMBRE = "base-ic-evol-struct-pop-2022.CSV"


def de_la_demo(nom: str) -> bytes:
    with zipfile.ZipFile(ARCHIVE) as archive:
        return archive.read(nom)


def zip_de(membres: dict[str, bytes]) -> bytes:
    tampon = io.BytesIO()
    with zipfile.ZipFile(tampon, "w", zipfile.ZIP_DEFLATED) as archive:
        for nom, contenu in membres.items():
            archive.writestr(nom, contenu)
    return tampon.getvalue()


def membre_de(octets: bytes, nom: str) -> str:
    with zipfile.ZipFile(io.BytesIO(octets)) as archive:
        return archive.read(nom).decode("utf-8")


def _petit() -> bytes:
    """Un fichier du recensement aux vraies colonnes, mais court, et lourd d'un dictionnaire pour être coupé."""
    lignes = [f"99001{i:04d};99001;H;1;{1000 + i}.5;40.25;{200 - i}" for i in range(101, 111)]
    table = "\n".join(["IRIS;COM;TYP_IRIS;LAB_IRIS;P22_POP;P22_POP0002;P22_POP65P", *lignes])
    return zip_de({MEMBRE: table.encode(), f"meta_{MEMBRE}": random.Random(7).randbytes(12_000)})


PETIT = _petit()


class Poste:
    """Un dossier de données, un serveur, et des attentes notées au lieu d'être subies."""

    def __init__(self, dossier: Path, serveur: Serveur) -> None:
        self.base = Base(dossier / "donnees")
        self.serveur = serveur
        self.attentes: list[float] = []
        self.reglages = Reglages(
            frozenset({serveur.hote}),
            tentatives=4,
            lecture=2.0,
            connexion=2.0,
            dormir=self.attentes.append,
            hasard=lambda bas, haut: (bas + haut) / 2,
        )

    def demande(
        self, url: str, *, identifiant: str = "rp_population", annee: int = 2022, membre: str = MEMBRE
    ) -> Demande:
        millesime = Millesime(
            annee, page="https://www.insee.fr/fr/statistiques/8647014", url=url, membre=membre
        )
        return Demande(source(identifiant), millesime)

    def obtenir(self, url: str, **autres: Any) -> Resultat:
        (resultat,) = telecharger(self.base, [self.demande(url, **autres)], self.reglages)
        phrase = resultat.phrase
        assert len(phrase) > 30, phrase
        for intrus in ("Traceback", "<class", "object at 0x", "None", "imprévue"):
            assert intrus not in phrase, phrase
        return resultat

    def echec(self, url: str, *, restent: set[str] = frozenset(), **autres: Any) -> str:  # type: ignore[assignment]
        """Obtenir un échec : une phrase, et des données telles qu'avant, à part ce qu'on dit."""
        avant = self.photo()
        resultat = self.obtenir(url, **autres)
        assert resultat.etat == "echec", resultat
        apres = self.photo()
        assert {f: apres[f] for f in avant} == avant
        assert {Path(f).suffix for f in set(apres) - set(avant)} == restent, set(apres)
        return resultat.phrase

    def photo(self) -> dict[str, bytes]:
        """Tous les fichiers des données, sauf le verrou, et leurs octets."""
        racine = self.base.dossier
        return {
            str(f.relative_to(racine)): f.read_bytes()
            for f in racine.rglob("*")
            if f.is_file() and f.name != ".verrou"
        }


@pytest.fixture
def poste(tmp_path: Path, serveur: Serveur, en_ligne: Path) -> Poste:
    return Poste(tmp_path, serveur)


# -- le chemin droit ---------------------------------------------------------------------------


def test_un_fichier_est_recu_verifie_depose_et_son_empreinte_notee(poste: Poste) -> None:
    octets = de_la_demo(NOM)
    url = poste.serveur.poser(f"/{NOM}", Page(octets, entetes={"ETag": '"v1"'}))
    resultat = poste.obtenir(url)
    assert resultat.etat == "range", resultat.phrase
    assert poste.base.millesimes("rp_population") == [2022]
    (recu,) = poste.base.recus()
    assert recu.depose_depuis == url
    (version,) = lire_registre(poste.base.dossier)[url]
    assert (version.sha256, version.taille, version.nom, version.etag) == (
        recu.sha256,
        len(octets),
        NOM,
        '"v1"',
    )
    copie = poste.base.dossier / "brut" / recu.sha256[:16] / NOM
    assert copie.read_bytes() == octets
    assert not [f for f in poste.photo() if f.startswith("telechargements/")]
    agent = poste.serveur.vues(f"/{NOM}")[0]["User-Agent"]
    assert agent.startswith("abs-portrait/")


def test_le_meme_contenu_n_est_pas_redepose(poste: Poste) -> None:
    url = poste.serveur.poser(f"/{NOM}", Page(PETIT, entetes={"ETag": '"v1"'}))
    poste.obtenir(url)
    avant = poste.photo()
    resultat = poste.obtenir(url)
    assert resultat.etat == "inchange"
    assert "déjà là, inchangé" in resultat.phrase
    assert poste.serveur.vues(f"/{NOM}")[-1]["If-None-Match"] == '"v1"'
    assert poste.photo() == avant


def test_sans_etiquette_l_empreinte_dit_que_rien_n_a_change(poste: Poste) -> None:
    url = poste.serveur.poser(f"/{NOM}", Page(PETIT))
    poste.obtenir(url)
    assert poste.obtenir(url).etat == "inchange"
    assert len(lire_registre(poste.base.dossier)[url]) == 1


def test_un_fichier_retire_est_repris_en_entier(poste: Poste) -> None:
    url = poste.serveur.poser(f"/{NOM}", Page(PETIT, entetes={"ETag": '"v1"'}))
    poste.obtenir(url)
    retirer(poste.base, NOM)
    assert poste.obtenir(url).etat == "range"


def test_plusieurs_fichiers_d_un_coup_et_un_echec_n_arrete_pas_les_autres(poste: Poste) -> None:
    demandes = []
    for identifiant, theme in (
        ("rp_population", "evol-struct-pop"),
        ("rp_logement", "logement"),
        ("rp_menages", "couples-familles-menages"),
        ("rp_activite", "activite-residents"),
    ):
        nom = f"base-ic-{theme}-2022_csv.zip"
        url = poste.serveur.poser(f"/{nom}", Page(de_la_demo(nom)))
        demandes.append(poste.demande(url, identifiant=identifiant, membre=f"base-ic-{theme}-2022.CSV"))
    demandes.append(poste.demande(f"https://{poste.serveur.hote}/absent.zip", identifiant="rp_diplomes"))
    annonces: list[str] = []
    resultats = telecharger(poste.base, demandes, poste.reglages, annoncer=lambda r: annonces.append(r.etat))
    assert [r.etat for r in resultats] == ["range"] * 4 + ["echec"]
    assert sorted(annonces) == ["echec", *["range"] * 4]
    assert {p.source for p in poste.base.parts()} == {d.source.id for d in demandes[:4]}


def test_une_adresse_commune_a_deux_sources_n_est_demandee_qu_une_fois(poste: Poste) -> None:
    octets = zip_de(
        {
            MEMBRE: membre_de(PETIT, MEMBRE).encode(),
            "base-ic-logement-2022.CSV": membre_de(
                de_la_demo("base-ic-logement-2022_csv.zip"), "base-ic-logement-2022.CSV"
            ).encode(),
        }
    )
    url = poste.serveur.poser("/deux.zip", Page(octets))
    demandes = [
        poste.demande(url),
        poste.demande(url, identifiant="rp_logement", membre="base-ic-logement-2022.CSV"),
    ]
    (resultat,) = telecharger(poste.base, demandes, poste.reglages)
    assert resultat.etat == "range"
    assert len(poste.serveur.vues("/deux.zip")) == 1
    assert {p.source for p in poste.base.parts()} == {"rp_population", "rp_logement"}


# -- liaisons et serveurs fautifs --------------------------------------------------------------


def test_une_coupure_est_reprise_la_ou_elle_s_est_faite(poste: Poste) -> None:
    octets = PETIT
    etag = {"ETag": '"v1"'}
    url = poste.serveur.poser(
        f"/{NOM}", Page(octets, entetes=etag, couper_apres=9000), Page(octets, entetes=etag)
    )
    assert poste.obtenir(url).etat == "range"
    suite = poste.serveur.vues(f"/{NOM}")[1]
    assert suite["Range"] == "bytes=9000-"
    assert suite["If-Range"] == '"v1"'
    assert poste.attentes == [1.0]


def test_une_coupure_est_reprise_d_une_commande_a_l_autre(poste: Poste) -> None:
    octets = PETIT
    etag = {"ETag": '"v1"'}
    url = poste.serveur.poser(f"/{NOM}", Page(octets, entetes=etag, couper_apres=0))
    poste.serveur.poser(f"/{NOM}", Page(octets, entetes=etag, couper_apres=7000), Page(statut=503))
    phrase = poste.echec(url, restent={".partiel", ".json"})
    assert "7000 octets reçus sont gardés" in phrase
    poste.serveur.poser(f"/{NOM}", Page(octets, entetes=etag))
    poste.serveur.demandes.clear()
    assert poste.obtenir(url).etat == "range"
    assert poste.serveur.vues(f"/{NOM}")[0]["Range"] == "bytes=7000-"
    assert not [f for f in poste.photo() if f.startswith("telechargements/")]


@pytest.mark.parametrize("entetes", [{}, {"ETag": 'W/"faible"'}])
def test_sans_etiquette_sure_rien_n_est_repris(poste: Poste, entetes: dict[str, str]) -> None:
    octets = PETIT
    url = poste.serveur.poser(
        f"/{NOM}", Page(octets, entetes=entetes, couper_apres=9000), Page(octets, entetes=entetes)
    )
    assert poste.obtenir(url).etat == "range"
    assert "Range" not in poste.serveur.vues(f"/{NOM}")[1]


def test_le_contenu_change_entre_deux_essais_fait_repartir_de_zero(poste: Poste) -> None:
    octets = PETIT
    autre = b"\x00" * len(octets)
    url = poste.serveur.poser(
        f"/{NOM}",
        Page(autre, entetes={"ETag": '"ancien"'}, couper_apres=9000),
        Page(octets, entetes={"ETag": '"neuf"'}),
    )
    assert poste.obtenir(url).etat == "range"
    (recu,) = poste.base.recus()
    assert (poste.base.dossier / "brut" / recu.sha256[:16] / NOM).read_bytes() == octets


def test_un_serveur_qui_ignore_la_reprise_est_repris_de_zero(poste: Poste) -> None:
    octets = PETIT
    etag = {"ETag": '"v1"'}
    url = poste.serveur.poser(
        f"/{NOM}", Page(octets, entetes=etag, couper_apres=9000), Page(octets, entetes=etag, reprise=False)
    )
    assert poste.obtenir(url).etat == "range"


def test_une_suite_qui_ne_part_pas_du_bon_octet_n_est_pas_cousue(poste: Poste) -> None:
    octets = PETIT
    etag = {"ETag": '"v1"'}
    url = poste.serveur.poser(
        f"/{NOM}",
        Page(octets, entetes=etag, couper_apres=9000),
        Page(octets, entetes=etag, reprise_mensongere=True),
        Page(octets, entetes=etag),
    )
    assert poste.obtenir(url).etat == "range"


def test_une_suite_plus_courte_qu_annoncee_n_est_pas_prise_pour_la_fin(poste: Poste) -> None:
    etag = {"ETag": '"v1"'}
    url = poste.serveur.poser(
        f"/{NOM}",
        Page(PETIT, entetes=etag, couper_apres=9000),
        Page(PETIT, entetes=etag, longueur=100),
        Page(PETIT, entetes=etag),
    )
    assert poste.obtenir(url).etat == "range"
    assert [v.get("Range") for v in poste.serveur.vues(f"/{NOM}")] == [None, "bytes=9000-", "bytes=9100-"]


@pytest.mark.parametrize(
    ("plage", "total"),
    [
        ("bytes 50-99/100", 100),
        ("bytes 0-99/100", None),
        ("bytes 50-80/100", None),
        ("bytes 50-99/*", None),
        ("", None),
    ],
)
def test_une_suite_part_du_bon_octet_et_va_au_bout(plage: str, total: int | None) -> None:
    import requests

    reponse = requests.Response()
    reponse.headers["Content-Range"] = plage
    assert total_de_la_suite(reponse, 50) == total


def test_toujours_coupe_finit_par_une_phrase_apres_tous_les_essais(poste: Poste) -> None:
    url = poste.serveur.poser(f"/{NOM}", Page(PETIT, couper_apres=100))
    phrase = poste.echec(url)
    assert "en 4 essais" in phrase
    assert "100 octets sur" in phrase
    assert len(poste.serveur.vues(f"/{NOM}")) == 4
    assert poste.attentes == [1.0, 2.0, 4.0]


def test_une_longueur_annoncee_trop_grande_est_dite(poste: Poste) -> None:
    octets = PETIT
    url = poste.serveur.poser(f"/{NOM}", Page(octets, longueur=len(octets) + 500))
    phrase = poste.echec(url)
    assert f"{len(octets)} octets sur {len(octets) + 500} annoncés" in phrase


def test_une_longueur_annoncee_trop_petite_donne_une_archive_tronquee(poste: Poste) -> None:
    octets = PETIT
    url = poste.serveur.poser(f"/{NOM}", Page(octets, longueur=len(octets) - 500))
    assert "tronquée ou abîmée" in poste.echec(url)


def test_une_panne_passagere_est_retentee_apres_l_attente_demandee(poste: Poste) -> None:
    url = poste.serveur.poser(
        f"/{NOM}",
        Page(statut=503, entetes={"Retry-After": "7"}),
        Page(statut=429, entetes={"Retry-After": "86400"}),
        Page(PETIT),
    )
    assert poste.obtenir(url).etat == "range"
    assert poste.attentes == [7.0, poste.reglages.delai_maximal]


def test_un_serveur_muet_est_abandonne(poste: Poste) -> None:
    lenteur = threading.Event()
    url = poste.serveur.poser(f"/{NOM}", Page(PETIT, lenteur=lenteur))
    poste.reglages = replace(poste.reglages, lecture=0.1, tentatives=2)
    try:
        assert "n'a pas répondu à temps" in poste.echec(url)
    finally:
        lenteur.set()


def test_un_serveur_qui_se_tait_en_route_est_repris(poste: Poste) -> None:
    silence = threading.Event()
    etag = {"ETag": '"v1"'}
    url = poste.serveur.poser(
        f"/{NOM}",
        Page(PETIT, entetes=etag, couper_apres=9000, silence=silence),
        Page(PETIT, entetes=etag),
    )
    poste.reglages = replace(poste.reglages, lecture=0.2)
    try:
        assert poste.obtenir(url).etat == "range"
    finally:
        silence.set()
    assert poste.serveur.vues(f"/{NOM}")[1]["Range"] == "bytes=9000-"


def test_un_arret_laisse_ce_qui_est_fini_et_un_debut_a_reprendre(poste: Poste) -> None:
    silence = threading.Event()
    fini = poste.serveur.poser(f"/{NOM}", Page(PETIT))
    lent = poste.serveur.poser(
        "/lent.zip", Page(PETIT, entetes={"ETag": '"v1"'}, couper_apres=9000, silence=silence)
    )
    poste.reglages = replace(poste.reglages, lecture=0.5, dormir=None)

    def arreter(_: Resultat) -> None:
        raise KeyboardInterrupt

    demandes = [poste.demande(fini), poste.demande(lent, identifiant="rp_logement", membre="")]
    try:
        with pytest.raises(KeyboardInterrupt):
            telecharger(poste.base, demandes, poste.reglages, annoncer=arreter)
    finally:
        silence.set()
    assert poste.base.millesimes("rp_population") == [2022]
    restes = [Path(f) for f in poste.photo() if f.startswith("telechargements/")]
    assert sorted(f.suffix for f in restes) == [".json", ".partiel"]
    assert len(poste.serveur.vues("/lent.zip")) == 1


def test_un_disque_plein_est_dit_et_ne_laisse_rien(poste: Poste, monkeypatch: pytest.MonkeyPatch) -> None:
    ouvrir = Path.open

    def plein(chemin: Path, *args: Any, **kwargs: Any) -> Any:
        if chemin.suffix == ".partiel":
            raise OSError(28, "No space left on device")
        return ouvrir(chemin, *args, **kwargs)

    monkeypatch.setattr(Path, "open", plein)
    url = poste.serveur.poser(f"/{NOM}", Page(PETIT, entetes={"ETag": '"v1"'}))
    assert "Vérifiez la place sur le disque" in poste.echec(url)


def test_un_fichier_disparu_donne_la_page_a_visiter(poste: Poste) -> None:
    phrase = poste.echec(f"https://{poste.serveur.hote}/parti.zip")
    assert "n'existe plus (réponse 404)" in phrase
    assert "https://www.insee.fr/fr/statistiques/8647014" in phrase
    assert len(poste.serveur.demandes) == 1


def test_un_serveur_ferme_est_dit(poste: Poste) -> None:
    with socket.socket() as libre:
        libre.bind(("127.0.0.1", 0))
        port = libre.getsockname()[1]
    poste.reglages = replace(poste.reglages, hotes=frozenset({f"127.0.0.1:{port}"}))
    assert "la connexion n'a pas abouti" in poste.echec(f"https://127.0.0.1:{port}/{NOM}")


# -- adresses, renvois, certificats, mandataire ------------------------------------------------


def test_une_chaine_de_renvois_entre_hotes_admis_est_suivie(poste: Poste) -> None:
    fin = poste.serveur.poser(f"/static/{NOM}", Page(PETIT))
    poste.serveur.poser("/milieu", Page(statut=301, entetes={"Location": fin}))
    url = poste.serveur.poser("/r/942d4ee8", Page(statut=302, entetes={"Location": "/milieu"}))
    assert poste.obtenir(url).etat == "range"
    (recu,) = poste.base.recus()
    assert recu.nom == NOM


@pytest.mark.parametrize(
    ("vers", "dit"),
    [
        ("https://exemple.invalid/vol.zip", "n'est pas au catalogue"),
        ("http://{hote}/clair.zip", "n'est pas en https"),
        ("https://moi:secret@{hote}/vol.zip", "n'est pas au catalogue"),
        ("https://localhost:1/autre-port.zip", "n'est pas au catalogue"),
    ],
)
def test_un_renvoi_ailleurs_est_refuse(poste: Poste, vers: str, dit: str) -> None:
    ou = vers.format(hote=poste.serveur.hote)
    url = poste.serveur.poser("/depart", Page(statut=302, entetes={"Location": ou}))
    phrase = poste.echec(url)
    assert dit in phrase
    assert "renvoie" in phrase
    assert [chemin for chemin, _ in poste.serveur.demandes] == ["/depart"]


def test_des_renvois_sans_fin_sont_arretes(poste: Poste) -> None:
    url = poste.serveur.poser("/rond", Page(statut=302, entetes={"Location": "/rond"}))
    assert "renvoie plus de 5 fois" in poste.echec(url)
    assert len(poste.serveur.demandes) == 6


def test_une_adresse_en_clair_n_est_jamais_demandee(poste: Poste) -> None:
    assert "n'est pas en https" in poste.echec(f"http://{poste.serveur.hote}/{NOM}")
    assert not poste.serveur.demandes


def test_les_hotes_admis_sont_ceux_du_catalogue_et_de_la_table() -> None:
    hotes = hotes_permis()
    assert {"www.insee.fr", "www.data.gouv.fr", "static.data.gouv.fr"} <= hotes
    for s in sources().values():
        for m in s.millesimes:
            if m.url:
                assert verifier_adresse(m.url, hotes) == m.url


def test_un_certificat_inconnu_est_refuse_et_la_variable_nommee(
    poste: Poste, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("REQUESTS_CA_BUNDLE")
    url = poste.serveur.poser(f"/{NOM}", Page(PETIT))
    phrase = poste.echec(url)
    assert "REQUESTS_CA_BUNDLE" in phrase
    assert "SSL_CERT_FILE" in phrase
    assert not poste.serveur.demandes


def test_le_certificat_peut_venir_de_ssl_cert_file(
    poste: Poste, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.delenv("REQUESTS_CA_BUNDLE")
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "autorite.pem"))
    url = poste.serveur.poser(f"/{NOM}", Page(PETIT))
    assert poste.obtenir(url).etat == "range"


@pytest.mark.parametrize("contenu", [None, "ceci n'est pas un certificat"])
def test_un_fichier_de_certificats_faux_est_dit(
    poste: Poste, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, contenu: str | None
) -> None:
    faux = tmp_path / "faux.pem"
    if contenu is not None:
        faux.write_text(contenu)
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(faux))
    phrase = poste.echec(f"https://{poste.serveur.hote}/{NOM}")
    assert "REQUESTS_CA_BUNDLE" in phrase
    assert "faux.pem" in phrase


def test_un_mandataire_injoignable_est_nomme_sans_son_mot_de_passe(
    poste: Poste, monkeypatch: pytest.MonkeyPatch
) -> None:
    with socket.socket() as libre:
        libre.bind(("127.0.0.1", 0))
        port = libre.getsockname()[1]
    monkeypatch.setenv("HTTPS_PROXY", f"http://agent:motdepasse@127.0.0.1:{port}")
    url = poste.serveur.poser(f"/{NOM}", Page(PETIT))
    phrase = poste.echec(url)
    assert f"127.0.0.1:{port}" in phrase
    assert "HTTPS_PROXY" in phrase
    assert "motdepasse" not in phrase
    assert not poste.serveur.demandes
    assert not poste.attentes


def test_no_proxy_ecarte_le_mandataire(poste: Poste, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:1")
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    url = poste.serveur.poser(f"/{NOM}", Page(PETIT))
    assert poste.obtenir(url).etat == "range"


def test_hors_ligne_aucune_connexion_n_est_ouverte(poste: Poste, monkeypatch: pytest.MonkeyPatch) -> None:
    def interdit(*_: Any, **__: Any) -> None:
        raise AssertionError("une connexion a été ouverte")

    monkeypatch.setattr(socket, "socket", interdit)
    monkeypatch.setattr(socket, "create_connection", interdit)
    monkeypatch.setenv("ABS_HORS_LIGNE", "1")
    url = f"https://{poste.serveur.hote}/{NOM}"
    with pytest.raises(TelechargementImpossible, match="ABS_HORS_LIGNE=1 interdit le réseau"):
        telecharger(poste.base, [poste.demande(url)], poste.reglages)
    with pytest.raises(TelechargementImpossible, match="ABS_HORS_LIGNE=1 interdit le réseau"):
        recevoir(url, poste.base.dossier / "x.partiel", poste.reglages)
    assert not poste.base.dossier.exists()


# -- contenus fautifs --------------------------------------------------------------------------


def test_une_page_web_servie_comme_un_fichier_est_refusee(poste: Poste) -> None:
    url = poste.serveur.poser(f"/{NOM}", Page(b"<!DOCTYPE html><html><body>Introuvable</body></html>"))
    phrase = poste.echec(url)
    assert "le site a répondu par une page web" in phrase
    assert "https://www.insee.fr/fr/statistiques/8647014" in phrase
    assert lire_registre(poste.base.dossier) == {}


def test_du_texte_servi_comme_une_archive_est_refuse(poste: Poste) -> None:
    url = poste.serveur.poser(f"/{NOM}", Page(b'{"error": "quota"}'))
    assert "on attendait un fichier zip et le site a envoyé du texte" in poste.echec(url)


def test_un_octet_faux_dans_l_archive_est_vu(poste: Poste) -> None:
    octets = bytearray(PETIT)
    octets[len(octets) // 2] ^= 0xFF
    url = poste.serveur.poser(f"/{NOM}", Page(bytes(octets)))
    assert "abîmée" in poste.echec(url)


def test_un_octet_faux_dans_le_dictionnaire_seul_est_vu(poste: Poste) -> None:
    hasard = random.Random(5)
    bruit = bytes(hasard.randrange(256) for _ in range(4000))
    octets = bytearray(zip_de({MEMBRE: membre_de(PETIT, MEMBRE).encode(), "meta_dictionnaire.csv": bruit}))
    octets[octets.index(bruit[1000:1020]) + 5] ^= 0xFF
    url = poste.serveur.poser(f"/{NOM}", Page(bytes(octets)))
    assert "abîmée" in poste.echec(url)


def test_une_bombe_est_refusee(poste: Poste) -> None:
    url = poste.serveur.poser(f"/{NOM}", Page(zip_de({MEMBRE: b"\0" * (80 * 1024**2)})))
    assert "gonflerait à 80 Mio" in poste.echec(url)


def test_un_membre_qui_sort_de_l_archive_est_refuse(poste: Poste) -> None:
    url = poste.serveur.poser(f"/{NOM}", Page(zip_de({MEMBRE: b"IRIS;P22_POP\n", "../../evade.csv": b"x"})))
    assert "qui sort de l'archive" in poste.echec(url)


def test_un_membre_absent_est_dit(poste: Poste) -> None:
    url = poste.serveur.poser(f"/{NOM}", Page(zip_de({"autre.csv": b"IRIS;P22_POP\n"})))
    phrase = poste.echec(url)
    assert f"devait contenir « {MEMBRE} »" in phrase
    assert "« autre.csv »" in phrase


def test_de_mauvaises_colonnes_sont_dites(poste: Poste) -> None:
    url = poste.serveur.poser(f"/{NOM}", Page(zip_de({MEMBRE: b"machin;truc\n1;2\n3;4\n"})))
    phrase = poste.echec(url)
    assert f"on attendait « {source('rp_population').titre} » 2022" in phrase
    assert "machin" in phrase


def test_un_fichier_d_une_autre_source_est_dit_pour_ce_qu_il_est(poste: Poste) -> None:
    nom = "base-ic-logement-2022_csv.zip"
    url = poste.serveur.poser(f"/{nom}", Page(de_la_demo(nom)))
    phrase = poste.echec(url, membre="")
    assert "le fichier est pris pour rp_logement 2022" in phrase
    assert f"on attendait « {source('rp_population').titre} » 2022" in phrase


def test_un_fichier_d_une_autre_annee_est_dit_pour_ce_qu_il_est(poste: Poste) -> None:
    url = poste.serveur.poser(f"/{NOM}", Page(PETIT))
    phrase = poste.echec(url, annee=2021, membre="")
    assert "le fichier est pris pour rp_population 2022" in phrase


def test_un_envoi_comprime_par_le_serveur_est_refuse(poste: Poste) -> None:
    url = poste.serveur.poser(f"/{NOM}", Page(PETIT, entetes={"Content-Encoding": "gzip"}))
    assert "est envoyé comprimé (gzip)" in poste.echec(url)


# -- le producteur remplace son fichier --------------------------------------------------------


def remplacer_un_chiffre(octets: bytes) -> bytes:
    """Multiplier par deux la population du premier IRIS, comme le ferait un rectificatif."""
    lignes = membre_de(octets, MEMBRE).splitlines()
    colonne = lignes[0].split(";").index("P22_POP")
    cellules = lignes[1].split(";")
    cellules[colonne] = str(float(cellules[colonne].replace(",", ".")) * 2)
    lignes[1] = ";".join(cellules)
    return zip_de({MEMBRE: "\n".join(lignes).encode()})


def sans_la_derniere_ligne(octets: bytes) -> bytes:
    return zip_de({MEMBRE: "\n".join(membre_de(octets, MEMBRE).splitlines()[:-1]).encode()})


def test_un_fichier_remplace_qui_contredit_la_base_est_garde_a_part(poste: Poste) -> None:
    ancien = PETIT
    neuf = remplacer_un_chiffre(ancien)
    url = poste.serveur.poser(f"/{NOM}", Page(ancien, entetes={"ETag": '"v1"'}))
    poste.obtenir(url)
    tenu = poste.base.lire("rp_population", 2022, "iris")
    poste.serveur.poser(f"/{NOM}", Page(neuf, entetes={"ETag": '"v2"'}))
    resultat = poste.obtenir(url)
    assert resultat.etat == "mis_de_cote"
    assert "le producteur a remplacé son fichier" in resultat.phrase
    (recu,) = poste.base.recus()
    assert f"abs sources retirer {recu.sha256[:12]}" in resultat.phrase
    assert resultat.fichier is not None
    assert f"abs sources deposer {resultat.fichier}" in resultat.phrase
    assert resultat.fichier.read_bytes() == neuf
    assert (poste.base.dossier / "brut" / recu.sha256[:16] / NOM).read_bytes() == ancien
    assert Base(poste.base.dossier).lire("rp_population", 2022, "iris").equals(tenu)
    assert [v.etag for v in lire_registre(poste.base.dossier)[url]] == ['"v1"', '"v2"']
    (rapport,) = resultat.examens
    assert rapport.contradiction
    assert "P_POP : 1 valeur corrigée" in "\n".join(rapport.phrases(toutes=False))

    # Redemandé, le serveur confirme : rien ne change et la consigne est redite.
    avant = poste.photo()
    assert poste.obtenir(url).etat == "mis_de_cote"
    assert poste.serveur.vues(f"/{NOM}")[-1]["If-None-Match"] == '"v2"'
    assert poste.photo() == avant

    # L'analyste suit la consigne.
    retirer(poste.base, recu.sha256[:12])
    (depot,) = deposer(poste.base, [resultat.fichier])
    assert depot.etat == "range"
    assert poste.obtenir(url).etat == "inchange"


def test_l_ancien_retire_la_version_de_cote_est_deposee_sans_etre_recue_de_nouveau(poste: Poste) -> None:
    ancien = PETIT
    url = poste.serveur.poser(f"/{NOM}", Page(ancien, entetes={"ETag": '"v1"'}))
    poste.obtenir(url)
    poste.serveur.poser(f"/{NOM}", Page(remplacer_un_chiffre(ancien), entetes={"ETag": '"v2"'}))
    cote = poste.obtenir(url).fichier
    assert cote is not None
    retirer(poste.base, NOM)
    assert poste.obtenir(url).etat == "range"
    assert not cote.exists()
    assert poste.base.millesimes("rp_population") == [2022]


def test_un_fichier_remplace_qui_ne_contredit_rien_est_depose_aussi(poste: Poste) -> None:
    complet = PETIT
    court = sans_la_derniere_ligne(complet)
    url = poste.serveur.poser(f"/{NOM}", Page(court))
    poste.obtenir(url)
    lignes = len(poste.base.lire("rp_population", 2022, "iris"))
    poste.serveur.poser(f"/{NOM}", Page(complet))
    resultat = poste.obtenir(url)
    assert resultat.etat == "range"
    assert "le producteur a remplacé son fichier" in resultat.phrase
    assert len(poste.base.lire("rp_population", 2022, "iris")) == lignes + 1
    bruts = {f.read_bytes() for f in (poste.base.dossier / "brut").rglob("*.zip")}
    assert bruts == {court, complet}


def test_un_fichier_raccourci_est_depose_et_l_absence_est_dite(poste: Poste) -> None:
    complet = PETIT
    url = poste.serveur.poser(f"/{NOM}", Page(complet))
    poste.obtenir(url)
    poste.serveur.poser(f"/{NOM}", Page(sans_la_derniere_ligne(complet)))
    assert "reste lu dans l'ancienne" in poste.obtenir(url).phrase


def test_un_fichier_depose_a_la_main_puis_contredit_n_est_pas_change(poste: Poste, tmp_path: Path) -> None:
    main = tmp_path / "a_la_main.zip"
    main.write_bytes(remplacer_un_chiffre(PETIT))
    deposer(poste.base, [main])
    url = poste.serveur.poser(f"/{NOM}", Page(PETIT))
    resultat = poste.obtenir(url)
    assert resultat.etat == "mis_de_cote"
    assert "a_la_main.zip" in resultat.phrase


# -- registre, verrou, noms --------------------------------------------------------------------


def test_un_registre_abime_est_dit_et_garde(poste: Poste) -> None:
    poste.base.dossier.mkdir()
    chemin = poste.base.dossier / "telechargements.json"
    chemin.write_text('{"a": [')
    with pytest.raises(FichierIllisible, match="abîmé"):
        telecharger(poste.base, [poste.demande(f"https://{poste.serveur.hote}/x.zip")], poste.reglages)
    assert chemin.read_text() == '{"a": ['


def test_le_registre_garde_la_premiere_date_et_l_ordre_des_vues(tmp_path: Path) -> None:
    premiere = Version("a" * 64, 1, "2026-01-01T00:00:00Z", "f.zip")
    seconde = Version("b" * 64, 2, "2026-02-01T00:00:00Z", "f.zip")
    for version in (premiere, seconde, replace(premiere, date="2026-03-01T00:00:00Z", etag='"x"')):
        noter(tmp_path, "https://a", version)
    assert lire_registre(tmp_path)["https://a"] == (seconde, replace(premiere, etag='"x"'))
    assert list(json.loads((tmp_path / "telechargements.json").read_text())) == ["https://a"]


def test_deux_commandes_ne_telechargent_pas_ensemble(poste: Poste) -> None:
    with verrou(poste.base.dossier), pytest.raises(SortieImpossible, match="Une autre commande"):
        telecharger(poste.base, [poste.demande(f"https://{poste.serveur.hote}/x.zip")], poste.reglages)


@pytest.mark.parametrize(
    ("adresses", "disposition", "attendu"),
    [
        (("https://h/a/base.zip",), "", "base.zip"),
        (("https://h/r/942d", "https://h/base%20ic.zip"), "", "base ic.zip"),
        (("https://h/r/942d",), "", ""),
        (("https://h/x",), 'attachment; filename="donnees.csv"', "donnees.csv"),
        (("https://h/x",), 'attachment; filename="../../etc/passwd.csv"', "passwd.csv"),
        (("https://h/x",), 'attachment; filename="C:\\\\temp\\\\a.csv"', "a.csv"),
        (("https://h/%2e%2e%2fevade.csv",), "", "evade.csv"),
    ],
)
def test_le_nom_vient_de_l_adresse_et_ne_sort_d_aucun_dossier(
    adresses: tuple[str, ...], disposition: str, attendu: str
) -> None:
    assert nom_du_fichier(adresses, disposition) == attendu


@pytest.mark.parametrize("membre", [MEMBRE, ""])
def test_une_adresse_sans_nom_donne_un_fichier_nomme_d_apres_le_catalogue(poste: Poste, membre: str) -> None:
    table = membre_de(PETIT, MEMBRE).encode()
    url = poste.serveur.poser("/exports/csv?delimiter=%3B", Page(table))
    assert poste.obtenir(url, membre=membre).etat == "range"
    (recu,) = poste.base.recus()
    assert recu.nom == (membre or "rp_population.csv")
    archive = poste.serveur.poser("/melodi/FICHIER_2022_CSV_FR", Page(PETIT))
    retirer(poste.base, recu.sha256)
    assert poste.obtenir(archive, membre=membre).etat == "range"
    assert [r.nom for r in poste.base.recus()] == ["rp_population.zip"]


# -- choisir -----------------------------------------------------------------------------------


def catalogue_d_essai() -> dict[str, Any]:
    population = replace(
        source("rp_population"),
        millesimes=(
            Millesime(2016, url="https://www.insee.fr/16.zip"),
            Millesime(2022, url="https://www.insee.fr/22a.zip"),
            Millesime(2022, url="https://www.insee.fr/22b.zip"),
        ),
    )
    logement = replace(source("rp_logement"), millesimes=(Millesime(2022, page="https://p", membre="m.csv"),))
    filosofi = replace(source("filosofi"), millesimes=(Millesime(2021, url="https://www.insee.fr/f.zip"),))
    return {s.id: s for s in (population, logement, filosofi)}


def test_sans_millesime_le_plus_recent_est_pris_avec_tous_ses_fichiers() -> None:
    choix = choisir(["recensement"], catalogue_d_essai())
    assert [d.millesime.url[-7:] for d in choix.a_telecharger] == ["22a.zip", "22b.zip"]
    (main,) = choix.a_la_main
    phrase = a_prendre_a_la_main(main)
    assert "« m.csv » sur la page https://p" in phrase
    assert "abs sources deposer" in phrase


def test_tout_prend_tous_les_millesimes_et_une_annee_absente_dit_sa_raison() -> None:
    assert len(choisir(["rp_population"], catalogue_d_essai(), tout=True).a_telecharger) == 3
    assert len(choisir([], catalogue_d_essai(), tout=True).a_telecharger) == 4
    choix = choisir(["filosofi"], catalogue_d_essai(), millesime=2022)
    assert not choix.a_telecharger
    assert "Filosofi 2022 n'existe pas" in choix.remarques[0]


def test_un_nom_inconnu_est_refuse_avec_les_noms_connus() -> None:
    with pytest.raises(ParametreInvalide, match="« recencement »") as prise:
        choisir(["recencement"], catalogue_d_essai())
    assert "recensement" in str(prise.value)


def test_deja_tenu_se_dit_sans_reseau(poste: Poste) -> None:
    url = poste.serveur.poser(f"/{NOM}", Page(PETIT))
    demande = poste.demande(url)
    assert deja_tenu(poste.base, demande) == ""
    poste.obtenir(url)
    assert deja_tenu(poste.base, demande) == f"oui ({NOM})"
    autre = poste.demande(url.replace("base", "autre"))
    assert deja_tenu(poste.base, autre) == "année tenue"


# -- la commande -------------------------------------------------------------------------------


def test_la_commande_liste_et_simule_sans_reseau(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from carnets.commande.telechargement import sources_telecharger

    def interdit(*_: Any, **__: Any) -> None:
        raise AssertionError("une connexion a été ouverte")

    monkeypatch.setattr(socket.socket, "connect", interdit)
    monkeypatch.setattr(socket, "create_connection", interdit)
    monkeypatch.setenv("ABS_DONNEES", str(tmp_path / "d"))
    sources_telecharger([], None, tout=False, simuler=False)
    assert "abs sources telecharger recensement" in capsys.readouterr().out
    sources_telecharger(["recensement"], 2022, tout=False, simuler=True)
    sortie = capsys.readouterr().out
    assert "base-ic-evol-struct-pop-2022" in sortie
    assert "rien n'a été téléchargé" in sortie
    assert not (tmp_path / "d").exists()


def test_la_commande_telecharge_et_sort_en_erreur_si_un_fichier_manque(
    poste: Poste, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from carnets.commande import telechargement

    url = poste.serveur.poser(f"/{NOM}", Page(PETIT))
    monkeypatch.setattr(
        "donnees_insee.telechargement.reseau.hotes_permis", lambda: frozenset({poste.serveur.hote})
    )
    catalogue = {
        "rp_population": replace(source("rp_population"), millesimes=(poste.demande(url).millesime,))
    }
    monkeypatch.setattr("donnees_insee.catalogue.catalogue.sources", lambda: catalogue)
    monkeypatch.setenv("ABS_DONNEES", str(poste.base.dossier))
    telechargement.sources_telecharger(["rp_population"], None, tout=False, simuler=False)
    assert "déposé   rp_population 2022" in capsys.readouterr().out
    catalogue["rp_population"] = replace(
        source("rp_population"), millesimes=(poste.demande(url + ".absent").millesime,)
    )
    with pytest.raises(ErreurAbs, match="1 adresse sur 1 n'a rien donné"):
        telechargement.sources_telecharger(["rp_population"], None, tout=False, simuler=False)
