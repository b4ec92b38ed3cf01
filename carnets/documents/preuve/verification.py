"""Vérifier un portrait : ses documents contre sa preuve, et sa preuve contre les fichiers bruts."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import pandas as pd

from abs.calcul.diagnostic import Diagnostic, Diagnostiqueur
from abs.calcul.difference import (
    Bilan,
    Ecart,
    absente,
    comparer_tables,
    ecrit,
    memes,
    refaire_rapport,
    reference_de,
    reunir,
)
from abs.indicateurs.indicateurs import tous_les_indicateurs
from abs.intercommunal.comparaison import diagnostic_de_la_comparaison
from abs.portrait.autour import lire_autour
from abs.statuts import Statut
from carnets.documents.paquet_tabulaire import PAQUET
from carnets.documents.preuve.preuve import dates_de_lecture, territoires_lus
from carnets.documents.preuve.preuve_lue import Preuve, lire_preuve
from carnets.documents.preuve.relecture_classeur import controler_classeur
from carnets.documents.preuve.relecture_fichiers import controler_csv, controler_gpkg, controler_paquet
from carnets.documents.preuve.relecture_graphiques import controler_graphiques
from carnets.documents.preuve.relecture_page import controler_dates, controler_html
from carnets.documents.preuve.relecture_textes import CARNET, controler_carnet, controler_textes
from donnees_insee.catalogue.catalogue import sources
from donnees_insee.chemins import dossier_de_passage
from donnees_insee.controle.base_refaite import BaseRefaite
from donnees_insee.controle.seconde_lecture import lignes_d_iris
from donnees_insee.erreurs import ErreurAbs

if TYPE_CHECKING:
    from collections.abc import Callable

    from abs.indicateurs.indicateurs import Indicateur, Lecture
    from donnees_insee.base.base import Base

DOCUMENTS: Final = {
    "tableaux.xlsx": controler_classeur,
    "diagnostic.csv": controler_csv,
    PAQUET: controler_paquet,
    "territoire.gpkg": controler_gpkg,
    "portrait.html": controler_html,
    CARNET: controler_carnet,
}
# Ce que les autres documents écrivent, par leur suffixe : ils ne portent pas de référence.
AUTRES: Final = {
    ".docx": (controler_textes,),
    ".odt": (controler_textes,),
    ".pdf": (controler_textes,),
    ".pptx": (controler_textes, controler_graphiques),
    ".xlsx": (controler_graphiques,),
}
# Des territoires, pas des chiffres : qu'un de ces fichiers manque, et toute ligne a pu en dépendre.
SOCLE: Final = frozenset({"geographie", "contours", "quartiers", "qpv_liste"})
POPULATIONS: Final = frozenset({"populations_legales", "comparateur", "rp_population"})
PREUVE: Final = "preuve/diagnostic.parquet"
SECONDE_VOIE: Final = "seconde voie"


@dataclass
class Verification:
    """Ce que la vérification d'un portrait a donné."""

    refaits: Bilan
    seconde_voie: Bilan
    documents: list[Bilan] = field(default_factory=list)
    fautes: list[str] = field(default_factory=list)
    remarques: list[str] = field(default_factory=list)
    fichiers: int = 0

    @property
    def ensemble(self) -> Bilan:
        """Tous les bilans additionnés."""
        return reunir([self.refaits, self.seconde_voie, *self.documents])

    @property
    def sans_faute(self) -> bool:
        """Vrai si aucun chiffre n'est différent et si aucun fichier brut n'a changé."""
        return not self.fautes and not self.ensemble.ecarts


def verifier_sortie(sortie: Path, base: Base, suivre: Callable[[str], None] | None = None) -> Verification:
    """Refaire tous les chiffres d'un portrait à partir des fichiers bruts, et les comparer à ce qu'il montre."""
    dire = suivre or (lambda _: None)
    preuve = lire_preuve(sortie)
    v = Verification(Bilan(PREUVE), Bilan(SECONDE_VOIE))
    with dossier_de_passage("verification") as provisoire:
        dire("empreintes des fichiers bruts")
        refaite = BaseRefaite(
            base, preuve.empreintes, Path(provisoire), lambda nom: dire(f"relecture de {nom}")
        )
        v.refaits, montrable = _refaire(preuve, refaite, dire)
        dire("seconde voie")
        v.seconde_voie = _seconde_voie(preuve, refaite)
        v.fautes = [f"Fichier brut altéré : {raison}." for raison in refaite.alteres.values()]
        v.remarques += [
            f"Fichier brut absent : {r}." for s, r in refaite.absents.items() if s not in refaite.alteres
        ]
        v.fichiers = len(refaite.relus)
    for nom, controler in DOCUMENTS.items():
        _controler(sortie / nom, controler, montrable, v, dire)
    for fichier in sorted(f for f in sortie.iterdir() if f.is_file()):
        for controler in AUTRES.get(fichier.suffix, ()):
            _controler(fichier, controler, montrable, v, dire)
    page = sortie / "portrait.html"
    if page.is_file():
        dire("dates de la page web")
        v.documents.append(controler_dates(page, montrable))
    return v


def _controler(
    chemin: Path,
    controler: Callable[[Path, Preuve], Bilan],
    preuve: Preuve,
    v: Verification,
    dire: Callable[[str], None],
) -> None:
    """Contrôler un document s'il est là ; une preuve trop ancienne ne suffit pas pour le relire."""
    if not chemin.is_file():
        return
    dire(chemin.name)
    if not preuve.se_relit and chemin.name in {"tableaux.xlsx", "territoire.gpkg"}:
        v.remarques.append(
            f"{chemin.name} n'est pas vérifié : la preuve, d'une version antérieure, ne dit pas à quelles dates ses "
            "chiffres sont lus. Refaites le portrait."
        )
        return
    try:
        v.documents.append(controler(chemin, preuve))
    except (ErreurAbs, ValueError, KeyError) as cause:
        perdu = Ecart(chemin.name, "tout le fichier", "document", "un document lisible", str(cause))
        v.documents.append(Bilan(chemin.name, ecarts=[perdu]))


# -- première voie : les lecteurs du projet ----------------------------------------------------


def _refaire(preuve: Preuve, refaite: BaseRefaite, dire: Callable[[str], None]) -> tuple[Bilan, Preuve]:
    """Refaire le diagnostic dans une base tirée de nouveau des fichiers bruts.

    La preuve rendue est celle à laquelle les documents se comparent : les chiffres refaits, et ceux de la preuve
    reçue pour ce que rien n'a permis de refaire.
    """
    dire("calcul")
    try:
        diagnostic = _rediagnostiquer(preuve, refaite, dire)
    except ErreurAbs as cause:
        bilan = Bilan(PREUVE)
        bilan.non_verifiables[f"le diagnostic ne peut pas être refait : {cause}"] += len(preuve.table)
        return bilan, preuve
    table, excuses = diagnostic.table(), _excuses(preuve, refaite)
    en_plus = "le fichier qui fixait la date de cette ligne manque" if refaite.absents else ""
    bilan = comparer_tables(PREUVE, table, preuve.table, excuses, excuse_des_lignes_en_plus=en_plus)
    if not refaite.absents:
        lus = {"territoires": territoires_lus(diagnostic), "dates_de_lecture": dates_de_lecture(diagnostic)}
        return bilan, replace(preuve, table=table, recu=preuve.recu | lus)
    connues = set(preuve.lignes)
    gardees = [r in connues and r not in excuses for r in map(reference_de, table.to_dict("records"))]
    autres = [reference_de(ligne) in excuses for ligne in preuve.table.to_dict("records")]
    return bilan, replace(preuve, table=pd.concat([table[gardees], preuve.table[autres]], ignore_index=True))


def _rediagnostiquer(preuve: Preuve, refaite: BaseRefaite, dire: Callable[[str], None]) -> Diagnostic:
    """Refaire le diagnostic du document : une comparaison a ses propres dates, communes à toutes les communes."""
    if preuve.recu.get("document") == "comparaison":
        voulus = tuple(preuve.recu.get("indicateurs", ()))
        return diagnostic_de_la_comparaison(refaite, preuve.demande, voulus)
    refait = Diagnostiqueur(refaite, preuve.demande).assembler(suivre=dire)
    lire_autour(refaite, refait)
    return refait


def _excuses(preuve: Preuve, refaite: BaseRefaite) -> dict[str, str]:
    """Dire, référence par référence, de quel fichier absent un chiffre dépendait."""
    if not refaite.absents:
        return {}
    lots = {
        sha: {(lot["source"], lot["millesime"]) for lot in fichier["lots"]}
        for fichier in preuve.recu.get("fichiers", [])
        for sha in [fichier["sha256"]]
    }
    lots |= {r.sha256: {(lot.source, lot.millesime) for lot in r.lots} for r in refaite.recus()}
    excuses: dict[str, str] = {}
    for sha, raison in refaite.absents.items():
        perdus = lots.get(sha)
        for reference, ligne in preuve.lignes.items():
            if perdus is None or _depend(ligne, perdus):
                excuses.setdefault(reference, raison)
    return excuses


def _depend(ligne: dict[str, Any], perdus: set[tuple[str, int | None]]) -> bool:
    annee = None if absente(ligne["millesime"]) else int(ligne["millesime"])
    familles = {sources()[s].famille for s, _ in perdus if s in sources()}
    if familles & SOCLE or (ligne["source"], annee) in perdus:
        return True
    autres = {s for s, _ in perdus}
    definition = tous_les_indicateurs().get(ligne["indicateur"])
    lectures = definition.lectures if definition else ()
    ailleurs = {le.source_denominateur.id for le in lectures if le.source_denominateur}
    # La population règle la marge et la couverture ; un dénominateur peut venir d'une autre source.
    return bool(autres & (ailleurs | POPULATIONS))


# -- seconde voie : le texte des CSV -----------------------------------------------------------


def _seconde_voie(preuve: Preuve, refaite: BaseRefaite) -> Bilan:
    """Refaire les rapports d'IRIS en lisant leurs deux comptes dans le CSV publié."""
    bilan = Bilan(SECONDE_VOIE)
    table = preuve.table
    choisis = table[
        (table["niveau"] == "iris") & (table["statut"] == Statut.CALCULE) & (table["millesime"].notna())
    ]
    for (source, annee), lignes in choisis.groupby(["source", "millesime"]):
        cellules: dict[str, dict[str, float]] = {}
        for _, copie in refaite.copies_de(str(source), int(annee), "iris"):
            for code, lues in lignes_d_iris(copie, set(lignes["territoire"])).items():
                cellules.setdefault(code, {}).update(lues)
        for ligne in lignes.to_dict("records"):
            _refaire_un_rapport(bilan, ligne, cellules.get(ligne["territoire"], {}))
    return bilan


def _refaire_un_rapport(bilan: Bilan, ligne: dict[str, Any], cellules: dict[str, float]) -> None:
    definition = tous_les_indicateurs().get(ligne["indicateur"])
    lecture = None if definition is None else _lecture(definition, ligne)
    if definition is None or lecture is None or lecture.numerateur is None or lecture.denominateur is None:
        return
    refait = refaire_rapport(
        lecture.numerateur.texte, lecture.denominateur.texte, definition.facteur, cellules
    )
    if refait is None:
        return
    trouve = tuple(ligne[c] for c in ("valeur", "numerateur", "denominateur"))
    if all(memes(a, t) for a, t in zip(refait, trouve, strict=True)):
        bilan.egaux += 1
        return
    attendu, lu = (" = ".join((ecrit(x[0]), f"{ecrit(x[1])} / {ecrit(x[2])}")) for x in (refait, trouve))
    bilan.ecarts.append(Ecart(SECONDE_VOIE, "CSV publié", reference_de(ligne), attendu, lu))


def _lecture(definition: Indicateur, ligne: dict[str, Any]) -> Lecture | None:
    annee, serie = int(ligne["millesime"]), (ligne["source"], ligne["definition"])
    valables = (le for le in definition.lectures if le.source_denominateur is None and le.vaut_pour(annee))
    return next((le for le in valables if (le.source.id, le.definition) == serie), None)
