"""Le titre d'un graphique dit le message : un écart établi par les mêmes règles que les phrases, ou un simple constat."""

from collections.abc import Collection
from dataclasses import dataclass

from abs.calcul.table_longue import Chiffre, Diagnostic
from abs.graphiques.plans import Plan, dire, mots
from abs.graphiques.references import autour
from abs.indicateurs.indicateurs import Indicateur, indicateur
from abs.langue import elider, majuscule
from abs.phrases.ecriture import decimales, ecrire, reference
from abs.phrases.phrases import Lue, references_lues
from abs.phrases.significativite import DIFFERENTS, Verdict, comparer
from abs.statuts import Fiabilite


@dataclass(frozen=True)
class Message:
    """Un titre, et les lignes du diagnostic qu'il cite."""

    texte: str
    references: tuple[str, ...] = ()


@dataclass(frozen=True)
class Fait:
    """Un chiffre solide du sujet, comparé à la première référence tracée."""

    indicateur: Indicateur
    chiffre: Chiffre
    lue: Lue | None = None

    @property
    def etabli(self) -> bool:
        """Dire si l'écart avec la référence est établi."""
        return self.lue is not None and self.lue[2].verdict in DIFFERENTS

    def tient(self, essais: int) -> bool:
        """Dire si l'écart reste établi quand il est choisi parmi plusieurs."""
        return (
            self.lue is not None
            and comparer(self.indicateur, self.chiffre, self.lue[1], essais).verdict in DIFFERENTS
        )

    @property
    def ampleur(self) -> float:
        """Écart, en nombre de seuils."""
        if self.lue is None:
            return 0.0
        comparaison = self.lue[2]
        return abs(comparaison.ecart) / (comparaison.seuil or 1)


def titre(diagnostic: Diagnostic, plan: Plan, sauf: Collection[str] = ()) -> Message:
    """Dire l'écart établi le plus net, sinon le premier chiffre solide, sinon le sujet du graphique."""
    codes = [code for code in plan.messages if code not in sauf]
    faits = [f for code in codes if (f := _fait(diagnostic, code)) is not None]
    if not faits:
        return Message(plan.titre)
    # Le plus net de plusieurs écarts doit tenir quand on les regarde tous.
    etablis = [f for f in faits if f.etabli and f.tient(len(faits))]
    return _ecrire(plan, max(etablis, key=lambda f: f.ampleur) if etablis else faits[0])


def _fait(diagnostic: Diagnostic, code: str) -> Fait | None:
    definition, sujet = indicateur(code), diagnostic.ensembles.sujet
    chiffre = diagnostic.lu(sujet, code)
    if chiffre is None or chiffre.fiabilite == Fiabilite.FRAGILE:
        return None
    lues = references_lues(definition, sujet, chiffre, autour(diagnostic, code, chiffre))
    return Fait(definition, chiffre, next(iter(lues), None))


def _ecrire(plan: Plan, fait: Fait) -> Message:
    """Écrire le fait et sa référence, ou le seul fait si la ligne serait trop longue."""
    definition, chiffre = fait.indicateur, fait.chiffre
    dit = mots("faits").get(definition.code, definition.phrase).format(v=ecrire(definition, chiffre))
    morceaux = {"fait": majuscule(dit)}
    essais = [(dire("titres", "seul", **morceaux), (reference(chiffre),)), (plan.titre, ())]
    if fait.lue is not None:
        territoire, autre, comparaison = fait.lue
        morceaux |= {
            "r": ecrire(definition, autre, decimales(definition, chiffre)),
            "dans": territoire.dans,
            "que": elider("que", territoire.dans),
        }
        compare = dire("titres", _cas(definition, comparaison.verdict), **morceaux)
        essais.insert(0, (compare, (reference(chiffre), reference(autre))))
    maximum = mots("reglages")["titre_maximum"]
    return next(Message(texte, cites) for texte, cites in essais if len(texte) <= maximum)


def _cas(definition: Indicateur, verdict: Verdict) -> str:
    if verdict in DIFFERENTS:
        return f"{verdict}_montant" if definition.unite == "€" else str(verdict)
    return "comparable" if verdict == Verdict.COMPARABLE else "nu"
