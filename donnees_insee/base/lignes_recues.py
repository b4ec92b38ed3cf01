"""Relire toutes les lignes des sources locales que la base tient, sans en perdre ni en répéter."""

from __future__ import annotations

import pandas as pd
import pyarrow.parquet as pq

from donnees_insee.base import publications
from donnees_insee.base.base import Base
from donnees_insee.preparation.nombres import SUFFIXE_STATUT
from donnees_insee.preparation.sources_recues import SOURCE, completer, identites, lire_date


def exiger_le_registre(base: Base, diffusion: str) -> None:
    """Vérifier, avant un document public, que la base dit ce qui a déjà été publié de ses données reçues."""
    lignes = lignes_recues(base)
    if diffusion == "publique" and len(lignes) and (lignes["DIFFUSION"] == "publique").any():
        publications.lire(base.dossier_du_registre)


def lignes_recues(base: Base) -> pd.DataFrame:
    """Relire toutes les lignes des sources locales déposées."""
    parts = base.parts_de(SOURCE)
    # Chaque part est lue telle quelle : réunir par code perdrait les autres indicateurs d'un même territoire.
    tables = [completer(pq.read_table(p.chemin).to_pandas()) for p in parts]
    if not tables:
        return pd.DataFrame(columns=["code", "date", "annee", "indicateur"])
    lignes = pd.concat(tables, ignore_index=True)
    for nom in ("NUMERATEUR", "DENOMINATEUR"):
        if nom + SUFFIXE_STATUT not in lignes:
            lignes[nom + SUFFIXE_STATUT] = None
    # Un même partenaire s'écrit « CCAS » ou « ccas » : pris pour deux, leurs masques seraient choisis chacun à part.
    cles = lignes["PRODUCTEUR"].str.casefold().str.split().str.join(" ")
    lignes["PRODUCTEUR"] = lignes["PRODUCTEUR"].str.strip().groupby(cles).transform("first")
    lignes["DIFFUSION"] = lignes["DIFFUSION"].str.strip().str.lower()
    lignes = lignes.assign(**identites(lignes))
    dates = [lire_date(str(t)) for t in lignes["DATE"]]
    lignes["annee"] = [d.annee if d else 0 for d in dates]
    cles = ["code", "date", "indicateur"]
    lignes = lignes.sort_values(cles, kind="stable")
    groupes = lignes.groupby(cles, sort=False)
    seuils, diffusions = groupes["SEUIL"].transform("max"), groupes["DIFFUSION"].transform("min")
    return lignes.assign(SEUIL=seuils, DIFFUSION=diffusions).drop_duplicates(cles).reset_index(drop=True)
