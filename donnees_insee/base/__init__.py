"""La base de parts Parquet, ses reçus, ses verrous et ses couches."""
