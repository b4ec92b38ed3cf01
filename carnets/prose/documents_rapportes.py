"""Reprendre d'un document rapporté (DOCX, ODT, carnet) les textes de l'analyste, et dire tout ce qui ne l'a pas été."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from carnets.documents.carnet_lu import CITES, ETIQUETTES_OTEES, PROSE, blocs_d_une_cellule, texte_saisi
from carnets.prose.blocs_lus import DITS, BlocLu, Lecture, extrait, nom_de_signet, texte_nu
from carnets.prose.lecture_docx import lire_docx
from carnets.prose.lecture_odt import lire_odt
from carnets.prose.paragraphes import corps, paragraphes_du_html
from carnets.prose.retour import revenir
from carnets.reprise import (
    chapitre_de,
    dossier_des_textes,
    empreinte,
    garder,
    lire,
    lire_un_carnet,
    reprendre,
    texte_de,
)
from donnees_insee.erreurs import ParametreInvalide

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    Cellule = dict[str, Any]

LECTEURS: Final[dict[str, Callable[[Path], Lecture]]] = {".docx": lire_docx, ".odt": lire_odt}
# Word n'admet que quarante caractères à un signet : l'ancre y est coupée, et suivie de son rang dans le chapitre.
LONGUEUR_D_ANCRE: Final = 27
CARNET: Final = "carnet.ipynb"


@dataclass
class Retour:
    """Ce qui a été repris d'un document, où, et ce qu'il faut en savoir."""

    dossier: Path
    repris: list[str] = field(default_factory=list)
    dits: list[str] = field(default_factory=list)

    def dire(self, cas: str, chapitre: str, **mots: object) -> None:
        """Ajouter ce qu'il faut savoir d'un chapitre."""
        self.dits.append(DITS[cas].format(chapitre=chapitre, dossier=self.dossier, **mots))


def rapporter(fichier: Path, sortie: Path | None = None, livraison: Path | None = None) -> Retour:
    """Reprendre les textes d'un document ; ``livraison`` est le dossier d'où il vient, s'il n'y est plus."""
    if fichier.suffix.lower() not in {*LECTEURS, ".ipynb"}:
        raise ParametreInvalide(DITS["format"].format(fichier=fichier))
    carnet = (
        fichier if fichier.suffix.lower() == ".ipynb" else (livraison or fichier.resolve().parent) / CARNET
    )
    if not carnet.is_file():
        raise ParametreInvalide(DITS["sans_carnet"].format(fichier=fichier, dossier=carnet.parent))
    lu = lire_un_carnet(carnet)
    parametres = lu["metadata"].get("papermill", {}).get("parameters", {})
    if "territoire" not in parametres:
        raise ParametreInvalide(DITS["carnet_non_livre"].format(carnet=carnet))
    racine = sortie or carnet.resolve().parents[1]
    diffusion = str(parametres.get("diffusion", "publique"))
    retour = Retour(dossier_des_textes(racine, str(parametres["territoire"]), diffusion))
    if carnet == fichier:
        reprise = reprendre(lu, retour.dossier)
        retour.repris = reprise.repris
        for chapitre in reprise.en_conflit:
            retour.dire("conflit", chapitre)
        return retour
    _reprendre_les_blocs(retour, LECTEURS[fichier.suffix.lower()](fichier), lu["cells"])
    return retour


def _signets(cellules: list[Cellule]) -> tuple[dict[str, Cellule], dict[str, str]]:
    """Dire, par le nom de leurs signets, les textes de l'analyste, et la prose de ses autres cellules."""
    siens: dict[str, Cellule] = {}
    autres: dict[str, str] = {}
    chapitre, vus = "", Counter[str]()
    for cellule in (c for c in cellules if not {*c["metadata"].get("tags", ())} & ETIQUETTES_OTEES):
        for bloc in blocs_d_une_cellule(cellule):
            if bloc["genre"] == "titre" and bloc["rang"] == 2:
                chapitre = bloc["ancre"]
            elif bloc["genre"] == "prose":
                nom = nom_de_signet(chapitre or "document")[:LONGUEUR_D_ANCRE]
                vus[nom] += 1
                nom += f"-{vus[nom]}" if vus[nom] > 1 else ""
                if PROSE in cellule["metadata"].get("tags", ()):
                    siens[nom] = cellule
                else:
                    autres[nom] = bloc["html"]
    return siens, autres


def _reprendre_les_blocs(retour: Retour, lecture: Lecture, cellules: list[Cellule]) -> None:
    """Reprendre chaque bloc, et signaler ceux qui manquent."""
    siens, autres = _signets(cellules)
    connus = {
        _sans_espace(t)
        for c in cellules
        for b in blocs_d_une_cellule(c)
        if b["genre"] != "prose"
        for t in _textes(b)
    }
    for nom, cellule in siens.items():
        bloc, chapitre = lecture.blocs.get(nom), chapitre_de(cellule)
        if bloc is not None and bloc.ferme:
            _reprendre_un_bloc(retour, chapitre, bloc, cellule, connus)
        elif bloc is not None:
            debut = texte_nu(bloc.paragraphes[0]) if bloc.paragraphes else ""
            retour.dire("fin_disparue", chapitre, debut=extrait(debut))
        elif nom in lecture.orphelins:
            retour.dire("debut_disparu", chapitre, fin=extrait(lecture.orphelins[nom]))
        else:
            retour.dire("signets_disparus", chapitre)
    for nom, html in autres.items():
        lus = lecture.blocs[nom].paragraphes if nom in lecture.blocs else []
        if nom in lecture.blocs and [*map(corps, lus)] != [*map(corps, paragraphes_du_html(html))]:
            retour.dire("cellule_ajoutee", nom, debut=extrait(texte_nu(lus[0]) if lus else ""))
    for nom in (lecture.blocs.keys() | lecture.orphelins.keys()) - siens.keys() - autres.keys():
        retour.dire("chapitre_inconnu", nom)


def _reprendre_un_bloc(
    retour: Retour, chapitre: str, bloc: BlocLu, cellule: Cellule, connus: set[str]
) -> None:
    source, notes = texte_saisi(texte_de(cellule)), cellule["metadata"].get("abs", {})
    ajoutes = []
    for p in bloc.suite:
        if _sans_espace(texte_nu(p)) in connus:
            break
        ajoutes.append(p)
        retour.dire("apres_la_fin", chapitre, debut=extrait(texte_nu(p)))
    revenu = revenir(source, notes.get(CITES, {}), [*bloc.paragraphes, *ajoutes])
    # Une image que le texte avait déjà n'est pas à signaler.
    bloc.comptes["non_repris"] -= source.count("![")
    for cas, combien in sorted((+bloc.comptes).items()):
        retour.dire(cas, chapitre, combien=combien)
    if revenu.texte == source.strip():
        return
    tenu, injecte = lire(retour.dossier, chapitre), notes.get("texte", empreinte(""))
    if revenu.texte == tenu:
        return
    if (tenu and empreinte(tenu) != injecte) or empreinte(source) != injecte:
        retour.dire("conflit", chapitre)
        return
    for citation, ecrit in revenu.perdues:
        retour.dire("citation_perdue", chapitre, citation=citation, ecrit=ecrit)
    garder(retour.dossier, chapitre, revenu.texte)
    retour.repris.append(chapitre)
    if not revenu.texte:
        retour.dire("vide", chapitre)


def _textes(donnees: object) -> Iterator[str]:
    """Donner tous les textes d'un bloc."""
    if isinstance(donnees, str):
        yield donnees
    elif isinstance(donnees, dict | list | tuple):
        for contenu in donnees.values() if isinstance(donnees, dict) else donnees:
            yield from _textes(contenu)


def _sans_espace(texte: str) -> str:
    return "".join(texte.replace("\u2019", "'").split())
