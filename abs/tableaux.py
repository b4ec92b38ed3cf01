"""Les tableaux du portrait : des cellules de texte, chacune avec la référence de son chiffre et sa raison d'absence."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Final

from abs.calcul import Chiffre
from abs.diagnostic import Diagnostic
from abs.formats import avec_unite, nombre
from abs.indicateurs import Indicateur
from abs.phrases import decimales, ecrire, reference
from abs.statuts import LIBELLES_STATUT, Fiabilite, Statut
from abs.territoires import Territoire
from donnees_insee.catalogue import source

COLONNES_DE_REFERENCES: Final = 6
QPV_EN_COLONNES: Final = 6
INDICATEURS_EN_COLONNES: Final = 6
MAILLES_IMPRIMEES: Final = 150
MARQUE_FRAGILE: Final = "*"


@dataclass(frozen=True)
class Cellule:
    """Une cellule : ce qu'on lit, d'où cela vient, ce qu'en dit une infobulle.

    Attributes
    ----------
    texte : str
        Texte affiché.
    reference : str
        Ligne du diagnostic ; vide pour un libellé.
    aide : str
        Précision : dénominateur, raison d'une absence, couverture.
    detail : str
        Seconde ligne, plus petite.
    classe : str
        ``entete``, ``chiffre``, ``absent`` ou ``sujet``.
    """

    texte: str
    reference: str = ""
    aide: str = ""
    detail: str = ""
    classe: str = "chiffre"


@dataclass(frozen=True)
class Tableau:
    """Un tableau prêt à écrire.

    Attributes
    ----------
    code : str
        Identifiant de l'ancre.
    titre : str
        Légende du tableau.
    entetes : tuple of Cellule
        Première ligne.
    lignes : tuple of tuple of Cellule
        Première cellule de chaque ligne : son libellé.
    notes : tuple of str
        Sous le tableau.
    """

    code: str
    titre: str
    entetes: tuple[Cellule, ...]
    lignes: tuple[tuple[Cellule, ...], ...]
    notes: tuple[str, ...] = ()


def _entete(texte: str, aide: str = "", detail: str = "") -> Cellule:
    return Cellule(texte, aide=aide, detail=detail, classe="entete")


def mots_de_couverture(chiffre: Chiffre) -> str:
    """Dire sur quoi un chiffre partiel a été calculé.

    Parameters
    ----------
    chiffre : Chiffre
        Chiffre de statut ``partiel``.

    Returns
    -------
    str
        Par exemple « calculé sur 41 IRIS sur 42 ».
    """
    return next((m for m in chiffre.note.split(" ; ") if m.startswith("calculé sur ")), "")


def cellule(indicateur: Indicateur, chiffre: Chiffre | None, *, imposees: int | None = None, detail: str = "") -> Cellule:
    """Écrire la cellule d'un chiffre.

    Parameters
    ----------
    indicateur : Indicateur
        Définition.
    chiffre : Chiffre or None
        Chiffre du diagnostic.
    imposees : int or None, default None
        Décimales imposées.
    detail : str, default ""
        Seconde ligne.

    Returns
    -------
    Cellule
        Texte, référence et aide.
    """
    texte = ecrire(indicateur, chiffre, imposees)
    if chiffre is None:
        return Cellule(texte, aide="cet indicateur n'est pas publié à ce niveau", classe="absent")
    if not chiffre.a_une_valeur:
        raison = f"{LIBELLES_STATUT[chiffre.statut]} : {chiffre.note}" if chiffre.note else LIBELLES_STATUT[chiffre.statut]
        return Cellule(texte, reference(chiffre), raison, detail, "absent")
    marque = MARQUE_FRAGILE if chiffre.fiabilite == Fiabilite.FRAGILE else ""
    return Cellule(texte + marque, reference(chiffre), _aide(indicateur, chiffre), detail)


def _aide(indicateur: Indicateur, chiffre: Chiffre) -> str:
    morceaux = [f"{LIBELLES_STATUT[chiffre.statut]}, {chiffre.periode}"]
    if chiffre.denominateur == chiffre.denominateur:  # NaN n'est pas égal à lui-même
        morceaux.append(f"{nombre(chiffre.numerateur)} / {nombre(chiffre.denominateur)}")
    if chiffre.marge == chiffre.marge:
        morceaux.append(f"ordre de grandeur de l'incertitude : ± {avec_unite(chiffre.marge, 'point(s)', 1)}")
    if chiffre.note:
        morceaux.append(chiffre.note)
    return " ; ".join(morceaux)


def _notes(chiffres: Sequence[Chiffre | None]) -> list[str]:
    """Expliquer les marques employées dans un tableau, et elles seules."""
    presents = [c for c in chiffres if c is not None]
    notes = []
    if any(c.fiabilite == Fiabilite.FRAGILE and c.a_une_valeur for c in presents):
        notes.append(f"{MARQUE_FRAGILE} chiffre fragile : effectif petit ou incertitude élevée, à ne pas commenter seul.")
    statuts = {c.statut for c in presents if not c.a_une_valeur}
    if None in chiffres or Statut.INDISPONIBLE in statuts:
        notes.append("nc : indisponible (non publié, non diffusé ou fichier non déposé).")
    if Statut.SECRET in statuts:
        notes.append("secret : effectif masqué par le producteur (secret statistique).")
    if Statut.SANS_OBJET in statuts:
        notes.append("s. o. : sans objet (hors du champ de la source, par exemple un IRIS d'activité).")
    return notes


def references(diagnostic: Diagnostic, liste: Sequence[Indicateur], titre: str) -> Tableau | None:
    """Composer le tableau « le territoire et ses références ».

    Parameters
    ----------
    diagnostic : Diagnostic
        Chiffres.
    liste : sequence of Indicateur
        Indicateurs du chapitre ; ceux sans aucun chiffre sont laissés à la liste des absents.
    titre : str
        Légende.

    Returns
    -------
    Tableau or None
        ``None`` si aucun indicateur n'a de chiffre pour le sujet.
    """
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
                Cellule(indicateur.libelle_court, aide=indicateur.definition, detail=couverture, classe="entete"),
                *(cellule(indicateur, c, imposees=decimales(indicateur, premier)) for c in chiffres),
                Cellule(premier.periode, aide=source(premier.source).titre, classe="date"),
            )
        )
    entetes = (_entete("Indicateur"), _entete(sujet.nom), *(_entete(r.titre) for r in autour), _entete("Date"))
    return Tableau(f"references-{utiles[0].theme}", titre, entetes, tuple(lignes), tuple(_notes(tous)))


def mailles(diagnostic: Diagnostic, liste: Sequence[Indicateur], maximum: int) -> Tableau | None:
    """Composer le tableau des IRIS (ou des communes d'une intercommunalité).

    Parameters
    ----------
    diagnostic : Diagnostic
        Chiffres.
    liste : sequence of Indicateur
        Indicateurs par ordre de préférence.
    maximum : int
        Nombre de colonnes.

    Returns
    -------
    Tableau or None
        ``None`` sans maille, ou sans indicateur chiffré.
    """
    territoires = diagnostic.ensembles.mailles
    lire = lambda t, i: diagnostic.chiffre(t, i.code, "mailles")  # noqa: E731
    utiles = [i for i in liste if any((c := lire(t, i)) is not None and c.a_une_valeur for t in territoires)][:maximum]
    if not utiles:
        return None
    nom = "IRIS" if territoires[0].niveau == "iris" else "communes"
    titre = f"{'Les IRIS' if nom == 'IRIS' else 'Les communes'} un par un" if nom == "IRIS" else "Les communes une par une"
    code = f"mailles-{utiles[0].theme}"
    entetes = (_entete("IRIS" if nom == "IRIS" else "Commune"), *(_entete(i.libelle_court, i.definition, _date(diagnostic, i, territoires, lire)) for i in utiles))
    if len(territoires) > MAILLES_IMPRIMEES:
        note = f"Les {nombre(len(territoires))} {nom} sont trop nombreux pour cette page : leur tableau est dans le classeur tableaux.xlsx."
        return Tableau(code, titre, entetes, (), (note,))
    lignes, tous = [], []
    for t in territoires:
        chiffres = [lire(t, i) for i in utiles]
        tous += chiffres
        lignes.append((Cellule(t.nom, aide=t.code, detail=_type(t), classe="entete"),
                       *(cellule(i, c) for i, c in zip(utiles, chiffres, strict=True))))  # fmt: skip
    return Tableau(code, titre, entetes, tuple(lignes), (*_notes(tous), *_raisons(territoires, utiles, lire)))


def _type(territoire: Territoire) -> str:
    return {"A": "IRIS d'activité", "D": "IRIS divers"}.get(territoire.type_iris, "")


def _date(diagnostic: Diagnostic, indicateur: Indicateur, territoires: Sequence[Territoire],
          lire: Callable[[Territoire, Indicateur], Chiffre | None]) -> str:  # fmt: skip
    return next((c.periode for t in territoires if (c := lire(t, indicateur)) is not None and c.periode), "")


def _raisons(territoires: Sequence[Territoire], liste: Sequence[Indicateur],
             lire: Callable[[Territoire, Indicateur], Chiffre | None]) -> list[str]:  # fmt: skip
    """Dire pourquoi des mailles n'ont pas de chiffre, raison par raison."""
    par_raison: dict[tuple[str, str], list[str]] = {}
    for indicateur in liste:
        for t in territoires:
            chiffre = lire(t, indicateur)
            if chiffre is not None and not chiffre.a_une_valeur:
                par_raison.setdefault((indicateur.libelle_court, chiffre.note.split(" ; ")[0] or LIBELLES_STATUT[chiffre.statut]), []).append(t.nom)
    par_noms: dict[tuple[str, str], list[str]] = {}
    for (libelle, raison), noms in par_raison.items():
        par_noms.setdefault((raison, ", ".join(noms[:12]) + (f" et {len(noms) - 12} autres" if len(noms) > 12 else "")), []).append(libelle)  # noqa: PLR2004
    return [f"Sans chiffre, {raison} : {noms} ({' ; '.join(libelles)})." for (raison, noms), libelles in par_noms.items()]


def cote_a_cote(diagnostic: Diagnostic, liste: Sequence[Indicateur]) -> list[Tableau]:
    """Composer le tableau des QPV côte à côte, la commune à leur droite.

    Parameters
    ----------
    diagnostic : Diagnostic
        Chiffres.
    liste : sequence of Indicateur
        Indicateurs du chapitre QPV.

    Returns
    -------
    list of Tableau
        Un quartier par colonne ; s'ils sont plus de six, un par ligne, en plusieurs tableaux. Vide sans chiffre.
    """
    quartiers_prioritaires, sujet = diagnostic.ensembles.qpv, diagnostic.ensembles.sujet
    lire = lambda t, i: diagnostic.chiffre(t, i.code, "qpv")  # noqa: E731
    utiles = [i for i in liste if any((c := lire(t, i)) is not None and c.a_une_valeur for t in quartiers_prioritaires)]
    if not utiles:
        return []
    grille: list[list[Cellule]] = []
    tous: list[Chiffre | None] = []
    for indicateur in utiles:
        chiffres = [lire(t, indicateur) for t in quartiers_prioritaires]
        repere = next((c for c in chiffres if c is not None and c.periode), None)
        imposees = 0 if indicateur.unite == "%" else None
        cellules = [cellule(indicateur, c, imposees=imposees) for c in chiffres]
        if sujet.niveau != "qpv":
            du_sujet = diagnostic.chiffre(sujet, indicateur.code)
            cellules.append(cellule(indicateur, du_sujet, imposees=imposees, detail=_autre_date(du_sujet, repere)))
            tous.append(du_sujet)
        cellules.append(Cellule("" if repere is None else repere.periode, classe="date"))
        tous += chiffres
        grille.append(cellules)
    tetes = [_entete(t.nom, t.code, t.code) for t in quartiers_prioritaires]
    tetes += [_entete(sujet.nom)] if sujet.niveau != "qpv" else []
    tetes.append(_entete("Date (QPV)"))
    libelles = [Cellule(i.libelle_court, aide=i.definition, classe="entete") for i in utiles]
    titre = "Les quartiers prioritaires côte à côte"
    notes = [*_notes(tous), "Pourcentages arrondis une seule fois, à l'unité. La colonne de la commune porte sa propre date quand elle diffère."]
    if len(quartiers_prioritaires) <= QPV_EN_COLONNES:
        lignes = tuple((libelle, *cellules) for libelle, cellules in zip(libelles, grille, strict=True))
        return [Tableau("qpv", titre, (_entete("Indicateur"), *tetes), lignes, tuple(notes))]
    tables = []
    for debut in range(0, len(utiles), INDICATEURS_EN_COLONNES):
        tranche = grille[debut : debut + INDICATEURS_EN_COLONNES]
        lignes = tuple((tete, *(cellules[rang] for cellules in tranche)) for rang, tete in enumerate(tetes))
        numero = debut // INDICATEURS_EN_COLONNES + 1
        tables.append(Tableau(f"qpv-{numero}", f"{titre} ({numero})", (_entete("Quartier"), *libelles[debut : debut + INDICATEURS_EN_COLONNES]), lignes, ()))
    tables[-1] = replace(tables[-1], notes=tuple(notes))
    return tables


def _autre_date(chiffre: Chiffre | None, repere: Chiffre | None) -> str:
    """Dire la date de la commune si elle n'est pas celle des quartiers, et la couverture d'un chiffre partiel."""
    if chiffre is None or not chiffre.a_une_valeur:
        return ""
    date = "" if repere is not None and repere.periode == chiffre.periode else chiffre.periode
    couverture = mots_de_couverture(chiffre).removeprefix("calculé sur ") if chiffre.statut == Statut.PARTIEL else ""
    return ", ".join(filter(None, [date, couverture]))


def quartiers(diagnostic: Diagnostic, liste: Sequence[Indicateur]) -> Tableau | None:
    """Composer le tableau des quartiers : rapports de sommes, et étendue des médianes de leurs IRIS.

    Parameters
    ----------
    diagnostic : Diagnostic
        Chiffres.
    liste : sequence of Indicateur
        Indicateurs du chapitre.

    Returns
    -------
    Tableau or None
        ``None`` sans chiffre.
    """
    groupes = diagnostic.ensembles.quartiers
    lire = lambda t, i: diagnostic.chiffre(t, i.code, "quartiers")  # noqa: E731
    utiles = [i for i in liste if i.nature == "mediane" or any((c := lire(t, i)) is not None and c.a_une_valeur for t in groupes)]
    lignes, tous = [], []
    for t in groupes:
        cellules = []
        for indicateur in utiles:
            if indicateur.nature == "mediane":
                cellules.append(_etendue_des_medianes(diagnostic, t, indicateur))
                continue
            chiffre = lire(t, indicateur)
            tous.append(chiffre)
            cellules.append(cellule(indicateur, chiffre))
        lignes.append((Cellule(t.nom, aide=f"{len(t.composantes)} IRIS", detail=f"{len(t.composantes)} IRIS", classe="entete"), *cellules))
    if not lignes or not utiles:
        return None
    dates = [_date(diagnostic, i, diagnostic.ensembles.mailles if i.nature == "mediane" else groupes,
                   (lambda t, i: diagnostic.chiffre(t, i.code, "mailles")) if i.nature == "mediane" else lire) for i in utiles]  # fmt: skip
    entetes = (_entete("Quartier"), *(_entete(i.libelle_court, i.definition, d) for i, d in zip(utiles, dates, strict=True)))
    return Tableau("quartiers", "Les quartiers côte à côte", entetes, tuple(lignes), tuple(_notes(tous)))


def _etendue_des_medianes(diagnostic: Diagnostic, quartier: Territoire, indicateur: Indicateur) -> Cellule:
    par_code = {t.code: t for t in diagnostic.ensembles.mailles}
    chiffres = [diagnostic.chiffre(par_code[c], indicateur.code, "mailles") for c in quartier.composantes if c in par_code]
    tenus = sorted((c for c in chiffres if c is not None and c.a_une_valeur), key=lambda c: c.valeur)
    if not tenus:
        return Cellule("nc", aide="aucun IRIS du quartier n'a de médiane publiée", classe="absent")
    bas, haut = ecrire(indicateur, tenus[0]), ecrire(indicateur, tenus[-1])
    texte = bas if bas == haut else f"{bas} à {haut}"
    aide = f"médianes de {len(tenus)} IRIS sur {len(quartier.composantes)}"
    return Cellule(texte, reference(tenus[0]), aide, aide)
