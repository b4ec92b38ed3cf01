"""Ce qu'un carnet de portrait compose une fois et montre partie par partie, jusqu'aux fichiers de sa dernière cellule."""

from __future__ import annotations

import difflib
from dataclasses import replace
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final

from abs.blocs.blocs import Bloc, CarteInteractive, DemandeDeCarte, Image, Note, Titre
from abs.calcul.diagnostic import Diagnostiqueur
from abs.definitions import table
from abs.indicateurs.indicateurs import THEMES
from abs.portrait.comparables import communes_comparables, noms_des_types, types_d_iris, typologie
from abs.portrait.document import DITS, DocumentDuPortrait
from abs.portrait.portrait import Portrait, composer
from carnets.ateliers import donnees
from carnets.ateliers.demonstration import base_ou_demonstration
from carnets.documents.montre import Montre
from carnets.documents.rendu import aujourd_hui, page_d_atlas
from carnets.parametres import Reglages, verifier_parametres
from carnets.textes import textes
from cartes.carte import CarteThematique
from cartes.ecriture import en_affiche, en_situation
from cartes.fonds import Fonds, carte
from donnees_insee.erreurs import CarteImpossible, ParametreInvalide

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from abs.portrait.tableaux import Chapitre
    from abs.territoires.territoires import Territoire
    from carnets.processus.dessin_partage import DessinPartage

TEXTES: Final[dict[str, Any]] = textes("carnets.ateliers")
AVANT_LA_FIN: Final = ("ignore", "debat")
CHAPITRES: Final = (*THEMES, "qpv", "quartiers")


def se_lit(dessin: CarteThematique) -> bool:
    """Dire si une carte se lit imprimée : vingt valeurs que rien ne range en classes font un tableau, pas une carte."""
    return not dessin.en_valeurs or len(dessin.valides) < table("_portrait")["corps"]["mailles_entieres"]


class DocumentOuvert:
    """Le portrait d'un territoire, composé à la première lecture."""

    def __init__(self, **parametres: Any) -> None:
        self.reglages: Reglages = base_ou_demonstration(verifier_parametres(parametres))
        # Un territoire inconnu se dit à l'ouverture : dans un affichage, Jupyter avalerait l'erreur.
        self.sujet: Territoire = Diagnostiqueur(self.reglages.base, self.reglages.demande).sujet
        self.cartes_refusees: dict[str, str] = {}
        self._refus_dits: set[str] = set()

    # -- ce qui est composé une fois -------------------------------------------------------------

    @cached_property
    def compose(self) -> Portrait:
        """Le portrait composé, à la première lecture."""
        return composer(self.reglages.base, self.reglages.demande)

    @cached_property
    def document(self) -> DocumentDuPortrait:
        """Les blocs du portrait."""
        return DocumentDuPortrait(self.compose)

    @cached_property
    def fonds(self) -> Fonds:
        """Contours utiles au portrait."""
        return Fonds(self.reglages.base, self.compose.diagnostic)

    @cached_property
    def cartes(self) -> dict[str, CarteThematique]:
        """Cartes du portrait, par code d'indicateur ; vide sans contours."""
        demandes = (demande for chapitre in self.compose.chapitres for demande in chapitre.cartes)
        return {d.indicateur: trouvee for d in demandes if (trouvee := self._carte(d)) is not None}

    @cached_property
    def dessins(self) -> DessinPartage:
        """Images imprimées des cartes, peut-être dessinées à deux."""
        from carnets.processus.dessin_partage import DessinPartage  # noqa: PLC0415 - import lent, réservé aux cartes

        return DessinPartage(list(self.cartes.values()))

    def _carte(self, demande: DemandeDeCarte) -> CarteThematique | None:
        try:
            return carte(self.fonds, demande)
        except CarteImpossible as refus:
            # Sans aucun contour, l'avertissement du portrait dit déjà pourquoi la carte manque.
            if self.fonds.tenus:
                self.cartes_refusees[demande.indicateur] = str(refus)
            return None

    # -- le document ---------------------------------------------------------------------------------

    def titre(self) -> Montre:
        """Montrer le titre et les avertissements."""
        return Montre(self.document.titre(aujourd_hui()), habille=True)

    def essentiel(self) -> Montre:
        """Montrer la première page : chiffres clés, place du territoire, population, carte, ce que nous ne savons pas."""
        blocs = self.document.essentiel()
        ou = next(
            (self.cartes[c] for c in table("_portrait")["cartes"]["essentiel"] if c in self.cartes), None
        )
        if ou is not None:
            # La carte vient avant ce qu'on ne sait pas, et avant ce qui se discute.
            fin = next(
                (n for n, b in enumerate(blocs) if isinstance(b, Note) and b.classe in AVANT_LA_FIN),
                len(blocs),
            )
            blocs[fin:fin] = [Titre(DITS["ou"], 3), self._image_de_tete(ou)]
        return Montre(blocs)

    def autour(self) -> Montre:
        """Montrer les types d'IRIS d'une grande ville et leur carte, ou les communes comparables de qui n'a pas d'IRIS."""
        etude = types_d_iris(self.reglages.base, self.compose.diagnostic)
        if etude is None:
            return Montre(communes_comparables(self.compose.autour.comparables))
        from cartes.typologie import carte_des_classes  # noqa: PLC0415 - matplotlib

        dessin = carte_des_classes(
            self.reglages.base, etude.sujet, etude.modele, etude.iris, noms_des_types(etude)
        )
        if dessin is None:
            return Montre(typologie(etude, None))
        legende = f"{dessin.titre}, {dessin.date}"
        image = Image(donnees.adresse(dessin.en_png()), dessin.texte_alternatif(), legende)
        return Montre(typologie(etude, image))

    def debat(self) -> Montre:
        """Montrer ce qui est à débattre : une question par chapitre, et la place du regard des acteurs."""
        return Montre(self.document.debat())

    def bilan(self) -> Montre:
        """Montrer les forces et les faiblesses."""
        return Montre(self.document.bilan())

    def atlas(self) -> Montre:
        """Montrer la carte à parcourir, sous son titre ; rien sans contours."""
        if not self.cartes:
            return Montre([], texte=TEXTES["portrait"]["sans_atlas"])
        # Avant la carte à parcourir : le second dessinateur commence pendant qu'elle se compose.
        _ = self.dessins
        blocs: list[Bloc] = [
            Titre(DITS["interactive"], ancre="carte"),
            CarteInteractive(self.page_d_atlas(), DITS["interactive"]),
        ]
        return Montre(blocs, texte=f"Carte interactive de {len(self.cartes)} indicateurs")

    def annexes(self) -> Montre:
        """Montrer les sources, les définitions et la façon de lire."""
        return Montre(self.document.annexes())

    def exporter(self) -> Montre:
        """Écrire les fichiers demandés dans le dossier de sortie, s'il est donné."""
        return donnees.exporter(self.reglages, self._ecrire)

    def _ecrire(self, dossier: Path) -> list[Path]:
        from carnets.documents.ensemble import ecrire_fichiers  # noqa: PLC0415 - imports lents

        diagnostic = self.compose.diagnostic
        return ecrire_fichiers(dossier, self.reglages, diagnostic, self.fonds, lambda: self.cartes)

    def details(self, chapitre: str) -> Montre:
        """Montrer la fin d'un chapitre : ce que les chiffres demandent."""
        self.chapitre(chapitre)
        return Montre(self.document.details(chapitre))

    def chapitre(self, code: str) -> Chapitre | None:
        """Reconnaître un chapitre par son code ; une faute de frappe reçoit des propositions."""
        if code not in CHAPITRES:
            proches = difflib.get_close_matches(str(code).lower(), CHAPITRES, n=3, cutoff=0.4)
            suite = f" Vouliez-vous dire {' ou '.join(proches)} ?" if proches else ""
            attendus = ", ".join(CHAPITRES)
            raise ParametreInvalide(
                TEXTES["territoire"]["chapitre_inconnu"].format(code=code, suite=suite, attendus=attendus)
            )
        return self.compose.chapitre(code)

    def _cartes_du_chapitre(self, code: str) -> list[Bloc]:
        contenu = self.compose.chapitre(code)
        demandes = contenu.cartes if contenu is not None else ()
        tenues = [self.cartes[d.indicateur] for d in demandes if d.indicateur in self.cartes]
        rendus: list[Bloc] = [self._image(dessin) for dessin in tenues if se_lit(dessin)]
        refus = [r for d in demandes if (r := self.cartes_refusees.get(d.indicateur))]
        # Une même raison vaut pour toutes les cartes d'un fond : elle est dite une fois, au premier chapitre.
        refus = [r for r in dict.fromkeys(refus) if r not in self._refus_dits]
        self._refus_dits.update(refus)
        return rendus + [Note(r, "precision") for r in refus]

    def _image_de_tete(self, dessin: CarteThematique) -> Image:
        """Donner aussi la carte à la taille de l'affiche, et où est le territoire."""
        image, situation = self._image(dessin), en_situation(dessin)
        image = replace(image, affiche=donnees.adresse(en_affiche(dessin)))
        if not situation or dessin.alentours is None:
            return image
        dite = DITS["situation"].format(nom=self.sujet.nom, ensemble=dessin.alentours.nom)
        return replace(image, situation=donnees.adresse(situation), situation_dite=dite)

    def _image(self, dessin: CarteThematique) -> Image:
        absents = f" ; sans contour : {', '.join(dessin.manquants)}" if dessin.manquants else ""
        legende = f"{dessin.titre}, {dessin.date}{absents}"
        return Image(donnees.adresse(self.dessins.png(dessin)), dessin.texte_alternatif(), legende)

    def page_d_atlas(self, cartes: Iterable[CarteThematique] = ()) -> str:
        """Composer la carte à parcourir de quelques cartes ; sans choix, celles du portrait."""
        return page_d_atlas(
            list(cartes) or self.cartes.values(), self.compose.titre, "indicateur par indicateur"
        )
