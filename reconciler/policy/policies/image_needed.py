"""A custom server has an image.

What it checks
    Where the server is `custom`, `serving.image` is given, or the environment names an image for it under
    `platform.servers`, in each of its clusters.

Why
    The other servers have stock images. Nobody but its owner knows the image of a custom one.

Example
    serving: {server: custom, protocol: v2}

Fix
    Add the image, with its digest:
    serving: {server: custom, protocol: v2, image: "registry.example.com/ml/wines@sha256:…"}
"""

from __future__ import annotations

from collections.abc import Iterator

from reconciler.policy.clusters import ClusterView, view_clusters
from reconciler.policy.context import Context
from reconciler.policy.engine import Policy
from reconciler.policy.servers import fitting_protocols, server_image
from reconciler.policy.wording import join_words
from reconciler.state.declarations import Serving
from reconciler.state.findings import Finding


def check(context: Context) -> Iterator[Finding]:
    views = {name: view_clusters(entry.declaration) for name, entry in context.environments()}
    for deployment in context.served:
        for serving, members in deployment.distinct_containers():
            given = views.get(deployment.environment.name, ())
            lacking = [view.cluster for view in given if _lacks_image(serving.serving, view)]
            if lacking:
                where = f" in {join_words(lacking)}" if len(lacking) < len(given) else ""
                names = join_words([container.title for container in members])
                yield POLICY.finding(
                    deployment.place(serving, "server"),
                    f"{deployment.id}: {names}: the {serving.serving.server} server has no image{where}.",
                    "Set serving.image, with its digest (registry/name@sha256:…).",
                )


def _lacks_image(serving: Serving, view: ClusterView) -> bool:
    if serving.server is None or serving.protocol is None or serving.image is not None:
        return False
    # A pair that does not fit has no image either, but for another reason (protocol-fits-server).
    if serving.protocol not in fitting_protocols(serving.server):
        return False
    return server_image(view.platform, serving.server, serving.protocol) is None


POLICY = Policy(id="image-needed", documentation=__doc__, check=check)
