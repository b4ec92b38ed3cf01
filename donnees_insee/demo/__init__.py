"""Le territoire fictif de démonstration, livré avec le paquet sous forme de fichiers bruts."""

import zipfile
from pathlib import Path

ARCHIVE = Path(__file__).with_name("demo.zip")
COMMUNE_DEMO = "99001"
EPCI_DEMO = "999900001"


def extraire_demo(dossier: Path) -> Path:
    """Déballer les fichiers bruts du territoire fictif.

    Parameters
    ----------
    dossier : Path
        Dossier de destination, créé au besoin.

    Returns
    -------
    Path
        Le même dossier, rempli.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> with tempfile.TemporaryDirectory() as dossier:
    ...     print(any(f.name == "quartiers.csv" for f in extraire_demo(Path(dossier)).rglob("*")))
    True
    """
    dossier.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(ARCHIVE) as archive:
        archive.extractall(dossier)
    return dossier
