"""Le chapitre des quartiers prioritaires, et les phrases du portrait d'un quartier : chiffres, dates, places."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from abs.calcul.chiffre import Chiffre
from abs.calcul.diagnostic import reperes_des_qpv
from abs.calcul.table_longue import Diagnostic
from abs.formats import nombre
from abs.indicateurs.indicateurs import Indicateur, indicateurs
from abs.langue import enumerer, typographier
from abs.phrases.ecriture import date_dite, ecrire, gabarits, lieu, reference
from abs.phrases.phrases import Phrase, phrase
from abs.portrait.chapitre import Chapitre, plan_du_portrait
from abs.portrait.positions_qpv import Position, etendue_des_qpv, phrase_d_un_qpv, position
from abs.portrait.tableaux_groupes import cote_a_cote
from abs.territoires.territoires import Territoire

PHRASES_DU_CHAPITRE: Final = 10
EDITION: Final = (
    "« Édition » est l'année de publication d'un tableau de quartiers : quand rien n'établit l'année de ses données, "
    "aucun chiffre n'est mis à côté."
)
PART_EN_QPV: Final = "part_population_en_qpv"


def chapitre_qpv(diagnostic: Diagnostic) -> Chapitre | None:
    """Composer le chapitre des quartiers prioritaires."""
    if not diagnostic.ensembles.qpv:
        return None
    liste = [indicateurs()[c] for c in plan_du_portrait()["qpv"]]
    liste += diagnostic.locales.indicateurs.values()
    generation = diagnostic.ensembles.qpv[0].geographie
    avertissements = [
        (
            f"Quartiers prioritaires de génération {generation}, chiffres officiels des producteurs à leur propre date. "
            f"{EDITION}"
        ),
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
    part = _part_en_qpv(diagnostic)
    ecrites = [part] if part is not None else []
    for indicateur in liste:
        if len(ecrites) >= PHRASES_DU_CHAPITRE:
            break
        dite = (
            _phrase_du_seul(diagnostic, indicateur, ensembles.qpv[0])
            if len(ensembles.qpv) == 1
            else _etendue(diagnostic, indicateur)
        )
        if dite is not None:
            ecrites.append(dite)
    return ecrites


def _part_en_qpv(diagnostic: Diagnostic) -> Phrase | None:
    sujet = diagnostic.ensembles.sujet
    chiffre = next(
        (c for c in diagnostic.chiffres if c.indicateur == PART_EN_QPV and c.territoire == sujet.code), None
    )
    if chiffre is None or not chiffre.a_une_valeur:
        return None
    ou = lieu(sujet)
    texte = gabarits("positions")["part_en_qpv"].format(
        Lieu=ou[:1].upper() + ou[1:],
        v=ecrire(indicateurs()[PART_EN_QPV], chiffre),
        haut=nombre(chiffre.numerateur),
        bas=nombre(chiffre.denominateur),
        quand=date_dite(chiffre),
    )
    return Phrase(typographier(texte), (reference(chiffre),))


def _phrase_du_seul(diagnostic: Diagnostic, indicateur: Indicateur, quartier: Territoire) -> Phrase | None:
    chiffre = diagnostic.chiffre(quartier, indicateur.code, "qpv")
    if indicateur.nature == "effectif":
        return None
    autour = [(t, diagnostic.chiffre(t, indicateur.code, "qpv_sujet")) for t in _reperes(diagnostic)]
    places = places_d_un_qpv(diagnostic, indicateur, quartier, chiffre)
    return phrase_d_un_qpv(indicateur, quartier, chiffre, autour, places)


def _reperes(diagnostic: Diagnostic) -> list[Territoire]:
    """Donner le sujet puis son intercommunalité, avec le complément de lieu qu'une phrase attend."""
    dans = {
        "commune": "dans la commune",
        "epci": "dans l'intercommunalité",
        "departement": "dans le département",
    }
    return [
        replace(t, role=t.role or t.niveau, dans=t.dans or dans.get(t.niveau, "dans l'ensemble"))
        for t in reperes_des_qpv(diagnostic.ensembles)
    ]


def _etendue(diagnostic: Diagnostic, indicateur: Indicateur) -> Phrase | None:
    if indicateur.code in plan_du_portrait()["sans_place"]:
        return None
    lire = [(t, diagnostic.chiffre(t, indicateur.code, "qpv")) for t in diagnostic.ensembles.qpv]
    autour = [(t, diagnostic.chiffre(t, indicateur.code, "qpv")) for t in diagnostic.ensembles.qpv_autour]
    reperes = [(t, diagnostic.chiffre(t, indicateur.code, "qpv_sujet")) for t in _reperes(diagnostic)]
    return etendue_des_qpv(indicateur, lire, [*lire, *autour], reperes, places=True)


def places_d_un_qpv(
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
        position(
            indicateur,
            quartier,
            chiffre,
            [(t, diagnostic.chiffre(t, indicateur.code, "qpv")) for t in groupe],
            ou,
        )
        for groupe, ou in groupes
    ]
    return [p for p in lues if p is not None]


def phrase_du_quartier(
    diagnostic: Diagnostic, indicateur: Indicateur, autour: Sequence[tuple[Territoire, Chiffre | None]]
) -> Phrase | None:
    """Écrire, dans le portrait d'un quartier, la phrase d'un indicateur."""
    sujet = diagnostic.ensembles.sujet
    chiffre = diagnostic.chiffre(sujet, indicateur.code)
    if indicateur.nature == "effectif":
        return phrase(indicateur, sujet, chiffre, autour)
    places = places_d_un_qpv(diagnostic, indicateur, sujet, chiffre)
    return phrase_d_un_qpv(indicateur, sujet, chiffre, autour, places)
