"""Draws a size of a picture, as a browser shows it: upright, in sRGB, on white, as JPEG."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import cast

from PIL import Image, ImageCms, ImageFile

from .image_files import DAMAGED, open_image
from .png_strips import can_be_read_in_strips, strips
from .thumbnails import OriginalFile, size_of

#: The most memory that one picture may take while it is drawn, in bytes.
MOST_BYTES = 420 << 20
#: The most pixels of a picture.
MOST_PIXELS = 400_000_000

#: Quality and chroma subsampling of JPEG up to a longest side: the smaller, the more each pixel
#: counts. 0 is 4:4:4, where each has its own colour, with 2 (4:2:0) four have one.
_JPEG = ((240, 92, 0), (1024, 88, 0), (1 << 31, 88, 2))

#: Decoded pixels for each one drawn, in each direction, before the last, careful resizing.
_GAP = 1.25

#: How many rows are made smaller at once.
_ROWS = 96

_TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}

#: Bytes of a pixel in memory; all others take four.
_PIXEL_BYTES = {"1": 1, "L": 1, "P": 1, "I;16": 2, "I;16L": 2, "I;16B": 2}
#: Bytes of a pixel beside those in Pillow's memory: of a decoder's own picture, or of what follows.
_COPY_BYTES = {"JPEG": 4, "WEBP": 8, "AVIF": 7, "HEIF": 7}

#: Colour spaces of profiles (ICC.1:2022, 7.2.8) by the kinds of pixels that they may describe.
_SPACES = {"RGB": "RGB ", "L": "GRAY", "CMYK": "CMYK"}


class CannotDraw(ValueError):
    """The file is no picture that can be drawn: it is damaged, too large, or of another format."""


@contextmanager
def prepared(picture: OriginalFile, label: str) -> Iterator[tuple[int, Callable[[], bytes]]]:
    """Yield what drawing a size will take, in bytes of memory, and a function that draws it.

    Only the header is read before the function is called.

    :raises CannotDraw: it is known from the header that it cannot be drawn.
    :raises OSError: the file is gone, or is another one by now.
    """
    with picture.open() as file:
        try:
            image = open_image(file)
        except ValueError as error:
            raise CannotDraw(str(error)) from error
        turn = picture.orientation
        width, height = size_of(label, picture.width, picture.height)
        # the size before it is turned
        size = (height, width) if turn in (5, 6, 7, 8) else (width, height)
        whole = image.size
        try:
            # lets a decoder that can do so decode no more pixels than needed
            image.draft(None, (int(size[0] * _GAP), int(size[1] * _GAP)))
        except DAMAGED as error:
            raise CannotDraw(str(error)) from error
        parts = None
        if can_be_read_in_strips(image):
            needed = image.width * _ROWS * 16
            parts = partial(strips, image, file)
        else:
            needed = _memory_needed(image, whole)
        if needed > MOST_BYTES or whole[0] * whole[1] > MOST_PIXELS:
            raise CannotDraw(f"{whole[0]} x {whole[1]} pixels are too many to draw")
        yield needed, partial(_draw, image, parts, size, turn)


def draw(picture: OriginalFile, label: str) -> bytes:
    """Return a size of a picture as JPEG.

    :raises CannotDraw: it cannot be drawn.
    :raises OSError: the file is gone, or is another one by now.
    """
    with prepared(picture, label) as (_, drawn):
        return drawn()


def as_jpeg(image: Image.Image) -> bytes:
    """Return a drawn size as JPEG."""
    out = io.BytesIO()
    quality, subsampling = next(row[1:] for row in _JPEG if max(image.size) <= row[0])
    image.info = {}  # a comment would be kept
    image.save(
        out, "JPEG", quality=quality, subsampling=subsampling, progressive=True, optimize=True
    )
    return out.getvalue()


def _memory_needed(image: ImageFile.ImageFile, whole: tuple[int, int]) -> int:
    """Return about how many bytes it takes to decode a picture of which ``whole`` is the size."""
    pixels = image.width * image.height
    needed = pixels * _PIXEL_BYTES.get(image.mode, 4)
    if image.format == "JPEG" and image.info.get("progressive"):
        # All coefficients of the picture are kept until the last scan, two bytes each.
        layers = [(across, down) for _, across, down, _ in getattr(image, "layer", ())]
        most = max(across for across, _ in layers) * max(down for _, down in layers)
        needed += whole[0] * whole[1] * 2 * sum(a * d for a, d in layers) // most
    return needed + pixels * _COPY_BYTES.get(image.format or "", 0)


def _draw(
    image: ImageFile.ImageFile,
    parts: Callable[[int], Iterator[Image.Image]] | None,
    size: tuple[int, int],
    turn: int | None,
) -> bytes:
    try:
        small = _fitted(image, parts, size)
        if profile := image.info.get("icc_profile"):
            small = _in_srgb(small, profile)
        elif curve := _gamma_curve(image):
            small = small.point([value for band in small.getbands() for value in curve(band)])
        small = _on_white(small)
        return as_jpeg(small.transpose(_TURNS[turn]) if turn in _TURNS else small)
    except DAMAGED as error:
        raise CannotDraw(str(error)) from error
    finally:
        # The pixels must be gone before the next picture is drawn.
        image.close()


def _fitted(
    image: ImageFile.ImageFile,
    parts: Callable[[int], Iterator[Image.Image]] | None,
    size: tuple[int, int],
) -> Image.Image:
    """Return a picture of this size in RGB, RGBA, L or CMYK.

    It is made smaller strip by strip: the whole picture is in memory once, whatever its pixels are.

    :param parts: yields the picture from top to bottom, at most a number of rows at a time; None if
        it must be decoded as a whole.
    """
    factor = max(1, int(min(image.width / size[0], image.height / size[1]) / _GAP))
    if parts is None:
        _load(image)
        if factor == 1 and _can_be_resized(image):
            return resized(image, size)
        parts = partial(_cut, image)
    result: Image.Image | None = None
    top = 0
    for part in parts(max(1, _ROWS // factor) * factor):
        strip = _converted(image, part)
        if factor > 1:
            strip = strip.reduce(factor)
        if result is None:
            # What is lost of a damaged picture stays grey.
            ground = "#d9dbdf" if strip.mode != "CMYK" else 0
            result = Image.new(strip.mode, (strip.width, -(-image.height // factor)), ground)
        result.paste(strip, (0, top))
        top += strip.height
    if result is None:
        raise ValueError("nothing of it can be decoded")
    return resized(result, size)


def _load(image: ImageFile.ImageFile) -> None:
    """Decode a picture; one that is damaged as far as it goes.

    :raises Exception: one of :data:`DAMAGED`, if nothing of it can be decoded.
    """
    try:
        image.load()
    except DAMAGED as error:
        # What is decoded by then is there, and stays if there is nothing left to decode.
        image.tile = []
        if image.getbbox() is None:
            raise ValueError(f"nothing of it can be decoded: {error}") from error
    # In a BMP the fourth byte of a pixel may mean nothing; browsers see that when it is always 0.
    if (image.format, image.mode) == ("BMP", "RGBA") and not image.getchannel("A").getbbox():
        image.putalpha(255)


def _cut(image: Image.Image, rows: int) -> Iterator[Image.Image]:
    """Yield the strips of a picture."""
    for top in range(0, image.height, rows):
        yield image.crop((0, top, image.width, min(image.height, top + rows)))


def resized(image: Image.Image, size: tuple[int, int]) -> Image.Image:
    """Return a picture of this size; of one that becomes a square, the middle."""
    width, height = image.size
    box = (0.0, 0.0, float(width), float(height))
    if size[0] == size[1]:
        side = min(width, height)
        left, top = (width - side) / 2, (height - side) / 2
        box = (left, top, left + side, top + side)
    return image.resize(size, Image.Resampling.LANCZOS, box)


def _can_be_resized(image: Image.Image) -> bool:
    return image.mode in ("RGB", "L", "CMYK") and not image.has_transparency_data


def _converted(image: Image.Image, strip: Image.Image) -> Image.Image:
    """Return a strip of a picture in pixels that can be resized: RGB, RGBA, L or CMYK."""
    mode, clear = image.mode, image.has_transparency_data
    if mode.startswith("I;16"):
        return _from_16_bits(strip, image.info.get("transparency"))
    if mode in ("I", "F"):
        low, high = cast("tuple[float, float]", image.getextrema())
        if mode == "I" and low >= 0 and high <= 0xFFFF:
            low, high = 0, 0xFFFF
        return _scaled(strip, low, high)
    if clear:
        return strip.convert("RGBA")
    return strip if _can_be_resized(image) else strip.convert("L" if mode == "1" else "RGB")


def _from_16_bits(strip: Image.Image, clear: object) -> Image.Image:
    """Return a grey strip of 16 bits in L; in RGBA if one of the values is see-through."""
    wide = strip.convert("I")
    grey = _scaled(wide, 0, 0xFFFF)
    if not isinstance(clear, int):
        return grey
    seen = wide.point([255 * (value != clear) for value in range(1 << 16)], "L")
    return Image.merge("LA", (grey, seen)).convert("RGBA")


def _scaled(strip: Image.Image, low: float, high: float) -> Image.Image:
    """Return a strip in L, where ``low`` is black and ``high`` white."""
    scale = 255 / (high - low) if high > low else 0
    return strip.point(lambda value: value * scale - low * scale).convert("L")


def _in_srgb(image: Image.Image, profile: bytes) -> Image.Image:
    """Return a picture of which a colour profile was part in sRGB; a broken one is as none."""
    alpha = image.getchannel("A") if image.mode == "RGBA" else None
    plain = image if alpha is None else image.convert("RGB")
    try:
        source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        space = getattr(source.profile, "xcolor_space", "")
        if space == "RGB " and plain.mode == "L":
            plain = plain.convert("RGB")
        if space != _SPACES[plain.mode]:
            return image
        target = ImageCms.createProfile("sRGB")
        transform = ImageCms.buildTransform(source, target, plain.mode, "RGB")
        plain = ImageCms.applyTransform(plain, transform) or plain
    except (ImageCms.PyCMSError, *DAMAGED):
        return image
    if alpha is not None:
        plain.putalpha(alpha)
    return plain


def _gamma_curve(image: ImageFile.ImageFile) -> Callable[[str], list[int]] | None:
    """Return what a PNG's gAMA makes of the values of a band; None if it says nothing new."""
    gamma = image.info.get("gamma")
    if image.format != "PNG" or not gamma or "srgb" in image.info:
        return None
    values = [round(255 * _srgb((value / 255) ** (1 / gamma))) for value in range(256)]
    return lambda band: list(range(256)) if band == "A" else values


def _srgb(light: float) -> float:
    """Return the value of a linear one (IEC 61966-2-1)."""
    return 12.92 * light if light <= 0.0031308 else 1.055 * light ** (1 / 2.4) - 0.055


def _on_white(image: Image.Image) -> Image.Image:
    if image.mode != "RGBA":
        return image.convert("RGB")
    white = Image.new("RGB", image.size, "white")
    white.paste(image.convert("RGB"), mask=image.getchannel("A"))
    return white
