"""Ce que chaque carnet appelle, cellule par cellule."""
