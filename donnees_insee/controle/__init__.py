"""Rendre compte de ce qui est tenu : vérifier, inventorier, exporter, importer."""
