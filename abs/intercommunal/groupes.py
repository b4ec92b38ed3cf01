"""Réunir les communes qui se ressemblent : peu de groupes, tirés de situations, nommés par leurs traits les plus forts."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from abs.calcul.table_longue import Diagnostic
from abs.definitions import dire
from abs.formats import nombre
from abs.intercommunal.plan import chiffrees, plan
from abs.intercommunal.rangs import Classement
from abs.phrases.significativite import RISQUE, Verdict
from abs.territoires.territoires import Territoire
from abs.typologie.modele import accords, affecter, arbre, correlations, echelle, retenir
from abs.typologie.variables import VariableActive, table

COMMUNES_PAR_GROUPE = 3
NUAGES = 99
# Au-delà de cette part de nuages sans coupure aussi nets, il n'y a pas de coupure du tout.
PAS_DE_COUPURE = 0.2
COTES = {Verdict.PLUS: 1, Verdict.MOINS: -1}


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


def grouper(diagnostic: Diagnostic, classements: Mapping[str, Classement]) -> Groupes:
    """Grouper les communes d'une intercommunalité par profil."""
    reglages, regles, communes = plan()["groupes"], table().regles, diagnostic.ensembles.mailles
    actives, brutes = _matrice(diagnostic, communes, reglages["disponibilite"])
    minimum, part = reglages["variables_minimum"], nombre(100 * reglages["disponibilite"])
    if len(actives) < minimum:
        tenues = ", ".join(v.indicateur.libelle for v in actives) or "aucune"
        return Groupes(refus=dire("groupes", "peu_de_variables", minimum=minimum, part=part, tenues=tenues))
    poids = np.ones(len(brutes))
    gardees, ecartees = retenir(
        correlations(brutes, poids), [v.code for v in actives], regles.correlation_maximale
    )
    variables, valeurs = tuple(actives[g] for g in gardees), brutes[:, gardees]
    entieres = np.isfinite(valeurs).all(axis=1)
    if entieres.sum() < reglages["communes_minimum"] or len(variables) < minimum:
        comptes = {"entieres": nombre(int(entieres.sum())), "toutes": nombre(len(communes))}
        comptes |= {"variables": str(len(variables)), "communes": reglages["communes_minimum"]}
        refus = dire("groupes", "peu_de_communes", minimum=minimum, **comptes)
        return Groupes(variables=variables, refus=refus)
    # Chaque commune compte autant : pondérer par la population réduirait le partage à la ville-centre.
    reduites = echelle(valeurs[entieres], poids[entieres], regles.part_ecretee).appliquer(valeurs)
    seuil = reglages["stabilite"]
    combien, stabilite = _nombre_de_groupes(reduites[entieres], reglages["classes_maximum"], seuil)
    mots = {"stabilite": nombre(stabilite, 2), "seuil": nombre(seuil, 2)}
    if not combien:
        refus = dire("groupes", "instables", **mots)
        return Groupes(variables=variables, stabilite=stabilite, refus=refus)
    manques = min(regles.manques_admis, len(variables) - minimum + 1)
    classes = affecter(reduites, arbre(reduites[entieres]).centres(combien), manques)
    aussi_net = part_sans_coupure(reduites[entieres], combien, regles.graine)
    mots |= {"combien": str(combien), "part": nombre(100 * reglages["part_du_trait"])}
    etablis = _ecarts_etablis(classements, communes, variables)
    groupes = []
    for numero in sorted({int(c) for c in classes if c}):
        traits = traits_d_un_groupe(
            *(reduites, classes == numero, variables, reglages["valeur_test"], reglages["traits"]),
            partage=reglages["part_du_trait"],
            etablis=etablis,
            brutes=valeurs,
        )
        nom = ", ".join(traits[:2]) or dire("groupes", "sans_trait")
        siennes = tuple(t for t, k in zip(communes, classes, strict=True) if k == numero)
        groupes.append(Groupe(numero, nom[:1].upper() + nom[1:], traits, siennes))
    return Groupes(
        groupes=tuple(groupes),
        variables=variables,
        completees=tuple(t for t, e, k in zip(communes, entieres, classes, strict=True) if k and not e),
        non_classees=tuple(t for t, k in zip(communes, classes, strict=True) if not k),
        stabilite=stabilite,
        phrases=_phrases(variables, ecartees, mots, aussi_net),
    )


def _matrice(
    diagnostic: Diagnostic, communes: Sequence[Territoire], disponibilite: float
) -> tuple[list[VariableActive], np.ndarray]:
    """Réunir les variables actives présentes et solides dans assez de communes."""
    gardees: dict[str, tuple[VariableActive, np.ndarray]] = {}
    for variable in table().actives:
        lues = chiffrees(diagnostic, variable.code, solides=True)
        colonne = np.array([lues[t.code].valeur if t.code in lues else np.nan for t in communes], float)
        tenue = np.isfinite(colonne).sum() >= disponibilite * len(communes) > 0
        if tenue and variable.remplace not in gardees:
            gardees[variable.code] = (variable, colonne)
    colonnes = [c for _, c in gardees.values()]
    return [v for v, _ in gardees.values()], np.array(colonnes).reshape(-1, len(communes)).T


def _nombre_de_groupes(reduites: np.ndarray, maximum: int, stabilite: float) -> tuple[int, float]:
    """Prendre le plus grand nombre de groupes stable ; 0 si aucun ne l'est, avec la meilleure stabilité vue."""
    haut = max(2, min(maximum, len(reduites) // COMMUNES_PAR_GROUPE))
    mesures = {k: accord_sans_une(reduites, k) for k in range(2, haut + 1)}
    combien = max((k for k, s in mesures.items() if s >= stabilite), default=0)
    return combien, mesures[combien] if combien else max(mesures.values())


def _ecarts_etablis(
    classements: Mapping[str, Classement], communes: Sequence[Territoire], variables: Sequence[VariableActive]
) -> np.ndarray:
    """Ranger les ▲ et les ▼ des communes : 1, -1, 0 sans écart établi."""
    positions = [[classements[v.code].positions[t.code] for v in variables] for t in communes]
    return np.array([[COTES.get(p.comparaison.verdict, 0) for p in siennes] for siennes in positions])


def _mots_de_la_coupure(aussi_net: float) -> str:
    cas = "nets" if aussi_net < RISQUE else "non_etablie" if aussi_net < PAS_DE_COUPURE else "gradation"
    return dire("groupes", cas, aussi_net=nombre(100 * aussi_net), risque=nombre(100 * RISQUE))


def _phrases(
    variables: tuple[VariableActive, ...],
    ecartees: list[tuple[str, str, float]],
    mots: Mapping[str, str],
    aussi_net: float,
) -> tuple[str, ...]:
    libelles = " ; ".join(v.indicateur.libelle for v in variables)
    phrases = (
        dire("groupes", "methode", variables=len(variables), libelles=libelles, **mots),
        dire("groupes", "accord", **mots),
        _mots_de_la_coupure(aussi_net),
    )
    noms = {v.code: v.indicateur.libelle for v in table().actives}
    redites = " ; ".join(f"{noms[e]} (comme {noms[g]})" for e, g, _ in ecartees)
    return (*phrases, dire("groupes", "redites", redites=redites)) if redites else phrases


# -- mesurer un partage ----------------------------------------------------------------------------


def accord_sans_une(reduites: np.ndarray, combien: int) -> float:
    """Mesurer ce qu'il reste d'un partage quand on retire les communes une à une."""
    rangs = np.arange(len(reduites))
    return accords(reduites, [combien], [np.delete(rangs, rang) for rang in rangs])[combien]


def part_sans_coupure(reduites: np.ndarray, combien: int, graine: int) -> float:
    """Mesurer si un nuage sans coupure, de mêmes corrélations, se partage aussi nettement que ces communes."""
    hasard, covariance = np.random.default_rng(graine), np.atleast_2d(np.cov(reduites.T))
    observee, forme = _part_interne(reduites, combien), (np.zeros(reduites.shape[1]), covariance)
    tires = [hasard.multivariate_normal(*forme, len(reduites)) for _ in range(NUAGES)]
    return sum(_part_interne(nuage, combien) <= observee for nuage in tires) / NUAGES


def _part_interne(reduites: np.ndarray, combien: int) -> float:
    """Part de la dispersion qui reste à l'intérieur des groupes."""
    classes = affecter(reduites, arbre(reduites).centres(combien), 0)
    interne = sum(
        ((reduites[classes == k] - reduites[classes == k].mean(axis=0)) ** 2).sum() for k in set(classes)
    )
    return float(interne / ((reduites - reduites.mean(axis=0)) ** 2).sum())


def traits_d_un_groupe(
    reduites: np.ndarray,
    dedans: np.ndarray,
    variables: Sequence[VariableActive],
    seuil: float,
    combien: int,
    *,
    partage: float = 0.0,
    etablis: np.ndarray | None = None,
    brutes: np.ndarray | None = None,
) -> tuple[str, ...]:
    """Nommer ce qui distingue un groupe de l'ensemble, par ses valeurs-tests les plus fortes."""
    # Le lecteur compare à la moyenne des chiffres imprimés, que les extrêmes écrêtés déplaceraient.
    lues = reduites if brutes is None else brutes
    mesures = []
    for rang, variable in enumerate(variables):
        la = np.isfinite(reduites[:, rang])
        colonne, lue, siennes = reduites[la, rang], lues[la, rang], dedans[la]
        tous, siens = len(colonne), int(siennes.sum())
        dispersion = float(colonne.std(ddof=1)) if tous > 1 else 0.0
        if not siens or siens == tous or dispersion == 0:
            continue
        erreur = dispersion * float(np.sqrt((tous - siens) / (tous - 1) / siens))
        ecart = float(colonne[siennes].mean()) - float(colonne.mean())
        du_cote = int((np.sign(lue[siennes] - lue.mean()) == np.sign(ecart)).sum())
        dementi = etablis is not None and bool((etablis[dedans, rang] == -np.sign(ecart)).any())
        if du_cote >= partage * siens and not dementi and abs(ecart / erreur) >= seuil:
            mesures.append((ecart / erreur, variable))
    nets = sorted(mesures, key=lambda m: -abs(m[0]))
    return tuple(mots_du_trait(v, haut=z > 0) for z, v in nets[:combien])


def mots_du_trait(variable: VariableActive, *, haut: bool) -> str:
    """Écrire un trait pour des communes."""
    # « L'ensemble » de la typologie est ici la moyenne des communes, pas le chiffre de l'intercommunalité.
    mot = variable.haut if haut else variable.bas
    return str(plan()["groupes"]["mots"].get(mot, mot)).replace("de l'ensemble", "de la moyenne des communes")
