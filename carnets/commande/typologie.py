"""Les verbes qui typent les IRIS et qui cherchent des territoires comparables."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from carnets.commande import affichage
from carnets.commande.communs import SORTIES, Millesime, Remplacer, Sortie, ouvrir_la_base
from donnees_insee.erreurs import ErreurAbs

if TYPE_CHECKING:
    import pandas as pd

    from abs.territoires.territoires import Territoire
    from abs.typologie.modele import Modele
    from donnees_insee.base.base import Base

Lieu = Annotated[str, typer.Argument(help="Code ou nom : commune, EPCI, département.")]
NOMS: Final = "noms.toml"
MODELE: Final = "modele.json"


def typologie_apprendre(
    territoire: Lieu,
    millesime: Millesime = None,
    sortie: Sortie = SORTIES,
    remplacer: Remplacer = False,
) -> None:
    """Apprendre des classes d'IRIS : tables, fiches, carte, et un fichier où confirmer leurs noms."""
    from abs.typologie import classes, rendu  # noqa: PLC0415 - pandas et numpy, réservés à ce qui calcule
    from abs.typologie.etude import mener  # noqa: PLC0415
    from abs.typologie.quartiers import quartiers_classes  # noqa: PLC0415

    base = ouvrir_la_base(tenue=True)
    etude = mener(base, territoire, millesime)
    annee = millesime or max(v.millesime for v in etude.modele.variables)
    dossier = sortie / f"typologie-{etude.sujet.code}-{annee}"
    confirmes = _noms_confirmes(dossier, etude.modele)
    noms = classes.noms(etude.modele, etude.reglages, confirmes)
    quartiers, phrase = quartiers_classes(base, etude.sujet, etude.iris)
    iris = etude.iris.assign(nom_de_classe=[noms.get(k, rendu.SANS_CLASSE) for k in etude.iris["classe"]])
    textes = {
        MODELE: etude.modele.en_json(),
        NOMS: classes.fichier_des_noms(etude.modele, etude.reglages, confirmes),
        "iris.csv": rendu.en_csv(iris),
        "classes.csv": rendu.en_csv(rendu.table_des_classes(etude.modele, etude.reglages, noms, etude.iris)),
        "quartiers.csv": rendu.en_csv(quartiers),
        "fiches.md": rendu.fiches(etude, noms, quartiers, phrase),
    }
    image, remarque = _carte(base, etude.sujet, etude.modele, iris, noms)
    dossier = _ecrire(dossier, textes, image, remplacer=remplacer)
    _montrer(etude.modele, iris, noms)
    affichage.dire(remarque or f"Carte : {dossier / 'carte.png'}")
    affichage.dire(f"Écrit : {dossier}. Les noms se confirment dans {NOMS}, puis relancez la commande.")


def typologie_appliquer(
    territoire: Lieu,
    modele: Annotated[Path, typer.Option("--modele", help="Fichier modele.json écrit par apprendre.")],
    millesime: Millesime = None,
    sortie: Sortie = SORTIES,
    remplacer: Remplacer = False,
) -> None:
    """Classer des IRIS à une autre date avec des classes déjà apprises, et dire qui a changé."""
    from abs.typologie import classes, rendu  # noqa: PLC0415 - pandas et numpy, réservés à ce qui calcule
    from abs.typologie.modele import depuis_json  # noqa: PLC0415
    from abs.typologie.transfert import reporter  # noqa: PLC0415
    from abs.typologie.variables import table  # noqa: PLC0415

    base = ouvrir_la_base(tenue=True)
    appris = depuis_json(_lire(modele))
    noms = classes.noms(appris, table(), _noms_confirmes(modele.parent, appris))
    sujet, iris, phrases = reporter(base, territoire, appris, millesime)
    iris = iris.assign(nom_de_classe=[noms.get(k, rendu.SANS_CLASSE) for k in iris["classe"]])
    dossier = sortie / f"typologie-{sujet.code}-report-{millesime or 'recent'}"
    rapport = "\n".join([f"# Report de la typologie · {sujet.nom}", "", *(f"- {p}" for p in phrases), ""])
    textes = {"iris.csv": rendu.en_csv(iris), "report.md": rapport}
    dossier = _ecrire(dossier, textes, None, remplacer=remplacer)
    affichage.enumerer("", phrases)
    comptes = iris["changement"].value_counts()
    affichage.tableau(
        "Changements de classe", ("État", "IRIS"), [(str(e), str(n)) for e, n in comptes.items()]
    )
    relatives = int(((iris["classe"] > 0) & (iris["classe"] != iris["classe_relative"])).sum())
    affichage.dire(f"{relatives} IRIS n'ont pas la même classe selon l'échelle, absolue ou relative.")
    affichage.dire(f"Écrit : {dossier}")


def _lire(chemin: Path) -> str:
    try:
        return chemin.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as cause:
        raise ErreurAbs(
            f"Le fichier « {chemin} » ne se lit pas ({cause}). On attend un fichier écrit par "
            "`abs typologie apprendre`."
        ) from cause


def _noms_confirmes(dossier: Path, modele: Modele) -> dict[int, str]:
    from abs.typologie.classes import lire_les_noms, nom_propose  # noqa: PLC0415 - pandas
    from abs.typologie.variables import table  # noqa: PLC0415

    fichier = dossier / NOMS
    if not fichier.exists():
        return {}
    proposes = {k: nom_propose(modele, table(), k) for k in range(1, modele.nombre + 1)}
    confirmes, perimes = lire_les_noms(_lire(fichier), proposes)
    affichage.enumerer("", perimes)
    return confirmes


def _ecrire(dossier: Path, textes: dict[str, str], image: bytes | None, *, remplacer: bool = False) -> Path:
    """Écrire un dossier ; les noms que l'analyste y a confirmés sont relus, et son fichier est gardé tel quel."""
    from carnets.dossier_de_sortie import dossier_de_sortie  # noqa: PLC0415

    with dossier_de_sortie(dossier, remplacer=remplacer, repris=(NOMS,)) as chantier:
        for nom, contenu in textes.items():
            # Le BOM fait lire les accents au tableur.
            codage = "utf-8-sig" if nom.endswith(".csv") else "utf-8"
            (chantier.provisoire / nom).write_text(contenu, encoding=codage, newline="\n")
        if image is not None:
            (chantier.provisoire / "carte.png").write_bytes(image)
    affichage.avertir(chantier.avis)
    return chantier.final


def _montrer(modele: Modele, iris: pd.DataFrame, noms: dict[int, str]) -> None:
    affichage.enumerer("", modele.phrases)
    comptes = iris["classe"].value_counts()
    lignes = [(str(k), noms[k], str(comptes.get(k, 0))) for k in sorted(noms)]
    lignes.append(("-", "non classé ou sans objet", str(comptes.get(0, 0))))
    affichage.tableau("Classes", ("Classe", "Nom", "IRIS du territoire"), lignes)


def _carte(
    base: Base, sujet: Territoire, modele: Modele, iris: pd.DataFrame, noms: dict[int, str]
) -> tuple[bytes | None, str]:
    """Dessiner la carte, ou dire pourquoi elle manque."""
    from abs.territoires.territoires import Territoires  # noqa: PLC0415
    from abs.typologie.quartiers import contours_des_iris, contours_des_qpv  # noqa: PLC0415
    from abs.typologie.variables import table  # noqa: PLC0415
    from cartes.typologie import CarteDeTypologie  # noqa: PLC0415 - matplotlib, réservé à ce qui dessine
    from donnees_insee.catalogue.catalogue import source  # noqa: PLC0415

    couche, annee = contours_des_iris(base, list(iris["code"]))
    if couche is None:
        return None, f"Pas de carte : la base ne tient pas les contours d'IRIS de {sujet.nom}."
    attributs = iris.set_index("code")
    couche["classe"] = [int(attributs.at[c, "classe"]) for c in couche["code"]]
    couche["sans_objet"] = [str(attributs.at[c, "etat"]).startswith("sans objet") for c in couche["code"]]
    qpv = Territoires(base).qpv_du(sujet)
    dates = {source(v.source).titre_court: str(v.millesime) for v in modele.variables}
    carte = CarteDeTypologie(
        titre=f"Typologie des IRIS · {sujet.nom}",
        sous_titre=f"Des situations qui se ressemblent ; classes apprises sur {len(modele.appris)} IRIS "
        f"({modele.espace}), {len(modele.variables)} variables"
        f"{'' if len(modele.appris) >= table().regles.iris_souhaites else ' : un essai, à ne pas publier'}",
        territoires=couche,
        noms=noms,
        source=" ; ".join(dates),
        date=", ".join(sorted(set(dates.values()))),
        geographie=annee,
        qpv=contours_des_qpv(base, qpv),
        nom_qpv=f"Quartiers prioritaires {qpv[0].geographie}" if qpv else "Quartiers prioritaires",
    )
    return carte.en_png(), ""


def pairs(
    code: Annotated[str, typer.Argument(help="Commune (code ou nom) ou code d'IRIS.")],
    question: Annotated[
        str, typer.Option("--question", help="emploi, logement, revenus… ; absente, la liste est écrite.")
    ] = "",
    millesime: Millesime = None,
    sortie: Annotated[Path | None, typer.Option("--sortie", help="Dossier qui reçoit le tableau.")] = None,
) -> None:
    """Trouver les dix territoires les plus proches pour une question, et ce que vaut ce choix."""
    from abs.typologie.pairs import chercher, questions  # noqa: PLC0415 - pandas

    if not question:
        lignes = [(q.code, q.libelle) for q in questions().values()]
        affichage.tableau("Questions (--question)", ("Code", "Question"), lignes)
        return
    trouves = chercher(ouvrir_la_base(), code, question, millesime)
    affichage.enumerer("", trouves.phrases)
    entetes = ("Rang", "Code", "Nom", "Population", "Distance", "Stabilité", "Ce qui éloigne le plus")
    affichage.tableau(f"Comparables à {trouves.nom}", entetes, trouves.lignes())
    if sortie is not None:
        from abs.typologie.rendu import en_csv  # noqa: PLC0415 - pandas

        dossier = sortie / f"pairs-{trouves.code}-{question}"
        dossier = _ecrire(dossier, {"pairs.csv": en_csv(trouves.table)}, None)
        affichage.dire(f"Écrit : {dossier}")
