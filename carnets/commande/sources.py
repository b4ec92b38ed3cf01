"""Les verbes de `abs sources` : fichiers déposés, examinés, retirés, tenus ; données demandées à un partenaire, reçues."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from textwrap import shorten
from typing import TYPE_CHECKING, Final

from carnets.commande.affichage import TEXTES, dire, enumerer, montrer, phrase, suivi
from carnets.commande.communs import ouvrir_la_base
from donnees_insee.erreurs import SourceNonReconnue

if TYPE_CHECKING:
    from collections.abc import Callable

    from abs.territoires.territoires import Territoire
    from donnees_insee.base.recus import LotRecu

# L'état d'un fichier, puis ce que le bilan en dit.
ETATS: Final[dict[str, list[str]]] = TEXTES["etats"]
EXTENSIONS: Final = (".csv", ".xlsx")
# Une liste de contours réparés peut en nommer des dizaines : le reçu les garde tous.
REMARQUE: Final = 240
FICHIER_VIDE: Final = Path("source_locale.csv")


def sources_lister(source: str = "") -> None:
    """Lister les sources du catalogue : années, niveaux, état, adresses, ce qui est tenu, parutions, ruptures."""
    from abs.indicateurs.annees_comparables import regles_de  # noqa: PLC0415
    from donnees_insee.catalogue.catalogue import source as source_du_catalogue  # noqa: PLC0415
    from donnees_insee.controle import presentation  # noqa: PLC0415

    if source:
        detail = source_du_catalogue(source)
        if fichiers := presentation.lignes_des_fichiers(source):
            montrer("fichiers_d_une_source", fichiers, source=detail)
        else:
            dire(f"{detail.titre} : {presentation.certitude(detail)}.")
        enumerer("", presentation.phrases_de_parution(source))
        enumerer("", presentation.correspondances_dites(source))
        if regles := regles_de(source):
            dire("Ce qui se compare dans ses séries, et ce qui ne se compare pas :")
            enumerer(
                "  - ",
                (
                    r.raison if r.genre == "absence" or not r.quand else f"{r.quand} : {r.raison}"
                    for r in regles
                ),
            )
        return
    lignes = presentation.lignes_des_sources(ouvrir_la_base())
    ruptures = [", ".join(r.quand for r in regles_de(ligne[0]) if r.quand) or "–" for ligne in lignes]
    montrer("sources", [(*ligne, rompue) for ligne, rompue in zip(lignes, ruptures, strict=True)])
    dire("`abs sources lister SOURCE` donne les fichiers d'une source, leurs adresses et leurs enquêtes.")


def sources_deposer(
    chemins: list[Path],
    millesime: int | None = None,
    malgre_les_ecarts: bool = False,
    essai: bool = False,
) -> None:
    """Déposer des fichiers : chacun est reconnu à ses colonnes, ou refusé avec sa raison."""
    from donnees_insee.controle.presentation import par_edition  # noqa: PLC0415
    from donnees_insee.depot.depot import deposer, fichiers_a_deposer  # noqa: PLC0415
    from donnees_insee.depot.ecarts import accord  # noqa: PLC0415

    base = ouvrir_la_base()
    with suivi("Dépôt", len(fichiers_a_deposer(chemins))) as avancer:
        resultats = deposer(
            base,
            chemins,
            millesime=millesime,
            suivre=_nommer_sur(avancer),
            attendre=lambda: avancer(description="Un autre dépôt est en cours : attente"),
            malgre_les_ecarts=malgre_les_ecarts,
            essai=essai,
        )
    for r in resultats:
        debut = f"{ETATS[r.etat][0]:8} {r.nom} : "
        # Un fichier déjà tenu autrement a ses lots et sa raison d'être refusé : c'est elle qu'on attend.
        if refuse := not r.lots or r.etat == "refuse":
            dire(f"{debut}{r.raison}")
        for lot, annees in par_edition(() if refuse else r.lots):
            ecartees = [accord(len(lot.ecartees), "colonne", "non reprises")] if lot.ecartees else []
            dire(f"{debut}{_lu(lot, annees)}, {accord(lot.lignes, 'ligne')} ({_precisions(lot, ecartees)})")
    comptes = Counter(r.etat for r in resultats)
    bilan = " ; ".join(f"{dit} : {comptes[e]}" for e, (_, dit) in ETATS.items() if comptes[e])
    dire(f"{bilan}. Base : {base.dossier}")
    if comptes["refuse"] and not comptes["range"] and not comptes["deja_la"]:
        raise SourceNonReconnue(phrase("rien_de_range"))


def _nommer_sur(avancer: Callable[..., None]) -> Callable[[Path], None]:
    """Nommer chaque fichier sur la barre de progression."""
    return lambda fichier: avancer(description=fichier.name[:40], advance=1)


def _lu(lot: LotRecu, annees: str) -> str:
    return f"{lot.source}, {annees}, {lot.niveau}"


def _precisions(lot: LotRecu, autres: list[str]) -> str:
    from donnees_insee.depot.ecarts import accord  # noqa: PLC0415

    d_ou = [f"année lue dans : {lot.d_ou}"] if lot.d_ou not in {"", "colonnes"} else []
    dites = (shorten(r, REMARQUE, placeholder=" … la suite au reçu)") for r in lot.remarques)
    return " ; ".join([accord(lot.colonnes, "colonne"), *dites, *d_ou, *autres])


def sources_examiner(chemins: list[Path], millesime: int | None = None) -> None:
    """Examiner des fichiers sans rien déposer : pour quoi ils sont pris, ce qu'ils changeraient."""
    from donnees_insee.controle.presentation import par_edition  # noqa: PLC0415
    from donnees_insee.depot.depot import fichiers_a_deposer  # noqa: PLC0415
    from donnees_insee.depot.examen import examiner  # noqa: PLC0415

    base = ouvrir_la_base()
    with suivi("Examen", len(fichiers_a_deposer(chemins))) as avancer:
        examines = examiner(base, chemins, millesime=millesime, suivre=_nommer_sur(avancer))
    for e in examines:
        dire(f"{ETATS[e.etat][0]:8} {e.nom}" + (f" : {e.raison}" if e.raison else ""))
        for lot, annees in par_edition(e.lots):
            dire(f"         pris pour {_lu(lot, annees)} ({_precisions(lot, [])})")
        for examen in e.examens:
            enumerer("         ", examen.phrases())
    dire(f"Rien n'a été écrit. Base : {base.dossier}")
    if all(e.etat in {"refuse", "documentation"} for e in examines):
        raise SourceNonReconnue(phrase("rien_d_accepte"))


def sources_retirer(fichier: str) -> None:
    """Retirer un fichier déposé : ses tables, son reçu et sa copie."""
    from donnees_insee.depot.depot import retirer  # noqa: PLC0415

    recu = retirer(ouvrir_la_base(), fichier)
    dire(f"Retiré : {recu.nom} ({len(recu.lots)} table(s), empreinte {recu.sha256[:12]}).")


def sources_etat() -> None:
    """Dire ce que la base tient, fichier par fichier."""
    from donnees_insee.base.recus import DEBUT  # noqa: PLC0415

    base = ouvrir_la_base()
    orphelines = base.parts_sans_recu()
    for debut, nombre in sorted(Counter(p.chemin.name[:DEBUT] for p in orphelines).items()):
        dire(phrase("orphelines", nombre=nombre, debut=debut))
    base.exiger()
    lignes = [
        (r.nom, lot.source, lot.millesime or "–", lot.niveau, lot.lignes, lot.geographie or "–", *depot)
        for r in base.recus()
        for depot in [(r.date[:10], r.sha256[:12])]
        for lot in r.lots
    ]
    montrer("base", lignes, dossier=base.dossier)


# -- données demandées à un partenaire, ou reçues ----------------------------------------------


def sources_registre(neuf: bool = False) -> None:
    """Dire ce qui a déjà été publié de données reçues, ou en commencer un registre neuf."""
    from donnees_insee.base import publications  # noqa: PLC0415

    base = ouvrir_la_base()
    if neuf:
        dire(f"Registre neuf : {publications.commencer(base.dossier)}.")
        dire("Ce qui a été publié avant n'y est pas : les masques n'en tiendront pas compte.")
        return
    lu = publications.lire(base.dossier_du_registre)
    envois = Counter((p.producteur, p.date, jour) for p, jour in lu.items())
    montrer("registre", [(*envoi, n) for envoi, n in sorted(envois.items())], publies=len(lu))


def _lister_les_modeles() -> None:
    """Écrire la liste des modèles, thème après thème."""
    from abs.indicateurs.indicateurs import THEMES  # noqa: PLC0415
    from donnees_insee.catalogue.modeles_recus import modeles  # noqa: PLC0415

    ranges = sorted(modeles().values(), key=lambda m: list(THEMES).index(m.theme))
    lignes = [(m.code, THEMES[m.theme], m.libelle_court, m.a_qui, m.diffusion, m.seuil) for m in ranges]
    montrer("modeles", lignes)
    dire("`abs sources modele CODE` écrit le fichier à remplir, `abs sources lettre CODE` la demande.")


def sources_modele(
    code: str = "", fichier: Path | None = None, territoire: str = "", liste: bool = False
) -> None:
    """Écrire un fichier de source locale, à remplir ou à faire remplir par un partenaire."""
    if liste:
        _lister_les_modeles()
        return
    from carnets.documents.modele_local import FichierAFaireRemplir, ecrire_modele  # noqa: PLC0415
    from donnees_insee.catalogue.modeles_recus import modele  # noqa: PLC0415

    if Path(code).suffix.lower() in EXTENSIONS and fichier is None:
        code, fichier = "", Path(code)
    demande = modele(code) if code else None
    territoires = _territoires_demandes(territoire)
    chemin = fichier or (Path(f"modele-{_nom(code, territoires)}.xlsx") if code else FICHIER_VIDE)
    ecrire_modele(FichierAFaireRemplir(demande, territoires), chemin)
    lignes = f"{len(territoires)} ligne(s) à remplir" if territoires else "à remplir"
    dire(f"Modèle écrit : {chemin} ({demande.libelle if demande else 'modèle vide'}, {lignes}).")
    dire("Diffusion : publique ou interne. Seuil : effectif au-dessous duquel on masque.")


def sources_lettre(code: str, territoire: str = "", sortie: Path | None = None) -> None:
    """Écrire la lettre qui demande une donnée à un partenaire."""
    from carnets.documents.lettre import composer_la_lettre, ecrire_la_lettre  # noqa: PLC0415
    from donnees_insee.catalogue.modeles_recus import modele  # noqa: PLC0415

    demande = modele(code)
    territoires = _territoires_demandes(territoire)
    nom = _nom(code, territoires)
    chemin = sortie or Path(f"lettre-{nom}.docx")
    ecrire_la_lettre(composer_la_lettre(demande, territoires, f"modele-{nom}.xlsx"), chemin)
    dire(f"Lettre écrite : {chemin}, à l'attention de : {demande.a_qui}.")
    dire("Les mots entre crochets sont à remplir ; relisez le cadre et le seuil avec le partenaire.")


def _territoires_demandes(texte: str) -> tuple[Territoire, ...]:
    """Trouver un territoire et ceux qui le composent : IRIS d'une commune, communes d'un ensemble."""
    if not texte:
        return ()
    from abs.calcul.diagnostic import Diagnostiqueur  # noqa: PLC0415
    from abs.territoires.demande import Demande  # noqa: PLC0415 - imports lents, inutiles au fichier vide

    ensembles = Diagnostiqueur(ouvrir_la_base(), Demande(texte)).ensembles()
    return (ensembles.sujet, *ensembles.mailles)


def _nom(code: str, territoires: tuple[Territoire, ...]) -> str:
    return f"{code}-{territoires[0].code}" if territoires else code
