"""Make the sandbox's video and audio clip with ffmpeg: ``python tools/make_clips.py [folder]``.

The video is a slow pan over the picture of the sea, the audio a synthesised surf with a soft
chord. Both are made from fixed seeds; ffmpeg is needed here only, never at run time.
"""

from __future__ import annotations

import argparse
import subprocess
import tempfile
import wave
from pathlib import Path

import numpy as np
from PIL import Image

FOLDER = Path(__file__).resolve().parent.parent / "src/flask_ipernity/sandbox/photos"
SIZE = (640, 360)
#: Frames a second of the video, and all of them.
FRAME_RATE, FRAMES = 25, 125
#: Samples a second of the audio clip, and its seconds.
SAMPLE_RATE, AUDIO_SECONDS = 44100, 7


def ffmpeg(*arguments: str) -> None:
    """Run ffmpeg quietly, without traces of time or program in the file."""
    plain = ("-map_metadata", "-1", "-fflags", "+bitexact", "-flags", "+bitexact")
    command = ["ffmpeg", "-y", "-loglevel", "error", *arguments[:-1], *plain, arguments[-1]]
    subprocess.run(command, check=True)


def video(folder: Path) -> None:
    """Make the video: a slow pan and zoom over the sea at sunset."""
    with Image.open(folder / "last-light-at-sea.jpg") as opened:
        picture = opened.convert("RGB")
    with tempfile.TemporaryDirectory() as place:
        for k in range(FRAMES):
            t = k / (FRAMES - 1)
            t = t * t * (3 - 2 * t)
            wide = 1180 - 300 * t
            tall = wide * SIZE[1] / SIZE[0]
            left, top = 400 * (1 - t) + 150 * t, 180 * (1 - t) + 300 * t
            frame = picture.resize(
                SIZE, Image.Resampling.LANCZOS, (left, top, left + wide, top + tall)
            )
            frame.save(Path(place) / f"{k:03}.png")
        ffmpeg(
            *("-framerate", str(FRAME_RATE), "-i", str(Path(place) / "%03d.png")),
            *("-c:v", "libx264", "-preset", "veryslow", "-crf", "27", "-maxrate", "330k"),
            *("-bufsize", "500k", "-pix_fmt", "yuv420p", "-threads", "1"),
            *("-movflags", "+faststart", str(folder / "evening-ferry.mp4")),
        )


def audio(folder: Path) -> None:
    """Make the audio clip: two waves that roll in and draw back, a quiet chord below them."""
    rng = np.random.default_rng(77)
    count = SAMPLE_RATE * AUDIO_SECONDS
    t = np.arange(count) / SAMPLE_RATE
    tone = np.fft.rfftfreq(count, 1 / SAMPLE_RATE)
    sides = []
    for side in range(2):
        noise = np.fft.rfft(rng.standard_normal(count))
        deep = np.fft.irfft(noise / (1 + (tone / 350) ** 1.6), count)
        hiss = np.fft.irfft(noise * (tone > 700) / (1 + (tone / 2600) ** 1.4), count)
        swell = np.zeros(count)
        foam = np.zeros(count)
        for peak in (1.7, 5.0):
            shift = t - peak - 0.12 * side
            swell += np.where(shift < 0, np.exp(-((shift / 0.9) ** 2)), np.exp(-shift / 1.3))
            late = shift - 0.35
            foam += np.where(late < 0, np.exp(-((late / 0.45) ** 2)), np.exp(-late / 0.9))
        surf = deep / deep.std() * (0.15 + 0.75 * swell) * 0.5
        surf += hiss / hiss.std() * foam * 0.22
        chord = np.zeros(count)
        for k, pitch in enumerate((146.83, 220.0, 277.18, 369.99, 440.0)):
            start = 0.25 + 0.45 * k
            since = np.clip(t - start, 0, None)
            body = (1 - np.exp(-since / 0.25)) * np.exp(-since / 3.2)
            drift = 1 + 0.0012 * (side - 0.5)
            for partial, part in ((1, 1.0), (2, 0.28), (3, 0.10)):
                chord += part * body * np.sin(2 * np.pi * pitch * partial * drift * t + k)
        sides.append(surf * 0.55 + chord * 0.30)
    sound = np.stack(sides, axis=-1)
    fade = np.clip(np.minimum(t / 0.4, (AUDIO_SECONDS - t) / 1.4), 0, 1) ** 1.5
    sound *= fade[:, None]
    sound *= 0.7 / np.abs(sound).max()
    with tempfile.TemporaryDirectory() as place:
        plain = Path(place) / "surf.wav"
        with wave.open(str(plain), "wb") as out:
            out.setnchannels(2)
            out.setsampwidth(2)
            out.setframerate(SAMPLE_RATE)
            out.writeframes((sound * 32767).astype("<i2").tobytes())
        ffmpeg("-i", str(plain), "-c:a", "libmp3lame", "-b:a", "96k", str(folder / "surf.mp3"))


def make(folder: Path) -> None:
    """Make both clips from the picture of the sea, which must be in *folder*."""
    video(folder)
    audio(folder)


def entries() -> list[dict[str, object]]:
    """Return the clips' part of ``index.json``."""
    return [
        {
            "file": "evening-ferry.mp4",
            "media": "video",
            "title": "From the evening ferry",
            "description": "A slow look at the last of the sun, taken from the rail.",
            "tags": ["sea", "sunset", "video"],
            "created": "2024-08-03 20:54:10",
            "length": FRAMES // FRAME_RATE,
            "width": SIZE[0],
            "height": SIZE[1],
        },
        {
            "file": "surf.mp3",
            "media": "audio",
            "title": "Two waves",
            "description": "Surf recorded below the harbour wall, with a few notes added at home.",
            "tags": ["sea", "sound", "waves"],
            "created": "2024-08-04 07:18:42",
            "length": AUDIO_SECONDS,
        },
    ]


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", nargs="?", type=Path, default=FOLDER)
    make(parser.parse_args().folder)
