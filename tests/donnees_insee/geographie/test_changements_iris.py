"""IRIS gardés, renommés, redécoupés : d'après les codes, les noms, puis les contours."""

from __future__ import annotations

from itertools import pairwise

import geopandas as gpd
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely import box

from donnees_insee.base.couches import apparier_par_nom, voisins_de_nom
from donnees_insee.geographie.changements_iris import (
    CONTOURS,
    MEME_CODE,
    MEME_NOM,
    SEUIL,
    UNION,
    comparer_iris,
    recouvrements,
)
from donnees_insee.geographie.groupes import appliquer, former

FUSION = former(2018, 2019, [("85060", "85194"), ("85166", "85194"), ("85194", "85194")])
STABLE = former(2018, 2019, [("85194", "85194")])


def iris(**noms: str) -> pd.DataFrame:
    """Une liste d'IRIS : codes sans leur première lettre (i850600101) et noms."""
    codes = [c.removeprefix("i") for c in noms]
    return pd.DataFrame({"code": codes, "nom": list(noms.values()), "commune": [c[:5] for c in codes]})


def groupes(changements):
    return {(g.avant, g.apres): changements.methodes[g.code] for g in changements.passage.groupes.values()}


def test_codes_gardes_et_renommes_par_une_fusion():
    avant = iris(
        i851940101="Centre",
        i850600101="Le Bourg",
        i850600102="La M\ufffdtairie",
        i851660104="Avenue Mitterand",
    )
    apres = iris(
        i851940101="Centre", i851940301="Le Bourg", i851940302="La Métairie", i851940204="Avenue Mitterrand"
    )
    changements = comparer_iris(avant, apres, FUSION)
    assert groupes(changements) == {
        (("851940101",), ("851940101",)): MEME_CODE,
        (("850600101",), ("851940301",)): MEME_NOM,
        (("850600102",), ("851940302",)): MEME_NOM,
        (("851660104",), ("851940204",)): MEME_NOM,
    }
    phrases = changements.phrases()
    assert phrases[0] == "1 IRIS garde son code."
    assert phrases[1].startswith(
        "3 IRIS ont changé de code sans changer de territoire (ils portent le même nom)"
    )
    assert "850600102 → 851940302 La Métairie" in phrases[1]


def test_un_iris_de_trop_rend_les_noms_insuffisants():
    """Un IRIS sans pendant dans le même quartier : le découpage a changé, et les noms ne prouvent plus rien."""
    avant = iris(i851940101="Centre", i850600101="Le Bourg", i850600102="La Plage")
    apres = iris(i851940101="Centre", i851940301="Le Bourg", i851940302="La Plage", i851940303="Les Dunes")
    assert groupes(comparer_iris(avant, apres, FUSION)) == {
        (("851940101",), ("851940101",)): MEME_CODE,
        (("850600101", "850600102"), ("851940301", "851940302", "851940303")): UNION,
    }


def test_un_redecoupage_dans_la_meme_commune_ne_se_lit_pas_aux_noms():
    """Nord et Sud échangent une rue : nouveaux codes, mêmes noms ; seul leur ensemble est resté le même."""
    avant = iris(i851940101="Nord", i851940102="Sud", i851940103="Port")
    apres = iris(i851940107="Nord", i851940108="Sud", i851940103="Port")
    changements = comparer_iris(avant, apres, STABLE)
    assert groupes(changements) == {
        (("851940103",), ("851940103",)): MEME_CODE,
        (("851940101", "851940102"), ("851940107", "851940108")): UNION,
    }
    assert "ils se comparent ensemble" in changements.phrases()[1]


def test_un_iris_sans_contrepartie_reunit_la_commune():
    avant = iris(i851940101="Nord", i851940102="Sud")
    apres = iris(i851940101="Nord", i851940102="Sud", i851940103="Port")
    assert groupes(comparer_iris(avant, apres, STABLE)) == {
        (("851940101", "851940102"), ("851940101", "851940102", "851940103")): UNION
    }


def test_commune_non_irisee():
    """Le code 0000 suit les limites de la commune : il ne prouve rien si elle a grandi."""
    avant = iris(i851940000="Les Sables", i850600000="Château", i851660000="Olonne")
    apres = iris(i851940000="Les Sables")
    changements = comparer_iris(avant, apres, FUSION)
    assert next(iter(changements.passage.groupes.values())).nature == "fusion"
    assert "leur somme se compare à lui" in changements.phrases()[0]
    seul = comparer_iris(iris(i851940000="Les Sables"), iris(i851940000="Les Sables"), STABLE)
    assert list(groupes(seul).values()) == [MEME_CODE]


def test_une_commune_non_irisee_qui_cede_du_territoire_garde_son_code():
    """38422 cède une partie à 38567, née aussi de 38478 : le code 384220000 ne désigne plus le même territoire."""
    communes = former(1988, 1990, [("38422", "38422"), ("38422", "38567"), ("38478", "38567")])
    avant = iris(i384220000="Saint-Martin", i384780000="Séchilienne")
    apres = iris(i384220000="Saint-Martin", i385670000="Chamrousse")
    assert groupes(comparer_iris(avant, apres, communes)) == {
        (("384220000", "384780000"), ("384220000", "385670000")): UNION
    }


def test_une_commune_sans_liste_est_dite():
    avant, apres = iris(i851940101="Nord", i999990101="Ailleurs"), iris(i851940101="Nord", i850010000="Autre")
    passage = former(2018, 2019, [("85194", "85194"), ("85001", "85001")])
    ecarts = {n.code: n.raison for n in comparer_iris(avant, apres, passage).passage.non_apparies}
    assert "absente de la géographie de 2018" in ecarts["999990101"]
    assert "la liste de 2018 n'a aucun IRIS de cette commune" in ecarts["850010000"]


@pytest.mark.parametrize(
    ("un", "deux", "voisins"),
    [
        ("Avenue Mitterand Ouest", "Avenue Mitterrand Ouest", True),
        ("Quartier Nord 1", "Quartier Nord 2", False),
        ("Saint-Pierre", "ST PIERRE", True),
        ("Centre", "Gare", False),
    ],
)
def test_voisins_de_nom(un, deux, voisins):
    assert voisins_de_nom(un, deux) is voisins


def test_noms_repetes_ou_perdus():
    surs, restes = apparier_par_nom(
        {"850600101": "Centre", "851660101": "Centre"}, {"851940201": "Centre", "851940301": "Bourg"}
    )
    assert not surs
    assert restes == [({"850600101", "851660101"}, {"851940201", "851940301"})]
    assert apparier_par_nom({"850270000": "Bouff\ufffdr\ufffd"}, {"851460202": "Boufféré"})[0] == {
        "850270000": "851460202"
    }


# -- contours ----------------------------------------------------------------------------------


def couche(**bornes: tuple[float, float]) -> gpd.GeoDataFrame:
    """Des bandes verticales d'un même rectangle, bornées en x."""
    codes = [c.removeprefix("i") for c in bornes]
    formes = [box(-1 + x0 / 100, 46, -1 + x1 / 100, 46.1) for x0, x1 in bornes.values()]
    return gpd.GeoDataFrame(
        {"code": codes, "nom": codes, "commune": [c[:5] for c in codes]}, geometry=formes, crs=4326
    )


def test_les_contours_donnent_les_plus_petits_groupes():
    avant = couche(i851940101=(0, 10), i851940102=(10, 20), i851940103=(20, 30), i851940104=(30, 40))
    apres = couche(i851940105=(0, 15), i851940106=(15, 20), i851940103=(20, 30.4), i851940107=(30.4, 40))
    mesures = recouvrements(avant, apres)
    changements = comparer_iris(avant, apres, STABLE, mesures)
    assert groupes(changements) == {
        (("851940101", "851940102"), ("851940105", "851940106")): CONTOURS,
        (("851940103",), ("851940103",)): MEME_CODE,
        (("851940104",), ("851940107",)): CONTOURS,
    }
    # Sans les contours, les mêmes listes ne permettent qu'un groupe plus large.
    assert (("851940101", "851940102", "851940104"), ("851940105", "851940106", "851940107")) in groupes(
        comparer_iris(avant, apres, STABLE)
    )


def test_un_lisere_ne_lie_pas_deux_voisins():
    avant = couche(i851940101=(0, 10), i851940102=(10, 20))
    apres = couche(i851940101=(0, 11.5), i851940102=(11.5, 20))
    assert len(recouvrements(avant, apres)) == 2
    assert len(recouvrements(avant, apres, seuil=0.1)) == 3


@settings(max_examples=40, deadline=None)
@given(
    st.lists(st.integers(1, 39), unique=True, max_size=6),
    st.lists(st.integers(1, 39), unique=True, max_size=6),
    st.data(),
)
def test_totaux_conserves_par_les_contours(coupes_avant, coupes_apres, tirages):
    """Deux découpages quelconques d'une même commune : groupes couvrants, comptes conservés."""

    def bandes(coupes, debut):
        bornes = [0, *sorted(coupes), 40]
        return {f"i85194{debut + n:04d}": b for n, b in enumerate(pairwise(bornes))}

    avant, apres = couche(**bandes(coupes_avant, 101)), couche(**bandes(coupes_apres, 201))
    changements = comparer_iris(avant, apres, STABLE, recouvrements(avant, apres))
    passage = changements.passage
    assert set(passage.avant) == set(avant["code"])
    assert set(passage.apres) == set(apres["code"])
    valeurs = tirages.draw(st.lists(st.integers(0, 999), min_size=len(avant), max_size=len(avant)))
    table = pd.DataFrame({"P_POP": valeurs}, index=avant["code"])
    assert appliquer(passage, table, ["P_POP"])["P_POP"].sum() == sum(valeurs)
    # Deux bandes non liées se recouvrent de moins d'un quart de la plus petite ; un groupe a deux bouts, à chaque date.
    for groupe in passage.groupes.values():
        un = avant[avant["code"].isin(groupe.avant)].union_all()
        deux = apres[apres["code"].isin(groupe.apres)].union_all()
        assert un.difference(deux).area <= 2 * SEUIL * un.area + 1e-12
        assert deux.difference(un).area <= 2 * SEUIL * deux.area + 1e-12
