from __future__ import annotations

import logging
import re
from pathlib import Path
from textwrap import dedent
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from flask import Flask, redirect, request, session
from flask_login import LoginManager, login_required
from werkzeug.exceptions import Forbidden

from flask_ipernity import (
    ConfigurationError,
    Ipernity,
    SignInError,
    ipernity,
    ipernity_auth_required,
    sign_in_failed,
    signed_in,
    signed_out,
    signing_in,
    token_revoked,
)
from flask_ipernity.sandbox import Sandbox
from tests.support.apps import CALLBACK, MakeApp
from tests.support.signals import heard
from tests.support.views import with_views
from tests.support.visitor import consent, sign_in


@pytest.fixture
def app(make_app: MakeApp) -> Flask:
    return with_views(make_app())


def asked(location: str | None) -> dict[str, str]:
    assert location is not None
    query = parse_qs(urlsplit(location).query)
    return {name: values[0] for name, values in query.items() if name.startswith("perm_")}


def test_a_visitor_signs_in_and_lands_where_she_wanted_to_go(app: Flask) -> None:
    client = app.test_client()
    assert client.get("/who").text == "nobody"
    with heard(signed_in, app) as said:
        page = sign_in(client, "/read?page=2")
    assert page.request.path == "/read"
    assert page.request.args["page"] == "2"
    assert page.json is not None
    assert page.json["docs"]["doc"]
    assert client.get("/who").text == "Ada Fontaine"
    assert [entry["user"]["username"] for entry in said] == ["Ada Fontaine"]


def test_knowing_who_is_signed_in_needs_no_call(app: Flask, sandbox: Sandbox) -> None:
    client = app.test_client()
    sign_in(client, "/read")
    sandbox.clear_calls()
    assert client.get("/who").text == "Ada Fontaine"
    assert sandbox.calls == []


def test_two_visitors_do_not_meet(app: Flask) -> None:
    ada, jonas = app.test_client(), app.test_client()
    sign_in(ada, "/read", person=0)
    sign_in(jonas, "/read", person=1)
    assert (ada.get("/who").text, jonas.get("/who").text) == ("Ada Fontaine", "Jonas Weidmann")


def test_a_token_does_not_stay_in_an_outer_application_context(app: Flask) -> None:
    with app.app_context():
        ada, stranger = app.test_client(), app.test_client()
        sign_in(ada, "/read")
        assert ada.get("/who").text == "Ada Fontaine"
        assert stranger.get("/who").text == "nobody"


@pytest.mark.slow
def test_more_permissions_are_asked_for_together_with_those_that_are_granted(app: Flask) -> None:
    client = app.test_client()
    sign_in(client, "/read")
    redirect = client.get("/write")
    assert asked(redirect.location) == {"perm_doc": "write", "perm_network": "read"}
    granted = client.get(client.get(consent(redirect.location)).location).json
    assert granted is not None
    assert (granted["doc"], granted["network"]) == ("write", "read")
    assert client.get("/read").status_code == 200


def test_one_decorated_view_asks_for_what_each_application_sets(
    make_app: MakeApp,
) -> None:
    @ipernity_auth_required()
    def view() -> str:
        return "in"

    for permissions in ({"doc": "read"}, {"blog": "write"}):
        app = make_app(IPERNITY_PERMISSIONS=permissions)
        app.add_url_rule("/", view_func=view)
        location = app.test_client().get("/").location
        assert asked(location) == {f"perm_{item}": level for item, level in permissions.items()}


def test_two_applications_in_one_process_keep_apart(make_app: MakeApp) -> None:
    first, second = with_views(make_app()), with_views(make_app(IPERNITY_SESSION_PREFIX="two_"))
    assert first.extensions["ipernity"] != second.extensions["ipernity"]
    client = first.test_client()
    sign_in(client, "/read")
    assert second.test_client().get("/who").text == "nobody"
    assert client.get("/who").text == "Ada Fontaine"


def test_a_callback_that_was_not_started_here_is_refused_before_any_call(
    app: Flask, sandbox: Sandbox
) -> None:
    location = consent(app.test_client().get("/read").location)
    sandbox.clear_calls()
    victim = app.test_client()
    with heard(sign_in_failed, app) as said:
        page = victim.get(location)
    assert page.status_code == 400
    assert "Sign in with Ipernity" in page.text
    assert said == [{"reason": "not_pending"}]
    assert sandbox.calls == []
    assert victim.get("/who").text == "nobody"


def test_a_frob_serves_once(app: Flask) -> None:
    client = app.test_client()
    location = consent(client.get("/read").location)
    assert client.get(location).status_code == 303
    again = client.get(location)
    assert again.status_code == 400
    assert client.get("/who").text == "Ada Fontaine"


def test_a_spent_frob_in_a_started_sign_in_is_refused_and_can_be_started_again(
    app: Flask,
) -> None:
    client = app.test_client()
    location = consent(client.get("/read?a=b").location)
    client.get(location)
    client.get("/write")
    page = client.get(location)
    assert page.status_code == 400
    restart = page.text.partition('class="button" href="')[2].partition('"')[0]
    landed = client.get(consent(client.get(restart.replace("&amp;", "&")).location))
    assert landed.location == "/write"


def test_two_tabs_both_arrive(app: Flask) -> None:
    client = app.test_client()
    first, second = client.get("/read?tab=1").location, client.get("/read?tab=2").location
    arrived = {client.get(consent(start)).location for start in (first, second)}
    assert arrived == {"/read?tab=1", "/read?tab=2"}


@pytest.mark.parametrize("first", ["/read", "/write"])
@pytest.mark.parametrize("back", [[0, 1], [1, 0]], ids=["in order", "other order"])
def test_two_tabs_that_want_different_permissions_both_arrive_where_they_wanted(
    app: Flask, first: str, back: list[int]
) -> None:
    client = app.test_client()
    paths = [first, "/write" if first == "/read" else "/read"]
    callbacks = [consent(client.get(path).location) for path in paths]
    for number in back:
        answer = client.get(callbacks[number])
        assert answer.status_code == 303
    assert client.get("/who").text == "Ada Fontaine"


@pytest.mark.parametrize("needs", [[{"doc": "read"}, {"doc": "write"}, {"blog": "read"}]])
def test_each_of_several_tabs_comes_back_to_the_page_that_its_permissions_fit(
    make_app: MakeApp, needs: list[dict[str, str]]
) -> None:
    app = make_app()
    for number, needed in enumerate(needs):
        view = ipernity_auth_required(needed)(lambda number: str(number))
        app.add_url_rule(f"/<int:number>/{number}", str(number), view)
    client = app.test_client()
    callbacks = {f"/1/{n}": consent(client.get(f"/1/{n}").location) for n in range(len(needs))}
    for path in ("/1/0", "/1/2", "/1/1"):
        answer = client.get(callbacks[path])
        assert (answer.status_code, answer.location) == (303, path)


def test_a_session_keeps_five_started_sign_ins_at_most(app: Flask) -> None:
    client = app.test_client()
    for number in range(8):
        client.get(f"/read?tab={number}")
    with client.session_transaction() as kept:
        assert [entry["next"] for entry in kept["ipernity_sign_ins"]] == [
            f"/read?tab={number}" for number in range(3, 8)
        ]


def test_a_sign_in_that_took_too_long_is_refused(make_app: MakeApp, sandbox: Sandbox) -> None:
    app = with_views(make_app(IPERNITY_SIGN_IN_MAX_AGE=60))
    client = app.test_client()
    location = consent(client.get("/read").location)
    with client.session_transaction() as kept:
        kept["ipernity_sign_ins"] = [
            {**entry, "at": entry["at"] - 61} for entry in kept["ipernity_sign_ins"]
        ]
    sandbox.clear_calls()
    with heard(sign_in_failed, app) as said:
        assert client.get(location).status_code == 400
    assert said == [{"reason": "expired"}]
    assert sandbox.calls == []


def test_a_refusal_is_a_friendly_page(app: Flask) -> None:
    client = app.test_client()
    with heard(sign_in_failed, app) as said:
        page = client.get(consent(client.get("/read").location, answer="refuse"))
    assert page.status_code == 400
    assert "did not allow the sign-in" in page.text
    assert said == [{"reason": "refused"}]
    assert client.get("/who").text == "nobody"


@pytest.mark.parametrize(
    "query", ["frob=", "frob=1-a&frob=2-b", "frob=" + "1" * 10240, "frob=%C3%BC", "frob=1%20a"]
)
def test_a_damaged_callback_is_refused_without_a_call(
    app: Flask, sandbox: Sandbox, query: str
) -> None:
    client = app.test_client()
    client.get("/read")
    assert client.get(f"/ipernity/cb?{query}").status_code == 400
    assert sandbox.calls == []


@pytest.mark.slow
@pytest.mark.parametrize(
    ("fault", "status"), [("500", 502), ("html", 502), ("hang", 504), ("cut", 502), ("112", 503)]
)
def test_a_service_that_fails_at_the_exchange_is_a_page_with_a_way_to_start_again(
    make_app: MakeApp, sandbox: Sandbox, fault: str, status: int
) -> None:
    app = with_views(make_app(IPERNITY_TIMEOUT=0.3))
    client = app.test_client()
    location = consent(client.get("/read?a=b").location)
    sandbox.fault("auth.getToken", fault)
    with heard(sign_in_failed, app) as said:
        page = client.get(location)
    assert page.status_code == status
    assert "Sign in with Ipernity" in page.text
    assert len(said) == 1
    assert client.get("/who").text == "nobody"
    assert [call.method for call in sandbox.calls] == ["auth.getToken"]


@pytest.mark.parametrize(
    "headers",
    [
        {"Sec-Purpose": "prefetch"},
        {"Sec-Purpose": "prefetch;prerender"},
        {"Purpose": "prefetch"},
        {"X-Moz": "prefetch"},
        {"X-Purpose": "preview"},
        {"Sec-Fetch-Dest": "image", "Sec-Fetch-Mode": "no-cors"},
        {"Sec-Fetch-Dest": "iframe", "Sec-Fetch-Mode": "navigate"},
        {"Sec-Fetch-Dest": "empty", "Sec-Fetch-Mode": "cors"},
    ],
)
def test_only_a_person_who_navigates_ends_a_sign_in(
    app: Flask, sandbox: Sandbox, headers: dict[str, str]
) -> None:
    client = app.test_client()
    location = consent(client.get("/read").location)
    sandbox.clear_calls()
    assert client.get(location, headers=headers).status_code == 400
    assert sandbox.calls == []
    assert client.get(location).status_code == 303


def test_head_and_post_do_not_end_a_sign_in(app: Flask) -> None:
    client = app.test_client()
    location = consent(client.get("/read").location)
    for method in ("HEAD", "POST"):
        refused = client.open(location, method=method)
        assert refused.status_code == 405
        assert refused.headers["Allow"]
    assert client.get(location).status_code == 303


def test_the_callback_answer_is_kept_nowhere_and_tells_no_referrer(app: Flask) -> None:
    client = app.test_client()
    answer = client.get(consent(client.get("/read").location))
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["Referrer-Policy"] == "no-referrer"
    assert "frob" not in answer.location


def test_a_form_or_a_script_gets_401_with_the_address_to_sign_in(app: Flask) -> None:
    client = app.test_client()
    form = client.post("/read", headers={"Referer": "http://localhost/who"})
    assert form.status_code == 401
    assert "Sign in with Ipernity" in form.text
    fetched = client.get("/read", headers={"Sec-Fetch-Dest": "empty", "Sec-Fetch-Mode": "cors"})
    assert fetched.status_code == 401
    assert fetched.mimetype == "application/problem+json"
    assert fetched.json is not None
    start = client.get(fetched.json["sign_in"]).location
    assert client.get(consent(start)).location == "/"


def test_fewer_permissions_than_asked_for_are_one_page_and_no_loop(
    app: Flask, sandbox: Sandbox
) -> None:
    client = app.test_client()
    location = consent(client.get("/write").location)
    for frob in sandbox.state.frobs.values():
        frob.permissions = {"doc": "read"}
    page = client.get(location)
    assert page.status_code == 403
    assert "doc write, network read is missing" in page.text


def test_a_dead_token_is_forgotten_once_and_leads_to_sign_in(app: Flask, sandbox: Sandbox) -> None:
    client = app.test_client()
    sign_in(client, "/read")
    for token in list(sandbox.state.tokens):
        sandbox.revoke(token)
    with heard(token_revoked, app) as said:
        assert client.get("/read").status_code == 302
        assert client.get("/who").text == "nobody"
    assert [entry["user"]["username"] for entry in said] == ["Ada Fontaine"]


def test_an_outage_signs_nobody_out(app: Flask, sandbox: Sandbox) -> None:
    client = app.test_client()
    sign_in(client, "/read")
    sandbox.fault("*", "500")
    assert client.get("/read").status_code == 502
    assert client.get("/who").text == "Ada Fontaine"


@pytest.mark.parametrize("person", [0, 1])
@pytest.mark.parametrize(
    "config",
    [
        {"IPERNITY_TOKEN_STORE": "session"},
        {"IPERNITY_TOKEN_STORE": "sealed"},
        {"IPERNITY_TOKEN_STORE": "server", "IPERNITY_CACHE": "memory"},
        {"IPERNITY_LOGIN": True},
    ],
    ids=str,
)
def test_a_test_client_signs_in_as_the_documentation_shows(
    sandbox: Sandbox, config: dict[str, Any], person: int
) -> None:
    docs = (Path(__file__).parents[2] / "docs/sign-in.rst").read_text(encoding="utf-8")
    [example] = re.findall(r"\n(    import urllib3\n.*?)\n``sandbox.people``", docs, re.DOTALL)

    def create_app(settings: dict[str, Any]) -> Flask:
        app = Flask("tests")
        app.config.update(settings, SECRET_KEY="k", IPERNITY_PERMISSIONS={"doc": "read"}, **config)
        LoginManager(app)
        Ipernity(app)
        protect: Any = login_required if config.get("IPERNITY_LOGIN") else ipernity_auth_required()
        name = lambda: (ipernity.api.user_info or {})["username"]  # noqa: E731
        app.add_url_rule("/mine", "mine", protect(name))
        return app

    names: dict[str, Any] = {"Sandbox": Sandbox, "create_app": create_app}
    exec(dedent(example), names)
    names["test_my_photos"]()
    client = create_app(sandbox.config()).test_client()
    names["sign_in"](client, "/mine", sandbox.people[person].user_id)
    assert client.get("/mine").text == sandbox.people[person].username


@pytest.mark.parametrize("ask", [False, True], ids=["at once", "after the question"])
@pytest.mark.parametrize(
    ("veto", "status"),
    [
        (Forbidden("Only for members."), 403),
        (SignInError("refused", "Only for members."), 400),
        (ValueError("a fault of the receiver"), 500),
    ],
    ids=["abort", "SignInError", "fault"],
)
def test_a_receiver_of_signing_in_that_raises_an_error_prevents_the_sign_in(
    make_app: MakeApp, ask: bool, veto: Exception, status: int
) -> None:
    app = with_views(make_app(IPERNITY_CONFIRM_SIGN_IN=ask))
    asked: list[str] = []

    def refuse(sender: object, user: dict[str, Any]) -> None:
        asked.append(user["username"])
        user["user_id"] = "1"
        if user["username"] != "Ada Fontaine":
            raise veto

    def come_back(person: int) -> Any:
        page = client.get(consent(client.get("/read").location, person))
        if not ask:
            return page
        text = client.get(page.location).text
        token = text.partition('name="token" value="')[2].partition('"')[0]
        return client.post("/ipernity/cb/confirm", data={"token": token, "answer": "continue"})

    client = app.test_client()
    with signing_in.connected_to(refuse, app), heard(signed_in, app) as said:
        with heard(sign_in_failed, app) as failed:
            page = come_back(1)
        assert page.status_code == status
        assert failed == [{"reason": "refused" if status == 400 else "vetoed"}]
        assert client.get("/who").text == "nobody"
        with client.session_transaction() as kept:
            assert not [key for key in kept if key.startswith("ipernity_")]
        assert come_back(0).status_code == 303
    assert asked == ["Jonas Weidmann", "Ada Fontaine"]
    assert [entry["user"]["username"] for entry in said] == ["Ada Fontaine"]
    assert client.get("/who").text == "Ada Fontaine"


@pytest.mark.parametrize(
    ("start", "end"),
    [
        ("http://localhost", "http://127.0.0.1"),
        ("http://club.example", "http://www.club.example"),
        ("http://localhost:5000", "http://localhost.localdomain:5000"),
    ],
)
@pytest.mark.parametrize("callback", [True, False])
def test_a_callback_at_another_host_name_says_what_may_be_wrong(
    make_app: MakeApp,
    sandbox: Sandbox,
    caplog: pytest.LogCaptureFixture,
    start: str,
    end: str,
    callback: bool,
) -> None:
    app = with_views(make_app(IPERNITY_CALLBACK=callback))
    path = "/ipernity/cb" if callback else "/back"
    app.add_url_rule("/back", "back", lambda: ipernity.set_token())
    sandbox.callback_url = f"{end}{path}"
    client = app.test_client()
    location = consent(client.get("/read", base_url=start).location)
    page = client.get(location, base_url=end)
    assert page.status_code == 400
    for text in (page.text, caplog.text):
        assert f"{end}/" in text
        for hint in ("cookie", "www", "localhost", "127.0.0.1", "https"):
            assert hint in text
    assert "frob" not in caplog.text


@pytest.mark.parametrize("cookie", ["of.another.application", "", "x" * 50])
def test_a_cookie_of_another_application_on_this_host_counts_for_none(
    app: Flask, caplog: pytest.LogCaptureFixture, cookie: str
) -> None:
    client = app.test_client()
    client.set_cookie("session", cookie)
    page = client.get("/ipernity/cb?frob=1-a")
    assert page.status_code == 400
    for text in (page.text, caplog.text):
        assert "127.0.0.1" in text


def test_a_visitor_with_a_cookie_is_not_told_so(
    app: Flask, caplog: pytest.LogCaptureFixture
) -> None:
    client = app.test_client()
    sign_in(client, "/read")
    page = client.get("/ipernity/cb?frob=1-a")
    assert page.status_code == 400
    assert "127.0.0.1" not in page.text + caplog.text


def test_signing_out_forgets_all_of_ours_and_nothing_else(app: Flask) -> None:
    client = app.test_client()
    sign_in(client, "/read")
    with client.session_transaction() as kept:
        kept["basket"] = 1
    with heard(signed_out, app) as said:
        client.post("/out")
        client.post("/out")
    assert len(said) == 1
    with client.session_transaction() as kept:
        assert dict(kept) == {"basket": 1}
    assert client.get("/who").text == "nobody"


def test_session_values_lie_under_the_prefix(make_app: MakeApp) -> None:
    app = make_app(IPERNITY_SESSION_PREFIX="my_")
    with app.test_request_context():
        ipernity.session_set("x", 1)
        assert dict(session) == {"my_x": 1}
        assert ipernity.session_get("x") == 1
        assert ipernity.session_pop("x") == 1
        assert ipernity.session_get("x", "gone") == "gone"


def test_a_callback_view_of_ones_own_works_as_in_version_0_1(
    make_app: MakeApp, sandbox: Sandbox
) -> None:
    app = with_views(make_app(IPERNITY_CALLBACK=False))

    @app.route("/back")
    def back() -> Any:
        ipernity.set_token()
        return ipernity.session_pop("next_url", "/")

    sandbox.callback_url = "http://localhost/back"
    client = app.test_client()
    assert client.get(consent(client.get("/read").location)).text == "/read"
    assert client.get("/who").text == "Ada Fontaine"


def test_a_callback_view_of_ones_own_gets_the_path_to_go_to(
    make_app: MakeApp, sandbox: Sandbox
) -> None:
    app = with_views(make_app(IPERNITY_CALLBACK=False))

    @app.route("/back")
    def back() -> Any:
        return redirect(ipernity.set_token(), 303)

    @app.route("/start")
    def start() -> Any:
        return ipernity.authorize({"doc": "read"}, next_url=request.args["to"])

    sandbox.callback_url = "http://localhost/back"
    client = app.test_client()

    def lands(to: str) -> str | None:
        asked_for = client.get("/start", query_string={"to": to})
        return client.get(consent(asked_for.location)).location

    for path in ("/read", "/who?page=2&tag=a%20b", "/nowhere/%C3%BC"):
        assert lands(path) == path
        assert client.post("/out").text == "bye"
    for elsewhere in ("https://example.org/", "//example.org/", "/\\example.org"):
        assert lands(elsewhere) == "/"


def test_the_api_outside_a_request_says_what_to_use(app: Flask, sandbox: Sandbox) -> None:
    with app.app_context():
        with pytest.raises(RuntimeError, match="api_for"):
            ipernity.api  # noqa: B018
        token = sandbox.sign_in(1, {"doc": "read"})
        user = ipernity.api_for(token).user_info
        assert user is not None
        assert user["username"] == "Jonas Weidmann"
        assert ipernity.api_for(None).test.hello()["hello"] == "hello world!"


def test_the_owner_api_needs_the_owners_token(make_app: MakeApp, sandbox: Sandbox) -> None:
    with make_app().app_context(), pytest.raises(ConfigurationError, match="OWNER_TOKEN"):
        ipernity.owner_api  # noqa: B018
    token = sandbox.sign_in(0, {"doc": "read"})
    with make_app(IPERNITY_OWNER_TOKEN=token).app_context():
        assert ipernity.owner_api.user_info is not None


def test_a_dead_owner_token_is_no_matter_of_the_visitor(
    make_app: MakeApp, sandbox: Sandbox
) -> None:
    app = with_views(make_app(IPERNITY_OWNER_TOKEN="1-0123456789ab"))

    @app.route("/owner")
    def owner() -> Any:
        return ipernity.owner_api.doc.getList()

    client = app.test_client()
    sign_in(client, "/read")
    assert client.get("/owner").status_code == 502
    assert client.get("/who").text == "Ada Fontaine"


def test_an_application_without_the_extension_says_so() -> None:
    with Flask("bare").app_context(), pytest.raises(ConfigurationError, match="Ipernity\\(app\\)"):
        ipernity.api  # noqa: B018


def test_a_decorator_without_parentheses_or_with_a_wrong_permission_is_an_error() -> None:
    with pytest.raises(ConfigurationError, match="parentheses"):
        ipernity_auth_required(lambda: "x")  # type: ignore[arg-type]
    with pytest.raises(ConfigurationError, match="doc, blog"):
        ipernity_auth_required({"docs": "read"})


def test_the_applications_own_error_handlers_win(make_app: MakeApp, sandbox: Sandbox) -> None:
    early = Flask("early")
    early.config.update(SECRET_KEY="test", **sandbox.config())
    early.register_error_handler(SignInError, lambda error: (f"early {error.reason}", 418))
    Ipernity(early)
    late = make_app()
    late.register_error_handler(SignInError, lambda error: (f"late {error.reason}", 418))
    for app, text in ((early, "early not_pending"), (late, "late not_pending")):
        page = app.test_client().get("/ipernity/cb?frob=1-a")
        assert (page.status_code, page.text) == (418, text)


def test_no_token_frob_or_secret_is_in_the_logs_of_a_whole_visit(
    app: Flask, sandbox: Sandbox, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    client = app.test_client()
    callback = consent(client.get("/read").location)
    client.get(client.get(callback).location)
    client.get(callback)
    sandbox.fault("*", "500")
    client.get("/read")
    frob = callback.partition("frob=")[2]
    tokens = list(sandbox.state.tokens)
    assert callback.startswith(CALLBACK)
    assert tokens
    assert caplog.text
    # the test's own browser logs the authorize page, whose address has no secret
    for secret in (frob, sandbox.app_secret, *tokens):
        assert secret not in caplog.text
