"""Ce qui porte une phrase écrite, chiffre par chiffre, et pourquoi une phrase ou une comparaison a été tue."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from abs.calcul.sources_recues import est_locale
from abs.calcul.table_longue import Chiffre, Diagnostic, Lus, chiffres_de
from abs.formats import avec_unite, nombre
from abs.indicateurs.indicateurs import Indicateur, Lecture
from abs.langue import points, typographier
from abs.phrases.ecriture import ecrire, gabarits, reference
from abs.phrases.etendue import assez_solides, bouts
from abs.phrases.phrases import Phrase, references_lues
from abs.phrases.significativite import Verdict
from abs.statuts import LIBELLES_FIABILITE, LIBELLES_STATUT, Fiabilite
from abs.territoires.territoires import Territoire
from donnees_insee.catalogue.catalogue import source


@dataclass(frozen=True)
class Appui:
    """Une ligne du diagnostic, écrite pour le lecteur d'une phrase."""

    reference: str
    territoire: str
    indicateur: str
    valeur: str
    numerateur: str
    denominateur: str
    precision: str
    date: str
    source: str
    colonnes: str
    formule: str


class Appuis:
    """Les lignes du diagnostic, retrouvées par leur référence."""

    def __init__(self, diagnostic: Diagnostic) -> None:
        self._diagnostic = diagnostic
        self._chiffres = {reference(c): c for c in diagnostic.chiffres}
        self._noms = {(t.code, t.niveau): t.titre for t in diagnostic.ensembles.tous()}

    def de(self, references: Iterable[str]) -> list[Appui]:
        """Donner les appuis d'une phrase."""
        return [self._appui(r, c) for r in references if (c := self._chiffres.get(r)) is not None]

    def _appui(self, ref: str, chiffre: Chiffre) -> Appui:
        indicateur = self._diagnostic.definitions[chiffre.indicateur]
        lecture = _lecture(indicateur, chiffre)
        if est_locale(chiffre):
            comptes = self._diagnostic.locales.comptes.get(chiffre.indicateur, ())
            titre, colonnes, formule = chiffre.source, "", " / ".join(filter(None, comptes))
        else:
            titre = source(chiffre.source).titre
            colonnes = ", ".join(lecture.variables) if lecture else ""
            formule = lecture.formule_lisible() if lecture else ""
        return Appui(
            ref,
            self._noms.get((chiffre.territoire, chiffre.niveau), chiffre.territoire),
            indicateur.libelle,
            ecrire(indicateur, chiffre),
            _compte(chiffre.numerateur),
            _compte(chiffre.denominateur),
            _precision(chiffre, indicateur),
            chiffre.periode,
            titre,
            colonnes,
            formule,
        )


def _lecture(indicateur: Indicateur, chiffre: Chiffre) -> Lecture | None:
    lue = (chiffre.source, chiffre.definition)
    return next((le for le in indicateur.lectures if (le.source.id, le.definition) == lue), None)


def _compte(valeur: float) -> str:
    return "" if math.isnan(valeur) else nombre(valeur)


def _precision(chiffre: Chiffre, indicateur: Indicateur) -> str:
    morceaux = [LIBELLES_STATUT[chiffre.statut]]
    if not math.isnan(chiffre.marge):
        marge = chiffre.marge
        ecrite = points(marge, 1) if indicateur.unite == "%" else avec_unite(marge, indicateur.unite, 1)
        morceaux.append(f"± {ecrite}")
    morceaux.append(f"fiabilité {LIBELLES_FIABILITE[chiffre.fiabilite]}")
    return ", ".join(morceaux)


Lu = tuple[Indicateur, Chiffre | None, Lus, Lus]

TUS: Final = (Verdict.DANS_LA_MARGE, Verdict.MEME_ECRITURE, Verdict.NON_EVALUE)


@dataclass(frozen=True)
class Silence:
    """Une raison de se taire et les indicateurs qu'elle concerne."""

    raison: str
    libelles: tuple[str, ...]


def silences_du_theme(sujet: Territoire, lus: Iterable[Lu], ecrites: Sequence[Phrase]) -> list[Silence]:
    """Dire, raison par raison, ce qu'un chapitre n'a pas écrit des chiffres qu'il tient."""
    dites = {r for p in ecrites for r in p.references}
    affirmees = {a.de for p in ecrites for a in p.affirmations}
    par_cas: dict[str, list[str]] = {}
    for indicateur, chiffre, autour, mailles in lus:
        if indicateur.nature == "effectif":
            continue
        du_sujet = _cas_du_sujet(sujet, indicateur, chiffre, autour, dites)
        for cas in du_sujet + _cas_des_mailles(indicateur, mailles, dites, affirmees):
            par_cas.setdefault(cas, []).append(indicateur.libelle)
    raisons = gabarits("silences")
    return [
        Silence(typographier(raisons[cas]), tuple(map(typographier, par_cas[cas])))
        for cas in raisons
        if cas in par_cas
    ]


def _cas_du_sujet(
    sujet: Territoire, indicateur: Indicateur, chiffre: Chiffre | None, autour: Lus, dites: set[str]
) -> list[str]:
    if chiffre is None or not chiffre.a_une_valeur:
        return []
    if chiffre.fiabilite == Fiabilite.FRAGILE:
        return ["fragile"]
    if reference(chiffre) not in dites:
        # Laissé aux tableaux pour garder le chapitre court : rien n'est tu.
        return []
    verdicts = {v.verdict for _, _, v in references_lues(indicateur, sujet, chiffre, autour)}
    return [str(v) for v in TUS if v in verdicts]


def _cas_des_mailles(indicateur: Indicateur, mailles: Lus, dites: set[str], affirmees: set[str]) -> list[str]:
    chiffrees = chiffres_de(mailles)
    if not chiffrees:
        return []
    if not assez_solides(mailles):
        return ["etendue"]
    extremes = bouts(chiffrees)
    if not extremes:
        return ["extreme_fragile"]
    ecrite = all(reference(c) in dites for _, c in extremes)
    en_tete = any(reference(c) in affirmees for _, c in chiffrees)
    return ["tete"] if ecrite and not en_tete and indicateur.sens != "neutre" else []
