"""`history`, and `validate --base` with the history of the main branch: real git, real clones."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from reconciler.cli.app import app
from reconciler.state.outcomes import Outcome
from tests.support.git_servers import Repository
from tests.support.github import GitHubServer, refuse, serve_github
from tests.unit.policy.building import DEPLOYMENT, ENVIRONMENT, MODEL, SOUND, deployment
from tests.unit.policy.judging import own_record

STAGING = "environments/staging/environment.yaml"
STAGED = "environments/staging/deployments/wines.yaml"


def run(*arguments: str | Path) -> Result:
    """How a command ended: `return_value` is its outcome, `exception` what it raised."""
    return CliRunner().invoke(app, [str(argument) for argument in arguments], standalone_mode=False)


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    """Staging and production serve v3; production asks for two hours of soak. Commits are a minute apart."""
    made = Repository(tmp_path / "work")
    made.commit(
        "Serve wines",
        **{
            MODEL: SOUND[MODEL],
            "models/wines/versions/3.yaml": own_record(3),
            "models/wines/versions/5.yaml": own_record(5),
            ENVIRONMENT: SOUND[ENVIRONMENT] + "upstream: [staging]\nrules: {soak: {upTo10: 2h}}\n",
            STAGING: SOUND[ENVIRONMENT].replace("production", "staging"),
            DEPLOYMENT: deployment("{version: 3, traffic: 100}"),
            STAGED: deployment("{version: 3, traffic: 100}"),
        },
    )
    return made


def clone_shallow(repository: Repository, path: Path) -> Path:
    bare = repository.publish(path.with_suffix(".git"))
    repository.git("clone", "--quiet", "--depth", "1", bare.as_uri(), str(path))
    return path


TRIED = deployment("{version: 3, traffic: 90}", "{version: 5, traffic: 10}")


class TestHistory:
    def test_the_sets_are_told_with_their_commits_newest_first(self, repository: Repository) -> None:
        repository.commit("v5 is tried", **{DEPLOYMENT: TRIED})
        shown = run("history", "production/wines", "-C", repository.path)
        assert shown.return_value is Outcome.DONE
        lines = [line.strip() for line in shown.stdout.splitlines()]
        sets = [line.partition(": ")[2] for line in lines if " UTC to " in line]
        assert sets == ["v3 90 %, v5 10 %", "v3 100 %"]
        assert [line[13:] for line in lines if "Ada" in line] == [
            "v5 is tried (Ada <ada@example.com>)",
            "Serve wines (Ada <ada@example.com>)",
        ]

    def test_a_moment_is_answered_alone(self, repository: Repository) -> None:
        repository.commit("v5 is tried", **{DEPLOYMENT: TRIED})
        # Repository's clock begins at 2026-09-21 14:13:20 and goes on by a minute with each commit.
        shown = run(
            "history", "production/wines", "-C", repository.path, "--at", "2026-09-21T14:15Z", "-o", "json"
        )
        told = json.loads(shown.stdout)
        assert told["apiVersion"] == "modelsync.dev/history/v1"
        assert told["complete"] is True
        (period,) = told["periods"]
        assert (period["since"], period["until"]) == ("2026-09-21T14:14:20Z", "2026-09-21T14:15:20Z")
        assert [(one["version"], one["share"]) for one in period["variants"]] == [(3, 100)]
        assert period["commit"]["subject"] == "Serve wines"

    def test_before_the_beginning_nothing_served(self, repository: Repository) -> None:
        shown = run("history", "production/wines", "-C", repository.path, "--at", "2020-01-01")
        assert shown.return_value is Outcome.DONE
        assert shown.stdout.endswith("served nothing then, as far as the main branch tells.\n")

    def test_a_clone_that_is_cut_short_does_not_tell_what_was_before(
        self, repository: Repository, tmp_path: Path
    ) -> None:
        repository.commit("v5 is tried", **{DEPLOYMENT: TRIED})
        shallow = clone_shallow(repository, tmp_path / "shallow")
        shown = run("history", "production/wines", "-C", shallow)
        assert shown.return_value is Outcome.DONE
        assert "in CI, fetch-depth: 0" in shown.stdout
        assert (
            run("history", "production/wines", "-C", shallow, "--at", "2020-01-01").return_value
            is Outcome.UNDECIDED
        )

    def test_who_approved_is_asked_of_the_forge_behind_the_remote_and_of_nobody_else(
        self, repository: Repository
    ) -> None:
        repository.git("remote", "add", "origin", "https://github.example/wine/models.git")
        repository.commit("v5 is tried\n\nReviewed-by: Bob", **{DEPLOYMENT: TRIED})
        plain = run("history", "production/wines", "-C", repository.path)
        assert "  its message says: Reviewed-by: Bob\n" in plain.stdout
        assert plain.stdout.endswith("Who approved what was not asked; --approvals asks the forge.\n")

        with serve_github(GitHubServer(prefix="/api/v3")) as github:
            forge = ("--forge", "github", "--forge-url", github.uri)
            shown = run("history", "production/wines", "-C", repository.path, "--approvals", *forge)
            assert shown.return_value is Outcome.DONE
            unknown = (
                "  approved by whom is not known: "
                "the forge knows of no pull request into main that became this commit\n"
            )
            assert shown.stdout.count(unknown) == 2
            github.faults = [refuse(401, "Bad credentials")]
            refused = run("history", "production/wines", "-C", repository.path, "--approvals", *forge)
            assert refused.return_value is Outcome.CONFIGURATION
            assert refused.stdout.count("  approved by whom is not known: the forge at ") == 2
            assert len(github.called) == 3

    @pytest.mark.parametrize(
        ("arguments", "said"),
        [
            (("wines",), '"wines" is no deployment; write ENV/DEPLOYMENT'),
            (("production/wines", "--at", "noon"), '--at is "noon"; write a date or a time in UTC'),
            (("production/reds",), "production/reds: main never declared such a deployment."),
        ],
    )
    def test_what_is_not_meant_is_told(
        self, repository: Repository, arguments: tuple[str, ...], said: str
    ) -> None:
        shown = run("history", *arguments, "-C", repository.path)
        assert shown.exception is not None
        assert said in str(shown.exception)


class TestBase:
    def test_what_others_merged_meanwhile_is_no_part_of_the_change(self, repository: Repository) -> None:
        repository.git("switch", "--quiet", "--create", "mine")
        repository.commit("something else", **{"README.md": "words\n"})
        repository.git("switch", "--quiet", "main")
        repository.commit("all at once", **{DEPLOYMENT: deployment("{version: 5, traffic: 100}")})
        repository.git("switch", "--quiet", "mine")
        shown = run("validate", "-C", repository.path, "--base", "main")
        assert "running-set-kept" not in shown.stdout
        assert shown.return_value is Outcome.DONE

    def test_what_main_served_since_the_change_began_counts(self, repository: Repository) -> None:
        repository.git("switch", "--quiet", "--create", "mine")
        repository.commit("v5 to production", **{DEPLOYMENT: TRIED})
        early = run("validate", "-C", repository.path, "--base", "main")
        assert "production/wines: v5 never ran in staging" in early.stdout
        assert early.return_value is Outcome.FINDINGS
        repository.git("switch", "--quiet", "main")
        repository.commit("v5 to staging", **{STAGED: TRIED})
        repository.git("switch", "--quiet", "mine")
        later = run("validate", "-C", repository.path, "--base", "main")
        assert "never ran in staging" not in later.stdout

    def test_edits_that_are_not_committed_are_part_of_the_change(self, repository: Repository) -> None:
        repository.write(DEPLOYMENT, deployment("{version: 5, traffic: 100}"))
        shown = run("validate", "-C", repository.path, "--base", "main")
        assert "running-set-kept" in shown.stdout

    def test_a_clone_that_is_cut_short_leaves_undecided_what_it_cannot_prove(
        self, repository: Repository, tmp_path: Path
    ) -> None:
        shallow = clone_shallow(repository, tmp_path / "shallow")
        (shallow / DEPLOYMENT).write_text(TRIED)
        # The only commit there is the first one, so the clone is not cut short at all.
        assert "never ran in staging" in run("validate", "-C", shallow, "--base", "main").stdout
        repository.commit("another", **{"README.md": "words\n"})
        deeper = clone_shallow(repository, tmp_path / "deeper")
        (deeper / DEPLOYMENT).write_text(TRIED)
        shown = run("validate", "-C", deeper, "--base", "main")
        assert "never ran in staging" not in shown.stdout
        assert "fetch-depth: 0" in shown.stdout
        assert run("validate", "-C", deeper, "--base", "main", "--strict").return_value is Outcome.UNDECIDED

    def test_what_a_short_clone_shows_of_a_time_is_the_least(
        self, repository: Repository, tmp_path: Path
    ) -> None:
        repository.commit("v5 to staging", **{STAGED: TRIED})
        deeper = clone_shallow(repository, tmp_path / "deeper")
        (deeper / DEPLOYMENT).write_text(TRIED)
        assert "; at least " in run("plan", "-C", deeper, "--base", "main").stdout
        repository.write(DEPLOYMENT, TRIED)
        whole = run("plan", "-C", repository.path, "--base", "main").stdout
        assert ("at least" in whole, " in staging" in whole) == (False, True)
