"""Les données derrière ce qu'un carnet montre : DataFrame de chiffres, couches d'IRIS et de quartiers, présentation."""

from __future__ import annotations

import base64
import os
from typing import TYPE_CHECKING, Any, Final

from abs.blocs.blocs import Bloc, Cellule, Image, Liste, Note, Puce, Tableau, Titre, entete
from abs.definitions import table
from abs.indicateurs.indicateurs import THEMES, indicateurs
from abs.portrait.document import note_d_essai
from abs.portrait.portrait import Portrait, theme_permis
from abs.territoires.territoires import NOMS_DE_NIVEAU
from carnets.documents.montre import Montre
from carnets.textes import textes
from donnees_insee.erreurs import DonneeAbsente, ParametreInvalide

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from pathlib import Path

    import geopandas as gpd
    import pandas as pd

    from abs.indicateurs.indicateurs import Indicateur
    from abs.territoires.territoires import Territoire
    from carnets.parametres import Reglages
    from cartes.fonds import Fonds
    from donnees_insee.base.base import Base

TEXTES: Final[dict[str, Any]] = textes("carnets.ateliers")
# Ce que JupyterLab dit du carnet ouvert.
CARNET_OUVERT: Final = "JPY_SESSION_NAME"
COLONNES: Final = (
    "indicateur", "libelle", "territoire", "nom", "valeur", "unite", "numerateur", "denominateur", "marge", "periode",
    "source", "statut", "fiabilite", "note",
)  # fmt: skip


def presentation(portrait: Portrait) -> list[Bloc]:
    """Présenter un territoire : son nom, ses références, ce que les données permettent d'en dire."""
    ensembles, mots = portrait.diagnostic.ensembles, TEXTES["territoire"]
    sujet = ensembles.sujet
    rendus: list[Bloc] = [Titre(sujet.nom, 2)]
    rendus += note_d_essai(portrait.diagnostic)
    if portrait.fictif:
        rendus.append(Note(table("_document")["commun"]["fictif"], "alerte", "Territoire fictif."))
    noms = {"iris": "IRIS", "commune": "communes"}
    mailles = noms.get(ensembles.mailles[0].niveau, "") if ensembles.mailles else ""
    puces = [
        Puce(f" {sujet.code}", NOMS_DE_NIVEAU[sujet.niveau]),
        Puce(f" {', '.join(r.nom for r in ensembles.references)}", mots["references"]),
        *([Puce(f" {len(ensembles.mailles)} {mailles}", mots["mailles"])] if mailles else []),
        *([Puce(f" {len(ensembles.qpv)}", mots["qpv"])] if ensembles.qpv else []),
    ]
    lignes = tuple(
        (
            entete(e.theme),
            Cellule(f"{e.disponibles} sur {e.total}"),
            Cellule(str(e.mailles)),
            Cellule(", ".join(e.dates), classe="texte"),
        )
        for e in (theme_permis(portrait.diagnostic, code) for code in THEMES)
    )
    permis = Tableau("permis", mots["permis"], tuple(map(entete, mots["colonnes"])), lignes)
    return [*rendus, Liste(tuple(puces), "presentation"), permis, Note(mots["suite"], "precision")]


def chiffres(portrait: Portrait, chapitre: str) -> pd.DataFrame:
    """Donner les chiffres d'un chapitre, une ligne par indicateur et par territoire."""
    import pandas as pd  # noqa: PLC0415 - seulement quand on le demande

    diagnostic = portrait.diagnostic
    ensembles, plan = diagnostic.ensembles, table("_portrait")
    groupes: dict[str, tuple[Sequence[Territoire], Iterable[str], str]] = {
        "qpv": (ensembles.qpv, plan["qpv"], "qpv"),
        "quartiers": (ensembles.quartiers, plan["quartiers"], "quartiers"),
    }
    du_theme = [i.code for i in diagnostic.indicateurs.values() if i.theme == chapitre]
    autour = (ensembles.sujet, *ensembles.references)
    territoires, codes, groupe = groupes.get(chapitre, (autour, du_theme, "comparaison"))
    lignes = [
        {nom: getattr(c, nom, None) for nom in COLONNES}
        | {
            "libelle": diagnostic.indicateurs[code].libelle_court,
            "nom": t.nom,
            "unite": diagnostic.indicateurs[code].unite,
        }
        for code in codes
        for t, c in diagnostic.lus(territoires, code, groupe)
        if c is not None
    ]
    return pd.DataFrame(lignes, columns=list(COLONNES))


def mailles(fonds: Fonds, codes: Iterable[str]) -> gpd.GeoDataFrame:
    """Donner les mailles d'un territoire, leurs contours et les indicateurs choisis."""
    ensembles = fonds.diagnostic.ensembles
    return _couche(fonds, ensembles.mailles, fonds.de("mailles"), codes, "mailles")


def indicateurs_des_qpv() -> list[str]:
    """Lister les indicateurs du chapitre des quartiers prioritaires."""
    return list(table("_portrait")["qpv"])


def quartiers_prioritaires(fonds: Fonds, codes: Iterable[str]) -> gpd.GeoDataFrame:
    """Donner les quartiers prioritaires d'un territoire, leurs contours et les indicateurs choisis."""
    qpv = fonds.diagnostic.ensembles.qpv
    if not qpv or fonds.qpv is None:
        raise DonneeAbsente(TEXTES["territoire"]["sans_qpv"].format(nom=fonds.diagnostic.ensembles.sujet.nom))
    return _couche(fonds, qpv, fonds.qpv, codes, "qpv")


def _couche(
    fonds: Fonds,
    territoires: Sequence[Territoire],
    contours: gpd.GeoDataFrame,
    codes: Iterable[str],
    groupe: str,
) -> gpd.GeoDataFrame:
    import geopandas as gpd  # noqa: PLC0415 - seulement quand on le demande
    import pandas as pd  # noqa: PLC0415

    diagnostic = fonds.diagnostic
    colonnes: dict[str, Any] = {"nom": [t.nom for t in territoires]}
    for code in codes:
        lus = diagnostic.lus(territoires, code, groupe)
        colonnes[code] = [c.valeur if c is not None and c.a_une_valeur else float("nan") for _, c in lus]
    index = pd.Index([t.code for t in territoires], name="code")
    geometries = contours.set_index("code").geometry.reindex(index)
    return gpd.GeoDataFrame(colonnes, index=index, geometry=geometries, crs=contours.crs)


def adresse(image: bytes) -> str:
    """Écrire une image PNG en adresse incluse."""
    return f"data:image/png;base64,{base64.b64encode(image).decode('ascii')}"


def nuage(couche: gpd.GeoDataFrame, abscisse: Indicateur, ordonnee: Indicateur) -> Montre:
    """Montrer un nuage de points, les mailles des quatre bouts nommées."""
    from cartes.graphiques.nuage import nuage as dessiner  # noqa: PLC0415 - matplotlib

    lus = couche.dropna(subset=[abscisse.code, ordonnee.code])
    mots = {"x": abscisse.libelle, "y": ordonnee.libelle, "combien": len(lus)}
    titre, alternatif = (TEXTES["territoire"][cas].format(**mots) for cas in ("nuage", "nuage_dit"))
    svg = dessiner(
        lus["nom"],
        (abscisse.libelle_court, lus[abscisse.code]),
        (ordonnee.libelle_court, lus[ordonnee.code]),
        titre,
        alternatif,
    )
    adresse_du_svg = f"data:image/svg+xml;base64,{base64.b64encode(svg.encode()).decode('ascii')}"
    return Montre([Image(adresse_du_svg, alternatif, titre)], couche)


def evolution(base: Base, sujet: Territoire, codes: Sequence[str], de: int, a: int | None) -> Montre:
    """Relever des évolutions et les montrer."""
    from abs.evolutions import document  # noqa: PLC0415 - imports lents
    from abs.evolutions.releve import relever  # noqa: PLC0415
    from abs.evolutions.tableaux import table as en_table  # noqa: PLC0415

    tenus = {
        an
        for code in codes or indicateurs()
        for le in indicateurs()[code].lectures
        for an in base.millesimes(le.source.id)
    }
    try:
        releve = relever(base, sujet.code, de, a or max(tenus, default=de), list(codes))
    except (DonneeAbsente, ParametreInvalide) as refus:
        # Une évolution refusée se lit comme une réponse : sa raison, et les dates qui conviendraient.
        return Montre(
            [Liste(tuple(Puce(li.removeprefix("- ")) for li in str(refus).splitlines()), "absents")]
        )
    blocs = [*document.titre(releve), *document.pentes(releve), *document.tableaux(releve)]
    return Montre([*blocs, *document.refus(releve)], en_table(releve))


def exporter(reglages: Reglages, ecrire: Callable[[Path], list[Path]]) -> Montre:
    """Écrire des fichiers dans le dossier de sortie ; dans un dossier déjà livré, refaire tous ses documents."""
    from carnets.dossier_de_sortie import dossier_de_sortie, est_deja_ecrit  # noqa: PLC0415 - imports lents
    from carnets.moteur import refaire_sur_place  # noqa: PLC0415

    if reglages.dossier_sortie is None:
        return Montre([], texte=TEXTES["sans_dossier"])
    dossier = reglages.dossier_sortie.resolve()
    if not est_deja_ecrit(dossier):
        return Montre([], texte=fichiers_ecrits(ecrire(dossier), dossier))
    carnet = dossier / os.path.basename(os.environ.get(CARNET_OUVERT, "carnet.ipynb"))  # noqa: PTH119 - ni dossier, ni racine
    if carnet.is_file():
        refait = refaire_sur_place(carnet, dossier)
        return Montre(
            [Note(TEXTES["refait"].format(dossier=refait.dossier)), *map(Note, filter(None, [refait.avis]))]
        )
    with dossier_de_sortie(dossier) as chantier:
        ecrits = fichiers_ecrits(ecrire(chantier.provisoire), chantier.provisoire)
    return Montre([], texte="\n".join(filter(None, (ecrits, chantier.avis))))


def fichiers_ecrits(ecrits: Iterable[Path], dossier: Path) -> str:
    """Lister des fichiers écrits, depuis leur dossier."""
    return "\n".join(str(f.relative_to(dossier)) for f in ecrits)
