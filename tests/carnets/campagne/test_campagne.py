"""La campagne : rien n'arrête les autres, rien à moitié écrit, et le bilan dit ce qui est sur le disque."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import openpyxl
import pytest

from carnets.campagne.bilan import comptes, duree
from carnets.campagne.deroulement import mener, taches_du_plan, verifies
from carnets.campagne.plan import EXEMPLE, PlanInvalide, lire_plan
from carnets.campagne.taches import DELAI_PASSE, ECHEC, FAIT, TUE, Resultat, deja_faite
from carnets.commande.application import app
from carnets.processus.demarrage import methode_de_demarrage
from donnees_insee.chemins import VerrouPris, tenir
from tests.carnets.petits_carnets import carnet

pytestmark = pytest.mark.carnet


@pytest.fixture(autouse=True, scope="module")
def sans_prechauffage():
    """Les petits carnets n'importent rien : préchauffer tout coûterait plus qu'eux."""
    with pytest.MonkeyPatch.context() as poste:
        poste.setenv("ABS_PRECHAUFFAGE", "tests.carnets.petits_carnets:prechauffer_peu")
        yield


COMMUNES = ["99001", "99002", "99003", "99004", "99005"]
# Ce que fait le petit carnet selon le territoire : un raté de chaque sorte, deux territoires sains.
FAUTES = """
import os, pathlib, signal, time
pathlib.Path(dossier_sortie, "vu.txt").write_text(territoire)
if territoire == "99003":
    raise ValueError("le fichier de la commune <b>99003</b> manque")
if territoire == "99004":
    time.sleep(600)
if territoire == "99005":
    os.kill(os.getpid(), signal.SIGKILL)
print("portrait de", territoire)
"""


def campagne(dossier: Path, cellule: str, *, codes=COMMUNES, **reglages) -> Path:
    carnet(dossier / "petit.ipynb", cellule)
    lignes = [f"{cle} = {json.dumps(valeur)}" for cle, valeur in ({"sortie": "sorties"} | reglages).items()]
    lignes += ["[[territoires]]", f"codes = {json.dumps(list(codes))}"]
    lignes += ["[[carnets]]", 'carnet = "petit.ipynb"', 'formats = ["html"]']
    fichier = dossier / "campagne.toml"
    fichier.write_text("\n".join(lignes), encoding="utf-8")
    return fichier


def etats(bilan) -> dict[str, str]:
    return {t.code: r.etat for t, r in zip(bilan.taches, bilan.resultats, strict=True)}


def lancer(fichier, base, **options):
    return mener(lire_plan(fichier), base, lambda _: None, **options)


def rien_a_moitie(sortie: Path) -> None:
    """Chaque dossier de territoire présent porte la marque d'un dossier complet."""
    for dossier in sortie.iterdir():
        assert not dossier.name.startswith("."), dossier
        if dossier.is_dir() and dossier.name != "echecs":
            marque = json.loads((dossier / "preuve" / "campagne.json").read_text(encoding="utf-8"))
            assert all((dossier / nom).stat().st_size == taille for nom, taille in marque["fichiers"].items())


# -- le plan -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "ecrit", ['territoires = ["99001"]', '[[territoires]]\ncodes=["99001"]\n[carnets]\ncarnet = "portrait"']
)
def test_une_liste_nue_est_refusee_en_une_phrase(tmp_path, ecrit):
    (tmp_path / "plan.toml").write_text(ecrit, encoding="utf-8")
    with pytest.raises(PlanInvalide, match=r"\[\[(territoires|carnets)\]\]"):
        lire_plan(tmp_path / "plan.toml")


def test_l_exemple_est_un_plan_correct(tmp_path):
    fichier = tmp_path / "campagne.toml"
    fichier.write_text(EXEMPLE, encoding="utf-8")
    plan = lire_plan(fichier)
    assert plan.choix[0].communes_de == "243400017"
    assert plan.carnets[0].nom == "portrait"
    assert plan.sortie == (tmp_path / "sorties" / "campagne").resolve()


def test_toutes_les_fautes_d_un_plan_sont_dites_a_la_fois(tmp_path):
    fichier = tmp_path / "campagne.toml"
    fichier.write_text(
        'travailleur = 2\ntravailleurs = 0\ndelai = "long"\n[parametres]\nterritoire = "1"\n'
        '[[territoires]]\ncodes = [1004]\n[[territoires]]\ncommune_de = "x"\n[[carnets]]\ncarnet = "absent.ipynb"\n',
        encoding="utf-8",
    )
    with pytest.raises(PlanInvalide) as faute:
        lire_plan(fichier)
    texte = str(faute.value)
    for attendu in (
        "« travailleur » est inconnu",
        "travailleurs = 0",
        "delai = 'long'",
        "ne donne pas le territoire",
        "liste de textes entre guillemets",
        "« commune_de » est inconnu",
        "absent.ipynb",
    ):
        assert attendu in texte


def test_un_fichier_absent_ou_illisible_est_une_phrase(tmp_path):
    with pytest.raises(PlanInvalide, match="--exemple"):
        lire_plan(tmp_path / "rien.toml")
    casse = tmp_path / "casse.toml"
    casse.write_text("codes = [", encoding="utf-8")
    with pytest.raises(PlanInvalide, match="TOML correct"):
        lire_plan(casse)
    casse.write_bytes("titre = 'é'".encode("latin-1"))
    with pytest.raises(PlanInvalide, match="UTF-8"):
        lire_plan(casse)


def test_les_ensembles_deviennent_des_territoires(tmp_path, base_demo):
    fichier = tmp_path / "campagne.toml"
    fichier.write_text(
        '[[territoires]]\ncommunes_de = "999900001"\nsauf = ["99002"]\n[[territoires]]\nqpv_de = "99001"\n'
        '[[territoires]]\ncodes = ["99001", "999900001"]\n[[carnets]]\ncarnet = "portrait"\n'
        '[[carnets]]\ncarnet = "evolutions"\n',
        encoding="utf-8",
    )
    taches = taches_du_plan(lire_plan(fichier), base_demo)
    codes = [t.code for t in taches if t.nom_du_carnet == "portrait"]
    assert len(codes) == len(set(codes))
    assert "99002" not in codes
    assert {"99001", "99003", "999900001"} <= set(codes)
    assert any(c.startswith("QN") for c in codes)
    assert len({t.dossier for t in taches}) == len(taches) == 2 * len(codes)


def test_des_territoires_introuvables_sont_tous_nommes(tmp_path, base_demo):
    fichier = tmp_path / "campagne.toml"
    fichier.write_text('[[territoires]]\ncodes = ["88888", "77777"]\nsauf = ["1"]\n', encoding="utf-8")
    with pytest.raises(PlanInvalide) as faute:
        taches_du_plan(lire_plan(fichier), base_demo)
    assert all(code in str(faute.value) for code in ("88888", "77777", "écarte 1"))


# -- les fautes, avec de vrais processus ---------------------------------------------------------


@pytest.fixture(scope="module", params=["forkserver", "spawn"])
def ratee(request, tmp_path_factory, base_demo):
    """Une campagne où chaque sorte de raté arrive une fois, préchauffée, puis comme sous Windows."""
    dossier = tmp_path_factory.mktemp("ratee")
    fichier = campagne(dossier, FAUTES, travailleurs=2, delai=25)
    with pytest.MonkeyPatch.context() as poste:
        poste.setenv("ABS_DEMARRAGE", request.param)
        bilan = lancer(fichier, base_demo)
    return fichier, bilan


def test_un_rate_n_arrete_pas_les_autres(ratee):
    assert etats(ratee[1]) == {
        "99001": FAIT,
        "99002": FAIT,
        "99003": ECHEC,
        "99004": DELAI_PASSE,
        "99005": ECHEC,
    }
    messages = {t.code: r.message for t, r in zip(ratee[1].taches, ratee[1].resultats, strict=True)}
    assert "le fichier de la commune" in messages["99003"]
    assert "délai de 25 secondes" in messages["99004"]
    assert "noyau du carnet est mort" in messages["99005"]


def test_rien_n_est_a_moitie_ecrit_et_le_carnet_fautif_est_garde(ratee):
    sortie = ratee[1].sortie
    rien_a_moitie(sortie)
    assert {d.name for d in sortie.iterdir() if d.is_dir()} == {
        "petit-arzance-la-ville-99001",
        "petit-l-isle-arzance-99002",
        "echecs",
    }
    (garde,) = (sortie / "echecs").iterdir()
    premiere = json.loads(garde.read_text(encoding="utf-8"))["cells"][0]
    assert "99003" in garde.name
    assert "An Exception was encountered" in "".join(premiere["source"])


def test_le_bilan_dit_vrai_dans_ses_trois_formes(ratee):
    bilan = ratee[1]
    lu = json.loads((bilan.sortie / "bilan.json").read_text(encoding="utf-8"))
    assert lu["comptes"] == {FAIT: 2, ECHEC: 2, DELAI_PASSE: 1}
    feuille = openpyxl.load_workbook(bilan.sortie / "bilan.xlsx").active
    etats_lus = {ligne[1]: ligne[4] for ligne in feuille.iter_rows(min_row=4, values_only=True)}
    assert etats_lus == etats(bilan)
    page = (bilan.sortie / "bilan.html").read_text(encoding="utf-8")
    assert "&lt;b&gt;99003" in page
    assert "<b>99003" not in page
    assert 'href="petit-arzance-la-ville-99001/petit.html"' in page
    assert "http" not in page.replace("http-equiv", "")


def test_reprendre_ne_refait_que_ce_qui_manque_ou_a_change(ratee, base_demo):
    fichier, bilan = ratee
    dates = {d: (d / "vu.txt").stat().st_mtime_ns for d in bilan.sortie.glob("petit-*")}
    carnet(fichier.parent / "petit.ipynb", FAUTES)
    # Un fichier retiré à la main, et le territoire est à refaire.
    perdu = bilan.sortie / "petit-l-isle-arzance-99002"
    (perdu / "vu.txt").unlink()
    codes = ["99001", "99002"]
    repris = lancer(campagne(fichier.parent, FAUTES, codes=codes, delai=25), base_demo, reprendre=True)
    assert etats(repris) == {"99001": "déjà fait", "99002": FAIT}
    garde = bilan.sortie / "petit-arzance-la-ville-99001"
    assert (garde / "vu.txt").stat().st_mtime_ns == dates[garde]
    # Le carnet change : tout est à refaire.
    change = lancer(
        campagne(fichier.parent, FAUTES + "\n1 + 1", codes=codes, delai=25), base_demo, reprendre=True
    )
    assert etats(change) == {"99001": FAIT, "99002": FAIT}


LECTEUR = """
from donnees_insee.base.base import Base
from pathlib import Path
base = Base(Path(dossier_donnees))
base.millesimes("filosofi")
base.millesimes("caf_petite_enfance")
"""


def test_seul_ce_qu_un_carnet_a_lu_le_perime(tmp_path, base_demo, monkeypatch):
    """Une source lue qui change, ou cherchée en vain et déposée depuis, fait refaire ; une autre, non."""
    fichier = campagne(tmp_path, LECTEUR, codes=["99001"])
    lancer(fichier, base_demo)
    recus, modele = base_demo.recus(), base_demo.recus()[0]

    def etat(change):
        monkeypatch.setattr(type(base_demo), "recus", lambda _: change)
        (tache,) = taches_du_plan(lire_plan(fichier), base_demo)
        return deja_faite(tache)

    def sans(source):
        return [r for r in recus if source not in {lot.source for lot in r.lots}]

    arrivee = replace(modele, lots=tuple(replace(lot, source="caf_petite_enfance") for lot in modele.lots))
    assert etat(recus)
    assert etat(sans("equipements"))
    assert not etat(sans("filosofi"))
    assert not etat([*recus, arrivee])


@pytest.mark.skipif(methode_de_demarrage() != "forkserver", reason="Ce système ne dédouble pas un processus.")
def test_le_carnet_d_un_portrait_nait_de_sa_tache_sans_rien_importer_de_nouveau(tmp_path, base_demo):
    """Un fil lancé par la tâche avant son carnet obligerait à repartir d'un interpréteur froid."""
    fichier = tmp_path / "campagne.toml"
    fichier.write_text(
        'sortie = "s"\n[[territoires]]\ncodes = ["99003"]\n[[carnets]]\ncarnet = "portrait"\nformats = []\n',
        encoding="utf-8",
    )
    (tache,) = lancer(fichier, base_demo).taches
    lu = json.loads((tache.final / "carnet.ipynb").read_text(encoding="utf-8"))
    assert lu["metadata"]["abs"]["demarrage"] == "fork"


@pytest.mark.skipif(os.name == "nt", reason="Sous Windows, le carnet n'est pas l'enfant de sa tâche.")
def test_une_tache_tuee_est_reprise_puis_dite_interrompue(tmp_path, base_demo):
    """Le processus de la tâche, non celui du carnet, est tué : il est relancé une fois, puis dit interrompu."""
    tuer = "import os, signal, time\nos.kill(os.getppid(), signal.SIGKILL)\ntime.sleep(60)"
    fichier = campagne(tmp_path, tuer, codes=["99001", "99002"], delai=60, essais=2, travailleurs=1)
    vus: list[str] = []

    bilan = mener(lire_plan(fichier), base_demo, lambda evenement: vus.append(evenement.genre))
    assert set(etats(bilan).values()) == {TUE}
    assert vus.count("encore") == 2
    assert all(r.essais == 2 for r in bilan.resultats)
    rien_a_moitie(bilan.sortie)


def commande(fichier: Path, base, *options: str) -> list[str]:
    return [sys.executable, "-m", "carnets.commande", "campagne", str(fichier), *options]


def test_une_campagne_tuee_net_reprend_ou_elle_en_etait(tmp_path, base_demo):
    lent = (
        'import pathlib, time\npathlib.Path(dossier_sortie, "vu.txt").write_text(territoire)\ntime.sleep(1.5)'
    )
    fichier = campagne(tmp_path, lent, travailleurs=1)
    env = os.environ | {"ABS_DONNEES": str(base_demo.dossier)}
    lancee = subprocess.Popen(commande(fichier, base_demo), env=env, stdout=subprocess.DEVNULL)
    sortie = tmp_path / "sorties"
    fin = time.monotonic() + 90
    while not list(sortie.glob("petit-*/preuve/campagne.json")):
        assert time.monotonic() < fin
        time.sleep(0.05)
    time.sleep(0.5)
    lancee.send_signal(signal.SIGKILL)
    lancee.wait()
    faits = {d.name for d in sortie.glob("petit-*")}
    assert 1 <= len(faits) < len(COMMUNES)
    for dossier in faits:
        assert (sortie / dossier / "preuve" / "campagne.json").exists()
    dates = {d: (sortie / d / "vu.txt").stat().st_mtime_ns for d in faits}
    reprise = subprocess.run(
        commande(fichier, base_demo, "--reprendre"), env=env, capture_output=True, text=True, check=False
    )
    assert reprise.returncode == 0, reprise.stderr
    assert f"{len(faits)} déjà fait" in reprise.stdout
    rien_a_moitie(sortie)
    assert len(list(sortie.glob("petit-*"))) == len(COMMUNES)
    assert {d: (sortie / d / "vu.txt").stat().st_mtime_ns for d in faits} == dates


def test_une_campagne_arretee_au_clavier_ecrit_quand_meme_son_bilan(tmp_path, base_demo):
    fichier = campagne(tmp_path, "import time; time.sleep(1)", travailleurs=1)

    def suivre(evenement):
        if evenement.genre == "fin":
            raise KeyboardInterrupt

    bilan = mener(lire_plan(fichier), base_demo, suivre)
    assert json.loads((bilan.sortie / "bilan.json").read_text(encoding="utf-8"))["comptes"] == {
        FAIT: 1,
        TUE: 4,
    }
    rien_a_moitie(bilan.sortie)


def test_un_disque_plein_est_dit_et_ne_laisse_rien(tmp_path, base_demo):
    disque = tmp_path / "disque"
    disque.mkdir()
    monte = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(disque)], capture_output=True, check=False
    )
    if monte.returncode != 0:
        pytest.skip("Monter un petit disque demande des droits que ce compte n'a pas.")
    try:
        gros = (
            'import pathlib\ntaille = 3_000_000 if territoire == "99002" else 1000\n'
            'pathlib.Path(dossier_sortie, "vu.txt").write_text("x" * taille)'
        )
        fichier = campagne(
            tmp_path, gros, codes=["99001", "99002", "99003"], sortie=str(disque / "s"), travailleurs=1
        )
        bilan = lancer(fichier, base_demo)
        assert etats(bilan) == {"99001": FAIT, "99002": ECHEC, "99003": FAIT}
        rien_a_moitie(disque / "s")
        message = next(r.message for r in bilan.resultats if r.etat == ECHEC)
        assert "No space left" in message or "plein" in message
        assert json.loads((disque / "s" / "bilan.json").read_text(encoding="utf-8"))["comptes"] == {
            FAIT: 2,
            ECHEC: 1,
        }
        # Le disque plein jusqu'au dernier octet : rien ne réussit, rien n'est laissé, et la commande le dit.
        _remplir(disque / "bouchon")
        plein = subprocess.run(
            commande(fichier, base_demo),
            env=os.environ | {"ABS_DONNEES": str(base_demo.dossier)},
            capture_output=True,
            text=True,
            check=False,
        )
        assert plein.returncode == 1
        assert "Traceback" not in plein.stderr
        rien_a_moitie(disque / "s")
        assert {d.name for d in (disque / "s").glob("petit-*")} == {
            d.name for d in (disque / "s").glob("petit-*-9900[13]")
        }
    finally:
        subprocess.run(["umount", "-l", str(disque)], check=False, capture_output=True)


def _remplir(bouchon: Path) -> None:
    descripteur = os.open(bouchon, os.O_WRONLY | os.O_CREAT)
    try:
        while True:
            os.write(descripteur, b"x" * 4096)
    except OSError:
        os.close(descripteur)


@pytest.mark.skipif(not Path("/proc").is_dir(), reason="Seul Linux dit les descripteurs dans /proc.")
def test_trente_territoires_ne_font_rien_croitre(tmp_path, base_demo, capsys):
    import resource

    iris = [f"9900101{n:02d}" for n in (1, 2, 3, 4)] + [f"9900102{n:02d}" for n in (1, 2, 3)]
    iris += [f"990010{q}{n:02d}" for q in (3, 4) for n in (1, 2, 3, 4)] + [
        f"9900201{n:02d}" for n in range(1, 6)
    ]
    codes = [f"990{n:02d}" for n in (1, 2, 3, 4, 5, 6, 7, 8, 9, 11)] + iris
    codes = [*codes[:30], *("QP099001", "QP099002", "QP099003", "999900001", "99")][:30]
    fichier = campagne(tmp_path, "print(territoire)", codes=codes, travailleurs=2)
    releves = []

    def suivre(evenement):
        if evenement.genre == "fin":
            releves.append(
                (
                    sum(1 for _ in Path("/proc/self/fd").iterdir()),
                    resource.getrusage(resource.RUSAGE_SELF).ru_maxrss,
                )
            )

    bilan = mener(lire_plan(fichier), base_demo, suivre)
    assert len(bilan.resultats) == 30
    assert not bilan.echecs
    descripteurs, memoire = zip(*releves, strict=True)
    travailleurs = [r.memoire for r in bilan.resultats]
    with capsys.disabled():
        print(  # noqa: T201 - la mesure fait partie de ce que l'essai montre
            f"\n30 territoires : descripteurs du lanceur {descripteurs[4]} puis {descripteurs[-1]} ; mémoire du lanceur "
            f"{memoire[4] // 1024} puis {memoire[-1] // 1024} Mio ; travailleurs {min(travailleurs) // 1024} à "
            f"{max(travailleurs) // 1024} Mio"
        )
    assert descripteurs[-1] <= descripteurs[4] + 4
    assert memoire[-1] <= memoire[4] + 40 * 1024
    assert max(travailleurs) <= min(travailleurs) + 100 * 1024


# -- ce que dit le bilan -------------------------------------------------------------------------


def test_un_dossier_disparu_apres_coup_n_est_pas_dit_fait(tmp_path, base_demo):
    fichier = campagne(tmp_path, "1", codes=["99001", "99002"])
    bilan = lancer(fichier, base_demo)
    shutil.rmtree(bilan.taches[0].final)
    revus = verifies(bilan.taches, bilan.resultats[:1])
    assert [r.etat for r in revus] == [ECHEC, ECHEC]
    assert "disparu" in revus[0].message
    assert "Aucun résultat" in revus[1].message
    assert deja_faite(bilan.taches[1])


def test_deux_campagnes_ne_partagent_pas_un_dossier(tmp_path, base_demo):
    fichier = campagne(tmp_path, "1", codes=["99001"])
    verrou = tmp_path / "sorties" / ".en-cours" / "campagne.verrou"
    verrou.parent.mkdir(parents=True)
    with tenir(verrou, "x"), pytest.raises(VerrouPris, match="Une autre campagne"):
        lancer(fichier, base_demo)


@pytest.mark.parametrize(
    ("secondes", "dite"), [(0.4, "0 s"), (59, "59 s"), (65, "1 min 05 s"), (3720, "1 h 02 min")]
)
def test_une_duree_se_lit(secondes, dite):
    assert duree(secondes) == dite


def test_les_comptes_s_accordent():
    assert comptes((Resultat("a", FAIT), Resultat("b", TUE), Resultat("c", TUE))) == [
        {"nombre": 1, "mots": "fait"},
        {"nombre": 2, "mots": "interrompus"},
    ]


def test_la_commande_ecrit_un_exemple():
    from typer.testing import CliRunner

    rendu = CliRunner().invoke(app, ["campagne", "--exemple"])
    assert rendu.exit_code == 0
    assert "communes_de" in rendu.stdout
