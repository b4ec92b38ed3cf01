"""Le verbe `abs perimetre` : chiffrer un périmètre libre, une frange de QPV ou les IRIS d'un QPV."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from carnets.commande import affichage
from carnets.commande.communs import Choisis, Millesime, Millesimes, codes_choisis, ouvrir_la_base
from donnees_insee.chemins import fichier_provisoire
from donnees_insee.codes import normaliser
from donnees_insee.erreurs import ParametreInvalide

if TYPE_CHECKING:
    import pandas as pd
    from shapely.geometry.base import BaseGeometry

    from abs.calcul.chiffre import Chiffre
    from abs.perimetres.perimetre_libre import DossierDePerimetre
    from abs.perimetres.profil_qpv import ProfilQpv
    from abs.territoires.demande import Demande
    from donnees_insee.base.base import Base

PROFIL_PAR_DEFAUT = ("population", "taux_pauvrete_60", "niveau_vie_median")


def perimetre(
    fichier: Annotated[
        Path | None, typer.Argument(help="Périmètres dessinés : GeoJSON, GPKG, une surface par périmètre.")
    ] = None,
    qpv: Annotated[
        str, typer.Option("--qpv", help="Code d'un QPV : profil des IRIS qui le recouvrent.")
    ] = "",
    frange: Annotated[
        float | None, typer.Option("--frange", help="Avec --qpv : distance en mètres autour du QPV.")
    ] = None,
    choisis: Choisis = "",
    millesime: Millesime = None,
    millesimes: Millesimes = "",
    sortie: Annotated[
        Path | None, typer.Option("--sortie", help="Dossier qui reçoit les tableaux CSV.")
    ] = None,
) -> None:
    """Chiffrer un périmètre libre, la frange d'un QPV, ou les IRIS qui le recouvrent."""
    from abs.territoires.demande import Demande, lire_millesimes, verifier  # noqa: PLC0415

    _verifier_les_options(fichier, qpv, frange)
    base = ouvrir_la_base()
    codes = codes_choisis(choisis)
    demande = Demande("", millesime, lire_millesimes(millesimes))
    verifier(demande, base)
    if qpv and frange is None:
        _profil(base, qpv.strip().upper(), codes, demande, sortie)
        return
    from abs.perimetres.perimetre_libre import etudier  # noqa: PLC0415

    for nom, surface, remarque in _surfaces(base, fichier, qpv.strip().upper(), frange):
        dossier = etudier(base, nom, surface, codes, demande)
        if remarque:
            dossier.remarques.append(f"{nom} : {remarque}.")
        _ecrire(dossier)
        if sortie is not None:
            _ranger(dossier.table(), sortie, nom)


def _verifier_les_options(fichier: Path | None, qpv: str, frange: float | None) -> None:
    if (fichier is None) == (not qpv):
        raise ParametreInvalide(
            "`abs perimetre` attend soit un fichier de périmètres (GeoJSON, GPKG), soit --qpv CODE ; il a reçu "
            f"{'les deux' if fichier else 'ni l’un ni l’autre'}."
        )
    if frange is not None and not qpv:
        raise ParametreInvalide("--frange est une distance autour d'un QPV : donnez aussi --qpv CODE.")


def _surfaces(
    base: Base, fichier: Path | None, qpv: str, metres: float | None
) -> list[tuple[str, BaseGeometry, str]]:
    if fichier is not None:
        from donnees_insee.lecture.perimetre_recu import lire_perimetres  # noqa: PLC0415

        return [(p.nom, p.surface, p.remarque) for p in lire_perimetres(fichier)]
    from abs.perimetres.profil_qpv import contour_de_qpv, frange  # noqa: PLC0415

    assert metres is not None
    nom, contour, tous = contour_de_qpv(base, qpv)
    return [(f"Frange de {metres:g} m autour de {nom} ({qpv})", frange(contour, metres, tous), "")]


def _ecrire(dossier: DossierDePerimetre) -> None:
    """Écrire les chiffres d'un périmètre, puis ce qui a été refusé."""
    from abs.indicateurs.indicateurs import indicateur  # noqa: PLC0415

    affichage.dire(dossier.nom)
    touches = dossier.touches
    if touches is not None:
        nature = "réunion d'IRIS entiers" if touches.entiers else "périmètre qui coupe des IRIS"
        affichage.dire(
            f"  {nature} ; {len(touches.table)} IRIS touchés, contours {touches.annee or 'sans date'}"
        )
        affichage.tableau(
            "IRIS touchés",
            ("IRIS", "Nom", "Part de l'IRIS", "Part du périmètre"),
            [
                (str(c), str(r["nom"]), _pourcent(r["part_iris"]), _pourcent(r["part_perimetre"]))
                for c, r in touches.table.sort_values("part_perimetre", ascending=False).head(15).iterrows()
            ],
        )
    if dossier.chiffres:
        commune = _note_des_carreaux(dossier.chiffres)
        affichage.tableau(
            "Chiffres",
            ("Chiffre", "Date", "Valeur", "De", "À", "Statut", "Note"),
            [_ligne(c, commune) for c in dossier.chiffres],
        )
        if commune:
            affichage.dire(f"  Carreaux : {commune}.")
    if dossier.etendues:
        affichage.tableau(
            "D'un IRIS à l'autre (valeurs publiées, sans moyenne)",
            ("Indicateur", "Date", "La plus basse", "La plus haute", "IRIS connus", "Absences"),
            [
                (
                    indicateur(e.indicateur).libelle,
                    e.periode,
                    f"{_nombre(e.basse)} ({e.iris_bas})" if e.connus else "nc",
                    f"{_nombre(e.haute)} ({e.iris_haut})" if e.connus else "nc",
                    f"{e.connus} sur {e.total}",
                    e.absences,
                )
                for e in dossier.etendues
            ],
        )
    affichage.enumerer("  - ", dossier.remarques)


def _note_des_carreaux(chiffres: Sequence[Chiffre]) -> str:
    """Donner la note que tous les comptes de la grille partagent : elle s'écrit une fois."""
    return next((c.note for c in chiffres if c.source == "grille" and c.a_une_valeur), "")


def _ligne(chiffre: Chiffre, commune: str) -> tuple[str, ...]:
    from abs.indicateurs.indicateurs import indicateur  # noqa: PLC0415
    from abs.perimetres.comptage import grandeurs  # noqa: PLC0415
    from abs.statuts import LIBELLES_STATUT  # noqa: PLC0415

    code = chiffre.indicateur.removeprefix("carreaux_").upper()
    if chiffre.source == "grille":
        comptes, parts = grandeurs()["comptes"], grandeurs()["parts"]
        libelle = comptes.get(code) or parts[code]["libelle"]
    else:
        libelle = indicateur(chiffre.indicateur).libelle
    return (
        str(libelle),
        chiffre.periode,
        _nombre(chiffre.valeur),
        _nombre(chiffre.borne_basse),
        _nombre(chiffre.borne_haute),
        LIBELLES_STATUT[chiffre.statut],
        "" if chiffre.note == commune else chiffre.note,
    )


def _profil(base: Base, code: str, codes: Sequence[str], demande: Demande, sortie: Path | None) -> None:
    """Écrire le profil des IRIS recouvrant un QPV."""
    from abs.indicateurs.indicateurs import indicateur  # noqa: PLC0415
    from abs.perimetres.profil_qpv import contour_de_qpv, profil_des_iris  # noqa: PLC0415
    from abs.phrases.phrases import ecrire  # noqa: PLC0415
    from abs.territoires.qpv_tenus import ce_qui_est_tenu  # noqa: PLC0415

    nom, contour, _ = contour_de_qpv(base, code)
    voulus = tuple(codes) or PROFIL_PAR_DEFAUT
    profil = profil_des_iris(base, f"{nom} ({code})", contour, voulus, demande)
    dates = {c: next((x.periode for (_, k), x in profil.chiffres.items() if k == c), "") for c in voulus}
    affichage.tableau(
        f"Profil des IRIS recouvrant le QPV {profil.nom}",
        (
            "IRIS",
            "Nom",
            "Part du QPV",
            "Part de l'IRIS",
            *(f"{indicateur(c).libelle_court} ({dates[c] or 'nc'})" for c in voulus),
        ),
        [
            (
                str(iris),
                str(r["nom"]),
                _pourcent(r["part_perimetre"]),
                _pourcent(r["part_iris"]),
                *(ecrire(indicateur(c), profil.chiffres.get((str(iris), c))) for c in voulus),
            )
            for iris, r in profil.iris.iterrows()
        ],
    )
    affichage.dire(f"  {profil.avertissement}")
    tenu = ce_qui_est_tenu(base, code)
    if tenu:
        affichage.dire(
            f"  Chiffres officiels du quartier que la base tient : {' ; '.join(tenu)}. `abs portrait {code}` les donne."
        )
    if profil.ecartes:
        affichage.dire(
            f"  {profil.ecartes} IRIS qui ne touchent le QPV que par l'épaisseur du trait ne sont pas listés."
        )
    if sortie is not None:
        _ranger(_table_du_profil(profil), sortie, f"profil-{code}")


def _table_du_profil(profil: ProfilQpv) -> pd.DataFrame:
    import pandas as pd  # noqa: PLC0415 - import lent

    lignes = [
        {
            "iris": iris,
            "nom": profil.iris.at[iris, "nom"],
            "part_du_qpv": profil.iris.at[iris, "part_perimetre"],
            "part_de_l_iris": profil.iris.at[iris, "part_iris"],
            "indicateur": code,
            "periode": c.periode,
            "valeur": c.valeur,
            "statut": c.statut,
            "note": c.note,
        }
        for (iris, code), c in profil.chiffres.items()
    ]
    return pd.DataFrame(lignes)


def _ranger(table: pd.DataFrame, sortie: Path, nom: str) -> None:
    racine = re.sub(r"[^a-z0-9]+", "-", normaliser(nom)).strip("-")[:60] or "perimetre"
    final = sortie / f"{racine}.csv"
    with fichier_provisoire(final) as provisoire:
        table.to_csv(provisoire, index=False, sep=";", encoding="utf-8-sig")
    affichage.dire(f"  écrit : {final}")


def _nombre(valeur: float) -> str:
    from abs.formats import nombre  # noqa: PLC0415

    if not math.isfinite(valeur):
        return "–"
    return nombre(valeur, 0 if abs(valeur) >= 100 else 1)


def _pourcent(part: float) -> str:
    from abs.formats import nombre  # noqa: PLC0415

    return f"{nombre(100 * part, 1)} %"
