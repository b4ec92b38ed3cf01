"""Les références d'un territoire : ceux auxquels on le compare, du plus proche au plus large."""

from dataclasses import replace
from itertools import pairwise
from typing import Final

import pandas as pd

from abs.formats import nombre
from abs.langue import lieu_de_commune
from abs.territoires.territoires import Territoire, Territoires
from donnees_insee import codes

# Tranches de taille des communes du département, en habitants.
STRATES: Final = (0, 500, 2_000, 5_000, 10_000, 20_000, 50_000, 100_000, 10**9)
DANS_UNE_COMMUNE: Final = frozenset({"iris", "quartier", "qpv"})
METROPOLE: Final = "France métropolitaine"
# Niveaux plus larges qu'un sujet ; une commune et ce qui est plus petit ont les deux.
PLUS_LARGES: Final[dict[str, tuple[str, ...]]] = {
    "commune": ("departement", "region"),
    "departement": ("region",),
    "region": (),
    "france": (),
}


class References:
    """Construit les territoires de comparaison d'un sujet."""

    def __init__(self, annuaire: Territoires) -> None:
        self.annuaire = annuaire

    def autour(self, sujet: Territoire, populations: pd.Series) -> list[Territoire]:
        """Donner les territoires auxquels comparer le sujet, du plus proche au plus large."""
        geo, trouvees = self.annuaire.geographie, []
        commune = self._commune_du(sujet)
        arrondissement = sujet.niveau == "commune" and commune != sujet.code
        if sujet.niveau == "qpv" and len(sujet.composantes) > 1:
            trouvees += self._communes_d_un_qpv(sujet)
        elif commune and (arrondissement or sujet.niveau in DANS_UNE_COMMUNE):
            nommee = self.annuaire.nommer(commune, "commune", self._nom(commune))
            trouvees.append(self._role(nommee, "commune", "dans la commune"))
        ligne = geo.communes.loc[commune] if commune else pd.Series({"epci": None}, dtype=object)
        siens = self._epci_d_un_qpv(sujet) if sujet.niveau == "qpv" else []
        if len(siens) > 1:
            # Aucune n'est « l'intercommunalité » de ce quartier : chacune porte son nom.
            nommes = (self.annuaire.nommer(e, "epci", str(geo.epci[e])) for e in siens)
            trouvees += [self._role(e, "epci", f"dans l'intercommunalité {e.nom}") for e in nommes]
        elif ligne["epci"] in geo.epci.index and sujet.niveau in DANS_UNE_COMMUNE | {"commune"}:
            trouvees += self._epci_et_couronne(str(ligne["epci"]), populations, sujet)
        if sujet.niveau == "commune":
            trouvees += self._strate(sujet, populations)
        trouvees += self._departement_et_region(sujet, ligne)
        metropole = Territoire("METRO", "france", METROPOLE)
        trouvees.append(self._role(metropole, "france", f"en {METROPOLE}"))
        return [t for t in trouvees if (t.code, t.niveau) != (sujet.code, sujet.niveau)]

    def _communes_d_un_qpv(self, sujet: Territoire) -> list[Territoire]:
        """Donner chaque commune d'un QPV à cheval : aucune n'est « la commune » de ce quartier."""
        noms = self.annuaire.geographie.communes["nom"].reindex(list(sujet.composantes)).dropna()
        return [
            self._role(self.annuaire.nommer(str(c), "commune", str(n)), "commune_du_qpv", f"à {n}")
            for c, n in noms.items()
        ]

    def _epci_d_un_qpv(self, sujet: Territoire) -> list[str]:
        """Lister les intercommunalités des communes d'un QPV."""
        geo = self.annuaire.geographie
        lus = geo.communes["epci"].reindex(list(sujet.composantes)).dropna()
        return [str(e) for e in dict.fromkeys(lus) if e in geo.epci.index]

    def _commune_du(self, sujet: Territoire) -> str | None:
        """Commune qui situe le sujet : la sienne, ou la première de ses composantes."""
        if sujet.niveau == "iris":
            return sujet.code[:5]
        if sujet.niveau == "commune":
            ville = codes.ville_de_l_arrondissement(sujet.code)
            return ville if ville in self.annuaire.geographie.communes.index else sujet.code
        return sujet.composantes[0][:5] if sujet.composantes else None

    def _nom(self, commune: str) -> str:
        return str(self.annuaire.geographie.communes.at[commune, "nom"])

    def _role(self, territoire: Territoire, role: str, dans: str) -> Territoire:
        return replace(territoire, role=role, libelle=territoire.nom, dans=dans)

    def _reunion(self, code: str, nom: str, communes: tuple[str, ...], role: str, dans: str) -> Territoire:
        """Former une réunion de communes, qui n'a pas de code officiel."""
        reunie = Territoire(code, "perimetre", nom, self.annuaire.annee, communes)
        return self._role(reunie, role, dans)

    def _epci_et_couronne(self, code: str, populations: pd.Series, sujet: Territoire) -> list[Territoire]:
        epci = self.annuaire.nommer(code, "epci", str(self.annuaire.geographie.epci[code]))
        trouves = [self._role(epci, "epci", "dans l'intercommunalité")]
        connues = populations.reindex(list(epci.composantes)).dropna()
        if len(connues) == len(epci.composantes) > 1 and sujet.niveau == "commune":
            centre = str(connues.idxmax())
            reste, hors = tuple(c for c in epci.composantes if c != centre), f"hors {self._nom(centre)}"
            dit = (f"{code}-hors-{centre}", f"{epci.nom} {hors}")
            trouves.append(self._reunion(*dit, reste, "epci_hors_centre", f"dans l'intercommunalité {hors}"))
        return trouves

    def _strate(self, sujet: Territoire, populations: pd.Series) -> list[Territoire]:
        if sujet.code not in populations.index:
            return []
        geo = self.annuaire.geographie
        departement = str(geo.communes.at[sujet.code, "departement"])
        du_departement = populations.reindex(geo.communes_de("departement", departement))
        bas, haut = next((b, h) for b, h in pairwise(STRATES) if populations[sujet.code] < h)
        pareilles = du_departement[(du_departement >= bas) & (du_departement < haut)].index
        # Un arrondissement ne se compare pas à sa propre ville comme à une autre commune.
        soi = {sujet.code, codes.ville_de_l_arrondissement(sujet.code)}
        autres = tuple(str(c) for c in pareilles if c not in soi)
        if not autres:
            return []
        plus = haut == STRATES[-1]
        taille = f"plus de {nombre(bas)} hab." if plus else f"{nombre(bas)} à {nombre(haut)} hab."
        nom = f"Autres communes de {taille} du département"
        dans = "dans les autres communes de même taille du département"
        if len(autres) == 1:
            seule = self._nom(autres[0])
            nom = f"{seule}, seule autre commune de {taille} du département"
            dans = f"{lieu_de_commune(seule)}, seule autre commune de même taille du département"
        return [self._reunion(f"{departement}-strate-{bas}", nom, autres, "strate", dans)]

    def _departement_et_region(self, sujet: Territoire, ligne: pd.Series) -> list[Territoire]:
        lieux = {"departement": "dans le département", "region": "en région"}
        trouves = []
        for niveau in PLUS_LARGES.get(sujet.niveau, PLUS_LARGES["commune"]):
            if pd.notna(code := ligne.get(niveau)):
                nom = codes.noms_officiels(niveau).get(str(code), str(code))
                nomme = self.annuaire.nommer(str(code), niveau, nom)
                trouves.append(self._role(nomme, niveau, lieux[niveau]))
        return trouves
