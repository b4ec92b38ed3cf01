"""Un document complet, comme ceux des maquettes : chaque genre, les six fiches, les trois messages, du texte piégé."""

import base64
import io
from functools import lru_cache
from typing import Any

from abs.blocs.blocs import (
    Bloc,
    CarteInteractive,
    Cellule,
    ChiffreCle,
    ChiffresCles,
    Graphique,
    Image,
    Liens,
    Liste,
    Note,
    PhraseAppuyee,
    Phrases,
    Prose,
    Puce,
    SautDePage,
    Tableau,
    Titre,
    entete,
    retourner,
)
from abs.graphiques.demandes import DemandeDeGraphique, Serie, Valeur

PIEGE = "<img src=x onerror=alert(1)>"
PIEGE_TYPST = '#panic("pris") $x^2$ @nulle [crochet] *gras* `brut` \\'
FORMULE = '=HYPERLINK("http://example.org";"ici")'
PROSE = f"""<h2>Un titre de l'équipe</h2><p>Les demandes <strong>viennent</strong> aussi de <em>Bois-Joli</em>,
<a href="https://example.org/a_b#c">voir ici</a> ou <a href="#logement">plus loin</a>,
<a href="javascript:alert(2)">pas là</a>.</p>
<script>alert(2)</script><style>p {{color:red}}</style><ul><li>Un<ul><li>dedans</li></ul></li><li>{PIEGE_TYPST}</li></ul>
<ol><li>premier<li>second</ol><table><tr><th>Aide</th><th>Nombre</th></tr><tr><td>{FORMULE}</td><td>12</td></tr></table>
<pre>a  = 1
b = {"x" * 200}</pre><blockquote>Cité.</blockquote><img src="http://example.org/espion.png" alt="Venue du dehors">
<svg onload="alert(2)"><text>tu</text></svg><p>Après.<img src=x onerror="alert(2)"></p>"""

# Ce que PDF/UA refuserait tel quel : un titre vide, un bloc dans un lien, une image au milieu d'un mot.
MAL_FORMEE = (
    '<h3></h3><a href="#revenus">lien<hr></a><p><sup><code><img src="{}" alt=""></code></sup>fin<li>seul<td>'
)


def _v(libelle: str, valeur: float, role: str = "categorie", unite: str = "\u00a0%") -> Valeur:
    return Valeur(libelle, valeur, f"{valeur:g}{unite}".replace(".", ","), role=role)  # type: ignore[arg-type]


def reglettes(*lignes: tuple[str, float, float]) -> DemandeDeGraphique:
    """Des points sur réglette : la ville, l'agglomération, le département, les IRIS."""
    series = tuple(
        Serie(
            nom,
            (
                *(
                    _v(f"IRIS {n}", ville * part, "maille")
                    for n, part in enumerate((0.4, 0.7, 0.9, 1.2, 1.7, 2.1))
                ),
                _v("la ville", ville, "sujet"),
                _v("l'agglomération", agglo, "epci"),
                _v("le département", agglo * 0.96, "departement"),
            ),
        )
        for nom, ville, agglo in lignes
    )
    return DemandeDeGraphique("reglettes", "points", "", "", series)


def courbe() -> DemandeDeGraphique:
    """La population depuis 1968."""
    dates = (
        (1968, 36100),
        (1975, 39500),
        (1982, 41000),
        (1990, 41200),
        (1999, 42000),
        (2011, 44800),
        (2022, 48004),
    )
    valeurs = tuple(Valeur(str(a), v, f"{v}") for a, v in dates)
    return DemandeDeGraphique("population", "courbe", "", "", (Serie("la ville", valeurs),), unite="")


def pyramide() -> DemandeDeGraphique:
    """Une petite pyramide des âges."""
    ages = ("0-14", "15-29", "30-44", "45-59", "60-74", "75 +")
    parts = {"Hommes": (8, 10.5, 9, 8, 7, 4.5), "Femmes": (8.5, 11, 9, 9, 8, 7.5)}
    series = [Serie(n, tuple(map(_v, ages, p)), r) for r in ("sujet", "reference") for n, p in parts.items()]
    return DemandeDeGraphique("pyramide", "pyramide", "", "", tuple(series))


def statut() -> DemandeDeGraphique:
    """Le statut d'occupation."""
    parts = tuple(
        _v(*p) for p in (("propriétaires", 41), ("HLM", 22), ("locataires du privé", 34), ("autres", 3))
    )
    return DemandeDeGraphique("statut", "barres", "", "statut d'occupation", (Serie("", parts),))


def fiches() -> ChiffresCles:
    """Les six fiches de la première page, l'une sans chiffre."""

    def fiche(
        sujet: str, valeur: str, libelle: str, *graphiques: DemandeDeGraphique, absence: str = ""
    ) -> ChiffreCle:
        return ChiffreCle(libelle, valeur, "", "recensement 2022", "r", (), sujet, graphiques, absence)

    return ChiffresCles(
        (
            fiche("Habitants", "48 004", "habitants en 2022 · + 0,4 % par an depuis 2016", courbe()),
            fiche("Âges", "19,7 %", "ont 65 ans ou plus (agglomération 20,8 %)", pyramide()),
            fiche(
                "Ménages et familles",
                "43 %",
                "des ménages sont d'une seule personne ; 18 % des familles sont monoparentales",
                reglettes(("ménages d'une personne", 43, 38), ("familles monoparentales", 18, 16)),
            ),
            fiche(
                "Ressources",
                "20 %",
                "des habitants vivent sous le seuil de pauvreté",
                reglettes(("sous le seuil de pauvreté", 20, 17), ("prestations dans le revenu", 6.5, 5.5)),
            ),
            fiche("Emploi", "", "chômage au sens du recensement", absence="fichier non déposé"),
            fiche("Logement", "22 %", "des résidences principales sont louées en HLM", statut()),
        )
    )


def messages(nombre: int = 3) -> Phrases:
    """Les trois messages numérotés."""
    dits = (
        (
            "Des ressources plus faibles que chez les voisins",
            "Un habitant sur cinq vit sous le seuil (17 % ailleurs).",
        ),
        ("L'emploi manque, surtout à l'ouest", "58 % des 15-64 ans travaillent (61 % dans l'agglomération)."),
        ("Une ville de personnes seules et de jeunes", "43 % des ménages sont d'une seule personne (38 %)."),
    )
    return Phrases(
        tuple(PhraseAppuyee(texte, (), (), (), titre) for titre, texte in dits[:nombre]), "messages"
    )


@lru_cache(maxsize=1)
def carte() -> str:
    """Une image de carte, en adresse incluse."""
    from PIL import Image as Points
    from PIL import ImageDraw

    image = Points.new("RGB", (600, 520), "#ffffff")
    ImageDraw.Draw(image).polygon([(60, 90), (330, 20), (560, 200), (420, 480), (120, 400)], fill="#a8480f")
    sortie = io.BytesIO()
    image.save(sortie, "PNG")
    return f"data:image/png;base64,{base64.b64encode(sortie.getvalue()).decode('ascii')}"


def premiere_page(nom: str) -> list[Bloc]:
    """Le titre et l'essentiel, comme sur la maquette."""
    sous_titre = "48 004 habitants · CA Val-d'Arzance · recensement 2022 · établi le 29 novembre 2026"
    return [
        Titre(nom, 1, surtitre="Analyse des besoins sociaux", sous_titre=sous_titre),
        Note("Territoire fictif.", "alerte", "Données d'essai."),
        Titre("L'essentiel", 2, "essentiel"),
        messages(),
        fiches(),
        Titre("Où sont les plus fragiles : la pauvreté par IRIS", 3),
        Image(
            carte(),
            "Carte du taux de pauvreté par IRIS : l'ouest dépasse 25 %.",
            "Taux de pauvreté, revenus 2021",
        ),
        Note("Le non-recours aux aides n'est pas dans les données ouvertes : à demander à la Caf.", "ignore"),
        Note("Pourquoi l'emploi des femmes recule-t-il ?", "debat"),
    ]


def chapitres() -> list[Bloc]:
    """Les chapitres : chaque genre de bloc, dans un ordre quelconque."""
    large = tuple(entete(f"Indicateur numéro {n} en % des résidences") for n in range(16))
    rangee = (entete("Les Tilleuls"), *(Cellule(f"{n},5 %", detail="2022") for n in range(15)))
    etroit = (entete("Indicateur"), entete(PIEGE), entete("Agglo"), entete("Formule"))
    lignes = tuple(
        (
            entete(f"Taux {n}"),
            Cellule("20 %"),
            Cellule("17 %"),
            Cellule(f"P_RP_{n}/" + "P_" * 30, classe="formule"),
        )
        for n in range(70)
    )
    demande = reglettes(("taux de pauvreté", 20, 17))
    titree = DemandeDeGraphique(
        "pauvrete",
        "points",
        f"Un habitant sur cinq {PIEGE_TYPST}",
        "en %",
        demande.series,
        source="Insee, Filosofi",
    )
    return [
        Titre("Ressources et niveaux de vie", 2, "revenus"),
        Note("Le bas de l'échelle est plus bas qu'ailleurs, et l'écart se joue entre quartiers.", "message"),
        Titre("Ce que cela dit", 3),
        Phrases(
            (PhraseAppuyee(f"La moitié des habitants vit avec moins de 20 390 € par an à {PIEGE}.", ()),)
        ),
        Graphique(titree, "demi"),
        Graphique(titree, "pleine"),
        Tableau("larges", "Un tableau large", large, (rangee, rangee), ("nc : non communiqué.",)),
        Tableau("repères", "Repères", etroit, lignes, ("Tous les indicateurs : annexe A.",), "textes"),
        Note("Les aides facultatives atteignent-elles Bois-Joli ?", "demande"),
        Prose(PROSE + MAL_FORMEE.format(carte()), "Ce qu'en dit le CCAS"),
        CarteInteractive("<p>écran</p>", "Carte"),
        Titre("Logement", 2, "logement"),
        Titre("Ce que cela dit", 5),
        Liste((Puce("à demander à la Caf.", "Non-recours", " — indisponible"),), "silences"),
        Liens((("Les revenus", "#revenus"), ("nulle part", "#absent"))),
        Image("data:image/png;base64,AAAA", "Une image abîmée"),
        SautDePage(),
        Titre("Annexes", 2, "annexes"),
        Titre("Sources", 2, "sources"),
        Note("Insee.", "precision"),
    ]


def document(nom: str = f"Arzance-la-Ville {PIEGE}") -> list[dict[str, Any]]:
    """Le document entier, en données."""
    return retourner([*premiere_page(nom), *chapitres()])
