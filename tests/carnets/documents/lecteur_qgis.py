"""Ouvre un GeoPackage dans QGIS, sans écran, et dit ce qu'un agent y verrait ; exécuté par le Python de QGIS.

Usage : python3 lecteur_qgis.py territoire.gpkg dossier_des_images
"""

import json
import sys
from collections import Counter
from pathlib import Path

from qgis.analysis import QgsNativeAlgorithms
from qgis.core import (
    QgsApplication,
    QgsGeometry,
    QgsMapRendererParallelJob,
    QgsMapSettings,
    QgsPointXY,
    QgsProcessingContext,
    QgsProcessingFeedback,
    QgsRenderContext,
    QgsVectorLayer,
)
from qgis.PyQt.QtCore import QSize
from qgis.PyQt.QtGui import QColor
from qgis.PyQt.QtXml import QDomDocument

LARGEUR = 1100


def peint(couche):
    """Dire ce que peint une couche de symbole, dans les mots de ``imprimee``."""
    genre = couche.layerType()
    if genre == "SimpleFill":
        return couche.fillColor().name()
    if genre == "SimpleLine":
        return "tirets" if couche.useCustomDashPattern() else "trait"
    return f"hachures {couche.subSymbol().color().name()}" if "Pattern" in genre else "signe"


def apparences(couche):
    """Demander à QGIS les symboles de chaque territoire."""
    rendu, contexte = couche.renderer().clone(), QgsRenderContext()
    rendu.startRender(contexte, couche.fields())
    lues = {}
    for entite in couche.getFeatures():
        contexte.expressionContext().setFeature(entite)
        symboles = rendu.symbolsForFeature(entite, contexte)
        lues[entite[1]] = [peint(c) for s in symboles for c in s.symbolLayers()]
    rendu.stopRender(contexte)
    return lues


def dessinee(couches, chemin, lissage):
    """Dessiner des couches comme la fenêtre de QGIS, et garder l'image."""
    reglages = QgsMapSettings()
    reglages.setLayers(couches)
    reglages.setDestinationCrs(couches[0].crs())
    etendue = couches[-1].extent()
    etendue.scale(1.03)
    reglages.setExtent(etendue)
    reglages.setOutputSize(QSize(LARGEUR, int(LARGEUR * etendue.height() / etendue.width())))
    reglages.setOutputDpi(150)
    reglages.setBackgroundColor(QColor("white"))
    reglages.setFlag(QgsMapSettings.Antialiasing, lissage)
    tache = QgsMapRendererParallelJob(reglages)
    tache.start()
    tache.waitForFinished()
    image = tache.renderedImage()
    image.save(str(chemin))
    return image, reglages.mapToPixel()


def couleurs_des_pixels(couche, chemin):
    """Donner la couleur la plus fréquente à l'intérieur de chaque territoire, dans l'image dessinée."""
    image, echelle = dessinee([couche], chemin, lissage=False)
    lues = {}
    for entite in couche.getFeatures():
        dedans = entite.geometry().buffer(-4 * echelle.mapUnitsPerPixel(), 4)
        if dedans.isEmpty():
            continue
        moteur = QgsGeometry.createGeometryEngine(dedans.constGet())
        moteur.prepareGeometry()
        boite = dedans.boundingBox()
        bas, haut = (
            echelle.transform(QgsPointXY(x, y))
            for x, y in ((boite.xMinimum(), boite.yMaximum()), (boite.xMaximum(), boite.yMinimum()))
        )
        couleurs = Counter()
        for x in range(int(bas.x()), int(haut.x()) + 1, 2):
            for y in range(int(bas.y()), int(haut.y()) + 1, 2):
                point = QgsGeometry.fromPointXY(echelle.toMapCoordinates(x, y))
                if moteur.contains(point.constGet()):
                    couleurs[image.pixelColor(x, y).name()] += 1
        if couleurs:
            lues[entite[1]] = couleurs.most_common(1)[0][0]
    return lues


def croiser(une, autre):
    """Croiser deux couches par l'outil de QGIS, qui s'arrête sur une géométrie invalide."""
    algorithme = QgsApplication.processingRegistry().algorithmById("native:intersection")
    contexte, retour = QgsProcessingContext(), QgsProcessingFeedback()
    demande = {"INPUT": une, "OVERLAY": autre, "OUTPUT": "memory:"}
    rendu, reussi = algorithme.run(demande, contexte, retour)
    return reussi and contexte.takeResultLayer(rendu["OUTPUT"]).featureCount()


def lire(chemin, images):
    """Ouvrir chaque couche, son style par défaut, puis chacun des styles enregistrés."""
    vues, ouvertes = {}, {}
    for nom in ("iris", "communes", "commune", "qpv", "quartiers"):
        couche = QgsVectorLayer(f"{chemin}|layername={nom}", nom, "ogr")
        if not couche.isValid() or not couche.isSpatial():
            continue
        _, charge = couche.loadDefaultStyle()
        ouvertes[nom] = couche
        vues[nom] = {
            "charge": charge,
            "titre": couche.metadata().title(),
            "alias": {c.name(): c.alias() for c in couche.fields()},
            "invalides": [
                e[1]
                for e in couche.getFeatures()
                if e.hasGeometry() and (not e.geometry().isGeosValid() or e.geometry().validateGeometry())
            ],
            "styles": {},
        }
        vues[nom]["pixels"] = couleurs_des_pixels(couche, images / f"{nom}-sans-lissage.png")
        siens, cles, noms, _, _ = couche.listStylesInDatabase()
        for cle, titre in list(zip(cles, noms, strict=True))[:siens]:
            document = QDomDocument()
            document.setContent(couche.getStyleFromDatabase(cle)[0])
            lu, faute = couche.importNamedStyle(document)
            vues[nom]["styles"][titre] = {
                "lu": lu,
                "faute": faute,
                "apparences": apparences(couche),
                "etiquettes": couche.labelsEnabled(),
            }
            dessus = [ouvertes["qpv"]] if "qpv" in ouvertes and nom != "qpv" else []
            dessinee([*dessus, couche], images / f"{nom}-{cle}.png", lissage=True)
        couche.loadDefaultStyle()
    if "qpv" in ouvertes and "iris" in ouvertes:
        vues["croisement"] = croiser(ouvertes["iris"], ouvertes["qpv"])
        dessinee([ouvertes["qpv"], ouvertes["iris"]], images / "premiere-vue.png", lissage=True)
    return vues


application = QgsApplication([], False)
application.initQgis()
QgsApplication.processingRegistry().addProvider(QgsNativeAlgorithms())
dossier = Path(sys.argv[2])
(dossier / "vues.json").write_text(
    json.dumps(lire(sys.argv[1], dossier), ensure_ascii=False), encoding="utf-8"
)
application.exitQgis()
