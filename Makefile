# Needs Python >= 3.11, pip and make; everything else is installed into .venv on first use.
PYTHON ?= python3
PROFILE ?= default
PAPER ?=
OUT ?= reports/latest
RESUME ?=
ARGS ?=
VENV := .venv
PY := $(VENV)/bin/python
READY := $(VENV)/.ready

.PHONY: verify test bench docs lint format mutants env clean

verify: $(READY)
	$(PY) -m verify run --profile $(PROFILE) --out $(OUT) $(if $(PAPER),--paper $(PAPER)) $(if $(RESUME),--resume $(RESUME)) $(ARGS)

test: lint
	$(PY) -m pytest -n auto --dist worksteal $(ARGS)

bench: $(READY)
	$(PY) -m benchmarks --check $(ARGS)

# The site, into docs/_build: no network, and no warning passes.
docs: $(READY)
	$(PY) -m sphinx -W --keep-going -q -b html docs docs/_build/html
	@echo docs/_build/html/index.html

lint: $(READY)
	$(PY) -m ruff check .
	$(PY) -m mypy

format: $(READY)
	$(PY) -m ruff format .
	$(PY) -m ruff check --fix .

# Hours for everything; make mutants ARGS='theory.two_stage.setting*' for one module. Finished mutants are not run again.
mutants: $(READY)
	$(PY) -m mutmut run $(ARGS)
	$(PY) tests/mutation/rates.py

env: $(READY)

# Built aside and marked ready last, so that an interrupted installation is done again.
$(READY): pyproject.toml constraints.txt
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Python >= 3.11 is needed (make PYTHON=...)" >&2; exit 1; }
	test -x $(PY) || $(PYTHON) -m venv $(VENV)
	$(PY) -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable '.[dev]'
	touch $(READY)

clean:
	rm -rf $(VENV) mutants .pytest_cache .mypy_cache .ruff_cache .hypothesis
