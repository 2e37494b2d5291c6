# Two commands matter: `make demo` and `make test`. Everything else is for working on modelsync itself.

.DEFAULT_GOAL := help
SHELL := /bin/bash
PYTHON_BIN := .venv/bin
WORKERS ?= 2

.PHONY: help
help: ## Say what there is
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-11s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

.PHONY: demo
demo: ## Tell the whole story on real servers on this machine (KEEP=1 keeps them up, DATA=wine.csv takes real data)
	@scripts/bootstrap dev mlflow mlserver
	@$(PYTHON_BIN)/python -m scripts.demo $(if $(KEEP),--keep) $(if $(DATA),--data "$(DATA)")

.PHONY: test
test: lint coverage ## Lint, then all tests (WORKERS=2 at a time)
	@scripts/bootstrap dev mlflow mlserver
	@# Here and not within a test, whose time is limited: the first build takes a quarter of an hour.
	@$(PYTHON_BIN)/python -m scripts.local_cluster build --all >/dev/null
	$(PYTHON_BIN)/python -m pytest -n $(WORKERS) --dist loadfile

.PHONY: test-faults
test-faults: ## Every request of a run with every fault, some 4,500 cases (make test plays a sample)
	@scripts/bootstrap dev mlflow
	@$(PYTHON_BIN)/python -m scripts.local_cluster build >/dev/null
	MODELSYNC_SWEEP=all $(PYTHON_BIN)/python -m pytest -n $(WORKERS) --dist loadfile tests/faults/test_sweep*.py

.PHONY: lint
lint: dev ## Style, types, order of imports, workflows
	$(PYTHON_BIN)/ruff check
	$(PYTHON_BIN)/ruff format --check
	$(PYTHON_BIN)/mypy
	$(PYTHON_BIN)/lint-imports --no-logo
	$(PYTHON_BIN)/python -m scripts.tools.actionlint
	$(PYTHON_BIN)/zizmor --offline --no-progress .github
	$(PYTHON_BIN)/shellcheck --external-sources scripts/bootstrap scripts/bless scripts/lock scripts/kind/{up,demo,cronjobs,down} .ci/run

.PHONY: coverage
coverage: dev ## Hold the pure stages to 95 % of their branches
	$(PYTHON_BIN)/python -m scripts.coverage_bar

.PHONY: mutants
mutants: dev ## Switch guards off one by one in a copy, and see their tests fail (IDS="B12 T4" plays these alone)
	@$(PYTHON_BIN)/python -m tests.faults.mutants $(IDS)

.PHONY: bench
bench: dev ## Measure beside kubectl, Flux and others on a real API server (PART="sync growth", ROUNDS=5, JSON=file)
	@$(PYTHON_BIN)/python -m scripts.bench $(foreach part,$(PART),--part $(part)) \
	  $(if $(ROUNDS),--rounds $(ROUNDS)) $(if $(JSON),--json "$(JSON)")

.PHONY: format
format: dev ## Format the code
	$(PYTHON_BIN)/ruff check --fix
	$(PYTHON_BIN)/ruff format

.PHONY: schemas
schemas: dev ## Write schemas/ and the CRD's schema anew from what they are generated from
	$(PYTHON_BIN)/python -m reconciler.validate.schema schemas
	$(PYTHON_BIN)/python -m scripts.seldon_schema

.PHONY: bless
bless: dev ## Accept what golden tests render now, and show what changed
	@scripts/bless

.PHONY: lock
lock: ## Lock the requirements anew (UPGRADE=1 takes newer versions)
	@scripts/lock $(if $(UPGRADE),--upgrade)

.PHONY: dev
dev:
	@scripts/bootstrap dev

.PHONY: clean
clean: ## Remove environments and caches of this checkout (not the user's cache folder)
	rm -rf .venv .venv-bootstrap .venv-mlflow .venv-mlserver build *.egg-info
	rm -rf .coverage* .hypothesis .import_linter_cache .mypy_cache .pytest_cache .ruff_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
