# Ouvre un GeoPackage avec sf et dit ce qu'un statisticien y verrait.
# Usage : Rscript lecteur_sf.R territoire.gpkg regles.tsv vues.tsv
suppressMessages(library(sf))
voulu <- commandArgs(trailingOnly = TRUE)
couches <- st_layers(voulu[1])
lignes <- c()
for (nom in couches$name[!is.na(couches$geomtype)]) {
  lue <- st_read(voulu[1], layer = nom, quiet = TRUE)
  formes <- st_geometry(lue)
  faux <- !st_is_valid(formes[!st_is_empty(formes)])
  lignes <- c(lignes, paste("invalides", nom, sum(faux), sep = "\t"), paste("type", nom, class(lue[[1]]), sep = "\t"))
}
regles <- read.delim(voulu[2], colClasses = "character", quote = "", encoding = "UTF-8")
for (i in seq_len(nrow(regles))) {
  codes <- st_read(voulu[1], query = paste("SELECT code_iris FROM iris WHERE", regles$filtre[i]), quiet = TRUE)
  if (nrow(codes)) lignes <- c(lignes, paste(regles$style[i], codes[[1]], regles$habit[i], sep = "\t"))
}
con <- file(voulu[3], "w", encoding = "UTF-8")
writeLines(lignes, con)
close(con)
