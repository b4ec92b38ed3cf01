"""Les mots qu'aucune phrase n'écrit : ceux qui disent une cause, ceux qui jugent."""

import re

from abs.definitions import table


def mots_refuses(texte: str) -> list[str]:
    """Chercher dans une phrase les mots de cause et les mots qui jugent."""
    bas = texte.lower().replace("’", "'")
    listes = table("_phrases")["refuses"]
    return [m for liste in listes.values() for m in liste if re.search(rf"(?<!\w){re.escape(m)}(?!\w)", bas)]
