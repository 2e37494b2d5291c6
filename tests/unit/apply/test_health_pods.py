"""The reason that a person needs, from Pods and Events."""

from __future__ import annotations

from typing import Any

import pytest

from reconciler.apply.health.pods import explain_workload, tidy
from reconciler.clients.cluster.answers import read_object
from reconciler.clients.cluster.kinds import EVENT, POD
from reconciler.observe.closeup import Closeup
from reconciler.state.objects import LiveObject
from tests.support.served import EDITED, NOW, Scene, change, make_child, say_condition

WORKLOAD = "wines-v5-0-wines"
NAME = f"{WORKLOAD}-5f4c8664f5-k7x2q"


def make_pod(
    *, name: str = NAME, ready: bool = False, owner: str = f"{WORKLOAD}-5f4c8664f5", **status: Any
) -> LiveObject:
    conditions = [{"type": "Ready", "status": str(ready)}, *status.pop("conditions", ())]
    body = {
        "metadata": {
            "name": name,
            "namespace": "ns",
            "ownerReferences": [{"kind": "ReplicaSet", "name": owner}],
            "creationTimestamp": status.pop("created", "2026-11-23T12:00:00Z"),
            **({"deletionTimestamp": "2026-11-23T12:00:00Z"} if status.pop("deleting", False) else {}),
        },
        "status": {"conditions": conditions, **status},
    }
    return read_object(body, POD)


def make_container(
    *, name: str = "wines", restarts: int = 0, ended: dict[str, Any] | None = None, **state: Any
) -> Any:
    last = {"lastState": {"terminated": ended}} if ended else {}
    return {"name": name, "ready": False, "restartCount": restarts, "state": state, **last}


def make_event(
    about: str, message: str, *, kind: str = "Pod", type_: str = "Warning", **times: Any
) -> LiveObject:
    body = {
        "metadata": {"name": f"{about}.1", "namespace": "ns"},
        "involvedObject": {"kind": kind, "name": about},
        "type": type_,
        "reason": "Unhealthy",
        "message": message,
        **times,
    }
    return read_object(body, EVENT)


def explain(*pods: LiveObject, events: tuple[LiveObject, ...] = ()) -> str:
    return explain_workload(WORKLOAD, Closeup(pods=pods, events=events))


DIED = {"exitCode": 1, "reason": "Error", "message": "no module named sklearn\n"}
KILLED = {"exitCode": 137, "reason": "OOMKilled"}


@pytest.mark.parametrize(
    ("status", "reason"),
    [
        (
            {
                "conditions": [
                    {
                        "type": "PodScheduled",
                        "status": "False",
                        "reason": "Unschedulable",
                        "message": "0/3 nodes are available: 3 Insufficient memory.",
                    }
                ]
            },
            "no node takes its Pod: 0/3 nodes are available: 3 Insufficient memory.",
        ),
        (
            {
                "initContainerStatuses": [
                    make_container(
                        name="wines-model-initializer",
                        restarts=4,
                        ended=DIED,
                        waiting={"reason": "CrashLoopBackOff"},
                    )
                ]
            },
            (
                "init container wines-model-initializer ends again and again (4 restarts), "
                "last with exit code 1: no module named sklearn"
            ),
        ),
        (
            {"initContainerStatuses": [make_container(name="load", terminated=DIED)]},
            "init container load ended with exit code 1: no module named sklearn",
        ),
        (
            {
                "containerStatuses": [
                    make_container(
                        waiting={"reason": "ImagePullBackOff", "message": "Back-off pulling image x"}
                    )
                ]
            },
            "container wines cannot start: ImagePullBackOff: Back-off pulling image x",
        ),
        (
            {
                "containerStatuses": [
                    make_container(
                        waiting={"reason": "CreateContainerConfigError", "message": "secret s3 not found"}
                    )
                ]
            },
            "container wines cannot start: CreateContainerConfigError: secret s3 not found",
        ),
        (
            {"containerStatuses": [make_container(restarts=1, ended=KILLED, running={})]},
            "container wines ended with exit code 137 (OOMKilled)",
        ),
        (
            {"containerStatuses": [make_container(restarts=2, ended=KILLED, running={})]},
            "container wines ends again and again (2 restarts), last with exit code 137 (OOMKilled)",
        ),
        (
            {"phase": "Failed", "reason": "Evicted", "message": "The node was low on resource: memory."},
            f"Pod {NAME} Evicted: The node was low on resource: memory.",
        ),
        ({"containerStatuses": [make_container(running={})]}, "container wines runs and is not ready yet"),
        (
            {"containerStatuses": [make_container(waiting={"reason": "ContainerCreating"})]},
            "container wines is being started",
        ),
        ({}, ""),
    ],
)
def test_a_pod_that_is_not_ready_says_why(status: dict[str, Any], reason: str) -> None:
    assert explain(make_pod(**status)) == reason


def test_ready_pods_and_those_of_others_say_nothing() -> None:
    sick: dict[str, Any] = {"containerStatuses": [make_container(waiting={"reason": "ErrImagePull"})]}

    assert explain(make_pod(ready=True, **sick)) == ""
    assert explain(make_pod(deleting=True, **sick)) == ""
    assert explain(make_pod(owner=f"{WORKLOAD}-2-5f4c8664f5", **sick)) == ""


def test_the_newest_pod_speaks_first() -> None:
    old = make_pod(name="old", containerStatuses=[make_container(waiting={"reason": "ErrImagePull"})])
    new = make_pod(
        name="new",
        created="2026-11-23T12:05:00Z",
        containerStatuses=[make_container(waiting={"reason": "InvalidImageName"})],
    )

    assert explain(old, new) == "container wines cannot start: InvalidImageName"


def test_the_newest_warning_is_added_where_containers_do_not_say_enough() -> None:
    pod = make_pod(containerStatuses=[make_container(running={})])
    events = (
        make_event(NAME, "Readiness probe failed: old", lastTimestamp="2026-11-23T12:00:01Z"),
        make_event(
            NAME, "Readiness probe failed: new", series={"lastObservedTime": "2026-11-23T12:00:09.500000Z"}
        ),
        make_event(NAME, "Started container", type_="Normal", lastTimestamp="2026-11-23T12:01:00Z"),
        make_event("other-5f4c8664f5-k7x2q", "of another", lastTimestamp="2026-11-23T12:02:00Z"),
        make_event(f"{WORKLOAD}-2-5f4c8664f5-k7x2q", "of a neighbour", lastTimestamp="2026-11-23T12:02:00Z"),
    )

    assert explain(pod, events=events) == (
        "container wines runs and is not ready yet; Unhealthy: Readiness probe failed: new"
    )


@pytest.mark.parametrize(
    ("kind", "about"), [("ReplicaSet", f"{WORKLOAD}-5f4c8664f5"), ("Deployment", WORKLOAD), ("Pod", NAME)]
)
def test_warnings_about_all_that_a_deployment_made_count(kind: str, about: str) -> None:
    assert explain(events=(make_event(about, "is forbidden", kind=kind),)) == "Unhealthy: is forbidden"


def test_without_the_right_to_look_nothing_is_explained() -> None:
    assert explain_workload(WORKLOAD, None) == ""
    assert explain_workload(WORKLOAD, Closeup()) == ""


def test_texts_of_the_cluster_are_made_harmless_and_short() -> None:
    assert tidy("a\x1b[31m red\n\tline") == "a [31m red line"
    assert len(tidy("x" * 1000)) == 300


def test_a_variants_reason_has_the_words_of_its_container() -> None:
    pod = make_pod(
        containerStatuses=[make_container(restarts=3, ended=DIED, waiting={"reason": "CrashLoopBackOff"})]
    )
    scene = Scene(children={"v5": change(make_child("v5"), availableReplicas=0)})

    assert scene.assess(closeup=Closeup(pods=(pod,), events=())).reason == (
        "v5: 0 of 2 Pods ready; container wines ends again and again (3 restarts), "
        "last with exit code 1: no module named sklearn"
    )


def test_pods_that_could_not_be_made_are_the_deployments_to_tell() -> None:
    refused = say_condition(
        "ReplicaFailure", "True", EDITED, reason="FailedCreate", message="exceeded quota: pods=1"
    )
    child = change(make_child("v5"), replicas=0, updatedReplicas=0, availableReplicas=0, conditions=[refused])

    assert Scene(children={"v5": child}).assess(now=NOW).reason == (
        "v5: 0 of 2 Pods ready; FailedCreate: exceeded quota: pods=1"
    )
