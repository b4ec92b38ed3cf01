"""Les chapitres du portrait : phrases, tableaux, demandes de cartes et absences, thème par thème."""

from __future__ import annotations

from typing import Final

from abs.calcul.chiffre import Chiffre
from abs.calcul.table_longue import Diagnostic
from abs.indicateurs.indicateurs import THEMES, Indicateur, indicateurs
from abs.langue import typographier
from abs.phrases.etendue import etendue
from abs.phrases.phrases import Phrase, phrase
from abs.phrases.rangs import classables
from abs.phrases.silences import silences_du_theme
from abs.portrait import tableaux, tableaux_groupes
from abs.portrait.chapitre import Chapitre, DemandeDeCarte, plan_du_portrait
from abs.portrait.chapitre_qpv import phrase_du_quartier
from abs.portrait.chapitres_locaux import (
    manques_du_theme,
    mots_des_reserves,
    phrases_locales,
    tableaux_locaux,
)
from abs.portrait.tableaux_absences import raison_publique
from abs.statuts import LIBELLES_STATUT
from abs.territoires.territoires import Territoire

PHRASES_PAR_CHAPITRE: Final = 8
MAILLES_POUR_UNE_CARTE: Final = 3


def autour(diagnostic: Diagnostic, code: str) -> list[tuple[Territoire, Chiffre | None]]:
    """Donner les références d'un territoire et leurs chiffres pour un indicateur."""
    return [(t, diagnostic.chiffre(t, code)) for t in diagnostic.ensembles.references]


def mailles_classables(diagnostic: Diagnostic, code: str) -> list[tuple[Territoire, Chiffre | None]]:
    """Donner les mailles qui entrent dans un rang, et leurs chiffres pour un indicateur."""
    mailles = diagnostic.ensembles.mailles
    lues = {t.code: diagnostic.chiffre(t, "population", "mailles") for t in mailles}
    populations = {code: c.valeur for code, c in lues.items() if c is not None and c.a_une_valeur}
    return classables([(t, diagnostic.chiffre(t, code, "mailles")) for t in mailles], populations)


def chapitre_de_theme(diagnostic: Diagnostic, theme: str) -> Chapitre:
    """Composer un chapitre thématique."""
    du_theme = [i for i in indicateurs().values() if i.theme == theme and not i.lu_pour_la_commune]
    plan = plan_du_portrait()
    ordre = [*plan["mailles"][theme], *(i.code for i in du_theme)]
    ranges = [i for c in dict.fromkeys(ordre) if (i := indicateurs()[c]).theme == theme]
    tables = [tableaux.references(diagnostic, du_theme, f"{THEMES[theme]} : le territoire et ses références")]
    colonnes = [indicateurs()[c] for c in plan["mailles"][theme]]
    tables.append(tableaux.mailles(diagnostic, colonnes, plan["mailles"]["maximum"]))
    ecrites = _phrases(diagnostic, ranges)
    return Chapitre(
        code=theme,
        titre=THEMES[theme],
        phrases=(*ecrites, *phrases_locales(diagnostic, theme)),
        tableaux=(*(t for t in tables if t is not None), *tableaux_locaux(diagnostic, theme)),
        cartes=tuple(_cartes(diagnostic, theme)),
        absents=tuple(_absents(diagnostic, du_theme)),
        manques=tuple(
            manques_du_theme(
                theme, plan["manques"].get(theme, []), set(diagnostic.locales.indicateurs), codes=False
            )
        ),
        reserves=tuple(mots_des_reserves(diagnostic, theme)),
        silences=tuple(
            silences_du_theme(
                diagnostic.ensembles.sujet,
                [
                    (
                        i,
                        diagnostic.chiffre(diagnostic.ensembles.sujet, i.code),
                        autour(diagnostic, i.code),
                        mailles_classables(diagnostic, i.code),
                    )
                    for i in ranges
                ],
                ecrites,
            )
        ),
    )


def _phrases(diagnostic: Diagnostic, ranges: list[Indicateur]) -> list[Phrase]:
    ecrites: list[Phrase] = []
    sujet = diagnostic.ensembles.sujet
    for indicateur in ranges:
        references = autour(diagnostic, indicateur.code)
        if sujet.niveau == "qpv":
            dite = phrase_du_quartier(diagnostic, indicateur, references)
        else:
            dite = phrase(
                indicateur,
                sujet,
                diagnostic.chiffre(sujet, indicateur.code),
                references,
                diagnostic.sujet_du_detail(indicateur.code),
            )
        if dite is not None and indicateur.nature != "effectif":
            ecrites.append(dite)
        # Une situation se localise ; une population ne se montre pas du doigt.
        ecart = None
        if indicateur.code not in plan_du_portrait()["sans_place"]:
            ecart = etendue(
                indicateur,
                mailles_classables(diagnostic, indicateur.code),
                diagnostic.chiffre(sujet, indicateur.code, "mailles"),
                datee=_autre_date(diagnostic, indicateur, ranges),
            )
        if ecart is not None and (dite is not None or len(ecrites) < PHRASES_PAR_CHAPITRE // 2):
            ecrites.append(ecart)
        if len(ecrites) >= PHRASES_PAR_CHAPITRE:
            break
    return ecrites


def _autre_date(diagnostic: Diagnostic, indicateur: Indicateur, ranges: list[Indicateur]) -> bool:
    """Dire si le chapitre donne au sujet, pour la même source, un chiffre d'une autre date que ses mailles."""
    date = diagnostic.millesimes.get(("mailles", indicateur.code))
    sources = {le.source.id for le in indicateur.lectures}
    du_sujet = diagnostic.chiffre(diagnostic.ensembles.sujet, indicateur.code)
    lus = [du_sujet] if du_sujet is not None and du_sujet.a_une_valeur else []
    if not lus:
        tous = (diagnostic.chiffre(diagnostic.ensembles.sujet, i.code) for i in ranges)
        lus = [c for c in tous if c is not None and c.a_une_valeur and c.source in sources]
    return date is not None and any(c.millesime != date for c in lus)


def _cartes(diagnostic: Diagnostic, theme: str) -> list[DemandeDeCarte]:
    """Demander les premières cartes du plan dont au moins trois mailles ont un chiffre."""
    plan = plan_du_portrait()["cartes"]
    demandes = []
    for code in plan[theme]:
        avec = sum(
            1
            for t in diagnostic.ensembles.mailles
            if (c := diagnostic.chiffre(t, code, "mailles")) is not None and c.a_une_valeur
        )
        if avec >= MAILLES_POUR_UNE_CARTE:
            demandes.append(DemandeDeCarte(code, "mailles", indicateurs()[code].libelle))
    return demandes[: plan["maximum"]]


def _absents(diagnostic: Diagnostic, du_theme: list[Indicateur]) -> list[tuple[str, str]]:
    """Dire, par raison, les indicateurs que les données disponibles ne permettent pas pour le sujet."""
    par_raison: dict[str, list[str]] = {}
    sujet = diagnostic.ensembles.sujet
    en_qpv = sujet.niveau == "qpv"
    for indicateur in du_theme:
        chiffre = diagnostic.chiffre(sujet, indicateur.code)
        existe = any(("qpv" in le.source.niveaux) == en_qpv for le in indicateur.lectures)
        if chiffre is None or chiffre.a_une_valeur or not existe:
            continue
        precision = raison_publique(chiffre) or "sans précision du producteur"
        raison = typographier(f"{LIBELLES_STATUT[chiffre.statut]} : {precision}")
        par_raison.setdefault(raison, []).append(indicateur.libelle)
    return [(raison, typographier(" ; ".join(libelles))) for raison, libelles in par_raison.items()]


def chapitre_quartiers(diagnostic: Diagnostic) -> Chapitre | None:
    """Composer le chapitre des quartiers locaux."""
    if not diagnostic.ensembles.quartiers:
        return None
    liste = [indicateurs()[c] for c in plan_du_portrait()["quartiers"]]
    table = tableaux_groupes.quartiers(diagnostic, liste)
    note = (
        "Un quartier réunit des IRIS entiers : ses taux sont des rapports de sommes. Il n'a pas de médiane : "
        "l'étendue des médianes de ses IRIS la remplace."
    )
    return Chapitre(
        "quartiers", "Quartiers", tableaux=tuple(t for t in (table,) if t), avertissements=(note,)
    )
