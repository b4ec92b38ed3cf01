"""Écrire ce que la carte dit en mots : infobulles et texte de remplacement."""

import math
from collections import Counter

from abs.statuts import LIBELLES_FIABILITE, LIBELLES_STATUT, Fiabilite, Statut
from cartes.apparence import apparences, une_fois
from cartes.charte import ETATS, Etat
from cartes.specification import DonneesDeCarte


def lignes_d_infobulle(carte: DonneesDeCarte) -> list[list[str]]:
    """Écrire l'infobulle de chaque territoire : valeur ou raison de son absence, précision, date."""
    return [_infobulle(carte, ligne) for ligne in carte.territoires.to_dict("records")]


def _infobulle(carte: DonneesDeCarte, ligne: dict) -> list[str]:
    statut, fiabilite = ligne["statut"], ligne["fiabilite"]
    absente = math.isnan(ligne["valeur"])
    textes = [LIBELLES_STATUT[statut].capitalize() if absente else carte.ecrire(ligne["valeur"])]
    if statut in (Statut.ESTIME, Statut.PARTIEL):
        textes[0] += f" ({LIBELLES_STATUT[statut]})"
    raison = ligne.get("raison")
    if absente and isinstance(raison, str) and raison.strip():
        textes.append(raison.strip())
    if not absente and fiabilite in (Fiabilite.FRAGILE, Fiabilite.MOYENNE):
        textes.append(f"Fiabilité : {LIBELLES_FIABILITE[fiabilite]}")
    infobulle = ligne.get("infobulle")
    if isinstance(infobulle, str):
        textes += [texte.strip() for texte in infobulle.splitlines() if texte.strip()]
    return [*textes, f"Date : {carte.date}"]


@une_fois
def texte_alternatif(carte: DonneesDeCarte) -> str:
    """Décrire la carte en français pour qui ne la voit pas."""
    valides = carte.valides.sort_values(["valeur", "code"])
    total, vues = len(carte.territoires), len(valides)
    parties = [
        f"Carte « {carte.titre} »",
        carte.sous_titre,
        f"territoires avec une valeur : {vues} sur {total}",
    ]
    if vues:
        solides = valides[valides["fiabilite"] != Fiabilite.FRAGILE]
        bas, haut = (solides if len(solides) else valides).iloc[[0, -1]].to_dict("records")
        etendue = [f"{carte.ecrire(ligne['valeur'])} ({ligne['nom']})" for ligne in (bas, haut)]
        hors = ", chiffres fragiles mis à part" if 0 < len(solides) < vues else ""
        parties.append(f"valeurs de {etendue[0]} à {etendue[1]}{hors}")
        parties.append(
            f"valeurs écrites sur la carte : {carte.en_valeurs}"
            if carte.en_valeurs
            else f"nombre de classes : {carte.discretisation.nombre}"
            if carte.en_classes
            else "cercles d'aire proportionnelle"
        )
    if carte.reference is not None:
        parties.append(f"{carte.reference.libelle} : {carte.ecrire(carte.reference.valeur)}")
    etats: Counter[Etat] = Counter(a.etat for a in apparences(carte) if a.etat != "zero")
    parties += [f"{dessin.libelle.lower()} : {etats[etat]}" for etat, dessin in ETATS.items() if etats[etat]]
    return " ; ".join(p.rstrip(" .") for p in parties if p) + f". {carte.mention}"
