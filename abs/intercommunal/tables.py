"""Les tableaux communes × indicateurs et la fiche de chaque commune : références, rangs possibles, écarts établis."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from abs.blocs.blocs import Cellule, Tableau, entete
from abs.calcul.table_longue import Chiffre, Diagnostic, Ensembles, mots_de_couverture
from abs.definitions import dire
from abs.indicateurs.indicateurs import THEMES, Indicateur
from abs.intercommunal.groupes import Groupes
from abs.intercommunal.plan import indicateurs_du_theme, par_raison, plan, raisons
from abs.intercommunal.rangs import Classement, mots_du_rang
from abs.phrases.phrases import Phrase
from abs.phrases.significativite import DIFFERENTS
from abs.portrait.chapitre_qpv import cote_a_cote
from abs.portrait.premiere_page import Point, bilan
from abs.portrait.tableaux import cellule, notes_de_lecture
from abs.statuts import Statut
from abs.territoires.territoires import Territoire

LECTURE: Final = dire("comparaison", "lecture")
SIGNES: Final = dire("comparaison", "signes")
# Les mêmes signes que dans le classeur.
SIGNES_DE_STATUT: Final[dict[str, str]] = {Statut.PARTIEL: "\u00a0p", Statut.ESTIME: "\u00a0e"}
PARTIELS_CITES: Final = 6

Classements = Mapping[str, Classement]


def par_theme(
    diagnostic: Diagnostic, classements: Classements, theme: str, voulus: Sequence[str] = ()
) -> list[Tableau]:
    """Composer les tableaux d'un thème, une commune par ligne."""
    liste = indicateurs_du_theme(diagnostic, theme, voulus)
    largeur = plan()["tableaux"]["colonnes"]
    # Des tranches de même largeur : pas de tableau d'une seule colonne à la fin.
    combien = -(-len(liste) // largeur)
    pas = -(-len(liste) // combien) if combien else 0
    tranches = [liste[debut : debut + pas] for debut in range(0, len(liste), pas or 1)]
    titre, rendus = f"Les communes une par une : {THEMES[theme].lower()}", []
    for rang, tranche in enumerate(tranches, start=1):
        nomme = f"{titre} ({rang})" if len(tranches) > 1 else titre
        tableau = _tableau(diagnostic, classements, tranche)
        # Les communes sans chiffre se disent une fois, sous la dernière tranche.
        notes = (*tableau.notes, *(raisons(diagnostic, tranche) if rang == len(tranches) else []))
        rendus.append(replace(tableau, code=f"communes-{theme}-{rang}", titre=nomme, notes=notes))
    return rendus


def _tableau(diagnostic: Diagnostic, classements: Classements, liste: Sequence[Indicateur]) -> Tableau:
    ensembles = diagnostic.ensembles
    lignes, tous, absentes = [], [], []
    for t in (ensembles.sujet, *ensembles.references, *ensembles.mailles):
        chiffres = [diagnostic.chiffre(t, i.code, "mailles") for i in liste]
        commune = t.niveau == "commune"
        if not commune and not any(c is not None and c.a_une_valeur for c in chiffres):
            # Une référence qui n'a aucun de ces chiffres n'occupe pas une ligne ; la note dit pourquoi.
            absentes.append(t.titre)
            continue
        tous += [(t, c) for c in chiffres]
        cellules = [
            _cellule(i, c, classements.get(i.code), t.code if commune else "")
            for i, c in zip(liste, chiffres, strict=True)
        ]
        lignes.append((Cellule(t.titre, aide=t.code, classe="entete" if commune else "sujet"), *cellules))
    notes = (
        *notes_de_lecture([c for _, c in tous]),
        *notes_des_marques(tous),
        *_sans_rang(liste, classements),
        *([dire("comparaison", "absentes", noms=" ; ".join(absentes))] if absentes else []),
    )
    return Tableau("", "", tetes_des_communes(diagnostic, liste), tuple(lignes), notes)


def tetes_des_communes(diagnostic: Diagnostic, liste: Sequence[Indicateur]) -> tuple[Cellule, ...]:
    """Écrire les en-têtes d'un tableau d'une commune par ligne : un indicateur par colonne, sa date dessous."""
    datees = (entete(i.libelle_court, i.definition, date_des_communes(diagnostic, i)) for i in liste)
    return (entete("Commune"), *datees)


def _cellule(
    indicateur: Indicateur, chiffre: Chiffre | None, classement: Classement | None, commune: str
) -> Cellule:
    nue = avec_marque(cellule(indicateur, chiffre), chiffre)
    position = classement.positions.get(commune) if classement and commune else None
    if position is None:
        return nue
    aide = nue.aide
    if position.silence and chiffre is not None and chiffre.a_une_valeur:
        aide = f"{aide} ; sans rang : {position.silence}"
    texte = f"{nue.texte} {position.signe}".rstrip(" ")
    return replace(nue, texte=texte, detail=mots_du_rang(position.fourchette), aide=aide)


def date_des_communes(diagnostic: Diagnostic, indicateur: Indicateur) -> str:
    """Donner la date où un indicateur est lu dans les communes, à défaut dans leur intercommunalité."""
    ensembles = diagnostic.ensembles
    lus = [diagnostic.chiffre(t, indicateur.code, "mailles") for t in (*ensembles.mailles, ensembles.sujet)]
    return next((c.periode for c in lus if c is not None and c.a_une_valeur), "")


def _sans_rang(liste: Sequence[Indicateur], classements: Classements) -> list[str]:
    lus = ((c.refus, c.indicateur.libelle_court) for i in liste if (c := classements.get(i.code)))
    refuses = par_raison(lu for lu in lus if lu[0])
    return [f"Sans rang : {raison} : {' ; '.join(libelles)}." for raison, libelles in refuses.items()]


def quartiers_prioritaires(diagnostic: Diagnostic, codes: Sequence[str]) -> list[Tableau]:
    """Composer les tableaux des QPV côte à côte, leurs communes nommées."""
    noms = {t.code: t.nom for t in diagnostic.ensembles.mailles}
    communes = {
        q.code: ", ".join(noms.get(c, f"{c}, hors de l'intercommunalité") for c in q.composantes)
        for q in diagnostic.ensembles.qpv
    }
    liste = [diagnostic.indicateurs[c] for c in codes if c in diagnostic.indicateurs]
    note = _date_du_territoire(diagnostic, liste)

    def nommer(c: Cellule) -> Cellule:
        return replace(c, detail=f"{c.aide} · {communes[c.aide]}") if c.aide in communes else c

    return [
        replace(
            t,
            entetes=tuple(map(nommer, t.entetes)),
            lignes=tuple((nommer(ligne[0]), *ligne[1:]) for ligne in t.lignes),
            notes=(*t.notes, *((note,) if note and t.notes else ())),
        )
        for t in cote_a_cote(diagnostic, liste)
    ]


def _date_du_territoire(diagnostic: Diagnostic, liste: Sequence[Indicateur]) -> str:
    """Dire à quelle date l'intercommunalité est lue à côté des QPV, et à quelle autre elle l'est ailleurs."""
    sujet, ecarts = diagnostic.ensembles.sujet, []
    for i in liste:
        if ("qpv_sujet", i.code) not in diagnostic.millesimes:
            continue
        ici, ailleurs = (diagnostic.chiffre(sujet, i.code, g) for g in ("qpv_sujet", "mailles"))
        lus = [c for c in (ici, ailleurs) if c is not None and c.a_une_valeur]
        if len(lus) > 1 and lus[0].periode != lus[1].periode:
            ecarts.append(f"{lus[0].periode} ; ailleurs dans le document, {lus[1].periode}")
    dates = " ; ".join(dict.fromkeys(ecarts))
    return dire("comparaison", "date_des_qpv", dates=dates) if dates else ""


def libelle_de_ligne(indicateur: Indicateur) -> Cellule:
    """Écrire l'en-tête de ligne d'un indicateur."""
    return Cellule(indicateur.libelle_court, aide=indicateur.definition, classe="entete")


def marque_de_statut(chiffre: Chiffre | None) -> str:
    """Donner le signe d'une valeur partielle ou estimée."""
    return SIGNES_DE_STATUT.get(chiffre.statut, "") if chiffre is not None and chiffre.a_une_valeur else ""


def avec_marque(cellule: Cellule, chiffre: Chiffre | None) -> Cellule:
    """Ajouter à une cellule le signe du statut de son chiffre."""
    return replace(cellule, texte=cellule.texte + marque_de_statut(chiffre))


def notes_des_marques(lus: Iterable[tuple[Territoire, Chiffre | None]]) -> list[str]:
    """Expliquer les signes présents, et eux seuls."""
    presents = [(t, c) for t, c in lus if c is not None and c.a_une_valeur]
    notes = []
    partiels = [(t.titre, mots_de_couverture(c)) for t, c in presents if c.statut == Statut.PARTIEL]
    couvertures = dict.fromkeys(
        f"{nom}, {mots.removeprefix('calculé sur ')}" for nom, mots in partiels if mots
    )
    if partiels:
        suite = " ; etc." if len(couvertures) > PARTIELS_CITES else ""
        cites = f" ({' ; '.join([*couvertures][:PARTIELS_CITES])}{suite})" if couvertures else ""
        notes.append(dire("comparaison", "partiel", cites=cites))
    estime = any(c.statut == Statut.ESTIME for _, c in presents)
    return [*notes, dire("comparaison", "estime")] if estime else notes


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
    rendues = []
    for t in diagnostic.ensembles.mailles:
        tableau = _tableau_de_fiche(diagnostic, classements, t, voulus)
        rendues.append(Fiche(t, tableau, _phrases(diagnostic, classements, t), _profil(partage, t)))
    return rendues


def vue(diagnostic: Diagnostic, commune: Territoire) -> Diagnostic:
    """Regarder le diagnostic depuis une commune : elle devient le sujet, l'intercommunalité sa référence."""
    ensembles = diagnostic.ensembles
    plus_larges = {"epci", "departement", "france"}
    references = tuple(r for r in (ensembles.sujet, *ensembles.references) if r.role in plus_larges)
    gardes = {(t.code, t.niveau) for t in (commune, *references)}
    return Diagnostic(
        diagnostic.demande,
        Ensembles(commune, references, (), (), ()),
        [c for c in diagnostic.chiffres if (c.territoire, c.niveau) in gardes],
        millesimes=diagnostic.millesimes,
    )


def _tableau_de_fiche(
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
        place = Cellule(f"{rang} sur {classement.rangees}", valeur.reference)
        lignes.append(
            (
                libelle_de_ligne(definition),
                replace(valeur, texte=f"{valeur.texte} {position.signe}".strip()),
                avec_marque(cellule(definition, ensemble), ensemble),
                place if rang else Cellule("–", aide=position.silence, classe="absent"),
                Cellule(sien.periode, classe="date"),
            )
        )
    if not lignes:
        return None
    rang_possible = entete("Rang possible", "1er : valeur la plus haute")
    tetes = map(entete, ("Indicateur", commune.nom, "Intercommunalité"))
    titre, notes = f"{commune.nom} et l'intercommunalité", tuple(notes_des_marques(lus))
    entetes = (*tetes, rang_possible, entete("Date"))
    return Tableau(f"fiche-{commune.code}", titre, entetes, tuple(lignes), notes)


def _phrases(diagnostic: Diagnostic, classements: Classements, commune: Territoire) -> tuple[Phrase, ...]:
    """Garder les phrases dont l'écart reste établi quand on compare toutes les communes à la fois."""
    etabli, moitie = bilan(vue(diagnostic, commune)), plan()["fiche"]["phrases"] // 2
    dites: list[Phrase] = []
    for points in (etabli.faiblesses, etabli.forces):
        siennes = ((p, classements[p.indicateur.code].positions[commune.code]) for p in points)
        tenus = [p for p, position in siennes if position.comparaison.verdict in DIFFERENTS]
        dites += [p.phrase for p in une_par_famille(tenus)][:moitie]
    return tuple(dites)


def une_par_famille(points: Sequence[Point]) -> list[Point]:
    """Ne garder qu'un point par famille d'indicateurs qui disent la même chose."""
    par_code = {p.indicateur.code: p for p in points}
    choisis: dict[str, str] = {}
    for famille in plan()["fiche"]["familles"]:
        presents = [c for c in famille if c in par_code]
        choisis |= dict.fromkeys(presents, *presents[:1])
    codes = dict.fromkeys(choisis.get(p.indicateur.code, p.indicateur.code) for p in points)
    return [par_code[c] for c in codes]


def _profil(partage: Groupes, commune: Territoire) -> str:
    for groupe in partage.groupes:
        if commune.code in {t.code for t in groupe.communes}:
            compagnes = ", ".join(t.nom for t in groupe.communes if t.code != commune.code)
            autres = f"avec {compagnes}" if compagnes else "seule de son groupe"
            return f"Groupe {groupe.numero} ({groupe.nom[:1].lower()}{groupe.nom[1:]}), {autres}."
    return dire("tableaux", "non_classee") if partage.groupes else ""
