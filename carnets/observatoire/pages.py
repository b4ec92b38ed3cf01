"""Les territoires du site : leurs pages, puis leurs chiffres à comparer en petits scripts que `file://` sait charger."""

import json
from typing import Any, Final

from abs.blocs.blocs import Tableau
from abs.calcul.table_longue import Diagnostic
from abs.definitions import table
from abs.indicateurs.annees_comparables import mises_en_garde
from abs.indicateurs.indicateurs import THEMES, Indicateur
from abs.portrait.tableaux import mailles
from abs.statuts import Statut
from abs.territoires.territoires import NOMS_DE_NIVEAU, Territoire
from carnets.observatoire.chiffres import Chiffres, Figure, Lecteur, Ligne, a_la_meme_date, date_comparable
from carnets.observatoire.graphiques import du_territoire
from carnets.observatoire.rendu import ancre_d_iris, cle_de, page_d_indicateur, page_de

CARTOUCHES: Final = 10
# Le groupe de lecture d'un territoire, puis celui où l'intercommunalité se lit à la même date.
GROUPES: Final = {"epci": "comparaison", "commune": "mailles", "qpv": "qpv"}
REPERES: Final = {"commune": "mailles", "qpv": "qpv_sujet"}
# Signes qui fermeraient une balise, ouvriraient une entité, ou couperaient une ligne de script.
DANGEREUX: Final = {ord(s): f"\\u{ord(s):04x}" for s in "<>&\u2028\u2029"}


def pages_des_territoires(chiffres: Chiffres) -> list[dict[str, Any]]:
    """Composer toutes les pages de territoires."""
    lecteur = Lecteur(chiffres.diagnostic)
    return [_page(chiffres, lecteur, t) for t in chiffres.territoires()]


def _page(chiffres: Chiffres, lecteur: Lecteur, territoire: Territoire) -> dict[str, Any]:
    e = chiffres.diagnostic.ensembles
    # L'intercommunalité pour ses parties ; pour elle-même, les références de son portrait.
    candidats = e.references if territoire.niveau == "epci" else (e.sujet,)
    toutes = (_ligne(lecteur, territoire, candidats, i) for i in chiffres.indicateurs.values())
    presentes = [li for li in toutes if li.figure.existe]
    # Une colonne de repère qui n'a aucun chiffre aux dates du territoire n'est pas montrée.
    gardes = [n for n in range(len(candidats)) if any(li.reperes[n].chiffre.a_une_valeur for li in presentes)]
    lignes = [Ligne(li.figure, tuple(li.reperes[n] for n in gardes)) for li in presentes]
    themes = [_theme(code, titre, lignes) for code, titre in THEMES.items()]
    reperes = [candidats[n] for n in gardes]
    en_iris = chiffres.iris.get(territoire.code) if territoire.niveau == "commune" else None
    # Pour un QPV, les éditions montrées bien que postérieures au millésime demandé.
    editions = chiffres.diagnostic.remarques if territoire.niveau == "qpv" else []
    return {
        "territoire": territoire,
        "cartouches": _cartouches(lignes),
        "themes": [t for t in themes if t["lignes"] or t["absentes"]],
        "reperes": reperes,
        "graphiques": du_territoire(chiffres, lecteur, territoire, lignes, reperes),
        "autres": _autres(chiffres, territoire),
        "avertissements": [*mises_en_garde(territoire.code), *editions],
        "iris": _tableaux_d_iris(chiffres, en_iris) if en_iris else [],
        "nombre_d_iris": len(en_iris.ensembles.mailles) if en_iris else 0,
    }


def _theme(code: str, titre: str, lignes: list[Ligne]) -> dict[str, Any]:
    """Ranger les lignes d'un thème : celles qui disent quelque chose du territoire, puis les chiffres indisponibles."""
    du_theme = [li for li in lignes if li.figure.indicateur.theme == code]
    # Un secret ou un chiffre sans objet dit quelque chose du territoire ; « nc » dit seulement ce qui manque.
    absentes = [li for li in du_theme if li.figure.chiffre.statut == Statut.INDISPONIBLE]
    dites = [li for li in du_theme if li.figure.chiffre.statut != Statut.INDISPONIBLE]
    return {"code": code, "titre": titre, "lignes": dites, "absentes": absentes}


def _ligne(
    lecteur: Lecteur, territoire: Territoire, reperes: tuple[Territoire, ...], indicateur: Indicateur
) -> Ligne:
    figure = lecteur.figure(territoire, indicateur, GROUPES[territoire.niveau])
    groupe = REPERES.get(territoire.niveau, "comparaison")
    lus = (lecteur.figure(r, indicateur, groupe) for r in reperes)
    return Ligne(figure, tuple(a_la_meme_date(figure, lu) for lu in lus))


def _cartouches(lignes: list[Ligne]) -> list[Ligne]:
    par_code = {li.figure.indicateur.code: li for li in lignes}
    candidats = [par_code[c] for c in table("_portrait")["chiffres_cles"] if c in par_code]
    return [li for li in candidats if li.figure.chiffre.a_une_valeur and not li.figure.fragile][:CARTOUCHES]


def _autres(chiffres: Chiffres, territoire: Territoire) -> list[Territoire]:
    """Territoires liés : QPV d'une commune, communes d'un QPV."""
    e = chiffres.diagnostic.ensembles
    if territoire.niveau == "commune":
        return [q for q in e.qpv if territoire.code in q.composantes]
    return [c for c in e.mailles if territoire.niveau == "qpv" and c.code in territoire.composantes]


def _tableaux_d_iris(chiffres: Chiffres, commune: Diagnostic) -> list[Tableau]:
    """Composer les tableaux des IRIS d'une commune, un par thème, comme dans son portrait."""
    plan, connus = table("_portrait")["mailles"], chiffres.indicateurs
    colonnes = ([connus[c] for c in plan[theme] if c in connus] for theme in THEMES)
    composes = (mailles(commune, voulues, plan["maximum"]) for voulues in colonnes)
    return [t for t in composes if t is not None]


# -- données des scripts -----------------------------------------------------------------------


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
    territoires += [
        _entree(t, ancre_d_iris(communes[code], t.code)) | {"dans": communes[code].nom}
        for code, diagnostic in chiffres.iris.items()
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
        dates = {date_comparable(f.chiffre): f for f in reversed(figures) if f.existe}
        if dates:
            lus[code] = [_donnee(f, d) for d, f in sorted(dates.items(), reverse=True)]
    return {"code": territoire.code, "nom": territoire.titre, "chiffres": lus}


def _donnee(figure: Figure, date: str) -> dict[str, Any]:
    """Écrire un chiffre pour la comparaison."""
    chiffre = figure.chiffre
    donnee: dict[str, Any] = {
        "d": date,
        "p": chiffre.periode,
        "t": figure.cellule.texte,
        "m": figure.mention,
        "s": chiffre.statut,
    }
    if chiffre.a_une_valeur:
        donnee["v"] = round(float(chiffre.valeur), 6)
    if figure.fragile:
        donnee["f"] = 1
    if chiffre.definition:
        donnee["q"] = chiffre.definition
    return donnee
