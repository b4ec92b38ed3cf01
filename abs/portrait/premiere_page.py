"""La première page : chiffres clés, forces et faiblesses."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Final

from abs.blocs.blocs import ChiffreCle
from abs.calcul.table_longue import Chiffre, Diagnostic, mots_de_couverture
from abs.definitions import table
from abs.indicateurs.indicateurs import THEMES, Indicateur, indicateurs
from abs.langue import minuscule, typographier
from abs.phrases.ecriture import ecrire, reference
from abs.phrases.phrases import Phrase, parenthese, phrase, references_lues
from abs.phrases.significativite import DIFFERENTS, Verdict
from abs.portrait.chapitres import autour
from abs.statuts import Fiabilite

CHIFFRES_CLES: Final = 10


def chiffres_cles(diagnostic: Diagnostic) -> tuple[ChiffreCle, ...]:
    """Prendre les dix premiers indicateurs du plan dont le chiffre peut être dit."""
    retenus = []
    for code in table("_portrait")["chiffres_cles"]:
        indicateur, chiffre = indicateurs()[code], diagnostic.lu(diagnostic.ensembles.sujet, code)
        if chiffre is None or chiffre.fiabilite == Fiabilite.FRAGILE:
            continue
        complement, autres = parenthese(indicateur, chiffre, autour(diagnostic, code))
        couverture = mots_de_couverture(chiffre).replace(" (", ", ").removesuffix(")")
        mots = " ; ".join(filter(None, [couverture, complement]))
        retenus.append(
            ChiffreCle(
                typographier(indicateur.libelle),
                ecrire(indicateur, chiffre),
                typographier(mots),
                chiffre.periode,
                reference(chiffre),
                (reference(chiffre), *autres),
            )
        )
    return tuple(retenus[:CHIFFRES_CLES])


LIBELLES_TRANSVERSAUX: Final[dict[str, str]] = table("_libelles")["transversaux"]
LIBELLES_PUBLICS: Final[dict[str, str]] = table("_libelles")["publics"]
# Pour chaque thème, public ou sujet transversal : son libellé, ses forces et ses faiblesses.
Rangees = list[tuple[str, list["Point"], list["Point"]]]


@dataclass(frozen=True)
class Point:
    """Une force ou une faiblesse : un indicateur qui a un sens, son écart établi, sa phrase."""

    indicateur: Indicateur
    force: bool
    ampleur: float
    phrase: Phrase
    chiffre: Chiffre
    details: tuple[Point, ...] = ()

    @property
    def libelle(self) -> str:
        """Libellé de l'indicateur, écrit dans une énumération."""
        return typographier(minuscule(self.indicateur.libelle))

    @property
    def valeur(self) -> str:
        """Valeur du sujet, écrite avec son unité."""
        return ecrire(self.indicateur, self.chiffre)

    @property
    def cote(self) -> str:
        """Dire de quel côté des références est le territoire."""
        return "au-dessus" if self.force == (self.indicateur.sens == "bas") else "au-dessous"


@dataclass(frozen=True)
class Bilan:
    """Les forces et les faiblesses établies, les plus nettes d'abord."""

    forces: tuple[Point, ...] = ()
    faiblesses: tuple[Point, ...] = ()
    anciens: tuple[Point, ...] = ()

    def points(self) -> tuple[Point, ...]:
        """Donner les forces puis les faiblesses, sans les chiffres anciens."""
        return (*self.forces, *self.faiblesses)

    def par_theme(self) -> Rangees:
        """Ranger par thème."""
        return self._ranger(THEMES, lambda i: (i.theme,))

    def par_public(self) -> Rangees:
        """Ranger par public."""
        return self._ranger(LIBELLES_PUBLICS, lambda i: i.publics)

    def par_transversal(self) -> Rangees:
        """Ranger par sujet transversal."""
        return self._ranger(LIBELLES_TRANSVERSAUX, lambda i: i.transversaux)

    def _ranger(self, libelles: dict[str, str], cles: Callable[[Indicateur], Iterable[str]]) -> Rangees:
        def siens(cle: str, points: Iterable[Point]) -> list[Point]:
            return [p for p in points if cle in cles(p.indicateur)]

        groupes = [(mots, siens(c, self.forces), siens(c, self.faiblesses)) for c, mots in libelles.items()]
        return [g for g in groupes if g[1] or g[2]]


def bilan(diagnostic: Diagnostic) -> Bilan:
    """Établir les forces et les faiblesses du sujet au regard de ses deux références les plus proches."""
    points = [p for i in indicateurs().values() if (p := _point(diagnostic, i)) is not None]
    points.sort(key=lambda p: -p.ampleur)
    derniers: dict[str, int] = {}
    for p in points:
        derniers[p.chiffre.source] = max(derniers.get(p.chiffre.source, 0), p.chiffre.millesime or 0)
    recents = [p for p in points if (p.chiffre.millesime or 0) == derniers[p.chiffre.source]]
    return Bilan(
        par_famille([p for p in recents if p.force]),
        par_famille([p for p in recents if not p.force]),
        tuple(p for p in points if p not in recents),
    )


def par_famille(points: Sequence[Point]) -> tuple[Point, ...]:
    """Réunir les mesures d'un même fait en un message : la première de la famille le porte, les autres le détaillent."""
    familles = table("_portrait")["familles"]
    famille_de = {code: nom for nom, codes in familles.items() for code in codes}
    reunis: dict[str, list[Point]] = {}
    for p in points:
        reunis.setdefault(famille_de.get(p.indicateur.code, p.indicateur.code), []).append(p)
    messages = []
    for nom, siens in reunis.items():
        ordre = familles.get(nom, [p.indicateur.code for p in siens])
        premier, *autres = sorted(siens, key=lambda p: ordre.index(p.indicateur.code))
        messages.append(replace(premier, details=tuple(autres)))
    return tuple(messages)


def _point(diagnostic: Diagnostic, indicateur: Indicateur) -> Point | None:
    if indicateur.sens == "neutre" or indicateur.nature == "effectif":
        return None
    sujet = diagnostic.ensembles.sujet
    chiffre = diagnostic.lu(sujet, indicateur.code)
    if chiffre is None:
        return None
    autour = diagnostic.lus(diagnostic.ensembles.references, indicateur.code)
    lues = references_lues(indicateur, sujet, chiffre, autour)
    differents = [v for _, _, v in lues if v.verdict in DIFFERENTS]
    dite = phrase(indicateur, sujet, chiffre, autour, diagnostic.sujet_du_detail(indicateur.code))
    # Un écart favorable d'un côté et défavorable de l'autre n'est ni une force ni une faiblesse.
    if dite is None or len({v.verdict for v in differents}) != 1:
        return None
    defavorable = Verdict.PLUS if indicateur.sens == "haut" else Verdict.MOINS
    ampleur = max(abs(v.ecart) / v.seuil if v.seuil else abs(v.ecart) for v in differents)
    return Point(indicateur, differents[0].verdict != defavorable, ampleur, dite, chiffre)
