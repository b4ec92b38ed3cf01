"""Les territoires d'un portrait, leurs références et la demande de l'analyste."""
