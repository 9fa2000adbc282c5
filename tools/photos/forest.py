"""Birches in autumn fog, layer before layer."""

from __future__ import annotations

import numpy as np
from PIL import Image, ImageDraw

from .darkroom import bloom, blur, film, finish, grid, over, resize, rgb
from .noise import Array, fbm, smoothstep

Size = tuple[int, int]

GOLD = ("#d98f1e", "#e8b23a", "#c4701c", "#f0c95c", "#a8551a", "#b8a03a")


def leaves(size: Size, seed: int, count: int, big: float, low: float, fade: float) -> Array:
    """Return leaves as RGB and cover: clouds of small lozenges, thinner below *low*."""
    w, h = size
    rng = np.random.default_rng(seed)
    sheet = Image.new("RGBA", (w, h), (150, 90, 20, 0))
    draw = ImageDraw.Draw(sheet)
    tones = [np.array([int(c[i : i + 2], 16) for i in (1, 3, 5)]) for c in GOLD]
    hubs = rng.random((70, 2)) * np.array([w, h * low])
    for _ in range(count):
        hub = hubs[int(rng.integers(70))]
        px, py = hub[0] + rng.normal() * w * 0.075, hub[1] + rng.normal() * h * 0.055
        if rng.random() < np.clip((py / h - low * 0.72) / (low * 0.5), 0, 1):
            continue
        r = big * rng.uniform(0.5, 1.2)
        turn, thin = rng.uniform(0, 3.14), rng.uniform(0.25, 0.9)
        c, s = np.cos(turn) * r, np.sin(turn) * r
        shape = [(px + c, py + s), (px - s * thin * 0.6, py + c * thin * 0.6)]
        shape += [(px - c, py - s), (px + s * thin * 0.6, py - c * thin * 0.6)]
        tone = tones[int(rng.integers(len(tones)))] * rng.uniform(0.45, 1.15) * fade
        paint = tuple(int(v) for v in np.clip(tone, 0, 255))
        draw.polygon(shape, fill=(paint[0], paint[1], paint[2], 255))
    return np.asarray(sheet, np.float32) / 255


def trunk(
    light: Array, cx: float, wide: float, foot: float, seed: int, fog: Array, fade: float
) -> None:
    """Paint one birch trunk with bark, from the top edge down to *foot*."""
    h, w = light.shape[:2]
    rng = np.random.default_rng(seed)
    lean, bow = rng.normal() * 0.035, rng.normal() * 0.02
    reach = int(wide * 1.6 + abs(lean) * h + 0.04 * h) + 4
    x0, x1 = max(int(cx) - reach, 0), min(int(cx) + reach, w)
    y1 = min(int(foot + wide * 0.4), h)
    if x1 <= x0 or y1 <= 4:
        return
    y, x = np.mgrid[0:y1, x0:x1].astype(np.float32)
    t = (foot - y) / h
    half = wide * 0.5 * (1 - 0.28 * t + 0.55 * np.exp(-t * 26))
    mid = cx + lean * h * t + bow * h * np.sin(t * 3.1 + seed)
    off = (x - mid) / half
    rough = 0.05 * fbm(y / wide * 2.2, x * 0 + seed, 4, seed)
    cover = smoothstep(1.2, -1.2, (np.abs(off) - 1 + rough) * half)
    tuft = wide * 0.22 * fbm(x / wide * 5 + seed, x * 0, 4, 904, 0.7)
    cover = cover * smoothstep(2, -2, y - foot - wide * 0.08 * (1 - off**2) + tuft)
    s = np.arcsin(np.clip(off, -1, 1))
    fine = 5 if fade < 0.7 else 2
    bark = fbm(s * 1.6 + seed, y / wide * 7.5, fine, 901, 0.6)
    slit = fbm(s * 0.9 + seed * 3, y / wide * 3.4, fine, 902, 0.62)
    dash = smoothstep(0.18, 0.34, slit)
    knot = smoothstep(0.42, 0.60, fbm(s * 0.7 + seed * 7, y / wide * 0.75, fine, 903, 0.55))
    low = smoothstep(0.16, 0.0, t + 0.08 * bark)
    white = rgb("#e9e1d3") * (0.88 + 0.22 * bark)[..., None]
    white = over(white, rgb("#caa98a") * np.ones_like(white), smoothstep(0.1, 0.7, bark) * 0.4)
    dark = np.clip(np.maximum(np.maximum(dash * 0.85, knot), low * 0.8 * (0.6 + bark)), 0, 1)
    tone = over(white, rgb("#2a221e") * (1 + 0.5 * bark)[..., None], dark)
    round_ = 0.16 + 0.66 * np.clip(0.55 - 0.72 * off + 0.1 * bark, 0, 1.2)
    tone = tone * (round_ * (0.80 + 0.25 * t))[..., None] * rgb("#fff2dc")
    tone = tone * (1 - fade) + fog[:y1, x0:x1] * fade
    light[:y1, x0:x1] = over(light[:y1, x0:x1], tone, cover)


def birches(size: Size) -> Array:
    """Draw a birch wood in October fog."""
    w, h = size
    x, y = grid(size)
    rng = np.random.default_rng(911)
    ray = np.exp(-(((x / w - 0.60) / 0.36) ** 2) - ((y / h - 0.36) / 0.34) ** 2)
    fog = rgb("#c7b79c") * 0.78 + rgb("#ffdf9e") * 0.46 * ray[..., None]
    fog = fog * (0.90 + 0.14 * fbm(x / 420, y / 320, 4, 912))[..., None]
    fog = fog * (1 - 0.30 * smoothstep(0.55, 1.0, y / h))[..., None]
    light = fog.astype(np.float32).copy()
    horizon = 0.63 * h
    depth = np.clip(0.36 * h / np.maximum(y - horizon, 1), 0, 60)
    u, v = (x - w / 2) / w * depth * 9, depth * 9
    litter = fbm(u * 3.5, v * 3.5, 5, 930, 0.65)
    spark = fbm(u * 13, v * 9, 3, 931, 0.7)
    ground = rgb("#8a4f1c") * (0.62 + 0.55 * litter)[..., None]
    ground = over(
        ground, rgb("#e0a038") * np.ones_like(ground), smoothstep(0.12, 0.55, spark) * 0.75
    )
    ground = over(
        ground, rgb("#2c1a10") * np.ones_like(ground), smoothstep(-0.12, -0.6, spark) * 0.8
    )
    ground = over(
        ground, rgb("#59602a") * np.ones_like(ground), smoothstep(0.25, 0.7, litter) * 0.6
    )
    shine = 0.50 + 0.42 * np.exp(-(((x / w - 0.58) / 0.4) ** 2))
    ground = ground * shine[..., None]
    layers = 9
    for k in range(layers):
        t = k / (layers - 1)
        z = 1 / (0.13 + 0.87 * t**1.6)
        fade = 0.97 * (1 - t) ** 0.75
        foot = horizon + 0.36 * h / z - 0.02 * h
        edge = foot + h * 0.022 * fbm(x / (400 / z + 60), x * 0 + k, 4, 920 + k)
        floor = ground * (1 - fade) + fog * fade
        light = over(light, floor, smoothstep(-2, 3, y - edge))
        many = int(4 + 11 * (1 - t) ** 0.8)
        for n in range(many):
            cx = (n + rng.uniform(0.1, 0.9)) / many * w * 1.06 - 0.03 * w
            if t > 0.8 and 0.36 * w < cx < 0.74 * w:
                continue
            wide = 0.088 * w / z * rng.uniform(0.65, 1.15)
            trunk(light, cx, wide, foot + rng.uniform(0, 0.02) * h, 1000 + k * 40 + n, fog, fade)
        if k < 8:
            big = 3.0 + 11 / z
            count = int(5200 - 2600 * t)
            paint = leaves(size, 950 + k, count, big, 0.52 + 0.06 * (1 - t), 0.95)
            tone = paint[..., :3] ** 2.2 * (0.75 + 1.0 * ray[..., None])
            cover = paint[..., 3]
            if t < 0.45 or t > 0.85:
                soft = 1.6 if t < 0.45 else 3.0
                cover = blur(cover, soft)
                tone = blur(tone * paint[..., 3:], soft) / np.maximum(cover, 1e-3)[..., None]
            tone = tone * (1 - fade) + fog * fade
            light = over(light, tone, np.clip(cover, 0, 1) * 0.92)
        veil = 0.13 * (1 - t) * smoothstep(0.2, 0.62, y / h)
        light = over(light, fog, veil)
    half = resize(light, (w // 2, h // 2))
    light = light * 0.86 + resize(blur(half, 9), (w, h)) * 0.14
    light = bloom(light, 0.75, 22, 0.25)
    return finish(
        film(light, 0.88), size, 12, contrast=0.25, grain=0.010, vignette=0.38, saturation=1.0
    )
