"""Ce qu'un document rapporté tient entre ses signets, chapitre par chapitre, quel que soit le traitement de texte."""

from __future__ import annotations

import re
import zipfile
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from lxml import etree

from carnets.documents.carnet_lu import SIGNATURE
from carnets.prose.paragraphes import RANGEE, Morceau, Paragraphe
from carnets.textes import textes
from donnees_insee.erreurs import FichierIllisible

if TYPE_CHECKING:
    from pathlib import Path

DITS: Final[dict[str, Any]] = textes("carnets")["retour"]
SIGNET: Final = re.compile(r"abs_(debut|fin)_(.+)")
TROP_GROS: Final = 200 * 1024**2
EXTRAIT: Final = 60


@dataclass
class BlocLu:
    """Le texte d'un chapitre, tel que le document le rend, et ce qui le suit dans le même style."""

    paragraphes: list[Paragraphe] = field(default_factory=list)
    suite: list[Paragraphe] = field(default_factory=list)
    # Insertions et suppressions en attente, éléments qui ne sont pas du texte.
    comptes: Counter[str] = field(default_factory=Counter)
    styles: set[str] = field(default_factory=set)
    ferme: bool = False


class Lecture:
    """Les blocs d'un document, remplis au fil de sa lecture."""

    def __init__(self) -> None:
        self.blocs: dict[str, BlocLu] = {}
        # Signets de fin dont le début a disparu, et le texte qui les précède.
        self.orphelins: dict[str, str] = {}
        self.courant, self.style = Paragraphe(), ""
        self._signets: list[tuple[int, str, str]] = []
        self._comptes: Counter[str] = Counter()
        self._ouvert = self._clos = self._dernier = ""

    def commencer(self, paragraphe: Paragraphe, style: str = "") -> None:
        """Commencer un paragraphe, le précédent clos."""
        self.clore()
        self.courant, self.style = paragraphe, style

    def ajouter(self, texte: str, *, gras: bool = False, italique: bool = False, lien: str = "") -> None:
        """Ajouter un bout de texte là où on en est."""
        suite = self.courant.morceaux
        if self.courant.genre == RANGEE:
            suite = self.courant.cellules[-1]
        suite.append(Morceau(texte, gras, italique, lien))

    def signet(self, nom: str) -> None:
        """Noter un signet, là où on en est du paragraphe."""
        if trouve := SIGNET.fullmatch(nom):
            self._signets.append((len(_brut(self.courant)), trouve[1], nom_de_signet(trouve[2])))

    def compter(self, quoi: str) -> None:
        """Noter une révision en attente, ou ce qui n'est pas du texte."""
        self._comptes[quoi] += 1

    def clore(self) -> None:
        """Ranger le paragraphe lu : en entier dans le bloc dont il porte du texte, où qu'y soient les signets."""
        lu, self.courant = self.courant, Paragraphe()
        signets, self._signets = self._signets, []
        comptes, self._comptes = self._comptes, Counter()
        brut, sien, place = _brut(lu), "", 0
        texte = texte_nu(lu)
        for fin, sens, ancre in [*signets, (len(brut), "", "")]:
            if brut[place:fin].strip():
                sien = sien or self._ouvert
            place = fin
            self._passer(sens, ancre)
        # Un élément sans texte, une suppression entière : au bloc qui est ouvert.
        bloc = self.blocs.get(sien or self._ouvert)
        if bloc is not None:
            bloc.comptes += comptes
        if lu.vide or texte == SIGNATURE:
            return
        self._dernier = texte
        if bloc is not None and sien:
            bloc.paragraphes.append(lu)
            bloc.styles.add(self.style)
        elif self._clos and self.style in self.blocs[self._clos].styles:
            self.blocs[self._clos].suite.append(lu)
        else:
            self._clos = ""

    def _passer(self, sens: str, ancre: str) -> None:
        if sens == "debut":
            self._ouvert, self._clos = ancre, ""
            self.blocs.setdefault(ancre, BlocLu())
        elif sens and ancre == self._ouvert:
            self.blocs[ancre].ferme, self._ouvert, self._clos = True, "", ancre
        elif sens and ancre not in self.blocs:
            self.orphelins[ancre] = self._dernier


def nom_de_signet(ancre: str) -> str:
    """Donner d'une ancre le nom qui se compare : un signet n'a que des lettres, des chiffres et des soulignés."""
    return re.sub(r"[\W_]", "-", ancre, flags=re.ASCII)


def texte_nu(p: Paragraphe) -> str:
    """Donner le texte d'un paragraphe, sans sa forme."""
    return _brut(p).replace("\u2019", "'").strip()


def _brut(p: Paragraphe) -> str:
    suites = p.cellules if p.genre == RANGEE else [p.morceaux]
    return " ".join("".join(m.texte for m in suite) for suite in suites)


def extrait(texte: str) -> str:
    """Donner les premiers mots d'un texte, pour le reconnaître."""
    return texte if len(texte) <= EXTRAIT else f"{texte[:EXTRAIT].rstrip()}…"


def parties(chemin: Path, *noms: str) -> list[Any]:
    """Lire les parties XML d'un document compressé ; ``None`` pour celle qu'il n'a pas."""
    lecteur = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, remove_comments=True)
    try:
        with zipfile.ZipFile(chemin) as archive:
            presentes = {i.filename: i.file_size for i in archive.infolist()}
            if noms[0] not in presentes or any(presentes.get(n, 0) > TROP_GROS for n in noms):
                raise FichierIllisible(DITS["pas_un_document"].format(fichier=chemin, attendu=noms[0]))
            return [etree.fromstring(archive.read(n), lecteur) if n in presentes else None for n in noms]
    except (OSError, zipfile.BadZipFile, etree.XMLSyntaxError, RuntimeError) as cause:
        raise FichierIllisible(DITS["illisible"].format(fichier=chemin, cause=cause)) from cause
