"""Le chapitre des quartiers prioritaires, et les phrases du portrait d'un quartier : chiffres, dates, places."""

from collections.abc import Sequence
from dataclasses import replace
from itertools import chain, islice
from typing import Final

from abs.blocs.blocs import Cellule, Tableau, entete
from abs.calcul.diagnostic import reperes_des_qpv
from abs.calcul.table_longue import CALCULE_SUR, Chiffre, Diagnostic, Lus, chiffres_de, mots_de_couverture
from abs.definitions import table
from abs.formats import nombre
from abs.graphiques.graphiques import graphiques_du_theme
from abs.indicateurs.indicateurs import Indicateur, indicateurs
from abs.langue import enumerer, majuscule, typographier
from abs.phrases.ecriture import date_dite, ecrire, gabarits, lieu
from abs.phrases.phrases import Phrase, dire
from abs.portrait.positions_qpv import Position, etendue_des_qpv, phrase_d_un_qpv, position
from abs.portrait.tableaux import Chapitre, cellule, notes_de_lecture
from abs.territoires.territoires import Territoire

PHRASES_DU_CHAPITRE: Final = 10
QPV_EN_COLONNES: Final = 5
INDICATEURS_EN_COLONNES: Final = 6
PART_EN_QPV: Final = "part_population_en_qpv"


def chapitre_qpv(diagnostic: Diagnostic) -> Chapitre | None:
    """Composer le chapitre des quartiers prioritaires."""
    if not diagnostic.ensembles.qpv:
        return None
    liste = [indicateurs()[c] for c in table("_portrait")["qpv"]]
    liste += diagnostic.locales.indicateurs.values()
    notes, premier = gabarits("notes_de_chapitre"), diagnostic.ensembles.qpv[0]
    du_quartier = diagnostic.ensembles.sujet.niveau == "qpv"
    tableaux = tuple(cote_a_cote(diagnostic, liste))
    # Nombreux, ils se lisent dans le tableau de chaleur et leurs fiches ; tous leurs chiffres sont en annexe.
    nombreux = diagnostic.ensembles.sujet.niveau == "commune" and len(tableaux) > 1
    return Chapitre(
        "qpv",
        table("_document")["titres_de_chapitre"]["qpv"],
        phrases=tuple(_phrases(diagnostic, liste)),
        tableaux=() if nombreux else tableaux,
        complets=tableaux if nombreux else (),
        graphiques=tuple(graphiques_du_theme(diagnostic, "qpv")),
        avertissements=(
            notes["generation"].format(generation=premier.geographie),
            # Les quartiers à cheval d'un portrait de quartier sont dits dans l'en-tête du tableau.
            *([] if du_quartier else a_cheval(diagnostic)),
            *diagnostic.remarques,
        ),
        lectures=(
            *([notes["edition"]] if _edite(diagnostic) else []),
            *([gabarits("positions")["indicatif"]] if du_quartier else []),
            *_autres_dates(diagnostic, liste),
        ),
    )


def _edite(diagnostic: Diagnostic) -> bool:
    """Dire si un chiffre de quartier porte une édition."""
    return any(c.niveau == "qpv" and c.a_une_valeur and "édition" in c.periode for c in diagnostic.chiffres)


def a_cheval(diagnostic: Diagnostic) -> list[str]:
    """Nommer les communes des quartiers qui s'étendent sur plusieurs."""
    tour = gabarits("positions")["a_cheval"]
    return [
        typographier(tour.format(nom=t.nom, communes=enumerer(t.communes)))
        for t in diagnostic.ensembles.qpv
        if len(t.communes) > 1
    ]


def _phrases(diagnostic: Diagnostic, liste: Sequence[Indicateur]) -> list[Phrase]:
    """Écrire ce que les quartiers d'un territoire ont de commun et de différent ; un quartier seul a ses propres phrases."""
    ensembles = diagnostic.ensembles
    if ensembles.sujet.niveau == "qpv":
        return []
    dire_un = _phrase_du_seul if len(ensembles.qpv) == 1 else _etendue
    dites = (dire_un(diagnostic, i) for i in liste if i.nature != "effectif")
    ecrites = (p for p in chain([_part_en_qpv(diagnostic)], dites) if p is not None)
    return list(islice(ecrites, PHRASES_DU_CHAPITRE))


def _part_en_qpv(diagnostic: Diagnostic) -> Phrase | None:
    sujet = diagnostic.ensembles.sujet
    chiffre = diagnostic.lu(sujet, PART_EN_QPV)
    if chiffre is None:
        return None
    return dire(
        "positions",
        "part_en_qpv",
        [chiffre],
        Lieu=majuscule(lieu(sujet)),
        v=ecrire(indicateurs()[PART_EN_QPV], chiffre),
        haut=nombre(chiffre.numerateur),
        bas=nombre(chiffre.denominateur),
        quand=date_dite(chiffre),
    )


def _phrase_du_seul(diagnostic: Diagnostic, indicateur: Indicateur) -> Phrase | None:
    autour = diagnostic.lus(reperes_dits(diagnostic), indicateur.code, "qpv_sujet")
    return phrase_du_quartier(diagnostic, indicateur, diagnostic.ensembles.qpv[0], autour)


def reperes_dits(diagnostic: Diagnostic) -> list[Territoire]:
    """Donner le sujet puis son intercommunalité, avec le complément de lieu qu'une phrase attend."""
    dans = gabarits("lieux_des_reperes")
    return [
        replace(t, role=t.role or t.niveau, dans=t.dans or dans.get(t.niveau, "dans l'ensemble"))
        for t in reperes_des_qpv(diagnostic.ensembles)
    ]


def _etendue(diagnostic: Diagnostic, indicateur: Indicateur) -> Phrase | None:
    if indicateur.code in table("_portrait")["sans_place"]:
        return None
    siens = diagnostic.lus(diagnostic.ensembles.qpv, indicateur.code, "qpv")
    autour = diagnostic.lus(diagnostic.ensembles.qpv_autour, indicateur.code, "qpv")
    reperes = diagnostic.lus(reperes_dits(diagnostic), indicateur.code, "qpv_sujet")
    return etendue_des_qpv(indicateur, siens, [*siens, *autour], reperes)


def places(
    diagnostic: Diagnostic, indicateur: Indicateur, quartier: Territoire, chiffre: Chiffre | None
) -> list[Position]:
    """Situer un quartier parmi ceux de sa commune, puis parmi ceux de l'intercommunalité."""
    if indicateur.code in table("_portrait")["sans_place"]:
        return []
    ensembles = diagnostic.ensembles
    siens = [t for t in ensembles.qpv if set(t.composantes) & set(quartier.composantes)]
    tous = [*ensembles.qpv, *ensembles.qpv_autour]
    groupes = [(siens, "de la commune" if len(quartier.composantes) == 1 else "de ses communes")]
    if len(tous) > len(siens):
        groupes.append((tous, "de l'intercommunalité"))
    lues = [
        position(indicateur, quartier, chiffre, diagnostic.lus(groupe, indicateur.code, "qpv"), ou)
        for groupe, ou in groupes
    ]
    return [p for p in lues if p is not None]


def phrase_du_quartier(
    diagnostic: Diagnostic, indicateur: Indicateur, quartier: Territoire, autour: Lus
) -> Phrase | None:
    """Écrire la phrase d'un quartier pour un indicateur : son chiffre, ses références, sa place."""
    chiffre = diagnostic.chiffre(quartier, indicateur.code, "qpv")
    siennes = places(diagnostic, indicateur, quartier, chiffre)
    return phrase_d_un_qpv(indicateur, quartier, chiffre, autour, siennes)


def cote_a_cote(diagnostic: Diagnostic, liste: Sequence[Indicateur]) -> list[Tableau]:
    """Composer le tableau des QPV côte à côte, la commune et l'intercommunalité à leur droite."""
    quartiers_prioritaires = diagnostic.ensembles.qpv
    utiles = [i for i in liste if chiffres_de(diagnostic.lus(quartiers_prioritaires, i.code, "qpv"))]
    reperes = _a_droite(diagnostic)
    grille: list[list[Cellule]] = []
    tous: list[Chiffre | None] = []
    for indicateur in utiles:
        chiffres = [c for _, c in diagnostic.lus(quartiers_prioritaires, indicateur.code, "qpv")]
        autour = [c for _, c in diagnostic.lus(reperes, indicateur.code, "qpv_sujet")]
        repere = next((c for c in chiffres if c is not None and c.periode), None)
        imposees = 0 if indicateur.unite == "%" else None
        cellules = [cellule(indicateur, c, imposees=imposees) for c in chiffres]
        ailleurs = [diagnostic.ailleurs.get((t.code, indicateur.code), "") for t in reperes]
        cellules += [
            a_cote(indicateur, c, repere, imposees, autre) for c, autre in zip(autour, ailleurs, strict=True)
        ]
        cellules.append(Cellule("" if repere is None else repere.periode, classe="date"))
        tous += [*chiffres, *autour]
        grille.append(cellules)
    tetes = [entete(t.nom, t.code, code_et_communes(t)) for t in quartiers_prioritaires]
    tetes += [*(entete(t.titre) for t in reperes), entete("Date (QPV)")]
    libelles = [entete(i.libelle_court, i.definition) for i in utiles]
    titre, notes = "Les quartiers prioritaires côte à côte", tuple(notes_de_lecture(tous))
    if utiles and len(quartiers_prioritaires) <= QPV_EN_COLONNES:
        lignes = tuple((libelle, *cellules) for libelle, cellules in zip(libelles, grille, strict=True))
        return [Tableau("qpv", titre, (entete("Indicateur"), *tetes), lignes, notes)]
    tranches = [slice(d, d + INDICATEURS_EN_COLONNES) for d in range(0, len(utiles), INDICATEURS_EN_COLONNES)]
    return [
        Tableau(
            f"qpv-{numero}",
            f"{titre} ({numero})",
            (entete("Quartier"), *libelles[tranche]),
            tuple(zip(tetes, *grille[tranche], strict=True)),
            notes if numero == len(tranches) else (),
        )
        for numero, tranche in enumerate(tranches, start=1)
    ]


def _a_droite(diagnostic: Diagnostic) -> list[Territoire]:
    """Donner les territoires mis à droite des quartiers."""
    roles = ("commune", "commune_du_qpv", "epci") if diagnostic.ensembles.sujet.niveau == "qpv" else None
    return [t for t in reperes_des_qpv(diagnostic.ensembles) if roles is None or t.role in roles]


def _autres_dates(diagnostic: Diagnostic, liste: Sequence[Indicateur]) -> list[str]:
    """Dire pourquoi un territoire tenu à une autre date n'est pas mis à côté des quartiers."""
    cas: dict[tuple[str, str, str], list[str]] = {}
    for indicateur in liste:
        lus = chiffres_de(diagnostic.lus(diagnostic.ensembles.qpv, indicateur.code, "qpv"))
        if not lus:
            continue
        par_date: dict[str, list[str]] = {}
        for t in _a_droite(diagnostic):
            if autre := diagnostic.ailleurs.get((t.code, indicateur.code)):
                par_date.setdefault(autre, []).append(t.titre)
        for autre, lieux in par_date.items():
            cas.setdefault((lus[0][1].periode, autre, enumerer(lieux)), []).append(indicateur.libelle_court)
    if not cas:
        return []
    mots = gabarits("notes_de_chapitre")
    dits = [
        mots["qpv_autres_dates_cas"].format(indicateurs=enumerer(noms), quartiers=q, ailleurs=a, lieux=ou)
        for (q, a, ou), noms in cas.items()
    ]
    return [typographier(mots["qpv_autres_dates"].format(cas=" ; ".join(dits)))]


def a_cote(
    indicateur: Indicateur,
    chiffre: Chiffre | None,
    repere: Chiffre | None,
    imposees: int | None,
    ailleurs: str = "",
) -> Cellule:
    """Écrire le chiffre d'une commune à côté de ses quartiers, ou pourquoi il n'y est pas."""
    if chiffre is not None and chiffre.a_une_valeur:
        detail = mots_de_couverture(chiffre).removeprefix(CALCULE_SUR)
        return cellule(indicateur, chiffre, imposees=imposees, detail=detail)
    sans_annee = repere is not None and repere.annee_donnees is None
    cas = "qpv_sans_annee" if sans_annee else "qpv_autre_date" if ailleurs else "qpv_sans_chiffre"
    dates = {"ailleurs": ailleurs, "quartiers": "" if repere is None else repere.periode}
    aide = gabarits("notes_de_chapitre")[cas].format(**dates)
    return Cellule(ecrire(indicateur, None), aide=aide, classe="absent")


def code_et_communes(quartier: Territoire) -> str:
    """Donner le code d'un quartier, et ses communes s'il en couvre plusieurs."""
    if len(quartier.communes) < 2:
        return quartier.code
    return f"{quartier.code}, sur {enumerer(quartier.communes)}"
