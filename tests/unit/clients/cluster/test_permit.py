"""A write is tried only while it is permitted: a scripted server, and time that sleeping passes."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest

from reconciler.clients.cluster.access import Access
from reconciler.clients.cluster.interface import PARALLEL, ClusterError, ClusterUnreachable, ClusterWriter
from reconciler.clients.cluster.kinds import CONFIG_MAP
from reconciler.clients.cluster.rest import RestWriter
from reconciler.clients.cluster.transport import HttpTransport, Patience, Request
from reconciler.state.objects import ObjectKey
from tests.support.answering import Script, make_transport, serving

PATCH = Request(method="PATCH", path="/api", body={})
OK = Script(body={"metadata": {"name": "wines", "namespace": "serving"}})
WAIT = 10.0
KEY = ObjectKey(kind=CONFIG_MAP, namespace="serving", name="wines")


class Over(ClusterError):
    """The fence ended."""


def refuse() -> float:
    raise Over


def permit_once() -> Callable[[], float]:
    """Something that permits the first try alone."""
    answers = iter([60.0])

    def ask() -> float:
        for left in answers:
            return left
        raise Over

    return ask


@pytest.mark.covers("B28")
@pytest.mark.parametrize(
    "script",
    [
        Script(hang_up=True),
        Script(silent=True),
        Script(status=503),
        Script(status=429, headers={"Retry-After": "1"}),
    ],
    ids=["broken", "silent", "failed", "busy"],
)
def test_no_try_begins_after_the_permit_ended(script: Script) -> None:
    with serving(script, OK) as server, pytest.raises(Over) as caught:
        make_transport(server.url).send(replace(PATCH, permit=permit_once()))

    assert len(server.asked) == 1
    # Being told to come back is an answer: nothing was done.
    assert caught.value.unseen == (script.status != 429)


@pytest.mark.covers("B28")
@pytest.mark.parametrize(
    "write",
    [
        lambda writer: writer.create(CONFIG_MAP, "serving", {}),
        lambda writer: writer.replace(KEY, {}),
        lambda writer: writer.apply(KEY, {}, manager="modelsync"),
        lambda writer: writer.delete(KEY, uid="1", resource_version="1"),
    ],
    ids=["create", "replace", "apply", "delete"],
)
def test_every_kind_of_write_asks(write: Callable[[ClusterWriter], object]) -> None:
    with serving(OK) as server:
        writer = RestWriter(make_transport(server.url))
        with pytest.raises(Over) as caught:
            write(writer.guard(refuse))
        assert server.asked == []
        write(writer)

    assert not caught.value.unseen


def test_a_try_is_not_waited_for_longer_than_it_is_permitted() -> None:
    patience = Patience(timeout=1000, budget=1000, tries=1)
    with (
        serving(Script(silent=True)) as server,
        pytest.raises(ClusterUnreachable, match="did not answer within 0 s") as caught,
    ):
        make_transport(server.url, patience=patience).send(replace(PATCH, permit=lambda: 0.2))

    assert caught.value.unseen


def test_that_others_go_first_takes_nothing_of_its_time() -> None:
    now, held, over = [0.0], threading.Barrier(PARALLEL + 2), threading.Event()

    def hold() -> float:
        held.wait(WAIT)
        over.wait(WAIT)
        raise Over

    with serving(OK) as server, ThreadPoolExecutor(PARALLEL + 2) as pool:
        transport = HttpTransport(Access(server=server.url), monotonic=lambda: now[0])
        first = [pool.submit(transport.send, replace(PATCH, permit=hold)) for _ in range(PARALLEL + 1)]
        held.wait(WAIT)
        late = pool.submit(transport.send, PATCH)
        time.sleep(0.2)  # for it to stand in the queue
        now[0] = 60.0
        over.set()
        assert late.result(WAIT).status == 200
        assert all(isinstance(one.exception(WAIT), Over) for one in first)

    assert len(server.asked) == 1
