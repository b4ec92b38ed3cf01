"""Dire la place d'un quartier prioritaire parmi les autres : la plus élevée, parmi les plus élevées, ou le seul rang."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from typing import Final

from abs.calcul.table_longue import Chiffre, Lus, chiffres_de, de_meme_date
from abs.formats import arrondir, nombre
from abs.indicateurs.indicateurs import Indicateur
from abs.langue import enumerer, typographier
from abs.phrases.ecriture import date_dite, decimales, ecrire, gabarits, reference
from abs.phrases.etendue import accords, combien, sujet_de_l_etendue
from abs.phrases.phrases import Affirmation, Phrase, dire, phrase
from abs.phrases.significativite import Verdict, comparer
from abs.statuts import Fiabilite
from abs.territoires.territoires import Territoire

RANGES_MINIMUM: Final = 3
PART_DE_TETE: Final = 3
# Mots qui reprennent un indicateur dans « la part la plus élevée des douze quartiers ».
REPRISES: Final = frozenset({"part", "taux", "indice", "rapport"})


@dataclass(frozen=True)
class Position:
    """La place d'un quartier parmi un ensemble de quartiers, pour un indicateur."""

    cas: str
    haut: bool
    rang: int
    sur: int
    ou: str
    ex_aequo: bool = False

    @property
    def verdict(self) -> str:
        """Nom de ce que la place affirme."""
        return f"{self.cas}_{'haut' if self.haut else 'bas'}"


def position(
    indicateur: Indicateur, territoire: Territoire, chiffre: Chiffre | None, quartiers: Lus, ou: str
) -> Position | None:
    """Situer un quartier parmi d'autres, dans la même édition."""
    if chiffre is None or not chiffre.a_une_valeur or chiffre.fiabilite == Fiabilite.FRAGILE:
        return None
    if indicateur.nature == "effectif":
        return None
    voisins = [(t, c) for t, c in chiffres_de(quartiers) if t.code != territoire.code]
    autres = [c for _, c in voisins if de_meme_date(chiffre, c)]
    sur = len(autres) + 1
    if sur < RANGES_MINIMUM:
        return None
    fixes = decimales(indicateur, chiffre)
    ecrit = arrondir(chiffre.valeur, fixes)
    ecrits = [arrondir(c.valeur, fixes) for c in autres]
    if set(ecrits) == {ecrit}:
        return None
    rang = 1 + sum(e > ecrit for e in ecrits)
    haut = rang <= sur / 2
    attendu = Verdict.PLUS if haut else Verdict.MOINS
    verdicts = [comparer(indicateur, chiffre, c, len(autres)).verdict for c in autres]
    depasses = sum(v == attendu for v in verdicts)
    depuis_le_bout = rang if haut else sur - rang + 1
    cas = "rang"
    if depasses == len(autres):
        cas = "seul"
    elif depuis_le_bout <= max(1, sur // PART_DE_TETE) and depasses >= len(autres) / 2:
        cas = "parmi"
    return Position(cas, haut, rang, sur, ou, ecrit in ecrits)


def mots_des_positions(indicateur: Indicateur, places: Sequence[Position]) -> str:
    """Écrire une ou deux places, celles d'une même sorte ensemble."""
    groupes = groupby(places, key=lambda lue: (lue.cas, lue.haut or lue.cas == "rang"))
    return " ; ".join(_mots_d_un_groupe(indicateur, list(siennes)) for _, siennes in groupes)


def _mots_d_un_groupe(indicateur: Indicateur, places: list[Position]) -> str:
    tours, rangs = gabarits("positions"), places[0].cas == "rang"
    debut = "" if rangs else _en_tete(indicateur, places[0])
    ensembles = []
    for n, lue in enumerate(places):
        quartiers = "" if n else " quartiers prioritaires"
        ordinal = f"{'1er' if lue.rang == 1 else f'{lue.rang}e'}{' ex æquo' * lue.ex_aequo} " if rangs else ""
        ensembles.append(f"{ordinal}des {nombre(lue.sur)}{quartiers} {lue.ou}")
    pluriel = "s" if len(places) > 1 else ""
    return tours["rang" if rangs else "tete"].format(
        debut=debut, ensembles=" et ".join(ensembles), pluriel=pluriel
    )


def _en_tete(indicateur: Indicateur, lue: Position) -> str:
    """Écrire « la part la plus élevée » ou « un montant parmi les plus bas », accordé."""
    mot = indicateur.libelle.split()[0].lower()
    if mot not in REPRISES:
        mot = "montant" if indicateur.unite == "€" else "niveau"
    defini = gabarits("articles").get(mot, "le ")
    return gabarits("positions")[lue.verdict].format(mot=mot, defini=defini, **accords(mot))


def phrase_d_un_qpv(
    indicateur: Indicateur,
    sujet: Territoire,
    chiffre: Chiffre | None,
    autour: Lus,
    places: Sequence[Position],
) -> Phrase | None:
    """Écrire la phrase d'un quartier prioritaire : son chiffre, ses références de même date, sa place."""
    dite = phrase(indicateur, sujet, chiffre, autour)
    if dite is None or chiffre is None or not places:
        return dite
    suite = mots_des_positions(indicateur, retenues(places))
    return replace(
        dite,
        texte=typographier(f"{dite.texte.removesuffix('.')} ; {suite}."),
        affirmations=(*dite.affirmations, *affirmations(chiffre, places)),
    )


def retenues(places: Sequence[Position]) -> list[Position]:
    """Ôter une place que la suivante, dans un ensemble plus large, dit déjà."""
    return [places[-1]] if len(places) > 1 and places[-1].cas == "seul" else list(places)


def affirmations(chiffre: Chiffre, places: Sequence[Position]) -> tuple[Affirmation, ...]:
    """Relever ce que des places affirment."""
    return tuple(Affirmation(reference(chiffre), "", p.verdict) for p in retenues(places) if p.cas != "rang")


def etendue_des_qpv(indicateur: Indicateur, siens: Lus, tous: Lus, reperes: Lus) -> Phrase | None:
    """Dire l'étendue d'un indicateur entre les quartiers d'un territoire, et le territoire à la même date."""
    lus = chiffres_de(siens)
    sujet = sujet_de_l_etendue(indicateur)
    if sujet is None or indicateur.nature == "effectif" or len(lus) < 2:
        return None
    bouts = min(lus, key=lambda tc: tc[1].valeur), max(lus, key=lambda tc: tc[1].valeur)
    (premier, bas), (dernier, haut) = bouts
    if Fiabilite.FRAGILE in {bas.fiabilite, haut.fiabilite}:
        return None
    fixes = min(decimales(indicateur, c) for c in (bas, haut))
    connus = [(t, c) for t, c in chiffres_de(reperes) if de_meme_date(haut, c)]
    contre = enumerer([f"{ecrire(indicateur, c, fixes)} {t.dans}" for t, c in connus])
    tetes = _tetes(indicateur, bouts, tous)
    places = [f" ; dans le quartier {t.nom}, {mots_des_positions(indicateur, [p])}" for t, _, p in tetes]
    return dire(
        "positions",
        "etendue",
        [bas, haut, *(c for _, c in connus)],
        [a for _, c, p in tetes for a in affirmations(c, [p])],
        sujet=sujet,
        bas=ecrire(indicateur, bas, fixes),
        ou_bas=premier.nom,
        haut=ecrire(indicateur, haut, fixes),
        ou_haut=dernier.nom,
        combien=combien(len(lus), len(siens)),
        periode=date_dite(haut, indicateur),
        contre=f" ; {contre}, à la même date" if contre else "",
        tetes="".join(places),
    )


def _tetes(
    indicateur: Indicateur, bouts: Sequence[tuple[Territoire, Chiffre]], tous: Lus
) -> list[tuple[Territoire, Chiffre, Position]]:
    """Retenir, aux deux bouts, le quartier qui se distingue de tous ceux de l'intercommunalité ou du territoire."""
    # Ce qui réunit les quartiers : une même commune, ou l'intercommunalité.
    commune = tous and set.intersection(*(set(t.composantes) for t, _ in tous))
    ou = "de la commune" if commune else "de l'intercommunalité"
    lues = [(t, c, position(indicateur, t, c, tous, ou)) for t, c in dict.fromkeys(bouts)]
    return [(t, c, p) for t, c, p in lues if p is not None and p.cas == "seul"]
