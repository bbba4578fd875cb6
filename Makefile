# make demo                     a face that speaks the bundled clip, happy and sad: video, GLB, page, curves
# make demo AUDIO=voice.wav     the same with your own recording
# make test | lint              the test suite with its static checks | the static checks alone
# make train ASSETS=dir         all training stages, to $(RUN) (RESUME=1 goes on where an interrupted run stopped)
# make eval [ASSETS=dir]        every figure of the checkpoint, to $(RUN)/evaluation (QUICK=1: under a minute)
# make bench | gpu              operators, denoiser and animate() on this CPU | build, tests and benchmarks on a GPU machine
# make asan | tsan              kernel tests with the CPU module watched for memory and arithmetic | for races of threads
# make mutants [COUNT=200]      small faults planted in chosen modules: which of them no test notices
# make fuzz FUZZ=100000         broken files for every loader (LOADER=name: one of them; SEED=1: others)
# make wheel | clean
#
# The first target makes .venv and installs into it (CPU build of torch where pip offers one; an installed torch is used).
# CHECKPOINT=file        for demo and eval: another checkpoint than the bundled one.
# EMOFACE_PYTHON=python  uses that interpreter, in which emoface must be installed, and installs nothing.
# TORCH="torch==2.6.0"   what to install as torch, with pip options if need be (an index of CPU builds, for example).
# CXX=clang++            another C++ compiler than g++; EMOFACE_CUDA=1 or 0 decides about the CUDA module.

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help

PYTHON ?= python3
TORCH ?=
AUDIO ?= emoface/demo/speech.wav
RUN ?= runs/default
ASSETS ?= $(EMOFACE_ASSETS)
OUT := demo_out
FUZZ ?= 10000
SEED ?= 0
WEIGHTS := $(if $(CHECKPOINT),--checkpoint "$(CHECKPOINT)")
STAGES := corpus speech lips text binding denoiser pack
USER_EXTRAS := plot,video,render
TRAIN_EXTRAS := $(USER_EXTRAS),train
DEV_EXTRAS := dev,$(TRAIN_EXTRAS)

ifdef EMOFACE_PYTHON
PY := $(EMOFACE_PYTHON)
USER_STAMP := check
DEV_STAMP := check
TRAIN_STAMP := check
else
PY := .venv/bin/python
USER_STAMP := native .venv/installed-user
DEV_STAMP := native .venv/installed-dev
TRAIN_STAMP := native .venv/installed-train
endif
PIP := "$(PY)" -m pip install
SHORTER := sed -u '/^Requirement already satisfied/d'  # of what pip says
EMOFACE := "$(PY)" -c 'import sys; from emoface.cli import main; sys.exit(main())'

.PHONY: help demo test lint train eval bench gpu asan tsan fuzz mutants wheel clean check native
help:
	@sed -n '/^# make/,/^$$/s/^# \{0,1\}//p' Makefile

check:
	@"$(PY)" -c 'import emoface' || { echo "emoface is not installed for EMOFACE_PYTHON=$(PY)" >&2; exit 1; }

.venv/bin/python:
	@"$(PYTHON)" -c 'import sys; sys.exit(sys.version_info < (3, 10))' || \
	    { echo "$(PYTHON) must be Python 3.10 or newer; choose one with PYTHON=" >&2; exit 1; }
	@if "$(PYTHON)" -c 'import torch' 2>/dev/null; then shared=--system-site-packages; else shared=; fi; \
	if ! "$(PYTHON)" -m venv $$shared .venv; then \
	    rm -rf .venv; echo "no virtual environment: on Debian, apt install python3-venv python3-dev" >&2; exit 1; fi
	@if "$(PY)" -c 'import torch' 2>/dev/null; then echo "using the torch that is installed"; \
	elif [ -n "$(TORCH)" ]; then $(PIP) $(TORCH) | $(SHORTER); \
	else $(PIP) torch==2.13.0 2>/dev/null | $(SHORTER) || $(PIP) torch | $(SHORTER); fi || \
	    { rm -rf .venv; echo "torch could not be installed" >&2; exit 1; }

.venv/tools: .venv/bin/python
	@$(PIP) --quiet 'setuptools>=77' 'pybind11>=2.13' ninja || \
	    echo "could not install what the build needs; going on with what is there" >&2
	@touch $@

# Compiles what changed since the last time, a line for each unit; pip then finds nothing left to compile.
native: .venv/tools
	@"$(PY)" setup.py -q build_ext --inplace

define install
	@$(PIP) --no-build-isolation -e '.[$(1)]' | $(SHORTER)
	@touch $@ $(2)
endef

.venv/installed-user: pyproject.toml setup.py | native
	$(call install,$(USER_EXTRAS))

.venv/installed-train: pyproject.toml setup.py | native
	$(call install,$(TRAIN_EXTRAS),.venv/installed-user)

.venv/installed-dev: pyproject.toml setup.py | native
	$(call install,$(DEV_EXTRAS),.venv/installed-user .venv/installed-train)

demo: $(USER_STAMP)
	@mkdir -p $(OUT)
	@for emotion in happy sad; do \
	    $(EMOFACE) animate "$(AUDIO)" --emotion $$emotion --plot $(OUT)/$$emotion-curves.png $(WEIGHTS) \
	        $(foreach suffix,mp4 html glb csv npz,-o $(OUT)/$$emotion.$(suffix)); \
	done
	@$(EMOFACE) sheet emotions --audio "$(AUDIO)" -o $(OUT)/emotions.png $(WEIGHTS)
	@echo "In $(OUT)/: .mp4 to watch, .html to turn the head in a browser, .glb for Blender and engines, .csv for Live"
	@echo "Link Face readers, .npz FLAME coefficients, -curves.png over the waveform; emotions.png: all of them at a glance."

TYPES := "$(PY)" -m mypy && "$(PY)" -m mypy tests/typed_calls.py

lint: $(DEV_STAMP)
	"$(PY)" -m ruff check .
	$(TYPES)

# mypy has one process for most of a minute: the tests begin beside it.
test: $(DEV_STAMP)
	"$(PY)" -m ruff check .
	@{ $(TYPES); } & types=$$!; failed=0; \
	"$(PY)" -m pytest -q -n logical --maxprocesses 4 --dist worksteal || failed=$$?; \
	wait $$types || { echo "mypy found errors: see above, or run make lint" >&2; failed=1; }; exit $$failed

train: $(TRAIN_STAMP)
	@for stage in $(STAGES); do \
	    $(EMOFACE) train $$stage --out "$(RUN)" $(if $(ASSETS),--assets "$(ASSETS)") $(if $(RESUME),--resume); \
	done
	@echo "The checkpoint is $(RUN)/default.safetensors; copy it and its card into emoface/checkpoints/ to make it the default."

eval: $(USER_STAMP)
	$(EMOFACE) eval --out "$(RUN)/evaluation" $(if $(ASSETS),--assets "$(ASSETS)") $(if $(QUICK),--quick) $(WEIGHTS)

bench: $(DEV_STAMP)
	@mkdir -p benchmarks/results/local
	"$(PY)" -m pytest -q benchmarks/bench_ops.py --benchmark-json=benchmarks/results/local/operators.json
	"$(PY)" -m pytest -q benchmarks/bench_attention.py benchmarks/bench_denoise.py benchmarks/bench_animate.py \
	    --benchmark-json=benchmarks/results/local/denoise.json

gpu:
	PYTHON="$(if $(EMOFACE_PYTHON),$(EMOFACE_PYTHON),$(PYTHON))" bash benchmarks/gpu.sh

asan tsan: $(DEV_STAMP)
	PYTHON="$$(realpath -s "$$(command -v "$(PY)")")" bash tests/kernels/sanitize.sh $@

mutants: $(DEV_STAMP)
	@"$(PY)" -c 'import cosmic_ray' 2>/dev/null || $(PIP) 'cosmic-ray>=8.7' | $(SHORTER)
	nice -n 15 "$(PY)" tests/mutation/run.py --count $(or $(COUNT),200)

fuzz: $(DEV_STAMP)
	"$(PY)" -m tests.fuzz.run $(FUZZ) --seed $(SEED) $(if $(LOADER),--loader "$(LOADER)")

wheel: $(DEV_STAMP)
	"$(PY)" -m build --outdir dist

clean:
	rm -rf .venv build dist $(OUT) .mypy_cache .ruff_cache .pytest_cache .hypothesis *.egg-info
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
