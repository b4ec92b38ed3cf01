"""Chaque entrée du catalogue est visitée : champs, motifs, plans, et ce dont les indicateurs ont besoin."""

from __future__ import annotations

import itertools
import re

import pytest

from donnees_insee import codes
from donnees_insee.base.base import familles
from donnees_insee.catalogue import catalogue, tables
from donnees_insee.catalogue.catalogue import source, sources
from donnees_insee.catalogue.tables import dates_des_parties, marques, plan, reference
from donnees_insee.lecture.reconnaissance import traduire

TOUTES = sorted(sources().values(), key=lambda s: s.id)
RECENSEMENT = [s for s in TOUTES if plan(s.id)]
CHARGEES = [s for s in TOUTES if not s.a_venir]
NIVEAUX = {
    "iris", "quartier", "commune", "epci", "bassin_de_vie", "departement", "region", "france", "qpv", "perimetre",
    # Niveaux de la base qui ne sont pas des territoires d'un portrait.
    "carreau", "equipement", "local", "annee", "mouvement", "passage", "type_d_equipement", "fichier_publie",
}  # fmt: skip
STATUTS = {"secret", "indisponible", "sans_objet"}
# Ces sources donnent des rattachements, des noms ou des contours : aucun indicateur ne les lit directement.
SANS_INDICATEUR = {
    "appartenance", "cog", "contours_communes", "contours_iris", "contours_qpv", "locale", "mouvements_communes",
    "passage_communes", "qpv_correspondance", "qpv_liste", "quartiers", "reference_iris",
    # Nomenclature ; carreaux des périmètres libres ; table d'un tiers, gardée pour comparer ; méthode à part.
    "equipements_nomenclature", "grille", "indicateurs_externes", "filosofi_2", "prix", "catalogue_melodi",
}  # fmt: skip


def identifiant(entree) -> str:
    return entree.id


@pytest.mark.parametrize("entree", TOUTES, ids=identifiant)
def test_champs(entree):
    assert re.fullmatch(r"[a-z_0-9]+", entree.id)
    for champ in ("titre", "titre_court", "producteur", "licence", "famille"):
        assert getattr(entree, champ).strip(), champ
    assert entree.vide in STATUTS
    assert entree.types_hors_champ <= {"A", "D", "Z"}
    if entree.a_venir:
        assert entree.rappel_demande
        return
    assert entree.niveaux
    assert set(entree.niveaux) <= NIVEAUX
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


@pytest.mark.parametrize("entree", TOUTES, ids=identifiant)
def test_millesimes(entree):
    fichiers = [(m.annee, m.contenu) for m in entree.millesimes]
    assert len(fichiers) == len(set(fichiers))
    for m in entree.millesimes:
        assert 1999 <= m.annee <= 2030
        assert m.geographie is None or 0 <= m.geographie - m.annee <= 4
        for adresse in (m.page, m.url):
            assert adresse == "" or adresse.startswith("https://")
        assert m.certitude in tables.CERTITUDES, m
        # Une adresse absente ne peut pas être dite sûre, et l'analyste doit savoir où chercher.
        assert m.certitude == "inconnue" or m.url or m.page, m
        assert m.url or m.page or m.membre or m.note, m
    assert not {m.annee for m in entree.millesimes} & set(entree.absences)


def variables_attendues(base: str, annee: int) -> list[str]:
    """Les variables que le plan annonce pour un millésime."""
    return [v.nom for v in plan(base) if v.de <= annee and (v.a is None or annee <= v.a)]


@pytest.mark.parametrize("entree", RECENSEMENT, ids=identifiant)
@pytest.mark.parametrize("annee", range(2013, 2023))
def test_le_plan_est_complet_a_chaque_annee_declaree(entree, annee):
    """Chaque base IRIS de 2013 à 2022 est annoncée, a son plan, et ses ruptures y sont."""
    assert [m for m in entree.millesimes if (m.annee, m.contenu) == (annee, "IRIS")]
    attendues = set(variables_attendues(entree.id, annee))
    assert len(attendues) >= 29
    ruptures = {
        "rp_population": ("C_POP15P_CS3", "C_POP15P_STAT_GSEC13_23", 2022),
        "rp_menages": ("C_MEN_CS3", "C_MEN_STAT_GSEC13_23", 2022),
        "rp_logement": ("P_RP_ACH19", "P_RP_ACH1919", 2022),
        "rp_activite": ("C_ACT1564_CS3", "C_ACT1564_STAT_GSEC13_23", 2022),
        "rp_diplomes": ("P_NSCOL15P_SUP", "P_NSCOL15P_SUP2", 2017),
    }
    avant, apres, rupture = ruptures[entree.id]
    assert (avant in attendues, apres in attendues) == (annee < rupture, annee >= rupture)


# Nombre de colonnes constaté par un tiers sur les CSV de 2022 (IRIS, COM, TYP_IRIS, LAB_IRIS compris).
@pytest.mark.parametrize(("base", "n"), [("rp_population", 76), ("rp_activite", 119), ("rp_logement", 101)])
def test_le_plan_de_2022_a_le_nombre_de_colonnes_constate(base, n):
    assert len(variables_attendues(base, 2022)) + 4 == n


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
    from abs.indicateurs.indicateurs import identites, indicateurs

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
        annees = {m.annee for m in origine.millesimes if lecture.vaut_pour(m.annee)}
        return bool(lignes) and all(any(v.de <= a <= (v.a or a) for v in lignes) for a in annees)
    # Sans plan, une variable doit pouvoir sortir d'un des noms que la source sait traduire.
    nu = variable.removeprefix("DISP_").removeprefix("DEC_")
    essais = [variable, variable + "16", variable + "_A16", nu, nu + "16", nu + "_A16", "DECUC_" + nu]
    essais.append(re.sub(r"^([PC])_", r"\g<1>16_", variable))
    directes = {m.variable for m in origine.motifs if m.type == "nombre"}
    if origine.niveau_des_lignes == "equipement":
        directes |= {t["variable"] for t in reference("types_equipements")}
    return variable in directes or any((c := traduire(origine, e)) and c.variable == variable for e in essais)


def test_aucune_source_chargee_n_est_morte():
    from abs.indicateurs.indicateurs import tous_les_indicateurs

    lues = {x.source.id for i in tous_les_indicateurs().values() for x in i.lectures}
    lues |= {
        x.source_denominateur.id
        for i in tous_les_indicateurs().values()
        for x in i.lectures
        if x.source_denominateur
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
    assert "complementaire_sante" not in familles()


def test_edition_qpv_porte_la_date_de_chaque_partie():
    revenus = source("qpv_revenus")
    assert revenus.partie_de("DISP_MED").nom == "revenus disponibles"
    assert revenus.partie_de("A").nom == "assurés et allocataires"
    assert revenus.partie_de("LIBGEO") is None
    assert revenus.periode_de(2022) == "édition 2022"


def test_chaque_date_de_partie_nomme_une_partie_qui_existe():
    for (identifiant, partie, edition), (annee, preuve) in dates_des_parties().items():
        assert partie in {p.nom for p in source(identifiant).parties}
        assert annee < edition
        assert preuve


@pytest.mark.parametrize(("niveau", "n"), [("departement", 101), ("region", 18)])
def test_noms_officiels(niveau, n):
    noms = codes.noms_officiels(niveau)
    reels = {c: nom for c, nom in noms.items() if c != "99"}
    assert len(reels) >= n
    assert all(codes.conforme(c, niveau) and nom for c, nom in noms.items())


def test_enquetes_annuelles_de_chaque_millesime():
    """Cinq enquêtes par millésime, jamais celle de 2021 (reportée) : les couples disjoints de la règle en sortent."""
    enquetes = tables.enquetes_annuelles()
    for millesime in range(2013, 2024):
        assert len(enquetes[millesime]) == 5
        assert 2021 not in enquetes[millesime]
    disjoints = {
        (a, b) for a in enquetes for b in enquetes if a < b and not set(enquetes[a]) & set(enquetes[b])
    }
    assert {(2010, 2015), (2013, 2018), (2014, 2020), (2015, 2021), (2016, 2022), (2013, 2019)} <= disjoints
    assert not {(2014, 2019), (2015, 2020), (2016, 2021), (2017, 2022), (2011, 2015)} & disjoints


def test_une_annee_de_plus_n_est_que_des_lignes(tmp_path, monkeypatch):
    """Un recensement 2023 inventé : adresse, plan, enquêtes et dépôt, sans une ligne de programme."""
    from donnees_insee.base.base import Base
    from donnees_insee.depot.depot import deposer

    ajout = tmp_path / "catalogue"
    (ajout / "reference").mkdir(parents=True)
    (ajout / "plans").mkdir()
    (ajout / "reference" / "millesimes.csv").write_text(
        "source;annee;contenu;geographie;page;url;membre;certitude;note\n"
        "rp_logement;2023;IRIS;2025;https://www.insee.fr/fr/statistiques/1;"
        "https://www.insee.fr/fr/statistiques/fichier/1/base-ic-logement-2023_csv.zip;"
        "base-ic-logement-2023.CSV;P;inventé\n",
        encoding="utf-8",
    )
    # La dernière période de construction change de nom : l'ancienne se ferme, la nouvelle s'ouvre.
    (ajout / "plans" / "rp_logement.csv").write_text(
        "variable;de;a;libelle\nP_RP_ACH2019;2022;2022;2006 à 2019\nP_RP_ACH2020;2023;;2006 à 2020\n",
        encoding="utf-8",
    )
    monkeypatch.setenv("ABS_CATALOGUE", str(ajout))
    catalogue.relire()
    try:
        nouveau = source("rp_logement").millesimes[-1]
        assert (nouveau.annee, nouveau.geographie, nouveau.certitude) == (2023, 2025, "P")
        attendues = variables_attendues("rp_logement", 2023)
        assert "P_RP_ACH2020" in attendues
        assert "P_RP_ACH2019" not in attendues
        brutes = [f"{v[0]}23{v[1:]}" for v in attendues]
        fichier = tmp_path / "base-ic-logement-2023.CSV"
        ligne = ";".join(str(i + 0.5) for i in range(len(brutes)))
        fichier.write_text(f"IRIS;COM;TYP_IRIS;LAB_IRIS;{';'.join(brutes)}\n010010000;01001;Z;5;{ligne}\n")
        base = Base(tmp_path / "base")
        # Des valeurs en suite, pour reconnaître chaque colonne : elles ne forment pas un vrai tableau.
        (depot,) = deposer(base, [fichier], malgre_les_ecarts=True)
        assert (depot.lots[0].source, depot.lots[0].millesime, depot.lots[0].geographie) == (
            "rp_logement",
            2023,
            2025,
        )
        lue = base.lire("rp_logement", 2023, "iris")
        assert lue.loc["010010000", "P_RP_ACH2020"] == attendues.index("P_RP_ACH2020") + 0.5
    finally:
        monkeypatch.delenv("ABS_CATALOGUE")
        catalogue.relire()


def test_un_catalogue_ajoute_fautif_dit_toutes_ses_fautes(tmp_path, monkeypatch, erreur_claire):
    (tmp_path / "reference").mkdir()
    (tmp_path / "reference" / "millesimes.csv").write_text(
        "source;annee;contenu;geographie;page;url;membre;certitude;note\n"
        "rp_logement;deux mille;IRIS;;;;;P;\nrp_logement;2023;IRIS;;;;;certain;\n",
        encoding="utf-8",
    )
    monkeypatch.setenv("ABS_CATALOGUE", str(tmp_path))
    catalogue.relire()
    try:
        message = erreur_claire(sources)
        assert "ligne 2" in message
        assert "« certain »" in message
    finally:
        monkeypatch.delenv("ABS_CATALOGUE")
        catalogue.relire()


def test_un_millesime_publie_dans_plusieurs_geographies_n_en_annonce_aucune():
    """Filosofi 2021 : IRIS en 2022 ; communes rééditées en 2023 puis 2025, le fichier ne dit pas laquelle."""
    filosofi = source("filosofi")
    assert filosofi.geographie_de(2021, "iris") == 2022
    assert filosofi.geographie_de(2021, "commune") is None
    assert filosofi.geographie_de(2016, "commune") == 2017
