"""Ce que l'analyste a fait d'un carnet livré se retrouve dans le suivant, à sa place ; ses textes vivent dans textes/."""

import json
import re
from copy import deepcopy

import pytest
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

from carnets.commande.application import app
from carnets.documents.carnet_lu import texte_saisi
from carnets.moteur import produire, refaire_sur_place
from carnets.reprise import dossier_des_textes, greffer, preparer, remplir, reprendre, signer
from donnees_insee.erreurs import FichierIllisible

INVITATION = "**Ce qu'en dit le CCAS**\n\n<!-- écrivez -->"
LIVREES = ("notice", "parametres", "titre", "texte-emploi", "carte", "fin")


def cellule(nom, source="", genre="code", *etiquettes):
    reste = {"outputs": [], "execution_count": None} if genre == "code" else {}
    return {
        "cell_type": genre,
        "id": nom,
        "source": source or f"m.{nom}()",
        "metadata": {"tags": list(etiquettes)},
    } | reste


def modele():
    cellules = [cellule(n) for n in LIVREES]
    cellules[1]["metadata"]["tags"] = ["parameters"]
    cellules[3] = cellule("texte-emploi", INVITATION, "markdown", "prose")
    return {"cells": cellules, "metadata": {}}


def noms(carnet):
    return [c["id"] for c in carnet["cells"]]


def test_cellules_ajoutees_changees_et_otees_passent_au_carnet_suivant():
    ancien = signer(modele())
    ancien["cells"].insert(3, cellule("a1", "## Nos permanences", "markdown"))
    ancien["cells"].insert(4, cellule("a2", "plt.plot([1, 2])") | {"outputs": [{"output_type": "stream"}]})
    ancien["cells"].insert(2, cellule("injectee", "x = 1", "code", "injected-parameters"))
    next(c for c in ancien["cells"] if c["id"] == "carte")["source"] = 'm.carte("part_hlm")'
    ancien["cells"] = [c for c in ancien["cells"] if c["id"] != "fin"]
    neuf = greffer(signer(modele()), ancien)
    assert noms(neuf) == ["notice", "parametres", "titre", "a1", "a2", "texte-emploi", "carte"]
    assert neuf["cells"][-1]["source"] == 'm.carte("part_hlm")'
    assert neuf["cells"][4]["outputs"] == []
    # Le carnet d'après garde les mêmes changements.
    assert noms(greffer(signer(modele()), neuf)) == noms(neuf)
    assert greffer(signer(modele()), neuf)["cells"][-1]["source"] == 'm.carte("part_hlm")'


@given(st.lists(st.tuples(st.integers(0, len(LIVREES)), st.integers(0, 3)), max_size=6))
def test_aucune_cellule_ajoutee_ne_se_perd_ni_ne_se_repete(ajouts):
    ancien = signer(modele())
    for rang, (place, _) in enumerate(ajouts):
        ancien["cells"].insert(place, cellule(f"a{rang}"))
    neuf = greffer(signer(modele()), ancien)
    assert sorted(noms(neuf)) == sorted(noms(ancien))
    assert [n for n in noms(neuf) if n.startswith("a")] == [n for n in noms(ancien) if n.startswith("a")]


def test_un_carnet_d_avant_les_signatures_ne_fait_rien_oter():
    ancien = modele()
    ancien["cells"] = [*ancien["cells"][:3], cellule("emploi", 'atelier.chapitre("emploi")'), cellule("a1")]
    assert noms(greffer(signer(modele()), ancien)) == [*LIVREES[:3], "a1", *LIVREES[3:]]


@pytest.mark.parametrize(
    ("tenu", "saisi", "range_", "conflit"),
    [
        ("", "Nouveau.", "Nouveau.", []),
        ("Livré.", "Livré, puis changé.", "Livré, puis changé.", []),
        ("Changé dans le dossier.", "Changé dans le carnet.", "Changé dans le dossier.", ["emploi"]),
    ],
)
def test_un_texte_ecrit_dans_le_carnet_revient_sans_ecraser_celui_du_dossier(
    tmp_path, tenu, saisi, range_, conflit
):
    dossier, fichier = tmp_path / "textes", tmp_path / "textes" / "emploi.md"
    dossier.mkdir()
    if tenu == "Livré.":
        fichier.write_text(tenu, encoding="utf-8")
    carnet = remplir(signer(modele()), dossier)
    if tenu:
        fichier.write_text(tenu, encoding="utf-8")
    prose = next(c for c in carnet["cells"] if c["id"] == "texte-emploi")
    prose["source"] = f"{INVITATION}\n\n{saisi}"
    reprise = reprendre(carnet, dossier)
    assert fichier.read_text(encoding="utf-8").strip() == range_
    assert reprise.en_conflit == conflit
    assert texte_saisi(remplir(modele(), dossier)["cells"][3]["source"]) == range_


def test_un_carnet_abime_n_empeche_pas_le_suivant(tmp_path):
    livre, source = tmp_path / "portrait-x-1-2016", tmp_path / "modele.ipynb"
    livre.mkdir()
    (livre / "carnet.ipynb").write_text('{"cells": [', encoding="utf-8")
    source.write_text(json.dumps(modele()), encoding="utf-8")
    prepare, avis = preparer(source, [livre], tmp_path / "textes", interne=False)
    assert noms(prepare) == list(LIVREES)
    assert "Rien n'a été repris" in avis


def test_un_texte_qui_n_est_pas_en_utf8_est_refuse_en_une_phrase(tmp_path):
    (tmp_path / "emploi.md").write_bytes("Le chômage a baissé à l'été.".encode("cp1252"))
    with pytest.raises(FichierIllisible, match="n'est pas en UTF-8"):
        remplir(signer(modele()), tmp_path)


def test_le_texte_interne_n_entre_pas_dans_la_version_publique(tmp_path):
    assert dossier_des_textes(tmp_path, "34172", "interne") != dossier_des_textes(tmp_path, "34172")


@pytest.fixture(scope="module")
def livre(base_demo, tmp_path_factory):
    """Un portrait livré, que l'analyste a complété, puis le portrait refait à un autre millésime."""
    sortie = tmp_path_factory.mktemp("sorties")
    reglages = {"territoire": "99003", "formats": "html", "dossier_donnees": str(base_demo.dossier)}
    textes = dossier_des_textes(sortie, "99003")
    textes.mkdir(parents=True)
    cite = "Inscrits : {{ demandeurs_emploi_100 }}.", "Habitants : {{ population }}."
    for chapitre, texte in zip(("emploi", "demographie"), cite, strict=True):
        (textes / f"{chapitre}.md").write_text(texte, encoding="utf-8")
    premier = produire(reglages, sortie)
    chemin = premier.dossier / "carnet.ipynb"
    lu = json.loads(chemin.read_text(encoding="utf-8"))
    place = next(r for r, c in enumerate(lu["cells"]) if c["id"] == "titre-logement")
    lu["cells"].insert(
        place, cellule("permanences", "## Nos permanences\n\nDeux lieux d'accueil.", "markdown")
    )
    dessin = "import matplotlib.pyplot as plt\nplt.plot([1, 2, 3]); plt.show()"
    lu["cells"].insert(place + 1, cellule("mon-graphique", dessin))
    prose = next(c for c in lu["cells"] if c["id"] == "texte-revenus")
    prose["source"] = "".join(prose["source"]) + "\n\nLes demandes d'aide augmentent."
    chemin.write_text(json.dumps(lu), encoding="utf-8")
    return premier, produire(reglages | {"millesime": 2022}, sortie), lu


def test_la_page_d_un_autre_millesime_porte_ce_que_l_analyste_a_ajoute(livre):
    premier, second, _ = livre
    assert second.dossier != premier.dossier
    page = (second.dossier / "portrait.html").read_text(encoding="utf-8")
    reperes = [
        'id="revenus"',
        "Les demandes d",
        'id="nos-permanences"',
        "Deux lieux d",
        'class="analyste"',
        'id="logement"',
    ]
    places = [page.index(r, page.index("<main")) for r in reperes]
    assert places == sorted(places)
    noms_du_second = noms(json.loads((second.dossier / "carnet.ipynb").read_text(encoding="utf-8")))
    assert {"permanences", "mon-graphique"} <= set(noms_du_second)


def test_un_texte_dont_un_chiffre_a_bouge_est_a_relire_et_lui_seul(livre):
    premier, second, _ = livre
    assert "relire" not in premier.avis
    assert re.findall(r"À relire, ([\w-]+)", second.avis) == ["emploi"]
    page = (second.dossier / "portrait.html").read_text(encoding="utf-8")
    assert page.count("À relire.") == 1
    assert (
        page.index('id="emploi"')
        < page.index("À relire.")
        < page.index("Inscrits : 7,4")
        < page.index('id="logement"')
    )
    garde = json.loads((premier.dossier.parent / "textes/99003/citations.json").read_text(encoding="utf-8"))
    assert garde["emploi"]["lus"]["demandeurs_emploi_100"]["date"] == "au 4e trimestre 2024"


def test_un_carnet_livre_refait_son_dossier_ou_a_cote(livre, base_demo, monkeypatch):
    monkeypatch.setenv("ABS_DONNEES", str(base_demo.dossier))
    _, second, _ = livre
    carnet = second.dossier / "carnet.ipynb"
    (parametre,) = [
        li
        for c in json.loads(carnet.read_text(encoding="utf-8"))["cells"]
        if "injected-parameters" in c["metadata"]["tags"]
        for li in "".join(c["source"]).splitlines()
        if li.startswith("dossier_sortie")
    ]
    assert parametre == 'dossier_sortie = "."'
    # JupyterLab, ouvert là, y a laissé sa copie de secours et a enregistré le carnet exécuté.
    (second.dossier / ".ipynb_checkpoints").mkdir()
    (second.dossier / ".ipynb_checkpoints" / "carnet-checkpoint.ipynb").write_text("{}", encoding="utf-8")
    lu = json.loads(carnet.read_text(encoding="utf-8"))
    carnet.write_text(json.dumps(lu), encoding="utf-8")
    refait = refaire_sur_place(carnet, second.dossier)
    assert refait.dossier == second.dossier
    assert (second.dossier / "carnet-precedent.ipynb").exists()
    (second.dossier / "notes.txt").write_text("à moi", encoding="utf-8")
    a_cote = refaire_sur_place(carnet, second.dossier)
    assert a_cote.dossier != second.dossier
    assert (second.dossier / "notes.txt").exists()
    assert (a_cote.dossier / "portrait.html").exists()


def test_la_commande_reprend_les_textes_d_un_carnet(livre, tmp_path):
    premier, _, _ = livre
    sortie = ["--sortie", str(tmp_path)]
    lance = CliRunner().invoke(app, ["textes", "reprendre", str(premier.dossier / "carnet.ipynb"), *sortie])
    assert lance.exit_code == 0, lance.output
    assert (
        (tmp_path / "textes" / "99003" / "revenus.md").read_text(encoding="utf-8").startswith("Les demandes")
    )


def test_la_greffe_ne_change_pas_ce_qu_elle_lit():
    ancien = signer(modele())
    avant = deepcopy(ancien)
    greffer(signer(modele()), ancien)
    assert ancien == avant
