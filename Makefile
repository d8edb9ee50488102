# What a day with the project needs. `make help` lists it.
.DEFAULT_GOAL := help
.PHONY: help setup up demo test lint format docs lock bench clean

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

demo: $(READY) ## start everything on a sample export and a stand-in for Spotify, and show the first statistics
	@$(BIN)/spotify-stats demo --spotify "$(BIN)/python -m tests.fakes.spotify" $(DEMO)

test: $(READY) ## run the whole test suite, on both stores
	@$(BIN)/pytest -n 4 --dist loadgroup $(TESTS)

lint: $(READY) ## ruff and strict types
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy

format: $(READY) ## let ruff rewrite what it can
	@$(BIN)/ruff check --fix .
	@$(BIN)/ruff format .

docs: $(READY) ## write the documentation's pages anew that are made from the code
	@$(BIN)/python -m scripts.generate_docs

# Old versions of pip install no hashed `gql` where `gql[requests]` is asked for: the extras stay in the lock.
COMPILE := uv pip compile --quiet --universal --generate-hashes --no-emit-index-url --no-header --no-strip-extras pyproject.toml

lock: ## resolve requirements.lock anew, and of it the part that each image installs (needs uv)
	$(COMPILE) --all-extras -o requirements.lock
	$(COMPILE) --no-annotate -c requirements.lock --extra api -o deploy/requirements-api.lock
	$(COMPILE) --no-annotate -c requirements.lock --extra pipelines -o deploy/requirements-pipelines.lock

bench: $(READY) ## measure imports, statistics and load at 250,000 and 1,000,000 plays
	@$(BIN)/python -m bench $(BENCH)

clean: ## remove the environment and caches, never the data
	rm -rf .venv .pytest_cache .mypy_cache .ruff_cache .hypothesis
