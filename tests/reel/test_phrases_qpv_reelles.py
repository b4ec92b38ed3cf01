"""Chaque phrase d'un portrait de quartier relue contre les fichiers bruts : valeurs, dates, places.

Rien ici ne passe par ce qui écrit : une phrase est un texte, une page est du HTML, un fichier est lu par le module csv.
"""

import csv
import html
import re
from pathlib import Path

import pytest

from abs.blocs.blocs import retourner
from abs.portrait.document import DocumentDuPortrait
from abs.portrait.portrait import composer
from abs.territoires.demande import Demande
from carnets.documents.rendu import rendre_blocs

pytestmark = pytest.mark.reel
PORTRAITS = [
    ("QP063002", {}),
    ("QP034009", {}),
    ("QP093028", {}),
    ("63113", {"millesimes": {"qpv_demographie": 2019}}),
    ("34172", {"millesime": 2016}),
    ("93066", {}),
]
DATE_CONNUE = re.compile(r"\((?:[^()]*, )?(revenus|recensement) (\d{4})(?:, édition QPV (\d{4}))?\)")
EDITION = re.compile(r"\(édition (\d{4})\)")
A_COTE = re.compile(
    r"dans (?:la commune|l'intercommunalité|le département)|en région|en France métropolitaine"
)
NOMBRE = r"(-?\d[\d ]*(?:,\d+)?)"
# Ce que dit une phrase → la colonne d'un tableau de quartiers, ou le rapport de deux.
COLONNES = {
    "occupent un emploi à durée limitée": ("IPRO", "TX_TOT_EDLIM", ""),
    "des 15-64 ans ont un emploi": ("IPRO", "TX_TOT_EMPL", ""),
    "ont moins de 25 ans": ("DEMO", "TX_TOT_0A24", ""),
    "ont 60 ans ou plus": ("DEMO", "TX_TOT_60ETPLUS", ""),
    "ne comptent qu'une personne": ("DEMO", "TX_TOT_MEN1", ""),
    "sont de nationalité étrangère": ("DEMO", "TX_TOT_ET", ""),
    "sont des familles monoparentales": ("DEMO", "AM", "A"),
    "sont des couples avec enfants": ("DEMO", "ACAVENF", "A"),
    "couples avec trois enfants ou plus": ("DEMO", "AC3ENF", "A"),
    "perçoivent le RSA": ("REVN", "ARSAS", "A"),
    "le niveau de vie médian est de": ("FILO", "DISP_MED_A18", ""),
    "vivent sous le seuil de pauvreté": ("FILO", "DISP_TP60_A18", ""),
    "les prestations sociales représentent": ("FILO", "DISP_PPSOC_A18", ""),
    "fois celui des 10 % les plus modestes": ("FILO", "DISP_RD_A18", ""),
}
REFERENCES = {"dans la commune": "COM", "dans l'intercommunalité": "EPCI", "dans le département": "DEP"}


def uni(texte: str) -> str:
    return texte.replace("\u00a0", " ").replace("\u202f", " ").replace("−", "-")


def nombre(texte: str) -> float:
    return float(texte.replace(" ", "").replace(",", "."))


class Bruts:
    """Les fichiers réels, lus tels quels."""

    def __init__(self, racine: Path) -> None:
        self.racine = racine
        self._lus: dict[Path, dict[str, dict[str, str]]] = {}

    def table(self, chemin: Path) -> dict[str, dict[str, str]]:
        if chemin not in self._lus:
            octets = chemin.read_bytes()
            encodage = "utf-8-sig" if octets.startswith(b"\xef\xbb\xbf") else "utf-8"
            try:
                texte = octets.decode(encodage)
            except UnicodeDecodeError:
                texte = octets.decode("cp1252")
            lignes = list(csv.reader(texte.splitlines(), delimiter=";"))
            haut = [c.strip().upper() for c in lignes[0]]
            self._lus[chemin] = {x[0]: dict(zip(haut, x, strict=False)) for x in lignes[1:] if x}
        return self._lus[chemin]

    def qpv(self, genre: str, edition: int) -> dict[str, dict[str, str]]:
        noms = {
            ("DEMO", 2019): "DEMO_2019.csv",
            ("DEMO", 2020): "data_DEMO_2020_V1_QP.csv",
            ("DEMO", 2021): "data_DEMO_2021_V1_QP.csv",
            ("IPRO", 2022): "IPRO_2022.csv",
            ("REVN", 2022): "REVN_2022.csv",
            ("FILO", 2018): "data_filo18_qp_revdis.csv",
        }
        return self.table(self.racine / "qpv" / noms[genre, edition])

    def valeur(self, genre: str, edition: int, code: str, haut: str, bas: str) -> float | None:
        ligne = self.qpv(genre, edition).get(code, {})
        lus = [re.sub(r"\s", "", ligne.get(c, "")).replace(",", ".") for c in (haut, bas) if c]
        if not all(re.fullmatch(r"-?\d+(\.\d+)?", x) for x in lus):
            return None
        return float(lus[0]) if not bas else 100 * float(lus[0]) / float(lus[1])

    def reference(self, niveau: str, code: str, variable: str, annee: int) -> float | None:
        chemin = self.racine / "filosofi" / f"FILO{annee}_DISP_{niveau}.csv"
        ligne = self.table(chemin).get(code, {}) if chemin.is_file() else {}
        nom = {"DISP_MED_A18": "Q218", "DISP_RD_A18": "RD"}.get(
            variable, variable.replace("DISP_", "").replace("_A", "")
        )
        lu = ligne.get(nom, "").replace(",", ".").replace(" ", "")
        return float(lu) if re.fullmatch(r"-?\d+(\.\d+)?", lu) else None

    def communes(self, code: str) -> tuple[str, ...]:
        return tuple(n.strip() for n in self.qpv("DEMO", 2019).get(code, {}).get("LIB_COM", "").split(","))


@pytest.fixture(scope="module")
def bruts(donnees_reelles):
    return Bruts(donnees_reelles)


@pytest.fixture(scope="module", params=PORTRAITS, ids=lambda p: p[0])
def portrait(request, base_reelle):
    code, reglages = request.param
    return composer(base_reelle, Demande(code, **reglages))


def phrases(portrait) -> list[str]:
    """Les phrases telles que la page les montre : celles d'un quartier, ou celles du chapitre des quartiers."""
    if portrait.sujet.niveau == "qpv":
        morceaux = [_premiere_page(portrait), *(_chapitre(portrait, c.code) for c in portrait.chapitres)]
    else:
        morceaux = [_chapitre(portrait, "qpv")]
    lues = re.findall(r"<summary>(.*?)</summary>", "".join(morceaux), re.DOTALL)
    return [uni(html.unescape(t)) for t in lues]


def test_chaque_phrase_est_datee_et_une_date_inconnue_n_a_rien_a_cote(portrait):
    lues = phrases(portrait)
    assert len(lues) >= 8
    for texte in lues:
        connue, edition = DATE_CONNUE.search(texte), EDITION.search(texte)
        assert connue or edition, texte
        if edition and not connue:
            assert not A_COTE.search(EDITION.sub("", texte).replace("prioritaires de", "")), texte


def test_la_valeur_d_un_quartier_est_celle_du_fichier_de_l_annee_dite(portrait, bruts):
    if portrait.sujet.niveau != "qpv":
        pytest.skip("les phrases d'une commune donnent des étendues : l'essai suivant les relit.")
    relues = 0
    for texte in phrases(portrait):
        trouvee = next(((m, c) for m, c in COLONNES.items() if m in texte), None)
        if trouvee is None:
            continue
        genre, haut, bas = trouvee[1]
        date = DATE_CONNUE.search(texte) or EDITION.search(texte)
        annee = int(date[2] if date.re is DATE_CONNUE else date[1])
        attendue = bruts.valeur(genre, annee, portrait.sujet.code, haut, bas)
        debut = texte[: texte.index("(" + date[0][1:])]
        ecrites = [
            nombre(n)
            for n in re.findall(NOMBRE, debut.removeprefix(f"Dans le quartier prioritaire {portrait.titre}"))
        ]
        assert attendue is not None, texte
        assert any(abs(attendue - e) <= (5 if haut.startswith("DISP_MED") else 0.51) for e in ecrites), (
            texte,
            attendue,
        )
        relues += 1
    assert relues >= 8


def test_une_reference_ecrite_est_celle_du_fichier_de_la_meme_annee(portrait, bruts, base_reelle):
    """« un montant plus bas que dans la commune (19 460 €) » : FILO2018_DISP_COM, comme le chiffre du quartier."""
    ou = {t.role or t.niveau: t.code for t in (portrait.sujet, *portrait.diagnostic.ensembles.references)}
    relues = 0
    for texte in phrases(portrait):
        trouvee = next(((m, c) for m, c in COLONNES.items() if m in texte and c[0] == "FILO"), None)
        if trouvee is None:
            continue
        annee = int(DATE_CONNUE.search(texte)[2])
        for lieu, niveau in REFERENCES.items():
            ecrit = re.search(rf"{lieu} \({NOMBRE}", texte)
            if ecrit is None:
                continue
            code = ou.get({"COM": "commune", "EPCI": "epci", "DEP": "departement"}[niveau])
            attendue = bruts.reference(niveau, code, trouvee[1][1], annee)
            assert attendue is not None, (texte, niveau, code)
            assert abs(attendue - nombre(ecrit[1])) <= (5 if "MED" in trouvee[1][1] else 0.051), (
                texte,
                attendue,
            )
            relues += 1
    if portrait.sujet.niveau == "qpv":
        assert relues >= 3


def test_la_plus_elevee_l_est_dans_le_fichier_et_parmi_combien(portrait, bruts):
    if portrait.sujet.niveau != "qpv":
        pytest.skip("une commune nomme ses quartiers : la phrase d'étendue les relit.")
    siennes = set(bruts.communes(portrait.sujet.code))
    for texte in phrases(portrait):
        trouvee = next((c for m, c in COLONNES.items() if m in texte), None)
        dite = re.search(
            r"c'est (?:la|le) \w+ (?:la|le) plus (élevée?|bas(?:se)?) des (\d+) quartiers", texte
        )
        if trouvee is None or dite is None:
            continue
        genre, haut, bas = trouvee
        date = DATE_CONNUE.search(texte) or EDITION.search(texte)
        annee = int(date[2] if date.re is DATE_CONNUE else date[1])
        autres = {
            q: v
            for q in bruts.qpv(genre, annee)
            if set(bruts.communes(q)) & siennes
            and (v := bruts.valeur(genre, annee, q, haut, bas)) is not None
        }
        sienne = autres.pop(portrait.sujet.code)
        assert int(dite[2]) > len(autres), texte
        assert all(sienne > v if dite[1].startswith("élevé") else sienne < v for v in autres.values()), texte


def test_aucun_tableau_de_la_page_ne_met_deux_annees_cote_a_cote(portrait):
    """La page relue : une ligne, une colonne, un indicateur, une seule année de données."""
    diagnostic = portrait.diagnostic
    annees = {}
    for c in diagnostic.chiffres:
        cle = "|".join(
            "" if v is None else str(v)
            for v in (c.territoire, c.niveau, c.indicateur, c.definition, c.millesime, c.source)
        )
        annees[cle] = (c.indicateur, c.territoire, c.annee_donnees or f"{c.source} {c.millesime}")
    page = "".join(_chapitre(portrait, c.code) for c in portrait.chapitres)
    comparees = 0
    for tableau in re.findall(r"<tbody>(.*?)</tbody>", page, re.DOTALL):
        if "<small>" in tableau and 'class="appuis"' in page[: page.find(tableau)][-400:]:
            continue
        lignes = [
            re.findall(r"<t[dh]([^>]*)>", ligne)
            for ligne in re.findall(r"<tr>(.*?)</tr>", tableau, re.DOTALL)
        ]
        colonnes = [list(c) for c in zip(*lignes, strict=True)] if len({len(x) for x in lignes}) == 1 else []
        for rangee in [*lignes, *colonnes]:
            vues: dict[str, set] = {}
            for balise in rangee:
                cle = re.search(r'data-reference="([^"]*)"', balise)
                ligne = annees.get(html.unescape(cle[1])) if cle else None
                if ligne is not None and "absent" not in balise:
                    vues.setdefault(ligne[0], set()).add(ligne[2])
            for dates in vues.values():
                comparees += 1
                assert len(dates) == 1, dates
    assert comparees >= 10


def _premiere_page(portrait):
    document = DocumentDuPortrait(portrait)
    return rendre_blocs(
        retourner([*document.titre("1er janvier 2027"), *document.essentiel(), *document.bilan()])
    )


def _chapitre(portrait, code):
    document = DocumentDuPortrait(portrait)
    return rendre_blocs(retourner([*document.phrases(code), *document.chiffres(code)]))
