"""What the registry bot proposes, and what it does about a pull request that may be there. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum

from reconciler.plan.wording import join_words
from reconciler.state.declarations import Deployment, Follow
from reconciler.state.exceptions import Exceptions, Hold
from reconciler.state.freezing import goes_on
from reconciler.state.observations import Health, HealthWord
from reconciler.state.shares import Share


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """A version's value of the metric that is followed, None where it has none.

    `data` is the digest of the data that it was measured on; empty where that is not known, or is the data
    of the training, which says nothing of what a metric was measured on.
    """

    version: int
    value: float | None = None
    data: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """A version of the registered model as a search of the registry shows it."""

    version: int
    ready: bool = True
    tags: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Market:
    """What the registry has of one registered model, called `name` there.

    `aliases` are versions by alias. `measured` are the versions that a metric is to decide about, those that
    serve among them; empty where no metric decides.
    """

    name: str
    candidates: tuple[Candidate, ...]
    aliases: Mapping[str, int] = field(default_factory=dict)
    measured: tuple[Measured, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """The version that is proposed (None: none is), and why, or why not, in words after the deployment's."""

    version: int | None
    reason: str


def list_served(deployment: Deployment) -> tuple[int, ...]:
    """The versions that are live in a deployment, with traffic 0 too, in its file's order."""
    return tuple(
        variant.version
        for variant in deployment.variants
        if variant.traffic is not None and variant.version is not None
    )


def list_newer(deployment: Deployment, candidates: Iterable[Candidate]) -> tuple[Candidate, ...]:
    """The ready versions above all that are live, lowest first."""
    newest = max(list_served(deployment), default=0)
    newer = (candidate for candidate in candidates if candidate.ready and candidate.version > newest)
    return tuple(sorted(newer, key=lambda candidate: candidate.version))


def find_hold(exceptions: Exceptions, deployment: str, version: int, now: datetime) -> Hold | None:
    """The hold in force that keeps automation from a version of a deployment.

    One that names the deployment with its environment is told by validate, and means it all the same.
    """
    return next(
        (
            hold
            for hold in exceptions.holds
            if hold.version == version
            and hold.deployment.rpartition("/")[2] == deployment
            and (hold.until is None or goes_on(hold.until, now))
        ),
        None,
    )


def choose(follow: Follow, deployment: Deployment, market: Market, held: Mapping[int, str]) -> Choice:
    """The newer version that a deployment's rule means; `held` are the reasons of holds by version.

    Newer is what has a higher number than all that is live: the way back to a lower one is a rollback. An
    alias names one version, which is proposed or not; of the others the best that is not held is.
    """
    if not market.candidates:
        return Choice(version=None, reason=f"the registry has no version of {market.name}")
    newer = {candidate.version: candidate for candidate in list_newer(deployment, market.candidates)}
    if follow.alias is not None:
        return _choose_by_alias(follow.alias, deployment, market, newer, held)
    free = [candidate for version, candidate in newer.items() if version not in held]
    if follow.tag is not None:
        return _choose_by_tag(follow.tag, newer.values(), free, held)
    return _choose_by_metric(follow, deployment, market, free, held)


def _choose_by_alias(
    alias: str,
    deployment: Deployment,
    market: Market,
    newer: Mapping[int, Candidate],
    held: Mapping[int, str],
) -> Choice:
    version = market.aliases.get(alias)
    if version is None:
        return Choice(version=None, reason=f"no version of {market.name} has the alias {alias}")
    said = f"alias {alias} is v{version}"
    if version in newer:
        if version in held:
            return Choice(version=None, reason=f"{said}, {_say_held(held[version])}")
        return Choice(version=version, reason=said)
    if version in list_served(deployment):
        return Choice(version=None, reason=f"{said}, which is live already")
    if version < max(list_served(deployment), default=0):
        newest = max(list_served(deployment))
        return Choice(version=None, reason=f"{said}, and v{newest}, which is live, is newer")
    return Choice(version=None, reason=f"{said}, which is not ready in the registry")


def _choose_by_tag(
    wanted: Mapping[str, str],
    newer: Iterable[Candidate],
    free: Sequence[Candidate],
    held: Mapping[int, str],
) -> Choice:
    said = join_words([f"{key}: {value}" for key, value in wanted.items()])
    found = [candidate.version for candidate in free if _has_tags(candidate, wanted)]
    if found:
        return Choice(version=max(found), reason=f"v{max(found)} is the newest with {said}")
    skipped = [item.version for item in newer if item.version in held and _has_tags(item, wanted)]
    if skipped:
        version = max(skipped)
        return Choice(version=None, reason=f"v{version} has {said}, {_say_held(held[version])}")
    return Choice(version=None, reason=f"no newer version has {said}")


def _choose_by_metric(
    follow: Follow,
    deployment: Deployment,
    market: Market,
    free: Sequence[Candidate],
    held: Mapping[int, str],
) -> Choice:
    metric, lower = follow.metric or "", follow.better == "lower"
    if not free:
        return Choice(
            version=None, reason="there is no newer version" + (" that is not held" if held else "")
        )
    served, open_to = set(list_served(deployment)), {candidate.version for candidate in free}
    bars = [item for item in market.measured if item.version in served and _is_known(item)]
    if not bars:
        return Choice(
            version=None,
            reason=f"no version that is live has {metric} with its evaluation data, so none can be better",
        )
    bar = min(bars, key=lambda item: _rank(item, lower))
    rivals = [item for item in market.measured if item.version in open_to and item.data == bar.data]
    better = [item for item in rivals if _is_known(item) and _rank(item, lower)[0] < _rank(bar, lower)[0]]
    if not better:
        return Choice(
            version=None,
            reason=f"no newer version is better than v{bar.version} ({metric} {bar.value:.6g}) on the same "
            "evaluation data",
        )
    best = min(better, key=lambda item: _rank(item, lower))
    reason = f"{metric} of v{best.version} is {best.value:.6g}, that of v{bar.version} {bar.value:.6g}"
    return Choice(version=best.version, reason=f"{reason}, on the same evaluation data")


def _has_tags(candidate: Candidate, wanted: Mapping[str, str]) -> bool:
    return all(candidate.tags.get(key) == value for key, value in wanted.items())


def _is_known(item: Measured) -> bool:
    return item.value is not None and bool(item.data)


def _rank(item: Measured, lower: bool) -> tuple[float, int]:
    """Best first; of equal ones the newer."""
    value = item.value or 0.0
    return (value if lower else -value), -item.version


def _say_held(reason: str) -> str:
    return f"which is held ({reason})"


class Failing(str, Enum):
    """What a deployment that failed past its deadline asks for."""

    NOTHING = "nothing"
    ROLLBACK = "rollback"
    WAITS = "waits"


def judge_failure(
    health: Health,
    declared: tuple[Share, ...] | None,
    applied: tuple[Share, ...] | None,
    *,
    overdue: bool,
) -> Failing:
    """Whether a deployment is to go back.

    `overdue` tells that its target is past the deadline, which counts where the cluster does not say since
    when something is as it is. What is not applied as it is declared may be on its way already.
    """
    late = (
        overdue
        and health.since is None
        and health.word not in (HealthWord.CURRENT, HealthWord.UNKNOWN, HealthWord.FAILED)
    )
    if health.word is not HealthWord.FAILED and not late:
        return Failing.NOTHING
    if declared is None or applied is None or frozenset(declared) != frozenset(applied):
        return Failing.WAITS
    return Failing.ROLLBACK


def list_sick(health: Health) -> frozenset[str]:
    """The predictors that are not well; empty where they cannot be told apart."""
    return frozenset(item.predictor for item in health.variants if item.word is not HealthWord.CURRENT)


@dataclass(frozen=True, slots=True, kw_only=True)
class Branch:
    """The bot's branch of a deployment at the remote.

    `head` is its last commit; `facts` what that commit was made from, empty where the bot did not make it.
    """

    head: str
    facts: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """What is there of a deployment's pull request.

    `branch` is None where there is none. `told` are the facts that the open pull request's text names, None
    where none is open; `was_asked` tells that the branch's last commit was in one that is open no more.
    """

    branch: Branch | None = None
    told: str | None = None
    was_asked: bool = False


class Step(str, Enum):
    """What is done about a deployment's pull request."""

    NOTHING = "nothing"
    KEEP = "keep"
    OPEN = "open"
    REPLACE = "replace"
    CLOSE = "close"
    DECLINED = "declined"
    FOREIGN = "foreign"


def decide_step(wanted: str | None, standing: Standing) -> Step:
    """What to do so that one pull request, made from the facts `wanted`, is open; None: none is to be.

    What people committed to the branch of an open pull request is never replaced, and what they closed is
    not opened again from the same facts.
    """
    branch, is_open = standing.branch, standing.told is not None
    foreign = branch is not None and not branch.facts and (is_open or not standing.was_asked)
    if foreign:
        return Step.FOREIGN if is_open or wanted is not None else Step.NOTHING
    if wanted is None:
        return Step.CLOSE if is_open else Step.NOTHING
    if branch is not None and branch.facts == wanted:
        if is_open:
            return Step.KEEP if standing.told == wanted else Step.REPLACE
        return Step.DECLINED if standing.was_asked else Step.OPEN
    return Step.REPLACE if is_open else Step.OPEN
