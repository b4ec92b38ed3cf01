"""Les actions de la commande : appeler les fonctions, écrire ce qu'elles rendent. Aucune règle ne vit ici."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

from carnets.commande import affichage
from donnees_insee.chemins import dossier_de_passage
from donnees_insee.erreurs import ErreurAbs

# -- portrait ----------------------------------------------------------------------------------


def portrait(parametres: dict[str, Any], sortie: Path, *, remplacer: bool = False) -> None:
    """Écrire un portrait et lister ses fichiers."""
    from carnets.noyaux.lancement import annoncer  # noqa: PLC0415

    # Le noyau chauffe pendant que la commande importe le reste et cherche le territoire.
    annoncer()
    from carnets.moteur import produire  # noqa: PLC0415

    affichage.dire(
        f"Portrait de « {parametres['territoire']} » : calcul, cartes et documents (une minute environ)…"
    )
    production = produire(parametres, sortie, progression=True, remplacer=remplacer)
    affichage.dire(f"Portrait écrit dans {production.dossier} :")
    for fichier in production.fichiers:
        affichage.dire(f"  {fichier.relative_to(production.dossier)}  ({_taille(fichier.stat().st_size)})")
    affichage.avertir(production.avis)


def _taille(octets: int) -> str:
    return f"{octets / 1024:.0f} Kio" if octets < 1024**2 else f"{octets / 1024**2:.1f} Mio".replace(".", ",")


def demo(sortie: Path, formats: str, *, remplacer: bool = False) -> None:
    """Déposer le territoire fictif dans une base provisoire, puis écrire son portrait."""
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
        portrait(parametres, sortie, remplacer=remplacer)


def carte(parametres: dict[str, Any], indicateur: str, sortie: Path) -> None:
    """Dessiner une carte."""
    from abs.calcul.diagnostic import Diagnostiqueur  # noqa: PLC0415
    from abs.indicateurs.indicateurs import indicateur as definition_de  # noqa: PLC0415
    from abs.portrait.portrait import DemandeDeCarte  # noqa: PLC0415
    from carnets.moteur import nom_de_fichier  # noqa: PLC0415
    from carnets.parametres import verifier_parametres  # noqa: PLC0415
    from cartes.fonds import Fonds  # noqa: PLC0415
    from cartes.fonds import carte as dessiner  # noqa: PLC0415

    definition = definition_de(indicateur)
    reglages = verifier_parametres(parametres)
    diagnostic = Diagnostiqueur(reglages.base, reglages.demande).assembler(seulement=(indicateur,))
    dessin = dessiner(
        Fonds(reglages.base, diagnostic), DemandeDeCarte(indicateur, "mailles", definition.libelle)
    )
    sujet = diagnostic.ensembles.sujet
    nom = f"{nom_de_fichier(sujet.nom)}-{nom_de_fichier(sujet.code)}-{indicateur}"
    for fichier in dessin.enregistrer(sortie / "cartes", nom):
        affichage.dire(str(fichier))
    affichage.dire("Fragment à coller dans un site :")
    affichage.dire(
        f'<iframe src="{nom}.html" title="Carte" width="100%" height="640" sandbox="allow-scripts"></iframe>'
    )


def etat(territoire: str, millesime: int | None, millesimes: str) -> None:
    """Écrire l'état d'un territoire."""
    from abs.portrait.etat import etat as etablir  # noqa: PLC0415
    from abs.territoires.demande import Demande, lire_millesimes  # noqa: PLC0415
    from donnees_insee.base.base import Base  # noqa: PLC0415 - pandas attend la commande qui en a besoin

    constat = etablir(Base(), Demande(territoire, millesime, lire_millesimes(millesimes)))
    ensembles = constat.diagnostic.ensembles
    affichage.dire(f"{ensembles.sujet.nom} ({ensembles.sujet.niveau} {ensembles.sujet.code})")
    nom = "communes" if ensembles.mailles and ensembles.mailles[0].niveau == "commune" else "IRIS"
    contours = (
        "contours tenus, cartes possibles" if constat.contours else "aucun contour tenu, portrait sans carte"
    )
    affichage.dire(
        f"{len(ensembles.mailles)} {nom}, {len(ensembles.qpv)} QPV, {len(ensembles.quartiers)} quartiers ; {contours}."
    )
    affichage.dire("Références : " + ", ".join(r.nom for r in ensembles.references))
    lignes = [
        (t.theme, f"{t.disponibles} sur {t.total}", str(t.partiels), str(t.mailles), ", ".join(t.dates))
        for t in constat.themes
    ]
    affichage.tableau(
        "Ce que les fichiers déposés permettent",
        ("Thème", "Chiffres", "dont partiels", "À la maille", "Dates"),
        lignes,
    )
    manques = [
        (
            m.raison,
            " ; ".join(m.indicateurs[:4])
            + (f" et {len(m.indicateurs) - 4} autres" if len(m.indicateurs) > 4 else ""),
            m.a_deposer,
        )
        for m in constat.manques
    ]
    affichage.tableau("Ce qui manque", ("Raison", "Indicateurs", "À déposer"), manques)
    affichage.dire("À demander aux partenaires, hors données ouvertes :")
    for demande in constat.a_demander:
        affichage.dire(f"  - {demande}")


def indicateurs(theme: str, recherche: str) -> None:
    """Lister les indicateurs."""
    from abs.indicateurs.indicateurs import THEMES  # noqa: PLC0415
    from abs.indicateurs.indicateurs import indicateurs as tous  # noqa: PLC0415
    from donnees_insee.codes import normaliser  # noqa: PLC0415
    from donnees_insee.erreurs import ParametreInvalide  # noqa: PLC0415

    if theme and theme not in THEMES:
        raise ParametreInvalide(f"Le thème « {theme} » est inconnu. Thèmes : {', '.join(THEMES)}.")
    mot = normaliser(recherche)
    choisis = [
        i
        for i in tous().values()
        if (not theme or i.theme == theme)
        and mot in normaliser(f"{i.code} {i.libelle} {i.libelle_court} {i.definition}")
    ]
    lignes = [
        (
            i.code,
            i.libelle_court,
            i.unite or "rapport",
            ", ".join(dict.fromkeys(le.source.id for le in i.lectures)),
            i.lectures[0].formule_lisible(),
        )
        for i in choisis
    ]
    affichage.tableau(
        f"{len(choisis)} indicateurs", ("Code", "Libellé", "Unité", "Sources", "Formule"), lignes
    )


# -- territoires et carnets --------------------------------------------------------------------


def territoire_chercher(texte: str) -> None:
    """Chercher des territoires."""
    from abs.territoires.territoires import NOMS_DE_NIVEAU, Territoires  # noqa: PLC0415
    from donnees_insee.base.base import Base  # noqa: PLC0415 - pandas attend la commande qui en a besoin
    from donnees_insee.erreurs import TerritoireInconnu  # noqa: PLC0415

    base = Base()
    base.exiger()
    trouves = Territoires(base).chercher(texte)
    if not trouves:
        raise TerritoireInconnu(
            f"Aucun territoire de la base ne ressemble à « {texte} ». Essayez un nom plus court."
        )
    affichage.tableau(
        f"Territoires pour « {texte} »",
        ("Code", "Nom", "Niveau"),
        [(t.code, t.nom, NOMS_DE_NIVEAU[t.niveau]) for t in trouves],
    )


def carnets_copier(dossier: Path) -> None:
    """Copier les carnets dans un dossier de travail."""
    from carnets.moteur import copier_les_carnets  # noqa: PLC0415

    copies = copier_les_carnets(dossier)
    for copie in copies:
        affichage.dire(str(copie))
    if not copies:
        affichage.dire(f"Les carnets sont déjà dans {dossier} : rien n'a été écrasé.")


def carnets_ouvrir(dossier: Path) -> None:
    """Ouvrir JupyterLab sur une copie des carnets."""
    carnets_copier(dossier)
    if shutil.which("jupyter-lab", path=str(Path(sys.executable).parent)) is None:
        raise ErreurAbs(
            "JupyterLab n'est pas installé. Lancez `make atelier`, ou installez le supplément [atelier]."
        )
    subprocess.run([sys.executable, "-m", "jupyterlab", str(dossier)], check=False, env=os.environ.copy())  # noqa: S603
