"""Produire : carnets paramétrés, documents, et la commande `abs`."""
