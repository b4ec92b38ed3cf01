"""La typologie des IRIS : variables actives, partition stable, classes nommées, report à une autre année."""
