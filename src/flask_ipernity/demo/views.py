"""The pages of the gallery. The extension handles errors of the API."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from flask import Blueprint, abort, current_app, redirect, render_template, request, url_for
from werkzeug.exceptions import NotFound
from werkzeug.routing import BaseConverter
from werkzeug.wrappers import Response

from .. import ipernity, ipernity_auth_required
from . import facts

#: Photos on a page.
PER_PAGE = 40

gallery = Blueprint("gallery", __name__)
gallery.add_app_template_filter(facts.sizes)
gallery.add_app_template_filter(facts.day)
gallery.add_app_template_filter(facts.time_of_day)


class IdConverter(BaseConverter):
    """``<id:…>``: the id of a document, album or member. Other text needs no call."""

    regex = "[1-9][0-9]{0,18}"


@gallery.before_app_request
def one_name() -> Response | None:
    """Lead from other names of this machine to the one at which visitors come back from Ipernity.

    Browsers keep the cookies of ``localhost`` and ``127.0.0.1`` apart.
    """
    address = current_app.config["DEMO_ADDRESS"]
    if address is None or request.method != "GET" or request.host_url == f"{address}/":
        return None
    if urlsplit(request.host_url).hostname not in ("localhost", "127.0.0.1", "::1"):
        return None
    return redirect(address + request.full_path.removesuffix("?"))


@gallery.get("/")
def home() -> str:
    """Show the newest photos of the gallery's owner, or what is popular."""
    user_id = current_app.config["DEMO_USER"]
    if user_id:
        return person(user_id)
    popular = ipernity.api.explore.docs.getPopular(**_wall(extra="owner"))
    return render_template("photos.html", title="Popular photos", docs=_page(popular["docs"]))


@gallery.get("/people/<id:user_id>")
def person(user_id: str) -> str:
    """Show the newest photos of a member."""
    visitor = ipernity.api.user_info
    # Lists do not say who sees a photo, so visitors see their own page as others do, and their
    # private photos on a separate page.
    api = ipernity.api_for(None) if visitor and visitor["user_id"] == user_id else ipernity.api
    who = api.user.get(user_id=user_id)["user"]
    docs = _page(api.doc.getList(user_id=user_id, **_wall())["docs"])
    return render_template("person.html", person=who, docs=docs, hero=_hero(docs))


@gallery.get("/people/<id:user_id>/albums")
def albums(user_id: str) -> str:
    """Show the albums of a member."""
    who = ipernity.api.user.get(user_id=user_id)["user"]
    answer = ipernity.api.album.getList(user_id=user_id, page=_number(), thumbsize="500")
    return render_template("albums.html", person=who, albums=_page(answer["albums"], "album"))


@gallery.get("/albums/<id:album_id>")
def album(album_id: str) -> str:
    """Show one album."""
    about = ipernity.api.album.get(album_id=album_id)["album"]
    docs = ipernity.api.album.docs.getList(album_id=album_id, **_wall())["album"]["docs"]
    return render_template("album.html", album=about, docs=_page(docs))


@gallery.get("/photos/<id:doc_id>")
def photo(doc_id: str) -> str:
    """Show one photo, video or audio file with its details."""
    doc = ipernity.api.doc.get(doc_id=doc_id, extra="tags,geo")["doc"]
    exif = ipernity.api.doc.getExif(doc_id=doc_id).get("exif") if doc["media"] == "photo" else None
    around = ipernity.api.doc.getContext(doc_id=doc_id, prev=1, next=1, thumbsize="75x")
    return render_template(
        "photo.html",
        doc=doc,
        thumb=facts.largest_thumb(doc),
        licence=facts.licence(doc["license"]),
        circle=facts.circle(doc["visibility"]),
        exif=facts.exif_rows(exif),
        previous=around["prev"].get("doc", [])[-1:],
        next=around["next"].get("doc", [])[:1],
    )


@gallery.get("/tags/<path:name>")
def tag(name: str) -> str:
    """Show the photos with a tag."""
    found = ipernity.api.doc.search(tags=name, sort="posted-desc", **_wall(extra="owner"))
    return render_template("photos.html", title=f"Tagged “{name}”", docs=_page(found["docs"]))


@gallery.get("/search")
def search() -> str:
    """Show the results of a search or, without words, the tags of the gallery's owner."""
    words = request.args.get("q", "").strip()[:200]
    user_id = current_app.config["DEMO_USER"]
    if words:
        found = ipernity.api.doc.search(text=words, **_wall(extra="owner"))
        return render_template("search.html", words=words, docs=_page(found["docs"]))
    tags = ipernity.api.tags.user.getList(user_id=user_id)["tags"].get("tag") if user_id else None
    return render_template("search.html", words=words, tags=tags or [])


@gallery.get("/mine")
@ipernity_auth_required({"doc": "read"})
def mine() -> str:
    """Show the visitor's own photos, private ones included."""
    # One call for each circle, because lists do not say who sees a photo.
    hidden = [
        {**doc, "circle": circle}
        for share, circle in facts.CIRCLES.items()
        for doc in _mine(share=share, page=1, per_page=100).records
    ]
    hidden.sort(key=lambda doc: int(doc["dates"]["posted_at"]), reverse=True)
    return render_template("mine.html", hidden=hidden, public=_mine(share=4))


def _mine(**params: Any) -> facts.ListPage:
    return _page(ipernity.api.doc.getList(**_wall(extra="dates", **params))["docs"])


@gallery.get("/sign-in")
def sign_in() -> Response:
    """Redirect to Ipernity, and after the sign-in to the visitor's own photos."""
    return ipernity.authorize(next_url=url_for(".mine"))


# By POST only: browsers do not send the cookie with a POST from another site (SameSite=Lax).
@gallery.post("/sign-out")
def sign_out() -> Response:
    """Sign the visitor out."""
    ipernity.logout()
    return redirect(url_for(".home"), 303)


@gallery.app_errorhandler(404)
def not_found(error: NotFound) -> tuple[str, int]:
    """Show the same page for unknown URLs as the extension shows for missing photos."""
    page = render_template(
        "flask_ipernity/error.html",
        title="Not found",
        detail="There is no such page.",
        sign_in=None,
    )
    return page, 404


@gallery.after_app_request
def protect(response: Response) -> Response:
    """Let pages load nothing from other hosts; the media proxy has its own, stricter rules."""
    response.headers.setdefault(
        "Content-Security-Policy",
        "default-src 'none'; img-src 'self'; media-src 'self'; style-src 'self';"
        # For the aspect ratios of photos.
        " style-src-attr 'unsafe-inline';"
        " form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
    )
    response.headers.setdefault("Referrer-Policy", "same-origin")
    response.headers.setdefault("X-Content-Type-Options", "nosniff")
    return response


def _number() -> int:
    """Return the number of the requested page."""
    return min(max(1, request.args.get("page", 1, type=int)), 100_000)


def _wall(**params: Any) -> dict[str, Any]:
    """Return the parameters of all lists of photos."""
    return {"thumbsize": facts.LARGEST, "per_page": PER_PAGE, "page": _number(), **params}


def _page(listing: Mapping[str, Any], key: str = "doc") -> facts.ListPage:
    page = facts.page_of(listing, key)
    if page.number > page.pages:
        abort(404)
    return page


def _hero(docs: facts.ListPage) -> dict[str, Any] | None:
    """Return the photo for the top of the first page: the newest of the widest, if wide enough."""
    if docs.number > 1 or docs.total < 2:
        return None
    photos = [doc for doc in docs.records if doc["media"] == "photo" and doc.get("thumb")]
    wide = [doc for doc in photos if int(doc["thumb"]["w"]) > 1000]
    return max(wide, key=lambda doc: int(doc["thumb"]["w"]), default=None)
