"""Le bilan d'une campagne : une page, un classeur et un fichier JSON, qui disent ce qui est fait et ce qui ne l'est pas."""

import json
from collections import Counter
from dataclasses import asdict, dataclass
from datetime import datetime
from importlib import resources
from io import BytesIO
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote

from carnets.campagne.taches import Resultat, Tache
from carnets.textes import textes
from cartes.charte import TABLEUR, variables_css
from donnees_insee.chemins import fichier_provisoire
from donnees_insee.erreurs import SortieImpossible

DITS: Final[dict[str, Any]] = textes("carnets.campagne")
COLONNES: Final[dict[str, int]] = DITS["bilan"]["colonnes"]


@dataclass(frozen=True)
class Bilan:
    """Ce qu'une campagne a donné."""

    titre: str
    sortie: Path
    taches: tuple[Tache, ...]
    resultats: tuple[Resultat, ...]
    secondes: float
    ou: str
    fichiers: tuple[Path, ...] = ()

    @property
    def echecs(self) -> tuple[Resultat, ...]:
        """Tâches dont le dossier manque ou n'est pas à jour."""
        return tuple(r for r in self.resultats if not r.reussi)


def ecrire_bilan(bilan: Bilan) -> tuple[Path, ...]:
    """Écrire le bilan dans le dossier de la campagne."""
    lignes = [ligne(t, r) for t, r in zip(bilan.taches, bilan.resultats, strict=True)]
    ecrits = []
    for nom, ecrire in (("bilan.json", _json), ("bilan.html", _page), ("bilan.xlsx", _classeur)):
        chemin = bilan.sortie / nom
        try:
            with fichier_provisoire(chemin) as provisoire:
                ecrire(bilan, lignes, provisoire)
        except SortieImpossible:
            # Disque plein, ou bilan précédent ouvert dans un tableur : les autres fichiers le disent quand même.
            continue
        ecrits.append(chemin)
    return tuple(ecrits)


def ligne(tache: Tache, resultat: Resultat) -> dict[str, Any]:
    """Réunir ce que le bilan dit d'une tâche."""
    return {
        "nom": tache.nom,
        "code": tache.code,
        "niveau": DITS["bilan"]["niveaux"].get(tache.niveau, tache.niveau),
        "carnet": tache.nom_du_carnet,
        "etat": resultat.etat,
        "reussi": resultat.reussi,
        "secondes": f"{resultat.secondes:.1f}".replace(".", ",") if resultat.secondes else "",
        "essais": resultat.essais,
        "message": resultat.message,
        "dossier": (resultat.dossier or tache.dossier) if resultat.reussi else "",
        "notes": list(resultat.avertissements),
        "liens": _liens(tache, resultat),
    }


def comptes(resultats: tuple[Resultat, ...]) -> list[dict[str, Any]]:
    """Compter les tâches par état."""
    nombres = Counter(r.etat for r in resultats)
    return [
        {"nombre": nombres[etat], "mots": mots[nombres[etat] > 1]}
        for etat, mots in DITS["etats"].items()
        if nombres[etat]
    ]


def duree(secondes: float) -> str:
    """Écrire une durée comme on la dit."""
    entieres = round(secondes)
    if entieres < 60:
        return f"{entieres} s"
    if entieres < 3600:
        return f"{entieres // 60} min {entieres % 60:02d} s"
    return f"{entieres // 3600} h {entieres % 3600 // 60:02d} min"


def _liens(tache: Tache, resultat: Resultat) -> list[dict[str, str]]:
    """Lister ce que le lecteur peut ouvrir : les documents écrits, ou le carnet qui s'est arrêté."""
    racine = tache.final.parent
    if resultat.reussi:
        dossier = racine / (resultat.dossier or tache.dossier)
        par_genre = [
            (texte, dossier.glob(f"*.{suffixe}")) for suffixe, texte in DITS["bilan"]["liens"].items()
        ]
        trouves = [(texte, fichier) for texte, fichiers in par_genre for fichier in sorted(fichiers)]
    else:
        trouves = [("carnet en échec", tache.echec)] if tache.echec.is_file() else []
    return [{"adresse": quote(f.relative_to(racine).as_posix()), "texte": texte} for texte, f in trouves]


def _date() -> str:
    from babel.dates import format_datetime  # noqa: PLC0415 - réservé à l'écriture

    return str(format_datetime(datetime.now().astimezone(), "d MMMM y 'à' HH:mm", locale="fr_FR"))


def _json(bilan: Bilan, _: list[dict[str, Any]], chemin: Path) -> None:
    contenu = {
        "titre": bilan.titre,
        "ou": bilan.ou,
        "secondes": round(bilan.secondes, 1),
        "comptes": dict(Counter(r.etat for r in bilan.resultats)),
        "resultats": [
            asdict(r) | {"code": t.code, "nom": t.nom, "dossier": r.dossier or t.dossier}
            for t, r in zip(bilan.taches, bilan.resultats, strict=True)
        ],
    }
    chemin.write_text(json.dumps(contenu, ensure_ascii=False, indent=1), encoding="utf-8")


def _page(bilan: Bilan, lignes: list[dict[str, Any]], chemin: Path) -> None:
    import jinja2  # noqa: PLC0415 - réservé à l'écriture
    from markupsafe import Markup  # noqa: PLC0415

    modele = resources.files("carnets.campagne") / "modeles" / "bilan.html.j2"
    environnement = jinja2.Environment(autoescape=True)
    page = environnement.from_string(modele.read_text(encoding="utf-8")).render(
        couleurs=Markup(variables_css("bilan")),  # noqa: S704 - couleurs contrôlées à la lecture de la charte
        titre=bilan.titre,
        ou=bilan.ou,
        duree=duree(bilan.secondes),
        date=_date(),
        comptes=comptes(bilan.resultats),
        lignes=lignes,
        echecs=[une for une in lignes if not une["reussi"]],
    )
    chemin.write_text(page, encoding="utf-8")


def _classeur(bilan: Bilan, lignes: list[dict[str, Any]], chemin: Path) -> None:
    import xlsxwriter  # noqa: PLC0415 - réservé à l'écriture

    options = {"strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
    # En mémoire d'abord : sur un disque plein, xlsxwriter lève une erreur qui n'est pas une erreur de disque.
    tampon = BytesIO()
    with xlsxwriter.Workbook(tampon, options | {"in_memory": True}) as classeur:
        feuille = classeur.add_worksheet("Bilan")
        gras = classeur.add_format(
            {"bold": True, "bg_color": TABLEUR["entete"], "border": 1, "text_wrap": True}
        )
        texte = classeur.add_format({"valign": "top", "text_wrap": True})
        feuille.write(
            0, 0, f"Bilan de campagne · {bilan.titre} · {_date()} · {bilan.ou} · {duree(bilan.secondes)}"
        )
        for rang, (titre, largeur) in enumerate(COLONNES.items()):
            feuille.set_column(rang, rang, largeur)
            feuille.write(2, rang, titre, gras)
        for rang, (une, resultat) in enumerate(zip(lignes, bilan.resultats, strict=True), 3):
            debut = [str(une[nom]) for nom in ("nom", "code", "niveau", "carnet", "etat")]
            fin = [une["dossier"], une["message"], "\n".join(une["notes"])]
            for colonne, valeur in enumerate([*debut, resultat.secondes, resultat.essais, *fin]):
                if isinstance(valeur, str):
                    feuille.write_string(rang, colonne, valeur, texte)
                elif valeur or colonne == 6:
                    feuille.write_number(rang, colonne, valeur, texte)
        feuille.freeze_panes(3, 1)
        feuille.autofilter(2, 0, 2 + len(lignes), len(COLONNES) - 1)
    chemin.write_bytes(tampon.getvalue())
