# Deux commandes suffisent : `make portrait` et `make test`. Chacune construit d'abord .venv depuis le verrou.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin

.PHONY: portrait test test-complet fumee atelier verifier verrou demo propre aide

portrait: $(VENV)/.pret ## écrit le portrait du territoire fictif dans sorties/
	$(BIN)/abs demo --sortie sorties

test: $(VENV)/.pret ## passe les essais courts : unités, propriétés, carnets, un essai de navigateur
	$(BIN)/python -m pytest -n auto --dist loadfile -m "not complet"

test-complet: $(VENV)/.pret ## passe tous les autres : fichiers réels, attaques, campagnes, navigateur, LibreOffice
	$(BIN)/python -m pytest -n auto --dist loadfile -m complet

atelier: $(VENV)/.pret-atelier ## ouvre JupyterLab sur une copie des carnets
	$(BIN)/abs carnets ouvrir atelier

# Ce qui dit en moins d'une minute si un autre jeu de dépendances convient : lire, calculer, dessiner, écrire.
FUMEE := tests/donnees_insee/lecture/test_reconnaissance.py tests/donnees_insee/lecture/test_tables.py tests/donnees_insee/base \
	tests/donnees_insee/depot/test_avant_depot.py tests/abs/calcul/test_difference.py tests/abs/portrait tests/cartes/papier \
	tests/cartes/graphiques/test_graphiques.py tests/carnets/test_moteur.py::test_papermill_seul_execute_le_carnet \
	tests/carnets/documents/test_tableur.py tests/carnets/documents/test_pdf.py tests/carnets/documents/test_word.py

fumee: ## passe un choix d'essais dans l'environnement VENV, déjà construit (.ci/run : autres dépendances, autre Python)
	$(BIN)/python -m pytest -n auto --dist loadfile -q -m "not complet" -p no:cacheprovider $(FUMEE)

verifier: $(VENV)/.pret ## style, types, docstrings
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/python -m numpydoc.hooks.validate_docstrings --config . $$(git ls-files 'donnees_insee/*.py' 'abs/*.py' 'cartes/*.py' 'carnets/*.py')

verrou: ## refait les verrous (uv nécessaire)
	uv pip compile -q --universal --generate-hashes --python-version 3.11 --extra test --no-emit-index-url --no-emit-find-links --no-header --no-annotate pyproject.toml -o requirements.lock
	uv pip compile -q --universal --generate-hashes --python-version 3.11 --resolution lowest-direct --extra test --no-emit-index-url --no-emit-find-links --no-header --no-annotate pyproject.toml -o requirements-plancher.lock
	uv pip compile -q --universal --generate-hashes --python-version 3.11 --extra test --extra atelier --no-emit-index-url --no-emit-find-links --no-header --no-annotate pyproject.toml -c requirements.lock -o requirements-atelier.lock

demo: $(VENV)/.pret ## refait l'archive du territoire fictif
	$(BIN)/python -m donnees_insee.demo.fabrique.fabriquer

propre: ## efface .venv et les sorties
	rm -rf $(VENV) sorties

aide:
	@grep -E '^[a-z-]+:.*##' Makefile | sed 's/:.*##/ :/'

$(VENV)/.pret: requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(0 if sys.version_info >= (3, 11) else "Python 3.11 ou plus récent est nécessaire ; celui-ci est " + sys.version.split()[0] + ". Indiquez-en un autre : make PYTHON=python3.12")'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

$(VENV)/.pret-atelier: $(VENV)/.pret requirements-atelier.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-atelier.lock
	@touch $@
