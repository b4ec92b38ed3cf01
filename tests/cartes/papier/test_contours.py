"""Contours partagés entre cartes d'un même fond, et image à palette dont les aplats restent exacts."""

from __future__ import annotations

import io

import shapely
from PIL import Image

from cartes.apparence import apparences, couleurs_des_classes
from cartes.charte import ETATS
from cartes.ecriture import en_png
from cartes.geometrie import contours_de
from cartes.papier.contours import chemins, lieux, projetes, simplifies
from cartes.papier.legende import lignes_de_legende


def test_deux_cartes_du_meme_fond_partagent_leurs_chemins(carte, territoires) -> None:
    autres = territoires()
    autres["valeur"] += 1
    premiers, seconds = (projetes(carte(territoires=t).contours) for t in (territoires(), autres))
    assert premiers is seconds
    assert chemins(simplifies(premiers, 10.0)) is chemins(simplifies(seconds, 10.0))


def test_un_sommet_deplace_est_un_autre_fond(territoires) -> None:
    table = territoires()
    deplacee = table.copy()
    deplacee.loc[0, "geometry"] = shapely.transform(deplacee.loc[0, "geometry"], lambda points: points + 1e-6)
    assert contours_de(table) != contours_de(deplacee)
    assert contours_de(table) != contours_de(table.to_crs(4326))
    assert contours_de(table) == contours_de(table.drop(columns="valeur"))


def test_chaque_lieu_est_dans_son_territoire(territoires) -> None:
    contours = contours_de(territoires())
    points = shapely.points(lieux(contours))
    assert shapely.within(points, contours.couche.geometry.to_numpy()).all()


def test_une_carte_renommee_garde_ce_qui_est_calcule(carte, territoires) -> None:
    origine = carte(territoires=territoires())
    calculees = apparences(origine), lignes_de_legende(origine)
    copie = origine.intitulee("Un autre titre")
    assert (copie.titre, origine.titre != copie.titre) == ("Un autre titre", True)
    assert apparences(copie) is calculees[0]
    assert lignes_de_legende(copie) is calculees[1]
    assert copie.texte_alternatif().startswith("Carte « Un autre titre »")


def test_les_aplats_de_l_image_sont_exacts(carte, tous_les_statuts) -> None:
    specifiee = carte(territoires=tous_les_statuts)
    image = Image.open(io.BytesIO(en_png(specifiee)))
    assert (image.mode, image.width) == ("P", 1500)
    couleurs = image.convert("RGB").getcolors(1 << 24)
    presentes = {f"#{r:02x}{v:02x}{b:02x}" for _, (r, v, b) in couleurs}
    assert {
        "#ffffff",
        ETATS["secret"].fond,
        ETATS["indisponible"].fond,
        *(c.lower() for c in couleurs_des_classes(specifiee)),
    } <= presentes
