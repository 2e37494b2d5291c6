"""What the sweep calls a problem: each of its checks finds what it is there to find, and nothing else."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from tests.faults.sweep_checks import Kind, Problem, check_disturbed, check_repaired, check_untouched
from tests.faults.sweep_faults import Fault
from tests.faults.sweep_runner import Ended
from tests.faults.sweep_state import State
from tests.faults.sweep_steps import Step, find_step
from tests.support.proxy import Request

NAMESPACE = "sweep-1"
LEASE = f"/apis/coordination.k8s.io/v1/namespaces/{NAMESPACE}/leases/modelsync-production"
OBJECTS = f"/apis/machinelearning.seldon.io/v1/namespaces/{NAMESPACE}/seldondeployments"
RECORD = f"/api/v1/namespaces/{NAMESPACE}/configmaps/modelsync-production"
EVENTS = f"/api/v1/namespaces/{NAMESPACE}/events"


def make_object(
    name: str, traffic: int, *, uid: str = "", version: int = 1, ours: bool = True
) -> dict[str, Any]:
    manager = "modelsync-production" if ours else "kubectl"
    metadata = {
        "name": name,
        "uid": uid or f"uid-{name}",
        "resourceVersion": str(version),
        "managedFields": [{"manager": manager}],
    }
    return {"metadata": metadata, "spec": {"traffic": traffic}}


def make_state(*objects: Mapping[str, Any], recorded: Iterable[str] | None = None, holder: str = "") -> State:
    found = {item["metadata"]["name"]: item for item in objects}
    names = found if recorded is None else recorded
    entries = [{"name": name, "uid": found[name]["metadata"]["uid"]} for name in names if name in found]
    entries += [{"name": name, "uid": ""} for name in names if name not in found]
    inventory = "".join(f"{json.dumps(entry)}\n" for entry in entries)
    record = {"metadata": {"labels": {}}, "data": {"inventory": inventory}}
    return State(namespace=NAMESPACE, objects=found, record=record, holder=holder)


OLD = make_state(make_object("wines", 90))
NEW = make_state(make_object("wines", 50, version=2))


def ask(*requests: str) -> list[Request]:
    """Requests from `METHOD TARGET [BODY]`, in order."""
    made = []
    for number, text in enumerate(requests, 1):
        method, target, body = (*text.split(" ", 2), "")[:3]
        parts = urlsplit(target)
        made.append(
            Request(
                number=number,
                method=method,
                target=target,
                path=parts.path,
                query=parse_qs(parts.query),
                headers={},
                body=body.encode(),
            )
        )
    return made


def report(*results: tuple[str, str, str], outcome: int = 0, requests: int = 0) -> Ended:
    told = [
        {"object": f"SeldonDeployment/{name}", "action": action, "message": message}
        for name, action, message in results
    ]
    target = {"outcome": outcome, "requests": requests, "results": told}
    return Ended(code=outcome, out=json.dumps({"targets": [target]}), err="")


def disturb(
    before: State, after: State, wanted: State, ended: Ended, fault: Fault = Fault.ERROR
) -> list[Problem]:
    found = check_disturbed(before=before, after=after, wanted=wanted, fault=fault, ended=ended, requests=())
    return list(found)


def kinds(problems: Iterable[Problem]) -> set[Kind]:
    return {problem.kind for problem in problems}


class TestADisturbedRun:
    def test_that_did_all_and_says_so_is_well(self) -> None:
        assert disturb(OLD, NEW, NEW, report(("wines", "configured", ""))) == []

    def test_that_did_nothing_and_says_so_is_well(self) -> None:
        assert disturb(OLD, OLD, NEW, report(("wines", "skipped", "not tried"), outcome=3)) == []

    def test_that_says_of_a_write_that_it_may_have_landed_is_well_either_way(self) -> None:
        ended = report(("wines", "failed", "not known whether it landed: 504"), outcome=3)
        assert disturb(OLD, OLD, NEW, ended) == []
        assert disturb(OLD, NEW, NEW, ended) == []

    @pytest.mark.parametrize("action", ["skipped", "unchanged", "failed"])
    def test_must_not_deny_what_it_did(self, action: str) -> None:
        assert kinds(disturb(OLD, NEW, NEW, report(("wines", action, ""), outcome=3))) == {Kind.FALSE_REPORT}

    @pytest.mark.parametrize("action", ["created", "configured", "deleted"])
    def test_must_not_claim_what_it_did_not(self, action: str) -> None:
        assert kinds(disturb(OLD, OLD, NEW, report(("wines", action, ""), outcome=3))) == {Kind.FALSE_REPORT}

    def test_must_not_be_silent_on_what_it_did(self) -> None:
        assert kinds(disturb(OLD, NEW, NEW, report(outcome=3))) == {Kind.FALSE_REPORT}

    def test_must_not_say_that_all_is_well_while_it_is_not(self) -> None:
        assert kinds(disturb(OLD, OLD, NEW, report())) == {Kind.FALSE_REPORT}

    def test_must_count_its_requests(self) -> None:
        found = disturb(OLD, NEW, NEW, report(("wines", "configured", ""), requests=1))
        assert kinds(found) == {Kind.FALSE_REPORT}

    def test_must_record_what_it_makes(self) -> None:
        after = make_state(make_object("wines", 50, version=2), recorded=())
        found = disturb(OLD, after, NEW, report(("wines", "configured", ""), outcome=3))
        assert Kind.LEAK in kinds(found)

    def test_may_record_more_than_there_is(self) -> None:
        after = make_state(make_object("wines", 90), recorded=("wines", "ciders"))
        assert disturb(OLD, after, NEW, report(outcome=3)) == []

    def test_must_not_delete_what_is_wanted(self) -> None:
        found = disturb(OLD, make_state(), NEW, report(("wines", "deleted", ""), outcome=3))
        assert kinds(found) == {Kind.WRONG_DELETE}

    def test_must_not_make_anew_what_was_there(self) -> None:
        after = make_state(make_object("wines", 50, uid="another", version=2))
        found = disturb(OLD, after, NEW, report(("wines", "configured", ""), outcome=3))
        assert kinds(found) == {Kind.WRONG_DELETE}

    def test_must_not_make_what_was_never_declared(self) -> None:
        after = make_state(make_object("wines", 90), make_object("wines-2", 90))
        found = disturb(OLD, after, NEW, report(("wines-2", "created", ""), outcome=3))
        assert Kind.DUPLICATE in kinds(found)

    def test_must_not_leave_an_object_half_way(self) -> None:
        after = make_state(make_object("wines", 70, version=2))
        found = disturb(OLD, after, NEW, report(("wines", "failed", "not known"), outcome=3))
        assert kinds(found) == {Kind.DIVERGED}

    @pytest.mark.parametrize(
        ("fault", "code"),
        [(Fault.KILL, 0), (Fault.TERM, 3), (Fault.TERM, -15), (Fault.ERROR, 70), (Fault.ERROR, 5)],
    )
    def test_must_end_as_it_should(self, fault: Fault, code: int) -> None:
        ended = Ended(code=code, out="", err="")
        assert Kind.ENDED in kinds(disturb(OLD, OLD, NEW, ended, fault))

    def test_that_was_told_to_end_must_give_its_lease_back(self) -> None:
        held = make_state(make_object("wines", 90), holder="host/1/abc")
        ended = Ended(code=130, out="", err="")
        assert kinds(disturb(OLD, held, NEW, ended, Fault.TERM)) == {Kind.ENDED}
        assert disturb(OLD, OLD, NEW, ended, Fault.TERM) == []
        assert disturb(held, held, NEW, ended, Fault.TERM) == []


class TestTheRunAfterIt:
    def repair(self, before: State, after: State, *requests: str, code: int = 0) -> set[Kind]:
        found = check_repaired(
            before=before,
            after=after,
            wanted=NEW,
            ended=Ended(code=code, out="", err=""),
            requests=ask(*requests),
        )
        return kinds(found)

    def test_writes_what_is_left_and_nothing_else(self) -> None:
        assert self.repair(OLD, NEW, f"PATCH {OBJECTS}/wines?dryRun=All", f"PATCH {OBJECTS}/wines") == set()

    def test_writes_nothing_where_nothing_is_left(self) -> None:
        assert self.repair(NEW, NEW, f"GET {OBJECTS}") == set()
        assert self.repair(NEW, NEW, f"PUT {RECORD}") == {Kind.NEEDLESS}

    def test_writes_each_object_once(self) -> None:
        assert self.repair(OLD, NEW, *[f"PATCH {OBJECTS}/wines"] * 2) == {Kind.NEEDLESS}

    def test_may_ask_before_it_takes_by_force(self) -> None:
        asked = (f"PATCH {OBJECTS}/wines?force=false", f"PATCH {OBJECTS}/wines?force=true")
        assert self.repair(OLD, NEW, *asked) == set()

    def test_must_come_to_the_wanted_state_and_end_well(self) -> None:
        assert self.repair(OLD, OLD) == {Kind.DIVERGED}
        assert self.repair(OLD, NEW, f"PATCH {OBJECTS}/wines", code=3) == {Kind.DIVERGED}

    def test_must_record_the_object_that_is_there(self) -> None:
        after = make_state(make_object("wines", 50, version=2))
        entries = dict(after.record or {})
        inventory = json.dumps({"name": "wines", "uid": "another"})
        entries["data"] = {"inventory": inventory}
        stale = State(namespace=NAMESPACE, objects=after.objects, record=entries, holder="")
        assert Kind.LEAK in self.repair(OLD, stale, f"PATCH {OBJECTS}/wines")


def test_a_run_that_could_not_read_all_must_not_write() -> None:
    undecided = Ended(code=3, out="", err="")
    assert kinds(check_untouched(undecided, ask(f"PATCH {OBJECTS}/wines"))) == {Kind.ENDED}
    assert kinds(check_untouched(undecided, ask(f"GET {OBJECTS}", f"PUT {RECORD}"))) == set()


def test_the_requests_of_a_run_belong_to_its_steps() -> None:
    held, free = '{"spec": {"holderIdentity": "a"}}', '{"spec": {}}'
    run = [
        (f"GET {RECORD}", Step.LOOK),
        (f"GET {OBJECTS}?limit=500", Step.LOOK),
        (f"GET {LEASE}", Step.LEASE),
        (f"PUT {LEASE} {held}", Step.LEASE),
        (f"GET {OBJECTS}?limit=500", Step.GUARDS),
        (f"PUT {RECORD}", Step.UNION),
        (f"PATCH {OBJECTS}/wines?dryRun=All", Step.REHEARSAL),
        (f"PUT {LEASE} {held}", Step.LEASE),
        (f"PATCH {OBJECTS}/wines", Step.WRITE),
        (f"GET {RECORD}", Step.HEALTH),
        (f"DELETE {OBJECTS}/ports", Step.PRUNE),
        (f"GET {OBJECTS}?limit=500", Step.PRUNE),
        (f"PUT {RECORD}", Step.RECORD),
        (f"POST {EVENTS}", Step.EVENTS),
        (f"PUT {LEASE} {free}", Step.RELEASED),
        (f"GET {OBJECTS}?limit=500", Step.RELEASED),
    ]
    requests = ask(*(text for text, _ in run))

    assert [find_step(requests, number) for number in range(1, len(run) + 1)] == [step for _, step in run]
    assert find_step(requests, 9, weights=True) is Step.WEIGHTS
