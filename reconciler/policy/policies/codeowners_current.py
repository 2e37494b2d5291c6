"""CODEOWNERS is what owners and environments say.

What it checks
    The block that `modelsync codeowners --write` wrote into CODEOWNERS is the one that it would write now,
    no line after it takes its paths away from it, and a change does not take it away. A file that never had
    such a block is nobody's business.

Why
    By this file the forge decides whose approval a change needs. A model that got other owners is else
    approved by the old ones, and a waiver by anybody.

Example
    # modelsync: end
    * @everybody                # after the block: it would win over all of it

Fix
    Run `modelsync codeowners --write`, and put your own lines before the block.
"""

from __future__ import annotations

from collections.abc import Iterator

from reconciler.policy.codeowners import Stale, find_stale, find_unreadable, has_block
from reconciler.policy.context import Context
from reconciler.policy.engine import Policy
from reconciler.state.documents import Location
from reconciler.state.findings import Finding, Grade, Undecided


def check(context: Context) -> Iterator[Finding | Undecided]:
    file, before = context.codeowners, context.owned_before
    if before is not None and has_block(before) and not has_block(file):
        path = file.path if file is not None else before.path
        yield POLICY.finding(
            Location(file=path),
            f"{path}: the block of modelsync codeowners is gone, which {before.path} has in the base; nobody "
            "is asked any more who owns models and environments.",
            "Run modelsync codeowners --write; lines of your own belong before its block.",
            subject=path,
        )
        return
    stale = find_stale(file, context.repository, context.deployments) if file is not None else None
    if file is None or stale is None:
        return
    if unreadable := find_unreadable(context.repository):
        yield POLICY.undecided(
            f"{unreadable} is missing or has faults of form, so that its owners are not known"
        )
        return
    width = max(len(stale.found), 1)
    yield POLICY.finding(
        Location(file=file.path, line=stale.line, column=1, end_line=stale.line, end_column=width + 1),
        f"{file.path}: {_tell(stale)}.",
        "Run modelsync codeowners --write; lines of your own belong before its block.",
        subject=file.path,
    )


def _tell(stale: Stale) -> str:
    if not stale.wanted:
        return f'"{stale.found}" is not what owners: in models and environments say; nothing is expected here'
    if not stale.found:
        return f'"{stale.wanted}" is missing, which owners: in models and environments say'
    return f'"{stale.found}" is not what owners: in models and environments say, "{stale.wanted}"'


POLICY = Policy(id="codeowners-current", documentation=__doc__, check=check, grade=Grade.SOFT)
