"""De la base déposée aux phrases : quelles listes servent, quelles années, ce qui est dit."""

from __future__ import annotations

import json

import pytest

from donnees_insee.erreurs import DonneeAbsente, ParametreInvalide, TerritoireInconnu
from donnees_insee.geographie.dans_le_temps import changements

COG = (
    '"TYPECOM","COM","REG","DEP","CTCD","ARR","TNCC","NCC","NCCENR","LIBELLE","CAN","COMPARENT"\n'
    '"COM","85194","52","85","85D","853","1","SABLES","Sables","Les Sables-d\'Olonne","8598",""\n'
    '"COM","85001","52","85","85D","853","1","AIGUILLON","Aiguillon","L\'Aiguillon","8598",""\n'
)
ENTETE = (
    '"MOD","DATE_EFF","TYPECOM_AV","COM_AV","TNCC_AV","NCC_AV","NCCENR_AV","LIBELLE_AV",'
    '"TYPECOM_AP","COM_AP","TNCC_AP","NCC_AP","NCCENR_AP","LIBELLE_AP"\n'
)
NOMS = {"85060": "Château-d'Olonne", "85166": "Olonne-sur-Mer", "85194": "Les Sables-d'Olonne"}
MOUVEMENTS = ENTETE + "".join(
    f'"32","2019-01-01","COM","{c}","0","","","{n}","COM","85194","0","","","Les Sables-d\'Olonne"\n'
    for c, n in NOMS.items()
)
REFERENCE = "CODE_IRIS;LIB_IRIS;TYP_IRIS;DEPCOM;LIBCOM;REG;DEP\n"
RECENTE = REFERENCE + (
    "851940101;Port;H;85194;Les Sables-d'Olonne;52;85\n"
    "851940201;Sud;H;85194;Les Sables-d'Olonne;52;85\n"
    "851940301;Le Bourg;H;85194;Les Sables-d'Olonne;52;85\n"
    "850010000;L'Aiguillon;Z;85001;L'Aiguillon;52;85\n"
)
ANCIENNE = {"851940101": "Port", "851660101": "Sud", "850600101": "Le Bourg", "850010000": "L'Aiguillon"}


def contours(codes: dict[str, str]) -> str:
    entites = [
        {
            "type": "Feature",
            "properties": {
                "CODE_IRIS": c,
                "NOM_IRIS": n,
                "INSEE_COM": c[:5],
                "NOM_COM": c[:5],
                "TYP_IRIS": "H",
            },
            "geometry": {
                "type": "Polygon",
                "coordinates": [[[x, 46.5], [x + 0.01, 46.5], [x + 0.01, 46.6], [x, 46.6], [x, 46.5]]],
            },
        }
        for x, (c, n) in zip((-1.8, -1.79, -1.78, -1.77), codes.items(), strict=False)
    ]
    return json.dumps({"type": "FeatureCollection", "features": entites})


@pytest.fixture
def base(bureau):
    bureau.deposer("v_commune_2026.csv", COG)
    bureau.deposer("v_mvt_commune_2026.csv", MOUVEMENTS)
    bureau.deposer("iris_2021.csv", RECENTE)
    return bureau.base


def test_sans_mouvements(bureau):
    with pytest.raises(DonneeAbsente, match="v_mvt_commune"):
        changements(bureau.base, "85194")


def test_une_couche_sans_annee_est_datee_par_ses_communes(base, bureau):
    assert bureau.deposer("contours.geojson", contours(ANCIENNE)).etat == "range"
    constat = changements(base, "85194")
    assert (constat.de, constat.a, constat.comptes) == (2018, 2021, (1, 3))
    texte = "\n".join(constat.phrases())
    assert "1 IRIS en 2018 au plus tard, 3 en 2021" in texte
    assert "avaient ensemble 3 IRIS en 2018 au plus tard : Château-d'Olonne 1, Olonne-sur-Mer 1" in texte
    assert "a absorbé Château-d'Olonne (85060) et Olonne-sur-Mer (85166) au 1er janvier 2019" in texte
    assert "850600101 → 851940301 Le Bourg" in texte
    assert "2003 à 2018" in texte
    # L'ancienne commune mène aux mêmes groupes.
    assert changements(base, "85060").communes.groupes == constat.communes.groupes


def test_une_couche_qu_on_ne_peut_pas_dater_ne_sert_pas(base, bureau):
    recents = {"851940101": "Port", "851940201": "Sud", "851940301": "Le Bourg", "850010000": "L'Aiguillon"}
    bureau.deposer("contours.geojson", contours(recents))
    constat = changements(base, "85194")
    assert constat.iris is None
    assert "rien ne dit si elle est d'avant ou d'après la liste de 2021" in "\n".join(constat.phrases())


def test_deux_couches_datees_se_recouvrent(base, bureau):
    bureau.deposer("contours_2018.geojson", contours(ANCIENNE))
    bureau.deposer(
        "contours_2022.geojson",
        contours(
            dict(
                zip(
                    ("851940101", "851940401", "851940402", "850010000"),
                    ("Port", "Mer", "Terre", "L'Aiguillon"),
                    strict=True,
                )
            )
        ),
    )
    constat = changements(base, "85194", 2018, 2022)
    assert {(g.avant, g.apres) for g in constat.iris.passage.groupes.values()} == {
        (("851940101",), ("851940101",)),
        (("851660101",), ("851940401",)),
        (("850600101",), ("851940402",)),
    }


def test_annees_et_codes_refuses(base):
    with pytest.raises(ParametreInvalide, match="2021 n'est pas avant 2016"):
        changements(base, "85194", 2021, 2016)
    with pytest.raises(TerritoireInconnu, match="code inconnu"):
        changements(base, "99999")


def test_rien_n_a_change(base):
    constat = changements(base, "85001", 2015, 2026)
    assert "Aucune commune n'a fusionné" in constat.phrases()[0]
