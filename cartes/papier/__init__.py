"""Dessiner une carte imprimée, par matplotlib."""
