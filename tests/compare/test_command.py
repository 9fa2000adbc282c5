"""The command: what it runs for, what it announces, how it ends."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable, Iterator
from html import unescape
from pathlib import Path
from threading import Thread
from typing import Any

import click
import pytest
import urllib3
from flask import Flask
from flask.cli import ScriptInfo

from flask_ipernity import Ipernity
from flask_ipernity.cli import cli
from flask_ipernity.cli.compare import compare as compare_command
from flask_ipernity.cli.compare import plan, sign_in, wire
from flask_ipernity.cli.compare.plan import PLAN
from flask_ipernity.cli.compare.wire import MADE_UP
from flask_ipernity.cli.environment import from_environment
from flask_ipernity.sandbox import Sandbox
from flask_ipernity.sandbox.authorize import PERSON_COOKIE
from flask_ipernity.settings import Settings
from tests.support import commands, servers
from tests.support.compare import ENOUGH, compare, environment
from tests.support.lookup import ADA
from tests.support.raw_http import port_of
from tests.support.visitor import consent
from tests.support.waiting import until

SETTINGS = {"IPERNITY_APP_KEY": "key", "IPERNITY_APP_SECRET": "secret"}


def invoke(*arguments: str, **environ: str) -> Any:
    cleared = dict.fromkeys(SETTINGS, "")
    return commands.runner().invoke(cli, ["compare", *arguments], env=cleared | environ)


@pytest.mark.parametrize("options", [[], ["--sign-in"], ["--write"]])
def test_a_dry_run_names_each_call_and_makes_none(service: Sandbox, options: list[str]) -> None:
    service.clear_calls()
    service.media_requests.clear()
    done = invoke("--dry-run", *options, **environment(service))
    assert done.exit_code == 0
    assert service.calls == []
    assert service.media_requests == []
    lines = re.findall(r"^ *(\d+) (GET|POST|HEAD) (\S+)", done.stdout, re.MULTILINE)
    assert [int(number) for number, _, _ in lines] == list(range(1, len(lines) + 1))
    assert "upload.file" in done.stdout or "--write" not in options
    assert {"POST"} != {verb for _, verb, _ in lines}
    service.clear_calls()
    compare(service, "--json", *options, token=service.sign_in(ADA, ENOUGH))
    made = Counter(call.method for call in service.calls)
    announced = Counter(name for _, _, name in lines)
    # Once more, it is asked what the token may do.
    assert made - announced <= Counter({"auth.checkToken": 1})


def test_a_dry_run_needs_no_key() -> None:
    assert invoke("--dry-run").exit_code == 0


def test_a_run_makes_150_calls_at_most() -> None:
    most = sum(step.times for step in PLAN)
    assert most + 2 + wire.KEPT_FOR_CLEANING <= wire.MAX_CALLS <= 150
    assert f"At most {most} calls" in invoke("--dry-run", "--write").stdout


def test_reading_makes_only_calls_that_read(service: Sandbox) -> None:
    service.clear_calls()
    compare(service, "--json", "--sign-in", token=service.sign_in(ADA, {"doc": "read"}))
    used = set(service.state.docs)
    for call in service.calls:
        if call.http_method == "POST" and not call.method.startswith(("test.", "auth.")):
            assert not used & set(call.params.values())
            assert call.params.get("doc_id", "999999999999") == "999999999999"


def test_calls_are_paced(service: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    slept: list[float] = []
    now = [0.0]

    def sleep(seconds: float) -> None:
        slept.append(seconds)
        now[0] += seconds

    monkeypatch.setattr(wire, "sleep", sleep)
    monkeypatch.setattr(wire, "monotonic", lambda: now[0])
    monkeypatch.setattr(plan, "PLAN", PLAN[:11])
    done = commands.runner().invoke(cli, ["compare", "--json"], env=environment(service))
    assert done.exit_code == 0
    assert len(slept) == 10
    assert all(seconds == pytest.approx(0.3) for seconds in slept)


@pytest.mark.parametrize("options", [["--nonsense"], ["--pace", "-1"], ["--pace", "x"], ["more"]])
def test_wrong_usage_ends_with_2(options: list[str]) -> None:
    assert invoke(*options, **SETTINGS).exit_code == 2


@pytest.mark.parametrize(
    ("environ", "said"),
    [
        ({}, "IPERNITY_APP_KEY is missing"),
        ({"IPERNITY_APP_KEY": "key"}, "IPERNITY_APP_SECRET is missing"),
        ({**SETTINGS, "IPERNITY_API_URL": "nowhere"}, "IPERNITY_API_URL must be"),
    ],
)
def test_without_settings_it_says_what_is_missing(environ: dict[str, str], said: str) -> None:
    done = invoke(**environ)
    assert done.exit_code == 1
    assert said in done.stderr
    assert done.stdout == ""


def test_it_runs_for_the_application_of_flask(service: Sandbox) -> None:
    app = Flask("example")
    app.config.update(service.config(), IPERNITY_LANG="de")
    Ipernity(app)
    service.clear_calls()
    runner = app.test_cli_runner()
    done = runner.invoke(cli, ["compare", "--pace", "0", "--json"])
    assert done.exit_code == 0
    assert json.loads(done.stdout)["counts"]["different"] == 0
    assert {call.params["lg"] for call in service.calls if "lg" in call.params} == {"de"}


def test_an_application_without_the_extension_is_told_so() -> None:
    done = Flask("example").test_cli_runner().invoke(cli, ["compare"])
    assert done.exit_code == 1
    assert "Call Ipernity(app)" in done.output


def test_an_application_with_a_wrong_setting_is_told_so() -> None:
    def create() -> Flask:
        app = Flask("example")
        app.config.update(SETTINGS, IPERNITY_TIMEOUT="long")
        Ipernity(app)
        return app

    done = commands.runner().invoke(cli, ["compare"], obj=ScriptInfo(create_app=create))
    assert done.exit_code == 1
    assert "IPERNITY_TIMEOUT must be" in done.stderr


def test_a_key_that_is_refused_ends_the_run_at_once(service: Sandbox) -> None:
    service.clear_calls()
    done = invoke("--json", "--pace", "0", **{**environment(service), "IPERNITY_APP_KEY": "0" * 32})
    assert done.exit_code == 1
    assert "refuses IPERNITY_APP_KEY (error 101)" in done.stderr
    assert len(service.calls) == 1
    counts = json.loads(done.stdout)["counts"]
    assert counts["same"] == counts["different"] == 0


def test_a_service_that_cannot_be_reached_ends_the_run_soon() -> None:
    url = f"http://127.0.0.1:{servers.free_port()}/api/"
    done = invoke("--pace", "0", **SETTINGS, IPERNITY_API_URL=url)
    assert done.exit_code == 1
    assert "the service cannot be reached: no connection" in done.stderr
    assert re.search(r"0 as assumed, 0 different, \d+ not seen; 3 calls", done.stdout)


@pytest.mark.parametrize("kind", ["112", "113", "429"])
def test_a_service_that_wants_no_more_calls_gets_none(service: Sandbox, kind: str) -> None:
    service.clear_calls()
    service.fault("doc.search", kind)
    try:
        done = compare(service)
    finally:
        service.clear_faults()
    assert done.status == 1
    assert "the service wants no more calls" in done.err
    assert service.calls[-1].method == "doc.search"
    assert done.ids("same")
    assert done.ids("different") == set()


def test_a_token_that_is_refused_is_named(service: Sandbox) -> None:
    done = compare(service, "--sign-in", token="1-0123456789abcdef")
    assert done.status == 1
    assert "does not accept IPERNITY_OWNER_TOKEN" in done.err
    assert "0123456789abcdef" not in done.err


class Person:
    """Opens the link that is printed, and answers."""

    def __init__(self, answer: str | None) -> None:
        self.answer = answer
        self.link = ""

    def __call__(self) -> None:
        if self.answer == "Ctrl-C":
            raise KeyboardInterrupt
        if self.answer is not None:
            consent_at_desktop(self.link, self.answer)


def consent_at_desktop(link: str, answer: str) -> None:
    with pytest.raises(KeyError):
        # There is no redirect.
        consent(link, answer=answer)


@pytest.fixture
def person(monkeypatch: pytest.MonkeyPatch) -> Person:
    """Let somebody sit before the terminal and its browser."""
    somebody = Person("allow")
    echo = click.echo

    def heard(text: object = "", **options: Any) -> None:
        if found := re.search(r"https?://\S+/authorize\S+", str(text)):
            somebody.link = found[0]
        echo(text, **options)

    monkeypatch.setattr(click, "echo", heard)
    monkeypatch.setattr(sign_in, "wait_for_enter", somebody)
    return somebody


def test_a_person_signs_in_with_a_browser(service: Sandbox, person: Person) -> None:
    done = compare(service, "--json", "--write")
    assert done.status == 0
    assert "frob.single-use" in done.ids("same")
    assert person.link in done.err
    assert person.link not in done.out


@pytest.mark.parametrize("answer", ["refuse", None])
def test_without_an_agreement_no_call_with_a_token_is_made(
    service: Sandbox, person: Person, answer: str | None
) -> None:
    person.answer = answer
    service.clear_calls()
    done = compare(service, "--json", "--sign-in")
    assert done.status == 1
    assert "not confirmed" in done.err
    assert {call.method for call in service.calls} == {"auth.getFrob", "auth.getToken"}


def test_ctrl_c_instead_of_an_agreement_ends_with_130(service: Sandbox, person: Person) -> None:
    person.answer = "Ctrl-C"
    done = compare(service, "--json", "--sign-in")
    assert done.status == 130
    assert done.err.endswith("Stopped.\n")


def test_each_option_is_in_the_documentation() -> None:
    text = (Path(__file__).parents[2] / "docs/compare.rst").read_text("utf-8")
    described = set(re.findall(r"^\.\. option:: (--[a-z-]+)", text, re.MULTILINE))
    assert described == {name for param in compare_command.params for name in param.opts}


@pytest.fixture
def browser(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., None]]:
    """Return a function that lets a browser open the link that is printed."""
    threads: list[Thread] = []
    echo = click.echo

    def opens(visit: Callable[[str], object]) -> None:
        def heard(text: object = "", **options: Any) -> None:
            if found := re.search(r"https?://\S+/authorize\S+", str(text)):
                threads.append(Thread(target=visit, args=[found[0]]))
                threads[-1].start()
            echo(text, **options)

        monkeypatch.setattr(click, "echo", heard)

    yield opens
    for thread in threads:
        thread.join()


def get(url: str, **headers: str) -> tuple[int, str]:
    response = urllib3.request("GET", url, headers=headers, retries=False, redirect=False)
    return response.status, response.headers.get("Location") or response.data.decode()


@pytest.fixture
def port(service: Sandbox, monkeypatch: pytest.MonkeyPatch) -> int:
    """Return the port of this machine that the key's callback is on."""
    free = servers.free_port()
    monkeypatch.setattr(service, "callback_url", f"http://127.0.0.1:{free}/ipernity/cb")
    return free


def test_a_browser_comes_back_to_this_machine(
    service: Sandbox, browser: Any, port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sign_in, "AGAIN", 0.1)
    statuses: list[int] = []

    def visit(link: str) -> None:
        forged = f"http://127.0.0.1:{port}/ipernity/cb?frob=1-0123456789abcdef"
        statuses.append(get(forged, Host=f"evil.example:{port}")[0])
        statuses.append(get(forged, **{"Sec-Fetch-Mode": "no-cors", "Sec-Fetch-Dest": "image"})[0])
        statuses.append(get(forged, **{"Sec-Purpose": "prefetch"})[0])
        statuses.append(get(f"http://127.0.0.1:{port}/favicon.ico")[0])
        statuses.append(get(consent(link))[0])

    browser(visit)
    done = compare(service, "--json", "--sign-in", "--port", str(port))
    assert done.status == 0
    assert {"frob.single-use", "authorize.asks-again"} <= done.ids("same")
    assert done.details("authorize.refused") == ["the person has agreed"]
    assert statuses == [400, 400, 400, 400, 200]


def test_a_page_that_asks_only_once_is_found_and_named(
    service: Sandbox, browser: Any, port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(service.unknowns, "consent", "remember")

    def visit(link: str) -> None:
        _, page = get(consent(link))
        found = re.search('refresh content="2;url=([^"]*)"', page)
        assert found
        until(lambda: any(call.method == "auth.getToken" for call in service.calls))
        cookie = f"{PERSON_COOKIE}={service.people[ADA].user_id}"
        _, back = get(unescape(found[1]), Cookie=cookie)
        get(back)

    service.clear_calls()
    browser(visit)
    done = compare(service, "--json", "--sign-in", "--port", str(port))
    assert done.ids("different") == {"authorize.asks-again"}
    assert done.status == 1


@pytest.mark.parametrize(
    ("denial", "details"),
    [
        ("callback", []),
        ("empty", ["the callback is given an empty “frob”"]),
        ("error", ["the callback is given “error”"]),
    ],
)
def test_how_a_refusal_comes_back_is_found_and_named(
    service: Sandbox,
    browser: Any,
    port: int,
    monkeypatch: pytest.MonkeyPatch,
    denial: str,
    details: list[str],
) -> None:
    monkeypatch.setattr(service.unknowns, "denial", denial)
    browser(lambda link: get(consent(link, answer="refuse")))
    service.clear_calls()
    done = compare(service, "--json", "--write", "--port", str(port))
    assert done.status == 1
    assert "not confirmed" in done.err
    assert done.ids("different") == ({"authorize.refused"} if details else set())
    assert done.details("authorize.refused") == details
    assert {call.params.get("auth_token") for call in service.calls} == {None, MADE_UP}


def test_a_port_that_is_taken_is_named(service: Sandbox) -> None:
    port = port_of(service.url)
    done = compare(service, "--json", "--sign-in", "--port", str(port))
    assert done.status == 1
    assert f"Port {port} cannot be used" in done.err


@pytest.mark.parametrize("prefix", ["", "FLASK_"])
def test_the_settings_that_the_sandbox_prints_are_read(service: Sandbox, prefix: str) -> None:
    config = {**service.config(), "IPERNITY_LANG": "en"}
    printed = {
        prefix + key: value if isinstance(value, str) else json.dumps(value)
        for key, value in config.items()
    }
    assert Settings.read(from_environment(printed)) == Settings.read(config)
    assert from_environment({"IPERNITY_MEDIA_HOSTS": "a.example,.b.example"}) == {
        "IPERNITY_MEDIA_HOSTS": ("a.example", ".b.example")
    }
