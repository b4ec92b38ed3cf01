"""Les indicateurs : définitions, formules, fiabilité, années comparables."""
