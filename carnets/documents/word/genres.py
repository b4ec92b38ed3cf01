"""Chaque genre de bloc, en XML de Word : ce qu'il dit, dans le style que la table lui donne."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from carnets.documents.signes import signes_des_fiches
from carnets.documents.word import images
from carnets.documents.word.briques import morceau
from carnets.documents.word.prose import prose
from carnets.documents.word.redaction import MOTS
from carnets.documents.word.styles import TABLE
from carnets.documents.word.tableaux import cote_a_cote, place_de_front, tableau

if TYPE_CHECKING:
    from collections.abc import Callable

    from carnets.documents.word.redaction import Redaction

    Donnees = dict[str, Any]

FICHES: Final[dict[str, Any]] = TABLE["fiches"]


def titre(r: Redaction, bloc: Donnees) -> str:
    """Écrire un titre ; celui d'un chapitre donne son nom aux textes qui suivent."""
    if bloc["rang"] == 2:
        r.chapitre = bloc["ancre"]
    return r.titre(bloc["texte"], bloc["rang"], bloc["repere"])


def note(r: Redaction, bloc: Donnees) -> str:
    """Écrire une note, un encadré, ou la phrase-titre d'un chapitre."""
    fort = r.mot(f"{bloc['fort']} ", "Strong") if bloc.get("fort") else ""
    return r.paragraphe(TABLE["notes"].get(bloc.get("classe"), "Normal"), fort + morceau(bloc["texte"]))


def phrases(r: Redaction, bloc: Donnees) -> str:
    """Écrire des phrases en puces, ou les messages de la première page côte à côte."""
    if bloc.get("classe") == "messages":
        ecrits = [_message(r, rang, p) for rang, p in enumerate(bloc["phrases"], start=1)]
        return cote_a_cote(r, ecrits, max(1, min(FICHES["messages_de_front"], len(ecrits))))
    return "".join(
        (r.texte("Titre de message", p["titre"]) if p.get("titre") else "")
        + r.texte("List Bullet", p["texte"])
        + _meme_sens(r, p)
        for p in bloc["phrases"]
    )


def _message(r: Redaction, rang: int, phrase: Donnees) -> str:
    entete = r.mot(f"{rang} ", "Numéro de message") + morceau(phrase.get("titre", ""))
    return r.paragraphe("Titre de message", entete) + r.texte("Texte de message", phrase["texte"])


def _meme_sens(r: Redaction, phrase: Donnees) -> str:
    dits = [f"{d['libelle']} ({d['valeur']})" for d in phrase.get("details", ())]
    return r.texte("Suite de puce", MOTS["meme_sens"].format(details=", ".join(dits))) if dits else ""


def liste(r: Redaction, bloc: Donnees) -> str:
    """Écrire une liste ; ce qui y est fort se lit d'abord."""
    style = TABLE["listes"].get(bloc.get("classe"), "List Bullet")
    deux_points = "\u00a0: " if bloc.get("classe") == "silences" else ""
    return "".join(
        r.paragraphe(
            style,
            r.mot(p.get("fort", ""), "Strong")
            + morceau((deux_points if p.get("fort") else "") + p["texte"])
            + r.mot(p.get("fin", ""), "Emphasis"),
        )
        for p in bloc["puces"]
    )


def liens(r: Redaction, bloc: Donnees) -> str:
    """Écrire des renvois à d'autres endroits du document."""
    return r.paragraphe(
        "Note", morceau(" · ").join(r.renvoi(a.removeprefix("#"), t) for t, a in bloc["liens"])
    )


def chiffres_cles(r: Redaction, bloc: Donnees) -> str:
    """Écrire les chiffres clés en fiches, leurs petits graphiques dessous."""
    avec = any(c.get("graphiques") for c in bloc["chiffres"])
    de_front = FICHES["colonnes_avec_graphiques" if avec else "colonnes"]
    largeur = place_de_front(r, de_front)
    signes = "\u2003".join(f"{s['signe']} {s['nom']}" for s in signes_des_fiches(bloc["chiffres"]))
    legende = r.texte("Note", signes) if signes else ""
    return legende + cote_a_cote(r, [_fiche(r, c, largeur) for c in bloc["chiffres"]], de_front)


def _fiche(r: Redaction, chiffre: Donnees, largeur: float) -> str:
    valeur, style = (
        chiffre.get("valeur", ""),
        "Chiffre clé" if chiffre.get("sujet") else "Premier chiffre clé",
    )
    if chiffre.get("absence"):
        valeur, style = chiffre["absence"], "Chiffre absent"
    complement = f" ({chiffre['complement']})" if chiffre.get("complement") else ""
    ecrits = [
        ("Sujet de fiche", chiffre.get("sujet", "")),
        (style, valeur),
        ("Libellé de chiffre", chiffre["libelle"] + complement),
        ("Date de chiffre", chiffre.get("date", "")),
    ]
    dits = "".join(r.texte(nom, texte) for nom, texte in ecrits if texte)
    return dits + "".join(_petit_graphique(r, d, largeur) for d in chiffre.get("graphiques", ()))


def _petit_graphique(r: Redaction, demande: Donnees, largeur: float) -> str:
    dessine = FICHES["largeur_de_graphique"]
    bloc = {"demande": demande, "largeur": dessine}
    pose = min(images.largeur_dessinee(dessine), largeur)
    return r.paragraphe("Date de chiffre", _dessin(r, bloc, pose, intitule=True))


def _dessin(r: Redaction, bloc: Donnees, largeur: float, *, intitule: bool = False) -> str:
    points, vecteur, alternatif = images.dessiner(bloc, intitule=intitule)
    return images.poser(r.document, points, vecteur, alternatif, largeur, next(r.numeros))


def graphique(r: Redaction, bloc: Donnees, de_front: int = 1) -> str:
    """Écrire un graphique, son message en légende."""
    place = r.utile_en_cm if de_front == 1 else place_de_front(r, de_front)
    demande = bloc["demande"]
    dessin = _dessin(r, bloc, min(place, images.largeur_dessinee(bloc["largeur"])))
    suite = f" {demande['sous_titre'].rstrip('.')}." if demande.get("sous_titre") else ""
    message = demande["titre"].rstrip(".") + "."
    return r.paragraphe("Figure", dessin) + r.legende("caption", bloc["repere"], message, suite)


def paire(r: Redaction, bloc: Donnees) -> str:
    """Écrire deux graphiques de demi-largeur côte à côte."""
    de_front = len(bloc["blocs"])
    return cote_a_cote(r, [graphique(r, b, de_front) for b in bloc["blocs"]], de_front)


def image(r: Redaction, bloc: Donnees) -> str:
    """Écrire une carte, une planche ou une image de l'analyste, et sa légende."""
    points, vecteur = images.decoder(bloc.get("adresse", ""))
    if not points:
        return r.texte("Note", MOTS["sans_image"].format(alternatif=bloc["alternatif"]))
    largeur = min(r.utile_en_cm, TABLE["page"]["largeur_d_image_cm"])
    posee = images.poser(r.document, points, vecteur, bloc["alternatif"], largeur, next(r.numeros))
    return r.paragraphe("Figure", posee) + r.legende("caption", bloc["repere"], bloc.get("legende", ""))


FORMES: Final[dict[str, Callable[[Redaction, Donnees], str]]] = {
    "titre": titre,
    "note": note,
    "phrases": phrases,
    "liste": liste,
    "liens": liens,
    "chiffres_cles": chiffres_cles,
    "tableau": tableau,
    "graphique": graphique,
    "paire": paire,
    "image": image,
    "prose": prose,
}
