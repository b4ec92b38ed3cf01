"""L'atelier du carnet de comparaison intercommunale : comparer une fois, puis afficher chaque partie dans sa cellule."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any, Final

from abs.indicateurs.indicateurs import THEMES, indicateur
from abs.intercommunal import tables_annexes
from abs.intercommunal.comparaison import comparer_l_intercommunalite, tableaux_des_pairs
from abs.intercommunal.pairs_des_communes import pourquoi_muette
from abs.intercommunal.tables import LECTURE, SIGNES
from carnets.ateliers.portrait import Fragment
from carnets.documents import fragments
from carnets.documents.comparaison.cartes import PetitesCartes, petites_cartes, texte_de_remplacement
from carnets.parametres import Reglages, verifier_parametres
from cartes.fonds import Fonds

if TYPE_CHECKING:
    from abs.intercommunal.comparaison import ComparaisonIntercommunale

UNE_DATE: Final = (
    "Chaque colonne est lue à une seule source et à une seule date, écrite sous son titre. Une médiane, un décile ou un "
    "taux publié ne se recalcule pas pour un groupe de communes : sans la ville-centre, ils n'existent pas."
)
SEUIL_DU_RAPPORT: Final = (
    "0,2 pour le rapport interdécile, plus l'arrondi du producteur (0,3 entre deux chiffres publiés au "
    "dixième)."
)
SANS_CARTE: Final = "Pas de carte : la base ne contient les contours d'aucune de ces communes."


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
        return Fragment(
            fragments.titre_de_comparaison(self.comparaison),
            f"Comparaison intercommunale : {self.comparaison.sujet.nom}",
        )

    def essentiel(self) -> Fragment:
        """Afficher les étendues d'une commune à l'autre."""
        phrases = self.comparaison.essentiel
        return Fragment(fragments.essentiel(self.comparaison), "\n".join(p.texte for p in phrases))

    def petites_cartes(self) -> Fragment:
        """Afficher la planche des petites cartes, puis la carte interactive."""
        cartes, nom = list(self.cartes.cartes.values()), self.comparaison.sujet.nom
        notes = self.cartes.notes if cartes else (*self.cartes.notes, SANS_CARTE)
        texte = fragments.partie("petites-cartes", "Petites cartes", notes=notes)
        if not cartes:
            return Fragment(texte, SANS_CARTE)
        legende = f"{nom} : {len(cartes)} indicateurs, commune par commune"
        image = fragments.figure(self.image, texte_de_remplacement(cartes), legende, "planche")
        intertitre, cadre = "<h3>Carte interactive</h3>", "Carte interactive des communes"
        interactive = fragments.atlas(cartes, nom, "commune par commune", intertitre, cadre)
        return Fragment(texte + image + interactive, legende)

    def tableaux(self) -> Fragment:
        """Afficher les tableaux communes × indicateurs, thème par thème."""
        debut = fragments.partie(
            "tableaux",
            "Communes et indicateurs",
            phrases=(UNE_DATE, LECTURE, SIGNES),
        )
        communes = {t.code for t in self.comparaison.diagnostic.ensembles.mailles}
        morceaux = [
            fragments.partie(
                f"theme-{theme}",
                libelle,
                rang=3,
                tableaux=self.comparaison.themes[theme],
                notes=self.comparaison.restes[theme],
                fiches=communes,
            )
            for theme, libelle in THEMES.items()
            if self.comparaison.themes[theme] or self.comparaison.restes[theme]
        ]
        return Fragment("\n".join((debut, *morceaux)), "Communes et indicateurs")

    def profils(self) -> Fragment:
        """Afficher les groupes de communes, ou pourquoi il n'y en a pas."""
        partage = self.comparaison.partage
        return self._partie(
            "profils",
            "Profils de communes",
            phrases=(partage.refus,) if partage.refus else partage.phrases,
            tableaux=tables_annexes.groupes(self.comparaison.diagnostic, partage),
        )

    def comparables(self) -> Fragment:
        """Afficher la place de chaque commune parmi les communes qui lui ressemblent."""
        muettes = [q for q in self.comparaison.pairs if not q.pairs or not q.resultats]
        phrases = [pourquoi_muette(q) for q in muettes]
        return self._partie(
            "comparables",
            "Parmi les communes comparables",
            phrases=phrases,
            tableaux=tableaux_des_pairs(self.comparaison),
        )

    def centre(self) -> Fragment:
        """Afficher ce que pèse la ville-centre."""
        poids = self.comparaison.centre
        notes = []
        if poids.absents:
            absents = " ; ".join(poids.absents)
            notes.append(f"Sans compte publié pour la ville-centre et pour l'intercommunalité : {absents}.")
        if poids.centre is not None:
            d_apres = f", d'après {poids.d_apres}" if poids.d_apres else ""
            notes.append(
                f"Ville-centre : la commune la plus peuplée{d_apres}. Le nombre de personnes pauvres n'est pas publié à la "
                "commune : seul le taux l'est, et un taux ne se partage pas."
            )
        return self._partie(
            "centre",
            "Ce que pèse la ville-centre",
            phrases=(poids.refus,) if poids.refus else (),
            tableaux=tables_annexes.poids(poids),
            notes=notes,
        )

    def quartiers_prioritaires(self) -> Fragment:
        """Afficher les quartiers prioritaires côte à côte."""
        if not self.comparaison.qpv:
            return Fragment("", "Pas de quartier prioritaire chiffré.")
        generation = self.comparaison.diagnostic.ensembles.qpv[0].geographie
        phrase = f"Génération {generation}, chiffres officiels des producteurs à leur propre date ; la commune suit le code."
        return self._partie(
            "qpv",
            "Quartiers prioritaires de la politique de la ville",
            phrases=(phrase, *self.comparaison.diagnostic.remarques),
            tableaux=self.comparaison.qpv,
        )

    def fiches(self) -> Fragment:
        """Afficher une fiche par commune."""
        return Fragment(fragments.fiches(self.comparaison), f"{len(self.comparaison.fiches)} fiches")

    def annexes(self) -> Fragment:
        """Afficher les sources, les définitions et la façon de lire."""
        # Les annexes sont celles du portrait ; seul le nom du document change.
        rendu = fragments.annexes(self.comparaison.portrait).replace(
            "dans ce portrait", "dans cette comparaison"
        )
        rendu = rendu.replace("0,2 pour le rapport interdécile.", SEUIL_DU_RAPPORT)
        return Fragment(rendu, "Sources et définitions")

    def exporter(self) -> Fragment:
        """Écrire les fichiers demandés dans le dossier de sortie, s'il est donné."""
        from carnets.documents.ensemble import ecrire_fichiers  # noqa: PLC0415 - imports lents

        dossier = self.reglages.dossier_sortie
        if dossier is None:
            return Fragment("", "Aucun fichier écrit : le paramètre dossier_sortie est vide.")
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
        return Fragment("", "\n".join(str(f.relative_to(dossier)) for f in ecrits))

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
