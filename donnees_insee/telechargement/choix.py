"""Choisir au catalogue ce qui sera téléchargé : sources ou familles, millésime, et ce qui reste à prendre à la main."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from donnees_insee.erreurs import ParametreInvalide

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from donnees_insee.catalogue.catalogue import Millesime, Source


@dataclass(frozen=True)
class Demande:
    """Un fichier voulu : une source, et la ligne du catalogue qui dit où il est."""

    source: Source
    millesime: Millesime

    @property
    def intitule(self) -> str:
        """Nommer la demande."""
        contenu = f" ({self.millesime.contenu})" if self.millesime.contenu else ""
        return f"{self.source.id} {self.millesime.annee}{contenu}"

    @property
    def annee_attendue(self) -> int | None:
        """Dire sous quel millésime la base range ce fichier."""
        return None if self.source.sans_millesime else self.millesime.annee


@dataclass(frozen=True)
class Choix:
    """Ce qui a été demandé, traduit en lignes du catalogue."""

    a_telecharger: tuple[Demande, ...]
    a_la_main: tuple[Demande, ...]
    remarques: tuple[str, ...]


def choisir(
    noms: Iterable[str],
    catalogue: Mapping[str, Source],
    *,
    millesime: int | None = None,
    tout: bool = False,
) -> Choix:
    """Traduire des noms de sources ou de familles en lignes du catalogue."""
    choisies = _sources_nommees(list(noms), catalogue, tout=tout)
    telecharger: list[Demande] = []
    main: list[Demande] = []
    remarques: list[str] = []
    for source in choisies:
        annees = sorted({m.annee for m in source.millesimes})
        voulues = annees if tout and millesime is None else [millesime or max(annees, default=0)]
        for annee in voulues:
            lignes = [Demande(source, m) for m in source.millesimes if m.annee == annee]
            telecharger += [d for d in lignes if d.millesime.url]
            main += [d for d in lignes if not d.millesime.url]
            if not lignes:
                remarques.append(_absence(source, annee, annees))
    return Choix(tuple(telecharger), tuple(main), tuple(remarques))


def _sources_nommees(noms: list[str], catalogue: Mapping[str, Source], *, tout: bool) -> list[Source]:
    connues = [s for s in catalogue.values() if not s.a_venir]
    if not noms:
        return connues if tout else []
    familles = {s.famille for s in connues}
    inconnus = [n for n in noms if n not in familles and n not in {s.id for s in connues}]
    if inconnus:
        raise ParametreInvalide(
            f"{', '.join(f'« {n} »' for n in inconnus)} : ni source ni famille du catalogue. Familles : "
            f"{', '.join(sorted(familles))}. Sources : {', '.join(s.id for s in connues)}."
        )
    return [s for s in connues if s.id in noms or s.famille in noms]


def _absence(source: Source, annee: int, annees: list[int]) -> str:
    """Dire pourquoi une source n'a rien pour une année."""
    if not annees:
        return (
            f"{source.id} : le catalogue n'a pas d'adresse. Prenez à la main {source.rappel_demande}, puis "
            "déposez-le avec `abs sources deposer`."
        )
    if raison := source.absences.get(annee):
        return f"{source.id} {annee} : {raison}."
    return f"{source.id} {annee} : pas au catalogue. Années connues : {', '.join(map(str, annees))}."


def a_prendre_a_la_main(demande: Demande) -> str:
    """Dire quelle page visiter et quel fichier déposer."""
    millesime = demande.millesime
    quoi = f"« {millesime.membre} »" if millesime.membre else demande.source.rappel_demande
    ou = f"sur la page {millesime.page}" if millesime.page else "sur le site du producteur"
    return (
        f"{demande.intitule} : à prendre à la main. Téléchargez {quoi} {ou}, puis déposez le fichier avec "
        "`abs sources deposer FICHIER`." + (f" Note : {millesime.note}." if millesime.note else "")
    )
