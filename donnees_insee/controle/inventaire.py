"""L'inventaire du dossier des données, et son intégrité : à chaque reçu sa copie et ses parts, à chacune son reçu."""

import re
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import pyarrow.parquet as pq

from donnees_insee.base.recus import DEBUT, LotRecu, Recu, lire_recu
from donnees_insee.depot.depot import empreinte
from donnees_insee.depot.rangement import COMPAGNONS, compagnons
from donnees_insee.erreurs import FichierIllisible
from donnees_insee.lecture.tables import refuser_un_parquet_demesure
from donnees_insee.preparation.nombres import variables_de

# Tout ce que le dossier des données peut contenir ; le reste n'est ni vérifié ni emporté.
FORMES: Final = {
    "recu": re.compile(r"recus/[0-9a-f]{16}\.json"),
    "copie": re.compile(r"brut/[0-9a-f]{16}/[^/]+"),
    "part": re.compile(r"base/[a-z0-9_]+/(?:\d{4}|sans_date)/[a-z0-9_]+/[0-9a-f]{12}[0-9a-f-]*\.parquet"),
    "registre": re.compile(r"publications(?:-\d{14})?\.json"),
    "telechargement": re.compile(r"telechargements\.json|telechargements/(?:[^/]+/)*[^/]+"),
}
SHA256: Final = re.compile(r"[0-9a-f]{64}")
EN_COURS: Final = re.compile(r"\.[0-9a-f-]{12,}\.en-cours(\..*)?")
# Ce que le dossier des données contient pour le programme seul.
DE_SERVICE: Final = frozenset({".verrou", ".verrou-publications", ".journal.json"})
REDEPOSER: Final = (
    "Retirez le fichier avec `abs sources retirer {debut}`, puis déposez-le de nouveau depuis l'original."
)


@dataclass
class Inventaire:
    """Ce que le dossier des données contient."""

    recus: list[Recu] = field(default_factory=list)
    recus_abimes: set[str] = field(default_factory=set)
    copies: dict[str, list[Path]] = field(default_factory=dict)
    parts: dict[str, Path] = field(default_factory=dict)
    fautes: list[str] = field(default_factory=list)
    remarques: list[str] = field(default_factory=list)

    def copies_de(self, recu: Recu) -> list[Path]:
        """Lister les fichiers gardés au dossier d'un reçu."""
        return self.copies.get(recu.sha256[:16], [])

    def parts_de(self, recu: Recu) -> dict[str, Path]:
        """Donner, par leur adresse, les parts qui portent l'empreinte d'un reçu."""
        return {a: c for a, c in self.parts.items() if c.name.startswith(recu.sha256[:DEBUT])}


def nature(adresse: str) -> str | None:
    """Dire ce qu'est un fichier du dossier des données d'après sa place."""
    return next((nom for nom, forme in FORMES.items() if forme.fullmatch(adresse)), None)


def est_en_cours(adresse: str) -> bool:
    """Reconnaître le reste d'une écriture interrompue."""
    return EN_COURS.fullmatch(adresse.rpartition("/")[2]) is not None


def lister(dossier: Path) -> dict[str, Path]:
    """Lister les fichiers du dossier des données, liens symboliques compris, verrou et journal à part."""
    trouves = {f.relative_to(dossier).as_posix(): f for f in dossier.rglob("*") if not f.is_dir()}
    return {adresse: trouves[adresse] for adresse in sorted(trouves.keys() - DE_SERVICE)}


def inventorier(dossier: Path) -> Inventaire:
    """Lire tous les reçus et ranger les fichiers selon leur place, sans rien changer."""
    trouve = Inventaire()
    for adresse, chemin in lister(dossier).items():
        quoi = nature(adresse)
        if est_en_cours(adresse):
            reste = f"« {adresse} » est le reste d'une écriture interrompue : vous pouvez l'ôter."
            trouve.remarques.append(reste)
        elif quoi == "recu":
            try:
                trouve.recus.append(_lire_a_son_nom(chemin))
            except FichierIllisible as cause:
                trouve.recus_abimes.add(chemin.stem)
                trouve.fautes.append(str(cause))
        elif quoi == "copie":
            trouve.copies.setdefault(chemin.parent.name, []).append(chemin)
        elif quoi == "part":
            trouve.parts[adresse] = chemin
        elif quoi is None and adresse.startswith(("base/", "brut/", "recus/")):
            trouve.fautes.append(
                f"« {adresse} » n'a pas sa place dans la base : `abs` ne l'a pas écrit. Ôtez ce fichier."
            )
        elif quoi is None:
            trouve.remarques.append(
                f"« {adresse} » n'est pas un fichier de `abs` : il n'est ni vérifié ni emporté."
            )
    trouve.recus.sort(key=lambda r: (r.date, r.nom))
    return trouve


def _lire_a_son_nom(chemin: Path) -> Recu:
    recu = lire_recu(chemin)
    textes = [recu.sha256, recu.nom, recu.date, *(t for lot in recu.lots for t in (lot.source, lot.niveau))]
    nombres = [recu.taille, *(n for lot in recu.lots for n in (lot.lignes, lot.colonnes))]
    bien_ecrit = all(isinstance(t, str) for t in textes) and all(isinstance(n, int) for n in nombres)
    if not (bien_ecrit and SHA256.fullmatch(recu.sha256) and recu.sha256[:16] == chemin.stem):
        raise FichierIllisible(
            f"Le reçu « {chemin} » est abîmé, ou au nom d'un autre fichier (empreinte {recu.sha256}). "
            "Supprimez-le, puis déposez de nouveau le fichier d'origine : sa copie est dans "
            f"« brut/{chemin.stem} »."
        )
    return recu


# -- copies des fichiers d'origine -------------------------------------------------------------


def copie_saine(recu: Recu, fichiers: Iterable[Path]) -> Path | None:
    """Trouver la copie dont l'empreinte, recalculée, est celle du reçu."""
    return next((f for f in principaux(fichiers) if empreinte(f) == recu.sha256), None)


def principaux(fichiers: Iterable[Path]) -> list[Path]:
    """Laisser les fichiers qui ne font qu'en accompagner un autre."""
    return [f for f in fichiers if f.suffix.lower() not in COMPAGNONS]


def verifier_la_copie(recu: Recu, fichiers: Sequence[Path]) -> tuple[Path | None, int, list[str]]:
    """Retrouver la copie saine d'un fichier."""
    dossier = f"brut/{recu.sha256[:16]}"
    quoi = REDEPOSER.format(debut=recu.sha256[:12])
    gardes = principaux(fichiers)
    if not gardes:
        return None, 0, [f"La copie de « {recu.nom} » manque dans « {dossier} ». {quoi}"]
    saine, fautes = None, []
    comptees = 0
    for fichier in gardes:
        try:
            intacte = empreinte(fichier) == recu.sha256
        except FichierIllisible as cause:
            fautes.append(str(cause))
            continue
        comptees += 1 + len(compagnons(fichier))
        if intacte:
            saine = fichier if saine is None or fichier.name == recu.nom else saine
        elif fichier.name == recu.nom or len(gardes) == 1:
            suite = " ou l'un des fichiers qui l'accompagnent" if fichier.suffix.lower() == ".shp" else ""
            fautes.append(
                f"La copie « {dossier}/{fichier.name} »{suite} a changé depuis le dépôt : son empreinte "
                f"n'est plus celle du reçu. {quoi}"
            )
        else:
            fautes.append(f"« {dossier}/{fichier.name} » n'a pas été déposé là par `abs`. Ôtez ce fichier.")
    freres = {f for p in gardes for f in compagnons(p)}
    fautes += [
        f"« {dossier}/{f.name} » n'accompagne aucune couche de ce dossier. Ôtez ce fichier."
        for f in fichiers
        if f not in gardes and f not in freres
    ]
    if saine is not None and saine.stat().st_size != recu.taille:
        fautes.append(f"Le reçu de « {recu.nom} » annonce une autre taille que celle de sa copie. {quoi}")
    return saine, comptees, fautes


def dossiers_sans_recu(trouve: Inventaire) -> list[str]:
    """Dire les dossiers de ``brut`` qu'aucun reçu ne réclame."""
    connus = {r.sha256[:16] for r in trouve.recus} | trouve.recus_abimes
    return [
        f"Le dossier « brut/{nom} » n'a pas de reçu ({', '.join(f.name for f in fichiers[:3])}). Déposez de "
        "nouveau le fichier qu'il contient, depuis une copie prise ailleurs, ou ôtez ce dossier."
        for nom, fichiers in trouve.copies.items()
        if nom not in connus
    ]


# -- parts -------------------------------------------------------------------------------------


def faute_de_lecture(adresse: str, chemin: Path) -> str | None:
    """Lire une part jusqu'au bout, groupe par groupe, sans la tenir en mémoire."""
    try:
        refuser_un_parquet_demesure(chemin)
        with pq.ParquetFile(chemin) as part:
            for bloc in part.iter_batches():
                bloc.validate(full=True)
    except Exception as cause:  # noqa: BLE001 - un Parquet forgé fait lever n'importe quoi à ses lecteurs
        quoi = REDEPOSER.format(debut=chemin.name[:DEBUT])
        return f"La part « {adresse} » ne se lit pas ({cause}). {quoi}"
    return None


def parts_sans_recu(trouve: Inventaire) -> list[str]:
    """Dire les parts qu'aucun reçu ne réclame."""
    connus = {nom[:DEBUT] for nom in (*trouve.recus_abimes, *(r.sha256 for r in trouve.recus))}
    return [
        f"La part « {adresse} » n'a pas de reçu : rien ne dit d'où viennent ses chiffres. Ôtez ce fichier, "
        "puis déposez de nouveau celui dont il vient."
        for adresse, chemin in trouve.parts.items()
        if chemin.name[:DEBUT] not in connus
    ]


def parts_annoncees(recu: Recu, trouve: Inventaire, lisibles: dict[str, bool]) -> list[str]:
    """Rapprocher les tables qu'un reçu annonce des parts présentes, par lieu et par taille."""
    siennes = trouve.parts_de(recu)
    fautes = []
    quoi = REDEPOSER.format(debut=recu.sha256[:12])
    for ou in sorted({_lieu(lot) for lot in recu.lots} | {a.rpartition("/")[0] for a in siennes}):
        lots = [lot for lot in recu.lots if _lieu(lot) == ou]
        parts = {a: c for a, c in siennes.items() if a.rpartition("/")[0] == ou}
        if not lots and all(_est_derivee(a, recu, siennes) for a in parts):
            continue
        if len(lots) != len(parts):
            fautes.append(
                f"Le reçu de « {recu.nom} » annonce {len(lots)} part(s) dans « {ou} », et il y en a "
                f"{len(parts)}. {quoi}"
            )
        elif all(lisibles[a] for a in parts):
            annoncees = sorted((lot.lignes, lot.colonnes) for lot in lots)
            presentes = sorted(_taille(c) for c in parts.values())
            if annoncees != presentes:
                fautes.append(
                    f"Le reçu de « {recu.nom} » annonce dans « {ou} » {_en_mots(annoncees)}, et on y lit "
                    f"{_en_mots(presentes)}. {quoi}"
                )
    return fautes


def _lieu(lot: LotRecu) -> str:
    return f"base/{lot.source}/{'sans_date' if lot.millesime is None else lot.millesime}/{lot.niveau}"


def _est_derivee(adresse: str, recu: Recu, siennes: Collection[str]) -> bool:
    """Reconnaître une part comptée d'après une autre : même source, même année, même nom, autre niveau."""
    _, source, annee, _, nom = adresse.split("/")
    annonces = {_lieu(lot) for lot in recu.lots}
    return any(ou.startswith(f"base/{source}/{annee}/") and f"{ou}/{nom}" in siennes for ou in annonces)


def _taille(chemin: Path) -> tuple[int, int]:
    noms = pq.read_schema(chemin).names
    return pq.read_metadata(chemin).num_rows, 1 if "geometry" in noms else len(variables_de(noms))


def _en_mots(tailles: list[tuple[int, int]]) -> str:
    return ", ".join(f"{lignes} lignes et {colonnes} variables" for lignes, colonnes in tailles)
