"""La géographie tenue d'une année à l'autre : quel passage, quelles listes d'IRIS, quelles phrases pour un territoire."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Final

from donnees_insee import codes
from donnees_insee.base.base import Base
from donnees_insee.erreurs import DonneeAbsente, ParametreInvalide, TerritoireInconnu
from donnees_insee.geographie.changements_iris import ChangementsIris, comparer_iris, recouvrements
from donnees_insee.geographie.groupes import Passage, passage_communes
from donnees_insee.geographie.listes_iris import Liste, deux_listes, listes_d_iris
from donnees_insee.geographie.mouvements import HistoireDesCommunes

# Première année proposée quand aucune liste d'IRIS n'en donne une : celle de la table de passage de l'Insee.
DEPUIS: Final = 2003


@dataclass(frozen=True)
class ChangementsDeGeographie:
    """Ce qui a changé dans un territoire entre deux années."""

    code: str
    nom: str
    de: int
    a: int
    communes: Passage
    iris: ChangementsIris | None = None
    listes: tuple[Liste, ...] = ()
    comptes: tuple[int, ...] = ()
    detail: Mapping[str, int] = field(default_factory=dict)
    remarques: tuple[str, ...] = ()

    def phrases(self) -> tuple[str, ...]:
        """Dire ce qui a changé, en français, dans l'ordre où on le lit."""
        dites: list[str] = []
        if self.listes:
            (avant, apres), (n, m) = self.listes, self.comptes
            dites.append(
                f"{self.nom} ({self.code}) : {n or 'aucun'} IRIS {avant.quand}, {m or 'aucun'} {apres.quand}."
            )
            if len(self.detail) > 1:
                sommes = ", ".join(f"{nom} {nombre}" for nom, nombre in self.detail.items())
                dites.append(
                    f"Les communes du même territoire avaient ensemble {sum(self.detail.values())} IRIS "
                    f"{avant.quand} : {sommes}."
                )
        dites += self.communes.phrases() or [
            f"Aucune commune n'a fusionné, ne s'est séparée ni n'a changé de code entre {self.de} et {self.a}."
        ]
        if self.iris is None:
            dites.append(
                "Il faut deux listes d'IRIS de ce territoire, d'années différentes, pour dire ce que sont devenus ses "
                "IRIS ; la base ne les tient pas."
            )
        else:
            dites += self.iris.phrases()
        dites += [f"Source des IRIS {liste.quand} : {liste.origine}." for liste in self.listes]
        return (*dites, *self.remarques)


def histoire(base: Base) -> HistoireDesCommunes:
    """Lire l'histoire des communes dans la base."""
    annees = set(base.millesimes("cog")) & set(base.millesimes("mouvements_communes"))
    if not annees:
        raise DonneeAbsente(
            "Passer d'une année à l'autre demande deux fichiers du code officiel géographique de la même année : la "
            "liste des communes (v_commune_AAAA.csv) et les mouvements (v_mvt_commune_AAAA.csv). Déposez-les."
        )
    annee = max(annees)
    return HistoireDesCommunes(
        base.lire("mouvements_communes", annee, "mouvement"), base.lire("cog", annee, "commune"), annee
    )


def changements(
    base: Base, code: str, de: int | None = None, a: int | None = None
) -> ChangementsDeGeographie:
    """Dire ce qui a changé dans une commune entre deux années, d'après ce que la base tient."""
    passe = histoire(base)
    listes, remarques = listes_d_iris(base, passe, _proches(passe, code))
    debut, fin = _annees([liste.annee for liste in listes], passe.annee, de, a)
    entier = passage_communes(passe, debut, fin)
    siennes = _arrondissements(passe, code)
    if not any(c in cote for c in siennes for cote in (entier.avant, entier.apres)):
        raise TerritoireInconnu(
            f"« {code} » n'est une commune ni au 1er janvier {debut} ni au 1er janvier {fin} : "
            f"{passe.raison(code, fin)}."
        )
    communes, nom = entier.restreindre(siennes), passe.nom(code, fin)
    constat = ChangementsDeGeographie(code, nom, debut, fin, communes, remarques=remarques)
    choisies = deux_listes(listes, debut, fin)
    if choisies is None:
        return constat
    return replace(
        constat,
        iris=_iris(base, passe, choisies, siennes),
        listes=choisies,
        comptes=tuple(int(liste.table["commune"].isin(siennes).sum()) for liste in choisies),
        detail=_detail(passe, choisies, siennes),
    )


def _annees(tenues: list[int], derniere: int, de: int | None, a: int | None) -> tuple[int, int]:
    """Choisir les deux années : celles qui sont demandées, sinon celles des listes d'IRIS tenues."""
    debut = de if de is not None else min([n for n in tenues if a is None or n < a], default=DEPUIS)
    fin = a if a is not None else max([n for n in tenues if n > debut], default=derniere)
    if debut >= fin:
        raise ParametreInvalide(
            f"On compare une année à une année plus récente : {debut} n'est pas avant {fin}."
        )
    return debut, fin


def _detail(passe: HistoireDesCommunes, listes: tuple[Liste, Liste], siennes: set[str]) -> dict[str, int]:
    """Compter les IRIS de chaque commune d'avant, quand plusieurs forment le territoire."""
    avant, apres = listes
    reunies = passage_communes(passe, avant.annee, apres.annee).restreindre(siennes).avant
    if reunies.keys() <= passe.arrondissements | siennes:
        return {}
    comptes = avant.table["commune"].value_counts()
    return {passe.nom(c, avant.annee): int(comptes.get(c, 0)) for c in sorted(reunies)}


def _arrondissements(passe: HistoireDesCommunes, code: str) -> set[str]:
    siens = {c for c in passe.arrondissements if codes.ville_de_l_arrondissement(c) == code}
    return siens | {code}


def _proches(passe: HistoireDesCommunes, code: str) -> set[str]:
    """Lister toutes les communes qui ont partagé du territoire avec une commune, à une date ou à une autre."""
    trouvees = _arrondissements(passe, code)
    jours = passe.liens_entre(DEPUIS, passe.annee)
    paires = [{m.avant, m.apres} - {""} for _, liens in jours for m in liens]
    while not (voisines := set().union(*(paire for paire in paires if paire & trouvees))) <= trouvees:
        trouvees |= voisines
    return trouvees


def _iris(
    base: Base, passe: HistoireDesCommunes, listes: tuple[Liste, Liste], siennes: set[str]
) -> ChangementsIris:
    avant, apres = listes
    communes = passage_communes(passe, avant.annee, apres.annee)
    communs = None
    if avant.contours is not None and apres.contours is not None:
        couches = [base.lire_couche(contours) for contours in (avant.contours, apres.contours)]
        communs = recouvrements(
            *(c[c["code"].isin(li.table["code"])] for c, li in zip(couches, listes, strict=True))
        )
    groupe = communes.restreindre(siennes)
    return comparer_iris(avant.table, apres.table, communes, communs).de_la_commune(
        {*groupe.avant, *groupe.apres}
    )
