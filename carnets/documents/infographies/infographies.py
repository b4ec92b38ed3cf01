"""Écrire les infographies d'un territoire : un dossier numéroté, chaque carte à trois tailles, et leurs légendes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from carnets.documents.csv_long import ecrire_lignes
from carnets.documents.infographies.cartons import MODELE, PHRASES, cartons
from donnees_insee.chemins import fichier_provisoire
from donnees_insee.erreurs import DonneeAbsente

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from carnets.documents.infographies.cartons import Carton

    Donnees = dict[str, Any]

LEGENDES: Final = "legendes.csv"


def ecrire_infographies(blocs: Sequence[Donnees], nom: str, dossier: Path) -> list[Path]:
    """Écrire une carte par chiffre clé, à chaque taille, en points et en vecteur, puis leurs légendes."""
    faits = cartons(blocs)
    if not faits:
        raise DonneeAbsente(PHRASES["rien"].format(nom=nom))
    dossier.mkdir(parents=True, exist_ok=True)
    ecrits: list[Path] = []
    legendes: list[dict[str, Any]] = []
    for rang, carton in enumerate(faits, start=1):
        for taille in MODELE["tailles"]:
            racine = f"{rang:02d}-{carton.nom}-{taille}"
            alternatif, rendus = _rendre(carton, taille)
            for extension, octets in rendus.items():
                ecrits.append(_deposer(octets, dossier / f"{racine}.{extension}"))
                legendes.append(
                    {
                        "fichier": f"{racine}.{extension}",
                        "texte de remplacement": alternatif,
                        "texte à publier": carton.a_publier,
                        "source": carton.pied,
                    }
                )
    _oter_les_anciennes(dossier, ecrits)
    return [*ecrits, ecrire_lignes(legendes, dossier / LEGENDES)]


def _rendre(carton: Carton, taille: str) -> tuple[str, dict[str, bytes]]:
    """Décrire une carte, et la rendre en image et en dessin, ses lettres en tracés : aucune police à installer."""
    from carnets.documents.infographies.dessin import figure  # noqa: PLC0415 - matplotlib, seulement quand on dessine
    from cartes.ecriture import rendre_png  # noqa: PLC0415
    from cartes.graphiques.svg import rendre_svg  # noqa: PLC0415

    faite, montree = figure(carton, taille)
    alternatif = carton.alternatif(montree)
    notices = {"Title": f"{carton.territoire} : {carton.libelle}", "Description": alternatif}
    png = rendre_png(faite, notices, MODELE["tailles"][taille]["ppp"])
    svg = rendre_svg(faite, notices["Title"], alternatif, en_chemins=True)
    return alternatif, {"png": png, "svg": svg.encode()}


def _deposer(octets: bytes, chemin: Path) -> Path:
    with fichier_provisoire(chemin) as provisoire:
        provisoire.write_bytes(octets)
    return chemin


def _oter_les_anciennes(dossier: Path, ecrits: Sequence[Path]) -> None:
    """Ôter les cartes d'avant, celles que les légendes nomment et qu'on n'a pas refaites."""
    legendes = dossier / LEGENDES
    if not legendes.is_file():
        return
    lignes = legendes.read_text(encoding="utf-8-sig").splitlines()[1:]
    nommes = {ligne.partition(";")[0].strip('"') for ligne in lignes} - {e.name for e in ecrits}
    for nom in nommes:
        if "/" not in nom and "\\" not in nom and nom.endswith((".png", ".svg")):
            (dossier / nom).unlink(missing_ok=True)
