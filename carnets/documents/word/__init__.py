"""Le document Word et l'ODT, écrits des blocs."""
