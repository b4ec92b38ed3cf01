"""Écrire les fichiers fictifs de Melodi : une cellule par ligne, trois recensements par fichier, tous les niveaux réunis."""

from collections.abc import Iterable, Iterator
from itertools import pairwise
from pathlib import Path

from donnees_insee.catalogue.jeux_melodi import TOTAL, Jeu, correspondances, jeux
from donnees_insee.demo.fabrique.alea import Alea
from donnees_insee.demo.fabrique.formats_bruts import archiver, decimal, lire_toml
from donnees_insee.demo.fabrique.population import BORNES, Compte
from donnees_insee.demo.fabrique.recensement import Comptes, ancien_nom
from donnees_insee.demo.fabrique.territoire import COMMUNES, DEPARTEMENT, REGION

_REGLAGES = lire_toml("melodi.toml")
EDITION: int = _REGLAGES["edition"]
RECENSEMENTS: list[int] = _REGLAGES["recensements"]
# Territoire (niveau, code) → année → variable → valeur.
Valeurs = dict[tuple[str, str], dict[int, Compte]]
Ligne = dict[str, object]


def ecrire_melodi(dossier: Path, effectifs: dict[int, Comptes], alea: Alea) -> list[Path]:
    """Écrire un fichier par jeu."""
    par_commune = _par_commune(effectifs)
    naissances_et_deces = _etat_civil(par_commune, alea)
    histoire = _histoire(par_commune, naissances_et_deces, alea)
    tous = {
        **{nom: _aux_niveaux(par_commune) for nom in _REGLAGES["jeux"]},
        "DS_RP_SERIE_HISTORIQUE": _aux_niveaux(histoire),
        "DS_ETAT_CIVIL_NAIS_COMMUNES": _aux_niveaux(naissances_et_deces),
        "DS_ETAT_CIVIL_DECES_COMMUNES": _aux_niveaux(naissances_et_deces),
    }
    return [_ecrire(dossier, jeux()[nom], valeurs) for nom, valeurs in tous.items()]


# -- valeurs -----------------------------------------------------------------------------------


def _par_commune(effectifs: dict[int, Comptes]) -> dict[str, dict[int, Compte]]:
    """Additionner les mailles par commune d'aujourd'hui ; prolonger les deux recensements jusqu'au premier de l'édition."""
    anciennes: dict[str, str] = _REGLAGES["communes_fusionnees"]
    valeurs: dict[str, dict[int, Compte]] = {code: {} for code in COMMUNES[2022]}
    for annee, comptes in effectifs.items():
        for iris, compte in comptes.items():
            siennes = valeurs[anciennes.get(iris[:5], iris[:5])].setdefault(annee, {})
            for nom, valeur in compte.items():
                siennes[nom] = siennes.get(nom, 0.0) + valeur
    for par_annee in valeurs.values():
        avant, apres = par_annee[2016], par_annee[2022]
        # Une même pente pour toutes les variables : les totaux restent ceux de leurs parts.
        par_annee[RECENSEMENTS[0]] = {
            nom: avant[nom] + 0.4 * (avant[nom] - apres[nom]) for nom in avant.keys() & apres.keys()
        }
        for compte in par_annee.values():
            compte.update(_ages_fins(compte))
            compte.update({f"P{n[1:]}": v for n, v in compte.items() if n.startswith("C_ACTOCC15P_")})
    return valeurs


def _ages_fins(compte: Compte) -> Compte:
    """Répartir chaque tranche d'âge entre ses années, de plus en plus rares au grand âge."""
    fins: Compte = {}
    for debut, fin in pairwise(BORNES):
        annees = range(debut, min(fin, 101))
        poids = [0.86 ** (age - debut) if debut >= 80 else 1.0 for age in annees]
        for sexe in "FH":
            for age, p in zip(annees, poids, strict=True):
                fins[f"{sexe}{age}"] = part = compte.get(f"AGE_{sexe}{debut}", 0.0) * p / sum(poids)
                fins[f"T{age}"] = fins.get(f"T{age}", 0.0) + part
    return fins


def _etat_civil(communes: dict[str, dict[int, Compte]], alea: Alea) -> dict[str, dict[int, Compte]]:
    """Tirer naissances et décès de chaque année d'un taux propre à la commune."""
    debut, fin = _REGLAGES["etat_civil"]
    tires: dict[str, dict[int, Compte]] = {}
    for code, par_annee in communes.items():
        habitants, ages = par_annee[2022]["P_POP"], par_annee[2022]["P_POP75P"]
        jeunes = par_annee[2022]["P_POP1529"] + par_annee[2022]["P_POP3044"]
        tires[code] = {
            annee: {
                "NAISSANCES": round(0.031 * jeunes * alea.autour(0.03, code, annee, "naissances")),
                "DECES": round((0.055 * ages + 0.003 * habitants) * alea.autour(0.04, code, annee, "deces")),
            }
            for annee in range(debut, fin + 1)
        }
    return tires


def _histoire(
    communes: dict[str, dict[int, Compte]], etat_civil: dict[str, dict[int, Compte]], alea: Alea
) -> dict[str, dict[int, Compte]]:
    """Remonter de recensement en recensement jusqu'à 1968 ; naissances et décès cumulés depuis le précédent."""
    dates: list[int] = _REGLAGES["serie"]
    histoire: dict[str, dict[int, Compte]] = {}
    noms = ("P_POP", "P_LOG", "P_RP", "P_RSECOCC", "P_LOGVAC", "P_PMEN")
    for code, par_annee in communes.items():
        siennes = {a: {n: compte[n] for n in noms} for a, compte in par_annee.items()}
        siennes[2022]["SUPERF"] = round(6 + 40 * alea.uniforme(code, "surface"), 2)
        for avant, apres in reversed(list(pairwise(dates))):
            if avant not in siennes:
                recul = alea.autour(0.02, code, avant, "histoire") * (1 - 0.006 * (apres - avant))
                siennes[avant] = {n: round(v * recul) for n, v in siennes[apres].items() if n != "SUPERF"}
            annees = range(avant, apres)
            for variable, annuelle, taux in (("NAIS", "NAISSANCES", 0.013), ("DECE", "DECES", 0.011)):
                connues = [etat_civil[code].get(a, {}).get(annuelle) for a in annees]
                sommes = [taux * siennes[avant]["P_POP"] if c is None else c for c in connues]
                siennes[apres][variable] = round(sum(sommes))
        histoire[code] = {annee: siennes[annee] for annee in dates}
    return histoire


def _aux_niveaux(communes: dict[str, dict[int, Compte]]) -> Valeurs:
    """Additionner les communes aux niveaux au-dessus ; un bassin de vie porte le code de sa commune, comme à l'Insee."""
    valeurs: Valeurs = {}
    for code, par_annee in communes.items():
        bassin: str = _REGLAGES["bassin_de_vie"]
        lieux = [("COM", code), ("EPCI", COMMUNES[2022][code][1]), ("DEP", DEPARTEMENT), ("REG", REGION)]
        for lieu in [*lieux, ("BV2022", bassin)]:
            for annee, compte in par_annee.items():
                siennes = valeurs.setdefault(lieu, {}).setdefault(annee, {})
                for nom, valeur in compte.items():
                    siennes[nom] = siennes.get(nom, 0.0) + valeur
    return valeurs


# -- lignes ------------------------------------------------------------------------------------


def _lignes(jeu: Jeu, valeurs: Valeurs) -> Iterator[Ligne]:
    """Écrire à l'envers la correspondance : de chaque variable à sa cellule."""
    cellules = list(_cellules(jeu))
    for (niveau, code), par_annee in valeurs.items():
        for annee, compte in sorted(par_annee.items()):
            for variable, dimensions in cellules:
                if variable in compte:
                    commun = {"GEO": code, "GEO_OBJECT": niveau, "FREQ": "A", "OBS_STATUS": "A"}
                    mesure = {"TIME_PERIOD": annee, "OBS_VALUE": decimal(round(compte[variable], 5))}
                    yield commun | dimensions | mesure


def _cellules(jeu: Jeu) -> Iterator[tuple[str, dict[str, str]]]:
    """Donner les cellules que la fabrique sait remplir : celles d'une seule modalité, et les âges fins."""
    fixes = {d: jeu.seules.get(d, TOTAL) for d in sorted({jeu.mesure, *jeu.dimensions})}
    mesures: dict[str, str] = _REGLAGES["mesures"]
    fixes[jeu.mesure] = jeu.seules.get(jeu.mesure) or mesures.get(jeu.nom, TOTAL)
    if jeu.nom == "DS_RP_TD_POPULATION_AGESEX_PRINC":
        yield from _cellules_d_age(fixes)
    vues: set[tuple[str, ...]] = set()
    for ligne in correspondances()[jeu.nom]:
        if all(len(m) == 1 for m in ligne.modalites.values()):
            dimensions = fixes | {d: _ecrire_modalite(m[0]) for d, m in ligne.modalites.items()}
            # Deux variables peuvent nommer une même cellule.
            if (cle := tuple(dimensions.values())) not in vues:
                vues.add(cle)
                yield ancien_nom(ligne.variable), dimensions


def _cellules_d_age(fixes: dict[str, str]) -> Iterable[tuple[str, dict[str, str]]]:
    for sexe, modalite in (("F", "F"), ("H", "M")):
        for age in range(101):
            yield f"{sexe}{age}", fixes | {"SEX": modalite, "AGE": "Y_GE100" if age == 100 else f"Y{age}"}
    for age in range(101):
        yield f"T{age}", fixes | {"SEX": TOTAL, "AGE": "Y_GE100" if age == 100 else f"Y{age}"}


def _ecrire_modalite(modalite: str) -> str:
    """Écrire la borne qui suit l'édition : l'avant-veille du recensement, et la veille pour le total."""
    if modalite.startswith("Y_LT"):
        return modalite.replace("AAAA", str(EDITION - 2))
    return modalite.replace("AAAA", str(EDITION - 3))


def _ecrire(dossier: Path, jeu: Jeu, valeurs: Valeurs) -> Path:
    colonnes = ["GEO", "GEO_OBJECT", *sorted({jeu.mesure, *jeu.dimensions}), "FREQ", "OBS_STATUS"]
    entre_guillemets = [";".join(f'"{c}"' for c in [*colonnes, "TIME_PERIOD", "OBS_VALUE"])]
    for ligne in _lignes(jeu, valeurs):
        textes = [f'"{ligne[c]}"' for c in colonnes]
        entre_guillemets.append(";".join([*textes, f"{ligne['TIME_PERIOD']}", f"{ligne['OBS_VALUE']}"]))
    edition = max(annee for par_annee in valeurs.values() for annee in par_annee)
    nom = f"{jeu.nom}_{edition}"
    meta = 'COD_VAR;LIB_VAR;COD_MOD;LIB_MOD\n"GEO_OBJECT";"Niveau (territoire fictif)";"COM";"Commune"\n'
    membres = {f"{nom}_data.csv": "\n".join(entre_guillemets) + "\n", f"{nom}_metadata.csv": meta}
    return archiver(dossier / f"{nom}_CSV_FR.zip", {n: t.encode() for n, t in membres.items()})
