"""Carries out the plan: makes the calls that can be made, and keeps their answers."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace

from ...permissions import missing
from .calls import Call, Fetch, Needs, Step
from .samples import MissingSample, Samples, spoiled
from .shapes import at, method_list, number
from .wire import Answer, LimitReached, NoAnswer, Wire

#: So many calls without an answer, one after the other, end a run.
_MAX_FAILURES = 3
#: Seconds to wait before it is asked again about an upload, at least, and at most: clients report
#: that the time that is told is often too long.
_WAITS = (3, 6, 12)
_LONGEST_WAIT = 15
#: The service has had enough for now.
_LIMITS = ("112", "113")
#: The service does not know the application, or does not serve it here.
_KEY_REFUSED = ("100", "101", "111")
#: The token is not valid any more, or its account is closed.
_TOKEN_DEAD = ("107", "108")
#: The calls that show by which HTTP methods a token is taken, and the last one with a token.
_VERBS = ("token", "token_by_post")
_LAST = "token_at_the_end"


class Stopped(Exception):
    """The run cannot go on; the text says why."""


@dataclass
class Outcome:
    """What a run has seen."""

    answers: dict[str, Answer] = field(default_factory=dict)
    #: Why there is no answer to a call.
    unseen: dict[str, str] = field(default_factory=dict)
    #: Why the run did not come to its end.
    stopped: str | None = None


class Run:
    """One run of the plan.

    :param wire: sends the calls.
    :param samples: what calls need.
    :param granted: what the run may do.
    :param permissions: those of the token, level by item.
    :param announce: is told of each call before it is made.
    """

    def __init__(
        self,
        wire: Wire,
        samples: Samples,
        granted: Iterable[Needs],
        permissions: Mapping[str, str],
        announce: Callable[[Step], object],
    ) -> None:
        self._wire = wire
        self.samples = samples
        self._granted = frozenset(granted)
        self._permissions = permissions
        self._announce = announce
        self._failures = 0
        self.outcome = Outcome()

    def carry_out(self, plan: Iterable[Step]) -> None:
        """Make all calls of *plan* that can be made."""
        for step in plan:
            if self.outcome.stopped is not None:
                self.outcome.unseen[step.name] = self.outcome.stopped
                continue
            try:
                self._make(step)
            except Stopped as stopped:
                self.outcome.stopped = str(stopped)
                self.outcome.unseen[step.name] = str(stopped)

    def forgive(self, plan: Iterable[Step]) -> None:
        """Do not blame the methods that were called with a token that has ended in the meantime."""
        answers, unseen = self.outcome.answers, self.outcome.unseen
        if not _is_dead(answers.get(_LAST)):
            return
        for step in plan:
            is_own = isinstance(step, Call) and step.token == "right" and step.name != _LAST
            if is_own and _is_dead(answers.get(step.name)):
                unseen[step.name] = "the token had ended"
                del answers[step.name]

    @property
    def reads_by_post(self) -> bool:
        """Whether the service takes a token of reading calls by POST only."""
        by_get, by_post = (self.outcome.answers.get(name) for name in _VERBS)
        return bool(by_get and by_post and by_post.is_ok and not by_get.is_ok)

    def _make(self, step: Step) -> None:
        unseen = self.outcome.unseen
        if step.needs not in self._granted:
            unseen[step.name] = f"it needs --{step.needs}"
            return
        if (lacking := self._lacking(step)) is not None:
            unseen[step.name] = lacking
            return
        if isinstance(step, Call) and step.about and self.samples.get(step.about) is None:
            unseen[step.name] = "the picture was not uploaded"
            return
        self._announce(step)
        try:
            answer = self._answer(step)
        except MissingSample as missing:
            unseen[step.name] = str(missing)
            return
        except NoAnswer as failure:
            unseen[step.name] = str(failure)
            self._failures += 1
            if self._failures >= _MAX_FAILURES:
                raise Stopped(f"the service cannot be reached: {failure}") from None
            return
        except LimitReached:
            raise Stopped("as many calls were made as one run may make") from None
        self._failures = 0
        if answer.code in _LIMITS or answer.status == 429:
            raise Stopped("the service wants no more calls for now")
        if answer.status >= 500 or answer.code in ("500", "501", "503"):
            unseen[step.name] = "the service was not available"
            return
        if isinstance(step, Call) and step.times > 1 and not is_settled(answer):
            unseen[step.name] = "the upload was not done in time"
            return
        if not self.outcome.answers and answer.code in _KEY_REFUSED:
            raise Stopped(f"the service refuses IPERNITY_APP_KEY (error {answer.code})")
        self._keep(step, answer)

    def _keep(self, step: Step, answer: Answer) -> None:
        self.outcome.answers[step.name] = answer
        if isinstance(step, Call):
            self.samples.learn(step.name, answer)
        elif etag := answer.headers.get("etag"):
            self.samples.give("etag", etag)

    def _answer(self, step: Step) -> Answer:
        if isinstance(step, Fetch):
            return self._fetch(step)
        params = self.samples.fill(step.params)
        is_read = not method_list()["methods"].get(step.method, {}).get("post")
        if is_read and step.token == "right" and step.name not in _VERBS and self.reads_by_post:
            step = replace(step, post=True)
        answer = self._wire.call(step, params)
        if step.times > 1:
            if answer.is_ok:
                self.outcome.answers[f"{step.name}_first"] = answer
            for seconds in _WAITS[: step.times - 1]:
                if is_settled(answer):
                    break
                told = number(next(at(answer.data, "tickets.eta"), None)) or 0
                self._wire.pause(min(max(told, seconds), _LONGEST_WAIT))
                answer = self._wire.call(step, params)
        return answer

    def _fetch(self, fetch: Fetch) -> Answer:
        url = self.samples.fill({"url": f"{{{fetch.url}}}"})["url"]
        headers = self.samples.fill(fetch.headers)
        if fetch.url == "authorize_url":
            return self._wire.open_page(url)
        return self._wire.fetch(spoiled(url) if fetch.spoil else url, fetch.verb, headers)

    def _lacking(self, step: Step) -> str | None:
        """Return why the permissions of the token make a call useless; ``None`` if they do not."""
        if isinstance(step, Fetch) or step.token != "right":
            return None
        if step.without:
            item, level = step.without
            lacks = missing(self._permissions, {item: level})
            return None if lacks else f"the token has {item}={level}"
        facts = method_list()["methods"][step.method]
        if step.signature == "right" and facts["token"]:
            for item, level in missing(self._permissions, facts["permissions"]).items():
                return f"the token lacks {item}={level}"
        return None


def _is_dead(answer: Answer | None) -> bool:
    return answer is not None and answer.code in _TOKEN_DEAD


def is_settled(answer: Answer) -> bool:
    """Return whether ``upload.checkTickets`` has nothing more to tell."""
    waiting = [
        row
        for row in at(answer.data, "tickets.ticket.*")
        if isinstance(row, dict) and "1" not in (str(row.get("done")), str(row.get("invalid")))
    ]
    return not (answer.is_ok and waiting)
