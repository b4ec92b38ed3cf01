"""Le plan d'une campagne : lire campagne.toml, dire toutes ses fautes, donner un exemple commenté."""

import os
import tomllib
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, fields
from importlib import resources
from pathlib import Path
from typing import Any, Final

from carnets.textes import textes
from donnees_insee.erreurs import ErreurAbs, ParametreInvalide, liste_de_fautes

EXEMPLE: Final = (resources.files("carnets.campagne") / "exemple.toml").read_text(encoding="utf-8")
DITS: Final[dict[str, str]] = textes("carnets.campagne")["plan"]
CARNETS_LIVRES: Final = {
    "portrait": "10_portrait_de_territoire.ipynb",
    "evolutions": "20_evolutions.ipynb",
    "comparaison": "30_comparaison_intercommunale.ipynb",
}
CLES: Final = ("titre", "sortie", "travailleurs", "delai", "essais", "parametres", "territoires", "carnets")
CLES_D_UN_CARNET: Final = ("carnet", "formats", "parametres")
ENSEMBLES: Final = ("communes_de", "qpv_de", "epci_de")
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
    fautes = _cles_inconnues(contenu, CLES, "le fichier")
    choix = _choix(contenu.get("territoires"), fautes)
    carnets = _carnets(contenu.get("carnets", [{"carnet": "portrait"}]), fichier.parent, fautes)
    parametres = contenu.get("parametres", {})
    if not isinstance(parametres, dict):
        fautes.append(DITS["parametres"])
        parametres = {}
    if "territoire" in parametres:
        fautes.append(DITS["territoire"])
    nombre = travailleurs or _entier(contenu, "travailleurs", _par_defaut(), 64, fautes)
    delai = _entier(contenu, "delai", DELAI, 86400, fautes)
    essais = _entier(contenu, "essais", ESSAIS, 5, fautes)
    if fautes:
        raise PlanInvalide(liste_de_fautes(f"La campagne « {fichier} » est refusée :", fautes))
    ou = sortie or fichier.parent / str(contenu.get("sortie", f"sorties/{fichier.stem}"))
    titre = str(contenu.get("titre", fichier.stem))
    return Plan(titre, ou.resolve(), nombre, delai, essais, parametres, choix, carnets)


def _contenu(fichier: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(fichier.read_text(encoding="utf-8-sig"))
    except FileNotFoundError as cause:
        raise PlanInvalide(DITS["absent"].format(fichier=fichier)) from cause
    except (OSError, UnicodeDecodeError) as cause:
        raise PlanInvalide(DITS["illisible"].format(fichier=fichier, cause=cause)) from cause
    except tomllib.TOMLDecodeError as cause:
        raise PlanInvalide(DITS["incorrect"].format(fichier=fichier, cause=cause)) from cause


def _par_defaut() -> int:
    return max(1, min(TRAVAILLEURS_PAR_DEFAUT, os.cpu_count() or 1))


def _cles_inconnues(table: Mapping[str, Any], connues: Iterable[str], ou: str) -> list[str]:
    attendues = ", ".join(sorted(connues))
    return [
        f"« {cle} » est inconnu dans {ou} (on attend {attendues})." for cle in table if cle not in connues
    ]


def _entier(contenu: Mapping[str, Any], cle: str, defaut: int, maximum: int, fautes: list[str]) -> int:
    valeur = contenu.get(cle, defaut)
    if isinstance(valeur, bool) or not isinstance(valeur, int) or not 1 <= valeur <= maximum:
        fautes.append(f"{cle} = {valeur!r} : on attend un nombre entier de 1 à {maximum}.")
        return defaut
    return valeur


def _textes(valeur: Any, ou: str, fautes: list[str]) -> tuple[str, ...]:
    """Lire une liste de codes ; un code écrit en nombre a pu perdre son zéro, on ne le devine pas."""
    if not isinstance(valeur, list) or not all(isinstance(v, str) for v in valeur):
        fautes.append(DITS["liste"].format(ou=ou))
        return ()
    return tuple(v.strip() for v in valeur)


def _tables(
    recues: Any, nom: str, cles: Iterable[str], fautes: list[str]
) -> Iterator[tuple[str, dict[str, Any]]]:
    """Lire l'une après l'autre des tables de même nom, chacune avec sa place dans le fichier."""
    if not isinstance(recues, list) or not recues or not all(isinstance(t, dict) for t in recues):
        fautes.append(DITS[f"sans_{nom}"])
        return
    for rang, table in enumerate(recues, 1):
        ou = f"[[{nom}]] n° {rang}"
        fautes += _cles_inconnues(table, cles, ou)
        yield ou, table


def _choix(recus: Any, fautes: list[str]) -> tuple[Choix, ...]:
    lus = []
    for ou, table in _tables(recus, "territoires", [f.name for f in fields(Choix)], fautes):
        ensembles = {cle: table.get(cle, "") for cle in ENSEMBLES}
        fautes += [
            f"{ou} : {cle} = {texte!r} doit être un texte entre guillemets."
            for cle, texte in ensembles.items()
            if not isinstance(texte, str)
        ]
        codes, sauf = (_textes(table.get(cle, []), f"{ou}, {cle}", fautes) for cle in ("codes", "sauf"))
        if not codes and not any(ensembles.values()):
            fautes.append(f"{ou} ne nomme rien : donnez codes, communes_de, qpv_de ou epci_de.")
        lus.append(Choix(codes, sauf=sauf, **ensembles))
    return tuple(lus)


def _carnets(recus: Any, dossier: Path, fautes: list[str]) -> tuple[CarnetVoulu, ...]:
    lus: list[CarnetVoulu] = []
    for ou, table in _tables(recus, "carnets", CLES_D_UN_CARNET, fautes):
        formats = _textes(table.get("formats", ["html", "docx", "xlsx"]), f"{ou}, formats", fautes)
        propres = table.get("parametres", {})
        if not isinstance(propres, dict):
            fautes.append(DITS["parametres_d_un_carnet"].format(ou=ou))
        elif trouve := _un_carnet(table.get("carnet", "portrait"), dossier, ou, fautes):
            lus.append(CarnetVoulu(*trouve, formats, propres))
    fautes += [
        f"Le carnet « {nom} » est demandé deux fois : le second écraserait le premier."
        for nom, fois in sorted(Counter(c.nom for c in lus).items())
        if fois > 1
    ]
    return tuple(lus)


def _un_carnet(recu: Any, dossier: Path, ou: str, fautes: list[str]) -> tuple[str, Path] | None:
    from carnets.declares import parametres_declares  # noqa: PLC0415
    from carnets.moteur import chemin_du_carnet  # noqa: PLC0415
    from donnees_insee.chemins import nom_de_fichier  # noqa: PLC0415

    if isinstance(recu, str) and recu in CARNETS_LIVRES:
        return recu, chemin_du_carnet(CARNETS_LIVRES[recu])
    chemin = (dossier / str(recu)).resolve()
    if not isinstance(recu, str) or chemin.suffix != ".ipynb" or not chemin.is_file():
        livres = " ni ".join(CARNETS_LIVRES)
        fautes.append(DITS["carnet_introuvable"].format(ou=ou, recu=recu, livres=livres, chemin=chemin))
        return None
    try:
        parametres_declares(chemin)
        return nom_de_fichier(chemin.stem), chemin
    except ErreurAbs as cause:
        fautes.append(f"{ou} : {cause}")
        return None
