"""Les territoires : un code ou un nom devient un territoire, avec ses références et ses composantes."""

import difflib
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Final

import pandas as pd

from abs.definitions import dire, table
from abs.territoires.demande import SANS_STATISTIQUE
from donnees_insee import codes
from donnees_insee.base.base import Base
from donnees_insee.catalogue.catalogue import sources
from donnees_insee.erreurs import TerritoireInconnu
from donnees_insee.geographie.appartenances import geographie, normaliser

NOMS_DE_NIVEAU: Final[dict[str, str]] = table("_etudes")["niveaux"]
LETTRES_D_UN_MOT: Final = 4


@dataclass(frozen=True)
class Territoire:
    """Un territoire et ce qui le compose.

    Attributes
    ----------
    code : str
        Code officiel, ou identifiant local pour un quartier ou un groupe.
    niveau : str
        Niveau géographique (``iris``, ``commune``, ``epci``…).
    nom : str
        Nom à lire.
    geographie : int or None
        Année du code officiel géographique.
    composantes : tuple of str
        Codes qui le composent : communes d'un EPCI, IRIS d'un quartier, communes d'un QPV.
    role : str
        Place dans le portrait : ``sujet``, ``epci``, ``epci_hors_centre``, ``strate``…
    libelle : str
        En-tête de colonne, par exemple « Hérault ».
    dans : str
        Complément de lieu pour une phrase, par exemple « dans l'intercommunalité ».
    type_iris : str
        ``H``, ``A``, ``D``, ``Z`` ou vide.
    communes : tuple of str
        Noms des communes d'un QPV.

    Examples
    --------
    >>> Territoire("34172", "commune", "Montpellier").code
    '34172'
    """

    code: str
    niveau: str
    nom: str
    geographie: int | None = None
    composantes: tuple[str, ...] = ()
    role: str = ""
    libelle: str = ""
    dans: str = ""
    type_iris: str = ""
    communes: tuple[str, ...] = ()

    @property
    def titre(self) -> str:
        """En-tête de colonne."""
        return self.libelle or self.nom


class Territoires:
    """Recherche de territoires et construction des références."""

    def __init__(self, base: Base, annee: int | None = None) -> None:
        self.base = base
        self.geographie = geographie(base, annee)
        self.annee = annee

    @cached_property
    def _annuaire(self) -> pd.DataFrame:
        """Tous les territoires nommables, avec leur nom normalisé."""
        geo = self.geographie
        noms = {"commune": geo.communes["nom"].fillna(""), "epci": geo.epci, "qpv": geo.qpv["nom"]}
        for niveau in ("departement", "region"):
            tenus = set(geo.communes[niveau].dropna())
            siens = {c: n for c, n in codes.noms_officiels(niveau).items() if c in tenus}
            noms[niveau] = pd.Series(siens, dtype=object)
        annuaire = pd.concat(
            (pd.DataFrame({"code": n.index, "nom": n.to_numpy(), "niveau": k}) for k, n in noms.items()),
            ignore_index=True,
        )
        annuaire["cle"] = pd.array([normaliser(str(n)) for n in annuaire["nom"]], dtype="str")
        return annuaire

    def chercher(self, texte: str, maximum: int = 20) -> list[Territoire]:
        """Chercher des territoires par code ou par nom.

        Parameters
        ----------
        texte : str
            Code, nom ou début de nom, accents et casse indifférents.
        maximum : int, default 20
            Nombre de réponses.

        Returns
        -------
        list of Territoire
            Du plus probable au moins probable.

        Examples
        --------
        >>> [t.code for t in Territoires(base).chercher("Arzance-la-Ville")]
        ['99001']
        """
        annuaire, cle = self._annuaire, normaliser(texte)
        exacts = annuaire[(annuaire["code"] == texte.strip().upper()) | (annuaire["cle"] == cle)]
        debuts = annuaire[annuaire["cle"].str.startswith(cle)] if cle else annuaire.iloc[:0]
        if texte.strip().isdigit():
            # Un code tronqué : les codes qui commencent ainsi.
            debuts = annuaire[annuaire["code"].str.startswith(texte.strip())]
        dedans = annuaire[annuaire["cle"].str.contains(cle, regex=False)] if cle else annuaire.iloc[:0]
        trouves = pd.concat([exacts, debuts, dedans]).drop_duplicates(["code", "niveau"])
        if trouves.empty and cle:
            trouves = self._ressemblants(cle, maximum)
        return [self.nommer(r.code, r.niveau, r.nom) for r in trouves.head(maximum).itertuples()]

    def _ressemblants(self, cle: str, maximum: int) -> pd.DataFrame:
        """Noms proches d'un nom mal écrit, en entier ou par un de leurs mots."""
        annuaire = self._annuaire
        proches = difflib.get_close_matches(cle, annuaire["cle"].unique(), n=maximum, cutoff=0.75)
        mots = {m for nom in annuaire["cle"].unique() for m in nom.split() if len(m) >= LETTRES_D_UN_MOT}
        voisins = set(difflib.get_close_matches(cle, mots, n=3, cutoff=0.8))
        par_mot = annuaire[[bool(voisins & set(nom.split())) for nom in annuaire["cle"]]]
        trouves = pd.concat([annuaire[annuaire["cle"].isin(proches)], par_mot])
        return trouves.drop_duplicates(["code", "niveau"])

    def trouver(self, texte: str, generation: int | None = None) -> Territoire:
        """Trouver le territoire désigné, sans jamais choisir à la place de l'analyste.

        Parameters
        ----------
        texte : str
            Code ou nom.
        generation : int or None, default None
            Génération de QPV, qui départage deux quartiers de même nom.

        Returns
        -------
        Territoire
            Territoire unique.

        Raises
        ------
        TerritoireInconnu
            Aucun territoire, ou plusieurs ; des suggestions sont données.

        Examples
        --------
        >>> Territoires(base).trouver("99001").nom
        'Arzance-la-Ville'
        """
        self.base.exiger()
        propre = texte.strip()
        par_code = self._par_code(propre.upper())
        if par_code is not None:
            return par_code
        annuaire, cle = self._annuaire, normaliser(propre)
        exacts = annuaire[annuaire["cle"] == cle] if cle else annuaire.iloc[:0]
        if len(exacts) > 1 and generation is not None:
            siens = self.geographie.qpv["generation"].reindex(exacts["code"]).to_numpy()
            exacts = exacts[(exacts["niveau"] != "qpv").to_numpy() | (siens == generation)]
        if len(exacts) == 1:
            ligne = exacts.iloc[0]
            return self.nommer(str(ligne["code"]), str(ligne["niveau"]), str(ligne["nom"]))
        if len(exacts) > 1:
            plusieurs = _citer(self.chercher(propre, 6))
            raise TerritoireInconnu(dire("territoires", "plusieurs", texte=texte, plusieurs=plusieurs))
        proches = self.chercher(propre, 5)
        suite = f" Vouliez-vous dire {_citer(proches)} ?" if proches else ""
        raise TerritoireInconnu(dire("territoires", "inconnu", texte=texte, suite=suite))

    def _par_code(self, code: str) -> Territoire | None:
        geo = self.geographie
        if code in geo.communes.index and codes.conforme(code, "commune"):
            return self.nommer(code, "commune", str(geo.communes.at[code, "nom"]))
        if code in geo.epci.index:
            return self.nommer(code, "epci", str(geo.epci[code]))
        if code in geo.qpv.index:
            return self.nommer(code, "qpv", str(geo.qpv.at[code, "nom"]))
        # Un code à deux chiffres est d'abord un département : c'est le niveau que les ABS emploient.
        for niveau in ("departement", "region"):
            nom = codes.noms_officiels(niveau).get(code)
            if nom and code in set(geo.communes[niveau].dropna()):
                return self.nommer(code, niveau, nom)
        if codes.conforme(code, "iris") and code[:5] in geo.communes.index:
            liste = geo.iris(code[:5], set())
            if code in liste.index:
                nom, genre = liste.at[code, "nom"], str(liste.at[code, "type"] or "")
                nom = str(nom) if pd.notna(nom) else f"IRIS {code}"
                return Territoire(code, "iris", nom, composantes=(code,), type_iris=genre)
        return None

    def nommer(self, code: str, niveau: str, nom: str) -> Territoire:
        """Former un territoire connu, avec ses composantes."""
        if niveau == "qpv":
            return self._qpv(code)
        composantes: tuple[str, ...] = (code,)
        if niveau in {"epci", "departement", "region"}:
            composantes = tuple(self.geographie.communes_de(niveau, code))
        if niveau == "epci" and not composantes:
            ancien = self.geographie.communes_d_un_epci_ancien(code)
            if ancien is not None:
                # Le code n'a plus cours : le territoire reste celui de ses communes, et son nom le dit.
                composantes, nom = tuple(ancien[1]), self._nom_suivi(nom, *ancien)
        return Territoire(code, niveau, nom, self.annee, composantes, libelle=nom)

    def _qpv(self, code: str) -> Territoire:
        qpv = self.geographie.qpv.loc[code]
        nom, siennes = str(qpv["nom"]), tuple(qpv["communes"])
        noms = self.geographie.communes["nom"].reindex(list(siennes)).dropna()
        communes = tuple(sorted(map(str, noms)))
        return Territoire(code, "qpv", nom, int(qpv["generation"]), siennes, libelle=nom, communes=communes)

    def _nom_suivi(self, nom: str, annee: int, siennes: list[str]) -> str:
        """Dire le périmètre d'un EPCI dont le code a changé, et le code où sont ses communes aujourd'hui."""
        suites = self.geographie.communes["epci"].reindex(siennes).dropna().value_counts()
        vers = f", aujourd'hui {suites.index[0]}" if len(suites) else ""
        return f"{nom} (périmètre de {annee}{vers})"

    def qpv_du(self, sujet: Territoire, generation: int | None = None) -> list[Territoire]:
        """Lister les QPV qui touchent le sujet, de la dernière génération dont la base tient des chiffres."""
        par_generation = self.qpv_par_generation(sujet)
        chiffrees = [g for g, siens in par_generation.items() if self._qpv_chiffres.intersection(siens)]
        voulue = generation or max(chiffrees or par_generation, default=0)
        return [replace(self._qpv(code), role="qpv") for code in par_generation.get(voulue, ())]

    def qpv_par_generation(self, sujet: Territoire, *, chiffres: bool = False) -> dict[int, list[str]]:
        """Ranger par génération les QPV qui touchent le sujet, ou ceux d'entre eux que la base chiffre."""
        communes, rangs = set(sujet.composantes), dict[int, list[str]]()
        for code, siennes, generation in self.geographie.qpv[["communes", "generation"]].itertuples():
            # Une ville a les QPV de ses arrondissements ; un arrondissement n'a que les siens.
            touche = any({c, codes.ville_de_l_arrondissement(c)} & communes for c in siennes)
            if touche and not (chiffres and code not in self._qpv_chiffres):
                rangs.setdefault(int(generation), []).append(str(code))
        return rangs

    @cached_property
    def _qpv_chiffres(self) -> frozenset[str]:
        """Quartiers prioritaires que nomme un tableau de statistiques tenu."""
        tables = {
            p.ou
            for s in sources().values()
            if s.niveaux == ("qpv",) and s.famille not in SANS_STATISTIQUE
            for p in self.base.parts_de(s.id)
        }
        return frozenset(str(c) for ou in tables for c in self.base.codes(*ou).to_pylist())

    def quartiers_du(self, sujet: Territoire) -> list[Territoire]:
        """Lister les quartiers locaux du sujet."""
        table = self.base.lire("quartiers", None, "iris")
        if table.empty or sujet.niveau != "commune":
            return []
        dedans = set(sujet.composantes)
        table = table[[bool({c[:5], codes.ville_de_l_arrondissement(c[:5])} & dedans) for c in table.index]]
        siens = {str(nom): tuple(sorted(groupe.index)) for nom, groupe in table.groupby("QUARTIER")}
        return [
            Territoire(
                f"{sujet.code}-{normaliser(nom).replace(' ', '-')}",
                "quartier",
                nom,
                None,
                iris,
                "quartier",
                nom,
            )
            for nom, iris in siens.items()
        ]


def _citer(territoires: list[Territoire]) -> str:
    return ", ".join(f"{t.nom} ({NOMS_DE_NIVEAU[t.niveau]} {t.code})" for t in territoires)
