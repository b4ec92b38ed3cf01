"""Calculer : de la base au diagnostic d'un territoire (territoires, indicateurs, portrait)."""
