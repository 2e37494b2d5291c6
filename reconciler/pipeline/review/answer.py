"""`/modelsync pin MODEL VERSION` below a pull request: who may ask, what is pinned, and what is answered.

The comment is read as one line of a known form or not at all; the pull request's files are read as git
objects. What comes of it is one new file on the pull request's branch, or an answer that says why not.
"""

from __future__ import annotations

import json
import re
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from reconciler.clients.forge.interface import Forge, ForgeConflict, NewFile, PullRequest, PullState
from reconciler.clients.registry.interface import Progress, RegistryError, RegistryReader
from reconciler.clients.source.interface import Revision, RevisionNotFound, Source
from reconciler.load.documents import load
from reconciler.pin.decision import Mode
from reconciler.pin.describe import describe_decision
from reconciler.pin.run import pin_versions
from reconciler.pin.selection import Pinned, Selection, select
from reconciler.pin.session import Reading
from reconciler.settings import SettingsError
from reconciler.state.outcomes import Outcome
from reconciler.validate.parse import parse

EVENT_BYTES = 8 * 1024 * 1024
"""More than a forge's event has."""

FORM = "/modelsync pin MODEL VERSION"
_CALLED = re.compile(r"/modelsync(?!\S)")
_REQUEST = re.compile(r"/modelsync pin ([a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?) v?([1-9][0-9]{0,14})")
_SHORT = 7


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A new comment below the issue or pull request `number`, as the forge's event tells it."""

    number: int
    author: str
    body: str

    @property
    def is_for_us(self) -> bool:
        """Whether it begins as a command does."""
        return _CALLED.match(self.body) is not None


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """The one thing that can be asked for: a record of a model's version."""

    model: str
    version: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What is written below the pull request: a sentence, and lines as they are.

    `logged` is for the run's log alone: it names servers.
    """

    said: str
    outcome: Outcome = Outcome.DONE
    lines: tuple[str, ...] = ()
    logged: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """What is at hand to serve a request."""

    forge: Forge
    open_source: Callable[[], Source]
    open_registry: Callable[[], RegistryReader]
    reading: Reading
    progress: Progress


def read_event(file: Path) -> Asked:
    """The comment of an event's file, as workflows of GitHub and Gitea get it. Raises SettingsError."""
    try:
        with file.open("rb") as stream:
            data = stream.read(EVENT_BYTES + 1)
        event: Any = json.loads(data) if len(data) <= EVENT_BYTES else None
        number, author, body = (
            event["issue"]["number"],
            event["comment"]["user"]["login"],
            event["comment"]["body"],
        )
    except OSError as error:
        raise SettingsError(f"{file}: the event cannot be read: {error.strerror}.") from error
    except (ValueError, TypeError, KeyError, RecursionError) as error:
        raise _no_comment(file) from error
    if type(number) is not int or not isinstance(author, str) or not isinstance(body, str):
        raise _no_comment(file)
    return Asked(number=number, author=author, body=body)


def parse_request(body: str) -> Request | None:
    """What a comment asks for: its one line, in the one form; None for everything else."""
    found = _REQUEST.fullmatch(body.rstrip(" \t\r\n"))
    return Request(model=found[1], version=int(found[2])) if found is not None else None


def answer(asked: Asked, desk: Desk) -> Answer:
    """Serve a comment that is for us.

    Nothing is pinned for people who may not write to the repository, and nothing is pushed to a fork. Raises
    ForgeError and SourceError; that the registry cannot be asked is an answer, too.
    """
    request = parse_request(asked.body)
    if request is None:
        return Answer(
            said=f"This is not understood. A comment that asks for something is one line: {FORM}, for "
            "example: /modelsync pin wines v5",
            outcome=Outcome.CONFIGURATION,
        )
    pull = desk.forge.read_pull_request(asked.number)
    refusal = _find_refusal(asked, request, pull, desk.forge)
    if refusal:
        return Answer(said=refusal, outcome=Outcome.REFUSED)
    try:
        selection = _select(request, pull, desk)
        return _serve(asked, pull, selection, desk)
    except RevisionNotFound:
        return Answer(
            said="This pull request got another commit meanwhile. Nothing was pinned; ask again.",
            outcome=Outcome.UNDECIDED,
        )
    except SettingsError as error:
        return Answer(said="Nothing was pinned.", lines=(str(error),), outcome=Outcome.FINDINGS)
    except RegistryError as error:
        return Answer(
            said="The registry could not be asked, so nothing was pinned. The log of this run says why; ask "
            "again when it is back.",
            outcome=Outcome.UNDECIDED,
            logged=str(error),
        )


def _find_refusal(asked: Asked, request: Request, pull: PullRequest, forge: Forge) -> str:
    """Why this is not done for this person here; empty where it is."""
    if pull.state is not PullState.OPEN:
        return f"This pull request is {pull.state.value}. Nothing was pinned."
    if pull.source_repository.lower() != forge.repository.lower():
        return (
            f"Nothing was pinned: this pull request comes from {pull.source_repository or 'a fork'}, and "
            "nothing is pushed to forks. Somebody who can read the registry runs modelsync pin "
            f"{request.model} {request.version} and adds the record to the branch; or push the branch to "
            f"{forge.repository}, open the pull request from there, and ask again."
        )
    # To have opened it is not enough: whoever may read can open one between two branches of the repository.
    if not forge.may_write(asked.author):
        return f"Nothing was pinned: only people who may write to {forge.repository} can ask for that."
    return ""


def _select(request: Request, pull: PullRequest, desk: Desk) -> Selection:
    with desk.open_source() as source:
        tree = source.read(Revision(ref=pull.source, sha=pull.head))
    repository, _ = parse(load(tree.files, links=tree.links, submodules=tree.submodules))
    return select(repository, Mode.PIN, request.model, (str(request.version),))


def _serve(asked: Asked, pull: PullRequest, selection: Selection, desk: Desk) -> Answer:
    registry = desk.open_registry()
    told: list[Pinned] = []
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        pin_versions(registry, selection, Mode.PIN, desk.reading, place, desk.progress, told.append)
        (pinned,) = told
        wanted, decision = pinned.wanted, pinned.decision
        content = (place / wanted.path).read_bytes() if decision.write else b""
    text = describe_decision(wanted.label, wanted.path, decision, pinned.earlier)
    text = text.replace(f" at {registry.server}", "")
    if not content:
        wrong = decision.verdict.is_error
        return Answer(
            said=f"Nothing was pinned for {wanted.label}." if wrong else f"{wanted.label} is pinned already.",
            lines=tuple(text.splitlines()),
            outcome=Outcome.FINDINGS if wrong else Outcome.DONE,
        )
    message = f"Pin {wanted.label}\n\n{text}\n\nAsked for by {asked.author} in #{pull.number}.\n"
    new = NewFile(branch=pull.source, path=wanted.path, content=content, message=message)
    try:
        commit = desk.forge.add_file(new)
    except ForgeConflict as error:
        return Answer(
            said=f"{wanted.label} was read and could not be committed to this branch. If it has the record "
            "meanwhile, nothing is left to do; else ask again.",
            lines=(str(error),),
            outcome=Outcome.FINDINGS,
        )
    return Answer(
        said=f"{wanted.label} is pinned, with commit {commit[:_SHORT]} on this branch. Next: name the "
        "version in a deployment.",
        lines=tuple(text.splitlines()),
    )


def _no_comment(file: Path) -> SettingsError:
    return SettingsError(
        f"{file}: is no event of a comment; that of a workflow on issue_comment is at GITHUB_EVENT_PATH."
    )
