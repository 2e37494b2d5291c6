"""Options that exclude each other are refused, before anything is asked of git or a cluster."""

from __future__ import annotations

from click.testing import CliRunner

from reconciler.cli.app import app


def test_a_live_plan_has_no_base() -> None:
    ended = CliRunner().invoke(app, ["plan", "--live", "--base", "main"])

    assert ended.exit_code == 2
    assert "--live compares with the cluster and --base with a commit; give one of them." in ended.stderr
