"""Les fichiers de Melodi (Insee) : une cellule par ligne, plusieurs recensements et tous les niveaux dans un fichier."""
