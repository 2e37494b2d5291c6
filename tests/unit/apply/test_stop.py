"""The wish to end, and the signals that set it."""

from __future__ import annotations

import os
import signal
import threading

import pytest

from reconciler.apply.stop import Interrupted, Stop
from reconciler.cli.signals import stop_on_signals
from reconciler.pipeline.outcomes import find_outcome
from reconciler.state.outcomes import Outcome


def test_nothing_is_asked_until_it_is() -> None:
    stop = Stop()
    stop.check()
    assert not stop.requested


def test_who_asked_is_told_and_ends_the_run_as_interrupted() -> None:
    stop = Stop()
    stop.request("SIGTERM")

    with pytest.raises(Interrupted, match="the run was ended by SIGTERM") as caught:
        stop.check()
    assert find_outcome(caught.value) is Outcome.INTERRUPTED


@pytest.mark.covers("B29")
class TestSignals:
    @pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT], ids=["TERM", "INT"])
    def test_one_that_comes_where_something_is_to_be_finished_asks_and_the_second_interrupts(
        self, number: signal.Signals, capfd: pytest.CaptureFixture[str]
    ) -> None:
        with stop_on_signals() as stop, stop.shelter():
            os.kill(os.getpid(), number)
            assert stop.requested
            with pytest.raises(KeyboardInterrupt):
                os.kill(os.getpid(), number)
        assert f"{number.name}: finishing what is in flight" in capfd.readouterr().err

    def test_one_that_comes_where_nothing_is_half_done_interrupts_at_once(self) -> None:
        with stop_on_signals() as stop:
            with stop.shelter():
                pass
            with pytest.raises(KeyboardInterrupt):
                os.kill(os.getpid(), signal.SIGTERM)
            assert not stop.requested

    def test_afterwards_signals_mean_what_they_meant_before(self) -> None:
        before = signal.getsignal(signal.SIGTERM), signal.getsignal(signal.SIGINT)
        with stop_on_signals():
            assert signal.getsignal(signal.SIGTERM) != before[0]
        assert (signal.getsignal(signal.SIGTERM), signal.getsignal(signal.SIGINT)) == before

    def test_beside_the_main_thread_no_signal_is_taken(self) -> None:
        before = signal.getsignal(signal.SIGTERM)
        seen = []

        def run() -> None:
            with stop_on_signals() as stop:
                seen.append((stop.requested, signal.getsignal(signal.SIGTERM)))

        thread = threading.Thread(target=run)
        thread.start()
        thread.join()
        assert seen == [(False, before)]
