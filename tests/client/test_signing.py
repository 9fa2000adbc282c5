from __future__ import annotations

import pytest

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
