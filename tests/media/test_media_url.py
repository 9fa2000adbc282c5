"""``ipernity.media_url`` accepts what the view serves; the rest is an error at once."""

from __future__ import annotations

from collections.abc import Iterator
from reprlib import repr as shortened
from typing import Any
from urllib.parse import quote

import pytest
from flask import Flask, url_for
from hypothesis import example, given, settings
from hypothesis import strategies as st

from flask_ipernity import ConfigurationError, ipernity
from flask_ipernity.media.labels import LABELS, MEDIA, ORIGINAL, SIZES
from flask_ipernity.media.state import media_state
from tests.support.apps import MakeApp
from tests.support.media import World, world

LONGEST_ID = "9" * 19

GOOD_IDS: list[Any] = [1, "1", 4711, "4711", int(LONGEST_ID), LONGEST_ID]
BAD_IDS: list[Any] = [
    *("", "0", "007", "abc", "1a", "-1", "+1", "1.0", "1e3", " 1", "1 ", "1\n", "1/2", "..", "%31"),
    *("\u0661", "\uff11", "1" * 20, "1" * 5000, 0, -1, 1.5, True, None, 10**19),
]
GOOD_LABELS: list[Any] = [*SIZES, *MEDIA, ORIGINAL, 240]
BAD_LABELS: list[Any] = [
    *("", "0", "999", "Original", "ORIGINAL", "75X", "MP4", "240 ", " 240", "240\n", "240.0"),
    *("240/", "a/b", "../240", "%3240", "\uff1240", "large", "original.jpg", "x" * 5000, 999, None),
]


@pytest.fixture(scope="module")
def here() -> Iterator[World]:
    with world() as running:
        yield running


def accepts(app: Flask, doc_id: Any, label: Any) -> str | None:
    """Return the URL, or ``None`` where it is refused."""
    with app.test_request_context():
        try:
            return ipernity.media_url(doc_id, label)
        except ValueError:
            return None


def asks_the_service(here: World, doc_id: Any, url: str) -> bool:
    """Return whether the view takes *url* for one that may lead to a file."""
    here.app.extensions["ipernity"].parts[media_state].lookup.forget(str(doc_id), None)
    before = len(here.api.requests)
    response = here.client.get(url)
    is_asked = len(here.api.requests) > before
    assert is_asked or response.status_code == 404
    return is_asked


@pytest.mark.parametrize("doc_id", GOOD_IDS)
def test_ids_of_documents_are_numbers_or_text(here: World, doc_id: Any) -> None:
    url = accepts(here.app, doc_id, "240")
    assert url == f"/ipernity/doc/{doc_id}/240"
    assert asks_the_service(here, doc_id, url)


@pytest.mark.parametrize("label", GOOD_LABELS)
def test_each_label_is_accepted_and_served(here: World, label: Any) -> None:
    url = accepts(here.app, 1, label)
    assert url == f"/ipernity/doc/1/{label}"
    assert asks_the_service(here, 1, url)


@pytest.mark.parametrize("doc_id", BAD_IDS)
def test_an_id_that_no_document_can_have_is_an_error_that_says_why(
    here: World, doc_id: Any
) -> None:
    with here.app.test_request_context():
        with pytest.raises(ValueError, match="1 to 19 digits") as caught:
            ipernity.media_url(doc_id, "240")
        assert str(caught.value).startswith(f"{shortened(str(doc_id))} is not the id")
        with pytest.raises(ValueError, match="1 to 19 digits"):
            ipernity.media_url(doc_id, "240", as_owner=True, max_age=60)
    assert not asks_the_service(here, doc_id, f"/ipernity/doc/{quote(str(doc_id), safe='')}/240")


@pytest.mark.parametrize("label", BAD_LABELS)
def test_a_label_that_no_file_can_have_is_an_error_that_names_them_all(
    here: World, label: Any
) -> None:
    with (
        here.app.test_request_context(),
        pytest.raises(ValueError, match="is not a label") as caught,
    ):
        ipernity.media_url(1, label)
    assert str(caught.value).endswith(f"The labels are {', '.join(LABELS)}.")
    assert not asks_the_service(here, 1, f"/ipernity/doc/1/{quote(str(label), safe='')}")


@pytest.mark.parametrize(
    ("label", "nearest"),
    [
        ("Original", "original"),
        ("orginal", "original"),
        ("1204", "1024"),
        ("MP4", "mp4"),
        ("75X", "75x"),
        ("999", "1024"),
        ("0", "100"),
    ],
)
def test_the_nearest_label_is_named(here: World, label: str, nearest: str) -> None:
    with (
        here.app.test_request_context(),
        pytest.raises(ValueError, match=f"Did you mean '{nearest}'"),
    ):
        ipernity.media_url(1, label)


def test_no_label_is_proposed_where_none_is_near(here: World) -> None:
    with here.app.test_request_context(), pytest.raises(ValueError, match="'large'") as caught:
        ipernity.media_url(1, "large")
    assert "Did you mean" not in str(caught.value)


@pytest.mark.slow
@settings(deadline=None)
@given(
    st.one_of(st.integers(), st.text(), st.from_regex(r"[0-9]{1,21}", fullmatch=True)),
    st.one_of(st.sampled_from(list(LABELS)), st.text(), st.integers(0, 3000)),
)
@example(1, "240")
@example(10**18, "mp4")
def test_it_accepts_exactly_what_the_view_takes_for_a_file(
    here: World, doc_id: Any, label: Any
) -> None:
    url = accepts(here.app, doc_id, label)
    with here.app.test_request_context():
        built = url_for("ip_proxy.doc", doc_id=doc_id, label=label)
    assert url in (None, built)
    assert asks_the_service(here, doc_id, built) == (url is not None)


def test_without_the_proxy_it_says_which_setting_is_off(make_app: MakeApp) -> None:
    app = make_app(IPERNITY_PROXY_DOCS=False)
    with (
        app.test_request_context(),
        pytest.raises(ConfigurationError, match="IPERNITY_PROXY_DOCS is False"),
    ):
        ipernity.media_url(1, "240")


@pytest.mark.parametrize("max_age", [0, -1, -3600, 0.5, 10**12, float("nan"), float("inf")])
def test_a_url_that_would_never_or_always_be_expired_is_an_error(
    make_app: MakeApp, max_age: Any
) -> None:
    app = make_app(IPERNITY_OWNER_TOKEN="1-0123456789")
    with app.test_request_context(), pytest.raises(ValueError, match="max_age"):
        ipernity.media_url(1, "240", as_owner=True, max_age=max_age)


def test_an_age_without_a_signature_is_an_error(here: World) -> None:
    with here.app.test_request_context():
        with pytest.raises(ValueError, match="as_owner=True"):
            ipernity.media_url(1, "240", max_age=60)
        with pytest.raises(ValueError, match="as_owner=True"):
            ipernity.media_url(1, "240", max_age=0)


@pytest.mark.parametrize("max_age", [1, 2, 3600, 30_000_000_000])
def test_each_age_that_is_accepted_is_served(max_age: int) -> None:
    with world(IPERNITY_OWNER_TOKEN="1-0123456789") as here:
        with here.app.test_request_context():
            url = ipernity.media_url("1", "240", as_owner=True, max_age=max_age)
        assert here.client.get(url).status_code == 200
