"""Le portrait en blocs, partie par partie : titre, essentiel, bilan, chapitres, à débattre."""

from dataclasses import replace
from functools import cached_property
from typing import Any, Final

from abs.blocs.blocs import Bloc, ChiffresCles, Detail, Graphique, Liste, Note, Phrases, Puce, Titre
from abs.calcul.table_longue import Diagnostic
from abs.definitions import table
from abs.indicateurs.indicateurs import indicateurs
from abs.langue import abreger, minuscule, typographier
from abs.phrases.ecriture import ecrire, reference
from abs.phrases.phrases import Phrase
from abs.phrases.preuves import Appuis
from abs.portrait.annexes import annexes, ce_qui_manque
from abs.portrait.fiches_qpv import fiches_des_qpv
from abs.portrait.portrait import Portrait
from abs.portrait.premiere_page import Message, Point, de_premiere_page, ecart_etabli
from abs.portrait.tableaux import Chapitre

MOTS: Final[dict[str, Any]] = table("_document")
DITS: Final[dict[str, str]] = MOTS["portrait"]
IGNORES: Final = 2
DETAILS: Final = 2
ETROITS: Final = frozenset(table("_graphiques")["reglages"]["demi_largeur"])


def note_d_essai(diagnostic: Diagnostic) -> list[Bloc]:
    """Dire en tête d'un document qu'il est tiré de fichiers d'essai."""
    if not diagnostic.essais:
        return []
    texte = MOTS["commun"]["essai"].format(fichiers=abreger(diagnostic.essais, IGNORES))
    return [Note(texte, "alerte", MOTS["commun"]["essai_fort"])]


class DocumentDuPortrait:
    """Ce que chaque partie d'un portrait montre."""

    def __init__(self, portrait: Portrait) -> None:
        self.portrait = portrait

    @cached_property
    def appuis(self) -> Appuis:
        """Les lignes du diagnostic qui portent les phrases ; l'index n'est fait qu'une fois."""
        return Appuis(self.portrait.diagnostic)

    def titre(self, etabli_le: str) -> list[Bloc]:
        """Composer le titre et les avertissements."""
        p = self.portrait
        rendus: list[Bloc] = [
            Titre(p.titre, 1, "", DITS["surtitre"], f"{p.sous_titre} · établi le {etabli_le}")
        ]
        if p.diagnostic.demande.diffusion == "interne":
            rendus.append(Note(DITS["interne"], "alerte interne", DITS["interne_fort"]))
        rendus += note_d_essai(p.diagnostic)
        if p.fictif:
            rendus.append(Note(MOTS["commun"]["fictif"], "alerte", MOTS["commun"]["fictif_fort"]))
        return [*rendus, *(Note(a, "alerte") for a in p.avertissements)]

    # -- la première page --------------------------------------------------------------------------

    def essentiel(self) -> list[Bloc]:
        """Composer la première page : les messages, une fiche par sujet, ce que nous ne savons pas, ce qui se discute."""
        p = self.portrait
        rendus: list[Bloc] = [Titre(DITS["essentiel"], ancre="essentiel")]
        choisis = de_premiere_page(p.messages)
        if choisis:
            rendus.append(self._messages(choisis))
        elif p.diagnostic.ensembles.references:
            rendus.append(Note(DITS["sans_message"], "message"))
        vides = all(f.absence for f in p.fiches)
        rendus.append(Note(DITS["sans_chiffre"]) if vides else ChiffresCles(p.fiches))
        questions = [q for m in choisis for q in self._questions(m.theme, m.indicateur.code)[:1]]
        return [*rendus, *self._ignore(), *self._demande(questions[:DETAILS], "debat", "debattre")]

    def _messages(self, choisis: tuple[Message, ...]) -> Phrases:
        details = [
            tuple(
                Detail(typographier(minuscule(i.libelle)), ecrire(i, c), reference(c))
                for i, c in m.details[:DETAILS]
            )
            for m in choisis
        ]
        titres = [m.en_bref for m in choisis]
        return Phrases.de([m.phrase for m in choisis], self.appuis, details, titres, "messages")

    def _ignore(self) -> list[Bloc]:
        """Dire en une ligne ce que la première page ne sait pas."""
        rangs = {
            typographier(indicateurs()[c].libelle): n
            for n, c in enumerate(table("_portrait")["chiffres_cles"])
        }
        absents, manques = ce_qui_manque(self.portrait)
        absents.sort(key=lambda mots: rangs.get(mots, len(rangs)))
        chapitres = self.portrait.chapitres
        vides = [minuscule(c.titre) for c in chapitres if c.est_vide and not self._tete(c.code)]
        # Des chapitres entiers qui manquent disent assez ce que les données ouvertes taisent.
        cas = {"sans_fichier": absents, "sans_donnee_ouverte": [] if vides else manques}
        dits = [
            DITS[c].format(noms=abreger([minuscule(m) for m in mots], IGNORES))
            for c, mots in cas.items()
            if mots
        ]
        dits += [DITS["sans_chapitre"].format(titres=" ; ".join(vides))] if vides else []
        texte = typographier(" ".join([*dits, DITS["a_qui"]] if dits else []))
        return [Note(texte, "ignore", DITS["ignore"])] if texte else []

    def bilan(self) -> list[Bloc]:
        """Composer les forces et les faiblesses."""
        bilan = self.portrait.bilan
        if not bilan.points():
            return []
        rendus: list[Bloc] = [
            Titre(DITS["bilan"], ancre="bilan"),
            Note(DITS["lire_le_bilan"], "precision"),
        ]
        for titre, points, sans in (
            ("Forces", bilan.forces, "sans_force"),
            ("Faiblesses", bilan.faiblesses, "sans_faiblesse"),
        ):
            rendus += [Titre(titre, 3), self._points(points) if points else Note(DITS[sans])]
        if bilan.anciens:
            dits = ", ".join(f"{p.libelle} ({p.chiffre.periode})" for p in bilan.anciens)
            rendus.append(Note(typographier(DITS["anciens"].format(points=dits)), "precision"))
        return rendus

    def _points(self, points: tuple[Point, ...]) -> Phrases:
        details = [
            tuple(Detail(d.libelle, d.valeur, d.phrase.references[0]) for d in p.details) for p in points
        ]
        return Phrases.de([p.phrase for p in points], self.appuis, details)

    # -- un chapitre -------------------------------------------------------------------------------

    def chapitre(self, code: str) -> Chapitre | None:
        """Donner un chapitre par son code."""
        return self.portrait.chapitre(code)

    def chiffres(self, code: str) -> list[Bloc]:
        """Composer les tableaux d'un chapitre : ses repères, puis où cela se passe ; les fiches des QPV."""
        chapitre = self.chapitre(code)
        if chapitre is None:
            return []
        return [*chapitre.tableaux, *(self.fiches_qpv if code == "qpv" else ())]

    @cached_property
    def fiches_qpv(self) -> list[Bloc]:
        """Une fiche par quartier prioritaire."""
        return fiches_des_qpv(self.portrait.diagnostic, self.portrait.autour, self.appuis)

    def phrases(self, code: str) -> list[Bloc]:
        """Composer ce qu'un chapitre dit : son message, ses avertissements, ses phrases."""
        chapitre = self.chapitre(code)
        if chapitre is None:
            return []
        siens = [m for m in self.portrait.messages if m.theme == code]
        rendus: list[Bloc] = [Note(m.en_tete, "message") for m in siens[:1]]
        rendus += [Note(a, "precision") for a in chapitre.avertissements]
        tete = self._tete(code)
        # La phrase du message d'abord : c'est elle que le titre annonce.
        portees = {m.phrase.references[:1] for m in siens[:1]}
        ordre = sorted(chapitre.phrases, key=lambda p: p.references[:1] not in portees)
        if tete or ordre:
            rendus.append(Phrases.de((*tete, *ordre), self.appuis))
        return rendus

    def _tete(self, code: str) -> tuple[Phrase, ...]:
        return self.portrait.tete if code == DITS["chapitre_de_tete"] else ()

    def graphiques(self, code: str) -> list[Bloc]:
        """Composer les graphiques d'un chapitre ; deux qui tiennent en demi-largeur se suivent côte à côte."""
        chapitre = self.chapitre(code)
        if chapitre is None:
            return []
        rendus: list[Graphique] = []
        for demande in chapitre.graphiques:
            voisin = rendus[-1] if rendus else None
            etroits = voisin and {demande.genre, voisin.demande.genre} <= ETROITS
            if voisin and etroits and voisin.largeur == "pleine":
                rendus[-1:] = [replace(voisin, largeur="demi"), Graphique(demande, "demi")]
            else:
                rendus.append(Graphique(demande))
        return list(rendus)

    def details(self, code: str) -> list[Bloc]:
        """Composer la fin d'un chapitre : ce qui est réservé, et ce que cela demande."""
        chapitre = self.chapitre(code)
        if chapitre is None:
            return []
        reserves = [Note(r, "precision") for r in chapitre.reserves]
        return [*reserves, *self._demande(self._questions(code), "demande", "demande")]

    # -- ce qui se discute -------------------------------------------------------------------------

    def _questions(self, code: str, de: str = "") -> list[str]:
        """Choisir les questions d'un thème que les chiffres posent, ou un seul indicateur ; aucune sans chiffre."""
        chapitre = self.chapitre(code)
        if chapitre is None or not (chapitre.phrases or chapitre.graphiques):
            return []
        plan = table("_portrait")
        posees = [
            q["texte"]
            for q in plan["questions"].get(code, ())
            if ("si" not in q and not de)
            or (
                "si" in q
                and de in ("", q["si"])
                and ecart_etabli(self.portrait.diagnostic, q["si"]) == q["cote"]
            )
        ]
        return posees[: plan["corps"]["questions"]]

    @staticmethod
    def _demande(questions: list[str], classe: str, fort: str) -> list[Bloc]:
        return [Note(typographier(" ".join(questions)), classe, DITS[fort])] if questions else []

    def debat(self) -> list[Bloc]:
        """Composer ce qui est à débattre : une question par chapitre, et la place du regard des acteurs."""
        posees = [q for c in self.portrait.chapitres for q in self._questions(c.code)[:1]]
        if not posees:
            return []
        rendus: list[Bloc] = [Titre(DITS["titre_du_debat"], ancre="debat")]
        rendus.append(Liste(tuple(Puce(typographier(q)) for q in posees), "questions"))
        return [*rendus, Note(DITS["regard"], "debat", DITS["regard_fort"])]

    def annexes(self, document: str = "ce portrait", rapport: str = "rapport") -> list[Bloc]:
        """Composer les annexes."""
        return annexes(self.portrait, document, rapport)
