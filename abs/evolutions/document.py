"""Les évolutions d'un territoire en blocs : un tableau par indicateur, ce qu'on en dit, et ce qui ne se compare pas."""

from collections.abc import Iterable
from typing import Final

from abs.blocs.blocs import Bloc, Cellule, Graphique, Liste, Puce, Tableau, Titre, entete
from abs.definitions import table
from abs.evolutions.evolutions import Evolution
from abs.evolutions.releve import Releve, phrases_de_refus
from abs.evolutions.tableaux import (
    ENTETES,
    ETABLIS,
    LIMITES,
    les_plus_nettes,
    ligne,
    mots_du_choix,
    resume,
    verdict_dit,
)
from abs.formats import avec_unite, nombre
from abs.graphiques.demandes import DemandeDeGraphique, Role, Serie, Valeur
from abs.indicateurs.indicateurs import indicateur
from donnees_insee.catalogue.catalogue import source

MOTS: Final[dict[str, str]] = table("_document")["evolutions"]
PENTES: Final = 5
SANS_NETTES: Final = 3


def titre(releve: Releve) -> list[Bloc]:
    """Composer le titre et ce qui a été réuni ou laissé de côté."""
    dit = MOTS["titre"].format(nom=releve.sujet.nom, code=releve.sujet.code, de=releve.de, a=releve.a)
    return [Titre(dit, 1), *_liste(releve.geographie)]


def tableaux(releve: Releve) -> list[Bloc]:
    """Composer un tableau par indicateur."""
    return [bloc for code in releve.totaux for bloc in tableau(releve, code)]


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
    return [Titre(libelle), Tableau(f"evolution-{code}", libelle, entetes, lignes), *_liste(phrases)]


def refus(releve: Releve) -> list[Bloc]:
    """Composer ce qui ne se compare pas, et les limites de la marge."""
    return [Titre(MOTS["refus"]), *_liste([*phrases_de_refus(releve.refus), LIMITES])]


def _liste(phrases: Iterable[str]) -> list[Bloc]:
    puces = tuple(map(Puce, phrases))
    return [Liste(puces, "phrases")] if puces else []


def pentes(releve: Releve) -> list[Bloc]:
    """Composer les pentes des parts du territoire, les plus nettes ; rien si deux dates n'en donnent aucune."""
    lignes = [totaux[0] for code, totaux in releve.totaux.items() if totaux and indicateur(code).unite == "%"]
    mesurees = [e for e in lignes if not (e.avant.manque or e.apres.manque)]
    nettes = [e for e in mesurees if e.verdict in ETABLIS]
    # Des lignes que rien n'établit se confondraient : elles ne sont là que s'il n'y en a pas d'autres.
    choisies = sorted(nettes or mesurees, key=lambda e: -abs(e.ecart))[: PENTES if nettes else SANS_NETTES]
    if not choisies:
        return []
    etablies = len(nettes)
    mots = {"nom": releve.sujet.nom, "de": releve.de, "a": releve.a, "combien": nombre(etablies)}
    cas = "pentes_aucune" if not etablies else "pentes_une" if etablies == 1 else "pentes"
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
