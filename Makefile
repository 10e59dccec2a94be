# The commands, nothing clever. On a bare machine only Python >= 3.11, make and git are needed.
.DEFAULT_GOAL := help
.PHONY: help demo run test check bench interop conformance-target lock environment demo-environment test-environment

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP_COMPILE := $(BIN)/pip-compile --quiet --generate-hashes --strip-extras --allow-unsafe --no-header --no-annotate \
	--no-emit-index-url --no-emit-find-links --no-emit-trusted-host

help: ## Show this list
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1\t\2/p' $(MAKEFILE_LIST) | expand -t 28

demo: demo-environment ## Start the gateway and three portals with demo accounts; Ctrl-C stops all
	@exec $(BIN)/idp demo

run: environment ## Start the gateway alone, settings from the environment
	@exec $(BIN)/python -m idp run

test: test-environment ## Prove the program: both databases, protocol, journeys, a real browser
	@.ci/chromium $(BIN)
	@.ci/nginx $(abspath $(VENV))
	@$(BIN)/python -m pytest -n 2 --dist loadfile --ignore tests/interop

check: test-environment ## Lint, types, floors, clients.yaml, themes, translations, migrations
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/idp clients check clients.yaml
	$(BIN)/idp themes check
	$(BIN)/python -m pytest -q tests/architecture tests/web/test_translations.py

bench: test-environment ## Measure the gateway beside its peers on this machine
	$(BIN)/python -m bench

interop: test-environment ## Sign in with software of others: openid-client, oidc-client-ts, Authlib, Apache, PHP, nginx, Firefox
	@.ci/chromium $(BIN)
	@.ci/nginx $(abspath $(VENV))
	@.ci/interop
	@$(BIN)/python -m pytest tests/interop

conformance-target: demo-environment ## The gateway behind nginx on https://localhost:9443, for the OpenID conformance suite
	@.ci/nginx $(abspath $(VENV))
	@exec $(BIN)/python -m tests.conformance.target

lock: test-environment ## Compile setup.cfg into the pinned and hashed requirements files
	$(PIP_COMPILE) --output-file requirements.txt setup.cfg
	$(PIP_COMPILE) --extra demo --constraint requirements.txt --output-file requirements-demo.txt setup.cfg
	$(PIP_COMPILE) --extra demo --extra test --constraint requirements-demo.txt --output-file requirements-test.txt setup.cfg

environment: REQUIREMENTS := requirements.txt
demo-environment: REQUIREMENTS := requirements-demo.txt
test-environment: REQUIREMENTS := requirements-test.txt
environment demo-environment test-environment:
	@command -v $(PYTHON) >/dev/null || { echo "Python 3.11 or newer is needed, and $(PYTHON) is not here." >&2; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "Python 3.11 or newer is needed, and $(PYTHON) is `$(PYTHON) -V 2>&1`." >&2; exit 1; }
	@$(PYTHON) .ci/environment.py $(VENV) $(REQUIREMENTS)
