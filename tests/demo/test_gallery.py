"""The gallery's pages, over the wire against the sandbox."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from PIL import Image

from flask_ipernity.demo import create_app, facts
from flask_ipernity.sandbox import Sandbox
from tests.support import photo_files
from tests.support.gallery import links, sign_in

OWNER = "10175"
FAMILY = "20433"
HOSTILE = ("0", "-1", "1'--", "..%2f..%2fetc", "%00", "9" * 20, "９", "<b>", "1.5", "9" * 5000)


def titles(sandbox: Sandbox, *, public: bool) -> list[str]:
    """Return the titles of the owner's documents that all see, or that not all see."""
    docs = sandbox.state.docs.values()
    return [doc.title for doc in docs if doc.owner_id == OWNER and (doc.share == 4) is public]


def find(sandbox: Sandbox, media: str = "photo", share: int = 4) -> str:
    """Return the id of one of the owner's documents."""
    return next(
        doc.doc_id
        for doc in sandbox.state.docs.values()
        if (doc.owner_id, doc.media, doc.share) == (OWNER, media, share)
    )


def pages(sandbox: Sandbox) -> list[str]:
    """Return an address of each kind of page that all may see."""
    albums = [album.album_id for album in sandbox.state.albums.values() if album.owner_id == OWNER]
    return [
        "/",
        f"/people/{FAMILY}",
        f"/people/{OWNER}/albums",
        f"/albums/{albums[0]}",
        *(f"/photos/{find(sandbox, media)}" for media in ("photo", "video", "audio")),
        "/tags/sea",
        "/tags/black%20and%20white",
        "/tags/nobody%20uses%20this",
        "/search",
        "/search?q=aurora",
        "/search?q=%22%3Cscript%3E",
    ]


@pytest.mark.parametrize("signed_in", [False, True])
def test_every_page_answers_anonymous_and_signed_in_visitors(
    sandbox: Sandbox, client: FlaskClient, signed_in: bool
) -> None:
    if signed_in:
        sign_in(client)
    for path in pages(sandbox):
        answer = client.get(path)
        assert answer.status_code == 200, path
        assert ("Sign out" in answer.text) is signed_in, path
        assert ("Sign in</a>" in answer.text) is not signed_in, path
        assert "<main" in answer.text
        assert "<h1" in answer.text


@pytest.mark.slow
def test_all_pictures_and_links_of_the_pages_lead_somewhere(
    sandbox: Sandbox, client: FlaskClient
) -> None:
    seen: set[str] = set()
    for path in pages(sandbox):
        page = client.get(path).text
        assert sandbox.media_url not in page
        seen.update(links(page, "/"))
        seen.update(re.findall(r"/ipernity/doc/[0-9]+/[0-9x]+", page))
    assert sum("/ipernity/doc/" in path for path in seen) > 20
    for path in seen - {"/mine", "/sign-in"}:
        with client.get(path) as answer:
            assert answer.status_code == 200, path
            assert answer.data


def test_all_pictures_tell_their_size_and_what_they_show(client: FlaskClient) -> None:
    pictures = re.findall(r"<img[^>]*>", client.get("/").text)
    assert len(pictures) > 4
    for picture in pictures:
        assert re.search(r' width="[1-9]\d*" height="[1-9]\d*" alt="[^"]+"', picture), picture


def test_a_private_photo_is_for_its_owner_only(sandbox: Sandbox, client: FlaskClient) -> None:
    doc_id = find(sandbox, share=0)
    paths = (f"/photos/{doc_id}", f"/ipernity/doc/{doc_id}/500")
    assert [client.get(path).status_code for path in paths] == [404, 404]
    sign_in(client, FAMILY)
    assert [client.get(path).status_code for path in paths] == [404, 404]
    client.post("/sign-out")
    sign_in(client, OWNER)
    page = client.get(paths[0])
    assert page.status_code == 200
    assert "Only you" in page.text
    with client.get(paths[1]) as picture:
        assert picture.mimetype == "image/jpeg"
        assert picture.data[:2] == b"\xff\xd8"
        assert "public" not in picture.headers["Cache-Control"]


def test_nothing_private_is_shown_to_anonymous_visitors(
    sandbox: Sandbox, client: FlaskClient
) -> None:
    hidden = titles(sandbox, public=False)
    hidden = [title for title in hidden if title not in titles(sandbox, public=True)]
    assert hidden
    for path in [*pages(sandbox), *(f"/search?q={title}" for title in hidden)]:
        main = client.get(path).text.partition("</header>")[2]
        assert not [title for title in hidden if f"{title} " in main or f">{title}<" in main], path


def test_my_photos_ask_to_sign_in_and_show_all_with_a_lock_on_private_ones(
    sandbox: Sandbox, client: FlaskClient
) -> None:
    back = sign_in(client, start="/mine")
    assert back.status_code == 303
    assert back.headers["Location"] == "/mine"
    page = client.get("/mine").text
    for title in titles(sandbox, public=False) + titles(sandbox, public=True):
        assert title in page
    private, public = page.split("Public</h2>")
    assert private.count('class="badge"') == len(titles(sandbox, public=False))
    assert [circle for circle in facts.CIRCLES.values() if circle not in private] == []
    assert "Only you" not in public


def test_the_name_in_the_header_costs_no_call(sandbox: Sandbox, client: FlaskClient) -> None:
    sign_in(client, FAMILY)
    sandbox.clear_calls()
    assert "Jonas Weidmann" in client.get("/search?q=aurora").text
    assert [call.method for call in sandbox.calls] == ["doc.search"]


def test_the_own_page_is_shown_as_others_see_it(sandbox: Sandbox, client: FlaskClient) -> None:
    anonymous = links(client.get("/").text, "/photos/")
    sign_in(client, OWNER)
    assert links(client.get("/").text, "/photos/") == anonymous
    client.post("/sign-out")
    sign_in(client, FAMILY)
    assert len(links(client.get("/").text, "/photos/")) > len(anonymous)


def test_signing_in_from_the_header_leads_to_my_photos(client: FlaskClient) -> None:
    assert sign_in(client, start="/sign-in").headers["Location"] == "/mine"


def test_signing_out_needs_a_form(client: FlaskClient) -> None:
    sign_in(client)
    assert client.get("/sign-out").status_code == 405
    answer = client.post("/sign-out")
    assert (answer.status_code, answer.headers["Location"]) == (303, "/")
    assert client.get("/mine").status_code == 302


def test_the_session_cookie_is_not_for_scripts_and_other_sites(client: FlaskClient) -> None:
    cookie = client.get("/mine").headers["Set-Cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie


def test_each_start_has_a_key_of_its_own(sandbox: Sandbox, app: Flask) -> None:
    other = create_app(sandbox.config())
    assert len(str(other.secret_key)) >= 32
    assert other.secret_key != app.secret_key


@pytest.mark.slow
@pytest.mark.parametrize("path", ["/photos/{}", "/people/{}", "/people/{}/albums", "/albums/{}"])
def test_hostile_ids_are_not_found_and_cost_no_call(
    sandbox: Sandbox, client: FlaskClient, path: str
) -> None:
    for hostile in HOSTILE:
        answer = client.get(path.format(hostile))
        assert answer.status_code == 404, hostile
        assert "Not found" in answer.text, hostile
        assert sandbox.calls == [], hostile


@pytest.mark.slow
@pytest.mark.parametrize("path", ["/photos/{}", "/people/{}", "/people/{}/albums", "/albums/{}"])
def test_what_is_not_there_is_not_found_in_the_gallery_s_own_look(
    client: FlaskClient, path: str
) -> None:
    answer = client.get(path.format("999999999999"))
    assert answer.status_code == 404
    assert "Not found" in answer.text
    assert "style.css" in answer.text


@pytest.mark.parametrize("page", ["0", "-3", "x", "9" * 5000, "1"])
def test_nonsense_in_place_of_a_page_number_is_the_first_page(
    client: FlaskClient, page: str
) -> None:
    assert client.get(f"/?page={page}").status_code == 200


def test_a_page_after_the_last_is_not_found(client: FlaskClient) -> None:
    assert client.get("/?page=999").status_code == 404


def test_long_lists_have_pages(
    sandbox: Sandbox, client: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("flask_ipernity.demo.views.PER_PAGE", 2)
    seen: list[str] = []
    path = "/search?q=sea+night+snow+light"
    while path:
        page = client.get(path).text
        seen += links(page, "/photos/")
        following = re.search(r'<a href="([^"]+)" rel="next"', page)
        path = following[1].replace("&amp;", "&") if following else ""
    assert len(seen) > 4
    assert len(seen) == len(set(seen))


def test_a_search_finds_titles_and_shows_the_words(client: FlaskClient) -> None:
    page = client.get("/search?q=aurora").text
    assert 'value="aurora"' in page
    assert "Aurora over the lake" in page
    assert "Wind on sand" not in page


def test_words_that_are_searched_for_are_escaped(client: FlaskClient) -> None:
    page = client.get("/search", query_string={"q": '"><script>alert(1)</script>'}).text
    assert "<script" not in page


def test_a_tag_s_page_shows_the_photos_with_the_tag(client: FlaskClient) -> None:
    page = client.get("/tags/milky%20way").text
    assert "Tagged “milky way”" in page
    page = client.get("/tags/aurora").text
    assert "Aurora over the lake" in page
    assert "Winter shadows" not in page


def test_a_photo_s_page_tells_all_about_it(sandbox: Sandbox, client: FlaskClient) -> None:
    doc = next(
        doc
        for doc in sandbox.state.docs.values()
        if doc.owner_id == OWNER and doc.share == 4 and doc.license == 5
    )
    page = client.get(f"/photos/{doc.doc_id}").text
    assert doc.title in page
    assert doc.description in page
    assert 'href="https://creativecommons.org/licenses/by-nd/4.0/"' in page
    assert doc.exif["LensModel"] in page
    assert f"{sandbox.url}/doc/{OWNER}/{doc.doc_id}" in page
    assert links(page, "/tags/")
    for way in ("prev", "next"):
        for neighbour in re.findall(rf'rel="{way}" href="([^"]+)"', page):
            assert client.get(neighbour).status_code == 200


def test_html_in_a_description_does_not_reach_the_page(
    sandbox: Sandbox, client: FlaskClient
) -> None:
    doc_id = find(sandbox)
    sandbox.state.docs[
        doc_id
    ].description = "<b>One</b>\n<script>alert(1)</script>&lt;script&gt;two"
    sandbox.state.docs[doc_id].title = "<script>three"
    for path in (f"/photos/{doc_id}", "/"):
        page = client.get(path).text
        assert "<script" not in page
        assert "&lt;script&gt;three" in page


@pytest.mark.parametrize(("media", "label"), [("video", "mp4"), ("audio", "mp3")])
def test_a_clip_plays_through_the_proxy(
    sandbox: Sandbox, client: FlaskClient, media: str, label: str
) -> None:
    doc_id = find(sandbox, media)
    page = client.get(f"/photos/{doc_id}").text
    assert f"<{media} controls" in page
    source = f"/ipernity/doc/{doc_id}/{label}"
    assert links(page, source) == [source]
    with client.get(source) as clip:
        assert clip.status_code == 200
        assert str(clip.mimetype).startswith(f"{media}/")
        assert len(clip.data) == clip.content_length


def test_without_an_owner_the_home_page_shows_what_is_popular(sandbox: Sandbox) -> None:
    client = create_app(sandbox.config()).test_client()
    page = client.get("/")
    assert page.status_code == 200
    assert "Popular photos" in page.text
    assert len(links(page.text, "/photos/")) > 5
    assert [call.method for call in sandbox.calls] == ["explore.docs.getPopular"]
    assert client.get("/search").status_code == 200


def test_a_service_that_is_down_gives_a_page_that_says_so(
    sandbox: Sandbox, client: FlaskClient
) -> None:
    sandbox.fault("user.get", "html")
    answer = client.get("/")
    assert answer.status_code == 502
    assert "Ipernity is not working" in answer.text
    assert "style.css" in answer.text


def test_pages_hold_no_script_and_load_nothing_from_elsewhere(client: FlaskClient) -> None:
    answer = client.get("/")
    assert "<script" not in answer.text
    assert " onload=" not in answer.text
    policy = answer.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "style-src 'self';" in policy
    with client.get(links(answer.text, "/ipernity/doc/")[0]) as picture:
        assert "sandbox" in picture.headers["Content-Security-Policy"]


def test_a_folder_of_photos_is_shown_with_its_albums(tmp_path: Path) -> None:
    (tmp_path / "Holidays").mkdir()
    Image.new("RGB", (60, 40), "teal").save(tmp_path / "small_one.png")
    Image.new("RGB", (900, 1200), "navy").save(tmp_path / "Holidays" / "tall.jpg")
    with Sandbox(photos=tmp_path) as sandbox:
        config = {**sandbox.config(), "DEMO_USER": sandbox.people[0].user_id}
        client = create_app(config).test_client()
        home = client.get("/").text
        assert "small one" in home
        assert "tall" in home
        for path in links(home, "/photos/") + links(home, "/ipernity/doc/"):
            with client.get(path) as answer:
                assert answer.status_code == 200, path
        albums = client.get(f"/people/{OWNER}/albums").text
        assert "Holidays" in albums
        assert "tall" in client.get(links(albums, "/albums/")[0]).text


def test_sizes_are_computed_from_the_one_that_a_list_tells() -> None:
    thumb = {"label": "1024", "w": "1024", "h": "683"}
    assert facts.sizes(thumb) == [
        ("240", 240, 161),
        ("500", 500, 334),
        ("800", 800, 534),
        ("1024", 1024, 683),
    ]
    assert facts.sizes({"label": "75x", "w": "75", "h": "75"}) == [("75x", 75, 75)]
    assert facts.sizes(None) == []


def test_a_date_that_is_not_known_is_that_of_the_posting() -> None:
    unknown = {"created": "0000-00-00 00:00:00", "posted_at": "1700000000"}
    assert facts.day(unknown) == "14 November 2023"
    assert facts.day({**unknown, "created": "2026-01-08 15:21:33"}) == "8 January 2026"


@pytest.mark.parametrize(
    ("exif", "camera"),
    [
        ({"Make": "Canon", "CameraModelName": "Canon EOS 5D"}, "Canon EOS 5D"),
        ({"Make": "Kestrel", "CameraModelName": "K7"}, "Kestrel K7"),
    ],
)
def test_a_camera_s_maker_is_named_once(exif: dict[str, str], camera: str) -> None:
    assert facts.exif_rows(exif) == [("Camera", camera)]


@pytest.mark.parametrize(
    ("exif", "rows"),
    [
        (
            {
                "FocalLength": "35.0 mm",
                "FocalLengthIn35mmFormat": "52 mm",
                "ExposureTime": "1/250",
                "ExposureCompensation": "-2/3",
            },
            [
                ("Focal length", "35.0 mm"),
                ("35 mm equivalent", "52 mm"),
                ("Exposure", "1/250 s"),
                ("Exposure bias", "-2/3 EV"),
            ],
        ),
        # a full frame says nothing new
        (
            {"FocalLength": "50.0 mm", "FocalLengthIn35mmFormat": "50 mm"},
            [("Focal length", "50.0 mm")],
        ),
        ({"FocalLengthIn35mmFormat": "26 mm"}, [("35 mm equivalent", "26 mm")]),
        ({"Rating": "4"}, [("Rating", "4 of 5")]),
        ({"Rating": "0", "ISO": "100"}, [("ISO", "100")]),
        ({"Rating": "-1"}, []),
        (
            {"FNumber": "0.95", "Creator": "Ada", "Copyright": "© Ada"},
            [("Aperture", "f/0.95"), ("Creator", "Ada"), ("Rights", "© Ada")],
        ),
    ],
)
def test_exposure_bias_and_the_equivalent_focal_length_are_rows(
    exif: dict[str, str], rows: list[tuple[str, str]]
) -> None:
    assert facts.exif_rows(exif) == rows


@pytest.mark.parametrize(
    ("created", "time"),
    [
        ("2024-05-17 08:30:59", "08:30"),
        ("2024-05-17 23:59:00", "23:59"),
        ("2024-05-17 00:00:00", None),  # only the day is known
        ("0000-00-00 00:00:00", None),
        ("", None),
    ],
)
def test_the_time_of_day_is_shown_if_it_is_known(created: str, time: str | None) -> None:
    assert facts.time_of_day({"created": created}) == time


def test_a_photo_s_page_shows_what_its_file_says(tmp_path: Path) -> None:
    camera = photo_files.exif(
        {photo_files.DESCRIPTION: photo_files.ascii_("A long caption. " * 20)},
        {
            photo_files.TAKEN: photo_files.ascii_("2024:05:17 08:30:00"),
            0x9204: photo_files.signed_rational(1, 3),
        },
    )
    words = photo_files.xmp(
        photo_files.listed("dc:title", "Alt", "Ferry &amp; mule")
        + photo_files.listed("dc:subject", "Bag", "Hvar")
        + '<cc:license rdf:resource="http://creativecommons.org/licenses/by-sa/4.0/"/>',
        'photoshop:City="Stari Grad"',
    )
    (tmp_path / "a.jpg").write_bytes(photo_files.jpeg(camera, words))
    with Sandbox(photos=tmp_path) as sandbox:
        config = {**sandbox.config(), "DEMO_USER": sandbox.people[0].user_id}
        client = create_app(config).test_client()
        (path,) = set(links(client.get("/").text, "/photos/"))
        page = client.get(path).text
    assert "<h1>Ferry &amp; mule</h1>" in page
    assert "<p>A long caption." in page
    for text in ("17 May 2024, 08:30", "+1/3 EV", "Stari Grad", ">Hvar</a>", "CC BY-SA"):
        assert text in page, text


def test_a_photo_without_exif_has_no_rows() -> None:
    assert facts.exif_rows([]) == facts.exif_rows({}) == facts.exif_rows(None) == []
