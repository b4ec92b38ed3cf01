"""Le territoire ouvert dans un carnet : chiffres, phrases, graphiques, cartes et documents, cellule par cellule."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from abs.blocs.blocs import CarteInteractive, DemandeDeCarte
from abs.indicateurs.indicateurs import indicateur, indicateurs
from abs.portrait.document import DITS
from carnets.ateliers import donnees
from carnets.ateliers.parties import CHAPITRES, TEXTES, DocumentOuvert
from carnets.documents.montre import Montre
from cartes.carte import CarteThematique
from cartes.fonds import carte
from donnees_insee.erreurs import CarteImpossible

if TYPE_CHECKING:
    from collections.abc import Iterable

    import geopandas as gpd

    from carnets.moteur import Production
    from cartes.graphiques.graphique import Graphique


class TerritoireOuvert(DocumentOuvert):
    """Ce qu'un carnet manipule d'un territoire ; s'ouvre par ``carnets.territoire``."""

    def __repr__(self) -> str:
        """Nommer le territoire."""
        return f"{self.sujet.nom} ({self.sujet.niveau} {self.sujet.code})"

    def _repr_html_(self) -> str:
        return Montre(donnees.presentation(self.compose), habille=True)._repr_html_()

    def iris(self, *codes: str) -> gpd.GeoDataFrame:
        """Donner les IRIS du territoire (les communes d'une intercommunalité) avec les indicateurs choisis.

        Parameters
        ----------
        *codes : str
            Codes d'indicateurs ; aucun, ceux que montrent les cartes du portrait.

        Returns
        -------
        geopandas.GeoDataFrame
            Une ligne par maille, le code en index ; ``nom``, une colonne par indicateur (vide : NaN), ``geometry``.

        Raises
        ------
        IndicateurInconnu
            Code qui n'existe pas.

        Examples
        --------
        >>> import carnets
        >>> m = carnets.territoire("99001", dossier_donnees=str(base.dossier))
        >>> m.iris("part_hlm").columns.tolist()
        ['nom', 'part_hlm', 'geometry']
        """
        return donnees.mailles(self.fonds, self._codes(codes))

    communes = iris

    def qpv(self, *codes: str) -> gpd.GeoDataFrame:
        """Donner les quartiers prioritaires du territoire avec les indicateurs choisis.

        Parameters
        ----------
        *codes : str
            Codes d'indicateurs ; aucun, ceux du chapitre des quartiers prioritaires.

        Returns
        -------
        geopandas.GeoDataFrame
            Une ligne par quartier, le code en index ; ``nom``, une colonne par indicateur, ``geometry``.

        Examples
        --------
        >>> import carnets
        >>> m = carnets.territoire("99001", dossier_donnees=str(base.dossier))
        >>> list(m.qpv("taux_pauvrete_60").index)[:1]
        ['QN09901I']
        """
        return donnees.quartiers_prioritaires(self.fonds, self._codes(codes, donnees.indicateurs_des_qpv()))

    def _codes(self, codes: tuple[str, ...], sinon: Iterable[str] = ()) -> list[str]:
        return [indicateur(c).code for c in codes] or list(sinon) or list(self._plan_de_cartes())

    def _plan_de_cartes(self) -> list[str]:
        return [d.indicateur for c in self.compose.chapitres for d in c.cartes]

    def chiffres(self, chapitre: str) -> Montre:
        """Montrer les chiffres d'un chapitre, le territoire à côté de ses références.

        Parameters
        ----------
        chapitre : str
            emploi, demographie, revenus, logement, sante_education, qpv ou quartiers.

        Returns
        -------
        Montre
            Le tableau ; ``.donnees`` en est le DataFrame, une ligne par indicateur et par territoire.

        Raises
        ------
        ParametreInvalide
            Chapitre inconnu ; les plus proches sont proposés.

        Examples
        --------
        >>> import carnets
        >>> m = carnets.territoire("99001", dossier_donnees=str(base.dossier))
        >>> m.chiffres("logement").donnees.columns.tolist()[:4]
        ['indicateur', 'libelle', 'territoire', 'nom']
        """
        self.chapitre(chapitre)
        return Montre(self.document.chiffres(chapitre), donnees.chiffres(self.compose, chapitre))

    def phrases(self, chapitre: str) -> Montre:
        """Montrer les phrases d'un chapitre, chacune avec ses chiffres dessous.

        Parameters
        ----------
        chapitre : str
            Comme pour ``chiffres``.

        Returns
        -------
        Montre
            Les phrases.

        Examples
        --------
        >>> import carnets
        >>> m = carnets.territoire("99001", dossier_donnees=str(base.dossier))
        >>> m.phrases("emploi")
        Davantage de chômage que dans le département.
        """
        self.chapitre(chapitre)
        return Montre(self.document.phrases(chapitre))

    def graphique(self, nom: str) -> Graphique | Montre:
        """Dessiner un graphique par son nom, ou ceux d'un chapitre.

        Parameters
        ----------
        nom : str
            Nom d'un graphique (``pyramide``, ``deciles``…) ou d'un chapitre (``emploi``).

        Returns
        -------
        Graphique or Montre
            Un graphique, avec ``.figure()``, ``.svg()``, ``.enregistrer()`` ; d'un chapitre, ceux qui se dessinent.

        Raises
        ------
        ParametreInvalide
            Nom inconnu ; les plus proches sont proposés.
        DonneeAbsente
            Les données tenues ne le permettent pas ; la phrase dit pourquoi.

        Examples
        --------
        >>> import carnets
        >>> m = carnets.territoire("99001", dossier_donnees=str(base.dossier))
        >>> m.graphique("pyramide").demande.genre
        'pyramide'
        """
        if nom in CHAPITRES:
            return Montre(self.document.graphiques(nom), texte=TEXTES["territoire"]["graphiques"])
        from abs.graphiques.graphiques import graphique  # noqa: PLC0415
        from cartes.graphiques.graphique import Graphique as Dessin  # noqa: PLC0415 - matplotlib

        return Dessin(graphique(self.compose.diagnostic, nom))

    def carte(self, nom: str) -> CarteThematique | Montre:
        """Dessiner la carte d'un indicateur, ou celles d'un chapitre.

        Parameters
        ----------
        nom : str
            Code d'un indicateur (``taux_pauvrete_60``) ou d'un chapitre (``revenus``).

        Returns
        -------
        CarteThematique or Montre
            Une carte, avec ``.figure()``, ``.folium()``, ``.enregistrer()`` ; d'un chapitre, celles qui se dessinent.

        Raises
        ------
        CarteImpossible
            Contours absents, ou aucun chiffre à montrer.

        Examples
        --------
        >>> import carnets
        >>> carnets.territoire("99001", dossier_donnees=str(base.dossier)).carte("part_hlm").unite
        '%'
        """
        if nom in CHAPITRES:
            return Montre(self._cartes_du_chapitre(nom), texte=TEXTES["territoire"]["cartes"])
        voulue = DemandeDeCarte(nom, "mailles", indicateur(nom).libelle)
        return self.cartes.get(nom) or carte(self.fonds, voulue)

    def explorer(self, *codes: str) -> Montre:
        """Montrer une carte à parcourir, une couche par indicateur, sans rien demander au réseau.

        Parameters
        ----------
        *codes : str
            Codes d'indicateurs ; aucun, ceux des cartes du portrait.

        Returns
        -------
        Montre
            La carte, en pleine largeur.

        Raises
        ------
        CarteImpossible
            Contours absents, ou aucun chiffre à montrer.

        Examples
        --------
        >>> import carnets
        >>> carnets.territoire("99001", dossier_donnees=str(base.dossier)).explorer("part_hlm")
        Carte à parcourir : Part des résidences principales louées vides en HLM (déclaratif)
        """
        voulues = [self.carte(code) for code in codes] if codes else list(self.cartes.values())
        cartes = [c for c in voulues if isinstance(c, CarteThematique)]
        if not cartes:
            raise CarteImpossible(TEXTES["portrait"]["sans_atlas"])
        noms = ", ".join(indicateurs()[c.code].libelle for c in cartes[:3])
        return Montre(
            [CarteInteractive(self.page_d_atlas(cartes), DITS["interactive"])],
            texte=f"Carte à parcourir : {noms}",
        )

    def nuage(self, abscisse: str, ordonnee: str) -> Montre:
        """Dessiner un indicateur contre un autre, une maille par point, sans en conclure une cause.

        Parameters
        ----------
        abscisse, ordonnee : str
            Codes d'indicateurs.

        Returns
        -------
        Montre
            Le nuage de points ; ``.donnees`` est la couche.

        Examples
        --------
        >>> import carnets
        >>> m = carnets.territoire("99001", dossier_donnees=str(base.dossier))
        >>> m.nuage("part_hlm", "taux_chomage_rp").donnees.shape
        (22, 4)
        """
        return donnees.nuage(self.iris(abscisse, ordonnee), indicateur(abscisse), indicateur(ordonnee))

    def evolution(self, *codes: str, de: int, a: int | None = None) -> Montre:
        """Montrer l'évolution d'indicateurs entre deux dates, ou pourquoi elle ne s'écrit pas.

        Parameters
        ----------
        *codes : str
            Codes d'indicateurs ; aucun, tous ceux que la base tient aux deux dates.
        de, a : int
            Millésimes ; ``a`` absent, le dernier tenu.

        Returns
        -------
        Montre
            Tableaux et phrases ; ``.donnees`` est la table des évolutions.

        Examples
        --------
        >>> import carnets
        >>> m = carnets.territoire("99001", dossier_donnees=str(base.dossier))
        >>> "ce qui ne se compare pas" in m.evolution("part_hlm", de=2016, a=2022)._repr_html_()
        True
        """
        return donnees.evolution(self.reglages.base, self.sujet, codes, de, a)

    def portrait(
        self, sortie: str = "sorties", formats: str = "html,docx,pdf,xlsx,gpkg,csv,cartes"
    ) -> Production:
        """Écrire les documents du portrait.

        Parameters
        ----------
        sortie : str, default "sorties"
            Dossier qui recevra celui du portrait.
        formats : str
            Formats séparés par des virgules.

        Returns
        -------
        Production
            Dossier et fichiers écrits.

        Examples
        --------
        >>> import carnets, tempfile
        >>> m = carnets.territoire("99003", dossier_donnees=str(base.dossier))
        >>> with tempfile.TemporaryDirectory() as dossier:
        ...     (m.portrait(dossier, "csv").dossier / "diagnostic.csv").exists()
        True
        """
        from carnets.moteur import produire  # noqa: PLC0415 - imports lents

        demande = self.reglages.demande
        connus = self.reglages.injectes(
            self.sujet.code, references=demande.references, diffusion=demande.diffusion
        )
        return produire(connus | {"formats": formats}, Path(sortie))
