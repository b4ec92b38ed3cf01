"""Des blocs à la suite des diapositives : un message et un visuel chacune, ce que l'orateur en dit dans ses notes."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from itertools import groupby
from typing import TYPE_CHECKING, Any, Final, Literal

from abs.graphiques.demandes import DemandeDeGraphique
from carnets.documents.arbre_de_prose import en_arbre, suites, texte
from carnets.documents.diapos.mesure import DIAPOS, Paragraphe, sans_blancs
from carnets.documents.diapos.natif import mesure, natif

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from carnets.documents.arbre_de_prose import Noeuds

    Donnees = dict[str, Any]

PHRASES: Final[dict[str, str]] = DIAPOS["phrases"]
REUNIS: Final[dict[str, str]] = DIAPOS["reunis"]


@dataclass(frozen=True)
class Diapo:
    """Une diapositive : son message, son seul visuel, son pied, et ce que dit l'orateur."""

    genre: Literal["couverture", "messages", "fiches", "graphique", "image", "points"]
    titre: str
    sous_titre: str = ""
    contenu: Any = None
    pied: str = ""
    notes: tuple[str, ...] = ()


@dataclass
class _Chapitre:
    titre: str
    blocs: list[Donnees]
    ancre: str = ""

    def genre(self, nom: str) -> Iterator[Donnees]:
        """Parcourir ses blocs d'un genre."""
        return (b for b in self.blocs if b["genre"] == nom)


def planifier(blocs: Sequence[Donnees], titre: str) -> list[Diapo]:
    """Ranger les blocs d'un document en diapositives ; ses annexes restent dans le document."""
    tete, *chapitres = _chapitres(blocs)
    document = next((b["texte"] for b in tete.genre("titre") if b["rang"] == 1), titre)
    diapos = [_couverture(tete, titre)]
    for chapitre in [tete, *chapitres]:
        diapos += _du_chapitre(chapitre, document)
    diapos = [*_sans_redite(diapos), *_reunies([tete, *chapitres], document)]
    defaut = PHRASES["pied_sans_source"].format(document=document)
    return [d if d.pied or d.genre == "couverture" else replace(d, pied=defaut) for d in diapos]


def _sans_redite(diapos: Sequence[Diapo]) -> Iterator[Diapo]:
    """Ne montrer qu'une fois la carte que l'essentiel et un chapitre ont tous deux : celle du chapitre, plus grande."""
    montrees = [d.contenu["alternatif"] if d.genre == "image" else "" for d in diapos]
    for rang, diapo in enumerate(diapos):
        if not montrees[rang] or montrees[rang] not in montrees[rang + 1 :]:
            yield diapo


def _chapitres(blocs: Sequence[Donnees]) -> list[_Chapitre]:
    """Couper un document à ses titres de rang 2, jusqu'aux annexes."""
    suite = [_Chapitre("", [])]
    for bloc in blocs:
        if bloc["genre"] == "titre" and bloc["rang"] == 2:
            suite.append(_Chapitre(bloc["texte"], [], bloc.get("ancre", "")))
        else:
            suite[-1].blocs.append(bloc)
    fin = next((n for n, c in enumerate(suite) if c.ancre in DIAPOS["annexes"]), len(suite))
    return suite[: max(fin, 1)]


def _couverture(tete: _Chapitre, titre: str) -> Diapo:
    premier: Donnees = next((b for b in tete.genre("titre") if b["rang"] == 1), {"texte": titre})
    alertes = [" ".join(filter(None, (b.get("fort"), b["texte"]))) for b in tete.genre("note")]
    sous_titre = "\n".join(filter(None, (premier.get("surtitre"), premier.get("sous_titre"))))
    return Diapo("couverture", premier["texte"], sous_titre, alertes, notes=tuple(alertes))


# -- un chapitre -------------------------------------------------------------------------------


def _du_chapitre(chapitre: _Chapitre, document: str) -> list[Diapo]:
    """Donner un visuel par diapositive ; le premier porte le message du chapitre, et les phrases restées seules."""
    messages = [b["texte"] for b in chapitre.genre("note") if b.get("classe") == "message"]
    phrases = [p for b in chapitre.genre("phrases") if b.get("classe") != "messages" for p in b["phrases"]]
    diapos = [d for b in chapitre.blocs for d in _du_bloc(b, chapitre, document)]
    visuels = [n for n, d in enumerate(diapos) if d.genre in ("graphique", "image")]
    if messages and visuels:
        premier = visuels[0]
        diapos[premier] = _sous_le_message(diapos[premier], messages.pop(0))
    if phrases and not diapos:
        textes = [Paragraphe(p["texte"], puce=True) for p in phrases[: DIAPOS["phrases_maximum"]]]
        if len(phrases) > len(textes):
            reste = PHRASES["autres"].format(n=len(phrases) - len(textes))
            textes.append(Paragraphe(reste, couleur="mention"))
        titre = messages.pop(0) if messages else chapitre.titre or document
        diapos = [Diapo("points", titre, chapitre.titre if titre != chapitre.titre else document, textes)]
    diapos[:0] = [Diapo("points", m, chapitre.titre, []) for m in messages if phrases or not visuels]
    return _avec_leurs_phrases(diapos, phrases)


def _sous_le_message(diapo: Diapo, message: str) -> Diapo:
    """Donner à un visuel le message de son chapitre ; dessous, ce qui est mesuré, que deux titres couperaient."""
    dite = mesure(diapo.contenu, natif(diapo.contenu)) if diapo.genre == "graphique" else ""
    titre = message.rstrip(".")
    return replace(diapo, titre=titre, sous_titre=dite or diapo.titre, notes=(message, *diapo.notes))


def _du_bloc(bloc: Donnees, chapitre: _Chapitre, document: str) -> Iterable[Diapo]:
    faire = {
        "phrases": _messages,
        "chiffres_cles": _fiches,
        "graphique": _graphique,
        "image": _image,
        "prose": _prose,
    }
    return faire[bloc["genre"]](bloc, chapitre, document) if bloc["genre"] in faire else ()


def _messages(bloc: Donnees, chapitre: _Chapitre, _: str) -> Iterator[Diapo]:
    if bloc.get("classe") == "messages" and bloc["phrases"]:
        titre = PHRASES["messages" if len(bloc["phrases"]) == 3 else "messages_autres"]
        notes = tuple(_dite(p) for p in bloc["phrases"])
        yield Diapo("messages", titre, chapitre.titre, bloc["phrases"], notes=notes)


def _fiches(bloc: Donnees, chapitre: _Chapitre, document: str) -> Iterator[Diapo]:
    chiffres = bloc["chiffres"]
    pages = -(-len(chiffres) // DIAPOS["fiches_par_diapo"])
    pas = -(-len(chiffres) // max(pages, 1)) or 1
    for debut in range(0, len(chiffres), pas):
        lot = chiffres[debut : debut + pas]
        titre = chapitre.titre or PHRASES["fiches"]
        notes = tuple(_fiche_dite(c) for c in lot)
        pied = PHRASES["pied_fiches"].format(document=document)
        titre = PHRASES["suite"].format(titre=titre) if debut else titre
        yield Diapo("fiches", titre, document, lot, pied, notes)


def _fiche_dite(chiffre: Donnees) -> str:
    """Écrire une fiche en une phrase, et la ligne du diagnostic qui la porte."""
    if chiffre.get("absence"):
        return f"{chiffre.get('sujet') or chiffre['libelle']} : {chiffre['absence']}."
    dits = ", ".join(filter(None, (chiffre["valeur"], chiffre.get("date"), chiffre.get("complement"))))
    return _avec_references(f"{chiffre['libelle']} : {dits}.", [chiffre.get("reference", "")])


def _graphique(bloc: Donnees, chapitre: _Chapitre, _: str) -> Iterator[Diapo]:
    demande = DemandeDeGraphique.depuis(bloc["demande"])
    dite = mesure(demande, natif(demande))
    sous_titre = " · ".join(filter(None, (chapitre.titre, dite)))
    note = _avec_references(f"{demande.titre.rstrip('.')}.", demande.references)
    yield Diapo("graphique", demande.titre, sous_titre, demande, demande.mention, (note,))


def _image(bloc: Donnees, chapitre: _Chapitre, document: str) -> Iterator[Diapo]:
    titre = bloc["legende"].replace(f" · {document}", "") or chapitre.titre or PHRASES["image"]
    sous_titre = chapitre.titre if chapitre.titre != titre else ""
    source = re.search(DIAPOS["source_d_une_image"], bloc["alternatif"])
    yield Diapo("image", titre, sous_titre, bloc, source[0] if source else "", (bloc["alternatif"],))


def _prose(bloc: Donnees, chapitre: _Chapitre, document: str) -> Iterator[Diapo]:
    textes = list(_paragraphes(en_arbre(bloc["html"])))
    if textes:
        titre = bloc.get("signature") or chapitre.titre or document
        yield Diapo("points", titre, chapitre.titre if chapitre.titre != titre else "", textes)


def _paragraphes(noeuds: Noeuds, *, puce: bool = False, gras: bool = False) -> Iterator[Paragraphe]:
    """Donner les paragraphes d'un texte ; ni ses tableaux ni ses sorties brutes ne tiendraient sur une diapositive."""
    for bloc, mots in suites(noeuds):
        if bloc is None:
            for fin, ligne in groupby(mots, lambda m: not isinstance(m, str) and m["forme"] == "ligne"):
                if not fin and (dit := sans_blancs(texte(ligne))):
                    yield Paragraphe(dit, gras=gras, puce=puce)
                    puce = False
        elif bloc["forme"] not in ("table", "brut"):
            a_puce = bloc["forme"] == "point" or (puce and bloc["forme"] == "paragraphe")
            yield from _paragraphes(bloc.get("enfants", []), puce=a_puce, gras=bloc["forme"] == "titre")


# -- ce que dit l'orateur ----------------------------------------------------------------------


def _dite(phrase: Donnees) -> str:
    titre = f"{phrase['titre']} : " if phrase.get("titre") else ""
    return _avec_references(titre + phrase["texte"], phrase.get("references", ()))


def _avec_references(texte: str, references: Iterable[str]) -> str:
    dites = " ; ".join(filter(None, references))
    return f"{texte}\n{PHRASES['refs'].format(references=dites)}" if dites else texte


def _avec_leurs_phrases(diapos: list[Diapo], phrases: Sequence[Donnees]) -> list[Diapo]:
    """Mettre chaque phrase du chapitre dans les notes du visuel qui montre ses chiffres, sinon du premier."""
    if not diapos:
        return diapos
    citees = [_references(d) for d in diapos]
    for phrase in phrases:
        siennes = set(phrase.get("references", ()))
        place = next((n for n, vues in enumerate(citees) if siennes & vues), 0)
        diapo = diapos[place]
        diapos[place] = replace(diapo, notes=(*diapo.notes, _dite(phrase)))
    return diapos


def _references(diapo: Diapo) -> set[str]:
    if diapo.genre != "graphique":
        return set()
    demande: DemandeDeGraphique = diapo.contenu
    return {v.reference for v in demande.valeurs() if v.reference} | set(demande.references)


# -- ce qui est réuni à la fin -----------------------------------------------------------------


def _reunies(chapitres: Sequence[_Chapitre], document: str) -> Iterator[Diapo]:
    """Réunir, chapitre par chapitre, ce que le document demande, ce qui est à débattre et ce qu'il ignore."""
    for classe, titre in REUNIS.items():
        paragraphes: list[Paragraphe] = []
        for chapitre in chapitres:
            siens = [t for b in chapitre.blocs for t in _textes_de_classe(b, classe)]
            if siens and chapitre.titre not in ("", titre):
                paragraphes.append(Paragraphe(chapitre.titre, 0.8, gras=True, couleur="mention"))
            paragraphes += [Paragraphe(t, puce=True) for t in siens]
        if paragraphes:
            notes = tuple(p.texte for p in paragraphes if p.puce)
            yield Diapo("points", titre, document, paragraphes, notes=notes)


def _textes_de_classe(bloc: Donnees, classe: str) -> list[str]:
    if bloc.get("classe") != classe:
        return []
    if bloc["genre"] == "note":
        return [bloc["texte"]]
    if bloc["genre"] == "liste":
        return [" ".join(filter(None, (p.get("fort"), p["texte"], p.get("fin")))) for p in bloc["puces"]]
    return []
