"""Fabriquer le territoire fictif de démonstration, dans les formats bruts des producteurs."""

import tempfile
from pathlib import Path

from donnees_insee.demo import ARCHIVE
from donnees_insee.demo.fabrique.alea import Alea
from donnees_insee.demo.fabrique.formats_bruts import archiver, ecrire_table
from donnees_insee.demo.fabrique.geometrie import ecrire_geographie
from donnees_insee.demo.fabrique.melodi import ecrire_melodi
from donnees_insee.demo.fabrique.quartiers_prioritaires import tables_des_qpv
from donnees_insee.demo.fabrique.quartiers_prioritaires_2024 import ecrire_les_qpv_2024
from donnees_insee.demo.fabrique.recensement import comptes, ecrire_recensement
from donnees_insee.demo.fabrique.references import ecrire_populations, tables_de_reference
from donnees_insee.demo.fabrique.revenus import tables_filosofi
from donnees_insee.demo.fabrique.services import ecrire_acces_aux_soins, tables_de_la_caf, tables_de_services

GRAINE = 20260322


def fabriquer(dossier: Path, graine: int = GRAINE) -> list[Path]:
    """Écrire tous les fichiers bruts du territoire fictif."""
    dossier.mkdir(parents=True, exist_ok=True)
    alea = Alea(graine)
    effectifs = {annee: comptes(annee, alea) for annee in (2016, 2022)}
    recent = effectifs[2022]
    tables = {
        **tables_filosofi(effectifs, alea),
        **tables_de_la_caf(effectifs, alea),
        **tables_des_qpv(recent, alea),
        **tables_de_reference(recent, alea),
        **tables_de_services(recent, alea),
    }
    ecrits = [
        *ecrire_recensement(dossier, effectifs),
        *ecrire_geographie(dossier, alea),
        *ecrire_melodi(dossier, effectifs, alea),
        *ecrire_les_qpv_2024(dossier, recent, alea),
        ecrire_populations(dossier, effectifs),
        ecrire_acces_aux_soins(dossier, recent, alea),
        *(ecrire_table(dossier, nom, lignes) for nom, lignes in tables.items()),
    ]
    return sorted(ecrits)


def refaire_archive(archive: Path = ARCHIVE) -> Path:
    """Refaire l'archive livrée avec le paquet."""
    with tempfile.TemporaryDirectory() as temporaire:
        fichiers = fabriquer(Path(temporaire))
        return archiver(archive, {f.name: f.read_bytes() for f in fichiers})


if __name__ == "__main__":
    refaire_archive()
