"""What a situation can do: a namespace of its own, and steps whose truth is written down with them."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from reconciler.state.observations import HealthWord
from scripts.local_cluster.api import APPLY, MANAGER, MERGE, AdminApi
from scripts.local_cluster.kwok_stages import MESSAGE, PLAY
from tests.e2e.health.observer import Expectation, Key, Observer, Sample
from tests.e2e.health.truth import Child, Served

GROUP = "/apis/machinelearning.seldon.io/v1"
# How long any word may take to come; a verdict by a deadline comes that much after it at most.
PATIENCE = 120.0
# How long kstatus' word may take to follow; some situations never let it.
SETTLING = 15.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """A line of the matrix: what was done, what is so in the end, and what both said then.

    `unknowable` says that the SeldonDeployment alone cannot tell, as long as the operator has not looked: the
    change keeps all names, or happened to something else.
    """

    what: str
    truth: str
    word: str
    reason: str
    kstatus: str
    unknowable: bool = False


@dataclass(slots=True, kw_only=True)
class Stage:
    """One situation's place. `name` is the SeldonDeployment's unless a step says otherwise."""

    title: str
    namespace: str
    api: AdminApi
    observer: Observer
    name: str = "wines"
    steps: list[Step] = field(default_factory=list)
    keys: set[Key] = field(default_factory=set)

    def path(self, name: str = "") -> str:
        return f"{GROUP}/namespaces/{self.namespace}/seldondeployments/{name or self.name}"

    def deployment_path(self, name: str) -> str:
        return f"/apis/apps/v1/namespaces/{self.namespace}/deployments/{name}"

    def step(
        self,
        what: str,
        action: Callable[[], Any],
        word: HealthWord,
        *,
        served: Served | None = None,
        failed_after: float | None = None,
        name: str = "",
        hold: float = 0.3,
        says: str = "",
        unknowable: bool = False,
    ) -> None:
        """Do something, and wait until the product says `word`, and says it (again) `hold` seconds later.

        `served` is what is asked for from now on (None: it cannot be served), `failed_after` the seconds
        after which it is true that it failed; `says` must be in the reason.
        """
        key = (self.namespace, name or self.name)
        self.keys.add(key)
        phase = len(self.steps)
        expected = Expectation(phase=phase, served=served, failed_after=failed_after)
        self.observer.act((key,), action, expected)

        def is_said(sample: Sample) -> bool:
            return sample.phase == phase and sample.word is word and says in sample.reason

        said = self.observer.wait(key, is_said, PATIENCE)
        # What was done may take a moment to show.
        time.sleep(hold)
        said = said and self.observer.wait(key, is_said, PATIENCE)
        samples = self.observer.track(key).samples
        assert said, f"{self.title}: {what}: {word.value} was not said; seen: {_tell(samples)}"
        last = samples[-1]
        if word is HealthWord.CURRENT:
            # The status follows in the operator's own time; what is told is where it comes to rest.
            self.observer.wait(
                key,
                lambda sample: is_said(sample) and sample.kstatus == "Current" and sample.told,
                SETTLING,
            )
            last = samples[-1]
        self.steps.append(
            Step(
                what=what,
                truth=_say_truth(word, served),
                word=last.word.value,
                reason=level(last.reason),
                kstatus=last.kstatus,
                unknowable=unknowable,
            )
        )

    def apply(self, body: Mapping[str, Any]) -> None:
        """Server-side apply, as a deployer does."""
        self.api.apply(body)

    def try_apply(self, body: Mapping[str, Any]) -> int:
        """The status that an apply is answered with."""
        query = {"fieldManager": MANAGER, "force": "true"}
        return self.api.request("PATCH", self.path(), body, content_type=APPLY, query=query).status

    def patch(self, path: str, body: object, **rest: Any) -> Any:
        return self.api.demand("PATCH", path, body, content_type=MERGE, **rest)

    def delete(self, path: str, **options: Any) -> None:
        self.api.demand("DELETE", path, {"apiVersion": "v1", "kind": "DeleteOptions", **options})

    def pods(self, deployment: str) -> list[str]:
        """The paths of the Pods of a Deployment that are not on their way out."""
        listed = self.api.demand("GET", f"/api/v1/namespaces/{self.namespace}/pods")
        return [
            f"/api/v1/namespaces/{self.namespace}/pods/{item['metadata']['name']}"
            for item in listed["items"]
            if item["metadata"]["labels"].get("app") == deployment
            and "deletionTimestamp" not in item["metadata"]
        ]

    def delete_pods(self, deployment: str) -> None:
        for path in self.pods(deployment):
            self.delete(path)

    def count_available(self, deployment: str) -> int:
        found = self.api.demand("GET", self.deployment_path(deployment))
        return int(found["status"].get("availableReplicas", 0))

    def play(self, deployment: str, word: str, message: str = "") -> None:
        """Have the running Pods of a Deployment do something else."""
        for path in self.pods(deployment):
            notes = {PLAY: word, **({MESSAGE: message} if message else {})}
            self.patch(path, {"metadata": {"annotations": notes}})


def wait_until(is_so: Callable[[], bool], seconds: float = PATIENCE) -> None:
    """Wait for something that is no verdict."""
    end = time.monotonic() + seconds
    while not is_so():
        assert time.monotonic() < end, "what was waited for did not happen"
        time.sleep(0.05)


def ask(
    routed: Mapping[str, int] | None = None, mirror: Mapping[str, int] | None = None, **uris: str
) -> Served:
    """What is served when each predictor has one Deployment with one container: predictor=location."""
    children = {f"wines-{name.replace('_', '-')}-0-wines": Child(uri=uri) for name, uri in uris.items()}
    return Served(children=children, routed=routed, mirror=mirror or {})


def level(reason: str) -> str:
    """A reason without what differs from run to run: counts of restarts and the ends of Pods' names."""
    reason = re.sub(r"\(\d+ restarts?\)", "(… restarts)", reason)
    # Letters that Kubernetes makes up names from (k8s.io/apimachinery, util/rand).
    reason = re.sub(r"-[bcdfghjklmnpqrstvwxz2-9]{8,10}-[bcdfghjklmnpqrstvwxz2-9]{5}\b", "-…", reason)
    return re.sub(r"seldon-[0-9a-f]{32}", "seldon-…", reason)


def _tell(samples: list[Sample]) -> str:
    return "; ".join(f"{item.after} s {item.word.value} {item.reason}" for item in samples[-8:])


def _say_truth(word: HealthWord, served: Served | None) -> str:
    if word is HealthWord.CURRENT:
        return "served as asked"
    if word in (HealthWord.TERMINATING, HealthWord.NOT_FOUND):
        return "going" if word is HealthWord.TERMINATING else "gone"
    if word is HealthWord.FAILED:
        return "did not come to be in its time"
    return "not yet served as asked"
