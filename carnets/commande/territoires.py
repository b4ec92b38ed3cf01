"""Les verbes qui lisent : ce qu'un territoire permet, les indicateurs, les codes, ce qui a changé."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final

from carnets.commande.affichage import avertir, dire, enumerer, montrer, phrase, tableau
from carnets.commande.communs import SORTIES, codes_choisis, ouvrir_la_base
from carnets.dossier_de_sortie import quelques
from donnees_insee.codes import conforme
from donnees_insee.erreurs import ParametreInvalide, TerritoireInconnu

if TYPE_CHECKING:
    from donnees_insee.base.base import Base

# L'écran tient en quarante lignes, quel que soit le territoire ; le reste est dans les fichiers.
INDICATEURS_A_L_ECRAN: Final = 22
PHRASES_A_L_ECRAN: Final = 3
LARGEUR_D_UNE_PHRASE: Final = 200


def etat(territoire: str, millesime: int | None = None, millesimes: str = "") -> None:
    """Dire ce que les fichiers déposés permettent pour un territoire, et ce qui manque."""
    from abs.portrait.portrait import etat as etablir  # noqa: PLC0415
    from abs.territoires.demande import Demande, lire_millesimes  # noqa: PLC0415

    constat = etablir(ouvrir_la_base(), Demande(territoire, millesime, lire_millesimes(millesimes)))
    e = constat.diagnostic.ensembles
    dire(f"{e.sujet.nom} ({e.sujet.niveau} {e.sujet.code})")
    nom = "communes" if e.mailles and e.mailles[0].niveau == "commune" else "IRIS"
    contours = phrase("contours_tenus" if constat.contours else "sans_contour")
    dire(f"{len(e.mailles)} {nom}, {len(e.qpv)} QPV, {len(e.quartiers)} quartiers ; {contours}.")
    dire("Références : " + ", ".join(r.nom for r in e.references))
    permis = [
        (t.theme, f"{t.disponibles} sur {t.total}", t.partiels, t.mailles, ", ".join(t.dates))
        for t in constat.themes
    ]
    montrer("permis", permis)
    manques = [(m.raison, quelques(m.indicateurs, 4, " ; "), m.a_deposer) for m in constat.manques]
    montrer("manques", manques)
    dire("Ce qui a paru, ce qui n'existe pas, ce qu'il faut attendre :")
    enumerer("  - ", constat.parutions)
    dire("À demander aux partenaires, hors données ouvertes :")
    enumerer("  - ", constat.a_demander)


def indicateurs(theme: str = "", recherche: str = "") -> None:
    """Lister les indicateurs, leurs libellés et leurs formules."""
    from abs.indicateurs.indicateurs import chercher_des_indicateurs  # noqa: PLC0415

    lignes = [
        (
            i.code,
            i.libelle_court,
            i.unite or "rapport",
            ", ".join(dict.fromkeys(le.source.id for le in i.lectures)),
            i.lectures[0].formule_lisible(),
        )
        for i in chercher_des_indicateurs(theme, recherche)
    ]
    montrer("indicateurs", lignes)


def evolution(
    territoire: str,
    de: int,
    a: int,
    indicateurs: str = "",
    formats: str = "html,docx,pdf",
    sortie: Path = SORTIES,
    remplacer: bool = False,
) -> None:
    """Dire comment un territoire a évolué entre deux dates, avec ce que la précision permet d'en dire."""
    from abs.evolutions.releve import phrases_de_refus, relever  # noqa: PLC0415
    from abs.evolutions.tableaux import bilan  # noqa: PLC0415 - import lent
    from carnets.exports_anticipes import RENDUS  # noqa: PLC0415
    from carnets.production_comparaison import produire_les_evolutions  # noqa: PLC0415

    voulus = tuple(f for f in (f.strip().lower() for f in formats.split(",")) if f)
    if inconnus := [f for f in voulus if f not in RENDUS]:
        raise ParametreInvalide(
            phrase("formats_inconnus", inconnus=", ".join(inconnus), attendus=", ".join(RENDUS))
        )
    base = ouvrir_la_base()
    choisis = codes_choisis(indicateurs)
    releve = relever(base, territoire, de, a, choisis)
    dire(f"{releve.sujet.nom} ({releve.sujet.code}), de {releve.de} à {releve.a}, à géographie constante")
    _quelques([phrase("essais", fichiers=", ".join(releve.essais))] if releve.essais else releve.geographie)
    lignes, autres = bilan(releve, INDICATEURS_A_L_ECRAN)
    entetes = ("Indicateur", str(releve.de), str(releve.a), "Écart", "Pour le territoire", "Mailles établies")
    tableau("", entetes, lignes, plier=False)
    if autres:
        dire(f"  … et {autres} autres indicateurs dans le document.")
    if releve.refus:
        dire("Ce qui ne se compare pas :")
        _quelques(phrases_de_refus(releve.refus))
    ecrit = produire_les_evolutions(
        releve, ",".join(choisis), voulus, base.dossier, sortie, remplacer=remplacer
    )
    noms = [f.name for f in ecrit.fichiers if f.parent == ecrit.dossier]
    dire(f"Écrit dans {ecrit.dossier} : {', '.join(noms)}.")
    avertir(ecrit.avis)


def _quelques(phrases: list[str]) -> None:
    for dite in phrases[:PHRASES_A_L_ECRAN]:
        entiere = len(dite) <= LARGEUR_D_UNE_PHRASE
        dire(f"  - {dite if entiere else dite[:LARGEUR_D_UNE_PHRASE].rsplit(' ', 1)[0] + ' …'}")
    reste = len(phrases) - PHRASES_A_L_ECRAN
    if reste > 0:
        dire(f"  - … et {reste} autre{'s' if reste > 1 else ''}, dans le document.")


def territoire_chercher(texte: str) -> None:
    """Trouver des codes de territoires à partir d'un nom."""
    from abs.territoires.territoires import NOMS_DE_NIVEAU, Territoires  # noqa: PLC0415

    trouves = Territoires(ouvrir_la_base(tenue=True)).chercher(texte)
    if not trouves:
        raise TerritoireInconnu(phrase("territoire_introuvable", texte=texte))
    montrer("territoires", [(t.code, t.nom, NOMS_DE_NIVEAU[t.niveau]) for t in trouves], texte=texte)


def territoire_changements(code: str, de: int | None = None, a: int | None = None) -> None:
    """Dire ce qui a changé dans une commune : fusions, changements de code, IRIS redécoupés."""
    from donnees_insee.geographie.dans_le_temps import changements  # noqa: PLC0415

    base = ouvrir_la_base(tenue=True)
    constat = changements(base, _commune(base, code), de, a)
    dire(f"{constat.nom} ({constat.code}), de {constat.de} à {constat.a}")
    enumerer("  - ", constat.phrases())
    passages = [("commune", constat.communes)]
    if constat.iris is not None:
        passages.append(("IRIS", constat.iris.passage))
    lignes = [
        (niveau, g.nature, ", ".join(g.avant), ", ".join(g.apres))
        for niveau, passage in passages
        for g in passage.changes
    ]
    if lignes:
        montrer("changements", lignes)


def _commune(base: Base, texte: str) -> str:
    """Reconnaître une commune : un code bien formé est pris tel quel, car il peut être ancien ; sinon un nom."""
    from abs.territoires.territoires import Territoires  # noqa: PLC0415

    if conforme(texte.strip().upper(), "commune"):
        return texte.strip().upper()
    trouve = Territoires(base).trouver(texte)
    if trouve.niveau != "commune":
        raise TerritoireInconnu(phrase("pas_une_commune", texte=texte, nom=trouve.nom))
    return trouve.code
