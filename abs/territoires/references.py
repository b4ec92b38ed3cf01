"""Les références d'un territoire : ceux auxquels on le compare, du plus proche au plus large."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

import pandas as pd

from abs.formats import nombre
from abs.langue import lieu_de_commune
from abs.territoires.territoires import Territoire, Territoires
from donnees_insee import codes

# Tranches de taille des communes du département, en habitants.
STRATES: Final = (0, 500, 2_000, 5_000, 10_000, 20_000, 50_000, 100_000, 10**9)


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
        elif commune and (arrondissement or sujet.niveau in {"iris", "quartier", "qpv"}):
            trouvees.append(
                self._role(
                    self.annuaire.nommer(commune, "commune", str(geo.communes.at[commune, "nom"])),
                    "commune",
                    "dans la commune",
                )
            )
        ligne = geo.communes.loc[commune] if commune else None
        epci = None if ligne is None else ligne["epci"]
        if (
            epci is not None
            and epci in geo.epci.index
            and sujet.niveau in {"iris", "quartier", "qpv", "commune"}
        ):
            trouvees += self._epci_et_couronne(str(epci), populations, sujet)
        if sujet.niveau == "commune":
            trouvees += self._strate(sujet, populations)
        trouvees += self._departement_et_region(sujet, ligne)
        trouvees.append(
            Territoire(
                "METRO",
                "france",
                "France métropolitaine",
                role="france",
                libelle="France métropolitaine",
                dans="en France métropolitaine",
            )
        )
        return [t for t in trouvees if (t.code, t.niveau) != (sujet.code, sujet.niveau)]

    def _communes_d_un_qpv(self, sujet: Territoire) -> list[Territoire]:
        """Donner chaque commune d'un QPV à cheval : aucune n'est « la commune » de ce quartier."""
        noms = self.annuaire.geographie.communes["nom"].reindex(list(sujet.composantes)).dropna()
        return [
            self._role(self.annuaire.nommer(str(c), "commune", str(n)), "commune_du_qpv", f"à {n}")
            for c, n in noms.items()
        ]

    def _commune_du(self, sujet: Territoire) -> str | None:
        """Commune qui situe le sujet : la sienne, ou la première de ses composantes."""
        if sujet.niveau == "iris":
            return sujet.code[:5]
        if sujet.niveau == "commune":
            ville = codes.ville_de_l_arrondissement(sujet.code)
            return ville if ville in self.annuaire.geographie.communes.index else sujet.code
        return sujet.composantes[0][:5] if sujet.composantes else None

    def _role(self, territoire: Territoire, role: str, dans: str, libelle: str = "") -> Territoire:
        return replace(territoire, role=role, libelle=libelle or territoire.nom, dans=dans)

    def _epci_et_couronne(self, code: str, populations: pd.Series, sujet: Territoire) -> list[Territoire]:
        epci = self.annuaire.nommer(code, "epci", str(self.annuaire.geographie.epci[code]))
        trouves = [self._role(epci, "epci", "dans l'intercommunalité")]
        connues = populations.reindex(list(epci.composantes)).dropna()
        if len(connues) == len(epci.composantes) > 1 and sujet.niveau == "commune":
            centre = str(connues.idxmax())
            reste = tuple(c for c in epci.composantes if c != centre)
            nom_centre = str(self.annuaire.geographie.communes.at[centre, "nom"])
            trouves.append(
                Territoire(
                    f"{code}-hors-{centre}",
                    "perimetre",
                    f"{epci.nom} hors {nom_centre}",
                    self.annuaire.annee,
                    reste,
                    "epci_hors_centre",
                    f"{epci.nom} hors {nom_centre}",
                    f"dans l'intercommunalité hors {nom_centre}",
                )
            )
        return trouves

    def _strate(self, sujet: Territoire, populations: pd.Series) -> list[Territoire]:
        if sujet.code not in populations.index:
            return []
        departement = str(self.annuaire.geographie.communes.at[sujet.code, "departement"])
        du_departement = populations.reindex(
            self.annuaire.geographie.communes_de("departement", departement)
        ).dropna()
        rang = next(i for i, borne in enumerate(STRATES[1:]) if populations[sujet.code] < borne)
        bas, haut = STRATES[rang], STRATES[rang + 1]
        pareilles = [str(c) for c in du_departement[(du_departement >= bas) & (du_departement < haut)].index]
        # Un arrondissement ne se compare pas à sa propre ville comme à une autre commune.
        autres = tuple(
            c for c in pareilles if c not in {sujet.code, codes.ville_de_l_arrondissement(sujet.code)}
        )
        if not autres:
            return []
        taille = (
            f"plus de {nombre(bas)} hab." if haut == STRATES[-1] else f"{nombre(bas)} à {nombre(haut)} hab."
        )
        nom = f"Autres communes de {taille} du département"
        dans = "dans les autres communes de même taille du département"
        if len(autres) == 1:
            seule = str(self.annuaire.geographie.communes.at[autres[0], "nom"])
            nom = f"{seule}, seule autre commune de {taille} du département"
            dans = f"{lieu_de_commune(seule)}, seule autre commune de même taille du département"
        return [
            Territoire(
                f"{departement}-strate-{bas}",
                "perimetre",
                nom,
                self.annuaire.annee,
                autres,
                "strate",
                nom,
                dans,
            )
        ]

    def _departement_et_region(self, sujet: Territoire, ligne: pd.Series | None) -> list[Territoire]:
        trouves = []
        source = ligne if ligne is not None else pd.Series(dtype=object)
        for niveau, dans in (("departement", "dans le département"), ("region", "en région")):
            code = source.get(niveau)
            if (
                code is not None
                and pd.notna(code)
                and niveau in PLUS_LARGES.get(sujet.niveau, PLUS_LARGES["commune"])
            ):
                nom = codes.noms_officiels(niveau).get(str(code), str(code))
                trouves.append(self._role(self.annuaire.nommer(str(code), niveau, nom), niveau, dans))
        return trouves
