"""Fabriquer le site : calculer, composer, puis écrire tout d'un geste dans un dossier."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from abs.indicateurs.indicateurs import THEMES
from abs.territoires.demande import Demande
from carnets.documents.tableur.definitions import sources_employees
from carnets.dossier_de_sortie import dossier_de_sortie
from carnets.observatoire import adresses
from carnets.observatoire.chiffres import Chiffres, etablir, sans_suivi
from carnets.observatoire.couches import Cartes, contours, couche, motifs
from carnets.observatoire.donnees import donnees_des_territoires, en_script, sommaire
from carnets.observatoire.fiches import Fiche, fiches
from carnets.observatoire.mots import dates_lisibles, jour_lisible, raison_sans_carte
from carnets.observatoire.pages import PageDeTerritoire, pages_des_territoires
from carnets.observatoire.portraits import PortraitsTrouves, joindre, trouver
from carnets.observatoire.rendu import leaflet, rendre, ressource
from carnets.observatoire.telechargements import (
    Fichier,
    ecrire_l_ensemble,
    ecrire_les_fichiers,
    table_entiere,
)
from donnees_insee.base.lignes_recues import exiger_le_registre
from donnees_insee.base.publications import noter
from donnees_insee.catalogue.catalogue import source
from donnees_insee.chemins import creer_dossier

if TYPE_CHECKING:
    from donnees_insee.base.base import Base

RESSOURCES: Final = ("observatoire.css", "observatoire.js", "carte.js", "comparer.js")
DOSSIERS: Final = (
    "ressources", "donnees/territoires", "donnees/cartes", "territoires", "indicateurs", "cartes",
    f"{adresses.DOSSIER_DES_FICHIERS}/indicateurs",
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
    final = sortie.resolve() / adresses.dossier_du_site(chiffres.diagnostic.ensembles.sujet.code)
    with dossier_de_sortie(final, remplacer=remplacer) as chantier:
        site = _Chantier(chantier.provisoire, chiffres, Cartes(base, chiffres), trouves, suivre).ecrire()
    return Site(chantier.final, site.pages, trouves, site.sans_contour, chantier.avis)


class _Chantier:
    """Écrit un site dans un dossier provisoire."""

    def __init__(
        self,
        racine: Path,
        chiffres: Chiffres,
        cartes: Cartes,
        trouves: PortraitsTrouves,
        suivre: Suivi,
    ) -> None:
        self.racine, self.chiffres, self.cartes, self.trouves = racine, chiffres, cartes, trouves
        self.suivre = suivre
        sujet = chiffres.diagnostic.ensembles.sujet
        self.commun: dict[str, Any] = {
            "site": {
                "nom": sujet.nom,
                "fictif": "fictif" in sujet.nom.lower(),
                "dates": dates_lisibles(chiffres.diagnostic),
            }
        }
        self.pages = 0

    def ecrire(self) -> Site:
        for dossier in DOSSIERS:
            creer_dossier(self.racine / dossier)
        self._ressources()
        codes = self._contours()
        self._script("sommaire.js", "sommaire", "", sommaire(self.chiffres))
        for cle, contenu in donnees_des_territoires(self.chiffres).items():
            self._script(f"territoires/{cle}.js", "territoire", cle, contenu)
        copies = joindre(self.racine, self.trouves)
        pages = pages_des_territoires(self.chiffres)
        for page in pages:
            self._page(
                adresses.page_de(page.territoire),
                "territoire.html.j2",
                page=page,
                portrait=copies.get(page.cle, []),
            )
        toutes = fiches(self.chiffres)
        par_indicateur = [(fiche, self._indicateur(fiche, codes)) for fiche in toutes]
        images = [f.adresse for _, fichiers in par_indicateur for f in fichiers if f.adresse.endswith(".png")]
        ensemble = ecrire_l_ensemble(self.racine, self.chiffres, self.cartes, images)
        self._pages_communes(pages, toutes, ensemble, par_indicateur, copies)
        self._fabrication()
        return Site(self.racine, self.pages, self.trouves, self.cartes.sans_contour())

    # -- pages ---------------------------------------------------------------------------------

    def _page(self, adresse: str, modele: str, **valeurs: Any) -> None:
        racine = "../" * adresse.count("/")
        self._texte(adresse, rendre(modele, racine, **self.commun, **valeurs))
        self.pages += 1

    def _indicateur(self, fiche: Fiche, codes: dict[str, list[str]]) -> list[Fichier]:
        """Écrire la page d'un indicateur, sa couche, sa carte à inclure et ses fichiers."""
        self.suivre(fiche.indicateur.libelle)
        code = fiche.indicateur.code
        niveaux = [n for n in self.cartes.niveaux(fiche.indicateur) if n.cle in codes]
        fichiers = ecrire_les_fichiers(self.racine, self.chiffres, self.cartes, fiche, niveaux)
        adresse = adresses.carte_d_indicateur(code)
        if niveaux:
            nom = adresses.morceau(code)
            self._script(f"cartes/{nom}.js", "carte", nom, [couche(n, codes[n.cle]) for n in niveaux])
        commun = {"fiche": fiche, "niveaux": niveaux, "motifs": motifs(niveaux)}
        self._page(
            adresses.page_d_indicateur(code),
            "indicateur.html.j2",
            **commun,
            carte=adresse,
            fichiers=fichiers,
            sans_carte=raison_sans_carte(
                fiche.indicateur, fiche.comptes(), contours=bool(codes), recu=fiche.recu
            ),
        )
        if niveaux:
            self._page(adresse, "carte.html.j2", **commun)
        return fichiers

    def _pages_communes(
        self,
        pages: list[PageDeTerritoire],
        toutes: list[Fiche],
        ensemble: list[Fichier],
        par_indicateur: list[tuple[Fiche, list[Fichier]]],
        copies: dict[str, list[Fichier]],
    ) -> None:
        e, geographie = self.chiffres.diagnostic.ensembles, self.cartes.geographie
        communes = [t for t in self.chiffres.territoires() if t.niveau == "commune"]
        qpv = [t for t in self.chiffres.territoires() if t.niveau == "qpv"]
        self._page(
            adresses.ACCUEIL,
            "accueil.html.j2",
            page=pages[0],
            portrait=copies.get(pages[0].cle, []),
            communes=communes,
            qpv=qpv,
            cartes="communes" in self.cartes.couches,
            qpv_traces="qpv" in self.cartes.couches,
            sans_contour=self.cartes.sans_contour() if self.cartes.couches else [],
            nombre_d_indicateurs=len(toutes),
            contours=[source(s).titre_court for s in ("contours_iris", "contours_qpv")],
            geographie=geographie,
        )
        self._page(
            adresses.INDICATEURS,
            "indicateurs.html.j2",
            themes=THEMES,
            fiches=toutes,
            absents=self.chiffres.absents(),
        )
        choix = [
            ("Intercommunalité", [e.sujet]),
            ("Communes", communes),
            ("Quartiers prioritaires", qpv),
            ("Références", list(e.references)),
        ]
        self._page(adresses.COMPARER, "comparer.html.j2", choix=[(t, liste) for t, liste in choix if liste])
        joints = [(p.territoire, copies[p.cle]) for p in pages if p.cle in copies]
        self._page(
            adresses.TELECHARGER,
            "telecharger.html.j2",
            ensemble=ensemble,
            par_indicateur=par_indicateur,
            portraits=joints,
        )
        self._page(
            adresses.LIRE,
            "lire.html.j2",
            sources=sources_employees(table_entiere(self.chiffres)).to_dict("records"),
            remarques=self.chiffres.diagnostic.remarques,
            geographie=geographie,
        )

    # -- ressources et données -----------------------------------------------------------------

    def _texte(self, adresse: str, texte: str) -> None:
        (self.racine / adresse).write_text(texte, encoding="utf-8", newline="\n")

    def _script(self, adresse: str, genre: str, cle: str, contenu: Any) -> None:
        self._texte(f"donnees/{adresse}", en_script(genre, cle, contenu))

    def _ressources(self) -> None:
        for nom, contenu in ({nom: ressource(nom) for nom in RESSOURCES} | leaflet()).items():
            self._texte(f"ressources/{nom}", contenu)

    def _contours(self) -> dict[str, list[str]]:
        """Écrire les contours de chaque niveau, une fois ; donner leurs codes dans l'ordre du fichier."""
        codes = {}
        noms = {t.code: t.nom for t in self.chiffres.iris_reunis.ensembles.tous()}
        for niveau, table in self.cartes.couches.items():
            ecrits = contours(table, alleger=niveau != "qpv")
            if niveau == "iris":
                ecrits["noms"] = [
                    noms.get(c, n) for c, n in zip(ecrits["codes"], ecrits["noms"], strict=True)
                ]
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
