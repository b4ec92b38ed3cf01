"""Avant de déposer : comparer une table reçue à celle que la base tient, et dire ce qui surprend."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Final

import pandas as pd

from donnees_insee.base.base import Base
from donnees_insee.catalogue.catalogue import Source
from donnees_insee.codes import reference
from donnees_insee.depot.contradictions import refuser_contradiction
from donnees_insee.depot.ecarts import (
    Ecart,
    accord,
    ecarts_corriges,
    ecarts_de_bornes,
    ecarts_de_valeurs,
    grandeur_de,
    nombre,
    seuils,
)
from donnees_insee.erreurs import TableNonConforme
from donnees_insee.preparation.nombres import variables_de
from donnees_insee.preparation.preparation import TablePreparee

EXEMPLES: Final = 5
ECARTS_MONTRES: Final = 6


@dataclass(frozen=True)
class Examen:
    """Ce qu'une table reçue change par rapport à la table tenue."""

    source: str
    niveau: str
    millesime: int | None
    compare_a: int | None
    tenue: bool
    lignes: int
    lignes_tenues: int = 0
    colonnes_gagnees: tuple[str, ...] = ()
    colonnes_perdues: tuple[str, ...] = ()
    codes_gagnes: tuple[str, ...] = ()
    codes_perdus: tuple[str, ...] = ()
    ecarts: tuple[Ecart, ...] = field(default=())
    contradiction: str = ""

    @property
    def meme_millesime(self) -> bool:
        """Dire si la comparaison porte sur le millésime même de la table reçue."""
        return self.tenue and self.compare_a == self.millesime

    @property
    def notable(self) -> bool:
        """Dire si quelque chose mérite l'attention avant le dépôt."""
        perdus = not self.meme_millesime and len(self.codes_perdus) > seuils()["codes_perdus"] * max(
            1, self.lignes_tenues
        )
        variables = bool(self.colonnes_perdues) and not self.meme_millesime
        return bool(self.ecarts or self.contradiction or perdus or variables)

    def phrases(self, *, toutes: bool = True) -> tuple[str, ...]:
        """Écrire le rapport."""
        ou = f"{self.source}, {_date(self.millesime)}, {self.niveau}"
        entete = f"{ou} : {nombre(self.lignes)} lignes reçues"
        if not self.tenue:
            suite = " ; la base ne tient rien de cette source à ce niveau, rien à comparer."
            return (entete + suite, *self._phrases_d_ecarts())
        quoi = "même millésime" if self.meme_millesime else f"millésime {_date(self.compare_a)}"
        lignes = [f"{entete}, comparées au {quoi} tenu ({nombre(self.lignes_tenues)} lignes)."]
        if self.contradiction:
            lignes.append(f"Contradiction : {self.contradiction}")
        if toutes or self.notable:
            lignes += self._phrases_de_structure()
        return (*lignes, *self._phrases_d_ecarts())

    def _phrases_de_structure(self) -> list[str]:
        perdues, perdus = "perdues", "perdus"
        if self.meme_millesime:
            perdues, perdus = "absentes du fichier reçu", "tenus et absents du fichier reçu"
        changements = (
            (self.colonnes_gagnees, "variable", "gagnées"),
            (self.colonnes_perdues, "variable", perdues),
            (self.codes_gagnes, "code", "gagnés"),
            (self.codes_perdus, "code", perdus),
        )
        lignes = [f"{accord(len(n), nom, suite)} : {_liste(n)}." for n, nom, suite in changements if n]
        return lignes or ["Mêmes variables et mêmes codes."]

    def _phrases_d_ecarts(self) -> tuple[str, ...]:
        lignes: list[str] = []
        for genre in reference("natures_d_ecart"):
            de_cette_nature = [e for e in self.ecarts if e.nature == genre["nature"]]
            if not de_cette_nature:
                continue
            lignes.append(f"{genre['titre'].capitalize()} ({accord(len(de_cette_nature), 'variable')}) :")
            lignes += [f"  - {e.phrase}" for e in de_cette_nature[:ECARTS_MONTRES]]
            if len(de_cette_nature) > ECARTS_MONTRES:
                lignes.append(f"  - … et {len(de_cette_nature) - ECARTS_MONTRES} autres variables.")
        return tuple(lignes)


# -- comparer ----------------------------------------------------------------------------------


def millesime_de_comparaison(tenus: Iterable[int], recu: int | None) -> int | None:
    """Choisir le millésime tenu auquel comparer : le même, sinon le plus proche, l'antérieur à égalité."""
    if recu is None:
        return None
    return min(tenus, key=lambda annee: (abs(annee - recu), annee), default=None)


def examiner_table(base: Base, source: Source, prepare: TablePreparee, nom: str) -> Examen:
    """Comparer une table préparée à ce que la base tient de plus proche, sans rien écrire."""
    proche = millesime_de_comparaison(base.millesimes(source.id, prepare.niveau), prepare.millesime)
    tenue = base.lire(source.id, proche, prepare.niveau)
    if not len(tenue):
        return comparer(None, prepare, source.id, proche)
    meme = proche == prepare.millesime
    contradiction = _contradiction(tenue, source, prepare, nom) if meme else ""
    return comparer(tenue, prepare, source.id, proche, contradiction)


def comparer(
    tenue: pd.DataFrame | None,
    prepare: TablePreparee,
    source: str,
    compare_a: int | None,
    contradiction: str = "",
) -> Examen:
    """Comparer deux tables : variables, codes, niveaux, bornes, cellules vides."""
    recue = pd.DataFrame(prepare.donnees.drop(columns="geometry", errors="ignore")).set_index("code")
    ancienne = pd.DataFrame(index=pd.Index([], name="code", dtype="str")) if tenue is None else tenue
    neuves, vieilles = set(variables_de(recue.columns)), set(variables_de(ancienne.columns))
    codes_neufs, codes_vieux = set(recue.index), set(ancienne.index)
    ecarts: list[Ecart] = []
    for variable in sorted(v for v in neuves if pd.api.types.is_numeric_dtype(recue[v])):
        grandeur = grandeur_de(source, variable)
        ecarts += ecarts_de_bornes(recue[variable], variable, grandeur)
        if variable in vieilles and pd.api.types.is_numeric_dtype(ancienne[variable]):
            ecarts += ecarts_de_valeurs(ancienne[variable], recue[variable], variable, grandeur)
            if compare_a == prepare.millesime:
                ecarts += ecarts_corriges(ancienne[variable], recue[variable], variable)
    return Examen(
        source=source,
        niveau=prepare.niveau,
        millesime=prepare.millesime,
        compare_a=compare_a,
        tenue=tenue is not None,
        lignes=len(recue),
        lignes_tenues=len(ancienne),
        colonnes_gagnees=tuple(sorted(neuves - vieilles)) if tenue is not None else (),
        colonnes_perdues=tuple(sorted(vieilles - neuves)),
        codes_gagnes=tuple(sorted(codes_neufs - codes_vieux)) if tenue is not None else (),
        codes_perdus=tuple(sorted(codes_vieux - codes_neufs)),
        ecarts=tuple(sorted(ecarts, key=lambda e: (e.nature, -e.ampleur, e.variable))),
        contradiction=contradiction,
    )


def _contradiction(tenue: pd.DataFrame, source: Source, prepare: TablePreparee, nom: str) -> str:
    if "geometry" in prepare.donnees:
        communs = len(set(prepare.donnees["code"]) & set(tenue.index))
        redonnes = (
            f"« {nom} » redonne {accord(communs, 'contour')} de « {source.titre} » {_date(prepare.millesime)}"
        )
        return f"{redonnes} que la base tient déjà." if communs else ""
    try:
        refuser_contradiction([tenue.reset_index()], source, prepare, nom)
    except TableNonConforme as refus:
        return str(refus)
    return ""


def _date(millesime: int | None) -> str:
    return "sans date" if millesime is None else str(millesime)


def _liste(noms: Sequence[str]) -> str:
    suite = "…" if len(noms) > EXEMPLES else ""
    return ", ".join(noms[:EXEMPLES]) + suite
