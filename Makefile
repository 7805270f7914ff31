# graph-service: make serve, make test; `make help` lists the rest.
HOST ?= 127.0.0.1
PORT ?= 8000
PYTHON ?= python3
SIZE ?= full
VENV := .venv
BIN := $(VENV)/bin

.PHONY: help setup serve test check fix bench lock wheel editor clean

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "%-8s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: $(VENV)/.ready ## make the virtual environment and install from the lock

$(VENV)/.ready: requirements.lock pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --disable-pip-version-check -r requirements.lock
	$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

serve: setup ## load the graph and serve it on http://127.0.0.1:8000 (HOST=, PORT=)
	@$(BIN)/graph-service load
	@$(BIN)/graph-service serve --host $(HOST) --port $(PORT)

test: setup ## run all tests
	$(BIN)/pytest -n auto --dist loadfile --no-loadscope-reorder

check: setup ## lint, strict types, and the project's own checks
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/graph-service check

fix: setup ## format code and data
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .
	$(BIN)/graph-service check --fix

bench: setup ## measure speed and growth into benchmarks/RESULTS.md (SIZE=small|full|large); needs wrk
	$(BIN)/python benchmarks/bench.py --size $(SIZE)

wheel: setup ## build the wheel into dist/
	$(BIN)/python -m build --wheel --no-isolation --outdir dist .

lock: setup ## renew requirements.lock from pyproject.toml
	$(BIN)/uv pip compile --quiet --universal --generate-hashes --no-header --no-annotate --no-emit-index-url \
		--extra dev --output-file requirements.lock pyproject.toml

editor: ## build the editor of the SPARQL page again from web-src/ (needs Node)
	npm ci --prefix web-src --ignore-scripts --no-audit --no-fund
	npm run --prefix web-src build

clean: ## remove what the targets made, except var/
	rm -rf $(VENV) dist build web-src/node_modules tests/clients/comunica/node_modules tests/clients/jena/target .pytest_cache .mypy_cache .ruff_cache
