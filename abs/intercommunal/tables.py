"""Les tableaux communes × indicateurs : chaque cellule avec sa référence, son rang possible et son écart établi."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Final

from abs.calcul.chiffre import Chiffre
from abs.calcul.table_longue import Diagnostic
from abs.indicateurs.indicateurs import THEMES, Indicateur
from abs.intercommunal.absences import par_raison, raisons, remplissage
from abs.intercommunal.plan import plan
from abs.intercommunal.rangs import Classement, mots_du_rang
from abs.portrait.tableaux import Cellule, Tableau, cellule, entete, mots_de_couverture, notes_de_lecture
from abs.portrait.tableaux_groupes import cote_a_cote
from abs.statuts import Statut
from abs.territoires.territoires import Territoire

LECTURE: Final = (
    "Sous la valeur, le rang possible parmi les communes au chiffre solide : 1er pour la valeur la plus haute, sans "
    "jugement ; toutes les places que les marges et le seuil pratique permettent. Sans rang : la "
    "commune ne se distingue pas, son chiffre est fragile ou estimé, ou l'indicateur n'est pas rangé (voir sous le tableau)."
)
SIGNES: Final = (
    "▲ au-dessus, ▼ au-dessous du reste de l'intercommunalité : l'écart avec ce reste dépasse les marges, élargies au "
    "nombre de communes, et le seuil pratique (pour le rapport interdécile, 0,2, plus l'arrondi du producteur : 0,3 "
    "entre deux chiffres publiés au dixième). Un montant ou un rapport publié, qui ne se recalcule pas sans la commune, est "
    "comparé à celui de l'intercommunalité entière."
)
# Les mêmes signes que dans le classeur.
SIGNES_DE_STATUT: Final[dict[str, str]] = {Statut.PARTIEL: "p", Statut.ESTIME: "e"}
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
    return [
        _tableau(
            diagnostic,
            classements,
            tranche,
            f"{theme}-{rang}",
            f"Les communes une par une : {THEMES[theme].lower()}{f' ({rang})' if len(tranches) > 1 else ''}",
            derniere=rang == len(tranches),
        )
        for rang, tranche in enumerate(tranches, start=1)
    ]


def indicateurs_du_theme(diagnostic: Diagnostic, theme: str, voulus: Sequence[str] = ()) -> list[Indicateur]:
    """Choisir les indicateurs montrés dans un thème."""
    codes = voulus or plan()["tableaux"][theme]
    minimum = 1.0 if voulus else plan()["tableaux"]["part_des_communes"] * len(diagnostic.ensembles.mailles)
    connus = [diagnostic.indicateurs[c] for c in codes if c in diagnostic.indicateurs]
    return [i for i in connus if i.theme == theme and remplissage(diagnostic, i) >= max(minimum, 1.0)]


def _tableau(
    diagnostic: Diagnostic,
    classements: Classements,
    liste: Sequence[Indicateur],
    code: str,
    titre: str,
    *,
    derniere: bool,
) -> Tableau:
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
    entetes = (
        entete("Commune"),
        *(entete(i.libelle_court, i.definition, date_des_communes(diagnostic, i)) for i in liste),
    )
    notes = [
        *notes_de_lecture([c for _, c in tous]),
        *notes_des_marques(tous),
        *_sans_rang(liste, classements),
    ]
    if absentes:
        notes.append(f"Aucun de ces chiffres n'est publié ni recalculable pour : {' ; '.join(absentes)}.")
    if derniere:
        notes += raisons(diagnostic, liste)
    return Tableau(f"communes-{code}", titre, entetes, tuple(lignes), tuple(notes))


def _cellule(
    indicateur: Indicateur, chiffre: Chiffre | None, classement: Classement | None, commune: str
) -> Cellule:
    nue = avec_marque(cellule(indicateur, chiffre), chiffre)
    position = classement.positions.get(commune) if classement and commune else None
    if position is None:
        return nue
    detail = mots_du_rang(position.fourchette)
    aide = nue.aide
    if position.silence and chiffre is not None and chiffre.a_une_valeur:
        aide = f"{aide} ; sans rang : {position.silence}"
    texte = f"{nue.texte} {position.signe}" if position.signe else nue.texte
    return replace(nue, texte=texte, detail=detail, aide=aide)


def date_des_communes(diagnostic: Diagnostic, indicateur: Indicateur) -> str:
    """Donner la date où un indicateur est lu dans les communes, à défaut dans leur intercommunalité."""
    ensembles = diagnostic.ensembles
    lus = [diagnostic.chiffre(t, indicateur.code, "mailles") for t in (*ensembles.mailles, ensembles.sujet)]
    return next((c.periode for c in lus if c is not None and c.a_une_valeur), "")


def _sans_rang(liste: Sequence[Indicateur], classements: Classements) -> list[str]:
    lus = ((classements[i.code].refus, i.libelle_court) for i in liste if i.code in classements)
    refuses = par_raison((refus, libelle) for refus, libelle in lus if refus)
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
    return f"L'intercommunalité est lue ici à l'année des données des quartiers ({dates})." if dates else ""


def libelle_de_ligne(indicateur: Indicateur) -> Cellule:
    """Écrire l'en-tête de ligne d'un indicateur."""
    return Cellule(indicateur.libelle_court, aide=indicateur.definition, classe="entete")


def nom_de_ligne(territoire: Territoire) -> Cellule:
    """Écrire l'en-tête de ligne d'un territoire."""
    return Cellule(territoire.titre, aide=territoire.code, classe="entete")


def marque_de_statut(chiffre: Chiffre | None) -> str:
    """Donner le signe d'une valeur partielle ou estimée."""
    signe = SIGNES_DE_STATUT.get(chiffre.statut, "") if chiffre is not None and chiffre.a_une_valeur else ""
    return f"\u00a0{signe}" if signe else ""


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
        notes.append(f"p : partiel, calculé sur une partie du territoire{cites}.")
    if any(c.statut == Statut.ESTIME for _, c in presents):
        notes.append("e : estimé, le chiffre croise deux sources.")
    return notes
