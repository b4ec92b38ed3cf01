"""Le classeur Excel du portrait, à formules vivantes."""
