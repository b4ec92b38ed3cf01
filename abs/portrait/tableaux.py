"""Les tableaux du portrait : des cellules de texte, chacune avec la référence de son chiffre et sa raison d'absence."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from abs.calcul.chiffre import Chiffre
from abs.calcul.table_longue import Diagnostic
from abs.formats import nombre
from abs.indicateurs.indicateurs import THEMES, Indicateur
from abs.langue import points
from abs.phrases.phrases import decimales, ecrire, reference
from abs.portrait.tableaux_absences import Lire, raison_publique, raisons_des_absences
from abs.statuts import LIBELLES_STATUT, Fiabilite, Statut
from abs.territoires.territoires import Territoire
from donnees_insee.catalogue.catalogue import source

COLONNES_DE_REFERENCES: Final = 6
MAILLES_IMPRIMEES: Final = 150
MOITIE: Final = 0.5
MARQUE_FRAGILE: Final = "*"


@dataclass(frozen=True)
class Cellule:
    """Une cellule : ce qu'on lit, d'où cela vient, ce qu'en dit une infobulle."""

    texte: str
    reference: str = ""
    aide: str = ""
    detail: str = ""
    classe: str = "chiffre"


@dataclass(frozen=True)
class Tableau:
    """Un tableau prêt à écrire."""

    code: str
    titre: str
    entetes: tuple[Cellule, ...]
    lignes: tuple[tuple[Cellule, ...], ...]
    notes: tuple[str, ...] = ()


def lecteur(diagnostic: Diagnostic, groupe: str) -> Lire:
    """Donner la lecture d'un chiffre à la date d'un groupe de territoires."""

    def lire(territoire: Territoire, indicateur: Indicateur) -> Chiffre | None:
        return diagnostic.chiffre(territoire, indicateur.code, groupe)

    return lire


def entete(texte: str, aide: str = "", detail: str = "") -> Cellule:
    """Écrire une cellule d'en-tête."""
    return Cellule(texte, aide=aide, detail=detail, classe="entete")


def mots_de_couverture(chiffre: Chiffre) -> str:
    """Dire sur quoi un chiffre partiel a été calculé."""
    return next((m for m in chiffre.note.split(" ; ") if m.startswith("calculé sur ")), "")


def cellule(
    indicateur: Indicateur, chiffre: Chiffre | None, *, imposees: int | None = None, detail: str = ""
) -> Cellule:
    """Écrire la cellule d'un chiffre."""
    texte = ecrire(indicateur, chiffre, imposees)
    if chiffre is None:
        return Cellule(texte, aide="cet indicateur n'est pas publié à ce niveau", classe="absent")
    if not chiffre.a_une_valeur:
        raison = " : ".join(filter(None, [LIBELLES_STATUT[chiffre.statut], raison_publique(chiffre)]))
        return Cellule(texte, reference(chiffre), raison, detail, "absent")
    marque = MARQUE_FRAGILE if chiffre.fiabilite == Fiabilite.FRAGILE else ""
    return Cellule(texte + marque, reference(chiffre), _aide(chiffre), detail)


def _aide(chiffre: Chiffre) -> str:
    morceaux = [f"{LIBELLES_STATUT[chiffre.statut]}, {chiffre.periode}"]
    if chiffre.denominateur == chiffre.denominateur:  # NaN n'est pas égal à lui-même
        morceaux.append(f"{nombre(chiffre.numerateur)} / {nombre(chiffre.denominateur)}")
    if chiffre.marge == chiffre.marge:
        morceaux.append(f"ordre de grandeur de l'incertitude : ± {points(chiffre.marge, 1)}")
    if chiffre.note:
        morceaux.append(chiffre.note)
    return " ; ".join(morceaux)


def notes_de_lecture(chiffres: Sequence[Chiffre | None]) -> list[str]:
    """Expliquer les marques employées dans un tableau, et elles seules."""
    presents = [c for c in chiffres if c is not None]
    notes = []
    if any(c.fiabilite == Fiabilite.FRAGILE and c.a_une_valeur for c in presents):
        notes.append(
            f"{MARQUE_FRAGILE} chiffre fragile : effectif petit ou incertitude élevée, à ne pas commenter seul."
        )
    statuts = {c.statut for c in presents if not c.a_une_valeur}
    if None in chiffres or Statut.INDISPONIBLE in statuts:
        notes.append("nc : indisponible (non publié, non diffusé ou fichier non déposé).")
    if Statut.SECRET in statuts:
        notes.append("secret : effectif masqué par le producteur (secret statistique).")
    if Statut.SANS_OBJET in statuts:
        notes.append("s. o. : sans objet (hors du champ de la source, par exemple un IRIS d'activité).")
    return notes


def references(diagnostic: Diagnostic, liste: Sequence[Indicateur], titre: str) -> Tableau | None:
    """Composer le tableau « le territoire et ses références »."""
    sujet = diagnostic.ensembles.sujet
    utiles = [i for i in liste if (c := diagnostic.chiffre(sujet, i.code)) is not None and c.a_une_valeur]
    if not utiles:
        return None
    autour = [
        r
        for r in diagnostic.ensembles.references
        if any((c := diagnostic.chiffre(r, i.code)) is not None and c.a_une_valeur for i in utiles)
    ][:COLONNES_DE_REFERENCES]
    lignes, tous = [], []
    for indicateur in utiles:
        chiffres = [diagnostic.chiffre(t, indicateur.code) for t in (sujet, *autour)]
        tous += chiffres
        premier = chiffres[0]
        assert premier is not None
        couverture = mots_de_couverture(premier) if premier.statut == Statut.PARTIEL else ""
        lignes.append(
            (
                Cellule(
                    indicateur.libelle_court, aide=indicateur.definition, detail=couverture, classe="entete"
                ),
                *(cellule(indicateur, c, imposees=decimales(indicateur, premier)) for c in chiffres),
                Cellule(premier.periode, aide=source(premier.source).titre, classe="date"),
            )
        )
    entetes = (
        entete("Indicateur"),
        entete(sujet.nom),
        *(entete(r.titre) for r in autour),
        entete("Date"),
    )
    return Tableau(
        f"references-{utiles[0].theme}", titre, entetes, tuple(lignes), tuple(notes_de_lecture(tous))
    )


def mailles(diagnostic: Diagnostic, liste: Sequence[Indicateur], maximum: int) -> Tableau | None:
    """Composer le tableau des IRIS (ou des communes d'une intercommunalité)."""
    territoires = diagnostic.ensembles.mailles
    lire = lecteur(diagnostic, "mailles")
    utiles = [i for i in liste if _assez_remplie(i, territoires, lire)][:maximum]
    if not utiles:
        return None
    nom = "IRIS" if territoires[0].niveau == "iris" else "communes"
    titre = (
        f"{'Les IRIS un par un' if nom == 'IRIS' else 'Les communes une par une'} : "
        f"{THEMES[utiles[0].theme].lower()}"
    )
    code = f"mailles-{utiles[0].theme}"
    entetes = (
        entete("IRIS" if nom == "IRIS" else "Commune"),
        *(entete(i.libelle_court, i.definition, date_de_lecture(i, territoires, lire)) for i in utiles),
    )
    if len(territoires) > MAILLES_IMPRIMEES:
        combien = f"Les {nombre(len(territoires))} {nom} sont trop nombreux pour cette page"
        note = f"{combien} : leur tableau est dans le classeur tableaux.xlsx."
        return Tableau(code, titre, entetes, (), (note,))
    lignes, tous = [], []
    for t in territoires:
        chiffres = [lire(t, i) for i in utiles]
        tous += chiffres
        lignes.append(
            (
                Cellule(t.nom, aide=t.code, detail=_type(t), classe="entete"),
                *(cellule(i, c) for i, c in zip(utiles, chiffres, strict=True)),
            )
        )
    return Tableau(
        code,
        titre,
        entetes,
        tuple(lignes),
        (*notes_de_lecture(tous), *raisons_des_absences(territoires, utiles, lire)),
    )


def _assez_remplie(indicateur: Indicateur, territoires: Sequence[Territoire], lire: Lire) -> bool:
    """Garder une colonne si la moitié au moins des mailles habitées y a un chiffre."""
    habitees = [t for t in territoires if t.type_iris not in {"A", "D"}]
    chiffrees = [t for t in habitees if (c := lire(t, indicateur)) is not None and c.a_une_valeur]
    return len(chiffrees) >= MOITIE * len(habitees) > 0


def _type(territoire: Territoire) -> str:
    return {"A": "IRIS d'activité", "D": "IRIS divers"}.get(territoire.type_iris, "")


def date_de_lecture(indicateur: Indicateur, territoires: Sequence[Territoire], lire: Lire) -> str:
    """Dire la date des chiffres d'une colonne."""
    return next((c.periode for t in territoires if (c := lire(t, indicateur)) is not None and c.periode), "")
