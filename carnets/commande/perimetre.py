"""Le verbe `abs perimetre` : chiffrer un périmètre libre, une frange de QPV ou les IRIS d'un QPV."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final

from carnets.commande.affichage import dire, enumerer, montrer, phrase, tableau
from carnets.commande.communs import codes_choisis, ouvrir_la_base
from donnees_insee.codes import normaliser
from donnees_insee.erreurs import ParametreInvalide

if TYPE_CHECKING:
    import pandas as pd
    from shapely.geometry.base import BaseGeometry

    from abs.calcul.table_longue import Chiffre
    from abs.perimetres.perimetre_libre import DossierDePerimetre
    from abs.perimetres.perimetres import Etendue, ProfilQpv
    from abs.territoires.demande import Demande
    from donnees_insee.base.base import Base

PROFIL_PAR_DEFAUT: Final = ("population", "taux_pauvrete_60", "niveau_vie_median")
COLONNES_DU_PROFIL: Final = {"nom": "nom", "part_perimetre": "part_du_qpv", "part_iris": "part_de_l_iris"}
IRIS_MONTRES: Final = 15


def perimetre(
    fichier: Path | None = None,
    qpv: str = "",
    frange: float | None = None,
    indicateurs: str = "",
    millesime: int | None = None,
    millesimes: str = "",
    sortie: Path | None = None,
) -> None:
    """Chiffrer un périmètre libre, la frange d'un QPV, ou les IRIS qui le recouvrent."""
    from abs.territoires.demande import Demande, lire_millesimes, verifier  # noqa: PLC0415

    _verifier_les_options(fichier, qpv, frange)
    base = ouvrir_la_base()
    codes, code_du_qpv = codes_choisis(indicateurs), qpv.strip().upper()
    demande = Demande("", millesime, lire_millesimes(millesimes))
    verifier(demande, base)
    if qpv and frange is None:
        _profil(base, code_du_qpv, codes, demande, sortie)
        return
    from abs.perimetres.perimetre_libre import etudier  # noqa: PLC0415

    for nom, surface, remarque in _surfaces(base, fichier, code_du_qpv, frange):
        dossier = etudier(base, nom, surface, codes, demande)
        if remarque:
            dossier.remarques.append(f"{nom} : {remarque}.")
        _ecrire(dossier)
        if sortie is not None:
            _ranger(dossier.table(), sortie, nom)


def _verifier_les_options(fichier: Path | None, qpv: str, frange: float | None) -> None:
    if (fichier is None) == (not qpv):
        recus = "les deux" if fichier else "ni l’un ni l’autre"
        raise ParametreInvalide(phrase("perimetre_ou_qpv", recus=recus))
    if frange is not None and not qpv:
        raise ParametreInvalide(phrase("frange_sans_qpv"))


def _surfaces(
    base: Base, fichier: Path | None, qpv: str, metres: float | None
) -> list[tuple[str, BaseGeometry, str]]:
    if fichier is not None:
        from donnees_insee.lecture.perimetre_recu import lire_perimetres  # noqa: PLC0415

        return [(p.nom, p.surface, p.remarque) for p in lire_perimetres(fichier)]
    from abs.perimetres.perimetres import contour_de_qpv, frange  # noqa: PLC0415

    assert metres is not None
    nom, contour, tous = contour_de_qpv(base, qpv)
    return [(f"Frange de {metres:g} m autour de {nom} ({qpv})", frange(contour, metres, tous), "")]


def _ecrire(dossier: DossierDePerimetre) -> None:
    """Écrire les chiffres d'un périmètre, puis ce qui a été refusé."""
    dire(dossier.nom)
    touches = dossier.touches
    if touches is not None:
        nature = "réunion d'IRIS entiers" if touches.entiers else "périmètre qui coupe des IRIS"
        dire(f"  {nature} ; {len(touches.table)} IRIS touchés, contours {touches.annee or 'sans date'}")
        premiers = touches.table.sort_values("part_perimetre", ascending=False).head(IRIS_MONTRES)
        lignes = [
            (code, r["nom"], _pourcent(r["part_iris"]), _pourcent(r["part_perimetre"]))
            for code, r in premiers.iterrows()
        ]
        montrer("iris_touches", lignes)
    if dossier.chiffres:
        # La note que tous les comptes de la grille partagent s'écrit une fois.
        commune = next((c.note for c in dossier.chiffres if c.source == "grille" and c.a_une_valeur), "")
        montrer("chiffres_du_perimetre", [_ligne(c, commune) for c in dossier.chiffres])
        if commune:
            dire(f"  Carreaux : {commune}.")
    if dossier.etendues:
        montrer("etendues", [_ligne_d_etendue(e) for e in dossier.etendues])
    enumerer("  - ", dossier.remarques)


def _ligne_d_etendue(e: Etendue) -> tuple[str, ...]:
    from abs.indicateurs.indicateurs import indicateur  # noqa: PLC0415

    extremes = ((e.basse, e.iris_bas), (e.haute, e.iris_haut))
    bornes = [f"{_nombre(valeur)} ({iris})" if e.connus else "nc" for valeur, iris in extremes]
    return (indicateur(e.indicateur).libelle, e.periode, *bornes, f"{e.connus} sur {e.total}", e.absences)


def _ligne(chiffre: Chiffre, commune: str) -> tuple[str, ...]:
    from abs.indicateurs.indicateurs import indicateur  # noqa: PLC0415
    from abs.perimetres.carreaux import grandeurs  # noqa: PLC0415
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
        *map(_nombre, (chiffre.valeur, chiffre.borne_basse, chiffre.borne_haute)),
        LIBELLES_STATUT[chiffre.statut],
        "" if chiffre.note == commune else chiffre.note,
    )


def _profil(base: Base, code: str, codes: Sequence[str], demande: Demande, sortie: Path | None) -> None:
    """Écrire le profil des IRIS recouvrant un QPV."""
    from abs.indicateurs.indicateurs import indicateur  # noqa: PLC0415
    from abs.perimetres.perimetres import contour_de_qpv, profil_des_iris  # noqa: PLC0415
    from abs.phrases.ecriture import ecrire  # noqa: PLC0415
    from abs.territoires.demande import ce_qui_est_tenu  # noqa: PLC0415

    nom, contour, _ = contour_de_qpv(base, code)
    voulus = tuple(codes) or PROFIL_PAR_DEFAUT
    profil = profil_des_iris(base, f"{nom} ({code})", contour, voulus, demande)
    dates = {c: next((x.periode for (_, k), x in profil.chiffres.items() if k == c), "nc") for c in voulus}
    colonnes = [f"{indicateur(c).libelle_court} ({dates[c] or 'nc'})" for c in voulus]
    tableau(
        f"Profil des IRIS recouvrant le QPV {profil.nom}",
        ("IRIS", "Nom", "Part du QPV", "Part de l'IRIS", *colonnes),
        [
            (
                iris,
                r["nom"],
                _pourcent(r["part_perimetre"]),
                _pourcent(r["part_iris"]),
                *(ecrire(indicateur(c), profil.chiffres.get((str(iris), c))) for c in voulus),
            )
            for iris, r in profil.iris.iterrows()
        ],
    )
    dire(f"  {profil.avertissement}")
    if tenu := " ; ".join(ce_qui_est_tenu(base, code)):
        dire(f"  Chiffres officiels du quartier que la base tient : {tenu}. `abs portrait {code}` les donne.")
    if profil.ecartes:
        dire(phrase("iris_ecartes", n=profil.ecartes))
    if sortie is not None:
        _ranger(_table_du_profil(profil), sortie, f"profil-{code}")


def _table_du_profil(profil: ProfilQpv) -> pd.DataFrame:
    import pandas as pd  # noqa: PLC0415 - import lent

    iris_du_profil = profil.iris[list(COLONNES_DU_PROFIL)].rename(columns=COLONNES_DU_PROFIL)
    lignes = [
        {
            "iris": iris,
            **iris_du_profil.loc[iris],
            "indicateur": code,
            **{champ: getattr(c, champ) for champ in ("periode", "valeur", "statut", "note")},
        }
        for (iris, code), c in profil.chiffres.items()
    ]
    return pd.DataFrame(lignes)


def _ranger(table: pd.DataFrame, sortie: Path, nom: str) -> None:
    from carnets.documents.csv_long import ecrire_lignes  # noqa: PLC0415 - import lent
    from carnets.documents.paquet_tabulaire import accompagner  # noqa: PLC0415

    racine = re.sub(r"[^a-z0-9]+", "-", normaliser(nom)).strip("-")[:60] or "perimetre"
    final = ecrire_lignes(table.to_dict("records"), sortie / f"{racine}.csv", table.columns)
    accompagner(final, nom)
    dire(f"  écrit : {final}")


def _nombre(valeur: float) -> str:
    from abs.formats import nombre  # noqa: PLC0415

    if not math.isfinite(valeur):
        return "–"
    return nombre(valeur, 0 if abs(valeur) >= 100 else 1)


def _pourcent(part: float) -> str:
    from abs.formats import nombre  # noqa: PLC0415

    return f"{nombre(100 * part, 1)} %"
