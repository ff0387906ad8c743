# `make help` lists the targets. PYTHON makes the virtual environment, VENV is where it stands.
PYTHON ?= python3
VENV ?= .venv
PYTEST_ARGS ?= -n auto --maxprocesses 8

BIN := $(abspath $(VENV))/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet install -c constraints.txt
STAGES := -p mlt.toolkit -p mlt.translate -p mlt.filter -p mlt.train -p mlt.eval -p mlt.data_cards

# What is installed is installed again only where its inputs changed: a stamp each.
BASE := $(VENV)/.stamp-base
DEMO := $(VENV)/.stamp-demo
TEST := $(VENV)/.stamp-test
BENCH := $(VENV)/.stamp-bench

.DEFAULT_GOAL := help
.PHONY: help demo test test-comet lint format format-check types bench tiny-model docs-check clean

help: ## this list
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## /\t/' | expand -t 16

demo: $(DEMO) ## install, then take the embedded sample through every stage, offline
	$(BIN)/mlt translate --langs sw,yo,th --model tiny --out runs/demo --force
	$(BIN)/mlt filter runs/demo --out runs/demo-filtered --lid embedded --force
	$(BIN)/mlt mix runs/demo-filtered --langs en,sw,yo,th --per-language 100 --validation 20 \
		--out runs/demo-filtered/mixtures/all --force
	$(BIN)/mlt push runs/demo-filtered --to-folder runs/demo-published --license cc0-1.0
	$(BIN)/mlt card runs/demo-published --check
	OMP_WAIT_POLICY=PASSIVE $(BIN)/mlt train tiny/math runs/demo-filtered/mixtures/all --out runs/demo-model --restart
	OMP_WAIT_POLICY=PASSIVE $(BIN)/mlt eval runs/demo-model --task math --data runs/demo-filtered/mixtures/all \
		--limit 5 --max-new-tokens 64 --out runs/demo-answers --force

test: $(TEST) ## install, then run the whole test suite
	OMP_NUM_THREADS=1 OMP_WAIT_POLICY=PASSIVE $(BIN)/pytest $(PYTEST_ARGS)

test-comet: $(TEST) ## make COMET's own interpreter, then run the tests that need it
	MLT_COMET_PYTHON=$$($(BIN)/mlt setup comet --cache-dir $(abspath $(VENV))/cache) \
		OMP_NUM_THREADS=1 OMP_WAIT_POLICY=PASSIVE $(BIN)/pytest tests/filter/qe/test_real_comet.py

lint: $(TEST) ## ruff's checks
	$(BIN)/ruff check .

format: $(TEST) ## rewrite the code in ruff's format
	$(BIN)/ruff format .

format-check: $(TEST) ## whether the code is in ruff's format
	$(BIN)/ruff format --check .

# Folder X is the package mlt.X: mypy finds it through a link `mlt` that must stand outside the tree.
types: $(TEST) ## mypy over every package
	@links=$$(mktemp -d) && ln -s "$(CURDIR)" "$$links/mlt" && cd "$$links" && \
	MYPYPATH="$$links" $(BIN)/mypy --config-file "$(CURDIR)/pyproject.toml" \
		--cache-dir "$(CURDIR)/.mypy_cache" $(STAGES); \
	status=$$?; rm "$$links/mlt"; rm -rf "$$links"; exit $$status

bench: $(BENCH) ## measure; writes bench/results.json and docs/benchmarks.md (data folder: MLT_BENCH_DATA)
	$(BIN)/python -m bench

tiny-model: $(TEST) ## train the embedded model again: minutes on a CPU, seeded
	$(BIN)/python -m mlt.translate.tiny.train

docs-check: $(TEST) ## links and examples of README.md and docs/
	$(BIN)/python docs/check.py

clean: ## remove the environment and every cache
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis build *.egg-info

# setuptools comes first and pinned, so that the build is the same everywhere.
$(BASE): constraints.txt
	$(PYTHON) -m venv $(VENV)
	$(PIP) setuptools
	@touch $@

$(DEMO): $(BASE) pyproject.toml
	@echo "installing into $(VENV), which takes minutes the first time"
	$(PIP) --no-build-isolation -e '.[nllb,hf,filter,train,eval]'
	@touch $@

$(TEST): $(BASE) pyproject.toml
	@echo "installing into $(VENV), which takes minutes the first time"
	$(PIP) --no-build-isolation -e '.[nllb,hf,openai,filter,train,eval,ray,test,dev]'
	@touch $@

$(BENCH): $(TEST)
	$(PIP) --no-build-isolation -e '.[nllb,hf,openai,filter,train,eval,ray,test,dev,bench]'
	@touch $@
