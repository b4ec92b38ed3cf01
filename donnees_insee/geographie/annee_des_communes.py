"""De quelle année est une couche de communes : celle qu'on lui donne, si ses communes sont bien celles d'alors."""

from collections.abc import Iterable
from dataclasses import dataclass, replace

from donnees_insee.base.base import Base
from donnees_insee.erreurs import DonneeAbsente, SourceNonReconnue, TableNonConforme
from donnees_insee.geographie.dans_le_temps import histoire
from donnees_insee.geographie.mouvements import ANCIENNE, Compatibilite
from donnees_insee.lecture.contours import CouchePreparee

NOMMES = 5


@dataclass(frozen=True)
class AnneeDesCommunes:
    """Ce que l'histoire des communes dit d'une liste : les années qui lui conviennent, et ce qui contredit la sienne."""

    convient: str = ""
    contredit: str = ""


def bien_datee(base: Base, couche: CouchePreparee, nom: str, *, malgre_les_ecarts: bool) -> CouchePreparee:
    """Exiger d'une couche de communes son année, et que ses communes soient de cette année-là."""
    if not couche.source.millesime_dans_le_nom:
        return couche
    lue = annee_des_communes(base, couche.couche["code"].astype(str), couche.annee)
    if couche.annee is None:
        indice = f" ; sa liste de communes est celle de {lue.convient}" if lue.convient else ""
        raise SourceNonReconnue(
            f"« {nom} » est reconnu comme « {couche.source.titre} », mais ni son nom ni ses attributs ne disent l'année de "
            f"sa géographie, et les communes changent d'une année à l'autre{indice}. Redéposez-le avec --millesime AAAA."
        )
    if lue.contredit and not malgre_les_ecarts:
        raise TableNonConforme(
            f"« {nom} » est donné pour la géographie de {couche.annee} ({couche.d_ou}), et {lue.contredit}. Redéposez-le "
            "avec --millesime et la bonne année, ôtée du nom du fichier si elle y est ; --malgre-les-ecarts le range tel "
            "quel et garde cet écart à son reçu."
        )
    dites = (f"à vérifier, {lue.contredit}",) if lue.contredit else ()
    return replace(couche, remarques=couche.remarques + dites)


def annee_des_communes(base: Base, recus: Iterable[str], annee: int | None) -> AnneeDesCommunes:
    """Confronter une liste de communes à l'histoire que tient la base ; sans elle, rien n'est dit."""
    try:
        passe = histoire(base)
    except DonneeAbsente:
        return AnneeDesCommunes()
    liste = list(recus)
    trouvees = passe.annees_compatibles(liste)
    convient = _en_mots(trouvees.annees)
    if annee is None or annee in trouvees.annees or not ANCIENNE <= annee <= passe.annee:
        return AnneeDesCommunes(convient)
    alors = passe.ecarts_avec(liste, annee)
    if not alors.inconnus and (trouvees.inconnus or trouvees.absents):
        # Un extrait de département convient à bien des années : ses absentes ne prouvent rien.
        return AnneeDesCommunes(convient)
    return AnneeDesCommunes(convient, f"{_phrase(alors)} ; sa liste est celle de {convient}")


def _phrase(alors: Compatibilite) -> str:
    """Dire les communes d'un autre temps, à défaut celles qui manquent."""
    fautives = alors.inconnus or alors.absents
    quoi = "de ses communes n'existaient pas" if alors.inconnus else "communes de ses départements y manquent"
    debut = ", ".join(fautives[:NOMMES]) + ("…" if len(fautives) > NOMMES else "")
    return f"{len(fautives)} {quoi} cette année-là ({debut})"


def _en_mots(annees: tuple[int, ...]) -> str:
    return str(annees[0]) if len(annees) == 1 else f"{annees[0]} à {annees[-1]}"
