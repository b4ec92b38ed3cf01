"""Le rapport d'une évolution : le bilan court que l'écran montre, le rapport entier que le fichier garde."""

from __future__ import annotations

from typing import TYPE_CHECKING

from abs.evolutions.evolutions import Verdict
from abs.evolutions.refus import phrases_de_refus
from abs.evolutions.tableaux import ENTETES, LIMITES, ligne, resume
from abs.formats import ESPACE_INSECABLE
from abs.indicateurs.indicateurs import indicateurs

if TYPE_CHECKING:
    from abs.evolutions.releve import Releve


def bilan(releve: Releve, maximum: int) -> tuple[list[tuple[str, ...]], int]:
    """Résumer les évolutions, une ligne par indicateur, les mieux établies d'abord."""
    ordre = {Verdict.SIGNIFICATIF: 0, Verdict.NOTABLE: 0, Verdict.NON_SIGNIFICATIF: 1, Verdict.FAIBLE: 1}
    codes = sorted(
        releve.totaux,
        key=lambda c: min((ordre.get(Verdict(e.verdict), 2) for e in releve.totaux[c]), default=3),
    )
    lignes = []
    for code in codes[:maximum]:
        definition = indicateurs()[code]
        total = releve.totaux[code][0] if releve.totaux[code] else None
        mailles = releve.mailles.get(code, [])
        etablies = [e for e in mailles if e.verdict in {Verdict.SIGNIFICATIF, Verdict.NOTABLE}]
        hausses = sum(e.ecart > 0 for e in etablies)
        cellules = ligne(total) if total is not None else ("", "", "–", "–", "–", "–", "")
        lignes.append(
            (
                definition.libelle_court,
                *cellules[2:5],
                "" if total is None else cellules[6].split(" (")[0].split(f"{ESPACE_INSECABLE}:")[0],
                f"{hausses} ↑ {len(etablies) - hausses} ↓ sur {len(mailles)}" if mailles else "",
            )
        )
    return lignes, max(0, len(codes) - maximum)


def rapport(releve: Releve) -> str:
    """Écrire tout le rapport : chaque indicateur, ses lignes, ce qu'on peut en dire, et ce qui ne se compare pas."""
    ecrit = [
        f"{releve.sujet.nom} ({releve.sujet.code}), de {releve.de} à {releve.a}, à géographie constante",
        "",
    ]
    ecrit += [f"- {p}" for p in releve.geographie]
    entetes = " | ".join(e.format(de=releve.de, a=releve.a) for e in ENTETES)
    for code, totaux in releve.totaux.items():
        mailles = releve.mailles.get(code, [])
        ecrit += ["", f"{indicateurs()[code].libelle_court} ({code})", entetes]
        ecrit += [" | ".join(ligne(e)) for e in (*totaux, *mailles)]
        ecrit += [f"- {p}" for p in (*releve.notes.get(code, ()), *resume(mailles))]
    if releve.refus:
        ecrit += ["", "Ce qui ne se compare pas :", *(f"- {p}" for p in phrases_de_refus(releve.refus))]
    return "\n".join([*ecrit, "", LIMITES, ""])
