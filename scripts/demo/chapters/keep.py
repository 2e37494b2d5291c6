"""What GitOps adds: hand edits are healed, bad changes refused, endings approved."""

from __future__ import annotations

from scripts.demo.chapters.declare import PRODUCTION
from scripts.demo.narrator import Narrator, StepFailed
from scripts.demo.stage import Stage


def heal(story: Narrator, stage: Stage) -> None:
    story.chapter("Someone edits the live object by hand")
    story.run(
        f"{stage.kubectl.name} --namespace wines-production patch seldondeployment wines --type json --patch "
        '\'[{"op": "replace", "path": "/spec/predictors/0/traffic", "value": 100},'
        ' {"op": "replace", "path": "/spec/predictors/1/traffic", "value": 0}]\''
    )
    story.run("modelsync sync production --wait 2m")
    shares = story.run(
        f"{stage.kubectl.name} --namespace wines-production get seldondeployment wines --output "
        "jsonpath={.spec.predictors[*].traffic}"
    )
    if shares.split() != ["50", "50"]:
        raise StepFailed(f"the live shares are {shares.split()} after healing, expected 50 and 50")


def refuse(story: Narrator) -> None:
    story.chapter("Bad changes are refused")
    story.say("A slip in the numbers is found before the merge:")
    story.run("git switch --quiet -c slip")
    text = "  - version: 2\n    traffic: 50"
    story.replace(PRODUCTION, text, "  - version: 2\n    trafic: 50")
    story.run("modelsync validate", ends_with=1)
    story.run("git checkout --quiet .")
    story.replace(PRODUCTION, text, "  - version: 2\n    traffic: 45")
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
