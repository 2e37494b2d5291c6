"""What shells offer after the commands that look: names that the work tree declares, and fields."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.shell_completion import ShellComplete

from reconciler.cli.app import app
from tests.support.shop import Shop


@pytest.mark.parametrize(
    ("typed", "begun", "offered"),
    [
        (["history"], "st", ["staging/reds", "staging/wines"]),
        (["wait"], "production/", ["production/wines"]),
        (["explain"], "p", ["production/wines"]),
        (["explain", "staging/wines"], "tra", ["traffic"]),
        (["explain", "staging/wines"], "serving.sca", None),
        (["diff"], "", ["production", "staging"]),
        (["diff", "staging", "production"], "", ["reds", "wines"]),
        (["diff", "staging", "production"], "r", ["reds"]),
    ],
)
def test_names_and_fields_are_completed(
    tmp_path: Path, typed: list[str], begun: str, offered: list[str] | None
) -> None:
    shop = Shop(tmp_path)
    for environment in ("staging", "production"):
        shop.add_environment(environment, f"wines-{environment}")
        shop.declare(f"{environment}/wines", {1: 100})
    shop.declare("staging/reds", {1: 100})
    shell = ShellComplete(app, {}, "modelsync", "_MODELSYNC_COMPLETE")
    found = shell.get_completions([*typed[:1], "-C", str(shop.folder), *typed[1:]], begun)
    values = sorted(item.value for item in found)
    if offered is None:
        assert {"serving.scaling", "serving.scaling.max"} <= set(values)
    else:
        assert values == offered
