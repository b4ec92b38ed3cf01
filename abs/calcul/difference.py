"""Comparer des chiffres à ceux qu'on attend, référence par référence : égaux, différents, ou invérifiables."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import pandas as pd

from abs.calcul.table_longue import COLONNES
from abs.indicateurs.formules import formule

CLE: Final = ("territoire", "niveau", "indicateur", "definition", "millesime", "source")
# Deux machines peuvent ne pas additionner dans le même ordre : le dernier chiffre d'un nombre peut bouger.
TOLERANCE: Final = 1e-12
VIDES: Final = frozenset({"", "nan", "None", "<NA>"})


@dataclass(frozen=True)
class Ecart:
    """Un chiffre qui n'est pas celui qu'on attend.

    Attributes
    ----------
    document : str
        Fichier où il se lit.
    cellule : str
        Sa place : feuille et cellule, couche et champ, ligne et colonne.
    reference : str
        Référence de la ligne du diagnostic, ou ce qui en tient lieu.
    attendu, trouve : str
        Ce qu'il fallait lire, et ce qui est lu.
    """

    document: str
    cellule: str
    reference: str
    attendu: str
    trouve: str

    def phrase(self) -> str:
        """Écrire l'écart en une phrase.

        Returns
        -------
        str
            Document, place, référence, attendu et trouvé.
        """
        return (
            f"{self.document}, {self.cellule} ({self.reference}) : attendu {self.attendu or 'rien'}, "
            f"trouvé {self.trouve or 'rien'}"
        )


@dataclass
class Bilan:
    """Ce qu'une comparaison a donné.

    Attributes
    ----------
    document : str
        Ce qui a été vérifié.
    egaux : int
        Chiffres égaux.
    ecarts : list of Ecart
        Chiffres différents.
    non_verifiables : collections.Counter
        Raison → nombre de chiffres que rien n'a permis de vérifier.
    """

    document: str
    egaux: int = 0
    ecarts: list[Ecart] = field(default_factory=list)
    non_verifiables: Counter[str] = field(default_factory=Counter)

    @property
    def verifies(self) -> int:
        """Nombre de chiffres comparés."""
        return self.egaux + len({(e.cellule, e.reference) for e in self.ecarts})

    def comparer(self, cellule: str, reference: str, attendu: object, trouve: object) -> None:
        """Comparer une valeur et la compter.

        Parameters
        ----------
        cellule, reference : str
            Place et référence.
        attendu, trouve : object
            Valeurs ; un nombre absent est ``None`` ou non-nombre.
        """
        if memes(attendu, trouve):
            self.egaux += 1
        else:
            self.ecarts.append(Ecart(self.document, cellule, reference, ecrit(attendu), ecrit(trouve)))


def absente(valeur: object) -> bool:
    """Dire si une valeur est l'absence de valeur.

    Parameters
    ----------
    valeur : object
        Texte, nombre, ``None``, non-nombre ou ``pandas.NA``.

    Returns
    -------
    bool
        Vrai si rien n'y est écrit.
    """
    return valeur is None or str(valeur) in VIDES


def memes(attendu: object, trouve: object) -> bool:
    """Dire si deux valeurs sont les mêmes ; une absence n'est jamais zéro.

    Parameters
    ----------
    attendu, trouve : object
        Textes ou nombres.

    Returns
    -------
    bool
        Vrai si elles sont égales, au dernier chiffre d'un nombre à virgule près.
    """
    if absente(attendu) or absente(trouve):
        return absente(attendu) and absente(trouve)
    if isinstance(attendu, str) or isinstance(trouve, str):
        return str(attendu) == str(trouve)
    return math.isclose(float(attendu), float(trouve), rel_tol=TOLERANCE, abs_tol=TOLERANCE)  # type: ignore[arg-type]


def ecrit(valeur: object) -> str:
    """Écrire une valeur pour un message.

    Parameters
    ----------
    valeur : object
        Valeur quelconque.

    Returns
    -------
    str
        Vide pour une absence ; virgule décimale pour un nombre.
    """
    if absente(valeur):
        return ""
    return (
        repr(float(valeur)).removesuffix(".0").replace(".", ",") if isinstance(valeur, float) else str(valeur)
    )


def reference_de(ligne: Mapping[str, Any]) -> str:
    """Donner la référence d'une ligne du diagnostic, comme les documents l'écrivent.

    Parameters
    ----------
    ligne : mapping of str to object
        Ligne de la table longue.

    Returns
    -------
    str
        ``territoire|niveau|indicateur|definition|millesime|source``.
    """
    return "|".join("" if absente(ligne[nom]) else str(ligne[nom]) for nom in CLE)


def par_reference(table: pd.DataFrame) -> dict[str, dict[str, Any]]:
    """Ranger une table longue par référence.

    Parameters
    ----------
    table : pandas.DataFrame
        Table du diagnostic.

    Returns
    -------
    dict of str to dict
        Référence → ligne.
    """
    return {reference_de(ligne): ligne for ligne in table.to_dict("records")}


def comparer_tables(
    document: str,
    attendue: pd.DataFrame,
    trouvee: pd.DataFrame,
    excuses: Mapping[str, str] | None = None,
    *,
    excuse_des_lignes_en_plus: str = "",
) -> Bilan:
    """Comparer deux tables longues, ligne à ligne et colonne à colonne.

    Parameters
    ----------
    document : str
        Ce qu'on vérifie.
    attendue : pandas.DataFrame
        Table refaite, qui fait foi.
    trouvee : pandas.DataFrame
        Table à vérifier.
    excuses : mapping of str to str or None, default None
        Référence → pourquoi un écart à cette ligne n'est pas une faute mais une impossibilité de vérifier.
    excuse_des_lignes_en_plus : str, default ""
        Pourquoi la table refaite peut avoir des lignes que l'autre n'a pas.

    Returns
    -------
    Bilan
        Une ligne compte pour un chiffre ; chaque colonne qui diffère est un écart.
    """
    bilan, excuses = Bilan(document), excuses or {}
    refaites, lues = par_reference(attendue), par_reference(trouvee)
    repetees = Counter(reference_de(ligne) for ligne in trouvee[list(CLE)].to_dict("records"))
    for reference, ligne in lues.items():
        refaite = refaites.get(reference)
        champs = [c for c in COLONNES if refaite is None or not memes(refaite[c], ligne[c])]
        if not champs and repetees[reference] == 1:
            bilan.egaux += 1
        elif reference in excuses:
            bilan.non_verifiables[excuses[reference]] += 1
        elif refaite is None:
            trouve = f"une ligne de valeur {ecrit(ligne['valeur']) or 'absente'}"
            bilan.ecarts.append(Ecart(document, "ligne", reference, "aucune ligne", trouve))
        elif repetees[reference] > 1:
            trouve = f"{repetees[reference]} lignes"
            bilan.ecarts.append(Ecart(document, "ligne", reference, "une seule ligne", trouve))
        else:
            bilan.ecarts += [
                Ecart(document, c, reference, ecrit(refaite[c]), ecrit(ligne[c])) for c in champs
            ]
    for reference in refaites.keys() - lues.keys():
        if excuse_des_lignes_en_plus:
            bilan.non_verifiables[excuse_des_lignes_en_plus] += 1
        else:
            attendu = f"une ligne de valeur {ecrit(refaites[reference]['valeur']) or 'absente'}"
            bilan.ecarts.append(Ecart(document, "ligne", reference, attendu, "aucune ligne"))
    return bilan


def refaire_rapport(
    numerateur: str, denominateur: str, facteur: float, cellules: Mapping[str, float]
) -> tuple[float, float, float] | None:
    """Refaire un rapport à partir des cellules d'un fichier publié.

    Parameters
    ----------
    numerateur, denominateur : str
        Expressions de la définition.
    facteur : float
        100 pour un pourcentage.
    cellules : mapping of str to float
        Variable stable → nombre lu dans le fichier.

    Returns
    -------
    tuple of float or None
        Valeur, numérateur et dénominateur ; ``None`` si une cellule manque ou si le dénominateur est nul.
    """
    haut, bas = formule(numerateur), formule(denominateur)
    if any(v not in cellules for v in (*haut.variables, *bas.variables)):
        return None
    comptes = [
        float(f.calculer({v: cellules[v] for v in f.variables}))  # type: ignore[misc]
        for f in (haut, bas)
    ]
    if math.isnan(comptes[0]) or math.isnan(comptes[1]) or comptes[1] == 0:
        return None
    return facteur * comptes[0] / comptes[1], comptes[0], comptes[1]


def lisible(texte: str, valeur: float, *, arrondi_a: float = 0.0) -> bool:
    """Dire si un nombre affiché est bien l'arrondi d'une valeur.

    Parameters
    ----------
    texte : str
        Nombre tel qu'écrit : espaces des milliers, virgule décimale, unité à la suite.
    valeur : float
        Valeur exacte.
    arrondi_a : float, default 0.0
        Pas auquel la valeur a pu être arrondie (10 ou 100 pour des euros) ; 0 pour les décimales écrites.

    Returns
    -------
    bool
        Vrai si l'écart tient dans l'arrondi affiché.
    """
    propre = "".join(c for c in texte if not c.isspace()).replace("−", "-")
    debut = ""
    for caractere in propre:
        if not (caractere.isdigit() or caractere in ",-"):
            break
        debut += caractere
    if not any(c.isdigit() for c in debut):
        return False
    decimales = len(debut.partition(",")[2])
    pas = max(10.0**-decimales, arrondi_a)
    return abs(float(debut.replace(",", ".")) - valeur) <= pas / 2 + 1e-9


def reunir(bilans: Iterable[Bilan]) -> Bilan:
    """Additionner des bilans.

    Parameters
    ----------
    bilans : iterable of Bilan
        Un bilan par document.

    Returns
    -------
    Bilan
        Leur somme.
    """
    total = Bilan("ensemble")
    for bilan in bilans:
        total.egaux += bilan.egaux
        total.ecarts += bilan.ecarts
        total.non_verifiables += bilan.non_verifiables
    return total
