# `make` without a target shows all targets.

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

setup: $(VENV)/.complete  ## create .venv with everything that the commands need; does nothing if the requirements have not changed

$(VENV)/.complete: $(RUNNING)
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo 'Python 3.11 or newer is needed: name one by PYTHON=python3.12'; exit 2; }
	@$(PYTHON) -m venv $(VENV) || { echo 'Python has no venv: install it (Debian and Ubuntu: apt-get install python3-venv)'; exit 2; }
	$(INSTALL) $(patsubst %,-r %,$^)
	@touch $@

dev: $(VENV)/.tested  ## the same, with what tests and benchmarks need

$(VENV)/.tested: $(VENV)/.complete $(TESTING)
	$(INSTALL) -r requirements-dev.txt
	@touch $@

demo: setup  ## sample data, the nightly job, the service, and a real answer to each request; ends with Ctrl-C
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

run: setup  ## the nightly job: reads DATA, and publishes a generation in OUTPUT
	@$(BIN)/python -m batch run --data "$(DATA)" --output "$(OUTPUT)"

serve: setup  ## the service, on HOST and PORT, from OUTPUT
	@$(BIN)/python -m api --output "$(OUTPUT)" --host $(HOST) --port $(PORT)

test: lint types unit  ## lint, types and unit tests; needs only a package index

lint: dev  ## style and format of the code
	@$(BIN)/ruff check
	@$(BIN)/ruff format --check

types: dev  ## strict type checks
	@$(BIN)/mypy

unit: dev  ## the unit tests
	@$(PYTEST)

test-faults: dev  ## kills, full disks, damaged links and other faults; five minutes; needs Linux, nginx, curl and a JDK
	@$(FAULTS)

test-browser: dev  ## every view of the page in Debian's chromium, by mouse and keyboard, in light and dark
	@$(BROWSER)

screenshots: dev  ## take the pictures of the page in docs/, from what is published in OUTPUT; needs chromium
	@$(BIN)/python -m tests.browser.screenshots "$(OUTPUT)"

test-spark: dev  ## the job on a Spark cluster that the tests start; some minutes; needs Java 17
	@$(BIN)/pytest tests/spark -n 0

scale: dev  ## measure the job on Spark: three sizes, one executor and two
	@$(BIN)/python -m benchmarks.spark

soak: dev  ## the fault tests many times over; writes docs/reliability.md
	@$(FAULTS) --long --page docs/reliability.md

endurance: dev  ## half an hour of load on the service, with a switch every minute; run make load first
	@$(BIN)/python -m benchmarks.endurance

benchmark: dev  ## measure time and memory of the job on DATA, five runs
	@$(BIN)/python -m benchmarks.nightly --data "$(DATA)" --runs 5

benchmark-report: dev  ## measure the report at a quarter of made-up MovieLens 25M; five minutes
	@$(BIN)/python -m benchmarks.report

growth: dev  ## measure the job on made-up data of four sizes, up to 25 million ratings, and scoring; draws docs/cost.svg
	$(INSTALL) -r benchmarks/requirements-benchmarks.txt
	@$(BIN)/python -m benchmarks.nightly --plot docs/cost.svg
	@$(BIN)/python -m benchmarks.score

load: dev  ## measure requests per second of the service, beside other servers; needs wrk and h2load
	@$(BIN)/python -m benchmarks.serve

docs: dev  ## write docs/cli.md, configuration.md and schema.md, from the options and what is published in OUTPUT
	@$(BIN)/python -m tests.project.generated "$(OUTPUT)"

clean:  ## remove .venv and caches; keeps data and output
	rm -rf $(VENV) .hypothesis .mypy_cache .pytest_cache .ruff_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
