# Everything is installed into .venv, or into .venv-NAME beside it, once; `make clean` removes it.

PYTHON ?= python3
BIN = .venv/bin

# Two processes of pytest for each core, because many tests wait; `make test ARGS=-n0` runs all in one.
WORKERS ?= $(shell $(PYTHON) -c "import os; print(2 * (os.cpu_count() or 1))")
PYTEST = -m pytest -n $(WORKERS) --dist worksteal
# What needs no program but Python, no network, and little time. The sandbox and the demo have loops
# of their own: `make test ARGS=tests/sandbox`.
INNER_LOOP = -m "not slow and not browser and not exiftool and not network and not redis and not nginx" \
	--ignore tests/sandbox --ignore tests/demo --ignore tests/stranger
# The type checkers are checked with the newest versions only.
NEWEST_ONLY = --ignore tests/typing

.PHONY: demo test quick test-lowest lint types bench trips docs photos generate clean

demo: .venv/demo.stamp
	$(BIN)/flask-ipernity demo $(if $(PHOTOS),--photos "$(PHOTOS)")

test: .venv/dev.stamp
	$(BIN)/python $(PYTEST) $(ARGS)

# The inner loop, while writing.
quick: .venv/dev.stamp
	$(BIN)/python $(PYTEST) $(INNER_LOOP) $(ARGS)

# With the lowest versions that pyproject.toml allows.
test-lowest: .venv-lowest/lowest.stamp
	.venv-lowest/bin/python $(PYTEST) $(NEWEST_ONLY) -m "not browser and not network" $(ARGS)

# `make quick-3.13 PYTHON=/path/of/python3.13`: the inner loop with another Python.
quick-%: .venv-%/test.stamp
	.venv-$*/bin/python $(PYTEST) $(NEWEST_ONLY) $(INNER_LOOP) $(ARGS)

lint: .venv/dev.stamp
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/python -m tools.client --check

types: .venv/dev.stamp
	$(BIN)/mypy
	$(BIN)/pyright

bench: .venv/dev.stamp
	$(BIN)/python -m benchmarks $(ARGS)

# Counts the changes of module on typical requests, and the commands sent to Redis.
trips: .venv/dev.stamp
	$(BIN)/python -m benchmarks.trips $(ARGS)

docs: .venv/dev.stamp
	$(BIN)/sphinx-build -W --keep-going -b html docs docs/_build/html

# Draws the pictures of the sandbox anew; they are shipped, so this is rarely needed.
photos: .venv/dev.stamp
	$(BIN)/python tools/draw_photos.py src/flask_ipernity/sandbox/photos

# Writes the typed methods of the client anew, from the method list and tools/client/.
generate: .venv/dev.stamp
	$(BIN)/python -m tools.client

clean:
	rm -rf .venv .venv-* docs/_build

.venv/bin/python:
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --upgrade pip

.venv-%/bin/python:
	$(PYTHON) -m venv .venv-$*
	.venv-$*/bin/python -m pip install --quiet --upgrade pip

.venv/demo.stamp: pyproject.toml | .venv/bin/python
	$(BIN)/python -m pip install --quiet --editable '.[demo]'
	touch $@

.venv/dev.stamp: pyproject.toml | .venv/bin/python
	$(BIN)/python -m pip install --quiet --editable '.[demo,redis,sealed]' --group dev
	touch $@
	touch .venv/demo.stamp

.PRECIOUS: .venv-%/bin/python .venv-%/test.stamp

.venv-%/test.stamp: pyproject.toml | .venv-%/bin/python
	.venv-$*/bin/python -m pip install --quiet --editable '.[demo,redis,sealed]' --group test
	touch $@

# First Flask alone: it says what it needs at least.
.venv-lowest/lowest.stamp: pyproject.toml tools/lowest.py | .venv-lowest/bin/python
	.venv-lowest/bin/python tools/lowest.py > .venv-lowest/constraints.txt
	.venv-lowest/bin/python -m pip install --quiet --no-deps --constraint .venv-lowest/constraints.txt Flask
	.venv-lowest/bin/python tools/lowest.py > .venv-lowest/constraints.txt
	.venv-lowest/bin/python -m pip install --quiet --constraint .venv-lowest/constraints.txt \
		--editable '.[demo,redis,sealed]' --group test
	touch $@
