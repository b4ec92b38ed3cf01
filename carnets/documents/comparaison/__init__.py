"""Les documents de la comparaison des communes d'une intercommunalité."""
