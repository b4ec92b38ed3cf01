"""Une fiche par quartier prioritaire : chiffres et rang, atouts et fragilités établis, IRIS recouverts et voisins."""

from collections.abc import Iterable, Sequence
from typing import Any, Final

from abs.blocs.blocs import Bloc, Cellule, Note, Phrases, Tableau, Titre, entete
from abs.calcul.table_longue import Chiffre, Diagnostic
from abs.definitions import table
from abs.indicateurs.indicateurs import Indicateur, indicateurs
from abs.langue import enumerer, typographier
from abs.phrases.ecriture import gabarits
from abs.phrases.phrases import Affirmation, Phrase
from abs.phrases.preuves import Appuis
from abs.phrases.significativite import DIFFERENTS
from abs.portrait.autour import Autour
from abs.portrait.chapitre_qpv import a_cote, code_et_communes, phrase_du_quartier, places, reperes_dits
from abs.portrait.tableaux import cellule
from abs.territoires.territoires import Territoire

# Un quartier seul, ou deux, ont déjà leurs phrases et leur tableau.
QUARTIERS_MINIMUM: Final = 3


def fiches_des_qpv(diagnostic: Diagnostic, autour: Autour, appuis: Appuis) -> list[Bloc]:
    """Composer les fiches des quartiers d'une commune ; d'un QPV, le seul profil de ses IRIS."""
    ensembles = diagnostic.ensembles
    if ensembles.sujet.niveau == "qpv":
        return _seul(autour, [ensembles.sujet])
    if ensembles.sujet.niveau != "commune" or len(ensembles.qpv) < QUARTIERS_MINIMUM:
        return _seul(autour, ensembles.qpv)
    mots, rendus = gabarits("fiche_qpv"), list[Bloc]()
    for quartier in ensembles.qpv:
        tableau = _chiffres(diagnostic, quartier)
        if tableau is None:
            continue
        rendus += [Titre(quartier.nom, 3, f"qpv-{quartier.code.lower()}"), tableau]
        rendus += _points(diagnostic, quartier, appuis)
        rendus += _iris(autour, quartier)
    dits = " ".join([mots["lire"], *([mots["frange"]] if autour.iris else [])])
    return [Note(typographier(dits), "precision"), *rendus] if rendus else []


def _seul(autour: Autour, quartiers: Sequence[Territoire]) -> list[Bloc]:
    profils = [b for t in quartiers for b in _iris(autour, t)]
    return [*profils, Note(typographier(gabarits("fiche_qpv")["frange"]), "precision")] if profils else []


def _plan() -> dict[str, Any]:
    return table("_portrait")["fiche_qpv"]


def _chiffres(diagnostic: Diagnostic, quartier: Territoire) -> Tableau | None:
    """Composer les chiffres clés d'un quartier, sa commune et son intercommunalité à côté, et son rang."""
    choisis = [indicateurs()[c] for c in _plan()["indicateurs"]]
    lus = [(i, c) for i in choisis if (c := diagnostic.lu(quartier, i.code, "qpv")) is not None]
    sujet = diagnostic.ensembles.sujet
    reperes = [sujet] if any(diagnostic.lu(sujet, i.code, "qpv_sujet") for i, _ in lus) else []
    lignes = []
    for indicateur, chiffre in lus:
        imposees = 0 if indicateur.unite == "%" else None
        ailleurs = [(t, diagnostic.chiffre(t, indicateur.code, "qpv_sujet")) for t in reperes]
        lignes.append(
            (
                entete(indicateur.libelle_court, indicateur.definition),
                cellule(indicateur, chiffre, imposees=imposees),
                *(
                    a_cote(
                        indicateur,
                        c,
                        chiffre,
                        imposees,
                        diagnostic.ailleurs.get((t.code, indicateur.code), ""),
                    )
                    for t, c in ailleurs
                ),
                _rang(diagnostic, indicateur, quartier, chiffre),
                Cellule(chiffre.periode, classe="date"),
            )
        )
    if not lignes:
        return None
    mots = gabarits("fiche_qpv")
    titre = mots["titre"].format(nom=quartier.nom, ou=code_et_communes(quartier))
    tetes = (mots["indicateur"], quartier.nom, *(t.titre for t in reperes), mots["rang"], mots["date"])
    code = f"qpv-fiche-{quartier.code.lower()}"
    return Tableau(code, titre, tuple(map(entete, tetes)), tuple(lignes))


def _rang(diagnostic: Diagnostic, indicateur: Indicateur, quartier: Territoire, chiffre: Chiffre) -> Cellule:
    siennes = places(diagnostic, indicateur, quartier, chiffre)[:1]
    mots = gabarits("fiche_qpv")
    textes = [
        mots["ex_aequo" if p.ex_aequo else "place"].format(
            rang="1er" if p.rang == 1 else f"{p.rang}e", sur=p.sur
        )
        for p in siennes
    ]
    return Cellule("".join(textes) or "–", classe="texte")


# -- atouts et fragilités ------------------------------------------------------------------------


def _points(diagnostic: Diagnostic, quartier: Territoire, appuis: Appuis) -> list[Bloc]:
    """Dire ce qui est établi : un écart avec la commune, ou une place que les marges n'ôtent pas."""
    cotes: dict[bool, list[Phrase]] = {True: [], False: []}
    for famille in _familles(_plan()["indicateurs"]):
        lues = (lu for c in famille if (lu := _point(diagnostic, indicateurs()[c], quartier)) is not None)
        for favorable, dite in list(lues)[:1]:
            cotes[favorable].append(dite)
    mots, combien = gabarits("fiche_qpv"), _plan()["points"]
    return [
        Phrases.de(dites[:combien], appuis, titres=[mots["atouts" if favorable else "fragilites"]])
        for favorable, dites in cotes.items()
        if dites
    ]


def _familles(codes: Iterable[str]) -> list[list[str]]:
    """Réunir les mesures d'un même fait : il ne se dit qu'une fois."""
    famille_de = {c: nom for nom, siens in table("_portrait")["familles"].items() for c in siens}
    reunies: dict[str, list[str]] = {}
    for code in codes:
        reunies.setdefault(famille_de.get(code, code), []).append(code)
    return list(reunies.values())


def _point(
    diagnostic: Diagnostic, indicateur: Indicateur, quartier: Territoire
) -> tuple[bool, Phrase] | None:
    """Donner la phrase d'un indicateur qui a un sens, si elle affirme, et d'un seul côté."""
    if indicateur.sens == "neutre":
        return None
    autour = diagnostic.lus(reperes_dits(diagnostic), indicateur.code, "qpv_sujet")
    dite = phrase_du_quartier(diagnostic, indicateur, quartier, autour)
    favorable = None if dite is None else cote_affirme(indicateur, dite.affirmations)
    return None if dite is None or favorable is None else (favorable, dite)


def cote_affirme(indicateur: Indicateur, affirmations: Iterable[Affirmation]) -> bool | None:
    """Dire si ce qu'une phrase affirme est favorable ; rien si elle n'affirme pas, ou des deux côtés."""
    dits = [str(a.verdict) for a in affirmations]
    ecarts = {v == "plus" for v in dits if v in DIFFERENTS}
    # Un rang seul n'affirme rien ; une place de tête ne compte qu'à défaut d'écart avec la commune.
    cotes = ecarts or {v.endswith("_haut") for v in dits if v.startswith(("seul_", "parmi_"))}
    return (indicateur.sens == "bas") in cotes if len(cotes) == 1 else None


# -- les IRIS autour -----------------------------------------------------------------------------


def _iris(autour: Autour, quartier: Territoire) -> list[Bloc]:
    """Composer le profil des IRIS qu'un quartier recouvre et de ceux de sa frange ; leurs chiffres ne sont pas les siens."""
    siens, mots = autour.iris.get(quartier.code, []), gabarits("fiche_qpv")
    remplis = [
        indicateurs()[c]
        for c in _plan()["iris"]
        if 2 * sum((i.code, c) in autour.chiffres for i in siens) >= max(1, len(siens))
    ][: _plan()["colonnes"]]
    if not siens or not remplis:
        return []
    lignes, tous = [], list[Chiffre | None]()
    for iris in siens:
        chiffres = [autour.chiffres.get((iris.code, i.code)) for i in remplis]
        tous += [c for c in chiffres if c is not None]
        place = mots["dedans" if iris.dedans else "voisin"].format(part=round(100 * iris.part))
        lignes.append(
            (
                entete(iris.nom or iris.code, iris.code),
                Cellule(place, classe="texte"),
                *(
                    cellule(i, c) if c else _sans(mots["sans"])
                    for i, c in zip(remplis, chiffres, strict=True)
                ),
            )
        )
    dates = [_dates(tous, i) for i in remplis]
    tetes = [entete(i.libelle_court, i.definition, d) for i, d in zip(remplis, dates, strict=True)]
    titre = mots["iris"].format(nom=quartier.nom)
    code = f"qpv-iris-{quartier.code.lower()}"
    return [Tableau(code, titre, (entete("IRIS"), entete(mots["part"]), *tetes), tuple(lignes))]


def _sans(aide: str) -> Cellule:
    return Cellule("nc", aide=aide, classe="absent")


def _dates(chiffres: Sequence[Chiffre | None], indicateur: Indicateur) -> str:
    lues = {c.periode for c in chiffres if c is not None and c.indicateur == indicateur.code}
    return enumerer(sorted(lues))
