"""Des blocs d'un portrait aux cartes à publier : un chiffre clé chacune, son graphique, ses mots."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

from abs.definitions import table
from abs.graphiques.demandes import DemandeDeGraphique
from carnets.documents.modeles import MODELES
from donnees_insee.catalogue.catalogue import sources
from donnees_insee.chemins import nom_de_fichier

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    Donnees = dict[str, Any]

MODELE: Final[dict[str, Any]] = tomllib.loads((MODELES / "infographies.toml").read_text(encoding="utf-8"))
PHRASES: Final[dict[str, str]] = MODELE["phrases"]
INDICATEUR, SOURCE = 2, -1
NOMMES: Final = ("maille", "pair")


@dataclass(frozen=True)
class Carton:
    """Une carte à publier : ce qu'elle dit, en mots, et son graphique s'il y en a un."""

    nom: str
    territoire: str
    sujet: str
    valeur: str
    libelle: str
    complement: str
    pied: str
    mention: str = ""
    phrase: str = ""
    # Du meilleur au plus petit : la carte montre le premier qui a sa place.
    demandes: tuple[DemandeDeGraphique, ...] = ()

    def alternatif(self, montree: DemandeDeGraphique | None = None) -> str:
        """Décrire la carte à qui ne la voit pas, le graphique qu'elle montre compris."""
        motif = f"{montree.alternatif.rstrip('.')}. " if montree and montree.alternatif else ""
        dits = {"nom": self.territoire, "libelle": self.libelle, "valeur": self.valeur, "graphique": motif}
        return PHRASES["alternatif"].format(**dits, **self._communs())

    @property
    def a_publier(self) -> str:
        """Écrire le texte qui accompagne la carte."""
        communs = self._communs()
        dits = {"libelle": self.libelle, "valeur": self.valeur, "complement": communs["complement"]}
        phrase = (self.phrase or PHRASES["phrase"].format(**dits)).strip()
        mention = communs["mention"]
        return PHRASES["publier"].format(nom=self.territoire, phrase=phrase, pied=self.pied, mention=mention)

    def _communs(self) -> dict[str, str]:
        complement = PHRASES["comparaison"].format(complement=self.complement) if self.complement else ""
        mention = PHRASES["mention"].format(mention=self.mention) if self.mention else ""
        return {"complement": complement, "pied": f"{self.pied}.", "mention": mention}


def cartons(blocs: Sequence[Donnees]) -> list[Carton]:
    """Faire une carte de chaque chiffre clé qui peut être dit, dans l'ordre du document."""
    territoire = next((b["texte"] for b in blocs if b["genre"] == "titre" and b["rang"] == 1), "")
    chiffres = [c for b in blocs if b["genre"] == "chiffres_cles" for c in b["chiffres"]]
    demandes = [DemandeDeGraphique.depuis(b["demande"]) for b in blocs if b["genre"] == "graphique"]
    phrases = [p for b in blocs if b["genre"] == "phrases" for p in b["phrases"]]
    mention = _mention(blocs)
    return [
        Carton(
            nom=nom_de_fichier(c["reference"].split("|")[INDICATEUR].replace("_", "-")),
            territoire=territoire,
            sujet=c.get("sujet", ""),
            valeur=c["valeur"],
            libelle=c["libelle"],
            complement=c.get("complement", ""),
            pied=_pied(c),
            mention=mention,
            phrase=_phrase(phrases, c["reference"]),
            demandes=tuple(_demandes(c, demandes)),
        )
        for c in chiffres
        if c["valeur"] and not c.get("absence") and c["reference"].count("|") >= INDICATEUR
    ]


def _mention(blocs: Iterable[Donnees]) -> str:
    """Reprendre ce qui avertit que les chiffres ne se citent pas : territoire fictif, fichiers d'essai."""
    mots = table("_document")["commun"]
    attendus = (mots["essai_fort"], mots["fictif_fort"])
    dits = [b["fort"].rstrip(".") for b in blocs if b["genre"] == "note" and b.get("fort") in attendus]
    return " · ".join(dict.fromkeys(dits))


def _pied(chiffre: Donnees) -> str:
    identifiant = chiffre["reference"].split("|")[SOURCE]
    connue = sources().get(identifiant)
    source, date = connue.titre_court if connue else identifiant, chiffre.get("date", "")
    premier, _, reste = date.partition(" ")
    # « recensement de la population, recensement 2022 » se lit mieux sans la redite.
    date = reste if reste.isdigit() and premier.lower() in source.lower() else date
    return PHRASES["pied" if date else "pied_sans_date"].format(source=source, date=date)


def _phrase(phrases: Iterable[Donnees], reference: str) -> str:
    """Trouver la phrase du portrait qui dit d'abord ce chiffre."""
    return next((p["texte"] for p in phrases if [*p.get("references", ())][:1] == [reference]), "")


def _demandes(chiffre: Donnees, demandes: Iterable[DemandeDeGraphique]) -> Iterator[DemandeDeGraphique]:
    """Donner les petits graphiques de la fiche, puis la réglette du document qui montre ce chiffre."""
    yield from map(DemandeDeGraphique.depuis, chiffre.get("graphiques") or ())
    for demande in demandes:
        for serie in demande.series if demande.genre == "points" else ():
            compares = [v for v in serie.presentes if v.role not in NOMMES]
            if len(compares) > 1 and any(v.reference == chiffre["reference"] for v in compares):
                # Le texte de remplacement de la demande parle de toutes ses réglettes.
                yield replace(demande, series=(serie,), echelle_commune=False, alternatif="")
                return
