"""La vérification : une base saine n'a pas de faute, et chaque altération est trouvée et nommée."""

from __future__ import annotations

import io
import json
import re
import shutil
import zipfile

import geopandas as gpd
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st
from shapely.geometry import box

from donnees_insee.base.base import Base
from donnees_insee.base.recus import Recu
from donnees_insee.controle.verification import choisir, comparer, verifier
from donnees_insee.depot.depot import deposer

CAF = "CODGEO;NOTE;A;PERCOU;AM;ACAVENF\n340010101;1;120;300;20;40\n340010102;2;ns;5;;1\n"
FILOSOFI = "IRIS;DISP_TP6021;DISP_MED21\n340010101;12,5;21500\n340010102;ns;s\n340010103;;20100\n"
LOCALE = (
    "territoire;date;indicateur;numerateur;denominateur;producteur;diffusion;seuil\n"
    "34172;2023;beneficiaires_apa_domicile;7;90;CD34;interne;5\n34172;2023;menages_aides_facultatives;12;100;CCAS;publique;5\n"
)


def archive(**membres: str) -> bytes:
    tampon = io.BytesIO()
    with zipfile.ZipFile(tampon, "w", zipfile.ZIP_DEFLATED) as ouverte:
        for nom, contenu in membres.items():
            ouverte.writestr(f"dossier/{nom}.csv", contenu)
    return tampon.getvalue()


@pytest.fixture(scope="session")
def modele(tmp_path_factory, request):
    """Une base qui a de tout : texte, année donnée, archive, source locale, shapefile."""
    recus, base = tmp_path_factory.mktemp("recus"), Base(tmp_path_factory.mktemp("modele") / "base")
    recensement = "IRIS;COM;TYP_IRIS;LAB_IRIS;P16_POP;P16_POP0002;P16_POP65P\n"
    recensement += "010040101;01004;H;1;1200.5;40.25;200\n2A0040101;2A004;H;1;900;30;150.75\n"
    contenus = {
        "base.csv": recensement.encode(),
        "locale.csv": LOCALE.encode(),
        "archive.zip": archive(BASE_TD_FILO_IRIS_2021=FILOSOFI, illisible="a;b\n1;2\n"),
    }
    for nom, octets in contenus.items():
        (recus / nom).write_bytes(octets)
    formes = gpd.GeoDataFrame(
        {"CODE_IRIS": ["340010101", "340010102"], "NOM_IRIS": ["Un", "Deux"]},
        geometry=[box(3, 43, 3.1, 43.1), box(3.1, 43, 3.2, 43.1)],
        crs="EPSG:4326",
    ).to_crs("EPSG:2154")
    formes.to_file(recus / "iris_2021.shp")
    (recus / "caf.csv").write_text(CAF)
    depots = deposer(base, [recus / "caf.csv"], millesime=2018) + deposer(
        base, [f for f in recus.iterdir() if f.name != "caf.csv"]
    )
    assert sorted(d.etat for d in depots) == ["range", "range", "range", "range", "range", "refuse"]
    return base.dossier


@pytest.fixture
def dossier(modele, tmp_path):
    return shutil.copytree(modele, tmp_path / "base")


def photo(dossier):
    return {f: (f.read_bytes(), f.stat().st_mtime_ns) for f in dossier.rglob("*") if f.is_file()}


def fautes(dossier) -> str:
    avant = photo(dossier)
    verification = verifier(Base(dossier), complet=True)
    assert photo(dossier) == avant
    for faute in verification.fautes:
        assert faute.endswith("."), faute
        assert "`abs sources" in faute or re.search(r"Ôtez|ôtez|Supprimez", faute), faute
    return "\n".join(verification.fautes)


def part(dossier, source):
    (trouvee,) = (dossier / "base" / source).rglob("*.parquet")
    return trouvee


def copie(dossier, nom):
    (trouvee,) = (dossier / "brut").rglob(nom)
    return trouvee


def recu(dossier, nom):
    return next(f for f in (dossier / "recus").iterdir() if json.loads(f.read_text())["nom"] == nom)


# -- base saine --------------------------------------------------------------------------------


def test_base_saine(dossier):
    assert fautes(dossier) == ""
    v = verifier(Base(dossier), complet=True)
    # Cinq reçus ; le shapefile a cinq fichiers au plus (.shp .shx .dbf .prj .cpg).
    assert (v.recus, v.parts, v.relus, v.a_relire) == (5, 5, 5, 5)
    assert v.copies == sum(1 for f in (dossier / "brut").rglob("*") if f.is_file())
    # recensement 2×(code, COM, TYP, LAB, 3 comptes), caf 2×(code, note, 4 comptes et leur marque)…
    attendu = sum(
        t.shape[0] * t.shape[1] for t in (pq.read_table(f).to_pandas() for f in dossier.rglob("*.parquet"))
    )
    assert v.cellules == attendu
    assert not v.remarques


def test_base_vide_ou_absente(tmp_path):
    v = verifier(Base(tmp_path / "rien"))
    assert (v.recus, v.fautes) == (0, ())
    assert not (tmp_path / "rien").exists()


def test_base_de_demonstration_saine(base_demo):
    v = verifier(base_demo, complet=True)
    assert not v.fautes
    assert v.relus == v.a_relire > 5
    assert v.cellules > 1000


@pytest.mark.reel
def test_base_reelle_saine(base_reelle):
    v = verifier(base_reelle, echantillon=6, graine=1)
    assert not v.fautes
    assert v.relus == 6


def test_suivre_va_jusqu_au_bout(dossier):
    etapes = []
    verifier(Base(dossier), complet=True, suivre=lambda *e: etapes.append(e))
    assert [e[1] for e in etapes] == list(range(1, etapes[-1][2] + 1))


def test_les_graines_font_le_tour_de_la_base(dossier):
    vues = [verifier(Base(dossier), echantillon=2, graine=g) for g in range(3)]
    assert {(v.graines, v.relus) for v in vues} == {(3, 2)}
    assert len({v.cellules for v in vues}) > 1
    assert vues[0] == verifier(Base(dossier), echantillon=2, graine=0)


@given(
    noms=st.lists(st.integers(0, 10**6), unique=True, max_size=30),
    nombre=st.integers(1, 9),
    depart=st.integers(0, 50),
)
def test_choisir_couvre_tout(noms, nombre, depart):
    recus = [Recu(f"{n:064x}", str(n), "", 0, "") for n in noms]
    tours = -(-len(recus) // nombre)
    choisis = [choisir(recus, nombre, depart + g) for g in range(tours)]
    assert {r.nom for c in choisis for r in c} == {r.nom for r in recus}
    assert choisir(recus[::-1], nombre, depart) == choisir(recus, nombre, depart)
    assert all(len(c) == min(nombre, len(recus)) for c in choisis)


# -- altérations -------------------------------------------------------------------------------


def changer(chemin, variable, rang, valeur):
    table = pq.read_table(chemin)
    cellules = table[variable].to_pylist()
    cellules[rang] = valeur
    i = table.schema.get_field_index(variable)
    nouvelle = table.set_column(i, table.schema.field(i), pa.array(cellules, table.schema.field(i).type))
    pq.write_table(nouvelle, chemin)


@pytest.mark.parametrize(
    ("source", "variable", "rang", "valeur", "attendu"),
    [
        (
            "rp_population",
            "P_POP",
            0,
            1200.6,
            "au code 010040101, 1200.6 dans la base, 1200.5 dans le fichier",
        ),
        ("rp_population", "P_POP", 1, None, "au code 2A0040101, rien dans la base, 900 dans le fichier"),
        ("caf", "AM", 1, 0.0, "au code 340010102, 0 dans la base, rien dans le fichier"),
        (
            "caf",
            "A__statut",
            1,
            "s",
            "A__statut : 1, par exemple au code 340010102, « s » dans la base, « ns »",
        ),
        ("filosofi", "DISP_MED__statut", 1, None, "rien dans la base, « s » dans le fichier"),
        ("filosofi", "code", 0, "340010109", "lignes absentes de la base : codes 340010101"),
        ("locale", "DIFFUSION", 0, "publique", "« publique » dans la base, « interne » dans le fichier"),
        ("contours_iris", "nom", 0, "Une", "« Une » dans la base, « Un » dans le fichier"),
    ],
)
def test_une_cellule_changee_dans_une_part(dossier, source, variable, rang, valeur, attendu):
    chemin = part(dossier, source)
    if source == "locale":
        rang = pq.read_table(chemin)["DIFFUSION"].to_pylist().index("interne")
    changer(chemin, variable, rang, valeur)
    dites = fautes(dossier)
    assert attendu in dites
    assert chemin.name in dites
    assert "abs sources retirer" in dites


def test_un_contour_deplace(dossier):
    chemin = part(dossier, "contours_iris")
    couche = gpd.read_parquet(chemin)
    couche.loc[1, "geometry"] = couche.geometry[1].buffer(0.001)
    couche.to_parquet(chemin, index=False)
    assert "contours différents : 1, par exemple au code 340010102" in fautes(dossier)


def test_une_ligne_otee_d_une_part(dossier):
    chemin = part(dossier, "caf")
    pq.write_table(pq.read_table(chemin).slice(1), chemin)
    dites = fautes(dossier)
    assert "annonce dans « base/caf/2018/iris » 2 lignes et" in dites
    assert "lignes absentes de la base : codes 340010101" in dites


def test_une_colonne_otee_d_une_part(dossier):
    chemin = part(dossier, "caf")
    pq.write_table(pq.read_table(chemin).drop_columns(["PERCOU"]), chemin)
    assert "colonnes absentes de la base : PERCOU" in fautes(dossier)


@pytest.mark.parametrize(
    "nom", ["base.csv", "archive.zip", "iris_2021.shp", "iris_2021.dbf", "iris_2021.prj"]
)
def test_un_octet_change_dans_une_copie(dossier, nom):
    chemin = copie(dossier, nom)
    octets = bytearray(chemin.read_bytes())
    octets[-2] ^= 1
    chemin.write_bytes(octets)
    dites = fautes(dossier)
    assert "a changé depuis le dépôt" in dites
    assert nom.split(".")[0] in dites


@pytest.mark.parametrize("nom", ["base.csv", "iris_2021.shp"])
def test_une_copie_manque(dossier, nom):
    copie(dossier, nom).unlink()
    assert f"La copie de « {nom} » manque" in fautes(dossier)


def test_un_compagnon_manque(dossier):
    copie(dossier, "iris_2021.dbf").unlink()
    assert "iris_2021.shp » ou l'un des fichiers qui l'accompagnent a changé" in fautes(dossier)


def test_un_membre_d_archive_remplace(dossier):
    """L'archive entière est refaite avec un autre chiffre : son empreinte le dit."""
    chemin = copie(dossier, "archive.zip")
    chemin.write_bytes(
        archive(BASE_TD_FILO_IRIS_2021=FILOSOFI.replace("12,5", "12,6"), illisible="a;b\n1;2\n")
    )
    assert "archive.zip » a changé depuis le dépôt" in fautes(dossier)


def test_part_manquante(dossier):
    part(dossier, "filosofi").unlink()
    dites = fautes(dossier)
    assert "annonce 1 part(s) dans « base/filosofi/2021/iris », et il y en a 0" in dites
    assert "que donne « archive.zip », manque" in dites


def test_part_orpheline(dossier):
    chemin = part(dossier, "caf")
    shutil.copy(chemin, chemin.with_name("0123456789abcd-0.parquet"))
    assert "0123456789abcd-0.parquet » n'a pas de reçu" in fautes(dossier)


def test_part_en_double(dossier):
    chemin = part(dossier, "caf")
    shutil.copy(chemin, chemin.with_name(chemin.name.replace("-0.", "-1.")))
    assert "annonce 1 part(s) dans « base/caf/2018/iris », et il y en a 2" in fautes(dossier)


def test_part_copiee_a_un_niveau_que_rien_n_annonce(dossier):
    """Une part du même nom à un autre niveau peut en être dérivée ; la relecture dit si c'est le cas."""
    chemin = part(dossier, "caf")
    autre = chemin.parents[1] / "commune" / chemin.name
    autre.parent.mkdir()
    shutil.copy(chemin, autre)
    assert "commune" in fautes(dossier)


@pytest.mark.parametrize("taille", [0, 10, 300])
def test_part_illisible(dossier, taille):
    chemin = part(dossier, "caf")
    chemin.write_bytes(chemin.read_bytes()[:taille])
    assert "ne se lit pas" in fautes(dossier)


@pytest.mark.parametrize("contenu", ["{", "[]", "", '{"lots": []}', "\x00"])
def test_recu_abime(dossier, contenu):
    chemin = recu(dossier, "caf.csv")
    chemin.write_text(contenu)
    dites = fautes(dossier)
    assert f"{chemin.name} » est abîmé" in dites
    # Ses parts et sa copie attendent le nouveau dépôt : elles ne sont pas dites orphelines.
    assert "n'a pas de reçu" not in dites


@pytest.mark.parametrize(
    ("champ", "valeur"),
    [("sha256", "0" * 64), ("sha256", 12), ("taille", 3), ("taille", "3"), ("nom", None), ("date", 5)],
)
def test_recu_retouche(dossier, champ, valeur):
    chemin = recu(dossier, "caf.csv")
    contenu = json.loads(chemin.read_text())
    chemin.write_text(json.dumps({**contenu, champ: valeur}))
    assert "reçu" in fautes(dossier)


@pytest.mark.parametrize(
    ("champ", "valeur"), [("lignes", 3), ("colonnes", 1), ("niveau", "commune"), ("lignes", "2")]
)
def test_lot_retouche(dossier, champ, valeur):
    chemin = recu(dossier, "caf.csv")
    contenu = json.loads(chemin.read_text())
    contenu["lots"][0][champ] = valeur
    chemin.write_text(json.dumps(contenu))
    assert "reçu" in fautes(dossier).lower()


def test_recu_efface(dossier):
    recu(dossier, "caf.csv").unlink()
    dites = fautes(dossier)
    assert "La part « base/caf/2018/iris/" in dites
    assert "n'a pas de reçu (caf.csv)" in dites


def test_dossier_de_copies_en_trop(dossier):
    intrus = dossier / "brut" / "0123456789abcdef"
    intrus.mkdir()
    (intrus / "intrus.csv").write_text("a;b\n")
    assert "« brut/0123456789abcdef » n'a pas de reçu (intrus.csv)" in fautes(dossier)


def test_fichier_en_trop_a_cote_d_une_copie(dossier):
    copie(dossier, "base.csv").with_name("autre.csv").write_text("a;b\n")
    copie(dossier, "base.csv").with_name("autre.dbf").write_text("a;b\n")
    dites = fautes(dossier)
    assert "autre.csv » n'a pas été déposé là" in dites
    assert "autre.dbf » n'accompagne aucune couche" in dites


@pytest.mark.parametrize(
    "adresse", ["base/caf/20x8/iris/0123456789ab.parquet", "recus/notes.txt", "brut/seul.csv"]
)
def test_fichier_mal_place(dossier, adresse):
    (dossier / adresse).parent.mkdir(parents=True, exist_ok=True)
    (dossier / adresse).write_text("x")
    assert f"« {adresse} » n'a pas sa place" in fautes(dossier)


def test_les_restes_sans_consequence_ne_sont_pas_des_fautes(dossier):
    part(dossier, "caf").with_name(".0123456789ab.en-cours.parquet").write_text("x")
    (dossier / "notes.txt").write_text("x")
    v = verifier(Base(dossier))
    assert not v.fautes
    assert len(v.remarques) == 2


# -- comparaison pure --------------------------------------------------------------------------

valeurs = st.one_of(st.none(), st.floats(allow_nan=False), st.just(0.0))
tables = st.dictionaries(st.text("0123456789AB", min_size=5, max_size=5), valeurs, min_size=1, max_size=8)


def table(contenu):
    return pd.DataFrame({"code": list(contenu), "V": pd.array(list(contenu.values()), dtype="float64")})


@given(contenu=tables, melange=st.randoms())
def test_comparer_ne_voit_que_les_cellules(contenu, melange):
    lignes = list(contenu.items())
    melange.shuffle(lignes)
    ecarts = comparer(table(contenu), table(dict(lignes)))
    assert ecarts.phrases == ()
    assert ecarts.cellules == 2 * len(contenu)


@given(contenu=tables, autre=valeurs, choix=st.integers(0, 7))
def test_comparer_trouve_toute_cellule_changee(contenu, autre, choix):
    code = list(contenu)[choix % len(contenu)]
    change = {**contenu, code: autre}
    ecarts = comparer(table(contenu), table(change))
    meme = contenu[code] == autre
    assert bool(ecarts.phrases) is not meme
    assert all(code in p for p in ecarts.phrases)


def test_comparer_des_codes_qui_reviennent():
    a = pd.DataFrame({"code": ["x", "x", "y"], "I": ["p", "q", "p"], "V": [1.0, 2.0, 3.0]})
    assert comparer(a, a.iloc[[1, 0, 2]].reset_index(drop=True)).phrases == ()
    assert "V : 1" in comparer(a, a.assign(V=[1.0, 2.5, 3.0])).phrases[0]
    assert "codes x" in comparer(a, a.iloc[[0, 2]].reset_index(drop=True)).phrases[0]


def test_comparer_un_texte_et_un_nombre():
    a = pd.DataFrame({"code": ["x"], "V": [1.0]})
    assert comparer(a, pd.DataFrame({"code": ["x"], "V": ["1.0"]})).phrases
    assert comparer(a, pd.DataFrame({"V": [1.0]})).phrases == (
        "colonnes absentes du fichier d'origine : code",
    )
