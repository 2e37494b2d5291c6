"""A Pod's status from its containers: what kubelets report, by the same rules."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

HOST = "127.0.0.1"


@dataclass(frozen=True, slots=True, kw_only=True)
class ContainerView:
    """One container at one moment; `state` and `last` are the API's ContainerState objects."""

    name: str
    image: str
    state: Mapping[str, Any]
    last: Mapping[str, Any] = field(default_factory=dict)
    ready: bool = False
    started: bool = False
    restarts: int = 0
    number: str = ""  # of the process: what a container id is elsewhere

    @property
    def succeeded(self) -> bool:
        """Whether it ended, and well."""
        ended: Mapping[str, Any] | None = self.state.get("terminated")
        return ended is not None and ended["exitCode"] == 0

    def report(self) -> dict[str, Any]:
        """The API's ContainerStatus."""
        return {
            "name": self.name,
            "image": self.image,
            "imageID": self.image if self.number else "",
            "containerID": f"process://{self.number}" if self.number else "",
            "ready": self.ready,
            "started": self.started,
            "restartCount": self.restarts,
            "state": dict(self.state),
            "lastState": dict(self.last),
        }


def pod_status(
    pod: Mapping[str, Any],
    initial: Sequence[ContainerView],
    main: Sequence[ContainerView],
    *,
    previous: Mapping[str, Any],
    address: str,
    started: str,
    now: str,
) -> dict[str, Any]:
    """A strategic merge patch of the API's PodStatus; conditions of others (PodScheduled) are not in it.

    initial, main: the init containers and the containers, in the Pod's order.
    previous: the last status, which says since when conditions hold.
    started, now: when this node took the Pod, and the present moment, both as `metav1.Time`.
    """
    policy = pod["spec"].get("restartPolicy", "Always")
    phase = find_phase(policy, initial, main)
    finished = phase in ("Succeeded", "Failed")
    waiting_for = [view.name for view in initial if not view.succeeded]
    unready = [view.name for view in main if not view.ready]
    completed = {"reason": "PodCompleted"}
    not_ready = {
        "reason": "ContainersNotReady",
        "message": f"containers with unready status: [{' '.join(unready)}]",
    }
    states: dict[str, tuple[bool, Mapping[str, str]]] = {
        "PodReadyToStartContainers": (not finished, {}),
        "Initialized": (
            not waiting_for,
            {
                "reason": "ContainersNotInitialized",
                "message": f"containers with incomplete status: [{' '.join(waiting_for)}]",
            },
        ),
        "Ready": (not unready and not finished, completed if finished else not_ready),
        "ContainersReady": (not unready and not finished, completed if finished else not_ready),
    }
    before = {condition["type"]: condition for condition in previous.get("conditions", ())}
    return {
        "phase": phase,
        "conditions": [_condition(kind, *states[kind], before.get(kind), now) for kind in states],
        "initContainerStatuses": [view.report() for view in initial],
        "containerStatuses": [view.report() for view in main],
        "hostIP": HOST,
        "hostIPs": [{"ip": HOST}],
        "podIP": address,
        # Merged by address otherwise, and the address may be another one after the node came back.
        "podIPs": [{"$patch": "replace"}, {"ip": address}],
        "startTime": previous.get("startTime") or started,
    }


def find_phase(policy: str, initial: Sequence[ContainerView], main: Sequence[ContainerView]) -> str:
    """The phase of a Pod with a restart policy (Always, OnFailure, Never) and such containers."""
    if policy == "Never" and any("terminated" in view.state and not view.succeeded for view in initial):
        return "Failed"
    if not all(view.succeeded for view in initial):
        return "Pending"
    if any("waiting" in view.state and not view.last for view in main):
        return "Pending"
    if policy != "Always" and all("terminated" in view.state for view in main):
        if all(view.succeeded for view in main):
            return "Succeeded"
        if policy == "Never":
            return "Failed"
    return "Running"


def is_ready(status: Mapping[str, Any]) -> bool:
    """Whether a Pod status says that the Pod is ready."""
    return any(
        condition["type"] == "Ready" and condition["status"] == "True"
        for condition in status.get("conditions", ())
    )


def _condition(
    kind: str, holds: bool, otherwise: Mapping[str, str], previous: Mapping[str, Any] | None, now: str
) -> dict[str, Any]:
    status = "True" if holds else "False"
    since = previous["lastTransitionTime"] if previous and previous["status"] == status else now
    return {
        "type": kind,
        "status": status,
        "lastTransitionTime": since,
        # Merged into what is there, where the words of an earlier state would stay.
        "reason": None,
        "message": None,
        **({} if holds else otherwise),
    }
