"""The settings of the media proxy that are checked at start."""

from __future__ import annotations

import pytest

from flask_ipernity import ConfigurationError
from flask_ipernity.settings import Settings

REQUIRED: dict[str, object] = {"IPERNITY_APP_KEY": "key", "IPERNITY_APP_SECRET": "secret"}


@pytest.mark.parametrize(
    ("key", "value", "said"),
    [
        ("IPERNITY_PROXY_OWNERS", "10175", "a tuple of user ids"),
        ("IPERNITY_PROXY_OWNERS", ("anna",), "a tuple of user ids"),
        ("IPERNITY_PROXY_OWNERS", (None,), "a tuple of user ids"),
        ("IPERNITY_PROXY_STREAMS", 0, "whole number of at least 1"),
        ("IPERNITY_PROXY_OFFLOAD", "/_ipernity/", "x-accel:/_ipernity/"),
        ("IPERNITY_PROXY_OFFLOAD", "x-accel:/_ipernity", "between slashes"),
        ("IPERNITY_PROXY_OFFLOAD", "x-accel:/a\r\nb/", "between slashes"),
        ("IPERNITY_PROXY_OFFLOAD", True, "between slashes"),
    ],
)
def test_a_wrong_value_is_told(key: str, value: object, said: str) -> None:
    with pytest.raises(ConfigurationError, match=key) as caught:
        Settings.read({**REQUIRED, key: value})
    assert said in str(caught.value)


def test_owners_may_be_numbers_as_the_environment_gives_them() -> None:
    settings = Settings.read({**REQUIRED, "IPERNITY_PROXY_OWNERS": [10175, "7"]})
    assert settings.proxy_owners == ("10175", "7")
