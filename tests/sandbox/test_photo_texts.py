"""What photo files say in words: titles, captions, keywords, rights, places."""

from __future__ import annotations

import re
import struct
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from flask_ipernity.sandbox import Sandbox
from tests.support.lookup import ADA
from tests.support.photo_account import Told, account, told
from tests.support.photo_files import (
    DESCRIPTION,
    MAKE,
    MODEL,
    Value,
    ascii_,
    exif,
    guid_of,
    image_resources,
    iptc,
    jpeg,
    listed,
    png,
    short,
    wide,
    xmp,
)
from tests.support.raw_http import RawClient

UTF8 = b"\x1b%G"
CAPTION = (
    "The old ferry leaves Hvar at six in the morning, before the heat, with four cars, a mule"
    " and the post.\nNobody waves."
)
TITLE, WORDS, CREATOR, CITY, COPYRIGHT, TEXT = 5, 25, 80, 90, 116, 120
XMP_WORDS = (
    listed("dc:title", "Alt", "x-default=Ferry at dawn", "de=Fähre")
    + listed("dc:description", "Alt", "x-default=Before the heat.")
    + listed("dc:subject", "Bag", "ferry", "Hvar", "sea, calm")
)
OTHER_IPTC = iptc([(TITLE, "Old title"), (WORDS, "old"), (TEXT, "Old words.")], charset=UTF8)
NEW_IPTC = iptc([(TITLE, "New title"), (WORDS, "new"), (TEXT, "New words.")], charset=UTF8)
LONG_XMP = xmp(listed("dc:subject", "Bag", *(f"word {number}" for number in range(40))))


def boilerplate(text: str, make: str = "", model: str = "") -> bytes:
    """Return a photo whose camera wrote a text where the caption belongs."""
    camera = {tag: ascii_(name) for tag, name in ((MAKE, make), (MODEL, model)) if name}
    return jpeg(exif({DESCRIPTION: ascii_(text), **camera}))


def caption(text: str | bytes) -> bytes:
    """Return a photo with a caption in EXIF."""
    return jpeg(exif({DESCRIPTION: ascii_(text)}))


def words(text: str, description: str = "", keywords: tuple[str, ...] = ()) -> dict[str, Any]:
    """Return what is to be told."""
    return {"title": text, "description": description, "keywords": list(keywords)}


#: Each file's name, its bytes, and what the API must tell of it.
CASES: dict[str, tuple[bytes, dict[str, Any]]] = {
    # one source each
    "xmp.jpg": (
        jpeg(xmp=xmp(XMP_WORDS)),
        words("Ferry at dawn", "Before the heat.", ("ferry", "Hvar", "sea, calm")),
    ),
    "iptc.jpg": (
        jpeg(resources=image_resources(NEW_IPTC)),
        words("New title", "New words.", ("new",)),
    ),
    "short-caption.jpg": (caption("Ferry at dawn"), words("Ferry at dawn")),
    "long_caption.jpg": (caption(CAPTION), words("long caption", CAPTION)),
    "two lines.jpg": (caption("Dawn\r\nHvar"), words("two lines", "Dawn\nHvar")),
    "windows.jpg": (
        jpeg(
            exif(
                {
                    DESCRIPTION: ascii_("Ferry"),
                    0x9C9B: wide("Ferry"),
                    0x9C9C: wide("Before the heat."),
                    0x9C9E: wide("ferry;Hvar; sea"),
                }
            )
        ),
        words("Ferry", "Before the heat.", ("ferry", "Hvar", "sea")),
    ),
    "headline.jpg": (jpeg(xmp=xmp(attributes='photoshop:Headline="Strike"')), words("Strike")),
    # more than one
    "exif-caption-first.jpg": (
        jpeg(exif({DESCRIPTION: ascii_(CAPTION)}), xmp(XMP_WORDS), image_resources(NEW_IPTC)),
        words("Ferry at dawn", CAPTION, ("ferry", "Hvar", "sea, calm")),
    ),
    "xmp-before-iptc.jpg": (
        jpeg(xmp=xmp(XMP_WORDS), resources=image_resources(OTHER_IPTC)),
        words("Ferry at dawn", "Before the heat.", ("ferry", "Hvar", "sea, calm")),
    ),
    "iptc-unchanged.jpg": (
        jpeg(xmp=xmp(XMP_WORDS), resources=image_resources(OTHER_IPTC, OTHER_IPTC)),
        words("Ferry at dawn", "Before the heat.", ("ferry", "Hvar", "sea, calm")),
    ),
    "iptc-changed.jpg": (
        jpeg(xmp=xmp(XMP_WORDS), resources=image_resources(NEW_IPTC, OTHER_IPTC)),
        words("New title", "New words.", ("new",)),
    ),
    "blank-caption.jpg": (
        jpeg(exif({DESCRIPTION: ascii_("          ")}), xmp(XMP_WORDS)),
        words("Ferry at dawn", "Before the heat.", ("ferry", "Hvar", "sea, calm")),
    ),
    "camera-and-photographer.jpg": (
        jpeg(exif({DESCRIPTION: ascii_("OLYMPUS DIGITAL CAMERA")}), xmp(XMP_WORDS)),
        words("Ferry at dawn", "Before the heat.", ("ferry", "Hvar", "sea, calm")),
    ),
    "same-twice.jpg": (
        jpeg(exif({DESCRIPTION: ascii_("Ferry")}), xmp(listed("dc:title", "Alt", "Ferry"))),
        words("Ferry"),
    ),
    # encodings
    "iptc-latin.jpg": (
        jpeg(resources=image_resources(iptc([(TITLE, "Café “Été”")], encoding="cp1252"))),
        words("Café “Été”"),
    ),
    "iptc-utf8.jpg": (
        jpeg(resources=image_resources(iptc([(TITLE, "Чайхана"), (WORDS, "чай")], charset=UTF8))),
        words("Чайхана", "", ("чай",)),
    ),
    "iptc-utf8-not-told.jpg": (
        jpeg(resources=image_resources(iptc([(TITLE, "Чайхана")]))),
        words("Чайхана"),
    ),
    "exif-latin.jpg": (caption("République".encode("latin-1")), words("République")),
    "exif-utf8.jpg": (caption("Aït Benhaddou"), words("Aït Benhaddou")),
    "big-endian.jpg": (jpeg(exif({DESCRIPTION: ascii_("Mule")}, order=">")), words("Mule")),
    # the form for texts of more than 32 kB
    "iptc-long.jpg": (
        jpeg(resources=image_resources(struct.pack(">BBBHL", 0x1C, 2, 5, 0x8004, 5) + b"Ferry")),
        words("Ferry"),
    ),
    "xmp-utf16.png": (
        png(xmp=xmp(XMP_WORDS).decode().encode("utf-16")),
        {"title": "Ferry at dawn"},
    ),
    # forms of XMP
    "xmp-attributes.jpg": (
        jpeg(xmp=xmp(attributes='dc:title="Ferry" dc:description="Slow."')),
        words("Ferry", "Slow."),
    ),
    "xmp-plain.jpg": (
        jpeg(xmp=xmp("<dc:title>Ferry</dc:title><dc:subject>sea</dc:subject>")),
        words("Ferry", "", ("sea",)),
    ),
    "xmp-other-lists.jpg": (
        jpeg(
            xmp=xmp(
                listed("dc:title", "Bag", "Ferry")
                + listed("dc:subject", "Seq", "b", "a", "b", "A"),
            )
        ),
        words("Ferry", "", ("b", "a")),
    ),
    "xmp-languages.jpg": (
        jpeg(xmp=xmp(listed("dc:title", "Alt", "de=Fähre", "x-default=Ferry", "fr=Bac"))),
        words("Ferry"),
    ),
    "xmp-no-default.jpg": (
        jpeg(xmp=xmp(listed("dc:title", "Alt", "de=Fähre", "fr=Bac"))),
        words("Fähre"),
    ),
    "xmp-other-prefix.jpg": (
        jpeg(xmp=xmp(XMP_WORDS).replace(b"dc:", b"kern:").replace(b"xmlns:dc", b"xmlns:kern")),
        words("Ferry at dawn", "Before the heat.", ("ferry", "Hvar", "sea, calm")),
    ),
    "xmp-bare.jpg": (
        jpeg(xmp=re.sub(rb".*(<rdf:RDF.*</rdf:RDF>).*", rb"\1", xmp(XMP_WORDS), flags=re.DOTALL)),
        words("Ferry at dawn", "Before the heat.", ("ferry", "Hvar", "sea, calm")),
    ),
    "xmp-entities.jpg": (
        jpeg(xmp=xmp(listed("dc:title", "Alt", "Tea &amp; cake &lt;3 &#x1F343;"))),
        words("Tea & cake <3 🍃"),
    ),
    "xmp-extended.jpg": (
        jpeg(
            xmp=xmp(
                listed("dc:title", "Alt", "Ferry"),
                f'xmpNote:HasExtendedXMP="{guid_of(LONG_XMP)}"',
            ),
            extended_xmp=LONG_XMP,
        ),
        words("Ferry", "", tuple(f"word {number}" for number in range(40))),
    ),
    # other containers
    "chunk.png": (
        png(exif({DESCRIPTION: ascii_(CAPTION)}), xmp(XMP_WORDS)),
        words("Ferry at dawn", CAPTION, ("ferry", "Hvar", "sea, calm")),
    ),
    "chunk-behind.png": (
        png(exif({DESCRIPTION: ascii_(CAPTION)}), xmp(XMP_WORDS), behind=True, packed=True),
        words("Ferry at dawn", CAPTION, ("ferry", "Hvar", "sea, calm")),
    ),
    # characters
    "controls.jpg": (caption("Fer\x01ry\x1b[31m \x7fat\tdawn"), words("Ferry[31m at dawn")),
    "nul.jpg": (jpeg(exif({DESCRIPTION: Value(2, b"Ferry\0rubbish\x01\x02\0")})), words("Ferry")),
    "folded.jpg": (
        jpeg(xmp=xmp(listed("dc:title", "Alt", "Ferry\n   at\tdawn"))),
        words("Ferry at dawn"),
    ),
    "emoji.jpg": (caption("Família 👨‍👩‍👧 می‌خواهم"), words("Família 👨‍👩‍👧 می‌خواهم")),
    "only-emoji.jpg": (caption("🍃"), words("🍃")),
    "file-as-title.jpg": (
        jpeg(
            xmp=xmp(listed("dc:title", "Alt", "IMG_0001.JPG")),
            resources=image_resources(iptc([(TITLE, "Ferry")])),
        ),
        words("Ferry"),
    ),
    "long-title.jpg": (
        jpeg(xmp=xmp(listed("dc:title", "Alt", "Nobody waves. " * 30))),
        words("long-title", ("Nobody waves. " * 30).strip()),
    ),
    "iptc-one-keyword-less.jpg": (
        jpeg(
            xmp=xmp(listed("dc:subject", "Bag", "sea", "removed")),
            resources=image_resources(iptc([(WORDS, "sea")]), digest_of=b"other"),
        ),
        words("iptc-one-keyword-less", "", ("sea",)),
    ),
    "html.jpg": (caption("<b>Ferry</b> & {{7*7}}"), words("<b>Ferry</b> & {{7*7}}")),
    # what is meant although a camera is in it
    "leica.jpg": (
        boilerplate("My first day with the Leica", "Leica Camera AG", "M8"),
        words("My first day with the Leica"),
    ),
    "own-number.jpg": (caption("040621-N-6536T-062"), words("040621-N-6536T-062")),
    "first-camera.jpg": (caption("My first digital camera"), words("My first digital camera")),
    "galaxy.jpg": (boilerplate("Galaxy", "Canon"), words("Galaxy")),
    "on-the-phone.jpg": (boilerplate("On the phone", "Canon"), words("On the phone")),
    "year.jpg": (boilerplate("2019", "Canon", "Canon EOS 5D"), words("2019")),
    "canon.jpg": (
        boilerplate("Canon beach, Oregon", "Canon", "Canon EOS 5D"),
        words("Canon beach, Oregon"),
    ),
    "apple.jpg": (boilerplate("Apple", "Canon"), words("Apple")),
}

NOISE = {
    "OLYMPUS DIGITAL CAMERA         ": ("OLYMPUS OPTICAL CO.,LTD", "C2000Z"),
    "SONY DSC": ("SONY", "DSC-F717"),
    "SANYO DIGITAL CAMERA": ("SANYO Electric Co.,Ltd.", "SR6"),
    "DCF 1.0": ("Minolta Co., Ltd.", "DiMAGE S304"),
    "KODAK Digital Still Camera": ("EASTMAN KODAK COMPANY", "KODAK DX4530"),
    "Minolta DSC": ("Minolta Co., Ltd.", "DiMAGE E223"),
    "EPSON DSC picture": ("SEIKO EPSON CORP.", "PhotoPC 850Z"),
    "GE DIGITAL CAMERA": ("GEDSC IMAGING CORP.", "E1035"),
    "KONICA MINOLTA DIGITAL CAMERA": ("KONICA MINOLTA", "DYNAX 7D"),
    "SAMSUNG CSC": ("SAMSUNG", "NX300"),
    "Kestrel K7": ("Kestrel", "K7"),
    "kestrel": ("KESTREL Optical Ltd.", "K7"),
    "Image taken with Kestrel K7": ("Kestrel", "K7"),
    "DCIM\\100GOPRO\\GOPR0482.JPG": ("GoPro", "HERO4"),
    "/mnt/DCIM/Camera/20240102.jpg": ("", ""),
    "PIC00499.JPG": ("", ""),
    "C:\\Pictures\\holiday": ("", ""),
    "IMG_0001": ("", ""),
    "DSC01234": ("", ""),
    "<Digimax S600 / Kenox S600>": ("Samsung Techwin", "<Digimax S600>"),
    "Exif_JPEG_PICTURE": ("", ""),
    "- - -": ("", ""),
    "Evening in Hvar.jpg": ("", ""),
    "Created by Samsung Galaxy S8": ("samsung", "SM-G950F"),
    "NIKON CORPORATION": ("NIKON CORPORATION", "NIKON D80"),
    "HP PhotoSmart 618 digital camera": ("Hewlett-Packard", "HP PhotoSmart 618"),
}
CASES |= {
    f"noise_{number}.jpg": (boilerplate(text, *camera), words(f"noise {number}"))
    for number, (text, camera) in enumerate(NOISE.items())
}


@pytest.fixture(scope="module")
def texts(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mapping[str, Told]]:
    """Yield what the API says of the files."""
    files = {name: data for name, (data, _) in CASES.items()}
    with account(tmp_path_factory.mktemp("texts"), files) as answers:
        yield answers


@pytest.mark.parametrize("name", CASES)
def test_a_photo_is_called_and_described_as_its_file_says(
    texts: Mapping[str, Told], name: str
) -> None:
    expected = CASES[name][1]
    assert {key: getattr(texts[name], key) for key in expected} == expected


def test_each_file_is_small() -> None:
    assert all(len(data) < 20_000 for data, _ in CASES.values())


URL = "creativecommons.org/licenses"
TERMS = listed("xmpRights:UsageTerms", "Alt", "{}")

#: What XMP says of the rights, and the service's number.
LICENCES = [
    (f'<cc:license rdf:resource="http://{URL}/by/4.0/"/>', 1),
    (f"<cc:license>https://{URL}/by-nc/3.0/us/</cc:license>", 3),
    (f"<xmpRights:WebStatement>https://www.{URL}/by-nd/2.0/deed.en</xmpRights:WebStatement>", 5),
    (f'<xmpRights:WebStatement rdf:resource="{URL}/by-nc-nd/4.0"/>', 7),
    (TERMS.format("This work is licensed under CC BY-SA 4.0."), 9),
    (TERMS.format("Attribution-NonCommercial-ShareAlike"), 11),
    (TERMS.format("Creative Commons Attribution 4.0 International"), 1),
    (TERMS.format("Creative Commons Attribution-NonCommercial-NoDerivatives 4.0"), 7),
    (TERMS.format("cc-by-nc-sa-4.0"), 11),
    (listed("dc:rights", "Alt", "© Ada, CC BY-NC 2.0"), 3),
    (f'<cc:license rdf:resource="https://example.org/mine"/>{TERMS.format("CC BY")}', 1),
    # none of the service's, or not known which
    ('<cc:license rdf:resource="https://creativecommons.org/publicdomain/zero/1.0/"/>', 0),
    (f'<cc:license rdf:resource="http://{URL}/nc-sa/1.0/"/>', 0),
    (f'<cc:license rdf:resource="http://{URL}/sampling+/1.0/"/>', 0),
    (TERMS.format("CC BY or CC BY-NC-ND, as you like"), 0),
    (TERMS.format("Creative Commons Attribution - Pas d’Utilisation Commerciale 3.0"), 0),
    (TERMS.format("Attribution is appreciated. All rights reserved."), 0),
    (TERMS.format("Photo cc by mail to the editor"), 0),
    ("<xmpRights:WebStatement>https://example.org/by-nc/</xmpRights:WebStatement>", 0),
    ("", 0),
]


def test_a_licence_is_the_one_that_xmp_names(tmp_path: Path) -> None:
    files = {f"{number}.jpg": jpeg(xmp=xmp(rights)) for number, (rights, _) in enumerate(LICENCES)}
    with account(tmp_path, files) as answers:
        found = [int(answers[name].license) for name in files]
    assert dict(enumerate(found)) == dict(enumerate(number for _, number in LICENCES))


#: What files say of creator, rights, rating and place name, and what ``doc.getExif`` tells.
CREDITS = [
    (
        jpeg(
            exif({0x013B: ascii_("Ada EXIF"), 0x8298: ascii_("© EXIF")}),
            xmp(listed("dc:creator", "Seq", "Ada XMP") + listed("dc:rights", "Alt", "© XMP")),
        ),
        {"Creator": "Ada EXIF", "Copyright": "© EXIF", "Artist": "Ada EXIF"},
    ),
    (
        jpeg(
            xmp=xmp(
                listed("dc:creator", "Seq", "Ada", "Jonas") + listed("dc:rights", "Alt", "© both"),
                'xmp:Rating="4" photoshop:City="Hvar" photoshop:Country="Croatia"',
            )
        ),
        {
            "Creator": "Ada; Jonas",
            "Copyright": "© both",
            "Rating": "4",
            "Location": "Hvar, Croatia",
        },
    ),
    (
        jpeg(
            resources=image_resources(
                iptc(
                    [
                        (CREATOR, "Ada"),
                        (COPYRIGHT, "© Ada"),
                        (CITY, "Hvar"),
                        (92, "Quay"),
                        (101, "HR"),
                    ]
                )
            )
        ),
        {"Creator": "Ada", "Copyright": "© Ada", "Location": "Quay, Hvar, HR"},
    ),
    (jpeg(exif({0x8298: Value(2, b" \0Editor\0")})), {"Copyright": "Editor"}),
    (jpeg(exif({0x4746: short(3), 0x9C9D: wide("Ada")})), {"Creator": "Ada", "Rating": "3"}),
    (jpeg(xmp=xmp(attributes='xmp:Rating="-1"')), {"Rating": "-1"}),
    (jpeg(xmp=xmp(attributes='xmp:Rating="17"')), {}),
    (jpeg(xmp=xmp(attributes='MicrosoftPhoto:Rating="75"')), {"Rating": "4"}),
    (
        jpeg(
            xmp=xmp(
                "<Iptc4xmpExt:LocationShown><rdf:Bag><rdf:li rdf:parseType='Resource'>"
                "<Iptc4xmpExt:City>Hvar</Iptc4xmpExt:City>"
                "<Iptc4xmpExt:CountryName>Croatia</Iptc4xmpExt:CountryName>"
                "</rdf:li></rdf:Bag></Iptc4xmpExt:LocationShown>"
            )
        ),
        {"Location": "Hvar, Croatia"},
    ),
    (
        jpeg(
            xmp=xmp(attributes='photoshop:City="A very long name of a town, which is cut"'),
            resources=image_resources(
                iptc([(CITY, "A very long name of a town, whic")]), digest_of=b"other"
            ),
        ),
        {"Location": "A very long name of a town, which is cut"},
    ),
]


def test_creator_rights_rating_and_place_name_are_among_the_facts(tmp_path: Path) -> None:
    files = {f"{number}.jpg": data for number, (data, _) in enumerate(CREDITS)}
    names = ("Creator", "Copyright", "Rating", "Location", "Artist")
    with account(tmp_path, files) as answers:
        found = [
            {name: answers[file].exif[name] for name in names if name in answers[file].exif}
            for file in files
        ]
    assert found == [expected for _, expected in CREDITS]


@pytest.mark.parametrize("reads_metadata", [False, True])
def test_an_upload_is_described_by_its_file_only_on_demand(reads_metadata: bool) -> None:
    rights = f'<cc:license rdf:resource="http://{URL}/by-sa/4.0/"/>'
    place = 'exif:GPSLatitude="1,2N" exif:GPSLongitude="1,2E"'
    told_by_xmp = f'photoshop:DateCreated="2002-03-04" {place}'
    photo = jpeg(exif({DESCRIPTION: ascii_("A mule")}), xmp(XMP_WORDS + rights, told_by_xmp))
    with Sandbox(processing=0, reads_metadata=reads_metadata) as sandbox:
        raw, token = RawClient(sandbox), sandbox.sign_in(ADA, {"doc": "delete"})
        answers = []
        for params in ({}, {"title": "Mine", "keywords": "ferry,own", "license": "1"}):
            ticket = raw.upload(("a.jpg", photo), params, token=token)["ticket"]
            state = raw.ok("upload.checkTickets", {"tickets": ticket}, token=token)["tickets"]
            answers.append(told(raw, state["ticket"][0]["doc_id"], token))
        raw.pool.clear()
    plain, mine = answers
    if reads_metadata:
        assert (plain.title, plain.description) == ("Ferry at dawn", "A mule")
        assert (plain.keywords, plain.license) == (["ferry", "Hvar", "sea, calm"], "9")
        assert plain.created == "2002-03-04 00:00:00"
        assert plain.geo is not None
        assert (mine.title, mine.description, mine.license) == ("Mine", "A mule", "1")
        assert sorted(mine.keywords) == ["Hvar", "ferry", "own", "sea, calm"]
    else:
        assert (plain.title, plain.description, plain.keywords) == ("a", "", [])
        assert (mine.title, sorted(mine.keywords)) == ("Mine", ["ferry", "own"])
        assert (plain.license, plain.geo) == ("0", None)
        assert plain.created == "0000-00-00 00:00:00"
