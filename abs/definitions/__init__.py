"""Les définitions des indicateurs, un fichier TOML par thème."""
