"""Choisir, d'après les modalités d'un fichier de Melodi, quel jeu c'est et quelles cellules sont quelles variables."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from itertools import product

from donnees_insee.catalogue.jeux_melodi import (
    COLONNES_COMMUNES,
    OBLIGATOIRES,
    QUELCONQUE,
    TOTAL,
    Correspondance,
    Jeu,
    correspondances,
    jeux,
    modalites_glissantes,
)
from donnees_insee.erreurs import SourceNonReconnue

# Une cellule : une modalité par dimension, dans l'ordre des dimensions du fichier.
Cellule = tuple[str, ...]
# Une variable est la somme de termes ; un terme, la première présente de ses cellules.
Termes = tuple[tuple[Cellule, ...], ...]


@dataclass(frozen=True)
class JeuLu:
    """Un jeu reconnu dans un fichier : la façon d'en tirer chaque variable, plusieurs si une autre est à défaut."""

    jeu: Jeu
    variables: dict[str, tuple[Termes, ...]]

    @property
    def cellules(self) -> list[Cellule]:
        """Donner, une fois chacune, les cellules à lire."""
        trouvees = (c for facons in self.variables.values() for termes in facons for t in termes for c in t)
        return list(dict.fromkeys(trouvees))


def est_de_melodi(colonnes: Iterable[str]) -> bool:
    """Dire si des noms de colonnes sont ceux d'un fichier de Melodi dont un jeu connu porte la mesure."""
    noms = {c.strip().upper() for c in colonnes}
    return noms >= OBLIGATOIRES and any(jeu.mesure in noms for jeu in jeux().values())


def dimensions_du_fichier(colonnes: Iterable[str]) -> tuple[str, ...]:
    """Donner les dimensions d'un fichier, mesure comprise, dans l'ordre de leurs noms : celui des colonnes ne compte pas."""
    return tuple(sorted({c.strip().upper() for c in colonnes} - COLONNES_COMMUNES))


def choisir(
    dimensions: tuple[str, ...], presentes: Collection[Cellule], nom: str, edition: int
) -> list[JeuLu]:
    """Reconnaître le jeu d'un fichier ; plusieurs, s'il porte les variables de plusieurs."""
    modalites = {d: {c[i] for c in presentes} for i, d in enumerate(dimensions)}
    possibles = [
        (jeu, renommees) for jeu in jeux().values() if (renommees := _dimensions_de(jeu, dimensions))
    ]
    # Un fichier qui a une dimension de plus qu'un jeu n'est ce jeu que s'il en porte aussi le nom : la population
    # d'une exploitation par sondage n'est pas celle de l'exploitation exhaustive.
    candidats = [
        (jeu, siennes)
        for jeu, siennes in possibles
        if set(siennes) == {jeu.mesure, *jeu.dimensions} or any(n in nom.upper() for n in jeu.noms)
    ]
    lus = [_lire(jeu, renommees, modalites, presentes, edition) for jeu, renommees in candidats]
    # Le plus riche d'abord : un jeu dont toutes les variables sont déjà tirées n'est qu'un reflet de l'autre.
    gardes: list[JeuLu] = []
    for lu in sorted(lus, key=lambda x: -len(x.variables)):
        connues = {v for garde in gardes for v in garde.variables}
        if not lu.variables.keys() <= connues:
            gardes.append(lu)
    if not gardes:
        raise SourceNonReconnue(_refus(nom, dimensions, modalites, [jeu for jeu, _ in candidats]))
    return gardes


def _dimensions_de(jeu: Jeu, dimensions: tuple[str, ...]) -> tuple[str, ...]:
    """Nommer les dimensions d'un fichier comme le jeu les nomme ; rien si le jeu n'y est pas."""
    renommees = tuple(d if d in jeu.dimensions else jeu.renommees.get(d, d) for d in dimensions)
    return renommees if {jeu.mesure, *jeu.dimensions} <= set(renommees) else ()


def _lire(
    jeu: Jeu,
    dimensions: tuple[str, ...],
    modalites: Mapping[str, set[str]],
    presentes: Collection[Cellule],
    edition: int,
) -> JeuLu:
    par_dimension = dict(zip(dimensions, modalites.values(), strict=True))
    par_defaut = {d: _par_defaut(jeu, d, tenues) for d, tenues in par_dimension.items()}
    variables: dict[str, tuple[Termes, ...]] = {}
    for ligne in (li for li in correspondances().get(jeu.nom, ()) if li.vaut_pour(edition)):
        termes = _termes(ligne, dimensions, par_dimension, par_defaut)
        if termes is None:
            continue
        gardes = tuple(tuple(c for c in terme if c in presentes) for terme in termes)
        if all(gardes):
            variables[ligne.variable] = (*variables.get(ligne.variable, ()), gardes)
    return JeuLu(jeu, variables)


def _par_defaut(jeu: Jeu, dimension: str, tenues: set[str]) -> str | None:
    """Fixer une dimension dont une variable ne dit rien : ce qui tient lieu de total, le total, ou l'unique mesure."""
    seule = jeu.seules.get(dimension)
    if seule in tenues:
        return seule
    if TOTAL in tenues:
        return TOTAL
    # Une dimension réduite à une modalité n'est pas un total : les seuls actifs ne sont pas la population.
    return next(iter(tenues)) if dimension == jeu.mesure and len(tenues) == 1 else None


def _termes(
    ligne: Correspondance,
    dimensions: tuple[str, ...],
    tenues: Mapping[str, set[str]],
    par_defaut: Mapping[str, str | None],
) -> Termes | None:
    """Écrire les cellules d'une variable ; rien si une dimension n'a pas de total et que la variable n'en dit rien."""
    choix: list[list[tuple[str, ...]]] = []
    for dimension in dimensions:
        voulues = ligne.modalites.get(dimension)
        if voulues is not None:
            choix.append([_ecritures(v, tenues[dimension]) for v in voulues])
        elif (fixe := par_defaut[dimension]) is not None:
            choix.append([(fixe,)])
        else:
            return None
    return tuple(tuple(product(*combinaison)) for combinaison in product(*choix))


def _ecritures(modalite: str, tenues: set[str]) -> tuple[str, ...]:
    """Lister les écritures d'une modalité dans ce fichier : certaines suivent l'édition."""
    if modalite == QUELCONQUE:
        return tuple(sorted(tenues))
    motif = modalites_glissantes().get(modalite)
    return (modalite,) if motif is None else tuple(sorted(t for t in tenues if motif.fullmatch(t)))


def _refus(
    nom: str, dimensions: tuple[str, ...], modalites: Mapping[str, set[str]], candidats: list[Jeu]
) -> str:
    debut = f"« {nom} » est un fichier de Melodi (Insee), de dimensions {', '.join(dimensions)}"
    if not candidats:
        return (
            f"{debut}, d'aucun des jeux que le catalogue sait lire : {', '.join(jeux())}. Déposez l'un d'eux, ou "
            "ajoutez le jeu et sa correspondance aux tables « melodi » du dossier ABS_CATALOGUE."
        )
    sans_total = [
        f"{d} ({', '.join(sorted(m)[:6])})" for d, m in modalites.items() if TOTAL not in m and len(m) > 1
    ]
    precision = f" Sans total ni modalité unique : {' ; '.join(sans_total)}." if sans_total else ""
    return (
        f"{debut}, qui ressemble à {' ou '.join(j.nom for j in candidats)} mais dont aucune cellule n'est connue."
        f"{precision} Déposez le fichier complet du producteur, ou complétez la table « melodi/correspondance.csv »."
    )
