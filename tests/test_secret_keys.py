"""``SECRET_KEY`` and ``SECRET_KEY_FALLBACKS``: the keys of everything that is signed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask

from flask_ipernity import ConfigurationError, Ipernity, ipernity
from flask_ipernity.settings import secret_keys
from flask_ipernity.sign_in.confirmation import signed
from flask_ipernity.sign_in.visitor import sign_in_context

WRONG_FALLBACKS: list[Any] = [
    "old-secret",
    b"old-secret",
    "",
    [""],
    ["old", b""],
    [None],
    5,
    {"a": 1},
]
RIGHT_FALLBACKS: list[Any] = [None, [], ["old"], (b"old", "older"), {"old"}]


def app_with(**config: object) -> Flask:
    app = Flask("tests")
    app.config.update(IPERNITY_APP_KEY="key", IPERNITY_APP_SECRET="secret", SECRET_KEY="new")
    app.config.update(IPERNITY_OWNER_TOKEN="1-a", **config)
    return app


@pytest.mark.parametrize("fallbacks", WRONG_FALLBACKS, ids=repr)
def test_old_keys_of_a_wrong_shape_stop_the_start(fallbacks: Any) -> None:
    with pytest.raises(ConfigurationError, match="SECRET_KEY_FALLBACKS must be a list of keys"):
        Ipernity(app_with(SECRET_KEY_FALLBACKS=fallbacks))


def test_so_do_those_of_an_environment_in_which_the_list_is_missing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    app = app_with()
    monkeypatch.setenv("FLASK_SECRET_KEY_FALLBACKS", "old-secret")
    app.config.from_prefixed_env()
    with pytest.raises(ConfigurationError, match="SECRET_KEY_FALLBACKS"):
        Ipernity(app)


@pytest.mark.parametrize("key", [5, ["new"], True], ids=repr)
def test_a_secret_key_of_a_wrong_type_stops_the_start_and_is_not_shown(key: Any) -> None:
    with pytest.raises(ConfigurationError, match="SECRET_KEY must be a string") as caught:
        Ipernity(app_with(SECRET_KEY=key))
    assert "new" not in str(caught.value)


def seal() -> None:
    sign_in_context().tokens.set("token", {"token": "1-a"}, 60)


USES: dict[str, Callable[[], object]] = {
    "a signed URL": lambda: ipernity.media_url(1, "240", as_owner=True),
    "a sealed token": seal,
    "the form of the question": lambda: signed({"id": "x"}),
}


@pytest.mark.parametrize("use", USES)
@pytest.mark.parametrize(
    "late",
    [{"SECRET_KEY_FALLBACKS": "old-secret"}, {"SECRET_KEY_FALLBACKS": [""]}, {"SECRET_KEY": ""}],
    ids=repr,
)
def test_keys_that_are_set_late_are_checked_where_they_are_used(
    use: str, late: dict[str, Any]
) -> None:
    app = app_with(IPERNITY_TOKEN_STORE="sealed")
    Ipernity(app)
    with app.test_request_context():
        USES[use]()
        app.config.update(late)
        with pytest.raises(ConfigurationError, match="SECRET_KEY"):
            USES[use]()


def test_a_letter_of_an_old_key_opens_no_file_of_the_owner() -> None:
    forger, site = app_with(SECRET_KEY="o"), app_with()
    for app in (forger, site):
        Ipernity(app)
    with forger.test_request_context():
        forged = ipernity.media_url(1, "240", as_owner=True)
    site.config["SECRET_KEY_FALLBACKS"] = "old-secret"
    site.testing = True
    with pytest.raises(ConfigurationError, match="SECRET_KEY_FALLBACKS"):
        site.test_client().get(forged)


@pytest.mark.parametrize("fallbacks", RIGHT_FALLBACKS, ids=repr)
def test_right_keys_are_all_used_the_current_one_first(fallbacks: Any) -> None:
    app = app_with(SECRET_KEY_FALLBACKS=fallbacks)
    Ipernity(app)
    keys = secret_keys(app.config)
    assert keys[0] == b"new"
    assert len(keys) == 1 + len(fallbacks or ())
    assert all(isinstance(key, bytes) for key in keys)


def test_a_secret_key_may_be_set_after_the_start() -> None:
    app = app_with(SECRET_KEY=None)
    Ipernity(app)
    app.secret_key = "late"
    with app.test_request_context():
        assert "signature=" in ipernity.media_url(1, "240", as_owner=True)
