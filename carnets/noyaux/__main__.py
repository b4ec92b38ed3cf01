"""Lancer la pépinière : ``python -m carnets.noyaux``. Son module garde ainsi son nom quand un noyau prend « __main__ »."""

import gc
import sys

# Le préchauffage crée beaucoup d'objets et n'en jette aucun : les reparcourir en ferait le cinquième de sa durée.
gc.disable()

if __name__ == "__main__":
    from carnets.noyaux.pepiniere import principale

    sys.exit(principale(sys.argv[1:]))
