"""Les paramètres du carnet : déclarés, vérifiés avant Papermill, refusés avec toutes leurs fautes."""

import ast
import json

import pytest

from carnets.moteur import chemin_du_carnet, nom_du_dossier
from carnets.parametres import PARAMETRES, verifier_parametres
from donnees_insee.chemins import nom_de_fichier
from donnees_insee.erreurs import ParametreInvalide


def cellules():
    return json.loads(chemin_du_carnet().read_text(encoding="utf-8"))["cells"]


def test_le_carnet_declare_exactement_les_parametres_connus():
    cellule = next(c for c in cellules() if "parameters" in c["metadata"].get("tags", []))
    arbre = ast.parse("".join(cellule["source"]))
    lus = {n.target.id: ast.literal_eval(n.value) for n in arbre.body if isinstance(n, ast.AnnAssign)}
    assert lus == PARAMETRES


def test_le_carnet_ne_contient_aucune_logique():
    for cellule in cellules():
        if cellule["cell_type"] != "code":
            continue
        arbre = ast.parse("".join(cellule["source"]))
        assert not [
            n
            for n in ast.walk(arbre)
            if isinstance(n, ast.If | ast.For | ast.While | ast.FunctionDef | ast.BinOp)
        ]


def test_le_carnet_est_livre_sans_sortie():
    assert all(
        not c.get("outputs") and c.get("execution_count") is None
        for c in cellules()
        if c["cell_type"] == "code"
    )


def test_toutes_les_fautes_sont_dites_d_un_coup():
    with pytest.raises(ParametreInvalide) as cause:
        verifier_parametres(
            {"teritoire": "x", "millesime": "bientôt", "formats": "html,parchemin", "diffusion": "secrète"}
        )
    message = str(cause.value)
    for fautif in ("teritoire", "bientôt", "parchemin", "secrète"):
        assert fautif in message


@pytest.mark.parametrize("recu", [1001, 341, 97])
def test_un_code_devenu_nombre_et_ampute_est_refuse_sans_etre_devine(recu):
    with pytest.raises(ParametreInvalide, match="zéro initial"):
        verifier_parametres({"territoire": recu})


def test_un_code_devenu_nombre_mais_entier_est_accepte():
    assert verifier_parametres({"territoire": 34172}).demande.territoire == "34172"
    assert verifier_parametres({"territoire": 243400017}).demande.territoire == "243400017"


@pytest.mark.parametrize(
    ("nom", "attendu"),
    [
        ("L'Isle/Arzance", "l-isle-arzance"),
        ("../../etc/passwd", "etc-passwd"),
        ('<script>alert("x")</script>', "script-alert-x-script"),
        ("Saint-Éloi", "saint-eloi"),
        ("CON:?*|", "con"),
        ("", "territoire"),
    ],
)
def test_un_nom_de_territoire_donne_un_nom_de_fichier_sur(nom, attendu):
    assert nom_de_fichier(nom) == attendu


def test_le_dossier_porte_nom_code_et_millesime():
    assert nom_du_dossier("Montpellier", "34172", 2016) == "portrait-montpellier-34172-2016"
    assert nom_du_dossier("Montpellier", "34172", None) == "portrait-montpellier-34172-dernier"


def test_les_references_se_choisissent(base_demo):
    from carnets.ateliers.territoire import TerritoireOuvert

    m = TerritoireOuvert(
        territoire="99003", references="epci,departement", dossier_donnees=str(base_demo.dossier)
    )
    assert {t.role for t in m.compose.diagnostic.ensembles.references} == {"epci", "departement"}
    assert "région" not in "".join(p.texte for c in m.compose.chapitres for p in c.phrases)
    with pytest.raises(ParametreInvalide, match=r"voisins inconnu.*departement"):
        TerritoireOuvert(territoire="99003", references="voisins", dossier_donnees=str(base_demo.dossier))
