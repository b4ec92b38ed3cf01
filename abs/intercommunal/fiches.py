"""La fiche d'une commune dans son intercommunalité : ses chiffres à côté de ceux de l'ensemble, ses rangs, des phrases."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from abs.calcul.table_longue import Diagnostic, Ensembles
from abs.intercommunal.groupes import Groupes
from abs.intercommunal.plan import plan
from abs.intercommunal.rangs import mots_du_rang
from abs.intercommunal.tables import Classements, avec_marque, libelle_de_ligne, notes_des_marques
from abs.phrases.phrases import Phrase
from abs.phrases.significativite import DIFFERENTS
from abs.portrait.forces_faiblesses import Bilan, Point, bilan
from abs.portrait.tableaux import Cellule, Tableau, cellule, entete
from abs.territoires.territoires import Territoire


@dataclass(frozen=True)
class Fiche:
    """Une commune, en une page."""

    territoire: Territoire
    tableau: Tableau | None
    phrases: tuple[Phrase, ...]
    profil: str


def fiches(
    diagnostic: Diagnostic, classements: Classements, partage: Groupes, voulus: Sequence[str] = ()
) -> list[Fiche]:
    """Composer les fiches de toutes les communes."""
    return [
        Fiche(
            t,
            _tableau(diagnostic, classements, t, voulus),
            _phrases(diagnostic, classements, t),
            _profil(partage, t),
        )
        for t in diagnostic.ensembles.mailles
    ]


def vue(diagnostic: Diagnostic, commune: Territoire) -> Diagnostic:
    """Regarder le diagnostic depuis une commune : elle devient le sujet, l'intercommunalité sa référence."""
    ensembles = diagnostic.ensembles
    references = tuple(
        r for r in (ensembles.sujet, *ensembles.references) if r.role in {"epci", "departement", "france"}
    )
    gardes = {(t.code, t.niveau) for t in (commune, *references)}
    return Diagnostic(
        diagnostic.demande,
        Ensembles(commune, references, (), (), ()),
        [c for c in diagnostic.chiffres if (c.territoire, c.niveau) in gardes],
        millesimes=diagnostic.millesimes,
    )


def _tableau(
    diagnostic: Diagnostic, classements: Classements, commune: Territoire, voulus: Sequence[str]
) -> Tableau | None:
    sujet = diagnostic.ensembles.sujet
    lignes, lus = [], []
    for code in voulus or plan()["fiche"]["indicateurs"]:
        definition = diagnostic.indicateurs[code]
        sien = diagnostic.chiffre(commune, code, "mailles")
        if sien is None or not sien.a_une_valeur:
            continue
        ensemble, classement = diagnostic.chiffre(sujet, code, "mailles"), classements[code]
        position = classement.positions[commune.code]
        rang = mots_du_rang(position.fourchette)
        valeur = avec_marque(cellule(definition, sien), sien)
        lus += [(commune, sien), (sujet, ensemble)]
        lignes.append(
            (
                libelle_de_ligne(definition),
                replace(valeur, texte=f"{valeur.texte} {position.signe}".strip()),
                avec_marque(cellule(definition, ensemble), ensemble),
                Cellule(f"{rang} sur {classement.rangees}", valeur.reference)
                if rang
                else Cellule("–", aide=position.silence, classe="absent"),
                Cellule(sien.periode, classe="date"),
            )
        )
    if not lignes:
        return None
    entetes = (
        entete("Indicateur"),
        entete(commune.nom),
        entete("Intercommunalité"),
        entete("Rang possible", "1er : valeur la plus haute"),
        entete("Date"),
    )
    return Tableau(
        f"fiche-{commune.code}",
        f"{commune.nom} et l'intercommunalité",
        entetes,
        tuple(lignes),
        tuple(notes_des_marques(lus)),
    )


def _phrases(diagnostic: Diagnostic, classements: Classements, commune: Territoire) -> tuple[Phrase, ...]:
    """Garder les phrases dont l'écart reste établi quand on compare toutes les communes à la fois."""
    etabli: Bilan = bilan(vue(diagnostic, commune))
    moitie = plan()["fiche"]["phrases"] // 2

    def tient(code: str) -> bool:
        position = classements[code].positions.get(commune.code) if code in classements else None
        return position is not None and position.comparaison.verdict in DIFFERENTS

    dites = [
        [p.phrase for p in une_par_famille([p for p in points if tient(p.indicateur.code)])][:moitie]
        for points in (etabli.faiblesses, etabli.forces)
    ]
    return (*dites[0], *dites[1])


def une_par_famille(points: Sequence[Point]) -> list[Point]:
    """Ne garder qu'un point par famille d'indicateurs qui disent la même chose."""
    par_code = {p.indicateur.code: p for p in points}
    choisis: dict[str, str] = {}
    for famille in plan()["fiche"]["familles"]:
        presents = [c for c in famille if c in par_code]
        choisis |= dict.fromkeys(presents, presents[0] if presents else "")
    codes = dict.fromkeys(choisis.get(p.indicateur.code, p.indicateur.code) for p in points)
    return [par_code[c] for c in codes]


def _profil(partage: Groupes, commune: Territoire) -> str:
    for groupe in partage.groupes:
        if commune.code in {t.code for t in groupe.communes}:
            compagnes = ", ".join(t.nom for t in groupe.communes if t.code != commune.code)
            autres = f"avec {compagnes}" if compagnes else "seule de son groupe"
            return f"Groupe {groupe.numero} ({groupe.nom[:1].lower()}{groupe.nom[1:]}), {autres}."
    if partage.groupes:
        return "Non classée dans un groupe : trop de chiffres absents ou fragiles."
    return ""
