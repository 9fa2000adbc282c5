"""Who may comment and tag: all circles that clients set, wherever they can be set."""

from __future__ import annotations

import pytest

from flask_ipernity.sandbox import Sandbox
from flask_ipernity.sandbox.documents import FAMILY, FRIENDS, PUBLIC
from tests.support.file_heads import picture
from tests.support.lookup import ADA, JONAS, MEI, doc
from tests.support.raw_http import RawClient, refused, write

CIRCLES = ("0", "1", "2", "3", "4", "5")
NAMES = {"perm_comment": "comment", "perm_tag": "tag", "perm_tagme": "tagme"}


@pytest.mark.parametrize("method", ["doc.setPerms", "doc.set"])
def test_each_permission_of_a_document_takes_each_circle(
    sandbox: Sandbox, raw: RawClient, method: str
) -> None:
    token, number = sandbox.sign_in(ADA, {"doc": "write"}), doc(sandbox, share=PUBLIC).doc_id
    for param, key in NAMES.items():
        for circle in CIRCLES:
            write(raw, method, token, doc_id=number, **{param: circle})
            shown = raw.ok("doc.getPerms", {"doc_id": number}, token=token)
            assert shown["permissions"][key] == circle
        for wrong in ("6", "-1", "x"):
            sent = {"doc_id": number, param: wrong}
            assert refused(raw, method, token, **sent) in ("2", "3"), (param, wrong)


def test_an_upload_and_an_article_take_each_circle(sandbox: Sandbox, raw: RawClient) -> None:
    sandbox.state.processing = 0
    token = sandbox.sign_in(ADA, {"doc": "write", "blog": "write"})
    content = picture("PNG")
    for circle in CIRCLES:
        sent = {**dict.fromkeys(NAMES, circle), "async": "0"}
        number = raw.upload(("dummy_name", content), sent, token=token)["doc_id"]
        made = raw.ok("doc.get", {"doc_id": number}, token=token)["doc"]["permissions"]
        assert made == dict.fromkeys(NAMES.values(), circle)
        article = {"title": "x", "content": "y", **dict.fromkeys(("com", "tag", "tagme"), circle)}
        number = write(raw, "post.set", token, **article)["post"]["post_id"]
        shown = raw.ok("post.get", {"post_id": number}, token=token)["post"]["permissions"]
        assert set(shown.values()) == {circle}


@pytest.mark.parametrize(
    ("circle", "family", "friend"),
    [("0", "0", "0"), ("1", "1", "0"), ("2", "0", "1"), ("3", "1", "1"), ("5", "1", "1")],
)
def test_a_circle_lets_its_own_people_comment(
    sandbox: Sandbox, raw: RawClient, circle: str, family: str, friend: str
) -> None:
    ada, jonas, mei = sandbox.people
    ada.family, ada.friends, ada.contacts = {jonas.user_id}, {mei.user_id}, set()
    shown = doc(sandbox, share=PUBLIC)
    shown.perm_comment = int(circle)
    for person, may in ((JONAS, family), (MEI, friend)):
        params, token = {"doc_id": shown.doc_id}, sandbox.sign_in(person)
        assert raw.ok("doc.get", params, token=token)["doc"]["can"]["comment"] == may
    assert (FAMILY, FRIENDS) == (1, 2)
