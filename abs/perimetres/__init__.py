"""Chiffrer un périmètre libre : carreaux, repondération, franges, profils de QPV."""
