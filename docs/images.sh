#!/usr/bin/env bash
# Refait les images du README : l'affiche, une page du document Word, une carte, une infographie du territoire fictif.
set -euo pipefail
cd "$(dirname "$0")/.."
abs=${ABS:-.venv/bin/abs}
passage=$(mktemp -d)
trap 'rm -rf "$passage"' EXIT
"$abs" demo --sortie "$passage" --formats docx,pdf,cartes
ABS_DONNEES="$passage/vide" "$abs" infographies 99001 --sortie "$passage"
portrait=$(ls -d "$passage"/portrait-*)
soffice --headless --convert-to pdf --outdir "$passage" "$portrait/portrait.docx" >/dev/null
page=${PAGE:-4}
pdftoppm -r 70 -png -f "$page" -l "$page" -singlefile "$passage/portrait.pdf" docs/page-word-demo
pdftoppm -r 80 -png -singlefile "$portrait/essentiel.pdf" docs/affiche-demo
python3 - "$portrait/cartes/taux_pauvrete_60.png" docs/carte-demo.png "$passage" docs/infographie-demo.png <<'PY'
import sys
from pathlib import Path
from PIL import Image
carte, la_carte, passage, infographie = sys.argv[1:]
Image.open(carte).convert("RGB").resize((820, round(820 * Image.open(carte).height / Image.open(carte).width))).quantize(64).save(la_carte)
Image.open(next(Path(passage).rglob("03-*-carre.png"))).convert("RGB").resize((540, 540)).quantize(64).save(infographie)
PY
