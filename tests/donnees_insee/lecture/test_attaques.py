"""Des fichiers mauvais, hostiles ou retouchés : ce que l'analyste lit, et la base qui n'en garde rien."""

from __future__ import annotations

import io
import os
import struct
import warnings
import zipfile
from pathlib import Path

import pytest

from donnees_insee.base.base import Base
from donnees_insee.depot.depot import deposer
from donnees_insee.erreurs import ErreurAbs

CAF = "CODGEO;NOTE;A;PERCOU;AM;ACAVENF\n340010101;1;120;300;20;40\n340010102;1;;;;\n"
FILOSOFI = "IRIS;DISP_TP6021;DISP_MED21;DISP_NOTE21\n340010101;12,5;21 340;0\n340010102;ns;nd;0\n"
QPV = "CODGEO;LIBGEO;LIB_COM;POP_MUN;TX_TOT_0A24\nQP034001;Mosson;Montpellier;4 500;41,2\n"


def archive(membres: dict[str, bytes], compression: int = zipfile.ZIP_DEFLATED) -> bytes:
    tampon = io.BytesIO()
    with zipfile.ZipFile(tampon, "w", compression) as ouverte:
        for nom, octets in membres.items():
            ouverte.writestr(nom, octets)
    return tampon.getvalue()


# -- archives ----------------------------------------------------------------------------------


def test_zip_tronque(bureau, recensement):
    entiere = archive({"base.csv": recensement.encode() * 50})
    for part in (0.2, 0.5, 0.9):
        assert "tronquée" in bureau.refus("base.zip", entiere[: int(len(entiere) * part)])


def test_zip_aux_octets_abimes(bureau, recensement):
    octets = bytearray(archive({"base.csv": recensement.encode() * 200}))
    for place in range(40, 120):
        octets[place] ^= 0xFF
    assert "abîmée" in bureau.refus("base.zip", bytes(octets))


def test_zip_a_mot_de_passe(bureau, recensement):
    octets = bytearray(archive({"base.csv": recensement.encode()}))
    # Le drapeau de chiffrement, dans l'en-tête local puis dans le répertoire central.
    for signature, decalage in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        place = octets.index(signature) + decalage
        octets[place : place + 2] = struct.pack("<H", 1)
    assert "mot de passe" in bureau.refus("base.zip", bytes(octets))


@pytest.mark.parametrize(
    "nom", ["../evil.csv", "/etc/evil.csv", "a/../../evil.csv", r"..\evil.csv", r"C:\evil.csv"]
)
def test_zip_qui_sort_de_son_dossier(bureau, recensement, nom, tmp_path):
    tampon = io.BytesIO()
    with zipfile.ZipFile(tampon, "w") as ouverte:
        info = zipfile.ZipInfo("x")
        info.filename = nom
        ouverte.writestr(info, recensement)
    assert "sort de l'archive" in bureau.refus("base.zip", tampon.getvalue())
    assert not list(tmp_path.rglob("evil.csv"))


def test_bombe(bureau):
    raison = bureau.refus("base.zip", archive({"zeros.csv": b"0" * (70 * 1024**2)}))
    assert "gonflerait" in raison


def test_classeur_bombe(bureau):
    bombe = archive({"[Content_Types].xml": b"<a/>", "xl/worksheets/sheet1.xml": b" " * (70 * 1024**2)})
    assert "gonflerait" in bureau.refus("base.xlsx", bombe)


def test_zip_dans_un_zip(bureau, recensement):
    dedans = archive({"base.csv": recensement.encode()})
    assert "archive dans une archive" in bureau.refus("base.zip", archive({"dedans.zip": dedans}))


def test_zip_sans_donnees(bureau):
    assert "aucun fichier de données" in bureau.refus("base.zip", archive({"LISEZMOI.txt": b"bonjour"}))
    assert "aucun fichier de données" in bureau.refus("vide.zip", archive({}))


def test_page_web_ou_classeur_nommes_zip(bureau):
    assert "page web" in bureau.refus("base.zip", b"<!DOCTYPE html><html>Erreur 404</html>")
    assert "classeur" in bureau.refus(
        "base2.zip", archive({"[Content_Types].xml": b"<a/>", "xl/a.xml": b"<a/>"})
    )
    assert "tronquée ou abîmée" in bureau.refus("base3.zip", b"ni l'un ni l'autre")
    assert "vide" in bureau.refus("base4.zip", b"")


def test_7z_tronque_et_7z_protege(bureau, tmp_path, recensement):
    py7zr = pytest.importorskip("py7zr")
    source = tmp_path / "base.csv"
    source.write_text(recensement)
    with py7zr.SevenZipFile(tmp_path / "bon.7z", "w") as ouverte:
        ouverte.write(source, "dossier/base.csv")
    entier = (tmp_path / "bon.7z").read_bytes()
    assert "tronquée" in bureau.refus("tronque.7z", entier[: len(entier) // 2])
    with py7zr.SevenZipFile(tmp_path / "clos.7z", "w", password="abs") as ouverte:
        ouverte.write(source, "base.csv")
    assert "mot de passe" in bureau.refus("clos.7z", (tmp_path / "clos.7z").read_bytes())
    (depot,) = deposer(bureau.base, [tmp_path / "bon.7z"])
    assert depot.etat == "range"
    assert depot.lots[0].lignes == 3


def test_membre_refuse_et_membre_range_puis_complete(bureau, recensement):
    """Une archive à moitié lue n'est pas tenue pour lue : le second dépôt complète."""
    octets = archive({"base.csv": recensement.encode(), "caf.csv": CAF.encode()})
    chemin = bureau.poser("lot.zip", octets)
    premiers = deposer(bureau.base, [chemin])
    assert {d.nom: d.etat for d in premiers} == {"lot.zip → base.csv": "range", "lot.zip → caf.csv": "refuse"}
    photo = bureau.photo()
    assert [d.etat for d in deposer(bureau.base, [chemin])] == ["range", "refuse"]
    assert bureau.photo() == photo
    seconds = deposer(bureau.base, [chemin], millesime=2018)
    assert [d.etat for d in seconds] == ["range", "range"]
    assert bureau.base.millesimes("caf") == [2018]
    assert [d.etat for d in deposer(bureau.base, [chemin])] == ["deja_la"]


def test_membres_qui_se_contredisent(bureau, recensement):
    autre = recensement.replace("1200.5", "1300.5")
    chemin = bureau.poser("lot.zip", archive({"a.csv": recensement.encode(), "b.csv": autre.encode()}))
    etats = [d.etat for d in deposer(bureau.base, [chemin])]
    assert etats == ["range", "refuse"]
    assert bureau.base.lire("rp_population", 2016, "iris")["P_POP"]["010040101"] == 1200.5


# -- nature et forme ---------------------------------------------------------------------------


def test_texte_nomme_xlsx(bureau, recensement):
    assert "extension d'un classeur" in bureau.refus("base.xlsx", recensement)


def test_classeur_nomme_csv(bureau):
    assert ".xlsx" in bureau.refus("base.csv", archive({"[Content_Types].xml": b"<a/>"}))


def test_page_d_erreur_nommee_csv(bureau):
    for page in (b"<html><body>404</body></html>", b"\xef\xbb\xbf\n <!DOCTYPE HTML>\n<html>"):
        assert "page web" in bureau.refus("base.csv", page)


@pytest.mark.parametrize("octets", [b"", b"   \n\r\n  "])
@pytest.mark.parametrize("nom", ["base.csv", "base.xlsx", "iris.geojson"])
def test_fichier_vide(bureau, octets, nom):
    assert "vide" in bureau.refus(nom, octets)


def test_en_tete_seule(bureau, recensement):
    entete = recensement.split("\n")[0]
    for contenu in (entete, entete + "\n", entete + "\n;;;;;;\n"):
        assert "aucune ligne" in bureau.refus("base.csv", contenu)


def test_octets_nuls_et_binaire(bureau, recensement):
    assert "octets nuls" in bureau.refus("base.csv", recensement.replace("2A004;", "2A\x00004;"))
    bureau.refus("bruit.csv", bytes(range(1, 256)) * 40)


def test_classeur_tronque_ou_abime(bureau, tmp_path):
    xlsxwriter = pytest.importorskip("xlsxwriter")
    chemin = tmp_path / "bon.xlsx"
    with xlsxwriter.Workbook(chemin) as classeur:
        feuille = classeur.add_worksheet("IRIS")
        for i, ligne in enumerate([["IRIS", "P16_POP", "P16_POP0002"], ["010040101", 12, 3]]):
            feuille.write_row(i, 0, ligne)
    entier = chemin.read_bytes()
    for part in (0.1, 0.5, 0.95):
        bureau.refus("base.xlsx", entier[: int(len(entier) * part)])
    for pas in range(0, len(entier), len(entier) // 25):
        octets = bytearray(entier)
        octets[pas : pas + 40] = bytes(b ^ 0x5A for b in octets[pas : pas + 40])
        depot = bureau.deposer(f"abime{pas}.xlsx", bytes(octets))
        assert depot.etat in {"refuse", "range", "deja_la"}
        assert "imprévue" not in depot.raison


def test_cellule_au_bout_d_une_feuille(bureau, tmp_path):
    """Dix-sept milliards de cellules : le lecteur de classeurs y laisserait le programme."""
    xlsxwriter = pytest.importorskip("xlsxwriter")
    with xlsxwriter.Workbook(tmp_path / "f.xlsx") as classeur:
        feuille = classeur.add_worksheet("IRIS")
        feuille.write_row(0, 0, ["IRIS", "P16_POP"])
        feuille.write(1048575, 16383, "oubli")
    assert "démesuré" in bureau.refus("f.xlsx", (tmp_path / "f.xlsx").read_bytes())


def test_gzip_et_extension_inconnue(bureau, recensement):
    import gzip

    assert "gzip" in bureau.refus("base.csv", gzip.compress(recensement.encode()))
    assert "extension .gz" in bureau.refus("base.csv.gz", gzip.compress(recensement.encode()))
    assert "(aucune)" in bureau.refus("base", recensement)


# -- colonnes et codes -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("contenu", "cle", "attendu"),
    [
        ("IRIS;P16_POP;P16_POP0002;P16_POP65P\n010040101;1;2;3\n", "IRIS", "IRIS"),
        (FILOSOFI, "IRIS", "IRIS"),
        (CAF, "CODGEO", "CODGEO"),
        (QPV, "CODGEO", "CODGEO"),
    ],
)
def test_colonne_des_codes_absente(bureau, contenu, cle, attendu):
    raison = bureau.refus("fichier_2020.csv", contenu.replace(cle, "IDENTIFIANT", 1))
    assert "colonne des codes" in raison
    assert attendu in raison


def test_codes_en_double(bureau, recensement):
    raison = bureau.refus("base.csv", recensement + "010040101;01004;H;1;3;4;5\n")
    assert "en double" in raison
    assert "010040101" in raison


def test_zero_initial_perdu(bureau, recensement):
    raison = bureau.refus("base.csv", recensement.replace("010040101;01004", "10040101;1004"))
    assert "zéro initial" in raison


def test_zero_initial_perdu_dans_une_table_de_communes(bureau):
    table = "CODGEO;LIBGEO;EPCI;DEP;REG\n1004;Ambérieu;240100883;01;84\n34172;Montpellier;243400017;34;76\n"
    raison = bureau.refus("table_2022.csv", table)
    assert "zéro initial" in raison
    assert "1004" in raison


def test_zeros_perdus_partout_dans_filosofi(bureau):
    assert "zéros initiaux" in bureau.refus("f.csv", "CODGEO;MED21;TP6021\n1004;1;2\n1005;1;2\n")


def test_corse_et_outre_mer(bureau, recensement):
    assert bureau.deposer("base.csv", recensement).etat == "range"
    lus = bureau.base.lire("rp_population", 2016, "iris")
    assert list(lus.index) == ["010040101", "2A0040101", "974110101"]
    assert list(lus["COM"]) == ["01004", "2A004", "97411"]


def test_toutes_les_fautes_d_un_coup(bureau, recensement):
    mauvais = (
        recensement.replace("2A0040101", "2C0040101").replace(";900;", ";beaucoup;").replace(";150.75", ";?")
    )
    raison = bureau.refus("base.csv", mauvais + "010040101;01004;H;1;1;2;3\n")
    for faute in ("beaucoup", "?", "2C0040101", "en double"):
        assert faute in raison


def test_noms_de_colonnes_repetes(bureau, recensement):
    assert "plusieurs fois" in bureau.refus("a.csv", recensement.replace("P16_POP0002", "P16_POP"))
    assert "plusieurs fois" in bureau.refus("b.csv", recensement.replace("P16_POP0002", "p16_pop"))


def test_deux_colonnes_pour_une_variable(bureau):
    raison = bureau.refus("f.csv", "CODGEO;MED21;Q221;TP6021\n34172;20000;20000;12\n")
    assert "MED21 et Q221" in raison


def test_lignes_sans_code(bureau, recensement):
    depot = bureau.deposer("base.csv", recensement + ";;;;5;;\n;;;;;;\n;;;;;;\n")
    assert depot.etat == "range"
    assert "1 ligne(s) sans code mises de côté" in depot.lots[0].remarques


# -- CSV de travers ----------------------------------------------------------------------------


def test_guillemet_non_ferme(bureau, recensement):
    raison = bureau.refus("base.csv", recensement.replace("2A004;H", '"2A004;H'))
    assert "guillemet" in raison
    assert "ligne" in raison


@pytest.mark.parametrize("trop", ["2A0040101;2A004\n", "2A0040101;2A004;H;1;900;30;150;7;8\n"])
def test_ligne_d_une_autre_longueur(bureau, recensement, trop):
    lignes = recensement.splitlines(keepends=True)
    raison = bureau.refus("base.csv", "".join([*lignes[:2], trop, *lignes[2:]]))
    assert "la ligne 3 a" in raison
    assert "7 de l'en-tête" in raison


def test_une_seule_colonne(bureau):
    assert "qu'une colonne" in bureau.refus("base.csv", "bonjour\ntout le monde\n")


def test_virgule_des_milliers_ambigue(bureau):
    raison = bureau.refus("b.csv", 'IRIS,P16_POP,P16_POP0002\n010040101,"1,200",40.5\n')
    assert "milliers" in raison


@pytest.mark.parametrize(
    "mot", ["NaN", "inf", "-Infinity", "1_000", "0x1F", "12 45", "12€", "#N/A", "1.234,5", "--3"]
)
def test_cellule_qui_n_est_pas_un_nombre(bureau, recensement, mot):
    raison = bureau.refus("base.csv", recensement.replace(";900;", f";{mot};"))
    assert "ni nombre ni marque" in raison
    assert "2A0040101" in raison


# -- années ------------------------------------------------------------------------------------


def test_les_colonnes_l_emportent_sur_le_nom_et_sur_l_option(bureau, recensement):
    depot = bureau.deposer("base-2018.csv", recensement, millesime=2020)
    (lot,) = depot.lots
    assert lot.millesime == 2016
    assert "le nom du fichier porte 2018, les colonnes disent 2016" in lot.remarques
    assert "option --millesime 2020 sans effet : les colonnes disent 2016" in lot.remarques


@pytest.mark.parametrize("contenu", [CAF, QPV])
def test_pas_d_annee(bureau, contenu):
    assert "--millesime" in bureau.refus("donnees.csv", contenu)
    raison = bureau.refus("donnees_2019_2020.csv", contenu)
    assert "2019, 2020" in raison
    assert bureau.deposer("donnees.csv", contenu, millesime=2019).lots[0].millesime == 2019


def test_l_option_ne_redate_pas_un_dossier(bureau):
    bureau.poser("data_CAF_2016_IRIS.csv", CAF)
    bureau.poser("sans_date.csv", CAF.replace("120", "130"))
    etats = {d.nom: d.etat for d in deposer(bureau.base, [bureau.recus], millesime=2018)}
    assert etats == {"data_CAF_2016_IRIS.csv": "refuse", "sans_date.csv": "range"}


def test_millesime_absurde(bureau, erreur_claire):
    chemin = bureau.poser("caf.csv", CAF)
    assert "plausible" in erreur_claire(lambda: deposer(bureau.base, [chemin], millesime=20))


def test_annee_donnee_deux_fois_differemment(bureau):
    assert bureau.deposer("caf.csv", CAF, millesime=2018).etat == "range"
    raison = bureau.refus("caf.csv", CAF, millesime=2019)
    assert "retirer" in raison


# -- chemins et disque -------------------------------------------------------------------------


def test_chemin_inexistant(bureau, erreur_claire):
    assert "n'existe pas" in erreur_claire(lambda: deposer(bureau.base, [bureau.recus / "rien.csv"]))
    assert "n'existe pas" in erreur_claire(lambda: deposer(bureau.base, [Path(r"C:\Users\moi\rien.csv")]))
    erreur_claire(lambda: deposer(bureau.base, [bureau.recus / ("x" * 400)]))


def test_liens_en_boucle(bureau, recensement, erreur_claire):
    bureau.poser("base.csv", recensement)
    (bureau.recus / "boucle").symlink_to(bureau.recus, target_is_directory=True)
    (bureau.recus / "serpent.csv").symlink_to(bureau.recus / "serpent.csv")
    assert [d.nom for d in deposer(bureau.base, [bureau.recus])] == ["base.csv"]
    erreur_claire(lambda: deposer(bureau.base, [bureau.recus / "serpent.csv"]))


@pytest.mark.parametrize(
    "nom",
    [
        "l'île \"d'Yeu\".csv",
        "<script>alert(1)</script>.csv".replace("/", "∕"),
        "avec espaces  et accents éàü œ.csv",
        "100%{nom}{0}%s%d.csv",
        "crochets [1] et * et ?.csv",
        r"C:\Users\moi\base.csv",
        "long" + "o" * 245 + ".csv",
        "-rf.csv",
        "$(touch pirate);.csv",
    ],
)
def test_noms_de_fichiers(bureau, recensement, nom):
    depot = bureau.deposer(nom, recensement)
    assert depot.etat == "range", depot.raison
    assert bureau.base.recus()[0].nom == nom
    assert bureau.base.lire("rp_population", 2016, "iris")["P_POP"].sum() == pytest.approx(2110.5)


def test_crochets_ne_designent_pas_un_autre_fichier(bureau, recensement):
    bureau.poser("base1.csv", recensement.replace("1200.5", "1"))
    assert bureau.deposer("base[1].csv", recensement).etat == "range"
    assert bureau.base.lire("rp_population", 2016, "iris")["P_POP"]["010040101"] == 1200.5


def test_nom_qui_n_est_pas_de_l_utf8(bureau, recensement):
    chemin = Path(os.fsdecode(os.fsencode(bureau.recus) + b"/base-\xe9.csv"))
    chemin.write_text(recensement)
    (depot,) = deposer(bureau.base, [chemin])
    assert depot.etat == "range"
    assert len(bureau.base.recus()) == 1


def test_dossier_de_donnees_interdit(tmp_path, recensement, erreur_claire):
    (tmp_path / "fichier").write_text("pas un dossier")
    (tmp_path / "base.csv").write_text(recensement)
    raison = erreur_claire(lambda: deposer(Base(tmp_path / "fichier" / "dedans"), [tmp_path / "base.csv"]))
    assert "ne peut pas être créé" in raison


def test_fichier_illisible(bureau, recensement, monkeypatch):
    chemin = bureau.poser("base.csv", recensement)
    ouvrir = Path.open

    def interdire(self, *args, **kwargs):
        if self == chemin:
            raise PermissionError(13, "Permission denied")
        return ouvrir(self, *args, **kwargs)

    monkeypatch.setattr(Path, "open", interdire)
    (depot,) = deposer(bureau.base, [chemin])
    assert depot.etat == "refuse"
    assert "droits" in depot.raison


def test_disque_plein_en_route(bureau, recensement, monkeypatch):
    """L'écriture du reçu échoue : ni la part ni la copie ne restent."""

    def plein(self, recu):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Base, "ranger_recu", plein)
    with pytest.raises(ErreurAbs, match="vérifiez la place"):
        bureau.deposer("base.csv", recensement)
    assert bureau.photo() == {}
    monkeypatch.undo()
    assert bureau.deposer("base.csv", recensement).etat == "range"


# -- deux fois, autrement, contre --------------------------------------------------------------


def test_deux_fois_ne_change_rien(bureau, recensement):
    bureau.deposer("base.csv", recensement)
    photo = bureau.photo()
    assert bureau.deposer("base.csv", recensement).etat == "deja_la"
    autre = bureau.deposer("autre nom 2019.csv", recensement)
    assert autre.etat == "deja_la"
    assert "« base.csv »" in autre.raison
    assert bureau.photo() == photo


def test_contradiction(bureau, recensement):
    bureau.deposer("base.csv", recensement)
    raison = bureau.refus("corrige.csv", recensement.replace("1200.5", "1300"))
    for dit in ("P_POP", "010040101", "1200.5 déjà tenu", "1300 reçu", "abs sources retirer"):
        assert dit in raison


def test_rattachements_qui_se_contredisent(bureau):
    bureau.deposer("quartiers.csv", "IRIS;QUARTIER\n340010101;Nord\n")
    assert "Nord déjà tenu, Sud reçu" in bureau.refus("q2.csv", "IRIS;QUARTIER\n340010101;Sud\n")
    assert bureau.deposer("q3.csv", "IRIS;QUARTIER\n340010102;Sud\n").etat == "range"


def test_deuxieme_feuille_fautive_rien_n_est_ecrit(bureau, tmp_path):
    xlsxwriter = pytest.importorskip("xlsxwriter")
    chemin = tmp_path / "table-appartenance-2022.xlsx"
    with xlsxwriter.Workbook(chemin) as classeur:
        for feuille, epci in (("COM", "243400017"), ("ARM", "200000000")):
            page = classeur.add_worksheet(feuille)
            page.write_row(5, 0, ["CODGEO", "LIBGEO", "EPCI", "DEP", "REG"])
            page.write_row(6, 0, ["34172", "Montpellier", epci, "34", "76"])
    assert "contredit" in bureau.refus("table-appartenance-2022.xlsx", chemin.read_bytes())


# -- valeurs et noms démesurés -----------------------------------------------------------------


def test_deux_membres_du_meme_nom_sont_refuses(bureau):
    tampon = io.BytesIO()
    with zipfile.ZipFile(tampon, "w") as ouverte, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        ouverte.writestr("base.csv", "IRIS;P16_POP\n010010000;10\n")
        ouverte.writestr("base.csv", "IRIS;P16_POP\n010010000;99\n")
    assert "plusieurs membres du même nom (base.csv)" in bureau.refus("double.zip", tampon.getvalue())


@pytest.mark.parametrize("cellule", ["1e999", "-1e999", "9" * 400])
def test_un_nombre_demesure_n_est_pas_un_nombre(bureau, cellule):
    texte = f"IRIS;P16_POP;P16_POP0002;P16_POPH\n010010000;{cellule};1;2\n"
    assert "ni nombre ni marque connue" in bureau.refus("base-ic-evol-struct-pop-2016.csv", texte)


def test_les_chiffres_d_un_code_sont_ceux_d_occident(bureau):
    texte = "IRIS;P16_POP;P16_POP0002;P16_POPH\n٠١٠٠٤٠١٠١;5;1;2\n"
    assert "mal formé" in bureau.refus("base-ic-evol-struct-pop-2016.csv", texte)


def test_un_nom_de_fichier_ne_pilote_pas_le_terminal(bureau):
    depot = bureau.deposer("nom\x1b[31m.csv", "a;b\n1;2\n")
    assert "\x1b" not in depot.nom + depot.raison
