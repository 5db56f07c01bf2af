# Targets set up their own virtual environment in .venv and install anew only when pyproject.toml changed.
# Another interpreter: make test PYTHON=python3.12

PYTHON ?= python3
VENV := .venv
LOWEST := .lowest
BIN := $(VENV)/bin
PIP_INSTALL := $(BIN)/python -m pip install --quiet --quiet --disable-pip-version-check

.PHONY: help demo test test-lowest test-galaxy lint docs clean

help:
	@echo "make demo   run the programs on the bundled data; tracks appear in demo/"
	@echo "make test   check style and types, then run all tests"
	@echo "make lint   check style and types only"
	@echo "make test-lowest PYTHON=python3.10  run all tests with the lowest versions that pyproject.toml allows"
	@echo "make test-galaxy  run the Galaxy tools and workflows on a Galaxy server, which is installed from PyPI first"
	@echo "make docs   build the documentation; its first page is site/index.html"
	@echo "make clean  remove .venv, .galaxy, demo/ and caches"

demo: $(VENV)/.installed
	@PATH="$(CURDIR)/$(BIN):$$PATH" ./demo.sh

test: lint
	$(BIN)/python -m pytest -q

lint: $(VENV)/.installed-test
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy deepgrn_tool

# Only what pyproject.toml names is at its lowest; what that brings along is new, but for a pyparsing that warns of Matplotlib 3.9.
test-lowest:
	rm -rf $(LOWEST)
	$(PYTHON) -m venv $(LOWEST)
	$(LOWEST)/bin/python -m pip install --quiet --disable-pip-version-check uv
	$(LOWEST)/bin/uv pip install --quiet --python $(LOWEST)/bin/python --resolution lowest-direct --editable '.[test]' 'pyparsing>=3.2,<3.3'
	$(LOWEST)/bin/python -m pytest -q

# Galaxy and planemo go into .galaxy: some minutes the first time, and 1.3 GB of disk.
test-galaxy: $(VENV)/.installed-test
	$(BIN)/python galaxy/test/run.py

docs: $(VENV)/.installed-test
	$(BIN)/sphinx-build -W --keep-going -q -b html docs site
	@echo "The documentation is in $(CURDIR)/site/index.html"

clean:
	rm -rf $(VENV) $(LOWEST) .galaxy demo site docs/programs build dist *.egg-info .mypy_cache .pytest_cache .ruff_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

$(BIN)/python:
	$(PYTHON) -m venv $(VENV)

$(VENV)/.installed: pyproject.toml | $(BIN)/python
	@echo "Installing the package and what it needs into $(VENV): some minutes, and 2.5 GB of disk"
	$(PIP_INSTALL) --editable .
	touch $@

# The packages for tests include those for use, so the demo need not install again.
$(VENV)/.installed-test: pyproject.toml | $(BIN)/python
	@echo "Installing the package and what its tests need into $(VENV): some minutes, and 2.5 GB of disk"
	$(PIP_INSTALL) --editable '.[test]'
	touch $@ $(VENV)/.installed
