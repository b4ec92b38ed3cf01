"""Contrôler les graphiques modifiables : leurs valeurs gardées, le classeur incorporé, les cellules qu'ils citent."""

from __future__ import annotations

import io
import posixpath
import re
import zipfile
from itertools import chain
from typing import TYPE_CHECKING, Any, Final

from abs.calcul.difference import Bilan, Ecart, ecrit, memes
from abs.graphiques.demandes import DemandeDeGraphique
from carnets.documents.diapos.natif import natif
from carnets.documents.preuve.relecture_textes import CARNET, blocs_tenus, demandes
from carnets.documents.preuve.textes_lus import xml

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from carnets.documents.preuve.preuve_lue import Preuve

C: Final = "{http://schemas.openxmlformats.org/drawingml/2006/chart}"
R: Final = "{http://schemas.openxmlformats.org/package/2006/relationships}"
PLAGE: Final = re.compile(r"(?:'((?:[^']|'')+)'|([^'!]+))!\$?([A-Z]+)\$?(\d+)(?::\$?([A-Z]+)\$?(\d+))?")
# Un graphique d'une série : le nom de la série, où elle se lit, ses valeurs gardées par rang.
Serie = tuple[str, str, dict[int, float]]


def controler_graphiques(chemin: Path, _: Preuve) -> Bilan:
    """Contrôler chaque graphique modifiable d'un document Office.

    Ses valeurs gardées sont comparées aux cellules qu'il cite, dans le classeur ou dans celui qu'il incorpore ; sur une
    diapositive, à celles du bloc dont il est fait.
    """
    bilan = Bilan(f"{chemin.name}, graphiques")
    with zipfile.ZipFile(chemin) as archive:
        noms = sorted(n for n in archive.namelist() if re.fullmatch(r"(?:ppt|xl)/charts/chart[\w-]*\.xml", n))
        du_classeur = _ouvrir(chemin.read_bytes()) if noms and chemin.suffix == ".xlsx" else None
        attendues = [] if du_classeur else list(_attendues(chemin))
        for nom in noms:
            series = list(_series(xml(archive, nom)))
            ici = posixpath.basename(nom)
            _contre_les_cellules(bilan, ici, series, du_classeur or _ouvrir(_incorpore(archive, nom)))
            if attendues:
                _contre_les_blocs(bilan, ici, series, attendues)
    return bilan


def _series(racine: Any) -> Iterator[Serie]:
    for serie in racine.iter(f"{C}ser"):
        nom = "".join(v.text or "" for v in serie.iterfind(f"{C}tx//{C}v"))
        valeurs = serie.find(f"{C}val")
        if valeurs is None:
            continue
        gardees = {
            int(p.get("idx")): float(v)
            for p in valeurs.iter(f"{C}pt")
            if (v := p.findtext(f"{C}v")) not in (None, "")
        }
        yield nom, valeurs.findtext(f".//{C}f") or "", gardees


def _incorpore(archive: zipfile.ZipFile, nom: str) -> bytes:
    """Donner le classeur qu'un graphique incorpore ; vide s'il n'en a pas."""
    dossier, fichier = posixpath.split(nom)
    liens = f"{dossier}/_rels/{fichier}.rels"
    if liens not in archive.namelist():
        return b""
    cibles = (r.get("Target", "") for r in xml(archive, liens).iter(f"{R}Relationship"))
    adresse = next((c for c in cibles if c.endswith(".xlsx")), "")
    return archive.read(posixpath.normpath(f"{dossier}/{adresse}")) if adresse else b""


def _ouvrir(octets: bytes) -> Any:
    """Ouvrir un classeur sur ses valeurs ; rien s'il n'y en a pas."""
    from openpyxl import load_workbook  # noqa: PLC0415 - seulement s'il y a un graphique

    return load_workbook(io.BytesIO(octets), data_only=True) if octets else None


def _contre_les_cellules(bilan: Bilan, ici: str, series: list[Serie], feuilles: Any) -> None:
    for nom, adresse, gardees in series:
        plage = PLAGE.fullmatch(adresse)
        if plage is None or feuilles is None:
            continue
        feuille = feuilles[(plage[1] or plage[2]).replace("''", "'")]
        debut, fin = f"{plage[3]}{plage[4]}", f"{plage[5] or plage[3]}{plage[6] or plage[4]}"
        lues = (
            [c.value for ligne in feuille[f"{debut}:{fin}"] for c in ligne]
            if debut != fin
            else [feuille[debut].value]
        )
        for rang, lue in enumerate(lues):
            _comparer(bilan, (f"{ici}, classeur", f"{nom}, valeur {rang + 1}"), lue, gardees.get(rang))


def _comparer(bilan: Bilan, ou: tuple[str, str], attendue: Any, trouvee: Any) -> None:
    if memes(attendue, trouvee):
        bilan.egaux += 1
    else:
        bilan.ecarts.append(Ecart(bilan.document, *ou, ecrit(attendue), ecrit(trouvee)))


def _attendues(chemin: Path) -> Iterator[list[tuple[str, list[float | None]]]]:
    """Donner, pour chaque bloc qui se dessine ainsi, le nom et les nombres de ses séries."""
    carnet = chemin.with_name(CARNET)
    for bloc in blocs_tenus(carnet, carnet.stat().st_mtime) if carnet.is_file() else []:
        for demande in demandes(bloc):
            modifiable = natif(DemandeDeGraphique.depuis(demande))
            if modifiable is not None:
                yield [(s.nom, s.nombres) for s in modifiable.series]


def _contre_les_blocs(
    bilan: Bilan, ici: str, series: list[Serie], attendues: list[list[tuple[str, list[float | None]]]]
) -> None:
    """Comparer un graphique au bloc qui a les mêmes séries, et dont le moins de valeurs diffèrent."""
    noms = [nom for nom, _, _ in series]
    trouvees = [[v for _, v in sorted(gardees.items())] for _, _, gardees in series]
    candidats = [
        [[n for n in nombres if n is not None] for _, nombres in bloc]
        for bloc in attendues
        if [nom for nom, _ in bloc] == noms
    ]
    candidats = [c for c in candidats if list(map(len, c)) == list(map(len, trouvees))]
    if not candidats:
        bilan.non_verifiables["graphique ajouté ou refait dans la diapositive"] += 1
        return

    def differences(candidat: list[list[float]]) -> int:
        paires = zip(chain.from_iterable(candidat), chain.from_iterable(trouvees), strict=True)
        return sum(not memes(a, b) for a, b in paires)

    proche = min(candidats, key=differences)
    for nom, siennes, lues in zip(noms, proche, trouvees, strict=True):
        for rang, (attendue, lue) in enumerate(zip(siennes, lues, strict=True), start=1):
            _comparer(bilan, (f"{ici}, valeurs gardées", f"{nom}, valeur {rang}"), attendue, lue)
