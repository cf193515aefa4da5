# Everything a person does here is a target below; `make help` prints them.
# Paths are relative, since make cannot hold a path with a space in a variable it splits.

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help up demo install test api-fuzz container-test faults docs check format audit lock bench screenshots translations

PYTHON ?= python3
BIN := .venv/bin
export PIP_DISABLE_PIP_VERSION_CHECK := 1

help:  ## print this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## /{printf "make %-14s %s\n", $$1, $$2}' Makefile

up: .venv/embedded.stamp  ## install what is needed and start Kumo: databases, workers, dashboard, demo shop
	@exec $(BIN)/kumo up

demo: .venv/embedded.stamp  ## start the demo shop alone
	@exec $(BIN)/kumo demo

install: .venv/dev.stamp  ## make .venv with everything for development

# Three at once, since most tests wait for processes; a file's tests share its worker and shop. In
# their own order: the long ones come early. What Python has compiled is kept, whatever the environment
# wants: hundreds of processes are started, and each would compile all of Kumo.
PYTEST = env -u PYTHONDONTWRITEBYTECODE $(BIN)/python -m pytest -n 3 --dist loadfile --no-loadscope-reorder

test: .venv/dev.stamp .venv/clients.stamp .venv/rivals.stamp  ## run the whole suite (ARGS="-k name" for a part of it)
	$(PYTEST) $(ARGS)

api-fuzz: .venv/dev.stamp  ## ask the API ten thousand things that its document allows, or not (SEED=7)
	env API_FUZZ_CASES=10000 API_FUZZ_SEED=$(or $(SEED),$(shell date +%s)) $(BIN)/python -m pytest -s -k document_knows \
		tests/dashboard/api/test_document.py

# A store of its own, so that nothing of the machine's is touched; gone again afterwards (KEEP=1: not).
container-test: .venv/dev.stamp  ## build the images and run docker-compose.yml, without Docker (as root, on Debian)
	tests/containers/prepare
	$(BIN)/python -m pytest -s --timeout=600 tests/containers/whole_stack.py $(ARGS); status=$$?; \
	$(if $(KEEP),,tests/containers/remove;) exit $$status

faults: .venv/dev.stamp  ## break what can break, for hours (ARGS="--list", ARGS="--shard redis-lost")
	@$(BIN)/python -m tests.faults $(ARGS)

# Nothing is kept from before: what the code writes changes without its page changing.
SITE = $(BIN)/sphinx-build --fresh-env --fail-on-warning --keep-going --quiet docs build/docs

docs: .venv/dev.stamp  ## build the documentation site into build/docs
	$(SITE)

check: .venv/dev.stamp .venv/clients.stamp .venv/rivals.stamp  ## format, lint, types, import contracts, documents, tests
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(SITE)
	$(PYTEST) $(ARGS)

bench: .venv/dev.stamp .venv/rivals.stamp  ## measure Kumo beside its rivals (ARGS="--only first-request --rounds 30")
	@$(BIN)/python -m benchmarks $(ARGS)

screenshots: .venv/dev.stamp  ## photograph every page into build/screenshots, and three for the README
	@$(BIN)/python -m tests.browser.screenshots build/screenshots

format: .venv/dev.stamp  ## format the code and mend what lint can mend
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

PYBABEL = $(BIN)/pybabel --quiet
PO := dashboard/translations

translations: .venv/dev.stamp  ## bring the Japanese texts up to the code: what lacks one is listed
	$(PYBABEL) extract --mapping $(PO)/babel.cfg --keyword lazy_gettext --keyword Sentence --keyword noted \
		--project Kumo --version 1 --copyright-holder "the authors of Kumo" --msgid-bugs-address "" \
		--no-location --sort-output --no-wrap --output .venv/messages.pot dashboard orchestrator \
		spiders_project
	$(PYBABEL) update --input-file .venv/messages.pot --output-dir $(PO) --locale ja --init-missing \
		--no-fuzzy-matching --ignore-obsolete --ignore-pot-creation-date --no-wrap
	$(PYBABEL) compile --directory $(PO)
	@$(BIN)/python -m pytest -q tests/dashboard/test_translations.py

# pip-audit ends with 1 both for a hole and for advisories it could not fetch, and only the first
# leaves a report behind. Strict, since it would pass over what it cannot look up as if it were well.
audit: .venv/dev.stamp  ## look for known holes in the locked packages (needs the network)
	@rm -f .venv/audit.txt .venv/audit.log
	@$(BIN)/pip-audit --strict --disable-pip --require-hashes --progress-spinner off \
		-r requirements-dev.lock -o .venv/audit.txt 2> .venv/audit.log; status=$$?; \
	if [ -e .venv/audit.txt ]; then cat .venv/audit.txt; tail -n 1 .venv/audit.log; exit $$status; \
	elif [ $$status = 0 ]; then tail -n 1 .venv/audit.log; \
	else tail -n 1 .venv/audit.log; \
		echo "The advisories could not be reached, so nothing was checked; try again with a network."; \
		exit 2; fi

# The smaller locks take their versions from the largest, so the three always agree.
HASHED = $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
	--no-header --no-annotate --no-emit-index-url --no-emit-find-links
COMPILE = $(HASHED) --extra flower --extra sentry pyproject.toml
SMALLER = echo 'setuptools>=80' | $(COMPILE) - --upgrade --constraint requirements-dev.lock

lock: .venv/dev.stamp  ## bring the locks up to pyproject.toml (UPGRADE=1: the newest of everything)
	$(COMPILE) --extra browser --extra embedded --extra parquet --extra dev -o requirements-dev.lock $(if $(UPGRADE),--upgrade)
	$(SMALLER) --extra embedded -o requirements-embedded.lock
	$(SMALLER) --extra browser -o requirements-browser.lock
	$(SMALLER) -o requirements.lock
	$(HASHED) $(CLIENTS)/requirements.in -o $(CLIENTS)/requirements.lock $(if $(UPGRADE),--upgrade)
	$(HASHED) $(RIVALS)/requirements.in -o $(RIVALS)/requirements.lock $(if $(UPGRADE),--upgrade)

define install_from
	@echo "Installing the packages of $(1); the first time takes about a minute."
	@$(BIN)/python -m pip install --quiet --require-hashes --no-deps -r $(1)
	@PYTHONWARNINGS=ignore::UserWarning \
		$(BIN)/python -m pip install --quiet --no-deps --no-build-isolation --editable .
	@touch $@
endef

.venv/embedded.stamp: requirements-embedded.lock pyproject.toml | $(BIN)/python
	$(call install_from,requirements-embedded.lock)

.venv/dev.stamp: requirements-dev.lock pyproject.toml | $(BIN)/python
	$(call install_from,requirements-dev.lock)

# What was published with libraries older than ours lives in a folder of its own.
define install_apart
	@$(BIN)/uv --quiet venv --clear --python $(BIN)/python $(1)
	@$(BIN)/uv --quiet pip install --python $(1)/bin/python --require-hashes --no-deps -r $(2)
	@touch $@
endef

# Clients of Scrapyd, which tests run as they were published.
CLIENTS := tests/clients
.venv/clients.stamp: $(CLIENTS)/requirements.lock | .venv/dev.stamp
	@echo "Installing the clients of Scrapyd that tests run."
	$(call install_apart,.venv/clients,$<)

# Scrapyd itself, which benchmarks run beside Kumo.
RIVALS := benchmarks/rivals
.venv/rivals.stamp: $(RIVALS)/requirements.lock | .venv/dev.stamp
	@echo "Installing Scrapyd, for benchmarks."
	$(call install_apart,.venv/rivals,$<)

# Debian splits venv's half that makes pip (ensurepip) into a package of its own.
$(BIN)/python:
	@command -v $(PYTHON) >/dev/null 2>&1 || { \
		echo "Kumo needs Python 3.11 or newer: apt-get install python3 python3-venv" >&2; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
		echo "Kumo needs Python 3.11 or newer, and $(PYTHON) is older: apt-get install python3.11 python3.11-venv, then make PYTHON=python3.11 $(MAKECMDGOALS)" >&2; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { \
		echo "Kumo needs Python's venv module: apt-get install python3-venv" >&2; exit 1; }
	@$(PYTHON) -m venv --clear .venv
