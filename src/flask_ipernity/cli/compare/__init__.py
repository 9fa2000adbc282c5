"""``compare``: ask the service whether it is as the client and the sandbox assume."""

from __future__ import annotations

import json
import sys
from hashlib import md5
from secrets import token_hex
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ...settings import Settings
    from .calls import Needs, Step
    from .run import Run
    from .wire import Answer, Wire

#: Where the real service is.
_IPERNITY = "https://api.ipernity.com/"
_REFUSED = "The sign-in was not confirmed. What needs a token is not compared."


@click.command()
@click.option("--sign-in", is_flag=True, help="Ask what needs a token, too; without changes.")
@click.option(
    "--write",
    is_flag=True,
    help="Also upload one private picture and make one album, change them, and delete both.",
)
@click.option(
    "--port",
    type=click.IntRange(1, 65535),
    help="Sign in with a Web key, whose callback is on this port of this machine.",
)
@click.option("--user", metavar="ID", help="Look at the public lists of this member.")
@click.option(
    "--pace",
    type=click.FloatRange(0, 60),
    default=0.3,
    show_default=True,
    metavar="SECONDS",
    help="At least so long from one call to the next.",
)
@click.option("--dry-run", is_flag=True, help="Name the calls, and make none.")
@click.option("--all", "everything", is_flag=True, help="Name what is as assumed, too.")
@click.option("--json", "as_document", is_flag=True, help="Print the report as JSON.")
def compare(sign_in: bool, write: bool, dry_run: bool, **options: Any) -> None:
    """Compare the service with what is assumed about it.

    Asks the service of this application's settings, or of IPERNITY_APP_KEY and
    IPERNITY_APP_SECRET in the environment, and says for each assumption whether
    it holds. The report has no secrets, names or pictures, so it can be sent in.

    Ends with 1 if something is different.
    """
    if dry_run:
        _announce_all(sign_in or write, write, options["pace"])
        return
    from .configured import configured_settings

    context = click.get_current_context()
    try:
        context.exit(_compare(configured_settings(), sign_in or write, write, **options))
    except KeyboardInterrupt:
        click.echo("Stopped.", err=True)
        context.exit(130)


def _announce_all(signed_in: bool, write: bool, pace: float) -> None:
    from .plan import PLAN
    from .wire import KEPT_FOR_CLEANING

    steps = [step for step in PLAN if step.needs in _granted(signed_in, write)]
    for number, step in enumerate(steps, 1):
        click.echo(f"{number:3} {step}")
    most = sum(step.times for step in steps)
    text = f"\nAt most {most} calls, in at least {len(steps) * pace:.0f} seconds"
    if signed_in:
        text += ", and 2 to sign in"
    if write:
        text += f", and up to {KEPT_FOR_CLEANING} to delete what was made"
    click.echo(f"{text}. No call was made.")


def _granted(signed_in: bool, write: bool) -> tuple[Needs, ...]:
    if write:
        return ("read", "sign-in", "write")
    return ("read", "sign-in") if signed_in else ("read",)


def _compare(
    settings: Settings,
    signed_in: bool,
    write: bool,
    port: int | None,
    user: str | None,
    pace: float,
    everything: bool,
    as_document: bool,
) -> int:
    """Make the calls, print the report, and return the exit status."""
    from . import report
    from .assumptions import all_assumptions
    from .plan import PLAN
    from .run import Run
    from .samples import Samples
    from .sign_in import authorize_url
    from .sign_in import sign_in as get_grant
    from .wire import Wire

    wire = Wire(settings, pace)
    samples = Samples({"user": user} if user else {})
    secrets = [settings.app_key, settings.app_secret, settings.owner_token]
    permissions: dict[str, str] = {}
    seen: Mapping[str, Answer] = {}
    is_refused = False
    try:
        if signed_in:
            grant, seen = get_grant(wire, settings, write, port)
            if grant is None:
                click.echo(_REFUSED, err=True)
                is_refused, signed_in, write = True, False, False
            else:
                wire.token, permissions = grant.token, grant.permissions
                secrets += [grant.token, grant.frob]
                samples.give("authorize_url", authorize_url(settings, permissions))
                if grant.frob:
                    samples.give("used_frob", grant.frob)
        needs = _granted(signed_in, write)
        progress = _Progress(sum(step.needs in needs for step in PLAN))
        run = Run(wire, samples, needs, permissions, progress)
        try:
            is_clean = _carry_out(wire, run, write)
        finally:
            progress.end()
        run.forgive(PLAN)
        run.outcome.answers.update(seen)
    finally:
        wire.close()
    findings = report.judge(all_assumptions(), run.outcome)
    private = report.Privacy([*secrets, *wire.signatures], run.outcome)
    if as_document:
        is_real = settings.api_url.startswith(_IPERNITY)
        document = report.as_json(findings, private, calls=wire.sent, is_real=is_real)
        click.echo(json.dumps(document, indent=2, ensure_ascii=False))
    else:
        click.echo(report.as_text(findings, private, calls=wire.sent, everything=everything))
    if run.outcome.stopped:
        click.echo(f"Stopped early: {private(run.outcome.stopped)}.", err=True)
    is_different = any(finding.verdict == "different" for finding in findings)
    return int(is_different or is_refused or not is_clean or bool(run.outcome.stopped))


def _carry_out(wire: Wire, run: Run, write: bool) -> bool:
    """Carry out the plan; return whether nothing is left of what was made."""
    from .plan import PLAN

    if not write:
        run.carry_out(PLAN)
        return True
    from .cleaning import Cleaner, Guard
    from .picture import new_picture

    wire.picture = new_picture()
    title = f"flask-ipernity compare {token_hex(4)}"
    run.samples.give("title", title)
    run.samples.give("md5", md5(wire.picture, usedforsecurity=False).hexdigest())
    with Guard(lambda: click.echo("Deleting what was made, please wait.", err=True)) as guard:
        try:
            run.carry_out(PLAN)
        finally:
            guard.is_open = False
            left = Cleaner(wire, run).clean()
            for what in left:
                text = f"There may still be {what} with the title “{title}”. Please look for it."
                click.echo(text, err=True)
    return not left


class _Progress:
    """Shows on a terminal how many calls have been made; elsewhere nothing.

    :param total: how many there may be.
    """

    def __init__(self, total: int) -> None:
        self._total = total
        self._made = 0
        self._is_shown = sys.stderr.isatty()

    def __call__(self, step: Step) -> None:
        self._made += 1
        self._show(f"\rcall {self._made} of at most {self._total}")

    def end(self) -> None:
        """Take the line away."""
        self._show("\r\x1b[K")

    def _show(self, text: str) -> None:
        if self._is_shown:
            click.echo(text, err=True, nl=False)
