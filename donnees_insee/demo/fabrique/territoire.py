"""Le territoire fictif : communes, mailles élémentaires, profils sociaux, quartiers prioritaires."""

from __future__ import annotations

from dataclasses import dataclass

DEPARTEMENT = "99"
REGION = "98"  # autre que le département : un code de région ne doit pas se lire comme le sien
NOM_DEPARTEMENT = "Département fictif"
NOM_REGION = "Région fictive"
COMMUNE_CENTRE = "99001"
EPCI = {
    "999900001": "CA Val-d'Arzance (territoire fictif)",
    "999900002": "CC Haut-Nérandais (territoire fictif)",
}


@dataclass(frozen=True)
class Maille:
    """Plus petit morceau de territoire, dont les IRIS des deux géographies sont des réunions."""

    code: str
    nom: str
    nature: str
    profil: str
    habitants_2016: int
    habitants_2022: int
    x: float
    y: float

    def iris(self, annee: int) -> str:
        """Donner le code de l'IRIS qui contient la maille."""
        if annee == 2016:
            return SCISSION.get(self.code, self.code)
        return FUSION.get(self.code, self.code)

    def libelle(self, annee: int) -> str:
        """Donner le nom de l'IRIS qui contient la maille."""
        code = self.iris(annee)
        if code.endswith("0000"):
            return COMMUNES[annee][code[:5]][0]
        return NOM_AVANT_SCISSION if code in SCISSION.values() else self.nom


# L'IRIS 0504 de 2016 a été coupé en deux ; deux communes de 2016 n'en font plus qu'une.
SCISSION = {"990010505": "990010504", "990010506": "990010504"}
NOM_AVANT_SCISSION = "La Plaine"
FUSION = {"990100000": "990090000"}

_COMMUNES_STABLES = {
    "99001": ("Arzance-la-Ville", "999900001"),
    "99002": ("L'Isle/Arzance", "999900001"),
    "99003": ("Saint-Maur-d'Arzance", "999900001"),
    "99004": ("Lormeaux-le-Haut", "999900001"),
    "99005": ("Bréville-aux-Ormes", "999900001"),
    "99006": ("Chantemerle-sur-Arzance", "999900001"),
    "99007": ("Oisy-la-Fontaine-Fictive", "999900001"),
    "99008": ("Nérande", "999900001"),
    "99011": ("La Ferté-Bruyère", "999900001"),
    "99012": ("Montaubry", "999900002"),
    "99013": ("Saint-Éloi-des-Landes-Fictives", "999900002"),
    "99014": ("Corvaux", "999900002"),
    "99015": ("Les Essarts-Bruns", "999900002"),
}
COMMUNES: dict[int, dict[str, tuple[str, str]]] = {
    2016: _COMMUNES_STABLES
    | {"99009": ("Vaux-Saint-Rémy", "999900001"), "99010": ("Pont-d'Ambre", "999900001")},
    2022: _COMMUNES_STABLES | {"99009": ("Vaux-d'Ambre", "999900001")},
}

# code, nom, nature, profil, habitants 2016 et 2022, position en kilomètres autour du centre
_IRIS = """
990010101;Hôtel de Ville;H;CENTRE;2231;2190;0;0
990010102;Cathédrale-Vieux Pont;H;CENTRE;2052;2004;0.5;0.55
990010103;Gare;H;CENTRE;2268;2385;-0.7;0.3
990010104;Les Halles;H;CENTRE;2119;2087;0.3;-0.65
990010201;Université-Les Facultés;H;CAMPUS;2846;3010;1.45;-0.75
990010202;Botanique;H;AISE;2290;2262;1.25;0.3
990010203;Saint-Aubin;H;AISE;2416;2431;0.95;1.35
990010301;Les Tilleuls Nord;H;GRAND_ENSEMBLE;3120;2904;-1.75;1.75
990010302;Les Tilleuls Sud;H;GRAND_ENSEMBLE;2795;2688;-1.45;0.95
990010303;Bois-Joli;H;HLM_MIXTE;2463;2411;-2.55;0.85
990010304;La Verrerie;H;HLM_MIXTE;2281;2302;-1.75;-0.15
990010401;Faubourg d'Aval;H;FAUBOURG;2498;2555;-0.75;-0.7
990010402;Les Moulins;H;FAUBOURG;2254;2233;-1.35;-1.65
990010403;Quai des Tanneurs;H;FAUBOURG;2011;2146;-0.1;-1.55
990010404;Zone d'activités de l'Écluse;A;FAUBOURG;12;10;-2.5;-1.1
990010501;Les Coteaux Est;H;PAVILLON;2602;2671;2.25;1.55
990010502;Les Coteaux Ouest;H;PAVILLON;2479;2502;2.4;0.45
990010503;Beauregard;H;RESIDENTIEL_AGE;2366;2329;2.55;-0.75
990010505;La Plaine Nord;H;PAVILLON;1892;2418;0.25;2.7
990010506;La Plaine Sud;H;FAUBOURG;2085;2161;-0.45;1.95
990010601;Parc du Grand Étang;D;FAUBOURG;98;87;1.35;-2.1
990010602;Hauts de l'Arzance;H;RESIDENTIEL_AGE;2255;2214;0.35;-2.7
990020101;Bourg-l'Abbé;H;BOURG;2214;2190;-2.95;-3.55
990020102;Les Forges;H;HLM_MIXTE;2386;2311;-1.95;-2.65
990020103;Port-Vieux;H;BOURG;1998;2043;-2.35;-4.25
990020104;La Croix-Rouge/Les Prés;H;PAVILLON;2087;2202;-3.8;-3.0
990020105;Belle-Étoile;H;PAVILLON;1921;2035;-3.6;-4.5
990030101;Vieux Bourg;H;BOURG;2380;2342;3.7;3.3
990030102;Les Vignes;H;PAVILLON;2554;2713;4.6;2.7
990030103;Le Prieuré;H;RESIDENTIEL_AGE;2190;2176;4.5;4.1
990040000;;Z;PAVILLON;3312;3487;4.9;-0.4
990050000;;Z;PAVILLON;2190;2304;1.4;5.1
990060000;;Z;RURAL;1630;1702;-3.1;4.3
990070000;;Z;RURAL;1214;1243;-5.4;1.0
990080000;;Z;RURAL;948;931;-6.7;-2.7
990090000;;Z;RURAL;1148;1176;5.0;-3.9
990100000;;Z;RURAL;604;596;2.9;-5.6
990110000;;Z;RURAL;872;884;-0.7;-6.0
990120000;;Z;BOURG;1934;1887;8.6;1.4
990130000;;Z;RURAL;655;641;8.3;-2.9
990140000;;Z;RURAL;422;408;8.2;5.0
990150000;;Z;RURAL;99;94;11.0;-0.6
"""


def _lire_mailles() -> tuple[Maille, ...]:
    mailles = []
    for ligne in _IRIS.split("\n"):
        if ligne:
            code, nom, nature, profil, h16, h22, x, y = ligne.split(";")
            mailles.append(Maille(code, nom, nature, profil, int(h16), int(h22), float(x), float(y)))
    return tuple(mailles)


MAILLES = _lire_mailles()

QUARTIERS = {
    "9900101": "Centre",
    "9900102": "Université-Saint-Aubin",
    "9900103": "Tilleuls-Verrerie",
    "9900104": "Faubourgs",
    "9900105": "Coteaux et Plaine",
    "9900106": "Coteaux et Plaine",
}


@dataclass(frozen=True)
class QuartierPrioritaire:
    """Un QPV : son contour (centre, demi-axes en kilomètres) et la part des mailles qu'il recouvre."""

    code: str
    nom: str
    communes: tuple[str, ...]
    centre: tuple[float, float]
    demi_axes: tuple[float, float]
    inclinaison: float
    parts: dict[str, float]


QPV = (
    QuartierPrioritaire(
        "QP099001",
        "Les Tilleuls",
        ("99001",),
        (-1.6, 1.36),
        (0.98, 0.56),
        110,
        {"990010301": 0.86, "990010302": 0.82},
    ),
    QuartierPrioritaire(
        "QP099002",
        "Bois-Joli-La Verrerie",
        ("99001",),
        (-2.1, 0.32),
        (0.66, 0.34),
        128,
        {"990010303": 0.5, "990010304": 0.44},
    ),
    QuartierPrioritaire(
        "QP099003",
        "Les Moulins-Les Forges",
        ("99001", "99002"),
        (-1.66, -2.16),
        (0.55, 0.27),
        60,
        {"990010402": 0.36, "990020102": 0.52},
    ),
)


def iris_de(annee: int) -> dict[str, list[Maille]]:
    """Ranger les mailles dans les IRIS d'une géographie."""
    groupes: dict[str, list[Maille]] = {}
    for maille in MAILLES:
        groupes.setdefault(maille.iris(annee), []).append(maille)
    return dict(sorted(groupes.items()))


def habitants(codes: list[Maille], annee: int) -> int:
    """Additionner les habitants prévus de plusieurs mailles."""
    return sum(m.habitants_2016 if annee == 2016 else m.habitants_2022 for m in codes)
