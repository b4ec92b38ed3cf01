"""Réunir les communes qui se ressemblent : peu de groupes, tirés de situations, nommés par leurs traits les plus forts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from abs.calcul.table_longue import Diagnostic
from abs.formats import nombre
from abs.intercommunal.absences import chiffrees
from abs.intercommunal.mesures_des_groupes import accord_sans_une, part_sans_coupure, traits_d_un_groupe
from abs.intercommunal.plan import plan
from abs.intercommunal.rangs import Classement
from abs.phrases.significativite import RISQUE, Verdict
from abs.territoires.territoires import Territoire
from abs.typologie.partition import affecter, arbre, correlations, echelle, retenir
from abs.typologie.variables import VariableActive, table

COMMUNES_PAR_GROUPE = 3
# Au-delà de cette part de nuages sans coupure aussi nets, il n'y a pas de coupure du tout.
PAS_DE_COUPURE = 0.2
SANS_TRAIT = "sans trait que partagent presque toutes ses communes"


@dataclass(frozen=True)
class Groupe:
    """Des communes dont la situation se ressemble."""

    numero: int
    nom: str
    traits: tuple[str, ...]
    communes: tuple[Territoire, ...]


@dataclass(frozen=True)
class Groupes:
    """Le partage des communes, ou la raison pour laquelle il n'y en a pas."""

    groupes: tuple[Groupe, ...] = ()
    variables: tuple[VariableActive, ...] = ()
    completees: tuple[Territoire, ...] = ()
    non_classees: tuple[Territoire, ...] = ()
    stabilite: float = float("nan")
    refus: str = ""
    phrases: tuple[str, ...] = ()


def grouper(diagnostic: Diagnostic, classements: Mapping[str, Classement] | None = None) -> Groupes:
    """Grouper les communes d'une intercommunalité par profil."""
    reglages, regles, communes = plan()["groupes"], table().regles, diagnostic.ensembles.mailles
    actives, brutes = _matrice(diagnostic, communes, reglages["disponibilite"])
    if len(actives) < reglages["variables_minimum"]:
        tenues = ", ".join(v.indicateur.libelle for v in actives) or "aucune"
        return Groupes(
            refus=f"Les communes ne sont pas groupées : il faut au moins {reglages['variables_minimum']} variables de "
            f"situation chiffrées et solides dans {nombre(100 * reglages['disponibilite'])}\u00a0% des communes ; "
            f"disponibles ici : {tenues}."
        )
    poids = np.ones(len(brutes))
    gardees, ecartees = retenir(
        correlations(brutes, poids), [v.code for v in actives], regles.correlation_maximale
    )
    variables, valeurs = tuple(actives[g] for g in gardees), brutes[:, gardees]
    entieres = np.isfinite(valeurs).all(axis=1)
    if entieres.sum() < reglages["communes_minimum"] or len(variables) < reglages["variables_minimum"]:
        return Groupes(
            variables=variables,
            refus=f"Les communes ne sont pas groupées : {nombre(int(entieres.sum()))} sur {nombre(len(communes))} ont les "
            f"{len(variables)} variables de situation non redondantes, et il en faut au moins "
            f"{reglages['communes_minimum']}, avec {reglages['variables_minimum']} variables.",
        )
    # Chaque commune compte autant : pondérer par la population réduirait le partage à la ville-centre.
    reduites = echelle(valeurs[entieres], poids[entieres], regles.part_ecretee).appliquer(valeurs)
    combien, stabilite = _nombre_de_groupes(
        reduites[entieres], reglages["classes_maximum"], reglages["stabilite"]
    )
    if not combien:
        return Groupes(
            variables=variables,
            stabilite=stabilite,
            refus="Les communes ne sont pas groupées : aucun partage ne reste assez le même quand on retire une seule "
            f"commune (accord moyen de {nombre(stabilite, 2)}, il faut {nombre(reglages['stabilite'], 2)}). Lisez leurs "
            "places une par une.",
        )
    centres = arbre(reduites[entieres]).centres(combien)
    manques = min(regles.manques_admis, len(variables) - reglages["variables_minimum"] + 1)
    classes = affecter(reduites, centres, manques)
    aussi_net = part_sans_coupure(reduites[entieres], combien, regles.graine)
    return _rendre(
        communes,
        (reduites, valeurs, _ecarts_etablis(classements or {}, communes, variables)),
        classes,
        variables,
        _phrases(combien, variables, ecartees, stabilite, aussi_net),
        stabilite,
    )


def _matrice(
    diagnostic: Diagnostic, communes: Sequence[Territoire], disponibilite: float
) -> tuple[list[VariableActive], np.ndarray]:
    """Réunir les variables actives présentes et solides dans assez de communes."""
    gardees: list[VariableActive] = []
    colonnes = []
    for variable in table().actives:
        if variable.remplace and variable.remplace in {v.code for v in gardees}:
            continue
        lues = chiffrees(diagnostic, variable.code, solides=True)
        colonne = np.array([lues[t.code].valeur if t.code in lues else np.nan for t in communes], float)
        if np.isfinite(colonne).sum() >= disponibilite * len(communes) > 0:
            gardees.append(variable)
            colonnes.append(colonne)
    return gardees, np.array(colonnes).T if colonnes else np.empty((len(communes), 0))


def _nombre_de_groupes(reduites: np.ndarray, maximum: int, stabilite: float) -> tuple[int, float]:
    """Prendre le plus grand nombre de groupes stable ; 0 si aucun ne l'est, avec la meilleure stabilité vue."""
    haut = max(2, min(maximum, len(reduites) // COMMUNES_PAR_GROUPE))
    mesures = {k: accord_sans_une(reduites, k) for k in range(2, haut + 1)}
    stables = [k for k, s in mesures.items() if s >= stabilite]
    return (max(stables), mesures[max(stables)]) if stables else (0, max(mesures.values()))


def _ecarts_etablis(
    classements: Mapping[str, Classement], communes: Sequence[Territoire], variables: Sequence[VariableActive]
) -> np.ndarray:
    """Ranger les ▲ et les ▼ des communes : 1, -1, 0 sans écart établi."""
    sens = {Verdict.PLUS: 1, Verdict.MOINS: -1}
    sans_rang = [0] * len(communes)
    colonnes = [
        [sens.get(classements[v.code].positions[t.code].comparaison.verdict, 0) for t in communes]
        if v.code in classements
        else sans_rang
        for v in variables
    ]
    return np.array(colonnes).T


def _mots_de_la_coupure(aussi_net: float) -> str:
    if aussi_net < RISQUE:
        return (
            f"Les groupes sont nets : moins de {nombre(100 * RISQUE)}\u00a0% des nuages de communes tirés au sort, de mêmes "
            "corrélations et sans coupure, se partagent aussi bien."
        )
    if aussi_net < PAS_DE_COUPURE:
        return (
            f"Une coupure entre ces groupes n'est pas établie : {nombre(100 * aussi_net)}\u00a0% des nuages de communes "
            "tirés au sort, de mêmes corrélations et sans coupure, se partagent aussi nettement (il faudrait moins de "
            f"{nombre(100 * RISQUE)}\u00a0%). De part et d'autre d'une limite, deux communes peuvent se ressembler."
        )
    return (
        "Il n'y a pas de coupure naturelle entre ces groupes : "
        f"{nombre(100 * aussi_net)}\u00a0% des nuages de communes tirés au sort, de mêmes corrélations et sans coupure, se "
        "partagent aussi nettement. Le partage découpe une gradation : de part et d'autre d'une limite, deux communes "
        "peuvent se ressembler."
    )


def _rendre(
    communes: Sequence[Territoire],
    mesures: tuple[np.ndarray, np.ndarray, np.ndarray],
    classes: np.ndarray,
    variables: tuple[VariableActive, ...],
    phrases: tuple[str, ...],
    stabilite: float,
) -> Groupes:
    reglages, (reduites, valeurs, etablis) = plan()["groupes"], mesures
    rendus = []
    for numero in sorted({int(c) for c in classes if c}):
        dedans = classes == numero
        traits = traits_d_un_groupe(
            *(reduites, dedans, variables, reglages["valeur_test"], reglages["traits"]),
            partage=reglages["part_du_trait"],
            etablis=etablis,
            brutes=valeurs,
        )
        nom = ", ".join(traits[:2]) if traits else SANS_TRAIT
        siennes = tuple(t for t, la in zip(communes, dedans, strict=True) if la)
        rendus.append(Groupe(numero, nom[:1].upper() + nom[1:], traits, siennes))
    incompletes = ~np.isfinite(reduites).all(axis=1)
    return Groupes(
        groupes=tuple(rendus),
        variables=variables,
        completees=tuple(t for t, i, k in zip(communes, incompletes, classes, strict=True) if i and k),
        non_classees=tuple(t for t, k in zip(communes, classes, strict=True) if not k),
        stabilite=stabilite,
        phrases=phrases,
    )


def _phrases(
    combien: int,
    variables: tuple[VariableActive, ...],
    ecartees: list[tuple[str, str, float]],
    stabilite: float,
    aussi_net: float,
) -> tuple[str, ...]:
    libelles = " ; ".join(v.indicateur.libelle for v in variables)
    phrases = [
        (
            f"{combien} groupes, par classification de Ward puis centres mobiles, sur {len(variables)} variables de "
            f"situation standardisées où chaque commune compte autant : {libelles}. Aucun trait de population (âge, "
            "nationalité, composition des familles, logement HLM…) n'y entre. Un trait se lit par rapport aux autres "
            "communes, non par rapport au chiffre de l'intercommunalité ; il n'est écrit que si "
            f"{nombre(100 * plan()['groupes']['part_du_trait'])}\u00a0% au moins des communes du groupe sont du côté qu'il "
            "dit, et qu'aucun ▲ ou ▼ de l'une d'elles ne le contredit."
        ),
        (
            f"Accord moyen du partage quand on retire les communes une à une : {nombre(stabilite, 2)} (1 : toujours le "
            "même). Avec si peu de communes, c'est une aide à la lecture ; un nom est une proposition, à confirmer par "
            "l'analyste."
        ),
        _mots_de_la_coupure(aussi_net),
    ]
    if ecartees:
        noms = {v.code: v.indicateur.libelle for v in table().actives}
        redites = " ; ".join(f"{noms[e]} (comme {noms[g]})" for e, g, _ in ecartees)
        phrases.append(f"Laissées de côté parce qu'elles répètent une variable gardée : {redites}.")
    return tuple(phrases)
