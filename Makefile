# KAM. `make run` starts everything, `make test` proves everything, `make help` lists the rest.

PORT ?= 8000
HOST ?= 127.0.0.1
DEMO ?= 1
SCALE ?= 100000

# The first Python that is new enough; name another with PYTHON=/path/to/python.
PYTHON ?= $(shell for p in python3 python3.13 python3.12 python3.11 python3.14 python; do \
	$$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1 && { echo $$p; exit; }; \
	done; echo python3)
KAM_VENV ?= $(CURDIR)/.venv
PY := $(KAM_VENV)/bin/python
export KAM_VENV

.DEFAULT_GOAL := help
.PHONY: help install install-dev run services stop demo test lint format bench fuzz screenshots lock clean

help: ## show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

install:
	@$(PYTHON) scripts/install.py base

install-dev:
	@$(PYTHON) scripts/install.py dev

run: install ## start everything; PORT=8000, DEMO=0 for an empty installation, HOST=0.0.0.0 to let others in
	@$(PY) -m kam.running --host $(HOST) --port $(PORT) --demo $(DEMO)

services: install ## start only PostgreSQL and Valkey and print their addresses
	@$(PY) -m kam.embedded up

stop: install ## stop PostgreSQL and Valkey where something left them running
	@$(PY) -m kam.embedded down

demo: install ## load the demo company afresh
	@$(PY) -m kam.running --demo-only

test: install-dev ## set up what it needs, then run every check and every test
	@$(PY) -m scripts.prove

lint: install-dev ## style, types, layers, templates (no tests)
	@$(PY) -m scripts.prove --lint

format: install-dev ## format code and templates
	@$(PY) -m ruff check --fix --quiet .
	@$(PY) -m ruff format .
	@$(PY) -m djlint --reformat --quiet templates || true

bench: install-dev ## measure against the limits; SCALE=2000 for a quick look
	@$(PY) -m scripts.prove --with-services $(PY) -m benchmarks --scale $(SCALE)

fuzz: install-dev ## a long run of made-up requests against the API
	@$(PY) -m scripts.prove --with-services $(PY) -m pytest tests/api/test_fuzz.py --fuzz-long

screenshots: install-dev ## make the pictures of the README
	@$(PY) -m scripts.screenshots

lock: install-dev ## lock requirements/*.in anew, with hashes and without any index address
	@for kind in base dev; do \
		$(PY) -m uv pip compile --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
			--no-header --quiet requirements/$$kind.in -o requirements/$$kind.txt || exit 1; \
	done

clean: ## remove the virtual environment and caches (the data in var/ stays)
	@if [ -x $(PY) ]; then $(PY) -m kam.embedded down || true; fi
	@rm -rf $(KAM_VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	@find . -name __pycache__ -type d -prune -not -path './var/*' -exec rm -rf {} +
