"""What must hold after a disturbed run and after the undisturbed one behind it. Values in, problems out."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Any

from tests.faults.sweep_faults import Fault
from tests.faults.sweep_runner import Ended
from tests.faults.sweep_state import State
from tests.faults.sweep_steps import is_object_write, is_write, name_object
from tests.support.proxy import Request

UNKNOWN = "not known"
"""The words by which a result says that a write may have landed unseen."""


class Kind(str, Enum):
    """What a problem is called in the summary."""

    LEAK = "leaks"
    WRONG_DELETE = "wrong deletes"
    DUPLICATE = "duplicates"
    FALSE_REPORT = "false reports"
    DIVERGED = "not converged"
    NEEDLESS = "needless writes"
    ENDED = "wrong ends"


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """One thing that must not be."""

    kind: Kind
    text: str


def check_disturbed(
    *,
    before: State,
    after: State,
    wanted: State,
    fault: Fault | None,
    ended: Ended,
    requests: Sequence[Request],
) -> Iterator[Problem]:
    """`before` and `after` enclose the disturbed run, `wanted` is where an undisturbed run ends.

    `fault` is None if the run ended before the fault could be played.
    """
    yield from _check_objects(before, after, wanted)
    yield from _check_end(fault, ended, before, after)
    if ended.out.startswith("{"):
        yield from _check_report(json.loads(ended.out), before, after, wanted, requests)
    elif ended.code == 0:
        yield Problem(kind=Kind.FALSE_REPORT, text="the run ended with 0 and without a report")


def check_repaired(
    *, before: State, after: State, wanted: State, ended: Ended, requests: Sequence[Request]
) -> Iterator[Problem]:
    """`before` and `after` enclose the undisturbed run that follows a disturbed one."""
    if ended.code != 0:
        yield Problem(kind=Kind.DIVERGED, text=f"the next run ended with {ended.code}: {quote(ended)}")
    if after.describe() != wanted.describe():
        yield Problem(kind=Kind.DIVERGED, text=_contrast(after.describe(), wanted.describe()))
    for name, entry in after.entries.items():
        if name in after.objects and entry["uid"] != after.uid(name):
            yield Problem(kind=Kind.LEAK, text=f"{name} is recorded under the uid of another object")
    yield from _check_objects(before, after, wanted)
    yield from _check_need(before, after, wanted, requests)


def check_untouched(ended: Ended, requests: Sequence[Request]) -> Iterator[Problem]:
    """What must hold of a run that could not read what it needs: no object was written."""
    if ended.code == 3:
        for request in filter(is_object_write, requests):
            yield Problem(kind=Kind.ENDED, text=f"it could not read all and yet sent {request}")


def _check_objects(before: State, after: State, wanted: State) -> Iterator[Problem]:
    for name in sorted(after.owned - set(after.entries)):
        yield Problem(kind=Kind.LEAK, text=f"{name} is ours and in no inventory")
    for name in before.objects:
        if name not in after.objects:
            if name in wanted.objects:
                yield Problem(kind=Kind.WRONG_DELETE, text=f"{name} was deleted")
        elif before.uid(name) != after.uid(name):
            yield Problem(kind=Kind.WRONG_DELETE, text=f"{name} was deleted and made anew")
    for name in after.objects:
        if name not in before.objects and name not in wanted.objects:
            yield Problem(kind=Kind.DUPLICATE, text=f"{name} was made and never declared")
        elif not _is_between(name, before, after, wanted):
            yield Problem(kind=Kind.DIVERGED, text=f"{name} is neither as it was nor as it is to be")


def _is_between(name: str, before: State, after: State, wanted: State) -> bool:
    now = after.describe_object(name)
    return any(name in state.objects and state.describe_object(name) == now for state in (before, wanted))


def _check_end(fault: Fault | None, ended: Ended, before: State, after: State) -> Iterator[Problem]:
    allowed = {-9} if fault is Fault.KILL else {0, 130} if fault is Fault.TERM else {0, 1, 3}
    if ended.code not in allowed:
        yield Problem(kind=Kind.ENDED, text=f"it ended with {ended.code}: {quote(ended)}")
    # A run that was killed before may hold it still; whoever was to end then did not come to take it over.
    if fault is Fault.TERM and after.holder not in ("", before.holder):
        yield Problem(kind=Kind.ENDED, text=f"the Lease is still held by {after.holder}")


def _check_report(
    report: Any, before: State, after: State, wanted: State, requests: Sequence[Request]
) -> Iterator[Problem]:
    (target,) = report["targets"]
    results = {item["object"].partition("/")[2]: item for item in target["results"]}
    if target["outcome"] == 0 and after.describe() != wanted.describe():
        yield Problem(
            kind=Kind.FALSE_REPORT,
            text=f"it says that all is well: {_contrast(after.describe(), wanted.describe())}",
        )
    # What a run asks about all of its targets at once belongs to none of them.
    own = sum("/namespaces/" in request.path for request in requests)
    if target["requests"] != own:
        text = f"it says {target['requests']} requests, and {own} arrived"
        yield Problem(kind=Kind.FALSE_REPORT, text=text)
    for name, result in results.items():
        if (lie := _find_lie(name, result, before, after, wanted)) is not None:
            text = f"it says {name} {result['action']} {result['message']!r}, but {lie}"
            yield Problem(kind=Kind.FALSE_REPORT, text=text)
    for name in before.objects.keys() | after.objects.keys():
        if name not in results and before.version(name) != after.version(name):
            yield Problem(kind=Kind.FALSE_REPORT, text=f"{name} changed, and it says nothing of it")


def _find_lie(name: str, result: dict[str, str], before: State, after: State, wanted: State) -> str | None:
    action, changed = result["action"], before.version(name) != after.version(name)
    if action in ("created", "configured"):
        if name not in after.objects:
            return "it is not there"
        if name not in wanted.objects or after.describe_object(name) != wanted.describe_object(name):
            return "it is not as declared"
    elif action == "deleted":
        if name in after.objects:
            return "it is still there"
    elif action == "failed":
        if changed and UNKNOWN not in result["message"]:
            return "it was changed"
    elif changed:
        return "it was changed"
    return None


def _check_need(before: State, after: State, wanted: State, requests: Sequence[Request]) -> Iterator[Problem]:
    if before.describe() == wanted.describe():
        for request in filter(is_write, requests):
            yield Problem(kind=Kind.NEEDLESS, text=f"nothing was left to do, but: {request}")
        return
    names = before.objects.keys() | after.objects.keys()
    needed = Counter(name for name in names if before.version(name) != after.version(name))
    writes = list(_find_writes(requests))
    made = Counter(name_object(request).partition("/")[2] for request in writes)
    if made - needed:
        text = f"{dict(needed)} had to be written, but: {', '.join(map(str, writes))}"
        yield Problem(kind=Kind.NEEDLESS, text=text)


def _find_writes(requests: Sequence[Request]) -> Iterator[Request]:
    """The writes of objects but for those that were refused because another manager holds the fields."""
    forced = {request.path for request in requests if request.query.get("force") == ["true"]}
    for request in filter(is_object_write, requests):
        if request.path not in forced or request.query.get("force") == ["true"]:
            yield request


def quote(ended: Ended) -> str:
    """What a run said of itself, without what it planned."""
    if not ended.out.startswith("{"):
        return ended.err or ended.out
    targets = json.loads(ended.out)["targets"]
    said = [(target["message"], target["results"], target["notes"]) for target in targets]
    refusals = [target["plan"]["refusals"] for target in targets if target["plan"]]
    return f"{said} {refusals} {ended.err}"


def _contrast(found: str, wanted: str) -> str:
    """The lines that differ, the first ten."""
    here, there = found.splitlines(), wanted.splitlines()
    lines = [f"- {line.strip()}" for line in there if line not in here]
    lines += [f"+ {line.strip()}" for line in here if line not in there]
    return "; ".join(line[:400] for line in lines[:10]) or "the order of lines differs"
