# Everything that a clone needs: python3 (3.11 or newer, with its venv module) and make.

PYTHON ?= python3
BIN := .venv/bin
READY := .venv/ready
RUNS ?= runs
NATIVE := $(wildcard checkers/native/*.?pp harness/native/*.?pp)

.DEFAULT_GOAL := help
.PHONY: help demo test sanitize check format clean

help:
	@echo 'make demo     run a strong and a weak simulated datastore, and see what is proven about each (no root, no Docker)'
	@echo 'make test     format, lint, types, layers, and every test that this machine can run'
	@echo 'make sanitize the tests of what is compiled, under AddressSanitizer and UBSan'
	@echo 'make check    format, lint, types and layers only'
	@echo 'make format   let the formatter rewrite the sources'
	@echo 'make clean    remove the virtual environment and what the tools cached (recorded runs stay)'
	@echo
	@echo 'PYTHON=python3.12 chooses another interpreter. The command itself is $(BIN)/quorate.'

# Made again when the dependencies or the compiled kernel change; otherwise it costs nothing.
$(READY): pyproject.toml setup.py $(wildcard checkers/native/* harness/native/*)
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || { \
	  echo "quorate: $(PYTHON) is $$($(PYTHON) -V 2>&1), but 3.11 or newer is needed: install one, then: make PYTHON=python3.11" >&2; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { \
	  echo "quorate: $(PYTHON) has no venv module, so nothing can be installed: apt-get install python3-venv (or your system's package of it)" >&2; exit 1; }
	@echo 'installing into .venv (once)'
	@$(PYTHON) -m venv .venv
	@$(BIN)/python -m pip --disable-pip-version-check install --quiet --editable '.[dev]'
	@touch $@

demo: $(READY)
	@$(BIN)/python docs/demo.py --quorate $(BIN)/quorate --runs $(RUNS)

check: $(READY)
	$(BIN)/ruff format --check .
	$(BIN)/clang-format --dry-run --Werror $(NATIVE)
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

# Three runs of pytest: what keeps to itself in parallel and measured, the many runs of the known answers without the
# cost of measuring, and the real clusters one after the other. What they left out is collected in a file and said last.
test: check
	@rm -f .venv/left-out
	QUORATE_LEFT_OUT=.venv/left-out $(BIN)/pytest -n 2 -m 'not docker' --ignore tests/known_answers --cov --cov-report=term:skip-covered
	QUORATE_LEFT_OUT=.venv/left-out $(BIN)/pytest -n 2 -m 'not docker' tests/known_answers
	QUORATE_LEFT_OUT=.venv/left-out $(BIN)/pytest -m docker
	@if [ -s .venv/left-out ]; then cat .venv/left-out; else echo 'nothing was left out'; fi

# A second build of what is compiled, beside the first. Python itself leaks, so leaks are not looked for; a size that
# cannot be had is a MemoryError, as it is without the sanitizers.
sanitize: $(READY)
	QUORATE_SANITIZE=1 $(BIN)/python setup.py --quiet build_ext --build-lib build/sanitized --build-temp build/sanitized-objects
	LD_PRELOAD="$$($(CXX) -print-file-name=libasan.so) $$($(CXX) -print-file-name=libstdc++.so)" \
	  ASAN_OPTIONS=detect_leaks=0:allocator_may_return_null=1 UBSAN_OPTIONS=print_stacktrace=1 QUORATE_REQUIRE=kernel \
	  QUORATE_FUZZ=5000 $(BIN)/python tests/sanitized.py build/sanitized

format: $(READY)
	$(BIN)/ruff format .
	$(BIN)/clang-format -i $(NATIVE)
	$(BIN)/ruff check --fix .

clean:
	rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis .coverage build *.egg-info
