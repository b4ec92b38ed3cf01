"""Tirages reproductibles et partages exacts, les deux outils de la fabrique de démonstration."""

import hashlib
import math
from collections.abc import Sequence

DECIMALES = 6


class Alea:
    """Bruit qui ne dépend que de la graine et d'une clé, jamais de l'ordre des appels.

    Une variable ajoutée à un fichier ne change donc pas les autres, et le résultat est le même
    quelles que soient la machine et la version de numpy.
    """

    def __init__(self, graine: int) -> None:
        self._graine = graine

    def _tirages(self, cle: tuple[object, ...]) -> list[float]:
        texte = "|".join([str(self._graine), *map(str, cle)]).encode()
        octets = hashlib.blake2b(texte).digest()
        return [int.from_bytes(octets[i : i + 8], "big") / 2**64 for i in range(0, 64, 8)]

    def uniforme(self, *cle: object) -> float:
        """Tirer un nombre entre 0 et 1."""
        return self._tirages(cle)[0]

    def normal(self, *cle: object) -> float:
        """Tirer un nombre à peu près normal, centré et réduit."""
        return (math.fsum(self._tirages(cle)) - 4) / math.sqrt(8 / 12)

    def autour(self, ecart: float, *cle: object) -> float:
        """Tirer un coefficient autour de 1."""
        return max(0.2, 1 + ecart * self.normal(*cle))


def repartir(total: float, poids: Sequence[float], *, entier: bool = False) -> list[float]:
    """Partager un effectif selon des poids, sans rien perdre.

    Toutes les identités des fichiers (âges, statuts, types de ménage) viennent de là : un total
    est partagé en cases, jamais des cases tirées chacune de leur côté.
    """
    somme = math.fsum(poids)
    if somme <= 0 or total <= 0:
        return [0.0] * len(poids)
    brut = [total * p / somme for p in poids]
    if entier:
        parts = [float(math.floor(b + 1e-9)) for b in brut]
        # Plus forts restes : les unités perdues par l'arrondi vont aux cases les plus proches du haut.
        restes = sorted(range(len(brut)), key=lambda i: (parts[i] - brut[i], i))
        for i in restes[: round(total - math.fsum(parts))]:
            parts[i] += 1
        return parts
    parts = [round(b, DECIMALES) for b in brut]
    premier = brut.index(max(brut))
    parts[premier] = round(total - math.fsum(parts[:premier] + parts[premier + 1 :]), DECIMALES)
    return parts


def fraction(total: float, part: float, *, entier: bool = False) -> float:
    """Prendre une part d'un effectif, arrondie comme le fichier l'écrit."""
    valeur = total * min(max(part, 0.0), 1.0)
    return float(math.floor(valeur + 0.5)) if entier else round(valeur, DECIMALES)
