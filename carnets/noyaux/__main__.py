"""Lancer la pépinière : ``python -m carnets.noyaux``. Son module garde ainsi son nom quand un noyau prend « __main__ »."""

import sys

from carnets.noyaux.pepiniere import principale

if __name__ == "__main__":
    sys.exit(principale(sys.argv[1:]))
