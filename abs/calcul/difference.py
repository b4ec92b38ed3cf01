"""Comparer des chiffres à ceux qu'on attend, référence par référence : égaux, différents, ou invérifiables."""

import math
import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import pandas as pd

from abs.calcul.table_longue import CLE, COLONNES
from abs.indicateurs.formules import formule

# Deux machines peuvent ne pas additionner dans le même ordre : le dernier chiffre d'un nombre peut bouger.
TOLERANCE: Final = 1e-12
DEBUT_DE_NOMBRE: Final = re.compile(r"(?=[,-]*\d)[\d,-]+")
VIDES: Final = frozenset({"", "nan", "None", "<NA>"})


@dataclass(frozen=True)
class Ecart:
    """Un chiffre qui n'est pas celui qu'on attend."""

    document: str
    cellule: str
    reference: str
    attendu: str
    trouve: str

    def phrase(self) -> str:
        """Écrire l'écart en une phrase."""
        attendu, trouve = self.attendu or "rien", self.trouve or "rien"
        return f"{self.document}, {self.cellule} ({self.reference}) : attendu {attendu}, trouvé {trouve}"


@dataclass
class Bilan:
    """Ce qu'une comparaison a donné."""

    document: str
    egaux: int = 0
    ecarts: list[Ecart] = field(default_factory=list)
    non_verifiables: Counter[str] = field(default_factory=Counter)

    @property
    def verifies(self) -> int:
        """Nombre de chiffres comparés."""
        return self.egaux + len({(e.cellule, e.reference) for e in self.ecarts})

    def comparer(self, cellule: str, reference: str, attendu: object, trouve: object) -> None:
        """Comparer une valeur et la compter."""
        if memes(attendu, trouve):
            self.egaux += 1
        else:
            self.ecarts.append(Ecart(self.document, cellule, reference, ecrit(attendu), ecrit(trouve)))


def absente(valeur: object) -> bool:
    """Dire si une valeur est l'absence de valeur."""
    return valeur is None or str(valeur) in VIDES


def memes(attendu: object, trouve: object) -> bool:
    """Dire si deux valeurs sont les mêmes ; une absence n'est jamais zéro."""
    if absente(attendu) or absente(trouve):
        return absente(attendu) and absente(trouve)
    if isinstance(attendu, str) or isinstance(trouve, str):
        return str(attendu) == str(trouve)
    return math.isclose(float(attendu), float(trouve), rel_tol=TOLERANCE, abs_tol=TOLERANCE)  # type: ignore[arg-type]


def ecrit(valeur: object) -> str:
    """Écrire une valeur pour un message."""
    if absente(valeur):
        return ""
    return (
        repr(float(valeur)).removesuffix(".0").replace(".", ",") if isinstance(valeur, float) else str(valeur)
    )


def reference_de(ligne: Mapping[str, Any]) -> str:
    """Donner la référence d'une ligne du diagnostic, comme les documents l'écrivent."""
    return "|".join("" if absente(ligne[nom]) else str(ligne[nom]) for nom in CLE)


def par_reference(table: pd.DataFrame) -> dict[str, dict[str, Any]]:
    """Ranger une table longue par référence."""
    return {reference_de(ligne): ligne for ligne in table.to_dict("records")}


def comparer_tables(
    document: str,
    attendue: pd.DataFrame,
    trouvee: pd.DataFrame,
    excuses: Mapping[str, str] | None = None,
    *,
    excuse_des_lignes_en_plus: str = "",
) -> Bilan:
    """Comparer deux tables longues, ligne à ligne et colonne à colonne."""
    bilan, excuses = Bilan(document), excuses or {}
    refaites, lues = par_reference(attendue), par_reference(trouvee)
    repetees = Counter(reference_de(ligne) for ligne in trouvee[list(CLE)].to_dict("records"))

    def noter(cellule: str, reference: str, attendu: str, trouve: str) -> None:
        bilan.ecarts.append(Ecart(document, cellule, reference, attendu, trouve))

    for reference, ligne in lues.items():
        refaite = refaites.get(reference)
        champs = [c for c in COLONNES if refaite is None or not memes(refaite[c], ligne[c])]
        if not champs and repetees[reference] == 1:
            bilan.egaux += 1
        elif reference in excuses:
            bilan.non_verifiables[excuses[reference]] += 1
        elif refaite is None:
            noter("ligne", reference, "aucune ligne", _une_ligne(ligne))
        elif repetees[reference] > 1:
            noter("ligne", reference, "une seule ligne", f"{repetees[reference]} lignes")
        else:
            for c in champs:
                noter(c, reference, ecrit(refaite[c]), ecrit(ligne[c]))
    for reference in refaites.keys() - lues.keys():
        if excuse_des_lignes_en_plus:
            bilan.non_verifiables[excuse_des_lignes_en_plus] += 1
        else:
            noter("ligne", reference, _une_ligne(refaites[reference]), "aucune ligne")
    return bilan


def _une_ligne(ligne: Mapping[str, Any]) -> str:
    return f"une ligne de valeur {ecrit(ligne['valeur']) or 'absente'}"


def refaire_rapport(
    numerateur: str, denominateur: str, facteur: float, cellules: Mapping[str, float]
) -> tuple[float, float, float] | None:
    """Refaire un rapport à partir des cellules d'un fichier publié."""
    haut, bas = formule(numerateur), formule(denominateur)
    if any(v not in cellules for v in (*haut.variables, *bas.variables)):
        return None
    hauts, denominateurs = (
        float(f.calculer({v: cellules[v] for v in f.variables}))  # type: ignore[misc]
        for f in (haut, bas)
    )
    if math.isnan(hauts) or math.isnan(denominateurs) or denominateurs == 0:
        return None
    return facteur * hauts / denominateurs, hauts, denominateurs


def lisible(texte: str, valeur: float, *, arrondi_a: float = 0.0) -> bool:
    """Dire si un nombre affiché est bien l'arrondi d'une valeur."""
    propre = "".join(c for c in texte if not c.isspace()).replace("−", "-")
    debut = DEBUT_DE_NOMBRE.match(propre)
    if debut is None:
        return False
    decimales = len(debut[0].partition(",")[2])
    pas = max(10.0**-decimales, arrondi_a)
    return abs(float(debut[0].replace(",", ".")) - valeur) <= pas / 2 + 1e-9


def reunir(bilans: Iterable[Bilan]) -> Bilan:
    """Additionner des bilans."""
    total = Bilan("ensemble")
    for bilan in bilans:
        total.egaux += bilan.egaux
        total.ecarts += bilan.ecarts
        total.non_verifiables += bilan.non_verifiables
    return total
