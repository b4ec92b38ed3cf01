"""Lire les fichiers publiés (INSEE, CAF, ANCT, IGN) et les ranger en une base locale."""
