"""Composer le portrait : première page, chapitres, tableaux, quartiers."""
