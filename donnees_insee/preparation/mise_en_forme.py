"""Ramener une table publiée en lignes, ou à codes composés, à la table large qu'attend sa source."""

import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from donnees_insee.catalogue.tables import en_capitales, formes
from donnees_insee.erreurs import TableNonConforme, liste_de_fautes
from donnees_insee.lecture.brut import TableBrute, moteur
from donnees_insee.preparation.nombres import unie
from donnees_insee.preparation.quartiers import reunir_les_communes

Reglages = dict[str, Any]


def mettre_en_forme(table: TableBrute) -> list[TableBrute]:
    """Rendre la table telle quelle, ou les tables larges qu'elle contient."""
    noms = [en_capitales(c) for c in table.colonnes]
    forme = next((f for f in formes() if f.colonnes <= set(noms)), None)
    if forme is None:
        return [table]
    nommee = table.texte.rename_columns(noms)
    return _GENRES[forme.genre](table, nommee, forme.reglages)


# -- genres ------------------------------------------------------------------------------------


def _renommer(table: TableBrute, texte: pa.Table, reglages: Reglages) -> list[TableBrute]:
    texte, ecartees = _filtrer(texte, reglages)
    texte = texte.rename_columns([reglages["noms"].get(n, n) for n in texte.column_names])
    for colonne, modalites in reglages.get("sauf", {}).items():
        texte = texte.filter(pc.invert(pc.is_in(texte[colonne], pa.array(modalites))))
    remarques = list(ecartees)
    if "code_iris" in reglages:
        texte, remarque = _codes_d_iris(texte, reglages["code_iris"], reglages.get("commune"))
        remarques += remarque
    if "code_a_defaut" in reglages:
        voulus = [pc.utf8_trim_whitespace(unie(texte[c])) for c in reglages["code_a_defaut"]["de"]]
        remplis = [pc.if_else(pc.equal(v, ""), None, v) for v in voulus]
        texte = texte.append_column(reglages["code_a_defaut"]["colonne"], pc.coalesce(*remplis))
    annee = reglages.get("annee_du_nom")
    if annee and annee not in texte.column_names:
        lues = re.findall(r"(?<!\d)(20\d\d)(?!\d)", table.origine)
        if lues and len(set(lues)) == 1:
            texte = texte.append_column(annee, pa.array([lues[0]] * texte.num_rows, pa.string()))
    return [_refaire(table, texte, remarques)]


def _par_annee(table: TableBrute, texte: pa.Table, reglages: Reglages) -> list[TableBrute]:
    annees = _annees(texte[reglages["annee"]], table.origine)
    niveau, suffixe = reglages.get("niveau"), reglages.get("suffixe", "")
    if niveau is not None:
        propres = {n: n.removesuffix(suffixe) for n in texte.column_names if n.endswith(suffixe)}
        propres |= {reglages["territoire"]: "CODGEO"} if "territoire" in reglages else {}
        texte = texte.select(list(propres)).rename_columns(list(propres.values()))
    if "code" in reglages:
        texte = texte.append_column("CODGEO", pa.array([reglages["code"]] * texte.num_rows, pa.string()))
    return [
        _refaire(table, texte.filter(pc.equal(annees, annee)), millesime=int(annee), niveau=niveau)
        for annee in sorted(set(annees.drop_null().to_pylist()))
    ]


def _prefixes(table: TableBrute, texte: pa.Table, reglages: Reglages) -> list[TableBrute]:
    noms: dict[str, str] = {}
    for prefixe, variable in reglages["prefixes"]:
        libres = [c for c in texte.column_names if c.startswith(prefixe) and c not in noms.values()]
        if libres:
            noms[variable] = libres[0]
    annee = re.search(reglages["annee_du_titre"], f"{table.titre} · {table.origine}")
    choisie = texte.select(list(noms.values())).rename_columns(list(noms))
    # Sous l'en-tête, une ligne d'unités n'a pas de code : elle sera mise de côté comme telle.
    return [_refaire(table, choisie, millesime=int(annee[1]) if annee else None)]


def _pivoter(table: TableBrute, texte: pa.Table, reglages: Reglages) -> list[TableBrute]:
    texte, remarques = _filtrer(texte, reglages)
    if not texte.num_rows:
        raise _rien_a_garder(table, remarques, reglages)
    annees = _annees(texte[reglages["annee"]], table.origine)
    codes = _composer(texte, [c for c in reglages["territoire"] if c in texte.column_names])
    for ancien, nouveau in reglages.get("codes", {}).items():
        codes = pc.if_else(pc.equal(codes, ancien), nouveau, codes)
    valeurs = unie(texte[reglages["valeur"]])
    secrets = reglages.get("confidentiel")
    if secrets and secrets["colonne"] in texte.column_names:
        caches = pc.fill_null(pc.equal(texte[secrets["colonne"]], secrets["valeur"]), fill_value=False)
        valeurs = pc.if_else(unie(caches), secrets["marque"], valeurs)
    contenus = [codes, annees, _niveaux(texte, reglages), unie(texte[reglages["mesure"]]), valeurs]
    longue = pa.table(contenus, names=["code", "annee", "niveau", "mesure", "valeur"])
    lisibles = pc.and_(pc.is_valid(longue["annee"]), pc.is_valid(longue["niveau"]))
    sans_code = pc.or_(pc.is_null(longue["code"]), pc.equal(longue["code"], ""))
    if perdues := pc.sum(sans_code).as_py():
        remarques = (*remarques, f"{perdues} ligne(s) sans code mises de côté")
    longue = longue.filter(pc.and_not(lisibles, pc.fill_null(sans_code, fill_value=True)))
    sorties = []
    for lot in longue.select(["annee", "niveau"]).group_by(["annee", "niveau"]).aggregate([]).to_pylist():
        ici = pc.and_(pc.equal(longue["annee"], lot["annee"]), pc.equal(longue["niveau"], lot["niveau"]))
        annee, niveau = int(lot["annee"]), lot["niveau"] or None
        large = _large(longue.filter(ici), reglages, annee, table.origine)
        sorties.append(_refaire(table, large, remarques, annee, niveau))
    if not sorties:
        raise _rien_a_garder(table, remarques, reglages)
    return sorted(sorties, key=lambda t: (t.millesime or 0, t.niveau or ""))


def _quartiers(table: TableBrute, texte: pa.Table, reglages: Reglages) -> list[TableBrute]:
    return [_refaire(table, *reunir_les_communes(texte, reglages, table.origine))]


_GENRES: dict[str, Callable[[TableBrute, pa.Table, Reglages], list[TableBrute]]] = {
    "pivot": _pivoter,
    "renommer": _renommer,
    "par_annee": _par_annee,
    "prefixes": _prefixes,
    "quartiers": _quartiers,
}


# -- étapes ------------------------------------------------------------------------------------


def _refaire(
    table: TableBrute,
    texte: pa.Table,
    remarques: Sequence[str] = (),
    millesime: int | None = None,
    niveau: str | None = None,
) -> TableBrute:
    noms, dites = tuple(texte.column_names), (*table.remarques, *remarques)
    return replace(table, colonnes=noms, contenu=texte, remarques=dites, millesime=millesime, niveau=niveau)


def _filtrer(texte: pa.Table, reglages: Reglages) -> tuple[pa.Table, tuple[str, ...]]:
    """Ne garder que les lignes d'ensemble voulues, et dire combien sont laissées."""
    avant = texte.num_rows
    for colonne, modalite in reglages.get("garder", {}).items():
        if colonne in texte.column_names:
            texte = texte.filter(pc.equal(texte[colonne], modalite))
    for colonne, fin in reglages.get("finit_par", {}).items():
        texte = texte.filter(pc.ends_with(texte[colonne], fin))
    laissees = avant - texte.num_rows
    return texte, ((f"{laissees} ligne(s) d'autres modalités laissées",) if laissees else ())


def _rien_a_garder(table: TableBrute, remarques: Sequence[str], reglages: Reglages) -> TableNonConforme:
    """Composer le refus d'un fichier dont aucune ligne n'est de celles que la forme garde."""
    egales = [f"« {modalite} » dans {colonne}" for colonne, modalite in reglages.get("garder", {}).items()]
    finies = [f"une fin en « {fin} » dans {c}" for c, fin in reglages.get("finit_par", {}).items()]
    niveaux = (
        [f"l'un de {', '.join(reglages['niveaux'])} dans {reglages['niveau']}"]
        if "niveau" in reglages
        else []
    )
    attendues = ", ".join([*egales, *finies, *niveaux]) or "des lignes datées"
    return TableNonConforme(
        f"« {table.origine} » n'a aucune ligne à garder ({' ; '.join(remarques) or 'aucune ne convient'}). On attend "
        f"{attendues}. Reprenez le fichier tel que publié."
    )


def _annees(colonne: pa.ChunkedArray, origine: str) -> pa.Array:
    annees = pc.struct_field(pc.extract_regex(unie(colonne), r"^\s*(?P<annee>(?:19|20)\d\d)"), "annee")
    if annees.null_count == len(annees):
        raise TableNonConforme(
            f"« {origine} » : aucune année lisible dans sa colonne de dates. On attend des dates comme "
            "2024-12 ou 2024-T4 ; reprenez le fichier tel que publié."
        )
    return annees


def _composer(texte: pa.Table, colonnes: Sequence[str]) -> pa.Array:
    """Coller les morceaux d'un code (commune, puis IRIS) ; un morceau absent rend le code vide."""
    morceaux = [pc.utf8_trim_whitespace(unie(texte[c])) for c in colonnes]
    return morceaux[0] if len(morceaux) == 1 else pc.binary_join_element_wise(*morceaux, "")


def _niveaux(texte: pa.Table, reglages: Reglages) -> pa.Array:
    """Lire le niveau de chaque ligne ; les niveaux que la source n'emploie pas deviennent vides."""
    if "niveau" not in reglages:
        return pa.array([""] * texte.num_rows, pa.string())
    table = reglages["niveaux"]
    lus = unie(texte[reglages["niveau"]]).dictionary_encode()
    traduits = pa.array([table.get(str(v)) for v in lus.dictionary.to_pylist()], pa.string())
    return traduits.take(lus.indices)


def _large(longue: pa.Table, reglages: Reglages, annee: int, origine: str) -> pa.Table:
    """Passer de lignes (code, mesure, valeur) à une colonne par mesure ; DuckDB fait le tour."""
    gabarit = next(g["nom"] for g in reglages["gabarits"] if annee <= g["jusqu_a"])
    connues = reglages.get("variables")
    mesures = sorted({str(m) for m in longue["mesure"].drop_null().unique().to_pylist()})
    noms = {
        m: gabarit.format(variable=connues[m] if connues else _identifiant(m), aa=f"{annee % 100:02d}")
        for m in mesures
        if connues is None or m in connues
    }
    choix = ", ".join(
        f'max(case when mesure = ${i + 1} then valeur end) as "{nom}"' for i, nom in enumerate(noms.values())
    )
    if "total" in reglages:
        # Une modalité illisible rend le total inconnu, plutôt que trop petit.
        somme = "case when bool_and(try_cast(valeur as double) is not null) then sum(try_cast(valeur as double)) end"
        choix += f', cast({somme} as varchar) as "{reglages["total"]}"'
    with moteur() as connexion:
        connexion.register("longue", longue)
        if repetees := connexion.sql(_REPETITIONS).fetchall():
            raise TableNonConforme(
                liste_de_fautes(
                    f"« {origine} » donne plusieurs valeurs d'une même mesure pour un même territoire ; on en "
                    "attend une seule (les ventilations doivent être au total) :",
                    [f"{code} · {mesure} : {n} valeurs différentes" for code, mesure, n in repetees],
                )
            )
        requete = f'select code as "CODGEO", {choix} from longue group by code order by code'
        return connexion.sql(requete, params=list(noms)).to_arrow_table()


_REPETITIONS = (
    "select code, mesure, count(distinct valeur) as n from longue where mesure is not null "
    "group by code, mesure having count(distinct valeur) > 1 order by code limit 20"
)


def _identifiant(modalite: str) -> str:
    return re.sub(r"[^A-Z0-9]+", "_", en_capitales(modalite)).strip("_")


def _codes_d_iris(texte: pa.Table, colonne: str, commune: str | None) -> tuple[pa.Table, list[str]]:
    """Écrire les codes d'IRIS sur neuf caractères ; à défaut d'IRIS lisible, la commune suivie de 0000."""
    nus = pc.replace_substring(pc.utf8_trim_whitespace(unie(texte[colonne])), "_", "")
    courts = pc.fill_null(pc.match_substring_regex(nus, r"^\d[\dAB]\d{3}$"), fill_value=False)
    codes = pc.if_else(courts, pc.binary_join_element_wise(nus, "0000", ""), nus)
    bons = pc.fill_null(pc.match_substring_regex(codes, r"^\d[\dAB]\d{7}$"), fill_value=False)
    perdus = len(codes) - (pc.sum(bons).as_py() or 0)
    remarques = []
    if perdus and commune and commune in texte.column_names:
        refaits = pc.binary_join_element_wise(unie(texte[commune]), "0000", "")
        codes = pc.if_else(bons, codes, refaits)
        remarques.append(f"{perdus} équipement(s) sans IRIS lisible, gardés à la commune")
    rang = texte.column_names.index(colonne)
    return texte.set_column(rang, colonne, codes), remarques
