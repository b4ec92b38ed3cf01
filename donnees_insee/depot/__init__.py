"""Déposer un fichier : l'examiner, le juger, le ranger, le retirer."""
