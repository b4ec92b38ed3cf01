"""Les verbes qui lisent : ce qu'un territoire permet, les indicateurs, les codes, ce qui a changé."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from carnets.commande import affichage
from carnets.commande.communs import (
    SORTIES,
    Millesime,
    Millesimes,
    Territoire,
    codes_choisis,
    ouvrir_la_base,
)

if TYPE_CHECKING:
    from donnees_insee.base.base import Base

# L'écran tient en quarante lignes, quel que soit le territoire ; le reste est dans les fichiers.
INDICATEURS_A_L_ECRAN: Final = 22
PHRASES_A_L_ECRAN: Final = 3
LARGEUR_D_UNE_PHRASE: Final = 200


def etat(territoire: Territoire, millesime: Millesime = None, millesimes: Millesimes = "") -> None:
    """Dire ce que les fichiers déposés permettent pour un territoire, et ce qui manque."""
    from abs.portrait.etat import etat as etablir  # noqa: PLC0415
    from abs.territoires.demande import Demande, lire_millesimes  # noqa: PLC0415

    constat = etablir(ouvrir_la_base(), Demande(territoire, millesime, lire_millesimes(millesimes)))
    ensembles = constat.diagnostic.ensembles
    affichage.dire(f"{ensembles.sujet.nom} ({ensembles.sujet.niveau} {ensembles.sujet.code})")
    nom = "communes" if ensembles.mailles and ensembles.mailles[0].niveau == "commune" else "IRIS"
    contours = (
        "contours tenus, cartes possibles" if constat.contours else "aucun contour tenu, portrait sans carte"
    )
    affichage.dire(
        f"{len(ensembles.mailles)} {nom}, {len(ensembles.qpv)} QPV, {len(ensembles.quartiers)} quartiers ; {contours}."
    )
    affichage.dire("Références : " + ", ".join(r.nom for r in ensembles.references))
    affichage.tableau(
        "Ce que les fichiers déposés permettent",
        ("Thème", "Chiffres", "dont partiels", "À la maille", "Dates"),
        [
            (t.theme, f"{t.disponibles} sur {t.total}", str(t.partiels), str(t.mailles), ", ".join(t.dates))
            for t in constat.themes
        ],
    )
    affichage.tableau(
        "Ce qui manque",
        ("Raison", "Indicateurs", "À déposer"),
        [(m.raison, affichage.quelques(m.indicateurs, 4, " ; "), m.a_deposer) for m in constat.manques],
    )
    affichage.dire("À demander aux partenaires, hors données ouvertes :")
    affichage.enumerer("  - ", constat.a_demander)


def indicateurs(
    theme: Annotated[
        str, typer.Option("--theme", help="emploi, demographie, revenus, logement, sante_education.")
    ] = "",
    recherche: Annotated[str, typer.Option("--recherche", help="Mot du libellé ou de la définition.")] = "",
) -> None:
    """Lister les indicateurs, leurs libellés et leurs formules."""
    from abs.indicateurs.indicateurs import THEMES  # noqa: PLC0415
    from abs.indicateurs.indicateurs import indicateurs as tous  # noqa: PLC0415
    from donnees_insee.codes import normaliser  # noqa: PLC0415
    from donnees_insee.erreurs import ParametreInvalide  # noqa: PLC0415

    if theme and theme not in THEMES:
        raise ParametreInvalide(f"Le thème « {theme} » est inconnu. Thèmes : {', '.join(THEMES)}.")
    mot = normaliser(recherche)
    lignes = [
        (
            i.code,
            i.libelle_court,
            i.unite or "rapport",
            ", ".join(dict.fromkeys(le.source.id for le in i.lectures)),
            i.lectures[0].formule_lisible(),
        )
        for i in tous().values()
        if (not theme or i.theme == theme)
        and mot in normaliser(f"{i.code} {i.libelle} {i.libelle_court} {i.definition}")
    ]
    affichage.tableau(
        f"{len(lignes)} indicateurs", ("Code", "Libellé", "Unité", "Sources", "Formule"), lignes
    )


def evolution(
    territoire: Annotated[str, typer.Argument(help="Code ou nom : commune, IRIS, EPCI, département.")],
    de: Annotated[int, typer.Option("--de", help="Premier millésime, par exemple 2010.")],
    a: Annotated[int, typer.Option("--a", help="Second millésime, par exemple 2015.")],
    indicateurs: Annotated[
        str, typer.Option("--indicateurs", help="Codes séparés par des virgules ; tous par défaut.")
    ] = "",
    sortie: Annotated[
        Path, typer.Option("--sortie", help="Dossier qui reçoit le rapport et le CSV.")
    ] = SORTIES,
) -> None:
    """Dire comment un territoire a évolué entre deux dates, avec ce que la précision permet d'en dire."""
    from abs.evolutions.releve import phrases_de_refus, relever  # noqa: PLC0415
    from abs.evolutions.tableaux import bilan  # noqa: PLC0415 - import lent
    from carnets.documents.csv_long import ecrire_evolutions, ecrire_rapport  # noqa: PLC0415

    releve = relever(ouvrir_la_base(), territoire, de, a, codes_choisis(indicateurs))
    fichiers = [ecrire_rapport(releve, sortie), ecrire_evolutions(releve, sortie)]
    affichage.dire(
        f"{releve.sujet.nom} ({releve.sujet.code}), de {releve.de} à {releve.a}, à géographie constante"
    )
    _quelques(releve.geographie)
    lignes, autres = bilan(releve, INDICATEURS_A_L_ECRAN)
    entetes = ("Indicateur", str(releve.de), str(releve.a), "Écart", "Pour le territoire", "Mailles établies")
    affichage.tableau("", entetes, lignes, plier=False)
    if autres:
        affichage.dire(f"  … et {autres} autres indicateurs dans le rapport.")
    if releve.refus:
        affichage.dire("Ce qui ne se compare pas :")
        _quelques(phrases_de_refus(releve.refus))
    affichage.enumerer("Écrit : ", fichiers)


def _quelques(phrases: list[str]) -> None:
    for phrase in phrases[:PHRASES_A_L_ECRAN]:
        court = (
            phrase
            if len(phrase) <= LARGEUR_D_UNE_PHRASE
            else f"{phrase[:LARGEUR_D_UNE_PHRASE].rsplit(' ', 1)[0]} …"
        )
        affichage.dire(f"  - {court}")
    reste = len(phrases) - PHRASES_A_L_ECRAN
    if reste > 0:
        affichage.dire(f"  - … et {reste} autre{'s' if reste > 1 else ''}, dans le rapport.")


def territoire_chercher(texte: Annotated[str, typer.Argument(help="Nom, début de nom ou code.")]) -> None:
    """Trouver des codes de territoires à partir d'un nom."""
    from abs.territoires.territoires import NOMS_DE_NIVEAU, Territoires  # noqa: PLC0415
    from donnees_insee.erreurs import TerritoireInconnu  # noqa: PLC0415

    trouves = Territoires(ouvrir_la_base(tenue=True)).chercher(texte)
    if not trouves:
        raise TerritoireInconnu(
            f"Aucun territoire de la base ne ressemble à « {texte} ». Essayez un nom plus court."
        )
    affichage.tableau(
        f"Territoires pour « {texte} »",
        ("Code", "Nom", "Niveau"),
        [(t.code, t.nom, NOMS_DE_NIVEAU[t.niveau]) for t in trouves],
    )


def territoire_changements(
    code: Annotated[str, typer.Argument(help="Code de commune, actuel ou ancien, ou nom.")],
    de: Annotated[int | None, typer.Option("--de", help="Première année, par exemple 2016.")] = None,
    a: Annotated[int | None, typer.Option("--a", help="Seconde année, par exemple 2021.")] = None,
) -> None:
    """Dire ce qui a changé dans une commune : fusions, changements de code, IRIS redécoupés."""
    from donnees_insee.geographie.dans_le_temps import changements  # noqa: PLC0415

    base = ouvrir_la_base(tenue=True)
    constat = changements(base, _commune(base, code), de, a)
    affichage.dire(f"{constat.nom} ({constat.code}), de {constat.de} à {constat.a}")
    affichage.enumerer("  - ", constat.phrases())
    passages = [("commune", constat.communes)]
    if constat.iris is not None:
        passages.append(("IRIS", constat.iris.passage))
    lignes = [
        (niveau, g.nature, ", ".join(g.avant), ", ".join(g.apres))
        for niveau, passage in passages
        for g in passage.changes
    ]
    if lignes:
        affichage.tableau("Groupes de même territoire", ("Niveau", "Ce qui change", "Avant", "Après"), lignes)


def _commune(base: Base, texte: str) -> str:
    """Reconnaître une commune : un code bien formé est pris tel quel, car il peut être ancien ; sinon un nom."""
    from abs.territoires.territoires import Territoires  # noqa: PLC0415
    from donnees_insee import codes  # noqa: PLC0415
    from donnees_insee.erreurs import TerritoireInconnu  # noqa: PLC0415

    if codes.conforme(texte.strip().upper(), "commune"):
        return texte.strip().upper()
    trouve = Territoires(base).trouver(texte)
    if trouve.niveau != "commune":
        raise TerritoireInconnu(
            f"« {texte} » désigne {trouve.nom}, qui n'est pas une commune. Les changements se lisent commune par "
            "commune : donnez le code ou le nom d'une commune."
        )
    return trouve.code
