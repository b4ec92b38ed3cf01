"""Le chapitre des quartiers prioritaires, et les phrases du portrait d'un quartier : chiffres, dates, places."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import chain, islice
from typing import Final

from abs.calcul.chiffre import Chiffre, Lus
from abs.calcul.diagnostic import reperes_des_qpv
from abs.calcul.table_longue import Diagnostic
from abs.formats import nombre
from abs.indicateurs.indicateurs import Indicateur, indicateurs
from abs.langue import enumerer, majuscule, typographier
from abs.phrases.ecriture import date_dite, ecrire, gabarits, lieu
from abs.phrases.phrases import Phrase, dire, phrase
from abs.portrait.chapitre import Chapitre, plan_du_portrait
from abs.portrait.positions_qpv import Position, etendue_des_qpv, phrase_d_un_qpv, position
from abs.portrait.tableaux_groupes import cote_a_cote
from abs.territoires.territoires import Territoire

PHRASES_DU_CHAPITRE: Final = 10
PART_EN_QPV: Final = "part_population_en_qpv"


def chapitre_qpv(diagnostic: Diagnostic) -> Chapitre | None:
    """Composer le chapitre des quartiers prioritaires."""
    if not diagnostic.ensembles.qpv:
        return None
    liste = [indicateurs()[c] for c in plan_du_portrait()["qpv"]]
    liste += diagnostic.locales.indicateurs.values()
    notes, generation = gabarits("notes_de_chapitre"), diagnostic.ensembles.qpv[0].geographie
    avertissements = [
        notes["generation"].format(generation=generation, edition=notes["edition"]),
        *a_cheval(diagnostic),
        *diagnostic.remarques,
    ]
    return Chapitre(
        "qpv",
        "Quartiers prioritaires de la politique de la ville",
        phrases=tuple(_phrases(diagnostic, liste)),
        tableaux=tuple(cote_a_cote(diagnostic, liste)),
        avertissements=tuple(avertissements),
    )


def a_cheval(diagnostic: Diagnostic) -> list[str]:
    """Nommer les communes des quartiers qui s'étendent sur plusieurs."""
    tour = gabarits("positions")["a_cheval"]
    return [
        typographier(tour.format(nom=t.nom, communes=enumerer(t.communes)))
        for t in diagnostic.ensembles.qpv
        if len(t.communes) > 1
    ]


def _phrases(diagnostic: Diagnostic, liste: Sequence[Indicateur]) -> list[Phrase]:
    """Écrire ce que les quartiers d'un territoire ont de commun et de différent ; un quartier seul a ses propres phrases."""
    ensembles = diagnostic.ensembles
    if ensembles.sujet.niveau == "qpv":
        return []
    if len(ensembles.qpv) == 1:
        dites = (_phrase_du_seul(diagnostic, i, ensembles.qpv[0]) for i in liste)
    else:
        dites = (_etendue(diagnostic, i) for i in liste)
    ecrites = (p for p in chain([_part_en_qpv(diagnostic)], dites) if p is not None)
    return list(islice(ecrites, PHRASES_DU_CHAPITRE))


def _part_en_qpv(diagnostic: Diagnostic) -> Phrase | None:
    sujet = diagnostic.ensembles.sujet
    chiffre = diagnostic.lu(sujet, PART_EN_QPV)
    if chiffre is None:
        return None
    return dire(
        "positions",
        "part_en_qpv",
        [chiffre],
        Lieu=majuscule(lieu(sujet)),
        v=ecrire(indicateurs()[PART_EN_QPV], chiffre),
        haut=nombre(chiffre.numerateur),
        bas=nombre(chiffre.denominateur),
        quand=date_dite(chiffre),
    )


def _phrase_du_seul(diagnostic: Diagnostic, indicateur: Indicateur, quartier: Territoire) -> Phrase | None:
    if indicateur.nature == "effectif":
        return None
    autour = diagnostic.lus(_reperes(diagnostic), indicateur.code, "qpv_sujet")
    return _phrase_et_places(diagnostic, indicateur, quartier, autour)


def _reperes(diagnostic: Diagnostic) -> list[Territoire]:
    """Donner le sujet puis son intercommunalité, avec le complément de lieu qu'une phrase attend."""
    dans = gabarits("lieux_des_reperes")
    return [
        replace(t, role=t.role or t.niveau, dans=t.dans or dans.get(t.niveau, "dans l'ensemble"))
        for t in reperes_des_qpv(diagnostic.ensembles)
    ]


def _etendue(diagnostic: Diagnostic, indicateur: Indicateur) -> Phrase | None:
    if indicateur.code in plan_du_portrait()["sans_place"]:
        return None
    siens, autour = (
        diagnostic.lus(quartiers, indicateur.code, "qpv")
        for quartiers in (diagnostic.ensembles.qpv, diagnostic.ensembles.qpv_autour)
    )
    reperes = diagnostic.lus(_reperes(diagnostic), indicateur.code, "qpv_sujet")
    return etendue_des_qpv(indicateur, siens, [*siens, *autour], reperes)


def _places(
    diagnostic: Diagnostic, indicateur: Indicateur, quartier: Territoire, chiffre: Chiffre | None
) -> list[Position]:
    """Situer un quartier parmi ceux de sa commune, puis parmi ceux de l'intercommunalité."""
    if indicateur.code in plan_du_portrait()["sans_place"]:
        return []
    ensembles = diagnostic.ensembles
    siens = [t for t in ensembles.qpv if set(t.composantes) & set(quartier.composantes)]
    tous = [*ensembles.qpv, *ensembles.qpv_autour]
    groupes = [(siens, "de la commune" if len(quartier.composantes) == 1 else "de ses communes")]
    if len(tous) > len(siens):
        groupes.append((tous, "de l'intercommunalité"))
    lues = [
        position(indicateur, quartier, chiffre, diagnostic.lus(groupe, indicateur.code, "qpv"), ou)
        for groupe, ou in groupes
    ]
    return [p for p in lues if p is not None]


def _phrase_et_places(
    diagnostic: Diagnostic, indicateur: Indicateur, quartier: Territoire, autour: Lus
) -> Phrase | None:
    chiffre = diagnostic.chiffre(quartier, indicateur.code, "qpv")
    places = _places(diagnostic, indicateur, quartier, chiffre)
    return phrase_d_un_qpv(indicateur, quartier, chiffre, autour, places)


def phrase_du_quartier(diagnostic: Diagnostic, indicateur: Indicateur, autour: Lus) -> Phrase | None:
    """Écrire, dans le portrait d'un quartier, la phrase d'un indicateur."""
    sujet = diagnostic.ensembles.sujet
    if indicateur.nature == "effectif":
        return phrase(indicateur, sujet, diagnostic.chiffre(sujet, indicateur.code), autour)
    return _phrase_et_places(diagnostic, indicateur, sujet, autour)
