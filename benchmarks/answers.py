"""The answers of the stand-in for the service: documented shapes, fixed contents."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import lru_cache

#: How many documents the one account of this service has.
DOCUMENTS = 2000

Parameters = dict[str, str]


def envelope(payload: dict[str, object]) -> bytes:
    """Return an answer as the service sends it: the payload first, then ``api``."""
    return json.dumps({**payload, "api": {"status": "ok", "at": "1700000000"}}).encode()


def failure(code: int, message: str) -> bytes:
    """Return an error as the service sends it, with HTTP status 200."""
    api = {"status": "error", "at": "1700000000", "code": str(code), "message": message}
    return json.dumps({"api": api}).encode()


def document(number: int) -> dict[str, object]:
    """Return one record of a list, as ``doc.getList`` gives it with ``extra=dates,count``."""
    doc_id = str(40_000_000 + number)
    path = f"/{number % 200}/{doc_id[-4:-2]}/{doc_id[-2:]}/"
    return {
        "doc_id": doc_id,
        "media": "photo",
        "license": "11",
        "title": f"Évening on the quay, {number}",
        "safety": "1",
        "rotation": "0",
        "thumb": {
            "label": "240",
            "url": f"https://cdn.ipernity.com{path}{doc_id}.a1b2c3d4.240.jpg",
            "secret": "a1b2c3d4",
            "farm": "1",
            "path": path,
            "ext": "jpg",
            "icon": "https://s.ipernity.com/icons/8.240.png",
            "w": "240",
            "h": "161",
        },
        "dates": {
            "posted_at": str(1_600_000_000 + number),
            "created": "2020-09-13 18:26:40",
            "last_comment_at": "1600100000",
            "last_update_at": "1600200000",
        },
        "count": {"visits": "125", "faves": "7", "comments": "4", "notes": "0"},
    }


@lru_cache(maxsize=256)
def document_page(page: int, per_page: int) -> bytes:
    """Return one page of the account's documents."""
    first = (page - 1) * per_page
    listing: dict[str, object] = {
        "total": str(DOCUMENTS),
        "per_page": str(per_page),
        "page": str(page),
        "pages": str(-(-DOCUMENTS // per_page)),
    }
    if records := [document(n) for n in range(first, min(first + per_page, DOCUMENTS))]:
        listing["doc"] = records
    return envelope({"docs": listing})


def doc_get_list(parameters: Parameters) -> bytes:
    """Answer ``doc.getList``; 20 documents a page unless asked otherwise, 100 at most."""
    per_page = min(max(int(parameters.get("per_page", "20")), 1), 100)
    return document_page(max(int(parameters.get("page", "1")), 1), per_page)


def test_echo(parameters: Parameters) -> bytes:
    """Answer ``test.echo``."""
    if not (echo := parameters.get("echo")):
        return failure(1, "Echo parameter missing")
    return envelope({"echo": echo})


def always(**payload: object) -> Callable[[Parameters], bytes]:
    """Return a function that answers with the same payload each time."""
    body = envelope(payload)
    return lambda parameters: body


SIGNED_IN = {
    "token": "987654321-e5a5b9c3d5a77eab",
    "permissions": {
        "doc": "read",
        "blog": "none",
        "profile": "none",
        "network": "none",
        "post": "none",
    },
    "user": {
        "user_id": "1234",
        "username": "Superman",
        "realname": "Kal-El",
        "lg": "en",
        "is_pro": "1",
    },
}

#: What answers each method; add a method here when a new row calls it.
ANSWERS: dict[str, Callable[[Parameters], bytes]] = {
    "auth.checkToken": always(auth=SIGNED_IN),
    "auth.getFrob": always(frob="123456789-0ad5e2a80ad5e2a8"),
    "auth.getToken": always(auth=SIGNED_IN),
    "doc.getList": doc_get_list,
    "test.echo": test_echo,
    "test.hello": always(hello="hello world!"),
}
