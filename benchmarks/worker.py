"""Do the measured work of one side in a separate process.

``worker.py ours|theirs|floor`` reads tasks as lines of JSON and answers each with a line. It
imports nothing of this project but, as ours, the extension: the same file runs in the environment
of the published reference.

An answer has the measured quantities and ``wrong``, the number of wrong answers, which must be 0.
"""

from __future__ import annotations

import gc
import importlib
import json
import subprocess
import sys
from collections.abc import Callable
from functools import partial
from importlib.metadata import version
from itertools import zip_longest
from time import perf_counter, process_time
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from flask import Flask

KEY, SECRET = "0123456789abcdef0123456789abcdef", "0a2b3c4d5e6a7b8d"
LISTING = {"user_id": "1234", "extra": "dates,count"}
#: Which versions each side reports.
SHOWN = {
    "ours": ("Flask-Ipernity", "Flask", "urllib3"),
    "theirs": ("Flask-Ipernity", "PyIpernity", "Flask", "requests", "urllib3"),
    "floor": ("urllib3",),
}


def application(side: str, url: str, **config: object) -> Flask:
    """Return a new application with the extension, which has no connection open.

    Version 0.1.0 of the extension has no setting for the URL of the API. The default of
    PyIpernity's argument is changed instead, which adds nothing to the measured way.
    """
    from flask import Flask

    app = Flask("benchmark")
    app.config.update(SECRET_KEY="bench", IPERNITY_APP_KEY=KEY, IPERNITY_APP_SECRET=SECRET)
    app.config.update(config)
    if side == "ours":
        app.config["IPERNITY_API_URL"] = url
    else:
        initialise: Any = importlib.import_module("ipernity").IpernityAPI.__init__
        token, auth, _, authorize_url = initialise.__defaults__
        initialise.__defaults__ = (token, auth, url, authorize_url)
    extension: Any = importlib.import_module("flask_ipernity")
    extension.Ipernity(app)
    return app


def right_page(answer: Any, number: int) -> bool:
    """Return whether an answer is the complete page *number* of the documents."""
    docs = answer["docs"]
    first = str(40_000_000 + 20 * (number - 1))
    return (
        docs["page"] == str(number) and len(docs["doc"]) == 20 and docs["doc"][0]["doc_id"] == first
    )


def make_calls(
    answers: list[Any], calls: int, echo: Callable[..., Any], get_list: Callable[..., Any]
) -> None:
    """Make that many calls, no two alike, and keep their answers."""
    for number in range(1, calls // 2 + 1):
        answers.append(echo(echo=f"call {number}"))
        answers.append(get_list(page=number, **LISTING))


def count_wrong(answers: list[Any], calls: int) -> int:
    """Return how many of the answers that :func:`make_calls` should give are missing or wrong."""
    right = 0
    for index, answer in enumerate(answers):
        number = index // 2 + 1
        right += right_page(answer, number) if index % 2 else answer["echo"] == f"call {number}"
    return calls - right


def view(side: str, url: str, calls: int) -> dict[str, float]:
    """Time one request to a view that makes API calls; as floor, the calls without Flask."""
    answers: list[Any] = []
    visit: Callable[[], object]
    if side == "floor":
        bare = bare_client(url)
        echo, get_list = partial(bare, "test.echo"), partial(bare, "doc.getList")
        visit = partial(make_calls, answers, calls, echo, get_list)
    else:
        ipernity: Any = importlib.import_module("flask_ipernity").ipernity
        app = application(side, url)

        @app.route("/")
        def overview() -> str:
            make_calls(
                answers,
                calls,
                lambda **given: ipernity.api.test.echo(**given),
                lambda **given: ipernity.api.doc.getList(**given),
            )
            return "done"

        visit = partial(app.test_client().get, "/")
    gc.collect()
    start = perf_counter()
    visit()
    seconds = perf_counter() - start
    return {"seconds": seconds, "wrong": count_wrong(answers, calls), "calls": calls}


def walk(side: str, url: str, documents: int) -> dict[str, float]:
    """Time one request to a view that goes through all documents of an account."""
    ipernity: Any = importlib.import_module("flask_ipernity").ipernity
    app = application(side, url)
    ids: list[str] = []

    @app.route("/")
    def all_documents() -> str:
        ids.extend(doc["doc_id"] for doc in ipernity.api.walk_docs(**LISTING))
        return "done"

    gc.collect()
    start = perf_counter()
    app.test_client().get("/")
    seconds = perf_counter() - start
    expected = [str(40_000_000 + number) for number in range(documents)]
    return {"seconds": seconds, "wrong": sum(a != b for a, b in zip_longest(ids, expected))}


def cpu(side: str, url: str, calls: int) -> dict[str, float]:
    """Measure the CPU time of one ``doc.getList``, over ``calls`` of them in one request."""
    if side == "floor":
        bare = bare_client(url)
        return processor_time(lambda: bare("doc.getList", page=1, **LISTING), calls)
    ipernity: Any = importlib.import_module("flask_ipernity").ipernity
    with application(side, url).test_request_context():
        return processor_time(lambda: ipernity.api.doc.getList(page=1, **LISTING), calls)


def cached(side: str, url: str, requests: int) -> dict[str, float]:
    """Measure a request to a view whose one call is answered from the session."""
    ipernity: Any = importlib.import_module("flask_ipernity").ipernity
    app = application(side, url, IPERNITY_CACHE_REQUESTS=True)
    app.add_url_rule("/", "view", lambda: ipernity.api.doc.getList(page=1, **LISTING))
    client = app.test_client()
    wrong = int(not right_page(client.get("/").json, 1))
    gc.collect()
    start = perf_counter()
    for _ in range(requests):
        wrong += client.get("/").status_code != 200
    return {"seconds": (perf_counter() - start) / requests, "wrong": wrong}


def processor_time(call: Callable[[], Any], calls: int) -> dict[str, float]:
    """Return the CPU seconds of this process, all its threads, per call."""
    wrong = int(not right_page(call(), 1))
    gc.collect()
    start = process_time()
    for _ in range(calls):
        wrong += len(call()["docs"]["doc"]) != 20
    seconds = (process_time() - start) / calls
    return {"seconds": seconds, "wrong": wrong, "calls": calls + 1}


def bare_client(url: str) -> Callable[..., Any]:
    """Return the smallest client with urllib3: the query, one pool, ``json.loads``."""
    import urllib3

    pool = urllib3.connection_from_url(url, timeout=urllib3.Timeout(5, 15))
    common = {"api_key": KEY, "lg": "en", "api_sig": "0" * 32}

    def call(method: str, **parameters: object) -> Any:
        query = {name: str(value) for name, value in parameters.items()} | common
        response = pool.request("GET", f"/api/{method}/json", fields=query, retries=False)
        return json.loads(response.data)

    return call


def imports(side: str) -> dict[str, float]:
    """Measure, in a new process, what importing the extension adds to Flask and urllib3."""
    done = subprocess.run([sys.executable, "-I", "-c", IMPORT], capture_output=True, check=True)
    return {"seconds": float(done.stdout), "wrong": 0}


IMPORT = """
import flask, urllib3, time
start = time.perf_counter()
import flask_ipernity
print(time.perf_counter() - start)
"""

TASKS: dict[str, Callable[..., dict[str, float]]] = {
    "cached": cached,
    "cpu": cpu,
    "imports": imports,
    "view": view,
    "walk": walk,
}


def main() -> None:
    """Report the versions in use, then do tasks until standard input ends."""
    side = sys.argv[1]
    if side == "theirs" and version("Flask-Ipernity") != "0.1.0":
        raise SystemExit("this environment does not have the published reference")
    print(json.dumps({"versions": {name: version(name) for name in SHOWN[side]}}), flush=True)
    for line in sys.stdin:
        task = json.loads(line)
        try:
            answer: dict[str, object] = dict(TASKS[task.pop("task")](side, **task))
        except Exception as error:
            answer = {"error": f"{side}: {type(error).__name__}: {error}"}
        print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    main()
