"""A photographer's own site.

The settings, as environment variables: FLASK_SECRET_KEY, FLASK_IPERNITY_APP_KEY,
FLASK_IPERNITY_APP_SECRET, FLASK_PHOTOGRAPHER (the id of the account) and, for the family album,
FLASK_IPERNITY_OWNER_TOKEN, FLASK_FAMILY_ALBUM (its id) and FLASK_FAMILY_PASSWORD.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from hmac import compare_digest
from typing import Any

from flask import (
    Blueprint,
    Flask,
    Response,
    abort,
    current_app,
    redirect,
    render_template,
    request,
    session,
    url_for,
)
from werkzeug.wrappers import Response as AnyResponse

from flask_ipernity import Ipernity, ipernity

PER_PAGE = 30
LABELS = ("240", "500", "1024", "1600")
LICENCES = {"1": "by", "3": "by-nc", "5": "by-nd", "7": "by-nc-nd", "9": "by-sa", "11": "by-nc-sa"}

site = Blueprint("site", __name__)


def create_app(config: Mapping[str, Any] | None = None) -> Flask:
    app = Flask(__name__)
    app.config.update(IPERNITY_CACHE="memory", IPERNITY_CACHE_REQUESTS=True)
    app.config.from_prefixed_env()
    app.config.update(config or {})
    # Only one's own pictures are served.
    app.config["IPERNITY_PROXY_OWNERS"] = [str(app.config["PHOTOGRAPHER"])]
    Ipernity(app)
    app.register_blueprint(site)
    return app


@site.get("/")
def latest() -> str:
    page = ipernity.api.page(
        "doc.getList",
        user_id=current_app.config["PHOTOGRAPHER"],
        page=request.args.get("page", 1, type=int),
        per_page=PER_PAGE,
        thumbsize=LABELS[-1],
    )
    return render_template("wall.html", title="Photos", page=page)


@site.get("/albums")
def albums() -> str:
    found = ipernity.api.walk_albums(user_id=current_app.config["PHOTOGRAPHER"], thumbsize="500")
    return render_template("albums.html", albums=list(found))


@site.get("/albums/<int:album_id>")
def album(album_id: int) -> str:
    about = ipernity.api.album.get(album_id=album_id)["album"]
    page = ipernity.api.page(
        "album.docs.getList",
        album_id=album_id,
        page=request.args.get("page", 1, type=int),
        per_page=PER_PAGE,
        thumbsize=LABELS[-1],
    )
    return render_template("wall.html", title=about["title"], page=page)


@site.get("/photos/<int:doc_id>")
def photo(doc_id: int) -> str:
    doc = ipernity.api.doc.get(doc_id=doc_id, extra="tags,geo")["doc"]
    if doc["owner"]["user_id"] != str(current_app.config["PHOTOGRAPHER"]):
        abort(404)
    around = ipernity.api.doc.getContext(doc_id=doc_id, prev=1, next=1)
    exif = ipernity.api.doc.getExif(doc_id=doc_id)["exif"] if doc["media"] == "photo" else {}
    return render_template(
        "photo.html",
        doc=doc,
        licence=LICENCES.get(doc["license"]),
        exif=exif or {},  # without any it is an empty list
        previous=around["prev"].get("doc", [])[-1:],
        following=around["next"].get("doc", [])[:1],
    )


@site.route("/family", methods=["GET", "POST"])
def family() -> str | AnyResponse:
    """Show an album that Ipernity shows to nobody, to those who know the password."""
    password = current_app.config.get("FAMILY_PASSWORD")
    if not password:
        abort(404)
    if request.method == "POST":
        given = request.form.get("password", "")
        session["family"] = compare_digest(given.encode(), str(password).encode())
        return redirect(url_for(".family"), 303)
    if not session.get("family"):
        return render_template("password.html", wrong="family" in session)
    album_id = current_app.config["FAMILY_ALBUM"]
    docs = ipernity.owner_api.walk_album_docs(album_id, thumbsize="500")
    return render_template("family.html", docs=list(docs))


@site.get("/feed")
def feed() -> Response:
    docs = ipernity.api.doc.getList(
        user_id=current_app.config["PHOTOGRAPHER"], per_page=20, extra="dates"
    )["docs"].get("doc", [])
    return Response(render_template("feed.xml", docs=docs), mimetype="application/atom+xml")


@site.app_template_filter()
def when(seconds: str) -> str:
    """Return a time of Ipernity as Atom wants it."""
    return datetime.fromtimestamp(int(seconds), UTC).isoformat()


@site.app_template_filter()
def srcset(doc: Mapping[str, Any]) -> str:
    """Return the sizes of a record of a list that was asked for the largest of LABELS."""
    largest = doc["thumb"]
    longest = max(int(largest["w"]), int(largest["h"]))
    labels = [label for label in LABELS if int(label) < longest] + [largest["label"]]
    return ", ".join(
        f"{ipernity.media_url(doc['doc_id'], label)}"
        f" {round(int(largest['w']) * min(1, int(label) / longest))}w"
        for label in dict.fromkeys(labels)
    )
