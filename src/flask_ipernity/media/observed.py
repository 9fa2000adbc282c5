"""Tells those who watch the application which files it sends."""

from __future__ import annotations

from flask import Flask

from ..signals import MediaTransfer, media_sent, media_started
from .relay import RelayedBody
from .responses import MediaResponse


def started(app: Flask, doc_id: str, label: str) -> MediaTransfer | None:
    """Tell that a visitor asks for a file; return ``None`` if nobody wants to know.

    Documents and labels that cannot exist are not told: a metric for each would have no end.
    """
    if not (media_started.receivers or media_sent.receivers):
        return None
    transfer = MediaTransfer(doc_id, label)
    media_started.send(app, transfer=transfer)
    return transfer


def answered(app: Flask, transfer: MediaTransfer, response: MediaResponse) -> None:
    """Tell how *transfer* ends: now or, if *response* has a file, when that is passed on."""
    body = response.response
    transfer.status = response.status_code
    if not isinstance(body, RelayedBody):
        transfer.complete = transfer.error is None
        if "X-Accel-Redirect" in response.headers:
            transfer.source = "offload"
        ended(app, transfer)
        return
    transfer.source = "host"

    def closed() -> None:
        transfer.bytes, transfer.complete, transfer.error = body.given, body.is_complete, body.error
        ended(app, transfer)

    body.on_close = closed


def ended(app: Flask, transfer: MediaTransfer) -> None:
    """Tell that *transfer* has ended."""
    transfer.end()
    media_sent.send(app, transfer=transfer)
