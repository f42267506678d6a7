PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PY := $(BIN)/python
UV := $(shell command -v uv 2>/dev/null)
LOCK := uv pip compile --quiet --generate-hashes --no-header --no-emit-find-links --no-emit-index-url --python-version 3.11

# The pure core, where every line and branch is tested; pyproject.toml has the floor of the rest.
PURE := registry/domain/*,certification/*.py,certification/readers/*,certification/checks/*,certification/harnesses/*
NOT_PURE := certification/apps.py,certification/dispatch.py,certification/tasks.py

.DEFAULT_GOAL := help
.PHONY: help setup run test check bench bench-scan lock new-check
.DELETE_ON_ERROR:

help:  ## say what there is
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /\1\t/' | expand -t 12

setup: $(VENV)/.server  ## make the environment (uv where there is one, else pip)

run: setup  ## start everything; PORT and ASSAY_HOME choose where; Ctrl-C stops it
	@exec $(PY) manage.py up $(UP)

test: $(VENV)/.dev $(VENV)/.browser  ## all tests; TESTS='path -k name' chooses
ifdef TESTS
	$(PY) -m pytest $(TESTS)
else
	$(PY) -m pytest --cov --cov-report=
	$(BIN)/coverage report --fail-under=100 --include='$(PURE)' --omit='$(NOT_PURE)'
	$(BIN)/coverage report
endif

check: $(VENV)/.dev  ## lint, types, import contracts, templates, migrations
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-logo
	$(BIN)/djlint --quiet --check --lint templates
	@! grep -rnE '\|\s*safe\b|mark_safe|autoescape off' --include='*.html' --include='*.py' \
		templates marketplace certification registry || (echo 'Unescaped output: see the lines above.'; exit 1)
	@! grep -rlZ '<form[^>]*method="post"' --include='*.html' templates | xargs -0 -r grep -L 'csrf_token' | grep . \
		|| (echo 'These forms carry no CSRF token.'; exit 1)
	$(PY) manage.py makemigrations --check --dry-run --settings marketplace.settings.test --skip-checks

bench: $(VENV)/.dev  ## measure against peers and limits; writes bench/results/
	$(PY) -m bench $(BENCH)

bench-scan: $(VENV)/.dev  ## judge a corpus and time large files: BENCH='--corpus PATH --peers VENV'
	$(PY) -m bench scan $(BENCH)

lock:  ## compile requirements*.in into pinned, hashed requirements*.txt
	$(LOCK) requirements.in --output-file requirements.txt $(LOCK_OPTIONS)
	$(LOCK) requirements-dev.in --output-file requirements-dev.txt $(LOCK_OPTIONS)

new-check: $(VENV)/.dev  ## scaffold a check, its test and its line in the list: NAME=snake_case
	@$(PY) manage.py new_check $(NAME) --settings marketplace.settings.test

$(PY):
ifdef UV
	uv venv --quiet --python $(PYTHON) $(VENV)
else
	$(PYTHON) -m venv $(VENV)
endif

# install(requirements file): everything is pinned by hash, so neither tool can be led astray
ifdef UV
install = VIRTUAL_ENV=$(VENV) uv pip install --quiet --require-hashes -r $(1)
install_client = VIRTUAL_ENV=$(VENV) uv pip install --quiet --no-deps --editable client
else
install = $(PY) -m pip install --quiet --disable-pip-version-check --require-hashes -r $(1)
install_client = $(PY) -m pip install --quiet --disable-pip-version-check --no-deps --editable client
endif

$(VENV)/.server: requirements.txt client/pyproject.toml | $(PY)
	$(call install,requirements.txt)
	$(call install_client)
	@touch $@

$(VENV)/.dev: requirements-dev.txt $(VENV)/.server
	$(call install,requirements-dev.txt)
	@touch $@

# Browser tests want a Chromium: the system's, else Debian's where we are root, else playwright's.
$(VENV)/.browser: | $(VENV)/.dev
	@if command -v chromium chromium-browser google-chrome >/dev/null; then :; \
	elif [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null && apt-get update -qq \
		&& DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends chromium >/dev/null; then :; \
	else $(BIN)/playwright install chromium; fi
	@touch $@
