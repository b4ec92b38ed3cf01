"""Lancer la commande par son module : ``python -m carnets.commande``, là où le script ``abs`` n'est pas sur le chemin."""

from carnets.commande.application import principale

if __name__ == "__main__":
    principale()
