"""Visitors: each a browser of its own that checks whose every answer is."""

from __future__ import annotations

import itertools
import random
import threading
import time
from collections import Counter
from urllib.parse import urlsplit

import requests
from tests.support.visitor import consent

from benchmarks.soak.trouble import Trouble
from benchmarks.soak.truth import Truth, Who, picture
from flask_ipernity.sandbox import Sandbox

#: Shares of a hundred requests of signed-in visitors.
UPLOADS, SIGN_OUTS, STRANGERS = 2, 1, 1
#: Calls of each visitor at once in the beginning, when processes may still share what they inherit.
RUSH = 50
#: Seconds of a pause between two requests.
PAUSE = (0.05, 0.25)

_NAVIGATION = {
    "Accept": "text/html",
    "Sec-Fetch-Mode": "navigate",
    "Sec-Fetch-Dest": "document",
    "Sec-Fetch-Site": "same-origin",
}
_PICTURE = {
    "Accept": "image/*",
    "Sec-Fetch-Mode": "no-cors",
    "Sec-Fetch-Dest": "image",
    "Sec-Fetch-Site": "same-origin",
}

_seeds = itertools.count(1000)


class Tally:
    """What all visitors have seen."""

    def __init__(self, trouble: Trouble) -> None:
        self._trouble = trouble
        self._lock = threading.Lock()
        self.counts: Counter[str] = Counter()
        #: What was not as it must be, with the seconds from the start.
        self.notes: list[str] = []
        self._began = time.monotonic()

    def add(self, kind: str, note: str = "") -> None:
        """Count an answer as ``right``, ``excused``, ``wrong``, ``failed`` or ``broken``."""
        with self._lock:
            self.counts[kind] += 1
            if note:
                self.notes.append(f"{time.monotonic() - self._began:6.1f} s  {kind}: {note}")

    def explains(self, began: float) -> bool:
        """Whether there has been trouble since a request began."""
        return self._trouble.explains(began, time.monotonic())

    def failure(self, began: float, status: int | None, note: str) -> None:
        """Count an answer with a status from 500 on, or (None) a connection that broke.

        Nothing excuses status 500: it is a crash of the application.
        """
        if status != 500 and self.explains(began):
            self.add("excused")
        else:
            self.add("broken" if status is None else "failed", note)


class Visitor:
    """One browser.

    :param who: the person who signs in with it; None for nobody.
    :param urls: the server's instances, any of which may answer.
    """

    def __init__(self, who: Who, urls: list[str], known: Truth, tally: Tally) -> None:
        self.who = who
        self.known = known
        self.tally = tally
        self.dice = random.Random()
        self._urls = urls
        self._browser = requests.Session()
        self._browser.trust_env = False
        #: Whether the visitor is signed in; None if trouble has left that open.
        self.is_in: bool | None = False

    @property
    def user_id(self) -> str | None:
        """The visitor's id on the service."""
        return None if self.who is None else self.known.people[self.who]

    def ask(
        self,
        path: str,
        *expected: int,
        method: str = "GET",
        headers: dict[str, str] | None = None,
        **body: object,
    ) -> requests.Response | None:
        """Send a request; return the response if it has an expected status, and else count it."""
        began = time.monotonic()
        note = f"visitor {self.who}: {method} {path}"
        try:
            reply = self._browser.request(
                method,
                self.dice.choice(self._urls) + path,
                headers={**_NAVIGATION, **(headers or {})},
                allow_redirects=False,
                timeout=60,
                **body,  # type: ignore[arg-type]
            )
        except requests.RequestException as error:
            self.tally.failure(began, None, f"{note}: {type(error).__name__}")
            return None
        finally:
            # uWSGI ends each connection without saying so.
            self._browser.close()
        if reply.status_code in expected:
            return reply
        if reply.status_code >= 500:
            self.tally.failure(began, reply.status_code, f"{note}: {reply.status_code}")
        else:
            where = reply.headers.get("Location", "").partition("?")[0]
            self.tally.add("wrong", f"{note}: {reply.status_code} {where}")
        return None

    def judge(self, is_right: bool, note: str) -> None:
        """Count an answer that has come whole."""
        if is_right:
            self.tally.add("right")
        else:
            self.tally.add("wrong", f"visitor {self.who}: {note}")

    def sign_in(self) -> None:
        """Sign in; trouble may leave open whether it has worked."""
        began = time.monotonic()
        first = self.ask("/me", 302, 200)
        if first is None:
            return
        if first.status_code == 200:
            # A sign-in that seemed to fail has worked.
            self.judge(self.is_in is None, "is signed in, and should not be")
        else:
            assert self.who is not None
            back = urlsplit(consent(first.headers["Location"], self.who))
            landed = self.ask(
                f"{back.path}?{back.query}", 303, 400, 403, headers={"Sec-Fetch-Site": "cross-site"}
            )
            self.is_in = None
            if landed is None:
                return
            if landed.status_code != 303:
                self.tally.failure(began, landed.status_code, "a sign-in that was refused")
                return
            self.tally.add("right")
        self.is_in = True
        self.check_me()

    def check_me(self) -> None:
        """Ask who is signed in."""
        if reply := self.ask("/me", 200):
            self.judge(reply.json()["user_id"] == self.user_id, f"/me is {reply.text.strip()}")

    def check_out(self) -> None:
        """Ask for a page that only who is signed in sees."""
        if reply := self.ask("/me", 302):
            self.judge("/apps/authorize?" in reply.headers["Location"], "sent elsewhere")

    def check_list(self, path: str, user_id: str) -> None:
        """Ask for somebody's documents: exactly those that the visitor may see.

        In trouble, a page for all may show only what everybody sees, as the documentation says.
        """
        began = time.monotonic()
        if reply := self.ask(path, 200):
            docs = dict(reply.json())
            # What this and other browsers of the same person have uploaded meanwhile.
            own = {doc_id for doc_id, title in docs.items() if title == f"Soak {user_id}"}
            rest = docs.keys() - own
            if rest == self.known.lists[self.who, user_id] and (user_id == self.user_id or not own):
                self.tally.add("right")
            elif docs.keys() == self.known.lists[None, user_id] and self.tally.explains(began):
                self.tally.add("excused")
            else:
                self.tally.add("wrong", f"visitor {self.who}: {path} lists {sorted(docs.items())}")

    def check_picture(self) -> None:
        """Fetch a file, or a part of it."""
        see, all_files = self.known.visible[self.who], list(self.known.files)
        is_stranger = self.dice.randrange(100) < STRANGERS
        wanted = [key for key in all_files if (key[0] not in see) == is_stranger]
        if not wanted:
            return
        doc_id, label = self.dice.choice(wanted)
        path = f"/ipernity/doc/{doc_id}/{label}"
        if is_stranger:
            if self.ask(path, 404, headers=_PICTURE):
                self.tally.add("right")
            return
        whole = self.known.files[doc_id, label]
        if self.dice.random() < 0.7:
            if reply := self.ask(path, 200, headers=_PICTURE):
                self.judge(reply.content == whole, f"{path} is another file")
            return
        first = self.dice.randrange(len(whole) - 1)
        last = min(self.dice.randrange(first, len(whole)), first + 200_000)
        if reply := self.ask(path, 206, headers={**_PICTURE, "Range": f"bytes={first}-{last}"}):
            self.judge(reply.content == whole[first : last + 1], f"{path}: another range")

    def check_user(self) -> None:
        """Ask for somebody's profile, which no cache has."""
        user_id = self.dice.choice(self.known.people)
        if reply := self.ask(f"/user/{user_id}", 200):
            self.judge(
                reply.json()["user_id"] == user_id, f"user {user_id} is {reply.text.strip()}"
            )

    def upload(self) -> None:
        """Upload a photo, find it in one's own list, and delete it."""
        form = {"title": f"Soak {self.user_id}"}
        file = {"file": ("soak.jpg", picture(next(_seeds)), "image/jpeg")}
        reply = self.ask("/upload", 200, method="POST", data=form, files=file)
        if not reply:
            return
        doc_id = reply.json()["doc_id"]
        if reply := self.ask("/fresh", 200):
            titles = dict(reply.json())
            self.judge(titles.get(doc_id) == form["title"], f"upload {doc_id} is not in the list")
        if self.ask(f"/delete/{doc_id}", 200, method="POST"):
            self.tally.add("right")

    def sign_out(self) -> None:
        """Sign out."""
        self.is_in = None
        if self.ask("/out", 200, method="POST"):
            self.is_in = False
            self.tally.add("right")
            self.check_out()

    def step(self) -> None:
        """Do one thing."""
        if self.who is not None and not self.is_in:
            self.sign_in()
            return
        chance = self.dice.randrange(100)
        if self.who is not None and chance < UPLOADS:
            self.upload()
        elif self.who is not None and chance < UPLOADS + SIGN_OUTS:
            self.sign_out()
        elif self.who is not None and chance < 15:
            self.check_me()
        elif self.who is not None and chance < 22:
            assert self.user_id
            self.check_list("/fresh", self.user_id)
        elif chance < 40:
            user_id = self.dice.choice(self.known.people)
            self.check_list(f"/of/{user_id}", user_id)
        elif chance < 50:
            self.check_user()
        else:
            self.check_picture()

    def run(self, stop: threading.Event) -> None:
        """Go on until *stop* is set."""
        for _ in range(RUSH):
            self.check_user()
        while not stop.wait(self.dice.uniform(*PAUSE)):
            self.step()


class RevokingVisitor(Visitor):
    """Somebody who takes the application its token away now and then.

    :param sandbox: where that is done; nobody else may sign in as this person.
    """

    def __init__(
        self, who: Who, urls: list[str], known: Truth, tally: Tally, sandbox: Sandbox
    ) -> None:
        super().__init__(who, urls, known, tally)
        self._sandbox = sandbox
        #: Whether the application has yet to notice.
        self._is_revoked = False

    def step(self) -> None:
        """Do one thing."""
        if self._is_revoked:
            self.check_revoked()
        elif self.is_in and self.dice.randrange(30) == 0:
            self.revoke()
            self.check_revoked()
        else:
            super().step()

    def revoke(self) -> None:
        """Take the application its tokens."""
        with self._sandbox.state.lock:
            tokens = [
                value
                for value, token in self._sandbox.state.tokens.items()
                if token.user_id == self.user_id
            ]
        for token in tokens:
            self._sandbox.revoke(token)
        self._is_revoked = True

    def check_revoked(self) -> None:
        """Check that from the first call which the service refuses, the sign-in is gone."""
        if self.ask("/fresh", 302):
            self.tally.add("right")
            self._is_revoked = self.is_in = False
            for _ in range(3):
                self.check_out()
