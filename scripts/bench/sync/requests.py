"""What an audit log says of one run: which requests reached the API server, and when. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timezone
from typing import Any

# Who is not measured: the API server itself, and whoever sets the stage.
_OTHERS = ("kube-apiserver/", "modelsync-local-cluster")
Event = Mapping[str, Any]


def count_requests(events: Iterable[Event]) -> Mapping[str, int]:
    """How often each verb was asked for, dry-runs by themselves (`patch, dry-run`), by name.

    A watch counts once, when it begins.
    """
    counts: dict[str, int] = {}
    for event in events:
        if _is_counted(event):
            verb = f"{event['verb']}, dry-run" if _is_dry_run(event) else str(event["verb"])
            counts[verb] = counts.get(verb, 0) + 1
    return dict(sorted(counts.items()))


def count_writes(requests: Mapping[str, int]) -> int:
    """How many of the requests store something."""
    return sum(
        number
        for verb, number in requests.items()
        if verb in ("create", "update", "patch", "delete", "deletecollection")
    )


def measure_applying(events: Iterable[Event]) -> float:
    """Seconds from the first to the last answered patch or dry-run of a namespace, all namespaces together.

    Where two namespaces are written at the same time, that time counts once.
    """
    spans: dict[str, list[tuple[float, float]]] = {}
    for event in events:
        if (event["verb"] == "patch" or _is_dry_run(event)) and _is_counted(event):
            namespace = str((event.get("objectRef") or {}).get("namespace", ""))
            spans.setdefault(namespace, []).append(
                (_read_time(event["requestReceivedTimestamp"]), _read_time(event["stageTimestamp"]))
            )
    return _join([(min(begin for begin, _ in of), max(end for _, end in of)) for of in spans.values()])


def _join(spans: Sequence[tuple[float, float]]) -> float:
    total, reached = 0.0, float("-inf")
    for begin, end in sorted(spans):
        total += max(0.0, end - max(begin, reached))
        reached = max(reached, end)
    return total


def _is_counted(event: Event) -> bool:
    if str(event.get("userAgent", "")).startswith(_OTHERS):
        return False
    return bool(event["verb"] != "watch" or event["stage"] == "ResponseStarted")


def _is_dry_run(event: Event) -> bool:
    # A delete says it in its body, which is not in the log; nobody here rehearses deletes.
    return "dryRun=All" in str(event["requestURI"])


def _read_time(text: str) -> float:
    """Seconds since the epoch of a time with microseconds (metav1.MicroTime)."""
    return datetime.strptime(text, "%Y-%m-%dT%H:%M:%S.%fZ").replace(tzinfo=timezone.utc).timestamp()
