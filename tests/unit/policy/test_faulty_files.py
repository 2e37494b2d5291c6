"""A slip in one file is told where it is: what cannot be read is not taken for what is gone."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timezone

import pytest

from reconciler.load.documents import load
from reconciler.validate.checks import Check, check
from tests.unit.policy.building import DEFAULTS, DEPLOYMENT, ENVIRONMENT, MODEL, SOUND

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
