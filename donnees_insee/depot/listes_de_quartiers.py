"""Refuser un second état de la liste des quartiers prioritaires : deux listes tenues ne se contredisent pas en silence."""

from collections.abc import Iterable
from typing import Final

from donnees_insee.base.base import Base
from donnees_insee.codes import noms_officiels
from donnees_insee.depot.ecarts import accord
from donnees_insee.erreurs import TableNonConforme
from donnees_insee.geographie.listes_iris import lire_sans_geometrie

# Ce qui dit quels quartiers existent ; un tableau de statistiques n'en porte souvent qu'une partie.
LISTE: Final = "qpv_liste"
COUCHE: Final = "contours_qpv"
GENERATION_2024: Final = "QN"
MONTRES: Final = 3
# Une source, et les codes qu'elle porte.
Codes = tuple[str, Iterable[object]]


def refuser_un_autre_etat(base: Base, recue: Codes, nom: str, en_attente: Iterable[Codes] = ()) -> None:
    """Refuser une liste ou une couche dont les quartiers d'un département ne sont pas ceux que la base tient."""
    source, codes = recue
    if source not in {LISTE, COUCHE}:
        return
    attendus = [c for s, siens in en_attente if s in {LISTE, COUCHE} for c in siens]
    recus, tenus = _par_departement(codes), _par_departement([*_tenus(base), *attendus])
    for departement in sorted(recus.keys() & tenus.keys()):
        neufs, anciens = recus[departement] - tenus[departement], tenus[departement] - recus[departement]
        # Une liste partielle manque de quartiers ; deux états ont chacun les leurs.
        if neufs and anciens:
            ou = departement.removeprefix("0")
            raise TableNonConforme(
                f"« {nom} » donne un autre état de la liste des quartiers prioritaires 2024 que celui déjà tenu : dans "
                f"le département {ou} ({noms_officiels('departement').get(ou, 'sans nom connu')}), il porte "
                f"{accord(len(neufs), 'quartier')} que la base ne tient pas ({_exemples(neufs)}), et la base en tient "
                f"{len(anciens)} qu'il ne porte pas ({_exemples(anciens)}). Un même quartier aurait deux codes. "
                "Retirez l'autre fichier avec `abs sources retirer`, ou ne déposez pas celui-ci."
            )


def _tenus(base: Base) -> list[object]:
    listes = base.codes(LISTE, None, "qpv").to_pylist()
    couches = (lire_sans_geometrie(chemin, ["code"])["code"] for _, chemin in base.couches(COUCHE))
    return [*listes, *(c for couche in couches for c in couche)]


def _par_departement(codes: Iterable[object]) -> dict[str, set[str]]:
    lus: dict[str, set[str]] = {}
    for code in map(str, codes):
        if code.startswith(GENERATION_2024):
            lus.setdefault(code[2:5], set()).add(code)
    return lus


def _exemples(codes: set[str]) -> str:
    suite = "…" if len(codes) > MONTRES else ""
    return ", ".join(sorted(codes)[:MONTRES]) + suite
