"""Les parts d'un tout : barres à 100 % du sujet et de ses références, et gaufre de cent carreaux."""

import math
from collections.abc import Sequence
from typing import Final

from abs.calcul.table_longue import Chiffre, Diagnostic
from abs.formats import avec_unite
from abs.graphiques.demandes import DemandeDeGraphique, Role, Serie, Valeur
from abs.graphiques.ecriture import composer, exiger, motif, refus, role_de, suite_de_lignes, valeur
from abs.graphiques.plans import Part, Plan, dire, mots
from abs.graphiques.references import autour
from abs.graphiques.titres import titre
from abs.indicateurs.indicateurs import indicateur
from abs.phrases.ecriture import decimales, reference
from abs.statuts import Fiabilite
from abs.territoires.territoires import Territoire

# Ce dont la somme des parts publiées peut s'écarter de cent, ou un reste passer sous zéro : l'arrondi du producteur.
ECART_ADMIS: Final = 0.5
Comptes = dict[str, Chiffre]


def barres(plan: Plan, diagnostic: Diagnostic) -> DemandeDeGraphique:
    """Composer une barre par territoire : le sujet, puis les références dont toutes les parts sont connues."""
    sujet, tenus = diagnostic.ensembles.sujet, _du_sujet(plan, diagnostic)
    fixes = {code: decimales(indicateur(code), c) for code, c in tenus.items()}
    trouvees = [(sujet, _parts(plan, tenus, fixes)), *_des_references(plan, diagnostic, tenus, fixes)]
    lues = [(t, valeurs) for t, valeurs in trouvees if valeurs]
    if not lues or lues[0][0] != sujet:
        raise refus(plan, diagnostic, mots("phrases")["raison_incomplete"])
    series = [Serie(t.titre, v, "sujet" if t == sujet else role_de(t), "%") for t, v in lues]
    autres = lues[1][1] if len(lues) > 1 else [None] * len(plan.parts)
    paires = zip(series[0].valeurs, autres, strict=True)
    dites = [(v.libelle, v.texte, "" if r is None else r.texte) for v, r in paires]
    dite = suite_de_lignes(sujet.titre, lues[1][0].dans if len(lues) > 1 else "", dites)
    return composer(
        plan, titre(diagnostic, plan), series, _nommes(plan, tenus), motif(dite), _differences(plan)
    )


def gaufre(plan: Plan, diagnostic: Diagnostic) -> DemandeDeGraphique:
    """Composer une gaufre : les parts du seul sujet, en carreaux sur cent."""
    tenus = _du_sujet(plan, diagnostic)
    valeurs = _parts(plan, tenus, {c: decimales(indicateur(c), chiffre) for c, chiffre in tenus.items()})
    if not valeurs:
        raise refus(plan, diagnostic, mots("phrases")["raison_incomplete"])
    premiere, *autres = valeurs
    reste = ", ".join(dire("motifs", "autre_part", libelle=v.libelle, texte=v.texte) for v in autres)
    carreaux = {"v": round(premiere.valeur), "libelle": premiere.libelle, "texte": premiere.texte}
    dite = dire("motifs", "gaufre", reste=reste, **carreaux)
    series = [Serie(diagnostic.ensembles.sujet.titre, valeurs, unite="%")]
    return composer(
        plan, titre(diagnostic, plan), series, _nommes(plan, tenus), motif(dite), _differences(plan)
    )


def _du_sujet(plan: Plan, diagnostic: Diagnostic) -> Comptes:
    """Lire les chiffres du sujet ; une barre à laquelle il en manque un ne se dessine pas."""
    sujet = diagnostic.ensembles.sujet
    lus = {code: diagnostic.chiffre(sujet, code) for code in plan.codes}
    exiger(plan, diagnostic, list(lus.values()))
    if any(c is None or not c.a_une_valeur for c in lus.values()):
        exiger(plan, diagnostic, [c for c in lus.values() if c is None or not c.a_une_valeur])
    return {code: c for code, c in lus.items() if c is not None}


def _des_references(
    plan: Plan, diagnostic: Diagnostic, tenus: Comptes, fixes: dict[str, int]
) -> list[tuple[Territoire, tuple[Valeur, ...]]]:
    par_code = {code: dict(autour(diagnostic, code, c)) for code, c in tenus.items()}
    communes = [t for t in next(iter(par_code.values())) if all(t in lus for lus in par_code.values())]
    return [(t, _parts(plan, {c: lus[t] for c, lus in par_code.items()}, fixes)) for t in communes]


def _parts(plan: Plan, chiffres: Comptes, fixes: dict[str, int]) -> tuple[Valeur, ...]:
    """Calculer les parts d'une barre ; rien si elles n'ont pas le même dénominateur, ou ne font pas cent."""
    if not _meme_tout(list(chiffres.values())):
        return ()
    pas = min(fixes.values())
    valeurs = [_part(p, chiffres, fixes, pas) for p in plan.parts if p.indicateur]
    somme = math.fsum(v.valeur for v in valeurs)
    if reste := next((p for p in plan.parts if not p.indicateur), None):
        lignes = tuple(dict.fromkeys(reference(c) for c in chiffres.values()))
        valeurs.append(
            _deduite(reste.libelle, 100 - somme, pas, lignes, fragile=_fragile(chiffres), reste=True)
        )
    elif abs(100 - somme) > ECART_ADMIS:
        return ()
    return () if any(v.valeur < 0 for v in valeurs) else tuple(valeurs)


def _meme_tout(chiffres: Sequence[Chiffre]) -> bool:
    """Dire si des chiffres sont des parts d'un même compte, lu dans le même fichier."""
    premier = chiffres[0]
    if any((c.source, c.millesime) != (premier.source, premier.millesime) for c in chiffres):
        return False
    touts = [c.denominateur for c in chiffres]
    return len(chiffres) == 1 or all(math.isclose(t, touts[0], rel_tol=1e-6) for t in touts)


def _part(part: Part, chiffres: Comptes, fixes: dict[str, int], pas: int) -> Valeur:
    definition, chiffre = indicateur(part.indicateur), chiffres[part.indicateur]
    if not part.moins:
        return valeur(definition, chiffre, part.libelle, "categorie", fixes[part.indicateur])
    siens = {code: chiffres[code] for code in part.codes}
    otes = math.fsum(chiffres[code].numerateur for code in part.moins)
    deduite = definition.facteur * (chiffre.numerateur - otes) / chiffre.denominateur
    return _deduite(
        part.libelle, deduite, pas, tuple(map(reference, siens.values())), fragile=_fragile(siens)
    )


def _deduite(
    nom: str, calculee: float, pas: int, lignes: tuple[str, ...], *, fragile: bool, reste: bool = False
) -> Valeur:
    """Écrire une part obtenue par différence : aucune ligne ne la porte, celles dont elle vient sont nommées."""
    exacte = round(calculee, 9)
    texte = avec_unite(exacte, "%", pas)
    role: Role = "reste" if reste else "categorie"
    return Valeur(nom, exacte, texte, role=role, fragile=fragile, origines=lignes)


def _fragile(chiffres: Comptes) -> bool:
    return any(c.fiabilite == Fiabilite.FRAGILE for c in chiffres.values())


def _nommes(plan: Plan, tenus: Comptes) -> list[tuple[str, Chiffre]]:
    return [(p.libelle, tenus[p.indicateur]) for p in plan.parts if p.indicateur]


def _differences(plan: Plan) -> list[str]:
    """Dire quelles parts viennent d'une différence."""
    return [
        dire("phrases", "difference", libelle=p.libelle) for p in plan.parts if p.moins or not p.indicateur
    ]
