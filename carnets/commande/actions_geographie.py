"""Les actions de la commande qui disent comment la géographie d'un territoire a changé."""

from __future__ import annotations

from carnets.commande import affichage
from donnees_insee.base.base import Base


def territoire_changements(texte: str, de: int | None, a: int | None) -> None:
    """Écrire ce qui a changé dans une commune entre deux années."""
    from donnees_insee.geographie.dans_le_temps import changements  # noqa: PLC0415

    base = Base()
    base.exiger()
    constat = changements(base, _commune(base, texte), de, a)
    affichage.dire(f"{constat.nom} ({constat.code}), de {constat.de} à {constat.a}")
    for phrase in constat.phrases():
        affichage.dire(f"  - {phrase}")
    passages = [("commune", constat.communes)]
    if constat.iris is not None:
        passages.append(("IRIS", constat.iris.passage))
    lignes = [
        (niveau, g.nature, ", ".join(g.avant), ", ".join(g.apres))
        for niveau, passage in passages
        for g in passage.changes
    ]
    if lignes:
        affichage.tableau("Groupes de même territoire", ("Niveau", "Ce qui change", "Avant", "Après"), lignes)


def _commune(base: Base, texte: str) -> str:
    """Reconnaître une commune : un code bien formé est pris tel quel, car il peut être ancien ; sinon un nom."""
    from abs.territoires.territoires import Territoires  # noqa: PLC0415
    from donnees_insee import codes  # noqa: PLC0415
    from donnees_insee.erreurs import TerritoireInconnu  # noqa: PLC0415

    if codes.conforme(texte.strip().upper(), "commune"):
        return texte.strip().upper()
    trouve = Territoires(base).trouver(texte)
    if trouve.niveau != "commune":
        raise TerritoireInconnu(
            f"« {texte} » désigne {trouve.nom}, qui n'est pas une commune. Les changements se lisent commune par "
            "commune : donnez le code ou le nom d'une commune."
        )
    return trouve.code
