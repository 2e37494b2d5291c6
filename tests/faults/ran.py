"""A pytest plugin: a run of all tests fails unless every test that the table names ran and passed.

A test that is deselected, skipped at run time or lost with its worker leaves an id unproven as surely as
one that fails. The process that the user started hears of every test, of xdist's workers' too.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import pytest

from tests.faults.table import ROOT, TABLE, Row, read_table

_CHOICES = ("keyword", "markexpr", "deselect", "ignore", "ignore_glob", "lf", "maxfail", "collectonly")
"""Options of pytest that leave tests out on purpose."""

_REPORTS = pytest.StashKey[list[tuple[str, str]]]()
_UNPROVEN = pytest.StashKey[tuple[tuple[str, str, str], ...]]()


def find_unproven(
    rows: Iterable[Row], reports: Iterable[tuple[str, str]]
) -> tuple[tuple[str, str, str], ...]:
    """Id, test and what became of it, for each test of the table that did not pass in all its cases.

    reports: node id and outcome (`passed`, `failed`, `skipped`) of each case.
    """
    seen: dict[str, set[str]] = {}
    for node, outcome in reports:
        seen.setdefault(node.split("[", 1)[0], set()).add(outcome)
    return tuple(
        (row.id, test, ", ".join(sorted(seen.get(test, {"not run"}) - {"passed"})))
        for row in rows
        for test in row.tests
        if seen.get(test) != {"passed"}
    )


def pytest_configure(config: pytest.Config) -> None:
    reports: list[tuple[str, str]] = []
    config.stash[_REPORTS] = reports
    config.stash[_UNPROVEN] = ()
    config.pluginmanager.register(_Listener(config), "modelsync-ids")


class _Listener:
    """Bound to a configuration, which reports do not carry."""

    def __init__(self, config: pytest.Config) -> None:
        self._config = config

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        # Setup and teardown count where they end a test; their success says nothing.
        if report.when == "call" or report.outcome != "passed":
            self._config.stash[_REPORTS].append((report.nodeid, report.outcome))


def pytest_sessionfinish(session: pytest.Session) -> None:
    config = session.config
    if hasattr(config, "workerinput") or not _is_of_all(config):
        return
    rows = read_table(TABLE.read_text(encoding="utf-8"))
    reports = config.stash[_REPORTS]
    unproven = find_unproven(rows, reports)
    config.stash[_UNPROVEN] = unproven
    if unproven and session.exitstatus == pytest.ExitCode.OK:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    unproven = config.stash[_UNPROVEN]
    if unproven:
        terminalreporter.section("ids of tests/faults/README.md that this run does not prove")
        for key, test, outcome in unproven:
            terminalreporter.line(f"{key}: {test}: {outcome}")


def _is_of_all(config: pytest.Config) -> bool:
    """Whether the whole of tests/ was asked for."""
    places = {Path(config.invocation_params.dir, argument).resolve() for argument in config.args}
    return bool(places & {ROOT, ROOT / "tests"}) and not any(
        config.getoption(choice, None) for choice in _CHOICES
    )
