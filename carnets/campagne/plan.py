"""Le plan d'une campagne : lire campagne.toml, dire toutes ses fautes, donner un exemple commenté."""

from __future__ import annotations

import os
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from donnees_insee.erreurs import ErreurAbs, ParametreInvalide, liste_de_fautes

EXEMPLE: Final = """\
# Une campagne : les mêmes carnets sur une liste de territoires.
# Lancer :   abs campagne campagne.toml          Reprendre : abs campagne campagne.toml --reprendre

titre = "Portraits des communes de l'intercommunalité"
sortie = "sorties/campagne"     # dossier qui reçoit les portraits et le bilan
# travailleurs = 2              # portraits menés à la fois ; par défaut, un par cœur, quatre au plus
# delai = 900                   # secondes accordées à un territoire

[parametres]                    # les mêmes que la commande abs portrait
# millesime = 2016
# millesimes = "caf=2018"
# qpv = 2015
# geographie = 2021
# diffusion = "publique"

[[territoires]]
communes_de = "243400017"       # toutes les communes d'une intercommunalité, d'un département, d'une région
sauf = []                       # codes à laisser

# [[territoires]]
# qpv_de = "34"                 # tous les QPV d'une commune, d'une intercommunalité, d'un département

# [[territoires]]
# codes = ["34172", "243400017"]

[[carnets]]
carnet = "portrait"             # ou comparaison (pour des intercommunalités), evolutions, ou votre propre carnet .ipynb
formats = ["html", "docx", "xlsx"]
# parametres = { de = 2016, a = 2022 }   # paramètres propres à ce carnet
"""

CARNETS_LIVRES: Final = {
    "portrait": "10_portrait_de_territoire.ipynb",
    "evolutions": "20_evolutions.ipynb",
    "comparaison": "30_comparaison_intercommunale.ipynb",
}
CLES: Final = {"titre", "sortie", "travailleurs", "delai", "essais", "parametres", "territoires", "carnets"}
CLES_D_UN_CHOIX: Final = {"codes", "communes_de", "qpv_de", "epci_de", "sauf"}
CLES_D_UN_CARNET: Final = {"carnet", "formats", "parametres"}
TRAVAILLEURS_PAR_DEFAUT: Final = 4
DELAI: Final = 900
ESSAIS: Final = 2


class PlanInvalide(ParametreInvalide):
    """Le fichier de campagne est illisible ou fautif."""


@dataclass(frozen=True)
class Choix:
    """Une façon de nommer des territoires."""

    codes: tuple[str, ...] = ()
    communes_de: str = ""
    qpv_de: str = ""
    epci_de: str = ""
    sauf: tuple[str, ...] = ()


@dataclass(frozen=True)
class CarnetVoulu:
    """Un carnet à exécuter sur chaque territoire."""

    nom: str
    chemin: Path
    formats: tuple[str, ...]
    parametres: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Plan:
    """Une campagne, telle que son fichier la décrit."""

    titre: str
    sortie: Path
    travailleurs: int
    delai: float
    essais: int
    parametres: Mapping[str, Any]
    choix: tuple[Choix, ...]
    carnets: tuple[CarnetVoulu, ...]
    remplacer: bool = False


def lire_plan(fichier: Path, *, sortie: Path | None = None, travailleurs: int | None = None) -> Plan:
    """Lire un fichier de campagne."""
    contenu = _contenu(fichier)
    fautes: list[str] = _cles_inconnues(contenu, CLES, "le fichier")
    choix = _choix(contenu.get("territoires"), fautes)
    carnets = _carnets(contenu.get("carnets"), fichier.parent, fautes)
    parametres = contenu.get("parametres", {})
    if not isinstance(parametres, dict):
        fautes.append("[parametres] doit être une table, par exemple millesime = 2016.")
        parametres = {}
    if "territoire" in parametres:
        fautes.append("[parametres] ne donne pas le territoire : listez-les dans [[territoires]].")
    nombre = travailleurs or _entier(contenu, "travailleurs", _par_defaut(), 1, 64, fautes)
    delai = _entier(contenu, "delai", DELAI, 1, 86400, fautes)
    essais = _entier(contenu, "essais", ESSAIS, 1, 5, fautes)
    if fautes:
        raise PlanInvalide(liste_de_fautes(f"La campagne « {fichier} » est refusée :", fautes))
    ou = sortie or fichier.parent / str(contenu.get("sortie", f"sorties/{fichier.stem}"))
    titre = str(contenu.get("titre", fichier.stem))
    return Plan(titre, ou.resolve(), nombre, delai, essais, parametres, choix, carnets)


def _contenu(fichier: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(fichier.read_text(encoding="utf-8-sig"))
    except FileNotFoundError as cause:
        raise PlanInvalide(
            f"Le fichier de campagne « {fichier} » n'existe pas. Écrivez-en un avec : abs campagne --exemple > {fichier}"
        ) from cause
    except (OSError, UnicodeDecodeError) as cause:
        raise PlanInvalide(
            f"Le fichier de campagne « {fichier} » ne peut pas être lu ({cause}). On attend un fichier TOML en UTF-8."
        ) from cause
    except tomllib.TOMLDecodeError as cause:
        raise PlanInvalide(
            f"Le fichier de campagne « {fichier} » n'est pas un fichier TOML correct ({cause}). Les textes vont entre "
            'guillemets, codes compris : communes_de = "243400017".'
        ) from cause


def _par_defaut() -> int:
    return max(1, min(TRAVAILLEURS_PAR_DEFAUT, os.cpu_count() or 1))


def _cles_inconnues(table: Mapping[str, Any], connues: set[str], ou: str) -> list[str]:
    return [
        f"« {cle} » est inconnu dans {ou} (on attend {', '.join(sorted(connues))})."
        for cle in table
        if cle not in connues
    ]


def _entier(
    contenu: Mapping[str, Any], cle: str, defaut: int, minimum: int, maximum: int, fautes: list[str]
) -> int:
    valeur = contenu.get(cle, defaut)
    if isinstance(valeur, bool) or not isinstance(valeur, int) or not minimum <= valeur <= maximum:
        fautes.append(f"{cle} = {valeur!r} : on attend un nombre entier de {minimum} à {maximum}.")
        return defaut
    return valeur


def _textes(valeur: Any, ou: str, fautes: list[str]) -> tuple[str, ...]:
    """Lire une liste de codes ; un code écrit en nombre a pu perdre son zéro, on ne le devine pas."""
    if not isinstance(valeur, list) or not all(isinstance(v, str) for v in valeur):
        fautes.append(
            f'{ou} : on attend une liste de textes entre guillemets, par exemple ["01004", "34172"].'
        )
        return ()
    return tuple(v.strip() for v in valeur)


def _choix(recus: Any, fautes: list[str]) -> tuple[Choix, ...]:
    if not isinstance(recus, list) or not recus or not all(isinstance(t, dict) for t in recus):
        fautes.append(
            "Aucun territoire : ajoutez [[territoires]] avec codes, communes_de, qpv_de ou epci_de."
        )
        return ()
    lus = []
    for rang, table in enumerate(recus, 1):
        ou = f"[[territoires]] n° {rang}"
        fautes += _cles_inconnues(table, CLES_D_UN_CHOIX, ou)
        textes = {}
        for cle in ("communes_de", "qpv_de", "epci_de"):
            textes[cle] = table.get(cle, "")
            if not isinstance(textes[cle], str):
                fautes.append(f"{ou} : {cle} = {textes[cle]!r} doit être un texte entre guillemets.")
        codes = _textes(table.get("codes", []), f"{ou}, codes", fautes)
        sauf = _textes(table.get("sauf", []), f"{ou}, sauf", fautes)
        if not codes and not any(textes.values()):
            fautes.append(f"{ou} ne nomme rien : donnez codes, communes_de, qpv_de ou epci_de.")
        lus.append(Choix(codes, sauf=sauf, **textes))
    return tuple(lus)


def _carnets(recus: Any, dossier: Path, fautes: list[str]) -> tuple[CarnetVoulu, ...]:
    if recus is None:
        recus = [{"carnet": "portrait"}]
    if not isinstance(recus, list) or not recus or not all(isinstance(t, dict) for t in recus):
        fautes.append("[[carnets]] : on attend au moins un carnet, écrit comme une table.")
        return ()
    lus: list[CarnetVoulu] = []
    for rang, table in enumerate(recus, 1):
        ou = f"[[carnets]] n° {rang}"
        fautes += _cles_inconnues(table, CLES_D_UN_CARNET, ou)
        formats = _textes(table.get("formats", ["html", "docx", "xlsx"]), f"{ou}, formats", fautes)
        propres = table.get("parametres", {})
        if not isinstance(propres, dict):
            fautes.append(f"{ou} : parametres doit être une table, par exemple {{ de = 2016, a = 2022 }}.")
            continue
        trouve = _un_carnet(table.get("carnet", "portrait"), dossier, ou, fautes)
        if trouve is not None:
            lus.append(CarnetVoulu(trouve[0], trouve[1], formats, propres))
    doubles = sorted({c.nom for c in lus if sum(d.nom == c.nom for d in lus) > 1})
    fautes += [
        f"Le carnet « {nom} » est demandé deux fois : le second écraserait le premier." for nom in doubles
    ]
    return tuple(lus)


def _un_carnet(recu: Any, dossier: Path, ou: str, fautes: list[str]) -> tuple[str, Path] | None:
    from carnets.declares import parametres_declares  # noqa: PLC0415
    from carnets.moteur import chemin_du_carnet, nom_de_fichier  # noqa: PLC0415

    if isinstance(recu, str) and recu in CARNETS_LIVRES:
        return recu, chemin_du_carnet(CARNETS_LIVRES[recu])
    chemin = (dossier / str(recu)).resolve()
    if not isinstance(recu, str) or chemin.suffix != ".ipynb" or not chemin.is_file():
        fautes.append(
            f"{ou} : carnet = {recu!r} n'est ni {' ni '.join(CARNETS_LIVRES)}, ni un fichier .ipynb trouvé ({chemin})."
        )
        return None
    try:
        parametres_declares(chemin)
        return nom_de_fichier(chemin.stem), chemin
    except ErreurAbs as cause:
        fautes.append(f"{ou} : {cause}")
        return None
