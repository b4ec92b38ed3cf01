"""Les indicateurs : des définitions TOML par thème, vérifiées en entier à la lecture."""

import tomllib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, fields, replace
from functools import lru_cache
from itertools import product
from pathlib import Path
from typing import Any, Final

from abs.definitions import table, texte
from abs.indicateurs.formules import Formule, formule
from donnees_insee.catalogue.catalogue import Source, source, sources
from donnees_insee.catalogue.jeux_melodi import correspondances, jeux
from donnees_insee.codes import normaliser
from donnees_insee.erreurs import DonneeAbsente, IndicateurInconnu, ParametreInvalide, liste_de_fautes

THEMES: Final[dict[str, str]] = table("_libelles")["themes"]
SENS: Final = ("haut", "bas", "neutre")
NATURES: Final = ("taux", "indice", "mediane", "effectif")
# Un indicateur d'usage « graphique » est dans la table longue ; phrases, tableaux, cartes et bilans l'ignorent.
USAGES: Final = ("", "graphique")


@dataclass(frozen=True)
class Lecture:
    """Une façon de lire un indicateur dans une source, pour une plage d'années."""

    source: Source
    definition: str = ""
    de: int = 0
    a: int = 9999
    numerateur: Formule | None = None
    denominateur: Formule | None = None
    variable: str = ""
    source_denominateur: Source | None = None

    @property
    def est_publiee(self) -> bool:
        """Dire si la valeur est celle du producteur, donc ni sommable ni moyennable."""
        return bool(self.variable)

    @property
    def variables(self) -> tuple[str, ...]:
        """Variables lues dans la source principale."""
        if self.variable:
            return (self.variable,)
        formules = (self.numerateur, self.denominateur if self.source_denominateur is None else None)
        return tuple(dict.fromkeys(v for f in formules if f is not None for v in f.variables))

    def vaut_pour(self, millesime: int) -> bool:
        """Dire si la lecture vaut pour un millésime."""
        return self.de <= millesime <= self.a

    def formule_lisible(self) -> str:
        """Écrire la formule comme dans l'annexe des définitions."""
        if self.variable:
            return self.variable
        haut = self.numerateur.texte if self.numerateur else ""
        return haut if self.denominateur is None else f"({haut}) / ({self.denominateur.texte})"


@dataclass(frozen=True)
class Indicateur:
    """La définition d'un indicateur.

    Attributes
    ----------
    code : str
        Identifiant ASCII.
    libelle_court : str
        Libellé de tableau, qui dit le dénominateur.
    sens : str
        ``haut`` = une valeur haute est une fragilité, ``bas`` = l'inverse, ``neutre``.
    seuil_pratique : float
        Écart au-dessous duquel deux valeurs ne sont pas dites différentes.
    arrondis : dict of str to int
        Décimales publiées par le producteur, pour les millésimes où il arrondit plus que d'habitude.
    effet_de_sondage : float
        Facteur D de l'ordre de grandeur de l'incertitude du recensement.
    lu_pour_la_commune : bool
        Vrai d'un indicateur de commune que seul le tableau de ses quartiers prioritaires porte.
    usage : str
        ``graphique`` si seul un graphique le montre ; vide pour tous les autres.

    Examples
    --------
    >>> indicateur("part_hlm").unite
    '%'
    """

    code: str
    libelle: str
    libelle_court: str
    theme: str
    definition: str
    unite: str
    lectures: tuple[Lecture, ...]
    nature: str = "taux"
    decimales: int = 1
    sens: str = "neutre"
    seuil_pratique: float = 2.0
    effet_de_sondage: float = 3.0
    denominateur_minimum: float = 50.0
    phrase: str = ""
    transversaux: tuple[str, ...] = ()
    publics: tuple[str, ...] = ()
    carte: bool = True
    lu_pour_la_commune: bool = False
    usage: str = ""
    arrondis: dict[str, int] = field(default_factory=dict)
    remarques: dict[str, str] = field(default_factory=dict)

    @property
    def facteur(self) -> float:
        """Multiplicateur d'affichage : 100 pour un pourcentage, 10 000 « pour 10 000 habitants », 1 sinon."""
        if self.unite.startswith("pour "):
            return float(self.unite.removeprefix("pour ").replace("10 000", "10000").split()[0])
        return 100.0 if self.unite == "%" else 1.0


def _lecture(code: str, brut: dict[str, Any]) -> Lecture:
    try:
        lue = {k: v for k, v in brut.items() if k in {"definition", "de", "a", "variable"}}
        for champ in ("numerateur", "denominateur"):
            lue[champ] = formule(brut[champ]) if champ in brut else None
        ailleurs = brut.get("source_denominateur")
        return Lecture(
            source=source(brut["source"]), source_denominateur=source(ailleurs) if ailleurs else None, **lue
        )
    except KeyError as cause:
        raise IndicateurInconnu(f"{code} : le champ {cause} manque.") from cause


def _avec_les_jumelles(lectures: Iterable[Lecture]) -> tuple[Lecture, ...]:
    """Ajouter à une lecture celle, aux mêmes variables, d'une source jumelle qui n'est pas déjà écrite."""
    ecrites = list(lectures)
    toutes: list[Lecture] = []
    for lecture in ecrites:
        toutes.append(lecture)
        for jumelle in (s for s in sources().values() if lecture.source.id in s.jumelle_de):
            deduite = replace(lecture, source=jumelle)
            absente = jumelle not in {e.source for e in ecrites} and deduite not in toutes
            if absente and set(lecture.variables) <= _variables_de(jumelle.id):
                toutes.append(deduite)
    return tuple(toutes)


@lru_cache(maxsize=4)
def _variables_de(identifiant: str) -> frozenset[str]:
    """Lister les variables qu'une source tire des jeux de Melodi."""
    siens = (nom for nom, jeu in jeux().items() if jeu.source == identifiant)
    return frozenset(c.variable for nom in siens for c in correspondances().get(nom, ()))


# Une première lecture s'écrit dans l'indicateur même, où « definition » est la sienne.
CHAMPS_DE_LECTURE: Final = {c.name for c in fields(Lecture)} - {"definition"} | {"definition_serie"}


def _indicateur(code: str, theme: str, brut: dict[str, Any]) -> Indicateur:
    premiere = {k: v for k, v in brut.items() if k in CHAMPS_DE_LECTURE}
    if "definition_serie" in premiere:
        premiere["definition"] = premiere.pop("definition_serie")
    bruts = ([premiere] if "source" in premiere else []) + list(brut.get("lectures", ()))
    champs = {k: v for k, v in brut.items() if k not in CHAMPS_DE_LECTURE | {"lectures"}}
    for liste in ("transversaux", "publics"):
        champs[liste] = tuple(champs.get(liste, ()))
    admis = {c.name for c in fields(Indicateur)}
    if inconnus := sorted(set(champs) - admis):
        attendus = ", ".join(sorted(admis | CHAMPS_DE_LECTURE - {"code"}))
        raise IndicateurInconnu(f"champ(s) inconnu(s) {', '.join(inconnus)} ; on attend {attendus}.")
    if manquants := [c for c in ("libelle", "definition", "unite") if c not in champs]:
        raise IndicateurInconnu(f"champ(s) manquant(s) : {', '.join(manquants)}.")
    champs.setdefault("theme", theme)
    champs.setdefault("libelle_court", champs.get("libelle", code))
    lectures = _avec_les_jumelles(_lecture(code, b) for b in bruts)
    return Indicateur(code=code, lectures=lectures, **champs)


def _fautes(indicateur: Indicateur) -> list[str]:
    fautes = []
    if indicateur.theme not in THEMES:
        fautes.append(f"thème « {indicateur.theme} » inconnu ({', '.join(THEMES)})")
    if indicateur.sens not in SENS:
        fautes.append(f"sens « {indicateur.sens} » inconnu ({', '.join(SENS)})")
    if indicateur.nature not in NATURES:
        fautes.append(f"nature « {indicateur.nature} » inconnue ({', '.join(NATURES)})")
    if indicateur.usage not in USAGES:
        fautes.append(f"usage « {indicateur.usage} » inconnu ({', '.join(filter(None, USAGES))} ou vide)")
    if not indicateur.lectures:
        fautes.append("aucune source")
    for lecture in indicateur.lectures:
        if bool(lecture.variable) == bool(lecture.numerateur):
            fautes.append(f"source {lecture.source.id} : il faut soit une variable, soit un numérateur")
        if lecture.numerateur and lecture.denominateur is None and indicateur.nature != "effectif":
            fautes.append(f"source {lecture.source.id} : le dénominateur manque")
        series = {v[:2] for v in lecture.variables if v[:2] in {"P_", "C_"}}
        if len(series) > 1:
            fautes.append(
                f"source {lecture.source.id} : un rapport ne mêle jamais exploitation principale (P_) "
                "et complémentaire (C_)"
            )
    return [f"{indicateur.code} : {f}" for f in fautes]


def _developper(definitions: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Écrire autant d'indicateurs qu'un gabarit a de combinaisons : « <age.nom> » y prend le mot de chaque âge."""
    for code, brut in definitions.items():
        axes = brut.get("pour", {})
        for choix in product(*axes.values()):
            mots = {f"<{axe}.{k}>": v for axe, pris in zip(axes, choix, strict=True) for k, v in pris.items()}
            ecrits = {k: _remplacer(v, mots) for k, v in brut.items() if k != "pour"}
            yield _remplacer(code, mots), ecrits


def _remplacer(valeur: Any, mots: dict[str, str]) -> Any:
    if not isinstance(valeur, str):
        return valeur
    for gabarit, mot in mots.items():
        valeur = valeur.replace(gabarit, mot)
    return valeur


def charger(*supplements: Path) -> dict[str, Indicateur]:
    """Lire les définitions du projet et celles que l'analyste ajoute."""
    textes = [(theme, texte(theme)) for theme in THEMES]
    textes += [(chemin.stem, chemin.read_text(encoding="utf-8")) for chemin in supplements]
    lus: dict[str, Indicateur] = {}
    fautes: list[str] = []
    for theme, contenu in textes:
        try:
            definitions = tomllib.loads(contenu)
        except tomllib.TOMLDecodeError as cause:
            fautes.append(f"fichier « {theme}.toml » : il ne se lit pas ({cause})")
            continue
        for code, brut in _developper(definitions):
            try:
                indicateur = _indicateur(code, theme, brut)
            except (TypeError, IndicateurInconnu, DonneeAbsente) as cause:
                fautes.append(f"{code} : {cause}")
                continue
            fautes += _fautes(indicateur)
            lus[code] = indicateur
    if fautes:
        raise IndicateurInconnu(liste_de_fautes("Des définitions d'indicateurs sont fautives :", fautes))
    return lus


@lru_cache(maxsize=1)
def tous_les_indicateurs() -> dict[str, Indicateur]:
    """Donner ce que porte la table longue : les indicateurs, et ceux que seul un graphique montre."""
    return charger()


@lru_cache(maxsize=1)
def indicateurs() -> dict[str, Indicateur]:
    """Donner les indicateurs que les documents montrent.

    Returns
    -------
    dict of str to Indicateur
        Indicateurs rangés par code.

    Examples
    --------
    >>> "taux_pauvrete_60" in indicateurs()
    True
    """
    return {code: i for code, i in tous_les_indicateurs().items() if not i.usage}


def indicateur(code: str) -> Indicateur:
    """Donner un indicateur par son code.

    Parameters
    ----------
    code : str
        Identifiant, par exemple ``"part_hlm"``.

    Returns
    -------
    Indicateur
        Sa définition.

    Raises
    ------
    IndicateurInconnu
        Si le code n'existe pas ; les plus proches sont proposés.

    Examples
    --------
    >>> indicateur("niveau_vie_median").unite
    '€'
    """
    if code in tous_les_indicateurs():
        return tous_les_indicateurs()[code]
    connus = indicateurs()
    import difflib  # noqa: PLC0415 - utile à l'erreur seule

    proches = difflib.get_close_matches(code, connus, n=4, cutoff=0.4)
    suite = f" Vouliez-vous dire {', '.join(proches)} ?" if proches else ""
    raise IndicateurInconnu(
        f"L'indicateur « {code} » n'est pas défini.{suite} `abs indicateurs` donne la liste des {len(connus)} indicateurs."
    )


def chercher_des_indicateurs(theme: str = "", recherche: str = "") -> list[Indicateur]:
    """Lister les indicateurs d'un thème, ou ceux dont le code, les libellés ou la définition portent un mot."""
    if theme and theme not in THEMES:
        raise ParametreInvalide(f"Le thème « {theme} » est inconnu. Thèmes : {', '.join(THEMES)}.")
    mot = normaliser(recherche)
    return [
        i
        for i in indicateurs().values()
        if (not theme or i.theme == theme)
        and mot in normaliser(f"{i.code} {i.libelle} {i.libelle_court} {i.definition}")
    ]


@lru_cache(maxsize=1)
def identites() -> dict[str, dict[str, Formule]]:
    """Lire les identités comptables qui reconstituent une variable absente d'un fichier."""
    return {
        s: {v: formule(e) for v, e in lignes.items()}
        for s, lignes in table("_identites").items()
        if s in sources()
    }
