"""Views that tests give to an application."""

from __future__ import annotations

from typing import Any

from flask import Flask

from flask_ipernity import (
    ipernity,
    ipernity_auth_required,
)


def with_views(app: Flask) -> Flask:
    """Add views of each kind: for all, for two permissions, and to sign out."""

    @app.route("/who")
    def who() -> Any:
        return (ipernity.api.user_info or {}).get("username", "nobody")

    @app.route("/read", methods=["GET", "POST"])
    @ipernity_auth_required()
    def read() -> Any:
        return ipernity.api.docs.getList()

    @app.route("/write")
    @ipernity_auth_required({"doc": "write", "network": "read"})
    async def write() -> Any:
        return dict(ipernity.api.permissions or {})

    @app.route("/out", methods=["POST"])
    def out() -> Any:
        ipernity.logout()
        return "bye"

    return app


def with_sign_in(app: Flask) -> Flask:
    """Add ``/in``, which leads to the sign-in."""

    @app.route("/in")
    @ipernity_auth_required()
    def signed() -> str:
        return "in"

    return app
