"""Écrire les phrases : un écart est-il réel, comment le dire."""
