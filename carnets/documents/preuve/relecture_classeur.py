"""Contrôler le classeur d'un portrait : chaque valeur, ses deux comptes, sa formule, et la table longue."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from xlsxwriter.utility import xl_cell_to_rowcol, xl_rowcol_to_cell

from abs.calcul.difference import Bilan, Ecart, absente, ecrit, memes, reference_de
from abs.calcul.table_longue import COLONNES
from abs.indicateurs.indicateurs import indicateurs
from abs.statuts import SANS_VALEUR
from carnets.documents.preuve.relecture_fichiers import comparer_lignes
from carnets.documents.preuve.relecture_xlsx import VIDE, CelluleLue, Feuille, lire_classeur
from carnets.documents.tableur.styles import LONGUEUR_MAXIMALE, MOTS_DES_STATUTS, SANS_NIVEAU
from carnets.documents.tableur.themes import ENTETES, L_ENTETE, L_LIBELLE, PREMIERE

if TYPE_CHECKING:
    from pathlib import Path

    from carnets.documents.preuve.preuve_lue import Preuve

    Ligne = dict[str, Any] | None
    Place = tuple[int, int]

TAUX: Final = re.compile(r'IF\(([A-Z]+\d+)=0,"",(?:(\d+)\*)?([A-Z]+\d+)/([A-Z]+\d+)\)')
RENVOI: Final = re.compile(r"'?((?:[^']|'')+?)'?!([A-Z]+\d+)")
COMPARAISON: Final = "Comparaison"
LONGUES: Final = "Données longues"


def controler_classeur(chemin: Path, preuve: Preuve) -> Bilan:
    """Contrôler toutes les feuilles d'un classeur qui portent des chiffres contre la preuve de son portrait."""
    feuilles = lire_classeur(chemin)
    codes = _codes_par_libelle(feuilles.get("Définitions", Feuille()))
    controle = _Controle(preuve, codes, Bilan(chemin.name))
    for feuille in feuilles.values():
        if tuple(feuille[L_ENTETE, c].valeur for c in range(len(ENTETES))) == ENTETES:
            controle.theme(feuille)
    for nom, controler in ((COMPARAISON, controle.comparaison), (LONGUES, controle.longues)):
        if nom in feuilles:
            controler(feuilles[nom])
        else:
            _noter(controle.bilan, nom, "feuille", "une feuille", "")
    return controle.bilan


@dataclass
class _Controle:
    """Contrôle les feuilles d'un classeur, et se souvient de ce que montre chaque cellule."""

    preuve: Preuve
    codes: dict[str, list[str]]
    bilan: Bilan
    places: dict[tuple[str, int, int], tuple[str, str, str]] = field(default_factory=dict)

    # -- feuilles de thème ---------------------------------------------------------------------

    def theme(self, feuille: Feuille) -> None:
        """Contrôler une feuille de thème, indicateur par indicateur."""
        territoires = self._lignes_de_territoires(feuille)
        debut = len(ENTETES)
        for colonne in sorted({c for ligne, c in feuille if ligne == L_ENTETE and c >= len(ENTETES)}):
            if feuille[L_ENTETE, colonne].valeur != "Valeur":
                continue
            libelle = str(feuille[L_LIBELLE, debut].valeur)
            codes = self.codes.get(libelle, [])
            if not codes:
                ici, lu = feuille.adresse(L_LIBELLE, debut), f"« {libelle} »"
                _noter(self.bilan, ici, "libellé", "un indicateur", lu)
            for ligne, territoire in territoires.items():
                self._valeur(feuille, (ligne, colonne), colonne - debut, territoire, codes)
            debut = colonne + 1

    def _lignes_de_territoires(self, feuille: Feuille) -> dict[int, dict[str, str]]:
        """Retrouver le territoire de chaque ligne : son rang dans la preuve, confirmé par ce qui est écrit."""
        trouves = {}
        for ligne, t in enumerate(self.preuve.territoires, start=PREMIERE):
            lus = [feuille[ligne, c].valeur or "" for c in (0, 1)]
            attendus = [t["titre_du_groupe"], t["code"] if t["niveau"] != "perimetre" else ""]
            if lus == attendus:
                trouves[ligne] = t
            else:
                ici, reference = f"{feuille.nom}!A{ligne + 1}:B{ligne + 1}", f"{t['code']}|{t['niveau']}"
                self.bilan.comparer(ici, reference, " ".join(attendus), " ".join(map(str, lus)))
        return trouves

    def _valeur(
        self, feuille: Feuille, cellule: Place, largeur: int, territoire: dict[str, str], codes: list[str]
    ) -> None:
        """Contrôler une valeur et ses deux comptes contre la ligne du diagnostic qu'elles montrent."""
        ou = (territoire["code"], territoire["niveau"])
        essais = [
            (self._comparer(feuille, cellule, largeur, (*ou, code), ligne), code)
            for code in codes
            for ligne in self._candidates(ou, code, territoire["groupe"])
        ]
        if not essais:
            return
        # Deux sources peuvent donner le même chiffre : la bonne est celle qui n'a pas d'écart.
        meilleur, code = min(essais, key=lambda essai: len(essai[0].ecarts))
        self.bilan.egaux += meilleur.egaux
        self.bilan.ecarts += meilleur.ecarts
        self.places[feuille.nom, *cellule] = (*ou, code)

    def _candidates(self, ou: tuple[str, str], code: str, groupe: str) -> list[Ligne]:
        return [*self.preuve.lignes_de(*ou, code, groupe)] or [None]

    def _comparer(
        self, feuille: Feuille, cellule: Place, largeur: int, chiffre: tuple[str, str, str], ligne: Ligne
    ) -> Bilan:
        bilan, ici, lue = Bilan(self.bilan.document), feuille.adresse(*cellule), feuille[cellule]
        places = [(cellule[0], cellule[1] - k) for k in (2, 1)]
        termes = [feuille[place] if cellule[1] - place[1] <= largeur else VIDE for place in places]
        reference = "|".join(chiffre) if ligne is None else reference_de(ligne)
        if ligne is None or ligne["statut"] in SANS_VALEUR:
            mot = SANS_NIVEAU if ligne is None else MOTS_DES_STATUTS[ligne["statut"]]
            bilan.comparer(ici, reference, mot, lue.valeur)
            for terme in (t for t in termes if t.valeur is not None):
                _noter(bilan, f"{ici}, comptes", reference, "", ecrit(terme.valeur))
            return bilan
        if lue.valeur is not None or not lue.formule:
            bilan.comparer(ici, reference, ligne["valeur"], lue.valeur)
        if absente(ligne["numerateur"]) or absente(ligne["denominateur"]):
            return bilan
        # Les deux comptes, puis le calcul que la formule annonce.
        adresses = [xl_rowcol_to_cell(*place) for place in places]
        for champ, adresse, terme in zip(("numerateur", "denominateur"), adresses, termes, strict=True):
            bilan.comparer(f"{feuille.nom}!{adresse}", f"{reference}, {champ}", ligne[champ], terme.valeur)
        trouve = TAUX.fullmatch(re.sub(r"[\s$]", "", lue.formule).lstrip("="))
        if trouve is None or [trouve[1], trouve[3], trouve[4]] != [adresses[1], *adresses]:
            attendu = f"{'/'.join(adresses)}, au facteur près"
            _noter(bilan, f"{ici}, formule", reference, attendu, lue.formule or "aucune formule")
            return bilan
        haut, bas = (t.valeur for t in termes)
        if isinstance(haut, float) and isinstance(bas, float) and bas:
            refaite = float(trouve[2] or 1) * haut / bas
            bilan.comparer(f"{ici}, recalculée", reference, ligne["valeur"], refaite)
        return bilan

    # -- feuilles communes ---------------------------------------------------------------------

    def comparaison(self, feuille: Feuille) -> None:
        """Contrôler que chaque renvoi mène au bon territoire et au bon indicateur."""
        territoires = [t for t in self.preuve.territoires if t["groupe"] == "comparaison"]
        for colonne, t in enumerate(territoires, start=3):
            lu = feuille[2, colonne].valeur
            if lu != t["titre"]:
                self.bilan.comparer(feuille.adresse(2, colonne), t["code"], t["titre"], lu)
        for ligne in range(3, max((rang for rang, _ in feuille), default=2) + 1):
            codes = self.codes.get(str(feuille[ligne, 1].valeur), [])
            for colonne, t in enumerate(territoires if codes else [], start=3):
                self._renvoi(feuille, (ligne, colonne), (t["code"], t["niveau"]), codes)

    def _renvoi(self, feuille: Feuille, cellule: Place, ou: tuple[str, str], codes: list[str]) -> None:
        ici, lue = feuille.adresse(*cellule), feuille[cellule]
        lignes = [x for c in codes for x in self._candidates(ou, c, "comparaison")]
        bonne = next((x for x in lignes if x is not None and _est_montree(x, lue)), None)
        premiere = next((x for x in lignes if x is not None), None)
        reference = "|".join((*ou, codes[0])) if premiere is None else reference_de(premiere)
        if bonne is None and not (None in lignes and lue.valeur == SANS_NIVEAU):
            attendu = SANS_NIVEAU
            if premiere is not None:
                attendu = ecrit(premiere["valeur"]) or MOTS_DES_STATUTS.get(premiere["statut"], "")
            _noter(self.bilan, ici, reference, attendu, ecrit(lue.valeur))
            return
        self.bilan.egaux += 1
        if bonne is None or bonne["statut"] in SANS_VALEUR:
            return
        trouve = RENVOI.fullmatch(lue.formule.lstrip("=").replace("$", ""))
        cle = (trouve[1].replace("''", "'"), *xl_cell_to_rowcol(trouve[2])) if trouve else ("", 0, 0)
        cible = self.places.get(cle)
        if cible is None or cible[:2] != ou or cible[2] not in codes:
            attendu, trouvee = "un renvoi à la cellule de ce chiffre", lue.formule or "aucune formule"
            _noter(self.bilan, f"{ici}, formule", reference, attendu, trouvee)

    def longues(self, feuille: Feuille) -> None:
        """Contrôler la table longue : une ligne du diagnostic par ligne de la feuille, dans n'importe quel ordre."""
        colonnes = {str(c.valeur): k for (ligne, k), c in feuille.items() if ligne == 0}
        if manquent := sorted(set(COLONNES) - set(colonnes)):
            _noter(self.bilan, f"{LONGUES}!1", "colonnes", ", ".join(manquent), "")
            return
        rangs = sorted({ligne for ligne, _ in feuille if ligne > 0})
        lues = [(f"{LONGUES}!{n + 1}", {c: feuille[n, k].valeur for c, k in colonnes.items()}) for n in rangs]
        remplies = [(ici, lue) for ici, lue in lues if not all(map(absente, lue.values()))]

        def lieu(ici: str, champ: str, reference: str) -> tuple[str, str]:
            rang = int(ici.rpartition("!")[2]) - 1
            return feuille.adresse(rang, colonnes[champ]), f"{reference}, {champ}"

        comparer_lignes(self.bilan, remplies, self.preuve, _coupee, lieu, LONGUES)


def _coupee(valeur: Any) -> Any:
    return valeur[:LONGUEUR_MAXIMALE] if isinstance(valeur, str) else valeur


def _est_montree(ligne: dict[str, Any], lue: CelluleLue) -> bool:
    if ligne["statut"] in SANS_VALEUR:
        return lue.valeur == MOTS_DES_STATUTS[ligne["statut"]]
    # Un tableur qui a enregistré sans calculer laisse la formule seule.
    return bool(lue.valeur is None and lue.formule) or memes(ligne["valeur"], lue.valeur)


def _codes_par_libelle(definitions: Feuille) -> dict[str, list[str]]:
    """Lire dans la feuille des définitions le code de chaque libellé, indicateurs reçus compris."""
    couples = [(i.code, i.libelle) for i in indicateurs().values()]
    lignes = sorted({ligne for ligne, _ in definitions if ligne > 1})
    couples += [(str(definitions[n, 0].valeur), str(definitions[n, 1].valeur)) for n in lignes]
    trouves: dict[str, list[str]] = {}
    for code, libelle in dict.fromkeys(couples):
        trouves.setdefault(libelle, []).append(code)
    return trouves


def _noter(bilan: Bilan, ici: str, reference: str, attendu: str, trouve: str) -> None:
    bilan.ecarts.append(Ecart(bilan.document, ici, reference, attendu, trouve))
