"""A lighthouse on its cliff before a storm sky."""

from __future__ import annotations

import numpy as np

from .darkroom import bloom, blur, film, finish, grid, over, rgb
from .noise import Array, fbm, ridged, smoothstep

Size = tuple[int, int]


def lighthouse(size: Size) -> Array:
    """Draw the silhouette of a lighthouse, its lamp just lit."""
    w, h = int(size[0] * 1.25), int(size[1] * 1.25)
    x, y = grid((w, h))
    a, horizon = x / w - 0.5, 0.735
    r = (horizon - y / h) * h / w
    d = 1 / (np.maximum(r, 0) + 0.10)
    u, v = a * d * 0.95 + 3.1, d * 0.85
    bend = fbm(u * 0.6, v * 0.6, 4, 1101) * 0.75
    body = fbm(u + bend, v - bend * 0.7, 9, 1102, 0.53)
    lower = fbm(u + bend + 0.05, v - bend * 0.7 + 0.17, 9, 1102, 0.53)
    billow = ridged(u * 1.3 + bend, v * 1.3, 7, 1103, 0.5)
    thick = smoothstep(-0.42, 0.40, body + 0.25 * billow)
    relief = np.clip((body - lower) * 2.0 + 0.42 + 0.25 * (billow - 0.4), 0, 1.4)
    gap = np.exp(-(((a + 0.16) / 0.26) ** 2) - ((r - 0.055) / 0.075) ** 2)
    up = np.clip(r / 0.5, 0, 1)[..., None]
    clear = rgb("#ffc27a") * 1.15 * (1 - up) ** 6 + rgb("#b8b4b8") * 0.55 * (1 - up) ** 2
    clear = clear + rgb("#6888a8") * 0.75 * up + gap[..., None] * rgb("#ffd08a") * 1.1
    cloud = rgb("#242c3a") * 0.55 + (relief * (0.35 + 0.5 * (1 - thick)))[..., None] * rgb(
        "#8a97a8"
    )
    warm = np.exp(-(((a + 0.16) / 0.42) ** 2)) * np.exp(-r / 0.20)
    cloud = cloud + (relief**1.4 * warm)[..., None] * rgb("#ff9a58") * 1.15
    cloud = cloud * (1 - 0.35 * up)
    sky = over(clear, cloud, np.clip(thick * (0.35 + 0.65 * smoothstep(0.015, 0.13, r)), 0, 0.97))
    shafts = fbm(np.arctan2(a + 0.16, r + 0.06) * 9, a * 0 + 4, 4, 1104)
    rain = smoothstep(0.0, 0.8, fbm((a + r * 0.35) * 7, r * 1.2, 4, 1105)) * np.exp(-r / 0.09)
    sky = sky * (1 - 0.35 * rain)[..., None]
    sky = (
        sky + (np.clip(shafts, 0, 1) * warm * np.exp(-r / 0.12))[..., None] * rgb("#ffcf98") * 0.22
    )
    near = np.clip((y / h - horizon) / (1 - horizon), 0, 1)
    depth = 1 / (near + 0.012)
    su, sv = a * depth * 2.4, depth * 2.2
    chop = fbm(su * 3, sv * 5, 6, 1106, 0.58)
    flip = np.clip(horizon * h - (y - horizon * h) * 1.3 - chop * 60 * near - 4, 0, h - 1)
    rows = flip.astype(int)
    mirror = blur(sky, 14, 10)[rows, x.astype(int)]
    facet = smoothstep(-0.35, 0.55, chop)
    water = rgb("#16242c") * 0.35 + mirror * (0.16 + 0.52 * facet)[..., None] * (
        1 - 0.45 * near[..., None]
    )
    foam = smoothstep(0.52, 0.85, chop + 0.5 * fbm(su * 0.7, sv * 1.1, 3, 1107) * near)
    water = water + foam[..., None] * rgb("#c8ccd0") * 0.22 * near[..., None]
    light = np.where((y / h > horizon)[..., None], water, sky)
    light = over(light, blur(light, 2.0), np.exp(-(((y / h - horizon) / 0.003) ** 2)) * 0.8)

    def cliff(light: Array, edge: Array, foot: Array, fade: float, seed: int) -> Array:
        seen = (edge < foot + 4) & (y > edge - 4) & (y < foot + 4)
        down, right = np.flatnonzero(seen.any(1)), np.flatnonzero(seen.any(0))
        part = np.s_[down[0] : down[-1] + 1, right[0] : right[-1] + 1]
        px, py, top, low = x[part], y[part], edge[part], foot[part]
        twist = 0.5 * fbm(px / 160, py / 160, 4, seed)
        crag = ridged(px / 230 + seed + twist, py / 210 - twist, 9, seed, 0.60)
        cracks = fbm(px / 60 + twist, py / 95, 7, seed + 1, 0.62)
        beds = fbm(px / 300 + twist, py / 16 + px / 120 + 2 * twist, 5, seed + 2, 0.6)
        depth = np.clip((py - top) / (h * 0.03), 0, 1)
        relief = blur(crag + 0.22 * cracks + 0.10 * beds, 1.2)
        left = np.clip(
            np.gradient(relief, axis=1) * 17 - np.gradient(relief, axis=0) * 9 + 0.28, 0, 1.5
        )
        hollow = smoothstep(0.15, 0.6, crag)
        rock = rgb("#35383e") * (0.10 + 0.34 * left * (0.4 + 0.6 * hollow) + 0.05 * beds)[..., None]
        rock = rock + (left**2 * hollow)[..., None] * rgb("#b08a70") * 0.035
        rock = rock * (0.75 + 0.4 * smoothstep(h * 0.55, h * 0.85, py))[..., None]
        grass = rgb("#2a3122") * (0.40 + 0.5 * fbm(px / 7, py / 11, 4, seed + 3))[..., None]
        rock = over(grass, rock, smoothstep(0.10, 0.8, depth + 0.8 * cracks))
        spray = np.exp(-np.clip(low - py, 0, None) / (h * 0.018)) * np.clip(0.45 + cracks, 0, 1)
        rock = rock * (1 - fade) + (rgb("#b8a492") * 0.60) * fade
        rock = over(rock, rgb("#b9bcc0") * 0.55 * np.ones_like(rock), spray * 0.55)
        cover = smoothstep(-1.3, 1.3, py - top) * smoothstep(2.5, -2.5, py - low)
        light[part] = over(light[part], rock, cover)
        return light

    def line(*points: tuple[float, float]) -> Array:
        px, py = zip(*points, strict=True)
        return np.asarray(np.interp(x[0] / w, px, py) * h, np.float32)

    rough = fbm(x[0] / 150, x[0] * 0, 6, 1110, 0.55) * h
    steep = fbm(y / 55, x * 0.004, 5, 1111, 0.55) * 0.012 * w
    xs = np.clip(x + steep, 0, w - 1).astype(int)
    far = line((0, 2), (0.84, 2), (0.87, 0.715), (0.90, 0.665), (1.0, 0.63)) + rough * 0.006
    light = cliff(light, far[xs], np.float32(horizon * h + 3) + x * 0, 0.62, 1120)
    mid = line((0, 2), (0.485, 2), (0.50, 0.78), (0.515, 0.66), (0.535, 0.615), (0.60, 0.575)
    , (0.70, 0.548), (0.78, 0.552), (0.88, 0.57), (1, 0.60)) + rough * 0.009  # fmt: skip
    shore = np.float32(0.825 * h) + 0.012 * rough[None] + x * 0.03
    light = cliff(light, mid[xs], shore, 0.10, 1130)
    stack = line((0, 2), (0.428, 2), (0.436, 0.76), (0.446, 0.715), (0.458, 0.705)
    , (0.468, 0.74), (0.476, 0.8), (0.484, 2), (1, 2)) + rough * 0.006  # fmt: skip
    light = cliff(light, stack[xs], np.float32(0.806 * h) + x * 0, 0.14, 1140)
    for cx, cy, rx, ry in (
        (0.40, 0.84, 0.028, 0.020),
        (0.50, 0.88, 0.05, 0.03),
        (0.33, 0.815, 0.012, 0.008),
    ):
        top = cy - ry * np.sqrt(np.clip(1 - ((x[0] / w - cx) / rx) ** 2, 0, 1))
        top = np.where(np.abs(x[0] / w - cx) < rx, top * h + rough * 0.012, 2 * h)
        light = cliff(light, top[xs].astype(np.float32), np.float32(cy * h) + x * 0, 0.08, 1150)
    swash = np.exp(-(((y - shore) / (h * 0.008)) ** 2)) * smoothstep(0.49, 0.52, x / w)
    swash = swash * np.clip(0.5 + fbm(x / 30, y / 10, 5, 1151), 0, 1)
    light = over(light, rgb("#c9ccd0") * 0.62 * np.ones_like(light), swash * 0.8)
    cx, ground, tall = 0.665 * w, 0.562 * h, 0.265 * h
    t = (ground - y) / tall
    half = w * (0.0155 - 0.0050 * np.clip(t, 0, 0.8) / 0.8)
    off = (x - cx) / half
    tower = smoothstep(1.2, -1.2, (np.abs(off) - 1) * half) * (t > -0.05) * (t < 0.80)
    shade = 0.12 + 0.50 * np.clip(0.30 - 0.75 * off, 0, 1)
    band = smoothstep(-0.01, 0.01, np.sin(t * 12.2 + 0.3))
    paint = over(np.broadcast_to(rgb("#b9b0a6"), (h, w, 3)), rgb("#6a2420"), band)
    stain = (0.85 + 0.25 * fbm(x / 5, y / 40, 4, 1160))[..., None]
    light = over(light, paint * stain * shade[..., None] * rgb("#ffe2c8"), tower)
    iron = np.zeros((h, w), np.float32)
    for low, high, wide in ((0.80, 0.825, 0.0165), (0.925, 0.945, 0.0105), (0.86, 0.866, 0.0160)):
        iron = np.maximum(iron, ((t > low) & (t < high) & (np.abs(x - cx) < wide * w)) * 1.0)
    for k in range(-6, 7):
        post = (np.abs(x - cx - k * 0.0026 * w) < 0.9) & (t > 0.82) & (t < 0.865)
        iron = np.maximum(iron, post * 1.0)
    dome = (t >= 0.94) & (
        np.abs(x - cx) < w * 0.0092 * np.sqrt(np.clip(1 - (t - 0.94) / 0.065, 0, 1))
    )
    rod = (np.abs(x - cx) < 1.6) & (t > 0.98) & (t < 1.06)
    iron = np.maximum(iron, np.maximum(dome * 1.0, rod * 1.0))
    glass = ((t > 0.825) & (t < 0.93) & (np.abs(x - cx) < 0.0080 * w)) * 1.0
    bars = ((np.abs(((x - cx) / (0.0040 * w)) % 1 - 0.5) > 0.42) * glass) * 0.8
    light = over(
        light, rgb("#ffe2a8") * 1.5 * np.ones_like(light), blur(glass.astype(np.float32), 0.8)
    )
    light = over(
        light, rgb("#14151a") * 0.5 * np.ones_like(light), blur(np.maximum(iron, bars), 0.7)
    )
    house = ((x > 0.694 * w) & (x < 0.742 * w) & (y > 0.524 * h) & (y < 0.562 * h)) * 1.0
    roof = (y > 0.500 * h + np.abs(x - 0.718 * w) * 0.0 + 0.0) & (y < 0.526 * h)
    roof = (
        roof & (x > 0.690 * w + (0.526 * h - y) * 0.30) & (x < 0.746 * w - (0.526 * h - y) * 0.30)
    )
    flue = (np.abs(x - 0.733 * w) < 0.0030 * w) & (y > 0.488 * h) & (y < 0.51 * h)
    light = over(light, rgb("#857d76") * 0.20 * stain * np.ones_like(light), blur(house, 0.8))
    light = over(light, rgb("#1c1c20") * 0.6 * stain, blur(np.maximum(roof * 1.0, flue * 1.0), 0.8))
    for px in (0.705, 0.722):
        pane = ((np.abs(x - px * w) < 0.0024 * w) & (np.abs(y - 0.541 * h) < 0.006 * h)) * 1.0
        light = over(light, rgb("#ffc470") * 1.2 * np.ones_like(light), blur(pane, 0.7))
    ly = ground - 0.877 * tall
    reach = np.hypot(x - cx, y - ly) / w
    light = light + (np.exp(-((reach / 0.007) ** 2)) * 5)[..., None] * rgb("#fff0c8")
    light = light + (0.10 * np.exp(-reach / 0.035))[..., None] * rgb("#ffdca0")
    turn = np.arctan2(-(y - ly), -(x - cx)) - 0.075
    beam = np.exp(-((turn / 0.028) ** 2)) * np.exp(-reach / 0.24) * (x < cx)
    light = light + (beam * 0.30)[..., None] * rgb("#ffe9bc")
    light = bloom(light.astype(np.float32), 1.0, 9, 0.3)
    return finish(film(light, 1.0), size, 13, contrast=0.25, grain=0.011, vignette=0.38)
