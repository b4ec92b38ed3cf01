"""Les graphiques dessinés avec matplotlib, d'une demande à la figure, au SVG et au PNG."""
