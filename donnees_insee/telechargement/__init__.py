"""Aller chercher les fichiers publiés, et rien d'autre, aux adresses du catalogue."""
