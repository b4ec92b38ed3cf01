"""Changer le HTML de l'analyste en arbre de données : seul ce qui est connu y entre, et rien ne s'y exécute."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from itertools import groupby
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    Noeud = dict[str, Any]
    Noeuds = list["Noeud | str"]

# Balise reçue, forme rendue ; une balise absente d'ici laisse passer son contenu.
FORMES: Final = {
    "p": "paragraphe",
    "strong": "gras",
    "b": "gras",
    "em": "italique",
    "i": "italique",
    "cite": "italique",
    "del": "barre",
    "s": "barre",
    "sub": "indice",
    "sup": "exposant",
    "code": "code",
    "pre": "brut",
    "ul": "puces",
    "ol": "numeros",
    "li": "point",
    "blockquote": "citation",
    "a": "lien",
    "table": "table",
    **dict.fromkeys(
        (
            *("caption", "div", "section", "article"),
            *("figure", "figcaption", "details", "summary", "dt", "dd"),
        ),
        "paragraphe",
    ),
    "tr": "rangee",
    "th": "tete",
    "td": "case",
    **{f"h{rang}": "titre" for rang in range(1, 7)},
}
SANS_CONTENU: Final = {"br": "ligne", "hr": "filet", "img": "image"}
TUS: Final = frozenset({"script", "style", "iframe", "object", "template", "svg", "math", "noscript", "head"})
# Une espace insécable n'est pas un blanc de mise en page : « 20 % » ne se coupe pas.
BLANCS: Final = re.compile(r"[ \t\r\n\f]+")
# Au-delà, une balise n'ouvre plus rien : aucun rendu n'a à descendre dans un texte piégé.
PROFONDEUR: Final = 16
# Un paragraphe HTML se ferme sans le dire quand un autre bloc commence.
_BLOCS: Final = frozenset(
    {
        "paragraphe",
        "puces",
        "numeros",
        "citation",
        "table",
        "titre",
        "brut",
        "point",
        "rangee",
        "tete",
        "case",
    }
)
_EN_LIGNE: Final = ("gras", "italique", "barre", "indice", "exposant", "code", "lien")
_CONTENANTS: Final = {
    "point": ("puces", "numeros"),
    "rangee": ("table",),
    "tete": ("rangee",),
    "case": ("rangee",),
}


def en_arbre(html: str) -> Noeuds:
    """Lire du HTML ; un lien et une image gardent l'adresse reçue, que chaque rendu juge."""
    lecteur = _Lecteur()
    lecteur.feed(html)
    lecteur.close()
    return _sans_blanc(lecteur.racine)


def est_bloc(noeud: Noeud | str) -> bool:
    """Dire si un nœud se tient seul, et n'est pas un mot dans une ligne."""
    return not isinstance(noeud, str) and noeud["forme"] in (*_BLOCS, "filet", "image")


def texte(noeuds: Iterable[Noeud | str]) -> str:
    """Donner les mots d'une suite de nœuds, sans leur forme."""
    return "".join(n if isinstance(n, str) else texte(n.get("enfants", [])) for n in noeuds)


def suites(noeuds: Noeuds) -> Iterator[tuple[Noeud | None, Noeuds]]:
    """Parcourir une suite : chaque bloc seul, et entre eux les mots qui font un paragraphe."""
    for bloc, suite in groupby(noeuds, est_bloc):
        if bloc:
            yield from ((n, []) for n in suite if not isinstance(n, str))
        elif texte(mots := list(suite)).strip():
            yield None, mots


class _Lecteur(HTMLParser):
    """Construire l'arbre au fil des balises."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.racine: Noeuds = []
        self._ouverts: list[tuple[str, Noeud]] = []
        self._tus: list[str] = []

    def handle_starttag(self, balise: str, attributs: list[tuple[str, str | None]]) -> None:
        """Ouvrir une forme, ou poser ce qui n'a pas de contenu."""
        if self._tus or balise in TUS:
            if balise in TUS:
                self._tus.append(balise)
            return
        dits = {nom: valeur or "" for nom, valeur in attributs}
        if balise in SANS_CONTENU:
            self._poser({"forme": SANS_CONTENU[balise], **self._image(balise, dits)})
        elif balise in FORMES:
            self._ouvrir(balise, FORMES[balise], dits)

    def handle_startendtag(self, balise: str, attributs: list[tuple[str, str | None]]) -> None:
        """Poser une balise qui se ferme elle-même ; hors celles sans contenu, HTML la tient pour ouverte."""
        if balise not in TUS:
            self.handle_starttag(balise, attributs)

    def handle_endtag(self, balise: str) -> None:
        """Fermer la forme ouverte la plus proche de même nom, et celles qu'elle contient."""
        if self._tus:
            if balise == self._tus[-1]:
                self._tus.pop()
            return
        noms = [nom for nom, _ in self._ouverts]
        if balise in noms:
            del self._ouverts[len(noms) - 1 - noms[::-1].index(balise) :]

    def handle_data(self, lu: str) -> None:
        """Poser un texte, ses blancs réduits sauf dans un passage brut."""
        if self._tus:
            return
        brut = any(noeud["forme"] == "brut" for _, noeud in self._ouverts)
        reduit = lu if brut else BLANCS.sub(" ", lu)
        for rang, ligne in enumerate(reduit.split("\n")):
            if rang:
                self._poser({"forme": "ligne"})
            if ligne:
                self._poser(re.sub(r" (?= )|\t", "\u00a0", ligne) if brut else ligne)

    def _ouvrir(self, balise: str, forme: str, dits: dict[str, str]) -> None:
        if forme in _BLOCS:
            self._fermer_avant(forme)
        if len(self._ouverts) >= PROFONDEUR:
            return
        noeud: Noeud = {"forme": forme, "enfants": []}
        if forme == "lien":
            noeud["adresse"] = dits.get("href", "").strip()
        elif forme == "titre":
            noeud["rang"] = int(balise[1])
        elif forme in ("tete", "case"):
            portee = dits.get("colspan", "")
            noeud["portee"] = min(int(portee), 40) if portee.isdecimal() and int(portee) else 1
        self._poser(noeud)
        self._ouverts.append((balise, noeud))

    def _fermer_avant(self, forme: str) -> None:
        """Fermer le paragraphe resté ouvert, ou le voisin de même sorte."""
        bornes = _CONTENANTS.get(forme, ())
        for rang in range(len(self._ouverts) - 1, -1, -1):
            ouverte = self._ouverts[rang][1]["forme"]
            voisines = ("tete", "case") if forme in ("tete", "case") else (forme,)
            if ouverte == "paragraphe" or (bornes and ouverte in voisines):
                del self._ouverts[rang:]
                return
            if ouverte in bornes or ouverte in ("tete", "case", "citation"):
                return

    def _image(self, balise: str, dits: dict[str, str]) -> Noeud:
        if balise != "img":
            return {}
        return {"adresse": dits.get("src", ""), "alternatif": dits.get("alt", "")}

    def _poser(self, noeud: Noeud | str) -> None:
        (self._ouverts[-1][1]["enfants"] if self._ouverts else self.racine).append(noeud)


def _sans_blanc(noeuds: Noeuds) -> Noeuds:
    """Ôter les blancs entre deux blocs, et mettre les tableaux en rangées égales."""
    rendus: Noeuds = []
    for noeud in noeuds:
        if isinstance(noeud, str):
            rendus.append(noeud)
            continue
        if "enfants" in noeud:
            noeud["enfants"] = _sans_blanc(noeud["enfants"])
        if noeud["forme"] in _EN_LIGNE and any(est_bloc(enfant) for enfant in noeud["enfants"]):
            # Un lien ou un gras autour de tout un bloc : le bloc se lit, sa mise en forme se perd.
            rendus += noeud["enfants"]
            continue
        rendus += _REMIS_EN_ORDRE.get(noeud["forme"], lambda n: [n])(noeud)
    if any(est_bloc(n) for n in rendus):
        rendus = [n for n in rendus if not (isinstance(n, str) and not n.strip())]
    return rendus


def _brut(noeud: Noeud) -> Noeuds:
    """Ôter d'un passage brut les sauts de ligne qui le bordent."""
    enfants = noeud["enfants"]
    pleins = [n for n, e in enumerate(enfants) if isinstance(e, str) or e["forme"] != "ligne"]
    return [noeud | {"enfants": enfants[pleins[0] : pleins[-1] + 1]}] if pleins else []


def _paragraphes(noeud: Noeud) -> Noeuds:
    """Sortir d'un paragraphe les images et les blocs qu'il contient : il s'arrête avant, et reprend après."""
    rendus: Noeuds = []
    for bloc, suite in groupby(noeud["enfants"], est_bloc):
        enfants = list(suite)
        rendus += enfants if bloc else [{"forme": "paragraphe", "enfants": enfants}]
    return rendus


def _titre(noeud: Noeud) -> Noeuds:
    """Réduire un titre à son texte, ses images à la suite : un titre vide, ou fait d'une liste, n'en est pas un."""
    dit = texte(noeud["enfants"]).strip()
    return [*([noeud | {"enfants": [dit]}] if dit else []), *_images(noeud["enfants"])]


def _images(noeuds: Noeuds) -> Noeuds:
    return [
        vue
        for n in noeuds
        if not isinstance(n, str)
        for vue in ([n] if n["forme"] == "image" else _images(n.get("enfants", [])))
    ]


def _table(noeud: Noeud) -> Noeuds:
    """Mettre un tableau en rangées égales, la première d'en-têtes ; sans rangée, il n'y a pas de tableau."""
    enfants = [e for e in noeud["enfants"] if not isinstance(e, str)]
    titre: Noeuds = [e for e in enfants if e["forme"] == "paragraphe"]
    rangees = [_cases(e) for e in enfants if e["forme"] == "rangee"]
    rangees = [r for r in rangees if r]
    if not rangees:
        return titre
    colonnes = max(map(len, rangees))
    egales = [[*r, *[[]] * (colonnes - len(r))] for r in rangees]
    return [*titre, {"forme": "table", "entetes": egales[0], "lignes": egales[1:], "colonnes": colonnes}]


def _cases(rangee: Noeud) -> list[Noeuds]:
    cases: list[Noeuds] = []
    for case in rangee["enfants"]:
        if not isinstance(case, str) and case["forme"] in ("tete", "case"):
            cases += [case["enfants"], *[[]] * (case["portee"] - 1)]
    return cases


_REMIS_EN_ORDRE: Final = {"table": _table, "titre": _titre, "paragraphe": _paragraphes, "brut": _brut}
