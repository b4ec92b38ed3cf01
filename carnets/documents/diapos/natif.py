"""D'une demande de graphique à des catégories et des séries, qu'un tableur ou une présentation trace lui-même."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal

from carnets.documents.diapos.mesure import DIAPOS
from cartes.graphiques.style import EN_NOMBRE, TABLE, couleurs_de_parts, ecrit, signe_de

if TYPE_CHECKING:
    from abs.graphiques.demandes import DemandeDeGraphique, Valeur
    from cartes.graphiques.style import Signe

Sorte = Literal["parts", "courbe", "pyramide", "positions"]
_NOMBRE: Final = re.compile(r"[−+-]?\s?\d+(?:\s\d+)*(?:,(?P<decimales>\d+))?(?P<suite>\D*)")


@dataclass(frozen=True)
class SerieNative:
    """Une colonne de chiffres : une valeur par catégorie, ou rien ; ``sens`` vaut −1 à gauche d'une pyramide."""

    nom: str
    couleur: str
    valeurs: tuple[Valeur | None, ...]
    sens: int = 1
    contour: bool = False
    signe: Signe | None = None

    @property
    def nombres(self) -> list[float | None]:
        """Les chiffres de la demande, sans aucun calcul que leur côté."""
        return [None if v is None or v.manque else self.sens * v.valeur for v in self.valeurs]


@dataclass(frozen=True)
class Natif:
    """Un graphique que le lecteur peut modifier."""

    sorte: Sorte
    categories: tuple[str, ...]
    series: tuple[SerieNative, ...]
    # Dates voisines que rien ne relie.
    ruptures: tuple[tuple[str, str], ...] = ()
    # Vrai si la demande porte aussi des points trop nombreux pour être des barres.
    incomplet: bool = False

    @property
    def annees(self) -> bool:
        """Dire si les catégories sont des années, à espacer selon le temps."""
        return all(re.fullmatch(r"\d{4}", c) for c in self.categories)


def natif(demande: DemandeDeGraphique) -> Natif | None:
    """Changer une demande en graphique natif ; rien quand son genre ne s'y prête pas."""
    faire = {
        "barres": _parts,
        "courbe": _courbe,
        "pente": _courbe,
        "pyramide": _pyramide,
        "points": _positions,
    }
    return faire[demande.genre](demande) if demande.genre in faire else None


def mesure(demande: DemandeDeGraphique, modifiable: Natif | None) -> str:
    """Dire ce qui est mesuré, sans ce qui n'est vrai que des réglettes quand des barres en tiennent lieu."""
    reglettes = modifiable is not None and modifiable.sorte == "positions"
    return re.sub(DIAPOS["propre_a_la_reglette"], "", demande.sous_titre) if reglettes else demande.sous_titre


def format_de(valeur: Valeur) -> str:
    """Écrire le format d'un chiffre : les décimales et l'unité que dit son texte."""
    texte = ecrit(valeur)
    lu = _NOMBRE.match(texte)
    decimales = lu["decimales"] if lu and lu["decimales"] else ""
    suite = (lu["suite"] if lu else "").replace('"', "")
    partie = "." + "0" * len(decimales) if decimales else ""
    return f"#,##0{partie}" + (f'"{suite}"' if suite else "")


def _parts(demande: DemandeDeGraphique) -> Natif:
    modele = max(demande.series, key=lambda s: len(s.valeurs)).valeurs
    lues = [{v.libelle: v for v in s.valeurs} for s in demande.series]
    series = tuple(
        SerieNative(part.libelle, couleur, tuple(s.get(part.libelle) for s in lues))
        for part, couleur in zip(modele, couleurs_de_parts(modele), strict=True)
    )
    return Natif("parts", tuple(s.nom for s in demande.series), series)


def _courbe(demande: DemandeDeGraphique) -> Natif:
    """Réunir les dates de toutes les séries."""
    dates = sorted({v.libelle for v in demande.valeurs()})
    series = []
    for rang, serie in enumerate(demande.series):
        lues = {v.libelle: v for v in serie.valeurs}
        # Deux séries de même rôle se distinguent, comme sur le dessin.
        repete = serie.role in [s.role for s in demande.series[:rang]]
        signe = signe_de("categorie" if repete else serie.role, rang)
        valeurs = tuple(lues.get(d) for d in dates)
        series.append(SerieNative(serie.nom, signe.couleur, valeurs, signe=signe))
    return Natif("courbe", tuple(dates), tuple(series), demande.ruptures)


def _pyramide(demande: DemandeDeGraphique) -> Natif:
    """Mettre les hommes à gauche, en négatif ; la référence en contour."""
    sujets = [s for s in demande.series if s.role != "reference"][:2]
    reperes = [s for s in demande.series if s.role == "reference"][:2]
    couleurs = (TABLE["hommes"], TABLE["femmes"])
    series = [
        SerieNative(s.nom, couleur, s.valeurs, sens)
        for s, couleur, sens in zip(sujets, couleurs, (-1, 1), strict=False)
    ]
    series += [
        SerieNative(s.nom, TABLE["repere_de_pyramide"], s.valeurs, sens, contour=True)
        for s, sens in zip(reperes, (-1, 1), strict=False)
    ]
    return Natif("pyramide", tuple(v.libelle for v in sujets[0].valeurs), tuple(series))


def _positions(demande: DemandeDeGraphique) -> Natif | None:
    """Faire de réglettes de même unité des barres, une par territoire nommé ; les points sans nom n'en ont pas."""
    nommees = [[v for v in s.valeurs if v.role not in EN_NOMBRE] for s in demande.series]
    communes = demande.echelle_commune or len({s.unite for s in demande.series}) == 1
    if not communes or not any(nommees):
        return None
    dites = dict.fromkeys((v.role, v.libelle) for valeurs in nommees for v in valeurs)
    # Du plus proche au plus lointain, où que chacun paraisse d'abord.
    rangs = {role: rang for rang, role in enumerate(DIAPOS["barres"])}
    cles = sorted(dites, key=lambda cle: rangs.get(cle[0], len(rangs)))
    series = tuple(
        SerieNative(
            libelle,
            DIAPOS["barres"].get(role) or signe_de(role, rang).couleur,
            tuple(
                next((v for v in valeurs if (v.role, v.libelle) == (role, libelle)), None)
                for valeurs in nommees
            ),
        )
        for rang, (role, libelle) in enumerate(cles)
    )
    incomplet = any(v.role in EN_NOMBRE for v in demande.valeurs())
    return Natif("positions", tuple(s.nom for s in demande.series), series, incomplet=incomplet)
