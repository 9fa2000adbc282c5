"""What photo files say in numbers: dates, places, exposure, orientation."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from flask_ipernity.sandbox import Sandbox
from tests.support.photo_account import account
from tests.support.photo_files import (
    DESCRIPTION,
    DIGITIZED,
    MAKE,
    MODEL,
    ORIENTATION,
    TAKEN,
    Directory,
    Value,
    ascii_,
    exif,
    gif,
    image_resources,
    iptc,
    jpeg,
    listed,
    png,
    profiled_png,
    rational,
    saved,
    short,
    signed_rational,
    tiff,
    webp,
    xmp,
)
from tests.support.raw_http import RawClient

MODIFIED, SUB_SEC, OFFSET = 0x0132, 0x9291, 0x9011
EXPOSURE, F_NUMBER, ISO, BIAS, FLASH = 0x829A, 0x829D, 0x8827, 0x9204, 0x9209
FOCAL_LENGTH, FOCAL_LENGTH_35MM, LENS = 0x920A, 0xA405, 0xA434
#: When the files of this module were changed the last time.
CHANGED = "2020-02-02 02:02:02"


def of_shot(values: Directory) -> bytes:
    """Return a photo whose directory of the shot has values."""
    return jpeg(exif(shot=values))


def dated(taken: str = "", digitized: str = "", properties: str = "", old: bytes = b"") -> bytes:
    """Return a photo with dates in EXIF, in XMP's attributes and in IPTC."""
    texts = {TAKEN: taken, DIGITIZED: digitized}
    return jpeg(
        exif(
            {MODIFIED: ascii_("2011:11:11 11:11:11")},
            {tag: ascii_(text) for tag, text in texts.items() if text},
        ),
        xmp(attributes=properties) if properties else b"",
        image_resources(old) if old else b"",
    )


ORIGINAL = 'exif:DateTimeOriginal="2001-02-03T04:05:06.78+09:00"'
CREATED = 'photoshop:DateCreated="{}"'
DATES = {
    "taken": (dated("2024:05:17 08:30:00", "2024:06:01 09:00:00", ORIGINAL), "2024-05-17 08:30:00"),
    "digitized": (dated("", "2024:06:01 09:00:00", ORIGINAL), "2024-06-01 09:00:00"),
    "no date": (
        dated("0000:00:00 00:00:00", "    :  :     :  :  ", ORIGINAL),
        "2001-02-03 04:05:06",
    ),
    "impossible": (
        dated("2024:02:30 08:30:00", "2024:06:01 25:00:00", ORIGINAL),
        "2001-02-03 04:05:06",
    ),
    "xmp created": (
        dated(properties=CREATED.format("2002-03-04T05:06:07Z")),
        "2002-03-04 05:06:07",
    ),
    "xmp digitized": (dated(properties='xmp:CreateDate="2002-03-04T05:06"'), "2002-03-04 05:06:00"),
    "day": (dated(properties=CREATED.format("2002-03-04")), "2002-03-04 00:00:00"),
    "month": (dated(properties=CREATED.format("2002-03")), "2002-03-01 00:00:00"),
    "year": (dated(properties=CREATED.format("2002")), "2002-01-01 00:00:00"),
    "iptc": (dated(old=iptc([(55, "19990809"), (60, "101112+0200")])), "1999-08-09 10:11:12"),
    "iptc day": (dated(old=iptc([(55, "19990809")])), "1999-08-09 00:00:00"),
    "nul": (of_shot({TAKEN: Value(2, b"2024:05:17 08:30:00\0junk\0")}), "2024-05-17 08:30:00"),
    "wrong zone": (
        of_shot({TAKEN: ascii_("2024:05:17 08:30:00"), OFFSET: ascii_("+99:99")}),
        "2024-05-17 08:30:00",
    ),
    "only a zone's signs": (
        of_shot({TAKEN: ascii_("2024:05:17 08:30:00"), OFFSET: ascii_("   :  ")}),
        "2024-05-17 08:30:00",
    ),
    "other signs": (dated("2024/05/17 08:30:00"), "2024-05-17 08:30:00"),
    "only changed": (dated(), CHANGED),
    "nothing": (jpeg(), CHANGED),
    "long ago": (dated("1936:05:17 08:30:00"), "1936-05-17 08:30:00"),
    "rubbish": (dated("yesterday", "2024", 'xmp:CreateDate="soon"'), "2024-01-01 00:00:00"),
}


def test_a_photo_is_as_old_as_its_file_says(tmp_path: Path) -> None:
    files = {f"{name}.jpg": data for name, (data, _) in DATES.items()}
    with account(tmp_path, files, modified=CHANGED) as answers:
        found = {name: answers[f"{name}.jpg"].created for name in DATES}
    assert found == {name: expected for name, (_, expected) in DATES.items()}


def place(lat: Value, north: str, lng: Value, east: str) -> bytes:
    """Return a photo that was taken somewhere."""
    letters = {1: north, 3: east}
    values = {2: lat, 4: lng} | {tag: ascii_(text) for tag, text in letters.items() if text}
    return jpeg(exif(place=values))


LAT, LNG = rational(31, 1, 2, 1, 492, 10), rational(7, 1, 7, 1, 48, 1)
ZERO = rational(0, 1, 0, 1, 0, 1)
GPS = 'exif:GPSLatitude="{}" exif:GPSLongitude="{}"'
#: Latitude and longitude, and the two facts.
PLACES: dict[str, tuple[bytes, tuple[str, str] | None, list[str]]] = {
    "south-west": (
        place(LAT, "S", LNG, "W"),
        ("-31.047000", "-7.130000"),
        ["31 deg 2' 49.20\" S", "7 deg 7' 48.00\" W"],
    ),
    "small letters": (
        place(LAT, "s", LNG, "w"),
        ("-31.047000", "-7.130000"),
        ["31 deg 2' 49.20\" S", "7 deg 7' 48.00\" W"],
    ),
    "words": (
        place(LAT, "North", LNG, "East"),
        ("31.047000", "7.130000"),
        ["31 deg 2' 49.20\" N", "7 deg 7' 48.00\" E"],
    ),
    "no letters": (place(LAT, "", LNG, ""), None, []),
    "wrong letters": (place(LAT, "E", LNG, "N"), None, []),
    "only one letter": (place(LAT, "N", LNG, ""), None, ["31 deg 2' 49.20\" N"]),
    "beyond the pole": (
        place(rational(145, 1, 0, 1, 0, 1), "N", LNG, "E"),
        None,
        ["7 deg 7' 48.00\" E"],
    ),
    "beyond the date line": (
        place(LAT, "N", rational(181, 1, 0, 1, 0, 1), "E"),
        None,
        ["31 deg 2' 49.20\" N"],
    ),
    "at the pole": (
        place(rational(90, 1, 0, 1, 0, 1), "S", rational(180, 1, 0, 1, 0, 1), "E"),
        ("-90.000000", "180.000000"),
        ["90 deg 0' 0.00\" S", "180 deg 0' 0.00\" E"],
    ),
    "a bit beyond the pole": (
        place(rational(90, 1, 0, 1, 1, 100), "N", LNG, "E"),
        None,
        ["7 deg 7' 48.00\" E"],
    ),
    "no reception": (place(ZERO, "N", ZERO, "E"), None, ["0 deg 0' 0.00\" N", "0 deg 0' 0.00\" E"]),
    "nothing over nothing": (
        place(rational(0, 0, 0, 0, 0, 0), "N", LNG, "E"),
        None,
        ["7 deg 7' 48.00\" E"],
    ),
    "decimal degrees": (
        place(rational(31047, 1000), "N", rational(713, 100), "W"),
        ("31.047000", "-7.130000"),
        ["31 deg 2' 49.20\" N", "7 deg 7' 48.00\" W"],
    ),
    "carried": (
        place(rational(31, 1, 2, 1, 59999, 1000), "N", LNG, "E"),
        ("31.050000", "7.130000"),
        ["31 deg 3' 0.00\" N", "7 deg 7' 48.00\" E"],
    ),
    "xmp": (
        jpeg(xmp=xmp(attributes=GPS.format("31,2.82N", "7,7,48W"))),
        ("31.047000", "-7.130000"),
        [],
    ),
    "xmp beyond": (jpeg(xmp=xmp(attributes=GPS.format("91,2.82N", "7,7,48W"))), None, []),
    "xmp rubbish": (jpeg(xmp=xmp(attributes=GPS.format("31.04", "W"))), None, []),
}


def test_a_place_needs_its_letters_and_is_on_the_globe(tmp_path: Path) -> None:
    files = {f"{name}.jpg": data for name, (data, *_) in PLACES.items()}
    with account(tmp_path, files) as answers:
        found = {}
        for name in PLACES:
            answer = answers[f"{name}.jpg"]
            facts = [
                answer.exif[key] for key in ("GPSLatitude", "GPSLongitude") if key in answer.exif
            ]
            found[name] = (answer.geo and (answer.geo["lat"], answer.geo["lng"]), facts)
    assert found == {name: tuple(expected) for name, (_, *expected) in PLACES.items()}


#: Values of the shot, and what they are called and how they are told.
VALUES: list[tuple[Directory, dict[str, str]]] = [
    ({F_NUMBER: rational(95, 100)}, {"FNumber": "0.95"}),
    ({F_NUMBER: rational(64, 100)}, {"FNumber": "0.64"}),
    ({F_NUMBER: rational(1, 1)}, {"FNumber": "1.0"}),
    ({F_NUMBER: rational(56, 10)}, {"FNumber": "5.6"}),
    ({F_NUMBER: rational(28, 0)}, {}),
    ({EXPOSURE: rational(10, 2500)}, {"ExposureTime": "1/250"}),
    ({EXPOSURE: rational(1, 4)}, {"ExposureTime": "1/4"}),
    ({EXPOSURE: rational(3, 10)}, {"ExposureTime": "0.3"}),
    ({EXPOSURE: rational(30, 1)}, {"ExposureTime": "30"}),
    ({BIAS: signed_rational(1, 3)}, {"ExposureCompensation": "+1/3"}),
    ({BIAS: signed_rational(-2, 3)}, {"ExposureCompensation": "-2/3"}),
    ({BIAS: signed_rational(-33, 100)}, {"ExposureCompensation": "-0.33"}),
    ({BIAS: signed_rational(3, 2)}, {"ExposureCompensation": "+3/2"}),
    ({BIAS: signed_rational(2, 1)}, {"ExposureCompensation": "+2"}),
    ({BIAS: signed_rational(0, 1)}, {"ExposureCompensation": "0"}),
    # as one without a sign
    ({BIAS: rational((1 << 32) - 1, 3)}, {"ExposureCompensation": "-1/3"}),
    ({FOCAL_LENGTH: rational(35, 1)}, {"FocalLength": "35.0 mm"}),
    ({FOCAL_LENGTH_35MM: short(52)}, {"FocalLengthIn35mmFormat": "52 mm"}),
    ({FOCAL_LENGTH_35MM: short(0)}, {}),
    ({ISO: short(400)}, {"ISO": "400"}),
    ({ISO: short(400, 0)}, {"ISO": "400"}),
    ({LENS: ascii_("50mm f/0.95\x01")}, {"LensModel": "50mm f/0.95"}),
    (
        {SUB_SEC: ascii_("42 "), OFFSET: ascii_("+05:30")},
        {"SubSecTimeOriginal": "42", "OffsetTimeOriginal": "+05:30"},
    ),
    ({MAKE: ascii_("Kestrel")}, {"Make": "Kestrel"}),  # in the wrong directory
]
#: As ExifTool has them.
FLASHES = {
    0x00: "No Flash",
    0x01: "Fired",
    0x05: "Fired, Return not detected",
    0x07: "Fired, Return detected",
    0x08: "On, Did not fire",
    0x09: "On, Fired",
    0x0D: "On, Return not detected",
    0x0F: "On, Return detected",
    0x10: "Off, Did not fire",
    0x14: "Off, Did not fire, Return not detected",
    0x18: "Auto, Did not fire",
    0x19: "Auto, Fired",
    0x1D: "Auto, Fired, Return not detected",
    0x1F: "Auto, Fired, Return detected",
    0x20: "No flash function",
    0x30: "Off, No flash function",
    0x41: "Fired, Red-eye reduction",
    0x45: "Fired, Red-eye reduction, Return not detected",
    0x47: "Fired, Red-eye reduction, Return detected",
    0x49: "On, Red-eye reduction",
    0x4D: "On, Red-eye reduction, Return not detected",
    0x4F: "On, Red-eye reduction, Return detected",
    0x50: "Off, Red-eye reduction",
    0x58: "Auto, Did not fire, Red-eye reduction",
    0x59: "Auto, Fired, Red-eye reduction",
    0x5D: "Auto, Fired, Red-eye reduction, Return not detected",
    0x5F: "Auto, Fired, Red-eye reduction, Return detected",
}
VALUES += [({FLASH: short(value)}, {"Flash": text}) for value, text in FLASHES.items()]


def test_exposure_lens_and_flash_are_told_as_by_exiftool(tmp_path: Path) -> None:
    files = {f"{number}.jpg": of_shot(values) for number, (values, _) in enumerate(VALUES)}
    with account(tmp_path, files) as answers:
        found = []
        for name in files:
            facts = dict(answers[name].exif)
            assert facts.pop("ImageSize") == "24x16"
            found.append(facts)
    assert found == [expected for _, expected in VALUES]


#: Bytes of a text, and what is told.
TEXTS = [
    (b"MAVICA\x003ghx7y", "MAVICA"),
    (b"Gemini\0" + b"11H\x012003:08:\0", "Gemini"),
    (b"K7          ", "K7"),
    (b"K\x017\x1f", "K7"),
    (b"K7\r\nMark II", "K7 Mark II"),
    (b"Fl\xe4che 7", "Fläche 7"),
    ("Fläche 7".encode(), "Fläche 7"),
    (b"\0K7", None),
    (b"   ", None),
]


def test_texts_of_cameras_end_at_the_first_nul_and_hold_no_control_characters(
    tmp_path: Path,
) -> None:
    files = {
        f"{number}.jpg": jpeg(exif({MODEL: Value(2, data + b"\0")}))
        for number, (data, _) in enumerate(TEXTS)
    }
    with account(tmp_path, files) as answers:
        found = [answers[name].exif.get("CameraModelName") for name in files]
    assert found == [expected for _, expected in TEXTS]


TURNED = xmp(attributes='tiff:Orientation="6"')
#: A file, and width and height of the upright picture.
ORIENTATIONS = {
    "exif.jpg": (jpeg(exif({ORIENTATION: short(6)})), ("16", "24")),
    "exif.png": (png(exif({ORIENTATION: short(8)})), ("16", "24")),
    # Chromium does not look behind the pixels.
    "exif behind.png": (png(exif({ORIENTATION: short(8)}), behind=True), ("24", "16")),
    "xmp.jpg": (jpeg(xmp=TURNED), ("24", "16")),
    "xmp.png": (png(xmp=TURNED), ("24", "16")),
    "both.jpg": (jpeg(exif({ORIENTATION: short(1)}), TURNED), ("24", "16")),
    "other exif.jpg": (jpeg(exif({MAKE: ascii_("Kestrel")}), TURNED), ("24", "16")),
    "zero.jpg": (jpeg(exif({ORIENTATION: short(0)})), ("24", "16")),
    "beyond.jpg": (jpeg(exif({ORIENTATION: short(9)})), ("24", "16")),
    "rubbish.jpg": (jpeg(exif({ORIENTATION: ascii_("left")})), ("24", "16")),
}


def test_only_exif_turns_a_picture(tmp_path: Path) -> None:
    for name, (data, _) in ORIENTATIONS.items():
        (tmp_path / name).write_bytes(data)
    found = {}
    with Sandbox(photos=tmp_path) as sandbox:
        raw = RawClient(sandbox)
        for doc in sandbox.state.docs.values():
            original = raw.ok("doc.get", {"doc_id": doc.doc_id})["doc"]["original"]
            thumb = raw.ok("doc.getMedias", {"doc_id": doc.doc_id})["thumbs"]["thumb"][0]["url"]
            with Image.open(io.BytesIO(raw.send("GET", thumb).body)) as image:
                assert image.width == image.height == 16
            found[doc.source.filename] = (original["w"], original["h"])
        raw.pool.clear()
    assert found == {name: size for name, (_, size) in ORIENTATIONS.items()}


@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP"])
@pytest.mark.parametrize("turn", range(2, 9))
def test_a_size_is_turned_by_exif_and_not_by_xmp(tmp_path: Path, form: str, turn: int) -> None:
    image = Image.new("RGB", (80, 60), "teal")
    image.paste("red", (0, 0, 40, 15))
    out = io.BytesIO()
    words = xmp(attributes=f'tiff:Orientation="{turn}"')
    chunks = PngInfo()
    chunks.add_itxt("XML:com.adobe.xmp", words.decode())
    image.save(out, form, xmp=words, pnginfo=chunks)
    name = f"a.{form.lower()}"
    (tmp_path / name).write_bytes(out.getvalue())
    with Sandbox(photos=tmp_path) as sandbox:
        (doc,) = sandbox.state.docs.values()
        raw = RawClient(sandbox)
        thumb = raw.ok("doc.getMedias", {"doc_id": doc.doc_id})["thumbs"]["thumb"][0]["url"]
        with Image.open(io.BytesIO(raw.send("GET", thumb).body)) as drawn:
            pixel = drawn.convert("RGB").getpixel((12, 3))
        raw.pool.clear()
    assert isinstance(pixel, tuple)
    assert pixel[0] > 180 > 80 > pixel[1]


WORDS = xmp(listed("dc:title", "Alt", "Ferry"), 'photoshop:DateCreated="2002-03-04T05:06:07"')
CAMERA = {MAKE: ascii_("Kestrel"), DESCRIPTION: ascii_("Slow.")}
TIME = {TAKEN: ascii_("2024:05:17 08:30:00")}
ALL = ("Ferry", "Slow.", "2024-05-17 08:30:00", "Kestrel")
#: A file of each format, and title, description, date and maker.
FORMATS = {
    "a.jpg": (jpeg(exif(CAMERA, TIME), WORDS), ALL),
    "a.png": (png(exif(CAMERA, TIME), WORDS), ALL),
    "a.webp": (webp(exif(CAMERA, TIME), WORDS), ALL),
    "a.avif": (saved("AVIF", exif(CAMERA, TIME), WORDS), ALL),
    "profiles.png": (
        profiled_png(
            exif=b"Exif\0\0" + exif(CAMERA, TIME), iptc=image_resources(iptc([(5, "Ferry")]))
        ),
        ALL,
    ),
    "a.tif": (
        tiff({**CAMERA, 700: Value(1, WORDS)}, TIME),
        ALL,
    ),
    "big endian.tif": (
        tiff({**CAMERA, 33723: Value(4, (0x1C020500, 0x05466572, 0x72790000))}, TIME, order=">"),
        ALL,
    ),
    "a.gif": (gif(WORDS), ("Ferry", "", "2002-03-04 05:06:07", None)),
}


def test_each_format_has_its_place_for_what_a_file_says(tmp_path: Path) -> None:
    files = {name: data for name, (data, _) in FORMATS.items()}
    with account(tmp_path, files) as answers:
        found = {
            name: (told.title, told.description, told.created, told.exif.get("Make"))
            for name, told in answers.items()
        }
    assert found == {name: expected for name, (_, expected) in FORMATS.items()}


def test_heic_tells_what_it_says_and_how_it_was_turned(tmp_path: Path) -> None:
    heif = pytest.importorskip("pillow_heif", reason="the extra heic is not installed")
    out = io.BytesIO()
    image = heif.from_pillow(Image.new("RGB", (24, 16), "teal"))
    image.save(out, exif=exif({**CAMERA, ORIENTATION: short(6)}, TIME), xmp=WORDS)
    with account(tmp_path, {"a.heic": out.getvalue()}) as answers:
        told = answers["a.heic"]
    assert (told.title, told.description, told.created, told.exif["Make"]) == ALL
    assert (told.exif["Orientation"], told.exif["ImageSize"]) == ("Rotate 90 CW", "24x16")
    assert told.size == ("16", "24")


def test_pictures_of_one_second_are_in_the_order_of_its_fractions(tmp_path: Path) -> None:
    fractions = {"a.jpg": "9", "b.jpg": "1", "c.jpg": "50"}
    for name, fraction in fractions.items():
        values = {**TIME, SUB_SEC: ascii_(fraction)}
        (tmp_path / name).write_bytes(jpeg(exif(shot=values)))
    state = Sandbox(photos=tmp_path).state
    assert [doc.source.filename for doc in state.docs.values()] == ["b.jpg", "c.jpg", "a.jpg"]
