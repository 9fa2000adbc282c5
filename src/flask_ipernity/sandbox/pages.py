"""The few web pages of the sandbox: its front page, and what links in answers lead to.

Nobody is signed in here, so pages show only what all may see.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from flask import Blueprint, abort, render_template

from .state import PUBLIC, App, Doc, Person, State


def blueprint(state: State, app: App, config: Mapping[str, object]) -> Blueprint:
    """Makes the blueprint with these pages.

    :param config: what the front page tells to write into an application's configuration.
    """
    pages = Blueprint("pages", __name__)

    def person(user: str) -> Person:
        return state.person(user) or abort(404)

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
        return render_template("list.html", title=owner.username, text=owner.realname, docs=docs)

    @pages.get("/doc/<user>/<int:doc_id>")
    @pages.get("/doc/<user>/<int:doc_id>/in/<kind>/<int:container>")
    def doc(user: str, doc_id: int, kind: str = "", container: int = 0) -> str:
        owner = person(user)
        found = state.docs.get(str(doc_id))
        if found is None or found.owner_id != owner.user_id or found.share != PUBLIC:
            abort(404)
        text = found.description or f"A {found.media} by {owner.username}."
        return render_template("message.html", title=found.title or found.doc_id, text=text)

    @pages.get("/doc/<user>/album/<album_id>")
    def album(user: str, album_id: str) -> str:
        owner = person(user)
        with state.lock:
            found = state.albums.get(album_id)
            if found is None or found.owner_id != owner.user_id:
                abort(404)
            docs = public(state.docs[doc_id] for doc_id in found.doc_ids)
        return render_template("list.html", title=found.title, text=found.description, docs=docs)

    return pages
