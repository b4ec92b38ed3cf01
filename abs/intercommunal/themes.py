"""Une page par thème et une carte par commune : les communes sur des réglettes, leurs bouts et leurs rangs possibles."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from abs.blocs.blocs import Cellule, ChiffreCle, Tableau, entete
from abs.calcul.table_longue import Chiffre, Diagnostic, chiffres_de
from abs.definitions import table
from abs.graphiques.demandes import DemandeDeGraphique, Serie, Valeur
from abs.graphiques.ecriture import dates_et_sources, libelle, role_de, valeur
from abs.graphiques.points import nom_des_mailles
from abs.intercommunal.plan import plan, remplissage
from abs.intercommunal.rangs import Classement, mots_du_rang
from abs.intercommunal.tables import avec_marque, date_des_communes, notes_des_marques
from abs.phrases.ecriture import ecrire, reference
from abs.portrait.tableaux import cellule, notes_de_lecture

if TYPE_CHECKING:
    from collections.abc import Mapping

    from abs.indicateurs.indicateurs import Indicateur
    from abs.intercommunal.tables import Fiche
    from abs.territoires.territoires import Territoire

MOTS: Final[dict[str, Any]] = table("_document")["comparaison"]
COMMUNES_MINIMUM: Final = 3
ALTERNATIF: Final = "{libelle} : {nom} {valeur}{rang}."


def se_place(diagnostic: Diagnostic, code: str) -> bool:
    """Dire si un indicateur se montre commune par commune : chiffré pour la moitié d'entre elles, sans montrer du doigt."""
    definition, communes = diagnostic.indicateurs[code], diagnostic.ensembles.mailles
    chiffrees = chiffres_de(diagnostic.lus(communes, code, "mailles"))
    montre = definition.nature != "effectif" and code not in table("_portrait")["sans_place"]
    minimum = max(COMMUNES_MINIMUM, plan()["tableaux"]["part_des_communes"] * len(communes))
    return montre and len(chiffrees) >= minimum


def reglettes(
    diagnostic: Diagnostic, codes: Sequence[str], demande: DemandeDeGraphique
) -> DemandeDeGraphique:
    """Placer les communes, leur intercommunalité et ses repères : une réglette par indicateur."""
    sujet = diagnostic.ensembles.sujet
    lus = [c for code in codes if (c := diagnostic.lu(sujet, code, "mailles")) is not None]
    sources, dates = dates_et_sources(lus)
    return replace(
        demande,
        series=tuple(_reglette(diagnostic, code) for code in codes),
        date=dates,
        source=sources,
        mailles=nom_des_mailles(diagnostic.ensembles.mailles),
    )


def _reglette(diagnostic: Diagnostic, code: str) -> Serie:
    definition, sujet = diagnostic.indicateurs[code], diagnostic.ensembles.sujet
    communes = chiffres_de(diagnostic.lus(diagnostic.ensembles.mailles, code, "mailles"))
    placees = [valeur(definition, c, t.nom, "maille") for t, c in communes]
    ensemble = diagnostic.chiffre(sujet, code, "mailles")
    return Serie(
        libelle(definition),
        (valeur(definition, ensemble, sujet.nom, "sujet"), *placees),
        unite=definition.unite,
    )


def extremes(
    diagnostic: Diagnostic, classements: Mapping[str, Classement], liste: Sequence[Indicateur], theme: str
) -> Tableau | None:
    """Composer les communes les plus hautes et les plus basses de chaque indicateur, leurs rangs possibles à côté."""
    lignes, montres = [], []
    for indicateur in liste:
        if not se_place(diagnostic, indicateur.code):
            continue
        communes = diagnostic.lus(diagnostic.ensembles.mailles, indicateur.code, "mailles")
        ranges = sorted(chiffres_de(communes), key=lambda tc: -tc[1].valeur)
        combien = min(MOTS["extremes"]["communes"], len(ranges) // 2)
        faces = zip(ranges[:combien], reversed(ranges[-combien:]), strict=True)
        date = date_des_communes(diagnostic, indicateur)
        for haut, bas in faces:
            tete = entete(indicateur.libelle_court, indicateur.definition, date)
            lignes.append(
                (tete, *_bout(classements, indicateur, *haut), *_bout(classements, indicateur, *bas))
            )
            montres += [haut, bas]
    if not lignes:
        return None
    mots, rang = MOTS["extremes"], entete(MOTS["extremes"]["rang"])
    valeur_lue = entete(mots["valeur"])
    tetes = (
        entete(mots["indicateur"]),
        entete(mots["hauts"]),
        valeur_lue,
        rang,
        entete(mots["bas"]),
        valeur_lue,
        rang,
    )
    notes = (*notes_de_lecture([c for _, c in montres]), *notes_des_marques(montres), mots["note"])
    return Tableau(f"extremes-{theme}", mots["titre"], tetes, tuple(_sans_redite(lignes)), notes, "bouts")


def _bout(
    classements: Mapping[str, Classement], indicateur: Indicateur, commune: Territoire, chiffre: Chiffre
) -> tuple[Cellule, Cellule, Cellule]:
    position = classements[indicateur.code].positions[commune.code]
    lu = avec_marque(cellule(indicateur, chiffre), chiffre)
    place = Cellule("–", aide=position.silence, classe="absent")
    if position.fourchette:
        place = Cellule(mots_du_rang(position.fourchette), classe="texte")
    return (
        Cellule(commune.nom, aide=commune.code, classe="texte"),
        replace(lu, texte=f"{lu.texte} {position.signe}".strip()),
        place,
    )


def _sans_redite(lignes: Sequence[tuple[Cellule, ...]]) -> list[tuple[Cellule, ...]]:
    """N'écrire le nom d'un indicateur qu'à sa première ligne."""
    rendues, avant = [], ""
    for tete, *suite in lignes:
        redite = tete.texte == avant
        rendues.append((replace(tete, texte="", detail="") if redite else tete, *suite))
        avant = tete.texte
    return rendues


def carte_de_visite(
    diagnostic: Diagnostic, classements: Mapping[str, Classement], fiche: Fiche
) -> ChiffreCle:
    """Composer la carte d'une commune : son premier chiffre, puis ses autres situations sur des réglettes."""
    commune, mots = fiche.territoire, MOTS["cartes_des_communes"]
    moitie = plan()["tableaux"]["part_des_communes"] * len(diagnostic.ensembles.mailles)
    liste = [diagnostic.indicateurs[c] for c in plan()["fiche"]["indicateurs"]]
    # Les mêmes pour toutes les cartes : un chiffre que la moitié des communes n'ont pas n'ouvre pas celle des autres.
    remplis = [i for i in liste if remplissage(diagnostic, i) >= moitie]
    lus = [(i, diagnostic.chiffre(commune, i.code, "mailles")) for i in remplis]
    tenus = [(i, c) for i, c in lus if c is not None and c.a_une_valeur]
    if not tenus:
        return ChiffreCle(mots["sans_chiffre"], "", "", "", "", sujet=commune.nom, absence=mots["absence"])
    (premier, chiffre), *autres = tenus
    places = [(i, c) for i, c in autres if se_place(diagnostic, i.code)][: mots["reglettes"]]
    graphique = _reglettes_d_une_commune(diagnostic, classements, commune, places)
    rang = _rang(classements, premier, commune)
    return ChiffreCle(
        premier.libelle_court,
        ecrire(premier, chiffre),
        rang,
        chiffre.periode,
        reference(chiffre),
        (reference(chiffre), *(reference(c) for _, c in places)),
        sujet=commune.nom,
        graphiques=(graphique,) if places else (),
    )


def _rang(classements: Mapping[str, Classement], indicateur: Indicateur, commune: Territoire) -> str:
    classement = classements[indicateur.code]
    position = classement.positions[commune.code]
    if not position.fourchette:
        return ""
    rang = MOTS["cartes_des_communes"]["rang"].format(
        rang=mots_du_rang(position.fourchette), total=classement.rangees
    )
    return f"{rang} {position.signe}".strip()


def _reglettes_d_une_commune(
    diagnostic: Diagnostic,
    classements: Mapping[str, Classement],
    commune: Territoire,
    places: Sequence[tuple[Indicateur, Chiffre]],
) -> DemandeDeGraphique:
    sujet, series, dits = diagnostic.ensembles.sujet, [], []
    for indicateur, chiffre in places:
        communes = chiffres_de(diagnostic.lus(diagnostic.ensembles.mailles, indicateur.code, "mailles"))
        ensemble = diagnostic.chiffre(sujet, indicateur.code, "mailles")
        points: list[Valeur] = [valeur(indicateur, chiffre, commune.nom, "sujet")]
        if ensemble is not None and ensemble.a_une_valeur:
            points.append(valeur(indicateur, ensemble, sujet.nom, role_de(sujet)))
        points += [valeur(indicateur, c, t.nom, "maille") for t, c in communes if t.code != commune.code]
        rang = _rang(classements, indicateur, commune)
        nom = f"{libelle(indicateur)} · {rang}" if rang else libelle(indicateur)
        series.append(Serie(nom, tuple(points), unite=indicateur.unite))
        dits.append(
            ALTERNATIF.format(
                libelle=indicateur.libelle_court,
                nom=commune.nom,
                valeur=ecrire(indicateur, chiffre),
                rang=f", {rang}" if rang else "",
            )
        )
    sources, dates = dates_et_sources([c for _, c in places])
    return DemandeDeGraphique(
        nom=f"fiche-{commune.code}",
        genre="points",
        titre=MOTS["cartes_des_communes"]["titre"].format(nom=commune.nom),
        sous_titre="",
        series=tuple(series),
        date=dates,
        source=sources,
        alternatif=" ".join(dits),
        mailles=nom_des_mailles(diagnostic.ensembles.mailles),
    )
