# What a day with the project needs. `make help` lists it.
.DEFAULT_GOAL := help
.PHONY: help setup up demo test lint format lock bench clean

PYTHON ?= python3
BIN := .venv/bin
READY := .venv/.ready

help: ## list these targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "  make %-8s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: $(READY) ## make .venv from the lock file (instant when nothing changed)

$(READY): pyproject.toml requirements.lock scripts/setup
	@PYTHON="$(PYTHON)" scripts/setup
	@touch $(READY)

up: $(READY) ## start everything: REST service, Dagster's UI, daemon
	@$(BIN)/spotify-stats up

demo: $(READY) ## start everything on a sample export and show the first statistics
	@$(BIN)/spotify-stats demo $(DEMO)

test: $(READY) ## run the whole test suite, on both stores
	@$(BIN)/pytest -n 2 --dist loadgroup $(TESTS)

lint: $(READY) ## ruff and strict types
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy

format: $(READY) ## let ruff rewrite what it can
	@$(BIN)/ruff check --fix .
	@$(BIN)/ruff format .

lock: ## resolve requirements.lock anew (needs uv)
	uv pip compile --quiet --universal --all-extras --generate-hashes --no-emit-index-url --no-header pyproject.toml -o requirements.lock

bench: $(READY) ## measure imports and statistics at 250,000 and 1,000,000 plays
	@$(BIN)/python -m bench $(BENCH)

clean: ## remove the environment and caches, never the data
	rm -rf .venv .pytest_cache .mypy_cache .ruff_cache .hypothesis
