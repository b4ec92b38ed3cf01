"""L'histoire des communes d'après les mouvements du code officiel géographique : listes passées, noms, évènements."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Final

import pandas as pd

from donnees_insee import codes
from donnees_insee.codes import reference
from donnees_insee.erreurs import ParametreInvalide, TableNonConforme, liste_de_fautes

COLONNES: Final = (
    "MOD",
    "DATE_EFF",
    *(f"{c}_{m}" for m in ("AV", "AP") for c in ("TYPECOM", "COM", "LIBELLE")),
)
COMMUNE: Final = "COM"
ARRONDISSEMENT: Final = "ARM"
STATUTS: Final = {"COMD": "commune déléguée", "COMA": "commune associée"}
# Les mouvements publiés commencent en 1943.
PREMIERE_ANNEE: Final = 1944
# Première année essayée pour dater une liste : celle qui convient dès lors n'a pas de borne basse utile.
ANCIENNE: Final = 2003
# Codes des collectivités d'outre-mer, qui ne sont pas dans la liste des communes du code officiel géographique.
COLLECTIVITES: Final = ("975", "977", "978", "98")


@dataclass(frozen=True)
class Lien:
    """Du territoire qui va d'une commune à une autre un jour donné ; un code vide dit « aucune commune »."""

    avant: str
    apres: str
    mod: str
    nom_avant: str
    nom_apres: str


@dataclass(frozen=True)
class Compatibilite:
    """Les années dont la liste de communes ressemble le plus à une liste reçue."""

    annees: tuple[int, ...]
    inconnus: tuple[str, ...]
    absents: tuple[str, ...]


class HistoireDesCommunes:
    """Les communes de chaque année, retrouvées en remontant les mouvements depuis la liste la plus récente."""

    def __init__(self, mouvements: pd.DataFrame, cog: pd.DataFrame, annee: int) -> None:
        self.annee = annee
        self._liste = _en_texte(cog, "COM", ("COM", "TYPECOM", "LIBELLE", "COMPARENT"))
        table = _en_texte(mouvements, "COM_AV", COLONNES)
        genres = {COMMUNE, ""}
        self._mouvements = table[table["TYPECOM_AV"].isin(genres) & table["TYPECOM_AP"].isin(genres)]
        types = self._liste["TYPECOM"]
        self.arrondissements = frozenset(self._liste.loc[types == ARRONDISSEMENT, "COM"])
        self._actuelles = frozenset(self._liste.loc[types == COMMUNE, "COM"])
        if not self._actuelles:
            raise TableNonConforme(
                "La liste des communes reçue ne contient aucune ligne de type COM ; on attend le fichier v_commune "
                "du code officiel géographique."
            )

    @cached_property
    def _remontee(self) -> tuple[dict[str, tuple[Lien, ...]], dict[int, frozenset[str]]]:
        """Remonter le temps une fois : les liens de chaque jour de mouvement, et la liste de chaque année."""
        liste = set(self._actuelles)
        liens: dict[str, tuple[Lien, ...]] = {}
        listes: dict[int, frozenset[str]] = {}
        fautes = []
        a_dater = self.annee
        for jour, bruts in self._par_jour():
            if jour > f"{self.annee}-01-01":
                fautes.append(f"mouvement du {jour}, postérieur à la liste du 1er janvier {self.annee}.")
                continue
            if jour <= f"{a_dater}-01-01":
                du_moment = frozenset(liste)
                while jour <= f"{a_dater}-01-01":
                    listes[a_dater] = du_moment
                    a_dater -= 1
            intermediaires = {m.apres for m in bruts if m.apres} - liste
            # Un code de passage repart le jour même vers un autre ; sinon il devrait être dans la liste.
            stables = {m.avant for m in bruts if m.avant == m.apres}
            orphelins = intermediaires - ({m.avant for m in bruts} - stables)
            if orphelins:
                fautes.append(
                    f"{jour} : {', '.join(sorted(orphelins))} naît ce jour-là, puis manque à la liste."
                )
            liens[jour] = _sans_intermediaires(bruts, intermediaires)
            liste -= {m.apres for m in liens[jour]}
            liste |= {m.avant for m in liens[jour] if m.avant}
        if fautes:
            raise TableNonConforme(
                liste_de_fautes("La liste des communes et les mouvements ne s'accordent pas :", fautes)
            )
        return liens, listes | dict.fromkeys(range(PREMIERE_ANNEE, a_dater + 1), frozenset(liste))

    def _par_jour(self) -> list[tuple[str, list[Lien]]]:
        """Ranger les mouvements par jour, le plus récent d'abord."""
        jours: dict[str, list[Lien]] = defaultdict(list)
        table = self._mouvements
        colonnes = (table[c] for c in ("DATE_EFF", "COM_AV", "COM_AP", "MOD", "LIBELLE_AV", "LIBELLE_AP"))
        for jour, *lien in zip(*colonnes, strict=True):
            jours[jour].append(Lien(*lien))
        return sorted(jours.items(), reverse=True)

    def communes_en(self, annee: int) -> frozenset[str]:
        """Lister les communes au 1er janvier d'une année."""
        if not PREMIERE_ANNEE <= annee <= self.annee:
            raise ParametreInvalide(
                f"L'année {annee} est hors des mouvements tenus, qui vont de {PREMIERE_ANNEE} à {self.annee}. "
                "Pour une année plus récente, déposez les fichiers v_commune et v_mvt_commune de cette année."
            )
        return self._remontee[1][annee]

    def liens_entre(self, de: int, a: int) -> list[tuple[str, tuple[Lien, ...]]]:
        """Lister les liens entre deux années, du plus ancien au plus récent."""
        liens = self._remontee[0]
        return [(d, liens[d]) for d in sorted(liens) if f"{de}-01-01" < d <= f"{a}-01-01"]

    # -- noms et raisons -----------------------------------------------------------------------

    @cached_property
    def _noms(self) -> dict[str, list[tuple[str, str]]]:
        """Noms successifs d'une commune : (premier jour où ce nom ne vaut plus, nom), dans l'ordre."""
        noms: dict[str, list[tuple[str, str]]] = defaultdict(list)
        for date, liens in sorted(self._remontee[0].items()):
            for code, nom in {(m.avant, m.nom_avant) for m in liens if m.avant}:
                noms[code].append((date, nom))
        actuels = self._liste[self._liste["TYPECOM"].isin({COMMUNE, ARRONDISSEMENT})]
        for code, nom in zip(actuels["COM"], actuels["LIBELLE"], strict=True):
            noms[code].append(("9999", nom))
        return noms

    def nom(self, code: str, annee: int | None = None) -> str:
        """Donner le nom d'une commune une année donnée."""
        jour = f"{self.annee if annee is None else annee}-01-01"
        connus = self._noms.get(code, [])
        return next((nom for date, nom in connus if date > jour), connus[-1][1] if connus else code)

    def raison(self, code: str, annee: int) -> str | None:
        """Dire pourquoi un code n'est pas une commune une année donnée."""
        if code in self.communes_en(annee) or code in self.arrondissements:
            return None
        if not codes.conforme(code, "commune"):
            return f"ce n'est pas un code de commune ; on attend {codes.ATTENDUS['commune']}"
        if code.startswith(COLLECTIVITES):
            return "collectivité d'outre-mer, absente de la liste des communes du code officiel géographique"
        jour, rang = f"au 1er janvier {annee}", self._rang(code)
        if (fin := self._fin(code, annee)) is not None:
            return f"n'est plus une commune {jour} : {fin}{rang}"
        if (debut := self._debut(code, annee)) is not None:
            return f"n'est pas encore une commune {jour} : {debut}"
        return f"n'est pas une commune {jour}{rang}" if rang else "code inconnu du code officiel géographique"

    def fusions_depuis(self, code: str, annee: int) -> list[str]:
        """Dire dans quelles fusions une commune est entrée après une année."""
        dites: list[str] = []
        if annee < PREMIERE_ANNEE:
            return dites
        for date, liens in self.liens_entre(annee, self.annee):
            for suite in sorted({m.apres for m in liens if m.avant == code and m.apres}):
                reunies = {m.avant: m.nom_avant for m in liens if m.apres == suite and m.avant}
                if len(reunies) > 1:
                    dites.append(
                        f"{' et '.join(sorted(reunies.values()))} ont fusionné {le(date)} "
                        f"({self.nom(suite)}, {suite}) : un chiffre d'avant cette date porte sur la commune d'avant."
                    )
        return dites

    def _fin(self, code: str, annee: int) -> str | None:
        """Dire comment une commune a cessé d'exister avant une année."""
        for date, liens in reversed(self.liens_entre(PREMIERE_ANNEE - 1, annee)):
            if siens := [m for m in liens if m.avant == code]:
                suite = sorted({f"{m.nom_apres} ({m.apres})" for m in siens if m.apres})
                vers = f", {' et '.join(suite)}" if suite else ""
                return f"{libelle_du_mouvement(siens[0].mod)} {le(date)}{vers}"
        return None

    def _debut(self, code: str, annee: int) -> str | None:
        """Dire comment un code est devenu une commune après une année."""
        for date, liens in self.liens_entre(annee, self.annee):
            if siens := [m for m in liens if m.apres == code]:
                depuis = sorted({f"{m.nom_avant} ({m.avant})" for m in siens if m.avant and m.avant != code})
                venu = f", auparavant {' et '.join(depuis)}" if depuis else ""
                return f"{libelle_du_mouvement(siens[0].mod)} {le(date)}{venu}"
        return None

    def _rang(self, code: str) -> str:
        """Dire de quelle commune un code est aujourd'hui une commune déléguée ou associée."""
        siens = self._liste[(self._liste["COM"] == code) & self._liste["TYPECOM"].isin(STATUTS)]
        for genre, parent in zip(siens["TYPECOM"], siens["COMPARENT"], strict=True):
            return f" ; {STATUTS[genre]} de {self.nom(parent)} ({parent})"
        return ""

    # -- reconnaître une année -----------------------------------------------------------------

    def annees_compatibles(self, recus: Iterable[str]) -> Compatibilite:
        """Trouver de quelle géographie est une liste de communes qui ne dit pas son année."""
        liste = list(recus)
        essais = [self.ecarts_avec(liste, annee) for annee in range(ANCIENNE, self.annee + 1)]
        rang = min((len(e.inconnus), len(e.absents)) for e in essais)
        meilleurs = [e for e in essais if (len(e.inconnus), len(e.absents)) == rang]
        return replace(meilleurs[-1], annees=tuple(a for e in meilleurs for a in e.annees))

    def ecarts_avec(self, recus: Iterable[str], annee: int) -> Compatibilite:
        """Comparer une liste de communes à celle d'une année, dans les départements qu'elle porte."""
        ramenes = {codes.ville_de_l_arrondissement(c) for c in recus if not c.startswith(COLLECTIVITES)}
        departements = {codes.departement_de_la_commune(c) for c in ramenes}
        liste = {c for c in self.communes_en(annee) if codes.departement_de_la_commune(c) in departements}
        return Compatibilite((annee,), tuple(sorted(ramenes - liste)), tuple(sorted(liste - ramenes)))


# -- lire les mouvements -----------------------------------------------------------------------


def _en_texte(table: pd.DataFrame, cle: str, colonnes: tuple[str, ...]) -> pd.DataFrame:
    """Ramener une table brute ou tenue à des colonnes de texte, le vide pour l'absence."""
    lue = table if cle in table else table.reset_index().rename(columns={"code": cle})
    manquantes = [c for c in colonnes if c not in lue]
    if manquantes:
        raise TableNonConforme(
            f"Colonnes absentes : {', '.join(manquantes)}. On attend les fichiers v_commune et v_mvt_commune du code "
            "officiel géographique, tels que l'Insee les publie."
        )
    return lue[list(colonnes)].astype("object").where(lambda t: t.notna(), "").astype(str)


def _sans_intermediaires(liens: list[Lien], intermediaires: set[str]) -> tuple[Lien, ...]:
    """Suivre un code qui naît et disparaît le même jour : A → B puis B → C devient A → C."""
    sortants: dict[str, list[Lien]] = defaultdict(list)
    for m in liens:
        sortants[m.avant].append(m)
    resolus: list[Lien] = []
    a_suivre = [(m, {m.avant}) for m in liens if m.avant not in intermediaires]
    while a_suivre:
        m, vus = a_suivre.pop()
        if m.apres not in intermediaires:
            resolus.append(m)
            continue
        # Un code déjà suivi ne l'est pas deux fois : des mouvements fautifs pourraient tourner en rond.
        a_suivre += [
            (Lien(m.avant, n.apres, n.mod, m.nom_avant, n.nom_apres), vus | {m.apres})
            for n in sortants[m.apres]
            if n.apres not in vus | {m.apres}
        ]
    return tuple(sorted(resolus, key=lambda m: (m.avant, m.apres, m.mod)))


def le(date: str) -> str:
    """Écrire une date de mouvement, par exemple « au 1er janvier 2019 »."""
    from babel.dates import get_month_names  # noqa: PLC0415 - données de langue, lues si une date est à écrire

    annee, mois, jour = date.split("-")
    quantieme = "1er" if jour == "01" else str(int(jour))
    return f"au {quantieme} {get_month_names(locale='fr')[int(mois)]} {annee}"


def libelle_du_mouvement(mod: str) -> str:
    """Nommer un type de mouvement."""
    libelles = (r["libelle"] for r in reference("mouvements") if r["mod"] == mod)
    return next(libelles, f"mouvement de type {mod}")
