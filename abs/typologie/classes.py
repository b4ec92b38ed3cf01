"""Dire les classes : noms proposés, noms confirmés, ce qui met un IRIS à part, ce qui manque pour le classer."""

from __future__ import annotations

import tomllib
from typing import Final

import numpy as np
import pandas as pd

from abs.typologie.donnees import Iris
from abs.typologie.modele import Modele
from abs.typologie.variables import Table, VariableActive
from donnees_insee.erreurs import ParametreInvalide

# Au-delà, une moyenne de classe s'écarte de l'ensemble (loi normale, 5 %).
TEST_NET: Final = 2.0
MOTS_D_UN_NOM: Final = 3
# Un IRIS est dit à part quand il s'écarte de son centre de deux écarts-types de sa classe, et d'un écart d'ensemble.
ECART_A_PART: Final = 2.0
ETUDIANTE: Final = "secteurs étudiants (plus de 30 % de 18-24 ans)"


def _actives(modele: Modele, table: Table) -> list[VariableActive]:
    connues = {v.code: v for v in table.actives}
    return [connues[v.code] for v in modele.variables]


def traits(modele: Modele, table: Table, classe: int) -> list[tuple[VariableActive, float, str]]:
    """Donner ce qui distingue le plus une classe de l'ensemble."""
    tests = modele.tests[classe - 1]
    variables = _actives(modele, table)
    ordre = sorted(range(len(variables)), key=lambda i: (-abs(tests[i]), i))
    return [
        (variables[i], float(tests[i]), variables[i].haut if tests[i] > 0 else variables[i].bas)
        for i in ordre
    ]


def nom_propose(modele: Modele, table: Table, classe: int) -> str:
    """Proposer le nom d'une classe ; l'analyste le confirme ou le change."""
    if classe in modele.etudiantes:
        return ETUDIANTE
    forts = [mots for _, test, mots in traits(modele, table, classe) if abs(test) >= TEST_NET]
    return ", ".join(forts[:MOTS_D_UN_NOM]) or "profil proche de la moyenne"


def fichier_des_noms(modele: Modele, table: Table, confirmes: dict[int, str]) -> str:
    """Écrire le fichier où l'analyste confirme les noms."""
    lignes = [
        "# Noms des classes. « propose » vient des trois valeurs-tests les plus fortes ; écrivez le vôtre dans",
        "# « confirme », puis relancez la commande : tant qu'il est vide, le nom est donné comme une proposition.",
        "",
    ]
    for classe in range(1, modele.nombre + 1):
        propose, garde = _toml(nom_propose(modele, table, classe)), _toml(confirmes.get(classe, ""))
        tests = [f"{v.code} {t:+.1f}".replace(".", ",") for v, t, _ in traits(modele, table, classe)]
        lignes += [
            f"[classe_{classe}]",
            f"# valeurs-tests : {' ; '.join(tests[:MOTS_D_UN_NOM])}",
            f"propose = {propose}",
            f"confirme = {garde}",
            "",
        ]
    return "\n".join(lignes)


def _toml(texte: str) -> str:
    return '"' + texte.replace("\\", "\\\\").replace('"', '\\"') + '"'


def lire_les_noms(texte: str, proposes: dict[int, str]) -> tuple[dict[int, str], list[str]]:
    """Relire les noms confirmés par l'analyste, tant que la classe qu'ils nomment est la même."""
    try:
        brut = tomllib.loads(texte)
        lus = {
            int(cle.removeprefix("classe_")): (str(c.get("propose", "")), str(c.get("confirme", "")).strip())
            for cle, c in brut.items()
        }
    except (tomllib.TOMLDecodeError, ValueError, AttributeError) as cause:
        raise ParametreInvalide(
            f"Le fichier des noms de classes ne se lit pas ({cause}). On attend une table [classe_1], [classe_2]… "
            'avec une ligne confirme = "…" ; effacez-le pour qu\'il soit réécrit.'
        ) from cause
    confirmes = {k: nom for k, (propose, nom) in lus.items() if nom and proposes.get(k) == propose}
    perimes = [
        f"« {nom} » était le nom de la classe {k}, dont les traits ont changé : il n'est plus employé."
        for k, (_, nom) in sorted(lus.items())
        if nom and k not in confirmes
    ]
    return confirmes, perimes


def noms(modele: Modele, table: Table, confirmes: dict[int, str]) -> dict[int, str]:
    """Donner le nom à écrire de chaque classe."""
    tous = range(1, modele.nombre + 1)
    return {
        k: confirmes[k] if k in confirmes else f"{nom_propose(modele, table, k)} (proposition)" for k in tous
    }


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
        jeunes = float(iris.etudiants.get(code, np.nan))
        etudiant = "oui" if jeunes > table.regles.part_etudiante else "non"
        lignes.append(
            {
                "code": code,
                "nom": nom,
                "type": genre,
                "population": habitants,
                "classe": classe,
                "etat": raison or " sans ".join(filter(None, ("classé", " ni ".join(manques)))),
                "etudiant": "" if np.isnan(jeunes) else etudiant,
                "a_part": ecarts_a_la_classe(modele, table, reduites[rang], classe) if classe else "",
            }
        )
    return pd.DataFrame(lignes)


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
    ecarts = reduites - modele.centres[classe - 1]
    seuils = np.maximum(ECART_A_PART * modele.dispersions[classe - 1], 1.0)
    variables = _actives(modele, table)
    nets = [i for i in range(len(variables)) if np.isfinite(ecarts[i]) and abs(ecarts[i]) > seuils[i]]
    nets.sort(key=lambda i: -abs(ecarts[i]))
    return " ; ".join(
        f"{variables[i].indicateur.libelle_court} : {'plus haut' if ecarts[i] > 0 else 'plus bas'} que sa classe"
        for i in nets[:MOTS_D_UN_NOM]
    )
