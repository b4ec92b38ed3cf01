"""Ce qu'un relevé d'évolutions rapporte : les lignes, ce qui les précise, ce qui n'a pas été comparé."""

from dataclasses import dataclass, field

from abs.evolutions.evolutions import Evolution
from abs.territoires.territoires import Territoire


@dataclass(frozen=True)
class Refus:
    """Un indicateur dont l'évolution n'est pas écrite."""

    indicateur: str
    source: str
    raisons: tuple[str, ...]
    tenues: tuple[tuple[int, int], ...] = ()
    publiees: tuple[tuple[int, int], ...] = ()


@dataclass
class Releve:
    """Les évolutions d'un territoire entre deux dates."""

    sujet: Territoire
    de: int
    a: int
    totaux: dict[str, list[Evolution]] = field(default_factory=dict)
    mailles: dict[str, list[Evolution]] = field(default_factory=dict)
    notes: dict[str, tuple[str, ...]] = field(default_factory=dict)
    refus: list[Refus] = field(default_factory=list)
    geographie: list[str] = field(default_factory=list)

    def lignes(self) -> list[Evolution]:
        """Donner toutes les lignes, le territoire entier avant ses mailles, indicateur par indicateur."""
        return [e for code in self.totaux for e in (*self.totaux[code], *self.mailles.get(code, ()))]
