"""Fabriquer le site : calculer, composer, puis écrire tout d'un geste dans un dossier."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from abs.territoires.demande import Demande
from carnets.documents.tableur.definitions import sources_employees
from carnets.dossier_de_sortie import dossier_de_sortie
from carnets.observatoire.chiffres import Chiffres, etablir, sans_suivi
from carnets.observatoire.couches import Cartes, contours, couche, motifs
from carnets.observatoire.fiches import Fiche, fiches
from carnets.observatoire.fichiers import (
    Fichier,
    PortraitsTrouves,
    ecrire_l_ensemble,
    ecrire_les_fichiers,
    joindre,
    table_entiere,
    trouver,
)
from carnets.observatoire.mots import dates_lisibles, jour_lisible, raison_sans_carte
from carnets.observatoire.pages import donnees_des_territoires, en_script, pages_des_territoires, sommaire
from carnets.observatoire.rendu import (
    DOSSIER_DES_FICHIERS,
    cle_de,
    morceau,
    page_d_indicateur,
    page_de,
    rendre,
    ressources,
)
from donnees_insee.base.lignes_recues import exiger_le_registre
from donnees_insee.base.publications import noter
from donnees_insee.catalogue.catalogue import source
from donnees_insee.chemins import creer_dossier

if TYPE_CHECKING:
    from donnees_insee.base.base import Base

DOSSIERS: Final = (
    "ressources", "donnees/territoires", "donnees/cartes", "territoires", "indicateurs", "cartes",
    f"{DOSSIER_DES_FICHIERS}/indicateurs",
)  # fmt: skip
Suivi = Callable[[str], None]


@dataclass
class Site:
    """Ce que la fabrication rend : le dossier, et ce qui y manque."""

    dossier: Path
    pages: int = 0
    portraits: PortraitsTrouves = field(default_factory=PortraitsTrouves)
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
    trouves = trouver(portraits, demande, chiffres.territoires())
    # Le nom du dossier ne dépend que du code, pour que ses liens durent.
    final = sortie.resolve() / f"observatoire-{morceau(chiffres.diagnostic.ensembles.sujet.code)}"
    with dossier_de_sortie(final, remplacer=remplacer) as chantier:
        site = _Chantier(chantier.provisoire, chiffres, Cartes(base, chiffres), trouves, suivre).ecrire()
    return replace(site, dossier=chantier.final, avis=chantier.avis)


class _Chantier:
    """Écrit un site dans un dossier provisoire."""

    def __init__(
        self, racine: Path, chiffres: Chiffres, cartes: Cartes, trouves: PortraitsTrouves, suivre: Suivi
    ) -> None:
        self.racine, self.chiffres, self.cartes, self.trouves = racine, chiffres, cartes, trouves
        self.suivre = suivre
        self.pages = 0
        sujet = chiffres.diagnostic.ensembles.sujet
        dates = dates_lisibles(chiffres.diagnostic)
        self.commun: dict[str, Any] = {
            "site": {"nom": sujet.nom, "fictif": "fictif" in sujet.nom.lower(), "dates": dates},
            "geographie": cartes.geographie,
            "communes": [t for t in chiffres.territoires() if t.niveau == "commune"],
            "qpv": [t for t in chiffres.territoires() if t.niveau == "qpv"],
        }

    def ecrire(self) -> Site:
        for dossier in DOSSIERS:
            creer_dossier(self.racine / dossier)
        for nom, contenu in ressources().items():
            self._texte(f"ressources/{nom}", contenu)
        codes = self._contours()
        self._script("sommaire.js", "sommaire", "", sommaire(self.chiffres))
        for cle, donnees in donnees_des_territoires(self.chiffres).items():
            self._script(f"territoires/{cle}.js", "territoire", cle, donnees)
        copies = joindre(self.racine, self.trouves)
        pages = pages_des_territoires(self.chiffres)
        for page in pages:
            portrait = copies.get(cle_de(page.territoire), [])
            self._page(page_de(page.territoire), "territoire.html", page=page, portrait=portrait)
        par_indicateur = [(fiche, self._indicateur(fiche, codes)) for fiche in fiches(self.chiffres)]
        sujet = pages[0]
        self._accueil(page=sujet, portrait=copies.get(cle_de(sujet.territoire), []))
        self._pages_communes(par_indicateur, copies)
        self._fabrication()
        return Site(self.racine, self.pages, self.trouves, self.cartes.sans_contour())

    # -- pages ---------------------------------------------------------------------------------

    def _page(self, adresse: str, modele: str = "", **valeurs: Any) -> None:
        racine = "../" * adresse.count("/")
        page = rendre(f"{modele or adresse}.j2", racine, **self.commun | valeurs)
        self._texte(adresse, page)
        self.pages += 1

    def _indicateur(self, fiche: Fiche, codes: dict[str, list[str]]) -> list[Fichier]:
        """Écrire la page d'un indicateur, sa couche, sa carte à inclure et ses fichiers."""
        self.suivre(fiche.indicateur.libelle)
        nom = morceau(fiche.indicateur.code)
        niveaux = [n for n in self.cartes.niveaux(fiche.indicateur) if n.cle in codes]
        fichiers = ecrire_les_fichiers(self.racine, self.chiffres, self.cartes, fiche, niveaux)
        commun = {"fiche": fiche, "niveaux": niveaux, "motifs": motifs(niveaux)}
        self._page(
            page_d_indicateur(fiche.indicateur.code),
            "indicateur.html",
            **commun,
            carte=f"cartes/{nom}.html",
            fichiers=fichiers,
            sans_carte=raison_sans_carte(
                fiche.indicateur, fiche.comptes(), contours=bool(codes), recu=fiche.recu
            ),
        )
        if niveaux:
            self._script(f"cartes/{nom}.js", "carte", nom, [couche(n, codes[n.cle]) for n in niveaux])
            self._page(f"cartes/{nom}.html", "carte.html", **commun)
        return fichiers

    def _accueil(self, **valeurs: Any) -> None:
        couches = self.cartes.couches
        self._page(
            "index.html",
            "accueil.html",
            **valeurs,
            cartes="communes" in couches,
            qpv_traces="qpv" in couches,
            sans_contour=self.cartes.sans_contour() if couches else [],
            nombre_d_indicateurs=len(self.chiffres.indicateurs),
            contours=[source(s).titre_court for s in ("contours_iris", "contours_qpv")],
        )

    def _pages_communes(
        self, par_indicateur: list[tuple[Fiche, list[Fichier]]], copies: dict[str, list[Fichier]]
    ) -> None:
        toutes = [fiche for fiche, _ in par_indicateur]
        self._page("indicateurs.html", fiches=toutes, absents=self.chiffres.absents())
        self._page("comparer.html", ensembles=self.chiffres.diagnostic.ensembles)
        images = [f.adresse for _, fichiers in par_indicateur for f in fichiers if f.adresse.endswith(".png")]
        self._page(
            "telecharger.html",
            ensemble=ecrire_l_ensemble(self.racine, self.chiffres, self.cartes, images),
            par_indicateur=par_indicateur,
            portraits=[(t, copies[cle_de(t)]) for t in self.chiffres.territoires() if cle_de(t) in copies],
        )
        self._page(
            "lire.html",
            sources=sources_employees(table_entiere(self.chiffres)).to_dict("records"),
            remarques=self.chiffres.diagnostic.remarques,
        )

    # -- données -------------------------------------------------------------------------------

    def _texte(self, adresse: str, texte: str) -> None:
        (self.racine / adresse).write_text(texte, encoding="utf-8", newline="\n")

    def _script(self, adresse: str, genre: str, cle: str, contenu: Any) -> None:
        self._texte(f"donnees/{adresse}", en_script(genre, cle, contenu))

    def _contours(self) -> dict[str, list[str]]:
        """Écrire les contours de chaque niveau, une fois ; donner leurs codes dans l'ordre du fichier."""
        codes = {}
        noms = {t.code: t.nom for t in self.chiffres.iris_reunis.ensembles.mailles}
        for niveau, table in self.cartes.couches.items():
            ecrits = contours(table, alleger=niveau != "qpv")
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
