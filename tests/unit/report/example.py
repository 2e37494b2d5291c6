"""The repository whose findings are golden in every format of `validate`."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timezone

from reconciler.load.documents import load
from reconciler.load.worktree import read_worktree
from reconciler.report.rules import ShownRule, list_rules
from reconciler.state.findings import Undecided
from reconciler.validate.checks import Check, check
from tests.unit.report.golden import FOLDER

FILES = read_worktree(FOLDER / "validate/repository").files
WINES = "environments/production/deployments/wines.yaml"
NOW = datetime(2026, 11, 23, 12, tzinfo=timezone.utc)

_BEFORE = b"""\
model: wines
variants:
  - version: 3
    traffic: 90
  - version: 5
    traffic: 10
"""

# The golden files tell of these alone, so that a new rule elsewhere changes none of them.
_RULES = {
    "known-keys",
    "required-keys",
    "traffic-sums-to-100",
    "variant-order",
    "waiver-expires-soon",
    "waiver-needs-approval",
    "soak",
}


def check_files(files: dict[str, bytes]) -> Check:
    """The repository against what it was before the change: the variants stood in the other order."""
    base = {path: data for path, data in FILES.items() if not path.endswith("exceptions.yaml")}
    found = check(load(files), base=check(load({**base, WINES: _BEFORE})).repository, now=NOW)
    return replace(
        found,
        findings=tuple(one for one in found.findings if one.rule in _RULES),
        undecided=(Undecided(rule="soak", reason="no base: use --base"),),
        policies=len(_RULES),
    )


def rules() -> tuple[ShownRule, ...]:
    """The rules that the golden files tell of."""
    return tuple(rule for rule in list_rules() if rule.id in _RULES)


EXAMPLE = check_files(dict(FILES))
