from datetime import UTC, datetime, timedelta

import sentry_sdk

from flask_ipernity import api_called, media_sent


def observe(app, **options):
    sentry_sdk.init(before_send=without_query, before_send_transaction=without_query, **options)

    @api_called.connect_via(app)
    def call_ended(app, call, **extra):
        add("call", call.method, call.error, source=call.cache, bytes=call.bytes)
        begin = datetime.now(UTC) - timedelta(seconds=call.seconds)
        name = f"ipernity {call.method}"
        sentry_sdk.start_span(op="http.client", name=name, start_timestamp=begin).finish()

    @media_sent.connect_via(app)
    def file_sent(app, transfer, **extra):
        add("file", transfer.label, transfer.error, status=transfer.status, bytes=transfer.bytes)


def add(kind, message, error, **data):
    sentry_sdk.add_breadcrumb(
        category=f"ipernity.{kind}",
        message=message,
        level="error" if error else "info",
        data={"error": error, **data},
    )


def without_query(event, hint):
    # The callback's URL has a one-time code, a signed picture's has the signature.
    event.get("request", {}).pop("query_string", None)
    return event
