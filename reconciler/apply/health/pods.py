"""Why Pods are not ready: the one sentence that a person needs, from the Pods and Events themselves."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime, timezone
from typing import Any

from reconciler.apply.health.ends import explain_exit
from reconciler.apply.health.times import find_condition, read_time
from reconciler.observe.closeup import Closeup
from reconciler.state.objects import Body, LiveObject

_LIMIT = 300
# The end of a Python traceback, and a line by which other programs name a fault.
_EXCEPTION = re.compile(r"[\w.]*(Error|Exception)\b(: |$)")
_FAULT = re.compile(r"\b(ERROR|CRITICAL|FATAL)\b", re.IGNORECASE)

Logs = Mapping[tuple[str, str], str]

# What a container waits for before anything can be wrong with it.
_EARLY = frozenset({"", "ContainerCreating", "PodInitializing"})
_CRASHING = "CrashLoopBackOff"


def explain_workload(workload: str, closeup: Closeup | None) -> str:
    """What keeps the Pods of a Deployment from being ready; empty where nothing is known.

    In this order: a Pod that cannot be placed, a container (init containers first) that cannot start or
    ended, with its last words, a container that runs but is not ready; and at the end the newest warning.
    """
    if closeup is None:
        return ""
    pods = [pod for pod in closeup.pods or () if _is_of(pod, workload)]
    sick = sorted(
        (pod for pod in pods if not _is_ready(pod) and not pod.deleting), key=_created, reverse=True
    )
    for pod in sick:
        if said := next(_explain_pod(pod, closeup.logs), ""):
            return said
    warning = find_warning(workload, closeup.events or ())
    waiting = next((_say_waiting(pod) for pod in sick), "")
    return "; ".join(part for part in (waiting, warning) if part)


def find_last_words(log: str) -> str:
    """The line of a log that says what ended the program: the last exception, else error, else line."""
    lines = [line.strip() for line in log.splitlines() if line.strip()]
    named = [line for line in lines if _EXCEPTION.match(line)]
    faults = named or [line for line in lines if _FAULT.search(line)] or lines
    return faults[-1] if faults else ""


def find_warning(workload: str, events: Iterable[LiveObject]) -> str:
    """The newest warning about a Deployment, its ReplicaSets or its Pods; empty where there is none."""
    own = [
        event
        for event in events
        if event.body.get("type") == "Warning"
        and event.body.get("message")
        and _is_about(event.body, workload)
    ]
    if not own:
        return ""
    newest = max(own, key=_seen_last)
    return f"{newest.body.get('reason', 'Warning')}: {tidy(newest.body['message'])}"


def tidy(text: Any) -> str:
    """A text of the cluster in one line without control characters, cut to a readable length."""
    line = " ".join("".join(letter if letter.isprintable() else " " for letter in str(text)).split())
    return line if len(line) <= _LIMIT else f"{line[: _LIMIT - 1]}…"


def _explain_pod(pod: LiveObject, logs: Logs) -> Iterator[str]:
    """What is wrong with this Pod, the surest first."""
    status: Mapping[str, Any] = pod.body.get("status") or {}
    if status.get("phase") == "Failed":
        words = tidy(status.get("message") or "it ended for good")
        yield f"Pod {pod.key.name} {status.get('reason') or 'Failed'}: {words}"
    placed = find_condition(pod.body, "PodScheduled")
    if placed is not None and placed.get("status") == "False":
        words = tidy(placed.get("message") or placed.get("reason") or "Unschedulable")
        yield f"no node takes its Pod: {words}"
    for title, statuses in (
        ("init container", status.get("initContainerStatuses")),
        ("container", status.get("containerStatuses")),
    ):
        for container in statuses or ():
            log = logs.get((pod.key.name, str(container.get("name", ""))), "")
            yield from _explain_container(title, container, log)


def _explain_container(title: str, status: Mapping[str, Any], log: str) -> Iterator[str]:
    name = f"{title} {status.get('name', '')}"
    state: Mapping[str, Any] = status.get("state") or {}
    waiting: Mapping[str, Any] = state.get("waiting") or {}
    reason = str(waiting.get("reason") or "")
    ended = state.get("terminated") or (status.get("lastState") or {}).get("terminated")
    words = _say_end(str(status.get("name", "")), ended, log) if ended else ""
    times = int(status.get("restartCount") or 0)
    # Between two waits it runs for a while, and is no better for it.
    if reason == _CRASHING or (words and times > 1 and reason in _EARLY and not status.get("ready")):
        restarts = "1 restart" if times == 1 else f"{times} restarts"
        yield f"{name} ends again and again ({restarts}){f', last {words}' if words else ''}"
    elif reason not in _EARLY:
        message = tidy(waiting.get("message") or "")
        yield f"{name} cannot start: {reason}{f': {message}' if message else ''}"
    elif words and not status.get("ready") and int((ended or {}).get("exitCode") or 0) != 0:
        yield f"{name} ended {words}"


def _say_end(name: str, ended: Mapping[str, Any], log: str) -> str:
    reason = str(ended.get("reason") or "")
    extra = f" ({reason})" if reason and reason != "Error" else ""
    code = ended.get("exitCode")
    message = tidy(ended.get("message") or "")
    if not message:
        words = tidy(find_last_words(log))
        hint = "" if code is None else explain_exit(name, int(code))
        message = "; ".join(part for part in (hint, f"its log: {words}" if words else "") if part)
    return f"with exit code {'?' if code is None else code}{extra}{f': {message}' if message else ''}"


def _say_waiting(pod: LiveObject) -> str:
    """Which container is awaited where none of them has said anything."""
    status: Mapping[str, Any] = pod.body.get("status") or {}
    for container in status.get("containerStatuses") or ():
        if container.get("ready"):
            continue
        if "running" in (container.get("state") or {}):
            return f"container {container.get('name', '')} runs and is not ready yet"
        return f"container {container.get('name', '')} is being started"
    return ""


def _is_ready(pod: LiveObject) -> bool:
    ready = find_condition(pod.body, "Ready")
    return ready is not None and ready.get("status") == "True"


def _created(pod: LiveObject) -> str:
    return str((pod.body.get("metadata") or {}).get("creationTimestamp") or "")


def _is_of(pod: LiveObject, workload: str) -> bool:
    """Whether the Pod belongs to a ReplicaSet of the Deployment: those are called `<name>-<hash>`."""
    owners = (pod.body.get("metadata") or {}).get("ownerReferences") or ()
    return any(
        owner.get("kind") == "ReplicaSet" and str(owner.get("name")).rpartition("-")[0] == workload
        for owner in owners
    )


def _is_about(event: Body, workload: str) -> bool:
    about: Mapping[str, Any] = event.get("involvedObject") or {}
    name, kind = str(about.get("name", "")), about.get("kind")
    if kind == "Pod":
        return name.rpartition("-")[0].rpartition("-")[0] == workload
    return (name.rpartition("-")[0] if kind == "ReplicaSet" else name) == workload


def _seen_last(event: LiveObject) -> datetime:
    series: Mapping[str, Any] = event.body.get("series") or {}
    texts = (series.get("lastObservedTime"), event.body.get("lastTimestamp"), event.body.get("eventTime"))
    times = (time for text in texts if (time := read_time(text)) is not None)
    return max(times, default=datetime.fromtimestamp(0, tz=timezone.utc))
