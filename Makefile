# make demo | test | test-fast | fuzz | floors | lint | docs | bench | clean
#
# Each target makes the virtual environment .venv by itself; the machine needs GNU make and Python 3.11 or newer.
# Another interpreter: make demo PYTHON=python3.12

PYTHON ?=
PYTEST_ARGS ?= -n 2
DEMO_ARGS ?=

# Those that need nothing given. acoustic, vocoder, evaluate and heldout measure a dataset or a model: see their --help.
BENCHMARKS := prepare phantom synthesize gradcam page

VENV := .venv
ifeq ($(OS),Windows_NT)
BIN := $(VENV)/Scripts
else
BIN := $(VENV)/bin
endif
PY := $(BIN)/python
UV := $(PY) -m uv
FLOORS := .venv-floors
FLOORS_BIN := $(subst $(VENV),$(FLOORS),$(BIN))
IMPORT_ALL := import importlib, pkgutil, rtmri2speech as r; \
  [importlib.import_module(found.name) for found in pkgutil.walk_packages(r.__path__, r.__name__ + '.')]
RECORDINGS ?= 2000
RUN_STAMP := $(VENV)/.installed-run
DEV_STAMP := $(VENV)/.installed-dev
PINS := pyproject.toml constraints.txt

# What checks the scripts of the page: wanted by `make lint` only, which does without where it cannot be had.
JS := tests/javascript
NPM_INSTALL := npm install --prefix $(JS) --engine-strict --prefer-offline --no-package-lock --no-audit --no-fund \
  --fetch-retries=0 --loglevel=error >/dev/null 2>&1

# The deep-learning wheels are large; the default of 30 s gives up on slow lines.
export UV_HTTP_TIMEOUT ?= 600

# An interpreter of use is new enough and can make a virtual environment (some systems ship it without ensurepip).
USABLE := import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))

.DEFAULT_GOAL := help
.PHONY: help demo test test-fast fuzz floors lint docs bench clean distclean

help:
	@echo "make demo       a video speaks, measured and explained on one page: demo_out/page.html"
	@echo "make test       every test                 PYTEST_ARGS='-n 2 -k mel'"
	@echo "make test-fast  those that start no process, train nothing and need no browser"
	@echo "make fuzz       2,000 recordings of every kind that FFmpeg writes: a quarter of an hour"
	@echo "make floors     import, a smoke training and the demo clip with the oldest versions that are allowed"
	@echo "make lint       ruff and mypy; eslint and tsc where npm is installed"
	@echo "make docs       the manual, into site/index.html"
	@echo "make bench      the benchmarks"
	@echo "make clean      delete caches and outputs;  make distclean also deletes .venv"

demo: $(RUN_STAMP)
	$(BIN)/rtmri2speech demo $(DEMO_ARGS)

# What all tests need, one thread per process for one, tests/conftest.py sets: a bare pytest runs them alike.
test: $(DEV_STAMP)
	$(PY) -m pytest $(PYTEST_ARGS)

test-fast: $(DEV_STAMP)
	$(PY) -m pytest $(PYTEST_ARGS) -m "not (slow or train or process or browser or realdata)"

# More or others: make fuzz RECORDINGS=2000:5000 are the seeds from 2000 on.
fuzz: $(DEV_STAMP)
	RTMRI_FUZZ=$(RECORDINGS) $(PY) -m pytest -n 0 -s tests/fuzz

# The floors of pyproject.toml are promises: all of them at once, in an environment of its own (6 GB on Linux). It stays
# for another look when something fails.
floors: | $(PY)
	$(UV) --version >/dev/null 2>&1 || $(PY) -m pip install --quiet --disable-pip-version-check uv
	rm -rf $(FLOORS)
	$(UV) venv --quiet --python $(PY) $(FLOORS)
	$(UV) pip install --python $(FLOORS_BIN)/python --resolution lowest-direct -e ".[simulate,phonetics,dicom]"
	$(FLOORS_BIN)/python -c "$(IMPORT_ALL)"
	$(FLOORS_BIN)/rtmri2speech demo --train --seconds 12 --out $(FLOORS)/training
	$(FLOORS_BIN)/rtmri2speech demo --out $(FLOORS)/demo
	rm -rf $(FLOORS)

lint: $(DEV_STAMP)
	$(PY) -m ruff check src tests benchmarks docs pretrained
	$(PY) -m ruff format --check src tests benchmarks docs pretrained
	$(PY) -m mypy
	$(PY) -m mypy --config-file benchmarks/mypy.ini benchmarks/*.py
	@if ! command -v npm >/dev/null 2>&1; then \
	  echo "No npm here: the page's scripts are not checked."; \
	elif [ ! $(JS)/node_modules/.installed -nt $(JS)/package.json ] && ! $(NPM_INSTALL); then \
	  echo "npm could not install eslint and tsc: the page's scripts are not checked."; \
	else \
	  touch $(JS)/node_modules/.installed; \
	  echo "eslint, tsc"; \
	  $(JS)/node_modules/.bin/eslint -c $(JS)/eslint.config.mjs src/rtmri2speech/reporting/page/templates && \
	  $(JS)/node_modules/.bin/tsc -p $(JS); \
	fi

# The theme's notice about its successor is for us, not for readers; see the version bounds in pyproject.toml.
docs: $(DEV_STAMP)
	NO_MKDOCS_2_WARNING=1 $(PY) -m mkdocs build --strict --quiet
	@echo "The manual: site/index.html"

bench: $(DEV_STAMP)
	@set -e; for script in $(BENCHMARKS); do \
	  echo "== benchmarks/$$script.py"; $(PY) benchmarks/$$script.py; \
	done

clean:
	rm -rf build dist site demo_out .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis .coverage htmlcov
	find src tests benchmarks -name __pycache__ -type d -prune -exec rm -rf {} +

distclean: clean
	rm -rf $(VENV) $(FLOORS)

$(RUN_STAMP): $(PINS) | $(PY)
	$(UV) --version >/dev/null 2>&1 || $(PY) -m pip install --quiet --disable-pip-version-check uv
	$(UV) pip install --python $(PY) -c constraints.txt -e ".[simulate,phonetics]"
	@touch $@

$(DEV_STAMP): $(PINS) | $(PY)
	$(UV) --version >/dev/null 2>&1 || $(PY) -m pip install --quiet --disable-pip-version-check uv
	$(UV) pip install --python $(PY) -c constraints.txt -e ".[dev]"
	@touch $@ $(RUN_STAMP)

# A half-made environment is worse than none, so a failure removes it.
$(PY):
	@found=; \
	for candidate in $(if $(PYTHON),"$(PYTHON)",python3.12 python3.13 python3.11 python3.14 python3 python); do \
	  if "$$candidate" -c "$(USABLE)" >/dev/null 2>&1; then found="$$candidate"; break; fi; \
	done; \
	if [ -z "$$found" ]; then \
	  echo "Needed: Python 3.11 or newer with its venv module; $(if $(PYTHON),$(PYTHON) is not that,none was found)." >&2; \
	  echo "Install it (Debian and Ubuntu: apt install python3 python3-venv), or name one: make ... PYTHON=/path/to/python3" >&2; \
	  exit 1; \
	fi; \
	echo "Making $(VENV) with $$("$$found" --version)"; \
	"$$found" -m venv $(VENV) || { rm -rf $(VENV); exit 1; }
