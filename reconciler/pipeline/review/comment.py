"""The plan comment of a pull request whose own code wrote its text: from a folder to the forge.

The folder comes from a job that ran what the pull request brought along, so that all in it is a claim. What
it is written to is decided by the forge and by the commit whose workflow ran.
"""

from __future__ import annotations

import os
import re
import stat
from dataclasses import dataclass
from pathlib import Path

from reconciler.clients.forge.interface import Forge, PullState, Status, StatusState
from reconciler.clients.forge.sticky import Kept, keep_comment
from reconciler.pipeline.refusals import UploadRefused
from reconciler.state.reviews import Verdict

COMMENT = "comment.md"
NUMBER = "pull-request"
COMMENT_BYTES = 512 * 1024
"""Four times what the longest comment has, as text whose characters all need four bytes."""

_NUMBER_BYTES = 32
_NUMBER = re.compile(r"[1-9][0-9]{0,8}")
_FULL_NAME = re.compile(r"[0-9a-f]{40}(?:[0-9a-f]{24})?")
_SHORT = 12

STATUS = "modelsync/plan"
"""The status of the plan. It is what the pull request's own run found, so no rule should ask for it alone."""

_STATES = {
    Verdict.PASS: StatusState.SUCCESS,
    Verdict.FAIL: StatusState.FAILURE,
    # Not to be read as a pass: what was not decided may still be wrong.
    Verdict.UNVERIFIED: StatusState.PENDING,
}
_WORDS = {
    Verdict.PASS: "pass: the plan is below the pull request",
    Verdict.FAIL: "fail: the comment below the pull request says why",
    Verdict.UNVERIFIED: "unverified: the comment below the pull request says what is not decided",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Upload:
    """What a job of the pull request `number` (as it says) wrote to be shown: `text`."""

    number: int
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """The text as it may be shown, with the commit and the verdict that it claims."""

    text: str
    marker: str
    head: str
    verdict: Verdict | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """The workflow run that wrote the folder, as the forge told it: its commit, and whose repository's.

    `source` is `owner/name`, empty where the forge does not tell.
    """

    head: str
    source: str = ""


def read_upload(folder: Path) -> Upload:
    """The two files of the folder, and nothing beside them. Raises UploadRefused."""
    number = _read(folder, NUMBER, _NUMBER_BYTES).strip()
    if not _NUMBER.fullmatch(number):
        raise UploadRefused(f"{NUMBER}: holds no number of a pull request. Nothing was written.")
    return Upload(number=int(number), text=_read(folder, COMMENT, COMMENT_BYTES))


def publish(forge: Forge, number: int, run: Run, shown: Shown) -> str:
    """Write the comment in its place and set the status; what was done, for people.

    Nothing is written below a pull request that is not open, or whose last commit is not the run's: the run
    of a newer one will write. Raises UploadRefused where the folder claims what the forge does not
    confirm, and ForgeError.
    """
    if not _FULL_NAME.fullmatch(run.head):
        raise UploadRefused(f'"{run.head}" is no full name of a commit, which the run of a workflow has.')
    if shown.head != run.head:
        raise UploadRefused(
            f"{COMMENT}: is about commit {shown.head[:_SHORT] or 'none'}, and its run was of "
            f"{run.head[:_SHORT]}. Nothing was written."
        )
    if shown.verdict is None:
        raise UploadRefused(f"{COMMENT}: its second line says no verdict. Nothing was written.")
    pull = forge.read_pull_request(number)
    name = f"pull request {number} of {forge.repository}"
    if pull.state is not PullState.OPEN:
        return f"{name}: is {pull.state.value}, so nothing was written."
    if pull.head != run.head:
        return (
            f"{name}: its last commit is {pull.head[:_SHORT]}, not {run.head[:_SHORT]} as of this run, so "
            "nothing was written."
        )
    if run.source and run.source.lower() != pull.source_repository.lower():
        raise UploadRefused(
            f"{name}: comes from {pull.source_repository or 'a repository that is gone'}, and this run was "
            f"of {run.source}. Nothing was written."
        )
    kept = keep_comment(forge, number, shown.marker, shown.text)
    status = Status(
        name=STATUS,
        state=_STATES[shown.verdict],
        description=_WORDS[shown.verdict],
        address=pull.address,
    )
    forge.set_status(run.head, status)
    done = "as it was" if kept.done is Kept.UNCHANGED else kept.done.value
    return f"{name}: comment {done}, status {STATUS}: {status.state.value}."


def _read(folder: Path, name: str, limit: int) -> str:
    """A plain file's text. A link is not followed, and what is no file is never waited for."""
    try:
        # The last part of both paths may be no link: what a job uploads cannot lead out of its folder.
        within = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
        try:
            handle = os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK, dir_fd=within)
        finally:
            os.close(within)
        try:
            if not stat.S_ISREG(os.fstat(handle).st_mode):
                raise UploadRefused(f"{name}: is no plain file. Nothing was written.")
            with os.fdopen(handle, "rb", closefd=False) as stream:
                data = stream.read(limit + 1)
        finally:
            os.close(handle)
    except OSError as error:
        raise UploadRefused(
            f"{name}: cannot be read as a plain file of {folder}: {error.strerror}. Nothing was written."
        ) from error
    if len(data) > limit:
        raise UploadRefused(f"{name}: has more than {limit} bytes. Nothing was written.")
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise UploadRefused(f"{name}: is not UTF-8 (byte {error.start}). Nothing was written.") from error
