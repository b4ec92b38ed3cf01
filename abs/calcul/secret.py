"""Le secret des données reçues : masquer ce qui est sous le seuil, et ce qui permettrait de le retrouver.

Rien de public n'est masqué ici : ce module ne sert qu'aux fichiers reçus sous condition. Il protège une table
d'effectifs d'un même indicateur, d'un même producteur et d'une même date, où certains territoires en
contiennent d'autres, et les tables du même envoi qui partagent ses comptes. Il suppose les dénominateurs connus
du lecteur, car ce sont souvent des populations publiées, et avec eux les effectifs déjà publiés du même envoi : ce
qu'un premier document a montré ne se cache plus, le suivant masque autre chose. Un recoupement avec un autre envoi
lui échappe.
"""

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
    liens = [
        Emboitement(e.contenant, enfants, e.partition)
        for e in emboitements
        if e.contenant in table and (enfants := tuple(c for c in e.contenus if c in table))
    ]
    ecran = _Ecran(table, liens, connus, set(decisions) - set(connus))
    while True:
        fragile = next((e for e in liens if not ecran.est_sur(e)), None) or ecran.retrouvable()
        suivante = None if fragile is None else ecran.a_sacrifier(fragile)
        if suivante is None:
            # Plus rien à cacher de ce côté, et un effectif s'y retrouve : seul ce qui est déjà publié reste montré.
            tout = {} if fragile is None or not connus else dict.fromkeys(table, ANTERIEURE)
            return {c: n for c, n in (tout | decisions).items() if c in decisions or c not in connus}
        ecran.caches.add(suivante)
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


@dataclass
class _Ecran:
    """Une table d'effectifs, ce qui en est caché, et ce que le reste en laisse retrouver."""

    table: dict[str, CelluleSensible]
    liens: Sequence[Emboitement]
    connus: Collection[str]
    caches: set[str]

    def a_sacrifier(self, lien: Emboitement) -> str | None:
        """Cacher le plus petit contenu encore montré, à défaut le contenant ; ce qui est déjà publié ne se cache plus."""
        cachables = [c for c in lien.contenus if c not in self.caches and c not in self.connus]
        if cachables:
            return min(cachables, key=lambda c: (self.table[c].numerateur, c))
        return None if lien.contenant in self.caches or lien.contenant in self.connus else lien.contenant

    def _difference(self, lien: Emboitement, otes: Iterable[str]) -> tuple[float, float]:
        """Ôter d'un contenant des contenus, au numérateur et au dénominateur."""
        tout, parties = self.table[lien.contenant], [self.table[c] for c in otes]
        haut = tout.numerateur - sum(c.numerateur for c in parties)
        return haut, tout.denominateur - sum(c.denominateur for c in parties)

    def _a_un_reste(self, lien: Emboitement) -> bool:
        """Dire si le contenant compte plus que ses contenus reçus ; non si cela ne se sait pas."""
        return not lien.partition or any(v >= NUL for v in self._difference(lien, lien.contenus))

    def est_sur(self, lien: Emboitement) -> bool:
        """Dire si la différence entre un contenant et ses contenus montrés ne trahit rien."""
        caches_ici = [c for c in lien.contenus if c in self.caches]
        non_recu = self._a_un_reste(lien)
        if lien.contenant in self.caches:
            # La somme des contenus montrés redonnerait le contenant caché.
            return bool(caches_ici) or non_recu
        if not caches_ici and not non_recu:
            return True
        if len(caches_ici) == 1 and not non_recu:
            return False
        haut, bas = self._difference(lien, (c for c in lien.contenus if c not in self.caches))
        seuil = max(self.table[c].seuil for c in (lien.contenant, *lien.contenus))
        if not caches_ici and haut < -NUL:
            return True  # les contenus dépassent le contenant : la différence ne compte personne
        return not sous_le_seuil(haut, bas, seuil, part=self.table[lien.contenant].part)

    def retrouvable(self) -> Emboitement | None:
        """Trouver un lien par lequel une cellule cachée se recalcule, tous les liens mis ensemble."""
        inconnues, lignes = self._systeme()
        cachees = {i for i, nom in enumerate(inconnues) if isinstance(nom, str)}
        if not cachees:
            return None
        libres = _noyau(lignes)
        fixees = {i for i in cachees if np.abs(libres[i]).max(initial=0.0) < 1e-7}
        fixees |= cachees & self._bornees(inconnues, lignes)
        touches = [e for e, ligne in zip(self.liens, lignes, strict=True) if any(ligne[i] for i in fixees)]
        utiles = (lien for lien in touches if self.a_sacrifier(lien) is not None)
        return next(utiles, touches[0] if touches and self.connus else None)

    def _systeme(self) -> tuple[list[str | int], np.ndarray]:
        """Écrire chaque emboîtement comme une équation sur les cellules cachées et les restes non reçus."""
        noms = {c for e in self.liens for c in (e.contenant, *e.contenus)}
        inconnues: list[str | int] = sorted(noms & self.caches)
        inconnues += [i for i, e in enumerate(self.liens) if self._a_un_reste(e)]
        rangs = {nom: i for i, nom in enumerate(inconnues)}
        lignes = np.zeros((len(self.liens), len(inconnues)))
        for i, lien in enumerate(self.liens):
            lignes[i, [rangs[nom] for nom in (*lien.contenus, i) if nom in rangs]] = 1.0
            if lien.contenant in rangs:
                lignes[i, rangs[lien.contenant]] = -1.0
        return inconnues, lignes

    def _bornees(self, inconnues: Sequence[str | int], lignes: np.ndarray) -> set[int]:
        """Trouver les inconnues que leurs bornes fixent : un effectif n'est jamais négatif."""
        plafonds = np.array([self._plafond(nom) for nom in inconnues])
        fixees: set[int] = set()
        for complement in (False, True):
            seconds = np.array([self._second_membre(e, complement=complement) for e in self.liens])
            connus = ~np.isnan(seconds)
            bas, haut = _propager(lignes[connus], seconds[connus], plafonds)
            fixees |= set(np.flatnonzero(haut - bas < 1 - 1e-6).tolist())
        return fixees

    def _plafond(self, nom: str | int) -> float:
        """Donner le plus grand effectif possible : le dénominateur d'une part, que le lecteur peut connaître."""
        cellule = self.table[nom] if isinstance(nom, str) else None
        if cellule is None or not cellule.part or math.isnan(cellule.denominateur):
            return math.inf
        return cellule.denominateur

    def _second_membre(self, lien: Emboitement, *, complement: bool) -> float:
        def compte(code: str) -> float:
            c = self.table[code]
            return c.denominateur - c.numerateur if complement else c.numerateur

        total = 0.0 if lien.contenant in self.caches else compte(lien.contenant)
        return total - sum(compte(c) for c in lien.contenus if c not in self.caches)


def _noyau(lignes: np.ndarray) -> np.ndarray:
    """Donner une base des variations possibles : une ligne nulle dit une inconnue fixée."""
    _, tailles, droite = np.linalg.svd(lignes, full_matrices=True)
    rang = int((tailles > 1e-9).sum())
    return droite[rang:].T


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
