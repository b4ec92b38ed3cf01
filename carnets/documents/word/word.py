"""Le document Word, écrit droit des blocs : couverture, sommaire rempli, sections, légendes, renvois."""

from __future__ import annotations

from copy import deepcopy
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from carnets.documents.word import gabarit
from carnets.documents.word.briques import PAR_CM, PAR_POINT, W, champ, elements
from carnets.documents.word.genres import FORMES
from carnets.documents.word.pagination import Pages
from carnets.documents.word.redaction import MOTS, Redaction, ancre_de, reperer
from carnets.documents.word.sommaire import remplir, sommaire
from carnets.documents.word.styles import TABLE, poser_les_styles
from donnees_insee.chemins import fichier_provisoire

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from lxml.etree import _Element

    Donnees = dict[str, Any]

PAGE: Final[dict[str, Any]] = TABLE["page"]
COUVERTURE, PORTRAIT, PAYSAGE = "couverture", "portrait", "paysage"


@dataclass
class Section:
    """Des pages de même sens, et ce qu'elles portent."""

    sens: str
    contenu: list[_Element] = field(default_factory=list)


def ecrire_docx(blocs: Sequence[Donnees], titre: str, chemin: Path, sorte: str = "portrait") -> Path:  # noqa: ARG001 - même appel pour tous les formats
    """Écrire le document Word d'un portrait, d'une comparaison, d'évolutions ou d'un carnet de l'analyste."""
    document, de_la_ville = gabarit.ouvrir()
    gardes = _appaires(reperer(_pour_le_papier(blocs)))
    gabarit.nommer(document, titre, next((b["surtitre"] for b in gardes if b.get("surtitre")), ""))
    if not de_la_ville:
        gabarit.mettre_en_page(document, PAGE["marge_cm"])
    largeur, _ = gabarit.place_utile(document)
    r = Redaction(document, poser_les_styles(document, largeur), largeur)
    r.reperes = {ancre: b["repere"] for b in _a_plat(gardes) if "repere" in b and (ancre := ancre_de(b))}
    debut = next((rang for rang, b in enumerate(gardes) if not _en_couverture(b)), len(gardes))
    sections = [Section(COUVERTURE, _couverture(r, gardes[:debut], titre)), *_sections(r, gardes[debut:])]
    ecrit = sommaire(r)
    sections[0].contenu += ecrit
    remplir(ecrit, _pages(r, sections))
    _assembler(r, sections, titre, de_la_ville=de_la_ville)
    with fichier_provisoire(chemin) as provisoire:
        document.save(str(provisoire))
    return chemin


# -- les blocs que le papier garde -----------------------------------------------------------------


def _pour_le_papier(blocs: Iterable[Donnees]) -> list[Donnees]:
    """Ôter ce qui n'est que pour l'écran, et le titre qui n'annonçait que cela."""
    tous = list(blocs)
    rendus = []
    for rang, bloc in enumerate(tous):
        suite = [b for b in tous[rang + 1 :] if b["genre"] != "saut"][:2]
        annonce = bloc["genre"] == "titre" and suite and _a_l_ecran(suite[0])
        seul = annonce and (len(suite) == 1 or suite[1]["genre"] == "titre")
        if not seul and not _a_l_ecran(bloc):
            rendus.append(bloc)
    return rendus


def _a_l_ecran(bloc: Donnees) -> bool:
    classes = TABLE["liens"]["a_l_ecran"]
    return bloc["genre"] == "interactive" or (bloc["genre"] == "liens" and bloc.get("classe") in classes)


def _appaires(blocs: Iterable[Donnees]) -> list[Donnees]:
    """Réunir deux graphiques de demi-largeur qui se suivent."""
    rendus: list[Donnees] = []
    for bloc in blocs:
        demi = bloc["genre"] == "graphique" and bloc["largeur"] == "demi"
        if demi and rendus and rendus[-1]["genre"] == "graphique" and rendus[-1]["largeur"] == "demi":
            rendus[-1] = {"genre": "paire", "blocs": [rendus[-1], bloc]}
        else:
            rendus.append(bloc)
    return rendus


def _a_plat(blocs: Iterable[Donnees]) -> Iterable[Donnees]:
    for bloc in blocs:
        yield from bloc["blocs"] if bloc["genre"] == "paire" else [bloc]


def _en_couverture(bloc: Donnees) -> bool:
    return (bloc["genre"] == "titre" and bloc["rang"] == 1) or bloc["genre"] == "note"


def _couverture(r: Redaction, blocs: Sequence[Donnees], titre: str) -> list[_Element]:
    """Écrire le titre du document, sa date, et ce qu'il faut en savoir d'abord."""
    entete = next((b for b in blocs if b["genre"] == "titre"), {"texte": titre})
    dits = (
        ("Surtitre", entete.get("surtitre")),
        ("Title", entete["texte"]),
        ("Subtitle", entete.get("sous_titre")),
    )
    ecrit = "".join(r.texte(style, texte) for style, texte in dits if texte)
    return elements(ecrit + "".join(FORMES["note"](r, b) for b in blocs if b["genre"] == "note"))


# -- sections --------------------------------------------------------------------------------------


def _sections(r: Redaction, blocs: Sequence[Donnees]) -> list[Section]:
    """Écrire les blocs, un tableau large et le titre qui l'annonce sur une page en paysage."""
    sens = _sens(blocs)
    sections: list[Section] = []
    saute = False
    for bloc, voulu in zip(blocs, sens, strict=True):
        if bloc["genre"] == "saut":
            saute = True
            continue
        if not sections or sections[-1].sens != voulu:
            sections.append(Section(voulu))
            r.utile_en_cm, _ = gabarit.place_utile(r.document, paysage=voulu == PAYSAGE)
        ecrits = elements(FORMES[bloc["genre"]](r, bloc))
        if saute and ecrits and sections[-1].contenu:
            _sauter(r, ecrits)
        saute = saute and not ecrits
        sections[-1].contenu += ecrits
    return sections


def _sens(blocs: Sequence[Donnees]) -> list[str]:
    """Dire le sens de la page de chaque bloc : un tableau large emmène le titre et les notes qui l'annoncent."""
    sens = [PAYSAGE if _large(b) else PORTRAIT for b in blocs]
    for rang in [n for n, un in enumerate(sens) if un == PAYSAGE]:
        debut = rang
        while debut and blocs[debut - 1]["genre"] in {"titre", "note"}:
            debut -= 1
        while blocs[debut]["genre"] == "note":
            debut += 1
        sens[debut:rang] = [PAYSAGE] * (rang - debut)
    return sens


def _large(bloc: Donnees) -> bool:
    return bloc["genre"] == "tableau" and len(bloc["entetes"]) > PAGE["colonnes_en_portrait"]


def _sauter(r: Redaction, ecrits: list[_Element]) -> None:
    """Faire commencer des éléments sur une page neuve."""
    if ecrits[0].tag != f"{W}p":
        ecrits[:0] = elements(r.paragraphe("Suite de tableau", ""))
    (saut,) = elements("<w:pageBreakBefore/>")
    ecrits[0].find(f"{W}pPr/{W}pStyle").addnext(saut)


def _pages(r: Redaction, sections: Sequence[Section]) -> dict[str, int]:
    """Compter les pages, pour le sommaire."""
    pages = Pages(r.styles)
    for rang, section in enumerate(sections):
        place = gabarit.place_utile(r.document, paysage=section.sens == PAYSAGE)
        pages.ouvrir(*(cote * PAR_CM / PAR_POINT for cote in place), premiere=rang == 0)
        pages.lire(section.contenu)
    return pages.signets


def _assembler(r: Redaction, sections: Sequence[Section], titre: str, *, de_la_ville: bool) -> None:
    """Mettre les sections bout à bout : la couverture sans en-tête, les suivantes avec."""
    corps = r.document.element.body
    modele = corps.sectPr
    corps.remove(modele)
    references = [e for e in modele if e.tag.endswith("Reference")]
    # Le gabarit d'une ville a souvent son en-tête, et pas toujours de numéro de page.
    references += _entete_et_pied(
        r, titre, [genre for genre in ("header", "footer") if not _porte(references, genre)]
    )
    for reference in list(modele):
        if reference.tag.endswith("Reference"):
            modele.remove(reference)
    # Une section sans en-tête prend celui de la précédente : il suffit de le dire une fois.
    porteuse = 0 if de_la_ville or len(sections) == 1 else 1
    for rang, section in enumerate(sections):
        reglages = deepcopy(modele)
        if rang == porteuse:
            reglages[:0] = references
        _orienter(reglages, section.sens)
        corps.extend(section.contenu)
        if rang == len(sections) - 1:
            corps.append(reglages)
        else:
            if not section.contenu or section.contenu[-1].tag != f"{W}p":
                corps.extend(elements(r.paragraphe("Suite de tableau", "")))
            corps[-1].find(f"{W}pPr").append(reglages)


def _orienter(reglages: _Element, sens: str) -> None:
    taille = reglages.find(f"{W}pgSz")
    if sens == PAYSAGE and taille is not None:
        cotes = [taille.get(f"{W}h"), taille.get(f"{W}w")]
        for nom, valeur in zip(("w", "h", "orient"), [*cotes, "landscape"], strict=True):
            taille.set(f"{W}{nom}", valeur)


def _porte(references: Sequence[_Element], genre: str) -> bool:
    return any(e.tag == f"{W}{genre}Reference" for e in references)


def _entete_et_pied(r: Redaction, titre: str, genres: Sequence[str]) -> list[_Element]:
    """Écrire l'en-tête (le titre) et le pied (la page, et combien il y en a), ceux qui manquent."""
    avant, entre = MOTS["pied"]
    pied = r.mot(avant) + champ("PAGE", "1") + r.mot(entre) + champ("NUMPAGES", "1")
    dits = {"header": r.mot(MOTS["entete"].format(titre=titre)), "footer": pied}
    references = []
    ajouts: dict[str, Any] = {
        "header": r.document.part.add_header_part,
        "footer": r.document.part.add_footer_part,
    }
    for genre in genres:
        partie, lien = ajouts[genre]()
        partie.element[:] = elements(r.paragraphe(genre, dits[genre]))
        references += elements(f'<w:{genre}Reference w:type="default" r:id="{lien}"/>')
    return references
