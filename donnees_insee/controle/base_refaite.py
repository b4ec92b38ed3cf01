"""Refaire une base à partir des seules copies des fichiers déposés, une part à la fois, quand on la lit."""

from __future__ import annotations

from typing import TYPE_CHECKING

from donnees_insee.base.base import Base
from donnees_insee.base.parts import Part, ecrire_part, part_de
from donnees_insee.controle.inventaire import inventorier
from donnees_insee.controle.relecture import relire
from donnees_insee.depot.depot import empreinte
from donnees_insee.depot.rangement import COMPAGNONS
from donnees_insee.erreurs import ErreurAbs
from donnees_insee.preparation.sources_recues import SOURCE

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

    from donnees_insee.base.recus import Recu


class BaseRefaite(Base):
    """Une base provisoire, tirée de nouveau des fichiers bruts qu'une preuve nomme.

    Rien de ce que la base d'origine avait préparé n'est repris : chaque part lue est tirée de sa copie, par les
    lecteurs du projet, dans un dossier provisoire.
    """

    a_la_demande = True

    def __init__(
        self,
        origine: Base,
        empreintes: Iterable[str],
        dossier: Path,
        suivre: Callable[[str], None] | None = None,
    ) -> None:
        super().__init__(dossier)
        self._origine = origine
        self._suivre = suivre
        self.absents: dict[str, str] = {}
        self.alteres: dict[str, str] = {}
        self.relus: list[Recu] = []
        self._copies: dict[str, Path] = {}
        self._saines: dict[str, Path] = {}
        self._parts_par_fichier: dict[str, list[Part]] = {}
        trouve = inventorier(origine.dossier)
        connus = {r.sha256: r for r in trouve.recus}
        self._recus = {sha: connus[sha] for sha in empreintes if sha in connus}
        for sha in empreintes:
            if sha not in connus:
                self.absents[sha] = f"le fichier d'empreinte {sha[:12]}… n'est plus dans la base"
        for sha, recu in self._recus.items():
            self._retrouver(recu, trouve.copies.get(sha[:16], ()))
        for adresse in trouve.parts:
            for sha in self._copies:
                if adresse.rpartition("/")[2].startswith(sha[:12]):
                    self._parts_par_fichier.setdefault(sha, []).append(part_de(dossier / adresse))
        self._relire_ce_qui_ne_s_annonce_pas()

    def _retrouver(self, recu: Recu, fichiers: Iterable[Path]) -> None:
        """Ne garder que la copie dont l'empreinte, recalculée, est celle de la preuve."""
        candidats = [f for f in fichiers if f.suffix.lower() not in COMPAGNONS]
        for copie in candidats:
            if empreinte(copie) == recu.sha256:
                self._copies[recu.sha256] = self._saines[recu.sha256] = copie
                return
        if candidats:
            raison = f"la copie de « {recu.nom} » a changé depuis le dépôt (empreinte {recu.sha256[:12]}… attendue)"
            self.alteres[recu.sha256] = raison
        else:
            raison = f"la copie de « {recu.nom} » manque"
        self.absents[recu.sha256] = raison

    def _relire_ce_qui_ne_s_annonce_pas(self) -> None:
        for sha, copie in list(self._copies.items()):
            recu = self._recus[sha]
            annonces = {lot.ou for lot in recu.lots}
            tenues = {p.ou for p in self._parts_par_fichier.get(sha, [])}
            # Les sources locales sont lues part à part, sans passer par une lecture de table.
            if annonces != tenues or any(lot.source == SOURCE for lot in recu.lots):
                self._preparer(recu, copie)

    def _preparer(self, recu: Recu, copie: Path) -> None:
        """Tirer de nouveau toutes les parts d'un fichier, et oublier celles que la base seule disait."""
        del self._copies[recu.sha256]
        if self._suivre is not None:
            self._suivre(recu.nom)
        self._parts_par_fichier[recu.sha256] = []
        try:
            relues = relire(recu, copie)
        except ErreurAbs as refus:
            self.absents[recu.sha256] = f"« {recu.nom} » ne se relit plus : {refus}"
            return
        for adresse, donnees in relues.items():
            chemin = self.dossier / adresse
            ecrire_part(donnees, chemin)
            self._parts_par_fichier[recu.sha256].append(part_de(chemin))
        self.relus.append(recu)

    def _assurer(self, source: str, millesime: int | None, niveau: str | None) -> None:
        for sha, parts in list(self._parts_par_fichier.items()):
            if sha in self._copies and any(
                p.source == source and p.millesime == millesime and niveau in (None, p.niveau) for p in parts
            ):
                self._preparer(self._recus[sha], self._copies[sha])

    def parts(self) -> tuple[Part, ...]:
        """Lister les parts que les fichiers de la preuve donnent."""
        toutes = [p for parts in self._parts_par_fichier.values() for p in parts]
        return tuple(sorted(toutes, key=lambda p: p.chemin))

    @property
    def dossier_du_registre(self) -> Path:
        """Le registre des publications est celui de la base d'origine."""
        return self._origine.dossier_du_registre

    def recus(self) -> list[Recu]:
        """Lire les reçus des fichiers de la preuve."""
        return sorted(self._recus.values(), key=lambda r: (r.date, r.nom))

    def couches(self, source: str) -> list[tuple[int | None, Path]]:
        """Lister les couches de contours, tirées de nouveau de leurs fichiers."""
        for millesime in {p.millesime for p in self.parts() if p.source == source}:
            self._assurer(source, millesime, None)
        return super().couches(source)

    def copies_de(self, source: str, millesime: int, niveau: str) -> list[tuple[Recu, Path]]:
        """Donner les copies saines des fichiers d'où vient une table."""
        return [
            (recu, self._saines[sha])
            for sha, recu in self._recus.items()
            if sha in self._saines and any(lot.ou == (source, millesime, niveau) for lot in recu.lots)
        ]

    def _parts_de(self, source: str, millesime: int | None, niveau: str) -> list[Part]:
        self._assurer(source, millesime, niveau)
        return super()._parts_de(source, millesime, niveau)
