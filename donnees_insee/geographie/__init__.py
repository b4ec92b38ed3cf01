"""Les territoires et leur histoire : appartenances, mouvements, passages d'une géographie à l'autre."""
