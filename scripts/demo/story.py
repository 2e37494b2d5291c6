"""The steps of the story. Each uses the commands that a team would use, on servers that are real."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from scripts.demo.narrator import Narrator, StepFailed

_TRAINING = Path(__file__).resolve().parent / "training"

_STAGING = """\
# yaml-language-server: $schema=../../../schemas/deployment.schema.json
model: wines
variants:
  - version: 2
    traffic: 100
"""

_PRODUCTION = """\
# yaml-language-server: $schema=../../../schemas/deployment.schema.json
model: wines
variants:
  - version: 1
    traffic: 90
  - version: 2
    traffic: 10
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """Where the story plays: `mlflow_bin` has the command `mlflow`, `kubectl` talks to the demo's cluster."""

    mlflow_bin: Path
    kubectl: Path
    data: str


def tell(story: Narrator, scratch: Path, stage: Stage) -> None:
    """All steps, in order. Raises StepFailed at the first that does not end as it should."""
    train(story, stage)
    repository = scratch / "wine-shop"
    lay_out(story, repository)
    pin_and_declare(story)
    review(story)
    sync_first(story, stage)
    shift_traffic(story)
    heal(story, stage)
    refuse(story)
    prune(story, stage)


def train(story: Narrator, stage: Stage) -> None:
    story.chapter("Train two models and register them")
    story.say("A wine shop predicts the quality of wines. The training is an MLflow Project; it runs twice.")
    data = f" -P data={stage.data}" if stage.data else ""
    extra = {
        # MLflow starts the training with the first python on the PATH.
        "PATH": f"{stage.mlflow_bin}{os.pathsep}{os.environ['PATH']}",
        # Its hints on pip and data types are about other stories.
        "MLFLOW_LOGGING_LEVEL": "ERROR",
        "PYTHONWARNINGS": "ignore",
    }
    for alpha in ("0.1", "1.0"):
        story.run(
            f"mlflow run {_TRAINING} --env-manager local --experiment-name wines --run-name alpha={alpha}"
            f" -P alpha={alpha}{data}",
            extra=extra,
        )


def lay_out(story: Narrator, repository: Path) -> None:
    story.chapter("Start a GitOps repository")
    story.run(f"modelsync init {repository.name}", quiet=True)
    story.enter(repository)
    story.run("git init --quiet --initial-branch=main")
    story.run("modelsync add model wines --registered-model wine-quality --owner @wine-team")
    for name, more in (("staging", ""), ("production", " --upstream staging --protected")):
        story.run(
            f"modelsync add environment {name} --namespace wines-{name}{more}"
            " --artifacts mlflow-artifacts:/=s3://mlflow/artifacts --secret artifacts-s3"
        )
    story.run("git add .")
    story.run("git commit --quiet -m 'Lay out the repository'")


def pin_and_declare(story: Narrator) -> None:
    story.chapter("Pin the versions, and declare which takes which traffic")
    story.say(
        "A pin is a reviewed record of one registry version: its run, its files with their digests, its"
    )
    story.say("metrics. Whatever is declared from here on means exactly these files.")
    story.run("modelsync pin wines 1 2")
    story.write("environments/staging/deployments/wines.yaml", _STAGING)
    story.write("environments/production/deployments/wines.yaml", _PRODUCTION)


def review(story: Narrator) -> None:
    story.chapter("What a pull request shows: validate and plan")
    story.say(
        "Both work from the files alone; with --registry the records are compared with the registry too."
    )
    story.run("modelsync validate --registry")
    story.run("modelsync plan --base HEAD")
    story.run("git add .")
    story.run("git commit --quiet -m 'Serve wines: version 2 in staging, 10 % of production'")


def sync_first(story: Narrator, stage: Stage) -> None:
    story.chapter("Sync the cluster to main")
    story.say(
        "The cluster's owner makes the namespaces and labels them, so that a wrong cluster is never touched."
    )
    for name in ("staging", "production"):
        story.run(f"{stage.kubectl.name} create namespace wines-{name}")
        story.run(f"{stage.kubectl.name} label namespace wines-{name} modelsync.dev/environment={name}")
    story.run("modelsync sync")
    story.run(f"{stage.kubectl.name} get seldondeployments --all-namespaces")
    story.say("The same again finds nothing to do, and writes nothing:")
    story.run("modelsync sync staging production")
    story.run("modelsync status")
    story.say("(No Seldon operator runs in this small cluster, so nothing gets ready: status says so.)")


def shift_traffic(story: Narrator) -> None:
    story.chapter("Move traffic by a branch")
    story.run("git switch --quiet -c half-and-half")
    path = "environments/production/deployments/wines.yaml"
    story.replace(
        path,
        "  - version: 1\n    traffic: 90\n  - version: 2\n    traffic: 10",
        "  - version: 1\n    traffic: 50\n  - version: 2\n    traffic: 50",
    )
    story.run("git commit --quiet -am 'Compare both versions at 50 % each'")
    story.run("modelsync validate --base main")
    story.run("modelsync plan --base main")
    story.run("git switch --quiet main")
    story.run("git merge --quiet half-and-half")
    story.run("modelsync sync production")


def heal(story: Narrator, stage: Stage) -> None:
    story.chapter("Someone edits the live object by hand")
    story.run(
        f"{stage.kubectl.name} --namespace wines-production patch seldondeployment wines --type json --patch "
        '\'[{"op": "replace", "path": "/spec/predictors/0/traffic", "value": 100},'
        ' {"op": "replace", "path": "/spec/predictors/1/traffic", "value": 0}]\''
    )
    story.run("modelsync sync production")
    shares = story.run(
        f"{stage.kubectl.name} --namespace wines-production get seldondeployment wines --output "
        "jsonpath={.spec.predictors[*].traffic}"
    )
    if shares.split() != ["50", "50"]:
        raise StepFailed(f"the live shares are {shares.split()} after healing, expected 50 and 50")


def refuse(story: Narrator) -> None:
    story.chapter("Bad changes are refused")
    path = "environments/production/deployments/wines.yaml"
    story.say("A slip in the numbers is found before the merge:")
    story.run("git switch --quiet -c slip")
    text = "  - version: 2\n    traffic: 50"
    story.replace(path, text, "  - version: 2\n    trafic: 50")
    story.run("modelsync validate", ends_with=1)
    story.run("git checkout --quiet .")
    story.replace(path, text, "  - version: 2\n    traffic: 45")
    story.run("modelsync validate", ends_with=1)
    story.run("git checkout --quiet .")
    story.run("git switch --quiet main")
    story.say("")
    story.say("A folder that got lost never deletes what is being served:")
    story.run("git switch --quiet -c lost-folder")
    story.run("git rm -r --quiet environments/production/deployments")
    story.run("git commit --quiet -m 'Tidy up'")
    story.run("modelsync sync production --ref lost-folder", ends_with=5)
    story.run("git switch --quiet main")
    story.run("modelsync sync production")


def prune(story: Narrator, stage: Stage) -> None:
    story.chapter("End a deployment")
    story.say("retire: true in its file is the approval; the reviewer sees it in the pull request.")
    story.write("environments/staging/deployments/wines.yaml", "retire: true\n", append=True)
    story.run("git commit --quiet -am 'Retire wines in staging'")
    story.run("modelsync plan staging --base HEAD~1")
    story.run("modelsync sync staging")
    left = story.run(f"{stage.kubectl.name} --namespace wines-staging get seldondeployments --output name")
    if left.strip():
        raise StepFailed(f"staging still holds {left.strip()} after the prune")
    story.run("modelsync status")
