"""Les modèles de sources locales : quoi demander, à qui, sous quel cadre. Un fichier TOML par thème."""

import difflib
import tomllib
from dataclasses import dataclass, fields
from functools import lru_cache

from donnees_insee.catalogue.tables import fichiers_toml
from donnees_insee.codes import normaliser
from donnees_insee.erreurs import IndicateurInconnu, TableNonConforme, liste_de_fautes

DIFFUSIONS = ("interne", "publique")
SENS = ("haut", "bas", "neutre")


@dataclass(frozen=True)
class Modele:
    """Un indicateur qu'un partenaire peut transmettre, et comment le lui demander."""

    code: str
    theme: str
    libelle: str
    libelle_court: str
    definition: str
    numerateur: str
    denominateur: str
    unite: str
    sens: str
    phrase: str
    producteur: str
    a_qui: str
    cadre: str
    diffusion: str
    seuil: int
    seuil_dit: str
    moment: str = ""


@lru_cache(maxsize=1)
def modeles() -> dict[str, Modele]:
    """Lire tous les modèles livrés."""
    lus: dict[str, Modele] = {}
    fautes: list[str] = []
    for nom, texte in fichiers_toml("modeles"):
        for code, brut in tomllib.loads(texte).items():
            try:
                modele = Modele(code=code, theme=nom.partition(".")[0], **brut)
            except TypeError as cause:
                fautes.append(f"{code} : {cause}")
                continue
            fautes += _fautes(modele) + ([f"{code} : modèle répété"] if code in lus else [])
            lus[code] = modele
    if fautes:
        raise TableNonConforme(liste_de_fautes("Des modèles de sources locales sont fautifs :", fautes))
    return lus


def _fautes(modele: Modele) -> list[str]:
    facultatifs = {"denominateur", "moment"}
    vides = [f.name for f in fields(Modele) if f.name not in facultatifs and getattr(modele, f.name) == ""]
    fautes = [f"le champ {nom} est vide" for nom in vides]
    if modele.diffusion not in DIFFUSIONS:
        fautes.append(f"diffusion « {modele.diffusion} » inconnue")
    if modele.sens not in SENS:
        fautes.append(f"sens « {modele.sens} » inconnu")
    if "{v}" not in modele.phrase:
        fautes.append("la phrase ne dit pas où va la valeur ({v})")
    if modele.unite == "%" and not modele.denominateur:
        fautes.append("un pourcentage a un dénominateur")
    return [f"{modele.code} : {f}" for f in fautes]


def themes() -> tuple[str, ...]:
    """Lister les thèmes où ranger un indicateur reçu."""
    return tuple(dict.fromkeys(m.theme for m in modeles().values()))


def modele(code: str) -> Modele:
    """Donner un modèle par son code."""
    if code in modeles():
        return modeles()[code]
    raise IndicateurInconnu(
        f"Aucun modèle de source locale ne s'appelle « {code} ».{suggestion(code)} "
        "`abs sources modele --liste` les donne tous."
    )


def suggestion(texte: str) -> str:
    """Proposer les modèles dont le code ou le libellé ressemble à un texte."""
    cle = normaliser(texte)
    noms = {normaliser(m.code): m.code for m in modeles().values()}
    noms |= {normaliser(m.libelle): m.code for m in modeles().values()}
    proches = [noms[n] for n in difflib.get_close_matches(cle, noms, n=3, cutoff=0.55)]
    mots = {m for m in cle.split() if len(m) > 3}
    proches += [m.code for m in modeles().values() if mots & set(normaliser(f"{m.code} {m.libelle}").split())]
    uniques = list(dict.fromkeys(proches))[:3]
    return f" Vouliez-vous dire {' ou '.join(uniques)} ?" if uniques else ""


def modele_ecrit(texte: str) -> Modele | None:
    """Reconnaître un modèle à son code ou à son libellé exact, casse et accents mis à part."""
    return _noms().get(normaliser(texte))


@lru_cache(maxsize=1)
def _noms() -> dict[str, Modele]:
    trouves = {normaliser(t): m for m in modeles().values() for t in (m.libelle, m.libelle_court)}
    return trouves | {normaliser(m.code): m for m in modeles().values()}
