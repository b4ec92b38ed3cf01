"""Écrire les diapositives d'un document : chaque texte mesuré, chaque graphique modifiable, les notes de l'orateur."""

from __future__ import annotations

import base64
import io
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from carnets.documents.diapos.masque import PAR_POINT, Masque, Place, ouvrir, rgb
from carnets.documents.diapos.mesure import CORPS, DIAPOS, Paragraphe, ajuster, repartir
from carnets.documents.diapos.natif import natif
from carnets.documents.diapos.plan import PHRASES, Diapo, planifier
from cartes.charte import COULEURS
from donnees_insee.chemins import fichier_provisoire

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from abs.graphiques.demandes import DemandeDeGraphique

    Donnees = dict[str, Any]

ENCRES: Final = {
    "encre": COULEURS["encre"],
    "mention": COULEURS["mention"],
    **DIAPOS["couleurs"],
}
ESPACE: Final = 0.2 * 72
# Un dessin fait sur une feuille étroite s'agrandit, et ses lettres avec lui ; un tableau haut en demande une plus large.
LARGEURS_DE_DESSIN: Final = (400.0, 520.0, 680.0, 840.0)


def ecrire_pptx(
    blocs: Sequence[Donnees], titre: str, chemin: Path, sorte: str = "portrait", gabarit: Path | None = None
) -> Path:
    """Écrire les diapositives d'un document, dans le gabarit de la ville s'il y en a un."""
    masque = ouvrir(gabarit)
    for diapo in planifier(blocs, titre):
        for une in _en_suites(diapo, masque):
            _ecrire(masque, une)
    proprietes = masque.presentation.core_properties
    proprietes.title, proprietes.subject, proprietes.language = titre, sorte, DIAPOS["langue"]
    proprietes.author = proprietes.last_modified_by = ""
    _dire_la_langue(masque)
    with fichier_provisoire(chemin) as provisoire:
        masque.presentation.save(str(provisoire))
    return chemin


def _en_suites(diapo: Diapo, masque: Masque) -> Iterable[Diapo]:
    """Répartir des points qui ne tiennent pas sur une diapositive."""
    if diapo.genre != "points" or not diapo.contenu:
        yield diapo
        return
    for rang, (paragraphes, taille) in enumerate(
        repartir(diapo.contenu, CORPS["points"], masque.corps.points)
    ):
        titre = PHRASES["suite"].format(titre=diapo.titre) if rang else diapo.titre
        yield replace(diapo, titre=titre, contenu=(paragraphes, taille), notes=() if rang else diapo.notes)


def _ecrire(masque: Masque, diapo: Diapo) -> None:
    couverture = diapo.genre == "couverture"
    page = masque.presentation.slides.add_slide(masque.couverture if couverture else masque.message)
    if couverture:
        _couvrir(page, diapo, masque)
    else:
        _intituler(page, diapo, masque)
        CORPS_DE[diapo.genre](page, diapo, masque)
        _mettre_au_pied(page, diapo.pied, masque)
    for vide in [f for f in page.placeholders if not f.has_text_frame or not f.text_frame.text]:
        vide._element.getparent().remove(vide._element)  # noqa: SLF001 - une place vide s'imprime en pointillés
    if diapo.notes:
        page.notes_slide.notes_text_frame.text = "\n\n".join(diapo.notes)


# -- textes ------------------------------------------------------------------------------------


def _remplir(cadre: Any, paragraphes: Sequence[Paragraphe], taille: float) -> None:
    """Écrire des paragraphes dans un cadre, à la taille mesurée."""
    from pptx.enum.text import MSO_AUTO_SIZE  # noqa: PLC0415 - imports lents
    from pptx.util import Pt  # noqa: PLC0415

    cadre.word_wrap, cadre.auto_size = True, MSO_AUTO_SIZE.NONE
    cadre.margin_left = cadre.margin_right = cadre.margin_top = cadre.margin_bottom = 0
    for rang, p in enumerate(paragraphes):
        ligne = cadre.paragraphs[0] if rang == 0 else cadre.add_paragraph()
        morceau = ligne.add_run()
        morceau.text = p.texte
        police = morceau.font
        police.size, police.bold, police.name = Pt(round(taille * p.taille, 1)), p.gras, DIAPOS["police"]
        police.color.rgb = rgb(ENCRES[p.couleur])
        ligne.space_after = Pt(0)
        ligne.space_before = Pt(round(taille * 0.45 if rang else 0, 1))
        if p.puce:
            _mettre_une_puce(ligne, taille)


def _mettre_une_puce(ligne: Any, taille: float) -> None:
    from lxml import etree  # noqa: PLC0415

    proprietes = ligne._p.get_or_add_pPr()  # noqa: SLF001 - python-pptx ne pose pas de puce
    retrait = str(round(taille * PAR_POINT))
    proprietes.set("marL", retrait)
    proprietes.set("indent", f"-{retrait}")
    puce = etree.SubElement(proprietes, f"{{{ligne._p.nsmap['a']}}}buChar")  # noqa: SLF001
    puce.set("char", "•")


def _texte(
    page: Any, place: Place, paragraphes: Sequence[Paragraphe], tailles: Sequence[float], nom: str
) -> None:
    """Poser un cadre de texte où tout tient."""
    gardes, taille = ajuster(paragraphes, tailles, place.points)
    if gardes:
        forme = page.shapes.add_textbox(place.x, place.y, place.largeur, place.hauteur)
        forme.name = nom
        _remplir(forme.text_frame, gardes, taille)


def _intituler(page: Any, diapo: Diapo, masque: Masque) -> None:
    """Écrire le message dans le titre de la diapositive, et dessous ce qui est mesuré."""
    gardes, taille = ajuster([Paragraphe(diapo.titre, gras=True)], CORPS["titre"], masque.titre.points)
    _remplir(page.shapes.title.text_frame, gardes, taille)
    if diapo.sous_titre:
        ligne = [Paragraphe(diapo.sous_titre, couleur="mention")]
        _texte(page, masque.sous_titre, ligne, CORPS["sous_titre"], "Ce qui est mesuré")


def _couvrir(page: Any, diapo: Diapo, masque: Masque) -> None:
    titre = page.shapes.title
    place = Place(titre.left, titre.top, titre.width, titre.height)
    gardes, taille = ajuster([Paragraphe(diapo.titre, gras=True)], CORPS["couverture"], place.points)
    _remplir(titre.text_frame, gardes, taille)
    lignes = [Paragraphe(t, couleur="mention") for t in diapo.sous_titre.split("\n") if t]
    bas = place.y + place.hauteur + round(ESPACE * PAR_POINT)
    sous = next((f for f in page.placeholders if f.placeholder_format.type.name == "SUBTITLE"), None)
    dessous = Place(place.x, bas, place.largeur, round(1.2 * 72 * PAR_POINT))
    if sous is not None and lignes:
        dessous = Place(sous.left, sous.top, sous.width, sous.height)
        gardes, taille = ajuster(lignes, CORPS["points"], dessous.points)
        _remplir(sous.text_frame, gardes, taille)
    elif lignes:
        _texte(page, dessous, lignes, CORPS["points"], "Sous-titre")
    alertes = [Paragraphe(t, couleur="alerte") for t in diapo.contenu or ()]
    haut = dessous.y + dessous.hauteur + round(ESPACE * PAR_POINT)
    reste = masque.pied.y + masque.pied.hauteur - haut
    _texte(page, Place(dessous.x, haut, dessous.largeur, reste), alertes, CORPS["message"], "Avertissements")


def _mettre_au_pied(page: Any, pied: str, masque: Masque) -> None:
    """Écrire la source et la date, et le numéro de la diapositive."""
    from pptx.enum.text import PP_ALIGN  # noqa: PLC0415

    _texte(page, masque.pied, [Paragraphe(pied, couleur="mention")], CORPS["pied"], "Source et date")
    forme = page.shapes.add_textbox(
        masque.numero.x, masque.numero.y, masque.numero.largeur, masque.numero.hauteur
    )
    forme.name = "Numéro"
    _remplir(forme.text_frame, [Paragraphe("‹n°›", couleur="mention")], CORPS["pied"][0])
    ligne = forme.text_frame.paragraphs[0]
    ligne.alignment = PP_ALIGN.RIGHT
    _en_champ(ligne)


def _en_champ(ligne: Any) -> None:
    """Changer le texte d'une ligne en champ : le numéro suit la place de la diapositive."""
    from lxml import etree  # noqa: PLC0415

    morceau = ligne.runs[0]._r  # noqa: SLF001 - python-pptx n'écrit pas de champ
    champ = etree.Element(f"{{{morceau.nsmap['a']}}}fld", type="slidenum")
    champ.set("id", "{B6F15528-21DE-4FAA-801E-634DDDAF4B2B}")
    champ.extend(list(morceau))
    morceau.getparent().replace(morceau, champ)


# -- visuels -----------------------------------------------------------------------------------


def _points(page: Any, diapo: Diapo, masque: Masque) -> None:
    if diapo.contenu:
        paragraphes, taille = diapo.contenu
        _texte(page, masque.corps, paragraphes, [taille], "Texte")


def _messages(page: Any, diapo: Diapo, masque: Masque) -> None:
    """Poser les messages côte à côte, numérotés."""
    fiches = []
    for rang, phrase in enumerate(diapo.contenu, start=1):
        numero = Paragraphe(str(rang), 1.8, gras=True, couleur="accent")
        dits = [Paragraphe(phrase["titre"], 1.1, gras=True)] if phrase.get("titre") else []
        fiches.append((f"Message {rang}", [numero, *dits, Paragraphe(phrase["texte"])]))
    _cartes(page, fiches, _cases(masque, len(fiches), 1), CORPS["message"])


def _fiches(page: Any, diapo: Diapo, masque: Masque) -> None:
    """Poser les chiffres clés en cartes, trois par rangée."""
    fiches = []
    for c in diapo.contenu:
        dits = [Paragraphe(c["sujet"].upper(), 0.9, gras=True, couleur="mention")] if c.get("sujet") else []
        if c.get("absence"):
            dits.append(Paragraphe(c["absence"], couleur="mention"))
        else:
            suite = " ".join(filter(None, (c.get("complement"), f"({c['date']})" if c.get("date") else "")))
            dits += [Paragraphe(c["valeur"], 2.3, gras=True, couleur="accent"), Paragraphe(c["libelle"])]
            dits += [Paragraphe(suite, 0.9, couleur="mention")] if suite else []
        fiches.append((c.get("sujet") or c["libelle"], dits))
    combien = len(fiches)
    _cartes(page, fiches, _cases(masque, min(combien, 3), 2 if combien > 3 else 1), CORPS["fiche"])


def _cartes(
    page: Any,
    fiches: Sequence[tuple[str, list[Paragraphe]]],
    cases: Sequence[Place],
    tailles: Sequence[float],
) -> None:
    """Poser des cartes de même police : la plus remplie en décide."""
    largeur, hauteur = cases[0].points
    place = largeur - 2 * ESPACE, hauteur - 2 * ESPACE
    commune = min(ajuster(dits, tailles, place)[1] for _, dits in fiches)
    for (nom, dits), case in zip(fiches, cases, strict=False):
        _carte(page, case, ajuster(dits, [commune], place), nom)


def _cases(masque: Masque, colonnes: int, rangees: int) -> list[Place]:
    """Partager le corps en cases égales."""
    corps, ecart = masque.corps, round(ESPACE * PAR_POINT)
    bas = masque.notes.y + masque.notes.hauteur
    largeur = (corps.largeur - ecart * (colonnes - 1)) // colonnes
    hauteur = (bas - corps.y - ecart * rangees) // rangees
    return [
        Place(corps.x + c * (largeur + ecart), corps.y + r * (hauteur + ecart), largeur, hauteur)
        for r in range(rangees)
        for c in range(colonnes)
    ]


def _carte(page: Any, place: Place, contenu: tuple[Sequence[Paragraphe], float], nom: str) -> None:
    from pptx.enum.shapes import MSO_SHAPE  # noqa: PLC0415
    from pptx.enum.text import MSO_ANCHOR, PP_ALIGN  # noqa: PLC0415

    forme = page.shapes.add_shape(MSO_SHAPE.RECTANGLE, place.x, place.y, place.largeur, place.hauteur)
    forme.name = nom
    forme.shadow.inherit = False
    forme.fill.solid()
    forme.fill.fore_color.rgb = rgb(ENCRES["fiche"])
    forme.line.fill.background()
    cadre, marge = forme.text_frame, round(ESPACE * PAR_POINT)
    _remplir(cadre, *contenu)
    cadre.vertical_anchor = MSO_ANCHOR.TOP
    cadre.margin_left = cadre.margin_right = cadre.margin_top = cadre.margin_bottom = marge
    for ligne in cadre.paragraphs:
        ligne.alignment = PP_ALIGN.LEFT


def _graphique(page: Any, diapo: Diapo, masque: Masque) -> None:
    """Poser le graphique natif de la demande, sinon son dessin ; ses notes dessous."""
    from carnets.documents.diapos.graphique_natif import poser_natif  # noqa: PLC0415
    from cartes.graphiques.graphique import Graphique  # noqa: PLC0415
    from cartes.graphiques.style import notes_de  # noqa: PLC0415

    demande: DemandeDeGraphique = diapo.contenu
    dessin, modifiable = Graphique(demande), natif(demande)
    notes = notes_de(demande)
    if modifiable is None:
        _poser_image(
            page,
            _dessin_nu(demande, masque.corps.points),
            masque.corps,
            diapo.titre,
            dessin.texte_alternatif(),
        )
    else:
        notes += [PHRASES["points_absents"]] if modifiable.incomplet else []
        cadre = poser_natif(page, modifiable, masque.corps)
        _decrire(cadre, diapo.titre, dessin.texte_alternatif())
    dites = [Paragraphe(" ".join(f"{n.rstrip('.')}." for n in notes), couleur="mention")] if notes else []
    _texte(page, masque.notes, dites, CORPS["notes"], "Notes de lecture")


def _dessin_nu(demande: DemandeDeGraphique, place: tuple[float, float]) -> bytes:
    """Dessiner une demande qui n'a pas de forme native, sur la feuille dont les lettres seront les plus grandes."""
    from cartes.ecriture import rendre_png  # noqa: PLC0415 - imports lents
    from cartes.graphiques.feuille import Feuille  # noqa: PLC0415
    from cartes.graphiques.graphique import dessiner  # noqa: PLC0415

    feuilles = [Feuille(largeur) for largeur in LARGEURS_DE_DESSIN]
    for feuille in feuilles:
        # La diapositive dit déjà le titre et la source.
        dessiner(feuille, demande)
    choisie = max(feuilles, key=lambda f: min(place[0] / f.largeur, place[1] / f.bas))
    figure = choisie.figure()
    figure.set_dpi(300)
    return rendre_png(figure, {"Title": demande.titre})


def _image(page: Any, diapo: Diapo, masque: Masque) -> None:
    entete, _, codee = diapo.contenu["adresse"].partition(";base64,")
    corps = Place(
        masque.corps.x,
        masque.corps.y,
        masque.corps.largeur,
        masque.notes.y + masque.notes.hauteur - masque.corps.y,
    )
    if entete in ("data:image/png", "data:image/jpeg"):
        try:
            _poser_image(page, base64.b64decode(codee), corps, diapo.titre, diapo.contenu["alternatif"])
        except (OSError, ValueError):
            entete = ""
    if entete not in ("data:image/png", "data:image/jpeg"):
        textes = [
            Paragraphe(diapo.contenu["alternatif"]),
            Paragraphe(PHRASES["sans_image"], couleur="mention"),
        ]
        _texte(page, corps, textes, CORPS["points"], "Figure décrite")


def _poser_image(page: Any, octets: bytes, place: Place, nom: str, alternatif: str) -> None:
    """Poser une image entière, centrée, aussi grande que la place le permet."""
    image = page.shapes.add_picture(io.BytesIO(octets), place.x, place.y)
    echelle = min(place.largeur / image.width, place.hauteur / image.height)
    image.width, image.height = round(image.width * echelle), round(image.height * echelle)
    image.left = place.x + (place.largeur - image.width) // 2
    image.top = place.y + (place.hauteur - image.height) // 2
    _decrire(image, nom, alternatif)


def _decrire(forme: Any, nom: str, alternatif: str) -> None:
    """Dire ce qu'une figure montre à qui ne la voit pas."""
    proprietes = forme._element.xpath(".//p:cNvPr")[0]  # noqa: SLF001 - python-pptx n'écrit pas de texte de remplacement
    proprietes.set("name", nom[:120])
    proprietes.set("descr", alternatif)


CORPS_DE: Final = {
    "points": _points,
    "messages": _messages,
    "fiches": _fiches,
    "graphique": _graphique,
    "image": _image,
}


def _dire_la_langue(masque: Masque) -> None:
    """Dire que tout est en français : le correcteur et la voix de synthèse en dépendent."""
    pages = list(masque.presentation.slides)
    notes = [p.notes_slide for p in pages if p.has_notes_slide]
    maitres = [masque.presentation.slide_master, masque.couverture, masque.message, *pages, *notes]
    for element in [masque.presentation.part._element, *(p._element for p in maitres)]:  # noqa: SLF001
        for proprietes in element.xpath(".//a:rPr | .//a:endParaRPr | .//a:defRPr"):
            proprietes.set("lang", DIAPOS["langue"])
