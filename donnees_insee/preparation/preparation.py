"""D'une table de texte reconnue à une table typée : codes vérifiés, nombres lus, marques gardées."""

from dataclasses import dataclass
from functools import cached_property, partial
from typing import Final

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from donnees_insee import codes
from donnees_insee.codes import reference
from donnees_insee.erreurs import SourceNonReconnue, TableNonConforme, liste_de_fautes
from donnees_insee.lecture.brut import TableBrute
from donnees_insee.lecture.reconnaissance import Lot
from donnees_insee.preparation import sources_recues as locales
from donnees_insee.preparation.nombres import lire_table

EQUIPEMENTS: Final = frozenset({"equipements", "equipements_comptes"})
ZERO_PERDU: Final = " Un zéro initial a été perdu, sans doute par un tableur : reprenez le fichier d'origine."
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
    lue, fautes, marques, sans_code = lire_table(table, lot.cle, nombres, textes)
    donnees, remarques = _mettre_de_cote(lue, lot)
    if sans_code:
        remarques.append(f"{sans_code} ligne(s) sans code mises de côté")
    if not donnees.num_rows:
        raise TableNonConforme(
            f"« {table.origine} », reconnu comme « {lot.source.titre} », a les colonnes attendues mais aucune "
            "ligne de données. Déposez le fichier complet du producteur."
        )
    niveau, millesime, gardees = _niveau_et_date(donnees, lot)
    if len(gardees) < len(donnees):
        remarques.append(f"{len(donnees) - len(gardees)} ligne(s) d'une autre année mises de côté")
    fautes += _fautes_de_codes(gardees, niveau, lot)
    if niveau == "local":
        lignes, refus, dites = locales.examiner(gardees.to_pandas(), sans_code)
        gardees = pa.Table.from_pandas(lignes, preserve_index=False).replace_schema_metadata()
        fautes += refus
        remarques += dites
    if fautes:
        raise TableNonConforme(
            liste_de_fautes(
                f"« {table.origine} », reconnu comme « {lot.source.titre} », est refusé :", fautes
            )
        )
    if marques:
        remarques.append("marques " + ", ".join(f"{m} : {n}" for m, n in sorted(marques.items())))
    triee = gardees if _est_croissante(gardees["code"]) else gardees.sort_by("code")
    return TablePreparee(triee, niveau, millesime, tuple(remarques))


def _mettre_de_cote(donnees: pa.Table, lot: Lot) -> tuple[pa.Table, list[str]]:
    """Ôter les lignes d'ensemble : un total national ne se mêle pas aux territoires."""
    noms = pa.array(sorted(lot.source.lignes_d_ensemble), pa.string())
    ensemble = pc.is_in(pc.utf8_upper(donnees["code"]), value_set=noms)
    if not (nombre := int(pc.sum(ensemble).as_py() or 0)):
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


# -- le contrat des codes : leur forme, leur unicité -------------------------------------------


def _fautes_de_codes(table: pa.Table, niveau: str, lot: Lot) -> list[str]:
    """Vérifier la forme des codes et l'unicité de l'identité des lignes."""
    nature = lot.source.codes or niveau
    cles = [c for c in lot.source.identite if c in table.column_names]
    if _tient(table, cles, nature):
        return []
    return _dire_les_fautes(table.select(list(dict.fromkeys(["code", *cles]))).to_pandas(), cles, nature, lot)


def _est_croissante(colonne: pa.ChunkedArray) -> bool:
    """Dire si une colonne de codes est strictement croissante : alors triée, et sans double."""
    return len(colonne) < 2 or bool(pc.all(pc.less(colonne[:-1], colonne[1:])).as_py())


def _tient(table: pa.Table, cles: list[str], nature: str) -> bool:
    """Reconnaître vite une table conforme ; au moindre doute, c'est pandera qui dira les fautes."""
    forme = codes.FORMES.get(nature)
    if forme is not None:
        bonnes = pc.match_substring_regex(table["code"], f"^(?:{forme.pattern})$")
        if pc.all(bonnes).as_py() is False:
            return False
    if not cles or (cles == ["code"] and _est_croissante(table["code"])):
        return True
    return bool(table.select(cles).group_by(cles).aggregate([]).num_rows == table.num_rows)


def _dire_les_fautes(donnees: pd.DataFrame, cles: list[str], nature: str, lot: Lot) -> list[str]:
    """Valider avec pandera, qui relève toutes les fautes, et les dire en français."""
    import pandera.pandas as pa_ra  # noqa: PLC0415 - import lent, réservé aux tables fautives

    # L'identité d'une ligne est vérifiée d'un bloc : une source locale a plusieurs lignes par territoire.
    lignes = (
        donnees[cles].astype("str").fillna("").agg(" · ".join, axis=1) if len(cles) > 1 else donnees["code"]
    )
    contrat = pa_ra.DataFrameSchema(
        {
            "code": pa_ra.Column(str, pa_ra.Check(lambda s: s.map(partial(codes.conforme, niveau=nature)))),
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
        perdu = any(c.isdigit() and codes.conforme("0" + c, nature) for c in formes)
        fautes.append(
            f"colonne {lot.cle} : {len(formes)} code(s) mal formé(s) ({', '.join(formes[:5])}) ; "
            f"on attend {codes.ATTENDUS.get(nature, nature)}.{ZERO_PERDU if perdu else ''}"
        )
    return fautes


# -- équipements : comptés par IRIS et par commune, types renumérotés année par année ----------


def codes_de_l_annee(annee: int) -> dict[str, str]:
    """Donner le nom stable de chaque code d'équipement d'une édition ; celle de 2024 en a renuméroté plusieurs."""
    types = reference("types_equipements")
    return {t["code"]: t["variable"] for t in types if int(t["de"]) <= annee <= int(t["a"] or annee)}


def compter_les_equipements(source: str, prepare: TablePreparee) -> dict[str, pd.DataFrame]:
    """Tirer d'une liste d'équipements les comptes par commune et par IRIS."""
    if source not in EQUIPEMENTS or prepare.millesime is None:
        return {}
    stables = codes_de_l_annee(prepare.millesime)
    lignes = prepare.donnees
    communes = lignes["DEPCOM"] if "DEPCOM" in lignes else lignes["code"].str[:5]
    nombre = lignes["NB_EQUIP"] if "NB_EQUIP" in lignes else pd.Series(1.0, index=lignes.index)
    longue = pd.DataFrame(
        {"commune": communes, "iris": lignes["code"], "type": lignes["TYPEQU"].map(stables), "n": nombre}
    )
    return {niveau: _comptes_larges(longue, niveau) for niveau in ("commune", "iris")}


def _comptes_larges(longue: pd.DataFrame, niveau: str) -> pd.DataFrame:
    suivis = longue.dropna(subset=["type", niveau])
    # Une somme qui contient un nombre tu n'est pas connue : elle ne devient pas celle des autres.
    comptes = suivis.groupby([niveau, "type"])["n"].agg(lambda n: n.sum(skipna=False))
    tous = sorted(longue[niveau].dropna().unique())
    # Un couple absent du fichier vaut zéro ; un couple présent et inconnu le reste.
    large = comptes.unstack("type", fill_value=0.0).reindex(index=tous, fill_value=0.0)  # noqa: PD010 - pivot_table confond inconnu et zéro
    return large.astype(float).rename_axis(columns=None).rename_axis("code").reset_index()
