# Two commands: `make verify` and `make test`. Each makes its own environment in .venv with the versions of
# constraints.txt, once. Needs Python >= 3.11 with venv; another interpreter: `make test PYTHON=python3.12`.

PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check
PINNED := -q -c constraints.txt
JOBS ?= 2

# one thread a process: the work is spread over processes
export OPENBLAS_NUM_THREADS ?= 1
export OMP_NUM_THREADS ?= 1

.DEFAULT_GOAL := help
.PHONY: help verify verify-thorough test test-oracle test-latex bench lint clean
.DELETE_ON_ERROR:

help:
	@echo 'make verify   settle every claim (VERIFY_ARGS="--fresh --json" passes options on)'
	@echo 'make test     run the tests      (TEST_ARGS="-k laws" passes options on)'
	@echo 'make test-oracle  the schemes of simulation against diffrax on the same Brownian paths (installs it)'
	@echo 'make test-latex  write the theory as LaTeX and compile it; no warning is let through'
	@echo 'make verify-thorough   settle every claim anew, a hundred random kills of the program, then attack the kernel'
	@echo '              with 20,000 false statements, the search with 400 true ones, and the rigorous numbers with 10,000 pairs'
	@echo 'make bench    headline ratios, peers in the same run; never part of the tests'
	@echo 'make lint     ruff, mypy --strict, import-linter'
	@echo 'make clean    remove the environment and caches'

$(VENV)/.made:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python >= 3.11 is needed; run make PYTHON=python3.11")'
	$(PYTHON) -m venv $(VENV)
	@touch $@

# what a user needs
$(VENV)/.core: $(VENV)/.made pyproject.toml constraints.txt
	$(PIP) install $(PINNED) setuptools
	$(PIP) install $(PINNED) --no-build-isolation --editable .
	@touch $@

# and what a developer needs
$(VENV)/.dev: $(VENV)/.core
	$(PIP) install $(PINNED) --no-build-isolation --editable '.[dev]'
	@touch $@

verify: $(VENV)/.core
	$(BIN)/infodyn verify $(VERIFY_ARGS)

# the evidence cache must stay whole, and the next run be right, whenever and whatever is killed; the kernel must accept
# no false statement, the search find the proofs of true ones, and no ball of a number miss the truth
verify-thorough: $(VENV)/.dev
	$(BIN)/infodyn verify --fresh $(VERIFY_ARGS)
	INFODYN_KILLS=100 $(BIN)/python -m pytest -n $(JOBS) tests/infodyn/test_robustness.py
	$(BIN)/python -m proofs_checks.attack soundness --count 20000 --jobs $(JOBS)
	$(BIN)/python -m proofs_checks.attack numbers --count 10000 --jobs $(JOBS)
	$(BIN)/python -m proofs_checks.attack power --count 400 --jobs $(JOBS)
	$(BIN)/python -m proofs_checks.attack calibration --jobs $(JOBS)
	$(MAKE) --no-print-directory test-oracle

test: $(VENV)/.dev
	$(BIN)/python -m pytest -n $(JOBS) $(TEST_ARGS)

# the schemes of simulation against diffrax, which brings jax (about 100 MB, and threads: hence a process of its own)
test-oracle: $(VENV)/.dev
	$(PIP) install $(PINNED) --no-build-isolation --editable '.[oracle]'
	INFODYN_ORACLE=1 $(BIN)/python -m pytest tests/numerics/test_diffrax_oracle.py $(TEST_ARGS)

# in a folder of its own; LATEX_ARGS="--no-verdicts" compiles statements and derivations alone
test-latex: $(VENV)/.core
	@command -v pdflatex >/dev/null || { echo 'test-latex: there is no pdflatex; on Debian: apt-get install texlive-latex-base texlive-latex-recommended lmodern'; exit 1; }
	@folder=$$(mktemp -d) && trap 'rm -rf "$$folder"' EXIT && \
	$(BIN)/infodyn latex $(LATEX_ARGS) -o "$$folder/theory.tex" && cd "$$folder" && export max_print_line=1000 && \
	for run in 1 2; do \
	  pdflatex -interaction=nonstopmode -halt-on-error theory.tex >run.txt || { tail -n 30 run.txt; exit 1; }; \
	done && \
	if grep -n -A 3 -E 'Warning|Overfull|Underfull|Missing' theory.log; then exit 1; fi && \
	grep '^Output written' theory.log

bench: $(VENV)/.core
	$(BIN)/python benchmarks/empirical.py $(BENCH_ARGS)
	$(BIN)/python benchmarks/plane.py $(BENCH_ARGS)
	$(BIN)/python benchmarks/algebra.py $(BENCH_ARGS)
	$(BIN)/python benchmarks/line.py $(BENCH_ARGS)
	$(BIN)/python benchmarks/sweep.py $(BENCH_ARGS)
	$(BIN)/python benchmarks/fixed_points.py $(BENCH_ARGS)
	$(BIN)/python benchmarks/simulation.py $(BENCH_ARGS)

lint: $(VENV)/.dev
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

clean:
	rm -rf $(VENV) build *.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
