# The commands of the project. `make run` and `make test` are all a newcomer needs.
PYTHON ?= python3
BIN := .venv/bin
# files run in the order they are listed in, so that a long one with few tests is not left for the end
TESTED := $(BIN)/python -m pytest -q -n 2 --dist loadfile --no-loadscope-reorder
# modules are compiled once, not by every process that starts
export PYTHONDONTWRITEBYTECODE :=

.PHONY: run setup setup-dev engines test quick slow lint types bench mutate docs evidence-tables clean

run: setup  ## install what is needed and open the app (localhost only)
	$(BIN)/python -m streamlit run app.py $(if $(PORT),--server.port=$(PORT))

setup: .venv/.run  ## the run-time environment
.venv/.run: requirements.txt scripts/setup.sh
	PYTHON="$(PYTHON)" sh scripts/setup.sh requirements.txt
	@touch $@

setup-dev: .venv/.dev  ## the run-time environment plus what tests and linters need
.venv/.dev: requirements-dev.txt requirements.txt scripts/setup.sh scripts/chromium.sh
	PYTHON="$(PYTHON)" sh scripts/setup.sh requirements-dev.txt
	sh scripts/chromium.sh
	@touch .venv/.run $@

engines: setup-dev  ## PostgreSQL, MariaDB, Java and Spark for the engine tests, where they can be had
	sh scripts/engines.sh

test: setup-dev  ## everything: quick tests, then the slow ones
	$(TESTED)
	$(TESTED) -m slow

quick: setup-dev  ## the quick tests alone
	$(TESTED)

slow: setup-dev
	$(TESTED) -m slow

lint: setup-dev  ## style, types and import rules
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

bench: setup-dev  ## seeded data at 10,000 accounts; figures as ratios of one run
	$(BIN)/python -m bench.bench

mutate: setup-dev  ## break the formulas on purpose and see whether a test notices
	$(BIN)/mutmut run

docs: setup-dev  ## the generated KPI reference
	$(BIN)/python -m kpis.reference > docs/kpis.md

evidence-tables: setup-dev  ## the simulations behind docs/evidence.md, written into it (some minutes)
	OPENBLAS_NUM_THREADS=1 $(BIN)/python -m bench.evidence_tables

clean:
	rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .hypothesis mutants
