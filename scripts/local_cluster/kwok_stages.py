"""What kwok does with the Pods of its Node: makes them ready at once, or plays what a test asks for.

A Pod is asked to play something by the annotation `PLAY`, which may also be set on a Pod that runs, or, where
a test has no hand in the Pod, by a segment `play-<word>` in the URI of its model. See README.md.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from scripts.local_cluster.kwok_templates import (
    CRASHED,
    MESSAGE,
    NO_IMAGE,
    NODE_READY,
    RESTARTED,
    RUNNING,
    write_eviction,
    write_init_crash,
    write_status,
)

__all__ = ["AFTER", "MESSAGE", "PLAY", "build_stages"]

PLAY = "kwok.modelsync.dev/play"
AFTER = "kwok.modelsync.dev/after"  # of `slow`: how long, such as 20s

READY, NEVER_READY, SLOW = "ready", "never-ready", "slow"
CRASH_LOOP, INIT_CRASH_LOOP, IMAGE_PULL, EVICT = "crash-loop", "init-crash-loop", "image-pull", "evict"

# The model's URI is the first argument of the storage initializer, an init container.
_PLAY_KEY = (
    f'(.metadata.annotations["{PLAY}"]'
    ' // [.spec.initContainers[]?.args[]? | capture("/play-(?<word>[a-z]+(-[a-z]+)*)") | .word][0]'
    f' // "{READY}")'
)
_AFTER_KEY = (
    f'(.metadata.annotations["{AFTER}"]'
    ' // [.spec.initContainers[]?.args[]? | capture("/play-slow-(?<word>[0-9]+m?s)") | .word][0]'
    ' // "5s")'
)
_PHASE_KEY = '(.status.phase // "Pending")'
_READY_KEY = '([.status.conditions[]? | select(.type == "Ready") | .status][0] // "absent")'
# What the first container does, or the first init container where that is stuck.
_DOING_KEY = (
    "([(.status.initContainerStatuses[]?, .status.containerStatuses[]?) | .state.waiting.reason // empty][0]"
    ' // (.status.containerStatuses[0]?.state | if . == null then "nothing" else keys[0] end))'
)


def build_stages() -> tuple[dict[str, Any], ...]:
    """The stages, `kwok.x-k8s.io/v1alpha1`."""
    return (
        _node_is_ready(),
        _stage("ready", (READY,), {_READY_KEY: ("NotIn", "True")}, write_status(first=RUNNING, ready=True)),
        _stage(
            "never-ready",
            (NEVER_READY,),
            {_READY_KEY: ("NotIn", "False"), _DOING_KEY: ("In", "nothing", "running")},
            write_status(first=RUNNING),
            event=("Unhealthy", "Readiness probe failed: dial tcp: connect: connection refused"),
        ),
        _stage("slow-starts", (SLOW,), {_DOING_KEY: ("In", "nothing")}, write_status(first=RUNNING)),
        _stage(
            "slow-is-ready",
            (SLOW,),
            {_DOING_KEY: ("In", "running"), _READY_KEY: ("NotIn", "True")},
            write_status(first=RUNNING, ready=True),
            delay={"durationMilliseconds": 5000, "durationFrom": {"jq": {"expression": _AFTER_KEY}}},
        ),
        _stage(
            "crash",
            (CRASH_LOOP,),
            {_DOING_KEY: ("NotIn", "CrashLoopBackOff")},
            write_status(first=CRASHED, restarts=1),
            delay={"durationMilliseconds": 300},
            event=("BackOff", "Back-off restarting failed container"),
        ),
        _stage(
            "crash-restarts",
            (CRASH_LOOP,),
            {_DOING_KEY: ("In", "CrashLoopBackOff")},
            write_status(first=RESTARTED),
            delay={"durationMilliseconds": 3000},
        ),
        _stage(
            "init-crash",
            (INIT_CRASH_LOOP,),
            {_DOING_KEY: ("NotIn", "CrashLoopBackOff")},
            write_init_crash(),
            delay={"durationMilliseconds": 300},
            event=("BackOff", "Back-off restarting failed container"),
        ),
        _stage(
            "image-pull",
            (IMAGE_PULL,),
            {_DOING_KEY: ("NotIn", "ImagePullBackOff")},
            write_status(first=NO_IMAGE, phase="Pending"),
            event=("Failed", "Error: ErrImagePull"),
        ),
        _stage(
            "evict",
            (EVICT,),
            {},
            write_eviction(),
            event=("Evicted", "The node was low on resource: memory."),
        ),
        _delete(),
    )


def _stage(
    name: str,
    plays: Sequence[str],
    guards: Mapping[str, tuple[str, ...]],
    template: str,
    *,
    delay: Mapping[str, Any] | None = None,
    event: tuple[str, str] | None = None,
) -> dict[str, Any]:
    """A stage for Pods that play one of `plays` and pass all `guards` (jq expression → operator, values)."""
    expressions = [
        {"jq": {"key": ".metadata.deletionTimestamp", "operator": "DoesNotExist"}},
        {"jq": {"key": _PHASE_KEY, "operator": "In", "values": ["Pending", "Running"]}},
        {"jq": {"key": _PLAY_KEY, "operator": "In", "values": list(plays)}},
        *(
            {"jq": {"key": key, "operator": guard[0], "values": list(guard[1:])}}
            for key, guard in guards.items()
        ),
    ]
    happens: list[dict[str, Any]] = []
    if event is not None:
        happens.append({"event": {"type": "Warning", "reason": event[0], "message": event[1]}})
    patch = {"subresource": "status", "root": "status", "type": "strategic", "template": template}
    happens.append({"patch": patch})
    return _make(name, {"matchExpressions": expressions}, happens, delay)


def _delete() -> dict[str, Any]:
    gone = {"jq": {"key": ".metadata.deletionTimestamp", "operator": "Exists"}}
    return _make("delete", {"matchExpressions": [gone]}, [{"delete": True}], None)


def _node_is_ready() -> dict[str, Any]:
    """Without a stage for Nodes kwok looks after none, and so not after their Pods either."""
    unready = {"jq": {"key": _READY_KEY, "operator": "NotIn", "values": ["True"]}}
    patch = {"subresource": "status", "root": "status", "type": "strategic", "template": NODE_READY}
    return _make("node", {"matchExpressions": [unready]}, [{"patch": patch}], None, kind="Node")


def _make(
    name: str,
    selector: Mapping[str, Any],
    steps: Sequence[Mapping[str, Any]],
    delay: Mapping[str, Any] | None,
    kind: str = "Pod",
) -> dict[str, Any]:
    return {
        "apiVersion": "kwok.x-k8s.io/v1alpha1",
        "kind": "Stage",
        "metadata": {"name": name},
        "spec": {
            "resourceRef": {"apiGroup": "v1", "kind": kind},
            "selector": dict(selector),
            **({"delay": dict(delay)} if delay else {}),
            "steps": [dict(step) for step in steps],
        },
    }
