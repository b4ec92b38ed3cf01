"""Les pièces d'un portrait : son plan, ses chapitres, les cartes demandées, et ses tableaux de cellules référencées."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import ClassVar, Final

from abs.blocs.blocs import Cellule, DemandeDeCarte, Tableau, entete
from abs.calcul.sources_recues import est_interne
from abs.calcul.table_longue import Chiffre, Diagnostic, chiffres_de, mots_de_couverture
from abs.definitions import table
from abs.formats import nombre
from abs.graphiques.demandes import DemandeDeGraphique
from abs.indicateurs.indicateurs import THEMES, Indicateur
from abs.langue import abreger, points
from abs.phrases.ecriture import decimales, ecrire, gabarits, raison_publique, reference
from abs.phrases.etendue import mailles_classables, mots_des_mailles
from abs.phrases.phrases import Phrase
from abs.phrases.preuves import Silence
from abs.statuts import LIBELLES_STATUT, Fiabilite, Statut
from abs.territoires.territoires import Territoire
from donnees_insee.catalogue.catalogue import source

COLONNES_DE_REFERENCES: Final = 6
MAILLES_IMPRIMEES: Final = 150
MOITIE: Final = 0.5
MARQUE_FRAGILE: Final = "*"
NOMMES: Final = 12


def cellule(
    indicateur: Indicateur, chiffre: Chiffre | None, *, imposees: int | None = None, detail: str = ""
) -> Cellule:
    """Écrire la cellule d'un chiffre."""
    texte = ecrire(indicateur, chiffre, imposees)
    if chiffre is None:
        return Cellule(texte, aide="cet indicateur n'est pas publié à ce niveau", classe="absent")
    if not chiffre.a_une_valeur:
        raison = " : ".join(filter(None, [LIBELLES_STATUT[chiffre.statut], raison_publique(chiffre)]))
        return Cellule(texte, reference(chiffre), raison, detail, "absent")
    marque = MARQUE_FRAGILE if chiffre.fiabilite == Fiabilite.FRAGILE else ""
    return Cellule(texte + marque, reference(chiffre), _aide(chiffre), detail)


def _aide(chiffre: Chiffre) -> str:
    morceaux = [f"{LIBELLES_STATUT[chiffre.statut]}, {chiffre.periode}"]
    if chiffre.denominateur == chiffre.denominateur:  # NaN n'est pas égal à lui-même
        morceaux.append(f"{nombre(chiffre.numerateur)} / {nombre(chiffre.denominateur)}")
    if chiffre.marge == chiffre.marge:
        morceaux.append(f"ordre de grandeur de l'incertitude : ± {points(chiffre.marge, 1)}")
    if chiffre.note:
        morceaux.append(chiffre.note)
    return " ; ".join(morceaux)


def notes_de_lecture(chiffres: Iterable[Chiffre | None], mots: str = "notes_de_tableau") -> list[str]:
    """Expliquer les marques employées dans un tableau, et elles seules."""
    marques: set[str] = set()
    for c in chiffres:
        if c is None:
            marques.add(Statut.INDISPONIBLE)
            continue
        marques |= {c.fiabilite if c.a_une_valeur else c.statut, "interne" if est_interne(c) else ""}
    return [note for marque, note in gabarits(mots).items() if marque in marques]


class Tableaux:
    """Les tableaux d'un thème : le territoire et ses références, puis ses mailles, une par ligne."""

    titre_de_date = "Date"
    mots_des_notes = "notes_de_tableau"
    dit_les_absences = True
    ailleurs = "leur tableau est dans le classeur tableaux.xlsx"
    types: ClassVar = {"A": "IRIS d'activité", "D": "IRIS divers"}

    def __init__(self, diagnostic: Diagnostic) -> None:
        self.diagnostic = diagnostic

    def lire(self, territoire: Territoire, indicateur: Indicateur) -> Chiffre | None:
        """Donner le chiffre du territoire ou d'une référence."""
        return self.diagnostic.chiffre(territoire, indicateur.code)

    def montre(self, chiffre: Chiffre | None) -> bool:
        """Dire si un chiffre suffit à montrer sa ligne ou sa colonne."""
        return chiffre is not None and chiffre.a_une_valeur

    def cellule(self, indicateur: Indicateur, chiffre: Chiffre | None, premier: Chiffre | None) -> Cellule:
        """Écrire un chiffre, à la précision du premier de sa ligne."""
        imposees = None if premier is None else decimales(indicateur, premier)
        return cellule(indicateur, chiffre, imposees=imposees)

    def date(self, _: Indicateur, premier: Chiffre) -> Cellule:
        """Écrire la date d'une ligne."""
        return Cellule(premier.periode, aide=source(premier.source).titre, classe="date")

    def date_des_mailles(self, indicateur: Indicateur, territoires: Sequence[Territoire]) -> str:
        """Dire la date d'une colonne."""
        return date_de_lecture(self.diagnostic, indicateur, territoires, "mailles")

    def references(self, liste: Sequence[Indicateur], code: str, titre: str) -> Tableau | None:
        """Composer le tableau « le territoire et ses références »."""
        ensembles = self.diagnostic.ensembles
        lus = [(i, self.lire(ensembles.sujet, i)) for i in liste]
        premiers = [(i, c) for i, c in lus if c is not None and self.montre(c)]
        if not premiers:
            return None
        montrees = (t for t in ensembles.references if any(self.montre(self.lire(t, i)) for i, _ in premiers))
        autour = list(islice(montrees, COLONNES_DE_REFERENCES))
        lignes, tous = [], []
        for indicateur, premier in premiers:
            chiffres = [premier, *(self.lire(t, indicateur) for t in autour)]
            tous += chiffres
            debut = entete(indicateur.libelle_court, indicateur.definition, mots_de_couverture(premier))
            cellules = (self.cellule(indicateur, c, premier) for c in chiffres)
            lignes.append((debut, *cellules, self.date(indicateur, premier)))
        noms = ["Indicateur", ensembles.sujet.nom, *(t.titre for t in autour), self.titre_de_date]
        notes = notes_de_lecture(tous, self.mots_des_notes)
        return Tableau(code, titre, tuple(map(entete, noms)), tuple(lignes), tuple(notes))

    def mailles(
        self, liste: Sequence[Indicateur], territoires: Sequence[Territoire], code: str, titre: str
    ) -> Tableau:
        """Composer le tableau des IRIS, ou des communes d'une intercommunalité."""
        mots = mots_des_mailles(territoires[0])
        entetes = (
            entete(mots["entete"]),
            *(entete(i.libelle_court, i.definition, self.date_des_mailles(i, territoires)) for i in liste),
        )
        if len(territoires) > MAILLES_IMPRIMEES:
            combien = f"Les {nombre(len(territoires))} {mots['nom']} sont trop nombreux pour cette page"
            return Tableau(code, titre, entetes, (), (f"{combien} : {self.ailleurs}.",))
        lignes, tous = [], []
        for t in territoires:
            lus = [(i, self.diagnostic.chiffre(t, i.code, "mailles")) for i in liste]
            tous += [c for _, c in lus]
            debut = entete(t.nom, t.code, self.types.get(t.type_iris, ""))
            lignes.append((debut, *(self.cellule(i, c, None) for i, c in lus)))
        notes = notes_de_lecture(tous, self.mots_des_notes)
        notes += _raisons_des_absences(self.diagnostic, territoires, liste) if self.dit_les_absences else []
        return Tableau(code, titre, entetes, tuple(lignes), tuple(notes))


def mailles(diagnostic: Diagnostic, liste: Sequence[Indicateur], maximum: int) -> Tableau | None:
    """Composer le tableau des mailles d'un thème : les indicateurs chiffrés pour la moitié d'entre elles au moins."""
    territoires = diagnostic.ensembles.mailles
    utiles = [i for i in liste if _assez_remplie(diagnostic, i)][:maximum]
    if not utiles:
        return None
    theme = utiles[0].theme
    titre = f"{mots_des_mailles(territoires[0])['titre']} : {THEMES[theme].lower()}"
    return Tableaux(diagnostic).mailles(utiles, territoires, f"mailles-{theme}", titre)


def mailles_du_corps(diagnostic: Diagnostic, liste: Sequence[Indicateur], theme: str) -> list[Tableau]:
    """Composer le détail d'un chapitre : les mailles une par une si elles sont peu nombreuses, sinon les deux bouts."""
    plan = table("_portrait")
    if len(diagnostic.ensembles.mailles) < plan["corps"]["mailles_entieres"]:
        entieres = mailles(diagnostic, liste, plan["mailles"]["maximum"])
        return [entieres] if entieres is not None else []
    remplis = (i for i in liste if _assez_remplie(diagnostic, i))
    return [t for i in remplis if (t := bouts_des_mailles(diagnostic, i, theme)) is not None][:1]


def bouts_des_mailles(diagnostic: Diagnostic, indicateur: Indicateur, theme: str) -> Tableau | None:
    """Composer les mailles les plus hautes et les plus basses d'un indicateur, face à face."""
    if indicateur.nature == "effectif" or indicateur.code in table("_portrait")["sans_place"]:
        return None
    # Les chiffres fragiles y sont, avec leur astérisque : sans eux, d'autres passeraient pour les plus bas.
    lus = chiffres_de(mailles_classables(diagnostic, indicateur.code))
    ranges = sorted(lus, key=lambda tc: -tc[1].valeur)
    combien, mots = table("_portrait")["corps"]["bouts"], gabarits("bouts_des_mailles")
    if len(ranges) < 2 * combien + 1:
        return None
    nom = mots_des_mailles(ranges[0][0])["nom"]
    faces = zip(ranges[:combien], reversed(ranges[-combien:]), strict=True)
    lignes = tuple(
        (
            entete(haut.nom, haut.code),
            cellule(indicateur, du_haut),
            Cellule(bas.nom, aide=bas.code, classe="texte"),
            cellule(indicateur, du_bas),
        )
        for (haut, du_haut), (bas, du_bas) in faces
    )
    date = date_de_lecture(diagnostic, indicateur, diagnostic.ensembles.mailles, "mailles")
    colonne = entete(indicateur.libelle_court, indicateur.definition, date)
    tetes = (entete(mots["hauts"].format(nom=nom)), colonne, entete(mots["bas"].format(nom=nom)), colonne)
    titre = mots["titre"].format(libelle=indicateur.libelle, nom=nom)
    montres = [c for paire in zip(ranges[:combien], ranges[-combien:], strict=True) for _, c in paire]
    notes = mots["note"].format(n=len(ranges), nom=nom), *notes_de_lecture(montres)
    return Tableau(f"bouts-{theme}", titre, tetes, lignes, notes, "bouts")


def mailles_de_l_annexe(diagnostic: Diagnostic, liste: Sequence[Indicateur]) -> Tableau | None:
    """Composer le tableau des mailles de l'annexe, rangées par quartier."""
    territoires = diagnostic.ensembles.mailles
    utiles = [i for i in liste if _assez_remplie(diagnostic, i)]
    if not utiles or len(territoires) < table("_portrait")["corps"]["mailles_entieres"]:
        return None
    quartier_de = {c: q.nom for q in diagnostic.ensembles.quartiers for c in q.composantes}
    ranges = sorted(territoires, key=lambda t: (quartier_de.get(t.code, ""), t.code[:5], t.nom))
    return Tableaux(diagnostic).mailles(utiles, ranges, "mailles", mots_des_mailles(territoires[0])["titre"])


def _assez_remplie(diagnostic: Diagnostic, indicateur: Indicateur) -> bool:
    """Garder une colonne si la moitié au moins des mailles habitées y a un chiffre."""
    habitees = [t for t in diagnostic.ensembles.mailles if t.type_iris not in Tableaux.types]
    chiffrees = chiffres_de(diagnostic.lus(habitees, indicateur.code, "mailles"))
    return len(chiffrees) >= MOITIE * len(habitees) > 0


def date_de_lecture(
    diagnostic: Diagnostic, indicateur: Indicateur, territoires: Sequence[Territoire], groupe: str
) -> str:
    """Dire la date des chiffres d'une colonne."""
    lus = diagnostic.lus(territoires, indicateur.code, groupe)
    return next((c.periode for _, c in lus if c is not None and c.periode), "")


def _raisons_des_absences(
    diagnostic: Diagnostic, territoires: Sequence[Territoire], liste: Sequence[Indicateur]
) -> list[str]:
    """Dire pourquoi des mailles n'ont pas de chiffre, raison par raison."""
    par_raison: dict[tuple[str, str], list[str]] = {}
    for indicateur in liste:
        for t, chiffre in diagnostic.lus(territoires, indicateur.code, "mailles"):
            if chiffre is None or chiffre.a_une_valeur:
                continue
            raison = chiffre.note.split(" ; ", maxsplit=1)[0] or LIBELLES_STATUT[chiffre.statut]
            if raison.startswith(("seulement", "aucun des")):
                # Le compte exact est dans l'infobulle ; ici, une ligne par cause suffit.
                raison = "une partie seulement de la commune a un chiffre dans les fichiers déposés"
            cle = (indicateur.libelle_court, raison_publique(chiffre, raison))
            par_raison.setdefault(cle, []).append(t.nom)
    par_noms: dict[tuple[str, str], list[str]] = {}
    for (libelle, raison), noms in par_raison.items():
        par_noms.setdefault((raison, abreger(noms, NOMMES)), []).append(libelle)
    return [
        f"Sans chiffre, {raison} : {noms} ({' ; '.join(libelles)})."
        for (raison, noms), libelles in par_noms.items()
    ]


@dataclass(frozen=True)
class Chapitre:
    """Un chapitre du portrait."""

    code: str
    titre: str
    phrases: tuple[Phrase, ...] = ()
    tableaux: tuple[Tableau, ...] = ()
    cartes: tuple[DemandeDeCarte, ...] = ()
    graphiques: tuple[DemandeDeGraphique, ...] = ()
    # Raison, indicateurs, quoi déposer.
    absents: tuple[tuple[str, str, str], ...] = ()
    manques: tuple[str, ...] = ()
    avertissements: tuple[str, ...] = ()
    reserves: tuple[str, ...] = ()
    silences: tuple[Silence, ...] = ()
    # Pour l'annexe : ce que le corps du chapitre n'a pas gardé.
    autres_phrases: tuple[Phrase, ...] = ()
    complets: tuple[Tableau, ...] = ()
    # Ce qu'il faut savoir pour lire ses chiffres.
    lectures: tuple[str, ...] = ()

    @property
    def est_vide(self) -> bool:
        """Dire qu'aucun chiffre n'y est montré."""
        return not (self.phrases or self.tableaux or self.graphiques or self.cartes)
