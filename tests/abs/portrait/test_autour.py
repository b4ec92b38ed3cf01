"""Autour du sujet : fiches des QPV, IRIS de leur frange, communes comparables, et des annexes à la mesure du territoire."""

import re

import pytest

from abs.blocs.blocs import Note, Phrases, Tableau, Titre
from abs.calcul.table_longue import Chiffre
from abs.indicateurs.indicateurs import indicateurs
from abs.phrases.phrases import Affirmation
from abs.portrait.autour import Autour, Comparables, lire_autour
from abs.portrait.comparables import communes_comparables, types_d_iris
from abs.portrait.document import DocumentDuPortrait
from abs.portrait.portrait import composer
from abs.statuts import Statut
from abs.territoires.demande import Demande
from abs.territoires.territoires import Territoire


@pytest.fixture(scope="module")
def ville(base_demo):
    return composer(base_demo, Demande("99001"))


@pytest.fixture(scope="module")
def document(ville):
    return DocumentDuPortrait(ville)


@pytest.fixture(scope="module")
def quartier(base_demo):
    return composer(base_demo, Demande("QN09901I"))


def lisible(texte):
    return texte.replace("\u00a0", " ").replace("\u202f", " ")


def tableaux(blocs, debut):
    return {
        b.code.removeprefix(debut): b for b in blocs if isinstance(b, Tableau) and b.code.startswith(debut)
    }


def test_chaque_quartier_a_sa_fiche_et_ses_chiffres_sont_ceux_de_la_table_longue(ville, document):
    fiches = tableaux(document.chiffres("qpv"), "qpv-fiche-")
    assert [c.upper() for c in fiches] == [t.code for t in ville.diagnostic.ensembles.qpv]
    table = ville.diagnostic.table().set_index(["territoire", "indicateur", "millesime"])["valeur"]
    for code, fiche in fiches.items():
        for ligne in fiche.lignes:
            territoire, _, indicateur, _, millesime, _ = ligne[1].reference.split("|")
            assert territoire == code.upper()
            ecrit = lisible(ligne[1].texte).strip(" %€*").replace(" ", "").replace(",", ".")
            assert float(ecrit) == pytest.approx(
                table[territoire, indicateur, int(millesime)], rel=0.03, abs=0.5
            )


def test_le_rang_d_une_fiche_est_celui_des_valeurs_ecrites(document):
    rangs = {}
    for fiche in tableaux(document.chiffres("qpv"), "qpv-fiche-").values():
        for ligne in fiche.lignes:
            if "1er" in ligne[-2].texte or ligne[-2].texte.startswith("4e"):
                valeur = float(lisible(ligne[1].texte).strip(" %€*").replace(" ", "").replace(",", "."))
                rangs.setdefault(ligne[0].texte, {})[ligne[-2].texte[0]] = valeur
    complets = [r for r in rangs.values() if len(r) == 2]
    assert len(complets) >= 3
    assert all(r["1"] > r["4"] for r in complets)


def test_un_atout_ou_une_fragilite_affirme_un_ecart_et_ne_montre_aucune_population_du_doigt(ville, document):
    dites = [p for b in document.chiffres("qpv") if isinstance(b, Phrases) for p in b.phrases]
    assert {p.titre for p in dites if p.titre} <= {"Atouts relatifs", "Fragilités"}
    assert dites
    for p in dites:
        sujet = indicateurs()[p.references[0].split("|")[2]]
        assert sujet.sens != "neutre"
        assert re.search(
            "de plus|de moins|plus élevé|plus bas|moins que|plus que|parmi les", lisible(p.texte)
        )


def test_les_iris_d_un_quartier_sont_ceux_que_la_geometrie_croise(base_demo, ville):
    """Étalon : l'aire commune, refaite ici dans une projection métrique, IRIS par IRIS."""
    couches = {
        source: [
            base_demo.lire_couche(c).set_index("code").to_crs(2154) for _, c in base_demo.couches(source)
        ]
        for source in ("contours_qpv", "contours_iris")
    }
    polygones = next(c for c in couches["contours_qpv"] if "QN09901I" in c.index).geometry
    siens = {i.code for liste in ville.autour.iris.values() for i in liste}
    mailles = next(c for c in couches["contours_iris"] if siens <= set(c.index)).geometry
    assert ville.autour.iris.keys() == {t.code for t in ville.diagnostic.ensembles.qpv}
    for code, siens in ville.autour.iris.items():
        parts = {
            i.code: mailles[i.code].intersection(polygones[code]).area / polygones[code].area for i in siens
        }
        for i in siens:
            if i.dedans:
                assert i.part == pytest.approx(parts[i.code], abs=0.01)
            else:
                assert mailles[i.code].distance(polygones[code]) < 300
        dedans = [i.code for i in siens if i.dedans]
        assert {c for c, p in parts.items() if p > 0.11} <= set(dedans)


def test_les_iris_d_un_quartier_entrent_dans_la_table_longue_et_la_preuve_les_refait(base_demo, quartier):
    ajoutes = {(c.territoire, c.indicateur) for c in quartier.diagnostic.chiffres if c.niveau == "iris"}
    assert ajoutes
    assert ajoutes == set(quartier.autour.chiffres)
    refait = composer(base_demo, Demande("QN09901I")).diagnostic
    avant = len(refait.chiffres)
    lire_autour(base_demo, refait)
    # Relire ne double rien.
    assert len(refait.chiffres) == avant
    assert refait.table().equals(quartier.diagnostic.table())


def test_les_chapitres_sans_chiffre_d_un_quartier_tiennent_en_une_ligne(quartier):
    document = DocumentDuPortrait(quartier)
    vides = [c for c in quartier.chapitres if c.est_vide]
    assert vides
    assert all(document.phrases(c.code) == document.chiffres(c.code) == [] for c in vides)
    (note,) = [b for b in document.essentiel() if isinstance(b, Note) and b.classe == "ignore"]
    assert all(c.titre.lower() in lisible(note.texte) for c in vides)


def pair(code, nom, valeur):
    territoire = Territoire(code, "commune", nom, None, (code,), "pair")
    chiffre = Chiffre(code, "commune", "taux_emploi", "comparateur", Statut.CALCULE, 2018,
                      periode="recensement 2018", valeur=valeur)  # fmt: skip
    return territoire, chiffre


def test_les_communes_comparables_ont_leurs_chiffres_leur_date_et_leur_prudence():
    lus = [
        pair("99009", "Vaubrune", 66.0),
        pair("99010", "Les Aulnes", 61.5),
        pair("99011", "Corbières", 70.25),
    ]
    comparables = Comparables(
        tuple(t for t, _ in lus),
        {(t.code, "taux_emploi"): c for t, c in lus},
        ("L'emploi y est-il semblable ?", "Choisis parmi 30.", "Ce que l'on veut comparer n'y entre pas."),
    )
    titre, note, tableau = communes_comparables(comparables)
    assert (titre.ancre, note.texte.startswith("L'emploi")) == ("comparables", True)
    assert [ligne[0].texte for ligne in tableau.lignes] == ["Vaubrune", "Les Aulnes", "Corbières"]
    assert [ligne[0].classe for ligne in tableau.lignes] == ["sujet", "entete", "entete"]
    assert [lisible(ligne[1].texte) for ligne in tableau.lignes] == ["66,0 %", "61,5 %", "70,3 %"]
    assert tableau.entetes[1].detail == "recensement 2018"
    assert "Ce que l'on veut comparer n'y entre pas." in tableau.notes
    assert communes_comparables(None) == []


def test_une_petite_ville_n_a_pas_de_typologie_dans_son_portrait(base_demo, ville):
    assert types_d_iris(base_demo, ville.diagnostic) is None


# -- annexes ---------------------------------------------------------------------------------------


def test_les_annexes_tiennent_en_quatre_tableaux_compacts(ville, document):
    blocs = document.annexes()
    par_code = {b.code: b for b in blocs if isinstance(b, Tableau)}
    absences, sources, definitions = (par_code[c] for c in ("manques", "sources", "definitions"))
    themes = [ligne[0].texte for ligne in absences.lignes]
    # Une ligne par thème et par raison, jamais deux pour la même.
    assert len({(li[0].texte, li[0].detail) for li in absences.lignes}) == len(themes)
    assert all(themes.count(t) <= 4 for t in themes)
    assert len({ligne[0].texte for ligne in sources.lignes}) == len(sources.lignes)
    assert [len(t.entetes) for t in (absences, sources, definitions)] == [3, 4, 2]
    # Les indicateurs que le corps a déjà montrés ne sont pas redonnés.
    for chapitre in ville.chapitres:
        montres = {li[0].texte for t in chapitre.tableaux if t.code.startswith("reperes-") for li in t.lignes}
        redits = {
            li[0].texte for t in chapitre.complets if t.code.startswith("references-") for li in t.lignes
        }
        assert not montres & redits
    assert next(b.texte for b in blocs if isinstance(b, Titre)) == "Annexes"


def test_autour_d_une_commune_sans_rien_est_vide(base_demo):
    lu = composer(base_demo, Demande("99003")).autour
    assert lu == Autour(lu.ancien)


def test_une_affirmation_de_rang_seul_n_est_ni_un_atout_ni_une_fragilite(ville):
    from abs.portrait.fiches_qpv import cote_affirme

    emploi = indicateurs()["taux_emploi"]
    assert cote_affirme(emploi, [Affirmation("a", "", "rang_haut")]) is None
    assert cote_affirme(emploi, [Affirmation("a", "", "seul_haut")]) is True
    assert cote_affirme(emploi, [Affirmation("a", "b", "moins"), Affirmation("a", "", "parmi_haut")]) is False
    assert cote_affirme(emploi, [Affirmation("a", "b", "moins"), Affirmation("a", "c", "plus")]) is None
    assert cote_affirme(emploi, [Affirmation("a", "b", "comparable")]) is None
