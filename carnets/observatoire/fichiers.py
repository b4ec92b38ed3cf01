"""Les fichiers du site, pareils d'une fabrication à l'autre : CSV, GeoPackage, images ; les portraits à y joindre."""

from __future__ import annotations

import shutil
import sqlite3
import zipfile
from contextlib import closing
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Final

import pandas as pd

from abs.calcul.sources_recues import INTERNE
from abs.calcul.table_longue import Diagnostic
from abs.definitions import table
from carnets.documents.csv_long import ecrire_csv
from carnets.documents.geopaquet import ecrire_couche, ecrire_gpkg
from carnets.documents.paquet_tabulaire import PAQUET, ecrire_paquet_partage
from carnets.documents.preuve.preuve_lue import Preuve, lire_preuve
from carnets.observatoire.mots import TEXTES, phrase
from carnets.observatoire.rendu import DOSSIER_DES_FICHIERS, cle_de, morceau
from donnees_insee.chemins import creer_dossier, fichier_provisoire
from donnees_insee.erreurs import FichierIllisible, SortieImpossible

if TYPE_CHECKING:
    import geopandas as gpd

    from abs.territoires.demande import Demande
    from abs.territoires.territoires import Territoire
    from carnets.observatoire.chiffres import Chiffres
    from carnets.observatoire.couches import Cartes, Niveau
    from carnets.observatoire.fiches import Fiche, LigneDeFiche

# Une date fixe là où un format en veut une : deux fabrications de la même base donnent les mêmes octets.
DATE_FIXE: Final = "2000-01-01T00:00:00.000Z"
DATE_DE_ZIP: Final = (2000, 1, 1, 0, 0, 0)
BANDEAU_INTERNE: Final = "Document interne – ne pas diffuser"


@dataclass(frozen=True)
class Fichier:
    """Un fichier proposé au lecteur : son adresse dans le site, ce qu'il est, son poids."""

    adresse: str
    titre: str
    taille: str


def fichier(racine: Path, adresse: str, titre: str) -> Fichier:
    """Décrire un fichier déjà écrit."""
    kio = (racine / adresse).stat().st_size / 1024
    poids = f"{max(1, round(kio))} Kio" if kio < 1024 else f"{kio / 1024:.1f} Mio".replace(".", ",")
    return Fichier(adresse, titre, poids)


# -- tout l'observatoire -----------------------------------------------------------------------


def ecrire_l_ensemble(racine: Path, chiffres: Chiffres, cartes: Cartes, images: list[str]) -> list[Fichier]:
    """Écrire les fichiers qui portent tout l'observatoire."""
    dossier = racine / DOSSIER_DES_FICHIERS
    ecrits = {
        "observatoire.csv": "Tous les chiffres (CSV)",
        "observatoire.gpkg": "Communes et quartiers (GeoPackage, styles QGIS)",
        PAQUET: "Description des colonnes des CSV (Table Schema)",
    }
    ecrire_csv(table_entiere(chiffres), dossier / "observatoire.csv")
    couches = dict(cartes.couches)
    iris = {"iris": couches.pop("iris")} if "iris" in couches else {}
    ecrire_paquet_partage(dossier, sorted(dossier.rglob("*.csv")), chiffres.diagnostic.ensembles.sujet.nom)
    connus = chiffres.diagnostic.indicateurs
    voulus = (connus[c] for c in table("_portrait")["cartes"]["essentiel"] if c in connus)
    dessins = [n.dessin for i in voulus for n in cartes.niveaux(i)]
    figer(ecrire_gpkg(chiffres.diagnostic, couches, dossier / "observatoire.gpkg", dessins))
    if chiffres.iris:
        reunis = chiffres.iris_reunis
        sans_qpv = replace(reunis, ensembles=replace(reunis.ensembles, qpv=()))
        figer(ecrire_gpkg(sans_qpv, iris, dossier / "observatoire-iris.gpkg", dessins))
        ecrits["observatoire-iris.gpkg"] = "IRIS (GeoPackage, styles QGIS)"
    if images:
        archiver([racine / a for a in images], dossier / "cartes.zip")
        ecrits["cartes.zip"] = f"Toutes les cartes ({len(images)} PNG)"
    return [fichier(racine, f"{DOSSIER_DES_FICHIERS}/{nom}", titre) for nom, titre in ecrits.items()]


def table_entiere(chiffres: Chiffres, code: str = "") -> Diagnostic:
    """Réunir en une table longue tous les chiffres du site, ou ceux d'un indicateur."""
    e = chiffres.diagnostic.ensembles
    iris = {t.code: t for d in chiffres.iris.values() for t in d.ensembles.mailles}
    des_iris = (c for d in chiffres.iris.values() for c in d.chiffres if c.territoire in iris)
    return Diagnostic(
        chiffres.diagnostic.demande,
        replace(e, mailles=(*e.mailles, *iris.values())),
        [c for c in (*chiffres.diagnostic.chiffres, *des_iris) if code in {"", c.indicateur}],
        locales=chiffres.iris_reunis.locales,
    )


# -- par indicateur ----------------------------------------------------------------------------


def ecrire_les_fichiers(
    racine: Path, chiffres: Chiffres, cartes: Cartes, fiche: Fiche, niveaux: list[Niveau]
) -> list[Fichier]:
    """Écrire les fichiers d'un indicateur."""
    from cartes.ecriture import en_png  # noqa: PLC0415 - import lent, réservé aux cartes

    code = fiche.indicateur.code
    debut = f"{DOSSIER_DES_FICHIERS}/indicateurs/{morceau(code)}"
    ecrits = {f"{debut}.csv": "CSV"}
    ecrire_csv(table_entiere(chiffres, code), racine / f"{debut}.csv")
    tables = {
        nom: _couche(contours, fiche.groupes[nom])
        for nom in ("communes", "iris", "qpv")
        if fiche.groupes[nom] and (contours := cartes.couches.get(nom)) is not None
    }
    if tables:
        ecrits[f"{debut}.gpkg"] = "GeoPackage"
        _ecrire_les_couches({n: t for n, t in tables.items() if len(t)}, racine / f"{debut}.gpkg")
    for niveau in niveaux:
        adresse = f"{debut}.png" if niveau.cle == "communes" else f"{debut}-{niveau.cle}.png"
        ecrits[adresse] = f"Carte {niveau.nom} (PNG)"
        (racine / adresse).write_bytes(en_png(niveau.dessin))
    return [fichier(racine, adresse, titre) for adresse, titre in ecrits.items()]


def _couche(contours: gpd.GeoDataFrame, lignes: list[LigneDeFiche]) -> gpd.GeoDataFrame:
    """Joindre aux contours les chiffres d'un indicateur ; une absence garde son statut et sa raison."""
    par_code = {li.territoire.code: li for li in lignes}
    couche = contours[contours["code"].isin(par_code)].sort_values("code", ignore_index=True)
    figures = [par_code[c].figure for c in couche["code"]]
    valeurs = [f.chiffre.valeur if f.chiffre.a_une_valeur else None for f in figures]
    return couche[["code", "geometry"]].assign(
        nom=[par_code[c].territoire.nom for c in couche["code"]],
        valeur=pd.array(valeurs, "Float64"),
        statut=[str(f.chiffre.statut) for f in figures],
        fiabilite=[str(f.chiffre.fiabilite) if f.existe else "" for f in figures],
        precision=[f.mention for f in figures],
        date=[f.chiffre.periode for f in figures],
        source=[f.source for f in figures],
    )


def _ecrire_les_couches(tables: dict[str, gpd.GeoDataFrame], chemin: Path) -> None:
    with fichier_provisoire(chemin) as provisoire:
        for nom, couche in tables.items():
            # Quelques dizaines de contours : un index spatial pèserait plus que ce qu'il range.
            ecrire_couche(couche, provisoire, nom, SPATIAL_INDEX="NO")
    figer(chemin)


# -- mêmes octets d'une fois sur l'autre -------------------------------------------------------


def figer(chemin: Path) -> None:
    """Ôter d'un GeoPackage la date de son écriture."""
    with fichier_provisoire(chemin) as provisoire:
        with closing(sqlite3.connect(chemin)) as base, base:
            tables = {r[0] for r in base.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
            base.execute("UPDATE gpkg_contents SET last_change = ?", (DATE_FIXE,))
            if "layer_styles" in tables:
                base.execute("UPDATE layer_styles SET update_time = ?", (DATE_FIXE,))
        with closing(sqlite3.connect(chemin)) as base:
            # Une copie compacte : ni pages libérées, ni compteur des écritures passées.
            base.execute("VACUUM INTO ?", (str(provisoire),))


def archiver(fichiers: list[Path], archive: Path) -> None:
    """Réunir des fichiers dans une archive, sans leur date."""
    with fichier_provisoire(archive) as provisoire, zipfile.ZipFile(provisoire, "w") as paquet:
        for chemin in sorted(fichiers, key=lambda f: f.name):
            entree = zipfile.ZipInfo(chemin.name, DATE_DE_ZIP)
            entree.external_attr = 0o644 << 16
            paquet.writestr(entree, chemin.read_bytes())


# -- portraits joints --------------------------------------------------------------------------


@dataclass
class PortraitsTrouves:
    """Ce qu'un dossier de portraits a donné."""

    dossiers: dict[str, Path] = field(default_factory=dict)
    ecartes: list[str] = field(default_factory=list)
    manquants: list[Territoire] = field(default_factory=list)


def trouver(dossier: Path | None, demande: Demande, territoires: list[Territoire]) -> PortraitsTrouves:
    """Choisir les portraits à joindre, après avoir lu dans leur preuve qu'ils sont publics et du bon territoire."""
    trouves = PortraitsTrouves()
    if dossier is None:
        return trouves
    if not dossier.is_dir():
        raise SortieImpossible(phrase("refus", "pas_un_dossier", dossier=dossier))
    par_code = {t.code: t for t in territoires}
    for candidat in sorted(p for p in dossier.glob("portrait-*") if p.is_dir()):
        try:
            preuve = lire_preuve(candidat)
        except FichierIllisible as refus:
            trouves.ecartes.append(f"{candidat.name} : {refus}")
            continue
        code = str(preuve.recu.get("territoire", {}).get("code", ""))
        raison = _raison_d_ecarter(candidat, preuve, demande, code, connu=code in par_code)
        cle = "" if raison else cle_de(par_code[code])
        if not raison and cle in trouves.dossiers:
            raison = f"{trouves.dossiers[cle].name} est déjà retenu pour {par_code[code].nom}"
        if raison:
            trouves.ecartes.append(f"{candidat.name} : {raison}.")
        else:
            trouves.dossiers[cle] = candidat
    trouves.manquants = [t for t in territoires if cle_de(t) not in trouves.dossiers]
    return trouves


def _raison_d_ecarter(candidat: Path, preuve: Preuve, demande: Demande, code: str, *, connu: bool) -> str:
    """Dire pourquoi un portrait n'entre pas dans le site."""
    recue = preuve.demande
    if recue.diffusion != "publique" or _a_de_l_interne(candidat, preuve):
        return "il est de diffusion interne"
    if not connu:
        return f"son territoire ({code or 'non dit'}) n'est pas de cet observatoire"
    if f"-{code.lower()}-" not in f"{candidat.name.lower()}-":
        return f"son nom ne porte pas le code {code} que dit sa preuve"
    reglages = ("millesime", "millesimes", "qpv", "geographie")
    autres = [nom for nom in reglages if getattr(recue, nom) != getattr(demande, nom)]
    if autres:
        dits = ", ".join(f"{nom} = {getattr(recue, nom) or 'dernier'}" for nom in autres)
        return f"il n'a pas les dates de l'observatoire ({dits})"
    return "" if (candidat / "portrait.html").is_file() else "portrait.html y manque"


def _a_de_l_interne(candidat: Path, preuve: Preuve) -> bool:
    """Ne pas se fier au seul réglage : une ligne interne ou le bandeau d'un document suffit à écarter."""
    notes = preuve.table["note"].fillna("").astype(str)
    if notes.str.split(" ; ").map(lambda mots: INTERNE in mots).any():
        return True
    page = candidat / "portrait.html"
    return page.is_file() and BANDEAU_INTERNE in page.read_text(encoding="utf-8")


def joindre(racine: Path, trouves: PortraitsTrouves) -> dict[str, list[Fichier]]:
    """Copier les portraits retenus dans le site."""
    copies: dict[str, list[Fichier]] = {}
    for cle, dossier in trouves.dossiers.items():
        creer_dossier(racine / "portraits" / cle)
        for nom, titre in TEXTES["pieces"].items():
            if (dossier / nom).is_file():
                adresse = f"portraits/{cle}/{nom}"
                shutil.copyfile(dossier / nom, racine / adresse)
                copies.setdefault(cle, []).append(fichier(racine, adresse, titre))
    return copies
