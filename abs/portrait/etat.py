"""L'état d'un territoire : ce que les fichiers déposés permettent d'écrire, ce qui manque et quoi déposer."""

from __future__ import annotations

from dataclasses import dataclass

from abs.calcul.diagnostic import Diagnostic, diagnostiquer
from abs.definitions import table
from abs.indicateurs.indicateurs import THEMES, indicateurs
from abs.portrait.chapitres_locaux import manques_du_theme
from abs.portrait.portrait import contours_tenus
from abs.statuts import LIBELLES_STATUT, Statut
from abs.territoires.demande import Demande
from donnees_insee.base.base import Base
from donnees_insee.catalogue.catalogue import sources


@dataclass(frozen=True)
class EtatDeTheme:
    """Ce qu'un thème permet pour le territoire."""

    theme: str
    disponibles: int
    partiels: int
    total: int
    mailles: int
    dates: tuple[str, ...]


@dataclass(frozen=True)
class Manque:
    """Un manque et ce qui le comblerait."""

    raison: str
    indicateurs: tuple[str, ...]
    a_deposer: str


@dataclass(frozen=True)
class Etat:
    """L'état complet d'un territoire."""

    diagnostic: Diagnostic
    themes: tuple[EtatDeTheme, ...]
    manques: tuple[Manque, ...]
    a_demander: tuple[str, ...]
    contours: bool


def etat(base: Base, demande: Demande) -> Etat:
    """Établir l'état d'un territoire."""
    diagnostic = diagnostiquer(base, demande)
    autres, recus = table("_portrait")["manques"], set(diagnostic.locales.indicateurs)
    return Etat(
        diagnostic=diagnostic,
        themes=tuple(_theme(diagnostic, code) for code in THEMES),
        manques=tuple(_manques(diagnostic)),
        a_demander=tuple(m for t in THEMES for m in manques_du_theme(t, autres.get(t, []), recus)),
        contours=contours_tenus(base, diagnostic),
    )


def _theme(diagnostic: Diagnostic, theme: str) -> EtatDeTheme:
    du_theme = [
        i.code
        for i in indicateurs().values()
        if i.theme == theme and any("qpv" not in le.source.niveaux for le in i.lectures)
    ]
    ensembles = diagnostic.ensembles
    tenus = [c for code in du_theme if (c := diagnostic.lu(ensembles.sujet, code))]
    return EtatDeTheme(
        THEMES[theme],
        len(tenus),
        sum(c.statut in {Statut.PARTIEL, Statut.ESTIME} for c in tenus),
        len(du_theme),
        sum(any(diagnostic.lu(t, code, "mailles") for t in ensembles.mailles) for code in du_theme),
        tuple(sorted({c.periode for c in tenus})),
    )


def _manques(diagnostic: Diagnostic) -> list[Manque]:
    """Ranger les chiffres absents du sujet par raison et par source attendue."""
    par_raison: dict[tuple[str, str], list[str]] = {}
    for indicateur in indicateurs().values():
        chiffre = diagnostic.chiffre(diagnostic.ensembles.sujet, indicateur.code)
        if chiffre is None or chiffre.a_une_valeur:
            continue
        raison = chiffre.note or LIBELLES_STATUT[chiffre.statut]
        par_raison.setdefault((raison, chiffre.source), []).append(indicateur.libelle)
    return [
        Manque(raison, tuple(libelles), sources()[source].rappel_demande)
        for (raison, source), libelles in sorted(par_raison.items(), key=lambda r: -len(r[1]))
    ]
