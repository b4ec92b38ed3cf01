"""Écrire l'écart d'un chiffre à ses références : « 4,1 points de plus », « un montant plus bas », « comparable »."""

from __future__ import annotations

from collections.abc import Sequence

from abs.calcul.chiffre import Chiffre
from abs.formats import arrondir
from abs.indicateurs.indicateurs import Indicateur
from abs.langue import elider, enumerer, points
from abs.phrases.ecriture import decimales, decimales_publiees, ecrire, gabarits
from abs.phrases.significativite import DIFFERENTS, Comparaison, Verdict
from abs.statuts import Statut
from abs.territoires.territoires import Territoire


def ecarts_dits(
    indicateur: Indicateur, chiffre: Chiffre, dites: Sequence[tuple[Territoire, Chiffre, Comparaison]]
) -> str:
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


def _ecarts(
    indicateur: Indicateur,
    chiffre: Chiffre,
    differents: Sequence[tuple[Territoire, Chiffre, Comparaison]],
    fixes: int,
) -> list[str]:
    """Écrire les écarts d'une phrase en points, tous à la même précision ; rien si le lecteur ne les retrouvait pas."""
    if indicateur.unite != "%":
        return [""] * len(differents)
    if all(_se_retrouve(chiffre, c, v, fixes) for _, c, v in differents):
        arrondis = [
            _arrondi_au_depart(indicateur, chiffre) or _arrondi_au_depart(indicateur, c)
            for _, c, _ in differents
        ]
        environ = "environ " if any(arrondis) else ""
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
