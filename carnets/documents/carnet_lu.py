"""Lire un carnet exécuté dans l'ordre : nos blocs tels quels, et ce que l'analyste y a mis changé en blocs."""

from __future__ import annotations

import json
import re
from html import escape, unescape
from typing import TYPE_CHECKING, Any, Final

from abs.blocs.blocs import LOURDS, MARQUE, MIME
from abs.definitions import table
from abs.indicateurs.indicateurs import THEMES
from abs.phrases.citations import remplacer
from carnets.documents.assainir import assainir
from donnees_insee.chemins import nom_de_fichier

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    Donnees = dict[str, Any]

# Les cellules de service (mode d'emploi, paramètres, formulaire, écriture des fichiers) ne sont pas pour le lecteur.
ETIQUETTES_OTEES: Final = frozenset({"notice", "parameters", "injected-parameters", "exports", "service"})
PROSE: Final = "prose"
SIGNATURE: Final = "Ce qu'en dit le CCAS"
# Ce qu'une cellule de texte porte : les chiffres qu'elle cite, ce qui la rend à relire.
CITES: Final = "cites"
A_RELIRE: Final = "a_relire"
# Ce que la cellule livrée dit d'elle-même ; un texte tapé à la suite, sur la même ligne, est gardé.
INVITATION: Final = re.compile(
    rf"^\*\*{SIGNATURE}\*\*(?:\s*\*\(double-cliquez[^)]*\)\*)?(?:\s*<!--.*?-->)?", re.DOTALL
)
TITRE: Final = re.compile(r"(#{1,6})\s+(.+?)\s*#*\s*")
LOURD: Final = re.compile(r'<(?:img src|iframe[^>]* srcdoc)="([^"]*)"')
IMAGES: Final = ("image/svg+xml", "image/png", "image/jpeg")
BALISAGE: Final = re.compile(r"([\\`*_\[\]|~])")
# Ce que Jupyter ajoute autour d'un tableau de données, et qui n'a pas de sens hors de l'écran.
STYLE_DE_TABLEAU: Final = re.compile(r"<style scoped>.*?</style>", re.DOTALL)


def blocs_du_carnet(chemin: Path) -> list[Donnees]:
    """Donner les blocs d'un carnet exécuté, dans l'ordre de lecture."""
    cellules = json.loads(chemin.read_text(encoding="utf-8"))["cells"]
    lus = [b for c in cellules if not _etiquettes(c) & ETIQUETTES_OTEES for b in blocs_d_une_cellule(c)]
    return list(_sans_titre_vide(lus))


def _etiquettes(cellule: Donnees) -> set[str]:
    return set(cellule["metadata"].get("tags", ()))


def _sans_titre_vide(blocs: list[Donnees]) -> Iterator[Donnees]:
    """Ôter le titre d'un chapitre où rien ne suit."""
    suivants = [*blocs, {"genre": "titre", "rang": 1}][1:]
    for bloc, suivant in zip(blocs, suivants, strict=True):
        titres = bloc["genre"] == suivant["genre"] == "titre"
        if not (titres and bloc.get("pose") and suivant["rang"] <= bloc["rang"]):
            yield bloc


def blocs_d_une_cellule(cellule: Donnees) -> Iterator[Donnees]:
    """Donner les blocs d'une cellule : son texte, ou ce que son code a montré."""
    if cellule["cell_type"] == "markdown":
        yield from _du_texte(cellule)
    elif cellule["cell_type"] == "code":
        for sortie in cellule["outputs"]:
            yield from _de_la_sortie(sortie)


def _texte(contenu: Any) -> str:
    return contenu if isinstance(contenu, str) else "".join(contenu)


# -- ce que l'analyste écrit ---------------------------------------------------------------------


def _du_texte(cellule: Donnees) -> Iterator[Donnees]:
    """Changer une cellule de texte en titre ou en prose."""
    source = _texte(cellule["source"]).strip()
    du_ccas = PROSE in _etiquettes(cellule)
    if du_ccas and not texte_saisi(source):
        return
    premiere, _, reste = source.partition("\n")
    titre = None if du_ccas else TITRE.fullmatch(premiere)
    if titre is not None:
        rang = len(titre[1])
        yield {**_TITRE, "texte": titre[2], "rang": max(rang, 2), "ancre": ancre(titre[2]), "pose": rang == 2}
        source = reste.strip()
    if source:
        attachees = cellule.get("attachments", {})
        notes = cellule["metadata"].get("abs", {})
        texte = remplacer(texte_saisi(source) if du_ccas else source, notes.get(CITES, {}), _sans_balisage)
        yield from _a_relire(notes.get(A_RELIRE, ()))
        corps = en_html(texte, attachees)
        yield {"genre": "prose", "html": corps, "signature": SIGNATURE if du_ccas else ""}


_TITRE: Final[dict[str, Any]] = {"genre": "titre", "surtitre": "", "sous_titre": ""}


def _a_relire(changements: Iterable[str]) -> Iterator[Donnees]:
    """Avertir, avant un texte, que des chiffres qu'il cite ont changé."""
    if changements:
        dits = table("_citations")["messages"]
        texte = dits["a_relire"].format(changements=" ; ".join(changements))
        yield {"genre": "note", "texte": texte, "classe": "alerte", "fort": dits["fort"]}


def _sans_balisage(texte: str) -> str:
    """Protéger un chiffre cité et sa raison de ce que Markdown et HTML y liraient."""
    return BALISAGE.sub(r"\\\1", escape(texte))


def texte_saisi(source: str) -> str:
    """Donner le texte d'une cellule « Ce qu'en dit le CCAS », sans son titre ni son invitation."""
    return INVITATION.sub("", source.strip()).strip()


def ancre(titre: str) -> str:
    """Donner l'ancre d'un titre : le code de son thème, ou ses mots."""
    par_titre = {
        libelle: code for code, libelle in (THEMES | table("_document")["titres_de_chapitre"]).items()
    }
    return par_titre.get(titre) or nom_de_fichier(titre)


def en_html(texte: str, attachees: Donnees | None = None) -> str:
    """Mettre un texte Markdown en HTML, sans rien qui s'exécute."""
    import mistune  # noqa: PLC0415 - seulement quand l'analyste a écrit

    for nom, formes in (attachees or {}).items():
        (sorte, image), *_ = formes.items()
        texte = texte.replace(f"attachment:{nom}", f"data:{sorte};base64,{_texte(image).strip()}")
    rendu = mistune.create_markdown(escape=False, plugins=["table", "strikethrough"])(texte)
    return assainir(str(rendu)).strip()


# -- ce qu'une cellule de code a montré ------------------------------------------------------------


def _de_la_sortie(sortie: Donnees) -> Iterable[Donnees]:
    genre = sortie["output_type"]
    if genre == "stream":
        return _brut(_texte(sortie["text"])) if sortie["name"] == "stdout" else []
    if genre == "error":
        return _brut(f"{sortie['ename']} : {sortie['evalue']}")
    donnees = sortie["data"]
    return _des_notres(donnees) if MIME in donnees else _d_un_autre(donnees, sortie.get("metadata", {}))


def _d_un_autre(donnees: Donnees, notices: Donnees) -> Iterable[Donnees]:
    """Changer en bloc ce qu'une cellule de l'analyste a montré : tableau, image, texte."""
    image = next((sorte for sorte in IMAGES if sorte in donnees), None)
    if "text/html" in donnees:
        propre = STYLE_DE_TABLEAU.sub("", _texte(donnees["text/html"]))
        return [{"genre": "prose", "html": f'<div class="defile">{propre}</div>', "signature": ""}]
    if image is not None:
        return [_image(image, donnees, notices)]
    if "text/markdown" in donnees:
        return [{"genre": "prose", "html": en_html(_texte(donnees["text/markdown"])), "signature": ""}]
    return _brut(_texte(donnees.get("text/plain", "")))


def _des_notres(donnees: Donnees) -> list[Donnees]:
    """Reprendre nos blocs ; une image y est restée dans le HTML affiché, pour n'être gardée qu'une fois."""
    affiches = _texte(donnees.get("text/html", "")).split(MARQUE)[1:]
    return [
        _avec_ce_qui_pese(bloc, affiche)
        for bloc, affiche in zip(json.loads(_texte(donnees[MIME])), affiches, strict=True)
    ]


def _avec_ce_qui_pese(bloc: Donnees, affiche: str) -> Donnees:
    champ = LOURDS.get(bloc["genre"])
    trouve = LOURD.search(affiche) if champ else None
    return bloc | {champ: unescape(trouve[1])} if champ and trouve else bloc


def _image(sorte: str, donnees: Donnees, notices: Donnees) -> Donnees:
    import base64  # noqa: PLC0415

    contenu = _texte(donnees[sorte]).strip()
    if sorte == "image/svg+xml":
        contenu = base64.b64encode(contenu.encode()).decode("ascii")
    alternatif = notices.get(sorte, {}).get("alt") or "Figure ajoutée par l'analyste."
    adresse = f"data:{sorte};base64,{contenu.replace(chr(10), '')}"
    return {
        "genre": "image",
        "adresse": adresse,
        "alternatif": alternatif,
        "legende": "",
        "classe": "analyste",
    }


def _brut(texte: str) -> list[Donnees]:
    if not texte.strip():
        return []
    return [{"genre": "prose", "html": f"<pre>{escape(texte)}</pre>", "signature": ""}]
