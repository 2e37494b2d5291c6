"""The server's image can load the version.

What it checks
    For each version that a deployment uses, in each cluster of its environment, what the version's record
    says of how it was saved (format, flavours, MLflow, Python and library versions, files) against what the
    image of its server can load. The stock images are known. What others load is said by the environment:
    `loads:` beside the image under `platform.servers`, or `platform.loads` for images that `serving.image`
    names; a version that brings its environment along (environment.tar.gz) is taken to load. Where an image
    is unknown this rule is not decided.

Why
    A scikit-learn model that MLflow 3.14 or a later one logs with its defaults is saved as skops. No stock
    image of Seldon's MLflow servers loads that: the Pod starts, fails, and starts again for ever.

Example
    # models/wines/versions/5.yaml, where the server is mlflow with protocol v2 and the stock image
    loader: {flavours: {sklearn: {version: 1.9.1, serialization: skops}}, mlflow: 3.17.2}

Fix
    Log the model with serialization_format="cloudpickle" and pin that version; or pack its environment
    beside it as environment.tar.gz; or set serving.image to an image of your own, and say what it loads:
    platform: {loads: {"registry.example.com/ml/mlserver*": {formats: [pickle, cloudpickle, skops]}}}
"""

from __future__ import annotations

from collections.abc import Iterator

from reconciler.policy.abilities import find_ability
from reconciler.policy.clusters import ClusterView, view_clusters
from reconciler.policy.context import Context, ModelUse, PlacedContainer
from reconciler.policy.engine import Need, Policy
from reconciler.policy.loading import Fault, Unknown, judge_loading
from reconciler.policy.servers import server_image
from reconciler.policy.wording import join_words
from reconciler.state.declarations import VersionRecord
from reconciler.state.findings import Finding, Undecided


def check(context: Context) -> Iterator[Finding | Undecided]:
    views = {name: view_clusters(entry.declaration) for name, entry in context.environments()}
    unknown: dict[tuple[str, str], list[str]] = {}
    for deployment in context.served:
        given = views.get(deployment.environment.name, ())
        for use in deployment.model_uses():
            if use.record is None or use.container is None:
                continue
            faults: dict[tuple[str, Fault], list[str]] = {}
            for view in given:
                image, judged = _judge(use.container, view, use.record.declaration)
                if isinstance(judged, Fault):
                    faults.setdefault((image, judged), []).append(view.cluster)
                elif judged is not None:
                    key = deployment.environment.name, judged.reason
                    unknown.setdefault(key, []).append(deployment.id)
            for (image, fault), clusters in faults.items():
                where = f" in {join_words(clusters)}" if len(clusters) < len(given) else ""
                yield _find(use, use.container, image, fault, where)
    for (environment, reason), users in unknown.items():
        yield POLICY.undecided(
            f"{reason} ({_say_users(users)}); say it in "
            f"environments/{environment}/environment.yaml: platform.loads"
        )


def _judge(
    container: PlacedContainer, view: ClusterView, record: VersionRecord
) -> tuple[str, Fault | Unknown | None]:
    settings = container.serving.serving
    if settings.server is None or settings.protocol is None:
        return "", None
    image = settings.image or server_image(view.platform, settings.server, settings.protocol)
    if image is None:
        return "", None
    ability = find_ability(view.platform, settings.server, settings.protocol, image)
    return image, judge_loading(ability, record)


def _find(use: ModelUse, container: PlacedContainer, image: str, fault: Fault, where: str) -> Finding:
    server = container.serving.serving.server
    return POLICY.finding(
        use.version_at,
        f"{use.deployment.id}: the {server} server here ({image}){where} cannot load {use.folder} "
        f"v{use.version}: {fault.reason}.",
        fault.advice,
        subject=use.deployment.id,
    )


def _say_users(users: list[str]) -> str:
    first, *others = sorted(set(users))
    return f"{first} and {len(others)} more" if others else first


POLICY = Policy(
    id="loadable-by-server", documentation=__doc__, check=check, needs=(Need.DECLARATIONS, Need.RECORDS)
)
