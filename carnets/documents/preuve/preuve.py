"""Le dossier de preuve : le diagnostic, les paramètres, les reçus, les versions, les décisions de secret."""

import csv
import json
import platform
from collections.abc import Mapping
from dataclasses import asdict, replace
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path
from typing import Final

from abs.calcul.calcul import REFUS
from abs.calcul.diagnostic import Diagnostic
from abs.calcul.sources_recues import est_locale
from abs.statuts import Statut
from carnets.documents.modeles import PREUVE
from carnets.documents.paquet_tabulaire import ecrire_csvt
from carnets.documents.tableur.definitions import groupes
from donnees_insee.base.base import Base
from donnees_insee.base.publications import noter
from donnees_insee.base.recus import Recu
from donnees_insee.chemins import creer_dossier, fichier_provisoire
from donnees_insee.preparation.sources_recues import SOURCE

COLONNES_DU_SECRET: Final[list[str]] = PREUVE["colonnes_du_secret"]
PRODUCTEUR: Final = "cache_par_le_producteur"
SOUS_TOTAL: Final = "sous_total_refuse"
MASQUE: Final = "masque"


def ecrire_preuve(
    diagnostic: Diagnostic, base: Base, dossier: Path, mention: Mapping[str, object] | None = None
) -> list[Path]:
    """Écrire ce qui permet de vérifier chaque chiffre du portrait ; la mention complète le reçu."""
    creer_dossier(dossier)
    if diagnostic.demande.diffusion == "publique":
        noter(base.dossier_du_registre, diagnostic.locales.montres, diagnostic.locales.sus)
    table, recu = dossier / "diagnostic.parquet", dossier / "recu.json"
    with fichier_provisoire(table) as provisoire:
        diagnostic.table().to_parquet(provisoire, index=False)
    with fichier_provisoire(recu) as provisoire:
        contenu = contenu_du_recu(diagnostic, base) | dict(mention or {})
        provisoire.write_text(json.dumps(contenu, ensure_ascii=False, indent=1), encoding="utf-8")
    secret = ecrire_secret(diagnostic, dossier / "secret.csv")
    return [table, recu, secret, secret.with_suffix(".csvt")]


def contenu_du_recu(diagnostic: Diagnostic, base: Base) -> dict[str, object]:
    """Réunir le contenu du reçu."""
    employes = {(c.source, c.millesime) for c in diagnostic.chiffres if c.a_une_valeur}
    fichiers = [r for r in base.recus() if any((lot.source, lot.millesime) in employes for lot in r.lots)]
    recus = [r for r in base.recus() if any(lot.source == SOURCE for lot in r.lots)]
    interne = diagnostic.demande.diffusion == "interne"
    return {
        "demande": asdict(diagnostic.demande),
        "territoire": {"code": diagnostic.ensembles.sujet.code, "nom": diagnostic.ensembles.sujet.nom},
        "ecrit_le": datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "remarques": diagnostic.remarques,
        "fichiers": [asdict(_sans_lots_recus(f)) for f in fichiers],
        # Tout ce que la base tenait : un fichier sans chiffre peut décider d'une date ou d'une composante.
        "fichiers_de_la_base": [{"sha256": r.sha256, "date": r.date} for r in base.recus()],
        "territoires": territoires_lus(diagnostic),
        "dates_de_lecture": dates_de_lecture(diagnostic),
        # Le nom d'un fichier reçu d'un partenaire, ou ses remarques, peuvent déjà trop en dire.
        "fichiers_recus_de_partenaires": [
            asdict(r) if interne else {"sha256": r.sha256, "date": r.date} for r in recus
        ],
        "versions": {"python": platform.python_version(), "abs-portrait": _version("abs-portrait")}
        | {b: _version(b) for b in PREUVE["bibliotheques"]},
    }


def territoires_lus(diagnostic: Diagnostic) -> list[dict[str, str]]:
    """Dire quels territoires sont lus ensemble, et sous quels titres : de quoi relire les documents."""
    return [
        {"groupe": g.cle, "titre_du_groupe": g.titre, "code": t.code, "niveau": t.niveau, "titre": t.titre}
        for g in groupes(diagnostic)
        for t in g.territoires
    ]


def dates_de_lecture(diagnostic: Diagnostic) -> dict[str, dict[str, int | None]]:
    """Dire à quelle date chaque groupe de territoires lit chaque indicateur."""
    dates: dict[str, dict[str, int | None]] = {}
    for (groupe, indicateur), annee in diagnostic.millesimes.items():
        dates.setdefault(groupe, {})[indicateur] = annee
    return dates


def _sans_lots_recus(recu: Recu) -> Recu:
    """Ôter d'un reçu les tables de partenaires : une archive peut en mêler à des fichiers publiés."""
    return replace(recu, lots=tuple(lot for lot in recu.lots if lot.source != SOURCE))


def _version(paquet: str) -> str:
    try:
        return metadata.version(paquet)
    except metadata.PackageNotFoundError:
        return "non installé"


# -- secret ------------------------------------------------------------------------------------


def decisions(diagnostic: Diagnostic) -> list[dict[str, object]]:
    """Réunir les décisions de secret d'un portrait."""
    lignes: list[tuple[object, ...]] = []
    des_locales = {(d.territoire, d.niveau, d.indicateur) for d in diagnostic.locales.decisions}
    for c in diagnostic.chiffres:
        cle = (c.territoire, c.niveau, c.indicateur)
        if c.note.startswith(REFUS):
            decision = SOUS_TOTAL
        elif c.statut == Statut.SECRET and not (est_locale(c) and cle in des_locales):
            decision = PRODUCTEUR
        else:
            continue
        lignes.append((*cle, c.millesime, c.source, decision, c.note))
    interne = diagnostic.demande.diffusion == "interne"
    for d in diagnostic.locales.decisions:
        nature = d.nature if interne else MASQUE
        raison = PREUVE["raisons"][nature]
        lignes.append((d.territoire, d.niveau, d.indicateur, d.millesime, d.source, nature, raison))
    rangees = sorted(lignes, key=lambda ligne: [*map(str, ligne)])
    return [dict(zip(COLONNES_DU_SECRET, ligne, strict=True)) for ligne in rangees]


def ecrire_secret(diagnostic: Diagnostic, chemin: Path) -> Path:
    """Écrire les décisions de secret."""
    with (
        fichier_provisoire(chemin) as provisoire,
        provisoire.open("w", encoding="utf-8-sig", newline="") as flux,
    ):
        ecriture = csv.DictWriter(flux, COLONNES_DU_SECRET, delimiter=";")
        ecriture.writeheader()
        ecriture.writerows(decisions(diagnostic))
    ecrire_csvt(chemin, COLONNES_DU_SECRET)
    return chemin
