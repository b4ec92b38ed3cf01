"""Lire les nombres d'une table de texte : séparateurs de milliers, décimales, marques des producteurs."""

import math
import re
from collections.abc import Iterable, Sequence
from functools import reduce
from typing import Final

import pyarrow as pa
import pyarrow.compute as pc

from donnees_insee.catalogue.tables import marques
from donnees_insee.lecture.brut import TableBrute
from donnees_insee.lecture.reconnaissance import Colonne

SUFFIXE_STATUT: Final = "__statut"
# Ce que l'ordinateur lit tout seul ; le reste passe par lire_nombre, valeur distincte par valeur distincte.
ORDINAIRE: Final = r"^[-+]?(\d+\.?\d*|\.\d+)([eE][-+]?\d+)?$"
# Un nombre écrit : milliers par groupes de trois, virgule ou point, signe moins typographique admis.
# « 12 45 » n'en est pas un : deux valeurs collées ne doivent pas faire 1245.
ECRIT: Final = re.compile(r"[-+−]?\s*(?:\d{1,3}(?:\s\d{3})+|\d+)?(?:[.,]\d*)?(?:[eE][-+]?\d+)?")
COMMANDES: Final = r"[\x00-\x1f\x7f-\x9f\x{202a}-\x{202e}\x{2066}-\x{2069}]"
ESPACES: Final = re.compile(r"\s+")  # toutes celles d'Unicode : insécable, fine, fine insécable


# Une table lue, les fautes de ses cellules, le compte de ses marques, ses lignes remplies mais sans code.
Lecture = tuple[pa.Table, list[str], dict[str, int], int]


def lire_table(table: TableBrute, cle: str, nombres: Sequence[Colonne], textes: Sequence[Colonne]) -> Lecture:
    """Lire les nombres d'une table, d'emblée si elle est sans piège ; sinon relever ce qui n'est ni nombre ni marque."""
    directe = table.typer([c.brut for c in nombres], list(dict.fromkeys([cle, *(c.brut for c in textes)])))
    lue = table.texte if directe is None else directe
    colonnes: dict[str, pa.Array | pa.ChunkedArray] = {"code": _propre(lue[cle])}
    colonnes |= {c.variable: _lisible(_propre(lue[c.brut])) for c in textes}
    fautes: list[str] = []
    comptes: dict[str, int] = {}
    if directe is not None:
        colonnes |= {c.variable: directe[c.brut] for c in nombres}
    else:
        for c in nombres:
            colonnes[c.variable], statuts = _convertir(lue[c.brut])
            if statuts is not None and _compter_les_marques(c, statuts, colonnes["code"], fautes, comptes):
                colonnes[c.variable + SUFFIXE_STATUT] = statuts
        if table.encodage != "classeur" and (melange := _virgules_et_points(lue, nombres)):
            fautes.append(melange)
    presents, typee = pc.is_valid(colonnes["code"]), pa.table(colonnes)
    if not presents.false_count:
        return typee, fautes, comptes, 0
    retenues = list(dict.fromkeys([cle, *(c.brut for c in (*textes, *nombres))]))
    sans_code = _lignes_pleines(lue.select(retenues).filter(pc.invert(presents)))
    return typee.filter(presents), fautes, comptes, sans_code


def lire_nombre(texte: str) -> float | None:
    """Lire un nombre écrit à la française, à l'anglaise ou par un tableur."""
    net = ESPACES.sub(" ", texte.strip())
    if ECRIT.fullmatch(net) is None or not any(c.isdigit() for c in net):
        return None
    try:
        valeur = float(net.replace(" ", "").replace(",", ".").replace("−", "-"))
    except ValueError:
        return None
    # « 1e999 » s'écrit comme un nombre, mais aucun ordinateur ne peut le tenir.
    return valeur if math.isfinite(valeur) else None


def _propre(colonne: pa.ChunkedArray) -> pa.Array:
    """Ôter les espaces autour d'un texte ; une cellule blanche devient vide."""
    net = pc.utf8_trim_whitespace(unie(colonne))
    return pc.if_else(pc.equal(net, ""), None, net)


def _lisible(texte: pa.Array) -> pa.Array:
    """Ôter d'un libellé les signes de commande : un document ne les admet pas, un terminal leur obéit."""
    if not pc.any(pc.match_substring_regex(texte, COMMANDES)).as_py():
        return texte
    return pc.replace_substring_regex(pc.replace_substring_regex(texte, r"[\t\n\r]+", " "), COMMANDES, "")


def variables_de(noms: Iterable[str]) -> list[str]:
    """Ôter des colonnes d'une table préparée le code et les marques."""
    return [n for n in noms if n != "code" and not n.endswith(SUFFIXE_STATUT)]


def unie(colonne: pa.ChunkedArray) -> pa.Array:
    """Donner une colonne d'un seul tenant."""
    tableau = colonne.combine_chunks()
    return tableau if isinstance(tableau, pa.Array) else pa.concat_arrays(tableau.chunks)


def _convertir(colonne: pa.ChunkedArray) -> tuple[pa.Array, pa.Array | None]:
    """Séparer les nombres de ce qui reste (marques, mots) ; ``None`` s'il ne reste rien."""
    brut = unie(colonne)
    directes = _sans_detour(brut)
    if directes is not None:
        return directes, None
    ordinaires = pc.fill_null(pc.match_substring_regex(brut, ORDINAIRE), fill_value=False)
    valeurs = pc.cast(pc.if_else(ordinaires, brut, None), pa.float64())
    demesures = pc.fill_null(pc.is_inf(valeurs), fill_value=False)
    ordinaires = pc.and_not(ordinaires, demesures)
    valeurs = pc.if_else(demesures, None, valeurs)
    if pc.all(pc.or_(ordinaires, pc.is_null(brut))).as_py() in (True, None):
        return valeurs, None
    codage = pc.if_else(ordinaires, None, brut).dictionary_encode()
    distinctes = [str(d.as_py()) for d in codage.dictionary]
    lues = [lire_nombre(d) for d in distinctes]
    restes = [
        (ESPACES.sub("", d).lower() or None) if n is None else None
        for d, n in zip(distinctes, lues, strict=True)
    ]
    valeurs = pc.coalesce(valeurs, pa.array(lues, pa.float64()).take(codage.indices))
    return valeurs, pa.array(restes, pa.string()).take(codage.indices)


def _sans_detour(brut: pa.Array) -> pa.Array | None:
    """Convertir une colonne où tout est nombre ordinaire ; ``None`` s'il faut y regarder de plus près."""
    try:
        valeurs = pc.cast(brut, pa.float64())
    except pa.ArrowInvalid:
        return None
    # « NaN » et « inf » se convertissent, et ne sont pas des nombres : la somme les trahit.
    return valeurs if math.isfinite(pc.sum(valeurs).as_py() or 0.0) else None


def _compter_les_marques(
    colonne: Colonne, statuts: pa.Array, codes: pa.Array, fautes: list[str], comptes: dict[str, int]
) -> bool:
    """Compter les marques connues d'une colonne, dire les inconnues ; vrai s'il y en a."""
    connues = marques()
    statuts = pc.if_else(pc.is_valid(codes), statuts, None)
    trouvees = pc.value_counts(statuts.drop_null()).to_pylist()
    for paire in trouvees:
        marque, n = paire["values"], paire["counts"]
        if marque in connues:
            comptes[marque] = comptes.get(marque, 0) + n
        else:
            code = codes[pc.index(statuts, marque).as_py()].as_py()
            fautes.append(
                f"colonne {colonne.brut} : {n} cellule(s) « {marque[:60]} » (par exemple au code {code}), "
                "ni nombre ni marque connue (s, ns, nd, so, vide)."
            )
    return bool(trouvees)


def _lignes_pleines(table: pa.Table) -> int:
    """Compter les lignes qui portent au moins une cellule : les autres ne sont que des fins de tableur."""
    pleines = [
        pc.fill_null(pc.not_equal(pc.utf8_trim_whitespace(colonne), ""), fill_value=False)
        if pa.types.is_string(colonne.type)
        else pc.is_valid(colonne)
        for colonne in table.columns
    ]
    return int(pc.sum(reduce(pc.or_, pleines)).as_py() or 0)


def _virgules_et_points(texte: pa.Table, colonnes: Sequence[Colonne]) -> str:
    """Refuser « 1,234 » à côté de « 1.5 » : la virgule y sépare-t-elle des milliers ?"""
    virgule = _premier(texte, colonnes, ",", r"^\s*[-+−]?[\d\s\p{Z}]*\d,\d+\s*$")
    point = _premier(texte, colonnes, ".", r"^\s*[-+−]?[\d\s\p{Z}]*\d\.\d+\s*$") if virgule else None
    if virgule is None or point is None:
        return ""
    return (
        f"des nombres à virgule (« {virgule[1]} », colonne {virgule[0]}) et à point (« {point[1]} », colonne "
        f"{point[0]}) sont mêlés : on ne sait pas si la virgule sépare des milliers ou des décimales."
    )


def _premier(texte: pa.Table, colonnes: Sequence[Colonne], signe: str, forme: str) -> tuple[str, str] | None:
    for colonne in colonnes:
        cellules = texte[colonne.brut]
        candidates = cellules.filter(pc.fill_null(pc.match_substring(cellules, signe), fill_value=False))
        nombres = candidates.filter(pc.match_substring_regex(candidates, forme))
        if len(nombres):
            return colonne.brut, str(nombres[0].as_py()).strip()
    return None
