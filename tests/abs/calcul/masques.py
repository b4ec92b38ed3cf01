"""Ce qu'une table cache, sans les raisons."""

from abs.calcul.secret import CelluleSensible, Emboitement, decider


def masquer(cellules: list[CelluleSensible], emboitements: list[Emboitement] | tuple[()] = ()) -> set[str]:
    """Choisir les cellules à cacher : celles sous le seuil, puis celles qui les trahiraient par différence."""
    return set(decider(cellules, emboitements))
