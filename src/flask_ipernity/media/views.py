"""The blueprint ``ip_proxy``."""

from __future__ import annotations

from flask import Blueprint, request
from werkzeug.wrappers import Response

from ..errors import BadAnswer, ServiceUnavailable
from ..state import current_state
from .choose import ORIGINAL, Choice, choose, is_request
from .headers import OCTETS, SAFETY, content_disposition, media_type
from .relay import allowed, pieces

proxy = Blueprint("ip_proxy", __name__)


@proxy.after_request
def _safe(response: Response) -> Response:
    response.headers.update(SAFETY)
    return response


@proxy.route("/doc/<doc_id>/<label>")
def doc(doc_id: str, label: str) -> Response:
    """Serve the media of a document to those who may see it."""
    choice = choose(doc_id, label) if is_request(doc_id, label) else None
    if choice is None:
        return _not_found()
    state = current_state()
    settings = state.settings
    url = allowed(choice.url, settings.media_hosts)
    source = state.relay.open(url, head=request.method == "HEAD")
    if source.status != 200 or source.headers.get("Content-Encoding", "identity") != "identity":
        source.close()
        if source.status in (403, 404, 410):
            return _not_found()
        if source.status in (429, 503):
            raise ServiceUnavailable(f"the media host answered HTTP {source.status}")
        raise BadAnswer(f"the media host answered HTTP {source.status}")
    kind = media_type(source.headers.get("Content-Type"))
    length = source.length_remaining
    if request.method == "HEAD":
        length = _number(source.headers.get("Content-Length"))
    if (kind == OCTETS and choice.label != ORIGINAL) or _too_long(length, settings.proxy_max_bytes):
        source.close()
        raise BadAnswer("the media host sent something else than the media asked for")
    response = Response(pieces(source), mimetype=kind, direct_passthrough=True)
    response.call_on_close(source.close)
    if length is not None:
        response.content_length = length
    response.headers["Content-Disposition"] = content_disposition(
        kind, choice.filename, f"{doc_id}-{label}"
    )
    _scope(response, choice, settings.proxy_max_age)
    return response


def _scope(response: Response, choice: Choice, max_age: int) -> None:
    """Say who may keep the answer."""
    if choice.public:
        response.cache_control.public = True
        response.cache_control.max_age = max_age
    else:
        response.cache_control.private = True
        response.cache_control.no_cache = True
        response.vary.add("Cookie")


def _not_found() -> Response:
    response = Response("Not found.\n", 404, mimetype="text/plain")
    response.cache_control.no_store = True
    return response


def _number(value: str | None) -> int | None:
    return int(value) if value and value.isascii() and value.isdigit() else None


def _too_long(length: int | None, most: int | None) -> bool:
    return most is not None and (length is None or length > most)
