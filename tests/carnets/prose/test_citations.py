"""Un chiffre cité est écrit à la française ; son texte est à relire quand il change, jamais autrement."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from abs.phrases.citations import ChiffreCite, citations, remplacer
from carnets.documents.carnet_lu import A_RELIRE, CITES, blocs_d_une_cellule
from carnets.prose.citations import (
    Tenu,
    avis_de_relecture,
    dire_relus,
    garder_les_citations,
    lire_les_citations,
    noter_les_citations,
)
from donnees_insee.erreurs import ParametreInvalide

TEXTE = (
    "Ici **{{ taux_chomage_rp }}**, là {{taux_chomage_rp|departement}} ; {{ population | 99003 }} habitants."
)


def carnet(texte=TEXTE):
    source = f"**Ce qu'en dit le CCAS**\n\n{texte}"
    cellule = {"cell_type": "markdown", "id": "texte-emploi", "source": source}
    return {"cells": [cellule | {"metadata": {"tags": ["prose"]}}], "metadata": {}}


@pytest.fixture(scope="module")
def noter(base_demo):
    """De quoi noter les citations d'un texte à un millésime, et garder ou non ce qui a été cité."""
    donnees = str(base_demo.dossier)

    def note(dossier, millesime, texte=TEXTE, *, livre=True):
        prepare = carnet(texte)
        demande = {"territoire": "99003", "millesime": millesime, "dossier_donnees": donnees}
        notes = noter_les_citations(prepare, demande, dossier)
        if livre:
            garder_les_citations(notes, dossier)
        return prepare["cells"][0], notes

    return note


def test_les_citations_sont_ecrites_et_la_cellule_garde_ses_accolades(noter, tmp_path):
    cellule, _ = noter(tmp_path, None)
    assert TEXTE in cellule["source"]
    (prose,) = blocs_d_une_cellule(cellule)
    html = prose["html"].replace("\u00a0", " ").replace("\u202f", " ")
    assert "{{" not in html
    assert html == "<p>Ici <strong>10,0 %</strong>, là 13,3 % ; 7 231 habitants.</p>"


def test_un_texte_est_a_relire_quand_un_chiffre_bouge_et_jamais_autrement(noter, tmp_path):
    assert not avis_de_relecture(noter(tmp_path, None)[1])
    assert not avis_de_relecture(noter(tmp_path, 2022)[1])
    cellule, notes = noter(tmp_path, 2016)
    assert "10,0\u00a0% (recensement 2022) devient 11,6\u00a0% (recensement 2016)" in avis_de_relecture(notes)
    alerte, _ = blocs_d_une_cellule(cellule)
    assert (alerte["genre"], alerte["classe"], alerte["fort"]) == ("note", "alerte", "À relire.")
    # Relancer sans rien relire ne fait pas taire l'avertissement.
    assert avis_de_relecture(noter(tmp_path, 2016)[1])
    # Les chiffres d'avant revenus, le texte n'est plus à relire.
    assert not avis_de_relecture(noter(tmp_path, 2022)[1])
    noter(tmp_path, 2016)
    assert dire_relus(tmp_path) == ["emploi"]
    assert not avis_de_relecture(noter(tmp_path, 2016)[1])


def test_un_texte_repris_l_a_ete_devant_les_derniers_chiffres_livres(noter, tmp_path):
    noter(tmp_path, 2016)
    assert avis_de_relecture(noter(tmp_path, 2022, f"{TEXTE} Repris en 2016.")[1])
    noter(tmp_path, 2022)
    assert not avis_de_relecture(noter(tmp_path, 2022, f"{TEXTE} Repris en 2022.")[1])


@pytest.mark.parametrize(
    ("texte", "dit"),
    [
        ("{{ taux_chomage }}", "« taux_chomage » n'est pas un indicateur. Vouliez-vous dire taux_chomage_rp"),
        ("{{ population | departemnt }}", "Vouliez-vous dire departement"),
        ("{{ }}", "« {{  }} »"),
    ],
)
def test_une_citation_inconnue_est_une_erreur_qui_la_nomme(noter, tmp_path, texte, dit):
    with pytest.raises(ParametreInvalide) as refus:
        noter(tmp_path, None, texte)
    assert dit in str(refus.value)
    assert "emploi.md" in str(refus.value)


def test_un_chiffre_sans_valeur_dit_nc_et_pourquoi(noter, tmp_path):
    cellule, notes = noter(tmp_path, 2016, "{{ taux_chomage_sans_diplome }}")
    (ecrit,) = cellule["metadata"]["abs"][CITES].values()
    assert ecrit.startswith("nc (")
    assert len(ecrit) > len("nc ()")
    assert notes["emploi"].livres["taux_chomage_sans_diplome"].valeur is None


def test_un_registre_illisible_ou_sans_citation_ne_coute_rien(tmp_path):
    (tmp_path / "citations.json").write_text('{"emploi": 3}', encoding="utf-8")
    assert lire_les_citations(tmp_path) == {}
    prepare = carnet("Aucun chiffre.")
    assert noter_les_citations(prepare, {"territoire": "nulle part"}, tmp_path) == {}
    assert A_RELIRE not in prepare["cells"][0]["metadata"].get("abs", {})


CHIFFRE = ChiffreCite("Chômage", "10,0 %", "calcule", "recensement 2022", 10.0)


@given(st.sampled_from(["valeur", "statut", "date", "ecrit", "nom", ""]), st.floats(0.01, 90))
def test_seuls_valeur_statut_et_date_font_relire(champ, ecart):
    change = {
        "valeur": 10.0 + ecart,
        "statut": "partiel",
        "date": "recensement 2016",
        "ecrit": "dix",
        "nom": "x",
    }
    neuf = replace(CHIFFRE, **{champ: change[champ]}) if champ else replace(CHIFFRE, valeur=10.0 + 1e-12)
    tenu = Tenu("t", {"c": CHIFFRE}, {"c": CHIFFRE}).devenu("t", {"c": neuf})
    assert bool(tenu.a_relire) == (champ in {"valeur", "statut", "date"})


@given(st.text(alphabet="ab {}|*\n", max_size=40))
def test_remplacer_ne_touche_qu_aux_citations(texte):
    assert remplacer(texte, {}) == texte
    tous = dict.fromkeys(citations(texte), "7")
    assert not citations(remplacer(texte, tous).replace("7", "")) or "{{" in texte


def test_un_texte_hostile_ne_s_execute_pas():
    html = (
        '<script>alert(1)</script><img src=x onerror=alert(1)> <a href="java\tscript:alert(1)">ici</a> '
        '[là](javascript:alert(1)) <iframe src="https://exemple.fr"></iframe><b style="x" onclick="y">gras</b>'
    )
    (prose,) = blocs_d_une_cellule(carnet(f"Avant {html} après, {{{{ x }}}}.")["cells"][0])
    assert not [
        mot for mot in ("script", "onerror", "onclick", "iframe", "style", "src=") if mot in prose["html"]
    ]
    assert "Avant" in prose["html"]
    assert "<b>gras</b> après" in prose["html"]


def test_un_chiffre_cite_n_est_ni_balise_ni_balisage():
    cellule = carnet("Ici {{ x }}.")["cells"][0]
    cellule["metadata"]["abs"] = {CITES: {"x": "nc (*a* <b>_c_)"}}
    (prose,) = blocs_d_une_cellule(cellule)
    assert prose["html"] == "<p>Ici nc (*a* &lt;b&gt;_c_).</p>"
