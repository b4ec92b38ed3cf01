"""Dire, d'un catalogue de Melodi, ce qui a paru ou a été révisé depuis ce que la base tient, jeu par jeu."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import PurePath
from typing import Final

from donnees_insee.base.base import Base
from donnees_insee.base.recus import Recu
from donnees_insee.catalogue.jeux_melodi import Jeu
from donnees_insee.telechargement import registre
from donnees_insee.telechargement.catalogue_melodi import Produit, jeux, produit

# Le nom d'un fichier de Melodi : le jeu, parfois l'année, parfois ce que dit la fin. Celui d'une réponse de l'API, qui ne
# porte qu'un territoire, n'en est pas un.
NOM: Final = re.compile(r"(DS_[A-Z0-9_]+?)(?:_((?:19|20)\d\d))?(?:_CSV_FR|_data)?")
# Dans l'ordre où ils sont dits : ce qui est à prendre d'abord.
ETATS: Final = {
    "revision": "révision",
    "edition": "édition nouvelle",
    "jamais": "jamais déposé",
    "absent": "pas au catalogue",
    "a_jour": "à jour",
}


@dataclass(frozen=True)
class Nouveaute:
    """Ce qu'un catalogue dit d'un jeu, au regard de ce que la base en tient."""

    jeu: Jeu
    etat: str
    publie: Produit | None = None
    tenu: str = ""
    raison: str = ""

    @property
    def a_prendre(self) -> bool:
        """Dire si un fichier est à prendre."""
        return self.etat in {"jamais", "edition", "revision"}


@dataclass(frozen=True)
class _Tenu:
    """Le dernier fichier déposé d'un jeu."""

    recu: Recu
    edition: int | None
    nom: str


def nouveautes(base: Base, lignes: Iterable[dict[str, str]]) -> list[Nouveaute]:
    """Comparer un catalogue à la base, pour chaque jeu que le projet lit ; ce qui est à prendre vient d'abord."""
    lignes, recus = list(lignes), base.recus()
    vues = registre.lire_registre(base.dossier)
    lus = dict.fromkeys(jeux().values())
    trouvees = [_comparer(j, produit(lignes, j), _dernier_tenu(recus, j), vues) for j in lus]
    return sorted(trouvees, key=lambda n: list(ETATS).index(n.etat))


def _dernier_tenu(recus: Iterable[Recu], jeu: Jeu) -> _Tenu | None:
    """Trouver le dernier dépôt d'un jeu : au nom du fichier, ou de celui qu'il contient."""
    tenus = []
    for recu in recus:
        noms = [recu.nom, *(lot.origine.rpartition(" → ")[2] for lot in recu.lots)]
        for nom in noms:
            lu = NOM.fullmatch(PurePath(nom.replace("\\", "/")).stem)
            if lu and lu[1] in jeu.noms:
                annees = [lot.millesime for lot in recu.lots if lot.millesime is not None]
                tenus.append(_Tenu(recu, int(lu[2]) if lu[2] else max(annees, default=None), nom))
                break
    return max(tenus, key=lambda t: (t.edition or 0, t.recu.date), default=None)


def _comparer(
    jeu: Jeu, publie: Produit | None, tenu: _Tenu | None, vues: dict[str, tuple[registre.Version, ...]]
) -> Nouveaute:
    dit = "" if tenu is None else f"{tenu.edition or 'sans date'}, déposé le {tenu.recu.date[:10]}"
    if publie is None:
        return Nouveaute(jeu, "absent", None, dit, "aucun CSV français zippé au catalogue")
    if tenu is None:
        return Nouveaute(jeu, "jamais", publie)
    if (publie.edition or 0) > (tenu.edition or 0):
        return Nouveaute(jeu, "edition", publie, dit, f"édition {publie.edition}")
    etat, raison = _revision(publie, tenu, vues.get(publie.adresse, ()))
    return Nouveaute(jeu, etat, publie, dit, raison)


def _revision(publie: Produit, tenu: _Tenu, versions: Iterable[registre.Version]) -> tuple[str, str]:
    """Dire si le fichier publié est plus récent que le fichier tenu, et à quoi on le voit."""
    connu = next((v.publie for v in versions if v.sha256 == tenu.recu.sha256 and v.publie), "")
    if connu:
        if publie.publie > connu:
            return "revision", f"le fichier tenu avait été publié le {connu[:10]}"
        return "a_jour", "même date de publication"
    meme_nom = PurePath(tenu.recu.nom).stem == publie.id
    if meme_nom and publie.taille is not None and publie.taille != tenu.recu.taille:
        return "revision", f"{publie.taille} octets au catalogue, {tenu.recu.taille} dans le fichier tenu"
    if publie.publie[:10] > tenu.recu.date[:10]:
        return "revision", "publié depuis votre dépôt"
    return "a_jour", "même taille" if meme_nom and publie.taille else "publié avant votre dépôt"
