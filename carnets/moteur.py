"""Exécuter un carnet avec Papermill et en tirer les documents, dans un dossier mis en place d'un seul geste."""

import html
import json
import os
import re
import shutil
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Any, Final

from carnets.declares import parametres_declares
from carnets.dossier_de_sortie import dossier_de_sortie
from carnets.exports_anticipes import Documents
from carnets.parametres import verifier_parametres
from carnets.prose.changements import poser_la_cellule
from carnets.prose.changements import verifier as verifier_l_ancien
from carnets.prose.citations import avis_de_relecture, garder_les_citations, noter_les_citations
from carnets.reprise import dossier_des_textes, lire_un_carnet, preparer
from donnees_insee.base.base import exiger_le_registre
from donnees_insee.chemins import fichier_provisoire, nom_de_fichier
from donnees_insee.erreurs import ErreurAbs, SortieImpossible

CARNET: Final = "10_portrait_de_territoire.ipynb"
MODELE_PREPARE: Final = ".modele.ipynb"
DELAI_PAR_CELLULE: Final = 900
BARRE: Final = {
    "unit": "étape",
    "bar_format": "{desc} : {percentage:3.0f} % |{bar:30}| étape {n_fmt} sur {total_fmt}, {elapsed} écoulées",
}


class CarnetEnEchec(ErreurAbs):
    """Le carnet s'est arrêté sur une erreur ; il est gardé, l'erreur en tête."""


@dataclass(frozen=True)
class Production:
    """Ce qu'un portrait a produit ; l'avis dit pourquoi son dossier n'est pas celui demandé."""

    dossier: Path
    fichiers: tuple[Path, ...]
    avis: str = ""

    def __repr__(self) -> str:
        """Dire ce qui a été écrit, et où."""
        return f"{len(self.fichiers)} fichiers écrits dans {self.dossier}"

    def _repr_html_(self) -> str:
        noms = "".join(f"<li>{html.escape(str(f.relative_to(self.dossier)))}</li>" for f in self.fichiers)
        avis = f"<p>{html.escape(self.avis)}</p>" if self.avis else ""
        return f"<p>Documents écrits dans <strong>{html.escape(str(self.dossier))}</strong></p><ul>{noms}</ul>{avis}"


def nom_du_dossier(nom: str, code: str, millesime: int | None, diffusion: str = "publique") -> str:
    """Nommer le dossier d'un portrait.

    Parameters
    ----------
    nom : str
        Nom du territoire.
    code : str
        Code du territoire.
    millesime : int or None
        Millésime demandé.
    diffusion : str, default "publique"
        Une version interne a son propre dossier : elle ne remplace jamais la version publique.

    Returns
    -------
    str
        ``portrait-montpellier-34172-2016``, ``…-dernier``, suivi de ``-interne`` pour la version interne.

    Examples
    --------
    >>> nom_du_dossier("Saint-Étienne", "42218", 2022)
    'portrait-saint-etienne-42218-2022'
    """
    fin = "-interne" if diffusion == "interne" else ""
    return f"portrait-{nom_de_fichier(nom)}-{nom_de_fichier(code)}-{millesime or 'dernier'}{fin}"


def chemin_du_carnet(nom: str = CARNET) -> Path:
    """Donner le chemin d'un carnet livré avec le paquet."""
    return Path(str(resources.files("carnets") / nom))


@dataclass(frozen=True)
class Oeuvre:
    """Où retrouver ce que l'analyste a fait des documents déjà livrés d'un territoire, et ses textes."""

    livraisons: Path
    radical: str
    code: str
    diffusion: str = "publique"
    comparer_a: Path | None = None

    @property
    def textes(self) -> Path:
        """Où sont les textes de l'analyste."""
        return dossier_des_textes(self.livraisons, self.code, self.diffusion)

    def preparer(self, carnet: Path) -> tuple[dict[str, Any], str]:
        """Préparer le carnet à exécuter, et dire ce qui n'a pas pu être repris."""
        anciens = self.livraisons.glob(f"{self.radical}-*")
        prepare, avis = preparer(carnet, anciens, self.textes, interne=self.diffusion == "interne")
        if self.comparer_a is not None:
            poser_la_cellule(prepare, self.comparer_a)
        return prepare, avis


def produire(
    parametres: dict[str, Any],
    sortie: Path,
    *,
    progression: bool = False,
    remplacer: bool = False,
    seul: bool = True,
    livraisons: Path | None = None,
    comparer_a: Path | None = None,
) -> Production:
    """Exécuter le carnet de portrait et écrire ses documents.

    Parameters
    ----------
    parametres : dict
        Paramètres du carnet, vérifiés avant que Papermill démarre.
    sortie : pathlib.Path
        Dossier qui recevra le dossier du portrait.
    progression : bool, default False
        Montrer la barre de progression de Papermill.
    remplacer : bool, default False
        Prendre la place d'un dossier que l'analyste a changé, gardé sous un autre nom ; sinon écrire à côté.
    seul : bool, default True
        Employer un second cœur au dessin des cartes ; faux dans une campagne, dont les cœurs sont pris.
    livraisons : Path or None, default None
        Où sont les documents déjà livrés et les textes de l'analyste, repris ; ``None``, le dossier de sortie.
    comparer_a : Path or None, default None
        Dossier d'un portrait gardé du même territoire ; ce qui a changé depuis fait un chapitre.

    Returns
    -------
    Production
        Dossier et fichiers écrits.

    Raises
    ------
    ParametreInvalide
        Paramètre inconnu ou hors de son domaine.
    TerritoireInconnu, DonneeAbsente
        Territoire ou millésime que la base ne tient pas.
    CarnetEnEchec
        Le carnet s'est arrêté ; il est gardé près du dossier de sortie.
    SortieImpossible
        Le dossier de sortie refuse l'écriture.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> with tempfile.TemporaryDirectory() as dossier:
    ...     ecrit = produire({"territoire": "99003", "formats": "csv", "dossier_donnees": str(base.dossier)}, Path(dossier))
    ...     print(sorted(f.name for f in ecrit.fichiers if f.suffix in {".csv", ".ipynb"}))
    ['carnet.ipynb', 'diagnostic.csv', 'secret.csv']
    """
    from abs.calcul.diagnostic import Diagnostiqueur  # noqa: PLC0415 - imports lents, après la lecture des arguments

    reglages = verifier_parametres(parametres)
    demande = reglages.demande
    sujet = Diagnostiqueur(reglages.base, demande).sujet
    exiger_le_registre(reglages.base, demande.diffusion)
    if comparer_a is not None:
        verifier_l_ancien(comparer_a, sujet.code, sujet.nom, demande.diffusion)
    avis = "Document interne – ne pas diffuser · " if demande.diffusion == "interne" else ""
    titre = f"{avis}Portrait de territoire · {sujet.nom}"
    livrees = livraisons or sortie
    radical = nom_du_dossier(sujet.nom, sujet.code, None).removesuffix("-dernier")
    return executer_et_ecrire(
        chemin_du_carnet(),
        reglages.injectes(sujet.code, references=demande.references, diffusion=demande.diffusion),
        # Le carnet travaille dans le dossier provisoire : un chemin relatif y désignerait autre chose.
        sortie.resolve() / nom_du_dossier(sujet.nom, sujet.code, demande.millesime, demande.diffusion),
        lambda dossier: Documents(reglages.formats, dossier, titre),
        oeuvre=Oeuvre(livrees, radical, sujet.code, demande.diffusion, comparer_a),
        remplacer=remplacer,
        progression=progression,
        dessin_a_deux=seul,
    )


def refaire_sur_place(carnet: Path, dossier: Path) -> Production:
    """Exécuter un carnet livré, tel qu'il est enregistré, et refaire son dossier, ou à côté de lui."""
    lu = lire_un_carnet(carnet)
    parametres = dict(lu["metadata"].get("papermill", {}).get("parameters", {}))
    formats = tuple(filter(None, str(parametres.get("formats", "")).split(",")))
    titre, nom = dossier.name, "comparaison" if dossier.name.startswith("comparaison") else "portrait"
    pages = [p for p in dossier.glob(f"{nom}.html") if p.is_file()]
    trouve = re.search(r"<title>(.*?)</title>", pages[0].read_text(encoding="utf-8")) if pages else None
    code, diffusion = (str(parametres.get(nom, "")) for nom in ("territoire", "diffusion"))
    return executer_et_ecrire(
        carnet,
        parametres,
        dossier,
        lambda chantier: Documents(formats, chantier, html.unescape(trouve[1]) if trouve else titre, nom),
        repris=("carnet.ipynb",),
        textes=dossier_des_textes(dossier.resolve().parent, code, diffusion),
    )


def produire_un_carnet(
    carnet: Path, parametres: dict[str, Any], formats: tuple[str, ...], final: Path, titre: str
) -> Production:
    """Exécuter un carnet quelconque de l'analyste sur un territoire, et en tirer une page et un document."""
    connus = parametres | {"dossier_sortie": "", "formats": ",".join(formats)}
    declares = parametres_declares(carnet)
    return executer_et_ecrire(
        carnet,
        {nom: valeur for nom, valeur in connus.items() if nom in declares},
        final,
        lambda dossier: Documents(formats, dossier, titre, nom_de_fichier(carnet.stem)),
    )


def executer_et_ecrire(
    carnet: Path,
    parametres: dict[str, Any],
    final: Path,
    documents: Callable[[Path], Documents],
    *,
    oeuvre: Oeuvre | None = None,
    remplacer: bool = False,
    repris: tuple[str, ...] = (),
    textes: Path | None = None,
    **montrer: Any,
) -> Production:
    """Exécuter un carnet dans un dossier provisoire, en tirer ses documents, puis mettre le dossier en place."""
    avis = ""
    with dossier_de_sortie(final, remplacer=remplacer, repris=repris) as chantier:
        dossier = chantier.provisoire
        if "dossier_sortie" in parametres:
            # Là où le carnet s'exécute, et là où il sera livré : rouvert, il écrit à côté de lui.
            parametres = parametres | {"dossier_sortie": "."}
        prepare, avis = oeuvre.preparer(carnet) if oeuvre else (lire_un_carnet(carnet), "")
        textes = oeuvre.textes if oeuvre else textes
        citees = noter_les_citations(prepare, parametres, textes)
        garde = final.with_name(f"{final.name}-en-echec.ipynb")
        executer_carnet(
            carnet,
            dossier / "carnet.ipynb",
            parametres,
            garde=garde,
            documents=documents(dossier),
            # Un carnet où rien n'est repris ni cité s'exécute tel quel.
            prepare=prepare if oeuvre or citees else None,
            **montrer,
        )
    if textes is not None:
        garder_les_citations(citees, textes)
    fichiers = tuple(sorted(f for f in chantier.final.rglob("*") if f.is_file()))
    avis = "\n".join(filter(None, (chantier.avis, avis, avis_de_relecture(citees))))
    return Production(chantier.final, fichiers, avis)


def executer_carnet(
    carnet: Path,
    execute: Path,
    parametres: dict[str, Any],
    *,
    garde: Path,
    progression: bool = False,
    barre: str = "Portrait",
    documents: Documents | None = None,
    dessin_a_deux: bool = False,
    prepare: dict[str, Any] | None = None,
) -> None:
    """Exécuter un carnet avec Papermill, par le moteur « abs » ; en cas d'échec, le garder avec l'erreur en tête."""
    import papermill  # noqa: PLC0415 - import lent
    from nbclient.exceptions import CellTimeoutError, DeadKernelError  # noqa: PLC0415

    from cartes import charte  # noqa: PLC0415 - inutile à qui ne dessine rien

    if Path(charte.FICHIER).is_file():
        # Le carnet travaille dans un autre dossier : la charte de la ville y serait introuvable.
        os.environ.setdefault(charte.VARIABLE, str(Path(charte.FICHIER).resolve()))
    modele = carnet
    if prepare is not None:
        modele = execute.with_name(MODELE_PREPARE)
        modele.write_text(json.dumps(prepare, ensure_ascii=False), encoding="utf-8")
    try:
        papermill.execute_notebook(
            str(modele),
            str(execute),
            parameters=parametres,
            engine_name="abs",
            pendant=documents.pendant if documents else None,
            dessin_a_deux=dessin_a_deux,
            progress_bar=BARRE | {"desc": barre} if progression else False,
            execution_timeout=DELAI_PAR_CELLULE,
            # Réécrire le carnet à chaque cellule coûte plus que ce qu'il protège : un échec l'écrit aussi.
            request_save_on_cell_execute=False,
            cwd=str(execute.parent),
            log_output=False,
        )
    except papermill.PapermillExecutionError as cause:
        _oter_les_chemins(execute, parametres, carnet)
        with fichier_provisoire(garde) as provisoire:
            shutil.copyfile(execute, provisoire)
        raise CarnetEnEchec(
            f"Le carnet s'est arrêté à la cellule {cause.cell_index} : {cause.evalue}. "
            f"Il est gardé, l'erreur en tête, dans «\u00a0{garde}\u00a0»."
        ) from cause
    except DeadKernelError as cause:
        raise CarnetEnEchec(
            "Le noyau du carnet est mort avant la fin, tué par le système (mémoire épuisée ?) ou par un plantage. "
            "Relancez ; si cela recommence, fermez d'autres programmes ou réduisez le nombre de portraits à la fois."
        ) from cause
    except CellTimeoutError as cause:
        raise CarnetEnEchec(
            f"Une cellule du carnet a dépassé {DELAI_PAR_CELLULE} secondes ; le carnet est arrêté."
        ) from cause
    except OSError as cause:
        raise SortieImpossible(
            f"Le carnet ne peut pas être écrit dans « {execute.parent} » ({cause})."
        ) from cause
    finally:
        if prepare is not None:
            modele.unlink(missing_ok=True)
    if documents:
        documents.finir(execute)
    _oter_les_chemins(execute, parametres, carnet)


def _oter_les_chemins(execute: Path, parametres: dict[str, Any], carnet: Path) -> None:
    """Ôter du carnet exécuté les dossiers de cette machine : rouvert ailleurs, il y reprend les dossiers par défaut."""
    connus = [
        str(execute.parent),
        str(parametres.get("dossier_donnees", "")),
        str(chemin_du_carnet().parents[1]),
    ]
    connus += [sys.prefix, sys.base_prefix, str(Path.cwd()), str(Path.home()), tempfile.gettempdir()]
    lu = json.loads(execute.read_text(encoding="utf-8"))
    lu["metadata"]["papermill"] |= {"input_path": str(carnet), "output_path": execute.name}
    texte = json.dumps(lu, ensure_ascii=False, indent=1) + "\n"
    for chemin in sorted({c for c in connus if len(c) > 1}, key=len, reverse=True):
        # Dans le texte d'une cellule, une barre inverse est échappée par Python, puis par JSON.
        for barre in ("\\" * 4, "\\" * 2):
            if (ecrit := chemin.replace("\\", barre)) not in texte:
                continue
            forme, suite = re.escape(ecrit), re.escape(os.sep.replace("\\", barre))
            # Rien d'une adresse publique qui contiendrait le même mot ; un « m » finit une couleur du terminal.
            texte = re.sub(rf"(?:(?<=m)|(?<![\w.~/-])){forme}(?:{suite}|(?![\w.-]))", "", texte)
    execute.write_text(texte, encoding="utf-8")
