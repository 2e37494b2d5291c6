"""Images of one's own are named with their digest.

What it checks
    Where a layer, a graph's node, an explainer or `storage` names an image that is neither a stock one nor
    one of the environment's (`platform.servers`), it ends with `@sha256:` and 64 hex digits.

Why
    A tag can be pushed again: the same commit would run another program in a Pod that starts tomorrow than in
    one that started today, and no review would have seen it.

Example
    serving: {server: custom, protocol: v2, image: "registry.example.com/ml/wines:latest"}

Fix
    serving: {server: custom, protocol: v2, image: "registry.example.com/ml/wines@sha256:5c…"}
    `docker buildx imagetools inspect IMAGE` tells an image's digest.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from reconciler.policy.clusters import view_clusters
from reconciler.policy.context import Context
from reconciler.policy.engine import Policy
from reconciler.policy.images import list_images
from reconciler.policy.servers import STOCK_IMAGES, platform_images
from reconciler.state.findings import Finding

_DIGEST = re.compile(r"[^@]+@sha256:[0-9a-f]{64}\Z")


def check(context: Context) -> Iterator[Finding]:
    known = {
        name: frozenset().union(
            STOCK_IMAGES, *(platform_images(view.platform) for view in view_clusters(entry.declaration))
        )
        for name, entry in context.environments()
    }
    for deployment in context.served:
        for named in list_images(deployment):
            if named.image in known.get(deployment.environment.name, STOCK_IMAGES):
                continue
            if _DIGEST.match(named.image) is None:
                yield POLICY.finding(
                    named.location,
                    f"{deployment.id}: image {named.image}{named.origin} has no digest, so that its tag can "
                    "be pushed anew.",
                    "Name it as registry/name@sha256:…, with 64 hex digits.",
                )


POLICY = Policy(id="images-have-digests", documentation=__doc__, check=check)
