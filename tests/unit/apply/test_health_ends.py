"""An exit code speaks where a container left no words."""

from __future__ import annotations

import pytest

from reconciler.apply.health.ends import explain_exit
from reconciler.apply.health.pods import explain_workload
from reconciler.clients.cluster.kinds import POD
from reconciler.observe.closeup import Closeup
from reconciler.state.objects import LiveObject, ObjectKey

SECRET = "the storage refused or could not be asked; see the keys in the Secret that it is given"


@pytest.mark.parametrize(
    ("container", "code", "said"),
    [
        ("wines-model-initializer", 1, SECRET),
        ("wines-model-initializer", 3, "there is no such bucket or folder in the storage"),
        ("wines-model-initializer", 137, ""),
        ("wines", 1, ""),
        (
            "wines",
            0,
            "a model server ends so when it cannot load a model; see whether there is one at its location",
        ),
    ],
)
def test_what_an_exit_code_says(container: str, code: int, said: str) -> None:
    assert explain_exit(container, code) == said


@pytest.mark.parametrize(("message", "said"), [("", SECRET), ("no such key\n", "no such key")])
def test_words_of_its_own_come_first(message: str, said: str) -> None:
    initializer = {
        "name": "wines-model-initializer",
        "restartCount": 2,
        "state": {"waiting": {"reason": "CrashLoopBackOff"}},
        "lastState": {"terminated": {"exitCode": 1, "reason": "Error", "message": message}},
    }
    pod = LiveObject(
        key=ObjectKey(kind=POD, namespace="wines", name="wines-v5-0-wines-abc-xyz"),
        uid="1",
        resource_version="1",
        generation=1,
        labels={},
        annotations={},
        deleting=False,
        body={
            "metadata": {"ownerReferences": [{"kind": "ReplicaSet", "name": "wines-v5-0-wines-abc"}]},
            "status": {"initContainerStatuses": [initializer]},
        },
    )
    assert explain_workload("wines-v5-0-wines", Closeup(pods=(pod,))) == (
        "init container wines-model-initializer ends again and again (2 restarts), last with exit code 1: "
        f"{said}"
    )
