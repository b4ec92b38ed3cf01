"""Fabriquer l'archive du territoire fictif ; laissé hors du paquet installé."""
