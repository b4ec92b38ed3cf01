"""Les évolutions d'un quartier prioritaire : des tableaux lus à l'année de leurs données, sur un seul périmètre."""

from collections.abc import Iterator, Sequence
from itertools import product
from typing import Final, NamedTuple

from abs.calcul.calcul import Calculateur
from abs.calcul.table_longue import Chiffre
from abs.definitions import dire
from abs.evolutions.evolutions import Evolution, Mesure, evaluer, indices_tenus
from abs.evolutions.resultats import Refus, Releve
from abs.indicateurs.annees_comparables import famille_des_regles, juger
from abs.indicateurs.indicateurs import Indicateur, Lecture, indicateurs
from abs.territoires.correspondance_qpv import Correspondance, correspondance
from abs.territoires.demande import ce_qui_est_tenu
from abs.territoires.territoires import Territoire
from donnees_insee.erreurs import ParametreInvalide

# La règle qui sépare les deux générations : levée quand la lettre et la correspondance disent le périmètre identique.
REGLE_DES_GENERATIONS: Final = "qpv_generations"


class Lu(NamedTuple):
    """Un chiffre, sa lecture, et la date de ses données."""

    lecture: Lecture
    chiffre: Chiffre


def relever_un_quartier(
    calculateur: Calculateur, sujet: Territoire, dates: tuple[int, int], voulus: Sequence[Indicateur] = ()
) -> Releve:
    """Relever ce qui se compare d'un quartier entre deux dates de données, ou refuser en disant ce qui est tenu."""
    lien = correspondance(calculateur.base, sujet.code)
    releve = Releve(sujet, *dates)
    for definition in voulus or [i for i in indicateurs().values() if not i.lu_pour_la_commune]:
        _un_indicateur(calculateur, definition, lien, releve)
    if not releve.totaux:
        raise ParametreInvalide(_pourquoi_rien(calculateur, releve, lien))
    lus = {c for e in releve.lignes() for c in (*e.codes_de, *e.codes_a)}
    releve.geographie = [lien.phrase()] if len(lus) > 1 else []
    return releve


def _un_indicateur(
    calculateur: Calculateur, definition: Indicateur, lien: Correspondance, releve: Releve
) -> None:
    avants, apres = ([*_lus(calculateur, definition, lien.codes, annee)] for annee in (releve.de, releve.a))
    if not (avants and apres):
        return
    # De préférence deux fois le même tableau et le même code.
    avant, suite = min(
        product(avants, apres),
        key=lambda p: (
            p[0].chiffre.source != p[1].chiffre.source,
            p[0].chiffre.territoire != p[1].chiffre.territoire,
        ),
    )
    leve = () if lien.raison else (REGLE_DES_GENERATIONS,)
    avis = juger(definition, avant.lecture, suite.lecture, releve.de, releve.a, leve=leve)
    source = suite.chiffre.source
    if avis.refus:
        releve.refus.append(Refus(definition.code, source, avis.refus))
        return
    mesures = [
        Mesure(lu.chiffre.valeur, marge=lu.chiffre.marge, raison=lu.chiffre.note) for lu in (avant, suite)
    ]
    ligne = Evolution(
        indicateur=definition.code,
        source=source,
        de=releve.de,
        a=releve.a,
        code=releve.sujet.code,
        nom=releve.sujet.nom,
        niveau="qpv",
        avant=mesures[0],
        apres=mesures[1],
        codes_de=(avant.chiffre.territoire,),
        codes_a=(suite.chiffre.territoire,),
    )
    famille, indices = famille_des_regles(suite.lecture), indices_tenus(calculateur.base)
    releve.totaux[definition.code] = [evaluer(definition, ligne, avis, indices, famille)]
    lues = " ; ".join(
        dire(
            "evolutions",
            "qpv_lu",
            code=lu.chiffre.territoire,
            titre=lu.lecture.source.titre_court,
            periode=lu.chiffre.periode,
        )
        for lu in (avant, suite)
    )
    releve.notes[definition.code] = (f"{lues}.", *avis.notes)


def _lus(calculateur: Calculateur, definition: Indicateur, codes: Sequence[str], annee: int) -> Iterator[Lu]:
    """Lire un indicateur dans les tableaux dont les données sont d'une année, sous l'un ou l'autre code du périmètre."""
    for lecture in definition.lectures:
        if "qpv" not in lecture.source.niveaux or not lecture.variables:
            continue
        for edition in calculateur.base.millesimes(lecture.source.id, "qpv")[::-1]:
            if calculateur.dates.annee(lecture.source.id, edition, lecture.variables[0]) != annee:
                continue
            for code in codes:
                chiffre = calculateur.chiffre(definition, Territoire(code, "qpv", code), edition, [lecture])
                if chiffre is not None and chiffre.a_une_valeur:
                    yield Lu(lecture, chiffre)


def _pourquoi_rien(calculateur: Calculateur, releve: Releve, lien: Correspondance) -> str:
    """Dire pourquoi un quartier n'a pas d'évolution, et ce que la base permet d'en lire."""
    sujet = releve.sujet
    mots = {"nom": sujet.nom, "code": sujet.code, "de": releve.de, "a": releve.a}
    tenu = [
        f"{t} [{code}]" if len(lien.codes) > 1 else t
        for code in lien.codes
        for t in ce_qui_est_tenu(calculateur.base, code)
    ]
    raisons = dict.fromkeys(r for refus in releve.refus for r in refus.raisons)
    return " ".join(
        (
            dire("territoires", "qpv_sans_evolution", **mots).strip(),
            lien.phrase(),
            *raisons,
            dire(
                "territoires", "qpv_tenu" if tenu else "qpv_non_tenu", tenu=" ; ".join(tenu), code=sujet.code
            ),
        )
    )
