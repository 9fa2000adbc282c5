# Everything is installed into .venv, or into .venv-NAME beside it, once; `make clean` removes it.
# `make test PYTHON=python3.13` takes another Python than python3, or the newest one of the path.

export PYTHON
# Else every process of the tests compiles all modules anew, which is a tenth of their time.
unexport PYTHONDONTWRITEBYTECODE
BIN = .venv/bin

# Two processes of pytest for each core, because many tests wait; `make test ARGS=-n0` runs all in one.
WORKERS ?= $(shell echo $$((2 * $$(getconf _NPROCESSORS_ONLN))))
PYTEST = -m pytest -n $(WORKERS) --dist worksteal
# What needs no program but Python, no network, and little time. The sandbox, the demo and the
# comparison have loops of their own: `make test ARGS=tests/sandbox`.
INNER_LOOP = -m "not slow and not browser and not exiftool and not network and not redis \
	and not nginx and not caddy and not apache" \
	--ignore tests/sandbox --ignore tests/demo --ignore tests/compare --ignore tests/stranger
# The type checkers are checked with the newest versions only.
NEWEST_ONLY = --ignore tests/typing

.PHONY: demo test quick test-empty-lists test-lowest neighbours corpus lint types bench soak trips docs \
	photos generate translations clean

demo: venv-demo
	$(BIN)/flask-ipernity demo $(if $(PHOTOS),--photos "$(PHOTOS)")

test: venv-dev
	$(BIN)/python $(PYTEST) $(ARGS)

# The inner loop, while writing.
quick: venv-dev
	$(BIN)/python $(PYTEST) $(INNER_LOOP) $(ARGS)

# What reads lists, with empty ones as the service may answer them, too; `make test` has them absent.
EMPTY_LISTS ?= list mixed
test-empty-lists: venv-dev
	for kind in $(EMPTY_LISTS); do \
		$(BIN)/python $(PYTEST) --empty-lists $$kind -m "not slow and not browser and not network" \
			tests/client tests/demo tests/examples tests/sandbox $(ARGS) || exit 1; \
	done

# With the lowest versions that pyproject.toml allows.
test-lowest: venv-lowest
	.venv-lowest/bin/python $(PYTEST) $(NEWEST_ONLY) -m "not browser and not network" $(ARGS)

# `make quick-3.13 PYTHON=/path/of/python3.13`: the inner loop with another Python.
quick-%: venv-test-%
	.venv-$*/bin/python $(PYTEST) $(NEWEST_ONLY) $(INNER_LOOP) $(ARGS)

# Beside other extensions and tools.
neighbours: venv-neighbours
	NEIGHBOURS=1 .venv-neighbours/bin/python $(PYTEST) tests/neighbours $(ARGS)

# What is read from photos that others made beside what ExifTool reads, and what is drawn beside what
# Chromium shows: `make corpus FOLDER=~/Pictures`.
corpus: venv-dev
	$(if $(FOLDER),,$(BIN)/python -m tools.fetch_corpus .corpus)
	$(BIN)/python -W ignore -m tools.corpus facts "$(or $(FOLDER),.corpus)"
	$(BIN)/python -W ignore -m tools.corpus pictures "$(or $(FOLDER),.corpus)"

lint: venv-dev
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/python -m tools.client --check

types: venv-dev
	$(BIN)/mypy
	$(BIN)/pyright

bench: venv-dev
	$(BIN)/python -m benchmarks $(ARGS)

# Minutes of visitors and trouble on each server for Flask: `make soak ARGS="--minutes 1 uwsgi"`.
soak: venv-soak
	.venv-soak/bin/python -m benchmarks.soak $(ARGS)

# Counts the changes of module on typical requests, and the commands sent to Redis.
trips: venv-dev
	$(BIN)/python -m benchmarks.trips $(ARGS)

docs: venv-dev
	$(BIN)/sphinx-build -W --keep-going -b html docs docs/_build/html

# Draws the pictures of the sandbox anew; they are shipped, so this is rarely needed.
photos: venv-dev
	$(BIN)/python tools/draw_photos.py src/flask_ipernity/sandbox/photos

# Writes the typed methods of the client anew, from the method list and tools/client/.
generate: venv-dev
	$(BIN)/python -m tools.client

# Adds new texts to the catalogues in src/flask_ipernity/translations, and compiles them.
translations: venv-dev
	$(BIN)/python -m tools.translations

clean:
	rm -rf .venv .venv-* docs/_build

# The environments are looked at each time: what an interrupted try has left must not stay.

.PHONY: venv-demo venv-dev venv-neighbours venv-soak venv-lowest

venv-demo:
	tools/venv .venv demo.stamp --editable '.[demo]'

venv-dev:
	tools/venv .venv dev.stamp --editable '.[demo,redis,sealed]' --group dev
	touch .venv/demo.stamp

venv-test-%:
	tools/venv .venv-$* test.stamp --editable '.[demo,redis,sealed]' --group test

venv-neighbours:
	tools/venv .venv-neighbours test.stamp --editable '.[demo,redis,sealed]' --group neighbours

venv-soak:
	tools/venv .venv-soak soak.stamp --editable '.[demo,redis,sealed]' --group soak

# First Flask alone: it says what it needs at least.
venv-lowest:
	tools/venv .venv-lowest pip.stamp --upgrade pip
	.venv-lowest/bin/python tools/lowest.py > .venv-lowest/constraints.txt
	.venv-lowest/bin/python -m pip install --quiet --no-deps --constraint .venv-lowest/constraints.txt Flask
	.venv-lowest/bin/python tools/lowest.py > .venv-lowest/constraints.txt
	.venv-lowest/bin/python -m pip install --quiet --constraint .venv-lowest/constraints.txt \
		--editable '.[demo,redis,sealed]' --group test
