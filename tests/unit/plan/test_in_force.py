"""Which exceptions are in force, in which words, and when that changes."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

from reconciler.plan.exceptions import find_next_change, list_holding, list_in_force
from reconciler.state.exceptions import Exceptions
from reconciler.state.figures import ExceptionKind
from tests.unit.plan.holding import CLOSED, FROZEN, NOW, SUSPENDED, WEEKENDS, make_exceptions


class TestWhatIsInForce:
    def test_each_exception_is_told_with_its_end_and_reason(self) -> None:
        waived = {
            "waivers": [
                {"rule": "max-prune", "objects": ["production/a"], "reason": "moved", "until": "2026-11-30"},
                {"rule": "max-prune", "objects": ["production/b"], "reason": "moved", "until": "2026-11-20"},
            ]
        }
        exceptions = make_exceptions(waived, SUSPENDED, FROZEN, CLOSED)
        assert list_in_force(exceptions, "production", NOW) == (
            "waiver of max-prune for production/a until 2026-11-30 (moved)",
            "production/wines is suspended until 2026-11-30 (measured by hand)",
            "production: changes are frozen until 2026-11-30 (nobody is here)",
            "production: changes are made on tue from 09:00 to 16:00 (Europe/Berlin) only "
            + "until 2026-12-31 (whoever changes looks after it)",
        )
        assert list_in_force(Exceptions(), "production", NOW) == ()

    def test_what_holds_is_told_as_values(self) -> None:
        found = list_holding(make_exceptions(SUSPENDED, FROZEN, CLOSED), NOW)
        assert [(item.kind, item.deployment, item.until) for item in found] == [
            (ExceptionKind.SUSPENSION, "wines", datetime(2026, 12, 1, tzinfo=timezone.utc)),
            (ExceptionKind.FREEZE, "all", datetime(2026, 12, 1, tzinfo=timezone.utc)),
            (ExceptionKind.FREEZE, "all", None),
        ]
        assert list_holding(make_exceptions(CLOSED), NOW + timedelta(days=1)) == ()

    def test_the_next_moment_at_which_something_begins_or_ends(self) -> None:
        # The window opens on Tuesday at 09:00 in Berlin, and closes at 16:00.
        assert find_next_change(make_exceptions(CLOSED), NOW) == datetime(
            2026, 11, 24, 8, tzinfo=timezone.utc
        )
        tuesday = datetime(2026, 11, 24, 9, tzinfo=timezone.utc)
        assert find_next_change(make_exceptions(CLOSED), tuesday) == datetime(
            2026, 11, 24, 15, tzinfo=timezone.utc
        )
        assert find_next_change(make_exceptions(SUSPENDED), NOW) == datetime(2026, 12, 1, tzinfo=timezone.utc)
        weekend = make_exceptions(WEEKENDS)
        assert find_next_change(weekend, NOW) == datetime(2026, 11, 27, 17, tzinfo=timezone.utc)
        later = {"freezes": [{"from": "2026-11-24T08:30Z", "until": "2026-11-30", "reason": "x"}]}
        assert find_next_change(make_exceptions(later), NOW) == datetime(
            2026, 11, 24, 8, 30, tzinfo=timezone.utc
        )
        waived = {
            "waivers": [
                {"rule": "max-prune", "objects": ["production/a"], "reason": "x", "until": "2026-11-23"}
            ]
        }
        assert find_next_change(make_exceptions(waived), NOW) == datetime(2026, 11, 24, tzinfo=timezone.utc)
        assert find_next_change(Exceptions(), NOW) is None

    def test_a_window_that_never_opens_is_looked_at_again_in_a_week(self) -> None:
        (window,) = CLOSED["windows"]
        never = {"windows": [{**window, "weekly": {**window["weekly"], "zone": "Mars/Olympus"}}]}
        assert find_next_change(make_exceptions(never), NOW) == NOW + timedelta(days=7)

    def test_a_file_that_cannot_be_read_is_told(self) -> None:
        (said,) = list_in_force(None, "production", NOW)
        assert said.startswith("environments/production/exceptions.yaml cannot be read (modelsync validate);")
