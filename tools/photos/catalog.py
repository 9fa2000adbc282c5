"""The pictures' list: what draws each, how it was taken, what its photographer wrote."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from . import close, coast, fields, forest, mountains, night, water
from .noise import Array
from .save import Shot

WIDE, CLASSIC, SQUARE = (1600, 1067), (1600, 1200), (1600, 1600)
TALL, PORTRAIT = (1067, 1600), (1200, 1600)
LONG = "Kestrel 70-200mm F4"
BROAD = "Kestrel 16-35mm F4"
MACRO = "Kestrel Macro 100mm F2.8"
FAST = "Kestrel 50mm F1.4"


@dataclass(frozen=True)
class Photo:
    """One picture of the sandbox."""

    file: str
    draw: Callable[[tuple[int, int]], Array]
    size: tuple[int, int]
    shot: Shot
    title: str
    description: str
    tags: tuple[str, ...]
    weight: int = 190_000


PHOTOS = (
    Photo(
        "ridges-at-dawn.jpg",
        mountains.ridges,
        WIDE,
        Shot("2025-09-14 06:41:12", (1, 250), 8, 100, 85, LONG, (46.5912, 12.2553, 2214)),
        "Ridges at dawn",
        "We left the hut at four to be up here before the sun. For ten minutes the mist"
        " filled every valley, then it was gone.",
        ("mountains", "dawn", "mist", "landscape"),
    ),
    Photo(
        "last-light-at-sea.jpg",
        water.sea,
        WIDE,
        Shot("2024-08-03 20:52:47", (1, 320), 8, 100, 35),
        "Last light at sea",
        "Seen from the evening ferry, an hour out of the harbour.",
        ("sea", "sunset", "waves", "clouds"),
        150_000,
    ),
    Photo(
        "wind-on-sand.jpg",
        mountains.dunes,
        CLASSIC,
        Shot("2025-02-21 17:38:05", (1, 160), 11, 100, 35, gps=(30.8964, -5.9812, 748)),
        "Wind on sand",
        "The light only has to drop a little and every ripple throws its own shadow.",
        ("desert", "dunes", "sand", "texture", "light"),
    ),
    Photo(
        "aurora-over-the-lake.jpg",
        night.aurora,
        TALL,
        Shot("2025-10-11 23:14:30", (8, 1), 2.8, 1600, 16, BROAD, (69.2411, 19.2278, 96)),
        "Aurora over the lake",
        "No wind for once, so the lake showed it all a second time. Eight seconds, and very"
        " cold fingers.",
        ("aurora", "night", "lake", "reflection", "stars"),
    ),
    Photo(
        "milky-way-clearing.jpg",
        night.milky_way,
        TALL,
        Shot("2024-07-06 00:27:54", (20, 1), 2.8, 3200, 16, BROAD),
        "The clearing",
        "New moon, no clouds, and no village for twenty kilometres.",
        ("night", "stars", "milky way", "forest"),
    ),
    Photo(
        "winter-shadows.jpg",
        mountains.snow,
        WIDE,
        Shot("2026-01-18 15:21:33", (1, 500), 9, 100, 32),
        "Winter shadows",
        "The firs had the slope to themselves. At this hour their shadows are longer than"
        " the ski tracks.",
        ("winter", "snow", "trees", "shadows"),
    ),
    Photo(
        "the-old-pier.jpg",
        water.pier,
        WIDE,
        Shot("2024-11-16 08:05:20", (150, 1), 11, 64, 24),
        "The old pier",
        "Two and a half minutes through a ten-stop filter. The planks went in a storm"
        " years ago; the posts stay.",
        ("black and white", "long exposure", "pier", "minimal"),
        140_000,
    ),
    Photo(
        "lavender-in-july.jpg",
        fields.lavender,
        WIDE,
        Shot("2025-07-02 10:16:44", (1, 400), 8, 100, 24, gps=(43.8423, 6.0117, 572)),
        "Lavender in July",
        "You hear this field before you smell it: thousands of bees, all busy in one row"
        " after the other.",
        ("lavender", "summer", "fields", "clouds"),
        230_000,
    ),
    Photo(
        "seven-at-sunrise.jpg",
        fields.balloons,
        WIDE,
        Shot("2024-09-22 07:03:18", (1, 640), 5.6, 200, 70, LONG),
        "Seven at sunrise",
        "They went up one after the other while the valley was still asleep under its haze.",
        ("balloons", "morning", "mist", "sky"),
        170_000,
    ),
    Photo(
        "waiting-for-the-rain.jpg",
        close.rain,
        WIDE,
        Shot("2025-11-27 19:46:09", (1, 60), 1.4, 800, 50, FAST),
        "Waiting for the rain to stop",
        "From the back seat, with the focus on the window and the city left to itself.",
        ("city", "night", "bokeh", "rain"),
        180_000,
    ),
    Photo(
        "after-the-shower.jpg",
        close.leaf,
        SQUARE,
        Shot("2026-05-09 09:31:57", (1, 200), 5.6, 400, 100, MACRO),
        "After the shower",
        "Each drop is a small lens. The bright crosses are the garden window behind me.",
        ("macro", "leaf", "water", "green"),
        200_000,
    ),
    Photo(
        "keeper-s-house.jpg",
        coast.lighthouse,
        WIDE,
        Shot("2024-10-29 17:22:40", (1, 30), 8, 400, 35, BROAD),
        "The keeper’s house",
        "The lamp came on just as the last colour left the clouds.",
        ("lighthouse", "coast", "clouds", "evening"),
        180_000,
    ),
    Photo(
        "birches-in-fog.jpg",
        forest.birches,
        PORTRAIT,
        Shot("2025-10-19 08:48:26", (1, 125), 4, 200, 85, LONG),
        "Birches in fog",
        "A quiet morning in the wood behind the village; every few seconds another leaf.",
        ("forest", "autumn", "fog", "birch", "trees"),
        220_000,
    ),
)
