"""Les verbes qui écrivent : portrait, démonstration, comparaison, carte, site, carnets de travail."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from carnets.commande.affichage import avertir, dire, enumerer, phrase, suivi, taille
from carnets.commande.communs import SORTIES, ouvrir_la_base
from carnets.dossier_de_sortie import quelques
from donnees_insee.chemins import dossier_de_passage, dossier_des_donnees
from donnees_insee.erreurs import ErreurAbs

if TYPE_CHECKING:
    from carnets.moteur import Production

TOUS_LES_FORMATS: Final = "html,docx,pdf,xlsx,gpkg,csv,cartes"
ATELIER: Final = Path("atelier")
NOMMES: Final = 8

# -- portrait ----------------------------------------------------------------------------------


def demo(sortie: Path = SORTIES, formats: str = TOUS_LES_FORMATS, remplacer: bool = False) -> None:
    """Écrire le portrait du territoire fictif de démonstration, dans tous les formats."""
    from carnets.ateliers.demonstration import deposer_la_demonstration  # noqa: PLC0415
    from donnees_insee.demo import COMMUNE_DEMO  # noqa: PLC0415

    with dossier_de_passage("demo") as provisoire:
        base, resultats = deposer_la_demonstration(provisoire)
        ranges = sum(r.etat == "range" for r in resultats)
        dire(f"Territoire fictif : {ranges} fichiers lus sur {len(resultats)}.")
        parametres = {"territoire": COMMUNE_DEMO, "formats": formats, "dossier_donnees": str(base.dossier)}
        _ecrire_le_portrait(parametres, sortie, remplacer=remplacer)


def portrait(
    territoire: str,
    millesime: int | None = None,
    millesimes: str = "",
    qpv: int | None = None,
    geographie: int | None = None,
    references: str = "",
    formats: str = TOUS_LES_FORMATS,
    diffusion: str = "publique",
    gabarit: Path | None = None,
    sortie: Path = SORTIES,
    remplacer: bool = False,
    comparer_a: Path | None = None,
) -> None:
    """Écrire le portrait d'un territoire : page web, Word, classeur, couches, cartes, preuve."""
    _habiller_de(gabarit)
    parametres = _parametres(
        territoire,
        millesime,
        millesimes,
        qpv,
        geographie,
        references=references,
        formats=formats,
        diffusion=diffusion,
    )
    _ecrire_le_portrait(parametres, sortie, remplacer=remplacer, comparer_a=comparer_a)


def _habiller_de(gabarit: Path | None) -> None:
    """Donner aux documents Word les styles d'une ville ; un gabarit illisible se dit avant tout calcul."""
    if gabarit is not None:
        from carnets.documents.word.gabarit import VARIABLE, lire_le_gabarit  # noqa: PLC0415 - import lent

        lire_le_gabarit(gabarit)
        os.environ[VARIABLE] = str(gabarit.resolve())


def _parametres(*demande: object, **autres: object) -> dict[str, Any]:
    """Nommer les paramètres d'un carnet : la demande, dans l'ordre des options, puis les autres."""
    noms = ("territoire", "millesime", "millesimes", "qpv", "geographie")
    return dict(zip(noms, demande, strict=True)) | autres | {"dossier_donnees": str(dossier_des_donnees())}


def _ecrire_le_portrait(
    parametres: dict[str, Any], sortie: Path, *, remplacer: bool, comparer_a: Path | None = None
) -> None:
    from carnets.processus.demarrage import precharger  # noqa: PLC0415

    # Le serveur chauffe pendant que la commande importe le reste et cherche le territoire.
    precharger()
    from carnets.moteur import produire  # noqa: PLC0415

    dire(f"Portrait de « {parametres['territoire']} » : calcul, cartes et documents (une minute environ)…")
    ecrit = produire(parametres, sortie, progression=True, remplacer=remplacer, comparer_a=comparer_a)
    _lister("Portrait écrit", ecrit)


def _lister(titre: str, production: Production) -> None:
    dire(f"{titre} dans {production.dossier} :")
    for fichier in production.fichiers:
        dire(f"  {fichier.relative_to(production.dossier)}  ({taille(fichier.stat().st_size)})")
    avertir(production.avis)


# -- plusieurs territoires ---------------------------------------------------------------------


def comparer(
    epci: str,
    millesime: int | None = None,
    millesimes: str = "",
    qpv: int | None = None,
    geographie: int | None = None,
    indicateurs: str = "",
    formats: str = "html,docx,xlsx,csv,cartes",
    gabarit: Path | None = None,
    sortie: Path = SORTIES,
    remplacer: bool = False,
) -> None:
    """Comparer les communes d'une intercommunalité : tableaux, rangs, cartes, profils, fiches."""
    _habiller_de(gabarit)
    from carnets.production_comparaison import produire_la_comparaison  # noqa: PLC0415 - imports lents

    parametres = _parametres(epci, millesime, millesimes, qpv, geographie, formats=formats)
    dire(f"Comparaison des communes de « {epci} » : calcul, cartes et documents (une minute environ)…")
    ecrite = produire_la_comparaison(parametres, indicateurs, sortie, progression=True, remplacer=remplacer)
    _lister("Comparaison écrite", ecrite)


def observatoire(
    territoire: str,
    millesime: int | None = None,
    millesimes: str = "",
    qpv: int | None = None,
    geographie: int | None = None,
    portraits: Path | None = None,
    sortie: Path = SORTIES,
    remplacer: bool = False,
) -> None:
    """Fabriquer le site d'une intercommunalité : pages, cartes, comparaison, fichiers, sans serveur."""
    from abs.territoires.demande import Demande, lire_millesimes  # noqa: PLC0415 - imports lents, après les arguments
    from carnets.observatoire.fabrique import fabriquer  # noqa: PLC0415

    demande = Demande(territoire, millesime, lire_millesimes(millesimes), qpv, geographie)
    dire(f"Observatoire de « {territoire} » : chiffres, cartes et pages (quelques minutes)…")
    with suivi("calcul") as avancer:
        site = fabriquer(
            ouvrir_la_base(),
            demande,
            sortie,
            portraits=portraits,
            suivre=lambda nom: avancer(description=nom[:60], advance=1),
            remplacer=remplacer,
        )
    poids = sum(f.stat().st_size for f in site.dossier.rglob("*") if f.is_file()) / 1024**2
    dire(f"Site écrit dans {site.dossier} : {site.pages} pages, {poids:.0f} Mio.")
    dire(f"  Ouvrir {site.dossier / 'index.html'}, ou publier le dossier tel quel.")
    avertir(site.avis)
    if site.sans_contour:
        dire(f"Sans contour dans la base, absents des cartes : {quelques(site.sans_contour, NOMMES)}.")
    if portraits is not None:
        dire(f"Portraits joints : {len(site.portraits.dossiers)}.")
        enumerer("  écarté : ", site.portraits.ecartes)
        manquants = [f"{t.nom} ({t.code})" for t in site.portraits.manquants]
        if manquants:
            dire(f"Sans portrait : {quelques(manquants, NOMMES)}.")


# -- carte et carnets --------------------------------------------------------------------------


def carte(
    territoire: str,
    indicateur: str,
    millesime: int | None = None,
    millesimes: str = "",
    qpv: int | None = None,
    geographie: int | None = None,
    sortie: Path = SORTIES,
) -> None:
    """Dessiner une carte : PNG, SVG et page HTML, avec le fragment à coller dans un site."""
    from abs.blocs.blocs import DemandeDeCarte  # noqa: PLC0415
    from abs.calcul.diagnostic import Diagnostiqueur  # noqa: PLC0415
    from abs.indicateurs.indicateurs import indicateur as definition_de  # noqa: PLC0415
    from carnets.parametres import verifier_parametres  # noqa: PLC0415
    from cartes.fonds import Fonds  # noqa: PLC0415
    from cartes.fonds import carte as dessiner  # noqa: PLC0415
    from donnees_insee.chemins import nom_de_fichier  # noqa: PLC0415

    voulue = DemandeDeCarte(indicateur, "mailles", definition_de(indicateur).libelle)
    reglages = verifier_parametres(_parametres(territoire, millesime, millesimes, qpv, geographie))
    diagnostic = Diagnostiqueur(reglages.base, reglages.demande).assembler(seulement=(indicateur,))
    dessin = dessiner(Fonds(reglages.base, diagnostic), voulue)
    sujet = diagnostic.ensembles.sujet
    nom = f"{nom_de_fichier(sujet.nom)}-{nom_de_fichier(sujet.code)}-{indicateur}"
    enumerer("", dessin.enregistrer(sortie / "cartes", nom))
    dire("Fragment à coller dans un site :")
    dire(phrase("fragment", nom=nom))


def graphique(
    territoire: str,
    nom: str,
    millesime: int | None = None,
    millesimes: str = "",
    qpv: int | None = None,
    geographie: int | None = None,
    sortie: Path = SORTIES,
) -> None:
    """Dessiner un graphique du portrait : SVG et PNG, avec sa description."""
    from abs.calcul.diagnostic import Diagnostiqueur  # noqa: PLC0415
    from abs.graphiques.graphiques import graphique as demander  # noqa: PLC0415
    from carnets.parametres import verifier_parametres  # noqa: PLC0415
    from cartes.graphiques.graphique import Graphique  # noqa: PLC0415
    from donnees_insee.chemins import nom_de_fichier  # noqa: PLC0415

    reglages = verifier_parametres(_parametres(territoire, millesime, millesimes, qpv, geographie))
    diagnostic = Diagnostiqueur(reglages.base, reglages.demande).assembler()
    dessin, sujet = Graphique(demander(diagnostic, nom)), diagnostic.ensembles.sujet
    fichier = f"{nom_de_fichier(sujet.nom)}-{nom_de_fichier(sujet.code)}-{nom}"
    enumerer("", dessin.enregistrer(sortie / "graphiques", fichier))
    dire(dessin.demande.titre)
    dire(dessin.texte_alternatif())


def infographies(
    territoire: str,
    millesime: int | None = None,
    millesimes: str = "",
    qpv: int | None = None,
    geographie: int | None = None,
    sortie: Path = SORTIES,
) -> None:
    """Dessiner les chiffres clés d'un territoire en cartes à publier : trois tailles, PNG et SVG, avec leurs légendes."""
    from abs.blocs.blocs import retourner  # noqa: PLC0415
    from abs.portrait.document import DocumentDuPortrait  # noqa: PLC0415
    from abs.portrait.portrait import composer  # noqa: PLC0415
    from carnets.ateliers.demonstration import base_ou_demonstration  # noqa: PLC0415
    from carnets.documents.infographies.cartons import PHRASES  # noqa: PLC0415
    from carnets.documents.infographies.infographies import ecrire_infographies  # noqa: PLC0415
    from carnets.documents.rendu import aujourd_hui  # noqa: PLC0415
    from carnets.parametres import verifier_parametres  # noqa: PLC0415
    from donnees_insee.chemins import nom_de_fichier  # noqa: PLC0415

    voulus = verifier_parametres(_parametres(territoire, millesime, millesimes, qpv, geographie))
    # Comme un carnet : sans rien de déposé, le territoire fictif.
    reglages = base_ou_demonstration(voulus)
    compose = composer(reglages.base, reglages.demande)
    document, sujet = DocumentDuPortrait(compose), compose.sujet
    blocs = [*document.titre(aujourd_hui()), *document.essentiel()]
    for chapitre in compose.chapitres:
        blocs += [*document.phrases(chapitre.code), *document.graphiques(chapitre.code)]
    nom = PHRASES["dossier"].format(nom=nom_de_fichier(sujet.nom), code=nom_de_fichier(sujet.code))
    ecrites = ecrire_infographies(retourner(blocs), sujet.nom, sortie / nom)
    dire(f"Infographies écrites dans {sortie / nom} : {len(ecrites) - 1} images et leurs légendes.")
    enumerer("  ", [e.name for e in ecrites if e.suffix != ".svg"])


def carnets_copier(dossier: Path = ATELIER) -> None:
    """Copier les carnets livrés dans un dossier de travail, sans écraser les vôtres."""
    from carnets.dossier_de_travail import copier_les_carnets  # noqa: PLC0415

    copies = copier_les_carnets(dossier)
    enumerer("", copies)
    if not copies:
        dire(f"Les carnets sont déjà dans {dossier} : rien n'a été écrasé.")


def carnets_ouvrir(dossier: Path = ATELIER) -> None:
    """Copier les carnets puis les ouvrir dans JupyterLab (supplément [atelier])."""
    from carnets.atelier import environnement, options  # noqa: PLC0415

    carnets_copier(dossier)
    if shutil.which("jupyter-lab", path=str(Path(sys.executable).parent)) is None:
        raise ErreurAbs(phrase("atelier_absent"))
    commande = [sys.executable, "-m", "jupyterlab", *options(dossier)]
    subprocess.run(commande, check=False, env=environnement(dossier))  # noqa: S603
