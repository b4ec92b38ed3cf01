"""Le formulaire du premier carnet : choisir un territoire et des années ; il ne fait que remplir les paramètres."""

from __future__ import annotations

from functools import cached_property
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final

from carnets.ateliers.demonstration import base_de_demonstration
from carnets.textes import textes
from donnees_insee.base.base import Base
from donnees_insee.catalogue.catalogue import sources
from donnees_insee.erreurs import ErreurAbs

DITS: Final[dict[str, str]] = textes("carnets.ateliers")["formulaire"]
ROLES: Final[dict[str, str]] = textes("carnets.ateliers")["references"]
LETTRES_MINIMUM: Final = 3
TROUVES_MAXIMUM: Final = 12
GENERATIONS: Final = (2015, 2024)
# Un choix vide d'une liste ne montrerait pas ses mots.
SANS: Final = 0


class Formulaire:
    """Le choix d'un territoire, à l'écran ou par les seuls paramètres du carnet."""

    def __init__(
        self, territoire: str, millesime: int | None, qpv: int | None, references: str, dossier_donnees: str
    ) -> None:
        self.parametres: dict[str, Any] = {
            "territoire": territoire,
            "millesime": millesime,
            "qpv": qpv,
            "references": references,
            "dossier_donnees": dossier_donnees,
        }

    def __repr__(self) -> str:
        """Dire le choix."""
        choisi = self.parametres
        return DITS["choix"].format(
            territoire=choisi["territoire"], millesime=choisi["millesime"] or DITS["dernier"]
        )

    def _repr_mimebundle_(self, **autres: Any) -> Any:
        if find_spec("ipywidgets") is None:
            return {"text/plain": repr(self)}
        return self.ecran.boite._repr_mimebundle_(**autres)

    @cached_property
    def base(self) -> Base:
        """La base des données déposées ; vide, celle du territoire fictif."""
        dossier = self.parametres["dossier_donnees"]
        deposee = Base(Path(dossier) if dossier else None)
        return deposee if deposee.parts() else base_de_demonstration(deposee.dossier)

    @cached_property
    def ecran(self) -> _Ecran:
        """Les champs à l'écran."""
        return _Ecran(self)

    def chercher(self, texte: str) -> list[tuple[str, str]]:
        """Trouver des territoires à partir d'un début de nom ou d'un code : ce qui se lit, et le code."""
        from abs.territoires.territoires import NOMS_DE_NIVEAU, Territoires  # noqa: PLC0415 - pandas

        if len(texte.strip()) < LETTRES_MINIMUM:
            return []
        try:
            trouves = Territoires(self.base).chercher(texte)
        except ErreurAbs:
            return []
        return [(f"{t.nom} · {NOMS_DE_NIVEAU[t.niveau]} {t.code}", t.code) for t in trouves[:TROUVES_MAXIMUM]]

    def millesimes(self) -> list[int]:
        """Lister les millésimes que la base tient, du plus récent au plus ancien."""
        tenus = {annee for code in sources() for annee in self.base.millesimes(code)}
        return sorted(tenus, reverse=True)

    def choisir(self, **choix: Any) -> None:
        """Remplir des paramètres."""
        self.parametres |= choix


class _Ecran:
    """Les champs d'un formulaire, et ce qu'ils déclenchent."""

    def __init__(self, formulaire: Formulaire) -> None:
        import ipywidgets as w  # noqa: PLC0415 - supplément [atelier]

        self.formulaire = formulaire
        large, style = w.Layout(width="480px"), {"description_width": "150px"}
        depart = formulaire.parametres["territoire"]
        self.texte = w.Text(
            value="", placeholder=DITS["invite"], description=DITS["territoire"], layout=large, style=style
        )
        self.trouves = w.Select(
            options=[(depart, depart)],
            value=depart,
            rows=5,
            description=DITS["trouves"],
            layout=large,
            style=style,
        )
        annees = [(DITS["dernier"], SANS), *((str(a), a) for a in formulaire.millesimes())]
        self.millesime = w.Dropdown(
            options=annees,
            value=formulaire.parametres["millesime"] or SANS,
            description=DITS["millesime"],
            layout=large,
            style=style,
        )
        generations = [(DITS["derniere"], SANS), *((str(g), g) for g in GENERATIONS)]
        self.qpv = w.Dropdown(
            options=generations,
            value=formulaire.parametres["qpv"] or SANS,
            description=DITS["qpv"],
            layout=large,
            style=style,
        )
        self.references = w.SelectMultiple(
            options=[(mot, role) for role, mot in ROLES.items()],
            value=tuple(filter(None, formulaire.parametres["references"].split(","))),
            rows=len(ROLES),
            description=DITS["references"],
            layout=large,
            style=style,
        )
        self.bouton = w.Button(
            description=DITS["ouvrir"], button_style="primary", layout=w.Layout(width="330px")
        )
        self.resultat = w.Output()
        self.texte.observe(self._chercher, "value")
        for champ, nom in ((self.trouves, "territoire"), (self.millesime, "millesime"), (self.qpv, "qpv")):
            champ.observe(self._remplir(nom), "value")
        self.references.observe(self._comparer, "value")
        self.bouton.on_click(self._montrer)
        self.boite = w.VBox(
            [self.texte, self.trouves, self.millesime, self.qpv, self.references, self.bouton, self.resultat]
        )

    def _chercher(self, _: Any) -> None:
        trouves = self.formulaire.chercher(self.texte.value)
        if trouves:
            self.trouves.options = trouves

    def _comparer(self, change: Any) -> None:
        self.formulaire.choisir(references=",".join(change["new"]))

    def _remplir(self, nom: str) -> Any:
        def remplir(change: Any) -> None:
            if change["new"] is not None:
                self.formulaire.choisir(**{nom: change["new"] or None})

        return remplir

    def _montrer(self, _: Any) -> None:
        from IPython.display import display  # noqa: PLC0415 - n'existe que dans un carnet

        from abs.blocs.blocs import Note  # noqa: PLC0415
        from carnets.ateliers.territoire import TerritoireOuvert  # noqa: PLC0415 - imports lents
        from carnets.documents.montre import Montre  # noqa: PLC0415

        self.resultat.clear_output(wait=True)
        with self.resultat:
            try:
                display(TerritoireOuvert(**self.formulaire.parametres))
                display(Montre([Note(DITS["ensuite"].format(choix=repr(self.formulaire)), "precision")]))
            except ErreurAbs as erreur:
                display(Montre([Note(str(erreur), "alerte")]))
