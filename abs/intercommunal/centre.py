"""Ce que pèse la ville-centre dans son intercommunalité, et ce que deviennent les taux sans elle."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from abs.calcul.chiffre import Chiffre
from abs.calcul.table_longue import Diagnostic
from abs.formats import nombre
from abs.indicateurs.indicateurs import Indicateur
from abs.intercommunal.plan import plan
from abs.intercommunal.rangs import Classement
from abs.phrases.significativite import Comparaison, comparer
from abs.statuts import Fiabilite, Statut
from abs.territoires.territoires import Territoire

COMPTES_ENTIERS: Final = frozenset({Statut.PUBLIE, Statut.CALCULE})


@dataclass(frozen=True)
class Part:
    """La part d'un compte qui est dans la ville-centre."""

    libelle: str
    au_centre: float
    en_tout: float
    chiffres: tuple[Chiffre, ...]
    a_cheval: tuple[str, ...] = ()

    @property
    def pourcentage(self) -> float:
        """Part de la ville-centre, de 0 à 100."""
        return 100 * self.au_centre / self.en_tout


@dataclass(frozen=True)
class SansElle:
    """Un taux de l'intercommunalité, avec et sans sa ville-centre (rapports de sommes), et son écart avec le reste."""

    indicateur: Indicateur
    ensemble: Chiffre
    reste: Chiffre
    centre: Chiffre
    comparaison: Comparaison


@dataclass(frozen=True)
class PoidsDuCentre:
    """Ce que pèse la ville-centre."""

    centre: Territoire | None = None
    parts: tuple[Part, ...] = ()
    sans_elle: tuple[SansElle, ...] = ()
    absents: tuple[str, ...] = ()
    refus: str = ""
    d_apres: str = ""


def peser(
    diagnostic: Diagnostic, centre: Territoire | None, classements: Mapping[str, Classement] | None = None
) -> PoidsDuCentre:
    """Peser la ville-centre."""
    if centre is None:
        return PoidsDuCentre(
            refus="Le poids de la ville-centre n'est pas dit : la population d'une commune au moins n'est pas disponible, "
            "ou l'intercommunalité n'a qu'une commune."
        )
    comptes = {li["libelle"]: _part(diagnostic, centre, li) for li in plan()["centre"]["comptes"]}
    parts = (*comptes.values(), _part_des_qpv(diagnostic, centre))
    return PoidsDuCentre(
        centre,
        tuple(part for part in parts if part is not None),
        tuple(_sans_elle(diagnostic, centre, classements or {})),
        tuple(libelle for libelle, part in comptes.items() if part is None),
    )


def _part(diagnostic: Diagnostic, centre: Territoire, ligne: dict[str, str]) -> Part | None:
    chiffres = [
        diagnostic.chiffre(t, ligne["indicateur"], "mailles") for t in (centre, diagnostic.ensembles.sujet)
    ]
    lus = [c for c in chiffres if c is not None and c.statut in COMPTES_ENTIERS]
    if len(lus) != len(chiffres) or lus[0].definition != lus[1].definition:
        return None
    effectif = diagnostic.indicateurs[ligne["indicateur"]].nature == "effectif"
    haut, bas = (c.valeur if effectif else float(getattr(c, ligne["terme"])) for c in lus)
    if not (math.isfinite(haut) and math.isfinite(bas)) or not 0 <= haut <= bas or bas <= 0:
        return None
    return Part(ligne["libelle"], haut, bas, tuple(lus))


def _part_des_qpv(diagnostic: Diagnostic, centre: Territoire) -> Part | None:
    """Compter les habitants des QPV : ceux d'un quartier à cheval ne sont attribués à aucune commune."""
    lus = [(t, diagnostic.chiffre(t, "population", "qpv")) for t in diagnostic.ensembles.qpv]
    tenus = [(t, c) for t, c in lus if c is not None and c.statut in COMPTES_ENTIERS]
    if not tenus or len(tenus) != len(lus):
        return None
    siens = sum(c.valeur for t, c in tenus if set(t.composantes) == {centre.code})
    a_cheval = tuple(
        f"{t.nom} ({nombre(c.valeur)} habitants)"
        for t, c in tenus
        if centre.code in t.composantes and len(set(t.composantes)) > 1
    )
    return Part(
        "Habitants des quartiers prioritaires (quartiers entièrement dans la ville-centre)",
        siens,
        sum(c.valeur for _, c in tenus),
        tuple(c for _, c in tenus),
        a_cheval,
    )


def _sans_elle(
    diagnostic: Diagnostic, centre: Territoire, classements: Mapping[str, Classement]
) -> list[SansElle]:
    reste = next((t for t in diagnostic.ensembles.references if t.role == "epci_hors_centre"), None)
    if reste is None:
        return []
    lignes = []
    for definition in diagnostic.indicateurs.values():
        lus = [
            diagnostic.chiffre(t, definition.code, "mailles")
            for t in (diagnostic.ensembles.sujet, reste, centre)
        ]
        solides = [
            c
            for c in lus
            if c is not None and c.statut in COMPTES_ENTIERS and c.fiabilite != Fiabilite.FRAGILE
        ]
        if len(solides) != len(lus) or definition.nature == "effectif":
            continue
        ensemble, autres, sien = solides
        classement = classements.get(definition.code)
        verdict = (
            comparer(definition, sien, autres)
            if classement is None
            else classement.positions[centre.code].comparaison
        )
        lignes.append(SansElle(definition, ensemble, autres, sien, verdict))
    return lignes
