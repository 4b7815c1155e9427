# Every target sets itself up: .venv is built once, and again only when pyproject.toml or constraints.txt changes.
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
PYTHON ?= python3
BIN := .venv/bin
READY := .venv/.ready

.PHONY: help quickstart test check docs

help:
	@echo "make quickstart   teachers -> soft labels -> student -> 8 bits -> report, on real text"
	@echo "make test         the tests"
	@echo "make check        ruff, mypy, import rules, generated files"
	@echo "make docs         writes the generated files anew"

$(READY): pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Python 3.11 or newer is needed; this is $$($(PYTHON) --version). Try: make PYTHON=python3.12"; exit 2; }
	rm -rf .venv
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable '.[quickstart,dev]'
	touch $@

quickstart: $(READY)
	$(BIN)/distill run quickstart

test: $(READY)
	$(BIN)/python -m pytest

check: $(READY)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python -m distill.recipe.reference --check

docs: $(READY)
	$(BIN)/python -m distill.recipe.reference
