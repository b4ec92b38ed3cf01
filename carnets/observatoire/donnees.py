"""Les données du site en petits scripts : un appel d'inscription par fichier, que `file://` sait charger."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from abs.indicateurs.indicateurs import THEMES
from abs.territoires.territoires import NOMS_DE_NIVEAU
from carnets.observatoire.adresses import ancre_d_iris, cle_de, page_d_indicateur, page_de
from carnets.observatoire.chiffres_affiches import Figure, Lecteur, date_comparable
from carnets.observatoire.pages import GROUPES

if TYPE_CHECKING:
    from abs.territoires.territoires import Territoire
    from carnets.observatoire.chiffres import Chiffres

# Signes qui fermeraient une balise, ouvriraient une entité, ou couperaient une ligne de script.
DANGEREUX = {ord(s): f"\\u{ord(s):04x}" for s in "<>&\u2028\u2029"}


def en_script(genre: str, cle: str, contenu: Any) -> str:
    """Écrire un contenu comme un script qui l'inscrit dans la page."""
    arguments = [
        json.dumps(a, ensure_ascii=False, separators=(",", ":"), allow_nan=False).translate(DANGEREUX)
        for a in (genre, cle, contenu)
    ]
    return f"observatoire.recevoir({','.join(arguments)});\n"


def sommaire(chiffres: Chiffres) -> dict[str, Any]:
    """Réunir ce que la recherche trouve : territoires, IRIS et indicateurs."""
    e = chiffres.diagnostic.ensembles
    communes = {t.code: t for t in e.mailles}
    territoires = [_entree(t, page_de(t)) for t in chiffres.territoires()]
    territoires += [_entree(t, "") for t in e.references]
    for code, diagnostic in chiffres.iris.items():
        commune = communes[code]
        territoires += [
            _entree(t, ancre_d_iris(commune, t.code)) | {"dans": commune.nom}
            for t in diagnostic.ensembles.mailles
        ]
    indicateurs = [
        {
            "code": i.code,
            "nom": i.libelle,
            "court": i.libelle_court,
            "theme": i.theme,
            "lien": page_d_indicateur(i.code),
        }
        for i in chiffres.indicateurs.values()
    ]
    return {"territoires": territoires, "indicateurs": indicateurs, "themes": THEMES}


def _entree(territoire: Territoire, lien: str) -> dict[str, str]:
    return {
        "code": territoire.code,
        "cle": cle_de(territoire),
        "nom": territoire.titre,
        "nature": NOMS_DE_NIVEAU[territoire.niveau],
        "lien": lien,
    }


def donnees_des_territoires(chiffres: Chiffres) -> dict[str, dict[str, Any]]:
    """Écrire les chiffres de chaque territoire que le lecteur peut comparer."""
    lecteur = Lecteur(chiffres.diagnostic)
    tous = [*chiffres.territoires(), *chiffres.diagnostic.ensembles.references]
    return {cle_de(t): _donnees(chiffres, lecteur, t) for t in tous}


def _donnees(chiffres: Chiffres, lecteur: Lecteur, territoire: Territoire) -> dict[str, Any]:
    groupes = [GROUPES.get(territoire.niveau, "comparaison")]
    if territoire.niveau == "epci":
        # L'intercommunalité se lit aussi à la date de ses communes et à celle de ses QPV.
        groupes += ["mailles", "qpv_sujet"]
    lus: dict[str, list[dict[str, Any]]] = {}
    for code, indicateur in chiffres.indicateurs.items():
        figures = [lecteur.figure(territoire, indicateur, groupe) for groupe in groupes]
        dates = {date_comparable(f.chiffre): f for f in reversed(figures) if f.chiffre is not None}
        if dates:
            lus[code] = [en_donnee(f, d) for d, f in sorted(dates.items(), reverse=True)]
    return {"code": territoire.code, "nom": territoire.titre, "chiffres": lus}


def en_donnee(figure: Figure, date: str) -> dict[str, Any]:
    """Écrire un chiffre pour la comparaison."""
    donnee: dict[str, Any] = {
        "d": date,
        "p": figure.date,
        "t": figure.cellule.texte,
        "m": figure.mention,
        "s": figure.statut,
    }
    if figure.a_une_valeur and figure.chiffre is not None:
        donnee["v"] = round(float(figure.chiffre.valeur), 6)
    if figure.fragile:
        donnee["f"] = 1
    if figure.chiffre is not None and figure.chiffre.definition:
        donnee["q"] = figure.chiffre.definition
    return donnee
