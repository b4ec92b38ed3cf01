"""Ce que pèse la ville-centre dans son intercommunalité, et ce que deviennent les taux sans elle."""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from abs.calcul.table_longue import Chiffre, Diagnostic
from abs.definitions import dire
from abs.formats import nombre
from abs.indicateurs.indicateurs import Indicateur
from abs.intercommunal.plan import plan
from abs.intercommunal.rangs import Classement
from abs.phrases.significativite import Comparaison
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
    diagnostic: Diagnostic, centre: Territoire | None, classements: Mapping[str, Classement], d_apres: str
) -> PoidsDuCentre:
    """Peser la ville-centre."""
    if centre is None:
        return PoidsDuCentre(refus=dire("centre", "refus"))
    comptes = {li["libelle"]: _part(diagnostic, centre, li) for li in plan()["centre"]["comptes"]}
    parts = (*comptes.values(), _part_des_qpv(diagnostic, centre))
    return PoidsDuCentre(
        centre,
        tuple(part for part in parts if part is not None),
        tuple(_sans_elle(diagnostic, centre, classements)),
        tuple(libelle for libelle, part in comptes.items() if part is None),
        d_apres=d_apres,
    )


def _entiers(
    diagnostic: Diagnostic, code: str, territoires: Iterable[Territoire], groupe: str = "mailles"
) -> list[Chiffre]:
    """Lire le chiffre de chaque territoire ; rien s'il en manque un, ou s'il n'est ni publié ni calculé."""
    lus = [diagnostic.chiffre(t, code, groupe) for t in territoires]
    entiers = [c for c in lus if c is not None and c.statut in COMPTES_ENTIERS]
    return entiers if len(entiers) == len(lus) else []


def _part(diagnostic: Diagnostic, centre: Territoire, ligne: dict[str, str]) -> Part | None:
    lus = _entiers(diagnostic, ligne["indicateur"], (centre, diagnostic.ensembles.sujet))
    if not lus or lus[0].definition != lus[1].definition:
        return None
    effectif = diagnostic.indicateurs[ligne["indicateur"]].nature == "effectif"
    haut, bas = (c.valeur if effectif else float(getattr(c, ligne["terme"])) for c in lus)
    if not (math.isfinite(haut) and math.isfinite(bas)) or not 0 <= haut <= bas or bas <= 0:
        return None
    return Part(ligne["libelle"], haut, bas, tuple(lus))


def _part_des_qpv(diagnostic: Diagnostic, centre: Territoire) -> Part | None:
    """Compter les habitants des QPV : ceux d'un quartier à cheval ne sont attribués à aucune commune."""
    lus = _entiers(diagnostic, "population", diagnostic.ensembles.qpv, "qpv")
    if not lus:
        return None
    tenus = list(zip(diagnostic.ensembles.qpv, lus, strict=True))
    siens = sum(c.valeur for t, c in tenus if set(t.composantes) == {centre.code})
    a_cheval = tuple(
        f"{t.nom} ({nombre(c.valeur)} habitants)"
        for t, c in tenus
        if centre.code in t.composantes and len(set(t.composantes)) > 1
    )
    return Part(dire("centre", "qpv"), siens, sum(c.valeur for c in lus), tuple(lus), a_cheval)


def _sans_elle(
    diagnostic: Diagnostic, centre: Territoire, classements: Mapping[str, Classement]
) -> list[SansElle]:
    reste = next((t for t in diagnostic.ensembles.references if t.role == "epci_hors_centre"), None)
    if reste is None:
        return []
    lignes = []
    for definition in diagnostic.indicateurs.values():
        lus = _entiers(diagnostic, definition.code, (diagnostic.ensembles.sujet, reste, centre))
        fragile = any(c.fiabilite == Fiabilite.FRAGILE for c in lus)
        if lus and not fragile and definition.nature != "effectif":
            verdict = classements[definition.code].positions[centre.code].comparaison
            ensemble, autres, sien = lus
            lignes.append(SansElle(definition, ensemble, autres, sien, verdict))
    return lignes
