"""Which exit code an error, or several targets together, leave: design of the exit codes in the README."""

from __future__ import annotations

from itertools import combinations
from typing import Any

import pytest

from reconciler.clients.cluster import interface as cluster
from reconciler.clients.forge import interface as forge
from reconciler.clients.registry import interface as registry
from reconciler.clients.source import interface as source
from reconciler.pipeline.outcomes import find_outcome
from reconciler.settings import SettingsError
from reconciler.state.outcomes import Outcome, worst

WORST_FIRST = [
    Outcome.INTERRUPTED,
    Outcome.DEFECT,
    Outcome.CONFIGURATION,
    Outcome.REFUSED,
    Outcome.FINDINGS,
    Outcome.UNHEALTHY,
    Outcome.UNDECIDED,
    Outcome.PENDING,
    Outcome.DONE,
]


def make(kind: type[Exception]) -> Exception:
    """An error of this kind; which outcome it has is a matter of its class alone."""
    return kind.__new__(kind)


@pytest.mark.parametrize(
    ("kind", "outcome"),
    [
        (SettingsError, 2),
        (cluster.ClusterMisconfigured, 2),
        (cluster.Unauthenticated, 2),
        (cluster.RightMissing, 2),
        (forge.ForgeRefused, 2),
        (forge.ForgeNotFound, 2),
        (forge.ForgeConflict, 1),
        (forge.ForgeUnreachable, 3),
        (cluster.ClusterUnreachable, 3),
        (cluster.Throttled, 3),
        (cluster.KindMissing, 3),
        (cluster.NamespaceMissing, 3),
        (cluster.NamespaceTerminating, 3),
        (cluster.WebhookUnavailable, 3),
        (cluster.ListExpired, 3),
        (cluster.Invalid, 1),
        (cluster.Conflict, 1),
        (cluster.FieldConflict, 1),
        (cluster.AlreadyExists, 1),
        (cluster.NotFound, 1),
        (source.SourceUnreachable, 3),
        (source.SourceCorrupt, 3),
        (source.SourceRefused, 2),
        (source.RevisionNotFound, 2),
        (registry.RegistryUnreachable, 3),
        (registry.RegistryRefused, 2),
        (registry.NotFound, 3),
    ],
    ids=lambda value: value.__name__ if isinstance(value, type) else str(value),
)
def test_an_expected_error_has_its_exit_code(kind: type[Exception], outcome: int) -> None:
    found = find_outcome(make(kind))
    assert found is not None
    assert int(found) == outcome


@pytest.mark.parametrize("kind", [ValueError, KeyError, OSError, RuntimeError, AssertionError])
def test_what_nobody_expected_has_none(kind: type[Exception]) -> None:
    assert find_outcome(make(kind)) is None


def find_leaves(kind: type[Any]) -> set[type[Any]]:
    below = kind.__subclasses__()
    return set().union(*(find_leaves(one) for one in below)) if below else {kind}


@pytest.mark.parametrize(
    "base", [cluster.ClusterError, forge.ForgeError, source.SourceError, registry.RegistryError]
)
def test_no_error_of_a_client_is_a_defect(base: type[Exception]) -> None:
    assert [kind.__name__ for kind in find_leaves(base) if find_outcome(make(kind)) is None] == []


def test_the_list_is_complete() -> None:
    assert sorted(WORST_FIRST) == sorted(Outcome)


@pytest.mark.parametrize(
    ("worse", "better"), tuple(combinations(WORST_FIRST, 2)), ids=lambda outcome: str(int(outcome))
)
def test_of_two_targets_the_worse_counts_in_any_order(worse: Outcome, better: Outcome) -> None:
    assert worst([worse, better]) is worse
    assert worst([better, worse]) is worse


def test_of_many_targets_the_worst_counts_however_often_another_occurs() -> None:
    assert worst([Outcome.DONE, Outcome.UNDECIDED, Outcome.UNDECIDED, Outcome.UNHEALTHY]) is Outcome.UNHEALTHY


def test_no_target_at_all_is_done() -> None:
    assert worst([]) is Outcome.DONE


def test_the_numbers_are_part_of_the_interface() -> None:
    assert {outcome.name: int(outcome) for outcome in Outcome} == {
        "DONE": 0,
        "FINDINGS": 1,
        "CONFIGURATION": 2,
        "UNDECIDED": 3,
        "PENDING": 4,
        "REFUSED": 5,
        "UNHEALTHY": 6,
        "DEFECT": 70,
        "INTERRUPTED": 130,
    }
