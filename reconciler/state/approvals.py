"""Who approved what came to the main branch, as a forge tells."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from reconciler.state.outcomes import Outcome


@dataclass(frozen=True, slots=True, kw_only=True)
class Approval:
    """Who approved one commit of the main branch: by whichever pull request brought it.

    `number` is that of the pull request, `author` opened it, `address` is where people read it. The word of
    `approvers` counts; that of `uncounted` does not: they approved an earlier commit only, or have no right
    to. `unknown` says why nothing is known, such as that the forge knows of no pull request; the rest is
    empty then.
    """

    number: int | None = None
    author: str = ""
    address: str = ""
    approvers: tuple[str, ...] = ()
    uncounted: tuple[str, ...] = ()
    unknown: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Approvals:
    """What a forge said of the commits that it was asked about, by their full names."""

    by_commit: Mapping[str, Approval] = field(default_factory=dict)
    outcome: Outcome = Outcome.DONE

    def find(self, commit: str) -> Approval:
        """What is known of a commit."""
        return self.by_commit.get(commit) or Approval(unknown="the commit that began it is not at hand")
