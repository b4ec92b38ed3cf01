"""Écrire le PDF balisé (PDF/UA-1) d'un document, et l'affiche d'une page d'un portrait, en PDF et en image."""

from __future__ import annotations

import json
import re
from functools import lru_cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any, Final

from carnets.documents.modeles import MODELES, PDF
from carnets.documents.pdf.blocs import Rendu
from carnets.documents.pdf.composition import affiche, document, partager
from carnets.documents.pdf.figures import Figures
from carnets.documents.pdf.tableaux import secable
from cartes.charte import CHARTE, POLICE
from donnees_insee.chemins import fichier_provisoire
from donnees_insee.erreurs import SortieImpossible

if TYPE_CHECKING:
    from collections.abc import Sequence

    import typst

    Donnees = dict[str, Any]

NORME: Final = "ua-1"
_COMMUN: Final = "pdf_blocs.typ"
# Livrées avec matplotlib : celle de la charte d'une ville n'est pas sur tous les postes.
_SECOURS: Final = ("DejaVu Sans", "STIXGeneral")
_FIXES: Final = ("DejaVu Sans Mono",)
# Ce qui ne se lit pas sur la page : adresses, noms de fichiers, descriptions.
_TELS_QUELS: Final = ("url", "ancre", "fichier", "alternatif")
_SANS_DESSIN: Final = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff\ufdd0-\ufdef\ufffe\uffff]")
_INCONNU: Final = "□"
# Celle-ci dessine un cadre pour tout caractère du monde ; matplotlib ne la porte pas avant sa version 3.11.
_DERNIER_RECOURS: Final = "LastResort"


def ecrire_pdf(blocs: Sequence[Donnees], titre: str, chemin: Path, sorte: str = "portrait") -> Path:
    """Écrire le PDF d'un document ; d'un portrait, son affiche à côté, en PDF et en PNG."""
    nom = titre.strip() or PDF["textes"]["document"]
    parties = partager(blocs, nom)
    figures = Figures()
    donnees = document(parties, Rendu(figures)) | {"titre": nom}
    _mettre_en_page("pdf_document.typ", donnees, figures, chemin)
    if sorte in PDF["affiches"] and parties.essentiel:
        figures = Figures()
        affiches = (chemin.with_name(nom) for nom in ("essentiel.pdf", "essentiel.png"))
        donnees = affiche(parties, Rendu(figures)) | {"titre": parties.titre["texte"]}
        _mettre_en_page("pdf_affiche.typ", donnees, figures, *affiches)
    return chemin


def _mettre_en_page(gabarit: str, donnees: Donnees, figures: Figures, *chemins: Path) -> None:
    """Mettre en page des données, une fois, et écrire chaque fichier d'un seul geste."""
    import typst  # noqa: PLC0415 - lent, et réservé à ce format

    with TemporaryDirectory() as dossier:
        lieu = Path(dossier)
        for nom in (gabarit, _COMMUN):
            (lieu / nom).write_bytes((MODELES / nom).read_bytes())
        for nom, octets in figures.fichiers.items():
            (lieu / nom).write_bytes(octets)
        # Le titre va aussi dans les propriétés du fichier : rien ne le rend sécable.
        titre = _dessinable(_SANS_DESSIN.sub("", donnees["titre"]))
        dites = _imprimable(donnees) | {"titre": titre, "style": _style()}
        (lieu / "donnees.json").write_text(json.dumps(dites, ensure_ascii=False), encoding="utf-8")
        try:
            compilateur = typst.Compiler(str(lieu / gabarit), root=dossier, font_paths=_polices())
            rendus: list[Any] = [compilateur.compile(**_formes(c.suffix)) for c in chemins]
        except typst.TypstError as cause:
            raise SortieImpossible(
                f"Le document « {donnees['titre']} » ne peut pas être mis en page : {cause.message}. Les autres formats "
                "ne sont pas touchés ; ôtez du carnet ce que vous y avez ajouté en dernier, et signalez cette phrase."
            ) from cause
    for chemin, rendu in zip(chemins, rendus, strict=True):
        with fichier_provisoire(chemin) as provisoire:
            provisoire.write_bytes(rendu)


def _imprimable(recu: Any, champ: str = "") -> Any:
    """Ôter des textes ce qu'aucune police ne porte (PDF/UA le refuse), et rendre sécables ceux qui se lisent."""
    if isinstance(recu, str):
        dit = _SANS_DESSIN.sub("", recu)
        return dit if champ in _TELS_QUELS else secable(_dessinable(dit))
    if isinstance(recu, dict):
        return {nom: _imprimable(valeur, nom) for nom, valeur in recu.items()}
    return [_imprimable(valeur, champ) for valeur in recu] if isinstance(recu, list) else recu


def _dessinable(texte: str) -> str:
    """Mettre un cadre à la place d'un caractère qu'aucune police ne porte : PDF/UA refuserait tout le document."""
    connus = _caracteres()
    return "".join(c if c.isspace() or ord(c) in connus else _INCONNU for c in texte)


def _formes(suffixe: str) -> Donnees:
    """Dire à Typst la forme d'un fichier, d'après son nom."""
    if suffixe == ".pdf":
        return {"format": "pdf", "pdf_standards": [NORME]}
    return {"format": "png", "ppi": PDF["ppp_de_l_affiche"]}


def _style() -> Donnees:
    """Donner au gabarit les tables dont il tire son apparence."""
    return {
        "couleurs": CHARTE["pdf"],
        "corps": PDF["corps"],
        "textes": PDF["textes"],
        "hauteur": PDF["hauteurs"]["ordinaire"],
        **PDF["page"],
        "polices": list(dict.fromkeys((POLICE, *_SECOURS))),
        "polices_fixes": [*_FIXES],
    }


@lru_cache(maxsize=1)
def _caracteres() -> frozenset[int]:
    """Les caractères que dessinent les polices du document."""
    from matplotlib.ft2font import FT2Font  # noqa: PLC0415

    fichiers = (f for f in _dossier_des_polices().glob("*.ttf") if not f.name.startswith(_DERNIER_RECOURS))
    return frozenset().union(*(FT2Font(str(f)).get_charmap() for f in fichiers))


def _dossier_des_polices() -> Path:
    """Le dossier des polices que porte matplotlib."""
    import matplotlib as mpl  # noqa: PLC0415

    return Path(mpl.get_data_path()) / "fonts" / "ttf"


@lru_cache(maxsize=1)
def _polices() -> typst.Fonts:
    """Lire les polices que porte matplotlib, et elles seules : le rendu est le même sur tous les postes."""
    import typst  # noqa: PLC0415

    dossier = str(_dossier_des_polices())
    return typst.Fonts(include_system_fonts=False, include_embedded_fonts=False, font_paths=[dossier])
