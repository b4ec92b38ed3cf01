"""Quartiers prioritaires et leurs communes : codes tirés de leurs listes, lignes d'un même quartier réunies."""

import re
from typing import Any, Final

import pandas as pd
import pyarrow as pa

from donnees_insee import codes
from donnees_insee.erreurs import TableNonConforme, liste_de_fautes
from donnees_insee.preparation.preparation import ZERO_PERDU

# Un tableur garde les zéros d'un code écrit ="01053".
PROTEGE: Final = re.compile(r'="(.*)"')
SEPARATEURS: Final = re.compile(r"[;,\s]+")
MONTRES: Final = 5


def reunir_les_communes(
    texte: pa.Table, reglages: dict[str, Any], origine: str
) -> tuple[pa.Table, list[str]]:
    """Écrire les codes d'une liste de quartiers séparés par « ; », et donner une seule ligne à chaque quartier."""
    lignes = texte.to_pandas().fillna("").astype(str)
    listes = {c: niveau for c, niveau in reglages["listes"].items() if c in lignes}
    lignes[list(listes)] = lignes[list(listes)].map(_nue).replace(reglages["sans_code"], "")
    if fautes := [f for c, niveau in listes.items() for f in _mal_formes(lignes[c], c, niveau)]:
        raise TableNonConforme(
            liste_de_fautes(f"« {origine} », une liste de quartiers prioritaires, est refusé :", fautes)
        )
    lignes[list(listes)] = lignes[list(listes)].map(lambda v: ";".join(_separes(v)))
    cle, remarques = reglages["cle"], []
    # Deux fois le même quartier dans la même commune n'est pas un quartier à cheval : c'est un double, refusé plus loin.
    reunissables = not lignes.duplicated([cle, *listes]).any()
    if reunissables and (plusieurs := int((lignes[cle].value_counts() > 1).sum())):
        avant = len(lignes)
        lignes = _reunir(lignes, reglages, origine)
        remarques = [
            f"{plusieurs} quartiers écrits sur plusieurs lignes réunis ({avant - len(lignes)} lignes)"
        ]
    return pa.Table.from_pandas(lignes.reset_index(drop=True), preserve_index=False), remarques


def _reunir(lignes: pd.DataFrame, reglages: dict[str, Any], origine: str) -> pd.DataFrame:
    """Réunir les lignes d'un quartier : ses communes bout à bout, son nom s'il n'en a qu'un."""
    cle = reglages["cle"]
    par_quartier = lignes.groupby(cle, sort=False)
    uniques = [c for c in reglages["uniques"] if c in lignes]
    noms = par_quartier[uniques].nunique()
    if (contredits := noms.index[(noms > 1).any(axis=1)].tolist()) and uniques:
        raise TableNonConforme(
            f"« {origine} » donne plusieurs noms à {len(contredits)} quartier(s) écrit(s) sur plusieurs lignes "
            f"({', '.join(contredits[:MONTRES])}). Reprenez la liste du producteur."
        )
    en_liste = {c: _bout_a_bout for c in (*reglages["listes"], *reglages["noms"]) if c in lignes}
    autres = {c: "first" for c in lignes.columns if c not in {cle, *en_liste}}
    return par_quartier.agg(en_liste | autres).reset_index()[list(lignes.columns)]


def _bout_a_bout(cellules: pd.Series) -> str:
    morceaux = (m.strip() for cellule in cellules for m in cellule.split(";"))
    return ";".join(dict.fromkeys(m for m in morceaux if m))


def _nue(cellule: str) -> str:
    net = cellule.strip()
    protege = PROTEGE.fullmatch(net)
    return protege[1] if protege else net


def _separes(cellule: str) -> list[str]:
    return [m for m in SEPARATEURS.split(cellule) if m]


def _mal_formes(colonne: pd.Series, nom: str, niveau: str) -> list[str]:
    recus = dict.fromkeys(m for cellule in colonne for m in _separes(cellule))
    mauvais = [m for m in recus if not codes.conforme(m, niveau)]
    if not mauvais:
        return []
    perdu = any(codes.conforme(f"0{m}", niveau) for m in mauvais)
    recus_dits, suite = ", ".join(mauvais[:MONTRES]), ZERO_PERDU if perdu else ""
    attendus = codes.ATTENDUS[niveau]
    return [
        f"colonne {nom} : {len(mauvais)} code(s) mal formé(s) ({recus_dits}) ; on attend {attendus}.{suite}"
    ]
