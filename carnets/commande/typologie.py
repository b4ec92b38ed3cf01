"""Les verbes qui typent les IRIS et qui cherchent des territoires comparables."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final

from carnets.commande.affichage import avertir, dire, enumerer, montrer, phrase
from carnets.commande.communs import SORTIES, ouvrir_la_base
from carnets.dossier_de_sortie import dossier_de_sortie
from donnees_insee.erreurs import ErreurAbs

if TYPE_CHECKING:
    import pandas as pd

    from abs.territoires.territoires import Territoire
    from abs.typologie.modele import Modele
    from donnees_insee.base.base import Base

NOMS: Final = "noms.toml"
MODELE: Final = "modele.json"


def typologie_apprendre(
    territoire: str, millesime: int | None = None, sortie: Path = SORTIES, remplacer: bool = False
) -> None:
    """Apprendre des classes d'IRIS : tables, fiches, carte, et un fichier où confirmer leurs noms."""
    from abs.typologie import classes, rendu  # noqa: PLC0415 - pandas et numpy, réservés à ce qui calcule
    from abs.typologie.donnees import quartiers_classes  # noqa: PLC0415
    from abs.typologie.etude import mener  # noqa: PLC0415

    base = ouvrir_la_base(tenue=True)
    etude = mener(base, territoire, millesime)
    annee = millesime or max(v.millesime for v in etude.modele.variables)
    dossier = sortie / f"typologie-{etude.sujet.code}-{annee}"
    confirmes = _noms_confirmes(dossier, etude.modele)
    noms = classes.noms(etude.modele, etude.reglages, confirmes)
    quartiers, en_mots = quartiers_classes(base, etude.sujet, etude.iris)
    iris = etude.iris.assign(nom_de_classe=[noms.get(k, rendu.SANS_CLASSE) for k in etude.iris["classe"]])
    textes = {
        MODELE: etude.modele.en_json(),
        NOMS: classes.fichier_des_noms(etude.modele, etude.reglages, confirmes),
        "iris.csv": rendu.en_csv(iris),
        "classes.csv": rendu.en_csv(rendu.table_des_classes(etude.modele, etude.reglages, noms, etude.iris)),
        "quartiers.csv": rendu.en_csv(quartiers),
        "fiches.md": rendu.fiches(etude, noms, quartiers, en_mots),
    }
    image, remarque = _carte(base, etude.sujet, etude.modele, iris, noms)
    dossier = _ecrire(dossier, textes, image, remplacer=remplacer)
    enumerer("", etude.modele.phrases)
    comptes = iris["classe"].value_counts()
    lignes = [(k, noms[k], comptes.get(k, 0)) for k in sorted(noms)]
    montrer("classes", [*lignes, ("-", "non classé ou sans objet", comptes.get(0, 0))])
    dire(remarque or f"Carte : {dossier / 'carte.png'}")
    dire(f"Écrit : {dossier}. Les noms se confirment dans {NOMS}, puis relancez la commande.")


def typologie_appliquer(
    territoire: str,
    modele: Path,
    millesime: int | None = None,
    sortie: Path = SORTIES,
    remplacer: bool = False,
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
    enumerer("", phrases)
    montrer("changements_de_classe", list(iris["changement"].value_counts().items()))
    relatives = int(((iris["classe"] > 0) & (iris["classe"] != iris["classe_relative"])).sum())
    dire(f"{relatives} IRIS n'ont pas la même classe selon l'échelle, absolue ou relative.")
    dire(f"Écrit : {dossier}")


def _lire(chemin: Path) -> str:
    try:
        return chemin.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as cause:
        raise ErreurAbs(phrase("modele_illisible", chemin=chemin, cause=cause)) from cause


def _noms_confirmes(dossier: Path, modele: Modele) -> dict[int, str]:
    from abs.typologie.classes import lire_les_noms, nom_propose  # noqa: PLC0415 - pandas
    from abs.typologie.variables import table  # noqa: PLC0415

    fichier = dossier / NOMS
    if not fichier.exists():
        return {}
    proposes = {k: nom_propose(modele, table(), k) for k in range(1, modele.nombre + 1)}
    confirmes, perimes = lire_les_noms(_lire(fichier), proposes)
    enumerer("", perimes)
    return confirmes


def _ecrire(dossier: Path, textes: dict[str, str], image: bytes | None, *, remplacer: bool = False) -> Path:
    """Écrire un dossier ; les noms que l'analyste y a confirmés sont relus, et son fichier est gardé tel quel."""
    from carnets.documents.paquet_tabulaire import ecrire_csvt, ecrire_paquet, entetes  # noqa: PLC0415 - import lent

    with dossier_de_sortie(dossier, remplacer=remplacer, repris=(NOMS,)) as chantier:
        for nom, contenu in textes.items():
            # Le BOM fait lire les accents au tableur.
            codage = "utf-8-sig" if nom.endswith(".csv") else "utf-8"
            (chantier.provisoire / nom).write_text(contenu, encoding=codage, newline="\n")
        tables = [chantier.provisoire / nom for nom in textes if nom.endswith(".csv")]
        for chemin in tables:
            ecrire_csvt(chemin, entetes(chemin))
        ecrire_paquet(chantier.provisoire, tables, dossier.name)
        if image is not None:
            (chantier.provisoire / "carte.png").write_bytes(image)
    avertir(chantier.avis)
    return chantier.final


def _carte(
    base: Base, sujet: Territoire, modele: Modele, iris: pd.DataFrame, noms: dict[int, str]
) -> tuple[bytes | None, str]:
    """Dessiner la carte, ou dire pourquoi elle manque."""
    from cartes.typologie import carte_des_classes  # noqa: PLC0415 - matplotlib, réservé à ce qui dessine

    carte = carte_des_classes(base, sujet, modele, iris, noms)
    if carte is None:
        return None, f"Pas de carte : la base ne tient pas les contours d'IRIS de {sujet.nom}."
    return carte.en_png(), ""


def pairs(code: str, question: str = "", millesime: int | None = None, sortie: Path | None = None) -> None:
    """Trouver les dix territoires les plus proches pour une question, et ce que vaut ce choix."""
    from abs.typologie.pairs import chercher, questions  # noqa: PLC0415 - pandas

    if not question:
        montrer("questions", [(q.code, q.libelle) for q in questions().values()])
        return
    trouves = chercher(ouvrir_la_base(), code, question, millesime)
    enumerer("", trouves.phrases)
    montrer("pairs", trouves.lignes(), nom=trouves.nom)
    if sortie is not None:
        from abs.typologie.rendu import en_csv  # noqa: PLC0415 - pandas

        voulu = sortie / f"pairs-{trouves.code}-{question}"
        dossier = _ecrire(voulu, {"pairs.csv": en_csv(trouves.table)}, None)
        dire(f"Écrit : {dossier}")
