"""Ipernity as the identity provider of Flask-Login; imported only with ``IPERNITY_LOGIN``.

The visitor who is signed in with Ipernity is the user of Flask-Login. Signing out of one signs out
of the other.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from flask import Blueprint, Flask, abort, current_app, g, redirect, request, session
from werkzeug.wrappers import Response

from .errors import ConfigurationError, missing_package
from .settings import Settings
from .sign_in import flow
from .sign_in.authorize import is_strict_cookie_missing, start_url
from .sign_in.guard import ask_to_sign_in, wanted_permissions
from .sign_in.session import leave_cookie_alone
from .sign_in.visitor import visitor_api
from .signals import signed_in, visitor_left
from .state import AppState, PerRequest
from .web.navigation import is_from_us, is_navigation
from .web.next_url import current_url, home, is_prefix_forged
from .web.pages import error_response, page

try:
    from flask_login import (
        COOKIE_NAME,
        UserMixin,
        current_user,
        login_user,
        logout_user,
        session_protected,
        user_accessed,
        user_logged_out,
        user_unauthorized,
    )
except ImportError:
    raise ConfigurationError(missing_package("IPERNITY_LOGIN", "Flask-Login", "login")) from None

ip_login = Blueprint("ip_login", __name__)

LOGIN_VIEW = "ip_login.login"


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
    before or later. The loader is asked only for the account of the visitor's token.

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
        manager.login_view = LOGIN_VIEW
    app.register_blueprint(ip_login, url_prefix=settings.login_url_prefix)
    signed_in.connect(_on_signed_in, app)
    visitor_left.connect(_on_left, app)
    user_accessed.connect(_bind_loader, app)
    user_unauthorized.connect(_on_unauthorized, app)
    user_logged_out.connect(_on_logged_out, app)
    session_protected.connect(_on_protected, app)


@ip_login.get("/login")
def login() -> Response:
    """Redirect to Ipernity, and after the sign-in to the URL in ``next``."""
    next_url = request.args.get("next", "")
    if _is_refused():
        # Another sign-in would end here again.
        return error_response(
            403,
            "Not a member",
            "You are signed in with Ipernity, but this site does not let your account in.",
            reason="not_a_member",
            sign_in=start_url(next_url, wanted_permissions()),
        )
    return ask_to_sign_in(next_url=next_url)


def _is_refused() -> bool:
    """Return whether the application's user loader does not let in the visitor who is signed in."""
    account = visitor_api().known_user
    return (
        account is not None
        and session.get("_user_id") == str(account.get("user_id"))
        and not current_user.is_authenticated
    )


@ip_login.route("/logout", methods=["GET", "POST"])
def logout() -> Response:
    """Sign out. Ask first if the request may not be the visitor's intention."""
    meant = request.method == "POST" or (request.method == "GET" and is_navigation(request))
    if not meant or not is_from_us(request):
        response = page("sign_out.html")
        # Without a referrer, browsers would not say that the button is ours.
        response.headers["Referrer-Policy"] = "same-origin"
        return response
    flow.logout()
    return redirect(home(request), 303)


def load_user(user_id: str) -> User | None:
    """Return the user from what is stored with the token, without an API call."""
    account = _account(user_id)
    return None if account is None else User(account)


def _account(user_id: str) -> Mapping[str, Any] | None:
    """Return the account of the visitor if there is a token of *user_id*."""
    if not _is_in_use():
        return None
    api = visitor_api()
    account = api.known_user
    if api.token is None or account is None or str(account.get("user_id")) != user_id:
        return None
    return account


def _is_in_use() -> bool:
    # A login manager may serve several applications.
    state = current_app.extensions.get("ipernity")
    return isinstance(state, AppState) and state.settings.login


class _BoundLoader:
    """Loads users with the user loader of the application, but only those who have a token.

    The token is the only source of who is signed in. Flask-Login's own session and its "remember
    me" cookie may be older than the sign-out.

    :param load: the user loader.
    """

    def __init__(self, load: Callable[[str], Any]) -> None:
        self._load = load

    def __call__(self, user_id: str) -> Any:
        if not _is_in_use() or _account(user_id) is not None:
            return self._load(user_id)
        # The response to another request may be late, and the store may come back.
        if is_navigation(request) and not visitor_api().is_unknown:
            _end_login()
        elif "_id" not in session:
            # Flask-Login has just written this into the session, for "remember me".
            for key in ("_user_id", "_fresh"):
                session.pop(key, None)
            leave_cookie_alone()
        return None


def _bind_loader(sender: Flask, **_: object) -> None:
    """Bind the user loader, which the application may set at any time."""
    manager: Any = sender.login_manager  # type: ignore[attr-defined]
    if not isinstance(manager.user_callback, _BoundLoader):
        manager.user_loader(_BoundLoader(manager.user_callback or load_user))


def _end_login() -> None:
    """End Flask-Login's session and "remember me", without the end of the sign-in."""
    name = current_app.config.get("REMEMBER_COOKIE_NAME", COOKIE_NAME)
    is_remembered = name in request.cookies and session.get("_remember") != "clear"
    if "_user_id" not in session and not is_remembered:
        return
    manager: Any = current_app.login_manager  # type: ignore[attr-defined]
    if "_login_user" not in g:
        # logout_user() asks who it is, and this may be called while the user is loaded.
        manager._update_request_context_with_user()
    _ending()[:] = [True]
    try:
        logout_user()
    finally:
        _ending().clear()


#: Not empty while we end Flask-Login's session ourselves.
_ending: PerRequest[list[bool]] = PerRequest(list)


def _on_signed_in(sender: Flask, user: Mapping[str, Any], **_: object) -> None:
    login_user(User(user))


def _on_left(sender: Flask, **_: object) -> None:
    _end_login()


def _on_logged_out(sender: Flask, **_: object) -> None:
    if not _ending():
        flow.logout()


def _on_unauthorized(sender: Flask, **_: object) -> None:
    # Before Flask-Login writes its message into the session: that of a response that may be late,
    # or one that is empty only because the browser has not sent the cookie. Nor does it check the
    # URL prefix.
    manager: Any = sender.login_manager  # type: ignore[attr-defined]
    is_ours = (
        manager.unauthorized_callback is None
        and manager.login_view == LOGIN_VIEW
        and request.blueprint not in manager.blueprint_login_views
    )
    is_bounced = request.method == "GET" and is_strict_cookie_missing()
    if is_ours and (is_bounced or not is_navigation(request) or is_prefix_forged(request)):
        abort(ask_to_sign_in(next_url=current_url(request)))


def _on_protected(sender: Flask, **_: object) -> None:
    # With SESSION_PROTECTION = "strong", Flask-Login ends a session that is used by another
    # client.
    if "_user_id" not in session and visitor_api().token is not None:
        flow.logout()
