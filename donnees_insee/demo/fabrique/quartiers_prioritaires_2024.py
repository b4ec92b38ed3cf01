"""Écrire les fichiers fictifs des quartiers prioritaires de 2024 : liste, périmètres, correspondance, statistiques."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any, Final

from donnees_insee.demo.fabrique.alea import Alea
from donnees_insee.demo.fabrique.formats_bruts import FORMATS, Ligne, ecrire, lire_toml, table
from donnees_insee.demo.fabrique.geometrie import ecrire_perimetres
from donnees_insee.demo.fabrique.population import Compte
from donnees_insee.demo.fabrique.quartiers_prioritaires import ligne_filosofi, portrait
from donnees_insee.demo.fabrique.recensement import Comptes
from donnees_insee.demo.fabrique.revenus import distribution, structure
from donnees_insee.demo.fabrique.territoire import COMMUNES, DEPARTEMENT, EPCI, NIVEAUX, QPV, REGION, Quartier

_PARAMETRES: Final = lire_toml("quartiers_prioritaires_2024.toml")
QUARTIERS: Final = tuple(Quartier(**q) for q in _PARAMETRES["quartiers"])
ANCIENS: Final = 3


def ecrire_les_qpv_2024(dossier: Path, comptes: Comptes, alea: Alea) -> list[Path]:
    """Écrire les cinq fichiers de la génération 2024, dans la forme de leurs producteurs."""
    demographie: list[Ligne] = []
    revenus: list[Ligne] = []
    for quartier in QUARTIERS:
        compte, lois = portrait(quartier, comptes, alea)
        demographie.append(_ligne_demographie(quartier, compte))
        dits = ligne_filosofi(quartier, distribution(lois, 2021) | structure(lois, 2021, compte))
        revenus.append({"CODGEO": quartier.code} | dits)
    entetes, filosofi = _PARAMETRES["entetes"], FORMATS["data_filo21_qp_revdis"]
    textes = {
        "listeqp2024-cog2024_territoire_fictif": _table("liste", map(_ligne_de_liste, QUARTIERS), vides=3),
        "liste-correspondance-qp2024-qp2015": _table("correspondance", map(_ligne_de_passage, QUARTIERS)),
        "estimations_demographiques_2022_QP2024": table(entetes["demographie"], demographie),
        "data_filo21_qp2024_revdis": table(lignes=revenus, **filosofi),
    }
    ecrits = [ecrire(dossier / f"{nom}.csv", texte) for nom, texte in textes.items()]
    return [*ecrits, ecrire_perimetres(dossier / "QP2024_territoire_fictif_WGS84.geojson", QUARTIERS)]


def _table(nom: str, lignes: Iterable[Ligne], vides: int = 0) -> str:
    return table(_PARAMETRES["entetes"][nom], lignes, bom=True, vides=vides)


def _noms(quartier: Any) -> list[str]:
    return [COMMUNES[2022][c][0] for c in quartier.communes]


def _ligne_de_liste(quartier: Any) -> Ligne:
    """Écrire un quartier : plusieurs communes tiennent dans une cellule protégée comme une formule de tableur."""
    epci = COMMUNES[2022][quartier.communes[0]][1]
    codes, noms = f'"=""{";".join(quartier.communes)}"""', "; ".join(_noms(quartier))
    lieux = (*NIVEAUX["REG"], *NIVEAUX["DEP"], codes, f'"{noms}"', epci, EPCI[epci])
    return (quartier.code, quartier.nom, *lieux)


def _ligne_de_passage(quartier: Any) -> Ligne:
    noms = {q.code: q.nom for q in QPV}
    anciens = [mot for code in quartier.ancetres for mot in (code, noms[code])]
    return (quartier.code, quartier.nom, quartier.statut, *anciens, *[""] * (2 * ANCIENS - len(anciens)))


def _ligne_demographie(quartier: Any, compte: Compte) -> Ligne:
    taux = {
        nom: coefficient * compte[haut] / compte[bas] + ajout
        for nom, (coefficient, haut, bas, ajout) in _PARAMETRES["demographie"].items()
    }
    reste = 100 - taux["partMen1p"] - taux["partMen6pp"]
    taux |= {nom: reste * part for nom, part in _PARAMETRES["tailles"].items()}
    lus = {nom: f"{valeur:.1f}" for nom, valeur in taux.items()}
    if not quartier.ancetres:
        # Le plus petit quartier n'a pas tout : le producteur laisse la cellule vide.
        lus |= {"partMen6pp": "", "partMenEt": ""}
    return {
        "codeQPV": quartier.code,
        "libQPV": quartier.nom,
        "listeDepCom": ",".join(quartier.communes),
        "listeLibDepCom": ", ".join(_noms(quartier)),
        "listeDep": DEPARTEMENT,
        "listeEPCI2022": COMMUNES[2022][quartier.communes[0]][1],
        "codeReg": REGION,
        "popMuniQPV": str(round(compte["P_POP"])),
    } | lus
