"""Pods for a real local cluster: made, awaited, looked at."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from scripts.local_cluster import LocalCluster
from tests.support.waiting import wait_until

SHELL_IMAGE = "busybox:1.36"


def shell(script: str, **rest: Any) -> dict[str, Any]:
    """A container that runs a script with the machine's own shell."""
    return {"name": "main", "image": SHELL_IMAGE, "command": ["sh", "-c", script], **rest}


@dataclass(frozen=True, slots=True, kw_only=True)
class PodSpace:
    """A namespace with a service account, ready for Pods."""

    cluster: LocalCluster
    namespace: str

    def run(self, *containers: Mapping[str, Any], name: str = "", **spec: Any) -> str:
        """Make a Pod; its name."""
        name = name or f"pod-{uuid.uuid4().hex[:6]}"
        body = {
            "apiVersion": "v1",
            "kind": "Pod",
            "metadata": {"name": name, "labels": {"app": name}},
            "spec": {"terminationGracePeriodSeconds": 2, **spec, "containers": list(containers)},
        }
        self.cluster.api.demand("POST", self.path("pods"), body)
        return name

    def make(self, kind: str, name: str, data: Mapping[str, str]) -> None:
        """Make a Secret or ConfigMap with text."""
        key = "stringData" if kind == "Secret" else "data"
        body = {"apiVersion": "v1", "kind": kind, "metadata": {"name": name}, key: dict(data)}
        self.cluster.api.demand("POST", self.path(f"{kind.lower()}s"), body)

    def path(self, resource: str, name: str = "") -> str:
        """The path of core objects here."""
        return f"/api/v1/namespaces/{self.namespace}/{resource}" + (f"/{name}" if name else "")

    def find(self, name: str) -> dict[str, Any] | None:
        """The Pod, None when it is gone."""
        answer = self.cluster.api.request("GET", self.path("pods", name))
        assert answer.status in (200, 404), answer
        return answer.body if answer.status == 200 else None

    def status(self, name: str) -> dict[str, Any]:
        """The Pod's status."""
        pod = self.find(name)
        assert pod is not None, name
        status: dict[str, Any] = pod["status"]
        return status

    def container(self, name: str, *, initial: bool = False) -> dict[str, Any]:
        """The status of the Pod's first container, or init container; empty before there is one."""
        found = self.status(name).get("initContainerStatuses" if initial else "containerStatuses", [{}])
        first: dict[str, Any] = found[0]
        return first

    def address(self, name: str) -> str:
        """The Pod's address."""
        return str(self.status(name)["podIP"])

    def is_ready(self, name: str) -> bool:
        """Whether the Pod is ready."""
        conditions = self.status(name).get("conditions", ())
        return any(entry["type"] == "Ready" and entry["status"] == "True" for entry in conditions)

    def wait_ready(self, name: str, *, ready: bool = True) -> None:
        """Wait until the Pod is ready, or is not."""
        wait_until(lambda: self.is_ready(name) == ready, f"{name} ready: {ready}")

    def wait_reason(self, name: str, reason: str, *, initial: bool = False) -> str:
        """Wait until the Pod's first container waits for this reason; the message."""

        def look() -> str | None:
            waiting = self.container(name, initial=initial).get("state", {}).get("waiting", {})
            return waiting.get("message", "-") if waiting.get("reason") == reason else None

        return wait_until(look, f"{name} waits: {reason}")

    def log(self, name: str, container: str = "main", **query: str) -> str:
        """The log of a container, from the node."""
        path = f"{self.path('pods', name)}/log"
        text = self.cluster.api.demand("GET", path, query={"container": container, **query})
        return str(text)

    def events(self, name: str) -> dict[str, str]:
        """The newest message for each reason in the Pod's events."""
        found = self.cluster.api.demand(
            "GET", self.path("events"), query={"fieldSelector": f"involvedObject.name={name}"}
        )
        return {event["reason"]: event["message"] for event in found["items"]}

    def delete(self, name: str, *, grace: int | None = None) -> None:
        """Begin the Pod's deletion."""
        body = {} if grace is None else {"gracePeriodSeconds": grace}
        self.cluster.api.demand("DELETE", self.path("pods", name), body)

    def wait_gone(self, name: str) -> None:
        """Wait until the Pod is gone."""
        wait_until(lambda: self.find(name) is None, f"{name} is gone")

    def endpoint(self, name: str) -> str | None:
        """The address in the Pod's WorkloadEntry, None when there is none."""
        base = f"/apis/networking.istio.io/v1/namespaces/{self.namespace}/workloadentries"
        answer = self.cluster.api.request("GET", f"{base}/{name}")
        assert answer.status in (200, 404), answer
        return str(answer.body["spec"]["address"]) if answer.status == 200 else None


def make_space(cluster: LocalCluster) -> PodSpace:
    """A namespace of one's own, once Pods can be made in it."""
    name = f"pods-{uuid.uuid4().hex[:8]}"
    body = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}}
    cluster.api.demand("POST", "/api/v1/namespaces", body)
    space = PodSpace(cluster=cluster, namespace=name)
    account = space.path("serviceaccounts", "default")
    wait_until(lambda: cluster.api.request("GET", account).status == 200, "the service account")
    return space
