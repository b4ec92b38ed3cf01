"""L'atelier du carnet de comparaison intercommunale : comparer une fois, puis afficher chaque partie dans sa cellule."""

from functools import cached_property
from typing import Any, Final

from abs.indicateurs.indicateurs import THEMES, indicateur
from abs.intercommunal import tables_annexes
from abs.intercommunal.comparaison import (
    ComparaisonIntercommunale,
    comparer_l_intercommunalite,
    tableaux_des_pairs,
)
from abs.intercommunal.pairs_des_communes import pourquoi_muette
from abs.intercommunal.tables import LECTURE, SIGNES
from carnets.ateliers.portrait import SANS_DOSSIER, TEXTES, Fragment, fichiers_ecrits
from carnets.documents import fragments
from carnets.documents.comparaison.cartes import PetitesCartes, petites_cartes, texte_de_remplacement
from carnets.parametres import Reglages, verifier_parametres
from cartes.fonds import Fonds

DITS: Final[dict[str, str]] = TEXTES["comparaison"]


class AtelierDeComparaison:
    """Ce que le carnet de comparaison manipule."""

    def __init__(self, indicateurs: str = "", **parametres: Any) -> None:
        self.reglages, self.voulus = verifier_reglages(indicateurs, parametres)

    @cached_property
    def comparaison(self) -> ComparaisonIntercommunale:
        """Comparaison composée à la première lecture."""
        return comparer_l_intercommunalite(self.reglages.base, self.reglages.demande, self.voulus)

    @cached_property
    def fonds(self) -> Fonds:
        """Contours des communes."""
        return Fonds(self.reglages.base, self.comparaison.diagnostic)

    @cached_property
    def cartes(self) -> PetitesCartes:
        """Petites cartes et leurs notes."""
        return petites_cartes(self.fonds, self.comparaison.cartes)

    @cached_property
    def image(self) -> bytes:
        """Planche des petites cartes ; vide sans contours."""
        from carnets.documents.comparaison.planche import planche  # noqa: PLC0415 - import lent, réservé aux cartes

        return planche(list(self.cartes.cartes.values())) if self.cartes.cartes else b""

    def titre(self) -> Fragment:
        """Afficher le titre et le sommaire."""
        nom = self.comparaison.sujet.nom
        return Fragment(
            fragments.titre_de_comparaison(self.comparaison), f"Comparaison intercommunale : {nom}"
        )

    def essentiel(self) -> Fragment:
        """Afficher les étendues d'une commune à l'autre."""
        phrases = self.comparaison.essentiel
        return Fragment(fragments.essentiel(self.comparaison), "\n".join(p.texte for p in phrases))

    def petites_cartes(self) -> Fragment:
        """Afficher la planche des petites cartes, puis la carte interactive."""
        cartes, nom = list(self.cartes.cartes.values()), self.comparaison.sujet.nom
        notes = self.cartes.notes if cartes else (*self.cartes.notes, DITS["sans_carte"])
        texte = fragments.partie("petites-cartes", "Petites cartes", notes=notes)
        if not cartes:
            return Fragment(texte, DITS["sans_carte"])
        legende = f"{nom} : {len(cartes)} indicateurs, commune par commune"
        image = fragments.figure(self.image, texte_de_remplacement(cartes), legende, "planche")
        intertitre, cadre = "<h3>Carte interactive</h3>", "Carte interactive des communes"
        interactive = fragments.atlas(cartes, nom, "commune par commune", intertitre, cadre)
        return Fragment(texte + image + interactive, legende)

    def tableaux(self) -> Fragment:
        """Afficher les tableaux communes × indicateurs, thème par thème."""
        themes, restes = self.comparaison.themes, self.comparaison.restes
        parties = [
            self._partie("tableaux", "Communes et indicateurs", phrases=(DITS["une_date"], LECTURE, SIGNES))
        ]
        parties += [
            self._partie(f"theme-{theme}", libelle, rang=3, tableaux=themes[theme], notes=restes[theme])
            for theme, libelle in THEMES.items()
            if themes[theme] or restes[theme]
        ]
        return Fragment("\n".join(p.html for p in parties), "Communes et indicateurs")

    def profils(self) -> Fragment:
        """Afficher les groupes de communes, ou pourquoi il n'y en a pas."""
        partage = self.comparaison.partage
        phrases = (partage.refus,) if partage.refus else partage.phrases
        groupes = tables_annexes.groupes(self.comparaison.diagnostic, partage)
        return self._partie("profils", "Profils de communes", phrases=phrases, tableaux=groupes)

    def comparables(self) -> Fragment:
        """Afficher la place de chaque commune parmi les communes qui lui ressemblent."""
        muettes = [pourquoi_muette(q) for q in self.comparaison.pairs if not q.pairs or not q.resultats]
        tableaux = tableaux_des_pairs(self.comparaison)
        return self._partie(
            "comparables", "Parmi les communes comparables", phrases=muettes, tableaux=tableaux
        )

    def centre(self) -> Fragment:
        """Afficher ce que pèse la ville-centre."""
        poids = self.comparaison.centre
        notes = []
        if poids.absents:
            notes.append(DITS["sans_compte"].format(absents=" ; ".join(poids.absents)))
        if poids.centre is not None:
            notes.append(
                DITS["la_plus_peuplee"].format(d_apres=f", d'après {poids.d_apres}" if poids.d_apres else "")
            )
        phrases, tableaux = (poids.refus,) if poids.refus else (), tables_annexes.poids(poids)
        return self._partie(
            "centre", "Ce que pèse la ville-centre", phrases=phrases, tableaux=tableaux, notes=notes
        )

    def quartiers_prioritaires(self) -> Fragment:
        """Afficher les quartiers prioritaires côte à côte."""
        if not self.comparaison.qpv:
            return Fragment("", DITS["sans_qpv"])
        generation = self.comparaison.diagnostic.ensembles.qpv[0].geographie
        phrases = (DITS["qpv"].format(generation=generation), *self.comparaison.diagnostic.remarques)
        titre = "Quartiers prioritaires de la politique de la ville"
        return self._partie("qpv", titre, phrases=phrases, tableaux=self.comparaison.qpv)

    def fiches(self) -> Fragment:
        """Afficher une fiche par commune."""
        return Fragment(fragments.fiches(self.comparaison), f"{len(self.comparaison.fiches)} fiches")

    def annexes(self) -> Fragment:
        """Afficher les sources, les définitions et la façon de lire."""
        # Les annexes sont celles du portrait ; seul le nom du document change.
        rendu = fragments.annexes(self.comparaison.portrait).replace(
            "dans ce portrait", "dans cette comparaison"
        )
        rendu = rendu.replace("0,2 pour le rapport interdécile.", DITS["seuil_du_rapport"])
        return Fragment(rendu, "Sources et définitions")

    def exporter(self) -> Fragment:
        """Écrire les fichiers demandés dans le dossier de sortie, s'il est donné."""
        from carnets.documents.ensemble import ecrire_fichiers  # noqa: PLC0415 - imports lents

        dossier = self.reglages.dossier_sortie
        if dossier is None:
            return SANS_DOSSIER
        ecrits = ecrire_fichiers(
            dossier,
            self.reglages,
            self.comparaison.diagnostic,
            self.fonds,
            lambda: self.cartes.cartes,
            self.comparaison,
            self.voulus,
            lambda: self.image,
        )
        return fichiers_ecrits(ecrits, dossier)

    def _partie(self, ancre: str, titre: str, **contenu: Any) -> Fragment:
        communes = {t.code for t in self.comparaison.diagnostic.ensembles.mailles}
        return Fragment(fragments.partie(ancre, titre, fiches=communes, **contenu), titre)


def verifier_reglages(indicateurs: str, parametres: dict[str, Any]) -> tuple[Reglages, tuple[str, ...]]:
    """Vérifier les paramètres de la comparaison."""
    reglages = verifier_parametres(parametres)
    voulus = tuple(dict.fromkeys(c.strip() for c in indicateurs.split(",") if c.strip()))
    for code in voulus:
        indicateur(code)
    return reglages, voulus
