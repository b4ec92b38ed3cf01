"""La base de parts Parquet, ses reçus et ses couches."""
