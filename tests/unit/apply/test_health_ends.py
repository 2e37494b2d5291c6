"""An exit code speaks where a container left no words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from reconciler.apply.health.ends import explain_exit
from reconciler.apply.health.pods import explain_workload, find_last_words
from reconciler.clients.cluster.kinds import POD
from reconciler.observe.closeup import Closeup
from reconciler.state.objects import LiveObject, ObjectKey

SECRET = "the storage refused or could not be asked; see the keys in the Secret that it is given"


WORKLOAD = "wines-v5-0-wines"


def make_pod(status: Mapping[str, Any]) -> LiveObject:
    return LiveObject(
        key=ObjectKey(kind=POD, namespace="wines", name=f"{WORKLOAD}-abc-xyz"),
        uid="1",
        resource_version="1",
        generation=1,
        labels={},
        annotations={},
        deleting=False,
        body={
            "metadata": {"ownerReferences": [{"kind": "ReplicaSet", "name": f"{WORKLOAD}-abc"}]},
            "status": status,
        },
    )


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
    pod = make_pod({"initContainerStatuses": [initializer]})
    assert explain_workload(WORKLOAD, Closeup(pods=(pod,))) == (
        "init container wines-model-initializer ends again and again (2 restarts), last with exit code 1: "
        f"{said}"
    )


TRACEBACK = """\
2026-11-23 14:00:01 [mlserver] ERROR - Couldn't load model 'wines'. Model will be removed from registry.
Traceback (most recent call last):
  File "model.py", line 7, in load
    raise
ModuleNotFoundError: No module named 'rounding'
2026-11-23 14:00:01 [mlserver] ERROR - Some of the models failed to load during startup!
2026-11-23 14:00:02 [mlserver] INFO - Stopped
"""
COPY = """\
2026/11/23 14:00:01 NOTICE: Config file not found - using defaults
2026/11/23 14:00:02 ERROR : S3 bucket wines: SignatureDoesNotMatch: the signature is wrong
2026/11/23 14:00:02 NOTICE: Failed to copy
"""


@pytest.mark.parametrize(
    ("log", "said"),
    [
        (TRACEBACK, "ModuleNotFoundError: No module named 'rounding'"),
        (COPY, "2026/11/23 14:00:02 ERROR : S3 bucket wines: SignatureDoesNotMatch: the signature is wrong"),
        ("ready\nout of ideas\n\n", "out of ideas"),
        ("", ""),
    ],
)
def test_the_last_words_of_a_log_are_its_exception_its_error_or_its_last_line(log: str, said: str) -> None:
    assert find_last_words(log) == said


def test_a_log_speaks_beside_what_the_exit_code_means() -> None:
    server = {
        "name": "wines",
        "restartCount": 3,
        "state": {"waiting": {"reason": "CrashLoopBackOff"}},
        "lastState": {"terminated": {"exitCode": 0, "reason": "Completed"}},
    }
    pod = make_pod({"containerStatuses": [server]})
    closeup = Closeup(pods=(pod,), logs={(pod.key.name, "wines"): TRACEBACK})
    assert explain_workload(WORKLOAD, closeup) == (
        "container wines ends again and again (3 restarts), last with exit code 0 (Completed): "
        "a model server ends so when it cannot load a model; see whether there is one at its location; "
        "its log: ModuleNotFoundError: No module named 'rounding'"
    )
