"""L'essentiel d'une intercommunalité : d'une commune à l'autre, de combien à combien, et qui se distingue de toutes."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Final

from abs.calcul.table_longue import Diagnostic
from abs.intercommunal.plan import plan
from abs.intercommunal.rangs import Classement
from abs.phrases.ecriture import reference
from abs.phrases.etendue import etendue
from abs.phrases.phrases import Phrase
from abs.portrait.chapitres import mailles_classables

# Le gabarit d'une étendue met la commune en tête après un point-virgule.
TETE: Final = re.compile(r"\s;\s(?:il|elle) est\b.*$")


def essentiel(diagnostic: Diagnostic, classements: dict[str, Classement]) -> tuple[Phrase, ...]:
    """Écrire les étendues des premières situations du plan, puis celles des populations."""
    codes = [c for c in plan()["fiche"]["indicateurs"] if c in classements]
    # Les situations d'abord : un trait de population n'est ni une force ni une faiblesse.
    codes.sort(key=lambda c: diagnostic.indicateurs[c].sens == "neutre")
    lues = (
        (
            code,
            etendue(
                diagnostic.indicateurs[code],
                mailles_classables(diagnostic, code),
                diagnostic.chiffre(diagnostic.ensembles.sujet, code, "mailles"),
            ),
        )
        for code in codes
    )
    ecrites = [
        phrase if portee_par_les_rangs(phrase, classements[code]) else sans_la_tete(phrase)
        for code, phrase in lues
        if phrase is not None
    ]
    return tuple(ecrites[: plan()["essentiel"]["phrases"]])


def sans_la_tete(phrase: Phrase) -> Phrase:
    """Ôter d'une étendue la commune qu'elle dit en tête : l'étendue reste vraie, la première place n'est pas établie."""
    return replace(phrase, texte=f"{TETE.sub('', phrase.texte).rstrip('.')}.", affirmations=())


def portee_par_les_rangs(phrase: Phrase, classement: Classement) -> bool:
    """Dire si la première place qu'une phrase annonce est bien la seule place possible de la commune."""
    attendues = {"seul_haut": (1, 1), "seul_bas": (classement.rangees, classement.rangees)}
    places = {
        reference(p.chiffre): p.fourchette for p in classement.positions.values() if p.chiffre is not None
    }
    return all(
        places.get(a.de) == attendues[a.verdict] for a in phrase.affirmations if a.verdict in attendues
    )
