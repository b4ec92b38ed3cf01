"""Le registre des publications : ce qui a déjà été imprimé de données reçues, qu'un document suivant ne doit pas trahir."""

import json
from collections.abc import Collection, Iterable, Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from donnees_insee.chemins import creer_dossier, ecrire_texte, tenir
from donnees_insee.erreurs import ErreurAbs

NOM: Final = "publications.json"
VERROU: Final = ".verrou-publications"
FORMAT: Final = "publications-1"
ATTENTE: Final = 60.0


class RegistrePerdu(ErreurAbs):
    """Le registre des publications manque ou ne se lit plus : rien ne dit ce qui a déjà été publié."""


class PublicationDepassee(ErreurAbs):
    """Un autre document a publié, pendant ce rendu, ce que ses masques supposaient caché."""


@dataclass(frozen=True, order=True)
class Publication:
    """Un effectif reçu, imprimé dans un document public."""

    producteur: str
    date: str
    indicateur: str
    code: str
    numerateur: float
    denominateur: float | None

    @property
    def envoi(self) -> tuple[str, str, str]:
        """Ce qui réunit les cellules d'un même tableau, sans égard à la casse du producteur."""
        return " ".join(self.producteur.casefold().split()), self.date, self.indicateur


def lire(dossier: Path) -> dict[Publication, str]:
    """Lire le registre."""
    chemin = dossier / NOM
    try:
        contenu = json.loads(chemin.read_text(encoding="utf-8"))
        # Un registre d'une version à venir n'a pas cette clé : il ne se lit pas, et c'est dit.
        lus = {Publication(**ligne["effectif"]): str(ligne["jour"]) for ligne in contenu[FORMAT]}
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as cause:
        etat = (
            "manque" if isinstance(cause, FileNotFoundError) else f"ne se lit plus ({type(cause).__name__})"
        )
        raise RegistrePerdu(
            f"Le registre des publications « {chemin} » {etat} : rien ne dit quels effectifs reçus ont déjà été "
            "publiés, et un document public pourrait, mis à côté d'un ancien, révéler un effectif masqué. Retrouvez-le "
            "(un export de la base l'emporte). S'il est perdu pour de bon, ou si rien n'a été publié, "
            "`abs sources registre --neuf` en commence un autre. La version interne (--diffusion interne) n'en a pas "
            "besoin."
        ) from cause
    return lus


def commencer(dossier: Path) -> Path:
    """Commencer un registre vide ; un registre illisible est gardé sous un autre nom."""
    chemin = dossier / NOM
    with tenir(creer_dossier(dossier) / VERROU, _PRIS, attente=ATTENTE):
        if chemin.exists():
            chemin.replace(chemin.with_name(f"publications-{datetime.now(UTC):%Y%m%d%H%M%S}.json"))
        _ecrire(chemin, {})
    return chemin


def noter(
    dossier: Path,
    imprimes: Iterable[Publication],
    sus: Mapping[tuple[str, str, str], Collection[str]] | None = None,
) -> None:
    """Ajouter au registre ce qu'un document public imprime, avant que ce document existe."""
    nouveaux = set(imprimes)
    if not nouveaux:
        return
    with tenir(dossier / VERROU, _PRIS, attente=ATTENTE):
        registre = lire(dossier)
        surprises = [p for p in registre if p.envoi in (sus or {}) and p.code not in (sus or {})[p.envoi]]
        if surprises:
            raise PublicationDepassee(
                f"Pendant ce rendu, un autre document a publié « {surprises[0].indicateur} » ({surprises[0].producteur}, "
                f"{surprises[0].date}) pour {surprises[0].code}, que celui-ci supposait caché : côte à côte, ils "
                "révéleraient un effectif masqué. Rien n'a été écrit ; relancez, les masques seront choisis de nouveau."
            )
        jour = datetime.now(UTC).date().isoformat()
        if not nouveaux <= registre.keys():
            _ecrire(dossier / NOM, dict.fromkeys(nouveaux, jour) | registre)


def reunir(venu: Path, dossier: Path) -> None:
    """Ajouter au registre d'une base celui d'une autre, s'ils existent ; ce qui manque reste manquant, et se dira."""
    if not (venu / NOM).exists():
        return
    with tenir(creer_dossier(dossier) / VERROU, _PRIS, attente=ATTENTE):
        if (dossier / NOM).exists():
            _ecrire(dossier / NOM, lire(venu) | lire(dossier))


_PRIS: Final = (
    "Un autre programme écrit le registre des publications. Attendez qu'il finisse, puis recommencez."
)


def _ecrire(chemin: Path, registre: dict[Publication, str]) -> None:
    lignes = [{"effectif": asdict(p), "jour": registre[p]} for p in sorted(registre, key=str)]
    ecrire_texte(chemin, json.dumps({FORMAT: lignes}, ensure_ascii=False, indent=1) + "\n")
