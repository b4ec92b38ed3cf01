"""Le PDF balisé d'un document, et l'affiche d'une page qui l'accompagne."""
