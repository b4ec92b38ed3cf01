"""Les écarts d'une variable entre deux tables : bornes, niveau, étendue, cellules vides, et leurs seuils."""

import math
import re
from dataclasses import dataclass
from functools import lru_cache

import pandas as pd

from donnees_insee.codes import reference
from donnees_insee.depot.contradictions import TOLERANCE


@dataclass(frozen=True)
class Grandeur:
    """Ce qu'une variable mesure : ``compte``, ``part`` ou ``niveau``, et ses bornes sûres."""

    nature: str = "compte"
    minimum: float | None = None
    maximum: float | None = None


@dataclass(frozen=True)
class Ecart:
    """Une surprise sur une variable : sa nature, son ampleur pour le tri, et la phrase qui la dit."""

    nature: str
    variable: str
    ampleur: float
    phrase: str


@lru_cache(maxsize=1)
def seuils() -> dict[str, float]:
    """Lire les seuils au-delà desquels un écart est dit."""
    return {r["seuil"]: float(r["valeur"]) for r in reference("seuils_examen")}


def grandeur_de(source: str, variable: str) -> Grandeur:
    """Dire ce que mesure une variable."""
    for regle in reference("grandeurs"):
        if regle["source"] in {"*", source} and re.fullmatch(regle["motif"], variable):
            minimum, maximum = (float(regle[borne]) if regle[borne] else None for borne in ("min", "max"))
            return Grandeur(regle["grandeur"], minimum, maximum)
    return Grandeur()


# -- les écarts d'une variable -----------------------------------------------------------------


def ecarts_de_bornes(recue: pd.Series, variable: str, grandeur: Grandeur) -> list[Ecart]:
    """Relever ce qui est impossible par nature, que la base tienne quelque chose ou non."""
    bornes = {"au moins": grandeur.minimum, "au plus": grandeur.maximum}
    bas, haut = (math.nan if borne is None else borne for borne in bornes.values())
    attendu = " et ".join(f"{mot} {nombre(borne)}" for mot, borne in bornes.items() if borne is not None)
    return _ecart_de_plage("borne", variable, recue[(recue < bas) | (recue > haut)], attendu)


def ecarts_de_valeurs(
    ancienne: pd.Series, recue: pd.Series, variable: str, grandeur: Grandeur
) -> list[Ecart]:
    """Comparer une variable sur les codes communs, et son étendue sur tous."""
    a, b = _communes(ancienne, recue)
    ecarts = _ecart_de_vides(a, b, variable)
    if a.index.is_unique and b.index.is_unique:
        connues = a.notna() & b.notna()
        a, b = a[connues], b[connues]
    if len(a) and len(b):
        ecarts += _ecart_de_niveau(a, b, variable, grandeur)
    return ecarts + _ecarts_d_etendue(ancienne, recue, variable, grandeur)


def ecarts_corriges(ancienne: pd.Series, recue: pd.Series, variable: str) -> list[Ecart]:
    """Compter, pour un même millésime, les cellules qui disent autre chose que celles qui sont tenues."""
    if not (ancienne.index.is_unique and recue.index.is_unique):
        return []
    a, b = _communes(ancienne, recue)
    differe = (a.notna() & b.notna()) & ((a - b).abs() > TOLERANCE * b.abs())
    if not differe.any():
        return []
    code = differe.idxmax()
    phrase = (
        f"{variable} : {accord(int(differe.sum()), 'valeur', 'corrigées')}, dont {nombre(float(a[code]))} "
        f"devenu {nombre(float(b[code]))} au code {code}."
    )
    return [Ecart("corrige", variable, float(differe.sum()), phrase)]


def _communes(ancienne: pd.Series, recue: pd.Series) -> tuple[pd.Series, pd.Series]:
    if ancienne.index.is_unique and recue.index.is_unique:
        communs = recue.index.intersection(ancienne.index)
        return ancienne.loc[communs], recue.loc[communs]
    return ancienne[ancienne.index.isin(recue.index)], recue[recue.index.isin(ancienne.index)]


def _ecart_de_niveau(a: pd.Series, b: pd.Series, variable: str, grandeur: Grandeur) -> list[Ecart]:
    compte = grandeur.nature == "compte"
    avant, apres = (float(s.sum()) if compte else float(s.mean()) for s in (a, b))
    ou = f"sur {accord(len(b), 'code commun', 'renseignés')}"
    mot = "la somme" if compte else "la moyenne"
    if compte and max(abs(avant), abs(apres)) < seuils()["effectif_minimal"]:
        return []
    rapport = apres / avant if avant else math.inf if apres else 1.0
    puissance = _puissance_de_dix(rapport)
    passage = f"{variable} : {ou}, {mot} passe de {nombre(avant)} à {nombre(apres)}"
    if puissance:
        sens = "multipliée" if rapport > 1 else "divisée"
        phrase = f"{passage}, {sens} par {puissance} environ : unité changée ou virgule perdue ?"
        return [Ecart("facteur", variable, abs(math.log(rapport)), phrase)]
    if grandeur.nature == "part":
        points = apres - avant
        if abs(points) <= seuils()["variation_points"]:
            return []
        return [Ecart("variation", variable, abs(points) / 100, f"{passage} ({_signe(points)} points).")]
    if abs(rapport - 1) <= seuils()["variation"]:
        return []
    de_combien = f" ({_signe(100 * (rapport - 1))} %)" if math.isfinite(rapport) and avant > 0 else ""
    return [Ecart("variation", variable, min(abs(rapport - 1), 1e9), f"{passage}{de_combien}.")]


def _ecarts_d_etendue(
    ancienne: pd.Series, recue: pd.Series, variable: str, grandeur: Grandeur
) -> list[Ecart]:
    bas, haut = ancienne.min(), ancienne.max()
    if pd.isna(bas):
        return []
    if grandeur.nature == "compte" and bas >= 0 and (recue < 0).any():
        attendu = "un effectif, jamais négatif dans la table tenue"
        return _ecart_de_plage("negatif", variable, recue[recue < 0], attendu)
    # Une table presque constante a une étendue nulle : sa plus grande valeur donne alors l'échelle.
    marge = seuils()["bande"] * max(haut - bas, abs(bas), abs(haut))
    if not marge or len(ancienne.dropna()) < 2:
        return []
    attendu = f"de {nombre(float(bas))} à {nombre(float(haut))} dans la table tenue"
    dehors = recue[(recue < bas - marge) | (recue > haut + marge)]
    return _ecart_de_plage("bande", variable, dehors, attendu)


def _ecart_de_plage(nature: str, variable: str, dehors: pd.Series, attendu: str) -> list[Ecart]:
    """Dire les valeurs qui sortent d'une plage, et la première d'entre elles."""
    if dehors.empty:
        return []
    code, valeur = dehors.index[0], float(dehors.iloc[0])
    combien = accord(len(dehors), "valeur")
    phrase = f"{variable} : {combien}, dont {nombre(valeur)} au code {code} ; on attend {attendu}."
    return [Ecart(nature, variable, float(len(dehors)), phrase)]


def _ecart_de_vides(a: pd.Series, b: pd.Series, variable: str) -> list[Ecart]:
    if a.empty or b.empty:
        return []
    avant, apres = float(a.isna().mean()), float(b.isna().mean())
    if abs(apres - avant) <= seuils()["manquants"]:
        return []
    phrase = f"{variable} : {nombre(100 * avant)} % de cellules vides tenues, {nombre(100 * apres)} % reçues."
    return [Ecart("manquants", variable, abs(apres - avant), phrase)]


def _puissance_de_dix(rapport: float) -> int:
    """Donner 10, 100 ou 1000 si le rapport, ou son inverse, en est proche ; sinon zéro."""
    if not math.isfinite(rapport) or rapport <= 0:
        return 0
    grand, marge = max(rapport, 1 / rapport), seuils()["puissance_de_dix"]
    return next((p for p in (10, 100, 1000) if abs(grand / p - 1) <= marge), 0)


# -- dire --------------------------------------------------------------------------------------


def nombre(valeur: float) -> str:
    """Écrire un nombre à la française, sans décimale inutile."""
    decimales = 0 if abs(valeur) >= 1000 or float(valeur).is_integer() else 1 if abs(valeur) >= 10 else 2
    texte = f"{valeur:,.{decimales}f}"
    if decimales:
        texte = texte.rstrip("0").rstrip(".")
    return texte.replace(",", "\u202f").replace(".", ",")


def _signe(valeur: float) -> str:
    return ("+" if valeur > 0 else "−") + nombre(abs(round(valeur, 1)))


def accord(nombre_lu: int, nom: str, suite: str = "") -> str:
    """Accorder un nom, et l'adjectif pluriel qui le suit, à son nombre."""
    if nombre_lu > 1:
        mots = [*(f"{m}s" for m in nom.split()), *suite.split()]
    else:
        mots = [*nom.split(), *map(_au_singulier, suite.split())]
    return f"{nombre(nombre_lu)} {' '.join(mots)}"


def _au_singulier(mot: str) -> str:
    return mot[:-1] if mot.endswith("s") and mot not in {"dans", "plus"} else mot
