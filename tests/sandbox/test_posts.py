"""Articles: reading, searching, writing."""

from __future__ import annotations

import pytest

from flask_ipernity.sandbox import Sandbox
from flask_ipernity.sandbox.posts import Post
from tests.support.lookup import ADA, JONAS, MEI
from tests.support.raw_http import RawClient


@pytest.fixture
def mine(sandbox: Sandbox) -> list[Post]:
    """Return the photographer's articles: a public one, one for the family, a draft."""
    ada = sandbox.people[ADA].user_id
    return [post for post in sandbox.state.posts.values() if post.owner_id == ada]


def titles(answer: dict[str, dict[str, list[dict[str, str]]]]) -> list[str]:
    return [entry["title"] for entry in answer["posts"].get("post", [])]


def test_articles_are_listed_as_the_caller_may_see_them(
    sandbox: Sandbox, raw: RawClient, mine: list[Post]
) -> None:
    user = {"user_id": sandbox.people[ADA].user_id}
    public, family, draft = (post.title for post in mine)
    seen = {
        None: {public},
        MEI: {public},
        JONAS: {public, family},
        ADA: {public, family, draft},
    }
    for person, expected in seen.items():
        token = None if person is None else sandbox.sign_in(person, {"post": "read"})
        answer = raw.ok("post.getList", user, token=token)
        assert set(titles(answer)) == expected
        assert answer["posts"]["total"] == str(len(expected))
        found = raw.ok("user.get", user, token=token)["user"]["count"]["posts"]
        assert found == str(len(expected))


def test_one_article_asks_for_the_permission_blog(
    sandbox: Sandbox, raw: RawClient, mine: list[Post]
) -> None:
    params = {"post_id": mine[1].post_id, "extra": "tags"}
    assert raw.code("post.get", params) == "1"
    assert raw.code("post.get", params, token=sandbox.sign_in(JONAS, {"post": "read"})) == "1"
    shown = raw.ok("post.get", params, token=sandbox.sign_in(JONAS, {"blog": "read"}))["post"]
    assert shown["description"] == mine[1].content
    assert shown["tags"]["tag"][0]["tag"] == "diary"
    assert raw.code("post.getFaves", params, token=sandbox.sign_in(JONAS, {"blog": "read"})) == "1"


def test_an_article_is_written_and_changed(sandbox: Sandbox, raw: RawClient) -> None:
    token = sandbox.sign_in(MEI, {"blog": "write"})
    sent = {"title": "Snow", "content": "It came at <i>night</i>.", "share": "4", "license": "9"}
    made = raw.ok("post.set", sent, token=token, post=True)["post"]
    assert (made["title"], made["license"], made["visibility"]["share"]) == ("Snow", "9", "4")
    assert raw.send("GET", made["link"]).status == 200
    number = {"post_id": made["post_id"]}
    changes = {**number, "intro": "Short.", "com": "0", "share": "1"}
    raw.ok("post.set", changes, token=token, post=True)
    shown = raw.ok("post.get", number, token=token)["post"]
    assert (shown["intro"], shown["title"]) == ("Short.", "Snow")
    assert (shown["permissions"]["comment"], shown["visibility"]["isfamily"]) == ("0", "1")
    assert raw.code("post.get", number) == "1"
    assert raw.send("GET", made["link"]).status == 404


def test_what_post_set_refuses(sandbox: Sandbox, raw: RawClient, mine: list[Post]) -> None:
    token = sandbox.sign_in(MEI, {"blog": "write"})
    count = len(sandbox.state.posts)
    for sent, code in (
        ({}, "2"),
        ({"title": "x"}, "2"),
        ({"title": " ", "content": "x"}, "2"),
        ({"title": "x", "content": "y", "share": "5"}, "3"),
        ({"title": "x", "content": "y", "com": "6"}, "3"),
        ({"title": "x", "content": "y", "license": "2"}, "3"),
        ({"post_id": mine[0].post_id, "title": "Mine"}, "1"),
        ({"post_id": "1", "title": "x"}, "1"),
    ):
        assert raw.code("post.set", sent, token=token, post=True) == code
    assert len(sandbox.state.posts) == count
    reader = sandbox.sign_in(MEI, {"blog": "read"})
    assert raw.code("post.set", {"title": "x"}, token=reader, post=True) == "110"


def test_nothing_to_change_is_error_2(sandbox: Sandbox, raw: RawClient, mine: list[Post]) -> None:
    token = sandbox.sign_in(ADA, {"blog": "write"})
    assert raw.code("post.set", {"post_id": mine[0].post_id}, token=token, post=True) == "2"


@pytest.mark.parametrize(
    ("params", "expected"),
    [
        ({"text": "lamp"}, {"Before sunrise"}),
        ({"text": "+lens*"}, set()),
        ({"text": "lenses sunrise"}, {"Before sunrise", "Two lenses"}),
        ({"text": "+lenses -shorter"}, set()),
        ({"tags": "Diary", "license": "0,9"}, {"Before sunrise", "Two lenses"}),
        ({"tags": "diary", "license": "9"}, set()),
        ({"created_min": "2012-05-10"}, {"Two lenses"}),
        ({"created_max": "2012-05-09"}, {"Before sunrise"}),
        ({"posted_min": "1337000000"}, {"Two lenses"}),
        ({"share": "4"}, {"Before sunrise", "Two lenses"}),
        ({"share": "1"}, set()),
    ],
)
def test_articles_are_searched(raw: RawClient, params: dict[str, str], expected: set[str]) -> None:
    assert set(titles(raw.ok("post.search", params))) == expected


@pytest.mark.parametrize("order", ["posted", "created"])
def test_results_come_in_the_wanted_order(raw: RawClient, order: str) -> None:
    for direction, expected in (("asc", "Before sunrise"), ("desc", "Two lenses")):
        found = titles(raw.ok("post.search", {"sort": f"{order}-{direction}"}))
        assert (found[0], len(found)) == (expected, 2)


def test_the_most_liked_article_is_the_most_popular(raw: RawClient, sandbox: Sandbox) -> None:
    last = titles(raw.ok("post.search", {"sort": "popular"}))[-1]
    post = next(post for post in sandbox.state.posts.values() if post.title == last)
    post.audience.faves = dict.fromkeys("abc", 1)
    assert titles(raw.ok("post.search", {"sort": "popular"}))[0] == last


def test_a_context_gives_the_neighbours_by_date(
    sandbox: Sandbox, raw: RawClient, mine: list[Post]
) -> None:
    token = sandbox.sign_in(ADA, {"post": "read"})
    public, family, draft = mine
    context = raw.ok("post.getContext", {"post_id": public.post_id}, token=token)
    assert [entry["post_id"] for entry in context["prev"]["post"]] == [draft.post_id]
    assert [entry["post_id"] for entry in context["next"]["post"]] == [family.post_id]
    alone = raw.ok("post.getContext", {"post_id": public.post_id})
    assert alone["prev"]["count"] == alone["next"]["count"] == "0"
    assert not alone["prev"].get("post")
