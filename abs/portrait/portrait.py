"""Le portrait d'un territoire, chapitre par chapitre, et l'état de ce que les fichiers déposés permettent d'en écrire."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from abs.blocs.blocs import ChiffreCle
from abs.calcul.diagnostic import Diagnostic, diagnostiquer
from abs.calcul.essais import lieux_employes
from abs.calcul.sources_recues import SUFFIXE_SOURCE, est_locale
from abs.calcul.table_longue import Ensembles
from abs.definitions import table
from abs.indicateurs.annees_comparables import mises_en_garde
from abs.indicateurs.indicateurs import THEMES, indicateurs
from abs.langue import abreger, majuscule
from abs.phrases.ecriture import gabarits
from abs.phrases.phrases import Phrase
from abs.phrases.preuves import Silence
from abs.portrait.autour import Autour, lire_autour
from abs.portrait.chapitre_qpv import a_cheval, chapitre_qpv
from abs.portrait.chapitres import chapitre_de_theme, chapitre_quartiers
from abs.portrait.chapitres_locaux import manques_du_theme
from abs.portrait.parutions import dire_les_parutions
from abs.portrait.population import (
    evolution_en_bref,
    phrases_de_tete,
    silences_de_tete,
)
from abs.portrait.premiere_page import Bilan, Message, bilan, fiches, messages
from abs.portrait.tableaux import Chapitre
from abs.statuts import LIBELLES_STATUT, Statut
from abs.territoires.correspondance_qpv import SOURCE as CORRESPONDANCE
from abs.territoires.correspondance_qpv import correspondance
from abs.territoires.demande import Demande
from abs.territoires.territoires import NOMS_DE_NIVEAU, Territoire
from donnees_insee.base.base import Base
from donnees_insee.catalogue.catalogue import source, sources
from donnees_insee.erreurs import DonneeAbsente
from donnees_insee.geographie.dans_le_temps import histoire
from donnees_insee.preparation.sources_recues import SOURCE

FICHIERS_NOMMES: Final = 3
GENERATION_2024: Final = 2024
DECOUPEES: Final = 10_000


@dataclass(frozen=True)
class SourceEmployee:
    """Une source du portrait, pour la dernière page."""

    titre: str
    producteur: str
    licence: str
    date: str
    geographie: str
    fichiers: str


@dataclass
class Portrait:
    """Le portrait d'un territoire, sans dessin ni fichier.

    Attributes
    ----------
    diagnostic : Diagnostic
        Table longue d'où vient chaque chiffre.
    fiches : tuple of ChiffreCle
        Une par sujet, dans l'ordre du plan.
    messages : tuple of Message
        Ce qui distingue le territoire, un par cause, le plus net d'abord.
    chapitres : tuple of Chapitre
        Dans l'ordre de lecture.
    tete : tuple of Phrase
        Population, son évolution et le scénario de vieillissement, quand ils s'écrivent.
    bilan : Bilan
        Forces et faiblesses au regard des références.
    silences : tuple of Silence
        Ce que la population n'a pas permis d'écrire, et pourquoi.
    limites : tuple of str
        Ce que la base ne permet pas de ce document (carte, IRIS), pour l'annexe.
    autour : Autour
        Ce qui entoure le sujet : IRIS de ses quartiers prioritaires et de leur frange.

    Examples
    --------
    >>> from abs.territoires.demande import Demande
    >>> composer(base, Demande("99001")).fictif
    True
    """

    diagnostic: Diagnostic
    titre: str
    sous_titre: str
    fictif: bool
    fiches: tuple[ChiffreCle, ...]
    messages: tuple[Message, ...]
    chapitres: tuple[Chapitre, ...]
    sources: tuple[SourceEmployee, ...]
    avertissements: tuple[str, ...] = field(default=())
    tete: tuple[Phrase, ...] = field(default=())
    bilan: Bilan = field(default_factory=Bilan)
    silences: tuple[Silence, ...] = field(default=())
    limites: tuple[str, ...] = field(default=())
    autour: Autour = field(default_factory=Autour)

    @property
    def sujet(self) -> Territoire:
        """Territoire du portrait."""
        return self.diagnostic.ensembles.sujet

    def chapitre(self, code: str) -> Chapitre | None:
        """Donner un chapitre par son code."""
        return next((c for c in self.chapitres if c.code == code), None)


def composer(base: Base, demande: Demande, suivre: Callable[[str], None] | None = None) -> Portrait:
    """Composer le portrait d'un territoire.

    Parameters
    ----------
    base : Base
        Base locale.
    demande : Demande
        Demande de l'analyste.
    suivre : callable or None, default None
        Suivi de l'avancement.

    Returns
    -------
    Portrait
        Chapitres prêts à être dessinés et écrits.

    Examples
    --------
    >>> from abs.territoires.demande import Demande
    >>> composer(base, Demande("99001")).titre
    'Arzance-la-Ville'
    """
    diagnostic = diagnostiquer(base, demande, suivre)
    sujet = diagnostic.ensembles.sujet
    autour = lire_autour(base, diagnostic)
    tete = phrases_de_tete(diagnostic, autour.ancien)
    chapitres = [chapitre_de_theme(diagnostic, theme) for theme in THEMES]
    chapitres += [c for c in (chapitre_qpv(diagnostic), chapitre_quartiers(diagnostic)) if c is not None]
    fictif = sujet.code.startswith("99") and any(
        "fictif" in t.nom.lower() for t in diagnostic.ensembles.references
    )
    return Portrait(
        diagnostic=diagnostic,
        titre=sujet.nom,
        sous_titre=_sous_titre(diagnostic),
        fictif=fictif or "fictif" in sujet.nom.lower(),
        fiches=fiches(diagnostic, evolution_en_bref(diagnostic, autour.ancien)),
        messages=messages(diagnostic),
        chapitres=tuple(chapitres),
        sources=_sources_employees(base, diagnostic),
        avertissements=_avertissements(base, diagnostic),
        tete=tete,
        bilan=bilan(diagnostic),
        silences=silences_de_tete(diagnostic, tete),
        limites=_limites(base, diagnostic),
        autour=autour,
    )


def _sous_titre(diagnostic: Diagnostic) -> str:
    sujet, references = diagnostic.ensembles.sujet, diagnostic.ensembles.references
    autour = [r.nom for r in references if r.role in {"epci", "departement", "region"}]
    dernier = diagnostic.demande.millesime
    dates = f"données de {dernier} ou avant" if dernier else "derniers millésimes déposés"
    if dernier and diagnostic.posterieures:
        dates += ", sauf les quartiers prioritaires"
    return " · ".join([f"{majuscule(NOMS_DE_NIVEAU[sujet.niveau])} {sujet.code}", *autour, dates])


def _sources_employees(base: Base, diagnostic: Diagnostic) -> tuple[SourceEmployee, ...]:
    """Lister ce qui a servi : source, date, géographie, fichiers déposés."""
    fichiers: dict[tuple[str, int | None], set[str]] = {}
    for recu in base.recus():
        for lot in recu.lots:
            fichiers.setdefault((lot.source, lot.millesime), set()).add(recu.nom)
    employees = sorted(
        {
            (c.source, c.millesime, c.periode, c.geographie)
            for c in diagnostic.chiffres
            if c.a_une_valeur and not est_locale(c)
        },
        key=lambda e: tuple(map(str, e)),
    )
    for identifiant in lieux_employes(diagnostic.ensembles):
        annees = sorted({a for nom, a in fichiers if nom == identifiant}, key=str)
        employees += [(identifiant, a, "année non précisée" if a is None else str(a), "") for a in annees]
    lignes = []
    for identifiant, annee, periode, geographie in employees:
        # La liste entière est dans le reçu de la preuve.
        s, noms = source(identifiant), sorted(fichiers.get((identifiant, annee), ()))
        nommes = abreger(noms, FICHIERS_NOMMES)
        lignes.append(SourceEmployee(s.titre, s.producteur, s.licence, periode, geographie, nommes))
    # Qui a transmis, et quand ; le nom d'un fichier reçu reste dans le dossier de l'analyste.
    for nom, periode in sorted({(c.source, c.periode) for c in diagnostic.chiffres if est_locale(c)}):
        producteur, licence = nom.removesuffix(SUFFIXE_SOURCE), source(SOURCE).licence
        titre = f"Source locale : {producteur}"
        lignes.append(SourceEmployee(titre, producteur, licence, periode, "", "fichier reçu"))
    return tuple(lignes)


def contours_tenus(base: Base, diagnostic: Diagnostic) -> bool:
    """Dire si la base tient des contours pour le territoire : ceux d'IRIS, ou de communes si ses mailles en sont."""
    ensembles = diagnostic.ensembles
    siennes = {t.code[:5] for t in ensembles.mailles} or set(ensembles.sujet.composantes)
    return any(base.a_des_contours(siennes, s) for s in _contours_attendus(ensembles))


def _contours_attendus(ensembles: Ensembles) -> tuple[str, ...]:
    return ("contours_communes", "contours_iris") if ensembles.par_commune else ("contours_iris",)


def _avertissements(base: Base, diagnostic: Diagnostic) -> tuple[str, ...]:
    sujet, textes = diagnostic.ensembles.sujet, gabarits("avertissements")
    mots = [*mises_en_garde(sujet.code), *_fusions(base, sujet)]
    if sujet.niveau == "qpv":
        mots += [m for m in a_cheval(diagnostic) if sujet.nom in m]
        if sujet.geographie == GENERATION_2024 and base.parts_de(CORRESPONDANCE):
            mots.append(correspondance(base, sujet.code).phrase())
    if not any(c.a_une_valeur for c in diagnostic.chiffres if c.territoire == sujet.code):
        mots.append(textes["sans_chiffre"].format(code=sujet.code))
    return tuple(mots)


def _limites(base: Base, diagnostic: Diagnostic) -> tuple[str, ...]:
    """Dire ce que la base ne permet pas de ce document, et quoi déposer."""
    sujet, textes = diagnostic.ensembles.sujet, gabarits("avertissements")
    mots = []
    if sujet.niveau == "commune" and not diagnostic.ensembles.mailles:
        # L'Insee découpe toute commune de 10 000 habitants : en deçà, il n'y a ni liste d'IRIS ni carte à attendre.
        habitants = diagnostic.lu(sujet, "population")
        return (textes["sans_iris"],) if habitants and habitants.valeur >= DECOUPEES else ()
    if not contours_tenus(base, diagnostic):
        quoi = "d'IRIS de ses communes" if sujet.niveau == "qpv" else "de ce territoire"
        attendu = ", ou ".join(source(s).rappel_demande for s in _contours_attendus(diagnostic.ensembles))
        mots.append(textes["sans_carte"].format(quoi=quoi, attendu=attendu))
    return tuple(mots)


def _fusions(base: Base, sujet: Territoire) -> list[str]:
    """Dire les fusions, postérieures à la liste des communes employée, où sont entrées les communes du sujet."""
    if sujet.niveau not in {"commune", "qpv", "iris"}:
        return []
    try:
        passe = histoire(base)
    except DonneeAbsente:
        return []
    annee = max(base.millesimes("appartenance", "commune"), default=passe.annee)
    siennes = sujet.composantes if sujet.niveau != "iris" else (sujet.code[:5],)
    return list(dict.fromkeys(f for c in siennes for f in passe.fusions_depuis(c, annee)))


@dataclass(frozen=True)
class EtatDeTheme:
    """Ce qu'un thème permet pour le territoire."""

    theme: str
    disponibles: int
    partiels: int
    total: int
    mailles: int
    dates: tuple[str, ...]


@dataclass(frozen=True)
class Manque:
    """Un manque et ce qui le comblerait."""

    raison: str
    indicateurs: tuple[str, ...]
    a_deposer: str


@dataclass(frozen=True)
class Etat:
    """L'état complet d'un territoire."""

    diagnostic: Diagnostic
    themes: tuple[EtatDeTheme, ...]
    manques: tuple[Manque, ...]
    a_demander: tuple[str, ...]
    contours: bool
    parutions: tuple[str, ...]


def etat(base: Base, demande: Demande) -> Etat:
    """Établir l'état d'un territoire."""
    diagnostic = diagnostiquer(base, demande)
    autres, recus = table("_portrait")["manques"], set(diagnostic.locales.indicateurs)
    return Etat(
        diagnostic=diagnostic,
        themes=tuple(theme_permis(diagnostic, code) for code in THEMES),
        manques=tuple(_manques(diagnostic)),
        a_demander=tuple(m for t in THEMES for m in manques_du_theme(t, autres.get(t, []), recus)),
        contours=contours_tenus(base, diagnostic),
        parutions=dire_les_parutions(base),
    )


def theme_permis(diagnostic: Diagnostic, theme: str) -> EtatDeTheme:
    """Dire ce qu'un thème permet pour le territoire."""
    du_theme = [
        i.code
        for i in indicateurs().values()
        if i.theme == theme and any("qpv" not in le.source.niveaux for le in i.lectures)
    ]
    ensembles = diagnostic.ensembles
    tenus = [c for code in du_theme if (c := diagnostic.lu(ensembles.sujet, code))]
    return EtatDeTheme(
        THEMES[theme],
        len(tenus),
        sum(c.statut in {Statut.PARTIEL, Statut.ESTIME} for c in tenus),
        len(du_theme),
        sum(any(diagnostic.lu(t, code, "mailles") for t in ensembles.mailles) for code in du_theme),
        tuple(sorted({c.periode for c in tenus})),
    )


def _manques(diagnostic: Diagnostic) -> list[Manque]:
    """Ranger les chiffres absents du sujet par raison et par source attendue."""
    par_raison: dict[tuple[str, str], list[str]] = {}
    for indicateur in indicateurs().values():
        chiffre = diagnostic.chiffre(diagnostic.ensembles.sujet, indicateur.code)
        if chiffre is None or chiffre.a_une_valeur:
            continue
        raison = chiffre.note or LIBELLES_STATUT[chiffre.statut]
        par_raison.setdefault((raison, chiffre.source), []).append(indicateur.libelle)
    return [
        Manque(raison, tuple(libelles), sources()[source].rappel_demande)
        for (raison, source), libelles in sorted(par_raison.items(), key=lambda r: -len(r[1]))
    ]
