"""Écrire les phrases du portrait à partir des chiffres : un gabarit par cas, la référence entre parenthèses."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from abs.calcul.table_longue import CALCULE_SUR, Chiffre, Lus, chiffres_de, de_meme_date, mots_de_couverture
from abs.definitions import table
from abs.formats import arrondir, avec_unite
from abs.indicateurs.indicateurs import Indicateur
from abs.langue import elider, enumerer, majuscule, points, typographier
from abs.phrases.ecriture import date_dite, decimales, decimales_publiees, ecrire, gabarits, lieu, reference
from abs.phrases.significativite import DIFFERENTS, DITS, Comparaison, Verdict, verdict
from abs.statuts import Fiabilite, Statut
from abs.territoires.territoires import Territoire

REFERENCES_MAXIMUM: Final = 2
ORDRE_DES_REFERENCES: Final[list[str]] = table("_phrases")["references"]["ordre"]
Lue = tuple[Territoire, Chiffre, Comparaison]


@dataclass(frozen=True)
class Affirmation:
    """Ce qu'une phrase affirme d'un chiffre par rapport à un autre."""

    de: str
    a: str
    verdict: str


@dataclass(frozen=True)
class Phrase:
    """Une phrase, les chiffres qui la portent et ce qu'elle en affirme."""

    texte: str
    references: tuple[str, ...]
    affirmations: tuple[Affirmation, ...] = ()


def dire(
    mots: str, cas: str, cites: Iterable[Chiffre], affirmations: Sequence[Affirmation] = (), **morceaux: Any
) -> Phrase:
    """Écrire la phrase d'un gabarit, et relever les chiffres qu'elle cite."""
    texte = typographier(gabarits(mots)[cas].format(**morceaux))
    return Phrase(texte, tuple(dict.fromkeys(map(reference, cites))), tuple(affirmations))


def comparables(indicateur: Indicateur, chiffre: Chiffre, autour: Lus) -> list[tuple[Territoire, Chiffre]]:
    """Choisir les références écrites : au plus deux, à la même date, solides, les plus proches d'abord."""
    if indicateur.nature == "effectif":
        return []
    admises = [
        (t, c)
        for t, c in chiffres_de(autour)
        if de_meme_date(chiffre, c)
        and c.definition == chiffre.definition
        and c.fiabilite != Fiabilite.FRAGILE
    ]
    rangs = {role: rang for rang, role in enumerate(ORDRE_DES_REFERENCES)}
    admises.sort(key=lambda tc: rangs.get(tc[0].role, len(rangs)))
    return admises[:REFERENCES_MAXIMUM]


def parenthese(indicateur: Indicateur, chiffre: Chiffre, autour: Lus) -> tuple[str, list[str]]:
    """Écrire la parenthèse de comparaison : les valeurs des références, sans mot qui compare."""
    retenues = comparables(indicateur, chiffre, autour)
    textes = [f"{ecrire(indicateur, c, decimales(indicateur, chiffre))} {t.dans}" for t, c in retenues]
    return ", ".join(textes), [reference(c) for _, c in retenues]


def references_lues(indicateur: Indicateur, sujet: Territoire, chiffre: Chiffre, autour: Lus) -> list[Lue]:
    """Comparer le sujet à ses références écrites, sans deux conclusions pour un même chiffre écrit."""
    retenues = comparables(indicateur, chiffre, autour)
    lues = [(t, c, verdict(indicateur, sujet, chiffre, t, c)) for t, c in retenues]
    fixes = decimales(indicateur, chiffre)
    conclusions: dict[str, set[str]] = {}
    for _, c, v in lues:
        dit = v.verdict if v.verdict in DITS else ""
        conclusions.setdefault(ecrire(indicateur, c, fixes), set()).add(dit)
    partagees = {ecrit for ecrit, dits in conclusions.items() if len(dits) > 1}

    def sans_conclusion(c: Chiffre, v: Comparaison) -> bool:
        return v.verdict in DITS and ecrire(indicateur, c, fixes) in partagees

    meme = Verdict.MEME_ECRITURE
    return [(t, c, replace(v, verdict=meme) if sans_conclusion(c, v) else v) for t, c, v in lues]


def phrase(
    indicateur: Indicateur,
    sujet: Territoire,
    chiffre: Chiffre | None,
    autour: Lus,
    des_mailles: Chiffre | None = None,
) -> Phrase | None:
    """Écrire la phrase d'un indicateur, si son statut le permet."""
    if chiffre is None or not chiffre.a_une_valeur or chiffre.fiabilite == Fiabilite.FRAGILE:
        return None
    if not indicateur.phrase:
        return None
    unite, fixes = indicateur.unite if indicateur.unite in {"%", "€"} else "", decimales(indicateur, chiffre)
    lues = references_lues(indicateur, sujet, chiffre, autour)
    dites = [lue for lue in lues if lue[2].verdict in DITS]
    nues = [f"{ecrire(indicateur, c, fixes)} {t.dans}" for t, c, v in lues if v.verdict not in DITS]
    carte, autre = _date_du_detail(indicateur, sujet, chiffre, des_mailles)
    precisions = " ; ".join(filter(None, [", ".join(nues), date_dite(chiffre, indicateur), carte]))
    return dire(
        "phrases",
        "partielle" if chiffre.statut == Statut.PARTIEL else "simple",
        [chiffre, *(c for _, c, _ in lues), *autre],
        [Affirmation(reference(chiffre), reference(c), str(v.verdict)) for _, c, v in dites],
        Lieu=majuscule(lieu(sujet)),
        fait=indicateur.phrase.format(v=avec_unite(chiffre.valeur, unite, fixes)),
        precisions=f" ({precisions})" if precisions else "",
        couverture=mots_de_couverture(chiffre).removeprefix(CALCULE_SUR),
        comparaison=_ecarts_dits(indicateur, chiffre, dites),
    )


def _date_du_detail(
    indicateur: Indicateur, sujet: Territoire, chiffre: Chiffre, des_mailles: Chiffre | None
) -> tuple[str, list[Chiffre]]:
    """Dire de quelle année est le détail, s'il n'est pas de celle du chiffre, et ce que le sujet valait alors."""
    if des_mailles is None or not des_mailles.annee_donnees or de_meme_date(chiffre, des_mailles):
        return "", []
    autre = [des_mailles] if des_mailles.a_une_valeur else []
    mots = gabarits()["des_mailles" if autre else "des_mailles_sans"].format(
        v=ecrire(indicateur, des_mailles),
        annee=des_mailles.annee_donnees,
        maille="IRIS" if sujet.niveau in {"commune", "iris"} else "commune",
    )
    return mots, autre


def _ecarts_dits(indicateur: Indicateur, chiffre: Chiffre, dites: Sequence[Lue]) -> str:
    """Écrire les comparaisons établies, les écarts d'abord, puis ce qui est comparable."""
    tours, fixes = gabarits("comparaisons"), decimales(indicateur, chiffre)
    differents = [(t, c, v) for t, c, v in dites if v.verdict in DIFFERENTS]
    en_points = _ecarts(indicateur, chiffre, differents, fixes)
    texte, precedent = "", None
    for (t, c, v), ecart in zip(differents, en_points, strict=True):
        ici = (v.verdict, ecart)
        suite = "_points" if ecart else "_montant" if indicateur.unite == "€" else ""
        if precedent is None:
            cas = f"{v.verdict}{suite}"
        elif ici == precedent:
            cas = "idem"
        else:
            liaison = "et" if v.verdict == precedent[0] else "mais"
            cas = f"{liaison}_{v.verdict}{suite}"
        texte += tours[cas].format(
            points=ecart, que=elider("que", t.dans), valeur=ecrire(indicateur, c, fixes)
        )
        precedent = ici
    pareils = [
        f"{t.dans} ({ecrire(indicateur, c, fixes)})" for t, c, v in dites if v.verdict == Verdict.COMPARABLE
    ]
    return texte + (tours["comparable"].format(lieux=enumerer(pareils)) if pareils else "")


def _ecarts(indicateur: Indicateur, chiffre: Chiffre, differents: Sequence[Lue], fixes: int) -> list[str]:
    """Écrire les écarts d'une phrase en points, tous à la même précision ; rien si le lecteur ne les retrouvait pas."""
    if indicateur.unite != "%":
        return [""] * len(differents)
    if all(_se_retrouve(chiffre, c, v, fixes) for _, c, v in differents):
        soustraits = [chiffre, *(c for _, c, _ in differents)]
        environ = "environ " if any(_arrondi_au_depart(indicateur, c) for c in soustraits) else ""
        return [f"{environ}{points(v.ecart, fixes)}" for _, _, v in differents]
    return [f"environ {points(v.ecart, 0)}" if fixes > 0 else "" for _, _, v in differents]


def _se_retrouve(chiffre: Chiffre, autre: Chiffre, v: Comparaison, fixes: int) -> bool:
    """Dire si la soustraction des deux valeurs écrites donne l'écart écrit."""
    return arrondir(chiffre.valeur, fixes) - arrondir(autre.valeur, fixes) in {
        arrondir(v.ecart, fixes),
        -arrondir(-v.ecart, fixes),
    }


def _arrondi_au_depart(indicateur: Indicateur, chiffre: Chiffre) -> bool:
    """Dire si le producteur n'a publié qu'un taux arrondi au point : l'écart de deux arrondis est approché."""
    incertain = chiffre.statut == Statut.PUBLIE and chiffre.marge > 0
    return incertain or decimales_publiees(indicateur, chiffre) is not None
