"""The application of the rows about cached calls; gunicorn runs it."""

from __future__ import annotations

import os

from flask import Flask

from benchmarks.answers import DOCUMENTS
from flask_ipernity import Ipernity, ipernity


def from_environment() -> Flask:
    """Return an application that keeps results, and has a view with the same JSON."""
    app = Flask("benchmark")
    app.config.update(
        SECRET_KEY="bench",
        IPERNITY_APP_KEY="0" * 32,
        IPERNITY_APP_SECRET="0" * 16,
        IPERNITY_API_URL=os.environ["BENCH_API"],
        IPERNITY_CACHE_REQUESTS=True,
        IPERNITY_CACHE=os.environ["BENCH_CACHE"],
    )
    Ipernity(app)

    def call() -> dict[str, object]:
        return dict(ipernity.api.doc.getList(user_id="1234", extra=["dates", "count"]))

    app.add_url_rule("/cached", "cached", call)
    with app.app_context():
        answer = ipernity.api_for(None).doc.getList(user_id="1234", extra=["dates", "count"])
    assert answer["docs"]["total"] == str(DOCUMENTS)
    app.add_url_rule("/same", "same", lambda: dict(answer))
    return app
