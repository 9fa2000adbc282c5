"""Albums: editing, ordering, emptying, and what comes before and after a document."""

from __future__ import annotations

import pytest

from flask_ipernity.sandbox import Sandbox
from flask_ipernity.sandbox.documents import PRIVATE, PUBLIC, Album
from flask_ipernity.sandbox.methods import limits
from tests.support.lookup import ADA, JONAS, album, doc
from tests.support.raw_http import RawClient, refused, write


@pytest.fixture
def token(sandbox: Sandbox) -> str:
    return sandbox.sign_in(ADA, {"doc": "delete"})


@pytest.fixture
def best(sandbox: Sandbox) -> Album:
    """Return a public album of the photographer."""
    return album(sandbox, {PUBLIC})


def test_an_album_gets_other_words_and_another_cover(
    raw: RawClient, token: str, best: Album
) -> None:
    number, cover = best.album_id, best.doc_ids[-1]
    made = write(raw, "album.edit", token, album_id=number, title=" New ", cover_id=cover)["album"]
    assert (made["title"], made["cover"]["doc_id"]) == ("New", cover)
    assert made["visibility"] == {
        "ispublic": "1",
        "isfamily": "0",
        "isfriends": "0",
        "share": "4",
    }
    assert raw.ok("album.get", {"album_id": number})["album"]["cover"]["doc_id"] == cover


def test_what_album_edit_refuses(sandbox: Sandbox, raw: RawClient, token: str, best: Album) -> None:
    number, outside = best.album_id, doc(sandbox, share=PRIVATE).doc_id
    assert refused(raw, "album.edit", token, album_id=number) == "4"
    assert refused(raw, "album.edit", token, album_id=number, title=" ") == "3"
    assert refused(raw, "album.edit", token, album_id=number, cover_id=outside) == "2"
    jonas = sandbox.sign_in(JONAS, {"doc": "write"})
    assert refused(raw, "album.edit", jonas, album_id=number, title="Mine") == "1"


def test_a_deleted_album_leaves_its_documents_and_its_folder(
    sandbox: Sandbox, raw: RawClient, token: str, best: Album
) -> None:
    writer = sandbox.sign_in(ADA, {"doc": "write"})
    assert refused(raw, "album.delete", writer, album_id=best.album_id) == "110"
    write(raw, "album.delete", token, album_id=best.album_id)
    assert raw.code("album.get", {"album_id": best.album_id}) == "1"
    assert all(doc_id in sandbox.state.docs for doc_id in best.doc_ids)
    (folder,) = sandbox.state.folders.values()
    assert best.album_id not in folder.album_ids
    raw.ok("folder.get", {"folder_id": folder.folder_id})


def test_albums_come_in_the_order_of_their_owner(
    sandbox: Sandbox, raw: RawClient, token: str
) -> None:
    def order() -> list[str]:
        albums = raw.ok("album.getList", token=token)["albums"]["album"]
        return [entry["album_id"] for entry in albums]

    before = order()
    write(raw, "album.orderList", token, album_ids=f"{before[2]},{before[0]}")
    assert order() == [before[2], before[0], *sorted((before[1], before[3]), key=int)]
    made = write(raw, "album.create", token, title="x", cover_id=doc(sandbox).doc_id)["album"]
    assert order()[0] == made["album_id"]
    for wrong in ("", "1", f"{before[0]},1"):
        assert refused(raw, "album.orderList", token, album_ids=wrong) == "1"


def test_who_may_comment_on_an_album_can_be_changed(
    raw: RawClient, token: str, best: Album
) -> None:
    number = best.album_id
    write(raw, "album.setPerms", token, album_id=number, perm_comment=0)
    assert raw.ok("album.get", {"album_id": number})["album"]["permissions"]["comment"] == "0"
    for circle in "12345":
        write(raw, "album.setPerms", token, album_id=number, perm_comment=circle)
        assert (
            raw.ok("album.get", {"album_id": number})["album"]["permissions"]["comment"] == circle
        )
    for wrong in ("-1", "6", "many", ""):
        sent = {"album_id": number, "perm_comment": wrong}
        assert refused(raw, "album.setPerms", token, **sent) == "2"


def test_an_album_is_destroyed_with_the_last_document_that_is_removed(
    sandbox: Sandbox, raw: RawClient, token: str, best: Album
) -> None:
    first, *rest = best.doc_ids
    other = doc(sandbox, share=PRIVATE).doc_id
    sent = {"album_id": best.album_id, "doc_id": f"{first},{other}"}
    answer = write(raw, "album.docs.remove", token, **sent)["album"]
    assert (answer["removed"], answer["skipped"], answer["total"]) == ("1", "1", str(len(rest)))
    assert answer["doc"][1] == {"doc_id": other, "removed": "0"}
    assert best.cover_id == rest[0]
    answer = write(raw, "album.docs.remove", token, album_id=best.album_id, doc_id=",".join(rest))[
        "album"
    ]
    assert answer["total"] == "0"
    assert best.album_id not in str(raw.ok("album.getList", {"empty": "1"}, token=token))
    assert refused(raw, "album.docs.remove", token, album_id=best.album_id, doc_id=first) == "1"


def test_removing_what_is_not_the_callers_is_error_2(
    sandbox: Sandbox, raw: RawClient, token: str, best: Album
) -> None:
    foreign = doc(sandbox, JONAS, share=PUBLIC).doc_id
    for wrong in ("", "1", foreign, ",".join([best.doc_ids[0]] * 21)):
        sent = {"album_id": best.album_id, "doc_id": wrong}
        assert refused(raw, "album.docs.remove", token, **sent) == "2"


def test_a_new_list_replaces_documents_order_and_cover(
    sandbox: Sandbox, raw: RawClient, token: str, best: Album
) -> None:
    new, kept = doc(sandbox, share=PRIVATE).doc_id, best.doc_ids[-1]
    sent = {"album_id": best.album_id, "doc_ids": f"{new},{kept}", "cover_id": kept}
    answer = write(raw, "album.docs.setList", token, **sent)["album"]
    assert (answer["total"], answer["added"], answer["cover_id"]) == ("2", "1", kept)
    assert [record["added"] for record in answer["docs"]] == ["1", "0"]
    assert best.doc_ids == [new, kept]


def test_what_a_new_list_must_be(
    sandbox: Sandbox,
    raw: RawClient,
    token: str,
    best: Album,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    own, foreign = best.doc_ids[0], doc(sandbox, JONAS, share=PUBLIC).doc_id
    sent = {"album_id": best.album_id, "doc_ids": f"{own},{best.doc_ids[1]}", "cover_id": own}
    for doc_ids in ("", "1", f"{own},{foreign}"):
        wrong = {**sent, "doc_ids": doc_ids}
        assert refused(raw, "album.docs.setList", token, **wrong) == "2"
    for cover_id in ("", best.doc_ids[2]):
        wrong = {**sent, "cover_id": cover_id}
        assert refused(raw, "album.docs.setList", token, **wrong) == "3"
    monkeypatch.setattr(limits, "MAX_ALBUM_DOCS", 1)
    assert refused(raw, "album.docs.setList", token, **sent) == "4"


def test_a_document_is_in_so_many_albums_only(
    sandbox: Sandbox, raw: RawClient, token: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "MAX_DOC_ALBUMS", 1)
    hidden, own = album(sandbox, {PRIVATE}), album(sandbox, {PUBLIC}).doc_ids[0]
    sent = {"album_id": hidden.album_id, "doc_id": own}
    answer = write(raw, "album.docs.add", token, **sent)["album"]
    assert answer["doc"] == [{"doc_id": own, "added": "0", "error": "1"}]
    assert own not in hidden.doc_ids


def test_a_context_follows_the_albums_order(raw: RawClient, token: str, best: Album) -> None:
    first, here, *rest = best.doc_ids
    sent = {"album_id": best.album_id, "doc_id": here}
    context = raw.ok("album.docs.getContext", sent, token=token)
    assert [entry["doc_id"] for entry in context["prev"]["doc"]] == [first]
    assert [entry["doc_id"] for entry in context["next"]["doc"]] == rest
    assert context["album"]["total"] == str(len(best.doc_ids))
    assert context["doc"]["link"].endswith(f"/{here}/in/album/{best.album_id}")
    assert raw.send("GET", context["doc"]["link"]).status == 200
    assert raw.code("album.docs.getContext", {**sent, "doc_id": "1"}) == "2"
    assert raw.code("album.docs.getContext", {**sent, "album_id": "1"}) == "1"


def test_a_document_says_in_which_albums_and_groups_it_is(
    sandbox: Sandbox, raw: RawClient, token: str, best: Album
) -> None:
    shown = best.doc_ids[0]
    found = raw.ok("doc.getContainers", {"doc_id": shown})
    assert best.album_id in [entry["album_id"] for entry in found["albums"]["album"]]
    group = next(iter(sandbox.state.groups.values()))
    assert [entry["group_id"] for entry in found["groups"]["group"]] == [group.group_id]
    for entry in (*found["albums"]["album"], *found["groups"]["group"]):
        assert raw.send("GET", entry["cover"]).status == 200
        assert raw.send("GET", entry["link"]).status == 200
    lonely = doc(sandbox, JONAS, share=PUBLIC)
    group.docs.pop(lonely.doc_id, None)
    assert raw.ok("doc.getContainers", {"doc_id": lonely.doc_id})["groups"]["group"] == []


def test_albums_that_are_in_folders_can_be_left_out(
    sandbox: Sandbox, raw: RawClient, token: str
) -> None:
    (folder,) = sandbox.state.folders.values()
    rest = raw.ok("album.getList", {"notinfolder": "1"}, token=token)["albums"]["album"]
    assert len(rest) == 2
    assert not {entry["album_id"] for entry in rest} & set(folder.album_ids)
