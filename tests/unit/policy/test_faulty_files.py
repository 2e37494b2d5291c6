"""A slip in one file is told where it is: what cannot be read is not taken for what is gone."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timezone

import pytest

from reconciler.load.documents import load
from reconciler.validate.checks import Check, check
from tests.unit.policy.building import DEFAULTS, DEPLOYMENT, ENVIRONMENT, EXCEPTIONS, MODEL, SOUND, deployment

RESOURCES = "  resources: {requests: {cpu: 200m, memory: 512Mi}, limits: {memory: 1Gi}}\n"
FILES: Mapping[str, str] = {
    **SOUND,
    DEFAULTS: f"serving:\n{RESOURCES}",
    MODEL: SOUND[MODEL].replace(RESOURCES, ""),
    ENVIRONMENT: f"{SOUND[ENVIRONMENT]}protected: true\nrules: {{pickle-approved: {{models: [wines]}}}}\n",
}


def _check(files: Mapping[str, str], base: Check | None = None) -> Check:
    loaded = load({path: text.encode() for path, text in files.items()})
    now = datetime(2026, 11, 23, tzinfo=timezone.utc)
    return check(loaded, base=None if base is None else base.repository, now=now)


@pytest.mark.parametrize("path", [DEFAULTS, MODEL, ENVIRONMENT, DEPLOYMENT])
def test_only_the_slip_is_found(path: str) -> None:
    sound = _check(FILES)
    faulty = _check({**FILES, path: f"{FILES[path]}trafic: 1\n"}, sound)
    new = set(faulty.findings) - set(sound.findings)
    assert [(item.location.file, item.rule) for item in new] == [(path, "known-keys")]


@pytest.mark.parametrize("path", [DEFAULTS, MODEL, ENVIRONMENT, DEPLOYMENT])
def test_nothing_is_in_the_way_of_mending_it(path: str) -> None:
    sound = _check(FILES)
    mended = _check(FILES, _check({**FILES, path: f"{FILES[path]}trafic: 1\n"}))
    assert set(mended.findings) <= set(sound.findings)


FREEZE = {EXCEPTIONS: "freezes: [{until: 2026-11-30, reason: sale}]\n"}
TURNED = {DEPLOYMENT: deployment("{version: 3, traffic: 10}", "{version: 5, traffic: 90}")}


def _judge(rule: str, path: str, changes: Mapping[str, str]) -> tuple[list[str], list[str]]:
    """What a rule finds, and what it cannot decide, where a change mends a slip in the base."""
    frozen = {**FILES, **FREEZE}
    slipped = _check({**frozen, path: f"{frozen[path]}trafic: 1\n"})
    judged = _check({**frozen, **changes}, slipped)
    return (
        [item.message for item in judged.findings if item.rule == rule],
        [item.reason for item in judged.undecided if item.rule == rule],
    )


@pytest.mark.parametrize("path", [DEFAULTS, MODEL, ENVIRONMENT])
def test_a_slip_in_the_base_hides_no_change_of_shares_from_a_freeze(path: str) -> None:
    assert _judge("freeze-kept", path, TURNED) == (
        [
            (
                "production/wines: this change touches what it serves (v3 10 %, v5 90 %), but changes in "
                "production are frozen until 2026-11-30 (sale)."
            )
        ],
        [],
    )


def test_a_slip_in_the_base_stops_no_withdrawal() -> None:
    alone = {DEPLOYMENT: deployment("{version: 3, traffic: 100}")}
    found, (reason,) = _judge("freeze-kept", MODEL, alone)
    assert found == []
    assert reason.startswith(f"{MODEL} of the base cannot be read")


def test_another_version_under_the_same_name_is_no_withdrawal() -> None:
    named = "{name: red, version: %d, traffic: 100}"
    before, after = ({DEPLOYMENT: deployment(named % version)} for version in (3, 5))
    slipped = _check({**FILES, **FREEZE, **before, MODEL: f"{FILES[MODEL]}trafic: 1\n"})
    judged = _check({**FILES, **FREEZE, **after}, slipped)
    assert [item.subject for item in judged.findings if item.rule == "freeze-kept"] == ["production/wines"]


@pytest.mark.parametrize("rule", ["freeze-kept", "in-place-change", "shared-serving-change"])
@pytest.mark.parametrize("path", [DEFAULTS, MODEL])
def test_what_a_slip_in_the_base_hides_is_not_decided(rule: str, path: str) -> None:
    assert _judge(rule, path, {}) == (
        [],
        [
            (
                f"{path} of the base cannot be read, so what this change does to Pods that run is not known "
                "(mend it in a change of its own)"
            )
        ],
    )


def test_a_slip_in_the_deployment_itself_hides_what_becomes_of_its_pods() -> None:
    found, (reason,) = _judge("in-place-change", DEPLOYMENT, {})
    assert found == []
    assert reason.startswith(f"{DEPLOYMENT} of the base cannot be read")
    assert _judge("in-place-change", DEPLOYMENT, {ENVIRONMENT: SOUND[ENVIRONMENT]})[1] == [reason]


def test_settings_of_one_environment_are_not_shared() -> None:
    assert _judge("shared-serving-change", ENVIRONMENT, {}) == ([], [])


def test_defaults_that_go_with_their_slip_are_a_change() -> None:
    """Nothing was read of them before, and nothing is there after: that is not the same."""
    files = {**SOUND, **FREEZE}
    judged = _check(files, _check({**files, DEFAULTS: "serving: {startup: 5m}\ntrafic: 1\n"}))
    assert "freeze-kept" in {item.rule for item in judged.undecided}


def test_a_freeze_that_could_not_be_read_is_not_known_to_be_none() -> None:
    found, (reason,) = _judge("freeze-kept", EXCEPTIONS, {EXCEPTIONS: "holds: []\n", **TURNED})
    assert found == []
    assert reason.startswith(f"{EXCEPTIONS} of the base cannot be read, so whether changes are frozen")
    assert _judge("freeze-kept", EXCEPTIONS, {EXCEPTIONS: "holds: []\n"}) == ([], [])


def test_many_deployments_that_could_not_be_read_may_be_a_mass_change() -> None:
    few = "rules: {mass-change: 1, pickle-approved: {models: [wines]}}\n"
    other = {f"{DEPLOYMENT.removesuffix('.yaml')}{number}.yaml": FILES[DEPLOYMENT] for number in range(2)}
    for rules, reasons in ((few, 1), ("", 0)):
        files = {**FILES, **other, ENVIRONMENT: SOUND[ENVIRONMENT] + rules}
        judged = _check(files, _check({**files, MODEL: f"{FILES[MODEL]}trafic: 1\n"}))
        found = [item.reason for item in judged.undecided if item.rule == "mass-change"]
        assert len(found) == reasons
        assert all(reason.startswith(f"{MODEL} of the base") for reason in found)
