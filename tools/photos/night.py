"""Nights: an aurora over a lake and the Milky Way over firs."""

from __future__ import annotations

import math

import numpy as np
from PIL import Image, ImageDraw

from .darkroom import blur, film, finish, grid, over, resize, rgb
from .noise import Array, fbm, ridged, sample, smoothstep

Size = tuple[int, int]


def stars(size: Size, seed: int, count: int, density: Array | None = None) -> Array:
    """Draw a starry sky: many faint stars, few bright ones, each in its own white."""
    w, h = size
    rng = np.random.default_rng(seed)
    x, y = rng.random(count) * (w - 4) + 2, rng.random(count) * (h - 4) + 2
    if density is not None:
        keep = rng.random(count) < density[y.astype(int), x.astype(int)]
        x, y = x[keep], y[keep]
    power = np.minimum(0.05 * (1 - rng.random(x.size)) ** -0.80, 7)
    warm = rng.normal(0, 1, x.size)
    tint = np.stack([1 + 0.18 * warm, np.ones_like(warm), 1 - 0.20 * warm], axis=-1)
    light = np.zeros((h, w, 3), np.float32)
    i, j = x.astype(int), y.astype(int)
    fx, fy = x - i, y - j
    for dj in (0, 1):
        for di in (0, 1):
            part = (fx if di else 1 - fx) * (fy if dj else 1 - fy) * power
            np.add.at(light, (j + dj, i + di), part[:, None] * tint)
    return blur(light, 0.65) * 2.1 + blur(np.maximum(light - 1.2, 0), 2.0) * 1.6


def firs(size: Size, seed: int, count: int, foot: Array, tall: tuple[float, float]) -> Array:
    """Return the cover (0 to 1) of a row of fir silhouettes that stand on the line *foot*."""
    w, h = size
    rng = np.random.default_rng(seed)
    scale = 2
    sheet = Image.new("L", (w * scale, h * scale), 0)
    draw = ImageDraw.Draw(sheet)
    for _ in range(count):
        cx = rng.uniform(-0.05, 1.05) * w
        base = float(foot[int(np.clip(cx, 0, w - 1))]) + 8
        high = rng.uniform(*tall) * h * rng.uniform(0.6, 1.0)
        lean, wide = rng.normal() * 0.012, high * rng.uniform(0.13, 0.19)
        top = base - high
        trunk = [(cx + lean * high, top), (cx - high * 0.008, base), (cx + high * 0.008, base)]
        draw.polygon([(px * scale, py * scale) for px, py in trunk], fill=255)
        levels = int(26 + high / 9)
        for k in range(levels):
            t = (k + rng.uniform(0.2, 1.0)) / levels
            y = top + high * (0.02 + 0.93 * t)
            mid = cx + lean * (base - y)
            for side in (-1, 1):
                reach = wide * (t**0.85) * rng.uniform(0.55, 1.12) + 1
                drop = reach * rng.uniform(0.15, 0.45)
                tip = (mid + side * reach, y + drop)
                thick = high / levels * rng.uniform(0.8, 1.5) + 0.8
                bend = (mid + side * reach * 0.55, y + drop * 0.75 + thick * 0.75)
                shape = [(mid, y - thick * 0.6), tip, bend, (mid, y + thick)]
                draw.polygon([(px * scale, py * scale) for px, py in shape], fill=255)
                for _ in range(3):
                    s = rng.uniform(0.35, 1.0)
                    sx, sy = mid + side * reach * s, y + drop * s
                    end = (sx + side * rng.uniform(0, 3), sy + thick * rng.uniform(0.8, 1.9))
                    draw.line([(sx * scale, sy * scale), (end[0] * scale, end[1] * scale)], 255, 2)
    return resize(np.asarray(sheet, np.float32) / 255, size)


def aurora(size: Size) -> Array:
    """Draw green and violet curtains over a still lake."""
    w, h = size
    x, y = grid(size)
    rng = np.random.default_rng(401)
    shore = int(h * 0.66)
    up = np.clip(1 - y / shore, 0, 1)[..., None]
    sky: Array = rgb("#16323a") * (1 - up) ** 2 * 0.75 + rgb("#0b1730") * 0.55 * (0.4 + 0.6 * up)
    green, tall, red = (np.zeros((h, w), np.float32) for _ in range(3))
    curtains = [(0.55, 0.30, 1.0, 3.1), (0.52, 0.46, 0.7, 8.7), (0.60, 0.16, 0.45, 14.2)]
    for mid, low, power, phase in curtains:
        count = 60000
        u = np.linspace(0, 1, count, dtype=np.float32)
        flat = np.full_like(u, phase)
        px = mid + (u - 0.5) * 1.25 + 0.20 * fbm(u * 2.2 + phase, flat, 4, 402)
        px = px + 0.03 * fbm(u * 11 + phase, flat + 3, 3, 404)
        py = low + 0.20 + 0.22 * fbm(u * 1.6, flat + 7, 4, 403) - 0.38 * (u - 0.35)
        ray = 0.35 + 0.9 * np.clip(fbm(u * 46, flat + 1, 4, 405, 0.6) + 0.25, 0, 2) ** 1.4
        ray = ray * smoothstep(0, 0.15, u) * smoothstep(1, 0.8, u)
        ray = ray * (0.35 + np.clip(fbm(u * 4, flat, 3, 406) + 0.5, 0, 1.5))
        i, j = (px * w).astype(int), (py * shore).astype(int)
        fine = (i >= 0) & (i < w) & (j >= 0) & (j < shore)
        dot = (ray * power * w / count)[fine]
        np.add.at(green, (j[fine], i[fine]), dot)
    green = blur(green, 2.2, 3.0)
    wide = blur(green, 14, 10) * 0.9
    source = green + wide
    keep1, keep2, keep3 = np.exp(-1 / (0.055 * h)), np.exp(-1 / (0.13 * h)), np.exp(-1 / (0.2 * h))
    glow1, glow2, glow3 = (np.zeros(w, np.float32) for _ in range(3))
    base = np.zeros((h, w), np.float32)
    for row in range(shore - 1, -1, -1):
        glow1 = glow1 * keep1 + source[row]
        glow2 = glow2 * keep2 + source[row]
        glow3 = glow3 * keep3 + source[row]
        base[row], tall[row], red[row] = glow1, glow2, glow3
    high = np.clip(tall - base * 0.85, 0, None)
    top = np.clip(red - tall * 0.8, 0, None)
    lights = base[..., None] * rgb("#4dff9a") * 0.34
    lights = lights + high[..., None] * rgb("#46e0b0") * 0.12
    lights = lights + top[..., None] * rgb("#b04de0") * 0.18
    lights = blur(lights, 1.6) + blur(lights, 60) * 0.35
    sky = sky + lights * 0.75
    field = stars(size, 407, 5200)
    sky = sky + field * 0.6
    peak = ridged(x[0] / w * 2.1 + 3.3, x[0] * 0 + 1.4, 9, 408, 0.5)
    line = shore - h * (0.018 + 0.15 * peak)
    face = ridged(x / w * 5, y / h * 7 + x / w * 2, 7, 409)
    rock: Array = (
        rgb("#101a24") * 0.5 + rgb("#8fb5b0") * 0.13 * smoothstep(0.35, 0.75, face)[..., None]
    )
    rock = rock * (0.55 + 0.45 * smoothstep(shore, shore - h * 0.1, y))[..., None]
    rock = rock + rgb("#1c4a48") * 0.25 * smoothstep(shore - h * 0.09, shore, y)[..., None]
    sky = over(sky, rock, smoothstep(-1.2, 1.2, y - line))
    edge = shore - h * 0.006 + 3 * fbm(x[0] / 60, x[0] * 0, 4, 410)
    wood = firs(size, 411, 230, edge, (0.018, 0.062))
    wood = np.maximum(wood, smoothstep(-1, 1, y - edge))
    sky = over(sky, rgb("#03070a") + lights * 0.01, wood)
    gap = np.clip(y - shore, 0, None)
    near = gap / (h - shore)
    ripple = fbm(x / (20 + 60 * near), gap / (2.5 + 9 * near), 4, 412)
    mirror_y = shore - gap * 1.25 + ripple * (2 + 16 * near)
    smear = blur(sky, 1.2, 9)
    smear2 = blur(sky, 3.5, 26)
    mirror = sample(smear, x + ripple * (1 + 4 * near), mirror_y)
    mirror2 = sample(smear2, x + ripple * (1 + 6 * near), mirror_y)
    water = mirror * (1 - near[..., None]) + mirror2 * near[..., None]
    water = water * (0.80 - 0.22 * near)[..., None] + rgb("#0a1c22") * 0.12
    light = np.where((y >= shore)[..., None], water, sky)
    stones = fbm(x / 110, y / 26, 6, 413) + (y / h - 0.955) * 16 + rng.normal() * 0
    bank = smoothstep(0.0, 0.06, stones)
    grit = fbm(x / 16, y / 7, 5, 414)
    light = over(light, rgb("#0a1012") * (0.9 + 0.9 * grit)[..., None], bank)
    return finish(film(light, 1.25), size, 6, grain=0.016, vignette=0.3, contrast=0.1)


def milky_way(size: Size) -> Array:
    """Draw the Milky Way above a clearing of firs."""
    w, h = size
    x, y = grid(size)
    a, b = (x - w * 0.56) / w, (y - h * 0.42) / w
    turn = math.radians(64)
    along, side = a * math.cos(turn) - b * math.sin(turn), a * math.sin(turn) + b * math.cos(turn)
    warp = fbm(along * 2.2 + 9, side * 2.2, 5, 501) * 0.09
    s = side + warp * 0.55 + 0.06 * along**2
    core = np.exp(-((along + 0.32) ** 2) / 0.16)
    wide = 0.135 + 0.075 * core
    band = np.exp(-((s / wide) ** 2))
    cloud = 0.72 + 0.62 * fbm(along * 4.5, side * 6.5, 8, 502, 0.58)
    lane = ridged(along * 2.6 + 2 + warp, s * 5.5 + 4, 8, 503, 0.56)
    rift = fbm(along * 3.4 + 3, s * 8.5, 8, 504, 0.60)
    dust = smoothstep(0.04, 0.78, 0.85 * lane + 0.55 * rift - np.abs(s - 0.012) * 3.4 + 0.12)
    milk = band * np.clip(cloud, 0.05, 2) * (0.55 + 1.15 * core)
    hot = np.exp(-((s / (wide * 0.55)) ** 2)) * core
    veil = milk[..., None] * rgb("#c9cfe6") * 0.23 + hot[..., None] * rgb("#ffcf9a") * 0.26
    veil = veil * (1 - 0.93 * dust * np.clip(band * 1.7, 0, 1))[..., None]
    veil = veil + (dust * band * core)[..., None] * rgb("#7a4a2c") * 0.045
    rng = np.random.default_rng(505)
    for _ in range(9):
        t = rng.uniform(-0.55, 0.3)
        o = rng.normal() * 0.05
        r = rng.uniform(0.006, 0.016)
        puff = np.exp(-((along - t) ** 2 + (s - o) ** 2) / r**2)
        veil = veil + puff[..., None] * rgb("#ff6a8a") * 0.05 * rng.uniform(0.4, 1.0)
    up = np.clip(1 - y / h, 0, 1)[..., None]
    sky: Array = rgb("#1b2f52") * 0.28 + rgb("#274a6e") * 0.30 * (1 - up) ** 2
    sky = (
        sky
        + rgb("#e0a060")
        * 0.30
        * np.exp(-(((up - 0.08) / 0.16) ** 2))
        * np.exp(-(((a + 0.25) / 0.5) ** 2))[..., None]
    )
    glow = 0.5 + 0.5 * fbm(a * 2, b * 7, 4, 506)
    sky = sky + rgb("#3f8f63") * 0.09 * (glow * smoothstep(0.75, 0.2, up[..., 0]))[..., None]
    density = np.clip(0.30 + 0.75 * milk * (1 - 0.85 * dust), 0, 1)
    sky = sky + veil * 1.15 + stars(size, 507, 26000, density) * 0.62
    line = h * (0.93 + 0.02 * fbm(x[0] / w * 2, x[0] * 0, 4, 508))
    back = firs(size, 509, 130, line - h * 0.012, (0.05, 0.13))
    light = over(sky, rgb("#101a26") * 0.42 + sky * 0.06, back)
    valley = 1.0 - 0.9 * np.exp(-(((x[0] / w - 0.45) / 0.23) ** 2))
    front = np.zeros((h, w), np.float32)
    for k, (low, high) in enumerate([(0.10, 0.20), (0.20, 0.36)]):
        sink = smoothstep(0.6, 0.25, valley) * (0.4 * k)
        part = firs(size, 511 + k, 34 - 8 * k, line + h * (0.03 + sink), (low, high))
        front = np.maximum(front, part)
    front = np.maximum(front, smoothstep(-2, 2, y - line - 6 * fbm(x / 9, y / 9, 3, 513)))
    light = over(light, rgb("#03060b") + sky * 0.012, front)
    return finish(film(light, 1.35), size, 7, grain=0.018, vignette=0.3, contrast=0.12)
