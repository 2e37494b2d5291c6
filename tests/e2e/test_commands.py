"""The commands as whole processes: exit codes, what goes to stdout and what to stderr, and how they fail."""

from __future__ import annotations

import json
import os
import pty
import shutil
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
import yaml

import reconciler
from tests.e2e.conftest import Team
from tests.support.shop import Shop

# A port on which nothing listens: the one reserved for this (RFC 863, discard), on loopback.
_NOBODY = "http://127.0.0.1:9"


def break_shares(shop: Shop) -> None:
    shop.declare("production/wines", {1: 90, 2: 20})


class TestValidate:
    def test_in_order_ends_with_0_and_one_line(self, shop: Shop) -> None:
        ended = shop.run("validate")
        assert (ended.code, ended.err) == (0, "")
        assert ended.out.startswith("ok: 2 environments, 2 deployments, 3 version records; ")
        assert ended.out.count("\n") == 1

    @pytest.mark.covers("B38")
    def test_findings_end_with_1_and_say_where(self, shop: Shop) -> None:
        break_shares(shop)
        ended = shop.run("validate")
        assert (ended.code, ended.err) == (1, "")
        assert ended.out.startswith("environments/production/deployments/wines.yaml:")
        assert "error traffic-sums-to-100" in ended.out

    def test_json_is_all_that_is_on_stdout(self, shop: Shop) -> None:
        break_shares(shop)
        ended = shop.run("validate", "-o", "json")
        told = json.loads(ended.out)
        assert ended.code == 1
        assert told["apiVersion"] == "modelsync.dev/validate/v2"
        assert [finding["rule"] for finding in told["findings"]] == ["traffic-sums-to-100"]
        assert told["findings"][0]["file"] == "environments/production/deployments/wines.yaml"

    def test_annotations_for_github_name_file_line_and_rule(self, shop: Shop) -> None:
        break_shares(shop)
        ended = shop.run("validate", "-o", "github")
        first, *_, last = ended.out.splitlines()
        assert ended.code == 1
        assert first.startswith("::error file=environments/production/deployments/wines.yaml,line=")
        assert "title=traffic-sums-to-100::production/wines: live traffic sums to 110" in first
        assert last.startswith("::notice title=modelsync validate::1 error in 2 environments")

    def test_what_cannot_be_decided_is_3_only_when_strict(self, shop: Shop) -> None:
        lenient, strict = shop.run("validate"), shop.run("validate", "--strict")
        assert (lenient.code, strict.code) == (0, 3)
        assert strict.out == lenient.out
        assert " not decided (no base: use --base; no registry: use --registry)" in strict.out

    def test_findings_count_before_what_cannot_be_decided(self, shop: Shop) -> None:
        break_shares(shop)
        assert shop.run("validate", "--strict").code == 1

    def test_a_folder_that_is_no_repository_is_2_and_never_a_clean_one(
        self, tmp_path: Path, shop: Shop
    ) -> None:
        (tmp_path / "empty").mkdir()
        ended = shop.run("validate", "-C", str(tmp_path / "empty"))
        assert (ended.code, ended.out) == (2, "")
        assert "empty/ holds neither models/ nor environments/" in ended.err
        assert "modelsync init" in ended.err

    def test_a_folder_that_is_not_there_is_2(self, shop: Shop) -> None:
        ended = shop.run("validate", "-C", "nowhere")
        assert (ended.code, ended.out) == (2, "")
        assert "'nowhere' does not exist" in ended.err

    def test_an_unknown_base_is_2(self, shop: Shop) -> None:
        ended = shop.run("validate", "--base", "mian")
        assert (ended.code, ended.out) == (2, "")
        assert "'mian'" in ended.err

    def test_a_registry_that_is_asked_for_and_not_named_is_2(self, shop: Shop) -> None:
        ended = shop.run("validate", "--registry")
        assert (ended.code, ended.out) == (2, "")
        assert "MLFLOW_TRACKING_URI is not set" in ended.err


class TestRender:
    @pytest.mark.covers("B6", "S2")
    def test_twice_the_same_bytes(self, shop: Shop) -> None:
        first, second = shop.run("render", "production"), shop.run("render", "production")
        assert (first.code, first.err) == (0, "")
        assert first == second

    @pytest.mark.covers("B6")
    def test_does_not_depend_on_the_clone_or_its_history(self, shop: Shop, tmp_path: Path) -> None:
        shutil.copytree(shop.folder, tmp_path / "elsewhere", ignore=shutil.ignore_patterns(".git"))
        there = shop.run("render", "production", "-C", str(tmp_path / "elsewhere"))
        assert there == shop.run("render", "production")

    def test_into_a_folder_gives_one_file_for_each_object_and_nothing_on_stdout(
        self, shop: Shop, tmp_path: Path
    ) -> None:
        shop.declare("production/prices", {3: 100})
        ended = shop.run("render", "production", "--to", str(tmp_path / "build"))
        assert (ended.code, ended.out) == (0, "")
        files = sorted(path for path in (tmp_path / "build").iterdir())
        assert [file.name for file in files] == [
            "seldondeployment-prices.yaml",
            "seldondeployment-wines.yaml",
        ]
        printed = list(yaml.safe_load_all(shop.run("render", "production").out))
        assert [yaml.safe_load(file.read_text()) for file in files] == printed

    def test_a_folder_that_cannot_be_made_is_2(self, shop: Shop) -> None:
        ended = shop.run("render", "production", "--to", "models/wines/model.yaml/inside")
        assert (ended.code, ended.out) == (2, "")
        assert "models/wines/model.yaml/inside cannot be written (not a directory)" in ended.err

    def test_a_faulty_deployment_is_left_out_named_on_stderr_and_ends_with_1(self, shop: Shop) -> None:
        shop.declare("production/prices", {3: 100})
        break_shares(shop)
        ended = shop.run("render", "production")
        assert ended.code == 1
        assert [item["metadata"]["name"] for item in yaml.safe_load_all(ended.out)] == ["prices"]
        assert "left out production/wines: environments/production/deployments/wines.yaml:" in ended.err

    def test_an_unknown_environment_is_2_with_the_nearest(self, shop: Shop) -> None:
        ended = shop.run("render", "prodution")
        assert (ended.code, ended.out) == (2, "")
        assert 'Did you mean "production"?' in ended.err


class TestPlan:
    def test_between_two_commits_whatever_the_work_tree_holds(self, shop: Shop) -> None:
        base = shop.git("rev-parse", "HEAD").strip()
        shop.declare("production/wines", {1: 50, 2: 50})
        head = shop.commit("Half and half")
        shop.declare("production/wines", {1: 100})

        ended = shop.run("plan", "--base", base, "--head", head)

        assert ended.code == 0, ended.err
        assert "v1 90 → 50 %, v2 10 → 50 %" in ended.out
        assert "no changes in staging" in ended.out

    def test_back_is_the_opposite(self, shop: Shop) -> None:
        shop.declare("production/wines", {1: 50, 2: 50})
        shop.commit("Half and half")
        assert "v1 50 → 90 %, v2 50 → 10 %" in shop.run("plan", "--base", "HEAD", "--head", "HEAD~1").out

    def test_without_head_it_is_the_work_tree(self, shop: Shop) -> None:
        shop.declare("production/wines", {1: 50, 2: 50})
        assert "v1 90 → 50 %" in shop.run("plan").out

    @pytest.mark.parametrize(
        ("shares", "code"), [({1: 50, 2: 50}, 4), ({1: 90, 2: 10}, 0)], ids=["some", "none"]
    )
    def test_changes_are_4_where_that_is_asked_for(
        self, shop: Shop, shares: dict[int, int], code: int
    ) -> None:
        shop.declare("production/wines", shares)
        assert shop.run("plan").code == 0
        assert shop.run("plan", "--detailed-exitcode").code == code

    def test_findings_count_before_changes(self, shop: Shop) -> None:
        shop.declare("staging/wines", {3: 100})
        break_shares(shop)
        assert shop.run("plan", "--detailed-exitcode").code == 1

    def test_json_is_all_that_is_on_stdout(self, shop: Shop) -> None:
        shop.declare("production/wines", {1: 50, 2: 50})
        ended = shop.run("plan", "production", "-o", "json")
        told = json.loads(ended.out)
        assert told["apiVersion"] == "modelsync.dev/plan/v1"
        (target,) = told["targets"]
        (change,) = target["changes"]
        assert (target["environment"], change["op"], change["deployment"]) == (
            "production",
            "update",
            "wines",
        )
        assert [(item["predictor"], item["old"], item["new"]) for item in change["variants"]] == [
            ("v1", 90, 50),
            ("v2", 10, 50),
        ]

    def test_a_folder_without_git_is_2(self, shop: Shop, tmp_path: Path) -> None:
        (tmp_path / "plain" / "models").mkdir(parents=True)
        (tmp_path / "plain" / "models" / "defaults.yaml").touch()
        ended = shop.run("plan", "-C", str(tmp_path / "plain"))
        assert (ended.code, ended.out) == (2, "")
        assert "no git repository" in ended.err

    @pytest.mark.parametrize("option", ["--base", "--head"])
    def test_a_commit_that_is_not_there_is_2(self, shop: Shop, option: str) -> None:
        ended = shop.run("plan", option, "mian")
        assert (ended.code, ended.out) == (2, "")
        assert "there is no branch, tag or commit 'mian'" in ended.err

    def test_live_json_parses_while_talk_goes_to_stderr(self, team: Team) -> None:
        team.shop.declare("production/wines", {1: 80, 2: 30})
        team.shop.commit("Faulty")
        ended = team.run("plan", "production", "--live", "-o", "json")
        (target,) = json.loads(ended.out)["targets"]
        assert ended.code == 1
        assert [fault["deployment"] for fault in target["faults"]] == ["wines"]
        assert [change["deployment"] for change in target["changes"]] == ["prices"]


def run_on_a_terminal(shop: Shop, environment: dict[str, str], *arguments: str) -> str:
    """All that the command shows on a terminal of its own."""
    ours, theirs = pty.openpty()
    with subprocess.Popen(
        [sys.executable, "-m", "reconciler", *arguments],
        cwd=shop.folder,
        env={**shop.environment(None), **environment},
        stdin=subprocess.DEVNULL,
        stdout=theirs,
        stderr=theirs,
    ):
        os.close(theirs)
        shown = b""
        # Linux ends the reading side with an error once nobody has the other side open.
        with suppress(OSError):
            while piece := os.read(ours, 65536):
                shown += piece
    os.close(ours)
    return shown.decode()


@pytest.mark.parametrize("arguments", [("validate",), ("plan",), ("--help",), ("vaildate",)], ids=" ".join)
def test_nothing_is_coloured_on_a_terminal_that_wants_no_colour(
    shop: Shop, arguments: tuple[str, ...]
) -> None:
    break_shares(shop)
    shown = run_on_a_terminal(shop, {"NO_COLOR": "1", "TERM": "xterm-256color"}, *arguments)
    assert len(shown.splitlines()) > 1
    assert "\x1b" not in shown


@pytest.mark.parametrize(
    "arguments",
    [("validate",), ("render", "production"), ("plan",), ("policies",), ("--help",)],
    ids=" ".join,
)
def test_a_reader_that_goes_away_is_no_defect(shop: Shop, arguments: tuple[str, ...]) -> None:
    """As in `modelsync plan | head`: no traceback, and nothing is said to whoever is not listening."""
    reading, writing = os.pipe()
    os.close(reading)
    try:
        done = subprocess.run(
            [sys.executable, "-m", "reconciler", *arguments],
            cwd=shop.folder,
            env=shop.environment(None),
            stdout=writing,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )
    finally:
        os.close(writing)
    assert done.stderr == ""
    assert done.returncode in (0, 1)


def test_a_defect_is_70_with_its_traceback_and_a_word_on_what_to_do(shop: Shop, tmp_path: Path) -> None:
    """Provoked by a damaged installation: a template that the renderer needs is missing."""
    shutil.copytree(
        Path(reconciler.__file__).parent,
        tmp_path / "installed" / "reconciler",
        ignore=shutil.ignore_patterns("__pycache__", "seldondeployment.yaml.j2"),
    )
    done = subprocess.run(
        [sys.executable, "-m", "reconciler", "render", "production"],
        cwd=shop.folder,
        env={**shop.environment(None), "PYTHONPATH": str(tmp_path / "installed")},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout) == (70, "")
    assert done.stderr.startswith("Traceback (most recent call last):")
    assert "TemplateNotFound" in done.stderr
    assert f"defect: modelsync {reconciler.__version__}" in done.stderr.splitlines()[-1]
    assert "Please report it with the lines above" in done.stderr


class TestUnreachable:
    @pytest.fixture
    def kubeconfig(self, tmp_path: Path) -> Path:
        """Leads to a port on which nothing listens."""
        path = tmp_path / "nobody.kubeconfig"
        document = {
            "apiVersion": "v1",
            "kind": "Config",
            "clusters": [{"name": "x", "cluster": {"server": _NOBODY}}],
            "users": [{"name": "x", "user": {}}],
            "contexts": [{"name": "x", "context": {"cluster": "x", "user": "x"}}],
            "current-context": "x",
        }
        path.write_text(yaml.safe_dump(document))
        return path

    @pytest.mark.parametrize("arguments", [("status",), ("doctor",), ("plan", "--live")], ids=" ".join)
    def test_a_cluster_out_of_reach_is_3(
        self, shop: Shop, kubeconfig: Path, arguments: tuple[str, ...]
    ) -> None:
        ended = shop.run(*arguments, kubeconfig=kubeconfig)
        assert ended.code == 3, ended.out + ended.err
        assert _NOBODY.removeprefix("http://") in ended.out + ended.err
        assert "Traceback" not in ended.err


def test_status_as_json_parses_from_stdout_alone(team: Team) -> None:
    assert team.sync().code == 0
    ended = team.run("status", "-o", "json")
    told: dict[str, Any] = json.loads(ended.out)
    assert ended.code == 0, ended.err
    assert told["apiVersion"] == "modelsync.dev/status/v1"


def test_sync_as_json_parses_from_stdout_alone(team: Team) -> None:
    ended = team.sync("-o", "json")
    told = json.loads(ended.out)
    assert (ended.code, told["outcome"]) == (0, 0)
    assert told["apiVersion"] == "modelsync.dev/run/v1"
