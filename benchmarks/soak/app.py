"""The application that each server runs; ``SOAK_CONFIG`` holds its configuration as JSON."""

from __future__ import annotations

import json
import os
from typing import Any

from flask import Flask, request

from flask_ipernity import Ipernity, ipernity, ipernity_auth_required

application = Flask("soak")
application.config.update(json.loads(os.environ["SOAK_CONFIG"]))
Ipernity(application)
# Servers that fork after this have a connection to inherit.
with application.app_context():
    ipernity.api_for(None).test.hello()


def listed(answer: Any) -> list[list[str]]:
    """Return the id and the title of each document of a list."""
    return [[doc["doc_id"], doc["title"]] for doc in answer["docs"].get("doc", ())]


@application.get("/me")
@ipernity_auth_required()
def me() -> Any:
    """Say who is signed in."""
    assert ipernity.api.user_info
    return {"user_id": ipernity.api.user_info["user_id"]}


@application.get("/fresh")
@ipernity_auth_required()
def fresh() -> Any:
    """List one's own documents, as the service has them now."""
    return listed(ipernity.api.uncached.doc.getList(per_page=100))


@application.get("/of/<user_id>")
def of(user_id: str) -> Any:
    """List what the visitor may see of somebody's documents, by the cache."""
    return listed(ipernity.api.doc.getList(user_id=user_id, per_page=100))


@application.get("/user/<user_id>")
def user(user_id: str) -> Any:
    """Say what the service answers for a user."""
    return {"user_id": ipernity.api.uncached.user.get(user_id=user_id)["user"]["user_id"]}


@application.post("/upload")
@ipernity_auth_required()
def upload() -> Any:
    """Make a private document of a file."""
    file = request.files["file"]
    return {"doc_id": ipernity.api.upload_file(file, title=request.form["title"], share=0)}


@application.post("/delete/<doc_id>")
@ipernity_auth_required()
def delete(doc_id: str) -> Any:
    """Delete a document."""
    ipernity.api.doc.delete(doc_id=doc_id)
    return {}


@application.post("/out")
def out() -> Any:
    """Sign out."""
    ipernity.logout()
    return {}


def asgi() -> Any:
    """Return the application for servers that speak ASGI."""
    from a2wsgi import WSGIMiddleware

    return WSGIMiddleware(application, workers=8)
