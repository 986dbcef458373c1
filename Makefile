# `make` alone shows what can be done.

PYTHON ?= python3
DATA ?= data
OUTPUT ?= output
HOST ?= 127.0.0.1
PORT ?= 5000

VENV := .venv
BIN := $(VENV)/bin
# What the commands need, and what the tests and benchmarks need on top; Spark is large, and only for them.
RUNNING := requirements.txt requirements-api.txt
TESTING := requirements-dev.txt requirements-spark.txt
INSTALL := $(BIN)/python -m pip install --quiet --disable-pip-version-check
# Two processes share two cores: threads of BLAS would wait for each other.
PYTEST := OPENBLAS_NUM_THREADS=1 $(BIN)/pytest
BROWSER := $(PYTEST) tests/browser
FAULTS := $(PYTEST) tests/faults -o tmp_path_retention_policy=failed
URL := http://127.0.0.1:$(PORT)

.DEFAULT_GOAL := help
.PHONY: help setup dev demo run serve test lint types unit test-faults test-browser screenshots test-spark soak benchmark benchmark-report growth scale load endurance docs clean

help:  ## show this
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## (.*)/\1\t\2/' | while IFS='	' read -r name what; do printf '  make %-16s %s\n' "$$name" "$$what"; done
	@echo '  DATA=, OUTPUT=, HOST= and PORT= name other places; PYTHON= another Python (3.11 or newer)'

setup: $(VENV)/.complete  ## make .venv with all that the commands need; again only when requirements change

$(VENV)/.complete: $(RUNNING)
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo 'Python 3.11 or newer is needed: name one by PYTHON=python3.12'; exit 2; }
	@$(PYTHON) -m venv $(VENV) || { echo 'Python has no venv: install it (Debian and Ubuntu: apt-get install python3-venv)'; exit 2; }
	$(INSTALL) $(patsubst %,-r %,$^)
	@touch $@

dev: $(VENV)/.tested  ## the same, and what tests and benchmarks need

$(VENV)/.tested: $(VENV)/.complete $(TESTING)
	$(INSTALL) -r requirements-dev.txt
	@touch $@

demo: setup  ## sample movies, the nightly job, the service, a real answer to each request; until Ctrl-C
	@$(BIN)/python -c 'import socket, sys; sys.exit(socket.socket().connect_ex(("127.0.0.1", $(PORT))) == 0)' || \
		{ echo 'port $(PORT) is taken: name another, as in: make demo PORT=5001'; exit 2; }
	@ls "$(DATA)"/ratings.* >/dev/null 2>&1 || $(BIN)/python -m batch fetch sample --data "$(DATA)"
	@$(BIN)/python -m batch run --data "$(DATA)" --output "$(OUTPUT)"
	@$(BIN)/python -m api --output "$(OUTPUT)" --port $(PORT) & server=$$!; \
	trap 'kill $$server 2>/dev/null; wait $$server 2>/dev/null' EXIT; trap 'exit 0' INT TERM; \
	get() { $(BIN)/python -c 'import sys, urllib.request; print(urllib.request.urlopen(sys.argv[1]).read().decode())' "$$1"; }; \
	until get $(URL)/readyz >/dev/null 2>&1; do \
		kill -0 $$server 2>/dev/null || { echo 'the service did not start'; exit 1; }; \
		sleep 0.2; \
	done; \
	for request in '/recommendations?user_id=18' '/recommendations?user_id=18&returnMetadata=true&limit=3' '/features?user_id=18'; do \
		printf '\n$$ curl "$(URL)%s"\n' "$$request"; get "$(URL)$$request"; \
	done; \
	printf '\nServing on $(URL) until Ctrl-C. Try another user_id, or in another terminal:\n  %s\n' \
		"$(BIN)/python -m batch sql most_recommended --output $(OUTPUT)"; \
	wait $$server 2>/dev/null

run: setup  ## the nightly job alone: DATA is read, a new generation is published in OUTPUT
	@$(BIN)/python -m batch run --data "$(DATA)" --output "$(OUTPUT)"

serve: setup  ## the service alone, on HOST and PORT, from OUTPUT
	@$(BIN)/python -m api --output "$(OUTPUT)" --host $(HOST) --port $(PORT)

test: lint types unit  ## everything that is tested with nothing but a package index

lint: dev  ## style of the code
	@$(BIN)/ruff check
	@$(BIN)/ruff format --check

types: dev  ## types, strictly
	@$(BIN)/mypy

unit: dev  ## the tests
	@$(PYTEST)

test-faults: dev  ## what happens when it is killed, the disk is full, links are damaged and more; three minutes, Linux; nginx, curl, JDK
	@$(FAULTS)

test-browser: dev  ## the page in a real browser, Debian's chromium: every view, by mouse and keyboard, in light and dark
	@$(BROWSER)

screenshots: dev  ## pictures of the page in docs/, of what is published in OUTPUT; needs chromium
	@$(BIN)/python -m tests.browser.screenshots "$(OUTPUT)"

test-spark: dev  ## the job on a cluster of Apache Spark, which the tests start here; some minutes, Java 17
	@$(BIN)/pytest tests/spark -n 0

scale: dev  ## what the job costs on Spark: three sizes, one executor and two
	@$(BIN)/python -m benchmarks.spark

soak: dev  ## the same, many times over; what it led to is written to docs/reliability.md
	@$(FAULTS) --long --page docs/reliability.md

endurance: dev  ## half an hour of load on the service, a switch a minute, its memory watched; after make load
	@$(BIN)/python -m benchmarks.endurance

benchmark: dev  ## how long the job takes on DATA, and how much memory: five runs
	@$(BIN)/python -m benchmarks.nightly --data "$(DATA)" --runs 5

benchmark-report: dev  ## how long the report on a quarter of made-up MovieLens 25M takes; five minutes
	@$(BIN)/python -m benchmarks.report

growth: dev  ## the same on made-up data of four sizes, up to 25 million ratings, drawn in docs/cost.svg; scoring
	$(INSTALL) -r benchmarks/requirements-benchmarks.txt
	@$(BIN)/python -m benchmarks.nightly --plot docs/cost.svg
	@$(BIN)/python -m benchmarks.score

load: dev  ## how many look-ups a second, beside others, and how soon; needs the programs wrk and h2load
	@$(BIN)/python -m benchmarks.serve

docs: dev  ## write docs/cli.md, configuration.md and schema.md, from the options and what is published in OUTPUT
	@$(BIN)/python -m tests.project.generated "$(OUTPUT)"

clean:  ## remove .venv and caches; data and output stay
	rm -rf $(VENV) .hypothesis .mypy_cache .pytest_cache .ruff_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
