"""What is read from photo files, beside what ExifTool reads."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from flask_ipernity.sandbox.metadata import read_photo
from tests.support import exiftool, needs
from tests.support.photo_files import (
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
    rational,
    short,
    signed_rational,
    tiff,
    webp,
    wide,
    xmp,
)

PHOTOS = 150
WORDS = (
    *(
        "ferry",
        "Hvar",
        "mule",
        "Fähre",
        "чайка",
        "before the heat",
        "夜",
        "🍃",
        "c'est tôt",
        "“so”",
    ),
    *("a &amp; b", "six o'clock", "100 %", "quay #7"),
)
FLASHES = (0, 1, 5, 7, 8, 9, 13, 15, 16, 20, 24, 25, 29, 31, 32, 48, 65, 69, 71, 73, 77, 79, 80)


class Photographer:
    """Makes photo files by chance."""

    def __init__(self, dice: random.Random) -> None:
        self.dice = dice

    def maybe(self) -> bool:
        return self.dice.random() < 0.6

    def words(self, most: int = 4) -> str:
        return " ".join(self.dice.choices(WORDS, k=self.dice.randint(1, most)))

    def text(self) -> Value:
        text = self.words().replace("&amp;", "&").encode()
        return Value(2, text + self.dice.choice((b"\0", b"   \0", b"\0rest\0", b"\n\0")))

    def date(self) -> str:
        dice = self.dice
        day = f"{dice.randint(1990, 2025)}:{dice.randint(1, 12):02}:{dice.randint(1, 28):02}"
        return f"{day} {dice.randint(0, 23):02}:{dice.randint(0, 59):02}:{dice.randint(0, 59):02}"

    def some(self, values: Directory) -> Directory:
        return {tag: value for tag, value in values.items() if self.maybe()}

    def main(self) -> Directory:
        return self.some(
            {
                0x010E: self.text(),
                0x010F: ascii_(self.dice.choice(("Kestrel", "KESTREL OPTICAL CO.,LTD", "Apple"))),
                0x0110: ascii_(self.dice.choice(("K7", "K8 \0rest", "FinePix(F30)"))),
                0x0112: short(self.dice.randint(0, 9)),
                0x0131: self.text(),
                0x0132: ascii_(self.date()),
                0x013B: self.text(),
                0x8298: ascii_(self.words().replace("&amp;", "&")),
                # ExifTool 12 reads no pairs of UTF-16
                0x9C9B: wide(self.words().replace("&amp;", "&").replace("🍃", "☘")),
                0x9C9E: wide("ferry;Hvar; mule"),
            }
        )

    def shot(self) -> Directory:
        dice = self.dice
        part = dice.choice((1, 2, 3, 4, 10, 100))
        return self.some(
            {
                0x829A: rational(dice.randint(1, 40), dice.choice((1, 3, 10, 100, 8000))),
                0x829D: rational(dice.randint(50, 3200), 100),
                0x8827: short(dice.choice((50, 64, 100, 12800))),
                0x9003: ascii_(dice.choice((self.date(), "0000:00:00 00:00:00", "    :  :  "))),
                0x9004: ascii_(self.date()),
                0x9011: ascii_(dice.choice(("+02:00", "-05:30", "Z"))),
                0x9204: signed_rational(dice.randint(-6, 6), part),
                0x9209: short(dice.choice(FLASHES)),
                0x920A: rational(dice.randint(20, 6000), 10),
                0x9291: ascii_(str(dice.randint(0, 999))),
                0xA405: short(dice.randint(1, 600)),
                0xA434: self.text(),
            }
        )

    def place(self) -> Directory:
        dice = self.dice
        lat, lng = (
            rational(dice.randint(0, most), 1, dice.randint(0, 59), 1, dice.randint(0, 5999), 100)
            for most in (89, 179)
        )
        return {1: ascii_(dice.choice("NS")), 2: lat, 3: ascii_(dice.choice("EW")), 4: lng}

    def properties(self) -> bytes:
        elements = [
            listed("dc:title", "Alt", f"x-default={self.words()}", f"de={self.words()}"),
            listed("dc:description", "Alt", self.words(9)),
            listed("dc:subject", "Bag", *{self.words(1) for _ in range(3)}),
            listed("dc:creator", "Seq", "Ada", "Jonas"),
            listed("dc:rights", "Alt", self.words()),
            f"<xmp:Rating>{self.dice.randint(-1, 5)}</xmp:Rating>",
            f"<photoshop:Headline>{self.words()}</photoshop:Headline>",
        ]
        date = self.date().replace(":", "-", 2).replace(" ", "T")
        return xmp(
            "".join(element for element in elements if self.maybe()),
            self.dice.choice(("", f'photoshop:DateCreated="{date}"', f'xmp:CreateDate="{date}"')),
        )

    def resources(self) -> bytes:
        texts = [(5, 20), (25, 20), (25, 20), (80, 20), (105, 90), (116, 90), (120, 900)]
        known = [(number, self.words().replace("&amp;", "&")[:most]) for number, most in texts]
        data = iptc([one for one in known if self.maybe()], charset=b"\x1b%G")
        return image_resources(data, self.dice.choice((None, data, b"older data")))

    def photo(self) -> tuple[str, bytes]:
        """Return an ending and a file."""
        dice = self.dice
        order = dice.choice("<>")
        place = self.place() if self.maybe() else None
        camera = exif(self.main(), self.shot(), place, order) if self.maybe() else b""
        words = self.properties() if self.maybe() else b""
        match dice.choice(("jpg", "jpg", "jpg", "png", "webp", "tif", "gif")):
            case "jpg":
                return "jpg", jpeg(camera, words, self.resources() if self.maybe() else b"")
            case "png":
                return "png", png(camera, words, behind=self.maybe(), packed=self.maybe())
            case "webp":
                return "webp", webp(camera, words)
            case "gif":
                return "gif", gif(words) if words else gif(xmp())
            case _:
                main = {**self.main(), **({700: Value(1, words)} if words else {})}
                return "tif", tiff(main, self.shot(), order)


@pytest.mark.exiftool
def test_every_value_is_that_of_exiftool(tmp_path: Path) -> None:
    program = needs.program("exiftool")
    seed = random.randrange(1 << 32)
    photographer = Photographer(random.Random(seed))
    files = []
    for number in range(PHOTOS):
        ending, data = photographer.photo()
        files.append(tmp_path / f"{number}.{ending}")
        files[-1].write_bytes(data)
    records = exiftool.read(program, files)
    assert len(records) == PHOTOS
    compared, different = 0, []
    for file in files:
        metadata = read_photo(file)
        compared += len(exiftool.compared(metadata, records[file]))
        different += [(file.name, *one) for one in exiftool.differences(metadata, records[file])]
    assert not different, f"seed {seed}"
    assert compared > 10 * PHOTOS
