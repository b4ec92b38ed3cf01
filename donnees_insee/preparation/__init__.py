"""Mettre en forme ce qui a été lu : nombres, codes, contrat des tables, sources reçues."""
