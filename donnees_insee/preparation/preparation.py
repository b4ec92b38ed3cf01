"""D'une table de texte reconnue à une table typée : codes vérifiés, nombres lus, marques gardées."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Final

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from donnees_insee import codes
from donnees_insee.erreurs import SourceNonReconnue, TableNonConforme, liste_de_fautes
from donnees_insee.preparation import sources_recues as locales
from donnees_insee.preparation.contrat import est_croissante, fautes_de_codes
from donnees_insee.preparation.nombres import SUFFIXE_STATUT, lire_table

if TYPE_CHECKING:
    from donnees_insee.lecture.brut import TableBrute
    from donnees_insee.lecture.reconnaissance import Lot

__all__ = ["SUFFIXE_STATUT", "TablePreparee", "preparer"]

PART_NOTABLE: Final = 0.1


@dataclass(frozen=True)
class TablePreparee:
    """Une table prête pour la base."""

    contenu: pa.Table | pd.DataFrame
    niveau: str
    millesime: int | None
    remarques: tuple[str, ...]

    @cached_property
    def donnees(self) -> pd.DataFrame:
        """La même table pour pandas."""
        return self.contenu.to_pandas() if isinstance(self.contenu, pa.Table) else self.contenu

    @property
    def noms(self) -> list[str]:
        """Noms des colonnes, dans l'ordre."""
        return list(self.contenu.column_names if isinstance(self.contenu, pa.Table) else self.contenu.columns)


def preparer(table: TableBrute, lot: Lot) -> TablePreparee:
    """Vérifier les codes, lire les nombres et garder les marques d'une table reconnue."""
    nombres = [c for c in lot.colonnes if c.motif.type == "nombre"]
    textes = [c for c in lot.colonnes if c.motif.type in {"texte", "note"}]
    lecture = lire_table(table, lot.cle, nombres, textes)
    donnees, remarques = _mettre_de_cote(lecture.table, lot)
    if lecture.sans_code:
        remarques.append(f"{lecture.sans_code} ligne(s) sans code mises de côté")
    if not donnees.num_rows:
        raise TableNonConforme(
            f"« {table.origine} », reconnu comme « {lot.source.titre} », a les colonnes attendues mais aucune "
            "ligne de données. Déposez le fichier complet du producteur."
        )
    niveau, millesime, gardees = _niveau_et_date(donnees, lot)
    if len(gardees) < len(donnees):
        remarques.append(f"{len(donnees) - len(gardees)} ligne(s) d'une autre année mises de côté")
    fautes = [*lecture.fautes, *fautes_de_codes(gardees, niveau, lot)]
    if niveau == "local":
        examen = locales.examiner(gardees.to_pandas(), lecture.sans_code)
        gardees = pa.Table.from_pandas(examen.lignes, preserve_index=False).replace_schema_metadata()
        fautes += examen.fautes
        remarques += examen.remarques
    if fautes:
        raise TableNonConforme(
            liste_de_fautes(
                f"« {table.origine} », reconnu comme « {lot.source.titre} », est refusé :", fautes
            )
        )
    if lecture.comptes:
        remarques.append("marques " + ", ".join(f"{m} : {n}" for m, n in sorted(lecture.comptes.items())))
    return TablePreparee(_triee(gardees), niveau, millesime, tuple(remarques))


def _triee(table: pa.Table) -> pa.Table:
    return table if est_croissante(table["code"]) else table.sort_by("code")


def _mettre_de_cote(donnees: pa.Table, lot: Lot) -> tuple[pa.Table, list[str]]:
    """Ôter les lignes d'ensemble : un total national ne se mêle pas aux territoires."""
    noms = pa.array(sorted(lot.source.lignes_d_ensemble), pa.string())
    ensemble = pc.is_in(pc.utf8_upper(donnees["code"]), value_set=noms) if len(noms) else None
    nombre = 0 if ensemble is None else int(pc.sum(ensemble).as_py() or 0)
    if not nombre:
        return donnees, []
    return donnees.filter(pc.invert(ensemble)), [f"{nombre} ligne d'ensemble mise de côté"]


# -- niveau et date ----------------------------------------------------------------------------


def _niveau_et_date(donnees: pa.Table, lot: Lot) -> tuple[str, int | None, pa.Table]:
    millesime = lot.millesime
    if lot.source.millesime_dans_la_colonne and millesime is None:
        millesime, donnees = _annee_la_plus_recente(donnees, lot.source.millesime_dans_la_colonne)
    if lot.niveau is not None:
        return lot.niveau, millesime, donnees
    if len(lot.source.niveaux) == 1:
        return lot.source.niveaux[0], millesime, donnees
    if lot.cle.strip().upper() == "IRIS":
        return "iris", millesime, donnees
    niveau = _niveau_des_codes(donnees, lot)
    if niveau == "france":
        donnees = donnees.set_column(0, "code", pa.array(["METRO"] * len(donnees), pa.string()))
    return niveau, millesime, donnees


def _annee_la_plus_recente(donnees: pa.Table, colonne: str) -> tuple[int, pa.Table]:
    """Garder l'année la plus récente qui couvre une part notable de la table (Mayotte a la sienne)."""
    lues = donnees[colonne].to_pandas() if colonne in donnees.column_names else pd.Series(dtype=str)
    comptes = lues.value_counts()
    annees = [str(a) for a in comptes.index[comptes >= PART_NOTABLE * len(donnees)] if str(a).isdigit()]
    if not annees:
        vues = ", ".join(map(str, comptes.index[:5])) or "rien"
        raise TableNonConforme(
            f"La colonne {colonne} devrait porter une année ; on y lit : {vues}. Déposez le fichier tel que "
            "publié, ou précisez --millesime AAAA."
        )
    annee = max(annees)
    return int(annee), donnees.filter(pc.equal(donnees[colonne], annee))


def _niveau_des_codes(table: pa.Table, lot: Lot) -> str:
    """Déduire le niveau de la forme des codes ; départements et régions se distinguent par leurs noms."""
    donnees = table.select([c for c in ("code", "LIBGEO") if c in table.column_names]).to_pandas()
    liste = donnees["code"].astype(str)
    libelles = donnees["LIBGEO"].fillna("") if "LIBGEO" in donnees else pd.Series([""] * len(donnees))
    for niveau in lot.source.niveaux:
        if niveau in {"departement", "region"}:
            noms = codes.noms_officiels(niveau)
            accord = [
                c in noms and codes.normaliser(noms[c]) == codes.normaliser(str(n))
                for c, n in zip(liste, libelles, strict=True)
            ]
            if sum(accord) >= 0.8 * len(accord):
                return niveau
        elif niveau == "france":
            if len(liste) == 1 and "metropolitaine" in codes.normaliser(str(libelles.iloc[0])):
                return niveau
        elif (
            not (niveau == "iris" and "epci" in lot.source.niveaux)
            and liste.map(lambda c, n=niveau: codes.conforme(c, n)).mean() > 0.5
        ):
            return niveau
    raise SourceNonReconnue(
        f"Le niveau géographique de « {lot.source.titre} » ne se déduit pas des codes "
        f"({', '.join(liste.head(3))}…). On attend des communes (cinq caractères), des EPCI (neuf chiffres), "
        "ou des départements ou régions nommés dans une colonne LIBGEO. Si un tableur a ôté les zéros "
        "initiaux des codes, reprenez le fichier d'origine."
    )
