"""user.get and account.getQuota."""

from __future__ import annotations

import pytest

from flask_ipernity.sandbox import Sandbox
from tests.support.lookup import ADA, JONAS, MEI
from tests.support.raw_http import RawClient


def test_a_member_is_found_by_id_and_by_alias(sandbox: Sandbox, raw: RawClient) -> None:
    ada = sandbox.people[ADA]
    by_id = raw.ok("user.get", {"user_id": ada.user_id})["user"]
    by_alias = raw.ok("user.get", {"user_id": ada.alias})["user"]
    assert by_id == by_alias
    assert (by_id["username"], by_id["is_pro"]) == (ada.username, "1")


def test_without_an_id_the_caller_is_meant(sandbox: Sandbox, raw: RawClient) -> None:
    user = raw.ok("user.get", token=sandbox.sign_in(MEI, {}))["user"]
    assert user["user_id"] == sandbox.people[MEI].user_id


@pytest.mark.parametrize("params", [{}, {"user_id": "1"}, {"user_id": "nobody"}])
def test_nobody_is_error_1(raw: RawClient, params: dict[str, str]) -> None:
    assert raw.code("user.get", params) == "1"


def test_a_relation_is_told_to_those_who_are_signed_in(sandbox: Sandbox, raw: RawClient) -> None:
    params = {"user_id": sandbox.people[ADA].user_id}
    assert "relation" not in raw.ok("user.get", params)["user"]
    relation = raw.ok("user.get", params, token=sandbox.sign_in(JONAS))["user"]["relation"]
    assert (relation["isfamily"], relation["revfamily"], relation["isfriend"]) == ("1", "1", "0")
    relation = raw.ok("user.get", params, token=sandbox.sign_in(MEI))["user"]["relation"]
    assert set(relation.values()) == {"0"}


def test_a_members_documents_are_counted_as_the_caller_sees_them(
    sandbox: Sandbox, raw: RawClient
) -> None:
    params = {"user_id": sandbox.people[ADA].user_id}
    for token in (None, sandbox.sign_in(JONAS), sandbox.sign_in(ADA)):
        count = raw.ok("user.get", params, token=token)["user"]["count"]["docs"]
        assert count == raw.ok("doc.getList", params, token=token)["docs"]["total"]


def test_a_member_has_a_picture_on_the_media_host(sandbox: Sandbox, raw: RawClient) -> None:
    for person in sandbox.people:
        icon = raw.ok("user.get", {"user_id": person.user_id})["user"]["icon"]
        assert f"/{person.user_id}/buddy.jpg?" in icon
        answer = raw.send("GET", icon)
        assert (answer.status, answer.headers["Content-Type"]) == (200, "image/jpeg")


def test_an_avatars_path_holds_the_low_and_the_second_byte_of_the_id(
    sandbox: Sandbox, raw: RawClient
) -> None:
    # The only worked example that is known: 10175 = 0x27BF.
    assert sandbox.people[ADA].user_id == "10175"
    user = raw.ok("user.get", {"user_id": "10175"})["user"]
    assert user["icon"].startswith(f"{sandbox.media_url}/p/BF/27/10175/buddy.jpg")
    assert raw.send("GET", f"{sandbox.media_url}/p/27/BF/10175/buddy.jpg").status == 404


def test_a_quota_adds_up(sandbox: Sandbox, raw: RawClient) -> None:
    for person in (ADA, MEI):
        quota = raw.ok("account.getQuota", token=sandbox.sign_in(person, {"doc": "write"}))["quota"]
        assert quota["user_id"] == sandbox.people[person].user_id
        upload, albums = quota["upload"], quota["albums"]
        assert int(upload["used"]["bytes"]) + int(upload["left"]["bytes"]) == int(
            upload["max"]["bytes"]
        )
        assert int(albums["created"]) + int(albums["left"]) == int(albums["max"])
        assert upload["unlimited"] == quota["is_pro"] == str(int(person == ADA))


def test_a_quota_needs_the_right_to_write(sandbox: Sandbox, raw: RawClient) -> None:
    assert raw.code("account.getQuota") == "106"
    assert raw.code("account.getQuota", token=sandbox.sign_in(ADA)) == "110"


def test_the_figures_of_a_quota_come_in_their_known_places(
    sandbox: Sandbox, raw: RawClient
) -> None:
    token = sandbox.sign_in(ADA, {"doc": "write"})
    upload = raw.ok("account.getQuota", token=token)["quota"]["upload"]
    assert list(upload) == ["unlimited", "max", "used", "left"]
    assert list(upload["max"]) == ["bytes", "kb", "mb", "percent"]
    for key in ("used", "left"):
        assert list(upload[key]) == ["bytes", "kb", "mb", "percent", "seconds"]
