"""Sign-in: the consent page, frobs, and tokens for them."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest

from flask_ipernity.sandbox import Sandbox
from tests.support.raw_http import RawClient, RawResponse, sign


class ConsentPageParser(HTMLParser):
    """The fields of a page's form."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.form: dict[str, str | None] = {}
        self.hidden: dict[str, str] = {}
        self.inputs: list[dict[str, str | None]] = []
        self.tags: set[str] = set()
        self.ok = False
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = dict(attrs)
        self.tags.add(tag)
        if tag == "form":
            self.form = found
        elif tag in ("input", "button"):
            self.inputs.append(found)
            if found.get("type") == "hidden":
                self.hidden[found["name"] or ""] = found["value"] or ""
        elif tag == "div" and found.get("class") == "ok":
            self.ok = True


def link(sandbox: Sandbox, *, secret: str | None = None, **params: str) -> str:
    """Return a signed sign-in link."""
    full = {"api_key": sandbox.app_key, **params}
    return f"{sandbox.authorize_url}?{urlencode(sign(full, secret or sandbox.app_secret))}"


def frob_of(answer: RawResponse) -> str:
    """Return the frob in the URL to which a response redirects."""
    assert answer.status == 302
    return parse_qs(urlsplit(answer.headers["Location"]).query)["frob"][0]


def allow(raw: RawClient, url: str, **choice: str) -> RawResponse:
    """Open the page and post its hidden fields, with a choice."""
    page = ConsentPageParser(raw.send("GET", url).text)
    return raw.send("POST", url, {**page.hidden, **choice})


def test_the_page_asks_for_consent_and_needs_nothing_but_html(
    raw: RawClient, sandbox: Sandbox
) -> None:
    answer = raw.send("GET", link(sandbox, perm_doc="write", perm_network="read"))
    page = ConsentPageParser(answer.text)
    assert answer.status == 200
    assert answer.headers["Content-Type"].startswith("text/html")
    assert page.form["name"] == "fa"
    assert page.form["method"] == "post"
    assert "action" not in page.form
    assert "See and change your photos" in answer.text
    assert "See your contacts" in answer.text
    assert not page.ok
    assert page.tags.isdisjoint({"script", "img", "link", "iframe"})


def test_the_page_offers_all_people_and_has_chosen_the_first(
    raw: RawClient, sandbox: Sandbox
) -> None:
    page = ConsentPageParser(raw.send("GET", link(sandbox)).text)
    radios = [field for field in page.inputs if field.get("type") == "radio"]
    assert [field["value"] for field in radios] == [person.user_id for person in sandbox.people]
    assert ["checked" in field for field in radios] == [True] + [False] * (len(radios) - 1)
    buttons = [field["value"] for field in page.inputs if field.get("name") == "answer"]
    assert buttons == ["allow", "refuse"]


def test_the_page_is_not_stored_not_framed_and_loads_nothing(
    raw: RawClient, sandbox: Sandbox
) -> None:
    for url in (link(sandbox), sandbox.authorize_url):
        headers = raw.send("GET", url).headers
        assert headers["Cache-Control"] == "no-store"
        assert headers["X-Frame-Options"] == "DENY"
        assert headers["Content-Security-Policy"].startswith("default-src 'none'")


def test_posting_the_hidden_fields_alone_signs_the_first_person_in(
    raw: RawClient, sandbox: Sandbox
) -> None:
    answer = allow(raw, link(sandbox, perm_doc="read"))
    assert re.fullmatch(r"\d+-[0-9a-f]+", frob_of(answer))
    auth = raw.ok("auth.getToken", {"frob": frob_of(answer)})["auth"]
    assert re.fullmatch(r"\d+-[0-9a-f]+", auth["token"])
    assert auth["user"]["user_id"] == sandbox.people[0].user_id
    assert auth["permissions"]["doc"] == "read"
    assert auth["permissions"]["profile"] == "none"
    assert raw.ok("auth.checkToken", token=auth["token"])["auth"] == auth


def test_another_person_can_be_chosen(raw: RawClient, sandbox: Sandbox) -> None:
    second = sandbox.people[1].user_id
    answer = allow(raw, link(sandbox), user_id=second, answer="allow")
    auth = raw.ok("auth.getToken", {"frob": frob_of(answer)})["auth"]
    assert auth["user"]["user_id"] == second


def test_the_callback_url_keeps_its_own_query(raw: RawClient, sandbox: Sandbox) -> None:
    sandbox.callback_url = "http://localhost:5000/cb?app=two%20words&x"
    answer = allow(raw, link(sandbox))
    assert answer.headers["Location"] == f"{sandbox.callback_url}&frob={frob_of(answer)}"


def test_a_new_callback_url_takes_effect_at_once(raw: RawClient, sandbox: Sandbox) -> None:
    url = link(sandbox)
    fields = ConsentPageParser(raw.send("GET", url).text).hidden
    sandbox.callback_url = "https://example.test/back"
    location = raw.send("POST", url, fields).headers["Location"]
    assert location.startswith("https://example.test/back?frob=")


@pytest.mark.parametrize("value", ["/cb", "example.test/cb", "javascript:alert(1)", ""])
def test_a_callback_url_that_is_no_http_address_raises(sandbox: Sandbox, value: str) -> None:
    with pytest.raises(ValueError, match="not an absolute HTTP URL"):
        sandbox.callback_url = value


def test_refusing_leads_to_the_callback_without_a_frob(raw: RawClient, sandbox: Sandbox) -> None:
    answer = allow(raw, link(sandbox), answer="refuse")
    assert answer.status == 302
    assert answer.headers["Location"] == sandbox.callback_url
    assert sandbox.state.frobs == {}


@pytest.mark.parametrize(
    "params",
    [
        {"lg": "de"},
        {"auth_token": "1-abc"},
        {"perm_doc": "delete", "perm_blog": "none", "perm_profile": "write", "perm_post": "read"},
        {},
    ],
)
def test_a_link_may_ask_for_this(raw: RawClient, sandbox: Sandbox, params: dict[str, str]) -> None:
    assert frob_of(allow(raw, link(sandbox, **params)))


@pytest.mark.parametrize(
    ("params", "words"),
    [
        ({"perm_photos": "read"}, "no permission &#39;photos&#39;"),
        ({"perm_doc": "admin"}, "no level &#39;admin&#39;"),
        ({"perm_doc": ""}, "no level"),
        ({"perm_profile": "delete"}, "no level &#39;delete&#39;"),
        ({"frob": "1-abc"}, "frob is unknown"),
        ({"frob": ""}, "frob is unknown"),
    ],
)
@pytest.mark.parametrize("verb", ["GET", "POST"])
def test_a_link_may_not_ask_for_this(
    raw: RawClient, sandbox: Sandbox, params: dict[str, str], words: str, verb: str
) -> None:
    answer = raw.send(verb, link(sandbox, **params))
    assert answer.status == 400
    assert words in answer.text
    assert ConsentPageParser(answer.text).form == {}


@pytest.mark.parametrize("verb", ["GET", "POST"])
def test_a_link_that_is_not_the_applications_own_is_refused_without_a_redirect(
    raw: RawClient, sandbox: Sandbox, verb: str
) -> None:
    good = link(sandbox, perm_doc="read")
    bad = {
        "no api_key": sandbox.authorize_url,
        "no application": link(sandbox, api_key="0" * 32),
        "no api_sig": good.partition("&api_sig")[0],
        "api_sig is wrong": link(sandbox, secret="another", perm_doc="read"),
        "every parameter": good.replace("perm_doc=read", "perm_doc=delete"),
        "The api_sig": good + "&lg=en",
    }
    for words, url in bad.items():
        answer = raw.send(verb, url)
        assert answer.status == 400
        assert words in answer.text
        assert "Location" not in answer.headers


def test_the_link_is_signed_without_a_method_name(raw: RawClient, sandbox: Sandbox) -> None:
    params = sign({"api_key": sandbox.app_key}, sandbox.app_secret, "auth.getToken")
    answer = raw.send("GET", f"{sandbox.authorize_url}?{urlencode(params)}")
    assert answer.status == 400


def test_the_form_cannot_widen_what_the_link_asks_for(raw: RawClient, sandbox: Sandbox) -> None:
    answer = allow(raw, link(sandbox, perm_doc="read"), perm_doc="delete")
    assert answer.status == 400


def test_an_unknown_person_or_answer_is_refused(raw: RawClient, sandbox: Sandbox) -> None:
    assert allow(raw, link(sandbox), user_id="1").status == 400
    assert allow(raw, link(sandbox), answer="perhaps").status == 400


def test_without_a_callback_url_there_is_no_web_flow(raw: RawClient, sandbox: Sandbox) -> None:
    sandbox.callback_url = None
    answer = raw.send("GET", link(sandbox))
    assert answer.status == 400
    assert "no callback URL" in answer.text


def test_texts_from_outside_are_escaped(raw: RawClient, sandbox: Sandbox) -> None:
    answer = raw.send("GET", link(sandbox, lg='"><b>'))
    assert answer.status == 200
    assert "<b>" not in answer.text
    assert ConsentPageParser(answer.text).hidden["lg"] == '"><b>'


def test_the_desktop_flow_ends_on_a_page_and_gives_a_token_once_confirmed(
    raw: RawClient, sandbox: Sandbox
) -> None:
    sandbox.callback_url = None
    frob = raw.ok("auth.getFrob")["auth"]["frob"]
    assert raw.code("auth.getToken", {"frob": frob}) == "2"
    url = link(sandbox, frob=frob, perm_doc="write")
    assert not ConsentPageParser(raw.send("GET", url).text).ok
    answer = allow(raw, url)
    assert answer.status == 200
    assert ConsentPageParser(answer.text).ok
    assert "Location" not in answer.headers
    auth = raw.ok("auth.getToken", {"frob": frob})["auth"]
    assert auth["permissions"]["doc"] == "write"


def test_a_second_click_in_the_desktop_flow_changes_nothing(
    raw: RawClient, sandbox: Sandbox
) -> None:
    frob = raw.ok("auth.getFrob")["auth"]["frob"]
    url = link(sandbox, frob=frob)
    allow(raw, url)
    again = allow(raw, url, user_id=sandbox.people[1].user_id)
    assert ConsentPageParser(again.text).ok
    auth = raw.ok("auth.getToken", {"frob": frob})["auth"]
    assert auth["user"]["user_id"] == sandbox.people[0].user_id


def test_a_frob_that_was_refused_gives_no_token(raw: RawClient, sandbox: Sandbox) -> None:
    frob = raw.ok("auth.getFrob")["auth"]["frob"]
    answer = allow(raw, link(sandbox, frob=frob), answer="refuse")
    assert answer.status == 200
    assert not ConsentPageParser(answer.text).ok
    assert raw.code("auth.getToken", {"frob": frob}) == "2"


def test_a_spent_frob_is_refused_with_error_2(raw: RawClient, sandbox: Sandbox) -> None:
    frob = frob_of(allow(raw, link(sandbox)))
    raw.ok("auth.getToken", {"frob": frob})
    assert raw.code("auth.getToken", {"frob": frob}) == "2"


def test_a_missing_frob_is_refused_with_error_1(raw: RawClient) -> None:
    assert raw.code("auth.getToken") == "1"


@pytest.mark.parametrize(("age", "fresh"), [(298, True), (301, False)])
def test_a_frob_lives_300_seconds(
    raw: RawClient, sandbox: Sandbox, age: float, fresh: bool
) -> None:
    frob = frob_of(allow(raw, link(sandbox)))
    sandbox.state.frobs[frob].created -= age
    answer = raw.call("auth.getToken", {"frob": frob})
    assert ("auth" in answer) is fresh


def test_an_expired_frob_cannot_be_confirmed_and_is_forgotten(
    raw: RawClient, sandbox: Sandbox
) -> None:
    frob = raw.ok("auth.getFrob")["auth"]["frob"]
    sandbox.state.frobs[frob].created -= 301
    assert raw.send("GET", link(sandbox, frob=frob)).status == 400
    raw.ok("auth.getFrob")
    assert frob not in sandbox.state.frobs


def test_a_frob_belongs_to_the_key_that_made_it(raw: RawClient, sandbox: Sandbox) -> None:
    frob = frob_of(allow(raw, link(sandbox)))
    sandbox.state.frobs[frob].app_key = "another"
    assert raw.code("auth.getToken", {"frob": frob}) == "2"


def test_the_frob_of_the_web_flow_is_none_of_the_desktop_flow(
    raw: RawClient, sandbox: Sandbox
) -> None:
    frob = frob_of(allow(raw, link(sandbox)))
    assert raw.send("GET", link(sandbox, frob=frob)).status == 400


def test_every_sign_in_gets_its_own_token(raw: RawClient, sandbox: Sandbox) -> None:
    tokens = {
        raw.ok("auth.getToken", {"frob": frob_of(allow(raw, link(sandbox)))})["auth"]["token"]
        for _ in range(3)
    }
    assert len(tokens) == 3


@pytest.mark.parametrize("granted", [{"photos": "read"}, {"doc": "all"}, {"profile": "delete"}])
def test_a_direct_sign_in_checks_the_permissions(sandbox: Sandbox, granted: dict[str, str]) -> None:
    with pytest.raises(ValueError, match=r"There is no permission|has no level"):
        sandbox.sign_in(permissions=granted)
