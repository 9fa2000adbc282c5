"""What a process does that another one has started, with no more than it was given."""

from __future__ import annotations

from typing import Any

from flask import Flask

from flask_ipernity import Ipernity, ipernity
from flask_ipernity.sandbox import Sandbox
from tests.support.apps import Browser
from tests.support.visitor import sign_in


def club(config: dict[str, Any]) -> Flask:
    app = Flask("club")
    app.config.update(config, SECRET_KEY="test", IPERNITY_PERMISSIONS={"doc": "read"})
    app.test_client_class = Browser
    Ipernity(app)
    app.add_url_rule("/", "first", lambda: ipernity.authorize(next_url="/name"))
    app.add_url_rule("/name", "name", lambda: str((ipernity.api.user_info or {})["username"]))
    return app


def visit(config: dict[str, Any]) -> tuple[str, int]:
    """Sign in to an application on the sandbox of another process, and look at a picture."""
    with Sandbox(app_key="a" * 32) as own:
        # One of this process beside it, with other keys.
        assert own.config()["IPERNITY_APP_KEY"] != config["IPERNITY_APP_KEY"]
        doc_id = next(doc.doc_id for doc in own.state.docs.values() if doc.share == 4)
        picture = club(own.config()).test_client().get(f"/ipernity/doc/{doc_id}/240")
    client = club(config).test_client()
    return sign_in(client, "/").text, picture.status_code


def miss(config: dict[str, Any]) -> None:
    """Ask for a document that there is not."""
    with club(config).app_context():
        ipernity.public_api.doc.get(doc_id=999999)
