"""Les chiffres cités dans un texte de l'analyste, ``{{ code }}`` ou ``{{ code | territoire }}`` : les lire, les écrire."""

import difflib
import math
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from abs.calcul.table_longue import Chiffre, Diagnostic
from abs.definitions import table
from abs.phrases.ecriture import date_dite, ecrire, raison_publique
from abs.statuts import ABREGES_STATUT, LIBELLES_STATUT, Statut
from abs.territoires.territoires import Territoire
from donnees_insee.erreurs import ParametreInvalide

MOTIF: Final = re.compile(r"\{\{([^{}]*)\}\}")
SUJET: Final = "sujet"
# Deux calculs du même chiffre peuvent différer au dernier chiffre d'un flottant.
EGALITE: Final = 1e-9
PROPOSES: Final = 3


@dataclass(frozen=True)
class ChiffreCite:
    """Un chiffre cité : ce qui en est écrit, et ce qui dira plus tard s'il a changé."""

    nom: str
    ecrit: str
    statut: str
    date: str
    valeur: float | None = None

    @property
    def dit(self) -> str:
        """Écrire le chiffre et sa date."""
        return f"{self.ecrit} ({self.date})" if self.date else self.ecrit

    def a_change(self, avant: "ChiffreCite") -> bool:
        """Dire si la valeur, le statut ou la date ne sont plus ce qu'ils étaient."""
        if (self.statut, self.date, self.valeur is None) != (avant.statut, avant.date, avant.valeur is None):
            return True
        if self.valeur is None or avant.valeur is None:
            return False
        return not math.isclose(self.valeur, avant.valeur, rel_tol=EGALITE)


def cle(citation: str) -> str:
    """Écrire une citation d'une seule façon, quelles que soient ses espaces."""
    return " | ".join(m.strip() for m in citation.split("|"))


def citations(texte: str) -> list[str]:
    """Lister les citations d'un texte, chacune une fois, dans l'ordre."""
    return list(dict.fromkeys(cle(c) for c in MOTIF.findall(texte)))


def remplacer(texte: str, ecrits: Mapping[str, str], proteger: Callable[[str], str] = str) -> str:
    """Mettre dans un texte les chiffres à la place de ce qui les cite ; une citation inconnue reste telle quelle."""

    def ecrit(trouve: re.Match[str]) -> str:
        connu = ecrits.get(cle(trouve[1]))
        return trouve[0] if connu is None else proteger(connu)

    return MOTIF.sub(ecrit, texte)


def codes_cites(citees: Iterable[str]) -> set[str]:
    """Donner les indicateurs de quelques citations."""
    return {c.partition(" | ")[0] for c in citees}


def citer(diagnostic: Diagnostic, citation: str, ou: str = "") -> ChiffreCite:
    """Lire dans le diagnostic le chiffre qu'une citation nomme ; ``ou`` dit quel texte la contient."""
    dits = table("_citations")["messages"] | {"ou": ou, "citation": citation}
    code, _, lieu = citation.partition(" | ")
    indicateur = diagnostic.definitions.get(code)
    if indicateur is None:
        noms = {c: f"{c} ({i.libelle_court})" for c, i in diagnostic.definitions.items()}
        raise ParametreInvalide(_inconnu(dits, "inconnu", code, noms))
    trouve = _territoire(diagnostic, lieu or SUJET)
    if trouve is None:
        references = [t.role or t.code for t in diagnostic.ensembles.references]
        noms = {t.code: f"{t.code} ({t.nom})" for t in diagnostic.ensembles.tous()} | {
            r: r for r in references
        }
        raise ParametreInvalide(_inconnu(dits, "territoire_inconnu", lieu, noms, ", ".join(references)))
    territoire, groupe = trouve
    chiffre = diagnostic.chiffre(territoire, code, groupe)
    nom = indicateur.libelle_court + (
        "" if territoire == diagnostic.ensembles.sujet else f", {territoire.nom}"
    )
    if chiffre is None or not chiffre.a_une_valeur:
        return _sans_valeur(nom, chiffre)
    return ChiffreCite(
        nom, ecrire(indicateur, chiffre), chiffre.statut, date_dite(chiffre, indicateur), chiffre.valeur
    )


def _sans_valeur(nom: str, chiffre: Chiffre | None) -> ChiffreCite:
    """Écrire « nc » et sa raison, celle qu'un lecteur comprend."""
    statut = Statut.INDISPONIBLE if chiffre is None else Statut(chiffre.statut)
    raison = (
        LIBELLES_STATUT[statut]
        if statut != Statut.INDISPONIBLE or chiffre is None
        else raison_publique(chiffre)
    )
    ecrit = f"{ABREGES_STATUT[Statut.INDISPONIBLE]} ({raison or LIBELLES_STATUT[statut]})"
    return ChiffreCite(nom, ecrit, statut, "" if chiffre is None else date_dite(chiffre))


def _territoire(diagnostic: Diagnostic, lieu: str) -> tuple[Territoire, str] | None:
    """Trouver un territoire par son rôle ou son code, et le groupe où son chiffre se lit."""
    ensembles = diagnostic.ensembles
    if lieu in {SUJET, ensembles.sujet.code}:
        return ensembles.sujet, "comparaison"
    groupes = {
        "comparaison": ensembles.references,
        "mailles": ensembles.mailles,
        "qpv": (*ensembles.qpv, *ensembles.qpv_autour),
        "quartiers": ensembles.quartiers,
    }
    par_role = [(t, "comparaison") for t in ensembles.references if t.role == lieu]
    par_code = [(t, groupe) for groupe, siens in groupes.items() for t in siens if t.code == lieu]
    return next(iter(par_role + par_code), None)


def _inconnu(dits: dict[str, Any], cas: str, recu: str, noms: Mapping[str, str], attendus: str = "") -> str:
    proches = _proches(recu, noms)
    suite = dits["proches"].format(proches=" ou ".join(proches)) if proches else dits["sans_proche"]
    mots = {"recu": recu, "suite": suite, "attendus": attendus}
    return str(dits[cas]).format(ou=dits["ou"], citation=dits["citation"], **mots)


def _proches(recu: str, noms: Mapping[str, str]) -> list[str]:
    """Proposer les codes les plus proches, ou ceux dont le nom contient ce qui a été écrit."""
    par_code = {c.lower(): c for c in noms}
    codes = [par_code[p] for p in difflib.get_close_matches(recu.lower(), par_code, n=PROPOSES, cutoff=0.5)]
    nommes = [c for c, nom in noms.items() if recu and recu.lower() in nom.lower()]
    return [noms[c] for c in dict.fromkeys([*codes, *nommes])][:PROPOSES]
