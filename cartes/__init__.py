"""Dessiner : du diagnostic aux cartes thématiques, imprimées (matplotlib) ou vivantes (folium)."""
