"""The page about rules names each of them once, and nothing that is no rule."""

from __future__ import annotations

import re
from pathlib import Path

import reconciler.policy
from reconciler.policy.policies import POLICIES
from reconciler.validate.rules import REGISTRY_RULES

PAGE = (Path(reconciler.policy.__path__[0]) / "README.md").read_text(encoding="utf-8")


def test_every_rule_stands_in_the_table_once() -> None:
    table = PAGE.partition("| about | rules |")[2].partition("\n\n")[0]
    assert sorted(re.findall(r"`([a-z0-9-]+)`", table.replace("`--registry`", ""))) == sorted(
        [policy.id for policy in POLICIES] + list(REGISTRY_RULES)
    )
