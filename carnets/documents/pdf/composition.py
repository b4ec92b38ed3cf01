"""Des blocs d'un document à ce que lit le gabarit : couverture, affiche, corps numéroté, figures rangées à part."""

from __future__ import annotations

import string
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from carnets.documents.modeles import PDF
from carnets.documents.pdf.blocs import Rendu

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    Donnees = dict[str, Any]
    Blocs = list[Donnees]

ESSENTIEL: Final = "essentiel"
DOCUMENT: Final[Donnees] = {"genre": "titre", "rang": 1, "texte": "", "ancre": ""}


@dataclass(frozen=True)
class Parties:
    """Ce qu'une page de garde, une affiche et un corps se partagent."""

    titre: Donnees
    garde: Blocs
    essentiel: Blocs
    avant: Blocs
    corps: Blocs = field(default_factory=list)


def partager(blocs: Sequence[Donnees], titre: str) -> Parties:
    """Séparer le titre et ses avertissements, la page de l'essentiel, et le reste."""
    lus = _sans_titre_vide([b for b in blocs if not _pour_l_ecran(b)])
    titres = (b for b in lus if b["genre"] == "titre" and b["rang"] == 1 and b["texte"].strip())
    premier = next(titres, DOCUMENT | {"texte": titre})
    suite = [b for b in lus if b is not premier]
    rangs = [i for i, b in enumerate(suite) if b["genre"] == "titre" and b["rang"] <= 2]
    garde_finie = next((i for i, b in enumerate(suite) if b["genre"] != "note"), len(suite))
    debut = next((i for i in rangs if suite[i].get("ancre") == ESSENTIEL), None)
    if debut is None:
        return Parties(premier, suite[:garde_finie], [], suite[garde_finie:])
    fin = next((i for i in rangs if i > debut), len(suite))
    garde_finie = min(garde_finie, debut)
    return Parties(
        premier,
        suite[:garde_finie],
        [b for b in suite[debut:fin] if b["genre"] != "saut"],
        suite[garde_finie:debut],
        suite[fin:],
    )


def _pour_l_ecran(bloc: Donnees) -> bool:
    return bloc["genre"] == "interactive" or (
        bloc["genre"] == "liens" and bloc["classe"] in PDF["liens_de_l_ecran"]
    )


def _sans_titre_vide(blocs: Blocs) -> Blocs:
    """Ôter un titre de partie que rien ne suit, une fois ôté ce qui n'est que pour l'écran."""
    rendus: Blocs = []
    for bloc in reversed(blocs):
        suivant = rendus[-1] if rendus else DOCUMENT
        seul = bloc["genre"] == suivant["genre"] == "titre" and suivant["rang"] <= bloc["rang"]
        if not seul or bloc["rang"] == 1 or bloc.get("ancre") == PDF["annexes"]:
            rendus.append(bloc)
    return rendus[::-1]


def document(parties: Parties, rendu: Rendu) -> Donnees:
    """Composer le document entier."""
    tous = [*parties.avant, *parties.essentiel, *parties.corps]
    rendu.connaitre(tous)
    numeros = _numeros(tous)
    redits = Counter(b["texte"] for b in tous if b["genre"] == "titre" and b["rang"] > 2)

    def preparer(blocs: Iterable[Donnees]) -> Blocs:
        prets = (_titre(b, numeros, redits) if b["genre"] == "titre" else b for b in blocs)
        return [r for b in prets for r in rendu.bloc(b)]

    situation = rendu.situation(parties.essentiel)
    couverture = _bandeau(parties.titre) | {"notes": preparer(parties.garde), "situation": situation}
    avant = _cote_a_cote(preparer(parties.avant))
    essentiel = None
    if parties.essentiel:
        premiers = preparer(parties.essentiel[:1])
        essentiel = {"titre": premiers, **_page(preparer(_d_un_rang(parties.essentiel[1:], 3)))}
    corps = _cote_a_cote(preparer(parties.corps))
    return {"couverture": couverture, "avant": avant, "essentiel": essentiel, "corps": corps}


def affiche(parties: Parties, rendu: Rendu) -> Donnees:
    """Composer l'affiche d'une page : le bandeau, puis l'essentiel."""
    rendu.connaitre(parties.essentiel[1:])
    alertes = [r for b in parties.garde for r in rendu.bloc(b)]
    prets = [r for b in _d_un_rang(parties.essentiel[1:], 2) for r in rendu.bloc(b)]
    tete = {"notes": alertes, "situation": rendu.situation(parties.essentiel)}
    return {"couverture": _bandeau(parties.titre) | tete, "essentiel": _page(prets)}


def _d_un_rang(blocs: Blocs, rang: int) -> Blocs:
    """Mettre les titres d'une page à un seul rang : ils n'y sont plus dans l'ordre où ils se suivaient."""
    return [b | {"rang": rang} if b["genre"] == "titre" else b for b in blocs]


def _bandeau(titre: Donnees) -> Donnees:
    mots = [mot.strip() for mot in titre.get("sous_titre", "").split(" · ")]
    return {
        "surtitre": titre.get("surtitre", ""),
        "titre": titre["texte"],
        "precisions": [m for m in mots if m],
    }


def _page(blocs: Blocs) -> Donnees:
    """Ranger l'essentiel : messages, fiches, première carte, et ce qui se lit à côté d'elle."""
    messages = [b for b in blocs if b["genre"] == "messages"]
    fiches = [b for b in blocs if b["genre"] == "fiches"]
    carte = next((i for i, b in enumerate(blocs) if b["genre"] == "figure" and b["carte"]), None)
    titre_de_carte: Blocs = []
    if carte is not None and carte and blocs[carte - 1]["genre"] == "titre":
        titre_de_carte = [blocs[carte - 1]]
    cartes = [] if carte is None else [blocs[carte]]
    # Un graphique a sa place sous la carte, où il est plus large que dans la colonne des textes.
    dessous = [b for b in blocs if cartes and b["genre"] == "figure" and not b["carte"]]
    a_part = [*messages, *fiches, *titre_de_carte, *cartes, *dessous]
    reste = [b for b in blocs if not any(b is autre for autre in a_part)]
    if titre_de_carte and cartes[0]["affiche"]:
        # Cette carte n'a pas de titre dans son image : le sien est celui de la partie.
        titre_de_carte = [
            titre_de_carte[0] | {"texte": f"{titre_de_carte[0]['texte']} · {cartes[0]['legende']}"}
        ]
        cartes = [cartes[0] | {"legende": ""}]
    return {
        "messages": messages,
        "fiches": fiches,
        "titre_de_carte": titre_de_carte,
        "carte": cartes[0] if cartes else None,
        "dessous": dessous,
        "large": any(c["rapport"] > PDF["carte_large"] for c in cartes),
        "reste": reste,
    }


def _numeros(blocs: Iterable[Donnees]) -> dict[int, str]:
    """Numéroter les chapitres, puis les annexes par lettres ; par identité, car deux chapitres peuvent se ressembler."""
    rendus: dict[int, str] = {}
    lettres: list[str] | None = None
    rang = 0
    for bloc in blocs:
        if bloc["genre"] != "titre" or bloc["rang"] != 2:
            continue
        if bloc.get("ancre") == PDF["annexes"]:
            lettres = [*string.ascii_uppercase]
        if bloc.get("ancre") in PDF["sans_numero"]:
            continue
        rang += lettres is None
        rendus[id(bloc)] = str(rang) if lettres is None else lettres.pop(0) if lettres else ""
    return rendus


def _titre(bloc: Donnees, numeros: dict[int, str], redits: Counter[str]) -> Donnees:
    numero = numeros.get(id(bloc), "")
    return bloc | {
        "texte": f"{numero} · {bloc['texte']}" if numero else bloc["texte"],
        "sommaire": bloc["rang"] <= 2 or redits[bloc["texte"]] <= PDF["redites"],
    }


def _cote_a_cote(blocs: Blocs) -> Blocs:
    """Mettre une demi-figure à côté de ce qui la précède (phrases, autre demi-figure) ; réunir ce qui est en paysage."""
    rendus: Blocs = []
    suivants: Blocs = [*blocs, {}][1:]
    for bloc, suivant in zip(blocs, suivants, strict=True):
        dernier: Donnees = rendus[-1] if rendus else {"genre": ""}
        # Deux demi-figures qui se suivent vont ensemble : la première ne se met pas à côté des phrases.
        aux_phrases = dernier["genre"] == "phrases" and not suivant.get("demi")
        if bloc.get("demi") and (dernier.get("demi") or aux_phrases):
            rendus[-1] = {"genre": "paire", "gauche": dernier, "droite": bloc}
        elif bloc.get("paysage") and dernier["genre"] == "paysage":
            dernier["blocs"].append(bloc)
        elif bloc.get("paysage"):
            # Le titre et les notes qui l'annoncent y passent avec lui : seuls, ils feraient une page presque vide.
            debut = len(rendus)
            while debut and rendus[debut - 1]["genre"] in ("titre", "note"):
                debut -= 1
            rendus[debut:] = [{"genre": "paysage", "blocs": [*rendus[debut:], bloc]}]
        else:
            rendus.append(bloc)
    return rendus
