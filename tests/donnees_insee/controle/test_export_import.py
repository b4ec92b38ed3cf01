"""Emporter la base et la reprendre : pareille à l'octet, ou rien ; une archive retouchée est refusée."""

from __future__ import annotations

import hashlib
import json
import shutil
import stat
import zipfile
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from donnees_insee.base.base import Base
from donnees_insee.controle import colis as deballage
from donnees_insee.controle import export_import as fusion
from donnees_insee.controle.colis import INTERDITS, MANIFESTE, ecrire_colis, nom_sur
from donnees_insee.controle.export_import import exporter, importer
from donnees_insee.controle.verification import verifier
from donnees_insee.depot.depot import deposer, retirer

RECENSEMENT = (
    "IRIS;COM;TYP_IRIS;LAB_IRIS;P16_POP;P16_POP0002;P16_POP65P\n010040101;01004;H;1;1200.5;40.25;200\n"
)
CAF = "CODGEO;NOTE;A;PERCOU;AM;ACAVENF\n340010101;1;120;300;20;40\n"
LOCALE = "territoire;date;indicateur;numerateur;denominateur;producteur;diffusion;seuil\n"
INTERNE = LOCALE + "34172;2023;beneficiaires_apa_domicile;7;90;CD34;publique;5\n"
INTERNE += "34172;2023;menages_aides_facultatives;12;100;CCAS;interne;5\n"


def base_avec(dossier, **fichiers):
    recus = dossier / "recus"
    recus.mkdir(parents=True)
    for nom, contenu in fichiers.items():
        (recus / f"{nom}.csv").write_text(contenu, encoding="utf-8")
    base = Base(dossier / "base")
    for fichier in sorted(recus.iterdir()):
        (depot,) = deposer(base, [fichier], millesime=2018 if fichier.stem == "caf" else None)
        assert depot.etat == "range", depot.raison
    return base


@pytest.fixture(scope="module")
def source(tmp_path_factory):
    return base_avec(tmp_path_factory.mktemp("source"), recensement=RECENSEMENT, caf=CAF, locale=INTERNE)


@pytest.fixture
def archive(source, tmp_path):
    return exporter(source, tmp_path / "export.zip").fichier


@pytest.fixture
def neuve(tmp_path):
    return Base(tmp_path / "neuve")


def photo(dossier):
    return {
        f.relative_to(dossier).as_posix(): f.read_bytes()
        for f in dossier.rglob("*")
        if f.is_file() and not f.name.startswith(".verrou")
    }


def autour(base):
    """Rien ne reste à côté de la base : ni dossier provisoire, ni archive commencée."""
    return sorted(f.name for f in base.dossier.parent.iterdir())


# -- aller et retour ---------------------------------------------------------------------------


def test_aller_et_retour(source, archive, neuve):
    avant = photo(source.dossier)
    bilan = importer(archive, neuve)
    assert photo(neuve.dossier) == avant == photo(source.dossier)
    assert bilan.ajoutes == tuple(r.nom for r in source.recus())
    assert bilan.fichiers == len(avant)
    assert not bilan.refuses
    assert not verifier(neuve, complet=True).fautes
    assert sorted(autour(neuve)) == ["export.zip", "neuve"]
    # L'archive est lisible par n'importe quel outil, et son manifeste dit tout.
    with zipfile.ZipFile(archive) as ouverte:
        noms = ouverte.namelist()
        manifeste = json.loads(ouverte.read(MANIFESTE))
    assert noms[:-1] == sorted(avant)
    assert noms[-1] == MANIFESTE
    attendus = [(a, hashlib.sha256(o).hexdigest(), len(o)) for a, o in sorted(avant.items())]
    assert [(f["adresse"], f["sha256"], f["taille"]) for f in manifeste["fichiers"]] == attendus


def test_les_fichiers_internes_sont_comptes(source, tmp_path, archive, neuve):
    assert exporter(source, tmp_path / "autre.zip").internes == ("locale.csv",)
    assert importer(archive, neuve).internes == ("locale.csv",)


def test_deux_exports_ne_different_que_par_leur_date(source, tmp_path):
    contenus = []
    for nom in ("a.zip", "b.zip"):
        with zipfile.ZipFile(exporter(source, tmp_path / nom).fichier) as ouverte:
            contenus.append([(i.filename, i.CRC, i.date_time) for i in ouverte.infolist()][:-1])
    assert contenus[0] == contenus[1]


def test_importer_deux_fois_ne_change_rien(archive, neuve):
    importer(archive, neuve)
    avant = photo(neuve.dossier)
    for fusionner in (False, True):
        bilan = importer(archive, neuve, fusionner=fusionner)
        assert (bilan.ajoutes, bilan.refuses) == ((), ())
        assert photo(neuve.dossier) == avant


def test_dossier_vide_existant(archive, neuve):
    neuve.dossier.mkdir()
    assert importer(archive, neuve).ajoutes
    assert len(neuve.recus()) == 3


def test_telechargements_emportes_restes_et_etrangers_laisses(source, tmp_path, neuve):
    copie = Base(shutil.copytree(source.dossier, tmp_path / "copie"))
    (copie.dossier / "telechargements.json").write_text("{}")
    (copie.dossier / "telechargements" / "insee").mkdir(parents=True)
    (copie.dossier / "telechargements" / "insee" / "a.zip").write_bytes(b"x")
    (copie.dossier / "base" / ".0123456789ab.en-cours.parquet").write_bytes(b"x")
    (copie.dossier / "journal intime.txt").write_text("x")
    bilan = exporter(copie, tmp_path / "e.zip")
    assert bilan.laisses == ("journal intime.txt",)
    assert importer(bilan.fichier, neuve).laisses == ("telechargements/insee/a.zip",)
    venus = set(photo(neuve.dossier)) - set(photo(source.dossier))
    # Aucun reçu ne prouve ce téléchargement : il n'est pas repris, et c'est dit.
    assert venus == set()


@pytest.mark.parametrize("nom", ['caf "2018" : a?.csv', "con.caf_2018.csv", "caf|2018*.csv", "caf\n2018.csv"])
def test_noms_que_windows_refuse(tmp_path, nom):
    recus = tmp_path / "recus"
    recus.mkdir()
    (recus / nom).write_text(CAF)
    base = Base(tmp_path / "base")
    copie = shutil.copy(recus / nom, recus / "caf_2018.csv")
    depots = deposer(base, [copie])
    assert depots[0].etat == "range"
    # Sous Linux, la base garde le nom reçu ; l'archive en porte un que Windows accepte.
    (gardee,) = (base.dossier / "brut").glob("*/*")
    gardee.rename(gardee.with_name(nom))
    export = exporter(base, tmp_path / "e.zip")
    with zipfile.ZipFile(export.fichier) as ouverte:
        assert all(not INTERDITS.search(n) and not n.endswith((" ", ".")) for n in ouverte.namelist())
    neuve = Base(tmp_path / "neuve")
    importer(export.fichier, neuve)
    assert not verifier(neuve, complet=True).fautes
    assert importer(export.fichier, base).ajoutes == ()


def test_noms_que_la_casse_seule_distingue(tmp_path):
    for nom in ("a", "b"):
        (tmp_path / nom).write_text(nom)
    fichiers = {"telechargements/Base.csv": tmp_path / "a", "telechargements/base.csv": tmp_path / "b"}
    entrees = ecrire_colis(tmp_path / "c.zip", fichiers)
    assert len({e.adresse.casefold() for e in entrees}) == 2


@given(st.text(st.characters(exclude_characters="/"), min_size=1, max_size=12))
def test_nom_sur_est_stable(partie):
    sur = nom_sur(f"brut/{partie}")
    assert nom_sur(sur) == sur
    assert not INTERDITS.search(sur)
    assert len(sur.split("/")) == 2
    sur.encode()
    assert sur.split("/")[1] not in {"", ".", ".."}


def test_export_refuse(tmp_path, source, erreur_claire):
    assert "vide" in erreur_claire(lambda: exporter(Base(tmp_path / "rien"), tmp_path / "e.zip"))
    assert ".zip" in erreur_claire(lambda: exporter(source, tmp_path / "e.tar"))
    assert "ailleurs" in erreur_claire(lambda: exporter(source, source.dossier / "e.zip"))
    assert list(tmp_path.iterdir()) == []


def test_export_interrompu(source, tmp_path):
    def interrompre(nom, rang, total):
        if rang == 3:
            raise KeyboardInterrupt

    (tmp_path / "e.zip").write_bytes(b"ancienne")
    with pytest.raises(KeyboardInterrupt):
        exporter(source, tmp_path / "e.zip", suivre=interrompre)
    assert photo(tmp_path) == {"e.zip": b"ancienne"}


# -- archives abîmées ou retouchées ------------------------------------------------------------


def refaire(archive, changer=None, **manifeste):
    """Réécrire l'archive après en avoir changé les membres ou le manifeste."""
    with zipfile.ZipFile(archive) as ouverte:
        membres = [(i, ouverte.read(i)) for i in ouverte.infolist()]
    contenu = SimpleNamespace(
        membres=[(i.filename, o) for i, o in membres[:-1]],
        manifeste={**json.loads(membres[-1][1]), **manifeste},
    )
    if changer is not None:
        changer(contenu)
    with zipfile.ZipFile(archive, "w") as ouverte:
        for nom, octets in contenu.membres:
            ouverte.writestr(nom, octets)
        ouverte.writestr(MANIFESTE, json.dumps(contenu.manifeste))
    return archive


def refuse(archive, base, erreur_claire):
    """L'import est refusé par une phrase, dans une base absente comme dans une base pleine ; rien ne bouge."""
    existait = base.dossier.exists()
    avant, voisins = photo(base.dossier.parent), autour(base)
    phrase = erreur_claire(lambda: importer(archive, base))
    if existait:
        assert erreur_claire(lambda: importer(archive, base, fusionner=True)) == phrase
    assert photo(base.dossier.parent) == avant
    assert autour(base) == voisins
    assert base.dossier.exists() is existait
    return phrase


def test_refaire_ne_change_rien(archive, neuve):
    assert importer(refaire(archive), neuve).fichiers


@pytest.mark.parametrize("reste", [0, 1, 20, 0.3, 0.9, -1])
def test_archive_tronquee(archive, neuve, erreur_claire, reste):
    octets = archive.read_bytes()
    archive.write_bytes(octets[: int(len(octets) * reste) if isinstance(reste, float) else reste])
    assert "Rien n'a été changé" in refuse(archive, neuve, erreur_claire)


def test_chaque_octet_compte(archive, tmp_path, erreur_claire):
    """Un octet changé n'importe où : refus, ou base exactement pareille (octets que rien ne lit)."""
    octets = archive.read_bytes()
    temoin = Base(tmp_path / "temoin")
    importer(archive, temoin)
    attendu = photo(temoin.dossier)
    from donnees_insee.erreurs import ErreurAbs

    refus = 0
    for rang in range(7, len(octets), len(octets) // 60):
        abimee = tmp_path / "abimee.zip"
        abimee.write_bytes(octets[:rang] + bytes([octets[rang] ^ 0x55]) + octets[rang + 1 :])
        base = Base(tmp_path / f"base{rang}")
        try:
            importer(abimee, base)
        except ErreurAbs:
            refus += 1
            assert not base.dossier.exists()
        else:
            assert photo(base.dossier) == attendu
    assert refus > 30


@pytest.mark.parametrize(
    "adresse",
    [
        "../evasion.csv",
        "brut/../../evasion.csv",
        "brut/0123456789abcdef/../../../evasion.csv",
        "telechargements/../../evasion.csv",
        "/tmp/evasion.csv",
        "C:/evasion.csv",
        "telechargements/C:evasion.csv",
        "telechargements/a\\..\\..\\evasion.csv",
        "telechargements//evasion.csv",
        "telechargements/./evasion.csv",
        "telechargements/CON",
        "telechargements/nul.csv",
        "telechargements/a\nb.csv",
        "telechargements/fin.",
        "evasion.py",
        "recus/evasion.json",
        "base/caf/2018/evasion.parquet",
        MANIFESTE + "/evasion",
    ],
)
def test_noms_hors_de_la_base(archive, neuve, erreur_claire, adresse):
    def changer(contenu):
        contenu.membres.append((adresse, b"x"))
        ligne = {"adresse": adresse, "sha256": hashlib.sha256(b"x").hexdigest(), "taille": 1}
        contenu.manifeste["fichiers"].append(ligne)

    assert "retouchée" in refuse(refaire(archive, changer), neuve, erreur_claire)


def changements():
    def octet(c):
        nom, octets = c.membres[0]
        c.membres[0] = (nom, bytes([octets[0] ^ 1]) + octets[1:])

    def allonge(c):
        c.membres[0] = (c.membres[0][0], c.membres[0][1] + b"x")

    def allonge_et_annonce(c):
        allonge(c)
        c.manifeste["fichiers"][0]["taille"] += 1

    def majuscules(c):
        # Deux noms que Windows confond.
        ligne = dict(next(f for f in c.manifeste["fichiers"] if f["adresse"].startswith("brut/")))
        octets = dict(c.membres)[ligne["adresse"]]
        ligne["adresse"] = ligne["adresse"].replace(".csv", ".CSV")
        c.manifeste["fichiers"].append(ligne)
        c.membres.append((ligne["adresse"], octets))

    def recu_abime(c):
        rang = next(i for i, (n, _) in enumerate(c.membres) if n.startswith("recus/"))
        nom = c.membres[rang][0]
        c.membres[rang] = (nom, b"{")
        ligne = next(f for f in c.manifeste["fichiers"] if f["adresse"] == nom)
        ligne.update(sha256=hashlib.sha256(b"{").hexdigest(), taille=1)

    return [
        pytest.param(octet, "n'est pas le fichier que le manifeste annonce", id="octet"),
        pytest.param(allonge, "n'a pas la taille annoncée", id="allonge"),
        pytest.param(allonge_et_annonce, "n'est pas le fichier", id="allonge_et_annonce"),
        pytest.param(lambda c: c.membres.pop(0), "manque", id="membre_ote"),
        pytest.param(
            lambda c: c.membres.append(("brut/x.csv", b"")), "n'est pas annoncé", id="membre_en_plus"
        ),
        pytest.param(lambda c: c.membres.append(("brut/", b"")), "n'est pas annoncé", id="dossier_en_plus"),
        pytest.param(lambda c: c.manifeste["fichiers"].pop(0), "n'est pas annoncé", id="ligne_otee"),
        pytest.param(
            lambda c: c.manifeste["fichiers"].append(c.manifeste["fichiers"][0]), "deux fois", id="double"
        ),
        pytest.param(majuscules, "deux fois", id="casse"),
        pytest.param(
            lambda c: c.manifeste.update(format="autre"), "n'est pas celui d'un export", id="format"
        ),
        pytest.param(lambda c: c.manifeste.update(version=2), "version 2", id="version"),
        pytest.param(lambda c: c.manifeste.update(fichiers=[]), "abîmée ou vide", id="liste_vide"),
        pytest.param(lambda c: c.manifeste.update(fichiers="x"), "abîmée ou vide", id="liste_texte"),
        pytest.param(lambda c: c.manifeste["fichiers"][0].update(taille=-1), "abîmée", id="taille_negative"),
        pytest.param(lambda c: c.manifeste["fichiers"][0].update(taille="1"), "abîmée", id="taille_texte"),
        pytest.param(lambda c: c.manifeste["fichiers"][0].update(sha256="0"), "abîmée", id="empreinte"),
        pytest.param(lambda c: c.manifeste["fichiers"][0].update(autre=1), "abîmée", id="cle_en_plus"),
        pytest.param(lambda c: c.manifeste["fichiers"][0].pop("sha256"), "abîmée", id="cle_en_moins"),
        pytest.param(recu_abime, "1 reçu(s) abîmé(s)", id="recu_abime"),
    ]


@pytest.mark.parametrize(("changer", "attendu"), changements())
def test_archive_retouchee(archive, neuve, erreur_claire, changer, attendu):
    assert attendu in refuse(refaire(archive, changer), neuve, erreur_claire)


def test_archive_retouchee_dans_une_base_pleine(archive, tmp_path, erreur_claire):
    pleine = base_avec(tmp_path / "pleine", caf=CAF)

    def changer(contenu):
        contenu.membres[0] = (contenu.membres[0][0], b"x" * len(contenu.membres[0][1]))

    assert "le manifeste annonce" in refuse(refaire(archive, changer), pleine, erreur_claire)


@pytest.mark.parametrize("genre", [stat.S_IFLNK, stat.S_IFIFO])
def test_liens_et_fichiers_speciaux(archive, neuve, erreur_claire, genre):
    with zipfile.ZipFile(archive) as ouverte:
        membres = [(i, ouverte.read(i)) for i in ouverte.infolist()]
    with zipfile.ZipFile(archive, "w") as ouverte:
        for rang, (info, octets) in enumerate(membres):
            info.external_attr = ((genre if rang == 0 else stat.S_IFREG) | 0o644) << 16
            ouverte.writestr(info, octets)
    assert "fichier ordinaire" in refuse(archive, neuve, erreur_claire)


def test_bombe(tmp_path, archive, neuve, erreur_claire, monkeypatch):
    """La taille annoncée borne ce qui est lu ; au-delà de la place du disque, rien n'est commencé."""

    def gonfler(contenu):
        contenu.manifeste["fichiers"][0]["taille"] = 10**15

    assert "taille annoncée" in refuse(refaire(archive, gonfler), neuve, erreur_claire)
    monkeypatch.setattr(deballage.shutil, "disk_usage", lambda _: SimpleNamespace(free=10))
    refaire(archive, lambda c: c.manifeste["fichiers"][0].update(taille=len(c.membres[0][1])))
    assert "faites de la place" in refuse(archive, neuve, erreur_claire)


@pytest.mark.parametrize("contenu", [b"", b"bonjour", b"PK\x03\x04"])
def test_ce_qui_n_est_pas_une_archive(tmp_path, neuve, erreur_claire, contenu):
    fichier = tmp_path / "x.zip"
    fichier.write_bytes(contenu)
    assert "pas une archive zip entière" in refuse(fichier, neuve, erreur_claire)


def test_archive_absente_ou_dossier(tmp_path, neuve, erreur_claire):
    assert "n'existe pas" in refuse(tmp_path / "rien.zip", neuve, erreur_claire)
    (tmp_path / "d.zip").mkdir()
    assert "n'a pas pu être lu" in refuse(tmp_path / "d.zip", neuve, erreur_claire)


def test_archive_de_donnees(tmp_path, neuve, erreur_claire):
    with zipfile.ZipFile(tmp_path / "x.zip", "w") as ouverte:
        ouverte.writestr("base_ic.csv", RECENSEMENT)
    assert "abs sources deposer" in refuse(tmp_path / "x.zip", neuve, erreur_claire)


# -- interruptions -----------------------------------------------------------------------------


@pytest.mark.parametrize("a", [1, 4, 7])
@pytest.mark.parametrize("existe", [True, False])
def test_import_interrompu(archive, neuve, a, existe):
    if existe:
        neuve.dossier.mkdir()

    def interrompre(nom, rang, total):
        if rang == a:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        importer(archive, neuve, suivre=interrompre)
    assert neuve.dossier.exists() is existe
    assert autour(neuve) == sorted(["export.zip", *(["neuve"] if existe else [])])
    assert not existe or not list(neuve.dossier.iterdir())


def test_fusion_interrompue(archive, tmp_path, monkeypatch):
    pleine = base_avec(tmp_path / "pleine", autre=LOCALE + "34172;2020;domiciliations;1;2;A;publique;5\n")
    avant = photo(pleine.dossier)
    vrai, appels = fusion.deposer, []

    def deposer_puis_couper(*arguments, **options):
        appels.append(1)
        if len(appels) == 3:
            raise KeyboardInterrupt
        return vrai(*arguments, **options)

    monkeypatch.setattr(fusion, "deposer", deposer_puis_couper)
    with pytest.raises(KeyboardInterrupt):
        importer(archive, pleine, fusionner=True)
    assert photo(pleine.dossier) == avant
    assert not list(pleine.dossier.parent.glob(".abs-import*"))


# -- fusion ------------------------------------------------------------------------------------


@pytest.fixture
def pleine(tmp_path):
    return base_avec(
        tmp_path / "pleine",
        recensement=RECENSEMENT,
        qpv=LOCALE + "34172;2020;domiciliations;1;2;A;publique;5\n",
    )


def test_sans_accord_une_base_pleine_est_refusee(archive, pleine, erreur_claire):
    avant = photo(pleine.dossier)
    phrase = erreur_claire(lambda: importer(archive, pleine))
    assert "--fusionner" in phrase
    assert "« caf.csv » n'est pas dans votre base" in phrase
    assert "recensement.csv" not in phrase
    assert photo(pleine.dossier) == avant


def test_fusion(archive, source, pleine):
    avant = photo(pleine.dossier)
    bilan = importer(archive, pleine, fusionner=True)
    assert sorted(bilan.ajoutes) == ["caf.csv", "locale.csv"]
    assert not bilan.refuses
    apres = photo(pleine.dossier)
    assert {a: apres[a] for a in avant} == avant
    # Ce qui est repris est pareil, reçu compris : date et origine restent celles du premier dépôt.
    venus = {a: o for a, o in photo(source.dossier).items() if a not in avant}
    assert {a: apres[a] for a in venus} == venus
    assert not verifier(pleine, complet=True).fautes


def test_fusion_qui_contredit(archive, tmp_path, erreur_claire):
    contraire = base_avec(tmp_path / "pleine", caf=CAF.replace(";120;", ";121;"))
    bilan = importer(archive, contraire, fusionner=True)
    (refus,) = bilan.refuses
    assert refus.nom == "caf.csv"
    assert "121 déjà tenu, 120 reçu" in refus.raison
    assert sorted(bilan.ajoutes) == ["locale.csv", "recensement.csv"]
    assert contraire.lire("caf", 2018, "iris")["A"].tolist() == [121]
    assert not verifier(contraire, complet=True).fautes


def test_meme_fichier_autre_annee(source, archive, tmp_path, erreur_claire):
    autre = Base(shutil.copytree(source.dossier, tmp_path / "pleine"))
    retirer(autre, "caf.csv")
    (tmp_path / "caf.csv").write_text(CAF)
    deposer(autre, [tmp_path / "caf.csv"], millesime=2020)
    phrase = erreur_claire(lambda: importer(archive, autre))
    assert "rangé ici comme caf 2020 et dans l'archive comme caf 2018" in phrase
    bilan = importer(archive, autre, fusionner=True)
    assert [r.nom for r in bilan.refuses] == ["caf.csv"]
    assert autre.millesimes("caf") == [2020]


def test_part_changee_ici(source, archive, tmp_path, erreur_claire):
    autre = Base(shutil.copytree(source.dossier, tmp_path / "pleine"))
    (part,) = (autre.dossier / "base" / "caf").rglob("*.parquet")
    table = autre.lire("caf", 2018, "iris").reset_index()
    autre.ranger(table, part)
    assert importer(archive, autre).ajoutes == ()
    autre.ranger(table.assign(A=[121.0]), part)
    assert "121 dans la base, 120 dans l'archive" in erreur_claire(lambda: importer(archive, autre))


def test_copie_qui_n_est_pas_celle_du_recu(archive, pleine):
    """Une archive cohérente avec son manifeste, mais dont une copie n'est pas le fichier déposé."""

    def changer(contenu):
        rang = next(i for i, (n, _) in enumerate(contenu.membres) if n.endswith("/caf.csv"))
        nom, faux = contenu.membres[rang][0], CAF.replace("120", "999").encode()
        contenu.membres[rang] = (nom, faux)
        ligne = next(f for f in contenu.manifeste["fichiers"] if f["adresse"] == nom)
        ligne.update(sha256=hashlib.sha256(faux).hexdigest(), taille=len(faux))

    bilan = importer(refaire(archive, changer), pleine, fusionner=True)
    assert [r.nom for r in bilan.refuses] == ["caf.csv"]
    assert "sa copie manque" in bilan.refuses[0].raison
    assert pleine.millesimes("caf") == []
