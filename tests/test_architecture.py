"""L'ordre des pièces : un paquet n'importe que de sa gauche, et le verrou ne nomme aucune adresse."""

import ast
import re
import tomllib
from collections import Counter
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

RACINE = Path(__file__).resolve().parents[1]
PIECES = ("donnees_insee", "abs", "cartes", "carnets")
# De bas en haut : une unité (module ou sous-paquet d'une pièce) n'importe que celles qui la précèdent.
ORDRE = {
    "donnees_insee": (
        "erreurs codes chemins catalogue lecture preparation base geographie depot telechargement controle demo"
    ),
    "abs": (
        "definitions formats statuts langue indicateurs territoires calcul phrases graphiques blocs evolutions "
        "perimetres typologie portrait changements intercommunal"
    ),
    "cartes": (
        "charte palettes classes geometrie specification apparence controles papier ecran ecriture carte "
        "contours_tenus fonds graphiques typologie"
    ),
    "carnets": (
        "textes reglages parametres declares dossier_de_sortie processus documents reprise prose atelier exports_anticipes "
        "moteur dossier_de_travail ateliers production_comparaison observatoire campagne commande"
    ),
}
MODULES_PAR_DOSSIER = 15
LIGNES_PAR_MODULE = 360


def imports(fichier: Path) -> set[str]:
    arbre = ast.parse(fichier.read_text(encoding="utf-8"))
    noms: set[str] = set()
    for noeud in ast.walk(arbre):
        if isinstance(noeud, ast.Import):
            noms |= {a.name for a in noeud.names}
        elif isinstance(noeud, ast.ImportFrom) and noeud.module and noeud.level == 0:
            noms.add(noeud.module)
    return noms


def modules() -> dict[str, Path]:
    """Chaque module des quatre pièces, par son nom pointé."""
    fichiers = [f for piece in PIECES for f in (RACINE / piece).rglob("*.py")]
    noms = (".".join(f.relative_to(RACINE).with_suffix("").parts) for f in fichiers)
    return dict(zip((n.removesuffix(".__init__") for n in noms), fichiers, strict=True))


def graphe() -> dict[str, set[str]]:
    """Les imports d'un module à l'autre, ceux d'une fonction et ceux des seules annotations compris."""
    tous = modules()
    liens = {}
    for nom, fichier in tous.items():
        vus = set()
        for noeud in ast.walk(ast.parse(fichier.read_text(encoding="utf-8"))):
            if isinstance(noeud, ast.Import):
                vus |= {a.name for a in noeud.names}
            elif isinstance(noeud, ast.ImportFrom) and noeud.module:
                vus |= {f"{noeud.module}.{a.name}" for a in noeud.names} | {noeud.module}
        liens[nom] = {v for v in vus & tous.keys() if v != nom and v.count(".")}
    return liens


def test_aucune_boucle_d_imports():
    try:
        tuple(TopologicalSorter(graphe()).static_order())
    except CycleError as boucle:
        pytest.fail(" → ".join(boucle.args[1]))


@pytest.mark.parametrize("piece", PIECES)
def test_chaque_unite_n_importe_que_celles_qui_la_precedent(piece):
    rang = {unite: i for i, unite in enumerate(ORDRE[piece].split())}
    liens = graphe()
    unites = {nom.split(".")[1] for nom in liens if nom.startswith(f"{piece}.")}
    assert unites == set(rang)
    fautes = [
        f"{nom} importe {vu}"
        for nom, vus in liens.items()
        for vu in vus
        if nom.startswith(f"{piece}.")
        and vu.startswith(f"{piece}.")
        and rang[vu.split(".")[1]] > rang[nom.split(".")[1]]
    ]
    assert not fautes


def test_un_dossier_se_lit_d_un_regard_et_un_module_aussi():
    dossiers = Counter(str(f.parent.relative_to(RACINE)) for f in modules().values() if f.stem != "__init__")
    assert not {d: n for d, n in dossiers.items() if n > MODULES_PAR_DOSSIER}
    longueurs = {str(f): len(f.read_text(encoding="utf-8").splitlines()) for f in modules().values()}
    assert not {f: n for f, n in longueurs.items() if n > LIGNES_PAR_MODULE}


@pytest.mark.parametrize("piece", PIECES)
def test_une_piece_n_importe_que_de_sa_gauche(piece):
    droite = set(PIECES[PIECES.index(piece) + 1 :])
    fautes = [
        f"{fichier.relative_to(RACINE)} importe {nom}"
        for fichier in (RACINE / piece).rglob("*.py")
        for nom in imports(fichier)
        if nom.split(".")[0] in droite
    ]
    assert not fautes


def test_personne_n_importe_abs_tout_court():
    """`import abs` cacherait la fonction intégrée."""
    fichiers = [f for d in (*PIECES, "tests") for f in (RACINE / d).rglob("*.py")]
    motif = re.compile(r"^\s*import abs\b", re.MULTILINE)
    assert not [str(f) for f in fichiers if motif.search(f.read_text(encoding="utf-8"))]


def test_les_importations_relatives_sont_absentes():
    fichiers = [f for d in PIECES for f in (RACINE / d).rglob("*.py")]
    assert not [
        str(f) for f in fichiers if re.search(r"^from \.", f.read_text(encoding="utf-8"), re.MULTILINE)
    ]


@pytest.mark.parametrize(
    "verrou", ["requirements.lock", "requirements-atelier.lock", "requirements-plancher.lock"]
)
def test_le_verrou_a_des_empreintes_et_aucune_adresse(verrou):
    texte = (RACINE / verrou).read_text(encoding="utf-8")
    assert "://" not in texte
    paquets = re.findall(r"^[A-Za-z0-9_.-]+==", texte, re.MULTILINE)
    assert len(paquets) > 50
    blocs = re.split(r"^(?=[A-Za-z0-9_.-]+==)", texte, flags=re.MULTILINE)[1:]
    assert all("--hash=sha256:" in bloc for bloc in blocs)


def test_l_installation_de_base_laisse_jupyterlab_dehors():
    noms = re.findall(
        r"^([A-Za-z0-9_.-]+)==", (RACINE / "requirements.lock").read_text(encoding="utf-8"), re.MULTILINE
    )
    assert "jupyterlab" not in noms


def test_chaque_dependance_a_sa_raison_dans_l_architecture():
    projet = tomllib.loads((RACINE / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    texte = (RACINE / "ARCHITECTURE.md").read_text(encoding="utf-8").lower()
    noms = [re.split(r"[<>=]", d)[0] for d in projet["dependencies"]]
    assert not [n for n in noms if f"`{n}`" not in texte]


def test_chaque_module_dit_a_quoi_il_sert():
    fautes = []
    for piece in PIECES:
        for fichier in (RACINE / piece).rglob("*.py"):
            docstring = ast.get_docstring(ast.parse(fichier.read_text(encoding="utf-8")))
            if not docstring:
                fautes.append(str(fichier.relative_to(RACINE)))
    assert not fautes


def test_le_verrou_porte_chaque_dependance_declaree():
    projet = tomllib.loads((RACINE / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    declarees = [*projet["dependencies"], *projet["optional-dependencies"]["test"]]
    texte = (RACINE / "requirements.lock").read_text(encoding="utf-8").lower()
    noms = [re.split(r"[<>=]", d)[0].lower() for d in declarees]
    assert not [n for n in noms if f"\n{n}==" not in "\n" + texte]
