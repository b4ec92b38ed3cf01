"""Contrôler le classeur d'un portrait : chaque valeur, ses deux comptes, sa formule, et la table longue."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from xlsxwriter.utility import xl_cell_to_rowcol, xl_rowcol_to_cell

from abs.calcul.difference import CLE, Bilan, Ecart, absente, ecrit, memes
from abs.calcul.table_longue import COLONNES
from abs.indicateurs.indicateurs import indicateurs
from abs.statuts import SANS_VALEUR
from carnets.documents.preuve.relecture_xlsx import VIDE, CelluleLue, Feuille, lire_classeur
from carnets.documents.tableur.styles import LONGUEUR_MAXIMALE, MOTS_DES_STATUTS, SANS_NIVEAU
from carnets.documents.tableur.themes import ENTETES, L_ENTETE, L_LIBELLE, PREMIERE

if TYPE_CHECKING:
    from pathlib import Path

    from carnets.documents.preuve.preuve_lue import Preuve

TAUX: Final = re.compile(r'IF\(([A-Z]+\d+)=0,"",(?:(\d+)\*)?([A-Z]+\d+)/([A-Z]+\d+)\)')
RENVOI: Final = re.compile(r"'?((?:[^']|'')+?)'?!([A-Z]+\d+)")
COMPARAISON: Final = "Comparaison"
LONGUES: Final = "Données longues"


@dataclass
class ControleDuClasseur:
    """Contrôle un classeur contre la preuve de son portrait."""

    chemin: Path
    preuve: Preuve
    bilan: Bilan = field(init=False)
    _places: dict[tuple[str, int, int], tuple[str, str, str]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.bilan = Bilan(self.chemin.name)

    def executer(self) -> Bilan:
        """Contrôler toutes les feuilles qui portent des chiffres."""
        feuilles = lire_classeur(self.chemin)
        self._codes = _codes_par_libelle(feuilles.get("Définitions", {}))
        for nom, feuille in feuilles.items():
            entete = tuple(feuille.get((L_ENTETE, c), VIDE).valeur for c in range(len(ENTETES)))
            if entete == ENTETES:
                self._theme(nom, feuille)
        for nom, controle in ((COMPARAISON, self._comparaison), (LONGUES, self._longues)):
            if nom in feuilles:
                controle(feuilles[nom])
            else:
                _noter(self.bilan, nom, "feuille", "une feuille", "")
        return self.bilan

    # -- feuilles de thème ---------------------------------------------------------------------

    def _theme(self, nom: str, feuille: Feuille) -> None:
        territoires = self._lignes_de_territoires(nom, feuille)
        colonnes = sorted({c for ligne, c in feuille if ligne == L_ENTETE and c >= len(ENTETES)})
        debut = len(ENTETES)
        for colonne in colonnes:
            if feuille[L_ENTETE, colonne].valeur != "Valeur":
                continue
            libelle = str(feuille.get((L_LIBELLE, debut), VIDE).valeur)
            codes = self._codes.get(libelle, [])
            if not codes:
                trouve = f"« {libelle} »"
                _noter(
                    self.bilan,
                    f"{nom}!{xl_rowcol_to_cell(L_LIBELLE, debut)}",
                    "libellé",
                    "un indicateur",
                    trouve,
                )
            for ligne, territoire in territoires.items():
                self._valeur(nom, feuille, (ligne, colonne), colonne - debut, territoire, codes)
            debut = colonne + 1

    def _lignes_de_territoires(self, nom: str, feuille: Feuille) -> dict[int, dict[str, str]]:
        """Retrouver le territoire de chaque ligne : son rang dans la preuve, confirmé par ce qui est écrit."""
        trouves = {}
        for rang, t in enumerate(self.preuve.territoires):
            ligne = PREMIERE + rang
            lus = [feuille.get((ligne, c), VIDE).valeur or "" for c in (0, 1)]
            attendus = [t["titre_du_groupe"], t["code"] if t["niveau"] != "perimetre" else ""]
            reference = f"{t['code']}|{t['niveau']}"
            if lus == attendus:
                trouves[ligne] = t
            else:
                self.bilan.comparer(
                    f"{nom}!A{ligne + 1}:B{ligne + 1}", reference, " ".join(attendus), " ".join(map(str, lus))
                )
        return trouves

    def _valeur(
        self,
        nom: str,
        feuille: Feuille,
        cellule: tuple[int, int],
        largeur: int,
        territoire: dict[str, str],
        codes: list[str],
    ) -> None:
        """Contrôler une valeur et ses deux comptes contre la ligne du diagnostic qu'elles montrent."""
        ou = (territoire["code"], territoire["niveau"])
        lignes: list[tuple[str, dict[str, Any] | None]] = [
            (code, ligne) for code in codes for ligne in self._candidates(ou, code, territoire["groupe"])
        ]
        termes = [feuille.get((cellule[0], cellule[1] - k), VIDE) if k <= largeur else VIDE for k in (2, 1)]
        lue = feuille.get(cellule, VIDE)
        essais = [self._comparer(nom, cellule, lue, termes, *ou, code, ligne) for code, ligne in lignes]
        if not essais:
            return
        # Deux sources peuvent donner le même chiffre : la bonne est celle qui n'a pas d'écart.
        rang = min(range(len(essais)), key=lambda i: len(essais[i].ecarts))
        self.bilan.egaux += essais[rang].egaux
        self.bilan.ecarts += essais[rang].ecarts
        self._places[nom, *cellule] = (*ou, lignes[rang][0])

    def _candidates(self, ou: tuple[str, str], code: str, groupe: str) -> list[dict[str, Any] | None]:
        trouvees: list[dict[str, Any] | None] = [*self.preuve.lignes_de(*ou, code, groupe)]
        return trouvees or [None]

    def _comparer(
        self,
        nom: str,
        cellule: tuple[int, int],
        lue: CelluleLue,
        termes: list[CelluleLue],
        code: str,
        niveau: str,
        indicateur: str,
        ligne: dict[str, Any] | None,
    ) -> Bilan:
        bilan = Bilan(self.bilan.document)
        ici = f"{nom}!{xl_rowcol_to_cell(*cellule)}"
        if ligne is None or ligne["statut"] in SANS_VALEUR:
            reference = f"{code}|{niveau}|{indicateur}" if ligne is None else self.preuve.reference(ligne)
            mot = SANS_NIVEAU if ligne is None else MOTS_DES_STATUTS[ligne["statut"]]
            bilan.comparer(ici, reference, mot, lue.valeur)
            for terme in termes:
                if terme.valeur is not None:
                    _noter(bilan, f"{ici}, comptes", reference, "", ecrit(terme.valeur))
            return bilan
        reference = self.preuve.reference(ligne)
        rapport = not (absente(ligne["numerateur"]) or absente(ligne["denominateur"]))
        if lue.valeur is not None or not lue.formule:
            bilan.comparer(ici, reference, ligne["valeur"], lue.valeur)
        if rapport:
            self._formule(bilan, ici, cellule, lue, termes, ligne, reference)
        return bilan

    @staticmethod
    def _formule(
        bilan: Bilan,
        ici: str,
        cellule: tuple[int, int],
        lue: CelluleLue,
        termes: list[CelluleLue],
        ligne: dict[str, Any],
        reference: str,
    ) -> None:
        """Contrôler les deux comptes, puis refaire le calcul que la formule annonce."""
        for rang, (champ, terme) in enumerate(zip(("numerateur", "denominateur"), termes, strict=True)):
            la = f"{ici.partition('!')[0]}!{xl_rowcol_to_cell(cellule[0], cellule[1] - 2 + rang)}"
            bilan.comparer(la, f"{reference}, {champ}", ligne[champ], terme.valeur)
        voulues = [xl_rowcol_to_cell(cellule[0], cellule[1] - k) for k in (1, 2, 1)]
        trouve = TAUX.fullmatch(re.sub(r"[\s$]", "", lue.formule).lstrip("="))
        if trouve is None or [trouve[1], trouve[3], trouve[4]] != voulues:
            attendu = f"{voulues[1]}/{voulues[2]}, au facteur près"
            _noter(bilan, f"{ici}, formule", reference, attendu, lue.formule or "aucune formule")
            return
        haut, bas = (t.valeur for t in termes)
        if isinstance(haut, float) and isinstance(bas, float) and bas:
            bilan.comparer(
                f"{ici}, recalculée", reference, ligne["valeur"], float(trouve[2] or 1) * haut / bas
            )

    # -- feuilles communes ---------------------------------------------------------------------

    def _comparaison(self, feuille: Feuille) -> None:
        """Contrôler que chaque renvoi mène au bon territoire et au bon indicateur."""
        territoires = [t for t in self.preuve.territoires if t["groupe"] == "comparaison"]
        for colonne, t in enumerate(territoires, start=3):
            lu = feuille.get((2, colonne), VIDE).valeur
            if lu != t["titre"]:
                self.bilan.comparer(
                    f"{COMPARAISON}!{xl_rowcol_to_cell(2, colonne)}", t["code"], t["titre"], lu
                )
        for ligne in range(3, max((place_[0] for place_ in feuille), default=2) + 1):
            codes = self._codes.get(str(feuille.get((ligne, 1), VIDE).valeur), [])
            for colonne, t in enumerate(territoires, start=3):
                if codes:
                    self._renvoi((ligne, colonne), feuille.get((ligne, colonne), VIDE), t, codes)

    def _renvoi(
        self, cellule: tuple[int, int], lue: CelluleLue, territoire: dict[str, str], codes: list[str]
    ) -> None:
        ici, ou = f"{COMPARAISON}!{xl_rowcol_to_cell(*cellule)}", (territoire["code"], territoire["niveau"])
        lignes = [x for c in codes for x in self._candidates(ou, c, "comparaison")]
        bonne = next((x for x in lignes if self._est_montree(x, lue)), None)
        avec = [x for x in lignes if x is not None]
        reference = "|".join((*ou, codes[0])) if not avec else self.preuve.reference(avec[0])
        if bonne is None and not (None in lignes and lue.valeur == SANS_NIVEAU):
            attendu = (
                "–" if not avec else ecrit(avec[0]["valeur"]) or MOTS_DES_STATUTS.get(avec[0]["statut"], "")
            )
            _noter(self.bilan, ici, reference, attendu, ecrit(lue.valeur))
            return
        self.bilan.egaux += 1
        if bonne is None or bonne["statut"] in SANS_VALEUR:
            return
        trouve = RENVOI.fullmatch(lue.formule.lstrip("=").replace("$", ""))
        cible = (
            self._places.get((trouve[1].replace("''", "'"), *xl_cell_to_rowcol(trouve[2])))
            if trouve
            else None
        )
        if cible is None or cible[:2] != ou or cible[2] not in codes:
            attendu = "un renvoi à la cellule de ce chiffre"
            _noter(
                self.bilan,
                f"{ici}, formule",
                reference,
                attendu,
                lue.formule or "aucune formule",
            )

    @staticmethod
    def _est_montree(ligne: dict[str, Any] | None, lue: CelluleLue) -> bool:
        if ligne is None:
            return False
        if ligne["statut"] in SANS_VALEUR:
            return lue.valeur == MOTS_DES_STATUTS[ligne["statut"]]
        # Un tableur qui a enregistré sans calculer laisse la formule seule.
        return bool(lue.valeur is None and lue.formule) or memes(ligne["valeur"], lue.valeur)

    def _longues(self, feuille: Feuille) -> None:
        """Contrôler la table longue : une ligne du diagnostic par ligne de la feuille, dans n'importe quel ordre."""
        colonnes = {str(c.valeur): k for (ligne, k), c in feuille.items() if ligne == 0}
        if not set(COLONNES) <= set(colonnes):
            manquent = ", ".join(sorted(set(COLONNES) - set(colonnes)))
            _noter(self.bilan, f"{LONGUES}!1", "colonnes", manquent, "")
            return
        vues = set()
        for rang in sorted({ligne for ligne, _ in feuille if ligne > 0}):
            lue = {c: feuille.get((rang, k), VIDE).valeur for c, k in colonnes.items()}
            if all(absente(v) for v in lue.values()):
                continue
            lue["millesime"] = None if absente(lue["millesime"]) else f"{lue['millesime']:.0f}"
            reference = "|".join("" if absente(lue[c]) else str(lue[c]) for c in CLE)
            ligne = self.preuve.lignes.get(reference)
            vues.add(reference)
            if ligne is None:
                self.bilan.comparer(
                    f"{LONGUES}!{rang + 1}", reference, "aucune ligne", ecrit(lue["valeur"]) or "une ligne"
                )
                continue
            for champ in COLONNES:
                attendu = ligne[champ]
                coupe = attendu[:LONGUEUR_MAXIMALE] if isinstance(attendu, str) else attendu
                if champ not in CLE and not memes(coupe, lue[champ]):
                    ici = f"{LONGUES}!{xl_rowcol_to_cell(rang, colonnes[champ])}"
                    _noter(
                        self.bilan,
                        ici,
                        f"{reference}, {champ}",
                        ecrit(attendu),
                        ecrit(lue[champ]),
                    )
            self.bilan.egaux += 1
        for reference in self.preuve.lignes.keys() - vues:
            self.bilan.comparer(LONGUES, reference, "une ligne", None)


def _codes_par_libelle(definitions: Feuille) -> dict[str, list[str]]:
    """Lire dans la feuille des définitions le code de chaque libellé, indicateurs reçus compris."""
    couples = [(i.code, i.libelle) for i in indicateurs().values()]
    lignes = sorted({ligne for ligne, _ in definitions if ligne > 1})
    couples += [
        (str(definitions.get((n, 0), VIDE).valeur), str(definitions.get((n, 1), VIDE).valeur)) for n in lignes
    ]
    trouves: dict[str, list[str]] = {}
    for code, libelle in dict.fromkeys(couples):
        trouves.setdefault(libelle, []).append(code)
    return trouves


def controler_classeur(chemin: Path, preuve: Preuve) -> Bilan:
    """Contrôler un classeur contre la preuve de son portrait."""
    return ControleDuClasseur(chemin, preuve).executer()


def _noter(bilan: Bilan, ici: str, reference: str, attendu: str, trouve: str) -> None:
    bilan.ecarts.append(Ecart(bilan.document, ici, reference, attendu, trouve))
