"""Écrire un chiffre, un lieu et une date comme une phrase les attend : décimales de la marge, unité, article."""

import re
from typing import Final

from abs.calcul.table_longue import Chiffre
from abs.definitions import table
from abs.formats import avec_unite
from abs.indicateurs.indicateurs import Indicateur
from abs.langue import lieu_de_commune
from abs.statuts import ABREGES_STATUT, Fiabilite, Statut
from abs.territoires.territoires import Territoire

FIN_D_ANNEE: Final = "31 décembre"
MOTS_DE_FLUX: Final = ("dans l'année", "de l'année")
EN_COURS: Final = "en cours"
ARRONDI_A_5: Final = ", arrondi à 5"
EFFECTIFS_ARRONDIS: Final = ", effectifs arrondis à 5 près"
SANS_VARIABLE: Final = re.compile(r"(fichier déposé) ne contient pas la variable [^;]+")
FICHIER: Final = re.compile(r"(fichiers? déposés?)(?! de\b)")


def gabarits(nom: str = "phrases") -> dict[str, str]:
    """Donner une table de gabarits."""
    return dict(table("_phrases")[nom])


def reference(chiffre: Chiffre) -> str:
    """Donner la référence d'un chiffre : la ligne du diagnostic où il se vérifie."""
    return "|".join("" if m is None else str(m) for m in chiffre.cle)


def decimales(indicateur: Indicateur, chiffre: Chiffre) -> int:
    """Choisir les décimales écrites : elles suivent la marge."""
    publiees = decimales_publiees(indicateur, chiffre)
    if publiees is not None:
        return publiees
    if indicateur.unite == "€":
        return indicateur.decimales if chiffre.fiabilite == Fiabilite.BONNE else min(-2, indicateur.decimales)
    if indicateur.unite == "%" and (chiffre.marge > 1 or chiffre.fiabilite == Fiabilite.FRAGILE):
        return 0
    return indicateur.decimales


def decimales_publiees(indicateur: Indicateur, chiffre: Chiffre) -> int | None:
    """Donner les décimales que le producteur a gardées, quand il a arrondi ce millésime."""
    if chiffre.source not in {"filosofi", "filosofi_declare"}:
        return None
    return indicateur.arrondis.get(str(chiffre.millesime))


def ecrire(indicateur: Indicateur, chiffre: Chiffre | None, imposees: int | None = None) -> str:
    """Écrire un chiffre, ou ce qui en tient lieu."""
    if chiffre is None:
        return ABREGES_STATUT[Statut.INDISPONIBLE]
    if not chiffre.a_une_valeur:
        return ABREGES_STATUT[chiffre.statut]
    # Un libellé d'effectif dit déjà ce qui est compté.
    muette = indicateur.nature == "effectif" or indicateur.unite.startswith("pour ")
    unite = "" if muette else indicateur.unite
    return avec_unite(chiffre.valeur, unite, decimales(indicateur, chiffre) if imposees is None else imposees)


def lieu(territoire: Territoire) -> str:
    """Écrire le complément de lieu d'un territoire."""
    if territoire.niveau == "commune":
        return lieu_de_commune(territoire.nom)
    return gabarits("lieux").get(territoire.niveau, "dans {nom}").format(nom=territoire.nom)


def periode_dite(indicateur: Indicateur, chiffre: Chiffre) -> str:
    """Écrire la période d'un chiffre : ce qui s'est passé dans une année n'est pas daté comme un état."""
    est_un_flux = any(m in indicateur.phrase for m in MOTS_DE_FLUX) and EN_COURS not in indicateur.phrase
    if est_un_flux and chiffre.periode.startswith(FIN_D_ANNEE):
        return f"année {chiffre.periode.removeprefix(FIN_D_ANNEE).strip()}"
    return chiffre.periode


def date_dite(chiffre: Chiffre, indicateur: Indicateur | None = None) -> str:
    """Écrire la date d'un chiffre dans une phrase."""
    periode = chiffre.periode if indicateur is None else periode_dite(indicateur, chiffre)
    periode = periode.replace(ARRONDI_A_5, EFFECTIFS_ARRONDIS)
    if periode.startswith("année "):
        return f"en {periode.removeprefix('année ')}"
    return f"au {periode}" if periode[:1].isdigit() else periode


def raison_publique(chiffre: Chiffre, raison: str | None = None) -> str:
    """Dire la raison d'une absence à qui ne lit pas les fichiers : sans nom de colonne, avec l'année du fichier."""
    texte = SANS_VARIABLE.sub(r"\1 ne donne pas ce chiffre", chiffre.note if raison is None else raison)
    if chiffre.millesime is None:
        sans_annee = texte.startswith("il manque le fichier")
        return f"{texte} (aucune année n'en est déposée)" if sans_annee else texte
    return FICHIER.sub(rf"\1 de {chiffre.millesime}", texte)
