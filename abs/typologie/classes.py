"""Dire les classes : noms proposés, noms confirmés, ce qui met un IRIS à part, ce qui manque pour le classer."""

import json
import tomllib
from typing import Final

import numpy as np
import pandas as pd

from abs.definitions import dire
from abs.typologie.donnees import Iris
from abs.typologie.modele import Modele
from abs.typologie.variables import Table, VariableActive
from donnees_insee.erreurs import ParametreInvalide

# Au-delà, une moyenne de classe s'écarte de l'ensemble (loi normale, 5 %).
TEST_NET: Final = 2.0
MOTS_D_UN_NOM: Final = 3
MOTS_D_UN_NOM_COURT: Final = 2
# Un IRIS est dit à part quand il s'écarte de son centre de deux écarts-types de sa classe, et d'un écart d'ensemble.
ECART_A_PART: Final = 2.0
COLONNES: Final = ("code", "nom", "type", "population", "classe", "etat", "etudiant", "a_part")
ETUDIANTE: Final = "secteurs étudiants (plus de 30 % de 18-24 ans)"


def _actives(modele: Modele, table: Table) -> list[VariableActive]:
    connues = {v.code: v for v in table.actives}
    return [connues[v.code] for v in modele.variables]


def traits(modele: Modele, table: Table, classe: int) -> list[tuple[VariableActive, float, str]]:
    """Donner ce qui distingue le plus une classe de l'ensemble."""
    lus = zip(_actives(modele, table), modele.tests[classe - 1].tolist(), strict=True)
    return [(v, t, v.haut if t > 0 else v.bas) for v, t in sorted(lus, key=lambda lu: -abs(lu[1]))]


def nom_propose(modele: Modele, table: Table, classe: int) -> str:
    """Proposer le nom d'une classe ; l'analyste le confirme ou le change."""
    if classe in modele.etudiantes:
        return ETUDIANTE
    forts = [mots for _, test, mots in traits(modele, table, classe) if abs(test) >= TEST_NET]
    return ", ".join(forts[:MOTS_D_UN_NOM]) or "profil proche de la moyenne"


def nom_court(modele: Modele, table: Table, classe: int) -> str:
    """Nommer une classe en quelques mots, par ses deux traits les plus nets : pour une légende, un document."""
    if classe in modele.etudiantes:
        return ETUDIANTE.partition(" (")[0]
    forts = [
        (v.court or (v.haut, v.bas))[test < 0]
        for v, test, _ in traits(modele, table, classe)
        if abs(test) >= TEST_NET
    ]
    return ", ".join(forts[:MOTS_D_UN_NOM_COURT]) or "profil proche de la moyenne"


def fichier_des_noms(modele: Modele, table: Table, confirmes: dict[int, str]) -> str:
    """Écrire le fichier où l'analyste confirme les noms."""
    texte = dire("typologie", "noms")
    for classe in modele.classes:
        tests = [f"{v.code} {t:+.1f}".replace(".", ",") for v, t, _ in traits(modele, table, classe)]
        # Une chaîne JSON est une chaîne TOML.
        noms_ecrits = (nom_propose(modele, table, classe), confirmes.get(classe, ""))
        propose, garde = (json.dumps(nom, ensure_ascii=False) for nom in noms_ecrits)
        texte += f"\n[classe_{classe}]\n# valeurs-tests : {' ; '.join(tests[:MOTS_D_UN_NOM])}\n"
        texte += f"propose = {propose}\nconfirme = {garde}\n"
    return texte


def lire_les_noms(texte: str, proposes: dict[int, str]) -> tuple[dict[int, str], list[str]]:
    """Relire les noms confirmés par l'analyste, tant que la classe qu'ils nomment est la même."""
    try:
        brut = tomllib.loads(texte)
        lus = {
            int(cle.removeprefix("classe_")): (str(c.get("propose", "")), str(c.get("confirme", "")).strip())
            for cle, c in brut.items()
        }
    except (tomllib.TOMLDecodeError, ValueError, AttributeError) as cause:
        raise ParametreInvalide(dire("typologie", "noms_illisibles", cause=cause)) from cause
    confirmes = {k: nom for k, (propose, nom) in lus.items() if nom and proposes.get(k) == propose}
    perimes = [
        f"« {nom} » était le nom de la classe {k}, dont les traits ont changé : il n'est plus employé."
        for k, (_, nom) in sorted(lus.items())
        if nom and k not in confirmes
    ]
    return confirmes, perimes


def noms(modele: Modele, table: Table, confirmes: dict[int, str]) -> dict[int, str]:
    """Donner le nom à écrire de chaque classe."""
    return {k: confirmes.get(k) or f"{nom_propose(modele, table, k)} (proposition)" for k in modele.classes}


def classer_le_sujet(modele: Modele, table: Table, valeurs: pd.DataFrame, iris: Iris) -> pd.DataFrame:
    """Classer les IRIS d'un territoire, avec la raison de chaque absence et ce qui met chacun à part."""
    codes = [str(c) for c in valeurs.index]
    fiches = iris.fiches({c[:5] for c in codes})
    brutes = valeurs.to_numpy(float)
    classes = modele.classer(brutes, table.regles.manques_admis)
    reduites = modele.echelle.appliquer(brutes)
    lignes = []
    for rang, code in enumerate(codes):
        nom, genre = fiches.get(code, (f"IRIS {code}", ""))
        habitants = float(iris.population.get(code, np.nan))
        manques = [v.code for v, x in zip(modele.variables, brutes[rang], strict=True) if np.isnan(x)]
        raison = _raison_de_non_classement(genre, habitants, manques, table)
        classe = 0 if raison else int(classes[rang])
        etat = raison or " sans ".join(filter(None, ("classé", " ni ".join(manques))))
        jeunes = float(iris.etudiants.get(code, np.nan))
        etudiant = "" if np.isnan(jeunes) else "oui" if jeunes > table.regles.part_etudiante else "non"
        a_part = ecarts_a_la_classe(modele, table, reduites[rang], classe) if classe else ""
        lignes.append((code, nom, genre, habitants, classe, etat, etudiant, a_part))
    return pd.DataFrame(lignes, columns=COLONNES)


def _raison_de_non_classement(genre: str, habitants: float, manques: list[str], table: Table) -> str:
    regles = table.regles
    if genre in {"A", "D"}:
        return "sans objet : IRIS d'activité ou divers"
    if np.isnan(habitants):
        return "non classé : population inconnue"
    if habitants < regles.habitants_classement:
        return f"non classé : moins de {regles.habitants_classement} habitants"
    if len(manques) > regles.manques_admis:
        return f"non classé : {len(manques)} variables manquent ({', '.join(manques)})"
    return ""


def ecarts_a_la_classe(modele: Modele, table: Table, reduites: np.ndarray, classe: int) -> str:
    """Dire en quoi un IRIS s'écarte des autres de sa classe."""
    seuils = np.maximum(ECART_A_PART * modele.dispersions[classe - 1], 1.0)
    lus = zip(_actives(modele, table), reduites - modele.centres[classe - 1], seuils, strict=True)
    # Une variable absente n'a pas d'écart : NaN ne dépasse aucun seuil.
    nets = sorted(((v, e) for v, e, seuil in lus if abs(e) > seuil), key=lambda net: -abs(net[1]))
    return " ; ".join(
        f"{v.indicateur.libelle_court} : {'plus haut' if e > 0 else 'plus bas'} que sa classe"
        for v, e in nets[:MOTS_D_UN_NOM]
    )
