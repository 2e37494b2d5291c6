"""A deployment follows its model by exactly one rule that can decide.

What it checks
    A `follow` block names one of `alias`, `tag` and `metric`, gives `better` with a metric and with nothing
    else, and names an alias that MLflow grants: letters, digits, - and _, and neither `latest` nor a `v` with
    digits.

Why
    `modelsync bot` proposes the version that the block means. With two rules it would not know which one
    counts, with none it would propose nothing, and no version ever has an alias that MLflow refuses: in each
    case people would wait for pull requests that never come.

Example
    follow: {metric: rmse}      # which values are better is not said

Fix
    Name one of the three: `{alias: champion}`, `{tag: {stage: ready}}` or `{metric: rmse, better: lower}`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from reconciler.policy.context import Context
from reconciler.policy.engine import Policy
from reconciler.policy.wording import join_words
from reconciler.state.declarations import Follow
from reconciler.state.documents import PathKey
from reconciler.state.findings import Finding

_ALIAS = re.compile(r"(?!(?:latest|[vV][0-9]+)$)[A-Za-z0-9_-]{1,255}")
_FORMS = "{alias: champion}, {tag: {stage: ready}} or {metric: rmse, better: lower}"


def check(context: Context) -> Iterator[Finding]:
    for placed in context.served:
        follow = placed.entry.declaration.follow
        if follow is None:
            continue
        for path, message, advice in _judge(follow):
            yield POLICY.finding(placed.at("follow", *path), f"{placed.id}: {message}", advice)


def _judge(follow: Follow) -> Iterator[tuple[tuple[PathKey, ...], str, str]]:
    """Path below `follow`, message and advice of each fault."""
    given = [key for key in ("alias", "tag", "metric") if getattr(follow, key) is not None]
    if len(given) != 1:
        said = join_words(given) if given else "nothing"
        yield (
            (),
            f"follow names {said}; expected exactly one of alias, tag and metric.",
            f"Write one of {_FORMS}.",
        )
        return
    if follow.metric is not None and follow.better is None:
        yield (
            ("metric",),
            f'follow names the metric "{follow.metric}"; expected better, too, which is lower or higher.',
            "Add better: lower, or better: higher.",
        )
    if follow.metric is None and follow.better is not None:
        yield (
            ("better",),
            f"follow says better: {follow.better} beside {given[0]}; expected it beside a metric only.",
            "Leave it out.",
        )
    if follow.alias is not None and not _ALIAS.fullmatch(follow.alias):
        yield (
            ("alias",),
            f'follow names the alias "{follow.alias}", which no version can have; expected another one.',
            "Set an alias of your own in the registry, such as champion, and name that.",
        )


POLICY = Policy(id="follow-decides", documentation=__doc__, check=check)
