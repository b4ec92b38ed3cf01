"""Les verbes de `abs sources` sur les données reçues : le modèle à remplir, la lettre de demande, le registre."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from carnets.commande import affichage
from carnets.commande.communs import ouvrir_la_base

if TYPE_CHECKING:
    from abs.territoires.territoires import Territoire

EXTENSIONS: Final = (".csv", ".xlsx")
FICHIER_VIDE: Final = Path("source_locale.csv")


def _lister_les_modeles() -> None:
    """Écrire la liste des modèles, thème après thème."""
    from abs.indicateurs.indicateurs import THEMES  # noqa: PLC0415
    from donnees_insee.catalogue.modeles_recus import modeles  # noqa: PLC0415

    lignes = [
        (m.code, THEMES[m.theme], m.libelle_court, m.a_qui, m.diffusion, str(m.seuil))
        for theme in THEMES
        for m in modeles().values()
        if m.theme == theme
    ]
    entetes = ("Modèle", "Thème", "Ce que l'on demande", "À qui", "Diffusion", "Seuil")
    affichage.tableau(f"{len(lignes)} modèles de sources locales", entetes, lignes)
    affichage.dire(
        "`abs sources modele CODE` écrit le fichier à remplir, `abs sources lettre CODE` la demande."
    )


def sources_modele(
    code: Annotated[str, typer.Argument(metavar="[MODÈLE]", help="Modèle ; absent, un fichier vide.")] = "",
    fichier: Annotated[Path | None, typer.Argument(help="Fichier à créer, en .csv ou en .xlsx.")] = None,
    territoire: Annotated[
        str, typer.Option("--territoire", help="Territoire à détailler : une ligne par IRIS ou par commune.")
    ] = "",
    liste: Annotated[
        bool, typer.Option("--liste", help="Lister les modèles, et à qui les demander.")
    ] = False,
) -> None:
    """Écrire un fichier de source locale, à remplir ou à faire remplir par un partenaire."""
    if liste:
        _lister_les_modeles()
        return
    from carnets.documents.modele_local import FichierAFaireRemplir, ecrire_modele  # noqa: PLC0415
    from donnees_insee.catalogue.modeles_recus import modele  # noqa: PLC0415

    if Path(code).suffix.lower() in EXTENSIONS and fichier is None:
        code, fichier = "", Path(code)
    demande = modele(code) if code else None
    territoires = _territoires_demandes(territoire)
    chemin = fichier or (Path(f"modele-{_nom(code, territoires)}.xlsx") if code else FICHIER_VIDE)
    ecrire_modele(FichierAFaireRemplir(demande, territoires), chemin)
    lignes = f"{len(territoires)} ligne(s) à remplir" if territoires else "à remplir"
    affichage.dire(f"Modèle écrit : {chemin} ({demande.libelle if demande else 'modèle vide'}, {lignes}).")
    affichage.dire("Diffusion : publique ou interne. Seuil : effectif au-dessous duquel on masque.")


def sources_lettre(
    code: Annotated[str, typer.Argument(metavar="MODÈLE", help="Voir abs sources modele --liste.")],
    territoire: Annotated[str, typer.Option("--territoire", help="Territoire visé.")] = "",
    sortie: Annotated[Path | None, typer.Option("--sortie", help="Fichier .docx ou .txt à créer.")] = None,
) -> None:
    """Écrire la lettre qui demande une donnée à un partenaire."""
    from carnets.documents.lettre import composer_la_lettre, ecrire_la_lettre  # noqa: PLC0415
    from donnees_insee.catalogue.modeles_recus import modele  # noqa: PLC0415

    demande = modele(code)
    territoires = _territoires_demandes(territoire)
    nom = _nom(code, territoires)
    chemin = sortie or Path(f"lettre-{nom}.docx")
    ecrire_la_lettre(composer_la_lettre(demande, territoires, f"modele-{nom}.xlsx"), chemin)
    affichage.dire(f"Lettre écrite : {chemin}, à l'attention de : {demande.a_qui}.")
    affichage.dire(
        "Les mots entre crochets sont à remplir ; relisez le cadre et le seuil avec le partenaire."
    )


def _territoires_demandes(texte: str) -> tuple[Territoire, ...]:
    """Trouver un territoire et ceux qui le composent : IRIS d'une commune, communes d'un ensemble."""
    if not texte:
        return ()
    from abs.calcul.diagnostic import Diagnostiqueur  # noqa: PLC0415
    from abs.territoires.demande import Demande  # noqa: PLC0415 - imports lents, inutiles au fichier vide

    ensembles = Diagnostiqueur(ouvrir_la_base(), Demande(texte)).ensembles()
    return (ensembles.sujet, *ensembles.mailles)


def _nom(code: str, territoires: tuple[Territoire, ...]) -> str:
    return f"{code}-{territoires[0].code}" if territoires else code


def sources_registre(
    neuf: Annotated[
        bool, typer.Option("--neuf", help="En commencer un autre, vide ; l'ancien est gardé.")
    ] = False,
) -> None:
    """Dire ce qui a déjà été publié de données reçues, ou en commencer un registre neuf."""
    from donnees_insee.base import publications  # noqa: PLC0415

    base = ouvrir_la_base()
    if neuf:
        affichage.dire(f"Registre neuf : {publications.commencer(base.dossier)}.")
        affichage.dire("Ce qui a été publié avant n'y est pas : les masques n'en tiendront pas compte.")
        return
    lu = publications.lire(base.dossier_du_registre)
    envois = Counter((p.producteur, p.date, jour) for p, jour in lu.items())
    affichage.tableau(
        f"Effectifs reçus déjà publiés ({len(lu)})",
        ("Producteur", "Date des données", "Publié le", "Effectifs"),
        [(*envoi, str(n)) for envoi, n in sorted(envois.items())],
    )
