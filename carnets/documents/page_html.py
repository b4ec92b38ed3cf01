"""Du carnet exécuté à portrait.html : un seul fichier, code caché, cartes vivantes, sans réseau."""

from __future__ import annotations

from pathlib import Path

from carnets.documents.fragments import page
from donnees_insee.chemins import fichier_provisoire


def corps_du_carnet(carnet: Path) -> str:
    """Convertir un carnet exécuté en HTML nu : les sorties seules, sans code ni invite.

    Parameters
    ----------
    carnet : pathlib.Path
        Carnet exécuté.

    Returns
    -------
    str
        Corps HTML, sans script ni style de nbconvert.
    """
    from nbconvert import HTMLExporter  # noqa: PLC0415 - import lent
    from traitlets.config import Config  # noqa: PLC0415

    reglages = Config()
    # Les cellules de service (mode d'emploi, paramètres, écriture des fichiers) ne sont pas pour le lecteur.
    reglages.TagRemovePreprocessor.enabled = True
    reglages.TagRemovePreprocessor.remove_cell_tags = (
        "notice",
        "parameters",
        "injected-parameters",
        "exports",
    )
    exportateur = HTMLExporter(
        config=reglages,
        template_name="basic",
        exclude_input=True,
        exclude_input_prompt=True,
        exclude_output_prompt=True,
        exclude_anchor_links=True,
    )
    exportateur.register_preprocessor("nbconvert.preprocessors.TagRemovePreprocessor", enabled=True)
    corps, _ = exportateur.from_filename(str(carnet))
    return str(corps)


def ecrire_html(corps: str, titre: str, chemin: Path) -> Path:
    """Écrire la page autonome.

    Parameters
    ----------
    corps : str
        Corps rendu par :func:`corps_du_carnet`.
    titre : str
        Titre de la page.
    chemin : pathlib.Path
        ``portrait.html``.

    Returns
    -------
    pathlib.Path
        Fichier écrit.
    """
    with fichier_provisoire(chemin) as provisoire:
        provisoire.write_text(page(titre, corps), encoding="utf-8")
    return chemin
