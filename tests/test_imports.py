"""What tests share is in ``tests.support``: no test module lives off another one."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

TESTS = Path(__file__).parent
MODULES = sorted(TESTS.rglob("*.py"))


def imported(path: Path, source: str) -> Iterator[str]:
    """Yield the modules and names that a module of the tests imports from the tests."""
    package = ["tests", *path.relative_to(TESTS).parts[:-1]]
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            parts = package[: len(package) - node.level + 1] if node.level else []
            base = ".".join([*parts, *filter(None, [node.module])])
            names = [f"{base}.{alias.name}" for alias in node.names]
        else:
            continue
        yield from (name for name in names if name.split(".")[0] == "tests")


def strays(path: Path, source: str) -> list[str]:
    """Return what a module imports from the tests and not from ``tests.support``."""
    return [name for name in imported(path, source) if not f"{name}.".startswith("tests.support.")]


def test_tests_import_only_what_is_there_to_be_shared() -> None:
    found = {str(path): strays(path, path.read_text("utf-8")) for path in MODULES}
    assert len(found) > 100
    assert {path: names for path, names in found.items() if names} == {}


@pytest.mark.parametrize(
    ("line", "found"),
    [
        ("from tests.media.test_proxy import document", "tests.media.test_proxy.document"),
        ("from .test_proxy import document", "tests.media.test_proxy.document"),
        ("from ..sign_in.test_tokens import a", "tests.sign_in.test_tokens.a"),
        ("from . import test_proxy", "tests.media.test_proxy"),
        ("from tests import conftest", "tests.conftest"),
        ("import tests.conftest", "tests.conftest"),
        ("def f():\n    from .conftest import app", "tests.media.conftest.app"),
    ],
)
def test_a_stray_import_is_found_however_it_is_written(line: str, found: str) -> None:
    assert strays(TESTS / "media" / "test_x.py", line) == [found]


def test_what_is_there_to_be_shared_is_no_stray_import() -> None:
    lines = "from tests import support\nfrom tests.support.stub import ok\nimport json\n"
    assert strays(TESTS / "media" / "test_x.py", lines) == []
