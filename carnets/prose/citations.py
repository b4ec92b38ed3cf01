"""Citer des chiffres dans les textes d'un carnet, garder ce qui a été cité, et dire quels textes sont à relire."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any, Final

from abs.definitions import table
from abs.phrases.citations import ChiffreCite, citations, citer, codes_cites
from carnets.documents.carnet_lu import A_RELIRE, CITES, PROSE, texte_saisi
from carnets.parametres import PARAMETRES, verifier_parametres
from carnets.reprise import chapitre_de, empreinte, texte_de
from donnees_insee.chemins import creer_dossier, fichier_provisoire

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from abs.calcul.table_longue import Diagnostic

    Carnet = dict[str, Any]
    Chiffres = dict[str, ChiffreCite]

FICHIER: Final = "citations.json"


@dataclass
class Tenu:
    """Ce qui est gardé d'un texte : son empreinte, les chiffres qu'il disait quand il a été lu, ceux qui ont été livrés."""

    texte: str = ""
    lus: Chiffres = field(default_factory=dict)
    livres: Chiffres = field(default_factory=dict)

    def devenu(self, texte: str, chiffres: Chiffres) -> Tenu:
        """Suivre un texte : celui que l'analyste a repris depuis la livraison l'a été devant les chiffres livrés."""
        avant = self.lus if texte == self.texte else self.livres
        return Tenu(texte, {c: avant.get(c, neuf) for c, neuf in chiffres.items()}, chiffres)

    @property
    def a_relire(self) -> list[str]:
        """Dire, chiffre par chiffre, ce qui a changé depuis que le texte a été lu."""
        paires = [(self.lus[c], neuf) for c, neuf in self.livres.items() if c in self.lus]
        return [
            table("_citations")["messages"]["change"].format(nom=neuf.nom, avant=avant.dit, apres=neuf.dit)
            for avant, neuf in paires
            if neuf.a_change(avant)
        ]


def noter_les_citations(
    carnet: Carnet, parametres: Mapping[str, Any], dossier: Path | None
) -> dict[str, Tenu]:
    """Mettre dans chaque cellule de texte les chiffres qu'elle cite, et ce qui la rend à relire."""
    cellules = [c for c in carnet["cells"] if c["cell_type"] == "markdown" and citations(texte_de(c))]
    tenus = lire_les_citations(dossier) if dossier else {}
    notes: dict[str, Tenu] = {}
    diagnostic = _diagnostic(parametres, cellules) if cellules else None
    for cellule in cellules:
        source, nom = texte_de(cellule), chapitre_de(cellule)
        texte = texte_saisi(source) if PROSE in cellule["metadata"].get("tags", ()) else source
        ou = f"« {dossier / f'{nom}.md'} »" if dossier else f"« {nom} »"
        chiffres = {c: citer(diagnostic, c, ou) for c in citations(texte)} if diagnostic else {}
        notes[nom] = tenus.get(nom, Tenu()).devenu(empreinte(texte), chiffres)
        cellule["metadata"].setdefault("abs", {}).update(
            {CITES: {c: k.ecrit for c, k in chiffres.items()}, A_RELIRE: notes[nom].a_relire}
        )
    return notes


def _diagnostic(parametres: Mapping[str, Any], cellules: list[Carnet]) -> Diagnostic:
    """Chiffrer les seuls indicateurs cités ; tous, si l'un vient d'une source reçue."""
    from abs.calcul.diagnostic import Diagnostiqueur  # noqa: PLC0415 - imports lents, réservés aux textes qui citent
    from abs.indicateurs.indicateurs import tous_les_indicateurs  # noqa: PLC0415

    reglages = verifier_parametres({n: v for n, v in parametres.items() if n in PARAMETRES})
    # La part de la population en quartier prioritaire se lit à la date de leur population.
    codes = codes_cites(c for cellule in cellules for c in citations(texte_de(cellule))) | {"population"}
    seulement = tuple(codes) if codes <= tous_les_indicateurs().keys() else None
    return Diagnostiqueur(reglages.base, reglages.demande).assembler(seulement=seulement)


def avis_de_relecture(notes: Mapping[str, Tenu]) -> str:
    """Nommer les textes à relire, et pourquoi."""
    return "\n".join(
        f"À relire, {nom} : {' ; '.join(m)}." for nom, tenu in notes.items() if (m := tenu.a_relire)
    )


# -- ce qui est gardé d'une livraison à l'autre -----------------------------------------------------


def lire_les_citations(dossier: Path) -> dict[str, Tenu]:
    """Lire ce qui avait été cité ; rien si le fichier manque ou ne se lit pas."""
    try:
        lus = json.loads((dossier / FICHIER).read_text(encoding="utf-8"))
        return {nom: Tenu(t["texte"], _chiffres(t["lus"]), _chiffres(t["livres"])) for nom, t in lus.items()}
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return {}


def _chiffres(lus: Mapping[str, Any]) -> Chiffres:
    return {c: ChiffreCite(**k) for c, k in lus.items()}


def garder_les_citations(notes: Mapping[str, Tenu], dossier: Path) -> None:
    """Garder ce qui vient d'être cité."""
    if not notes and not (dossier / FICHIER).is_file():
        return
    creer_dossier(dossier)
    contenu = {nom: asdict(tenu) for nom, tenu in notes.items()}
    with fichier_provisoire(dossier / FICHIER) as provisoire:
        provisoire.write_text(json.dumps(contenu, ensure_ascii=False, indent=1), encoding="utf-8")


def dire_relus(dossier: Path) -> list[str]:
    """Tenir pour relus tous les textes d'un territoire, et nommer ceux qui étaient à relire."""
    tenus = lire_les_citations(dossier)
    relus = [nom for nom, tenu in tenus.items() if tenu.a_relire]
    garder_les_citations({n: Tenu(t.texte, t.livres, t.livres) for n, t in tenus.items()}, dossier)
    return relus
