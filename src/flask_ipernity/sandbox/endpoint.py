"""The API endpoint: from a request to the response with its envelope.

The order of the service's checks is not known ([U]). Here: format, key, method, POST, signature,
token, permissions; then the method itself.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import cast

from flask import Blueprint, Response, request
from werkzeug.exceptions import MethodNotAllowed

from .accounts import PERMISSION_LEVELS, App, Person, Token
from .empty_lists import EmptyListRule
from .faults import FaultInjector
from .local_only import refuse_other_sites
from .methods import load_methods
from .registry import (
    GENERAL_ERRORS,
    METHOD_FUNCTIONS,
    METHOD_INFO,
    APIError,
    MethodCall,
    MethodInfo,
)
from .signature import is_signed
from .state import SandboxState
from .uploads import IncomingFile

GENERAL_PARAMS = {"api_key", "api_sig", "auth_token"}

#: How a call without ``lg`` would be refused is not known ([U]); code and text are ours.
LANGUAGE_MISSING = APIError(140, "Language missing")


@dataclass(frozen=True, slots=True)
class RecordedCall:
    """An API call as it was received, whether it succeeded or not."""

    method: str
    http_method: str
    #: All parameters as received; the last value of one that was sent twice.
    params: dict[str, str]
    #: The time of the call, in Unix seconds.
    at: float


def blueprint(
    state: SandboxState,
    faults: FaultInjector,
    record: Callable[[RecordedCall], None],
    media_url: str,
    web_url: str,
) -> Blueprint:
    """Return the blueprint that serves ``/api/<method>[/<format>]``.

    :param record: called with each call as it was received.
    """
    load_methods()
    empty_lists = EmptyListRule(state.unknowns)
    api = Blueprint("api", __name__, url_prefix="/api")

    # Before the body is read: a real service has passwords, this one has none.
    api.before_request(refuse_other_sites)

    @api.route("/<path:rest>", methods=["GET", "POST"])
    def call(rest: str) -> Response:
        method, _, form = rest.partition("/")
        # As in PHP, a parameter in the body replaces one in the query, and the last value counts;
        # the signature must cover these values.
        params = {
            **_last_values(request.args.to_dict(False)),
            **_last_values(request.form.to_dict(False)),
        }
        record(RecordedCall(method, request.method, params, time.time()))
        try:
            if (faulty := faults.respond(method)) is not None:
                return faulty
            if form not in ("", "json"):
                raise _general_error(102)
            with state.lock:
                state.finish_uploads()
                checked = _checked_call(state, method, params, media_url, web_url)
                if state.unknowns.lg == "empty" and "lg" not in params:
                    return _json_response({}, "ok")
                payload = METHOD_FUNCTIONS[method](checked)
                return _json_response(Encoder(method, empty_lists).map(payload), "ok")
        except APIError as refusal:
            return _json_response({}, "error", code=str(refusal.code), message=refusal.message)

    return api


def _last_values(values: Mapping[str, list[str]]) -> dict[str, str]:
    """Return the last value of each parameter."""
    return {name: several[-1] for name, several in values.items()}


def _general_error(code: int) -> APIError:
    """Return one of the service's general errors."""
    return APIError(code, GENERAL_ERRORS[code])


def _checked_call(
    state: SandboxState, method: str, params: Mapping[str, str], media_url: str, web_url: str
) -> MethodCall:
    """Return a call that has passed the general checks.

    :raises APIError: for the first check that fails.
    """
    if not (key := params.get("api_key")):
        raise _general_error(100)
    if (app := state.apps.get(key)) is None:
        raise _general_error(101)
    # doc.albums.add is unknown on purpose, although it is in the method list ([C] PyIpernity)
    if method not in METHOD_FUNCTIONS:
        raise _general_error(103)
    info, unknowns = METHOD_INFO[method], state.unknowns
    if request.method != "POST" and (
        info.post or (unknowns.reads == "post" and params.get("auth_token"))
    ):
        raise _general_error(120)
    if unknowns.reads == "get" and request.method == "POST" and not info.post:
        raise MethodNotAllowed(["GET"])
    _check_signature(info, params, app)
    if unknowns.lg == "error" and "lg" not in params:
        raise LANGUAGE_MISSING
    token, viewer = _token(state, info, params, app)
    sent = request.files.get("file")
    return MethodCall(
        state=state,
        params={name: params[name] for name in params if name not in GENERAL_PARAMS},
        app=app,
        token=token,
        viewer=viewer,
        media_url=media_url,
        web_url=web_url,
        file=cast(IncomingFile, sent.stream) if sent else None,
        filename=(sent.filename or "") if sent else "",
        content_type=sent.mimetype if sent else "",
    )


def _check_signature(info: MethodInfo, params: Mapping[str, str], app: App) -> None:
    """Check a signature that is required or present.

    :raises APIError: 104 if it is missing, 105 if it is wrong.
    """
    if not params.get("api_sig"):
        if info.sign:
            raise _general_error(104)
    elif not is_signed(params, info.name, app.secret):
        raise _general_error(105)


def _token(
    state: SandboxState, info: MethodInfo, params: Mapping[str, str], app: App
) -> tuple[Token | None, Person | None]:
    """Return a token that is required or present, and its owner, after checking its permissions.

    :raises APIError: 106 to 108 for the token, 110 for a missing permission.
    """
    value = params.get("auth_token")
    if not value:
        if info.token:
            raise _general_error(106)
        return None, None
    token, life = state.tokens.get(value), state.unknowns.token_life
    if token is not None and life is not None and time.time() >= token.created + life:
        token = None
    if token is None or token.app_key != app.key:
        raise _general_error(107)
    viewer = state.people[token.user_id]
    if viewer.closed:
        raise _general_error(108)
    for item, level in info.permissions.items():
        # The level "read" of an open method only decides which private items are visible.
        needed = info.token or level != "read"
        if needed and PERMISSION_LEVELS.index(token.permissions[item]) < PERMISSION_LEVELS.index(
            level
        ):
            raise _general_error(110)
    return token, viewer


@dataclass(frozen=True, slots=True)
class Encoder:
    """Encodes the payload of an answer as the service does."""

    method: str
    empty_lists: EmptyListRule

    def map(self, values: Mapping[str, object], path: str = "") -> dict[str, object]:
        """Return a map; a key without a value is dropped, one with an empty list perhaps.

        :param path: the keys that lead to it, joined by dots.
        """
        encoded = {}
        for key, value in values.items():
            below = f"{path}.{key}".lstrip(".")
            if value is None or (value == [] and not self.empty_lists.has_key(self.method, below)):
                continue
            encoded[key] = self.value(value, below)
            if isinstance(value, dict) and self._leaves(value, encoded[key], below):
                del encoded[key]
        return encoded

    def _leaves(self, before: Mapping[str, object], after: object, path: str) -> bool:
        """Return whether a map is absent because a list in it is."""
        return isinstance(after, dict) and any(
            self.empty_lists.leaves_with(self.method, f"{path}.{key}")
            for key in before
            if key not in after
        )

    def value(self, value: object, path: str) -> object:
        """Return a value; scalars become strings."""
        match value:
            case bool():
                return str(int(value))
            case str() | int() | float():
                return str(value)
            case dict():
                # the service is written in PHP, which encodes an empty map as a list
                return self.map(value, path) if value else []
            case list():
                return [self.value(item, path) for item in value]
            case _:
                raise TypeError(f"{type(value).__name__} cannot be encoded.")


def _json_response(payload: Mapping[str, object], status: str, **details: str) -> Response:
    """Return the response with a payload in its envelope; errors have status 200 ([C] oneyoung)."""
    envelope = {"status": status, "at": str(int(time.time())), **details}
    body = json.dumps({**payload, "api": envelope}, ensure_ascii=False, separators=(",", ":"))
    # JSON as plain text, as on the service ([C] interweb)
    return Response(body, content_type="text/plain; charset=utf-8")
