"""Des choix d'un plan aux territoires : « toutes les communes de », « tous les QPV de », codes donnés un à un."""

from collections.abc import Iterable

from abs.territoires.territoires import Territoire, Territoires
from carnets.campagne.plan import Choix, PlanInvalide
from donnees_insee.erreurs import ErreurAbs, liste_de_fautes


def choisir(
    territoires: Territoires, choix: Iterable[Choix], generation: int | None = None
) -> list[Territoire]:
    """Nommer les territoires d'une campagne, chacun une fois, dans l'ordre du plan."""
    fautes: list[str] = []
    trouves: dict[str, Territoire] = {}
    for un in choix:
        for territoire in _d_un_choix(territoires, un, generation, fautes):
            trouves.setdefault(territoire.code, territoire)
    if fautes:
        raise PlanInvalide(liste_de_fautes("Des territoires de la campagne sont introuvables :", fautes))
    if not trouves:
        raise PlanInvalide("La campagne ne contient aucun territoire : « sauf » les écarte tous.")
    return list(trouves.values())


def _d_un_choix(
    territoires: Territoires, choix: Choix, generation: int | None, fautes: list[str]
) -> list[Territoire]:
    trouves = [t for code in choix.codes if (t := _trouver(territoires, code, fautes))]
    for ensemble, niveau in ((choix.communes_de, "commune"), (choix.epci_de, "epci"), (choix.qpv_de, "qpv")):
        sujet = _trouver(territoires, ensemble, fautes) if ensemble else None
        if sujet is None:
            continue
        dedans = _composantes(territoires, sujet, niveau, generation)
        if not dedans:
            fautes.append(
                f"La base ne contient aucun territoire de niveau « {niveau} » dans {sujet.nom} ({sujet.code})."
            )
        trouves += dedans
    inconnus = set(choix.sauf) - {t.code for t in trouves}
    fautes += [f"« sauf » écarte {c}, qui n'est pas dans la liste." for c in sorted(inconnus)]
    return [t for t in trouves if t.code not in choix.sauf]


def _trouver(territoires: Territoires, texte: str, fautes: list[str]) -> Territoire | None:
    try:
        return territoires.trouver(texte)
    except ErreurAbs as cause:
        fautes.append(str(cause))
        return None


def _composantes(
    territoires: Territoires, sujet: Territoire, niveau: str, generation: int | None
) -> list[Territoire]:
    geographie = territoires.geographie
    if niveau == "qpv":
        return territoires.qpv_du(sujet, generation)
    codes, noms = [c for c in sujet.composantes if c in geographie.communes.index], geographie.communes["nom"]
    if niveau == "epci":
        noms = geographie.epci
        codes = sorted(set(geographie.communes.loc[codes, "epci"].dropna()) & set(noms.index))
    return [territoires.nommer(code, niveau, str(noms[code])) for code in codes]
