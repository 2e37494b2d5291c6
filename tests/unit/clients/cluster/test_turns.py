"""Who goes first where requests wait for each other."""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Callable, Iterable, Iterator

import pytest

from reconciler.clients.cluster.turns import Turns

WAIT = 10.0


def wait_until(holds: Callable[[], bool]) -> None:
    end = time.monotonic() + WAIT
    while not holds():
        assert time.monotonic() < end
        time.sleep(0.001)


def serve(turns: Turns, ranks: Iterable[int]) -> list[tuple[int, int]]:
    """The order, as (place in which it came, rank), in which requests of these ranks go, all turns being
    taken when they come, and one given back then."""
    served: list[tuple[int, int]] = []
    threads: list[threading.Thread] = []

    def work(place: int, rank: int) -> None:
        with turns.take(rank):
            served.append((place, rank))

    with turns.take(0):
        for place, rank in enumerate(ranks):
            threads.append(threading.Thread(target=work, args=(place, rank), daemon=True))
            threads[-1].start()
            wait_until(lambda: turns.waiting == len(threads))
    for thread in threads:
        thread.join(WAIT)
    return served


def test_of_those_that_wait_the_lowest_rank_goes_first_and_equals_as_they_came() -> None:
    assert serve(Turns(1), [2, 1, 2, 0, 1]) == [(3, 0), (1, 1), (4, 1), (0, 2), (2, 2)]


def test_who_finds_a_turn_waits_for_nobody() -> None:
    turns = Turns(2)
    with turns.take(7), turns.take(7):
        assert turns.waiting == 0


def test_never_more_than_the_limit_have_one() -> None:
    turns, lock, inside, most = Turns(3), threading.Lock(), 0, 0

    def work() -> None:
        nonlocal inside, most
        for rank in range(50):
            with turns.take(rank % 3):
                with lock:
                    inside += 1
                    most = max(most, inside)
                time.sleep(0)
                with lock:
                    inside -= 1

    threads = [threading.Thread(target=work, daemon=True) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(WAIT)

    assert most == 3
    assert turns.waiting == 0


def test_what_fails_gives_its_turn_back() -> None:
    turns = Turns(1)
    with pytest.raises(ValueError, match="broken"), turns.take(0):
        raise ValueError("broken")

    assert serve(turns, [1]) == [(0, 1)]


@pytest.fixture
def interruptible() -> Iterator[None]:
    """Whoever starts tests in the background may have told their processes to ignore SIGINT."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.usefixtures("interruptible")
def test_who_is_interrupted_while_waiting_takes_no_turn_away() -> None:
    turns, over = Turns(1), threading.Event()

    def hold() -> None:
        with turns.take(0):
            over.wait(WAIT)

    def interrupt() -> None:
        wait_until(lambda: turns.waiting == 1)
        signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGINT)

    holder = threading.Thread(target=hold, daemon=True)
    holder.start()
    threading.Thread(target=interrupt, daemon=True).start()
    with pytest.raises(KeyboardInterrupt), turns.take(1):
        raise AssertionError("there is no turn to be had")
    assert turns.waiting == 0
    over.set()
    holder.join(WAIT)

    assert serve(turns, [1]) == [(0, 1)]
