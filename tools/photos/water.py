"""Water: a sea at sunset and a pier in a long exposure."""

from __future__ import annotations

import math

import numpy as np

from .darkroom import bloom, blur, film, finish, grid, over, rgb
from .noise import Array, fbm, smoothstep
from .terrain import Camera

Size = tuple[int, int]


def waves(
    x: Array, z: Array, footprint: Array, seed: int, wind: float
) -> tuple[Array, Array, Array]:
    """Return the slopes of a wind sea, and the variance of the waves too small to see."""
    rng = np.random.default_rng(seed)
    east, away = np.zeros_like(x), np.zeros_like(x)
    hidden = np.full_like(x, 0.0006)
    for k in range(64):
        length = 0.12 * (24 / 0.12) ** (k / 63) * rng.uniform(0.92, 1.08)
        angle = wind + rng.normal() * (0.75 if length < 3 else 0.42)
        number = 2 * np.pi / length
        steep = 0.050 if length < 6 else 0.036
        seen = np.exp(-((footprint / length * 2.2) ** 2))
        phase = number * (math.sin(angle) * x + math.cos(angle) * z) + rng.uniform(0, 6.28)
        swing = np.cos(phase + 0.5 * np.sin(phase)) * steep * seen
        east += swing * math.sin(angle)
        away += swing * math.cos(angle)
        hidden += (steep**2 / 2) * (1 - seen**2)
    gust = 0.75 + 0.5 * fbm(x / 40, z / 90, 3, seed + 5)
    return east * gust, away * gust, hidden * gust**2


def sea(size: Size) -> Array:
    """Draw the open sea at sunset, the sun's glitter on the waves."""
    camera = Camera((int(size[0] * 1.2), int(size[1] * 1.2)), 3.4, 0.56, 1.05)
    across, rise = camera.rays()
    azimuth, elevation = -0.10, 0.052

    def sky(a: Array, r: Array, hard: bool) -> Array:
        r = np.maximum(r, 0.002)
        away = np.hypot(a - azimuth, (r - elevation) * 1.15)
        up = np.clip(r / 0.6, 0, 1)[..., None]
        tone = rgb("#f08a4a") * (1 - up) ** 5 + rgb("#c9818c") * 1.6 * up * (1 - up) ** 3
        tone = tone + rgb("#4a6aa8") * up**0.8 * 0.85
        warm = np.exp(-away * 3.2)[..., None]
        tone = tone * (0.55 + 0.7 * warm) + warm**2 * rgb("#ff9a3c") * 1.0
        if hard:
            d = 1 / (r + 0.055)
            u, v = a * d * 1.25 + 5, d * 0.62
            bend = fbm(u * 0.5, v * 0.5, 3, 204) * 0.6
            body = fbm(u + bend, v - bend, 8, 205, 0.55)
            thick = smoothstep(0.02, 0.62, body + 0.10) * smoothstep(0.012, 0.09, r)
            toward = fbm(u + bend - (a - azimuth) * 0.22, v - bend + 0.16, 8, 205, 0.55)
            edge = np.clip((body - toward) * 1.5 + 0.42, 0, 1.3)[..., None]
            near = np.exp(-away * 2.3)[..., None]
            cloud = rgb("#5d5470") * 0.55 + edge * (
                rgb("#ff8a4a") * (0.35 + 1.7 * near) + rgb("#d9788a") * 0.35
            )
            tone = over(tone, cloud, thick * 0.9)
        return np.asarray(tone)

    above = sky(across, rise, True)
    away = np.hypot(across - azimuth, rise - elevation)
    disc = smoothstep(0.0195, 0.0175, away)
    above = above + disc[..., None] * rgb("#ffe2a0") * 14
    above = above + np.exp(-away * 22)[..., None] * rgb("#ffb050") * 1.6
    depth = camera.up / np.maximum(-rise, 1e-4)
    depth = np.minimum(depth, 6000)
    x, z = across * depth, depth
    footprint = depth / camera.pixels * (1 + 0.35 * depth / camera.up)
    swell_x, swell_z, hidden = waves(x, z, footprint, 210, 2.75)
    nx, nz = -swell_x, -swell_z
    norm = np.sqrt(nx * nx + nz * nz + 1)
    length = np.sqrt(across**2 + rise**2 + 1)
    vx, vy, vz = across / length, rise / length, 1 / length
    dot = (vx * nx + vy + vz * nz) / norm
    rx, ry, rz = (vx - 2 * dot * nx / norm), (vy - 2 * dot / norm), (vz - 2 * dot * nz / norm)
    rz = np.maximum(rz, 0.05)
    ra, rr = rx / rz, np.abs(ry) / rz
    spread = np.sqrt(hidden)
    fresnel = 0.02 + 0.98 * (1 - np.clip(-dot, 0, 1)) ** 5
    fresnel = fresnel * (1 - 0.45 * smoothstep(0, 0.05, spread))
    mirror = sky(ra, np.clip(rr + spread * 0.9, 0, 3), False)
    wide = 0.030 + spread * 0.22
    tall = 0.040 + spread * 2.6
    lobe = np.exp(-(((ra - azimuth) / wide) ** 2) - ((rr - elevation) / tall) ** 2)
    glint = lobe * (0.030 / wide) ** 0.8 * (0.05 / tall) ** 0.6 * 15
    deep = rgb("#12293c") * 0.60 + rgb("#1d5560") * 0.35 * np.clip(-dot * 1.5, 0, 1)[..., None]
    below = deep * (1 - fresnel[..., None]) + mirror * fresnel[..., None]
    below = below + (glint * np.maximum(fresnel, 0.40))[..., None] * rgb("#ffb45c")
    far = (1 - np.exp(-depth / 2600))[..., None]
    below = below * (1 - far * 0.45) + above[int(camera.horizon * camera.size[1]) - 3] * far * 0.32
    light = over(above, below, smoothstep(0.0006, -0.0006, rise))
    light = bloom(light, 1.1, 7, 0.35)
    return finish(film(light, 0.78), size, 4, contrast=0.2, vignette=0.3)


def pier(size: Size) -> Array:
    """Draw a wooden pier in black and white: minutes of exposure smooth the sea."""
    w, h = int(size[0] * 1.25), int(size[1] * 1.25)
    x, y = grid((w, h))
    a, horizon = (x - w * 0.5) / w, 0.44
    r = (horizon - y / h) * h / w
    d = 1 / (np.abs(r) + 0.045)
    u, v = a * d, d
    turn = np.arctan2(u - 0.8, v - 1.2)
    streak = fbm(turn * 9 + 4, np.hypot(u - 0.8, v - 1.2) * 0.07, 6, 301, 0.55)
    soft = fbm(u * 0.35, v * 0.12, 4, 302)
    cloud = smoothstep(-0.6, 0.75, streak * 0.85 + soft * 0.6)
    up = np.clip(r / 0.45, 0, 1)
    sky = 0.80 * (1 - up) ** 1.5 + 0.10 + 0.55 * cloud * (0.25 + 0.75 * up) - 0.16 * up
    light = sky + 0.45 * np.exp(-((a + 0.02) ** 2 * 18 + r**2 * 60))
    down = np.clip(-r / 0.42, 0, 1)
    drift = fbm(a * d * 1.6, d * 0.9, 5, 303, 0.5)
    water = 0.86 * (1 - down) ** 1.7 + 0.20 + 0.10 * drift * (0.3 + down)
    water = water + 0.30 * np.exp(-((a + 0.02) ** 2 * 22)) * (1 - 0.7 * down)
    grey = np.where(r > 0, light, water)
    grey = grey * (1 - 0.10 * np.exp(-((r / 0.0025) ** 2)))
    shore = fbm(a * 7, a * 0 + 2, 6, 305)
    hill = 0.014 + 0.012 * shore - 0.02 * np.abs(a - 0.4)
    grey = np.where((r > 0) & (r < hill), grey * 0.62 + 0.10, grey)
    rng = np.random.default_rng(306)
    eye, focal = 3.0, 1.0
    cover, shade = np.zeros((h, w), np.float32), np.zeros((h, w), np.float32)
    for z in np.geomspace(60, 3.1, 21):
        for side in (-1.35, 1.35):
            lean = rng.normal() * 0.012
            tall = 1.15 + rng.normal() * 0.10
            px = focal * w / z
            cx = w * 0.5 + side * px
            foot, top = horizon * h + eye * px, horizon * h + (eye - tall) * px
            wide = 0.15 * px * rng.uniform(0.9, 1.1)
            x0, x1 = int(cx - wide * 3 - 4), int(cx + wide * 3 + 5)
            y0, y1 = int(top - wide), int(foot + tall * px * 1.1)
            x0, x1, y0, y1 = max(x0, 0), min(x1, w), max(y0, 0), min(y1, h)
            if x1 <= x0 or y1 <= y0:
                continue
            gx, gy = x[y0:y1, x0:x1] - cx, y[y0:y1, x0:x1]
            off = (gx - lean * (foot - gy)) / wide
            dip = np.sqrt(np.clip(1 - off**2, 0, 1)) * wide * 0.28
            bark = fbm(off * 3 + z, gy / px * 2.2, 5, 307)
            post = smoothstep(1.0, 1 - 2.2 / max(wide, 2), np.abs(off + 0.05 * bark))
            post = post * smoothstep(-1, 1, gy - top + dip) * smoothstep(1, -1, gy - foot - dip)
            wet = smoothstep(foot - 0.5 * px, foot - 0.3 * px, gy)
            tone = 0.05 + 0.10 * np.clip(0.6 - off, 0, 1.2) * (1 + 0.8 * bark) * (1 - 0.75 * wet)
            tone = tone + 0.25 * smoothstep(0, -1.5, gy - top - dip * 1.2) * 0.5
            fog = 1 - np.exp(-z / 42)
            tone = tone * (1 - fog) + 0.72 * fog
            part = cover[y0:y1, x0:x1]
            shade[y0:y1, x0:x1] += (tone - shade[y0:y1, x0:x1]) * post
            part += (1 - part) * post
            mirror = smoothstep(1.25, 0.4, np.abs(off)) * smoothstep(-1, 1, gy - foot - dip)
            fade = np.exp(-np.clip(gy - foot, 0, None) / (tall * px * 0.55)) * 0.62 * (1 - fog)
            grey[y0:y1, x0:x1] *= 1 - mirror * fade
    grey = grey * (1 - cover) + shade * cover
    grey = np.clip(grey, 0, None)
    light = np.repeat(grey[..., None], 3, axis=2) ** 1.75
    light = bloom(light, 0.75, 14, 0.3) * 0.95 + 0.05 * blur(light, 20)
    return finish(
        film(light, 0.8), size, 5, contrast=0.45, vignette=0.42, grain=0.015, saturation=0
    )
