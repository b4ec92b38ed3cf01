"""Bancs de la campagne : vingt territoires contre la commande papermill, un portrait seul, trente territoires suivis."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from outils import Ligne, Mesure, alterner, en_mots

if TYPE_CHECKING:
    from collections.abc import Callable

BUT_DE_DEBIT: Final = 4.5
VISE: Final = 8.0
BUT_DU_CARNET: Final = 1.5
BUT_DU_PORTRAIT: Final = 3.0
COMMUNES: Final = ("99001", "99002", "99003", "99004", "99005", "99006", "99007", "99008", "99009", "99011")
VINGT: Final = (
    *COMMUNES,
    *("999900001", "99", "QP099001", "QP099002", "QP099003"),
    *("990010101", "990010102", "990010103", "990010104", "990020101"),
)
TRENTE: Final = (
    *VINGT,
    *("990010201", "990010202", "990010203", "990010301", "990010302"),
    *("990010401", "990010402", "990010403", "990020102", "990020103"),
)


def environnement() -> str:
    """Nommer ce qui pèse sur le démarrage d'un carnet."""
    paquets = ("papermill", "nbclient", "ipykernel", "jupyter_client", "nbformat", "matplotlib", "geopandas")
    versions = ", ".join(f"{p} {metadata.version(p)}" for p in paquets)
    try:
        atelier = f"JupyterLab {metadata.version('jupyterlab')} installé"
    except metadata.PackageNotFoundError:
        atelier = "sans JupyterLab"
    return f"{versions} ; {atelier} ; {sys.executable}"


def _env(base: Path) -> dict[str, str]:
    propre = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}
    return propre | {"ABS_DONNEES": str(base)}


def debit(base: Path, territoires: tuple[str, ...], repetitions: int) -> list[Ligne]:
    """Comparer la commande papermill, un territoire après l'autre, à une campagne de deux travailleurs."""
    with tempfile.TemporaryDirectory(prefix="abs-banc-") as provisoire:
        dossier = Path(provisoire)
        fichier = _campagne(dossier, territoires)
        mesures = alterner(
            {
                "papermill, l'un après l'autre": lambda: _papermill(dossier, base, territoires),
                "abs campagne, deux travailleurs": lambda: _campagne_menee(fichier, base),
            },
            repetitions,
        )
    rival, nous = mesures.values()
    gain = rival.mediane / nous.mediane
    plancher = _plancher(base, territoires)
    rapport = nous.mediane / (plancher / 2)
    return [
        _ligne(rival),
        Ligne(
            nous.bras,
            en_mots(nous.mediane),
            nous.etendue,
            f"{gain:.1f} fois le débit",
            f"≥ {BUT_DE_DEBIT:g} fois ({VISE:g} visé)",
            gain >= BUT_DE_DEBIT,
        ),
        Ligne(
            "plancher : les carnets seuls, à chaud, sur deux cœurs",
            en_mots(plancher / 2),
            "",
            f"× {rapport:.2f}",
        ),
    ]


def _ligne(mesure: Mesure) -> Ligne:
    return Ligne(mesure.bras, en_mots(mesure.mediane), mesure.etendue)


def _campagne(dossier: Path, territoires: tuple[str, ...]) -> Path:
    fichier = dossier / "campagne.toml"
    fichier.write_text(
        f'sortie = "sorties"\ntravailleurs = 2\n[[territoires]]\ncodes = {json.dumps(territoires)}\n'
        '[[carnets]]\ncarnet = "portrait"\nformats = []\n',
        encoding="utf-8",
    )
    return fichier


def _papermill(dossier: Path, base: Path, territoires: tuple[str, ...]) -> None:
    from carnets.moteur import chemin_du_carnet

    carnet = chemin_du_carnet()
    for code in territoires:
        sortie = dossier / "papermill" / code
        sortie.mkdir(parents=True, exist_ok=True)
        commande = [
            _programme("papermill"),
            str(carnet),
            str(sortie / "carnet.ipynb"),
            "-r",
            "territoire",
            code,
        ]
        # Les mêmes fichiers que la campagne : le dossier de preuve, et lui seul.
        commande += [
            "-r",
            "dossier_donnees",
            str(base),
            "-r",
            "dossier_sortie",
            str(sortie),
            "-r",
            "formats",
            "",
        ]
        _lancer([*commande, "--no-progress-bar"], base)
    shutil.rmtree(dossier / "papermill")


def _campagne_menee(fichier: Path, base: Path) -> None:
    _lancer([_programme("abs"), "campagne", str(fichier)], base)
    bilan = json.loads((fichier.parent / "sorties" / "bilan.json").read_text(encoding="utf-8"))
    assert set(bilan["comptes"]) == {"fait"}, bilan["comptes"]
    shutil.rmtree(fichier.parent / "sorties")


def _programme(nom: str) -> str:
    return str(Path(sys.executable).parent / nom)


def _lancer(commande: list[str], base: Path) -> None:
    subprocess.run(commande, check=True, env=_env(base), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def _plancher(base: Path, territoires: tuple[str, ...]) -> float:
    """Additionner le travail propre des carnets, dans un seul processus chaud."""
    from carnet import plancher

    plancher(base, territoires[0])
    return sum(plancher(base, code) for code in territoires)


def travail_du_carnet(base: Path, territoire: str, repetitions: int) -> list[Ligne]:
    """Comparer le travail du carnet à ses seules cartes, dessinées par matplotlib nu."""
    from carnet import cartes_nues, plancher

    mesures = _alterner_chronometres(
        {
            "les mêmes cartes, matplotlib nu": lambda: cartes_nues(base, territoire),
            f"le carnet entier ({territoire})": lambda: plancher(base, territoire),
        },
        repetitions,
    )
    nu, entier = mesures.values()
    rapport = entier.mediane / nu.mediane
    return [
        _ligne(nu),
        Ligne(
            entier.bras,
            en_mots(entier.mediane),
            entier.etendue,
            f"× {rapport:.2f}",
            f"≤ {BUT_DU_CARNET:g} × les cartes nues",
            rapport <= BUT_DU_CARNET,
        ),
    ]


def _alterner_chronometres(bras: dict[str, Callable[[], float]], repetitions: int) -> dict[str, Mesure]:
    """Comme ``alterner``, quand chaque bras dit lui-même sa durée, préparation exclue."""
    temps: dict[str, list[float]] = {nom: [] for nom in bras}
    for tour in range(repetitions + 1):
        for nom in [*bras][tour % len(bras) :] + [*bras][: tour % len(bras)]:
            duree = bras[nom]()
            if tour:
                temps[nom].append(duree)
    return {nom: Mesure(nom, tuple(t)) for nom, t in temps.items()}


def portrait_seul(base: Path, territoire: str, repetitions: int) -> list[Ligne]:
    """Comparer `abs portrait` (HTML, DOCX, PDF, XLSX) à un papermill ordinaire sur un carnet qui ne fait qu'importer."""
    with tempfile.TemporaryDirectory(prefix="abs-banc-") as provisoire:
        dossier = Path(provisoire)
        importe = _carnet_d_imports(dossier)
        mesures = alterner(
            {
                "papermill, carnet qui n'importe que ses bibliothèques": lambda: _lancer(
                    [_programme("papermill"), str(importe), str(dossier / "s.ipynb"), "--no-progress-bar"],
                    base,
                ),
                f"abs portrait {territoire} (html, docx, pdf, xlsx)": lambda: _lancer(
                    [
                        *(_programme("abs"), "portrait", territoire, "--formats", "html,docx,pdf,xlsx"),
                        *("--sortie", str(dossier / "p")),
                    ],
                    base,
                ),
            },
            repetitions,
        )
    rival, nous = mesures.values()
    rapport = nous.mediane / rival.mediane
    return [
        _ligne(rival),
        Ligne(
            nous.bras,
            en_mots(nous.mediane),
            nous.etendue,
            f"× {rapport:.2f}",
            f"≤ {BUT_DU_PORTRAIT:g} ×",
            rapport <= BUT_DU_PORTRAIT,
        ),
    ]


def _carnet_d_imports(dossier: Path) -> Path:
    """Écrire un carnet qui importe les bibliothèques que le carnet de portrait charge en travaillant, et rien d'autre."""
    import nbformat

    source = "\n".join(
        f"import {module}"
        for module in (
            "pandas",
            "geopandas",
            "matplotlib.pyplot",
            "folium",
            "pyarrow.dataset",
            "xlsxwriter",
        )
    )
    carnet = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(source)])
    carnet.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3", "language": "python"}
    chemin = dossier / "imports.ipynb"
    nbformat.write(carnet, chemin)
    return chemin


def trente(base: Path) -> list[Ligne]:
    """Mener trente territoires et relever descripteurs et mémoire, du lanceur et des siens."""
    from carnets.campagne.deroulement import mener
    from carnets.campagne.plan import lire_plan
    from donnees_insee.base.base import Base

    releves: list[dict[str, Any]] = []
    plus_haut = {"enfants": 0.0, "nombre": 0}

    def suivre(evenement: Any) -> None:
        enfants = [_memoire(pid) for pid in _enfants(_serveur())]
        plus_haut["enfants"] = max([plus_haut["enfants"], *enfants])
        plus_haut["nombre"] = max(plus_haut["nombre"], len(enfants))
        if evenement.genre == "fin":
            releves.append(
                {
                    "lanceur": _descripteurs(os.getpid()),
                    "serveur": _descripteurs(_serveur()),
                    "memoire": _memoire(os.getpid()),
                    "memoire_serveur": _memoire(_serveur()),
                    "enfants": plus_haut.pop("enfants"),
                    "nombre": plus_haut.pop("nombre"),
                    "etat": evenement.resultat.etat,
                }
            )
            plus_haut.update(enfants=0.0, nombre=0)

    with tempfile.TemporaryDirectory(prefix="abs-banc-") as provisoire:
        fichier = _campagne(Path(provisoire), TRENTE)
        debut = time.perf_counter()
        mener(lire_plan(fichier), Base(base), suivre)
        duree = time.perf_counter() - debut
    faits = sum(r["etat"] == "fait" for r in releves)
    lignes = [
        Ligne(
            f"{faits} territoires faits sur {len(TRENTE)}",
            en_mots(duree),
            "",
            "",
            "tous",
            faits == len(TRENTE),
        )
    ]
    for nom, cle, unite, marge in (
        ("descripteurs du lanceur", "lanceur", "", 6),
        ("descripteurs du serveur de processus", "serveur", "", 8),
        ("mémoire du lanceur", "memoire", " Mio", 40),
        ("mémoire du serveur de processus", "memoire_serveur", " Mio", 40),
        ("mémoire la plus haute d'un enfant, carnet ou tâche", "enfants", " Mio", 150),
        ("processus vivants à la fois", "nombre", "", 2),
    ):
        suite = [r[cle] for r in releves]
        tiers = [round(max(suite[i : i + 10])) for i in (0, 10, 20)]
        texte = f"au 10e, 20e et 30e territoire : {tiers[0]}, {tiers[1]}, {tiers[2]}{unite}"
        lignes.append(
            Ligne(nom, texte, "", "", f"croît d'au plus {marge}{unite}", tiers[2] - tiers[0] <= marge)
        )
    return lignes


def _serveur() -> int:
    from multiprocessing import forkserver

    return int(forkserver._forkserver._forkserver_pid)  # type: ignore[attr-defined]


def _descripteurs(pid: int) -> int:
    return sum(1 for _ in Path(f"/proc/{pid}/fd").iterdir())


def _enfants(pid: int) -> list[int]:
    return [int(p) for p in Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="ascii").split()]


def _memoire(pid: int) -> float:
    """Mémoire propre et partagée d'un processus, en Mio ; 0 s'il vient de finir."""
    try:
        texte = Path(f"/proc/{pid}/status").read_text(encoding="ascii")
    except OSError:
        return 0.0
    lu = re.search(r"VmRSS:\s+(\d+)", texte)
    return int(lu[1]) / 1024 if lu else 0.0


def depart(repetitions: int) -> list[Ligne]:
    """Comparer `abs --help` à l'import de typer."""
    mesures = alterner(
        {
            "python -c 'import typer'": lambda: subprocess.run(
                [sys.executable, "-c", "import typer"], check=True
            ),
            "abs --help": lambda: subprocess.run(
                [_programme("abs"), "--help"], check=True, stdout=subprocess.DEVNULL
            ),
        },
        repetitions,
    )
    rival, nous = mesures.values()
    rapport = nous.mediane / rival.mediane
    return [
        _ligne(rival),
        Ligne(
            nous.bras, en_mots(nous.mediane), nous.etendue, f"× {rapport:.2f}", "≤ 3 × typer", rapport <= 3
        ),
    ]
