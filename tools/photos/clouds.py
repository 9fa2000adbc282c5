"""Cumulus clouds: a short march through a box of noise, lit from the sun's side."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
import numpy.typing as npt

from .darkroom import resize
from .noise import Array, smoothstep
from .terrain import Camera

CELLS = 128


@cache
def _box(seed: int, slope: float) -> Array:
    """Return a cube of fractal noise that repeats, mean 0, deviation 1."""
    rng = np.random.default_rng(seed)
    f = np.fft.fftfreq(CELLS) * CELLS
    g = np.fft.rfftfreq(CELLS) * CELLS
    away = np.sqrt(f[:, None, None] ** 2 + f[None, :, None] ** 2 + g[None, None] ** 2)
    away[0, 0, 0] = 1
    shaped = np.fft.rfftn(rng.standard_normal((CELLS,) * 3)) * away**-slope
    shaped[away < 3] *= 0.5
    shaped[0, 0, 0] = 0
    box = np.fft.irfftn(shaped, s=(CELLS,) * 3, axes=(0, 1, 2))
    return np.asarray(box / box.std(), np.float32)


def _look(box: Array, x: Array, y: Array, z: Array) -> Array:
    x0, y0, z0 = np.floor(x), np.floor(y), np.floor(z)
    fx, fy, fz = x - x0, y - y0, z - z0
    i, j, k = (v.astype(np.int32) & (CELLS - 1) for v in (x0, y0, z0))
    i1, j1, k1 = (i + 1) & (CELLS - 1), (j + 1) & (CELLS - 1), (k + 1) & (CELLS - 1)
    flat = box.ravel()

    def edge(a: npt.NDArray[np.integer[Any]], b: npt.NDArray[np.integer[Any]]) -> Array:
        row = (a * CELLS + b) * CELLS
        low = flat[row + k]
        return np.asarray(low + (flat[row + k1] - low) * fz)

    near = edge(i, j)
    near = near + (edge(i, j1) - near) * fy
    away = edge(i1, j)
    away = away + (edge(i1, j1) - away) * fy
    return np.asarray(near + (away - near) * fx)


def cumulus(
    camera: Camera,
    sun: Array,
    seed: int,
    *,
    base: float = 900,
    top: float = 1900,
    wide: float = 2600,
    cover: float = 0.3,
    reach: float = 16000,
    steps: int = 40,
    shrink: int = 3,
) -> tuple[Array, Array, Array]:
    """Return cover, sunlight and skylight (each 0 to about 1) of a field of cumulus clouds."""
    w, h = camera.size
    small = Camera((w // shrink, h // shrink), camera.up, camera.horizon, camera.focal)
    across, rise = small.rays()
    rows = int(small.horizon * small.size[1])
    across, rise = across[:rows], np.maximum(rise[:rows], 0.004)
    rng = np.random.default_rng(seed)
    big, fine = _box(seed, 2.6), _box(seed + 1, 2.35)
    shift = [float(v) * 100 for v in rng.random(2)]

    def thick(x: Array, y: Array, z: Array) -> Array:
        tall = (y - base) / (top - base)
        u, v = x / wide * 16 + shift[0], z / wide * 16 + shift[1]
        shape = _look(big, u, tall * 3.0 + 3, v)
        detail = _look(fine, x / 22, y / 22, z / 22)
        body = shape - (1.25 - cover * 2) - 1.5 * np.abs(tall - 0.18) ** 1.3 + detail * 0.26
        return np.asarray(smoothstep(0.0, 0.35, body) * smoothstep(0.0, 0.06, tall))

    start, stop = base / rise, np.minimum(top / rise, reach)
    start = np.minimum(start, reach)
    through = np.ones_like(rise)
    lit, sky = np.zeros_like(rise), np.zeros_like(rise)
    jitter = rng.random(rise.shape).astype(np.float32)
    step = (stop - start) / steps
    for k in range(steps):
        z = start + (k + jitter) * step
        x, y = across * z, rise * z
        here = thick(x, y, z)
        shade = np.zeros_like(here)
        for far in (70.0, 190.0):
            shade += thick(x + sun[0] * far, y + sun[1] * far, z + sun[2] * far)
        tall = np.clip((y - base) / (top - base), 0, 1)
        part = 1 - np.exp(-here * np.minimum(step, 120) * 0.045)
        part = part * np.exp(-z / reach * 0.7)
        lit += through * part * np.exp(-shade * 1.15) * (0.55 + 0.45 * tall)
        sky += through * part * (0.42 + 0.58 * tall)
        through *= 1 - part
    hidden = np.maximum(1 - through, 1e-3)
    planes = []
    for plane in (1 - through, lit / hidden, sky / hidden):
        full = np.zeros((small.size[1], small.size[0]), np.float32)
        full[:rows] = plane
        full[rows:] = plane[-1]
        planes.append(np.clip(resize(full, (w, h)), 0, 1.5))
    return planes[0], planes[1], planes[2]
