"""Les textes de l'analyste : chiffres cités, retour d'un document, dossier de travail, ce qui a changé."""
