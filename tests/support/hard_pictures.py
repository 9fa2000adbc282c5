"""Pictures that are hard to draw right, each of at most 20 kB: made here, with how they look.

All but a few are red on the left and blue on the right.
"""

from __future__ import annotations

import io
import struct
import zlib
from collections.abc import Callable
from functools import cache, partial
from typing import NamedTuple

import numpy as np
from PIL import Image

#: Red, green and blue of colour spaces in XYZ with the white D50, and their exponent.
Primaries = tuple[tuple[float, float, float], ...]
SRGB: Primaries = (
    (0.43607, 0.22249, 0.01392),
    (0.38515, 0.71687, 0.09708),
    (0.14307, 0.06061, 0.71410),
)
SPACES: dict[str, tuple[Primaries, float]] = {
    "Display P3": (
        ((0.51512, 0.24120, -0.00105), (0.29198, 0.69225, 0.04189), (0.15710, 0.06657, 0.78407)),
        2.2,
    ),
    "Adobe RGB": (
        ((0.60974, 0.31111, 0.01947), (0.20528, 0.62567, 0.06087), (0.14919, 0.06322, 0.74457)),
        2.2,
    ),
    "ProPhoto": (
        ((0.79767, 0.28804, 0.0), (0.13519, 0.71188, 0.0), (0.03134, 0.00009, 0.82491)),
        1.8,
    ),
    "green for red": ((SRGB[1], SRGB[0], SRGB[2]), 2.2),
}

SIZE = (120, 80)
LEFT, RIGHT = (200, 90, 60), (40, 60, 210)

Colour = tuple[int, int, int]


def in_srgb(colour: Colour, space: str) -> Colour:
    """Return what a colour of another space is in sRGB, by the definition of both."""
    primaries, gamma = SPACES[space]
    linear = (np.array(colour) / 255) ** gamma
    light = np.linalg.inv(np.array(SRGB).T) @ np.array(primaries).T @ linear
    return encoded(light)


def encoded(light: np.ndarray) -> Colour:
    """Return linear light as values of sRGB."""
    light = np.clip(light, 0, 1)
    values = np.where(light <= 0.0031308, 12.92 * light, 1.055 * light ** (1 / 2.4) - 0.055)
    red, green, blue = (round(float(value) * 255) for value in values)
    return red, green, blue


def icc(space: bytes, tags: dict[bytes, bytes]) -> bytes:
    """Return a colour profile of version 2 (ICC.1:2001) with these tags."""
    tags = {
        b"desc": b"desc\0\0\0\0" + struct.pack(">I", 5) + b"test\0" + bytes(79),
        b"cprt": b"text\0\0\0\0none\0",
        b"wtpt": _xyz(0.9642, 1.0, 0.8249),
        **tags,
    }
    table, data = struct.pack(">I", len(tags)), b""
    start = 128 + 4 + 12 * len(tags)
    for name, value in tags.items():
        table += name + struct.pack(">II", start + len(data), len(value))
        data += value + bytes(-len(value) % 4)
    head = struct.pack(
        ">I4sI4s4s4s12s4sI4sIIQIiii4s44x",
        start + len(data),
        b"test",
        0x02100000,
        b"mntr" if space != b"CMYK" else b"prtr",
        space,
        b"XYZ " if space != b"CMYK" else b"Lab ",
        struct.pack(">6H", 2026, 1, 1, 0, 0, 0),
        b"acsp",
        0,
        b"",
        0,
        0,
        0,
        0,
        *(round(value * 65536) for value in (0.9642, 1.0, 0.8249)),
        b"",
    )
    return head + table + data


def _xyz(*values: float) -> bytes:
    return b"XYZ \0\0\0\0" + struct.pack(">3i", *(round(value * 65536) for value in values))


def _curve(gamma: float) -> bytes:
    return b"curv\0\0\0\0" + struct.pack(">IH", 1, round(gamma * 256))


def profile(space: str) -> bytes:
    """Return the profile of one of :data:`SPACES`."""
    primaries, gamma = SPACES[space]
    rgb = {
        letter + b"XYZ": _xyz(*one)
        for letter, one in zip((b"r", b"g", b"b"), primaries, strict=True)
    }
    return icc(b"RGB ", rgb | {letter + b"TRC": _curve(gamma) for letter in (b"r", b"g", b"b")})


def grey_profile(gamma: float) -> bytes:
    """Return a profile of greys with an exponent."""
    return icc(b"GRAY", {b"kTRC": _curve(gamma)})


def cmyk_profile() -> bytes:
    """Return a profile of inks of which each is so light that all together make a middle grey."""
    corners = [(round((1 - 0.125 * sum(inks)) * 255), 128, 128) for inks in np.ndindex(2, 2, 2, 2)]
    lut = b"mft1\0\0\0\0" + bytes((4, 3, 2, 0))
    lut += struct.pack(">9i", *(65536 * (number in (0, 4, 8)) for number in range(9)))
    lut += bytes(range(256)) * 4 + bytes(value for one in corners for value in one)
    return icc(b"CMYK", {b"A2B0": lut + bytes(range(256)) * 3})


def halves(mode: str = "RGB", left: object = LEFT, right: object = RIGHT) -> Image.Image:
    """Return a picture of two colours."""
    image = Image.new(mode, SIZE, right)  # type: ignore[arg-type]
    image.paste(left, (0, 0, SIZE[0] // 2, SIZE[1]))  # type: ignore[arg-type]
    return image


def saved(image: Image.Image, form: str, **options: object) -> bytes:
    """Return a picture as a file."""
    out = io.BytesIO()
    image.save(out, form, **options)
    return out.getvalue()


def jpeg(image: Image.Image | None = None, **options: object) -> bytes:
    """Return a JPEG in which no colours are mixed."""
    return saved(image or halves(), "JPEG", quality=95, subsampling=0, **options)


def chunk(name: bytes, data: bytes) -> bytes:
    """Return a chunk of a PNG."""
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


def png(data: bytes = b"", *, before: bytes = b"", after: bytes = b"") -> bytes:
    """Return a PNG with more chunks before its pixels, and after them."""
    data = data or saved(halves(), "PNG")
    start, end = data.index(b"IDAT") - 4, data.index(b"IEND") - 4
    return data[:start] + before + data[start:end] + after + data[end:]


def png_of_16_bits(kind: int, pixel: Callable[[int], bytes], before: bytes = b"") -> bytes:
    """Return a PNG of 16 bits: kind 0 is grey, 2 RGB; a pixel is told by its column."""
    row = b"\0" + b"".join(map(pixel, range(SIZE[0])))
    head = struct.pack(">IIBBBBB", *SIZE, 16, kind, 0, 0, 0)
    parts = chunk(b"IHDR", head) + before + chunk(b"IDAT", zlib.compress(row * SIZE[1]))
    return b"\x89PNG\r\n\x1a\n" + parts + chunk(b"IEND", b"")


def orientation(value: int) -> Image.Exif:
    """Return EXIF that says how a picture is turned."""
    exif = Image.Exif()
    exif[0x0112] = value
    return exif


def xmp(value: int) -> bytes:
    """Return XMP that says how a picture is turned."""
    return (
        '<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF'
        ' xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"><rdf:Description'
        f' xmlns:tiff="http://ns.adobe.com/tiff/1.0/" tiff:Orientation="{value}"/>'
        "</rdf:RDF></x:xmpmeta>"
    ).encode()


@cache
def noise() -> Image.Image:
    """Return a picture that is long as a file, with a red half above a blue one."""
    generator = np.random.default_rng(7)
    pixels = generator.integers(0, 30, (80, 80, 3), np.uint8)
    pixels[:40, :, 0] += 200
    pixels[40:, :, 2] += 200
    return Image.fromarray(pixels)


def cut(data: bytes, share: float) -> bytes:
    """Return the beginning of a file."""
    return data[: int(len(data) * share)]


def large_jpeg(width: int, height: int) -> bytes:
    """Return a JPEG that says it is so large, and ends after its first rows."""
    data = bytearray(jpeg())
    start = data.index(b"\xff\xc0")
    data[start + 5 : start + 9] = struct.pack(">HH", height, width)
    return bytes(data)


def _deep_halves() -> Image.Image:
    columns = [20_000] * (SIZE[0] // 2) + [50_000] * (SIZE[0] // 2)
    return Image.fromarray(np.array([columns] * SIZE[1], np.uint16))


Looks = tuple[Colour, Colour]


class Hard(NamedTuple):
    """A picture: its file name, what makes it, and the colours of its two halves."""

    filename: str
    make: Callable[[], bytes]
    looks: Looks = (LEFT, RIGHT)


def _pictures() -> dict[str, Hard]:
    """Return the pictures that can be drawn as a whole."""
    plain = (LEFT, RIGHT)
    white, black = (255, 255, 255), (0, 0, 0)
    found: dict[str, Hard] = {}
    for space in SPACES:
        looks = (in_srgb(LEFT, space), in_srgb(RIGHT, space))
        for form in ("JPEG", "PNG", "WEBP", "TIFF", "AVIF"):
            options: dict[str, object] = {"icc_profile": profile(space)}
            if form == "WEBP":
                options["lossless"] = True
            elif form == "TIFF":
                options["compression"] = "tiff_lzw"
            elif form in ("JPEG", "AVIF"):
                options |= {"quality": 98, "subsampling": 0 if form == "JPEG" else "4:4:4"}
            found[f"{space}, {form}"] = Hard(
                f"{space.replace(' ', '-')}.{form.lower()}",
                partial(saved, halves(), form, **options),
                looks,
            )
    half = encoded(np.array([0.5] * 3))
    inks = halves("CMYK", (0, 200, 200, 30), (200, 200, 0, 30))
    alpha = halves("RGBA", (*LEFT, 255), (*RIGHT, 0))
    ramp = png_of_16_bits(0, lambda column: struct.pack(">H", 20_000 if column < 60 else 50_000))
    greys = ((78, 78, 78), (195, 195, 195))
    found |= {
        "grey with a linear profile": Hard(
            "linear-grey.jpg",
            lambda: jpeg(halves("L", 128, 255), icc_profile=grey_profile(1.0)),
            (half, white),
        ),
        "inks with a profile": Hard(
            "inks-profile.jpg",
            lambda: saved(inks, "JPEG", quality=95, icc_profile=cmyk_profile()),
            ((181, 181, 181), (181, 181, 181)),
        ),
        "inks without a profile": Hard(
            "inks.jpg",
            lambda: saved(inks, "JPEG", quality=95),
            ((225, 49, 49), (49, 49, 225)),
        ),
        "a broken profile": Hard("broken.jpg", lambda: jpeg(icc_profile=b"no profile" * 20), plain),
        "the profile of another kind": Hard(
            "other-kind.jpg",
            lambda: jpeg(icc_profile=cmyk_profile()),
            plain,
        ),
        "a see-through one with a profile": Hard(
            "alpha-p3.png",
            lambda: saved(alpha, "PNG", icc_profile=profile("Display P3")),
            (in_srgb(LEFT, "Display P3"), white),
        ),
        "linear by gAMA": Hard(
            "gamma.png",
            lambda: png(
                saved(halves("RGB", (128,) * 3, black), "PNG"),
                before=chunk(b"gAMA", struct.pack(">I", 100_000)),
            ),
            (half, black),
        ),
        "gAMA beside sRGB": Hard(
            "gamma-srgb.png",
            lambda: png(before=chunk(b"gAMA", struct.pack(">I", 100_000)) + chunk(b"sRGB", b"\0")),
            plain,
        ),
        "grey of 16 bits": Hard("deep.png", lambda: ramp, greys),
        "grey of 16 bits, one see-through": Hard(
            "deep-clear.png",
            lambda: png(ramp, before=chunk(b"tRNS", struct.pack(">H", 50_000))),
            (greys[0], white),
        ),
        "colours of 16 bits": Hard(
            "deep-rgb.png",
            lambda: png_of_16_bits(
                2, lambda column: bytes(v for c in plain[column >= 60] for v in (c, c))
            ),
            plain,
        ),
        "a TIFF of 16 bits": Hard(
            "deep.tif",
            lambda: saved(_deep_halves(), "TIFF", compression="tiff_lzw"),
            greys,
        ),
        "a TIFF of fractions": Hard(
            "float.tif",
            lambda: saved(halves("F", 0.25, 0.75), "TIFF", compression="tiff_lzw"),
            (black, white),
        ),
        "black and white": Hard(
            "bits.png", lambda: saved(halves("1", 0, 1), "PNG"), (black, white)
        ),
        "a palette": Hard(
            "palette.png",
            lambda: saved(halves().quantize(4), "PNG"),
            plain,
        ),
        "a palette, partly see-through": Hard(
            "palette-clear.gif",
            lambda: saved(alpha, "GIF"),
            (LEFT, white),
        ),
        "see-through": Hard(
            "alpha.webp", lambda: saved(alpha, "WEBP", lossless=True), (LEFT, white)
        ),
        "grey and see-through": Hard(
            "grey-alpha.png",
            lambda: saved(halves("LA", (90, 255), (90, 0)), "PNG"),
            ((90, 90, 90), white),
        ),
        "a GIF that moves": Hard(
            "moves.gif",
            lambda: saved(
                halves(), "GIF", save_all=True, append_images=[Image.new("RGB", SIZE, "lime")]
            ),
            plain,
        ),
        "a TIFF of two pages": Hard(
            "pages.tif",
            lambda: saved(
                halves(),
                "TIFF",
                save_all=True,
                append_images=[Image.new("RGB", SIZE, "lime")],
                compression="tiff_lzw",
            ),
            plain,
        ),
        "a compressed TIFF": Hard(
            "lzw.tif",
            lambda: saved(halves(), "TIFF", compression="tiff_lzw"),
            plain,
        ),
        "a BMP": Hard(
            "plain.bmp", lambda: saved(halves("P", 0, 1).convert("L"), "BMP"), (black,) * 2
        ),
        "a JPEG that is called PNG": Hard("named.png", jpeg, plain),
        "XMP that turns a JPEG": Hard("xmp.jpg", lambda: jpeg(xmp=xmp(3)), plain),
        "XMP that turns a PNG": Hard(
            "xmp.png",
            lambda: png(before=chunk(b"iTXt", b"XML:com.adobe.xmp\0\0\0\0\0" + xmp(3))),
            plain,
        ),
        "EXIF that turns a JPEG": Hard("exif.jpg", lambda: jpeg(exif=orientation(3)), plain[::-1]),
        "EXIF that turns a PNG": Hard(
            "exif.png",
            lambda: saved(halves(), "PNG", exif=orientation(3)),
            plain[::-1],
        ),
        "EXIF that turns an AVIF": Hard(
            "exif.avif",
            lambda: saved(halves(), "AVIF", quality=98, subsampling="4:4:4", exif=orientation(3)),
            plain[::-1],
        ),
        "EXIF that turns a WebP, which no browser does": Hard(
            "exif.webp",
            lambda: saved(halves(), "WEBP", lossless=True, exif=orientation(3)),
            plain,
        ),
        "a TIFF that is turned": Hard(
            "turned.tif",
            lambda: saved(halves(), "TIFF", tiffinfo={0x0112: 3}, compression="tiff_lzw"),
            plain[::-1],
        ),
        "a broken text before the pixels": Hard(
            "text-before.png",
            lambda: png(before=chunk(b"zTXt", b"x\0\0no zlib at all")),
            plain,
        ),
        "a long text before the pixels": Hard(
            "long-text.png",
            lambda: png(before=chunk(b"zTXt", b"x\0\0" + zlib.compress(bytes(3 << 20)))),
            plain,
        ),
        "a broken text behind the pixels": Hard(
            "text-after.png",
            lambda: png(after=chunk(b"iTXt", b"broken") + chunk(b"zTXt", b"x\0\0no")),
            plain,
        ),
        "EXIF in hex of odd length": Hard(
            "hex.png",
            lambda: png(before=chunk(b"tEXt", b"Raw profile type exif\0\nexif\n  5\nabc")),
            plain,
        ),
        "a PNG without its end": Hard("no-end.png", lambda: png()[:-12], plain),
    }
    return found


PICTURES = _pictures()

#: Pictures of which the lower part is lost: red above.
CUT: dict[str, Hard] = {
    "JPEG": Hard("cut.jpg", lambda: cut(jpeg(noise()), 0.6)),
    "progressive JPEG": Hard(
        "cut-progressive.jpg", lambda: cut(jpeg(noise(), progressive=True), 0.6)
    ),
    "PNG": Hard("cut.png", lambda: cut(saved(noise(), "PNG"), 0.6)),
    "GIF": Hard("cut.gif", lambda: cut(saved(noise(), "GIF"), 0.6)),
    "TIFF": Hard("cut.tif", lambda: cut(saved(noise(), "TIFF"), 0.6)),
    "broken PNG": Hard("broken.png", lambda: _with_zeros(saved(noise(), "PNG"))),
    "panorama of 280 million pixels": Hard("large.jpg", lambda: large_jpeg(28_000, 10_000)),
}

#: Files with the header of a picture and nothing that can be drawn.
HOPELESS: dict[str, Hard] = {
    "WebP": Hard(
        "hopeless.webp", lambda: _with_zeros(saved(noise(), "WEBP", lossless=True), 0.005)
    ),
    "AVIF": Hard("hopeless.avif", lambda: _without_scans(saved(noise(), "AVIF"), b"mdat")),
    "JPEG": Hard("hopeless.jpg", lambda: _without_scans(jpeg())),
    "PNG": Hard("hopeless.png", lambda: _without_scans(png(), b"IDAT")),
    "too many pixels": Hard("bomb.png", lambda: _bomb(60_000, 60_000)),
}


def _with_zeros(data: bytes, share: float = 0.6) -> bytes:
    """Return a file of the same length of which only the beginning is left."""
    return cut(data, share).ljust(len(data), b"\0")


def _without_scans(data: bytes, start: bytes = b"\xff\xda") -> bytes:
    return data[: data.index(start) + len(start)].ljust(len(data), b"\0")


def _bomb(width: int, height: int) -> bytes:
    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    pixels = chunk(b"IDAT", zlib.compress(bytes(1000)))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + pixels + chunk(b"IEND", b"")
