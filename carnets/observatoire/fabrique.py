"""Fabriquer le site : calculer, composer, puis écrire tout d'un geste dans un dossier."""

import json
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime
from functools import cached_property
from importlib import metadata
from pathlib import Path
from typing import Any

from abs.graphiques.demandes import DemandeDeGraphique
from abs.territoires.demande import Demande
from carnets.documents.tableur.definitions import sources_employees
from carnets.dossier_de_sortie import dossier_de_sortie
from carnets.observatoire import couches, fichiers, rendu
from carnets.observatoire.chiffres import Chiffres, etablir, sans_suivi
from carnets.observatoire.fiches import Fiche, fiches
from carnets.observatoire.graphiques import de_l_indicateur
from carnets.observatoire.mots import dates_lisibles, jour_lisible, raison_sans_carte
from carnets.observatoire.pages import donnees_des_territoires, en_script, pages_des_territoires, sommaire
from cartes.graphiques.graphique import Graphique
from donnees_insee.base.base import Base, exiger_le_registre
from donnees_insee.base.publications import noter
from donnees_insee.catalogue.catalogue import source
from donnees_insee.chemins import creer_dossier

Suivi = Callable[[str], None]


@dataclass
class Site:
    """Ce que la fabrication rend : le dossier, et ce qui y manque."""

    dossier: Path
    pages: int = 0
    portraits: fichiers.PortraitsTrouves = field(default_factory=fichiers.PortraitsTrouves)
    sans_contour: list[str] = field(default_factory=list)
    avis: str = ""


def fabriquer(
    base: Base,
    demande: Demande,
    sortie: Path,
    *,
    portraits: Path | None = None,
    indicateurs: tuple[str, ...] = (),
    suivre: Suivi = sans_suivi,
    remplacer: bool = False,
) -> Site:
    """Fabriquer l'observatoire d'une intercommunalité."""
    exiger_le_registre(base, demande.diffusion)
    chiffres = etablir(base, demande, indicateurs, suivre)
    # Les IRIS réunis portent aussi ce que montre l'intercommunalité.
    locales = chiffres.iris_reunis.locales
    noter(base.dossier_du_registre, locales.montres, locales.sus)
    trouves = fichiers.trouver(portraits, demande, chiffres.territoires())
    # Le nom du dossier ne dépend que du code, pour que ses liens durent.
    final = sortie.resolve() / f"observatoire-{rendu.morceau(chiffres.diagnostic.ensembles.sujet.code)}"
    with dossier_de_sortie(final, remplacer=remplacer) as chantier:
        site = _Chantier(
            chantier.provisoire, chiffres, couches.Cartes(base, chiffres), trouves, suivre
        ).ecrire()
    return replace(site, dossier=chantier.final, avis=chantier.avis)


@dataclass
class _Chantier:
    """Écrit un site dans un dossier provisoire."""

    racine: Path
    chiffres: Chiffres
    cartes: couches.Cartes
    trouves: fichiers.PortraitsTrouves
    suivre: Suivi
    pages: int = 0

    @cached_property
    def commun(self) -> dict[str, Any]:
        """Ce que toutes les pages montrent."""
        diagnostic, territoires = self.chiffres.diagnostic, self.chiffres.territoires()
        nom = diagnostic.ensembles.sujet.nom
        return {
            "site": {
                "nom": nom,
                "fictif": "fictif" in nom.lower(),
                "essais": diagnostic.essais,
                "dates": dates_lisibles(diagnostic),
            },
            "geographie": self.cartes.geographie,
            "communes": [t for t in territoires if t.niveau == "commune"],
            "qpv": [t for t in territoires if t.niveau == "qpv"],
        }

    def ecrire(self) -> Site:
        for nom, contenu in rendu.ressources().items():
            self._texte(f"ressources/{nom}", contenu)
        codes = self._contours()
        self._script("sommaire.js", "sommaire", "", sommaire(self.chiffres))
        for cle, donnees in donnees_des_territoires(self.chiffres).items():
            self._script(f"territoires/{cle}.js", "territoire", cle, donnees)
        copies = fichiers.joindre(self.racine, self.trouves)
        pages: list[dict[str, Any]] = [
            {"page": page, "portrait": copies.get(rendu.cle_de(page["territoire"]), [])}
            for page in pages_des_territoires(self.chiffres)
        ]
        for page in pages:
            adresse = rendu.page_de(page["page"]["territoire"])
            dessins = self._dessiner(page["page"]["graphiques"])
            self._page(adresse, "territoire.html", **page, **self._plan, dessins=dessins)
        par_indicateur = [(fiche, self._indicateur(fiche, codes)) for fiche in fiches(self.chiffres)]
        self._pages_communes(pages[0], par_indicateur, copies)
        self._fabrication()
        return Site(self.racine, self.pages, self.trouves, self.cartes.sans_contour())

    @property
    def _plan(self) -> dict[str, Any]:
        """Ce que montre une carte de situation, et d'où viennent ses contours."""
        tenues = self.cartes.couches
        sources = [self.cartes.source_des_communes, source("contours_qpv").titre_court]
        return {"cartes": "communes" in tenues, "qpv_traces": "qpv" in tenues, "contours": sources}

    def _dessiner(self, demandes: Mapping[str, DemandeDeGraphique]) -> dict[str, dict[str, str]]:
        """Écrire des graphiques, chacun dans son fichier : une page ne charge que ce qu'elle montre."""
        dessins = {}
        for cle, demande in demandes.items():
            adresse, graphique = f"graphiques/{rendu.morceau(demande.nom)}.svg", Graphique(demande)
            self._texte(adresse, graphique.svg())
            dit = {"titre": demande.titre, "alternatif": graphique.texte_alternatif()}
            dessins[cle] = {"adresse": adresse, **dit}
        return dessins

    # -- pages ---------------------------------------------------------------------------------

    def _page(self, adresse: str, modele: str = "", **valeurs: Any) -> None:
        racine = "../" * adresse.count("/")
        self._texte(adresse, rendu.rendre(f"{modele or adresse}.j2", racine, **self.commun | valeurs))
        self.pages += 1

    def _indicateur(self, fiche: Fiche, codes: dict[str, list[str]]) -> list[fichiers.Fichier]:
        """Écrire la page d'un indicateur, sa couche, sa carte à inclure et ses fichiers."""
        self.suivre(fiche.indicateur.libelle)
        nom = rendu.morceau(fiche.indicateur.code)
        niveaux = [n for n in self.cartes.niveaux(fiche.indicateur) if n.cle in codes]
        ecrits = fichiers.ecrire_les_fichiers(self.racine, self.chiffres, self.cartes, fiche, niveaux)
        raison = raison_sans_carte(fiche.indicateur, fiche.comptes(), contours=bool(codes), recu=fiche.recu)
        commun = {"fiche": fiche, "niveaux": niveaux, "motifs": couches.motifs(niveaux)}
        demande = de_l_indicateur(fiche)
        dessins = self._dessiner({nom: demande} if demande else {})
        propres = {
            "carte": f"cartes/{nom}.html",
            "fichiers": ecrits,
            "sans_carte": raison,
            "dessins": dessins,
        }
        self._page(rendu.page_d_indicateur(fiche.indicateur.code), "indicateur.html", **commun, **propres)
        if niveaux:
            self._script(f"cartes/{nom}.js", "carte", nom, [couches.couche(n, codes[n.cle]) for n in niveaux])
            self._page(f"cartes/{nom}.html", "carte.html", **commun)
        return ecrits

    def _pages_communes(
        self,
        accueil: dict[str, Any],
        par_indicateur: list[tuple[Fiche, list[fichiers.Fichier]]],
        copies: dict[str, list[fichiers.Fichier]],
    ) -> None:
        tenues = self.cartes.couches
        self._page(
            "index.html",
            "accueil.html",
            **accueil,
            **self._plan,
            sans_contour=self.cartes.sans_contour() if tenues else [],
            nombre_d_indicateurs=len(self.chiffres.indicateurs),
        )
        toutes = [fiche for fiche, _ in par_indicateur]
        self._page("indicateurs.html", fiches=toutes, absents=self.chiffres.absents())
        self._page("comparer.html", ensembles=self.chiffres.diagnostic.ensembles)
        images = [f.adresse for _, ecrits in par_indicateur for f in ecrits if f.adresse.endswith(".png")]
        joints = [(t, copies.get(rendu.cle_de(t))) for t in self.chiffres.territoires()]
        self._page(
            "telecharger.html",
            ensemble=fichiers.ecrire_l_ensemble(self.racine, self.chiffres, self.cartes, images),
            par_indicateur=par_indicateur,
            portraits=[(t, siens) for t, siens in joints if siens],
        )
        self._page(
            "lire.html",
            sources=sources_employees(fichiers.table_entiere(self.chiffres)).to_dict("records"),
            remarques=self.chiffres.diagnostic.remarques,
        )

    # -- données -------------------------------------------------------------------------------

    def _texte(self, adresse: str, texte: str) -> None:
        creer_dossier((self.racine / adresse).parent)
        (self.racine / adresse).write_text(texte, encoding="utf-8", newline="\n")

    def _script(self, adresse: str, genre: str, cle: str, contenu: Any) -> None:
        self._texte(f"donnees/{adresse}", en_script(genre, cle, contenu))

    def _contours(self) -> dict[str, list[str]]:
        """Écrire les contours de chaque niveau, une fois ; donner leurs codes dans l'ordre du fichier."""
        codes = {}
        noms = {t.code: t.nom for t in self.chiffres.iris_reunis.ensembles.mailles}
        for niveau, table in self.cartes.couches.items():
            ecrits = couches.contours(table, alleger=niveau != "qpv")
            ecrits["noms"] = [noms.get(c, n) for c, n in zip(ecrits["codes"], ecrits["noms"], strict=True)]
            self._script(f"contours-{niveau}.js", "contours", niveau, ecrits)
            codes[niveau] = ecrits["codes"]
        return codes

    def _fabrication(self) -> None:
        """Écrire les deux seuls fichiers qui changent : quand, avec quoi, ce qui manque ; et la date à montrer."""
        instant = datetime.now(UTC)
        # Les pages lisent la date ici : elles restent les mêmes d'une fabrication à l'autre.
        self._script("fabrication.js", "fabrication", "", {"etabli_le": jour_lisible(instant.astimezone())})
        contenu = {
            "fabrique_le": instant.strftime("%Y-%m-%dT%H:%M:%SZ"),
            "version": metadata.version("abs-portrait"),
            "demande": asdict(self.chiffres.diagnostic.demande),
            "portraits_joints": sorted(self.trouves.dossiers),
            "portraits_ecartes": self.trouves.ecartes,
            "portraits_manquants": [t.code for t in self.trouves.manquants],
        }
        self._texte("fabrication.json", json.dumps(contenu, ensure_ascii=False, indent=1) + "\n")
