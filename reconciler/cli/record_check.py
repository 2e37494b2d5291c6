"""`modelsync pin --check --base`: the records of a change against the registry, said as a commit's status."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

import click

from reconciler.settings import Settings
from reconciler.state.outcomes import Outcome

if TYPE_CHECKING:
    from reconciler.clients.forge.interface import Forge, StatusState
    from reconciler.pin.selection import Pinned
    from reconciler.pin.session import Reading
    from reconciler.state.repository import Repository


def check_changed(
    settings: Settings,
    *,
    base: str,
    head: str,
    status: str,
    reading: Reading,
    show: Callable[[Repository, Pinned], None],
) -> Outcome:
    """Compare what `head` changed since `base`; with `status` the forge is told, from the beginning on.

    The registry is not even opened where no record changed. A run that ends in any other way leaves the
    status at error: what was not verified is not merged.
    """
    from reconciler import wiring
    from reconciler.clients.forge.interface import StatusState
    from reconciler.pin.decision import Verdict
    from reconciler.pipeline.review.records import describe_records, is_verified

    with wiring.open_worktree_source(settings) as source:
        sha = source.resolve(head).sha
    forge = wiring.open_forge(settings) if status else None
    _say(forge, sha, status, StatusState.PENDING, "the changed records are being compared")
    state, words = StatusState.ERROR, "the records could not be compared; the run's log says why"
    try:
        results = _compare(settings, base, sha, reading, show)
        words = describe_records(results)
        state = StatusState.SUCCESS if all(map(is_verified, results)) else StatusState.FAILURE
    finally:
        _say(forge, sha, status, state, words)
    for item in results:
        if item.decision.verdict is Verdict.ADVICE:
            click.echo(
                f"{item.wanted.path}: error: a record comes in with the evidence that the registry has. "
                f"Take it over: modelsync pin {item.wanted.model} {item.wanted.version} --refresh"
            )
    click.echo(f"{words}.", err=True)
    return Outcome.DONE if state is StatusState.SUCCESS else Outcome.FINDINGS


def _compare(
    settings: Settings,
    base: str,
    sha: str,
    reading: Reading,
    show: Callable[[Repository, Pinned], None],
) -> tuple[Pinned, ...]:
    from reconciler import wiring
    from reconciler.cli.transfer import show_transfers
    from reconciler.pin.decision import Mode
    from reconciler.pin.run import pin_versions
    from reconciler.pipeline.review.records import find_changed_records

    with wiring.open_worktree_source(settings) as source:
        changed = find_changed_records(source, base, sha)
    if not changed.selection.wanted:
        return ()
    registry = wiring.open_registry()
    with show_transfers() as progress:
        told = partial(show, changed.repository)
        return pin_versions(
            registry, changed.selection, Mode.CHECK, reading, settings.directory, progress, told
        )


def _say(forge: Forge | None, sha: str, name: str, state: StatusState, words: str) -> None:
    if forge is None:
        return
    from reconciler.clients.forge.interface import Status

    forge.set_status(sha, Status(name=name, state=state, description=words))
