"""A photo gallery, as an example of an application with Flask-Ipernity."""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus
from ipaddress import ip_address
from secrets import token_hex
from typing import Any
from urllib.parse import urlsplit

from flask import Flask, abort, current_app, request

from .. import Ipernity
from .views import IdConverter, gallery


def create_app(config: Mapping[str, Any]) -> Flask:
    """Return the gallery.

    :param config: the application's configuration: ``IPERNITY_APP_KEY``,
        ``IPERNITY_APP_SECRET`` and other settings of Flask-Ipernity, and
        ``DEMO_USER``, the id of the member whose photos are shown. Without it
        the home page shows what is popular. With ``DEMO_ADDRESS``, the URL of the gallery,
        other names of this machine lead there. Unless ``TRUSTED_HOSTS`` is set, the gallery
        answers only to names of this machine.
    """
    app = Flask(__name__)
    app.config.from_mapping(
        # A new key at each start signs all visitors out.
        SECRET_KEY=token_hex(),
        # Browsers share cookies between the ports of a host.
        SESSION_COOKIE_NAME="flask_ipernity_demo",
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        IPERNITY_PERMISSIONS={"doc": "read"},
        DEMO_USER=None,
        DEMO_ADDRESS=None,
        DEMO_LOCAL=False,
    )
    app.config.from_mapping(config)
    app.before_request(_check_host)
    app.url_map.converters["id"] = IdConverter
    Ipernity(app)
    app.register_blueprint(gallery)
    return app


def _check_host() -> None:
    """Answer 421 to a request for another host.

    A page of any website can let a name of its own resolve to this machine (DNS rebinding), and
    read the photos of a folder.
    """
    if current_app.config["TRUSTED_HOSTS"] is not None:
        # Flask has checked it.
        return
    try:
        parts = urlsplit(f"//{request.host}")
        host = parts.hostname or ""
        local = parts.username is None and (host == "localhost" or ip_address(host).is_loopback)
    except ValueError:
        local = False
    if not local:
        abort(HTTPStatus.MISDIRECTED_REQUEST)
