SHELL := /bin/bash
.DEFAULT_GOAL := help
CITYBRAIN := .venv/bin/citybrain
# Tests start many processes: each would compile our code anew where its bytecode may not be kept.
PYTEST := PYTHONDONTWRITEBYTECODE= .venv/bin/python -m pytest -q -n 2 --dist loadfile --no-loadscope-reorder --durations=25

.PHONY: help setup demo serve airflow test test-postgres test-thorough test-fast lint format bench docs clean

help: ## Show the commands
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-10s %s\n", $$1, $$2}'

setup: ## Make the environment (.venv) from uv.lock
	@infra/bootstrap python

demo: setup ## Run the two example cities and show what came of it
	@infra/demo

serve: setup ## Open the two example cities in the browser, with sample people to sign in as (after `make demo`)
	@infra/serve

airflow: setup ## Start Airflow with the two example cities
	@infra/airflow/standalone

test: setup ## Run every test (installs the servers that tests need, where it may)
	@infra/bootstrap servers
	$(PYTEST)

test-postgres: setup ## Run every test with all catalogue databases on PostgreSQL
	@infra/bootstrap servers
	$(PYTEST) --postgres

test-thorough: setup ## Run every test, with more seeds of the random ones
	@infra/bootstrap servers
	$(PYTEST) --thorough

test-fast: setup ## Run the tests that need neither servers nor much time
	$(PYTEST) --fast -m "not slow" -x

lint: setup ## Format check, lint, types, rooms
	.venv/bin/ruff format --check .
	.venv/bin/ruff check .
	.venv/bin/mypy
	.venv/bin/lint-imports --no-cache

format: setup ## Format and mend what can be mended
	.venv/bin/ruff format .
	.venv/bin/ruff check --fix .

bench: setup ## Compare with a hand-written script (10M synthetic rows)
	.venv/bin/python -m bench.spine
	.venv/bin/python -m bench.spine --small

docs: setup ## Write the generated pages of docs/
	.venv/bin/python -m docs.generate

clean: ## Remove the state of the example cities
	rm -rf var bench/out
