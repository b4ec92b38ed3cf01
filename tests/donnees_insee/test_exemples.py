"""Les exemples des docstrings disent ce que le code fait, et chaque nom qu'on appelle en a un."""

from __future__ import annotations

import ast
import doctest
import importlib
from pathlib import Path

import pytest

RACINE = Path(__file__).parents[2]
PAQUETS = ("donnees_insee", "abs", "cartes", "carnets")
MODULES = sorted(
    ".".join(fichier.relative_to(RACINE).with_suffix("").parts)
    for paquet in PAQUETS
    for fichier in (RACINE / paquet).rglob("*.py")
    if ">>> " in fichier.read_text(encoding="utf-8")
)
# Ce qu'un analyste appelle dans un carnet ou un script : docstring entière, exemple exécuté.
PORTE = """
donnees_insee.base.base:Base donnees_insee.base.base:Base.lire donnees_insee.base.base:Base.millesimes
donnees_insee.codes:conforme donnees_insee.codes:departement_de_la_commune donnees_insee.codes:normaliser
donnees_insee.demo:extraire_demo donnees_insee.depot.depot:deposer
donnees_insee.depot.vraisemblance:invraisemblances donnees_insee.erreurs:cause_en_clair donnees_insee.erreurs:affichable
abs.formats:arrondir abs.formats:nombre abs.formats:avec_unite
abs.indicateurs.formules:formule abs.indicateurs.formules:Formule abs.indicateurs.formules:Formule.calculer
abs.indicateurs.indicateurs:Indicateur abs.indicateurs.indicateurs:indicateurs abs.indicateurs.indicateurs:indicateur
abs.territoires.territoires:Territoire abs.territoires.territoires:Territoires.chercher
abs.territoires.territoires:Territoires.trouver abs.territoires.demande:Demande abs.territoires.demande:lire_millesimes
abs.calcul.table_longue:Chiffre abs.calcul.diagnostic:diagnostiquer abs.portrait.portrait:Portrait
abs.portrait.portrait:composer abs.graphiques.graphiques:graphiques_du_theme abs.graphiques.graphiques:graphique
abs.evolutions.releve:relever abs.intercommunal.comparaison:comparer_l_intercommunalite
cartes.classes:discretiser cartes.classes:Discretisation cartes.carte:CarteThematique
cartes.carte:CarteThematique.enregistrer cartes.fonds:carte carnets.moteur:produire carnets.moteur:nom_du_dossier
carnets:territoire carnets:choisir carnets:comparaison carnets:evolutions carnets.ateliers.listes:sources
carnets.ateliers.listes:indicateurs carnets.ateliers.listes:lire carnets.ateliers.listes:joindre
carnets.ateliers.listes:carte
carnets.ateliers.territoire:TerritoireOuvert.iris carnets.ateliers.territoire:TerritoireOuvert.qpv
carnets.ateliers.territoire:TerritoireOuvert.chiffres carnets.ateliers.territoire:TerritoireOuvert.phrases
carnets.ateliers.territoire:TerritoireOuvert.graphique carnets.ateliers.territoire:TerritoireOuvert.carte
carnets.ateliers.territoire:TerritoireOuvert.explorer carnets.ateliers.territoire:TerritoireOuvert.evolution
carnets.ateliers.territoire:TerritoireOuvert.portrait carnets.documents.montre:Montre
carnets.ateliers.territoire:TerritoireOuvert.nuage
cartes.graphiques.graphique:Graphique cartes.graphiques.graphique:Graphique.svg
cartes.graphiques.graphique:Graphique.png cartes.graphiques.graphique:Graphique.enregistrer
"""


@pytest.mark.parametrize("nom", PORTE.split())
def test_ce_qu_on_appelle_a_un_exemple(nom):
    module, _, qualifie = nom.partition(":")
    objet = importlib.import_module(module)
    for partie in qualifie.split("."):
        objet = getattr(objet, partie)
    assert "Examples\n" in objet.__doc__
    assert ">>> " in objet.__doc__


def test_une_docstring_interne_tient_en_un_paragraphe_ou_deux():
    """Les rubriques numpydoc sont pour ce qu'on appelle ; ailleurs une phrase, et ce qu'elle ne dit pas."""
    en_trop = []
    for paquet in PAQUETS:
        for fichier in (RACINE / paquet).rglob("*.py"):
            module = ".".join(fichier.relative_to(RACINE).with_suffix("").parts).removesuffix(".__init__")
            for noeud in ast.walk(ast.parse(fichier.read_text(encoding="utf-8"))):
                if isinstance(noeud, ast.FunctionDef) and "Returns\n---" in (ast.get_docstring(noeud) or ""):
                    en_trop += [] if f"{module}:" in PORTE else [f"{module}:{noeud.name}"]
    assert not en_trop


@pytest.mark.parametrize("nom", MODULES)
def test_les_exemples_sont_vrais(nom, base_demo):
    options = doctest.NORMALIZE_WHITESPACE | doctest.ELLIPSIS
    bilan = doctest.testmod(importlib.import_module(nom), extraglobs={"base": base_demo}, optionflags=options)
    assert bilan.attempted
    assert bilan.failed == 0
