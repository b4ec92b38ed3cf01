"""Le catalogue de Melodi, tenu ou récupéré : le fichier publié de chaque jeu lu, son adresse, sa date."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from donnees_insee.base.base import Base
from donnees_insee.catalogue.catalogue import source
from donnees_insee.catalogue.jeux_melodi import Jeu
from donnees_insee.catalogue.jeux_melodi import jeux as jeux_lus
from donnees_insee.catalogue.tables import Millesime
from donnees_insee.erreurs import DonneeAbsente, FichierIllisible, ParametreInvalide
from donnees_insee.lecture.json_recu import LE_CATALOGUE, lire_catalogue
from donnees_insee.telechargement.choix import Choix, Demande
from donnees_insee.telechargement.reception import Reglages
from donnees_insee.telechargement.telechargement import telecharger

SOURCE: Final = "catalogue_melodi"
NIVEAU: Final = "fichier_publie"
# Le fichier à prendre : le CSV français zippé ; les classeurs et l'anglais portent les mêmes chiffres, autrement rangés.
VOULU: Final = {"FORMAT": "CSV", "LANGUE": "FR", "PAQUET": "application/zip"}


@dataclass(frozen=True)
class Produit:
    """Un fichier publié d'un jeu, tel que le catalogue le décrit."""

    jeu: str
    id: str
    adresse: str
    publie: str
    edition: int | None
    geographie: str
    taille: int | None


def jeux() -> dict[str, Jeu]:
    """Donner les jeux que le projet lit, chacun à tous ses noms."""
    return {nom: jeu for jeu in jeux_lus().values() if jeu.contenu for nom in jeu.noms}


def est_un_jeu(nom: str) -> bool:
    """Dire si un nom est celui d'un jeu de Melodi, lu ou non."""
    return nom.upper().startswith("DS_")


def jeu_nomme(nom: str) -> Jeu:
    """Trouver un jeu à l'un de ses noms."""
    try:
        return jeux()[nom.upper()]
    except KeyError:
        connus = dict.fromkeys(j.nom for j in jeux().values())
        raise ParametreInvalide(
            f"« {nom} » n'est pas un jeu de Melodi que ces outils savent lire. Jeux lus : {', '.join(connus)}."
        ) from None


# -- le catalogue tenu, donné ou récupéré ------------------------------------------------------


def lignes_tenues(base: Base) -> list[dict[str, str]]:
    """Donner les lignes des catalogues déposés ; vide s'il n'y en a pas."""
    table = base.lire(SOURCE, None, NIVEAU)
    return [{str(n): str(v) for n, v in r.items()} for r in table.fillna("").to_dict("records")]


def lignes_d_un_fichier(chemin: Path) -> list[dict[str, str]]:
    """Lire un catalogue sans le déposer."""
    if not chemin.is_file():
        raise FichierIllisible(f"Le catalogue « {chemin} » n'existe pas. Donnez un fichier catalog.json.")
    lu = lire_catalogue(chemin)
    if lu is None:
        raise FichierIllisible(
            f"« {chemin.name} » n'est pas un catalogue de Melodi. On attend la réponse de {LE_CATALOGUE}, enregistrée "
            "sous catalog.json."
        )
    return [{n: str(v) for n, v in r.items()} for r in lu.texte.to_pylist()]


def recuperer(base: Base, reglages: Reglages) -> str:
    """Demander le catalogue du jour et le déposer ; dire ce qu'il en est."""
    choisie = source(SOURCE)
    (resultat,) = telecharger(base, [Demande(choisie, choisie.millesimes[-1])], reglages)
    return resultat.phrase


# -- le fichier d'un jeu -----------------------------------------------------------------------


def produit(lignes: Iterable[dict[str, str]], jeu: Jeu) -> Produit | None:
    """Choisir le fichier d'un jeu : le CSV français zippé le plus récent, sous le nom qu'a le jeu ce jour-là."""
    siennes = [r for r in lignes if r["JEU"] in jeu.noms and r["ADRESSE"] and VOULU.items() <= r.items()]
    if not siennes:
        return None
    r = max(siennes, key=lambda r: (r["PRODUIT_MODIFIE"], r["MODIFIE"], r["FIN"]))
    return Produit(
        r["JEU"],
        r["PRODUIT"],
        r["ADRESSE"],
        r["PRODUIT_MODIFIE"],
        int(r["FIN"]) if r["FIN"].isdigit() else None,
        r["GEOGRAPHIE"],
        int(r["TAILLE"]) if r["TAILLE"].isdigit() else None,
    )


def choisir_jeux(noms: Iterable[str], base: Base, millesime: int | None = None) -> Choix:
    """Traduire des noms de jeux en fichiers à télécharger, aux adresses du catalogue tenu."""
    voulus = list(dict.fromkeys(jeu_nomme(n) for n in noms))
    lignes = lignes_tenues(base)
    if voulus and not lignes:
        raise DonneeAbsente(
            f"L'adresse d'un jeu de Melodi se lit dans le catalogue de l'Insee, et aucun n'est tenu. Enregistrez "
            f"{LE_CATALOGUE} sous catalog.json, puis déposez-le avec `abs sources deposer catalog.json`."
        )
    a_prendre: list[Demande] = []
    remarques: list[str] = []
    for jeu in voulus:
        p = produit(lignes, jeu)
        if p is None:
            remarques.append(f"{jeu.nom} : le catalogue tenu n'en annonce aucun fichier CSV français zippé.")
        elif millesime not in {None, p.edition}:
            remarques.append(f"{jeu.nom} {millesime} : le catalogue n'annonce que l'édition {p.edition}.")
        else:
            a_prendre.append(_demande(p))
    return Choix(tuple(a_prendre), (), tuple(remarques))


def noms_du_jour(base: Base, noms: Iterable[str]) -> list[str]:
    """Donner le nom que l'Insee donne aujourd'hui à chaque jeu, d'après le catalogue tenu ; sans noms, tous les jeux lus."""
    voulus = [jeu_nomme(n) for n in noms] or list(jeux().values())
    lignes = lignes_tenues(base)
    publies = ((jeu, produit(lignes, jeu)) for jeu in dict.fromkeys(voulus))
    return [jeu.nom if p is None else p.jeu for jeu, p in publies]


def _demande(p: Produit) -> Demande:
    page = f"https://catalogue-donnees.insee.fr/fr/catalogue/recherche/{p.jeu}"
    fichier = Millesime(p.edition or 0, contenu=p.id, page=page, url=p.adresse, certitude="V1")
    return Demande(source(SOURCE), fichier, p.jeu, p.publie, p.taille)
