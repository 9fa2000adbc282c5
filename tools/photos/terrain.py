"""Height fields seen in perspective: a column-wise ray cast, light and haze."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from .noise import Array, sample, smoothstep

Height = Callable[[Array, Array], Array]


@dataclass(frozen=True)
class Camera:
    """A camera at (0, up, 0) that looks along z."""

    #: Width and height, pixels.
    size: tuple[int, int]
    up: float
    #: From the top, as a fraction of the height.
    horizon: float
    #: In picture widths.
    focal: float

    @property
    def pixels(self) -> float:
        """Return the focal length in pixels."""
        return self.focal * self.size[0]

    def rays(self) -> tuple[Array, Array]:
        """Return the sideways and upward slope of the ray through each pixel, per unit of depth."""
        w, h = self.size
        across = ((np.arange(w) + 0.5 - w / 2) / self.pixels).astype(np.float32)
        rise = ((self.horizon * h - np.arange(h) - 0.5) / self.pixels).astype(np.float32)
        return np.broadcast_to(across, (h, w)), np.broadcast_to(rise[:, None], (h, w))


@dataclass(frozen=True)
class Ground:
    """What each pixel sees of a height field."""

    x: Array
    y: Array
    z: Array
    #: 1 on the ground, 0 in the sky.
    hit: Array
    #: East, up and away; of shape (h, w, 3).
    normal: Array


def cast(
    camera: Camera,
    height: Height,
    near: float,
    far: float,
    steps: int = 900,
    detail: float = 1.0,
) -> Ground:
    """Find the first ground each pixel's ray meets."""
    w, h = camera.size
    across, rise = camera.rays()
    depth = np.geomspace(near, far, steps).astype(np.float32)[:, None]
    tall = height(across[:1] * depth, np.broadcast_to(depth, (steps, w)))
    rows = camera.horizon * h - camera.pixels * (tall - camera.up) / depth
    front = np.minimum.accumulate(rows, axis=0)
    z = np.full((h, w), far, np.float32)
    hit = np.zeros((h, w), np.float32)
    asked = np.arange(h) + 0.5
    for column in range(w):
        first = np.searchsorted(-front[:, column], -asked)
        seen = first < steps
        k = first[seen]
        before = np.maximum(k - 1, 0)
        a, b = rows[before, column], rows[k, column]
        t = np.clip((a - asked[seen]) / np.maximum(a - b, 1e-6), 0, 1)
        z[seen, column] = depth[before, 0] * (1 - t) + depth[k, 0] * t
        hit[seen, column] = 1
    x = across * z
    step = z / camera.pixels * detail + 1e-4
    here = height(x, z)
    dx = (height(x + step, z) - here) / step
    dz = (height(x, z + step) - here) / step
    normal = np.stack([-dx, np.ones_like(dx), -dz], axis=-1)
    normal /= np.linalg.norm(normal, axis=-1, keepdims=True)
    return Ground(x, np.where(hit > 0, here, camera.up + rise * z), z, hit, normal)


def direction(azimuth: float, elevation: float) -> Array:
    """Return the unit vector to a light.

    :param azimuth: degrees from straight ahead to the right.
    :param elevation: degrees above the horizon.
    """
    a, e = np.radians(azimuth), np.radians(elevation)
    return np.array([np.sin(a) * np.cos(e), np.sin(e), np.cos(a) * np.cos(e)], np.float32)


def shadow(
    ground: Ground,
    height: Height,
    sun: Array,
    reach: float,
    centre: tuple[float, float],
    cells: int = 1400,
    soft: float = 0.6,
) -> Array:
    """Return how much sun each pixel gets (0 to 1), from a scan of the field along the light."""
    flat = float(np.hypot(sun[0], sun[2]))
    ux, uz = float(sun[0]) / flat, float(sun[2]) / flat
    drop = float(sun[1]) / flat
    span = np.linspace(-reach, reach, cells, dtype=np.float32)
    along, side = np.meshgrid(span, span, indexing="ij")
    cell = 2 * reach / (cells - 1)
    tall = height(centre[0] + ux * along - uz * side, centre[1] + uz * along + ux * side)
    shade = tall.copy()
    for i in range(cells - 2, -1, -1):
        shade[i] = np.maximum(tall[i], shade[i + 1] - drop * cell)
    dx, dz = ground.x - centre[0], ground.z - centre[1]
    i_along = (dx * ux + dz * uz + reach) / cell
    i_side = (-dx * uz + dz * ux + reach) / cell
    above = ground.y - sample(shade, i_side, i_along)
    return smoothstep(-soft, soft * 0.2, above)


def haze(camera: Camera, ground: Ground, density: float, layer: float, base: float = 0.0) -> Array:
    """Return how much of the view (0 to 1) an exponential layer of mist hides."""
    top = np.exp(-(camera.up - base) / layer)
    gap = np.clip((ground.y - camera.up) / layer, -30, 30)
    flat = np.abs(gap) < 0.02
    safe = np.where(flat, 1, gap)
    mean = np.where(flat, 1 - gap / 2, (1 - np.exp(-safe)) / safe)
    across, rise = camera.rays()
    length = ground.z * np.sqrt(1 + across**2 + rise**2)
    thick = density * length * top * mean
    return np.asarray(1 - np.exp(-thick))
