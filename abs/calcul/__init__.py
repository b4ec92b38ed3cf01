"""Des comptes lus aux chiffres datés, avec leur statut, jusqu'à la table longue."""
