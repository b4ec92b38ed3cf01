"""Redire à QGIS la carte imprimée : une règle par classe et par statut, dans ses couleurs, ses hachures et ses mots."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from itertools import chain, pairwise
from typing import TYPE_CHECKING, Any, Final

from abs.statuts import SANS_VALEUR, Fiabilite, Statut
from carnets.documents.modeles import QGIS
from carnets.documents.rendu import rendre
from cartes.apparence import (
    COULEUR_DES_CERCLES,
    FOND_DES_CERCLES,
    HACHURES_DU_DESSOUS,
    cotes_de_la_reference,
    couleurs_des_classes,
    tailles,
)
from cartes.charte import COULEURS, ETATS, POLICE
from cartes.palettes import contraste
from cartes.specification import Superposition

if TYPE_CHECKING:
    from collections.abc import Iterable

    import pandas as pd
    from markupsafe import Markup

    from cartes.carte import CarteThematique

MOTS: Final[dict[str, str]] = QGIS["regles"]
TRAITS: Final[dict[str, Any]] = QGIS["traits"]
DONNES: Final = tuple(s for s in Statut if s not in SANS_VALEUR)
Signe = dict[str, Any]


@dataclass
class Regle:
    """Ce que QGIS dessine de ce qu'un filtre retient, sous un titre que montre la légende."""

    titre: str
    filtre: str = ""
    signes: list[Signe] = field(default_factory=list)
    dedans: list[Regle] = field(default_factory=list)
    rang: int = 0

    def toutes(self) -> Iterable[Regle]:
        """Donner cette règle et celles qu'elle contient."""
        return chain([self], *(r.toutes() for r in self.dedans))


def alias_des_champs(champs: Iterable[tuple[str, str]]) -> Markup:
    """Écrire une fois, pour tous les styles d'une couche, le titre de chaque champ."""
    from markupsafe import Markup  # noqa: PLC0415 - import réservé au rendu

    alias = Markup('<alias index="{}" field="{}" name="{}"/>')  # échappe ce qu'on y écrit
    return Markup("").join(alias.format(rang, *champ) for rang, champ in enumerate(champs))


def style_de_carte(carte: CarteThematique, titre: str, table: pd.DataFrame, cle: str, alias: Markup) -> str:
    """Écrire le style d'une carte ; la table est celle de la couche, qui porte l'indicateur, son statut, sa fiabilité."""
    lecture = _Lecture(carte.code, _types_ecartes(carte, table, cle))
    marques = [] if carte.en_cercles else _marques(carte, lecture)
    racine = Regle(titre, dedans=[_donnes(carte, lecture), *marques, *_etats(carte, lecture)])
    ecrits = {
        str(c): carte.ecrire(v) for c, v in zip(carte.valides["code"], carte.valides["valeur"], strict=True)
    }
    return _rendre(racine, alias, _etiquettes(cle, ecrits) if carte.en_valeurs else None)


def style_de_contour(couche: str, titre: str, superposition: Superposition | None, alias: Markup) -> str:
    """Écrire le style d'une couche sans classes : un contour, celui que la carte trace si elle en trace un."""
    epaisseur, filet = QGIS["contours"][couche]
    sinon = Superposition.couleur if couche == "qpv" else COULEURS["ensemble"]
    couleur = sinon if superposition is None else superposition.couleur
    signes = [_trait(COULEURS["papier"], epaisseur + filet)] if filet else []
    return _rendre(Regle(titre, signes=[*signes, _trait(couleur, epaisseur)]), alias)


def _rendre(racine: Regle, alias: Markup, etiquettes: dict[str, Any] | None = None) -> str:
    regles = list(racine.toutes())
    for rang, regle in enumerate(regles):
        regle.rang = rang
    return rendre(
        "qgis.qml.j2",
        regles=racine,
        avec_signes=[r for r in regles if r.signes],
        alias=alias,
        etiquettes=etiquettes,
    )


# -- filtres -----------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Lecture:
    """Les colonnes d'un indicateur, et les types d'IRIS que sa carte ne classe pas ; QGIS et SQL lisent ces filtres."""

    champ: str
    ecartes: tuple[str, ...]

    def statut(self, *statuts: str) -> str:
        """Retenir des statuts, hors des IRIS que la carte ne classe pas."""
        # Un territoire dont le diagnostic ne dit rien est indisponible sur la carte.
        filtre = f"coalesce(\"{self.champ}_statut\", 'indisponible') IN ({_liste(statuts)})"
        return (
            f"{filtre} AND coalesce(\"type_iris\", '') NOT IN ({_liste(self.ecartes)})"
            if self.ecartes
            else filtre
        )

    def sans_objet(self) -> str:
        """Retenir ce que la carte dit sans objet."""
        filtre = f"\"{self.champ}_statut\" = 'sans_objet'"
        return f'{filtre} OR "type_iris" IN ({_liste(self.ecartes)})' if self.ecartes else filtre

    def valeurs(self, bas: float | None, haut: float | None, decimales: int) -> str:
        """Retenir les valeurs d'une classe."""
        hautes = "" if bas is None else self._a_partir_de(bas, decimales, ">", ">=")
        basses = "" if haut is None else self._a_partir_de(haut, decimales, "<=", "<")
        return " AND ".join(filter(None, (hautes, basses)))

    def _a_partir_de(self, borne: float, decimales: int, negatif: str, positif: str) -> str:
        """Comparer à la première valeur qui s'écrit comme la borne : la carte classe ce qui est écrit, donc arrondi."""
        debut = float(f"{borne - 0.5 * 10.0**-decimales:.{decimales + 1}f}")
        # La moitié s'arrondit en s'éloignant de zéro : −18,45 s'écrit −18,5.
        return f'"{self.champ}" {negatif if debut < 0 else positif} {debut!r}'


def _liste(mots: Iterable[str]) -> str:
    return ", ".join("'" + str(m).replace("'", "''") + "'" for m in mots)


def _types_ecartes(carte: CarteThematique, table: pd.DataFrame, cle: str) -> tuple[str, ...]:
    """Lire sur la carte les types d'IRIS qu'elle dit sans objet quand le diagnostic, lui, en a un chiffre."""
    if "type_iris" not in table:
        return ()
    territoires = carte.territoires
    muets = set(territoires.loc[territoires["statut"] == Statut.SANS_OBJET, "code"])
    chiffres = table[table[cle].isin(muets) & (table[f"{carte.code}_statut"] != Statut.SANS_OBJET)]
    return tuple(sorted(set(chiffres["type_iris"].dropna())))


# -- règles ------------------------------------------------------------------------------------


def _donnes(carte: CarteThematique, lecture: _Lecture) -> Regle:
    """Réunir les chiffres donnés : les classes de la carte, de la plus haute à la plus basse, ou ses cercles."""
    repere = carte.reference
    dite = MOTS["repere"].format(nom=repere.libelle, valeur=carte.ecrire(repere.valeur)) if repere else ""
    regle = Regle(f"{MOTS['donne']}{dite}", lecture.statut(*DONNES))
    if carte.en_cercles:
        regle.filtre += f' AND "{carte.code}" <> 0'
        titre = MOTS["cercles"].format(unite=carte.unite or "effectif")
        regle.dedans = [Regle(titre, signes=[_aplat(FOND_DES_CERCLES), _cercle(carte)])]
    elif carte.en_valeurs:
        regle.dedans = [Regle(MOTS["valeurs"], signes=[_aplat(couleurs_des_classes(carte)[0])])]
    else:
        libelles = carte.discretisation.libelles(carte.unite)
        lues = zip(libelles, _tranches(carte), couleurs_des_classes(carte), strict=True)
        sous = (cotes_de_la_reference(carte) or (0, 0))[0]
        dessous = _motif(HACHURES_DU_DESSOUS, COULEURS["hachures_du_dessous"])
        regle.dedans = [
            Regle(
                libelle,
                lecture.valeurs(*bornes, carte.decimales),
                [_aplat(couleur), *(dessous if rang < sous else [])],
            )
            for rang, (libelle, bornes, couleur) in enumerate(lues)
        ][::-1]
    return regle


def _tranches(carte: CarteThematique) -> list[tuple[float | None, float | None]]:
    """Donner les limites de chaque classe ; la première et la dernière prennent tout ce qui les dépasse."""
    classes = carte.discretisation
    return list(pairwise([None, *classes.bornes[1 : classes.nombre], None]))


def _marques(carte: CarteThematique, lecture: _Lecture) -> list[Regle]:
    """Ajouter par-dessus les classes ce que la couleur ne dit pas : partiel, estimé, fragile."""
    marques = []
    for statut in (Statut.PARTIEL, Statut.ESTIME):
        epaisseur, tirets = TRAITS[f"contour_{statut}"]
        signes = [_trait(COULEURS["encre"], epaisseur, tirets, passe=2)]
        marques.append(Regle(MOTS[statut], lecture.statut(statut), signes))
    fragile = f"\"{lecture.champ}_fiabilite\" = '{Fiabilite.FRAGILE}' AND {lecture.statut(*DONNES)}"
    sombre, papier = COULEURS["hachures_sombres"], COULEURS["papier"]
    couleurs, tranches = couleurs_des_classes(carte), _tranches(carte)
    for titre, encre in (("fragile", sombre), ("fragile_sur_fonce", papier)):
        siennes = [t for t, c in zip(tranches, couleurs, strict=True) if contraste(c, sombre) == encre]
        filtre = " OR ".join(
            f"({lecture.valeurs(*t, carte.decimales)})" for t in siennes if t != (None, None)
        )
        if siennes:
            regle = Regle(MOTS[titre], f"{fragile} AND ({filtre})" if filtre else fragile)
            regle.signes = _motif(TRAITS["fragile"], encre, passe=1)
            marques.append(regle)
    return marques


def _etats(carte: CarteThematique, lecture: _Lecture) -> list[Regle]:
    """Donner sa règle à chaque état sans valeur, dans l'ordre et l'habit de la charte."""
    regles = []
    for etat, dessin in ETATS.items():
        signes = [_aplat(dessin.fond), *_motif(dessin.hachures, dessin.encre_imprimee)]
        if etat == "zero":
            if carte.nature == "effectif":
                filtre = f'{lecture.statut(*DONNES)} AND "{carte.code}" = 0'
                regles.append(Regle(dessin.libelle, filtre, [*signes, _croix()]))
            continue
        filtre = lecture.sans_objet() if etat == "sans_objet" else lecture.statut(etat)
        regles.append(Regle(dessin.libelle, filtre, signes))
    return regles


# -- signes ------------------------------------------------------------------------------------


def _signe(
    genre: str, *, passe: int = 0, dedans: Signe | None = None, taille: str = "", **traits: object
) -> Signe:
    """Décrire une couche de symbole ; toute longueur y est en points."""
    unites = {
        f"{k}_unit": "Point" for k in traits if k in {"outline_width", "line_width", "size", "distance"}
    }
    return {"genre": genre, "passe": passe, "dedans": dedans, "taille": taille, "traits": traits | unites}


def _rvb(couleur: str) -> str:
    return ",".join(str(int(couleur[i : i + 2], 16)) for i in (1, 3, 5)) + ",255"


def _aplat(fond: str) -> Signe:
    """Remplir, et border comme la carte imprimée : d'un filet de papier, gris sur un fond pâle."""
    pale = fond in {COULEURS["papier"], FOND_DES_CERCLES}
    bord = _rvb(COULEURS["bord_sur_fond_pale" if pale else "papier"])
    traits = {
        "outline_color": bord,
        "outline_width": TRAITS["bord"],
        "outline_style": "solid",
        "joinstyle": "miter",
    }
    return _signe("SimpleFill", color=_rvb(fond), style="solid", **traits)


def _motif(hachures: str, encre: str, passe: int = 0) -> list[Signe]:
    """Traduire un motif de matplotlib (« //// ») en hachures ou en points du même pas."""
    if not hachures:
        return []
    pas = 72 / (TRAITS["densite"] * len(hachures))
    angles = QGIS["motifs"][hachures[0]]
    if not angles:
        rond = _signe(
            "SimpleMarker", name="circle", color=_rvb(encre), outline_style="no", size=TRAITS["point"]
        )
        unites = {f"{k}_unit": "Point" for k in ("distance_x", "distance_y", "displacement_x")}
        places = {"distance_x": pas, "distance_y": pas, "displacement_x": pas / 2}
        return [
            _signe("PointPatternFill", passe=passe, dedans=rond | {"symbole": "marker"}, **places, **unites)
        ]
    trait = _trait(encre, TRAITS["hachure"]) | {"symbole": "line"}
    # Une diagonale de matplotlib est plus serrée que son pas, une horizontale non.
    distances = [round(pas * math.sqrt(2) if a % 90 else pas, 3) for a in angles]
    lignes = zip(angles, distances, strict=True)
    return [_signe("LinePatternFill", passe=passe, dedans=trait, angle=a, distance=d) for a, d in lignes]


def _trait(couleur: str, epaisseur: float, tirets: str = "", passe: int = 0) -> Signe:
    habit: dict[str, Any] = {"line_style": "solid", "joinstyle": "round"}
    if tirets:
        habit |= {"use_custom_dash": 1, "customdash": tirets, "customdash_unit": "Point"}
    return _signe("SimpleLine", passe=passe, line_color=_rvb(couleur), line_width=epaisseur, **habit)


def _cercle(carte: CarteThematique) -> Signe:
    """Poser un cercle dont l'aire dit l'effectif."""
    maximum, rayon = max(tailles(carte), default=0.0), TRAITS["rayon_maximal"]
    bord = {"outline_color": _rvb(COULEURS["bord_de_cercle"]), "outline_width": TRAITS["bord"]}
    taille = f'{2 * rayon} * sqrt("{carte.code}" / {maximum!r})'
    rond = _signe(
        "SimpleMarker", taille=taille, name="circle", color=_rvb(COULEUR_DES_CERCLES), size=rayon, **bord
    )
    return _au_milieu(rond)


def _croix() -> Signe:
    encre = _rvb(COULEURS["encre"])
    return _au_milieu(_signe("SimpleMarker", name="cross2", outline_color=encre, outline_width=0.9, size=4))


def _au_milieu(signe: Signe) -> Signe:
    return _signe(
        "CentroidFill",
        passe=1,
        dedans=signe | {"symbole": "marker"},
        point_on_surface=1,
        point_on_all_parts=0,
    )


def _etiquettes(cle: str, ecrits: dict[str, str]) -> dict[str, Any]:
    """Écrire les valeurs de la carte, telles qu'elle les écrit."""
    cas = " ".join(
        f'WHEN "{cle}" = {_liste([code])} THEN {_liste([ecrit])}' for code, ecrit in ecrits.items()
    )
    encres = {"encre": _rvb(COULEURS["encre"]), "papier": _rvb(COULEURS["papier"])}
    polices = {"police": POLICE, "corps": TRAITS["corps"], "halo": TRAITS["halo"]}
    return {"expression": f"CASE {cas} END", **encres, **polices}
