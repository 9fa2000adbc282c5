"""Count how often the extension changes modules on its way through typical requests.

Run ``python -m benchmarks.trips`` (or ``make trips``) in the project's folder. Each *trip* is one
request through Flask's test client, against the sandbox, or a part of one. While it runs, a
profile function (:func:`sys.setprofile`) sees each call of a Python function in the thread of the
request and in threads that the request starts.

calls
    Calls of functions whose source file is in the folder of ``flask_ipernity``, each resumption
    of a generator and, before Python 3.12, each comprehension included. Calls of other packages
    are not counted, and neither are those of the sandbox.

modules
    How many different modules these functions are from. The generated module with the methods of
    the API counts like any other.

changes
    How many of these calls enter another module than the call before it, in the order in which the
    calls begin. The first call of a trip is none, and that a function returns is none either. This
    is what the walks of the review of ``041fa7d`` counted. It is more than the number of calls
    whose caller is in another module: code that goes to a helper and then on to a third module is
    counted twice, because that is what its reader has to do.

most re-entered
    The modules that were entered most often by such changes. A first call counts here.

Redis
    Commands that were sent to a real ``redis-server``, and round trips: how often the application
    sent something and then waited, so that a pipeline is one. Counted between the two, in the
    bytes on the wire.

Before a trip is counted it is made once with another object (another member's list, another
picture, another visitor), so that neither imports nor first connections count. Garbage collection
rests meanwhile. What each trip does is written in the docstring of its function; it fails if the
response is not the expected one.

No internal module is named here, so that the figures of two versions can be compared although
their modules have other names.
"""

from __future__ import annotations

import argparse
import gc
import json
import sys
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from functools import cached_property
from importlib.util import find_spec
from itertools import groupby, pairwise
from pathlib import Path
from types import CodeType, FrameType
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from flask import Flask
from flask.testing import FlaskClient
from tests.support.visitor import consent

import flask_ipernity
from benchmarks.processes import BenchmarkError, Missing
from benchmarks.programs import redis_server
from benchmarks.redis_commands import RedisCounter, counted
from flask_ipernity import Ipernity, ipernity, ipernity_auth_required
from flask_ipernity.sandbox import Sandbox

PACKAGE = Path(flask_ipernity.__file__).parent

#: The part of the package that stands for the service and is not counted.
NOT_COUNTED = "sandbox"

#: How many of the most re-entered modules the table shows.
SHOWN_MODULES = 4

#: What is measured.
Step = Callable[[], object]


class Entry(NamedTuple):
    """One call of a function of the package."""

    module: str
    function: str


class Recorder:
    """Record the calls of the package's functions, by thread and in the order they begin."""

    def __init__(self) -> None:
        #: The calls of each thread.
        self.threads: dict[int, list[Entry]] = {}
        self._modules: dict[CodeType, str | None] = {}

    def record(self, step: Step) -> None:
        """Do *step* and record what it calls."""
        collects = gc.isenabled()
        gc.collect()
        gc.disable()
        threading.setprofile(self._profile)
        sys.setprofile(self._profile)
        try:
            step()
        finally:
            sys.setprofile(None)
            threading.setprofile(None)
            if collects:
                gc.enable()

    def _profile(self, frame: FrameType, event: str, argument: object) -> None:
        if event != "call":
            return
        code = frame.f_code
        if code not in self._modules:
            self._modules[code] = module_of(code)
        if module := self._modules[code]:
            entries = self.threads.setdefault(threading.get_ident(), [])
            entries.append(Entry(module, code.co_qualname))


def module_of(code: CodeType) -> str | None:
    """Return the module of *code*, without the package's name; ``None`` if it is not counted."""
    path = Path(code.co_filename)
    if not path.is_relative_to(PACKAGE):
        return None
    parts = path.relative_to(PACKAGE).with_suffix("").parts
    if parts[0] == NOT_COUNTED:
        return None
    return ".".join(parts).removesuffix(".__init__")


@dataclass
class Walk:
    """What was counted on one trip."""

    #: The calls of each thread, in the order they begin.
    threads: list[list[Entry]]
    #: The commands of each round trip to Redis; ``None`` on trips without Redis.
    round_trips: list[list[str]] | None = None

    @property
    def calls(self) -> int:
        """The number of calls."""
        return sum(map(len, self.threads))

    @property
    def modules(self) -> int:
        """The number of different modules."""
        return len({entry.module for thread in self.threads for entry in thread})

    @property
    def changes(self) -> int:
        """The number of changes from one module to another."""
        return sum(a.module != b.module for thread in self.threads for a, b in pairwise(thread))

    @property
    def entered(self) -> Counter[str]:
        """How often each module was entered."""
        return Counter(module for thread in self.threads for module, _ in visits(thread))

    def as_json(self) -> dict[str, object]:
        """Return what is counted as JSON can hold it."""
        return {
            "calls": self.calls,
            "modules": self.modules,
            "changes": self.changes,
            "entered": dict(self.entered.most_common()),
            "redis_round_trips": self.round_trips,
        }


def visits(entries: list[Entry]) -> Iterator[tuple[str, list[str]]]:
    """Yield each module that is entered, with the functions that are called before the next."""
    for module, group in groupby(entries, key=lambda entry: entry.module):
        yield module, [entry.function for entry in group]


@dataclass
class Stage:
    """What one trip needs: a sandbox, and applications that use it."""

    sandbox: Sandbox
    #: Ends what the trip has begun.
    stack: ExitStack
    #: The Redis server, for trips that use it.
    redis_url: str | None = None

    def application(self, **settings: object) -> Flask:
        """Return a new application with the views that the trips visit."""
        app = Flask("trips")
        app.config.update(SECRET_KEY="trips", IPERNITY_PERMISSIONS={"doc": "read"})
        app.config.update(self.sandbox.config())
        app.config.update(settings)
        Ipernity(app)

        @app.route("/list/<user_id>")
        def documents_of(user_id: str) -> dict[str, Any]:
            return dict(ipernity.api.doc.getList(user_id=user_id))

        @app.route("/title/<doc_id>/<title>")
        def set_title(doc_id: str, title: str) -> dict[str, Any]:
            return dict(ipernity.owner_api.doc.set(doc_id=doc_id, title=title))

        @app.route("/protected")
        @ipernity_auth_required()
        def protected() -> str:
            return "signed in"

        return app

    @cached_property
    def members(self) -> list[str]:
        """The ids of the sandbox's members."""
        return [person.user_id for person in self.sandbox.people]

    def photos(self, *, private: bool = False) -> list[str]:
        """Return the ids of the first member's photos: of the public ones, or of all others."""
        # Another application than that of the trip, which must not learn their URLs.
        with self.application().app_context():
            public, own = (
                [
                    doc["doc_id"]
                    for doc in ipernity.api_for(token).doc.getList(
                        user_id=self.members[0], media="photo", per_page=100
                    )["docs"]["doc"]
                ]
                for token in (None, self.sandbox.sign_in())
            )
        return [doc_id for doc_id in own if doc_id not in public] if private else public


def get(client: FlaskClient, path: str, *, redirects: bool = False) -> str:
    """Visit *path*, take the response whole, and return where it leads to, if anywhere.

    :param redirects: whether the response must be a redirect; else it must be 200.
    :raises BenchmarkError: it is another one.
    """
    response = client.get(path, buffered=True)
    if response.status_code not in ((302, 303) if redirects else (200,)):
        raise BenchmarkError(f"the status of {path} is {response.status_code}")
    response.close()
    return response.location or ""


def picture(doc_id: str) -> str:
    """Return the path of a thumbnail."""
    return f"/ipernity/doc/{doc_id}/240"


def callback_of(client: FlaskClient, person: int) -> str:
    """Start to sign in at the protected view, consent as *person*, and return the callback."""
    target = urlsplit(consent(get(client, "/protected", redirects=True), person))
    return f"{target.path}?{target.query}"


def sign_in(client: FlaskClient, person: int) -> None:
    """Sign in as *person*."""
    get(client, callback_of(client, person), redirects=True)
    get(client, "/protected")


def first_call(stage: Stage) -> Step:
    """Visit a view that makes one API call, a list of documents, without a cache."""
    client = stage.application().test_client()
    get(client, f"/list/{stage.members[0]}")
    return lambda: get(client, f"/list/{stage.members[1]}")


def second_call(stage: Stage) -> Step:
    """Make the same call once more in a request that has made one; only the call is counted."""
    app = stage.application()
    get(app.test_client(), f"/list/{stage.members[2]}")
    stage.stack.enter_context(app.test_request_context())
    ipernity.api.doc.getList(user_id=stage.members[0])
    return lambda: ipernity.api.doc.getList(user_id=stage.members[1])


def memory_miss(stage: Stage) -> Step:
    """Visit the view of the first call with a cache in memory that does not have the result."""
    client = caching(stage, "memory").test_client()
    get(client, f"/list/{stage.members[0]}")
    return lambda: get(client, f"/list/{stage.members[1]}")


def memory_hit(stage: Stage) -> Step:
    """Visit that view with a cache in memory that has the result."""
    client = caching(stage, "memory").test_client()
    for member in (stage.members[0], stage.members[0], stage.members[1]):
        get(client, f"/list/{member}")
    return lambda: get(client, f"/list/{stage.members[1]}")


def redis_miss(stage: Stage) -> Step:
    """Visit that view with a cache in Redis that does not have the result."""
    client = caching(stage, stage.redis_url).test_client()
    get(client, f"/list/{stage.members[0]}")
    return lambda: get(client, f"/list/{stage.members[1]}")


def redis_write(stage: Stage) -> Step:
    """Visit a view that changes a title (``doc.set``) with the owner's token; cache in Redis."""
    photos = stage.photos()
    token = stage.sandbox.sign_in(permissions={"doc": "write"})
    client = caching(stage, stage.redis_url, IPERNITY_OWNER_TOKEN=token).test_client()
    get(client, f"/title/{photos[0]}/One")
    return lambda: get(client, f"/title/{photos[1]}/Two")


def caching(stage: Stage, store: object, **settings: object) -> Flask:
    """Return an application that keeps results in *store*."""
    return stage.application(IPERNITY_CACHE_REQUESTS=True, IPERNITY_CACHE=store, **settings)


def picture_known(stage: Stage) -> Step:
    """Ask the media proxy for a public thumbnail whose URL at Ipernity is known."""
    first, second = stage.photos()[:2]
    client = stage.application().test_client()
    for doc_id in (first, first, second):
        get(client, picture(doc_id))
    return lambda: get(client, picture(second))


def picture_unknown(stage: Stage) -> Step:
    """Ask it for a public thumbnail whose URL it has to ask Ipernity for."""
    first, second = stage.photos()[:2]
    client = stage.application().test_client()
    get(client, picture(first))
    return lambda: get(client, picture(second))


def picture_private(stage: Stage) -> Step:
    """Ask it, signed in, for a thumbnail that only the visitor may see; its URL is not known."""
    first, second = stage.photos(private=True)[:2]
    client = stage.application().test_client()
    sign_in(client, 0)
    get(client, picture(first))
    return lambda: get(client, picture(second))


def redirect(stage: Stage) -> Step:
    """Visit a protected view without being signed in: a redirect to Ipernity."""
    app = stage.application()
    get(app.test_client(), "/protected", redirects=True)
    client = app.test_client()
    return lambda: get(client, "/protected", redirects=True)


def callback(stage: Stage) -> Step:
    """Come back from Ipernity's consent page: the frob is exchanged for a token."""
    app = stage.application()
    sign_in(app.test_client(), 1)
    client = app.test_client()
    path = callback_of(client, 0)
    return lambda: get(client, path, redirects=True)


def signed_in(stage: Stage) -> Step:
    """Visit a protected view, signed in."""
    app = stage.application()
    sign_in(app.test_client(), 1)
    client = app.test_client()
    sign_in(client, 0)
    return lambda: get(client, "/protected")


class Trip(NamedTuple):
    """A trip of the table."""

    title: str
    #: Prepares the trip and returns what is counted.
    prepare: Callable[[Stage], Step]
    needs_redis: bool = False


TRIPS: dict[str, Trip] = {
    "first-call": Trip("API call, first in a request, no cache", first_call),
    "second-call": Trip("API call, second", second_call),
    "memory-miss": Trip("API call, miss, memory", memory_miss),
    "memory-hit": Trip("API call, hit, memory, first in a request", memory_hit),
    "redis-miss": Trip("API call, miss, Redis", redis_miss, needs_redis=True),
    "redis-write": Trip("API call that writes, Redis", redis_write, needs_redis=True),
    "picture-known": Trip("picture, URL known", picture_known),
    "picture-unknown": Trip("picture, URL unknown", picture_unknown),
    "picture-private": Trip("private picture", picture_private),
    "redirect": Trip("protected view, redirect to Ipernity", redirect),
    "callback": Trip("callback", callback),
    "signed-in": Trip("protected view, signed in", signed_in),
}


def walk(name: str) -> Walk:
    """Make a trip and return what was counted.

    :raises Missing: it needs Redis, which is not installed.
    :raises BenchmarkError: it went wrong.
    """
    trip = TRIPS[name]
    with ExitStack() as stack:
        counter: RedisCounter | None = None
        sandbox = stack.enter_context(Sandbox(callback_url="http://localhost/ipernity/cb"))
        stage = Stage(sandbox, stack)
        if trip.needs_redis:
            if find_spec("redis") is None:
                raise Missing("the Python package redis is not installed")
            server = stack.enter_context(redis_server())
            stage.redis_url, counter = stack.enter_context(counted(server))
        step = trip.prepare(stage)
        recorder = Recorder()
        if counter is not None:
            counter.clear()
        recorder.record(step)
        walked = Walk(list(recorder.threads.values()))
        if counter is not None:
            walked.round_trips = [list(commands) for commands in counter.round_trips]
        return walked


def redis_text(walked: Walk) -> str:
    """Return in words what was sent to Redis."""
    if walked.round_trips is None:
        return ""
    commands = Counter(name for names in walked.round_trips for name in names)
    counts = ", ".join(f"{count} {name}" for name, count in commands.most_common())
    total = commands.total()
    return f"{total} commands ({counts}) in {len(walked.round_trips)} round trips"


def print_table(walks: dict[str, Walk | BenchmarkError]) -> None:
    """Print one line for each trip."""
    width = max(len(TRIPS[name].title) for name in walks)
    names = max(map(len, walks))
    print(f"{'trip':{width}}  {'name':{names}}  calls  modules  changes  most re-entered")
    for name, walked in walks.items():
        start = f"{TRIPS[name].title:{width}}  {name:{names}}"
        if isinstance(walked, BenchmarkError):
            print(f"{start}  not counted: {walked}")
            continue
        most = walked.entered.most_common(SHOWN_MODULES)
        entered = ", ".join(f"{module} {count}" for module, count in most)
        print(f"{start}  {walked.calls:5}  {walked.modules:7}  {walked.changes:7}  {entered}")
    for name, walked in walks.items():
        if isinstance(walked, Walk) and (text := redis_text(walked)):
            print(f"\n{TRIPS[name].title}: {text}")


def print_trace(walked: Walk) -> None:
    """Print each module that a trip enters, with the functions it calls there."""
    for thread in walked.threads:
        for number, (module, functions) in enumerate(visits(thread)):
            repeated = (
                function if (count := len(list(group))) == 1 else f"{function} ×{count}"
                for function, group in groupby(functions)
            )
            print(f"{number:4}  {module:24}  {', '.join(repeated)}")
        print()
    if text := redis_text(walked):
        print(text)


def main() -> int:
    """Return 1 if a trip went wrong; else 0, also where Redis is not installed."""
    parser = argparse.ArgumentParser(
        prog="trips", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--json", action="store_true", help="print JSON in place of the table")
    parser.add_argument("--trace", metavar="NAME", choices=TRIPS, help="print each step of a trip")
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"only: {', '.join(TRIPS)}")
    arguments = parser.parse_args()
    if unknown := set(arguments.names) - set(TRIPS):
        parser.error(f"no such trip: {', '.join(sorted(unknown))}")
    if arguments.trace:
        try:
            print_trace(walk(arguments.trace))
        except BenchmarkError as error:
            parser.exit(1, f"{arguments.trace}: not counted: {error}\n")
        return 0
    walks: dict[str, Walk | BenchmarkError] = {}
    for name in arguments.names or TRIPS:
        try:
            walks[name] = walk(name)
        except BenchmarkError as error:
            walks[name] = error
    if arguments.json:
        shown = {
            name: walked.as_json() if isinstance(walked, Walk) else {"not_counted": str(walked)}
            for name, walked in walks.items()
        }
        print(json.dumps(shown, indent=2))
    else:
        print_table(walks)
    failed = (
        isinstance(one, BenchmarkError) and not isinstance(one, Missing) for one in walks.values()
    )
    return int(any(failed))


if __name__ == "__main__":
    sys.exit(main())
