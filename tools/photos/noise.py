"""Gradient noise at any coordinates, and the fractal sums built on it."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.floating[Any]]

TABLE = 1024


@cache
def _tables(seed: int) -> tuple[npt.NDArray[np.int32], Array, Array]:
    rng = np.random.default_rng(seed)
    turn = rng.random(TABLE) * 2 * np.pi
    order = rng.permutation(TABLE).astype(np.int32)
    return order, np.cos(turn).astype(np.float32), np.sin(turn).astype(np.float32)


def perlin(x: Array, y: Array, seed: int = 0) -> Array:
    """Return Perlin's gradient noise, about -0.7 to 0.7, one cell per unit."""
    order, east, north = _tables(seed)
    x, y = np.asarray(x, np.float32), np.asarray(y, np.float32)
    x0, y0 = np.floor(x), np.floor(y)
    fx, fy = (x - x0).astype(np.float32), (y - y0).astype(np.float32)
    i, j = x0.astype(np.int32), y0.astype(np.int32)
    mask = TABLE - 1
    left, right = order[i & mask], order[(i + 1) & mask]

    def corner(column: npt.NDArray[np.int32], dj: int, dx: Array, dy: Array) -> Array:
        index = order[(column + j + dj) & mask]
        return np.asarray(east[index] * dx + north[index] * dy)

    u = fx * fx * fx * (fx * (fx * 6 - 15) + 10)
    v = fy * fy * fy * (fy * (fy * 6 - 15) + 10)
    a = corner(left, 0, fx, fy)
    a += u * (corner(right, 0, fx - 1, fy) - a)
    b = corner(left, 1, fx, fy - 1)
    b += u * (corner(right, 1, fx - 1, fy - 1) - b)
    a += v * (b - a)
    return a


def fbm(
    x: Array, y: Array, octaves: int = 5, seed: int = 0, gain: float = 0.5, step: float = 2.03
) -> Array:
    """Return a fractal sum of noise, about -1 to 1."""
    total = np.zeros(np.broadcast(x, y).shape, np.float32)
    weight, scale, full = 1.0, 1.0, 0.0
    for octave in range(octaves):
        shift = 17.3 * octave
        total += weight * perlin(x * scale + shift, y * scale - shift, seed + octave)
        full += weight
        weight *= gain
        scale *= step
    return total * np.float32(1.6 / full)


def ridged(
    x: Array, y: Array, octaves: int = 6, seed: int = 0, gain: float = 0.5, step: float = 2.07
) -> Array:
    """Return a ridged multifractal from 0 to about 1: sharp crests, smooth valleys."""
    total = np.zeros(np.broadcast(x, y).shape, np.float32)
    carry: Array = np.ones_like(total)
    weight, scale, full = 1.0, 1.0, 0.0
    for octave in range(octaves):
        shift = 31.7 * octave
        crest = 1 - np.abs(perlin(x * scale + shift, y * scale + shift, seed + octave)) * 1.5
        crest = np.clip(crest, 0, 1) ** 2
        total += weight * crest * carry
        carry = np.clip(crest * 1.6, 0, 1)
        full += weight
        weight *= gain
        scale *= step
    return total / np.float32(full)


def smoothstep(low: float, high: float, value: Array) -> Array:
    """Return a Hermite step from 0 at *low* to 1 at *high*; *low* may be the greater."""
    t = np.clip((value - low) / (high - low), 0, 1)
    return np.asarray(t * t * (3 - 2 * t))


def sample(picture: Array, x: Array, y: Array) -> Array:
    """Return the picture's values at fractional coordinates (bilinear, edges held)."""
    h, w = picture.shape[:2]
    x = np.clip(x, 0, w - 1.001)
    y = np.clip(y, 0, h - 1.001)
    i, j = x.astype(np.int32), y.astype(np.int32)
    fx, fy = (x - i).astype(np.float32), (y - j).astype(np.float32)
    if picture.ndim == 3:
        fx, fy = fx[..., None], fy[..., None]
    top = picture[j, i] * (1 - fx) + picture[j, i + 1] * fx
    bottom = picture[j + 1, i] * (1 - fx) + picture[j + 1, i + 1] * fx
    return np.asarray(top * (1 - fy) + bottom * fy)
