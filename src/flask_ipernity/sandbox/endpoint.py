"""The API's side of the wire: from a request to the envelope of its answer.

The order of the checks is not known on the service. Here: format, key, method, POST, signature,
token, permissions; then the method itself.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import cast

from flask import Blueprint, Response, request

from .accounts import LEVELS, App, Person, Token
from .faults import FaultInjector
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


@dataclass(frozen=True, slots=True)
class RecordedCall:
    """An API call as it came in, whatever became of it."""

    method: str
    http_method: str
    params: dict[str, str]
    """All parameters as received; of one that was sent twice, the last."""
    at: float
    """Unix time."""


def blueprint(
    state: SandboxState,
    faults: FaultInjector,
    record: Callable[[RecordedCall], None],
    media_url: str,
    web_url: str,
) -> Blueprint:
    """Makes the blueprint that answers ``/api/<method>[/<format>]``."""
    load_methods()
    api = Blueprint("api", __name__, url_prefix="/api")

    @api.route("/<path:rest>", methods=["GET", "POST"])
    def call(rest: str) -> Response:
        method, _, form = rest.partition("/")
        # As in PHP, a parameter of the body replaces one of the query, and the last of several
        # counts; what counts is what the signature must cover.
        params = {**_last(request.args.to_dict(False)), **_last(request.form.to_dict(False))}
        record(RecordedCall(method, request.method, params, time.time()))
        try:
            if (faulty := faults.respond(method)) is not None:
                return faulty
            if form not in ("", "json"):
                raise _general(102)
            with state.lock:
                state.finish_uploads()
                checked = _checked(state, method, params, media_url, web_url)
                return _answer(_encode_map(METHOD_FUNCTIONS[method](checked)), "ok")
        except APIError as refusal:
            return _answer({}, "error", code=str(refusal.code), message=refusal.message)

    return api


def _last(values: Mapping[str, list[str]]) -> dict[str, str]:
    """Keeps the last value of each parameter."""
    return {name: several[-1] for name, several in values.items()}


def _general(code: int) -> APIError:
    """One of the service's general errors."""
    return APIError(code, GENERAL_ERRORS[code])


def _checked(
    state: SandboxState, method: str, params: Mapping[str, str], media_url: str, web_url: str
) -> MethodCall:
    """Makes the general checks.

    :raises APIError: for the first that fails.
    """
    if not (key := params.get("api_key")):
        raise _general(100)
    if (app := state.apps.get(key)) is None:
        raise _general(101)
    # doc.albums.add stays unknown on purpose, although the method list has it [C, PyIpernity]
    if method not in METHOD_FUNCTIONS:
        raise _general(103)
    facts = METHOD_INFO[method]
    if facts.post and request.method != "POST":
        raise _general(120)
    _check_signature(facts, params, app)
    token, viewer = _token(state, facts, params, app)
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
    )


def _check_signature(facts: MethodInfo, params: Mapping[str, str], app: App) -> None:
    """Checks a signature that is needed or sent."""
    if not params.get("api_sig"):
        if facts.sign:
            raise _general(104)
    elif not is_signed(params, facts.name, app.secret):
        raise _general(105)


def _token(
    state: SandboxState, facts: MethodInfo, params: Mapping[str, str], app: App
) -> tuple[Token | None, Person | None]:
    """Checks a token that is needed or sent, and its permissions where they are needed."""
    value = params.get("auth_token")
    if not value:
        if facts.token:
            raise _general(106)
        return None, None
    token = state.tokens.get(value)
    if token is None or token.app_key != app.key:
        raise _general(107)
    viewer = state.people[token.user_id]
    if viewer.closed:
        raise _general(108)
    for item, level in facts.permissions.items():
        # "read" of an open method only decides which private things are seen.
        needed = facts.token or level != "read"
        if needed and LEVELS.index(token.permissions[item]) < LEVELS.index(level):
            raise _general(110)
    return token, viewer


def _encode_map(values: Mapping[str, object]) -> dict[str, object]:
    """Turns a map into what goes over the wire.

    A key is dropped if it has no value or an empty list [C, PyIpernity, Photini].
    """
    kept = {key: value for key, value in values.items() if value is not None and value != []}
    return {key: _encode(value) for key, value in kept.items()}


def _encode(value: object) -> object:
    """Turns a value into what goes over the wire; scalars become strings."""
    match value:
        case bool():
            return str(int(value))
        case str() | int() | float():
            return str(value)
        case dict():
            # the service is written in PHP, where an empty map shows as a list
            return _encode_map(value) if value else []
        case list():
            return [_encode(item) for item in value]
        case _:
            raise TypeError(f"{type(value).__name__} cannot go over the wire.")


def _answer(payload: Mapping[str, object], status: str, **details: str) -> Response:
    """Puts the envelope around a payload. The status is 200 for errors too [C, oneyoung]."""
    envelope = {"status": status, "at": str(int(time.time())), **details}
    body = json.dumps({**payload, "api": envelope}, ensure_ascii=False, separators=(",", ":"))
    # JSON as plain text: so it is on the service [C, interweb]
    return Response(body, content_type="text/plain; charset=utf-8")
