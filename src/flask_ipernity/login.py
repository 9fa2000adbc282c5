"""Ipernity as the identity provider of Flask-Login; imported only with ``IPERNITY_LOGIN``.

The visitor who is signed in with Ipernity is the user of Flask-Login. Signing out of one signs out
of the other.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import Blueprint, Flask, current_app, redirect, request, session
from werkzeug.wrappers import Response

from .errors import ConfigurationError
from .settings import Settings
from .sign_in import flow
from .sign_in.guard import ask_to_sign_in
from .sign_in.visitor import visitor_api
from .signals import signed_in, signed_out, token_forgotten
from .web.navigation import is_from_elsewhere, is_navigation
from .web.next_url import home
from .web.pages import page

try:
    from flask_login import (
        UserMixin,
        login_user,
        logout_user,
        session_protected,
        user_logged_out,
    )
except ImportError:
    raise ConfigurationError(
        "IPERNITY_LOGIN needs the package Flask-Login: pip install Flask-Ipernity[login]"
    ) from None

ip_login = Blueprint("ip_login", __name__)


class User(UserMixin):  # type: ignore[misc]
    """A visitor who is signed in.

    :param account: the account, as Ipernity describes it.
    """

    def __init__(self, account: Mapping[str, Any]) -> None:
        self.id = str(account["user_id"])
        self.username = str(account.get("username") or "")
        self.realname = str(account.get("realname") or "")

    def __repr__(self) -> str:
        return f"<User({self.id})>"


def init_app(app: Flask, settings: Settings) -> None:
    """Connect *app* and its login manager to Ipernity.

    A user loader or a ``login_view`` of the application takes precedence, whether it is set
    before or later.

    :raises ConfigurationError: the application has no login manager yet.
    """
    manager: Any = getattr(app, "login_manager", None)
    if manager is None:
        raise ConfigurationError(
            "IPERNITY_LOGIN needs Flask-Login to be set up first: call LoginManager(app)"
            " before Ipernity(app)."
        )
    if manager.user_callback is None:
        manager.user_loader(load_user)
    if manager.login_view is None:
        manager.login_view = "ip_login.login"
    app.register_blueprint(ip_login, url_prefix=settings.login_url_prefix)
    signed_in.connect(_on_signed_in, app)
    signed_out.connect(_on_ended, app)
    token_forgotten.connect(_on_ended, app)
    user_logged_out.connect(_on_logged_out, app)
    session_protected.connect(_on_protected, app)


@ip_login.get("/login")
def login() -> Response:
    """Redirect to Ipernity, and after the sign-in to the URL in ``next``."""
    return ask_to_sign_in(next_url=request.args.get("next", ""))


@ip_login.route("/logout", methods=["GET", "POST"])
def logout() -> Response:
    """Sign out. Ask first if the request may not be the visitor's intention."""
    meant = request.method == "POST" or (request.method == "GET" and is_navigation(request))
    if is_from_elsewhere(request) or not meant:
        return page("sign_out.html")
    flow.logout()
    return redirect(home(request), 303)


def load_user(user_id: str) -> User | None:
    """Return the user from what is stored with the token, without an API call."""
    if "ipernity" not in current_app.extensions:
        return None  # a login manager may serve several applications
    api = visitor_api()
    account = api.known_user
    if api.token is None or account is None or str(account.get("user_id")) != user_id:
        return None
    return User(account)


def _on_signed_in(sender: Flask, user: Mapping[str, Any], **_: object) -> None:
    login_user(User(user))


def _on_ended(sender: Flask, **_: object) -> None:
    if "_user_id" in session:
        logout_user()


def _on_logged_out(sender: Flask, **_: object) -> None:
    flow.logout()


def _on_protected(sender: Flask, **_: object) -> None:
    # With SESSION_PROTECTION = "strong", Flask-Login ends a session that is used by another
    # client.
    if "_user_id" not in session and visitor_api().token is not None:
        flow.logout()
