from __future__ import annotations

from typing import Any

import pytest

from flask_ipernity.client import IpernityAPI
from flask_ipernity.client.signing import api_sig, plain_params

KEY, SECRET = "6fa87ba500002712bd4eed6020f3bd72", "e9a599f0cf6ce193"


def test_the_documented_call_gives_the_documented_signature() -> None:
    params = {"api_key": KEY, "doc_id": "1234", "keywords": "easy"}
    assert api_sig(params, SECRET, "doc.tags.add") == "a269b218feb341ef03bc093a0f2c8078"


def test_the_documented_link_gives_the_documented_signature() -> None:
    params = {"api_key": KEY, "perm_network": "read"}
    assert api_sig(params, SECRET) == "da183021cd39461108770b822fcd9398"


def test_the_signature_and_the_file_are_not_signed() -> None:
    params = {"api_key": KEY, "perm_network": "read"}
    more = {**params, "api_sig": "x", "file": "y"}
    assert api_sig(more, SECRET) == api_sig(params, SECRET)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("ünï", "ünï"),
        (True, "1"),
        (False, "0"),
        (0, "0"),
        (4711, "4711"),
        (2.0, "2"),
        (-0.0000001, "-0.0000001"),
        (48.8566, "48.8566"),
        ([1, "b", True], "1,b,1"),
        ((), ""),
        ({"b", "a"}, "a,b"),
    ],
)
def test_values_become_the_text_that_the_service_reads(value: object, text: str) -> None:
    assert plain_params({"x": value}) == {"x": text}


def test_none_is_left_out() -> None:
    assert plain_params({"a": None, "b": "c"}) == {"b": "c"}


@pytest.mark.parametrize(
    "value", [{"a": 1}, b"bytes", object(), float("nan"), float("inf"), [None]]
)
def test_a_value_without_text_form_is_refused_by_name(value: object) -> None:
    with pytest.raises(TypeError, match="thing="):
        plain_params({"thing": value})


@pytest.mark.parametrize("half", ["\ud83d", "x\udfffy"])
@pytest.mark.parametrize(
    ("name", "make"),
    [
        ("title", lambda half: half),
        ("title", lambda half: ["a", half]),
        ("title", lambda half: {half}),
        ("auth_token", lambda half: half),
    ],
)
def test_half_of_a_character_is_refused_by_name(half: str, name: str, make: Any) -> None:
    for token in (None, "1-a"):
        api = IpernityAPI("key", "secret", token, url="http://127.0.0.1:1/")
        with pytest.raises(TypeError, match=rf"'{name}': a parameter has half") as caught:
            api.call("doc.set", doc_id=1, **{name: make(half)})
        assert half not in str(caught.value)


def test_a_name_of_a_parameter_and_a_language_may_have_none_either() -> None:
    api = IpernityAPI("key", "secret", url="http://127.0.0.1:1/", lang="\ud83d")
    with pytest.raises(TypeError, match="'lg'"):
        api.call("doc.get", doc_id=1)
    api.lang = None
    with pytest.raises(TypeError, match="half of a surrogate"):
        api.call("doc.get", **{"\ud83d": 1})
