"""Dire comment un territoire a évolué entre deux dates comparables."""
