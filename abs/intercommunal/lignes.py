"""Les lignes à filtrer : une par commune et par indicateur, avec son rang possible et son écart ; une par comparable."""

from __future__ import annotations

from typing import Final

from abs.indicateurs.indicateurs import THEMES
from abs.intercommunal.comparaison import ComparaisonIntercommunale
from abs.phrases.ecriture import reference
from abs.phrases.significativite import Verdict
from abs.statuts import LIBELLES_FIABILITE, LIBELLES_STATUT
from donnees_insee.catalogue.catalogue import source

Valeur = str | float | int | None

VERDICTS: Final = {
    Verdict.PLUS: "au-dessus",
    Verdict.MOINS: "au-dessous",
    Verdict.COMPARABLE: "comparable",
    Verdict.DANS_LA_MARGE: "dans la marge",
    Verdict.NON_EVALUE: "non évalué",
}


def lignes_des_communes(comparaison: ComparaisonIntercommunale) -> list[dict[str, Valeur]]:
    """Écrire une ligne par commune et par indicateur que tient au moins une commune."""
    diagnostic = comparaison.diagnostic
    profils = {t.code: g.numero for g in comparaison.partage.groupes for t in g.communes}
    lignes: list[dict[str, Valeur]] = []
    for t in diagnostic.ensembles.mailles:
        for code, classement in comparaison.classements.items():
            tenus = [p.chiffre for p in classement.positions.values() if p.chiffre is not None]
            position, definition = classement.positions[t.code], classement.indicateur
            chiffre = position.chiffre
            if not any(c.a_une_valeur for c in tenus) or chiffre is None:
                continue
            ensemble = diagnostic.chiffre(diagnostic.ensembles.sujet, code, "mailles")
            premiere, derniere = position.fourchette or (None, None)
            lignes.append(
                {
                    "commune": t.nom,
                    "code": t.code,
                    "groupe": profils.get(t.code),
                    "theme": THEMES[definition.theme],
                    "indicateur": definition.libelle,
                    "unite": definition.unite,
                    "valeur": chiffre.valeur if chiffre.a_une_valeur else None,
                    "marge": chiffre.marge if chiffre.marge == chiffre.marge else None,
                    "intercommunalite": ensemble.valeur if ensemble and ensemble.a_une_valeur else None,
                    "ecart_etabli": VERDICTS[position.comparaison.verdict],
                    "rang_premier": premiere,
                    "rang_dernier": derniere,
                    "communes_rangees": classement.rangees if not classement.refus else None,
                    "sans_rang": position.silence,
                    "statut": LIBELLES_STATUT[chiffre.statut],
                    "fiabilite": LIBELLES_FIABILITE[chiffre.fiabilite] if chiffre.a_une_valeur else "",
                    "note": chiffre.note,
                    "date": chiffre.periode,
                    "source": source(chiffre.source).titre_court,
                    "reference": reference(chiffre),
                }
            )
    return lignes


def lignes_des_pairs(comparaison: ComparaisonIntercommunale) -> list[dict[str, Valeur]]:
    """Écrire une ligne par commune, indicateur et comparable."""
    noms = {t.code: t.nom for t in comparaison.diagnostic.ensembles.mailles}
    lignes: list[dict[str, Valeur]] = []
    for question in comparaison.pairs:
        for commune, places in question.places.items():
            for code, place in places.items():
                premiere, derniere = place.fourchette or (None, None)
                lignes += [
                    {
                        "question": question.question.libelle,
                        "commune": noms[commune],
                        "indicateur": comparaison.diagnostic.indicateurs[code].libelle,
                        "valeur": place.chiffre.valeur,
                        "place_premiere": premiere,
                        "place_derniere": derniere,
                        "sur": place.sur,
                        "comparable": pair.nom,
                        "code_comparable": pair.code,
                        "valeur_comparable": chiffre.valeur,
                        "date": chiffre.periode,
                        "reference": reference(chiffre),
                    }
                    for pair, chiffre in place.autour
                ]
    return lignes
