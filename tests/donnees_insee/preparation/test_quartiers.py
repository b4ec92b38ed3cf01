"""La liste des quartiers prioritaires 2024 : codes de communes, lignes réunies, lettres, deux états qui se contredisent."""

from __future__ import annotations

import json

import pytest

from donnees_insee.geographie.appartenances import Geographie

OFFICIELLE = (
    "\ufeffcode_qp;lib_qp;insee_reg;lib_reg;insee_dep;lib_dep;insee_com;lib_com;siren_epci;lib_epci;;;\r\n"
)
A_CHEVAL = (
    'QN01351M;Air Bel;93;PACA;13;BdR;"=""13055;13070""";"Marseille; La Penne";200054807;Métropole;;;\r\n'
)
SEUL = 'QN00101M;Reyssouze;84;ARA;01;Ain;"=""01053""";Bourg-en-Bresse;200071751;CA;;;\r\n'
PAR_COMMUNE = "code_qp;lib_qp;insee_com;lib_com;libelle_sur\n"


def liste(*codes: str, commune: str = "97608") -> str:
    return OFFICIELLE + "".join(
        f'{c};Quartier {c};06;Mayotte;976;Mayotte;"=""{commune}""";Ville;200059871;CC;;;\r\n' for c in codes
    )


def test_la_liste_officielle_garde_les_codes_de_communes_et_d_epci(bureau):
    depot = bureau.deposer("listeqp2024-cog2024.csv", OFFICIELLE + A_CHEVAL + SEUL)
    assert depot.etat == "range", depot.raison
    lue = bureau.base.lire("qpv_liste", None, "qpv")
    assert lue.loc["QN01351M", ["COM", "EPCI"]].tolist() == ["13055;13070", "200054807"]
    assert lue.loc["QN00101M", "COM"] == "01053"
    # Sans aucune table de communes, leurs noms ne se devineraient pas : ce sont leurs codes qui sont lus.
    geo = Geographie(bureau.base)
    assert geo.qpv.loc["QN01351M", "communes"] == ("13055", "13070")


def test_le_separateur_de_la_couche_n_est_pas_celui_de_la_liste(bureau):
    bureau.deposer(
        "liste.csv", "code_qp;lib_qp;insee_com;lib_com\nQN00201M;Europe;02571, 02691;Omissy, Saint-Quentin\n"
    )
    assert bureau.base.lire("qpv_liste", None, "qpv").loc["QN00201M", "COM"] == "02571;02691"


def test_un_quartier_ecrit_sur_plusieurs_lignes_est_reuni(bureau):
    lignes = (
        'QN00201M;Europe;02571;"Omissy; Saint-Quentin";True\nQN00202M;Isle;02691;Saint-Quentin;True\n'
        'QN00201M;Europe;02691;"Omissy; Saint-Quentin";True\n'
    )
    depot = bureau.deposer("qpv_par_commune.csv", PAR_COMMUNE + lignes)
    assert depot.etat == "range", depot.raison
    assert "1 quartiers écrits sur plusieurs lignes réunis (1 lignes)" in depot.lots[0].remarques
    lue = bureau.base.lire("qpv_liste", None, "qpv")
    assert lue["COM"].to_dict() == {"QN00201M": "02571;02691", "QN00202M": "02691"}
    assert lue.loc["QN00201M", "LIB_COM"] == "Omissy;Saint-Quentin"


def test_deux_noms_pour_un_meme_quartier_ne_se_reunissent_pas(bureau):
    lignes = "QN00201M;Europe;02571;Omissy;True\nQN00201M;Asie;02691;Saint-Quentin;True\n"
    assert "plusieurs noms à 1 quartier(s)" in bureau.refus("par_commune.csv", PAR_COMMUNE + lignes)


def test_la_meme_ligne_deux_fois_reste_un_double(bureau):
    ligne = "QN00201M;Europe;02571;Omissy;True\n"
    assert "en double (QN00201M)" in bureau.refus("par_commune.csv", PAR_COMMUNE + 2 * ligne)


def test_un_zero_perdu_dans_un_code_de_commune_se_dit(bureau):
    raison = bureau.refus("liste.csv", "code_qp;lib_qp;insee_com;lib_com\nQN00101M;R;1053;Bourg-en-Bresse\n")
    assert "colonne INSEE_COM : 1 code(s) mal formé(s) (1053)" in raison
    assert "zéro initial" in raison


@pytest.mark.parametrize("lettre", "IMNC")
def test_les_quatre_lettres_sont_lues(bureau, lettre):
    depot = bureau.deposer("liste.csv", liste(f"QN97651{lettre}"))
    assert depot.etat == "range", depot.raison


@pytest.mark.parametrize("code", ["QN97651X", "QN9765IM", "QP97651M", "QN976511"])
def test_une_autre_lettre_est_refusee(bureau, code):
    assert "I, M, N ou C" in bureau.refus("liste.csv", liste(code))


def test_deux_etats_de_la_liste_ne_se_tiennent_pas_ensemble(bureau):
    assert bureau.deposer("liste_1609.csv", liste("QN97601M", "QN97602N")).etat == "range"
    raison = bureau.refus("liste_1584.csv", liste("QN97651C"))
    assert "dans la commune 97608" in raison
    assert "QN97651C" in raison
    assert "QN97601M, QN97602N" in raison


def test_une_couche_d_un_autre_etat_que_la_liste_est_refusee(bureau):
    bureau.deposer("liste.csv", liste("QN97601M"))
    carre = {"type": "Polygon", "coordinates": [[[45.1, -12.8], [45.2, -12.8], [45.2, -12.7], [45.1, -12.8]]]}
    entite = {
        "type": "Feature",
        "properties": {"code_qp": "QN97651C", "lib_qp": "Kawéni", "insee_com": "97608"},
        "geometry": carre,
    }
    couche = json.dumps({"type": "FeatureCollection", "features": [entite]})
    assert "un autre état de la liste" in bureau.refus("QP2024.geojson", couche)


def test_une_liste_plus_courte_n_est_pas_un_autre_etat(bureau):
    bureau.deposer("liste.csv", liste("QN97601M", "QN97602N"))
    assert bureau.deposer("extrait.csv", liste("QN97601M")).etat == "range"


def test_deux_extraits_de_communes_differentes_se_completent(bureau):
    bureau.deposer("un.csv", liste("QN97601M"))
    assert bureau.deposer("deux.csv", liste("QN97602N", commune="97611")).etat == "range"


def test_deux_listes_de_codes_geographiques_differents_se_contredisent(bureau):
    bureau.deposer("cog2024.csv", liste("QN09335M", commune="93059"))
    raison = bureau.refus("cog2025.csv", liste("QN09335M", commune="93066"))
    assert "COM au code QN09335M : 93059 déjà tenu, 93066 reçu" in raison


def test_une_jointure_de_tiers_est_refusee_pour_ce_qu_elle_est(bureau):
    texte = (
        "COG,lib_com,codeQPV,lib_qp,insee_reg,popMuniQPV,indiceJeunesse,partMen1p,RSA_socle\n"
        "1053,Bourg-en-Bresse,QN00101M,Reyssouze,84.0,6000,1.2,46.5,400\n"
    )
    for annee in (None, 2021):
        raison = bureau.refus("analyse.csv", texte, annee)
        assert "jointure faite par un tiers, non un fichier de l'Insee" in raison
        assert "zéro initial" in raison
        assert "84.0" in raison


def test_une_couche_nomme_tous_les_contours_repares_ou_sans_surface(bureau):
    noeud = [[3.8, 43.6], [3.9, 43.7], [3.9, 43.6], [3.8, 43.7], [3.8, 43.6]]
    point = [[3.8, 43.6]] * 4
    carre = [[3.8, 43.6], [3.9, 43.6], [3.9, 43.7], [3.8, 43.6]]
    formes = {**{f"QN0340{n}M": noeud for n in range(1, 8)}, "QN03408I": point, "QN03409N": carre}
    entites = [
        {"type": "Feature", "properties": {"code_qp": c, "lib_qp": c, "insee_com": "34172"},
         "geometry": {"type": "Polygon", "coordinates": [anneau]}}
        for c, anneau in formes.items()
    ]  # fmt: skip
    depot = bureau.deposer("QP2024.geojson", json.dumps({"type": "FeatureCollection", "features": entites}))
    assert depot.etat == "range", depot.raison
    repares = ", ".join(f"QN0340{n}M" for n in range(1, 8))
    assert depot.lots[0].remarques == (
        f"7 contour(s) invalide(s) réparé(s) ({repares})",
        "1 contour(s) sans surface non repris (QN03408I)",
    )
