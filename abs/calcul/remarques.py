"""Ce qu'un diagnostic fait remarquer de ses quartiers prioritaires : éditions postérieures, autre génération tenue."""

from abs.calcul.table_longue import Diagnostic
from abs.definitions import table
from abs.territoires.territoires import Territoires
from donnees_insee.catalogue.catalogue import source


def remarques_de(diagnostic: Diagnostic, territoires: Territoires) -> list[str]:
    """Relever les remarques d'un diagnostic."""
    return [*_editions_posterieures(diagnostic), *_autre_generation(diagnostic, territoires)]


def _editions_posterieures(diagnostic: Diagnostic) -> list[str]:
    """Dire en une phrase les éditions QPV montrées bien qu'elles suivent le millésime demandé."""
    if not diagnostic.posterieures:
        return []
    editions = ", ".join(
        f"{source(s).titre.split(' : ')[-1]} ({', '.join(map(str, sorted(annees)))})"
        for s, annees in sorted(diagnostic.posterieures.items())
    )
    texte = table("_phrases")["avertissements"]["editions_posterieures"]
    return [texte.format(millesime=diagnostic.demande.millesime, editions=editions)]


def _autre_generation(diagnostic: Diagnostic, territoires: Territoires) -> list[str]:
    """Dire ce que la base tient des QPV d'une autre génération que celle qui est montrée."""
    sujet, qpv = diagnostic.ensembles.sujet, diagnostic.ensembles.qpv
    if sujet.niveau == "qpv" or not qpv:
        return []
    montree, tours = qpv[0].geographie or 0, table("_phrases")["avertissements"]
    chiffrees = territoires.qpv_par_generation(sujet, chiffres=True)
    dites = []
    for generation, siens in sorted(territoires.qpv_par_generation(sujet).items()):
        cas = "autre_generation" if generation in chiffrees else "generation_sans_chiffre"
        # Des quartiers plus anciens et sans chiffre n'apprennent rien au lecteur.
        if generation != montree and (generation in chiffrees or generation > montree):
            dites.append(tours[cas].format(autre=generation, montree=montree, combien=len(siens)))
    return dites
