"""Écrire un chiffre, un lieu et une date comme une phrase les attend : décimales de la marge, unité, article."""

from __future__ import annotations

from abs.chiffre import Chiffre
from abs.formats import avec_unite
from abs.indicateurs import Indicateur
from abs.phrases_langue import table_des_phrases
from abs.statuts import ABREGES_STATUT, Fiabilite, Statut
from abs.territoires import Territoire


def gabarits(nom: str = "phrases") -> dict[str, str]:
    """Donner une table de gabarits.

    Parameters
    ----------
    nom : str, default "phrases"
        ``phrases``, ``comparaisons``, ``tetes`` ou ``silences``.

    Returns
    -------
    dict of str to str
        Cas → gabarit.
    """
    return dict(table_des_phrases()[nom])


def reference(chiffre: Chiffre) -> str:
    """Donner la référence d'un chiffre : la ligne du diagnostic où il se vérifie.

    Parameters
    ----------
    chiffre : Chiffre
        Chiffre du diagnostic.

    Returns
    -------
    str
        ``territoire|niveau|indicateur|definition|millesime|source``.
    """
    morceaux = (
        chiffre.territoire,
        chiffre.niveau,
        chiffre.indicateur,
        chiffre.definition,
        chiffre.millesime,
        chiffre.source,
    )
    return "|".join("" if m is None else str(m) for m in morceaux)


def decimales(indicateur: Indicateur, chiffre: Chiffre) -> int:
    """Choisir les décimales écrites : elles suivent la marge.

    Parameters
    ----------
    indicateur : Indicateur
        Définition.
    chiffre : Chiffre
        Chiffre à écrire.

    Returns
    -------
    int
        Aucune décimale d'un taux dont la marge dépasse un point ; les euros à 10 près, ou 100 si la fiabilité n'est
        pas bonne.
    """
    publiees = indicateur.arrondis.get(str(chiffre.millesime))
    if publiees is not None and chiffre.source in {"filosofi", "filosofi_declare"}:
        return publiees
    if indicateur.unite == "€":
        return indicateur.decimales if chiffre.fiabilite == Fiabilite.BONNE else min(-2, indicateur.decimales)
    if indicateur.unite == "%" and (chiffre.marge > 1 or chiffre.fiabilite == Fiabilite.FRAGILE):
        return 0
    return indicateur.decimales


def ecrire(indicateur: Indicateur, chiffre: Chiffre | None, imposees: int | None = None) -> str:
    """Écrire un chiffre, ou ce qui en tient lieu.

    Parameters
    ----------
    indicateur : Indicateur
        Définition.
    chiffre : Chiffre or None
        Chiffre du diagnostic ; ``None`` si l'indicateur n'existe pas à ce niveau.
    imposees : int or None, default None
        Décimales imposées par un tableau.

    Returns
    -------
    str
        Par exemple ``"22,2 %"``, ``"secret"`` ou ``"nc"``.
    """
    if chiffre is None:
        return ABREGES_STATUT[Statut.INDISPONIBLE]
    if not chiffre.a_une_valeur:
        return ABREGES_STATUT[chiffre.statut]
    unite = {"habitants": "", "foyers": "", "personnes": ""}.get(indicateur.unite, indicateur.unite)
    if unite.startswith("pour "):
        unite = ""
    return avec_unite(chiffre.valeur, unite, decimales(indicateur, chiffre) if imposees is None else imposees)


def lieu(territoire: Territoire) -> str:
    """Écrire le complément de lieu d'un territoire.

    Parameters
    ----------
    territoire : Territoire
        Sujet de la phrase.

    Returns
    -------
    str
        « à Montpellier », « au Havre », « aux Sables-d'Olonne », « dans le quartier Mosson »…
    """
    nom = territoire.nom
    if territoire.niveau == "commune":
        if nom.startswith("Le "):
            return f"au {nom[3:]}"
        if nom.startswith("Les "):
            return f"aux {nom[4:]}"
        return f"à {nom}"
    if territoire.niveau == "departement":
        # Le nom seul ne dit pas son article (« du Gard », « de l'Hérault ») : il s'ajoute entre parenthèses.
        return f"dans le département ({nom})"
    debut = {
        "epci": "dans l'intercommunalité",
        "region": "en région",
        "qpv": "dans le quartier prioritaire",
        "quartier": "dans le quartier",
        "iris": "dans l'IRIS",
    }.get(territoire.niveau, "dans")
    return f"{debut} {nom}"


def date_dite(chiffre: Chiffre) -> str:
    """Écrire la date d'un chiffre dans une phrase.

    Parameters
    ----------
    chiffre : Chiffre
        Chiffre daté.

    Returns
    -------
    str
        « revenus 2018 » ou « au 31 décembre 2018 ».
    """
    return f"au {chiffre.periode}" if chiffre.periode[:1].isdigit() else chiffre.periode
