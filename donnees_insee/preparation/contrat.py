"""Le contrat des codes d'une table : leur forme, leur unicité ; toutes les fautes dites d'un coup."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.compute as pc

from donnees_insee import codes

if TYPE_CHECKING:
    import pandas as pd

    from donnees_insee.lecture.reconnaissance import Lot


def fautes_de_codes(table: pa.Table, niveau: str, lot: Lot) -> list[str]:
    """Vérifier la forme des codes et l'unicité de l'identité des lignes."""
    nature = lot.source.codes or niveau
    cles = [c for c in lot.source.identite if c in table.column_names]
    if _tient(table, cles, nature):
        return []
    return _dire_les_fautes(table.select(list(dict.fromkeys(["code", *cles]))).to_pandas(), cles, nature, lot)


def est_croissante(colonne: pa.ChunkedArray) -> bool:
    """Dire si une colonne de codes est strictement croissante : alors triée, et sans double."""
    return len(colonne) < 2 or bool(pc.all(pc.less(colonne[:-1], colonne[1:])).as_py())


def _tient(table: pa.Table, cles: list[str], nature: str) -> bool:
    """Reconnaître vite une table conforme ; au moindre doute, c'est pandera qui dira les fautes."""
    forme = codes.FORMES.get(nature)
    if forme is not None:
        bonnes = pc.match_substring_regex(table["code"], f"^(?:{forme.pattern})$")
        if pc.all(bonnes).as_py() is False:
            return False
    if not cles or (cles == ["code"] and est_croissante(table["code"])):
        return True
    return bool(table.select(cles).group_by(cles).aggregate([]).num_rows == table.num_rows)


def _dire_les_fautes(donnees: pd.DataFrame, cles: list[str], nature: str, lot: Lot) -> list[str]:
    """Valider avec pandera, qui relève toutes les fautes, et les dire en français."""
    import pandas as pd  # noqa: PLC0415 - réservé aux tables fautives
    import pandera.pandas as pa_ra  # noqa: PLC0415 - import lent, réservé aux tables fautives

    forme = codes.FORMES.get(nature)
    # L'identité d'une ligne est vérifiée d'un bloc : une source locale a plusieurs lignes par territoire.
    lignes = (
        donnees[cles].astype("str").fillna("").agg(" · ".join, axis=1) if len(cles) > 1 else donnees["code"]
    )
    contrat = pa_ra.DataFrameSchema(
        {
            "code": pa_ra.Column(
                str,
                []
                if forme is None
                else [pa_ra.Check(lambda s: s.str.fullmatch(forme.pattern), name="forme")],
            ),
            "ligne": pa_ra.Column(str, unique=bool(cles)),
        }
    )
    essai = pd.DataFrame({"code": donnees["code"].astype("str"), "ligne": lignes.astype("str")})
    try:
        contrat.validate(essai, lazy=True)
    except pa_ra.errors.SchemaErrors as cause:
        return _traduire(cause.failure_cases, nature, lot)
    return []


def _traduire(cas: pd.DataFrame, nature: str, lot: Lot) -> list[str]:
    fautes = []
    doublons = sorted(set(cas.loc[cas["column"] == "ligne", "failure_case"].astype(str)))
    if doublons:
        fautes.append(
            f"colonne {lot.cle} : {len(doublons)} code(s) en double ({', '.join(doublons[:5])}). "
            "Chaque territoire ne doit avoir qu'une ligne"
            + " et".join(f" par {c.lower()}" for c in lot.source.identite[1:])
            + "."
        )
    formes = sorted(set(cas.loc[cas["column"] == "code", "failure_case"].astype(str)))
    if formes:
        conseil = (
            " Un zéro initial a été perdu, sans doute par un tableur : reprenez le fichier d'origine."
            if any(c.isdigit() and codes.conforme("0" + c, nature) for c in formes)
            else ""
        )
        fautes.append(
            f"colonne {lot.cle} : {len(formes)} code(s) mal formé(s) ({', '.join(formes[:5])}) ; "
            f"on attend {codes.ATTENDUS.get(nature, nature)}.{conseil}"
        )
    return fautes
