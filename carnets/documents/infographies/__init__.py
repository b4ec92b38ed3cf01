"""Les infographies : un chiffre clé par carte, prête à publier."""
