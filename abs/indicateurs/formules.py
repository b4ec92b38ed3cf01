"""Lire et calculer les expressions des définitions : des variables, quatre opérations, rien d'autre."""

import ast
import operator
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

import numpy as np
import numpy.typing as npt

from donnees_insee.erreurs import IndicateurInconnu

Vecteur = npt.NDArray[np.float64]
OPERATIONS: Final[dict[type[ast.operator], Callable[[Vecteur, Vecteur], Vecteur]]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
}


NOMBRES: Final = (int, float)


@dataclass(frozen=True)
class Formule:
    """Une expression vérifiée.

    Examples
    --------
    >>> formule("P_POP - P_POPF").texte
    'P_POP - P_POPF'
    """

    texte: str
    variables: tuple[str, ...]
    arbre: ast.expr

    def calculer(self, valeurs: Mapping[str, Vecteur]) -> Vecteur:
        """Calculer l'expression ; une variable absente (NaN) rend le résultat absent.

        Parameters
        ----------
        valeurs : mapping of str to numpy.ndarray
            Un vecteur (n,) par variable.

        Returns
        -------
        numpy.ndarray
            Vecteur (n,) ; une division par zéro donne NaN.

        Examples
        --------
        >>> import pandas as pd
        >>> formule("P_POP - P_POPF").calculer(pd.DataFrame({"P_POP": [10.0], "P_POPF": [6.0]})).tolist()
        [4.0]
        """
        with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
            resultat = np.asarray(_calculer(self.arbre, valeurs))
        finis = np.isfinite(resultat)
        return resultat if finis.all() else np.where(finis, resultat, np.nan)


@lru_cache(maxsize=1024)
def formule(texte: str) -> Formule:
    """Analyser une expression.

    Parameters
    ----------
    texte : str
        Par exemple ``"P_POP0019 / (P_POP6074 + P_POP75P)"``.

    Returns
    -------
    Formule
        Expression prête à calculer.

    Raises
    ------
    IndicateurInconnu
        Si l'expression contient autre chose que des variables, des nombres et + - * /.

    Examples
    --------
    >>> formule("P_POP0014 + P_POP1529").variables
    ('P_POP0014', 'P_POP1529')
    """
    try:
        arbre = ast.parse(texte, mode="eval").body
    except SyntaxError as cause:
        raise IndicateurInconnu(f"L'expression « {texte} » ne se lit pas : {cause.msg}.") from cause
    _verifier(arbre, texte)
    noms = dict.fromkeys(n.id for n in ast.walk(arbre) if isinstance(n, ast.Name))
    return Formule(texte, tuple(noms), arbre)


def _verifier(noeud: ast.expr, texte: str) -> None:
    if isinstance(noeud, ast.BinOp) and type(noeud.op) in OPERATIONS:
        _verifier(noeud.left, texte)
        _verifier(noeud.right, texte)
    elif not (
        isinstance(noeud, ast.Name) or (isinstance(noeud, ast.Constant) and type(noeud.value) in NOMBRES)
    ):
        raise IndicateurInconnu(
            f"L'expression « {texte} » contient « {ast.unparse(noeud)} » : seuls des noms de variables, des nombres "
            "et les signes + - * / et parenthèses sont admis."
        )


def _calculer(noeud: ast.expr, valeurs: Mapping[str, Vecteur]) -> Vecteur:
    if isinstance(noeud, ast.Name):
        return valeurs[noeud.id]
    if isinstance(noeud, ast.Constant):
        return np.float64(noeud.value)  # type: ignore[return-value,arg-type]
    assert isinstance(noeud, ast.BinOp)
    return OPERATIONS[type(noeud.op)](_calculer(noeud.left, valeurs), _calculer(noeud.right, valeurs))
