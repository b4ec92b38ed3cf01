"""D'une table de texte reconnue à une table typée : codes vérifiés, nombres lus, marques gardées."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import pandas as pd

from donnees_insee import codes
from donnees_insee.erreurs import SourceNonReconnue, TableNonConforme, liste_de_fautes
from donnees_insee.nombres import SUFFIXE_STATUT, lire_nombres

if TYPE_CHECKING:
    from donnees_insee.brut import TableBrute
    from donnees_insee.reconnaissance import Lot

__all__ = ["SUFFIXE_STATUT", "TablePreparee", "preparer"]

PART_NOTABLE: Final = 0.1
DIFFUSIONS: Final = ("interne", "publique")


@dataclass(frozen=True)
class TablePreparee:
    """Une table prête pour la base.

    Attributes
    ----------
    donnees : pandas.DataFrame
        Colonne ``code``, puis une colonne par variable et ``<variable>__statut`` où une marque existe.
    niveau : str
        Niveau géographique.
    millesime : int or None
        Millésime.
    remarques : tuple of str
        Lignes d'ensemble mises de côté, marques rencontrées.
    """

    donnees: pd.DataFrame
    niveau: str
    millesime: int | None
    remarques: tuple[str, ...]


def preparer(table: TableBrute, lot: Lot) -> TablePreparee:
    """Vérifier les codes, lire les nombres et garder les marques d'une table reconnue.

    Parameters
    ----------
    table : TableBrute
        Texte lu.
    lot : Lot
        Reconnaissance de la table.

    Returns
    -------
    TablePreparee
        Table typée, triée par code.

    Raises
    ------
    TableNonConforme
        Codes mal formés ou répétés, nombres illisibles ; toutes les fautes sont dites.
    """
    nombres = [c for c in lot.colonnes if c.motif.type == "nombre"]
    textes = [c for c in lot.colonnes if c.motif.type in {"texte", "note"}]
    lecture = lire_nombres(table.texte, lot.cle, nombres, textes, classeur=table.encodage == "classeur")
    donnees, remarques = _mettre_de_cote(lecture.table.to_pandas(), lot)
    if lecture.sans_code:
        remarques.append(f"{lecture.sans_code} ligne(s) sans code mises de côté")
    if donnees.empty:
        raise TableNonConforme(
            f"« {table.origine} », reconnu comme « {lot.source.titre} », a les colonnes attendues mais "
            "aucune "
            "ligne de données. Déposez le fichier complet du producteur."
        )
    niveau, millesime, gardees = _niveau_et_date(donnees, lot)
    if len(gardees) < len(donnees):
        remarques.append(f"{len(donnees) - len(gardees)} ligne(s) d'une autre année mises de côté")
    fautes = [*lecture.fautes, *_fautes_de_codes(gardees, niveau, lot)]
    if niveau == "local":
        fautes += _fautes_de_diffusion(gardees)
    if fautes:
        raise TableNonConforme(
            liste_de_fautes(
                f"« {table.origine} », reconnu comme « {lot.source.titre} », est refusé :", fautes
            )
        )
    if lecture.comptes:
        remarques.append("marques " + ", ".join(f"{m} : {n}" for m, n in sorted(lecture.comptes.items())))
    return TablePreparee(gardees.sort_values("code", ignore_index=True), niveau, millesime, tuple(remarques))


def _mettre_de_cote(donnees: pd.DataFrame, lot: Lot) -> tuple[pd.DataFrame, list[str]]:
    """Ôter les lignes d'ensemble : un total national ne se mêle pas aux territoires."""
    ensemble = donnees["code"].str.upper().isin(lot.source.lignes_d_ensemble)
    if not ensemble.any():
        return donnees, []
    return donnees.loc[~ensemble].reset_index(drop=True), [
        f"{int(ensemble.sum())} ligne d'ensemble mise de côté"
    ]


# -- niveau et date ----------------------------------------------------------------------------


def _niveau_et_date(donnees: pd.DataFrame, lot: Lot) -> tuple[str, int | None, pd.DataFrame]:
    millesime = lot.millesime
    if lot.source.millesime_dans_la_colonne and millesime is None:
        millesime, donnees = _annee_la_plus_recente(donnees, lot.source.millesime_dans_la_colonne)
    if len(lot.source.niveaux) == 1:
        return lot.source.niveaux[0], millesime, donnees
    if lot.cle.strip().upper() == "IRIS":
        return "iris", millesime, donnees
    niveau = _niveau_des_codes(donnees, lot)
    if niveau == "france":
        donnees = donnees.assign(code="METRO")
    return niveau, millesime, donnees


def _annee_la_plus_recente(donnees: pd.DataFrame, colonne: str) -> tuple[int, pd.DataFrame]:
    """Garder l'année la plus récente qui couvre une part notable de la table (Mayotte a la sienne)."""
    comptes = donnees[colonne].value_counts() if colonne in donnees else pd.Series(dtype=int)
    annees = [str(a) for a in comptes.index[comptes >= PART_NOTABLE * len(donnees)] if str(a).isdigit()]
    if not annees:
        lues = ", ".join(map(str, comptes.index[:5])) or "rien"
        raise TableNonConforme(
            f"La colonne {colonne} devrait porter une année ; on y lit : {lues}. Déposez le fichier tel que "
            "publié, ou précisez --millesime AAAA."
        )
    annee = max(annees)
    return int(annee), donnees.loc[donnees[colonne] == annee].reset_index(drop=True)


def _niveau_des_codes(donnees: pd.DataFrame, lot: Lot) -> str:
    """Déduire le niveau de la forme des codes ; départements et régions se distinguent par leurs noms."""
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
        elif niveau != "iris" and liste.map(lambda c, n=niveau: codes.conforme(c, n)).mean() > 0.5:
            return niveau
    raise SourceNonReconnue(
        f"Le niveau géographique de « {lot.source.titre} » ne se déduit pas des codes "
        f"({', '.join(liste.head(3))}…). On attend des communes (cinq caractères), des EPCI (neuf chiffres), "
        "ou des départements ou régions nommés dans une colonne LIBGEO. Si un tableur a ôté les zéros "
        "initiaux des codes, reprenez le fichier d'origine."
    )


# -- contrat de la table -----------------------------------------------------------------------


def _fautes_de_codes(donnees: pd.DataFrame, niveau: str, lot: Lot) -> list[str]:
    """Vérifier la forme et l'unicité des codes avec pandera, et dire toutes les fautes en français."""
    import pandera.pandas as pa_ra  # noqa: PLC0415 - import lent, réservé au dépôt

    cles = [c for c in lot.source.identite if c in donnees]
    forme = codes.FORMES.get(niveau)
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
        return _traduire(cause.failure_cases, niveau, lot)
    return []


def _traduire(cas: pd.DataFrame, niveau: str, lot: Lot) -> list[str]:
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
            if any(c.isdigit() and codes.conforme("0" + c, niveau) for c in formes)
            else ""
        )
        fautes.append(
            f"colonne {lot.cle} : {len(formes)} code(s) mal formé(s) ({', '.join(formes[:5])}) ; "
            f"on attend {codes.ATTENDUS.get(niveau, niveau)}.{conseil}"
        )
    return fautes


def _fautes_de_diffusion(donnees: pd.DataFrame) -> list[str]:
    """Exiger que chaque ligne reçue d'un partenaire dise si elle peut être publiée."""
    lues = donnees["DIFFUSION"].fillna("").str.strip().str.lower()
    mauvaises = sorted(set(lues[~lues.isin(DIFFUSIONS)]))
    if not mauvaises:
        return []
    montrees = ", ".join(f"« {m} »" for m in mauvaises[:5])
    return [f"colonne DIFFUSION : {montrees} ; on attend « interne » ou « publique » à chaque ligne."]
