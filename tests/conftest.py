"""A fresh sandbox for each test, applications that are connected to it, and real programs."""

from __future__ import annotations

import os
import random
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, get_args

import pytest
from flask import Flask

from flask_ipernity import Ipernity
from flask_ipernity.sandbox import Sandbox
from flask_ipernity.sandbox.unknowns import EmptyLists
from tests.support import needs
from tests.support.apps import CALLBACK, Browser, MakeApp
from tests.support.redis import RedisServer
from tests.support.routes import build_when_needed

if TYPE_CHECKING:
    from playwright.sync_api import Browser as Chromium

# Whatever process a test starts, a deprecated call fails it, too.
os.environ["PYTHONWARNINGS"] = needs.STRICT_WARNINGS

build_when_needed()

#: Fixtures, and values of parameters, whose tests need a program, by the marker.
BY_FIXTURE = {"chromium": "browser", "redis": "redis"}
BY_PARAMETER = {"redis": "redis", "valkey": "redis"}


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--order",
        metavar="SEED",
        type=int,
        help="run the tests in the random order of this seed; 0 is the order of the files",
    )
    parser.addoption(
        "--empty-lists",
        choices=get_args(EmptyLists),
        default="absent",
        help="how the sandbox answers empty lists where nobody knows",
    )


def pytest_configure(config: pytest.Config) -> None:
    if config.option.order is None:
        chosen = random.SystemRandom().randint(1, 99_999)
        config.option.order = getattr(config, "workerinput", {}).get("order", chosen)


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    """Give pytest-xdist's workers the order of all."""
    node.workerinput["order"] = node.config.option.order


def pytest_report_header(config: pytest.Config) -> str:
    return f"order of the tests: --order={config.option.order}"


def pytest_terminal_summary(terminalreporter: Any, config: pytest.Config) -> None:
    if terminalreporter.stats.get("failed") or terminalreporter.stats.get("error"):
        terminalreporter.write_line(f"They ran in the order of --order={config.option.order}")


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    for item in items:
        for marker in markers_of(item):
            item.add_marker(marker)
    if config.option.order:
        shuffle(items, config.option.order)


def markers_of(item: pytest.Item) -> set[str]:
    """Return the markers that follow from what a test takes."""
    found = {BY_FIXTURE.get(name) for name in getattr(item, "fixturenames", ())}
    if (call := getattr(item, "callspec", None)) is not None:
        found |= {BY_PARAMETER.get(value) for value in call.params.values() if type(value) is str}
    return {marker for marker in found if marker}


def shuffle(items: list[pytest.Item], seed: int) -> None:
    """Shuffle the modules, and the tests of each, which share its fixtures."""
    dice = random.Random(seed)
    modules: dict[str, list[pytest.Item]] = {}
    for item in items:
        modules.setdefault(item.nodeid.partition("::")[0], []).append(item)
    groups = list(modules.values())
    dice.shuffle(groups)
    for group in groups:
        dice.shuffle(group)
    items[:] = [item for group in groups for item in group]


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    needs.markers = {marker.name for marker in item.iter_markers()}


@pytest.fixture
def sandbox_options() -> dict[str, Any]:
    """What the sandbox is made with; modules with other needs override this."""
    return {"callback_url": CALLBACK}


@pytest.fixture
def sandbox(sandbox_options: dict[str, Any], pytestconfig: pytest.Config) -> Iterator[Sandbox]:
    """A running sandbox whose callback is that of Flask's test client."""
    options = {"empty_lists": pytestconfig.option.empty_lists, **sandbox_options}
    with Sandbox(**options) as running:
        yield running


@pytest.fixture
def make_app(sandbox: Sandbox) -> MakeApp:
    """Make applications; settings of the test win over those of the sandbox."""

    def make(**config: object) -> Flask:
        app = Flask("tests")
        app.config.update(SECRET_KEY="test", IPERNITY_PERMISSIONS={"doc": "read"})
        app.config.update(sandbox.config())
        app.config.update(config)
        app.test_client_class = Browser
        Ipernity(app)
        return app

    return make


@pytest.fixture
def app(make_app: MakeApp) -> Flask:
    """An application with the settings of the README."""
    return make_app()


@pytest.fixture(scope="session")
def redis(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisServer]:
    """A Redis for all tests of a process; a test that kills one starts its own."""
    with RedisServer(tmp_path_factory.mktemp("redis")) as running:
        yield running


# Not of the session: as long as Playwright runs, no view of the process can be asynchronous.
@pytest.fixture(scope="module")
def chromium() -> Iterator[Chromium]:
    """A real Chromium, without a tab."""
    from tests.support.chromium import launched

    with launched() as browser:
        yield browser
