"""Le chapitre « Ce qui a changé » : chiffres qui ont bougé, phrases démenties, rangs, ce qui ne se compare pas, sources."""

from collections.abc import Iterable, Sequence
from typing import Any, Final

from abs.blocs.blocs import Bloc, Cellule, Liste, Note, Puce, Tableau, Titre, entete
from abs.changements.chiffres import Comparaison, Devenir, Sort
from abs.changements.phrases import Dementie, Ecrite, dementies
from abs.changements.rangs import Place, places_changees
from abs.definitions import table
from abs.evolutions.tableaux import ligne, nettete
from abs.langue import enumerer, typographier
from abs.phrases.ecriture import date_dite, ecrire, reference
from donnees_insee.catalogue.catalogue import sources

MOTS: Final[dict[str, Any]] = table("_changements")["mots"]
MONTRES: Final[dict[str, int]] = table("_changements")["montres"]
NIVEAUX: Final[dict[str, str]] = table("_changements")["niveaux"]


def chapitre(comparaison: Comparaison, phrases: Iterable[Ecrite]) -> list[Bloc]:
    """Composer le chapitre."""
    devenirs = comparaison.devenirs()
    siens = {sort: [d for d in devenirs if d.sort == sort] for sort in Sort}
    blocs: list[Bloc] = [
        Titre(MOTS["titre"], 2, MOTS["ancre"]),
        Note(
            _dire("compare_a", jour="/".join(reversed(comparaison.ancien.ecrit_le.split("-")))), "precision"
        ),
    ]
    suite = [
        *_bouges(siens),
        *_phrases(dementies(comparaison.ancien.phrases, phrases)),
        *_rangs(places_changees(comparaison, [d.indicateur for d in devenirs if d.indicateur.sens])),
        *_incomparables(siens[Sort.INCOMPARABLE]),
        *_sources(comparaison, siens),
    ]
    return [*blocs, *(suite or [Note(MOTS["rien"])])]


def _dire(cas: str, **mots: object) -> str:
    return typographier(MOTS[cas].format(**mots)).replace("….", "…")


def _bouges(siens: dict[Sort, list[Devenir]]) -> list[Bloc]:
    """Écrire les chiffres qui ont bougé, les plus nets d'abord, et compter les autres."""
    nets = sorted(siens[Sort.BOUGE], key=lambda d: -nettete(d.evolution) if d.evolution else 0.0)
    montres = nets[: MONTRES["chiffres"]]
    comptes = {
        "autres_bouges": len(nets) - len(montres),
        "stables": len(siens[Sort.STABLE]),
        "inchanges": len(siens[Sort.INCHANGE]),
    }
    notes = tuple(_dire(cas, n=n) for cas, n in comptes.items() if n)
    if not montres:
        return [Note(note, "precision") for note in notes if siens[Sort.STABLE]]
    rangees = tuple(_rangee(d) for d in montres)
    return [Tableau("changements", MOTS["bouges"], tuple(map(entete, MOTS["entetes"])), rangees, notes)]


def _rangee(devenir: Devenir) -> tuple[Cellule, ...]:
    evolution, apres = devenir.evolution, devenir.apres
    ecart, dit = (ligne(evolution)[r] for r in (4, 6)) if evolution else ("", "")
    dates = [(c, _ecrit(devenir, c), "" if c is None else c.periode) for c in (devenir.avant, apres)]
    return (
        Cellule(devenir.indicateur.libelle_court, classe="libelle"),
        *(Cellule(texte, reference(c) if c is apres and c else "", detail=date) for c, texte, date in dates),
        Cellule(ecart),
        Cellule(dit, classe="texte"),
    )


def _ecrit(devenir: Devenir, chiffre: Any) -> str:
    return ecrire(devenir.indicateur, chiffre)


def _phrases(trouvees: Sequence[Dementie]) -> list[Bloc]:
    montrees = trouvees[: MONTRES["phrases"]]
    dites = [
        _dire("phrase", avant=d.avant, apres=d.apres) if d.apres else _dire("phrase_seule", avant=d.avant)
        for d in montrees
    ]
    return _liste("phrases", dites, len(trouvees) - len(montrees), "autres_phrases")


def _rangs(places: Sequence[Place]) -> list[Bloc]:
    montrees = places[: MONTRES["rangs"]]
    dites = [
        _dire(
            "rang_haut" if p.haut else "rang_bas",
            libelle=p.indicateur.libelle_court,
            sur=p.sur,
            quoi=NIVEAUX.get(p.apres[0].niveau, p.apres[0].niveau),
            **{
                nom: dit
                for cote, (t, c) in (("avant", p.avant), ("apres", p.apres))
                for nom, dit in (
                    (cote, t.nom),
                    (f"v_{cote}", ecrire(p.indicateur, c)),
                    (f"d_{cote}", date_dite(c, p.indicateur)),
                )
            },
        )
        for p in montrees
    ]
    return _liste("rangs", dites, len(places) - len(montrees), "autres_rangs")


def _incomparables(devenirs: Sequence[Devenir]) -> list[Bloc]:
    """Dire chaque raison une fois, avec les chiffres qu'elle touche."""
    par_raison: dict[str, list[Devenir]] = {}
    for d in devenirs:
        par_raison.setdefault(d.raison, []).append(d)
    rangees = sorted(par_raison.items(), key=lambda r: -len(r[1]))[: MONTRES["raisons"]]
    return _liste("incomparables", [_dire("raison", qui=_qui(ds), raison=raison) for raison, ds in rangees])


def _sources(comparaison: Comparaison, siens: dict[Sort, list[Devenir]]) -> list[Bloc]:
    """Dire ce que les producteurs ont révisé, ce qui a paru, ce qui manque."""
    dites = [
        _dire(
            "revise",
            libelle=d.indicateur.libelle_court,
            date=date_dite(d.apres, d.indicateur) if d.apres else "",
            avant=_ecrit(d, d.avant),
            apres=_ecrit(d, d.apres),
        )
        for d in siens[Sort.REVISE][: MONTRES["chiffres"]]
    ]
    dites = [MOTS["revises"], *dites] if dites else []
    dites += _mouvements_de_sources(comparaison)
    for cas, sort in (("parus", Sort.PARU), ("perdus", Sort.PERDU)):
        if siens[sort]:
            dites.append(_dire(cas, n=len(siens[sort]), qui=_noms(siens[sort])))
    return _liste("sources", dites)


def _mouvements_de_sources(comparaison: Comparaison) -> list[str]:
    avant, apres = comparaison.ancien.lots, comparaison.lots
    connues, dites = sources(), []
    for identifiant in dict.fromkeys([*(s for s, _, _ in avant), *(s for s, _, _ in apres)]):
        titre = connues[identifiant].titre if identifiant in connues else identifiant
        deux = [{m for s, m, _ in lots if s == identifiant and m} for lots in (avant, apres)]
        annees = {"annees_avant": _annees(deux[0]), "annees": _annees(deux[1])}
        if deux[0] != deux[1]:
            cas = "nouvelle" if not deux[0] else "parue" if deux[1] else "retiree"
            dites.append(_dire(cas, titre=titre, **annees))
        elif any(
            avant[lot].empreintes != apres[lot].empreintes
            for lot in avant.keys() & apres
            if lot[0] == identifiant
        ):
            dites.append(_dire("remplacee", titre=titre, **annees))
    return dites


def _annees(tenues: set[int]) -> str:
    return enumerer(list(map(str, sorted(tenues)))) or "sans date"


def _qui(devenirs: Sequence[Devenir]) -> str:
    if len(devenirs) == 1:
        return devenirs[0].indicateur.libelle_court
    return f"{len(devenirs)} chiffres ({_noms(devenirs)})"


def _noms(devenirs: Sequence[Devenir]) -> str:
    noms = [d.indicateur.libelle_court for d in devenirs[: MONTRES["nommes"]]]
    return ", ".join(noms) + ("…" if len(devenirs) > len(noms) else "")


def _liste(titre: str, dites: Sequence[str], autres: int = 0, reste: str = "") -> list[Bloc]:
    if not dites:
        return []
    puces = [*map(Puce, dites), *([Puce(_dire(reste, n=autres))] if autres else [])]
    return [Titre(MOTS[titre], 3), Liste(tuple(puces))]
