"""Les fichiers reçus d'un partenaire : lire leurs dates et leurs codes, vérifier un dépôt en entier."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from typing import TYPE_CHECKING, Final

import pandas as pd

from donnees_insee.catalogue.modeles_recus import DIFFUSIONS, modele_ecrit, suggestion, themes
from donnees_insee.codes import FORMES, normaliser
from donnees_insee.preparation.nombres import SUFFIXE_STATUT

if TYPE_CHECKING:
    from collections.abc import Iterable

SOURCE: Final = "locale"
COLONNES: Final = (
    "territoire", "date", "indicateur", "numerateur", "denominateur", "producteur", "diffusion", "seuil",
)  # fmt: skip
NIVEAUX: Final = ("iris", "commune", "epci", "departement", "qpv", "france")
REGION: Final = re.compile(r"R\d{2}")  # « R76 » : deux chiffres seuls sont un département
ATTENDUS: Final = (
    "un IRIS ou un EPCI (neuf chiffres), une commune (cinq caractères), un QPV (QP034005), un département (34), "
    "une région précédée d'un R (R76) ou METRO"
)
ANNEE: Final = re.compile(r"(?:19|20)\d{2}")
EXEMPLES: Final = 5


@dataclass(frozen=True)
class DateLue:
    """Une date de fichier reçu : ce qu'on en imprime, et l'année qui la range."""

    texte: str
    annee: int


@dataclass(frozen=True)
class Examen:
    """Ce que donne l'examen d'un fichier reçu."""

    lignes: pd.DataFrame
    fautes: tuple[str, ...]
    remarques: tuple[str, ...]


@lru_cache(maxsize=4096)
def lire_date(texte: str) -> DateLue | None:
    """Lire la date d'une ligne reçue : année, jour, ou période."""
    propre = texte.strip().removesuffix(" 00:00:00")
    if ANNEE.fullmatch(propre):
        return DateLue(f"année {propre}", int(propre))
    periode = re.fullmatch(r"(\d{4})\s*[-/–]\s*(\d{4})", propre)
    if periode:
        debut, fin = int(periode[1]), int(periode[2])
        bonnes = ANNEE.fullmatch(periode[1]) and ANNEE.fullmatch(periode[2]) and debut < fin
        return DateLue(f"période {debut}-{fin}", fin) if bonnes else None
    jour = re.fullmatch(r"(\d{4})-(\d{2})-(\d{2})", propre)
    inverse = re.fullmatch(r"(\d{2})/(\d{2})/(\d{4})", propre)
    if not (jour or inverse):
        return None
    annee, mois, quantieme = map(int, jour.groups() if jour else inverse.groups()[::-1])  # type: ignore[union-attr]
    try:
        return DateLue(date(annee, mois, quantieme).isoformat(), annee)
    except ValueError:
        return None


def code_valide(code: str) -> bool:
    """Dire si un code de territoire a une forme admise dans un fichier reçu."""
    return REGION.fullmatch(code) is not None or any(FORMES[n].fullmatch(code) for n in NIVEAUX)


# -- examen d'un dépôt -------------------------------------------------------------------------


def examiner(donnees: pd.DataFrame, sans_code: int = 0) -> Examen:
    """Vérifier toutes les lignes d'un fichier reçu, et relever toutes les fautes d'un coup."""
    lignes = completer(donnees)
    vides = _a_remplir(lignes)
    remarques = (
        [f"{int(vides.sum())} ligne(s) du modèle laissées vides, mises de côté"] if vides.any() else []
    )
    lignes = lignes[~vides].reset_index(drop=True)
    fautes = [f"{sans_code} ligne(s) remplies n'ont pas de code de territoire."] if sans_code else []
    absentes = [c for c in ("DATE", "PRODUCTEUR", "DIFFUSION") if c not in donnees]
    fautes += [f"colonne {c} absente ; le modèle (abs sources modele) la porte." for c in absentes]
    for verifier in (_territoires, _dates, _indicateurs, _nombres, _seuils, _textes, _repetees):
        fautes += verifier(lignes, absentes)
    if lignes.empty and not fautes:
        fautes = ["aucune ligne n'est remplie : il manque au moins un numérateur."]
    return Examen(lignes[[c for c in lignes if c in donnees]], tuple(fautes), tuple(remarques))


def completer(donnees: pd.DataFrame) -> pd.DataFrame:
    """Donner à une table reçue les colonnes qui lui manquent, vides."""
    complete = donnees.copy()
    for nom in ("DATE", "INDICATEUR", "PRODUCTEUR", "DIFFUSION", "LIBELLE", "THEME", "UNITE"):
        complete[nom] = (complete[nom] if nom in complete else pd.Series("", complete.index)).fillna("")
    for nom in ("NUMERATEUR", "DENOMINATEUR", "SEUIL"):
        complete[nom] = complete[nom] if nom in complete else pd.Series(float("nan"), complete.index)
    return complete


def _a_remplir(lignes: pd.DataFrame) -> pd.Series:
    """Reconnaître les lignes d'un modèle pré-rempli que le partenaire n'a pas remplies."""
    vides = lignes["NUMERATEUR"].isna() & lignes["DENOMINATEUR"].isna()
    for nom in ("NUMERATEUR", "DENOMINATEUR"):
        if nom + SUFFIXE_STATUT in lignes:
            vides &= lignes[nom + SUFFIXE_STATUT].isna()
    return vides


def _ou(lignes: pd.DataFrame, ici: pd.Series) -> str:
    """Nommer les premières lignes fautives par leur territoire et leur indicateur."""
    noms = list(dict.fromkeys(f"{r.code} · {r.INDICATEUR or '?'}" for r in lignes[ici].itertuples()))
    suite = f" et {len(noms) - EXEMPLES} autres" if len(noms) > EXEMPLES else ""
    return ", ".join(noms[:EXEMPLES]) + suite


def _citer(valeurs: Iterable[str]) -> str:
    uniques = sorted(set(valeurs))
    suite = f" et {len(uniques) - EXEMPLES} autres" if len(uniques) > EXEMPLES else ""
    return ", ".join(f"« {v} »" if v else "cellule vide" for v in uniques[:EXEMPLES]) + suite


def _territoires(lignes: pd.DataFrame, _: list[str]) -> list[str]:
    mauvais = [str(c) for c in lignes["code"] if not code_valide(str(c))]
    if not mauvais:
        return []
    zero = any(c.isdigit() and code_valide("0" + c) for c in mauvais)
    conseil = " Un zéro initial a sans doute été perdu par un tableur : rendez-le." if zero else ""
    return [f"colonne TERRITOIRE : code(s) {_citer(mauvais)} mal formé(s) ; on attend {ATTENDUS}.{conseil}"]


def _dates(lignes: pd.DataFrame, absentes: list[str]) -> list[str]:
    if "DATE" in absentes:
        return []
    mauvaises = [str(d) for d in lignes["DATE"] if lire_date(str(d)) is None]
    attendu = "une année (2024), un jour (2024-12-31 ou 31/12/2024) ou une période (2024-2025)"
    return [f"colonne DATE : {_citer(mauvaises)} ; on attend {attendu}."] if mauvaises else []


def _indicateurs(lignes: pd.DataFrame, _: list[str]) -> list[str]:
    fautes = []
    admis = ", ".join(themes())
    if (lignes["INDICATEUR"] == "").any():
        fautes.append("colonne INDICATEUR : vide à une ligne ou plus ; on attend un code de modèle.")
    for texte, groupe in lignes[lignes["INDICATEUR"] != ""].groupby("INDICATEUR"):
        if modele_ecrit(str(texte)) is not None:
            continue
        libelles, rangs = set(groupe["LIBELLE"]) - {""}, set(groupe["THEME"])
        if not libelles and " " not in str(texte).strip():
            fautes.append(
                f"colonne INDICATEUR : « {texte} » n'est pas un modèle.{suggestion(str(texte))} Pour un indicateur "
                f"à vous, ajoutez les colonnes libelle et theme ({admis})."
            )
        elif len(libelles) > 1 or len(rangs) > 1:
            fautes.append(f"« {texte} » : le libellé et le thème doivent être les mêmes à toutes ses lignes.")
        elif not rangs <= set(themes()):
            fautes.append(
                f"« {texte} » est un indicateur à vous : sa colonne theme doit dire où le ranger ({admis}) ; "
                f"reçu {_citer(rangs)}."
            )
    return fautes


def en_pourcentage(lignes: pd.DataFrame) -> pd.Series:
    """Dire, ligne par ligne, si l'indicateur est un pourcentage."""

    def une(indicateur: str, unite: str, denominateur: float) -> bool:
        connu = modele_ecrit(indicateur)
        ecrite = connu.unite if connu is not None else unite.strip()
        return ecrite == "%" or (not ecrite and pd.notna(denominateur))

    trios = zip(lignes["INDICATEUR"], lignes["UNITE"], lignes["DENOMINATEUR"], strict=True)
    return pd.Series([une(str(i), str(u), d) for i, u, d in trios], lignes.index, dtype=bool)


def _nombres(lignes: pd.DataFrame, _: list[str]) -> list[str]:
    haut, bas = lignes["NUMERATEUR"], lignes["DENOMINATEUR"]
    cas = (
        ("numérateur négatif", haut < 0),
        ("dénominateur négatif", bas < 0),
        ("dénominateur égal à zéro : laissez les deux cellules vides", bas == 0),
        ("numérateur plus grand que le dénominateur d'un pourcentage", (haut > bas) & en_pourcentage(lignes)),
    )
    return [f"{mots} ({_ou(lignes, ici)})." for mots, ici in cas if ici.any()]


def _seuils(lignes: pd.DataFrame, _: list[str]) -> list[str]:
    seuil = lignes["SEUIL"]
    faux = seuil.notna() & ((seuil < 0) | (seuil % 1 != 0))
    fautes = []
    if faux.any():
        recus = _citer(f"{s:g}".replace(".", ",") for s in seuil[faux])
        fautes.append(f"colonne SEUIL : {recus} ; on attend un nombre entier, 0 pour ne rien masquer.")
    libres = pd.Series([modele_ecrit(str(i)) is None for i in lignes["INDICATEUR"]], lignes.index, dtype=bool)
    manque = seuil.isna() & libres & (lignes["INDICATEUR"] != "")
    if manque.any():
        fautes.append(
            f"colonne SEUIL : vide ({_ou(lignes, manque)}) ; un indicateur hors modèle dit son seuil de secret."
        )
    return fautes


def _textes(lignes: pd.DataFrame, absentes: list[str]) -> list[str]:
    fautes = []
    if "DIFFUSION" not in absentes:
        lues = lignes["DIFFUSION"].str.strip().str.lower()
        mauvaises = lues[~lues.isin(DIFFUSIONS)]
        if len(mauvaises):
            fautes.append(
                f"colonne DIFFUSION : {_citer(mauvaises)} ({_ou(lignes, ~lues.isin(DIFFUSIONS))}) ; "
                "on attend « interne » ou « publique » à chaque ligne."
            )
    if "PRODUCTEUR" not in absentes and (lignes["PRODUCTEUR"] == "").any():
        fautes.append(
            f"colonne PRODUCTEUR : vide ({_ou(lignes, lignes['PRODUCTEUR'] == '')}) ; on attend le nom de qui "
            "transmet."
        )
    return fautes


def _repetees(lignes: pd.DataFrame, _: list[str]) -> list[str]:
    """Trouver les doublons que l'écriture cache : 2025-12-31 et 31/12/2025, un code et son libellé."""
    ecrites = lignes[["code", "DATE", "INDICATEUR"]].astype(str)
    lues = identites(lignes)
    doubles = lues.duplicated(keep=False) & ~ecrites.duplicated(keep=False)
    return [f"ligne(s) en double sous deux écritures ({_ou(lignes, doubles)})."] if doubles.any() else []


def identites(lignes: pd.DataFrame) -> pd.DataFrame:
    """Dire ce que chaque ligne décrit, quelle que soit son écriture."""
    return pd.DataFrame(
        {
            "code": lignes["code"].astype(str),
            "date": [d.texte if (d := lire_date(str(t))) else str(t) for t in lignes["DATE"]],
            "indicateur": [code_indicateur(str(t)) for t in lignes["INDICATEUR"]],
        },
        index=lignes.index,
    )


def code_indicateur(texte: str) -> str:
    """Donner le code d'un indicateur reçu : celui de son modèle, ou son nom réduit à des lettres."""
    connu = modele_ecrit(texte)
    return connu.code if connu is not None else "local_" + normaliser(texte).replace(" ", "_")
