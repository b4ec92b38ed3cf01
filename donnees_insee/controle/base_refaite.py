"""Tirer de nouveau, des copies des fichiers déposés, ce que la base devrait tenir : une table, ou une base entière."""

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Final

import pandas as pd
import pyarrow as pa

from donnees_insee.base.base import Base
from donnees_insee.base.parts import Part, ecrire_part, part_de
from donnees_insee.base.recus import Recu, datees
from donnees_insee.controle.inventaire import copie_saine, inventorier, principaux
from donnees_insee.depot.depot import membres
from donnees_insee.depot.rangement import base_vide, preparer_fichier
from donnees_insee.erreurs import ErreurAbs
from donnees_insee.preparation.sources_recues import SOURCE

OPTION: Final = "option --millesime"


def annee_donnee(recu: Recu) -> int | None:
    """Retrouver l'année que l'analyste avait donnée au dépôt."""
    return next((lot.millesime for lot in recu.lots if lot.d_ou == OPTION), None)


def relire(recu: Recu, copie: Path) -> dict[str, pd.DataFrame]:
    """Relire une copie par les mêmes lecteurs que le dépôt : les tables qu'elle donne, par l'adresse de leur part."""
    vide, annee = base_vide(), annee_donnee(recu)
    refuses = {_comparable(r) for r in recu.refuses}
    with membres(copie, recu.nom, recu.sha256) as lus:
        parts = [
            part
            for membre, nom, prefixe in lus
            if _comparable(nom) not in refuses
            for part in preparer_fichier(vide, membre, nom, prefixe, annee, malgre_les_ecarts=True)
        ]
        return {p.chemin.relative_to(vide.dossier).as_posix(): _comme_rangee(p.donnees) for p in parts}


def _comparable(nom: str) -> str:
    # Un reçu écrit sous Windows sépare les dossiers d'une archive par des barres inverses.
    return nom.encode("utf-8", "replace").decode().replace("\\", "/")


def _comme_rangee(donnees: pd.DataFrame) -> pd.DataFrame:
    """Passer par Arrow comme le fait l'écriture : une même cellule a alors une même nature."""
    if "geometry" in donnees:
        return donnees
    return pa.Table.from_pandas(donnees, preserve_index=False).to_pandas()


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
        self.alteres: dict[str, str] = {}
        self.relus: list[Recu] = []
        self._saines: dict[str, Path] = {}
        trouve = inventorier(origine.dossier)
        connus = {r.sha256: r for r in trouve.recus}
        self._recus = {sha: connus[sha] for sha in empreintes if sha in connus}
        self.absents = {
            sha: f"le fichier d'empreinte {sha[:12]}… n'est plus dans la base"
            for sha in empreintes
            if sha not in connus
        }
        for recu in self._recus.values():
            self._retrouver(recu, trouve.copies_de(recu))
        self._a_tirer = set(self._saines)
        self._parts_par_fichier = {
            sha: [part_de(dossier / adresse) for adresse in trouve.parts_de(self._recus[sha])]
            for sha in self._saines
        }
        self._rangees: tuple[Part, ...] | None = None
        self._relire_ce_qui_ne_s_annonce_pas()

    def _retrouver(self, recu: Recu, fichiers: list[Path]) -> None:
        """Ne garder que la copie dont l'empreinte, recalculée, est celle de la preuve."""
        if copie := copie_saine(recu, fichiers):
            self._saines[recu.sha256] = copie
        elif principaux(fichiers):
            raison = f"la copie de « {recu.nom} » a changé depuis le dépôt (empreinte {recu.sha256[:12]}… attendue)"
            self.alteres[recu.sha256] = self.absents[recu.sha256] = raison
        else:
            self.absents[recu.sha256] = f"la copie de « {recu.nom} » manque"

    def _relire_ce_qui_ne_s_annonce_pas(self) -> None:
        for sha in self._saines:
            annonces = {lot.ou for lot in self._recus[sha].lots}
            tenues = {p.ou for p in self._parts_par_fichier[sha]}
            # Les sources locales sont lues part à part, sans passer par une lecture de table.
            if annonces != tenues or SOURCE in {source for source, _, _ in annonces}:
                self._preparer(self._recus[sha])

    def _preparer(self, recu: Recu) -> None:
        """Tirer de nouveau toutes les parts d'un fichier, et oublier celles que la base seule disait."""
        self._a_tirer.discard(recu.sha256)
        self._rangees = None
        if self._suivre is not None:
            self._suivre(recu.nom)
        self._parts_par_fichier[recu.sha256] = []
        try:
            relues = relire(recu, self._saines[recu.sha256])
        except ErreurAbs as refus:
            self.absents[recu.sha256] = f"« {recu.nom} » ne se relit plus : {refus}"
            return
        for adresse, donnees in relues.items():
            chemin = self.dossier / adresse
            ecrire_part(donnees, chemin)
            self._parts_par_fichier[recu.sha256].append(part_de(chemin))
        self.relus.append(recu)

    def _assurer(self, voulue: Callable[[Part], bool]) -> None:
        for sha, parts in self._parts_par_fichier.items():
            if sha in self._a_tirer and any(map(voulue, parts)):
                self._preparer(self._recus[sha])

    def parts(self) -> tuple[Part, ...]:
        """Lister les parts que les fichiers de la preuve donnent."""
        if self._rangees is None:
            toutes = [p for parts in self._parts_par_fichier.values() for p in parts]
            self._rangees = datees(sorted(toutes, key=lambda p: p.chemin), self.recus())
        return self._rangees

    @property
    def dossier_du_registre(self) -> Path:
        """Le registre des publications est celui de la base d'origine."""
        return self._origine.dossier_du_registre

    def recus(self) -> list[Recu]:
        """Lire les reçus des fichiers de la preuve."""
        return sorted(self._recus.values(), key=lambda r: (r.date, r.nom))

    def couches(self, source: str) -> list[tuple[int | None, Path]]:
        """Lister les couches de contours, tirées de nouveau de leurs fichiers."""
        self._assurer(lambda part: part.source == source)
        return super().couches(source)

    def copies_de(self, source: str, millesime: int, niveau: str) -> list[tuple[Recu, Path]]:
        """Donner les copies saines des fichiers d'où vient une table."""
        return [
            (recu, self._saines[sha])
            for sha, recu in self._recus.items()
            if sha in self._saines and any(lot.ou == (source, millesime, niveau) for lot in recu.lots)
        ]

    def _parts_de(self, source: str, millesime: int | None, niveau: str) -> list[Part]:
        self._assurer(lambda part: part.ou == (source, millesime, niveau))
        return super()._parts_de(source, millesime, niveau)
