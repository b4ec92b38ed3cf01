"""Niveaux de vie fictifs, une loi par maille et des mélanges au-dessus ; les fichiers Filosofi qui en viennent."""

import itertools
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from statistics import NormalDist

from donnees_insee.demo.fabrique.alea import Alea
from donnees_insee.demo.fabrique.formats_bruts import FORMATS, Ligne, Tables, virgule
from donnees_insee.demo.fabrique.population import Compte
from donnees_insee.demo.fabrique.recensement import Comptes
from donnees_insee.demo.fabrique.territoire import COMMUNES, EPCI, NIVEAUX, Maille, iris_de, profil_de

# Seuils de pauvreté annuels à 60 % de la médiane métropolitaine.
SEUIL = {2016: 12_312.0, 2021: 13_896.0}
_CROISSANCE = {2016: 0.886, 2021: 1.0}
_RECENSEMENT = {2016: 2016, 2021: 2022}
_NORMALE = NormalDist()
_DECILES = {f"D{k}": k / 10 for k in range(1, 10) if k != 5}
RANGS = {"Q1": 0.25, "MED": 0.5, "Q3": 0.75} | _DECILES
# Un IRIS d'habitat non significatif par millésime, un autre dont seul le taux de pauvreté est tu.
_NON_SIGNIFICATIF = {2016: "990020104", 2021: "990010201"}
_PAUVRETE_TUE = {2016: "990030102", 2021: "990010503"}
_PRUDENCE = {"990010304", "990020102"}
_TU = "s"
# Pauvreté de l'ensemble, des moins de 30 ans, des 30-39, 40-49, 50-59, 60-74, 75 ans et plus, propriétaires, locataires.
_ECARTS = {"": 1, "AGE1": 1.42, "AGE2": 1.18, "AGE3": 1.12, "AGE4": 0.98, "AGE5": 0.72, "AGE6": 0.62}
_ECARTS |= {"TOL1": 0.4, "TOL2": 1.75}


@dataclass(frozen=True)
class Loi:
    """Loi des niveaux de vie d'une maille : log-normale, avec son poids en personnes."""

    poids: float
    mediane: float
    dispersion: float

    def repartition(self, x: float) -> float:
        """Part des personnes sous un niveau de vie."""
        return _NORMALE.cdf(math.log(x / self.mediane) / self.dispersion)


def loi_de(maille: Maille, annee: int, alea: Alea, poids: float | None = None) -> Loi:
    """Donner la loi des niveaux de vie d'une maille."""
    profil = profil_de(maille, _RECENSEMENT[annee], alea)
    bruit = alea.autour(0.008, maille.code, annee, "mediane")
    dispersion = profil.dispersion * alea.autour(0.02, maille.code, "dispersion")
    mediane = profil.mediane * _CROISSANCE[annee] * bruit
    return Loi(maille.de("habitants", annee) if poids is None else poids, mediane, dispersion)


def melange(lois: Sequence[Loi], x: float) -> float:
    """Part des personnes sous un niveau de vie dans un territoire fait de plusieurs mailles."""
    total = math.fsum(loi.poids for loi in lois)
    return math.fsum(loi.poids * loi.repartition(x) for loi in lois) / total


def pauvrete(mailles: Sequence[Maille], annee: int, alea: Alea) -> float:
    """Part des personnes sous le seuil de pauvreté."""
    return melange([loi_de(m, annee, alea) for m in mailles], SEUIL[annee])


def quantile(lois: Sequence[Loi], rang: float) -> float:
    """Chercher par dichotomie un quantile d'un mélange ; ce n'est pas une moyenne de quantiles."""
    bas, haut = 1_000.0, 400_000.0
    for _ in range(45):
        milieu = (bas + haut) / 2
        bas, haut = (milieu, haut) if melange(lois, milieu) < rang else (bas, milieu)
    return bas


def _masse(lois: Sequence[Loi], x: float) -> float:
    """Part du revenu total reçue par ceux qui sont sous un niveau de vie."""
    moyennes = [loi.poids * loi.mediane * math.exp(loi.dispersion**2 / 2) for loi in lois]
    sous = [
        moyenne * _NORMALE.cdf(math.log(x / loi.mediane) / loi.dispersion - loi.dispersion)
        for moyenne, loi in zip(moyennes, lois, strict=True)
    ]
    return math.fsum(sous) / math.fsum(moyennes)


def distribution(lois: Sequence[Loi], annee: int) -> dict[str, float]:
    """Calculer les indicateurs de distribution d'un territoire."""
    # En 2021 le producteur arrondit à la dizaine d'euros ; les rapports se calculent sur l'arrondi.
    pas = 10 if annee == 2021 else 1
    resultat = {nom: float(round(quantile(lois, rang) / pas) * pas) for nom, rang in RANGS.items()}
    resultat["RD"] = resultat["D9"] / resultat["D1"]
    resultat["EQ"] = (resultat["Q3"] - resultat["Q1"]) / resultat["MED"]
    resultat["TP60"] = 100 * melange(lois, SEUIL[annee])
    lorenz = [0.0, *(_masse(lois, quantile(lois, k / 20)) for k in range(1, 20)), 1.0]
    resultat["S80S20"] = (1 - lorenz[16]) / lorenz[4]
    # Aire sous la courbe de Lorenz, par trapèzes.
    resultat["GI"] = 1 - math.fsum(a + b for a, b in itertools.pairwise(lorenz)) / 20
    return resultat


def structure(lois: Sequence[Loi], annee: int, compte: Compte) -> dict[str, float]:
    """Décomposer le revenu disponible ; les parts font 100 avec les impôts, comptés en négatif."""
    part_65_ans = compte["P_POP65P"] / compte["P_POP"]
    chomage = compte["P_CHOM1564"] / max(compte["P_ACT1564"], 1e-9)
    niveau = quantile(lois, 0.5) / (SEUIL[annee] / 0.6)
    pauvres = melange(lois, SEUIL[annee])
    parts = {
        "PPMINI": round(0.4 + 19 * pauvres**1.35, 1),
        "PPLOGT": round(0.3 + (11.5 if annee == 2016 else 9.5) * pauvres**1.4, 1),
        "PPFAM": round(0.9 + 8.5 * pauvres, 1),
        "PIMPOT": -round(min(25.0, max(7.0, 15.6 * niveau**1.1)), 1),
        "PPAT": round(max(2.0, 9.5 * niveau**1.7), 1),
        "PPEN": round(7 + 92 * part_65_ans, 1),
        "PCHO": round(0.8 + 17 * chomage, 1),
        "PBEN": round(1.6 + 2.4 * niveau**2, 1),
        "PIMP": round(min(85.0, max(15.0, 100 * (1 - melange(lois, SEUIL[annee] * 1.42)) + 4)), 1),
    }
    parts["PPSOC"] = round(parts["PPMINI"] + parts["PPLOGT"] + parts["PPFAM"], 1)
    parts["PACT"] = round(100 - parts["PPSOC"] - parts["PIMPOT"] - parts["PPAT"] - parts["PPEN"], 1)
    parts["PTSA"] = round(parts["PACT"] - parts["PCHO"] - parts["PBEN"], 1)
    return parts


def _valeurs_iris(lois: list[Loi], annee: int, compte: Compte, code: str) -> dict[str, str]:
    """Écrire les indicateurs publiés d'un IRIS."""
    d = distribution(lois, annee)
    valeurs = {nom: str(int(d[nom])) for nom in RANGS}
    valeurs |= {nom: virgule(v) for nom, v in structure(lois, annee, compte).items()}
    valeurs |= {"EQ": virgule(d["EQ"], 2), "RD": virgule(d["RD"]), "GI": virgule(d["GI"], 3)}
    valeurs["S80S20"] = virgule(d["S80S20"], 3 if annee == 2016 else 1)
    valeurs["NOTE"] = "1" if code in _PRUDENCE else "0"
    # En 2021 la pauvreté est arrondie au point ou aux deux points, selon l'incertitude.
    incertitude = 2 if compte["P_POP"] < 2300 else 1
    valeurs["INCERT"] = str(incertitude)
    valeurs["TP60"] = virgule(d["TP60"] if annee == 2016 else round(d["TP60"] / incertitude) * incertitude)
    if code == _PAUVRETE_TUE[annee]:
        valeurs["TP60"] = _TU if annee == 2021 else ""
    return valeurs


def _iris(annee: int, comptes: Comptes, alea: Alea) -> Iterator[Ligne]:
    """Composer la table des IRIS ; ceux qui ne sont pas d'habitat, et l'un d'eux, n'ont pas de chiffre."""
    for code, mailles in iris_de(_RECENSEMENT[annee]).items():
        nature, commune = mailles[0].nature, code[:5]
        if nature == "Z":
            continue
        valeurs = _valeurs_iris([loi_de(m, annee, alea) for m in mailles], annee, comptes[code], code)
        if nature in "AD" or code == _NON_SIGNIFICATIF[annee]:
            valeurs = dict.fromkeys(valeurs, "nd" if nature in "AD" else "ns")
            sans_objet = ("INCERT", "RD", "S80S20", "NOTE")
            valeurs |= {"NOTE": "0"} if annee == 2016 else dict.fromkeys(sans_objet, "so")
        ligne = {"IRIS": code, "LIBIRIS": mailles[0].libelle(_RECENSEMENT[annee]), "COM": commune}
        ligne["LIBCOM"] = COMMUNES[_RECENSEMENT[annee]][commune][0]
        yield ligne | {f"DISP_{v}{annee % 100}": valeur for v, valeur in valeurs.items()}


def territoires(recensement: int) -> dict[str, dict[tuple[str, str], list[Maille]]]:
    """Ranger les mailles par commune, EPCI, département et région, de code et de nom donnés."""
    groupes: dict[str, dict[tuple[str, str], list[Maille]]] = {}
    for code, mailles in iris_de(recensement).items():
        nom, epci = COMMUNES[recensement][code[:5]]
        for niveau, cle in {"COM": (code[:5], nom), "EPCI": (epci, EPCI[epci]), **NIVEAUX}.items():
            groupes.setdefault(niveau, {}).setdefault(cle, []).extend(mailles)
    return groupes


def _ligne(mailles: list[Maille], annee: int, comptes: Comptes, alea: Alea) -> dict[str, object]:
    """Écrire les indicateurs d'un territoire ; vides en 2016, « s » en 2021 quand il est trop petit."""
    lois = [loi_de(m, annee, alea) for m in mailles]
    iris = [comptes[c] for c in {m.de("iris", _RECENSEMENT[annee]) for m in mailles}]
    compte = {nom: math.fsum(c[nom] for c in iris) for nom in iris[0]}
    d = distribution(lois, annee)
    ligne: dict[str, object]
    if annee == 2016:
        menages, personnes = round(compte["P_MEN"] * 0.955), round(compte["P_PMEN"] * 0.965)
        unites = virgule(personnes / (personnes / menages) ** 0.44)
        ligne = {"NBMEN16": menages, "NBPERS16": personnes, "NBUC16": unites}
    else:
        menages, personnes = round(compte["P_MEN"] * 0.965), round(compte["P_PMEN"] * 0.97)
        ligne = dict.fromkeys(FORMATS["cc_filosofi_2021_COM"]["entete"].split(";"), _TU)
        ligne |= {"NBMENFISC21": menages, "NBPERSMENFISC21": personnes}
    if menages >= 50:
        ligne["Q216" if annee == 2016 else "MED21"] = int(d["MED"])
    if menages < 1000:
        return ligne
    parts = structure(lois, annee, compte)
    ligne |= {f"{nom}{annee % 100}": virgule(part) for nom, part in parts.items()}
    ligne |= {f"{nom}{annee % 100}": int(d[nom]) for nom in ("Q1", "Q3", *_DECILES)}
    if annee == 2016:
        ligne |= {"Q3_Q1": int(d["Q3"] - d["Q1"]), "RD": virgule(d["RD"])}
        return ligne | {"S80S2016": virgule(d["S80S20"], 3), "GI16": virgule(d["GI"], 3)}
    ligne |= {"PIMP21": virgule(round(parts["PIMP"])), "RD21": virgule(d["RD"])}
    ligne |= {f"TP60{nom}21": virgule(round(d["TP60"] * ecart)) for nom, ecart in _ECARTS.items()}
    if menages < 2000 and melange(lois, 9_000) <= 0.06:
        # Les classes d'âge extrêmes se taisent d'abord.
        ligne |= {"TP60AGE121": _TU, "TP60AGE621": _TU}
    return ligne


def tables_filosofi(comptes: dict[int, Comptes], alea: Alea) -> Tables:
    """Composer toutes les tables de revenus : IRIS, communes, EPCI, département, région."""
    tables: Tables = {
        "BASE_TD_FILO_DISP_IRIS_2016": _iris(2016, comptes[2016], alea),
        "BASE_TD_FILO_IRIS_2021_DISP": _iris(2021, comptes[2022], alea),
    }
    for nom, annee in (("FILO2016_DISP", 2016), ("cc_filosofi_2021", 2021)):
        siens = comptes[_RECENSEMENT[annee]]
        for niveau, groupes in territoires(_RECENSEMENT[annee]).items():
            tables[f"{nom}_{niveau}"] = [
                _ligne(mailles, annee, siens, alea) | {"CODGEO": code, "LIBGEO": libelle}
                for (code, libelle), mailles in groupes.items()
            ]
    return tables
