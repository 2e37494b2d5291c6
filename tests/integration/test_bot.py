"""`modelsync bot` against a real MLflow server and a real forge: one pull request, and nothing done twice."""

from __future__ import annotations

import json
import subprocess
import sys
import time
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import urllib3

from reconciler.cli.app import run
from reconciler.clients.forge.interface import PullRequest
from reconciler.state.outcomes import Outcome
from scripts.local_cluster.gitea import GiteaServer
from tests.integration.mlflow_fixtures import MODEL, SharedMlflow
from tests.support.forge import People, Scene, make_repository
from tests.support.git_servers import Repository
from tests.support.proxy import Proxy, Reply

BRANCH = "modelsync/bot/staging/wines"
FILE = "environments/staging/deployments/wines.yaml"
DEPLOYMENT = """\
model: wines
variants:  # the first is the baseline
  - version: 1
    traffic: 100
follow: {rule}
"""
IMAGE = "registry.example.com/ml/mlserver@sha256:" + "5f" * 32
ENVIRONMENT = f"""\
namespace: wines-staging
platform: {{servers: {{mlflow: {{v2: {{image: "{IMAGE}"}}}}}}}}
artifacts: [{{from: "mlflow-artifacts:/", to: "s3://mlflow/artifacts"}}]
allow: {{images: ["registry.example.com/ml/*@sha256:*"]}}
"""
SERVING = (
    "{server: mlflow, protocol: v2, "
    "resources: {requests: {cpu: 100m, memory: 256Mi}, limits: {memory: 512Mi}}}"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Models:
    """A registered model of one's own, whose versions all are the same files."""

    server: SharedMlflow
    name: str
    source: str
    run: str

    def add(self, tags: Mapping[str, str] | None = None) -> int:
        made = _call(
            self.server,
            "POST",
            "model-versions/create",
            {
                "name": self.name,
                "source": self.source,
                "run_id": self.run,
                "model_id": self.source.removeprefix("models:/"),
                "tags": [{"key": key, "value": value} for key, value in (tags or {}).items()],
            },
        )
        return int(made["model_version"]["version"])

    def evaluate(self, *values: float) -> None:
        """A version for each value of rmse, all measured on the same data."""
        self.server.run(
            f"""
import mlflow, numpy
client = mlflow.MlflowClient()
files = mlflow.artifacts.download_artifacts("models:/{MODEL}/1")
data = mlflow.data.from_numpy(numpy.zeros((2, 2)))
for value in {values!r}:
    with mlflow.start_run() as run:
        mlflow.log_artifacts(files, "model")
        mlflow.log_metric("rmse", value)
        mlflow.log_input(data, context="evaluation")
    client.create_model_version("{self.name}", run.info.artifact_uri + "/model", run.info.run_id)
"""
        )

    def set_alias(self, version: int, alias: str = "champion") -> None:
        body = {"name": self.name, "alias": alias, "version": str(version)}
        _call(self.server, "POST", "registered-models/alias", body)


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """How a run ended, and what it said."""

    outcome: Outcome
    out: str
    err: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A repository at the forge whose deployment staging/wines serves v1, and a clone for the bot."""

    scene: Scene
    models: Models
    call: Callable[..., Told]

    def bot(self, *arguments: str, **environment: str) -> Told:
        return self.call("bot", *arguments, **environment)

    def list_open(self) -> tuple[PullRequest, ...]:
        return self.scene.forge().list_open()

    def find_open(self) -> PullRequest:
        (pull,) = self.list_open()
        return pull

    def read(self, path: str) -> str:
        """A file of the bot's branch, as the forge has it."""
        self.scene.work.git("fetch", "--quiet", "origin", BRANCH)
        return self.scene.work.git("show", f"FETCH_HEAD:{path}")

    def change(self, **files: str) -> None:
        """Somebody's commit on main."""
        self.scene.work.commit(**files)
        self.scene.work.git("push", "--quiet", "origin", "main")


def _call(server: SharedMlflow, method: str, path: str, body: Mapping[str, Any] | None = None) -> Any:
    answer = urllib3.request(
        method, f"{server.uri}/api/2.0/mlflow/{path}", json=body, timeout=60, retries=False
    )
    assert answer.status == 200, answer.data
    return json.loads(answer.data)


@pytest.fixture
def models(mlflow_server: SharedMlflow) -> Models:
    known = _call(mlflow_server, "GET", f"model-versions/get?name={MODEL}&version=1")["model_version"]
    name = f"wines-{uuid.uuid4().hex[:8]}"
    _call(mlflow_server, "POST", "registered-models/create", {"name": name})
    made = Models(server=mlflow_server, name=name, source=known["source"], run=known["run_id"])
    made.add()
    return made


@pytest.fixture
def place(
    forge_server: GiteaServer,
    people: People,
    models: Models,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> Place:
    name = make_repository(forge_server, people)
    work = Repository(tmp_path / "work")
    work.git("config", "user.name", "modelsync bot")
    work.git("config", "user.email", "bot@example.com")
    work.git("remote", "add", "origin", forge_server.git_address(people.ada, name))
    for variable, value in {
        "MLFLOW_TRACKING_URI": models.server.uri,
        "GITEA_SERVER_URL": forge_server.address,
        "GITEA_TOKEN": people.ada.token,
        "XDG_CACHE_HOME": str(tmp_path / "cache"),
    }.items():
        monkeypatch.setenv(variable, value)

    def call(*arguments: str, **environment: str) -> Told:
        with monkeypatch.context() as patch:
            for variable, value in environment.items():
                patch.setenv(variable, value)
            outcome = run([*arguments, "-C", str(work.path)])
        return Told(outcome=outcome, **capsys.readouterr()._asdict())

    work.write(
        "models/wines/model.yaml", f'registeredModel: {models.name}\nowners: ["@w"]\nserving: {SERVING}\n'
    )
    work.write("environments/staging/environment.yaml", ENVIRONMENT)
    work.write(FILE, DEPLOYMENT.format(rule="{alias: champion}"))
    assert call("pin", "wines", "1").outcome is Outcome.DONE
    work.commit("wines v1 serves")
    work.git("push", "--quiet", "origin", "main")
    scene = Scene(server=forge_server, people=people, name=name, work=work, source=BRANCH)
    return Place(scene=scene, models=models, call=call)


def test_an_alias_becomes_a_pull_request_with_record_and_share(place: Place) -> None:
    place.models.set_alias(place.models.add())

    started = time.monotonic()
    told = subprocess.run(
        [sys.executable, "-m", "reconciler", "bot", "-C", str(place.scene.work.path)],
        capture_output=True,
        check=True,
        text=True,
    )
    sys.stderr.write(f"one run of the command after an alias was set: {time.monotonic() - started:.1f} s\n")

    pull = place.find_open()
    assert told.stdout == (
        f"staging/wines: opened {pull.address}: v2 joins at 10 %, taken from v1 100 → 90 % "
        "(alias champion is v2)\n"
    )
    assert (pull.source, pull.target) == (BRANCH, "main")
    assert pull.title == "staging/wines: v2 joins at 10 %, taken from v1 100 → 90 %"
    assert "alias champion is v2" in pull.body
    assert "rmse" in pull.body
    assert place.read(FILE) == (
        "model: wines\nvariants:  # the first is the baseline\n  - version: 1\n    traffic: 90\n"
        "  - version: 2\n    traffic: 10\nfollow: {alias: champion}"
    )
    assert f"name: {place.models.name}" in place.read("models/wines/versions/2.yaml")
    changed = {file.path for file in place.scene.forge().list_changed_files(pull.number)}
    assert changed == {FILE, "models/wines/versions/2.yaml"}
    # The caller's own work tree and branches are as they were.
    assert place.scene.work.git("status", "--porcelain") == ""
    assert place.scene.work.git("branch", "--format=%(refname:short)") == "main"


def test_what_is_proposed_passes_the_rules(place: Place) -> None:
    place.models.set_alias(place.models.add())
    place.bot()
    work = place.scene.work
    work.git("fetch", "--quiet", "origin", BRANCH)
    work.git("checkout", "--quiet", "--detach", "FETCH_HEAD")
    assert place.call("validate", "--base", "main").outcome is Outcome.DONE
    assert place.call("pin", "--check").outcome is Outcome.DONE


def test_ten_versions_and_ten_runs_leave_one_pull_request(place: Place) -> None:
    for _ in range(10):
        place.models.set_alias(place.models.add())
        assert place.bot().outcome is Outcome.DONE
    pull = place.find_open()
    assert pull.number == 1
    assert pull.title == "staging/wines: v11 joins at 10 %, taken from v1 100 → 90 %"
    # The older proposals are gone from the branch, too.
    changed = {file.path for file in place.scene.forge().list_changed_files(1)}
    assert changed == {FILE, "models/wines/versions/11.yaml"}


def test_a_second_run_with_the_same_facts_writes_nothing(place: Place) -> None:
    place.models.set_alias(place.models.add())
    place.bot()
    before = place.find_open()
    with Proxy(place.scene.server.address) as proxy:
        token = place.scene.people.ada.token
        remote = f"{proxy.uri.replace('://', f'://ada:{token}@')}/{place.scene.name}.git"
        place.scene.work.git("remote", "set-url", "origin", remote)
        told = place.bot(GITEA_SERVER_URL=proxy.uri)
        asked = [request.method for request in proxy.requests]
        pushed = [request for request in proxy.requests if "git-receive-pack" in request.target]
        fetches = [request for request in proxy.requests if request.path.endswith("/git-upload-pack")]
    assert told.outcome is Outcome.DONE
    assert told.out.startswith("staging/wines: open ")
    assert pushed == []
    # git asks for refs and objects by POST, too; nothing else is sent.
    assert asked.count("POST") == len(fetches)
    assert set(asked) == {"GET", "POST"}
    assert place.find_open() == before


def test_a_held_version_is_skipped_and_its_pull_request_closed(place: Place) -> None:
    place.models.set_alias(place.models.add())
    place.bot()
    number = place.find_open().number
    place.change(
        **{
            "environments/staging/exceptions.yaml": (
                'holds: [{deployment: wines, version: 2, reason: "answers nonsense"}]\n'
            )
        }
    )

    told = place.bot()
    assert told.outcome is Outcome.DONE
    assert "alias champion is v2, which is held (answers nonsense)" in told.out
    assert place.list_open() == ()
    (comment,) = place.scene.forge().list_comments(number)
    assert "which is held (answers nonsense)" in comment.body
    assert "nothing new" in place.bot().out

    # The hold ends: the same version is proposed again.
    place.change(**{"environments/staging/exceptions.yaml": "holds: []\n"})
    assert place.bot().outcome is Outcome.DONE
    assert place.find_open().number == number + 1


def test_the_pull_request_of_a_deployment_that_follows_nothing_any_more_is_closed(place: Place) -> None:
    place.models.set_alias(place.models.add())
    place.bot()
    number = place.find_open().number
    declared = DEPLOYMENT.format(rule="{alias: champion}")
    place.change(**{FILE: declared.partition("follow:")[0]})

    would = json.loads(place.bot("--dry-run", "-o", "json").out)
    (one,) = would["deployments"]
    assert (would["apiVersion"], would["dryRun"], one["word"]) == ("modelsync.dev/bot/v1", True, "closed")
    assert place.find_open().number == number

    told = place.bot()
    assert told.outcome is Outcome.DONE
    assert told.out.startswith("staging/wines: closed ")
    assert told.out.endswith(": it follows nothing any more\n")
    assert place.list_open() == ()
    (comment,) = place.scene.forge().list_comments(number)
    assert "it follows nothing any more" in comment.body
    assert "there is nothing to do" in place.bot().err

    # Followed again, the same version is proposed again.
    place.change(**{FILE: declared})
    place.bot()
    assert place.find_open().number == number + 1
    place.change(**{FILE: declared.replace("model:", "modell:")})
    told = place.bot()
    assert told.outcome is Outcome.FINDINGS
    assert "its declaration cannot be read, so what it follows is not known" in told.out
    assert place.find_open().number == number + 1
    place.scene.work.git("rm", "--quiet", FILE)
    place.change()
    assert ": there is no such deployment any more" in place.bot().out
    assert place.list_open() == ()


def test_what_somebody_closed_stays_closed_until_there_is_something_else(place: Place) -> None:
    place.models.set_alias(place.models.add())
    place.bot()
    place.scene.forge().close_pull_request(place.find_open().number)

    told = place.bot()
    assert told.outcome is Outcome.DONE
    assert told.out.startswith("staging/wines: declined: alias champion is v2; somebody closed")
    assert place.list_open() == ()

    place.models.set_alias(place.models.add())
    assert ": opened " in place.bot().out
    assert "v3 joins" in place.find_open().title


def test_commits_of_others_are_kept(place: Place) -> None:
    place.models.set_alias(place.models.add())
    place.bot()
    work = place.scene.work
    work.git("fetch", "--quiet", "origin", BRANCH)
    work.git("checkout", "--quiet", "-b", "mine", "FETCH_HEAD")
    mine = work.commit("a note", **{"NOTES.md": "Looked at.\n"})
    work.git("push", "--quiet", "origin", f"mine:{BRANCH}")
    work.git("checkout", "--quiet", "main")
    place.models.set_alias(place.models.add())

    told = place.bot()
    assert told.outcome is Outcome.DONE
    assert "holds commits of others, so it is left to them" in told.out
    assert place.find_open().head == mine


def test_a_push_without_its_pull_request_is_gone_on_from(place: Place) -> None:
    """Killed in between: the branch is there, and nobody was asked yet."""
    place.models.set_alias(place.models.add())

    def refuse(request: Any) -> Reply | None:
        return Reply(status=503) if request.method == "POST" and request.path.endswith("/pulls") else None

    with Proxy(place.scene.server.address, refuse) as proxy:
        told = place.bot("--forge-url", proxy.uri)
    assert told.outcome is Outcome.UNDECIDED
    assert place.list_open() == ()

    pushed = place.scene.work.git("ls-remote", "origin", f"refs/heads/{BRANCH}")
    assert pushed
    assert place.bot().outcome is Outcome.DONE
    assert place.find_open().head == pushed.split()[0]


def test_tags_and_the_share_are_as_declared(place: Place) -> None:
    place.change(**{FILE: DEPLOYMENT.format(rule="{tag: {stage: ready}, traffic: 3}")})
    place.models.add({"stage": "ready"})
    place.models.add({"stage": "candidate"})

    assert place.bot().outcome is Outcome.DONE
    assert place.find_open().title == "staging/wines: v2 joins at 3 %, taken from v1 100 → 97 %"


def test_the_best_on_the_same_evaluation_data_is_proposed(place: Place) -> None:
    place.models.evaluate(0.8, 0.9, 0.7)
    assert place.call("pin", "wines", "2").outcome is Outcome.DONE
    rule = "{metric: rmse, better: lower}"
    place.change(**{FILE: DEPLOYMENT.format(rule=rule).replace("version: 1", "version: 2")})

    told = place.bot()
    assert told.outcome is Outcome.DONE
    assert "(rmse of v4 is 0.7, that of v2 0.8, on the same evaluation data)" in told.out
    assert "v4 joins at 10 %" in place.find_open().title


def test_metrics_on_the_data_of_the_training_decide_nothing(place: Place) -> None:
    place.change(**{FILE: DEPLOYMENT.format(rule="{metric: rmse, better: lower}")})
    place.models.add()
    told = place.bot()
    assert told.outcome is Outcome.DONE
    assert "no version that is live has rmse with its evaluation data" in told.out


def test_without_the_registry_nothing_is_decided_and_nothing_changed(place: Place) -> None:
    place.models.set_alias(place.models.add())
    place.bot()
    before = place.find_open()
    place.models.set_alias(place.models.add())
    with Proxy(place.models.server.uri, lambda _: Reply(status=503)) as proxy:
        told = place.bot(MLFLOW_TRACKING_URI=proxy.uri)
    assert told.outcome is Outcome.UNDECIDED
    assert told.out.startswith("staging/wines: undecided: the registry at ")
    assert place.find_open() == before


def test_a_dry_run_says_what_would_be_done(place: Place) -> None:
    place.models.set_alias(place.models.add())
    told = place.bot("--dry-run")
    assert told.outcome is Outcome.DONE
    assert told.out.startswith("staging/wines: would open: v2 joins at 10 %")
    assert place.list_open() == ()
    assert place.scene.work.git("ls-remote", "origin", f"refs/heads/{BRANCH}") == ""


def test_a_clone_that_is_behind_or_changed_is_told(place: Place) -> None:
    place.models.set_alias(place.models.add())
    work = place.scene.work
    work.commit("not pushed", **{"NOTES.md": "x\n"})
    told = place.bot()
    assert told.outcome is Outcome.CONFIGURATION
    assert "Run the bot on the branch that pull requests go into" in told.err
    work.write(FILE, DEPLOYMENT.format(rule="{alias: other}"))
    told = place.bot()
    assert told.outcome is Outcome.REFUSED
    assert f"{FILE} has uncommitted changes" in told.err
    assert place.list_open() == ()
