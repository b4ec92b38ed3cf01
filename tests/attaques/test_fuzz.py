"""Des milliers de fichiers abîmés à chaque lecteur : rangés entiers, ou refusés en une phrase ; jamais à moitié."""

from __future__ import annotations

import csv
import io
import random
import re
import shutil
import time
from collections import Counter
from contextlib import suppress
from pathlib import Path

import geopandas as gpd
import pandas as pd
import pytest

from donnees_insee.base.base import Base
from donnees_insee.catalogue.catalogue import source
from donnees_insee.demo import extraire_demo
from donnees_insee.depot.depot import deposer
from donnees_insee.erreurs import ErreurAbs
from donnees_insee.lecture import csv_recu
from donnees_insee.lecture.csv_decoupe import decouper
from donnees_insee.lecture.perimetre_recu import lire_perimetres
from donnees_insee.lecture.reconnaissance import traduire
from tests.attaques.lecteurs import LECTEURS, JugeEmbarrasse, Lecteur, muter_du_texte, muter_la_table

SECONDES = 5.0
DITES = re.compile(r"mises? de côté|non repris")
# Une part des tables de départ : le nom du fichier, ses premières lignes et quelques colonnes suffisent.
DEMO = (
    "base-ic-evol-struct-pop-2016.CSV",
    "base-ic-logement-2016.CSV",
    "data_CAF_2016_IRIS.csv",
    "BASE_TD_FILO_DISP_IRIS_2016.csv",
)
REELS = (
    "base-ic-evol-struct-pop-2016_extrait.csv",
    "base-ic-logement-2016_extrait.csv",
    "data_CAF_2016_IRIS.csv",
    "BASE_TD_FILO_DISP_IRIS_2016.csv",
)
CHIFFREE = re.compile(r"[PC]\d\d_\w+|DISP_(?!NOTE)\w+|A|AM|AI|PERCOU|AC3ENF|ACAVENF|ENF")
LIGNES, COLONNES = 9, 8


@pytest.fixture(scope="module")
def tranches(request, tmp_path_factory):
    """De petites tranches de la démonstration, et des fichiers réels là où ils sont."""
    demo = extraire_demo(tmp_path_factory.mktemp("demo"))
    fichiers = [next(demo.rglob(nom)) for nom in DEMO]
    try:
        reels = request.getfixturevalue("donnees_reelles")
        fichiers += [next(reels.rglob(nom)) for nom in REELS]
    except pytest.skip.Exception:
        pass
    return [_tranche(fichier) for fichier in fichiers]


def _tranche(fichier: Path) -> list[list[str]]:
    octets = fichier.read_bytes()
    texte = octets.decode("utf-8-sig") if _est_de_l_utf_8(octets) else octets.decode("cp1252")
    lues = list(csv.reader(io.StringIO("\n".join(texte.splitlines()[: LIGNES + 1])), delimiter=";"))
    nombres = [j for j, nom in enumerate(lues[0]) if CHIFFREE.fullmatch(nom)][:COLONNES]
    textes = [j for j, nom in enumerate(lues[0]) if nom in {"LIBIRIS", "TYP_IRIS"}]
    return [[ligne[j] for j in (0, *textes, *nombres)] for ligne in lues]


def _est_de_l_utf_8(octets: bytes) -> bool:
    try:
        octets.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


# Les couches n'ont que des codes et des noms.
CONTOURS = [
    ["CODE_IRIS", "NOM_IRIS", "INSEE_COM", "NOM_COM", "TYP_IRIS"],
    *([f"34172{n:04d}", f"Quartier n° {n}", "34172", "Montpellier", "H"] for n in range(101, 108)),
]


class Attaque:
    """Ce qu'une suite de mutations a donné."""

    def __init__(self, lecteur: Lecteur, dossier: Path) -> None:
        self.lecteur, self.dossier = lecteur, dossier
        self.comptes: Counter[str] = Counter()
        self.fautes: list[str] = []

    def essayer(self, octets: bytes) -> None:
        """Déposer un fichier abîmé dans une base neuve, et juger ce qu'il en est."""
        shutil.rmtree(self.dossier, ignore_errors=True)
        base = Base(self.dossier / "base")
        self.dossier.mkdir(parents=True)
        fichier = self.dossier / self.lecteur.fichier
        fichier.write_bytes(octets)
        try:
            depots = deposer(base, [fichier], millesime=None, malgre_les_ecarts=True)
        except ErreurAbs as refus:
            raisons, ranges = [str(refus)], []
        except BaseException as imprevue:  # noqa: BLE001 - une trace est justement la faute cherchée
            self.noter("trace", repr(imprevue), octets)
            return
        else:
            raisons = [d.raison for d in depots if d.etat == "refuse"]
            ranges = [d for d in depots if d.etat == "range"]
        self.comptes["acceptes" if ranges else "refuses"] += 1
        if any("imprévue" in r or "Traceback" in r for r in raisons):
            self.noter("trace", raisons[0][:300], octets)
        restes = [
            f
            for f in base.dossier.rglob("*")
            if f.is_file() and f.name not in {".verrou", ".verrou-publications"}
        ]
        if ranges:
            if base.parts_sans_recu() or any(".en-cours" in f.name for f in restes):
                self.noter("moitie", "part sans reçu", octets)
            self.juger(octets, base, " ".join(r for d in ranges for lot in d.lots for r in lot.remarques))
        elif restes:
            self.noter("moitie", str(restes[:3]), octets)

    def juger(self, octets: bytes, base: Base, remarques: str) -> None:
        """Comparer la base aux octets bruts, lus par une autre voie."""
        try:
            attendues = self.lecteur.juger(octets)
        except JugeEmbarrasse as cause:
            self.noter("juge", str(cause), octets)
            return
        for part in base.parts():
            table = (gpd.read_parquet if self.lecteur.geographique else pd.read_parquet)(part.chemin)
            codes, voulus = sorted(table["code"].astype(str)), sorted(c for c, _ in attendues)
            perdus = Counter(voulus) - Counter(codes)
            if (perdus and not DITES.search(remarques)) or Counter(codes) - Counter(voulus):
                self.noter("lignes", f"{len(voulus)} attendues, {len(codes)} lues : {dict(perdus)}", octets)
            if not self.lecteur.geographique:
                self._juger_les_cellules(part.source, table.set_index("code"), attendues, octets)

    def _juger_les_cellules(self, nom: str, table: pd.DataFrame, attendues: list, octets: bytes) -> None:
        choisie = source(nom)
        for code, ligne in attendues:
            if code not in table.index:
                continue
            for brut, texte in ligne.items():
                colonne = traduire(choisie, brut)
                if colonne is None or colonne.variable not in table or colonne.motif.type != "nombre":
                    continue
                lu, attendu = table.loc[code, colonne.variable], _nombre(texte)
                egal = (
                    pd.isna(lu)
                    if attendu is None
                    else (not pd.isna(lu) and abs(lu - attendu) <= 1e-9 * max(1, abs(attendu)))
                )
                if not egal:
                    self.noter("cellules", f"{code} {brut} : {texte!r} lu {lu!r}", octets)
                    return
                self.comptes["cellules jugées"] += 1

    def noter(self, genre: str, quoi: str, octets: bytes) -> None:
        self.comptes[genre] += 1
        self.fautes.append(f"{genre} : {quoi} ; {octets[:200]!r}")


def _egaux(lu: float, attendu: float | None) -> bool:
    if attendu is None or pd.isna(lu):
        return attendu is None and bool(pd.isna(lu))
    return abs(lu - attendu) <= 1e-9 * max(1, abs(attendu))


def _nombre(texte: str | None) -> float | None:
    """Lire un nombre comme un lecteur français : la voie du juge, sans rien du projet."""
    net = re.sub(r"\s", "", texte or "").replace(",", ".").replace("−", "-")
    if not re.fullmatch(r"[-+]?(\d+\.?\d*|\.\d+)([eE][-+]?\d+)?", net):
        return None
    return float(net)


def attaquer(nom: str, tranches, dossier: Path, nombre: int, graine: int = 11) -> Attaque:
    """Muter et déposer, en équilibrant ce qui est accepté et ce qui est refusé."""
    lecteur, hasard = LECTEURS[nom], random.Random(f"{nom}{graine}")
    attaque, fin = Attaque(lecteur, dossier / nom), time.monotonic() + SECONDES
    while sum(attaque.comptes[c] for c in ("acceptes", "refuses")) < (nombre or 10**6):
        if not nombre and time.monotonic() > fin:
            break
        depart = CONTOURS if lecteur.geographique else hasard.choice(tranches)
        table = muter_la_table(depart, hasard)
        octets = lecteur.ecrire(table, hasard)
        # Des octets abîmés sont presque toujours refusés, une cellule changée presque jamais : on tient la balance.
        if attaque.comptes["refuses"] <= attaque.comptes["acceptes"]:
            octets = lecteur.muter_les_octets(octets, hasard)
        attaque.essayer(octets)
    return attaque


@pytest.mark.parametrize("nom", sorted(LECTEURS))
def test_rien_n_est_perdu_ni_a_moitie_ecrit(nom, tranches, tmp_path, request, capsys):
    nombre = request.config.getoption("--mutations")
    attaque = attaquer(nom, tranches, tmp_path, nombre)
    with capsys.disabled():
        print(f"\n{nom} : {dict(attaque.comptes)}")  # noqa: T201 - les comptes font partie de la preuve
    assert attaque.fautes == []
    plancher = min(500, nombre // 3) if nombre else 5
    assert min(attaque.comptes["acceptes"], attaque.comptes["refuses"]) >= plancher


def test_les_perimetres(tmp_path, request, capsys):
    """La porte des périmètres dessinés : autant de surfaces que le fichier en porte, ou une phrase."""
    nombre, hasard, comptes = request.config.getoption("--mutations") or 150, random.Random(11), Counter()
    depart = [["nom", "id"], *([f"Secteur {n}", str(n)] for n in range(1, 5))]
    for rang in range(nombre):
        lecteur = LECTEURS[hasard.choice(["geojson", "gpkg"])]
        octets = lecteur.ecrire(depart, hasard)
        if rang % 2:
            octets = lecteur.muter_les_octets(octets, hasard)
        fichier = tmp_path / f"p{Path(lecteur.fichier).suffix}"
        fichier.write_bytes(octets)
        lus: tuple[object, ...] = ()
        with suppress(ErreurAbs):
            lus = lire_perimetres(fichier)
        assert not lus or len(lus) == len(lecteur.juger(octets)), octets[:300]
        comptes["acceptes" if lus else "refuses"] += 1
    with capsys.disabled():
        print(f"\npérimètres : {dict(comptes)}")  # noqa: T201
    assert min(comptes.values()) > 0


# -- le juge n'est pas aveugle -----------------------------------------------------------------


def ligne_perdue(*arguments, **options):
    return decouper(*arguments, **options).slice(1)


def cellules_echangees(*arguments, **options):
    table = decouper(*arguments, **options)
    noms = table.column_names
    return table.rename_columns([*noms[:-2], noms[-1], noms[-2]])


def trace(*_arguments, **_options):
    raise KeyError("colonne")


@pytest.mark.parametrize(
    ("faute", "genre"), [(ligne_perdue, "lignes"), (cellules_echangees, "cellules"), (trace, "trace")]
)
def test_une_faute_plantee_dans_le_lecteur_est_trouvee(tranches, tmp_path, monkeypatch, faute, genre):
    monkeypatch.setattr(csv_recu, "decouper", faute)
    attaque, hasard = Attaque(LECTEURS["csv"], tmp_path / "csv"), random.Random(3)
    for _ in range(40):
        attaque.essayer(LECTEURS["csv"].ecrire(hasard.choice(tranches), hasard))
    assert attaque.comptes[genre] > 5


def test_un_reste_plante_est_trouve(tranches, tmp_path, monkeypatch):
    vrai = Base.ranger_recu
    monkeypatch.setattr(Base, "ranger_recu", lambda soi, recu: vrai(soi, recu) or _planter(soi))
    attaque, hasard = Attaque(LECTEURS["csv"], tmp_path / "csv"), random.Random(3)
    for _ in range(5):
        attaque.essayer(LECTEURS["csv"].ecrire(tranches[0], hasard))
    assert attaque.comptes["moitie"] == attaque.comptes["acceptes"] > 0


def _planter(base: Base) -> None:
    (part,) = base.parts()
    part.chemin.with_name("abcdefabcdef01-0.parquet").write_bytes(part.chemin.read_bytes())


def test_les_mutations_sont_toujours_les_memes(tranches):
    faites = []
    for _ in range(2):
        hasard = random.Random("csv11")
        faites.append(
            [
                muter_du_texte(LECTEURS["csv"].ecrire(muter_la_table(tranches[0], hasard), hasard), hasard)
                for _ in range(5)
            ]
        )
    assert faites[0] == faites[1]
