"""Les graphiques du site : où se place un territoire parmi ses voisins, thème par thème, puis indicateur par indicateur."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from abs.calcul.sources_recues import est_locale
from abs.definitions import table
from abs.graphiques.demandes import DemandeDeGraphique, Role, Serie, Valeur
from abs.graphiques.ecriture import dates_et_sources, libelle, motif, role_de, suite_de_lignes
from abs.indicateurs.indicateurs import THEMES
from abs.phrases.ecriture import reference
from abs.portrait.tableaux import MARQUE_FRAGILE
from carnets.observatoire.chiffres import date_comparable
from carnets.observatoire.mots import phrase

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from abs.territoires.territoires import Territoire
    from carnets.observatoire.chiffres import Chiffres, Figure, Lecteur, Ligne
    from carnets.observatoire.fiches import Fiche

REGLETTES: Final = 5
# Ce que le portrait met en tableau, dans son ordre : le site n'a pas d'autre choix que lui.
ORDRE: Final[dict[str, Any]] = table("_portrait")
# Moins de trois points ne disent pas où l'on se place.
POINTS: Final = 3


def du_territoire(
    chiffres: Chiffres,
    lecteur: Lecteur,
    territoire: Territoire,
    lignes: Sequence[Ligne],
    reperes: Sequence[Territoire],
) -> dict[str, DemandeDeGraphique]:
    """Composer, thème par thème, des réglettes : le territoire, ses repères, et chaque voisin en petit point."""
    e = chiffres.diagnostic.ensembles
    voisins, groupe = (e.qpv, "qpv") if territoire.niveau == "qpv" else (e.mailles, "mailles")
    composes = {}
    for theme, titre in THEMES.items():
        rangs = {
            code: rang
            for rang, code in enumerate(ORDRE["qpv"] if groupe == "qpv" else ORDRE["mailles"][theme])
        }
        retenues = [li for li in lignes if li.figure.indicateur.code in rangs and _se_place(li.figure)]
        retenues = [li for li in retenues if li.figure.indicateur.theme == theme]
        retenues.sort(key=lambda li: rangs[li.figure.indicateur.code])
        series: list[Serie] = []
        places: list[Figure] = []
        for ligne in retenues:
            figure = ligne.figure
            autour = [(t, lecteur.figure(t, figure.indicateur, groupe)) for t in voisins if t != territoire]
            serie = _reglette(figure, territoire.titre, zip(reperes, ligne.reperes, strict=True), autour)
            if len(serie.valeurs) >= POINTS and len(series) < REGLETTES:
                series.append(serie)
                places.append(figure)
        if series:
            mots = {"theme": titre, "nom": territoire.titre}
            composes[theme] = _demande(
                f"{territoire.code}-{theme}", phrase("graphiques", "theme", **mots), series, places, voisins
            )
    return composes


def de_l_indicateur(fiche: Fiche) -> DemandeDeGraphique | None:
    """Composer la réglette d'un indicateur : l'intercommunalité, ses références, chaque commune en petit point."""
    ensemble, communes = fiche.groupes["ensemble"], fiche.groupes["communes"]
    sujet = next(
        (li for li in ensemble[::-1] if li.territoire.niveau == "epci" and li.figure.chiffre.a_une_valeur),
        None,
    )
    if sujet is None or fiche.recu or fiche.indicateur.nature == "effectif":
        return None
    reperes = [(li.territoire, li.figure) for li in ensemble if li.territoire != sujet.territoire]
    serie = _reglette(
        sujet.figure, sujet.territoire.titre, reperes, [(li.territoire, li.figure) for li in communes]
    )
    if len(serie.valeurs) < POINTS:
        return None
    titre = phrase("graphiques", "indicateur", libelle=fiche.indicateur.libelle)
    return _demande(fiche.indicateur.code, titre, [serie], [sujet.figure], [li.territoire for li in communes])


def _se_place(figure: Figure) -> bool:
    """Dire si un chiffre se place sur une réglette : une part publiée, connue, qui se commente."""
    connue = figure.chiffre.a_une_valeur and not figure.fragile
    # Une donnée reçue d'un partenaire se lit en tableau, comme elle n'a pas de carte.
    return connue and figure.indicateur.unite == "%" and not est_locale(figure.chiffre)


def _reglette(
    figure: Figure,
    nom: str,
    reperes: Iterable[tuple[Territoire, Figure]],
    autour: Iterable[tuple[Territoire, Figure]],
) -> Serie:
    """Placer le sujet, ce qui l'entoure à la même date, et taire ce qui n'a pas de valeur."""
    date = date_comparable(figure.chiffre)

    def comparable(autre: Figure) -> bool:
        return autre.chiffre.a_une_valeur and date_comparable(autre.chiffre) == date

    valeurs = [_valeur(figure, nom, "sujet")]
    valeurs += [_valeur(f, t.titre, role_de(t)) for t, f in reperes if comparable(f)]
    valeurs += [_valeur(f, t.nom, "maille") for t, f in autour if comparable(f)]
    return Serie(libelle(figure.indicateur), tuple(valeurs), unite=figure.indicateur.unite)


def _valeur(figure: Figure, nom: str, role: Role) -> Valeur:
    chiffre, texte = figure.chiffre, figure.cellule.texte.removesuffix(MARQUE_FRAGILE)
    return Valeur(nom, chiffre.valeur, texte, chiffre.marge, role, reference(chiffre), fragile=figure.fragile)


def _demande(
    nom: str, titre: str, series: Sequence[Serie], places: Sequence[Figure], voisins: Sequence[Territoire]
) -> DemandeDeGraphique:
    producteurs, date = dates_et_sources([f.chiffre for f in places])
    autres = {v.libelle for s in series for v in s.valeurs if v.role not in ("sujet", "maille")}
    dites = [(s.nom, s.valeurs[0].texte, s.valeurs[1].texte if autres else "") for s in series]
    return DemandeDeGraphique(
        nom,
        "points",
        titre,
        phrase("graphiques", "sous_titre" if len(series) > 1 else "sous_titre_seul", nom=series[0].nom),
        tuple(series),
        date=date,
        source=producteurs,
        alternatif=motif(suite_de_lignes(series[0].valeurs[0].libelle, "", dites)),
        mailles=phrase("graphiques", voisins[0].niveau) if voisins else "",
    )
