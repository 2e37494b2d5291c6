"""From a commit to a pull request: what is asked before anything is written, the push, and the opening."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import click

from reconciler.settings import Settings, SettingsError

if TYPE_CHECKING:
    from reconciler.clients.forge.interface import Forge
    from reconciler.clients.source.publishing import GitPublisher, Published
    from reconciler.pipeline.edits.edit import Judged


@dataclass(frozen=True, slots=True, kw_only=True)
class Prepared:
    """A remote and its forge that answered, and what they have of the branch.

    `fork` is the repository (`owner/name`) of the remote where that is another than the forge's.
    """

    forge: Forge
    fork: str
    publisher: GitPublisher
    published: Published


def prepare(settings: Settings, remote: str, branch: str, base: str, into: str) -> Prepared:
    """Ask remote and forge whether a pull request can be opened; nothing is written yet.

    `into` is the remote whose repository it is for, where `remote` is a fork of that; empty: its own.
    Raises SourceError and ForgeError, which say what is missing, and SettingsError.
    """
    from reconciler import wiring

    if branch == base:
        raise SettingsError(f"{branch} cannot be merged into itself; name another branch with --branch.")
    forge = wiring.open_forge(settings, wiring.open_worktree(settings).read_remote(into or remote))
    fork = _find_fork(settings, remote, forge) if into else ""
    publisher = wiring.open_publisher(settings)
    published = publisher.look(remote, branch, base, into)
    # Who nobody knows may read in public, and opens nothing.
    forge.read_caller()
    forge.find_open(branch, base, fork)
    return Prepared(forge=forge, fork=fork, publisher=publisher, published=published)


def _find_fork(settings: Settings, remote: str, forge: Forge) -> str:
    """The repository of a remote at a forge; empty where it is the forge's. Raises SettingsError."""
    from reconciler import wiring

    own = wiring.open_forge(settings, wiring.open_worktree(settings).read_remote(remote))
    if own.server != forge.server:
        raise SettingsError(
            f"{remote} is at {own.server} and the pull request is for {forge.server}; a forge takes them "
            "from forks that it has itself."
        )
    names = own.repository, forge.repository
    if names[0].casefold() == names[1].casefold():
        return ""
    if len({name.partition("/")[0].casefold() for name in names}) == 1:
        raise SettingsError(
            f"{names[0]} and {names[1]} have the same owner, by whom forges tell forks apart. Push the "
            f"branch to {names[1]} itself, with --remote."
        )
    return names[0]


def publish(prepared: Prepared, judged: Judged, made: str, base: str) -> None:
    """Push the branch, whose last commit is `made`, and have its one pull request say what the edit does.

    Raises as `prepare` does. What was done before an error stays, and is told: the same command goes on
    from there.
    """
    from reconciler.clients.forge.interface import ForgeError, NewPullRequest
    from reconciler.clients.source.interface import SourceError
    from reconciler.pipeline.edits.proposals import Proposed, propose
    from reconciler.report.proposal import show_proposal
    from reconciler.report.screen import clean_screen

    published = prepared.published
    branch = published.branch
    _warn_of_strangers(prepared, base)
    again = "The same command goes on from there."
    if made != published.tip:
        try:
            prepared.publisher.push(published)
        except SourceError:
            click.echo(f"note: the commit stays on {branch}, here only. {again}", err=True)
            raise
        click.echo(f"pushed {branch} to {published.remote}")
    change = judged.change
    body = show_proposal(change.notes, change.details, judged.findings, judged.planned.plans)
    new = NewPullRequest(title=change.title, body=body, source=branch, target=base, fork=prepared.fork)
    try:
        proposal = propose(prepared.forge, new)
    except ForgeError:
        click.echo(
            f"note: {branch} is pushed to {published.remote}, without a pull request. {again}", err=True
        )
        raise
    word = "left as it is:" if proposal.done is Proposed.UNCHANGED else proposal.done.value
    click.echo(clean_screen(f"{word} pull request {proposal.pull.number}: {proposal.pull.address}"))


def _warn_of_strangers(prepared: Prepared, base: str) -> None:
    """Say so where the pull request carries more along than the edit."""
    count = prepared.publisher.count_strangers(prepared.published)
    if count:
        what = "a commit" if count == 1 else f"{count} commits"
        click.echo(f"note: HEAD has {what} that {base} lacks; the pull request carries them along.", err=True)
