"""The application that :func:`tests.support.servers.gunicorn` runs for tests of media."""

from __future__ import annotations

import json
import os

from flask import Flask

from flask_ipernity import Ipernity, ipernity, ipernity_auth_required
from flask_ipernity.http import connection
from flask_ipernity.media import lookup, slots

application = Flask("tests")
application.config.update(SECRET_KEY="test", IPERNITY_PERMISSIONS={"doc": "read"})
application.config.update(json.loads(os.environ["TEST_CONFIG"]))
connection.RATE_WINDOW = application.config.pop("TEST_WINDOW", connection.RATE_WINDOW)
slots.MIN_RATE = application.config.pop("TEST_MIN_RATE", slots.MIN_RATE)
lookup.FRESH_SECONDS = application.config.pop("TEST_FRESH", lookup.FRESH_SECONDS)
lookup.STALE_SECONDS = application.config.pop("TEST_STALE", lookup.STALE_SECONDS)
lookup.MISSING_SECONDS = min(lookup.FRESH_SECONDS, lookup.MISSING_SECONDS)
Ipernity(application)


@application.route("/plain")
def plain() -> str:
    """Answer something that is easily told from media."""
    return "plain"


@application.route("/in")
@ipernity_auth_required()
def signed_in() -> str:
    """Lead to the sign-in."""
    return "in"


@application.route("/out")
def signed_out() -> str:
    """Sign out."""
    ipernity.logout()
    return "out"


@application.route("/video/<doc_id>")
def video(doc_id: str) -> str:
    """Show a video."""
    return f'<video src="{ipernity.media_url(doc_id, "mp4")}" muted></video>'
