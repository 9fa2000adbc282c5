"""Keeps drawn sizes: in memory, and in a folder for the next start. Draws each one once."""

from __future__ import annotations

import ctypes
import hashlib
import os
import threading
import time
from collections import OrderedDict
from collections.abc import Iterator
from concurrent.futures import Future
from contextlib import contextmanager, suppress
from pathlib import Path
from tempfile import NamedTemporaryFile

from .drawing import CannotDraw, prepared
from .icons import draw_placeholder
from .thumbnails import OriginalFile, size_of

#: The most that is kept in memory and in the folder, in bytes.
MEMORY_BYTES = 32 << 20
FOLDER_BYTES = 1 << 30

#: Pictures that are drawn at the same time, and the memory that they take together, in bytes.
#: A picture that takes more is drawn alone.
DRAWN_AT_ONCE = 2
DRAWING_BYTES = 160 << 20

#: Bytes of memory after whose use what was freed is given back.
_LARGE = 16 << 20

#: Is a part of the names in the folder; a change of what is drawn changes it.
_VERSION = b"1"

#: After how many bytes written the folder is looked through for what is too much.
_SWEEP_BYTES = FOLDER_BYTES // 16
_SUFFIX = ".jpg"
#: Seconds after which a file that is being written is left over from a process that was killed.
_ABANDONED = 3600


def _give_back() -> None:
    """Let the C library return freed memory to the system; glibc keeps it for each thread."""
    with suppress(AttributeError, OSError, TypeError):
        ctypes.CDLL(None).malloc_trim(0)


class DrawingSlots:
    """Lets a few pictures be drawn at once, and no more than memory permits."""

    def __init__(self, number: int = DRAWN_AT_ONCE, memory: int = DRAWING_BYTES) -> None:
        self._number, self._memory = number, memory
        self._taken: list[int] = []
        self._freed = threading.Condition()
        # One waits for room, the others for their turn: a large picture is not passed for ever.
        self._turn = threading.Lock()

    @contextmanager
    def taken(self, memory: int) -> Iterator[None]:
        """Wait for a slot, and hold it.

        :param memory: what the drawing takes, in bytes.
        """
        with self._turn, self._freed:
            self._freed.wait_for(lambda: self._fits(memory))
            self._taken.append(memory)
        try:
            yield
        finally:
            if memory > _LARGE:
                _give_back()
            with self._freed:
                self._taken.remove(memory)
                self._freed.notify_all()

    def _fits(self, memory: int) -> bool:
        if not self._taken:
            return True
        return len(self._taken) < self._number and sum(self._taken) + memory <= self._memory


class ThumbnailCache:
    """Draws sizes and keeps the most recently used, up to a number of bytes; thread-safe.

    Each size is drawn once, whatever the number of those who ask for it at the same time.

    :param limit: of what is kept in memory, in bytes.
    :param folder: where drawn sizes are kept for the next start, or None; made when needed.
    :param folder_limit: of what is kept there, in bytes.
    """

    def __init__(
        self,
        limit: int = MEMORY_BYTES,
        folder: Path | None = None,
        folder_limit: int = FOLDER_BYTES,
    ) -> None:
        self.limit = limit
        self._folder = None if folder is None else DrawnFolder(folder, folder_limit)
        self._slots = DrawingSlots()
        self._kept: OrderedDict[tuple[str, str], bytes] = OrderedDict()
        self._bytes = 0
        self._under_way: dict[tuple[str, str], Future[bytes]] = {}
        self._lock = threading.Lock()
        #: How many sizes were drawn.
        self.drawn = 0

    def draw(self, picture: OriginalFile, label: str) -> bytes:
        """Return a size as JPEG, drawn now or kept; a placeholder if it cannot be drawn.

        :raises OSError: the file is gone, or is another one by now.
        """
        key = (picture.identity, label)
        with self._lock:
            if key in self._kept:
                self._kept.move_to_end(key)
                return self._kept[key]
            own = Future[bytes]()
            under_way = self._under_way.setdefault(key, own)
        if under_way is not own:
            return under_way.result()
        try:
            data = self._found_or_drawn(picture, label)
        except BaseException as error:
            own.set_exception(error)
            with self._lock:
                del self._under_way[key]
            raise
        with self._lock:
            del self._under_way[key]
            self._kept[key] = data
            self._bytes += len(data)
            while self._bytes > self.limit and len(self._kept) > 1:
                self._bytes -= len(self._kept.popitem(last=False)[1])
        own.set_result(data)
        return data

    def _found_or_drawn(self, picture: OriginalFile, label: str) -> bytes:
        name = hashlib.sha256(b"\0".join((_VERSION, picture.identity.encode(), label.encode())))
        if self._folder is not None and (data := self._folder.get(name.hexdigest())):
            return data
        try:
            with prepared(picture, label) as (memory, drawn), self._slots.taken(memory):
                data = drawn()
        except CannotDraw:
            # not kept in the folder: tomorrow the format may be known
            return draw_placeholder(*size_of(label, picture.width, picture.height))
        self.drawn += 1
        if self._folder is not None:
            self._folder.put(name.hexdigest(), data)
        return data


class DrawnFolder:
    """A folder of drawn sizes, of which the ones not used for longest go first.

    What goes wrong with it, such as a full disk, costs only the drawing.
    """

    def __init__(self, path: Path, limit: int) -> None:
        self._path, self._limit = path, limit
        self._written = _SWEEP_BYTES  # at the first picture it is looked through
        self._lock = threading.Lock()

    def _file(self, name: str) -> Path:
        return self._path / name[:2] / f"{name[2:]}{_SUFFIX}"

    def get(self, name: str) -> bytes | None:
        """Return a size, or None if it is not there, or not whole."""
        file = self._file(name)
        try:
            data = file.read_bytes()
            if not (data.startswith(b"\xff\xd8") and data.endswith(b"\xff\xd9")):
                return None
            os.utime(file)
        except OSError:
            return None
        return data

    def put(self, name: str, data: bytes) -> None:
        """Keep a size, and now and then remove what is too much."""
        file = self._file(name)
        with suppress(OSError):
            file.parent.mkdir(0o700, parents=True, exist_ok=True)
            with NamedTemporaryFile(dir=file.parent, delete=False) as part:
                try:
                    part.write(data)
                    part.close()
                    os.replace(part.name, file)
                except BaseException:
                    os.unlink(part.name)
                    raise
        with self._lock:
            self._written += len(data)
            if self._written < _SWEEP_BYTES:
                return
            self._written = 0
        self._sweep()

    def _sweep(self) -> None:
        found: list[tuple[float, int, str]] = []
        now = time.time()
        for folder, _, names in os.walk(self._path):
            for name in names:
                path = os.path.join(folder, name)
                with suppress(OSError):
                    about = os.stat(path, follow_symlinks=False)
                    if name.endswith(_SUFFIX):
                        found.append((about.st_mtime, about.st_size, path))
                    elif about.st_mtime < now - _ABANDONED:
                        os.unlink(path)
        total = sum(size for _, size, _ in found)
        for _, size, path in sorted(found):
            if total <= self._limit:
                break
            with suppress(OSError):
                os.unlink(path)
            total -= size


def user_cache_folder() -> Path:
    """Return the folder for drawn sizes in the user's folder of caches (XDG Base Directory)."""
    caches = os.environ.get("XDG_CACHE_HOME", "")
    # a relative path is to be ignored
    base = Path(caches) if os.path.isabs(caches) else Path.home() / ".cache"
    return base / "flask-ipernity" / "thumbnails"
