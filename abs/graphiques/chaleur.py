"""Le tableau de chaleur : un quartier prioritaire par ligne, un indicateur par colonne, le territoire en repère."""

from abs.calcul.diagnostic import reperes_des_qpv
from abs.calcul.table_longue import Chiffre, Diagnostic, chiffres_de, de_meme_date
from abs.graphiques.demandes import DemandeDeGraphique, Role, Serie, Valeur
from abs.graphiques.ecriture import MOITIE, composer, libelle, motif, refus, valeur
from abs.graphiques.plans import Plan, dire, mots
from abs.graphiques.titres import Message
from abs.indicateurs.indicateurs import Indicateur, indicateur
from abs.phrases.ecriture import ecrire, reference
from abs.phrases.etendue import bouts
from abs.statuts import Fiabilite
from abs.territoires.territoires import Territoire

Lus = list[tuple[Territoire, Chiffre]]


def chaleur(plan: Plan, diagnostic: Diagnostic) -> DemandeDeGraphique:
    """Composer le tableau : les colonnes chiffrées pour la moitié des quartiers au moins, les plus hauts d'abord."""
    tous = _quartiers(diagnostic)
    par_code = {code: chiffres_de(diagnostic.lus(tous, code, "qpv")) for code in plan.indicateurs}
    codes = [code for code, lus in par_code.items() if len(lus) >= MOITIE * len(tous) > 0]
    if not codes:
        raise refus(plan, diagnostic, mots("phrases")["raison_qpv"])
    valeurs = {t: c.valeur for t, c in par_code[codes[0]]}
    ranges = sorted(tous, key=lambda t: -valeurs.get(t, float("-inf")))
    gardes = ranges[: mots("reglages")["lignes_maximum"]]
    # Un quartier à cheval n'a pas une commune, mais deux : aucune n'est son repère.
    reperes = (t for t in reperes_des_qpv(diagnostic.ensembles) if t.role != "commune_du_qpv")
    repere = next(reperes, None)
    series = [_ligne(diagnostic, t, codes) for t in gardes]
    dits = [_colonne(diagnostic, code, repere, par_code[code]) for code in codes]
    if not any(dits):
        raise refus(plan, diagnostic, mots("phrases")["raison_qpv_fragiles"])
    if repere is not None:
        series.insert(0, _du_repere(diagnostic, repere, codes, par_code))
    notes = []
    if len(gardes) < len(ranges):
        premier = libelle(indicateur(codes[0]))
        notes = [dire("phrases", "qpv_premiers", montres=len(gardes), tous=len(ranges), libelle=premier)]
    lus = [(libelle(indicateur(code)), par_code[code][0][1]) for code in codes]
    return composer(
        plan, _titre(plan, {c: par_code[c] for c in codes}, len(tous)), series, lus, motif(*dits), notes
    )


def _quartiers(diagnostic: Diagnostic) -> list[Territoire]:
    """Lister les quartiers du territoire ; celui dont on fait le portrait en est."""
    ensembles = diagnostic.ensembles
    sujet = [ensembles.sujet] if ensembles.sujet.niveau == "qpv" else []
    return sujet + [t for t in ensembles.qpv if t.code != ensembles.sujet.code]


def _imposees(definition: Indicateur) -> int | None:
    # Comme dans le tableau des quartiers : un pourcentage y est arrondi une seule fois, à l'unité.
    return 0 if definition.unite == "%" else None


def _ligne(diagnostic: Diagnostic, quartier: Territoire, codes: list[str]) -> Serie:
    role: Role = "sujet" if quartier == diagnostic.ensembles.sujet else "categorie"
    lues = [(indicateur(c), diagnostic.chiffre(quartier, c, "qpv")) for c in codes]
    siennes = [valeur(i, chiffre, libelle(i), role, _imposees(i)) for i, chiffre in lues]
    return Serie(quartier.titre, tuple(siennes), role)


def _du_repere(
    diagnostic: Diagnostic, repere: Territoire, codes: list[str], par_code: dict[str, Lus]
) -> Serie:
    """Lire le territoire à l'année des données des quartiers ; rien n'est mis à côté d'une autre date."""
    valeurs = []
    for code in codes:
        definition, chiffre = indicateur(code), _a_cote(diagnostic, code, repere, par_code[code])
        nom = libelle(definition)
        if chiffre is None:
            raison = mots("phrases")["repere_absent"]
            valeurs.append(Valeur(nom, role="reference", raison=raison))
        else:
            valeurs.append(valeur(definition, chiffre, nom, "reference", _imposees(definition)))
    return Serie(repere.titre, tuple(valeurs), "reference")


def _a_cote(diagnostic: Diagnostic, code: str, repere: Territoire, lus: Lus) -> Chiffre | None:
    chiffre = diagnostic.lu(repere, code, "qpv_sujet")
    return chiffre if chiffre is not None and lus and de_meme_date(lus[0][1], chiffre) else None


def _colonne(diagnostic: Diagnostic, code: str, repere: Territoire | None, lus: Lus) -> str:
    """Dire l'étendue d'une colonne, et le repère s'il est de même date."""
    definition = indicateur(code)
    if not (extremites := _extremites(lus)):
        return ""
    (premier, bas), (dernier, haut) = extremites
    fixes = _imposees(definition)
    cas = "colonne" if len(lus) > 1 else "colonne_d_un_seul"
    ecrits = {"bas": ecrire(definition, bas, fixes), "haut": ecrire(definition, haut, fixes)}
    dite = dire("motifs", cas, libelle=libelle(definition), ou_bas=premier.nom, ou_haut=dernier.nom, **ecrits)
    autre = None if repere is None else _a_cote(diagnostic, code, repere, lus)
    if repere is None or autre is None:
        return dite
    return dite + dire("motifs", "repere", v=ecrire(definition, autre, fixes), nom=repere.titre)


def _extremites(lus: Lus) -> tuple[tuple[Territoire, Chiffre], ...]:
    return bouts(lus) if any(c.fiabilite != Fiabilite.FRAGILE for _, c in lus) else ()


def _titre(plan: Plan, par_code: dict[str, Lus], quartiers: int) -> Message:
    """Dire l'étendue de la première colonne où tous les quartiers sont chiffrés, sans valeur fragile qui en sorte."""
    for code, lus in par_code.items():
        definition, extremites = indicateur(code), _extremites(lus)
        if len(lus) < quartiers or not extremites:
            continue
        bas, haut = (ecrire(definition, c, _imposees(definition)) for _, c in extremites)
        cas = "etendue_qpv" if bas != haut else "un_qpv" if quartiers == 1 else "memes_qpv"
        texte = dire("titres", cas, libelle=mots("courts").get(code, definition.libelle), bas=bas, haut=haut)
        if len(texte) <= mots("reglages")["titre_maximum"]:
            return Message(texte, tuple(dict.fromkeys(reference(c) for _, c in extremites)))
    return Message(plan.titre)
