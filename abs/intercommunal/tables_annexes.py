"""Les tableaux des profils, des comparables et de la ville-centre."""

from itertools import product

from abs.blocs.blocs import Cellule, Tableau, entete
from abs.calcul.table_longue import Diagnostic
from abs.definitions import dire
from abs.formats import arrondir, avec_unite, nombre
from abs.indicateurs.indicateurs import Indicateur
from abs.intercommunal import tables
from abs.intercommunal.centre import Part, PoidsDuCentre, SansElle
from abs.intercommunal.groupes import Groupes, mots_du_trait
from abs.intercommunal.pairs_des_communes import PairsDUneQuestion
from abs.intercommunal.plan import chiffrees, par_raison, plan
from abs.intercommunal.rangs import mots_du_rang
from abs.phrases.ecriture import decimales, ecrire, reference
from abs.portrait.tableaux import cellule

# En français, le pluriel commence à deux.
POINTS_AU_PLURIEL = 2


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
    incompletes = {"completees": partage.completees, "non_classees": partage.non_classees}
    notes = [
        *(dire("tableaux", cas, noms=", ".join(t.nom for t in ts)) for cas, ts in incompletes.items() if ts),
        *_a_l_ecart(diagnostic, partage),
    ]
    entetes = tuple(map(entete, ("Groupe", "Traits les plus forts (proposition de nom)", "Communes")))
    premier = Tableau("groupes", "Les groupes de communes", entetes, qui, tuple(notes))
    etendues = tuple(
        (
            tables.libelle_de_ligne(v.indicateur),
            *(_etendue(diagnostic, v.indicateur, [t.code for t in g.communes]) for g in partage.groupes),
            Cellule(tables.date_des_communes(diagnostic, v.indicateur), classe="date"),
        )
        for v in partage.variables
    )
    marques = tables.notes_des_marques(
        (t, diagnostic.chiffre(t, v.code, "mailles"))
        for v, g in product(partage.variables, partage.groupes)
        for t in g.communes
    )
    tetes = ("Variable", *(f"Groupe {g.numero}" for g in partage.groupes), "Date")
    titre = "De la commune la plus basse à la plus haute de chaque groupe"
    seconds = (tuple(map(entete, tetes)), etendues, (dire("tableaux", "etendue"), *marques))
    return [premier, Tableau("groupes-etendues", titre, *seconds)]


def _a_l_ecart(diagnostic: Diagnostic, partage: Groupes) -> list[str]:
    """Nommer les communes qui, dans leur groupe, sont de l'autre côté de la moyenne que celui du trait."""
    notes = []
    for v, haut in product(partage.variables, (True, False)):
        trait = mots_du_trait(v, haut=haut)
        valeurs = {t: c.valeur for t, c in chiffrees(diagnostic, v.code, solides=True).items()}
        for groupe in (g for g in partage.groupes if trait in g.traits):
            moyenne = sum(valeurs.values()) / len(valeurs)
            tenues = [t for t in groupe.communes if t.code in valeurs]
            autres = [t.nom for t in tenues if (valeurs[t.code] > moyenne) != haut]
            if autres:
                mots = {"numero": groupe.numero, "trait": trait, "autres": ", ".join(autres)}
                notes.append(dire("tableaux", "ecart_d_une" if len(autres) == 1 else "ecarts", **mots))
    return notes


def _etendue(diagnostic: Diagnostic, definition: Indicateur, codes: list[str]) -> Cellule:
    lus = [c for t, c in chiffrees(diagnostic, definition.code, solides=True).items() if t in codes]
    if not lus:
        return Cellule("nc", classe="absent")
    bas, haut = min(lus, key=lambda c: c.valeur), max(lus, key=lambda c: c.valeur)
    textes = list(dict.fromkeys(ecrire(definition, c) + tables.marque_de_statut(c) for c in (bas, haut)))
    return Cellule(" à ".join(textes), " ".join(dict.fromkeys((reference(bas), reference(haut)))))


def pairs(diagnostic: Diagnostic, question: PairsDUneQuestion) -> Tableau | None:
    """Composer le tableau des places parmi les comparables, pour une question."""
    if not question.pairs or not question.resultats:
        return None
    lignes, lus = [], []
    for t in (t for t in diagnostic.ensembles.mailles if t.code in question.pairs):
        cellules = []
        for i in question.resultats:
            place = question.places[t.code].get(i.code)
            rang = f"{mots_du_rang(place.fourchette)} sur {place.sur}" if place and place.fourchette else ""
            lu = diagnostic.chiffre(t, i.code, "mailles")
            mots = (rang or "sans place") if place else ""
            cellules.append(tables.avec_marque(cellule(i, lu, detail=mots), lu))
            lus.append((t, lu))
        noms = ", ".join(p.nom for p in question.pairs[t.code])
        tete = Cellule(t.titre, aide=t.code, classe="entete")
        lignes.append((tete, *cellules, Cellule(noms, classe="texte")))
    derniere = entete("Communes comparables, de la plus proche à la moins proche")
    entetes = (*tables.tetes_des_communes(diagnostic, question.resultats), derniere)
    refuses = par_raison((raison, t.nom) for t, raison in question.refus)
    notes = (
        *question.phrases,
        *tables.notes_des_marques(lus),
        dire("tableaux", "sans_place"),
        *(f"Sans comparables, {raison} : {', '.join(noms)}." for raison, noms in refuses.items()),
    )
    posee = question.question
    return Tableau(f"pairs-{posee.code}", posee.libelle, entetes, tuple(lignes), notes)


def poids(centre: PoidsDuCentre) -> list[Tableau]:
    """Composer les tableaux de la ville-centre : ses parts, puis les taux avec et sans elle."""
    if centre.centre is None:
        return []
    nom, rendus = centre.centre.nom, []
    if centre.parts:
        lignes = tuple(map(_ligne_de_part, centre.parts))
        entetes = tuple(map(entete, ("Compte", nom, "Intercommunalité", "Part de la ville-centre", "Date")))
        notes = tuple(
            dire("tableaux", "a_cheval", nom=nom, qpv=", ".join(p.a_cheval))
            for p in centre.parts
            if p.a_cheval
        )
        rendus.append(Tableau("centre-parts", f"Ce qui est à {nom}", entetes, lignes, notes))
    voulus = [c for liste in plan()["tableaux"].values() if isinstance(liste, list) for c in liste]
    par_code = {s.indicateur.code: s for s in centre.sans_elle}
    if lignes := tuple(_ligne_sans_elle(par_code[c]) for c in voulus if c in par_code):
        tetes = ("Indicateur", "Ensemble", f"Sans {nom}", nom, "Ce que son retrait change")
        entetes = tuple(map(entete, (*tetes, "Écart établi avec le reste", "Date")))
        titre, notes = f"L'intercommunalité avec et sans {nom}", (dire("tableaux", "sans_elle"),)
        rendus.append(Tableau("centre-sans-elle", titre, entetes, lignes, notes))
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
    fixes = min(decimales(s.indicateur, c) for c in (s.ensemble, s.reste))
    # Le lecteur refait la soustraction : elle porte sur les valeurs écrites, non sur celles d'avant l'arrondi.
    ecrit = arrondir(s.reste.valeur, fixes) - arrondir(s.ensemble.valeur, fixes)
    unite = ("points" if abs(ecrit) >= POINTS_AU_PLURIEL else "point") if s.indicateur.unite == "%" else ""
    signe = "+" if ecrit > 0 else "\u2212" if ecrit < 0 else ""
    changement = f"{signe}{avec_unite(float(abs(ecrit)), unite, fixes)}"
    mots = plan()["verdicts"]["etabli"][s.comparaison.verdict]
    return (
        tables.libelle_de_ligne(s.indicateur),
        *(Cellule(ecrire(s.indicateur, c), reference(c)) for c in (s.ensemble, s.reste, s.centre)),
        Cellule(changement, f"{reference(s.ensemble)} {reference(s.reste)}"),
        Cellule(mots, classe="texte"),
        Cellule(s.ensemble.periode, classe="date"),
    )
