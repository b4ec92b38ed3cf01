"""Écrire les documents (HTML, DOCX, XLSX, GPKG, CSV, preuve) à partir du portrait."""
