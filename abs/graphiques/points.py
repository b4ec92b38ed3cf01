"""Les réglettes : le sujet, ses références et ses IRIS habités, une ligne par indicateur."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from abs.calcul.table_longue import Chiffre, Diagnostic, chiffres_de, de_meme_date
from abs.definitions import table
from abs.graphiques.demandes import DemandeDeGraphique, Serie
from abs.graphiques.ecriture import composer, exiger, libelle, motif, refus, role_de, suite_de_lignes, valeur
from abs.graphiques.plans import Plan, dire, mots
from abs.graphiques.references import autour
from abs.graphiques.titres import titre
from abs.indicateurs.indicateurs import Indicateur, indicateur
from abs.langue import enumerer
from abs.phrases.ecriture import decimales, ecrire
from abs.phrases.etendue import bouts, mailles_classables
from abs.statuts import Fiabilite
from abs.territoires.territoires import Territoire
from donnees_insee.catalogue.catalogue import source

# Indicateurs dont un texte alternatif dit l'étendue.
ETENDUES: Final = 2
DEUX: Final = 2
Lus = list[tuple[Territoire, Chiffre]]


def points(plan: Plan, diagnostic: Diagnostic) -> DemandeDeGraphique:
    """Composer des réglettes ; un indicateur que rien ne publie au niveau du sujet n'a pas de ligne."""
    sujet = diagnostic.ensembles.sujet
    lus = {c: chiffre for c in plan.indicateurs if (chiffre := diagnostic.chiffre(sujet, c)) is not None}
    exiger(plan, diagnostic, list(lus.values()))
    ecartes = _autres_dates(lus, meme_echelle=plan.echelle_commune)
    lignes = [_ligne(diagnostic, code, chiffre) for code, chiffre in lus.items() if code not in ecartes]
    montrees = [ligne.serie(sujet) for ligne in lignes if ligne.chiffre.a_une_valeur]
    # Une fiche n'a qu'une réglette : elle vaut par ce qu'elle met autour du chiffre.
    seule = len(plan.indicateurs) == 1 and any(len(s.presentes) >= DEUX for s in montrees)
    if len(montrees) < DEUX and not seule:
        raise refus(plan, diagnostic, mots("phrases")["raison_seule"])
    muettes = [ligne.nom for ligne in lignes if not ligne.chiffre.a_une_valeur]
    notes = [
        dire("phrases", cas, libelles=" ; ".join(noms))
        for cas, noms in (("sans_chiffre", muettes), ("autres_dates", _noms(ecartes)))
        if noms
    ]
    return composer(
        plan,
        titre(diagnostic, plan, ecartes),
        montrees,
        [(ligne.nom, ligne.chiffre) for ligne in lignes if ligne.chiffre.a_une_valeur],
        _motif(sujet, lignes),
        notes,
        mailles=nom_des_mailles([t for ligne in lignes for t, _ in ligne.mailles]),
    )


def nom_des_mailles(territoires: Sequence[Territoire]) -> str:
    """Nommer les petits points en légende : des IRIS, ou les communes d'un territoire plus large."""
    return mots("mailles")[territoires[0].niveau] if territoires else ""


def _autres_dates(lus: Mapping[str, Chiffre], *, meme_echelle: bool) -> list[str]:
    """Lister les indicateurs lus à une autre date que la plupart de ceux de leur famille, ou de leur échelle commune."""
    dates: dict[str, Counter[int]] = {}
    tenus = {code: c for code, c in lus.items() if c.a_une_valeur}
    familles = {code: "" if meme_echelle else source(c.source).famille for code, c in tenus.items()}
    for code, c in tenus.items():
        dates.setdefault(familles[code], Counter())[c.millesime or 0] += 1
    choisies = {famille: max(lues, key=lambda a: (lues[a], a)) for famille, lues in dates.items()}
    return [code for code, c in tenus.items() if (c.millesime or 0) != choisies[familles[code]]]


def _noms(codes: Iterable[str]) -> list[str]:
    return [libelle(indicateur(code)) for code in codes]


@dataclass(frozen=True)
class Ligne:
    """Une réglette : le chiffre du sujet, ceux de ses références et de ses mailles."""

    definition: Indicateur
    chiffre: Chiffre
    references: Lus
    mailles: Lus

    @property
    def nom(self) -> str:
        """Nom de l'indicateur."""
        return libelle(self.definition)

    @property
    def fixes(self) -> int:
        """Décimales du sujet, que ses références suivent."""
        return decimales(self.definition, self.chiffre)

    def serie(self, sujet: Territoire) -> Serie:
        """Placer le sujet, ses références à la même précision, puis ses mailles."""
        placees = [valeur(self.definition, self.chiffre, sujet.titre, "sujet")]
        placees += [valeur(self.definition, c, t.titre, role_de(t), self.fixes) for t, c in self.references]
        placees += [valeur(self.definition, c, t.nom, "maille") for t, c in self.mailles]
        return Serie(self.nom, tuple(placees), unite=self.definition.unite)

    def etendue(self) -> str:
        """Dire les deux bouts des mailles, s'il y en a deux solides et qu'aucune valeur fragile n'en sort."""
        solides = [c for _, c in self.mailles if c.fiabilite != Fiabilite.FRAGILE]
        extremites = bouts(self.mailles) if len(solides) > 1 else ()
        if not extremites:
            return ""
        pas = min(decimales(self.definition, c) for _, c in extremites)
        bas, haut = (ecrire(self.definition, c, pas) for _, c in extremites)
        return dire("motifs", "etendue", bas=bas, haut=haut, libelle=self.nom)


def _ligne(diagnostic: Diagnostic, code: str, chiffre: Chiffre) -> Ligne:
    if not chiffre.a_une_valeur:
        return Ligne(indicateur(code), chiffre, [], [])
    return Ligne(
        indicateur(code), chiffre, autour(diagnostic, code, chiffre), mailles(diagnostic, code, chiffre)
    )


def _motif(sujet: Territoire, lignes: Sequence[Ligne]) -> str:
    """Dire les valeurs du sujet et de sa première référence, l'étendue des mailles, et ce qui manque."""
    dites = [ligne for ligne in lignes if ligne.chiffre.a_une_valeur]
    premiere = next((t for ligne in dites for t, _ in ligne.references[:1]), None)
    valeurs = []
    for ligne in dites:
        siens = [ecrire(ligne.definition, c, ligne.fixes) for t, c in ligne.references if t == premiere]
        fragile = "*" if ligne.chiffre.fiabilite == Fiabilite.FRAGILE else ""
        valeurs.append((ligne.nom, ecrire(ligne.definition, ligne.chiffre) + fragile, "".join(siens)))
    etendues = [(ligne, e) for ligne in dites if (e := ligne.etendue())][:ETENDUES]
    en_etendue = ""
    if etendues:
        niveau = etendues[0][0].mailles[0][0].niveau
        cas = "etendue_iris" if niveau == "iris" else "etendue_commune"
        en_etendue = dire("motifs", cas, etendues=enumerer([e for _, e in etendues]))
    manquent = " ; ".join(ligne.nom for ligne in lignes if not ligne.chiffre.a_une_valeur)
    return motif(
        suite_de_lignes(sujet.titre, premiere.dans if premiere else "", valeurs),
        en_etendue,
        dire("motifs", "manquent", libelles=manquent) if manquent else "",
    )


def mailles(diagnostic: Diagnostic, code: str, chiffre: Chiffre) -> Lus:
    """Donner les mailles classables, si elles sont chiffrées à la date du sujet et se localisent sans montrer du doigt."""
    repere = diagnostic.sujet_du_detail(code)
    if code in table("_portrait")["sans_place"] or repere is None or not de_meme_date(repere, chiffre):
        return []
    siennes = chiffres_de(mailles_classables(diagnostic, code))
    return [(t, c) for t, c in siennes if c.definition == chiffre.definition]
