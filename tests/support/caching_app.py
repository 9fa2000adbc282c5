"""An application that keeps results, and what a test asks it."""

from __future__ import annotations

from typing import Any

from flask import Flask, request
from flask.testing import FlaskClient

from flask_ipernity import (
    ipernity,
)
from flask_ipernity.sandbox import Sandbox
from tests.support.apps import MakeApp


def how(client: FlaskClient, method: str = "doc.getList", **params: object) -> str:
    """Make a call by the application; return where its result is from."""
    response = client.get(f"/call/{method}", query_string=params)
    assert response.status_code == 200, response.text
    return str(response.json["how"])  # type: ignore[index]


def signed_in(app: Flask, sandbox: Sandbox, person: int = 0) -> FlaskClient:
    """Return a browser in which a person is signed in who may do all."""
    client = app.test_client()
    token = sandbox.sign_in(person, {"doc": "delete"})
    client.get(f"/in/{person}/{token}")
    return client


#: Names that the fixture ``store`` takes.
SERVER_SIDE = ["memory", "redis", "valkey", "cachelib", "files", "flask-caching"]


STORES = ["session", *SERVER_SIDE]


def caching(make_app: MakeApp, store: Any, **config: object) -> Flask:
    """Make an application that keeps results in *store*, and makes calls by HTTP."""
    app = make_app(IPERNITY_CACHE_REQUESTS=True, IPERNITY_CACHE=store, **config)
    if hasattr(store, "init_app"):
        store.init_app(app)

    @app.route("/call/<method>", methods=["GET", "POST"])
    def call(method: str) -> Any:
        answer = ipernity.api.call(method, **request.args.to_dict())
        how = ipernity.last_call.cache if ipernity.last_call else ""
        return {"answer": answer, "how": how}

    @app.route("/in/<int:person>/<token>")
    def sign_in(person: int, token: str) -> Any:
        from flask_ipernity.sign_in.visitor import visitor_api

        user = {"user_id": str(person), "username": "N"}
        visitor_api().keep({"token": token, "user": user, "permissions": {"doc": "delete"}})
        return "in"

    @app.route("/clear/<what>")
    def clear(what: str) -> str:
        match what:
            case "all":
                ipernity.cache_clear()
            case "viewer":
                ipernity.cache_clear(viewer=ipernity.api)
            case "both":
                ipernity.cache_clear("docs.getList", viewer=ipernity.api)
            case method:
                ipernity.cache_clear(method)
        return "cleared"

    @app.route("/who")
    def who() -> Any:
        return "in" if ipernity.api.token else "out"

    return app
