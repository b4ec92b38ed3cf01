"""Le portrait de territoire : des chapitres ordonnés de chiffres clés, phrases, tableaux et demandes de cartes."""

from __future__ import annotations

import tomllib
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import lru_cache
from importlib import resources
from typing import Any, Final

import pyarrow.parquet as pq

from abs import tableaux
from abs.calcul import Chiffre
from abs.demande import Demande
from abs.diagnostic import Diagnostic, diagnostiquer
from abs.indicateurs import THEMES, Indicateur, indicateurs
from abs.phrases import Phrase, ecrire, etendue, parenthese, phrase, reference
from abs.statuts import LIBELLES_STATUT, Statut
from abs.tableaux import Tableau
from abs.territoires import NOMS_DE_NIVEAU, Territoire
from donnees_insee.base import Base
from donnees_insee.catalogue import source, sources

CHIFFRES_CLES: Final = 10
PHRASES_PAR_CHAPITRE: Final = 8
MAILLES_POUR_UNE_CARTE: Final = 3


@dataclass(frozen=True)
class ChiffreCle:
    """Un chiffre clé : ce qu'un élu retient."""

    libelle: str
    valeur: str
    complement: str
    date: str
    reference: str


@dataclass(frozen=True)
class DemandeDeCarte:
    """Une carte à dessiner, en données : la pièce `cartes` en fait un dessin.

    Attributes
    ----------
    indicateur : str
        Code de l'indicateur ; vide pour la carte de situation.
    groupe : str
        ``mailles`` (IRIS ou communes) ou ``quartiers``.
    titre : str
        Titre de la carte.
    """

    indicateur: str
    groupe: str
    titre: str
    superposer_qpv: bool = True


@dataclass(frozen=True)
class Chapitre:
    """Un chapitre du portrait."""

    code: str
    titre: str
    phrases: tuple[Phrase, ...] = ()
    tableaux: tuple[Tableau, ...] = ()
    cartes: tuple[DemandeDeCarte, ...] = ()
    absents: tuple[tuple[str, str], ...] = ()
    manques: tuple[str, ...] = ()
    avertissements: tuple[str, ...] = ()


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
    chiffres_cles : tuple of ChiffreCle
        Au plus dix.
    chapitres : tuple of Chapitre
        Dans l'ordre de lecture.
    """

    diagnostic: Diagnostic
    titre: str
    sous_titre: str
    fictif: bool
    chiffres_cles: tuple[ChiffreCle, ...]
    chapitres: tuple[Chapitre, ...]
    sources: tuple[SourceEmployee, ...]
    avertissements: tuple[str, ...] = field(default=())

    @property
    def sujet(self) -> Territoire:
        """Territoire du portrait."""
        return self.diagnostic.ensembles.sujet

    def chapitre(self, code: str) -> Chapitre | None:
        """Donner un chapitre par son code.

        Parameters
        ----------
        code : str
            ``emploi``, ``demographie``, ``revenus``, ``logement``, ``sante_education``, ``qpv``, ``quartiers``.

        Returns
        -------
        Chapitre or None
            ``None`` si le portrait n'a pas ce chapitre.
        """
        return next((c for c in self.chapitres if c.code == code), None)


@lru_cache(maxsize=1)
def plan_du_portrait() -> dict[str, Any]:
    """Lire le plan du portrait : quels indicateurs, où, dans quel ordre.

    Returns
    -------
    dict
        Contenu de ``definitions/_portrait.toml``.
    """
    texte = (resources.files("abs") / "definitions" / "_portrait.toml").read_text(encoding="utf-8")
    return tomllib.loads(texte)


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
    """
    diagnostic = diagnostiquer(base, demande, suivre)
    sujet = diagnostic.ensembles.sujet
    chapitres = [_chapitre_de_theme(diagnostic, theme) for theme in THEMES]
    chapitres += [c for c in (_chapitre_qpv(diagnostic), _chapitre_quartiers(diagnostic)) if c is not None]
    fictif = sujet.code.startswith("99") and any("fictif" in t.nom.lower() for t in diagnostic.ensembles.references)
    return Portrait(
        diagnostic=diagnostic,
        titre=sujet.nom,
        sous_titre=_sous_titre(diagnostic),
        fictif=fictif or "fictif" in sujet.nom.lower(),
        chiffres_cles=_chiffres_cles(diagnostic),
        chapitres=tuple(chapitres),
        sources=_sources_employees(base, diagnostic),
        avertissements=_avertissements(base, diagnostic),
    )


def _sous_titre(diagnostic: Diagnostic) -> str:
    sujet, references = diagnostic.ensembles.sujet, diagnostic.ensembles.references
    nature = NOMS_DE_NIVEAU[sujet.niveau]
    autour = [r.nom for r in references if r.role in {"epci", "departement", "region"}]
    morceaux = [f"{nature[:1].upper()}{nature[1:]} {sujet.code}", *autour]
    return " · ".join(morceaux)


def _autour(diagnostic: Diagnostic, code: str) -> list[tuple[Territoire, Chiffre | None]]:
    return [(t, diagnostic.chiffre(t, code)) for t in diagnostic.ensembles.references]


def _chiffres_cles(diagnostic: Diagnostic) -> tuple[ChiffreCle, ...]:
    """Prendre les dix premiers indicateurs du plan dont le chiffre peut être dit."""
    retenus = []
    for code in plan_du_portrait()["chiffres_cles"]:
        indicateur, chiffre = indicateurs()[code], diagnostic.chiffre(diagnostic.ensembles.sujet, code)
        if chiffre is None or not chiffre.a_une_valeur or chiffre.fiabilite == "fragile":
            continue
        comparaison, _ = parenthese(indicateur, chiffre, _autour(diagnostic, code))
        complement = comparaison.strip(" ()")
        if chiffre.statut == Statut.PARTIEL:
            complement = " ; ".join(filter(None, [tableaux.mots_de_couverture(chiffre), complement]))
        retenus.append(
            ChiffreCle(indicateur.libelle, ecrire(indicateur, chiffre), complement, chiffre.periode, reference(chiffre))
        )
    return tuple(retenus[:CHIFFRES_CLES])


def _chapitre_de_theme(diagnostic: Diagnostic, theme: str) -> Chapitre:
    du_theme = [i for i in indicateurs().values() if i.theme == theme]
    plan = plan_du_portrait()
    ordre = [*plan["mailles"][theme], *(i.code for i in du_theme)]
    ranges = [indicateurs()[c] for c in dict.fromkeys(ordre) if indicateurs()[c].theme == theme]
    tables = [tableaux.references(diagnostic, [i for i in du_theme], f"{THEMES[theme]} : le territoire et ses références")]
    colonnes = [indicateurs()[c] for c in plan["mailles"][theme]]
    tables.append(tableaux.mailles(diagnostic, colonnes, plan["mailles"]["maximum"]))
    return Chapitre(
        code=theme,
        titre=THEMES[theme],
        phrases=tuple(_phrases(diagnostic, ranges)),
        tableaux=tuple(t for t in tables if t is not None),
        cartes=tuple(_cartes(diagnostic, theme)),
        absents=tuple(_absents(diagnostic, du_theme)),
        manques=tuple(plan["manques"][theme]),
    )


def _phrases(diagnostic: Diagnostic, ranges: list[Indicateur]) -> list[Phrase]:
    ecrites: list[Phrase] = []
    sujet = diagnostic.ensembles.sujet
    for indicateur in ranges:
        dite = phrase(indicateur, sujet, diagnostic.chiffre(sujet, indicateur.code), _autour(diagnostic, indicateur.code))
        if dite is not None and indicateur.nature != "effectif":
            ecrites.append(dite)
        mailles = [(t, diagnostic.chiffre(t, indicateur.code, "mailles")) for t in diagnostic.ensembles.mailles]
        ecart = etendue(indicateur, mailles)
        if ecart is not None and (dite is not None or len(ecrites) < PHRASES_PAR_CHAPITRE // 2):
            ecrites.append(ecart)
        if len(ecrites) >= PHRASES_PAR_CHAPITRE:
            break
    return ecrites


def _cartes(diagnostic: Diagnostic, theme: str) -> list[DemandeDeCarte]:
    """Demander les premières cartes du plan dont au moins trois mailles ont un chiffre."""
    plan = plan_du_portrait()["cartes"]
    demandes = []
    for code in plan[theme]:
        avec = sum(
            1
            for t in diagnostic.ensembles.mailles
            if (c := diagnostic.chiffre(t, code, "mailles")) is not None and c.a_une_valeur
        )
        if avec >= MAILLES_POUR_UNE_CARTE:
            demandes.append(DemandeDeCarte(code, "mailles", indicateurs()[code].libelle))
    return demandes[: plan["maximum"]]


def _absents(diagnostic: Diagnostic, du_theme: list[Indicateur]) -> list[tuple[str, str]]:
    """Dire, par raison, les indicateurs que les données tenues ne permettent pas pour le sujet."""
    par_raison: dict[str, list[str]] = {}
    for indicateur in du_theme:
        chiffre = diagnostic.chiffre(diagnostic.ensembles.sujet, indicateur.code)
        if chiffre is None or chiffre.a_une_valeur or not any(_existe_pour(indicateur, diagnostic)):
            continue
        raison = f"{LIBELLES_STATUT[chiffre.statut]} : {chiffre.note or 'sans précision du producteur'}"
        par_raison.setdefault(raison, []).append(indicateur.libelle)
    return [(raison, " ; ".join(libelles)) for raison, libelles in par_raison.items()]


def _existe_pour(indicateur: Indicateur, diagnostic: Diagnostic) -> list[bool]:
    qpv = diagnostic.ensembles.sujet.niveau == "qpv"
    return [("qpv" in le.source.niveaux) == qpv for le in indicateur.lectures]


def _chapitre_qpv(diagnostic: Diagnostic) -> Chapitre | None:
    if not diagnostic.ensembles.qpv:
        return None
    liste = [indicateurs()[c] for c in plan_du_portrait()["qpv"]]
    generation = diagnostic.ensembles.qpv[0].geographie
    avertissements = [
        f"Quartiers prioritaires de génération {generation}, chiffres officiels des producteurs à leur propre date.",
        *diagnostic.remarques,
    ]
    return Chapitre("qpv", "Quartiers prioritaires de la politique de la ville", tableaux=tuple(tableaux.cote_a_cote(diagnostic, liste)),
                    avertissements=tuple(avertissements))  # fmt: skip


def _chapitre_quartiers(diagnostic: Diagnostic) -> Chapitre | None:
    if not diagnostic.ensembles.quartiers:
        return None
    liste = [indicateurs()[c] for c in plan_du_portrait()["quartiers"]]
    table = tableaux.quartiers(diagnostic, liste)
    note = (
        "Un quartier réunit des IRIS entiers : ses taux sont des rapports de sommes. Il n'a pas de médiane : "
        "l'étendue des médianes de ses IRIS la remplace."
    )
    return Chapitre("quartiers", "Quartiers", tableaux=tuple(t for t in (table,) if t), avertissements=(note,))


def _sources_employees(base: Base, diagnostic: Diagnostic) -> tuple[SourceEmployee, ...]:
    """Lister ce qui a servi : source, date, géographie, fichiers déposés."""
    fichiers: dict[tuple[str, int | None], set[str]] = {}
    for recu in base.recus():
        for lot in recu.lots:
            fichiers.setdefault((lot.source, lot.millesime), set()).add(recu.nom)
    employees = {(c.source, c.millesime, c.periode, c.geographie) for c in diagnostic.chiffres if c.a_une_valeur}
    lignes = []
    for identifiant, annee, periode, geographie in sorted(employees, key=lambda e: (e[0], str(e[1]), e[2])):
        s = source(identifiant)
        noms = sorted(fichiers.get((identifiant, annee), set()))
        lignes.append(SourceEmployee(s.titre, s.producteur, s.licence, periode, geographie, ", ".join(noms)))
    for identifiant in ("contours_iris", "contours_qpv", "appartenance", "reference_iris"):
        for annee in sorted({a for (s, a) in fichiers if s == identifiant}, key=str):
            s = source(identifiant)
            noms = sorted(fichiers[identifiant, annee])
            resume = ", ".join(noms[:3]) + (f" et {len(noms) - 3} autres" if len(noms) > 3 else "")  # noqa: PLR2004
            lignes.append(SourceEmployee(s.titre, s.producteur, s.licence, "année non précisée" if annee is None else str(annee), "", resume))
    return tuple(lignes)


def contours_tenus(base: Base, diagnostic: Diagnostic) -> bool:
    """Dire si la base tient des contours d'IRIS pour le territoire.

    Parameters
    ----------
    base : Base
        Base locale.
    diagnostic : Diagnostic
        Diagnostic du territoire.

    Returns
    -------
    bool
        Vrai si au moins un IRIS de ses communes est dans une couche.
    """

    communes = sorted({t.code[:5] for t in diagnostic.ensembles.mailles} or set(diagnostic.ensembles.sujet.composantes))
    return any(
        pq.read_table(chemin, columns=["code"], filters=[("commune", "in", communes)]).num_rows > 0
        for _, chemin in base.couches("contours_iris")
    )


def _avertissements(base: Base, diagnostic: Diagnostic) -> tuple[str, ...]:
    mots = []
    ensembles = diagnostic.ensembles
    if ensembles.sujet.niveau == "commune" and not ensembles.mailles:
        mots.append(
            "Cette commune n'est pas découpée en IRIS, ou la base n'en tient pas la liste : le portrait s'appuie sur "
            "les chiffres publiés à la commune et sur ses territoires de comparaison."
        )
    if not any(c.a_une_valeur for c in diagnostic.chiffres if c.territoire == ensembles.sujet.code):
        mots.append(
            "Aucun des fichiers déposés ne porte de chiffre pour ce territoire. "
            f"`abs etat {ensembles.sujet.code}` dit ce qu'il faut déposer."
        )
    if not contours_tenus(base, diagnostic):
        attendu = sources()["contours_iris"].rappel_demande
        mots.append(f"Portrait sans carte : la base ne tient pas les contours de ce territoire. Pour en avoir, déposez {attendu}.")
    return tuple(mots)
