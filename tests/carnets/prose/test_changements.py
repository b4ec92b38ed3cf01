"""Ce qui a changé depuis un portrait gardé : dit là où les règles l'admettent, et rien d'autre."""

import json
import shutil

import pandas as pd
import pytest

import carnets
from abs.blocs.blocs import retourner
from abs.calcul.diagnostic import diagnostiquer
from abs.changements.phrases import dementies, squelette
from abs.territoires.demande import Demande
from carnets.documents.preuve.preuve import ecrire_preuve
from carnets.prose.changements import changements, poser_la_cellule, verifier
from carnets.reprise import greffer, signer
from donnees_insee.erreurs import ParametreInvalide


@pytest.fixture(scope="module")
def ouvert(base_demo):
    return carnets.territoire("99001", dossier_donnees=str(base_demo.dossier))


CHAMPS = ["valeur", "numerateur", "denominateur", "marge", "fiabilite"]


def garder(base, dossier, millesime, changer=pd.DataFrame.copy, phrases=()):
    """Écrire la preuve d'un portrait gardé, quelques lignes changées, et ses phrases."""
    ecrire_preuve(diagnostiquer(base, Demande("99001", millesime)), base, dossier / "preuve")
    fichier = dossier / "preuve" / "diagnostic.parquet"
    changer(pd.read_parquet(fichier)).to_parquet(fichier, index=False)
    bloc = {"genre": "phrases", "phrases": [{"texte": t, "references": r} for t, r in phrases], "classe": ""}
    donnees = {"application/vnd.abs.blocs": json.dumps([bloc]), "text/html": "<!--bloc-->"}
    sortie = {"output_type": "display_data", "data": donnees, "metadata": {}}
    cellule = {"cell_type": "code", "id": "c", "metadata": {}, "source": "", "outputs": [sortie]}
    (dossier / "carnet.ipynb").write_text(json.dumps({"cells": [cellule], "metadata": {}}), encoding="utf-8")
    return dossier


def lire(ouvert, dossier):
    """Donner le chapitre, partie par partie : titre, et tout ce qui s'y lit."""
    parties = {"": []}
    for bloc in retourner(changements(ouvert, str(dossier)).blocs):
        if bloc["genre"] == "titre":
            parties[bloc["texte"]] = []
        else:
            parties[[*parties][-1]].append(json.dumps(bloc, ensure_ascii=False).replace("\u00a0", " "))
    return {titre: "\n".join(lus) for titre, lus in parties.items()}


@pytest.fixture(scope="module")
def depuis_2016(ouvert, base_demo, tmp_path_factory):
    def echanger(table):
        """L'IRIS le moins actif de 2016 n'est pas celui de 2022 ; un IRIS redécoupé depuis l'était déjà."""
        actifs = table[(table.indicateur == "taux_activite") & (table.niveau == "iris")]
        lignes = actifs.set_index("territoire").index
        premier, autre = (actifs[lignes == code].index[0] for code in ("990010201", "990010402"))
        table.loc[[premier, autre], CHAMPS] = table.loc[[autre, premier], CHAMPS].to_numpy()
        coupe = actifs[lignes == "990010504"]
        morceaux = [coupe.assign(territoire=code) for code in ("990010505", "990010506")]
        return pd.concat([table.drop(coupe.index), *morceaux])

    phrases = [
        (
            "Le chômage est moins élevé que dans le département.",
            ["99001|commune|taux_chomage_rp||2016|rp_activite"],
        ),
        ("Il n'y a plus d'enfants.", ["99001|commune|part_0_2_ans||2016|rp_population"]),
    ]
    return lire(ouvert, garder(base_demo, tmp_path_factory.mktemp("garde"), 2016, echanger, phrases))


def test_un_ecart_etabli_est_dit_et_ce_qui_ne_se_compare_pas_dit_pourquoi(depuis_2016):
    bouges = depuis_2016["Ce qui a changé"]
    assert '"17,6 %"' in bouges
    assert '"15,3 %"' in bouges
    assert '"significatif"' in bouges
    assert "n'ont pas bougé de façon établie" in bouges
    refus = depuis_2016["Ce qui ne se compare pas"]
    assert "Niveau de vie médian" in refus
    assert "réduction de loyer de solidarité" in refus
    assert "niveau_vie_median" not in bouges


def test_phrases_dementies_rangs_et_sources(depuis_2016):
    phrases = depuis_2016["Phrases qui ne sont plus vraies"]
    assert (
        "« Le chômage est moins élevé que dans le département. » Aujourd'hui : « À Arzance-la-Ville, 15,3 %"
        in phrases
    )
    assert "Il n'y a plus d'enfants. »" in phrases
    assert (
        "le plus bas des 22 IRIS était Les Moulins (47 %, recensement 2016) ; c'est Université"
        in depuis_2016["Rangs"]
    )
    assert "2016 auparavant ; 2022 maintenant" in depuis_2016["Sources"]
    assert "nouvelle source de ce portrait" in depuis_2016["Sources"]


@pytest.fixture(scope="module")
def du_jour(base_demo, tmp_path_factory):
    return garder(base_demo, tmp_path_factory.mktemp("du_jour"), None)


@pytest.fixture
def garde(du_jour, tmp_path):
    """Un portrait gardé, fait des mêmes fichiers, que l'essai peut changer."""
    return shutil.copytree(du_jour, tmp_path / "garde")


def test_le_meme_portrait_n_a_rien_qui_change(ouvert, du_jour):
    lu = lire(ouvert, du_jour)
    assert list(lu) == ["", "Ce qui a changé"]
    assert "Aucun chiffre n'a changé" in lu["Ce qui a changé"]


def test_un_chiffre_revise_a_date_egale_est_une_revision_et_non_une_evolution(ouvert, garde):
    fichier = garde / "preuve" / "diagnostic.parquet"
    table = pd.read_parquet(fichier)
    table.loc[(table.indicateur == "population") & (table.niveau == "commune"), "valeur"] = 47000.0
    table.to_parquet(fichier, index=False)
    lu = lire(ouvert, garde)
    assert "Habitants (recensement 2022) : 47 000 devient 48 004" in lu["Sources"].replace("\u202f", " ")
    assert '"genre": "tableau"' not in lu["Ce qui a changé"]


@pytest.mark.parametrize(
    ("code", "diffusion", "recu", "dit"),
    [
        ("99003", "publique", {}, "le portrait de Arzance-la-Ville"),
        ("99001", "publique", {"diffusion": "interne"}, "version interne"),
        ("99001", "publique", None, "n'est pas le dossier d'un portrait"),
    ],
)
def test_un_dossier_qui_ne_se_compare_pas_est_refuse(garde, code, diffusion, recu, dit):
    fichier = garde / "preuve" / "recu.json"
    if recu is None:
        fichier.unlink()
    else:
        lu = json.loads(fichier.read_text(encoding="utf-8"))
        lu["demande"] |= recu
        fichier.write_text(json.dumps(lu), encoding="utf-8")
    with pytest.raises(ParametreInvalide, match=dit):
        verifier(garde, code, "Ici", diffusion)


def test_la_cellule_se_pose_avant_les_annexes_et_ne_passe_pas_au_carnet_suivant(tmp_path):
    def modele():
        noms = ("titre", "annexes", "exporter")
        return {
            "cells": [{"cell_type": "code", "id": n, "source": n, "metadata": {}} for n in noms],
            "metadata": {},
        }

    carnet = signer(modele())
    poser_la_cellule(carnet, tmp_path / "l'an « passé »")
    assert [c["id"] for c in carnet["cells"]] == ["titre", "changements", "annexes", "exporter"]
    compile(carnet["cells"][1]["source"], "cellule", "exec")
    assert [c["id"] for c in greffer(signer(modele()), carnet)["cells"]] == ["titre", "annexes", "exporter"]


@pytest.mark.parametrize(
    ("avant", "apres", "meme"),
    [
        ("soit 2,9 points de plus que dans A (5 %) et 2,8 points de plus que dans B (6 %).",
         "soit environ 3 points de plus que dans A (7 %) et que dans B (7 %).", True),
        ("30 % sont retraités (recensement 2016), plus que dans A (25 %).",
         "31 % sont retraités (recensement 2022), soit 4 points de plus que dans A (27 %).", True),
        ("va de 2,3 à 3,4 (Gare, fiabilité bonne), sur 19 IRIS (revenus 2016).",
         "va de 2,4 à 3,5 (fiabilité bonne), sur 19 des 20 IRIS (revenus 2021).", True),
        ("soit 2 points de plus que dans A et que dans B.", "soit 2 points de plus que dans A.", False),
        ("soit 2 points de plus que dans A.", "soit 2 points de moins que dans A.", False),
        ("3 points de plus que dans A et 2 points de moins que dans B.",
         "3 points de plus que dans A et 2 points de plus que dans B.", False),
    ],
)  # fmt: skip
def test_une_phrase_est_la_meme_si_elle_affirme_la_meme_chose(avant, apres, meme):
    assert (squelette(avant) == squelette(apres)) == meme
    reference = ("99001|commune|part||2016|source",)
    assert bool(dementies([(avant, reference)], [(apres, reference)])) != meme
