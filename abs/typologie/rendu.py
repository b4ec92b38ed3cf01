"""Écrire la typologie pour son lecteur : tables, fiches de classes, quartiers prioritaires. Du texte, pas de fichier."""

from typing import Any, Final

import pandas as pd

from abs.definitions import dire
from abs.formats import nombre
from abs.typologie.classes import MOTS_D_UN_NOM, TEST_NET, traits
from abs.typologie.etude import Etude
from abs.typologie.modele import Modele
from abs.typologie.variables import Table, VariableActive

UNITE_D_UN_RAPPORT: Final = "rapport à la médiane métropolitaine"
SANS_CLASSE: Final = "non classé"


def en_csv(table: pd.DataFrame) -> str:
    """Écrire une table en CSV français : point-virgule, virgule décimale, codes en texte."""
    return table.map(_cellule).to_csv(sep=";", lineterminator="\n", index=False)


def _cellule(valeur: Any) -> str:
    if isinstance(valeur, float):
        return "" if pd.isna(valeur) else f"{valeur:.6g}".replace(".", ",")
    texte = str(valeur)
    # Un tableur exécuterait une cellule qui commence ainsi.
    return f"'{texte}" if texte[:1] in {"=", "+", "-", "@"} else texte


def valeur_lisible(variable: VariableActive, valeur: float, mediane: float | None) -> str:
    """Écrire la valeur d'une variable active."""
    if mediane is not None:
        return f"{nombre(valeur, 2)} fois la médiane métropolitaine"
    unite = variable.indicateur.unite
    if unite == "€":
        return f"{nombre(round(valeur, -1))} €"
    return f"{nombre(valeur, 1)}\u00a0%" if unite == "%" else nombre(valeur, 1)


def table_des_classes(
    modele: Modele, reglages: Table, noms: dict[int, str], iris: pd.DataFrame
) -> pd.DataFrame:
    """Dresser une ligne par classe et par variable : centre, ensemble, valeur-test."""
    actives = {v.code: v for v in reglages.actives}
    siens = iris["classe"].value_counts()
    return pd.DataFrame(
        [
            {
                "classe": k,
                "nom": noms[k],
                "iris_du_territoire": int(siens.get(k, 0)),
                "iris_d_apprentissage": modele.effectifs[k - 1],
                "variable": v.code,
                "libelle": actives[v.code].indicateur.libelle_court,
                "source": v.source,
                "millesime": v.millesime,
                "centre": modele.centre(k, j),
                "moyenne_d_ensemble": v.moyenne,
                "unite": UNITE_D_UN_RAPPORT if v.mediane else actives[v.code].indicateur.unite,
                "valeur_test": float(modele.tests[k - 1][j]),
            }
            for k in modele.classes
            for j, v in enumerate(modele.variables)
        ]
    )


def fiches(etude: Etude, noms: dict[int, str], quartiers: pd.DataFrame, phrase_des_quartiers: str) -> str:
    """Écrire les fiches de classes en Markdown."""
    modele, hors = etude.modele, etude.iris[etude.iris["classe"] == 0]
    parties = [
        f"# Typologie des IRIS · {etude.sujet.nom}",
        dire("typologie", "avertissement"),
        "## Sur quoi elle repose",
        "\n".join(f"- {p}" for p in modele.phrases),
        *(_fiche(etude, noms, k) for k in modele.classes),
        f"## Non classés ({len(hors)})",
        "\n".join(f"- {r.nom} ({r.code}) : {r.etat}." for r in hors.itertuples()) or "Aucun.",
        "## Quartiers prioritaires",
        phrase_des_quartiers,
        *_quartiers(etude, noms, quartiers),
    ]
    return "\n\n".join(p for p in parties if p) + "\n"


def _fiche(etude: Etude, noms: dict[int, str], k: int) -> str:
    siens = etude.iris[etude.iris["classe"] == k]
    lignes = [f"## Classe {k} · {noms[k]}", phrase_de_situation(etude.modele, etude.reglages, k)]
    habitants = nombre(round(float(siens["population"].sum()), -2))
    if siens.empty:
        lignes.append(f"Aucun IRIS de {etude.sujet.nom} dans cette classe.")
        return "\n\n".join(lignes)
    lignes.append(f"À {etude.sujet.nom} : {len(siens)} IRIS, environ {habitants} habitants.")
    lignes.append("\n".join(_ligne_d_iris(r) for r in siens.itertuples()))
    return "\n\n".join(lignes)


def _ligne_d_iris(ligne: Any) -> str:
    mots = [f"- {ligne.nom} ({ligne.code})"]
    if ligne.etudiant == "oui":
        mots.append("IRIS étudiant : plus de 30 % de 18-24 ans")
    if ligne.etat != "classé":
        mots.append(ligne.etat)
    if ligne.a_part:
        mots.append(f"à part dans sa classe : {ligne.a_part}")
    return " ; ".join(mots) + "."


def phrase_de_situation(modele: Modele, reglages: Table, classe: int) -> str:
    """Décrire une classe par sa situation : ses trois traits les plus nets, avec leurs valeurs."""
    rangs = {v.code: i for i, v in enumerate(modele.variables)}
    faits = []
    for variable, test, _ in traits(modele, reglages, classe)[:MOTS_D_UN_NOM]:
        if abs(test) < TEST_NET:
            continue
        apprise = modele.variables[rangs[variable.code]]
        valeur = valeur_lisible(variable, modele.centre(classe, rangs[variable.code]), apprise.mediane)
        ensemble = valeur_lisible(variable, apprise.moyenne, apprise.mediane)
        mots = {"libelle": variable.indicateur.libelle_court, "valeur": valeur, "ensemble": ensemble}
        faits.append(dire("typologie", "trait", test=nombre(test, 1), **mots))
    effectif = modele.effectifs[classe - 1]
    debut = f"{effectif} des {sum(modele.effectifs)} IRIS d'apprentissage. "
    return debut + ("\n\n" + "\n".join(f"- {f}" for f in faits) if faits else "Aucun trait net.")


def _quartiers(etude: Etude, noms: dict[int, str], quartiers: pd.DataFrame) -> list[str]:
    """Dire, quartier par quartier, les classes des IRIS qui le recouvrent, puis décrire ces classes."""
    if quartiers.empty:
        return []
    nom_d_iris = etude.iris.set_index("code")["nom"]
    lignes = []
    for (_, nom), groupe in quartiers.groupby(["qpv", "nom_qpv"], sort=True):
        iris = [
            f"{nom_d_iris[r.code]} ({f'classe {r.classe}' if r.classe else SANS_CLASSE}, "
            f"{nombre(100 * r.part_du_qpv)}\u00a0% de la surface du quartier)"
            for r in groupe.itertuples()
        ]
        lignes.append(f"- {nom} : {', '.join(iris)}.")
    classes = sorted(set(quartiers["classe"]) - {0})
    reste = [f"- Classe {k} : {noms[k]}." for k in classes]
    return ["\n".join(lignes), "Ces classes, par leur situation :", "\n".join(reste)]
