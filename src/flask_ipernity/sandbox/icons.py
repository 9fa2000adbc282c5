"""The pictures that the service draws itself: faces, icons, placeholders."""

from __future__ import annotations

import hashlib
import io

from PIL import Image, ImageDraw, ImageFont

from .drawing import as_jpeg

_GROUND, _LINES = "#d9dbdf", "#9a9ea6"


def _draw_letter(text: str, size: int, colour: str, mode: str) -> bytes:
    image = Image.new("RGB", (size, size), colour)
    font = ImageFont.load_default(size * 0.5)
    ImageDraw.Draw(image).text((size / 2, size / 2), text, "white", font, anchor="mm")
    out = io.BytesIO()
    image.save(out, mode)
    return out.getvalue()


def draw_avatar(name: str) -> bytes:
    """Return a member's picture: the initial on a colour made from the name, 100 px, JPEG."""
    hue = int(hashlib.md5(name.encode(), usedforsecurity=False).hexdigest(), 16) % 360
    return _draw_letter(name[:1].upper(), 100, f"hsl({hue}, 35%, 45%)", "JPEG")


def draw_icon(media: str) -> bytes:
    """Return the generic picture of a media type: its initial on grey, 75 px, PNG."""
    return _draw_letter(media[:1].upper(), 75, "#8a8f98", "PNG")


def draw_placeholder(width: int, height: int) -> bytes:
    """Return what is shown for a picture that cannot be drawn: a torn sheet on grey, as JPEG."""
    image = Image.new("RGB", (width, height), _GROUND)
    pen, side = ImageDraw.Draw(image), min(width, height) * 0.4
    left, top = (width - side) / 2, (height - side * 0.8) / 2

    def points(*places: tuple[float, float]) -> list[tuple[float, float]]:
        return [(left + side * x, top + side * y) for x, y in places]

    line = max(1, round(side / 24))
    tear = ((0.62, 0), (0.48, 0.28), (0.62, 0.44), (0.46, 0.8))
    right = ((0.74, 0), (1, 0), (1, 0.8), (0.58, 0.8), (0.74, 0.44), (0.6, 0.28), (0.74, 0))
    pen.line(points((0, 0), *tear, (0, 0.8), (0, 0)), _LINES, line, "curve")
    pen.line(points(*right), _LINES, line, "curve")
    return as_jpeg(image)
