"""Composer les pages des territoires : leurs chiffres clés, puis tous leurs chiffres thème par thème."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from abs.indicateurs.annees_comparables import mises_en_garde
from abs.indicateurs.indicateurs import THEMES
from abs.portrait.chapitre import plan_du_portrait
from abs.portrait.tableaux import Tableau, mailles
from abs.statuts import Statut
from abs.territoires.territoires import NOMS_DE_NIVEAU
from carnets.observatoire.adresses import cle_de
from carnets.observatoire.chiffres_affiches import Figure, Lecteur, a_la_meme_date

if TYPE_CHECKING:
    from abs.indicateurs.indicateurs import Indicateur
    from abs.territoires.territoires import Territoire
    from carnets.observatoire.chiffres import Chiffres

CARTOUCHES: Final = 10
# Le groupe de lecture d'un territoire, puis celui où l'intercommunalité se lit à la même date.
GROUPES: Final = {"epci": "comparaison", "commune": "mailles", "qpv": "qpv"}
REPERES: Final = {"commune": "mailles", "qpv": "qpv_sujet"}


@dataclass(frozen=True)
class Ligne:
    """Un indicateur dans la page d'un territoire, et ses repères à la même date."""

    figure: Figure
    reperes: tuple[Figure, ...]


@dataclass(frozen=True)
class Theme:
    """Les lignes d'un thème : celles qui disent quelque chose du territoire, puis les chiffres indisponibles."""

    code: str
    titre: str
    lignes: tuple[Ligne, ...]
    absentes: tuple[Ligne, ...] = ()


@dataclass(frozen=True)
class PageDeTerritoire:
    """La page d'un territoire."""

    territoire: Territoire
    cle: str
    nature: str
    cartouches: tuple[Ligne, ...]
    themes: tuple[Theme, ...]
    reperes: tuple[Territoire, ...]
    autres: tuple[Territoire, ...] = ()
    iris: tuple[Tableau, ...] = ()
    iris_de_la_commune: tuple[Territoire, ...] = ()
    avertissements: tuple[str, ...] = ()


def pages_des_territoires(chiffres: Chiffres) -> list[PageDeTerritoire]:
    """Composer toutes les pages de territoires."""
    lecteur = Lecteur(chiffres.diagnostic)
    return [_page(chiffres, lecteur, t) for t in chiffres.territoires()]


def _page(chiffres: Chiffres, lecteur: Lecteur, territoire: Territoire) -> PageDeTerritoire:
    candidats = _reperes(chiffres, territoire)
    toutes = [_ligne(lecteur, territoire, candidats, i) for i in chiffres.indicateurs.values()]
    reperes, lignes = _reperes_utiles(candidats, [li for li in toutes if li is not None])
    rangees = [_theme(code, titre, lignes) for code, titre in THEMES.items()]
    diagnostic = chiffres.iris.get(territoire.code) if territoire.niveau == "commune" else None
    return PageDeTerritoire(
        territoire,
        cle_de(territoire),
        NOMS_DE_NIVEAU[territoire.niveau],
        _cartouches(lignes),
        tuple(t for t in rangees if t.lignes or t.absentes),
        reperes,
        _autres(chiffres, territoire),
        () if diagnostic is None else tableaux_d_iris(chiffres, territoire.code),
        () if diagnostic is None else diagnostic.ensembles.mailles,
        _avertissements(chiffres, territoire),
    )


def _avertissements(chiffres: Chiffres, territoire: Territoire) -> tuple[str, ...]:
    """Mises en garde du territoire ; pour un QPV, les éditions montrées bien que postérieures au millésime demandé."""
    editions = chiffres.diagnostic.remarques if territoire.niveau == "qpv" else []
    return (*mises_en_garde(territoire.code), *editions)


def _theme(code: str, titre: str, lignes: list[Ligne]) -> Theme:
    du_theme = [li for li in lignes if li.figure.indicateur.theme == code]
    # Un secret ou un chiffre sans objet dit quelque chose du territoire ; « nc » dit seulement ce qui manque.
    absentes = tuple(li for li in du_theme if li.figure.statut == Statut.INDISPONIBLE)
    return Theme(code, titre, tuple(li for li in du_theme if li not in absentes), absentes)


def _reperes(chiffres: Chiffres, territoire: Territoire) -> tuple[Territoire, ...]:
    """L'intercommunalité pour ses parties ; pour elle-même, les références de son portrait."""
    e = chiffres.diagnostic.ensembles
    return e.references if territoire.niveau == "epci" else (e.sujet,)


def _reperes_utiles(
    reperes: tuple[Territoire, ...], lignes: list[Ligne]
) -> tuple[tuple[Territoire, ...], list[Ligne]]:
    """Ôter les colonnes de repère qui n'ont aucun chiffre aux dates du territoire."""
    gardes = [n for n in range(len(reperes)) if any(li.reperes[n].a_une_valeur for li in lignes)]
    courtes = [Ligne(li.figure, tuple(li.reperes[n] for n in gardes)) for li in lignes]
    return tuple(reperes[n] for n in gardes), courtes


def _ligne(
    lecteur: Lecteur, territoire: Territoire, reperes: tuple[Territoire, ...], indicateur: Indicateur
) -> Ligne | None:
    figure = lecteur.figure(territoire, indicateur, GROUPES[territoire.niveau])
    if figure.chiffre is None:
        return None
    groupe = REPERES.get(territoire.niveau, "comparaison")
    lus = (lecteur.figure(r, indicateur, groupe) for r in reperes)
    return Ligne(figure, tuple(a_la_meme_date(figure, lu) for lu in lus))


def _cartouches(lignes: list[Ligne]) -> tuple[Ligne, ...]:
    par_code = {li.figure.indicateur.code: li for li in lignes}
    candidats = [par_code[c] for c in plan_du_portrait()["chiffres_cles"] if c in par_code]
    dits = [li for li in candidats if li.figure.a_une_valeur and not li.figure.fragile]
    return tuple(dits[:CARTOUCHES])


def _autres(chiffres: Chiffres, territoire: Territoire) -> tuple[Territoire, ...]:
    """Territoires liés : QPV d'une commune, communes d'un QPV."""
    e = chiffres.diagnostic.ensembles
    if territoire.niveau == "commune":
        return tuple(q for q in e.qpv if territoire.code in q.composantes)
    if territoire.niveau == "qpv":
        return tuple(c for c in e.mailles if c.code in territoire.composantes)
    return ()


def tableaux_d_iris(chiffres: Chiffres, commune: str) -> tuple[Tableau, ...]:
    """Composer les tableaux des IRIS d'une commune, un par thème, comme dans son portrait."""
    plan, connus = plan_du_portrait()["mailles"], chiffres.indicateurs
    diagnostic = chiffres.iris[commune]
    colonnes = ([connus[c] for c in plan[theme] if c in connus] for theme in THEMES)
    composes = (mailles(diagnostic, voulues, plan["maximum"]) for voulues in colonnes)
    return tuple(t for t in composes if t is not None)
