"""Open country: misty ridges, dunes and snow."""

from __future__ import annotations

import numpy as np

from .darkroom import blur, film, finish, grid, over, rgb
from .noise import Array, fbm, perlin, ridged, smoothstep
from .terrain import Camera, cast, direction, haze, shadow

Size = tuple[int, int]


def ridges(size: Size) -> Array:
    """Draw mountain ridges one behind the other, mist between them, the sun just up."""
    camera = Camera((int(size[0] * 1.2), int(size[1] * 1.2)), 1500, 0.36, 1.5)

    def height(x: Array, z: Array) -> Array:
        u, v = x / 5200 + 7.3, z / 5200 + 3.1
        warp = perlin(u * 0.7, v * 0.7, 90) * 0.5
        crests = ridged(u + warp, v - warp, 9, 11, 0.47)
        rise = np.clip((z - 1200) / 9000, 0, 1) * 0.45 + 0.55
        rough = fbm(x / 130, z / 130, 4, 55) * 26
        return np.asarray(2050 * crests * rise - 120 + rough)

    ground = cast(camera, height, 900, 70000, 1300)
    sun = direction(14, 5)
    across, rise = camera.rays()
    length = np.sqrt(1 + across**2 + rise**2)
    cosine = (sun[0] * across + sun[1] * rise + sun[2]) / length
    near_sun = np.exp((cosine - 1) * 40)
    wide_sun = np.exp((cosine - 1) * 6)
    up = np.clip(rise * 2.4, 0, 1)[..., None]
    low, high = rgb("#f2b592"), rgb("#4c79b8")
    sky: Array = low * (1 - up) ** 2 + rgb("#d9b8b0") * 2 * up * (1 - up) + high * up**2
    sky = sky * 0.85 + wide_sun[..., None] * rgb("#ff9a5c") * 0.36
    sky = sky + near_sun[..., None] * rgb("#ffc878") * 0.9
    sky = sky + np.exp((cosine - 1) * 14000)[..., None] * rgb("#ffdc98") * 1.6
    veil = fbm(across * 5 / (rise + 0.12), 0.8 / (rise + 0.12), 6, 21)
    veil = smoothstep(-0.1, 0.8, veil) * smoothstep(0.02, 0.16, rise)
    sky = over(sky, sky * 0.8 + rgb("#ffb28a") * (0.35 + wide_sun[..., None]), veil * 0.55)
    facing = np.clip(ground.normal @ sun, 0, 1)
    woods = fbm(ground.x / 60, ground.z / 60, 5, 70)
    steep = smoothstep(0.75, 0.5, ground.normal[..., 1] + woods * 0.15)
    tone = over(rgb("#27331f") * (1 + 0.6 * woods[..., None]), rgb("#6a5a50"), steep)
    light = facing[..., None] * rgb("#ff9d5c") * 3.2
    light = light + rgb("#6d83ad") * (0.35 + 0.4 * ground.normal[..., 1:2])
    land: Array = tone * light
    clump = fbm(ground.x / 2600, ground.z / 2600, 4, 81)
    thin = haze(camera, ground, 0.000052, 1500.0)
    mist = haze(camera, ground, 0.0016, 150.0, 330)
    mist = np.clip(mist * (1 + 0.30 * clump), 0, 1)
    glow = np.exp((cosine - 1) * 13)[..., None]
    air = rgb("#7f9cc8") * 0.66 * (1 - glow) + rgb("#ffb482") * 0.98 * glow
    air = air + near_sun[..., None] * rgb("#ffc070") * 0.5
    land = over(land, air, thin)
    land = over(land, air * 1.08 + 0.02, mist)
    picture = over(sky, land, ground.hit)
    return finish(film(picture, 0.95), size, 1, shadows=np.array([0.0, 0.006, 0.02]), contrast=0.25)


def dunes(size: Size) -> Array:
    """Draw dunes in raking evening light, ripples in front."""
    camera = Camera((int(size[0] * 1.2), int(size[1] * 1.2)), 15.5, 0.27, 1.25)

    def height(x: Array, z: Array) -> Array:
        u, v = x / 120 + 4.4, z / 120 + 1.7
        bend = perlin(u * 0.55, v * 0.55, 31) * 0.9
        wave = perlin(u * 0.8 + bend, v * 0.9 - bend, 32) * 1.5
        crest = 1 - np.sqrt(wave * wave + 0.0006)
        second = 1 - np.sqrt(perlin(u * 2.1 + bend, v * 1.5, 33) ** 2 * 2 + 0.001)
        grown = smoothstep(4, 160, z)
        return np.asarray(
            (crest**2 * 24 * (0.25 + grown * 1.0) + second * 4.0 * (0.4 + grown))
            + 16 * smoothstep(200, 900, z) * crest
            - 6
        )

    ground = cast(camera, height, 3, 2600, 1200)
    sun = direction(-72, 15)
    lit = shadow(ground, height, sun, 420, (0, 380), 1800, 0.5)
    lit = np.where(ground.z < 780, lit, 1)
    footprint = ground.z / camera.pixels
    wander = fbm(ground.x / 9, ground.z / 9, 3, 41) * 2.2
    phase = (ground.x * 0.82 + ground.z * 0.5 + wander) * (2 * np.pi / 0.42)
    fade = np.clip(1 - footprint * 18, 0, 1)
    slope = np.cos(phase) + 0.4 * np.cos(2 * phase + 0.6)
    patch = smoothstep(-0.5, 0.4, fbm(ground.x / 25, ground.z / 25, 3, 43))
    strength = 0.20 * fade * patch
    gritty = fbm(ground.x * 6, ground.z * 6, 3, 45) * 0.05 * np.clip(1 - footprint * 8, 0, 1)
    normal = ground.normal.copy()
    normal[..., 0] += (strength * slope * 0.82) + gritty
    normal[..., 2] += strength * slope * 0.5
    normal /= np.linalg.norm(normal, axis=-1, keepdims=True)
    facing = np.clip(normal @ sun, 0, 1) * lit
    sand = rgb("#d99a5e") * (1 + 0.10 * fbm(ground.x / 14, ground.z / 14, 5, 47))[..., None]
    light = facing[..., None] * rgb("#ffc584") * 2.9
    light = light + rgb("#7d8fc0") * (0.22 + 0.2 * normal[..., 1:2])
    bounce = np.clip(-normal[..., 0:1] * 0.5 + 0.3, 0, 1) * rgb("#d08a50") * 0.22
    land = sand * (light + bounce)
    across, rise = camera.rays()
    up = np.clip(rise / 0.22, 0, 1)[..., None]
    side = np.clip(0.5 - across, 0, 1)[..., None]
    sky = rgb("#e9c7a4") * (1 - up) ** 1.5 + rgb("#4f7fb5") * up
    sky = sky * (0.8 + 0.25 * side)
    wisp = fbm(across * 2.4 / (rise + 0.1) + 3, 1.3 / (rise + 0.1), 6, 49)
    wisp = smoothstep(0.0, 0.9, wisp) * smoothstep(0.0, 0.1, rise)
    sky = over(sky, rgb("#f6dcc6") * 0.95, wisp * 0.5)
    thin = haze(camera, ground, 0.00062, 120.0)
    land = over(land, rgb("#e6bd94") * 0.85, thin)
    picture = over(sky, land, ground.hit)
    return finish(film(picture, 0.78), size, 2, contrast=0.25, grain=0.011)


def snow(size: Size) -> Array:
    """Draw snow-covered hills, low winter sun, long blue shadows of firs."""
    camera = Camera((int(size[0] * 1.2), int(size[1] * 1.2)), 19, 0.34, 1.2)
    rng = np.random.default_rng(64)

    def soft(x: Array, z: Array) -> Array:
        u, v = x / 190 + 2.2, z / 190 + 5.9
        hills = perlin(u, v, 61) * 34 * smoothstep(10, 260, z) + perlin(u * 2.3, v * 2.3, 62) * 8
        far = ridged(x / 2600 + 3.1, z / 2600 + 0.7, 7, 63) * 520 * smoothstep(900, 4200, z)
        return np.asarray(hills + far + smoothstep(20, 500, z) * 12)

    ground = cast(camera, soft, 4, 9000, 1200)
    count = 190
    tree_z = 40 + 420 * rng.random(count) ** 0.8
    tree_x = (rng.random(count) - 0.5) * tree_z * 1.15
    clump = perlin(
        (tree_x / 55).astype(np.float32), (tree_z / 55).astype(np.float32), 65
    ) + 0.25 * (rng.random(count) - 0.5)
    keep = clump > 0.02
    tree_x, tree_z = tree_x[keep], tree_z[keep]
    tall = 6 + 9 * rng.random(tree_x.size)
    base = soft(tree_x.astype(np.float32), tree_z.astype(np.float32))

    def wooded(x: Array, z: Array) -> Array:
        field = soft(x, z)
        half = 520.0
        cell = float(abs(z[1, 0] - z[0, 0]) + abs(x[1, 0] - x[0, 0]))
        ux, uz = float(x[1, 0] - x[0, 0]), float(z[1, 0] - z[0, 0])
        norm = float(np.hypot(ux, uz))
        ux, uz, cell = ux / norm, uz / norm, norm
        for tx, tz, high in zip(tree_x, tree_z, tall, strict=True):
            i = ((tx * ux + (tz - 300) * uz) + half) / cell
            j = ((-tx * uz + (tz - 300) * ux) + half) / cell
            r = int(high * 0.2 / cell) + 2
            a, b = max(int(i) - r, 0), max(int(j) - r, 0)
            part = field[a : int(i) + r + 1, b : int(j) + r + 1]
            if part.size == 0:
                continue
            ii, jj = np.mgrid[a : a + part.shape[0], b : b + part.shape[1]]
            away = np.hypot(ii - i, jj - j) * cell / (high * 0.2)
            part += np.clip(1 - away, 0, 1).astype(np.float32) * high
        return field

    sun = direction(-58, 13)
    lit = shadow(ground, wooded, sun, 520, (0, 300), 2100, 0.5)
    lit = np.where(ground.z < 760, lit, 1)
    footprint = ground.z / camera.pixels
    drift = fbm(ground.x / 1.8, ground.z / 5.5, 5, 66) * np.clip(1 - footprint * 4, 0, 1)
    drift2 = fbm(ground.x / 14, ground.z / 30, 4, 67)
    step_x = np.gradient(drift * 0.06, axis=1) / np.maximum(footprint, 0.004)
    normal = ground.normal.copy()
    normal[..., 0] += np.clip(step_x, -0.6, 0.6) * 0.55 + drift2 * 0.05
    normal /= np.linalg.norm(normal, axis=-1, keepdims=True)
    facing = np.clip(normal @ sun, 0, 1) * lit
    white = rgb("#f1f3f6")
    light = facing[..., None] * rgb("#ffd9ab") * 2.6
    light = light + rgb("#7fa4e0") * (0.36 + 0.22 * normal[..., 1:2])
    land: Array = white * light
    rock = smoothstep(0.86, 0.72, ground.normal[..., 1]) * smoothstep(900, 2000, ground.z)
    land = over(land, rgb("#4c4a52") * light, rock * 0.8)
    forest = smoothstep(0.0, 0.35, fbm(ground.x / 260, ground.z / 260, 5, 68))
    forest = forest * smoothstep(560, 760, ground.z) * smoothstep(150, 60, ground.y)
    land = over(land, rgb("#2d3a40") * light * 0.7, forest * 0.85)
    across, rise = camera.rays()
    up = np.clip(rise / 0.3, 0, 1)[..., None]
    sky: Array = rgb("#f2d9c2") * (1 - up) ** 1.6 + rgb("#5c93cf") * up**0.8
    sky = sky * (0.95 + 0.25 * np.clip(-across, 0, 1))[..., None]
    wisp = fbm(across * 1.6 / (rise + 0.2) + 3, 2.4 / (rise + 0.2), 6, 69)
    sky = over(sky, rgb("#fff1e2"), smoothstep(0.05, 0.8, wisp) * 0.55)
    thin = haze(camera, ground, 0.00026, 260.0)
    land = over(land, rgb("#c3cfe2") * 0.95, thin)
    picture = over(sky, land, ground.hit)
    order = np.argsort(-tree_z)
    px = camera.pixels
    x, y = grid(camera.size)
    for k in order:
        tx, tz, high, foot = tree_x[k], tree_z[k], tall[k], base[k]
        cx = camera.size[0] / 2 + px * tx / tz
        cy = camera.horizon * camera.size[1] - px * (foot - camera.up) / tz
        tall_px = px * high / tz
        col = int(np.clip(cx, 0, camera.size[0] - 1))
        row = int(np.clip(cy - tall_px * 0.15, 0, camera.size[1] - 1))
        if ground.z[row, col] < tz * 0.93 and ground.hit[row, col] > 0:
            continue
        wide_px = tall_px * 0.24
        x0, x1 = int(max(cx - wide_px * 1.3, 0)), int(min(cx + wide_px * 1.3, camera.size[0]))
        y0, y1 = int(max(cy - tall_px, 0)), int(min(cy + 2, camera.size[1]))
        if x1 <= x0 + 1 or y1 <= y0 + 1:
            continue
        gx, gy = x[y0:y1, x0:x1] - cx, y[y0:y1, x0:x1] - (cy - tall_px)
        t = np.clip(gy / tall_px, 0, 1)
        wob = fbm(gx / wide_px * 4 + k * 9.1, gy / wide_px * 4, 5, 71, 0.65)
        sway = fbm(gx / wide_px * 1.4 + k * 5.3, gy / wide_px * 1.2, 2, 72)
        tiers = (t * 9 + 0.5 * np.abs(gx) / wide_px + 0.9 * sway) % 1
        reach = wide_px * t**0.9 * (0.72 + 0.20 * tiers + 0.55 * wob)
        cover = smoothstep(1.0, -1.0, np.abs(gx) - reach)
        cap = smoothstep(0.75, 0.15, tiers - 0.9 * wob)
        sunny = np.clip(0.5 - gx / wide_px * 0.9 + wob * 0.5, 0, 1)[..., None]
        needles = rgb("#1d2b2a") * (0.35 + 1.5 * sunny * rgb("#ffd9ab"))
        snowy = rgb("#eef2f8") * (0.45 * rgb("#8fb0e6") + 1.3 * sunny * rgb("#ffd9ab"))
        tree = over(needles, snowy, cap * 0.62)
        mist = 1 - np.exp(-tz * 0.0012)
        tree = tree * (1 - mist) + rgb("#c3cfe2") * 0.95 * mist
        picture[y0:y1, x0:x1] = over(picture[y0:y1, x0:x1], tree, cover)
    picture = picture * 0.9 + blur(picture, 6) * 0.1
    return finish(film(picture, 0.72), size, 3, contrast=0.15, grain=0.010)
