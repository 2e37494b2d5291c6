"""Many things at once: each is told, no more is begun once one says so, what was begun is waited for."""

from __future__ import annotations

import threading

import pytest

from reconciler.apply.parallel import run_parallel

WAIT = 60.0


def always() -> bool:
    return True


@pytest.mark.parametrize("limit", [1, 2, 16])
@pytest.mark.parametrize("count", [0, 1, 40])
def test_each_task_comes_back_once_with_its_result(count: int, limit: int) -> None:
    done = dict(run_parallel(range(count), lambda number: number * 2, limit=limit, go_on=always))

    assert done == {number: number * 2 for number in range(count)}


def test_as_many_as_the_limit_run_at_once() -> None:
    """Each waits until three are inside: with fewer than three at once this would never end."""
    inside = threading.Barrier(3, timeout=WAIT)
    done = list(run_parallel(range(9), lambda _: inside.wait(), limit=3, go_on=always))

    assert len(done) == 9


def test_never_more_than_the_limit_run_at_once() -> None:
    lock, now, most = threading.Lock(), 0, 0

    def work(_task: int) -> None:
        nonlocal now, most
        with lock:
            now += 1
            most = max(most, now)
        with lock:
            now -= 1

    list(run_parallel(range(200), work, limit=4, go_on=always))
    assert most <= 4


def test_they_are_begun_in_their_order() -> None:
    begun: list[int] = []
    list(run_parallel(range(50), begun.append, limit=1, go_on=always))
    assert begun == list(range(50))


def test_nothing_is_begun_once_told_so_and_what_is_in_flight_is_waited_for() -> None:
    ended = threading.Event()
    both_begun = threading.Barrier(2, timeout=WAIT)

    def work(task: int) -> int:
        both_begun.wait()
        if task == 0:
            ended.set()
        else:
            # In flight when the end was asked for.
            assert ended.wait(WAIT)
        return task

    done = dict(run_parallel(range(10), work, limit=2, go_on=lambda: not ended.is_set()))

    assert done == {0: 0, 1: 1}


@pytest.mark.parametrize("limit", [1, 4])
def test_what_is_not_to_go_on_at_all_begins_nothing(limit: int) -> None:
    assert list(run_parallel(range(5), lambda task: task, limit=limit, go_on=lambda: False)) == []


@pytest.mark.parametrize("limit", [1, 4])
def test_an_error_is_raised_in_the_caller_and_begins_nothing_new(limit: int) -> None:
    begun: list[int] = []

    def fail(task: int) -> None:
        begun.append(task)
        raise KeyError(task)

    with pytest.raises(KeyError):
        list(run_parallel(range(100), fail, limit=limit, go_on=always))
    assert len(begun) <= limit


def test_a_caller_that_breaks_off_begins_nothing_new_and_waits_for_what_is_in_flight() -> None:
    begun: list[int] = []
    ended: list[int] = []
    gate = threading.Event()

    def work(task: int) -> int:
        begun.append(task)
        if task:
            assert gate.wait(WAIT)
        ended.append(task)
        return task

    running = run_parallel(range(100), work, limit=2, go_on=always)
    next(running)
    release = threading.Timer(0.2, gate.set)
    release.start()
    running.close()

    assert sorted(ended) == sorted(begun)
    assert len(begun) <= 3
    release.join()


def test_an_interrupt_waits_for_nothing() -> None:
    gate = threading.Event()
    running = run_parallel(range(2), lambda task: task and gate.wait(WAIT), limit=2, go_on=always)
    next(running)

    with pytest.raises(KeyboardInterrupt):
        running.throw(KeyboardInterrupt())

    assert not gate.is_set()
    gate.set()
