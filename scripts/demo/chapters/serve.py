"""Two models answer real requests side by side; traffic moves; a shadow listens; a sick challenger goes."""

from __future__ import annotations

import time
from collections.abc import Mapping

from scripts.demo.chapters.declare import ENVIRONMENTS, PRODUCTION, run_project, train
from scripts.demo.narrator import Narrator, StepFailed
from scripts.demo.stage import Stage
from scripts.demo.traffic import Tally, count_mirrored, keep_sending, send
from scripts.tools.shares import find_interval

_REQUESTS = 400
_MIRRORED = 100
_SCRAPED = 30.0  # seconds in which Prometheus must have seen them

_NAMESPACE = "wines-production"


def sync_first(story: Narrator, stage: Stage) -> None:
    story.chapter("Sync the cluster to main, and wait until it serves")
    story.say(
        "The cluster's owner makes the namespaces and labels them, so that a wrong cluster is never touched,"
    )
    story.say("and puts the key of the artifact store into them. Git holds only the Secret's name.")
    kubectl = stage.kubectl.name
    for name in ENVIRONMENTS:
        story.run(f"{kubectl} create namespace wines-{name}")
        story.run(f"{kubectl} label namespace wines-{name} modelsync.dev/environment={name}")
        story.run(
            f"{kubectl} --namespace wines-{name} create secret generic artifacts-s3"
            f" --from-env-file={stage.artifacts_key}"
        )
    story.run("modelsync sync --wait 5m")
    story.run(f"{kubectl} --namespace {_NAMESPACE} get pods,virtualservices")
    story.say("The same again finds nothing to do, and writes nothing:")
    story.run("modelsync sync staging production")


def ask(story: Narrator, stage: Stage) -> None:
    story.chapter("Customers ask")
    _measure(story, stage, {"v1": 90, "v2": 10})
    story.run("modelsync status production")


def shift_traffic(story: Narrator, stage: Stage) -> None:
    story.chapter("Move traffic by a branch")
    story.run("git switch --quiet -c half-and-half")
    story.replace(
        PRODUCTION,
        "  - version: 1\n    traffic: 90\n  - version: 2\n    traffic: 10",
        "  - version: 1\n    traffic: 50\n  - version: 2\n    traffic: 50",
    )
    story.run("git commit --quiet -am 'Compare both versions at 50 % each'")
    story.run("modelsync validate --base main")
    story.run("modelsync plan --base main")
    story.run("git switch --quiet main")
    story.run("git merge --quiet half-and-half")
    story.run("modelsync sync production --wait 2m")
    _measure(story, stage, {"v1": 50, "v2": 50})


def add_shadow(story: Narrator, stage: Stage) -> None:
    story.chapter("A shadow listens")
    story.say("A third version gets a copy of every request; its answers are dropped.")
    train(story, stage, "0.5")
    story.run("modelsync pin wines 3")
    story.write(PRODUCTION, "  - version: 3\n    shadow: 100\n", append=True)
    story.run("modelsync validate")
    story.run("git add .")
    story.run("git commit --quiet -m 'Version 3 listens'")
    with keep_sending(_find_url(stage)) as meanwhile:
        story.run("modelsync sync production --wait 5m")
    _expect_no_failure(story, meanwhile, "while the shadow was added")
    before = count_mirrored(stage.prometheus, _NAMESPACE, "v3-shadow")
    tally = _measure(story, stage, {"v1": 50, "v2": 50}, count=_MIRRORED)
    if "v3" in tally.answers:
        raise StepFailed("a customer got an answer of the shadow")
    _wait_for_mirrored(stage, before + _MIRRORED)
    story.say(f"The shadow received a copy of each: {_MIRRORED} requests by its own counter.")
    story.run("modelsync status production")


def lose_challenger(story: Narrator, stage: Stage) -> None:
    story.chapter("A challenger that cannot start is told, and goes")
    story.say("Version 4 rounds to whole points. Its code was not packed with it, so no server can load it.")
    run_project(story, stage, "--entry-point round --experiment-name wines -P version=2")
    story.run("modelsync pin wines 4")
    story.replace(PRODUCTION, "  - version: 2\n    traffic: 50", _CHALLENGER)
    story.run("git add .")
    story.run("git commit --quiet -m 'Version 4 at 10 %'")
    with keep_sending(_find_url(stage)) as customers:
        story.run("modelsync sync production --wait 5m", ends_with=6)
        story.run("modelsync status production", ends_with=6)
        story.say("It takes no traffic: the operator routes to a new set only when all of it is ready.")
        story.say("Going back is taking it out, which is one commit:")
        story.run("git revert --no-edit HEAD", quiet=True)
        story.run("modelsync sync production --wait 2m")
    _expect_no_failure(story, customers, "from before the challenger came until after it had gone")
    if "v4" in customers.answers:
        raise StepFailed("a customer got an answer of the challenger that cannot start")
    story.run("modelsync status production")


_CHALLENGER = """\
  - version: 2
    traffic: 40
  - version: 4
    traffic: 10
    serving: {startup: 45s}"""


def _find_url(stage: Stage) -> str:
    return stage.find_model(_NAMESPACE, "wines", "wines")


def _measure(story: Narrator, stage: Stage, declared: Mapping[str, int], *, count: int = _REQUESTS) -> Tally:
    """Ask that often and hold the answers against the declared shares."""
    url = _find_url(stage)
    story.say("")
    story.say(f"{count} requests to {url}")
    tally = send(url, count)
    if tally.failures:
        raise StepFailed(f"{len(tally.failures)} of {tally.sent} requests failed, first: {tally.failures[0]}")
    for version, percent in declared.items():
        low, high = find_interval(percent / 100, count)
        got = tally.answers[version]
        story.say(f"  {version}  declared {percent:>3} %   answered {got:>4}   (expected {low} to {high})")
        if not low <= got <= high:
            raise StepFailed(f"{version} answered {got} of {count}, outside {low} to {high}")
    if strangers := set(tally.answers) - set(declared):
        raise StepFailed(f"answers of {', '.join(sorted(strangers))}, which were not declared")
    return tally


def _expect_no_failure(story: Narrator, tally: Tally, when: str) -> None:
    if tally.failures:
        raise StepFailed(
            f"{len(tally.failures)} of {tally.sent} requests failed {when}, first: {tally.failures[0]}"
        )
    story.say(f"{tally.sent} requests {when}: none failed.")


def _wait_for_mirrored(stage: Stage, count: int) -> None:
    end = time.monotonic() + _SCRAPED
    while (seen := count_mirrored(stage.prometheus, _NAMESPACE, "v3-shadow")) < count:
        if time.monotonic() > end:
            raise StepFailed(f"the shadow counts {seen} requests after {_SCRAPED:.0f} s, expected {count}")
        time.sleep(0.5)
