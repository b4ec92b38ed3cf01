"""Ce que le projet attend : sources, millésimes, plans de variables, modèles de sources reçues."""
