"""A server that builds an environment at start-up is given the time for it.

What it checks
    Where the image of a server installs the model's environment each time that it starts
    (`seldonio/mlflowserver`, protocol seldon), `serving.startup` is at least `rules.start-up-fits`, 10m
    where that is not set. Images that are not known are left alone.

Why
    Such a server runs conda for minutes before it answers. The start-up probe would end it half-way, and
    the next try begins anew: the version never becomes ready, on slow days only.

Example
    serving: {server: mlflow, protocol: seldon, startup: 2m}

Fix
    serving: {startup: 20m}, or protocol v2, whose server has its environment in the image.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from reconciler.policy.abilities import plain_name, stock_images
from reconciler.policy.clusters import view_clusters
from reconciler.policy.context import Context
from reconciler.policy.engine import Parameter, Policy
from reconciler.policy.servers import server_image
from reconciler.policy.wording import join_words
from reconciler.state.findings import Finding, Grade

_DEFAULT = "10m"
# What rendering gives a container whose layers say nothing (resolve/serving.py).
_UNSAID = "10m"
_DURATION = re.compile(r"(?P<number>[0-9]+)(?P<unit>[smhd])")
_UNITS: Mapping[str, int] = {"s": 1, "m": 60, "h": 3600, "d": 86400}


def check(context: Context) -> Iterator[Finding]:
    for deployment in context.served:
        declared = deployment.environment.environment
        if declared is None:
            continue
        least = str(POLICY.value_in(deployment.environment))
        views = view_clusters(declared.declaration)
        for serving, containers in deployment.distinct_containers():
            settings = serving.serving
            if settings.server is None or settings.protocol is None:
                continue
            images = {
                settings.image or server_image(view.platform, settings.server, settings.protocol)
                for view in views
            }
            building = sorted(image for image in images if image is not None and _builds(image))
            if not building or _seconds(settings.startup or _UNSAID) >= _seconds(least):
                continue
            names = join_words([container.title for container in containers])
            said = f"{settings.startup}{deployment.say_origin(serving, 'startup')}"
            given = said if settings.startup is not None else f"{_UNSAID}, as no layer says otherwise"
            yield POLICY.finding(
                deployment.place(serving, "startup", "protocol", "server"),
                f"{deployment.id}: {names}: {join_words(building)} builds the model's environment when it "
                f"starts; serving.startup is {given}, and it needs at least {least}.",
                f"Set serving.startup to {least} or more, or use protocol v2.",
                subject=deployment.id,
            )


def _builds(image: str) -> bool:
    stock = stock_images().get(plain_name(image))
    return stock is not None and stock.builds_environment


def _seconds(duration: str) -> int:
    match = _DURATION.fullmatch(duration)
    if match is None:
        raise ValueError
    return int(match["number"]) * _UNITS[match["unit"]]


def _measure(value: Any) -> Mapping[str, float]:
    # A shorter time lets more through.
    return {"": -_seconds(value)} if isinstance(value, str) else _refuse()


def _refuse() -> Mapping[str, float]:
    raise ValueError


POLICY = Policy(
    id="start-up-fits",
    documentation=__doc__,
    check=check,
    grade=Grade.SOFT,
    parameter=Parameter(form="a duration such as 20m", default=_DEFAULT, measure=_measure),
)
