"""Puts assumptions and answers together, and says what comes of it, without anything private."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from importlib.metadata import version
from textwrap import fill, indent
from typing import Any, Literal, NamedTuple

from ...http.redaction import redact
from . import content_checks, file_checks, reply_checks  # noqa: F401 - registers checks
from .assumptions import Assumption
from .calls import Call
from .checks import CHECKS, COMPARISONS, Refused, Unseen
from .plan import PLAN, VISITS
from .run import Outcome
from .shapes import method_list, scalars
from .wire import NOT_ALLOWED, Answer

Verdict = Literal["same", "different", "unseen"]

#: Shorter values are in many harmless words.
_SHORTEST_PRIVATE = 4
#: An address of a page or a machine, or of a person's mail.
_ADDRESS = re.compile(r"https?://\S+|\b\d{1,3}(\.\d{1,3}){3}\b|\S+@\S+")
#: The names of all calls of methods.
_CALLS = tuple(step.name for step in PLAN if isinstance(step, Call))
_QUOTED = re.compile(r"“[^”]*”")
#: Ids, dates, and the secrets of files.
_NUMBER = re.compile(r"\b(?:[0-9-]{4,}|[0-9a-f]{8,})\b")
#: So many differences of one assumption are shown.
_MOST = 12


class Finding(NamedTuple):
    """What became of one assumption."""

    assumption: Assumption
    verdict: Verdict
    #: What differs, or why nothing was seen.
    details: tuple[str, ...]


def judge(assumptions: Iterable[Assumption], outcome: Outcome) -> list[Finding]:
    """Return for each assumption whether the answers agree with it."""
    return [_finding(one, outcome) for one in assumptions]


def _finding(assumption: Assumption, outcome: Outcome) -> Finding:
    names = _CALLS if assumption.calls == ("*",) else assumption.calls
    seen = {name: outcome.answers[name] for name in names if name in outcome.answers}
    unanswered = {**VISITS, **outcome.unseen}
    reasons = [unanswered[name] for name in names if name in unanswered]
    if assumption.check != "allowed_host":
        for name in [name for name, answer in seen.items() if answer.status == NOT_ALLOWED]:
            del seen[name]
            reasons.append("the file is on a host that is not allowed")
    before = [name for name in assumption.after if not _is_ok(outcome, name)]
    if before:
        return Finding(assumption, "unseen", (f"{before[0].replace('_', ' ')} did not succeed",))
    together = assumption.check in COMPARISONS
    if not seen or (together and len(seen) < len(names)):
        return Finding(assumption, "unseen", tuple(dict.fromkeys(reasons)) or ("not asked",))
    found: list[str] = []
    unseen: list[str] = []
    groups = [("", seen)] if together else [(name, {name: seen[name]}) for name in seen]
    for name, answers in groups:
        try:
            lines = list(_lines(assumption, list(answers.values())))
        except Unseen as reason:
            unseen.append(str(reason))
        except Refused as refusal:
            found.append(f"{name}: {refusal}" if len(groups) > 1 else str(refusal))
        else:
            found += [f"{name}: {line}" if len(groups) > 1 else line for line in lines]
    if found:
        return Finding(assumption, "different", tuple(dict.fromkeys(found)))
    if len(unseen) == len(groups):
        return Finding(assumption, "unseen", tuple(dict.fromkeys(unseen)))
    return Finding(assumption, "same", ())


def _is_ok(outcome: Outcome, name: str) -> bool:
    return name in outcome.answers and outcome.answers[name].is_ok


def _lines(assumption: Assumption, answers: list[Answer]) -> Iterator[str]:
    if assumption.check in COMPARISONS:
        return COMPARISONS[assumption.check](answers, assumption.value)
    return CHECKS[assumption.check](answers[0], assumption.value)


class Privacy:
    """Knows what the answers hold that is nobody else's business, and takes it out of texts.

    The checks repeat nothing of an answer but words of the service: its messages, its keys, a
    few of its words for kinds of things. These are in quotation marks. Should there be anything
    private in them after all, it is taken out here.

    :param secrets: what the run itself knew: key, secret, tokens, signatures.
    :param outcome: whose answers hold the rest.
    """

    def __init__(self, secrets: Iterable[str | None], outcome: Outcome) -> None:
        self._secrets = [secret for secret in secrets if secret]
        words: set[str] = set()
        for answer in outcome.answers.values():
            for where, value in scalars(answer.data) if answer.is_ok else ():
                if _private(where):
                    words.add(str(value))
                if where.endswith(("name", "alias")):
                    words |= set(re.findall(r"\w+", str(value)))
        private = {word for word in words - _public_words() if len(word) >= _SHORTEST_PRIVATE}
        # Longer ones first, so that no part of one is left.
        self._words = sorted(private, key=len, reverse=True)

    def __call__(self, text: str) -> str:
        """Return *text* without anything private."""
        return _ADDRESS.sub("***", redact(_QUOTED.sub(self._clean, text), *self._secrets))

    def _clean(self, match: re.Match[str]) -> str:
        text = _NUMBER.sub("***", match[0])
        for word in self._words:
            if word in text:
                text = re.sub(rf"(?<!\w){re.escape(word)}(?!\w)", "***", text)
        return text


#: Where answers hold words of the service, not of people.
_PUBLIC_PATHS = re.compile(
    r"(methods?|api)\b.*|(.*\.)?(label|ext|media|format|created|period|lang)"
)


def _private(where: str) -> bool:
    return not _PUBLIC_PATHS.fullmatch(where.replace("[]", ""))


def _public_words() -> set[str]:
    """Return words that the report may say, whatever somebody's picture is called."""
    names: set[str] = set(method_list()["methods"])
    return {"none", "read", "write", "delete", "photo", "video", "audio", "other", *names}


def as_json(findings: Iterable[Finding], private: Privacy, *, calls: int, is_real: bool) -> Any:
    """Return the report as a JSON document.

    :param calls: how many calls were made.
    :param is_real: whether it was Ipernity itself.
    """
    findings = list(findings)
    return {
        "program": f"Flask-Ipernity {version('Flask-Ipernity')}",
        "date": datetime.now(UTC).date().isoformat(),
        "service": "Ipernity" if is_real else "another",
        "calls": calls,
        "counts": {
            verdict: _count(findings, verdict) for verdict in ("same", "different", "unseen")
        },
        "assumptions": [
            {
                "id": finding.assumption.id,
                "verdict": finding.verdict,
                "what": finding.assumption.what,
                "evidence": finding.assumption.evidence,
                "source": finding.assumption.source,
                "how": finding.assumption.how,
                "reference": finding.assumption.reference,
                "overlay": list(finding.assumption.overlay),
                "lives": list(finding.assumption.lives),
                "details": [private(line) for line in finding.details],
            }
            for finding in findings
        ],
    }


def as_text(findings: Iterable[Finding], private: Privacy, *, calls: int, everything: bool) -> str:
    """Return the report for people.

    :param calls: how many calls were made.
    :param everything: name what is the same as well.
    """
    findings = list(findings)
    lines: list[str] = []
    for finding in findings:
        if finding.verdict == "different":
            lines += [*_difference(finding, private), ""]
    unseen: dict[str, list[str]] = {}
    for finding in findings:
        if finding.verdict == "unseen":
            reasons = private("; ".join(finding.details))
            unseen.setdefault(f"NOT SEEN, {reasons}", []).append(finding.assumption.id)
    same = [finding.assumption.id for finding in findings if finding.verdict == "same"]
    for heading, ids in {**unseen, **({"AS ASSUMED": same} if everything else {})}.items():
        text = fill(", ".join(ids), 88, break_long_words=False, break_on_hyphens=False)
        lines += [heading, indent(text, " " * 11), ""]
    counts = [
        f"{_count(findings, verdict)} {words}"
        for verdict, words in (
            ("same", "as assumed"),
            ("different", "different"),
            ("unseen", "not seen"),
        )
    ]
    lines += [f"{len(findings)} assumptions: {', '.join(counts)}; {calls} calls."]
    return "\n".join(lines).lstrip("\n")


def _difference(finding: Finding, private: Privacy) -> Iterator[str]:
    assumption = finding.assumption
    yield f"DIFFERENT  {assumption.id}"
    yield f"           {assumption.what}"
    yield from (f"         ! {private(line)}" for line in finding.details[:_MOST])
    if len(finding.details) > _MOST:
        yield f"         ! and {len(finding.details) - _MOST} more"
    yield f"           {assumption.evidence}: {assumption.source}"
    yield f"           reference: {assumption.reference}"
    if assumption.overlay:
        yield f"           overlay: {', '.join(assumption.overlay)}"
    yield f"           code: {', '.join(assumption.lives)}"


def _count(findings: Iterable[Finding], verdict: str) -> int:
    return sum(finding.verdict == verdict for finding in findings)
