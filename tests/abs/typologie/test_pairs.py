"""Les comparables : jamais choisis sur ce que l'on compare, et dits avec leur stabilité."""

import re
from importlib import resources

import numpy as np
import pandas as pd
import pytest

from abs.indicateurs.indicateurs import indicateur
from abs.territoires.territoires import Territoire
from abs.typologie.pairs import _livrees, _phrases, chercher, lire, proches, questions
from donnees_insee.base.base import Base
from donnees_insee.erreurs import DonneeAbsente, ParametreInvalide

TEXTE = (resources.files("abs.definitions") / "_pairs.toml").read_text(encoding="utf-8")


def mesures(code):
    """Tout ce qui, chez un producteur, compte ce que mesure l'indicateur."""
    return {
        v
        for lecture in indicateur(code).lectures
        for v in ([lecture.variable] if lecture.variable else lecture.numerateur.variables)
    }


@pytest.mark.parametrize("code", list(questions()))
def test_le_resultat_n_entre_jamais_dans_la_distance(code):
    question = questions()[code]
    assert not set(question.distance) & set(question.resultats)
    comptees = set().union(*(mesures(r) for r in question.resultats))
    assert not [d for d in question.distance if mesures(d) & comptees]
    assert 2 <= len(question.distance) <= 6
    assert question.libelle.endswith("?")


@pytest.mark.parametrize("interdit", ["etrangers", "immigres", "hlm", "monoparent", "femmes"])
def test_aucune_question_ne_rapproche_des_territoires_par_leur_population_d_origine(interdit):
    assert not [d for q in questions().values() for d in q.distance if interdit in d]


def test_une_question_fautive_est_refusee_avec_toutes_ses_fautes():
    fautive = re.sub(
        r'distance = \["part_sans_diplome".*\]',
        'distance = ["taux_chomage_rp", "niveau_vie_median", "part_cadres", "part_pensions", "rapport_interdecile", '
        '"part_60_ans_plus", "part_proprietaires"]',
        TEXTE,
    )
    with pytest.raises(ParametreInvalide, match=r"(?s)6 au plus.*taux_chomage_rp mesure le résultat"):
        lire(fautive)
    with pytest.raises(ParametreInvalide, match="inexistant"):
        lire(TEXTE.replace('"part_sans_diplome", "part_prop', '"inexistant", "part_prop'))


def test_les_voisins_les_plus_proches_et_la_part_de_chaque_variable():
    table = pd.DataFrame(
        {"a": [0.0, 0.1, 0.0, 5.0, 5.0], "b": [0.0, 0.0, 0.5, 0.0, 5.0]}, index=["s", "v", "w", "x", "y"]
    )
    distances, parts, stables = proches(table, "s", 2)
    assert distances.index.tolist() == ["v", "w"]
    assert distances["w"] == pytest.approx(np.sqrt(0.25 / 2))
    assert parts.loc["v"].tolist() == [1.0, 0.0]
    assert parts.sum(axis=1).tolist() == [1.0, 1.0]
    # Sans « a », x devient un voisin parfait : w cède sa place une fois sur deux, v reste.
    assert stables["v"] == 1.0
    assert stables["w"] == 0.5


def test_l_ordre_des_lignes_ne_change_pas_les_voisins():
    hasard = np.random.default_rng(2)
    table = pd.DataFrame(
        hasard.normal(size=(60, 4)), index=[f"c{i:02d}" for i in range(60)], columns=list("abcd")
    )
    melange = table.iloc[hasard.permutation(60)]
    for un, autre in zip(proches(table, "c07", 10), proches(melange, "c07", 10), strict=True):
        assert un.index.tolist() == autre.index.tolist()
        assert np.allclose(un.to_numpy(), autre.to_numpy())


def test_les_comparables_d_un_iris_de_la_demonstration(base_demo):
    trouves = chercher(base_demo, "990010101", "logement", 2016)
    table, regles = trouves.table, _livrees()[0]
    assert len(table) == 10
    assert "990010101" not in set(table["code"])
    assert table["distance"].is_monotonic_increasing
    parts = table.filter(like="part_dans_la_distance_")
    assert 2 <= parts.shape[1] <= 6
    assert np.allclose(parts.sum(axis=1), 1)
    assert table["stabilite"].between(0, 1).all()
    habitants = pd.Series(chercher_population(base_demo))
    rapport = habitants[table["code"]].to_numpy() / habitants["990010101"]
    assert (rapport <= regles.rapport_de_taille).all()
    assert (rapport >= 1 / regles.rapport_de_taille).all()
    assert any("Stabilité" in p for p in trouves.phrases)
    assert len(trouves.lignes()) == 10


def chercher_population(base):
    return base.lire("rp_population", 2016, "iris", colonnes=["P_POP"])["P_POP"].to_dict()


def test_les_refus_sont_des_phrases(base_demo, tmp_path):
    with pytest.raises(ParametreInvalide, match=r"« bonheur ».*emploi"):
        chercher(base_demo, "99001", "bonheur")
    with pytest.raises(ParametreInvalide, match="commune ou un IRIS"):
        chercher(base_demo, "99", "logement")
    with pytest.raises(DonneeAbsente, match=r"taille|ressemblance"):
        chercher(base_demo, "99001", "logement")
    with pytest.raises(DonneeAbsente, match="vide"):
        chercher(Base(tmp_path), "99001", "logement")


def test_des_candidats_a_peine_plus_nombreux_que_les_comparables_sont_dits():
    """Avant : dix comparables choisis parmi douze candidats étaient rendus sans un mot."""
    regles, connues = _livrees()
    sujet = Territoire("99001", "commune", "Ville", composantes=("99001",))
    dites = [_phrases(sujet, connues["emploi"], {}, [], (n, 0.5), regles) for n in (12, 19, 20, 300)]
    prudentes = [any(p.startswith("Prudence") for p in d) for d in dites]
    assert prudentes == [True, True, False, False]
    assert "12 candidats seulement pour 10 comparables" in " ".join(dites[0])
