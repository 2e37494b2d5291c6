"""What is told of a run that did its work and could not see or record what became of it."""

from __future__ import annotations

import pytest

from reconciler.clients.cluster.interface import ClusterUnreachable
from reconciler.pipeline.sync.ending import tell_unseen
from reconciler.state.inventory import ObjectResult
from reconciler.state.objects import SELDON_DEPLOYMENT, ObjectKey
from reconciler.state.outcomes import Outcome
from reconciler.state.plans import Action
from reconciler.state.runs import TargetRun
from reconciler.state.targets import Target

KEY = ObjectKey(kind=SELDON_DEPLOYMENT, namespace="wines-production", name="wines")
GONE = ClusterUnreachable("10.0.0.1", "did not answer within 10 s", tries=3, seconds=31)


@pytest.mark.parametrize(
    ("actions", "said"),
    [
        ((Action.CREATED, Action.SKIPPED), "every change was tried, but its health could not be seen: "),
        ((Action.SKIPPED,), "there was nothing to change, but its health could not be seen: "),
        ((), "there was nothing to change, but its health could not be seen: "),
    ],
)
def test_a_run_says_what_it_did_before_it_was_blind(actions: tuple[Action, ...], said: str) -> None:
    run = TargetRun(
        target=Target(environment="production", namespace="wines-production"),
        revision="main@sha1:4be2a91",
        outcome=Outcome.DONE,
        results=tuple(ObjectResult(key=KEY, action=action, message="") for action in actions),
    )

    told = tell_unseen(run, "its health could not be seen", GONE)

    assert told.outcome is Outcome.UNDECIDED
    assert told.message == said + str(GONE)
    assert told.results == run.results
