"""Aucune phrase n'est fausse : chaque valeur, chaque comparaison et chaque rang est recalculé depuis la table longue.

Le recalcul ne passe par aucune fonction qui écrit ou compare : il lit le texte comme un lecteur, et la table comme un
statisticien.
"""

import math
import re

import pytest

from abs.calcul.diagnostic import diagnostiquer
from abs.indicateurs.indicateurs import THEMES, indicateurs
from abs.langue import lieu_de_commune
from abs.portrait.chapitres import chapitre_de_theme
from abs.portrait.premiere_page import bilan
from abs.territoires.demande import Demande
from tests.abs.phrases.mots import mots_refuses

NOMBRE = r"\d+(?:,\d+)?"
VALEUR = rf"({NOMBRE})(?: %| €)?"
LIEU = r"((?:dans|en(?! \d)) [^()]+?)"
COMPARE = re.compile(
    rf"(?:(environ )?({NOMBRE}) points? de |un montant |mais )?(plus élevé|plus bas|plus|moins)"
    rf" qu(?:e |'){LIEU} \({VALEUR}\)"
    rf"(?: et qu(?:e |'){LIEU} \({VALEUR}\))?"
)
COMPARABLE = re.compile(rf"comparable {LIEU} \({VALEUR}\)(?: et {LIEU} \({VALEUR}\))?")
NUES = re.compile(rf"{VALEUR} {LIEU}(?=, | ; )")
ETENDUE = re.compile(
    rf" va de {VALEUR} à {VALEUR} \((?:(.+?)(?: et (\d+) autres?)?, )?fiabilité ([^)]+)\), sur (\d+)(?: des (\d+))? "
    r"(?:IRIS|communes) "
)
DES_MAILLES = re.compile(rf" ; {VALEUR} en (\d{{4}}), année du détail par IRIS")
SEUL = re.compile(r" est(?:, parmi e\w+,)? l[ea] plus (élevée?|basse?|bas) (?:dans l'IRIS )?(.+)\.$")
PARMI = re.compile(r" est parmi les plus (élevée?s|basses?|bas) (?:dans l(?:es IRIS|'IRIS) )?(.+)\.$")
AUTRES = re.compile(r"^(?:dans )?(\d+) autres (?:IRIS|communes)$")
NOMMEE = re.compile(rf"(.+?) \({VALEUR}\)(?:, | et |$)")


def lisible(texte):
    return texte.replace("\u202f", "").replace("\u00a0", " ")


def nombre(texte):
    return float(texte.replace(",", "."))


def ecrit_bien(texte, valeur, unite):
    """Le nombre écrit est l'arrondi de la valeur ; les euros sont écrits à 10 ou à 100."""
    pas = 10.0 ** -len(texte.partition(",")[2])
    if unite == "€":
        pas = 100.0 if texte.endswith("00") else 10.0
    return abs(nombre(texte) - valeur) <= pas / 2 + 1e-9


class Lecteur:
    """La table longue, lue ligne par ligne."""

    def __init__(self, diagnostic):
        self.diagnostic = diagnostic
        table = diagnostic.table()
        cles = ("territoire", "niveau", "indicateur", "definition", "millesime", "source")
        self.lignes = {}
        for ligne in table.to_dict("records"):
            ligne["definition"] = ligne["definition"] if isinstance(ligne["definition"], str) else ""
            cle = "|".join("" if str(ligne[c]) == "<NA>" else str(ligne[c]) for c in cles)
            self.lignes[cle] = ligne
        self.lieux = {t.dans: (t.code, t.niveau) for t in diagnostic.ensembles.references}

    def reference(self, dite, lieu):
        trouvees = [
            self.lignes[r]
            for r in dite.references[1:]
            if (self.lignes[r]["territoire"], self.lignes[r]["niveau"]) == self.lieux[lieu]
        ]
        assert len(trouvees) == 1, (lieu, dite.texte)
        return trouvees[0]


def marge(ligne):
    m = 0.0 if math.isnan(ligne["marge"]) else ligne["marge"]
    if ligne["statut"] == "partiel":
        m += (1 - ligne["couverture"]) * max(ligne["valeur"], 100 - ligne["valeur"])
    return m


def seuil(i, repere):
    return repere * 0.03 if i.unite == "€" else i.seuil_pratique


def exiger_un_ecart(i, a, b, sens, dite):
    ecart = a["valeur"] - b["valeur"]
    assert {a["fiabilite"], b["fiabilite"]} <= {"bonne", "moyenne"}, dite.texte
    assert {a["statut"], b["statut"]} <= {"publie", "calcule", "partiel"}, dite.texte
    assert a["millesime"] == b["millesime"], dite.texte
    assert (ecart > 0) == (sens == "plus"), dite.texte
    assert abs(ecart) > math.sqrt(marge(a) ** 2 + marge(b) ** 2), dite.texte
    assert abs(ecart) >= seuil(i, b["valeur"]) - 1e-9, dite.texte
    return ecart


def verifier_une_phrase(lecteur, dite):
    texte = lisible(dite.texte)
    a = lecteur.lignes[dite.references[0]]
    i = lecteur.diagnostic.indicateurs[a["indicateur"]]
    motif = re.escape(i.phrase).replace(r"\{v\}", VALEUR)
    ecrite = re.search(motif, texte)
    assert ecrite, texte
    assert ecrit_bien(ecrite[1], a["valeur"], i.unite), texte
    if i.unite == "%" and a["marge"] > 1:
        assert "," not in ecrite[1], texte
    verifier_qu_un_chiffre_ecrit_n_a_qu_une_conclusion(texte)
    vus = verifier_les_ecarts(lecteur, dite, i, a, ecrite[1]) + verifier_les_niveaux(lecteur, dite, i, a)
    vus += verifier_l_annee_de_la_carte(lecteur, dite, i, a)
    assert vus == len(dite.references) - 1, texte
    return vus


def verifier_l_annee_de_la_carte(lecteur, dite, i, a):
    """Un chiffre dont la carte est d'une autre année dit les deux dans la même phrase."""
    lue = DES_MAILLES.search(lisible(dite.texte))
    if lue is None:
        return 0
    autre = lecteur.lignes[dite.references[-1]]
    assert (autre["territoire"], autre["indicateur"]) == (a["territoire"], a["indicateur"])
    assert ecrit_bien(lue[1], autre["valeur"], i.unite)
    assert int(lue[2]) == autre["annee_donnees"] != a["annee_donnees"]
    return 1


def verifier_qu_un_chiffre_ecrit_n_a_qu_une_conclusion(texte):
    """Deux références imprimées « 13 % » ne sont pas l'une dépassée, l'autre comparable."""
    conclusions = {}
    for _, _, sens, _, v1, _, v2 in COMPARE.findall(texte):
        for v in filter(None, (v1, v2)):
            conclusions.setdefault(v, set()).add(sens)
    for _, v1, _, v2 in COMPARABLE.findall(texte):
        for v in filter(None, (v1, v2)):
            conclusions.setdefault(v, set()).add("comparable")
    parentheses = re.search(r"\(([^()]*; [^()]*)\)", texte)
    for v, _ in NUES.findall(parentheses[1] if parentheses else ""):
        conclusions.setdefault(v, set()).add("tue")
    assert all(len(c) == 1 for c in conclusions.values()), texte


def verifier_les_ecarts(lecteur, dite, i, a, ecrite):
    """Chaque « plus » et chaque « moins », avec ses points."""
    texte, vus = lisible(dite.texte), 0
    for environ, points, mots, lieu1, v1, lieu2, v2 in COMPARE.findall(texte):
        sens = "plus" if mots in {"plus", "plus élevé"} else "moins"
        for lieu, v in [(lieu, v) for lieu, v in ((lieu1, v1), (lieu2, v2)) if lieu]:
            b = lecteur.reference(dite, lieu)
            assert ecrit_bien(v, b["valeur"], i.unite), texte
            ecart = exiger_un_ecart(i, a, b, sens, dite)
            assert not points or ecrit_bien(points, abs(ecart), "%"), texte
            if points and not environ:
                lu = abs(nombre(ecrite) - nombre(v))
                assert math.isclose(lu, nombre(points), abs_tol=1e-6), texte
            vus += 1
    return vus


def verifier_les_niveaux(lecteur, dite, i, a):
    """Chaque « comparable », et chaque référence écrite sans mot qui compare."""
    texte, vus = lisible(dite.texte), 0
    for lieu1, v1, lieu2, v2 in COMPARABLE.findall(texte):
        for lieu, v in [(lieu, v) for lieu, v in ((lieu1, v1), (lieu2, v2)) if lieu]:
            b = lecteur.reference(dite, lieu)
            assert ecrit_bien(v, b["valeur"], i.unite), texte
            assert abs(a["valeur"] - b["valeur"]) < seuil(i, b["valeur"]), texte
            vus += 1
    parentheses = re.search(r"\(([^()]*; [^()]*)\)", texte)
    for v, lieu in NUES.findall(parentheses[1] if parentheses else ""):
        assert ecrit_bien(v, lecteur.reference(dite, lieu)["valeur"], i.unite), texte
        vus += 1
    return vus


def verifier_une_etendue(lecteur, dite):
    texte, diagnostic = lisible(dite.texte), lecteur.diagnostic
    premiere = lecteur.lignes[dite.references[0]]
    i = indicateurs()[premiere["indicateur"]]
    habitants = {
        x["territoire"]: x["valeur"]
        for x in lecteur.lignes.values()
        if x["indicateur"] == "population"
        and x["niveau"] == premiere["niveau"]
        and x["millesime"] == diagnostic.millesimes.get(("mailles", "population"))
    }
    classees = {
        t.code: t.nom
        for t in diagnostic.ensembles.mailles
        if t.type_iris not in {"A", "D"} and not habitants.get(t.code, 1e9) < 200
    }
    memes = ("niveau", "indicateur", "definition", "millesime", "source")
    lues = {
        x["territoire"]: x
        for x in lecteur.lignes.values()
        if all(str(x[k]) == str(premiere[k]) for k in memes)
        and x["territoire"] in classees
        and not math.isnan(x["valeur"])
    }
    bas, haut, ou, autres, fiabilite, connues, sur = ETENDUE.search(texte).groups()
    valeurs = [x["valeur"] for x in lues.values()]
    verifier_le_plus_haut(lues, classees, texte, haut, ou, int(autres or 0), fiabilite, i)
    assert ecrit_bien(bas, min(valeurs), i.unite), texte
    assert ecrit_bien(haut, max(valeurs), i.unite), texte
    assert (int(connues), int(sur or connues)) == (len(lues), len(classees)), texte
    rangees = sorted(lues.values(), key=lambda x: x["valeur"], reverse=i.sens == "haut")
    if seul := SEUL.search(texte):
        assert classees[rangees[0]["territoire"]] in seul[2], texte
        sens = "plus" if i.sens == "haut" else "moins"
        assert seul[1].startswith("élevé") == (sens == "plus"), texte
        for autre in rangees[1:]:
            ecart = rangees[0]["valeur"] - autre["valeur"]
            assert (ecart > 0) == (sens == "plus"), texte
            assert abs(ecart) >= seuil(i, autre["valeur"]) - 1e-9, texte
            # Bonferroni ne peut qu'élargir : la marge simple est le moins qu'on exige.
            assert abs(ecart) > math.hypot(marge(rangees[0]), marge(autre)), texte
    elif parmi := PARMI.search(texte):
        tout = next(
            x
            for x in lecteur.lignes.values()
            if x["territoire"] == diagnostic.ensembles.sujet.code
            and x["niveau"] == diagnostic.ensembles.sujet.niveau
            and all(str(x[k]) == str(premiere[k]) for k in memes[1:4])
        )
        tete = {classees[x["territoire"]]: x for x in rangees}
        ecrites = NOMMEE.findall(parmi[2])
        nommees = [(nom, v) for nom, v in ecrites if not AUTRES.search(nom)]
        autres = sum(int(AUTRES.search(nom)[1]) for nom, _ in ecrites if AUTRES.search(nom))
        assert 1 <= len(nommees) <= 4, texte
        for nom, v in nommees:
            maille = tete[re.sub(r"^(à|au|aux) ", "", nom)]
            assert ecrit_bien(v, maille["valeur"], i.unite), texte
            exiger_un_ecart(i, maille, tout, "plus" if i.sens == "haut" else "moins", dite)
        # Qui s'écrit comme une maille nommée est nommé aussi, ou compté.
        pareilles = [x for x in rangees if any(ecrit_bien(v, x["valeur"], i.unite) for _, v in nommees)]
        assert len(pareilles) == len(nommees) + autres, texte
    else:
        assert "plus élevé" not in texte, texte
        assert "plus bas" not in texte, texte


def verifier_le_plus_haut(lues, classees, texte, haut, ou, autres, fiabilite, i):
    """Le plus haut est nommé, là ou en fin de phrase, et sa fiabilité est la sienne."""
    plus_haute = max(lues.values(), key=lambda x: x["valeur"])
    mots = {"bonne": "bonne", "moyenne": "moyenne", "non_evaluee": "non évaluée"}
    assert mots[plus_haute["fiabilite"]] == fiabilite, texte
    if ou is None:
        assert classees[plus_haute["territoire"]] in texte.split("), sur")[1], texte
        return
    assert ou == classees[plus_haute["territoire"]], texte
    assert autres == sum(ecrit_bien(haut, x["valeur"], i.unite) for x in lues.values()) - 1, texte


def verifier_une_seule_annee(diagnostic, phrases):
    """Le texte et sa carte parlent de la même année, ou la phrase donne les deux."""
    sujet = diagnostic.ensembles.sujet
    for code in indicateurs() if diagnostic.ensembles.mailles else ():
        du_texte, de_la_carte = diagnostic.chiffre(sujet, code), diagnostic.sujet_du_detail(code)
        if not all(c is not None and c.a_une_valeur for c in (du_texte, de_la_carte)):
            continue
        dite = next(
            (p for p in phrases if p.references[0].split("|")[:3] == [sujet.code, sujet.niveau, code]), None
        )
        if dite is not None and du_texte.annee_donnees != de_la_carte.annee_donnees:
            assert f"en {de_la_carte.annee_donnees}, année du détail" in dite.texte, dite.texte


def verifier_tout(diagnostic, minimum):
    lecteur = Lecteur(diagnostic)
    chapitres = [chapitre_de_theme(diagnostic, theme) for theme in THEMES]
    phrases = [p for c in chapitres for p in (*c.phrases, *c.autres_phrases)]
    verifier_une_seule_annee(diagnostic, phrases)
    points = bilan(diagnostic)
    comparaisons = 0
    details = [d.phrase for p in points.points() for d in p.details]
    for dite in [*phrases, *(p.phrase for p in points.points()), *details]:
        assert mots_refuses(dite.texte) == [], dite.texte
        if " va de " in dite.texte:
            verifier_une_etendue(lecteur, dite)
        else:
            comparaisons += verifier_une_phrase(lecteur, dite)
    for point in [q for p in points.points() for q in (p, *p.details)]:
        assert point.indicateur.sens != "neutre"
        verdicts = {a.verdict for a in point.phrase.affirmations} - {"comparable"}
        defavorable = "plus" if point.indicateur.sens == "haut" else "moins"
        assert verdicts <= {"plus", "moins"}
        assert (verdicts == {defavorable}) != point.force
    assert len(phrases) >= minimum
    return comparaisons


def test_les_phrases_de_la_demonstration_sont_vraies(diagnostic_demo):
    assert verifier_tout(diagnostic_demo, 30) >= 40


def test_les_phrases_de_la_demonstration_en_2016_et_de_son_intercommunalite_sont_vraies(base_demo):
    for demande in (Demande("99001", 2016), Demande("999900001")):
        assert verifier_tout(diagnostiquer(base_demo, demande), 15) >= 5


@pytest.mark.reel
@pytest.mark.parametrize(
    ("code", "millesime", "millesimes", "minimum"),
    [("34172", 2016, {}, 15), ("63113", 2020, {"caf": 2018}, 20)],
)
def test_les_phrases_de_montpellier_et_de_clermont_sont_vraies(
    base_reelle, code, millesime, millesimes, minimum
):
    assert verifier_tout(diagnostiquer(base_reelle, Demande(code, millesime, millesimes)), minimum) >= 6


@pytest.mark.parametrize(
    ("nom", "attendu"),
    [
        ("Lyon 2e Arrondissement", "dans le 2e arrondissement de Lyon"),
        ("Marseille 1er Arrondissement", "dans le 1er arrondissement de Marseille"),
        ("Le Havre", "au Havre"),
        ("Les Sables-d'Olonne", "aux Sables-d'Olonne"),
        ("Angers", "à Angers"),
    ],
)
def test_un_lieu_se_dit_comme_on_le_parle(nom, attendu):
    """Avant : « à Lyon 2e Arrondissement »."""
    assert lieu_de_commune(nom).replace("\u00a0", " ") == attendu
