"""The site of a photo club: the pictures of its group, and uploads by its members.

The settings, as environment variables: FLASK_SECRET_KEY, FLASK_IPERNITY_APP_KEY,
FLASK_IPERNITY_APP_SECRET, FLASK_GROUP (the id of the group on Ipernity) and FLASK_TREASURERS (a
JSON list of ids of accounts).
"""

from __future__ import annotations

import os
import tempfile
from collections import Counter
from collections.abc import Mapping
from secrets import token_urlsafe
from threading import Thread
from typing import Any

from flask import (
    Blueprint,
    Flask,
    abort,
    current_app,
    jsonify,
    redirect,
    render_template,
    request,
    url_for,
)
from flask_login import LoginManager, current_user, login_required
from werkzeug.datastructures import FileStorage
from werkzeug.wrappers import Response

from flask_ipernity import Ipernity, IpernityError, ipernity, ipernity_auth_required
from flask_ipernity.client import IpernityAPI

site = Blueprint("site", __name__)

#: What becomes of uploads, by a number that nobody guesses. With several processes, a table.
jobs: dict[str, dict[str, Any]] = {}


def create_app(config: Mapping[str, Any] | None = None) -> Flask:
    app = Flask(__name__)
    app.config.update(
        IPERNITY_LOGIN=True,
        IPERNITY_PERMISSIONS={"doc": "read"},
        IPERNITY_CACHE="memory",
        IPERNITY_CACHE_REQUESTS=True,
        MAX_CONTENT_LENGTH=100 * 1024 * 1024,
        TREASURERS=[],
    )
    app.config.from_prefixed_env()
    app.config.update(config or {})
    app.config["GROUP"] = str(app.config["GROUP"])
    LoginManager(app)
    Ipernity(app)
    app.register_blueprint(site)
    return app


@site.get("/")
def pool() -> str:
    page = ipernity.api.page(
        "group.docs.getList",
        group_id=current_app.config["GROUP"],
        page=request.args.get("page", 1, type=int),
        per_page=30,
        thumbsize="500",
        extra="owner",
    )
    return render_template("pool.html", page=page)


@site.get("/contributors")
def contributors() -> str:
    docs = ipernity.api.walk(
        "group.docs.getList", group_id=current_app.config["GROUP"], extra="owner"
    )
    people = Counter((doc["owner"]["user_id"], doc["owner"]["username"]) for doc in docs)
    return render_template("contributors.html", people=people.most_common())


@site.get("/accounts")
@login_required
def accounts() -> str:
    if current_user.get_id() not in current_app.config["TREASURERS"]:
        abort(403)
    return render_template("accounts.html")


# Both decorators: whoever is not signed in is asked to, and who did not let the site write yet.
@site.route("/upload", methods=["GET", "POST"])
@login_required
@ipernity_auth_required({"doc": "write"})
def upload() -> str | Response:
    if request.method == "GET":
        return render_template("upload.html")
    photo = request.files.get("photo")
    if not photo or not photo.filename:
        return render_template("upload.html", error="Choose a file first.")
    # The file of the form ends with the request, and Ipernity takes its time: a copy, and a thread.
    with tempfile.NamedTemporaryFile(delete=False) as copy:
        photo.save(copy)
    job_id = token_urlsafe(16)
    job = jobs[job_id] = {"owner": current_user.get_id(), "state": "waiting", "sent": 0}
    api = ipernity.api_for(ipernity.api.token)
    group = current_app.config["GROUP"]
    Thread(target=send, args=(api, group, job, copy.name, photo.filename)).start()
    return redirect(url_for(".uploaded", job_id=job_id), 303)


def send(api: IpernityAPI, group: str, job: dict[str, Any], path: str, filename: str) -> None:
    """Upload a file and add it to the group's pictures."""

    def progress(sent: int, total: int) -> None:
        job.update(state="sending", sent=round(100 * sent / total))

    try:
        with open(path, "rb") as file:
            title = filename.rpartition(".")[0] or filename
            photo = FileStorage(file, filename=filename)
            doc_id = api.upload_file(photo, on_progress=progress, title=title)
        api.group.docs.add(group_id=group, doc_id=doc_id)
        job.update(state="done", doc_id=doc_id)
    except IpernityError as error:
        job.update(state="failed", error=str(error))
    finally:
        os.unlink(path)


@site.get("/uploads/<job_id>")
@login_required
def uploaded(job_id: str) -> str | Response:
    job = jobs.get(job_id)
    if job is None or job["owner"] != current_user.get_id():
        abort(404)
    if request.accept_mimetypes.best == "application/json":
        return jsonify(job)
    return render_template("uploaded.html", job=job)
