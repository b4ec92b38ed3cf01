"""Changer un portrait ou une comparaison en fragments HTML et en pages : tout texte y est échappé."""

from __future__ import annotations

import base64
import html
import json
from datetime import date
from typing import TYPE_CHECKING, Any, Final

from abs.definitions import table
from abs.indicateurs.indicateurs import THEMES, indicateurs
from abs.portrait.portrait import Portrait
from abs.portrait.tableaux import Chapitre
from carnets.documents.modeles import CLASSEURS, MODELES
from carnets.textes import environnement
from cartes.charte import variables_css
from donnees_insee.chemins import fichier_provisoire

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from abs.intercommunal.comparaison import ComparaisonIntercommunale
    from cartes.carte import CarteThematique

# Par ancre : titre du sommaire d'une comparaison, mot de sa barre de navigation.
PARTIES: Final[dict[str, tuple[str, str]]] = CLASSEURS["parties_de_comparaison"]
# Les cellules de service (mode d'emploi, paramètres, écriture des fichiers) ne sont pas pour le lecteur.
ETIQUETTES_OTEES: Final = ("notice", "parameters", "injected-parameters", "exports")


def rendre(modele: str, **valeurs: Any) -> str:
    """Rendre un modèle, échappement compris."""
    return environnement("carnets.documents").get_template(modele).render(**valeurs)


def _appuis(document: Portrait | ComparaisonIntercommunale) -> Any:
    """Retrouver les lignes du diagnostic qui portent une phrase ; l'index n'est fait qu'une fois par document."""
    from abs.phrases.preuves import Appuis  # noqa: PLC0415 - réservé au rendu

    gardes = vars(document)
    if "_appuis" not in gardes:
        gardes["_appuis"] = Appuis(document.diagnostic).de
    return gardes["_appuis"]


def aujourd_hui() -> str:
    """Écrire la date du jour à l'horloge du poste : c'est celle que l'analyste attend sur sa page."""
    from babel.dates import format_date  # noqa: PLC0415 - import réservé au rendu

    return format_date(date.today(), format="long", locale="fr_FR")  # noqa: DTZ011


def titre(portrait: Portrait) -> str:
    """Rendre le titre, les avertissements, les chiffres clés, les forces et les faiblesses."""
    return rendre("titre.html.j2", portrait=portrait, etabli_le=aujourd_hui(), appuis=_appuis(portrait))


def chapitre(portrait: Portrait, contenu: Chapitre) -> str:
    """Rendre le début d'un chapitre : titre, phrases et tableau des références."""
    return rendre("chapitre.html.j2", portrait=portrait, chapitre=contenu, appuis=_appuis(portrait))


def suite(portrait: Portrait, contenu: Chapitre) -> str:
    """Rendre la fin d'un chapitre, sous ses cartes : mailles, absences, manques."""
    return rendre("suite.html.j2", portrait=portrait, chapitre=contenu)


def annexes(portrait: Portrait) -> str:
    """Rendre ce qui n'a pas été écrit, les sources, les définitions et la façon de lire les statuts."""
    from abs.statuts import LIBELLES_STATUT  # noqa: PLC0415

    employes = {
        (c.indicateur, c.source, c.definition) for c in portrait.diagnostic.chiffres if c.a_une_valeur
    }
    lues = {
        i.code: [le for le in i.lectures if (i.code, le.source.id, le.definition) in employes]
        for i in indicateurs().values()
    }
    definitions = [
        (i, [(le.source.titre_court, le.formule_lisible()) for le in lues[i.code]])
        for i in indicateurs().values()
    ]
    locales = portrait.diagnostic.locales
    definitions += [
        (i, [("source locale", " / ".join(filter(None, locales.comptes[code])))])
        for code, i in locales.indicateurs.items()
    ]
    definitions = [(i, formules) for i, formules in definitions if formules]
    return rendre(
        "annexes.html.j2", portrait=portrait, definitions=definitions, themes=THEMES, statuts=LIBELLES_STATUT
    )


def figure(image: bytes, remplacement: str, legende: str, classe: str = "") -> str:
    """Inclure une image dans la page, avec sa légende et son texte de remplacement."""
    source = base64.b64encode(image).decode("ascii")
    debut = f'<figure class="{classe}">' if classe else "<figure>"
    return (
        f'{debut}<img src="data:image/png;base64,{source}" alt="{html.escape(remplacement, quote=True)}">'
        f"<figcaption>{html.escape(legende)}</figcaption></figure>"
    )


def atlas(cartes: Iterable[CarteThematique], nom: str, maille: str, intertitre: str, cadre: str) -> str:
    """Rendre la carte interactive, une couche par indicateur, sous un intertitre."""
    from cartes.ecran.interactif import atlas as page_d_atlas  # noqa: PLC0415 - import lent, réservé aux cartes

    # Le nom du territoire est déjà celui de la page : les boutons n'ont pas à le répéter.
    couches = [c.intitulee(c.titre.removesuffix(f" · {nom}")) for c in cartes]
    contenu = html.escape(page_d_atlas(couches, f"{nom}, {maille}"), quote=True)
    return (
        f'<section class="atlas-bloc">{intertitre}<iframe class="atlas" title="{cadre}" '
        f'sandbox="allow-scripts" srcdoc="{contenu}"></iframe></section>'
    )


# -- comparaison -------------------------------------------------------------------------------


def titre_de_comparaison(comparaison: ComparaisonIntercommunale) -> str:
    """Rendre le titre, les avertissements et le sommaire."""
    parties = {ancre: p[0] for ancre, p in PARTIES.items() if ancre != "qpv" or comparaison.qpv}
    return rendre(
        "comparaison_titre.html.j2", comparaison=comparaison, etabli_le=aujourd_hui(), parties=parties
    )


def essentiel(comparaison: ComparaisonIntercommunale) -> str:
    """Rendre les étendues d'une commune à l'autre."""
    return rendre("comparaison_essentiel.html.j2", comparaison=comparaison, appuis=_appuis(comparaison))


def partie(ancre: str, titre_de_partie: str, **contenu: Any) -> str:
    """Rendre une partie : titre, phrases, tableaux, notes, liens vers les fiches des communes."""
    vide = {"rang": 2, "phrases": (), "tableaux": (), "notes": (), "fiches": ()}
    return rendre("comparaison_partie.html.j2", ancre=ancre, titre=titre_de_partie, **vide | contenu)


def fiches(comparaison: ComparaisonIntercommunale) -> str:
    """Rendre les fiches des communes, et l'index qui y mène."""
    return rendre("comparaison_fiches.html.j2", fiches=comparaison.fiches, appuis=_appuis(comparaison))


# -- pages -------------------------------------------------------------------------------------


def ecrire_html(corps: str, titre_de_page: str, chemin: Path, sorte: str = "portrait") -> Path:
    """Écrire la page complète et autonome d'un document, autour d'un corps déjà rendu."""
    from markupsafe import Markup  # noqa: PLC0415 - import réservé au rendu

    feuilles = dict.fromkeys(("portrait", sorte))
    lues = "\n".join((MODELES / f"{nom}.css").read_text(encoding="utf-8") for nom in feuilles)
    style, interieur = Markup(f"{variables_css('portrait')}\n{lues}"), Markup(corps)  # noqa: S704 - feuilles du paquet, corps déjà échappé
    modele = f"{sorte}_page.html.j2"
    themes = THEMES | table("_libelles")["themes_du_sommaire"]
    rendue = rendre(modele, titre=titre_de_page, corps=interieur, style=style, parties=PARTIES, themes=themes)
    with fichier_provisoire(chemin) as provisoire:
        provisoire.write_text(rendue, encoding="utf-8")
    return chemin


def corps_du_carnet(carnet: Path) -> str:
    """Convertir un carnet exécuté en HTML nu : les sorties seules, sans code ni invite."""
    cellules = json.loads(carnet.read_text(encoding="utf-8"))["cells"]
    montrees = [c for c in cellules if not set(c["metadata"].get("tags", ())) & set(ETIQUETTES_OTEES)]
    fragments = [_fragments(cellule) for cellule in montrees]
    if any(f is None for f in fragments):
        return _par_nbconvert(carnet)
    return "\n".join(f'<div class="cell">\n{f}\n</div>' for f in fragments if f)


def _fragments(cellule: dict[str, Any]) -> str | None:
    """Mettre bout à bout les fragments d'une cellule ; ``None`` si elle montre autre chose."""
    if cellule["cell_type"] != "code":
        return None
    morceaux = []
    for sortie in cellule["outputs"]:
        if (
            sortie["output_type"] not in {"display_data", "execute_result"}
            or "text/html" not in sortie["data"]
        ):
            return None
        contenu = sortie["data"]["text/html"]
        morceaux.append(contenu if isinstance(contenu, str) else "".join(contenu))
    return "\n".join(m for m in morceaux if m)


def _par_nbconvert(carnet: Path) -> str:
    from nbconvert import HTMLExporter  # noqa: PLC0415 - import lent
    from traitlets.config import Config  # noqa: PLC0415

    reglages = Config()
    reglages.TagRemovePreprocessor.enabled = True
    reglages.TagRemovePreprocessor.remove_cell_tags = ETIQUETTES_OTEES
    exportateur = HTMLExporter(
        config=reglages,
        template_name="basic",
        exclude_input=True,
        exclude_input_prompt=True,
        exclude_output_prompt=True,
        exclude_anchor_links=True,
    )
    exportateur.register_preprocessor("nbconvert.preprocessors.TagRemovePreprocessor", enabled=True)
    corps, _ = exportateur.from_filename(str(carnet))
    return str(corps)
