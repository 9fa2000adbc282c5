from __future__ import annotations

import dataclasses

import pytest
from flask import Flask

from flask_ipernity import ConfigurationError, Ipernity, ipernity
from flask_ipernity.settings import Settings

REQUIRED: dict[str, object] = {"IPERNITY_APP_KEY": "key", "IPERNITY_APP_SECRET": "secret"}


def app_with(**config: object) -> Flask:
    app = Flask("tests")
    app.config.update(REQUIRED, SECRET_KEY="test")
    app.config.update(config)
    return app


def test_key_and_secret_are_enough() -> None:
    Ipernity(app_with())


def test_settings_cannot_be_changed_after_they_were_read() -> None:
    settings = Settings.read(REQUIRED)
    with pytest.raises(dataclasses.FrozenInstanceError):
        settings.app_key = "other"  # type: ignore[misc]


def test_secrets_do_not_show_in_the_settings_repr() -> None:
    text = repr(Settings.read({**REQUIRED, "IPERNITY_OWNER_TOKEN": "12-0123456789"}))
    assert "'secret'" not in text
    assert "12-0123456789" not in text


@pytest.mark.parametrize("key", REQUIRED)
def test_the_application_does_not_start_without(key: str) -> None:
    for value in (None, "", "  ", 5):
        app = app_with(**{key: value})
        with pytest.raises(ConfigurationError, match=key):
            Ipernity(app)


@pytest.mark.parametrize(
    ("key", "value", "said"),
    [
        ("IPERNITY_APP_SECRET", 12345, "must be a string, in the environment with inner quotes"),
        ("IPERNITY_PERMISSIONS", "read", 'such as {"doc": "read"}'),
        ("IPERNITY_PERMISSIONS", {"docs": "read"}, "doc, blog, post, network, profile"),
        ("IPERNITY_PERMISSIONS", {"doc": "all"}, "none, read, write, delete"),
        ("IPERNITY_PERMISSIONS", {"profile": "delete"}, "none, read, write"),
        ("IPERNITY_SESSION_PREFIX", "", "not empty"),
        ("IPERNITY_CALLBACK", "yes", "True or False"),
        ("IPERNITY_CALLBACK_URL_PREFIX", "ipernity", "starts with a slash"),
        ("IPERNITY_CALLBACK_URL_PREFIX", "/ipernity/", "does not end"),
        ("IPERNITY_API_URL", "api.ipernity.com", "https://"),
        ("IPERNITY_TIMEOUT", 0, "a number of seconds above 0, or two of them"),
        ("IPERNITY_TIMEOUT", None, "above 0"),
        ("IPERNITY_TIMEOUT", (1, 2, 3), "or two of them"),
        ("IPERNITY_TIMEOUT", (1, float("inf")), "or two of them"),
        ("IPERNITY_RETRIES", -1, "whole number of at least 0"),
        ("IPERNITY_RETRIES", True, "whole number"),
        ("IPERNITY_POOL_SIZE", 0, "whole number of at least 1"),
        ("IPERNITY_MEDIA_HOSTS", ".ipernity.com", "tuple of strings"),
        ("IPERNITY_MEDIA_HOSTS", (7,), "string"),
        ("IPERNITY_LANG", "", "not empty"),
        ("IPERNITY_SIGN_IN_MAX_AGE", 0, "must be a number above 0; it is 0"),
        ("IPERNITY_CACHE_MAX_AGE", -1, "must be a number of at least 0; it is -1"),
        ("IPERNITY_CACHE", "redis", '"redis://localhost:6379/0"'),
        ("IPERNITY_CACHE", "valkey", '"redis://localhost:6379/0"'),
        ("IPERNITY_CACHE", "redis:", '"redis://localhost:6379/0"'),
        ("IPERNITY_CACHE", "filesystem", '"session", "memory"'),
        ("IPERNITY_CACHE", None, "an object with get, set and delete"),
        ("IPERNITY_CACHE", "redis+sentinel://h:26379/m", "master_for(NAME)"),
        ("IPERNITY_CACHE", "sentinel://h:26379/m", "RedisCache("),
        ("IPERNITY_CACHE", "unix://", "unix:///run/redis/redis.sock"),
        ("IPERNITY_CACHE", "memcached://h", "unix:///run/redis/redis.sock"),
        ("IPERNITY_TOKEN_STORE", "redis://localhost", '"session", "sealed", "server" or'),
        ("IPERNITY_PROXY_MAX_AGE", 1.5, "whole number"),
        ("IPERNITY_PROXY_MAX_BYTES", 0, "whole number of at least 1"),
    ],
)
def test_a_wrong_value_stops_the_start_and_the_error_says_what_to_write(
    key: str, value: object, said: str
) -> None:
    with pytest.raises(ConfigurationError) as caught:
        Ipernity(app_with(**{key: value}))
    assert key in str(caught.value)
    assert said in str(caught.value)


def test_a_wrong_secret_is_not_shown() -> None:
    with pytest.raises(ConfigurationError) as caught:
        Ipernity(app_with(IPERNITY_OWNER_TOKEN=123456789))
    assert "123456789" not in str(caught.value)


@pytest.mark.parametrize(
    ("wrong", "right"),
    [
        ("IPERNITY_API_KEY", "IPERNITY_APP_KEY"),
        ("IPERNITY_API_SECRET", "IPERNITY_APP_SECRET"),
        ("IPERNITY_PERMISSION", "IPERNITY_PERMISSIONS"),
        ("IPERNITY_TIME_OUT", "IPERNITY_TIMEOUT"),
        ("IPERNITY_APPKEY", "IPERNITY_APP_KEY"),
        ("IPERNITY_TOKEN", "IPERNITY_OWNER_TOKEN"),
        ("IPERNITY_CACHE_REQUEST", "IPERNITY_CACHE_REQUESTS"),
        ("IPERNITY_CALLBACK_URL", "IPERNITY_CALLBACK"),
        ("IPERNITY_MEDIA_HOST", "IPERNITY_MEDIA_HOSTS"),
        ("IPERNITY_PROXY_STREAM", "IPERNITY_PROXY_STREAMS"),
    ],
)
def test_a_misspelt_key_stops_the_start_and_the_right_one_is_named(wrong: str, right: str) -> None:
    with pytest.raises(ConfigurationError, match=rf"{wrong} is not .*{right}"):
        Ipernity(app_with(**{wrong: "x"}))


@pytest.mark.parametrize("row", dataclasses.fields(Settings), ids=lambda row: row.name)
def test_every_key_is_recognized_with_a_letter_too_many_or_two_exchanged(
    row: dataclasses.Field[object],
) -> None:
    name = row.name.upper()
    for wrong in (f"{name}S", f"{name[:-2]}{name[-1]}{name[-2]}"):
        if wrong == name:
            continue
        with pytest.raises(ConfigurationError, match="Did you mean IPERNITY_"):
            Ipernity(app_with(**{f"IPERNITY_{wrong}": "x"}))


@pytest.mark.parametrize(
    "own",
    [
        "ALBUM",
        "ALBUM_ID",
        "API_DOWN_PAGE",
        "CACHE_DIR",
        "GALLERY",
        "GROUP_ID",
        "LOGO",
        "OWNER_NAME",
        "PAGE_SIZE",
        "SOMETHING_QUITE_ELSE",
        "TITLE",
        "USER",
        "USER_ID",
    ],
)
def test_a_key_of_the_sites_own_is_left_alone(own: str) -> None:
    app = app_with(**{f"IPERNITY_{own}": "10175"})
    Ipernity(app)
    assert app.config[f"IPERNITY_{own}"] == "10175"


def test_the_extension_shows_its_application() -> None:
    app = app_with()
    extension = Ipernity(app)
    assert repr(extension) == "<Ipernity>"
    with app.app_context():
        assert repr(extension) == repr(ipernity) == "<Ipernity of 'tests'>"
    with Flask("other").app_context():
        assert repr(extension) == "<Ipernity>"


def test_settings_come_from_the_environment_as_flask_reads_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("FLASK_IPERNITY_TIMEOUT", "[3, 20]")
    monkeypatch.setenv("FLASK_IPERNITY_MEDIA_HOSTS", '["127.0.0.1"]')
    monkeypatch.setenv("FLASK_IPERNITY_PERMISSIONS", '{"doc": "write"}')
    app = app_with()
    app.config.from_prefixed_env()
    settings = Settings.read(app.config)
    assert settings.timeout == (3, 20)
    assert settings.media_hosts == ("127.0.0.1",)
    assert settings.permissions == {"doc": "write"}


def test_a_second_set_up_of_an_application_is_refused() -> None:
    app = app_with()
    extension = Ipernity(app)
    with pytest.raises(ConfigurationError, match="set up for this application already"):
        extension.init_app(app)
