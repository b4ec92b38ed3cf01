"""Préchauffer une campagne : ce qu'un carnet importe, et ce qu'une tâche importe autour de lui."""

from __future__ import annotations

import importlib
from typing import Final

from carnets.prechauffage import prechauffer as prechauffer_les_carnets

MODULES: Final = (
    "papermill",
    "nbclient",
    "nbconvert",
    "nbconvert.exporters.html",
    "nbconvert.preprocessors",
    "docx",
    "pypandoc",
    "jinja2",
    "babel.numbers",
    "carnets.moteur",
    "carnets.campagne.execution",
    "carnets.documents.fragments",
    "carnets.documents.word",
    "carnets.noyaux.gestionnaire",
    "abs.calcul.diagnostic",
)


def prechauffer(dossier_donnees: str | None) -> None:
    """Importer ce que les tâches d'une campagne importent."""
    prechauffer_les_carnets(dossier_donnees)
    for module in MODULES:
        importlib.import_module(module)
    import nbformat  # noqa: PLC0415 - déjà importé par papermill

    # La première vérification compile le schéma des carnets.
    nbformat.validate({"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": []})
