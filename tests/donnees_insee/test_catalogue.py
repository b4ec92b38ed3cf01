"""Chaque entrée du catalogue est visitée : champs, motifs, plans, et ce dont les indicateurs ont besoin."""

from __future__ import annotations

import itertools
import re

import pytest

from donnees_insee import catalogue, codes
from donnees_insee.base import familles
from donnees_insee.catalogue import marques, plan, source, sources
from donnees_insee.reconnaissance import traduire

TOUTES = sorted(sources().values(), key=lambda s: s.id)
RECENSEMENT = [s for s in TOUTES if plan(s.id)]
CHARGEES = [s for s in TOUTES if not s.a_venir]
STATUTS = {"secret", "indisponible", "sans_objet"}
# Ces sources donnent des rattachements, des noms ou des contours : aucun indicateur ne les lit directement.
SANS_INDICATEUR = {
    "appartenance", "contours_iris", "contours_qpv", "locale", "qpv_liste", "quartiers", "reference_iris",
}  # fmt: skip


def identifiant(entree) -> str:
    return entree.id


@pytest.mark.parametrize("entree", TOUTES, ids=identifiant)
def test_champs(entree):
    assert re.fullmatch(r"[a-z_]+", entree.id)
    for champ in ("titre", "titre_court", "producteur", "licence", "famille"):
        assert getattr(entree, champ).strip(), champ
    assert entree.vide in STATUTS
    assert entree.types_hors_champ <= {"A", "D", "Z"}
    if entree.a_venir:
        assert entree.signature
        return
    assert entree.niveaux
    assert set(entree.niveaux) <= {*codes.NIVEAUX, "local"}
    assert entree.cle
    assert entree.rappel_demande
    assert all(c == c.upper() for c in (*entree.cle, *entree.signature))


@pytest.mark.parametrize("entree", CHARGEES, ids=identifiant)
def test_motifs(entree):
    for motif in entree.motifs:
        assert motif.type in {"nombre", "texte", "note", "ignore"}
        assert motif.vide is None or motif.vide in STATUTS
        permis = {"tout", *motif.brut.groupindex}
        assert set(re.findall(r"\{(\w+)\}", motif.variable)) <= permis, motif
    if entree.couche:
        assert {"code", "nom"} <= set(entree.attributs)
        assert set(entree.cle) <= set(entree.attributs["code"])
    else:
        assert entree.motifs


@pytest.mark.parametrize("entree", CHARGEES, ids=identifiant)
def test_millesimes(entree):
    annees = [m.annee for m in entree.millesimes]
    assert len(annees) == len(set(annees))
    for m in entree.millesimes:
        assert 1999 <= m.annee <= 2030
        assert m.geographie is None or 0 <= m.geographie - m.annee <= 2
        for adresse in (m.page, m.url):
            assert adresse == "" or adresse.startswith("https://")
        assert m.certitude in {"V1", "V2", "V3", "P", "inconnue"}, m
    assert not set(annees) & set(entree.absences)


@pytest.mark.parametrize("entree", CHARGEES, ids=identifiant)
def test_periode_et_geographie(entree):
    assert "{" not in entree.periode_de(2016)
    assert "{" not in entree.periode_de(None)
    assert entree.geographie_de(None) is None
    if entree.decalage_geographie is not None:
        assert entree.geographie_de(1999) == 1999 + entree.decalage_geographie


@pytest.mark.parametrize("entree", RECENSEMENT, ids=identifiant)
def test_plan(entree):
    lignes = plan(entree.id)
    assert len(lignes) > 40
    for v in lignes:
        assert re.fullmatch(r"[PC]_[A-Z0-9_]+", v.nom), v
        assert 2006 <= v.de <= 2030
        assert v.a is None or v.de <= v.a <= 2030
        assert v.libelle.strip()
        brut = v.nom[0] + "16" + v.nom[1:]
        # ACHDER est le nom stable d'une borne qui change chaque année : il ne se publie pas tel quel.
        if not v.nom.endswith("ACHDER"):
            colonne = traduire(entree, brut)
            assert colonne is not None
            assert (colonne.variable, colonne.annee) == (v.nom, 2016)
    par_nom: dict[str, list[catalogue.Variable]] = {}
    for v in lignes:
        par_nom.setdefault(v.nom, []).append(v)
    for nom, periodes in par_nom.items():
        rangees = sorted(periodes, key=lambda v: v.de)
        for avant, apres in itertools.pairwise(rangees):
            assert avant.a is not None, nom
            assert avant.a < apres.de, nom


def test_les_bases_du_recensement_ne_se_recouvrent_presque_pas():
    """Deux bases qui partageraient beaucoup de variables ne se départageraient plus."""
    for i, a in enumerate(RECENSEMENT):
        for b in RECENSEMENT[i + 1 :]:
            communes = {v.nom for v in plan(a.id)} & {v.nom for v in plan(b.id)}
            assert len(communes) <= 12, (a.id, b.id, sorted(communes))


def test_chaque_variable_lue_par_un_indicateur_est_au_plan_a_ses_annees():
    from abs.indicateurs import identites, indicateurs

    fautes = [
        f"{indicateur.code} : {variable} ({lecture.source.id}, {lecture.de}-{lecture.a})"
        for indicateur in indicateurs().values()
        for lecture in indicateur.lectures
        for variable in lecture.variables
        if variable not in identites().get(lecture.source.id, {})
        and not publiee(lecture.source, variable, lecture)
    ]
    assert not fautes, "\n".join(fautes)


def publiee(origine, variable, lecture) -> bool:
    lignes = [v for v in plan(origine.id) if v.nom == variable]
    if plan(origine.id):
        annees = [m.annee for m in origine.millesimes if lecture.vaut_pour(m.annee)]
        return bool(lignes) and all(any(v.de <= a <= (v.a or a) for v in lignes) for a in annees)
    # Sans plan, une variable doit pouvoir sortir d'un des noms que la source sait traduire.
    nu = variable.removeprefix("DISP_").removeprefix("DEC_")
    essais = [variable, variable + "16", variable + "_A16", nu, nu + "16", "DECUC_" + nu]
    essais.append(re.sub(r"^([PC])_", r"\g<1>16_", variable))
    directes = {m.variable for m in origine.motifs if m.type == "nombre"}
    return variable in directes or any((c := traduire(origine, e)) and c.variable == variable for e in essais)


def test_aucune_source_chargee_n_est_morte():
    from abs.indicateurs import indicateurs

    lues = {x.source.id for i in indicateurs().values() for x in i.lectures}
    lues |= {
        x.source_denominateur.id for i in indicateurs().values() for x in i.lectures if x.source_denominateur
    }
    mortes = {s.id for s in CHARGEES} - lues - SANS_INDICATEUR
    assert not mortes


def test_marques():
    for marque, (statut, libelle) in marques().items():
        assert marque == marque.lower().strip()
        assert " " not in marque
        assert statut in STATUTS
        assert libelle


def test_source_inconnue(erreur_claire):
    assert "Sources connues" in erreur_claire(lambda: source("rien"))


def test_familles():
    assert {"recensement", "filosofi", "caf", "qpv"} <= set(familles())
    assert "a_venir" not in familles()


def test_edition_qpv_porte_la_date_de_chaque_partie():
    revenus = source("qpv_revenus")
    assert revenus.periode_de(2022, "DISP_MED") == "revenus 2018 (édition QPV 2022)"
    assert revenus.periode_de(2022, "A") == "édition 2022"


@pytest.mark.parametrize(("niveau", "n"), [("departement", 101), ("region", 18)])
def test_noms_officiels(niveau, n):
    noms = codes.noms_officiels(niveau)
    reels = {c: nom for c, nom in noms.items() if c != "99"}
    assert len(reels) >= n
    assert all(codes.conforme(c, niveau) and nom for c, nom in noms.items())
