"""`release`, `traffic` and `rollback` move shares between variants."""

from __future__ import annotations

from pathlib import Path

import pytest

from reconciler.state.outcomes import Outcome
from tests.unit.cli.desk import EXCEPTIONS, HEADING, WINES, Desk, in_days


class TestRelease:
    def test_says_whose_share_was_taken_and_shows_the_plan(self, desk: Desk) -> None:
        before = desk.read()
        outcome, out, err = desk.run("release", "staging/wines", "v3", "--traffic", "20", "--yes")
        assert outcome is Outcome.DONE
        assert out.startswith("staging/wines: v3 joins at 20 %, taken from v1 90 → 70 %.\n")
        assert "staging/wines: v3 new at 20 %, v1 90 → 70 %, v2 stays at 10 %\n" in out
        assert f"wrote {WINES}" in out
        assert err.startswith("next: ")
        added = "    traffic: 10\n  - version: 3\n    traffic: 20\n"
        assert desk.read() == before.replace("90", "70").replace("    traffic: 10\n", added)

    def test_gives_a_tenth_if_nobody_says_how_much(self, desk: Desk) -> None:
        _, out, _ = desk.run("release", "staging/wines", "3", "--yes")
        assert "v3 joins at 10 %, taken from v1 90 → 80 %." in out

    def test_takes_from_the_next_one_when_the_largest_has_not_enough(self, desk: Desk) -> None:
        _, out, _ = desk.run("release", "staging/wines", "v3", "--traffic", "100", "--yes")
        assert "taken from v1 90 → 0 % and v2 10 → 0 %." in out

    def test_takes_from_whom_it_is_told(self, desk: Desk) -> None:
        _, out, _ = desk.run("release", "staging/wines", "v3", "--traffic", "5", "--from", "v2", "--yes")
        assert "v3 joins at 5 %, taken from v2 10 → 5 %." in out
        outcome, _, err = desk.run("release", "staging/wines", "v3", "--from", "v2", "--allow-dirty", "--yes")
        assert (outcome, "v3 is live already, at 5 %" in err) == (Outcome.CONFIGURATION, True)

    def test_adds_a_shadow(self, desk: Desk) -> None:
        outcome, out, _ = desk.run("release", "staging/wines", "v3", "--shadow", "100", "--yes")
        assert outcome is Outcome.DONE
        assert out.startswith(
            "staging/wines: v3 joins as a shadow of 100 % of requests; its answers are dropped."
        )
        assert "  - version: 3\n    shadow: 100\n" in desk.read()

    def test_says_that_the_version_is_held(self, desk: Desk) -> None:
        desk.run("hold", "staging/wines", "v3", "--reason", "sour", "--until", in_days(2), "--yes")
        desk.shop.commit("Hold v3")

        outcome, out, _ = desk.run("release", "staging/wines", "v3", "--yes")

        assert outcome is Outcome.DONE
        assert 'staging/wines: v3 is held ("sour"), and automation goes on skipping it.' in out

    def test_writes_nothing_that_breaks_a_rule(self, desk: Desk) -> None:
        outcome, out, err = desk.run("release", "staging/wines", "v9", "--yes")
        assert outcome is Outcome.FINDINGS
        assert "error record-exists" in out
        assert err == "nothing was written: no waiver lifts such a rule.\n"
        assert desk.status() == ""

    @pytest.mark.parametrize(
        ("arguments", "said"),
        [
            (
                ("staging/wines", "v1"),
                "v1 is live already, at 90 %. To give it another share: modelsync traffic",
            ),
            (
                ("staging/wines", "v3", "--traffic", "50", "--from", "v2"),
                "50 % is to be taken, and v2 has 10 %.",
            ),
            (("staging/wines", "v3", "--from", "v7"), "there is no live variant v7; there is v1 and v2."),
            (
                ("staging/wine", "v3"),
                'there is no deployment staging/wine; staging has wines. Did you mean "wines"?',
            ),
            (
                ("stagin/wines", "v3"),
                'there is no environment stagin; there is staging. Did you mean "staging"?',
            ),
            (("wines", "v3"), '"wines" is no deployment; write ENV/DEPLOYMENT'),
            (("staging/wines", "v0"), '"v0" is no version; write a number from 1, such as v5.'),
            (("staging/wines", "v3", "--shadow", "5", "--traffic", "5"), "--shadow takes no share"),
            (
                ("staging/wines", "v3", "--branch", "x"),
                "--branch names the branch of a commit; add --commit, or --pull-request.",
            ),
            (("staging/wines", "v3", "--commit", "--allow-dirty"), "--commit takes what is committed"),
            (("staging/wines", "v3", "--base", "main"), "--base and --into are about a pull request"),
            (("staging/wines", "v3", "--into", "origin"), "--base and --into are about a pull request"),
            (("staging/wines", "v3", "--pull-request"), "there is no remote origin, so no forge to ask."),
        ],
    )
    def test_what_cannot_be_is_a_usage_error(self, desk: Desk, arguments: tuple[str, ...], said: str) -> None:
        outcome, _, err = desk.run("release", *arguments, "--yes")
        assert outcome is Outcome.CONFIGURATION
        assert said in err
        assert desk.status() == ""


class TestTraffic:
    def test_changes_the_numbers_alone(self, desk: Desk) -> None:
        before = desk.read()
        outcome, out, _ = desk.run("traffic", "staging/wines", "v1=70", "v2=30", "--yes")
        assert outcome is Outcome.DONE
        assert out.startswith("staging/wines: v1 90 → 70 % and v2 10 → 30 %.\n")
        assert desk.read() == before.replace("90", "70").replace("10\n", "30\n")

    def test_a_variant_at_0_says_that_this_may_change_nothing(self, desk: Desk) -> None:
        _, out, _ = desk.run("traffic", "staging/wines", "v1=100", "v2=0", "--yes")
        assert "v2=0 changes nothing while v2 is not ready" in out
        assert "modelsync rollback staging/wines" in out

    @pytest.mark.parametrize(
        ("shares", "said"),
        [
            (("v1=70",), "would sum to 80 (v1 70, v2 10); it must be 100. v2 keeps its share unless named."),
            (("v1=90", "v2=10"), "its shares are that already (v1 90 %, v2 10 %)"),
            (("v3=100",), "there is no live variant v3; there is v1 and v2."),
            (("v1=101",), '"v1=101" is no share; write VARIANT=PERCENT'),
            (("v1",), '"v1" is no share'),
            (("v1=50", "v1=50"), "v1 is given twice."),
        ],
    )
    def test_what_is_no_set_of_shares_is_a_usage_error(
        self, desk: Desk, shares: tuple[str, ...], said: str
    ) -> None:
        outcome, _, err = desk.run("traffic", "staging/wines", *shares, "--yes")
        assert outcome is Outcome.CONFIGURATION
        assert said in err


class TestRollback:
    def test_goes_back_to_the_set_before_the_challenger_and_holds_it(self, desk: Desk) -> None:
        outcome, out, _ = desk.run("rollback", "staging/wines", "--reason", "answers nonsense", "--yes")
        assert outcome is Outcome.DONE
        assert out.startswith("staging/wines: back to v1 100 %, without v2: as of ")
        assert '("First").\n' in out
        assert "v2 is held, so that automation does not bring it back." in out
        assert desk.read().endswith("variants:\n  - version: 1\n    traffic: 100\n# tried since monday\n")
        held = "holds:\n  - deployment: wines\n    version: 2\n    reason: answers nonsense\n"
        assert desk.read(EXCEPTIONS) == HEADING + held

    def test_goes_back_over_steps_and_a_finished_promotion(self, desk: Desk) -> None:
        hours = 70
        for shares in ({1: 50, 2: 50}, {2: 100}, {2: 90, 3: 10}, {2: 20, 3: 80}):
            desk.shop.declare("staging/wines", shares, "serving: {replicas: 2}")
            desk.merge(f"{shares}", hours := hours - 10)
        _, out, _ = desk.run("rollback", "staging/wines", "--yes")
        assert out.startswith("staging/wines: back to v2 100 %, without v3: as of ")
        desk.shop.commit("Back")
        _, out, _ = desk.run("rollback", "staging/wines", "v1", "--yes")
        assert out.startswith("staging/wines: back to v1 100 %, without v2: as of ")
        shown = "variants:\n  - version: 1\n    traffic: 100\nserving: {replicas: 2}\n"
        assert desk.read() == f"model: wines\n{shown}"

    def test_holds_nothing_twice(self, desk: Desk) -> None:
        desk.run("hold", "staging/wines", "v2", "--reason", "known", "--yes")
        held = desk.read(EXCEPTIONS)
        desk.shop.commit("Hold")
        desk.run("rollback", "staging/wines", "--yes")
        assert desk.read(EXCEPTIONS) == held

    def test_says_where_there_is_no_way_back(self, desk: Desk) -> None:
        outcome, _, err = desk.run("rollback", "staging/wines", "v3", "--yes")
        assert outcome is Outcome.CONFIGURATION
        assert (
            "declares v1 90 % and v2 10 %, and no earlier set without one of them and with v3 is known."
            in err
        )

    def test_says_what_the_one_version_lacks(self, desk: Desk) -> None:
        desk.shop.declare("staging/wines", {1: 100})
        desk.merge("Back", 70)
        _, _, err = desk.run("rollback", "staging/wines", "v1", "--yes")
        assert "staging/wines: v1 100 % is what it declares; nothing is to be changed." in err
        _, _, err = desk.run("rollback", "staging/wines", "v3", "--yes")
        assert "no earlier set without v1 and with v3 is known." in err

    def test_a_shallow_clone_is_named(self, desk: Desk, tmp_path: Path) -> None:
        clone = tmp_path / "clone"
        desk.shop.git("clone", "--quiet", "--depth=1", f"file://{desk.shop.folder}", str(clone))
        desk.shop.folder = clone
        outcome, _, err = desk.run("rollback", "staging/wines", "--yes")
        assert outcome is Outcome.CONFIGURATION
        assert "This clone is shallow" in err


class TestFreezes:
    """A freeze stops changes, and never the way back to what was served before."""

    @pytest.fixture
    def frozen(self, desk: Desk) -> Desk:
        assert (
            desk.run("freeze", "staging", "--reason", "x", "--until", in_days(9), "--yes")[0] is Outcome.DONE
        )
        desk.merge("Freeze", 70)
        return desk

    def test_a_release_waits(self, frozen: Desk) -> None:
        outcome, out, _ = frozen.run("release", "staging/wines", "v3", "--yes")
        assert outcome is Outcome.FINDINGS
        assert "error freeze-kept" in out

    def test_a_rollback_does_not(self, frozen: Desk) -> None:
        outcome, out, _ = frozen.run("rollback", "staging/wines", "--yes")
        assert outcome is Outcome.DONE, out
        assert "freeze-kept" not in out
