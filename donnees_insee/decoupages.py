"""Découpages à part : arrondissements municipaux, EPT du Grand Paris, QPV à cheval ou de deux générations."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import pandas as pd

from donnees_insee import codes
from donnees_insee.codes import normaliser
from donnees_insee.erreurs import TableNonConforme, liste_de_fautes
from donnees_insee.groupes import APRES, NonApparie, Passage, former

if TYPE_CHECKING:
    from collections.abc import Iterable

    from donnees_insee.base import Base
    from donnees_insee.geographie import Geographie

# Arrondissements municipaux de chaque ville, du premier au dernier : leur nombre n'a pas changé depuis 1964.
DERNIERS: Final[dict[str, tuple[int, int]]] = {
    "75056": (75101, 75120),
    "69123": (69381, 69389),
    "13055": (13201, 13216),
}
GENERATIONS: Final = (2015, 2024)
ANCIENS: Final = ("QP2015_1", "QP2015_2", "QP2015_3")
# Mots du fichier de correspondance, ramenés à quatre statuts ; un autre mot est refusé.
STATUTS_QPV: Final[dict[str, str]] = {
    "identique": "identique",
    "inchange": "identique",
    "modifie": "modifié",
    "nouveau": "nouveau",
    "entrant": "nouveau",
}


# -- arrondissements de Paris, Lyon et Marseille -----------------------------------------------


def passage_des_arrondissements(recus: Iterable[str], annee: int | None = None) -> Passage:
    """Ramener les arrondissements de Paris, Lyon et Marseille à leur ville.

    Parameters
    ----------
    recus : iterable of str
        Codes de communes et d'arrondissements d'une table.
    annee : int or None, default None
        Année de la géographie.

    Returns
    -------
    Passage
        Tous les arrondissements d'une ville dans le groupe de la ville, les communes inchangées.

    Raises
    ------
    TableNonConforme
        La table porte une ville et ses arrondissements : elle compterait deux fois les mêmes habitants.
    """
    tous = set(recus)
    fautes = []
    for ville in sorted(tous & codes.ARRONDISSEMENTS.keys()):
        siens = sorted(c for c in tous if c != ville and codes.ville_de_l_arrondissement(c) == ville)
        if siens:
            fautes.append(
                f"la ville {ville} et {len(siens)} de ses arrondissements ({', '.join(siens[:3])}…) y sont ensemble ; "
                "gardez l'une ou les autres."
            )
    if fautes:
        raise TableNonConforme(
            liste_de_fautes("Cette table compterait deux fois les mêmes habitants :", fautes)
        )
    villes = {codes.ville_de_l_arrondissement(c) for c in tous} - tous
    # Les arrondissements absents de la table restent attendus : la somme d'une partie n'est pas la ville.
    attendus = {str(c) for v in villes for c in range(DERNIERS[v][0], DERNIERS[v][1] + 1)}
    return former("commune", annee, annee, [(c, codes.ville_de_l_arrondissement(c)) for c in tous | attendus])


# -- établissements publics territoriaux -------------------------------------------------------


def ept(base: Base) -> pd.DataFrame:
    """Donner l'établissement public territorial des communes de la Métropole du Grand Paris.

    La composition est lue dans une table d'appartenance déposée qui porte la colonne ``EPT`` ; à défaut (celle de
    l'Insee de 2022 ne la porte pas), dans la table de 2016 livrée avec le paquet.

    Parameters
    ----------
    base : Base
        Base locale.

    Returns
    -------
    pandas.DataFrame
        Index ``code`` de commune ; colonnes ``ept``, ``nom_ept``, ``annee``.

    Raises
    ------
    TableNonConforme
        Des communes de la métropole n'ont pas d'EPT dans la table déposée.
    """
    for annee in base.millesimes("appartenance", "commune")[::-1]:
        if "EPT" not in base.colonnes("appartenance", annee, "commune"):
            continue
        table = base.lire("appartenance", annee, "commune", colonnes=["EPCI", "EPT", "LIBEPT"])
        return ept_de_la_table(table, annee)
    livree = codes.etablissements_territoriaux()
    return pd.DataFrame(
        {"ept": [e for e, _ in livree.values()], "nom_ept": [n for _, n in livree.values()], "annee": 2016},
        index=pd.Index(list(livree), name="code"),
    )


def ept_de_la_table(table: pd.DataFrame, annee: int | None = None) -> pd.DataFrame:
    """Lire les EPT d'une table d'appartenance.

    Parameters
    ----------
    table : pandas.DataFrame
        Index : code de commune ; colonnes ``EPT`` et, si elles y sont, ``EPCI`` et ``LIBEPT``.
    annee : int or None, default None
        Année de la table.

    Returns
    -------
    pandas.DataFrame
        Index ``code`` ; colonnes ``ept``, ``nom_ept``, ``annee``.

    Raises
    ------
    TableNonConforme
        Des communes de la métropole n'ont pas d'EPT.
    """
    renseignes = table["EPT"].notna() & ~table["EPT"].isin(["", "ZZZZZZZZZ"])
    if "EPCI" in table:
        oubliees = table.index[(table["EPCI"] == codes.METROPOLE_DU_GRAND_PARIS) & ~renseignes]
        # Paris est le territoire T1 sans être membre d'un établissement : son absence n'est pas une faute.
        oubliees = [str(c) for c in oubliees if codes.ville_de_l_arrondissement(str(c)) != "75056"]
        if oubliees:
            raise TableNonConforme(
                f"{len(oubliees)} commune(s) de la Métropole du Grand Paris sans EPT ({', '.join(oubliees[:5])}). "
                "Complétez la colonne EPT de la table d'appartenance."
            )
    lus = table[renseignes]
    return pd.DataFrame(
        {"ept": lus["EPT"], "nom_ept": lus.get("LIBEPT", lus["EPT"]), "annee": annee},
        index=pd.Index(lus.index, name="code"),
    )


# -- quartiers prioritaires --------------------------------------------------------------------


def qpv_sur_plusieurs_communes(geographie: Geographie) -> pd.DataFrame:
    """Lister les QPV qui s'étendent sur plusieurs communes.

    Parameters
    ----------
    geographie : Geographie
        Géographie de la base.

    Returns
    -------
    pandas.DataFrame
        Index ``code`` ; colonnes ``nom``, ``communes`` et ``generation``.
    """
    table = geographie.qpv
    return table[[len(communes) > 1 for communes in table["communes"]]]


def correspondance_qpv(table: pd.DataFrame, anciens: Iterable[str] = ()) -> pd.DataFrame:
    """Mettre à plat la correspondance entre les QPV de 2024 et ceux de 2015.

    Parameters
    ----------
    table : pandas.DataFrame
        Index : code du QPV de 2024 ; colonnes ``STATUT``, ``QP2015_1``, ``QP2015_2``, ``QP2015_3``.
    anciens : iterable of str, default ()
        Tous les QPV de 2015 connus : ceux que la table ne cite pas sont sortis de la géographie prioritaire.

    Returns
    -------
    pandas.DataFrame
        Une ligne par couple : ``qpv_2024``, ``qpv_2015`` (``None`` d'un côté pour un nouveau ou un sorti), ``statut``
        parmi ``identique``, ``modifié``, ``nouveau`` et ``sorti``, ``comparable``.

    Raises
    ------
    TableNonConforme
        Statut inconnu, ou qui contredit les codes cités.
    """
    fautes: list[str] = []
    lignes: list[tuple[str | None, str | None, str]] = []
    for code, ligne in table.iterrows():
        cites = [str(ligne[c]).strip() for c in ANCIENS if c in table and pd.notna(ligne[c])]
        cites = [c for c in cites if c]
        brut = "" if pd.isna(ligne["STATUT"]) else str(ligne["STATUT"])
        statut = next((s for mot, s in STATUTS_QPV.items() if mot in normaliser(brut).split()), None)
        if statut is None:
            fautes.append(f"{code} : statut « {brut} » inconnu ; on attend identique, modifié ou nouveau.")
        elif statut == "nouveau" and cites:
            fautes.append(f"{code} : dit nouveau, et pourtant issu de {', '.join(cites)}.")
        elif statut == "identique" and len(cites) != 1:
            fautes.append(f"{code} : dit identique, mais cite {len(cites)} QPV de 2015 ; on en attend un.")
        else:
            lignes += [(str(code), ancien, statut) for ancien in cites] or [(str(code), None, statut)]
    if fautes:
        raise TableNonConforme(liste_de_fautes("La correspondance des QPV est contradictoire :", fautes))
    cites_en_tout = {ancien for _, ancien, _ in lignes}
    lignes += [(None, c, "sorti") for c in sorted(set(anciens) - cites_en_tout)]
    plate = pd.DataFrame(lignes, columns=["qpv_2024", "qpv_2015", "statut"], dtype="object")
    repris = plate["qpv_2015"].dropna().duplicated(keep=False)
    partages = plate["qpv_2015"].isin(plate["qpv_2015"].dropna()[repris])
    plate["comparable"] = (plate["statut"] == "identique") & ~partages
    return plate


def passage_qpv(correspondance: pd.DataFrame) -> Passage:
    """Former le passage des QPV de 2015 à ceux de 2024 : seuls les périmètres identiques se comparent.

    Parameters
    ----------
    correspondance : pandas.DataFrame
        Table rendue par :func:`correspondance_qpv`.

    Returns
    -------
    Passage
        Un groupe par périmètre identique ; les autres sont listés avec leur raison. Un QPV modifié n'est pas réuni
        à ses voisins : ses nouvelles limites prennent ou rendent du territoire hors des QPV.
    """
    identiques = correspondance[correspondance["comparable"]]
    ecarts: list[NonApparie] = []
    for ligne in correspondance[~correspondance["comparable"]].itertuples():
        ancien, nouveau = _texte(ligne.qpv_2015), _texte(ligne.qpv_2024)
        if ancien:
            suite = (
                f"périmètre {ligne.statut} en 2024 ({nouveau})"
                if nouveau
                else "sorti de la géographie prioritaire en 2024"
            )
            ecarts.append(NonApparie(ancien, "avant", suite))
        if nouveau:
            suite = f"périmètre {ligne.statut} par rapport à 2015 ({ancien})" if ancien else "nouveau en 2024"
            ecarts.append(NonApparie(nouveau, APRES, suite))
    couples = zip(identiques["qpv_2015"].astype(str), identiques["qpv_2024"].astype(str), strict=True)
    return former("qpv", *GENERATIONS, couples, ecarts)


def _texte(valeur: object) -> str:
    return valeur if isinstance(valeur, str) else ""
