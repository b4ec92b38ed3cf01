"""Vérifier la base : reçus, copies, parts, puis une partie des cellules retirées des fichiers d'origine."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from hashlib import sha256
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pandas as pd

from donnees_insee.base.base import Base
from donnees_insee.base.parts import part_lisible
from donnees_insee.base.recus import Recu
from donnees_insee.controle import inventaire
from donnees_insee.controle.base_refaite import relire
from donnees_insee.erreurs import ErreurAbs, FichierIllisible

if TYPE_CHECKING:
    import geopandas as gpd

ECHANTILLON: Final = 8
# Un centimètre : deux versions du moteur de projection ne rendent pas les mêmes derniers chiffres.
TOLERANCE_EN_DEGRES: Final = 1e-7
MONTREES: Final = 5


@dataclass
class Verification:
    """Le bilan d'une vérification."""

    recus: int
    graine: int
    graines: int
    fautes: tuple[str, ...]
    remarques: tuple[str, ...]
    copies: int = 0
    parts: int = 0
    relus: int = 0
    cellules: int = 0

    @property
    def a_relire(self) -> int:
        """Le nombre de fichiers qu'une vérification complète relirait."""
        return self.recus


def verifier(
    base: Base,
    *,
    echantillon: int = ECHANTILLON,
    complet: bool = False,
    graine: int = 0,
    suivre: Callable[[str, int, int], None] | None = None,
) -> Verification:
    """Vérifier toute la base, sans jamais rien y changer."""
    trouve = inventaire.inventorier(base.dossier)
    graines = 1 if complet else max(1, -(-len(trouve.recus) // max(1, echantillon)))
    bilan = Verification(len(trouve.recus), graine, graines, tuple(trouve.fautes), tuple(trouve.remarques))
    choisis = {r.sha256 for r in (trouve.recus if complet else choisir(trouve.recus, echantillon, graine))}
    total, rangs = len(trouve.recus) + len(trouve.parts) + len(choisis), count(1)

    def avancer(etape: str) -> None:
        if suivre is not None:
            suivre(etape, next(rangs), total)

    saines: dict[str, Path | None] = {}
    for recu in trouve.recus:
        avancer(recu.nom)
        saines[recu.sha256], comptees, fautes = inventaire.verifier_la_copie(recu, trouve.copies_de(recu))
        bilan.copies += comptees
        bilan.fautes += tuple(fautes)
    bilan.fautes += tuple(inventaire.dossiers_sans_recu(trouve))

    lisibles: dict[str, bool] = {}
    for adresse, chemin in trouve.parts.items():
        avancer(chemin.name)
        faute = inventaire.faute_de_lecture(adresse, chemin)
        lisibles[adresse] = faute is None
        bilan.fautes += (faute,) if faute else ()
    bilan.parts = sum(lisibles.values())
    bilan.fautes += tuple(inventaire.parts_sans_recu(trouve))
    for recu in trouve.recus:
        bilan.fautes += tuple(inventaire.parts_annoncees(recu, trouve, lisibles))

    for recu in (r for r in trouve.recus if r.sha256 in choisis):
        avancer(f"cellules de {recu.nom}")
        if copie := saines[recu.sha256]:
            comparees, fautes = _comparer_le_fichier(recu, copie, trouve, lisibles)
            bilan.relus += 1
            bilan.cellules += comparees
            bilan.fautes += tuple(fautes)
    return bilan


def choisir(recus: Sequence[Recu], nombre: int, graine: int) -> list[Recu]:
    """Choisir les fichiers à relire : toujours les mêmes pour une graine, d'autres à la suivante."""
    if not recus or nombre < 1:
        return []
    # L'ordre des empreintes mêle les sources et les années, quel que soit l'ordre des dépôts.
    ranges = sorted(recus, key=lambda r: sha256(r.sha256.encode()).hexdigest())
    debut = graine * nombre
    return [ranges[(debut + i) % len(ranges)] for i in range(min(nombre, len(ranges)))]


# -- cellules ----------------------------------------------------------------------------------


def _comparer_le_fichier(
    recu: Recu, copie: Path, trouve: inventaire.Inventaire, lisibles: dict[str, bool]
) -> tuple[int, list[str]]:
    """Tirer de nouveau les tables d'un fichier et les comparer à ce que la base tient."""
    quoi = inventaire.REDEPOSER.format(debut=recu.sha256[:12])
    try:
        relues = relire(recu, copie)
    except ErreurAbs as refus:
        return 0, [f"« {recu.nom} », rangé autrefois, serait aujourd'hui refusé : {refus} {quoi}"]
    cellules = 0
    fautes = [
        f"La part « {adresse} » ne vient pas de « {recu.nom} », dont elle porte l'empreinte. Ôtez ce fichier."
        for adresse in sorted(trouve.parts_de(recu).keys() - relues.keys())
    ]
    for adresse, relue in relues.items():
        if adresse not in trouve.parts:
            fautes.append(f"La part « {adresse} », que donne « {recu.nom} », manque. {quoi}")
        elif lisibles[adresse]:
            try:
                ecarts = comparer(_lire(trouve.parts[adresse], en_couche="geometry" in relue), relue)
            except FichierIllisible as cause:
                fautes.append(str(cause))
                continue
            cellules += ecarts.cellules
            fautes += [
                f"La part « {adresse} » ne dit pas ce que dit « {recu.nom} » : {e}. {quoi}"
                for e in ecarts.phrases
            ]
    return cellules, fautes


def _lire(chemin: Path, *, en_couche: bool) -> pd.DataFrame:
    with part_lisible(chemin):
        if not en_couche:
            return pd.read_parquet(chemin)
        import geopandas as gpd  # noqa: PLC0415 - import lent, réservé aux couches

        return gpd.read_parquet(chemin)


# -- deux versions d'une même table, cellule par cellule ------------------------------------------


@dataclass(frozen=True)
class Ecarts:
    """Ce qu'une comparaison a trouvé."""

    cellules: int
    phrases: tuple[str, ...]


def comparer(tenue: pd.DataFrame, relue: pd.DataFrame) -> Ecarts:
    """Comparer la table que la base tient à la même table relue du fichier d'origine."""
    en_moins = [c for c in relue.columns if c not in tenue]
    phrases = _absences("colonnes", en_moins, [c for c in tenue.columns if c not in relue])
    communes = [c for c in relue.columns if c in tenue]
    if "code" not in communes:
        return Ecarts(0, tuple(phrases))
    tenue, relue = _ordonner(tenue[communes]), _ordonner(relue[communes])
    lignes = _lignes_differentes(tenue["code"], relue["code"])
    if lignes:
        # Sans les mêmes lignes, seules les communes se comparent encore.
        phrases += lignes
        tenue, relue = _lignes_communes(tenue, relue)
    for colonne in communes:
        differe = _differe(tenue[colonne], relue[colonne])
        if differe.any():
            phrases.append(_phrase(colonne, tenue, relue, differe))
    return Ecarts(len(relue) * len(communes), tuple(phrases))


def _absences(quoi: str, en_moins: list[str], en_plus: list[str], nature: str = "") -> list[str]:
    """Dire ce que la base n'a pas, puis ce qu'elle a seule."""
    cotes = ((en_moins, "de la base"), (en_plus, "du fichier d'origine"))
    return [f"{quoi} absentes {ou} : {nature}{_liste(noms)}" for noms, ou in cotes if noms]


def _ordonner(table: pd.DataFrame) -> pd.DataFrame:
    """Ranger les lignes : un code qui revient (source locale) est départagé par les autres colonnes."""
    if table["code"].is_unique:
        return table.sort_values("code", ignore_index=True)
    autres = [c for c in table.columns if c != "geometry"]
    ordre = table[autres].astype("str").fillna("").agg("\x1f".join, axis=1).sort_values(kind="stable").index
    return table.loc[ordre].reset_index(drop=True)


def _lignes_differentes(tenus: pd.Series, relus: pd.Series) -> list[str]:
    comptes = relus.value_counts().subtract(tenus.value_counts(), fill_value=0)
    en_moins = sorted(map(str, comptes.index[comptes > 0]))
    en_plus = sorted(map(str, comptes.index[comptes < 0]))
    return _absences("lignes", en_moins, en_plus, "codes ")


def _lignes_communes(tenue: pd.DataFrame, relue: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    uniques = set(tenue["code"][~tenue["code"].duplicated(keep=False)])
    uniques &= set(relue["code"][~relue["code"].duplicated(keep=False)])
    a, b = tenue["code"].isin(uniques), relue["code"].isin(uniques)
    return tenue[a].reset_index(drop=True), relue[b].reset_index(drop=True)


def _differe(tenue: pd.Series, relue: pd.Series) -> np.ndarray:
    """Dire, ligne par ligne, si deux colonnes diffèrent ; deux vides sont égaux, un vide n'est pas un zéro."""
    if tenue.name == "geometry":
        return _formes_differentes(tenue, relue)
    vide_ici, vide_la = tenue.isna().to_numpy(bool), relue.isna().to_numpy(bool)
    differe = vide_ici != vide_la
    pleines = np.flatnonzero(~vide_ici & ~vide_la)
    if pd.api.types.is_float_dtype(tenue) and pd.api.types.is_float_dtype(relue):
        differe[pleines] = tenue.to_numpy(float)[pleines] != relue.to_numpy(float)[pleines]
        return differe
    a, b = tenue.to_numpy(object), relue.to_numpy(object)
    # Un texte qui a pris la place d'un nombre n'est pas ce nombre : les natures comptent.
    differe[pleines] = [type(a[i]) is not type(b[i]) or a[i] != b[i] for i in pleines]
    return differe


def _formes_differentes(tenue: gpd.GeoSeries, relue: gpd.GeoSeries) -> np.ndarray:
    egales = (tenue.to_wkb() == relue.to_wkb()).to_numpy(bool)
    proches = tenue.geom_equals_exact(relue, tolerance=TOLERANCE_EN_DEGRES).to_numpy(bool)
    return ~(egales | proches)


def _phrase(colonne: str, tenue: pd.DataFrame, relue: pd.DataFrame, differe: np.ndarray) -> str:
    rang, nombre = int(np.argmax(differe)), int(differe.sum())
    code = relue["code"].iloc[rang]
    if colonne == "geometry":
        return f"contours différents : {nombre}, par exemple au code {code}"
    return (
        f"cellules différentes dans {colonne} : {nombre}, par exemple au code {code}, "
        f"{_en_mots(tenue[colonne].iloc[rang])} dans la base, {_en_mots(relue[colonne].iloc[rang])} dans le fichier"
    )


def _liste(noms: list[str]) -> str:
    reste = len(noms) - MONTREES
    return ", ".join(noms[:MONTREES]) + (f" et {reste} autre(s)" if reste > 0 else "")


def _en_mots(valeur: Any) -> str:
    if pd.isna(valeur):
        return "rien"
    return repr(float(valeur)).removesuffix(".0") if isinstance(valeur, float) else f"« {valeur} »"
