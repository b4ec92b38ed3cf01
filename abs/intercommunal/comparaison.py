"""Composer la comparaison intercommunale : chiffres, rangs, tableaux, profils, comparables, ville-centre, fiches, cartes."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Final

from abs.blocs.blocs import DemandeDeCarte, Tableau
from abs.calcul.table_longue import Diagnostic
from abs.definitions import dire, table
from abs.formats import nombre
from abs.indicateurs.annees_comparables import mises_en_garde
from abs.indicateurs.indicateurs import THEMES
from abs.intercommunal import tables, tables_annexes
from abs.intercommunal.centre import PoidsDuCentre, peser
from abs.intercommunal.groupes import Groupes, grouper
from abs.intercommunal.pairs_des_communes import PairsDUneQuestion, situer
from abs.intercommunal.plan import chiffrees, par_raison, peu_remplis, plan, remplissage
from abs.intercommunal.rangs import Classement, classer_tout
from abs.intercommunal.releve import relever
from abs.intercommunal.tables import Fiche, fiches
from abs.phrases.ecriture import reference
from abs.phrases.etendue import etendue, mailles_classables
from abs.phrases.phrases import Phrase
from abs.phrases.preuves import Silence
from abs.portrait.portrait import Portrait, _sources_employees
from abs.portrait.tableaux import Chapitre
from abs.statuts import LIBELLES_FIABILITE, LIBELLES_STATUT
from abs.territoires.demande import Demande
from abs.territoires.territoires import Territoire
from donnees_insee.base.base import Base
from donnees_insee.catalogue.catalogue import source

# Le gabarit d'une étendue met la commune en tête après un point-virgule.
TETE: Final = re.compile(r"\s;\s(?:il|elle) est\b.*$")


@dataclass(frozen=True)
class ComparaisonIntercommunale:
    """Tout ce que le document montre, sans dessin ni fichier."""

    diagnostic: Diagnostic
    classements: dict[str, Classement]
    essentiel: tuple[Phrase, ...]
    themes: dict[str, list[Tableau]]
    restes: dict[str, list[str]]
    partage: Groupes
    pairs: list[PairsDUneQuestion]
    centre: PoidsDuCentre
    qpv: list[Tableau]
    fiches: list[Fiche]
    cartes: tuple[DemandeDeCarte, ...]
    portrait: Portrait
    avertissements: tuple[str, ...] = ()

    @property
    def sujet(self) -> Territoire:
        """Intercommunalité comparée."""
        return self.diagnostic.ensembles.sujet


def comparer_l_intercommunalite(
    base: Base, demande: Demande, voulus: Sequence[str] = (), suivre: Callable[[str], None] | None = None
) -> ComparaisonIntercommunale:
    """Comparer les communes d'une intercommunalité.

    Parameters
    ----------
    base : Base
        Base locale.
    demande : Demande
        Demande de l'analyste ; le territoire est une intercommunalité.
    voulus : sequence of str, default ()
        Codes des indicateurs voulus ; vide pour tous.
    suivre : callable or None, default None
        Suivi de l'avancement.

    Returns
    -------
    ComparaisonIntercommunale
        De quoi écrire tous les documents.

    Raises
    ------
    ParametreInvalide
        Si le territoire n'est pas une intercommunalité.

    Examples
    --------
    >>> from abs.territoires.demande import Demande
    >>> comparer_l_intercommunalite(base, Demande("999900001"), ["population"]).sujet.code
    '999900001'
    """
    diagnostiqueur, diagnostic = relever(base, demande, voulus, suivre)
    classements = classer_tout(diagnostic)
    partage = grouper(diagnostic, classements)
    pairs = situer(diagnostiqueur, diagnostic)
    return ComparaisonIntercommunale(
        diagnostic=diagnostic,
        classements=classements,
        essentiel=essentiel(diagnostic, classements),
        themes={t: tables.par_theme(diagnostic, classements, t, voulus) for t in THEMES},
        restes={t: [] if voulus else peu_remplis(diagnostic, t) for t in THEMES},
        partage=partage,
        pairs=pairs,
        centre=peser(diagnostic, diagnostiqueur.centre, classements, diagnostiqueur.population_d_apres),
        qpv=tables.quartiers_prioritaires(diagnostic, voulus or table("_portrait")["qpv"]),
        fiches=fiches(diagnostic, classements, partage, voulus),
        cartes=tuple(_cartes(diagnostic, voulus)),
        portrait=_portrait(base, diagnostic, classements),
        avertissements=_avertissements(diagnostic),
    )


def diagnostic_de_la_comparaison(base: Base, demande: Demande, voulus: Sequence[str] = ()) -> Diagnostic:
    """Refaire le seul diagnostic d'une comparaison, comparables compris : de quoi le vérifier."""
    diagnostiqueur, diagnostic = relever(base, demande, voulus)
    situer(diagnostiqueur, diagnostic)
    return diagnostic


def tableaux_des_pairs(comparaison: ComparaisonIntercommunale) -> list[Tableau]:
    """Donner les tableaux des comparables."""
    tableaux = (tables_annexes.pairs(comparaison.diagnostic, q) for q in comparaison.pairs)
    return [t for t in tableaux if t is not None]


def _cartes(diagnostic: Diagnostic, voulus: Sequence[str]) -> list[DemandeDeCarte]:
    """Demander les premières cartes du plan dont assez de communes ont un chiffre."""
    reglages = plan()["cartes"]
    moitie = plan()["tableaux"]["part_des_communes"] * len(diagnostic.ensembles.mailles)
    minimum = reglages["communes_minimum"] if voulus else max(moitie, reglages["communes_minimum"])
    connus = [c for c in voulus or reglages["liste"] if c in diagnostic.indicateurs]
    remplis = [c for c in connus if len(chiffrees(diagnostic, c)) >= minimum]
    codes = remplis[: reglages["maximum"]]
    # Celles d'une même famille se suivent : elles se lisent ensemble.
    famille = {c: f["indicateurs"] for f in reglages["familles"] for c in f["indicateurs"]}
    rangs = {c: rang for rang, c in enumerate(codes)}
    codes.sort(key=lambda code: min(rangs[c] for c in famille.get(code, [code]) if c in rangs))
    return [
        DemandeDeCarte(c, "mailles", diagnostic.indicateurs[c].libelle, superposer_qpv=False) for c in codes
    ]


def _portrait(base: Base, diagnostic: Diagnostic, classements: dict[str, Classement]) -> Portrait:
    """Donner aux annexes communes ce qu'elles écrivent : sources, définitions, silences."""
    sujet = diagnostic.ensembles.sujet
    dernier = diagnostic.demande.millesime
    dates = f"données de {dernier} ou avant" if dernier else "derniers millésimes déposés"
    dates += ", sauf les quartiers prioritaires" if dernier and diagnostic.posterieures else ""
    combien = nombre(len(diagnostic.ensembles.mailles))
    return Portrait(
        diagnostic=diagnostic,
        titre=sujet.nom,
        sous_titre=f"Intercommunalité {sujet.code} · {combien} communes · {dates}",
        fictif="fictif" in sujet.nom.lower(),
        fiches=(),
        messages=(),
        chapitres=tuple(_silences(diagnostic, classements)),
        sources=_sources_employees(base, diagnostic),
    )


def _silences(diagnostic: Diagnostic, classements: dict[str, Classement]) -> list[Chapitre]:
    """Dire, thème par thème, les indicateurs chiffrés dont les communes n'ont pas de rang, et pourquoi."""
    rendus = []
    for theme, titre in THEMES.items():
        muets = par_raison(
            (f"pas de rang, {c.refus}", c.indicateur.libelle)
            for c in classements.values()
            if c.indicateur.theme == theme and c.refus and remplissage(diagnostic, c.indicateur)
        )
        if muets:
            silences = tuple(Silence(raison, tuple(libelles)) for raison, libelles in muets.items())
            rendus.append(Chapitre(theme, titre, silences=silences))
    return rendus


def _avertissements(diagnostic: Diagnostic) -> tuple[str, ...]:
    sujet = diagnostic.ensembles.sujet
    chiffree = any(c.a_une_valeur for c in diagnostic.chiffres if c.niveau == "commune")
    muette = () if chiffree else (dire("comparaison", "sans_chiffre", code=sujet.code),)
    return (*mises_en_garde(sujet.code), *muette)


def essentiel(diagnostic: Diagnostic, classements: dict[str, Classement]) -> tuple[Phrase, ...]:
    """Écrire les étendues des premières situations du plan, puis celles des populations."""
    codes = [c for c in plan()["fiche"]["indicateurs"] if c in classements]
    # Les situations d'abord : un trait de population n'est ni une force ni une faiblesse.
    codes.sort(key=lambda c: diagnostic.indicateurs[c].sens == "neutre")
    ecrites = []
    for code in codes:
        ensemble = diagnostic.chiffre(diagnostic.ensembles.sujet, code, "mailles")
        phrase = etendue(diagnostic.indicateurs[code], mailles_classables(diagnostic, code), ensemble)
        if phrase is not None:
            portee = portee_par_les_rangs(phrase, classements[code])
            ecrites.append(phrase if portee else sans_la_tete(phrase))
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


Valeur = str | float | int | None


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
                    "ecart_etabli": plan()["verdicts"]["colonne"][position.comparaison.verdict],
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
