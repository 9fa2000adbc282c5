"""The blueprint ``ip_proxy``."""

from __future__ import annotations

import logging
from math import ceil

from flask import Blueprint, request, url_for

from ..errors import APIRequestError, QuotaExceeded, ServiceError, ServiceTimeout
from ..state import current_state
from . import signed_urls
from .choice import Choice, MediaRequest, NoFile, choose, forget, is_request
from .hosts import allowed
from .responses import METHODS, MediaResponse, accel, finish, options, plain, scoped
from .state import media_state
from .transfer import Busy, Gone, Transfer

log = logging.getLogger(__name__)

proxy = Blueprint("ip_proxy", __name__)

#: Seconds that a visitor is told to wait when all slots are taken.
FULL_WAIT = 5
#: Seconds to wait when the service did not tell.
QUOTA_WAIT = 60

# The others are taken here too, so that they are refused with our headers.
_ROUTED = [*METHODS, "POST", "PUT", "DELETE", "PATCH", "TRACE", "CONNECT"]


_ANSWER = "flask_ipernity.media.answer"


@proxy.teardown_request
def _close_unused(error: BaseException | None) -> None:
    # When a hook of the application fails, the server gets another answer than
    # ours, and nobody else would close the source and give the slot back.
    answer = request.environ.get(_ANSWER)
    if isinstance(answer, MediaResponse) and not answer.is_taken:
        answer.close()


@proxy.route(
    "/doc/<doc_id>/<label>", methods=_ROUTED, provide_automatic_options=False, merge_slashes=False
)
def doc(doc_id: str, label: str) -> MediaResponse:
    """Serve the media of a document to those who may see it."""
    if request.method == "OPTIONS":
        return options()
    if request.method not in METHODS:
        return plain(405, Allow=", ".join(METHODS))
    try:
        return _serve(doc_id, label)
    except (ServiceError, APIRequestError) as error:
        return _failed(error)


@proxy.route(
    "/doc/<path:rest>", methods=_ROUTED, provide_automatic_options=False, merge_slashes=False
)
def nothing(rest: str) -> MediaResponse:
    """Answer addresses that no link of ours leads to, as :func:`doc` does."""
    return doc("", "")


def _serve(doc_id: str, label: str) -> MediaResponse:
    if not is_request(doc_id, label):
        return plain(404)
    seconds_left = None
    if signed_urls.is_signed(request.args):
        seconds_left = signed_urls.seconds_left(current_state().app, doc_id, label, request.args)
        if not seconds_left or current_state().settings.owner_token is None:
            return plain(404)
    wanted = MediaRequest(
        doc_id,
        label,
        nearest=request.args.get("fallback") == "nearest",
        as_owner=seconds_left is not None,
    )
    choice = choose(wanted)
    try:
        return _answer(wanted, choice, seconds_left)
    except Gone:
        # The address may be an old one: once more, with a new one.
        if isinstance(choice, Choice):
            forget(wanted, choice)
        choice = choose(wanted)
    try:
        return _answer(wanted, choice, seconds_left)
    except Gone:
        if isinstance(choice, Choice):
            media_state().lookup.mark_gone(choice.file.url)
        return plain(404)


def _answer(
    wanted: MediaRequest, choice: Choice | NoFile, seconds_left: int | None
) -> MediaResponse:
    """Return the answer for what was chosen.

    :param seconds_left: until a signed address expires; ``None`` for one without.
    :raises Gone: there is nothing at the address.
    """
    media, settings = media_state(), current_state().settings
    if isinstance(choice, NoFile):
        answer = plain(choice.refusal.value)
        answer.writes_session = choice.forgotten
        return answer
    if media.lookup.is_gone(choice.file.url):
        return plain(404)
    address = allowed(choice.file.url, settings.media_hosts)
    fallback = f"{wanted.doc_id}-{choice.label}"
    if settings.proxy_offload is not None:
        prefix = settings.proxy_offload.removeprefix("x-accel:")
        answer = accel(
            prefix,
            address,
            label=choice.label,
            filename=choice.file.filename,
            fallback=fallback,
        )
    else:
        transfer = Transfer(
            media.relay,
            request,
            address,
            label=choice.label,
            filename=choice.file.filename,
            fallback=fallback,
            most=settings.proxy_max_bytes,
        )
        done = media.slots(choice.label).take()
        if done is None:
            return plain(503, Retry_After=str(FULL_WAIT))
        request.environ[_ANSWER] = answer = transfer.start(done)
    if choice.label != wanted.label:
        answer.headers["Content-Location"] = url_for(
            ".doc", doc_id=wanted.doc_id, label=choice.label
        )
    if answer.status_code not in (200, 206, 304):
        return answer
    scoped(
        answer,
        public=choice.public,
        max_age=min(seconds_left or 0, settings.proxy_max_age)
        if not choice.public
        else settings.proxy_max_age,
        by_cookie=not choice.public and seconds_left is None,
    )
    return answer if settings.proxy_offload is None else finish(answer)


def _failed(error: ServiceError | APIRequestError) -> MediaResponse:
    """Return the answer for a failure of the service or the media host.

    Its own words are for nobody: they are not shown, and would be a way to write
    into the log.
    """
    log.warning(
        "media: %s of %s, code %s",
        type(error).__name__,
        error.method or "the media host",
        getattr(error, "code", "-"),
    )
    match error:
        case QuotaExceeded() | Busy():
            return plain(503, Retry_After=str(ceil(error.retry_after or QUOTA_WAIT)))
        case ServiceTimeout():
            return plain(504)
        case _:
            return plain(502)
