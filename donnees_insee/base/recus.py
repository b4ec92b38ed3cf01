"""Les reçus : ce qui a été déposé, quand, d'où, et ce qui en a été tiré."""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any, Final

from donnees_insee.base.parts import Part
from donnees_insee.chemins import ecrire_texte
from donnees_insee.erreurs import FichierIllisible

# Une part porte en tête de nom ces premiers caractères de l'empreinte du fichier qui l'a donnée.
DEBUT: Final = 12


@dataclass(frozen=True)
class LotRecu:
    """Ce qui a été tiré d'un fichier : une table de la base."""

    source: str
    millesime: int | None
    niveau: str
    lignes: int
    colonnes: int
    origine: str
    geographie: int | None = None
    d_ou: str = ""
    ecartees: tuple[str, ...] = ()
    remarques: tuple[str, ...] = ()
    # D'un fichier qui porte plusieurs dates d'une même édition : laquelle, de quel jeu, paru quand.
    edition: int | None = None
    jeu: str = ""
    paru_le: str = ""

    @property
    def ou(self) -> tuple[str, int | None, str]:
        """La table de la base où ce lot est rangé : source, millésime, niveau."""
        return self.source, self.millesime, self.niveau


@dataclass(frozen=True)
class Recu:
    """Le reçu d'un fichier déposé.

    ``depose_depuis`` est l'adresse publique d'où il vient, vide pour un fichier de l'analyste : un reçu voyage avec les
    documents, et ne dit rien de la machine. ``refuses`` nomme les membres d'archive que rien n'a pu charger.
    """

    sha256: str
    nom: str
    depose_depuis: str
    taille: int
    date: str
    lots: tuple[LotRecu, ...] = field(default=())
    refuses: tuple[str, ...] = ()


def chemin_du_recu(dossier: Path, sha256: str) -> Path:
    """Dire où est le reçu d'un fichier."""
    return dossier / "recus" / f"{sha256[:16]}.json"


def ecrire_recu(recu: Recu, chemin: Path) -> None:
    """Écrire un reçu d'un seul geste."""
    ecrire_texte(chemin, json.dumps(asdict(recu), ensure_ascii=False, indent=1))


def lire_recu(chemin: Path) -> Recu:
    """Lire un reçu."""
    try:
        contenu: dict[str, Any] = json.loads(chemin.read_text(encoding="utf-8"))
        lots = tuple(
            LotRecu(**{**lot, "ecartees": tuple(lot["ecartees"]), "remarques": tuple(lot["remarques"])})
            for lot in contenu.pop("lots")
        )
        refuses = tuple(contenu.pop("refuses", ()))
        if not str(contenu["depose_depuis"]).startswith("https://"):
            contenu["depose_depuis"] = ""  # les reçus d'avant la version 0.6 y portaient un chemin
        return Recu(**contenu, lots=lots, refuses=refuses)
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as cause:
        raise FichierIllisible(
            f"Le reçu « {chemin} » est abîmé ({cause}). Supprimez-le, puis déposez de nouveau le fichier d'origine : "
            f"sa copie est dans « brut/{chemin.stem} »."
        ) from cause


def attestees(parts: Sequence[Part], recus: Sequence[Recu]) -> tuple[tuple[Part, ...], tuple[Part, ...]]:
    """Séparer les parts qu'un reçu annonce de celles dont rien ne dit d'où elles viennent."""
    annonces = {(r.sha256[:DEBUT], *lot.ou) for r in recus for lot in r.lots}
    noms = {(*p.ou[:2], p.chemin.name) for p in parts if (p.chemin.name[:DEBUT], *p.ou) in annonces}
    sures = [p for p in parts if (*p.ou[:2], p.chemin.name) in noms]
    return datees(sures, recus), tuple(p for p in parts if p not in sures)


def datees(parts: Sequence[Part], recus: Sequence[Recu]) -> tuple[Part, ...]:
    """Joindre à chaque part ce que son reçu en dit : jeu, édition, géographie, parution, lignes."""
    lots = {(r.sha256[:DEBUT], *lot.ou): lot for r in recus for lot in r.lots if lot.edition is not None}
    dits = ("jeu", "edition", "geographie", "paru_le", "lignes")
    trouves = ((p, lots.get((p.chemin.name[:DEBUT], *p.ou))) for p in parts)
    return tuple(p if lot is None else replace(p, **{d: getattr(lot, d) for d in dits}) for p, lot in trouves)
