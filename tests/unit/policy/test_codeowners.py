"""CODEOWNERS from owners and environments: the block, its place in a file, and what is stale of it."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner

from reconciler.cli.app import app, run
from reconciler.load.worktree import choose_codeowners, read_worktree
from reconciler.policy import codeowners
from reconciler.policy.codeowners import BEGIN, END, Stale, is_owner, put_block
from reconciler.policy.context import Context
from reconciler.policy.engine import run_policies
from reconciler.policy.placing import place_all
from reconciler.policy.policies import POLICIES
from reconciler.state.outcomes import Outcome
from reconciler.state.owners import OwnersFile
from reconciler.state.repository import Repository
from tests.unit.policy.building import DEPLOYMENT, ENVIRONMENT, MODEL, SOUND, repository

OWNED = {ENVIRONMENT: f'{SOUND[ENVIRONMENT]}owners: ["@shop/ml-platform"]\n'}


def write_block(given: Repository, path: str) -> tuple[str, ...]:
    return codeowners.write_block(given, place_all(given), path)


def find_stale(file: OwnersFile, given: Repository) -> Stale | None:
    return codeowners.find_stale(file, given, place_all(given))


def test_each_place_has_its_owners_and_files_come_after_folders() -> None:
    assert write_block(repository(OWNED), "CODEOWNERS") == (
        BEGIN,
        "/CODEOWNERS @shop/ml-platform",
        "/.github/CODEOWNERS @shop/ml-platform",
        "/docs/CODEOWNERS @shop/ml-platform",
        "/.gitea/CODEOWNERS @shop/ml-platform",
        "/.gitlab/CODEOWNERS @shop/ml-platform",
        "/.github/workflows/ @shop/ml-platform",
        "/.gitea/workflows/ @shop/ml-platform",
        "/.forgejo/workflows/ @shop/ml-platform",
        "/.gitlab-ci.yml @shop/ml-platform",
        "/.modelsync/ @shop/ml-platform",
        "/models/defaults.yaml @shop/ml-platform",
        "/models/wines/ @wine-team",
        "/environments/production/ @shop/ml-platform",
        "/environments/production/deployments/wines.yaml @wine-team",
        END,
    )


def test_without_owners_of_rules_only_models_are_owned() -> None:
    assert write_block(repository(), "CODEOWNERS")[1:-1] == (
        "/models/wines/ @wine-team",
        "/environments/production/deployments/wines.yaml @wine-team",
    )


def test_all_owners_of_the_models_of_a_graph_own_its_deployment() -> None:
    changes = {
        "models/sugar/model.yaml": SOUND[MODEL].replace("@wine-team", "@sugar-team"),
        DEPLOYMENT: "model: wines\nvariants:\n  - name: blend\n    traffic: 100\n    graph:\n"
        "      name: red\n      type: model\n      model: wines\n      version: 3\n      children:\n"
        "        - {name: sweet, type: model, model: sugar, version: 3}\n",
    }
    (line,) = (line for line in write_block(repository(changes), "X") if "deployments" in line)
    assert line == "/environments/production/deployments/wines.yaml @wine-team @sugar-team"


@pytest.mark.parametrize("owner", ["@a b", "@a\\n* @evil", "#x", "@", "a", "@a @b", "", "@ä"])
def test_what_could_say_more_than_one_owner_is_none(owner: str) -> None:
    assert not is_owner(owner)
    faulty = {MODEL: SOUND[MODEL].replace('"@wine-team"', f'"{owner}"')}
    assert write_block(repository(faulty), "CODEOWNERS") == (BEGIN, END)


@pytest.mark.parametrize("owner", ["@wine-team", "@shop/wine-team", "@a/b/c", "wine.team+x@shop.example.com"])
def test_names_that_forges_know(owner: str) -> None:
    assert is_owner(owner)


def test_the_block_goes_to_the_end_and_other_lines_stay() -> None:
    block = (BEGIN, "/models/wines/ @wine-team", END)
    first = put_block("* @everybody\n\n\n", block)
    assert first == f"* @everybody\n\n{BEGIN}\n/models/wines/ @wine-team\n{END}\n"
    assert put_block(first, block) == first
    assert put_block(f"{first}/docs/ @writers\n", (BEGIN, END)) == (
        f"* @everybody\n\n/docs/ @writers\n\n{BEGIN}\n{END}\n"
    )
    assert put_block(f"{BEGIN}\n/x @y\n", block) == f"{BEGIN}\n/models/wines/ @wine-team\n{END}\n"


def test_the_first_stale_line_is_told() -> None:
    given = repository(OWNED)
    current = put_block("", write_block(given, "CODEOWNERS"))
    assert find_stale(OwnersFile(path="CODEOWNERS", text=current), given) is None
    assert find_stale(OwnersFile(path="CODEOWNERS", text=current.replace("\n", "\r\n")), given) is None
    assert find_stale(OwnersFile(path="CODEOWNERS", text=f"{current}\n# a word\n"), given) is None
    assert find_stale(OwnersFile(path="CODEOWNERS", text="* @everybody\n"), given) is None
    beheaded = OwnersFile(path="CODEOWNERS", text=current.replace(f"{BEGIN}\n", ""))
    assert find_stale(beheaded, given) == Stale(line=15, found=END, wanted=BEGIN)
    for old, line, found in (
        ("/models/wines/ @wine-team", 13, "/models/wines/ @others"),
        (END, 16, "/models/wines/ @others"),
    ):
        stale = find_stale(
            OwnersFile(path="CODEOWNERS", text=current.replace(old, "/models/wines/ @others")), given
        )
        assert stale is not None
        assert (stale.line, stale.found, stale.wanted) == (line, found, old)
    after = find_stale(OwnersFile(path="CODEOWNERS", text=f"{current}* @everybody\n"), given)
    assert after is not None
    assert (after.line, after.found, after.wanted) == (17, "* @everybody", "")


@pytest.mark.parametrize("before", ["", "* @everybody\n", f"{BEGIN}\n/models/wines/ @old-team\n{END}\n"])
@pytest.mark.parametrize("after", [None, "block"])
def test_only_a_block_that_was_there_can_be_gone(before: str, after: str | None) -> None:
    given = repository(OWNED)
    text = put_block(before, write_block(given, "CODEOWNERS"))
    context = Context(
        repository=given,
        codeowners=OwnersFile(path="CODEOWNERS", text=text) if after else None,
        owned_before=OwnersFile(path="CODEOWNERS", text=before),
    )
    found = run_policies(context, POLICIES).findings
    gone = [one.message for one in found if one.rule == "codeowners-current"]
    assert len(gone) == (after is None and BEGIN in before)


class TestCommand:
    def lay_out(self, directory: Path) -> None:
        for path, text in {**SOUND, **OWNED}.items():
            (directory / path).parent.mkdir(parents=True, exist_ok=True)
            (directory / path).write_text(text, encoding="utf-8")

    def run(self, directory: Path, *arguments: str) -> tuple[int, str]:
        done = CliRunner().invoke(
            app, ["codeowners", "-C", str(directory), *arguments], standalone_mode=False
        )
        return (done.exit_code or int(done.return_value or 0)), done.stdout

    def test_what_was_written_is_current_until_an_owner_changes(self, tmp_path: Path) -> None:
        self.lay_out(tmp_path)
        assert self.run(tmp_path, "--check")[0] == Outcome.FINDINGS
        assert self.run(tmp_path, "--write") == (0, "wrote CODEOWNERS\n")
        assert self.run(tmp_path, "--check") == (0, "CODEOWNERS: current.\n")
        model = tmp_path / MODEL
        model.write_text(SOUND[MODEL].replace("@wine-team", "@others"), encoding="utf-8")
        code, said = self.run(tmp_path, "--check")
        assert (code, said.startswith("CODEOWNERS:13: ")) == (Outcome.FINDINGS, True)
        assert "/models/wines/ @others" in self.run(tmp_path)[1]

    def test_what_was_written_is_to_be_committed_and_heeded_by_the_forge(self, tmp_path: Path) -> None:
        self.lay_out(tmp_path)
        done = CliRunner().invoke(app, ["codeowners", "-C", str(tmp_path), "--write"])
        assert done.stderr == "next: commit it, and let the forge ask for reviews of code owners on main\n"
        again = CliRunner().invoke(app, ["codeowners", "-C", str(tmp_path), "--write"])
        assert (again.stdout, again.stderr) == ("CODEOWNERS: current.\n", "")

    def test_the_file_that_the_forge_reads_is_taken(self, tmp_path: Path) -> None:
        self.lay_out(tmp_path)
        assert choose_codeowners(tmp_path) == "CODEOWNERS"
        (tmp_path / ".github").mkdir()
        assert self.run(tmp_path, "--write") == (0, "wrote .github/CODEOWNERS\n")
        read = read_worktree(tmp_path).codeowners
        assert read is not None
        assert (read.path, "/.github/CODEOWNERS @shop/ml-platform" in read.text) == (
            ".github/CODEOWNERS",
            True,
        )

    def test_a_link_is_not_followed(self, tmp_path: Path) -> None:
        self.lay_out(tmp_path)
        (tmp_path / "CODEOWNERS").symlink_to(tmp_path / MODEL)
        assert read_worktree(tmp_path).codeowners is None
        (tmp_path / "elsewhere").mkdir()
        (tmp_path / "elsewhere/CODEOWNERS").write_text("* @everybody\n", encoding="utf-8")
        (tmp_path / ".github").symlink_to(tmp_path / "elsewhere")
        assert read_worktree(tmp_path).codeowners is None

    def test_write_and_check_exclude_each_other(self, tmp_path: Path) -> None:
        self.lay_out(tmp_path)
        done = CliRunner().invoke(app, ["codeowners", "-C", str(tmp_path), "--write", "--check"])
        assert done.exit_code == Outcome.CONFIGURATION

    @pytest.mark.parametrize("path", [MODEL, ENVIRONMENT, DEPLOYMENT])
    def test_a_faulty_file_makes_the_block_undecided_not_wrong(
        self, tmp_path: Path, path: str, capsys: pytest.CaptureFixture[str]
    ) -> None:
        self.lay_out(tmp_path)
        assert self.run(tmp_path, "--write")[0] == 0
        written = (tmp_path / "CODEOWNERS").read_text(encoding="utf-8")
        (tmp_path / path).write_text("trafic: 1\n", encoding="utf-8")
        assert run(["validate", "-C", str(tmp_path)]) is Outcome.FINDINGS
        out, _ = capsys.readouterr()
        assert "error codeowners-current" not in out
        assert f"{path} is missing or has faults of form, so that its owners are not known" in out
        assert run(["codeowners", "-C", str(tmp_path), "--write"]) is Outcome.CONFIGURATION
        assert f"{path} is missing or has faults of form" in capsys.readouterr().err
        assert (tmp_path / "CODEOWNERS").read_text(encoding="utf-8") == written
