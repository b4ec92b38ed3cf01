"""Les verbes qui écrivent : portrait, démonstration, comparaison, carte, site, carnets de travail."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from carnets.commande import affichage
from carnets.commande.communs import (
    SORTIES,
    Choisis,
    Cog,
    Millesime,
    Millesimes,
    Qpv,
    Remplacer,
    Sortie,
    Territoire,
    ouvrir_la_base,
)
from donnees_insee.chemins import dossier_de_passage, dossier_des_donnees
from donnees_insee.erreurs import ErreurAbs

if TYPE_CHECKING:
    from carnets.moteur import Production

Formats = Annotated[str, typer.Option("--formats", help="Parmi html,docx,xlsx,gpkg,csv,cartes.")]
Atelier = Annotated[Path, typer.Argument(help="Dossier de travail.")]
TOUS_LES_FORMATS: Final = "html,docx,xlsx,gpkg,csv,cartes"
ATELIER: Final = Path("atelier")
NOMMES: Final = 8

# -- portrait ----------------------------------------------------------------------------------


def demo(sortie: Sortie = SORTIES, formats: Formats = TOUS_LES_FORMATS, remplacer: Remplacer = False) -> None:
    """Écrire le portrait du territoire fictif de démonstration, dans tous les formats."""
    from donnees_insee.base.base import Base  # noqa: PLC0415 - pandas attend la commande qui en a besoin
    from donnees_insee.demo import COMMUNE_DEMO, extraire_demo  # noqa: PLC0415
    from donnees_insee.depot.depot import deposer  # noqa: PLC0415

    with dossier_de_passage("demo") as provisoire:
        bruts = extraire_demo(Path(provisoire) / "bruts")
        base = Base(Path(provisoire) / "donnees")
        resultats = deposer(base, [bruts])
        ranges = sum(r.etat == "range" for r in resultats)
        affichage.dire(f"Territoire fictif : {ranges} fichiers lus sur {len(resultats)}.")
        parametres = {"territoire": COMMUNE_DEMO, "formats": formats, "dossier_donnees": str(base.dossier)}
        _ecrire_le_portrait(parametres, sortie, remplacer=remplacer)


def portrait(
    territoire: Annotated[str, typer.Argument(help="Code ou nom : commune, EPCI, QPV, département.")],
    millesime: Millesime = None,
    millesimes: Millesimes = "",
    qpv: Qpv = None,
    geographie: Cog = None,
    formats: Formats = TOUS_LES_FORMATS,
    diffusion: Annotated[str, typer.Option("--diffusion", help="publique ou interne.")] = "publique",
    sortie: Sortie = SORTIES,
    remplacer: Remplacer = False,
) -> None:
    """Écrire le portrait d'un territoire : page web, Word, classeur, couches, cartes, preuve."""
    parametres = _demande(territoire, millesime, millesimes, qpv, geographie)
    parametres |= {
        "diffusion": diffusion,
        "formats": formats,
        "dossier_donnees": str(dossier_des_donnees()),
    }
    _ecrire_le_portrait(parametres, sortie, remplacer=remplacer)


def _demande(
    territoire: str, millesime: int | None, millesimes: str, qpv: int | None, geographie: int | None
) -> dict[str, Any]:
    return {
        "territoire": territoire,
        "millesime": millesime,
        "millesimes": millesimes,
        "qpv": qpv,
        "geographie": geographie,
    }


def _ecrire_le_portrait(parametres: dict[str, Any], sortie: Path, *, remplacer: bool) -> None:
    from carnets.processus.naissance import precharger  # noqa: PLC0415

    # Le serveur chauffe pendant que la commande importe le reste et cherche le territoire.
    precharger()
    from carnets.moteur import produire  # noqa: PLC0415

    affichage.dire(
        f"Portrait de « {parametres['territoire']} » : calcul, cartes et documents (une minute environ)…"
    )
    _lister("Portrait écrit", produire(parametres, sortie, progression=True, remplacer=remplacer))


def _lister(titre: str, production: Production) -> None:
    affichage.dire(f"{titre} dans {production.dossier} :")
    for fichier in production.fichiers:
        taille = affichage.taille(fichier.stat().st_size)
        affichage.dire(f"  {fichier.relative_to(production.dossier)}  ({taille})")
    affichage.avertir(production.avis)


# -- plusieurs territoires ---------------------------------------------------------------------


def comparer(
    epci: Annotated[str, typer.Argument(help="Code ou nom d'une intercommunalité.")],
    millesime: Millesime = None,
    millesimes: Millesimes = "",
    qpv: Qpv = None,
    geographie: Cog = None,
    indicateurs: Choisis = "",
    formats: Annotated[
        str, typer.Option("--formats", help="Parmi html,docx,xlsx,csv,gpkg,cartes.")
    ] = "html,docx,xlsx,csv,cartes",
    sortie: Sortie = SORTIES,
    remplacer: Remplacer = False,
) -> None:
    """Comparer les communes d'une intercommunalité : tableaux, rangs, cartes, profils, fiches."""
    from carnets.production_comparaison import produire_la_comparaison  # noqa: PLC0415 - imports lents

    parametres = _demande(epci, millesime, millesimes, qpv, geographie)
    parametres |= {"formats": formats, "dossier_donnees": str(dossier_des_donnees())}
    affichage.dire(
        f"Comparaison des communes de « {epci} » : calcul, cartes et documents (une minute environ)…"
    )
    _lister(
        "Comparaison écrite",
        produire_la_comparaison(parametres, indicateurs, sortie, progression=True, remplacer=remplacer),
    )


def observatoire(
    territoire: Annotated[str, typer.Argument(help="Code ou nom de l'intercommunalité.")],
    millesime: Millesime = None,
    millesimes: Millesimes = "",
    qpv: Qpv = None,
    geographie: Cog = None,
    portraits: Annotated[
        Path | None,
        typer.Option("--portraits", help="Dossier de portraits publics à joindre ; absent, sans portraits."),
    ] = None,
    sortie: Sortie = SORTIES,
    remplacer: Remplacer = False,
) -> None:
    """Fabriquer le site d'une intercommunalité : pages, cartes, comparaison, fichiers, sans serveur."""
    from abs.territoires.demande import Demande, lire_millesimes  # noqa: PLC0415 - imports lents, après les arguments
    from carnets.observatoire.fabrique import fabriquer  # noqa: PLC0415

    demande = Demande(territoire, millesime, lire_millesimes(millesimes), qpv, geographie)
    affichage.dire(f"Observatoire de « {territoire} » : chiffres, cartes et pages (quelques minutes)…")
    with affichage.suivi("calcul") as avancer:
        site = fabriquer(
            ouvrir_la_base(),
            demande,
            sortie,
            portraits=portraits,
            suivre=lambda nom: avancer(description=nom[:60], advance=1),
            remplacer=remplacer,
        )
    poids = sum(f.stat().st_size for f in site.dossier.rglob("*") if f.is_file()) / 1024**2
    affichage.dire(f"Site écrit dans {site.dossier} : {site.pages} pages, {poids:.0f} Mio.")
    affichage.dire(f"  Ouvrir {site.dossier / 'index.html'}, ou publier le dossier tel quel.")
    affichage.avertir(site.avis)
    if site.sans_contour:
        sans_contour = affichage.quelques(site.sans_contour, NOMMES)
        affichage.dire(f"Sans contour dans la base, absents des cartes : {sans_contour}.")
    if portraits is not None:
        affichage.dire(f"Portraits joints : {len(site.portraits.dossiers)}.")
        affichage.enumerer("  écarté : ", site.portraits.ecartes)
        manquants = [f"{t.nom} ({t.code})" for t in site.portraits.manquants]
        if manquants:
            affichage.dire(f"Sans portrait : {affichage.quelques(manquants, NOMMES)}.")


# -- carte et carnets --------------------------------------------------------------------------


def carte(
    territoire: Territoire,
    indicateur: Annotated[str, typer.Argument(help="Code de l'indicateur (voir abs indicateurs).")],
    millesime: Millesime = None,
    millesimes: Millesimes = "",
    qpv: Qpv = None,
    geographie: Cog = None,
    sortie: Sortie = SORTIES,
) -> None:
    """Dessiner une carte : PNG, SVG et page HTML, avec le fragment à coller dans un site."""
    from abs.calcul.diagnostic import Diagnostiqueur  # noqa: PLC0415
    from abs.indicateurs.indicateurs import indicateur as definition_de  # noqa: PLC0415
    from abs.portrait.portrait import DemandeDeCarte  # noqa: PLC0415
    from carnets.moteur import nom_de_fichier  # noqa: PLC0415
    from carnets.parametres import verifier_parametres  # noqa: PLC0415
    from cartes.fonds import Fonds  # noqa: PLC0415
    from cartes.fonds import carte as dessiner  # noqa: PLC0415

    definition = definition_de(indicateur)
    reglages = verifier_parametres(_demande(territoire, millesime, millesimes, qpv, geographie))
    diagnostic = Diagnostiqueur(reglages.base, reglages.demande).assembler(seulement=(indicateur,))
    dessin = dessiner(
        Fonds(reglages.base, diagnostic), DemandeDeCarte(indicateur, "mailles", definition.libelle)
    )
    sujet = diagnostic.ensembles.sujet
    nom = f"{nom_de_fichier(sujet.nom)}-{nom_de_fichier(sujet.code)}-{indicateur}"
    affichage.enumerer("", dessin.enregistrer(sortie / "cartes", nom))
    affichage.dire("Fragment à coller dans un site :")
    affichage.dire(
        f'<iframe src="{nom}.html" title="Carte" width="100%" height="640" sandbox="allow-scripts"></iframe>'
    )


def carnets_copier(dossier: Atelier = ATELIER) -> None:
    """Copier les carnets livrés dans un dossier de travail, sans écraser les vôtres."""
    from carnets.moteur import copier_les_carnets  # noqa: PLC0415

    copies = copier_les_carnets(dossier)
    affichage.enumerer("", copies)
    if not copies:
        affichage.dire(f"Les carnets sont déjà dans {dossier} : rien n'a été écrasé.")


def carnets_ouvrir(dossier: Atelier = ATELIER) -> None:
    """Copier les carnets puis les ouvrir dans JupyterLab (supplément [atelier])."""
    carnets_copier(dossier)
    if shutil.which("jupyter-lab", path=str(Path(sys.executable).parent)) is None:
        raise ErreurAbs(
            "JupyterLab n'est pas installé. Lancez `make atelier`, ou installez le supplément [atelier]."
        )
    subprocess.run([sys.executable, "-m", "jupyterlab", str(dossier)], check=False, env=os.environ.copy())  # noqa: S603
