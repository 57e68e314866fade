# Every target sets up what it needs by itself, in .venv; nothing is installed elsewhere.
override SHELL := /bin/bash
override .SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.PHONY: help help-developers demo test check format ped2 ped2-c3d fight study fc6 demo-detector lock clean benchmark

override VENV := .venv
override WSSTAD := $(VENV)/bin/wsstad
DATA ?= data/ucsd_ped2
TABLES ?= benchmark
WEIGHTS ?= weights
DETECTOR ?= yolo11n
# Videos of the study, half of them abnormal. A larger study begins with the videos of a smaller one.
VIDEOS ?= 200
# One thread a job, several jobs at a time: the stages set their own thread counts.
OMP_NUM_THREADS ?= 1
ifeq ($(origin PYTHON),undefined)
PYTHON := $(firstword $(shell command -v python3.11 python3.12 python3.13 python3))
endif
# What a user types may be any name of a folder, `$(...)` and backticks included. So make expands none of it: recipes take
# it from the environment, as "$$DATA", where no shell reads it again. (make would expand on the way there, hence `value`.)
unexport $(foreach name,$(.VARIABLES),$(if $(filter command%,$(origin $(name))),$(name)))
override DATA := $(value DATA)
override TABLES := $(value TABLES)
override WEIGHTS := $(value WEIGHTS)
override DETECTOR := $(value DETECTOR)
override VIDEOS := $(value VIDEOS)
override PYTHON := $(value PYTHON)
override PYTEST := $(value PYTEST)
override OMP_NUM_THREADS := $(value OMP_NUM_THREADS)
export DATA TABLES WEIGHTS DETECTOR VIDEOS PYTHON PYTEST OMP_NUM_THREADS
override export PYTHONPATH := $(CURDIR)/workflow
# A configuration of real footage, with DETECTOR in the place of yolo11n.
override with_detector = awk '{gsub("yolo11n", ENVIRON["DETECTOR"])} 1' config/$(1).yaml > results/$(1).yaml

help: ## List what a user needs
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / {printf "make %-15s %s\n", $$1, $$2}' Makefile

help-developers: ## List the targets of developers
	@awk -F ':.*#- ' '/^[a-z0-9-]+:.*#- / {printf "make %-15s %s\n", $$1, $$2}' Makefile

$(VENV)/complete: envs/requirements.lock
	@envs/set_up.sh "$$PYTHON" $(VENV)

# What the tests need is installed when it is first asked for.
$(VENV)/checks: envs/checks.lock $(VENV)/complete
	@envs/set_up.sh "$$PYTHON" $(VENV) checks

demo: $(VENV)/complete ## Make a small road benchmark and run everything on it: the first thing to try
	@$(WSSTAD) demo

test: $(VENV)/checks ## Run the tests, except the longest: make test-long
	@echo "[test] unit, contract, fault and workflow tests; about a quarter of an hour on two cores"
	@$(VENV)/bin/python -m pytest -m "not cluster and not long" --numprocesses 3 --dist worksteal $$PYTEST

.PHONY: test-long
test-long: $(VENV)/checks #- Run the tests that make test leaves out, because they take longest
	@echo "[test-long] about ten minutes on two cores"
	@$(VENV)/bin/python -m pytest -m long --numprocesses 3 --dist worksteal $$PYTEST

.PHONY: test-cluster
test-cluster: $(VENV)/checks #- Run the tests of batches, on a real Slurm that runs on this machine
	@tests/install.sh cluster
	@echo "[test-cluster] starting a Slurm of three nodes, running the tests on it, stopping it; about 15 minutes on two cores"
	@$(VENV)/bin/python -m pytest tests/cluster -m cluster $$PYTEST

check: $(VENV)/checks #- Check style, types, rules and tests: what CI runs
	@$(VENV)/bin/ruff format --check . && $(VENV)/bin/ruff check .
	@$(VENV)/bin/snakefmt --check workflow/Snakefile workflow/rules
	@$(VENV)/bin/mypy
	@$(MAKE) --no-print-directory lint
	@$(MAKE) --no-print-directory test
	@$(VENV)/bin/python -m pytest -m "long and not whole" --numprocesses 3 --dist worksteal $$PYTEST

.PHONY: lint
lint: $(VENV)/complete
	@$(WSSTAD) synthesize --output results/demo/source --videos 24 --seed 2021 --jobs 2
	@$(VENV)/bin/snakemake --lint 2>&1 | tee /dev/stderr | grep --quiet "in a good condition"  # it exits with 0 even so

format: $(VENV)/checks #- Format the code
	@$(VENV)/bin/ruff format . && $(VENV)/bin/ruff check --fix . && $(VENV)/bin/snakefmt workflow/Snakefile workflow/rules

.PHONY: reference
reference: $(VENV)/complete #- Write the JSON Schemas and config/README.md's reference of all keys
	@$(VENV)/bin/python -c "from pathlib import Path; from wsstad.planning import reference; reference.write_schemas(); reference.update(Path('config/README.md'))"

ped2: $(VENV)/complete ## Run UCSD Ped2: make ped2 DATA=<its folder> WEIGHTS=<folder of yolo11n.pt>
	@$(call with_detector,ped2)
	@$(WSSTAD) run $$TABLES report --config results/ped2.yaml --directory . --set weights="$$WEIGHTS" datasets.ucsd_ped2.source="$$DATA"
	@for table in $$TABLES; do echo && cat "results/ucsd_ped2/tables/$$table.md"; done
	@echo && echo "Look at: results/report.html (everything on one page, in a browser)"

ped2-c3d: $(VENV)/complete ## Run every other clip of UCSD Ped2 with full C3D; an hour on two cores
	@$(call with_detector,ped2_c3d)
	@$(WSSTAD) run --config results/ped2_c3d.yaml --directory . --set weights="$$WEIGHTS" datasets.ucsd_ped2_half.source="$$DATA"
	@echo && cat results/ucsd_ped2_half/tables/benchmark.md

fight: $(VENV)/complete ## Run Surveillance Camera Fight: make fight DATA=<its folder> WEIGHTS=<folder of yolo11n.pt>; an hour on two cores
	@$(call with_detector,fight)
	@$(WSSTAD) run $$TABLES report --config results/fight.yaml --directory . --set weights="$$WEIGHTS" datasets.surv_fight.source="$$DATA"
	@for table in $$TABLES; do echo && cat "results/surv_fight/tables/$$table.md"; done

study: $(VENV)/complete ## Run the study of docs/study.md on made-up roads: make study VIDEOS=600 for a larger one; hours on two cores
	@$(WSSTAD) synthesize --output results/study/source --kind study --videos "$$VIDEOS" --seed 11 --frames 256 --folds 2 --jobs 2
	@$(WSSTAD) run benchmark table2 table3 table4 --config config/study.yaml
	@for table in benchmark table2 table3 table4; do echo && cat "results/study/tables/$$table.md"; done
	@echo && $(VENV)/bin/python benchmarks/hypotheses.py

demo-detector: $(VENV)/complete #- Train the demo's detector anew, on scenes that the demo does not use
	@$(WSSTAD) fit-detector --output config/detectors/demo_yolo.pt --work results/demo_detector

benchmark: $(VENV)/complete #- Time every stage against its limit, on whatever device is there
	@$(VENV)/bin/python benchmarks/stages.py
	@echo && $(VENV)/bin/python benchmarks/train.py

.PHONY: usual-way
usual-way: $(VENV)/complete #- Compare the CPU time a frame, networks aside, with the usual way: make usual-way DATA=<folder of ucf_crime_sample/> WEIGHTS=<folder of yolo11n.pt>
	@$(VENV)/bin/python benchmarks/usual_way.py --data "$$DATA" --weights "$$WEIGHTS"

.PHONY: linkers
linkers: $(VENV)/complete #- Compare our linkers with ByteTrack and BoT-SORT: make linkers DATA=<Ped2's folder> WEIGHTS=<folder of yolo11n_int8.pt>
	@$(VENV)/bin/python benchmarks/linkers.py --data "$$DATA" --weights "$$WEIGHTS"
	@echo && $(VENV)/bin/python benchmarks/linkers.py

fc6: $(VENV)/complete ## Train on real C3D features that others extracted: make fc6 DATA=<folder that holds c3d_fc6_ucfcrime/>
	@$(VENV)/bin/python benchmarks/ready_features.py --source "$$DATA"

lock: COMPILE := uv pip compile --quiet --universal --generate-hashes --python-version 3.11 \
	--override envs/requirements.overrides --no-header --no-emit-index-url
lock: #- Pin every dependency of envs/*.in with its hashes (needs uv); a lock that is there says what to keep
	$(COMPILE) envs/checks.in -o envs/checks.lock
	cp envs/checks.lock envs/requirements.lock
	$(COMPILE) envs/requirements.in -o envs/requirements.lock

clean: ## Remove the virtual environment and everything generated
	rm -rf $(VENV) $(VENV).lock results/* .snakemake

.PHONY: probe
probe: $(VENV)/complete #- Compare the features of `make fight` with the files alone, by a linear probe
	@$(VENV)/bin/python benchmarks/probe.py

.PHONY: study-checks
study-checks: $(VENV)/complete #- Check what the videos and features of `make study` can show by themselves
	@$(VENV)/bin/python benchmarks/study.py
