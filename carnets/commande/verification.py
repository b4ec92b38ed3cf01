"""Le verbe `abs verifier` : refaire les chiffres d'un portrait et dire lesquels sont égaux."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from carnets.commande import affichage
from carnets.commande.affichage import entier
from carnets.commande.communs import ouvrir_la_base
from donnees_insee.chemins import dossier_de_passage

if TYPE_CHECKING:
    from abs.calcul.difference import Bilan
    from carnets.documents.preuve.verification import Verification
    from donnees_insee.base.base import Base

ECARTS_MONTRES: Final = 40
CODE_ECART: Final = 1
CODE_INVERIFIABLE: Final = 3


def verifier(
    dossier: Annotated[Path, typer.Argument(metavar="SORTIE", help="Dossier écrit par `abs portrait`.")],
) -> None:
    """Refaire tous les chiffres d'un portrait à partir des fichiers bruts, et dire ceux qui diffèrent."""
    from carnets.documents.preuve.verification import verifier_sortie  # noqa: PLC0415 - import lent

    with (
        dossier_de_passage("demo") as provisoire,
        affichage.suivi("Vérification") as avancer,
    ):
        base = _base_du_portrait(dossier, Path(provisoire))
        v = verifier_sortie(dossier, base, lambda etape: avancer(description=f"Vérification : {etape[:40]}"))
    _ecrire(v)
    if not v.sans_faute:
        raise typer.Exit(CODE_ECART)
    if v.ensemble.non_verifiables:
        raise typer.Exit(CODE_INVERIFIABLE)


def _base_du_portrait(sortie: Path, provisoire: Path) -> Base:
    """Donner la base de l'analyste ; pour le portrait de démonstration, celle du territoire fictif livré."""
    from carnets.documents.preuve.preuve_lue import lire_preuve  # noqa: PLC0415 - import lent
    from donnees_insee.base.base import Base  # noqa: PLC0415
    from donnees_insee.demo import extraire_demo  # noqa: PLC0415
    from donnees_insee.depot.depot import deposer, empreinte, fichiers_a_deposer  # noqa: PLC0415

    voulues = set(lire_preuve(sortie).empreintes)
    celle_de_l_analyste = ouvrir_la_base()
    if voulues & {r.sha256 for r in celle_de_l_analyste.recus()}:
        return celle_de_l_analyste
    livres = extraire_demo(provisoire / "bruts")
    if not voulues or not voulues <= {empreinte(f) for f in fichiers_a_deposer([livres])}:
        return celle_de_l_analyste
    fictive = Base(provisoire / "donnees")
    deposer(fictive, [livres])
    return fictive


def _ecrire(v: Verification) -> None:
    titres = [
        ("Chiffres refaits à partir des fichiers bruts", v.refaits),
        ("Rapports d'IRIS relus dans les CSV publiés", v.seconde_voie),
        *((f"Document {b.document}", b) for b in v.documents),
    ]
    affichage.tableau(
        "Vérification",
        ("Ce qui est vérifié", "Vérifiés", "Égaux", "Différents", "Non vérifiables"),
        map(_ligne, titres),
    )
    affichage.dire(f"{v.fichiers} fichiers bruts relus.")
    affichage.enumerer("remarque ", v.remarques)
    for raison, nombre in v.ensemble.non_verifiables.items():
        affichage.dire(f"non vérifiable : {entier(nombre)} chiffres, {raison}")
    affichage.enumerer("faute    ", v.fautes)
    ecarts = v.ensemble.ecarts
    affichage.enumerer("différent  ", (ecart.phrase() for ecart in ecarts[:ECARTS_MONTRES]))
    if len(ecarts) > ECARTS_MONTRES:
        affichage.dire(f"… et {entier(len(ecarts) - ECARTS_MONTRES)} autres écarts.")
    affichage.dire(_conclusion(v))


def _conclusion(v: Verification) -> str:
    """Dire ce que la vérification établit : un chiffre que rien n'a permis de refaire n'est pas un chiffre juste."""
    inconnus = sum(v.ensemble.non_verifiables.values())
    if not v.sans_faute:
        return "Ce document n'est pas conforme à ses fichiers bruts : voir les écarts ci-dessus."
    if not v.refaits.egaux:
        return (
            "Rien n'est vérifié : aucun chiffre n'a pu être refait à partir des fichiers bruts. Indiquez par la variable "
            "ABS_DONNEES le dossier de la base qui a servi à écrire ce document."
        )
    if inconnus:
        return (
            f"Vérification incomplète : {entier(inconnus)} chiffres n'ont pas pu être refaits à partir des fichiers bruts "
            f"; les {entier(v.refaits.egaux)} qui ont pu l'être sont égaux."
        )
    return "Aucun chiffre différent."


def _ligne(titre: tuple[str, Bilan]) -> tuple[str, ...]:
    nom, b = titre
    inconnus = sum(b.non_verifiables.values())
    return (nom, entier(b.verifies), entier(b.egaux), entier(b.verifies - b.egaux), entier(inconnus))
