"""Owners have names that forges know.

What it checks
    Each of `owners` in a model's `model.yaml` and in `environment.yaml` is `@name`, `@group/team` or an
    e-mail address.

Why
    Owners approve changes and waivers. A name that the forge does not know approves nothing: CODEOWNERS
    with such a line is read as if the line were not there.

Example
    owners: [wine team]         # write "@wine-team"

Fix
    Write the name as the forge has it, in quotes: "@wine-team".
"""

from __future__ import annotations

from collections.abc import Iterator

from reconciler.policy.codeowners import is_owner
from reconciler.policy.context import Context
from reconciler.policy.engine import Policy
from reconciler.policy.wording import show_value
from reconciler.state.documents import Document
from reconciler.state.findings import Finding, Grade


def check(context: Context) -> Iterator[Finding]:
    for name, model in sorted(context.repository.models.items()):
        if model.model is not None:
            yield from _check(name, f"models/{name}", model.model.document, model.model.declaration.owners)
    for name, entry in context.environments():
        yield from _check(name, name, entry.document, entry.declaration.owners)


def _check(name: str, subject: str, document: Document, owners: tuple[str, ...]) -> Iterator[Finding]:
    for index, owner in enumerate(owners):
        if not is_owner(owner):
            yield POLICY.finding(
                document.at("owners", index),
                f"{name}: owner {show_value(owner)} is no name that a forge knows.",
                'Write "@name", "@group/team" or an e-mail address.',
                subject=subject,
            )


POLICY = Policy(id="owner-named", documentation=__doc__, check=check, grade=Grade.SOFT)
