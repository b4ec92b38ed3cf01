"""La ligne de commande `abs` : des arguments aux fonctions, sans logique."""
