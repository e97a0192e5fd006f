# What a person or CI asks for. Everything runs in .venv, which holds only locked packages.
# The system's Python, where it can make environments: it is what most gateways run on, and 1.3 to 1.5 times as fast as one that
# was compiled without profiles.
PYTHON ?= $(shell /usr/bin/python3 -c 'import ensurepip, sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo /usr/bin/python3 || echo python3)
VENV := .venv
BIN := $(VENV)/bin

.DEFAULT_GOAL := help
.PHONY: help venv lock check format lint types contracts test docs peers demo crash bench mutate histories

help:  ## Show this list
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  %-12s %s\n", $$1, $$2}'

$(VENV)/.locked: requirements/dev.txt pyproject.toml
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements/dev.txt
	$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@

venv: $(VENV)/.locked  ## Make .venv with the locked packages and the command ticket-gateway

lock: venv  ## Choose the newest allowed versions and lock them with hashes
	$(BIN)/pip-compile --quiet --upgrade --generate-hashes --allow-unsafe --no-emit-index-url --no-emit-trusted-host --no-emit-find-links --strip-extras -o requirements/runtime.txt pyproject.toml
	$(BIN)/pip-compile --quiet --upgrade --generate-hashes --allow-unsafe --no-emit-index-url --no-emit-trusted-host --no-emit-find-links --strip-extras --extra dev -o requirements/dev.txt pyproject.toml

format: venv  ## Format the code
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix --quiet .

lint: venv  ## Check style
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .

types: venv  ## Check types
	$(BIN)/mypy

contracts: venv  ## Check who imports whom
	$(BIN)/lint-imports

test: venv  ## Run the tests
	$(BIN)/pytest -q

docs: venv  ## Make the generated pages and examples anew
	$(BIN)/ticket-gateway config example > conf/gateway.yaml
	$(BIN)/ticket-gateway config schema > conf/gateway.schema.json
	$(BIN)/pytest -q tests/docs --update

check: lint types contracts test  ## All of the above; what CI runs

peers:  ## Install the Debian packages that tests against real peers use
	sh tests/peers/install.sh

crash: venv  ## Kill, starve and cut the power of a gateway thousands of times, and look for lost mail (20 to 40 minutes)
	$(BIN)/python -m tests.crash.harness

mutate: venv  ## Switch off each step, effect, guard and rule condition in turn: some journey must notice
	$(BIN)/python -m tests.mutation.mutate $(ONLY)

histories: venv  ## Play 10,000 random histories of a desk and look at everything that leaves
	$(BIN)/python -m tests.histories.run $(if $(COUNT),--count $(COUNT))

demo: venv  ## Play a conversation through real SMTP, then wait for your own mail (ONCE=1 ends by itself)
	$(BIN)/ticket-gateway demo $(if $(ONCE),--once)

bench: venv  ## Measure against real peers (about 25 minutes; MEASURES="accept_many_2k …" takes some, ROUNDS=n)
	$(BIN)/python -m benchmarks $(if $(ROUNDS),--rounds $(ROUNDS)) $(MEASURES)
