"""La première page : trois messages, une fiche par sujet, puis les forces et les faiblesses."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from abs.blocs.blocs import ChiffreCle
from abs.calcul.table_longue import Chiffre, Diagnostic, mots_de_couverture
from abs.definitions import table
from abs.graphiques.graphiques import graphiques_du_theme
from abs.indicateurs.indicateurs import Indicateur, indicateurs
from abs.langue import elider, enumerer, minuscule, typographier
from abs.phrases.ecriture import ecrire, reference
from abs.phrases.phrases import Lue, Phrase, parenthese, phrase, references_lues
from abs.phrases.significativite import DIFFERENTS, Verdict, comparer
from abs.portrait.chapitres import autour
from abs.statuts import Fiabilite, Statut

MESSAGES: Final = 3
GRAPHIQUES_PAR_FICHE: Final = 1
VALEUR: Final = "{v} "


# -- les fiches ----------------------------------------------------------------------------------


def fiches(diagnostic: Diagnostic, evolution: str = "") -> tuple[ChiffreCle, ...]:
    """Composer une fiche par sujet, dans l'ordre du plan ; celle qui n'a pas de chiffre dit pourquoi en trois mots."""
    return tuple(_fiche(diagnostic, plan, evolution) for plan in table("_portrait")["fiches"])


def _fiche(diagnostic: Diagnostic, plan: dict[str, Any], evolution: str) -> ChiffreCle:
    sujet = diagnostic.ensembles.sujet
    solides = [
        (indicateurs()[c], lu)
        for c in dict.fromkeys((*plan["indicateurs"], *plan["suites"]))
        if (lu := diagnostic.lu(sujet, c)) is not None and lu.fiabilite != Fiabilite.FRAGILE
    ]
    if not solides:
        return _fiche_vide(diagnostic, plan)
    (premier, chiffre), *suites = solides
    suites = [(i, c) for i, c in suites if i.code in plan["suites"]][: plan.get("maximum", 2)]
    complement, autres = parenthese(premier, chiffre, autour(diagnostic, premier.code))
    couverture = mots_de_couverture(chiffre).replace(" (", ", ").removesuffix(")")
    dites = [_fait(i, c) + (f" ({c.periode})" if c.periode != chiffre.periode else "") for i, c in suites]
    mots = [couverture, complement, *dites] + ([evolution] if premier.nature == "effectif" else [])
    graphiques = [g for t in plan["graphiques"] for g in graphiques_du_theme(diagnostic, t)]
    return ChiffreCle(
        typographier(_sans_la_valeur(premier)),
        ecrire(premier, chiffre),
        typographier(" ; ".join(filter(None, mots))),
        chiffre.periode,
        reference(chiffre),
        (reference(chiffre), *autres, *(reference(c) for _, c in suites)),
        sujet=plan["sujet"],
        graphiques=tuple(graphiques[:GRAPHIQUES_PAR_FICHE]),
    )


def _fait(indicateur: Indicateur, chiffre: Chiffre) -> str:
    return indicateur.phrase.format(v=ecrire(indicateur, chiffre))


def _sans_la_valeur(indicateur: Indicateur) -> str:
    """Dire un fait sans sa valeur, écrite en grand au-dessus ; sinon nommer l'indicateur."""
    dit = indicateur.phrase
    return dit.removeprefix(VALEUR) if dit.startswith(VALEUR) else minuscule(indicateur.libelle)


def _fiche_vide(diagnostic: Diagnostic, plan: dict[str, Any]) -> ChiffreCle:
    mots = table("_document")["absences_courtes"]
    lus = [diagnostic.chiffre(diagnostic.ensembles.sujet, c) for c in plan["indicateurs"]]
    tenus = [c for c in lus if c is not None]
    raison = str(tenus[0].statut) if tenus else "non_publie"
    if any(c.a_une_valeur for c in tenus):
        raison = "fragile"
    elif tenus and tenus[0].statut == Statut.INDISPONIBLE and tenus[0].note.startswith("il manque"):
        raison = "sans_fichier"
    libelle = typographier(minuscule(indicateurs()[plan["indicateurs"][0]].libelle))
    return ChiffreCle(libelle, "nc", "", "", "", (), sujet=plan["sujet"], absence=mots[raison])


# -- les messages --------------------------------------------------------------------------------


@dataclass(frozen=True)
class Message:
    """Ce qui distingue le territoire, pour une cause : un titre, sa phrase, ce qui va dans le même sens."""

    titre: str
    lieux: tuple[str, ...]
    indicateur: Indicateur
    ampleur: float
    phrase: Phrase
    details: tuple[tuple[Indicateur, Chiffre], ...] = ()

    @property
    def theme(self) -> str:
        """Chapitre du message."""
        return self.indicateur.theme

    @property
    def rang(self) -> tuple[bool, float]:
        """Une situation d'abord, une population ensuite ; puis le plus net."""
        return self.indicateur.sens == "neutre", -self.ampleur

    @property
    def en_tete(self) -> str:
        """Titre d'un chapitre : le message, et ce à quoi le territoire se compare."""
        return typographier(f"{self.titre} {enumerer([elider('que', lieu) for lieu in self.lieux])}.")

    @property
    def en_bref(self) -> str:
        """Titre de la première page : la référence si elle est seule."""
        seule = elider("que", self.lieux[0]) if len(self.lieux) == 1 else "qu'autour"
        return typographier(f"{self.titre} {seule}")


def messages(diagnostic: Diagnostic) -> tuple[Message, ...]:
    """Donner tous les messages établis, le plus net d'abord : un par cause."""
    plan = table("_portrait")["messages"]
    essais = sum(len(codes) for codes in plan.values())
    trouves = (_message(diagnostic, codes, essais) for codes in plan.values())
    return tuple(sorted((m for m in trouves if m is not None), key=lambda m: m.rang))


def de_premiere_page(tous: Sequence[Message]) -> tuple[Message, ...]:
    """Choisir trois messages, de thèmes différents tant qu'il y en a."""
    premiers = list({m.theme: m for m in reversed(tous)}.values())
    ordre = [*sorted(premiers, key=lambda m: m.rang), *(m for m in tous if m not in premiers)]
    return tuple(ordre[:MESSAGES])


def _message(diagnostic: Diagnostic, codes: dict[str, dict[str, str]], essais: int) -> Message | None:
    """Écrire le message d'une cause : son premier indicateur dont l'écart tient porte la phrase, les autres l'appuient."""
    etablis = [(indicateurs()[c], *lu) for c in codes if (lu := _ecart(diagnostic, c, essais)) is not None]
    if not etablis:
        return None
    indicateur, chiffre, lues, dite = etablis[0]
    titre = codes[indicateur.code][str(lues[0][2].verdict)]
    lieux = tuple(t.dans for t, _, _ in lues)
    return Message(
        titre=titre,
        lieux=lieux,
        indicateur=indicateur,
        ampleur=max(abs(v.ecart) / (v.seuil or 1) for _, _, v in lues),
        phrase=dite,
        # N'appuie un message qu'un chiffre de la même date, qui s'écarte d'une même référence, du même côté.
        details=tuple(
            (i, c)
            for i, c, siennes, _ in etablis[1:]
            if codes[i.code].get(str(siennes[0][2].verdict)) == titre
            and c.periode == chiffre.periode
            and {t.dans for t, _, _ in siennes} & set(lieux)
        ),
    )


def _ecart(diagnostic: Diagnostic, code: str, essais: int) -> tuple[Chiffre, list[Lue], Phrase] | None:
    """Donner les références dont le sujet s'écarte, d'un même côté : un écart choisi parmi plusieurs doit tenir encore."""
    indicateur, sujet = indicateurs()[code], diagnostic.ensembles.sujet
    chiffre = diagnostic.lu(sujet, code)
    if chiffre is None or chiffre.fiabilite == Fiabilite.FRAGILE:
        return None
    references = autour(diagnostic, code)
    lues = references_lues(indicateur, sujet, chiffre, references)
    nets = [lue for lue in lues if lue[2].verdict in DIFFERENTS]
    tiennent = [lue for lue in nets if comparer(indicateur, chiffre, lue[1], essais).verdict in DIFFERENTS]
    dite = phrase(indicateur, sujet, chiffre, references, diagnostic.sujet_du_detail(code))
    if dite is None or not tiennent or len({v.verdict for _, _, v in nets}) != 1:
        return None
    return chiffre, tiennent, dite


def ecart_etabli(diagnostic: Diagnostic, code: str) -> str:
    """Dire de quel côté de ses références est le sujet, pour un indicateur ; rien si l'écart n'est pas établi."""
    lu = _ecart(diagnostic, code, 1)
    return "" if lu is None else str(lu[1][0][2].verdict)


# -- forces et faiblesses ------------------------------------------------------------------------


@dataclass(frozen=True)
class Point:
    """Une force ou une faiblesse : un indicateur qui a un sens, son écart établi, sa phrase."""

    indicateur: Indicateur
    force: bool
    ampleur: float
    phrase: Phrase
    chiffre: Chiffre
    details: tuple[Point, ...] = ()

    def appuie(self, autre: Point) -> bool:
        """Dire si un point va dans le sens d'un autre : à la même date, face à une même référence."""
        return self.chiffre.periode == autre.chiffre.periode and bool(self.en_face & autre.en_face)

    @property
    def en_face(self) -> set[str]:
        """Références dont le sujet s'écarte."""
        ecarts = (a for a in self.phrase.affirmations if a.verdict in DIFFERENTS)
        return {a.a.split("|")[0] for a in ecarts}

    @property
    def libelle(self) -> str:
        """Libellé de l'indicateur, écrit dans une énumération."""
        return typographier(minuscule(self.indicateur.libelle))

    @property
    def valeur(self) -> str:
        """Valeur du sujet, écrite avec son unité."""
        return ecrire(self.indicateur, self.chiffre)

    @property
    def cote(self) -> str:
        """Dire de quel côté des références est le territoire."""
        return "au-dessus" if self.force == (self.indicateur.sens == "bas") else "au-dessous"


@dataclass(frozen=True)
class Bilan:
    """Les forces et les faiblesses établies, les plus nettes d'abord."""

    forces: tuple[Point, ...] = ()
    faiblesses: tuple[Point, ...] = ()
    anciens: tuple[Point, ...] = ()

    def points(self) -> tuple[Point, ...]:
        """Donner les forces puis les faiblesses, sans les chiffres anciens."""
        return (*self.forces, *self.faiblesses)


def bilan(diagnostic: Diagnostic) -> Bilan:
    """Établir les forces et les faiblesses du sujet au regard de ses deux références les plus proches."""
    points = [p for i in indicateurs().values() if (p := _point(diagnostic, i)) is not None]
    points.sort(key=lambda p: -p.ampleur)
    derniers: dict[str, int] = {}
    for p in points:
        derniers[p.chiffre.source] = max(derniers.get(p.chiffre.source, 0), p.chiffre.millesime or 0)
    recents = [p for p in points if (p.chiffre.millesime or 0) == derniers[p.chiffre.source]]
    return Bilan(
        par_famille([p for p in recents if p.force]),
        par_famille([p for p in recents if not p.force]),
        tuple(p for p in points if p not in recents),
    )


def par_famille(points: Sequence[Point]) -> tuple[Point, ...]:
    """Réunir les mesures d'un même fait en un message : la première de la famille le porte, les autres le détaillent."""
    familles = table("_portrait")["familles"]
    famille_de = {code: nom for nom, codes in familles.items() for code in codes}
    reunis: dict[str, list[Point]] = {}
    for p in points:
        reunis.setdefault(famille_de.get(p.indicateur.code, p.indicateur.code), []).append(p)
    messages = []
    for nom, siens in reunis.items():
        ordre = familles.get(nom, [p.indicateur.code for p in siens])
        premier, *autres = sorted(siens, key=lambda p: ordre.index(p.indicateur.code))
        messages.append(replace(premier, details=tuple(p for p in autres if p.appuie(premier))))
    return tuple(messages)


def _point(diagnostic: Diagnostic, indicateur: Indicateur) -> Point | None:
    if indicateur.sens == "neutre" or indicateur.nature == "effectif":
        return None
    sujet = diagnostic.ensembles.sujet
    chiffre = diagnostic.lu(sujet, indicateur.code)
    if chiffre is None:
        return None
    autour = diagnostic.lus(diagnostic.ensembles.references, indicateur.code)
    lues = references_lues(indicateur, sujet, chiffre, autour)
    differents = [v for _, _, v in lues if v.verdict in DIFFERENTS]
    dite = phrase(indicateur, sujet, chiffre, autour, diagnostic.sujet_du_detail(indicateur.code))
    # Un écart favorable d'un côté et défavorable de l'autre n'est ni une force ni une faiblesse.
    if dite is None or len({v.verdict for v in differents}) != 1:
        return None
    defavorable = Verdict.PLUS if indicateur.sens == "haut" else Verdict.MOINS
    ampleur = max(abs(v.ecart) / v.seuil if v.seuil else abs(v.ecart) for v in differents)
    return Point(indicateur, differents[0].verdict != defavorable, ampleur, dite, chiffre)
