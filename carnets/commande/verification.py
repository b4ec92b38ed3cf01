"""Les verbes qui vérifient un portrait ou la base entière, et ceux qui emportent la base ou la reprennent."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final

import typer

from carnets.commande.affichage import dire, entier, enumerer, montrer, phrase, suivi, taille
from carnets.commande.communs import ouvrir_la_base
from donnees_insee.chemins import dossier_de_passage

if TYPE_CHECKING:
    from abs.calcul.difference import Bilan
    from carnets.documents.preuve.verification import Verification
    from donnees_insee.base.base import Base

ECARTS_MONTRES: Final = 40
NOMMES: Final = 5
CODE_ECART: Final = 1
CODE_INVERIFIABLE: Final = 3

# -- un portrait -------------------------------------------------------------------------------


def verifier(dossier: Path) -> None:
    """Refaire tous les chiffres d'un portrait à partir des fichiers bruts, et dire ceux qui diffèrent."""
    from carnets.documents.preuve.verification import verifier_sortie  # noqa: PLC0415 - import lent

    with dossier_de_passage("demo") as provisoire, suivi("Vérification") as avancer:
        base = _base_du_portrait(dossier, provisoire)
        v = verifier_sortie(dossier, base, lambda etape: avancer(description=f"Vérification : {etape[:40]}"))
    _ecrire(v)
    if not v.sans_faute:
        raise typer.Exit(CODE_ECART)
    if v.ensemble.non_verifiables:
        raise typer.Exit(CODE_INVERIFIABLE)


def _base_du_portrait(sortie: Path, provisoire: Path) -> Base:
    """Donner la base de l'analyste ; pour le portrait de démonstration, celle du territoire fictif livré."""
    from carnets.documents.preuve.preuve_lue import lire_preuve  # noqa: PLC0415 - import lent
    from donnees_insee.demo import extraire_demo  # noqa: PLC0415
    from donnees_insee.depot.depot import empreinte, fichiers_a_deposer  # noqa: PLC0415

    voulues = set(lire_preuve(sortie).empreintes)
    celle_de_l_analyste = ouvrir_la_base()
    if voulues & {r.sha256 for r in celle_de_l_analyste.recus()}:
        return celle_de_l_analyste
    livres = {empreinte(f) for f in fichiers_a_deposer([extraire_demo(provisoire / "livres")])}
    from carnets.ateliers.demonstration import deposer_la_demonstration  # noqa: PLC0415 - imports lents

    return deposer_la_demonstration(provisoire)[0] if voulues and voulues <= livres else celle_de_l_analyste


def _ecrire(v: Verification) -> None:
    lignes = [
        _ligne("Chiffres refaits à partir des fichiers bruts", v.refaits),
        _ligne("Rapports d'IRIS relus dans les CSV publiés", v.seconde_voie),
        *(_ligne(f"Document {b.document}", b) for b in v.documents),
    ]
    montrer("verification", lignes)
    dire(f"{v.fichiers} fichiers bruts relus.")
    enumerer("remarque ", v.remarques)
    for raison, nombre in v.ensemble.non_verifiables.items():
        dire(f"non vérifiable : {entier(nombre)} chiffres, {raison}")
    enumerer("faute    ", v.fautes)
    ecarts = v.ensemble.ecarts
    enumerer("différent  ", (ecart.phrase() for ecart in ecarts[:ECARTS_MONTRES]))
    if len(ecarts) > ECARTS_MONTRES:
        dire(f"… et {entier(len(ecarts) - ECARTS_MONTRES)} autres écarts.")
    dire(_conclusion(v))


def _conclusion(v: Verification) -> str:
    """Dire ce que la vérification établit : un chiffre que rien n'a permis de refaire n'est pas un chiffre juste."""
    inconnus = sum(v.ensemble.non_verifiables.values())
    if not v.sans_faute:
        return phrase("non_conforme")
    if not v.refaits.egaux:
        return phrase("rien_de_verifie")
    if inconnus:
        return phrase("verification_incomplete", inconnus=entier(inconnus), egaux=entier(v.refaits.egaux))
    return "Aucun chiffre différent."


def _ligne(nom: str, b: Bilan) -> tuple[str, ...]:
    inconnus = sum(b.non_verifiables.values())
    return (nom, *map(entier, (b.verifies, b.egaux, b.verifies - b.egaux, inconnus)))


# -- la base entière ---------------------------------------------------------------------------


def sources_verifier(complet: bool = False, graine: int = 0) -> None:
    """Vérifier la base : reçus, empreintes, tables, et les cellules relues dans les fichiers d'origine."""
    from donnees_insee.controle.verification import verifier as verifier_la_base  # noqa: PLC0415 - import lent

    base = ouvrir_la_base(tenue=True)
    with _suivi("Vérification") as suivre:
        v = verifier_la_base(base, complet=complet, graine=graine, suivre=suivre)
    enumerer("remarque ", v.remarques)
    enumerer("faute    ", v.fautes)
    dire(f"Base {base.dossier}")
    dire(phrase("base_relue", recus=entier(v.recus), copies=entier(v.copies), parts=entier(v.parts)))
    lesquels = "tous" if v.relus == v.a_relire else f"graine {v.graine}"
    dire(phrase("cellules_relues", cellules=entier(v.cellules), v=v, lesquels=lesquels))
    if v.graines > 1:
        dire(phrase("graines", derniere=v.graines - 1))
    dire(f"Fautes : {len(v.fautes)}." if v.fautes else "Aucune faute.")
    if v.fautes:
        raise typer.Exit(1)


def sources_exporter(fichier: Path) -> None:
    """Écrire toute la base dans une archive, pour la sauver ou la remettre à un collègue."""
    from donnees_insee.controle.export_import import exporter  # noqa: PLC0415 - import lent

    with _suivi("Export") as suivre:
        e = exporter(ouvrir_la_base(), fichier, suivre=suivre)
    dire(f"Archive écrite : {e.fichier} ({taille(e.fichier.stat().st_size)}).")
    dire(f"Elle emporte {entier(e.fichiers)} fichiers, {taille(e.octets)} une fois ouverte.")
    _dire_les_internes(e.internes)
    if e.laisses:
        nommes = ", ".join(e.laisses[:NOMMES])
        dire(f"Laissés, car ils ne sont pas de abs : {nommes} ({len(e.laisses)} fichiers).")


def sources_importer(fichier: Path, fusionner: bool = False) -> None:
    """Reprendre une base exportée, après l'avoir vérifiée octet par octet."""
    from donnees_insee.controle.export_import import importer  # noqa: PLC0415 - import lent

    base = ouvrir_la_base()
    with _suivi("Import") as suivre:
        i = importer(fichier, base, fusionner=fusionner, suivre=suivre)
    enumerer("repris   ", i.ajoutes)
    enumerer("refusé   ", (f"{refus.nom} : {refus.raison}" for refus in i.refuses))
    comptes = {"fichiers": entier(i.fichiers), "ajoutes": len(i.ajoutes), "refuses": len(i.refuses)}
    dire(phrase("importee", jour=i.date[:10], base=base.dossier, **comptes))
    if not i.ajoutes and not i.refuses:
        dire("La base tenait déjà tout ce que l'archive contient : rien n'a été changé.")
    _dire_les_internes(i.internes)
    if i.laisses:
        dire(phrase("non_prouves", n=len(i.laisses)))
    if i.refuses:
        raise typer.Exit(1)


def _dire_les_internes(noms: tuple[str, ...]) -> None:
    if noms:
        nommes = ", ".join(noms[:NOMMES]) + ("…" if len(noms) > NOMMES else "")
        dire(phrase("internes", n=len(noms), nommes=nommes))


@contextmanager
def _suivi(titre: str) -> Iterator[Callable[[str, int, int], None]]:
    """Montrer une barre de progression qui nomme son étape."""
    with suivi(titre) as avancer:
        yield lambda etape, rang, total: avancer(
            description=f"{titre} : {etape[:40]}", completed=rang, total=total
        )
