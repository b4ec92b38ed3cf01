"""Le secret des données reçues : masquer ce qui est sous le seuil, et ce qui permettrait de le retrouver.

Rien de public n'est masqué ici : ce module ne sert qu'aux fichiers reçus sous condition. Il protège une table
d'effectifs d'un même indicateur, d'un même producteur et d'une même date, où certains territoires en
contiennent d'autres, et les tables du même envoi qui partagent ses comptes. Il suppose les dénominateurs connus
du lecteur, car ce sont souvent des populations publiées, et avec eux les effectifs déjà publiés du même envoi : ce
qu'un premier document a montré ne se cache plus, le suivant masque autre chose. Un recoupement avec un autre envoi
lui échappe.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np

NUL = 1e-9
RESERVE: Final = "reserve"
PRIMAIRE: Final = "primaire"
SECONDAIRE: Final = "secondaire"
ANTERIEURE: Final = "anterieure"


@dataclass(frozen=True)
class DecisionDeSecret:
    """Une cellule cachée, et pourquoi ; jamais ce qu'elle contient."""

    territoire: str
    niveau: str
    indicateur: str
    millesime: int | None
    source: str
    nature: str


@dataclass(frozen=True)
class CelluleSensible:
    """Un effectif reçu."""

    code: str
    numerateur: float
    denominateur: float
    seuil: float
    montrable: bool = True
    part: bool = True


@dataclass(frozen=True)
class Emboitement:
    """Un territoire et ceux qu'il contient."""

    contenant: str
    contenus: tuple[str, ...]
    partition: bool = True


def sous_le_seuil(numerateur: float, denominateur: float, seuil: float, *, part: bool = True) -> bool:
    """Dire si un effectif doit être caché pour lui-même."""
    if math.isnan(numerateur):
        return True
    comptes = [numerateur] if math.isnan(denominateur) else [numerateur, denominateur]
    if part and not math.isnan(denominateur):
        comptes.append(denominateur - numerateur)
    return any(c < seuil - NUL for c in comptes)


def masquer(cellules: Iterable[CelluleSensible], emboitements: Sequence[Emboitement] = ()) -> set[str]:
    """Choisir les cellules à cacher : celles sous le seuil, puis celles qui les trahiraient par différence."""
    return set(decider(cellules, emboitements))


def decider(
    cellules: Iterable[CelluleSensible],
    emboitements: Sequence[Emboitement] = (),
    connus: Collection[str] = (),
) -> dict[str, str]:
    """Choisir les cellules à cacher, en gardant la raison de chacune."""
    table = {c.code: c for c in cellules}
    decisions = {c.code: RESERVE for c in table.values() if not c.montrable}
    for c in table.values():
        if c.montrable and sous_le_seuil(c.numerateur, c.denominateur, c.seuil, part=c.part):
            decisions[c.code] = PRIMAIRE
    caches = set(decisions) - set(connus)
    liens = [
        Emboitement(e.contenant, enfants, e.partition)
        for e in emboitements
        if e.contenant in table and (enfants := tuple(c for c in e.contenus if c in table))
    ]
    while True:
        fragile = next((e for e in liens if not _sur(e, table, caches)), None)
        if fragile is None:
            fragile = _retrouvable(liens, table, caches, connus)
        suivante = None if fragile is None else _a_sacrifier(fragile, table, caches, connus)
        if suivante is None:
            # Plus rien à cacher de ce côté, et un effectif s'y retrouve : seul ce qui est déjà publié reste montré.
            tout = {} if fragile is None or not connus else dict.fromkeys(table, ANTERIEURE)
            return {c: n for c, n in (tout | decisions).items() if c in decisions or c not in connus}
        caches.add(suivante)
        decisions[suivante] = SECONDAIRE


def decider_ensemble(
    tables: Mapping[str, Sequence[CelluleSensible]],
    emboitements: Mapping[str, Sequence[Emboitement]],
    connus: Mapping[str, Collection[str]] | None = None,
) -> dict[str, dict[str, str]]:
    """Choisir ensemble les cellules à cacher de tables qui partagent des comptes.

    Une cellule cachée dans une table ne doit pas se lire dans une autre : comme dénominateur d'un taux, comme
    complément d'un taux de même dénominateur, ou comme le même compte rapporté à autre chose.
    """
    liens = [
        (de, vers) for de in tables for vers in tables if de != vers and _trahit(tables[de], tables[vers])
    ]
    deja = {nom: set((connus or {}).get(nom, ())) for nom in tables}
    for de, vers in liens * len(tables):
        # Ce qu'une table a publié, le lecteur le sait aussi d'une autre qui compte la même chose.
        deja[de] |= deja[vers] & {c.code for c in tables[de]}
    decisions = {nom: decider(table, emboitements[nom], deja[nom]) for nom, table in tables.items()}
    while True:
        avant = {nom: set(d) for nom, d in decisions.items()}
        for de, vers in liens:
            de_plus = {c.code for c in tables[vers]} & set(decisions[de]) - set(decisions[vers])
            if de_plus:
                forcees = de_plus | set(decisions[vers])
                forcee = [replace(c, montrable=c.montrable and c.code not in forcees) for c in tables[vers]]
                nouvelles = decider(forcee, emboitements[vers], deja[vers])
                connues = decisions[vers]
                decisions[vers] = {c: connues.get(c, SECONDAIRE) for c in nouvelles}
        if avant == {nom: set(d) for nom, d in decisions.items()}:
            return decisions


def _trahit(de: Sequence[CelluleSensible], vers: Sequence[CelluleSensible]) -> bool:
    """Dire si une table montre, ou laisse calculer, les comptes qu'une autre cache."""
    autres = {c.code: c for c in vers}
    couples = [(c, autres[c.code]) for c in de if c.code in autres]
    return any(
        _coincident([(getattr(a, x), getattr(b, y)) for a, b in couples])
        for x, y in (
            ("denominateur", "denominateur"),
            ("numerateur", "numerateur"),
            ("numerateur", "denominateur"),
        )
    )


def _coincident(couples: Sequence[tuple[float, float]]) -> bool:
    """Dire si deux comptes sont les mêmes partout où l'un et l'autre ont été reçus."""
    connus = [(a, b) for a, b in couples if not (math.isnan(a) or math.isnan(b))]
    return bool(connus) and all(abs(a - b) < NUL for a, b in connus)


def _a_sacrifier(
    lien: Emboitement, table: dict[str, CelluleSensible], caches: set[str], connus: Collection[str]
) -> str | None:
    """Cacher le plus petit contenu encore montré, à défaut le contenant ; ce qui est déjà publié ne se cache plus."""
    montres = sorted((table[c].numerateur, c) for c in lien.contenus if c not in caches and c not in connus)
    if montres:
        return montres[0][1]
    return None if lien.contenant in caches or lien.contenant in connus else lien.contenant


def _reste(lien: Emboitement, table: dict[str, CelluleSensible]) -> tuple[float, float]:
    """Ce que le contenant compte en plus de ses contenus reçus ; zéro si cela ne se sait pas."""
    haut = table[lien.contenant].numerateur - sum(table[c].numerateur for c in lien.contenus)
    bas = table[lien.contenant].denominateur - sum(table[c].denominateur for c in lien.contenus)
    return tuple(0.0 if math.isnan(v) or v < NUL else v for v in (haut, bas))  # type: ignore[return-value]


def _sur(lien: Emboitement, table: dict[str, CelluleSensible], caches: set[str]) -> bool:
    """Dire si la différence entre un contenant et ses contenus montrés ne trahit rien."""
    caches_ici = [c for c in lien.contenus if c in caches]
    non_recu = sum(_reste(lien, table)) > 0 or not lien.partition
    if lien.contenant in caches:
        # La somme des contenus montrés redonnerait le contenant caché.
        return bool(caches_ici) or non_recu
    if not caches_ici and not non_recu:
        return True
    if len(caches_ici) == 1 and not non_recu:
        return False
    montres = [table[c] for c in lien.contenus if c not in caches]
    tout = table[lien.contenant]
    haut = tout.numerateur - sum(c.numerateur for c in montres)
    bas = tout.denominateur - sum(c.denominateur for c in montres)
    seuil = max([tout.seuil, *(table[c].seuil for c in lien.contenus)])
    if not caches_ici and haut < -NUL:
        return True  # les contenus dépassent le contenant : la différence ne compte personne
    return not sous_le_seuil(haut, bas, seuil, part=tout.part)


def _retrouvable(
    liens: Sequence[Emboitement],
    table: dict[str, CelluleSensible],
    caches: set[str],
    connus: Collection[str],
) -> Emboitement | None:
    """Trouver un lien par lequel une cellule cachée se recalcule, tous les liens mis ensemble."""
    inconnues, lignes = _systeme(liens, table, caches)
    cachees = [i for i, nom in enumerate(inconnues) if isinstance(nom, str)]
    if not cachees:
        return None
    libres = _noyau(lignes)
    fixees = {i for i in cachees if np.abs(libres[i]).max(initial=0.0) < 1e-7} | {
        i for i in _bornees(inconnues, lignes, liens, table, caches) if i in set(cachees)
    }
    touches = [lien for lien, ligne in zip(liens, lignes, strict=True) if any(ligne[i] != 0 for i in fixees)]
    utiles = (lien for lien in touches if _a_sacrifier(lien, table, caches, connus) is not None)
    return next(utiles, touches[0] if touches and connus else None)


def _systeme(
    liens: Sequence[Emboitement], table: dict[str, CelluleSensible], caches: set[str]
) -> tuple[list[str | int], np.ndarray]:
    """Écrire chaque emboîtement comme une équation sur les cellules cachées et les restes non reçus."""
    inconnues: list[str | int] = sorted({c for e in liens for c in (e.contenant, *e.contenus)} & caches)
    inconnues += [i for i, e in enumerate(liens) if sum(_reste(e, table)) > 0 or not e.partition]
    rangs = {nom: i for i, nom in enumerate(inconnues)}
    lignes = np.zeros((len(liens), len(inconnues)))
    for i, lien in enumerate(liens):
        for nom in (*lien.contenus, i):
            if nom in rangs:
                lignes[i, rangs[nom]] = 1.0
        if lien.contenant in rangs:
            lignes[i, rangs[lien.contenant]] = -1.0
    return inconnues, lignes


def _noyau(lignes: np.ndarray) -> np.ndarray:
    """Donner une base des variations possibles : une ligne nulle dit une inconnue fixée."""
    _, tailles, droite = np.linalg.svd(lignes, full_matrices=True)
    rang = int((tailles > 1e-9).sum())
    return droite[rang:].T


def _plafond(nom: str | int, table: dict[str, CelluleSensible]) -> float:
    """Donner le plus grand effectif possible : le dénominateur d'une part, que le lecteur peut connaître."""
    if not isinstance(nom, str) or not table[nom].part or math.isnan(table[nom].denominateur):
        return math.inf
    return table[nom].denominateur


def _bornees(
    inconnues: Sequence[str | int],
    lignes: np.ndarray,
    liens: Sequence[Emboitement],
    table: dict[str, CelluleSensible],
    caches: set[str],
) -> set[int]:
    """Trouver les inconnues que leurs bornes fixent : un effectif n'est jamais négatif."""
    fixees: set[int] = set()
    for complement in (False, True):
        seconds = np.array([_second_membre(e, table, caches, complement=complement) for e in liens])
        connus = ~np.isnan(seconds)
        plafonds = np.array([_plafond(nom, table) for nom in inconnues])
        bas, haut = _propager(lignes[connus], seconds[connus], plafonds)
        fixees |= {i for i in range(lignes.shape[1]) if haut[i] - bas[i] < 1 - 1e-6}
    return fixees


def _second_membre(
    lien: Emboitement, table: dict[str, CelluleSensible], caches: set[str], *, complement: bool
) -> float:
    def compte(code: str) -> float:
        c = table[code]
        return c.denominateur - c.numerateur if complement else c.numerateur

    total = 0.0 if lien.contenant in caches else compte(lien.contenant)
    return total - sum(compte(c) for c in lien.contenus if c not in caches)


def _propager(lignes: np.ndarray, seconds: np.ndarray, plafonds: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Resserrer les bornes de chaque inconnue, équation après équation, jusqu'à ce que rien ne bouge."""
    bas, haut = np.zeros(lignes.shape[1]), plafonds.astype(float)
    for _ in range(2 * lignes.shape[0] + 2):
        avant = bas.copy(), haut.copy()
        for ligne, second in zip(lignes, seconds, strict=True):
            for i in np.flatnonzero(ligne):
                autres = [j for j in np.flatnonzero(ligne) if j != i]
                petits = sum(bas[j] if ligne[j] > 0 else -haut[j] for j in autres)
                grands = sum(haut[j] if ligne[j] > 0 else -bas[j] for j in autres)
                extremes = sorted(((second - grands) / ligne[i], (second - petits) / ligne[i]))
                bas[i], haut[i] = max(bas[i], extremes[0]), min(haut[i], extremes[1])
        if np.array_equal(avant[0], bas) and np.array_equal(avant[1], haut):
            break
    return bas, haut
