"""Ce qui a changé d'un portrait à l'autre : chiffres, phrases, rangs, sources."""
