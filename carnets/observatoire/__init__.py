"""L'observatoire : un site statique à partager, tiré du diagnostic d'une intercommunalité."""
