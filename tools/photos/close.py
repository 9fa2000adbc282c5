"""Near things: rain on a window at night, water drops on a leaf."""

from __future__ import annotations

import math

import numpy as np

from .darkroom import bloom, blur, film, finish, grid, over, resize, rgb
from .noise import Array, fbm, perlin, sample, smoothstep

Size = tuple[int, int]


def lights(size: Size, seed: int) -> Array:
    """Draw a city street far out of focus: only discs of light are left of it."""
    w, h = size
    rng = np.random.default_rng(seed)
    x, y = grid(size)
    base = rgb("#0b1322") * (0.35 + 0.4 * np.exp(-(((y / h - 0.62) / 0.3) ** 2)))[..., None]
    base = (
        base
        + rgb("#7a3a1c")
        * (0.30 * np.exp(-(((y / h - 0.66) / 0.16) ** 2) - ((x / w - 0.5) / 0.45) ** 2))[..., None]
    )
    base = base * (0.8 + 0.4 * fbm(x / w * 2.5, y / h * 2.5, 3, seed))[..., None]
    spots: list[tuple[float, float, float, str, float]] = []
    for side in (-1, 1):
        for z in np.geomspace(1.0, 5, 9):
            spots.append((0.5 + side * 0.52 / z, 0.60 - 0.52 / z, 1.0, "#ffab52", 1.25))
            for _ in range(5):
                fx = 0.5 + side * (0.60 + 0.5 * rng.random()) / z
                fy = 0.60 - rng.uniform(-0.10, 1.0) / z
                code = str(rng.choice(["#ffd9a0", "#ffc070", "#9fc4ff", "#ff5f7a", "#58e0d0"]))
                spots.append((fx, fy, rng.uniform(0.6, 1.0), code, rng.uniform(0.10, 0.55)))
        for z in np.geomspace(1.3, 4.2, 5):
            code = "#ff2a1c" if side > 0 else "#fff0d8"
            for gap in (-0.05, 0.05):
                fx = 0.5 + (side * 0.20 + gap) / z
                spots.append((fx, 0.60 + 0.20 / z, 0.8, code, 1.0 if side > 0 else 1.3))
                spots.append((fx, 0.60 + 0.36 / z, 1.1, code, 0.22))
    spots += [(0.30, 0.36, 1.0, "#2ce68a", 1.0), (0.69, 0.33, 1.0, "#ff3b2a", 1.1)]
    light = base
    mean = 0.036 * w
    for fx, fy, scale, code, power in spots:
        cx, cy = fx * w + rng.normal() * 0.008 * w, fy * h + rng.normal() * 0.006 * h
        radius = mean * scale * rng.uniform(0.92, 1.08)
        r = int(radius + 4)
        x0, x1, y0, y1 = max(int(cx) - r, 0), min(int(cx) + r, w), max(int(cy) - r, 0), 0
        y1 = min(int(cy) + r, h)
        if x1 <= x0 or y1 <= y0:
            continue
        dx, dy = x[y0:y1, x0:x1] - cx, y[y0:y1, x0:x1] - cy
        away = np.hypot(dx, dy)
        turn = np.arctan2(dy, dx)
        blade = radius * (1 - 0.018 * np.cos(turn * 9))
        disc = smoothstep(2.2, -2.2, away - blade)
        ring = 0.80 + 0.30 * np.exp(-(((away - radius * 0.94) / (radius * 0.07)) ** 2))
        onion = 1 + 0.03 * np.cos(away / radius * 26)
        light[y0:y1, x0:x1] += (disc * ring * onion * power * 0.62)[..., None] * rgb(code)
    return light


def rain(size: Size) -> Array:
    """Draw city lights through a rainy window at night."""
    w, h = size
    x, y = grid(size)
    city = lights(size, 801)
    sharp = resize(lights((w // 2, h // 2), 801), (w, h))
    wet = fbm(x / 210, y / 300, 4, 802)
    light = city * 0.94 + blur(city, 16) * 0.10
    light = light * (0.96 + 0.08 * wet)[..., None]
    rng = np.random.default_rng(803)
    dx, dy = np.zeros((h, w), np.float32), np.zeros((h, w), np.float32)
    cover, shade = np.zeros((h, w), np.float32), np.zeros((h, w), np.float32)
    gleam = np.zeros((h, w), np.float32)
    drops: list[tuple[float, float, float, float]] = []
    for _ in range(2600):
        drops.append((rng.random() * w, rng.random() * h, rng.uniform(1.2, 3.8), 1.0))
    for _ in range(420):
        r = 4 + 17 * rng.random() ** 2.6
        drops.append((rng.random() * w, rng.random() * h, r, rng.uniform(1.0, 1.25)))
    for _ in range(11):
        px, py = rng.random() * w, rng.uniform(0.25, 0.95) * h
        drops.append((px, py, rng.uniform(15, 22), 1.35))
        track, wander = py - 20, px
        while track > py - rng.uniform(0.3, 0.9) * h:
            wander += rng.normal() * 1.6
            track -= rng.uniform(7, 26)
            drops.append((wander, track, rng.uniform(1.8, 6.5), rng.uniform(1.0, 1.5)))
    drops.sort(key=lambda drop: drop[2])
    for cx, cy, r, tall in drops:
        reach = int(r * 1.6) + 2
        x0, x1 = max(int(cx) - reach, 0), min(int(cx) + reach + 1, w)
        y0, y1 = max(int(cy - reach * tall), 0), min(int(cy + reach * tall) + 1, h)
        if x1 <= x0 or y1 <= y0:
            continue
        u, v = (x[y0:y1, x0:x1] - cx) / r, (y[y0:y1, x0:x1] - cy) / (r * tall)
        wob = 1.0 + (0.30 * perlin(u * 0.9 + cx, v * 0.9 + cy, 804) if r > 3 else 0.0)
        pear = 1 + 0.22 * v * (tall - 1) * 3
        d = np.sqrt((u / pear) ** 2 + v * v) * wob
        body = smoothstep(1 + 0.8 / r, 1 - 0.8 / r, d)
        bulge = np.clip(d, 0, 1) ** 1.6
        part = body > 0.02
        scale = 0.30 * w
        sub = np.s_[y0:y1, x0:x1]
        dx[sub] = np.where(part, -u * scale * (0.5 + 0.6 * bulge), dx[sub])
        dy[sub] = np.where(part, -v * scale * (0.5 + 0.6 * bulge), dy[sub])
        cover[sub] = np.where(part, np.maximum(body, cover[sub] * (1 - body)), cover[sub])
        dark = smoothstep(0.62, 1.0, d) * (0.55 + 0.45 * np.clip(-v, -1, 1))
        shade[sub] = np.where(part, dark, shade[sub])
        spot = np.exp(-(((u + 0.30) / 0.16) ** 2) - ((v + 0.42) / 0.12) ** 2) * (r > 3)
        rim = np.exp(-(((d - 0.86) / 0.08) ** 2)) * np.clip(v, 0, 1) * 0.35
        gleam[sub] = np.where(part, spot * 0.4 + rim, gleam[sub])
    bright = np.maximum(sharp, 0)
    seen = sample(bright, w * 0.5 + (x - w * 0.5) * 0.75 + dx, h * 0.56 + (y - h * 0.5) * 0.5 + dy)
    inside = seen * (1.25 - 1.15 * shade)[..., None]
    inside = inside + gleam[..., None] * (blur(city, 40) * 1.6 + 0.05)
    light = over(light, inside, cover)
    light = bloom(light, 0.55, 14, 0.25)
    return finish(film(light, 1.25), size, 10, grain=0.013, vignette=0.35, contrast=0.15)


def leaf(size: Size) -> Array:
    """Draw drops on a leaf, close, after the rain."""
    w, h = size
    x, y = grid(size)
    turn = math.radians(-28)
    u0, v0 = x / w - 0.5, y / h - 0.56
    u, v = u0 * math.cos(turn) - v0 * math.sin(turn), u0 * math.sin(turn) + v0 * math.cos(turn)
    v = v + 0.10 * u * u + 0.012 * fbm(u * 3, v * 3, 3, 821)
    side = np.sign(v)
    slant = u - np.abs(v) * (0.95 - 0.5 * np.abs(v)) + 0.025 * fbm(u * 5, v * 5, 3, 822)
    gap = 0.135
    phase = slant / gap + 0.22 * side
    near = np.abs(phase - np.round(phase)) * gap
    rank = np.round(phase)
    main = np.exp(-((v / 0.0075) ** 2))
    vein = np.exp(-((near / 0.0036) ** 2)) * smoothstep(0.62, 0.1, np.abs(v))
    a, b = u * 21 + 0.9 * fbm(u * 14, v * 14, 3, 823), v * 21 + 0.9 * fbm(u * 14, v * 14, 3, 824)
    rng = np.random.default_rng(825)
    ca, cb = np.floor(a), np.floor(b)
    jitter = rng.random((64, 64, 2)).astype(np.float32)
    first, second = np.full_like(a, 9), np.full_like(a, 9)
    for i in (-1, 0, 1):
        for j in (-1, 0, 1):
            p = jitter[(ca + i).astype(int) & 63, (cb + j).astype(int) & 63]
            d = np.hypot(ca + i + p[..., 0] - a, cb + j + p[..., 1] - b)
            second = np.minimum(second, np.maximum(first, d))
            first = np.minimum(first, d)
    net = np.exp(-(((second - first) / 0.09) ** 2))
    fine = fbm(u * 120, v * 120, 4, 826)
    bump = -0.55 * blur(vein, 9) - 1.1 * blur(main, 14) - 0.055 * blur(net, 2.5) + 0.010 * fine
    bump = bump + 0.5 * np.cos(phase * 2 * np.pi) * -0.09
    gx, gy = np.gradient(bump, axis=1) * 26, np.gradient(bump, axis=0) * 26
    lamp = np.clip(0.80 - 0.55 * gx - 0.75 * gy, 0.15, 1.9)
    through = 0.55 + 0.35 * fbm(u * 2.6, v * 2.6, 4, 827) + 0.05 * np.sin(rank * 3.1)
    green = rgb("#2f6b1c") * 0.9 + rgb("#8cc63a") * 0.42 * np.clip(through, 0, 1.4)[..., None]
    green = green * (1 + 0.10 * fine)[..., None]
    tone = green * lamp[..., None] * 1.05
    tone = over(tone, rgb("#b5d86a") * lamp[..., None] * 0.85, vein * 0.42)
    tone = over(tone, rgb("#c9e088") * lamp[..., None] * 0.9, main * 0.75)
    tone = over(tone, rgb("#a4cf55") * lamp[..., None] * 0.8, net * 0.10)
    sheen = np.clip(0.30 - gx * 0.9 - gy * 1.3 + 0.15 * fine, 0, 2) ** 2.5
    tone = tone + sheen[..., None] * rgb("#dcecff") * 0.06
    tone = tone * (0.72 + 0.55 * smoothstep(1.0, -0.1, x / w * 0.6 + y / h * 0.6))[..., None]
    light = tone.astype(np.float32)
    flat = blur(light, 2)
    drops: list[tuple[float, float, float]] = [
        (0.455, 0.535, 0.118),
        (0.735, 0.39, 0.066),
        (0.245, 0.665, 0.060),
        (0.635, 0.665, 0.046),
    ]
    tries = 0
    while len(drops) < 210 and tries < 9000:
        tries += 1
        r = 0.0035 + 0.034 * rng.random() ** 4
        fx, fy = rng.random(), rng.random()
        if all(np.hypot(fx - q[0], fy - q[1]) > (r + q[2]) * 1.12 for q in drops):
            drops.append((fx, fy, r))
    for fx, fy, fr in drops:
        cx, cy, r = fx * w, fy * h, fr * w
        reach = int(r * 1.9) + 3
        x0, x1, y0, y1 = int(cx) - reach, int(cx) + reach + 1, int(cy) - reach, int(cy) + reach + 1
        x0, x1, y0, y1 = max(x0, 0), min(x1, w), max(y0, 0), min(y1, h)
        sub = np.s_[y0:y1, x0:x1]
        px, py = x[sub], y[sub]
        p, q = (px - cx) / r, (py - cy) / r
        wob = 1 + 0.10 * perlin(p * 0.8 + cx, q * 0.8 + cy, 828)
        q = q * 1.06
        d = np.hypot(p, q) * wob
        body = smoothstep(1 + 1.2 / r, 1 - 1.2 / r, d)
        cast = np.exp(-((np.maximum(np.hypot(p - 0.13, q - 0.20) - 0.86, 0) / 0.20) ** 2))
        spill = np.exp(-(((p - 0.62) / 0.34) ** 2) - ((q - 0.86) / 0.30) ** 2)
        here = light[sub] * (1 - 0.60 * cast * (1 - body))[..., None]
        here = here + (spill * (1 - body))[..., None] * rgb("#d8f08a") * 0.30
        tall = np.sqrt(np.clip(1 - np.clip(d, 0, 1) ** 2, 0, 1))
        bend = 0.30 + 0.34 * np.clip(d, 0, 1) ** 3
        seen = sample(flat, cx + p * r * (1 - bend), cy + q * r * (1 - bend))
        caustic = np.exp(-(((p - 0.36) / 0.42) ** 2) - ((q - 0.50) / 0.34) ** 2) * smoothstep(
            1, 0.8, d
        )
        dim = smoothstep(0.25, 1.0, -(0.55 * p + 0.80 * q) + 0.25)
        inside = seen * (0.95 - 0.55 * dim + 1.15 * caustic)[..., None]
        inside = inside + caustic[..., None] * rgb("#e4f6a0") * 0.22
        rim = smoothstep(0.86, 1.0, d)
        inside = inside * (1 - 0.45 * rim)[..., None]
        fresnel = (1 - tall) ** 3
        inside = (
            inside + fresnel[..., None] * rgb("#cfe4f6") * np.clip(0.30 - 0.35 * q, 0, 1)[..., None]
        )
        m, n = p + 0.36, q + 0.46
        bulge = 1 + 0.5 * (m * m + n * n)
        m, n = m * bulge + 0.18 * n, n * bulge - 0.12 * m
        pane = smoothstep(0.20, 0.16, np.abs(m)) * smoothstep(0.155, 0.12, np.abs(n))
        pane = pane * (1 - 0.85 * np.exp(-((m / 0.018) ** 2)))
        if r > 18:
            inside = inside + (pane * 1.25)[..., None] * rgb("#f4f8ff")
        else:
            spot = np.exp(-(((p + 0.34) / 0.2) ** 2) - ((q + 0.42) / 0.18) ** 2)
            inside = inside + spot[..., None] * 1.1
        light[sub] = over(here, inside, body)
    depth = np.abs((y / h - 0.53) + 0.22 * (x / w - 0.5))
    for low, wide in ((0.13, 2.2), (0.22, 5), (0.31, 10), (0.40, 18)):
        light = over(light, blur(light, wide), smoothstep(low, low + 0.12, depth))
    light = bloom(light, 0.85, 6, 0.30)
    return finish(
        film(light, 1.35), size, 11, contrast=0.22, grain=0.009, vignette=0.32, saturation=0.86
    )
