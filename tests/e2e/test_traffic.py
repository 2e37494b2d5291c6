"""Traffic that moves by git while customers ask: nothing is played, from the registry to the gateway.

The records are pinned from a real registry, the models lie in a bucket and are served by MLServer; the real
operator, istiod and Envoy route. (The executor and the node are the local cluster's own.)
"""

from __future__ import annotations

import json
import random
import time
from collections.abc import Iterator, Mapping

import pytest

from scripts.local_cluster import LocalCluster, Part
from tests.integration.mlflow_fixtures import SharedMlflow
from tests.support.routed import SETTLED
from tests.support.serving import ServingTeam, open_shop, read_predictions
from tests.support.shares import find_surprises
from tests.support.traffic import Answer, Callers, ask, count
from tests.support.waiting import wait_until

# Model servers start slowly where other tests run beside them.
pytestmark = pytest.mark.timeout(900)

# Percent of the challenger, one change after the other; the last makes it the only one that answers.
CHALLENGER = (10, 20, 50, 35, 80, 65, 95, 5, 45, 70, 15, 90, 30, 60, 25, 75, 40, 85, 55, 100)
REQUESTS = 10_000
SAMPLE = 300  # answers after each change

# From the least to the greatest of each column, roughly as in the public data.
COLUMNS: Mapping[str, tuple[float, float]] = {
    "fixed acidity": (3.8, 14.2),
    "volatile acidity": (0.08, 1.1),
    "citric acid": (0.0, 1.66),
    "residual sugar": (0.6, 65.8),
    "chlorides": (0.009, 0.346),
    "free sulfur dioxide": (2.0, 289.0),
    "total sulfur dioxide": (9.0, 440.0),
    "density": (0.987, 1.039),
    "pH": (2.72, 3.82),
    "sulphates": (0.22, 1.08),
    "alcohol": (8.0, 14.2),
}


@pytest.fixture(scope="module")
def team(mlflow_server: SharedMlflow, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServingTeam]:
    with LocalCluster((Part.OPERATOR, Part.NODE, Part.STORAGE, Part.METRICS)) as cluster:
        yield open_shop(tmp_path_factory.mktemp("team") / "shop", cluster, mlflow_server)


def make_wines(number: int) -> dict[str, list[float]]:
    """Wines that nobody has tasted, the same at every call."""
    chance = random.Random(500)
    return {name: [chance.uniform(*ends) for _ in range(number)] for name, ends in COLUMNS.items()}


def read_version(text: str) -> str:
    """Which version says that it gave this answer."""
    version: str = json.loads(text)["model_version"]
    return version


def move(team: ServingTeam, shares: Mapping[int, int]) -> dict[str, int]:
    """Declare shares, sync, and wait until they must show; the shares by version as answers name it."""
    team.declare(shares)
    ended = team.sync()
    assert ended.code == 0, ended.out + ended.err
    time.sleep(SETTLED)
    return {str(version): share for version, share in shares.items()}


def test_twenty_changes_an_entry_a_promotion_and_a_removal_lose_none_of_ten_thousand_requests(
    team: ServingTeam,
) -> None:
    wine = make_wines(1)
    own = team.predict(wine)
    assert own["1"] != own["2"]
    # A variant enters without a share: scripts/local_cluster/gateway/README.md says what that spares.
    steps = ({1: 100}, {1: 100, 2: 0}, *({1: 100 - share, 2: share} for share in CHALLENGER), {2: 100})
    declared, counts = [move(team, steps[0])], []

    with Callers(team.ask_about(wine), callers=3) as callers:
        counts.append(count(callers.wait_for(SAMPLE), read_version))
        for shares in steps[1:]:
            declared.append(move(team, shares))
            counts.append(count(callers.wait_for(SAMPLE), read_version))
        callers.wait_for(REQUESTS - len(callers.answers), patience=300)

    assert callers.failures == ()
    assert len(callers.answers) >= REQUESTS
    assert find_surprises(counts, declared) == ()
    assert [answer for answer in callers.answers if not is_own(answer, own)] == []


def test_answers_are_the_models_own_predictions_value_for_value(team: ServingTeam) -> None:
    wines = make_wines(500)
    own = team.predict(wines)
    assert len(own["1"]) == len(own["2"]) == 500
    move(team, {1: 50, 2: 50})

    answers = ask(team.ask_about(wines), 30)

    assert [answer for answer in answers if answer.failed] == []
    assert set(count(answers, read_version)) == {"1", "2"}
    assert [answer for answer in answers if not is_own(answer, own)] == []


def test_status_shows_all_four_truths_and_they_agree(team: ServingTeam) -> None:
    move(team, {1: 50, 2: 50})
    answers = ask(team.ask_about(make_wines(1)), 200)
    counted = count(answers, read_version)

    def served() -> Mapping[str, float]:
        return team.status()["served"] or {}

    # Beside what other tests asked for in the same hour.
    wait_until(
        lambda: all(served().get(f"v{version}", 0) >= counted[version] for version in ("1", "2")),
        "Prometheus has what was served",
    )
    status = team.status()
    halves = {"v1": 50, "v2": 50}
    for truth in ("declared", "applied", "routed"):
        assert {entry["predictor"]: entry["percent"] for entry in status[truth]} == halves, truth
    assert set(status["served"]) == set(halves)
    assert (status["health"], status["notes"]) == ("Current", [])


def is_own(answer: Answer, own: Mapping[str, tuple[float, ...]]) -> bool:
    """Whether the version that an answer names predicts exactly this."""
    return read_predictions(answer.text) == own.get(read_version(answer.text))
