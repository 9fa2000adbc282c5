"""What a lens, a film and a darkroom add: blur, bloom, tone, grain."""

from __future__ import annotations

import numpy as np
from PIL import Image

from .noise import Array


def rgb(code: str) -> Array:
    """Return a colour such as ``"#ffcc88"`` as linear light."""
    parts = np.array([int(code[i : i + 2], 16) for i in (1, 3, 5)], np.float32) / 255
    return np.asarray(parts**2.2, np.float32)


def grid(size: tuple[int, int]) -> tuple[Array, Array]:
    """Return the pixels' coordinates: x from left to right, y from top to bottom."""
    w, h = size
    y, x = np.mgrid[0:h, 0:w].astype(np.float32)
    return x, y


def resize(plane: Array, size: tuple[int, int]) -> Array:
    """Return one plane or an RGB picture at another size, smoothly."""
    if plane.ndim == 3:
        return np.stack([resize(plane[..., k], size) for k in range(plane.shape[2])], axis=-1)
    picture = Image.fromarray(np.ascontiguousarray(plane, np.float32), "F")
    smaller = size[0] < plane.shape[1]
    how = Image.Resampling.BOX if smaller else Image.Resampling.BICUBIC
    return np.asarray(picture.resize(size, how), np.float32)


def _gauss(plane: Array, sx: float, sy: float) -> Array:
    px, py = int(3 * sx) + 1, int(3 * sy) + 1
    wide = np.pad(plane, ((py, py), (px, px)), mode="edge").astype(np.float32)
    fy = np.fft.fftfreq(wide.shape[0]).astype(np.float32)[:, None]
    fx = np.fft.rfftfreq(wide.shape[1]).astype(np.float32)[None]
    kernel = np.exp(-2 * np.pi**2 * ((fx * sx) ** 2 + (fy * sy) ** 2))
    out = np.fft.irfft2(np.fft.rfft2(wide) * kernel, s=wide.shape)
    return np.asarray(out[py : py + plane.shape[0], px : px + plane.shape[1]], np.float32)


def blur(picture: Array, sx: float, sy: float | None = None) -> Array:
    """Blur by a Gaussian; wide ones are worked out on a smaller picture."""
    sy = sx if sy is None else sy
    if picture.ndim == 3:
        planes = [blur(picture[..., k], sx, sy) for k in range(picture.shape[2])]
        return np.stack(planes, axis=-1)
    h, w = picture.shape
    fx, fy = max(1, int(sx / 4)), max(1, int(sy / 4))
    if fx == 1 and fy == 1:
        return _gauss(picture, sx, sy)
    small = resize(picture, (-(-w // fx), -(-h // fy)))
    return resize(_gauss(small, sx / fx, sy / fy), (w, h))


def over(base: Array, layer: Array, cover: Array) -> Array:
    """Lay *layer* over *base* where *cover* is 1."""
    cover = cover[..., None]
    return np.asarray(base + (layer - base) * cover)


def film(light: Array, exposure: float = 1.0) -> Array:
    """Turn linear light into display values from 0 to 1, by a filmic curve."""
    x = np.maximum(light, 0) * exposure
    y = x * (2.51 * x + 0.03) / (x * (2.43 * x + 0.59) + 0.14)
    return np.asarray(np.clip(y, 0, 1) ** (1 / 2.2), np.float32)


def bloom(light: Array, threshold: float, spread: float, amount: float) -> Array:
    """Let bright places glow into their neighbours."""
    bright = np.maximum(light - threshold, 0)
    return light + amount * (0.6 * blur(bright, spread) + 0.4 * blur(bright, spread * 3.5))


def finish(
    shown: Array,
    size: tuple[int, int],
    seed: int,
    *,
    vignette: float = 0.25,
    grain: float = 0.012,
    shadows: Array | None = None,
    lights: Array | None = None,
    saturation: float = 1.0,
    contrast: float = 0.0,
) -> Array:
    """Scale to size, grade, darken the corners and add soft grain."""
    if shown.shape[1] != size[0]:
        shown = resize(shown, size)
    w, h = size
    rng = np.random.default_rng(seed)
    x, y = grid(size)
    far = ((x / w - 0.5) ** 2 + (y / h - 0.5) ** 2) * 2
    shown = shown * (1 - vignette * far**1.2)[..., None]
    grey = shown.mean(axis=-1, keepdims=True)
    shown = grey + (shown - grey) * saturation
    if contrast:
        curve = shown * shown * (3 - 2 * shown)
        shown = shown + contrast * (curve - shown)
    if shadows is not None:
        shown = shown + shadows * (1 - grey) ** 3
    if lights is not None:
        shown = shown + lights * grey**2
    speckle = 0.75 * blur(rng.standard_normal((h, w)).astype(np.float32), 0.9) * 2.6
    tint = rng.standard_normal((h, w, 3)).astype(np.float32) * 0.25
    strength = grain * (0.45 + 1.1 * np.sqrt(np.clip(grey * (1 - grey), 0, 1)))
    return np.asarray(np.clip(shown + strength * (speckle[..., None] + tint), 0, 1))
