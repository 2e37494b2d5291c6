"""Train, lay out the repository, pin and declare, review."""

from __future__ import annotations

import os
from pathlib import Path

from scripts.demo.narrator import Narrator
from scripts.demo.stage import Stage

TRAINING = Path(__file__).resolve().parents[1] / "training"
PRODUCTION = "environments/production/deployments/wines.yaml"
ENVIRONMENTS = ("staging", "production")

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


def train(story: Narrator, stage: Stage, *alphas: str) -> None:
    """Run the training project once for each alpha; each run registers a version."""
    data = f" -P data={stage.data}" if stage.data else ""
    for alpha in alphas:
        run_project(story, stage, f"--experiment-name wines --run-name alpha={alpha} -P alpha={alpha}{data}")


def run_project(story: Narrator, stage: Stage, arguments: str) -> None:
    """Run the training project with further arguments."""
    extra = {
        # MLflow starts the training with the first python on the PATH.
        "PATH": f"{stage.mlflow_bin}{os.pathsep}{os.environ['PATH']}",
        # Its hints on pip and data types are about other stories.
        "MLFLOW_LOGGING_LEVEL": "ERROR",
        "PYTHONWARNINGS": "ignore",
    }
    story.run(f"mlflow run {TRAINING} --env-manager local {arguments}", extra=extra)


def train_first(story: Narrator, stage: Stage) -> None:
    story.chapter("Train two models and register them")
    story.say("A wine shop predicts the quality of wines. The training is an MLflow Project; it runs twice.")
    train(story, stage, "0.1", "1.0")


def lay_out(story: Narrator, stage: Stage, repository: Path) -> None:
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
        file = f"environments/{name}/environment.yaml"
        story.write(file, f'metrics: {{prometheus: "{stage.prometheus}"}}\n', append=True)
        if stage.server_image:
            servers = f"  servers:\n    mlflow: {{v2: {{image: {stage.server_image}}}}}"
            story.replace(file, "  ingress: istio", f"  ingress: istio\n{servers}")
    # Production is protected: its owners say there of which models loading may run code.
    approved = "  max-prune: 20%\n  pickle-approved: {models: [wines]}"
    story.replace("environments/production/environment.yaml", "  max-prune: 20%", approved)
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
    story.write(PRODUCTION, _PRODUCTION)


def review(story: Narrator) -> None:
    story.chapter("What a pull request shows: validate and plan")
    story.say(
        "Both work from the files alone; with --registry the records are compared with the registry too."
    )
    story.run("modelsync validate --registry")
    story.run("modelsync plan --base HEAD", ends_with=1)
    story.say("Versions go to staging before production, so this would need a waiver that an owner approves.")
    story.say("The shop opens with it all the same: nobody is served yet.")
    story.run("git add .")
    story.run("git commit --quiet -m 'Serve wines: version 2 in staging, 10 % of production'")
