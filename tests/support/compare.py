"""Runs ``compare`` against a sandbox, and changes what the sandbox answers on its way."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import md5
from typing import Any

from werkzeug.test import run_wsgi_app

from flask_ipernity.cli import cli
from flask_ipernity.cli.compare.assumptions import all_assumptions
from flask_ipernity.cli.compare.picture import new_picture
from flask_ipernity.cli.compare.plan import PLAN, VISITS
from flask_ipernity.cli.compare.run import Outcome, Run
from flask_ipernity.cli.compare.samples import Samples
from flask_ipernity.cli.compare.sign_in import authorize_url
from flask_ipernity.cli.compare.wire import Answer, Wire
from flask_ipernity.cli.environment import from_environment
from flask_ipernity.sandbox import Sandbox
from flask_ipernity.sandbox.methods.auth import new_frob
from flask_ipernity.settings import Settings
from tests.support import commands
from tests.support.lookup import ADA

#: What ``compare --write`` needs.
ENOUGH = {"doc": "delete", "network": "read"}


@dataclass(frozen=True)
class Compared:
    """What a run has printed, and how it ended."""

    status: int
    out: str
    err: str

    @property
    def report(self) -> dict[str, Any]:
        """The report of a run with ``--json``."""
        document = json.loads(self.out)
        assert isinstance(document, dict)
        return document

    def ids(self, verdict: str) -> set[str]:
        """Return the ids of the assumptions with this verdict."""
        rows = self.report["assumptions"]
        return {row["id"] for row in rows if row["verdict"] == verdict}

    def details(self, assumption: str) -> list[str]:
        """Return what the report says about one assumption."""
        [row] = [row for row in self.report["assumptions"] if row["id"] == assumption]
        return list(row["details"])


def environment(sandbox: Sandbox, token: str | None = None) -> dict[str, str]:
    """Return the variables with which ``flask-ipernity`` finds a sandbox."""
    config = {
        name: ",".join(value) if isinstance(value, tuple) else str(value)
        for name, value in sandbox.config().items()
    }
    return {**config, "IPERNITY_OWNER_TOKEN": token or ""}


def compare(
    sandbox: Sandbox,
    *options: str,
    token: str | None = None,
    user: int | None = ADA,
) -> Compared:
    """Run the command against a sandbox.

    :param options: of the command; without any, ``--json``.
    :param token: the owner's.
    :param user: whose lists are looked at, as an index; None lets the command choose.
    """
    arguments = ["compare", "--pace", "0", *(options or ["--json"])]
    if user is not None:
        arguments += ["--user", sandbox.people[user].user_id]
    done = commands.runner().invoke(cli, arguments, env=environment(sandbox, token))
    if done.exception is not None and not isinstance(done.exception, SystemExit):
        raise done.exception
    return Compared(done.exit_code, done.stdout, done.stderr)


@dataclass
class Sent:
    """A response of the sandbox on its way, to be changed."""

    #: The API method, or the path of a file.
    method: str
    params: Mapping[str, str]
    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    def replace(self, data: Any) -> None:
        """Send other JSON."""
        self.body = json.dumps(data).encode()


Change = Callable[[Sent], None]


@contextmanager
def planted(sandbox: Sandbox, change: Change, *, media: bool = False) -> Iterator[None]:
    """Change what the sandbox sends, behind all of its code.

    :param change: is given each response.
    :param media: change files, not answers.
    """
    server = sandbox._servers[int(media)]
    original = server.app

    def app(environ: Any, start_response: Any) -> Iterable[bytes]:
        path, query = environ["PATH_INFO"], environ["QUERY_STRING"]
        chunks, status, headers = run_wsgi_app(original, environ, buffered=True)
        name = path if media else path.removeprefix("/api/").partition("/")[0]
        params = dict(part.partition("=")[::2] for part in query.split("&"))
        sent = Sent(name, params, int(status[:3]), dict(headers), b"".join(chunks))
        before = sent.body
        change(sent)
        if sent.body != before:
            sent.headers["Content-Length"] = str(len(sent.body))
        start_response(f"{sent.status} -", list(sent.headers.items()))
        return [sent.body]

    server.app = app
    try:
        yield
    finally:
        server.app = original


def state_of(sandbox: Sandbox) -> str:
    """Return everything of a sandbox that people can see."""
    state = sandbox.state
    with state.lock:
        return repr((state.docs, state.albums, state.folders, state.groups, state.posts))


def all_ids() -> set[str]:
    """Return the ids of all assumptions."""
    return {assumption.id for assumption in all_assumptions()}


def recorded(sandbox: Sandbox) -> Outcome:
    """Return the answers of a sandbox to all calls, to be judged again and again."""
    settings = Settings.read(from_environment({**environment(sandbox), "IPERNITY_LANG": "en"}))
    wire = Wire(settings, 0)
    wire.token = sandbox.sign_in(ADA, ENOUGH)
    wire.picture = new_picture()
    used_frob = new_frob(sandbox.state, sandbox.app_key, "web", "0", {}).value
    given = {
        "user": sandbox.people[ADA].user_id,
        "title": "flask-ipernity compare 00000000",
        "md5": md5(wire.picture).hexdigest(),
        "used_frob": used_frob,
        "authorize_url": authorize_url(settings, ENOUGH),
    }
    del sandbox.state.frobs[used_frob]
    run = Run(wire, Samples(given), ("read", "sign-in", "write"), ENOUGH, lambda step: None)
    run.carry_out(PLAN)
    wire.close()
    visits = {name: Answer(200, {"given": "", "empty": ""}, b"") for name in VISITS}
    run.outcome.answers.update(visits)
    return run.outcome
