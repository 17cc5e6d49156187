# What can be done here. `make` alone lists it.
PYTHON ?= python3
ROOMS = numerian provider components engine lab benchmarks ci
VENV = .venv/bin
# Other labs for tests (test2 … test9, each with its pair) let two checkouts of one machine run theirs at once.
export NUMERIAN_TEST_LAB ?= test
# Compiled modules are kept, whatever the caller's habit: hundreds of processes start here, a second each without them.
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.PHONY: help lab lab-down lab-status test faults venv check bench docs lock

help: ## list the targets
	@awk 'BEGIN {FS = ":.*## "} /^[a-z-]+:.*## / {printf "  make %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

lab: ## set up everything, start two Debian servers, deploy twelve communes (MEMBERS=all: all 438), show their sites
	@$(PYTHON) -m lab up --members "$(MEMBERS)"

lab-status: ## show the sites again, as a visitor sees them
	@$(PYTHON) -m lab status

lab-down: ## remove all that `make lab` made, and nothing else
	@$(PYTHON) -m lab down

test: ## set up everything, then run all checks and all tests, on real servers
	@$(PYTHON) -m lab up --name $(NUMERIAN_TEST_LAB)
	@$(MAKE) --no-print-directory check
	@$(VENV)/python -m pytest --numprocesses 3 --dist loadscope --no-loadscope-reorder

faults: ## provoke every fault on real servers (an hour; FAULTS=quick: less, FAULTS=all: at every call)
	@$(PYTHON) -m lab up --name $(NUMERIAN_TEST_LAB)
	@$(VENV)/python -m pytest -m faults tests/faults tests/lab tests/review

venv: ## make the virtual environment and the engine: enough for checks and previews
	@$(PYTHON) -c "from lab import venv; venv.ensure(print)"
	@$(PYTHON) -m engine

check: ## formatting, lint, types
	@$(VENV)/ruff check .
	@$(VENV)/ruff format --check .
	@$(VENV)/mypy
	@$(VENV)/python -m pytest -q --no-header --durations=0 --durations-min=9 tests/test_import_rules.py

bench: ## measure against ansible with mitogen and pyinfra (makes an environment of its own)
	@$(PYTHON) -m lab up --name bench
	@$(VENV)/python -m benchmarks

docs: ## write docs/inventory.md and the editors' schemas anew from the models
	@$(VENV)/python -m numerian.onboarding.reference_page

lock: ## write requirements.lock anew from pyproject.toml (needs uv)
	uv pip compile pyproject.toml --extra dev --generate-hashes --universal --python-version 3.11 --no-annotate -o requirements.lock
