from time import time_ns

from flask import request
from opentelemetry import trace
from opentelemetry.instrumentation.flask import FlaskInstrumentor
from opentelemetry.trace import SpanKind, StatusCode

from flask_ipernity import api_called, media_sent, media_started

tracer = trace.get_tracer("flask_ipernity")


def observe(app):
    FlaskInstrumentor().instrument_app(app)
    app.before_request(hide_query)
    spans = {}

    @api_called.connect_via(app)
    def call_ended(app, call, **extra):
        end = time_ns()
        span = tracer.start_span(
            f"ipernity {call.method}",
            kind=SpanKind.CLIENT,
            start_time=end - int(call.seconds * 1e9),
            attributes={
                "ipernity.source": call.cache,
                "ipernity.retries": call.retries,
                "ipernity.bytes": call.bytes,
            },
        )
        end_span(span, call.error, end)

    @media_started.connect_via(app)
    def file_started(app, transfer, **extra):
        spans[transfer] = tracer.start_span(f"ipernity file {transfer.label}")

    @media_sent.connect_via(app)
    def file_sent(app, transfer, **extra):
        span = spans.pop(transfer)
        span.set_attribute("ipernity.source", transfer.source or "none")
        span.set_attribute("ipernity.bytes", transfer.bytes)
        span.set_attribute("ipernity.complete", transfer.complete)
        end_span(span, transfer.error)


def end_span(span, error, end=None):
    if error:
        span.set_attribute("error.type", error)
        span.set_status(StatusCode.ERROR)
    span.end(end)


def hide_query():
    # The callback's URL has a one-time code, a signed picture's has the signature.
    span = trace.get_current_span()
    span.set_attribute("http.target", request.path)
    span.set_attribute("http.url", request.base_url)
    span.set_attribute("url.query", "")
