"""One comment below a pull request that is written anew in its place, found by a hidden marker."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from reconciler.clients.forge.interface import Comment, Forge, ForgeNotFound


class Kept(str, Enum):
    """What was done."""

    ADDED = "added"
    EDITED = "edited"
    UNCHANGED = "unchanged"


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptComment:
    """The one comment, and what was done to have it so."""

    comment: Comment
    done: Kept


def keep_comment(forge: Forge, number: int, marker: str, body: str) -> KeptComment:
    """Have exactly one comment of ours that begins with `marker` (such as `<!-- name -->`), and this body.

    `body` begins with the marker (ValueError else). Comments of others never count, whatever they begin
    with: anybody can copy a marker. Two runs at once end with one comment: the older stays. Raises
    ForgeError.
    """
    if not marker or not body.startswith(marker):
        raise ValueError(f"the comment does not begin with its marker {marker!r}")
    caller = forge.read_caller()
    ours = _find_ours(forge, number, caller, marker)
    added: Comment | None = None
    if not ours:
        added = forge.add_comment(number, body)
        ours = _find_ours(forge, number, caller, marker) or (added,)
    first, *others = ours
    kept = first
    if _differ(first.body, body):
        try:
            kept = forge.edit_comment(first.id, body)
        except ForgeNotFound:
            # Somebody removed it since.
            kept = added = forge.add_comment(number, body)
    for other in others:
        if other.id != kept.id:
            forge.delete_comment(other.id)
    if added is not None and kept.id == added.id:
        return KeptComment(comment=kept, done=Kept.ADDED)
    done = Kept.EDITED if kept is not first or others else Kept.UNCHANGED
    return KeptComment(comment=kept, done=done)


def _find_ours(forge: Forge, number: int, caller: str, marker: str) -> tuple[Comment, ...]:
    return tuple(
        comment
        for comment in forge.list_comments(number)
        if comment.author == caller and comment.body.lstrip().startswith(marker)
    )


def _differ(stored: str, body: str) -> bool:
    """Whether two texts say different things; forges change line ends and drop blanks around."""
    return stored.replace("\r\n", "\n").strip() != body.replace("\r\n", "\n").strip()
