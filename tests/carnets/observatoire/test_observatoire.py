"""L'observatoire : les chiffres du diagnostic, des liens qui durent, les mêmes octets, rien d'interne."""

from __future__ import annotations

import html
import json
import re
import shutil
import sqlite3
import zipfile
from contextlib import closing
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

import frictionless
import geopandas as gpd
import pyogrio
import pytest
from typer.testing import CliRunner

from abs.calcul.diagnostic import diagnostiquer
from abs.indicateurs.indicateurs import indicateurs
from abs.portrait.tableaux import cellule
from abs.statuts import ABREGES_STATUT
from abs.territoires.demande import Demande
from carnets.commande.application import app
from carnets.documents.preuve.preuve import ecrire_preuve
from carnets.observatoire.chiffres import Chiffres, Lecteur, Ligne, date_comparable, etablir
from carnets.observatoire.fabrique import fabriquer
from carnets.observatoire.fichiers import joindre, trouver
from carnets.observatoire.graphiques import du_territoire
from carnets.observatoire.mots import (
    DROITS,
    absence_commune,
    en_clair,
    jour_lisible,
    raison_sans_carte,
    rang_alphabetique,
    sens_de_lecture,
)
from carnets.observatoire.pages import en_script
from donnees_insee.base.base import Base
from donnees_insee.catalogue.modeles_recus import modeles
from donnees_insee.demo import EPCI_DEMO
from donnees_insee.depot.depot import deposer
from donnees_insee.erreurs import ParametreInvalide, SortieImpossible

if TYPE_CHECKING:
    from abs.calcul.table_longue import Diagnostic

INDICATEURS = ("population", "taux_pauvrete_60", "part_hlm", "recours_dalo", "menages_aides_facultatives")
ENTETE = "territoire;date;indicateur;numerateur;denominateur;producteur;diffusion;seuil;libelle;theme\n"
HAUT, BAS = 79198371, 486113579
TEMOINS = ("zébulon", "zebulon", str(HAUT), str(BAS), "16.29215", "16,29215")
LIGNES = (
    f"99003;2025;Indicateur zébulon;{HAUT};{BAS};Zébulon et fils;interne;5;;emploi",
    f"990030101;2025;Indicateur zébulon;{HAUT};{BAS};Zébulon et fils;interne;5;;emploi",
    f"{EPCI_DEMO};2025;retard_3e;{HAUT};{BAS};Zébulon et fils;interne;5;;",
    "99003;2025;recours_dalo;77;;Le CCAS témoin;publique;5;;",
    "99001;2025;recours_dalo;3;;Le CCAS témoin;publique;5;;",
)


@pytest.fixture(scope="module")
def base(base_demo: Base, tmp_path_factory: pytest.TempPathFactory) -> Base:
    """La démonstration, plus un fichier reçu dont une partie est interne."""
    dossier = tmp_path_factory.mktemp("observatoire")
    shutil.copytree(base_demo.dossier, dossier / "base")
    recu = dossier / "fichier_zebulon.csv"
    recu.write_text(ENTETE + "\n".join(LIGNES) + "\n", encoding="utf-8")
    base = Base(dossier / "base")
    (depot,) = deposer(base, [recu])
    assert depot.etat == "range", depot.raison
    return base


@pytest.fixture(scope="module")
def diagnostic(base: Base) -> Diagnostic:
    return diagnostiquer(base, Demande(EPCI_DEMO))


@pytest.fixture(scope="module")
def site(base: Base, tmp_path_factory: pytest.TempPathFactory) -> Path:
    sortie = tmp_path_factory.mktemp("site")
    perime = sortie / f"observatoire-{EPCI_DEMO}"
    perime.mkdir()
    (perime / "reste.html").write_text("un site d'avant", encoding="utf-8")
    return fabriquer(base, Demande(EPCI_DEMO), sortie, indicateurs=INDICATEURS).dossier


def donnees(site: Path, cle: str) -> dict:
    script = (site / "donnees" / "territoires" / f"{cle}.js").read_text(encoding="utf-8")
    trouve = re.fullmatch(r'observatoire\.recevoir\("territoire","([^"]+)",(.*)\);\n', script)
    assert trouve is not None
    assert trouve[1] == cle
    return json.loads(trouve[2])


def nu(texte: str) -> str:
    return html.unescape(re.sub(r"<[^>]+>", " ", texte)).strip()


# -- les chiffres sont ceux du diagnostic ------------------------------------------------------


def test_chaque_chiffre_des_donnees_est_celui_du_diagnostic(site: Path, diagnostic: Diagnostic) -> None:
    e = diagnostic.ensembles
    lus = 0
    for groupe, territoires in (
        ("comparaison", (e.sujet, *e.references)),
        ("mailles", e.mailles),
        ("qpv", e.qpv),
    ):
        for t in territoires:
            chiffres = donnees(site, f"{t.niveau}-{t.code}")["chiffres"]
            for code in INDICATEURS:
                attendu = diagnostic.chiffre(t, code, groupe)
                if attendu is None:
                    continue
                ecrit = next(c for c in chiffres[code] if c["d"] == date_comparable(attendu))
                assert ecrit["t"] == cellule(diagnostic.indicateurs[code], attendu).texte
                assert ecrit["s"] == attendu.statut
                assert ecrit["p"] == attendu.periode
                if attendu.a_une_valeur:
                    assert ecrit["v"] == pytest.approx(attendu.valeur, abs=1e-6)
                    assert ("f" in ecrit) == (attendu.fiabilite == "fragile")
                    lus += 1
                else:
                    # Une absence n'a pas de valeur, même nulle, et dit son statut.
                    assert "v" not in ecrit
                    assert ecrit["t"] == ABREGES_STATUT[attendu.statut]
    assert lus >= 30


def test_la_page_d_une_commune_porte_ses_chiffres_et_leur_statut(site: Path, diagnostic: Diagnostic) -> None:
    for commune in diagnostic.ensembles.mailles:
        page = (site / "territoires" / f"commune-{commune.code}.html").read_text(encoding="utf-8")
        for code in INDICATEURS:
            chiffre = diagnostic.chiffre(commune, code, "mailles")
            if chiffre is None:
                continue
            ligne = nu(re.search(rf'<tr id="{code}">.*?</tr>', page, re.DOTALL)[0])
            assert cellule(diagnostic.indicateurs[code], chiffre).texte in ligne
            assert chiffre.periode in ligne
            if chiffre.statut == "secret":
                assert "secret statistique" in ligne


def test_chaque_page_de_territoire_a_sa_carte_et_un_graphique_dont_les_points_sont_ceux_des_tableaux(
    site: Path, diagnostic: Diagnostic
) -> None:
    pages = sorted((site / "territoires").glob("*.html"))
    sans_graphique = []
    for page in pages:
        texte = page.read_text(encoding="utf-8")
        code = page.stem.partition("-")[2]
        assert texte.count(f'class="carte situation" data-territoire="{code}"') == 1
        dessins = re.findall(r'<img src="\.\./(graphiques/[^"]+\.svg)"', texte)
        sans_graphique += [] if dessins else [page.stem]
        assert all((site / d).read_text(encoding="utf-8").startswith("<svg") for d in dessins)
    assert len(sans_graphique) < len(pages) / 2
    lignes = [
        Ligne(lecteur.figure(diagnostic.ensembles.mailles[0], i, "mailles"), ())
        for lecteur in [Lecteur(diagnostic)]
        for i in diagnostic.indicateurs.values()
    ]
    (commune, *autres) = diagnostic.ensembles.mailles
    demandes = du_territoire(Chiffres(diagnostic), Lecteur(diagnostic), commune, lignes, [])
    series = [s for d in demandes.values() for s in d.series]
    assert len(series) >= 3
    for valeur in (v for s in series for v in s.valeurs):
        territoire, _, indicateur, *_ = valeur.reference.split("|")
        lu = next(t for t in (commune, *autres) if t.code == territoire)
        assert diagnostic.chiffre(lu, indicateur, "mailles").valeur == valeur.valeur
    # Un point d'une autre date n'est pas posé à côté : toutes les valeurs d'une réglette ont la même.
    assert all(len({v.reference.split("|")[4] for v in s.valeurs}) == 1 for s in series)


def test_les_iris_d_une_commune_sont_ceux_de_son_portrait(site: Path, base: Base) -> None:
    portrait = diagnostiquer(base, Demande("99001"))
    page = (site / "territoires" / "commune-99001.html").read_text(encoding="utf-8")
    tableaux = {nu(t.split("</caption>")[0].split(">")[-1]): t for t in page.split("<caption")[1:]}
    logement = next(t for titre, t in tableaux.items() if "IRIS un par un : logement" in titre)
    for iris in portrait.ensembles.mailles:
        chiffre = portrait.chiffre(iris, "part_hlm", "mailles")
        attendu = cellule(portrait.indicateurs["part_hlm"], chiffre).texte
        ligne = next(li for li in logement.split("<tr") if f"<small>{iris.code}" in li)
        assert attendu in html.unescape(ligne)
        assert f'id="iris-{iris.code}"' in page


def test_la_fiche_dit_definition_formule_source_date_et_toutes_les_communes(
    site: Path, diagnostic: Diagnostic
) -> None:
    page = nu((site / "indicateurs" / "part_hlm.html").read_text(encoding="utf-8"))
    definition = diagnostic.indicateurs["part_hlm"]
    for attendu in (definition.definition, "P_RP_LOCHLMV", "Numérateur", "Dénominateur", "recensement 2022"):
        assert attendu in page
    table = re.search(
        r'id="tableau-communes".*?</table>',
        (site / "indicateurs" / "part_hlm.html").read_text("utf-8"),
        re.DOTALL,
    )[0]
    for commune in diagnostic.ensembles.mailles:
        assert html.escape(commune.nom, quote=False).replace("'", "&#39;") in table


def test_deux_chiffres_de_meme_edition_mais_d_annees_inconnues_ne_se_comparent_pas(
    diagnostic: Diagnostic,
) -> None:
    e = diagnostic.ensembles
    qpv = diagnostic.chiffre(e.qpv[0], "part_moins_25_ans", "qpv")
    commune = diagnostic.chiffre(e.mailles[0], "part_moins_25_ans", "mailles")
    # Même millésime écrit, mais le tableau QPV ne dit pas l'année de ces données-là.
    assert qpv.millesime == commune.millesime == 2022
    assert date_comparable(qpv) != date_comparable(commune)
    pauvrete = diagnostic.chiffre(e.qpv[0], "taux_pauvrete_60", "qpv")
    assert pauvrete.periode.startswith("revenus 2021")
    assert date_comparable(pauvrete).startswith("2021")


def test_un_iris_d_une_autre_date_devient_indisponible_sur_la_carte_commune(base: Base) -> None:
    chiffres = etablir(base, Demande(EPCI_DEMO), ("part_hlm",))
    codes = list(chiffres.iris)
    vieux = chiffres.iris[codes[0]]
    vieillis = [
        replace(c, millesime=2016, periode="recensement 2016") if c.indicateur == "part_hlm" else c
        for c in vieux.chiffres
    ]
    chiffres.iris[codes[0]] = replace(vieux, chiffres=vieillis)
    reunis = Chiffres(chiffres.diagnostic, chiffres.iris).iris_reunis
    lus = [c for c in reunis.chiffres if c.indicateur == "part_hlm" and c.territoire[:5] == codes[0]]
    ailleurs = [c for c in lus if c.niveau == "iris"]
    assert ailleurs
    assert not [c for c in ailleurs if c.a_une_valeur]
    assert any("recensement 2016" in c.note for c in ailleurs)
    assert all(c.valeur != c.valeur for c in ailleurs)


# -- les mots ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("note", "dite"),
    [
        (
            "le fichier déposé ne contient pas la variable DISP_TP60 ; NOTE_FILO = 1",
            "non publié dans le fichier déposé ; note de précaution du producteur",
        ),
        ("DISP_NOTE = 2 ; NOTE_FILO = 1", "note de précaution du producteur"),
        ("NOTE_CNAF = 3 (qualité signalée par le producteur)", "qualité signalée par le producteur"),
        ("effectif non diffusé ; NOTE_CNAF = 2", "effectif non diffusé ; qualité signalée par le producteur"),
        ("seulement 28 IRIS sur 41 ont un chiffre", "seulement 28 IRIS sur 41 ont un chiffre"),
        ("", ""),
    ],
)
def test_une_note_se_lit_sans_code_de_fichier(note: str, dite: str) -> None:
    assert en_clair(note) == dite


def test_une_raison_commune_a_toutes_les_communes_n_est_dite_qu_une_fois() -> None:
    absente = "indisponible : non publié dans le fichier déposé"
    assert absence_commune("communes", [absente] * 31) == (
        "Aucune des 31 communes n'a ce chiffre : il n'est pas publié dans le fichier déposé."
    )
    assert absence_commune("iris", ["secret statistique"] * 4) == (
        "Aucun des 4 IRIS n'a ce chiffre : secret statistique."
    )
    assert absence_commune("qpv", [absente, "secret statistique"]) == ""
    assert absence_commune("qpv", [absente]) == ""
    assert absence_commune("qpv", []) == ""


def test_un_droit_se_lit_dans_les_deux_sens() -> None:
    assert set(indicateurs()) | set(modeles()) >= DROITS
    assert "recours aux droits" in sens_de_lecture(indicateurs()["part_c2s"])
    assert sens_de_lecture(indicateurs()["taux_pauvrete_60"]) == "une valeur haute signale une fragilité"


def test_l_absence_de_carte_dit_sa_raison(site: Path) -> None:
    taux = indicateurs()["taux_pauvrete_60"]

    def dire(communes: int, *, contours: bool = True, carte: bool = True) -> str:
        comptes = {"communes": (communes, 10), "iris": (0, 30)}
        return raison_sans_carte(replace(taux, carte=carte), comptes, contours=contours, recu=False)

    assert "aucune commune" in dire(0)
    assert "ne contient pas les contours" in dire(3, contours=False)
    assert "3 communes sur 10 ont un chiffre" in dire(3, carte=False)
    assert "pas de contour" in dire(1)
    page = nu((site / "indicateurs" / "recours_dalo.html").read_text(encoding="utf-8"))
    assert "donnée reçue d'un partenaire" in page
    assert "1 commune sur 10 a un chiffre" in page
    # Un tableau sans ligne dit qu'il n'en a pas.
    assert "Aucun chiffre pour l'intercommunalité ni ses références." in page
    assert "L'intercommunalité et ses références" not in page


def test_un_denominateur_recu_est_dit_fourni_par_le_producteur(site: Path) -> None:
    recu = nu((site / "indicateurs" / "menages_aides_facultatives.html").read_text(encoding="utf-8"))
    assert "Dénominateur, fourni par le producteur" in recu
    calcule = nu((site / "indicateurs" / "part_hlm.html").read_text(encoding="utf-8"))
    assert "fourni par le producteur" not in calcule


def test_les_listes_de_territoires_sont_dans_un_seul_ordre(site: Path, diagnostic: Diagnostic) -> None:
    modele = diagnostic.ensembles.mailles[0]
    noms = ["Zuydcoote", "L'Isle", "Évron", "La Ferté", "Eaubonne", "Lattes", "Étampes"]
    ranges = sorted((replace(modele, nom=n) for n in noms), key=rang_alphabetique)
    attendus = ["Eaubonne", "Étampes", "Évron", "La Ferté", "Lattes", "L'Isle", "Zuydcoote"]
    assert [t.nom for t in ranges] == attendus

    ordre = [t.code for t in sorted(diagnostic.ensembles.mailles, key=rang_alphabetique)]
    accueil = (site / "index.html").read_text(encoding="utf-8")
    liste = accueil[accueil.index('id="communes"') : accueil.index('id="qpv"')]
    assert re.findall(r"commune-(\w+)\.html", liste) == ordre
    fiche = (site / "indicateurs" / "part_hlm.html").read_text(encoding="utf-8")
    table = re.search(r'id="tableau-communes".*?</table>', fiche, re.DOTALL)[0]
    assert re.findall(r"commune-(\w+)\.html", table) == ordre
    comparer = (site / "comparer.html").read_text(encoding="utf-8")
    choix = re.search(r'label="Communes">(.*?)</optgroup>', comparer, re.DOTALL)[1]
    assert re.findall(r'value="(\w+)"', choix) == ordre


def test_le_jour_du_site_s_ecrit_en_francais() -> None:
    assert jour_lisible(date(2026, 2, 1)) == "1er février 2026"
    assert jour_lisible(date(2026, 8, 21)) == "21 août 2026"


# -- le site tient debout tout seul ------------------------------------------------------------


def test_les_adresses_ne_dependent_que_du_niveau_et_du_code(site: Path) -> None:
    attendus = (
        "index.html",
        "comparer.html",
        "territoires/commune-99001.html",
        f"territoires/epci-{EPCI_DEMO}.html",
        "territoires/qpv-QN09901I.html",
        "indicateurs/part_hlm.html",
        "cartes/part_hlm.html",
        "telechargements/indicateurs/part_hlm.csv",
        "telechargements/indicateurs/part_hlm.gpkg",
        "telechargements/indicateurs/part_hlm.png",
        "telechargements/observatoire.csv",
        "telechargements/observatoire.gpkg",
        "telechargements/datapackage.json",
        "telechargements/indicateurs/part_hlm.csvt",
        "telechargements/cartes.zip",
    )
    assert [a for a in attendus if not (site / a).is_file()] == []
    assert not (site / "reste.html").exists()


def test_tous_les_liens_internes_menent_quelque_part(site: Path) -> None:
    pages = {p: p.read_text(encoding="utf-8") for p in site.rglob("*.html")}
    ancres = {p: set(re.findall(r'\bid="([^"]+)"', texte)) for p, texte in pages.items()}
    casses, vus = [], 0
    for page, texte in pages.items():
        assert len(re.findall(r'\bid="([^"]+)"', texte)) == len(ancres[page]), f"ancre en double dans {page}"
        for brut in re.findall(r'(?:href|src)="([^"]+)"', texte):
            lien = html.unescape(brut)
            if lien.startswith(("data:", "https://ADRESSE-DU-SITE/")):
                continue
            assert "://" not in lien
            chemin, _, ancre = lien.partition("#")
            cible = (page.parent / chemin.partition("?")[0]).resolve() if chemin else page
            vus += 1
            if not cible.is_file() or (ancre and ancre not in ancres[cible]):
                casses.append(f"{page.name} → {lien}")
    assert casses == []
    assert vus > 300


def test_ni_script_ni_style_dans_les_pages_et_une_politique_stricte(site: Path) -> None:
    for page in site.rglob("*.html"):
        texte = html.unescape(page.read_text(encoding="utf-8"))
        assert '<html lang="fr">' in texte
        assert "default-src 'none'" in texte
        assert "unsafe" not in texte
        assert not re.search(r"<script(?![^>]*\bsrc=)", texte)
        assert not re.search(r"<style|\sstyle=|\son[a-z]+=", texte)


def test_la_page_d_entree_est_legere(site: Path) -> None:
    texte = (site / "index.html").read_text(encoding="utf-8")
    liees = re.findall(r'(?:href|src)="((?:ressources|donnees)/[^"]+\.(?:css|js))"', texte)
    sans_contours = [li for li in liees if "contours" not in li]
    poids = sum((site / li).stat().st_size for li in ["index.html", *sans_contours])
    assert len(sans_contours) >= 5
    assert poids <= 300_000
    # Leaflet n'est là qu'une fois pour tout le site.
    assert len([f for f in site.rglob("*.js") if "Leaflet" in f.read_text(encoding="utf-8")[:200]]) == 1


def test_deux_fabrications_donnent_les_memes_octets(site: Path, base: Base, tmp_path: Path) -> None:
    autre = fabriquer(base, Demande(EPCI_DEMO), tmp_path, indicateurs=INDICATEURS).dossier
    fichiers = {f.relative_to(site) for f in site.rglob("*") if f.is_file()}
    assert fichiers == {f.relative_to(autre) for f in autre.rglob("*") if f.is_file()}
    differents = [str(f) for f in sorted(fichiers) if (site / f).read_bytes() != (autre / f).read_bytes()]
    assert set(differents) <= {"fabrication.json", "donnees/fabrication.js", "preuve/empreintes.json"}
    # La date du site n'est écrite que là : sinon chaque page changerait à chaque fabrication.
    assert [p.name for p in site.rglob("*.html") if "Établi le" in p.read_text(encoding="utf-8")] == []
    assert "fabrique_le" in json.loads((site / "fabrication.json").read_text(encoding="utf-8"))


def test_un_texte_hostile_ne_sort_pas_de_son_script() -> None:
    hostile = "</script><img src=x onerror=alert(1)>&\u2028"
    script = en_script("territoire", hostile, {hostile: [hostile]})
    assert not set("<>&\u2028") & set(script)
    arguments = json.loads("[" + script.removeprefix("observatoire.recevoir(").removesuffix(");\n") + "]")
    assert arguments == ["territoire", hostile, {hostile: [hostile]}]
    with pytest.raises(ValueError, match="not JSON compliant"):
        en_script("territoire", "x", {"v": float("nan")})


def test_les_fichiers_par_indicateur_portent_valeurs_et_absences(site: Path, diagnostic: Diagnostic) -> None:
    dossier = site / "telechargements" / "indicateurs"
    couche = pyogrio.read_dataframe(dossier / "taux_pauvrete_60.gpkg", layer="communes").set_index("code")
    assert set(couche.index) == {t.code for t in diagnostic.ensembles.mailles}
    for t in diagnostic.ensembles.mailles:
        chiffre = diagnostic.chiffre(t, "taux_pauvrete_60", "mailles")
        assert couche.at[t.code, "statut"] == chiffre.statut
        if chiffre.a_une_valeur:
            assert couche.at[t.code, "valeur"] == pytest.approx(chiffre.valeur)
        else:
            assert couche.at[t.code, "valeur"] != couche.at[t.code, "valeur"]
    assert gpd.read_file(dossier / "taux_pauvrete_60.gpkg", layer="communes").geometry.is_valid.all()
    lignes = (dossier / "taux_pauvrete_60.csv").read_text(encoding="utf-8-sig").splitlines()
    assert {li.split(";")[4] for li in lignes[1:]} == {'"taux_pauvrete_60"'}
    with zipfile.ZipFile(site / "telechargements" / "cartes.zip") as archive:
        assert "taux_pauvrete_60.png" in archive.namelist()
        assert archive.read("taux_pauvrete_60.png").startswith(b"\x89PNG")


def test_les_csv_sont_decrits_et_les_couches_ont_le_style_des_cartes(site: Path) -> None:
    dossier = site / "telechargements"
    paquet = frictionless.Package(str(dossier / "datapackage.json"))
    assert {r.path for r in paquet.resources} == {
        f.relative_to(dossier).as_posix() for f in dossier.rglob("*.csv")
    }
    # Tous ont le même schéma : le plus long suffit, et celui d'un indicateur.
    for nom in ("observatoire", "indicateurs/taux_pauvrete_60"):
        assert paquet.get_resource(nom).validate().flatten(["type", "note"]) == []
    with closing(sqlite3.connect(dossier / "observatoire.gpkg")) as base:
        requete = "SELECT f_table_name, styleName FROM layer_styles WHERE useAsDefault"
        defauts = dict(base.execute(requete))
    assert defauts["communes"].startswith("Taux de pauvreté au seuil de 60 %")


# -- diffusion ---------------------------------------------------------------------------------


def _textes(fichier: Path) -> str:
    if fichier.suffix == ".gpkg":
        with closing(sqlite3.connect(fichier)) as lien:
            tables = [r[0] for r in lien.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
            return "\n".join(str(ligne) for t in tables for ligne in lien.execute(f'SELECT * FROM "{t}"'))
    return fichier.read_bytes().decode("utf-8", errors="replace")


def test_aucun_temoin_interne_dans_le_site(site: Path) -> None:
    lus = {f: _textes(f) for f in site.rglob("*") if f.is_file()}
    assert [(f.name, t) for f, texte in lus.items() for t in TEMOINS if t in texte.lower()] == []
    # Le même regard trouve ce qui est public, et le compte sous le seuil y est secret.
    for nom in ("recours_dalo.html", "commune-99003.html", "observatoire.csv", "observatoire.gpkg"):
        assert any(f.name == nom and "Le CCAS témoin" in texte for f, texte in lus.items()), nom
    (cache,) = donnees(site, "commune-99001")["chiffres"]["recours_dalo"]
    assert cache["s"] == "secret"
    assert "v" not in cache


def test_un_observatoire_est_public_et_d_une_intercommunalite(base: Base, tmp_path: Path) -> None:
    with pytest.raises(ParametreInvalide, match="diffusion publique"):
        fabriquer(base, Demande(EPCI_DEMO, diffusion="interne"), tmp_path)
    with pytest.raises(ParametreInvalide, match="neuf chiffres"):
        fabriquer(base, Demande("99001"), tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_la_commande_refuse_une_commune(base: Base, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ABS_DONNEES", str(base.dossier))
    essai = CliRunner().invoke(app, ["observatoire", "99001", "--sortie", str(tmp_path)])
    assert isinstance(essai.exception, ParametreInvalide)


# -- portraits joints --------------------------------------------------------------------------


def test_seuls_les_portraits_publics_du_bon_code_et_des_bonnes_dates_sont_joints(
    base: Base, diagnostic: Diagnostic, tmp_path: Path
) -> None:
    communes = {t.code: t for t in diagnostic.ensembles.mailles}
    public = diagnostiquer(base, Demande("99003"))

    def portrait(nom: str, page: str = "<p>portrait</p>", **demande: object) -> None:
        dossier = tmp_path / "portraits" / nom
        ecrit = replace(public, demande=replace(public.demande, **demande))
        ecrire_preuve(ecrit, base, dossier / "preuve")
        (dossier / "portrait.html").write_text(page, encoding="utf-8")
        (dossier / "tableaux.xlsx").write_bytes(b"classeur")

    portrait("portrait-saint-maur-99003-dernier")
    portrait("portrait-saint-maur-99003-2016", millesime=2016)
    portrait("portrait-saint-maur-99003-dernier-interne", diffusion="interne")
    portrait("portrait-menteur-99003-zz", page="Document interne – ne pas diffuser")
    portrait("portrait-autre-99001-dernier")
    (tmp_path / "portraits" / "portrait-vide-99002-dernier").mkdir()
    (tmp_path / "portraits" / "notes").mkdir()
    trouves = trouver(tmp_path / "portraits", Demande(EPCI_DEMO), list(communes.values()))
    assert {c: d.name for c, d in trouves.dossiers.items()} == {
        "commune-99003": "portrait-saint-maur-99003-dernier"
    }
    ecartes = "\n".join(trouves.ecartes)
    assert len(trouves.ecartes) == 5
    for raison in (
        "millesime = 2016",
        "diffusion interne",
        "ne porte pas le code 99003",
        "n'est pas le dossier d'un",
    ):
        assert raison in ecartes
    assert {t.code for t in trouves.manquants} == set(communes) - {"99003"}
    copies = joindre(tmp_path / "site", trouves)
    assert [f.adresse for f in copies["commune-99003"]] == [
        "portraits/commune-99003/portrait.html",
        "portraits/commune-99003/tableaux.xlsx",
    ]
    with pytest.raises(SortieImpossible, match="--portraits"):
        trouver(tmp_path / "absent", Demande(EPCI_DEMO), [])
