"""Which deployments may take a version that was just pinned, and from when."""

from __future__ import annotations

from datetime import datetime, timezone

from reconciler.load.documents import load
from reconciler.pipeline.pin_next import tell_first
from reconciler.state.repository import Repository
from reconciler.validate.parse import parse

NOW = datetime(2026, 11, 23, 14, 5, tzinfo=timezone.utc)
MODEL = b"registeredModel: wine-quality\nowners: ['@wine-team']\n"
WINES = b"model: wines\nvariants:\n  - {version: 3, traffic: 100}\n"


def declare(**environments: str) -> Repository:
    """These environments, each of which serves the model wines in a deployment of that name."""
    files = {"models/wines/model.yaml": MODEL, "models/spirits/model.yaml": MODEL}
    for name, text in environments.items():
        files[f"environments/{name}/environment.yaml"] = f"namespace: {name}\n{text}".encode()
        files[f"environments/{name}/deployments/wines.yaml"] = WINES
    return parse(load(files))[0]


def test_production_waits_as_long_as_its_rule_says_for_each_share() -> None:
    soak = "upstream: [staging]\nrules: {soak: {shadow: 0h, upTo10: 2h, above: 24h}}\n"

    assert tell_first(declare(staging="", production=soak), "wines", NOW) == (
        "staging/wines now; production/wines as shadow at once, up to 10 % from 2026-11-23 16:05 UTC, "
        "above 10 % from 2026-11-24 14:05 UTC (rule soak, if staging takes it now)"
    )


def test_of_those_further_down_the_order_alone_is_told() -> None:
    chain = declare(dev="", staging="upstream: [dev]\n", production="upstream: [staging]\n")

    said = tell_first(chain, "wines", NOW)

    assert said.startswith("dev/wines now; staging/wines as shadow ")
    assert said.endswith("; production/wines after staging (rule soak, if dev takes it now)")


def test_without_an_order_nobody_waits() -> None:
    assert tell_first(declare(east="", west=""), "wines", NOW) == "east/wines now; west/wines now"


def test_a_model_that_no_deployment_names_may_go_nowhere_yet() -> None:
    assert tell_first(declare(staging=""), "spirits", NOW) == ""


def test_what_is_retired_takes_no_version() -> None:
    assert tell_first(declare(staging="", old="retire: true\n"), "wines", NOW) == "staging/wines now"
