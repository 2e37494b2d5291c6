"""Serving settings of a variant after all layers, with what holds where no layer says anything."""

from __future__ import annotations

from collections.abc import Mapping

from reconciler.policy.layers import MergedServing
from reconciler.policy.servers import server_image
from reconciler.resolve.durations import to_seconds
from reconciler.state.declarations import Platform, Quantity, ResourceList
from reconciler.state.targets import DesiredServing

DEFAULT_REPLICAS = 1
DEFAULT_STARTUP = "10m"


class Unresolvable(Exception):
    """Something that a deployment needs is missing; the message says what, as a clause about it."""


def settle_serving(merged: MergedServing, platform: Platform) -> DesiredServing:
    """The settings that a predictor is rendered from.

    Server, protocol and image have no default of ours: raises Unresolvable where one is missing.
    """
    serving = merged.serving
    if serving.server is None or serving.protocol is None:
        missing = "server" if serving.server is None else "protocol"
        raise Unresolvable(f"no layer says serving.{missing}")
    image = serving.image or server_image(platform, serving.server, serving.protocol)
    if image is None:
        raise Unresolvable(
            f"there is no image of the {serving.server} server with protocol {serving.protocol}"
        )
    resources = serving.resources
    return DesiredServing(
        server=serving.server,
        protocol=serving.protocol,
        image=image,
        replicas=serving.replicas or DEFAULT_REPLICAS,
        requests=_amounts(resources.requests if resources else None),
        limits=_amounts(resources.limits if resources else None),
        service_account=serving.service_account,
        env=dict(serving.env or {}),
        startup=to_seconds(serving.startup or DEFAULT_STARTUP),
    )


def _amounts(amounts: ResourceList | None) -> Mapping[str, Quantity]:
    if amounts is None:
        return {}
    return {
        name: amount
        for name, amount in (("cpu", amounts.cpu), ("memory", amounts.memory))
        if amount is not None
    }
