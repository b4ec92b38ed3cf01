"""Poser sur une diapositive un graphique que l'on peut modifier : ses chiffres sont ceux de la demande."""

from __future__ import annotations

import io
from datetime import date, datetime
from typing import TYPE_CHECKING, Any, Final

from carnets.documents.diapos.masque import rgb
from carnets.documents.diapos.mesure import CORPS, DIAPOS
from carnets.documents.diapos.natif import format_de
from cartes.charte import COULEURS
from cartes.graphiques.style import TABLE
from cartes.palettes import contraste

if TYPE_CHECKING:
    from carnets.documents.diapos.masque import Place
    from carnets.documents.diapos.natif import Natif, SerieNative

# Le poste qui projette peut être réglé en anglais : « 8,810 € » s'y lirait huit euros.
EN_FRANCAIS: Final = "[$-40C]"
SANS_SIGNE: Final = f"{EN_FRANCAIS}#,##0.#;{EN_FRANCAIS}#,##0.#"
FORMAT: Final = "#,##0.0"
# Combien d'années s'écrivent sous une courbe, et de valeurs sur une courbe seule.
ANNEES_ECRITES: Final = 12
FORMES: Final = {"o": "CIRCLE", "D": "DIAMOND", "s": "SQUARE", "v": "TRIANGLE", "^": "TRIANGLE"}


def poser_natif(diapo: Any, natif: Natif, place: Place) -> Any:
    """Poser un graphique natif ; rendre son cadre."""
    from pptx.chart.data import CategoryChartData  # noqa: PLC0415 - imports lents
    from pptx.enum.chart import XL_CHART_TYPE  # noqa: PLC0415

    genres = {
        "parts": XL_CHART_TYPE.BAR_STACKED_100,
        "positions": XL_CHART_TYPE.BAR_CLUSTERED,
        "pyramide": XL_CHART_TYPE.BAR_CLUSTERED,
        "courbe": XL_CHART_TYPE.LINE_MARKERS,
    }
    donnees: Any = CategoryChartData(number_format=FORMAT)  # type: ignore[no-untyped-call]
    rangs = _rangs_des_categories(natif)
    donnees.categories = [_categorie(natif, n) for n in rangs]
    for serie in natif.series:
        nombres = serie.nombres
        donnees.add_series(serie.nom, [None if n is None else nombres[n] for n in rangs])
    cadre = diapo.shapes.add_chart(
        genres[natif.sorte], place.x, place.y, place.largeur, place.hauteur, donnees
    )
    # python-pptx ferait une formule d'un nom qui commence par « = ».
    cadre.chart.part.chart_workbook.update_from_xlsx_blob(_classeur(natif, rangs))
    _habiller(cadre.chart, natif, rangs)
    return cadre


def _classeur(natif: Natif, rangs: list[int | None]) -> bytes:
    """Écrire le classeur qui s'ouvre quand on modifie les données : là où le graphique les lit, sans aucune formule."""
    from xlsxwriter import Workbook  # noqa: PLC0415

    from carnets.documents.tableur.styles import OPTIONS  # noqa: PLC0415

    contenu = io.BytesIO()
    with Workbook(contenu, OPTIONS) as classeur:
        feuille, annee = classeur.add_worksheet("Sheet1"), classeur.add_format({"num_format": "yyyy"})
        feuille.set_column(0, 0, 40)
        for ligne, rang in enumerate(rangs, start=1):
            nom = _categorie(natif, rang)
            if isinstance(nom, date):
                feuille.write_datetime(ligne, 0, datetime(nom.year, 1, 1), annee)  # noqa: DTZ001 - un jour, sans heure
            else:
                feuille.write_string(ligne, 0, nom)
        for colonne, serie in enumerate(natif.series, start=1):
            feuille.write_string(0, colonne, serie.nom)
            nombres = serie.nombres
            for ligne, rang in enumerate(rangs, start=1):
                nombre = None if rang is None else nombres[rang]
                if nombre is not None:
                    feuille.write_number(ligne, colonne, nombre)
    return contenu.getvalue()


def _rangs_des_categories(natif: Natif) -> list[int | None]:
    """Donner l'ordre des catégories ; une rupture de série y laisse un vide, que rien ne relie."""
    ruptures = {avant for avant, _ in natif.ruptures}
    rangs: list[int | None] = []
    for n, nom in enumerate(natif.categories):
        rangs += [n, None] if nom in ruptures and n + 1 < len(natif.categories) else [n]
    return rangs


def _categorie(natif: Natif, rang: int | None) -> Any:
    # Des années inégalement espacées se lisent sur un axe de dates, où une rupture n'a pas besoin de catégorie.
    if _en_dates(natif):
        return date(int(natif.categories[rang or 0]), 1, 1)
    return "//" if rang is None else natif.categories[rang]


def _en_dates(natif: Natif) -> bool:
    return natif.sorte == "courbe" and natif.annees and not natif.ruptures and len(natif.categories) > 2


def _habiller(graphique: Any, natif: Natif, rangs: list[int | None]) -> None:
    """Donner au graphique les couleurs de la charte, ses étiquettes, ses axes, sa légende."""
    from pptx.enum.chart import XL_LEGEND_POSITION  # noqa: PLC0415
    from pptx.util import Pt  # noqa: PLC0415

    barres = len(natif.categories) * (len(natif.series) if natif.sorte == "positions" else 1)
    serre = natif.sorte != "courbe" and barres > DIAPOS["barres_serrees"]
    graphique.font.size = Pt(CORPS["graphique_serre" if serre else "graphique"])
    graphique.font.name = DIAPOS["police"]
    graphique.font.color.rgb = rgb(COULEURS["encre"])
    graphique.has_title = False
    graphique.has_legend = len(natif.series) > 1 or natif.sorte == "parts"
    if graphique.has_legend:
        graphique.legend.position = XL_LEGEND_POSITION.TOP
        graphique.legend.include_in_layout = False
    _axes(graphique, natif)
    plan = graphique.plots[0]
    if natif.sorte != "courbe":
        plan.gap_width = {"pyramide": 12, "positions": 45, "parts": 45}[natif.sorte]
        plan.overlap = {"pyramide": 100, "positions": -5, "parts": 100}[natif.sorte]
    for tracee, serie in zip(plan.series, natif.series, strict=True):
        (_ligne if natif.sorte == "courbe" else _barre)(tracee, serie)
        if natif.sorte != "pyramide":
            _etiqueter(tracee, serie, natif, rangs)
    _dire_la_langue(graphique)


def _axes(graphique: Any, natif: Natif) -> None:
    from pptx.enum.chart import XL_TICK_LABEL_POSITION, XL_TICK_MARK  # noqa: PLC0415

    valeurs, categories = graphique.value_axis, graphique.category_axis
    valeurs.format.line.fill.background()
    valeurs.major_gridlines.format.line.color.rgb = rgb(TABLE["grille"])
    valeurs.major_tick_mark = categories.major_tick_mark = XL_TICK_MARK.NONE
    categories.format.line.color.rgb = rgb(TABLE["hachures"])
    categories.tick_label_position = XL_TICK_LABEL_POSITION.LOW
    if natif.sorte == "pyramide":
        element = categories._element  # noqa: SLF001 - sans cela, un groupe d'âges sur deux n'est pas nommé
        espace = element.nsmap["c"]
        _apres(element.find(f"{{{espace}}}lblOffset"), espace, {"tickLblSkip": "1"})
    valeurs.tick_labels.number_format_is_linked = False
    valeurs.tick_labels.number_format = "0%" if natif.sorte == "parts" else SANS_SIGNE
    if natif.sorte in ("parts", "positions"):
        # Chaque barre porte sa valeur : l'axe ne ferait que la redire.
        valeurs.visible = False
        valeurs.has_major_gridlines = False
        categories.reverse_order = True
    if natif.sorte == "positions":
        valeurs.minimum_scale = min([0.0, *(n for s in natif.series for n in s.nombres if n is not None)])
    if natif.sorte == "courbe":
        valeurs.tick_labels.number_format = f"{EN_FRANCAIS}#,##0"
        valeurs.visible = len(natif.series) > 1
        valeurs.has_major_gridlines = valeurs.visible
        if _en_dates(natif):
            categories.tick_labels.number_format_is_linked = False
            categories.tick_labels.number_format = "yyyy"
            _espacer_les_annees(categories, natif)


def _espacer_les_annees(axe: Any, natif: Natif) -> None:
    """Graduer l'axe des dates assez large pour que les années se lisent."""
    duree = int(natif.categories[-1]) - int(natif.categories[0])
    pas = next((p for p in (1, 2, 5, 10) if duree <= p * ANNEES_ECRITES), 20)
    element = axe._element  # noqa: SLF001 - python-pptx n'a pas d'unité de temps
    espace = element.nsmap["c"]
    for nom in ("baseTimeUnit", "majorUnit", "majorTimeUnit", "auto"):
        for ancien in element.findall(f"{{{espace}}}{nom}"):
            element.remove(ancien)
    reperes = {"baseTimeUnit": "years", "majorUnit": str(pas), "majorTimeUnit": "years"}
    place = element.find(f"{{{espace}}}lblOffset")
    avant = element.find(f"{{{espace}}}crosses")
    _apres(avant, espace, {"auto": "0"})
    _apres(place if place is not None else avant.getnext(), espace, reperes)


def _apres(repere: Any, espace: str, valeurs: dict[str, str]) -> None:
    from lxml import etree  # noqa: PLC0415

    for nom, valeur in reversed(valeurs.items()):
        repere.addnext(etree.Element(f"{{{espace}}}{nom}", val=valeur))


def _barre(tracee: Any, serie: SerieNative) -> None:
    from pptx.util import Pt  # noqa: PLC0415

    tracee.invert_if_negative = False
    if serie.contour:
        tracee.format.fill.background()
        tracee.format.line.color.rgb = rgb(serie.couleur)
        tracee.format.line.width = Pt(1.5)
        return
    tracee.format.fill.solid()
    tracee.format.fill.fore_color.rgb = rgb(serie.couleur)
    tracee.format.line.color.rgb = rgb(COULEURS["papier"])
    tracee.format.line.width = Pt(0.75)


def _ligne(tracee: Any, serie: SerieNative) -> None:
    from pptx.enum.chart import XL_MARKER_STYLE  # noqa: PLC0415
    from pptx.enum.dml import MSO_LINE  # noqa: PLC0415
    from pptx.util import Pt  # noqa: PLC0415

    tracee.smooth = False
    if serie.signe is not None:
        tracee.marker.style = XL_MARKER_STYLE[FORMES.get(serie.signe.forme, "CIRCLE")]
        if serie.signe.tirets:
            tracee.format.line.dash_style = MSO_LINE.DASH
    tracee.format.line.color.rgb = rgb(serie.couleur)
    tracee.format.line.width = Pt(2.75)
    tracee.marker.size = 8
    tracee.marker.format.fill.solid()
    tracee.marker.format.fill.fore_color.rgb = rgb(serie.couleur)
    tracee.marker.format.line.color.rgb = rgb(COULEURS["papier"])


def _etiqueter(tracee: Any, serie: SerieNative, natif: Natif, rangs: list[int | None]) -> None:
    """Écrire chaque valeur avec ses décimales et son unité ; l'étiquette suit le chiffre si on le change."""
    from pptx.enum.chart import XL_LABEL_POSITION  # noqa: PLC0415

    places = {
        "parts": XL_LABEL_POSITION.CENTER,
        "positions": XL_LABEL_POSITION.OUTSIDE_END,
        "courbe": XL_LABEL_POSITION.ABOVE,
    }
    for place, valeur in _a_etiqueter(serie, natif, rangs):
        etiquette = tracee.points[place].data_label
        etiquette.position = places[natif.sorte]
        dehors = serie.couleur if natif.sorte == "courbe" else COULEURS["encre"]
        encre = contraste(serie.couleur, COULEURS["encre"]) if natif.sorte == "parts" else dehors
        etiquette.font.color.rgb = rgb(encre)
        etiquette.font.bold = natif.sorte != "parts"
        _formater(etiquette, EN_FRANCAIS + format_de(valeur))
    _taire_les_autres(tracee)


def _a_etiqueter(serie: SerieNative, natif: Natif, rangs: list[int | None]) -> list[tuple[int, Any]]:
    """Choisir les valeurs écrites : toutes les barres assez larges, les deux bouts d'une courbe."""
    dites = [
        (place, v)
        for place, n in enumerate(rangs)
        if n is not None and (v := serie.valeurs[n]) is not None and not v.manque
    ]
    if natif.sorte == "courbe":
        toutes = len(dites) <= (ANNEES_ECRITES if len(natif.series) == 1 else 2)
        return dites if toutes else dites[-1:]
    if natif.sorte == "parts":
        return [(p, v) for p, v in dites if v.valeur >= DIAPOS["part_etiquetee"]]
    return dites


def _formater(etiquette: Any, code: str) -> None:
    """Poser le format d'une étiquette, que python-pptx ne donne qu'à une série entière."""
    from lxml import etree  # noqa: PLC0415

    element = etiquette._get_or_add_dLbl()  # noqa: SLF001
    espace = element.nsmap["c"]
    format_ = etree.Element(f"{{{espace}}}numFmt", formatCode=code, sourceLinked="0")
    element.find(f"{{{espace}}}idx").addnext(format_)


def _taire_les_autres(tracee: Any) -> None:
    etiquettes = tracee._element.find(f"{{{tracee._element.nsmap['c']}}}dLbls")  # noqa: SLF001
    if etiquettes is not None:
        for nom in ("showVal", "showLegendKey", "showCatName", "showSerName", "showPercent"):
            for element in etiquettes.findall(f"{{{etiquettes.nsmap['c']}}}{nom}"):
                element.set("val", "0")


def _dire_la_langue(graphique: Any) -> None:
    from lxml import etree  # noqa: PLC0415

    racine = graphique._chartSpace  # noqa: SLF001
    espace = racine.nsmap["c"]
    langue = etree.Element(f"{{{espace}}}lang", val=DIAPOS["langue"])
    premier = racine.find(f"{{{espace}}}date1904")
    if premier is None:
        racine.insert(0, langue)
    else:
        premier.addnext(langue)
