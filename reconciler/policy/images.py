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
    for serving, _ in deployment.distinct_containers():
        yield from _name(deployment, serving, "image")
        yield from _name(deployment, serving, "storage.image")
    for serving, _ in deployment.distinct_servings():
        yield from _name(deployment, serving, "explainer.image")
        yield from _name(deployment, serving, "explainer.storage.image")


def _name(deployment: PlacedDeployment, serving: MergedServing, field: str) -> Iterator[NamedImage]:
    image = serving.value(field)
    if image is not None:
        yield NamedImage(
            image=image,
            location=deployment.place(serving, field),
            origin=deployment.say_origin(serving, field),
        )
