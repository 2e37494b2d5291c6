"""Commands that write exceptions, and the end of a deployment or an environment."""

from __future__ import annotations

import pytest

from reconciler.state.outcomes import Outcome
from tests.unit.cli.desk import EXCEPTIONS, HEADING, Desk, in_days


class TestExceptions:
    @pytest.mark.parametrize(
        ("arguments", "written"),
        [
            (
                ("hold", "staging/wines", "v2", "--reason", "no", "--until", in_days(9)),
                f'holds:\n  - deployment: wines\n    version: 2\n    reason: "no"\n    until: {in_days(9)}\n',
            ),
            (
                (
                    "freeze",
                    "staging",
                    "--reason",
                    "nobody is here",
                    "--from",
                    in_days(2),
                    "--until",
                    in_days(9),
                ),
                f"freezes:\n  - from: {in_days(2)}\n    until: {in_days(9)}\n    reason: nobody is here\n",
            ),
            (
                ("suspend", "staging/wines", "--reason", "by hand", "--until", f"{in_days(9)}T18:00Z"),
                f"suspensions:\n  - deployment: wines\n    reason: by hand\n    until: {in_days(9)}T18:00Z\n",
            ),
            (
                ("suspend", "staging", "--reason", "upgrade", "--until", in_days(9)),
                f"suspensions:\n  - deployment: all\n    reason: upgrade\n    until: {in_days(9)}\n",
            ),
        ],
        ids=["hold", "freeze", "suspend one", "suspend all"],
    )
    def test_is_written_into_a_new_file(self, desk: Desk, arguments: tuple[str, ...], written: str) -> None:
        outcome, out, _ = desk.run(*arguments, "--yes")
        assert outcome is Outcome.DONE, out
        assert desk.read(EXCEPTIONS) == HEADING + written

    def test_a_waiver_names_rule_objects_and_end(self, desk: Desk) -> None:
        environment = desk.read("environments/staging/environment.yaml")
        desk.shop.write("environments/staging/environment.yaml", environment + "owners: ['@platform']\n")
        desk.shop.commit("Owners")
        arguments = ("waive", "max-prune", "staging/wines", "--reason", "moved", "--until", in_days(9))
        outcome, out, _ = desk.run(*arguments, "--yes")
        assert outcome is Outcome.DONE, out
        assert "It counts once an owner of the rules has approved the change." in out
        shown = "waivers:\n  - rule: max-prune\n    objects: [staging/wines]\n    reason: moved\n"
        assert desk.read(EXCEPTIONS) == f"{HEADING}{shown}    until: {in_days(9)}\n"

    def test_a_waiver_lasts_no_longer_than_validate_lets_it(self, desk: Desk) -> None:
        environment = desk.read("environments/staging/environment.yaml")
        desk.shop.write("environments/staging/environment.yaml", environment + "owners: ['@platform']\n")
        desk.shop.commit("Owners")
        arguments = ("waive", "max-prune", "staging/wines", "--reason", "moved", "--yes")
        outcome, out, err = desk.run(*arguments, "--until", in_days(32))
        assert outcome is Outcome.FINDINGS
        assert "a waiver lasts 30 days at most" in out
        assert "nothing was written" in err
        shown = "waivers:\n  - {rule: max-prune, objects: [staging/wines], reason: moved, until: UNTIL}\n"
        desk.shop.write(EXCEPTIONS, shown.replace("UNTIL", in_days(32)))
        outcome, out, _ = desk.run("validate", "--base", "main")
        assert outcome is Outcome.FINDINGS
        assert "a waiver lasts 30 days at most" in out

    def test_a_waiver_does_not_begin_anew_where_it_is_there_already(self, desk: Desk) -> None:
        shown = "waivers:\n  - {rule: max-prune, objects: [staging/wines], reason: moved, until: UNTIL}\n"
        desk.shop.write(EXCEPTIONS, shown.replace("UNTIL", in_days(9)))
        desk.merge("Waived", 40 * 24)
        again = ("waive", "max-prune", "staging/wines", "--reason", "once more", "--until", in_days(9))
        outcome, _, err = desk.run(*again, "--yes")
        assert outcome is Outcome.CONFIGURATION
        assert f'staging/wines: exempt from rule max-prune until {in_days(9)} already ("moved")' in err
        assert desk.status() == ""

    def test_a_waiver_of_several_environments_comes_where_it_is_not_yet(self, desk: Desk) -> None:
        desk.shop.add_environment("production", "wines-production")
        desk.shop.declare("production/wines", {1: 100})
        there = "waivers:\n  - {rule: max-prune, objects: [staging/wines], reason: moved, until: UNTIL}\n"
        desk.shop.write(EXCEPTIONS, there.replace("UNTIL", in_days(9)))
        desk.merge("Waived", 48)
        both = ("waive", "max-prune", "staging/wines", "production/wines", "--reason", "once more")
        _, out, _ = desk.run(*both, "--until", in_days(9), "--dry-run")
        assert out.count("+++ ") == 1
        assert "+++ b/environments/production/exceptions.yaml" in out
        _, out, _ = desk.run(*both, "--until", in_days(9), "--yes")
        assert f"production/wines: exempt from rule max-prune until {in_days(9)}. It counts once" in out
        assert f'staging/wines: exempt from rule max-prune until {in_days(9)} already ("moved")' in out
        assert desk.read(EXCEPTIONS) == there.replace("UNTIL", in_days(9))

    @pytest.mark.parametrize(
        ("arguments", "said"),
        [
            (
                ("freeze", "staging", "--until", "2020-01-01"),
                "--until 2020-01-01 is over; name a moment that comes.",
            ),
            (("freeze", "staging", "--until", "soon"), '--until is "soon"; write a day'),
            (
                ("freeze", "staging", "--from", in_days(9), "--until", in_days(2)),
                f"--from {in_days(9)} is not before --until {in_days(2)}",
            ),
            (("freeze", "stagin", "--until", in_days(2)), 'Did you mean "staging"?'),
            (("suspend", "staging/wine", "--until", in_days(2)), 'Did you mean "wines"?'),
            (("waive", "soak", "models/wines", "--until", in_days(2)), "models/wines is in no environment"),
            (("waive", "soak", "eu/wines", "--until", in_days(2)), "there is no environment eu"),
        ],
    )
    def test_what_means_nothing_is_refused(self, desk: Desk, arguments: tuple[str, ...], said: str) -> None:
        outcome, _, err = desk.run(*arguments, "--reason", "x", "--yes")
        assert outcome is Outcome.CONFIGURATION
        assert said in err
        assert desk.status() == ""

    @pytest.mark.parametrize(
        ("arguments", "said"),
        [
            (("hold", "staging/wines", "v2"), 'v2 is held already ("odd")'),
            (("freeze", "staging", "--until", in_days(9)), 'staging: it is frozen then already ("odd")'),
            (
                ("suspend", "staging/wines", "--until", in_days(9)),
                f'staging/wines: it is suspended until {in_days(9)} already ("odd")',
            ),
        ],
    )
    def test_the_same_a_second_time_is_refused(
        self, desk: Desk, arguments: tuple[str, ...], said: str
    ) -> None:
        again = (*arguments, "--reason", "odd", "--yes", "--allow-dirty")
        assert desk.run(*again)[0] is Outcome.DONE
        written = desk.read(EXCEPTIONS)
        outcome, _, err = desk.run(*again)
        assert outcome is Outcome.CONFIGURATION
        assert said in err
        assert desk.read(EXCEPTIONS) == written

    def test_a_hold_that_is_over_may_be_followed_by_another(self, desk: Desk) -> None:
        over = "holds:\n  - {deployment: wines, version: 2, reason: odd, until: 2020-01-01}\n"
        desk.shop.write(EXCEPTIONS, over)
        desk.shop.commit("Held once")
        assert desk.run("hold", "staging/wines", "v2", "--reason", "odd", "--yes")[0] is Outcome.DONE


class TestRetire:
    def test_a_deployment(self, desk: Desk) -> None:
        before = desk.read()
        outcome, out, _ = desk.run("retire", "staging/wines", "--yes")
        assert outcome is Outcome.DONE, out
        assert "staging/wines: retired, will be deleted (v1 90 % → gone, v2 10 % → gone)" in out
        assert desk.read() == before.replace("# tried", "retire: true\n# tried")
        outcome, _, err = desk.run("retire", "staging/wines", "--allow-dirty", "--yes")
        assert (outcome, "it is retired already" in err) == (Outcome.CONFIGURATION, True)

    def test_an_environment(self, desk: Desk) -> None:
        outcome, out, _ = desk.run("retire", "staging", "--yes")
        assert outcome is Outcome.DONE, out
        assert desk.read("environments/staging/environment.yaml").endswith("]}\nretire: true\n")

    def test_an_environment_that_others_name_as_upstream(self, desk: Desk) -> None:
        desk.shop.add_environment("production", "wines-production", "upstream: [staging]")
        desk.shop.commit("Production")
        said = "production names staging as upstream: what is to soak or to be first there cannot any more."
        outcome, out, _ = desk.run("retire", "staging", "--yes")
        assert outcome is Outcome.DONE, out
        assert said in out
        assert said not in desk.run("retire", "production", "--yes", "--allow-dirty")[1]
