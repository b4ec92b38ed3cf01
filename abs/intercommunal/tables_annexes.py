"""Les tableaux des profils, des comparables et de la ville-centre."""

from __future__ import annotations

from itertools import product

from abs.calcul.table_longue import Diagnostic
from abs.formats import arrondir, avec_unite, nombre
from abs.indicateurs.indicateurs import Indicateur
from abs.intercommunal.absences import chiffrees, par_raison
from abs.intercommunal.centre import Part, PoidsDuCentre, SansElle
from abs.intercommunal.groupes import Groupes
from abs.intercommunal.mesures_des_groupes import mots_du_trait
from abs.intercommunal.pairs_des_communes import PairsDUneQuestion
from abs.intercommunal.plan import plan
from abs.intercommunal.rangs import mots_du_rang
from abs.intercommunal.tables import (
    avec_marque,
    date_des_communes,
    libelle_de_ligne,
    marque_de_statut,
    nom_de_ligne,
    notes_des_marques,
)
from abs.phrases.phrases import decimales, ecrire, reference
from abs.phrases.significativite import Verdict
from abs.portrait.tableaux import Cellule, Tableau, cellule, entete

# En français, le pluriel commence à deux.
POINTS_AU_PLURIEL = 2
MOTS_DU_VERDICT = {
    Verdict.PLUS: "oui, plus haut",
    Verdict.MOINS: "oui, plus bas",
    Verdict.COMPARABLE: "non, comparable",
    Verdict.DANS_LA_MARGE: "non, dans la marge",
    Verdict.NON_EVALUE: "non évalué",
}


def groupes(diagnostic: Diagnostic, partage: Groupes) -> list[Tableau]:
    """Composer les tableaux des profils : qui est dans chaque groupe, puis l'étendue de chaque variable."""
    if not partage.groupes:
        return []
    qui = tuple(
        (
            Cellule(f"Groupe\u00a0{g.numero}", classe="entete"),
            Cellule(g.nom, detail=" ; ".join(g.traits[2:]), classe="texte"),
            Cellule(", ".join(t.nom for t in g.communes), classe="texte"),
        )
        for g in partage.groupes
    )
    notes = []
    if partage.completees:
        notes.append(f"Classées malgré une valeur absente : {', '.join(t.nom for t in partage.completees)}.")
    if partage.non_classees:
        notes.append(
            "Non classées, trop de chiffres absents ou fragiles : "
            f"{', '.join(t.nom for t in partage.non_classees)}."
        )
    notes += _a_l_ecart(diagnostic, partage)
    entetes = (entete("Groupe"), entete("Traits les plus forts (proposition de nom)"), entete("Communes"))
    premier = Tableau("groupes", "Les groupes de communes", entetes, qui, tuple(notes))
    etendues = tuple(
        (
            libelle_de_ligne(v.indicateur),
            *(_etendue(diagnostic, v.indicateur, [t.code for t in g.communes]) for g in partage.groupes),
            Cellule(date_des_communes(diagnostic, v.indicateur), classe="date"),
        )
        for v in partage.variables
    )
    second = Tableau(
        "groupes-etendues",
        "De la commune la plus basse à la plus haute de chaque groupe",
        (entete("Variable"), *(entete(f"Groupe {g.numero}") for g in partage.groupes), entete("Date")),
        etendues,
        (
            "Un groupe n'a pas de médiane à lui : l'étendue de ses communes en tient lieu.",
            *notes_des_marques(
                [
                    (t, diagnostic.chiffre(t, v.code, "mailles"))
                    for v in partage.variables
                    for g in partage.groupes
                    for t in g.communes
                ]
            ),
        ),
    )
    return [premier, second]


def _a_l_ecart(diagnostic: Diagnostic, partage: Groupes) -> list[str]:
    """Nommer les communes qui, dans leur groupe, sont de l'autre côté de la moyenne que celui du trait."""
    notes = []
    for v, haut in product(partage.variables, (True, False)):
        trait = mots_du_trait(v, haut=haut)
        valeurs = {t: c.valeur for t, c in chiffrees(diagnostic, v.code, solides=True).items()}
        for groupe in (g for g in partage.groupes if trait in g.traits):
            moyenne = sum(valeurs.values()) / len(valeurs)
            autres = [
                t.nom for t in groupe.communes if t.code in valeurs and (valeurs[t.code] > moyenne) != haut
            ]
            if autres:
                notes.append(f"Groupe {groupe.numero}, « {trait} » : {', '.join(autres)} s'en écarte"
                             f"{'nt' if len(autres) > 1 else ''}, de l'autre côté de la moyenne.")  # fmt: skip
    return notes


def _etendue(diagnostic: Diagnostic, definition: Indicateur, codes: list[str]) -> Cellule:
    lus = [c for t, c in chiffrees(diagnostic, definition.code, solides=True).items() if t in codes]
    if not lus:
        return Cellule("nc", classe="absent")
    bas, haut = min(lus, key=lambda c: c.valeur), max(lus, key=lambda c: c.valeur)
    textes = list(dict.fromkeys(ecrire(definition, c) + marque_de_statut(c) for c in (bas, haut)))
    return Cellule(" à ".join(textes), " ".join(dict.fromkeys((reference(bas), reference(haut)))))


def pairs(diagnostic: Diagnostic, question: PairsDUneQuestion) -> Tableau | None:
    """Composer le tableau des places parmi les comparables, pour une question."""
    if not question.pairs or not question.resultats:
        return None
    lignes, lus = [], []
    for t in diagnostic.ensembles.mailles:
        if t.code not in question.pairs:
            continue
        cellules = []
        for i in question.resultats:
            place = question.places.get(t.code, {}).get(i.code)
            lu, mots = diagnostic.chiffre(t, i.code, "mailles"), ""
            if place is not None:
                lu = place.chiffre
                mots = (
                    f"{mots_du_rang(place.fourchette)} sur {place.sur}" if place.fourchette else "sans place"
                )
            cellules.append(avec_marque(cellule(i, lu, detail=mots), lu))
            lus.append((t, lu))
        noms = ", ".join(p.nom for p in question.pairs[t.code])
        lignes.append((nom_de_ligne(t), *cellules, Cellule(noms, classe="texte")))
    entetes = (
        entete("Commune"),
        *(
            entete(i.libelle_court, i.definition, date_des_communes(diagnostic, i))
            for i in question.resultats
        ),
        entete("Communes comparables, de la plus proche à la moins proche"),
    )
    notes = [
        *question.phrases,
        *notes_des_marques(lus),
        "« Sans place » : elle ne se distingue pas de ses comparables.",
    ]
    refuses = par_raison((raison, t.nom) for t, raison in question.refus)
    notes += [f"Sans comparables, {raison} : {', '.join(noms)}." for raison, noms in refuses.items()]
    return Tableau(
        f"pairs-{question.question.code}", question.question.libelle, entetes, tuple(lignes), tuple(notes)
    )


def poids(centre: PoidsDuCentre) -> list[Tableau]:
    """Composer les tableaux de la ville-centre : ses parts, puis les taux avec et sans elle."""
    if centre.centre is None:
        return []
    nom, rendus = centre.centre.nom, []
    if centre.parts:
        lignes = tuple(map(_ligne_de_part, centre.parts))
        entetes = tuple(map(entete, ("Compte", nom, "Intercommunalité", "Part de la ville-centre", "Date")))
        notes = tuple(
            f"Quartiers à cheval, en partie dans {nom} et non comptés à {nom} : {', '.join(p.a_cheval)}."
            for p in centre.parts
            if p.a_cheval
        )
        rendus.append(Tableau("centre-parts", f"Ce qui est à {nom}", entetes, lignes, notes))
    voulus = [c for liste in plan()["tableaux"].values() if isinstance(liste, list) for c in liste]
    taux = sorted(
        (s for s in centre.sans_elle if s.indicateur.code in voulus),
        key=lambda s: voulus.index(s.indicateur.code),
    )
    if taux:
        tetes = ("Indicateur", "Ensemble", f"Sans {nom}", nom, "Ce que son retrait change")
        entetes = (*map(entete, tetes), entete("Écart établi avec le reste"), entete("Date"))
        note = (
            "Rapports de sommes, refaits sans la ville-centre. Une médiane, un décile ou un taux publié tel quel ne se "
            "refait pas : il n'est pas dans ce tableau. Le changement est la différence des deux valeurs écrites, à la "
            "moins fine des deux."
        )
        rendus.append(
            Tableau(
                "centre-sans-elle",
                f"L'intercommunalité avec et sans {nom}",
                entetes,
                tuple(_ligne_sans_elle(s) for s in taux),
                (note,),
            )
        )
    return rendus


def _ligne_de_part(part: Part) -> tuple[Cellule, ...]:
    pourcentage = ("au moins " if part.a_cheval else "") + avec_unite(part.pourcentage, "%", 1)
    references = " ".join(map(reference, part.chiffres))
    return (
        Cellule(part.libelle, classe="entete"),
        *(Cellule(t, references) for t in (nombre(part.au_centre), nombre(part.en_tout), pourcentage)),
        Cellule(part.chiffres[0].periode, classe="date"),
    )


def _ligne_sans_elle(s: SansElle) -> tuple[Cellule, ...]:
    lus = [(c, ecrire(s.indicateur, c)) for c in (s.ensemble, s.reste, s.centre)]
    fixes = min(decimales(s.indicateur, c) for c in (s.ensemble, s.reste))
    # Le lecteur refait la soustraction : elle porte sur les valeurs écrites, non sur celles d'avant l'arrondi.
    ecrit = arrondir(s.reste.valeur, fixes) - arrondir(s.ensemble.valeur, fixes)
    unite = ("points" if abs(ecrit) >= POINTS_AU_PLURIEL else "point") if s.indicateur.unite == "%" else ""
    signe = "+" if ecrit > 0 else "\u2212" if ecrit < 0 else ""
    mots = MOTS_DU_VERDICT[s.comparaison.verdict]
    return (
        libelle_de_ligne(s.indicateur),
        *(Cellule(texte, reference(c)) for c, texte in lus),
        Cellule(
            f"{signe}{avec_unite(float(abs(ecrit)), unite, fixes)}",
            f"{reference(s.ensemble)} {reference(s.reste)}",
        ),
        Cellule(mots, classe="texte"),
        Cellule(s.ensemble.periode, classe="date"),
    )
