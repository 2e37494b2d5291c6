"""Which server speaks which protocol, and the image that serves it where the environment names none.

Source of the table and of the images: the operator's ConfigMap `seldon-config`, key `predictor_servers`
(operator/config/manager/configmap.yaml). Images of the seldon protocol are those of 1.17.1, the last
release of Seldon Core under Apache-2.0; MLServer's images are those that 1.19 names.
"""

from __future__ import annotations

from collections.abc import Mapping

from reconciler.state.declarations import Platform, Protocol, Server

_STOCK: Mapping[Server, Mapping[Protocol, str]] = {
    "mlflow": {"v2": "seldonio/mlserver:1.7.1-mlflow", "seldon": "seldonio/mlflowserver:1.17.1"},
    "sklearn": {"v2": "seldonio/mlserver:1.7.1-sklearn", "seldon": "seldonio/sklearnserver:1.17.1"},
    "xgboost": {"v2": "seldonio/mlserver:1.7.1-xgboost", "seldon": "seldonio/xgboostserver:1.17.1"},
    "tensorflow": {"tensorflow": "tensorflow/serving:2.1.0", "seldon": "seldonio/tfserving-proxy:1.17.1"},
    "triton": {"v2": "nvcr.io/nvidia/tritonserver:21.08-py3"},
    "huggingface": {"v2": "seldonio/mlserver:1.7.1-huggingface"},
    "custom": {},
}

_CUSTOM_PROTOCOLS: tuple[Protocol, ...] = ("v2", "seldon", "tensorflow")

# controllers/seldondeployment_explainers.go: only v2 has an image of its own.
_EXPLAINERS: Mapping[Protocol, str] = {
    "v2": "seldonio/mlserver:1.7.1-alibi-explain",
    "seldon": "seldonio/alibiexplainer:1.17.1",
    "tensorflow": "seldonio/alibiexplainer:1.17.1",
}

STOCK_IMAGES = frozenset(
    [*(image for images in _STOCK.values() for image in images.values()), *_EXPLAINERS.values()]
)
"""The images that any environment may use without allowing them."""


def fitting_protocols(server: Server) -> tuple[Protocol, ...]:
    """The protocols that a server speaks, the usual one first."""
    return _CUSTOM_PROTOCOLS if server == "custom" else tuple(_STOCK[server])


def server_image(platform: Platform, server: Server, protocol: Protocol) -> str | None:
    """The image of a server: the platform's own, else the stock one; None if there is neither."""
    own = platform.servers.get(server, {}).get(protocol)
    return own.image if own is not None else _STOCK[server].get(protocol)


def explainer_image(protocol: Protocol) -> str:
    """The stock image of an explainer for models that speak this protocol."""
    return _EXPLAINERS[protocol]


def platform_images(platform: Platform) -> frozenset[str]:
    """The images that a platform names for its servers."""
    return frozenset(image.image for images in platform.servers.values() for image in images.values())
