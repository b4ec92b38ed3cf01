"""Les évolutions d'un territoire en blocs : un tableau par indicateur, ce qu'on en dit, et ce qui ne se compare pas."""

from collections.abc import Iterable
from typing import Any, Final

from abs.blocs.blocs import Bloc, Cellule, Graphique, Liste, Note, Puce, Tableau, Titre, entete
from abs.definitions import table
from abs.evolutions.evolutions import Evolution
from abs.evolutions.releve import phrases_de_refus
from abs.evolutions.resultats import ETABLIS, Releve, saillants
from abs.evolutions.tableaux import (
    ENTETES,
    LIMITES,
    bilan,
    les_plus_nettes,
    ligne,
    mots_du_choix,
    resume,
    verdict_dit,
)
from abs.formats import avec_unite, nombre
from abs.graphiques.demandes import DemandeDeGraphique, Role, Serie, Valeur
from abs.graphiques.plans import Plan
from abs.graphiques.temps import tracer
from abs.indicateurs.indicateurs import indicateur
from abs.langue import typographier
from abs.territoires.territoires import NOMS_DE_NIVEAU
from donnees_insee.catalogue.catalogue import source

MOTS: Final[dict[str, Any]] = table("_document")["evolutions"]
COMMUNS: Final[dict[str, str]] = table("_document")["commun"]
BILAN: Final[tuple[str, ...]] = tuple(table("_document")["evolutions"]["entetes"])
# Au plus, un tableau par indicateur ; au-delà, un seul pour tous.
DETAILLES: Final = 3
COURBES: Final = 4
PENTES: Final = 6
PENTES_DITES: Final = {0: "pentes_faibles", 1: "pentes_une"}
SANS_NETTES: Final = 3


def titre(releve: Releve) -> list[Bloc]:
    """Composer le titre, et ce qui doit se savoir avant de lire : des fichiers d'essai ne décrivent aucun territoire."""
    dit = MOTS["titre"].format(nom=releve.sujet.nom, code=releve.sujet.code, de=releve.de, a=releve.a)
    mots = {"nature": NOMS_DE_NIVEAU[releve.sujet.niveau].lower(), "code": releve.sujet.code}
    blocs: list[Bloc] = [
        Titre(dit, 1, surtitre=MOTS["surtitre"], sous_titre=MOTS["sous_titre"].format(**mots))
    ]
    if releve.essais:
        essai = COMMUNS["essai"].format(fichiers=", ".join(releve.essais))
        blocs.append(Note(essai, "alerte", COMMUNS["essai_fort"]))
    return blocs


def essentiel(releve: Releve) -> list[Bloc]:
    """Composer ce qui a vraiment changé : une phrase par indicateur, les hausses puis les baisses ; combien d'autres."""
    dates = {"de": releve.de, "a": releve.a}
    blocs: list[Bloc] = [Titre(MOTS["essentiel"].format(**dates), ancre="changements")]
    choisies = saillants(releve)
    if not choisies:
        return [*blocs, Note(MOTS["rien"].format(nom=releve.sujet.nom, **dates))]
    for cas, siennes in (
        ("hausses", [e for e in choisies if e.ecart > 0]),
        ("baisses", [e for e in choisies if e.ecart < 0]),
    ):
        if siennes:
            blocs += [Titre(MOTS[cas], 3), Liste(tuple(map(_puce, siennes)), "phrases")]
    autres = sum(e.verdict in ETABLIS for e in releve.du_sujet()) - len(choisies)
    if autres > 0:
        blocs.append(Note(typographier(MOTS["autres_un" if autres == 1 else "autres"].format(n=autres))))
    return blocs


def _puce(evolution: Evolution) -> Puce:
    _, _, avant, apres, ecart, marge, _ = ligne(evolution)
    mots = {"avant": avant, "apres": apres, "ecart": ecart, "de": evolution.de, "a": evolution.a}
    cas = "phrase" if marge == "–" else "phrase_sondee"
    libelle = indicateur(evolution.indicateur).libelle_court
    return Puce(typographier(MOTS[cas].format(marge=marge, **mots)), fort=libelle)


def courbes(releve: Releve) -> list[Bloc]:
    """Composer la courbe de ce qui a changé, à toutes les dates que la base tient, ruptures comprises."""
    suivies = list(releve.suites.items())[:COURBES]
    largeur = "demi" if len(suivies) > 1 else "pleine"
    # Une demi-largeur restée seule s'étalerait sur une page.
    suivies = suivies[: len(suivies) - len(suivies) % 2] if len(suivies) > 1 else suivies
    return [
        Graphique(tracer(_plan(code), releve.sujet, suite, suite.annees), largeur) for code, suite in suivies
    ]


def _plan(code: str) -> Plan:
    definition = indicateur(code)
    return Plan(
        f"courbe-{code}", "courbe", definition.theme, definition.libelle, definition.libelle_court, (code,)
    )


def tableaux(releve: Releve) -> list[Bloc]:
    """Composer l'annexe : tous les indicateurs en un tableau, ou, quand il y en a peu, leurs mailles avec eux."""
    titre = Titre(MOTS["tableau"], ancre="annexes")
    if len(releve.totaux) <= DETAILLES:
        return [titre, *(bloc for code in releve.totaux for bloc in tableau(releve, code))]
    mots = {"de": releve.de, "a": releve.a}
    mailles = any(releve.mailles.values())
    colonnes = slice(None, None if mailles else -1)
    lignes, _ = bilan(releve, len(releve.totaux))
    rangees = tuple(
        (
            entete(nom),
            *(Cellule(c, classe="texte" if rang > 2 else "chiffre") for rang, c in enumerate(cellules)),
        )
        for nom, *cellules in (li[colonnes] for li in lignes)
    )
    entetes = tuple(entete(e.format(**mots)) for e in BILAN[colonnes])
    notes = tuple(dict.fromkeys(n for siennes in releve.notes.values() for n in siennes))
    return [titre, Tableau("evolutions", MOTS["tableau"], entetes, rangees, notes)]


def tableau(releve: Releve, code: str) -> list[Bloc]:
    """Composer le tableau d'un indicateur : le territoire, puis ses mailles, et ce qu'on peut en dire."""
    mailles = releve.mailles.get(code, [])
    choisies = les_plus_nettes(mailles)
    entetes = tuple(entete(e.format(de=releve.de, a=releve.a)) for e in ENTETES)
    lignes = tuple(
        (
            entete(nom),
            *(
                Cellule(c, classe="chiffre" if rang < len(ENTETES) - 2 else "texte")
                for rang, c in enumerate(cellules)
            ),
        )
        for nom, *cellules in (ligne(e) for e in (*releve.totaux[code], *choisies))
    )
    phrases = [*releve.notes.get(code, ()), *resume(mailles), *mots_du_choix(choisies, mailles)]
    libelle = indicateur(code).libelle_court
    return [Titre(libelle, 3), Tableau(f"evolution-{code}", libelle, entetes, lignes), *_liste(phrases)]


def refus(releve: Releve) -> list[Bloc]:
    """Composer ce qui a été réuni, ce qui ne se compare pas, et les limites de la marge."""
    return [
        Titre(MOTS["refus"], 3),
        *_liste([*releve.geographie, *phrases_de_refus(releve.refus), LIMITES]),
    ]


def _liste(phrases: Iterable[str]) -> list[Bloc]:
    puces = tuple(map(Puce, phrases))
    return [Liste(puces, "phrases")] if puces else []


def pentes(releve: Releve) -> list[Bloc]:
    """Composer les pentes des parts du territoire, les plus nettes ; rien si deux dates n'en donnent aucune."""
    lignes = [e for e in releve.du_sujet() if indicateur(e.indicateur).unite == "%"]
    mesurees = [e for e in lignes if not (e.avant.manque or e.apres.manque)]
    nettes = [e for e in mesurees if e.verdict in ETABLIS]
    # Les pentes montrent d'abord ce que les phrases disent ; des lignes que rien n'établit se confondraient.
    dites = [e for e in saillants(releve) if indicateur(e.indicateur).unite == "%"]
    rangees = sorted(nettes or mesurees, key=lambda e: -abs(e.ecart))
    choisies = (dites or rangees)[: PENTES if nettes else SANS_NETTES]
    if not choisies:
        return []
    combien = sum(e.notable for e in nettes)
    mots = {"nom": releve.sujet.nom, "de": releve.de, "a": releve.a, "combien": nombre(combien)}
    cas = "pentes_aucune" if not nettes else PENTES_DITES.get(combien, "pentes")
    return [
        Graphique(
            DemandeDeGraphique(
                nom="pentes",
                genre="pente",
                titre=MOTS[cas].format(**mots),
                sous_titre=MOTS["pentes_sous_titre"].format(**mots),
                series=tuple(map(_pente, choisies)),
                date=f"{releve.de} et {releve.a}",
                source=" ; ".join(dict.fromkeys(source(e.source).titre_court for e in choisies)),
                alternatif=" ; ".join(_pente_dite(e) for e in choisies) + ".",
            )
        )
    ]


def _pente(evolution: Evolution) -> Serie:
    definition = indicateur(evolution.indicateur)
    role: Role = "sujet" if evolution.verdict in ETABLIS else "maille"
    valeurs = tuple(
        Valeur(
            str(annee),
            mesure.valeur,
            avec_unite(mesure.valeur, definition.unite, definition.decimales),
            mesure.marge,
            role,
        )
        for annee, mesure in ((evolution.de, evolution.avant), (evolution.a, evolution.apres))
    )
    return Serie(definition.libelle_court, valeurs, role, definition.unite)


def _pente_dite(evolution: Evolution) -> str:
    avant, apres = (v.texte for v in _pente(evolution).valeurs)
    return (
        f"{indicateur(evolution.indicateur).libelle_court} : de {avant} à {apres}, {verdict_dit(evolution)}"
    )
