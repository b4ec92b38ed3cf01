"""Les fichiers reçus d'un partenaire : lire leurs dates et leurs codes, vérifier un dépôt en entier."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from typing import Final

import pandas as pd

from donnees_insee.catalogue.modeles_recus import DIFFUSIONS, modele_ecrit, suggestion, themes
from donnees_insee.codes import FORMES, normaliser
from donnees_insee.preparation.nombres import SUFFIXE_STATUT

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
    jour = re.sub(r"(\d{2})/(\d{2})/(\d{4})", r"\3-\2-\1", propre)
    if not re.fullmatch(r"\d{4}-\d{2}-\d{2}", jour):
        return None
    try:
        lu = date(*map(int, jour.split("-")))
    except ValueError:
        return None
    return DateLue(lu.isoformat(), lu.year)


def code_valide(code: str) -> bool:
    """Dire si un code de territoire a une forme admise dans un fichier reçu."""
    return REGION.fullmatch(code) is not None or any(FORMES[n].fullmatch(code) for n in NIVEAUX)


# -- examen d'un dépôt -------------------------------------------------------------------------


def examiner(donnees: pd.DataFrame, sans_code: int = 0) -> tuple[pd.DataFrame, list[str], list[str]]:
    """Vérifier toutes les lignes d'un fichier reçu : celles qui sont remplies, toutes les fautes, les remarques."""
    lignes = completer(donnees)
    vides = _a_remplir(lignes)
    remarques = (
        [f"{int(vides.sum())} ligne(s) du modèle laissées vides, mises de côté"] if vides.any() else []
    )
    lignes = lignes[~vides].reset_index(drop=True)
    fautes = [f"{sans_code} ligne(s) remplies n'ont pas de code de territoire."] if sans_code else []
    absentes = [c for c in ("DATE", "PRODUCTEUR", "DIFFUSION") if c not in donnees]
    fautes += [f"colonne {c} absente ; le modèle (abs sources modele) la porte." for c in absentes]
    for verifier in (_territoires, _dates, _indicateurs, _cellules):
        fautes += verifier(lignes, absentes)
    if lignes.empty and not fautes:
        fautes = ["aucune ligne n'est remplie : il manque au moins un numérateur."]
    return lignes[[c for c in lignes if c in donnees]], fautes, remarques


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
    nombres = ["NUMERATEUR", "DENOMINATEUR"]
    marques = [n + SUFFIXE_STATUT for n in nombres if n + SUFFIXE_STATUT in lignes]
    return lignes[nombres + marques].isna().all(axis=1)


def _ou(lignes: pd.DataFrame, ici: pd.Series) -> str:
    """Nommer les premières lignes fautives par leur territoire et leur indicateur."""
    return _premiers(f"{r.code} · {r.INDICATEUR or '?'}" for r in lignes[ici].itertuples())


def _citer(valeurs: Iterable[str]) -> str:
    return _premiers(f"« {v} »" if v else "cellule vide" for v in sorted(set(valeurs)))


def _premiers(mots: Iterable[str]) -> str:
    uniques = list(dict.fromkeys(mots))
    suite = f" et {len(uniques) - EXEMPLES} autres" if len(uniques) > EXEMPLES else ""
    return ", ".join(uniques[:EXEMPLES]) + suite


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
    modeles = [modele_ecrit(str(i)) for i in lignes["INDICATEUR"]]
    unites = [str(u).strip() if m is None else m.unite for m, u in zip(modeles, lignes["UNITE"], strict=True)]
    ecrites = pd.Series(unites, lignes.index, dtype="str")
    return (ecrites == "%") | ((ecrites == "") & lignes["DENOMINATEUR"].notna())


def _cellules(lignes: pd.DataFrame, absentes: list[str]) -> list[str]:
    """Relever les nombres impossibles, les seuils et les mentions qui manquent, les lignes répétées."""
    haut, bas, seuil, indicateurs = (lignes[n] for n in ("NUMERATEUR", "DENOMINATEUR", "SEUIL", "INDICATEUR"))
    libres = pd.Series([modele_ecrit(str(i)) is None for i in indicateurs], lignes.index, dtype=bool)
    seuils = pd.Series([f"{s:g}".replace(".", ",") for s in seuil], lignes.index, dtype="str")
    diffusions = lignes["DIFFUSION"].str.strip().str.lower()
    # Les doublons que l'écriture cache : 2025-12-31 et 31/12/2025, un code et son libellé.
    ecrites, lues = lignes[["code", "DATE", "INDICATEUR"]].astype(str), identites(lignes)
    cas = (
        ("numérateur négatif ({ou}).", haut < 0),
        ("dénominateur négatif ({ou}).", bas < 0),
        ("dénominateur égal à zéro : laissez les deux cellules vides ({ou}).", bas == 0),
        (
            "numérateur plus grand que le dénominateur d'un pourcentage ({ou}).",
            (haut > bas) & en_pourcentage(lignes),
        ),
        (
            "colonne SEUIL : {seuils} ; on attend un nombre entier, 0 pour ne rien masquer.",
            seuil.notna() & ((seuil < 0) | (seuil % 1 != 0)),
        ),
        (
            "colonne SEUIL : vide ({ou}) ; un indicateur hors modèle dit son seuil de secret.",
            seuil.isna() & libres & (indicateurs != ""),
        ),
        (
            "colonne DIFFUSION : {diffusions} ({ou}) ; on attend « interne » ou « publique » à chaque ligne.",
            ~diffusions.isin(DIFFUSIONS) & ("DIFFUSION" not in absentes),
        ),
        (
            "colonne PRODUCTEUR : vide ({ou}) ; on attend le nom de qui transmet.",
            (lignes["PRODUCTEUR"] == "") & ("PRODUCTEUR" not in absentes),
        ),
        (
            "ligne(s) en double sous deux écritures ({ou}).",
            lues.duplicated(keep=False) & ~ecrites.duplicated(keep=False),
        ),
    )
    return [
        phrase.format(ou=_ou(lignes, ici), seuils=_citer(seuils[ici]), diffusions=_citer(diffusions[ici]))
        for phrase, ici in cas
        if ici.any()
    ]


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
