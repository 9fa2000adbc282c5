"""The recipes of docs/observing.rst, with the real tools: what they see, and what they do not."""

from __future__ import annotations

import logging
import runpy
from collections.abc import Callable, Iterator
from functools import cache
from io import BytesIO
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from flask import Flask
from flask.testing import FlaskClient

from flask_ipernity import ipernity, ipernity_auth_required
from flask_ipernity.sandbox import Sandbox
from tests.support.apps import Browser
from tests.support.media import PATH, picture, world
from tests.support.neighbours import Club, package
from tests.support.visitor import sign_in

ROOT = Path(__file__).parents[2]
USUAL = {"host", "user-agent", "accept-encoding"}

#: What the visitor's browser, or a server in front of the site, sends.
TRACED = {
    "traceparent": "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
    "tracestate": "vendor=1",
    "baggage": "club=alpine,sentry-trace_id=0af7651916cd43dd8448eb211c80319c",
    "sentry-trace": "0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-1",
}


@cache
def recipe(tool: str) -> Callable[..., None]:
    """Return the function that the page shows; once, as some tools register its metrics."""
    names = runpy.run_path(str(ROOT / f"docs/examples/observing_{tool}.py"))
    observe: Callable[..., None] = names["observe"]
    return observe


class OpenTelemetry:
    """All that the SDK exports."""

    def __init__(self) -> None:
        export = package("opentelemetry.sdk.trace.export.in_memory_span_exporter")
        self.exporter = export.InMemorySpanExporter()
        provider = package("opentelemetry.sdk.trace").TracerProvider()
        processor = package("opentelemetry.sdk.trace.export").SimpleSpanProcessor(self.exporter)
        provider.add_span_processor(processor)
        package("opentelemetry.trace").set_tracer_provider(provider)
        metrics = package("opentelemetry.sdk.metrics")
        self.reader = package("opentelemetry.sdk.metrics.export").InMemoryMetricReader()
        package("opentelemetry.metrics").set_meter_provider(metrics.MeterProvider([self.reader]))

    @property
    def spans(self) -> list[Any]:
        found: list[Any] = self.exporter.get_finished_spans()
        return sorted(found, key=lambda span: span.start_time)

    def named(self, name: str) -> Any:
        """Return the first span of this name."""
        return next(span for span in self.spans if span.name == name)

    def text(self) -> str:
        data = self.reader.get_metrics_data()
        return "\n".join(span.to_json() for span in self.spans) + (data.to_json() if data else "")

    def tree(self) -> str:
        """Return the spans below their parents, with the source of each call and file."""
        lines: list[str] = []

        def add(parent: int | None, prefix: str, is_root: bool = False) -> None:
            children = [
                span
                for span in self.spans
                if (span.parent.span_id if span.parent else None) == parent
            ]
            for span in children:
                is_last = span is children[-1]
                source = span.attributes.get("ipernity.source")
                branch = "" if is_root else "└─ " if is_last else "├─ "
                lines.append(f"{prefix}{branch}{span.name}" + (f"  ({source})" if source else ""))
                deeper = "" if is_root else "   " if is_last else "│  "
                add(span.context.span_id, prefix + deeper)

        add(None, "", is_root=True)
        return "\n".join(lines)


@cache
def opentelemetry() -> OpenTelemetry:
    """Return what the SDK exports; its providers can be set once in a process."""
    return OpenTelemetry()


@pytest.fixture
def telemetry() -> OpenTelemetry:
    found = opentelemetry()
    found.exporter.clear()
    return found


@pytest.fixture
def sentry() -> Iterator[tuple[dict[str, Any], list[Any]]]:
    """Options for ``init``, and the events that the SDK sends."""
    events: list[Any] = []

    class Recorder(package("sentry_sdk.transport").Transport):  # type: ignore[misc]
        def capture_envelope(self, envelope: Any) -> None:
            events.extend(item.payload.json for item in envelope.items)

    yield (
        {"dsn": "http://key@sentry.invalid/1", "transport": Recorder, "traces_sample_rate": 1.0},
        events,
    )
    package("sentry_sdk").init()


def add_more_views(app: Flask) -> None:
    @app.get("/broken")
    @ipernity_auth_required({"doc": "read"})
    def broken() -> Any:
        docs = ipernity.api.walk_docs()
        return {"docs": list(docs), "first": 1 / 0}


def everything(club: Flask, sandbox: Sandbox, photo: bytes) -> set[str]:
    """Do all that a visitor does; return the secrets that were in it."""
    add_more_views(club)
    club.config["PROPAGATE_EXCEPTIONS"] = False
    sandbox.clear_calls()
    client = club.test_client()
    private = next(doc.doc_id for doc in sandbox.state.docs.values() if doc.share == 0)
    sign_in(client, "/private")
    form = {"photo": (BytesIO(photo), "wind.jpg")}
    sign_in(client, "/upload")
    assert client.post("/upload", data=form, content_type="multipart/form-data").status_code == 200
    assert client.get(f"/ipernity/doc/{private}/240").status_code == 200
    with club.test_request_context():
        signed = ipernity.media_url(private, "500", as_owner=True)
    part = club.test_client().get(signed, headers={"Range": "bytes=5-9"})
    assert (part.status_code, len(part.data)) == (206, 5)
    assert client.get("/missing").status_code == 404
    sandbox.fault("user.get", "503")
    assert client.get("/away").status_code == 502
    assert client.get("/broken").status_code == 500
    sandbox.clear_faults()
    cookie = client.get_cookie("session")
    assert cookie is not None
    secrets = {cookie.value, sandbox.app_secret, *parse_qs(urlsplit(signed).query)["signature"]}
    for call in sandbox.calls:
        secrets |= {call.params.get(name, "") for name in ("auth_token", "api_sig", "frob")}
    for request in sandbox.media_requests:
        secrets.add(request.path.split(".")[1])
    secrets -= {""}
    assert len(secrets) > 15
    return secrets


@pytest.fixture
def owned(club: Club, sandbox: Sandbox) -> Callable[[Callable[[Flask], Any]], Flask]:
    def build(observe: Callable[[Flask], Any]) -> Flask:
        return club(after=observe, IPERNITY_OWNER_TOKEN=sandbox.sign_in())

    return build


def test_opentelemetry_sees_calls_and_files_and_no_secret(
    owned: Any, sandbox: Sandbox, photo: bytes, telemetry: OpenTelemetry
) -> None:
    secrets = everything(owned(recipe("opentelemetry")), sandbox, photo)
    text = telemetry.text()
    assert {secret for secret in secrets if secret in text} == set()
    call = telemetry.named("ipernity doc.getList")
    (page,) = [span for span in telemetry.spans if span.context.span_id == call.parent.span_id]
    assert page.name == "GET /private"
    assert page.start_time <= call.start_time < call.end_time <= page.end_time
    assert call.attributes["ipernity.bytes"] > 100
    failed = telemetry.named("ipernity user.get")
    assert failed.attributes["error.type"] == "ServiceUnavailableError"
    assert failed.attributes["ipernity.retries"] == 2
    assert not failed.status.is_ok
    file = telemetry.named("ipernity file 500")
    assert (file.attributes["ipernity.bytes"], file.attributes["ipernity.complete"]) == (5, True)


def test_the_spans_of_a_gallery_page_are_those_of_the_page(
    sandbox: Sandbox, telemetry: OpenTelemetry
) -> None:
    site = ROOT / "examples/photographer"
    create_app = runpy.run_path(str(site / "app.py"), run_name="app")["create_app"]
    owner = sandbox.people[0].user_id
    app = create_app({"SECRET_KEY": "test", **sandbox.config(), "PHOTOGRAPHER": owner})
    app.root_path = str(site)
    app.test_client_class = Browser
    recipe("opentelemetry")(app)
    client: FlaskClient = app.test_client()
    docs = sandbox.state.docs.values()
    doc_id = next(doc.doc_id for doc in docs if doc.owner_id == owner and doc.share == 4)
    for path in (f"/photos/{doc_id}", f"/ipernity/doc/{doc_id}/500", f"/photos/{doc_id}"):
        assert client.get(path).status_code == 200
    shown = (ROOT / "docs/observing.rst").read_text(encoding="utf-8")
    tree = telemetry.tree()
    assert "\n".join(f"    {line}" for line in tree.splitlines()) in shown, tree


def test_prometheus_counts_calls_files_and_bytes_and_sees_no_secret(
    owned: Any, sandbox: Sandbox, photo: bytes
) -> None:
    prometheus: Any = package("prometheus_client")

    def value(name: str, **labels: str) -> float:
        return prometheus.REGISTRY.get_sample_value(name, labels) or 0.0

    observe = recipe("prometheus")
    failed = {"method": "user.get", "source": "uncached", "error": "ServiceUnavailableError"}
    before = value("ipernity_calls_total", **failed)
    parts = value("ipernity_files_total", label="500", status="206", error="")
    secrets = everything(owned(observe), sandbox, photo)
    text = prometheus.generate_latest().decode()
    assert {secret for secret in secrets if secret in text} == set()
    assert value("ipernity_calls_total", **failed) == before + 1
    assert value("ipernity_files_total", label="500", status="206", error="") == parts + 1
    assert value("ipernity_call_seconds_count", source="uncached") > 5
    assert value("ipernity_file_bytes_total") > 1000
    assert value("ipernity_files_open") == 0


def test_prometheus_tells_hits_and_pauses_apart(club: Club, sandbox: Sandbox) -> None:
    prometheus: Any = package("prometheus_client")

    def counts() -> list[float]:
        found = []
        for source, error in (("miss", ""), ("hit", ""), ("miss", "QuotaExceeded")):
            labels = {"method": "user.get", "source": source, "error": error}
            value = prometheus.REGISTRY.get_sample_value("ipernity_calls_total", labels)
            found.append(value or 0.0)
        return found

    app = club(
        after=recipe("prometheus"),
        IPERNITY_CACHE="memory",
        IPERNITY_CACHE_REQUESTS=True,
        PROPAGATE_EXCEPTIONS=False,
    )
    before, client = counts(), app.test_client()
    assert [client.get("/away").status_code for _ in range(3)] == [200] * 3
    with app.app_context():
        ipernity.cache_clear()
    sandbox.fault("user.get", "113", times=1)
    assert [client.get("/away").status_code for _ in range(4)] == [503] * 4
    assert [now - then for now, then in zip(counts(), before, strict=True)] == [1, 2, 4]


def test_sentry_has_breadcrumbs_and_spans_and_no_secret(
    owned: Any, sandbox: Sandbox, photo: bytes, sentry: tuple[dict[str, Any], list[Any]]
) -> None:
    options, events = sentry
    app = owned(lambda app: recipe("sentry")(app, **options))
    secrets = everything(app, sandbox, photo)
    package("sentry_sdk").flush()
    text = repr(events)
    assert {secret for secret in secrets if secret in text} == set()
    (crash,) = [event for event in events if "ZeroDivisionError" in repr(event.get("exception"))]
    crumbs = crash["breadcrumbs"]["values"]
    assert "doc.getList" in {crumb["message"] for crumb in crumbs}
    assert crumbs[-1]["category"] == "ipernity.call"
    pages = [event for event in events if event.get("type") == "transaction"]
    spans = {span["description"] for page in pages for span in page["spans"]}
    assert "ipernity doc.getList" in spans
    assert not [name for name in spans if "http://" in name]


def test_the_log_has_a_line_for_each_call_and_file_and_no_secret(
    owned: Any, sandbox: Sandbox, photo: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    secrets = everything(owned(recipe("logging")), sandbox, photo)
    assert {secret for secret in secrets if secret in caplog.text} == set()
    lines = [line.getMessage() for line in caplog.records if line.name == "site.ipernity"]
    assert any(line.startswith("user.get: ServiceUnavailableError, ") for line in lines)
    assert any(line.startswith("500 of ") and ": 206, " in line for line in lines)


@pytest.mark.parametrize("tool", ["opentelemetry", "sentry"])
def test_headers_of_a_trace_do_not_travel_to_the_service_nor_to_its_media(
    tool: str, sentry: tuple[dict[str, Any], list[Any]], telemetry: OpenTelemetry
) -> None:
    options, _ = sentry
    with world(picture()) as here:
        if tool == "sentry":
            recipe(tool)(here.app, **options, trace_propagation_targets=[".*"])
        else:
            recipe(tool)(here.app)
        assert here.client.get(PATH, headers=TRACED).status_code == 200
        for request in (*here.api.requests, *here.source.requests):
            assert set(request.headers) <= {*USUAL, "content-type", "content-length"}
        assert here.api.requests
        assert here.source.requests
