"""Des chiffres aux valeurs d'un graphique, et ce qui l'entoure : dates, sources, notes, texte qui le décrit."""

import re
from collections.abc import Sequence
from typing import Any, Final, cast, get_args

from abs.calcul.table_longue import Chiffre, Diagnostic, mots_de_couverture
from abs.graphiques.demandes import DemandeDeGraphique, Role, Serie, Valeur
from abs.graphiques.plans import Plan, dire, mots
from abs.graphiques.titres import Message
from abs.indicateurs.indicateurs import Indicateur, indicateur
from abs.langue import abreger, majuscule, typographier
from abs.phrases.ecriture import ecrire, lieu, raison_publique, reference
from abs.statuts import LIBELLES_STATUT, Fiabilite
from abs.territoires.territoires import Territoire
from donnees_insee.catalogue.catalogue import source
from donnees_insee.erreurs import DonneeAbsente

ROLES: Final = frozenset(get_args(Role))
MOITIE: Final = 0.5
NOMMEES: Final = 4
# Un chiffre du sujet, et le nom de ce qu'il mesure.
Nomme = tuple[str, Chiffre]


def libelle(definition: Indicateur) -> str:
    """Donner le nom d'un indicateur dans un graphique."""
    return typographier(mots("libelles").get(definition.code, definition.libelle_court))


def role_de(territoire: Territoire) -> Role:
    """Donner le rôle sous lequel un territoire se dessine."""
    return cast("Role", territoire.role) if territoire.role in ROLES else "reference"


def valeur(
    definition: Indicateur, chiffre: Chiffre | None, nom: str, role: Role, imposees: int | None = None
) -> Valeur:
    """Écrire un chiffre du diagnostic comme une valeur à dessiner, ou comme une absence et sa raison."""
    texte = ecrire(definition, chiffre, imposees)
    if chiffre is None:
        return Valeur(nom, texte=texte, role=role, raison=mots("phrases")["non_publie"])
    if not chiffre.a_une_valeur:
        raison = raison_de(chiffre)
        return Valeur(nom, texte=texte, role=role, reference=reference(chiffre), raison=raison)
    fragile = chiffre.fiabilite == Fiabilite.FRAGILE
    return Valeur(nom, chiffre.valeur, texte, chiffre.marge, role, reference(chiffre), fragile=fragile)


def raison_de(chiffre: Chiffre) -> str:
    """Dire en un mot pourquoi un chiffre manque, sans les drapeaux du producteur."""
    premiere = chiffre.note.split(" ; ", maxsplit=1)[0]
    return raison_publique(chiffre, premiere) or LIBELLES_STATUT[chiffre.statut]


def exiger(plan: Plan, diagnostic: Diagnostic, chiffres: Sequence[Chiffre | None]) -> None:
    """Refuser un graphique dont le sujet n'a pas la moitié des chiffres, en disant pourquoi et quoi déposer."""
    tenus = sum(c is not None and c.a_une_valeur for c in chiffres)
    if tenus and tenus >= MOITIE * len(chiffres):
        return
    manque = next((c for c in chiffres if c is not None and not c.a_une_valeur), None)
    if manque is None:
        raise refus(plan, diagnostic, mots("phrases")["non_publie"])
    raise refus(plan, diagnostic, raison_de(manque), source(manque.source).rappel_demande)


def refus(plan: Plan, diagnostic: Diagnostic, raison: str, attendu: str = "") -> DonneeAbsente:
    """Dire pourquoi un graphique ne se dessine pas, et ce qu'il faudrait déposer."""
    ou = lieu(diagnostic.ensembles.sujet)
    cas = "absent" if attendu else "sans_objet"
    return DonneeAbsente(dire("phrases", cas, nom=plan.nom, lieu=ou, raison=raison, attendu=attendu))


def motif(*morceaux: str) -> str:
    """Réunir les morceaux d'un texte alternatif en phrases."""
    return typographier(" ".join(f"{majuscule(m)}." for m in morceaux if m))


def suite_de_lignes(nom: str, dans: str, dites: Sequence[tuple[str, str, str]]) -> str:
    """Dire les lignes d'un graphique : le sujet, et entre parenthèses la première référence."""
    ecrites = [
        dire("motifs", "ligne_comparee" if r else "ligne", libelle=quoi, v=v, r=r) for quoi, v, r in dites
    ]
    compare = dans and any(r for _, _, r in dites)
    cas = "lignes_comparees" if compare else "lignes"
    return dire("motifs", cas, nom=nom, dans=dans, lignes=" ; ".join(ecrites))


def composer(
    plan: Plan,
    titre: Message,
    series: Sequence[Serie],
    lus: Sequence[Nomme],
    alternatif: str,
    notes: Sequence[str] = (),
    date: str = "",
    **champs: Any,
) -> DemandeDeGraphique:
    """Assembler la demande : dates et sources des chiffres du sujet, notes communes à tous les genres."""
    producteurs, lues = dates_et_sources([c for _, c in lus])
    unites = {indicateur(c.indicateur).unite for _, c in lus}
    return DemandeDeGraphique(
        plan.nom,
        plan.genre,
        titre.texte,
        typographier(plan.sous_titre),
        tuple(series),
        unites.pop() if len(unites) == 1 else "",
        date or lues,
        producteurs,
        alternatif,
        (*map(typographier, plan.notes), *notes, *_couvertures(lus), *_fragiles(plan, series)),
        echelle_commune=plan.echelle_commune,
        references=titre.references,
        **champs,
    )


def _couvertures(lus: Sequence[Nomme]) -> list[str]:
    """Dire sur quoi les chiffres partiels du sujet ont été calculés, une fois par couverture."""
    par_couverture: dict[str, str] = {}
    for nom, chiffre in lus:
        if couverture := mots_de_couverture(chiffre):
            par_couverture.setdefault(couverture, nom)
    return [dire("phrases", "partiel", libelle=nom, couverture=c) for c, nom in par_couverture.items()]


def _fragiles(plan: Plan, series: Sequence[Serie]) -> list[str]:
    """Nommer les lignes où le sujet ou une référence est fragile ; les mailles sont trop nombreuses pour l'être."""
    noms = [s.nom for s in series if any(v.fragile and v.role != "maille" for v in s.valeurs)]
    # Les séries d'une pyramide sont deux sexes : ce sont des âges qui sont fragiles, et aucun n'y est écrit.
    cas = "fragile_aux_ages" if plan.genre == "pyramide" else "fragile"
    return [dire("phrases", cas, libelles=abreger(noms, NOMMEES))] if noms else []


def dates_et_sources(chiffres: Sequence[Chiffre]) -> tuple[str, str]:
    """Donner la source et la date, ou chaque source suivie des siennes."""
    par_source: dict[str, list[str]] = {}
    for c in chiffres:
        nom = source(c.source).titre_court
        par_source.setdefault(nom, []).append(_sans_redite(c.periode, nom))
    dates = {nom: ", ".join(dict.fromkeys(filter(None, siennes))) for nom, siennes in par_source.items()}
    if len(dates) == 1:
        return next(iter(dates.items()))
    return " ; ".join(f"{nom} ({siennes})" if siennes else nom for nom, siennes in dates.items()), ""


def _sans_redite(periode: str, nom: str) -> str:
    """Ôter d'une date les mots que le nom de sa source dit déjà : « recensement 2022 » y devient « 2022 »."""
    dits = set(re.findall(r"\w+", nom.lower()))
    return " ".join(mot for mot in periode.split() if mot.lower() not in dits)
