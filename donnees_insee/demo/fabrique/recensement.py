"""Écrire les cinq bases infra-communales fictives des recensements de 2016 et de 2022."""

from pathlib import Path

from donnees_insee.demo.fabrique.alea import Alea
from donnees_insee.demo.fabrique.emploi import activite
from donnees_insee.demo.fabrique.formats_bruts import FORMATS, archiver, decimal, ecrire, lire_toml, table
from donnees_insee.demo.fabrique.menages import logements, menages
from donnees_insee.demo.fabrique.population import Compte, contexte, population, scolarisation
from donnees_insee.demo.fabrique.territoire import COMMUNES, DEPARTEMENT, REGION, Maille, iris_de

_ENTETES = lire_toml("recensement.toml")
THEMES = tuple(_ENTETES["themes"])
# Dans les communes de métropole ces colonnes, propres à l'outre-mer, restent vides.
OUTRE_MER = ["ELEC", "EAUCH", "BDWC", "CHOS", "CLIM", "TTEGOU", "HABFOR", "CASE", "MIBOIS", "MIDUR"]
# La nomenclature des catégories change en 2022 ; « GSEC » y prend un rang ou deux.
_GSEC = ("11", "12", "13", "14", "15", "16", "32", "40")
Comptes = dict[str, Compte]
_UNITES_URBAINES = {"99001": "99701", "99002": "99701", "99003": "99701"}
# Trois IRIS d'habitat au label moins bon, pour que la fiabilité ait à le dire.
_LABELS = {"990010201": "2", "990020105": "2", "990030103": "2"}
_LABELS_PAR_NATURE = {"H": "1", "A": "3", "D": "4", "Z": "5"}


def variables(theme: str, annee: int) -> list[str]:
    """Donner les colonnes de données d'un fichier, sans préfixe d'année."""
    noms: str = _ENTETES["themes"][theme][str(annee)]
    return noms.split()


def avec_annee(variable: str, annee: int) -> str:
    """Remettre l'année dans un nom de variable, comme l'écrit le producteur."""
    return f"{variable[0]}{annee % 100:02d}{variable[1:]}"


def ancien_nom(variable: str) -> str:
    """Ramener un nom de 2022 à celui que produit la fabrique."""
    racine, gsec, code = variable.partition("_STAT_GSEC")
    return f"{racine}_CS{_GSEC.index(code[:2]) + 1}" if gsec else variable


def unite_urbaine(commune: str) -> str:
    """Donner l'unité urbaine fictive d'une commune."""
    return _UNITES_URBAINES.get(commune, DEPARTEMENT + "000")


def comptes_de_maille(maille: Maille, annee: int, alea: Alea) -> Compte:
    """Produire toutes les variables du recensement pour une maille."""
    ctx = contexte(maille, annee, alea)
    habitants = population(ctx)
    ecole = scolarisation(ctx)
    foyers = menages(ctx, habitants["P_PMEN"])
    maisons = logements(ctx, habitants["P_PMEN"])
    return foyers | maisons | ecole | activite(ctx, ecole) | habitants


def comptes(annee: int, alea: Alea) -> Comptes:
    """Additionner les mailles par IRIS."""
    resultat: Comptes = {}
    for code, mailles in iris_de(annee).items():
        siens = [comptes_de_maille(maille, annee, alea) for maille in mailles]
        resultat[code] = {nom: sum(compte[nom] for compte in siens) for nom in siens[0]}
    return resultat


def somme(comptes: Comptes, code: str, variable: str) -> float:
    """Additionner une variable sur les IRIS d'une commune, ou prendre celle d'un IRIS."""
    return sum(compte[variable] for iris, compte in comptes.items() if iris.startswith(code))


def _geographie(code: str, maille: Maille, annee: int) -> dict[str, str]:
    """Écrire les premières colonnes d'une ligne, toutes celles de 2016."""
    commune, nature = code[:5], maille.nature
    nom, quartier = COMMUNES[annee][commune][0], "ZZZZZZ" if code.endswith("0000") else commune + code[6]
    valeurs = [code, REGION, DEPARTEMENT, unite_urbaine(commune), commune, nom, quartier, code[:7]]
    valeurs += [maille.libelle(annee), nature, "00", _LABELS.get(code, _LABELS_PAR_NATURE[nature])]
    return dict(zip(_ENTETES["geographie"]["2016"].split(), valeurs, strict=True))


def _meta(noms: list[str]) -> str:
    """Écrire un dictionnaire de variables réduit, comme celui qui accompagne chaque base."""
    lignes = [
        ["TYP_IRIS", "Type d'IRIS", "Type d'IRIS (territoire fictif)", modalite, libelle, "CHAR", "1"]
        for modalite, libelle in (("A", "Activité"), ("D", "Divers"), ("H", "Habitat"), ("Z", "Non divisée"))
    ]
    lignes += [[nom, nom, f"{nom} (territoire fictif)", "", "", "NUM", "16"] for nom in noms]
    return table(lignes=lignes, **FORMATS["meta"])


def ecrire_recensement(dossier: Path, effectifs_par_annee: dict[int, Comptes]) -> list[Path]:
    """Écrire les bases des deux millésimes, chacune à la manière de son année."""
    ecrits = []
    vides = {f"P_RP_{nom}" for nom in OUTRE_MER}
    for annee, effectifs in effectifs_par_annee.items():
        geographie = _ENTETES["geographie"][str(annee)].split()
        mailles = iris_de(annee)
        for theme in THEMES:
            noms = {avec_annee(nom, annee): nom for nom in variables(theme, annee)}
            lignes = [
                _geographie(code, mailles[code][0], annee)
                | {p: "" if n in vides else decimal(compte[ancien_nom(n)]) for p, n in noms.items()}
                for code, compte in effectifs.items()
            ]
            texte = table(";".join([*geographie, *noms]), lignes, fin="\n")
            nom = f"base-ic-{theme}-{annee}"
            if annee == 2016:
                # Selon les années ces fichiers sont en UTF-8 ou en latin-1 : le logement fait l'exception.
                encodage = "latin-1" if theme == "logement" else "utf-8"
                ecrits.append(ecrire(dossier / f"{nom}.CSV", texte, encodage=encodage))
            else:
                membres = {f"{nom}.CSV": texte.encode(), f"meta_{nom}.CSV": _meta(list(noms)).encode()}
                ecrits.append(archiver(dossier / f"{nom}_csv.zip", membres, comprimer=False))
    return ecrits
