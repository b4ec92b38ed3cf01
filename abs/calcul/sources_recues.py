"""Les sources locales reçues : leurs lignes deviennent des chiffres du diagnostic, à la diffusion demandée."""

import math
from collections.abc import Collection
from dataclasses import replace
from datetime import date
from typing import Any, Final

import pandas as pd

from abs.calcul.composantes import emboitements
from abs.calcul.secret import ANTERIEURE, SECONDAIRE, CelluleSensible, DecisionDeSecret, decider_ensemble
from abs.calcul.table_longue import Chiffre, Diagnostic
from abs.indicateurs.fiabilite import apprecier
from abs.indicateurs.formules import formule
from abs.indicateurs.indicateurs import Indicateur, Lecture, indicateurs
from abs.statuts import Statut
from abs.territoires.territoires import Territoire
from donnees_insee.base.base import Base, lignes_recues
from donnees_insee.base.publications import Publication
from donnees_insee.catalogue.catalogue import source
from donnees_insee.catalogue.modeles_recus import modeles
from donnees_insee.catalogue.tables import marques
from donnees_insee.geographie.appartenances import Geographie
from donnees_insee.preparation.nombres import SUFFIXE_STATUT
from donnees_insee.preparation.sources_recues import SOURCE, en_pourcentage

Ligne = dict[str, Any]

SUFFIXE_SOURCE: Final = " · source locale"
INTERNE: Final = "diffusion interne"
MASQUE: Final = "effectif sous le seuil de secret, ou masqué pour qu'un autre ne s'en déduise pas"
MASQUE_AILLEURS: Final = "masqué dans la version publique"
CHAMPS_DU_MODELE: Final = ("libelle", "libelle_court", "theme", "definition", "unite", "sens", "phrase")
MOIS: Final = "d MMMM y"


def est_locale(chiffre: Chiffre) -> bool:
    """Dire si un chiffre vient d'une source locale."""
    return chiffre.source.endswith(SUFFIXE_SOURCE)


def est_interne(chiffre: Chiffre) -> bool:
    """Dire si un chiffre est réservé à la version interne."""
    return INTERNE in chiffre.note.split(" ; ")


def ajouter_les_locales(base: Base, diagnostic: Diagnostic, geographie: Geographie) -> None:
    """Changer les lignes reçues en chiffres, sans rien laisser passer que la diffusion ne permette."""
    lignes = lignes_recues(base)
    dernier = diagnostic.demande.millesime
    if dernier is not None:
        lignes = lignes[lignes["annee"] <= dernier]
    if lignes.empty:
        return
    ranges = list(modeles())
    publiees = base.deja_publie()
    for code in sorted(set(lignes["indicateur"]), key=lambda c: (ranges.index(c) if c in ranges else 999, c)):
        _ajouter(diagnostic, code, lignes, geographie, publiees)


def _ajouter(
    diagnostic: Diagnostic,
    code: str,
    toutes: pd.DataFrame,
    geographie: Geographie,
    publiees: Collection[Publication],
) -> None:
    """Ajouter un indicateur : une date et un producteur par groupe comparé, jamais mêlés."""
    ensembles, locales = diagnostic.ensembles, diagnostic.locales
    publique = diagnostic.demande.diffusion == "publique"
    lignes = toutes[toutes["indicateur"] == code]
    publiques = lignes[lignes["DIFFUSION"] == "publique"]
    # Ni le nom ni le producteur d'une ligne interne n'entrent dans une définition publique.
    definition = _indicateur(code, publiques if publique and len(publiques) else lignes)
    territoires = {cle_locale(t): t for t in ensembles.tous()}
    du_portrait = lignes[lignes["code"].isin(list(territoires))]
    if publique and (du_portrait["DIFFUSION"] == "interne").any():
        locales.reserves[definition.theme] = locales.reserves.get(definition.theme, 0) + 1
    admises = du_portrait[du_portrait["DIFFUSION"] == "publique"] if publique else du_portrait
    groupes = {
        "comparaison": (ensembles.sujet, *ensembles.references),
        "mailles": ensembles.mailles,
        "qpv": ensembles.qpv,
    }
    retenus: dict[tuple[str, str], Chiffre] = {}
    prefere: tuple[str, str] | None = None
    for groupe, liste in groupes.items():
        cles = [cle_locale(t) for t in liste]
        ici = admises[admises["code"].isin(cles)]
        choix = _date_et_producteur(ici, cles[0] if groupe == "comparaison" else None, prefere)
        if choix is None:
            continue
        prefere = prefere or choix
        du_choix = (toutes["date"] == choix[0]) & (toutes["PRODUCTEUR"] == choix[1])
        caches = _caches(toutes[du_choix], geographie, publiees)[code]
        du_groupe = ici[(ici["date"] == choix[0]) & (ici["PRODUCTEUR"] == choix[1])]
        envoi = _publication(du_groupe.iloc[0].to_dict()).envoi
        recus = set(toutes.loc[du_choix & (toutes["indicateur"] == code), "code"].astype(str))
        deja = {p.code for p in publiees if p.envoi == envoi}
        locales.sus[envoi] = frozenset((recus - set(caches)) | deja)
        for ligne in du_groupe.to_dict("records"):
            chiffre = _chiffre(definition, territoires[ligne["code"]], ligne, caches, publique=publique)
            if (chiffre.territoire, chiffre.niveau) not in retenus:
                retenus[chiffre.territoire, chiffre.niveau] = chiffre
                if chiffre.a_une_valeur:
                    locales.montres.add(_publication(ligne))
                locales.decisions.extend(_decision(chiffre, caches.get(ligne["code"]), ligne))
        diagnostic.millesimes[groupe, definition.code] = int(du_groupe["annee"].iloc[0])
    if retenus:
        diagnostic.chiffres += retenus.values()
        locales.indicateurs[definition.code] = definition
        connu = modeles().get(code)
        comptes = (connu.numerateur, connu.denominateur) if connu else ("numérateur", "dénominateur")
        locales.comptes[definition.code] = comptes


def _date_et_producteur(
    lignes: pd.DataFrame, sujet: str | None, prefere: tuple[str, str] | None
) -> tuple[str, str] | None:
    """Choisir la date la plus récente, puis le couple date et producteur qui a le plus de lignes."""
    if sujet is not None:
        lignes = lignes[lignes["code"] == sujet]
    if lignes.empty:
        return None
    comptes = lignes.groupby(["annee", "date", "PRODUCTEUR"]).size()
    rangs = [((d, p) == prefere, a, n, d, p) for (a, d, p), n in comptes.items()]
    return max(rangs)[3:]


def cle_locale(territoire: Territoire) -> str:
    """Donner le code qu'un fichier reçu écrit pour un territoire."""
    return f"R{territoire.code}" if territoire.niveau == "region" else territoire.code


# -- définition --------------------------------------------------------------------------------


def _indicateur(code: str, lignes: pd.DataFrame) -> Indicateur:
    """Définir un indicateur reçu, d'après son modèle ou d'après le fichier."""
    modele = modeles().get(code)
    champs: dict[str, Any]
    if modele is not None:
        champs = {nom: getattr(modele, nom) for nom in CHAMPS_DU_MODELE}
        rapport = bool(modele.denominateur)
    else:
        libelle = next((t for t in lignes["LIBELLE"] if t), str(lignes["INDICATEUR"].iloc[0]))
        unite = next((t.strip() for t in lignes["UNITE"] if t), "%" if en_pourcentage(lignes).any() else "")
        champs = {
            "libelle": libelle,
            "libelle_court": libelle,
            "theme": next(t for t in lignes["THEME"] if t),
            "definition": f"{libelle}, tel que transmis par {lignes['PRODUCTEUR'].iloc[0]}.",
            "unite": unite,
        }
        rapport = bool(lignes["DENOMINATEUR"].notna().any())
    # Un indicateur reçu ne prend jamais la place d'un indicateur du portrait.
    libre = code if code not in indicateurs() else f"local_{code}"
    bas = formule("DENOMINATEUR") if rapport else None
    lecture = Lecture(source=source(SOURCE), numerateur=formule("NUMERATEUR"), denominateur=bas)
    champs |= {"nature": "taux", "decimales": 1} if rapport else {"nature": "effectif", "decimales": 0}
    return Indicateur(code=libre, lectures=(lecture,), carte=False, **champs)


# -- chiffres ----------------------------------------------------------------------------------


def _chiffre(
    definition: Indicateur, territoire: Territoire, ligne: Ligne, caches: Collection[str], *, publique: bool
) -> Chiffre:
    """Changer une ligne reçue en chiffre, masqué si la diffusion publique l'exige."""
    notes = [] if ligne["DIFFUSION"] == "publique" else [INTERNE]
    cle = (territoire.code, territoire.niveau, definition.code, f"{ligne['PRODUCTEUR']}{SUFFIXE_SOURCE}")
    periode = periode_ecrite(str(ligne["date"]))
    vide = Chiffre(*cle, Statut.INDISPONIBLE, int(ligne["annee"]), periode=periode)
    absence = _absence(definition, ligne)
    if absence is not None:
        return replace(vide, statut=absence[0], note=" ; ".join([absence[1], *notes]))
    if ligne["code"] in caches:
        if publique:
            return replace(vide, statut=Statut.SECRET, note=MASQUE)
        notes += [] if INTERNE in notes else [MASQUE_AILLEURS]
    haut, bas = float(ligne["NUMERATEUR"]), float(ligne["DENOMINATEUR"])
    rapport = definition.nature == "taux"
    valeur = definition.facteur * haut / bas if rapport else haut
    jugement = apprecier(
        definition,
        definition.lectures[0],
        valeur=valeur,
        numerateur=haut,
        denominateur=bas if rapport else None,
        population_commune=None,
        notes_producteur={},
    )
    # Un effectif n'a pas deux comptes : sa valeur les dit tous.
    comptes: dict[str, Any] = {"numerateur": haut, "denominateur": bas} if rapport else {}
    return replace(
        vide,
        statut=Statut.CALCULE if rapport else Statut.PUBLIE,
        valeur=valeur,
        couverture=1.0,
        fiabilite=jugement.fiabilite,
        note=" ; ".join([*jugement.notes, *notes]),
        **comptes,
    )


def _absence(definition: Indicateur, ligne: Ligne) -> tuple[str, str] | None:
    """Dire pourquoi une ligne n'a pas de chiffre : marque du producteur, compte non transmis."""
    for nom, mot in (("NUMERATEUR", "numérateur"), ("DENOMINATEUR", "dénominateur")):
        if math.isnan(ligne[nom]) and (nom == "NUMERATEUR" or definition.nature == "taux"):
            marque = ligne.get(nom + SUFFIXE_STATUT)
            return marques().get(str(marque), (Statut.INDISPONIBLE, f"{mot} non transmis"))
    return None


def periode_ecrite(texte: str) -> str:
    """Écrire la date d'une ligne reçue comme on la lit."""
    from babel.dates import format_date  # noqa: PLC0415 - données de langue, lues si une date est à écrire

    try:
        return str(format_date(date.fromisoformat(texte), format=MOIS, locale="fr_FR"))
    except ValueError:
        return texte


# -- secret ------------------------------------------------------------------------------------


def _decision(chiffre: Chiffre, nature: str | None, ligne: Ligne) -> list[DecisionDeSecret]:
    """Garder trace d'une cellule cachée ; une marque du producteur n'est pas une décision d'ici."""
    if nature is None or math.isnan(float(ligne["NUMERATEUR"])):
        return []
    c = chiffre
    return [DecisionDeSecret(c.territoire, c.niveau, c.indicateur, c.millesime, c.source, nature)]


def _publication(ligne: Ligne) -> Publication:
    bas = float(ligne["DENOMINATEUR"])
    return Publication(
        str(ligne["PRODUCTEUR"]),
        str(ligne["date"]),
        str(ligne["indicateur"]),
        str(ligne["code"]),
        float(ligne["NUMERATEUR"]),
        None if math.isnan(bas) else bas,
    )


def _caches(
    lignes: pd.DataFrame, geographie: Geographie, publiees: Collection[Publication]
) -> dict[str, dict[str, str]]:
    """Choisir ce que la version publique cache, sur toutes les lignes d'un envoi et tout ce qui en a été publié."""
    tables = {
        str(code): _cellules(siennes, _indicateur(str(code), siennes))
        for code, siennes in lignes.groupby("indicateur", sort=True)
    }
    envois = {_publication(ligne).envoi for ligne in lignes.to_dict("records")}
    siennes = [p for p in publiees if p.envoi in envois]
    connus: dict[str, set[str]] = {}
    for p in siennes:
        connus.setdefault(p.indicateur, set()).add(p.code)
        table = tables[p.indicateur]
        if all(c.code != p.code for c in table):
            bas = math.nan if p.denominateur is None else p.denominateur
            table.append(CelluleSensible(p.code, p.numerateur, bas, 0.0, part=table[0].part))
    liens = {code: emboitements({c.code for c in t}, geographie) for code, t in tables.items()}
    decisions = decider_ensemble(tables, liens, connus)
    if connus:
        sans = decider_ensemble(tables, liens)
        for code, ici in decisions.items():
            ici.update((c, ANTERIEURE) for c, n in ici.items() if n == SECONDAIRE and c not in sans[code])
    return decisions


def _cellules(lignes: pd.DataFrame, definition: Indicateur) -> list[CelluleSensible]:
    connu = modeles().get(str(lignes["indicateur"].iloc[0]))
    defaut = 0 if connu is None else connu.seuil
    return [
        CelluleSensible(
            str(r["code"]),
            float(r["NUMERATEUR"]),
            float(r["DENOMINATEUR"]) if definition.nature == "taux" else math.nan,
            float(defaut if math.isnan(r["SEUIL"]) else r["SEUIL"]),
            montrable=r["DIFFUSION"] == "publique",
            part=definition.unite == "%",
        )
        for r in lignes.to_dict("records")
    ]
