"""La commande `abs` : des arguments aux fonctions. Les imports lents attendent la commande qui en a besoin."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Annotated

import typer

from carnets.commande import affichage
from donnees_insee.chemins import dossier_des_donnees
from donnees_insee.erreurs import ErreurAbs

SORTIES = Path("sorties")

app = typer.Typer(
    help="Analyse des besoins sociaux : des fichiers de l'INSEE, de la CAF et de l'ANCT au portrait de territoire.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)
sources_app = typer.Typer(
    help="Les fichiers : lesquels attendre, les déposer, ce qui est tenu.", no_args_is_help=True
)
territoire_app = typer.Typer(help="Trouver le code d'un territoire.", no_args_is_help=True)
carnets_app = typer.Typer(
    help="Copier les carnets pour y travailler, les ouvrir dans JupyterLab.", no_args_is_help=True
)
typologie_app = typer.Typer(
    help="Réunir les IRIS dont la situation se ressemble, et reporter ces classes à une autre date.",
    no_args_is_help=True,
)
app.add_typer(sources_app, name="sources")
app.add_typer(territoire_app, name="territoire")
app.add_typer(carnets_app, name="carnets")
app.add_typer(typologie_app, name="typologie")

Sortie = Annotated[Path, typer.Option("--sortie", help="Dossier qui reçoit les documents.")]
Remplacer = Annotated[
    bool,
    typer.Option(
        "--remplacer",
        help="Prendre la place d'un dossier que vous avez changé ; l'ancien est gardé sous un autre nom.",
    ),
]
Millesime = Annotated[
    int | None, typer.Option("--millesime", help="Dernier millésime admis, par exemple 2016.")
]
Millesimes = Annotated[
    str,
    typer.Option(
        "--millesimes",
        help="Millésime exact d'une famille ou d'une source : caf=2018,filosofi=2016 ; édition d'un tableau de "
        "quartiers prioritaires : qpv_demographie=2019.",
    ),
]
Qpv = Annotated[int | None, typer.Option("--qpv", help="Génération de QPV : 2015 ou 2024.")]
Cog = Annotated[int | None, typer.Option("--geographie", help="Année du code officiel géographique.")]
Formats = Annotated[str, typer.Option("--formats", help="Parmi html,docx,xlsx,gpkg,csv,cartes.")]
TOUS_LES_FORMATS = "html,docx,xlsx,gpkg,csv,cartes"


def _dire_la_version(demandee: bool) -> None:
    if demandee:
        from importlib.metadata import version  # noqa: PLC0415

        affichage.dire(f"abs {version('abs-portrait')}")
        raise typer.Exit


@app.callback()
def _racine(
    version: Annotated[
        bool,
        typer.Option(
            "--version", help="Dire la version, et s'arrêter.", callback=_dire_la_version, is_eager=True
        ),
    ] = False,
) -> None:
    """Analyse des besoins sociaux : des fichiers de l'INSEE, de la CAF et de l'ANCT au portrait de territoire."""


def principale() -> None:
    """Lancer la commande ; une erreur attendue s'écrit en une phrase et sort avec le code 1."""
    affichage.preparer_le_terminal()
    # Aucun processus enfanté n'importe un module du dossier courant : un « jinja2.py » qui y traîne n'est pas le nôtre.
    os.environ["PYTHONSAFEPATH"] = "1"
    try:
        app()
    except ErreurAbs as erreur:
        affichage.erreur(str(erreur))
        sys.exit(1)


@app.command()
def demo(sortie: Sortie = SORTIES, formats: Formats = TOUS_LES_FORMATS, remplacer: Remplacer = False) -> None:
    """Écrire le portrait du territoire fictif de démonstration, dans tous les formats."""
    from carnets.commande import actions  # noqa: PLC0415

    actions.demo(sortie, formats, remplacer=remplacer)


@app.command()
def portrait(
    territoire: Annotated[str, typer.Argument(help="Code ou nom : commune, EPCI, QPV, département.")],
    millesime: Millesime = None,
    millesimes: Millesimes = "",
    qpv: Qpv = None,
    geographie: Cog = None,
    formats: Formats = TOUS_LES_FORMATS,
    diffusion: Annotated[str, typer.Option("--diffusion", help="publique ou interne.")] = "publique",
    sortie: Sortie = SORTIES,
    remplacer: Remplacer = False,
) -> None:
    """Écrire le portrait d'un territoire : page web, Word, classeur, couches, cartes, preuve."""
    from carnets.commande import actions  # noqa: PLC0415

    actions.portrait(
        {
            "territoire": territoire,
            "millesime": millesime,
            "millesimes": millesimes,
            "qpv": qpv,
            "geographie": geographie,
            "diffusion": diffusion,
            "formats": formats,
            "dossier_donnees": str(dossier_des_donnees()),
        },
        sortie,
        remplacer=remplacer,
    )


@app.command()
def comparer(
    epci: Annotated[str, typer.Argument(help="Code ou nom d'une intercommunalité.")],
    millesime: Millesime = None,
    millesimes: Millesimes = "",
    qpv: Qpv = None,
    geographie: Cog = None,
    indicateurs: Annotated[
        str, typer.Option("--indicateurs", help="Codes séparés par des virgules (voir abs indicateurs).")
    ] = "",
    formats: Annotated[
        str, typer.Option("--formats", help="Parmi html,docx,xlsx,csv,gpkg,cartes.")
    ] = "html,docx,xlsx,csv,cartes",
    sortie: Sortie = SORTIES,
    remplacer: Remplacer = False,
) -> None:
    """Comparer les communes d'une intercommunalité : tableaux, rangs, cartes, profils, fiches."""
    from carnets.commande import actions_comparaison  # noqa: PLC0415

    parametres = {
        "territoire": epci,
        "millesime": millesime,
        "millesimes": millesimes,
        "qpv": qpv,
        "geographie": geographie,
        "formats": formats,
        "dossier_donnees": str(dossier_des_donnees()),
    }
    actions_comparaison.comparer(parametres, indicateurs, sortie, remplacer=remplacer)


@app.command()
def etat(
    territoire: Annotated[str, typer.Argument(help="Code ou nom du territoire.")],
    millesime: Millesime = None,
    millesimes: Millesimes = "",
) -> None:
    """Dire ce que les fichiers déposés permettent pour un territoire, et ce qui manque."""
    from carnets.commande import actions  # noqa: PLC0415

    actions.etat(territoire, millesime, millesimes)


@app.command()
def indicateurs(
    theme: Annotated[
        str, typer.Option("--theme", help="emploi, demographie, revenus, logement, sante_education.")
    ] = "",
    recherche: Annotated[str, typer.Option("--recherche", help="Mot du libellé ou de la définition.")] = "",
) -> None:
    """Lister les indicateurs, leurs libellés et leurs formules."""
    from carnets.commande import actions  # noqa: PLC0415

    actions.indicateurs(theme, recherche)


@app.command()
def carte(
    territoire: Annotated[str, typer.Argument(help="Code ou nom du territoire.")],
    indicateur: Annotated[str, typer.Argument(help="Code de l'indicateur (voir abs indicateurs).")],
    millesime: Millesime = None,
    millesimes: Millesimes = "",
    qpv: Qpv = None,
    geographie: Cog = None,
    sortie: Sortie = SORTIES,
) -> None:
    """Dessiner une carte : PNG, SVG et page HTML, avec le fragment à coller dans un site."""
    from carnets.commande import actions  # noqa: PLC0415

    actions.carte(
        {
            "territoire": territoire,
            "millesime": millesime,
            "millesimes": millesimes,
            "qpv": qpv,
            "geographie": geographie,
        },
        indicateur,
        sortie,
    )


@app.command()
def perimetre(
    fichier: Annotated[
        Path | None, typer.Argument(help="Périmètres dessinés : GeoJSON, GPKG, une surface par périmètre.")
    ] = None,
    qpv: Annotated[
        str, typer.Option("--qpv", help="Code d'un QPV : profil des IRIS qui le recouvrent.")
    ] = "",
    frange: Annotated[
        float | None, typer.Option("--frange", help="Avec --qpv : distance en mètres autour du QPV.")
    ] = None,
    choisis: Annotated[
        str, typer.Option("--indicateurs", help="Codes séparés par des virgules (voir abs indicateurs).")
    ] = "",
    millesime: Millesime = None,
    millesimes: Millesimes = "",
    sortie: Annotated[
        Path | None, typer.Option("--sortie", help="Dossier qui reçoit les tableaux CSV.")
    ] = None,
) -> None:
    """Chiffrer un périmètre libre, la frange d'un QPV, ou les IRIS qui le recouvrent."""
    from carnets.commande import actions_perimetre  # noqa: PLC0415

    actions_perimetre.perimetre(fichier, qpv, frange, choisis, millesime, millesimes, sortie)


@app.command()
def verifier(
    dossier: Annotated[Path, typer.Argument(metavar="SORTIE", help="Dossier écrit par `abs portrait`.")],
) -> None:
    """Refaire tous les chiffres d'un portrait à partir des fichiers bruts, et dire ceux qui diffèrent."""
    from carnets.commande import actions_verification  # noqa: PLC0415

    code = actions_verification.verifier(dossier)
    if code:
        raise typer.Exit(code)


@app.command()
def campagne(
    fichier: Annotated[
        Path | None, typer.Argument(help="Fichier de campagne (abs campagne --exemple en écrit un).")
    ] = None,
    reprendre: Annotated[
        bool, typer.Option("--reprendre", help="Ne refaire que ce qui manque ou dont une entrée a changé.")
    ] = False,
    travailleurs: Annotated[
        int | None, typer.Option("--travailleurs", min=1, max=64, help="Portraits menés à la fois.")
    ] = None,
    dask: Annotated[str, typer.Option("--dask", help="Adresse d'une grappe Dask, tcp://machine:8786.")] = "",
    exemple: Annotated[
        bool, typer.Option("--exemple", help="Écrire un fichier de campagne commenté.")
    ] = False,
    sortie: Annotated[
        Path | None, typer.Option("--sortie", help="Dossier qui remplace celui du fichier.")
    ] = None,
    remplacer: Remplacer = False,
) -> None:
    """Mener le même travail sur beaucoup de territoires, sans qu'un échec arrête les autres."""
    from carnets.commande import actions_campagne  # noqa: PLC0415

    if exemple:
        actions_campagne.exemple()
        return
    if fichier is None:
        raise typer.BadParameter("Donnez un fichier de campagne, ou --exemple pour en écrire un.")
    actions_campagne.campagne(
        fichier,
        sortie=sortie,
        travailleurs=travailleurs,
        reprendre=reprendre,
        grappe=dask,
        remplacer=remplacer,
    )


@app.command()
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
    from carnets.commande import actions_evolution  # noqa: PLC0415

    actions_evolution.evolution(territoire, de, a, indicateurs, sortie)


@sources_app.command("lister")
def sources_lister(
    source: Annotated[str, typer.Argument(help="Source à détailler, par exemple rp_population.")] = "",
) -> None:
    """Lister les sources du catalogue : années, niveaux, état, certitude des adresses, ce qui est tenu."""
    from carnets.commande import actions_sources  # noqa: PLC0415

    actions_sources.sources_lister(source)


@sources_app.command("deposer")
def sources_deposer(
    chemins: Annotated[list[Path], typer.Argument(help="Fichiers, dossiers ou archives.")],
    millesime: Annotated[
        int | None, typer.Option("--millesime", help="Année des données, si le fichier ne la dit pas.")
    ] = None,
    malgre_les_ecarts: Annotated[
        bool,
        typer.Option(
            "--malgre-les-ecarts", help="Ranger, en le notant, un fichier qui dit des choses impossibles."
        ),
    ] = False,
) -> None:
    """Déposer des fichiers : chacun est reconnu à ses colonnes, ou refusé avec sa raison."""
    from carnets.commande import actions_sources  # noqa: PLC0415

    actions_sources.sources_deposer(chemins, millesime, malgre_les_ecarts=malgre_les_ecarts)


@sources_app.command("examiner")
def sources_examiner(
    chemins: Annotated[list[Path], typer.Argument(help="Fichiers, dossiers ou archives.")],
    millesime: Annotated[
        int | None, typer.Option("--millesime", help="Année des données, si le fichier ne la dit pas.")
    ] = None,
) -> None:
    """Examiner des fichiers sans rien déposer : pour quoi ils sont pris, ce qu'ils changeraient."""
    from carnets.commande import actions_telechargement  # noqa: PLC0415

    actions_telechargement.sources_examiner(chemins, millesime)


@sources_app.command("telecharger")
def sources_telecharger(
    noms: Annotated[
        list[str] | None, typer.Argument(metavar="[SOURCES]...", help="Sources ou familles du catalogue.")
    ] = None,
    millesime: Annotated[
        int | None, typer.Option("--millesime", help="Année voulue ; par défaut la plus récente.")
    ] = None,
    tout: Annotated[bool, typer.Option("--tout", help="Tous les millésimes de ce qui est nommé.")] = False,
    simuler: Annotated[bool, typer.Option("--simuler", help="Lister, sans ouvrir de connexion.")] = False,
) -> None:
    """Télécharger des fichiers du catalogue, les vérifier, les comparer, puis les déposer."""
    from carnets.commande import actions_telechargement  # noqa: PLC0415

    actions_telechargement.sources_telecharger(noms or [], millesime, tout=tout, simuler=simuler)


@sources_app.command("retirer")
def sources_retirer(
    fichier: Annotated[str, typer.Argument(help="Nom du fichier déposé, ou début de son empreinte.")],
) -> None:
    """Retirer un fichier déposé : ses tables, son reçu et sa copie."""
    from carnets.commande import actions_sources  # noqa: PLC0415

    actions_sources.sources_retirer(fichier)


@sources_app.command("etat")
def sources_etat() -> None:
    """Dire ce que la base tient, fichier par fichier."""
    from carnets.commande import actions_sources  # noqa: PLC0415

    actions_sources.sources_etat()


@sources_app.command("registre")
def sources_registre(
    neuf: Annotated[
        bool, typer.Option("--neuf", help="En commencer un autre, vide ; l'ancien est gardé.")
    ] = False,
) -> None:
    """Dire ce qui a déjà été publié de données reçues, ou en commencer un registre neuf."""
    from carnets.commande import actions_locales  # noqa: PLC0415

    actions_locales.registre(neuf=neuf)


@sources_app.command("verifier")
def sources_verifier(
    complet: Annotated[
        bool, typer.Option("--complet", help="Comparer les cellules de tous les fichiers, non d'une partie.")
    ] = False,
    graine: Annotated[
        int, typer.Option("--graine", min=0, help="Quels fichiers relire : 0, 1, 2… font le tour de la base.")
    ] = 0,
) -> None:
    """Vérifier la base : reçus, empreintes, tables, et les cellules relues dans les fichiers d'origine."""
    from carnets.commande import actions_base  # noqa: PLC0415

    if not actions_base.verifier(complet=complet, graine=graine):
        raise typer.Exit(1)


@sources_app.command("exporter")
def sources_exporter(
    fichier: Annotated[Path, typer.Argument(metavar="FICHIER.zip", help="Archive à écrire.")],
) -> None:
    """Écrire toute la base dans une archive, pour la sauver ou la remettre à un collègue."""
    from carnets.commande import actions_base  # noqa: PLC0415

    actions_base.exporter(fichier)


@sources_app.command("importer")
def sources_importer(
    fichier: Annotated[
        Path, typer.Argument(metavar="FICHIER.zip", help="Archive écrite par `abs sources exporter`.")
    ],
    fusionner: Annotated[
        bool, typer.Option("--fusionner", help="Ajouter à une base qui tient déjà des fichiers.")
    ] = False,
) -> None:
    """Reprendre une base exportée, après l'avoir vérifiée octet par octet."""
    from carnets.commande import actions_base  # noqa: PLC0415

    if not actions_base.importer(fichier, fusionner=fusionner):
        raise typer.Exit(1)


@sources_app.command("modele")
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
    from carnets.commande import actions_locales  # noqa: PLC0415

    actions_locales.modele_de_source(code, fichier, territoire, liste=liste)


@sources_app.command("lettre")
def sources_lettre(
    code: Annotated[str, typer.Argument(metavar="MODÈLE", help="Voir abs sources modele --liste.")],
    territoire: Annotated[str, typer.Option("--territoire", help="Territoire visé.")] = "",
    sortie: Annotated[Path | None, typer.Option("--sortie", help="Fichier .docx ou .txt à créer.")] = None,
) -> None:
    """Écrire la lettre qui demande une donnée à un partenaire."""
    from carnets.commande import actions_locales  # noqa: PLC0415

    actions_locales.lettre_de_demande(code, territoire, sortie)


@territoire_app.command("chercher")
def territoire_chercher(texte: Annotated[str, typer.Argument(help="Nom, début de nom ou code.")]) -> None:
    """Trouver des codes de territoires à partir d'un nom."""
    from carnets.commande import actions  # noqa: PLC0415

    actions.territoire_chercher(texte)


@territoire_app.command("changements")
def territoire_changements(
    code: Annotated[str, typer.Argument(help="Code de commune, actuel ou ancien, ou nom.")],
    de: Annotated[int | None, typer.Option("--de", help="Première année, par exemple 2016.")] = None,
    a: Annotated[int | None, typer.Option("--a", help="Seconde année, par exemple 2021.")] = None,
) -> None:
    """Dire ce qui a changé dans une commune : fusions, changements de code, IRIS redécoupés."""
    from carnets.commande import actions_geographie  # noqa: PLC0415

    actions_geographie.territoire_changements(code, de, a)


@typologie_app.command("apprendre")
def typologie_apprendre(
    territoire: Annotated[str, typer.Argument(help="Code ou nom : commune, EPCI, département.")],
    millesime: Millesime = None,
    sortie: Sortie = SORTIES,
    remplacer: Remplacer = False,
) -> None:
    """Apprendre des classes d'IRIS : tables, fiches, carte, et un fichier où confirmer leurs noms."""
    from carnets.commande import actions_typologie  # noqa: PLC0415

    actions_typologie.apprendre(territoire, millesime, sortie, remplacer=remplacer)


@typologie_app.command("appliquer")
def typologie_appliquer(
    territoire: Annotated[str, typer.Argument(help="Code ou nom : commune, EPCI, département.")],
    modele: Annotated[Path, typer.Option("--modele", help="Fichier modele.json écrit par apprendre.")],
    millesime: Millesime = None,
    sortie: Sortie = SORTIES,
    remplacer: Remplacer = False,
) -> None:
    """Classer des IRIS à une autre date avec des classes déjà apprises, et dire qui a changé."""
    from carnets.commande import actions_typologie  # noqa: PLC0415

    actions_typologie.appliquer(territoire, modele, millesime, sortie, remplacer=remplacer)


@app.command()
def observatoire(
    territoire: Annotated[str, typer.Argument(help="Code ou nom de l'intercommunalité.")],
    millesime: Millesime = None,
    millesimes: Millesimes = "",
    qpv: Qpv = None,
    geographie: Cog = None,
    portraits: Annotated[
        Path | None,
        typer.Option("--portraits", help="Dossier de portraits publics à joindre ; absent, sans portraits."),
    ] = None,
    sortie: Sortie = SORTIES,
    remplacer: Remplacer = False,
) -> None:
    """Fabriquer le site d'une intercommunalité : pages, cartes, comparaison, fichiers, sans serveur."""
    from carnets.commande import actions_observatoire  # noqa: PLC0415

    actions_observatoire.observatoire(
        territoire, millesime, millesimes, qpv, geographie, portraits, sortie, remplacer=remplacer
    )


@app.command()
def pairs(
    code: Annotated[str, typer.Argument(help="Commune (code ou nom) ou code d'IRIS.")],
    question: Annotated[
        str, typer.Option("--question", help="emploi, logement, revenus… ; absente, la liste est écrite.")
    ] = "",
    millesime: Millesime = None,
    sortie: Annotated[Path | None, typer.Option("--sortie", help="Dossier qui reçoit le tableau.")] = None,
) -> None:
    """Trouver les dix territoires les plus proches pour une question, et ce que vaut ce choix."""
    from carnets.commande import actions_typologie  # noqa: PLC0415

    actions_typologie.pairs(code, question, millesime, sortie)


@carnets_app.command("copier")
def carnets_copier(
    dossier: Annotated[Path, typer.Argument(help="Dossier de travail.")] = Path("atelier"),
) -> None:
    """Copier les carnets livrés dans un dossier de travail, sans écraser les vôtres."""
    from carnets.commande import actions  # noqa: PLC0415

    actions.carnets_copier(dossier)


@carnets_app.command("ouvrir")
def carnets_ouvrir(
    dossier: Annotated[Path, typer.Argument(help="Dossier de travail.")] = Path("atelier"),
) -> None:
    """Copier les carnets puis les ouvrir dans JupyterLab (supplément [atelier])."""
    from carnets.commande import actions  # noqa: PLC0415

    actions.carnets_ouvrir(dossier)
