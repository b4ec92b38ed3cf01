"""Rendre des blocs en HTML, et en faire une page complète : tout texte y est échappé."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any, Final

from abs.definitions import table
from abs.graphiques.demandes import DemandeDeGraphique
from carnets.documents.modeles import MODELES
from carnets.documents.signes import signes_des_fiches
from carnets.textes import environnement
from cartes.charte import variables_css
from donnees_insee.chemins import fichier_provisoire

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from cartes.carte import CarteThematique
    from cartes.graphiques.graphique import Graphique

    Donnees = dict[str, Any]

INCLUSE: Final = "data:image/"


def rendre(modele: str, **valeurs: Any) -> str:
    """Rendre un modèle, échappement compris."""
    return environnement("carnets.documents").get_template(modele).render(**valeurs)


def aujourd_hui() -> str:
    """Écrire la date du jour à l'horloge du poste : c'est celle que l'analyste attend sur sa page."""
    from babel.dates import format_date  # noqa: PLC0415 - import réservé au rendu

    return format_date(date.today(), format="long", locale="fr_FR")  # noqa: DTZ011


def rendre_blocs(blocs: Iterable[Donnees], *, marque: str = "") -> str:
    """Rendre des blocs en HTML."""
    return rendre("blocs.html.j2", blocs=[_dessine(bloc) for bloc in blocs], marque=marque)


def _dessine(bloc: Donnees) -> Donnees:
    """Dessiner les graphiques d'un bloc."""
    if bloc["genre"] == "chiffres_cles":
        dessines = [k | {"dessins": _de_la_fiche(k)} for k in bloc["chiffres"]]
        return bloc | {"chiffres": dessines, "signes": signes_des_fiches(bloc["chiffres"])}
    # Un carnet reçu d'ailleurs peut nommer une adresse du dehors : aucune n'est cherchée.
    incluse = str(bloc.get("adresse") or "").startswith(INCLUSE)
    if bloc["genre"] == "image" and not incluse:
        texte = table("_document")["commun"]["sans_image"].format(alternatif=bloc["alternatif"])
        return {"genre": "note", "texte": texte, "classe": "precision", "fort": ""}
    if bloc["genre"] != "graphique":
        return bloc
    dessin = _graphique(DemandeDeGraphique.depuis(bloc["demande"]), bloc["largeur"])
    return {
        "genre": "image",
        # Un carnet exécuté l'a déjà dessiné.
        "adresse": bloc["adresse"] if incluse else dessin.adresse(),
        "alternatif": dessin.texte_alternatif(),
        "legende": "",
        "classe": f"graphique {bloc['largeur']}",
    }


def _de_la_fiche(chiffre: Donnees) -> list[Donnees]:
    """Dessiner les petits graphiques d'une fiche."""
    dessins = (_graphique(DemandeDeGraphique.depuis(d), "fiche") for d in chiffre.get("graphiques", ()))
    return [{"adresse": d.adresse(), "alternatif": d.texte_alternatif()} for d in dessins]


def _graphique(demande: DemandeDeGraphique, largeur: Any) -> Graphique:
    from cartes.graphiques.graphique import Graphique  # noqa: PLC0415 - matplotlib, seulement quand on dessine

    return Graphique(demande, largeur)


def page_d_atlas(cartes: Iterable[CarteThematique], nom: str, maille: str) -> str:
    """Composer la carte à parcourir, une couche par indicateur."""
    from cartes.ecran.interactif import atlas  # noqa: PLC0415 - import lent, réservé aux cartes

    # Le nom du territoire est déjà celui de la page : les boutons n'ont pas à le répéter.
    couches = [c.intitulee(c.titre.removesuffix(f" · {nom}")) for c in cartes]
    return atlas(couches, f"{nom}, {maille}")


def sommaire(blocs: Sequence[Donnees], sorte: str) -> list[tuple[str, str]]:
    """Lister les parties d'un document, par ancre : le mot de la table, ou le titre d'une partie de l'analyste."""
    mots = table("_libelles")["themes_du_sommaire"] | table("_document")["sommaire"].get(sorte, {})
    titres = [b for b in blocs if b["genre"] == "titre" and b["rang"] == 2 and b["ancre"]]
    liens = [(b["ancre"], mots.get(b["ancre"], b["texte"])) for b in titres]
    return [(ancre, mot) for ancre, mot in liens if mot]


def ecrire_html(blocs: Sequence[Donnees], titre_de_page: str, chemin: Path, sorte: str = "portrait") -> Path:
    """Écrire la page complète et autonome d'un document."""
    from markupsafe import Markup  # noqa: PLC0415 - import réservé au rendu

    feuilles = [nom for nom in dict.fromkeys(("portrait", sorte)) if (MODELES / f"{nom}.css").is_file()]
    lues = "\n".join((MODELES / f"{nom}.css").read_text(encoding="utf-8") for nom in feuilles)
    style = Markup(f"{variables_css('portrait')}\n{lues}")  # noqa: S704 - feuilles du paquet
    corps = Markup(rendre_blocs(blocs))  # noqa: S704 - déjà échappé
    liens = sommaire(blocs, sorte)
    rendue = rendre("_page.html.j2", titre=titre_de_page, corps=corps, style=style, liens=liens)
    with fichier_provisoire(chemin) as provisoire:
        provisoire.write_text(rendue, encoding="utf-8")
    return chemin
