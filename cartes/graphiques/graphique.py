"""Le graphique que l'on appelle : une demande, une largeur, et ses rendus (figure, SVG, PNG, carnet)."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Literal

from abs.blocs.blocs import MARQUE, MIME, en_texte
from abs.blocs.blocs import Graphique as BlocDeGraphique
from abs.graphiques.demandes import DemandeDeGraphique, Serie, Valeur
from donnees_insee.erreurs import CarteImpossible

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from cartes.graphiques.feuille import Feuille

_PARTS: Final = ("barres", "gaufre", "pyramide")
# Au-delà, une série se résume par son étendue dans le texte de remplacement.
_LUES: Final = 14
_EN_NOMBRE: Final = ("maille", "pair")


@dataclass(frozen=True)
class Graphique:
    """Graphique d'une demande, à la largeur de la colonne ou de la demi-colonne.

    Parameters
    ----------
    demande : DemandeDeGraphique
        Ce qui est à dessiner.
    largeur : {"pleine", "demi", "fiche"}, default "pleine"
        17,4 cm, 8,4 cm ou 5,05 cm à l'impression ; dans une fiche, le dessin seul, sans titre, légende ni notes.

    Examples
    --------
    >>> from abs.graphiques.demandes import DemandeDeGraphique, Serie, Valeur
    >>> parts = (Valeur("Propriétaires", 62.0, "62 %"), Valeur("Locataires", 38.0, "38 %"))
    >>> series = (Serie("Ville", parts),)
    >>> demande = DemandeDeGraphique("statut", "barres", "Surtout des propriétaires", "Ménages, en %", series)
    >>> graphique = Graphique(demande, "demi")
    >>> graphique
    <Graphique barres « statut », demi>
    >>> graphique.texte_alternatif()
    'Surtout des propriétaires. Ménages, en %. Ville : Propriétaires 62 %, Locataires 38 %.'
    """

    demande: DemandeDeGraphique
    largeur: Literal["pleine", "demi", "fiche"] = "pleine"

    def __post_init__(self) -> None:
        """Refuser ce qui ne se dessine pas : pas de série, des parts négatives ou qui passent cent."""
        demande = self.demande
        if not demande.series or not all(s.valeurs for s in demande.series):
            raise CarteImpossible(
                f"Pas de graphique « {demande.nom} » : une série n'a aucune valeur à dessiner."
            )
        if demande.genre in _PARTS and any(v.valeur < 0 for v in demande.valeurs()):
            raise CarteImpossible(f"Pas de graphique « {demande.nom} » : une part est négative.")
        sommes = [sum(v.valeur for v in s.presentes) for s in demande.series]
        if demande.genre in ("barres", "gaufre") and max(sommes) > 101:
            raise CarteImpossible(
                f"Pas de graphique « {demande.nom} » : les parts d'une barre dépassent 100 %."
            )
        if demande.genre == "pente" and any(len(s.valeurs) != 2 for s in demande.series):
            raise CarteImpossible(f"Pas de graphique « {demande.nom} » : une pente demande deux dates.")

    def __repr__(self) -> str:
        """Dire le genre, le nom et la largeur."""
        return f"<Graphique {self.demande.genre} « {self.demande.nom} », {self.largeur}>"

    def figure(self) -> Figure:
        """Dessiner le graphique, à sa taille imprimée."""
        # matplotlib seulement quand on dessine.
        from cartes.graphiques import feuille  # noqa: PLC0415
        from cartes.graphiques.style import LARGEURS  # noqa: PLC0415

        page = feuille.Feuille(LARGEURS[self.largeur], sobre=self.largeur == "fiche")
        feuille.intituler(page, self.demande)
        dessiner(page, self.demande)
        feuille.annoter(page, self.demande)
        return page.figure()

    def svg(self, *, en_chemins: bool = False) -> str:
        """Rendre le graphique en SVG accessible, sans ressource extérieure.

        Parameters
        ----------
        en_chemins : bool, default False
            Vrai pour changer les lettres en tracés, là où la police de la charte peut manquer ; le fichier est plus lourd.

        Returns
        -------
        str
            Balise ``<svg>``, prête à entrer dans une page.

        Examples
        --------
        >>> from abs.graphiques.demandes import DemandeDeGraphique, Serie, Valeur
        >>> parts = (Valeur("Oui", 62.0, "62 %"), Valeur("Non", 38.0, "38 %"))
        >>> demande = DemandeDeGraphique("essai", "gaufre", "Surtout oui", "en %", (Serie("Ville", parts),))
        >>> Graphique(demande).svg().count("<title>Surtout oui</title>")
        1
        """
        from cartes.graphiques.svg import rendre_svg  # noqa: PLC0415 - idem

        return rendre_svg(self.figure(), self.demande.titre, self.texte_alternatif(), en_chemins=en_chemins)

    def png(self, ppp: int = 220) -> bytes:
        """Rendre le graphique en image, texte de remplacement compris.

        Parameters
        ----------
        ppp : int, default 220
            Points par pouce, à la taille imprimée.

        Returns
        -------
        bytes
            Fichier PNG.

        Examples
        --------
        >>> from abs.graphiques.demandes import DemandeDeGraphique, Serie, Valeur
        >>> parts = (Valeur("Oui", 62.0, "62 %"), Valeur("Non", 38.0, "38 %"))
        >>> demande = DemandeDeGraphique("essai", "gaufre", "Surtout oui", "en %", (Serie("Ville", parts),))
        >>> Graphique(demande).png()[1:4]
        b'PNG'
        """
        from cartes.ecriture import rendre_png  # noqa: PLC0415 - idem

        figure = self.figure()
        figure.set_dpi(ppp)
        return rendre_png(figure, {"Title": self.demande.titre, "Description": self.texte_alternatif()})

    def enregistrer(
        self, dossier: str | Path, nom: str, formats: Sequence[str] = ("svg", "png")
    ) -> list[Path]:
        """Écrire le graphique dans un dossier, sous un nom provisoire puis définitif.

        Parameters
        ----------
        dossier : str or pathlib.Path
            Dossier de sortie, créé au besoin.
        nom : str
            Nom des fichiers, sans extension.
        formats : sequence of str
            Parmi ``svg``, ``png``.

        Returns
        -------
        list of pathlib.Path
            Fichiers écrits, dans l'ordre des formats.

        Examples
        --------
        >>> import tempfile
        >>> from abs.graphiques.demandes import DemandeDeGraphique, Serie, Valeur
        >>> parts = (Valeur("Oui", 62.0, "62 %"), Valeur("Non", 38.0, "38 %"))
        >>> demande = DemandeDeGraphique("essai", "gaufre", "Surtout oui", "en %", (Serie("Ville", parts),))
        >>> with tempfile.TemporaryDirectory() as dossier:
        ...     [f.name for f in Graphique(demande).enregistrer(dossier, "essai")]
        ['essai.svg', 'essai.png']
        """
        from cartes.ecriture import deposer  # noqa: PLC0415 - idem

        return deposer({"svg": lambda: self.svg().encode(), "png": self.png}, dossier, nom, formats)

    def texte_alternatif(self) -> str:
        """Décrire le graphique en français : le texte de la demande, sinon ses valeurs."""
        demande = self.demande
        if not demande.alternatif:
            return " ".join([_phrase(demande), *(_lue(serie) for serie in demande.series)])
        return " ".join(filter(None, [_phrase(demande), demande.alternatif, demande.mention]))

    def _repr_mimebundle_(
        self,
        include: Any = None,  # noqa: ARG002 - signature attendue par IPython
        exclude: Any = None,  # noqa: ARG002
    ) -> dict[str, Any]:
        """Montrer le graphique dans un carnet, et y garder sa demande pour les documents."""
        bloc = BlocDeGraphique(self.demande, self.largeur)
        image = f'<img src="{self.adresse()}" alt="{escape(self.texte_alternatif())}" style="max-width:760px;width:100%">'
        figure = f'{MARQUE}<figure class="graphique">{image}</figure>'
        return {MIME: en_texte([bloc.en_donnees()]), "text/html": figure, "text/plain": repr(self)}

    def adresse(self) -> str:
        """Écrire le dessin en adresse incluse : ses identifiants restent les siens, et un carnet non approuvé le montre."""
        return f"data:image/svg+xml;base64,{base64.b64encode(self.svg().encode()).decode('ascii')}"


def dessiner(page: Feuille, demande: DemandeDeGraphique) -> None:
    """Poser le seul dessin d'une demande au bas d'une feuille, sans titre ni source : qui l'appelle les écrit ailleurs."""
    from cartes.graphiques import barres, chaleur, lignes, reglettes  # noqa: PLC0415 - matplotlib, seulement quand on dessine

    dessins = {
        "pyramide": barres.pyramide,
        "courbe": lignes.courbe,
        "points": reglettes.points,
        "barres": barres.barres,
        "pente": lignes.pente,
        "chaleur": chaleur.chaleur,
        "gaufre": barres.gaufre,
    }
    dessins[demande.genre](page, demande)


def _phrase(demande: DemandeDeGraphique) -> str:
    return " ".join(f"{texte.rstrip('.')}." for texte in (demande.titre, demande.sous_titre) if texte)


def _dite(valeur: Valeur) -> str:
    """Écrire une valeur et ce qu'elle dit, ou la raison de son absence."""
    raison = f" ({valeur.raison})" if valeur.manque and valeur.raison else ""
    if valeur.libelle.isdigit():
        return f"{valeur.texte} en {valeur.libelle}{raison}"
    return f"{valeur.libelle} {valeur.texte}".strip() + raison


def _lue(serie: Serie) -> str:
    """Écrire les valeurs d'une série, ou leur étendue quand elles sont nombreuses."""
    lues = [v for v in serie.valeurs if v.role not in _EN_NOMBRE]
    groupe = [v for v in serie.presentes if v.role in _EN_NOMBRE]
    if len(groupe) + len(lues) <= _LUES:
        lues, groupe = list(serie.valeurs), []
    dites = [_dite(v) for v in lues]
    if groupe:
        bas, haut = (choix(groupe, key=lambda v: v.valeur).texte for choix in (min, max))
        dites.append(f"{len(groupe)} valeurs de {bas} à {haut}")
    return f"{serie.nom} : {', '.join(dites)}." if serie.nom else f"{', '.join(dites)}."
