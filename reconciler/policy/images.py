"""Every image that the declarations of a deployment name, and where."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from reconciler.policy.layers import MergedServing
from reconciler.policy.placed import PlacedDeployment
from reconciler.state.documents import Location


@dataclass(frozen=True, slots=True, kw_only=True)
class NamedImage:
    """An image, the place in the deployment's file that comes closest to naming it, and the true one.

    `origin` is the place in brackets, to follow the image; empty where it is in the deployment's file.
    """

    image: str
    location: Location
    origin: str


def list_images(deployment: PlacedDeployment) -> Iterator[NamedImage]:
    """The images of containers, explainers and storage initializers that any layer names."""
    for merged, _ in deployment.distinct_containers():
        settings = merged.serving
        yield from _name(deployment, merged, "image", settings.image)
        if settings.storage is not None:
            yield from _name(deployment, merged, "storage.image", settings.storage.image)
    for merged, _ in deployment.distinct_servings():
        explainer = merged.serving.explainer
        if explainer is not None:
            yield from _name(deployment, merged, "explainer.image", explainer.image)
            if explainer.storage is not None:
                yield from _name(deployment, merged, "explainer.storage.image", explainer.storage.image)


def _name(
    deployment: PlacedDeployment, serving: MergedServing, field: str, image: str | None
) -> Iterator[NamedImage]:
    if image is not None:
        yield NamedImage(
            image=image,
            location=deployment.place(serving, field),
            origin=deployment.say_origin(serving, field),
        )
