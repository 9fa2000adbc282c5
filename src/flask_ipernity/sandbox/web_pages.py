"""The web pages of the sandbox: its front page, and the pages to which API answers link.

Nobody is signed in here, so pages show only what is public.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping

from flask import Blueprint, abort, render_template

from .accounts import App, Person
from .audience import Audience
from .documents import PUBLIC, Doc
from .groups import INVISIBLE
from .state import SandboxState

#: How many documents a page links to.
MAX_LINKS = 500


def blueprint(state: SandboxState, app: App, config: Mapping[str, object]) -> Blueprint:
    """Return the blueprint with these pages.

    :param config: the configuration that the front page recommends to an application.
    """
    pages = Blueprint("pages", __name__)

    def person(user: str) -> Person:
        return state.person(user) or abort(404)

    def visit(audience: Audience) -> None:
        """Count an anonymous visit."""
        now = int(time.time())
        with state.lock:
            visits = audience.anonymous
            visits.first_at = visits.first_at or now
            visits.last_at = now
            visits.count += 1

    def public(docs: Iterable[Doc]) -> list[Doc]:
        return [doc for doc in docs if doc.share == PUBLIC]

    @pages.get("/")
    def index() -> str:
        lines = [f"{name} = {value!r}" for name, value in config.items()]
        people = [person for person in state.people.values() if not person.closed]
        return render_template("index.html", app=app, lines=lines, people=people)

    @pages.get("/home/<user>")
    def home(user: str) -> str:
        owner = person(user)
        with state.lock:
            docs = public(doc for doc in state.docs.values() if doc.owner_id == owner.user_id)
        docs = docs[:MAX_LINKS]
        return render_template("list.html", title=owner.username, text=owner.realname, docs=docs)

    @pages.get("/doc/<user>/<int:doc_id>")
    @pages.get("/doc/<user>/<int:doc_id>/in/<kind>/<int:number>")
    @pages.get("/doc/<user>/<int:doc_id>/<any(comment):kind>/<int:number>")
    def doc(user: str, doc_id: int, kind: str = "", number: int = 0) -> str:
        owner = person(user)
        found = state.docs.get(str(doc_id))
        if found is None or found.owner_id != owner.user_id or found.share != PUBLIC:
            abort(404)
        visit(found.audience)
        text = found.description or f"A {found.media} by {owner.username}."
        return render_template("message.html", title=found.title or found.doc_id, text=text)

    @pages.get("/doc/<user>/album/<number>")
    def album(user: str, number: str) -> str:
        owner = person(user)
        with state.lock:
            found = state.albums.get(number)
            # folders have the same URLs as albums
            folder = state.folders.get(number)
            if found is None or found.owner_id != owner.user_id:
                if folder is None or folder.owner_id != owner.user_id:
                    abort(404)
                ids = [state.albums[album_id].doc_ids for album_id in folder.album_ids]
                docs = public(state.docs[doc_id] for doc_ids in ids for doc_id in doc_ids)
                title, text = folder.title, folder.description
            else:
                visit(found.audience)
                docs = public(state.docs[doc_id] for doc_id in found.doc_ids)
                title, text = found.title, found.description
        return render_template("list.html", title=title, text=text, docs=docs)

    @pages.get("/group/<name>")
    def group(name: str) -> str:
        with state.lock:
            found = state.group(name)
            if found is None or found.ispublic == INVISIBLE:
                abort(404)
            docs = public(state.docs[doc_id] for doc_id in found.shown)
        return render_template("list.html", title=found.title, text=found.description, docs=docs)

    @pages.get("/post/<user>/<int:post_id>")
    @pages.get("/post/<user>/<int:post_id>/comment/<int:comment_id>")
    def post(user: str, post_id: int, comment_id: int = 0) -> str:
        owner = person(user)
        found = state.posts.get(str(post_id))
        if found is None or found.owner_id != owner.user_id or not state.visible(found, None, 0):
            abort(404)
        visit(found.audience)
        return render_template("message.html", title=found.title, text=found.content)

    return pages
