"""Lire un fichier publié, quel que soit son format, et le reconnaître à ses colonnes."""
