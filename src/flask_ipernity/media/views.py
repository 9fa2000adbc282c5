"""The blueprint ``ip_proxy``."""

from __future__ import annotations

import logging
import re
from math import ceil
from typing import Any

from flask import Blueprint, request

from ..errors import APIRequestError, QuotaExceeded, ServiceError, ServiceTimeout
from ..http.redaction import one_line
from ..sign_in.guard import RETRY_AFTER as STORE_RETRY_AFTER
from ..site.diagnosis import diagnose
from ..web.next_url import own_url
from ..web.pages import tell_trackers
from . import signed_urls
from .addresses import visitor_address
from .choice import MediaRequest, NoFile, choose
from .hosts import allowed
from .labels import LABELS, can_exist
from .lookup import FoundFile, NoFileReason
from .observed import answered, ended, started
from .responses import (
    METHODS,
    MediaResponse,
    hide_cache_control,
    options_response,
    text_response,
    x_accel_response,
)
from .state import MediaState, media_state
from .transfer import FileGone, SourceBusy, Transfer

log = logging.getLogger(__name__)

proxy = Blueprint("ip_proxy", __name__)

_SECONDS = re.compile(r"[0-9]{1,12}", re.ASCII)

#: Seconds for which browsers and caches may keep a public file that the service could not confirm.
STALE_MAX_AGE = 60
#: Seconds after which a visitor is asked to try again when all slots are taken.
SLOTS_RETRY_AFTER = 5
#: Seconds after which a visitor is asked to try again when the service did not say.
QUOTA_RETRY_AFTER = 60

# The others are routed here too, so that they are refused with our headers.
_ROUTED_METHODS = [*METHODS, "POST", "PUT", "DELETE", "PATCH", "TRACE", "CONNECT"]

#: Where the WSGI environment holds the response with the file.
_RESPONSE_KEY = "flask_ipernity.media.response"


@proxy.teardown_request
def _close_unsent(error: BaseException | None) -> None:
    # When a hook of the application fails, the server gets another response than
    # ours, and nothing else would close the source and release the slot.
    response = request.environ.get(_RESPONSE_KEY)
    if isinstance(response, MediaResponse) and not response.is_sent:
        response.close()


@proxy.route(
    "/doc/<doc_id>/<label>",
    methods=_ROUTED_METHODS,
    provide_automatic_options=False,
    merge_slashes=False,
)
def doc(doc_id: str, label: str) -> MediaResponse:
    """Serve the media of a document to those who may see it."""
    if request.method == "OPTIONS":
        return options_response()
    if request.method not in METHODS:
        return text_response(405, Allow=", ".join(METHODS))
    if not can_exist(doc_id, label):
        return _logged(text_response(404))
    app = media_state().site.app
    transfer = started(app, doc_id, label)
    try:
        response, error = _logged(_serve(doc_id, label)), None
    except (ServiceError, APIRequestError) as failure:
        response, error = _error_response(failure), type(failure).__name__
    except BaseException as fault:
        if transfer is not None:
            transfer.error = type(fault).__name__
            ended(app, transfer)
        raise
    if transfer is not None:
        transfer.error = error
        answered(app, transfer, response)
    return response


@proxy.route(
    "/doc/<path:rest>",
    methods=_ROUTED_METHODS,
    provide_automatic_options=False,
    merge_slashes=False,
)
def nothing(rest: str) -> MediaResponse:
    """Answer requests for other URLs below this path as :func:`doc` does."""
    return doc("", "")


def _logged(response: MediaResponse) -> MediaResponse:
    """Log *response* if it says that something went wrong."""
    if response.status_code >= 400:
        level = logging.WARNING if response.status_code >= 500 else logging.INFO
        log.log(level, "media: %s", _request_line(response.status_code))
    return response


def _serve(doc_id: str, label: str) -> MediaResponse:
    media = media_state()
    site = media.site
    seconds_left = signed_urls.seconds_left(site.app, doc_id, label, request.args)
    if seconds_left == 0 or (seconds_left is not None and site.settings.owner_token is None):
        return text_response(404)
    asked = MediaRequest(
        doc_id,
        label,
        nearest=request.args.get("fallback") == "nearest",
        as_owner=seconds_left is not None,
    )
    address = visitor_address(request.remote_addr)
    found = choose(media, asked, address)
    if isinstance(found, FoundFile):
        try:
            return _file_response(media, asked, found, seconds_left)
        except FileGone:
            # The URL may be an old one: once more, with a new one.
            media.lookup.forget(doc_id, found.token)
            found = choose(media, asked, address)
    if isinstance(found, NoFile):
        if found.reason is NoFileReason.UNKNOWN_VISITOR:
            return text_response(503, Retry_After=str(STORE_RETRY_AFTER))
        response = _no_file(403 if found.reason is NoFileReason.DENIED else 404)
        response.writes_session = found.forgot_token
        return response
    try:
        return _file_response(media, asked, found, seconds_left)
    except FileGone:
        media.lookup.mark_gone(found.url)
        return _no_file(404)


def _file_response(
    media: MediaState, asked: MediaRequest, found: FoundFile, seconds_left: int | None
) -> MediaResponse:
    """Return the response for the file that was found.

    :param seconds_left: until a signed URL expires; ``None`` for one without a signature.
    :raises FileGone: there is nothing at its URL.
    """
    settings = media.site.settings
    url = allowed(found.url, settings.media_hosts)
    label, filename, fallback = found.label, found.filename, f"{asked.doc_id}-{found.label}"
    if settings.proxy_offload is not None:
        prefix = settings.proxy_offload.removeprefix("x-accel:")
        response = x_accel_response(prefix, url, label=label, filename=filename, fallback=fallback)
    else:
        max_length = settings.proxy_max_bytes
        transfer = Transfer(media.relay, url, LABELS[label], filename, fallback, max_length)
        slot = media.slots(label).take(visitor_address(request.remote_addr), _connection())
        if slot is None:
            return text_response(503, Retry_After=str(SLOTS_RETRY_AFTER))
        request.environ[_RESPONSE_KEY] = response = transfer.start(request, slot)
    if label != asked.label:
        own = own_url("ip_proxy.doc", request, doc_id=asked.doc_id, label=label)
        response.headers["Content-Location"] = own
    if response.status_code not in (200, 206, 304):
        return response
    is_public, max_age, stale_age = found.token is None, settings.proxy_max_age, _stale_age()
    if not is_public:
        max_age = min(seconds_left or 0, max_age)
    elif found.is_stale:
        # It was public when the service could be asked, perhaps an hour ago.
        max_age, stale_age = min(max_age, STALE_MAX_AGE), 0
    response.set_cache_control(
        public=is_public,
        max_age=max_age,
        varies_by_cookie=not is_public and seconds_left is None,
        stale_age=stale_age,
    )
    if settings.proxy_offload is not None:
        hide_cache_control(response)
    return response


def _no_file(status: int) -> MediaResponse:
    """Return the response for a file that is not there, or not for the visitor.

    Where a cache in nginx asks whether what it has is still valid, it keeps this in its place, for
    a second and for visitors with the same cookies. So no outage shows again what was gone.
    """
    is_revalidation = {"If-None-Match", "If-Modified-Since"} & set(request.headers.keys())
    if not is_revalidation or not _stale_age():
        return text_response(status)
    return text_response(status, X_Accel_Expires="1", Vary="Cookie")


def _connection() -> Any:
    """Return the visitor's connection, where the server tells it."""
    environ = request.environ
    return environ.get("gunicorn.socket") or environ.get("werkzeug.socket")


def _stale_age() -> int:
    """Return for how many seconds a cache may use the response when it is no longer fresh.

    Only a cache that asks for that is told, so that no other keeps longer what may be withdrawn.
    """
    asked = request.cache_control.get("stale-if-error") or ""
    if not _SECONDS.fullmatch(asked):
        return 0
    return min(int(asked), int(media_state().site.settings.cache_stale_age))


def _error_response(error: ServiceError | APIRequestError) -> MediaResponse:
    """Return the response for a failure of the service or the media host.

    Log it, and tell error trackers, as for the pages of errors.
    """
    match error:
        case QuotaExceeded() | SourceBusy():
            seconds = str(ceil(error.retry_after or QUOTA_RETRY_AFTER))
            response = text_response(503, Retry_After=seconds)
        case ServiceTimeout():
            response = text_response(504)
        case _:
            response = text_response(502)
    diagnosis = diagnose(error)
    log.log(
        diagnosis.level,
        "media: %s, %s. Likely cause: %s",
        _request_line(response.status_code),
        one_line(f"{type(error).__name__}: {error}"),
        diagnosis.cause,
    )
    tell_trackers(error)
    return response


def _request_line(status: int) -> str:
    # Not the query, which may hold a signature.
    return f"{request.method} {one_line(request.path)}: {status}"
