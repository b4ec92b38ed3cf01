"""Lire un CSV reçu : encodage constaté en une lecture sans le charger, en-tête trouvé, découpage confié plus loin."""

import codecs
import csv
import io
import itertools
import shutil
from collections import Counter
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Final

import pyarrow as pa

from donnees_insee.chemins import dossier_de_passage
from donnees_insee.erreurs import FichierIllisible
from donnees_insee.lecture import brut
from donnees_insee.lecture.csv_decoupe import EnTete, decouper, decouper_en_nombres, decouper_sans_detour

SEPARATEURS: Final = (";", ",", "\t", "|")
BLOC: Final = 1 << 20
# Au-delà, une « ligne » n'est plus un en-tête : le fichier n'a pas de fins de ligne.
LIGNE_MAXIMALE: Final = 1 << 20
# Une cellule d'en-tête qui court sur plus de lignes est un guillemet oublié.
LIGNES_D_UNE_CELLULE: Final = 50


# Ce qu'une lecture en continu dit d'un texte : son encodage, s'il est à transcrire, ce qu'on en dit, s'il a des guillemets.
_Examen = tuple[str, bool, list[str], bool]


def lire_csv(chemin: Path) -> brut.TableBrute:
    """Lire un CSV en texte pur."""
    encodage, a_transcrire, remarques, guillemets = _examiner(chemin)
    a_copier = a_transcrire or not _ecrit_en_utf_8(chemin)
    with dossier_de_passage("csv") as provisoire:
        lisible = chemin
        if a_copier:
            lisible = Path(provisoire) / "transcrit.csv"
            _transcrire(chemin, lisible, encodage)
        entete = _trouver_l_en_tete(lisible, chemin.name)
        brut.refuser_noms_repetes([n for n in entete.noms if n], chemin.name)
        texte: pa.Table | brut.TexteDiffere
        if not a_copier and not guillemets and entete.rang == 0:
            texte = brut.TexteDiffere(
                partial(decouper_sans_detour, chemin, entete), partial(decouper_en_nombres, chemin, entete)
            )
        else:
            # Un titre ou un nom peut courir sur plusieurs lignes : le découpage ne reçoit que ce qui suit l'en-tête.
            suite = Path(provisoire) / "suite.csv"
            with lisible.open("rb") as flux, suite.open("wb") as cible:
                flux.seek(entete.position)
                shutil.copyfileobj(flux, cible, BLOC)
            texte = decouper(suite, entete)
    if len(entete.noms) > len(entete.utiles):
        remarques.append(f"{len(entete.noms) - len(entete.utiles)} colonnes sans nom ôtées")
    nomme = {"utf-8-sig": "utf-8", "cp1252": "windows-1252"}.get(encodage, encodage)
    return brut.TableBrute(tuple(entete.utiles), texte, chemin.name, nomme, entete.titre, tuple(remarques))


def en_tete_simple(chemin: Path) -> EnTete | None:
    """Lire la première ligne d'un CSV comme des noms de colonnes ; rien si elle n'en a pas l'air."""
    if brut.nature(chemin) != "texte" or not _ecrit_en_utf_8(chemin):
        return None
    with chemin.open("rb") as flux:
        premiere = flux.readline(LIGNE_MAXIMALE)
    try:
        ligne = premiere.decode("utf-8-sig").strip()
    except UnicodeDecodeError:
        return None
    separateur = _separateur(ligne)
    if separateur is None or _reste_ouverte(ligne):
        return None
    return EnTete(0, separateur, _decouper(ligne), "", chemin.name, len(premiere))


def _ecrit_en_utf_8(chemin: Path) -> bool:
    """Dire si DuckDB saura ouvrir ce chemin : certains disques gardent des noms d'un autre encodage."""
    return str(chemin).encode("utf-8", "replace").decode() == str(chemin)


# -- encodage ----------------------------------------------------------------------------------


def _blocs(chemin: Path) -> Iterator[bytes]:
    """Lire par blocs, sans séparer un retour chariot de ce qui le suit."""
    with chemin.open("rb") as flux:
        while bloc := flux.read(BLOC):
            yield bloc + flux.read(1) if bloc.endswith(b"\r") else bloc


def _examiner(chemin: Path) -> _Examen:
    """Constater encodage et fins de ligne par blocs, sans tenir le fichier en mémoire."""
    with chemin.open("rb") as flux:
        debut = flux.read(4096)
    utf16 = _utf_16(debut)
    if utf16:
        _exiger(chemin, utf16)
        return utf16, True, ["encodage utf-16"], True
    comptes = _compter(chemin)
    if comptes["nuls"]:
        raise FichierIllisible(
            f"« {chemin.name} » contient des octets nuls : ce n'est pas un fichier texte, ou il est abîmé. "
            "Téléchargez-le de nouveau."
        )
    encodage, remarques = _utf_8_ou_windows(chemin, comptes)
    propres = comptes["r"] == 0 or comptes["n"] == comptes["r"] == comptes["rn"]
    return encodage, encodage != "utf-8-sig" or not propres, remarques, comptes["guillemets"] > 0


def _utf_16(debut: bytes) -> str | None:
    if debut.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16"
    # Sans marque d'ordre, un texte latin en UTF-16 a un octet nul sur deux.
    if len(debut) >= 4 and debut.count(0) > len(debut) // 3:
        return "utf-16-le" if debut[1] == 0 else "utf-16-be"
    return None


def _compter(chemin: Path) -> Counter[str]:
    """Compter ce qui décide de l'encodage et du découpage, en une seule lecture."""
    comptes: Counter[str] = Counter()
    for bloc in _blocs(chemin):
        comptes["nuls"] += bloc.count(0)
        comptes["guillemets"] += b'"' in bloc
        if b"\r" in bloc:
            comptes.update(r=bloc.count(b"\r"), n=bloc.count(b"\n"), rn=bloc.count(b"\r\n"))
        else:
            # Un seul compte par bloc suffit à trahir, à côté de retours chariot, des fins de ligne mêlées.
            comptes["n"] += b"\n" in bloc
        if not bloc.isascii():
            comptes["accents"] += 1
            comptes["perdus"] += bloc.count(b"\xef\xbf\xbd")
            comptes["meles"] += bloc.count(b"\xc3\xa9") + bloc.count(b"\xc3\xa8")
    return comptes


def _utf_8_ou_windows(chemin: Path, comptes: Counter[str]) -> tuple[str, list[str]]:
    """Décoder sans perte : UTF-8 d'abord, sinon Windows-1252, et le dire."""
    if not comptes["accents"] or _se_decode(chemin, "utf-8"):
        perdus = ["des accents étaient déjà perdus dans le fichier reçu (caractère �)"]
        return "utf-8-sig", perdus if comptes["perdus"] else []
    _exiger(chemin, "cp1252")
    if comptes["meles"]:
        return "cp1252", ["encodage windows-1252 et UTF-8 mêlés : des accents des noms sont à vérifier"]
    return "cp1252", ["encodage windows-1252"]


def _se_decode(chemin: Path, encodage: str) -> bool:
    try:
        return all(True for _ in codecs.iterdecode(_blocs(chemin), encodage))
    except UnicodeDecodeError:
        return False


def _exiger(chemin: Path, encodage: str) -> None:
    """Décoder tout le fichier, ou le refuser."""
    if not _se_decode(chemin, encodage):
        raise FichierIllisible(
            f"« {chemin.name} » n'est lisible ni en UTF-8, ni en UTF-16, ni en Windows-1252. "
            "Ouvrez-le dans un tableur et enregistrez-le en « CSV UTF-8 »."
        )


def _transcrire(chemin: Path, copie: Path, encodage: str) -> None:
    """Réécrire en UTF-8, fins de ligne unifiées : DuckDB refuse qu'elles soient mêlées."""
    with (
        chemin.open(encoding=encodage, newline=None) as source,
        copie.open("w", encoding="utf-8", newline="\n") as cible,
    ):
        while bloc := source.read(BLOC):
            cible.write(bloc.removeprefix("\ufeff"))


# -- en-tête -----------------------------------------------------------------------------------


def _trouver_l_en_tete(chemin: Path, nom: str) -> EnTete:
    """Prendre la première ligne, ou celle des noms techniques si des titres la précèdent."""
    entieres = _premieres_lignes(chemin, nom)
    lignes = [ligne.rstrip("\r\n") for ligne in entieres]
    rang = brut.rang_de_l_en_tete([_decouper(ligne) for ligne in lignes])
    if rang is None or not any(c.strip() for c in lignes[:rang]):
        rang = next((i for i, ligne in enumerate(lignes) if ligne.strip()), 0)
    separateur = _separateur(lignes[rang])
    if separateur is None:
        raise FichierIllisible(
            f"« {nom} » n'a qu'une colonne : aucun point-virgule, virgule, tabulation ou barre dans sa "
            f"première ligne « {lignes[rang][:60]} ». Enregistrez-le en CSV séparé par des points-virgules."
        )
    noms = _decouper(lignes[rang])
    brut.refuser_trop_de_colonnes(len(noms), nom)
    _refuser_les_guillemets_douteux(lignes[: rang + 1], noms, separateur, nom)
    titre = " · ".join(" ".join(t.split()) for ligne in lignes[:rang] if (t := ligne.strip(' ;,\t|"\r\n')))
    return EnTete(rang, separateur, noms, titre, nom, _octets(chemin, entieres[: rang + 1]))


def _octets(chemin: Path, lignes: list[str]) -> int:
    """Compter les octets que des lignes prennent au début d'un fichier, marque comprise."""
    with chemin.open("rb") as flux:
        marque = flux.read(3) == codecs.BOM_UTF8
    return 3 * marque + len("".join(lignes).encode())


def _premieres_lignes(chemin: Path, nom: str) -> list[str]:
    """Lire les premières lignes, dont une cellule peut en courir plusieurs."""
    lignes: list[str] = []
    with chemin.open(encoding="utf-8-sig", newline="") as flux:
        while len(lignes) < brut.LIGNES_D_EN_TETE and (ligne := flux.readline(LIGNE_MAXIMALE)):
            for rang in itertools.count(1):
                if not _reste_ouverte(ligne):
                    break
                suite = flux.readline(LIGNE_MAXIMALE)
                if not suite or rang == LIGNES_D_UNE_CELLULE:
                    raise FichierIllisible(
                        f"« {nom} » : un guillemet ouvert à la ligne {len(lignes) + 1} n'est pas fermé. Ôtez-le ou "
                        "fermez-le, ou téléchargez de nouveau le fichier."
                    )
                ligne += suite
            lignes.append(ligne)
    return lignes


def _reste_ouverte(ligne: str) -> bool:
    """Dire si un guillemet qui ouvre une cellule n'est pas refermé au bout de la ligne."""
    lecteur = csv.reader(io.StringIO(ligne, newline=""), delimiter=_separateur(ligne) or ";", strict=True)
    try:
        for _ in lecteur:
            pass
    except csv.Error as cause:
        return "unexpected end" in str(cause)
    return False


def _refuser_les_guillemets_douteux(lignes: list[str], noms: list[str], separateur: str, nom: str) -> None:
    """Refuser un guillemet isolé dans un nom, ou qui avale une ligne : rien ne dirait où commencent les données."""
    douteux = [f"la colonne « {n[:40]} »" for n in noms if '"' in n]
    lues = csv.reader(io.StringIO("\n".join(lignes), newline=""), delimiter=separateur)
    avalees = [c for ligne in lues for c in ligne if "\n" in c and separateur in c]
    douteux += [f"la cellule « {' '.join(c.split()[:1])[:40]}… »" for c in avalees]
    if douteux:
        raise FichierIllisible(
            f"« {nom} » : un guillemet de l'en-tête, dans {douteux[0]}, n'est ni ouvert ni fermé comme il faut et peut "
            "cacher des lignes. Ôtez-le, ou téléchargez de nouveau le fichier."
        )


def _separateur(ligne: str) -> str | None:
    """Compter les séparateurs d'une ligne, hors des guillemets."""
    hors_guillemets = "".join(ligne.split('"')[::2])
    meilleur = max(SEPARATEURS, key=hors_guillemets.count)
    return meilleur if meilleur in hors_guillemets else None


def _decouper(ligne: str) -> list[str]:
    separateur = _separateur(ligne)
    if separateur is None:
        return [ligne.strip()]
    try:
        lue = next(csv.reader(io.StringIO(ligne, newline=""), delimiter=separateur))
        return [" ".join(n.split()) for n in lue]
    except (csv.Error, StopIteration):  # cellule démesurée : ce n'est pas une ligne de noms
        return []
