"""The house is one-way: every import of the package is read, lazy and type-only ones included."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

import flask_ipernity
from tests.support.architecture import APART, FLOORS, USERS_OF_THE_SANDBOX

PACKAGE = Path(flask_ipernity.__file__).parent

#: Packages that a room must work without.
WITHOUT = {"client": {"flask", "werkzeug"}, "caching": {"flask", "werkzeug"}, "http": {"flask"}}

ORDER = {room: place for place, room in enumerate(room for floor in FLOORS for room in floor)}

Imports = Mapping[str, set[str]]


def module_name(path: Path, root: Path) -> str:
    """Return ``client.api`` for ``client/api.py``, and ``client.__init__`` for its package."""
    return ".".join(path.relative_to(root).with_suffix("").parts)


def imports_of(name: str, source: str, known: set[str]) -> Iterator[str]:
    """Yield what a module imports: modules of ours by their names, others as ``/name``."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            targets = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            parts = name.split(".")[: -node.level] if node.level else []
            base = ".".join([*parts, *filter(None, [node.module])])
            if node.level:
                base = f"flask_ipernity.{base}".rstrip(".")
            targets = [f"{base}.{alias.name}" for alias in node.names]
        else:
            continue
        yield from (_resolve(target, known) for target in targets)


def _resolve(target: str, known: set[str]) -> str:
    ours, _, rest = target.partition(".")
    if ours != "flask_ipernity":
        return f"/{ours}"
    while rest:
        for candidate in (rest, f"{rest}.__init__"):
            if candidate in known:
                return candidate
        rest = rest.rpartition(".")[0]
    return "__init__"


def read_imports(root: Path) -> dict[str, set[str]]:
    sources = {module_name(path, root): path.read_text() for path in root.rglob("*.py")}
    known = set(sources)
    return {name: set(imports_of(name, source, known)) for name, source in sources.items()}


def room_of(module: str) -> str:
    return module.partition(".")[0]


def arrows_upward(imports: Imports) -> list[str]:
    """Return the imports that do not go to a room above, or to one apart."""
    wrong = []
    for module, targets in sorted(imports.items()):
        room = room_of(module)
        for target in sorted(targets):
            other = room_of(target)
            if target.startswith("/") or room == other:
                continue
            if APART in (room, other):
                allowed = other == APART and room in USERS_OF_THE_SANDBOX
            else:
                allowed = ORDER[other] < ORDER[room]
            if not allowed:
                wrong.append(f"{module} -> {target}")
    return wrong


def circles(imports: Imports) -> list[str]:
    """Return the modules from which a chain of imports leads back to themselves."""
    reached = all_reached(imports)
    return sorted(module for module in imports if module in reached[module])


def all_reached(imports: Imports) -> Imports:
    """Return what each module imports, directly or through other modules of ours."""
    reached = {module: targets - {module} for module, targets in imports.items()}
    for via in imports:
        for module in imports:
            if via in reached[module]:
                reached[module] = reached[module] | reached[via]
    return reached


IMPORTS = read_imports(PACKAGE)


def test_every_room_has_its_floor() -> None:
    assert {room_of(module) for module in IMPORTS} - {APART} <= ORDER.keys()


def test_rooms_import_only_rooms_above_them() -> None:
    assert arrows_upward(IMPORTS) == []


def test_no_import_goes_in_a_circle() -> None:
    assert circles(IMPORTS) == []


@pytest.mark.parametrize("room", WITHOUT)
def test_a_room_works_without_the_packages_it_must_not_need(room: str) -> None:
    for module, targets in all_reached(IMPORTS).items():
        if room_of(module) == room:
            assert {target.removeprefix("/") for target in targets} & WITHOUT[room] == set(), module


@pytest.mark.parametrize(
    ("module", "line"),
    [
        ("state", "from .extension import Ipernity"),
        ("state", "import flask_ipernity.media.views"),
        ("client.api", "from flask_ipernity import site"),
        ("caching.results", "def lazy():\n    from ..site.api import SiteAPI"),
        ("errors", "if TYPE_CHECKING:\n    from .sign_in.tokens import TokenStore"),
        ("sandbox.server", "from ..client.signing import api_sig"),
        ("media.views", "from ..sandbox import Sandbox"),
        ("sign_in.flow", "from .. import login"),
    ],
)
def test_a_planted_arrow_is_found(module: str, line: str) -> None:
    planted = {**IMPORTS, module: {*IMPORTS[module], *imports_of(module, line, set(IMPORTS))}}
    assert len(arrows_upward(planted)) == 1
    assert arrows_upward(planted)[0].startswith(f"{module} -> ")


@pytest.mark.parametrize(
    ("module", "line"),
    [
        ("client.signing", "if TYPE_CHECKING:\n    from .api import IpernityAPI"),
        ("sign_in.session", "def lazy():\n    from .flow import authorize"),
    ],
)
def test_a_planted_circle_is_found(module: str, line: str) -> None:
    planted = {**IMPORTS, module: {*IMPORTS[module], *imports_of(module, line, set(IMPORTS))}}
    assert module in circles(planted)
