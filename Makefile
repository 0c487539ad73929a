# Every target sets up what it needs: a virtual environment with pinned, hashed dependencies.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed

.PHONY: setup demo test sanitize check format lock soak benchmark clean

setup: $(STAMP)

$(STAMP): requirements/dev.txt pyproject.toml hatch_build.py adapters/mobility_adapters/ewp/_scanning.c
	@echo "Setting up $(VENV), once; this takes about half a minute." >&2
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/dev.txt
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@$(BIN)/python -c 'from mobility_adapters.ewp.scanning import WAY; print("Agreements are read", \
	  "the compiled way." if WAY == "compiled" else "in Python: no C compiler, or no Python headers, here.")' >&2
	@touch $@

demo: $(STAMP)
	@$(BIN)/mobility-bridge demo --dir var/demo

test: $(STAMP)
	@$(BIN)/python -m pytest

# The scanner's tests with a build of it that stops at any step out of bounds; needs gcc's sanitizers.
sanitize: $(STAMP)
	@$(BIN)/python -m tests.sanitized

# Runs all of it, and fails at the end if anything did.
check: $(STAMP)
	@failed=0; \
	$(BIN)/ruff check . || failed=1; \
	$(BIN)/ruff format --check . || failed=1; \
	$(BIN)/mypy || failed=1; \
	$(BIN)/mypy tests/support || failed=1; \
	$(BIN)/lint-imports || failed=1; \
	$(BIN)/python -m docs.generate --check || failed=1; \
	exit $$failed

format: $(STAMP)
	@$(BIN)/ruff check --fix --quiet . || true
	@$(BIN)/ruff format --quiet .

lock:
	@$(PYTHON) -m venv var/lock && var/lock/bin/pip install --quiet uv
	@var/lock/bin/uv pip compile pyproject.toml --extra postgresql --group dev --universal --python-version 3.11 \
	  --generate-hashes --no-emit-index-url --no-annotate --no-header --quiet --upgrade -o requirements/dev.txt
	@var/lock/bin/uv pip compile pyproject.toml --extra postgresql --universal --python-version 3.11 \
	  --generate-hashes --no-emit-index-url --no-annotate --no-header --quiet -c requirements/dev.txt -o requirements/runtime.txt
	@echo saxonche | var/lock/bin/uv pip compile pyproject.toml - --group dev --universal --python-version 3.11 \
	  --generate-hashes --no-emit-index-url --no-annotate --no-header --quiet -c requirements/dev.txt -o requirements/benchmark.txt

soak: $(STAMP)
	@$(BIN)/python -m tests.soak --minutes 60

benchmark: $(STAMP)
	@bash benchmarks/run

clean:
	rm -rf $(VENV) var dist build .mypy_cache .pytest_cache .ruff_cache .hypothesis
