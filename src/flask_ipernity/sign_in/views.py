"""The blueprint ``ip_callback``: where Ipernity sends the visitor back to."""

from __future__ import annotations

from flask import Blueprint, redirect, request
from werkzeug.exceptions import MethodNotAllowed
from werkzeug.wrappers import Response

from ..errors import SignInError
from ..fetch_metadata import is_navigation
from .flow import set_token
from .next_url import home, local_path
from .session import session_pop

callback = Blueprint("ip_callback", __name__)


@callback.route("/cb")
def ipernity_callback() -> Response:
    """Finish the sign-in and lead to where the visitor wanted to go."""
    if request.method != "GET":
        raise MethodNotAllowed(["GET"])
    if not is_navigation(request):
        # A frob serves once: a picture, a frame or a browser that fetches
        # ahead must not spend it.
        raise SignInError("not_pending", "A sign-in ends in a tab of its own.")
    set_token()
    path = local_path(session_pop("next_url"), request)
    response = redirect(path or home(request), 303)
    response.cache_control.no_store = True
    response.headers["Referrer-Policy"] = "no-referrer"
    return response
