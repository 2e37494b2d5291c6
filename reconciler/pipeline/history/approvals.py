"""Asks a forge who approved commits of the main branch, a bounded number of times."""

from __future__ import annotations

import re
from collections.abc import Iterable

from reconciler.clients.forge.interface import Forge, ForgeConflict, ForgeError
from reconciler.clients.forge.reviews import find_approvers, find_uncounted
from reconciler.pipeline.outcomes import find_outcome
from reconciler.state.approvals import Approval, Approvals
from reconciler.state.outcomes import Outcome, worst

MOST_ASKED = 50
"""Commits that one command asks about, with two requests each (three at Gitea), and more for long lists."""

_TOO_MANY = f"of more than {MOST_ASKED} changes only the newest are asked about; --at asks about one"


def read_approvals(forge: Forge, commits: Iterable[str], ref: str) -> Approvals:
    """Who approved these commits (full names) of branch `ref`, the newest first.

    Where `ref` is a tag or commit none is found: pull requests are merged into branches. A forge
    that fails is asked no more: what is left is not known then, and the outcome says so.
    """
    target = _find_branch(ref)
    found: dict[str, Approval] = {}
    outcomes: list[Outcome] = []
    failed = ""
    for commit in dict.fromkeys(commits):
        if failed or len(found) >= MOST_ASKED:
            found[commit] = Approval(unknown=failed or _TOO_MANY)
            continue
        try:
            found[commit] = _read_one(forge, commit, target)
        except ForgeConflict as error:
            found[commit] = Approval(unknown=str(error))
            outcomes.append(Outcome.UNDECIDED)
        except ForgeError as error:
            failed = str(error)
            found[commit] = Approval(unknown=failed)
            outcomes.append(find_outcome(error) or Outcome.UNDECIDED)
    return Approvals(by_commit=found, outcome=worst(outcomes))


def _find_branch(ref: str) -> str:
    """The name that a branch has at the forge; clones that CI makes have it by their remote's name."""
    return re.sub(r"^(refs/heads/|(refs/remotes/)?origin/)", "", ref)


def _read_one(forge: Forge, commit: str, target: str) -> Approval:
    pull = forge.find_merged(commit, target)
    if pull is None:
        return Approval(unknown=f"the forge knows of no pull request into {target} that became this commit")
    reviews = forge.list_reviews(pull.number)
    return Approval(
        number=pull.number,
        author=pull.author,
        address=pull.address,
        approvers=find_approvers(pull, reviews),
        uncounted=find_uncounted(pull, reviews),
    )
