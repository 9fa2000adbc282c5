# Everything is installed into .venv, once; `make clean` removes it.

PYTHON ?= python3
BIN = .venv/bin

.PHONY: demo test lint types bench trips docs photos generate clean

demo: .venv/demo.stamp
	$(BIN)/flask-ipernity demo $(if $(PHOTOS),--photos "$(PHOTOS)")

test: .venv/dev.stamp
	$(BIN)/python -m pytest $(ARGS)

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
	rm -rf .venv docs/_build

.venv/bin/python:
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --upgrade pip

.venv/demo.stamp: pyproject.toml | .venv/bin/python
	$(BIN)/python -m pip install --quiet --editable '.[demo]'
	touch $@

.venv/dev.stamp: pyproject.toml | .venv/bin/python
	$(BIN)/python -m pip install --quiet --editable '.[demo,redis,sealed]' --group dev
	touch $@
	touch .venv/demo.stamp
