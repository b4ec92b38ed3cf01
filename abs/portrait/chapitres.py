"""Les chapitres du portrait : phrases, tableaux, demandes de cartes et absences, thème par thème."""

from collections.abc import Sequence
from typing import Final

from abs.blocs.blocs import Cellule, DemandeDeCarte, Tableau, entete
from abs.calcul.table_longue import Chiffre, Diagnostic, Lus, chiffres_de
from abs.definitions import table
from abs.graphiques.graphiques import graphiques_du_theme
from abs.indicateurs.indicateurs import THEMES, Indicateur, indicateurs
from abs.langue import typographier
from abs.phrases.ecriture import ecrire, gabarits, raison_publique, reference
from abs.phrases.etendue import etendue, mailles_classables
from abs.phrases.phrases import Phrase, phrase
from abs.phrases.preuves import silences_du_theme
from abs.phrases.significativite import DIFFERENTS
from abs.portrait.chapitre_qpv import phrase_du_quartier
from abs.portrait.chapitres_locaux import manques_du_theme, phrases_locales, reserves, tableaux_locaux
from abs.portrait.tableaux import (
    MARQUE_FRAGILE,
    Chapitre,
    Tableaux,
    cellule,
    date_de_lecture,
    mailles_du_corps,
    notes_de_lecture,
)
from abs.statuts import LIBELLES_STATUT, Fiabilite
from abs.territoires.territoires import Territoire
from donnees_insee.catalogue.catalogue import source

PHRASES_PAR_CHAPITRE: Final = 8
MAILLES_POUR_UNE_CARTE: Final = 3


def autour(diagnostic: Diagnostic, code: str) -> Lus:
    """Donner les références d'un territoire et leurs chiffres pour un indicateur."""
    return diagnostic.lus(diagnostic.ensembles.references, code)


def chapitre_de_theme(diagnostic: Diagnostic, theme: str) -> Chapitre:
    """Composer un chapitre thématique."""
    du_theme = [i for i in indicateurs().values() if i.theme == theme and not i.lu_pour_la_commune]
    plan, sujet = table("_portrait"), diagnostic.ensembles.sujet
    ordre = [*plan["mailles"][theme], *(i.code for i in du_theme)]
    ranges = [i for c in dict.fromkeys(ordre) if (i := indicateurs()[c]).theme == theme]
    titre = f"{THEMES[theme]} : le territoire et ses références"
    colonnes = [indicateurs()[c] for c in plan["mailles"][theme]]
    reperes, complets = _reperes(diagnostic, ranges, du_theme, titre)
    ecrites = _phrases(diagnostic, ranges)
    gardees = sorted(ecrites, key=_sans_ecart)[: plan["corps"]["phrases"]]
    lus = [
        (
            i,
            diagnostic.chiffre(sujet, i.code),
            autour(diagnostic, i.code),
            mailles_classables(diagnostic, i.code),
        )
        for i in ranges
    ]
    recus, autres = set(diagnostic.locales.indicateurs), plan["manques"].get(theme, [])
    return Chapitre(
        code=theme,
        titre=THEMES[theme],
        phrases=(*(p for p in ecrites if p in gardees), *phrases_locales(diagnostic, theme)),
        autres_phrases=tuple(p for p in ecrites if p not in gardees),
        tableaux=(
            *reperes,
            *mailles_du_corps(diagnostic, colonnes, theme),
            *tableaux_locaux(diagnostic, theme),
        ),
        complets=complets,
        cartes=tuple(_cartes(diagnostic, theme)),
        graphiques=tuple(graphiques_du_theme(diagnostic, theme)),
        absents=tuple(_absents(diagnostic, du_theme)),
        manques=tuple(manques_du_theme(theme, autres, recus, codes=False)),
        reserves=tuple(reserves(diagnostic, theme)),
        silences=tuple(silences_du_theme(sujet, lus, ecrites)),
    )


def _reperes(
    diagnostic: Diagnostic, ranges: list[Indicateur], du_theme: list[Indicateur], titre: str
) -> tuple[tuple[Tableau, ...], tuple[Tableau, ...]]:
    """Donner les premières lignes d'un thème, pour son chapitre, et les autres, pour l'annexe."""
    redaction, theme = Tableaux(diagnostic), ranges[0].theme
    sujet, combien = diagnostic.ensembles.sujet, table("_portrait")["corps"]["reperes"]
    montres = [i for i in ranges if redaction.montre(redaction.lire(sujet, i))]
    court = redaction.references(montres[:combien], f"reperes-{theme}", titre)
    autres = [i for i in du_theme if i in montres[combien:]]
    reste = redaction.references(autres, f"references-{theme}", f"{THEMES[theme]} : les autres indicateurs")
    return tuple(t for t in (court,) if t is not None), tuple(t for t in (reste,) if t is not None)


def _sans_ecart(dite: Phrase) -> bool:
    """Dire qu'une phrase n'affirme aucun écart : elle passe après les autres."""
    return all(a.verdict not in DIFFERENTS for a in dite.affirmations)


def _phrases(diagnostic: Diagnostic, ranges: list[Indicateur]) -> list[Phrase]:
    ecrites: list[Phrase] = []
    sujet = diagnostic.ensembles.sujet
    for indicateur in ranges:
        code, references = indicateur.code, autour(diagnostic, indicateur.code)
        if sujet.niveau == "qpv":
            dite = phrase_du_quartier(diagnostic, indicateur, sujet, references)
        else:
            du_detail = diagnostic.sujet_du_detail(code)
            dite = phrase(indicateur, sujet, diagnostic.chiffre(sujet, code), references, du_detail)
        if dite is not None and indicateur.nature != "effectif":
            ecrites.append(dite)
        # Une situation se localise ; une population ne se montre pas du doigt.
        ecart = None
        if code not in table("_portrait")["sans_place"]:
            ecart = etendue(
                indicateur,
                mailles_classables(diagnostic, code),
                diagnostic.chiffre(sujet, code, "mailles"),
                datee=_autre_date(diagnostic, indicateur, ranges),
            )
        if ecart is not None and (dite is not None or len(ecrites) < PHRASES_PAR_CHAPITRE // 2):
            ecrites.append(ecart)
        if len(ecrites) >= PHRASES_PAR_CHAPITRE:
            break
    return ecrites


def _autre_date(diagnostic: Diagnostic, indicateur: Indicateur, ranges: list[Indicateur]) -> bool:
    """Dire si le chapitre donne au sujet, pour la même source, un chiffre d'une autre date que ses mailles."""
    date, sujet = diagnostic.millesimes.get(("mailles", indicateur.code)), diagnostic.ensembles.sujet
    sources = {le.source.id for le in indicateur.lectures}
    du_sujet = diagnostic.lu(sujet, indicateur.code)
    autres = (diagnostic.lu(sujet, i.code) for i in ranges)
    lus = [du_sujet] if du_sujet else [c for c in autres if c is not None and c.source in sources]
    return date is not None and any(c.millesime != date for c in lus)


def _cartes(diagnostic: Diagnostic, theme: str) -> list[DemandeDeCarte]:
    """Demander les premières cartes du plan dont au moins trois mailles ont un chiffre."""
    plan, territoires = table("_portrait")["cartes"], diagnostic.ensembles.mailles
    demandes = [
        DemandeDeCarte(code, "mailles", indicateurs()[code].libelle)
        for code in plan[theme]
        if len(chiffres_de(diagnostic.lus(territoires, code, "mailles"))) >= MAILLES_POUR_UNE_CARTE
    ]
    return demandes[: plan["maximum"]]


def _absents(diagnostic: Diagnostic, du_theme: list[Indicateur]) -> list[tuple[str, str, str]]:
    """Dire, par raison et par source, les indicateurs que les données ne permettent pas pour le sujet, et quoi déposer."""
    par_raison: dict[tuple[str, str], list[str]] = {}
    sujet = diagnostic.ensembles.sujet
    for indicateur in du_theme:
        chiffre = diagnostic.chiffre(sujet, indicateur.code)
        existe = any(("qpv" in le.source.niveaux) == (sujet.niveau == "qpv") for le in indicateur.lectures)
        if chiffre is None or chiffre.a_une_valeur or not existe:
            continue
        precision = raison_publique(chiffre) or "sans précision du producteur"
        raison = typographier(f"{LIBELLES_STATUT[chiffre.statut]} : {precision}")
        par_raison.setdefault((raison, chiffre.source), []).append(indicateur.libelle)
    return [
        (raison, typographier(" ; ".join(libelles)), typographier(source(origine).rappel_demande))
        for (raison, origine), libelles in par_raison.items()
    ]


def chapitre_quartiers(diagnostic: Diagnostic) -> Chapitre | None:
    """Composer le chapitre des quartiers locaux."""
    if not diagnostic.ensembles.quartiers:
        return None
    liste = [indicateurs()[c] for c in table("_portrait")["quartiers"]]
    tableau, note = quartiers(diagnostic, liste), gabarits("notes_de_chapitre")["quartiers"]
    return Chapitre("quartiers", "Quartiers", tableaux=(tableau,) if tableau else (), avertissements=(note,))


def quartiers(diagnostic: Diagnostic, liste: Sequence[Indicateur]) -> Tableau | None:
    """Composer le tableau des quartiers : rapports de sommes, et étendue des médianes de leurs IRIS."""
    groupes = diagnostic.ensembles.quartiers
    utiles = [
        i for i in liste if i.nature == "mediane" or chiffres_de(diagnostic.lus(groupes, i.code, "quartiers"))
    ]
    if not groupes or not utiles:
        return None
    lignes: list[tuple[Cellule, ...]] = []
    tous: list[Chiffre | None] = []
    for t in groupes:
        combien = f"{len(t.composantes)} IRIS"
        ligne = [entete(t.nom, combien, combien)]
        for indicateur in utiles:
            if indicateur.nature == "mediane":
                medianes = _medianes(diagnostic, t, indicateur)
                tous += [c for c in (*medianes[:1], *medianes[-1:]) if c.fiabilite == Fiabilite.FRAGILE]
                ligne.append(_etendue_des_medianes(medianes, t, indicateur))
            else:
                tous.append(diagnostic.chiffre(t, indicateur.code, "quartiers"))
                ligne.append(cellule(indicateur, tous[-1]))
        lignes.append(tuple(ligne))
    entetes = [entete("Quartier")]
    for i in utiles:
        lus = (diagnostic.ensembles.mailles, "mailles") if i.nature == "mediane" else (groupes, "quartiers")
        entetes.append(entete(i.libelle_court, i.definition, date_de_lecture(diagnostic, i, *lus)))
    notes = notes_de_lecture(tous)
    return Tableau("quartiers", "Les quartiers côte à côte", tuple(entetes), tuple(lignes), tuple(notes))


def _medianes(diagnostic: Diagnostic, quartier: Territoire, indicateur: Indicateur) -> list[Chiffre]:
    """Lire les médianes des IRIS d'un quartier, de la plus basse à la plus haute."""
    par_code = {t.code: t for t in diagnostic.ensembles.mailles}
    siens = [par_code[c] for c in quartier.composantes if c in par_code]
    lues = chiffres_de(diagnostic.lus(siens, indicateur.code, "mailles"))
    return sorted((c for _, c in lues), key=lambda c: c.valeur)


def _etendue_des_medianes(
    medianes: Sequence[Chiffre], quartier: Territoire, indicateur: Indicateur
) -> Cellule:
    if not medianes:
        return Cellule("nc", aide="aucun IRIS du quartier n'a de médiane publiée", classe="absent")
    bas, haut = _borne(indicateur, medianes[0]), _borne(indicateur, medianes[-1])
    texte = bas if bas == haut else f"{bas} à {haut}"
    detail = f"médianes de {len(medianes)} IRIS sur {len(quartier.composantes)}"
    fragiles = sum(c.fiabilite == Fiabilite.FRAGILE for c in medianes)
    accord = "fragile" if fragiles == 1 else "fragiles"
    aide = f"{detail} ; {fragiles} {accord}" if fragiles else detail
    return Cellule(texte, reference(medianes[0]), aide, detail)


def _borne(indicateur: Indicateur, mediane: Chiffre) -> str:
    """Écrire un bout d'étendue ; l'astérisque dit qu'il est fragile, comme dans les autres tableaux."""
    return ecrire(indicateur, mediane) + (MARQUE_FRAGILE if mediane.fiabilite == Fiabilite.FRAGILE else "")
