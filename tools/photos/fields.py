"""Farmland: lavender in summer, balloons above the morning's haze."""

from __future__ import annotations

import numpy as np

from .clouds import cumulus
from .darkroom import bloom, blur, film, finish, over, rgb
from .noise import Array, fbm, perlin, ridged, smoothstep
from .terrain import Camera, cast, direction, haze, shadow

Size = tuple[int, int]


def lavender(size: Size) -> Array:
    """Draw rows of lavender that run to the hills, cumulus above."""
    camera = Camera((int(size[0] * 1.2), int(size[1] * 1.2)), 3.1, 0.50, 0.95)
    spacing = 2.0

    def soil(x: Array, z: Array) -> Array:
        roll = perlin(x / 130 + 0.4, z / 130 + 2.3, 601) * 6 * smoothstep(20, 200, z)
        far = ridged(x / 3600 + 5.2, z / 3600 + 2.5, 7, 602, 0.45) * 820
        return np.asarray(roll + far * smoothstep(800, 5200, z) - smoothstep(30, 320, z) * 3)

    def height(x: Array, z: Array) -> Array:
        place = (x + 0.4) / spacing + 0.02 * fbm(x / 3, z / 9, 2, 603)
        row = np.abs(place - np.round(place)) * 2
        bush = np.sqrt(np.clip(1 - (row / 0.80) ** 2, 0, 1))
        tuft = 1 + 0.30 * fbm(x * 1.3, z * 1.3, 3, 604)
        stalk = fbm(x * 9, z * 9, 2, 605) * 0.11 * smoothstep(60, 8, z)
        inside = smoothstep(290, 285, z)
        trees = np.clip(fbm(x / 24, z / 50, 5, 606) + 0.12, 0, 1) * 15
        trees = trees * smoothstep(286, 300, z) * smoothstep(700, 420, z)
        return np.asarray(soil(x, z) + inside * bush * (0.72 * tuft + stalk) + trees)

    ground = cast(camera, height, 1.6, 14000, 1300, 0.8)
    sun = direction(-62, 34)
    x, z = ground.x, ground.z
    place = (x + 0.4) / spacing + 0.02 * fbm(x / 3, z / 9, 2, 603)
    row = np.abs(place - np.round(place)) * 2
    foot = z / camera.pixels
    fine = np.clip(1 - foot * 14, 0, 1)
    spike = fbm(x * 16, z * 9 + ground.y * 11, 4, 607, 0.65) * fine
    bloomy = smoothstep(0.80, 0.42, row + 0.22 * spike)
    rise_up = smoothstep(0.18, 0.60, ground.y - soil(x, z) + 0.10 * spike)
    purple = (
        rgb("#6c4fb0") + (rgb("#b294e6") - rgb("#6c4fb0")) * np.clip(0.4 + spike, 0, 1)[..., None]
    )
    vary = fbm(x / 8, z / 16, 4, 608)[..., None]
    purple = purple * (1 + 0.22 * vary) * (0.35 + 0.85 * np.clip(0.55 + spike, 0.1, 1.3))[..., None]
    green = rgb("#56703a") * (0.55 + 0.6 * np.clip(0.6 + spike, 0, 1.4))[..., None]
    earth = rgb("#a68562") * (0.85 + 0.4 * fbm(x * 5, z * 5, 4, 609) * fine)[..., None]
    tone = over(earth, green, smoothstep(0.95, 0.70, row + 0.15 * spike))
    tone = over(tone, purple, bloomy * rise_up)
    beyond = smoothstep(284, 288, z)
    patch = fbm(x / 420, z / 420, 2, 610)
    wood = smoothstep(
        -0.05, 0.2, fbm(x / 240, z / 240, 6, 611, 0.6) + 0.15 * smoothstep(700, 3000, z)
    )
    meadow = over(rgb("#a9a552") * np.ones_like(tone), rgb("#6f8a42"), smoothstep(-0.1, 0.1, patch))
    meadow = over(meadow, rgb("#2c4426") * (1 + 0.5 * vary), wood)
    near_trees = smoothstep(0.6, 2.5, ground.y - soil(x, z)) * beyond
    meadow = over(meadow, rgb("#334d27") * (1 + 0.6 * vary), near_trees)
    tone = over(tone, meadow, beyond)
    lit = shadow(ground, height, sun, 60, (0, 55), 1700, 0.14)
    lit = np.where(z < 105, lit, 0.85 - 0.35 * smoothstep(0.3, 0.9, row) * (1 - beyond))
    facing = np.clip(ground.normal @ sun, 0, 1) * lit
    facing = facing + 0.22 * lit * rise_up * (1 - beyond)
    shade = smoothstep(-0.1, 0.35, fbm(x / 900 + 3, z / 900, 3, 612)) * smoothstep(250, 900, z)
    light = (facing * (1 - 0.7 * shade))[..., None] * rgb("#fff0d4") * 2.5
    hollow = 0.35 + 0.65 * np.where(beyond > 0.5, 1, np.maximum(rise_up, 0.55))
    light = light + hollow[..., None] * rgb("#9dbbe8") * (0.22 + 0.35 * ground.normal[..., 1:2])
    land: Array = tone * light
    rise = camera.rays()[1]
    up = np.clip(rise / 0.5, 0, 1)[..., None]
    sky: Array = rgb("#c4dcee") * 1.05 * (1 - up) ** 2.6 + rgb("#2f6fbe") * up**0.55 * 0.95
    cover, lit_up, soft = cumulus(camera, sun, 620, cover=0.22, wide=4200, reach=17000)
    cover = blur(cover, 1.6)
    cloud = (
        blur(lit_up, 2.0)[..., None] * rgb("#fff4e2") * 1.75
        + soft[..., None] * rgb("#a9bfdd") * 0.62
    )
    sky = over(sky, cloud, cover * smoothstep(0.012, 0.07, rise))
    thin = haze(camera, ground, 0.00020, 420.0)
    land = over(land, rgb("#b9d0e6") * 0.95, thin)
    picture = over(sky, land, ground.hit)
    close = smoothstep(9, 3.0, z) * ground.hit
    picture = over(picture, blur(picture, 3.2), close)
    return finish(film(picture, 0.80), size, 8, contrast=0.2, grain=0.009)


def balloon(
    light: Array, place: tuple[float, float], radius: float, look: int, fade: float
) -> None:
    """Paint one hot-air balloon into the light; *fade* is how much haze is before it."""
    h, w = light.shape[:2]
    rng = np.random.default_rng(700 + look)
    cx, cy = place
    x0, x1 = int(max(cx - radius * 1.1 - 2, 0)), int(min(cx + radius * 1.1 + 3, w))
    y0, y1 = int(max(cy - radius * 1.1 - 2, 0)), int(min(cy + radius * 2.2 + 3, h))
    y, x = np.mgrid[y0:y1, x0:x1].astype(np.float32)
    u, v = (x - cx) / radius, (y - cy) / radius
    t = np.clip(v / 1.42, 0, 1)
    wide = np.where(v < 0, np.sqrt(np.clip(1 - v * v, 0, 1)), np.cos(t * 1.42) ** 0.80)
    wide = np.where((v > 1.42) | (v < -1), 0, wide)
    cover = smoothstep(-1.0, 1.0, (wide - np.abs(u)) * radius) * (wide > 0)
    s = np.clip(u / np.maximum(wide, 1e-3), -1, 1)
    angle = np.arcsin(s)
    gores = 22
    seam = np.abs(((angle / np.pi * gores) % 1) - 0.5) * 2
    puff = 1 - 0.20 * seam**3
    palettes = (
        ("#c8332b", "#f2e6d0", "#e7a02c"),
        ("#e8b030", "#b43a2e", "#f0e4c8"),
        ("#23508c", "#f0e8d8", "#d8552e"),
        ("#7a2d5a", "#e8964a", "#f0d8b0"),
        ("#2f7f78", "#f2e2b8", "#d86a3a"),
    )
    one, two, three = (rgb(c) for c in palettes[look % len(palettes)])
    index = np.floor(angle / np.pi * gores + rng.integers(0, 9))
    kind = look % 3
    if kind == 0:
        pick = (index % 4 < 2).astype(np.float32)
    elif kind == 1:
        pick = smoothstep(0.06, -0.06, np.abs(v - 0.1) - 0.30)
    else:
        pick = ((index + np.floor((v + 1) * 4)) % 3 < 1).astype(np.float32)
    cloth = over(np.broadcast_to(one, (*u.shape, 3)), two, pick)
    cloth = over(cloth, three, smoothstep(0.03, -0.03, np.abs(v - 0.92) - 0.10))
    cloth = over(cloth, three, smoothstep(-0.80, -0.86, v))
    ny = np.where(v < 0, v, v * 0.55)
    nz = np.sqrt(np.clip(1 - s * s, 0.0, 1)) * np.sqrt(np.clip(1 - ny * ny, 0, 1))
    lamp = np.clip(0.80 * s * np.sqrt(np.clip(1 - ny**2, 0, 1)) - 0.22 * ny + 0.42 * nz, 0, 1)
    tone = (
        cloth
        * puff[..., None]
        * (lamp[..., None] * rgb("#ffd29a") * 2.1 + rgb("#8ea6cf") * (0.42 - 0.15 * v[..., None]))
    )
    tone = tone + cloth * rgb("#ffb060") * (0.5 * np.exp(-((v - 1.1) ** 2) * 5))[..., None]
    box = smoothstep(-1, 1, (0.115 - np.abs(u)) * radius)
    box = box * smoothstep(-1, 1, (v - 1.80) * radius) * smoothstep(-1, 1, (1.99 - v) * radius)
    line = np.abs(np.abs(u) - (0.10 + 0.05 * np.clip((1.80 - v) / 0.4, 0, 1)))
    ropes = smoothstep(0.9, 0.2, line * radius) * (v > 1.38) * (v < 1.82) * 0.6
    tone = over(tone, rgb("#4a3322") * (0.6 + 0.9 * np.clip(u / 0.12, -0.4, 1))[..., None], box)
    cover = np.maximum(cover, np.maximum(box, ropes * (1 - cover)))
    tone = np.where((v > 1.40)[..., None] & (box < 0.5)[..., None], rgb("#3a2c24"), tone)
    tone = tone * (1 - fade) + rgb("#f0c8a8") * 0.9 * fade
    light[y0:y1, x0:x1] = over(light[y0:y1, x0:x1], tone, cover)


def balloons(size: Size) -> Array:
    """Draw hot-air balloons over a valley full of morning haze."""
    camera = Camera((int(size[0] * 1.2), int(size[1] * 1.2)), 330, 0.62, 1.35)

    def land_height(x: Array, z: Array) -> Array:
        hills = perlin(x / 2100 + 1.7, z / 2100 + 0.6, 711) * 190
        hills = hills + perlin(x / 800, z / 800, 712) * 60
        far = ridged(x / 8200 + 2.2, z / 8200 + 7.1, 7, 713, 0.46) * 1250
        return np.asarray(hills + far * smoothstep(6000, 20000, z) + 40)

    def wooded(x: Array, z: Array) -> Array:
        return smoothstep(0.08, 0.22, fbm(x / 420, z / 420, 6, 714, 0.58))

    def height(x: Array, z: Array) -> Array:
        crown = 0.6 + 0.8 * np.clip(fbm(x / 16, z / 16, 3, 715) + 0.4, 0, 1.4)
        return np.asarray(land_height(x, z) + wooded(x, z) * crown * 18)

    ground = cast(camera, height, 350, 42000, 1000)
    sun = direction(48, 9)
    x, z = ground.x, ground.z
    lit = shadow(ground, height, sun, 2600, (0, 2700), 1200, 5.0)
    wood = wooded(x, z)
    warp = fbm(x / 600, z / 600, 3, 716) * 0.35
    cell = np.floor(x / 330 + z / 900 + warp) * 7.0 + np.floor(z / 420 - x / 1500 + warp) * 3.0
    hue = (np.sin(cell * 12.9898) * 43758.5453) % 1
    field = over(np.broadcast_to(rgb("#93a04c"), (*x.shape, 3)), rgb("#c9b269"), (hue > 0.45) * 1.0)
    field = over(field, rgb("#6f8a3c"), (hue > 0.72) * 1.0)
    field = field * (0.92 + 0.2 * fbm(x / 40, z / 40, 4, 717))[..., None]
    crowns = fbm(x / 13, z / 13, 3, 718)
    tone = over(field, rgb("#34482a") * (1 + 0.5 * crowns)[..., None], wood)
    facing = np.clip(ground.normal @ sun, 0, 1) * lit
    light = facing[..., None] * rgb("#ffbf80") * 4.2 + rgb("#8ba3cc") * 0.42
    land = tone * light
    across, rise = camera.rays()
    length = np.sqrt(1 + across**2 + rise**2)
    cosine = (sun[0] * across + sun[1] * rise + sun[2]) / length
    glow = np.exp((cosine - 1) * 3.2)[..., None]
    up = np.clip(rise / 0.5, 0, 1)[..., None]
    sky = rgb("#f6c9a2") * (1 - up) ** 2.2 + rgb("#e9c8c4") * 1.3 * up * (1 - up) ** 2
    sky = sky + rgb("#5f97cf") * up**0.75 * 0.9
    sky = sky * 0.92 + glow * rgb("#ffb56a") * 0.55
    wisp = fbm(across * 2.1 / (rise + 0.16) + 1, 2.0 / (rise + 0.16), 7, 719, 0.55)
    wisp = smoothstep(0.0, 0.8, wisp) * smoothstep(0.02, 0.2, rise)
    sky = over(sky, rgb("#ffe3cc") * (0.85 + 0.5 * glow), wisp * 0.5)
    clump = fbm(x / 1500, z / 1500, 5, 720)
    air = rgb("#c6cbdc") * 0.80 * (1 - glow) + rgb("#ffc894") * 1.02 * glow
    thin = haze(camera, ground, 0.000075, 600.0)
    mist = haze(camera, ground, 0.0030, 42.0, 40)
    mist = np.clip(mist * (0.85 + 0.6 * clump), 0, 1) ** 1.05
    land = over(over(land, air, thin), air * 1.06, mist)
    picture = over(sky, land, ground.hit)
    w, h = camera.size
    fleet = (
        (0.86, 0.535, 0.011, 3, 0.55),
        (0.52, 0.565, 0.009, 1, 0.62),
        (0.40, 0.42, 0.017, 4, 0.40),
        (0.12, 0.47, 0.022, 2, 0.32),
        (0.73, 0.36, 0.028, 1, 0.24),
        (0.60, 0.17, 0.020, 7, 0.30),
        (0.285, 0.265, 0.082, 0, 0.05),
    )
    for fx, fy, radius, look, fade in fleet:
        balloon(picture, (fx * w, fy * h), radius * w, look, fade)
    picture = bloom(picture, 1.3, 10, 0.15)
    return finish(film(picture, 0.80), size, 9, contrast=0.22, grain=0.010)
