"""Ce que la porte liste et lit : sources, indicateurs, tables de la base, et la carte d'une couche quelconque."""

from __future__ import annotations

import difflib
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import pandas as pd

from abs.indicateurs.indicateurs import chercher_des_indicateurs
from abs.statuts import Fiabilite, Statut
from carnets.textes import textes
from donnees_insee.base.base import Base, familles
from donnees_insee.catalogue.catalogue import sources as sources_connues
from donnees_insee.erreurs import (
    CarteImpossible,
    DonneeAbsente,
    FichierIllisible,
    ParametreInvalide,
    TableNonConforme,
)

if TYPE_CHECKING:
    import geopandas as gpd

    from cartes.carte import CarteThematique

DITS: Final[dict[str, Any]] = textes("carnets.ateliers")["listes"]
SANS_NOM: Final = "sans nom"


def _base(dossier: str) -> Base:
    return Base(Path(dossier) if dossier else None)


def sources(dossier_donnees: str = "") -> pd.DataFrame:
    """Lister les sources connues et les années que la base en tient.

    Parameters
    ----------
    dossier_donnees : str, default ""
        Dossier des données ; vide, celui de la variable ``ABS_DONNEES``.

    Returns
    -------
    pandas.DataFrame
        Une ligne par source, son code en index ; ``titre``, ``producteur``, ``niveaux``, ``annees``.

    Examples
    --------
    >>> import carnets
    >>> "2022" in carnets.sources(str(base.dossier)).loc["rp_population", "annees"]
    True
    """
    base = _base(dossier_donnees)
    lignes = {
        code: (s.titre, s.producteur, ", ".join(s.niveaux), ", ".join(map(str, base.millesimes(code))))
        for code, s in sources_connues().items()
    }
    colonnes = ["titre", "producteur", "niveaux", "annees"]
    return pd.DataFrame.from_dict(lignes, orient="index", columns=colonnes).rename_axis("code")


def indicateurs(theme: str = "", recherche: str = "") -> pd.DataFrame:
    """Lister les indicateurs d'un thème, ou ceux dont un mot est cherché.

    Parameters
    ----------
    theme : str, default ""
        emploi, demographie, revenus, logement ou sante_education ; vide, tous.
    recherche : str, default ""
        Mot du code, du libellé ou de la définition.

    Returns
    -------
    pandas.DataFrame
        Une ligne par indicateur, son code en index ; ``libelle``, ``unite``, ``theme``, ``sources``, ``formule``.

    Raises
    ------
    ParametreInvalide
        Thème inconnu.

    Examples
    --------
    >>> import carnets
    >>> carnets.indicateurs("revenus").loc["niveau_vie_median", "unite"]
    '€'
    """
    lignes = {
        i.code: (
            i.libelle,
            i.unite,
            i.theme,
            ", ".join(dict.fromkeys(le.source.id for le in i.lectures)),
            i.lectures[0].formule_lisible(),
        )
        for i in chercher_des_indicateurs(theme, recherche)
    }
    colonnes = ["libelle", "unite", "theme", "sources", "formule"]
    return pd.DataFrame.from_dict(lignes, orient="index", columns=colonnes).rename_axis("code")


def lire(source: str, millesime: int, niveau: str = "iris", dossier_donnees: str = "") -> pd.DataFrame:
    """Lire une table de la base.

    Parameters
    ----------
    source : str
        Code d'une source (``rp_population``) ou d'une famille qui n'en a qu'une à ce niveau (``filosofi``).
    millesime : int
        Année du fichier.
    niveau : str, default "iris"
        iris, commune, epci, departement, region, france ou qpv.
    dossier_donnees : str, default ""
        Dossier des données.

    Returns
    -------
    pandas.DataFrame
        Une ligne par territoire, le code (texte) en index.

    Raises
    ------
    DonneeAbsente
        La base ne tient pas cette table ; la phrase dit ce qu'elle tient.

    Examples
    --------
    >>> import carnets
    >>> carnets.lire("rp_population", 2022, "iris", str(base.dossier)).index[0]
    '990010101'
    """
    base = _base(dossier_donnees)
    tenues = sorted({(p.source, p.millesime, p.niveau) for p in base.parts() if p.millesime is not None})
    candidates = {s for s, annee, n in tenues if (annee, n) == (millesime, niveau)}
    siennes = [s for s in (source, *familles().get(source, ())) if s in candidates]
    if len(siennes) == 1 or source in siennes:
        return base.lire(source if source in siennes else siennes[0], millesime, niveau)
    connus = {*sources_connues(), *familles()}
    if source not in connus:
        proches = difflib.get_close_matches(source, connus, n=3, cutoff=0.5)
        suite = f" Vouliez-vous dire {' ou '.join(proches)} ?" if proches else ""
        raise ParametreInvalide(DITS["source_inconnue"].format(source=source, suite=suite))
    if siennes:
        raise ParametreInvalide(DITS["plusieurs"].format(source=source, siennes=", ".join(siennes)))
    de_la_source = [f"{s} {a} ({n})" for s, a, n in tenues if s in {source, *familles().get(source, ())}]
    mots = {"source": source, "millesime": millesime, "niveau": niveau}
    raise DonneeAbsente(DITS["table_absente"].format(tenues=", ".join(de_la_source) or "rien", **mots))


def carte(
    couche: gpd.GeoDataFrame,
    valeur: str,
    *,
    titre: str = "",
    nom: str = "nom",
    unite: str = "",
    decimales: int = 1,
    source: str = "",
    date: str = "",
) -> CarteThematique:
    """Dessiner la carte d'une colonne de n'importe quelle couche géographique.

    Parameters
    ----------
    couche : geopandas.GeoDataFrame
        Des polygones et leur projection.
    valeur : str
        Colonne de nombres ; une valeur vide y est dite indisponible, jamais zéro.
    titre : str, default ""
        Titre ; vide, le nom de la colonne.
    nom : str, default "nom"
        Colonne des noms ; absente, l'index.
    unite : str, default ""
        ``%``, ``€`` ou vide.
    decimales : int, default 1
        Décimales écrites.
    source, date : str, default ""
        Ce que dit la ligne de source.

    Returns
    -------
    CarteThematique
        La carte, dessinée dans le carnet ; ``.folium()``, ``.figure()``, ``.enregistrer()``.

    Raises
    ------
    CarteImpossible
        Colonne absente, pas de projection, pas de polygone.

    Examples
    --------
    >>> import carnets
    >>> m = carnets.territoire("99001", dossier_donnees=str(base.dossier))
    >>> carnets.carte(m.iris("part_hlm"), "part_hlm", unite="%").titre
    'part_hlm'
    """
    import geopandas as gpd  # noqa: PLC0415 - réservé aux cartes

    from cartes.carte import CarteThematique  # noqa: PLC0415

    if valeur not in couche.columns:
        colonnes = [c for c in couche.columns if c != couche.geometry.name]
        raise CarteImpossible(DITS["colonne_absente"].format(valeur=valeur, colonnes=", ".join(colonnes)))
    if couche.crs is None:
        raise CarteImpossible(DITS["sans_projection"])
    nombres = pd.to_numeric(couche[valeur], errors="coerce")
    if nombres.isna().all():
        raise CarteImpossible(DITS["sans_nombre"].format(valeur=valeur))
    gardees = couche[couche.geometry.notna() & ~couche.geometry.is_empty]
    nombres = nombres[gardees.index]
    noms = gardees[nom] if nom in gardees.columns else pd.Series(gardees.index, index=gardees.index)
    territoires = gpd.GeoDataFrame(geometry=gardees.geometry).assign(
        code=[str(c) for c in gardees.index],
        nom=noms.fillna(SANS_NOM).map(str),
        valeur=nombres.astype(float),
        statut=[Statut.INDISPONIBLE.value if pd.isna(v) else Statut.CALCULE.value for v in nombres],
        fiabilite=Fiabilite.NON_EVALUEE.value,
        raison="",
    )
    return CarteThematique(
        code=valeur,
        titre=titre or valeur,
        sous_titre=valeur if titre else "",
        territoires=territoires.reset_index(drop=True),
        nature="taux" if unite == "%" else "mediane" if unite == "€" else "indice",
        unite=unite,
        decimales=decimales,
        source=source or DITS["source_de_l_analyste"],
        date=date or DITS["non_precisee"],
        geographie=DITS["non_precisee"],
    )


def joindre(couche: gpd.GeoDataFrame, fichier: str, code: str = "code") -> gpd.GeoDataFrame:
    r"""Joindre un fichier CSV (UTF-8, séparateur point-virgule) à une couche, par son code lu comme du texte.

    Parameters
    ----------
    couche : geopandas.GeoDataFrame
        Couche dont l'index est un code.
    fichier : str
        Chemin du fichier ; vide, la couche est rendue telle quelle.
    code : str, default "code"
        Colonne du code.

    Returns
    -------
    geopandas.GeoDataFrame
        La couche et les colonnes du fichier ; un territoire absent du fichier y est vide, jamais zéro.

    Raises
    ------
    FichierIllisible
        Fichier absent, ou qui n'est pas un CSV.
    TableNonConforme
        Colonne du code absente, codes répétés, ou aucun code commun.

    Examples
    --------
    >>> import carnets, tempfile, pathlib
    >>> m = carnets.territoire("99001", dossier_donnees=str(base.dossier))
    >>> with tempfile.TemporaryDirectory() as d:
    ...     _ = (pathlib.Path(d) / "aides.csv").write_text("code;aides\n990010101;12\n", encoding="utf-8")
    ...     couche = carnets.joindre(m.iris("part_hlm"), f"{d}/aides.csv")
    >>> couche.loc["990010101", "aides"], int(couche["aides"].isna().sum())
    (np.float64(12.0), 21)
    """
    if not fichier:
        return couche
    try:
        lu = pd.read_csv(fichier, sep=";", decimal=",", dtype={code: str}, encoding="utf-8-sig")
    except (OSError, ValueError) as cause:
        raise FichierIllisible(DITS["fichier_illisible"].format(fichier=fichier, cause=cause)) from cause
    if code not in lu.columns:
        raise TableNonConforme(
            DITS["sans_code"].format(fichier=fichier, code=code, colonnes=", ".join(lu.columns))
        )
    doubles = lu[code][lu[code].duplicated()].unique().tolist()
    if doubles:
        raise TableNonConforme(
            DITS["doubles"].format(fichier=fichier, codes=", ".join(map(str, doubles[:5])))
        )
    siennes = lu.set_index(code)
    if not siennes.index.isin(couche.index).any():
        mots = {
            "recus": ", ".join(map(str, siennes.index[:3])),
            "attendus": ", ".join(map(str, couche.index[:3])),
        }
        raise TableNonConforme(DITS["aucun_code"].format(fichier=fichier, **mots))
    rendue = couche.drop(columns="geometry").join(siennes, rsuffix=DITS["suffixe"])
    return couche[["geometry"]].join(rendue)[[*rendue.columns, "geometry"]]
