"""Dessiner une carte interactive, par folium et Leaflet embarqué."""
